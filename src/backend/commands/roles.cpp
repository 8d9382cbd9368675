#include "roles.h"

#include <algorithm>
#include <fmt/format.h>

#include "catalog/acl_column.h"
#include "common/sql_error.h"
#include "drop.h"
#include "extended_statistics.h"
#include "ownership.h"
#include "policy.h"
#include "privileges.h"

namespace varve::commands {
namespace {

constexpr std::pair<std::string_view, std::string_view> kFlags[] = {
    {"superuser", "rolsuper"},    {"inherit", "rolinherit"},   {"createrole", "rolcreaterole"},
    {"createdb", "rolcreatedb"},  {"canlogin", "rolcanlogin"}, {"isreplication", "rolreplication"},
    {"bypassrls", "rolbypassrls"}};

// Options that are columns of pg_authid; memberships are left to the caller.
void apply_options(CommandContext& context, RowDraft& row, std::string_view name,
                   parser::List<parser::Option> options) {
  std::vector<std::string_view> seen;
  for (const parser::Option* option : options) {
    for (std::string_view s : seen) {
      if (s == option->name) {
        throw SqlError(sqlstate::kSyntaxError, "conflicting or redundant options")
            .at(position(context, option->location));
      }
    }
    seen.push_back(option->name);
    bool flag = false;
    for (const auto& [word, column] : kFlags) {
      if (option->name != word) continue;
      bool value = option_boolean(*option);
      if (!context.is_superuser && (word == "superuser" || word == "isreplication" || word == "bypassrls")) {
        throw SqlError(sqlstate::kInsufficientPrivilege,
                       fmt::format("must be superuser to {}",
                                   word == "superuser" ? "create superusers or change superuser attribute"
                                   : word == "isreplication" ? "change replication attribute"
                                                             : "change bypassrls attribute"));
      }
      row.boolean(column, value);
      flag = true;
    }
    if (flag) continue;
    if (option->name == "password") {
      std::string password = option->value == nullptr ? std::string() : option_text(*option);
      if (password.empty()) {
        if (option->value != nullptr && parser::is<parser::ConstExpr>(option->value) &&
            parser::as<parser::ConstExpr>(option->value)->type == parser::ConstKind::kString) {
          context.services.notice("empty string is not a valid password, clearing password");
        }
        row.null("rolpassword");
      } else {
        row.text("rolpassword", context.services.make_secret(password, name));
      }
    } else if (option->name == "connectionlimit") {
      int64_t limit = option_integer(*option);
      if (limit < -1) {
        throw SqlError(sqlstate::kInvalidParameterValue, fmt::format("invalid connection limit: {}", limit));
      }
      row.int4("rolconnlimit", static_cast<int32_t>(limit));
    } else if (option->name == "validUntil") {
      row.text("rolvaliduntil", option_text(*option));
    } else if (option->name == "sysid") {
      context.services.notice("SYSID can no longer be specified");
    } else if (option->name != "rolemembers" && option->name != "adminmembers" &&
               option->name != "addroleto") {
      throw_not_supported(fmt::format("role option \"{}\"", option->name));
    }
  }
}

void require_create_role(CommandContext& context, std::string_view message) {
  auto self = context.catalog.role(context.role);
  if (context.is_superuser || (self.has_value() && self->create_role)) return;
  throw SqlError(sqlstate::kInsufficientPrivilege, std::string(message));
}

void add_member(CommandContext& context, Oid role, Oid member, bool admin) {
  const KeyMatch match[] = {{"roleid", Value::of_oid(role.value())},
                            {"member", Value::of_oid(member.value())}};
  context.catalog.remove_where(system_table("pg_auth_members"), match);
  RowDraft row(system_table("pg_auth_members"));
  row.oid("roleid", role).oid("member", member).oid("grantor", context.role).boolean("admin_option", admin);
  context.catalog.insert(row);
}

void apply_memberships(CommandContext& context, Oid role, parser::List<parser::Option> options) {
  for (const parser::Option* option : options) {
    bool members = option->name == "rolemembers" || option->name == "adminmembers";
    if (!members && option->name != "addroleto") continue;
    for (const parser::Node* node : parser::as<parser::ListNode>(option->value)->items) {
      Oid other = require_role(context, *parser::as<parser::RoleSpec>(node));
      if (members)
        add_member(context, role, other, option->name == "adminmembers");
      else
        add_member(context, other, role, false);
    }
  }
}

}  // namespace

std::string create_role(CommandContext& context, const parser::CreateRoleStmt& stmt) {
  require_create_role(context, "permission denied to create role");
  if (stmt.name.starts_with("pg_")) {
    throw SqlError(sqlstate::kReservedName, fmt::format("role name \"{}\" is reserved", stmt.name))
        .detail("Role names starting with \"pg_\" are reserved.");
  }
  if (stmt.name == "public" || stmt.name == "none") {
    throw SqlError(sqlstate::kReservedName, fmt::format("role name \"{}\" is reserved", stmt.name));
  }
  if (context.catalog.find_role(stmt.name).has_value()) {
    throw SqlError(sqlstate::kDuplicateObject, fmt::format("role \"{}\" already exists", stmt.name));
  }
  Oid oid = catalog::Database::new_oid();
  RowDraft row(system_table("pg_authid"));
  row.oid("oid", oid).text("rolname", stmt.name).int4("rolconnlimit", -1).boolean("rolinherit", true);
  row.boolean("rolcanlogin", stmt.role_kind == parser::RoleKind::kUser);
  apply_options(context, row, stmt.name, stmt.options);
  context.catalog.insert(row);
  apply_memberships(context, oid, stmt.options);
  return "CREATE ROLE";
}

std::string alter_role(CommandContext& context, const parser::AlterRoleStmt& stmt) {
  Oid oid = require_role(context, *stmt.role);
  auto role = context.catalog.role(oid);
  bool own_password = oid == context.role && stmt.options.size() == 1 && stmt.options[0]->name == "password";
  if (!own_password) require_create_role(context, "permission denied");
  if (role->superuser && !context.is_superuser) {
    throw SqlError(sqlstate::kInsufficientPrivilege,
                   "must be superuser to alter superuser roles or change superuser attribute");
  }
  if (stmt.action < 0) {
    for (const parser::Option* option : stmt.options) {
      if (option->name != "rolemembers") continue;
      for (const parser::Node* node : parser::as<parser::ListNode>(option->value)->items) {
        Oid member = require_role(context, *parser::as<parser::RoleSpec>(node));
        const KeyMatch match[] = {{"roleid", Value::of_oid(oid.value())},
                                  {"member", Value::of_oid(member.value())}};
        context.catalog.remove_where(system_table("pg_auth_members"), match);
      }
    }
    return "ALTER ROLE";
  }
  const KeyMatch match[] = {{"oid", Value::of_oid(oid.value())}};
  context.catalog.for_each(system_table("pg_authid"), match, [&](const Row& row) {
    RowDraft draft(system_table("pg_authid"), row);
    apply_options(context, draft, role->name, stmt.options);
    context.catalog.update(row, draft);
    return false;
  });
  apply_memberships(context, oid, stmt.options);
  return "ALTER ROLE";
}

namespace {

// What of this database the role owns or may use: such a role stays.
std::string what_depends_on(CommandContext& context, const catalog::Role& role) {
  std::string detail;
  auto say = [&](std::string text) { detail += (detail.empty() ? "" : "\n") + text; };
  context.catalog.for_each(system_table("pg_namespace"), {}, [&](const Row& row) {
    const std::vector<AclItem> items = parse_acl(catalog::acl_column(row, "nspacl"));
    if (row.oid("nspowner") == role.oid)
      say(fmt::format("owner of schema {}", row.text("nspname")));
    else if (std::any_of(items.begin(), items.end(),
                         [&](const AclItem& i) { return i.grantee == role.name; }))
      say(fmt::format("privileges for schema {}", row.text("nspname")));
  });
  std::vector<Oid> owned;
  context.catalog.for_each(system_table("pg_class"), {}, [&](const Row& row) {
    bool granted = false;
    for (const AclItem& item : parse_acl(catalog::acl_column(row, "relacl")))
      granted |= item.grantee == role.name;
    char kind = row.letter("relkind");
    if (row.oid("relowner") == role.oid && kind != 'i') {
      owned.push_back(row.oid("oid"));
    } else if (granted) {
      say(fmt::format("privileges for {} {}", kind_word(static_cast<catalog::RelationKind>(kind)),
                      row.text("relname")));
    }
  });
  context.catalog.for_each(system_table("pg_database"), {}, [&](const Row& row) {
    if (row.oid("datdba") == role.oid) say(fmt::format("owner of database {}", row.text("datname")));
  });
  std::sort(owned.begin(), owned.end());  // as they were made, wherever their rows lie
  for (Oid oid : owned) say("owner of " + describe(context, relation_address(oid)));
  context.catalog.for_each(system_table("pg_statistic_ext"), {}, [&](const Row& row) {
    if (row.oid("stxowner") == role.oid)
      say("owner of " + describe(context, {kStatisticsClass, row.oid("oid")}));
  });
  for (std::string& line : policies_for_role(context, role.oid)) say(std::move(line));
  std::vector<std::pair<Oid, std::string>> others;
  context.catalog.for_each(system_table("pg_database"), {}, [&](const Row& row) {
    if (row.oid("oid") != context.catalog.database().oid())
      others.emplace_back(row.oid("oid"), row.text("datname"));
  });
  for (const auto& [oid, name] : others) {
    int count = objects_elsewhere(context, oid, role);
    if (count > 0) say(fmt::format("{} object{} in database {}", count, count == 1 ? "" : "s", name));
  }
  return detail;
}

}  // namespace

std::string drop_role(CommandContext& context, const parser::DropRoleStmt& stmt) {
  require_create_role(context, "permission denied to drop role");
  for (const parser::RoleSpec* spec : stmt.roles) {
    if (spec->role != parser::RoleSpecKind::kName) {
      throw SqlError(sqlstate::kInvalidParameterValue, "cannot use special role specifier in DROP ROLE");
    }
    auto role = context.catalog.find_role(spec->name);
    if (!role.has_value()) {
      std::string message = fmt::format("role \"{}\" does not exist", spec->name);
      if (!stmt.missing_ok) throw SqlError(sqlstate::kUndefinedObject, message);
      context.services.notice(message + ", skipping");
      continue;
    }
    if (role->oid == context.role) throw SqlError(sqlstate::kObjectInUse, "current user cannot be dropped");
    const KeyMatch settings[] = {{"setrole", Value::of_oid(role->oid.value())}};
    context.catalog.remove_where(system_table("pg_db_role_setting"), settings);
    if (role->superuser && !context.is_superuser) {
      throw SqlError(sqlstate::kInsufficientPrivilege, "must be superuser to drop superusers");
    }
    if (role->oid.value() < catalog::kFirstNormalOid) {
      throw SqlError(
          sqlstate::kDependentObjectsStillExist,
          fmt::format("cannot drop role {} because it is required by the database system", spec->name));
    }
    if (std::string detail = what_depends_on(context, *role); !detail.empty()) {
      throw SqlError(
          sqlstate::kDependentObjectsStillExist,
          fmt::format("role \"{}\" cannot be dropped because some objects depend on it", spec->name))
          .detail(detail);
    }
    const KeyMatch as_role[] = {{"roleid", Value::of_oid(role->oid.value())}};
    const KeyMatch as_member[] = {{"member", Value::of_oid(role->oid.value())}};
    const KeyMatch self[] = {{"oid", Value::of_oid(role->oid.value())}};
    context.catalog.remove_where(system_table("pg_auth_members"), as_role);
    context.catalog.remove_where(system_table("pg_auth_members"), as_member);
    context.catalog.remove_where(system_table("pg_authid"), self);
  }
  return "DROP ROLE";
}

}  // namespace varve::commands
