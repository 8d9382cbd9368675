#include <algorithm>
#include <map>
#include <random>

#include "heap_page.h"
#include "test_heap.h"

namespace varve::access {
namespace {

using txn::Isolation;
using txn::RowLock;
using txn::WaitPolicy;

TEST(Heap, InsertIsSeenByItselfInTheNextCommandAndByOthersAfterCommit) {
  HeapEnvironment env;
  auto a = env.begin();
  txn::Snapshot same_command = a->statement_snapshot();
  Tid tid = env.insert(*a, "one");
  EXPECT_EQ(env.read(same_command, tid), "-");
  EXPECT_EQ(env.read(*a, tid), "one");
  EXPECT_EQ(env.read_committed(tid), "-");
  auto before = env.begin(Isolation::kRepeatableRead);
  EXPECT_EQ(env.read(*before, tid), "-");
  env.commit(a);
  EXPECT_EQ(env.read_committed(tid), "one");
  EXPECT_EQ(env.read(*before, tid), "-");
  EXPECT_TRUE(env.scan(before->statement_snapshot()).empty());
  env.commit(before);
}

TEST(Heap, OldVersionsAreRebuiltThroughSeveralWriters) {
  HeapEnvironment env;
  auto t = env.begin();
  Tid tid = env.insert(*t, "version 0 of the row");
  env.commit(t);
  std::vector<std::unique_ptr<txn::Transaction>> readers;
  for (int i = 1; i <= 20; ++i) {
    readers.push_back(env.begin(Isolation::kRepeatableRead));
    readers.back()->statement_snapshot();
    t = env.begin();
    EXPECT_OUTCOME(
        env.update(*t, tid, fmt::format("{} version {} of the row", std::string(i % 7 * 10, 'x'), i)),
        LockOutcome::kLocked);
    env.commit(t);
  }
  t = env.begin();
  EXPECT_OUTCOME(env.remove(*t, tid), LockOutcome::kLocked);
  env.commit(t);
  EXPECT_EQ(env.read_committed(tid), "-");
  for (int i = 0; i < 20; ++i) {
    std::string expected = i == 0 ? "version 0 of the row"
                                  : fmt::format("{} version {} of the row", std::string(i % 7 * 10, 'x'), i);
    EXPECT_EQ(env.read(*readers[i], tid), expected);
    auto rows = env.scan(readers[i]->statement_snapshot());
    ASSERT_EQ(rows.size(), 1u);
    EXPECT_EQ(rows[0].second, expected);
    env.commit(readers[i]);
  }
}

TEST(Heap, RollbackRestoresRowsThatGrewShrankMovedAndWent) {
  HeapEnvironment env;
  auto t = env.begin();
  std::vector<Tid> tids;
  std::vector<std::string> rows;
  for (int i = 0; i < 200; ++i) {
    rows.push_back(fmt::format("{}:{}", i, std::string(i % 90, 'a')));
    tids.push_back(env.insert(*t, rows.back()));
  }
  env.commit(t);
  std::mt19937 random(7);
  for (int round = 0; round < 5; ++round) {
    t = env.begin();
    std::map<int, std::string> changed;
    for (int n = 0; n < 300; ++n) {
      int i = static_cast<int>(random() % tids.size());
      if (changed.contains(i) && changed[i] == "-") continue;
      if (random() % 8 == 0) {
        EXPECT_OUTCOME(env.remove(*t, tids[i]), LockOutcome::kLocked);
        changed[i] = "-";
      } else {
        std::string row =
            fmt::format("{}:{}", i, std::string(random() % (random() % 5 == 0 ? 4000 : 60), 'b'));
        EXPECT_OUTCOME(env.update(*t, tids[i], row), LockOutcome::kLocked);
        changed[i] = row;
      }
    }
    for (auto& [i, row] : changed) EXPECT_EQ(env.read(*t, tids[i]), row);
    for (size_t i = 0; i < tids.size(); ++i) EXPECT_EQ(env.read_committed(tids[i]), rows[i]);
    if (round == 2) {
      env.commit(t);
      for (auto& [i, row] : changed) rows[i] = row;
      for (size_t i = tids.size(); i-- > 0;) {
        if (rows[i] != "-") continue;
        tids.erase(tids.begin() + static_cast<long>(i));
        rows.erase(rows.begin() + static_cast<long>(i));
      }
    } else {
      env.rollback(t);
    }
    auto check = env.begin();
    for (size_t i = 0; i < tids.size(); ++i) EXPECT_EQ(env.read(*check, tids[i]), rows[i]);
    auto scanned = env.scan(check->statement_snapshot());
    EXPECT_EQ(scanned.size(), rows.size());
    for (auto& [tid, row] : scanned) {
      auto it = std::find(tids.begin(), tids.end(), tid);
      ASSERT_NE(it, tids.end());
      EXPECT_EQ(row, rows[static_cast<size_t>(it - tids.begin())]);
    }
    env.commit(check);
  }
}

TEST(Heap, SavepointsTakeBackOnlyWhatFollowed) {
  HeapEnvironment env;
  auto t = env.begin();
  Tid kept = env.insert(*t, "kept");
  auto outer = t->savepoint();
  EXPECT_OUTCOME(env.update(*t, kept, "changed once"), LockOutcome::kLocked);
  Tid lost = env.insert(*t, "lost");
  auto inner = t->savepoint();
  EXPECT_OUTCOME(env.update(*t, kept, "changed twice"), LockOutcome::kLocked);
  EXPECT_OUTCOME(env.remove(*t, lost), LockOutcome::kLocked);
  ASSERT_TRUE(t->rollback_to(inner).ok());
  EXPECT_EQ(env.read(*t, kept), "changed once");
  EXPECT_EQ(env.read(*t, lost), "lost");
  EXPECT_OUTCOME(env.update(*t, kept, "changed after"), LockOutcome::kLocked);
  ASSERT_TRUE(t->rollback_to(outer).ok());
  EXPECT_EQ(env.read(*t, kept), "kept");
  EXPECT_EQ(env.read(*t, lost), "-");
  Tid again = env.insert(*t, "again");
  env.commit(t);
  EXPECT_EQ(env.read_committed(kept), "kept");
  EXPECT_EQ(env.read_committed(again), "again");
}

TEST(Heap, ACommandNeverWritesARowTwice) {
  HeapEnvironment env;
  auto t = env.begin();
  Tid tid = env.insert(*t, "row");
  txn::Snapshot snapshot = t->statement_snapshot();
  RowBuffer buffer;
  RowVersion newest;
  std::string next = "next";
  EXPECT_OUTCOME(env.heap().update(*t, snapshot, tid, bytes_of(next), 1, false, false, buffer, &newest),
                 LockOutcome::kLocked);
  EXPECT_OUTCOME(env.heap().update(*t, snapshot, tid, bytes_of(next), 1, false, false, buffer, &newest),
                 LockOutcome::kSelfModified);
  EXPECT_OUTCOME(env.heap().remove(*t, snapshot, tid, false, buffer, &newest), LockOutcome::kSelfModified);
  EXPECT_OUTCOME(env.update(*t, tid, "third"), LockOutcome::kLocked);
  EXPECT_OUTCOME(env.remove(*t, tid), LockOutcome::kLocked);
  EXPECT_OUTCOME(env.remove(*t, tid), LockOutcome::kDeleted);
  env.commit(t);
}

TEST(Heap, FirstCommandOfATransactionSeesItsOwnWriteAsItsOwnCommands) {
  HeapEnvironment env;
  auto t = env.begin();
  Tid tid = env.insert(*t, "row");
  env.commit(t);
  t = env.begin();
  txn::Snapshot snapshot = t->statement_snapshot();  // no xid yet
  RowBuffer buffer;
  RowVersion newest;
  std::string next = "next";
  EXPECT_OUTCOME(env.heap().update(*t, snapshot, tid, bytes_of(next), 1, false, false, buffer, &newest),
                 LockOutcome::kLocked);
  EXPECT_EQ(env.read(snapshot, tid), "row");
  EXPECT_OUTCOME(env.heap().update(*t, snapshot, tid, bytes_of(next), 1, false, false, buffer, &newest),
                 LockOutcome::kSelfModified);
  env.rollback(t);
}

TEST(Heap, NewerVersionIsHandedOutToReadCommittedAndRefusedToRepeatableRead) {
  HeapEnvironment env;
  auto t = env.begin();
  Tid tid = env.insert(*t, "old");
  Tid gone = env.insert(*t, "gone");
  env.commit(t);
  auto rc = env.begin();
  auto rr = env.begin(Isolation::kRepeatableRead);
  txn::Snapshot rc_snapshot = rc->statement_snapshot();
  txn::Snapshot rr_snapshot = rr->statement_snapshot();
  t = env.begin();
  EXPECT_OUTCOME(env.update(*t, tid, "new"), LockOutcome::kLocked);
  EXPECT_OUTCOME(env.remove(*t, gone), LockOutcome::kLocked);
  env.commit(t);

  RowBuffer buffer;
  RowVersion newest;
  std::string mine = "mine";
  auto conflict = env.heap().update(*rr, rr_snapshot, tid, bytes_of(mine), 1, false, false, buffer, &newest);
  EXPECT_EQ(conflict.status().code(), StatusCode::kWriteConflict);
  EXPECT_EQ(conflict.status().message(), "could not serialize access due to concurrent update");
  conflict = env.heap().remove(*rr, rr_snapshot, gone, false, buffer, &newest);
  EXPECT_EQ(conflict.status().message(), "could not serialize access due to concurrent delete");
  env.rollback(rr);

  EXPECT_OUTCOME(env.heap().remove(*rc, rc_snapshot, gone, false, buffer, &newest), LockOutcome::kDeleted);
  EXPECT_OUTCOME(env.heap().update(*rc, rc_snapshot, tid, bytes_of(mine), 1, false, false, buffer, &newest),
                 LockOutcome::kLockedUpdated);
  EXPECT_EQ(text_of(newest), "new");
  // Locked now: somebody else cannot have it.
  auto other = env.begin();
  EXPECT_EQ(env.lock(*other, tid, RowLock::kNoKeyUpdate, WaitPolicy::kNoWait).status().code(),
            StatusCode::kBusy);
  EXPECT_OUTCOME(env.lock(*other, tid, RowLock::kUpdate, WaitPolicy::kSkip), LockOutcome::kSkipped);
  EXPECT_OUTCOME(env.heap().update(*rc, rc_snapshot, tid, bytes_of(mine), 1, false, true, buffer, &newest),
                 LockOutcome::kLocked);
  env.commit(rc);
  EXPECT_OUTCOME(env.lock(*other, tid, RowLock::kUpdate, WaitPolicy::kNoWait), LockOutcome::kLocked);
  env.commit(other);
  EXPECT_EQ(env.read_committed(tid), "mine");
}

// PostgreSQL's table of row lock conflicts, between holders and between a running writer and a locker.
TEST(Heap, RowLockStrengthsConflictAsInPostgres) {
  HeapEnvironment env;
  auto t = env.begin();
  Tid tid = env.insert(*t, "row");
  env.commit(t);
  const RowLock all[] = {RowLock::kKeyShare, RowLock::kShare, RowLock::kNoKeyUpdate, RowLock::kUpdate};
  const bool conflicts[4][4] = {{false, false, false, true},
                                {false, false, true, true},
                                {false, true, true, true},
                                {true, true, true, true}};
  for (int held = 0; held < 4; ++held) {
    for (int wanted = 0; wanted < 4; ++wanted) {
      auto a = env.begin();
      auto b = env.begin();
      EXPECT_OUTCOME(env.lock(*a, tid, all[held]), LockOutcome::kLocked);
      auto r = env.lock(*b, tid, all[wanted], WaitPolicy::kNoWait);
      EXPECT_EQ(!r.ok(), conflicts[held][wanted]) << held << " " << wanted;
      env.commit(a);
      env.commit(b);
    }
  }
  for (int wanted = 0; wanted < 4; ++wanted) {
    for (bool keys : {false, true}) {
      auto a = env.begin();
      auto b = env.begin();
      EXPECT_OUTCOME(env.update(*a, tid, "changed", keys), LockOutcome::kLocked);
      std::string seen;
      auto r = env.lock(*b, tid, all[wanted], WaitPolicy::kNoWait, &seen);
      EXPECT_EQ(!r.ok(), conflicts[keys ? 3 : 2][wanted]) << keys << " " << wanted;
      if (r.ok()) {
        EXPECT_EQ(seen, "row");
      }
      env.rollback(a);
      env.commit(b);
    }
  }
  // A KEY SHARE lock lets a non-key update through and stops a key update and a delete.
  auto a = env.begin();
  EXPECT_OUTCOME(env.lock(*a, tid, RowLock::kKeyShare), LockOutcome::kLocked);
  auto b = env.begin();
  EXPECT_OUTCOME(env.update(*b, tid, "second", false), LockOutcome::kLocked);
  env.commit(b);
  b = env.begin();
  EXPECT_EQ(env.lock(*b, tid, RowLock::kUpdate, WaitPolicy::kNoWait).status().code(), StatusCode::kBusy);
  env.commit(a);
  EXPECT_OUTCOME(env.remove(*b, tid), LockOutcome::kLocked);
  env.rollback(b);
  EXPECT_EQ(env.read_committed(tid), "second");
}

TEST(Heap, PurgeFreesDeletedRowsOnlyWhenNobodyCanSeeThem) {
  HeapEnvironment env;
  auto t = env.begin();
  const std::string going(400, 'g');
  Tid tid = env.insert(*t, going);
  Tid moved = env.insert(*t, "short");
  std::vector<Tid> filler;
  for (int i = 0; i < 30; ++i) filler.push_back(env.insert(*t, std::string(240, 'f')));
  env.commit(t);
  t = env.begin();
  EXPECT_OUTCOME(env.update(*t, moved, std::string(5000, 'l')), LockOutcome::kLocked);
  env.commit(t);
  auto reader = env.begin(Isolation::kRepeatableRead);
  EXPECT_EQ(env.read(*reader, tid), going);
  t = env.begin();
  EXPECT_OUTCOME(env.remove(*t, tid), LockOutcome::kLocked);
  EXPECT_OUTCOME(env.remove(*t, moved), LockOutcome::kLocked);
  env.commit(t);
  env.flush();
  ASSERT_TRUE(env.txns().purge_once().ok());
  RowBuffer buffer;
  RowVersion row;
  EXPECT_TRUE(*env.heap().fetch_newest(tid, buffer, &row));
  EXPECT_EQ(env.read(*reader, tid), going);
  EXPECT_EQ(env.read(*reader, moved).size(), 5000u);
  env.commit(reader);
  ASSERT_TRUE(env.txns().purge_once().ok());
  EXPECT_FALSE(*env.heap().fetch_newest(tid, buffer, &row));
  EXPECT_FALSE(*env.heap().fetch_newest(moved, buffer, &row));
  auto check = env.begin();
  EXPECT_EQ(env.scan(check->statement_snapshot()).size(), filler.size());
  // The slot and the bytes are used again.
  bool reused = false;
  for (int i = 0; i < 40 && !reused; ++i) reused = env.insert(*check, std::string(200, 'n')) == tid;
  EXPECT_TRUE(reused);
  env.commit(check);
}

TEST(Heap, VacuumFindsWhatTheQueueForgotAtARestart) {
  HeapEnvironment env;
  auto t = env.begin();
  std::vector<Tid> tids;
  for (int i = 0; i < 50; ++i) tids.push_back(env.insert(*t, fmt::format("row {}", i)));
  env.commit(t);
  t = env.begin();
  for (int i = 0; i < 50; i += 2)
    EXPECT_OUTCOME(env.remove(*t, tids[static_cast<size_t>(i)]), LockOutcome::kLocked);
  env.commit(t);
  env.flush();
  env.restart();

  struct Sink : Heap::DeadRowSink {
    std::vector<std::string> seen;
    Status remove_index_entries(std::span<const Tid> gone, std::span<const RowVersion> rows) override {
      EXPECT_EQ(gone.size(), rows.size());
      for (const RowVersion& row : rows) seen.push_back(text_of(row));
      return {};
    }
  } sink;
  auto result = env.heap().vacuum(sink);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->dead_rows_removed, 25u);
  EXPECT_EQ(result->live_rows, 25u);
  EXPECT_EQ(sink.seen.size(), 25u);
  RowBuffer buffer;
  RowVersion row;
  EXPECT_FALSE(*env.heap().fetch_newest(tids[0], buffer, &row));
  EXPECT_EQ(env.read_committed(tids[1]), "row 1");
}

TEST(Heap, InsertManyFillsPagesAndRollsBack) {
  HeapEnvironment env;
  std::vector<std::string> rows;
  for (int i = 0; i < 1000; ++i) rows.push_back(fmt::format("{} {}", i, std::string(i % 100, 'z')));
  std::vector<wal::Bytes> spans;
  for (const auto& row : rows) spans.push_back(bytes_of(row));
  for (bool commit : {false, true}) {
    auto t = env.begin();
    std::vector<Tid> tids;
    ASSERT_TRUE(env.heap().insert_many(*t, spans, 1, &tids).ok());
    ASSERT_EQ(tids.size(), rows.size());
    for (size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(env.read(*t, tids[i]), rows[i]);
    if (commit) {
      env.commit(t);
      auto check = env.begin();
      EXPECT_EQ(env.scan(check->statement_snapshot()).size(), rows.size());
      env.commit(check);
    } else {
      env.rollback(t);
      auto check = env.begin();
      EXPECT_TRUE(env.scan(check->statement_snapshot()).empty());
      env.commit(check);
    }
  }
  auto pages = segment_page_count(env.pool(), env.heap().segment());
  ASSERT_TRUE(pages.ok());
  EXPECT_LT(*pages, 24u);  // the pages of the rolled-back load were used again
}

TEST(Heap, TooBigARowIsRefused) {
  HeapEnvironment env;
  auto t = env.begin();
  std::string row(kMaxRowBytes + 1, 'x');
  EXPECT_EQ(env.heap().insert(*t, bytes_of(row), 1).status().code(), StatusCode::kInvalid);
  row.pop_back();
  Tid tid = env.insert(*t, row);
  EXPECT_EQ(env.read(*t, tid), row);
  env.commit(t);
}

TEST(Heap, UndoLimitRefusesWorkAndLosesNothing) {
  txn::TxnOptions options;
  options.undo_memory_bytes = 3 << 20;
  HeapEnvironment env(options);
  auto t = env.begin();
  Tid tid = env.insert(*t, std::string(2000, 'a'));
  env.commit(t);
  t = env.begin();
  Status refused;
  for (int i = 0; i < 5000 && refused.ok(); ++i) {
    refused = env.update(*t, tid, std::string(2000, static_cast<char>('b' + i % 20))).status();
  }
  EXPECT_EQ(refused.code(), StatusCode::kOutOfMemory);
  env.rollback(t);
  EXPECT_EQ(env.read_committed(tid), std::string(2000, 'a'));
}

TEST(Heap, UndoIsSpilledAndReadBack) {
  txn::TxnOptions options;
  options.undo_memory_bytes = 3 << 20;
  options.spill_directory = ::testing::TempDir();
  HeapEnvironment env(options);
  auto t = env.begin();
  Tid tid = env.insert(*t, std::string(2000, 'a'));
  env.commit(t);
  auto reader = env.begin(Isolation::kRepeatableRead);
  EXPECT_EQ(env.read(*reader, tid), std::string(2000, 'a'));
  t = env.begin();
  for (int i = 0; i < 5000; ++i) {
    EXPECT_OUTCOME(env.update(*t, tid, std::string(2000, static_cast<char>('b' + i % 20))),
                   LockOutcome::kLocked);
  }
  EXPECT_EQ(env.read(*reader, tid), std::string(2000, 'a'));
  env.rollback(t);
  EXPECT_EQ(env.read_committed(tid), std::string(2000, 'a'));
  env.commit(reader);
}

TEST(HeapPage, CommonPartsAndSpliceAreInverse) {
  std::mt19937 random(3);
  for (int round = 0; round < 2000; ++round) {
    std::string a(random() % 60, 'a');
    for (char& c : a) c = static_cast<char>('a' + random() % 2);
    std::string b = a;
    for (int edits = random() % 3; edits > 0 && !b.empty(); --edits) {
      if (random() % 2 == 0)
        b.insert(random() % b.size(), std::string(random() % 20, 'q'));
      else
        b.erase(random() % b.size(), random() % 10);
    }
    CommonParts common = common_parts(bytes_of(a), bytes_of(b));
    ASSERT_LE(common.prefix + common.suffix, std::min(a.size(), b.size()));
    std::string row = a;
    row.resize(std::max(a.size(), b.size()));
    splice(reinterpret_cast<uint8_t*>(row.data()), a.size(), b.size(), common.prefix, common.suffix,
           bytes_of(b).data() + common.prefix);
    row.resize(b.size());
    EXPECT_EQ(row, b);
  }
}

// Drops a segment in `txn` and makes another, which gets its number, in the transaction returned; null: it
// got another number, or something failed.
std::unique_ptr<txn::Transaction> begin_with_segment_of_the_same_number(HeapEnvironment& env,
                                                                        std::unique_ptr<txn::Transaction> txn,
                                                                        PageId segment) {
  bool ok = drop_segment(env.pool(), *txn, segment).ok();
  env.commit(txn);
  env.flush();
  ok &= env.txns().purge_once().ok();
  txn = env.begin();
  auto made = create_heap(env.txns(), *txn);
  return ok && made.ok() && *made == segment ? std::move(txn) : nullptr;
}

// A heap whose segment has the number of a dropped one, while somebody still holds the old heap object: it
// must not be led to pages that the old one had.
TEST(Heap, ANewHeapKnowsNothingOfTheOneWhoseNumberItHas) {
  HeapEnvironment env;
  auto txn = env.begin();
  auto old_segment = create_heap(env.txns(), *txn);
  ASSERT_TRUE(old_segment.ok());
  env.commit(txn);
  auto old_heap = open_heap(env.txns(), *old_segment, 5);
  txn = env.begin();
  std::vector<Tid> tids;
  for (int i = 0; i < 40; ++i) tids.push_back(*old_heap->insert(*txn, bytes_of(std::string(3000, 'o')), 1));
  env.commit(txn);
  txn = env.begin();
  for (size_t i = 0; i < tids.size(); i += 2) {
    RowBuffer buffer;
    RowVersion newest;
    EXPECT_OUTCOME(old_heap->remove(*txn, txn->statement_snapshot(), tids[i], false, buffer, &newest),
                   LockOutcome::kLocked);
  }
  txn = begin_with_segment_of_the_same_number(env, std::move(txn), *old_segment);
  ASSERT_NE(txn, nullptr);
  const PageId new_segment = *old_segment;
  auto new_heap = open_heap(env.txns(), new_segment, 5);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(new_heap->insert(*txn, bytes_of(std::string(2000, 'n')), 1).ok());
  env.commit(txn);
  // Every row lies in a page of the new segment, and a scan finds them all.
  auto runs = new_heap->runs();
  ASSERT_TRUE(runs.ok());
  auto reader = env.begin();
  size_t found = 0;
  Heap::PageBatch batch;
  for (const PageRun& run : *runs) {
    for (uint32_t i = 0; i < run.count; ++i) {
      ASSERT_TRUE(
          new_heap->read_page(reader->statement_snapshot(), PageId{run.first.value() + i}, &batch).ok());
      for (const RowVersion& row : batch.rows) found += row.length == 2000 && row.bytes[0] == 'n';
    }
  }
  env.commit(reader);
  EXPECT_EQ(found, 100u);
}

// Between allocate_page() and the first change of the page others see it as it was left.
TEST(Heap, PagesHandedOutButNotFormattedAreEmpty) {
  HeapEnvironment env;
  auto txn = env.begin();
  auto old_segment = create_heap(env.txns(), *txn);
  ASSERT_TRUE(old_segment.ok());
  auto old_heap = open_heap(env.txns(), *old_segment, 5);
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(old_heap->insert(*txn, bytes_of(std::string(1000, 'o')), 1).ok());
  env.commit(txn);
  ASSERT_TRUE(env.pool().write_dirty(0).ok());  // so that they are read again
  txn = env.begin();
  txn = begin_with_segment_of_the_same_number(env, std::move(txn), *old_segment);
  ASSERT_NE(txn, nullptr);
  const PageId new_segment = *old_segment;
  auto new_heap = open_heap(env.txns(), new_segment, 5);
  auto page = allocate_page(env.pool(), new_segment);
  ASSERT_TRUE(page.ok());
  env.commit(txn);
  auto reader = env.begin();
  Heap::PageBatch batch;
  ASSERT_TRUE(new_heap->read_page(reader->statement_snapshot(), *page, &batch).ok());
  EXPECT_TRUE(batch.rows.empty());
  env.commit(reader);
  // After a crash it is found again.
  EXPECT_EQ(*reclaim_lost_pages(env.pool(), new_segment), 1u);
  EXPECT_EQ(*reclaim_lost_pages(env.pool(), new_segment), 0u);
}

}  // namespace
}  // namespace varve::access
