// What the ends of transactions do to temporary tables that others refer to.
#pragma once

#include <span>

#include "commands/command_context.h"

namespace varve::commands {

// Before the tables of ON COMMIT DELETE ROWS are emptied: 0A000 when another, which keeps its rows, refers to
// one.
void check_references_on_commit(CommandContext& context, std::span<const Oid> emptied);

}  // namespace varve::commands
