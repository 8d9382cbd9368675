// numeric: exact decimal numbers, NaN and infinities, with a display scale that is part of the value's text
// but not of its order. Results equal PostgreSQL 15's to the last digit.
//
// Sixteen bytes, trivially copyable. What fits 111 bits and a sign at scale <= 127 is inline:
//   lo  64 low bits of the significand (two's complement)
//   hi  48 high bits of the significand | scale u8 | kind u8
// Anything else is kBig: lo points to a BigDecimal in the Arena that was passed to the operation. Such a
// value must not outlive the arena; copy() moves it to another. A value that fits is always inline.
//
// Errors: SqlError 22003 `value overflows numeric format`, 22012 `division by zero`, and the functions' own.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "memory/arena.h"

namespace varve::types {

struct BigDecimal;
using int128 = __int128;
using uint128 = unsigned __int128;

class Numeric {
 public:
  enum class Kind : uint8_t { kInline, kBig, kNegativeInfinity, kInfinity, kNan };
  static constexpr int kMaxInlineScale = 127;
  static constexpr int128 kInlineLimit = static_cast<int128>(1) << 111;

  Numeric() = default;                                        // zero
  Numeric(int64_t v) : Numeric(static_cast<int128>(v), 0) {}  // NOLINT: the natural conversion
  // `significand` / 10^scale; must fit.
  Numeric(int128 significand, int scale)
      : lo_(static_cast<uint64_t>(significand)),
        hi_(static_cast<uint64_t>(significand >> 64) << 16 | static_cast<uint64_t>(scale) << 8) {}
  static Numeric from_big(const BigDecimal* big) {
    Numeric n;
    n.lo_ = reinterpret_cast<uint64_t>(big);
    n.hi_ = static_cast<uint64_t>(Kind::kBig);
    return n;
  }
  static Numeric nan() { return special(Kind::kNan); }
  static Numeric infinity() { return special(Kind::kInfinity); }
  static Numeric negative_infinity() { return special(Kind::kNegativeInfinity); }
  static constexpr bool fits_inline(int128 v) { return v > -kInlineLimit && v < kInlineLimit; }

  Kind kind() const { return static_cast<Kind>(hi_ & 0xFF); }
  bool is_inline() const { return kind() == Kind::kInline; }
  bool is_finite() const { return kind() <= Kind::kBig; }
  bool is_nan() const { return kind() == Kind::kNan; }
  // Of inline values only.
  int128 significand() const { return static_cast<int128>(static_cast<int64_t>(hi_) >> 16) << 64 | lo_; }
  int inline_scale() const { return static_cast<int>(hi_ >> 8 & 0xFF); }
  const BigDecimal* big() const { return reinterpret_cast<const BigDecimal*>(lo_); }

