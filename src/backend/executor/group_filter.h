// What a filter above an aggregate (HAVING) tells it, so that its threads can leave out groups themselves.
#pragma once

#include <cstdint>

#include "planner/plan.h"

namespace varve::executor {

// An aggregate that can do so.
class FilterableGroups {
 public:
  virtual ~FilterableGroups() = default;
  // Before open(): groups that do not meet the condition may be left out, as far as that is a gain. The plan
  // outlives the operator.
  virtual void keep_groups(const planner::FilterPlan& filter) = 0;
  // How many have been, since this was asked last.
  virtual uint64_t take_dropped() = 0;
};

}  // namespace varve::executor
