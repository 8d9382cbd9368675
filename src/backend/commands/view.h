// CREATE VIEW.
#pragma once

#include "names.h"

namespace varve::commands {

std::string create_view(CommandContext& context, const parser::CreateViewStmt& stmt);
// The view's options after ALTER VIEW … SET or RESET, as pg_class.reloptions; empty: none.
std::string changed_view_options(const Relation& view, const parser::AlterTableCmd& cmd);

}  // namespace varve::commands
