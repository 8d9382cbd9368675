#include "statistics.h"

#include <fmt/format.h>

#include "catalog/catalog.h"
#include "functions/array.h"

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

}  // namespace

void load_statistics(Catalog& catalog, Relation& relation) {
  if (relation.is_system) return;
  const KeyMatch match[] = {{"starelid", Value::of_oid(relation.oid.value())}};
  catalog.for_each(system_table("pg_statistic"), match, [&](const Row& row) {
    auto number = static_cast<size_t>(row.int2("staattnum"));
    if (number < 1 || number > relation.statistics.size()) return;
    auto statistics = std::make_shared<OwnedStatistics>();
    statistics->null_fraction = row.float4("stanullfrac");
    statistics->distinct = row.float4("stadistinct");
    statistics->average_width = row.int4("stawidth");
    for (int slot = 1; slot <= 5; ++slot) load_slot(*statistics, row, slot);
    relation.statistics[number - 1] = statistics;
  });
}

}  // namespace varve::catalog
