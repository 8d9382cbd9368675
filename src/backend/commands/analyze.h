// ANALYZE: a sample of a table's rows, boiled down to what pg_statistic and pg_statistic_ext_data hold.
#pragma once

#include "names.h"

namespace varve::commands {

// Rewrites the table's rows of pg_statistic; returns the number of rows the table seems to have. `only`:
// column names, empty: all.
double analyze_table(CommandContext& context, const RelationPtr& table, parser::NameList only);
// The statistics objects of a table with partitions or children, over the rows of all of them.
void analyze_family(CommandContext& context, const RelationPtr& table, parser::NameList only);

}  // namespace varve::commands
