// Correlated scalar aggregates become outer joins with a subquery grouped by what they were correlated on:
//   x < (SELECT avg(y) FROM t WHERE t.k = o.k)   =>   … LEFT JOIN (SELECT avg(y), k FROM t GROUP BY k) d ON
//   d.k = o.k
// (Kim 1982, with the outer join and the value over no rows that keep COUNT right: Ganski and Wong 1987.)
#include <algorithm>

#include "functions/type_oids.h"
#include "query_copy.h"
#include "rewrite.h"

namespace varve::planner {

using analyzer::AggregateExpr;
using analyzer::BoolExpr;
using analyzer::CaseExpr;
using analyzer::ConstExpr;
using analyzer::FromKind;
using analyzer::FunctionExpr;
using analyzer::JoinKind;
using analyzer::NullTestExpr;
using analyzer::RangeKind;
using analyzer::SubqueryExpr;
using analyzer::SubqueryKind;
using analyzer::Target;
using types::Value;

namespace {

// Which levels do the columns belong to?
class Levels : public ColumnMap {
 public:
  Expr* map(const ColumnExpr& c, uint32_t depth) override {
    if (c.levels_up < depth) return nullptr;
    (c.levels_up == depth ? own : outer) = true;
    return nullptr;
  }
  bool own = false, outer = false;
};

class Nothing : public ColumnMap {
 public:
  Expr* map(const ColumnExpr&, uint32_t) override { return nullptr; }
};

// Outer columns as the outer query itself names them.
class Lower : public ColumnMap {
 public:
  explicit Lower(Arena& arena) : arena_(arena) {}
  Expr* map(const ColumnExpr& c, uint32_t) override {
    auto* nearer = arena_.make<ColumnExpr>(c);
    --nearer->levels_up;
    return nearer;
  }

