#include "hypertable/extension.h"

#include "analyzer/table_oid.h"
#include "bindings.h"
#include "common/embed.h"
#include "executor/row_guard.h"
#include "executor/settle_order.h"
#include "functions/type_oids.h"
#include "hypertable/hypertable.h"
#include "internal_time.h"

// VARVE_HYPERTABLE_SQL is set by the build.
VARVE_EMBED(hypertable_catalog, VARVE_HYPERTABLE_SQL "/catalog.sql");
VARVE_EMBED(hypertable_functions, VARVE_HYPERTABLE_SQL "/hypertable.sql");
VARVE_EMBED(hypertable_chunks, VARVE_HYPERTABLE_SQL "/chunks.sql");
VARVE_EMBED(hypertable_columnstore, VARVE_HYPERTABLE_SQL "/columnstore.sql");
VARVE_EMBED(hypertable_sizes, VARVE_HYPERTABLE_SQL "/sizes.sql");
VARVE_EMBED(hypertable_policies, VARVE_HYPERTABLE_SQL "/policies.sql");
VARVE_EMBED(hypertable_continuous, VARVE_HYPERTABLE_SQL "/continuous.sql");
VARVE_EMBED(hypertable_continuous_policies, VARVE_HYPERTABLE_SQL "/continuous_policies.sql");
VARVE_EMBED(hypertable_views, VARVE_HYPERTABLE_SQL "/views.sql");

namespace varve::hypertable {
namespace {

// Rows know their chunk by their place in the dimensions.
bool table_oid_call(const catalog::Relation& table, analyzer::TableOidCall* call) {
  std::optional<Mark> mark = find_mark(table);
  if (!mark.has_value() || mark->columns.size() > 3) return false;
  call->schema = "_timescaledb_functions";
  call->function = "chunk_of_row";
  int32_t kinds = 0;
  for (size_t i = 1; i < mark->kinds.size(); ++i)
    kinds |= static_cast<int32_t>(mark->kinds[i]) << 2 * (i - 1);
  call->constants = {mark->id, kinds};
  call->columns = mark->columns;
  return true;
}

// Rows of one chunk settle apart from others', as far as chunks lie on the grid of the present interval.
bool settle_grouping(const catalog::Relation& table, access::SettleOrder* order) {
  std::optional<Mark> mark = find_mark(table);
  if (!mark.has_value() || mark->interval == 0) return false;
  catalog::ColumnNumber number = table.find_column(mark->columns[0]);
  if (number <= 0) return false;
  const Oid type = table.column(number).type;
  order->column = static_cast<uint32_t>(number - 1);
  order->width = mark->interval;
  order->origin = 0;
  if (type == type_oid::kTimestamptz || type == type_oid::kTimestamp) order->origin = -kEpochShiftUs;
  if (type == type_oid::kDate) {
    order->width = mark->interval / kDayUs;
    order->origin = -kEpochShiftUs / kDayUs;
  }
  return order->width > 0;
}

}  // namespace

void register_hypertables() {
  executor::register_settle_grouping(settle_grouping);
  executor::register_row_guard(make_chunk_guard);
  commands::register_command_hook(run_command);
  analyzer::register_table_oid_hook(table_oid_call);
}

hyperfunctions::ExtensionPart extension_part() {
  static const std::string kScript = [] {
    std::string script;
    for (std::string_view part :
         {VARVE_EMBEDDED(hypertable_catalog), VARVE_EMBEDDED(hypertable_functions),
          VARVE_EMBEDDED(hypertable_chunks), VARVE_EMBEDDED(hypertable_columnstore),
          VARVE_EMBEDDED(hypertable_sizes), VARVE_EMBEDDED(hypertable_policies),
          VARVE_EMBEDDED(hypertable_continuous), VARVE_EMBEDDED(hypertable_continuous_policies),
          VARVE_EMBEDDED(hypertable_views)})
      script += part;
    return script;
  }();
  return {kScript, native_bindings()};
}

}  // namespace varve::hypertable
