// Schemas, roles and databases by name and oid.
#include "catalog/catalog.h"

namespace varve::catalog {
namespace {

using types::Value;

Role read_role(const Row& row) {
  return {row.oid("oid"),
          std::string(row.text("rolname")),
          row.boolean("rolsuper"),
          row.boolean("rolinherit"),
          row.boolean("rolcreaterole"),
          row.boolean("rolcreatedb"),
          row.boolean("rolcanlogin"),
          row.boolean("rolreplication"),
          row.boolean("rolbypassrls"),
          row.int4("rolconnlimit"),
          std::string(row.text("rolpassword"))};
}

DatabaseInfo read_database(const Row& row) {
  return {row.oid("oid"),
          std::string(row.text("datname")),
          row.oid("datdba"),
          row.boolean("datallowconn"),
          row.boolean("datistemplate"),
          row.int4("datconnlimit")};
}

template <class T, class F>
std::optional<T> find_one(Catalog& catalog, std::string_view table, std::string_view column,
                          const Value& value, F&& read) {
  std::optional<T> found;
  const KeyMatch match[] = {{column, value}};
  catalog.for_each(system_table(table), match, [&](const Row& row) { found = read(row); });
  return found;
}

}  // namespace

Oid Catalog::find_schema(std::string_view name) {
  if (name == "pg_temp") return temporary_schema_;
  return find_one<Oid>(*this, "pg_namespace", "nspname", Value::of_string(name),
                       [](const Row& row) { return row.oid("oid"); })
      .value_or(kInvalidOid);
}

std::string Catalog::schema_name(Oid oid) {
  return find_one<std::string>(*this, "pg_namespace", "oid", Value::of_oid(oid.value()),
                               [](const Row& row) { return std::string(row.text("nspname")); })
      .value_or("");
}

std::optional<Role> Catalog::find_role(std::string_view name) {
  return find_one<Role>(*this, "pg_authid", "rolname", Value::of_string(name), read_role);
}
std::optional<Role> Catalog::role(Oid oid) {
  return find_one<Role>(*this, "pg_authid", "oid", Value::of_oid(oid.value()), read_role);
}
std::optional<DatabaseInfo> Catalog::find_database(std::string_view name) {
  return find_one<DatabaseInfo>(*this, "pg_database", "datname", Value::of_string(name), read_database);
}
std::optional<DatabaseInfo> Catalog::database_info(Oid oid) {
  return find_one<DatabaseInfo>(*this, "pg_database", "oid", Value::of_oid(oid.value()), read_database);
}

std::vector<Oid> Catalog::roles_of(Oid member) {
  std::vector<Oid> roles{member};
  for (size_t i = 0; i < roles.size(); ++i) {
    const KeyMatch match[] = {{"member", Value::of_oid(roles[i].value())}};
    for_each(system_table("pg_auth_members"), match, [&](const Row& row) {
      Oid role = row.oid("roleid");
      if (std::find(roles.begin(), roles.end(), role) == roles.end()) roles.push_back(role);
    });
  }
  return roles;
}

}  // namespace varve::catalog
