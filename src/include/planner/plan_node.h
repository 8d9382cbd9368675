// What all nodes of a plan have in common; planner/plan.h has the nodes.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "common/strong_id.h"
#include "types/physical_type.h"

namespace varve::planner {

enum class PlanKind : uint8_t {
  kResult,  // one row of expressions, or none if the condition is false
  kValues,
  kSeqScan,
  kIndexScan,
  kInvertedScan,
  kFunctionScan,
  kCteScan,        // reads a materialised CTE
  kWorkTableScan,  // the recursive term's input
  kFilter,
  kProject,
  kProjectSet,  // set-returning functions in the select list
  kLimit,
  kSort,  // with a limit: top-n
  kIncrementalSort,
  kUnique,     // adjacent duplicates, input sorted
  kAggregate,  // hashed, or plain without groups
  kWindow,
  kHashJoin,
  kMergeJoin,
  kNestedLoop,  // inner side re-run per outer row with exec params set, or materialised
  kIndexJoin,   // nested loop whose inner side is one index lookup per outer row, a chunk at a time
  kAppend,
  kSetOperation,  // INTERSECT / EXCEPT [ALL], hashed
  kRecursiveUnion,
  kMaterialize,
  kTransform,  // a step that an extension puts behind grouping
  kLockRows,
  kInsert,
  kUpdate,
  kDelete,
  kMerge,
};

struct OutputColumn {
  std::string_view name;
  Oid type;
  int32_t typmod = -1;
  Oid collation;
  types::PhysicalType physical;
  // For RowDescription: table and column it comes straight from, else 0.
  Oid table;
  int16_t table_column = 0;
  Oid domain;  // that values are of, where `type` is the type under it; see analyzer::Expr
};

struct Plan {
  PlanKind kind;
  std::span<OutputColumn> output;
  std::span<Plan*> children;
  double startup_cost = 0;
  double total_cost = 0;
  double rows = 1;
  int32_t width = 0;  // bytes, estimated
  bool parallel_safe = false;
  uint32_t id = 0;  // dense, for the executor's per-node state and EXPLAIN ANALYZE

  template <class T>
  const T& as() const {
    return static_cast<const T&>(*this);
  }
  template <class T>
  T& as() {
    return static_cast<T&>(*this);
  }
};

}  // namespace varve::planner
