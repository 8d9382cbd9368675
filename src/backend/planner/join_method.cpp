// Two inputs and a method make a plan node.
#include <algorithm>

#include "functions/type_oids.h"
#include "join_problem.h"

namespace varve::planner {

using analyzer::FunctionExpr;

bool QueryPlanner::is_join_key(const Expr* e, RangeSet left, RangeSet right, Expr** left_key,
                               Expr** right_key) const {
  if (e->kind != ExprKind::kFunction) return false;
  const auto& f = e->as<FunctionExpr>();
  if (f.op == nullptr || f.op->name != "=" || f.args.size() != 2 || f.args[0]->type != f.args[1]->type)
    return false;
  if (functions::hash_function(f.args[0]->type) == nullptr || has_sublink(e) || analyzer::is_volatile(e))
    return false;
  RangeSet a = ranges_of(f.args[0]), b = ranges_of(f.args[1]);
  if (a == 0 || b == 0) return false;
  bool straight = (a & ~left) == 0 && (b & ~right) == 0, crossed = (b & ~left) == 0 && (a & ~right) == 0;
  if (!straight && !crossed) return false;
  *left_key = f.args[straight ? 0 : 1];
  *right_key = f.args[straight ? 1 : 0];
  return true;
}

// Drops columns that are not in the set: what a hash table does not hold need not be copied.
Node QueryPlanner::prune(Node node, const ColumnSet& keep) {
  std::vector<Expr*> layout, inputs;
  std::vector<uint32_t> places(node.layout.size(), UINT32_MAX);
  for (uint32_t i = 0; i < node.layout.size(); ++i) {
    const Expr* e = node.layout[i];
    if (e->kind == ExprKind::kColumn &&
        keep.count({e->as<ColumnExpr>().range, e->as<ColumnExpr>().column}) == 0)
      continue;
    places[i] = static_cast<uint32_t>(layout.size());
    layout.push_back(node.layout[i]);
    inputs.push_back(make_input(node.layout[i], i));
  }
  if (layout.size() == node.layout.size()) return node;
  auto* plan = state_.make<ProjectPlan>(PlanKind::kProject);
  plan->exprs = arena_.copy(inputs);
  plan->children = arena_.copy(std::vector<Plan*>{node.plan});
  plan->rows = node.plan->rows;
  plan->startup_cost = node.plan->startup_cost;
  plan->total_cost = node.plan->total_cost;
  std::vector<OutputColumn> output;
  for (uint32_t i = 0; i < places.size(); ++i) {
    if (places[i] != UINT32_MAX) output.push_back(node.plan->output[i]);
  }
  plan->output = arena_.copy(output);
  std::vector<Node::Order> order;
  for (const Node::Order& o : node.order) {
    if (places[o.column] == UINT32_MAX) break;
    order.push_back({places[o.column], o.descending, o.nulls_first});
  }
  node.order = std::move(order);
  node.layout = std::move(layout);
  node.plan = plan;
  return node;
}

double QueryPlanner::hash_join_cost(double build, double probe, double output) const {
  const PlannerSettings& s = state_.settings;
  // Beyond the caches every access to the table is a miss.
  double miss = build > 20000 ? (build > 300000 ? 4.0 : 2.0) : 1.0;
  return build * s.cpu_operator_cost * (8 + 4 * miss) + probe * s.cpu_operator_cost * (3 + 3 * miss) +
         output * s.cpu_operator_cost * 2;
}

Node QueryPlanner::join(Node left, Node right, JoinType type, const std::vector<Expr*>& conditions,
                        const ColumnSet* above) {
  struct Key {
    Expr *left, *right, *condition;
  };
  std::vector<Key> keys;
  std::vector<Expr*> rest;
  for (Expr* c : conditions) {
    Key key{nullptr, nullptr, c};
    if (is_join_key(c, left.ranges, right.ranges, &key.left, &key.right))
      keys.push_back(key);
    else
      rest.push_back(c);
  }
  const PlannerSettings& s = state_.settings;
  bool hash = !keys.empty() && (s.enable_hash_join || type == JoinType::kNullAnti);
  if (!hash) {
    for (const Key& k : keys) rest.push_back(k.condition);
    keys.clear();
  }
  double l = left.plan->rows, r = right.plan->rows;
  bool semi = type == JoinType::kSemi || type == JoinType::kAnti;
  bool build_left = hash && l < r && (type == JoinType::kInner || type == JoinType::kLeft || semi);
  if (above != nullptr) {
    ColumnSet keep = *above;
    for (const Expr* c : conditions) columns_of(c, &keep);
    if (hash && build_left)
      left = prune(std::move(left), keep);
    else
      right = prune(std::move(right), keep);
  }
  Node node;
  node.ranges = left.ranges | right.ranges;
  node.layout = left.layout;
  node.layout.insert(node.layout.end(), right.layout.begin(), right.layout.end());
  auto* plan = state_.make<JoinPlan>(hash ? PlanKind::kHashJoin : PlanKind::kNestedLoop);
  plan->join = type;
  plan->children = arena_.copy(std::vector<Plan*>{left.plan, right.plan});
  std::vector<Expr*> left_keys, right_keys;
  std::vector<const functions::Function*> equality;
  for (const Key& k : keys) {
    left_keys.push_back(resolve(k.left, left));
    right_keys.push_back(resolve(k.right, right));
    equality.push_back(k.condition->as<FunctionExpr>().function);
  }
  plan->left_keys = arena_.copy(left_keys);
  plan->right_keys = arena_.copy(right_keys);
  plan->key_equality = arena_.copy(equality);
  if (!rest.empty()) plan->condition = resolve(conjunction(rest), node);
  if (above != nullptr && hash) {
    ColumnSet keep = *above;
    for (const Expr* c : rest) columns_of(c, &keep);
    auto* unused = arena_.make_array<bool>(node.layout.size());
    for (size_t i = 0; i < node.layout.size(); ++i) {
      const Expr* e = node.layout[i];
      unused[i] = e->kind == ExprKind::kColumn &&
                  keep.count({e->as<ColumnExpr>().range, e->as<ColumnExpr>().column}) == 0;
    }
    plan->unused = {unused, node.layout.size()};
  }

  double matches = l * r;
  for (const Expr* c : conditions) matches *= join_selectivity(c);
  switch (type) {
    case JoinType::kInner:
      plan->rows = matches;
      break;
    case JoinType::kLeft:
    case JoinType::kSingle:
      plan->rows = std::max(matches, l);
      break;
    case JoinType::kRight:
      plan->rows = std::max(matches, r);
      break;
    case JoinType::kFull:
      plan->rows = std::max(matches, l + r);
      break;
    case JoinType::kSemi:
      plan->rows = std::min(l, std::max(matches, 1.0));
      break;
    case JoinType::kAnti:
    case JoinType::kNullAnti:
      plan->rows = std::max(l - std::min(matches, l * 0.9), 1.0);
      break;
    case JoinType::kMark:
      plan->rows = l;
      break;
  }
  plan->rows = std::max(plan->rows, 1.0);
  double inputs = left.plan->total_cost + right.plan->total_cost;
  if (hash) {
    plan->build_left = build_left;
    double build = build_left ? l : r, probe = build_left ? r : l;
    plan->total_cost = inputs + hash_join_cost(build, probe, plan->rows);
    plan->startup_cost = inputs;
  } else {
    plan->total_cost = inputs + l * r * s.cpu_operator_cost * static_cast<double>(1 + rest.size());
    if (plan->condition != nullptr) plan->total_cost += subplan_cost(plan->condition, l * r);
    if (!s.enable_nested_loop) plan->total_cost += 1e9;
  }
  if (semi || type == JoinType::kNullAnti) {
    node.layout = left.layout;
    node.ranges = left.ranges;
    plan->output = left.plan->output;
  } else {
    std::vector<OutputColumn> output(left.plan->output.begin(), left.plan->output.end());
    output.insert(output.end(), right.plan->output.begin(), right.plan->output.end());
    plan->output = arena_.copy(output);
  }
  plan->width = left.plan->width + right.plan->width;
  node.plan = plan;
  return node;
}

}  // namespace varve::planner
