// Summaries: what an aggregate returns for accessor functions to read. Each is a value of a composite type
// whose fields the extension's script declares. Private to the module.
#pragma once

#include <array>
#include <new>
#include <string_view>

#include "functions/extension.h"
#include "functions/record.h"
#include "functions/type_oids.h"

namespace varve::hyperfunctions {

using functions::AggregateCall;
using functions::AggregateImpl;
using functions::Binding;
using functions::Env;
using functions::fn;
using functions::RecordView;
using types::StringRef;
using types::Value;
using vector::Selection;
using vector::Vector;

// A field of a summary and its value.
struct Field {
  Oid type;
  Value value;
};
inline Field field(double v) { return {type_oid::kFloat8, Value::of_float64(v)}; }
inline Field field(int64_t v) { return {type_oid::kInt8, Value::of_int64(v)}; }
inline Field field(int32_t v) { return {type_oid::kInt4, Value::of_int32(v)}; }
inline Field field(std::string_view v) { return {type_oid::kText, Value::of_string(v)}; }
inline Field time_field(int64_t v) { return {type_oid::kTimestamptz, Value::of_int64(v)}; }

template <size_t N>
StringRef make_summary(Oid type, const std::array<Field, N>& fields, Arena& arena) {
  std::array<Oid, N> types;
  std::array<Value, N> values;
  for (size_t i = 0; i < N; ++i) {
    types[i] = fields[i].type;
    values[i] = fields[i].value;
  }
  return functions::make_record(type, 0, types, values, arena);
}

// Reads a summary field by field.
class SummaryReader {
 public:
  SummaryReader(std::string_view bytes, Arena& arena) : record_(bytes), arena_(arena) {}
  double number(uint32_t i) const { return record_.at(i, arena_).float64; }
  int64_t count(uint32_t i) const { return record_.at(i, arena_).int64; }
  int32_t integer(uint32_t i) const { return record_.at(i, arena_).int32; }
  Value value(uint32_t i) const { return record_.at(i, arena_); }

 private:
  RecordView record_;
  Arena& arena_;
};

// An aggregate as a class:
//   struct Stats {
//     struct State { … };
//     static void step(State&, std::span<const Vector* const> args, uint32_t row, AggregateCall&, Arena&);
//     static void merge(State&, const State&, Arena&);                        // optional
//     static void result(const State&, AggregateCall&, Vector& out, uint32_t row);
//   };
template <class D, bool kSkipNulls = true>
struct Summarize {
  using State = typename D::State;
  static void init(void* state) { new (state) State(); }
  static void destroy(void* state) { static_cast<State*>(state)->~State(); }
  static void update(AggregateCall& call, std::span<const Vector* const> args, const Selection& rows,
                     void* const* states, Arena& memory) {
    vector::for_each_row(
        rows, [&](uint32_t row) { D::step(*static_cast<State*>(states[row]), args, row, call, memory); });
  }
  static void update_one(AggregateCall& call, std::span<const Vector* const> args, const Selection& rows,
                         void* state, Arena& memory) {
    vector::for_each_row(
        rows, [&](uint32_t row) { D::step(*static_cast<State*>(state), args, row, call, memory); });
  }
  static void combine(AggregateCall&, void* into, const void* from, Arena& memory) {
    if constexpr (requires { &D::merge; })
      D::merge(*static_cast<State*>(into), *static_cast<const State*>(from), memory);
  }
  static void finalize(AggregateCall& call, const void* state, Vector& result, uint32_t row) {
    D::result(*static_cast<const State*>(state), call, result, row);
  }
  static constexpr AggregateImpl make() {
    AggregateImpl impl{};
    impl.state_bytes = sizeof(State);
    impl.state_alignment = alignof(State);
    impl.init = init;
    impl.update = update;
    impl.update_one = update_one;
    if constexpr (requires { &D::merge; }) impl.combine = combine;
    impl.finalize = finalize;
    if constexpr (!std::is_trivially_destructible_v<State>) impl.destroy = destroy;
    impl.skip_nulls = kSkipNulls;
    return impl;
  }
  static constexpr AggregateImpl kImpl = make();
};

// A point of a series.
struct Point {
  int64_t time;
  double value;
};

[[noreturn]] inline void refuse(std::string_view message) {
  throw SqlError(sqlstate::kInvalidParameterValue, std::string(message));
}

}  // namespace varve::hyperfunctions
