// Walking everything a bound query says, subqueries included.
#pragma once

#include "analyzer/expression_walk.h"
#include "analyzer/query.h"

namespace varve::analyzer {

// Calls f(const Expr*) for every expression that stands in the query itself, and g(const Query&) for every
// query in its FROM and WITH. Sublinks are parts of expressions.
template <class F, class G>
void visit_query(const Query& query, F&& f, G&& g) {
  auto one = [&](const Expr* e) {
    if (e != nullptr) f(e);
  };
  auto all = [&](std::span<Expr* const> exprs) {
    for (const Expr* e : exprs) one(e);
  };
  auto conditions = [&](auto&& self, const FromItem* item) -> void {
    if (item == nullptr || item->kind == FromKind::kRange) return;
    one(item->condition);
    self(self, item->left);
    self(self, item->right);
  };
  for (const Target& t : query.targets) one(t.expr);
  for (const Target& t : query.returning) one(t.expr);
  for (const FromItem* item : query.from)
    conditions(conditions, item);  // before WHERE: errors name the first
  one(query.where);
  one(query.having);
  one(query.limit);
  one(query.offset);
  all(query.group_by);
  for (const Window& w : query.windows) {
    for (const SortKey& k : w.partition) one(k.expr);
    for (const SortKey& k : w.order) one(k.expr);
    one(w.start_offset);
    one(w.end_offset);
  }
  for (const ViewCheck& check : query.view_checks) one(check.condition);
  for (const MergeAction& action : query.merge_actions) {
    one(action.condition);
    for (const Target& t : action.targets) one(t.expr);
  }
  if (query.on_conflict != nullptr) {
    one(query.on_conflict->where);
    for (const Target& t : query.on_conflict->assignments) one(t.expr);
  }
  for (const Range* range : query.ranges) {
    if (range->query != nullptr) g(*range->query);
    all(range->args);
    all(range->security);
    one(range->sample_percent);
    one(range->sample_seed);
    for (const ExprList& row : range->rows) all(row);
  }
  for (const Cte* cte : query.ctes) {
    if (cte->query != nullptr) g(*cte->query);
  }
}

// Calls f(const Expr&, depth) for every part of the expression; depth counts the queries it is within, from
// `depth` on. f returns false where its parts are not to be visited.
template <class F>
void walk_deep(const Expr* e, uint32_t depth, F&& f);

template <class F>
void walk_deep(const Query& query, uint32_t depth, F&& f) {
  visit_query(
      query, [&](const Expr* e) { walk_deep(e, depth, f); },
      [&](const Query& inner) { walk_deep(inner, depth + 1, f); });
}

template <class F>
void walk_deep(const Expr* e, uint32_t depth, F&& f) {
  if (e == nullptr || !f(*e, depth)) return;
  if (e->kind == ExprKind::kSubquery) walk_deep(*e->as<SubqueryExpr>().query, depth + 1, f);
  visit_children(const_cast<Expr&>(*e), [&](Expr*& child) { walk_deep(child, depth, f); });
}

}  // namespace varve::analyzer
