// Operators of pg_proc whose meaning is the machine's, errors apart: what filters and single values need no
// kernel for. Private to the module.
#pragma once

#include <cmath>
#include <cstdint>
#include <type_traits>

#include "types/value.h"

namespace varve::functions {
struct Function;
}

namespace varve::executor {

enum class Op : uint8_t { kEq, kNe, kLt, kLe, kGt, kGe };
enum class Domain : uint8_t { kI16, kI32, kI64, kU32, kF32, kF64, kText };
struct Comparison {
  uint32_t oid;
  Domain left, right;
  Op op;
};

// Null: not a comparison of machine numbers, nor of texts for equality of bytes.
const Comparison* find_comparison(const functions::Function& function);

// NaN equals NaN and is above everything else, as PostgreSQL has it.
template <Op op, class L, class R>
inline bool holds(const L& a, const R& b) {
  if constexpr (std::is_floating_point_v<L>) {
    bool x = std::isnan(a), y = std::isnan(b);
    if constexpr (op == Op::kEq) return x ? y : a == b;
    if constexpr (op == Op::kNe) return x ? !y : !(a == b);
    if constexpr (op == Op::kLt) return !x && (y || a < b);
    if constexpr (op == Op::kLe) return y || (!x && a <= b);
    if constexpr (op == Op::kGt) return !y && (x || a > b);
    if constexpr (op == Op::kGe) return x || (!y && a >= b);
  } else {
    if constexpr (op == Op::kEq) return a == b;
    if constexpr (op == Op::kNe) return !(a == b);
    if constexpr (op == Op::kLt) return a < b;
    if constexpr (op == Op::kLe) return a <= b;
    if constexpr (op == Op::kGt) return a > b;
    if constexpr (op == Op::kGe) return a >= b;
  }
}

// The instance of a template that a comparison needs: make.operator()<op, L, R>(), as a pointer.
template <class L, class R, class Make>
auto instance_for(Op op, Make make) {
  switch (op) {
    case Op::kEq:
      return make.template operator()<Op::kEq, L, R>();
    case Op::kNe:
      return make.template operator()<Op::kNe, L, R>();
    case Op::kLt:
      return make.template operator()<Op::kLt, L, R>();
    case Op::kLe:
      return make.template operator()<Op::kLe, L, R>();
    case Op::kGt:
      return make.template operator()<Op::kGt, L, R>();
    case Op::kGe:
      return make.template operator()<Op::kGe, L, R>();
  }
  __builtin_unreachable();
}

template <class Make>
auto instance_for(const Comparison& c, Make make) {
  switch (c.left) {
    case Domain::kI16:
      return instance_for<int16_t, int16_t>(c.op, make);
    case Domain::kI32:
      return c.right == Domain::kI64 ? instance_for<int32_t, int64_t>(c.op, make)
                                     : instance_for<int32_t, int32_t>(c.op, make);
    case Domain::kI64:
      return c.right == Domain::kI32 ? instance_for<int64_t, int32_t>(c.op, make)
                                     : instance_for<int64_t, int64_t>(c.op, make);
    case Domain::kU32:
      return instance_for<uint32_t, uint32_t>(c.op, make);
    case Domain::kF32:
      return instance_for<float, float>(c.op, make);
    case Domain::kF64:
      return instance_for<double, double>(c.op, make);
    case Domain::kText:
      return c.op == Op::kEq ? make.template operator()<Op::kEq, types::StringRef, types::StringRef>()
                             : make.template operator()<Op::kNe, types::StringRef, types::StringRef>();
  }
  __builtin_unreachable();
}

// Of two values that are not NULL. `result` has its type; false: the kernel has to say it, which may be an
// error.
using ScalarOperator = bool (*)(const types::Value& a, const types::Value& b, types::Value& result);
// Null: none of machine numbers.
ScalarOperator find_scalar_operator(const functions::Function& function);

}  // namespace varve::executor
