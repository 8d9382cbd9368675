// Enums, ranges and domains, as pg_type, pg_enum, pg_range and pg_constraint have them. Read anew at every
// call: what is asked for often is kept by the asker for as long as the epoch of the catalog stays.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/catalog.h"

namespace varve::catalog {

struct EnumLabel {
  Oid oid;
  float order;  // the value
  std::string label;
};

struct DomainCheck {
  Oid oid;
  std::string name;
  std::string expression_sql;  // over a column called "value"
  bool validated = true;
};

struct UserType {
  Oid oid;
  std::string name;
  Oid schema;
  std::string schema_name;
  Oid owner;
  char kind = 'e';  // e enum, d domain, r range, m multirange
  Oid array;
  std::vector<EnumLabel> labels;  // of an enum, in order
  // Of a domain.
  Oid base;
  int32_t typmod = -1;
  Oid collation;
  bool not_null = false;
  std::string default_sql;          // canonical; empty: none
  std::vector<DomainCheck> checks;  // in order of their names
};
using UserTypePtr = std::shared_ptr<const UserType>;

// Null when the oid is of none of these. Makes enums and ranges known to the functions.
UserTypePtr user_type(Catalog& catalog, Oid type);
// How the type is written in stored expressions: with its schema, unless that is public.
std::string type_text(const UserType& type);
// As messages name any type: functions::format_type() knows no domains.
std::string type_text(Catalog& catalog, Oid type);
// As regprocedure prints it, "f(integer,text)": with its schema where a call would have to name that.
// Functions are not looked for among temporary objects.
std::string procedure_text(Catalog& catalog, const Routine& routine, std::span<const Oid> search_path);
// kInvalidOid when there is none. Array types of them are found too.
Oid find_user_type(Catalog& catalog, Oid schema, std::string_view name);
// The type of these kinds whose array type this is; 0: of none.
Oid element_user_type(Catalog& catalog, Oid array_type);
// The type under all domains, with its modifier, or the array type of that for arrays of domains; anything
// else is its own base.
struct BaseType {
  Oid type;
  int32_t typmod;
};
BaseType base_type(Catalog& catalog, Oid type, int32_t typmod);
// Makes all enums and ranges of the database known, once a process: rows may hold their values before anybody
// has named the type.
void make_types_known(Catalog& catalog);
// The enum or range whose values are the elements of this array type is made known, with the array; false:
// not such a type.
bool make_array_known(Catalog& catalog, Oid type);

}  // namespace varve::catalog
