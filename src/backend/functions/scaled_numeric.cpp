#include "scaled_numeric.h"

#include <algorithm>

namespace varve::functions {

using types::int128;

namespace {

constexpr uint32_t kFewRows = 4;  // not worth the look
constexpr int kMostDigits = 18;   // a power of ten with more does not fit

constexpr auto kPowers = [] {
  std::array<int64_t, kMostDigits + 1> powers{};
  powers[0] = 1;
  for (size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}();

// The second word of an inline value whose significand is this 64-bit word.
uint64_t second_word(int64_t word, int scale) {
  return static_cast<uint64_t>(word >> 63) << 16 | static_cast<uint64_t>(scale) << 8;
}

template <bool kConstant>
int64_t load(const ScaledColumn& c, uint32_t row) {
  return ScaledColumn::word(c.values[kConstant ? 0 : row]);
}

// compute(a, b, &result) returns whether it overflowed. All rows are computed either way: that keeps the loop
// short.
template <bool kLeftConstant, bool kRightConstant, class F>
bool run_loop(const ScaledColumn& a, const ScaledColumn& b, const Selection& rows, int scale, Numeric* out,
              F&& compute) {
  bool overflow = false;
  for_each_row(rows, [&](uint32_t row) {
    int64_t result;
    overflow |= compute(load<kLeftConstant>(a, row), load<kRightConstant>(b, row), &result);
    out[row] = Numeric(int128{result}, scale);
  });
  return !overflow;
}

template <class F>
bool run_sides(const ScaledColumn& a, const ScaledColumn& b, const Selection& rows, int scale, Numeric* out,
               F&& compute) {
  if (a.constant) {
    return b.constant ? run_loop<true, true>(a, b, rows, scale, out, compute)
                      : run_loop<true, false>(a, b, rows, scale, out, compute);
  }
  return b.constant ? run_loop<false, true>(a, b, rows, scale, out, compute)
                    : run_loop<false, false>(a, b, rows, scale, out, compute);
}

bool add(int64_t x, int64_t y, int64_t* sum) { return __builtin_add_overflow(x, y, sum); }
bool subtract(int64_t x, int64_t y, int64_t* difference) { return __builtin_sub_overflow(x, y, difference); }

// Brings both sides to the greater scale.
template <bool (*kOperation)(int64_t, int64_t, int64_t*)>
bool run_aligned(const ScaledColumn& a, const ScaledColumn& b, const Selection& rows, Numeric* out,
                 int* result_scale) {
  const int scale = *result_scale = std::max(a.scale, b.scale);
  if (scale - a.scale > kMostDigits || scale - b.scale > kMostDigits) return false;
  if (a.scale == b.scale) return run_sides(a, b, rows, scale, out, kOperation);
  const int64_t factor = kPowers[static_cast<size_t>(scale - std::min(a.scale, b.scale))];
  if (a.scale < b.scale) {
    return run_sides(a, b, rows, scale, out, [factor](int64_t x, int64_t y, int64_t* result) {
      bool overflow = __builtin_mul_overflow(x, factor, &x);
      return kOperation(x, y, result) || overflow;
    });
  }
  return run_sides(a, b, rows, scale, out, [factor](int64_t x, int64_t y, int64_t* result) {
    bool overflow = __builtin_mul_overflow(y, factor, &y);
    return kOperation(x, y, result) || overflow;
  });
}

bool run_product(const ScaledColumn& a, const ScaledColumn& b, const Selection& rows, Numeric* out,
                 int* result_scale) {
  const int scale = *result_scale = a.scale + b.scale;
  if (scale > Numeric::kMaxInlineScale) return false;
  return run_sides(a, b, rows, scale, out, [](int64_t x, int64_t y, int64_t* product) {
    return __builtin_mul_overflow(x, y, product);
  });
}

}  // namespace

bool read_scaled(const Vector& v, const Selection& rows, ScaledColumn* out) {
  if (rows.count < kFewRows) return false;
  const auto* values = v.data<Numeric>();
  *out = {values, v.is_constant(), 0};
  if (v.common_scale() != Vector::kNoScale) {
    out->scale = v.common_scale();
    return true;
  }
  const Numeric& first = values[v.index(rows[0])];
  if (!first.is_inline()) return false;
  const int scale = out->scale = first.inline_scale();
  auto difference = [&](const Numeric& n) {
    const auto words = std::bit_cast<std::array<uint64_t, 2>>(n);
    return words[1] ^ second_word(static_cast<int64_t>(words[0]), scale);
  };
  if (difference(first) != 0) return false;
  if (v.is_constant()) return true;
  uint64_t differences = 0;
  for_each_row(rows, [&](uint32_t row) { differences |= difference(values[row]); });
  return differences == 0;
}

bool run_scaled(ScaledOperator op, KernelCall& call) {
  ScaledColumn a, b;
  if (!read_scaled(*call.args[0], call.rows, &a) || !read_scaled(*call.args[1], call.rows, &b)) return false;
  auto* out = call.result.data<Numeric>();
  int scale = 0;
  bool done = false;
  switch (op) {
    case ScaledOperator::kAdd:
      done = run_aligned<add>(a, b, call.rows, out, &scale);
      break;
    case ScaledOperator::kSubtract:
      done = run_aligned<subtract>(a, b, call.rows, out, &scale);
      break;
    case ScaledOperator::kMultiply:
      done = run_product(a, b, call.rows, out, &scale);
      break;
  }
  if (done) call.result.set_common_scale(static_cast<uint8_t>(scale));
  return done;
}

}  // namespace varve::functions