 private:
  static Numeric special(Kind kind) {
    Numeric n;
    n.hi_ = static_cast<uint64_t>(kind);
    return n;
  }
  uint64_t lo_ = 0;
  uint64_t hi_ = 0;
};
static_assert(sizeof(Numeric) == 16 && std::is_trivially_copyable_v<Numeric>);

// --- text. 22P02 `invalid input syntax for type numeric: "x"`.
Numeric parse_numeric(std::string_view text, Arena& arena);
void append_numeric(std::string& out, const Numeric& v);

// --- conversions. to_*: rounds half away from zero; 22003 `integer out of range`, 0A000 `cannot convert NaN
// to …`.
Numeric numeric_from_int128(int128 v, int scale, Arena& arena);
Numeric numeric_from_float4(float v, Arena& arena);   // 6 significant digits
Numeric numeric_from_float8(double v, Arena& arena);  // 15 significant digits
int16_t to_int16(const Numeric& v);
int32_t to_int32(const Numeric& v);
int64_t to_int64(const Numeric& v);
int128 to_int128(const Numeric& v);  // 22003 if it does not fit
float to_float4(const Numeric& v);
double to_float8(const Numeric& v);
Numeric copy(const Numeric& v, Arena& arena);

// --- arithmetic
Numeric add_slow(const Numeric& a, const Numeric& b, bool negate_b, Arena& arena);
Numeric mul_slow(const Numeric& a, const Numeric& b, Arena& arena);
inline Numeric add(const Numeric& a, const Numeric& b, Arena& arena) {
  if (a.is_inline() && b.is_inline() && a.inline_scale() == b.inline_scale()) [[likely]] {
    int128 sum = a.significand() + b.significand();  // 112-bit operands: cannot overflow 128 bits
    if (Numeric::fits_inline(sum)) [[likely]]
      return Numeric(sum, a.inline_scale());
  }
  return add_slow(a, b, false, arena);
}
inline Numeric sub(const Numeric& a, const Numeric& b, Arena& arena) {
  if (a.is_inline() && b.is_inline() && a.inline_scale() == b.inline_scale()) [[likely]] {
    int128 difference = a.significand() - b.significand();
    if (Numeric::fits_inline(difference)) [[likely]]
      return Numeric(difference, a.inline_scale());
  }
  return add_slow(a, b, true, arena);
}
inline Numeric mul(const Numeric& a, const Numeric& b, Arena& arena) {
  if (a.is_inline() && b.is_inline()) [[likely]] {
    int128 x = a.significand(), y = b.significand();
    int scale = a.inline_scale() + b.inline_scale();
    if (x == static_cast<int64_t>(x) && y == static_cast<int64_t>(y) && scale <= Numeric::kMaxInlineScale)
        [[likely]] {
      int128 product = static_cast<int128>(static_cast<int64_t>(x)) * static_cast<int64_t>(y);
      if (Numeric::fits_inline(product)) [[likely]]
        return Numeric(product, scale);
    }
  }
  return mul_slow(a, b, arena);
}
Numeric div(const Numeric& a, const Numeric& b, Arena& arena);
Numeric div_trunc(const Numeric& a, const Numeric& b,
                  Arena& arena);  // the SQL function div(): whole quotient
Numeric mod(const Numeric& a, const Numeric& b, Arena& arena);
Numeric neg(const Numeric& v, Arena& arena);
Numeric abs(const Numeric& v, Arena& arena);
Numeric sign(const Numeric& v);  // -1, 0, 1 or NaN
int sign_of(const Numeric& v);   // -1, 0, 1; NaN counts as 1
Numeric ceil(const Numeric& v, Arena& arena);
Numeric floor(const Numeric& v, Arena& arena);
Numeric round(const Numeric& v, int32_t scale, Arena& arena);  // half away from zero; scale may be negative
Numeric trunc(const Numeric& v, int32_t scale, Arena& arena);
Numeric sqrt(const Numeric& v, Arena& arena);
Numeric exp(const Numeric& v, Arena& arena);
Numeric ln(const Numeric& v, Arena& arena);
Numeric log(const Numeric& base, const Numeric& v, Arena& arena);
Numeric log10(const Numeric& v, Arena& arena);
Numeric power(const Numeric& base, const Numeric& exponent, Arena& arena);
Numeric gcd(const Numeric& a, const Numeric& b, Arena& arena);
Numeric lcm(const Numeric& a, const Numeric& b, Arena& arena);
Numeric factorial(int64_t n, Arena& arena);
int32_t width_bucket(const Numeric& v, const Numeric& low, const Numeric& high, int32_t count);
// Digits shown after the point, and the fewest that lose nothing. -1 for NaN and infinities (SQL: NULL).
int32_t scale(const Numeric& v);
int32_t min_scale(const Numeric& v);
Numeric trim_scale(const Numeric& v, Arena& arena);

// --- order: -Infinity < finite < Infinity < NaN; NaN equals NaN. Scale does not matter.
int compare_slow(const Numeric& a, const Numeric& b);
inline int compare(const Numeric& a, const Numeric& b) {
  if (a.is_inline() && b.is_inline() && a.inline_scale() == b.inline_scale()) [[likely]] {
    int128 x = a.significand(), y = b.significand();
    return x < y ? -1 : x > y ? 1 : 0;
  }
  return compare_slow(a, b);
}
inline bool operator==(const Numeric& a, const Numeric& b) { return compare(a, b) == 0; }
inline std::weak_ordering operator<=>(const Numeric& a, const Numeric& b) { return compare(a, b) <=> 0; }
uint64_t hash(const Numeric& v);  // equal values hash alike

// --- typmod, in PostgreSQL's encoding: ((precision << 16) | (scale & 0x7FF)) + 4; -1 = none.
constexpr int32_t make_numeric_typmod(int precision, int scale) {
  return (precision << 16 | (scale & 0x7FF)) + 4;
}
constexpr int numeric_typmod_precision(int32_t typmod) { return (typmod - 4) >> 16 & 0xFFFF; }
constexpr int numeric_typmod_scale(int32_t typmod) { return (((typmod - 4) & 0x7FF) ^ 1024) - 1024; }
// Rounds to the declared scale; 22003 `numeric field overflow` with its detail.
Numeric apply_numeric_typmod(const Numeric& v, int32_t typmod, Arena& arena);

// --- wire format: i16 ndigits, i16 weight, u16 sign, u16 dscale, then ndigits u16 base-10000 digits.
void send_numeric(std::string& out, const Numeric& v);
Numeric receive_numeric(std::string_view bytes, Arena& arena);

// --- rows. The length is stored outside.
//   first byte 0..127: the scale; then the significand, little-endian two's complement in as few bytes as
//   hold it first byte 0x80: big; u8 negative, i32 weight, i32 dscale, then u32 limbs of eight digits first
//   byte 0xFD NaN, 0xFE Infinity, 0xFF -Infinity
void append_numeric_row(std::string& out, const Numeric& v);
Numeric read_numeric_row(std::string_view bytes, Arena& arena);
// Whether read_numeric_row() can read it: for bytes that nothing vouches for.
bool is_numeric_row(std::string_view bytes);

// --- index keys: memcmp order is numeric order, equal values give equal bytes, self-delimiting.
//   0x00 -Infinity, 0xFE Infinity, 0xFF NaN, 0x80 zero
//   positive: 0x82 + (e + 32) for a decimal exponent e of -32..31, else 0x81 (e < -32) or 0xC2 (e > 31) and e
//   + 2^23 in three bytes; then pairs of digits as 1..100, from the first nonzero digit, without trailing
//   zeros; then 0 negative: the same with every bit inverted
void append_numeric_key(std::string& out, const Numeric& v);
// Takes the key off the front of `bytes`. The scale is the smallest that holds the value. False if malformed.
bool read_numeric_key(std::string_view& bytes, Numeric* v, Arena& arena);

// Exact running sum of any number of values; also of int8 (where a sum outgrows 64 bits). Owns its memory.
class NumericSum {
 public:
  NumericSum() = default;
  ~NumericSum();
  NumericSum(NumericSum&& other) noexcept;
  NumericSum& operator=(NumericSum&& other) noexcept;

