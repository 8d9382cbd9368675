#include <benchmark/benchmark.h>

#include "common/check.h"
#include "port/sim_vfs.h"
#include "port/vfs.h"
#include "txn/lock_manager.h"
#include "txn/txn_manager.h"
#include "wal/log_manager.h"

namespace varve::txn {
namespace {

struct Environment {
  Environment() : vfs(1) {
    wal::LogOptions options;
    options.directory = "wal";
    options.sync = false;
    auto opened = wal::open_log(vfs, options, Lsn{});
    VARVE_CHECK(opened.ok());
    log = std::move(opened.value().log);
    buffer::PoolOptions pool_options;
    pool_options.frame_bytes = 1 << 20;
    pool_options.max_pages = 1 << 20;
    pool = buffer::make_buffer_pool(vfs, "data", *log, pool_options);
    txns = make_txn_manager(*pool, Xid{1});
  }
  port::SimVfs vfs;
  std::unique_ptr<wal::LogManager> log;
  std::unique_ptr<buffer::BufferPool> pool;
  std::unique_ptr<TxnManager> txns;
};
Environment& environment() {
  static Environment e;
  return e;
}

void BM_BeginCommitReadOnly(benchmark::State& state) {
  auto& env = environment();
  for (auto _ : state) {
    auto txn = env.txns->begin(Isolation::kReadCommitted, nullptr);
    benchmark::DoNotOptimize(txn->statement_snapshot());
    env.txns->commit(*txn);
  }
}
BENCHMARK(BM_BeginCommitReadOnly);
BENCHMARK(BM_BeginCommitReadOnly)->Threads(2);

void BM_WeakRelationLock(benchmark::State& state) {
  auto& env = environment();
  LockTag tag{LockTagKind::kRelation, 1, 16384, 0};
  auto txn = env.txns->begin(Isolation::kReadCommitted, nullptr);
  auto savepoint = txn->savepoint();
  for (auto _ : state) {
    (void)env.txns->locks().acquire(*txn, tag, LockMode::kRowExclusive, WaitPolicy::kWait, 0).ok();
    (void)txn->rollback_to(savepoint).ok();
  }
}
BENCHMARK(BM_WeakRelationLock);
BENCHMARK(BM_WeakRelationLock)->Threads(2);

void BM_RowLock(benchmark::State& state) {
  auto& env = environment();
  auto txn = env.txns->begin(Isolation::kReadCommitted, nullptr);
  auto savepoint = txn->savepoint();
  for (auto _ : state) {
    (void)env.txns->locks()
        .acquire_row(*txn, 1, Tid{PageId{77}, 3}, RowLock::kUpdate, WaitPolicy::kWait, 0)
        .ok();
    (void)txn->rollback_to(savepoint).ok();
  }
}
BENCHMARK(BM_RowLock);

void BM_VisibleBelowHorizon(benchmark::State& state) {
  auto& env = environment();
  auto txn = env.txns->begin(Isolation::kReadCommitted, nullptr);
  Snapshot snapshot = txn->statement_snapshot();
  for (auto _ : state) benchmark::DoNotOptimize(env.txns->visible(snapshot, Xid{0}, kNoUndo));
}
BENCHMARK(BM_VisibleBelowHorizon);

void BM_VisibleByStateWord(benchmark::State& state) {
  auto& env = environment();
  auto holder = env.txns->begin(Isolation::kReadCommitted, nullptr);
  Xid oldest = holder->assign_xid();  // keeps the horizon back
  (void)oldest;
  auto writer = env.txns->begin(Isolation::kReadCommitted, nullptr);
  Xid xid = writer->assign_xid();
  UndoHeader header{UndoKind::kIndexGone, 0, 0, 1, 0};
  (void)writer->add_undo({reinterpret_cast<const uint8_t*>(&header), sizeof(header)}, Xid{}, kNoUndo);
  env.txns->commit(*writer);
  auto txn = env.txns->begin(Isolation::kReadCommitted, nullptr);
  Snapshot snapshot = txn->statement_snapshot();
  for (auto _ : state) benchmark::DoNotOptimize(env.txns->visible(snapshot, xid, kNoUndo));
}
BENCHMARK(BM_VisibleByStateWord);

void BM_CommitOfAWriterWithoutFlush(benchmark::State& state) {
  auto& env = environment();
  UndoHeader header{UndoKind::kIndexGone, 0, 0, 1, 0};
  for (auto _ : state) {
    auto txn = env.txns->begin(Isolation::kReadCommitted, nullptr);
    txn->assign_xid();
    (void)txn->add_undo({reinterpret_cast<const uint8_t*>(&header), sizeof(header)}, Xid{}, kNoUndo);
    Lsn lsn = env.txns->commit(*txn);
    if (state.iterations() % 65536 == 0) (void)env.log->flush(lsn).ok();
  }
}
BENCHMARK(BM_CommitOfAWriterWithoutFlush);

}  // namespace
}  // namespace varve::txn
