// Walking and rewriting bound expressions.
#pragma once

#include <span>

#include "analyzer/expression.h"
#include "memory/arena.h"

namespace varve::analyzer {

// How many query levels out the query lies whose grouping GROUPING tells of: that of its columns.
uint32_t grouping_level(const GroupingExpr& e);

// Calls f(Expr*& child) for every direct child; null children are left out. Subqueries are not entered (their
// left sides and comparisons are children).
template <class F>
void visit_children(Expr& e, F&& f) {
  auto one = [&](Expr*& child) {
    if (child != nullptr) f(child);
  };
  auto all = [&](ExprList list) {
    for (Expr*& child : list) one(child);
  };
  switch (e.kind) {
    case ExprKind::kConst:
    case ExprKind::kParam:
    case ExprKind::kExecParam:
    case ExprKind::kColumn:
    case ExprKind::kInput:
    case ExprKind::kCaseInput:
    case ExprKind::kDomainValue:
    case ExprKind::kDefault:
      break;
    case ExprKind::kFunction:
      all(e.as<FunctionExpr>().args);
      break;
    case ExprKind::kAnd:
    case ExprKind::kOr:
    case ExprKind::kNot:
      all(e.as<BoolExpr>().args);
      break;
    case ExprKind::kCase: {
      auto& c = e.as<CaseExpr>();
      one(c.arg);
      all(c.conditions);
      all(c.results);
      one(c.otherwise);
      break;
    }
    case ExprKind::kCoalesce:
      all(e.as<CoalesceExpr>().args);
      break;
    case ExprKind::kNullTest:
      one(e.as<NullTestExpr>().arg);
      break;
    case ExprKind::kBooleanTest:
      one(e.as<BooleanTestExpr>().arg);
      break;
    case ExprKind::kDistinct:
    case ExprKind::kNullIf:
      one(e.as<EqualityExpr>().left);
      one(e.as<EqualityExpr>().right);
      break;
    case ExprKind::kMinMax:
      all(e.as<MinMaxExpr>().args);
      break;
    case ExprKind::kInList:
      one(e.as<InListExpr>().arg);
      all(e.as<InListExpr>().items);
      break;
    case ExprKind::kArrayOp:
      one(e.as<ArrayOpExpr>().arg);
      one(e.as<ArrayOpExpr>().array);
      break;
    case ExprKind::kCoerceViaIo:
    case ExprKind::kRelabel:
      one(e.as<CastExpr>().arg);
      break;
    case ExprKind::kArrayCoerce:
      one(e.as<ArrayCoerceExpr>().arg);
      one(e.as<ArrayCoerceExpr>().element);
      break;
    case ExprKind::kRow:
    case ExprKind::kArray:
      all(e.as<ListExpr>().args);
      break;
    case ExprKind::kAggregate: {
      auto& a = e.as<AggregateExpr>();
      all(a.args);
      for (SortKey& key : a.order_by) one(key.expr);
      one(a.filter);
      break;
    }
    case ExprKind::kWindow:
      all(e.as<WindowExpr>().args);
      one(e.as<WindowExpr>().filter);
      break;
    case ExprKind::kSubquery:
      all(e.as<SubqueryExpr>().left);
      break;
    case ExprKind::kSubplan:
      all(e.as<SubplanExpr>().args);
      all(e.as<SubplanExpr>().left);
      break;
    case ExprKind::kSetReturning:
      all(e.as<SetReturningExpr>().args);
      break;
    case ExprKind::kGrouping:
      all(e.as<GroupingExpr>().args);
      break;
  }
}

// A copy of the node with child lists of its own; the children themselves are shared.
Expr* copy_node(const Expr& e, Arena& arena);

// Rewrites bottom-down: where f(Expr*) returns a non-null expression that takes the node's place, else its
// children are rewritten. The original is not changed.
template <class F>
Expr* rewrite(Expr* e, Arena& arena, F&& f) {
  if (e == nullptr) return nullptr;
  if (Expr* replacement = f(e)) return replacement;
  Expr* copy = copy_node(*e, arena);
  visit_children(*copy, [&](Expr*& child) { child = rewrite(child, arena, f); });
  return copy;
}

// Does f(const Expr&) hold for the expression or anything below it?
template <class F>
bool any_of(const Expr* e, F&& f) {
  if (e == nullptr) return false;
  if (f(*e)) return true;
  bool found = false;
  visit_children(const_cast<Expr&>(*e), [&](Expr*& child) { found = found || any_of(child, f); });
  return found;
}

// Calls a function made by CREATE FUNCTION: such calls run on the session's own thread.
inline bool calls_routine(const Expr* e) {
  return any_of(e, [](const Expr& x) {
    const functions::Function* f = x.kind == ExprKind::kFunction  ? x.as<FunctionExpr>().function
                                   : x.kind == ExprKind::kArrayOp ? x.as<ArrayOpExpr>().function
                                   : x.kind == ExprKind::kInList  ? x.as<InListExpr>().equal
                                                                  : nullptr;
    return f != nullptr && f->routine != nullptr && !f->routine->is_native;
  });
}

// Same shape and leaves: GROUP BY and DISTINCT match by this.
bool same_expression(const Expr* a, const Expr* b);

// Calls nothing volatile / nothing stable or volatile.
bool is_volatile(const Expr* e);
bool is_immutable(const Expr* e);
// Tells nobody of the columns it reads but by its result: calls only leakproof functions on them. `routines`:
// those among the functions that SQL made.
bool is_leakproof(const Expr* e, std::span<const Oid> routines);

}  // namespace varve::analyzer
