// What a sample says of one column, or of one expression: what a row of pg_statistic holds.
#pragma once

#include <span>
#include <vector>

#include "catalog_rows.h"

namespace varve::commands {

struct ColumnSummary {
  struct Group {
    Value value;
    size_t first, count;  // in the sorted values
  };
  float null_fraction = 0, distinct = 0;
  int32_t width = 0;
  std::vector<Group> common;
  std::vector<Value> histogram;
  bool has_correlation = false;
  float correlation = 0;
  size_t sampled = 0;
};

// `values`: of the sample's rows in the order they lie in the table. `target`: so many common values and
// histogram steps at most.
ColumnSummary summarise(std::span<const Value> values, Oid type, double table_rows, size_t target);
// Into a row of pg_statistic, all but whose it is. Wide values leave room for fewer.
void set_statistics(RowDraft& row, Oid type, ColumnSummary summary);

}  // namespace varve::commands
