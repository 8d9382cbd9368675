// CREATE, ALTER and DROP ROLE.
#pragma once

#include "names.h"

namespace varve::commands {

std::string create_role(CommandContext& context, const parser::CreateRoleStmt& stmt);
std::string alter_role(CommandContext& context, const parser::AlterRoleStmt& stmt);
std::string drop_role(CommandContext& context, const parser::DropRoleStmt& stmt);

}  // namespace varve::commands
