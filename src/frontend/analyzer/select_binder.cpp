// SELECT, VALUES and set operations.
#include <algorithm>

#include "analyzer/expression_walk.h"
#include "analyzer/own_database.h"
#include "binder.h"
#include "expression_location.h"
#include "grouping_sets.h"
#include "parser/lock_clause.h"
#include "parser/parser.h"
#include "query_levels.h"

namespace varve::analyzer {

using functions::CastContext;
using types::Value;

Query* Binder::bind_expression_query(const parser::SelectStmt& select, Scope& around) {
  ++expression_depth_;
  Query* query = bind_select(select, &around);
  --expression_depth_;
  return query;
}

Query* Binder::bind_select(const parser::SelectStmt& select, Scope* parent, bool keep_unknown) {
  Scope scope;
  scope.parent = parent;
  if (select.into != nullptr) {
    throw SqlError(sqlstate::kSyntaxError, "SELECT ... INTO is not allowed here")
        .at(position(select.into->relation->location));
  }
  if (select.with != nullptr) bind_with(scope, *select.with);
  if (select.set_operation != parser::SetOperation::kNone)
    return bind_set_operation(select, scope, keep_unknown);
  if (!select.values.empty()) return bind_values(select, scope);
  return bind_plain_select(select, scope, keep_unknown);
}

void Binder::finish_query(Scope& scope, Query& query, const std::vector<Target>& targets) {
  query.targets = arena_.copy(targets);
  query.ranges = arena_.copy(scope.ranges);
  query.ctes = arena_.copy(scope.ctes);
  query.windows = arena_.copy(scope.windows);
  query.has_aggregates = scope.has_aggregates;
  query.has_windows = scope.has_windows;
  query.has_set_returning = scope.has_set_returning;
  query.is_correlated = scope.correlated;
  if (scope.parent != nullptr && scope.max_levels_up > 1) {
    scope.parent->max_levels_up = std::max(scope.parent->max_levels_up, scope.max_levels_up - 1);
  }
}

Query* Binder::bind_plain_select(const parser::SelectStmt& select, Scope& scope, bool keep_unknown) {
  auto* query = arena_.make<Query>();
  for (const parser::WindowDef* w : select.windows) {
    const bool known = std::any_of(scope.window_definitions.begin(), scope.window_definitions.end(),
                                   [&](const parser::WindowDef* other) { return other->name == w->name; });
    if (known) {
      throw SqlError(sqlstate::kWindowingError, fmt::format("window \"{}\" is already defined", w->name))
          .at(position(w->location));
    }
    scope.window_definitions.push_back(w);
  }
  std::vector<FromItem*> from;
  bind_from(scope, select.from, &from);
  query->from = arena_.copy(from);
  std::vector<Target> targets = bind_targets(scope, select.targets, Clause::kSelect);
  if (select.where != nullptr) query->where = bind_condition(scope, select.where, Clause::kWhere);
  bind_group_by(scope, select, *query, targets);
  if (select.having != nullptr) {
    query->having = bind_condition(scope, select.having, Clause::kHaving);
    query->has_group_clause = true;
  }
  bind_order_and_limit(scope, select, *query, targets);
  for (Target& t : targets) {
    if (!keep_unknown) t.expr = resolve_unknown(t.expr);
  }
  bind_distinct(scope, select, *query, targets);
  bind_locking(scope, select, *query);
  bool has_grouping = std::any_of(targets.begin(), targets.end(), [](const Target& t) {
    return any_of(t.expr, [](const Expr& e) { return e.kind == ExprKind::kGrouping; });
  });
  if (scope.has_aggregates || query->has_group_clause || has_grouping) check_grouping(scope, *query, targets);
  finish_query(scope, *query, targets);
  return query;
}

// --- the select list

namespace {

// The name PostgreSQL gives a column that has none. Names of casts and CASE are weak: a stronger one inside
// wins, and an outer cast's replaces them.
std::string_view figure_name(const parser::Node* node, bool* weak) {
  using parser::NodeKind;
  switch (node->kind) {
    case NodeKind::kColumnRef: {
      const auto* c = parser::as<parser::ColumnRef>(node);
      return c->star || c->names.empty() ? std::string_view() : c->names.back();
    }
    case NodeKind::kIndirectionExpr: {
      const auto* e = parser::as<parser::IndirectionExpr>(node);
      for (size_t i = e->steps.size(); i-- > 0;) {
        if (parser::is<parser::FieldStep>(e->steps[i]))
          return parser::as<parser::FieldStep>(e->steps[i])->name;
      }
      return figure_name(e->arg, weak);
    }
    case NodeKind::kFuncCall:
      return parser::as<parser::FuncCall>(node)->names.back();
    case NodeKind::kOperatorExpr:
      return parser::as<parser::OperatorExpr>(node)->form == parser::OperatorForm::kNullIf
                 ? "nullif"
                 : std::string_view();
    case NodeKind::kTypeCast: {
      const auto* c = parser::as<parser::TypeCast>(node);
      std::string_view inner = figure_name(c->arg, weak);
      if (!inner.empty() && !*weak) return inner;
      *weak = true;
      return c->type->names.back();
    }
    case NodeKind::kCollateExpr:
      return figure_name(parser::as<parser::CollateExpr>(node)->arg, weak);
    case NodeKind::kGroupingFunc:
      return "grouping";
    case NodeKind::kSubLink: {
      const auto* s = parser::as<parser::SubLink>(node);
      if (s->link == parser::SubLinkKind::kExists) return "exists";
      if (s->link == parser::SubLinkKind::kArray) return "array";
      if (s->link != parser::SubLinkKind::kScalar) return {};
      const auto* select = parser::as<parser::SelectStmt>(s->query);
      while (select->left != nullptr) select = select->left;
      if (select->targets.empty()) return select->values.empty() ? std::string_view() : "column1";
      const parser::TargetEntry* t = select->targets[0];
      return !t->name.empty()      ? t->name
             : t->value == nullptr ? std::string_view()
                                   : figure_name(t->value, weak);
    }
    case NodeKind::kCaseExpr: {
      const auto* c = parser::as<parser::CaseExpr>(node);
      std::string_view name = c->otherwise == nullptr ? std::string_view() : figure_name(c->otherwise, weak);
      if (!name.empty() && !*weak) return name;
      *weak = true;
      return "case";
    }
    case NodeKind::kArrayExpr:
      return "array";
    case NodeKind::kRowExpr:
      return "row";
    case NodeKind::kCoalesceExpr:
      return "coalesce";
    case NodeKind::kMinMaxExpr:
      return parser::as<parser::MinMaxExpr>(node)->greatest ? "greatest" : "least";
    case NodeKind::kXmlExpr: {
      static constexpr std::string_view kNames[] = {"xmlconcat", "xmlelement", "xmlforest", "xmlparse",
                                                    "xmlpi",     "xmlroot",    ""};
      return kNames[static_cast<size_t>(parser::as<parser::XmlExpr>(node)->op)];
    }
    case NodeKind::kXmlSerialize:
      return "xmlserialize";
    case NodeKind::kSqlValueFunction: {
      static constexpr std::string_view kNames[] = {"current_date",    "current_time",   "current_timestamp",
                                                    "localtime",       "localtimestamp", "current_role",
                                                    "current_user",    "user",           "session_user",
                                                    "current_catalog", "current_schema"};
      return kNames[static_cast<size_t>(parser::as<parser::SqlValueFunction>(node)->function)];
    }
    default:
      return {};
  }
}

}  // namespace

std::vector<Target> Binder::bind_targets(Scope& scope, parser::List<parser::TargetEntry> entries,
                                         Clause clause) {
  std::vector<Target> targets;
  Clause outer = scope.clause;
  scope.clause = clause;
  for (const parser::TargetEntry* entry : entries) {
    if (parser::is<parser::ColumnRef>(entry->value) && parser::as<parser::ColumnRef>(entry->value)->star) {
      expand_star(scope, *parser::as<parser::ColumnRef>(entry->value), &targets);
      continue;
    }
    if (parser::is<parser::IndirectionExpr>(entry->value) &&
        parser::is<parser::StarStep>(parser::as<parser::IndirectionExpr>(entry->value)->steps.back())) {
      for (const ScopeColumn& c : bind_row_star(scope, *parser::as<parser::IndirectionExpr>(entry->value))) {
        Target t;
        t.expr = c.expr;
        t.name = c.name;
        targets.push_back(t);
      }
      continue;
    }
    Target t;
    t.expr = bind_expr(scope, entry->value);
    t.name = entry->name;
    bool weak = false;
    if (t.name.empty()) t.name = figure_name(entry->value, &weak);
    if (t.name.empty()) t.name = "?column?";
    targets.push_back(t);
  }
  scope.clause = outer;
  for (Target& t : targets) {
    if (t.expr->kind != ExprKind::kColumn || t.expr->as<ColumnExpr>().levels_up != 0) continue;
    const auto& c = t.expr->as<ColumnExpr>();
    const Range& range = *scope.ranges[c.range];
    if (range.relation == nullptr) continue;
    t.origin_table = (*range.relation)->oid;
    t.origin_column = c.column;
  }
  return targets;
}

bool Binder::expand_variable(const parser::ColumnRef& ref, std::vector<Target>* targets) {
  std::vector<Variables::Field> fields;
  if (context_.variables == nullptr || !context_.variables->expand(ref.names, &fields)) return false;
  for (const Variables::Field& field : fields) {
    Target t;
    t.expr = make_variable(field.variable, ref.location);
    t.name = arena_.copy(field.name);
    targets->push_back(t);
  }
  return true;
}

// t.* where t stands in an outer query: its columns, one by one. False: there is none of that name.
bool Binder::expand_outer_star(Scope& scope, const parser::ColumnRef& ref, std::vector<Target>* targets) {
  for (Scope* s = scope.parent; s != nullptr; s = s->parent) {
    for (const ScopeItem& item : s->items) {
      bool named = item.name_visible && item.name == ref.names.back() &&
                   (ref.names.size() == 1 || item.schema == ref.names[ref.names.size() - 2]);
      if (!named || (item.lateral_only && !item.lateral_ok)) continue;
      std::vector<std::string_view> names(ref.names.begin(), ref.names.end());
      names.push_back({});
      for (const ScopeColumn& c : item.columns) {
        names.back() = c.name;
        parser::ColumnRef column = ref;
        column.star = false;
        column.names = names;
        Target t;
        t.expr = bind_expr(scope, &column);
        t.name = c.name;
        targets->push_back(t);
      }
      return true;
    }
  }
  return false;
}

void Binder::expand_star(Scope& scope, const parser::ColumnRef& ref, std::vector<Target>* targets) {
  require_own_database(context_, ref, position(ref.location));
  bool found = false;
  auto add = [&](const ScopeItem& item) {
    for (const ScopeColumn& c : item.columns) {
      Target t;
      t.expr = copy_node(*c.expr, arena_);
      t.expr->location = ref.location;
      t.name = c.name;
      targets->push_back(t);
    }
    found = true;
  };
  if (ref.names.empty()) {
    for (const ScopeItem& item : scope.items) {
      if (item.columns_visible) add(item);
    }
    if (!found)
      throw SqlError(sqlstate::kSyntaxError, "SELECT * with no tables specified is not valid")
          .at(position(ref.location));
    return;
  }
  for (const ScopeItem& item : scope.items) {
    if (item.name_visible && item.name == ref.names.back() &&
        (ref.names.size() == 1 || item.schema == ref.names[ref.names.size() - 2])) {
      add(item);
      return;
    }
  }
  if (expand_variable(ref, targets)) return;
  if (expand_outer_star(scope, ref, targets)) return;
  throw SqlError(sqlstate::kUndefinedTable,
                 fmt::format("missing FROM-clause entry for table \"{}\"", ref.names.back()))
      .at(position(ref.location));
}

// --- GROUP BY, ORDER BY, DISTINCT

namespace {

std::string_view simple_name(const parser::Node* node) {
  if (!parser::is<parser::ColumnRef>(node)) return {};
  const auto* c = parser::as<parser::ColumnRef>(node);
  return c->star || c->names.size() != 1 ? std::string_view() : c->names[0];
}

bool names_input_column(const Scope& scope, std::string_view name) {
  for (const ScopeItem& item : scope.items) {
    if (!item.columns_visible) continue;
    for (const ScopeColumn& c : item.columns) {
      if (c.name == name) return true;
    }
  }
  return false;
}

}  // namespace

uint32_t Binder::bind_sort_target(Scope& scope, const parser::Node* node, std::vector<Target>& targets,
                                  Clause clause, bool sql99) {
  std::string_view text = clause_text(clause);
  std::string_view name = simple_name(node);
  // An output name wins in ORDER BY; in GROUP BY a column of the input does.
  if (!name.empty() && !sql99 && !(clause == Clause::kGroupBy && names_input_column(scope, name))) {
    int found = -1;
    for (size_t i = 0; i < targets.size(); ++i) {
      if (targets[i].junk || targets[i].name != name) continue;
      if (found >= 0 && !same_expression(targets[static_cast<size_t>(found)].expr, targets[i].expr)) {
        throw SqlError(sqlstate::kAmbiguousColumn, fmt::format("{} \"{}\" is ambiguous", text, name))
            .at(position(node->location));
      }
      if (found < 0) found = static_cast<int>(i);
    }
    if (found >= 0) return static_cast<uint32_t>(found);
  }
  if (parser::is<parser::ConstExpr>(node) && !sql99) {
    const auto* c = parser::as<parser::ConstExpr>(node);
    if (c->type != parser::ConstKind::kInteger) {
      throw SqlError(sqlstate::kSyntaxError, fmt::format("non-integer constant in {}", text))
          .at(position(node->location));
    }
    uint32_t at = 0;
    for (size_t i = 0; i < targets.size(); ++i) {
      if (!targets[i].junk && static_cast<int32_t>(++at) == c->integer) return static_cast<uint32_t>(i);
    }
    throw SqlError(sqlstate::kInvalidColumnReference,
                   fmt::format("{} position {} is not in select list", text, c->integer))
        .at(position(node->location));
  }
  Expr* e = resolve_unknown(bind_clause(scope, node, clause));
  for (size_t i = 0; i < targets.size(); ++i) {
    if (same_expression(targets[i].expr, e)) return static_cast<uint32_t>(i);
  }
  Target t;
  t.expr = e;
  t.junk = true;
  targets.push_back(t);
  return static_cast<uint32_t>(targets.size() - 1);
}

void Binder::apply_sort_options(const parser::SortBy& sort, Expr* expr, bool* descending, bool* nulls_first) {
  if (functions::less_operator(expr->type) == nullptr) {
    throw SqlError(sqlstate::kUndefinedFunction,
                   fmt::format("could not identify an ordering operator for type {}", type_text(expr->type)))
        .hint("Use an explicit ordering operator or modify the query.")
        .at(position(parser::is<parser::ColumnRef>(sort.expression) ? sort.expression->location
                                                                    : expr->location));
  }
  *descending = sort.direction == parser::SortDirection::kDescending;
  if (sort.direction == parser::SortDirection::kUsing) {
    std::string_view op = sort.using_operator.back();
    if (op != "<" && op != ">") {
      throw SqlError(sqlstate::kWrongObjectType,
                     fmt::format("operator {} is not a valid ordering operator", op))
          .hint("Ordering operators must be \"<\" or \">\" members of btree operator families.")
          .at(position(sort.location));
    }
    *descending = op == ">";
  }
  *nulls_first =
      sort.nulls == parser::NullsOrder::kFirst || (sort.nulls == parser::NullsOrder::kDefault && *descending);
}

TargetKey Binder::make_sort_key(Scope& scope, const parser::SortBy& sort, std::vector<Target>& targets) {
  TargetKey key;
  key.target = bind_sort_target(scope, sort.expression, targets, Clause::kOrderBy, false);
  Expr*& e = targets[key.target].expr;
  e = resolve_unknown(e);
  refuse_conflict(*e);
  key.collation = collation_object(e->collation);
  apply_sort_options(sort, e, &key.descending, &key.nulls_first);
  return key;
}

void Binder::bind_group_by(Scope& scope, const parser::SelectStmt& select, Query& query,
                           std::vector<Target>& targets) {
  if (select.group_by.empty()) return;
  query.has_group_clause = true;
  size_t selected = targets.size();
  std::vector<Expr*> groups;
  auto group_index = [&](const parser::Node* node) -> uint32_t {
    uint32_t target = bind_sort_target(scope, node, targets, Clause::kGroupBy, false);
    Expr*& e = targets[target].expr;
    e = resolve_unknown(e);
    any_of(e, [&](const Expr& x) {
      if (x.kind == ExprKind::kAggregate)
        throw SqlError(sqlstate::kGroupingError, "aggregate functions are not allowed in GROUP BY")
            .at(position(x.location));
      if (x.kind == ExprKind::kWindow)
        throw SqlError(sqlstate::kWindowingError, "window functions are not allowed in GROUP BY")
            .at(position(x.location));
      return false;
    });
    if (functions::hash_function(e->type) == nullptr && functions::compare_function(e->type) == nullptr) {
      throw SqlError(sqlstate::kUndefinedFunction,
                     fmt::format("could not identify an equality operator for type {}", type_text(e->type)))
          .at(position(node->location));
    }
    for (size_t i = 0; i < groups.size(); ++i) {
      if (same_expression(groups[i], e)) return static_cast<uint32_t>(i);
    }
    refuse_conflict(*e);
    groups.push_back(e);
    return static_cast<uint32_t>(groups.size() - 1);
  };
  std::vector<std::vector<uint32_t>> sets = expand_grouping_sets(select.group_by, group_index);
  if (select.group_distinct) remove_duplicate_sets(sets);
  query.group_by = list(groups);
  targets.resize(selected);  // what is grouped by but not selected must not count for DISTINCT
  bool plain = sets.size() == 1 && sets[0].size() == groups.size();
  if (plain) return;
  std::vector<std::span<uint32_t>> spans;
  for (const auto& set : sets) spans.push_back(arena_.copy(set));
  query.grouping_sets = arena_.copy(spans);
}

void Binder::bind_order_and_limit(Scope& scope, const parser::SelectStmt& select, Query& query,
                                  std::vector<Target>& targets) {
  std::vector<TargetKey> keys;
  for (const parser::SortBy* sort : select.order_by) {
    TargetKey key = make_sort_key(scope, *sort, targets);
    bool repeated =
        std::any_of(keys.begin(), keys.end(), [&](const TargetKey& k) { return k.target == key.target; });
    if (!repeated) keys.push_back(key);
  }
  query.order_by = arena_.copy(keys);
  query.offset = bind_limit(scope, select.limit_offset, Clause::kOffset, "OFFSET");
  query.limit = bind_limit(scope, select.limit_count, Clause::kLimit, "LIMIT");
  query.with_ties = select.limit_option == parser::LimitOption::kWithTies;
}

Expr* Binder::bind_limit(Scope& scope, const parser::Node* node, Clause clause, std::string_view construct) {
  if (node == nullptr) return nullptr;
  Expr* e = coerce_to_specific(bind_clause(scope, node, clause), type_oid::kInt8, construct);
  refuse_variables(e, construct);
  return e;
}

void Binder::refuse_variables(const Expr* e, std::string_view construct) {
  any_of(e, [&](const Expr& x) {
    if (x.kind != ExprKind::kColumn || x.as<ColumnExpr>().levels_up != 0) return false;
    throw SqlError(sqlstate::kInvalidColumnReference,
                   fmt::format("argument of {} must not contain variables", construct))
        .at(position(x.location));
  });
}

void Binder::bind_distinct(Scope& scope, const parser::SelectStmt& select, Query& query,
                           std::vector<Target>& targets) {
  if (!select.distinct && select.distinct_on.empty()) return;
  if (select.distinct_on.empty()) {
    query.distinct = true;
    for (const TargetKey& key : query.order_by) {
      if (!targets[key.target].junk) continue;
      throw SqlError(sqlstate::kInvalidColumnReference,
                     "for SELECT DISTINCT, ORDER BY expressions must appear in select list")
          .at(position(targets[key.target].expr->location));
    }
    for (const Target& t : targets) {
      if (!t.junk) refuse_conflict(*t.expr);
      if (t.junk || functions::compare_function(t.expr->type) != nullptr ||
          functions::hash_function(t.expr->type) != nullptr)
        continue;
      throw SqlError(
          sqlstate::kUndefinedFunction,
          fmt::format("could not identify an equality operator for type {}", type_text(t.expr->type)))
          .at(position(t.expr->location));
    }
    return;
  }
  std::vector<TargetKey> keys;
  std::vector<const parser::Node*> written;  // one a key
  for (const parser::Node* node : select.distinct_on) {
    TargetKey key;
    key.target = bind_sort_target(scope, node, targets, Clause::kDistinctOn, false);
    refuse_conflict(*targets[key.target].expr);
    key.collation = collation_object(targets[key.target].expr->collation);
    bool again =
        std::any_of(keys.begin(), keys.end(), [&](const TargetKey& k) { return k.target == key.target; });
    if (again) continue;
    keys.push_back(key);
    written.push_back(node);
  }
  // The leading ORDER BY items must be the DISTINCT ON ones; at fault is the first that comes too late.
  auto ordered_before = [&](size_t end, uint32_t target) {
    return std::any_of(query.order_by.begin(), query.order_by.begin() + static_cast<ptrdiff_t>(end),
                       [&](const TargetKey& o) { return o.target == target; });
  };
  for (size_t i = 0; i < std::min(keys.size(), query.order_by.size()); ++i) {
    auto is_key = [&](const TargetKey& o) {
      return std::any_of(keys.begin(), keys.end(), [&](const TargetKey& k) { return k.target == o.target; });
    };
    if (is_key(query.order_by[i])) continue;
    auto late =
        std::find_if(query.order_by.begin() + static_cast<ptrdiff_t>(i), query.order_by.end(), is_key);
    auto at_fault = std::find_if(keys.begin(), keys.end(), [&](const TargetKey& k) {
      return late != query.order_by.end() ? k.target == late->target : !ordered_before(i, k.target);
    });
    throw SqlError(sqlstate::kInvalidColumnReference,
                   "SELECT DISTINCT ON expressions must match initial ORDER BY expressions")
        .at(position(written[static_cast<size_t>(at_fault - keys.begin())]->location));
  }
  query.distinct_on = arena_.copy(keys);
}

namespace {

std::string_view lock_refusal(const Range& range) {
  switch (range.kind) {
    case RangeKind::kFunction:
      return "a function";
    case RangeKind::kValues:
      return "VALUES";
    case RangeKind::kCte:
      return "a WITH query";
    default:
      return "this kind of FROM item";
  }
}

// What the select list calls; the query is told of it when it is finished.
struct Calls {
  bool aggregates, windows, sets;
};

// A row of the result must be one of each table.
void refuse_locking(std::string_view name, const Query& query, bool grouped, Calls calls) {
  auto refuse = [&](std::string_view what) {
    throw SqlError(sqlstate::kFeatureNotSupported, fmt::format("{} is not allowed with {}", name, what));
  };
  if (query.set_op != nullptr) refuse("UNION/INTERSECT/EXCEPT");
  if (query.distinct || !query.distinct_on.empty()) refuse("DISTINCT clause");
  if (grouped) refuse("GROUP BY clause");
  if (query.having != nullptr) refuse("HAVING clause");
  if (calls.aggregates) refuse("aggregate functions");
  if (calls.windows) refuse("window functions");
  if (calls.sets) refuse("set-returning functions in the target list");
}

}  // namespace

// Of two locks on one range the stronger one, and the less patient.
void Binder::add_lock(std::vector<RowLocking>& locks, const RowLocking& lock) {
  for (RowLocking& other : locks) {
    if (other.range != lock.range) continue;
    other.strength = std::max(other.strength, lock.strength);
    if (lock.policy == txn::WaitPolicy::kNoWait || other.policy == txn::WaitPolicy::kWait)
      other.policy = lock.policy;
    return;
  }
  locks.push_back(lock);
}

// The rows of a subquery or view are those of the tables that it reads.
void Binder::lock_within(Query& query, RowLocking lock, std::string_view name) {
  refuse_locking(name, query, query.has_group_clause,
                 {query.has_aggregates, query.has_windows, query.has_set_returning});
  lock.from_outside = query.locking.empty();
  std::vector<RowLocking> locks(query.locking.begin(), query.locking.end());
  std::vector<RowLocking> within(query.locked_within.begin(), query.locked_within.end());
  for (uint32_t i = 0; i < query.ranges.size(); ++i) {
    const Range& range = *query.ranges[i];
    lock.range = i;
    if (range.kind == RangeKind::kRelation) {
      if (!range.security.empty()) secure_locked_range(query, i);
      add_lock(locks, lock);
    } else if (range.kind == RangeKind::kSubquery) {
      within.push_back(lock);
      lock_within(*range.query, lock, name);
    }
  }
  query.locking = arena_.copy(locks);
  query.locked_within = arena_.copy(std::span<const RowLocking>(within));
}

void Binder::bind_locking(Scope& scope, const parser::SelectStmt& select, Query& query) {
  if (select.locking.empty()) return;
  std::vector<RowLocking> locks;
  std::vector<RowLocking> within;
  for (const parser::LockingClause* clause : select.locking) {
    std::string_view name = parser::lock_clause_text(clause->strength);
    refuse_locking(name, query, !select.group_by.empty(),
                   {scope.has_aggregates, scope.has_windows, scope.has_set_returning});
    auto add = [&](uint32_t range) {
      RowLocking lock;
      lock.range = range;
      lock.strength = static_cast<txn::RowLock>(clause->strength);
      lock.policy = clause->wait == parser::LockWait::kBlock    ? txn::WaitPolicy::kWait
                    : clause->wait == parser::LockWait::kNoWait ? txn::WaitPolicy::kNoWait
                                                                : txn::WaitPolicy::kSkip;
      if (scope.ranges[range]->kind == RangeKind::kRelation) {
        const catalog::Relation& relation = **scope.ranges[range]->relation;
        if (relation.kind == catalog::RelationKind::kMaterializedView) {
          throw SqlError(sqlstate::kWrongObjectType,
                         fmt::format("cannot lock rows in materialized view \"{}\"", relation.name));
        }
        return add_lock(locks, lock);
      }
      within.push_back(lock);
      lock_within(*scope.ranges[range]->query, lock, name);
    };
    if (clause->relations.empty()) {
      for (uint32_t i = 0; i < scope.ranges.size(); ++i) {
        RangeKind kind = scope.ranges[i]->kind;
        if (kind == RangeKind::kRelation || kind == RangeKind::kSubquery) add(i);
      }
      continue;
    }
    for (const parser::RangeVar* relation : clause->relations) {
      bool found = false;
      for (uint32_t i = 0; i < scope.ranges.size(); ++i) {
        if (scope.ranges[i]->alias != relation->name) continue;
        RangeKind kind = scope.ranges[i]->kind;
        if (kind != RangeKind::kRelation && kind != RangeKind::kSubquery) {
          throw SqlError(sqlstate::kFeatureNotSupported,
                         fmt::format("{} cannot be applied to {}", name, lock_refusal(*scope.ranges[i])))
              .at(position(relation->location));
        }
        add(i);
        found = true;
      }
      if (!found) {
        throw SqlError(
            sqlstate::kUndefinedTable,
            fmt::format("relation \"{}\" in {} clause not found in FROM clause", relation->name, name))
            .at(position(relation->location));
      }
    }
  }
  for (const RowLocking& lock : locks) secure_range(scope, lock.range, catalog::Policy::kUpdate);
  query.locking = arena_.copy(locks);
  query.locked_within = arena_.copy(std::span<const RowLocking>(within));
}

// --- VALUES

Query* Binder::bind_values(const parser::SelectStmt& select, Scope& scope) {
  auto* query = arena_.make<Query>();
  std::vector<std::vector<Expr*>> rows;
  size_t width = select.values[0]->items.size();
  Clause outer = scope.clause;
  scope.clause = Clause::kValues;
  for (const parser::ListNode* row : select.values) {
    if (row->items.size() != width) {
      throw SqlError(sqlstate::kSyntaxError, "VALUES lists must all be the same length")
          .at(position(row->items[0]->location));
    }
    rows.emplace_back();
    for (const parser::Node* item : row->items) {
      std::vector<Target> fields;
      if (is_star(item) && expand_variable(*parser::as<parser::ColumnRef>(item), &fields)) {
        for (const Target& t : fields) rows.back().push_back(t.expr);
      } else {
        rows.back().push_back(bind_expr(scope, item));
      }
    }
    if (&row == &select.values.front()) width = rows.back().size();
  }
  scope.clause = outer;
  std::vector<RangeColumn> columns;
  for (size_t i = 0; i < width; ++i) {
    std::vector<Expr*> column;
    for (auto& row : rows) column.push_back(row[i]);
    Oid common = select_common_type(column, "VALUES");
    int32_t typmod = column[0]->typmod;
    for (auto& row : rows) {
      row[i] = coerce_to_common(row[i], common, "VALUES");
      if (row[i]->typmod != typmod) typmod = -1;
    }
    columns.push_back(
        {arena_.copy(fmt::format("column{}", i + 1)), common, typmod, common_collation(column)});
  }
  auto* range = arena_.make<Range>();
  range->kind = RangeKind::kValues;
  range->alias = "*VALUES*";
  range->columns = arena_.copy(columns);
  std::vector<ExprList> lists;
  for (auto& row : rows) lists.push_back(list(row));
  range->rows = arena_.copy(lists);
  uint32_t index = add_range(scope, range, {}, {});
  auto* item = arena_.make<FromItem>();
  item->range = index;
  query->from = arena_.copy(std::vector<FromItem*>{item});
  std::vector<Target> targets;
  for (size_t i = 0; i < width; ++i) {
    Target t;
    t.expr = make_column(*range, index, static_cast<int16_t>(i + 1));
    t.name = columns[i].name;
    targets.push_back(t);
  }
  bind_order_and_limit(scope, select, *query, targets);
  finish_query(scope, *query, targets);
  return query;
}

// --- UNION, INTERSECT, EXCEPT: two subqueries, brought to common column types

Query* Binder::with_column_types(Query* query, std::span<const Oid> types, std::string_view construct) {
  bool simple = query->set_op == nullptr && !query->distinct && query->distinct_on.empty() &&
                query->order_by.empty() && query->group_by.empty() && !query->has_windows;
  size_t i = 0;
  bool same = true;
  for (const Target& t : query->targets) {
    if (!t.junk) same = same && t.expr->type == types[i++];
  }
  if (same) return query;
  if (simple) {
    i = 0;
    for (Target& t : query->targets) {
      if (!t.junk) t.expr = coerce_to_common(t.expr, types[i++], construct);
    }
    return query;
  }
  // Something depends on the old columns: convert outside.
  put_one_level_deeper(*query);
  auto* outer = arena_.make<Query>();
  auto* range = arena_.make<Range>();
  range->kind = RangeKind::kSubquery;
  range->query = query;
  range->columns = output_columns(*query, {}, {});
  std::vector<Target> targets;
  for (i = 0; i < types.size(); ++i) {
    Target t;
    t.expr = coerce_to_common(make_column(*range, 0, static_cast<int16_t>(i + 1)), types[i], construct);
    t.name = range->columns[i].name;
    targets.push_back(t);
  }
  auto* item = arena_.make<FromItem>();
  outer->from = arena_.copy(std::vector<FromItem*>{item});
  outer->ranges = arena_.copy(std::vector<Range*>{range});
  outer->targets = arena_.copy(targets);
  outer->is_correlated = query->is_correlated;
  return outer;
}

Query* Binder::bind_set_operation(const parser::SelectStmt& select, Scope& scope, bool keep_unknown) {
  if (select.right->into != nullptr) {
    throw SqlError(sqlstate::kSyntaxError, "INTO is only allowed on first SELECT of UNION/INTERSECT/EXCEPT")
        .at(position(select.right->into->relation->location));
  }
  static constexpr std::string_view kNames[] = {"", "UNION", "INTERSECT", "EXCEPT"};
  std::string_view construct = kNames[static_cast<size_t>(select.set_operation)];
  Query* sides[2];
  for (int i = 0; i < 2; ++i) {
    const parser::SelectStmt& side = i == 0 ? *select.left : *select.right;
    const std::string_view outer_context = recursion_context_;
    if (select.set_operation == parser::SetOperation::kExcept && (i == 1 || select.set_all))
      recursion_context_ = "within EXCEPT";
    if (select.set_operation == parser::SetOperation::kIntersect && select.set_all)
      recursion_context_ = "within INTERSECT";
    sides[i] = bind_select(side, &scope, true);
    recursion_context_ = outer_context;
  }
  std::vector<Target*> left, right;
  for (Target& t : sides[0]->targets) {
    if (!t.junk) left.push_back(&t);
  }
  for (Target& t : sides[1]->targets) {
    if (!t.junk) right.push_back(&t);
  }
  if (left.size() != right.size()) {
    int at = right.empty() ? 0 : position(right[0]->expr->location);
    throw SqlError(sqlstate::kSyntaxError,
                   fmt::format("each {} query must have the same number of columns", construct))
        .at(at);
  }
  std::vector<Oid> types;
  for (size_t i = 0; i < left.size(); ++i) {
    Expr* pair[] = {left[i]->expr, right[i]->expr};
    bool unknown = pair[0]->type == type_oid::kUnknown && pair[1]->type == type_oid::kUnknown;
    types.push_back(unknown && keep_unknown ? type_oid::kUnknown : select_common_type(pair, construct));
  }
  auto* query = arena_.make<Query>();
  query->set_op = arena_.make<SetOp>();
  query->set_op->op = select.set_operation == parser::SetOperation::kUnion       ? SetOpKind::kUnion
                      : select.set_operation == parser::SetOperation::kIntersect ? SetOpKind::kIntersect
                                                                                 : SetOpKind::kExcept;
  query->set_op->all = select.set_all;
  for (uint32_t i = 0; i < 2; ++i) {
    auto* range = arena_.make<Range>();
    range->kind = RangeKind::kSubquery;
    range->query = with_column_types(sides[i], types, construct);
    range->alias = i == 0 ? "*SELECT* 1" : "*SELECT* 2";
    range->columns = output_columns(*range->query, {}, {});
    add_range(scope, range, {}, {});
    auto* leaf = arena_.make<SetOp>();
    leaf->leaf = true;
    leaf->range = i;
    (i == 0 ? query->set_op->left : query->set_op->right) = leaf;
  }
  std::vector<Target> targets;
  for (size_t i = 0; i < types.size(); ++i) {
    Target t;
    t.expr = make_column(*scope.ranges[0], 0, static_cast<int16_t>(i + 1));
    if (scope.ranges[1]->columns[i].typmod != t.expr->typmod) t.expr->typmod = -1;
    Expr* pair[] = {left[i]->expr, right[i]->expr};
    derive_collation(t.expr, pair);
    t.expr->explicit_collation = false;
    const bool by_row = query->set_op->op == SetOpKind::kUnion && query->set_op->all;
    if (t.expr->collation == kNoCollation && !by_row)
      throw_collation_conflict(pair[0]->collation, pair[1]->collation, pair[1]->location);
    t.name = scope.ranges[0]->columns[i].name;
    targets.push_back(t);
  }
  // ORDER BY may only use output columns here; that an expression of them is refused comes after looking them
  // up.
  scope.items.clear();
  ScopeItem& result = scope.items.emplace_back();
  result.name_visible = false;
  for (const Target& t : targets) result.columns.push_back({t.name, t.expr});
  size_t visible = targets.size();
  bind_order_and_limit(scope, select, *query, targets);
  if (targets.size() > visible) {
    throw SqlError(sqlstate::kFeatureNotSupported, "invalid UNION/INTERSECT/EXCEPT ORDER BY clause")
        .detail("Only result column names can be used, not expressions or functions.")
        .hint("Add the expression/function to every SELECT, or move the UNION into a FROM clause.")
        .at(position(first_location(targets[visible].expr)));
  }
  bind_locking(scope, select, *query);
  finish_query(scope, *query, targets);
  return query;
}

}  // namespace varve::analyzer
