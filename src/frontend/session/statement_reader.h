// What the planner may read while it plans (planner::PlanTimeReader). Private to the module.
#pragma once

#include "planner/planner.h"

namespace varve::session {

class Session;

class StatementReader final : public planner::PlanTimeReader {
 public:
  explicit StatementReader(Session& session) : session_(session) {}
  bool read(const planner::PlannedStatement& statement, size_t most_rows, Arena& arena,
            std::vector<types::Value>* values) override;

 private:
  Session& session_;
};

}  // namespace varve::session
