// What has to be joined at one query level. Private to the planner.
#pragma once

#include <cstdint>
#include <vector>

#include "query_planner.h"

namespace varve::planner {

// One input of the joins: a range, an outer join that stays as it is, or the right side of an outer, semi or
// anti join.
struct JoinLeaf {
  const FromItem* item = nullptr;    // null: it came from a subquery of WHERE
  JoinType type = JoinType::kInner;  // else: how it is joined to the ranges it `needs` on its left
  RangeSet ranges = 0;
  RangeSet needs = 0;
  bool lateral = false;         // run again for every left row
  uint32_t range = UINT32_MAX;  // when it is a single one
  std::vector<Expr*> on;        // conditions of a join that is not inner
  std::vector<Expr*> filters;   // conditions on this leaf alone
  Node node;                    // planned alone; no plan: lateral

  bool special() const { return type != JoinType::kInner || lateral; }
};

}  // namespace varve::planner
