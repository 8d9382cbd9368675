#include "types/float_format.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>

#include "common/sql_error.h"
#include "text_scan.h"
#include "types/quick_text.h"

namespace varve::types {

namespace {

template <class Float>
constexpr const char* kTypeName = sizeof(Float) == 4 ? "real" : "double precision";

// From here on floats are whole numbers; below, no short decimal lies halfway between two of them.
template <class Float>
constexpr Float kFirstWithoutFraction = static_cast<Float>(uint64_t{1}
                                                           << (std::numeric_limits<Float>::digits - 1));

// Whether these digits stand exactly in the middle between `value` and a neighbour.
template <class Float>
bool is_halfway(const char* text, const char* end, Float value) {
  long double exact = 0;
  if (std::from_chars(text, end, exact).ec != std::errc()) return false;
  long double here = value;
  if (exact == here) return false;
  constexpr Float kInfinity = std::numeric_limits<Float>::infinity();
  long double neighbour = std::nextafter(value, exact > here ? kInfinity : -kInfinity);
  return exact - here == neighbour - exact;
}

// Shortest digits that read back, laid out as PostgreSQL does: plain notation for decimal exponents -5 … 14
// (float4: -5 … 5), else d.ddde+dd.
template <class Float>
void append_shortest(std::string& out, Float value) {
  constexpr int kMaxPlainExponent = sizeof(Float) == 4 ? 6 : 15;
  char text[64];
  char* end = std::to_chars(text, text + sizeof text, value, std::chars_format::scientific).ptr;
  // Just as far from the next float: PostgreSQL wants a number that is nearer, with more digits.
  while (std::fabs(value) >= kFirstWithoutFraction<Float> && is_halfway(text, end, value)) {
    auto digits = static_cast<int>(std::count_if(text, std::find(text, end, 'e'), is_digit));
    end = std::to_chars(text, text + sizeof text, value, std::chars_format::scientific, digits).ptr;
  }
  char* p = text;
  if (*p == '-') out.push_back(*p++);
  char digits[32];
  int n = 0;
  for (; *p != 'e'; ++p) {
    if (*p != '.') digits[n++] = *p;
  }
  ++p;
  bool down = *p++ == '-';
  int exponent = 0;
  std::from_chars(p, end, exponent);
  if (down) exponent = -exponent;
  if (exponent >= -4 && exponent < kMaxPlainExponent) {
    if (exponent < 0) {
      out += "0.";
      out.append(static_cast<size_t>(-exponent - 1), '0');
      out.append(digits, static_cast<size_t>(n));
    } else if (n <= exponent + 1) {
      out.append(digits, static_cast<size_t>(n));
      out.append(static_cast<size_t>(exponent + 1 - n), '0');
    } else {
      out.append(digits, static_cast<size_t>(exponent + 1));
      out.push_back('.');
      out.append(digits + exponent + 1, static_cast<size_t>(n - exponent - 1));
    }
    return;
  }
  out.push_back(digits[0]);
  if (n > 1) {
    out.push_back('.');
    out.append(digits + 1, static_cast<size_t>(n - 1));
  }
  out.push_back('e');
  out.push_back(exponent < 0 ? '-' : '+');
  int e = exponent < 0 ? -exponent : exponent;
  if (e >= 100) out.push_back(static_cast<char>('0' + e / 100));
  out.push_back(static_cast<char>('0' + e / 10 % 10));
  out.push_back(static_cast<char>('0' + e % 10));
}

template <class Float>
void append_float(std::string& out, Float value, int extra_digits) {
  if constexpr (sizeof(Float) == 8) {
    char text[kQuickTextBytes];
    if (const char* end = extra_digits > 0 ? quick_write_float8(text, value) : nullptr) {
      out.append(text, static_cast<size_t>(end - text));
      return;
    }
  }
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value > 0 ? "Infinity" : "-Infinity";
  } else if (extra_digits > 0) {
    append_shortest(out, value);
  } else {
    int digits = std::max(std::numeric_limits<Float>::digits10 + extra_digits, 1);
    char text[64];
    char* end = std::to_chars(text, text + sizeof text, value, std::chars_format::general, digits).ptr;
    out.append(text, static_cast<size_t>(end - text));
  }
}

template <class Float>
[[noreturn]] void throw_out_of_range(std::string_view text) {
  throw SqlError(sqlstate::kNumericValueOutOfRange,
                 '"' + std::string(text) + "\" is out of range for type " + kTypeName<Float>);
}

template <class Float>
bool parse_special(std::string_view s, Float* value) {
  bool negative = s[0] == '-';
  if (s[0] == '+' || s[0] == '-') s.remove_prefix(1);
  if (equals_ignoring_case(s, "nan")) {
    *value = std::numeric_limits<Float>::quiet_NaN();
  } else if (equals_ignoring_case(s, "infinity") || equals_ignoring_case(s, "inf")) {
    *value = negative ? -std::numeric_limits<Float>::infinity() : std::numeric_limits<Float>::infinity();
  } else {
    return false;
  }
  return true;
}

template <class Float>
Float parse_float(std::string_view text) {
  std::string_view s = trim_blanks(text);
  if (s.empty()) throw_invalid_syntax(kTypeName<Float>, text);
  Float value{};
  if (parse_special(s, &value)) return value;
  bool negative = s[0] == '-';
  std::string_view body = s;
  if (s[0] == '+' || s[0] == '-') body.remove_prefix(1);
  auto format = std::chars_format::general;
  if (body.size() > 2 && body[0] == '0' && lower(body[1]) == 'x') {
    body.remove_prefix(2);
    format = std::chars_format::hex;
  }
  // from_chars would take another sign, "inf" or "nan" here.
  if (body.empty() || (!is_digit(body[0]) && body[0] != '.' && format == std::chars_format::general) ||
      body[0] == '-') {
    throw_invalid_syntax(kTypeName<Float>, text);
  }
  auto [end, error] = std::from_chars(body.data(), body.data() + body.size(), value, format);
  if (error == std::errc::invalid_argument) throw_invalid_syntax(kTypeName<Float>, text);
  if (error == std::errc::result_out_of_range || value == 0 || std::fpclassify(value) == FP_SUBNORMAL) {
    // from_chars does not tell too small from too large, and is strict about subnormals: strtod decides.
    std::string copy(s);
    char* stop;
    errno = 0;
    if constexpr (sizeof(Float) == 4)
      value = std::strtof(copy.c_str(), &stop);
    else
      value = std::strtod(copy.c_str(), &stop);
    if (stop != copy.c_str() + copy.size()) throw_invalid_syntax(kTypeName<Float>, text);
    // A subnormal result is a result; only nothing at all or infinity is out of range.
    if (errno == ERANGE && (value == 0 || std::isinf(value))) throw_out_of_range<Float>(copy);
    return value;
  }
  if (end != body.data() + body.size()) throw_invalid_syntax(kTypeName<Float>, text);
  return negative ? -value : value;
}

}  // namespace

void append_float4(std::string& out, float value, int extra_float_digits) {
  append_float(out, value, extra_float_digits);
}
void append_float8(std::string& out, double value, int extra_float_digits) {
  append_float(out, value, extra_float_digits);
}
float parse_float4(std::string_view text) { return parse_float<float>(text); }
double parse_float8(std::string_view text) { return parse_float<double>(text); }

}  // namespace varve::types
