#include "analyzer/expression_walk.h"

#include <algorithm>

#include "functions/leakproof.h"

namespace varve::analyzer {
namespace {

template <class T>
T* copy_as(const Expr& e, Arena& arena) {
  return arena.make<T>(e.as<T>());
}

void own(ExprList& list, Arena& arena) { list = arena.copy(std::span<Expr* const>(list)); }

}  // namespace

Expr* copy_node(const Expr& e, Arena& arena) {
  switch (e.kind) {
    case ExprKind::kConst:
      return copy_as<ConstExpr>(e, arena);
    case ExprKind::kParam:
      return copy_as<ParamExpr>(e, arena);
    case ExprKind::kExecParam:
      return copy_as<ExecParamExpr>(e, arena);
    case ExprKind::kColumn:
      return copy_as<ColumnExpr>(e, arena);
    case ExprKind::kInput:
      return copy_as<InputExpr>(e, arena);
    case ExprKind::kCaseInput:
    case ExprKind::kDomainValue:
      return copy_as<CaseInputExpr>(e, arena);
    case ExprKind::kDefault:
      return arena.make<Expr>(e);
    case ExprKind::kFunction: {
      auto* c = copy_as<FunctionExpr>(e, arena);
      own(c->args, arena);
      return c;
    }
    case ExprKind::kAnd:
    case ExprKind::kOr:
    case ExprKind::kNot: {
      auto* c = copy_as<BoolExpr>(e, arena);
      own(c->args, arena);
      return c;
    }
    case ExprKind::kCase: {
      auto* c = copy_as<CaseExpr>(e, arena);
      own(c->conditions, arena);
      own(c->results, arena);
      return c;
    }
    case ExprKind::kCoalesce: {
      auto* c = copy_as<CoalesceExpr>(e, arena);
      own(c->args, arena);
      return c;
    }
    case ExprKind::kNullTest:
      return copy_as<NullTestExpr>(e, arena);
    case ExprKind::kBooleanTest:
      return copy_as<BooleanTestExpr>(e, arena);
    case ExprKind::kDistinct:
    case ExprKind::kNullIf:
      return copy_as<EqualityExpr>(e, arena);
    case ExprKind::kMinMax: {
      auto* c = copy_as<MinMaxExpr>(e, arena);
      own(c->args, arena);
      return c;
    }
    case ExprKind::kInList: {
      auto* c = copy_as<InListExpr>(e, arena);
      own(c->items, arena);
      return c;
    }
    case ExprKind::kArrayOp:
      return copy_as<ArrayOpExpr>(e, arena);
    case ExprKind::kCoerceViaIo:
    case ExprKind::kRelabel:
      return copy_as<CastExpr>(e, arena);
    case ExprKind::kArrayCoerce:
      return copy_as<ArrayCoerceExpr>(e, arena);
    case ExprKind::kRow:
    case ExprKind::kArray: {
      auto* c = copy_as<ListExpr>(e, arena);
      own(c->args, arena);
      return c;
    }
    case ExprKind::kAggregate: {
      auto* c = copy_as<AggregateExpr>(e, arena);
      own(c->args, arena);
      c->order_by = arena.copy(std::span<const SortKey>(c->order_by));
      return c;
    }
    case ExprKind::kWindow: {
      auto* c = copy_as<WindowExpr>(e, arena);
      own(c->args, arena);
      return c;
    }
    case ExprKind::kSubquery: {
      auto* c = copy_as<SubqueryExpr>(e, arena);
      own(c->left, arena);
      return c;
    }
    case ExprKind::kSubplan: {
      auto* c = copy_as<SubplanExpr>(e, arena);
      own(c->args, arena);
      own(c->left, arena);
      return c;
    }
    case ExprKind::kSetReturning: {
      auto* c = copy_as<SetReturningExpr>(e, arena);
      own(c->args, arena);
      return c;
    }
    case ExprKind::kGrouping: {
      auto* c = copy_as<GroupingExpr>(e, arena);
      own(c->args, arena);
      return c;
    }
  }
  return nullptr;
}

namespace {

// A function that SQL made has a description of its own in every call.
bool same_function(const functions::Function* a, const functions::Function* b) {
  return a == b || (a != nullptr && b != nullptr && a->routine != nullptr && a->oid == b->oid);
}

// What a node says besides its children.
bool same_node(const Expr& a, const Expr& b) {
  if (a.kind != b.kind || a.type != b.type || a.typmod != b.typmod) return false;
  switch (a.kind) {
    case ExprKind::kConst:
      return types::values_identical(a.as<ConstExpr>().value, b.as<ConstExpr>().value);
    case ExprKind::kParam:
      return a.as<ParamExpr>().index == b.as<ParamExpr>().index;
    case ExprKind::kExecParam:
      return a.as<ExecParamExpr>().index == b.as<ExecParamExpr>().index;
    case ExprKind::kInput:
      return a.as<InputExpr>().index == b.as<InputExpr>().index;
    case ExprKind::kColumn: {
      const auto &x = a.as<ColumnExpr>(), &y = b.as<ColumnExpr>();
      return x.range == y.range && x.column == y.column && x.levels_up == y.levels_up;
    }
    case ExprKind::kFunction:
      return same_function(a.as<FunctionExpr>().function, b.as<FunctionExpr>().function) &&
             a.as<FunctionExpr>().site->collation == b.as<FunctionExpr>().site->collation;
    case ExprKind::kNullTest:
      return a.as<NullTestExpr>().is_not_null == b.as<NullTestExpr>().is_not_null;
    case ExprKind::kBooleanTest:
      return a.as<BooleanTestExpr>().test == b.as<BooleanTestExpr>().test;
    case ExprKind::kDistinct:
      return a.as<EqualityExpr>().negated == b.as<EqualityExpr>().negated;
    case ExprKind::kMinMax:
      return a.as<MinMaxExpr>().greatest == b.as<MinMaxExpr>().greatest;
    case ExprKind::kInList:
      return a.as<InListExpr>().negated == b.as<InListExpr>().negated;
    case ExprKind::kArrayOp:
      return same_function(a.as<ArrayOpExpr>().function, b.as<ArrayOpExpr>().function) &&
             a.as<ArrayOpExpr>().all == b.as<ArrayOpExpr>().all;
    case ExprKind::kAggregate: {
      const auto &x = a.as<AggregateExpr>(), &y = b.as<AggregateExpr>();
      return same_function(x.function, y.function) && x.distinct == y.distinct && x.star == y.star &&
             x.order_by.size() == y.order_by.size() && x.levels_up == y.levels_up &&
             (x.filter == nullptr) == (y.filter == nullptr);
    }
    case ExprKind::kWindow:
      return same_function(a.as<WindowExpr>().function, b.as<WindowExpr>().function) &&
             a.as<WindowExpr>().window == b.as<WindowExpr>().window &&
             (a.as<WindowExpr>().filter == nullptr) == (b.as<WindowExpr>().filter == nullptr);
    case ExprKind::kSubquery:
      return a.as<SubqueryExpr>().query == b.as<SubqueryExpr>().query;
    case ExprKind::kSubplan:
      return &a == &b;
    case ExprKind::kSetReturning:
      return same_function(a.as<SetReturningExpr>().function, b.as<SetReturningExpr>().function);
    default:
      return true;
  }
}

bool has_volatility(const Expr* e, functions::Volatility limit) {
  return any_of(e, [&](const Expr& x) {
    const functions::Function* f = nullptr;
    if (x.kind == ExprKind::kFunction) f = x.as<FunctionExpr>().function;
    if (x.kind == ExprKind::kSetReturning) f = x.as<SetReturningExpr>().function;
    if (x.kind == ExprKind::kCoerceViaIo && limit <= functions::Volatility::kStable &&
        !(functions::has_immutable_text(x.type) &&
          functions::has_immutable_text(x.as<CastExpr>().arg->type))) {
      return true;
    }
    if (x.kind == ExprKind::kSubquery || x.kind == ExprKind::kSubplan)
      return limit <= functions::Volatility::kStable;
    return f != nullptr && f->volatility >= limit;
  });
}

}  // namespace

bool same_expression(const Expr* a, const Expr* b) {
  if (a == b) return true;
  if (a == nullptr || b == nullptr || !same_node(*a, *b)) return false;
  std::vector<const Expr*> left, right;
  visit_children(const_cast<Expr&>(*a), [&](Expr*& child) { left.push_back(child); });
  visit_children(const_cast<Expr&>(*b), [&](Expr*& child) { right.push_back(child); });
  if (left.size() != right.size()) return false;
  for (size_t i = 0; i < left.size(); ++i) {
    if (!same_expression(left[i], right[i])) return false;
  }
  return true;
}

bool is_volatile(const Expr* e) { return has_volatility(e, functions::Volatility::kVolatile); }
bool is_immutable(const Expr* e) { return !has_volatility(e, functions::Volatility::kStable); }

bool is_leakproof(const Expr* e, std::span<const Oid> routines) {
  bool reads = any_of(e, [](const Expr& x) {
    return x.kind == ExprKind::kColumn || x.kind == ExprKind::kSubquery || x.kind == ExprKind::kSubplan ||
           x.kind == ExprKind::kInput;
  });
  if (!reads) return true;
  auto leaks = [&](const functions::Function* f) {
    if (f == nullptr) return true;
    if (f->routine == nullptr) return !functions::is_leakproof(f->oid);
    return std::find(routines.begin(), routines.end(), f->oid) == routines.end();
  };
  switch (e->kind) {
    case ExprKind::kFunction:
      if (leaks(e->as<FunctionExpr>().function)) return false;
      break;
    case ExprKind::kDistinct:
    case ExprKind::kNullIf:
      if (leaks(e->as<EqualityExpr>().equal)) return false;
      break;
    case ExprKind::kInList:
      if (leaks(e->as<InListExpr>().equal)) return false;
      break;
    case ExprKind::kArrayOp:
      if (leaks(e->as<ArrayOpExpr>().function)) return false;
      break;
    case ExprKind::kColumn:
    case ExprKind::kInput:
    case ExprKind::kConst:
    case ExprKind::kParam:
    case ExprKind::kExecParam:
    case ExprKind::kCaseInput:
    case ExprKind::kAnd:
    case ExprKind::kOr:
    case ExprKind::kNot:
    case ExprKind::kCase:
    case ExprKind::kNullTest:
    case ExprKind::kBooleanTest:
    case ExprKind::kRelabel:
    case ExprKind::kRow:
    case ExprKind::kArray:
      break;
    default:
      return false;
  }
  bool proof = true;
  visit_children(const_cast<Expr&>(*e),
                 [&](Expr*& child) { proof = proof && is_leakproof(child, routines); });
  return proof;
}

uint32_t grouping_level(const GroupingExpr& e) {
  uint32_t level = UINT32_MAX;
  for (const Expr* arg : e.args) {
    any_of(arg, [&](const Expr& x) {
      if (x.kind == ExprKind::kColumn) level = std::min(level, x.as<ColumnExpr>().levels_up);
      return false;
    });
  }
  return level == UINT32_MAX ? 0 : level;
}

}  // namespace varve::analyzer
