// WITHIN GROUP's direct arguments under several grouping sets. They are the group's: what is grouped by is
// NULL in them where the set leaves it out, while the rows still have their own values.
#include <algorithm>

#include "analyzer/expression_walk.h"
#include "analyzer/query_walk.h"
#include "common/sql_error.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "grouping_sets.h"

namespace varve::planner {

using analyzer::AggregateExpr;
using analyzer::ConstExpr;
using analyzer::Expr;
using analyzer::ExprKind;
using analyzer::GroupingExpr;
using analyzer::Query;
using types::Value;

namespace {

// Which of the grouping expressions stand in the arguments.
std::vector<uint32_t> used_groups(std::span<Expr* const> arguments, std::span<Expr* const> groups) {
  std::vector<uint32_t> used;
  for (uint32_t i = 0; i < groups.size(); ++i) {
    auto is_this = [&](const Expr& x) { return analyzer::same_expression(groups[i], &x); };
    if (std::any_of(arguments.begin(), arguments.end(),
                    [&](const Expr* a) { return analyzer::any_of(a, is_this); }))
      used.push_back(i);
  }
  return used;
}

// Reads a column of the query so many levels out.
bool reads_column(const Expr* e, uint32_t level) {
  bool found = false;
  analyzer::walk_deep(e, level, [&](const Expr& x, uint32_t depth) {
    found |= x.kind == ExprKind::kColumn && x.as<analyzer::ColumnExpr>().levels_up == depth;
    return !found;
  });
  return found;
}

// What stands in subqueries is not rewritten: the wrong rows' values must not be taken for the group's.
void refuse_deep_arguments(const Expr* e) {
  analyzer::walk_deep(e, 0, [&](const Expr& x, uint32_t depth) {
    if (x.kind != ExprKind::kAggregate || x.as<AggregateExpr>().levels_up != depth) return true;
    const auto& aggregate = x.as<AggregateExpr>();
    for (const Expr* direct : aggregate.args.first(aggregate.direct_args)) {
      const bool deep = depth > 0 || analyzer::any_of(direct, [](const Expr& part) {
                          return part.kind == ExprKind::kSubquery;
                        });
      if (deep && reads_column(direct, depth))
        throw_not_supported(
            "a direct argument of WITHIN GROUP that a subquery and several grouping sets share");
    }
    return true;
  });
}

bool contains(std::span<const uint32_t> set, uint32_t group) {
  return std::find(set.begin(), set.end(), group) != set.end();
}

// The aggregate as sets see it that leave out the groups `missing`.
Expr* without_groups(const Query& query, Arena& arena, const AggregateExpr& aggregate,
                     std::span<const uint32_t> missing) {
  auto* own = analyzer::copy_node(aggregate, arena);
  std::vector<Expr*> args(aggregate.args.begin(), aggregate.args.end());
  for (uint32_t i = 0; i < aggregate.direct_args; ++i) {
    args[i] = analyzer::rewrite(args[i], arena, [&](Expr* x) -> Expr* {
      for (uint32_t group : missing) {
        if (!analyzer::same_expression(query.group_by[group], x)) continue;
        auto* null = arena.make<ConstExpr>();
        static_cast<Expr&>(*null) = *x;
        null->kind = ExprKind::kConst;
        null->value = Value::null_of(functions::physical_type_of(x->type));
        return null;
      }
      return nullptr;
    });
  }
  own->as<AggregateExpr>().args = arena.copy(args);
  return own;
}

// One aggregate for each way in which sets leave out what the direct arguments name, and GROUPING() chooses.
// Null: it is the same for all.
Expr* by_grouping_set(const Query& query, Arena& arena, const AggregateExpr& aggregate) {
  std::vector<uint32_t> used = used_groups(aggregate.args.first(aggregate.direct_args), query.group_by);
  auto always_there = [&](uint32_t group) {
    return std::all_of(query.grouping_sets.begin(), query.grouping_sets.end(),
                       [&](std::span<const uint32_t> set) { return contains(set, group); });
  };
  std::erase_if(used, always_there);
  if (used.empty()) return nullptr;
  auto* grouping = arena.make<GroupingExpr>();
  grouping->kind = ExprKind::kGrouping;
  grouping->type = type_oid::kInt4;
  std::vector<Expr*> keys;
  for (uint32_t group : used) keys.push_back(query.group_by[group]);
  grouping->args = arena.copy(keys);
  std::vector<int32_t> seen;
  std::vector<Expr*> conditions, results;
  for (std::span<const uint32_t> set : query.grouping_sets) {
    int32_t bits = 0;
    std::vector<uint32_t> missing;
    for (uint32_t group : used) {
      const bool left_out = !contains(set, group);
      bits = bits << 1 | (left_out ? 1 : 0);
      if (left_out) missing.push_back(group);
    }
    if (std::find(seen.begin(), seen.end(), bits) != seen.end()) continue;
    seen.push_back(bits);
    conditions.push_back(equals_int4(arena, grouping, bits));
    results.push_back(without_groups(query, arena, aggregate, missing));
  }
  auto* chosen = arena.make<analyzer::CaseExpr>();
  static_cast<Expr&>(*chosen) = aggregate;
  chosen->kind = ExprKind::kCase;
  chosen->otherwise = results.back();
  conditions.pop_back();
  results.pop_back();
  if (conditions.empty()) return chosen->otherwise;
  chosen->conditions = arena.copy(conditions);
  chosen->results = arena.copy(results);
  return chosen;
}

}  // namespace

Expr* int4_constant(Arena& arena, int32_t v) {
  auto* c = arena.make<ConstExpr>();
  c->kind = ExprKind::kConst;
  c->type = type_oid::kInt4;
  c->value = Value::of_int32(v);
  return c;
}

Expr* equals_int4(Arena& arena, Expr* value, int32_t constant) {
  auto* test = arena.make<analyzer::FunctionExpr>();
  test->kind = ExprKind::kFunction;
  test->type = type_oid::kBool;
  test->function = functions::function_by_oid(functions::equality_operator(type_oid::kInt4)->function);
  auto* site = arena.make<functions::CallSite>();
  site->arg_types = test->function->args;
  site->result_type = type_oid::kBool;
  test->site = site;
  test->args = arena.copy(std::vector<Expr*>{value, int4_constant(arena, constant)});
  return test;
}

void split_direct_arguments(Query& query, Arena& arena) {
  if (query.grouping_sets.size() < 2) return;
  auto split = [&](Expr*& e) {
    if (e == nullptr) return;
    refuse_deep_arguments(e);
    e = analyzer::rewrite(e, arena, [&](Expr* x) -> Expr* {
      if (x->kind != ExprKind::kAggregate) return nullptr;
      const auto& aggregate = x->as<AggregateExpr>();
      return aggregate.levels_up == 0 && aggregate.direct_args > 0 ? by_grouping_set(query, arena, aggregate)
                                                                   : nullptr;
    });
  };
  for (analyzer::Target& t : query.targets) split(t.expr);
  split(query.having);
  for (analyzer::Window& w : query.windows) {
    for (analyzer::SortKey& k : w.partition) split(k.expr);
    for (analyzer::SortKey& k : w.order) split(k.expr);
  }
}

}  // namespace varve::planner
