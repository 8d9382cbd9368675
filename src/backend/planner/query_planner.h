// Planning of one query level. Private to the planner.
#pragma once

#include <map>
#include <vector>

#include "analyzer/expression_walk.h"
#include "analyzer/query.h"
#include "planner/planner.h"

namespace varve::planner {

using analyzer::ColumnExpr;
using analyzer::ExprKind;
using analyzer::FromItem;
using analyzer::Query;
using analyzer::Range;
using RangeSet = uint64_t;  // bit n: range n of the query

// A plan under construction. layout[i] is the expression, in the query's own terms, that output column i carries;
// expressions over the plan are made by finding their parts in the layout (QueryPlanner::resolve).
struct Node {
  Plan* plan = nullptr;
  std::vector<Expr*> layout;
  RangeSet ranges = 0;
  // Order that the rows come in, as far as known: layout positions.
  struct Order {
    uint32_t column;
    bool descending, nulls_first;
  };
  std::vector<Order> order;
};

// Shared by all levels of a statement.
struct PlannerState {
  PlannedStatement& statement;
  const PlannerSettings& settings;
  txn::TxnManager& txns;
  functions::EvalContext& eval;

  uint32_t new_slot() { return statement.exec_param_count++; }
  template <class T>
  T* make(PlanKind kind) {
    T* plan = statement.arena.make<T>();
    plan->kind = kind;
    plan->id = statement.node_count++;
    return plan;
  }
};

class QueryPlanner {
 public:
  // `derived`: the query stands in its parent's FROM (its level-1 references are siblings, LATERAL); otherwise it is a
  // sublink of an expression. `parent` null: the statement itself.
  QueryPlanner(PlannerState& state, Query& query, QueryPlanner* parent, bool derived);

  // The whole query; layout: its visible targets.
  Node plan();

  // Outer values this query needs: slot and the parent's expression for it.
  struct OuterReference {
    uint32_t slot;
    Expr* value;  // in the parent's terms
  };
  const std::vector<OuterReference>& outer_references() const { return outer_; }

 private:
  friend class JoinSearch;
  // --- expressions (resolve.cpp)
  // Replaces what the layout carries by kInput, outer columns by kExecParam, sublinks by subplans.
  Expr* resolve(Expr* e, const Node& node);
  ExprList resolve_all(std::span<Expr* const> exprs, const Node& node);
  Expr* outer_reference(const ColumnExpr& column);
  uint32_t outer_slot(const ColumnExpr& column);
  Expr* make_subplan(analyzer::SubqueryExpr& sublink, const Node& node);
  Expr* make_input(const Expr* like, uint32_t index);
  RangeSet ranges_of(const Expr* e) const;
  bool has_sublink(const Expr* e) const;
  Expr* fold(Expr* e);
  void split_conjuncts(Expr* e, std::vector<Expr*>* out);
  Expr* conjunction(const std::vector<Expr*>& parts);

  // --- FROM and WHERE (join_planner.cpp, access_path.cpp)
  Node plan_from(std::vector<Expr*> conjuncts);
  Node plan_item(const FromItem& item, std::vector<Expr*>& conjuncts);
  void flatten(const FromItem& item, std::vector<Expr*>& conjuncts, std::vector<const FromItem*>* leaves);
  Node plan_leaf(const FromItem& item, std::vector<Expr*> conjuncts);
  Node plan_outer_join(const FromItem& item, std::vector<Expr*>& conjuncts);
  Node plan_range(uint32_t range, std::vector<Expr*> conjuncts);
  Node plan_relation(uint32_t range, std::vector<Expr*> conjuncts);
  Node plan_subquery_range(uint32_t range);
  Node search_joins(std::vector<const FromItem*>& leaves, std::vector<Expr*>& conjuncts);
  Node join(Node left, Node right, JoinType type, std::vector<Expr*> conditions);
  // Null plan when no index of the right relation fits.
  Node try_index_join(const Node& left, uint32_t right_range, JoinType type, const std::vector<Expr*>& conditions,
                      const std::vector<Expr*>& right_filter);
  Node filter(Node node, const std::vector<Expr*>& conditions);
  RangeSet item_ranges(const FromItem& item) const;
  bool is_strict_on(const Expr* e, RangeSet ranges) const;
  // EXISTS / IN conjuncts as joins; what could not be turned stays in `conjuncts`.
  Node apply_sublink_joins(Node node, std::vector<Expr*>& conjuncts);
  bool try_sublink_join(Node* node, Expr* conjunct);
  bool join_uncorrelated(Node* node, analyzer::SubqueryExpr& sublink, bool negated);
  bool join_correlated(Node* node, analyzer::SubqueryExpr& sublink, bool negated);
  // A LATERAL range: run again for every left row.
  Node plan_lateral(const Node& left, uint32_t range, const std::vector<Expr*>& filters, const std::vector<Expr*>& on,
                    JoinType type = JoinType::kInner);
  RangeSet lateral_needs(uint32_t range) const;
  Node plan_lateral_range(uint32_t range, std::vector<OuterReference>* references);

