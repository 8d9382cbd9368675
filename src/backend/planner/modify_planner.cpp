// INSERT, UPDATE and DELETE over the plan of their rows.
#include <algorithm>

#include "analyzer/instead_of.h"
#include "common/sql_error.h"
#include "functions/type_oids.h"
#include "query_planner.h"

namespace varve::planner {

using analyzer::Target;
using catalog::ColumnNumber;

namespace {

std::vector<ColumnNumber> live_columns(const catalog::Relation& relation) {
  std::vector<ColumnNumber> columns;
  for (size_t i = 0; i < relation.columns.size(); ++i) {
    if (!relation.columns[i].dropped) columns.push_back(static_cast<ColumnNumber>(i + 1));
  }
  return columns;
}

// Columns that the statement gives values to, wherever it does.
std::vector<ColumnNumber> provided_columns(const analyzer::Query& query) {
  std::vector<ColumnNumber> columns(query.supplied.begin(), query.supplied.end());
  auto add = [&](std::span<const Target> targets) {
    for (const Target& t : targets) {
      if (t.assigned_column > 0) columns.push_back(t.assigned_column);
    }
  };
  if (query.command == analyzer::CommandType::kUpdate) add(query.targets);
  if (query.on_conflict != nullptr) add(query.on_conflict->assignments);
  for (const analyzer::MergeAction& action : query.merge_actions) {
    columns.insert(columns.end(), action.supplied.begin(), action.supplied.end());
    if (action.command == analyzer::CommandType::kUpdate) add(action.targets);
  }
  return columns;
}

}  // namespace

// RETURNING, checks and generated columns are over the new row, followed by what else the child yields.
void QueryPlanner::set_modify_common(ModifyPlan& plan, const std::vector<Expr*>& row_layout,
                                     const Node& child) {
  Node row;
  row.layout = row_layout;
  plan.provided = arena_.copy(provided_columns(query_));
  plan.checks = resolve_all(query_.checks, row);
  plan.check_names = query_.check_names;
  std::vector<Expr*> view_checks;
  for (const analyzer::ViewCheck& check : query_.view_checks)
    view_checks.push_back(resolve(fold(check.condition), row));
  plan.view_checks = arena_.copy(view_checks);
  plan.view_check_rules = query_.view_checks;
  plan.generated = arena_.copy(std::span<const int16_t>(query_.generated));
  plan.generated_exprs = resolve_all(query_.generated_exprs, row);
  std::vector<BoundIndex> indexes;
  for (const analyzer::IndexExpressions& e : query_.index_expressions) {
    BoundIndex bound;
    bound.index = e.index;
    std::vector<Expr*> keys;
    for (Expr* key : e.keys) keys.push_back(key == nullptr ? nullptr : resolve(fold(key), row));
    bound.keys = arena_.copy(keys);
    if (e.predicate != nullptr) bound.predicate = resolve(fold(e.predicate), row);
    indexes.push_back(bound);
  }
  plan.bound_indexes = arena_.copy(indexes);
  set_modify_members(&plan, row_layout);
  if (query_.returning.empty()) return;
  Node with_extra;
  with_extra.layout = row_layout;
  // The row's table, and of a new row its place and its transaction; those of a deleted one were read with
  // it.
  std::vector<ColumnNumber> known;
  if (auto used = system_columns_.find(0); used != system_columns_.end()) known = used->second;
  if (needs_ctid_[0]) known.push_back(catalog::kCtidColumn);
  if (query_.command == analyzer::CommandType::kDelete)
    std::erase_if(known,
                  [](ColumnNumber c) { return c != catalog::kTableOidColumn && c != catalog::kXmaxColumn; });
  plan.returned_system = arena_.copy(std::span<const ColumnNumber>(known));
  for (Expr* column : scan_layout(0, known)) with_extra.layout.push_back(column);
  with_extra.layout.insert(with_extra.layout.end(), child.layout.begin(), child.layout.end());
  std::vector<Expr*> exprs;
  for (const Target& t : query_.returning) exprs.push_back(fold(t.expr));
  plan.returning = resolve_all(exprs, with_extra);
  plan.output = output_of(exprs);
  for (size_t i = 0; i < query_.returning.size(); ++i) {
    plan.output[i].name = query_.returning[i].name;
    plan.output[i].table = query_.returning[i].origin_table;
    plan.output[i].table_column = query_.returning[i].origin_column;
  }
}

Node QueryPlanner::plan_insert() {
  const Range& target = *query_.ranges[0];
  const catalog::Relation& relation = **target.relation;
  Node child;
  if (query_.source == nullptr) {
    child.plan = state_.make<ResultPlan>(PlanKind::kResult);
  } else {
    child = plan_range(query_.from[0]->range, {});
  }
  std::vector<Expr*> row;
  for (Target& t : query_.targets) row.push_back(fold(t.expr));
  child = project(std::move(child), row);
  auto* plan = state_.make<ModifyPlan>(PlanKind::kInsert);
  plan->relation = target.relation;
  plan->children = arena_.copy(std::vector<Plan*>{child.plan});
  plan->rows = child.plan->rows;
  plan->total_cost = child.plan->total_cost + plan->rows * state_.settings.cpu_tuple_cost;
  std::vector<Expr*> row_layout = scan_layout(0, live_columns(relation));
  Node nothing;
  set_modify_common(*plan, row_layout, nothing);
  if (query_.on_conflict != nullptr) {
    const analyzer::OnConflict& conflict = *query_.on_conflict;
    plan->on_conflict = true;
    plan->do_nothing = conflict.do_nothing;
    plan->arbiters = conflict.arbiters;
    if (!conflict.do_nothing) {
      Node both;
      both.layout = row_layout;
      std::vector<Expr*> excluded = scan_layout(conflict.excluded_range, live_columns(relation));
      both.layout.insert(both.layout.end(), excluded.begin(), excluded.end());
      std::vector<ColumnNumber> columns;
      std::vector<Expr*> values;
      for (const Target& t : conflict.assignments) {
        columns.push_back(t.assigned_column);
        values.push_back(resolve(fold(t.expr), both));
      }
      plan->conflict_assigned = arena_.copy(columns);
      plan->conflict_values = arena_.copy(values);
      if (conflict.where != nullptr) plan->conflict_where = resolve(fold(conflict.where), both);
    }
  }
  Node node;
  node.plan = plan;
  for (const Target& t : query_.returning) node.layout.push_back(t.expr);
  return node;
}

Node QueryPlanner::plan_update_delete() {
  bool update = query_.command == analyzer::CommandType::kUpdate;
  const Range& target = *query_.ranges[0];
  const catalog::RelationPtr* written = analyzer::is_instead_of(query_) ? target.view : target.relation;
  const catalog::Relation& relation = **written;
  std::vector<ColumnNumber> columns = live_columns(relation);
  needs_ctid_[0] = !analyzer::is_instead_of(query_);
  for (ColumnNumber c : columns) used_columns_[0][static_cast<size_t>(c - 1)] = true;
  if (target.family != nullptr) note_table_column(0);
  std::vector<Expr*> conjuncts;
  split_conjuncts(fold(query_.where), &conjuncts);
  where_conjuncts_ = conjuncts;
  Node from = plan_from(std::move(conjuncts));
  // SET (a, b) = (SELECT …): the sub-select runs once for all its columns.
  std::vector<Expr*> rows;
  for (Target& t : query_.targets) {
    analyzer::any_of(t.expr, [&](const Expr& x) {
      bool is_row = x.kind == ExprKind::kSubquery && x.type == type_oid::kRecord;
      if (is_row &&
          std::none_of(rows.begin(), rows.end(), [&](Expr* r) { return analyzer::same_expression(r, &x); })) {
        rows.push_back(const_cast<Expr*>(&x));
      }
      return false;
    });
  }
  if (!rows.empty()) {
    std::vector<Expr*> with_rows = from.layout;
    with_rows.insert(with_rows.end(), rows.begin(), rows.end());
    from = project(std::move(from), with_rows);
  }

  // ctid, the old row, new values, and what RETURNING wants from other tables.
  std::vector<ColumnNumber> with_ctid{catalog::kCtidColumn};
  with_ctid.insert(with_ctid.end(), columns.begin(), columns.end());
  std::vector<Expr*> old_row = scan_layout(0, with_ctid);
  if (analyzer::is_instead_of(query_)) {
    auto* none = arena_.make<analyzer::ConstExpr>();
    none->kind = ExprKind::kConst;
    none->type = type_oid::kTid;
    none->value = types::Value::null_of(types::PhysicalType::kInt64);
    old_row[0] = none;
  }
  std::vector<Expr*> exprs = old_row;
  std::vector<Expr*> values, extra;
  if (target.family != nullptr) extra.push_back(scan_layout(0, {catalog::kTableOidColumn})[0]);
  std::vector<ColumnNumber> assigned;
  for (Target& t : query_.targets) {
    values.push_back(fold(t.expr));
    assigned.push_back(t.assigned_column);
  }
  exprs.insert(exprs.end(), values.begin(), values.end());
  const std::vector<ColumnNumber>& system = system_columns_[0];
  int32_t xmin_column = -1;
  if (std::find(system.begin(), system.end(), catalog::kXminColumn) != system.end()) {
    xmin_column = static_cast<int32_t>(exprs.size() + extra.size());
    extra.push_back(scan_layout(0, {catalog::kXminColumn})[0]);
  }
  // The others that conditions and new values ask for.
  for (ColumnNumber c : system) {
    const bool there =
        c == catalog::kXminColumn || (c == catalog::kTableOidColumn && target.family != nullptr);
    if (!there) extra.push_back(scan_layout(0, {c})[0]);
  }
  // A deleted row's place is where it was read.
  if (!update && !query_.returning.empty()) extra.push_back(old_row[0]);
  for (Expr* e : from.layout) {
    if (e->kind == ExprKind::kColumn && e->as<ColumnExpr>().range != 0) extra.push_back(e);
  }
  exprs.insert(exprs.end(), extra.begin(), extra.end());
  Node child = project(std::move(from), exprs);

  auto* plan = state_.make<ModifyPlan>(update ? PlanKind::kUpdate : PlanKind::kDelete);
  plan->relation = written;
  plan->children = arena_.copy(std::vector<Plan*>{child.plan});
  plan->rows = child.plan->rows;
  plan->total_cost = child.plan->total_cost + plan->rows * state_.settings.cpu_tuple_cost * 2;
  plan->assigned = arena_.copy(assigned);
  if (target.family != nullptr) plan->table_column = static_cast<int32_t>(old_row.size() + values.size());
  plan->xmin_column = xmin_column;
  Node extras;
  extras.layout = extra;
  set_modify_common(*plan, scan_layout(0, columns), extras);
  Node node;
  node.plan = plan;
  for (const Target& t : query_.returning) node.layout.push_back(t.expr);
  if (analyzer::is_instead_of(query_)) return node;  // no row is locked, so none has a newer version

  // On a newer version of the row, beside the same rows of other tables: the conditions on it, and the new
  // values from it. The old new values are in the way and must not be taken for anything: constants match
  // nothing.
  Node newest;
  newest.layout = old_row;
  auto* no_match = arena_.make<analyzer::ConstExpr>();
  no_match->kind = ExprKind::kConst;
  newest.layout.resize(old_row.size() + values.size(), no_match);
  newest.layout.insert(newest.layout.end(), extra.begin(), extra.end());
  const uint32_t changed[] = {0};
  std::vector<Expr*> recheck = recheck_conditions(changed, where_conjuncts_);
  if (!recheck.empty()) plan->recheck = resolve(conjunction(recheck), newest);
  if (std::none_of(values.begin(), values.end(), [&](Expr* e) { return has_sublink(e); })) {
    plan->recompute = resolve_all(values, newest);
  }
  return node;
}

Node QueryPlanner::plan_merge() {
  const Range& target = *query_.ranges[0];
  const catalog::Relation& relation = **target.relation;
  std::vector<ColumnNumber> columns = live_columns(relation);
  needs_ctid_[0] = true;
  for (ColumnNumber c : columns) used_columns_[0][static_cast<size_t>(c - 1)] = true;
  if (target.family != nullptr) note_table_column(0);
  Expr* on = fold(query_.from[0]->condition);
  Node from = plan_from({});
  // ctid and the target's row (NULLs where nothing matched), then the source.
  std::vector<ColumnNumber> with_ctid{catalog::kCtidColumn};
  with_ctid.insert(with_ctid.end(), columns.begin(), columns.end());
  std::vector<Expr*> exprs = scan_layout(0, with_ctid);
  const auto table_column = static_cast<int32_t>(exprs.size());
  const std::vector<ColumnNumber>& system = system_columns_[0];
  const bool reads_table = std::find(system.begin(), system.end(), catalog::kTableOidColumn) != system.end();
  if (target.family != nullptr || reads_table) exprs.push_back(scan_layout(0, {catalog::kTableOidColumn})[0]);
  for (Expr* e : from.layout) {
    if (e->kind == ExprKind::kColumn && e->as<ColumnExpr>().range != 0) exprs.push_back(e);
  }
  Node child = project(std::move(from), exprs);
  auto* plan = state_.make<ModifyPlan>(PlanKind::kMerge);
  plan->relation = target.relation;
  plan->children = arena_.copy(std::vector<Plan*>{child.plan});
  plan->rows = child.plan->rows;
  plan->total_cost = child.plan->total_cost + plan->rows * state_.settings.cpu_tuple_cost * 2;
  if (target.family != nullptr) plan->table_column = table_column;
  Node nothing;
  set_modify_common(*plan, scan_layout(0, columns), nothing);
  std::vector<ModifyPlan::MergeAction> actions;
  for (const analyzer::MergeAction& action : query_.merge_actions) {
    ModifyPlan::MergeAction planned{};
    planned.matched = action.matched;
    planned.action = action.command == analyzer::CommandType::kInsert   ? PlanKind::kInsert
                     : action.command == analyzer::CommandType::kUpdate ? PlanKind::kUpdate
                     : action.command == analyzer::CommandType::kDelete ? PlanKind::kDelete
                                                                        : PlanKind::kResult;
    if (action.condition != nullptr) planned.condition = resolve(fold(action.condition), child);
    std::vector<ColumnNumber> assigned;
    std::vector<Expr*> values;
    for (const Target& t : action.targets) {
      if (planned.action == PlanKind::kUpdate) assigned.push_back(t.assigned_column);
      values.push_back(resolve(fold(t.expr), child));
    }
    planned.columns = arena_.copy(assigned);
    planned.values = arena_.copy(values);
    actions.push_back(planned);
  }
  plan->merge_actions = arena_.copy(actions);
  // A row that changed while its lock was waited for is matched again.
  std::vector<Expr*> joined;
  if (on != nullptr) joined.push_back(on);
  const uint32_t changed[] = {0};
  std::vector<Expr*> recheck = recheck_conditions(changed, joined);
  if (!recheck.empty()) plan->recheck = resolve(conjunction(recheck), child);
  Node node;
  node.plan = plan;
  return node;
}

}  // namespace varve::planner
