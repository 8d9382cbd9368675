// count, sum, avg, bit and bool aggregates.
#include "aggregate.h"
#include "bit_string.h"
#include "float_check.h"
#include "float_sums.h"
#include "scaled_numeric.h"
#include "types/interval.h"

namespace varve::functions {

namespace {

using types::int128;
using types::NumericSum;

// --- count
void count_init(void* state) { *static_cast<int64_t*>(state) = 0; }
void count_update(AggregateCall&, std::span<const Vector* const>, const Selection& rows, void* const* states,
                  Arena&) {
  for_each_row(rows, [&](uint32_t row) { ++*static_cast<int64_t*>(states[row]); });
}
void count_update_one(AggregateCall&, std::span<const Vector* const>, const Selection& rows, void* state,
                      Arena&) {
  *static_cast<int64_t*>(state) += rows.count;
}
void count_combine(AggregateCall&, void* into, const void* from, Arena&) {
  *static_cast<int64_t*>(into) += *static_cast<const int64_t*>(from);
}
void count_finalize(AggregateCall&, const void* state, Vector& result, uint32_t row) {
  result.data<int64_t>()[row] = *static_cast<const int64_t*>(state);
  result.set_valid(row);
}
constexpr AggregateImpl kCount{
    8, 8, count_init, count_update, count_update_one, count_combine, count_finalize, nullptr, true};

// --- sums of integers. int8 needs 128 bits; the others cannot outgrow 64.
template <class T, class S>
struct IntegerSumState {
  S sum = 0;
  int64_t count = 0;
};
template <class T, class S>
struct IntegerSum {
  using State = IntegerSumState<T, S>;
  using Arg = T;
  using Transition = IntegerSum<T, S>;
  static void step(State& s, T v, Arena&) {
    s.sum += v;
    ++s.count;
  }
  static void merge(State& s, const State& o, Arena&) {
    s.sum += o.sum;
    s.count += o.count;
  }
};
template <class T>
struct SumToInt8 : IntegerSum<T, int64_t> {
  static void result(const IntegerSumState<T, int64_t>& s, Result& out) {
    if (s.count == 0)
      out.null();
    else
      out.set<int64_t>(s.sum);
  }
};
template <class T, class S>
struct AverageOfIntegers : IntegerSum<T, S> {
  static void result(const IntegerSumState<T, S>& s, Result& out) {
    if (s.count == 0) return out.null();
    Numeric sum = types::numeric_from_int128(s.sum, 0, out.arena());
    out.set(types::div(sum, Numeric(s.count), out.arena()));
  }
};
struct SumOfInt8 : IntegerSum<int64_t, int128> {
  static void result(const State& s, Result& out) {
    if (s.count == 0)
      out.null();
    else
      out.set(types::numeric_from_int128(s.sum, 0, out.arena()));
  }
};
struct SumOfMoney : IntegerSum<int64_t, int64_t> {
  static void result(const State& s, Result& out) {
    if (s.count == 0)
      out.null();
    else
      out.set<int64_t>(s.sum);
  }
};

// --- numeric
struct NumericTotal {
  using State = NumericSum;
  using Arg = Numeric;
  using Transition = NumericTotal;
  static void step(State& s, const Numeric& v, Arena&) { s.add(v); }
  static void step_rows(State& s, const Vector& v, const Selection& rows, Arena&) {
    ScaledColumn column;
    if (!read_scaled(v, rows, &column)) {
      for_each_row(rows, [&](uint32_t row) { s.add(load_cell<Numeric>(v, row)); });
      return;
    }
    int128 sum = 0;
    if (column.constant)
      sum = int128{column.at(0)} * rows.count;
    else
      for_each_row(rows, [&](uint32_t row) { sum += ScaledColumn::word(column.values[row]); });
    s.add_many(sum, rows.count, column.scale);
  }
  static void step_groups(const Vector& v, const Selection& rows, void* const* states, Arena&) {
    const uint8_t scale = v.common_scale();
    if (scale != Vector::kNoScale && !v.is_constant()) {
      const auto* values = v.data<Numeric>();
      for_each_row(rows, [&](uint32_t row) {
        static_cast<State*>(states[row])->add_many(ScaledColumn::word(values[row]), 1, scale);
      });
      return;
    }
    for_each_row(rows,
                 [&](uint32_t row) { static_cast<State*>(states[row])->add(load_cell<Numeric>(v, row)); });
  }
  static void merge(State& s, const State& o, Arena&) { s.merge(o); }
};
struct SumOfNumeric : NumericTotal {
  static void result(const State& s, Result& out) {
    if (s.count() == 0)
      out.null();
    else
      out.set(s.sum(out.arena()));
  }
};
struct AverageOfNumeric : NumericTotal {
  static void result(const State& s, Result& out) {
    if (s.count() == 0)
      out.null();
    else
      out.set(s.average(out.arena()));
  }
};

// --- floats are summed in their own precision
template <class T>
struct SumOfFloat {
  struct State {
    T sum = 0;
    bool any = false;
  };
  using Arg = T;
  static void step(State& s, T v, Arena&) {
    s.sum = s.any ? checked_float<T>(s.sum + v, s.sum, v) : v;
    s.any = true;
  }
  static void step_rows(State& s, const Vector& v, const Selection& rows, Arena& memory) {
    const Vector* values = &v;
    void* state = &s;
    sum_abreast<SumOfFloat>({&values, 1}, rows, {&state, 1}, memory);
  }
  static constexpr auto step_abreast = sum_abreast<SumOfFloat>;
  static bool may_chain(const State& s) { return std::abs(s.sum) < kModestSum<T>; }
  // -0 and a value make the value, -0 too.
  static T sum_before(const State& s) { return s.any ? s.sum : static_cast<T>(-0.0); }
  static void set_sum(State& s, T sum, uint32_t) { s = {sum, true}; }
  static void merge(State& s, const State& o, Arena& memory) {
    if (o.any) step(s, o.sum, memory);
  }
  static void result(const State& s, Result& out) {
    if (s.any)
      out.set<T>(s.sum);
    else
      out.null();
  }
};

// --- interval
struct IntervalTotal {
  struct State {
    Interval sum;
    int64_t count = 0;
  };
  using Arg = Interval;
  static void step(State& s, const Interval& v, Arena&) {
    s.sum = s.count == 0 ? v : types::add(s.sum, v);
    ++s.count;
  }
  static void merge(State& s, const State& o, Arena&) {
    if (o.count == 0) return;
    s.sum = s.count == 0 ? o.sum : types::add(s.sum, o.sum);
    s.count += o.count;
  }
};
struct SumOfInterval : IntervalTotal {
  static void result(const State& s, Result& out) {
    if (s.count == 0)
      out.null();
    else
      out.set(s.sum);
  }
};
struct AverageOfInterval : IntervalTotal {
  static void result(const State& s, Result& out) {
    if (s.count == 0)
      out.null();
    else
      out.set(types::div(s.sum, static_cast<double>(s.count)));
  }
};

// --- folds with the type's own operator
enum class Fold { kAnd, kOr, kXor };
template <class T, Fold kFold>
struct Bits {
  struct State {
    T value{};
    bool any = false;
  };
  using Arg = T;
  static void step(State& s, T v, Arena&) {
    if (!s.any)
      s.value = v;
    else if constexpr (kFold == Fold::kAnd)
      s.value = static_cast<T>(s.value & v);
    else if constexpr (kFold == Fold::kOr)
      s.value = static_cast<T>(s.value | v);
    else
      s.value = static_cast<T>(s.value ^ v);
    s.any = true;
  }
  static void merge(State& s, const State& o, Arena& memory) {
    if (o.any) step(s, o.value, memory);
  }
  static void result(const State& s, Result& out) {
    if (s.any)
      out.set<T>(s.value);
    else
      out.null();
  }
};

// The same over bit strings of one length.
template <Fold kFold>
struct BitStrings {
  struct State {
    char* bytes = nullptr;  // in the arena, as the value lies in memory
    uint32_t size = 0;
  };
  using Arg = std::string_view;
  static void step(State& s, std::string_view v, Arena& memory) {
    if (s.bytes == nullptr) {
      s.bytes = const_cast<char*>(memory.copy(v).data());
      s.size = static_cast<uint32_t>(v.size());
      return;
    }
    if (bit_count(v) != bit_count({s.bytes, s.size})) {
      constexpr std::string_view kName = kFold == Fold::kAnd ? "AND" : kFold == Fold::kOr ? "OR" : "XOR";
      throw SqlError(sqlstate::kStringDataLengthMismatch,
                     "cannot " + std::string(kName) + " bit strings of different sizes");
    }
    for (uint32_t i = 4; i < s.size; ++i) {
      if constexpr (kFold == Fold::kAnd)
        s.bytes[i] = static_cast<char>(s.bytes[i] & v[i]);
      else if constexpr (kFold == Fold::kOr)
        s.bytes[i] = static_cast<char>(s.bytes[i] | v[i]);
      else
        s.bytes[i] = static_cast<char>(s.bytes[i] ^ v[i]);
    }
  }
  static void merge(State& s, const State& o, Arena& memory) {
    if (o.bytes != nullptr) step(s, {o.bytes, o.size}, memory);
  }
  static void result(const State& s, Result& out) {
    if (s.bytes == nullptr)
      out.null();
    else
      out.set(StringRef(out.arena().copy({s.bytes, s.size})));
  }
};

#define VARVE_BITS(t, T)                                                                                    \
  {"bit_and(" t ")", &kAggregate<Bits<T, Fold::kAnd>>}, {"bit_or(" t ")", &kAggregate<Bits<T, Fold::kOr>>}, \
  {                                                                                                         \
    "bit_xor(" t ")", &kAggregate<Bits<T, Fold::kXor>>                                                      \
  }

const Binding kBindings[] = {
    {"count()", &kCount},
    {"count(any)", &kCount},
    {"sum(int2)", &kAggregate<SumToInt8<int16_t>>},
    {"sum(int4)", &kAggregate<SumToInt8<int32_t>>},
    {"sum(int8)", &kAggregate<SumOfInt8>},
    {"sum(float4)", &kAggregate<SumOfFloat<float>>},
    {"sum(float8)", &kAggregate<SumOfFloat<double>>},
    {"sum(numeric)", &kAggregate<SumOfNumeric>},
    {"sum(interval)", &kAggregate<SumOfInterval>},
    {"sum(money)", &kAggregate<SumOfMoney>},
    {"avg(int2)", &kAggregate<AverageOfIntegers<int16_t, int64_t>>},
    {"avg(int4)", &kAggregate<AverageOfIntegers<int32_t, int64_t>>},
    {"avg(int8)", &kAggregate<AverageOfIntegers<int64_t, int128>>},
    {"avg(numeric)", &kAggregate<AverageOfNumeric>},
    {"avg(interval)", &kAggregate<AverageOfInterval>},
    VARVE_BITS("int2", int16_t),
    VARVE_BITS("int4", int32_t),
    VARVE_BITS("int8", int64_t),
    {"bit_and(bit)", &kAggregate<BitStrings<Fold::kAnd>>},
    {"bit_or(bit)", &kAggregate<BitStrings<Fold::kOr>>},
    {"bit_xor(bit)", &kAggregate<BitStrings<Fold::kXor>>},
    {"bool_and(bool)", &kAggregate<Bits<bool, Fold::kAnd>>},
    {"bool_or(bool)", &kAggregate<Bits<bool, Fold::kOr>>},
    {"every(bool)", &kAggregate<Bits<bool, Fold::kAnd>>},
};

}  // namespace

Bindings aggregate_bindings() { return kBindings; }

}  // namespace varve::functions
