// What the bounds of whole segments tell: which of them are to be visited first, which not at all, and what
// lies between them.
#include "chunk_cache.h"
#include "test_table.h"

namespace varve::columnar_table {
namespace {

using access::ColumnComparison;
using access::ColumnCondition;
using types::Value;

// A segment of its own for each of some ranges of keys.
void settle_ranges(TestTable& table, std::initializer_list<std::pair<int64_t, int64_t>> ranges) {
  for (const auto& [from, to] : ranges) {
    auto txn = table.begin();
    for (int64_t key = from; key < to; ++key)
      table.insert(*txn, {key, fmt::format("{:06}", key), static_cast<double>(key % 100) + 1});
    table.commit(txn);
    ASSERT_EQ(table.settle(), static_cast<uint64_t>(to - from));
  }
}

std::vector<PageId> first_vectors(TestTable& table) {
  std::vector<PageId> pages;
  const auto runs = table.heap().runs();
  for (const access::PageRun& run : *runs) {
    if (access::is_settled(run.first)) pages.push_back(run.first);
  }
  return pages;
}

void remove(TestTable& table, txn::Transaction& txn, int64_t key) {
  const txn::Snapshot snapshot = txn.statement_snapshot();
  const Tid tid = table.find(snapshot, key).at(0).first;
  ASSERT_EQ(table.remove(txn, snapshot, tid, key).value(), access::LockOutcome::kLocked);
}

TEST(ColumnarBounds, SegmentsAreVisitedInTheOrderOfTheirBounds) {
  TestTable table;
  settle_ranges(table, {{4000, 5000}, {0, 1000}, {8000, 9000}});
  auto order_of = [&](std::vector<access::ZoneOrder> order) {
    const access::PageSequencePtr runs = table.store().segment_runs({order, false}).value();
    EXPECT_EQ(runs->ordered(), order.empty() ? 0 : runs->size());
    EXPECT_EQ(table.store().segment_runs({order, false}).value(), runs) << "nothing has come or gone";
    std::vector<PageId> pages;
    for (const access::PageRun& run : runs->runs()) pages.push_back(run.first);
    return pages;
  };
  const std::vector<PageId> at = first_vectors(table);
  EXPECT_EQ(order_of({{0, false}}), (std::vector{at[1], at[0], at[2]}));
  EXPECT_EQ(order_of({{0, true}}), (std::vector{at[2], at[0], at[1]}));
  EXPECT_EQ(order_of({{1, true}}), (std::vector{at[2], at[0], at[1]}));
  // Equal bounds of the first column leave it to the second.
  EXPECT_EQ(order_of({{2, false}, {0, true}}), (std::vector{at[2], at[0], at[1]}));
  EXPECT_EQ(order_of({}), at);
}

TEST(ColumnarBounds, TheListOfSegmentsIsTheSameUntilOneComesOrGoes) {
  TestTable table;
  settle_ranges(table, {{0, 1000}, {2000, 3000}});
  const access::SegmentOrder order{{{0, true}}, false};
  auto runs = [&] { return table.store().segment_runs(order).value(); };
  const access::PageSequencePtr two = runs();
  EXPECT_EQ(two->runs().size(), 2U);
  settle_ranges(table, {{1000, 2000}});
  const access::PageSequencePtr three = runs();
  ASSERT_EQ(three->runs().size(), 3U);
  EXPECT_EQ(three->runs()[0].first, two->runs()[0].first);
  EXPECT_EQ(three->runs()[2].first, two->runs()[1].first);

  // One that is rolled back.
  auto inserter = table.begin();
  for (int64_t key = 5000; key < 6000; ++key) table.insert(*inserter, {key, "late", 1});
  table.commit(inserter);
  ASSERT_TRUE(table.txns().purge_once().ok());
  auto settler = table.begin();
  ASSERT_EQ(table.settle_in(*settler).value(), 1000U);
  EXPECT_EQ(runs()->runs().size(), 4U) << "its own transaction has to find it";
  table.rollback(settler);
  auto reader = table.begin();
  EXPECT_EQ(table.scan_columns(reader->statement_snapshot()).size(), 4000U);
  table.commit(reader);
  ASSERT_TRUE(table.txns().purge_once().ok());
  EXPECT_EQ(runs()->runs().size(), 3U);

  // One that is removed: whoever looks from before goes on seeing it, though every snapshot has.
  auto before = table.begin(txn::Isolation::kRepeatableRead);
  const txn::Snapshot old = before->statement_snapshot();
  EXPECT_EQ(table.scan_columns(old).size(), 4000U);
  auto remover = table.begin();
  ASSERT_EQ(table.remove_range_in(*remover, 0, 1000).value(), 1000U);
  EXPECT_EQ(table.scan_columns(remover->statement_snapshot()).size(), 3000U);
  EXPECT_EQ(table.scan_columns(old).size(), 4000U);
  table.commit(remover);
  EXPECT_EQ(table.scan_columns(old).size(), 4000U);
  EXPECT_EQ(table.scan_now().size(), 3000U);
  table.commit(before);
  ASSERT_TRUE(table.txns().purge_once().ok());
  EXPECT_EQ(runs()->runs().size(), 2U);
  EXPECT_EQ(table.scan_now().size(), 3000U);

  // One whose removal is taken back.
  auto undecided = table.begin();
  ASSERT_EQ(table.remove_range_in(*undecided, 1000, 2000).value(), 1000U);
  EXPECT_EQ(table.scan_columns(undecided->statement_snapshot()).size(), 2000U);
  table.rollback(undecided);
  EXPECT_EQ(table.scan_now().size(), 3000U);
  EXPECT_EQ(runs()->runs().size(), 2U);
}

TEST(ColumnarChunks, WhatIsTakenAwayIsReadAgain) {
  ChunkCache& cache = ChunkCache::instance();
  const size_t before = cache.bytes();
  {
    TestTable table;
    settle_ranges(table, {{0, 3000}, {3000, 6000}, {6000, 9000}});
    EXPECT_EQ(table.scan_now().size(), 9000U);
    const size_t all = cache.bytes() - before;
    ASSERT_GT(all, 0U);
    cache.set_limit(before + all / 2);
    EXPECT_LE(cache.bytes(), before + all / 2);
    EXPECT_EQ(table.scan_now().size(), 9000U);
    EXPECT_LE(cache.bytes(), before + all / 2);
    cache.set_limit(ChunkCache::kDefaultBytes);
    EXPECT_EQ(table.scan_now().size(), 9000U);
    EXPECT_EQ(cache.bytes(), before + all);
  }
  EXPECT_EQ(cache.bytes(), before) << "they go with their table";
}

TEST(ColumnarBounds, AWholeSegmentIsKnownWhileNothingInItHasChanged) {
  TestTable table;
  settle_ranges(table, {{0, 3000}, {5000, 6000}});
  const std::vector<PageId> at = first_vectors(table);
  auto txn = table.begin();
  auto scan_of = [&](std::span<const ColumnCondition> conditions) {
    return table.store().scan(txn->statement_snapshot(), test_layout(), conditions);
  };
  auto scan = scan_of({});
  Value least, greatest;
  ASSERT_EQ(scan->open_segment(at[0]).value(), 3U);
  ASSERT_TRUE(scan->segment_extremes(0, &least, &greatest).value());
  EXPECT_EQ(least.int64, 0);
  EXPECT_EQ(greatest.int64, 2999);
  ASSERT_TRUE(scan->vector_extremes(0, 1, &least, &greatest).value());
  EXPECT_EQ(least.int64, access::kVectorRows);
  EXPECT_EQ(greatest.int64, 2 * access::kVectorRows - 1);
  ASSERT_TRUE(scan->vector_extremes(0, 2, &least, &greatest).value());
  EXPECT_EQ(greatest.int64, 2999);
  ASSERT_TRUE(scan->segment_extremes(2, &least, &greatest).value());
  EXPECT_EQ(greatest.float64, 100);
  EXPECT_FALSE(scan->segment_extremes(1, &least, &greatest).value()) << "strings may be cut off";
  EXPECT_EQ(scan->open_segment(PageId{at[0].value() + 1}).value(), 0U) << "not the first vector";

  const std::vector<ColumnCondition> all{{0, ColumnComparison::kGreaterEqual, Value::of_int64(0), {}}};
  const std::vector<ColumnCondition> some{{0, ColumnComparison::kGreaterEqual, Value::of_int64(1), {}}};
  EXPECT_EQ(scan_of(all)->open_segment(at[0]).value(), 3U);
  EXPECT_EQ(scan_of(some)->open_segment(at[0]).value(), 0U);
  EXPECT_EQ(scan_of(some)->open_segment(at[1]).value(), 1U);

  // A mark, even one that others do not see yet, makes its segment one to be looked at.
  const txn::Snapshot before = txn->statement_snapshot();
  auto writer = table.begin();
  remove(table, *writer, 2999);
  EXPECT_EQ(scan_of({})->open_segment(at[0]).value(), 0U);
  EXPECT_EQ(scan_of({})->open_segment(at[1]).value(), 1U);
  table.commit(writer);
  EXPECT_EQ(table.store().scan(before, test_layout(), {})->open_segment(at[0]).value(), 0U);
  table.commit(txn);
}

TEST(ColumnarBounds, SegmentsWithoutRowsOfUseAreSkipped) {
  TestTable table;
  settle_ranges(table, {{0, 4000}});
  const PageId first = first_vectors(table)[0];
  std::array<uint16_t, access::kVectorRows> rows;
  auto txn = table.begin();
  auto open = [&](access::ColumnScan& scan, uint32_t vector) {
    return scan.open(PageId{first.value() + vector}, rows.data()).value();
  };
  const std::vector<ColumnCondition> none{{0, ColumnComparison::kGreater, Value::of_int64(4000), {}}};
  auto scan = table.store().scan(txn->statement_snapshot(), test_layout(), none);
  EXPECT_EQ(open(*scan, 0), 0U);
  EXPECT_EQ(scan->removed(), 1024U);
  EXPECT_EQ(scan->skip(100, false), 3U);
  EXPECT_EQ(scan->removed(), 4000U) << "with the last vector, which is not full";
  EXPECT_EQ(open(*scan, 3), 0U);
  EXPECT_EQ(scan->skip(2, true), 2U);
  EXPECT_EQ(scan->removed(), 4000U - 3 * 1024 + 2 * 1024);

  // A bound that comes up as the scan goes on, of rows that the caller looks at himself.
  std::vector<ColumnCondition> bound{{0, ColumnComparison::kNoCondition, {}, {}, true}};
  scan = table.store().scan(txn->statement_snapshot(), test_layout(), bound);
  EXPECT_EQ(open(*scan, 3), 4000U - 3 * 1024);
  EXPECT_EQ(scan->skip(3, true), 0U) << "this one had rows";
  bound[0] = {0, ColumnComparison::kGreaterEqual, Value::of_int64(3500), {}, true};
  EXPECT_EQ(open(*scan, 2), 0U);
  EXPECT_EQ(scan->skip(2, true), 0U) << "others of the segment have such rows";
  EXPECT_EQ(scan->ruled_out_by(), nullptr);
  bound[0].constant = Value::of_int64(4000);
  EXPECT_EQ(open(*scan, 1), 0U);
  EXPECT_EQ(scan->removed(), 0U);
  EXPECT_EQ(scan->skip(1, true), 1U);
  EXPECT_EQ(scan->removed(), 0U);
  EXPECT_EQ(scan->ruled_out_by(), bound.data());
  table.commit(txn);
}

TEST(ColumnarBounds, AmongRowsEqualToABoundTheNextKeyDecides) {
  TestTable table;
  settle_ranges(table, {{0, 3072}});
  const PageId first = first_vectors(table)[0];
  std::array<uint16_t, access::kVectorRows> rows;
  auto txn = table.begin();
  ColumnCondition next{1, ColumnComparison::kLessEqual, Value::of_string("001500"), {}, true};
  std::vector<ColumnCondition> bound{{2, ColumnComparison::kGreaterEqual, Value::of_float64(100), {}, true}};
  auto scan = table.store().scan(txn->statement_snapshot(), test_layout(), bound);
  auto open = [&](uint32_t vector) {
    return scan->open(PageId{first.value() + vector}, rows.data()).value();
  };
  EXPECT_EQ(open(2), 1024U) << "100 is in every vector";
  bound[0].among_equals = &next;
  EXPECT_EQ(open(0), 1024U);
  EXPECT_EQ(open(1), 1024U);
  EXPECT_EQ(open(2), 0U) << "all of its texts are greater";
  bound[0].constant = Value::of_float64(99);
  EXPECT_EQ(open(2), 1024U) << "greater numbers than the bound are wanted whatever their text";
  bound[0].constant = Value::of_float64(100);
  next.constant = Value::of_string("");
  EXPECT_EQ(open(0), 0U);
  EXPECT_EQ(scan->skip(2, false), 2U);
  EXPECT_EQ(scan->ruled_out_by(), nullptr) << "not by its constant alone";
  table.commit(txn);
}

}  // namespace
}  // namespace varve::columnar_table
