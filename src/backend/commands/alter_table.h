// ALTER TABLE, RENAME, OWNER TO, SET SCHEMA.
#pragma once

#include "names.h"

namespace varve::commands {

std::string alter_table(CommandContext& context, const parser::AlterTableStmt& stmt);
std::string rename_object(CommandContext& context, const parser::RenameStmt& stmt);
std::string alter_owner(CommandContext& context, const parser::AlterOwnerStmt& stmt);
std::string alter_object_schema(CommandContext& context, const parser::AlterObjectSchemaStmt& stmt);

// One action on one table, whatever inherits from it.
void run_alter_command(CommandContext& context, Oid table, const parser::AlterTableCmd& cmd);

// The relation that a command of this kind names, locked; null: there is none, and that may be. Only its
// owner may alter it.
catalog::RelationPtr altered_relation(CommandContext& context, const parser::RangeVar& name,
                                      parser::ObjectType type, bool missing_ok,
                                      txn::LockMode lock = txn::LockMode::kAccessExclusive);

// The tag's middle: "TABLE", "INDEX" …
std::string_view object_tag(parser::ObjectType type);

}  // namespace varve::commands
