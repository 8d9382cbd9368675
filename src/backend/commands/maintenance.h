// VACUUM, ANALYZE and LOCK TABLE.
#pragma once

#include "names.h"

namespace varve::commands {

std::string vacuum(CommandContext& context, const parser::VacuumStmt& stmt);
std::string lock_table(CommandContext& context, const parser::LockStmt& stmt);

}  // namespace varve::commands
