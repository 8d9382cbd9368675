#pragma once

#include "commands/settle.h"
#include "names.h"

namespace varve::commands {

// What settle_table() does to a table that is locked already. No columnar table: nothing.
uint64_t settle_rows(CommandContext& context, const RelationPtr& table, uint64_t at_least);
// WITH (orderby = 'host, time DESC'): 42703 for a column that is not there, 22023 for anything else.
void check_settle_order(std::string_view text, std::span<const std::string> columns);

}  // namespace varve::commands
