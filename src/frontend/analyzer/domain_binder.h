// Values of domains: an expression has the type under the domain, and names the domain beside it
// (Expr::domain). Their conditions are tested where a value becomes one of the domain, and for each row that
// is written.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "analyzer/expression.h"
#include "catalog/catalog.h"

namespace varve::catalog {
struct UserType;
}

namespace varve::analyzer {

class Binder;

class DomainBinder {
 public:
  explicit DomainBinder(Binder& binder) : b_(binder) {}

  // The value as one of the type under the domain, or under the array type's domain, tested. Null when there
  // is no way, or `domain` is none.
  Expr* coerce(Expr* e, Oid domain, functions::CastContext context, int32_t location);
  // Conditions that columns of domains make of a row.
  void add_checks(const catalog::RelationPtr& relation, std::vector<Expr*>* checks,
                  std::vector<std::string_view>* names);
  // A value of a composite type, not NULL, made anew of fields that are tested by their domains; the value
  // itself where there are none.
  Expr* test_fields(Expr* row);
  // The same of any value; a NULL stays one.
  Expr* with_tested_fields(Expr* row);
  // The domain that all of them are of; 0: there is none.
  static Oid common(std::span<Expr* const> items);
  Oid array_of(Oid domain);

 private:
  // The domain, the one it is over, and so on; for an array type those of its elements. Empty: none.
  using Chain = std::vector<std::shared_ptr<const catalog::UserType>>;
  Chain chain_of(Oid type);
  // Whether the value is one of the domain, or of the array type's; null: nothing is asked of it.
  Expr* condition(Oid domain, Expr* value);
  // The same of the fields of a composite type, however deep. Those that are NULL are left alone: a row that
  // was given some of its fields only has the others so, and PostgreSQL lets it be.
  Expr* fields_condition(Expr* row);
  // A call that tests the value: yields it, or TRUE as a condition. Throws 23502, 23514 when run.
  Expr* value_of(const Chain& chain, Expr* value, bool as_condition);
  // The same for each element of an array.
  Expr* array_value(const Chain& chain, Expr* array);
  Expr* call(const catalog::UserType& domain, Expr* value, std::span<Expr* const> tests, bool as_condition);
  catalog::RelationPtr row_of(const catalog::UserType& type);

  Binder& b_;
};

}  // namespace varve::analyzer
