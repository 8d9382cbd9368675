// Planning of one query level. Private to the planner.
#pragma once

#include <map>
#include <set>
#include <unordered_map>
#include <vector>

#include "analyzer/expression_walk.h"
#include "analyzer/query.h"
#include "catalog/extended_statistics.h"
#include "column_statistics.h"
#include "planner/planner.h"
#include "planner_state.h"

namespace varve::planner {

struct JoinLeaf;
struct GroupStep;
using ColumnSet = std::set<std::pair<uint32_t, int16_t>>;

// A statistics object of a range, its expressions in the query's terms.
struct RangeStatistics {
  const catalog::ExtendedStatistics* object = nullptr;
  const catalog::ExtendedStatistics::Found* found = nullptr;
  std::vector<Expr*> expressions;

  // Which of the object's columns, behind them expressions, it is; -1: none.
  int dimension_of(uint32_t range, const Expr* e) const;
};

class QueryPlanner {
 public:
  // `derived`: the query stands in its parent's FROM (its level-1 references are siblings, LATERAL);
  // otherwise it is a sublink of an expression. `parent` null: the statement itself.
  QueryPlanner(PlannerState& state, Query& query, QueryPlanner* parent, bool derived);

  // The whole query; layout: its visible targets.
  Node plan();

  // Outer values this query needs: slot and the parent's expression for it.
  struct OuterReference {
    uint32_t slot;
    Expr* value;  // in the parent's terms
  };
  const std::vector<OuterReference>& outer_references() const { return outer_; }

  // Which members of a range's family are read.
  struct FamilyChoice {
    std::vector<uint32_t> members;
    const PartitionPruning* pruning = nullptr;  // for runs
  };

 private:
  friend class JoinSearch;
  friend class PruningBuilder;
  friend class FamilyPruner;
  // --- expressions (resolve.cpp)
  // Replaces what the layout carries by kInput, outer columns by kExecParam, sublinks by subplans.
  Expr* resolve(Expr* e, const Node& node);
  ExprList resolve_all(std::span<Expr* const> exprs, const Node& node);
  // A column or an aggregate of an outer query becomes a parameter.
  Expr* outer_reference(const Expr& outer);
  uint32_t outer_slot(const Expr& outer);
  // What a WITH query of the query `levels` further out reads from beyond that: who reads it depends on it
  // too.
  void note_outer_references(const Query& cte, uint32_t levels);
  Expr* make_subplan(analyzer::SubqueryExpr& sublink, const Node& node);
  Expr* grouping_value(const analyzer::GroupingExpr& grouping);
  Expr* make_input(const Expr* like, uint32_t index);
  RangeSet ranges_of(const Expr* e) const;
  bool has_sublink(const Expr* e) const;
  Expr* fold(Expr* e);
  void split_conjuncts(Expr* e, std::vector<Expr*>* out);
  Expr* conjunction(const std::vector<Expr*>& parts);

  void columns_of(const Expr* e, ColumnSet* out) const;
  void columns_of(const Query& query, ColumnSet* out) const;
  void note_item_columns(const FromItem* item);