  void add(const Numeric& v) {
    if (v.is_inline() && v.inline_scale() == scale_ && room_ > 0) [[likely]] {
      sum_ += v.significand();
      --room_;
      ++count_;
    } else {
      add_slow(v, false);
    }
  }
  // Several values of one scale at once, whose significands come to `sum`.
  void add_many(int128 sum, int64_t count, int scale) {
    if (count <= 0) return;
    if (scale == scale_ && room_ > 0 && Numeric::fits_inline(sum)) [[likely]] {
      sum_ += sum;
      --room_;
      count_ += count;
    } else {
      add_many_slow(sum, count, scale);
    }
  }
  // Takes a value out again (moving window aggregates); its scale stays in the result.
  void subtract(const Numeric& v) { add_slow(v, true); }
  void add_int64(int64_t v) { add(Numeric(v)); }
  void merge(const NumericSum& other);
  void reset();
  int64_t count() const { return count_; }
  // NaN or infinite if such values were added. Zero if nothing was.
  Numeric sum(Arena& arena) const;
  Numeric average(Arena& arena) const;  // sum / count; count must not be zero

 private:
  struct Wide;
  void add_slow(const Numeric& v, bool negative);
  void add_many_slow(int128 sum, int64_t count, int scale);
  void spill();  // moves sum_ into wide_
  Wide& wide();

  // How many 112-bit values can be added before 128 bits may overflow.
  static constexpr int32_t kRoom = 1 << 15;
  // One of these a group and sum: 48 bytes, and what is rare elsewhere.
  int128 sum_ = 0;  // at scale_
  int64_t count_ = 0;
  Wide* wide_ = nullptr;  // what has been spilled, and what is not finite
  int32_t room_ = kRoom;
  int16_t scale_ = 0;
  int16_t max_scale_ = 0;
};

}  // namespace varve::types
