// Simple subqueries in FROM dissolve: their tables and conditions join those of the query around them.
#include <algorithm>
#include <optional>

#include "analyzer/instead_of.h"
#include "common/sql_error.h"
#include "functions/type_oids.h"
#include "query_copy.h"
#include "rewrite.h"

namespace varve::planner {

using analyzer::BoolExpr;
using analyzer::FromKind;
using analyzer::JoinKind;
using analyzer::RangeKind;
using analyzer::SubqueryExpr;
using analyzer::Target;

Expr* visible_target(const Query& query, int16_t column) {
  int16_t n = 0;
  for (const Target& t : query.targets) {
    if (!t.junk && ++n == column) return t.expr;
  }
  return nullptr;
}

namespace {

// The subquery's own columns get their numbers in the query around it; what it referred to further out is one
// level nearer.
class Rise : public ColumnMap {
 public:
  Rise(uint32_t offset, Arena& arena) : offset_(offset), arena_(arena) {}
  Expr* map(const ColumnExpr& c, uint32_t depth) override {
    if (c.levels_up < depth) return nullptr;
    auto* risen = arena_.make<ColumnExpr>(c);
    if (c.levels_up == depth)
      risen->range += offset_;
    else
      --risen->levels_up;
    return risen;
  }
  uint32_t map_cte_level(uint32_t levels_up, uint32_t depth) override {
    return levels_up > depth ? levels_up - 1 : levels_up;
  }

 private:
  uint32_t offset_;
  Arena& arena_;
};

// Columns of the dissolved range become the expressions that it computed.
class Substitute : public ColumnMap {
 public:
  Substitute(uint32_t range, std::vector<Expr*> targets, Arena& arena)
      : range_(range), targets_(std::move(targets)), arena_(arena) {}
  Expr* map(const ColumnExpr& c, uint32_t depth) override {
    if (c.levels_up != depth || c.range != range_) return nullptr;
    return sink_expression(targets_[static_cast<size_t>(c.column - 1)], depth, arena_);
  }

 private:
  uint32_t range_;
  std::vector<Expr*> targets_;
  Arena& arena_;
};

// Is there a reference to the range as a whole, or to a system column of it?
class WholeRowReferences : public ColumnMap {
 public:
  explicit WholeRowReferences(uint32_t range) : range_(range) {}
  Expr* map(const ColumnExpr& c, uint32_t depth) override {
    found = found || (c.levels_up == depth && c.range == range_ && c.column <= 0);
    return nullptr;
  }
  bool found = false;

 private:
  uint32_t range_;
};

class PullUp {
 public:
  // `limited`: those whose rows the query locks, as many as its LIMIT takes, and no others.
  PullUp(PlannerState& state, Query& query, bool limited)
      : state_(state), arena_(state.statement.arena), query_(query), limited_(limited) {}

  void run() {
    std::vector<FromItem*> items(query_.from.begin(), query_.from.end());
    for (size_t i = 0; i < items.size(); ++i) {
      // Every round changes the query as a whole: look at its items anew.
      while (true) {
        Site site;
        Expr* where = nullptr;
        if (!find(query_.from[i], JoinSide::kInner, &site)) break;
        FromItem* replacement = dissolve(site.range, &where);
        if (replacement == nullptr) {
          refused_.push_back(site.range);
          continue;
        }
        std::vector<FromItem*> now(query_.from.begin(), query_.from.end());
        now[i] = replace(now[i], site.range, replacement, where, &query_.where);
        query_.from = arena_.copy(now);
      }
    }
  }

 private:
  enum class JoinSide : uint8_t { kInner, kNullable, kFull };
  struct Site {
    uint32_t range = 0;
  };

  // The first range below the item that may dissolve where it stands.
  bool find(const FromItem* item, JoinSide side, Site* site) {
    if (item->kind == FromKind::kRange) {
      if (std::find(refused_.begin(), refused_.end(), item->range) != refused_.end() ||
          !fits(item->range, side))
        return false;
      site->range = item->range;
      return true;
    }
    JoinSide left = side, right = side;
    if (item->join == JoinKind::kLeft) right = side == JoinSide::kFull ? side : JoinSide::kNullable;
    if (item->join == JoinKind::kRight) left = side == JoinSide::kFull ? side : JoinSide::kNullable;
    if (item->join == JoinKind::kFull) left = right = JoinSide::kFull;
    return find(item->left, left, site) || find(item->right, right, site);
  }

