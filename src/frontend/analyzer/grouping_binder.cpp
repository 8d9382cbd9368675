// What a grouped query may say, and windows.
#include <algorithm>

#include "analyzer/query_walk.h"
#include "binder.h"

namespace varve::analyzer {
namespace {

// The table's primary key, if all of it is in every grouping set: it determines all columns then.
const catalog::Index* grouped_primary_key(const Scope& scope, const Query& query, uint32_t range) {
  const Range& r = *scope.ranges[range];
  if (r.relation == nullptr) return nullptr;
  const catalog::Index* key = (*r.relation)->primary_key();
  if (key == nullptr) return nullptr;
  auto in_every_set = [&](uint32_t group) {
    return std::all_of(query.grouping_sets.begin(), query.grouping_sets.end(),
                       [&](auto set) { return std::find(set.begin(), set.end(), group) != set.end(); });
  };
  const bool whole = std::all_of(key->keys.begin(), key->keys.end(), [&](const catalog::IndexColumn& k) {
    for (uint32_t i = 0; i < query.group_by.size(); ++i) {
      const Expr* g = query.group_by[i];
      if (g->kind == ExprKind::kColumn && g->as<ColumnExpr>().levels_up == 0 &&
          g->as<ColumnExpr>().range == range && g->as<ColumnExpr>().column == k.column && in_every_set(i))
        return true;
    }
    return false;
  });
  return whole ? key : nullptr;
}

}  // namespace

// An aggregate belongs to the innermost query whose columns its arguments use; to its own if they use none.
Expr* Binder::place_aggregate(Scope& scope, AggregateExpr* aggregate) {
  uint32_t level = UINT32_MAX, inner_level = UINT32_MAX;
  const Expr* inner = nullptr;  // the aggregate inside that belongs to the innermost query
  auto look = [&](const Expr* e) {
    walk_deep(e, 0, [&](const Expr& x, uint32_t depth) {
      if (x.kind == ExprKind::kAggregate && x.as<AggregateExpr>().levels_up >= depth &&
          x.as<AggregateExpr>().levels_up - depth < inner_level) {
        inner_level = x.as<AggregateExpr>().levels_up - depth;
        inner = &x;
      }
      if (x.kind == ExprKind::kWindow && depth == 0) {
        throw SqlError(sqlstate::kGroupingError,
                       "aggregate function calls cannot contain window function calls")
            .at(position(x.location));
      }
      if (x.kind == ExprKind::kSetReturning && depth == 0) {
        throw SqlError(sqlstate::kFeatureNotSupported,
                       "aggregate function calls cannot contain set-returning function calls")
            .hint("You might be able to move the set-returning function into a LATERAL FROM item.")
            .at(position(x.location));
      }
      if (x.kind == ExprKind::kColumn && x.as<ColumnExpr>().levels_up >= depth) {
        level = std::min(level, x.as<ColumnExpr>().levels_up - depth);
      }
      return true;
    });
  };
  for (const Expr* arg : aggregate->args) look(arg);
  for (const SortKey& key : aggregate->order_by) look(key.expr);
  look(aggregate->filter);
  level = std::min(level, inner_level);
  if (level == UINT32_MAX) level = 0;
  if (level == inner_level) {
    throw SqlError(sqlstate::kGroupingError, "aggregate function calls cannot be nested")
        .at(position(inner->location));
  }
  Scope* owner = &scope;
  for (uint32_t i = 0; i < level; ++i) {
    owner->correlated = true;
    owner->max_levels_up = std::max(owner->max_levels_up, level - i);
    owner = owner->parent;
  }
  // FILTER and the like are bound in their own clause; what counts is the clause around the call.
  std::string_view where = clause_text(owner->clause);
  switch (owner->clause) {
    case Clause::kSelect:
    case Clause::kHaving:
    case Clause::kOrderBy:
    case Clause::kDistinctOn:
    case Clause::kWindowPartition:
    case Clause::kWindowOrder:
      break;
    default:
      if (where.empty()) break;
      throw SqlError(sqlstate::kGroupingError,
                     fmt::format("aggregate functions are not allowed in {}", where))
          .at(position(aggregate->location));
  }
  aggregate->levels_up = level;
  owner->has_aggregates = true;
  return aggregate;
}

void Binder::check_set_returning(const Scope& scope, int32_t location) {
  if (!scope.case_name.empty()) {
    throw SqlError(sqlstate::kFeatureNotSupported,
                   fmt::format("set-returning functions are not allowed in {}", scope.case_name))
        .hint("You might be able to move the set-returning function into a LATERAL FROM item.")
        .at(position(location));
  }
  switch (scope.clause) {
    case Clause::kSelect:
    case Clause::kFromFunction:
    case Clause::kValuesSingle:
    case Clause::kGroupBy:
    case Clause::kOrderBy:
    case Clause::kDistinctOn:
    case Clause::kWindowPartition:
    case Clause::kWindowOrder:
      return;
    default:
      throw SqlError(sqlstate::kFeatureNotSupported,
                     fmt::format("set-returning functions are not allowed in {}", clause_text(scope.clause)))
          .at(position(location));
  }
}

void Binder::check_grouping(Scope& scope, Query& query, std::vector<Target>& targets) {
  std::vector<Expr*> extra;  // columns that the primary key determines: grouped by as well
  std::vector<Oid> primary_keys;
  // Takes note of it.
  auto depends_on_primary_key = [&](uint32_t range) {
    const catalog::Index* key = grouped_primary_key(scope, query, range);
    if (key == nullptr) return false;
    if (std::find(primary_keys.begin(), primary_keys.end(), key->constraint) == primary_keys.end())
      primary_keys.push_back(key->constraint);
    return true;
  };
  auto not_grouping_expression = [&](const Expr& arg) {
    return SqlError(sqlstate::kGroupingError,
                    "arguments to GROUPING must be grouping expressions of the associated query level")
        .at(position(arg.location));
  };
  // What a subquery says of this query's columns must be grouped too.
  auto check_subquery = [&](auto&&, const Query& subquery) {
    walk_deep(subquery, 1, [&](const Expr& x, uint32_t depth) {
      if (x.kind == ExprKind::kAggregate && x.as<AggregateExpr>().levels_up == depth) return false;
      auto is_grouped = [&](const Expr& e) {
        return std::any_of(query.group_by.begin(), query.group_by.end(), [&](Expr* g) {
          if (g->kind != ExprKind::kColumn) return false;  // other expressions count at their own level alone
          Expr* inside = rewrite(g, arena_, [&](Expr* part) -> Expr* {
            if (part->kind != ExprKind::kColumn) return nullptr;
            auto* c = arena_.make<ColumnExpr>(part->as<ColumnExpr>());
            c->levels_up += depth;
            return c;
          });
          return same_expression(inside, &e);
        });
      };
      if (x.kind == ExprKind::kGrouping && grouping_level(x.as<GroupingExpr>()) == depth) {
        for (const Expr* arg : x.as<GroupingExpr>().args) {
          if (!is_grouped(*arg)) throw not_grouping_expression(*arg);
        }
        return false;
      }
      if (is_grouped(x)) return false;
      if (x.kind != ExprKind::kColumn || x.as<ColumnExpr>().levels_up != depth) return true;
      const auto& c = x.as<ColumnExpr>();
      if (c.range >= scope.ranges.size()) return true;
      if (depends_on_primary_key(c.range)) {
        auto* own = arena_.make<ColumnExpr>(c);
        own->levels_up = 0;
        bool known =
            std::any_of(extra.begin(), extra.end(), [&](Expr* e) { return same_expression(e, own); });
        if (!known) extra.push_back(own);
        return true;
      }
      const Range& range = *scope.ranges[c.range];
      std::string_view column =
          c.column > 0 ? range.columns[static_cast<size_t>(c.column - 1)].name : std::string_view("ctid");
      throw SqlError(
          sqlstate::kGroupingError,
          fmt::format("subquery uses ungrouped column \"{}.{}\" from outer query", range.alias, column))
          .at(position(x.location));
    });
  };
  auto check = [&](auto&& self, Expr* e) -> void {
    if (e == nullptr) return;
    for (Expr* g : query.group_by) {
      if (same_expression(g, e)) return;
    }
    if (e->kind == ExprKind::kAggregate && e->as<AggregateExpr>().levels_up == 0) {
      const auto& aggregate = e->as<AggregateExpr>();
      try {
        for (Expr* direct : aggregate.args.first(aggregate.direct_args)) self(self, direct);
      } catch (SqlError& error) {
        throw error.detail("Direct arguments of an ordered-set aggregate must use only grouped columns.");
      }
      return;
    }
    if (e->kind == ExprKind::kGrouping) {
      if (grouping_level(e->as<GroupingExpr>()) > 0) return;
      for (Expr* arg : e->as<GroupingExpr>().args) {
        bool outer = arg->kind == ExprKind::kColumn && arg->as<ColumnExpr>().levels_up > 0;
        bool grouped = !outer && std::any_of(query.group_by.begin(), query.group_by.end(),
                                             [&](Expr* x) { return same_expression(x, arg); });
        if (!grouped) throw not_grouping_expression(*arg);
      }
      return;
    }
    if (e->kind == ExprKind::kSubquery) check_subquery(self, *e->as<SubqueryExpr>().query);
    if (e->kind == ExprKind::kColumn) {
      const auto& c = e->as<ColumnExpr>();
      if (c.levels_up != 0) return;
      if (depends_on_primary_key(c.range)) {
        bool known = std::any_of(extra.begin(), extra.end(), [&](Expr* x) { return same_expression(x, e); });
        if (!known) extra.push_back(e);
        return;
      }
      const Range& range = *scope.ranges[c.range];
      std::string_view column =
          c.column > 0 ? range.columns[static_cast<size_t>(c.column - 1)].name : std::string_view("ctid");
      throw SqlError(
          sqlstate::kGroupingError,
          fmt::format(
              "column \"{}.{}\" must appear in the GROUP BY clause or be used in an aggregate function",
              range.alias, column))
          .at(position(e->location));
    }
    visit_children(*e, [&](Expr*& child) { self(self, child); });
  };
  for (Target& t : targets) check(check, t.expr);
  check(check, query.having);
  for (Window& w : scope.windows) {
    for (SortKey& key : w.partition) check(check, key.expr);
    for (SortKey& key : w.order) check(check, key.expr);
  }
  if (!extra.empty()) {
    std::vector<Expr*> groups(query.group_by.begin(), query.group_by.end());
    groups.insert(groups.end(), extra.begin(), extra.end());
    for (std::span<uint32_t>& set : query.grouping_sets) {
      std::vector<uint32_t> with_extra(set.begin(), set.end());
      for (size_t i = query.group_by.size(); i < groups.size(); ++i)
        with_extra.push_back(static_cast<uint32_t>(i));
      set = arena_.copy(with_extra);
    }
    query.group_by = list(groups);
    query.primary_keys = arena_.copy(primary_keys);
    query.dependent_groups = static_cast<uint32_t>(extra.size());
  }
}

namespace {

bool same_keys(std::span<const SortKey> a, std::span<const SortKey> b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](const SortKey& x, const SortKey& y) {
           return same_expression(x.expr, y.expr) && x.descending == y.descending &&
                  x.nulls_first == y.nulls_first;
         });
}

