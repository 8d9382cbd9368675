// Tables of a composite type: CREATE TABLE … OF, ALTER TABLE … OF and NOT OF, and what ALTER TYPE does to
// them.
#pragma once

#include "create_table.h"

namespace varve::commands {

// The composite type by itself that the name is; 42809 when it is of another kind.
RelationPtr require_table_type(CommandContext& context, const parser::TypeName& name);
// The type's columns, with what the statement's elements say of them. Table constraints stay with the caller.
std::vector<ColumnDefinition> typed_columns(CommandContext& context, const Relation& type,
                                            const parser::CreateTableStmt& stmt,
                                            std::vector<ColumnConstraint>* constraints);
// reloftype and the dependency on the type; invalid: none any more.
void set_table_type(CommandContext& context, const Relation& table, Oid type);
// ALTER TABLE … OF and NOT OF.
void alter_table_type(CommandContext& context, const Relation& table, const parser::AlterTableCmd& cmd);
// 42809 for what only ALTER TYPE may change.
void refuse_typed(const Relation& table, const parser::AlterTableCmd& cmd);
// The tables that ALTER TYPE … CASCADE changes too; 2BP01 when there are any and it does not say CASCADE.
std::vector<Oid> tables_to_alter(CommandContext& context, const Relation& type,
                                 parser::DropBehavior behavior);

}  // namespace varve::commands
