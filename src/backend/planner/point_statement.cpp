// Which plans touch at most a handful of rows, whatever the values of their constants.
#include "query_planner.h"

namespace varve::planner {
namespace {

constexpr size_t kMaxRows = 8;

bool has_subplan_state(const PlannedStatement& s) { return !s.subplans.empty() || !s.ctes.empty(); }

bool is_point(const Plan& plan) {
  switch (plan.kind) {
    case PlanKind::kIndexScan: {
      const auto& scan = plan.as<IndexScanPlan>();
      return scan.unique_match && scan.any_of.empty() && scan.array_any == nullptr;
    }
    case PlanKind::kValues:
      return plan.as<ValuesPlan>().rows_exprs.size() <= kMaxRows;
    case PlanKind::kResult:
    case PlanKind::kProject:
    case PlanKind::kFilter:
    case PlanKind::kLimit:
    case PlanKind::kLockRows:
    case PlanKind::kInsert:
    case PlanKind::kUpdate:
    case PlanKind::kDelete:
      for (const Plan* child : plan.children) {
        if (!is_point(*child)) return false;
      }
      return true;
    default:
      return false;
  }
}

}  // namespace

bool is_point_statement(const PlannedStatement& statement) {
  return !has_subplan_state(statement) && is_point(*statement.root);
}

}  // namespace varve::planner