 private:
  Arena& arena_;
};

// What an aggregate yields for no rows. False: not known.
bool is_null_over_nothing(std::string_view name) {
  static constexpr std::string_view kNames[] = {
      "sum",     "avg",       "min",         "max",        "bool_and", "bool_or",
      "every",   "stddev",    "stddev_samp", "stddev_pop", "variance", "var_samp",
      "var_pop", "array_agg", "string_agg",  "bit_and",    "bit_or"};
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

class Unnest {
 public:
  Unnest(PlannerState& state, Query& query) : state_(state), arena_(state.statement.arena), query_(query) {}

  bool run() {
    query_.where = replace(query_.where);
    if (!query_.has_aggregates && !query_.has_group_clause && !query_.has_windows &&
        !query_.has_set_returning) {
      for (Target& t : query_.targets) t.expr = replace(t.expr);
    }
    return changed_;
  }

 private:
  // Replaces the sublinks that are computed whenever the expression is.
  Expr* replace(Expr* e) {
    if (e == nullptr) return nullptr;
    return analyzer::rewrite(e, arena_, [&](Expr* x) -> Expr* {
      switch (x->kind) {
        case ExprKind::kCase:
        case ExprKind::kCoalesce:
          return x;
        case ExprKind::kSubquery: {
          Expr* value = turn(x->as<SubqueryExpr>());
          return value == nullptr ? x : value;
        }
        default:
          return nullptr;
      }
    });
  }

  struct Key {
    Expr* inner;  // in the subquery's terms
    Expr* outer;  // in the outer query's
    const FunctionExpr* equality;
    bool inner_first;
  };

  Levels levels_of(Expr* e) {
    Levels levels;
    QueryCopier(arena_, levels).copy(e);
    return levels;
  }

  Expr* turn(SubqueryExpr& sublink) {
    Query& inner = *sublink.query;
    if (sublink.subquery != SubqueryKind::kScalar || !fits(inner)) return nullptr;
    std::vector<Expr*> conjuncts, own;
    split(inner.where, &conjuncts);
    std::vector<Key> keys;
    for (Expr* c : conjuncts) {
      if (!levels_of(c).outer) {
        own.push_back(c);
        continue;
      }
      Key key;
      if (!correlation(c, &key)) return nullptr;
      keys.push_back(key);
    }
    if (keys.empty() || keys.size() > 6) return nullptr;
    Expr* target = visible_target(inner, 1);
    Expr* empty = over_nothing(target);
    if (empty == nullptr) return nullptr;
    return join(inner, target, empty, own, keys);
  }

  static bool fits(const Query& q) {
    if (!q.has_aggregates || q.has_group_clause || q.having != nullptr || q.has_windows ||
        q.has_set_returning || q.limit != nullptr || q.offset != nullptr || q.distinct ||
        !q.distinct_on.empty() || q.set_op != nullptr || !q.ctes.empty() || !q.locking.empty() ||
        q.from.empty() || !can_copy(q) || analyzer::is_volatile(q.where)) {
      return false;
    }
    for (const Target& t : q.targets) {
      if (t.junk || analyzer::is_volatile(t.expr)) return false;
    }
    Query rest = q;
    rest.where = nullptr;
    Arena scratch;
    Levels levels;
    QueryCopier(scratch, levels).copy(rest);
    return q.targets.size() == 1 && !levels.outer;
  }

  void split(Expr* e, std::vector<Expr*>* out) {
    if (e == nullptr) return;
    if (e->kind != ExprKind::kAnd) {
      out->push_back(e);
      return;
    }
    for (Expr* arg : e->as<BoolExpr>().args) split(arg, out);
  }

  bool correlation(Expr* c, Key* key) {
    if (c->kind != ExprKind::kFunction) return false;
    const auto& f = c->as<FunctionExpr>();
    if (f.op == nullptr || f.op->name != "=" || f.args.size() != 2 || f.args[0]->type != f.args[1]->type ||
        !f.function->strict)
      return false;
    if (functions::hash_function(f.args[0]->type) == nullptr) return false;
    for (const Expr* arg : f.args) {
      if (analyzer::any_of(arg, [](const Expr& x) { return x.kind == ExprKind::kSubquery; })) return false;
    }
    Levels a = levels_of(f.args[0]), b = levels_of(f.args[1]);
    key->inner_first = a.own;
    const Levels &inner = a.own ? a : b, &outer = a.own ? b : a;
    if (!inner.own || inner.outer || outer.own || !outer.outer) return false;
    key->inner = f.args[a.own ? 0 : 1];
    Lower lower(arena_);
    key->outer = QueryCopier(arena_, lower).copy(f.args[a.own ? 1 : 0]);
    key->equality = &f;
    return true;
  }

  // The expression with every aggregate as it is for no rows; null: not known.
  Expr* over_nothing(Expr* target) {
    bool known = true;
    Expr* e = analyzer::rewrite(target, arena_, [&](Expr* x) -> Expr* {
      if (x->kind == ExprKind::kColumn || x->kind == ExprKind::kSubquery) known = false;
      if (x->kind != ExprKind::kAggregate) return nullptr;
      const functions::Function& f = *x->as<AggregateExpr>().function;
      if (f.name != "count" && !is_null_over_nothing(f.name)) known = false;
      return constant(
          *x, f.name == "count" ? Value::of_int64(0) : Value::null_of(functions::physical_type_of(x->type)));
    });
    return known ? fold_constants(e, arena_, state_.eval) : nullptr;
  }

  Expr* constant(const Expr& like, const Value& value) {
    auto* c = arena_.make<ConstExpr>();
    static_cast<Expr&>(*c) = like;
    c->kind = ExprKind::kConst;
    c->value = value;
    return c;
  }
  Expr* truth() {
    Expr boolean{};
    boolean.type = type_oid::kBool;
    return constant(boolean, Value::of_bool(true));
  }

  Expr* join(const Query& inner, Expr* target, Expr* empty, const std::vector<Expr*>& own,
             const std::vector<Key>& keys) {
    Nothing as_it_is;
    Query* grouped = QueryCopier(arena_, as_it_is).copy(inner);
    grouped->where = nullptr;
    if (own.size() == 1) {
      grouped->where = own[0];
    } else if (!own.empty()) {
      auto* all = arena_.make<BoolExpr>();
      all->kind = ExprKind::kAnd;
      all->type = type_oid::kBool;
      all->args = arena_.copy(own);
      grouped->where = all;
    }
    bool is_null = empty->kind == ExprKind::kConst && empty->as<ConstExpr>().value.null;
    std::vector<Target> targets(1);
    targets[0].expr = target;
    targets[0].name = "value";
    std::vector<Expr*> groups;
    for (const Key& k : keys) {
      groups.push_back(k.inner);
      Target t;
      t.expr = k.inner;
      t.name = "key";
      targets.push_back(t);
    }
    if (!is_null) {
      Target t;
      t.expr = truth();
      t.name = "found";
      targets.push_back(t);
    }
    grouped->targets = arena_.copy(targets);
    grouped->group_by = arena_.copy(groups);
    grouped->has_group_clause = true;
    grouped->is_correlated = inner.is_correlated;
    grouped->order_by = {};

    auto* range = arena_.make<Range>();
    range->kind = RangeKind::kSubquery;
    range->alias = "unnested";
    range->query = grouped;
    std::vector<analyzer::RangeColumn> columns;
    for (const Target& t : targets)
      columns.push_back({t.name, t.expr->type, t.expr->typmod, t.expr->collation});
    range->columns = arena_.copy(columns);
    std::vector<Range*> ranges(query_.ranges.begin(), query_.ranges.end());
    auto number = static_cast<uint32_t>(ranges.size());
    ranges.push_back(range);
    query_.ranges = arena_.copy(ranges);
    auto column = [&](size_t i) {
      auto* c = arena_.make<ColumnExpr>();
      static_cast<Expr&>(*c) = *targets[i].expr;
      c->kind = ExprKind::kColumn;
      c->range = number;
      c->column = static_cast<int16_t>(i + 1);
      return c;
    };
    std::vector<Expr*> on;
    for (size_t i = 0; i < keys.size(); ++i) {
      auto* equality = arena_.make<FunctionExpr>(*keys[i].equality);
      Expr* key = column(i + 1);
      equality->args = arena_.copy(keys[i].inner_first ? std::vector<Expr*>{key, keys[i].outer}
                                                       : std::vector<Expr*>{keys[i].outer, key});
      on.push_back(equality);
    }
    attach(number, on);
    changed_ = true;
    if (is_null) return column(0);
    auto* test = arena_.make<NullTestExpr>();
    test->kind = ExprKind::kNullTest;
    test->type = type_oid::kBool;
    test->arg = column(targets.size() - 1);
    auto* value = arena_.make<CaseExpr>();
    static_cast<Expr&>(*value) = *target;
    value->kind = ExprKind::kCase;
    value->conditions = arena_.copy(std::vector<Expr*>{test});
    value->results = arena_.copy(std::vector<Expr*>{empty});
    value->otherwise = column(0);
    return value;
  }

  // … LEFT JOIN range ON conditions, around all that FROM has.
  void attach(uint32_t number, const std::vector<Expr*>& on) {
    FromItem* tree = nullptr;
    auto joined = [&](FromItem* left, FromItem* right, JoinKind kind) {
      auto* item = arena_.make<FromItem>();
      item->kind = FromKind::kJoin;
      item->join = kind;
      item->left = left;
      item->right = right;
      return item;
    };
    for (FromItem* item : query_.from) tree = tree == nullptr ? item : joined(tree, item, JoinKind::kInner);
    auto* leaf = arena_.make<FromItem>();
    leaf->kind = FromKind::kRange;
    leaf->range = number;
    tree = joined(tree, leaf, JoinKind::kLeft);
    if (on.size() == 1) {
      tree->condition = on[0];
    } else {
      auto* all = arena_.make<BoolExpr>();
      all->kind = ExprKind::kAnd;
      all->type = type_oid::kBool;
      all->args = arena_.copy(on);
      tree->condition = all;
    }
    query_.from = arena_.copy(std::vector<FromItem*>{tree});
  }

  PlannerState& state_;
  Arena& arena_;
  Query& query_;
  bool changed_ = false;
};

}  // namespace

Query* unnest_scalar_aggregates(PlannerState& state, const Query& query) {
  if (!state.settings.enable_scalar_unnesting || query.command != analyzer::CommandType::kSelect ||
      query.set_op != nullptr || !query.ctes.empty() || !query.locking.empty() || query.from.empty() ||
      query.ranges.size() > 50) {
    return nullptr;
  }
  auto has_scalar = [](const Expr* e) {
    return analyzer::any_of(e, [](const Expr& x) {
      return x.kind == ExprKind::kSubquery && x.as<SubqueryExpr>().subquery == SubqueryKind::kScalar &&
             x.as<SubqueryExpr>().query->is_correlated;
    });
  };
  bool any = has_scalar(query.where) || std::any_of(query.targets.begin(), query.targets.end(),
                                                    [&](const Target& t) { return has_scalar(t.expr); });
  if (!any || !can_copy(query)) return nullptr;
  Nothing as_it_is;
  Query* copy = QueryCopier(state.statement.arena, as_it_is).copy(query);
  return Unnest(state, *copy).run() ? copy : nullptr;
}

}  // namespace varve::planner
