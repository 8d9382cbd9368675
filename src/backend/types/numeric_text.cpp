// numeric as text, and its conversions from and to the binary number types.
#include <charconv>
#include <cmath>
#include <cstring>

#include "common/sql_error.h"
#include "decimal.h"
#include "numeric_internal.h"
#include "text_scan.h"
#include "types/float_format.h"
#include "types/numeric.h"
#include "types/text_codec.h"

namespace varve::types {

namespace {

[[noreturn]] void throw_syntax(std::string_view text) { throw_invalid_syntax("numeric", text); }
[[noreturn]] void throw_out_of_range(const char* type) {
  throw SqlError(sqlstate::kNumericValueOutOfRange, std::string(type) + " out of range");
}

// NaN and infinities; `s` is trimmed.
bool parse_special(std::string_view s, Numeric* v) {
  bool negative = false, is_signed = false;
  if (!s.empty() && (s[0] == '+' || s[0] == '-')) {
    negative = s[0] == '-';
    is_signed = true;
    s.remove_prefix(1);
  }
  if (equals_ignoring_case(s, "nan") && !is_signed) {
    *v = Numeric::nan();
  } else if (equals_ignoring_case(s, "infinity") || equals_ignoring_case(s, "inf")) {
    *v = negative ? Numeric::negative_infinity() : Numeric::infinity();
  } else {
    return false;
  }
  return true;
}

// The general case: any number of digits, an exponent.
Numeric parse_long(std::string_view text, std::string_view s, Arena& arena) {
  bool negative = false;
  size_t i = 0;
  if (s[0] == '+' || s[0] == '-') negative = s[i++] == '-';
  std::string digits;
  digits.reserve(s.size());
  int64_t point = -1;
  for (; i < s.size(); ++i) {
    if (is_digit(s[i])) {
      digits.push_back(s[i]);
    } else if (s[i] == '.' && point < 0) {
      point = static_cast<int64_t>(digits.size());
    } else {
      break;
    }
  }
  if (digits.empty()) throw_syntax(text);
  auto size = static_cast<int64_t>(digits.size());
  if (point < 0) point = size;
  int64_t dscale = size - point;
  if (i < s.size() && (s[i] == 'e' || s[i] == 'E')) {
    ++i;
    bool down = false;
    if (i < s.size() && (s[i] == '+' || s[i] == '-')) down = s[i++] == '-';
    if (i == s.size() || !is_digit(s[i])) throw_syntax(text);
    int64_t exponent = 0;
    for (; i < s.size() && is_digit(s[i]); ++i)
      exponent = std::min<int64_t>(exponent * 10 + (s[i] - '0'), INT32_MAX);
    if (exponent >= INT32_MAX / 2) throw_numeric_overflow();
    if (down) exponent = -exponent;
    point += exponent;
    dscale = std::max<int64_t>(dscale - exponent, 0);
  }
  if (i != s.size()) throw_syntax(text);
  if (dscale > kMaxScale) throw_numeric_overflow();
  return Decimal::from_digits(digits, point, static_cast<int>(dscale), negative).to_numeric(arena);
}

// Whole part, rounded half away from zero. False if it does not fit 128 bits.
bool rounded_int128(const Numeric& v, int128* result) {
  if (v.is_inline()) {
    int scale = v.inline_scale();
    int128 s = v.significand();
    if (scale == 0) {
      *result = s;
      return true;
    }
    if (scale > 38) {
      *result = 0;
      return true;
    }
    uint128 m = divide_rounded(magnitude(s), kPow10[static_cast<size_t>(scale)]);
    *result = s < 0 ? -static_cast<int128>(m) : static_cast<int128>(m);
    return true;
  }
  Decimal d = Decimal::from(v);
  d.round(0);
  if (d.exponent() > 38) return false;
  constexpr uint128 kMax = (static_cast<uint128>(1) << 127) - 1;
  uint128 sum = 0;
  for (int64_t w = d.weight, i = 0; w >= 0; --w, ++i) {
    uint128 limb = i < static_cast<int64_t>(d.limbs.size()) ? d.limbs[static_cast<size_t>(i)] : 0;
    if (sum > (kMax - limb) / kLimbBase) return false;
    sum = sum * kLimbBase + limb;
  }
  *result = d.negative ? -static_cast<int128>(sum) : static_cast<int128>(sum);
  return true;
}

template <class T>
T to_integer(const Numeric& v, const char* type) {
  if (!v.is_finite()) {
    throw SqlError(sqlstate::kFeatureNotSupported,
                   std::string("cannot convert ") + (v.is_nan() ? "NaN" : "infinity") + " to " + type);
  }
  int128 whole;
  if (!rounded_int128(v, &whole) || whole != static_cast<T>(whole)) throw_out_of_range(type);
  return static_cast<T>(whole);
}

template <class Float>
Numeric from_float(Float v, int digits, Arena& arena) {
  if (std::isnan(v)) return Numeric::nan();
  if (std::isinf(v)) return v > 0 ? Numeric::infinity() : Numeric::negative_infinity();
  char text[64];
  auto end = std::to_chars(text, text + sizeof text, v, std::chars_format::general, digits).ptr;
  return parse_numeric({text, static_cast<size_t>(end - text)}, arena);
}

}  // namespace

Numeric parse_numeric(std::string_view text, Arena& arena) {
  std::string_view s = trim_blanks(text);
  const char *p = s.data(), *end = p + s.size();
  bool negative = false;
  if (p != end && (*p == '+' || *p == '-')) negative = *p++ == '-';
  // Up to 33 digits, no exponent: no big arithmetic. The first 18 digits need only 64 bits.
  if (p != end && end - p <= 34) {
    uint64_t low = 0;
    uint128 significand = 0;
    int digits = 0, scale = 0;
    bool point = false;
    for (; p != end; ++p) {
      if (is_digit(*p)) {
        if (digits < 18) {
          low = low * 10 + static_cast<uint64_t>(*p - '0');
        } else {
          if (digits == 18) significand = low;
          significand = significand * 10 + static_cast<uint64_t>(*p - '0');
        }
        ++digits;
        scale += point;
      } else if (*p == '.' && !point) {
        point = true;
      } else {
        break;
      }
    }
    if (digits <= 18) significand = low;
    if (p == end && digits > 0 && significand < static_cast<uint128>(Numeric::kInlineLimit)) {
      return Numeric(negative ? -static_cast<int128>(significand) : static_cast<int128>(significand), scale);
    }
  }
  Numeric special;
  if (s.empty()) throw_syntax(text);
  if (parse_special(s, &special)) return special;
  return parse_long(text, s, arena);
}

void append_numeric(std::string& out, const Numeric& v) {
  switch (v.kind()) {
    case Numeric::Kind::kNan:
      out += "NaN";
      return;
    case Numeric::Kind::kInfinity:
      out += "Infinity";
      return;
    case Numeric::Kind::kNegativeInfinity:
      out += "-Infinity";
      return;
    case Numeric::Kind::kBig:
      Decimal::from(v).append_text(out);
      return;
    case Numeric::Kind::kInline:
      break;
  }
  int128 s = v.significand();
  int scale = v.inline_scale();
  uint128 m = magnitude(s);
  char digits[48];
  char* end = digits;
  if (m >> 64 == 0) {
    end = write_uint8(digits, static_cast<uint64_t>(m));
  } else {
    constexpr auto kChunk = static_cast<uint64_t>(10'000'000'000'000'000'000ULL);
    end = write_uint8(digits, static_cast<uint64_t>(m / kChunk));
    char low[20];
    char* low_end = write_uint8(low, static_cast<uint64_t>(m % kChunk));
    for (auto i = low_end - low; i < 19; ++i) *end++ = '0';
    std::memcpy(end, low, static_cast<size_t>(low_end - low));
    end += low_end - low;
  }
  auto n = static_cast<int>(end - digits);
  char text[48 + Numeric::kMaxInlineScale + 4];
  char* p = text;
  if (s < 0) *p++ = '-';
  if (n > scale) {
    std::memcpy(p, digits, static_cast<size_t>(n - scale));
    p += n - scale;
  } else {
    *p++ = '0';
  }
  if (scale > 0) {
    *p++ = '.';
    for (int i = n; i < scale; ++i) *p++ = '0';
    int fraction = std::min(n, scale);
    std::memcpy(p, end - fraction, static_cast<size_t>(fraction));
    p += fraction;
  }
  out.append(text, static_cast<size_t>(p - text));
}

Numeric numeric_from_int128(int128 v, int scale, Arena& arena) {
  if (Numeric::fits_inline(v) && scale <= Numeric::kMaxInlineScale) return Numeric(v, scale);
  Decimal d = Decimal::from_int(v);
  if (scale != 0) {
    std::string digits;
    d.negative = false;
    d.append_text(digits);
    d = Decimal::from_digits(digits, static_cast<int64_t>(digits.size()) - scale, scale, v < 0);
  }
  return d.to_numeric(arena);
}

Numeric numeric_from_float4(float v, Arena& arena) { return from_float(v, 6, arena); }
Numeric numeric_from_float8(double v, Arena& arena) { return from_float(v, 15, arena); }

int16_t to_int16(const Numeric& v) { return to_integer<int16_t>(v, "smallint"); }
int32_t to_int32(const Numeric& v) { return to_integer<int32_t>(v, "integer"); }
int64_t to_int64(const Numeric& v) { return to_integer<int64_t>(v, "bigint"); }

int128 to_int128(const Numeric& v) {
  int128 whole;
  if (!v.is_finite() || !rounded_int128(v, &whole)) throw_out_of_range("bigint");
  return whole;
}

double to_float8(const Numeric& v) {
  if (!v.is_finite())
    return v.is_nan() ? std::nan("") : v.kind() == Numeric::Kind::kInfinity ? HUGE_VAL : -HUGE_VAL;
  if (v.is_inline()) {
    constexpr int128 kExact = int128{1} << 53;
    int128 s = v.significand();
    // Both numbers are exact doubles, so one division rounds once.
    if (s > -kExact && s < kExact && v.inline_scale() <= 22) {
      return static_cast<double>(static_cast<int64_t>(s)) /
             static_cast<double>(kPow10[static_cast<size_t>(v.inline_scale())]);
    }
  }
  std::string text;
  append_numeric(text, v);
  return parse_float8(text);
}

float to_float4(const Numeric& v) {
  if (!v.is_finite()) return static_cast<float>(to_float8(v));
  std::string text;
  append_numeric(text, v);
  return parse_float4(text);
}

}  // namespace varve::types
