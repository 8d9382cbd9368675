// EXISTS and IN of WHERE as inputs of the join search: semi and anti joins that can be done at any point
// after the tables that they refer to.
#include <algorithm>

#include "functions/type_oids.h"
#include "join_problem.h"
#include "query_copy.h"
#include "rewrite.h"

namespace varve::planner {

using analyzer::BoolExpr;
using analyzer::FunctionExpr;
using analyzer::RangeKind;
using analyzer::SubqueryExpr;
using analyzer::SubqueryKind;

namespace {

bool is_simple(const Query& q) {
  return q.command == analyzer::CommandType::kSelect && q.set_op == nullptr && !q.has_aggregates &&
         !q.has_group_clause && q.having == nullptr && !q.has_windows && !q.has_set_returning &&
         q.limit == nullptr && q.offset == nullptr && q.distinct_on.empty() && q.ctes.empty() &&
         q.locking.empty() && !q.from.empty();
}

bool is_equality(const Expr* e) {
  return e->kind == ExprKind::kFunction && e->as<FunctionExpr>().op != nullptr &&
         e->as<FunctionExpr>().op->name == "=" && e->as<FunctionExpr>().args.size() == 2;
}

// Inner columns get numbers behind the outer query's; outer ones are one level nearer.
class Hoist : public ColumnMap {
 public:
  Hoist(uint32_t offset, Arena& arena) : offset_(offset), arena_(arena) {}
  Expr* map(const ColumnExpr& c, uint32_t depth) override {
    if (c.levels_up < depth) return nullptr;
    auto* hoisted = arena_.make<ColumnExpr>(c);
    if (c.levels_up == depth)
      hoisted->range += offset_;
    else
      --hoisted->levels_up;
    return hoisted;
  }
  uint32_t map_cte_level(uint32_t levels_up, uint32_t depth) override {
    return levels_up > depth ? levels_up - 1 : levels_up;
  }

