#include "decimal.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

#include "common/check.h"
#include "common/sql_error.h"
#include "numeric_internal.h"

namespace varve::types {

namespace {

constexpr uint32_t kSmallPow10[] = {1, 10, 100, 1000, 10'000, 100'000, 1'000'000, 10'000'000, 100'000'000};

int limb_digits(uint32_t limb) {
  int n = 1;
  while (n < kLimbDigits && limb >= kSmallPow10[n]) ++n;
  return n;
}

// Limb that stands at this weight; zero outside.
uint32_t limb_at(const Decimal& d, int64_t weight) {
  int64_t index = d.weight - weight;
  return index < 0 || index >= static_cast<int64_t>(d.limbs.size()) ? 0 : d.limbs[static_cast<size_t>(index)];
}

int64_t lowest_weight(const Decimal& d) {
  return static_cast<int64_t>(d.weight) - static_cast<int64_t>(d.limbs.size()) + 1;
}

void drop_leading_zeros(std::vector<uint32_t>& v) {
  size_t n = 0;
  while (n < v.size() && v[n] == 0) ++n;
  v.erase(v.begin(), v.begin() + static_cast<ptrdiff_t>(n));
}

// v * factor, one limb longer.
std::vector<uint32_t> scaled(const std::vector<uint32_t>& v, uint32_t factor) {
  std::vector<uint32_t> result(v.size() + 1);
  uint64_t carry = 0;
  for (size_t i = v.size(); i-- > 0;) {
    carry += static_cast<uint64_t>(v[i]) * factor;
    result[i + 1] = static_cast<uint32_t>(carry % kLimbBase);
    carry /= kLimbBase;
  }
  result[0] = static_cast<uint32_t>(carry);
  return result;
}

std::vector<uint32_t> divide_by_limb(const std::vector<uint32_t>& v, uint32_t divisor) {
  std::vector<uint32_t> quotient(v.size());
  uint64_t remainder = 0;
  for (size_t i = 0; i < v.size(); ++i) {
    remainder = remainder * kLimbBase + v[i];
    quotient[i] = static_cast<uint32_t>(remainder / divisor);
    remainder %= divisor;
  }
  return quotient;
}

// Knuth's algorithm D: whole quotient of two integers without leading zeros, most significant limb first.
std::vector<uint32_t> divide_integers(const std::vector<uint32_t>& dividend,
                                      const std::vector<uint32_t>& divisor) {
  if (dividend.size() < divisor.size()) return {};
  if (divisor.size() == 1) return divide_by_limb(dividend, divisor[0]);
  uint32_t normalizer = kLimbBase / (divisor[0] + 1);
  std::vector<uint32_t> u = scaled(dividend, normalizer);
  std::vector<uint32_t> v = scaled(divisor, normalizer);
  v.erase(v.begin());
  size_t n = v.size();
  std::vector<uint32_t> quotient(u.size() - n);
  for (size_t j = 0; j < quotient.size(); ++j) {
    uint64_t top = static_cast<uint64_t>(u[j]) * kLimbBase + u[j + 1];
    uint64_t guess = top / v[0], rest = top % v[0];
    while (guess >= kLimbBase || guess * v[1] > rest * kLimbBase + u[j + 2]) {
      --guess;
      rest += v[0];
      if (rest >= kLimbBase) break;
    }
    if (guess == 0) continue;
    int64_t borrow = 0;
    for (size_t i = n; i-- > 0;) {
      int64_t t = static_cast<int64_t>(u[j + 1 + i]) - static_cast<int64_t>(guess * v[i]) + borrow;
      borrow = t / kLimbBase;
      t %= static_cast<int64_t>(kLimbBase);
      if (t < 0) {
        t += kLimbBase;
        --borrow;
      }
      u[j + 1 + i] = static_cast<uint32_t>(t);
    }
    int64_t head = static_cast<int64_t>(u[j]) + borrow;
    if (head < 0) {  // the guess was one too large: add the divisor back
      --guess;
      uint32_t carry = 0;
      for (size_t i = n; i-- > 0;) {
        uint32_t t = u[j + 1 + i] + v[i] + carry;
        carry = t >= kLimbBase ? 1 : 0;
        u[j + 1 + i] = t - (carry != 0 ? kLimbBase : 0);
      }
      head += carry;
    }
    u[j] = static_cast<uint32_t>(head);
    quotient[j] = static_cast<uint32_t>(guess);
  }
  return quotient;
}

// The value's whole part after a shift by `limbs` limbs to the left.
std::vector<uint32_t> shifted_integer(const Decimal& d, int64_t shift) {
  std::vector<uint32_t> v = d.limbs;
  int64_t size = std::max<int64_t>(0, static_cast<int64_t>(d.weight) + 1 + shift);
  v.resize(static_cast<size_t>(size), 0);
  return v;
}

}  // namespace

void throw_numeric_overflow() {
  throw SqlError(sqlstate::kNumericValueOutOfRange, "value overflows numeric format");
}
void throw_division_by_zero() { throw SqlError(sqlstate::kDivisionByZero, "division by zero"); }

void Decimal::strip() {
  size_t leading = 0;
  while (leading < limbs.size() && limbs[leading] == 0) ++leading;
  if (leading != 0) {
    limbs.erase(limbs.begin(), limbs.begin() + static_cast<ptrdiff_t>(leading));
    weight -= static_cast<int32_t>(leading);
  }
  while (!limbs.empty() && limbs.back() == 0) limbs.pop_back();
  if (limbs.empty()) {
    weight = 0;
    negative = false;
  }
}

Decimal Decimal::from_int(int128 v) {
  Decimal d;
  d.negative = v < 0;
  uint128 rest = magnitude(v);
  while (rest != 0) {
    d.limbs.push_back(static_cast<uint32_t>(rest % kLimbBase));
    rest /= kLimbBase;
  }
  std::reverse(d.limbs.begin(), d.limbs.end());
  d.weight = static_cast<int32_t>(d.limbs.size()) - 1;
  d.strip();
  return d;
}

Decimal Decimal::from(const Numeric& v) {
  if (!v.is_inline()) {
    VARVE_DCHECK(v.kind() == Numeric::Kind::kBig);
    const BigDecimal& big = *v.big();
    Decimal d;
    d.negative = big.negative != 0;
    d.weight = big.weight;
    d.dscale = big.dscale;
    d.limbs.assign(big.limbs(), big.limbs() + big.size);
    return d;
  }
  Decimal d;
  d.negative = v.significand() < 0;
  uint128 rest = magnitude(v.significand());
  int scale = v.inline_scale(), part = scale % kLimbDigits;
  if (part != 0) {  // the last limb is only partly used
    d.limbs.push_back(static_cast<uint32_t>(rest % kSmallPow10[part]) * kSmallPow10[kLimbDigits - part]);
    rest /= kSmallPow10[part];
  }
  while (rest != 0) {
    d.limbs.push_back(static_cast<uint32_t>(rest % kLimbBase));
    rest /= kLimbBase;
  }
  std::reverse(d.limbs.begin(), d.limbs.end());
  d.weight = static_cast<int32_t>(d.limbs.size()) - 1 - (scale + kLimbDigits - 1) / kLimbDigits;
  d.dscale = scale;
  d.strip();
  return d;
}

Decimal Decimal::from_digits(std::string_view digits, int64_t point, int dscale, bool negative) {
  Decimal d;
  d.dscale = dscale;
  size_t leading = 0;
  while (leading < digits.size() && digits[leading] == '0') ++leading;
  digits.remove_prefix(leading);
  point -= static_cast<int64_t>(leading);
  while (!digits.empty() && digits.back() == '0') digits.remove_suffix(1);
  if (digits.empty()) return d;
  d.negative = negative;
  // How many digits of the first limb come from the text.
  int64_t first = ((point - 1) % kLimbDigits + kLimbDigits) % kLimbDigits + 1;
  int64_t weight = (point - first) / kLimbDigits;
  if (weight > (1 << 28) || weight < -(1 << 28)) throw_numeric_overflow();
  d.weight = static_cast<int32_t>(weight);
  uint32_t limb = 0;
  int64_t left = first;
  for (char c : digits) {
    limb = limb * 10 + static_cast<uint32_t>(c - '0');
    if (--left == 0) {
      d.limbs.push_back(limb);
      limb = 0;
      left = kLimbDigits;
    }
  }
  if (left != kLimbDigits) d.limbs.push_back(limb * kSmallPow10[left]);
  d.strip();
  return d;
}

int64_t Decimal::exponent() const {
  return zero() ? 0 : static_cast<int64_t>(weight) * kLimbDigits + limb_digits(limbs[0]) - 1;
}

int Decimal::weight4() const { return zero() ? 0 : 2 * weight + (limbs[0] >= 10'000 ? 1 : 0); }
uint32_t Decimal::first_digit4() const {
  if (zero()) return 0;
  return limbs[0] >= 10'000 ? limbs[0] / 10'000 : limbs[0];
}

double Decimal::to_double() const {
  if (zero()) return 0;
  char text[64];
  char* p = text;
  if (negative) *p++ = '-';
  size_t n = std::min<size_t>(limbs.size(), 4);
  for (size_t i = 0; i < n; ++i) {
    for (int digit = kLimbDigits - 1; digit >= 0; --digit)
      *p++ = static_cast<char>('0' + limbs[i] / kSmallPow10[digit] % 10);
  }
  *p++ = 'e';
  p = std::to_chars(p, text + sizeof text,
                    (static_cast<int64_t>(weight) - static_cast<int64_t>(n) + 1) * kLimbDigits)
          .ptr;
  double value = 0;
  if (std::from_chars(text, p, value).ec == std::errc::result_out_of_range) {
    value = weight < 0 ? 0.0 : negative ? -HUGE_VAL : HUGE_VAL;
  }
  return value;
}

bool Decimal::to_significand(int128* v) const {
  if (zero()) {
    *v = 0;
    return true;
  }
  if (exponent() + dscale + 1 > 34) return false;
  uint128 sum = 0;
  for (size_t i = 0; i < limbs.size(); ++i) {
    int64_t power = (static_cast<int64_t>(weight) - static_cast<int64_t>(i)) * kLimbDigits + dscale;
    if (power >= 0) {
      sum += kPow10[static_cast<size_t>(power)] * limbs[i];
    } else if (power > -kLimbDigits) {
      sum += limbs[i] / kSmallPow10[-power];
    }
  }
  if (sum >= static_cast<uint128>(Numeric::kInlineLimit)) return false;
  *v = negative ? -static_cast<int128>(sum) : static_cast<int128>(sum);
  return true;
}

Numeric Decimal::to_numeric(Arena& arena) const {
  if (weight4() > kMaxWeight4 || dscale > kMaxScale) throw_numeric_overflow();
  int128 significand;
  if (dscale <= Numeric::kMaxInlineScale && to_significand(&significand)) return Numeric(significand, dscale);
  void* at = arena.allocate(sizeof(BigDecimal) + limbs.size() * sizeof(uint32_t));
  auto* big = new (at) BigDecimal{static_cast<uint32_t>(limbs.size()), weight, dscale, negative ? 1U : 0U};
  if (!limbs.empty()) std::memcpy(big + 1, limbs.data(), limbs.size() * sizeof(uint32_t));
  return Numeric::from_big(big);
}

void Decimal::round(int scale, bool truncate) {
  dscale = std::max(scale, 0);
  if (zero()) return;
  int64_t keep = (static_cast<int64_t>(weight) + 1) * kLimbDigits + scale;  // digits of `limbs` that stay
  if (keep < 0) {
    limbs.clear();
    strip();
    return;
  }
  auto full = static_cast<size_t>(keep / kLimbDigits);
  auto part = static_cast<int>(keep % kLimbDigits);
  if (full >= limbs.size()) return;
  uint32_t unit = kSmallPow10[kLimbDigits - part];
  uint32_t rest = part == 0 ? limbs[full] : limbs[full] % unit;
  bool up = !truncate && rest >= unit / 2;
  uint32_t step = 1;
  size_t last = full;  // one past the limb that takes the carry
  if (part == 0) {
    limbs.resize(full);
  } else {
    limbs.resize(full + 1);
    limbs[full] -= rest;
    step = unit;
    last = full + 1;
  }
  if (up) {
    uint32_t carry = step;
    for (size_t i = last; carry != 0 && i-- > 0;) {
      limbs[i] += carry;
      carry = limbs[i] >= kLimbBase ? 1 : 0;
      if (carry != 0) limbs[i] -= kLimbBase;
    }
    if (carry != 0) {
      limbs.insert(limbs.begin(), 1);
      ++weight;
    }
  }
  strip();
}

void Decimal::round_significant(int64_t digits) {
  if (zero()) return;
  int64_t scale = digits - 1 - exponent();
  if (static_cast<int64_t>(limbs.size()) * kLimbDigits > digits) {
    round(static_cast<int>(std::clamp<int64_t>(scale, -(1 << 28), 1 << 28)));
  }
}

void Decimal::append_text(std::string& out) const {
  if (negative) out.push_back('-');
  auto put_limb = [&out](uint32_t limb, int from, int digits) {
    for (int i = from; i < digits; ++i)
      out.push_back(static_cast<char>('0' + limb / kSmallPow10[kLimbDigits - 1 - i] % 10));
  };
  if (zero() || weight < 0) {
    out.push_back('0');
  } else {
    put_limb(limbs[0], kLimbDigits - limb_digits(limbs[0]), kLimbDigits);
    for (int64_t w = weight - 1; w >= 0; --w) put_limb(limb_at(*this, w), 0, kLimbDigits);
  }
  if (dscale <= 0) return;
  out.push_back('.');
  for (int done = 0; done < dscale; done += kLimbDigits) {
    put_limb(limb_at(*this, -1 - done / kLimbDigits), 0, std::min(kLimbDigits, dscale - done));
  }
}

int compare_magnitude(const Decimal& a, const Decimal& b) {
  if (a.zero() || b.zero()) return a.zero() == b.zero() ? 0 : a.zero() ? -1 : 1;
  if (a.weight != b.weight) return a.weight < b.weight ? -1 : 1;
  size_t n = std::min(a.limbs.size(), b.limbs.size());
  for (size_t i = 0; i < n; ++i) {
    if (a.limbs[i] != b.limbs[i]) return a.limbs[i] < b.limbs[i] ? -1 : 1;
  }
  return a.limbs.size() == b.limbs.size() ? 0 : a.limbs.size() < b.limbs.size() ? -1 : 1;
}

int compare(const Decimal& a, const Decimal& b) {
  if (a.negative != b.negative) return a.negative ? -1 : 1;
  return a.negative ? -compare_magnitude(a, b) : compare_magnitude(a, b);
}

namespace {

// |a| + |b|, or |a| - |b| with |a| >= |b|.
Decimal combine_magnitudes(const Decimal& a, const Decimal& b, bool subtract) {
  Decimal r;
  if (b.zero()) {
    r.weight = a.weight;
    r.limbs = a.limbs;
    return r;
  }
  if (a.zero()) {
    r.weight = b.weight;
    r.limbs = b.limbs;
    return r;
  }
  int64_t high = std::max(a.weight, b.weight) + 1;
  int64_t low = std::min(lowest_weight(a), lowest_weight(b));
  r.weight = static_cast<int32_t>(high);
  r.limbs.resize(static_cast<size_t>(high - low + 1));
  int64_t carry = 0;
  for (int64_t w = low; w <= high; ++w) {
    int64_t y = limb_at(b, w);
    int64_t t = limb_at(a, w) + (subtract ? -y : y) + carry;
    carry = 0;
    if (t >= kLimbBase) {
      t -= kLimbBase;
      carry = 1;
    } else if (t < 0) {
      t += kLimbBase;
      carry = -1;
    }
    r.limbs[static_cast<size_t>(high - w)] = static_cast<uint32_t>(t);
  }
  return r;
}

}  // namespace

Decimal add(const Decimal& a, const Decimal& b, bool negate_b) {
  bool b_negative = b.negative != negate_b;
  Decimal r;
  if (a.negative == b_negative || a.zero() || b.zero()) {
    r = combine_magnitudes(a, b, false);
    r.negative = a.zero() ? b_negative : a.negative;
  } else if (compare_magnitude(a, b) >= 0) {
    r = combine_magnitudes(a, b, true);
    r.negative = a.negative;
  } else {
    r = combine_magnitudes(b, a, true);
    r.negative = b_negative;
  }
  r.dscale = std::max(a.dscale, b.dscale);
  r.strip();
  return r;
}

Decimal mul(const Decimal& a, const Decimal& b) {
  Decimal r;
  r.dscale = a.dscale + b.dscale;
  if (a.zero() || b.zero()) return r;
  size_t na = a.limbs.size(), nb = b.limbs.size();
  r.limbs.resize(na + nb);
  uint64_t carry = 0;
  for (size_t k = na + nb - 1; k-- > 0;) {  // one column of products at a time
    uint64_t sum = carry % kLimbBase, high = carry / kLimbBase;
    size_t from = k + 1 > nb ? k + 1 - nb : 0, to = std::min(k, na - 1);
    for (size_t i = from; i <= to; ++i) {
      sum += static_cast<uint64_t>(a.limbs[i]) * b.limbs[k - i];
      if (sum >= uint64_t{1} << 63) {
        high += sum / kLimbBase;
        sum %= kLimbBase;
      }
    }
    r.limbs[k + 1] = static_cast<uint32_t>(sum % kLimbBase);
    carry = high + sum / kLimbBase;
  }
  r.limbs[0] = static_cast<uint32_t>(carry);
  r.weight = a.weight + b.weight + 1;
  r.negative = a.negative != b.negative;
  r.strip();
  return r;
}

Decimal div(const Decimal& a, const Decimal& b, int scale, bool truncate) {
  if (b.zero()) throw_division_by_zero();
  Decimal r;
  r.dscale = std::max(scale, 0);
  if (a.zero()) return r;
  // The quotient's cut digits decide by the first of them alone, so a whole quotient with one more digit
  // suffices.
  int64_t fraction_limbs = scale >= 0 ? scale / kLimbDigits + 1 : 0;
  // b as an integer is b * base^b_shift.
  int64_t b_shift = static_cast<int64_t>(b.limbs.size()) - 1 - b.weight;
  std::vector<uint32_t> dividend = shifted_integer(a, fraction_limbs + b_shift);
  drop_leading_zeros(dividend);
  r.limbs = divide_integers(dividend, b.limbs);
  r.weight = static_cast<int32_t>(static_cast<int64_t>(r.limbs.size()) - 1 - fraction_limbs);
  r.negative = a.negative != b.negative;
  r.strip();
  r.round(scale, truncate);
  return r;
}

Decimal div_small(const Decimal& a, uint32_t b, int scale) {
  Decimal r;
  r.dscale = scale;
  if (a.zero()) return r;
  int64_t fraction_limbs = scale / kLimbDigits + 1;
  r.limbs = divide_by_limb(shifted_integer(a, fraction_limbs), b);
  r.weight = static_cast<int32_t>(static_cast<int64_t>(r.limbs.size()) - 1 - fraction_limbs);
  r.negative = a.negative;
  r.strip();
  r.round(scale);
  return r;
}

Decimal mod(const Decimal& a, const Decimal& b) {
  int dscale = std::max(a.dscale, b.dscale);
  Decimal r = sub(a, mul(div(a, b, 0, true), b));
  r.dscale = dscale;
  return r;
}

Decimal sqrt(const Decimal& a, int scale) {
  Decimal r;
  r.dscale = scale;
  if (a.zero()) return r;
  // Integer square root of a * base^(2 * fraction_limbs), by Newton's iteration from above.
  int64_t fraction_limbs = std::max(0, scale) / kLimbDigits + 1;
  Decimal n;
  n.limbs = shifted_integer(a, 2 * fraction_limbs);
  drop_leading_zeros(n.limbs);
  if (n.limbs.empty()) return r;
  n.weight = static_cast<int32_t>(n.limbs.size()) - 1;
  std::vector<uint32_t> integer = n.limbs;

  // First guess from the leading limbs, a little too large.
  bool odd = (n.weight & 1) != 0;
  long double lead = 0;
  size_t used = std::min<size_t>(integer.size(), odd ? 4 : 3);
  for (size_t i = 0; i < used; ++i) lead = lead * kLimbBase + integer[i];
  lead = std::sqrt(lead + 1) * (1 + 1e-17L) + 1;
  int64_t rest_limbs = static_cast<int64_t>(integer.size() - used);  // below `lead`, an even number or none
  VARVE_DCHECK(rest_limbs == 0 || rest_limbs % 2 == 0);
  Decimal x = Decimal::from_int(static_cast<int128>(lead) + 1);
  x.weight += static_cast<int32_t>(rest_limbs / 2);
  for (;;) {
    std::vector<uint32_t> divisor = shifted_integer(x, 0);
    Decimal quotient;
    quotient.limbs = divide_integers(integer, divisor);
    quotient.weight = static_cast<int32_t>(quotient.limbs.size()) - 1;
    quotient.strip();
    Decimal next = add(x, quotient);
    std::vector<uint32_t> half = divide_by_limb(shifted_integer(next, 0), 2);
    next.weight = static_cast<int32_t>(half.size()) - 1;
    next.limbs = std::move(half);
    next.strip();
    if (compare_magnitude(next, x) >= 0) break;
    x = std::move(next);
  }
  r = std::move(x);
  r.weight -= static_cast<int32_t>(fraction_limbs);
  r.round(scale);
  return r;
}

int select_div_scale(int weight_a, uint32_t first_a, int dscale_a, int weight_b, uint32_t first_b,
                     int dscale_b) {
  // At least 16 significant digits, given the quotient's weight as the leading base-10000 digits tell it.
  int weight = weight_a - weight_b;
  if (first_a <= first_b) --weight;
  int scale = std::max({kMinSignificantDigits - weight * 4, dscale_a, dscale_b, 0});
  return std::min(scale, kMaxResultDigits);
}

}  // namespace varve::types
