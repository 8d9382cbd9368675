#include "query_copy.h"

#include "analyzer/expression_walk.h"
#include "common/sql_error.h"

namespace varve::planner {

using analyzer::ColumnExpr;
using analyzer::Expr;
using analyzer::ExprKind;
using analyzer::FromItem;
using analyzer::Query;
using analyzer::Range;
using analyzer::SortKey;
using analyzer::SubqueryExpr;
using analyzer::Target;

Expr* QueryCopier::copy(Expr* e, uint32_t depth) {
  return analyzer::rewrite(e, arena_, [&](Expr* x) -> Expr* {
    if (x->kind == ExprKind::kColumn) {
      Expr* mapped = map_.map(x->as<ColumnExpr>(), depth);
      return mapped == nullptr ? x : mapped;
    }
    if (x->kind != ExprKind::kSubquery) return nullptr;
    auto* sublink = arena_.make<SubqueryExpr>(x->as<SubqueryExpr>());
    copy_list(sublink->left, depth);
    sublink->query = copy(*sublink->query, depth + 1);
    return sublink;
  });
}

template <class List>
void QueryCopier::copy_list(List& list, uint32_t depth) {
  std::vector<Expr*> items;
  for (Expr* e : list) items.push_back(copy(e, depth));
  list = arena_.copy(items);
}

void QueryCopier::copy_keys(std::span<SortKey>& keys, uint32_t depth) {
  std::vector<SortKey> copies(keys.begin(), keys.end());
  for (SortKey& k : copies) k.expr = copy(k.expr, depth);
  keys = arena_.copy(copies);
}

void QueryCopier::copy_targets(std::span<Target>& targets, uint32_t depth) {
  std::vector<Target> copies(targets.begin(), targets.end());
  for (Target& t : copies) t.expr = copy(t.expr, depth);
  targets = arena_.copy(copies);
}

Range* QueryCopier::copy(const Range& range, uint32_t depth) {
  auto* r = arena_.make<Range>(range);
  if (r->query != nullptr) r->query = copy(*r->query, depth + 1);
  copy_list(r->args, depth);
  copy_list(r->security, depth);
  std::vector<analyzer::ExprList> rows(r->rows.begin(), r->rows.end());
  for (analyzer::ExprList& row : rows) copy_list(row, depth);
  r->rows = arena_.copy(rows);
  if (r->kind == analyzer::RangeKind::kCte) r->cte_levels_up = map_.map_cte_level(r->cte_levels_up, depth);
  return r;
}

FromItem* QueryCopier::copy(const FromItem* item, uint32_t depth, uint32_t offset) {
  if (item == nullptr) return nullptr;
  auto* c = arena_.make<FromItem>(*item);
  c->range += offset;
  c->left = copy(item->left, depth, offset);
  c->right = copy(item->right, depth, offset);
  c->condition = copy(item->condition, depth);
  return c;
}

Query* QueryCopier::copy(const Query& query, uint32_t depth) {
  auto [known, fresh] = copies_.try_emplace(&query, nullptr);
  if (!fresh && known->second != nullptr) return known->second;
  auto* q = arena_.make<Query>(query);
  known->second = q;
  std::vector<Range*> ranges;
  for (const Range* r : query.ranges) ranges.push_back(copy(*r, depth));
  q->ranges = arena_.copy(ranges);
  std::vector<FromItem*> from;
  for (const FromItem* item : query.from) from.push_back(copy(item, depth));
  q->from = arena_.copy(from);
  q->where = copy(query.where, depth);
  copy_targets(q->targets, depth);
  copy_list(q->group_by, depth);
  q->having = copy(query.having, depth);
  std::vector<analyzer::Window> windows(query.windows.begin(), query.windows.end());
  for (analyzer::Window& w : windows) {
    copy_keys(w.partition, depth);
    copy_keys(w.order, depth);
    w.start_offset = copy(w.start_offset, depth);
    w.end_offset = copy(w.end_offset, depth);
  }
  q->windows = arena_.copy(windows);
  q->limit = copy(query.limit, depth);
  q->offset = copy(query.offset, depth);
  std::vector<analyzer::Cte*> ctes;
  for (const analyzer::Cte* c : query.ctes) {
    auto* cte = arena_.make<analyzer::Cte>(*c);
    if (cte->query != nullptr) cte->query = copy(*cte->query, depth + 1);
    ctes.push_back(cte);
  }
  q->ctes = arena_.copy(ctes);
  return q;
}

bool can_copy(const Expr* e) {
  return !analyzer::any_of(e, [](const Expr& x) {
    if (x.kind == ExprKind::kAggregate) return x.as<analyzer::AggregateExpr>().levels_up != 0;
    return x.kind == ExprKind::kSubquery && !can_copy(*x.as<SubqueryExpr>().query);
  });
}

namespace {

bool can_copy(const FromItem* item) {
  return item == nullptr ||
         (planner::can_copy(item->condition) && can_copy(item->left) && can_copy(item->right));
}

}  // namespace

bool can_copy(const Query& q) {
  if (q.command != analyzer::CommandType::kSelect || q.source != nullptr) return false;
  for (const Range* r : q.ranges) {
    if (r->query != nullptr && !can_copy(*r->query)) return false;
    for (const Expr* e : r->args) {
      if (!can_copy(e)) return false;
    }
    for (const Expr* e : r->security) {
      if (!can_copy(e)) return false;
    }
  }
  for (const FromItem* item : q.from) {
    if (!can_copy(item)) return false;
  }
  for (const Target& t : q.targets) {
    if (!can_copy(t.expr)) return false;
  }
  for (const Expr* e : q.group_by) {
    if (!can_copy(e)) return false;
  }
  for (const analyzer::Cte* c : q.ctes) {
    if (c->recursive || (c->query != nullptr && !can_copy(*c->query))) return false;
  }
  return can_copy(q.where) && can_copy(q.having) && can_copy(q.limit) && can_copy(q.offset);
}

namespace {

class Sink : public ColumnMap {
 public:
  Sink(uint32_t by, Arena& arena) : by_(by), arena_(arena) {}
  Expr* map(const ColumnExpr& c, uint32_t depth) override {
    if (c.levels_up < depth) return nullptr;
    auto* deeper = arena_.make<ColumnExpr>(c);
    deeper->levels_up += by_;
    return deeper;
  }
  uint32_t map_cte_level(uint32_t levels_up, uint32_t depth) override {
    return levels_up < depth ? levels_up : levels_up + by_;
  }

