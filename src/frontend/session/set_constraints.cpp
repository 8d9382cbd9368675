// SET CONSTRAINTS: when deferrable constraints of this transaction are checked.
#include <fmt/format.h>

#include "catalog/catalog.h"
#include "common/sql_error.h"
#include "parser/ast.h"
#include "session.h"

namespace varve::session {
namespace {

using types::Value;

// The constraints of that name in one schema that can be deferred. 42809 if there is one that cannot.
bool find_constraints(catalog::Catalog& catalog, Oid schema, std::string_view name, std::vector<Oid>* out) {
  bool found = false;
  const catalog::KeyMatch match[] = {{"conname", Value::of_string(name)},
                                     {"connamespace", Value::of_oid(schema.value())}};
  catalog.for_each(catalog::system_table("pg_constraint"), match, [&](const catalog::Row& row) {
    if (row.boolean("condeferrable")) {
      out->push_back(row.oid("oid"));
    } else if (row.oid("conrelid") != kInvalidOid) {
      throw SqlError(sqlstate::kWrongObjectType, fmt::format("constraint \"{}\" is not deferrable", name));
    }
    found = true;
  });
  return found;
}

}  // namespace

void Session::run_set_constraints(const parser::ConstraintsSetStmt& stmt) {
  ensure_transaction();
  if (block_ != Block::kExplicit) {
    notice("WARNING", sqlstate::kNoActiveSqlTransaction,
           "SET CONSTRAINTS can only be used in transaction blocks", {}, {});
  }
  if (stmt.constraints.empty()) {
    pl_.set_constraints({}, stmt.deferred);
    return constraints_.set_all(stmt.deferred);
  }
  std::vector<Oid> constraints;
  for (const parser::RangeVar* name : stmt.constraints) {
    std::vector<Oid> schemas;
    if (name->schema.empty()) {
      schemas = search_path_oids();
    } else {
      Oid schema = catalog().find_schema(name->schema);
      if (schema == kInvalidOid) {
        throw SqlError(sqlstate::kInvalidSchemaName,
                       fmt::format("schema \"{}\" does not exist", name->schema));
      }
      schemas.push_back(schema);
    }
    bool found = false;
    for (size_t i = 0; i < schemas.size() && !found; ++i) {
      found = find_constraints(catalog(), schemas[i], name->name, &constraints);
    }
    if (!found) {
      throw SqlError(sqlstate::kUndefinedObject, fmt::format("constraint \"{}\" does not exist", name->name));
    }
  }
  // With the parts that partitions have of them.
  for (size_t i = 0; i < constraints.size(); ++i) {
    const catalog::KeyMatch parts[] = {{"conparentid", Value::of_oid(constraints[i].value())}};
    catalog().for_each(catalog::system_table("pg_constraint"), parts,
                       [&](const catalog::Row& row) { constraints.push_back(row.oid("oid")); });
  }
  pl_.set_constraints(constraints, stmt.deferred);
  constraints_.set(constraints, stmt.deferred);
}

}  // namespace varve::session
