// CREATE and DROP of OPERATOR and CAST. Private to the module.
#pragma once

#include <string>

#include "catalog_rows.h"
#include "parser/ast.h"

namespace varve::commands {

inline constexpr Oid kOperatorClass{2617};
inline constexpr Oid kCastClass{2605};

std::string create_operator(CommandContext& context, const parser::DefineStmt& stmt);
std::string create_cast(CommandContext& context, const parser::CreateCastStmt& stmt);
void drop_operators(CommandContext& context, const parser::DropStmt& stmt);
void drop_casts(CommandContext& context, const parser::DropStmt& stmt);
// Of ALTER and COMMENT; 42883 / 42704.
ObjectAddress find_operator(CommandContext& context, const parser::RoutineRef& ref);
ObjectAddress find_operator(CommandContext& context, parser::NameList names, Oid left, Oid right);
ObjectAddress find_cast(CommandContext& context, const parser::ListNode& types);
std::string set_operator_owner(CommandContext& context, const parser::AlterOwnerStmt& stmt, Oid owner);
std::string set_operator_schema(CommandContext& context, const parser::AlterObjectSchemaStmt& stmt);
// "operator ===(integer,integer)", "cast from a to b": as objects are listed.
std::string describe_operator(CommandContext& context, Oid oid);
std::string describe_cast(CommandContext& context, Oid oid);

}  // namespace varve::commands
