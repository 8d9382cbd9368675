#include "analyzer/analyzer.h"

#include "binder.h"
#include "parser/parser.h"

namespace varve::analyzer {

Query* Binder::bind_statement(const parser::Node* statement) {
  switch (statement->kind) {
    case parser::NodeKind::kSelectStmt: return bind_select(*parser::as<parser::SelectStmt>(statement), nullptr);
    case parser::NodeKind::kInsertStmt: return bind_insert(*parser::as<parser::InsertStmt>(statement), nullptr);
    case parser::NodeKind::kUpdateStmt: return bind_update(*parser::as<parser::UpdateStmt>(statement), nullptr);
    case parser::NodeKind::kDeleteStmt: return bind_delete(*parser::as<parser::DeleteStmt>(statement), nullptr);
    case parser::NodeKind::kMergeStmt: throw_not_supported("MERGE");
    default: throw SqlError(sqlstate::kInternalError, "not a statement to plan");
  }
}

namespace {

// A parameter that nothing gave a type is text, as a bare literal would be.
void settle_parameters(AnalyzerContext& context) {
  if (context.params == nullptr || !context.infer_params) return;
  for (size_t i = 0; i < context.params->size(); ++i) {
    if ((*context.params)[i] == kInvalidOid || (*context.params)[i] == type_oid::kUnknown) {
      throw SqlError(sqlstate::kIndeterminateDatatype, fmt::format("could not determine data type of parameter ${}", i + 1));
    }
  }
}

}  // namespace

Query* analyze(AnalyzerContext& context, const parser::Node* statement) {
  Query* query = Binder(context).bind_statement(statement);
  settle_parameters(context);
  return query;
}

Expr* analyze_table_expression(AnalyzerContext& context, const parser::Node* expression,
                               const catalog::RelationPtr* table, std::string_view clause) {
  static constexpr Clause kClauses[] = {Clause::kDefault, Clause::kCheck, Clause::kIndexExpression,
                                        Clause::kIndexPredicate, Clause::kGenerated};
  Binder binder(context);
  Scope scope;
  for (Clause c : kClauses) {
    if (clause_text(c) == clause) scope.clause = c;
  }
  if (table != nullptr) binder.add_relation(scope, *table, {}, {}, txn::LockMode::kNone);
  if (expression->kind == parser::NodeKind::kColumnRef && table == nullptr) {
    throw SqlError(sqlstate::kFeatureNotSupported, fmt::format("cannot use column reference in {}", clause.substr(0, clause.size() - 1)))
        .at(binder.position(expression->location));
  }
  return binder.bind_expr(scope, expression);
}

Expr* coerce_for_assignment(AnalyzerContext& context, Expr* expr, Oid type, int32_t typmod, std::string_view column) {
  return Binder(context).coerce_for_assignment(expr, type, typmod, column);
}

TypeReference resolve_type_name(AnalyzerContext& context, const parser::TypeName& name) {
  return Binder(context).resolve_type(name);
}

catalog::RelationPtr find_relation(AnalyzerContext& context, const parser::RangeVar& name, txn::LockMode lock,
                                   bool missing_ok) {
  return lookup_relation(context, name.schema, name.name, lock, missing_ok,
                         parser::character_position(context.sql, name.location));
}

}  // namespace varve::analyzer
