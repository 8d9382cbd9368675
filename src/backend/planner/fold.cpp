// Constant folding: immutable functions of constants are computed once, at planning, and what constants
// decide is left out: branches of CASE, arguments of COALESCE, AND and OR.
//
// As in PostgreSQL an error of a function of constants is the statement's, even if no row would have come to
// it; only what constants before it make unreachable is not looked at.
#include <utility>
#include <vector>

#include "analyzer/expression_walk.h"
#include "common/sql_error.h"
#include "functions/array.h"
#include "functions/type_oids.h"
#include "planner/planner.h"
#include "vector/vector.h"

namespace varve::planner {

using analyzer::BoolExpr;
using analyzer::CaseExpr;
using analyzer::CastExpr;
using analyzer::CoalesceExpr;
using analyzer::ConstExpr;
using analyzer::ExprKind;
using analyzer::FunctionExpr;
using types::Value;

namespace {

bool is_const(const Expr* e) { return e->kind == ExprKind::kConst; }
const Value& const_value(const Expr* e) { return e->as<ConstExpr>().value; }

constexpr uint32_t kMaxFoldedElements = 1000;

class Folder {
 public:
  Folder(Arena& arena, functions::EvalContext& eval, functions::Volatility most)
      : arena_(arena), eval_(eval), most_(most) {}

  Expr* fold(Expr* e) {
    if (e == nullptr) return nullptr;
    // An outer query's aggregate is found there by its arguments as they were written.
    if (e->kind == ExprKind::kAggregate && e->as<analyzer::AggregateExpr>().levels_up > 0) return e;
    if (e->kind == ExprKind::kCaseInput && case_value_ != nullptr) return case_value_;
    Expr* copy = analyzer::copy_node(*e, arena_);
    switch (copy->kind) {
      case ExprKind::kCase:
        return conditional(copy->as<CaseExpr>());
      case ExprKind::kCoalesce:
        return coalesce(copy->as<CoalesceExpr>());
      case ExprKind::kAnd:
      case ExprKind::kOr:
        return logic(copy->as<BoolExpr>());
      default:
        break;
    }
    if (copy->kind == ExprKind::kArrayCoerce) return array_coerce(copy->as<analyzer::ArrayCoerceExpr>());
    analyzer::visit_children(*copy, [&](Expr*& child) { child = fold(child); });
    switch (copy->kind) {
      case ExprKind::kFunction:
        return function(copy->as<FunctionExpr>());
      case ExprKind::kCoerceViaIo:
        return coerce_via_io(copy->as<CastExpr>());
      case ExprKind::kRelabel:
        return relabel(copy->as<CastExpr>());
      case ExprKind::kNot:
        return negation(copy->as<BoolExpr>());
      default:
        return copy;
    }
  }

 private:
  Expr* constant(const Expr& like, const Value& value) {
    auto* c = arena_.make<ConstExpr>();
    static_cast<Expr&>(*c) = like;
    c->kind = ExprKind::kConst;
    c->value = types::copy_value(value, arena_);
    return c;
  }

  // A cast to a domain that asks nothing of its values (the analyzer's domain_check): it only names the
  // domain.
  static bool is_untested_domain(const FunctionExpr& call) {
    return call.function->oid == kInvalidOid && call.function->name == "domain_check" &&
           call.args.size() == 4 && is_const(call.args[3]) && const_value(call.args[3]).boolean == 0;
  }

