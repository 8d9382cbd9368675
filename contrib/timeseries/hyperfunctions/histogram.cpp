// histogram(value, min, max, nbuckets): how many values lie in each of the buckets, with one more below and
// one above.
#include <cmath>
#include <cstdlib>
#include <fmt/format.h>

#include "bindings.h"
#include "common/sql_error.h"
#include "functions/array.h"
#include "functions/extension.h"
#include "functions/type_oids.h"

namespace varve::hyperfunctions {

using functions::AggregateCall;
using functions::AggregateImpl;
using functions::Binding;
using types::Value;
using vector::Selection;
using vector::Vector;

namespace {

struct State {
  int32_t* cells = nullptr;  // count + 2, in the states' arena
  int32_t count = 0;
};

[[noreturn]] void refuse(std::string_view message) {
  throw SqlError(sqlstate::kInvalidParameterValue, std::string(message));
}

// As width_bucket(float8, float8, float8, int): 0 below the range, count + 1 at its end and above.
int32_t bucket_of(double value, double low, double high, int32_t count) {
  if (count <= 0) {
    throw SqlError(sqlstate::kInvalidArgumentForWidthBucketFunction, "count must be greater than zero");
  }
  if (std::isnan(value) || std::isnan(low) || std::isnan(high)) {
    throw SqlError(sqlstate::kInvalidArgumentForWidthBucketFunction,
                   "operand, lower bound, and upper bound cannot be NaN");
  }
  if (std::isinf(low) || std::isinf(high)) {
    throw SqlError(sqlstate::kInvalidArgumentForWidthBucketFunction, "lower and upper bounds must be finite");
  }
  if (low == high) {
    throw SqlError(sqlstate::kInvalidArgumentForWidthBucketFunction, "lower bound cannot equal upper bound");
  }
  if (value < low) return 0;
  if (value >= high) return count + 1;
  double part =
      std::isinf(high - low) ? (value / 2 - low / 2) / (high / 2 - low / 2) : (value - low) / (high - low);
  auto bucket = static_cast<int32_t>(count * part);
  return (bucket >= count ? count - 1 : bucket) + 1;
}

void add(State& s, std::span<const Vector* const> args, uint32_t row, Arena& memory) {
  double low = args[1]->at<double>(row), high = args[2]->at<double>(row);
  int32_t count = args[3]->at<int32_t>(row);
  if (low > high) refuse("lower bound cannot exceed upper bound");
  if (s.cells == nullptr) {
    bucket_of(low, low, high, count);  // what is wrong with the bounds is said before memory is taken
    if (count > 100'000'000) refuse("count is too large");
    s.count = count;
    s.cells = memory.make_array<int32_t>(static_cast<size_t>(count) + 2);
    std::memset(s.cells, 0, (static_cast<size_t>(count) + 2) * sizeof(int32_t));
  }
  if (count != s.count) refuse("number of buckets must not change between calls");
  int32_t& cell = s.cells[bucket_of(args[0]->at<double>(row), low, high, count)];
  if (__builtin_add_overflow(cell, 1, &cell)) functions::throw_out_of_range("integer");
}

void init(void* state) { new (state) State(); }
void update(AggregateCall&, std::span<const Vector* const> args, const Selection& rows, void* const* states,
            Arena& memory) {
  vector::for_each_row(rows,
                       [&](uint32_t row) { add(*static_cast<State*>(states[row]), args, row, memory); });
}
void update_one(AggregateCall&, std::span<const Vector* const> args, const Selection& rows, void* state,
                Arena& memory) {
  vector::for_each_row(rows, [&](uint32_t row) { add(*static_cast<State*>(state), args, row, memory); });
}

void combine(AggregateCall&, void* into, const void* from, Arena& memory) {
  auto& a = *static_cast<State*>(into);
  const auto& b = *static_cast<const State*>(from);
  if (b.cells == nullptr) return;
  size_t cells = static_cast<size_t>(b.count) + 2;
  if (a.cells == nullptr) {
    a.count = b.count;
    a.cells = memory.make_array<int32_t>(cells);
    std::memcpy(a.cells, b.cells, cells * sizeof(int32_t));
    return;
  }
  if (a.count != b.count) refuse("number of buckets must not change between calls");
  for (size_t i = 0; i < cells; ++i) {
    if (__builtin_add_overflow(a.cells[i], b.cells[i], &a.cells[i])) functions::throw_out_of_range("integer");
  }
}

void finalize(AggregateCall& call, const void* state, Vector& result, uint32_t row) {
  const auto& s = *static_cast<const State*>(state);
  if (s.cells == nullptr) return result.set_null(row);
  std::vector<Value> values;
  for (int32_t i = 0; i < s.count + 2; ++i) values.push_back(Value::of_int32(s.cells[i]));
  result.set_value(row,
                   Value::of_string(functions::make_array(type_oid::kInt4, values, *call.context.memory)));
}

constexpr AggregateImpl kHistogram{sizeof(State), alignof(State), init,    update, update_one,
                                   combine,       finalize,       nullptr, true};

const Binding kBindings[] = {
    {"ts_hist_sfunc(internal,float8,float8,float8,int4):internal", &kHistogram},
    {"ts_hist_finalfunc(internal,float8,float8,float8,int4):_int4", functions::aggregate_only_kernel},
};

}  // namespace

std::span<const Binding> histogram_bindings() { return kBindings; }

}  // namespace varve::hyperfunctions
