// Writing a table anew in another shape.
#pragma once

#include "analyzer/expression.h"
#include "names.h"

namespace varve::commands {

// A column whose values are computed from the old row.
struct ColumnRewrite {
  ColumnNumber column;
  analyzer::Expr* expression;  // over the old table's columns (range 0)
};
// Copies every row of `old` (a picture taken before its pg_attribute rows changed) to a new segment in the
// table's present shape; columns not in `rewrites` keep their values. All indexes are built anew.
void rewrite_table(CommandContext& context, const RelationPtr& old, std::span<const ColumnRewrite> rewrites);

}  // namespace varve::commands
