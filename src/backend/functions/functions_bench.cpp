// What a row costs in the commonest kernels; items are rows.
#include <benchmark/benchmark.h>
#include <string>
#include <vector>

#include "kernel.h"

namespace varve::functions {

namespace {

constexpr uint32_t kRows = 1024;

struct Fixture {
  Arena arena, scratch;
  types::FormatSettings format;
  EvalContext context{&scratch, &format, nullptr};
  CallSite site;

  template <class T, class F>
  Vector column(types::PhysicalType type, F&& value) {
    Vector v(type, arena);
    for (uint32_t i = 0; i < kRows; ++i) v.data<T>()[i] = value(i);
    return v;
  }
};

void binary(benchmark::State& state, uint32_t oid, Fixture& f, const Vector& a, const Vector& b,
            types::PhysicalType result) {
  const Function* function = function_by_oid(Oid{oid});
  Vector out(result, f.arena);
  const Vector* const args[] = {&a, &b};
  f.site.arg_types = function->args;
  for (auto _ : state) {
    KernelCall call{args, {nullptr, kRows}, out, f.context, f.site};
    function->kernel(call);
    benchmark::ClobberMemory();
    f.scratch.reset();
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * kRows);
}

void int4_add(benchmark::State& state) {
  Fixture f;
  Vector a =
      f.column<int32_t>(types::PhysicalType::kInt32, [](uint32_t i) { return static_cast<int32_t>(i); });
  binary(state, 177, f, a, a, types::PhysicalType::kInt32);
}
void int4_less(benchmark::State& state) {
  Fixture f;
  Vector a = f.column<int32_t>(types::PhysicalType::kInt32,
                               [](uint32_t i) { return static_cast<int32_t>(i * 7919 % 1000); });
  Vector b(types::PhysicalType::kInt32, f.arena);
  b.fill_constant(Value::of_int32(500));
  binary(state, 66, f, a, b, types::PhysicalType::kBool);
}
void numeric_mul(benchmark::State& state) {
  Fixture f;
  Vector a = f.column<Numeric>(types::PhysicalType::kNumeric,
                               [](uint32_t i) { return Numeric(types::int128{i} * 101, 2); });
  binary(state, 1726, f, a, a, types::PhysicalType::kNumeric);
}
void text_equal(benchmark::State& state) {
  Fixture f;
  Vector a = f.column<StringRef>(types::PhysicalType::kString, [&](uint32_t i) {
    return StringRef(f.arena.copy("a common prefix and then " + std::to_string(i % 100)));
  });
  Vector b(types::PhysicalType::kString, f.arena);
  b.fill_constant(Value::of_string(f.arena.copy("a common prefix and then 42")));
  binary(state, 67, f, a, b, types::PhysicalType::kBool);
}
void text_less(benchmark::State& state) {
  Fixture f;
  Vector a = f.column<StringRef>(types::PhysicalType::kString, [&](uint32_t i) {
    return StringRef(f.arena.copy("a common prefix and then " + std::to_string(i % 100)));
  });
  Vector b(types::PhysicalType::kString, f.arena);
  b.fill_constant(Value::of_string(f.arena.copy("a common prefix and then 42")));
  binary(state, 740, f, a, b, types::PhysicalType::kBool);
}

void aggregate_one(benchmark::State& state, uint32_t oid, Fixture& f, const Vector& a) {
  const Function* function = function_by_oid(Oid{oid});
  const AggregateImpl& impl = *function->aggregate;
  f.site.arg_types = function->args;
  AggregateCall call{f.context, f.site};
  void* memory = f.arena.allocate(impl.state_bytes, impl.state_alignment);
  impl.init(memory);
  const Vector* only = &a;
  std::span<const Vector* const> args(&only, 1);
  for (auto _ : state) impl.update_one(call, args, {nullptr, kRows}, memory, f.scratch);
  if (impl.destroy != nullptr) impl.destroy(memory);
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * kRows);
}
void sum_int8(benchmark::State& state) {
  Fixture f;
  Vector a = f.column<int64_t>(types::PhysicalType::kInt64, [](uint32_t i) { return int64_t{i} * 1000; });
  aggregate_one(state, 2107, f, a);
}
void sum_numeric(benchmark::State& state) {
  Fixture f;
  Vector a = f.column<Numeric>(types::PhysicalType::kNumeric,
                               [](uint32_t i) { return Numeric(types::int128{i} * 101, 2); });
  aggregate_one(state, 2114, f, a);
}
void count_rows(benchmark::State& state) {
  Fixture f;
  Vector a = f.column<int64_t>(types::PhysicalType::kInt64, [](uint32_t i) { return int64_t{i}; });
  aggregate_one(state, 2803, f, a);
}

BENCHMARK(int4_add);
BENCHMARK(int4_less);
BENCHMARK(numeric_mul);
BENCHMARK(text_equal);
BENCHMARK(text_less);
BENCHMARK(sum_int8);
BENCHMARK(sum_numeric);
BENCHMARK(count_rows);

}  // namespace

}  // namespace varve::functions
