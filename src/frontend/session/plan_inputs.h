// What every planning and every execution asks the session for and what rarely changes, kept until it does.
// Private to the session.
#pragma once

#include <cstdint>
#include <vector>

#include "common/strong_id.h"
#include "executor/execution_context.h"
#include "planner/planner.h"

namespace varve::session {

struct PlanInputs {
  // What the schemas of search_path depend on; the stamp is Session::plan_stamp(), 0: of nothing that is
  // kept.
  struct PathKey {
    uint64_t stamp = 0;
    Oid role, temporary_schema;
    bool operator==(const PathKey&) const = default;
  };
  PathKey path_key;
  std::vector<Oid> path;
  bool temporary_first = false;  // the first is the temporary schema, which nobody has put there

  uint64_t settings_generation = 0;  // that `settings` are of; 0: of none
  planner::PlannerSettings settings;
  uint64_t execution_generation = 0;  // that `execution` is of; 0: of none
  executor::ExecutionSettings execution;
};

}  // namespace varve::session
