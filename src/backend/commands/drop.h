// Taking objects out, with what depends on them.
#pragma once

#include "names.h"

namespace varve::commands {

// "table t", "constraint c on table t", "column a of table t" … as messages name them.
std::string describe(CommandContext& context, const ObjectAddress& object);
// 2BP01 when something else depends on them and `behavior` is RESTRICT.
void drop_objects(CommandContext& context, const std::vector<ObjectAddress>& objects,
                  parser::DropBehavior behavior);

std::string drop(CommandContext& context, const parser::DropStmt& stmt);
// Of kinds that nothing can be created of.
std::string drop_named(CommandContext& context, const parser::DropStmt& stmt);
std::string truncate(CommandContext& context, const parser::TruncateStmt& stmt);

}  // namespace varve::commands
