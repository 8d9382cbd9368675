// Composite types that stand by themselves.
#pragma once

#include "names.h"

namespace varve::commands {

std::string create_composite_type(CommandContext& context, const parser::CreateCompositeTypeStmt& stmt);
// ALTER TYPE … ADD, DROP, ALTER ATTRIBUTE.
std::string alter_composite_type(CommandContext& context, const parser::AlterTableStmt& stmt);
// The relation behind a composite type; null when the name is another kind of type's, or nobody's.
RelationPtr find_composite_type(CommandContext& context, parser::NameList names);
// The one that ALTER TYPE names; kUndefinedTable when there is none.
RelationPtr require_composite_type(CommandContext& context, const parser::RangeVar& name);
// The tables with columns of the type or of an array of it.
std::vector<Oid> tables_with_columns_of(CommandContext& context, const Relation& type);
// DROP TYPE of those among the names that are composite; the others' names stay in `rest`.
std::vector<const parser::Node*> drop_composite_types(CommandContext& context, const parser::DropStmt& stmt);

}  // namespace varve::commands
