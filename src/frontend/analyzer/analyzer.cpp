#include "analyzer/analyzer.h"

#include "analyzer/instead_of.h"
#include "analyzer/own_database.h"
#include "binder.h"
#include "parser/parser.h"

namespace varve::analyzer {

Query* Binder::bind_statement(const parser::Node* statement) {
  switch (statement->kind) {
    case parser::NodeKind::kSelectStmt: {
      const auto& select = *parser::as<parser::SelectStmt>(statement);
      Query* query = bind_select(select, nullptr);
      if (select.assigns_to != nullptr) assign_variable_part(*query, select);
      return query;
    }
    case parser::NodeKind::kInsertStmt:
      return bind_insert(*parser::as<parser::InsertStmt>(statement), nullptr);
    case parser::NodeKind::kUpdateStmt:
      return bind_update(*parser::as<parser::UpdateStmt>(statement), nullptr);
    case parser::NodeKind::kDeleteStmt:
      return bind_delete(*parser::as<parser::DeleteStmt>(statement), nullptr);
    case parser::NodeKind::kMergeStmt:
      return bind_merge(*parser::as<parser::MergeStmt>(statement), nullptr);
    default:
      throw SqlError(sqlstate::kInternalError, "not a statement to plan");
  }
}

namespace {

// A parameter that nothing gave a type is text, as a bare literal would be.
void settle_parameters(AnalyzerContext& context) {
  if (context.params == nullptr || !context.infer_params) return;
  for (size_t i = 0; i < context.params->size(); ++i) {
    if ((*context.params)[i] == kInvalidOid || (*context.params)[i] == type_oid::kUnknown) {
      throw SqlError(sqlstate::kIndeterminateDatatype,
                     fmt::format("could not determine data type of parameter ${}", i + 1));
    }
  }
}

}  // namespace

Query* analyze(AnalyzerContext& context, const parser::Node* statement) {
  Query* query = Binder(context).bind_statement(statement);
  settle_parameters(context);
  return query;
}

void require_updatable_view(AnalyzerContext& context, const catalog::RelationPtr& view) {
  Binder binder(context);
  Scope base;
  ModifyTarget target;
  binder.describe_view_target(view, "UPDATE", false, base, &target);
}

int view_events(AnalyzerContext& context, const catalog::RelationPtr& view, bool with_triggers,
                catalog::ColumnNumber column) {
  return Binder(context).view_events(view, with_triggers, column);
}

std::vector<Oid> add_row_ids(AnalyzerContext& context, Query& query) {
  std::vector<Oid> tables;
  bool plain = query.command == CommandType::kSelect && query.set_op == nullptr && !query.has_aggregates &&
               !query.has_group_clause && !query.has_windows && !query.distinct &&
               query.distinct_on.empty() && !query.has_set_returning;
  if (!plain) return tables;
  std::vector<Target> targets(query.targets.begin(), query.targets.end());
  for (uint32_t i = 0; i < query.ranges.size(); ++i) {
    if (query.ranges[i]->kind != RangeKind::kRelation) continue;
    auto* ctid = context.arena.make<ColumnExpr>();
    ctid->kind = ExprKind::kColumn;
    ctid->type = type_oid::kTid;
    ctid->range = i;
    ctid->column = catalog::kCtidColumn;
    Target t;
    t.expr = ctid;
    t.name = "ctid";
    targets.push_back(t);
    tables.push_back((*query.ranges[i]->relation)->oid);
  }
  query.targets = context.arena.copy(targets);
  return tables;
}

Expr* analyze_table_expression(AnalyzerContext& context, const parser::Node* expression,
                               const catalog::RelationPtr* table, std::string_view clause) {
  static constexpr Clause kClauses[] = {Clause::kDefault,        Clause::kCheck,     Clause::kIndexExpression,
                                        Clause::kIndexPredicate, Clause::kGenerated, Clause::kStatistics};
  Binder binder(context);
  Scope scope;
  for (Clause c : kClauses) {
    if (clause_text(c) == clause) scope.clause = c;
  }
  if (table != nullptr) binder.add_relation(scope, *table, {}, {}, txn::LockMode::kNone);
  if (expression->kind == parser::NodeKind::kColumnRef && scope.clause == Clause::kDefault) {
    throw SqlError(sqlstate::kFeatureNotSupported,
                   fmt::format("cannot use column reference in {}", clause.substr(0, clause.size() - 1)))
        .at(binder.position(expression->location));
  }
  return binder.bind_expr(scope, expression);
}

Expr* analyze_policy(AnalyzerContext& context, const parser::Node* expression,
                     const catalog::RelationPtr& table) {
  Binder binder(context);
  Scope scope;
  scope.clause = Clause::kPolicy;
  binder.add_relation(scope, table, {}, {}, txn::LockMode::kNone);
  return binder.coerce_to_boolean(binder.bind_expr(scope, expression), "POLICY");
}

Expr* coerce_for_assignment(AnalyzerContext& context, Expr* expr, Oid type, int32_t typmod,
                            std::string_view column) {
  return Binder(context).coerce_for_assignment(expr, type, typmod, column);
}

TypeReference resolve_type_name(AnalyzerContext& context, const parser::TypeName& name) {
  return Binder(context).resolve_type(name);
}

catalog::RelationPtr find_relation(AnalyzerContext& context, const parser::RangeVar& name, txn::LockMode lock,
                                   bool missing_ok) {
  // Utility statements do not say where they named it.
  require_own_database(context, name, 0);
  return lookup_relation(context, name.schema, name.name, lock, missing_ok, 0);
}

}  // namespace varve::analyzer
