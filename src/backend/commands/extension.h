// CREATE, ALTER and DROP EXTENSION. Private to the module.
#pragma once

#include <string>

#include "catalog_rows.h"
#include "parser/ast.h"

namespace varve::commands {

std::string create_extension(CommandContext& context, const parser::CreateExtensionStmt& stmt);
std::string update_extension(CommandContext& context, const parser::AlterExtensionStmt& stmt);
// ALTER EXTENSION … ADD | DROP object.
std::string change_extension_contents(CommandContext& context,
                                      const parser::AlterExtensionContentsStmt& stmt);
std::string set_extension_schema(CommandContext& context, const parser::AlterObjectSchemaStmt& stmt);
void drop_extensions(CommandContext& context, const parser::DropStmt& stmt);

}  // namespace varve::commands
