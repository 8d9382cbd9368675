#include "multivariate.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include "common/check.h"
#include "functions/registry.h"

namespace varve::commands {

using functions::AttributeGroup;
using types::Value;

double estimate_distinct(double values, double distinct, double repeated, double table_values) {
  if (table_values <= 0) return 0;
  const double once = distinct - repeated;
  const double estimate = values * distinct / ((values - once) + once * values / table_values);
  return std::floor(std::clamp(estimate, distinct, std::max(distinct, table_values)) + 0.5);
}

Multivariate::Multivariate(std::span<const SampledColumn> columns)
    : columns_(columns), rows_(columns.empty() ? 0 : columns[0].values.size()) {
  known_.resize(size_t{1} << columns.size());
  too_wide_.resize(rows_);
  for (size_t c = 0; c < columns.size(); ++c) {
    for (size_t row = 0; row < rows_; ++row) {
      const Value& v = columns[c].values[row];
      if (!v.null && v.type == types::PhysicalType::kString && v.view().size() > kWidestValue)
        too_wide_[row] |= Set{1} << c;
    }
    known_[size_t{1} << c] = classes_of(columns[c]);
  }
}

Multivariate::Classes Multivariate::classes_of(const SampledColumn& column) const {
  const functions::CompareFunction compare = functions::compare_function(column.type);
  VARVE_CHECK(compare != nullptr);
  auto order = [&](uint32_t a, uint32_t b) {
    const Value &x = column.values[a], &y = column.values[b];
    if (x.null || y.null) return static_cast<int>(x.null) - static_cast<int>(y.null);
    return compare(x.bytes(), y.bytes(), nullptr);
  };
  std::vector<uint32_t> sorted(rows_);
  std::iota(sorted.begin(), sorted.end(), 0);
  std::sort(sorted.begin(), sorted.end(), [&](uint32_t a, uint32_t b) { return order(a, b) < 0; });
  Classes classes;
  classes.of_row.resize(rows_);
  for (size_t i = 0; i < rows_; ++i) {
    if (i == 0 || order(sorted[i - 1], sorted[i]) != 0) ++classes.count;
    classes.of_row[sorted[i]] = classes.count - 1;
  }
  return classes;
}

Multivariate::Classes Multivariate::combine(const Classes& first, const Classes& then) {
  const size_t rows = first.of_row.size();
  std::vector<std::pair<uint64_t, uint32_t>> keys(rows);
  for (uint32_t row = 0; row < rows; ++row)
    keys[row] = {uint64_t{first.of_row[row]} << 32 | then.of_row[row], row};
  std::sort(keys.begin(), keys.end());
  Classes classes;
  classes.of_row.resize(rows);
  for (size_t i = 0; i < rows; ++i) {
    if (i == 0 || keys[i].first != keys[i - 1].first) ++classes.count;
    classes.of_row[keys[i].second] = classes.count - 1;
  }
  return classes;
}

const Multivariate::Classes& Multivariate::classes(Set columns) {
  Classes& found = known_[columns];
  if (found.of_row.empty() && rows_ > 0) {
    const Set last = std::bit_floor(columns);
    found = combine(classes(columns & ~last), known_[last]);
  }
  return found;
}

AttributeGroup Multivariate::group_of(Set columns, double number) const {
  AttributeGroup group;
  group.number = number;
  for (size_t c = 0; c < columns_.size(); ++c) {
    if ((columns >> c & 1) != 0) group.attributes.push_back(columns_[c].attribute);
  }
  return group;
}

namespace {

// All sets of `size` out of `n` in the order of their members.
std::vector<uint32_t> sets_of(size_t size, size_t n) {
  std::vector<uint32_t> sets;
  std::vector<size_t> members(size);
  std::iota(members.begin(), members.end(), 0);
  for (;;) {
    uint32_t set = 0;
    for (size_t m : members) set |= uint32_t{1} << m;
    sets.push_back(set);
    size_t i = size;
    while (i > 0 && members[i - 1] == n - size + i - 1) --i;
    if (i == 0) return sets;
    ++members[i - 1];
    for (; i < size; ++i) members[i] = members[i - 1] + 1;
  }
}

}  // namespace

std::vector<AttributeGroup> Multivariate::ndistinct(double table_rows) {
  std::vector<AttributeGroup> groups;
  for (size_t size = 2; size <= columns_.size(); ++size) {
    for (Set set : sets_of(size, columns_.size())) {
      const Classes& c = classes(set);
      std::vector<uint32_t> counts(c.count);
      for (uint32_t id : c.of_row) ++counts[id];
      const auto repeated = std::count_if(counts.begin(), counts.end(), [](uint32_t n) { return n > 1; });
      groups.push_back(group_of(set, estimate_distinct(static_cast<double>(rows_), c.count,
                                                       static_cast<double>(repeated), table_rows)));
    }
  }
  return groups;
}

// Rows whose class by the deciding columns has one value only of the decided one.
double Multivariate::degree(Set deciding, size_t decided) {
  const Classes& by = classes(deciding);
  const Classes& value = known_[size_t{1} << decided];
  constexpr uint32_t kNone = UINT32_MAX, kSeveral = UINT32_MAX - 1;
  std::vector<uint32_t> only(by.count, kNone), size(by.count);
  const Set involved = deciding | Set{1} << decided;
  for (size_t row = 0; row < rows_; ++row) {
    if ((too_wide_[row] & involved) != 0) continue;
    const uint32_t id = by.of_row[row];
    ++size[id];
    if (only[id] == kNone)
      only[id] = value.of_row[row];
    else if (only[id] != value.of_row[row])
      only[id] = kSeveral;
  }
  double agreeing = 0;
  for (size_t id = 0; id < only.size(); ++id) agreeing += only[id] == kSeveral ? 0 : size[id];
  return agreeing / static_cast<double>(rows_);
}

std::vector<AttributeGroup> Multivariate::dependencies() {
  std::vector<AttributeGroup> found;
  for (size_t size = 1; size < columns_.size(); ++size) {
    for (Set deciding : sets_of(size, columns_.size())) {
      for (size_t decided = 0; decided < columns_.size(); ++decided) {
        if ((deciding >> decided & 1) != 0) continue;
        const double d = degree(deciding, decided);
        if (d == 0) continue;
        found.push_back(group_of(deciding, d));
        found.back().attributes.push_back(columns_[decided].attribute);
      }
    }
  }
  return found;
}

namespace {

// How often a combination must be met for its share of the sample to be within about a fifth of that of the
// table: the standard error of a sample without replacement, as in PostgreSQL.
double least_count(double sample_rows, double table_rows) {
  const double others = table_rows - sample_rows;
  const double divisor = others + 0.04 * sample_rows * (table_rows - 1);
  return divisor == 0 ? 0 : sample_rows * others / divisor;
}

struct Combination {
  uint32_t count = 0;
  uint32_t row = 0;  // one that has it
};

}  // namespace

functions::CommonCombinations Multivariate::common(double table_rows, size_t limit) const {
  functions::CommonCombinations common;
  Classes all = known_[1];
  for (size_t c = 1; c < columns_.size(); ++c) all = combine(all, known_[size_t{1} << c]);
  std::vector<Combination> combinations(all.count);
  std::vector<std::vector<uint32_t>> value_counts;
  for (size_t c = 0; c < columns_.size(); ++c) value_counts.emplace_back(known_[size_t{1} << c].count);
  for (uint32_t row = 0; row < rows_; ++row) {
    if (too_wide_[row] != 0) continue;
    Combination& combination = combinations[all.of_row[row]];
    if (combination.count++ == 0) combination.row = row;
    for (size_t c = 0; c < columns_.size(); ++c) ++value_counts[c][known_[size_t{1} << c].of_row[row]];
  }
  std::stable_sort(combinations.begin(), combinations.end(),
                   [](const Combination& a, const Combination& b) { return a.count > b.count; });
  const auto n = static_cast<double>(rows_);
  const double least = least_count(n, table_rows);
  for (const SampledColumn& column : columns_) common.dimensions.push_back({column.type, {}});
  for (size_t i = 0; i < std::min(limit, combinations.size()); ++i) {
    const Combination& combination = combinations[i];
    if (combination.count == 0 || combination.count < least) break;
    double base = 1;
    for (size_t c = 0; c < columns_.size(); ++c) {
      base *= value_counts[c][known_[size_t{1} << c].of_row[combination.row]] / n;
      common.dimensions[c].values.push_back(columns_[c].values[combination.row]);
    }
    common.frequencies.push_back(combination.count / n);
    common.base_frequencies.push_back(base);
  }
  return common;
}

}  // namespace varve::commands
