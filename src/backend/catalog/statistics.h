// What ANALYZE left in pg_statistic, as the planner wants it. Each slot has its kind in stakindN: 1 most
// common values (stanumbersN their frequencies), 2 histogram bounds, 3 correlation (stanumbersN[1]).
// stavaluesN holds an array value (functions/array.h) of the column's type.
#pragma once

namespace varve::catalog {

class Catalog;
struct Relation;

void load_statistics(Catalog& catalog, Relation& relation);

}  // namespace varve::catalog
