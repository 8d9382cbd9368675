#include "parser/literal_template.h"

#include <cstring>
#include <limits>

namespace varve::parser {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Could a number go on with this byte? Bytes of other alphabets are letters to the lexer.
bool continues_number(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.' ||
         c == '$' || static_cast<unsigned char>(c) >= 128;
}

// Digits from `at` on that make an int64 whatever they are. Null otherwise.
const char* read_integer(const char* at, const char* end, int64_t* value) {
  constexpr ptrdiff_t kSafeDigits = std::numeric_limits<int64_t>::digits10;
  const char* first = at;
  int64_t number = 0;
  while (at < end && is_digit(*at)) {
    if (at - first == kSafeDigits) return nullptr;
    number = number * 10 + (*at++ - '0');
  }
  *value = number;
  return at == first ? nullptr : at;
}

const char* read_digits(const char* at, const char* end) {
  const char* first = at;
  while (at < end && is_digit(*at)) ++at;
  return at == first ? nullptr : at;
}

// The end of a constant of this kind and sign that begins at `at`; null if there is none, or none that can be
// told so simply.
const char* read_constant(const char* at, const char* end, LiteralKind kind, bool negative) {
  if (at == end) return nullptr;
  if (kind == LiteralKind::kString) {
    if (*at != '\'') return nullptr;
    const void* quote = std::memchr(at + 1, '\'', static_cast<size_t>(end - at - 1));
    if (quote == nullptr) return nullptr;
    const char* after = static_cast<const char*>(quote) + 1;
    return after < end && *after == '\'' ? nullptr : after;
  }
  if (negative && *at++ != '-') return nullptr;
  if (kind == LiteralKind::kNumeric) {
    at = read_digits(at, end);
    return at == nullptr || at == end || *at != '.' ? nullptr : read_digits(at + 1, end);
  }
  int64_t number = 0;
  at = read_integer(at, end, &number);
  if (negative) number = -number;
  bool is_int4 = number == static_cast<int32_t>(number);
  return is_int4 == (kind == LiteralKind::kInt4) ? at : nullptr;
}

std::string_view value_text(std::string_view source, LiteralKind kind) {
  return kind == LiteralKind::kString ? source.substr(1, source.size() - 2) : source;
}

}  // namespace

std::optional<LiteralTemplate> LiteralTemplate::of(std::string_view sql, std::span<const Literal> literals) {
  LiteralTemplate result;
  size_t from = 0;
  for (const Literal& literal : literals) {
    auto at = static_cast<size_t>(literal.location);
    std::string_view source = sql.substr(at, static_cast<size_t>(literal.length));
    bool negative = source.starts_with('-');
    const char* end = read_constant(source.data(), source.data() + source.size(), literal.kind, negative);
    if (end != source.data() + source.size() || value_text(source, literal.kind) != literal.text)
      return std::nullopt;
    size_t next = at + source.size();
    if (literal.kind != LiteralKind::kString && next < sql.size() && continues_number(sql[next]))
      return std::nullopt;
    result.fixed_ += sql.substr(from, at - from);
    result.holes_.push_back({result.fixed_.size(), literal.kind, negative});
    from = next;
  }
  result.fixed_ += sql.substr(from);
  return result;
}

bool LiteralTemplate::match(std::string_view sql, std::vector<Literal>& literals) const {
  literals.clear();
  const char* const begin = sql.data();
  const char* const end = begin + sql.size();
  const char* at = begin;
  size_t fixed = 0;
  // The text up to `fixed_end` is what comes next.
  auto follows = [&](size_t fixed_end) {
    size_t length = fixed_end - fixed;
    if (static_cast<size_t>(end - at) < length || std::memcmp(at, fixed_.data() + fixed, length) != 0)
      return false;
    at += length;
    fixed = fixed_end;
    return true;
  };
  for (const Hole& hole : holes_) {
    if (!follows(hole.fixed_end)) return false;
    const char* after = read_constant(at, end, hole.kind, hole.negative);
    if (after == nullptr) return false;
    std::string_view source(at, static_cast<size_t>(after - at));
    literals.push_back({hole.kind, static_cast<int32_t>(at - begin), static_cast<int32_t>(source.size()),
                        value_text(source, hole.kind)});
    at = after;
  }
  return follows(fixed_.size()) && at == end;
}

}  // namespace varve::parser
