#include "access/overflow.h"

#include <random>

#include "common/sql_error.h"
#include "heap_page.h"
#include "memory/arena.h"
#include "test_heap.h"

namespace varve::access {
namespace {

using types::PhysicalType;
using types::StringRef;
using types::Value;

std::string noise(size_t bytes, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string s(bytes, '\0');
  for (char& c : s) c = static_cast<char>(random());
  return s;
}

Value text(const std::string& s) { return Value::of_string(StringRef(s)); }

// A table of a number and two strings, written as statements do.
class LongValues : public ::testing::Test {
 protected:
  LongValues()
      : layout_(std::vector<ColumnSpec>{
            {PhysicalType::kInt32, {}}, {PhysicalType::kString, {}}, {PhysicalType::kString, {}}}) {}

  using Row = std::array<std::string, 2>;
  static std::array<Value, 3> values_of(const Row& row) {
    return {Value::of_int32(7), text(row[0]), text(row[1])};
  }

  Tid insert(txn::Transaction& txn, const Row& row) {
    RowEncoder encoder(env_.heap(), layout_);
    encoder.encode(txn, values_of(row));
    auto tid = env_.heap().insert(txn, encoder.bytes(), 3, encoder.flags());
    VARVE_CHECK(tid.ok());
    return *tid;
  }
  // The strings of `row` that are those of `old` in memory count as not assigned.
  LockOutcome update(txn::Transaction& txn, Tid tid, std::span<const Value> old, std::span<const Value> now,
                     bool locked = false) {
    RowEncoder encoder(env_.heap(), layout_);
    RowBuffer buffer;
    RowVersion newest;
    txn::Snapshot snapshot = txn.statement_snapshot();
    bool is_long = encoder.load_old(snapshot, tid, locked);
    encoder.encode(txn, now, is_long ? old : std::span<const Value>());
    auto r = env_.heap().update(txn, snapshot, tid, encoder.bytes(), 3, false, locked, buffer, &newest,
                                encoder.flags());
    VARVE_CHECK(r.ok());
    if (*r == LockOutcome::kLocked)
      encoder.replaced(txn);
    else
      encoder.not_written(txn);
    return *r;
  }
  void update(txn::Transaction& txn, Tid tid, const Row& old, const Row& now) {
    EXPECT_EQ(update(txn, tid, values_of(old), values_of(now)), LockOutcome::kLocked);
  }
  void remove(txn::Transaction& txn, Tid tid) {
    RowEncoder encoder(env_.heap(), layout_);
    txn::Snapshot snapshot = txn.statement_snapshot();
    encoder.load_old(snapshot, tid, false);
    RowBuffer buffer;
    RowVersion newest;
    EXPECT_OUTCOME(env_.heap().remove(txn, snapshot, tid, false, buffer, &newest), LockOutcome::kLocked);
    encoder.replaced(txn);
  }
  // By fetch and by scan.
  void expect_row(const txn::Snapshot& snapshot, Tid tid, const Row& row) {
    Arena arena;
    RowBuffer buffer;
    RowVersion version;
    ASSERT_TRUE(env_.heap().fetch(snapshot, tid, buffer, &version).value());
    for (size_t i = 0; i < 2; ++i)
      EXPECT_TRUE(layout_.get(version, i + 1, arena).string == StringRef(row[i]));
    Heap::PageBatch batch;
    ASSERT_TRUE(env_.heap().read_page(snapshot, tid.page, &batch).ok());
    auto at = std::find(batch.tids.begin(), batch.tids.end(), tid);
    ASSERT_NE(at, batch.tids.end());
    const RowVersion& scanned = batch.rows[static_cast<size_t>(at - batch.tids.begin())];
    StringRef out;
    uint64_t validity;
    layout_.decode_column({&scanned, 1}, 2, &out, &validity, arena);
    EXPECT_TRUE(out == StringRef(row[1]));
  }
  void expect_committed(Tid tid, const Row& row) {
    auto txn = env_.begin();
    expect_row(txn->statement_snapshot(), tid, row);
    env_.commit(txn);
  }
  StoredForm form(Tid tid, size_t column, OverflowPointer* pointer = nullptr) {
    auto txn = env_.begin();
    RowBuffer buffer;
    RowVersion version;
    StoredForm found = StoredForm::kPlain;
    VARVE_CHECK(env_.heap().fetch(txn->statement_snapshot(), tid, buffer, &version).value());
    layout_.for_each_large(version, [&](size_t i, const StoredValue& v) {
      if (i != column) return;
      found = v.form;
      if (pointer != nullptr && v.form == StoredForm::kOverflow)
        *pointer = load_raw<OverflowPointer>(v.bytes.data());
    });
    env_.commit(txn);
    return found;
  }
  // Chunks in the overflow segment, deleted ones too.
  size_t chunks() {
    PageId segment = companion_segment(env_.pool(), env_.heap().segment(), Companion::kOverflow).value();
    if (segment == kInvalidPageId) return 0;
    size_t count = 0;
    const auto runs = segment_runs(env_.pool(), segment);
    for (const PageRun& run : *runs) {
      for (uint32_t i = 0; i < run.count; ++i) {
        auto guard = env_.pool().fix_shared(PageId{run.first.value() + i});
        if (guard->page().header.type != buffer::PageType::kHeap) continue;
        for (uint16_t slot = 0; slot < 1000; ++slot) count += find_row(guard->page(), slot) ? 1 : 0;
      }
    }
    return count;
  }
  void purge() {
    env_.flush();
    ASSERT_TRUE(env_.txns().purge_once().ok());
  }

