// Rewrites of bound queries, before they are planned: each keeps the meaning, each has its switch in
// PlannerSettings. Private to the planner.
#pragma once

#include <vector>

#include "query_planner.h"

namespace varve::planner {

// Simple subqueries and views in FROM dissolve into `query` (pull_up.cpp).
void pull_up_subqueries(PlannerState& state, Query& query);

// Outer joins that as a whole depend on what stands left of them become LATERAL subqueries
// (lateral_join.cpp).
void enclose_lateral_joins(PlannerState& state, Query& query);

// Conditions over range `range` of `query`, a subquery, move into it where that changes nothing but the work.
// What could not go stays in `conjuncts` (push_down.cpp).
void push_down_conditions(PlannerState& state, Query& query, uint32_t range, std::vector<Expr*>& conjuncts);

// A copy of the query in which correlated scalar aggregates of WHERE are outer joins with grouped subqueries;
// null when there is nothing to turn (unnest.cpp).
Query* unnest_scalar_aggregates(PlannerState& state, const Query& query);

// min and max of an indexed column: the first entry of the index (min_max.cpp).
void use_index_for_min_max(PlannerState& state, Query& query);

// (a AND b) OR (a AND c) becomes a, b OR c. `out` gets the conjuncts (conjuncts.cpp).
void factor_or(PlannerState& state, Expr* e, std::vector<Expr*>* out);

// The select list's n-th visible expression (1-based).
Expr* visible_target(const Query& query, int16_t column);

}  // namespace varve::planner
