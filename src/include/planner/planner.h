// From bound query to physical plan.
#pragma once

#include <memory>

#include "analyzer/query.h"
#include "functions/eval_context.h"
#include "planner/plan.h"

namespace varve::txn {
class TxnManager;
}

namespace varve::planner {

// enable_* switches and cost units; every rewrite and method can be switched off, so that plans can be compared.
struct PlannerSettings {
  bool enable_index_scan = true;
  bool enable_hash_join = true;
  bool enable_index_join = true;
  bool enable_nested_loop = true;
  bool enable_subquery_unnesting = true;  // EXISTS and IN as semi and anti joins
  bool enable_constant_folding = true;
  bool enable_sort_avoidance = true;      // order delivered by an index
  uint32_t join_search_limit = 10;        // more relations than this: greedy instead of dynamic programming
  double seq_page_cost = 1.0;
  double random_page_cost = 1.1;          // the buffer pool is expected to hold most of what is read
  double cpu_tuple_cost = 0.003;
  double cpu_index_lookup_cost = 0.02;
  double cpu_operator_cost = 0.0005;
};

// Fills statement.root, subplans and ctes. `query` lies in statement.arena. Throws SqlError.
void plan_query(PlannedStatement& statement, analyzer::Query& query, const PlannerSettings& settings,
                txn::TxnManager& txns, functions::EvalContext& eval);

// Evaluates what is constant: immutable functions of constants. Errors are left for run time.
Expr* fold_constants(Expr* e, Arena& arena, functions::EvalContext& eval);

}  // namespace varve::planner
