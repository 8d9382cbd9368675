// Types that CREATE TYPE and CREATE DOMAIN made: their names, and what a domain asks of its values.
#include <algorithm>

#include "analyzer/expression_walk.h"
#include "binder.h"
#include "catalog/user_type.h"
#include "common/sql_error.h"
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
  }
  return result;
}

std::string Binder::type_text(Oid type) { return catalog::type_text(context_.catalog, type); }
Oid Binder::base_of(Oid type) { return catalog::base_type(context_.catalog, type, -1).type; }

}  // namespace varve::analyzer