  // --- FROM and WHERE (join_planner.cpp, join_sublink.cpp, join_search.cpp, join_method.cpp)
  Node plan_from(std::vector<Expr*> conjuncts);
  void flatten(const FromItem& item, std::vector<Expr*>& conjuncts, std::vector<JoinLeaf>* leaves);
  Node plan_leaf(const JoinLeaf& leaf);
  Node plan_full_join(const FromItem& item);
  bool add_sublink_leaf(Expr* conjunct, std::vector<JoinLeaf>* leaves);
  bool add_derived_leaf(analyzer::SubqueryExpr& sublink, bool negated, std::vector<JoinLeaf>* leaves);
  bool add_dissolved_leaf(analyzer::SubqueryExpr& sublink, bool negated, std::vector<JoinLeaf>* leaves);
  void drop_idle_leaves(const Query& query, const std::vector<Expr*>& conjuncts, const ColumnSet& above,
                        std::vector<JoinLeaf>* leaves) const;
  uint32_t add_range(Range* range);
  bool runs_once(const Expr* e) const;
  bool note_columns_above(const std::vector<Expr*>& late, ColumnSet* above);
  // `above`: the columns that are read above the joins; null: all.
  Node search_joins(std::vector<JoinLeaf>& leaves, std::vector<Expr*>& conjuncts, const ColumnSet* above);
  void extract_from_or(std::vector<Expr*>& conjuncts);
  void complete_equalities(std::vector<Expr*>& conjuncts, std::vector<int>* classes);
  void unify_integer_equality(Expr*& e);
  Node join(Node left, Node right, JoinType type, const std::vector<Expr*>& conditions,
            const ColumnSet* above);
  Node prune(Node node, const ColumnSet& keep);
  bool is_join_key(const Expr* e, RangeSet left, RangeSet right, Expr** left_key, Expr** right_key) const;
  double hash_join_cost(double build, double probe, double output) const;
  double subplan_cost(const Expr* resolved, double rows) const;
  Node filter(Node node, const std::vector<Expr*>& conditions);
  RangeSet item_ranges(const FromItem& item) const;
  RangeSet item_lateral_needs(const FromItem& item) const;
  bool is_strict_on(const Expr* e, RangeSet ranges) const;
  // A LATERAL range: run again for every left row.
  Node plan_lateral(const Node& left, uint32_t range, const std::vector<Expr*>& filters,
                    const std::vector<Expr*>& on, JoinType type = JoinType::kInner);
  RangeSet lateral_needs(uint32_t range) const;
  Node plan_lateral_range(uint32_t range, std::vector<OuterReference>* references);

  // --- one range (access_path.cpp)
  Node plan_range(uint32_t range, std::vector<Expr*> conjuncts);
  Node plan_table(uint32_t range, std::vector<Expr*> conjuncts);
  Node plan_subquery_range(uint32_t range);
  // An index of a range, its expressions and predicate in the query's terms.
  struct RangeIndex {
    const catalog::Index* index = nullptr;
    const analyzer::IndexExpressions* bound = nullptr;  // null: plain columns only
    std::vector<Expr*> keys = {};                       // of such; null entries: plain columns
    std::vector<Expr*> predicate = {};
  };
  std::vector<RangeIndex> usable_indexes(uint32_t range, const std::vector<Expr*>& conjuncts);
  Expr* at_range(Expr* e, uint32_t range);
  bool is_implied(const Expr* predicate, const std::vector<Expr*>& conjuncts) const;
  const BoundIndex* bound_index(uint32_t range, const RangeIndex& index);

  struct IndexMatch {
    RangeIndex index;
    std::vector<Expr*> equal;  // in the query's terms
    std::vector<Expr*> any_of;
    Expr* array_any = nullptr;  // the same as one array
    Expr* lower = nullptr;
    Expr* upper = nullptr;
    bool lower_inclusive = true, upper_inclusive = true;
    std::vector<Expr*> used;  // conjuncts that the bounds answer wholly
    double selectivity = 1;
    bool unique = false;
  };
  // The index of `range` that is best looked up with values of `left`; false: none fits. `rows`: found for
  // one left row.
  bool best_join_index(RangeSet left, uint32_t range, const std::vector<Expr*>& conditions,
                       const std::vector<Expr*>& filters, IndexMatch* match, double* rows);
  double key_selectivity(uint32_t range, const catalog::IndexColumn& key, const Expr* expression);
  Node index_join(const Node& left, uint32_t range, JoinType type, const std::vector<Expr*>& conditions,
                  const std::vector<Expr*>& filters);
  // How many members' indexes are looked in for one left row.
  double members_looked_in(uint32_t range, const IndexMatch& match);
  Node finish_lookup_join(JoinType type, const Node& left, Node node, Plan* plan);
  Node member_index_join(const Node& left, uint32_t range, JoinType type,
                         const std::vector<Expr*>& conditions, const std::vector<Expr*>& filters,
                         const IndexMatch& match, double per_row);
  IndexMatch match_index(uint32_t range, const RangeIndex& index, const std::vector<Expr*>& conjuncts,
                         RangeSet available);
  // An inverted index under the conditions that it answers (inverted_path.cpp); no plan: none.
  struct InvertedTerm {
    InvertedCondition::Kind kind = InvertedCondition::Kind::kOperator;
    uint32_t key = 0;
    functions::InvertedOp op = functions::InvertedOp::kNone;
    Expr* value = nullptr;  // in the query's terms
    Expr* condition = nullptr;
    double lookups = 1;
    std::vector<InvertedTerm> parts;
  };
  bool match_inverted(uint32_t range, const RangeIndex& index, Expr* condition, RangeSet available,
                      InvertedTerm* out);
  bool match_inverted_operator(uint32_t range, const RangeIndex& index, Expr* condition, RangeSet available,
                               InvertedTerm* out);
  InvertedCondition resolve_inverted(const InvertedTerm& term, const Node& node);
  Node inverted_scan(uint32_t range, const RangeIndex& index, const std::vector<Expr*>& conjuncts);
  bool is_index_key(uint32_t range, const RangeIndex& index, size_t number, const Expr* e) const;
  // The other side of `column op value` as a key of the index column; null if it does not fit.
  Expr* key_value(const catalog::IndexColumn& key, Expr* value);
  Node index_scan(uint32_t range, const IndexMatch& match, const std::vector<Expr*>& conjuncts,
                  bool backward);
  Node consider_order(Node best, uint32_t range, const IndexMatch& match,
                      const std::vector<Expr*>& conjuncts);
  // What every scan of a table starts from: the columns that the query needs of it. The plan is the caller's.
  Node scan_node(uint32_t range, ScanPlan* plan);
  std::vector<catalog::ColumnNumber> needed_columns(uint32_t range);
  void note_system_column(const ColumnExpr& c);
  void note_table_column(uint32_t range);
  void note_columns(const Expr* e);
  void note_query_columns();
  std::span<OutputColumn> scan_output(const Range& range, const std::vector<catalog::ColumnNumber>& columns);
  std::vector<Expr*> scan_layout(uint32_t range, const std::vector<catalog::ColumnNumber>& columns);

