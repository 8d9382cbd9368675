// The mathematical functions of numeric: special values here, finite ones in Decimal.
#include <algorithm>
#include <cmath>

#include "common/sql_error.h"
#include "decimal.h"
#include "numeric_internal.h"
#include "types/numeric.h"

namespace varve::types {

namespace {

using Kind = Numeric::Kind;

bool infinite(const Numeric& v) { return v.kind() == Kind::kInfinity || v.kind() == Kind::kNegativeInfinity; }

[[noreturn]] void throw_log_negative() {
  throw SqlError(sqlstate::kInvalidArgumentForLog, "cannot take logarithm of a negative number");
}
[[noreturn]] void throw_log_zero() {
  throw SqlError(sqlstate::kInvalidArgumentForLog, "cannot take logarithm of zero");
}

bool integral(const Numeric& v) {
  if (v.kind() == Kind::kBig) return Decimal::from(v).integral();
  if (!v.is_inline()) return true;
  return min_scale(v) == 0;
}

// base ^ exponent where at least one is infinite and neither NaN.
Numeric power_special(const Numeric& base, const Numeric& exponent) {
  int sign = sign_of(exponent);
  if (base.is_finite() && compare(base, Numeric(1)) == 0) return Numeric(1);
  if (sign == 0) return Numeric(1);
  if (sign_of(base) == 0) return Numeric(0);
  if (infinite(exponent)) {
    bool grows = infinite(base);
    if (!grows) {
      if (compare(base, Numeric(-1)) == 0) return Numeric(1);
      grows = compare(base, Numeric(1)) > 0 || compare(base, Numeric(-1)) < 0;
    }
    return grows == (sign > 0) ? Numeric::infinity() : Numeric(0);
  }
  if (sign < 0) return Numeric(0);
  if (base.kind() == Kind::kInfinity) return Numeric::infinity();
  Decimal e = Decimal::from(exponent);
  bool odd =
      e.integral() && e.weight == static_cast<int64_t>(e.limbs.size()) - 1 && (e.limbs.back() & 1) != 0;
  return odd ? Numeric::negative_infinity() : Numeric::infinity();
}

}  // namespace

Numeric sqrt(const Numeric& v, Arena& arena) {
  if (v.is_nan()) return v;
  if (sign_of(v) < 0) {
    throw SqlError(sqlstate::kInvalidArgumentForPowerFunction,
                   "cannot take square root of a negative number");
  }
  if (!v.is_finite()) return v;
  Decimal d = Decimal::from(v);
  int root_weight = (d.weight4() + 1) * 4 / 2 - 1;
  int scale = std::clamp(std::max(kMinSignificantDigits - root_weight, d.dscale), 0, kMaxResultDigits);
  return sqrt(d, scale).to_numeric(arena);
}

Numeric exp(const Numeric& v, Arena& arena) {
  if (!v.is_finite()) return v.kind() == Kind::kNegativeInfinity ? Numeric(0) : v;
  Decimal d = Decimal::from(v);
  double exponent = std::clamp(d.to_double() * 0.434294481903252, -2000.0, 2000.0);
  int scale = std::max(kMinSignificantDigits - static_cast<int>(exponent), d.dscale);
  return exp(d, std::clamp(scale, 0, kMaxResultDigits)).to_numeric(arena);
}

Numeric ln(const Numeric& v, Arena& arena) {
  if (v.is_nan()) return v;
  if (v.kind() == Kind::kNegativeInfinity) throw_log_negative();
  if (!v.is_finite()) return v;
  Decimal d = Decimal::from(v);
  int scale = std::max(kMinSignificantDigits - estimate_ln_weight(d), d.dscale);
  return ln(d, std::clamp(scale, 0, kMaxResultDigits)).to_numeric(arena);
}

Numeric log(const Numeric& base, const Numeric& v, Arena& arena) {
  if (!base.is_finite() || !v.is_finite()) {
    if (base.is_nan() || v.is_nan()) return Numeric::nan();
    if (sign_of(base) < 0 || sign_of(v) < 0) throw_log_negative();
    if (sign_of(base) == 0 || sign_of(v) == 0) throw_log_zero();
    if (infinite(base)) return infinite(v) ? Numeric::nan() : Numeric(0);
    return Numeric::infinity();
  }
  return log(Decimal::from(base), Decimal::from(v)).to_numeric(arena);
}

Numeric log10(const Numeric& v, Arena& arena) { return log(Numeric(10), v, arena); }

Numeric power(const Numeric& base, const Numeric& exponent, Arena& arena) {
  if (base.is_nan()) return exponent.is_finite() && sign_of(exponent) == 0 ? Numeric(1) : base;
  if (exponent.is_nan()) return base.is_finite() && compare(base, Numeric(1)) == 0 ? Numeric(1) : exponent;
  if (sign_of(base) == 0 && sign_of(exponent) < 0) {
    throw SqlError(sqlstate::kInvalidArgumentForPowerFunction,
                   "zero raised to a negative power is undefined");
  }
  if (sign_of(base) < 0 && !integral(exponent)) {
    throw SqlError(sqlstate::kInvalidArgumentForPowerFunction,
                   "a negative number raised to a non-integer power yields a complex result");
  }
  if (!base.is_finite() || !exponent.is_finite()) return power_special(base, exponent);
  return power(Decimal::from(base), Decimal::from(exponent)).to_numeric(arena);
}

Numeric gcd(const Numeric& a, const Numeric& b, Arena& arena) {
  if (!a.is_finite() || !b.is_finite()) return Numeric::nan();
  Decimal x = Decimal::from(a), y = Decimal::from(b);
  int dscale = std::max(x.dscale, y.dscale);
  x.negative = y.negative = false;
  while (!y.zero()) {
    Decimal rest = mod(x, y);
    x = std::move(y);
    y = std::move(rest);
  }
  x.dscale = dscale;
  return x.to_numeric(arena);
}

Numeric lcm(const Numeric& a, const Numeric& b, Arena& arena) {
  if (!a.is_finite() || !b.is_finite()) return Numeric::nan();
  int dscale = std::max(scale(a), scale(b));
  Decimal result;
  if (sign_of(a) != 0 && sign_of(b) != 0) {
    Decimal divisor = Decimal::from(gcd(a, b, arena));
    result = mul(div(Decimal::from(a), divisor, 0, true), Decimal::from(b));
    result.negative = false;
  }
  result.dscale = dscale;
  return result.to_numeric(arena);
}

Numeric factorial(int64_t n, Arena& arena) {
  if (n < 0) throw SqlError(sqlstate::kNumericValueOutOfRange, "factorial of a negative number is undefined");
  if (n > 32177) throw_numeric_overflow();
  Decimal result = Decimal::from_int(1);
  for (int64_t i = 2; i <= n;) {  // as many factors at a time as fit a limb
    int64_t product = i++;
    while (i <= n && product * i < kLimbBase) product *= i++;
    result = mul(result, Decimal::from_int(product));
  }
  return result.to_numeric(arena);
}

int32_t width_bucket(const Numeric& v, const Numeric& low, const Numeric& high, int32_t count) {
  auto fail = [](const char* text) {
    return SqlError(sqlstate::kInvalidArgumentForWidthBucketFunction, text);
  };
  if (count <= 0) throw fail("count must be greater than zero");
  if (v.is_nan() || low.is_nan() || high.is_nan()) {
    throw fail("operand, lower bound, and upper bound cannot be NaN");
  }
  if (!low.is_finite() || !high.is_finite()) throw fail("lower and upper bounds must be finite");
  int order = compare(low, high);
  if (order == 0) throw fail("lower bound cannot equal upper bound");
  if (order * compare(v, low) > 0) return 0;
  if (order * compare(v, high) <= 0) {
    if (count == INT32_MAX) throw SqlError(sqlstate::kNumericValueOutOfRange, "integer out of range");
    return count + 1;
  }
  Arena arena;
  Numeric position = mul(sub(v, low, arena), Numeric(count), arena);
  Numeric bucket = div(position, sub(high, low, arena), arena);
  // The division may round up to `count` itself.
  if (compare(bucket, Numeric(count)) >= 0) return count;
  return to_int32(add(floor(bucket, arena), Numeric(1), arena));
}

}  // namespace varve::types
