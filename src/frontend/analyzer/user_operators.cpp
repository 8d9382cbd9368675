// Operators and casts that SQL made: finding and calling them.
#include "user_operators.h"

#include <algorithm>

#include "binder.h"
#include "catalog/operators.h"

namespace varve::analyzer {

using functions::CastContext;
using functions::Function;
using functions::Operator;

const catalog::UserOperations& Binder::user_operations() {
  if (user_operations_ == nullptr) user_operations_ = catalog::user_operations(context_.catalog);
  return *user_operations_;
}

void Binder::add_user_operators(std::string_view schema, std::string_view name,
                                std::vector<const Operator*>* out) {
  for (const catalog::UserOperator& o : user_operations().operators) {
    if (o.name != name) continue;
    auto in_path = std::find(context_.search_path.begin(), context_.search_path.end(), o.schema);
    bool visible = in_path != context_.search_path.end();
    if (schema.empty() ? !visible : o.schema_name != schema) continue;
    auto* op = arena_.make<BoundUserOperator>();
    op->oid = o.oid;
    op->name = "(user)";
    op->left = o.left;
    op->right = o.right;
    op->result = o.result;
    op->function = o.function;
    op->schema = arena_.copy(o.schema_name);
    op->written = arena_.copy(o.name);
    op->visible = visible;
    out->push_back(op);
  }
}

// A function that SQL made is called through the session, which finds it by its call site.
void Binder::set_site_routine(const Function& function, const functions::CallSite** site) {
  if (function.routine == nullptr) return;
  auto* own = arena_.make<functions::CallSite>(**site);
  own->routine = &function;
  *site = own;
}

const catalog::UserCast* Binder::find_user_cast(Oid from, Oid to) {
  const auto& casts = user_operations().casts;
  auto it = std::find_if(casts.begin(), casts.end(),
                         [&](const catalog::UserCast& c) { return c.source == from && c.target == to; });
  return it == casts.end() ? nullptr : &*it;
}

Expr* Binder::apply_user_cast(const catalog::UserCast& cast, Expr* e, int32_t typmod, CastContext context,
                              int32_t location) {
  bool is_explicit = context == CastContext::kExplicit;
  Expr* result = nullptr;
  if (cast.method == 'f') {
    const Function* function = function_by_oid(cast.function);
    std::vector<Expr*> args{e};
    if (function->args.size() > 1)
      args.push_back(make_const(type_oid::kInt4, types::Value::of_int32(typmod)));
    if (function->args.size() > 2) args.push_back(make_bool(is_explicit));
    // The function may take what the source is binary-coercible to.
    args[0] = function->args[0] == e->type ? e : try_coerce(e, function->args[0], -1, CastContext::kImplicit);
    result = make_function(*function, args, location, nullptr, is_explicit ? 'c' : 'i');
    set_site_routine(*function, &result->as<FunctionExpr>().site);
  } else {
    result = make<CastExpr>(cast.method == 'b' ? ExprKind::kRelabel : ExprKind::kCoerceViaIo, cast.target,
                            location);
    result->as<CastExpr>().arg = e;
    result->as<CastExpr>().implicit = !is_explicit;
  }
  result->type = cast.target;
  const functions::TypeInfo* target = functions::type_by_oid(cast.target);
  if (target != nullptr && target->collatable && result->collation == kInvalidOid)
    result->collation = catalog::kDefaultCollation;
  return apply_typmod(result, typmod, is_explicit);
}

}  // namespace varve::analyzer
