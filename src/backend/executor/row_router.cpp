#include "row_router.h"

#include <fmt/format.h>

#include "catalog/partition.h"
#include "common/sql_error.h"
#include "executor/row_disclosure.h"

namespace varve::executor {

using analyzer::Expr;
using analyzer::ExprKind;
using types::Value;

RowKey::RowKey(const planner::ModifyPlan::Route& route, std::span<const types::PhysicalType> row,
               ExecutionContext& context)
    : route_(route), values_(route.keys.size()) {
  for (const Expr* key : route.keys) {
    expressions_.emplace_back();
    if (key->kind == ExprKind::kInput) continue;
    expressions_.back().emplace(*key, context, memory_);
    needs_row_ = true;
  }
  if (!needs_row_) return;
  row_ = vector::Chunk(static_cast<uint32_t>(row.size()), *context.build_memory);
  for (uint32_t i = 0; i < row.size(); ++i) row_.column(i) = vector::Vector(row[i], *context.build_memory, 1);
  row_.set_dense(1);
}

int RowKey::find(std::span<const Value> row) {
  if (needs_row_) {
    memory_.reset();
    row_.reset();
    for (uint32_t i = 0; i < row.size(); ++i) row_.column(i).set_value(0, row[i]);
    row_.set_dense(1);
  }
  for (size_t i = 0; i < values_.size(); ++i) {
    if (!expressions_[i].has_value()) {
      values_[i] = row[route_.keys[i]->as<analyzer::InputExpr>().index];
      continue;
    }
    vector::Vector* v = nullptr;
    expressions_[i]->evaluate(row_, {nullptr, 1}, v);
    values_[i] = v->value(0);
  }
  return (*route_.relation)->partitioning->find(values_);
}

RowRouter::RowRouter(const planner::ModifyPlan& plan, std::span<const types::PhysicalType> row,
                     ExecutionContext& context)
    : context_(context) {
  for (const auto& route : plan.routes) routes_.push_back(std::make_unique<RowKey>(route, row, context));
  for (const auto& check : plan.partition_checks)
    checks_.push_back(std::make_unique<RowKey>(check, row, context));
}

size_t RowRouter::find(std::span<const Value> row) {
  size_t level = 0;
  for (;;) {
    int partition = routes_[level]->find(row);
    if (partition < 0) throw_none(*routes_[level]);
    int32_t slot = routes_[level]->route().slots[static_cast<size_t>(partition)];
    if (slot >= 0) return static_cast<size_t>(slot);
    level = static_cast<size_t>(-1 - slot);
  }
}

bool RowRouter::is_foreign(std::span<const Value> row) {
  for (auto& check : checks_) {
    if (check->find(row) != check->route().partition) return true;
  }
  return false;
}

void RowRouter::throw_none(const RowKey& key) {
  const catalog::Relation& table = **key.route().relation;
  Arena memory;
  functions::EvalContext context = context_.eval_context(memory);
  std::string text = describe_partition_key(table, key.values(), context);
  throw SqlError(sqlstate::kCheckViolation,
                 fmt::format("no partition of relation \"{}\" found for row", table.name))
      .detail(text.empty() ? text : fmt::format("Partition key of the failing row contains {}.", text))
      .schema(table.schema_name)
      .table(table.name);
}

}  // namespace varve::executor
