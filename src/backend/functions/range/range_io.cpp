// Text and wire form of ranges and multiranges.
#include <fmt/format.h>

#include "common/bytes.h"
#include "kernel.h"
#include "range_value.h"
#include "types/text_codec.h"

namespace varve::functions {

namespace {

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

struct Reader {
  std::string_view text;
  size_t at = 0;
  const char* what;        // "range" or "multirange"
  std::string_view whole;  // what errors quote

  [[noreturn]] void fail(const char* detail) const {
    throw SqlError(sqlstate::kInvalidTextRepresentation,
                   fmt::format("malformed {} literal: \"{}\"", what, whole))
        .detail(detail);
  }
  bool at_end() const { return at >= text.size(); }
  char peek() const { return at_end() ? '\0' : text[at]; }
  void skip_spaces() {
    while (!at_end() && is_space(text[at])) ++at;
  }

  // A bound up to , ) or ]. False: there is none.
  bool bound(std::string& out) {
    if (peek() == ',' || peek() == ')' || peek() == ']') return false;
    bool quoted = false;
    while (quoted || !(peek() == ',' || peek() == ')' || peek() == ']')) {
      if (at_end()) fail("Unexpected end of input.");
      char c = text[at++];
      if (c == '\\') {
        if (at_end()) fail("Unexpected end of input.");
        out += text[at++];
      } else if (c == '"') {
        if (quoted && peek() == '"') {
          out += '"';
          ++at;
        } else {
          quoted = !quoted;
        }
      } else {
        out += c;
      }
    }
    return true;
  }
};

RangeBound parse_bound(Oid subtype, const std::string& text, bool present, bool inclusive,
                       EvalContext& context) {
  RangeBound b;
  b.infinite = !present;
  b.inclusive = inclusive;
  if (present) b.value = types::copy_value(parse_value(subtype, -1, text, context), *context.memory);
  return b;
}

bool is_word(std::string_view text, std::string_view word) {
  if (text.size() < word.size()) return false;
  for (size_t i = 0; i < word.size(); ++i) {
    char c = text[i];
    if ((c >= 'A' && c <= 'Z' ? c + 32 : c) != word[i]) return false;
  }
  return true;
}

void append_escaped(const std::string& text, std::string& out) {
  bool quote = text.empty();
  for (char c : text) {
    quote = quote || c == '"' || c == '\\' || c == '(' || c == ')' || c == '[' || c == ']' || c == ',' ||
            is_space(c);
  }
  if (quote) out += '"';
  for (char c : text) {
    if (c == '"' || c == '\\') out += c;
    out += c;
  }
  if (quote) out += '"';
}

constexpr uint8_t kEmpty = 1, kLowerInclusive = 2, kUpperInclusive = 4, kNoLower = 8, kNoUpper = 16;

[[noreturn]] void throw_short() {
  throw SqlError(sqlstate::kProtocolViolation, "insufficient data left in message");
}
std::string_view take(std::string_view& bytes, size_t n) {
  if (bytes.size() < n) throw_short();
  std::string_view part = bytes.substr(0, n);
  bytes.remove_prefix(n);
  return part;
}
std::string_view take_sized(std::string_view& bytes) {
  auto size = static_cast<int32_t>(load_be<uint32_t>(take(bytes, 4).data()));
  if (size < 0) throw_short();
  return take(bytes, static_cast<size_t>(size));
}
void append_sized(const std::string& part, std::string& out) {
  types::send_int4(out, static_cast<int32_t>(part.size()));
  out += part;
}

}  // namespace

RangeValue parse_range(Oid type, std::string_view text, EvalContext& context) {
  Reader r{text, 0, "range", text};
  Oid subtype = range_subtype(type);
  r.skip_spaces();
  if (is_word(text.substr(r.at), "empty")) {
    r.at += 5;
    r.skip_spaces();
    if (!r.at_end()) r.fail("Junk after \"empty\" key word.");
    return empty_range(type);
  }
  bool lower_inclusive = r.peek() == '[';
  if (r.peek() != '[' && r.peek() != '(') r.fail("Missing left parenthesis or bracket.");
  ++r.at;
  std::string lower, upper;
  bool has_lower = r.bound(lower);
  if (r.peek() != ',') r.fail("Missing comma after lower bound.");
  ++r.at;
  bool has_upper = r.bound(upper);
  bool upper_inclusive = r.peek() == ']';
  if (r.peek() == ',') r.fail("Too many commas.");
  ++r.at;
  r.skip_spaces();
  if (!r.at_end()) r.fail("Junk after right parenthesis or bracket.");
  return make_range(type, parse_bound(subtype, lower, has_lower, lower_inclusive, context),
                    parse_bound(subtype, upper, has_upper, upper_inclusive, context));
}

void append_range_text(const RangeValue& r, std::string& out, EvalContext& context) {
  if (r.empty) {
    out += "empty";
    return;
  }
  Oid subtype = range_subtype(r.type);
  auto bound = [&](const RangeBound& b) {
    if (b.infinite) return;
    std::string text;
    append_value(subtype, b.value, text, context);
    append_escaped(text, out);
  };
  out += r.lower.inclusive ? '[' : '(';
  bound(r.lower);
  out += ',';
  bound(r.upper);
  out += r.upper.inclusive ? ']' : ')';
}

RangeValue receive_range(Oid type, std::string_view bytes, EvalContext& context) {
  auto flags = static_cast<uint8_t>(take(bytes, 1)[0]);
  if ((flags & kEmpty) != 0) return empty_range(type);
  Oid subtype = range_subtype(type);
  auto bound = [&](bool infinite, bool inclusive) {
    RangeBound b;
    b.infinite = infinite;
    b.inclusive = inclusive;
    if (!infinite) b.value = receive_value(subtype, -1, take_sized(bytes), context);
    return b;
  };
  RangeBound lower = bound((flags & kNoLower) != 0, (flags & kLowerInclusive) != 0);
  RangeBound upper = bound((flags & kNoUpper) != 0, (flags & kUpperInclusive) != 0);
  if (!bytes.empty()) throw SqlError(sqlstate::kInvalidBinaryRepresentation, "incorrect binary data format");
  return make_range(type, lower, upper);
}

void send_range(const RangeValue& r, std::string& out, EvalContext& context) {
  out += static_cast<char>(range_flags(r));
  if (r.empty) return;
  for (const RangeBound* b : {&r.lower, &r.upper}) {
    if (b->infinite) continue;
    std::string part;
    send_value(range_subtype(r.type), b->value, part, context);
    append_sized(part, out);
  }
}

// '{[1,2),[5,6)}'; the ranges inside may quote brackets.
MultirangeValue parse_multirange(Oid type, std::string_view text, EvalContext& context) {
  Reader r{text, 0, "multirange", text};
  Oid range_type = range_of_multirange(type);
  std::vector<RangeValue> ranges;
  r.skip_spaces();
  if (r.peek() != '{') r.fail("Missing left brace.");
  ++r.at;
  r.skip_spaces();
  bool first = true;
  while (r.peek() != '}' || !first) {
    r.skip_spaces();
    size_t start = r.at;
    if (is_word(text.substr(r.at), "empty")) {
      r.at += 5;
    } else if (r.peek() == '[' || r.peek() == '(') {
      bool quoted = false;
      for (;;) {
        if (r.at_end()) r.fail("Unexpected end of input.");
        char c = text[r.at++];
        if (c == '\\') {
          if (r.at_end()) r.fail("Unexpected end of input.");
          ++r.at;
        } else if (c == '"') {
          quoted = !quoted;
        } else if (!quoted && (c == ')' || c == ']')) {
          break;
        }
      }
    } else if (r.at_end()) {
      r.fail("Unexpected end of input.");
    } else {
      r.fail("Expected range start.");
    }
    ranges.push_back(parse_range(range_type, text.substr(start, r.at - start), context));
    first = false;
    r.skip_spaces();
    if (r.peek() == '}') break;
    if (r.at_end()) r.fail("Unexpected end of input.");
    if (r.peek() != ',') r.fail("Expected comma or end of multirange.");
    ++r.at;
  }
  ++r.at;
  r.skip_spaces();
  if (!r.at_end()) r.fail("Junk after closing right brace.");
  return make_multirange(type, std::move(ranges));
}

void append_multirange_text(const MultirangeValue& m, std::string& out, EvalContext& context) {
  out += '{';
  for (size_t i = 0; i < m.ranges.size(); ++i) {
    if (i > 0) out += ',';
    append_range_text(m.ranges[i], out, context);
  }
  out += '}';
}

MultirangeValue receive_multirange(Oid type, std::string_view bytes, EvalContext& context) {
  uint32_t n = load_be<uint32_t>(take(bytes, 4).data());
  std::vector<RangeValue> ranges;
  for (uint32_t i = 0; i < n; ++i)
    ranges.push_back(receive_range(range_of_multirange(type), take_sized(bytes), context));
  return make_multirange(type, std::move(ranges));
}
void send_multirange(const MultirangeValue& m, std::string& out, EvalContext& context) {
  types::send_int4(out, static_cast<int32_t>(m.ranges.size()));
  for (const RangeValue& r : m.ranges) {
    std::string part;
    send_range(r, part, context);
    append_sized(part, out);
  }
}

}  // namespace varve::functions
