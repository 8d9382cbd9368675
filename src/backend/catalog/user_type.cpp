#include "catalog/user_type.h"

#include <algorithm>
#include <mutex>

#include "catalog/information_schema.h"
#include "functions/range.h"
#include "functions/registry.h"
#include "functions/user_types.h"
#include "parser/parser.h"

namespace varve::catalog {

using types::Value;

namespace {

void load_labels(Catalog& catalog, UserType& type) {
  const KeyMatch match[] = {{"enumtypid", Value::of_oid(type.oid.value())}};
  catalog.for_each(system_table("pg_enum"), match, [&](const Row& row) {
    type.labels.push_back({row.oid("oid"), row.float4("enumsortorder"), std::string(row.text("enumlabel"))});
  });
  std::sort(type.labels.begin(), type.labels.end(),
            [](const EnumLabel& a, const EnumLabel& b) { return a.order < b.order; });
}

void load_checks(Catalog& catalog, UserType& type) {
  const KeyMatch match[] = {{"conrelid", Value::of_oid(0)}, {"contypid", Value::of_oid(type.oid.value())}};
  catalog.for_each(system_table("pg_constraint"), match, [&](const Row& row) {
    if (row.letter("contype") != 'c') return;
    type.checks.push_back({row.oid("oid"), std::string(row.text("conname")), std::string(row.text("conbin")),
                           row.boolean("convalidated")});
  });
  std::sort(type.checks.begin(), type.checks.end(),
            [](const DomainCheck& a, const DomainCheck& b) { return a.name < b.name; });
}

// The type, of this form, and the array of it.
void make_known(const UserType& type, functions::TypeInfo info) {
  std::string sql_name = type_text(type);
  info.oid = type.oid;
  info.name = type.name;
  info.sql_name = sql_name;
  info.kind = type.kind;
  info.alignment = 'i';
  info.array_type = type.array;
  functions::define_type(info);
  functions::TypeInfo array{};
  std::string array_name = "_" + type.name, array_sql = sql_name + "[]";
  array.oid = type.array;
  array.name = array_name;
  array.sql_name = array_sql;
  array.physical = types::PhysicalType::kString;
  array.category = 'A';
  array.kind = 'b';
  array.length = -1;
  array.alignment = 'i';
  array.element_type = type.oid;
  functions::define_type(array);
}

void make_enum_known(const UserType& type) {
  functions::TypeInfo info{};
  info.physical = types::PhysicalType::kFloat32;
  info.category = 'E';
  info.length = 4;
  info.by_value = true;
  make_known(type, info);
}

// With what it is of, and its multirange or range.
void make_range_known(Catalog& catalog, const UserType& type) {
  functions::TypeInfo info{};
  info.physical = types::PhysicalType::kString;
  info.category = 'R';
  info.length = -1;
  make_known(type, info);
  const KeyMatch match[] = {
      {type.kind == 'r' ? "rngtypid" : "rngmultitypid", Value::of_oid(type.oid.value())}};
  Oid range, subtype, multirange;
  catalog.for_each(system_table("pg_range"), match, [&](const Row& row) {
    range = row.oid("rngtypid");
    subtype = row.oid("rngsubtype");
    multirange = row.oid("rngmultitypid");
  });
  if (functions::multirange_of_range(range) == multirange) return;
  catalog.load_type(subtype);
  functions::define_range(range, base_type(catalog, subtype, -1).type, multirange);
  (void)user_type(catalog, type.kind == 'r' ? multirange : range);
}

}  // namespace

std::string type_text(const UserType& type) {
  std::string name = parser::quote_identifier(type.name);
  return type.schema == kPublicSchema ? name : parser::quote_identifier(type.schema_name) + "." + name;
}

std::string type_text(Catalog& catalog, Oid type) {
  if (functions::type_by_oid(type) == nullptr && may_be_user_type(type)) {
    if (UserTypePtr user = user_type(catalog, type)) return type_text(*user);
    if (UserTypePtr element = user_type(catalog, element_user_type(catalog, type)))
      return type_text(*element) + "[]";
  }
  return functions::format_type(type, -1);
}

std::string procedure_text(Catalog& catalog, const Routine& routine, std::span<const Oid> search_path) {
  const bool found = routine.schema != catalog.temporary_schema() &&
                     std::find(search_path.begin(), search_path.end(), routine.schema) != search_path.end();
  std::string text = found ? "" : parser::quote_identifier(routine.schema_name) + ".";
  text += parser::quote_identifier(routine.name) + "(";
  for (size_t i = 0; i < routine.args.size(); ++i)
    text += (i == 0 ? "" : ",") + type_text(catalog, routine.args[i]);
  return text + ")";
}

UserTypePtr user_type(Catalog& catalog, Oid oid) {
  if (!may_be_user_type(oid)) return nullptr;
  std::shared_ptr<UserType> type;
  const KeyMatch match[] = {{"oid", Value::of_oid(oid.value())}};
  catalog.for_each(system_table("pg_type"), match, [&](const Row& row) {
    char kind = row.letter("typtype");
    if (kind != 'e' && kind != 'd' && kind != 'r' && kind != 'm') return;
    type = std::make_shared<UserType>();
    type->oid = oid;
    type->name = row.text("typname");
    type->schema = row.oid("typnamespace");
    type->owner = row.oid("typowner");
    type->kind = kind;
    type->array = row.oid("typarray");
    type->base = row.oid("typbasetype");
    type->typmod = row.int4("typtypmod");
    type->collation = row.oid("typcollation");
    type->not_null = row.boolean("typnotnull");
    type->default_sql = row.text("typdefaultbin");
  });
  if (type == nullptr) return nullptr;
  type->schema_name = catalog.schema_name(type->schema);
  if (type->kind == 'e') {
    load_labels(catalog, *type);
    make_enum_known(*type);
  } else if (type->kind == 'd') {
    load_checks(catalog, *type);
  } else {
    make_range_known(catalog, *type);
  }
  return type;
}

void make_types_known(Catalog& catalog) {
  static std::mutex mutex;
  static std::vector<Oid> done;
  std::lock_guard lock(mutex);
  Oid database = catalog.database().oid();
  if (std::find(done.begin(), done.end(), database) != done.end()) return;
  std::vector<Oid> types;
  catalog.for_each(system_table("pg_type"), {}, [&](const Row& row) {
    char kind = row.letter("typtype");
    if (kind == 'e' || kind == 'r') types.push_back(row.oid("oid"));
  });
  for (Oid oid : types) (void)user_type(catalog, oid);
  done.push_back(database);
}

Oid element_user_type(Catalog& catalog, Oid oid) {
  Oid element;
  if (!may_be_user_type(oid)) return element;
  const KeyMatch match[] = {{"oid", Value::of_oid(oid.value())}};
  catalog.for_each(system_table("pg_type"), match, [&](const Row& row) {
    if (row.letter("typcategory") == 'A') element = row.oid("typelem");
  });
  return element;
}

bool make_array_known(Catalog& catalog, Oid oid) {
  Oid element = element_user_type(catalog, oid);
  if (element == kInvalidOid) return false;
  UserTypePtr type = user_type(catalog, element);
  return type != nullptr && type->kind != 'd';
}

Oid find_user_type(Catalog& catalog, Oid schema, std::string_view name) {
  Oid found;
  const KeyMatch match[] = {{"typname", Value::of_string(name)},
                            {"typnamespace", Value::of_oid(schema.value())}};
  catalog.for_each(system_table("pg_type"), match, [&](const Row& row) { found = row.oid("oid"); });
  if (found == kInvalidOid || !may_be_user_type(found)) return kInvalidOid;
  if (user_type(catalog, found) != nullptr) return found;
  Oid element = element_user_type(catalog, found);
  return element != kInvalidOid && user_type(catalog, element) != nullptr ? found : kInvalidOid;
}

BaseType base_type(Catalog& catalog, Oid type, int32_t typmod) {
  while (functions::type_by_oid(type) == nullptr) {
    UserTypePtr user = user_type(catalog, type);
    if (user == nullptr) {
      Oid element = element_user_type(catalog, type);
      if (element == kInvalidOid || make_array_known(catalog, type)) break;
      BaseType under = base_type(catalog, element, -1);
      const functions::TypeInfo* info = functions::type_by_oid(under.type);
      if (info != nullptr && info->category == 'A') return {functions::array_of_arrays(info->oid), -1};
      if (info == nullptr || info->array_type == kInvalidOid) break;
      return {info->array_type, under.typmod};
    }
    if (user->kind != 'd') break;
    type = user->base;
    typmod = user->typmod;
  }
  return {type, typmod};
}

}  // namespace varve::catalog
