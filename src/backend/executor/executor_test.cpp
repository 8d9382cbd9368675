// Operators over hand-built plans, compared with naive evaluation, in several chunk sizes, with and without
// spilling.
#include <gtest/gtest.h>
#include <map>
#include <set>

#include "common/sql_error.h"
#include "test_plans.h"

namespace varve::executor::test {
namespace {

using planner::JoinType;

constexpr uint32_t kInt4Eq = 65, kInt4Lt = 66, kInt4Plus = 177, kInt4Div = 154;
constexpr uint32_t kCountStar = 2803, kSumInt4 = 2108, kMinInt4 = 2132, kCountAny = 2147;

class Operators : public testing::TestWithParam<Config> {
 protected:
  Plans plans;
  std::vector<std::string> run(Plan* root, bool ordered = false) {
    return test::run(plans, root, GetParam(), ordered);
  }
};

INSTANTIATE_TEST_SUITE_P(Configs, Operators,
                         testing::Values(Config{2, 1 << 20, 1}, Config{64, 1 << 20, 1},
                                         Config{1024, 1 << 20, 1}, Config{2, 1, 1}, Config{64, 4096, 1},
                                         Config{1024, 8192, 4}));

TEST_P(Operators, FilterAndProject) {
  Rows rows = random_rows(1, 3000, 20);
  Plan* source = plans.values(rows, kRowTypes);
  auto* filter = plans.plan<planner::FilterPlan>(PlanKind::kFilter, {source}, source->output);
  filter->condition = plans.junction(
      ExprKind::kOr,
      {plans.junction(ExprKind::kAnd, {plans.call(kInt4Lt, {plans.input(0), plans.number(7)}),
                                       plans.call(kInt4Lt, {plans.number(300), plans.input(1)})}),
       plans.call(kInt4Eq, {plans.input(0), plans.number(11)})});
  auto* project = plans.plan<planner::ProjectPlan>(PlanKind::kProject, {filter},
                                                   plans.columns({type_oid::kInt4, type_oid::kText}));
  project->exprs =
      plans.list({plans.call(kInt4Plus, {plans.input(0), plans.input(1)}), plans.input(2, type_oid::kText)});
  std::vector<std::string> expected;
  for (const Row& r : rows) {
    if (r[0].null || !((r[0].number < 7 && r[1].number > 300) || r[0].number == 11)) continue;
    expected.push_back(show({Cell(r[0].number + r[1].number), r[2]}));
  }
  EXPECT_EQ(run(project, true), expected);
}

TEST_P(Operators, CaseEvaluatesOnlyTheBranchTaken) {
  Rows rows;
  for (int i = 0; i < 200; ++i) rows.push_back({Cell(i % 5)});
  Plan* source = plans.values(rows, {type_oid::kInt4});
  auto* e = plans.expr<analyzer::CaseExpr>(ExprKind::kCase, type_oid::kInt4);
  e->conditions = plans.list({plans.call(kInt4Eq, {plans.input(0), plans.number(0)})});
  e->results = plans.list({plans.number(-1)});
  e->otherwise = plans.call(kInt4Div, {plans.number(100), plans.input(0)});
  auto* project =
      plans.plan<planner::ProjectPlan>(PlanKind::kProject, {source}, plans.columns({type_oid::kInt4}));
  project->exprs = plans.list({e});
  std::vector<std::string> expected;
  for (const Row& r : rows) expected.push_back(show({Cell(r[0].number == 0 ? -1 : 100 / r[0].number)}));
  EXPECT_EQ(run(project, true), expected);
  auto* bad =
      plans.plan<planner::ProjectPlan>(PlanKind::kProject, {source}, plans.columns({type_oid::kInt4}));
  bad->exprs = plans.list({e->otherwise});
  EXPECT_THROW(run(bad), SqlError);
}

TEST_P(Operators, Sort) {
  Rows rows = random_rows(2, 4000, 30);
  for (bool descending : {false, true}) {
    for (bool nulls_first : {false, true}) {
      Plan* source = plans.values(rows, kRowTypes);
      auto* sort = plans.plan<planner::SortPlan>(PlanKind::kSort, {source}, source->output);
      sort->keys = plans.copy(std::vector{plans.key(plans.input(2, type_oid::kText), descending, nulls_first),
                                          plans.key(plans.input(0)), plans.key(plans.input(1))});
      Rows reference = rows;
      auto compare = [](const Cell& a, const Cell& b, bool desc, bool nf) {
        if (a.null || b.null) return a.null && b.null ? 0 : a.null == nf ? -1 : 1;
        int c = a.text ? a.string.compare(b.string) : a.number < b.number ? -1 : a.number > b.number;
        return desc ? -c : c;
      };
      std::stable_sort(reference.begin(), reference.end(), [&](const Row& a, const Row& b) {
        int c = compare(a[2], b[2], descending, nulls_first);
        if (c == 0) c = compare(a[0], b[0], false, false);
        if (c == 0) c = compare(a[1], b[1], false, false);
        return c < 0;
      });
      std::vector<std::string> expected;
      for (const Row& r : reference) expected.push_back(show(r));
      EXPECT_EQ(run(sort, true), expected);

      auto* top = plans.plan<planner::SortPlan>(PlanKind::kSort, {source}, source->output);
      top->keys = sort->keys;
      top->limit = plans.constant(37, type_oid::kInt8);
      auto* limit = plans.plan<planner::LimitPlan>(PlanKind::kLimit, {top}, source->output);
      limit->count = plans.constant(30, type_oid::kInt8);
      limit->offset = plans.constant(7, type_oid::kInt8);
      EXPECT_EQ(run(limit, true), std::vector(expected.begin() + 7, expected.begin() + 37));
    }
  }
}

TEST_P(Operators, IncrementalSort) {
  Rows rows = random_rows(3, 1500, 12);
  std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
    if (a[0].null || b[0].null) return !a[0].null && b[0].null;
    return a[0].number < b[0].number;
  });
  Plan* source = plans.values(rows, kRowTypes);
  auto make = [&](PlanKind kind) {
    auto* sort = plans.plan<planner::SortPlan>(kind, {source}, source->output);
    sort->keys = plans.copy(std::vector{plans.key(plans.input(0)), plans.key(plans.input(1)),
                                        plans.key(plans.input(2, type_oid::kText))});
    sort->presorted = 1;
    return sort;
  };
  EXPECT_EQ(run(make(PlanKind::kIncrementalSort), true), run(make(PlanKind::kSort), true));
}

