// The option list of CREATE and ALTER FUNCTION. Private to the module.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "catalog/routine.h"
#include "commands/command_context.h"
#include "parser/ast.h"

namespace varve::commands {

struct RoutineOptions {
  std::string language;
  std::vector<std::string> body;  // AS
  std::optional<char> volatility, parallel;
  std::optional<bool> strict, security_definer, leakproof;
  std::optional<float> cost, rows;
  std::vector<const parser::VariableSetStmt*> settings;

  // Puts what was said into the routine. `rows` is the caller's.
  void apply(CommandContext& context, catalog::Routine& routine) const;
};

// Throws 42601 for what is said twice, 42P13 for what a procedure cannot have.
RoutineOptions read_routine_options(CommandContext& context, parser::List<parser::Option> options,
                                    bool is_procedure, bool create);
// The text of a standard body from its first word to its end.
std::string body_text(std::string_view sql, int32_t location);

}  // namespace varve::commands
