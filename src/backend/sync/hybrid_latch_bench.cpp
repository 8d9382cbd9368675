#include <benchmark/benchmark.h>

#include "sync/hybrid_latch.h"

namespace varve::sync {
namespace {

HybridLatch latch;

void optimistic(benchmark::State& state) {
  for (auto _ : state) {
    uint64_t version = 0;
    benchmark::DoNotOptimize(latch.try_optimistic(&version));
    benchmark::DoNotOptimize(latch.validate(version));
  }
}
BENCHMARK(optimistic)->ThreadRange(1, 2)->UseRealTime();

void shared(benchmark::State& state) {
  for (auto _ : state) {
    latch.lock_shared();
    latch.unlock_shared();
  }
}
BENCHMARK(shared)->ThreadRange(1, 2)->UseRealTime();

void exclusive(benchmark::State& state) {
  for (auto _ : state) {
    latch.lock_exclusive();
    latch.unlock_exclusive();
  }
}
BENCHMARK(exclusive)->ThreadRange(1, 2)->UseRealTime();

}  // namespace
}  // namespace varve::sync
