#include "statistics.h"

#include <algorithm>
#include <fmt/format.h>

#include "catalog/catalog.h"
#include "catalog/extended_statistics.h"
#include "functions/array.h"
#include "functions/record.h"

namespace varve::catalog {
namespace {

using types::Value;

// With the memory that its values lie in.
struct OwnedStatistics : ColumnStatistics {
  Arena memory;
};

std::vector<Value> array_values(std::string_view bytes, Arena& memory) {
  std::vector<Value> values;
  if (bytes.empty()) return values;
  functions::ArrayView view(memory.copy(bytes));
  for (uint32_t i = 0; i < view.count(); ++i) values.push_back(view.at(i, memory));
  return values;
}

void load_slot(OwnedStatistics& statistics, const Row& row, int slot) {
  int16_t kind = row.int2(fmt::format("stakind{}", slot));
  if (kind == 0) return;
  std::vector<float> numbers;
  for (const Value& v : array_values(row.text(fmt::format("stanumbers{}", slot)), statistics.memory)) {
    numbers.push_back(v.float32);
  }
  std::vector<Value> values = array_values(row.text(fmt::format("stavalues{}", slot)), statistics.memory);
  if (kind == 1) {
    statistics.common_values = std::move(values);
    statistics.common_frequencies = std::move(numbers);
  } else if (kind == 2) {
    statistics.histogram = std::move(values);
  } else if (kind == 3 && !numbers.empty()) {
    statistics.correlation = numbers[0];
  }
}

std::shared_ptr<const ColumnStatistics> read_statistics(const Row& row) {
  auto statistics = std::make_shared<OwnedStatistics>();
  statistics->null_fraction = row.float4("stanullfrac");
  statistics->distinct = row.float4("stadistinct");
  statistics->average_width = row.int4("stawidth");
  for (int slot = 1; slot <= 5; ++slot) load_slot(*statistics, row, slot);
  return statistics;
}

}  // namespace

void load_statistics(Catalog& catalog, Relation& relation) {
  if (relation.is_system) return;
  const KeyMatch match[] = {{"starelid", Value::of_oid(relation.oid.value())}};
  catalog.for_each(system_table("pg_statistic"), match, [&](const Row& row) {
    auto number = static_cast<size_t>(row.int2("staattnum"));
    if (number < 1 || number > relation.statistics.size()) return;
    relation.statistics[number - 1] = read_statistics(row);
  });
}

std::vector<std::string> split_expressions(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    size_t end = text.find('\n');
    parts.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return parts;
}

// --- statistics objects

namespace {

// With the memory that its values lie in.
struct OwnedCombinations : functions::CommonCombinations {
  Arena memory;
};

std::shared_ptr<const functions::CommonCombinations> read_common(std::string_view bytes) {
  auto common = std::make_shared<OwnedCombinations>();
  static_cast<functions::CommonCombinations&>(*common) =
      functions::read_common_combinations(common->memory.copy(bytes), common->memory);
  return common;
}

// stxdexpr: an array of rows of pg_statistic, one an expression.
std::vector<std::shared_ptr<const ColumnStatistics>> read_expressions(std::string_view bytes) {
  std::vector<std::shared_ptr<const ColumnStatistics>> found;
  const SystemTable& pg_statistic = system_table("pg_statistic");
  functions::ArrayView rows(bytes);
  for (uint32_t i = 0; i < rows.count(); ++i) {
    if (rows.is_null(i)) {
      found.push_back(nullptr);
      continue;
    }
    Arena arena;
    const Value row = rows.at(i, arena);
    functions::RecordView record(row.view());
    std::vector<Value> values;
    for (uint32_t field = 0; field < record.count(); ++field) values.push_back(record.at(field, arena));
    found.push_back(read_statistics(Row(pg_statistic, values, Tid{}, Xid{})));
  }
  return found;
}

void load_found(Catalog& catalog, ExtendedStatistics& statistics) {
  const KeyMatch match[] = {{"stxoid", Value::of_oid(statistics.oid.value())}};
  catalog.for_each(system_table("pg_statistic_ext_data"), match, [&](const Row& row) {
    ExtendedStatistics::Found& found = row.boolean("stxdinherit") ? statistics.with_family : statistics.own;
    if (!row.is_null("stxdndistinct"))
      found.ndistinct = functions::read_attribute_groups(row.text("stxdndistinct"));
    if (!row.is_null("stxddependencies"))
      found.dependencies = functions::read_attribute_groups(row.text("stxddependencies"));
    if (!row.is_null("stxdmcv")) found.common = read_common(row.text("stxdmcv"));
    if (!row.is_null("stxdexpr")) found.expressions = read_expressions(row.text("stxdexpr"));
  });
}

}  // namespace

void load_extended_statistics(Catalog& catalog, Relation& relation) {
  if (relation.is_system) return;
  const KeyMatch match[] = {{"stxrelid", Value::of_oid(relation.oid.value())}};
  catalog.for_each(system_table("pg_statistic_ext"), match, [&](const Row& row) {
    auto statistics = std::make_shared<ExtendedStatistics>();
    statistics->oid = row.oid("oid");
    statistics->name = row.text("stxname");
    statistics->schema = row.oid("stxnamespace");
    statistics->owner = row.oid("stxowner");
    statistics->target = row.int4("stxstattarget");
    for (int64_t n : row.numbers("stxkeys")) statistics->columns.push_back(static_cast<ColumnNumber>(n));
    Arena arena;
    for (const Value& kind : array_values(row.text("stxkind"), arena)) statistics->kinds += kind.view();
    statistics->expressions_sql = split_expressions(row.text("stxexprs"));
    load_found(catalog, *statistics);
    relation.extended_statistics.push_back(std::move(statistics));
  });
  std::sort(relation.extended_statistics.begin(), relation.extended_statistics.end(),
            [](const auto& a, const auto& b) { return a->oid < b->oid; });
}

}  // namespace varve::catalog
