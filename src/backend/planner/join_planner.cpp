// FROM and WHERE as a set of inputs and conditions: which may be joined in any order, and what must come
// before what.
#include <algorithm>

#include "common/sql_error.h"
#include "functions/type_oids.h"
#include "join_problem.h"

namespace varve::planner {

using analyzer::BoolExpr;
using analyzer::FromKind;
using analyzer::FunctionExpr;
using analyzer::JoinKind;
using analyzer::RangeKind;
using analyzer::SubqueryExpr;
using analyzer::SubqueryKind;

RangeSet QueryPlanner::item_ranges(const FromItem& item) const {
  if (item.kind == FromKind::kRange) return RangeSet{1} << item.range;
  return item_ranges(*item.left) | item_ranges(*item.right);
}

namespace {

bool has_range(RangeSet ranges, const Expr* e) {
  return e->as<ColumnExpr>().levels_up == 0 && (ranges >> e->as<ColumnExpr>().range & 1) != 0;
}

// Is the expression NULL whenever all columns of `ranges` are?
bool is_null_with(const Expr* e, RangeSet ranges) {
  auto null = [&](const Expr* a) { return is_null_with(a, ranges); };
  switch (e->kind) {
    case ExprKind::kColumn:
      return has_range(ranges, e);
    case ExprKind::kFunction: {
      const auto& f = e->as<FunctionExpr>();
      return f.function->strict && std::any_of(f.args.begin(), f.args.end(), null);
    }
    case ExprKind::kAnd:
    case ExprKind::kOr:
      return std::all_of(e->as<BoolExpr>().args.begin(), e->as<BoolExpr>().args.end(), null);
    case ExprKind::kNot:
      return null(e->as<BoolExpr>().args[0]);
    case ExprKind::kInList:
      return !e->as<analyzer::InListExpr>().items.empty() && null(e->as<analyzer::InListExpr>().arg);
    case ExprKind::kRelabel:
    case ExprKind::kCoerceViaIo:
      return null(e->as<analyzer::CastExpr>().arg);
    default:
      return false;
  }
}

}  // namespace

// Is the condition not true whenever all columns of `ranges` are NULL? Then an outer join that makes them
// NULL is in fact an inner one.
bool QueryPlanner::is_strict_on(const Expr* e, RangeSet ranges) const {
  if (is_null_with(e, ranges)) return true;
  auto strict = [&](const Expr* a) { return is_strict_on(a, ranges); };
  switch (e->kind) {
    case ExprKind::kAnd:
      return std::any_of(e->as<BoolExpr>().args.begin(), e->as<BoolExpr>().args.end(), strict);
    case ExprKind::kOr:
      return std::all_of(e->as<BoolExpr>().args.begin(), e->as<BoolExpr>().args.end(), strict);
    case ExprKind::kNullTest: {
      const auto& test = e->as<analyzer::NullTestExpr>();
      return test.is_not_null && is_null_with(test.arg, ranges);
    }
    default:
      return false;
  }
}

// Sibling ranges that a LATERAL item refers to.
RangeSet QueryPlanner::lateral_needs(uint32_t range) const {
  const Range& r = *query_.ranges[range];
  if (!r.lateral) return 0;
  RangeSet needs = 0;
  for (const Expr* e : r.args) needs |= ranges_of(e);
  if (r.kind == RangeKind::kSubquery) {
    // Through an expression, so that its level-1 columns count as this level's.
    SubqueryExpr probe;
    probe.kind = ExprKind::kSubquery;
    probe.query = r.query;
    needs |= ranges_of(&probe);
  }
  return needs & ~(RangeSet{1} << range);
}

// What the conditions' subqueries cost when they run for `rows` rows.
double QueryPlanner::subplan_cost(const Expr* resolved, double rows) const {
  double cost = 0;
  analyzer::any_of(resolved, [&](const Expr& x) {
    if (x.kind != ExprKind::kSubplan) return false;
    const auto& subplan = x.as<analyzer::SubplanExpr>();
    const PlannerState::SubplanEstimate& estimate = state_.subplans[subplan.subplan];
    double runs = subplan.args.empty() ? 1 : std::min(rows, estimate.distinct_arguments);
    cost += runs * estimate.cost;
    return false;
  });
  return cost;
}

Node QueryPlanner::filter(Node node, const std::vector<Expr*>& conditions) {
  if (conditions.empty()) return node;
  auto* plan = state_.make<FilterPlan>(PlanKind::kFilter);
  plan->condition = resolve(conjunction(conditions), node);
  plan->children = arena_.copy(std::vector<Plan*>{node.plan});
  plan->output = node.plan->output;
  plan->rows = std::max(1.0, node.plan->rows * conjunction_selectivity(conditions));
  plan->startup_cost = node.plan->startup_cost;
  plan->total_cost =
      node.plan->total_cost +
      node.plan->rows * state_.settings.cpu_operator_cost * static_cast<double>(conditions.size()) +
      subplan_cost(plan->condition, node.plan->rows);
  node.plan = plan;
  return node;
}

// --- FROM and WHERE

namespace {

// At most one row of the leaf matches: its conditions give every key of a unique index.
bool matches_once(const Query& query, const JoinLeaf& leaf) {
  const Range& range = *query.ranges[leaf.range];
  if (range.kind != RangeKind::kRelation || range.sample_percent != nullptr) return false;
  if (range.family != nullptr && range.family->tables.empty())
    return false;  // children may repeat their parent's keys
  auto gives = [&](const Expr* e, const catalog::IndexColumn& key) {
    if (e->kind != ExprKind::kFunction || e->as<FunctionExpr>().op == nullptr ||
        e->as<FunctionExpr>().op->name != "=")
      return false;
    const auto& f = e->as<FunctionExpr>();
    if (f.args.size() != 2 || f.args[0]->type != f.args[1]->type || f.site->collation != key.collation)
      return false;
    for (size_t i = 0; i < 2; ++i) {
      const Expr *column = f.args[i], *other = f.args[1 - i];
      if (column->kind != ExprKind::kColumn || column->as<ColumnExpr>().range != leaf.range ||
          column->as<ColumnExpr>().levels_up != 0)
        continue;
      bool own = analyzer::any_of(other, [&](const Expr& x) {
        return x.kind == ExprKind::kColumn && x.as<ColumnExpr>().levels_up == 0 &&
               x.as<ColumnExpr>().range == leaf.range;
      });
      if (column->as<ColumnExpr>().column == key.column && !own && !analyzer::is_volatile(other)) return true;
    }
    return false;
  };
  const auto& indexes = (*range.relation)->indexes;
  return std::any_of(indexes.begin(), indexes.end(), [&](const catalog::Index& index) {
    if (!index.unique || !index.serves_reads() || !index.immediate || !index.predicate_sql.empty())
      return false;
    return std::all_of(index.keys.begin(), index.keys.end(), [&](const catalog::IndexColumn& key) {
      auto by = [&](const Expr* e) { return gives(e, key); };
      return key.column > 0 && (std::any_of(leaf.on.begin(), leaf.on.end(), by) ||
                                std::any_of(leaf.filters.begin(), leaf.filters.end(), by));
    });
  });
}

}  // namespace

// A left join that adds no row and whose columns nobody reads need not be done.
void QueryPlanner::drop_idle_leaves(const Query& query, const std::vector<Expr*>& conjuncts,
                                    const ColumnSet& above, std::vector<JoinLeaf>* leaves) const {
  for (size_t i = leaves->size(); i-- > 0;) {
    const JoinLeaf& leaf = (*leaves)[i];
    if (leaf.type != JoinType::kLeft || leaf.range == UINT32_MAX || leaf.lateral) continue;
    bool read = std::any_of(above.begin(), above.end(), [&](const auto& c) { return c.first == leaf.range; });
    for (const Expr* c : conjuncts) read = read || (ranges_of(c) & leaf.ranges) != 0;
    for (size_t j = 0; j < leaves->size(); ++j)
      read = read || (j != i && ((*leaves)[j].needs & leaf.ranges) != 0);
    if (!read && matches_once(query, leaf)) leaves->erase(leaves->begin() + static_cast<ptrdiff_t>(i));
  }
}

Node QueryPlanner::plan_from(std::vector<Expr*> conjuncts) {
  if (query_.from.empty()) {
    Node node;
    auto* result = state_.make<ResultPlan>(PlanKind::kResult);
    if (!conjuncts.empty()) result->condition = resolve(conjunction(conjuncts), node);
    node.plan = result;
    return node;
  }
  std::vector<JoinLeaf> leaves;
  for (const FromItem* item : query_.from) flatten(*item, conjuncts, &leaves);
  // Subqueries become joins where they can; those that run once are conditions as any other, the rest waits
  // until everything is joined.
  std::vector<Expr*> early, late;
  for (Expr* c : conjuncts) {
    if (!has_sublink(c))
      early.push_back(c);
    else if (state_.settings.enable_subquery_unnesting && add_sublink_leaf(c, &leaves))
      continue;
    else
      (runs_once(c) ? early : late).push_back(c);
  }
  ColumnSet above;
  bool prune = note_columns_above(late, &above);
  if (prune) drop_idle_leaves(query_, early, above, &leaves);
  Node node = search_joins(leaves, early, prune ? &above : nullptr);
  early.insert(early.end(), late.begin(), late.end());
  return filter(std::move(node), early);
}

// No subquery in it refers to this level's tables.
bool QueryPlanner::runs_once(const Expr* e) const {
  return !analyzer::any_of(e, [&](const Expr& x) {
    if (x.kind != ExprKind::kSubquery) return false;
    const auto& sublink = x.as<SubqueryExpr>();
    if (sublink.subquery == SubqueryKind::kAny || sublink.subquery == SubqueryKind::kAll) return true;
    SubqueryExpr alone = sublink;
    alone.left = {};
    return ranges_of(&alone) != 0;
  });
}

// What the clauses above the joins read. False: everything has to stay (rows that will be locked or changed).
bool QueryPlanner::note_columns_above(const std::vector<Expr*>& late, ColumnSet* above) {
  if (!state_.settings.enable_column_pruning || query_.command != analyzer::CommandType::kSelect ||
      !query_.locking.empty())
    return false;
  Query rest = query_;
  rest.where = nullptr;
  rest.from = {};
  rest.ctes = {};
  columns_of(rest, above);
  for (const Expr* e : late) columns_of(e, above);
  return true;
}

// Inner joins dissolve into leaves and conditions. The right side of a left join is a leaf that needs what
// its condition refers to: the join keeps its meaning wherever it is done after that. Full joins stay where
// they stand.
void QueryPlanner::flatten(const FromItem& item, std::vector<Expr*>& conjuncts,
                           std::vector<JoinLeaf>* leaves) {
  JoinLeaf leaf;
  leaf.item = &item;
  leaf.ranges = item_ranges(item);
  if (item.kind == FromKind::kRange) {
    leaf.range = item.range;
    leaf.needs = lateral_needs(item.range);
    leaf.lateral = leaf.needs != 0;
    leaves->push_back(std::move(leaf));
    return;
  }
  auto null_rejected = [&](const FromItem& side) {
    RangeSet ranges = item_ranges(side);
    return std::any_of(conjuncts.begin(), conjuncts.end(),
                       [&](const Expr* c) { return is_strict_on(c, ranges); });
  };
  JoinKind kind = item.join;
  if (kind == JoinKind::kFull) {
    bool left = null_rejected(*item.left), right = null_rejected(*item.right);
    if (left && right)
      kind = JoinKind::kInner;
    else if (left)
      kind = JoinKind::kLeft;
    else if (right)
      kind = JoinKind::kRight;
  }
  if (kind == JoinKind::kLeft && null_rejected(*item.right)) kind = JoinKind::kInner;
  if (kind == JoinKind::kRight && null_rejected(*item.left)) kind = JoinKind::kInner;
  if (kind == JoinKind::kInner && item.join == kind && state_.settings.keep_join_order) {
    leaves->push_back(std::move(leaf));
    return;
  }
  if (kind == JoinKind::kInner) {
    split_conjuncts(fold(item.condition), &conjuncts);
    flatten(*item.left, conjuncts, leaves);
    flatten(*item.right, conjuncts, leaves);
    return;
  }
  if (kind == JoinKind::kFull) {
    leaves->push_back(std::move(leaf));
    return;
  }
  const FromItem* left = kind == JoinKind::kLeft ? item.left : item.right;
  const FromItem* right = kind == JoinKind::kLeft ? item.right : item.left;
  flatten(*left, conjuncts, leaves);
  leaf.item = right;
  leaf.type = JoinType::kLeft;
  leaf.ranges = item_ranges(*right);
  if (right->kind == FromKind::kRange) leaf.range = right->range;
  RangeSet lateral = item_lateral_needs(*right) & ~leaf.ranges;
  leaf.lateral = lateral != 0;
  if (leaf.lateral && leaf.range == UINT32_MAX)
    throw_not_supported("LATERAL inside a join that is the right side of an outer join");
  std::vector<Expr*> on;
  split_conjuncts(fold(item.condition), &on);
  // ON about the nullable side alone restricts that side.
  leaf.needs = lateral;
  for (Expr* c : on) {
    RangeSet ranges = ranges_of(c);
    leaf.needs |= ranges & ~leaf.ranges;
    bool alone = ranges != 0 && (ranges & ~leaf.ranges) == 0 && !has_sublink(c) && !analyzer::is_volatile(c);
    (alone && !leaf.lateral ? leaf.filters : leaf.on).push_back(c);
  }
  if (leaf.needs == 0 || !state_.settings.enable_join_reordering) leaf.needs |= item_ranges(*left);
  leaves->push_back(std::move(leaf));
}

RangeSet QueryPlanner::item_lateral_needs(const FromItem& item) const {
  if (item.kind == FromKind::kRange) return lateral_needs(item.range);
  return item_lateral_needs(*item.left) | item_lateral_needs(*item.right);
}

// One leaf by itself, with the conditions on it alone.
Node QueryPlanner::plan_leaf(const JoinLeaf& leaf) {
  std::vector<Expr*> conjuncts = leaf.filters;
  const FromItem& item = *leaf.item;
  if (item.kind == FromKind::kRange) return plan_range(item.range, std::move(conjuncts));
  if (leaf.type == JoinType::kInner && item.join != JoinKind::kInner)
    return filter(plan_full_join(item), conjuncts);
  std::vector<JoinLeaf> inner;
  if (item.join == JoinKind::kInner && state_.settings.keep_join_order) {
    split_conjuncts(fold(item.condition), &conjuncts);
    flatten(*item.left, conjuncts, &inner);
    flatten(*item.right, conjuncts, &inner);
  } else {
    flatten(item, conjuncts, &inner);
  }
  Node node = search_joins(inner, conjuncts, nullptr);
  return filter(std::move(node), conjuncts);
}

Node QueryPlanner::plan_full_join(const FromItem& item) {
  std::vector<Expr*> on, left_conjuncts, right_conjuncts;
  split_conjuncts(fold(item.condition), &on);
  std::vector<JoinLeaf> left_leaves, right_leaves;
  flatten(*item.left, left_conjuncts, &left_leaves);
  Node left = filter(search_joins(left_leaves, left_conjuncts, nullptr), left_conjuncts);
  flatten(*item.right, right_conjuncts, &right_leaves);
  Node right = filter(search_joins(right_leaves, right_conjuncts, nullptr), right_conjuncts);
  return join(std::move(left), std::move(right), JoinType::kFull, on, nullptr);
}

Node QueryPlanner::plan_lateral(const Node& left, uint32_t range, const std::vector<Expr*>& filters,
                                const std::vector<Expr*>& on, JoinType type) {
  std::vector<OuterReference> references;
  Node right = plan_lateral_range(range, &references);
  Node node;
  node.ranges = left.ranges | RangeSet{1} << range;
  node.layout = left.layout;
  node.layout.insert(node.layout.end(), right.layout.begin(), right.layout.end());
  auto* plan = state_.make<JoinPlan>(PlanKind::kNestedLoop);
  plan->join = type;
  plan->children = arena_.copy(std::vector<Plan*>{left.plan, right.plan});
  std::vector<uint32_t> slots;
  std::vector<Expr*> values;
  for (const OuterReference& o : references) {
    slots.push_back(o.slot);
    values.push_back(resolve(o.value, left));
  }
  plan->param_slots = arena_.copy(slots);
  plan->param_values = arena_.copy(values);
  std::vector<Expr*> conditions = filters;
  conditions.insert(conditions.end(), on.begin(), on.end());
  if (!conditions.empty()) plan->condition = resolve(conjunction(conditions), node);
  plan->rows = std::max(1.0, left.plan->rows * right.plan->rows * conjunction_selectivity(conditions));
  plan->total_cost = left.plan->total_cost + left.plan->rows * right.plan->total_cost;
  std::vector<OutputColumn> output(left.plan->output.begin(), left.plan->output.end());
  output.insert(output.end(), right.plan->output.begin(), right.plan->output.end());
  plan->output = arena_.copy(output);
  node.plan = plan;
  return node;
}

}  // namespace varve::planner