  struct IndexMatch {
    const catalog::Index* index = nullptr;
    std::vector<Expr*> equal;        // in the query's terms
    std::vector<Expr*> any_of;
    Expr* lower = nullptr;
    Expr* upper = nullptr;
    bool lower_inclusive = true, upper_inclusive = true;
    std::vector<Expr*> used;         // conjuncts that the bounds answer wholly
    double selectivity = 1;
    bool unique = false;
  };
  IndexMatch match_index(uint32_t range, const catalog::Index& index, const std::vector<Expr*>& conjuncts,
                         RangeSet available);
  // The other side of `column op value` as a key of the index column; null if it does not fit.
  Expr* key_value(const catalog::IndexColumn& key, Expr* value);
  Node index_scan(uint32_t range, const IndexMatch& match, const std::vector<Expr*>& conjuncts, bool backward);
  Node consider_order(Node best, uint32_t range, const IndexMatch& match, const std::vector<Expr*>& conjuncts);
  std::vector<catalog::ColumnNumber> needed_columns(uint32_t range);
  void note_system_column(const ColumnExpr& c);
  void note_columns(const Expr* e);
  void note_query_columns();
  std::span<OutputColumn> scan_output(const Range& range, const std::vector<catalog::ColumnNumber>& columns);
  std::vector<Expr*> scan_layout(uint32_t range, const std::vector<catalog::ColumnNumber>& columns);

  // --- estimates (estimate.cpp)
  double relation_rows(const catalog::Relation& relation);
  double relation_pages(const catalog::Relation& relation);
  double selectivity(const Expr* e);
  double distinct_values(const Expr* e, double rows);

  // --- above the joins (query_planner.cpp)
  Node plan_select();
  Node plan_set_operation();
  Node plan_recursive_cte(analyzer::Cte& cte, uint32_t number);
  void plan_ctes();
  Node plan_aggregation(Node node);
  Node plan_windows(Node node);
  Node plan_distinct(Node node);
  Node plan_order_limit(Node node);
  Node plan_locking(Node node);
  Node project(Node node, std::vector<Expr*> exprs, bool set_returning = false);
  Node sort(Node node, const std::vector<SortKey>& keys, Expr* limit);
  Node finish_targets(Node node);
  std::span<OutputColumn> output_of(std::span<Expr* const> exprs);

  // --- INSERT, UPDATE, DELETE (modify_planner.cpp)
  Node plan_insert();
  Node plan_update_delete();
  void set_modify_common(ModifyPlan& plan, const std::vector<Expr*>& row_layout, const Node& child);

  PlannerState& state_;
  Arena& arena_;
  Query& query_;
  QueryPlanner* parent_;
  bool derived_;
  std::vector<OuterReference> outer_;
  std::vector<std::vector<bool>> used_columns_;     // by range, [column - 1]
  std::vector<bool> needs_ctid_;                    // by range
  std::map<uint32_t, std::vector<catalog::ColumnNumber>> system_columns_;  // by range: the others, where used
  std::vector<Expr*> where_conjuncts_;              // all of WHERE, for rechecks
  std::vector<uint32_t> cte_numbers_;               // of this query's CTEs in the statement
};

// Whether the plan touches at most a handful of rows, whatever its constants (point_statement.cpp).
bool is_point_statement(const PlannedStatement& statement);

}  // namespace varve::planner