  // --- row security (row_security.cpp)
  // Conditions on a range in the order in which they may be tested.
  struct SecuredConditions {
    std::vector<Expr*> scan, policies, others;
  };
  bool is_leakproof(const Expr* e) const;
  std::vector<Expr*> security_of(uint32_t range);
  SecuredConditions secure(uint32_t range, const std::vector<Expr*>& conjuncts);
  Node plan_relation(uint32_t range, std::vector<Expr*> conjuncts);
  bool may_look_up(uint32_t range, const std::vector<Expr*>& conditions);
  std::vector<Expr*> recheck_conditions(std::span<const uint32_t> ranges,
                                        const std::vector<Expr*>& conjuncts);

  // --- several tables as one (family_plan.cpp)
  void choose_members(uint32_t range, const std::vector<Expr*>& conjuncts);
  bool set_members(uint32_t range, ScanPlan* plan, const catalog::Index* index);
  Node plan_no_members(uint32_t range);
  const catalog::Index* member_index(uint32_t range, const catalog::Index& index,
                                     const analyzer::Member& member) const;
  const BoundIndex* member_bound_index(const analyzer::Member& member, const catalog::Index& index);
  bool members_in_order(uint32_t range, const IndexMatch& match) const;
  const BoundIndex* bind_member_index(const analyzer::Member& member, const analyzer::IndexExpressions& e);
  std::vector<Expr*> own_layout(const catalog::Relation& relation);
  void set_modify_members(ModifyPlan* plan, const std::vector<Expr*>& row_layout);

