// Integer arithmetic that fails on overflow, without a branch per row: the loop collects, the end throws.
#pragma once

#include <cstdint>
#include <type_traits>

#include "kernel.h"

namespace varve::functions {

template <class T>
constexpr std::string_view integer_name() {
  if constexpr (sizeof(T) == 2)
    return "smallint";
  else if constexpr (sizeof(T) == 4)
    return "integer";
  else
    return "bigint";
}

// Each computes r and returns a negative number when r overflowed.
struct CheckedAdd {
  template <class R>
  static R apply(R a, R b, R& r) {
    using U = std::make_unsigned_t<R>;
    r = static_cast<R>(static_cast<U>(static_cast<U>(a) + static_cast<U>(b)));
    return static_cast<R>((a ^ r) & (b ^ r));
  }
};
struct CheckedSub {
  template <class R>
  static R apply(R a, R b, R& r) {
    using U = std::make_unsigned_t<R>;
    r = static_cast<R>(static_cast<U>(static_cast<U>(a) - static_cast<U>(b)));
    return static_cast<R>((a ^ b) & (a ^ r));
  }
};
struct CheckedMul {
  template <class R>
  static R apply(R a, R b, R& r) {
    if constexpr (sizeof(R) == 8) {
      return __builtin_mul_overflow(a, b, &r) ? R{-1} : R{0};
    } else {
      int64_t wide = static_cast<int64_t>(a) * b;
      r = static_cast<R>(wide);
      return static_cast<R>(-static_cast<R>(wide != r));
    }
  }
};

template <class A, class B, class R, class Op>
struct CheckedKernel {
  static void run(KernelCall& call) {
    const A* __restrict a = call.args[0]->template data<A>();
    const B* __restrict b = call.args[1]->template data<B>();
    R* __restrict out = call.result.template data<R>();
    R bad = 0;
    if (call.args[1]->is_constant()) {
      const R y = b[0];
      if (call.args[0]->is_constant()) {
        const R x = a[0];
        for_each_row(call.rows, [&](uint32_t row) { bad |= Op::template apply<R>(x, y, out[row]); });
      } else {
        for_each_row(call.rows, [&](uint32_t row) { bad |= Op::template apply<R>(a[row], y, out[row]); });
      }
    } else if (call.args[0]->is_constant()) {
      const R x = a[0];
      for_each_row(call.rows, [&](uint32_t row) { bad |= Op::template apply<R>(x, b[row], out[row]); });
    } else {
      for_each_row(call.rows, [&](uint32_t row) { bad |= Op::template apply<R>(a[row], b[row], out[row]); });
    }
    if (bad < 0) throw_out_of_range(integer_name<R>());
  }

  static void run_one(ScalarCall& call) {
    R out;
    const R a = call.args[0]->template get<A>(), b = call.args[1]->template get<B>();
    if (Op::template apply<R>(a, b, out) < 0) throw_out_of_range(integer_name<R>());
    store_value(call.result, out);
  }
};

template <class A, class B, class R, class Op>
constexpr ScalarBinding checked() {
  return {&CheckedKernel<A, B, R, Op>::run, &CheckedKernel<A, B, R, Op>::run_one};
}

// Quotient and remainder: never -MIN / -1.
template <class R>
R checked_div(R a, R b) {
  if (b == 0) throw_division_by_zero();
  if (b == R{-1}) {
    if (a == std::numeric_limits<R>::min()) throw_out_of_range(integer_name<R>());
    return static_cast<R>(-a);
  }
  return static_cast<R>(a / b);
}
template <class R>
R checked_mod(R a, R b) {
  if (b == 0) throw_division_by_zero();
  return b == R{-1} ? R{0} : static_cast<R>(a % b);
}
template <class R>
R checked_neg(R a) {
  if (a == std::numeric_limits<R>::min()) throw_out_of_range(integer_name<R>());
  return static_cast<R>(-a);
}

}  // namespace varve::functions