 private:
  uint32_t by_;
  Arena& arena_;
};

class Raise : public ColumnMap {
 public:
  explicit Raise(Arena& arena) : arena_(arena) {}
  Expr* map(const ColumnExpr& c, uint32_t depth) override {
    if (c.levels_up <= depth) return nullptr;
    auto* risen = arena_.make<ColumnExpr>(c);
    --risen->levels_up;
    return risen;
  }
  uint32_t map_cte_level(uint32_t levels_up, uint32_t depth) override {
    return levels_up > depth ? levels_up - 1 : levels_up;
  }

 private:
  Arena& arena_;
};

}  // namespace

Expr* raise_expression(Expr* e, RaisedQueries& raised, Arena& arena) {
  Raise map(arena);
  return analyzer::rewrite(e, arena, [&](Expr* x) -> Expr* {
    if (x->kind == ExprKind::kColumn) {
      Expr* risen = map.map(x->as<ColumnExpr>(), 0);
      return risen == nullptr ? x : risen;
    }
    if (x->kind != ExprKind::kSubquery) return nullptr;
    auto* sublink = arena.make<SubqueryExpr>(x->as<SubqueryExpr>());
    std::vector<Expr*> left;
    for (Expr* side : sublink->left) left.push_back(raise_expression(side, raised, arena));
    sublink->left = arena.copy(left);
    Query*& query = raised[sublink->query];
    if (query == nullptr) {
      if (!can_copy(*sublink->query))
        throw_not_supported("such a subquery in an aggregate of an outer query");
      query = QueryCopier(arena, map).copy(*sublink->query, 1);
    }
    sublink->query = query;
    return sublink;
  });
}

Expr* sink_expression(Expr* e, uint32_t depth, Arena& arena) {
  if (depth == 0 || e == nullptr) return e;
  Sink sink(depth, arena);
  return QueryCopier(arena, sink).copy(e);
}

}  // namespace varve::planner
