#include "analyze.h"

#include <algorithm>
#include <array>
#include <optional>
#include <random>

#include "access/column_store.h"
#include "column_summary.h"
#include "common/sql_error.h"
#include "inheritance.h"
#include "statistics_build.h"
#include "table_expression.h"
#include "vector/vector.h"

namespace varve::commands {
namespace {

// A table whose rows are sampled, and where the columns of what is analyzed lie in it.
struct SampledTable {
  RelationPtr table;
  std::vector<ColumnNumber> columns;
};

// A reservoir of so many rows (Vitter 1985, algorithm R).
class Reservoir {
 public:
  Reservoir(uint64_t seed, size_t room) : random_(seed), room_(room) {}
  // The next row comes by: where it is kept, if it is, in the place of what was there.
  std::optional<size_t> next() {
    const uint64_t order = seen_++;
    size_t place = picked_.size();
    if (place >= room_) {
      place = random_() % seen_;
      if (place >= room_) return std::nullopt;
    } else {
      picked_.emplace_back();
    }
    picked_[place].order = order;
    picked_[place].row.clear();
    return place;
  }
  std::vector<Value>& row(size_t place) { return picked_[place].row; }
  uint64_t seen() const { return seen_; }
  // In the order they lie in the table.
  void finish(std::vector<std::vector<Value>>* rows) {
    std::sort(picked_.begin(), picked_.end(),
              [](const Picked& a, const Picked& b) { return a.order < b.order; });
    for (Picked& p : picked_) rows->push_back(std::move(p.row));
  }

 private:
  struct Picked {
    uint64_t order;
    std::vector<Value> row;
  };
  std::mt19937_64 random_;
  size_t room_;
  std::vector<Picked> picked_;
  uint64_t seen_ = 0;
};

// Of rows that lie in columns only those that are kept are decoded.
class VectorSample {
 public:
  VectorSample(access::ColumnStore& store, const txn::Snapshot& snapshot, const SampledTable& from)
      : scan_(store.scan(snapshot, *from.table->layout, {})), from_(from) {}

  void add(PageId page, Reservoir& reservoir, Arena& memory) {
    auto count = scan_->open(page, visible_.data());
    check_ok(count.status());
    std::vector<uint16_t> rows;
    std::vector<size_t> places;
    for (uint32_t i = 0; i < *count; ++i) {
      std::optional<size_t> place = reservoir.next();
      if (!place) continue;
      // The same place may be taken twice: the row before is gone then.
      if (auto before = std::find(places.begin(), places.end(), *place); before != places.end()) {
        rows.erase(rows.begin() + (before - places.begin()));
        places.erase(before);
      }
      rows.push_back(visible_[i]);
      places.push_back(*place);
    }
    if (rows.empty()) return;
    for (ColumnNumber c : from_.columns) {
      Arena scratch;
      vector::Vector values(from_.table->layout->column(static_cast<size_t>(c - 1)).type, scratch,
                            access::kVectorRows);
      check_ok(scan_->decode(static_cast<uint32_t>(c - 1), rows, values, scratch));
      for (uint32_t i = 0; i < rows.size(); ++i)
        reservoir.row(places[i]).push_back(types::copy_value(values.value(i), memory));
    }
  }

 private:
  std::unique_ptr<access::ColumnScan> scan_;
  const SampledTable& from_;
  std::array<uint16_t, access::kVectorRows> visible_;
};

// What lies in one table: its rows come into the reservoir page by page.
class TableSample {
 public:
  TableSample(const SampledTable& from, const txn::Snapshot& snapshot) : from_(from), snapshot_(snapshot) {
    if (access::ColumnStore* store = from.table->heap->columns()) vectors_.emplace(*store, snapshot, from);
  }

  void add(PageId page, Reservoir& reservoir, Arena& memory) {
    if (vectors_ && access::is_settled(page)) return vectors_->add(page, reservoir, memory);
    check_ok(from_.table->heap->read_page(snapshot_, page, &batch_));
    for (const access::RowVersion& version : batch_.rows) {
      std::optional<size_t> place = reservoir.next();
      if (!place) continue;
      Arena scratch;
      for (ColumnNumber c : from_.columns) {
        Value v = from_.table->layout->get(version, static_cast<size_t>(c - 1), scratch);
        reservoir.row(*place).push_back(types::copy_value(v, memory));
      }
    }
  }