  bool fits(uint32_t number, JoinSide side) {
    Range& range = *query_.ranges[number];
    if (number == 0 && analyzer::is_instead_of(query_)) return false;  // its rows go to triggers as they are
    if (limited_ && !is_locked(number)) return false;
    if (range.kind == RangeKind::kCte) inline_cte(range);
    if (range.kind != RangeKind::kSubquery || range.query == nullptr || range.barrier) return false;
    Query& inner = *range.query;
    if (!is_simple(inner) || query_.ranges.size() + inner.ranges.size() > 60) return false;
    pull_up_subqueries(state_, inner);
    if (!is_simple(inner) || query_.ranges.size() + inner.ranges.size() > 60) return false;
    if (!can_copy(inner)) return false;
    // VALUES by itself has no arguments that a lateral join could give it.
    bool has_values = std::any_of(inner.ranges.begin(), inner.ranges.end(), [](const Range* r) {
      return r->kind == RangeKind::kValues && !r->rows.empty();
    });
    if (range.lateral && has_values) return false;
    for (const Target& t : inner.targets) {
      if (analyzer::is_volatile(t.expr)) return false;
      // On the side that an outer join fills with NULLs, what is not a plain column would not become NULL.
      bool plain = t.expr->kind == ExprKind::kColumn && t.expr->as<ColumnExpr>().levels_up == 0;
      if (side != JoinSide::kInner && !plain) return false;
      // A set that does not group by it shows NULL, which a constant would not become.
      if (!query_.grouping_sets.empty() && !plain) return false;
    }
    if (side == JoinSide::kFull && (inner.where != nullptr || inner.from.size() > 1)) return false;
    WholeRowReferences whole(number);
    QueryCopier(arena_, whole).copy(query_);
    return !whole.found;
  }

  bool is_locked(uint32_t number) const {
    return std::any_of(query_.locked_within.begin(), query_.locked_within.end(),
                       [&](const analyzer::RowLocking& l) { return l.range == number; });
  }

  bool is_simple(const Query& q) const {
    const bool locks = std::any_of(q.locking.begin(), q.locking.end(), [&](const analyzer::RowLocking& l) {
      return !limited_ || !l.from_outside;
    });
    return !locks && q.command == analyzer::CommandType::kSelect && q.set_op == nullptr &&
           !q.has_aggregates && !q.has_group_clause && q.having == nullptr && !q.has_windows &&
           !q.has_set_returning && q.limit == nullptr && q.offset == nullptr && !q.distinct &&
           q.distinct_on.empty() && q.order_by.empty() && q.ctes.empty() && !q.from.empty();
  }

  // WITH that is read once and may be merged is a subquery.
  void inline_cte(Range& range) {
    if (range.cte_levels_up != 0 || range.work_table) return;
    analyzer::Cte& cte = *query_.ctes[range.cte];
    if (cte.recursive || cte.materialize || cte.references != 1 || cte.query == nullptr) return;
    if (cte.query->command != analyzer::CommandType::kSelect || !is_simple(*cte.query)) return;
    range.kind = RangeKind::kSubquery;
    range.query = cte.query;
  }

  // The subquery's FROM in this query's numbers; `where` gets its conditions. Null: it cannot be done.
  FromItem* dissolve(uint32_t number, Expr** where) {
    Range& range = *query_.ranges[number];
    const Query& inner = *range.query;
    auto offset = static_cast<uint32_t>(query_.ranges.size());
    Rise rise(offset, arena_);
    QueryCopier copier(arena_, rise);
    std::vector<Range*> ranges(query_.ranges.begin(), query_.ranges.end());
    for (const Range* r : inner.ranges) {
      ranges.push_back(copier.copy(*r, 0));
      bool may_refer =
          ranges.back()->kind == RangeKind::kSubquery || ranges.back()->kind == RangeKind::kFunction;
      ranges.back()->lateral = ranges.back()->lateral || (range.lateral && may_refer);
    }
    std::vector<Expr*> targets;
    for (const Target& t : inner.targets) {
      if (!t.junk) targets.push_back(copier.copy(t.expr));
    }
    *where = copier.copy(inner.where);
    FromItem* tree = nullptr;
    for (const FromItem* item : inner.from) {
      FromItem* copy = copier.copy(item, 0, offset);
      if (tree == nullptr) {
        tree = copy;
        continue;
      }
      auto* both = arena_.make<FromItem>();
      both->kind = FromKind::kJoin;
      both->join = JoinKind::kInner;
      both->left = tree;
      both->right = copy;
      tree = both;
    }
    query_.ranges = arena_.copy(ranges);
    // The subquery is gone: nothing may plan or walk it any more.
    range.kind = RangeKind::kValues;
    range.query = nullptr;
    range.lateral = false;
    Substitute substitute(number, std::move(targets), arena_);
    query_ = *QueryCopier(arena_, substitute).copy(query_);
    if (limited_) take_over_locks(number, inner, offset);
    return tree;
  }

