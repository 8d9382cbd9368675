// Settling: rows of columnar tables from the delta into segments (access/column_store.h), with their index
// entries.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "commands/command_context.h"

namespace varve::sync {
class CancelToken;
}

namespace varve::commands {

// Settles what can be, segment by segment, inside this transaction; then writes segments anew that have lost
// much. `at_least`: as many rows for a segment to be made. Returns the rows settled. 42809 for other tables.
uint64_t settle_table(CommandContext& context, Oid table, uint64_t at_least);

// The same for every columnar table of the database that has `at_least` rows in its delta, a transaction
// each; leaves alone those that somebody else has locked. Returns how many it did. Throws SqlError (57014
// when `cancel` is raised).
int auto_settle(catalog::Database& database, txn::TxnManager& txns, uint64_t at_least,
                sync::CancelToken* cancel);

// Removes whole segments of rows whose values of the column are in low … high - 1 (access::axis_value());
// rows elsewhere stay. Returns the rows removed. Locks writers out of the
// table.
uint64_t remove_segments(CommandContext& context, Oid table, std::string_view column, int64_t low,
                         int64_t high);

// What the rows of a range take, in segments and as rows.
struct RangeSize {
  int64_t low = 0, high = 0;  // high - 1 is the last value; the greatest int64 stands for no end
  uint64_t settled_rows = 0, settled_bytes = 0;
  uint64_t fresh_rows = 0, fresh_bytes = 0;
};
// Measures ranges of a column as above, ordered and disjoint. Of a segment that reaches beyond one range each
// has its share of the time between the bounds. Nothing for other tables. Reads all rows that have not
// settled.
void measure_ranges(CommandContext& context, Oid table, std::string_view column, std::span<RangeSize> ranges);

}  // namespace varve::commands
