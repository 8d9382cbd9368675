// FROM and WHERE: outer joins as they stand, inner joins in the cheapest order, sublinks as semi and anti joins.
#include <algorithm>
#include <bit>
#include <unordered_map>

#include "common/sql_error.h"
#include "functions/type_oids.h"
#include "query_planner.h"

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

// Is the condition not true whenever all columns of `ranges` are NULL? Then an outer join that makes them NULL is in
// fact an inner one.
bool QueryPlanner::is_strict_on(const Expr* e, RangeSet ranges) const {
  switch (e->kind) {
    case ExprKind::kColumn: return e->as<ColumnExpr>().levels_up == 0 && (ranges >> e->as<ColumnExpr>().range & 1) != 0;
    case ExprKind::kFunction: {
      const auto& f = e->as<FunctionExpr>();
      return f.function->strict &&
             std::any_of(f.args.begin(), f.args.end(), [&](const Expr* a) { return is_strict_on(a, ranges); });
    }
    case ExprKind::kAnd:
      return std::any_of(e->as<BoolExpr>().args.begin(), e->as<BoolExpr>().args.end(),
                         [&](const Expr* a) { return is_strict_on(a, ranges); });
    case ExprKind::kOr:
      return std::all_of(e->as<BoolExpr>().args.begin(), e->as<BoolExpr>().args.end(),
                         [&](const Expr* a) { return is_strict_on(a, ranges); });
    case ExprKind::kNot: return is_strict_on(e->as<BoolExpr>().args[0], ranges);
    case ExprKind::kNullTest: return e->as<analyzer::NullTestExpr>().is_not_null && is_strict_on(e->as<analyzer::NullTestExpr>().arg, ranges);
    case ExprKind::kInList: return is_strict_on(e->as<analyzer::InListExpr>().arg, ranges);
    case ExprKind::kRelabel:
    case ExprKind::kCoerceViaIo: return is_strict_on(e->as<analyzer::CastExpr>().arg, ranges);
    default: return false;
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
  std::vector<const FromItem*> leaves;
  for (const FromItem* item : query_.from) flatten(*item, conjuncts, &leaves);
  // Conditions with subqueries wait until everything is joined.
  std::vector<Expr*> late, early;
  for (Expr* c : conjuncts) (has_sublink(c) ? late : early).push_back(c);
  Node node = search_joins(leaves, early);
  if (state_.settings.enable_subquery_unnesting) node = apply_sublink_joins(std::move(node), late);
  early.insert(early.end(), late.begin(), late.end());
  return filter(std::move(node), early);
}

// Inner joins dissolve into leaves and conditions; outer joins stay, unless a condition makes them inner.
void QueryPlanner::flatten(const FromItem& item, std::vector<Expr*>& conjuncts, std::vector<const FromItem*>* leaves) {
  if (item.kind == FromKind::kRange) {
    leaves->push_back(&item);
    return;
  }
  auto null_rejected = [&](const FromItem& side) {
    RangeSet ranges = item_ranges(side);
    return std::any_of(conjuncts.begin(), conjuncts.end(), [&](const Expr* c) { return is_strict_on(c, ranges); });
  };
  JoinKind kind = item.join;
  if (kind == JoinKind::kFull) {
    bool left = null_rejected(*item.left), right = null_rejected(*item.right);
    if (left && right) kind = JoinKind::kInner;
    else if (left) kind = JoinKind::kLeft;
    else if (right) kind = JoinKind::kRight;
  }
  if (kind == JoinKind::kLeft && null_rejected(*item.right)) kind = JoinKind::kInner;
  if (kind == JoinKind::kRight && null_rejected(*item.left)) kind = JoinKind::kInner;
  if (kind == JoinKind::kInner) {
    split_conjuncts(fold(item.condition), &conjuncts);
    flatten(*item.left, conjuncts, leaves);
    flatten(*item.right, conjuncts, leaves);
    return;
  }
  auto* outer = arena_.make<FromItem>(item);
  outer->join = kind;
  if (kind == JoinKind::kRight) {
    outer->join = JoinKind::kLeft;
    std::swap(outer->left, outer->right);
  }
  leaves->push_back(outer);
}

Node QueryPlanner::plan_leaf(const FromItem& item, std::vector<Expr*> conjuncts) {
  if (item.kind == FromKind::kRange) return plan_range(item.range, std::move(conjuncts));
  Node node = plan_outer_join(item, conjuncts);
  return filter(std::move(node), conjuncts);
}

Node QueryPlanner::plan_outer_join(const FromItem& item, std::vector<Expr*>& conjuncts) {
  RangeSet left_ranges = item_ranges(*item.left), right_ranges = item_ranges(*item.right);
  std::vector<Expr*> on, left_filter, right_filter, join_conditions;
  split_conjuncts(fold(item.condition), &on);
  bool full = item.join == JoinKind::kFull;
  // WHERE on the preserved side may be tested before the join.
  for (auto it = conjuncts.begin(); !full && it != conjuncts.end();) {
    if ((ranges_of(*it) & ~left_ranges) == 0 && !has_sublink(*it) && !analyzer::is_volatile(*it)) {
      left_filter.push_back(*it);
      it = conjuncts.erase(it);
    } else {
      ++it;
    }
  }
  // ON about the nullable side alone restricts that side.
  for (Expr* c : on) {
    bool right_only = (ranges_of(c) & ~right_ranges) == 0 && !has_sublink(c);
    (right_only && !full ? right_filter : join_conditions).push_back(c);
  }
  std::vector<const FromItem*> left_leaves, right_leaves;
  flatten(*item.left, left_filter, &left_leaves);
  Node left = filter(search_joins(left_leaves, left_filter), left_filter);
  flatten(*item.right, right_filter, &right_leaves);
  if (!full && right_leaves.size() == 1 && right_leaves[0]->kind == FromKind::kRange) {
    Node indexed = try_index_join(left, right_leaves[0]->range, JoinType::kLeft, join_conditions, right_filter);
    if (indexed.plan != nullptr) return indexed;
  }
  if (!full && right_leaves.size() == 1 && right_leaves[0]->kind == FromKind::kRange &&
      (lateral_needs(right_leaves[0]->range) & left.ranges) != 0) {
    right_filter.insert(right_filter.end(), join_conditions.begin(), join_conditions.end());
    return plan_lateral(left, right_leaves[0]->range, {}, right_filter, JoinType::kLeft);
  }
  Node right = filter(search_joins(right_leaves, right_filter), right_filter);
  return join(std::move(left), std::move(right), full ? JoinType::kFull : JoinType::kLeft, join_conditions);
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

Node QueryPlanner::filter(Node node, const std::vector<Expr*>& conditions) {
  if (conditions.empty()) return node;
  auto* plan = state_.make<FilterPlan>(PlanKind::kFilter);
  plan->condition = resolve(conjunction(conditions), node);
  plan->children = arena_.copy(std::vector<Plan*>{node.plan});
  plan->output = node.plan->output;
  plan->rows = node.plan->rows;
  for (const Expr* c : conditions) plan->rows *= selectivity(c);
  plan->rows = std::max(plan->rows, 1.0);
  plan->startup_cost = node.plan->startup_cost;
  plan->total_cost = node.plan->total_cost + node.plan->rows * state_.settings.cpu_operator_cost * static_cast<double>(conditions.size());
  node.plan = plan;
  return node;
}

// --- joining two inputs

namespace {

struct Equality {
  Expr* left;
  Expr* right;
  const functions::Function* function;
};

bool is_equality(const Expr* e) {
  return e->kind == ExprKind::kFunction && e->as<FunctionExpr>().op != nullptr && e->as<FunctionExpr>().op->name == "=" &&
         e->as<FunctionExpr>().args.size() == 2;
}

}  // namespace

Node QueryPlanner::join(Node left, Node right, JoinType type, std::vector<Expr*> conditions) {
  std::vector<Equality> keys;
  std::vector<Expr*> rest;
  for (Expr* c : conditions) {
    if (is_equality(c) && !has_sublink(c) && !analyzer::is_volatile(c)) {
      auto& f = c->as<FunctionExpr>();
      RangeSet a = ranges_of(f.args[0]), b = ranges_of(f.args[1]);
      bool same_type = f.args[0]->type == f.args[1]->type && functions::hash_function(f.args[0]->type) != nullptr;
      if (same_type && a != 0 && b != 0 && (a & ~left.ranges) == 0 && (b & ~right.ranges) == 0) {
        keys.push_back({f.args[0], f.args[1], f.function});
        continue;
      }
      if (same_type && a != 0 && b != 0 && (b & ~left.ranges) == 0 && (a & ~right.ranges) == 0) {
        keys.push_back({f.args[1], f.args[0], f.function});
        continue;
      }
    }
    rest.push_back(c);
  }
  bool hash = !keys.empty() && state_.settings.enable_hash_join;
  if (!hash) {
    for (const Expr* c : conditions) {
      if (std::find(rest.begin(), rest.end(), c) == rest.end()) rest.push_back(const_cast<Expr*>(c));
    }
    keys.clear();
    if (type == JoinType::kRight || type == JoinType::kFull) {
      if (type == JoinType::kFull && conditions.empty()) rest.clear();
    }
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
  for (const Equality& k : keys) {
    left_keys.push_back(resolve(k.left, left));
    right_keys.push_back(resolve(k.right, right));
    equality.push_back(k.function);
  }
  plan->left_keys = arena_.copy(left_keys);
  plan->right_keys = arena_.copy(right_keys);
  plan->key_equality = arena_.copy(equality);
  if (!rest.empty()) plan->condition = resolve(conjunction(rest), node);

  double l = left.plan->rows, r = right.plan->rows;
  double matches = l * r;
  for (const Equality& k : keys) {
    matches /= std::max({distinct_values(k.left, l), distinct_values(k.right, r), 1.0});
  }
  for (const Expr* c : rest) matches *= selectivity(c);
  switch (type) {
    case JoinType::kInner: plan->rows = matches; break;
    case JoinType::kLeft:
    case JoinType::kSingle: plan->rows = std::max(matches, l); break;
    case JoinType::kRight: plan->rows = std::max(matches, r); break;
    case JoinType::kFull: plan->rows = std::max(matches, l + r); break;
    case JoinType::kSemi: plan->rows = std::min(l, std::max(matches, 1.0)); break;
    case JoinType::kAnti:
    case JoinType::kNullAnti: plan->rows = std::max(l - std::min(matches, l * 0.9), 1.0); break;
    case JoinType::kMark: plan->rows = l; break;
  }
  plan->rows = std::max(plan->rows, 1.0);
  const PlannerSettings& s = state_.settings;
  double inputs = left.plan->total_cost + right.plan->total_cost;
  if (hash) {
    // Hash the smaller side where the join type allows to choose.
    plan->build_left = l < r && (type == JoinType::kInner || type == JoinType::kLeft);
    double build = plan->build_left ? l : r, probe = plan->build_left ? r : l;
    plan->startup_cost = inputs + build * s.cpu_operator_cost * 6;
    plan->total_cost = plan->startup_cost + probe * s.cpu_operator_cost * 3 + plan->rows * s.cpu_operator_cost;
  } else {
    plan->total_cost = inputs + l * r * s.cpu_operator_cost * static_cast<double>(1 + rest.size());
    if (!s.enable_nested_loop) plan->total_cost += 1e9;
  }
  if (type == JoinType::kSemi || type == JoinType::kAnti || type == JoinType::kNullAnti) {
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

// --- the order of inner joins

// Dynamic programming over connected subsets (Selinger; DPsub), greedy beyond the limit. Every leaf is a range, a
// lateral range (which needs the ranges it refers to on its left) or an outer join.
class JoinSearch {
 public:
  JoinSearch(QueryPlanner& planner, std::vector<const FromItem*>& leaves, std::vector<Expr*>& conjuncts)
      : p_(planner), leaves_(leaves), conjuncts_(conjuncts) {}

  Node run() {
    prepare();
    size_t n = leaves_.size();
    if (n > p_.state_.settings.join_search_limit) return greedy();
    std::unordered_map<uint64_t, Node> best;
    for (size_t i = 0; i < n; ++i) {
      if (dependent_[i] == 0) best.emplace(uint64_t{1} << i, single_[i]);
    }
    uint64_t all = (uint64_t{1} << n) - 1;
    for (uint64_t set = 1; set <= all; ++set) {
      if (std::popcount(set) < 2) continue;
      for (bool cross : {false, true}) {
        for (uint64_t left = (set - 1) & set; left != 0; left = (left - 1) & set) consider(best, left, set & ~left, cross);
        if (best.count(set) != 0) break;
      }
    }
    auto it = best.find(all);
    if (it == best.end()) throw SqlError(sqlstate::kInternalError, "no join order found");
    used(all);
    return std::move(it->second);
  }

 private:
  void prepare() {
    for (const FromItem* leaf : leaves_) ranges_.push_back(p_.item_ranges(*leaf));
    placed_.resize(conjuncts_.size(), false);
    for (size_t i = 0; i < leaves_.size(); ++i) {
      std::vector<Expr*> own;
      for (size_t c = 0; c < conjuncts_.size(); ++c) {
        RangeSet needs = p_.ranges_of(conjuncts_[c]);
        bool constant = needs == 0 && i == 0;
        if ((needs != 0 && (needs & ~ranges_[i]) == 0) || constant) {
          own.push_back(conjuncts_[c]);
          placed_[c] = true;
        }
      }
      filters_.push_back(own);
      RangeSet depends = 0;
      if (leaves_[i]->kind == FromKind::kRange) depends = p_.lateral_needs(leaves_[i]->range);
      dependent_.push_back(depends);
      if (depends == 0) single_.push_back(p_.plan_leaf(*leaves_[i], own));
      else single_.emplace_back();
    }
    for (size_t c = 0; c < conjuncts_.size(); ++c) needs_.push_back(p_.ranges_of(conjuncts_[c]));
  }

  RangeSet ranges_in(uint64_t set) const {
    RangeSet r = 0;
    for (size_t i = 0; i < leaves_.size(); ++i) {
      if (set >> i & 1) r |= ranges_[i];
    }
    return r;
  }

  std::vector<Expr*> conditions(RangeSet left, RangeSet right) const {
    std::vector<Expr*> result;
    for (size_t c = 0; c < conjuncts_.size(); ++c) {
      if (placed_[c]) continue;
      RangeSet n = needs_[c];
      if ((n & ~(left | right)) == 0 && (n & left) != 0 && (n & right) != 0) result.push_back(conjuncts_[c]);
    }
    return result;
  }

  void consider(std::unordered_map<uint64_t, Node>& best, uint64_t left, uint64_t right, bool cross) {
    auto l = best.find(left);
    if (l == best.end()) return;
    bool right_single = std::popcount(right) == 1;
    size_t leaf = static_cast<size_t>(std::countr_zero(right));
    RangeSet left_ranges = ranges_in(left), right_ranges = ranges_in(right);
    std::vector<Expr*> on = conditions(left_ranges, right_ranges);
    if (right_single && dependent_[leaf] != 0) {
      if ((dependent_[leaf] & ~left_ranges) == 0) keep(best, left | right, lateral(l->second, leaf, on));
      return;
    }
    if (on.empty() && !cross) return;
    auto r = best.find(right);
    if (r != best.end()) keep(best, left | right, p_.join(l->second, r->second, JoinType::kInner, on));
    if (right_single && leaves_[leaf]->kind == FromKind::kRange && !on.empty()) {
      Node indexed = p_.try_index_join(l->second, leaves_[leaf]->range, JoinType::kInner, on, filters_[leaf]);
      if (indexed.plan != nullptr) keep(best, left | right, std::move(indexed));
    }
  }

  Node lateral(const Node& left, size_t leaf, const std::vector<Expr*>& on) {
    return p_.plan_lateral(left, leaves_[leaf]->range, filters_[leaf], on);
  }

  static void keep(std::unordered_map<uint64_t, Node>& best, uint64_t set, Node node) {
    auto [it, added] = best.try_emplace(set, node);
    if (!added && node.plan->total_cost < it->second.plan->total_cost) it->second = std::move(node);
  }

  // Joins the pair with the smallest result until one is left.
  Node greedy() {
    std::unordered_map<uint64_t, Node> parts;
    for (size_t i = 0; i < leaves_.size(); ++i) {
      if (dependent_[i] != 0) throw_not_supported("LATERAL in a query of so many tables");
      parts.emplace(uint64_t{1} << i, single_[i]);
    }
    while (parts.size() > 1) {
      std::unordered_map<uint64_t, Node> candidates;
      for (bool cross : {false, true}) {
        for (const auto& [a, na] : parts) {
          for (const auto& [b, nb] : parts) {
            if (a == b) continue;
            std::unordered_map<uint64_t, Node> two{{a, na}, {b, nb}};
            consider(two, a, b, cross);
            auto it = two.find(a | b);
            if (it != two.end()) keep(candidates, a | b, it->second);
          }
        }
        if (!candidates.empty()) break;
      }
      auto cheapest = std::min_element(candidates.begin(), candidates.end(), [](const auto& x, const auto& y) {
        return x.second.plan->rows + x.second.plan->total_cost < y.second.plan->rows + y.second.plan->total_cost;
      });
      uint64_t set = cheapest->first;
      Node joined = cheapest->second;
      for (auto it = parts.begin(); it != parts.end();) it = (it->first & set) != 0 ? parts.erase(it) : std::next(it);
      parts.emplace(set, std::move(joined));
    }
    used(parts.begin()->first);
    return std::move(parts.begin()->second);
  }

  // What the chosen tree has tested is done; the rest goes back to the caller.
  void used(uint64_t) {
    std::vector<Expr*> left;
    RangeSet all = 0;
    for (RangeSet r : ranges_) all |= r;
    for (size_t c = 0; c < conjuncts_.size(); ++c) {
      bool tested = placed_[c] || (needs_[c] != 0 && (needs_[c] & ~all) == 0);
      if (!tested) left.push_back(conjuncts_[c]);
    }
    conjuncts_ = std::move(left);
  }

  QueryPlanner& p_;
  std::vector<const FromItem*>& leaves_;
  std::vector<Expr*>& conjuncts_;
  std::vector<RangeSet> ranges_;           // of each leaf
  std::vector<RangeSet> dependent_;        // ranges a lateral leaf needs; 0: none
  std::vector<std::vector<Expr*>> filters_;  // conditions on one leaf alone
  std::vector<Node> single_;
  std::vector<bool> placed_;               // conjunct is a leaf's filter
  std::vector<RangeSet> needs_;
};

Node QueryPlanner::search_joins(std::vector<const FromItem*>& leaves, std::vector<Expr*>& conjuncts) {
  return JoinSearch(*this, leaves, conjuncts).run();
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
  plan->rows = std::max(1.0, left.plan->rows * right.plan->rows);
  for (const Expr* c : conditions) plan->rows = std::max(1.0, plan->rows * selectivity(c));
  plan->total_cost = left.plan->total_cost + left.plan->rows * right.plan->total_cost;
  std::vector<OutputColumn> output(left.plan->output.begin(), left.plan->output.end());
  output.insert(output.end(), right.plan->output.begin(), right.plan->output.end());
  plan->output = arena_.copy(output);
  node.plan = plan;
  return node;
}

// --- EXISTS and IN as joins

Node QueryPlanner::apply_sublink_joins(Node node, std::vector<Expr*>& conjuncts) {
  std::vector<Expr*> left;
  for (Expr* c : conjuncts) {
    if (!try_sublink_join(&node, c)) left.push_back(c);
  }
  conjuncts = std::move(left);
  return node;
}

namespace {

bool is_simple(const Query& q) {
  return q.command == analyzer::CommandType::kSelect && q.set_op == nullptr && !q.has_aggregates && !q.has_group_clause &&
         !q.has_windows && !q.has_set_returning && q.limit == nullptr && q.offset == nullptr && q.distinct_on.empty() &&
         q.ctes.empty() && q.locking.empty() && !q.from.empty();
}

}  // namespace

bool QueryPlanner::try_sublink_join(Node* node, Expr* conjunct) {
  bool negated = false;
  Expr* e = conjunct;
  while (e->kind == ExprKind::kNot) {
    negated = !negated;
    e = e->as<BoolExpr>().args[0];
  }
  if (e->kind != ExprKind::kSubquery) return false;
  auto& sublink = e->as<SubqueryExpr>();
  if (sublink.subquery != SubqueryKind::kExists && sublink.subquery != SubqueryKind::kAny) return false;
  Query& inner = *sublink.query;
  if (sublink.subquery == SubqueryKind::kAny) {
    for (const Expr* l : sublink.left) {
      if (has_sublink(l)) return false;
    }
  }
  if (!inner.is_correlated && sublink.subquery == SubqueryKind::kAny) return join_uncorrelated(node, sublink, negated);
  if (!is_simple(inner)) return false;
  if (negated && sublink.subquery == SubqueryKind::kAny) return false;  // NOT IN with correlation: row by row
  return join_correlated(node, sublink, negated);
}

// x IN (SELECT …): the subquery is planned alone and its rows are hashed.
bool QueryPlanner::join_uncorrelated(Node* node, SubqueryExpr& sublink, bool negated) {
  for (const Expr* c : sublink.comparisons) {
    if (!is_equality(c)) return false;
    const auto& f = c->as<FunctionExpr>();
    if (f.args[0]->kind != ExprKind::kInput || f.args[1]->kind != ExprKind::kInput) return false;
    if (f.args[0]->type != f.args[1]->type || functions::hash_function(f.args[0]->type) == nullptr) return false;
  }
  if (negated && sublink.comparisons.size() > 1) return false;
  QueryPlanner child(state_, *sublink.query, this, false);
  Node right = child.plan();
  if (!child.outer_references().empty()) return false;
  auto* plan = state_.make<JoinPlan>(PlanKind::kHashJoin);
  plan->join = negated ? JoinType::kNullAnti : JoinType::kSemi;
  plan->children = arena_.copy(std::vector<Plan*>{node->plan, right.plan});
  std::vector<Expr*> left_keys, right_keys;
  std::vector<const functions::Function*> equality;
  for (size_t i = 0; i < sublink.left.size(); ++i) {
    left_keys.push_back(resolve(sublink.left[i], *node));
    right_keys.push_back(make_input(right.layout[i], static_cast<uint32_t>(i)));
    equality.push_back(sublink.comparisons[i]->as<FunctionExpr>().function);
  }
  plan->left_keys = arena_.copy(left_keys);
  plan->right_keys = arena_.copy(right_keys);
  plan->key_equality = arena_.copy(equality);
  plan->output = node->plan->output;
  plan->rows = std::max(1.0, node->plan->rows * 0.5);
  plan->total_cost = node->plan->total_cost + right.plan->total_cost +
                     (node->plan->rows + right.plan->rows) * state_.settings.cpu_operator_cost * 4;
  node->plan = plan;
  return true;
}

// EXISTS (SELECT … WHERE inner.a = outer.b AND …): the inner FROM is joined, its correlated conditions are the join's.
bool QueryPlanner::join_correlated(Node* node, SubqueryExpr& sublink, bool negated) {
  Query& inner = *sublink.query;
  // Correlation may only stand in WHERE, and only one level deep.
  Query probe = inner;
  probe.where = nullptr;
  bool elsewhere = false;
  SubqueryExpr wrapped;
  wrapped.kind = ExprKind::kSubquery;
  if (sublink.subquery == SubqueryKind::kExists) probe.targets = {};
  wrapped.query = &probe;
  elsewhere = ranges_of(&wrapped) != 0;
  if (elsewhere) return false;
  // The inner ranges join this query's: give them numbers behind ours.
  auto offset = static_cast<uint32_t>(query_.ranges.size());
  if (offset + inner.ranges.size() > 64) return false;
  bool fits = true;
  auto hoist = [&](Expr* e) {
    return analyzer::rewrite(e, arena_, [&](Expr* x) -> Expr* {
      if (x->kind == ExprKind::kSubquery) fits = false;
      if (x->kind != ExprKind::kColumn) return nullptr;
      auto* c = arena_.make<ColumnExpr>(x->as<ColumnExpr>());
      if (c->levels_up == 0) c->range += offset;
      else --c->levels_up;
      return c;
    });
  };
  for (const Range* r : inner.ranges) {
    if (r->kind != RangeKind::kRelation) return false;
  }
  std::vector<Expr*> conjuncts, hoisted;
  split_conjuncts(fold(inner.where), &conjuncts);
  for (Expr* c : conjuncts) hoisted.push_back(hoist(c));
  std::vector<Expr*> keys;
  if (sublink.subquery == SubqueryKind::kAny) {
    for (size_t i = 0; i < sublink.left.size(); ++i) {
      if (sublink.comparisons[i]->kind != ExprKind::kFunction) return false;
      Expr* comparison = analyzer::rewrite(sublink.comparisons[i], arena_, [&](Expr* x) -> Expr* {
        if (x->kind != ExprKind::kInput) return nullptr;
        uint32_t at = x->as<analyzer::InputExpr>().index;
        if (at < sublink.left.size()) return sublink.left[at];
        return hoist(inner.targets[at - sublink.left.size()].expr);
      });
      keys.push_back(comparison);
    }
  }
  std::vector<FromItem*> items;
  auto copy_item = [&](auto&& self, const FromItem* item) -> FromItem* {
    if (item == nullptr) return nullptr;
    auto* copy = arena_.make<FromItem>(*item);
    copy->range += offset;
    copy->left = self(self, item->left);
    copy->right = self(self, item->right);
    if (item->condition != nullptr) copy->condition = hoist(item->condition);
    return copy;
  };
  for (const FromItem* item : inner.from) items.push_back(copy_item(copy_item, item));
  if (!fits) return false;

  std::vector<Range*> ranges(query_.ranges.begin(), query_.ranges.end());
  for (Range* r : inner.ranges) {
    ranges.push_back(r);
    used_columns_.emplace_back(r->columns.size(), false);
    needs_ctid_.push_back(false);
  }
  query_.ranges = arena_.copy(ranges);
  for (Expr* e : hoisted) note_columns(e);
  for (Expr* e : keys) note_columns(e);
  auto note_items = [&](auto&& self, const FromItem* item) -> void {
    if (item == nullptr) return;
    if (item->condition != nullptr) note_columns(item->condition);
    self(self, item->left);
    self(self, item->right);
  };
  for (const FromItem* item : items) note_items(note_items, item);

  RangeSet inner_ranges = 0;
  for (size_t i = 0; i < inner.ranges.size(); ++i) inner_ranges |= RangeSet{1} << (offset + i);
  std::vector<Expr*> own, join_conditions = keys;
  for (Expr* c : hoisted) ((ranges_of(c) & ~inner_ranges) == 0 ? own : join_conditions).push_back(c);
  std::vector<const FromItem*> leaves;
  for (const FromItem* item : items) flatten(*item, own, &leaves);
  JoinType type = negated ? JoinType::kAnti : JoinType::kSemi;
  if (leaves.size() == 1 && leaves[0]->kind == FromKind::kRange) {
    Node indexed = try_index_join(*node, leaves[0]->range, type, join_conditions, own);
    Node right = filter(search_joins(leaves, own), own);
    Node hashed = join(*node, std::move(right), type, join_conditions);
    *node = indexed.plan != nullptr && indexed.plan->total_cost < hashed.plan->total_cost ? std::move(indexed) : std::move(hashed);
    return true;
  }
  Node right = filter(search_joins(leaves, own), own);
  *node = join(std::move(*node), std::move(right), type, join_conditions);
  return true;
}

}  // namespace varve::planner
