// What ANALYZE knows of a column, and what can be read out of it. Private to the planner.
#pragma once

#include "analyzer/query.h"
#include "catalog/relation.h"
#include "functions/eval_context.h"

namespace varve::planner {

// Where an expression's values come from when it is a column, perhaps of a subquery's output.
struct ColumnOrigin {
  const catalog::Relation* relation = nullptr;
  const catalog::ColumnStatistics* statistics = nullptr;
  bool unique = false;  // no value twice (NULLs aside)
};
ColumnOrigin column_of(const analyzer::Query& query, const analyzer::Expr* e);

// Share of all rows (NULLs count, and are not below) whose value is below the constant, or equal to it if
// `inclusive`; < 0: unknown. `distinct`: how many different values the column has.
double share_of_values_below(const catalog::ColumnStatistics& s, Oid type, const types::Value& value,
                             bool inclusive, double distinct);

// Share of the rows for which call(column, constant) is true, by trying it on the statistics' values; < 0:
// too few.
double share_that_passes(const catalog::ColumnStatistics& s, const analyzer::FunctionExpr& call,
                         const types::Value& constant, functions::EvalContext& eval);

// Share of all pairs that an equality of the two columns keeps; < 0: unknown. Distinct values as estimated.
double common_values_join(const catalog::ColumnStatistics& a, const catalog::ColumnStatistics& b, Oid type,
                          double distinct_a, double distinct_b);

}  // namespace varve::planner
