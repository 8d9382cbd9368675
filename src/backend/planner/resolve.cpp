// From the query's terms to the executor's: columns to inputs, outer columns to parameters, sublinks to
// subplans.
#include <algorithm>
#include <bit>

#include "analyzer/query_walk.h"
#include "common/sql_error.h"
#include "functions/type_oids.h"
#include "query_planner.h"
#include "rewrite.h"

namespace varve::planner {

using analyzer::BoolExpr;
using analyzer::ExecParamExpr;
using analyzer::InputExpr;
using analyzer::SubplanExpr;
using analyzer::SubqueryExpr;

QueryPlanner::QueryPlanner(PlannerState& state, Query& query, QueryPlanner* parent, bool derived)
    : state_(state), arena_(state.statement.arena), query_(query), parent_(parent), derived_(derived) {
  if (query.ranges.size() > 64) throw_not_supported("more than 64 tables in one query");
  for (const Range* range : query.ranges) used_columns_.emplace_back(range->columns.size(), false);
  needs_ctid_.resize(query.ranges.size(), false);
}

Expr* QueryPlanner::make_input(const Expr* like, uint32_t index) {
  auto* input = arena_.make<InputExpr>();
  static_cast<Expr&>(*input) = *like;
  input->kind = ExprKind::kInput;
  input->index = index;
  return input;
}

Expr* QueryPlanner::resolve(Expr* e, const Node& node) {
  return analyzer::rewrite(e, arena_, [&](Expr* x) -> Expr* {
    if (x->kind == ExprKind::kConst || x->kind == ExprKind::kParam || x->kind == ExprKind::kExecParam ||
        x->kind == ExprKind::kInput) {
      return x;
    }
    for (size_t i = 0; i < node.layout.size(); ++i) {
      if (analyzer::same_expression(node.layout[i], x)) return make_input(x, static_cast<uint32_t>(i));
    }
    if (x->kind == ExprKind::kColumn) {
      const auto& column = x->as<ColumnExpr>();
      if (column.levels_up > 0) return outer_reference(column);
      throw SqlError(sqlstate::kInternalError, "variable not found in subplan target list");
    }
    if (x->kind == ExprKind::kAggregate && x->as<analyzer::AggregateExpr>().levels_up > 0)
      return outer_reference(*x);
    if (x->kind == ExprKind::kGrouping) {
      const auto& grouping = x->as<analyzer::GroupingExpr>();
      return analyzer::grouping_level(grouping) > 0 ? outer_reference(*x) : grouping_value(grouping);
    }
    if (x->kind == ExprKind::kSubquery) return make_subplan(x->as<SubqueryExpr>(), node);
    return nullptr;
  });
}

ExprList QueryPlanner::resolve_all(std::span<Expr* const> exprs, const Node& node) {
  std::vector<Expr*> resolved;
  for (Expr* e : exprs) resolved.push_back(resolve(e, node));
  return arena_.copy(resolved);
}

namespace {

uint32_t level_of(const Expr& e) {
  if (e.kind == ExprKind::kGrouping) return analyzer::grouping_level(e.as<analyzer::GroupingExpr>());
  return e.kind == ExprKind::kAggregate ? e.as<analyzer::AggregateExpr>().levels_up
                                        : e.as<ColumnExpr>().levels_up;
}

}  // namespace

uint32_t QueryPlanner::outer_slot(const Expr& outer) {
  Expr* value = raise_expression(const_cast<Expr*>(&outer), state_.raised, arena_);
  if (value->kind == ExprKind::kAggregate) --value->as<analyzer::AggregateExpr>().levels_up;
  // A subquery in FROM shares its parent's view of what lies further out.
  if (derived_ && level_of(*value) > 0) return parent_->outer_slot(*value);
  for (const OuterReference& o : outer_) {
    if (analyzer::same_expression(o.value, value)) return o.slot;
  }
  outer_.push_back({state_.new_slot(), value});
  return outer_.back().slot;
}

Expr* QueryPlanner::outer_reference(const Expr& outer) {
  auto* param = arena_.make<ExecParamExpr>();
  static_cast<Expr&>(*param) = outer;
  param->kind = ExprKind::kExecParam;
  param->index = outer_slot(outer);
  return param;
}

void QueryPlanner::note_outer_references(const Query& cte, uint32_t levels) {
  if (levels == 0) return;
  analyzer::walk_deep(cte, 0, [&](const Expr& x, uint32_t depth) {
    if (x.kind != ExprKind::kColumn || x.as<ColumnExpr>().levels_up < depth + 2) return true;
    auto* column = arena_.make<ColumnExpr>(x.as<ColumnExpr>());
    column->levels_up += levels - 1 - depth;
    outer_slot(*column);
    return true;
  });
}

Expr* QueryPlanner::make_subplan(SubqueryExpr& sublink, const Node& node) {
  QueryPlanner inner(state_, *sublink.query, this, false);
  Node planned = inner.plan();
  auto* subplan = arena_.make<SubplanExpr>();
  static_cast<Expr&>(*subplan) = sublink;
  subplan->kind = ExprKind::kSubplan;
  subplan->subquery = sublink.subquery;
  subplan->subplan = static_cast<uint32_t>(state_.statement.subplans.size());
  state_.statement.subplans.push_back(planned.plan);
  state_.subplans.resize(state_.statement.subplans.size());
  std::vector<uint32_t> slots;
  std::vector<Expr*> args;
  for (const OuterReference& o : inner.outer_references()) {
    slots.push_back(o.slot);
    args.push_back(resolve(o.value, node));
  }
  double distinct = 1;
  for (const OuterReference& o : inner.outer_references()) distinct *= distinct_values(o.value, 1e6);
  state_.subplans[subplan->subplan] = {planned.plan->total_cost, distinct};
  subplan->param_slots = arena_.copy(slots);
  subplan->args = arena_.copy(args);
  subplan->left = resolve_all(sublink.left, node);
  subplan->comparisons = sublink.comparisons;
  return subplan;
}

namespace {

// Level-`depth` columns that an expression, its subqueries included, refers to.
template <class F>
void for_each_column(const Expr* e, uint32_t depth, F&& f) {
  analyzer::walk_deep(e, depth, [&](const Expr& x, uint32_t level) {
    if (x.kind == ExprKind::kColumn && x.as<ColumnExpr>().levels_up == level) f(x.as<ColumnExpr>());
    return true;
  });
}

// The same of a FROM item's join conditions.
template <class F>
void from_conditions(const FromItem* item, F&& f) {
  if (item == nullptr || item->kind == analyzer::FromKind::kRange) return;
  for_each_column(item->condition, 0, f);
  from_conditions(item->left, f);
  from_conditions(item->right, f);
}
template <class F>
void for_each_column(const Query& query, uint32_t depth, F&& f) {
  analyzer::walk_deep(query, depth, [&](const Expr& x, uint32_t level) {
    if (x.kind == ExprKind::kColumn && x.as<ColumnExpr>().levels_up == level) f(x.as<ColumnExpr>());
    return true;
  });
}

}  // namespace

void QueryPlanner::note_system_column(const ColumnExpr& c) {
  if (c.column == catalog::kCtidColumn) {
    needs_ctid_[c.range] = true;
    return;
  }
  std::vector<catalog::ColumnNumber>& used = system_columns_[c.range];
  if (std::find(used.begin(), used.end(), c.column) == used.end()) used.push_back(c.column);
}

void QueryPlanner::note_table_column(uint32_t range) {
  ColumnExpr c;
  c.range = range;
  c.column = catalog::kTableOidColumn;
  note_system_column(c);
}

void QueryPlanner::note_columns(const Expr* e) {
  for_each_column(e, 0, [&](const ColumnExpr& c) {
    if (c.column > 0)
      used_columns_[c.range][static_cast<size_t>(c.column - 1)] = true;
    else
      note_system_column(c);
  });
}

void QueryPlanner::note_query_columns() {
  for_each_column(query_, 0, [&](const ColumnExpr& c) {
    if (c.column > 0)
      used_columns_[c.range][static_cast<size_t>(c.column - 1)] = true;
    else
      note_system_column(c);
  });
}

void QueryPlanner::columns_of(const Expr* e, ColumnSet* out) const {
  for_each_column(e, 0, [&](const ColumnExpr& c) { out->insert({c.range, c.column}); });
}

void QueryPlanner::columns_of(const Query& query, ColumnSet* out) const {
  for_each_column(query, 0, [&](const ColumnExpr& c) { out->insert({c.range, c.column}); });
}

void QueryPlanner::note_item_columns(const FromItem* item) {
  from_conditions(item, [&](const ColumnExpr& c) {
    if (c.column > 0)
      used_columns_[c.range][static_cast<size_t>(c.column - 1)] = true;
    else
      note_system_column(c);
  });
}

RangeSet QueryPlanner::ranges_of(const Expr* e) const {
  RangeSet set = 0;
  for_each_column(e, 0, [&](const ColumnExpr& c) { set |= RangeSet{1} << c.range; });
  return set;
}

bool QueryPlanner::has_sublink(const Expr* e) const {
  return analyzer::any_of(e, [](const Expr& x) { return x.kind == ExprKind::kSubquery; });
}

Expr* QueryPlanner::fold(Expr* e) {
  if (e == nullptr || !state_.settings.enable_constant_folding) return e;
  return fold_constants(e, arena_, state_.eval);
}

void QueryPlanner::split_conjuncts(Expr* e, std::vector<Expr*>* out) {
  if (e == nullptr) return;
  if (e->kind == ExprKind::kAnd) {
    for (Expr* arg : e->as<BoolExpr>().args) split_conjuncts(arg, out);
    return;
  }
  if (e->kind == ExprKind::kOr)
    factor_or(state_, e, out);
  else
    out->push_back(e);
}

Expr* QueryPlanner::conjunction(const std::vector<Expr*>& parts) {
  if (parts.empty()) return nullptr;
  if (parts.size() == 1) return parts[0];
  auto* both = arena_.make<BoolExpr>();
  both->kind = ExprKind::kAnd;
  both->type = type_oid::kBool;
  both->args = arena_.copy(parts);
  return both;
}

}  // namespace varve::planner
