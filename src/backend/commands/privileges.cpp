#include "privileges.h"

#include <algorithm>
#include <fmt/format.h>

#include "catalog/acl_column.h"
#include "common/sql_error.h"
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

std::string grant(CommandContext& context, const parser::GrantStmt& stmt) {
  return Granting(context, stmt).run();
}

std::string grant_role(CommandContext& context, const parser::GrantRoleStmt& stmt) {
  for (const parser::AccessPrivilege* granted : stmt.granted_roles) {
    parser::RoleSpec spec;
    spec.name = granted->name;
    Oid role = require_role(context, spec);
    auto self = context.catalog.role(context.role);
    bool admin = context.is_superuser || (self.has_value() && self->create_role);
    for (const parser::RoleSpec* grantee : stmt.grantees) {
      Oid member = require_role(context, *grantee);
      const KeyMatch match[] = {{"roleid", Value::of_oid(role.value())},
                                {"member", Value::of_oid(member.value())}};
      const KeyMatch own[] = {{"roleid", Value::of_oid(role.value())},
                              {"member", Value::of_oid(context.role.value())}};
      context.catalog.for_each(system_table("pg_auth_members"), own,
                               [&](const Row& row) { admin = admin || row.boolean("admin_option"); });
      if (!admin) {
        throw SqlError(sqlstate::kInsufficientPrivilege,
                       fmt::format("must have admin option on role \"{}\"", granted->name));
      }
      bool exists = false;
      context.catalog.for_each(system_table("pg_auth_members"), match, [&](const Row&) { exists = true; });
      std::string member_name = role_name(context, member);
      if (!stmt.is_grant) {
        if (!exists) {
          context.services.notice(
              "WARNING", sqlstate::kWarning,
              fmt::format("role \"{}\" is not a member of role \"{}\"", member_name, granted->name));
          continue;
        }
        if (!stmt.admin_option) {
          context.catalog.remove_where(system_table("pg_auth_members"), match);
          continue;
        }
      } else {
        std::vector<Oid> above = context.catalog.roles_of(role);
        if (std::find(above.begin(), above.end(), member) != above.end()) {
          throw SqlError(sqlstate::kInvalidGrantOperation,
                         fmt::format("role \"{}\" is a member of role \"{}\"", granted->name, member_name));
        }
        if (exists && !stmt.admin_option) {
          context.services.notice(
              "NOTICE", sqlstate::kSuccessfulCompletion,
              fmt::format("role \"{}\" is already a member of role \"{}\"", member_name, granted->name));
          continue;
        }
      }
      context.catalog.remove_where(system_table("pg_auth_members"), match);
      RowDraft row(system_table("pg_auth_members"));
      row.oid("roleid", role).oid("member", member).oid("grantor", context.role);
      row.boolean("admin_option", stmt.is_grant && stmt.admin_option);
      context.catalog.insert(row);
    }
  }
  return stmt.is_grant ? "GRANT ROLE" : "REVOKE ROLE";
}

}  // namespace varve::commands
