#include "operator.h"

#include <time.h>

#include "common/sql_error.h"
#include "modify.h"
#include "plan_walk.h"

namespace varve::executor {

using planner::Plan;
using planner::PlanKind;

Operator::Operator(const Plan& plan, ExecutionContext& context) : plan_(plan), context_(context) {
  if (context.settings.instrument) counters_ = &context.counters[plan.id];
}

Operator::~Operator() = default;

bool Operator::prepare_parallel(SharedState& shared) {
  return !children_.empty() && children_[0]->prepare_parallel(shared);
}

void Operator::joins_with_unmatched(std::vector<uint32_t>* plan_ids) const {
  if (!children_.empty()) children_[0]->joins_with_unmatched(plan_ids);
}

void Operator::close() {
  for (OperatorPtr& c : children_) c->close();
}

namespace {
uint64_t now_ns() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<uint64_t>(t.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(t.tv_nsec);
}
}  // namespace

bool Operator::counted_next(Chunk*& out) {
  uint64_t start = now_ns();
  IoCounters before = t_io_counters;
  bool more = produce(out);
  counters_->io += t_io_counters - before;
  counters_->time_ns += now_ns() - start;
  if (counters_->rows == 0) counters_->startup_ns = counters_->time_ns;
  if (more)
    counters_->rows += out->count();
  else
    ++counters_->loops;
  return more;
}

std::vector<types::PhysicalType> physical_types(std::span<const planner::OutputColumn> columns) {
  std::vector<types::PhysicalType> out;
  out.reserve(columns.size());
  for (const planner::OutputColumn& c : columns) out.push_back(c.physical);
  return out;
}

Chunk make_chunk(std::span<const types::PhysicalType> types, ExecutionContext& context) {
  Chunk chunk(static_cast<uint32_t>(types.size()), *context.build_memory);
  for (uint32_t i = 0; i < types.size(); ++i) {
    chunk.column(i) = Vector(types[i], *context.build_memory, context.chunk_rows());
  }
  return chunk;
}

OperatorPtr build_operator(const Plan& plan, ExecutionContext& context) {
  switch (plan.kind) {
    case PlanKind::kResult:
      return make_result(plan.as<planner::ResultPlan>(), context);
    case PlanKind::kValues:
      return make_values(plan.as<planner::ValuesPlan>(), context);
    case PlanKind::kSeqScan:
      return make_seq_scan(plan.as<planner::ScanPlan>(), context);
    case PlanKind::kIndexScan:
      return make_index_scan(plan.as<planner::IndexScanPlan>(), context);
    case PlanKind::kInvertedScan:
      return make_inverted_scan(plan.as<planner::InvertedScanPlan>(), context);
    case PlanKind::kFunctionScan:
      return make_function_scan(plan.as<planner::FunctionScanPlan>(), context);
    case PlanKind::kCteScan:
      return make_cte_scan(plan.as<planner::CteScanPlan>(), context);
    case PlanKind::kWorkTableScan:
      return make_work_table_scan(plan.as<planner::CteScanPlan>(), context);
    case PlanKind::kFilter:
      return make_filter(plan.as<planner::FilterPlan>(), context);
    case PlanKind::kProject:
      return make_project(plan.as<planner::ProjectPlan>(), context);
    case PlanKind::kProjectSet:
      return make_project_set(plan.as<planner::ProjectPlan>(), context);
    case PlanKind::kLimit:
      return make_limit(plan.as<planner::LimitPlan>(), context);
    case PlanKind::kSort:
      return make_sort(plan.as<planner::SortPlan>(), context);
    case PlanKind::kIncrementalSort:
      return make_incremental_sort(plan.as<planner::SortPlan>(), context);
    case PlanKind::kUnique:
      return make_unique(plan.as<planner::UniquePlan>(), context);
    case PlanKind::kAggregate:
      return make_aggregate(plan.as<planner::AggregatePlan>(), context);
    case PlanKind::kWindow:
      return make_window(plan.as<planner::WindowPlan>(), context);
    case PlanKind::kHashJoin:
      return make_hash_join(plan.as<planner::JoinPlan>(), context);
    case PlanKind::kMergeJoin:
      return make_merge_join(plan.as<planner::JoinPlan>(), context);
    case PlanKind::kNestedLoop:
      return make_nested_loop(plan.as<planner::JoinPlan>(), context);
    case PlanKind::kIndexJoin:
      return make_index_join(plan.as<planner::IndexJoinPlan>(), context);
    case PlanKind::kAppend:
      return make_append(plan, context);
    case PlanKind::kSetOperation:
      return make_set_operation(plan.as<planner::SetOperationPlan>(), context);
    case PlanKind::kRecursiveUnion:
      return make_recursive_union(plan.as<planner::RecursiveUnionPlan>(), context);
    case PlanKind::kMaterialize:
      return make_materialize(plan, context);
    case PlanKind::kTransform:
      return make_transform(plan.as<planner::TransformPlan>(), context);
    case PlanKind::kLockRows:
      return make_lock_rows(plan.as<planner::LockRowsPlan>(), context);
    case PlanKind::kInsert:
      if (is_instead_of(plan.as<planner::ModifyPlan>()))
        return make_instead(plan.as<planner::ModifyPlan>(), ModifyEvent::kInsert, context);
      return make_insert(plan.as<planner::ModifyPlan>(), context);
    case PlanKind::kUpdate:
      if (is_instead_of(plan.as<planner::ModifyPlan>()))
        return make_instead(plan.as<planner::ModifyPlan>(), ModifyEvent::kUpdate, context);
      return make_update(plan.as<planner::ModifyPlan>(), context);
    case PlanKind::kDelete:
      if (is_instead_of(plan.as<planner::ModifyPlan>()))
        return make_instead(plan.as<planner::ModifyPlan>(), ModifyEvent::kDelete, context);
      return make_delete(plan.as<planner::ModifyPlan>(), context);
    case PlanKind::kMerge:
      return make_merge(plan.as<planner::ModifyPlan>(), context);
  }
  throw SqlError(sqlstate::kInternalError, "unknown plan node");
}

bool modifies_data(const Plan& plan) {
  if (plan.kind == PlanKind::kInsert || plan.kind == PlanKind::kUpdate || plan.kind == PlanKind::kDelete ||
      plan.kind == PlanKind::kMerge) {
    return true;
  }
  for (const Plan* c : plan.children) {
    if (modifies_data(*c)) return true;
  }
  return false;
}

bool depends_on_exec_params(const Plan& plan) {
  bool found = false;
  walk_expressions(plan, [&](const analyzer::Expr& e) {
    found |= e.kind == analyzer::ExprKind::kExecParam || e.kind == analyzer::ExprKind::kSubplan;
  });
  if (found || plan.kind == PlanKind::kWorkTableScan) return true;
  for (const Plan* c : plan.children) {
    if (depends_on_exec_params(*c)) return true;
  }
  return false;
}

}  // namespace varve::executor
