// Every I/O of a query that spills fails once: the query ends in the right error, and its plan, run again,
// gives the right rows.
#include <cerrno>
#include <gtest/gtest.h>

#include "common/sql_error.h"
#include "port/sim_vfs.h"
#include "test_plans.h"

namespace varve::executor::test {
namespace {

constexpr uint32_t kCountStar = 2803;
constexpr size_t kWorkMemBytes = 16 << 10;
constexpr int32_t kRows = 4000;

class SpillFaults : public testing::Test {
 protected:
  SpillFaults() {
    settings.chunk_rows = 64;
    settings.work_mem_bytes = kWorkMemBytes;
    settings.vfs = &vfs;
    EXPECT_TRUE(vfs.make_directory(settings.temp_directory).ok());
  }

  Plan* rows(int32_t step) {
    Rows rows;
    for (int32_t i = 0; i < kRows; ++i)
      rows.push_back({Cell(i * step % kRows), Cell("row " + std::to_string(i))});
    return plans.values(rows, {type_oid::kInt4, type_oid::kText});
  }

  // One run from start to finish; an error is thrown on, with the execution fit for the next run.
  static std::vector<std::string> run_once(Execution& execution) {
    static types::FormatSettings format;
    RunParameters parameters;
    parameters.format = &format;
    execution.start(parameters);
    try {
      auto rows = drain(execution);
      execution.finish();
      return sorted(std::move(rows));
    } catch (const SqlError&) {
      execution.finish();
      throw;
    }
  }

  void fail_everywhere(Plan* root) {
    plans.statement->root = root;
    Execution execution(*plans.statement, settings);
    auto expected = run_once(execution);
    uint64_t before = vfs.operations();
    ASSERT_EQ(run_once(execution), expected);
    uint64_t operations = vfs.operations() - before;
    ASSERT_GT(operations, 4u) << "nothing was spilled";
    uint64_t step = std::max<uint64_t>(operations / 60, 1);
    for (uint64_t at = 1; at <= operations; at += step) {
      bool full = at / step % 2 == 0;
      vfs.fail_at_operation(vfs.operations() + at, full ? ENOSPC : EIO);
      try {
        run_once(execution);
        ADD_FAILURE() << "operation " << at << " of " << operations << " failed and nobody noticed";
      } catch (const SqlError& error) {
        EXPECT_EQ(error.state().text(), full ? "53100" : "58030");
      }
      vfs.fail_at_operation(port::SimVfs::kNever, 0);
      ASSERT_EQ(run_once(execution), expected) << "after operation " << at << " had failed";
    }
  }

  Plans plans;
  port::SimVfs vfs{1};
  ExecutionSettings settings;
};

TEST_F(SpillFaults, Sort) {
  Plan* input = rows(7);
  auto* sort = plans.plan<planner::SortPlan>(PlanKind::kSort, {input}, input->output);
  sort->keys = plans.copy(std::vector{plans.key(plans.input(0))});
  fail_everywhere(sort);
}

TEST_F(SpillFaults, HashJoin) {
  Plan* l = rows(3);
  Plan* r = rows(11);
  auto* join = plans.plan<planner::JoinPlan>(PlanKind::kHashJoin, {l, r}, plans.joined(l, r));
  join->join = planner::JoinType::kFull;
  join->left_keys = plans.list({plans.input(0)});
  join->right_keys = plans.list({plans.input(0)});
  fail_everywhere(join);
}

TEST_F(SpillFaults, Aggregate) {
  auto* agg = plans.plan<planner::AggregatePlan>(PlanKind::kAggregate, {rows(13)},
                                                 plans.columns({type_oid::kText, type_oid::kInt8}));
  agg->groups = plans.list({plans.input(1, type_oid::kText)});
  agg->aggregates = plans.copy(std::vector{plans.aggregate(kCountStar, {})});
  fail_everywhere(agg);
}

}  // namespace
}  // namespace varve::executor::test
