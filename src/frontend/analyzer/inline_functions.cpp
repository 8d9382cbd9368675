#include "analyzer/inline_functions.h"

#include <algorithm>

#include "analyzer/expression_walk.h"
#include "binder.h"
#include "catalog/routine.h"
#include "catalog/user_type.h"
#include "common/sql_error.h"
#include "parser/parser.h"

namespace varve::analyzer {
namespace {

using catalog::Routine;

constexpr int kMaxCostlyCalls = 5;  // in an argument that is needed more than once

// The parameters of the function whose body is bound.
class Parameters final : public Variables {
 public:
  Parameters(const Routine& routine, const FunctionExpr& call, Oid collation) : routine_(routine) {
    for (const Expr* arg : call.args) types_.push_back(arg->type);
    collation_ = collation;
  }
  bool find(std::span<const std::string_view> names, Variable* out) override {
    if (names.size() > 2 || (names.size() == 2 && names[0] != routine_.name)) return false;
    for (size_t i = 0; i < routine_.names.size() && i < types_.size(); ++i) {
      if (!routine_.names[i].empty() && routine_.names[i] == names.back())
        return find_number(static_cast<int32_t>(i + 1), out);
    }
    return false;
  }
  bool find_number(int32_t number, Variable* out) override {
    if (number < 1 || static_cast<size_t>(number) > types_.size()) return false;
    out->param = static_cast<uint32_t>(number - 1);
    out->type = types_[out->param];
    const functions::TypeInfo* info = functions::type_by_oid(out->type);
    if (info != nullptr && info->collatable) out->collation = collation_;
    return true;
  }
  bool expand(std::span<const std::string_view>, std::vector<Field>*) override { return false; }
  Conflict conflict() const override { return Conflict::kTables; }

 private:
  const Routine& routine_;
  std::vector<Oid> types_;
  Oid collation_;
};

const parser::Node* only_expression(const parser::Node* node) {
  if (!parser::is<parser::SelectStmt>(node)) return nullptr;
  const auto& s = *parser::as<parser::SelectStmt>(node);
  const bool bare = s.targets.size() == 1 && s.from.empty() && s.where == nullptr && s.group_by.empty() &&
                    s.having == nullptr && s.values.empty() && s.order_by.empty() &&
                    s.limit_count == nullptr && s.limit_offset == nullptr && s.with == nullptr &&
                    s.into == nullptr && s.left == nullptr && !s.distinct && s.distinct_on.empty() &&
                    s.windows.empty() && s.locking.empty();
  if (!bare) return nullptr;
  const parser::Node* value = s.targets[0]->value;
  if (parser::is<parser::ColumnRef>(value) && parser::as<parser::ColumnRef>(value)->star) return nullptr;
  return value;
}

bool is_simple_type(Oid type) {
  const functions::TypeInfo* info = functions::type_by_oid(type);
  return info != nullptr && info->kind != 'p' && info->kind != 'c' && info->kind != 'd';
}

// NULL for a NULL parameter: calls of strict functions all the way.
bool is_strict(const Expr* e) {
  return !any_of(e, [](const Expr& x) {
    switch (x.kind) {
      case ExprKind::kParam:
      case ExprKind::kConst:
      case ExprKind::kRelabel:
      case ExprKind::kCoerceViaIo:
        return false;
      case ExprKind::kFunction:
        return !x.as<FunctionExpr>().function->strict;
      default:
        return true;
    }
  });
}

bool is_costly(const Expr* e) {
  int calls = 0;
  return any_of(e, [&](const Expr& x) {
    if (x.kind == ExprKind::kSubquery) return true;
    if (x.kind != ExprKind::kFunction) return false;
    return x.as<FunctionExpr>().function->routine != nullptr || ++calls > kMaxCostlyCalls;
  });
}

class Inliner {
 public:
  explicit Inliner(AnalyzerContext& context) : context_(context) {}

  void query(Query& q);
  Expr* expression(Expr* e);

 private:
  void one(Expr*& e) {
    if (e != nullptr) e = expression(e);
  }
  void all(ExprList list) {
    for (Expr*& e : list) one(e);
  }
  void targets(std::span<Target> list) {
    for (Target& t : list) one(t.expr);
  }
  void from(FromItem* item) {
    if (item == nullptr || item->kind == FromKind::kRange) return;
    one(item->condition);
    from(item->left);
    from(item->right);
  }
  void range(Range& r);
  void indexes(std::span<IndexExpressions> list) {
    for (IndexExpressions& e : list) {
      all(e.keys);
      one(e.predicate);
    }
  }
  Expr* body_of(const Routine& routine, const FunctionExpr& call);
  Expr* inlined(FunctionExpr& call);
  bool suits(const Routine& routine, const FunctionExpr& call, const Expr* body) const;