  // --- estimates (estimate.cpp)
  double segment_pages(const catalog::Relation& relation);
  double rows_of_pages(const catalog::Relation& relation, double pages) const;
  double relation_rows(const catalog::Relation& relation);
  double relation_pages(const catalog::Relation& relation);
  // column op constant, however it is written; `op` is turned round when the constant stands on the left.
  struct Comparison {
    const Expr* column = nullptr;
    const Expr* other = nullptr;
    std::string_view op;
  };
  Comparison comparison_of(const Expr* e);
  double selectivity(const Expr* e);
  double conjunction_selectivity(std::span<Expr* const> conjuncts);
  double separate_selectivity(std::span<Expr* const> conjuncts);
  double join_selectivity(const Expr* e);
  double equality_selectivity(const Expr* column, const Expr* other);
  // --- small tables are read while planning (small_table.cpp)
  bool may_read_early(const JoinLeaf& leaf);
  bool read_early(JoinLeaf& leaf, const std::vector<JoinLeaf>& others, std::vector<types::Value>* values);
  double early_selectivity(const JoinLeaf& leaf, const std::vector<types::Value>& values, const Expr* own,
                           const Expr* other);
  double operator_selectivity(const analyzer::FunctionExpr& f);
  double share_below(const Expr* column, const Expr* other, bool inclusive);
  // A constant, or what a stable expression would be now; null: neither.
  const analyzer::ConstExpr* constant_of(const Expr* e);
  double distinct_values(const Expr* e, double rows);
  double group_count(std::span<Expr* const> groups, double input_rows);
  // --- statistics of several columns, and of expressions (extended_estimate.cpp)
  friend class ExtendedEstimate;
  bool has_statistics_objects() const;
  const std::vector<RangeStatistics>& statistics_of(uint32_t range);
  // As column_of(); also of an expression that there are statistics of.
  ColumnOrigin origin_of(const Expr* e);
  // Of the conditions on one table that its statistics objects know together, which are taken out.
  // `alternatives`: of any of them, not of all.
  double extended_selectivity(std::vector<Expr*>* conditions, bool alternatives);
  double distinct_combinations(uint32_t range, std::vector<const Expr*> terms, double range_rows);

  // --- above the joins (query_planner.cpp)
  Node plan_as_written();
  Node plan_select();
  Node plan_set_operation();
  Node plan_recursive_cte(analyzer::Cte& cte, uint32_t number);
  void plan_ctes();
  Node plan_aggregation(Node node);
  // Steps that extensions put behind grouping (row_transform.cpp).
  Node plan_group_steps(Node node, size_t group_count);
  Node add_group_step(Node node, const GroupStep& step);
  Node plan_windows(Node node);
  Node plan_distinct(Node node);
  std::vector<bool> late_targets() const;
  Node project_early(Node node, const std::vector<Expr*>& exprs, const std::vector<bool>& late);
  Node plan_order_limit(Node node) { return plan_limit(plan_order(std::move(node), true)); }
  std::vector<SortKey> order_keys(const Node& node);
  Expr* resolve_count(Expr* count);
  // `may_cut`: of the sorted rows no more are needed than LIMIT says.
  Node plan_order(Node node, bool may_cut);
  Node plan_limit(Node node);
  Node plan_locking(Node node);
  Node project(Node node, std::vector<Expr*> exprs, bool set_returning = false);
  // A node that puts the results of the set-returning calls in `exprs` beside the columns there are.
  Node expand_sets(Node node, const std::vector<Expr*>& exprs);
  Node sort(Node node, const std::vector<SortKey>& keys, Expr* limit);
  Node finish_targets(Node node);
  std::span<OutputColumn> output_of(std::span<Expr* const> exprs);

  // --- INSERT, UPDATE, DELETE (modify_planner.cpp)
  Node plan_insert();
  Node plan_update_delete();
  Node plan_merge();
  void set_modify_common(ModifyPlan& plan, const std::vector<Expr*>& row_layout, const Node& child);

  PlannerState& state_;
  Arena& arena_;
  Query& query_;
  QueryPlanner* parent_;
  bool derived_;
  std::vector<OuterReference> outer_;
  std::vector<std::vector<bool>> used_columns_;                            // by range, [column - 1]
  std::vector<bool> needs_ctid_;                                           // by range
  std::map<uint32_t, std::vector<catalog::ColumnNumber>> system_columns_;  // by range: the others, where used
  std::vector<Expr*> where_conjuncts_;                                     // all of WHERE, for rechecks
  std::unordered_map<const Expr*, double> known_selectivity_;
  std::unordered_map<const Expr*, const analyzer::ConstExpr*> estimated_values_;  // of constant_of()
  std::map<uint32_t, std::vector<RangeStatistics>> statistics_;                   // by range
  bool use_extended_ = true;                         // false: each condition for itself
  std::vector<Expr*> grouped_by_;                    // once the rows are grouped
  Expr* set_number_ = nullptr;                       // which grouping set a row is of; null: there is one
  std::map<uint32_t, FamilyChoice> family_choices_;  // by range
  std::vector<uint32_t> cte_numbers_;                // of this query's CTEs in the statement
};

// Whether the plan touches at most a handful of rows, whatever its constants (point_statement.cpp).
bool is_point_statement(const PlannedStatement& statement);

}  // namespace varve::planner
