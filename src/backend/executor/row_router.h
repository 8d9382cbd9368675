// Where a row of a partitioned table goes, and whether a row of a partition may be there.
#pragma once

#include <optional>
#include <vector>

#include "executor/expression_program.h"
#include "planner/plan.h"
#include "vector/chunk.h"

namespace varve::executor {

// One partitioned table's key over the rows of a table.
class RowKey {
 public:
  RowKey(const planner::ModifyPlan::Route& route, std::span<const types::PhysicalType> row,
         ExecutionContext& context);
  const planner::ModifyPlan::Route& route() const { return route_; }
  // Of the partition, -1: none. Values of the key stay in values().
  int find(std::span<const types::Value> row);
  std::span<const types::Value> values() const { return values_; }

 private:
  const planner::ModifyPlan::Route& route_;
  Arena memory_;
  std::vector<std::optional<ExpressionEvaluator>> expressions_;  // none: a column of the row
  vector::Chunk row_;
  bool needs_row_ = false;
  std::vector<types::Value> values_;
};

class RowRouter {
 public:
  RowRouter(const planner::ModifyPlan& plan, std::span<const types::PhysicalType> row,
            ExecutionContext& context);
  bool routes() const { return !routes_.empty(); }
  // The member that takes the row. 23514 when there is none.
  size_t find(std::span<const types::Value> row);
  // The written table is a partition, and the row is not one that its parents would give it.
  bool is_foreign(std::span<const types::Value> row);

 private:
  [[noreturn]] void throw_none(const RowKey& key);

  ExecutionContext& context_;
  std::vector<std::unique_ptr<RowKey>> routes_, checks_;
};

}  // namespace varve::executor
