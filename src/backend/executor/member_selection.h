// Scans that read several tables as one (planner::ScanMember): which of them a run reads.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "executor/execution_context.h"
#include "executor/expression_program.h"
#include "planner/partition_pruning.h"
#include "planner/plan.h"
#include "runtime_filter.h"

namespace varve::executor {

class MemberSelection final : public planner::PruningValues {
 public:
  MemberSelection(const planner::ScanPlan& plan, ExecutionContext& context);
  // With the params and exec params as they are now. `filters`: what hash joins above know; null: nothing.
  void open(const std::vector<RuntimeFilters::Entry>* filters);
  // The next member to be read, in order (or from the end); false when there is none.
  bool next(size_t* member);

  // --- PruningValues
  bool value(const analyzer::Expr& e, types::Value* out) override;
  bool elements(const analyzer::Expr& array, std::vector<types::Value>* out) override;

 private:
  void compile(const planner::PruningTerm* term);
  // Partitions in which none of the joins' keys can be.
  void select_by_keys(const std::vector<RuntimeFilters::Entry>& filters);

  const planner::ScanPlan& plan_;
  ExecutionContext& context_;
  std::unordered_map<const analyzer::Expr*, ExpressionEvaluator> values_;
  std::vector<bool> selected_;
  size_t at_ = 0;
  bool has_terms_ = false;
  bool from_end_ = false;  // a backward scan begins with the last
  Arena memory_;
  std::unordered_map<const analyzer::Expr*, const std::vector<types::Value>*> join_keys_;
};

}  // namespace varve::executor
