#include "column_summary.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "functions/array.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "multivariate.h"

namespace varve::commands {
namespace {

using Group = ColumnSummary::Group;

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

void summarise_order(ColumnSummary& summary, std::vector<std::pair<Value, size_t>>& values, double table_rows,
                     functions::CompareFunction compare, size_t too_wide, size_t target) {
  // Histograms stand in the order of the default collation, which compares bytes.
  constexpr const types::Collation* collation = nullptr;
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
    if (g.count > 1 || (groups.size() <= target && summary.distinct > 0)) ordered.push_back(g);
  }
  std::stable_sort(ordered.begin(), ordered.end(),
                   [](const Group& a, const Group& b) { return a.count > b.count; });
  bool all =
      ordered.size() == groups.size() && too_wide == 0 && summary.distinct > 0 && ordered.size() <= target;
  size_t common = std::min(ordered.size(), target);
  if (!all) {
    common = values_that_stand_out(ordered, common, summary.distinct, summary.null_fraction,
                                   static_cast<double>(summary.sampled), table_rows);
  }
  ordered.resize(common);
  summary.common = ordered;

  size_t steps = std::min(groups.size() - common, target + 1);
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

}  // namespace

ColumnSummary summarise(std::span<const Value> sample, Oid type, double table_rows, size_t target) {
  ColumnSummary summary;
  summary.sampled = sample.size();
  std::vector<std::pair<Value, size_t>> values;
  size_t nulls = 0, too_wide = 0;
  double width = 0;
  const functions::TypeInfo* info = functions::type_by_oid(type);
  for (const Value& v : sample) {
    if (v.null) {
      ++nulls;
      continue;
    }
    if (v.type == types::PhysicalType::kString) {
      width += static_cast<double>(v.view().size() + 1);
      if (v.view().size() > kWidestValue) {
        ++too_wide;
        continue;
      }
    } else {
      width += info != nullptr && info->length > 0 ? info->length : 8;
    }
    values.emplace_back(v, values.size());
  }
  size_t present = values.size() + too_wide;
  summary.null_fraction = sample.empty() ? 0 : static_cast<float>(nulls) / static_cast<float>(sample.size());
  summary.width = present == 0 ? 0 : static_cast<int32_t>(width / static_cast<double>(present));
  functions::CompareFunction compare = functions::compare_function(type);
  if (compare != nullptr && !values.empty())
    summarise_order(summary, values, table_rows, compare, too_wide, target);
  return summary;
}

void set_statistics(RowDraft& row, Oid type, ColumnSummary s) {
  fit_to_row(s);
  row.float4("stanullfrac", s.null_fraction);
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
    set_array(row, fmt::format("stavalues{}", slot), type, values);
  }
  if (!s.histogram.empty()) {
    begin(2);
    set_array(row, fmt::format("stavalues{}", slot), type, s.histogram);
  }
  if (s.has_correlation) {
    begin(3);
    const Value numbers[] = {Value::of_float32(s.correlation)};
    set_array(row, fmt::format("stanumbers{}", slot), type_oid::kFloat4, numbers);
  }
}

}  // namespace varve::commands
