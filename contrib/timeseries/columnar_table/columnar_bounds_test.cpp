// What the bounds of whole segments tell: which of them are to be visited first, which not at all, and what
// lies between them.
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
    auto runs = *table.heap().runs();
    EXPECT_TRUE(table.store().order_runs(order, &runs).ok());
    std::vector<PageId> pages;
    bool settled = false;
    for (const access::PageRun& run : runs) {
      settled = settled || access::is_settled(run.first);
      EXPECT_EQ(settled, access::is_settled(run.first)) << "pages of rows come first";
      if (settled) pages.push_back(run.first);
    }
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
  bound[0].constant = Value::of_int64(4000);
  EXPECT_EQ(open(*scan, 1), 0U);
  EXPECT_EQ(scan->removed(), 0U);
  EXPECT_EQ(scan->skip(1, true), 1U);
  EXPECT_EQ(scan->removed(), 0U);
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
  table.commit(txn);
}

}  // namespace
}  // namespace varve::columnar_table
