// Policies of row security. Private to the module.
#pragma once

#include "names.h"

namespace varve::commands {

std::string create_policy(CommandContext& context, const parser::CreatePolicyStmt& stmt);
std::string alter_policy(CommandContext& context, const parser::AlterPolicyStmt& stmt);
void drop_policy(CommandContext& context, const parser::DropStmt& stmt);
void rename_policy(CommandContext& context, const parser::RenameStmt& stmt);
// ALTER TABLE … ENABLE, DISABLE, FORCE, NO FORCE ROW LEVEL SECURITY. False: another action.
bool change_row_security(CommandContext& context, Oid table, parser::AlterTableAction action);

// The policy of a table by its name; 42704.
const catalog::Policy& require_policy(const Relation& table, std::string_view name);
// "target of policy p on table t" of each policy that names the role, a line each.
std::vector<std::string> policies_for_role(CommandContext& context, Oid role);
// The role goes out of all policies; those for it alone are dropped.
void forget_role_of_policies(CommandContext& context, Oid role);

}  // namespace varve::commands
