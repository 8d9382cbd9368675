// Schemas, databases, comments.
#pragma once

#include "names.h"

namespace varve::commands {

std::string create_schema(CommandContext& context, const parser::CreateSchemaStmt& stmt);
std::string create_database(CommandContext& context, const parser::CreateDatabaseStmt& stmt);
std::string drop_database(CommandContext& context, const parser::DropDatabaseStmt& stmt);
std::string comment(CommandContext& context, const parser::CommentStmt& stmt);

}  // namespace varve::commands
