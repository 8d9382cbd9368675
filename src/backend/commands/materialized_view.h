// Materialized views: tables that REFRESH fills from their query. One that is not populated has no storage.
#pragma once

#include "names.h"

namespace varve::commands {

// Rows of the view's query; the view has storage and is empty.
uint64_t fill_materialized_view(CommandContext& context, Oid view);
// WITH NO DATA: it gives up its storage.
void set_unpopulated(CommandContext& context, Oid view);

std::string refresh_materialized_view(CommandContext& context, const parser::RefreshMatViewStmt& stmt);

}  // namespace varve::commands