  HeapEnvironment env_;
  RowLayout layout_;
};

TEST_F(LongValues, OfAllLengthsComeBack) {
  auto txn = env_.begin();
  std::vector<std::pair<Tid, Row>> rows;
  const size_t sizes[] = {0,
                          1,
                          100,
                          1900,
                          2100,
                          3900,
                          4100,
                          7984,
                          7985,
                          8000,
                          8001,
                          2 * kChunkBytes,
                          2 * kChunkBytes + 1,
                          99999,
                          1 << 20,
                          kChunkTids * kChunkBytes,
                          kChunkTids * kChunkBytes + 1};
  for (size_t size : sizes) {
    Row row{noise(size, size), std::string(size, 'x')};
    rows.emplace_back(insert(*txn, row), row);
  }
  for (const auto& [tid, row] : rows) expect_row(txn->statement_snapshot(), tid, row);
  env_.commit(txn);
  for (const auto& [tid, row] : rows) expect_committed(tid, row);
  EXPECT_EQ(form(rows[2].first, 1), StoredForm::kPlain);
  EXPECT_EQ(form(rows[4].first, 2), StoredForm::kCompressed);
  EXPECT_EQ(form(rows[6].first, 1), StoredForm::kOverflow);
  OverflowPointer pointer{};
  EXPECT_EQ(form(rows.back().first, 1, &pointer), StoredForm::kOverflow);
  EXPECT_EQ(pointer.level, 2);
}

TEST_F(LongValues, OldVersionsKeepTheirsUntilNoSnapshotNeedsThem) {
  const Row first{noise(20000, 1), "a"}, second{noise(30000, 2), "b"};
  auto txn = env_.begin();
  Tid tid = insert(*txn, first);
  env_.commit(txn);
  EXPECT_EQ(chunks(), 3u + 1);
  auto reader = env_.begin(txn::Isolation::kRepeatableRead);
  txn::Snapshot old = reader->statement_snapshot();
  txn = env_.begin();
  update(*txn, tid, first, second);
  env_.commit(txn);
  purge();
  expect_row(old, tid, first);
  expect_committed(tid, second);
  txn = env_.begin();
  remove(*txn, tid);
  env_.commit(txn);
  purge();
  expect_row(old, tid, first);
  EXPECT_EQ(chunks(), 4u + 4 + 1);
  env_.commit(reader);
  purge();
  EXPECT_EQ(chunks(), 0u);
}

TEST_F(LongValues, RollbackTakesThemBack) {
  const Row first{noise(20000, 1), "a"}, second{noise(30000, 2), "b"};
  auto txn = env_.begin();
  Tid tid = insert(*txn, first);
  env_.commit(txn);
  txn = env_.begin();
  update(*txn, tid, first, second);
  Tid other = insert(*txn, second);
  env_.rollback(txn);
  expect_committed(tid, first);
  EXPECT_EQ(env_.read_committed(other), "-");
  EXPECT_EQ(chunks(), 4u);
  // To a savepoint, twice over the same row.
  txn = env_.begin();
  update(*txn, tid, first, second);
  auto savepoint = txn->savepoint();
  update(*txn, tid, second, first);
  remove(*txn, tid);
  ASSERT_TRUE(txn->rollback_to(savepoint).ok());
  expect_row(txn->statement_snapshot(), tid, second);
  env_.commit(txn);
  expect_committed(tid, second);
  purge();
  EXPECT_EQ(chunks(), 5u);
}

TEST_F(LongValues, AnUpdateOfAnotherColumnDoesNotCopyThem) {
  const Row row{noise(20000, 1), noise(2500, 2)};
  auto txn = env_.begin();
  Tid tid = insert(*txn, row);
  env_.commit(txn);
  OverflowPointer before{}, after{};
  EXPECT_EQ(form(tid, 1, &before), StoredForm::kOverflow);
  std::array<Value, 3> values = values_of(row), changed = values;
  changed[0] = Value::of_int32(8);
  txn = env_.begin();
  EXPECT_EQ(update(*txn, tid, values, changed), LockOutcome::kLocked);
  env_.commit(txn);
  EXPECT_EQ(form(tid, 1, &after), StoredForm::kOverflow);
  EXPECT_TRUE(before == after);
  purge();
  expect_committed(tid, row);
  // The same bytes elsewhere in memory are another value: the old one goes.
  const Row copy = row;
  txn = env_.begin();
  update(*txn, tid, row, copy);
  env_.commit(txn);
  EXPECT_EQ(form(tid, 1, &after), StoredForm::kOverflow);
  EXPECT_FALSE(before == after);
  purge();
  expect_committed(tid, row);
  EXPECT_EQ(chunks(), 4u);
}

TEST_F(LongValues, AnUpdateThatMeetsANewerVersionLeavesNothingBehind) {
  const Row first{noise(20000, 1), "a"}, second{noise(30000, 2), "b"}, third{noise(10000, 3), "c"};
  auto txn = env_.begin();
  Tid tid = insert(*txn, first);
  env_.commit(txn);
  auto late = env_.begin(txn::Isolation::kReadCommitted);
  txn::Snapshot snapshot = late->statement_snapshot();
  txn = env_.begin();
  update(*txn, tid, first, second);
  env_.commit(txn);
  RowEncoder encoder(env_.heap(), layout_);
  RowBuffer buffer;
  RowVersion newest;
  auto values = values_of(third);
  encoder.load_old(snapshot, tid, false);
  encoder.encode(*late, values);
  EXPECT_OUTCOME(env_.heap().update(*late, snapshot, tid, encoder.bytes(), 3, false, false, buffer, &newest,
                                    encoder.flags()),
                 LockOutcome::kLockedUpdated);
  encoder.not_written(*late);
  Arena arena;
  EXPECT_TRUE(layout_.get(newest, 1, arena).string == StringRef(second[0]));
  EXPECT_EQ(update(*late, tid, values_of(second), values, true), LockOutcome::kLocked);
  env_.commit(late);
  expect_committed(tid, third);
  purge();
  EXPECT_EQ(chunks(), 3u);
}

TEST_F(LongValues, VacuumFindsWhatARestartHasForgotten) {
  const Row first{noise(20000, 1), "a"}, second{noise(30000, 2), "b"};
  auto txn = env_.begin();
  Tid kept = insert(*txn, first);
  Tid gone = insert(*txn, first);
  env_.commit(txn);
  txn = env_.begin();
  update(*txn, kept, first, second);
  remove(*txn, gone);
  env_.commit(txn);
  env_.flush();
  env_.restart();
  EXPECT_EQ(chunks(), 4u + 4 + 5);
  struct Nothing final : Heap::DeadRowSink {
    Status remove_index_entries(std::span<const Tid>, std::span<const RowVersion>) override { return {}; }
  } nothing;
  ASSERT_TRUE(env_.heap().vacuum(nothing).ok());
  EXPECT_EQ(chunks(), 5u);
  expect_committed(kept, second);
}

TEST_F(LongValues, AChunkThatIsNotThereIsCorruption) {
  const Row row{noise(20000, 1), "a"};
  auto txn = env_.begin();
  Tid tid = insert(*txn, row);
  env_.commit(txn);
  OverflowPointer pointer{};
  form(tid, 1, &pointer);
  std::vector<uint8_t> out(pointer.stored_bytes);
  EXPECT_TRUE(env_.heap().read_large(pointer, out.data()).ok());
  OverflowPointer wrong = pointer;
  ++wrong.number;
  EXPECT_EQ(env_.heap().read_large(wrong, out.data()).code(), StatusCode::kCorruption);
  wrong = pointer;
  wrong.level = 0;
  EXPECT_EQ(env_.heap().read_large(wrong, out.data()).code(), StatusCode::kCorruption);
  wrong = pointer;
  wrong.stored_bytes = 100;
  EXPECT_EQ(env_.heap().read_large(wrong, out.data()).code(), StatusCode::kCorruption);
  txn = env_.begin();
  EXPECT_TRUE(env_.heap().remove_large(*txn, pointer).ok());
  EXPECT_EQ(env_.heap().remove_large(*txn, pointer).code(), StatusCode::kCorruption);
  env_.rollback(txn);
  expect_committed(tid, row);
}

TEST_F(LongValues, TheirSegmentGoesWithTheHeap) {
  auto txn = env_.begin();
  insert(*txn, {noise(200000, 1), "a"});
  env_.commit(txn);
  PageId segment = env_.heap().segment();
  PageId overflow = companion_segment(env_.pool(), segment, Companion::kOverflow).value();
  ASSERT_NE(overflow, kInvalidPageId);
  txn = env_.begin();
  ASSERT_TRUE(drop_segment(env_.pool(), *txn, segment).ok());
  env_.commit(txn);
  EXPECT_TRUE(segment_runs(env_.pool(), overflow).ok());
  purge();
  EXPECT_FALSE(segment_runs(env_.pool(), segment).ok());
  EXPECT_FALSE(segment_runs(env_.pool(), overflow).ok());
}

TEST_F(LongValues, ARowOfTooManyColumnsIsStillRefused) {
  std::vector<ColumnSpec> specs(600, ColumnSpec{PhysicalType::kString, {}});
  RowLayout wide(specs);
  std::string value = noise(60, 1);
  std::vector<Value> values(600, text(value));
  auto txn = env_.begin();
  RowEncoder encoder(env_.heap(), wide);
  try {
    encoder.encode(*txn, values);
    FAIL();
  } catch (const SqlError& e) {
    EXPECT_EQ(e.state(), sqlstate::kProgramLimitExceeded);
  }
  env_.rollback(txn);
}

}  // namespace
}  // namespace varve::access
