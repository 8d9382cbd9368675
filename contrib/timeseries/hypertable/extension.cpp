#include "hypertable/extension.h"

#include "analyzer/table_oid.h"
#include "bindings.h"
#include "executor/row_guard.h"
#include "executor/settle_order.h"
#include "functions/type_oids.h"
#include "hypertable/hypertable.h"
#include "internal_time.h"

// VARVE_HYPERTABLE_SQL is set by the build.
#define VARVE_EMBED(symbol, file)                    \
  asm(".section .rodata\n"                           \
      ".global varve_" #symbol                       \
      "_begin\n"                                     \
      ".global varve_" #symbol                       \
      "_end\n"                                       \
      "varve_" #symbol                               \
      "_begin:\n"                                    \
      ".incbin \"" VARVE_HYPERTABLE_SQL "/" file   \
      "\"\n"                                         \
      "varve_" #symbol                               \
      "_end:\n"                                      \
      ".byte 0\n.text\n");                           \
  extern "C" const char varve_##symbol##_begin[];    \
  extern "C" const char varve_##symbol##_end[]

VARVE_EMBED(hypertable_catalog, "catalog.sql");
VARVE_EMBED(hypertable_functions, "hypertable.sql");
VARVE_EMBED(hypertable_chunks, "chunks.sql");
VARVE_EMBED(hypertable_columnstore, "columnstore.sql");
VARVE_EMBED(hypertable_sizes, "sizes.sql");
VARVE_EMBED(hypertable_policies, "policies.sql");
VARVE_EMBED(hypertable_views, "views.sql");

namespace varve::hypertable {
namespace {

// Rows know their chunk by their place in the dimensions.
bool table_oid_call(const catalog::Relation& table, analyzer::TableOidCall* call) {
  std::optional<Mark> mark = find_mark(table);
  if (!mark.has_value() || mark->columns.size() > 2) return false;
  call->schema = "_timescaledb_functions";
  call->function = "chunk_of_row";
  call->constants = {mark->id};
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
    auto add = [&](const char* begin, const char* end) { script.append(begin, end); };
    add(varve_hypertable_catalog_begin, varve_hypertable_catalog_end);
    add(varve_hypertable_functions_begin, varve_hypertable_functions_end);
    add(varve_hypertable_chunks_begin, varve_hypertable_chunks_end);
    add(varve_hypertable_columnstore_begin, varve_hypertable_columnstore_end);
    add(varve_hypertable_sizes_begin, varve_hypertable_sizes_end);
    add(varve_hypertable_policies_begin, varve_hypertable_policies_end);
    add(varve_hypertable_views_begin, varve_hypertable_views_end);
    return script;
  }();
  return {kScript, native_bindings()};
}

}  // namespace varve::hypertable
