#include "types/text_codec.h"

#include <array>
#include <cmath>
#include <limits>

#include "common/bytes.h"
#include "common/sql_error.h"
#include "text_scan.h"
#include "types/utf8.h"

namespace varve::types {

void throw_invalid_syntax(const char* type, std::string_view text) {
  throw SqlError(sqlstate::kInvalidTextRepresentation,
                 "invalid input syntax for type " + std::string(type) + ": \"" + std::string(text) + '"');
}
void throw_value_out_of_range(const char* type, std::string_view text) {
  throw SqlError(sqlstate::kNumericValueOutOfRange,
                 "value \"" + std::string(text) + "\" is out of range for type " + type);
}
void throw_bad_binary() {
  throw SqlError(sqlstate::kInvalidBinaryRepresentation, "incorrect binary data format");
}
void throw_short_binary() {
  throw SqlError(sqlstate::kProtocolViolation, "insufficient data left in message");
}
void check_binary_size(std::string_view bytes, size_t size) {
  if (bytes.size() < size) throw_short_binary();
  if (bytes.size() > size) throw_bad_binary();
}

namespace {

template <class T>
T receive(std::string_view bytes) {
  check_binary_size(bytes, sizeof(T));
  return load_be<T>(bytes.data());
}

template <class T>
void send(std::string& out, T v) {
  char bytes[sizeof(T)];
  store_be(bytes, v);
  out.append(bytes, sizeof bytes);
}

// Blanks, a sign, digits, blanks; nothing else.
template <class T>
T parse_integer(std::string_view text, const char* type) {
  const char *p = text.data(), *end = p + text.size();
  while (p != end && is_blank(*p)) ++p;
  bool negative = false;
  if (p != end && (*p == '-' || *p == '+')) negative = *p++ == '-';
  if (p == end || !is_digit(*p)) throw_invalid_syntax(type, text);
  // Counts downwards, since the most negative value has no positive counterpart.
  T value = 0;
  bool overflow = false;
  for (; p != end && is_digit(*p); ++p) {
    overflow |= __builtin_mul_overflow(value, static_cast<T>(10), &value);
    overflow |= __builtin_sub_overflow(value, static_cast<T>(*p - '0'), &value);
  }
  if (!negative && !overflow) overflow = value == std::numeric_limits<T>::min();
  // Overflow is reported before what follows the digits is looked at.
  if (overflow) throw_value_out_of_range(type, text);
  while (p != end && is_blank(*p)) ++p;
  if (p != end) throw_invalid_syntax(type, text);
  return negative ? value : static_cast<T>(-value);
}

constexpr auto kDigitPairs = [] {
  std::array<char, 200> pairs{};
  for (size_t i = 0; i < 100; ++i) {
    pairs[2 * i] = static_cast<char>('0' + i / 10);
    pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}();

int digit_count(uint64_t v) {
  int n = 1;
  for (;;) {
    if (v < 10) return n;
    if (v < 100) return n + 1;
    if (v < 1000) return n + 2;
    if (v < 10'000) return n + 3;
    v /= 10'000;
    n += 4;
  }
}

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  c = lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

constexpr char kHexDigits[] = "0123456789abcdef";

}  // namespace

bool parse_bool(std::string_view text) {
  std::string_view s = trim_blanks(text);
  auto is_prefix_of = [s](std::string_view word, size_t at_least) {
    return s.size() >= at_least && s.size() <= word.size() &&
           equals_ignoring_case(s, word.substr(0, s.size()));
  };
  if (is_prefix_of("true", 1) || is_prefix_of("yes", 1) || is_prefix_of("on", 2) || s == "1") return true;
  if (is_prefix_of("false", 1) || is_prefix_of("no", 1) || is_prefix_of("off", 2) || s == "0") return false;
  throw_invalid_syntax("boolean", text);
}

bool receive_bool(std::string_view bytes) {
  check_binary_size(bytes, 1);
  return bytes[0] != 0;
}
void send_bool(std::string& out, bool v) { out.push_back(v ? 1 : 0); }

int16_t parse_int2(std::string_view text) { return parse_integer<int16_t>(text, "smallint"); }
int32_t parse_int4(std::string_view text) { return parse_integer<int32_t>(text, "integer"); }
int64_t parse_int8(std::string_view text) { return parse_integer<int64_t>(text, "bigint"); }

char* write_uint8(char* to, uint64_t v) {
  char* end = to + digit_count(v);
  char* p = end;
  while (v >= 100) {
    std::memcpy(p -= 2, &kDigitPairs[v % 100 * 2], 2);
    v /= 100;
  }
  if (v >= 10)
    std::memcpy(p - 2, &kDigitPairs[v * 2], 2);
  else
    p[-1] = static_cast<char>('0' + v);
  return end;
}

char* write_int8(char* to, int64_t v) {
  auto m = static_cast<uint64_t>(v);
  if (v < 0) {
    *to++ = '-';
    m = -m;
  }
  return write_uint8(to, m);
}

void append_int8(std::string& out, int64_t v) {
  char text[20];
  out.append(text, static_cast<size_t>(write_int8(text, v) - text));
}
void append_int4(std::string& out, int32_t v) { append_int8(out, v); }

int16_t receive_int2(std::string_view bytes) { return receive<int16_t>(bytes); }
int32_t receive_int4(std::string_view bytes) { return receive<int32_t>(bytes); }
int64_t receive_int8(std::string_view bytes) { return receive<int64_t>(bytes); }
void send_int2(std::string& out, int16_t v) { send(out, v); }
void send_int4(std::string& out, int32_t v) { send(out, v); }
void send_int8(std::string& out, int64_t v) { send(out, v); }

uint32_t parse_oid(std::string_view text) {
  std::string_view s = trim_blanks(text);
  bool negative = false;
  size_t i = 0;
  if (!s.empty() && (s[0] == '-' || s[0] == '+')) negative = s[i++] == '-';
  if (i == s.size()) throw_invalid_syntax("oid", text);
  if (!is_digit(s[i])) throw_invalid_syntax("oid", text);
  uint64_t value = 0;
  bool overflow = false;
  for (; i < s.size() && is_digit(s[i]); ++i) {
    overflow |= __builtin_mul_overflow(value, uint64_t{10}, &value);
    overflow |= __builtin_add_overflow(value, static_cast<uint64_t>(s[i] - '0'), &value);
  }
  if (overflow) throw_value_out_of_range("oid", text);
  if (i != s.size()) throw_invalid_syntax("oid", text);
  if (value > (negative ? uint64_t{1} << 31 : uint64_t{UINT32_MAX})) throw_value_out_of_range("oid", text);
  return static_cast<uint32_t>(negative ? -value : value);
}
void append_oid(std::string& out, uint32_t v) { append_int8(out, v); }

float receive_float4(std::string_view bytes) { return std::bit_cast<float>(receive<uint32_t>(bytes)); }
double receive_float8(std::string_view bytes) { return std::bit_cast<double>(receive<uint64_t>(bytes)); }
void send_float4(std::string& out, float v) { send(out, std::bit_cast<uint32_t>(v)); }
void send_float8(std::string& out, double v) { send(out, std::bit_cast<uint64_t>(v)); }

Uuid parse_uuid(std::string_view text) {
  Uuid v;
  std::string_view s = text;
  bool braces = !s.empty() && s[0] == '{';
  if (braces) s.remove_prefix(1);
  for (int i = 0; i < 16; ++i) {
    if (s.size() < 2) throw_invalid_syntax("uuid", text);
    int high = hex_digit(s[0]), low = hex_digit(s[1]);
    if (high < 0 || low < 0) throw_invalid_syntax("uuid", text);
    v.bytes[i] = static_cast<uint8_t>(high << 4 | low);
    s.remove_prefix(2);
    if (i % 2 == 1 && i < 15 && !s.empty() && s[0] == '-') s.remove_prefix(1);  // after each four digits
  }
  if (braces) {
    if (s != "}") throw_invalid_syntax("uuid", text);
  } else if (!s.empty()) {
    throw_invalid_syntax("uuid", text);
  }
  return v;
}

void append_uuid(std::string& out, const Uuid& v) {
  char text[36];
  char* p = text;
  for (int i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) *p++ = '-';
    *p++ = kHexDigits[v.bytes[i] >> 4];
    *p++ = kHexDigits[v.bytes[i] & 15];
  }
  out.append(text, sizeof text);
}

Uuid receive_uuid(std::string_view bytes) {
  check_binary_size(bytes, 16);
  Uuid v;
  std::memcpy(v.bytes, bytes.data(), 16);
  return v;
}
void send_uuid(std::string& out, const Uuid& v) { out.append(reinterpret_cast<const char*>(v.bytes), 16); }

namespace {

void parse_hex_bytea(std::string& out, std::string_view s) {
  auto fail = [](std::string message) {
    return SqlError(sqlstate::kInvalidParameterValue, std::move(message));
  };
  auto digit = [&](size_t i) {
    int value = hex_digit(s[i]);
    if (value < 0) {
      throw fail("invalid hexadecimal digit: \"" + std::string(s.substr(i, utf8_char_bytes(s[i]))) + '"');
    }
    return value;
  };
  for (size_t i = 0; i < s.size();) {
    if (is_blank(s[i]) && s[i] != '\v' && s[i] != '\f') {
      ++i;
      continue;
    }
    int high = digit(i++);
    if (i == s.size()) throw fail("invalid hexadecimal data: odd number of digits");
    out.push_back(static_cast<char>(high << 4 | digit(i++)));
  }
}

}  // namespace

void parse_bytea(std::string& out, std::string_view text) {
  if (text.substr(0, 2) == "\\x") return parse_hex_bytea(out, text.substr(2));
  auto octal = [&](size_t i, char most) { return i < text.size() && text[i] >= '0' && text[i] <= most; };
  for (size_t i = 0; i < text.size();) {
    if (text[i] != '\\') {
      out.push_back(text[i++]);
    } else if (octal(i + 1, '3') && octal(i + 2, '7') && octal(i + 3, '7')) {
      out.push_back(
          static_cast<char>((text[i + 1] - '0') << 6 | (text[i + 2] - '0') << 3 | (text[i + 3] - '0')));
      i += 4;
    } else if (i + 1 < text.size() && text[i + 1] == '\\') {
      out.push_back('\\');
      i += 2;
    } else {
      throw SqlError(sqlstate::kInvalidTextRepresentation, "invalid input syntax for type bytea");
    }
  }
}

void append_bytea(std::string& out, std::string_view value, ByteaOutput style) {
  if (style == ByteaOutput::kHex) {
    size_t at = out.size();
    out.resize(at + 2 + 2 * value.size());
    char* p = out.data() + at;
    *p++ = '\\';
    *p++ = 'x';
    for (char c : value) {
      *p++ = kHexDigits[static_cast<uint8_t>(c) >> 4];
      *p++ = kHexDigits[c & 15];
    }
    return;
  }
  for (char c : value) {
    auto b = static_cast<uint8_t>(c);
    if (c == '\\') {
      out += "\\\\";
    } else if (b < 0x20 || b > 0x7E) {
      char escape[4] = {'\\', static_cast<char>('0' + (b >> 6)), static_cast<char>('0' + (b >> 3 & 7)),
                        static_cast<char>('0' + (b & 7))};
      out.append(escape, sizeof escape);
    } else {
      out.push_back(c);
    }
  }
}

char parse_char(std::string_view text) {
  auto octal = [&](size_t i) { return text[i] >= '0' && text[i] <= '7'; };
  if (text.size() == 4 && text[0] == '\\' && octal(1) && octal(2) && octal(3)) {
    return static_cast<char>((text[1] - '0') << 6 | (text[2] - '0') << 3 | (text[3] - '0'));
  }
  return text.empty() ? '\0' : text[0];
}

void append_char(std::string& out, char v) {
  auto b = static_cast<uint8_t>(v);
  if (b >= 0x80) {
    append_bytea(out, {&v, 1}, ByteaOutput::kEscape);
  } else if (b != 0) {
    out.push_back(v);
  }
}

namespace {

// The part of `value` that fits, after checking that only blanks are cut.
std::string_view fit(std::string_view value, int32_t max_chars, bool explicit_cast, const char* type) {
  if (max_chars < 0 || value.size() <= static_cast<size_t>(max_chars)) return value;
  size_t end = utf8_offset(value, static_cast<size_t>(max_chars));
  if (end == value.size()) return value;
  if (!explicit_cast && value.find_first_not_of(' ', end) != std::string_view::npos) {
    throw SqlError(sqlstate::kStringDataRightTruncation,
                   std::string("value too long for type ") + type + '(' + std::to_string(max_chars) + ')');
  }
  return value.substr(0, end);
}

}  // namespace

std::string_view apply_varchar_length(std::string_view value, int32_t max_chars, bool explicit_cast) {
  return fit(value, max_chars, explicit_cast, "character varying");
}

void append_bpchar(std::string& out, std::string_view value, int32_t max_chars, bool explicit_cast) {
  value = fit(value, max_chars, explicit_cast, "character");
  out += value;
  if (max_chars < 0) return;
  size_t chars = utf8_length(value);
  if (chars < static_cast<size_t>(max_chars)) out.append(static_cast<size_t>(max_chars) - chars, ' ');
}

std::string_view trim_bpchar(std::string_view value) {
  size_t last = value.find_last_not_of(' ');
  return last == std::string_view::npos ? std::string_view() : value.substr(0, last + 1);
}

std::string_view truncate_name(std::string_view value) {
  constexpr size_t kMaxNameBytes = 63;
  if (value.size() <= kMaxNameBytes) return value;
  size_t end = kMaxNameBytes;
  while (end > 0 && (static_cast<uint8_t>(value[end]) & 0xC0) == 0x80) --end;
  return value.substr(0, end);
}

}  // namespace varve::types