bool same_window(const Window& a, const Window& b) {
  return same_keys(a.partition, b.partition) && same_keys(a.order, b.order) && a.mode == b.mode &&
         a.start == b.start && a.end == b.end && a.exclusion == b.exclusion &&
         same_expression(a.start_offset, b.start_offset) && same_expression(a.end_offset, b.end_offset);
}

const parser::WindowDef* named_window(const Scope& scope, std::string_view name) {
  for (const parser::WindowDef* w : scope.window_definitions) {
    if (w->name == name) return w;
  }
  return nullptr;
}

// planner::FrameMode is rows, range, groups.
uint8_t frame_mode(parser::FrameMode mode) {
  return mode == parser::FrameMode::kRows ? 0 : mode == parser::FrameMode::kRange ? 1 : 2;
}

}  // namespace

// What RANGE adds to a key, and the type in which key and sum compare: wide enough that sums of small
// integers fit, and a date with an interval gives a timestamp.
Expr* Binder::range_offset(Expr* offset, SortKey* key, int32_t location) {
  Oid type = key->expr->type, key_type = type, offset_type;
  switch (type.value()) {
    case type_oid::kInt2.value():
    case type_oid::kInt4.value():
    case type_oid::kInt8.value():
      key_type = offset_type = type_oid::kInt8;
      break;
    case type_oid::kFloat4.value():
    case type_oid::kFloat8.value():
      key_type = offset_type = type_oid::kFloat8;
      break;
    case type_oid::kNumeric.value():
      offset_type = type_oid::kNumeric;
      break;
    case type_oid::kDate.value():
      key_type = type_oid::kTimestamp;
      offset_type = type_oid::kInterval;
      break;
    case type_oid::kTimestamp.value():
    case type_oid::kTimestamptz.value():
    case type_oid::kTime.value():
    case type_oid::kTimetz.value():
    case type_oid::kInterval.value():
      offset_type = type_oid::kInterval;
      break;
    default:
      throw SqlError(sqlstate::kFeatureNotSupported,
                     fmt::format("RANGE with offset PRECEDING/FOLLOWING is not supported for column type {}",
                                 type_text(type)))
          .at(position(location));
  }
  Expr* coerced = try_coerce(offset, offset_type, -1, functions::CastContext::kImplicit);
  if (coerced == nullptr) {
    throw SqlError(
        sqlstate::kFeatureNotSupported,
        fmt::format(
            "RANGE with offset PRECEDING/FOLLOWING is not supported for column type {} and offset type {}",
            type_text(type), type_text(offset->type)))
        .hint("Cast the offset value to an appropriate type.")
        .at(position(offset->location));
  }
  if (key_type != type) key->expr = try_coerce(key->expr, key_type, -1, functions::CastContext::kImplicit);
  return coerced;
}

