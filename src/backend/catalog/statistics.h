// What ANALYZE left in pg_statistic, as the planner wants it. Each slot has its kind in stakindN: 1 most
// common values (stanumbersN their frequencies), 2 histogram bounds, 3 correlation (stanumbersN[1]).
// stavaluesN holds an array value (functions/array.h) of the column's type.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace varve::catalog {

class Catalog;
struct Relation;

void load_statistics(Catalog& catalog, Relation& relation);
// Its statistics objects.
void load_extended_statistics(Catalog& catalog, Relation& relation);

// Expressions of an index stand one a line in indexprs, in the order of the zeros in indkey; those of
// statistics in stxexprs.
std::vector<std::string> split_expressions(std::string_view text);

}  // namespace varve::catalog
