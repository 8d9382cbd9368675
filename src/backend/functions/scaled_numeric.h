// Numerics of one scale whose significands fit 64 bits, as nearly all columns have: arithmetic on them is
// that of integers, and gives what the general one gives, scale included.
#pragma once

#include <array>
#include <bit>

#include "functions/kernel.h"

namespace varve::functions {

// The significands of a vector.
struct ScaledColumn {
  const Numeric* values = nullptr;
  bool constant = false;
  int scale = 0;

  static int64_t word(const Numeric& v) {
    return static_cast<int64_t>(std::bit_cast<std::array<uint64_t, 2>>(v)[0]);
  }
  int64_t at(uint32_t row) const { return word(values[constant ? 0 : row]); }
};

// Looks at the values of the rows, which are not NULL, unless the vector says what they have in common.
// False: some are of another kind.
bool read_scaled(const Vector& v, const Selection& rows, ScaledColumn* out);

// Kernels of numeric + - *. False: nothing of use has been written, since some values are of another kind or
// a result would not fit.
enum class ScaledOperator : uint8_t { kAdd, kSubtract, kMultiply };
bool run_scaled(ScaledOperator op, KernelCall& call);

}  // namespace varve::functions
