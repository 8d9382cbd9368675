// WITHIN GROUP's direct arguments under several grouping sets. They are the group's: what is grouped by is
// NULL in them where the set leaves it out, while the rows still have their own values.
#include <algorithm>

#include "analyzer/expression_walk.h"
#include "analyzer/query_walk.h"
#include "common/sql_error.h"
#include "functions/type_oids.h"
#include "query_planner.h"

namespace varve::planner {

using analyzer::AggregateExpr;
using analyzer::ConstExpr;
using analyzer::ExprKind;
using analyzer::GroupingExpr;
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

}  // namespace

// The aggregate as sets see it that leave out the groups `missing`.
Expr* QueryPlanner::without_groups(const AggregateExpr& aggregate, std::span<const uint32_t> missing) {
  auto* own = analyzer::copy_node(aggregate, arena_);
  std::vector<Expr*> args(aggregate.args.begin(), aggregate.args.end());
  for (uint32_t i = 0; i < aggregate.direct_args; ++i) {
    args[i] = analyzer::rewrite(args[i], arena_, [&](Expr* x) -> Expr* {
      for (uint32_t group : missing) {
        if (!analyzer::same_expression(query_.group_by[group], x)) continue;
        auto* null = arena_.make<ConstExpr>();
        static_cast<Expr&>(*null) = *x;
        null->kind = ExprKind::kConst;
        null->value = Value::null_of(functions::type_by_oid(x->type)->physical);
        return null;
      }
      return nullptr;
    });
  }
  own->as<AggregateExpr>().args = arena_.copy(args);
  return own;
}

// One aggregate for each way in which sets leave out what the direct arguments name, and GROUPING() chooses.
Expr* QueryPlanner::by_grouping_set(const AggregateExpr& aggregate) {
  std::vector<uint32_t> used = used_groups(aggregate.args.first(aggregate.direct_args), query_.group_by);
  auto always_there = [&](uint32_t group) {
    return std::all_of(query_.grouping_sets.begin(), query_.grouping_sets.end(),
                       [&](std::span<const uint32_t> set) { return contains(set, group); });
  };
  std::erase_if(used, always_there);
  if (used.empty()) return nullptr;
  auto* grouping = arena_.make<GroupingExpr>();
  grouping->kind = ExprKind::kGrouping;
  grouping->type = type_oid::kInt4;
  std::vector<Expr*> keys;
  for (uint32_t group : used) keys.push_back(query_.group_by[group]);
  grouping->args = arena_.copy(keys);
  std::vector<int32_t> seen;
  std::vector<Expr*> conditions, results;
  for (std::span<const uint32_t> set : query_.grouping_sets) {
    int32_t bits = 0;
    std::vector<uint32_t> missing;
    for (uint32_t group : used) {
      const bool left_out = !contains(set, group);
      bits = bits << 1 | (left_out ? 1 : 0);
      if (left_out) missing.push_back(group);
    }
    if (std::find(seen.begin(), seen.end(), bits) != seen.end()) continue;
    seen.push_back(bits);
    conditions.push_back(equals_int4(grouping, bits));
    results.push_back(without_groups(aggregate, missing));
  }
  auto* chosen = arena_.make<analyzer::CaseExpr>();
  static_cast<Expr&>(*chosen) = aggregate;
  chosen->kind = ExprKind::kCase;
  chosen->otherwise = results.back();
  conditions.pop_back();
  results.pop_back();
  if (conditions.empty()) return chosen->otherwise;
  chosen->conditions = arena_.copy(conditions);
  chosen->results = arena_.copy(results);
  return chosen;
}

void QueryPlanner::split_direct_arguments() {
  if (query_.grouping_sets.size() < 2) return;
  auto split = [&](Expr*& e) {
    if (e == nullptr) return;
    refuse_deep_arguments(e);
    e = analyzer::rewrite(e, arena_, [&](Expr* x) -> Expr* {
      if (x->kind != ExprKind::kAggregate) return nullptr;
      const auto& aggregate = x->as<AggregateExpr>();
      return aggregate.levels_up == 0 && aggregate.direct_args > 0 ? by_grouping_set(aggregate) : nullptr;
    });
  };
  for (analyzer::Target& t : query_.targets) split(t.expr);
  split(query_.having);
  for (analyzer::Window& w : query_.windows) {
    for (analyzer::SortKey& k : w.partition) split(k.expr);
    for (analyzer::SortKey& k : w.order) split(k.expr);
  }
}

}  // namespace varve::planner
