#include "machine_operators.h"

#include "functions/registry.h"

namespace varve::executor {

using types::Value;

namespace {

// Comparison functions of pg_proc whose meaning is the machine's (text: equality of bytes).
constexpr Comparison kComparisons[] = {
    {63, Domain::kI16, Domain::kI16, Op::kEq},   {145, Domain::kI16, Domain::kI16, Op::kNe},
    {64, Domain::kI16, Domain::kI16, Op::kLt},   {148, Domain::kI16, Domain::kI16, Op::kLe},
    {146, Domain::kI16, Domain::kI16, Op::kGt},  {151, Domain::kI16, Domain::kI16, Op::kGe},
    {65, Domain::kI32, Domain::kI32, Op::kEq},   {144, Domain::kI32, Domain::kI32, Op::kNe},
    {66, Domain::kI32, Domain::kI32, Op::kLt},   {149, Domain::kI32, Domain::kI32, Op::kLe},
    {147, Domain::kI32, Domain::kI32, Op::kGt},  {150, Domain::kI32, Domain::kI32, Op::kGe},
    {467, Domain::kI64, Domain::kI64, Op::kEq},  {468, Domain::kI64, Domain::kI64, Op::kNe},
    {469, Domain::kI64, Domain::kI64, Op::kLt},  {471, Domain::kI64, Domain::kI64, Op::kLe},
    {470, Domain::kI64, Domain::kI64, Op::kGt},  {472, Domain::kI64, Domain::kI64, Op::kGe},
    {852, Domain::kI32, Domain::kI64, Op::kEq},  {853, Domain::kI32, Domain::kI64, Op::kNe},
    {854, Domain::kI32, Domain::kI64, Op::kLt},  {856, Domain::kI32, Domain::kI64, Op::kLe},
    {855, Domain::kI32, Domain::kI64, Op::kGt},  {857, Domain::kI32, Domain::kI64, Op::kGe},
    {474, Domain::kI64, Domain::kI32, Op::kEq},  {475, Domain::kI64, Domain::kI32, Op::kNe},
    {476, Domain::kI64, Domain::kI32, Op::kLt},  {478, Domain::kI64, Domain::kI32, Op::kLe},
    {477, Domain::kI64, Domain::kI32, Op::kGt},  {479, Domain::kI64, Domain::kI32, Op::kGe},
    {1086, Domain::kI32, Domain::kI32, Op::kEq}, {1091, Domain::kI32, Domain::kI32, Op::kNe},  // date
    {1087, Domain::kI32, Domain::kI32, Op::kLt}, {1088, Domain::kI32, Domain::kI32, Op::kLe},
    {1089, Domain::kI32, Domain::kI32, Op::kGt}, {1090, Domain::kI32, Domain::kI32, Op::kGe},
    {2052, Domain::kI64, Domain::kI64, Op::kEq}, {2053, Domain::kI64, Domain::kI64, Op::kNe},  // timestamp
    {2054, Domain::kI64, Domain::kI64, Op::kLt}, {2055, Domain::kI64, Domain::kI64, Op::kLe},
    {2057, Domain::kI64, Domain::kI64, Op::kGt}, {2056, Domain::kI64, Domain::kI64, Op::kGe},
    {1152, Domain::kI64, Domain::kI64, Op::kEq}, {1153, Domain::kI64, Domain::kI64, Op::kNe},  // timestamptz
    {1154, Domain::kI64, Domain::kI64, Op::kLt}, {1155, Domain::kI64, Domain::kI64, Op::kLe},
    {1157, Domain::kI64, Domain::kI64, Op::kGt}, {1156, Domain::kI64, Domain::kI64, Op::kGe},
    {184, Domain::kU32, Domain::kU32, Op::kEq},  {185, Domain::kU32, Domain::kU32, Op::kNe},  // oid
    {716, Domain::kU32, Domain::kU32, Op::kLt},  {717, Domain::kU32, Domain::kU32, Op::kLe},
    {1638, Domain::kU32, Domain::kU32, Op::kGt}, {1639, Domain::kU32, Domain::kU32, Op::kGe},
    {287, Domain::kF32, Domain::kF32, Op::kEq},  {288, Domain::kF32, Domain::kF32, Op::kNe},
    {289, Domain::kF32, Domain::kF32, Op::kLt},  {290, Domain::kF32, Domain::kF32, Op::kLe},
    {291, Domain::kF32, Domain::kF32, Op::kGt},  {292, Domain::kF32, Domain::kF32, Op::kGe},
    {293, Domain::kF64, Domain::kF64, Op::kEq},  {294, Domain::kF64, Domain::kF64, Op::kNe},
    {295, Domain::kF64, Domain::kF64, Op::kLt},  {296, Domain::kF64, Domain::kF64, Op::kLe},
    {297, Domain::kF64, Domain::kF64, Op::kGt},  {298, Domain::kF64, Domain::kF64, Op::kGe},
    {67, Domain::kText, Domain::kText, Op::kEq}, {157, Domain::kText, Domain::kText, Op::kNe},
};

// Results are written as a word: they are read as one a moment later, and would be waited for in pieces.
inline void put(Value& result, int32_t v) { result.words[0] = static_cast<uint32_t>(v); }
inline void put(Value& result, int64_t v) { result.words[0] = static_cast<uint64_t>(v); }
inline void put(Value& result, double v) { result.words[0] = std::bit_cast<uint64_t>(v); }

template <class T>
inline T number(const Value& v) {
  return v.get<T>();
}

template <Op op, class L, class R>
bool compare(const Value& a, const Value& b, Value& result) {
  result.words[0] = static_cast<uint64_t>(holds<op>(number<L>(a), number<R>(b)));
  return true;
}

ScalarOperator comparison_operator(const Comparison& comparison) {
  return instance_for(comparison, []<Op op, class L, class R>() -> ScalarOperator {
    if constexpr (std::is_same_v<L, types::StringRef>) {
      return nullptr;  // the collation decides whether bytes do
    } else {
      return compare<op, L, R>;
    }
  });
}

enum class Arithmetic : uint8_t { kAdd, kSubtract, kMultiply, kDivide, kRemainder };

template <Arithmetic op, class L, class R, class T>
bool compute_integer(const Value& a, const Value& b, Value& result) {
  const T x = number<L>(a), y = number<R>(b);
  T z;
  if constexpr (op == Arithmetic::kAdd) {
    if (__builtin_add_overflow(x, y, &z)) return false;
  } else if constexpr (op == Arithmetic::kSubtract) {
    if (__builtin_sub_overflow(x, y, &z)) return false;
  } else if constexpr (op == Arithmetic::kMultiply) {
    if (__builtin_mul_overflow(x, y, &z)) return false;
  } else {
    if (y == 0 || y == -1) return false;  // an error, or the one quotient that is too large
    z = op == Arithmetic::kDivide ? x / y : x % y;
  }
  put(result, z);
  return true;
}

// What leaves the range of finite numbers may be an error.
template <Arithmetic op>
bool compute_double(const Value& a, const Value& b, Value& result) {
  const double x = a.float64, y = b.float64;
  double z;
  if constexpr (op == Arithmetic::kAdd) z = x + y;
  if constexpr (op == Arithmetic::kSubtract) z = x - y;
  if constexpr (op == Arithmetic::kMultiply) z = x * y;
  if constexpr (op == Arithmetic::kDivide) z = x / y;
  if (!std::isfinite(z) || (op >= Arithmetic::kMultiply && z == 0)) return false;
  put(result, z);
  return true;
}

struct Calculation {
  uint32_t oid;
  ScalarOperator apply;
};

constexpr Calculation kCalculations[] = {
    {177, compute_integer<Arithmetic::kAdd, int32_t, int32_t, int32_t>},
    {181, compute_integer<Arithmetic::kSubtract, int32_t, int32_t, int32_t>},
    {141, compute_integer<Arithmetic::kMultiply, int32_t, int32_t, int32_t>},
    {154, compute_integer<Arithmetic::kDivide, int32_t, int32_t, int32_t>},
    {156, compute_integer<Arithmetic::kRemainder, int32_t, int32_t, int32_t>},
    {463, compute_integer<Arithmetic::kAdd, int64_t, int64_t, int64_t>},
    {464, compute_integer<Arithmetic::kSubtract, int64_t, int64_t, int64_t>},
    {465, compute_integer<Arithmetic::kMultiply, int64_t, int64_t, int64_t>},
    {466, compute_integer<Arithmetic::kDivide, int64_t, int64_t, int64_t>},
    {945, compute_integer<Arithmetic::kRemainder, int64_t, int64_t, int64_t>},
    {1278, compute_integer<Arithmetic::kAdd, int32_t, int64_t, int64_t>},
    {1279, compute_integer<Arithmetic::kSubtract, int32_t, int64_t, int64_t>},
    {1280, compute_integer<Arithmetic::kMultiply, int32_t, int64_t, int64_t>},
    {1274, compute_integer<Arithmetic::kAdd, int64_t, int32_t, int64_t>},
    {1275, compute_integer<Arithmetic::kSubtract, int64_t, int32_t, int64_t>},
    {1276, compute_integer<Arithmetic::kMultiply, int64_t, int32_t, int64_t>},
    {218, compute_double<Arithmetic::kAdd>},
    {219, compute_double<Arithmetic::kSubtract>},
    {216, compute_double<Arithmetic::kMultiply>},
    {217, compute_double<Arithmetic::kDivide>},
};

}  // namespace

const Comparison* find_comparison(const functions::Function& function) {
  for (const Comparison& c : kComparisons) {
    if (c.oid == function.oid.value()) return &c;
  }
  return nullptr;
}

ScalarOperator find_scalar_operator(const functions::Function& function) {
  if (const Comparison* c = find_comparison(function)) return comparison_operator(*c);
  for (const Calculation& c : kCalculations) {
    if (c.oid == function.oid.value()) return c.apply;
  }
  return nullptr;
}

}  // namespace varve::executor
