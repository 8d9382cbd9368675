#include "jsonpath_lexer.h"

#include <algorithm>
#include <fmt/format.h>

#include "common/sql_error.h"
#include "types/utf8.h"

namespace varve::functions {

namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }
bool is_special(char c) {
  return c != '\0' && std::string_view("?%$.[]{}()|&!=<>@#,*:-+/").find(c) != std::string_view::npos;
}
bool is_other(char c) { return !is_blank(c) && !is_special(c) && c != '\\' && c != '"'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

struct Keyword {
  std::string_view word;
  bool lower_only;
};
constexpr Keyword kKeywords[] = {
    {"is", false},       {"to", false},     {"abs", false},      {"lax", false},        {"exists", false},
    {"false", true},     {"floor", false},  {"flag", false},     {"last", false},       {"ceiling", false},
    {"datetime", false}, {"double", false}, {"keyvalue", false}, {"like_regex", false}, {"null", true},
    {"size", false},     {"starts", false}, {"strict", false},   {"true", true},        {"type", false},
    {"unknown", false},  {"with", false},
};

}  // namespace

void PathLexer::fail(std::string_view message) const {
  if (near_.empty()) {
    throw SqlError(sqlstate::kSyntaxError, fmt::format("{} at end of jsonpath input", message));
  }
  throw SqlError(sqlstate::kSyntaxError,
                 fmt::format("{} at or near \"{}\" of jsonpath input", message, near_));
}

void PathLexer::skip_blanks() {
  for (;;) {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
    if (!text_.substr(at_).starts_with("/*")) return;
    size_t end = text_.find("*/", at_ + 2);
    if (end == std::string_view::npos) {
      near_ = {};
      fail("unexpected end of comment");
    }
    at_ = end + 2;
  }
}

void PathLexer::next() {
  skip_blanks();
  value_.clear();
  if (at_ >= text_.size()) {
    near_ = {};
    token_ = PathToken::kEnd;
    return;
  }
  if (operator_token() || number()) return;
  char c = text_[at_];
  if (c == '$' && at_ + 1 < text_.size() && text_[at_ + 1] == '"') {
    ++at_;
    return quoted(PathToken::kVariable);
  }
  if (c == '$' && at_ + 1 < text_.size() && is_other(text_[at_ + 1])) {
    size_t start = at_++;
    while (at_ < text_.size() && is_other(text_[at_])) ++at_;
    near_ = text_.substr(start, at_ - start);
    value_ = near_.substr(1);
    token_ = PathToken::kVariable;
    return;
  }
  if (c == '"') return quoted(PathToken::kString);
  if (is_special(c)) {
    near_ = text_.substr(at_++, 1);
    token_ = PathToken::kCharacter;
    character_ = c;
    return;
  }
  identifier();
}

bool PathLexer::operator_token() {
  struct Op {
    std::string_view text;
    PathToken token;
  };
  constexpr Op kOps[] = {{"&&", PathToken::kAnd},         {"||", PathToken::kOr},
                         {"**", PathToken::kAny},         {"==", PathToken::kEqual},
                         {"!=", PathToken::kNotEqual},    {"<>", PathToken::kNotEqual},
                         {"<=", PathToken::kLessOrEqual}, {">=", PathToken::kGreaterOrEqual},
                         {"<", PathToken::kLess},         {">", PathToken::kGreater}};
  for (const Op& op : kOps) {
    if (!text_.substr(at_).starts_with(op.text)) continue;
    near_ = text_.substr(at_, op.text.size());
    at_ += op.text.size();
    token_ = op.token;
    return true;
  }
  return false;
}

// The longest reading counts: 0x1 is an identifier, 1x neither.
bool PathLexer::number() {
  size_t at = at_, size = text_.size();
  auto digits = [&](size_t from) {
    while (from < size && is_digit(text_[from])) ++from;
    return from;
  };
  bool whole = true;
  size_t end;
  if (is_digit(text_[at])) {
    end = text_[at] == '0' ? at + 1 : digits(at);
    if (end < size && text_[end] == '.') {
      end = digits(end + 1);
      whole = false;
    }
  } else if (text_[at] == '.' && at + 1 < size && is_digit(text_[at + 1])) {
    end = digits(at + 1);
    whole = false;
  } else {
    return false;
  }
  if (end < size && (text_[end] == 'e' || text_[end] == 'E')) {
    size_t sign = end + 1;
    if (sign < size && (text_[sign] == '+' || text_[sign] == '-')) {
      size_t last = digits(sign + 1);
      if (last == sign + 1) {
        near_ = text_.substr(at, last - at);
        fail("invalid numeric literal");
      }
      end = last;
      whole = false;
    } else if (digits(sign) > sign) {
      end = digits(sign);
      whole = false;
    }
  }
  if (end < size && is_other(text_[end])) {
    size_t word = at;
    while (word < size && is_other(text_[word])) ++word;
    if (word > end + 1) return false;
    near_ = text_.substr(at, end + 1 - at);
    fail("trailing junk after numeric literal");
  }
  near_ = text_.substr(at, end - at);
  value_ = near_;
  token_ = whole ? PathToken::kInteger : PathToken::kNumber;
  at_ = end;
  return true;
}

