// What the rows of each range of time that chunks lie in take, in segments and as rows.
#include <fmt/format.h>

#include "bindings.h"
#include "functions/type_oids.h"
#include "internal_time.h"
#include "known_chunks.h"

namespace varve::hypertable {

using functions::CallSite;
using functions::EvalContext;
using types::Value;

namespace {

constexpr size_t kSizes = 4;  // rows and bytes that have settled, rows and bytes that have not

struct Result {
  std::span<const TimeRange> ranges;
  std::span<const Value> sizes;  // kSizes a range
  size_t at = 0;
};

// One row: the time column, its type, and the ranges in order as text.
std::vector<Value> find_ranges(EvalContext& context, Oid relation, Arena& arena) {
  std::vector<Value> row;
  const std::string sql = fmt::format(
      "SELECT d.column_name::pg_catalog.text, d.column_type::pg_catalog.oid, (SELECT "
      "pg_catalog.string_agg(r.range_start || ' ' || r.range_end, ' ' ORDER BY r.range_start) FROM "
      "(SELECT DISTINCT c.range_start, c.range_end FROM _timescaledb_catalog.chunk c WHERE c.hypertable_id = "
      "h.id) r) FROM _timescaledb_catalog.hypertable h JOIN _timescaledb_catalog.dimension d ON "
      "d.hypertable_id = h.id AND d.num_slices IS NULL WHERE h.relid = "
      "{}::pg_catalog.oid::pg_catalog.regclass ORDER BY d.id LIMIT 1",
      relation.value());
  const Value args[] = {Value::of_string(arena.copy(std::string_view(sql)))};
  context.session->rows("varve_query_row", args, arena, row);
  return row;
}

void* open(EvalContext& context, const CallSite&, std::span<const Value> args, Arena& memory) {
  auto* result = memory.make<Result>();
  if (args[0].null) return result;
  const std::vector<Value> found = find_ranges(context, Oid{args[0].oid()}, memory);
  if (found.empty() || found[2].null) return result;
  const Oid type{found[1].oid()};
  const std::vector<int64_t> bounds = numbers_of(found[2].view());
  std::vector<TimeRange> ranges;
  std::vector<Value> asked = {args[0], found[0]};
  for (size_t i = 0; i + 1 < bounds.size(); i += 2) {
    ranges.push_back({bounds[i], bounds[i + 1]});
    for (int64_t t : {bounds[i], bounds[i + 1]})
      asked.push_back(Value::of_int64(stored_from_internal(t, type)));
  }
  std::vector<Value> sizes;
  context.session->rows("varve_range_sizes", asked, memory, sizes);
  result->ranges = memory.copy(ranges);
  result->sizes = memory.copy(sizes);
  return result;
}

void next(EvalContext&, void* state, vector::Chunk& out) {
  auto& result = *static_cast<Result*>(state);
  uint32_t rows = 0;
  for (; result.at < result.ranges.size() && rows < vector::kChunkRows; ++rows, ++result.at) {
    out.column(0).set_value(rows, Value::of_int64(result.ranges[result.at].start));
    out.column(1).set_value(rows, Value::of_int64(result.ranges[result.at].end));
    for (size_t i = 0; i < kSizes; ++i)
      out.column(2 + i).set_value(rows, result.sizes[result.at * kSizes + i]);
  }
  out.set_dense(rows);
}

}  // namespace

const functions::TableFunctionImpl kRangeSizes{open, next};

}  // namespace varve::hypertable