TEST_P(Operators, GroupedAggregates) {
  Rows rows = random_rows(4, 5000, 700);
  Plan* source = plans.values(rows, kRowTypes);
  auto* agg =
      plans.plan<planner::AggregatePlan>(PlanKind::kAggregate, {source},
                                         plans.columns({type_oid::kInt4, type_oid::kText, type_oid::kInt8,
                                                        type_oid::kInt8, type_oid::kInt4, type_oid::kInt8}));
  agg->groups = plans.list({plans.input(0), plans.input(2, type_oid::kText)});
  agg->aggregates = plans.copy(std::vector{
      plans.aggregate(kCountStar, {}), plans.aggregate(kSumInt4, {plans.input(1)}),
      plans.aggregate(kMinInt4, {plans.input(1)}), plans.aggregate(kCountAny, {plans.input(1)}, true)});
  struct Group {
    Row key;
    int64_t count = 0, sum = 0;
    int32_t min = INT32_MAX;
    std::set<int32_t> distinct;
  };
  std::map<std::string, Group> groups;
  for (const Row& r : rows) {
    Group& g = groups[show({r[0], r[2]})];
    g.key = {r[0], r[2]};
    ++g.count;
    g.sum += r[1].number;
    g.min = std::min(g.min, r[1].number);
    g.distinct.insert(r[1].number);
  }
  std::vector<std::string> expected;
  for (auto& [name, g] : groups) {
    expected.push_back(name + std::to_string(g.count) + "|" + std::to_string(g.sum) + "|" +
                       std::to_string(g.min) + "|" + std::to_string(g.distinct.size()) + "|");
  }
  EXPECT_EQ(run(agg), sorted(expected));
}

