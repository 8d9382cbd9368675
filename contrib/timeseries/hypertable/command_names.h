// What the hooks of commands share. Private to the module.
#pragma once

#include <string>

#include "commands/command_context.h"
#include "parser/ast.h"

namespace varve::hypertable {

using catalog::RelationPtr;

std::string regclass(Oid oid);
bool is_installed(commands::CommandContext& context);
// SELECT _timescaledb_functions.…
void call(commands::CommandContext& context, const std::string& function_and_arguments);
// Without a lock: the command itself takes the one that it needs, and two who wait for it must not hold a
// weaker one meanwhile.
RelationPtr find(commands::CommandContext& context, const parser::RangeVar* name);

// An option with the name space timescaledb or tsdb.
bool is_ours(const parser::Option& option);
std::string text_of(const parser::Option& option);
bool boolean_of(const parser::Option& option);

}  // namespace varve::hypertable
