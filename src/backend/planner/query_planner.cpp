// What stands above the joins: grouping, windows, the select list, DISTINCT, ORDER BY, LIMIT; set operations,
// CTEs.
#include "query_planner.h"

#include <algorithm>
#include <cmath>

#include "analyzer/query_walk.h"
#include "common/sql_error.h"
#include "functions/type_oids.h"
#include "grouping_sets.h"
#include "planner/row_transform.h"
#include "rewrite.h"

namespace varve::planner {

using analyzer::AggregateExpr;
using analyzer::CaseExpr;
using analyzer::ConstExpr;
using analyzer::GroupingExpr;
using analyzer::Target;
using analyzer::TargetKey;
using analyzer::WindowExpr;
using types::Value;

std::span<OutputColumn> QueryPlanner::output_of(std::span<Expr* const> exprs) {
  auto* columns = arena_.make_array<OutputColumn>(exprs.size());
  for (size_t i = 0; i < exprs.size(); ++i) {
    columns[i] = OutputColumn{{},
                              exprs[i]->type,
                              exprs[i]->typmod,
                              exprs[i]->collation,
                              functions::physical_type_of(exprs[i]->type),
                              kInvalidOid,
                              0,
                              exprs[i]->domain};
  }
  return {columns, exprs.size()};
}

namespace {

void set_child(Arena& arena, Plan* plan, Plan* child) {
  plan->children = arena.copy(std::vector<Plan*>{child});
  plan->rows = child->rows;
  plan->startup_cost = child->startup_cost;
  plan->total_cost = child->total_cost;
  plan->width = child->width;
}

bool contains_set_returning(const Expr* e) {
  return analyzer::any_of(e, [](const Expr& x) { return x.kind == ExprKind::kSetReturning; });
}

}  // namespace

Node QueryPlanner::plan() {
  pull_up_subqueries(state_, query_);
  enclose_lateral_joins(state_, query_);
  use_index_for_min_max(state_, query_);
  Query* unnested = unnest_scalar_aggregates(state_, query_);
  if (unnested == nullptr) return plan_as_written();
  // Once with the subqueries run for each row, once with them as joins: whichever costs less.
  Node by_row = plan_as_written();
  QueryPlanner other(state_, *unnested, parent_, derived_);
  Node joined = other.plan_as_written();
  if (joined.plan->total_cost < by_row.plan->total_cost) {
    outer_ = std::move(other.outer_);
    return joined;
  }
  return by_row;
}

Node QueryPlanner::plan_as_written() {
  // Rewrites may have added ranges.
  if (query_.ranges.size() > 64) throw_not_supported("more than 64 tables in one query");
  used_columns_.clear();
  for (const Range* range : query_.ranges) used_columns_.emplace_back(range->columns.size(), false);
  needs_ctid_.assign(query_.ranges.size(), false);
  note_query_columns();
  plan_ctes();
  switch (query_.command) {
    case analyzer::CommandType::kInsert:
      return plan_insert();
    case analyzer::CommandType::kUpdate:
    case analyzer::CommandType::kDelete:
      return plan_update_delete();
    case analyzer::CommandType::kMerge:
      return plan_merge();
    case analyzer::CommandType::kSelect:
      break;
  }
  return query_.set_op != nullptr ? plan_set_operation() : plan_select();
}

Node QueryPlanner::plan_select() {
  std::vector<Expr*> conjuncts;
  split_conjuncts(fold(query_.where), &conjuncts);
  for (Target& t : query_.targets) t.expr = fold(t.expr);
  query_.having = fold(query_.having);
  for (analyzer::Window& w : query_.windows) {
    for (SortKey& key : w.partition) key.expr = fold(key.expr);
    for (SortKey& key : w.order) key.expr = fold(key.expr);
  }
  for (const analyzer::RowLocking& lock : query_.locking) {
    needs_ctid_[lock.range] = true;
    if (query_.ranges[lock.range]->family != nullptr) note_table_column(lock.range);
    used_columns_[lock.range].assign(used_columns_[lock.range].size(), true);
  }
  where_conjuncts_ = conjuncts;
  Node node = plan_from(std::move(conjuncts));
  if (query_.has_aggregates || query_.has_group_clause) node = plan_aggregation(std::move(node));
  if (query_.has_windows) node = plan_windows(std::move(node));
  if (!query_.locking.empty()) return plan_locking(std::move(node));
  std::vector<Expr*> exprs;
  for (const Target& t : query_.targets) {
    // What is only grouped by does not make rows distinct.
    if (!(query_.distinct && t.junk)) exprs.push_back(t.expr);
  }
  if (std::vector<bool> late = late_targets(); !late.empty()) {
    // A call that gives no rows for one makes room for another.
    const bool may_cut = !query_.has_set_returning;
    node = plan_order(plan_distinct(project_early(std::move(node), exprs, late)), may_cut);
    node = project(std::move(node), exprs, query_.has_set_returning);
    return finish_targets(plan_limit(std::move(node)));
  }
  node = project(std::move(node), exprs, query_.has_set_returning);
  node = plan_distinct(std::move(node));
  return finish_targets(plan_order_limit(std::move(node)));
}

// Targets that are computed behind the sort, in its order and for the rows that LIMIT lets through: volatile
// and set-returning ones that nothing sorts by. Empty: there are none.
std::vector<bool> QueryPlanner::late_targets() const {
  if (query_.distinct || query_.order_by.empty()) return {};  // DISTINCT ON alone sorts by all of them
  if (query_.grouping_sets.size() > 1) return {};             // GROUPING() knows its column by number
  const size_t n = query_.targets.size();
  std::vector<bool> sorted(n, false), late(n, false);
  for (const TargetKey& k : query_.order_by) sorted[k.target] = true;
  for (const TargetKey& k : query_.distinct_on) sorted[k.target] = true;
  bool sorts_sets = false, any = false;
  for (size_t i = 0; i < n; ++i)
    sorts_sets = sorts_sets || (sorted[i] && contains_set_returning(query_.targets[i].expr));
  for (size_t i = 0; i < n; ++i) {
    const Target& t = query_.targets[i];
    bool same_as_sorted = false;
    for (size_t j = 0; j < n; ++j)
      same_as_sorted =
          same_as_sorted || (sorted[j] && analyzer::same_expression(t.expr, query_.targets[j].expr));
    const bool sets = contains_set_returning(t.expr);
    late[i] = !sorted[i] && !same_as_sorted && (sets ? !sorts_sets : analyzer::is_volatile(t.expr));
    any = any || late[i];
  }
  return any ? late : std::vector<bool>();
}

// The other targets in their places, and behind them what the late ones are made of.
Node QueryPlanner::project_early(Node node, const std::vector<Expr*>& exprs, const std::vector<bool>& late) {
  auto* nothing = arena_.make<ConstExpr>();
  nothing->kind = ExprKind::kConst;
  nothing->type = type_oid::kInt4;
  nothing->value = Value::null_of(types::PhysicalType::kInt32);
  std::vector<Expr*> early;
  for (size_t i = 0; i < exprs.size(); ++i) early.push_back(late[i] ? nothing : exprs[i]);
  for (Expr* column : node.layout) {
    const bool known = std::any_of(early.begin(), early.end(),
                                   [&](const Expr* e) { return analyzer::same_expression(e, column); });
    if (!known) early.push_back(column);
  }
  return project(std::move(node), std::move(early), query_.has_set_returning);
}

Node QueryPlanner::project(Node node, std::vector<Expr*> exprs, bool set_returning) {
  if (set_returning) node = expand_sets(std::move(node), exprs);
  ExprList resolved = resolve_all(exprs, node);
  bool identity = resolved.size() == node.layout.size() && !resolved.empty();
  for (size_t i = 0; identity && i < resolved.size(); ++i) {
    identity = resolved[i]->kind == ExprKind::kInput && resolved[i]->as<analyzer::InputExpr>().index == i;
  }
  std::vector<Node::Order> order;
  for (const Node::Order& o : node.order) {
    auto it = std::find_if(resolved.begin(), resolved.end(), [&](const Expr* e) {
      return e->kind == ExprKind::kInput && e->as<analyzer::InputExpr>().index == o.column;
    });
    if (it == resolved.end()) break;
    order.push_back({static_cast<uint32_t>(it - resolved.begin()), o.descending, o.nulls_first});
  }
  node.order = std::move(order);
  node.layout = std::move(exprs);
  if (identity) return node;
  // FROM-less SELECT: one row of expressions.
  if (node.plan->kind == PlanKind::kResult && node.plan->children.empty() && node.plan->output.empty() &&
      node.plan->as<ResultPlan>().condition == nullptr) {
    auto& result = node.plan->as<ResultPlan>();
    result.exprs = resolved;
    result.output = output_of(node.layout);
    return node;
  }
  auto* plan = state_.make<ProjectPlan>(PlanKind::kProject);
  plan->exprs = resolved;
  set_child(arena_, plan, node.plan);
  plan->total_cost += plan->rows * state_.settings.cpu_operator_cost * static_cast<double>(resolved.size());
  plan->output = output_of(node.layout);
  node.plan = plan;
  return node;
}

Node QueryPlanner::expand_sets(Node node, const std::vector<Expr*>& exprs) {
  for (;;) {
    // The innermost calls first: those above them take their results as arguments.
    std::vector<Expr*> calls;
    auto known = [&](const std::vector<Expr*>& all, const Expr& x) {
      return std::any_of(all.begin(), all.end(), [&](const Expr* e) { return e == &x; });
    };
    auto collect = [&](auto&& self, Expr* e) -> bool {  // true: holds a call not yet made
      bool made = std::any_of(node.layout.begin(), node.layout.end(),
                              [&](Expr* x) { return analyzer::same_expression(x, e); });
      if (made) return false;
      bool inside = false;
      analyzer::visit_children(*e, [&](Expr*& child) { inside = self(self, child) || inside; });
      if (e->kind != ExprKind::kSetReturning) return inside;
      if (!inside && !known(calls, *e)) calls.push_back(e);
      return true;
    };
    for (Expr* e : exprs) collect(collect, e);
    if (calls.empty()) return node;
    std::vector<Expr*> expanded = node.layout;
    expanded.insert(expanded.end(), calls.begin(), calls.end());
    auto* set = state_.make<ProjectPlan>(PlanKind::kProjectSet);
    std::vector<Expr*> resolved;
    for (size_t i = 0; i < node.layout.size(); ++i)
      resolved.push_back(make_input(node.layout[i], static_cast<uint32_t>(i)));
    for (Expr* call : calls) {
      Expr* copy = analyzer::copy_node(*call, arena_);
      for (Expr*& arg : copy->as<analyzer::SetReturningExpr>().args) arg = resolve(arg, node);
      resolved.push_back(copy);
    }
    set->exprs = arena_.copy(resolved);
    set_child(arena_, set, node.plan);
    set->rows *= 100;
    set->output = output_of(expanded);
    node.plan = set;
    node.layout = std::move(expanded);
    node.order.clear();
  }
}

// --- grouping

namespace {

// The query's aggregates, those that stand in its subqueries included.
void collect_aggregates(Expr* e, RaisedQueries& raised, Arena& arena, std::vector<Expr*>* out) {
  analyzer::walk_deep(e, 0, [&](const Expr& x, uint32_t depth) {
    if (x.kind != ExprKind::kAggregate || x.as<AggregateExpr>().levels_up != depth) return true;
    Expr* own = const_cast<Expr*>(&x);
    for (uint32_t level = 0; level < depth; ++level) {
      own = raise_expression(own, raised, arena);
      --own->as<AggregateExpr>().levels_up;
    }
    bool known =
        std::any_of(out->begin(), out->end(), [&](Expr* o) { return analyzer::same_expression(o, own); });
    if (!known) out->push_back(own);
    return false;
  });
}

}  // namespace

namespace {

void split_and(Expr* e, std::vector<Expr*>* out) {
  if (e->kind != ExprKind::kAnd) return out->push_back(e);
  for (Expr* arg : e->as<analyzer::BoolExpr>().args) split_and(arg, out);
}

}  // namespace

// GROUPING(a, b) is a function of the set's number.
Expr* QueryPlanner::grouping_value(const GroupingExpr& grouping) {
  auto bits_of = [&](std::span<const uint32_t> set) {
    int32_t bits = 0;
    for (Expr* arg : grouping.args) {
      auto it = std::find_if(grouped_by_.begin(), grouped_by_.end(),
                             [&](Expr* g) { return analyzer::same_expression(g, fold(arg)); });
      if (it == grouped_by_.end()) {
        throw SqlError(sqlstate::kGroupingError,
                       "arguments to GROUPING must be grouping expressions of the associated query level");
      }
      auto index = static_cast<uint32_t>(it - grouped_by_.begin());
      bits = bits << 1 | (std::find(set.begin(), set.end(), index) == set.end() ? 1 : 0);
    }
    return bits;
  };
  if (set_number_ == nullptr) {
    std::vector<uint32_t> all(grouped_by_.size());
    for (uint32_t i = 0; i < all.size(); ++i) all[i] = i;
    return int4_constant(
        arena_, bits_of(query_.grouping_sets.size() == 1 ? std::span<const uint32_t>(query_.grouping_sets[0])
                                                         : std::span<const uint32_t>(all)));
  }
  auto* chosen = arena_.make<CaseExpr>();
  chosen->kind = ExprKind::kCase;
  chosen->type = type_oid::kInt4;
  std::vector<Expr*> conditions, results;
  for (size_t i = 0; i < query_.grouping_sets.size(); ++i) {
    conditions.push_back(equals_int4(arena_, set_number_, static_cast<int32_t>(i)));
    results.push_back(int4_constant(arena_, bits_of(query_.grouping_sets[i])));
  }
  chosen->conditions = arena_.copy(conditions);
  chosen->results = arena_.copy(results);
  chosen->otherwise = int4_constant(arena_, 0);
  return chosen;
}

Node QueryPlanner::plan_aggregation(Node node) {
  split_direct_arguments(query_, arena_);
  std::vector<Expr*> aggregates;
  for (const Target& t : query_.targets) collect_aggregates(t.expr, state_.raised, arena_, &aggregates);
  collect_aggregates(query_.having, state_.raised, arena_, &aggregates);
  for (const analyzer::Window& w : query_.windows) {
    for (const SortKey& k : w.partition) collect_aggregates(k.expr, state_.raised, arena_, &aggregates);
    for (const SortKey& k : w.order) collect_aggregates(k.expr, state_.raised, arena_, &aggregates);
  }
  auto* plan = state_.make<AggregatePlan>(PlanKind::kAggregate);
  std::vector<Expr*> groups;
  for (Expr* g : query_.group_by) groups.push_back(fold(g));
  for (Expr*& g : query_.group_by) g = fold(g);
  if (std::any_of(groups.begin(), groups.end(), contains_set_returning))
    node = expand_sets(std::move(node), groups);
  plan->groups = resolve_all(groups, node);
  std::vector<AggregateCallPlan> calls;
  for (Expr* e : aggregates) {
    const auto& a = e->as<AggregateExpr>();
    AggregateCallPlan call;
    call.function = a.function;
    call.site = a.site;
    call.args = resolve_all(a.args, node);
    call.filter = a.filter == nullptr ? nullptr : resolve(a.filter, node);
    call.distinct = a.distinct;
    std::vector<SortKey> order(a.order_by.begin(), a.order_by.end());
    for (SortKey& key : order) key.expr = resolve(key.expr, node);
    call.order_by = arena_.copy(order);
    calls.push_back(call);
  }
  plan->aggregates = arena_.copy(calls);
  plan->grouping_sets = query_.grouping_sets;
  Node result;
  result.ranges = node.ranges;
  result.layout = groups;
  result.layout.insert(result.layout.end(), aggregates.begin(), aggregates.end());
  double input_rows = node.plan->rows;
  set_child(arena_, plan, node.plan);
  plan->rows = groups.empty() ? 1 : group_count(groups, input_rows);
  plan->total_cost +=
      input_rows * state_.settings.cpu_operator_cost * static_cast<double>(1 + calls.size() + groups.size());
  plan->startup_cost = plan->total_cost;

  Expr* set_number = nullptr;
  if (query_.grouping_sets.size() > 1) {
    auto* number = arena_.make<analyzer::InputExpr>();
    number->kind = ExprKind::kInput;
    number->type = type_oid::kInt4;
    number->index = static_cast<uint32_t>(result.layout.size());
    set_number = number;
    result.layout.push_back(number);
  }
  plan->output = output_of(result.layout);
  result.plan = plan;

  grouped_by_ = groups;
  set_number_ = set_number;
  auto replace_grouping = [&](Expr* e) {
    return analyzer::rewrite(e, arena_, [&](Expr* x) -> Expr* {
      if (x->kind != ExprKind::kGrouping) return nullptr;
      const auto& grouping = x->as<GroupingExpr>();
      return analyzer::grouping_level(grouping) > 0 ? x : grouping_value(grouping);
    });
  };
  for (Target& t : query_.targets) t.expr = replace_grouping(t.expr);
  query_.having = query_.having == nullptr ? nullptr : replace_grouping(query_.having);
  if (query_.having != nullptr) {
    std::vector<Expr*> conditions;
    // As they are written: what is grouped by must be found in them again.
    split_and(query_.having, &conditions);
    result = filter(std::move(result), conditions);
  }
  if (query_.grouping_sets.size() <= 1 && !grouping_hooks().empty())
    result = plan_group_steps(std::move(result), groups.size());
  return result;
}

// --- windows

Node QueryPlanner::plan_windows(Node node) {
  std::vector<Expr*> calls;
  for (const Target& t : query_.targets) {
    analyzer::any_of(t.expr, [&](const Expr& x) {
      if (x.kind != ExprKind::kWindow) return false;
      bool known =
          std::any_of(calls.begin(), calls.end(), [&](Expr* o) { return analyzer::same_expression(o, &x); });
      if (!known) calls.push_back(const_cast<Expr*>(&x));
      return false;
    });
  }
  for (uint32_t w = 0; w < query_.windows.size(); ++w) {
    analyzer::Window& window = query_.windows[w];
    std::vector<Expr*> of_window;
    for (Expr* call : calls) {
      if (call->as<WindowExpr>().window == w) of_window.push_back(call);
    }
    if (of_window.empty()) continue;
    std::vector<SortKey> keys(window.partition.begin(), window.partition.end());
    keys.insert(keys.end(), window.order.begin(), window.order.end());
    for (SortKey& key : keys) key.expr = resolve(key.expr, node);
    if (!keys.empty()) node = sort(std::move(node), keys, nullptr);
    auto* plan = state_.make<WindowPlan>(PlanKind::kWindow);
    plan->partition = arena_.copy(
        std::vector<SortKey>(keys.begin(), keys.begin() + static_cast<ptrdiff_t>(window.partition.size())));
    plan->order = arena_.copy(
        std::vector<SortKey>(keys.begin() + static_cast<ptrdiff_t>(window.partition.size()), keys.end()));
    plan->frame.mode = static_cast<FrameMode>(window.mode);
    plan->frame.start = static_cast<FrameBoundKind>(window.start);
    plan->frame.end = static_cast<FrameBoundKind>(window.end);
    Node nothing;  // an offset is computed without a row
    plan->frame.start_offset =
        window.start_offset == nullptr ? nullptr : resolve(window.start_offset, nothing);
    plan->frame.end_offset = window.end_offset == nullptr ? nullptr : resolve(window.end_offset, nothing);
    plan->frame.exclusion = static_cast<FrameExclusion>(window.exclusion);
    plan->frame.range_add = window.range_add;
    plan->frame.range_subtract = window.range_subtract;
    std::vector<WindowCallPlan> plans;
    for (Expr* call : of_window) {
      const auto& e = call->as<WindowExpr>();
      plans.push_back({e.function, e.site, resolve_all(e.args, node),
                       e.filter == nullptr ? nullptr : resolve(e.filter, node)});
    }
    plan->calls = arena_.copy(plans);
    set_child(arena_, plan, node.plan);
    plan->total_cost +=
        plan->rows * state_.settings.cpu_operator_cost * static_cast<double>(plans.size() + 1);
    node.layout.insert(node.layout.end(), of_window.begin(), of_window.end());
    plan->output = output_of(node.layout);
    node.plan = plan;
  }
  return node;
}

// --- DISTINCT, ORDER BY, LIMIT

Node QueryPlanner::sort(Node node, const std::vector<SortKey>& keys, Expr* limit) {
  // Rows that already come in this order need no sorting.
  std::vector<Node::Order> wanted;
  bool plain = true;
  for (const SortKey& key : keys) {
    plain = plain && key.expr->kind == ExprKind::kInput;
    if (plain) wanted.push_back({key.expr->as<analyzer::InputExpr>().index, key.descending, key.nulls_first});
  }
  bool sorted = plain && wanted.size() <= node.order.size();
  for (size_t i = 0; sorted && i < wanted.size(); ++i) {
    sorted = wanted[i].column == node.order[i].column && wanted[i].descending == node.order[i].descending &&
             wanted[i].nulls_first == node.order[i].nulls_first;
  }
  if (sorted) return node;
  auto* plan = state_.make<SortPlan>(PlanKind::kSort);
  plan->keys = arena_.copy(keys);
  plan->limit = limit;
  set_child(arena_, plan, node.plan);
  plan->output = node.plan->output;
  double n = std::max(plan->rows, 2.0);
  plan->total_cost += n * std::log2(n) * state_.settings.cpu_operator_cost * 2;
  plan->startup_cost = plan->total_cost;
  node.plan = plan;
  node.order = plain ? wanted : std::vector<Node::Order>();
  return node;
}

Node QueryPlanner::plan_distinct(Node node) {
  if (query_.distinct) {
    auto* plan = state_.make<AggregatePlan>(PlanKind::kAggregate);
    std::vector<Expr*> groups;
    for (size_t i = 0; i < node.layout.size(); ++i)
      groups.push_back(make_input(node.layout[i], static_cast<uint32_t>(i)));
    plan->groups = arena_.copy(groups);
    double input_rows = node.plan->rows;
    set_child(arena_, plan, node.plan);
    plan->rows = group_count(node.layout, input_rows);
    plan->total_cost += input_rows * state_.settings.cpu_operator_cost * 2;
    plan->startup_cost = plan->total_cost;
    plan->output = node.plan->output;
    node.plan = plan;
    node.order.clear();
    return node;
  }
  if (query_.distinct_on.empty()) return node;
  std::vector<SortKey> keys;
  std::vector<uint32_t> columns;
  auto add = [&](const TargetKey& k) {
    SortKey key;
    key.expr = make_input(node.layout[k.target], k.target);
    key.descending = k.descending;
    key.nulls_first = k.nulls_first;
    key.collation = k.collation;
    keys.push_back(key);
  };
  for (const TargetKey& k : query_.distinct_on) columns.push_back(k.target);
  for (const TargetKey& k : query_.order_by) add(k);
  for (const TargetKey& k : query_.distinct_on) {
    bool there = std::any_of(query_.order_by.begin(), query_.order_by.end(),
                             [&](const TargetKey& o) { return o.target == k.target; });
    if (!there) add(k);
  }
  node = sort(std::move(node), keys, nullptr);
  auto* plan = state_.make<UniquePlan>(PlanKind::kUnique);
  plan->columns = arena_.copy(columns);
  set_child(arena_, plan, node.plan);
  plan->output = node.plan->output;
  node.plan = plan;
  return node;
}

namespace {

// Rows a sort below LIMIT must keep; null when it cannot be said.
Expr* sort_limit(Arena& arena, Expr* limit, Expr* offset) {
  if (limit == nullptr) return nullptr;
  if (offset == nullptr) return limit;
  if (limit->kind != ExprKind::kConst || offset->kind != ExprKind::kConst) return nullptr;
  const Value &a = limit->as<ConstExpr>().value, &b = offset->as<ConstExpr>().value;
  int64_t sum = 0;
  if (a.null || b.null || __builtin_add_overflow(a.int64, b.int64, &sum)) return nullptr;
  auto* c = arena.make<ConstExpr>(limit->as<ConstExpr>());
  c->value = Value::of_int64(sum);
  return c;
}

double limit_rows(const Expr* limit, double rows) {
  if (limit == nullptr || limit->kind != ExprKind::kConst || limit->as<ConstExpr>().value.null) return rows;
  return std::min(rows, std::max(1.0, static_cast<double>(limit->as<ConstExpr>().value.int64)));
}

}  // namespace

std::vector<SortKey> QueryPlanner::order_keys(const Node& node) {
  std::vector<SortKey> keys;
  for (const TargetKey& k : query_.order_by) {
    SortKey key;
    key.expr = make_input(node.layout[k.target], k.target);
    key.descending = k.descending;
    key.nulls_first = k.nulls_first;
    key.collation = k.collation;
    keys.push_back(key);
  }
  return keys;
}

// LIMIT and OFFSET are computed before there are rows, even where a column is computed the same way.
Expr* QueryPlanner::resolve_count(Expr* count) {
  Node nothing;
  return count == nullptr ? nullptr : resolve(fold(count), nothing);
}

Node QueryPlanner::plan_order(Node node, bool may_cut) {
  if (query_.order_by.empty()) return node;
  Expr* limit = nullptr;
  if (may_cut && !query_.with_ties)
    limit = sort_limit(arena_, resolve_count(query_.limit), resolve_count(query_.offset));
  std::vector<SortKey> keys = order_keys(node);
  return sort(std::move(node), keys, limit);
}

Node QueryPlanner::plan_limit(Node node) {
  Expr* limit = resolve_count(query_.limit);
  Expr* offset = resolve_count(query_.offset);
  if (limit == nullptr && offset == nullptr) return node;
  std::vector<SortKey> keys = order_keys(node);
  auto* plan = state_.make<LimitPlan>(PlanKind::kLimit);
  plan->count = limit;
  plan->offset = offset;
  plan->with_ties = query_.with_ties;
  plan->ties = arena_.copy(keys);
  set_child(arena_, plan, node.plan);
  plan->output = node.plan->output;
  plan->rows = limit_rows(limit, plan->rows);
  if (node.plan->rows > 0) {
    double run = node.plan->total_cost - node.plan->startup_cost;
    plan->total_cost = node.plan->startup_cost + run * plan->rows / node.plan->rows;
  }
  node.plan = plan;
  return node;
}

// Drops columns that only ORDER BY needed, and names the rest.
Node QueryPlanner::finish_targets(Node node) {
  std::vector<Expr*> visible;
  for (const Target& t : query_.targets) {
    if (!t.junk) visible.push_back(t.expr);
  }
  if (visible.size() != query_.targets.size()) {
    std::vector<Expr*> inputs;
    for (size_t i = 0; i < query_.targets.size(); ++i) {
      if (!query_.targets[i].junk) inputs.push_back(make_input(node.layout[i], static_cast<uint32_t>(i)));
    }
    auto* plan = state_.make<ProjectPlan>(PlanKind::kProject);
    plan->exprs = arena_.copy(inputs);
    set_child(arena_, plan, node.plan);
    plan->output = output_of(visible);
    node.plan = plan;
    node.order.clear();
  }
  node.layout = visible;
  node.plan->output = arena_.copy(std::span<const OutputColumn>(node.plan->output));
  size_t i = 0;
  for (const Target& t : query_.targets) {
    if (t.junk) continue;
    OutputColumn& column = node.plan->output[i++];
    column.name = t.name;
    column.type = t.expr->type;
    column.typmod = t.expr->typmod;
    column.table = t.origin_table;
    column.table_column = t.origin_column;
  }
  return node;
}

// Sort, then lock, then compute the select list, then cut: only rows that are returned get locked.
Node QueryPlanner::plan_locking(Node node) {
  std::vector<SortKey> keys;
  for (const TargetKey& k : query_.order_by) {
    SortKey key;
    key.expr = resolve(query_.targets[k.target].expr, node);
    key.descending = k.descending;
    key.nulls_first = k.nulls_first;
    key.collation = k.collation;
    keys.push_back(key);
  }
  if (!keys.empty()) node = sort(std::move(node), keys, nullptr);
  auto* plan = state_.make<LockRowsPlan>(PlanKind::kLockRows);
  plan->one_by_one = query_.locks_one_by_one;
  std::vector<LockRowsPlan::Target> targets;
  for (const analyzer::RowLocking& lock : query_.locking) {
    LockRowsPlan::Target target{};
    target.relation = query_.ranges[lock.range]->relation;
    target.strength = lock.strength;
    target.policy = lock.policy;
    std::vector<uint32_t> columns;
    std::vector<catalog::ColumnNumber> numbers;
    for (uint32_t i = 0; i < node.layout.size(); ++i) {
      if (node.layout[i]->kind != ExprKind::kColumn) continue;
      const auto& c = node.layout[i]->as<ColumnExpr>();
      if (c.range != lock.range || c.levels_up != 0) continue;
      if (c.column == catalog::kCtidColumn) {
        target.tid_column = i;
      } else if (c.column == catalog::kTableOidColumn && query_.ranges[lock.range]->family != nullptr) {
        target.table_column = static_cast<int32_t>(i);
      } else if (c.column > 0) {
        columns.push_back(i);
        numbers.push_back(c.column);
      }
    }
    target.row_columns = arena_.copy(columns);
    target.row_column_numbers = arena_.copy(numbers);
    if (query_.ranges[lock.range]->family != nullptr && family_choices_.contains(lock.range)) {
      ScanPlan like;
      like.columns = target.row_column_numbers;
      set_members(lock.range, &like, nullptr);
      target.members = like.members;
    }
    targets.push_back(target);
  }
  plan->targets = arena_.copy(targets);
  std::vector<uint32_t> locked;
  for (const analyzer::RowLocking& lock : query_.locking) locked.push_back(lock.range);
  std::vector<Expr*> recheck = recheck_conditions(locked, where_conjuncts_);
  if (!recheck.empty()) plan->recheck = resolve(conjunction(recheck), node);
  if (query_.limit != nullptr && !query_.with_ties) {
    Node nothing;
    Expr* limit = resolve(fold(query_.limit), nothing);
    Expr* offset = query_.offset == nullptr ? nullptr : resolve(fold(query_.offset), nothing);
    plan->limit = sort_limit(arena_, limit, offset);
  }
  set_child(arena_, plan, node.plan);
  plan->output = node.plan->output;
  node.plan = plan;
  state_.statement.read_only = false;
  std::vector<Expr*> exprs;
  for (const Target& t : query_.targets) exprs.push_back(t.expr);
  node = project(std::move(node), exprs);
  query_.order_by = {};
  return finish_targets(plan_order_limit(std::move(node)));
}

// --- set operations

Node QueryPlanner::plan_set_operation() {
  const analyzer::SetOp& op = *query_.set_op;
  std::vector<Plan*> inputs;
  double rows = 0, cost = 0;
  auto add = [&](auto&& self, Query& side) -> void {
    // UNION ALL of UNION ALLs is one append.
    bool nested = op.op == analyzer::SetOpKind::kUnion && side.set_op != nullptr &&
                  side.set_op->op == analyzer::SetOpKind::kUnion && (side.set_op->all || !op.all) &&
                  side.order_by.empty() && side.limit == nullptr && side.offset == nullptr &&
                  side.ctes.empty() && !side.is_correlated;
    if (nested) {
      self(self, *side.ranges[side.set_op->left->range]->query);
      self(self, *side.ranges[side.set_op->right->range]->query);
      return;
    }
    QueryPlanner inner(state_, side, this, true);
    Node planned = inner.plan();
    if (!inner.outer_references().empty()) throw_not_supported("LATERAL references in a set operation");
    inputs.push_back(planned.plan);
    rows += planned.plan->rows;
    cost += planned.plan->total_cost;
  };
  add(add, *query_.ranges[op.left->range]->query);
  add(add, *query_.ranges[op.right->range]->query);
  Node node;
  for (const Target& t : query_.targets) node.layout.push_back(t.expr);
  Plan* plan = nullptr;
  if (op.op == analyzer::SetOpKind::kUnion) {
    plan = state_.make<Plan>(PlanKind::kAppend);
  } else {
    auto* set = state_.make<SetOperationPlan>(PlanKind::kSetOperation);
    set->operation =
        op.op == analyzer::SetOpKind::kIntersect ? SetOperationKind::kIntersect : SetOperationKind::kExcept;
    set->all = op.all;
    plan = set;
  }
  plan->children = arena_.copy(inputs);
  plan->rows = rows;
  plan->total_cost = cost;
  plan->output = output_of(node.layout);
  node.plan = plan;
  if (op.op == analyzer::SetOpKind::kUnion && !op.all) {
    query_.distinct = true;
    node = plan_distinct(std::move(node));
  }
  return finish_targets(plan_order_limit(std::move(node)));
}

// --- CTEs

void QueryPlanner::plan_ctes() {
  cte_numbers_.resize(query_.ctes.size(), UINT32_MAX);
  for (size_t i = 0; i < query_.ctes.size(); ++i) {
    analyzer::Cte& cte = *query_.ctes[i];
    bool modifies = cte.query->command != analyzer::CommandType::kSelect;
    bool inline_it =
        !modifies && !cte.recursive && !cte.materialize && (cte.references == 1 || cte.never_materialize);
    if (inline_it || (cte.references == 0 && !modifies)) continue;
    auto number = static_cast<uint32_t>(state_.statement.ctes.size());
    cte_numbers_[i] = number;
    state_.statement.ctes.push_back(nullptr);
    state_.statement.cte_names.push_back(arena_.copy(cte.name));
    // A recursive one that is read once runs where it is read, as far as it is read: it may have no end.
    if (cte.recursive && cte.references == 1 && !cte.materialize) continue;
    Node planned =
        cte.recursive ? plan_recursive_cte(cte, number) : QueryPlanner(state_, *cte.query, this, true).plan();
    state_.statement.ctes[number] = planned.plan;
    if (modifies) {
      planned.plan->as<ModifyPlan>().can_set_tag = false;
      state_.statement.read_only = false;
    }
  }
}

Node QueryPlanner::plan_recursive_cte(analyzer::Cte& cte, uint32_t number) {
  QueryPlanner level(state_, *cte.query, this, true);
  level.note_query_columns();
  level.plan_ctes();
  const analyzer::SetOp& op = *cte.query->set_op;
  auto* plan = state_.make<RecursiveUnionPlan>(PlanKind::kRecursiveUnion);
  plan->work_table = number;
  plan->distinct = !op.all;
  QueryPlanner start(state_, *cte.query->ranges[op.left->range]->query, &level, true);
  QueryPlanner step(state_, *cte.query->ranges[op.right->range]->query, &level, true);
  Node first = start.plan();
  Node second = step.plan();
  plan->children = arena_.copy(std::vector<Plan*>{first.plan, second.plan});
  plan->rows = first.plan->rows + second.plan->rows * 10;
  plan->total_cost = first.plan->total_cost + second.plan->total_cost * 10;
  plan->output = first.plan->output;
  Node node;
  node.plan = plan;
  node.layout = first.layout;
  return node;
}

void plan_query(PlannedStatement& statement, Query& query, const PlannerSettings& settings,
                txn::TxnManager& txns, functions::EvalContext& eval) {
  PlannerState state{statement, settings, txns, eval};
  QueryPlanner planner(state, query, nullptr, false);
  statement.read_only = query.command == analyzer::CommandType::kSelect;
  Node node = planner.plan();
  statement.root = node.plan;
  statement.returns_rows = query.command == analyzer::CommandType::kSelect || !query.returning.empty();
  statement.is_point_statement = is_point_statement(statement);
}

}  // namespace varve::planner
