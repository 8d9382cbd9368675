// Arithmetic on decimals of any length: what stands behind Numeric when a value does not fit 128 bits.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "types/numeric.h"

namespace varve::types {

inline constexpr uint32_t kLimbBase = 100'000'000;
inline constexpr int kLimbDigits = 8;
inline constexpr int kMaxWeight4 =
    32767;  // weight of the first base-10000 digit: 131072 digits before the point
inline constexpr int kMaxScale = 16383;        // digits after the point
inline constexpr int kMaxResultDigits = 1000;  // digits that division and functions choose to show
inline constexpr int kMinSignificantDigits = 16;

// A value in an arena: the limbs follow the header, the most significant first.
struct BigDecimal {
  uint32_t size;
  int32_t weight;
  int32_t dscale;
  uint32_t negative;
  const uint32_t* limbs() const { return reinterpret_cast<const uint32_t*>(this + 1); }
};

// A working value: the sum of limbs[i] * 10^8^(weight - i). Without leading and trailing zero limbs; zero has
// none, weight 0 and no sign. dscale is the number of digits shown after the point.
struct Decimal {
  bool negative = false;
  int32_t weight = 0;
  int32_t dscale = 0;
  std::vector<uint32_t> limbs;

  static Decimal from(const Numeric& v);  // finite values only
  static Decimal from_int(int128 v);
  // Digits without a point, and where the point is: `point` digits stand before it.
  static Decimal from_digits(std::string_view digits, int64_t point, int dscale, bool negative);
  // Checks the range of numeric: 22003 `value overflows numeric format`.
  Numeric to_numeric(Arena& arena) const;
  // As a 128-bit significand at scale `dscale`, if it fits 111 bits.
  bool to_significand(int128* v) const;

  bool zero() const { return limbs.empty(); }
  bool integral() const { return static_cast<int64_t>(limbs.size()) <= static_cast<int64_t>(weight) + 1; }
  // Exponent of the first digit: d.ddd * 10^this. Zero for zero.
  int64_t exponent() const;
  // Weight and value of the first base-10000 digit, which PostgreSQL's choice of result scales depends on.
  int weight4() const;
  uint32_t first_digit4() const;
  double to_double() const;  // overflows to infinity
  void strip();
  // Keeps `scale` digits after the point (negative: before it), half away from zero or cut.
  void round(int scale, bool truncate = false);
  // Keeps `digits` significant digits; the display scale does not matter to the caller.
  void round_significant(int64_t digits);
  void append_text(std::string& out) const;
};

[[noreturn]] void throw_numeric_overflow();
[[noreturn]] void throw_division_by_zero();

int compare_magnitude(const Decimal& a, const Decimal& b);
int compare(const Decimal& a, const Decimal& b);
Decimal add(const Decimal& a, const Decimal& b, bool negate_b = false);
inline Decimal sub(const Decimal& a, const Decimal& b) { return add(a, b, true); }
Decimal mul(const Decimal& a, const Decimal& b);
// The quotient at `scale` digits, half away from zero or cut.
Decimal div(const Decimal& a, const Decimal& b, int scale, bool truncate = false);
Decimal div_small(const Decimal& a, uint32_t b, int scale);  // b < 10^8
Decimal mod(const Decimal& a, const Decimal& b);
Decimal sqrt(const Decimal& a, int scale);
int select_div_scale(int weight_a, uint32_t first_a, int dscale_a, int weight_b, uint32_t first_b,
                     int dscale_b);

// Transcendental functions, to `scale` digits after the point (decimal_functions.cpp).
Decimal exp(const Decimal& x, int scale);
Decimal ln(const Decimal& x, int scale);
Decimal log(const Decimal& base, const Decimal& x);
Decimal power(const Decimal& base, const Decimal& exponent);
// Decimal exponent of ln(x), estimated.
int estimate_ln_weight(const Decimal& x);

}  // namespace varve::types
