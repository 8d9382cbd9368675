// Types that CREATE TYPE and CREATE TABLE made: from pg_type to functions::define_type().
#include "catalog/catalog.h"
#include "catalog/user_type.h"
#include "functions/registry.h"

namespace varve::catalog {

using types::Value;

namespace {

// As an identifier is written in SQL.
std::string quoted(std::string_view name) {
  bool plain = !name.empty() && (name[0] == '_' || (name[0] >= 'a' && name[0] <= 'z'));
  for (char c : name) plain = plain && (c == '_' || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'));
  if (plain) return std::string(name);
  std::string out = "\"";
  for (char c : name) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

functions::TypeInfo basic_type(const Row& row, std::string_view sql_name) {
  functions::TypeInfo info{};
  info.oid = row.oid("oid");
  info.name = row.text("typname");
  info.sql_name = sql_name;
  info.physical = types::PhysicalType::kString;
  info.category = row.letter("typcategory");
  info.preferred = row.boolean("typispreferred");
  info.kind = row.letter("typtype");
  info.length = row.int2("typlen");
  info.by_value = row.boolean("typbyval");
  info.alignment = row.letter("typalign");
  info.array_type = row.oid("typarray");
  info.element_type = row.oid("typelem");
  info.relation = row.oid("typrelid");
  return info;
}

}  // namespace

Oid Catalog::find_type(Oid schema, std::string_view name) {
  Oid found = kInvalidOid;
  const KeyMatch match[] = {{"typname", Value::of_string(name)},
                            {"typnamespace", Value::of_oid(schema.value())}};
  for_each(system_table("pg_type"), match, [&](const Row& row) { found = row.oid("oid"); });
  if (found == kInvalidOid) return found;
  load_type(found);
  return functions::type_by_oid(found) == nullptr ? kInvalidOid : found;
}

void Catalog::define_row_type(const Relation& relation, const Row& type) {
  std::string sql_name = quoted(type.text("typname"));
  functions::TypeInfo info = basic_type(type, sql_name);
  std::vector<functions::CompositeField> fields;
  for (const Column& c : relation.columns) {
    if (!c.dropped) fields.push_back({c.name, c.type, c.typmod, c.collation, c.domain});
  }
  info.fields = fields;
  functions::define_type(info);
}

void Catalog::load_type(Oid oid) {
  if (oid == kInvalidOid || functions::type_by_oid(oid) != nullptr) return;
  const KeyMatch match[] = {{"oid", Value::of_oid(oid.value())}};
  for_each(system_table("pg_type"), match, [&](const Row& row) {
    if (row.letter("typcategory") == 'A' && row.oid("typelem") != kInvalidOid) {
      load_type(row.oid("typelem"));  // makes its array known too
      return;
    }
    if (row.letter("typtype") != 'd') (void)user_type(*this, oid);
    if (row.letter("typtype") != 'c') return;
    std::string sql_name = quoted(row.text("typname"));
    functions::TypeInfo info = basic_type(row, sql_name);
    functions::define_type(info);  // before what it is made of: a row may hold an array of its own type
    if (info.array_type != kInvalidOid) {
      const KeyMatch array[] = {{"oid", Value::of_oid(info.array_type.value())}};
      for_each(system_table("pg_type"), array, [&](const Row& array_row) {
        std::string array_name = sql_name + "[]";
        functions::define_type(basic_type(array_row, array_name));
      });
    }
    if (RelationPtr relation = this->relation(info.relation)) define_row_type(*relation, row);
  });
}

}  // namespace varve::catalog
