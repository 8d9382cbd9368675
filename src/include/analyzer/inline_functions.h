// Calls of functions in SQL whose body is one expression become that expression, so that the planner sees
// what they do. PostgreSQL's conditions: nothing that the function promises is lost, no argument is computed
// more often than before.
#pragma once

#include "analyzer/analyzer.h"
#include "analyzer/query.h"

namespace varve::analyzer {

// Changes the query. Functions that bodies call are added to context.routines.
void inline_functions(AnalyzerContext& context, Query& query);

}  // namespace varve::analyzer
