// MERGE.
#include <algorithm>

#include "analyzer/own_database.h"
#include "analyzer/query_walk.h"
#include "binder.h"

namespace varve::analyzer {

Query* Binder::bind_merge(const parser::MergeStmt& merge, Scope* parent) {
  auto* query = arena_.make<Query>();
  query->command = CommandType::kMerge;
  Scope scope;
  scope.parent = parent;
  if (merge.with != nullptr) {
    if (merge.with->recursive) {
      throw SqlError(sqlstate::kSyntaxError, "WITH RECURSIVE is not supported for MERGE statement");
    }
    bind_with(scope, *merge.with);
  }
  with_scope_ = &scope;
  // WHEN clauses behind one without a condition would never be reached.
  bool closed[2] = {false, false};
  bool inserts = false;
  for (const parser::MergeWhenClause* when : merge.whens) {
    if (closed[when->matched]) {
      throw SqlError(sqlstate::kSyntaxError,
                     "unreachable WHEN clause specified after unconditional WHEN clause");
    }
    closed[when->matched] = when->condition == nullptr;
    inserts = inserts || !when->matched;
  }
  require_own_database(context_, *merge.relation, position(merge.relation->location));
  catalog::RelationPtr named =
      lookup_relation(context_, merge.relation->schema, merge.relation->name, txn::LockMode::kRowExclusive,
                      false, position(merge.relation->location));
  if (!named->is_table()) {
    std::string_view what = named->kind == catalog::RelationKind::kView ? "views"
                            : named->kind == catalog::RelationKind::kMaterializedView
                                ? "materialized views"
                                : "relations of this kind";
    throw SqlError(sqlstate::kFeatureNotSupported,
                   fmt::format("cannot execute MERGE on relation \"{}\"", named->name))
        .detail(fmt::format("This operation is not supported for {}.", what));
  }
  // A partitioned table itself has no row that could match: of all its rows none does, and new ones go to the
  // partitions as ever.
  parser::RangeVar relation = *merge.relation;
  const bool none_matches = named->is_partitioned() && !relation.inherit;
  relation.inherit = relation.inherit || none_matches;
  ModifyTarget target = bind_target(scope, relation, "SELECT");
  scope.items[0].is_target = scope.items[0].lateral_only = true;
  scope.items[0].lateral_ok = false;
  FromItem* source = nullptr;
  try {
    source = bind_from_item(scope, merge.source, 1);
  } catch (SqlError& error) {
    if (error.state() == sqlstate::kDuplicateAlias) {
      throw SqlError(sqlstate::kDuplicateAlias,
                     fmt::format("name \"{}\" specified more than once", scope.items[0].name))
          .detail("The name is used both as MERGE target table and data source.");
    }
    throw;
  }
  scope.items[0].lateral_only = false;
  scope.items[0].lateral_ok = true;
  auto* own = arena_.make<FromItem>();
  own->kind = FromKind::kRange;
  own->range = 0;
  auto* join = arena_.make<FromItem>();
  join->kind = FromKind::kJoin;
  join->join = inserts ? JoinKind::kLeft : JoinKind::kInner;
  join->left = source;
  join->right = own;
  join->condition = bind_condition(scope, merge.join_condition, Clause::kJoinOn);
  if (none_matches) join->condition = make_and({join->condition, make_bool(false)});
  query->from = arena_.copy(std::vector<FromItem*>{join});
  std::vector<MergeAction> actions;
  for (const parser::MergeWhenClause* when : merge.whens)
    actions.push_back(bind_merge_action(scope, target, *when));
  query->merge_actions = arena_.copy(actions);
  add_constraints(*query, target.relation);
  add_partition_checks(*query, target.relation);
  query->index_expressions = bind_index_expressions(*scope.ranges[0]->relation);
  finish_query(scope, *query, {});
  secure_target(scope, target, *query);
  return query;
}

MergeAction Binder::bind_merge_action(Scope& scope, const ModifyTarget& target,
                                      const parser::MergeWhenClause& when) {
  MergeAction action;
  action.matched = when.matched;
  // What is not matched has no target row to look at.
  bool visible = scope.items[0].columns_visible;
  if (!when.matched) {
    scope.items[0].columns_visible = false;
    scope.items[0].lateral_only = true;
    scope.items[0].lateral_ok = false;
  }
  if (when.condition != nullptr) {
    Clause outer = scope.clause;
    scope.clause = Clause::kMergeWhen;
    action.condition = coerce_to_boolean(bind_expr(scope, when.condition), "WHEN");
    walk_deep(action.condition, 0, [&](const Expr& x, uint32_t depth) {
      if (x.kind != ExprKind::kColumn || x.as<ColumnExpr>().levels_up != depth) return true;
      const catalog::ColumnNumber column = x.as<ColumnExpr>().column;
      if (column > 0 || column == catalog::kTableOidColumn) return true;
      throw SqlError(sqlstate::kInvalidColumnReference,
                     fmt::format("cannot use system column \"{}\" in MERGE WHEN condition",
                                 column == catalog::kCtidColumn   ? "ctid"
                                 : column == catalog::kXminColumn ? "xmin"
                                                                  : "xmax"))
          .at(position(x.location));
    });
    scope.clause = outer;
  }
  switch (when.action) {
    case parser::MergeAction::kDoNothing:
      action.command = CommandType::kSelect;
      break;
    case parser::MergeAction::kDelete:
      action.command = CommandType::kDelete;
      break;
    case parser::MergeAction::kUpdate: {
      action.command = CommandType::kUpdate;
      std::vector<Target> targets;
      bind_assignments(scope, target, when.targets, &targets);
      action.targets = arena_.copy(targets);
      break;
    }
    case parser::MergeAction::kInsert: {
      action.command = CommandType::kInsert;
      std::vector<InsertColumn> columns = insert_columns(target, when.targets);
      std::vector<Expr*> values;
      Clause outer = scope.clause;
      scope.clause = Clause::kValues;
      if (!when.values.empty())
        values = insert_row(scope, target, columns, when.values, when.overriding, !when.targets.empty());
      scope.clause = outer;
      std::vector<catalog::ColumnNumber> supplied;
      for (size_t i = 0; i < values.size(); ++i) supplied.push_back(columns[i].number);
      action.supplied = arena_.copy(std::span<const catalog::ColumnNumber>(supplied));
      action.targets = arena_.copy(insert_targets(scope, target, columns, values));
      break;
    }
  }
  scope.items[0].columns_visible = visible;
  scope.items[0].lateral_only = false;
  scope.items[0].lateral_ok = true;
  return action;
}

}  // namespace varve::analyzer