TEST_P(Operators, PlainAndGroupingSets) {
  Plan* none = plans.values({}, kRowTypes);
  auto* plain = plans.plan<planner::AggregatePlan>(PlanKind::kAggregate, {none},
                                                   plans.columns({type_oid::kInt8, type_oid::kInt8}));
  plain->aggregates =
      plans.copy(std::vector{plans.aggregate(kCountStar, {}), plans.aggregate(kSumInt4, {plans.input(1)})});
  EXPECT_EQ(run(plain), std::vector<std::string>{"0|~|"});

  Rows rows = random_rows(5, 800, 5);
  Plan* source = plans.values(rows, kRowTypes);
  auto* sets = plans.plan<planner::AggregatePlan>(
      PlanKind::kAggregate, {source},
      plans.columns({type_oid::kInt4, type_oid::kText, type_oid::kInt8, type_oid::kInt4}));
  sets->groups = plans.list({plans.input(0), plans.input(2, type_oid::kText)});
  sets->aggregates = plans.copy(std::vector{plans.aggregate(kSumInt4, {plans.input(1)})});
  std::vector<uint32_t> both{0, 1}, second{1};
  std::vector<std::span<uint32_t>> list{plans.copy(both), plans.copy(second), {}};
  sets->grouping_sets = plans.copy(list);
  std::map<std::string, int64_t> sums;
  for (const Row& r : rows) {
    for (int set = 0; set < 3; ++set) {
      Row key{set == 0 ? r[0] : Cell(), set < 2 ? r[2] : Cell()};
      sums[std::to_string(set) + "/" + show(key)] += r[1].number;
    }
  }
  std::vector<std::string> expected;
  for (auto& [key, sum] : sums) expected.push_back(key.substr(2) + std::to_string(sum) + "|" + key[0] + "|");
  EXPECT_EQ(run(sets), sorted(expected));
}

struct JoinCase {
  JoinType type;
  bool condition;
};

