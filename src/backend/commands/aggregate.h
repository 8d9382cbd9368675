// CREATE AGGREGATE. Private to the module.
#pragma once

#include <string>

#include "catalog_rows.h"
#include "parser/ast.h"

namespace varve::commands {

// CREATE AGGREGATE | OPERATOR | TYPE …: those of them that Varve has.
std::string define_object(CommandContext& context, const parser::DefineStmt& stmt);

}  // namespace varve::commands
