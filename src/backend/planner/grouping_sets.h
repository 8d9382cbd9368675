// What grouping under several sets asks for besides the plan. Private to the module.
#pragma once

#include <cstdint>

#include "analyzer/query.h"

namespace varve::planner {

analyzer::Expr* int4_constant(Arena& arena, int32_t value);
analyzer::Expr* equals_int4(Arena& arena, analyzer::Expr* value, int32_t constant);
// WITHIN GROUP's direct arguments become what each set makes of them (direct_arguments.cpp).
void split_direct_arguments(analyzer::Query& query, Arena& arena);

}  // namespace varve::planner
