// Arithmetic: 128-bit paths, and Decimal behind them.
#include "types/numeric.h"

#include <algorithm>
#include <cstring>

#include "common/hash.h"
#include "common/sql_error.h"
#include "decimal.h"
#include "numeric_internal.h"

namespace varve::types {

namespace {

using Kind = Numeric::Kind;

bool either_nan(const Numeric& a, const Numeric& b) { return a.is_nan() || b.is_nan(); }
constexpr int kSmallShift = 18;  // 64 bits times ten to that still fit 127
bool both_finite(const Numeric& a, const Numeric& b) { return a.is_finite() && b.is_finite(); }
bool infinite(const Numeric& v) { return v.kind() == Kind::kInfinity || v.kind() == Kind::kNegativeInfinity; }
Numeric infinity_of_sign(int sign) { return sign > 0 ? Numeric::infinity() : Numeric::negative_infinity(); }

// Brings two inline values to one scale. False if that does not fit.
bool align(const Numeric& a, const Numeric& b, int128* x, int128* y, int* scale) {
  *x = a.significand();
  *y = b.significand();
  int difference = a.inline_scale() - b.inline_scale();
  int128* low = difference < 0 ? x : y;
  auto shift = static_cast<size_t>(difference < 0 ? -difference : difference);
  *scale = std::max(a.inline_scale(), b.inline_scale());
  if (shift == 0 || *low == 0) return true;
  if (shift > 38 || magnitude(*low) > kAlignLimit[shift]) return false;
  *low *= static_cast<int128>(kPow10[shift]);
  return true;
}

// Weight and value of the leading base-10000 digit.
struct LeadingDigit {
  int weight;
  uint32_t digit;
};
LeadingDigit leading_digit(uint128 v, int scale) {
  if (v == 0) return {0, 0};
  int digits = count_digits(v), exponent = digits - 1 - scale;
  int weight = exponent >= 0 ? exponent / 4 : -((3 - exponent) / 4);
  int top = exponent - 4 * weight + 1;
  if (digits >= top) return {weight, static_cast<uint32_t>(v / kPow10[static_cast<size_t>(digits - top)])};
  return {weight, static_cast<uint32_t>(v * kPow10[static_cast<size_t>(top - digits)])};
}

// a / b where one of them is not finite, and neither is NaN.
Numeric divide_special(const Numeric& a, const Numeric& b) {
  if (!infinite(a)) return Numeric();
  if (infinite(b)) return Numeric::nan();
  int sign = sign_of(b);
  if (sign == 0) throw_division_by_zero();
  return infinity_of_sign(sign * sign_of(a));
}

// One digit more than a number has before the point: the first may round up.
constexpr int kMinRoundScale = -(kMaxWeight4 + 1) * 4 - 1;

Numeric round_to(const Numeric& v, int scale, bool truncate, Arena& arena) {
  if (!v.is_finite()) return v;
  if (v.is_inline()) {
    int drop = v.inline_scale() - scale;
    int128 s = v.significand();
    if (drop == 0) return v;
    if (drop > 0) {
      if (drop > 38) return Numeric(static_cast<int128>(0), std::max(scale, 0));
      uint128 unit = kPow10[static_cast<size_t>(drop)];
      uint128 m = magnitude(s);
      m = truncate ? m / unit : divide_rounded(m, unit);
      // A negative scale rounds before the point and shows none after it.
      if (scale >= 0 || (-scale <= 38 && m <= kAlignLimit[static_cast<size_t>(-scale)])) {
        if (scale < 0) m *= kPow10[static_cast<size_t>(-scale)];
        int128 r = s < 0 ? -static_cast<int128>(m) : static_cast<int128>(m);
        if (Numeric::fits_inline(r)) return Numeric(r, std::max(scale, 0));
      }
    } else if (drop >= -38 && scale <= Numeric::kMaxInlineScale &&
               magnitude(s) <= kAlignLimit[static_cast<size_t>(-drop)]) {
      int128 r = s * static_cast<int128>(kPow10[static_cast<size_t>(-drop)]);
      if (Numeric::fits_inline(r)) return Numeric(r, scale);
    }
  }
  Decimal d = Decimal::from(v);
  d.round(scale, truncate);
  return d.to_numeric(arena);
}

// Towards -infinity (direction < 0) or +infinity.
Numeric round_directed(const Numeric& v, int direction, Arena& arena) {
  if (!v.is_finite()) return v;
  Numeric whole = round_to(v, 0, true, arena);
  if (compare(whole, v) != 0 && sign_of(v) == direction)
    return add(whole, Numeric(int64_t{direction}), arena);
  return whole;
}

}  // namespace

int sign_of(const Numeric& v) {
  switch (v.kind()) {
    case Kind::kInline:
      return v.significand() < 0 ? -1 : v.significand() > 0 ? 1 : 0;
    case Kind::kBig:
      return v.big()->size == 0 ? 0 : v.big()->negative != 0 ? -1 : 1;
    case Kind::kNegativeInfinity:
      return -1;
    default:
      return 1;
  }
}

Numeric sign(const Numeric& v) { return v.is_nan() ? v : Numeric(int64_t{sign_of(v)}); }

Numeric copy(const Numeric& v, Arena& arena) {
  if (v.kind() != Kind::kBig) return v;
  size_t bytes = sizeof(BigDecimal) + v.big()->size * sizeof(uint32_t);
  void* at = arena.allocate(bytes);
  std::memcpy(at, v.big(), bytes);
  return Numeric::from_big(static_cast<const BigDecimal*>(at));
}

Numeric add_slow(const Numeric& a, const Numeric& b, bool negate_b, Arena& arena) {
  if (a.is_inline() && b.is_inline()) {
    // One side has fewer decimals: 1 - 0.05.
    int128 p = a.significand(), q = b.significand();
    int difference = a.inline_scale() - b.inline_scale();
    if (p == static_cast<int64_t>(p) && q == static_cast<int64_t>(q) && difference >= -kSmallShift &&
        difference <= kSmallShift) {
      if (difference < 0)
        p *= static_cast<int128>(kPow10[static_cast<size_t>(-difference)]);
      else
        q *= static_cast<int128>(kPow10[static_cast<size_t>(difference)]);
      int128 total = negate_b ? p - q : p + q;
      if (Numeric::fits_inline(total)) return Numeric(total, std::max(a.inline_scale(), b.inline_scale()));
    }
    int128 x, y;
    int scale;
    if (align(a, b, &x, &y, &scale)) {
      int128 sum = negate_b ? x - y : x + y;
      if (Numeric::fits_inline(sum)) return Numeric(sum, scale);
    }
  }
  if (!both_finite(a, b)) {
    if (either_nan(a, b)) return Numeric::nan();
    int sign_b = negate_b ? -sign_of(b) : sign_of(b);
    if (!infinite(a)) return infinity_of_sign(sign_b);
    if (infinite(b) && sign_of(a) != sign_b) return Numeric::nan();
    return a;
  }
  return add(Decimal::from(a), Decimal::from(b), negate_b).to_numeric(arena);
}

Numeric mul_slow(const Numeric& a, const Numeric& b, Arena& arena) {
  if (a.is_inline() && b.is_inline()) {
    int128 x = a.significand(), y = b.significand();
    int scale = a.inline_scale() + b.inline_scale();
    if (bit_width128(magnitude(x)) + bit_width128(magnitude(y)) <= 111 && scale <= Numeric::kMaxInlineScale) {
      return Numeric(x * y, scale);
    }
  }
  if (!both_finite(a, b)) {
    int sign = sign_of(a) * sign_of(b);
    if (either_nan(a, b) || sign == 0) return Numeric::nan();
    return infinity_of_sign(sign);
  }
  Decimal product = mul(Decimal::from(a), Decimal::from(b));
  if (product.dscale > kMaxScale) product.round(kMaxScale);
  return product.to_numeric(arena);
}

Numeric div(const Numeric& a, const Numeric& b, Arena& arena) {
  if (!both_finite(a, b)) return either_nan(a, b) ? Numeric::nan() : divide_special(a, b);
  if (sign_of(b) == 0) throw_division_by_zero();
  if (a.is_inline() && b.is_inline()) {
    uint128 x = magnitude(a.significand()), y = magnitude(b.significand());
    LeadingDigit lead_a = leading_digit(x, a.inline_scale()), lead_b = leading_digit(y, b.inline_scale());
    int scale = select_div_scale(lead_a.weight, lead_a.digit, a.inline_scale(), lead_b.weight, lead_b.digit,
                                 b.inline_scale());
    int shift = scale + b.inline_scale() - a.inline_scale();
    if (scale <= Numeric::kMaxInlineScale && shift >= 0 && count_digits(x) + shift <= 38) {
      uint128 quotient = divide_rounded(x * kPow10[static_cast<size_t>(shift)], y);
      if (quotient < static_cast<uint128>(Numeric::kInlineLimit)) {
        bool negative = (a.significand() < 0) != (b.significand() < 0);
        return Numeric(negative ? -static_cast<int128>(quotient) : static_cast<int128>(quotient), scale);
      }
    }
  }
  Decimal x = Decimal::from(a), y = Decimal::from(b);
  int scale =
      select_div_scale(x.weight4(), x.first_digit4(), x.dscale, y.weight4(), y.first_digit4(), y.dscale);
  return div(x, y, scale).to_numeric(arena);
}

Numeric div_trunc(const Numeric& a, const Numeric& b, Arena& arena) {
  if (!both_finite(a, b)) return either_nan(a, b) ? Numeric::nan() : divide_special(a, b);
  if (sign_of(b) == 0) throw_division_by_zero();
  if (a.is_inline() && b.is_inline()) {
    int128 x, y;
    int scale;
    if (align(a, b, &x, &y, &scale)) {
      int128 quotient = x / y;
      if (Numeric::fits_inline(quotient)) return Numeric(quotient, 0);
    }
  }
  return div(Decimal::from(a), Decimal::from(b), 0, true).to_numeric(arena);
}

Numeric mod(const Numeric& a, const Numeric& b, Arena& arena) {
  if (either_nan(a, b)) return Numeric::nan();
  if (sign_of(b) == 0) throw_division_by_zero();
  if (infinite(a)) return Numeric::nan();
  if (infinite(b)) return a;
  if (a.is_inline() && b.is_inline()) {
    int128 x, y;
    int scale;
    if (align(a, b, &x, &y, &scale)) {
      int128 rest = x % y;
      if (Numeric::fits_inline(rest)) return Numeric(rest, scale);
    }
  }
  return mod(Decimal::from(a), Decimal::from(b)).to_numeric(arena);
}

Numeric neg(const Numeric& v, Arena& arena) {
  switch (v.kind()) {
    case Kind::kInline:
      return Numeric(-v.significand(), v.inline_scale());
    case Kind::kNegativeInfinity:
      return Numeric::infinity();
    case Kind::kInfinity:
      return Numeric::negative_infinity();
    case Kind::kNan:
      return v;
    case Kind::kBig:
      break;
  }
  Decimal d = Decimal::from(v);
  d.negative = !d.negative && !d.zero();
  return d.to_numeric(arena);
}

Numeric abs(const Numeric& v, Arena& arena) { return sign_of(v) < 0 ? neg(v, arena) : v; }
Numeric ceil(const Numeric& v, Arena& arena) { return round_directed(v, 1, arena); }
Numeric floor(const Numeric& v, Arena& arena) { return round_directed(v, -1, arena); }
Numeric round(const Numeric& v, int32_t scale, Arena& arena) {
  return round_to(v, std::clamp(scale, kMinRoundScale, kMaxScale), false, arena);
}
Numeric trunc(const Numeric& v, int32_t scale, Arena& arena) {
  return round_to(v, std::clamp(scale, kMinRoundScale, kMaxScale), true, arena);
}

int32_t scale(const Numeric& v) {
  return v.is_inline() ? v.inline_scale() : v.kind() == Kind::kBig ? v.big()->dscale : -1;
}

int32_t min_scale(const Numeric& v) {
  if (!v.is_finite()) return -1;
  if (v.is_inline()) {
    uint128 m = magnitude(v.significand());
    if (m == 0) return 0;
    int scale = v.inline_scale();
    for (; scale > 0 && m % 10 == 0; --scale) m /= 10;
    return scale;
  }
  const BigDecimal& big = *v.big();
  if (big.size == 0) return 0;
  int64_t last = static_cast<int64_t>(big.weight) - static_cast<int64_t>(big.size) + 1;
  if (last >= 0) return 0;
  int scale = static_cast<int>(-last * kLimbDigits);
  for (uint32_t limb = big.limbs()[big.size - 1]; limb % 10 == 0; limb /= 10) --scale;
  return std::max(scale, 0);
}

Numeric trim_scale(const Numeric& v, Arena& arena) {
  return v.is_finite() ? round_to(v, min_scale(v), true, arena) : v;
}

int compare_slow(const Numeric& a, const Numeric& b) {
  if (!both_finite(a, b)) {
    // -Infinity < finite < Infinity < NaN
    auto rank = [](const Numeric& v) {
      return v.is_finite() ? 1 : v.kind() == Kind::kNegativeInfinity ? 0 : static_cast<int>(v.kind());
    };
    int x = rank(a), y = rank(b);
    return x < y ? -1 : x > y ? 1 : 0;
  }
  if (a.is_inline() && b.is_inline()) {
    int128 x, y;
    int scale;
    if (align(a, b, &x, &y, &scale)) return x < y ? -1 : x > y ? 1 : 0;
    // The value of lower scale was not zero and cannot be aligned: its magnitude exceeds the other's.
    return sign_of(a.inline_scale() < b.inline_scale() ? a : b) *
           (a.inline_scale() < b.inline_scale() ? 1 : -1);
  }
  return compare(Decimal::from(a), Decimal::from(b));
}

uint64_t hash(const Numeric& v) {
  if (!v.is_finite()) return hash_int(0x5EC1A1 + static_cast<uint64_t>(v.kind()));
  int128 significand;
  int exponent;  // the value is significand * 10^exponent
  if (v.is_inline()) {
    significand = v.significand();
    exponent = -v.inline_scale();
  } else {
    // A big value may equal an inline one of another scale, so it is brought to its smallest significand.
    Decimal d = Decimal::from(v);
    d.dscale = min_scale(v);
    exponent = -d.dscale;
    if (!d.to_significand(&significand)) {
      int zeros = 0;
      for (uint32_t limb = d.limbs.back(); limb % 10 == 0; limb /= 10) ++zeros;
      Decimal lifted = d;  // as a fraction without whole trailing zeros
      int64_t last = static_cast<int64_t>(d.weight) - static_cast<int64_t>(d.limbs.size()) + 1;
      exponent = static_cast<int>(last * kLimbDigits) + zeros;
      lifted.weight = static_cast<int32_t>(d.limbs.size()) - 1;
      lifted.dscale = 0;
      Decimal shrunk =
          div(lifted, Decimal::from_int(static_cast<int128>(kPow10[static_cast<size_t>(zeros)])), 0, true);
      if (!shrunk.to_significand(&significand)) {
        uint64_t h =
            hash_bytes(d.limbs.data(), d.limbs.size() * sizeof(uint32_t), static_cast<uint32_t>(d.weight));
        return d.negative ? ~h : h;
      }
    }
  }
  if (significand == 0) return hash_int(0);
  uint128 m = magnitude(significand);
  while ((m & 1) == 0) {
    if (m >> 64 == 0) {
      auto low = static_cast<uint64_t>(m);
      if (low % 10 != 0) break;
      m = low / 10;
    } else {
      if (m % 10 != 0) break;
      m /= 10;
    }
    ++exponent;
  }
  uint64_t h = hash_combine(static_cast<uint64_t>(m),
                            static_cast<uint64_t>(m >> 64) ^ static_cast<uint32_t>(exponent));
  return significand < 0 ? ~h : h;
}

Numeric apply_numeric_typmod(const Numeric& v, int32_t typmod, Arena& arena) {
  if (typmod < 4 || v.is_nan()) return v;
  int precision = numeric_typmod_precision(typmod), scale = numeric_typmod_scale(typmod);
  auto overflow = [&](const std::string& rest) {
    return SqlError(sqlstate::kNumericValueOutOfRange, "numeric field overflow")
        .detail("A field with precision " + std::to_string(precision) + ", scale " + std::to_string(scale) +
                rest);
  };
  if (!v.is_finite()) throw overflow(" cannot hold an infinite value.");
  Numeric rounded = round_to(v, scale, false, arena);
  int digits = precision - scale;  // allowed before the point
  bool fits;
  if (rounded.is_inline()) {
    int limit = digits + rounded.inline_scale();
    fits =
        rounded.significand() == 0 ||
        (limit > 0 && (limit >= 39 || magnitude(rounded.significand()) < kPow10[static_cast<size_t>(limit)]));
  } else {
    Decimal d = Decimal::from(rounded);
    fits = d.zero() || d.exponent() < digits;
  }
  if (fits) return rounded;
  throw overflow(" must round to an absolute value less than " +
                 (digits != 0 ? "10^" + std::to_string(digits) : "1") + ".");
}

}  // namespace varve::types
