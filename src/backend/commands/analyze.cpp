#include "analyze.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>
#include <optional>
#include <random>

#include "access/column_store.h"
#include "common/sql_error.h"
#include "functions/array.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "table_expression.h"
#include "vector/vector.h"

namespace varve::commands {
namespace {

// PostgreSQL's default_statistics_target of 100: so many common values and histogram steps, 300 times as many
// rows.
constexpr size_t kTarget = 100;
constexpr size_t kSampleRows = 300 * kTarget;
constexpr size_t kSamplePages = 300 * kTarget;
constexpr size_t kWidest = 1024;  // longer values are counted, not kept

struct Sample {
  std::vector<std::vector<Value>> rows;  // of the live columns, in the order they lie in the table
  double table_rows = 0;
};

// A reservoir of kSampleRows (Vitter 1985, algorithm R).
class Reservoir {
 public:
  explicit Reservoir(uint64_t seed) : random_(seed) {}
  // The next row comes by: where it is kept, if it is, in the place of what was there.
  std::optional<size_t> next() {
    const uint64_t order = seen_++;
    size_t place = picked_.size();
    if (place >= kSampleRows) {
      place = random_() % seen_;
      if (place >= kSampleRows) return std::nullopt;
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
  std::vector<Picked> picked_;
  uint64_t seen_ = 0;
};

// Of rows that lie in columns only those that are kept are decoded.
class VectorSample {
 public:
  VectorSample(access::ColumnStore& store, const txn::Snapshot& snapshot, const Relation& table,
               std::span<const ColumnNumber> live)
      : scan_(store.scan(snapshot, *table.layout, {})), table_(table), live_(live) {}

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
    for (ColumnNumber c : live_) {
      Arena scratch;
      vector::Vector values(table_.layout->column(static_cast<size_t>(c - 1)).type, scratch,
                            access::kVectorRows);
      check_ok(scan_->decode(static_cast<uint32_t>(c - 1), rows, values, scratch));
      for (uint32_t i = 0; i < rows.size(); ++i)
        reservoir.row(places[i]).push_back(types::copy_value(values.value(i), memory));
    }
  }

 private:
  std::unique_ptr<access::ColumnScan> scan_;
  const Relation& table_;
  std::span<const ColumnNumber> live_;
  std::array<uint16_t, access::kVectorRows> visible_;
};

// Rows of up to kSamplePages pages, evenly spread.
Sample take_sample(CommandContext& context, const Relation& table, Arena& memory) {
  std::vector<PageId> pages;
  auto runs = table.heap->runs();
  check_ok(runs.status());
  for (const access::PageRun& run : *runs) {
    for (uint32_t i = 0; i < run.count; ++i) pages.push_back(PageId{run.first.value() + i});
  }
  size_t wanted = std::min(pages.size(), kSamplePages);
  txn::Snapshot snapshot = latest_snapshot(context.txn);
  std::vector<ColumnNumber> live = live_columns(table);
  Reservoir reservoir(table.oid.value());
  std::optional<VectorSample> vectors;
  if (access::ColumnStore* store = table.heap->columns()) vectors.emplace(*store, snapshot, table, live);
  access::Heap::PageBatch batch;
  for (size_t p = 0; p < wanted; ++p) {
    const PageId page = pages[p * pages.size() / wanted];
    if (sync::CancelToken* cancel = context.txn.cancel_token()) cancel->throw_if_pending();
    if (vectors && access::is_settled(page)) {
      vectors->add(page, reservoir, memory);
      continue;
    }
    check_ok(table.heap->read_page(snapshot, page, &batch));
    for (const access::RowVersion& version : batch.rows) {
      std::optional<size_t> place = reservoir.next();
      if (!place) continue;
      Arena scratch;
      for (ColumnNumber c : live) {
        Value v = table.layout->get(version, static_cast<size_t>(c - 1), scratch);
        reservoir.row(*place).push_back(types::copy_value(v, memory));
      }
    }
  }
  Sample sample;
  reservoir.finish(&sample.rows);
  sample.table_rows = wanted == 0 ? 0
                                  : static_cast<double>(reservoir.seen()) *
                                        static_cast<double>(pages.size()) / static_cast<double>(wanted);
  return sample;
}

struct Group {
  Value value;
  size_t first, count;  // in the sorted values
};

struct ColumnSummary {
  float null_fraction = 0, distinct = 0;
  int32_t width = 0;
  std::vector<Group> common;
  std::vector<Value> histogram;
  bool has_correlation = false;
  float correlation = 0;
  size_t sampled = 0;
};

// How many of the commonest values stand out from the rest: PostgreSQL's test, twice the standard deviation
// of what a sample without replacement would show for a value of average frequency.
size_t values_that_stand_out(const std::vector<Group>& groups, size_t candidates, double distinct,
                             double null_fraction, double sample_rows, double table_rows) {
  if (sample_rows >= table_rows || table_rows <= 1) return candidates;
  double total_distinct = distinct < 0 ? -distinct * table_rows : distinct;
  double sum = 0;
  for (size_t i = 0; i + 1 < candidates; ++i) sum += static_cast<double>(groups[i].count);
  while (candidates > 0) {
    double share = std::clamp(1.0 - sum / sample_rows - null_fraction, 0.0, 1.0);
    double others = total_distinct - static_cast<double>(candidates - 1);
    if (others > 1) share /= others;
    double count = static_cast<double>(groups[candidates - 1].count);
    double k = table_rows * count / sample_rows;
    double variance = sample_rows * k * (table_rows - k) * (table_rows - sample_rows) /
                      (table_rows * table_rows * (table_rows - 1));
    if (count > share * sample_rows + 2 * std::sqrt(std::max(variance, 0.0)) + 0.5) break;
    if (--candidates == 0) break;
    sum -= static_cast<double>(groups[candidates - 1].count);
  }
  return candidates;
}

// Haas and Stokes 1998, "Estimating the number of classes in a finite population", the Duj1 estimator.
double estimate_distinct(double values, double distinct, double repeated, double table_values) {
  double once = distinct - repeated;
  if (table_values <= 0) return 0;
  double estimate = values * distinct / ((values - once) + once * values / table_values);
  return std::floor(std::clamp(estimate, distinct, table_values) + 0.5);
}

void summarise_order(ColumnSummary& summary, std::vector<std::pair<Value, size_t>>& values, double table_rows,
                     functions::CompareFunction compare, const types::Collation* collation, size_t too_wide,
                     size_t sample_rows) {
  std::sort(values.begin(), values.end(), [&](const auto& a, const auto& b) {
    int c = compare(a.first.bytes(), b.first.bytes(), collation);
    return c != 0 ? c < 0 : a.second < b.second;
  });
  std::vector<Group> groups;
  for (size_t i = 0; i < values.size(); ++i) {
    if (i > 0 && compare(values[i].first.bytes(), values[i - 1].first.bytes(), collation) == 0)
      ++groups.back().count;
    else
      groups.push_back({values[i].first, i, 1});
  }
  auto distinct = static_cast<double>(groups.size());
  auto repeated = static_cast<double>(
      std::count_if(groups.begin(), groups.end(), [](const Group& g) { return g.count > 1; }));
  double n = static_cast<double>(values.size());
  if (repeated == 0) {
    summary.distinct = static_cast<float>(-1.0 * (1.0 - summary.null_fraction));
  } else if (too_wide == 0 && repeated == distinct) {
    summary.distinct = static_cast<float>(distinct);
  } else {
    summary.distinct = static_cast<float>(estimate_distinct(
        n, distinct + static_cast<double>(too_wide), repeated, table_rows * (1.0 - summary.null_fraction)));
  }
  if (summary.distinct > 0.1 * table_rows)
    summary.distinct = static_cast<float>(-(summary.distinct / table_rows));

  std::vector<Group> ordered;
  for (const Group& g : groups) {
    if (g.count > 1 || (groups.size() <= kTarget && summary.distinct > 0)) ordered.push_back(g);
  }
  std::stable_sort(ordered.begin(), ordered.end(),
                   [](const Group& a, const Group& b) { return a.count > b.count; });
  bool all =
      ordered.size() == groups.size() && too_wide == 0 && summary.distinct > 0 && ordered.size() <= kTarget;
  size_t common = std::min(ordered.size(), kTarget);
  if (!all) {
    common = values_that_stand_out(ordered, common, summary.distinct, summary.null_fraction,
                                   static_cast<double>(sample_rows), table_rows);
  }
  ordered.resize(common);
  summary.common = ordered;

  size_t steps = std::min(groups.size() - common, kTarget + 1);
  if (steps >= 2) {
    std::vector<const Value*> rest;
    std::sort(ordered.begin(), ordered.end(),
              [](const Group& a, const Group& b) { return a.first < b.first; });
    size_t next = 0;
    for (size_t i = 0; i < values.size();) {
      if (next < ordered.size() && ordered[next].first == i)
        i += ordered[next++].count;
      else
        rest.push_back(&values[i++].first);
    }
    for (size_t i = 0; i < steps; ++i)
      summary.histogram.push_back(*rest[i * (rest.size() - 1) / (steps - 1)]);
  }
  if (values.size() > 1) {
    // Both sequences are permutations of 0 … n-1.
    double products = 0;
    std::vector<size_t> places;
    for (const auto& v : values) places.push_back(v.second);
    for (size_t i = 0; i < places.size(); ++i)
      products += static_cast<double>(i) * static_cast<double>(places[i]);
    double sum = (n - 1) * n / 2, squares = (n - 1) * n * (2 * n - 1) / 6;
    summary.correlation = static_cast<float>((n * products - sum * sum) / (n * squares - sum * sum));
    summary.has_correlation = true;
  }
}

ColumnSummary summarise(const Sample& sample, size_t ordinal, const catalog::Column& column,
                        const types::Collation* collation) {
  ColumnSummary summary;
  summary.sampled = sample.rows.size();
  std::vector<std::pair<Value, size_t>> values;
  size_t nulls = 0, too_wide = 0;
  double width = 0;
  const functions::TypeInfo* info = functions::type_by_oid(column.type);
  for (const auto& row : sample.rows) {
    const Value& v = row[ordinal];
    if (v.null) {
      ++nulls;
      continue;
    }
    if (v.type == types::PhysicalType::kString) {
      width += static_cast<double>(v.view().size() + 1);
      if (v.view().size() > kWidest) {
        ++too_wide;
        continue;
      }
    } else {
      width += info != nullptr && info->length > 0 ? info->length : 8;
    }
    values.emplace_back(v, values.size());
  }
  size_t present = values.size() + too_wide;
  summary.null_fraction =
      sample.rows.empty() ? 0 : static_cast<float>(nulls) / static_cast<float>(sample.rows.size());
  summary.width = present == 0 ? 0 : static_cast<int32_t>(width / static_cast<double>(present));
  functions::CompareFunction compare = functions::compare_function(column.type);
  if (compare != nullptr && !values.empty()) {
    summarise_order(summary, values, sample.table_rows, compare, collation, too_wide, sample.rows.size());
  }
  return summary;
}

void set_array(RowDraft& row, std::string_view column, Oid type, std::span<const Value> values) {
  std::string bytes;
  functions::append_array_bytes(bytes, type, values);
  row.set(column, Value::of_string(std::string_view(bytes)));
}

size_t value_bytes(const Value& v) {
  return v.type == types::PhysicalType::kString ? v.view().size() + 8 : 24;
}

// pg_statistic's row must fit its page: wide values leave room for fewer, the histogram first.
void fit_to_row(ColumnSummary& s) {
  constexpr size_t kBudgetBytes = 6500;
  auto total = [&] {
    size_t bytes = s.common.size() * 8;
    for (const Group& g : s.common) bytes += value_bytes(g.value);
    for (const Value& v : s.histogram) bytes += value_bytes(v);
    return bytes;
  };
  while (total() > kBudgetBytes) {
    if (s.histogram.size() > 11 || (s.common.empty() && s.histogram.size() > 2)) {
      std::vector<Value> thinner;
      size_t steps = std::max<size_t>(2, (s.histogram.size() + 1) / 2);
      for (size_t i = 0; i < steps; ++i)
        thinner.push_back(s.histogram[i * (s.histogram.size() - 1) / (steps - 1)]);
      s.histogram = std::move(thinner);
    } else if (!s.common.empty()) {
      s.common.resize(s.common.size() * 3 / 4);
    } else {
      s.histogram.clear();
    }
  }
}

void write_summary(CommandContext& context, Oid table, ColumnNumber number, const catalog::Column& column,
                   const ColumnSummary& s) {
  const KeyMatch match[] = {{"starelid", Value::of_oid(table.value())},
                            {"staattnum", Value::of_int16(number)}};
  context.catalog.remove_where(system_table("pg_statistic"), match);
  RowDraft row(system_table("pg_statistic"));
  row.oid("starelid", table).int2("staattnum", number).float4("stanullfrac", s.null_fraction);
  row.int4("stawidth", s.width).float4("stadistinct", s.distinct);
  int slot = 0;
  auto begin = [&](int16_t kind) { row.int2(fmt::format("stakind{}", ++slot), kind); };
  if (!s.common.empty()) {
    begin(1);
    std::vector<Value> values, numbers;
    for (const Group& g : s.common) {
      values.push_back(g.value);
      numbers.push_back(Value::of_float32(static_cast<float>(g.count) / static_cast<float>(s.sampled)));
    }
    set_array(row, fmt::format("stanumbers{}", slot), type_oid::kFloat4, numbers);
    set_array(row, fmt::format("stavalues{}", slot), column.type, values);
  }
  if (!s.histogram.empty()) {
    begin(2);
    set_array(row, fmt::format("stavalues{}", slot), column.type, s.histogram);
  }
  if (s.has_correlation) {
    begin(3);
    const Value numbers[] = {Value::of_float32(s.correlation)};
    set_array(row, fmt::format("stanumbers{}", slot), type_oid::kFloat4, numbers);
  }
  context.catalog.insert(row);
}

}  // namespace

double analyze_table(CommandContext& context, const RelationPtr& table, parser::NameList only) {
  Arena memory;
  Sample sample = take_sample(context, *table, memory);
  std::vector<ColumnNumber> live = live_columns(*table);
  for (size_t i = 0; i < live.size() && !sample.rows.empty(); ++i) {
    const catalog::Column& column = table->column(live[i]);
    if (!only.empty() && std::find(only.begin(), only.end(), column.name) == only.end()) continue;
    // Histograms stand in the order of the default collation, which compares bytes.
    ColumnSummary summary = summarise(sample, i, column, nullptr);
    fit_to_row(summary);
    write_summary(context, table->oid, live[i], column, summary);
  }
  return sample.table_rows;
}

}  // namespace varve::commands
