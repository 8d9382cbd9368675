// Scans that read several tables as one (planner::ScanMember): which of them a run reads.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "executor/execution_context.h"
#include "executor/expression_program.h"
#include "planner/partition_pruning.h"
#include "planner/plan.h"

namespace varve::executor {

class MemberSelection final : public planner::PruningValues {
 public:
  MemberSelection(const planner::ScanPlan& plan, ExecutionContext& context);
  // With the params and exec params as they are now.
  void open();
  // The next member to be read, in order (or from the end); false when there is none.
  bool next(size_t* member);

  // --- PruningValues
  bool value(const analyzer::Expr& e, types::Value* out) override;
  bool elements(const analyzer::Expr& array, std::vector<types::Value>* out) override;

 private:
  void compile(const planner::PruningTerm* term);

  const planner::ScanPlan& plan_;
  ExecutionContext& context_;
  std::unordered_map<const analyzer::Expr*, ExpressionEvaluator> values_;
  std::vector<bool> selected_;
  size_t at_ = 0;
  Arena memory_;
};

}  // namespace varve::executor
