// Functions by which aggregates, operators and casts are made. Private to the module.
#pragma once

#include <vector>

#include "catalog/routine.h"
#include "catalog_rows.h"
#include "parser/ast.h"

namespace varve::commands {

struct SupportFunction {
  Oid oid;
  Oid result;  // of a call with the arguments asked for
  bool strict = false;
  catalog::RoutinePtr routine;  // null: built in
};

// The function of this name that takes these arguments: exactly, or as polymorphic ones. 42883.
SupportFunction support_function(CommandContext& context, parser::NameList names,
                                 const std::vector<Oid>& args);
// The name that an option's value is.
parser::NameList function_name(const parser::Option& option);
bool is_polymorphic_type(Oid type);

}  // namespace varve::commands
