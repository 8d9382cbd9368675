// Conditions on a subquery's output move into the subquery: below its grouping, DISTINCT or set operation.
#include <algorithm>

#include "functions/type_oids.h"
#include "query_copy.h"
#include "rewrite.h"

namespace varve::planner {

using analyzer::BoolExpr;
using analyzer::RangeKind;
using analyzer::Target;

namespace {

// From the outer query's terms to the subquery's: its columns are what it computes, all else is `levels`
// further out.
class Enter : public ColumnMap {
 public:
  Enter(uint32_t range, const Query& inner, uint32_t levels, Arena& arena)
      : range_(range), inner_(inner), levels_(levels), arena_(arena) {}
  Expr* map(const ColumnExpr& c, uint32_t) override {
    if (c.levels_up == 0 && c.range == range_) return visible_target(inner_, c.column);
    auto* further = arena_.make<ColumnExpr>(c);
    further->levels_up += levels_;
    return further;
  }

 private:
  uint32_t range_;
  const Query& inner_;
  uint32_t levels_;
  Arena& arena_;
};

class PushDown {
 public:
  PushDown(PlannerState& state, uint32_t range, Expr* condition)
      : arena_(state.statement.arena), range_(range), condition_(condition) {}

  bool fits(const Query& inner) const {
    if (inner.command != analyzer::CommandType::kSelect || inner.limit != nullptr ||
        inner.offset != nullptr || inner.has_set_returning || locks_by_itself(inner) || !can_copy(inner)) {
      return false;
    }
    if (inner.set_op != nullptr) {
      return inner.ctes.empty() && branches_fit(inner, *inner.set_op);
    }
    bool fit = true;
    analyzer::any_of(condition_, [&](const Expr& x) {
      if (x.kind == ExprKind::kColumn && x.as<ColumnExpr>().levels_up == 0)
        fit = fit && column_fits(inner, x.as<ColumnExpr>().column);
      return false;
    });
    return fit;
  }

  // `levels`: how far inside the query of the condition `inner` is; a branch of a set operation is one
  // further.
  void apply(Query& inner, uint32_t levels = 1) {
    if (inner.set_op != nullptr) {
      apply_branches(inner, *inner.set_op, levels + 1);
      return;
    }
    Enter enter(range_, inner, levels, arena_);
    Expr* c = QueryCopier(arena_, enter).copy(condition_);
    bool grouped = inner.has_group_clause || inner.has_aggregates;
    bool on_groups =
        !grouped || (inner.has_group_clause && !contains_aggregate(c) && only_group_columns(inner));
    add(on_groups ? inner.where : inner.having, c);
  }

 private:
  // Which rows it locks must not depend on what is asked of them.
  static bool locks_by_itself(const Query& inner) {
    return std::any_of(inner.locking.begin(), inner.locking.end(),
                       [](const analyzer::RowLocking& l) { return !l.from_outside; });
  }
  static bool contains_aggregate(const Expr* e) {
    return analyzer::any_of(e, [](const Expr& x) { return x.kind == ExprKind::kAggregate; });
  }
  static bool is_group_column(const Query& inner, const Expr* target) {
    return std::any_of(inner.group_by.begin(), inner.group_by.end(),
                       [&](const Expr* g) { return analyzer::same_expression(g, target); });
  }
  bool only_group_columns(const Query& inner) const {
    bool only = inner.grouping_sets.empty();
    analyzer::any_of(condition_, [&](const Expr& x) {
      if (x.kind == ExprKind::kColumn && x.as<ColumnExpr>().levels_up == 0)
        only = only && is_group_column(inner, visible_target(inner, x.as<ColumnExpr>().column));
      return false;
    });
    return only;
  }

  bool column_fits(const Query& inner, int16_t column) const {
    const Expr* target = column > 0 ? visible_target(inner, column) : nullptr;
    if (target == nullptr || analyzer::is_volatile(target)) return false;
    bool special = analyzer::any_of(target, [](const Expr& x) {
      return x.kind == ExprKind::kSubquery || x.kind == ExprKind::kWindow || x.kind == ExprKind::kGrouping ||
             x.kind == ExprKind::kSetReturning;
    });
    if (special || !inner.grouping_sets.empty()) return false;
    auto is_key = [&](std::span<const analyzer::TargetKey> keys) {
      return std::any_of(keys.begin(), keys.end(), [&](const analyzer::TargetKey& k) {
        return inner.targets[k.target].expr == target;
      });
    };
    if (!inner.distinct_on.empty() && !is_key(inner.distinct_on)) return false;
    for (const analyzer::Window& w : inner.windows) {
      bool partition = std::any_of(w.partition.begin(), w.partition.end(), [&](const SortKey& k) {
        return analyzer::same_expression(k.expr, target);
      });
      if (!partition) return false;
    }
    return true;
  }

  bool branches_fit(const Query& q, const analyzer::SetOp& op) const {
    for (const analyzer::SetOp* side : {op.left, op.right}) {
      if (!side->leaf ? !branches_fit(q, *side) : !fits(*q.ranges[side->range]->query)) return false;
      if (side->leaf && !same_types(q, *q.ranges[side->range]->query)) return false;
    }
    return true;
  }
  // Conversions of a branch's columns stand in its targets already when types agree.
  static bool same_types(const Query& q, const Query& branch) {
    for (int16_t c = 1;; ++c) {
      const Expr *a = visible_target(q, c), *b = visible_target(branch, c);
      if (a == nullptr || b == nullptr) return a == b;
      if (a->type != b->type || a->collation != b->collation) return false;
    }
  }
  void apply_branches(Query& q, const analyzer::SetOp& op, uint32_t levels) {
    for (const analyzer::SetOp* side : {op.left, op.right}) {
      if (side->leaf)
        apply(*q.ranges[side->range]->query, levels);
      else
        apply_branches(q, *side, levels);
    }
  }

  void add(Expr*& to, Expr* c) {
    if (to == nullptr) {
      to = c;
      return;
    }
    auto* both = arena_.make<BoolExpr>();
    both->kind = ExprKind::kAnd;
    both->type = type_oid::kBool;
    both->args = arena_.copy(std::vector<Expr*>{to, c});
    to = both;
  }

  Arena& arena_;
  uint32_t range_;
  Expr* condition_;
};

}  // namespace

void push_down_conditions(PlannerState& state, Query& query, uint32_t range, std::vector<Expr*>& conjuncts) {
  Range& r = *query.ranges[range];
  if (!state.settings.enable_predicate_pushdown || r.kind != RangeKind::kSubquery || r.query == nullptr)
    return;
  std::vector<Expr*> left;
  for (Expr* c : conjuncts) {
    bool own = !analyzer::is_volatile(c) && !analyzer::any_of(c, [&](const Expr& x) {
      if (x.kind == ExprKind::kSubquery) return true;
      return x.kind == ExprKind::kColumn && x.as<ColumnExpr>().levels_up == 0 &&
             x.as<ColumnExpr>().range != range;
    });
    own = own && (!r.barrier || analyzer::is_leakproof(c, state.settings.leakproof_routines));
    PushDown push(state, range, c);
    if (own && push.fits(*r.query))
      push.apply(*r.query);
    else
      left.push_back(c);
  }
  conjuncts = std::move(left);
}

}  // namespace varve::planner