  Expr* function(FunctionExpr& call) {
    if (is_untested_domain(call)) return call.args[0];
    const functions::Function& f = *call.function;
    if (f.volatility > most_ || f.kernel == nullptr) return &call;
    bool any_null = false;
    for (const Expr* arg : call.args) {
      if (!is_const(arg)) return &call;
      any_null = any_null || const_value(arg).null;
    }
    const functions::TypeInfo* type = functions::type_by_oid(call.type);
    if (type == nullptr) return &call;
    if (any_null && f.strict) return constant(call, Value::null_of(type->physical));
    Arena scratch;
    std::vector<vector::Vector> args;
    std::vector<const vector::Vector*> pointers;
    args.reserve(call.args.size());
    for (const Expr* arg : call.args) {
      args.emplace_back(const_value(arg).type, scratch, 1);
      args.back().fill_constant(const_value(arg));
      pointers.push_back(&args.back());
    }
    vector::Vector result(type->physical, scratch, 1);
    functions::EvalContext context{&scratch, eval_.format, eval_.session};
    functions::KernelCall kernel{pointers, {nullptr, 1}, result, context, *call.site};
    try {
      f.kernel(kernel);
    } catch (SqlError& error) {
      // PostgreSQL's log(numeric) is an SQL function, and says so where it is run as one.
      constexpr Oid kLogNumeric{1741};
      if (f.oid == kLogNumeric) error.context("SQL function \"log\" statement 1");
      throw;
    }
    return constant(call, result.value(0));
  }

  Expr* coerce_via_io(CastExpr& cast) {
    if (!is_const(cast.arg)) return &cast;
    const functions::TypeInfo* type = functions::type_by_oid(cast.type);
    const functions::TypeInfo* from = functions::type_by_oid(cast.arg->type);
    // Text forms of dates and times depend on settings: only what is the same under all of them.
    const bool by_settings = from == nullptr || from->category == 'D' || from->category == 'T' ||
                             type == nullptr || type->category == 'D' || type->category == 'T' ||
                             type->category == 'U';
    if (const_value(cast.arg).null)
      return type == nullptr ? &cast : constant(cast, Value::null_of(type->physical));
    if (by_settings && (most_ == functions::Volatility::kImmutable || type == nullptr)) return &cast;
    Arena scratch;
    functions::EvalContext context{&scratch, eval_.format, eval_.session};
    std::string text;
    functions::append_value(cast.arg->type, const_value(cast.arg), text, context);
    return constant(cast, functions::parse_value(cast.type, cast.typmod, text, context));
  }

  Expr* array_coerce(analyzer::ArrayCoerceExpr& coerce) {
    coerce.arg = fold(coerce.arg);
    Expr* outer = std::exchange(case_value_, nullptr);  // kCaseInput is another one below
    Expr* folded = is_const(coerce.arg) ? constant_array(coerce, const_value(coerce.arg)) : nullptr;
    if (folded == nullptr) {
      coerce.element = fold(coerce.element);
      folded = &coerce;
    }
    case_value_ = outer;
    return folded;
  }

  // Null: not every element folds.
  Expr* constant_array(const analyzer::ArrayCoerceExpr& coerce, const Value& array) {
    if (array.null) return constant(coerce, array);
    const functions::ArrayView view(array.view());
    if (view.count() > kMaxFoldedElements) return nullptr;
    std::vector<Value> values;
    for (uint32_t i = 0; i < view.count(); ++i) {
      auto* element = arena_.make<ConstExpr>();
      element->kind = ExprKind::kConst;
      element->type = view.element_type();
      element->value = view.is_null(i) ? Value::null_of(view.physical()) : view.at(i, arena_);
      case_value_ = element;
      Expr* value = fold(coerce.element);
      if (!is_const(value)) return nullptr;
      values.push_back(const_value(value));
    }
    std::vector<functions::ArrayDimension> dims;
    for (int i = 0; i < view.dimensions(); ++i) dims.push_back(view.dimension(i));
    Oid element_type = functions::type_by_oid(coerce.type)->element_type;
    return constant(coerce, Value::of_string(functions::make_array(element_type, values, arena_, dims)));
  }

  Expr* relabel(CastExpr& cast) {
    // Out of a domain: nobody asks for that any more.
    if (cast.type == cast.arg->type && cast.typmod == cast.arg->typmod &&
        cast.collation == cast.arg->collation)
      return cast.arg;
    if (!is_const(cast.arg)) return &cast;
    Value value = const_value(cast.arg);
    return constant(cast, value);
  }

