#include "parallel.h"

#include <algorithm>

#include "access/column_store.h"
#include "access/heap.h"
#include "executor/execution.h"
#include "functions/registry.h"
#include "operator.h"
#include "plan_walk.h"
#include "planner/plan.h"
#include "scan_filter.h"

namespace varve::executor {

using analyzer::Expr;
using analyzer::ExprKind;
using planner::JoinType;
using planner::PlanKind;

namespace {

// Stable functions that read only the settings of formats and time zone.
bool needs_no_session(const functions::Function& f) {
  // What CREATE FUNCTION made runs on the session's own thread.
  if (f.routine != nullptr && !f.routine->is_native) return false;
  if (f.volatility == functions::Volatility::kImmutable) return true;
  static constexpr std::string_view kNames[] = {"date_trunc", "date_part", "extract",     "timezone",
                                                "age",        "to_char",   "timestamptz", "timestamp",
                                                "date",       "time",      "timetz"};
  if (f.volatility == functions::Volatility::kVolatile) return false;
  if (std::find(std::begin(kNames), std::end(kNames), f.name) != std::end(kNames)) return true;
  // Comparisons and arithmetic between the kinds of dates.
  return f.args.size() == 2 && (f.name.starts_with("date_") || f.name.starts_with("timestamp"));
}

bool is_safe(const planner::Plan& plan, const ExecutionContext& context);
bool is_safe(const Expr& e, const ExecutionContext& context);

}  // namespace

bool has_safe_expressions(const planner::Plan& plan, const ExecutionContext& context) {
  bool safe = true;
  walk_expressions(plan, [&](const Expr& e) { safe = safe && is_safe(e, context); });
  return safe;
}

namespace {

bool is_safe(const Expr& e, const ExecutionContext& context) {
  switch (e.kind) {
    case ExprKind::kFunction: {
      const functions::Function* f = e.as<analyzer::FunctionExpr>().function;
      return f == nullptr || needs_no_session(*f);
    }
    case ExprKind::kArrayOp: {
      const functions::Function* f = e.as<analyzer::ArrayOpExpr>().function;
      return f == nullptr || needs_no_session(*f);
    }
    case ExprKind::kInList: {
      const functions::Function* f = e.as<analyzer::InListExpr>().equal;
      return f == nullptr || needs_no_session(*f);
    }
    case ExprKind::kDistinct:
    case ExprKind::kNullIf: {
      const functions::Function* f = e.as<analyzer::EqualityExpr>().equal;
      return f == nullptr || needs_no_session(*f);
    }
    case ExprKind::kCoerceViaIo: {
      const functions::TypeInfo* to = functions::type_by_oid(e.type);
      const functions::TypeInfo* from = functions::type_by_oid(e.as<analyzer::CastExpr>().arg->type);
      auto plain = [](const functions::TypeInfo* t) {
        return t != nullptr && (t->category == 'S' || t->category == 'D' || t->category == 'B');
      };
      return plain(to) && plain(from);
    }
    case ExprKind::kSubplan:
      return is_safe(*context.statement->subplans[e.as<analyzer::SubplanExpr>().subplan], context);
    case ExprKind::kSetReturning:
      return false;
    default:
      return true;
  }
}

// A whole plan that a thread may run for itself.
bool is_safe(const planner::Plan& plan, const ExecutionContext& context) {
  switch (plan.kind) {
    case PlanKind::kResult:
    case PlanKind::kValues:
    case PlanKind::kSeqScan:
    case PlanKind::kIndexScan:
    case PlanKind::kInvertedScan:
    case PlanKind::kFilter:
    case PlanKind::kProject:
    case PlanKind::kLimit:
    case PlanKind::kSort:
    case PlanKind::kUnique:
    case PlanKind::kAggregate:
    case PlanKind::kHashJoin:
    case PlanKind::kNestedLoop:
    case PlanKind::kIndexJoin:
    case PlanKind::kAppend:
    case PlanKind::kMaterialize:
      break;
    default:
      return false;
  }
  if (!has_safe_expressions(plan, context)) return false;
  return std::all_of(plan.children.begin(), plan.children.end(),
                     [&](const planner::Plan* c) { return is_safe(*c, context); });
}

bool splits(const planner::Plan& plan, const ExecutionContext& context) {
  switch (plan.kind) {
    case PlanKind::kSeqScan: {
      const auto& scan = plan.as<planner::ScanPlan>();
      if (scan.sample_percent != nullptr) return false;
      if (plan.rows >= context.settings.parallel_rows) return true;
      // The scan's rows are what its filter leaves: what counts is the table.
      const auto& heap = (*scan.relation)->heap;
      if (heap == nullptr) return false;
      access::ColumnStore* store = heap->columns();
      auto runs = store == nullptr ? heap->runs() : store->row_runs();
      if (!runs.ok()) return false;
      double pages = 0;
      for (const access::PageRun& r : *runs) pages += r.count;
      if (store != nullptr) {
        constexpr double kPagesAVector = 25;  // as many rows as that many pages of a heap
        auto segments = store->segment_runs({});
        if (!segments.ok()) return false;
        pages += static_cast<double>((*segments)->size()) * kPagesAVector;
      }
      return pages * 40 >= context.settings.parallel_rows;
    }
    case PlanKind::kFilter:
    case PlanKind::kProject:
    case PlanKind::kIndexJoin:
      return splits(*plan.children[0], context);
    case PlanKind::kHashJoin: {
      const auto& join = plan.as<planner::JoinPlan>();
      if (join.join == JoinType::kNullAnti || join.join == JoinType::kMark || join.join == JoinType::kSingle)
        return false;
      return splits(*plan.children[join.build_left ? 1 : 0], context);
    }
    default:
      return false;
  }
}

bool is_safe_pipeline(const planner::Plan& plan, const ExecutionContext& context) {
  if (!has_safe_expressions(plan, context)) return false;
  switch (plan.kind) {
    case PlanKind::kSeqScan:
      return true;
    case PlanKind::kHashJoin:
      return is_safe_pipeline(*plan.children[plan.as<planner::JoinPlan>().build_left ? 1 : 0], context);
    case PlanKind::kIndexJoin: {
      // The inner scan's filter stands in the inner plan.
      const auto& inner = *plan.as<planner::IndexJoinPlan>().inner;
      return has_safe_expressions(inner, context) && is_safe_pipeline(*plan.children[0], context);
    }
    default:
      return is_safe_pipeline(*plan.children[0], context);
  }
}

}  // namespace

bool can_split(const planner::Plan& plan, const ExecutionContext& context) {
  return splits(plan, context) && is_safe_pipeline(plan, context);
}

bool run_alone(Operator& scan, SharedState& shared, void (*consume)(void*), void* user) {
  // Waking threads costs as much as reading some vectors of columns.
  constexpr uint64_t kFirst = 32 * MorselQueue::kVectorCost;
  const auto* filterable = dynamic_cast<const FilterableScan*>(&scan);
  if (filterable == nullptr || filterable->reads_members()) return false;
  shared.begin_alone(kFirst);
  consume(user);
  return shared.end_alone();
}

bool may_run_parallel(const ExecutionContext& context) {
  return context.scheduler != nullptr && context.settings.parallel_workers > 1 && !context.is_worker;
}

ParallelWorker::ParallelWorker(const ExecutionContext& from, SharedState& shared) : context(from) {
  context.build_memory = &build_memory;
  context.scheduler = nullptr;
  context.is_worker = true;
  context.shared = &shared;
  for (NodeCounters& n : context.counters) n = {};
}

void ParallelWorker::add_counters(ExecutionContext& to) const {
  for (size_t i = 0; i < context.counters.size(); ++i) {
    const NodeCounters& from = context.counters[i];
    NodeCounters& n = to.counters[i];
    n.loops += from.loops;
    n.rows += from.rows;
    n.rows_removed += from.rows_removed;
    n.time_ns += from.time_ns;
    n.startup_ns += from.startup_ns;
    n.memory_bytes = std::max(n.memory_bytes, from.memory_bytes);
    n.spilled_bytes += from.spilled_bytes;
    n.hash_buckets = std::max(n.hash_buckets, from.hash_buckets);
    n.batches = std::max(n.batches, from.batches);
    n.io += from.io;
  }
}

void run_tasks(const ExecutionContext& context, uint32_t count, void (*task)(void*, uint32_t), void* user) {
  context.scheduler->run(count, task, user);
}

}  // namespace varve::executor