 private:
  uint32_t offset_;
  Arena& arena_;
};

}  // namespace

// True: the conjunct has become a leaf.
bool QueryPlanner::add_sublink_leaf(Expr* conjunct, std::vector<JoinLeaf>* leaves) {
  bool negated = false;
  Expr* e = conjunct;
  while (e->kind == ExprKind::kNot) {
    negated = !negated;
    e = e->as<BoolExpr>().args[0];
  }
  if (e->kind != ExprKind::kSubquery) return false;
  auto& sublink = e->as<SubqueryExpr>();
  bool any = sublink.subquery == SubqueryKind::kAny;
  if (sublink.subquery != SubqueryKind::kExists && !any) return false;
  RangeSet left = 0;
  for (const Expr* l : sublink.left) {
    if (has_sublink(l) || analyzer::is_volatile(l)) return false;
    left |= ranges_of(l);
  }
  if (any && left == 0) return false;
  if (!any && ranges_of(e) == 0) return false;  // runs once as it is
  size_t levels = query_.ranges.size() + sublink.query->ranges.size();
  if (levels > 62) return false;
  // NOT IN cannot dissolve: a NULL among the inner rows makes all of it unknown.
  if (!(negated && any) && add_dissolved_leaf(sublink, negated, leaves)) return true;
  return any && add_derived_leaf(sublink, negated, leaves);
}

uint32_t QueryPlanner::add_range(Range* range) {
  std::vector<Range*> ranges(query_.ranges.begin(), query_.ranges.end());
  ranges.push_back(range);
  query_.ranges = arena_.copy(ranges);
  used_columns_.emplace_back(range->columns.size(), false);
  needs_ctid_.push_back(false);
  return static_cast<uint32_t>(ranges.size() - 1);
}

// x IN (SELECT …) that depends on nothing here: the subquery is planned as a whole and its rows are hashed.
bool QueryPlanner::add_derived_leaf(SubqueryExpr& sublink, bool negated, std::vector<JoinLeaf>* leaves) {
  SubqueryExpr alone = sublink;
  alone.left = {};
  if (ranges_of(&alone) != 0) return false;
  if (negated && sublink.comparisons.size() > 1) return false;
  for (const Expr* c : sublink.comparisons) {
    if (!is_equality(c)) return false;
    const auto& f = c->as<FunctionExpr>();
    if (f.args[0]->kind != ExprKind::kInput || f.args[1]->kind != ExprKind::kInput) return false;
    if (f.args[0]->type != f.args[1]->type || functions::hash_function(f.args[0]->type) == nullptr)
      return false;
  }
  auto* range = arena_.make<Range>();
  range->kind = RangeKind::kSubquery;
  range->query = sublink.query;
  std::vector<analyzer::RangeColumn> columns;
  std::vector<const Expr*> outputs;
  for (const analyzer::Target& t : sublink.query->targets) {
    if (t.junk) continue;
    columns.push_back({t.name, t.expr->type, t.expr->typmod, t.expr->collation});
    outputs.push_back(t.expr);
  }
  range->columns = arena_.copy(columns);
  uint32_t number = add_range(range);
  JoinLeaf leaf;
  leaf.type = negated ? JoinType::kNullAnti : JoinType::kSemi;
  leaf.range = number;
  leaf.ranges = RangeSet{1} << number;
  for (Expr* comparison : sublink.comparisons) {
    Expr* on = analyzer::rewrite(comparison, arena_, [&](Expr* x) -> Expr* {
      if (x->kind != ExprKind::kInput) return nullptr;
      uint32_t at = x->as<analyzer::InputExpr>().index;
      if (at < sublink.left.size()) return sublink.left[at];
      auto* c = arena_.make<ColumnExpr>();
      static_cast<Expr&>(*c) = *outputs[at - sublink.left.size()];
      c->kind = ExprKind::kColumn;
      c->range = number;
      c->column = static_cast<int16_t>(at - sublink.left.size() + 1);
      return c;
    });
    leaf.needs |= ranges_of(on) & ~leaf.ranges;
    note_columns(on);
    leaf.on.push_back(on);
  }
  leaf.node = plan_range(number, {});
  leaves->push_back(std::move(leaf));
  return true;
}

// The subquery's tables join this query's: its own conditions restrict them, those that refer outwards are
// the join's.
bool QueryPlanner::add_dissolved_leaf(SubqueryExpr& sublink, bool negated, std::vector<JoinLeaf>* leaves) {
  Query inner = *sublink.query;
  // EXISTS (… LIMIT 1): one row or more is what it asks anyway.
  bool some = inner.limit != nullptr && inner.limit->kind == ExprKind::kConst &&
              !inner.limit->as<analyzer::ConstExpr>().value.null &&
              inner.limit->as<analyzer::ConstExpr>().value.int64 > 0;
  if (sublink.subquery == SubqueryKind::kExists && some) inner.limit = nullptr;
  if (!is_simple(inner) || !can_copy(inner)) return false;
  for (const Range* r : inner.ranges) {
    if (r->kind != RangeKind::kRelation) return false;
  }
  // Correlation may only stand in WHERE.
  Query probe = inner;
  probe.where = nullptr;
  SubqueryExpr wrapped;
  wrapped.kind = ExprKind::kSubquery;
  if (sublink.subquery == SubqueryKind::kExists) probe.targets = {};
  wrapped.query = &probe;
  if (ranges_of(&wrapped) != 0) return false;
  auto offset = static_cast<uint32_t>(query_.ranges.size());
  Hoist hoist(offset, arena_);
  QueryCopier copier(arena_, hoist);
  std::vector<Expr*> conjuncts, hoisted, keys;
  split_conjuncts(fold(inner.where), &conjuncts);
  for (Expr* c : conjuncts) {
    if (has_sublink(c)) return false;
    hoisted.push_back(copier.copy(c));
  }
  if (sublink.subquery == SubqueryKind::kAny) {
    for (Expr* comparison : sublink.comparisons) {
      if (comparison->kind != ExprKind::kFunction) return false;
      keys.push_back(analyzer::rewrite(comparison, arena_, [&](Expr* x) -> Expr* {
        if (x->kind != ExprKind::kInput) return nullptr;
        uint32_t at = x->as<analyzer::InputExpr>().index;
        if (at < sublink.left.size()) return sublink.left[at];
        return copier.copy(visible_target(inner, static_cast<int16_t>(at - sublink.left.size() + 1)));
      }));
    }
    for (const Expr* k : keys) {
      if (has_sublink(k) || analyzer::is_volatile(k)) return false;
    }
  }
  std::vector<FromItem*> items;
  for (const FromItem* item : inner.from) items.push_back(copier.copy(item, 0, offset));

  RangeSet inner_ranges = 0;
  for (Range* r : inner.ranges) {
    Range* own = r->security.empty() ? r : copier.copy(*r, 0);
    inner_ranges |= RangeSet{1} << add_range(own);
    for (Expr* e : own->security) note_columns(e);
  }
  for (Expr* e : hoisted) note_columns(e);
  for (Expr* e : keys) note_columns(e);
  for (const FromItem* item : items) note_item_columns(item);

  JoinLeaf leaf;
  leaf.type = negated ? JoinType::kAnti : JoinType::kSemi;
  leaf.ranges = inner_ranges;
  leaf.on = keys;
  for (Expr* c : hoisted) {
    RangeSet ranges = ranges_of(c);
    bool own = (ranges & ~inner_ranges) == 0;
    (own ? leaf.filters : leaf.on).push_back(c);
  }
  for (const Expr* c : leaf.on) leaf.needs |= ranges_of(c) & ~inner_ranges;
  std::vector<JoinLeaf> parts;
  std::vector<Expr*> own = leaf.filters;
  for (const FromItem* item : items) flatten(*item, own, &parts);
  if (parts.size() == 1 && parts[0].item != nullptr && parts[0].range != UINT32_MAX)
    leaf.range = parts[0].range;
  ColumnSet above;
  for (const Expr* c : leaf.on) columns_of(c, &above);
  Node node = search_joins(parts, own, &above);
  leaf.node = filter(std::move(node), own);
  leaves->push_back(std::move(leaf));
  return true;
}

}  // namespace varve::planner
