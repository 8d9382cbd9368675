// Functions by which aggregates, operators and casts are made. Private to the module.
#pragma once

#include <span>
#include <string>
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
// The same for an aggregate: 42804 where one would do if its arguments were converted on the way.
SupportFunction aggregate_support_function(CommandContext& context, parser::NameList names,
                                           const std::vector<Oid>& args);
// The name that an option's value is.
parser::NameList function_name(const parser::Option& option);
bool is_polymorphic_type(Oid type);
// Why a result of this polymorphic type cannot be known from arguments of these types; empty: it can, or it
// is not polymorphic.
std::string undetermined_type(Oid result, std::span<const Oid> args);

}  // namespace varve::commands
