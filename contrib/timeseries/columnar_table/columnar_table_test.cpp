// One session at a time: what settles, what a snapshot sees, what becomes of deleted and moved rows.
#include <algorithm>
#include <deque>
#include <random>

#include "test_table.h"

namespace varve::columnar_table {
namespace {

using access::ColumnComparison;
using access::LockOutcome;
using txn::Isolation;

TestRow row_of(int64_t key) {
  TestRow row{key, fmt::format("host-{}", key % 7), static_cast<double>(key) / 4};
  if (key % 11 == 0) row.text.reset();
  if (key % 97 == 0) row.text = std::string(5000 + static_cast<size_t>(key), 'x') + std::to_string(key);
  return row;
}

TestRows fill(TestTable& table, int64_t from, int64_t to) {
  TestRows rows;
  auto txn = table.begin();
  for (int64_t k = from; k < to; ++k) {
    table.insert(*txn, row_of(k));
    rows[k] = row_of(k);
  }
  table.commit(txn);
  return rows;
}

void check_all(TestTable& table, const TestRows& expected) {
  EXPECT_TRUE(same_rows(table.scan_now(), expected));
  auto txn = table.begin();
  txn::Snapshot snapshot = txn->statement_snapshot();
  EXPECT_EQ(table.count(snapshot), expected.size());
  table.check_index(snapshot, expected);
  table.commit(txn);
}

TEST(ColumnarTable, SettledRowsAreTheRowsThatWereThere) {
  TestTable table;
  TestRows rows = fill(table, 0, 3000);
  check_all(table, rows);
  EXPECT_EQ(table.vectors(), 0U);
  EXPECT_EQ(table.settle(), 3000U);
  EXPECT_EQ(table.vectors(), 3U);
  check_all(table, rows);
  EXPECT_EQ(table.settle(), 0U);
  rows.merge(fill(table, 3000, 3100));
  check_all(table, rows);
  table.reattach();
  check_all(table, rows);
  table.reopen();
  check_all(table, rows);
  EXPECT_EQ(table.settle(101), 0U);
  EXPECT_EQ(table.settle(100), 100U);
  check_all(table, rows);
}

TEST(ColumnarTable, OldSnapshotsSeeTheRowsWhereTheyWere) {
  TestTable table;
  TestRows rows = fill(table, 0, 500);
  auto old = table.begin(Isolation::kRepeatableRead);
  txn::Snapshot before = old->statement_snapshot();
  EXPECT_EQ(table.settle(), 500U);
  fill(table, 500, 600);
  EXPECT_TRUE(same_rows(table.scan(before), rows));
  EXPECT_TRUE(same_rows(table.scan_columns(before), rows));
  table.check_index(before, rows);
  // Nothing that an open snapshot does not see may settle.
  EXPECT_EQ(table.settle(), 0U);
  table.commit(old);
  EXPECT_EQ(table.settle(), 100U);
}

TEST(ColumnarTable, RollbackOfSettlingPutsTheRowsBack) {
  TestTable table;
  TestRows rows = fill(table, 0, 2000);
  ASSERT_TRUE(table.txns().purge_once().ok());
  auto txn = table.begin();
  EXPECT_EQ(table.settle_in(*txn).value(), 2000U);
  EXPECT_TRUE(same_rows(table.scan(txn->statement_snapshot()), rows));
  check_all(table, rows);
  table.rollback(txn);
  check_all(table, rows);
  // The list of segments is looked through when the horizon has moved.
  ASSERT_TRUE(table.txns().purge_once().ok());
  EXPECT_EQ(table.vectors(), 0U);
  check_all(table, rows);
  EXPECT_EQ(table.settle(), 2000U);
  check_all(table, rows);
}

TEST(ColumnarTable, UncommittedAndLockedRowsStay) {
  TestTable table;
  TestRows rows = fill(table, 0, 100);
  auto writer = table.begin();
  txn::Snapshot snapshot = writer->statement_snapshot();
  Tid changed = table.find(snapshot, 5).at(0).first, locked = table.find(snapshot, 6).at(0).first;
  TestRow other = row_of(5);
  other.number = -1;
  EXPECT_EQ(table.update(*writer, snapshot, changed, other).value(), LockOutcome::kLocked);
  EXPECT_EQ(table.lock(*writer, snapshot, locked, txn::RowLock::kKeyShare).value(), LockOutcome::kLocked);
  writer->release_snapshot();
  EXPECT_EQ(table.settle(), 98U);
  table.commit(writer);
  rows[5] = other;
  check_all(table, rows);
  EXPECT_EQ(table.settle(), 2U);
  check_all(table, rows);
}

TEST(ColumnarTable, DeleteAndUpdateOfSettledRows) {
  TestTable table;
  const TestRows before = fill(table, 0, 2500);
  TestRows rows = before;
  table.settle();
  auto txn = table.begin();
  for (int64_t k = 0; k < 2500; k += 5) {
    txn::Snapshot snapshot = txn->statement_snapshot();
    Tid tid = table.find(snapshot, k).at(0).first;
    EXPECT_TRUE(access::is_settled(tid));
    if (k % 2 == 0) {
      EXPECT_EQ(table.remove(*txn, snapshot, tid, k).value(), LockOutcome::kLocked);
      // The same command comes by once more.
      EXPECT_EQ(table.remove(*txn, snapshot, tid, k).value(), LockOutcome::kSelfModified);
    } else {
      TestRow other = row_of(k + 97);
      other.key = k;
      EXPECT_EQ(table.update(*txn, snapshot, tid, other).value(), LockOutcome::kLocked);
      rows[k] = other;
    }
  }
  check_all(table, before);  // to all others
  for (int64_t k = 0; k < 2500; k += 10) rows.erase(k);
  EXPECT_TRUE(same_rows(table.scan(txn->statement_snapshot()), rows));
  table.commit(txn);
  check_all(table, rows);
  table.reattach();
  check_all(table, rows);
  table.reopen();
  check_all(table, rows);
  table.settle();
  check_all(table, rows);
}

TEST(ColumnarTable, RolledBackMarksCountForNothing) {
  TestTable table;
  TestRows rows = fill(table, 0, 50);
  table.settle();
  for (int round = 0; round < 3; ++round) {
    auto txn = table.begin();
    txn->assign_xid();
    txn::Transaction::Savepoint point = txn->savepoint();
    txn::Snapshot snapshot = txn->statement_snapshot();
    Tid tid = table.find(snapshot, 7).at(0).first;
    EXPECT_EQ(table.remove(*txn, snapshot, tid, 7).value(), LockOutcome::kLocked);
    EXPECT_TRUE(table.find(txn->statement_snapshot(), 7).empty());
    ASSERT_TRUE(txn->rollback_to(point).ok());
    EXPECT_EQ(table.find(txn->statement_snapshot(), 7).size(), 1U);
    EXPECT_EQ(table.remove(*txn, txn->statement_snapshot(), tid, 7).value(), LockOutcome::kLocked);
    table.rollback(txn);
    check_all(table, rows);
  }
}

// Marks of a vector in whatever order, with notes of those that were taken back among them.
TEST(ColumnarTable, RangesAreDeletedInAnyOrder) {
  TestTable table;
  TestRows rows = fill(table, 0, 2500);
  table.settle();
  std::vector<int64_t> keys;
  for (int64_t k = 0; k < 2500; k += k < 1024 ? 1 : 3) keys.push_back(k);
  std::shuffle(keys.begin(), keys.end(), std::mt19937_64(7));
  for (int round = 0; round < 2; ++round) {
    auto txn = table.begin();
    txn->assign_xid();
    txn::Snapshot snapshot = txn->statement_snapshot();
    txn::Transaction::Savepoint point = txn->savepoint();
    TestRows left = rows;
    for (size_t i = 0; i < keys.size(); ++i) {
      const Tid tid = table.find(snapshot, keys[i]).at(0).first;
      ASSERT_EQ(table.remove(*txn, snapshot, tid, keys[i]).value(), LockOutcome::kLocked);
      if (i < keys.size() / 2) continue;
      if (i == keys.size() / 2) {
        ASSERT_TRUE(txn->rollback_to(point).ok());
        continue;
      }
      left.erase(keys[i]);
    }
    EXPECT_TRUE(same_rows(table.scan(txn->statement_snapshot()), left));
    EXPECT_TRUE(same_rows(table.scan_columns(txn->statement_snapshot()), left));
    if (round == 0) {
      table.rollback(txn);
      check_all(table, rows);
      continue;
    }
    table.commit(txn);
    check_all(table, left);
    check_all(table, left);  // by marks that every snapshot sees
    table.reopen();
    check_all(table, left);
  }
}

TEST(ColumnarTable, WritersFollowRowsThatHaveSettled) {
  TestTable table;
  fill(table, 0, 20);
  for (Isolation isolation : {Isolation::kReadCommitted, Isolation::kRepeatableRead}) {
    const int64_t base = isolation == Isolation::kReadCommitted ? 0 : 10;
    auto txn = table.begin(isolation);
    txn::Snapshot snapshot = txn->statement_snapshot();
    Tid a = table.find(snapshot, base + 1).at(0).first, b = table.find(snapshot, base + 2).at(0).first,
        c = table.find(snapshot, base + 3).at(0).first;
    table.settle();
    TestRow other = row_of(base + 1);
    other.number = 77;
    EXPECT_EQ(table.update(*txn, snapshot, a, other).value(), LockOutcome::kLocked);
    EXPECT_EQ(table.remove(*txn, snapshot, b, base + 2).value(), LockOutcome::kLocked);
    EXPECT_EQ(table.lock(*txn, snapshot, c, txn::RowLock::kUpdate).value(), LockOutcome::kLocked);
    table.commit(txn);
    fill(table, 100 + base, 101 + base);  // something for the next round to settle
  }
  TestRows rows = table.scan_now();
  EXPECT_EQ(rows.at(1).number, 77);
  EXPECT_EQ(rows.at(11).number, 77);
  EXPECT_EQ(rows.count(2), 0U);
  EXPECT_EQ(rows.count(12), 0U);
}

TEST(ColumnarTable, ATransactionSeesWhatItHasWrittenWhereItsSnapshotDoesNotLook) {
  TestTable table;
  TestRows rows = fill(table, 0, 30);
  for (int round = 0; round < 2; ++round) {  // rows that settle behind the snapshot, then strata written anew
    auto txn = table.begin(Isolation::kRepeatableRead);
    txn::Snapshot snapshot = txn->statement_snapshot();
    const int64_t base = round * 10;
    Tid updated = table.find(snapshot, base + 1).at(0).first,
        deleted = table.find(snapshot, base + 2).at(0).first;
    if (round == 0) {
      table.settle();
    } else {
      EXPECT_GT(table.rewrite(), 0U);
    }
    txn->assign_xid();
    txn::Transaction::Savepoint point = txn->savepoint();
    for (int attempt = 0; attempt < 2; ++attempt) {
      TestRow other = row_of(base + 1);
      other.number = 50 + attempt;
      ASSERT_EQ(table.update(*txn, txn->statement_snapshot(), updated, other).value(), LockOutcome::kLocked);
      ASSERT_EQ(table.remove(*txn, txn->statement_snapshot(), deleted, base + 2).value(),
                LockOutcome::kLocked);
      TestRows mine = rows;
      mine[base + 1] = other;
      mine.erase(base + 2);
      txn::Snapshot now = txn->statement_snapshot();
      EXPECT_TRUE(same_rows(table.scan(now), mine));
      EXPECT_TRUE(same_rows(table.scan_columns(now), mine));
      EXPECT_EQ(table.count(now), mine.size());
      table.check_index(now, mine);
      EXPECT_TRUE(same_rows(table.scan(snapshot), rows));  // a cursor from before
      if (attempt == 0) {
        ASSERT_TRUE(txn->rollback_to(point).ok());
        EXPECT_TRUE(same_rows(table.scan(txn->statement_snapshot()), rows));
      } else {
        rows = mine;
      }
    }
    table.commit(txn);
    check_all(table, rows);
    // So many rows gone that the stratum is worth writing anew.
    auto deleter = table.begin();
    for (int64_t k = 15; round == 0 && k < 30; ++k) {
      txn::Snapshot s = deleter->statement_snapshot();
      ASSERT_EQ(table.remove(*deleter, s, table.find(s, k).at(0).first, k).value(), LockOutcome::kLocked);
      rows.erase(k);
    }
    table.commit(deleter);
    ASSERT_TRUE(table.txns().purge_once().ok());
  }
}

// As scans do that gather several pages before they look at the rows.
TEST(ColumnarTable, GatheredPagesAreThoseThatTheWriterSees) {
  TestTable table;
  TestRows rows = fill(table, 0, 600);
  auto txn = table.begin(Isolation::kRepeatableRead);
  txn::Snapshot snapshot = txn->statement_snapshot();
  Tid updated = table.find(snapshot, 1).at(0).first, deleted = table.find(snapshot, 500).at(0).first;
  EXPECT_EQ(table.settle(), 600U);
  TestRow other = row_of(1);
  other.number = 50;
  ASSERT_EQ(table.update(*txn, txn->statement_snapshot(), updated, other).value(), LockOutcome::kLocked);
  ASSERT_EQ(table.remove(*txn, txn->statement_snapshot(), deleted, 500).value(), LockOutcome::kLocked);
  rows[1] = other;
  rows.erase(500);

  txn::Snapshot now = txn->statement_snapshot();
  std::vector<Tid> tids;
  std::vector<access::RowVersion> gathered, without_tids;
  std::deque<access::RowBuffer> memory;
  size_t pages = 0;
  table.for_each_page([&](PageId page) {
    const size_t before = gathered.size();
    ASSERT_TRUE(table.heap().append_page(now, page, memory.emplace_back(), &tids, &gathered).ok());
    ASSERT_TRUE(table.heap().append_page(now, page, memory.emplace_back(), nullptr, &without_tids).ok());
    pages += gathered.size() > before ? 1 : 0;
  });
  EXPECT_GT(pages, 2U);
  ASSERT_EQ(gathered.size(), rows.size());
  ASSERT_EQ(without_tids.size(), rows.size());
  ASSERT_EQ(tids.size(), rows.size());
  TestRows found, found_without_tids;
  for (size_t i = 0; i < gathered.size(); ++i) {
    TestRow row = decode_row(gathered[i]), again = decode_row(without_tids[i]);
    access::RowBuffer buffer;
    access::RowVersion fetched;
    ASSERT_TRUE(table.heap().fetch(now, tids[i], buffer, &fetched).value());
    EXPECT_EQ(decode_row(fetched), row);
    EXPECT_TRUE(found.emplace(row.key, row).second);
    EXPECT_TRUE(found_without_tids.emplace(again.key, again).second);
  }
  EXPECT_TRUE(same_rows(found, rows));
  EXPECT_TRUE(same_rows(found_without_tids, rows));
  table.commit(txn);
  check_all(table, rows);
}

TEST(ColumnarTable, ChangesBehindTheSnapshotAreSeenByWriters) {
  TestTable table;
  fill(table, 0, 10);
  table.settle();
  auto rc = table.begin(), rr = table.begin(Isolation::kRepeatableRead);
  txn::Snapshot rc_snapshot = rc->statement_snapshot(), rr_snapshot = rr->statement_snapshot();
  Tid updated = table.find(rc_snapshot, 3).at(0).first, deleted = table.find(rc_snapshot, 4).at(0).first;
  auto other = table.begin();
  TestRow changed = row_of(3);
  changed.number = 5;
  EXPECT_EQ(table.update(*other, other->statement_snapshot(), updated, changed).value(),
            LockOutcome::kLocked);
  EXPECT_EQ(table.remove(*other, other->statement_snapshot(), deleted, 4).value(), LockOutcome::kLocked);
  EXPECT_EQ(table.lock(*rc, rc_snapshot, updated, txn::RowLock::kShare, txn::WaitPolicy::kSkip).value(),
            LockOutcome::kSkipped);
  EXPECT_EQ(
      table.lock(*rc, rc_snapshot, updated, txn::RowLock::kShare, txn::WaitPolicy::kNoWait).status().code(),
      StatusCode::kBusy);
  table.commit(other);

  EXPECT_EQ(table.update(*rr, rr_snapshot, updated, changed).status().code(), StatusCode::kWriteConflict);
  EXPECT_EQ(table.remove(*rr, rr_snapshot, deleted, 4).status().code(), StatusCode::kWriteConflict);
  table.rollback(rr);

  TestRow newest, mine = row_of(3);
  mine.number = 6;
  EXPECT_EQ(table.update(*rc, rc_snapshot, updated, mine, false, &newest).value(),
            LockOutcome::kLockedUpdated);
  EXPECT_EQ(newest, changed);
  EXPECT_EQ(table.update(*rc, rc_snapshot, updated, mine, true).value(), LockOutcome::kLocked);
  EXPECT_EQ(table.remove(*rc, rc_snapshot, deleted, 4).value(), LockOutcome::kDeleted);
  table.commit(rc);
  TestRows rows = table.scan_now();
  EXPECT_EQ(rows.at(3), mine);
  EXPECT_EQ(rows.count(4), 0U);
}

TEST(ColumnarTable, WornStrataAreWrittenAnew) {
  TestTable table;
  TestRows rows = fill(table, 0, 3000);
  table.settle();
  EXPECT_EQ(table.rewrite(), 0U);
  auto txn = table.begin();
  for (int64_t k = 0; k < 3000; ++k) {
    if (k % 3 == 0) continue;
    txn::Snapshot snapshot = txn->statement_snapshot();
    Tid tid = table.find(snapshot, k).at(0).first;
    EXPECT_EQ(table.remove(*txn, snapshot, tid, k).value(), LockOutcome::kLocked);
    rows.erase(k);
  }
  auto old = table.begin(Isolation::kRepeatableRead);
  txn::Snapshot before = old->statement_snapshot();
  table.commit(txn);
  EXPECT_EQ(table.rewrite(), 0U);  // `old` sees the deleted rows
  EXPECT_EQ(table.scan(before).size(), 3000U);
  table.commit(old);
  auto reader = table.begin(Isolation::kRepeatableRead);
  txn::Snapshot seen = reader->statement_snapshot();
  Tid settled = table.find(seen, 9).at(0).first;
  EXPECT_EQ(table.rewrite(), 1000U);
  check_all(table, rows);
  EXPECT_TRUE(same_rows(table.scan(seen), rows));
  EXPECT_EQ(table.update(*reader, seen, settled, row_of(9)).value(), LockOutcome::kLocked);
  table.commit(reader);
  check_all(table, rows);
  ASSERT_TRUE(table.txns().purge_once().ok());
  EXPECT_EQ(table.vectors(), 1U);
  table.reopen();
  table.vacuum();
  check_all(table, rows);
}

TEST(ColumnarTable, SmallStrataArePutTogether) {
  TestTable table;
  TestRows rows;
  for (int64_t i = 0; i < 8; ++i) {
    rows.merge(fill(table, i * 100, i * 100 + 100));
    EXPECT_EQ(table.settle(), 100U);
  }
  EXPECT_EQ(table.vectors(), 8U);
  // A locked row keeps its stratum where it is.
  auto txn = table.begin();
  txn::Snapshot snapshot = txn->statement_snapshot();
  Tid locked = table.find(snapshot, 250).at(0).first;
  EXPECT_EQ(table.lock(*txn, snapshot, locked, txn::RowLock::kKeyShare).value(), LockOutcome::kLocked);
  txn->release_snapshot();
  EXPECT_EQ(table.rewrite(), 700U);
  check_all(table, rows);
  table.commit(txn);
  check_all(table, rows);
}

TEST(ColumnarTable, RowsSettleInTheOrderAskedFor) {
  TestTable table;
  table.order = {{1, false}, {0, true}};
  fill(table, 0, 2000);
  table.settle();
  auto txn = table.begin();
  txn::Snapshot snapshot = txn->statement_snapshot();
  access::Heap::PageBatch batch;
  std::string last;
  int64_t last_key = INT64_MAX;
  bool nulls = false;
  table.for_each_page([&](PageId page) {
    ASSERT_TRUE(table.heap().read_page(snapshot, page, &batch).ok());
    for (const access::RowVersion& version : batch.rows) {
      TestRow row = decode_row(version);
      if (!row.text) {
        nulls = true;
        continue;
      }
      EXPECT_FALSE(nulls);
      EXPECT_LE(last, *row.text);
      if (last == *row.text) {
        EXPECT_GT(last_key, row.key);
      }
      last = *row.text;
      last_key = row.key;
    }
  });
  EXPECT_TRUE(nulls);
  table.commit(txn);
}

TEST(ColumnarTable, ConditionsOnColumnsGiveWhatComparingRowsGives) {
  TestTable table;
  TestRows rows = fill(table, 0, 5000);
  table.settle();
  auto txn = table.begin();
  for (int64_t k = 0; k < 5000; k += 9) {
    txn::Snapshot snapshot = txn->statement_snapshot();
    ASSERT_EQ(table.remove(*txn, snapshot, table.find(snapshot, k).at(0).first, k).value(),
              LockOutcome::kLocked);
    rows.erase(k);
  }
  txn::Snapshot snapshot = txn->statement_snapshot();
  const std::vector<access::ColumnCondition> cases[] = {
      {{0, ColumnComparison::kLess, types::Value::of_int32(1500)}},
      {{0, ColumnComparison::kGreaterEqual, types::Value::of_int64(4990)}},
      {{1, ColumnComparison::kEqual, types::Value::of_string("host-3")}},
      {{1, ColumnComparison::kNotEqual, types::Value::of_string("host-3")},
       {2, ColumnComparison::kGreater, types::Value::of_float64(700)}},
      {{0, ColumnComparison::kEqual, types::Value::of_int64(1 << 20)}}};
  for (const auto& conditions : cases) {
    TestRows expected;
    for (const auto& [key, row] : rows) {
      bool passes = true;
      for (const access::ColumnCondition& c : conditions) {
        int order = 0;
        if (c.column == 0) {
          int64_t k = c.constant.type == types::PhysicalType::kInt32 ? c.constant.int32 : c.constant.int64;
          order = key < k ? -1 : key > k;
        } else if (c.column == 1) {
          if (!row.text) {
            passes = false;
            break;
          }
          order = row.text->compare(c.constant.view());
        } else {
          order = row.number < c.constant.float64 ? -1 : row.number > c.constant.float64;
        }
        const bool met = c.op == ColumnComparison::kEqual       ? order == 0
                         : c.op == ColumnComparison::kNotEqual  ? order != 0
                         : c.op == ColumnComparison::kLess      ? order < 0
                         : c.op == ColumnComparison::kLessEqual ? order <= 0
                         : c.op == ColumnComparison::kGreater   ? order > 0
                                                                : order >= 0;
        passes = passes && met;
      }
      if (passes) expected.emplace(key, row);
    }
    uint64_t removed = 0;
    EXPECT_TRUE(same_rows(table.scan_columns(snapshot, conditions, &removed), expected));
    EXPECT_EQ(removed, rows.size() - expected.size());
  }
  table.commit(txn);
}

uint64_t remove_range(TestTable& table, txn::Transaction& txn, int64_t low, int64_t high) {
  auto removed = table.remove_range_in(txn, low, high);
  EXPECT_TRUE(removed.ok()) << removed.status().to_string();
  return removed.ok() ? *removed : 0;
}

// Whoever reads the rows of a range, and writes what the one who removes it has read: one of the two fails.
TEST(ColumnarTable, SerializableReadersMeetTheRemovalOfARange) {
  for (const bool reads_first : {true, false}) {
    TestTable table;
    fill(table, 0, 200);
    ASSERT_EQ(table.settle(), 200U);
    table.heap().track({1, Oid{20000}, Oid{20000}, table.heap().segment()});
    const txn::TrackedRelation other{1, Oid{20001}, Oid{20001}, PageId{1U << 19}};
    const Tid row{PageId{(1U << 19) + 1}, 1};
    auto reader = table.begin(txn::Isolation::kSerializable),
         remover = table.begin(txn::Isolation::kSerializable);
    const txn::Snapshot seen = reader->statement_snapshot();
    (void)remover->statement_snapshot();
    bool fresh = false;
    ASSERT_TRUE(remover->serializable->read_row(other, row, &fresh).ok());
    if (reads_first) {
      EXPECT_EQ(table.scan(seen).size(), 200U);
    }
    EXPECT_EQ(remove_range(table, *remover, 0, 200), 200U);
    if (!reads_first) {
      EXPECT_EQ(table.scan(seen).size(), 200U);
    }
    reader->assign_xid();
    bool gets_through =
        reader->serializable->write_row(other, row).ok() && table.txns().prepare_commit(*remover).ok();
    if (gets_through) {
      table.commit(remover);
      gets_through = table.txns().prepare_commit(*reader).ok();
    }
    EXPECT_FALSE(gets_through) << reads_first;
    if (remover != nullptr) table.rollback(remover);
    table.rollback(reader);
  }
}

TEST(ColumnarTable, RowsOfDifferentGroupsShareNoSegment) {
  TestTable table;
  table.order = {{0, false, 100, -30}, {2, true}};
  TestRows rows = fill(table, -250, 370);
  EXPECT_EQ(table.settle(), 620U);
  // -330 … -231, -230 … -131, … 270 … 369: the first has 20 rows.
  EXPECT_EQ(table.vectors(), 7U);
  check_all(table, rows);
  auto txn = table.begin();
  const txn::Snapshot now = txn->statement_snapshot();
  EXPECT_EQ(*table.remove(*txn, now, table.find(now, 300)[0].first, 300), LockOutcome::kLocked);
  table.commit(txn);
  rows.erase(300);
  txn = table.begin();
  auto sizes = table.store().segment_sizes(txn->statement_snapshot(), 0);
  ASSERT_TRUE(sizes.ok());
  ASSERT_EQ(sizes->size(), 7U);
  for (const access::SegmentSize& size : *sizes) {
    EXPECT_EQ(size.least, size.least == -250 ? -250 : size.greatest - 99);
    EXPECT_EQ(size.rows, size.least == -250 ? 20U : size.least == 270 ? 99U : 100U);
    EXPECT_GT(size.bytes, 100U);
  }
  table.commit(txn);
  txn = table.begin();
  EXPECT_EQ(remove_range(table, *txn, -230, 70), 300U);
  table.commit(txn);
  rows.erase(rows.lower_bound(-230), rows.lower_bound(70));
  ASSERT_TRUE(table.txns().purge_once().ok());
  EXPECT_EQ(table.vectors(), 4U);
  check_all(table, rows);
  table.reopen();
  check_all(table, rows);
}

TEST(ColumnarTable, ARangeGoesWithItsTransaction) {
  TestTable table;
  table.order = {{0, false, 100, 0}};
  TestRows rows = fill(table, 0, 1000);
  EXPECT_EQ(table.settle(), 1000U);
  auto old = table.begin(Isolation::kRepeatableRead);
  const txn::Snapshot before = old->statement_snapshot();
  auto txn = table.begin();
  EXPECT_EQ(remove_range(table, *txn, 0, 500), 500U);
  table.rollback(txn);
  check_all(table, rows);
  // One row deleted, and one updated and so elsewhere: of those segments too only what is there is counted.
  txn = table.begin();
  txn::Snapshot now = txn->statement_snapshot();
  EXPECT_EQ(*table.remove(*txn, now, table.find(now, 5)[0].first, 5), LockOutcome::kLocked);
  EXPECT_EQ(*table.update(*txn, now, table.find(now, 7)[0].first, row_of(7)), LockOutcome::kLocked);
  table.commit(txn);
  rows.erase(5);
  txn = table.begin();
  EXPECT_EQ(remove_range(table, *txn, 0, 550), 498U);  // 500 … 599 reach beyond
  table.commit(txn);
  for (int64_t k = 0; k < 500; ++k) {
    if (k != 7) rows.erase(k);
  }
  check_all(table, rows);
  EXPECT_EQ(table.scan(before).size(), 1000U);
  table.commit(old);
  table.reopen();
  check_all(table, rows);
}

TEST(ColumnarTable, SmallSegmentsAreJoinedWithinTheirGroup) {
  TestTable table;
  table.order = {{0, false, 1000, 0}};
  TestRows rows;
  for (int64_t round = 0; round < 8; ++round) {
    rows.merge(fill(table, round * 10, round * 10 + 10));
    rows.merge(fill(table, 1000 + round * 10, 1000 + round * 10 + 5));
    EXPECT_EQ(table.settle(), 15U);
  }
  EXPECT_EQ(table.vectors(), 16U);
  for (int i = 0; i < 10 && table.rewrite() != 0; ++i) {
  }
  EXPECT_EQ(table.vectors(), 2U);
  EXPECT_EQ(table.rewrite(), 0U);
  check_all(table, rows);
}

void append_in_groups(std::vector<access::SettleOrder> order) {
  TestTable table;
  table.order = std::move(order);
  TestRows rows;
  auto txn = table.begin();
  txn->assign_xid();
  auto appender = table.store().append(*txn, test_layout(), table.order, nullptr, nullptr);
  // Neither groups nor rows within them come in order, and groups end in the middle of words of bits.
  for (int64_t i = 0; i < 3333; ++i) {
    const int64_t key = i * 1009 % 3333;
    TestRow row = row_of(key);
    rows[key] = row;
    const types::Value values[] = {
        types::Value::of_int64(key),
        row.text ? types::Value::of_string(*row.text) : types::Value::null_of(types::PhysicalType::kString),
        types::Value::of_float64(row.number)};
    ASSERT_TRUE(appender->append(values).ok());
  }
  ASSERT_TRUE(appender->finish().ok());
  table.commit(txn);
  EXPECT_EQ(table.vectors(), 4U);
  EXPECT_TRUE(same_rows(table.scan_now(), rows));
}

TEST(ColumnarTable, AppendedRowsAreInSegmentsOfTheirGroups) {
  append_in_groups({{0, false, 1000, 0}, {0, true}});
  append_in_groups({{0, false, 1000, 0}});
}

}  // namespace
}  // namespace varve::columnar_table
