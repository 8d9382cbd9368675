// What a resident page costs: fix and unfix in the three modes, and one logged change.
#include <benchmark/benchmark.h>
#include <random>

#include "buffer/buffer_pool.h"
#include "buffer/log_batch.h"
#include "common/bytes.h"
#include "common/check.h"
#include "port/sim_vfs.h"

namespace varve::buffer {
namespace {

constexpr uint64_t kPages = 1000;
constexpr wal::RedoOp kSetWord = 0xF0;

void set_word(PageId, Page& page, wal::Bytes payload) {
  store_raw(page.body, load_raw<uint64_t>(payload.data()));
}

struct Storage {
  Storage() : vfs(1) {
    wal::register_redo(kSetWord, set_word);
    wal::LogOptions log_options;
    log_options.directory = "wal";
    log_options.segment_bytes = 16 << 20;
    log_options.background = false;
    auto opened = wal::open_log(vfs, log_options, Lsn{});
    VARVE_CHECK(opened.ok());
    log = std::move(opened.value().log);
    PoolOptions options;
    options.frame_bytes = 4 * kPages * kPageBytes;
    options.max_pages = 1 << 20;
    pool = make_buffer_pool(vfs, "data", *log, options);
    for (uint64_t p = 0; p < kPages; ++p) VARVE_CHECK(pool->fix_shared(PageId{p}).ok());
  }
  port::SimVfs vfs;
  std::unique_ptr<wal::LogManager> log;
  std::unique_ptr<BufferPool> pool;
};

Storage& storage() {
  static Storage s;
  return s;
}

void fix_shared(benchmark::State& state) {
  BufferPool& pool = *storage().pool;
  std::minstd_rand random(static_cast<unsigned>(state.thread_index()) + 1);
  for (auto _ : state) {
    auto guard = pool.fix_shared(PageId{random() % kPages});
    benchmark::DoNotOptimize(guard->page().header.lsn);
  }
}
BENCHMARK(fix_shared)->ThreadRange(1, 2)->UseRealTime();

void fix_exclusive(benchmark::State& state) {
  BufferPool& pool = *storage().pool;
  std::minstd_rand random(static_cast<unsigned>(state.thread_index()) + 1);
  for (auto _ : state) {
    auto guard = pool.fix_exclusive(PageId{random() % kPages});
    benchmark::DoNotOptimize(guard->page().header.lsn);
  }
}
BENCHMARK(fix_exclusive)->ThreadRange(1, 2)->UseRealTime();

void fix_optimistic(benchmark::State& state) {
  BufferPool& pool = *storage().pool;
  std::minstd_rand random(static_cast<unsigned>(state.thread_index()) + 1);
  for (auto _ : state) {
    auto guard = pool.fix_optimistic(PageId{random() % kPages});
    benchmark::DoNotOptimize(guard->page().header.lsn);
    benchmark::DoNotOptimize(guard->validate());
  }
}
BENCHMARK(fix_optimistic)->ThreadRange(1, 2)->UseRealTime();

// One page all threads want: the root of a tree.
void fix_optimistic_same_page(benchmark::State& state) {
  BufferPool& pool = *storage().pool;
  for (auto _ : state) {
    auto guard = pool.fix_optimistic(PageId{7});
    benchmark::DoNotOptimize(guard->validate());
  }
}
BENCHMARK(fix_optimistic_same_page)->ThreadRange(1, 2)->UseRealTime();

void logged_change(benchmark::State& state) {
  BufferPool& pool = *storage().pool;
  std::minstd_rand random(1);
  uint64_t payload[8] = {};
  for (auto _ : state) {
    auto guard = pool.fix_exclusive(PageId{random() % kPages});
    ++payload[0];
    LogBatch batch(pool, Xid{1}, Lsn{});
    batch.change(*guard, kSetWord, {reinterpret_cast<const uint8_t*>(payload), sizeof(payload)});
    batch.commit();
    // As checkpoints would; otherwise the simulated disk keeps the whole log in memory.
    if (payload[0] % 100000 == 0) {
      state.PauseTiming();
      VARVE_CHECK(pool.log().flush(pool.log().reserved_lsn()).ok());
      VARVE_CHECK(pool.log().release_before(pool.log().reserved_lsn()).ok());
      state.ResumeTiming();
    }
  }
}
BENCHMARK(logged_change);

}  // namespace
}  // namespace varve::buffer