// What the join of two row sets must be.
std::vector<std::string> naive_join(const Rows& left, const Rows& right, JoinType type, bool condition) {
  std::vector<std::string> out;
  std::vector<bool> right_matched(right.size());
  Row nulls(3);
  for (const Row& l : left) {
    int matches = 0;
    bool unknown = false;
    for (size_t i = 0; i < right.size(); ++i) {
      const Row& r = right[i];
      bool passes = !condition || l[1].number < r[1].number;
      if (!passes) continue;
      if (l[0].null || r[0].null) {
        unknown = true;
        continue;
      }
      if (l[0].number != r[0].number) continue;
      ++matches;
      right_matched[i] = true;
      if (type == JoinType::kInner || type == JoinType::kLeft || type == JoinType::kRight ||
          type == JoinType::kFull)
        out.push_back(show(l) + show(r));
    }
    if (matches == 0 && (type == JoinType::kLeft || type == JoinType::kFull))
      out.push_back(show(l) + show(nulls));
    if (matches > 0 && type == JoinType::kSemi) out.push_back(show(l));
    if (matches == 0 && type == JoinType::kAnti) out.push_back(show(l));
    if (matches == 0 && !unknown && type == JoinType::kNullAnti) out.push_back(show(l));
    if (type == JoinType::kMark) out.push_back(show(l) + (matches > 0 ? "t|" : unknown ? "~|" : "f|"));
  }
  if (type == JoinType::kRight || type == JoinType::kFull) {
    for (size_t i = 0; i < right.size(); ++i) {
      if (!right_matched[i]) out.push_back(show(nulls) + show(right[i]));
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

TEST_P(Operators, Joins) {
  Rows left = random_rows(6, 300, 150), right = random_rows(7, 250, 150);
  Rows right_without_nulls;
  for (const Row& r : right) {
    if (!r[0].null) right_without_nulls.push_back(r);
  }
  for (const Rows& inner : {right, right_without_nulls, Rows{}}) {
    Plan* l = plans.values(left, kRowTypes);
    Plan* r = plans.values(inner, kRowTypes);
    for (JoinType type : {JoinType::kInner, JoinType::kLeft, JoinType::kRight, JoinType::kFull,
                          JoinType::kSemi, JoinType::kAnti, JoinType::kNullAnti, JoinType::kMark}) {
      for (bool condition : {false, true}) {
        auto expected = naive_join(left, inner, type, condition);
        std::vector<Oid> mark_types = kRowTypes;
        mark_types.push_back(type_oid::kBool);
        auto output = type == JoinType::kMark ? plans.columns(mark_types)
                      : type == JoinType::kSemi || type == JoinType::kAnti || type == JoinType::kNullAnti
                          ? l->output
                          : plans.joined(l, r);
        Expr* test = plans.call(kInt4Lt, {plans.input(1), plans.input(4)});
        for (bool build_left : {false, true}) {
          if (build_left && (type == JoinType::kNullAnti || type == JoinType::kMark)) continue;
          auto* join = plans.plan<planner::JoinPlan>(PlanKind::kHashJoin, {l, r}, output);
          join->join = type;
          join->left_keys = plans.list({plans.input(0)});
          join->right_keys = plans.list({plans.input(0)});
          join->build_left = build_left;
          if (condition) join->condition = test;
          EXPECT_EQ(run(join), expected) << "hash, type " << static_cast<int>(type) << " left " << build_left
                                         << " condition " << condition;
        }
        auto* loop = plans.plan<planner::JoinPlan>(PlanKind::kNestedLoop, {l, r}, output);
        loop->join = type;
        Expr* equal = plans.call(kInt4Eq, {plans.input(0), plans.input(3)});
        loop->condition = condition ? plans.junction(ExprKind::kAnd, {equal, test}) : equal;
        EXPECT_EQ(run(loop), expected) << "loop, type " << static_cast<int>(type);
        if (type == JoinType::kNullAnti || type == JoinType::kMark) continue;
        auto sort = [&](Plan* p) {
          auto* s = plans.plan<planner::SortPlan>(PlanKind::kSort, {p}, p->output);
          s->keys = plans.copy(std::vector{plans.key(plans.input(0))});
          return s;
        };
        auto* merge = plans.plan<planner::JoinPlan>(PlanKind::kMergeJoin, {sort(l), sort(r)}, output);
        merge->join = type;
        merge->left_keys = plans.list({plans.input(0)});
        merge->right_keys = plans.list({plans.input(0)});
        if (condition) merge->condition = test;
        EXPECT_EQ(run(merge), expected)
            << "merge, type " << static_cast<int>(type) << " condition " << condition;
      }
    }
  }
}

TEST_P(Operators, BigHashJoinSpills) {
  Rows left = random_rows(8, 6000, 2000), right = random_rows(9, 5000, 2000);
  Plan* l = plans.values(left, kRowTypes);
  Plan* r = plans.values(right, kRowTypes);
  auto* join = plans.plan<planner::JoinPlan>(PlanKind::kHashJoin, {l, r}, plans.joined(l, r));
  join->join = JoinType::kFull;
  join->left_keys = plans.list({plans.input(0)});
  join->right_keys = plans.list({plans.input(0)});
  EXPECT_EQ(run(join), naive_join(left, right, JoinType::kFull, false));
}

TEST_P(Operators, SetOperations) {
  Rows left, right;
  std::mt19937 random(10);
  for (int i = 0; i < 1500; ++i)
    left.push_back({Cell(static_cast<int32_t>(random() % 400)), random() % 9 == 0 ? Cell() : Cell("x")});
  for (int i = 0; i < 1000; ++i)
    right.push_back({Cell(static_cast<int32_t>(random() % 600)), random() % 9 == 0 ? Cell() : Cell("x")});
  std::vector<Oid> types{type_oid::kInt4, type_oid::kText};
  std::map<std::string, std::pair<int, int>> counts;
  for (const Row& r : left) ++counts[show(r)].first;
  for (const Row& r : right) ++counts[show(r)].second;
  for (auto operation : {planner::SetOperationKind::kIntersect, planner::SetOperationKind::kExcept}) {
    for (bool all : {false, true}) {
      Plan* l = plans.values(left, types);
      auto* set = plans.plan<planner::SetOperationPlan>(PlanKind::kSetOperation,
                                                        {l, plans.values(right, types)}, l->output);
      set->operation = operation;
      set->all = all;
      std::vector<std::string> expected;
      for (auto& [row, n] : counts) {
        bool intersect = operation == planner::SetOperationKind::kIntersect;
        int copies = intersect ? std::min(n.first, n.second) : std::max(0, n.first - n.second);
        if (!all) copies = n.first > 0 && (n.second > 0) == intersect ? 1 : 0;
        for (int i = 0; i < copies; ++i) expected.push_back(row);
      }
      EXPECT_EQ(run(set), sorted(expected));
    }
  }
}

TEST_P(Operators, RecursiveUnion) {
  // 1, then n + 1 while n < 50, with duplicates removed.
  Plan* start = plans.values({{Cell(1)}, {Cell(1)}}, {type_oid::kInt4});
  auto* work = plans.plan<planner::CteScanPlan>(PlanKind::kWorkTableScan, {}, start->output);
  auto* filter = plans.plan<planner::FilterPlan>(PlanKind::kFilter, {work}, start->output);
  filter->condition = plans.call(kInt4Lt, {plans.input(0), plans.number(50)});
  auto* next = plans.plan<planner::ProjectPlan>(PlanKind::kProject, {filter}, start->output);
  next->exprs = plans.list({plans.call(kInt4Plus, {plans.input(0), plans.number(1)})});
  auto* all =
      plans.plan<planner::RecursiveUnionPlan>(PlanKind::kRecursiveUnion, {start, next}, start->output);
  all->distinct = true;
  std::vector<std::string> expected;
  for (int i = 1; i <= 50; ++i) expected.push_back(std::to_string(i) + "|");
  EXPECT_EQ(run(all, true), expected);
}

TEST_P(Operators, CtesAreReadTwice) {
  Rows rows = random_rows(11, 100, 10);
  plans.statement->ctes.push_back(plans.values(rows, kRowTypes));
  Plan* cte = plans.statement->ctes[0];
  auto* a = plans.plan<planner::CteScanPlan>(PlanKind::kCteScan, {}, cte->output);
  auto* b = plans.plan<planner::CteScanPlan>(PlanKind::kCteScan, {}, cte->output);
  auto* append = plans.plan<Plan>(PlanKind::kAppend, {a, b}, cte->output);
  std::vector<std::string> expected;
  for (int i = 0; i < 2; ++i) {
    for (const Row& r : rows) expected.push_back(show(r));
  }
  EXPECT_EQ(run(append, true), expected);
}

TEST_P(Operators, CorrelatedSubplans) {
  Rows inner = random_rows(12, 200, 20), outer;
  for (int i = 0; i < 60; ++i) outer.push_back({Cell(i / 2)});
  Plan* source = plans.values(inner, kRowTypes);
  auto* filter = plans.plan<planner::FilterPlan>(PlanKind::kFilter, {source}, source->output);
  filter->condition = plans.call(kInt4Eq, {plans.input(0), plans.exec_param(0)});
  auto* sum =
      plans.plan<planner::AggregatePlan>(PlanKind::kAggregate, {filter}, plans.columns({type_oid::kInt8}));
  sum->aggregates = plans.copy(std::vector{plans.aggregate(kSumInt4, {plans.input(1)})});
  plans.statement->subplans.push_back(sum);
  plans.statement->subplans.push_back(filter);
  auto subplan = [&](analyzer::SubqueryKind kind, uint32_t number, Oid type) {
    auto* e = plans.expr<analyzer::SubplanExpr>(ExprKind::kSubplan, type);
    e->subquery = kind;
    e->subplan = number;
    e->param_slots = plans.copy(std::vector<uint32_t>{0});
    e->args = plans.list({plans.input(0)});
    return e;
  };
  Plan* rows = plans.values(outer, {type_oid::kInt4});
  auto* project = plans.plan<planner::ProjectPlan>(
      PlanKind::kProject, {rows}, plans.columns({type_oid::kInt4, type_oid::kInt8, type_oid::kBool}));
  project->exprs = plans.list({plans.input(0), subplan(analyzer::SubqueryKind::kScalar, 0, type_oid::kInt8),
                               subplan(analyzer::SubqueryKind::kExists, 1, type_oid::kBool)});
  std::vector<std::string> expected;
  for (const Row& o : outer) {
    int64_t total = 0;
    bool any = false;
    for (const Row& i : inner) {
      if (i[0].null || i[0].number != o[0].number) continue;
      total += i[1].number;
      any = true;
    }
    expected.push_back(show(o) + (any ? std::to_string(total) : "~") + "|" + (any ? "t|" : "f|"));
  }
  EXPECT_EQ(run(project, true), expected);
  auto* many = plans.plan<planner::ProjectPlan>(PlanKind::kProject, {rows}, plans.columns({type_oid::kInt4}));
  many->exprs = plans.list({subplan(analyzer::SubqueryKind::kScalar, 1, type_oid::kInt4)});
  try {
    run(many);
    FAIL() << "several rows must be an error";
  } catch (const SqlError& e) {
    EXPECT_EQ(e.state().text(), "21000");
  }
}

TEST_P(Operators, WindowFrames) {
  Rows rows = random_rows(13, 400, 6);
  std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
    int32_t x = a[0].null ? 99 : a[0].number, y = b[0].null ? 99 : b[0].number;
    return x != y ? x < y : a[1].number / 50 < b[1].number / 50;
  });
  for (Row& r : rows) r[1].number /= 50;
  Plan* source = plans.values(rows, kRowTypes);
  std::vector<Oid> types = kRowTypes;
  for (int i = 0; i < 3; ++i) types.push_back(type_oid::kInt8);
  auto call = [&](const char* name) {
    planner::WindowCallPlan c{};
    c.function = functions::functions_named(name)[0];
    return c;
  };
  planner::WindowCallPlan sum{};
  sum.function = functions::function_by_oid(Oid{kSumInt4});
  sum.args = plans.list({plans.input(1)});
  auto* window = plans.plan<planner::WindowPlan>(PlanKind::kWindow, {source}, plans.columns(types));
  window->partition = plans.copy(std::vector{plans.key(plans.input(0))});
  window->order = plans.copy(std::vector{plans.key(plans.input(1))});
  window->frame.mode = planner::FrameMode::kRows;
  window->frame.start = planner::FrameBoundKind::kPreceding;
  window->frame.start_offset = plans.constant(3, type_oid::kInt8);
  window->frame.end = planner::FrameBoundKind::kFollowing;
  window->frame.end_offset = plans.constant(1, type_oid::kInt8);
  window->frame.exclusion = planner::FrameExclusion::kTies;
  if (functions::functions_named("row_number").empty()) GTEST_SKIP() << "window functions are not registered";
  window->calls = plans.copy(std::vector{call("row_number"), call("rank"), sum});
  std::vector<std::string> expected;
  for (size_t begin = 0; begin < rows.size();) {
    size_t end = begin;
    while (end < rows.size() && rows[end][0].show() == rows[begin][0].show()) ++end;
    for (size_t i = begin; i < end; ++i) {
      size_t rank = i;
      while (rank > begin && rows[rank - 1][1].number == rows[i][1].number) --rank;
      int64_t total = 0;
      for (size_t j = i < begin + 3 ? begin : i - 3; j < std::min(end, i + 2); ++j) {
        if (j == i || rows[j][1].number != rows[i][1].number) total += rows[j][1].number;
      }
      expected.push_back(show(rows[i]) + std::to_string(i - begin + 1) + "|" +
                         std::to_string(rank - begin + 1) + "|" + std::to_string(total) + "|");
    }
    begin = end;
  }
  EXPECT_EQ(run(window, true), expected);
}

}  // namespace
}  // namespace varve::executor::test
