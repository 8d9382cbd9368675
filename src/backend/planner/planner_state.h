// What the query levels of a statement share while it is planned, and plans under construction. Private to
// the planner.
#pragma once

#include <unordered_map>
#include <vector>

#include "analyzer/query.h"
#include "planner/planner.h"
#include "query_copy.h"

namespace varve::planner {

using analyzer::ColumnExpr;
using analyzer::ExprKind;
using analyzer::FromItem;
using analyzer::Query;
using analyzer::Range;
using RangeSet = uint64_t;  // bit n: range n of the query

// A plan under construction. layout[i] is the expression, in the query's own terms, that output column i
// carries; expressions over the plan are made by finding their parts in the layout (QueryPlanner::resolve).
struct Node {
  Plan* plan = nullptr;
  std::vector<Expr*> layout;
  RangeSet ranges = 0;
  // Order that the rows come in, as far as known: layout positions.
  struct Order {
    uint32_t column;
    bool descending, nulls_first;
  };
  std::vector<Order> order;
};

// Shared by all levels of a statement.
struct PlannerState {
  PlannedStatement& statement;
  const PlannerSettings& settings;
  txn::TxnManager& txns;
  functions::EvalContext& eval;
  // By SubplanExpr::subplan: one run's cost, and how many different sets of arguments there may be.
  struct SubplanEstimate {
    double cost = 0;
    double distinct_arguments = 1;
  };
  std::vector<SubplanEstimate> subplans = {};
  // Of tables that stand for several: what those hold that are read.
  struct FamilySize {
    double rows = 0, pages = 0;
  };
  std::unordered_map<const catalog::Relation*, FamilySize> family_sizes = {};
  RaisedQueries raised = {};

  uint32_t new_slot() { return statement.exec_param_count++; }
  template <class T>
  T* make(PlanKind kind) {
    T* plan = statement.arena.make<T>();
    plan->kind = kind;
    plan->id = statement.node_count++;
    return plan;
  }
};

}  // namespace varve::planner