void PathLexer::identifier() {
  while (at_ < text_.size()) {
    if (text_[at_] == '\\') {
      escape();
    } else if (is_other(text_[at_])) {
      finish_surrogate();
      value_ += text_[at_++];
    } else {
      break;
    }
  }
  finish_surrogate();
  if (text_.substr(at_).starts_with("/*")) skip_blanks();  // an endless comment counts before what it follows
  // What ended it is what an error names.
  size_t blank = at_;
  while (blank < text_.size() && is_blank(text_[blank])) ++blank;
  near_ = text_.substr(at_, blank - at_);
  token_ = PathToken::kIdentifier;
  std::string lower = value_;
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  for (const Keyword& k : kKeywords) {
    if (lower != k.word || (k.lower_only && value_ != k.word)) continue;
    token_ = PathToken::kKeyword;
    return;
  }
}

void PathLexer::quoted(PathToken token) {
  ++at_;
  for (;;) {
    if (at_ >= text_.size()) {
      near_ = {};
      fail("unexpected end of quoted string");
    }
    char c = text_[at_];
    if (c == '"') break;
    if (c == '\\') {
      escape();
    } else {
      finish_surrogate();
      value_ += c;
      ++at_;
    }
  }
  finish_surrogate();
  near_ = text_.substr(at_++, 1);
  token_ = token;
}

void PathLexer::finish_surrogate() {
  if (high_surrogate_ == 0) return;
  high_surrogate_ = 0;
  throw SqlError(sqlstate::kInvalidTextRepresentation, "invalid input syntax for type jsonpath")
      .detail("Unicode low surrogate must follow a high surrogate.");
}

void PathLexer::append_code_point(uint32_t ch) {
  if (ch == 0) {
    throw SqlError(sqlstate::kUntranslatableCharacter, "unsupported Unicode escape sequence")
        .detail("\\u0000 cannot be converted to text.");
  }
  if (ch >= 0xD800 && ch <= 0xDBFF) {
    if (high_surrogate_ != 0) {
      throw SqlError(sqlstate::kInvalidTextRepresentation, "invalid input syntax for type jsonpath")
          .detail("Unicode high surrogate must not follow a high surrogate.");
    }
    high_surrogate_ = ch;
    return;
  }
  if (ch >= 0xDC00 && ch <= 0xDFFF) {
    if (high_surrogate_ == 0) {
      high_surrogate_ = 1;
      finish_surrogate();
    }
    ch = 0x10000 + ((high_surrogate_ & 0x3FF) << 10) + (ch & 0x3FF);
    high_surrogate_ = 0;
  }
  finish_surrogate();
  if (ch > 0x10FFFF) {
    throw SqlError(sqlstate::kSyntaxError, "could not convert Unicode to server encoding");
  }
  types::append_utf8(value_, ch);
}

void PathLexer::escape() {
  size_t start = at_++;
  if (at_ >= text_.size()) {
    near_ = text_.substr(start, 1);
    fail("unexpected end after backslash");
  }
  char c = text_[at_];
  if (c == 'u') return unicode_escape();
  if (c == 'x') {
    int digits[2] = {-1, -1};
    for (size_t i = 0; i < 2 && at_ + 1 + i < text_.size(); ++i) {
      digits[i] = hex_value(text_[at_ + 1 + i]);
      if (digits[i] < 0) break;
    }
    if (digits[0] < 0 || digits[1] < 0) {
      near_ = text_.substr(start, digits[0] < 0 ? 2 : 3);
      fail("invalid hex character sequence");
    }
    at_ += 3;
    append_code_point(static_cast<uint32_t>(digits[0] * 16 + digits[1]));
    return;
  }
  finish_surrogate();
  ++at_;
  switch (c) {
    case 'b':
      value_ += '\b';
      break;
    case 'f':
      value_ += '\f';
      break;
    case 'n':
      value_ += '\n';
      break;
    case 'r':
      value_ += '\r';
      break;
    case 't':
      value_ += '\t';
      break;
    case 'v':
      value_ += '\v';
      break;
    default:
      value_ += c;
      break;
  }
}

// \uXXXX or \u{X…}, one to six digits.
void PathLexer::unicode_escape() {
  size_t start = at_ - 1, at = at_ + 1;
  auto invalid = [&](size_t end) {
    near_ = text_.substr(start, std::min(end, text_.size()) - start);
    fail("invalid unicode sequence");
  };
  uint32_t ch = 0;
  if (at < text_.size() && text_[at] == '{') {
    size_t first = ++at;
    while (at < text_.size() && at - first < 6 && hex_value(text_[at]) >= 0) {
      ch = ch * 16 + static_cast<uint32_t>(hex_value(text_[at++]));
    }
    if (at == first || at >= text_.size() || text_[at] != '}') invalid(at);
    ++at;
  } else {
    for (int i = 0; i < 4; ++i, ++at) {
      if (at >= text_.size() || hex_value(text_[at]) < 0) invalid(at);
      ch = ch * 16 + static_cast<uint32_t>(hex_value(text_[at]));
    }
  }
  at_ = at;
  append_code_point(ch);
}

}  // namespace varve::functions