  AnalyzerContext& context_;
  std::vector<Oid> active_;  // whose bodies are being looked at
};

void Inliner::range(Range& r) {
  if (r.query != nullptr) query(*r.query);
  all(r.args);
  one(r.sample_percent);
  one(r.sample_seed);
  for (ExprList& row : r.rows) all(row);
  indexes(r.index_expressions);
  for (ExprList& expressions : r.statistics_expressions) all(expressions);
}

void Inliner::query(Query& q) {
  targets(q.targets);
  targets(q.returning);
  for (FromItem* item : q.from) from(item);
  one(q.where);
  one(q.having);
  one(q.limit);
  one(q.offset);
  all(q.group_by);
  for (Window& w : q.windows) {
    for (SortKey& k : w.partition) one(k.expr);
    for (SortKey& k : w.order) one(k.expr);
    one(w.start_offset);
    one(w.end_offset);
  }
  indexes(q.index_expressions);
  for (Range* r : q.ranges) range(*r);
  for (Cte* cte : q.ctes) {
    if (cte->query != nullptr) query(*const_cast<Query*>(cte->query));
  }
}

Expr* Inliner::expression(Expr* e) {
  visit_children(*e, [&](Expr*& child) { child = expression(child); });
  if (e->kind == ExprKind::kSubquery) query(*e->as<SubqueryExpr>().query);
  if (e->kind != ExprKind::kFunction) return e;
  auto& call = e->as<FunctionExpr>();
  const bool made_by_sql = call.function->routine != nullptr && !call.function->routine->is_native;
  Expr* made = made_by_sql ? inlined(call) : nullptr;
  return made != nullptr ? made : e;
}

// Bound and of the function's type, parameters as ParamExpr; null: it is not to be.
Expr* Inliner::body_of(const Routine& routine, const FunctionExpr& call) {
  std::string_view source = context_.arena.copy(routine.source);
  if (!routine.sql_body.empty()) {
    // RETURN expression; what BEGIN ATOMIC holds is left to be called.
    std::string_view body = routine.sql_body;
    if (body.size() < 7 || (body[0] | 0x20) != 'r') return nullptr;
    source = context_.arena.copy("SELECT" + std::string(body.substr(6)));
  }
  std::span<parser::RawStatement> statements = parser::parse(source, context_.arena).statements;
  const parser::Node* value = statements.size() == 1 ? only_expression(statements[0].statement) : nullptr;
  if (value == nullptr) return nullptr;
  Binder outer(context_);
  Parameters parameters(routine, call, outer.common_collation(call.args));
  AnalyzerContext inner{context_.catalog, context_.arena, context_.relations,
                        context_.eval,    source,         context_.search_path};
  inner.locker = context_.locker;
  inner.checks_schemas = context_.checks_schemas;
  inner.variables = &parameters;
  std::vector<Oid> called;
  inner.routines = &called;
  Binder binder(inner);
  Scope scope;
  Expr* body = binder.resolve_unknown(binder.bind_expr(scope, value));
  if (scope.has_aggregates || scope.has_windows || scope.has_set_returning) return nullptr;
  if (body->domain != kInvalidOid) return nullptr;
  body = binder.coerce_for_assignment(body, call.type, -1, "inline");
  if (context_.routines != nullptr)
    context_.routines->insert(context_.routines->end(), called.begin(), called.end());
  return body;
}

bool Inliner::suits(const Routine& routine, const FunctionExpr& call, const Expr* body) const {
  // A fixed value is computed while planning: the call tells in which function that failed.
  const bool constant =
      is_immutable(body) && std::all_of(call.args.begin(), call.args.end(),
                                        [](const Expr* a) { return a->kind == ExprKind::kConst; });
  if (constant || body->collation != call.collation) return false;
  const bool odd = any_of(body, [](const Expr& x) {
    return x.kind == ExprKind::kSubquery || x.kind == ExprKind::kAggregate || x.kind == ExprKind::kWindow ||
           x.kind == ExprKind::kSetReturning || x.kind == ExprKind::kColumn;
  });
  if (odd || (routine.volatility == 'i' && !is_immutable(body)) ||
      (routine.volatility == 's' && is_volatile(body)) || (routine.strict && !is_strict(body)))
    return false;
  std::vector<int> uses(call.args.size(), 0);
  any_of(body, [&](const Expr& x) {
    if (x.kind == ExprKind::kParam) ++uses[x.as<ParamExpr>().index];
    return false;
  });
  for (size_t i = 0; i < uses.size(); ++i) {
    if (uses[i] == 0 && routine.strict) return false;
    if (uses[i] > 1 && (is_costly(call.args[i]) || is_volatile(call.args[i]))) return false;
  }
  return true;
}

Expr* Inliner::inlined(FunctionExpr& call) {
  catalog::RoutinePtr routine = context_.catalog.routine(call.function->oid);
  const bool recursive = std::find(active_.begin(), active_.end(), call.function->oid) != active_.end();
  if (recursive || routine == nullptr || routine->language != catalog::kSqlLanguage || routine->kind != 'f' ||
      routine->security_definer || routine->returns_set || !routine->config.empty() ||
      !routine->all_args.empty() || routine->variadic != kInvalidOid ||
      routine->args.size() != call.args.size() || !is_simple_type(call.type) || call.type != routine->result)
    return nullptr;
  for (size_t i = 0; i < call.args.size(); ++i) {
    if (!is_simple_type(routine->args[i]) || call.args[i]->type != routine->args[i]) return nullptr;
  }
  Expr* body = nullptr;
  try {
    body = body_of(*routine, call);
  } catch (const SqlError&) {
    return nullptr;  // the call itself will say what is wrong
  }
  if (body == nullptr || !suits(*routine, call, body)) return nullptr;
  Expr* made = rewrite(body, context_.arena, [&](Expr* x) -> Expr* {
    return x->kind == ExprKind::kParam ? copy_node(*call.args[x->as<ParamExpr>().index], context_.arena)
                                       : nullptr;
  });
  active_.push_back(routine->oid);
  made = expression(made);
  active_.pop_back();
  made->location = call.location;
  return made;
}

}  // namespace

void inline_functions(AnalyzerContext& context, Query& query) { Inliner(context).query(query); }

}  // namespace varve::analyzer