uint32_t Binder::bind_window(Scope& scope, const parser::WindowDef& definition) {
  auto missing = [&](std::string_view name) {
    return SqlError(sqlstate::kUndefinedObject, fmt::format("window \"{}\" does not exist", name))
        .at(position(definition.location));
  };
  const parser::WindowDef* d = &definition;
  if (!d->name.empty()) {  // OVER name
    d = named_window(scope, d->name);
    if (d == nullptr) throw missing(definition.name);
  }
  const parser::WindowDef* base = nullptr;
  if (!d->references.empty()) {
    base = named_window(scope, d->references);
    if (base == nullptr) throw missing(d->references);
    if (!d->partition_by.empty()) {
      throw SqlError(sqlstate::kWindowingError,
                     fmt::format("cannot override PARTITION BY clause of window \"{}\"", d->references))
          .at(position(d->location));
    }
    if (!d->order_by.empty() && !base->order_by.empty()) {
      throw SqlError(sqlstate::kWindowingError,
                     fmt::format("cannot override ORDER BY clause of window \"{}\"", d->references))
          .at(position(d->location));
    }
    if (base->has_frame) {
      throw SqlError(sqlstate::kWindowingError,
                     fmt::format("cannot copy window \"{}\" because it has a frame clause", d->references))
          .at(position(d->location));
    }
  }
  Clause outer = scope.clause;
  Window window;
  std::vector<SortKey> partition, order;
  for (const parser::Node* node : base != nullptr ? base->partition_by : d->partition_by) {
    SortKey key;
    key.expr = resolve_unknown(bind_clause(scope, node, Clause::kWindowPartition));
    refuse_conflict(*key.expr);
    key.collation = collation_object(key.expr->collation);
    partition.push_back(key);
  }
  for (const parser::SortBy* sort : base != nullptr && d->order_by.empty() ? base->order_by : d->order_by) {
    SortKey key;
    key.expr = resolve_unknown(bind_clause(scope, sort->expression, Clause::kWindowOrder));
    refuse_conflict(*key.expr);
    key.collation = collation_object(key.expr->collation);
    apply_sort_options(*sort, key.expr, &key.descending, &key.nulls_first);
    order.push_back(key);
  }
  if (!definition.name.empty()) window.name = definition.name;
  window.partition = arena_.copy(partition);
  window.order = arena_.copy(order);
  if (d->has_frame) {
    window.mode = frame_mode(d->mode);
    window.start = static_cast<uint8_t>(d->start);
    window.end = static_cast<uint8_t>(d->end);
    window.exclusion = static_cast<uint8_t>(d->exclusion);
    if (d->mode == parser::FrameMode::kGroups && order.empty()) {
      throw SqlError(sqlstate::kWindowingError, "GROUPS mode requires an ORDER BY clause")
          .at(position(d->location));
    }
    auto offset = [&](const parser::Node* node, std::string_view construct) -> Expr* {
      if (node == nullptr) return nullptr;
      Expr* e = bind_clause(scope, node, Clause::kWindowFrame);
      refuse_variables(e, construct);
      if (d->mode != parser::FrameMode::kRange) return coerce_to_specific(e, type_oid::kInt8, construct);
      if (order.size() != 1) {
        throw SqlError(sqlstate::kWindowingError,
                       "RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY column")
            .at(position(d->location));
      }
      e = range_offset(e, &window.order[0], node->location);
      order[0].expr = window.order[0].expr;
      auto step = [&](std::string_view op) {
        Expr* moved = make_operator(op, order[0].expr, e, node->location);
        return &moved->as<FunctionExpr>();
      };
      window.range_add = step("+")->function;
      FunctionExpr* minus = step("-");
      window.range_subtract = minus->function;
      return minus->args[1];
    };
    std::string_view mode = d->mode == parser::FrameMode::kRange    ? "RANGE"
                            : d->mode == parser::FrameMode::kGroups ? "GROUPS"
                                                                    : "ROWS";
    window.start_offset = offset(d->start_offset, mode);
    window.end_offset = offset(d->end_offset, mode);
  }
  scope.clause = outer;
  for (size_t i = 0; i < scope.windows.size(); ++i) {
    if (same_window(scope.windows[i], window)) return static_cast<uint32_t>(i);
  }
  scope.windows.push_back(window);
  return static_cast<uint32_t>(scope.windows.size() - 1);
}

}  // namespace varve::analyzer
