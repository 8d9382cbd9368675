// Arithmetic and bits of integers, arithmetic of floats.
#include <cmath>
#include <limits>
#include <numeric>

#include "checked.h"
#include "float_check.h"

namespace varve::functions {

namespace {

#define VARVE_INTS(p, t, u, A, B, R)                                             \
  {p "pl(" t "," u ")", checked<A, B, R, CheckedAdd>()},                         \
      {p "mi(" t "," u ")", checked<A, B, R, CheckedSub>()},                     \
      {p "mul(" t "," u ")", checked<A, B, R, CheckedMul>()}, {                  \
    p "div(" t "," u ")", fn([](A a, B b) -> R { return checked_div<R>(a, b); }) \
  }
#define VARVE_INT_ONLY(p, t, T)                                                          \
  {p "mod(" t "," t ")", fn([](T a, T b) -> T { return checked_mod<T>(a, b); })},        \
      {"mod(" t "," t ")", fn([](T a, T b) -> T { return checked_mod<T>(a, b); })},      \
      {p "um(" t ")", fn([](T a) -> T { return checked_neg<T>(a); })},                   \
      {p "up(" t ")", fn([](T a) -> T { return a; })},                                   \
      {p "abs(" t ")", fn([](T a) -> T { return a < 0 ? checked_neg<T>(a) : a; })},      \
      {"abs(" t ")", fn([](T a) -> T { return a < 0 ? checked_neg<T>(a) : a; })},        \
      {p "and(" t "," t ")", fn([](T a, T b) -> T { return a & b; })},                   \
      {p "or(" t "," t ")", fn([](T a, T b) -> T { return a | b; })},                    \
      {p "xor(" t "," t ")", fn([](T a, T b) -> T { return a ^ b; })},                   \
      {p "not(" t ")", fn([](T a) -> T { return static_cast<T>(~a); })},                 \
      {p "shl(" t ",int4)", fn([](T a, int32_t n) -> T { return shift_left(a, n); })}, { \
    p "shr(" t ",int4)", fn([](T a, int32_t n) -> T { return shift_right(a, n); })       \
  }

// Shifts as the machine does them: the count modulo the width (int2 is widened to 32 bits first).
template <class T>
T shift_left(T a, int32_t n) {
  if constexpr (sizeof(T) == 8)
    return static_cast<T>(static_cast<uint64_t>(a) << (n & 63));
  else
    return static_cast<T>(static_cast<uint32_t>(a) << (n & 31));
}
template <class T>
T shift_right(T a, int32_t n) {
  if constexpr (sizeof(T) == 8)
    return a >> (n & 63);
  else
    return static_cast<T>(static_cast<int32_t>(a) >> (n & 31));
}

template <class T>
T greatest_common_divisor(T a, T b) {
  using U = std::make_unsigned_t<T>;
  U x = a < 0 ? U{0} - static_cast<U>(a) : static_cast<U>(a);
  U y = b < 0 ? U{0} - static_cast<U>(b) : static_cast<U>(b);
  U g = std::gcd(x, y);
  if (g > static_cast<U>(std::numeric_limits<T>::max())) throw_out_of_range(integer_name<T>());
  return static_cast<T>(g);
}
template <class T>
T least_common_multiple(T a, T b) {
  if (a == 0 || b == 0) return 0;
  T g = greatest_common_divisor(a, b);
  T r;
  if (__builtin_mul_overflow(static_cast<T>(a / g), b, &r) || r == std::numeric_limits<T>::min()) {
    throw_out_of_range(integer_name<T>());
  }
  return static_cast<T>(r < 0 ? -r : r);
}

#define VARVE_FLOATS(p, t, u, A, B, R)                                                                   \
  {p "pl(" t "," u ")", fn([](A a, B b) -> R { return checked_float<R>(R(a) + R(b), a, b); })},          \
      {p "mi(" t "," u ")", fn([](A a, B b) -> R { return checked_float<R>(R(a) - R(b), a, b); })},      \
      {p "mul(" t "," u ")", fn([](A a, B b) -> R { return checked_product<R>(R(a) * R(b), a, b); })}, { \
    p "div(" t "," u ")", fn([](A a, B b) -> R { return divide_floats<R>(a, b); })                       \
  }

#define VARVE_FLOAT_ONLY(p, t, T)                                                                    \
  {p "um(" t ")", fn([](T a) -> T { return -a; })}, {p "up(" t ")", fn([](T a) -> T { return a; })}, \
      {p "abs(" t ")", fn([](T a) -> T { return std::fabs(a); })}, {                                 \
    "abs(" t ")", fn([](T a) -> T { return std::fabs(a); })                                          \
  }

const Binding kBindings[] = {
    VARVE_INTS("int2", "int2", "int2", int16_t, int16_t, int16_t),
    VARVE_INTS("int4", "int4", "int4", int32_t, int32_t, int32_t),
    VARVE_INTS("int8", "int8", "int8", int64_t, int64_t, int64_t),
    VARVE_INTS("int24", "int2", "int4", int16_t, int32_t, int32_t),
    VARVE_INTS("int42", "int4", "int2", int32_t, int16_t, int32_t),
    VARVE_INTS("int28", "int2", "int8", int16_t, int64_t, int64_t),
    VARVE_INTS("int82", "int8", "int2", int64_t, int16_t, int64_t),
    VARVE_INTS("int48", "int4", "int8", int32_t, int64_t, int64_t),
    VARVE_INTS("int84", "int8", "int4", int64_t, int32_t, int64_t),
    VARVE_INT_ONLY("int2", "int2", int16_t),
    VARVE_INT_ONLY("int4", "int4", int32_t),
    VARVE_INT_ONLY("int8", "int8", int64_t),
    {"int4inc(int4)", fn([](int32_t a) -> int32_t {
       if (a == std::numeric_limits<int32_t>::max()) throw_out_of_range("integer");
       return a + 1;
     })},
    {"gcd(int4,int4)", fn([](int32_t a, int32_t b) { return greatest_common_divisor(a, b); })},
    {"gcd(int8,int8)", fn([](int64_t a, int64_t b) { return greatest_common_divisor(a, b); })},
    {"lcm(int4,int4)", fn([](int32_t a, int32_t b) { return least_common_multiple(a, b); })},
    {"lcm(int8,int8)", fn([](int64_t a, int64_t b) { return least_common_multiple(a, b); })},
    VARVE_FLOATS("float4", "float4", "float4", float, float, float),
    VARVE_FLOATS("float8", "float8", "float8", double, double, double),
    VARVE_FLOATS("float48", "float4", "float8", float, double, double),
    VARVE_FLOATS("float84", "float8", "float4", double, float, double),
    VARVE_FLOAT_ONLY("float4", "float4", float),
    VARVE_FLOAT_ONLY("float8", "float8", double),
};

}  // namespace

Bindings arithmetic_bindings() { return kBindings; }

}  // namespace varve::functions
