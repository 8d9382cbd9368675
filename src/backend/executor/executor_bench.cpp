// Operators over a row table t(a int4 primary key, b int4 = a % 1000, c text). items/s are rows of input.
#include <benchmark/benchmark.h>

#include "access/key_codec.h"
#include "test_table.h"

namespace varve::executor::test {
namespace {

constexpr int32_t kRows = 1'000'000;

TestTable& table() {
  static TestTable* t = [] {
    auto* made = new TestTable(40000);
    auto txn = made->begin();
    std::vector<std::string> rows(500);
    std::vector<wal::Bytes> bytes;
    std::vector<Tid> tids;
    for (int32_t at = 0; at < kRows; at += 500) {
      bytes.clear();
      tids.clear();
      for (int32_t i = 0; i < 500; ++i) {
        int32_t a = at + i;
        Value values[3] = {Value::of_int32(a), Value::of_int32(a % 1000), Value::of_string("short text")};
        made->relation()->layout->encode(values, &rows[static_cast<size_t>(i)]);
        bytes.push_back({reinterpret_cast<const uint8_t*>(rows[static_cast<size_t>(i)].data()),
                         rows[static_cast<size_t>(i)].size()});
      }
      VARVE_CHECK(made->relation()->heap->insert_many(*txn, bytes, 3, &tids).ok());
      access::KeyColumn column;
      for (size_t i = 0; i < tids.size(); ++i) {
        std::string key;
        access::append_key_column(key, column, Value::of_int32(at + static_cast<int32_t>(i)));
        VARVE_CHECK(made->tree().insert(*txn, access::key_bytes(key), tids[i], nullptr).ok());
      }
    }
    made->commit(txn);
    return made;
  }();
  return *t;
}

void run_plan(benchmark::State& state, Plans& plans, Plan* root, uint32_t threads = 1) {
  plans.statement->root = root;
  ExecutionSettings settings;
  settings.work_mem_bytes = size_t{256} << 20;
  settings.parallel_workers = threads;
  TaskScheduler scheduler(threads - 1);
  Execution execution(*plans.statement, settings, &scheduler);
  uint64_t rows = 0;
  for (auto _ : state) {
    auto txn = table().begin();
    execution.start(table().parameters(*txn));
    vector::Chunk* chunk = nullptr;
    while (execution.next(chunk)) rows += chunk->count();
    execution.finish();
    table().commit(txn);
  }
  benchmark::DoNotOptimize(rows);
  state.SetItemsProcessed(state.iterations() * kRows);
}

void BM_Scan(benchmark::State& state) {
  Plans plans;
  run_plan(state, plans, table().scan(plans));
}
BENCHMARK(BM_Scan)->Unit(benchmark::kMillisecond);

void BM_FilterSum(benchmark::State& state) {
  Plans plans;
  auto* scan = table().scan(plans);
  scan->rows = kRows;
  scan->columns = scan->columns.first(2);
  scan->output = scan->output.first(2);
  scan->filter = plans.call(66, {plans.input(1), plans.number(500)});
  auto* agg = plans.plan<planner::AggregatePlan>(PlanKind::kAggregate, {scan},
                                                 plans.columns({type_oid::kInt8, type_oid::kInt8}));
  agg->aggregates =
      plans.copy(std::vector{plans.aggregate(2803, {}), plans.aggregate(2108, {plans.input(0)})});
  run_plan(state, plans, agg, static_cast<uint32_t>(state.range(0)));
}
BENCHMARK(BM_FilterSum)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();

void BM_GroupBy(benchmark::State& state) {
  Plans plans;
  auto* scan = table().scan(plans);
  scan->rows = kRows;
  scan->columns = scan->columns.first(2);
  scan->output = scan->output.first(2);
  auto* agg = plans.plan<planner::AggregatePlan>(
      PlanKind::kAggregate, {scan}, plans.columns({type_oid::kInt4, type_oid::kInt8, type_oid::kInt8}));
  agg->groups = plans.list({plans.input(1)});
  agg->aggregates =
      plans.copy(std::vector{plans.aggregate(2803, {}), plans.aggregate(2108, {plans.input(0)})});
  run_plan(state, plans, agg, static_cast<uint32_t>(state.range(0)));
}
BENCHMARK(BM_GroupBy)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();

void BM_HashJoin(benchmark::State& state) {
  Plans plans;
  auto two = [&] {
    auto* scan = table().scan(plans);
    scan->columns = scan->columns.first(2);
    scan->output = scan->output.first(2);
    return scan;
  };
  auto *l = two(), *r = two();
  r->filter = plans.call(66, {plans.input(0), plans.number(100000)});
  auto* join = plans.plan<planner::JoinPlan>(PlanKind::kHashJoin, {l, r}, plans.joined(l, r));
  join->left_keys = plans.list({plans.input(0)});
  join->right_keys = plans.list({plans.input(0)});
  run_plan(state, plans, join);
}
BENCHMARK(BM_HashJoin)->Unit(benchmark::kMillisecond);

void BM_Sort(benchmark::State& state) {
  Plans plans;
  auto* scan = table().scan(plans);
  auto* sort = plans.plan<planner::SortPlan>(PlanKind::kSort, {scan}, scan->output);
  sort->keys = plans.copy(std::vector{plans.key(plans.input(1)), plans.key(plans.input(0), true)});
  run_plan(state, plans, sort);
}
BENCHMARK(BM_Sort)->Unit(benchmark::kMillisecond);

void BM_PointRead(benchmark::State& state) {
  Plans plans;
  auto* scan = table().index_scan(plans);
  auto* param = plans.expr<analyzer::ParamExpr>(ExprKind::kParam, type_oid::kInt4);
  scan->equal = plans.list({param});
  scan->unique_match = true;
  auto* project = plans.plan<planner::ProjectPlan>(PlanKind::kProject, {scan}, scan->output);
  project->exprs = plans.list({plans.input(0), plans.input(1), plans.input(2, type_oid::kText)});
  plans.statement->root = project;
  plans.statement->is_point_statement = true;
  Execution execution(*plans.statement, {});
  auto txn = table().begin();
  RunParameters parameters = table().parameters(*txn);
  Value key = Value::of_int32(0);
  parameters.params = {&key, 1};
  uint32_t at = 0, rows = 0;
  for (auto _ : state) {
    key = Value::of_int32(static_cast<int32_t>((at += 7919) % kRows));
    execution.start(parameters);
    vector::Chunk* chunk = nullptr;
    while (execution.next(chunk)) rows += chunk->count();
    execution.finish();
  }
  VARVE_CHECK(rows == state.iterations());
  table().commit(txn);
}
BENCHMARK(BM_PointRead);

}  // namespace
}  // namespace varve::executor::test
