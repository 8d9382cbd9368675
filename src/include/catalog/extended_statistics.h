// A statistics object (a row of pg_statistic_ext) with what ANALYZE found out (pg_statistic_ext_data).
// Attributes are numbered as in functions/extended_statistics.h.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "catalog/relation.h"
#include "functions/extended_statistics.h"

namespace varve::catalog {

struct ExtendedStatistics {
  static constexpr char kNdistinct = 'd', kDependencies = 'f', kCommon = 'm', kExpressions = 'e';
  static constexpr size_t kMaxDimensions = 8;

  Oid oid;
  std::string name;
  Oid schema;
  Oid owner;
  int32_t target = -1;                       // of ALTER STATISTICS … SET STATISTICS; -1: the usual one
  std::vector<ColumnNumber> columns;         // ascending
  std::vector<std::string> expressions_sql;  // canonical SQL
  std::string kinds;                         // of the letters above

  struct Found {
    std::vector<functions::AttributeGroup> ndistinct, dependencies;
    std::shared_ptr<const functions::CommonCombinations> common;
    std::vector<std::shared_ptr<const ColumnStatistics>> expressions;  // null entries: none
  };
  Found own;          // of the table's own rows
  Found with_family;  // with those of partitions and children

  bool has(char kind) const { return kinds.find(kind) != std::string::npos; }
  // Its place in a list of all columns, then all expressions; -1: it has no such column.
  int dimension_of(ColumnNumber column) const {
    for (size_t i = 0; i < columns.size(); ++i) {
      if (columns[i] == column) return static_cast<int>(i);
    }
    return -1;
  }
  size_t dimensions() const { return columns.size() + expressions_sql.size(); }
  // Of a place in that list.
  int16_t attribute(size_t dimension) const {
    return dimension < columns.size()
               ? columns[dimension]
               : static_cast<int16_t>(-1 - static_cast<int>(dimension - columns.size()));
  }
};

}  // namespace varve::catalog
