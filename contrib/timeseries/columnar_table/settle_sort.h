// The order of rows within a segment, from columns of values: keys are made of numbers that compare as the
// values do, wherever a column's type has such numbers.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "access/column_store.h"
#include "types/physical_type.h"

namespace varve::columnar_table {

// A column of rows as it lies in memory; bit i of `valid` = row i is not NULL.
struct SortColumn {
  types::PhysicalType type;
  const uint8_t* values;
  const uint64_t* valid;
};

// The rows' places in the order of `order`, equal ones as they are; empty: they are in order as they are.
// Columns are numbered as in `order`. NULLs come last.
std::vector<uint32_t> sorted_places(std::span<const SortColumn> columns, uint32_t rows,
                                    std::span<const access::SettleOrder> order);

}  // namespace varve::columnar_table
