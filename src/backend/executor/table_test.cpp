// Scans and changes of real tables.
#include <gtest/gtest.h>

#include "common/sql_error.h"
#include "test_table.h"

namespace varve::executor::test {
namespace {

constexpr uint32_t kInt4Lt = 66, kInt4Plus = 177;

class Table : public testing::TestWithParam<uint32_t> {
 protected:
  TestTable table;

  void load(int32_t rows) {
    Plans plans;
    Rows values;
    for (int32_t i = 0; i < rows; ++i)
      values.push_back({Cell(i), Cell(i % 10), Cell("value number " + std::to_string(i))});
    uint64_t affected = 0;
    table.run(plans, table.insert(plans, plans.values(values, kRowTypes)), GetParam(), &affected);
    EXPECT_EQ(affected, static_cast<uint64_t>(rows));
  }
  std::string row(int32_t a, int32_t b) {
    return show({Cell(a), Cell(b), Cell("value number " + std::to_string(a))});
  }
  std::vector<std::string> all() {
    Plans plans;
    return sorted(table.run(plans, table.scan(plans), GetParam()));
  }
  std::vector<std::string> by_key(int32_t a) {
    Plans plans;
    auto* scan = table.index_scan(plans);
    scan->equal = plans.list({plans.number(a)});
    scan->unique_match = true;
    return table.run(plans, scan, GetParam());
  }
  planner::ModifyPlan* update(Plans& plans, Plan* source, catalog::ColumnNumber column, Expr* value) {
    auto* project = plans.plan<planner::ProjectPlan>(
        PlanKind::kProject, {source},
        plans.columns({type_oid::kInt8, type_oid::kInt4, type_oid::kInt4, type_oid::kText, type_oid::kInt4}));
    project->exprs = plans.list({plans.input(0, type_oid::kInt8), plans.input(1), plans.input(2),
                                 plans.input(3, type_oid::kText), value});
    auto* p = plans.plan<planner::ModifyPlan>(PlanKind::kUpdate, {project}, {});
    p->relation = &table.relation();
    p->assigned = plans.copy(std::vector<catalog::ColumnNumber>{column});
    p->recompute = plans.list({value});
    return p;
  }
};
INSTANTIATE_TEST_SUITE_P(ChunkRows, Table, testing::Values(2u, 64u, 1024u));

TEST_P(Table, ScanWithFilter) {
  load(2500);
  Plans plans;
  auto* scan = table.scan(plans);
  scan->filter = plans.call(kInt4Lt, {plans.input(1), plans.number(3)});
  std::vector<std::string> expected;
  for (int32_t i = 0; i < 2500; ++i) {
    if (i % 10 < 3) expected.push_back(row(i, i % 10));
  }
  EXPECT_EQ(sorted(table.run(plans, scan, GetParam())), sorted(expected));
}

TEST_P(Table, IndexScans) {
  load(1500);
  EXPECT_EQ(by_key(777), std::vector{row(777, 7)});
  EXPECT_TRUE(by_key(1500).empty());
  for (bool backward : {false, true}) {
    Plans plans;
    auto* range = table.index_scan(plans);
    range->lower = {plans.number(100), false};
    range->upper = {plans.number(400), true};
    range->backward = backward;
    std::vector<std::string> expected;
    for (int32_t i = 101; i <= 400; ++i) expected.push_back(row(i, i % 10));
    if (backward) std::reverse(expected.begin(), expected.end());
    EXPECT_EQ(table.run(plans, range, GetParam()), expected);
    Plans more;
    auto* any = table.index_scan(more);
    any->any_of = more.list({more.number(9), more.number(3), more.number(9), more.number(4000)});
    EXPECT_EQ(table.run(more, any, GetParam()), (std::vector{row(3, 3), row(9, 9)}));
  }
}

TEST_P(Table, UniqueViolationAndNotNull) {
  load(10);
  Plans plans;
  try {
    auto txn = table.begin();
    table.run_in(*txn, plans, table.insert(plans, plans.values({{Cell(5), Cell(1), Cell("x")}}, kRowTypes)));
    FAIL();
  } catch (const SqlError& e) {
    EXPECT_EQ(e.state().text(), "23505");
    EXPECT_EQ(e.fields().message, "duplicate key value violates unique constraint \"t_pkey\"");
    EXPECT_EQ(e.fields().detail, "Key (a)=(5) already exists.");
    EXPECT_EQ(e.fields().constraint, "t_pkey");
  }
  try {
    Plans more;
    auto txn = table.begin();
    table.run_in(*txn, more, table.insert(more, more.values({{Cell(), Cell(1), Cell("x")}}, kRowTypes)));
    FAIL();
  } catch (const SqlError& e) {
    EXPECT_EQ(e.state().text(), "23502");
    EXPECT_EQ(e.fields().message,
              "null value in column \"a\" of relation \"t\" violates not-null constraint");
    EXPECT_EQ(e.fields().detail, "Failing row contains (null, 1, x).");
  }
}

TEST_P(Table, UpdateOfPlainAndKeyColumns) {
  load(300);
  Plans plans;
  uint64_t affected = 0;
  table.run(
      plans,
      update(plans, table.scan(plans, true), 2, plans.call(kInt4Plus, {plans.input(2), plans.number(100)})),
      GetParam(), &affected);
  EXPECT_EQ(affected, 300u);
  EXPECT_EQ(by_key(123), std::vector{row(123, 103)});
  Plans keys;  // the keys move away from each other, so that none is there twice
  table.run(keys,
            update(keys, table.scan(keys, true), 1, keys.call(kInt4Plus, {keys.input(1), keys.number(1000)})),
            GetParam(), &affected);
  EXPECT_EQ(affected, 300u);
  EXPECT_TRUE(by_key(123).empty());
  EXPECT_EQ(by_key(1123), std::vector{show({Cell(1123), Cell(103), Cell("value number 123")})});
  Plans range;
  auto* scan = table.index_scan(range);
  EXPECT_EQ(table.run(range, scan, GetParam()).size(), 300u);
  EXPECT_TRUE(table.tree().verify().ok());
}

TEST_P(Table, DeleteAndReturning) {
  load(50);
  Plans plans;
  auto* scan = table.scan(plans, true);
  scan->filter = plans.call(kInt4Lt, {plans.input(2), plans.number(5)});
  auto* p = plans.plan<planner::ModifyPlan>(PlanKind::kDelete, {scan}, plans.columns({type_oid::kInt4}));
  p->relation = &table.relation();
  p->returning = plans.list({plans.call(kInt4Plus, {plans.input(0), plans.number(1)})});
  std::vector<std::string> expected, left;
  for (int32_t i = 0; i < 50; ++i) {
    if (i % 10 < 5)
      expected.push_back(std::to_string(i + 1) + "|");
    else
      left.push_back(row(i, i % 10));
  }
  EXPECT_EQ(sorted(table.run(plans, p, GetParam())), sorted(expected));
  EXPECT_EQ(all(), sorted(left));
  load(0);
  Plans again;  // a deleted key can be used again
  table.run(again, table.insert(again, again.values({{Cell(1), Cell(1), Cell("new")}}, kRowTypes)),
            GetParam());
  EXPECT_EQ(by_key(1), std::vector<std::string>{"1|1|new|"});
}

TEST_P(Table, OnConflict) {
  load(5);
  Rows rows{{Cell(3), Cell(70), Cell("x")}, {Cell(8), Cell(80), Cell("y")}};
  Plans nothing;
  auto* p = table.insert(nothing, nothing.values(rows, kRowTypes));
  p->on_conflict = p->do_nothing = true;
  uint64_t affected = 0;
  table.run(nothing, p, GetParam(), &affected);
  EXPECT_EQ(affected, 1u);
  EXPECT_EQ(by_key(3), std::vector{row(3, 3)});
  Plans change;
  rows.pop_back();
  auto* q = table.insert(change, change.values(rows, kRowTypes));
  q->on_conflict = true;
  q->arbiters = change.copy(std::vector<const catalog::Index*>{&table.relation()->indexes[0]});
  q->conflict_assigned = change.copy(std::vector<catalog::ColumnNumber>{2});
  q->conflict_values = change.list({change.call(kInt4Plus, {change.input(1), change.input(4)})});
  table.run(change, q, GetParam(), &affected);
  EXPECT_EQ(affected, 1u);
  EXPECT_EQ(by_key(3), std::vector{row(3, 73)});
  EXPECT_EQ(all().size(), 6u);
}

TEST_P(Table, ReadCommittedSeesTheNewestVersionAgain) {
  load(3);
  auto reader = table.begin();
  RunParameters before = table.parameters(*reader);
  Plans first;
  table.run(
      first,
      update(first, table.scan(first, true), 2, first.call(kInt4Plus, {first.input(2), first.number(10)})),
      GetParam());
  // A statement whose snapshot is older than that update: adds to the new value, not to the one it saw.
  Plans second;
  second.statement->root = update(second, table.scan(second, true), 2,
                                  second.call(kInt4Plus, {second.input(2), second.number(100)}));
  ExecutionSettings settings = test_settings();
  settings.chunk_rows = GetParam();
  Execution execution(*second.statement, settings);
  execution.start(before);
  drain(execution);
  EXPECT_EQ(execution.affected_rows(), 3u);
  execution.finish();
  table.commit(reader);
  EXPECT_EQ(all(), sorted({row(0, 110), row(1, 111), row(2, 112)}));
}

TEST_P(Table, RepeatableReadRefuses) {
  load(3);
  auto reader = table.begin(txn::Isolation::kRepeatableRead);
  RunParameters before = table.parameters(*reader);
  Plans first;
  table.run(
      first,
      update(first, table.scan(first, true), 2, first.call(kInt4Plus, {first.input(2), first.number(10)})),
      GetParam());
  Plans second;
  second.statement->root = update(second, table.scan(second, true), 2, second.number(0));
  Execution execution(*second.statement, {});
  execution.start(before);
  try {
    drain(execution);
    FAIL();
  } catch (const SqlError& e) {
    EXPECT_EQ(e.state().text(), "40001");
  }
  table.txns().rollback(*reader);
}

TEST_P(Table, ParallelAggregation) {
  constexpr int32_t kRows = 3000;
  load(kRows);
  for (uint32_t threads : {1u, 4u}) {
    for (size_t work_mem : {size_t{4} << 20, size_t{1}}) {
      Plans plans;
      auto* scan = table.scan(plans);
      scan->rows = 1e6;
      auto* agg = plans.plan<planner::AggregatePlan>(
          PlanKind::kAggregate, {scan}, plans.columns({type_oid::kText, type_oid::kInt8, type_oid::kInt8}));
      agg->groups = plans.list({plans.input(2, type_oid::kText)});
      agg->aggregates =
          plans.copy(std::vector{plans.aggregate(2803, {}), plans.aggregate(2108, {plans.input(0)})});
      plans.statement->root = agg;
      ExecutionSettings settings = test_settings();
      settings.chunk_rows = GetParam();
      settings.parallel_workers = threads;
      settings.work_mem_bytes = work_mem;
      TaskScheduler scheduler(threads);
      Execution execution(*plans.statement, settings, &scheduler);
      for (int again = 0; again < 2; ++again) {
        auto txn = table.begin();
        execution.start(table.parameters(*txn));
        std::vector<std::string> expected;
        for (int32_t i = 0; i < kRows; ++i)
          expected.push_back("value number " + std::to_string(i) + "|1|" + std::to_string(i) + "|");
        EXPECT_EQ(sorted(drain(execution)), sorted(expected));
        execution.finish();
        table.commit(txn);
      }
    }
  }
}

TEST_P(Table, IndexJoin) {
  load(200);
  Plans plans;
  Rows outer;
  for (int32_t i = 190; i < 210; ++i) outer.push_back({Cell(i)});
  outer.push_back({Cell()});
  Plan* left = plans.values(outer, {type_oid::kInt4});
  auto* inner = table.index_scan(plans);
  auto* join = plans.plan<planner::IndexJoinPlan>(PlanKind::kIndexJoin, {left}, plans.joined(left, inner));
  join->join = planner::JoinType::kLeft;
  join->inner = inner;
  join->keys = plans.list({plans.input(0)});
  std::vector<std::string> expected;
  for (int32_t i = 190; i < 200; ++i) expected.push_back(std::to_string(i) + "|" + row(i, i % 10));
  for (int32_t i = 200; i < 210; ++i) expected.push_back(std::to_string(i) + "|~|~|~|");
  expected.push_back("~|~|~|~|");
  EXPECT_EQ(sorted(table.run(plans, join, GetParam())), sorted(expected));
}

}  // namespace
}  // namespace varve::executor::test
