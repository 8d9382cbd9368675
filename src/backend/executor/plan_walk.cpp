#include "plan_walk.h"

namespace varve::executor {

using namespace analyzer;  // NOLINT: every kind of expression is named below
using planner::PlanKind;

namespace {

struct Visitor {
  void (*f)(const Expr&, void*);
  void* user;
  void operator()(const Expr* e) const {
    if (e != nullptr) f(*e, user);
  }
  void operator()(const ExprList& list) const {
    for (const Expr* e : list) (*this)(e);
  }
  void operator()(std::span<SortKey> keys) const {
    for (const SortKey& k : keys) (*this)(k.expr);
  }
};

void visit_modify(const planner::ModifyPlan& p, const Visitor& v) {
  v(p.returning);
  v(p.checks);
  v(p.generated_exprs);
  v(p.conflict_values);
  v(p.conflict_where);
  v(p.recheck);
  v(p.recompute);
  v(p.view_checks);
  for (const planner::ModifyPlan::MergeAction& a : p.merge_actions) {
    v(a.condition);
    v(a.values);
  }
}

void visit_join(const planner::JoinPlan& p, const Visitor& v) {
  v(p.left_keys);
  v(p.right_keys);
  v(p.condition);
  v(p.param_values);
}

void visit_index_scan(const planner::IndexScanPlan& p, const Visitor& v) {
  v(p.filter);
  v(p.equal);
  v(p.lower.value);
  v(p.upper.value);
  v(p.any_of);
  v(p.array_any);
}

void visit_inverted(const planner::InvertedCondition& c, const Visitor& v) {
  v(c.value);
  for (const planner::InvertedCondition& part : c.parts) visit_inverted(part, v);
}

void visit_aggregate(const planner::AggregatePlan& p, const Visitor& v) {
  v(p.groups);
  for (const planner::AggregateCallPlan& c : p.aggregates) {
    v(c.args);
    v(c.filter);
    v(c.order_by);
  }
}

void visit_window(const planner::WindowPlan& p, const Visitor& v) {
  v(p.partition);
  v(p.order);
  v(p.frame.start_offset);
  v(p.frame.end_offset);
  for (const planner::WindowCallPlan& c : p.calls) {
    v(c.args);
    v(c.filter);
  }
}

}  // namespace

void for_each_part(const Expr& e, void (*f)(const Expr&, void*), void* user) {
  Visitor v{f, user};
  switch (e.kind) {
    case ExprKind::kFunction:
      v(e.as<FunctionExpr>().args);
      break;
    case ExprKind::kAnd:
    case ExprKind::kOr:
    case ExprKind::kNot:
      v(e.as<BoolExpr>().args);
      break;
    case ExprKind::kCase:
      v(e.as<CaseExpr>().arg);
      v(e.as<CaseExpr>().conditions);
      v(e.as<CaseExpr>().results);
      v(e.as<CaseExpr>().otherwise);
      break;
    case ExprKind::kCoalesce:
      v(e.as<CoalesceExpr>().args);
      break;
    case ExprKind::kNullTest:
      v(e.as<NullTestExpr>().arg);
      break;
    case ExprKind::kBooleanTest:
      v(e.as<BooleanTestExpr>().arg);
      break;
    case ExprKind::kDistinct:
    case ExprKind::kNullIf:
      v(e.as<EqualityExpr>().left);
      v(e.as<EqualityExpr>().right);
      break;
    case ExprKind::kMinMax:
      v(e.as<MinMaxExpr>().args);
      break;
    case ExprKind::kInList:
      v(e.as<InListExpr>().arg);
      v(e.as<InListExpr>().items);
      break;
    case ExprKind::kArrayOp:
      v(e.as<ArrayOpExpr>().arg);
      v(e.as<ArrayOpExpr>().array);
      break;
    case ExprKind::kCoerceViaIo:
    case ExprKind::kRelabel:
      v(e.as<CastExpr>().arg);
      break;
    case ExprKind::kArrayCoerce:
      v(e.as<analyzer::ArrayCoerceExpr>().arg);
      v(e.as<analyzer::ArrayCoerceExpr>().element);
      break;
    case ExprKind::kRow:
    case ExprKind::kArray:
      v(e.as<ListExpr>().args);
      break;
    case ExprKind::kSubplan:
      v(e.as<SubplanExpr>().args);
      v(e.as<SubplanExpr>().left);
      break;
    case ExprKind::kSetReturning:
      v(e.as<SetReturningExpr>().args);
      break;
    default:
      break;
  }
}

void for_each_expression(const planner::Plan& plan, void (*f)(const Expr&, void*), void* user) {
  Visitor v{f, user};
  switch (plan.kind) {
    case PlanKind::kResult:
      v(plan.as<planner::ResultPlan>().exprs);
      v(plan.as<planner::ResultPlan>().condition);
      break;
    case PlanKind::kValues:
      for (const ExprList& row : plan.as<planner::ValuesPlan>().rows_exprs) v(row);
      break;
    case PlanKind::kSeqScan:
      v(plan.as<planner::ScanPlan>().filter);
      v(plan.as<planner::ScanPlan>().sample_percent);
      v(plan.as<planner::ScanPlan>().sample_seed);
      break;
    case PlanKind::kIndexScan:
      visit_index_scan(plan.as<planner::IndexScanPlan>(), v);
      break;
    case PlanKind::kInvertedScan:
      v(plan.as<planner::InvertedScanPlan>().filter);
      v(plan.as<planner::InvertedScanPlan>().recheck);
      visit_inverted(plan.as<planner::InvertedScanPlan>().condition, v);
      break;
    case PlanKind::kFunctionScan:
      v(plan.as<planner::FunctionScanPlan>().args);
      break;
    case PlanKind::kFilter:
      v(plan.as<planner::FilterPlan>().condition);
      break;
    case PlanKind::kProject:
    case PlanKind::kProjectSet:
      v(plan.as<planner::ProjectPlan>().exprs);
      break;
    case PlanKind::kLimit:
      v(plan.as<planner::LimitPlan>().count);
      v(plan.as<planner::LimitPlan>().offset);
      break;
    case PlanKind::kSort:
    case PlanKind::kIncrementalSort:
      v(plan.as<planner::SortPlan>().keys);
      v(plan.as<planner::SortPlan>().limit);
      break;
    case PlanKind::kAggregate:
      visit_aggregate(plan.as<planner::AggregatePlan>(), v);
      break;
    case PlanKind::kTransform:
      v(plan.as<planner::TransformPlan>().once);
      v(plan.as<planner::TransformPlan>().lazy);
      break;
    case PlanKind::kWindow:
      visit_window(plan.as<planner::WindowPlan>(), v);
      break;
    case PlanKind::kHashJoin:
    case PlanKind::kMergeJoin:
    case PlanKind::kNestedLoop:
      visit_join(plan.as<planner::JoinPlan>(), v);
      break;
    case PlanKind::kIndexJoin:
      visit_join(plan.as<planner::JoinPlan>(), v);
      v(plan.as<planner::IndexJoinPlan>().keys);
      visit_index_scan(*plan.as<planner::IndexJoinPlan>().inner, v);
      break;
    case PlanKind::kLockRows:
      v(plan.as<planner::LockRowsPlan>().recheck);
      break;
    case PlanKind::kInsert:
    case PlanKind::kUpdate:
    case PlanKind::kDelete:
    case PlanKind::kMerge:
      visit_modify(plan.as<planner::ModifyPlan>(), v);
      break;
    default:
      break;
  }
}

}  // namespace varve::executor
