// ALTER TABLE of tables with children and of partitions: what must reach the children, and what only a parent
// may change.
#pragma once

#include "names.h"

namespace varve::commands {

// One action of ALTER TABLE on the table and, unless it was written ONLY, on all that inherit from it.
void alter_with_children(CommandContext& context, Oid table, const parser::AlterTableCmd& cmd, bool recurse);
// 42P16 where a column or constraint is inherited, or must be renamed in children too. Returns the children
// that are renamed with the table.
std::vector<Oid> children_to_rename(CommandContext& context, const Relation& table, std::string_view column,
                                    bool recurse);
std::vector<Oid> children_to_rename_constraint(CommandContext& context, const Relation& table,
                                               std::string_view constraint, bool recurse);

}  // namespace varve::commands
