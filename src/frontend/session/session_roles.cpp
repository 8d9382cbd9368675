// Who the session acts as: SET ROLE, SET SESSION AUTHORIZATION, and the settings that ALTER ROLE and ALTER
// DATABASE keep.
#include <algorithm>
#include <fmt/format.h>

#include "commands/acl.h"
#include "common/sql_error.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "parser/ast.h"
#include "parser/parser.h"
#include "session.h"
#include "setting_text.h"

namespace varve::session {

using types::Value;

// --- SET ROLE and SET SESSION AUTHORIZATION

void Session::set_session_authorization(std::string_view name, bool is_local) {
  auto role = catalog().find_role(name);
  if (!role)
    throw SqlError(sqlstate::kInvalidParameterValue, fmt::format("role \"{}\" does not exist", name));
  // It is who logged in that counts, whoever the session is now.
  if (role->oid != login_role_ && !login_is_superuser_) {
    throw SqlError(sqlstate::kInsufficientPrivilege, "permission denied to set session authorization");
  }
  known_roles_[role->name] = {role->oid, role->superuser};
  settings_.set("session_authorization", role->name, is_local, true);
  settings_.set("role", "none", is_local, true);
  follow_role_settings();
}

void Session::set_role(std::string_view name, bool is_local) {
  if (name != "none") {
    auto role = catalog().find_role(name);
    if (!role)
      throw SqlError(sqlstate::kInvalidParameterValue, fmt::format("role \"{}\" does not exist", name));
    auto session_role = catalog().role(session_role_);
    std::vector<Oid> allowed = catalog().roles_of(session_role_);
    if (!(session_role && session_role->superuser) &&
        std::find(allowed.begin(), allowed.end(), role->oid) == allowed.end()) {
      throw SqlError(sqlstate::kInsufficientPrivilege,
                     fmt::format("permission denied to set role \"{}\"", name));
    }
    known_roles_[role->name] = {role->oid, role->superuser};
  }
  settings_.set("role", name, is_local, true);
  follow_role_settings();
}

// After SET, and after a rollback that took one back: the catalog may be out of reach then.
void Session::follow_role_settings() {
  if (roles_generation_ == settings_.generation()) return;
  const std::string& session_name = settings_.get("session_authorization");
  const std::string& wanted_session = session_name.empty() ? login_user_ : session_name;
  const std::string& role_setting = settings_.get("role");
  const std::string& wanted_role =
      role_setting.empty() || role_setting == "none" ? wanted_session : role_setting;
  auto session_role = known_roles_.find(wanted_session), role = known_roles_.find(wanted_role);
  if (session_role == known_roles_.end() || role == known_roles_.end()) return;
  roles_generation_ = settings_.generation();
  session_user_ = wanted_session;
  session_role_ = session_role->second.oid;
  bool was_superuser = is_superuser_;
  role_name_ = wanted_role;
  role_ = role->second.oid;
  is_superuser_ = role->second.superuser;
  if (was_superuser != is_superuser_)
    client_.output().parameter_status("is_superuser", is_superuser_ ? "on" : "off");
}

// --- what is kept in pg_db_role_setting

namespace {

std::vector<std::string> read_items(const catalog::Row& row, functions::EvalContext& eval) {
  std::vector<std::string> items;
  if (row.is_null("setconfig")) return items;
  std::string text, item;
  functions::append_value(type_oid::kTextArray, row["setconfig"], text, eval);
  bool quoted = false;
  for (size_t i = 1; i + 1 < text.size(); ++i) {
    char c = text[i];
    if (c == '"')
      quoted = !quoted;
    else if (c == '\\')
      item += text[++i];
    else if (c == ',' && !quoted)
      items.push_back(std::exchange(item, {}));
    else
      item += c;
  }
  if (text.size() > 2) items.push_back(item);
  return items;
}

std::string array_literal(const std::vector<std::string>& items) {
  std::string out = "{";
  for (const std::string& item : items) {
    out += out.size() > 1 ? ",\"" : "\"";
    for (char c : item) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    out += '"';
  }
  return out + "}";
}

}  // namespace

void Session::check_setting(std::string_view name, std::string_view value) {
  std::string canonical = settings_.accepted(name, value, is_superuser_);
  if (is_transaction_setting(name)) check_transaction_setting(name, canonical);
}

void Session::keep_setting(Oid database, Oid role, const parser::VariableSetStmt& stmt) {
  using parser::VariableSetKind;
  std::string name, value;
  bool removes = stmt.action == VariableSetKind::kReset || stmt.action == VariableSetKind::kSetDefault;
  bool removes_all = stmt.action == VariableSetKind::kResetAll;
  if (!removes_all) {
    const SettingInfo* info = find_setting(stmt.name);
    name = info == nullptr ? std::string(stmt.name) : std::string(info->name);
    if (info == nullptr && stmt.name.find('.') == std::string_view::npos) {
      throw SqlError(sqlstate::kUndefinedObject,
                     fmt::format("unrecognized configuration parameter \"{}\"", stmt.name));
    }
    if (info != nullptr && removes) require_changeable(*info, is_superuser_);
    if (!removes) {
      value = stmt.action == VariableSetKind::kSetCurrent ? settings_.get(name) : setting_text(stmt);
      check_setting(name, value);
    }
  }
  Arena arena;
  functions::EvalContext eval = eval_context(arena);
  const catalog::SystemTable& table = catalog::system_table("pg_db_role_setting");
  const catalog::KeyMatch match[] = {{"setdatabase", Value::of_oid(database.value())},
                                     {"setrole", Value::of_oid(role.value())}};
  std::vector<std::string> items;
  catalog().for_each(table, match, [&](const catalog::Row& row) { items = read_items(row, eval); });
  catalog().remove_where(table, match);
  auto it = std::find_if(items.begin(), items.end(),
                         [&](const std::string& i) { return i.substr(0, i.find('=')) == name; });
  if (removes_all) {
    items.clear();
  } else if (removes) {
    if (it != items.end()) items.erase(it);
  } else if (it != items.end()) {
    *it = name + "=" + value;
  } else {
    items.push_back(name + "=" + value);
  }
  if (items.empty()) return;
  catalog::RowDraft row(table);
  row.oid("setdatabase", database).oid("setrole", role).text("setconfig", array_literal(items));
  catalog().insert(row);
}

std::string Session::run_alter_role_set(const parser::AlterRoleSetStmt& stmt) {
  ensure_transaction();
  if (read_only_)
    throw SqlError(sqlstate::kReadOnlySqlTransaction, "cannot execute ALTER ROLE in a read-only transaction");
  txn_->statement_snapshot();
  Oid role, database;
  if (stmt.role != nullptr) {
    using parser::RoleSpecKind;
    switch (stmt.role->role) {
      case RoleSpecKind::kCurrentRole:
      case RoleSpecKind::kCurrentUser:
        role = role_;
        break;
      case RoleSpecKind::kSessionUser:
        role = session_role_;
        break;
      default: {
        auto found = catalog().find_role(stmt.role->name);
        if (!found)
          throw SqlError(sqlstate::kUndefinedObject,
                         fmt::format("role \"{}\" does not exist", stmt.role->name));
        role = found->oid;
      }
    }
  }
  if (!stmt.database.empty()) {
    auto found = catalog().find_database(stmt.database);
    if (!found)
      throw SqlError(sqlstate::kUndefinedDatabase,
                     fmt::format("database \"{}\" does not exist", stmt.database));
    database = found->oid;
  }
  auto self = catalog().role(role_);
  auto altered = catalog().role(role);
  if (stmt.role == nullptr) {
    if (!is_superuser_)
      throw SqlError(sqlstate::kInsufficientPrivilege, "must be superuser to alter settings globally");
  } else if (altered && altered->superuser && !is_superuser_) {
    throw SqlError(sqlstate::kInsufficientPrivilege,
                   "must be superuser to alter superuser roles or change superuser attribute");
  } else if (!is_superuser_ && !(self && self->create_role) && role != role_) {
    throw SqlError(sqlstate::kInsufficientPrivilege, "permission denied");
  }
  keep_setting(database, role, *stmt.set);
  return "ALTER ROLE";
}

std::string Session::run_alter_database_set(const parser::AlterDatabaseSetStmt& stmt) {
  ensure_transaction();
  if (read_only_)
    throw SqlError(sqlstate::kReadOnlySqlTransaction,
                   "cannot execute ALTER DATABASE in a read-only transaction");
  txn_->statement_snapshot();
  auto database = catalog().find_database(stmt.name);
  if (!database)
    throw SqlError(sqlstate::kUndefinedDatabase, fmt::format("database \"{}\" does not exist", stmt.name));
  if (!commands::RoleRights(catalog(), role_).has_rights_of(database->owner)) {
    throw SqlError(sqlstate::kInsufficientPrivilege, fmt::format("must be owner of database {}", stmt.name));
  }
  keep_setting(database->oid, kInvalidOid, *stmt.set);
  return "ALTER DATABASE";
}

// At the start of a session; the later ones win.
void Session::apply_kept_settings(catalog::Catalog& catalog) {
  const std::pair<Oid, Oid> keys[] = {{kInvalidOid, kInvalidOid},
                                      {database_->oid(), kInvalidOid},
                                      {kInvalidOid, session_role_},
                                      {database_->oid(), session_role_}};
  Arena arena;
  types::FormatSettings format;
  functions::EvalContext eval{&arena, &format, nullptr};
  for (const auto& [database, role] : keys) {
    const catalog::KeyMatch match[] = {{"setdatabase", Value::of_oid(database.value())},
                                       {"setrole", Value::of_oid(role.value())}};
    std::vector<std::string> items;
    catalog.for_each(catalog::system_table("pg_db_role_setting"), match,
                     [&](const catalog::Row& row) { items = read_items(row, eval); });
    for (const std::string& item : items) {
      size_t equals = item.find('=');
      if (equals == std::string::npos) continue;
      try {
        settings_.set_session_default(item.substr(0, equals), item.substr(equals + 1), true);
      } catch (const SqlError&) {
        // A value that has gone out of use does not keep anybody out.
      }
    }
  }
}

// --- the server's settings

std::string Session::run_alter_system(const parser::AlterSystemStmt& stmt) {
  using parser::VariableSetKind;
  if (!is_superuser_)
    throw SqlError(sqlstate::kInsufficientPrivilege, "must be superuser to execute ALTER SYSTEM command");
  forbid_block("ALTER SYSTEM");
  if (instance_.keep_setting == nullptr) throw_not_supported("ALTER SYSTEM without a configuration file");
  std::string name, value;
  if (stmt.set->action != VariableSetKind::kResetAll) {
    const SettingInfo* info = find_setting(stmt.set->name);
    if (info == nullptr && stmt.set->name.find('.') == std::string_view::npos) {
      throw SqlError(sqlstate::kUndefinedObject,
                     fmt::format("unrecognized configuration parameter \"{}\"", stmt.set->name));
    }
    bool fixed =
        info != nullptr && (info->context == SettingContext::kInternal || info->name == "data_directory" ||
                            info->name == "config_file" || info->name == "role" ||
                            info->name == "session_authorization" || info->name.starts_with("transaction_"));
    if (fixed) {
      throw SqlError(sqlstate::kCantChangeRuntimeParam,
                     fmt::format("parameter \"{}\" cannot be changed", info->name));
    }
    name = info == nullptr ? std::string(stmt.set->name) : std::string(info->name);
    if (stmt.set->action == VariableSetKind::kSetValue) {
      value = setting_text(*stmt.set);
      if (info != nullptr) value = canonical_setting(*info, value);
    }
  }
  check_ok(instance_.keep_setting(instance_.directory(), name, value));
  return "ALTER SYSTEM";
}

}  // namespace varve::session
