// VACUUM, ANALYZE and LOCK TABLE.
#pragma once

#include "names.h"

namespace varve::commands {

std::string vacuum(CommandContext& context, const parser::VacuumStmt& stmt);
// reltuples and relpages of a table and its indexes.
void write_table_counts(CommandContext& context, const Relation& table, double rows);
std::string lock_table(CommandContext& context, const parser::LockStmt& stmt);

}  // namespace varve::commands
