// Rows that come in bulk: their order, where the sink is told they lie, and the conditions that scans test.
#include <algorithm>
#include <numeric>
#include <thread>

#include "settle_sort.h"
#include "test_table.h"

namespace varve::columnar_table {
namespace {

using access::ColumnComparison;
using access::ColumnCondition;
using types::PhysicalType;
using types::Value;

uint64_t next_random(uint64_t* state) {
  uint64_t z = (*state += 0x9E3779B97F4A7C15ULL);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  return z ^ (z >> 27);
}

// --- settle_sort.h, against the keys of indexes

struct SortInput {
  std::vector<std::vector<Value>> columns;
  std::vector<std::vector<uint8_t>> bytes;
  std::vector<std::vector<uint64_t>> valid;
  std::vector<SortColumn> sorted;

  void add(PhysicalType type, std::vector<Value> values) {
    const size_t width = types::physical_width(type);
    bytes.emplace_back(values.size() * width + 16);
    valid.emplace_back(values.size() / 64 + 1);
    for (size_t i = 0; i < values.size(); ++i) {
      if (values[i].null) continue;
      std::memcpy(bytes.back().data() + i * width, values[i].words, width);
      valid.back()[i / 64] |= uint64_t{1} << i % 64;
    }
    columns.push_back(std::move(values));
    sorted.clear();
    for (size_t c = 0; c < columns.size(); ++c)
      sorted.push_back({columns[c][0].type, bytes[c].data(), valid[c].data()});
  }
};

void check_sorting(SortInput& input, const std::vector<access::SettleOrder>& order) {
  const auto rows = static_cast<uint32_t>(input.columns[0].size());
  std::vector<std::string> keys(rows);
  for (uint32_t i = 0; i < rows; ++i) {
    for (size_t k = 0; k < order.size(); ++k) {
      access::KeyColumn key;
      key.type = input.columns[k][i].type;
      key.descending = order[k].descending;
      access::append_key_column(keys[i], key, input.columns[k][i]);
    }
  }
  std::vector<uint32_t> expected(rows);
  std::iota(expected.begin(), expected.end(), 0U);
  std::stable_sort(expected.begin(), expected.end(),
                   [&](uint32_t a, uint32_t b) { return keys[a] < keys[b]; });
  const bool in_order = std::is_sorted(keys.begin(), keys.end());
  std::vector<uint32_t> places = sorted_places(input.sorted, rows, order);
  EXPECT_EQ(places.empty(), in_order);
  if (!places.empty()) {
    EXPECT_EQ(places, expected);
  }
}

std::vector<Value> values_of(PhysicalType type, uint64_t seed, uint64_t spread, bool nulls,
                             size_t rows = 3000) {
  std::vector<Value> out;
  uint64_t state = seed;
  for (size_t i = 0; i < rows; ++i) {
    const uint64_t n = next_random(&state) % spread;
    const auto around = static_cast<int64_t>(n) - static_cast<int64_t>(spread / 2);
    if (nulls && n % 13 == 0) {
      out.push_back(Value::null_of(type));
    } else if (type == PhysicalType::kInt32) {
      out.push_back(Value::of_int32(static_cast<int32_t>(around)));
    } else if (type == PhysicalType::kInt64) {
      out.push_back(Value::of_int64(static_cast<int64_t>(next_random(&state) * (n % 2) + n)));
    } else if (type == PhysicalType::kFloat64) {
      const double special[] = {-0.0, 0.0, std::numeric_limits<double>::quiet_NaN(), -1e300};
      out.push_back(Value::of_float64(n % 16 < 4 ? special[n % 16] : static_cast<double>(around) / 8));
    } else if (type == PhysicalType::kNumeric) {
      out.push_back(Value::of_numeric(types::Numeric(around)));
    } else {
      static const std::vector<std::string> kTexts = [] {
        std::vector<std::string> texts{"", std::string("a\0b", 3), "a", "ab"};
        for (int t = 0; t < 5000; ++t) texts.push_back(fmt::format("a text with number {}", t * 7919 % 5003));
        return texts;
      }();
      out.push_back(Value::of_string(std::string_view(kTexts[n % kTexts.size()])));
    }
  }
  return out;
}

TEST(SettleSort, OrdersAsIndexKeysDo) {
  for (bool nulls : {false, true}) {
    for (PhysicalType first : {PhysicalType::kInt32, PhysicalType::kString, PhysicalType::kFloat64}) {
      for (PhysicalType second : {PhysicalType::kInt64, PhysicalType::kNumeric, PhysicalType::kString}) {
        for (bool descending : {false, true}) {
          SortInput input;
          input.add(first, values_of(first, 1, 50, nulls));
          check_sorting(input, {{0, descending}});
          input.add(second, values_of(second, 2, 4000, false));
          check_sorting(input, {{0, descending}, {1, !descending}});
        }
      }
    }
  }
}

TEST(SettleSort, KeysThatTakeMoreThanAWord) {
  SortInput input;
  input.add(PhysicalType::kInt64, values_of(PhysicalType::kInt64, 3, 40, false));
  input.add(PhysicalType::kInt64, values_of(PhysicalType::kInt64, 4, 40, false));
  check_sorting(input, {{0, false}, {1, true}});
}

TEST(SettleSort, RowsInOrderStayWhereTheyAre) {
  SortInput input;
  std::vector<Value> same(500, Value::of_int32(7)), ascending;
  for (int32_t i = 0; i < 500; ++i) ascending.push_back(Value::of_int32(i / 3));
  input.add(PhysicalType::kInt32, same);
  check_sorting(input, {{0, false}});
  input.add(PhysicalType::kInt32, ascending);
  check_sorting(input, {{0, true}, {1, false}});
  check_sorting(input, {{0, true}, {1, true}});
}

// --- the appender

class NotedTids final : public access::AppendedRowSink {
 public:
  Status rows_appended(std::span<const Tid> some) override {
    tids.insert(tids.end(), some.begin(), some.end());
    ++calls;
    return {};
  }
  std::vector<Tid> tids;
  int calls = 0;
};

class ThreadRunner final : public access::TaskRunner {
 public:
  void run(uint32_t n, void (*task)(void*, uint32_t), void* user) override {
    std::vector<std::thread> threads;
    for (uint32_t i = 0; i < n; ++i) threads.emplace_back([=] { task(user, i); });
    for (std::thread& t : threads) t.join();
  }
};

TestRow bulk_row(int64_t key) {
  TestRow row{key, fmt::format("host-{}", key * 7919 % 50), static_cast<double>(key % 1000) / 4};
  if (key % 11 == 0) row.text.reset();
  if (key % 4096 == 5) row.text = std::string(400, 'x') + std::to_string(key);
  return row;
}

// Rows [from, to) in chunks of different sizes, every third row left out of some of them.
TestRows append_chunks(access::ColumnAppender& appender, int64_t from, int64_t to) {
  TestRows rows;
  uint64_t state = 5;
  for (int64_t at = from; at < to;) {
    const auto n = static_cast<uint32_t>(
        std::min<int64_t>(to - at, 1 + static_cast<int64_t>(next_random(&state) % 1024)));
    Arena memory;
    std::vector<vector::Vector> columns;
    std::vector<const vector::Vector*> pointers;
    std::vector<TestRow> made;
    for (uint32_t i = 0; i < n; ++i) made.push_back(bulk_row(at + i));
    for (size_t c = 0; c < 3; ++c) columns.emplace_back(test_layout().column(c).type, memory);
    for (uint32_t i = 0; i < n; ++i) {
      columns[0].set_value(i, Value::of_int64(made[i].key));
      if (made[i].text)
        columns[1].set_value(i, Value::of_string(std::string_view(*made[i].text)));
      else
        columns[1].set_null(i);
      columns[2].set_value(i, Value::of_float64(made[i].number));
    }
    std::vector<uint16_t> chosen;
    for (uint32_t i = 0; i < n; ++i) {
      if (n % 2 == 0 || i % 3 != 0) chosen.push_back(static_cast<uint16_t>(i));
    }
    const vector::Selection selection =
        n % 2 == 0 ? vector::Selection{nullptr, n}
                   : vector::Selection{chosen.data(), static_cast<uint32_t>(chosen.size())};
    for (uint32_t i = 0; i < selection.count; ++i) rows[made[selection[i]].key] = made[selection[i]];
    for (const vector::Vector& v : columns) pointers.push_back(&v);
    EXPECT_TRUE(appender.append(pointers, selection).ok());
    at += n;
  }
  return rows;
}

TEST(ColumnarLoad, ChunksBecomeSegmentsAndTheSinkKnowsWhere) {
  for (bool ordered : {false, true}) {
    TestTable table;
    NotedTids noted;
    ThreadRunner runner;
    auto txn = table.begin();
    txn->assign_xid();
    std::vector<access::SettleOrder> order;
    if (ordered) order = {{1, false}, {2, true}};
    auto appender = table.store().append(*txn, test_layout(), order, &noted, ordered ? &runner : nullptr);
    TestRows rows = append_chunks(*appender, 0, 250'000);
    ASSERT_TRUE(appender->finish().ok());
    EXPECT_GE(noted.calls, 2);
    ASSERT_EQ(noted.tids.size(), rows.size());
    const txn::Snapshot snapshot = txn->statement_snapshot();
    access::RowBuffer buffer;
    size_t i = 0;
    for (const auto& [key, row] : rows) {  // keys ascended as they came
      if (i++ % 500 != 0) continue;
      access::RowVersion version;
      ASSERT_TRUE(table.heap().fetch(snapshot, noted.tids[i - 1], buffer, &version).value());
      EXPECT_EQ(decode_row(version), row);
    }
    EXPECT_TRUE(same_rows(table.scan_columns(snapshot), rows));
    table.commit(txn);
    EXPECT_TRUE(same_rows(table.scan_now(), rows));
  }
}

TEST(ColumnarLoad, RowsOneByOneAmongChunks) {
  TestTable table;
  auto txn = table.begin();
  txn->assign_xid();
  auto appender = table.store().append(*txn, test_layout(), {{0, true}}, nullptr, nullptr);
  TestRows rows = append_chunks(*appender, 0, 3000);
  for (int64_t key = 3000; key < 3100; ++key) {
    const TestRow row = bulk_row(key);
    const Value values[] = {
        Value::of_int64(key),
        row.text ? Value::of_string(std::string_view(*row.text)) : Value::null_of(PhysicalType::kString),
        Value::of_float64(row.number)};
    ASSERT_TRUE(appender->append(values).ok());
    rows[key] = row;
  }
  rows.merge(append_chunks(*appender, 3100, 4000));
  ASSERT_TRUE(appender->finish().ok());
  table.commit(txn);
  EXPECT_TRUE(same_rows(table.scan_now(), rows));
}

// --- conditions

class ColumnarConditions : public testing::Test {
 protected:
  ColumnarConditions() {
    table_.order = {{0, false}};
    auto txn = table_.begin();
    for (int64_t key = 0; key < 5000; ++key) {
      TestRow row{key, fmt::format("t{}", key % 5), static_cast<double>(key)};
      if (key >= 2048 && (key % 3 == 0 || key < 3072)) row.text.reset();
      table_.insert(*txn, row);
      rows_[key] = row;
    }
    table_.commit(txn);
    EXPECT_EQ(table_.settle(), 5000U);
  }

  template <class F>
  void check(const ColumnCondition& condition, F&& passes) {
    TestRows expected;
    for (const auto& [key, row] : rows_) {
      if (passes(row)) expected[key] = row;
    }
    auto txn = table_.begin();
    uint64_t removed = 0;
    EXPECT_TRUE(
        same_rows(table_.scan_columns(txn->statement_snapshot(), {&condition, 1}, &removed), expected));
    EXPECT_EQ(removed, rows_.size() - expected.size());
    table_.commit(txn);
  }

  TestTable table_;
  TestRows rows_;
};

TEST_F(ColumnarConditions, Lists) {
  const std::vector<Value> keys{Value::of_int64(3), Value::of_int64(4999), Value::of_int64(9999)};
  check({0, ColumnComparison::kAnyOf, {}, keys},
        [](const TestRow& r) { return r.key == 3 || r.key == 4999; });
  const std::vector<Value> texts{Value::of_string(std::string_view("t4")),
                                 Value::of_string(std::string_view("t1"))};
  check({1, ColumnComparison::kAnyOf, {}, texts},
        [](const TestRow& r) { return r.text == "t4" || r.text == "t1"; });
  check({2, ColumnComparison::kAnyOf, {}, {}}, [](const TestRow&) { return false; });
}

TEST_F(ColumnarConditions, NullTests) {
  check({1, ColumnComparison::kIsNull, {}, {}}, [](const TestRow& r) { return !r.text; });
  check({1, ColumnComparison::kIsNotNull, {}, {}}, [](const TestRow& r) { return r.text.has_value(); });
  check({0, ColumnComparison::kIsNull, {}, {}}, [](const TestRow&) { return false; });
}

TEST_F(ColumnarConditions, ZonesAloneLeaveOutVectorsAndCountNothing) {
  const ColumnCondition condition{0, ColumnComparison::kGreaterEqual, Value::of_int64(2500), {}, true};
  auto txn = table_.begin();
  uint64_t removed = 0;
  TestRows found = table_.scan_columns(txn->statement_snapshot(), {&condition, 1}, &removed);
  EXPECT_EQ(removed, 0U);
  EXPECT_EQ(found.begin()->first, 2048);
  EXPECT_EQ(found.size(), 5000U - 2048);
  table_.commit(txn);
}

// As a scan for the first rows does: what it is known to need narrows while it runs.
TEST_F(ColumnarConditions, ConditionsOfZonesMayChange) {
  ColumnCondition condition{0, ColumnComparison::kNoCondition, {}, {}, true};
  auto txn = table_.begin();
  const txn::Snapshot snapshot = txn->statement_snapshot();
  auto scan = table_.store().scan(snapshot, test_layout(), {&condition, 1});
  std::vector<uint32_t> counts;
  table_.for_each_page([&](PageId page) {
    if (!access::is_settled(page)) return;
    std::array<uint16_t, access::kVectorRows> places;
    counts.push_back(scan->open(page, places.data()).value());
    condition = {0, ColumnComparison::kLessEqual, Value::of_int64(3000), {}, true};
  });
  EXPECT_EQ(counts, (std::vector<uint32_t>{1024, 1024, 1024, 0, 0}));
  table_.commit(txn);
}

TEST_F(ColumnarConditions, ExtremesOfVectors) {
  auto txn = table_.begin();
  const txn::Snapshot snapshot = txn->statement_snapshot();
  auto scan = table_.store().scan(snapshot, test_layout(), {});
  int64_t vector = 0;
  table_.for_each_page([&](PageId page) {
    if (!access::is_settled(page)) return;
    std::array<uint16_t, access::kVectorRows> places;
    const uint32_t rows = scan->open(page, places.data()).value();
    ASSERT_EQ(rows, scan->vector_rows());
    Value least, greatest;
    ASSERT_TRUE(scan->extremes(0, &least, &greatest).value());
    EXPECT_EQ(least.int64, vector * 1024);
    EXPECT_EQ(greatest.int64, std::min<int64_t>(vector * 1024 + 1023, 4999));
    // Of the two zeros it is not known which.
    EXPECT_EQ(scan->extremes(2, &least, &greatest).value(), vector != 0);
    // Strings are cut off; but where there are none, that is known.
    EXPECT_EQ(scan->extremes(1, &least, &greatest).value(), vector == 2);
    EXPECT_TRUE(vector != 2 || (least.null && greatest.null));
    ++vector;
  });
  EXPECT_EQ(vector, 5);
  table_.commit(txn);
}

}  // namespace
}  // namespace varve::columnar_table
