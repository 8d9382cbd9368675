// SET's arguments as the text of a setting. Private to the module.
#pragma once

#include <string>

#include "parser/ast.h"

namespace varve::session {

std::string setting_argument(const parser::Node* node);
// All arguments, as a list where the setting is one.
std::string setting_text(const parser::VariableSetStmt& stmt);
// As a string constant of SQL.
std::string quote_literal(std::string_view text);

}  // namespace varve::session
