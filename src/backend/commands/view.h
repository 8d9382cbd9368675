// CREATE VIEW.
#pragma once

#include "names.h"

namespace varve::commands {

std::string create_view(CommandContext& context, const parser::CreateViewStmt& stmt);
// The text of one option of a view, checked.
std::string view_option(const parser::Option& option);

}  // namespace varve::commands
