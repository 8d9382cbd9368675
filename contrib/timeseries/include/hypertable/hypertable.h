// Hypertables: tables whose rows are cut into chunks by time. What other modules may ask.
//
// Stable, in C++: this header. Stable, in SQL (all readable by everybody, all written only by functions of
// the extension that run with its owner's rights):
//   _timescaledb_catalog.hypertable(id, relid regclass, …)        one row a hypertable
//   _timescaledb_catalog.dimension(hypertable_id, column_name, column_type, interval_length, num_slices,
//                                  integer_now_func_schema, integer_now_func, …)   ORDER BY id: the first is
//                                  time
//   _timescaledb_catalog.chunk(id, hypertable_id, schema_name, table_name, range_start, range_end, …)
//   _timescaledb_functions.hypertable_id(regclass)                null: no hypertable
//   _timescaledb_functions.require_hypertable(regclass)           its row, or TS001
//   _timescaledb_functions.time_to_internal(anyelement) and time_literal(bigint, regtype),
//   to_timestamp(bigint) …
// Ranges, intervals and everything named `_internal` count in *internal time*: integers as they are;
// timestamps, dates and UUIDs of version 7 in microseconds since 1970-01-01 00:00 UTC. A range takes its
// start and not its end; kNoStart and kNoEnd stand for no bound.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "catalog/relation.h"

namespace varve::hypertable {

inline constexpr int64_t kNoStart = std::numeric_limits<int64_t>::min();
inline constexpr int64_t kNoEnd = std::numeric_limits<int64_t>::max();

// How a dimension is cut: by ranges as the first always is, by a hash, by what a function of the user's says.
enum class DimensionKind : uint8_t { kHash, kRange, kFunction };

// What the storage of a hypertable knows of it (pg_class.reloptions,
// "hypertable=7:86400000000:c,time,city,sent:r"): so planner and executor need not ask the catalog's tables.
struct Mark {
  int32_t id = 0;                    // _timescaledb_catalog.hypertable.id
  int64_t interval = 0;              // length of the chunks that are made now, in internal time
  bool continuous = false;           // "c": there are continuous aggregates of it
  std::vector<std::string> columns;  // of the dimensions, time first
  std::vector<DimensionKind> kinds;  // of each: nothing is said of the first and of hashes, else ":r", ":f"
};
// Empty: the relation is no hypertable.
std::optional<Mark> find_mark(const catalog::Relation& relation);

struct TimeRange {
  int64_t start = kNoStart, end = kNoEnd;
  bool contains(int64_t t) const { return t >= start && (t < end || end == kNoEnd); }
};

// A value of a time column in internal time. 22008 for -infinity and what internal time cannot hold; infinity
// is kNoEnd. 22023 for UUIDs of other versions than 7. `type`: timestamptz, timestamp, date, int2, int4, int8
// or uuid.
int64_t to_internal_time(const types::Value& value, Oid type);
bool is_time_type(Oid type);

}  // namespace varve::hypertable
