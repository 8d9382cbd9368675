// CREATE, ALTER and DROP TRIGGER. Private to the module.
#pragma once

#include <string>

#include "catalog_rows.h"
#include "parser/ast.h"

namespace varve::commands {

std::string create_trigger(CommandContext& context, const parser::CreateTriggerStmt& stmt);
void drop_trigger(CommandContext& context, const parser::DropStmt& stmt);
void rename_trigger(CommandContext& context, const parser::RenameStmt& stmt);
// ALTER TABLE … ENABLE | DISABLE TRIGGER …
void enable_trigger(CommandContext& context, const RelationPtr& table, const parser::AlterTableCmd& command);

// A row trigger of a partitioned table on one of its partitions.
void clone_trigger(CommandContext& context, const RelationPtr& parent, const catalog::Trigger& trigger,
                   Oid partition);
void drop_cloned_triggers(CommandContext& context, Oid table);

}  // namespace varve::commands
