// What a domain asks of its values.
#include "domain_binder.h"

#include <algorithm>

#include "analyzer/expression_walk.h"
#include "binder.h"
#include "catalog/relation.h"
#include "catalog/user_type.h"
#include "common/sql_error.h"
#include "domain_check.h"

namespace varve::analyzer {

using catalog::UserTypePtr;
using functions::CastContext;
using types::Value;

namespace {

// Replaces the domain's VALUE by `value` in a bound condition.
Expr* with_value(Arena& arena, Expr* condition, Expr* value) {
  return rewrite(condition, arena, [&](Expr* x) -> Expr* {
    return x->kind == ExprKind::kColumn && x->as<ColumnExpr>().levels_up == 0 ? value : nullptr;
  });
}

}  // namespace

Expr* DomainBinder::coerce(Expr* e, Oid domain, CastContext context, int32_t location) {
  Chain chain = chain_of(domain);
  if (chain.empty()) return nullptr;
  catalog::BaseType base = catalog::base_type(b_.context().catalog, domain, -1);
  Expr* value = b_.try_coerce(e, base.type, base.typmod, context, location);
  if (value == nullptr) return nullptr;
  // Where nothing is tested, the call stands for the cast in definitions; the planner takes it out.
  Expr* tested = chain[0]->oid == domain ? value_of(chain, value, false) : array_value(chain, value);
  tested->domain = domain;
  // A domain's own collation comes before the value's.
  if (Oid own = chain[0]->collation; own != kInvalidOid && own != catalog::kDefaultCollation)
    tested->collation = own, tested->explicit_collation = false;
  return tested;
}

Expr* DomainBinder::array_value(const Chain& chain, Expr* array) {
  Expr* input = b_.element_input(*array, array->location);
  return b_.over_elements(array, value_of(chain, input, false), array->type, CastContext::kExplicit,
                          array->location);
}

DomainBinder::Chain DomainBinder::chain_of(Oid type) {
  if (Oid element = catalog::element_user_type(b_.context().catalog, type); element != kInvalidOid)
    type = element;
  Chain chain;
  while (type != kInvalidOid) {
    UserTypePtr domain = catalog::user_type(b_.context().catalog, type);
    if (domain == nullptr || domain->kind != 'd') break;
    type = domain->base;
    chain.push_back(std::move(domain));
  }
  return chain;
}

// Messages name the outermost domain; conditions of the innermost come first.
Expr* DomainBinder::value_of(const Chain& chain, Expr* value, bool as_condition) {
  bool not_null = std::any_of(chain.begin(), chain.end(), [](const UserTypePtr& t) { return t->not_null; });
  std::vector<Expr*> args{b_.make_bool(not_null)};
  Expr* tested = value;
  if (is_volatile(value)) {
    tested = b_.make<CaseInputExpr>(ExprKind::kDomainValue, value->type, value->location);
    tested->typmod = value->typmod;
    keep_collation(tested, *value);
  }
  for (auto type = chain.rbegin(); type != chain.rend(); ++type) {
    catalog::RelationPtr row = row_of(**type);
    for (const catalog::DomainCheck& check : (*type)->checks) {
      Expr* condition =
          b_.coerce_to_boolean(b_.bind_sql_expression(check.expression_sql, &row, Clause::kCheck), "CHECK");
      args.push_back(with_value(b_.arena(), condition, tested));
      args.push_back(b_.make_const(type_oid::kText, Value::of_string(b_.arena().copy(check.name))));
    }
  }
  return call(*chain[0], value, args, as_condition);
}

// `tests`: whether it is not null, then conditions and their names.
Expr* DomainBinder::call(const catalog::UserType& domain, Expr* value, std::span<Expr* const> tests,
                         bool as_condition) {
  std::vector<Expr*> args{
      value, b_.make_const(type_oid::kText, Value::of_string(b_.arena().copy(domain.name))),
      b_.make_const(type_oid::kText, Value::of_string(b_.arena().copy(domain.schema_name)))};
  args.insert(args.end(), tests.begin(), tests.end());
  std::vector<Oid> types;
  for (Expr* a : args) types.push_back(a->type);
  auto* made = b_.make<FunctionExpr>(ExprKind::kFunction, as_condition ? type_oid::kBool : value->type,
                                     value->location);
  made->function = &domain_function(as_condition);
  if (is_volatile(value)) made->form = 'd';
  made->args = b_.list(args);
  auto* site = b_.arena().make<functions::CallSite>();
  site->arg_types = b_.arena().copy(types);
  site->result_type = made->type;
  made->site = site;
  if (!as_condition) {
    made->typmod = value->typmod;
    keep_collation(made, *value);
  }
  return made;
}

// A table of one column, "value", for the conditions to be bound over.
catalog::RelationPtr DomainBinder::row_of(const catalog::UserType& type) {
  auto row = std::make_shared<catalog::Relation>();
  catalog::Column column;
  catalog::BaseType base = catalog::base_type(b_.context().catalog, type.base, type.typmod);
  column.name = "value";
  column.type = base.type;
  column.typmod = base.typmod;
  column.collation = type.collation;
  row->columns.push_back(std::move(column));
  b_.context().relations.push_back(row);
  return row;
}

Expr* DomainBinder::condition(Oid domain, Expr* value) {
  Chain chain = chain_of(domain);
  bool tested = std::any_of(chain.begin(), chain.end(),
                            [](const UserTypePtr& t) { return t->not_null || !t->checks.empty(); });
  if (!tested) return nullptr;
  if (chain[0]->oid == domain) return value_of(chain, value, true);
  // The elements throw; there is nothing else to be tested.
  Expr* tests[] = {b_.make_bool(false), b_.make_bool(true),
                   b_.make_const(type_oid::kText, Value::of_string(""))};
  return call(*chain[0], array_value(chain, value), tests, true);
}

Expr* DomainBinder::fields_condition(Expr* row) {
  const functions::TypeInfo* info = functions::type_by_oid(row->type);
  if (info == nullptr || info->kind != 'c') return nullptr;
  b_.refresh_row_type(row->type);
  info = functions::type_by_oid(row->type);
  std::vector<Expr*> tests;
  for (uint32_t i = 0; i < info->fields.size(); ++i) {
    const functions::CompositeField& f = info->fields[i];
    Expr* field = b_.make_field(row, i, {f.name, f.type, f.typmod, f.collation}, row->location);
    Expr* test = f.domain != kInvalidOid ? condition(f.domain, field) : fields_condition(field);
    if (test == nullptr) continue;
    auto* absent = b_.make<NullTestExpr>(ExprKind::kNullTest, type_oid::kBool, row->location);
    absent->arg = field;
    auto* either = b_.make<BoolExpr>(ExprKind::kOr, type_oid::kBool, row->location);
    either->args = b_.list({absent, test});
    tests.push_back(either);
  }
  return tests.empty() ? nullptr : b_.make_and(tests);
}

Expr* DomainBinder::test_fields(Expr* row) {
  const functions::TypeInfo* info = functions::type_by_oid(row->type);
  auto is_of_domain = [](const functions::CompositeField& f) { return f.domain != kInvalidOid; };
  if (info == nullptr || std::none_of(info->fields.begin(), info->fields.end(), is_of_domain)) return row;
  std::vector<ScopeColumn> fields;
  for (uint32_t i = 0; i < info->fields.size(); ++i) {
    const functions::CompositeField& f = info->fields[i];
    Expr* field = b_.make_field(row, i, {f.name, f.type, f.typmod, f.collation}, row->location);
    fields.push_back(
        {f.name, is_of_domain(f) ? coerce(field, f.domain, CastContext::kExplicit, row->location) : field});
  }
  return b_.make_row(fields, row->type, row->location);
}

Expr* DomainBinder::with_tested_fields(Expr* row) {
  auto* input = b_.make<CaseInputExpr>(ExprKind::kDomainValue, row->type, row->location);
  Expr* test = fields_condition(input);
  if (test == nullptr) return row;
  // The fields throw; there is nothing else to be tested.
  Expr* tests[] = {b_.make_bool(false), test, b_.make_const(type_oid::kText, Value::of_string(""))};
  Expr* tested = call({}, row, tests, false);
  tested->as<FunctionExpr>().form = 'd';
  return tested;
}

void DomainBinder::add_checks(const catalog::RelationPtr& relation, std::vector<Expr*>* checks,
                              std::vector<std::string_view>* names) {
  for (size_t i = 0; i < relation->columns.size(); ++i) {
    const catalog::Column& column = relation->columns[i];
    if (column.dropped) continue;
    auto* value = b_.make<ColumnExpr>(ExprKind::kColumn, column.type);
    value->range = 0;
    value->column = static_cast<int16_t>(i + 1);
    value->typmod = column.typmod;
    value->collation = column.collation;
    Expr* test = column.domain != kInvalidOid ? condition(column.domain, value) : fields_condition(value);
    if (test == nullptr) continue;
    checks->push_back(test);
    names->push_back("");
  }
}

Oid DomainBinder::common(std::span<Expr* const> items) {
  for (const Expr* item : items) {
    if (item->domain != items[0]->domain) return kInvalidOid;
  }
  return items.empty() ? kInvalidOid : items[0]->domain;
}

Oid DomainBinder::array_of(Oid domain) {
  if (domain == kInvalidOid) return kInvalidOid;
  UserTypePtr type = catalog::user_type(b_.context().catalog, domain);
  return type == nullptr ? kInvalidOid : type->array;
}

}  // namespace varve::analyzer
