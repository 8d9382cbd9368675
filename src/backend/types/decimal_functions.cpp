// exp, ln, log and power. The number of digits shown is PostgreSQL's choice; they are computed with guard
// digits so that the last one is right.
#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "common/sql_error.h"
#include "decimal.h"

namespace varve::types {

namespace {

constexpr double kLog10E = 0.434294481903252;
constexpr int kMaxResultScale = 2000;

int clamp_scale(int scale) { return std::clamp(scale, 0, kMaxResultDigits); }

Decimal one() { return Decimal::from_int(1); }

Decimal power_of_int(const Decimal& base, int exponent, int scale) {
  Decimal r;
  switch (exponent) {
    case 0:
      r = one();
      r.dscale = scale;
      return r;
    case 1:
      r = base;
      r.round(scale);
      return r;
    case -1:
      return div(one(), base, scale);
    case 2:
      r = mul(base, base);
      r.round(scale);
      return r;
    default:
      break;
  }
  if (base.zero()) {
    if (exponent < 0) throw_division_by_zero();
    r.dscale = scale;
    return r;
  }
  // log10 of the result, to see overflow early and to know how many digits matter.
  Decimal lead = base;
  lead.negative = false;
  lead.weight = 0;
  double f = exponent * (std::log10(lead.to_double()) + static_cast<double>(base.weight) * kLimbDigits);
  if (f > 32768.0 * 4) throw_numeric_overflow();
  if (f + 1 < -scale || f + 1 < -kMaxResultDigits) {
    r.dscale = scale;
    return r;
  }
  int64_t digits = 1 + scale + static_cast<int>(f);
  digits += static_cast<int>(std::log(std::fabs(static_cast<double>(exponent)))) + 16;
  digits = std::max<int64_t>(digits, 16);
  uint32_t n = exponent < 0 ? -static_cast<uint32_t>(exponent) : static_cast<uint32_t>(exponent);
  Decimal square = base;
  r = one();
  for (;;) {
    if ((n & 1) != 0) {
      r = mul(r, square);
      r.round_significant(digits);
    }
    n >>= 1;
    if (n == 0) break;
    square = mul(square, square);
    square.round_significant(digits);
    // Beyond the format's range on the way; of a negative power that means a result of nothing but zeros.
    if (square.weight > 2 * 32768 / 4 || r.weight > 2 * 32768 / 4) {
      if (exponent > 0) throw_numeric_overflow();
      r = Decimal();
      r.dscale = scale;
      return r;
    }
  }
  if (exponent < 0) return div(one(), r, scale);
  r.round(scale);
  return r;
}

}  // namespace

int estimate_ln_weight(const Decimal& x) {
  if (x.negative) return 0;
  static const Decimal kNineTenths = Decimal::from_digits("9", 0, 1, false);
  static const Decimal kElevenTenths = Decimal::from_digits("11", 1, 1, false);
  if (compare(x, kNineTenths) >= 0 && compare(x, kElevenTenths) <= 0) {
    Decimal difference = sub(x, one());
    if (difference.zero()) return 0;
    return difference.weight4() * 4 + static_cast<int>(std::log10(difference.first_digit4()));
  }
  if (x.zero()) return 0;
  Decimal lead = x;
  lead.weight = 0;
  double value = std::log(lead.to_double()) + static_cast<double>(x.weight) * kLimbDigits * 2.302585092994046;
  return static_cast<int>(std::log10(std::fabs(value)));
}

Decimal exp(const Decimal& x, int scale) {
  Decimal r;
  r.dscale = scale;
  if (x.zero()) {
    r = one();
    r.dscale = scale;
    return r;
  }
  double value = x.to_double();
  if (std::fabs(value) >= kMaxResultScale * 3) {
    if (value > 0) throw_numeric_overflow();
    return r;
  }
  // e^x = (e^(x / 2^halvings))^(2^halvings); each squaring doubles the relative error.
  int halvings = 0;
  for (double v = std::fabs(value); v > 0.01; v /= 2) ++halvings;
  int digits = std::max(0, scale + static_cast<int>(value * kLog10E) + 2) + halvings * 31 / 100 + 12;
  Decimal reduced = x;
  for (int left = halvings; left > 0;) {
    int step = std::min(left, 20);
    reduced = div_small(reduced, 1U << step, digits + 8);
    left -= step;
  }
  if (halvings == 0) reduced.round(std::max(digits + 8, 0));
  Decimal sum = add(one(), reduced), term = reduced;
  for (uint32_t n = 2; !term.zero(); ++n) {
    term = mul(term, reduced);
    term.round(digits + 8);
    term = div_small(term, n, digits + 4);
    sum = add(sum, term);
  }
  for (int i = 0; i < halvings; ++i) {
    sum = mul(sum, sum);
    sum.round_significant(digits);
  }
  sum.round(scale);
  return sum;
}

Decimal ln(const Decimal& x, int scale) {
  if (x.zero()) throw SqlError(sqlstate::kInvalidArgumentForLog, "cannot take logarithm of zero");
  if (x.negative)
    throw SqlError(sqlstate::kInvalidArgumentForLog, "cannot take logarithm of a negative number");
  // Roots until the value is near 1: ln x = 2^roots * ln(x^(1 / 2^roots)).
  Decimal lead = x;
  lead.weight = 0;
  double approximate =
      std::log(lead.to_double()) + static_cast<double>(x.weight) * kLimbDigits * 2.302585092994046;
  int roots = 0;
  for (double v = std::fabs(approximate); v > 0.09; v /= 2) ++roots;
  int digits = scale + roots * 31 / 100 + 12;
  Decimal reduced = x;
  for (int i = 0; i < roots; ++i) {
    int64_t root_scale = digits - reduced.exponent() / 2 + 4;
    reduced = sqrt(reduced, static_cast<int>(std::max<int64_t>(root_scale, 1)));
  }
  // ln x = 2 artanh((x - 1) / (x + 1))
  Decimal z = div(sub(reduced, one()), add(reduced, one()), digits + 4);
  Decimal z2 = mul(z, z);
  z2.round(digits + 4);
  Decimal sum = z, power = z;
  for (uint32_t n = 3; !power.zero(); n += 2) {
    power = mul(power, z2);
    power.round(digits + 4);
    sum = add(sum, div_small(power, n, digits + 4));
  }
  for (int left = roots + 1; left > 0;) {
    int step = std::min(left, 20);
    sum = mul(sum, Decimal::from_int(1 << step));
    left -= step;
  }
  sum.round(scale);
  return sum;
}

Decimal log(const Decimal& base, const Decimal& x) {
  int base_weight = estimate_ln_weight(base), x_weight = estimate_ln_weight(x);
  int weight = x_weight - base_weight;
  int scale = clamp_scale(std::max({kMinSignificantDigits - weight, base.dscale, x.dscale}));
  Decimal ln_base = ln(base, std::max(scale + weight - base_weight + 8, 0));
  Decimal ln_x = ln(x, std::max(scale + weight - x_weight + 8, 0));
  return div(ln_x, ln_base, scale);
}

Decimal power(const Decimal& base, const Decimal& exponent) {
  if (exponent.integral() && exponent.weight <= 1) {
    Decimal whole = exponent;
    whole.dscale = 0;
    int128 n;
    if (whole.to_significand(&n) && n >= INT32_MIN && n <= INT32_MAX) {
      return power_of_int(base, static_cast<int>(n),
                          clamp_scale(std::max(kMinSignificantDigits, base.dscale)));
    }
  }
  Decimal r;
  if (base.zero()) {
    r.dscale = kMinSignificantDigits;
    return r;
  }
  // A negative base comes here only with a whole exponent beyond 32 bits; its lowest digit tells the sign.
  Decimal positive = base;
  positive.negative = false;
  bool negative = base.negative && exponent.integral() &&
                  exponent.weight == static_cast<int64_t>(exponent.limbs.size()) - 1 &&
                  (exponent.limbs.back() & 1) != 0;
  int ln_weight = estimate_ln_weight(positive);
  int scale = std::max(8 - ln_weight, 0);
  Decimal product = mul(ln(positive, scale), exponent);
  product.round(scale);
  double value = product.to_double();
  if (std::fabs(value) > kMaxResultScale * 3.01) {
    if (value > 0) throw_numeric_overflow();
    r.dscale = kMaxResultDigits;
    return r;
  }
  value *= kLog10E;
  int result_scale =
      clamp_scale(std::max({kMinSignificantDigits - static_cast<int>(value), base.dscale, exponent.dscale}));
  int digits = std::max(result_scale + static_cast<int>(value), 0);
  scale = std::max(digits - ln_weight + 8, 0);
  product = mul(ln(positive, scale), exponent);
  product.round(scale);
  r = exp(product, result_scale);
  if (negative && !r.zero()) r.negative = true;
  return r;
}

}  // namespace varve::types
