// Clauses: what messages call them, and their expressions; and the constants that binding makes up.
#include "binder.h"
#include "parser/parser.h"

namespace varve::analyzer {

using types::Value;

std::string_view clause_text(Clause clause) {
  switch (clause) {
    case Clause::kWhere:
      return "WHERE";
    case Clause::kJoinOn:
      return "JOIN conditions";
    case Clause::kFromFunction:
      return "functions in FROM";
    case Clause::kGroupBy:
      return "GROUP BY";
    case Clause::kHaving:
      return "HAVING";
    case Clause::kOrderBy:
      return "ORDER BY";
    case Clause::kDistinctOn:
      return "DISTINCT ON";
    case Clause::kLimit:
      return "LIMIT";
    case Clause::kOffset:
      return "OFFSET";
    case Clause::kValues:
    case Clause::kValuesSingle:
      return "VALUES";
    case Clause::kReturning:
      return "RETURNING";
    case Clause::kUpdateSource:
      return "UPDATE";
    case Clause::kInsertSource:
      return "INSERT";
    case Clause::kCheck:
      return "check constraints";
    case Clause::kDefault:
      return "DEFAULT expressions";
    case Clause::kIndexExpression:
      return "index expressions";
    case Clause::kStatistics:
      return "statistics expressions";
    case Clause::kIndexPredicate:
      return "index predicates";
    case Clause::kGenerated:
      return "column generation expressions";
    case Clause::kWindowPartition:
      return "window PARTITION BY";
    case Clause::kWindowOrder:
      return "window ORDER BY";
    case Clause::kWindowFrame:
      return "window frame";
    case Clause::kFilter:
      return "FILTER";
    case Clause::kAggregateArgument:
      return "aggregate arguments";
    case Clause::kMergeWhen:
      return "MERGE WHEN conditions";
    case Clause::kPolicy:
      return "policy expressions";
    case Clause::kFromSubquery:
      return "FROM clause of their own query level";
    case Clause::kSelect:
    case Clause::kOther:
      return "";
  }
  return "";
}

int Binder::position(int32_t location) const { return parser::character_position(context_.sql, location); }

Expr* Binder::make_const(Oid type, const Value& value, int32_t typmod) {
  auto* c = make<ConstExpr>(ExprKind::kConst, type);
  c->value = value;
  c->typmod = typmod;
  const functions::TypeInfo* info = functions::type_by_oid(type);
  if (info != nullptr && info->collatable) c->collation = catalog::kDefaultCollation;
  return c;
}
Expr* Binder::make_null(Oid type) {
  return make_const(type, Value::null_of(functions::physical_type_of(type)));
}
Expr* Binder::make_bool(bool value) { return make_const(type_oid::kBool, Value::of_bool(value)); }
Expr* Binder::make_not(Expr* e) {
  auto* n = make<BoolExpr>(ExprKind::kNot, type_oid::kBool, e->location);
  n->args = list({e});
  return n;
}
Expr* Binder::make_and(std::vector<Expr*> args) {
  if (args.empty()) return nullptr;
  if (args.size() == 1) return args[0];
  auto* n = make<BoolExpr>(ExprKind::kAnd, type_oid::kBool, args[0]->location);
  n->args = list(args);
  return n;
}

Expr* Binder::bind_clause(Scope& scope, const parser::Node* node, Clause clause) {
  Clause outer = scope.clause;
  scope.clause = clause;
  Expr* e = bind_expr(scope, node);
  scope.clause = outer;
  return e;
}

Expr* Binder::bind_condition(Scope& scope, const parser::Node* node, Clause clause) {
  Expr* e = bind_clause(scope, node, clause);
  std::string_view construct = clause == Clause::kJoinOn  ? "JOIN/ON"
                               : clause == Clause::kCheck ? "CHECK"
                                                          : clause_text(clause);
  return coerce_to_boolean(e, construct);
}

}  // namespace varve::analyzer
