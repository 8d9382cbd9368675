#include "query_levels.h"

#include <unordered_set>

#include "analyzer/query_walk.h"

namespace varve::analyzer {
namespace {

class Deeper {
 public:
  void query(const Query& q, uint32_t depth) {
    if (!seen_.insert(&q).second) return;
    for (Range* range : q.ranges) {
      if (range->kind == RangeKind::kCte && range->cte_levels_up > depth) ++range->cte_levels_up;
    }
    visit_query(
        q, [&](const Expr* e) { expression(const_cast<Expr*>(e), depth); },
        [&](const Query& inner) { query(inner, depth + 1); });
  }

 private:
  // Parts may be shared between the places where they are used: each is changed once.
  void expression(Expr* e, uint32_t depth) {
    if (e == nullptr || !seen_.insert(e).second) return;
    if (e->kind == ExprKind::kColumn && e->as<ColumnExpr>().levels_up > depth)
      ++e->as<ColumnExpr>().levels_up;
    if (e->kind == ExprKind::kAggregate && e->as<AggregateExpr>().levels_up > depth)
      ++e->as<AggregateExpr>().levels_up;
    if (e->kind == ExprKind::kSubquery) query(*e->as<SubqueryExpr>().query, depth + 1);
    visit_children(*e, [&](Expr*& child) { expression(child, depth); });
  }

  std::unordered_set<const void*> seen_;
};

}  // namespace

void put_one_level_deeper(Query& query) { Deeper().query(query, 0); }

}  // namespace varve::analyzer
