#include "privileges.h"

#include <algorithm>
#include <fmt/format.h>

#include "catalog/acl_column.h"
#include "catalog/user_type.h"
#include "common/sql_error.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "grant.h"
#include "names.h"
#include "parser/parser.h"

namespace varve::commands {

using parser::ObjectType;

bool acl_allows(CommandContext& context, std::string_view acl, char letter, Oid owner, char privilege) {
  return RoleRights(context.catalog, context.role).allows(acl, letter, owner, privilege);
}

void require_schema_create(CommandContext& context, Oid schema) {
  if (context.is_superuser || RoleRights(context.catalog, context.role).schema_allows(schema, 'C')) return;
  throw SqlError(sqlstate::kInsufficientPrivilege,
                 fmt::format("permission denied for schema {}", context.catalog.schema_name(schema)));
}

void require_table_privilege(CommandContext& context, Oid oid, char privilege, std::string_view kind) {
  if (context.is_superuser) return;
  RelationPtr relation = context.catalog.relation(oid);
  if (!RoleRights(context.catalog, context.role).table_allows(*relation, privilege)) {
    throw SqlError(sqlstate::kInsufficientPrivilege,
                   fmt::format("permission denied for {} {}", kind, relation->name));
  }
}

void require_execute(CommandContext& context, const catalog::Routine& function, std::string_view shown) {
  if (acl_allows(context, function.acl, 'f', function.owner, 'X')) return;
  throw SqlError(sqlstate::kInsufficientPrivilege, fmt::format("permission denied for function {}", shown));
}

void require_type_usage(CommandContext& context, Oid type) {
  if (context.is_superuser || type == kInvalidOid) return;
  if (RoleRights(context.catalog, context.role).type_allows(type, 'U')) return;
  const functions::TypeInfo* info = functions::type_by_oid(type);
  Oid element = info != nullptr && info->category == 'A' ? info->element_type
                                                         : catalog::element_user_type(context.catalog, type);
  if (element == kInvalidOid) element = type;
  // As regtype: with its schema where the search path needs it.
  std::string name;
  if (context.eval.session != nullptr)
    context.eval.session->append_reg(type_oid::kRegtype, element.value(), name);
  else
    name = catalog::type_text(context.catalog, element);
  throw SqlError(sqlstate::kInsufficientPrivilege, fmt::format("permission denied for type {}", name));
}

std::string grant(CommandContext& context, const parser::GrantStmt& stmt) {
  return Granting(context, stmt).run();
}

namespace {

// Who may let others into the role or out of it.
void require_admin(CommandContext& context, Oid role, std::string_view name, Oid admin) {
  auto granted = context.catalog.role(role), self = context.catalog.role(context.role),
       giver = context.catalog.role(admin);
  if (granted.has_value() && granted->superuser && !context.is_superuser)
    throw SqlError(sqlstate::kInsufficientPrivilege, "must be superuser to alter superusers");
  bool may = context.is_superuser || (self.has_value() && self->create_role) ||
             (giver.has_value() && giver->superuser);
  const KeyMatch own[] = {{"roleid", Value::of_oid(role.value())}, {"member", Value::of_oid(admin.value())}};
  context.catalog.for_each(system_table("pg_auth_members"), own,
                           [&](const Row& row) { may = may || row.boolean("admin_option"); });
  if (!may) {
    throw SqlError(sqlstate::kInsufficientPrivilege,
                   fmt::format("must have admin option on role \"{}\"", name));
  }
}

void require_no_circle(CommandContext& context, Oid role, std::string_view name, Oid member) {
  std::vector<Oid> above = context.catalog.roles_of(role);
  if (std::find(above.begin(), above.end(), member) == above.end()) return;
  throw SqlError(sqlstate::kInvalidGrantOperation,
                 fmt::format("role \"{}\" is a member of role \"{}\"", name, role_name(context, member)));
}

// `grantor`: noted, for the record only.
void change_membership(CommandContext& context, const parser::GrantRoleStmt& stmt, Oid role,
                       std::string_view name, Oid member, Oid grantor) {
  const KeyMatch match[] = {{"roleid", Value::of_oid(role.value())},
                            {"member", Value::of_oid(member.value())}};
  bool exists = false;
  context.catalog.for_each(system_table("pg_auth_members"), match, [&](const Row&) { exists = true; });
  if (stmt.is_grant) require_no_circle(context, role, name, member);
  auto say = [&](std::string_view level, SqlState state, std::string_view what) {
    context.services.notice(
        level, state,
        fmt::format("role \"{}\" is {} member of role \"{}\"", role_name(context, member), what, name));
  };
  if (!stmt.is_grant && !exists) return say("WARNING", sqlstate::kWarning, "not a");
  if (stmt.is_grant && exists && !stmt.admin_option)
    return say("NOTICE", sqlstate::kSuccessfulCompletion, "already a");
  context.catalog.remove_where(system_table("pg_auth_members"), match);
  if (!stmt.is_grant && !stmt.admin_option) return;
  RowDraft row(system_table("pg_auth_members"));
  row.oid("roleid", role).oid("member", member).oid("grantor", grantor);
  row.boolean("admin_option", stmt.is_grant && stmt.admin_option);
  context.catalog.insert(row);
}

}  // namespace

std::string grant_role(CommandContext& context, const parser::GrantRoleStmt& stmt) {
  // REVOKE does not ask who it was, as PostgreSQL's does not.
  Oid grantor =
      stmt.grantor == nullptr || !stmt.is_grant ? context.role : require_role(context, *stmt.grantor);
  for (const parser::AccessPrivilege* granted : stmt.granted_roles) {
    parser::RoleSpec spec;
    spec.name = granted->name;
    Oid role = require_role(context, spec);
    require_admin(context, role, granted->name, grantor);
    if (grantor != context.role && !context.is_superuser)
      throw SqlError(sqlstate::kInsufficientPrivilege, "must be superuser to set grantor");
    for (const parser::RoleSpec* grantee : stmt.grantees)
      change_membership(context, stmt, role, granted->name, require_role(context, *grantee), grantor);
  }
  return stmt.is_grant ? "GRANT ROLE" : "REVOKE ROLE";
}

}  // namespace varve::commands