  // What the subquery was to lock of its ranges is locked of this query's.
  void take_over_locks(uint32_t number, const Query& inner, uint32_t offset) {
    std::vector<analyzer::RowLocking> locks(query_.locking.begin(), query_.locking.end()), within;
    for (const analyzer::RowLocking& lock : query_.locked_within) {
      if (lock.range != number) within.push_back(lock);
    }
    for (analyzer::RowLocking lock : inner.locking) {
      lock.range += offset;
      lock.from_outside = false;
      locks.push_back(lock);
    }
    for (analyzer::RowLocking lock : inner.locked_within) {
      lock.range += offset;
      within.push_back(lock);
    }
    query_.locking = arena_.copy(locks);
    query_.locked_within = arena_.copy(std::span<const analyzer::RowLocking>(within));
  }

  Expr* both(Expr* a, Expr* b) {
    if (a == nullptr || b == nullptr) return a == nullptr ? b : a;
    auto* e = arena_.make<BoolExpr>();
    e->kind = ExprKind::kAnd;
    e->type = type_oid::kBool;
    e->args = arena_.copy(std::vector<Expr*>{a, b});
    return e;
  }

  static bool stands_in(const FromItem* item, uint32_t range) {
    if (item->kind == FromKind::kRange) return item->range == range;
    return stands_in(item->left, range) || stands_in(item->right, range);
  }

  // `sink`: where the conditions go, the innermost ON or WHERE that the range's rows must all pass.
  FromItem* replace(FromItem* item, uint32_t range, FromItem* tree, Expr* where, Expr** sink) {
    if (item->kind == FromKind::kRange) {
      *sink = both(*sink, where);
      return tree;
    }
    auto* copy = arena_.make<FromItem>(*item);
    bool in_left = stands_in(item->left, range);
    bool own = item->join == JoinKind::kInner || (item->join == JoinKind::kLeft && !in_left) ||
               (item->join == JoinKind::kRight && in_left);
    Expr** next = own ? &copy->condition : sink;
    FromItem*& side = in_left ? copy->left : copy->right;
    side = replace(side, range, tree, where, next);
    return copy;
  }

  PlannerState& state_;
  Arena& arena_;
  Query& query_;
  const bool limited_;
  std::vector<uint32_t> refused_;
};

// What is left of the subqueries whose rows are locked yields them one by one.
void lock_lazily(Query& query) {
  for (const analyzer::RowLocking& lock : query.locked_within) {
    Range& range = *query.ranges[lock.range];
    if (range.query == nullptr) continue;
    range.query->locks_one_by_one = true;
    lock_lazily(*range.query);
  }
}

}  // namespace

void pull_up_subqueries(PlannerState& state, Query& query) {
  // Rows of a subquery are locked as it yields them. In a query's own tables only those rows are locked that
  // it returns, so it takes over what it can.
  const bool limited = query.limit != nullptr && !query.locked_within.empty();
  const bool may = limited || (state.settings.enable_subquery_pullup && query.locking.empty());
  if (!may || query.command != analyzer::CommandType::kSelect || query.set_op != nullptr ||
      query.from.empty())
    return;
  bool any = std::any_of(query.ranges.begin(), query.ranges.end(), [](const Range* r) {
    return r->kind == RangeKind::kSubquery || r->kind == RangeKind::kCte;
  });
  if (any && can_copy(query)) PullUp(state, query, limited).run();
  if (limited) lock_lazily(query);
}

}  // namespace varve::planner
