// Types that CREATE TYPE and CREATE DOMAIN made: their names, and what a domain asks of its values.
#include <algorithm>

#include "analyzer/expression_walk.h"
#include "binder.h"
#include "catalog/user_type.h"
#include "common/sql_error.h"
#include "domain_check.h"
#include "parser/parser.h"

namespace varve::analyzer {

using catalog::UserTypePtr;
using functions::CastContext;
using types::Value;

Oid Binder::find_user_type(const parser::TypeName& name) {
  catalog::Catalog& catalog = context_.catalog;
  if (name.names.size() > 2) return kInvalidOid;
  if (name.names.size() == 2) {
    return catalog::find_user_type(catalog, catalog.find_schema(name.names[0]), name.names[1]);
  }
  for (Oid schema : context_.search_path) {
    Oid found = catalog::find_user_type(catalog, schema, name.names[0]);
    if (found != kInvalidOid) return found;
  }
  // Stored expressions leave this schema out (catalog::type_text).
  return catalog::find_user_type(catalog, catalog::kPublicSchema, name.names[0]);
}

TypeReference Binder::user_type_reference(const parser::TypeName& name, Oid type) {
  TypeReference result;
  result.set_of = name.set_of;
  result.type = type;
  UserTypePtr user = catalog::user_type(context_.catalog, type);
  if (!name.typmods.empty()) {
    throw SqlError(sqlstate::kSyntaxError,
                   fmt::format("type modifier is not allowed for type \"{}\"", name.names.back()))
        .at(position(name.location));
  }
  if (!name.array_bounds.empty()) {
    if (user != nullptr) result.type = user->array;
    if (user == nullptr || (user->kind == 'd' && base_of(user->array) == user->array))
      throw_not_supported("arrays of domains over arrays", position(name.location));
  }
  return result;
}

Oid Binder::common_domain(std::span<Expr* const> items) {
  for (const Expr* item : items) {
    if (item->domain != items[0]->domain) return kInvalidOid;
  }
  return items.empty() ? kInvalidOid : items[0]->domain;
}

Oid Binder::array_of_domain(Oid domain) {
  if (domain == kInvalidOid) return kInvalidOid;
  UserTypePtr type = catalog::user_type(context_.catalog, domain);
  return type == nullptr ? kInvalidOid : type->array;
}

std::string Binder::type_text(Oid type) { return catalog::type_text(context_.catalog, type); }
Oid Binder::base_of(Oid type) { return catalog::base_type(context_.catalog, type, -1).type; }

namespace {

// Replaces the domain's VALUE by `value` in a bound condition.
Expr* with_value(Arena& arena, Expr* condition, Expr* value) {
  return rewrite(condition, arena, [&](Expr* x) -> Expr* {
    return x->kind == ExprKind::kColumn && x->as<ColumnExpr>().levels_up == 0 ? value : nullptr;
  });
}

}  // namespace

Expr* Binder::coerce_to_domain(Expr* e, Oid domain, CastContext context, int32_t location) {
  std::vector<UserTypePtr> chain = domains_of(domain);
  if (chain.empty()) return nullptr;
  catalog::BaseType base = catalog::base_type(context_.catalog, domain, -1);
  Expr* value = try_coerce(e, base.type, base.typmod, context, location);
  if (value == nullptr) return nullptr;
  bool checks =
      std::any_of(chain.begin(), chain.end(), [](const UserTypePtr& type) { return !type->checks.empty(); });
  if (checks && is_volatile(value)) {
    throw_not_supported("a cast of a volatile expression to a domain with a CHECK constraint",
                        position(location));
  }
  // Where nothing is tested, the call stands for the cast in definitions; the planner takes it out.
  Expr* tested =
      chain[0]->oid == domain ? domain_value(chain, value, false) : domain_array_value(chain, value);
  tested->domain = domain;
  return tested;
}

Expr* Binder::domain_array_value(std::span<const UserTypePtr> chain, Expr* array) {
  const functions::TypeInfo* info = functions::type_by_oid(array->type);
  auto* input = make<CaseInputExpr>(ExprKind::kCaseInput, info->element_type, array->location);
  input->typmod = array->typmod;
  input->collation = array->collation;
  return over_elements(array, domain_value(chain, input, false), array->type, CastContext::kExplicit,
                       array->location);
}

std::vector<UserTypePtr> Binder::domains_of(Oid type) {
  if (Oid element = catalog::element_user_type(context_.catalog, type); element != kInvalidOid)
    type = element;
  std::vector<UserTypePtr> chain;
  while (type != kInvalidOid) {
    UserTypePtr domain = catalog::user_type(context_.catalog, type);
    if (domain == nullptr || domain->kind != 'd') break;
    type = domain->base;
    chain.push_back(std::move(domain));
  }
  return chain;
}

// Messages name the outermost domain; conditions of the innermost come first.
Expr* Binder::domain_value(std::span<const UserTypePtr> chain, Expr* value, bool as_condition) {
  bool not_null = std::any_of(chain.begin(), chain.end(), [](const UserTypePtr& t) { return t->not_null; });
  std::vector<Expr*> args{make_bool(not_null)};
  for (auto type = chain.rbegin(); type != chain.rend(); ++type) {
    catalog::RelationPtr row = domain_row(**type);
    for (const catalog::DomainCheck& check : (*type)->checks) {
      Expr* condition =
          coerce_to_boolean(bind_sql_expression(check.expression_sql, &row, Clause::kCheck), "CHECK");
      args.push_back(with_value(arena_, condition, value));
      args.push_back(make_const(type_oid::kText, Value::of_string(arena_.copy(check.name))));
    }
  }
  return domain_call(*chain[0], value, args, as_condition);
}

// `tests`: whether it is not null, then conditions and their names.
Expr* Binder::domain_call(const catalog::UserType& domain, Expr* value, std::span<Expr* const> tests,
                          bool as_condition) {
  std::vector<Expr*> args{value, make_const(type_oid::kText, Value::of_string(arena_.copy(domain.name))),
                          make_const(type_oid::kText, Value::of_string(arena_.copy(domain.schema_name)))};
  args.insert(args.end(), tests.begin(), tests.end());
  std::vector<Oid> types;
  for (Expr* a : args) types.push_back(a->type);
  auto* call =
      make<FunctionExpr>(ExprKind::kFunction, as_condition ? type_oid::kBool : value->type, value->location);
  call->function = &domain_function(as_condition);
  call->args = list(args);
  auto* site = arena_.make<functions::CallSite>();
  site->arg_types = arena_.copy(types);
  site->result_type = call->type;
  call->site = site;
  if (!as_condition) {
    call->typmod = value->typmod;
    call->collation = value->collation;
  }
  return call;
}

// A table of one column, "value", for the conditions to be bound over.
catalog::RelationPtr Binder::domain_row(const catalog::UserType& type) {
  auto row = std::make_shared<catalog::Relation>();
  catalog::Column column;
  catalog::BaseType base = catalog::base_type(context_.catalog, type.base, type.typmod);
  column.name = "value";
  column.type = base.type;
  column.typmod = base.typmod;
  column.collation = type.collation;
  row->columns.push_back(std::move(column));
  context_.relations.push_back(row);
  return row;
}

void Binder::add_domain_checks(const catalog::RelationPtr& relation, std::vector<Expr*>* checks,
                               std::vector<std::string_view>* names) {
  for (size_t i = 0; i < relation->columns.size(); ++i) {
    const catalog::Column& column = relation->columns[i];
    if (column.dropped) continue;
    std::vector<UserTypePtr> chain = domains_of(column.domain);
    bool tested = std::any_of(chain.begin(), chain.end(),
                              [](const UserTypePtr& t) { return t->not_null || !t->checks.empty(); });
    if (!tested) continue;
    auto* value = make<ColumnExpr>(ExprKind::kColumn, column.type);
    value->range = 0;
    value->column = static_cast<int16_t>(i + 1);
    value->typmod = column.typmod;
    value->collation = column.collation;
    if (chain[0]->oid == column.domain) {
      checks->push_back(domain_value(chain, value, true));
    } else {  // the elements throw; there is nothing else to be tested
      Expr* tests[] = {make_bool(false), make_bool(true), make_const(type_oid::kText, Value::of_string(""))};
      checks->push_back(domain_call(*chain[0], domain_array_value(chain, value), tests, true));
    }
    names->push_back("");
  }
}

}  // namespace varve::analyzer
