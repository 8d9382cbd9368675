#include "statistics_build.h"

#include <algorithm>
#include <fmt/format.h>

#include "column_summary.h"
#include "common/sql_error.h"
#include "functions/array.h"
#include "functions/record.h"
#include "multivariate.h"
#include "table_expression.h"

namespace varve::commands {

using catalog::ExtendedStatistics;

namespace {

constexpr Oid kStatisticRowType{10029};  // the row type of pg_statistic

// A row of pg_statistic as a value; it belongs to no column.
Value statistic_record(Oid type, const ColumnSummary& summary, Arena& memory) {
  const catalog::SystemTable& pg_statistic = system_table("pg_statistic");
  RowDraft row(pg_statistic);
  set_statistics(row, type, summary);
  std::vector<Oid> types;
  for (const auto& column : pg_statistic.columns) types.push_back(column.type);
  return Value::of_string(functions::make_record(kStatisticRowType, 0, types, row.values(), memory));
}

}  // namespace

StatisticsBuild::StatisticsBuild(CommandContext& context, const RelationPtr& table, parser::NameList only)
    : context_(context), table_(table) {
  for (const auto& statistics : table->extended_statistics) add(*statistics, only);
}

void StatisticsBuild::add(const ExtendedStatistics& statistics, parser::NameList only) {
  auto analyzed = [&](ColumnNumber column) {
    return only.empty() || std::find(only.begin(), only.end(), table_->column(column).name) != only.end();
  };
  if (!std::all_of(statistics.columns.begin(), statistics.columns.end(), analyzed)) {
    ErrorFields fields;
    fields.state = sqlstate::kInvalidObjectDefinition;
    fields.message = fmt::format("statistics object \"{}.{}\" could not be computed for relation \"{}.{}\"",
                                 context_.catalog.schema_name(statistics.schema), statistics.name,
                                 table_->schema_name, table_->name);
    fields.schema = table_->schema_name;
    fields.table = table_->name;
    context_.services.report("WARNING", fields);
    return;
  }
  Object object{&statistics, {}, target_of(statistics)};
  if (object.target == 0) return;  // what there is stays
  for (const std::string& sql : statistics.expressions_sql)
    object.expressions.push_back(bind_stored(context_, sql, table_, "statistics expressions"));
  objects_.push_back(std::move(object));
}

// Its own, or the largest that a column of it was given, or the usual one.
size_t StatisticsBuild::target_of(const ExtendedStatistics& statistics) {
  int32_t target = statistics.target;
  for (ColumnNumber column : statistics.columns) {
    if (statistics.target >= 0) break;
    const KeyMatch match[] = {{"attrelid", Value::of_oid(table_->oid.value())},
                              {"attnum", Value::of_int16(column)}};
    context_.catalog.for_each(system_table("pg_attribute"), match,
                              [&](const Row& row) { target = std::max(target, row.int4("attstattarget")); });
  }
  return target < 0 ? kStatisticsTarget : static_cast<size_t>(target);
}

size_t StatisticsBuild::target() const {
  size_t target = 0;
  for (const Object& object : objects_) target = std::max(target, object.target);
  return target;
}

// False: what an expression calls needs a session, and there is none.
bool StatisticsBuild::evaluate(const Object& object, const Sample& sample, Arena& memory,
                               std::vector<std::vector<Value>>* values) {
  values->resize(object.expressions.size());
  if (object.expressions.empty()) return true;
  try {
    RowExpressions expressions(context_, *table_, object.expressions);
    for (const std::vector<Value>& row : sample.rows) {
      expressions.load(row);
      for (size_t i = 0; i < values->size(); ++i)
        (*values)[i].push_back(types::copy_value(expressions.value(i), memory));
    }
  } catch (const SqlError& e) {
    if (context_.eval.session != nullptr || e.state() != sqlstate::kFeatureNotSupported) throw;
    return false;
  }
  return true;
}

bool StatisticsBuild::build(const Object& object, const Sample& sample, RowDraft& row) {
  const ExtendedStatistics& statistics = *object.statistics;
  Arena memory;
  std::vector<std::vector<Value>> evaluated;
  if (!evaluate(object, sample, memory, &evaluated)) return false;
  const std::vector<ColumnNumber> live = live_columns(*table_);
  std::vector<SampledColumn> columns;
  for (size_t d = 0; d < statistics.dimensions(); ++d) {
    SampledColumn& column = columns.emplace_back();
    column.attribute = statistics.attribute(d);
    if (d >= statistics.columns.size()) {
      column.type = object.expressions[d - statistics.columns.size()]->type;
      column.values = evaluated[d - statistics.columns.size()];
      continue;
    }
    column.type = table_->column(column.attribute).type;
    const auto ordinal = std::find(live.begin(), live.end(), column.attribute) - live.begin();
    for (const std::vector<Value>& r : sample.rows) column.values.push_back(r[static_cast<size_t>(ordinal)]);
  }
  auto set = [&](std::string_view name, const std::string& bytes) {
    row.set(name, Value::of_string(std::string_view(bytes)));
  };
  if (columns.size() > 1) {
    Multivariate multivariate(columns);
    if (statistics.has(ExtendedStatistics::kNdistinct))
      set("stxdndistinct", functions::attribute_groups_bytes(multivariate.ndistinct(sample.table_rows)));
    if (statistics.has(ExtendedStatistics::kDependencies)) {
      std::vector<functions::AttributeGroup> found = multivariate.dependencies();
      if (!found.empty()) set("stxddependencies", functions::attribute_groups_bytes(found));
    }
    if (statistics.has(ExtendedStatistics::kCommon)) {
      functions::CommonCombinations common = multivariate.common(sample.table_rows, object.target);
      if (common.size() > 0) set("stxdmcv", functions::common_combinations_bytes(common));
    }
  }
  if (statistics.has(ExtendedStatistics::kExpressions)) {
    std::vector<Value> records;
    for (size_t i = 0; i < evaluated.size(); ++i) {
      const Oid type = object.expressions[i]->type;
      records.push_back(
          statistic_record(type, summarise(evaluated[i], type, sample.table_rows, object.target), memory));
    }
    std::string bytes;
    functions::append_array_bytes(bytes, kStatisticRowType, records);
    set("stxdexpr", bytes);
  }
  return true;
}

void StatisticsBuild::run(const Sample& sample, bool with_family) {
  if (sample.rows.empty()) return;
  for (const Object& object : objects_) {
    RowDraft row(system_table("pg_statistic_ext_data"));
    row.oid("stxoid", object.statistics->oid).boolean("stxdinherit", with_family);
    if (!build(object, sample, row)) continue;
    const KeyMatch match[] = {{"stxoid", Value::of_oid(object.statistics->oid.value())},
                              {"stxdinherit", Value::of_bool(with_family)}};
    context_.catalog.remove_where(system_table("pg_statistic_ext_data"), match);
    context_.catalog.insert(row);
  }
}

}  // namespace varve::commands
