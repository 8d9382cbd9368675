#include "partition_place.h"

#include <fmt/format.h>

#include "common/sql_error.h"
#include "functions/quoting.h"
#include "functions/registry.h"
#include "memory/arena.h"
#include "partition_hash.h"

namespace varve::hypertable {

using types::Value;

namespace {

constexpr size_t kMostKnown = 65536;

std::vector<Value> query_row(functions::EvalContext& context, const std::string& sql, Arena& arena) {
  std::vector<Value> row;
  const Value args[] = {Value::of_string(arena.copy(std::string_view(sql)))};
  context.session->rows("varve_query_row", args, arena, row);
  return row;
}

}  // namespace

int64_t PartitionPlace::of(const Value& value, functions::EvalContext& context) {
  if (value.null) return 0;
  switch (kind_) {
    case DimensionKind::kHash:
      return partition_hash(value, type_, context);
    case DimensionKind::kRange:
      return to_internal_time(value, type_);
    case DimensionKind::kFunction:
      break;
  }
  return by_function(value, context);
}

int64_t PartitionPlace::by_function(const Value& value, functions::EvalContext& context) {
  std::string text;
  functions::append_value(type_, value, text, context);
  if (auto known = known_.find(text); known != known_.end()) return known->second;
  Arena arena;
  if (function_.empty()) {
    const std::vector<Value> row = query_row(
        context,
        fmt::format(
            "SELECT pg_catalog.quote_ident(d.partitioning_func_schema) || '.' || "
            "pg_catalog.quote_ident(d.partitioning_func), pg_catalog.format_type(d.column_type, NULL) "
            "FROM _timescaledb_catalog.dimension d WHERE d.hypertable_id = {} ORDER BY d.id OFFSET {} "
            "LIMIT 1",
            hypertable_, number_),
        arena);
    if (row.size() != 2 || row[0].null) {
      throw SqlError(sqlstate::kInternalError,
                     fmt::format("hypertable {} has no partitioning function", hypertable_));
    }
    function_ = row[0].view();
    type_name_ = row[1].view();
  }
  const std::vector<Value> row =
      query_row(context,
                fmt::format("SELECT {}(CAST({} AS {}))::pg_catalog.int8", function_,
                            functions::quoted_literal(text), type_name_),
                arena);
  const int64_t place = row.empty() || row[0].null ? 0 : row[0].int64;
  if (place < 0)
    throw SqlError(sqlstate::kInternalError, fmt::format("invalid value {} for closed dimension", place));
  if (known_.size() >= kMostKnown) known_.clear();
  known_[text] = place;
  return place;
}

}  // namespace varve::hypertable