  // x AND true = x; x AND false = false; the same for OR the other way round. NULLs stay.
  Expr* logic(BoolExpr& e) {
    bool is_and = e.kind == ExprKind::kAnd;
    std::vector<Expr*> kept;
    for (Expr* unfolded : e.args) {
      Expr* arg = fold(unfolded);
      if (is_const(arg) && !const_value(arg).null) {
        bool value = const_value(arg).boolean != 0;
        if (value == is_and) continue;
        return arg;
      }
      if (arg->kind == e.kind)
        kept.insert(kept.end(), arg->as<BoolExpr>().args.begin(), arg->as<BoolExpr>().args.end());
      else
        kept.push_back(arg);
    }
    if (kept.empty()) return constant(e, Value::of_bool(is_and));
    if (kept.size() == 1) return kept[0];
    e.args = arena_.copy(kept);
    return &e;
  }

  Expr* conditional(CaseExpr& e) {
    if (e.arg != nullptr) e.arg = fold(e.arg);
    Expr* outer_value = case_value_;
    Expr* value = e.arg != nullptr && is_const(e.arg) ? e.arg : nullptr;
    std::vector<Expr*> conditions, results;
    bool decided = false;
    for (size_t i = 0; i < e.conditions.size() && !decided; ++i) {
      case_value_ = value;
      Expr* condition = fold(e.conditions[i]);
      case_value_ = outer_value;
      bool known = is_const(condition);
      decided = known && !const_value(condition).null && const_value(condition).boolean != 0;
      if (known && !decided) continue;
      Expr* result = fold(e.results[i]);
      if (decided) {
        e.otherwise = result;
      } else {
        conditions.push_back(condition);
        results.push_back(result);
      }
    }
    if (!decided) e.otherwise = fold(e.otherwise);
    if (conditions.empty()) return e.otherwise;
    e.conditions = arena_.copy(conditions);
    e.results = arena_.copy(results);
    return &e;
  }

  Expr* coalesce(CoalesceExpr& e) {
    std::vector<Expr*> kept;
    for (Expr* unfolded : e.args) {
      Expr* arg = fold(unfolded);
      if (is_const(arg) && const_value(arg).null) continue;
      kept.push_back(arg);
      if (is_const(arg)) break;
    }
    if (kept.empty()) return fold(e.args[0]);
    if (kept.size() == 1) return kept[0];
    e.args = arena_.copy(kept);
    return &e;
  }

  Expr* negation(BoolExpr& e) {
    if (!is_const(e.args[0])) return &e;
    const Value& v = const_value(e.args[0]);
    return v.null ? e.args[0] : constant(e, Value::of_bool(v.boolean == 0));
  }

  Arena& arena_;
  functions::EvalContext& eval_;
  functions::Volatility most_;  // functions up to this are computed
  Expr* case_value_ = nullptr;  // what the CASE around compares with, if that is a constant
};

}  // namespace

Expr* fold_constants(Expr* e, Arena& arena, functions::EvalContext& eval) {
  return Folder(arena, eval, functions::Volatility::kImmutable).fold(e);
}

const ConstExpr* estimated_value(const Expr* e, Arena& arena, functions::EvalContext& eval) {
  if (is_const(e)) return &e->as<ConstExpr>();
  const bool varies = analyzer::any_of(e, [](const Expr& x) {
    return x.kind == ExprKind::kColumn || x.kind == ExprKind::kInput || x.kind == ExprKind::kParam ||
           x.kind == ExprKind::kExecParam || x.kind == ExprKind::kSubquery || x.kind == ExprKind::kSubplan;
  });
  if (varies) return nullptr;
  Expr* value = Folder(arena, eval, functions::Volatility::kStable).fold(const_cast<Expr*>(e));  // copies
  return is_const(value) ? &value->as<ConstExpr>() : nullptr;
}

}  // namespace varve::planner
