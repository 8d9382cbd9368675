// CREATE, ALTER and DROP FUNCTION and PROCEDURE. Private to the module.
#pragma once

#include <string>

#include "catalog/routine.h"
#include "catalog_rows.h"
#include "parser/ast.h"

namespace varve::commands {

std::string create_routine(CommandContext& context, const parser::CreateFunctionStmt& stmt);
std::string alter_routine(CommandContext& context, const parser::AlterFunctionStmt& stmt);
void drop_routines(CommandContext& context, const parser::DropStmt& stmt);
void rename_routine(CommandContext& context, const parser::RenameStmt& stmt);
void set_routine_owner(CommandContext& context, const parser::AlterOwnerStmt& stmt, Oid owner);
void set_routine_schema(CommandContext& context, const parser::AlterObjectSchemaStmt& stmt);

// The routine that a statement names with or without its argument types. Null only with `missing_ok`, when
// there is no such one. 42883, 42725, 42809.
catalog::RoutinePtr find_routine(CommandContext& context, const parser::RoutineRef& ref,
                                 parser::ObjectType type, bool missing_ok = false);
// The function a trigger calls.
catalog::RoutinePtr find_trigger_function(CommandContext& context, parser::NameList names);
// The routine cannot do without what its BEGIN ATOMIC or RETURN body uses.
void depend_on_body(CommandContext& context, const catalog::Routine& routine, const parser::Node* body);
// "f(integer, text)".
std::string routine_signature(CommandContext& context, const catalog::Routine& routine);
// "f(integer,text)", with its schema unless the search path finds it: how objects are listed.
std::string routine_description(CommandContext& context, Oid routine);
// A type by name, row types of tables among them.
Oid find_type(CommandContext& context, const parser::TypeName& name, int32_t* typmod = nullptr);

}  // namespace varve::commands