 private:
  const SampledTable& from_;
  const txn::Snapshot& snapshot_;
  std::optional<VectorSample> vectors_;
  access::Heap::PageBatch batch_;
};

// Of the rows of all tables together, from as many of their pages, evenly spread.
Sample take_sample(CommandContext& context, std::span<const SampledTable> tables, size_t rows,
                   Arena& memory) {
  std::vector<std::pair<size_t, PageId>> pages;
  for (size_t t = 0; t < tables.size(); ++t) {
    auto runs = tables[t].table->heap->runs();
    check_ok(runs.status());
    for (const access::PageRun& run : *runs) {
      for (uint32_t i = 0; i < run.count; ++i) pages.emplace_back(t, PageId{run.first.value() + i});
    }
  }
  const size_t wanted = std::min(pages.size(), rows);
  const txn::Snapshot snapshot = latest_snapshot(context.txn);
  Reservoir reservoir(tables.empty() ? 0 : tables[0].table->oid.value(), rows);
  std::optional<TableSample> sampling;
  for (size_t p = 0, table = SIZE_MAX; p < wanted; ++p) {
    const auto& [t, page] = pages[p * pages.size() / wanted];
    if (sync::CancelToken* cancel = context.txn.cancel_token()) cancel->throw_if_pending();
    if (t != table) sampling.emplace(tables[table = t], snapshot);
    sampling->add(page, reservoir, memory);
  }
  Sample sample;
  reservoir.finish(&sample.rows);
  sample.table_rows = wanted == 0 ? 0
                                  : static_cast<double>(reservoir.seen()) *
                                        static_cast<double>(pages.size()) / static_cast<double>(wanted);
  return sample;
}

std::vector<Value> column_values(const Sample& sample, size_t ordinal) {
  std::vector<Value> values;
  values.reserve(sample.rows.size());
  for (const std::vector<Value>& row : sample.rows) values.push_back(row[ordinal]);
  return values;
}

void write_summary(CommandContext& context, Oid table, ColumnNumber number, Oid type,
                   const ColumnSummary& summary) {
  const KeyMatch match[] = {{"starelid", Value::of_oid(table.value())},
                            {"staattnum", Value::of_int16(number)}};
  context.catalog.remove_where(system_table("pg_statistic"), match);
  RowDraft row(system_table("pg_statistic"));
  row.oid("starelid", table).int2("staattnum", number);
  set_statistics(row, type, summary);
  context.catalog.insert(row);
}

}  // namespace

double analyze_table(CommandContext& context, const RelationPtr& table, parser::NameList only) {
  Arena memory;
  StatisticsBuild extended(context, table, only);
  const std::vector<ColumnNumber> live = live_columns(*table);
  const SampledTable from[] = {{table, live}};
  const size_t rows = kSampleRowsPerTarget * std::max(kStatisticsTarget, extended.target());
  Sample sample = take_sample(context, from, rows, memory);
  for (size_t i = 0; i < live.size() && !sample.rows.empty(); ++i) {
    const catalog::Column& column = table->column(live[i]);
    if (!only.empty() && std::find(only.begin(), only.end(), column.name) == only.end()) continue;
    write_summary(context, table->oid, live[i], column.type,
                  summarise(column_values(sample, i), column.type, sample.table_rows, kStatisticsTarget));
  }
  extended.run(sample, false);
  return sample.table_rows;
}

void analyze_family(CommandContext& context, const RelationPtr& table, parser::NameList only) {
  if (table->extended_statistics.empty()) return;
  Arena memory;
  StatisticsBuild extended(context, table, only);
  std::vector<SampledTable> tables;
  for (const RelationPtr& member : tables_with_rows(context, table)) {
    SampledTable& from = tables.emplace_back();
    from.table = member;
    for (ColumnNumber column : live_columns(*table))
      from.columns.push_back(member->find_column(table->column(column).name));
  }
  const size_t rows = kSampleRowsPerTarget * std::max(kStatisticsTarget, extended.target());
  extended.run(take_sample(context, tables, rows, memory), true);
}

}  // namespace varve::commands
