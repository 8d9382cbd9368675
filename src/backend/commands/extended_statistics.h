// CREATE, ALTER, DROP STATISTICS: statistics of several columns, or of expressions. ANALYZE fills them
// (statistics_build.h).
#pragma once

#include "catalog/extended_statistics.h"
#include "names.h"

namespace varve::commands {

inline constexpr Oid kStatisticsClass{3381};

std::string create_statistics(CommandContext& context, const parser::CreateStatisticsStmt& stmt);
std::string alter_statistics(CommandContext& context, const parser::AlterStatisticsStmt& stmt);
void drop_statistics(CommandContext& context, const parser::DropStmt& stmt);
std::string rename_statistics(CommandContext& context, const parser::RenameStmt& stmt);
std::string set_statistics_owner(CommandContext& context, const parser::AlterOwnerStmt& stmt, Oid owner);
std::string set_statistics_schema(CommandContext& context, const parser::AlterObjectSchemaStmt& stmt);

// For COMMENT ON: 42704 when there is none of this name, 42501 when it is another role's.
ObjectAddress owned_statistics(CommandContext& context, parser::NameList names);
// "statistics object s", with its schema where the name alone would not find it.
std::string describe_statistics(CommandContext& context, Oid oid);

// CREATE TABLE (LIKE … INCLUDING STATISTICS): the same objects for the new table; returns their oids in the
// order of the source's.
std::vector<Oid> copy_statistics(CommandContext& context, const RelationPtr& source, Oid table);
// A column of the table has another type now: what was found out about it no longer holds.
void forget_found_statistics(CommandContext& context, Oid table, ColumnNumber column);

}  // namespace varve::commands
