// From bound query to physical plan.
#pragma once

#include <memory>
#include <span>

#include "analyzer/query.h"
#include "functions/eval_context.h"
#include "planner/plan.h"

namespace varve::txn {
class TxnManager;
}

namespace varve::planner {

// Runs a plan while another is being made, to see which keys a small table's condition leaves: what is known
// of them says far more than what is known of the average key.
class PlanTimeReader {
 public:
  virtual ~PlanTimeReader() = default;
  // The values of the root's columns, row by row, in `arena`; false: there are more than `most_rows`, or
  // reading failed.
  virtual bool read(const PlannedStatement& statement, size_t most_rows, Arena& arena,
                    std::vector<types::Value>* values) = 0;
};

// enable_* switches and cost units; every rewrite and method can be switched off, so that plans can be
// compared.
struct PlannerSettings {
  bool enable_seq_scan = true;
  bool enable_index_scan = true;
  bool enable_hash_join = true;
  bool enable_index_join = true;
  bool enable_nested_loop = true;
  bool enable_subquery_pullup = true;     // simple subqueries and views dissolve into the query around them
  bool enable_predicate_pushdown = true;  // conditions go into subqueries that stay
  bool enable_subquery_unnesting = true;  // EXISTS and IN as semi and anti joins
  bool enable_scalar_unnesting = true;    // correlated scalar aggregates as joins with a grouped subquery
  bool enable_constant_folding = true;
  bool enable_or_factoring = true;         // common factors of OR, and what an OR says about one table
  bool enable_transitive_equality = true;  // a = b and b = c give a = c
  bool enable_join_reordering = true;      // outer and semi joins move among the inner ones
  bool enable_column_pruning = true;       // columns that nothing above needs are not carried along
  bool enable_sort_avoidance = true;       // order delivered by an index
  bool keep_join_order = false;            // explicit inner joins are done as they are written
  bool enable_partition_pruning = true;    // partitions that no row can be in are not read
  uint32_t join_search_limit = 10;         // more relations than this: greedy instead of dynamic programming
  double seq_page_cost = 1.0;
  double random_page_cost = 1.1;  // the buffer pool is expected to hold most of what is read
  // Units of 10 µs on one processor.
  double cpu_tuple_cost = 0.003;
  double cpu_index_lookup_cost = 0.1;
  double cpu_index_fetch_cost = 0.06;  // a row through an index
  double cpu_operator_cost = 0.0005;
  // Row security: functions that might tell of rows must not see what statistics hold.
  bool has_row_security = false;
  std::span<const Oid> leakproof_routines = {};  // of those that SQL made and the statement calls
  PlanTimeReader* reader = nullptr;              // null: nothing is read while planning
  uint32_t parallel_workers = 1;                 // threads that a scan's pipeline may expect
};

// Fills statement.root, subplans and ctes. `query` lies in statement.arena. Throws SqlError.
void plan_query(PlannedStatement& statement, analyzer::Query& query, const PlannerSettings& settings,
                txn::TxnManager& txns, functions::EvalContext& eval);

// Evaluates what is constant: immutable functions of constants. Errors are left for run time.
Expr* fold_constants(Expr* e, Arena& arena, functions::EvalContext& eval);
// What the expression is worth if it were run now, for estimates only: stable functions are computed, too
// (`time > now() - interval '1 day'`). Null: it varies. Errors are thrown, as PostgreSQL's planner does.
const analyzer::ConstExpr* estimated_value(const Expr* e, Arena& arena, functions::EvalContext& eval);

}  // namespace varve::planner
