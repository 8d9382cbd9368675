// Floats overflow and underflow loudly: 22003 unless an argument was infinite (or zero) already.
#pragma once

#include <cmath>

#include "kernel.h"

namespace varve::functions {

[[noreturn]] void throw_float_overflow();
[[noreturn]] void throw_float_underflow();

template <class R, class A, class B>
R checked_float(R r, A a, B b) {
  if (std::isinf(r) && !std::isinf(a) && !std::isinf(b)) [[unlikely]]
    throw_float_overflow();
  return r;
}
template <class R, class A, class B>
R checked_product(R r, A a, B b) {
  if (std::isinf(r) && !std::isinf(a) && !std::isinf(b)) [[unlikely]]
    throw_float_overflow();
  if (r == 0 && a != 0 && b != 0) [[unlikely]]
    throw_float_underflow();
  return r;
}
template <class R, class A, class B>
R divide_floats(A a, B b) {
  if (b == 0 && !std::isnan(a)) [[unlikely]]
    throw_division_by_zero();
  R r = R(a) / R(b);
  if (std::isinf(r) && !std::isinf(a)) [[unlikely]]
    throw_float_overflow();
  if (r == 0 && a != 0 && !std::isinf(b)) [[unlikely]]
    throw_float_underflow();
  return r;
}

}  // namespace varve::functions
