#include <benchmark/benchmark.h>
#include <random>

#include "access/heap.h"
#include "common/check.h"
#include "test_storage.h"
#include "txn/txn_manager.h"

namespace varve::access {
namespace {

constexpr size_t kRows = 100'000;
constexpr size_t kRowBytes = 100;

struct Environment {
  Environment() : storage(16384) {
    register_heap_operations();
    txns = txn::make_txn_manager(storage.pool(), Xid{1});
    auto txn = txns->begin(txn::Isolation::kReadCommitted, nullptr);
    auto segment = create_heap(*txns, *txn);
    VARVE_CHECK(segment.ok());
    heap = open_heap(*txns, *segment, 1);
    std::vector<uint8_t> row(kRowBytes, 'r');
    std::vector<wal::Bytes> rows(kRows, wal::Bytes(row));
    VARVE_CHECK(heap->insert_many(*txn, rows, 4, &tids).ok());
    VARVE_CHECK(storage.pool().log().flush(txns->commit(*txn)).ok());
    VARVE_CHECK(txns->purge_once().ok());
  }
  TestStorage storage;
  std::unique_ptr<txn::TxnManager> txns;
  std::unique_ptr<Heap> heap;
  std::vector<Tid> tids;
};
Environment& environment() {
  static Environment e;
  return e;
}

void BM_HeapFetch(benchmark::State& state) {
  auto& env = environment();
  auto txn = env.txns->begin(txn::Isolation::kReadCommitted, nullptr);
  txn::Snapshot snapshot = txn->statement_snapshot();
  RowBuffer buffer;
  RowVersion row;
  std::minstd_rand random(static_cast<unsigned>(state.thread_index() + 1));
  for (auto _ : state) {
    auto found = env.heap->fetch(snapshot, env.tids[random() % kRows], buffer, &row);
    benchmark::DoNotOptimize(found.ok());
  }
}
BENCHMARK(BM_HeapFetch);
BENCHMARK(BM_HeapFetch)->Threads(2);

void BM_HeapReadPage(benchmark::State& state) {
  auto& env = environment();
  auto txn = env.txns->begin(txn::Isolation::kReadCommitted, nullptr);
  txn::Snapshot snapshot = txn->statement_snapshot();
  Heap::PageBatch batch;
  size_t rows = 0;
  size_t next = 0;
  for (auto _ : state) {
    VARVE_CHECK(env.heap->read_page(snapshot, env.tids[next].page, &batch).ok());
    rows += batch.rows.size();
    next = (next + 60) % kRows;
  }
  state.SetItemsProcessed(static_cast<int64_t>(rows));
}
BENCHMARK(BM_HeapReadPage);

void BM_HeapInsertAndCommitEvery100(benchmark::State& state) {
  auto& env = environment();
  std::vector<uint8_t> row(kRowBytes, 'n');
  auto txn = env.txns->begin(txn::Isolation::kReadCommitted, nullptr);
  int64_t n = 0;
  for (auto _ : state) {
    VARVE_CHECK(env.heap->insert(*txn, row, 4).ok());
    if (++n % 100 == 0) {
      env.txns->commit(*txn);
      txn = env.txns->begin(txn::Isolation::kReadCommitted, nullptr);
    }
  }
  env.txns->commit(*txn);
}
BENCHMARK(BM_HeapInsertAndCommitEvery100)->Iterations(200'000);

void BM_HeapUpdateAndCommit(benchmark::State& state) {
  auto& env = environment();
  std::vector<uint8_t> row(kRowBytes, 'u');
  RowBuffer buffer;
  RowVersion newest;
  std::minstd_rand random(static_cast<unsigned>(state.thread_index() + 1));
  for (auto _ : state) {
    auto txn = env.txns->begin(txn::Isolation::kReadCommitted, nullptr);
    row[50] = static_cast<uint8_t>(random());
    auto r = env.heap->update(*txn, txn->statement_snapshot(), env.tids[random() % kRows], row, 4, false,
                              false, buffer, &newest);
    VARVE_CHECK(r.ok());
    env.txns->commit(*txn);
  }
}
BENCHMARK(BM_HeapUpdateAndCommit)->Iterations(200'000);
BENCHMARK(BM_HeapUpdateAndCommit)->Iterations(200'000)->Threads(2);

}  // namespace
}  // namespace varve::access
