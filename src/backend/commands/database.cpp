// CREATE DATABASE and DROP DATABASE.
#include <algorithm>
#include <fmt/format.h>

#include "common/sql_error.h"
#include "schema.h"
#include "txn/txn_manager.h"

namespace varve::commands {
namespace {

void refuse_others(CommandContext& context, Oid database, bool terminate, const std::string& message) {
  uint32_t others = context.services.reserve_database(database, terminate);
  if (others == 0) return;
  throw SqlError(sqlstate::kObjectInUse, message)
      .detail(others == 1 ? "There is 1 other session using the database."
                          : fmt::format("There are {} other sessions using the database.", others));
}

// The new database's tables: a copy of the template's.
void make_storage(CommandContext& context, std::string_view source, Oid oid) {
  auto database = context.catalog.find_database(source);
  if (!database.has_value()) {
    throw SqlError(sqlstate::kUndefinedDatabase,
                   fmt::format("template database \"{}\" does not exist", source));
  }
  if (!database->is_template && !has_privileges_of(context, database->owner)) {
    throw SqlError(sqlstate::kInsufficientPrivilege,
                   fmt::format("permission denied to copy database \"{}\"", source));
  }
  refuse_others(context, database->oid, false,
                fmt::format("source database \"{}\" is being accessed by other users", source));
  context.txn.assign_xid();
  catalog::copy_database(context.catalog, database->oid, oid);
}

}  // namespace

std::string create_database(CommandContext& context, const parser::CreateDatabaseStmt& stmt) {
  auto self = context.catalog.role(context.role);
  if (!context.is_superuser && !(self.has_value() && self->create_db)) {
    throw SqlError(sqlstate::kInsufficientPrivilege, "permission denied to create database");
  }
  Oid owner = context.role;
  int32_t limit = -1;
  bool allow_connections = true, is_template = false;
  std::string source = "template1", collate = "C.UTF-8";
  for (const parser::Option* option : stmt.options) {
    std::string_view name = option->name;
    if (name == "owner") {
      parser::RoleSpec spec;
      std::string text = option_text(*option);
      spec.name = text;
      owner = require_role(context, spec);
    } else if (name == "template") {
      std::string text = option_text(*option);
      if (option->value != nullptr) source = text;
    } else if (name == "encoding") {
      std::string text = option_text(*option);
      std::transform(text.begin(), text.end(), text.begin(),
                     [](char c) { return c >= 'a' && c <= 'z' ? char(c - 32) : c; });
      if (text != "UTF8" && text != "UTF-8" && text != "6" && text != "TRUE")
        throw_not_supported("an encoding other than UTF8");
    } else if (name == "connection_limit") {
      limit = static_cast<int32_t>(option_integer(*option));
    } else if (name == "allow_connections") {
      allow_connections = option_boolean(*option);
    } else if (name == "is_template") {
      is_template = option_boolean(*option);
    } else if (name == "locale" || name == "lc_collate" || name == "lc_ctype") {
      std::string text = option_text(*option);
      // "C" and "C.UTF-8" order alike, but letters beyond ASCII have no case in "C".
      bool only_orders = name == "lc_collate" && (text == "C" || text == "POSIX");
      if (!only_orders && !text.starts_with("C.")) {
        throw SqlError(sqlstate::kFeatureNotSupported,
                       fmt::format("database locale \"{}\" is not supported", text))
            .hint("Use \"C.UTF-8\", or COLLATE where another order is wanted.");
      }
      if (only_orders) collate = text;
    } else if (name == "tablespace") {
      if (option_text(*option) != "pg_default") throw_not_supported("a tablespace other than pg_default");
    } else {
      throw_not_supported(fmt::format("CREATE DATABASE option \"{}\"", name));
    }
  }
  if (context.catalog.find_database(stmt.name).has_value()) {
    throw SqlError(sqlstate::kDuplicateDatabase, fmt::format("database \"{}\" already exists", stmt.name));
  }
  Oid oid = catalog::Database::new_oid();
  make_storage(context, source, oid);
  RowDraft row(system_table("pg_database"));
  row.oid("oid", oid)
      .text("datname", stmt.name)
      .oid("datdba", owner)
      .int4("encoding", 6)
      .text("datlocprovider", "c");
  row.boolean("datistemplate", is_template)
      .boolean("datallowconn", allow_connections)
      .int4("datconnlimit", limit);
  row.oid("dattablespace", Oid{1663}).text("datcollate", collate).text("datctype", "C.UTF-8");
  context.catalog.insert(row);
  return "CREATE DATABASE";
}

std::string drop_database(CommandContext& context, const parser::DropDatabaseStmt& stmt) {
  auto database = context.catalog.find_database(stmt.name);
  if (!database.has_value()) {
    std::string message = fmt::format("database \"{}\" does not exist", stmt.name);
    if (!stmt.missing_ok) throw SqlError(sqlstate::kInvalidCatalogName, message);
    context.services.notice(message + ", skipping");
    return "DROP DATABASE";
  }
  require_owner_of(context, database->owner, "database", stmt.name);
  if (database->is_template) {
    throw SqlError(sqlstate::kWrongObjectType, "cannot drop a template database");
  }
  if (database->oid == context.catalog.database().oid()) {
    throw SqlError(sqlstate::kObjectInUse, "cannot drop the currently open database");
  }
  bool force = false;
  for (const parser::Option* option : stmt.options) force |= option->name == "force";
  refuse_others(context, database->oid, force,
                fmt::format("database \"{}\" is being accessed by other users", stmt.name));
  context.txn.assign_xid();
  catalog::drop_database_storage(context.catalog, database->oid);
  const Value oid = Value::of_oid(database->oid.value());
  const KeyMatch comments[] = {{"objoid", oid}, {"classoid", Value::of_oid(kDatabaseClass.value())}};
  context.catalog.remove_where(system_table("pg_shdescription"), comments);
  const KeyMatch settings[] = {{"setdatabase", oid}};
  context.catalog.remove_where(system_table("pg_db_role_setting"), settings);
  const KeyMatch self[] = {{"oid", oid}};
  context.catalog.remove_where(system_table("pg_database"), self);
  return "DROP DATABASE";
}

}  // namespace varve::commands
