#include "row_security.h"

#include <algorithm>
#include <fmt/format.h>

#include "common/sql_error.h"

namespace varve::session {

commands::RoleRights& SessionRowSecurity::rights_of(Oid role) {
  auto& rights = rights_[role];
  if (rights == nullptr) rights = std::make_unique<commands::RoleRights>(catalog_, role);
  return *rights;
}

bool SessionRowSecurity::is_forced_owner(const catalog::Relation& table, Oid role) {
  return table.force_row_security && rights_of(role).has_rights_of(table.owner);
}

bool SessionRowSecurity::is_active(const catalog::Relation& table, Oid role) {
  if (!table.row_security || rights_of(role).is_superuser()) return false;
  if (rights_of(role).has_rights_of(table.owner) && !table.force_row_security) return false;
  std::optional<catalog::Role> who = catalog_.role(role);
  return !who.has_value() || !who->bypass_rls;
}

bool SessionRowSecurity::applies(const catalog::Relation& table, Oid role) {
  if (!is_active(table, role)) return false;
  if (enabled_) return true;
  SqlError error(
      sqlstate::kInsufficientPrivilege,
      fmt::format("query would be affected by row-level security policy for table \"{}\"", table.name));
  if (is_forced_owner(table, role))
    error.hint("To disable the policy for the table's owner, use ALTER TABLE NO FORCE ROW LEVEL SECURITY.");
  throw error;
}

bool SessionRowSecurity::concerns(const catalog::Policy& policy, Oid role) {
  return std::any_of(policy.roles.begin(), policy.roles.end(),
                     [&](Oid to) { return to == kInvalidOid || rights_of(role).has_rights_of(to); });
}

}  // namespace varve::session
