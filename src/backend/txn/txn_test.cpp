#include <atomic>
#include <random>

#include "state_table.h"
#include "test_txn.h"
#include "undo_log.h"

namespace varve::txn {
namespace {

TEST(Txn, StatesAndVisibilityFollowTheCommit) {
  TxnEnvironment env;
  auto before = env.begin(0, Isolation::kRepeatableRead);
  Snapshot early = before->statement_snapshot();
  auto writer = env.begin();
  env.write(*writer);
  Xid xid = writer->xid();
  EXPECT_EQ(env.txns().xid_status(xid).state, XidState::kRunning);
  EXPECT_FALSE(env.txns().visible(early, xid, kNoUndo));
  Lsn csn = env.commit(writer);
  EXPECT_EQ(env.txns().xid_status(xid).state, XidState::kCommitted);
  EXPECT_EQ(env.txns().xid_status(xid).csn.value(), csn.value());
  EXPECT_FALSE(env.txns().visible(early, xid, kNoUndo));
  auto after = env.begin();
  EXPECT_TRUE(env.txns().visible(after->statement_snapshot(), xid, kNoUndo));
  // READ COMMITTED moves on, REPEATABLE READ does not.
  EXPECT_GT(after->statement_snapshot().csn, early.csn);
  EXPECT_EQ(before->statement_snapshot().csn, early.csn);
}

TEST(Txn, AReaderOfACommitNotYetDurableWaitsForIt) {
  TxnEnvironment env;
  auto writer = env.begin();
  env.write(*writer);
  Xid xid = writer->xid();
  Lsn csn = env.commit(writer);
  auto blind = env.begin();
  blind->statement_snapshot();
  EXPECT_EQ(env.commit(blind), Lsn{});
  auto reader = env.begin();
  EXPECT_TRUE(env.txns().visible(reader->statement_snapshot(), xid, kNoUndo));
  EXPECT_EQ(env.commit(reader), csn);
  ASSERT_TRUE(env.log().flush(csn).ok());
  reader = env.begin();
  EXPECT_TRUE(env.txns().visible(reader->statement_snapshot(), xid, kNoUndo));
  EXPECT_EQ(env.commit(reader), Lsn{});
}

TEST(Txn, WithoutAWriteThereIsNoCommitRecord) {
  TxnEnvironment env;
  Lsn end = env.log().reserved_lsn();
  auto txn = env.begin();
  Xid xid = txn->assign_xid();
  EXPECT_EQ(env.commit(txn), Lsn{});
  EXPECT_EQ(env.log().reserved_lsn(), end);
  EXPECT_EQ(env.txns().xid_status(xid).state, XidState::kCommitted);
}

TEST(Txn, OwnWritesAreSeenUpToTheCommandsBeginning) {
  TxnEnvironment env;
  auto txn = env.begin();
  UndoPtr first = env.write(*txn);
  Snapshot second_command = txn->statement_snapshot();
  UndoPtr second = env.write(*txn);
  EXPECT_TRUE(env.txns().visible(second_command, txn->xid(), first));
  EXPECT_FALSE(env.txns().visible(second_command, txn->xid(), second));
  EXPECT_TRUE(env.txns().visible(txn->statement_snapshot(), txn->xid(), second));
  // Also when undo goes on in another chunk.
  for (int i = 0; i < 40; ++i) {
    Snapshot snapshot = txn->statement_snapshot();
    UndoPtr at = env.write(*txn, 1, 60'000);
    EXPECT_FALSE(env.txns().visible(snapshot, txn->xid(), at));
    EXPECT_TRUE(env.txns().visible(txn->statement_snapshot(), txn->xid(), at));
  }
}

TEST(Txn, HorizonStopsAtRunningWritersSnapshotsAndWhatIsNotDurable) {
  TxnEnvironment env;
  auto reader = env.begin();
  reader->statement_snapshot();
  auto a = env.begin();
  env.write(*a);
  Xid xa = a->xid();
  auto b = env.begin();
  env.write(*b);
  Xid xb = b->xid();
  ASSERT_TRUE(env.txns().purge_once().ok());
  EXPECT_EQ(env.txns().horizon(), xa);
  Lsn end = env.commit(a);
  ASSERT_TRUE(env.log().flush(end).ok());
  ASSERT_TRUE(env.txns().purge_once().ok());
  EXPECT_EQ(env.txns().horizon(), xa);  // the reader's snapshot is older
  reader->release_snapshot();
  ASSERT_TRUE(env.txns().purge_once().ok());
  EXPECT_EQ(env.txns().horizon(), xb);
  env.commit(b);
  ASSERT_TRUE(env.txns().purge_once().ok());
  EXPECT_EQ(env.txns().horizon(), xb);  // not durable
  ASSERT_TRUE(env.log().flush(env.log().reserved_lsn()).ok());
  ASSERT_TRUE(env.txns().purge_once().ok());
  EXPECT_EQ(env.txns().horizon(), env.txns().next_xid());
  EXPECT_EQ(env.txns().xid_status(xa).state, XidState::kCommitted);
}

TEST(Txn, ARolledBackWriterHoldsTheHorizonForOlderReaders) {
  TxnEnvironment env;
  auto writer = env.begin();
  env.write(*writer);
  Xid xid = writer->xid();
  auto reader = env.begin();
  Snapshot snapshot = reader->statement_snapshot();
  env.txns().rollback(*writer);
  ASSERT_TRUE(env.log().flush(env.log().reserved_lsn()).ok());
  ASSERT_TRUE(env.txns().purge_once().ok());
  EXPECT_EQ(env.txns().horizon(), xid);
  EXPECT_FALSE(env.txns().visible(snapshot, xid, kNoUndo));
  EXPECT_EQ(env.txns().xid_status(xid).state, XidState::kAborted);
}

TEST(Txn, PinsHoldTheHorizonAfterTheStatement) {
  TxnEnvironment env;
  auto holder = env.begin();
  uint64_t pin = holder->pin_snapshot(holder->statement_snapshot());
  holder->release_snapshot();
  auto writer = env.begin();
  env.write(*writer);
  Xid xid = writer->xid();
  ASSERT_TRUE(env.log().flush(env.commit(writer)).ok());
  holder->statement_snapshot();
  holder->release_snapshot();
  ASSERT_TRUE(env.txns().purge_once().ok());
  EXPECT_EQ(env.txns().horizon(), xid);
  holder->unpin_snapshot(pin);
  ASSERT_TRUE(env.txns().purge_once().ok());
  EXPECT_GT(env.txns().horizon(), xid);
}

std::vector<std::pair<UndoKind, uint64_t>> purged;

TEST(Txn, PurgeTakesIndexEntriesFirstAndTransactionsInCommitOrder) {
  TxnEnvironment env;
  auto note = [](PurgeContext&, const UndoView& record) -> Status {
    purged.emplace_back(record.header().kind, record.header().object);
    return {};
  };
  register_purge(UndoKind::kHeapDelete, note);
  register_purge(UndoKind::kIndexGone, note);
  purged.clear();
  auto add = [](Transaction& txn, UndoKind kind, uint64_t object) {
    UndoHeader header{kind, 0, 0, object, 0};
    txn.assign_xid();
    (void)txn.add_undo({reinterpret_cast<const uint8_t*>(&header), sizeof(header)}, Xid{}, kNoUndo);
  };
  auto a = env.begin();
  auto b = env.begin();
  add(*a, UndoKind::kIndexGone, 1);
  add(*a, UndoKind::kHeapDelete, 1);
  add(*b, UndoKind::kHeapDelete, 2);
  add(*b, UndoKind::kIndexGone, 2);
  env.commit(b);
  ASSERT_TRUE(env.log().flush(env.commit(a)).ok());
  ASSERT_TRUE(env.txns().purge_once().ok());
  using Expected = std::vector<std::pair<UndoKind, uint64_t>>;
  EXPECT_EQ(purged, (Expected{{UndoKind::kIndexGone, 2},
                              {UndoKind::kHeapDelete, 2},
                              {UndoKind::kIndexGone, 1},
                              {UndoKind::kHeapDelete, 1}}));
  register_purge(UndoKind::kHeapDelete, nullptr);
  register_purge(UndoKind::kIndexGone, nullptr);
}

TEST(Txn, ActiveWritersAreThoseThatRun) {
  TxnEnvironment env;
  auto reader = env.begin();
  auto a = env.begin();
  env.write(*a);
  auto b = env.begin();
  env.write(*b);
  Xid xb = b->xid();
  EXPECT_EQ(env.txns().active_writers().size(), 2u);
  env.commit(a);
  auto writers = env.txns().active_writers();
  ASSERT_EQ(writers.size(), 1u);
  EXPECT_EQ(writers[0].xid, xb);
  b.reset();  // rolls back
  EXPECT_TRUE(env.txns().active_writers().empty());
}

TEST(Txn, StatePagesAreUsedAgain) {
  TxnEnvironment env;
  Xid first;
  for (int i = 0; i < 50'000; ++i) {
    auto txn = env.begin();
    Xid xid = txn->assign_xid();
    if (i == 0) first = xid;
    env.commit(txn);
  }
  ASSERT_TRUE(env.txns().purge_once().ok());
  EXPECT_EQ(env.txns().horizon(), env.txns().next_xid());
  EXPECT_EQ(env.txns().xid_status(first).state, XidState::kCommitted);
}

// Snapshots taken while others commit: whatever was committed before a snapshot stays visible in it, and what
// is visible once never ceases to be.
TEST(Txn, SnapshotsAreStableWhileOthersCommit) {
  TxnEnvironment env;
  std::atomic<uint64_t> last_committed{0};
  std::atomic<bool> stop{false};
  // Rolled-back ones leave no trace, so what is said of them may change when the horizon passes.
  std::vector<std::atomic<bool>> rolled_back(50'000);
  std::vector<std::thread> writers;
  for (int i = 0; i < 2; ++i) {
    writers.emplace_back([&] {
      for (int n = 0; n < 20'000; ++n) {
        auto txn = env.begin();
        env.write(*txn);
        uint64_t xid = txn->xid().value();
        if (n % 7 == 0) {
          rolled_back[xid].store(true);
          env.txns().rollback(*txn);
          continue;
        }
        env.commit(txn);
        last_committed.store(xid);
      }
    });
  }
  std::thread flusher([&] {
    while (!stop.load()) {
      (void)env.log().flush(env.log().reserved_lsn()).ok();
      (void)env.txns().purge_once().ok();
    }
  });
  std::thread reader([&] {
    while (!stop.load()) {
      auto txn = env.begin(0, Isolation::kRepeatableRead);
      uint64_t must_see = last_committed.load();
      Snapshot snapshot = txn->statement_snapshot();
      uint64_t from = env.txns().horizon().value();
      uint64_t to = env.txns().next_xid().value();
      if (to - from > 500) from = to - 500;
      std::vector<bool> seen;
      for (uint64_t x = from; x < to; ++x) seen.push_back(env.txns().visible(snapshot, Xid{x}, kNoUndo));
      if (must_see >= from) {
        EXPECT_TRUE(seen[must_see - from]);
      }
      std::this_thread::yield();
      for (uint64_t x = from; x < to; ++x) {
        if (rolled_back[x].load()) continue;
        EXPECT_EQ(seen[x - from], env.txns().visible(snapshot, Xid{x}, kNoUndo)) << x;
      }
      env.commit(txn);
    }
  });
  for (auto& w : writers) w.join();
  stop.store(true);
  flusher.join();
  reader.join();
}

}  // namespace
}  // namespace varve::txn
