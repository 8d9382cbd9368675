// CREATE VIEW.
#pragma once

#include "names.h"

namespace varve::commands {

std::string create_view(CommandContext& context, const parser::CreateViewStmt& stmt);

}  // namespace varve::commands
