// INSERT, UPDATE and DELETE.
#include <algorithm>
#include <tuple>

#include "analyzer/expression_walk.h"
#include "analyzer/own_database.h"
#include "binder.h"
#include "container_functions.h"
#include "domain_binder.h"
#include "parser/parser.h"

namespace varve::analyzer {

using catalog::ColumnNumber;
using catalog::RelationKind;
using types::Value;

catalog::RelationPtr Binder::named_target(const parser::RangeVar& name) {
  if (name.schema.empty()) {
    // A WITH query of this name hides the table, and cannot be written.
    for (Scope* s = with_scope_; s != nullptr; s = s->parent) {
      for (const NamedCte& cte : s->named_ctes) {
        if (cte.name == name.name &&
            lookup_relation(context_, {}, name.name, txn::LockMode::kAccessShare, true, 0) == nullptr) {
          throw SqlError(
              sqlstate::kUndefinedTable,
              fmt::format("relation \"{}\" cannot be the target of a modifying statement", name.name))
              .at(position(name.location));
        }
      }
    }
  }
  require_own_database(context_, name, position(name.location));
  catalog::RelationPtr relation = lookup_relation(
      context_, name.schema, name.name, txn::LockMode::kRowExclusive, false, position(name.location));
  if (relation->kind == RelationKind::kMaterializedView && !context_.fills_materialized_views) {
    throw SqlError(sqlstate::kWrongObjectType,
                   fmt::format("cannot change materialized view \"{}\"", relation->name));
  }
  if (relation->kind == RelationKind::kSequence) {
    throw SqlError(sqlstate::kWrongObjectType, fmt::format("cannot change sequence \"{}\"", relation->name));
  }
  if (!relation->is_table() && relation->kind != RelationKind::kView &&
      relation->kind != RelationKind::kMaterializedView) {
    throw SqlError(sqlstate::kWrongObjectType, fmt::format("cannot open relation \"{}\"", relation->name))
        .at(position(name.location));
  }
  return relation;
}

// The table that is written, as range 0 of the scope. Of a view: its table, seen through the view's columns.
ModifyTarget Binder::bind_target(Scope& scope, const parser::RangeVar& name, std::string_view verb) {
  catalog::RelationPtr named = named_target(name);
  std::string_view alias = name.alias == nullptr ? std::string_view() : name.alias->name;
  std::span<const std::string_view> columns;
  if (name.alias != nullptr) columns = name.alias->columns;
  if (named->kind != RelationKind::kView) {
    ModifyTarget target;
    target.named = target.relation = named;
    target.acts_as = context_.acts_as;
    uint32_t range = add_relation(scope, named, alias, columns, txn::LockMode::kRowExclusive);
    add_target_family(*scope.ranges[range], name.inherit, verb);
    return target;
  }
  return bind_view_target(scope, named, name, verb);
}

void Binder::add_target_family(Range& range, bool inherit, std::string_view verb) {
  bool inserts = verb == "INSERT";
  if (inserts && !(*range.relation)->is_partitioned()) return;  // children get nothing of what is inserted
  add_family(range, inherit || inserts, true, txn::LockMode::kRowExclusive);
}

Expr* Binder::bind_sql_expression(std::string_view sql, const catalog::RelationPtr* relation, Clause clause) {
  std::string_view text = arena_.copy(sql);
  AnalyzerContext inner{context_.catalog, arena_, context_.relations,
                        context_.eval,    text,   context_.search_path};
  inner.locker = context_.locker;
  Binder binder(inner);
  Scope scope;
  scope.clause = clause;
  if (relation != nullptr) binder.add_relation(scope, *relation, {}, {}, txn::LockMode::kNone);
  return binder.bind_expr(scope, parser::parse_expression(text, arena_));
}

Expr* Binder::column_default(const catalog::RelationPtr& relation, ColumnNumber number) {
  const catalog::Column& c = relation->column(number);
  if (c.default_sql.empty() || c.generated != 0) {
    Expr* null = make_null(c.type);
    null->typmod = c.typmod;
    return null;
  }
  return coerce_for_assignment(bind_sql_expression(c.default_sql, nullptr, Clause::kDefault), c.type,
                               c.typmod, c.name);
}

void Binder::add_constraints(Query& query, const catalog::RelationPtr& relation) {
  std::vector<Expr*> checks;
  std::vector<std::string_view> names;
  DomainBinder(*this).add_checks(relation, &checks, &names);
  for (const catalog::CheckConstraint& check : relation->checks) {
    checks.push_back(
        coerce_to_boolean(bind_sql_expression(check.expression_sql, &relation, Clause::kCheck), "CHECK"));
    names.push_back(arena_.copy(check.name));
  }
  query.checks = list(checks);
  query.check_names = arena_.copy(names);
  std::vector<int16_t> columns;
  std::vector<Expr*> exprs;
  for (size_t i = 0; i < relation->columns.size(); ++i) {
    const catalog::Column& c = relation->columns[i];
    if (c.generated == 0 || c.dropped) continue;
    columns.push_back(static_cast<int16_t>(i + 1));
    exprs.push_back(coerce_for_assignment(bind_sql_expression(c.default_sql, &relation, Clause::kGenerated),
                                          c.type, c.typmod, c.name));
  }
  query.generated = arena_.copy(columns);
  query.generated_exprs = list(exprs);
}

std::span<IndexExpressions> Binder::bind_index_expressions(const catalog::RelationPtr& relation) {
  std::vector<IndexExpressions> bound;
  for (const catalog::Index& index : relation->indexes) {
    bool plain = index.predicate_sql.empty() &&
                 std::all_of(index.keys.begin(), index.keys.end(),
                             [](const catalog::IndexColumn& k) { return k.column != 0; });
    if (plain) continue;
    IndexExpressions e;
    e.index = &index;
    std::vector<Expr*> keys;
    for (const catalog::IndexColumn& key : index.keys) {
      keys.push_back(key.column != 0
                         ? nullptr
                         : bind_sql_expression(key.expression_sql, &relation, Clause::kIndexExpression));
    }
    e.keys = list(keys);
    if (!index.predicate_sql.empty()) {
      e.predicate = coerce_to_boolean(
          bind_sql_expression(index.predicate_sql, &relation, Clause::kIndexPredicate), "WHERE");
    }
    bound.push_back(e);
  }
  return arena_.copy(bound);
}

// --- INSERT

std::vector<InsertColumn> Binder::insert_columns(const ModifyTarget& target,
                                                 parser::List<parser::TargetEntry> entries) {
  std::vector<InsertColumn> columns;
  for (const parser::TargetEntry* entry : entries) {
    InsertColumn c;
    c.number = target_column(target, entry->name, "insert into", entry->location);
    c.steps = entry->indirection;
    c.location = entry->location;
    for (const InsertColumn& other : columns) {
      if (other.number == c.number && (other.steps.empty() || c.steps.empty())) {
        throw SqlError(sqlstate::kDuplicateColumn,
                       fmt::format("column \"{}\" specified more than once", entry->name))
            .at(position(entry->location));
      }
    }
    const catalog::Column& column = target.relation->column(c.number);
    std::tie(c.type, c.typmod) = part_type(column, c.steps, entry->location);
    columns.push_back(c);
  }
  if (!entries.empty()) return columns;
  for (ColumnNumber number : all_target_columns(target)) {
    InsertColumn c;
    c.number = number;
    c.type = target.relation->column(number).type;
    c.typmod = target.relation->column(number).typmod;
    columns.push_back(c);
  }
  return columns;
}

// A column of the table by the name that the statement's target gives it.
ColumnNumber Binder::target_column(const ModifyTarget& target, std::string_view name, std::string_view verb,
                                   int32_t location) {
  ColumnNumber number = target.named->find_column(name);
  if (number == 0) {
    throw SqlError(sqlstate::kUndefinedColumn,
                   fmt::format("column \"{}\" of relation \"{}\" does not exist", name, target.named->name))
        .at(position(location));
  }
  if (!target.is_view()) return number;
  const ViewColumn& c = target.columns[static_cast<size_t>(number - 1)];
  if (c.base == 0) {
    throw SqlError(sqlstate::kFeatureNotSupported,
                   fmt::format("cannot {} column \"{}\" of view \"{}\"", verb, name, target.named->name))
        .detail(std::string(c.reason));
  }
  return c.base;
}

std::vector<ColumnNumber> Binder::all_target_columns(const ModifyTarget& target) {
  std::vector<ColumnNumber> columns;
  for (size_t i = 0; i < target.named->columns.size(); ++i) {
    if (target.named->columns[i].dropped) continue;
    columns.push_back(target.is_view() ? target.columns[i].base : static_cast<ColumnNumber>(i + 1));
  }
  return columns;
}

namespace {

bool is_plain_values(const parser::SelectStmt& s) {
  return !s.values.empty() && s.order_by.empty() && s.limit_count == nullptr && s.limit_offset == nullptr &&
         s.with == nullptr && s.set_operation == parser::SetOperation::kNone;
}

}  // namespace

namespace {

bool has_star(const parser::ListNode& row) {
  return std::any_of(row.items.begin(), row.items.end(), [](const parser::Node* n) { return is_star(n); });
}

}  // namespace

// VALUES (r.*): a record variable's fields stand for as many columns.
std::vector<Expr*> Binder::insert_row_variables(Scope& scope, const ModifyTarget& target,
                                                const parser::ListNode& row,
                                                std::span<const InsertColumn> columns) {
  std::vector<Expr*> values;
  for (const parser::Node* item : row.items) {
    std::vector<Target> fields;
    if (is_star(item) && expand_variable(*parser::as<parser::ColumnRef>(item), &fields)) {
      for (const Target& t : fields) values.push_back(t.expr);
    } else {
      values.push_back(bind_expr(scope, item));
    }
  }
  if (values.size() > columns.size()) {
    throw SqlError(sqlstate::kSyntaxError, "INSERT has more expressions than target columns")
        .at(position(row.items.back()->location));
  }
  for (size_t i = 0; i < values.size(); ++i) {
    const catalog::Column& c = target.relation->column(columns[i].number);
    values[i] = coerce_for_part(values[i], columns[i].type, columns[i].typmod, c.name, columns[i].steps,
                                columns[i].location);
  }
  return values;
}

// What a column that is not given becomes.
Expr* Binder::target_default(const ModifyTarget& target, ColumnNumber number) {
  for (size_t i = 0; target.is_view() && i < target.columns.size(); ++i) {
    const catalog::Column& c = target.named->columns[i];
    if (target.columns[i].base != number || c.default_sql.empty()) continue;
    const catalog::Column& base = target.relation->column(number);
    return coerce_for_assignment(bind_sql_expression(c.default_sql, nullptr, Clause::kDefault), base.type,
                                 base.typmod, base.name);
  }
  return column_default(target.relation, number);
}

// The values of one row of VALUES, each coerced to its column by itself; DEFAULT may stand for one.
std::vector<Expr*> Binder::insert_row(Scope& scope, const ModifyTarget& target,
                                      std::span<const InsertColumn> columns, parser::NodeList nodes,
                                      parser::Overriding overriding, bool listed) {
  size_t width = nodes.size();
  if (width > columns.size()) {
    throw SqlError(sqlstate::kSyntaxError, "INSERT has more expressions than target columns")
        .at(position(nodes[columns.size()]->location));
  }
  if (width < columns.size() && listed) {
    throw SqlError(sqlstate::kSyntaxError, "INSERT has more target columns than expressions")
        .at(position(columns[width].location));
  }
  std::vector<Expr*> items;
  for (size_t i = 0; i < width; ++i) {
    if (columns[i].number == 0) {
      // Of a view's column list that was left out: named for the message.
      target_column(target, target.named->columns[i].name, "insert into", -1);
    }
    const catalog::Column& c = target.relation->column(columns[i].number);
    if (parser::is<parser::DefaultExpr>(nodes[i])) {
      if (!columns[i].steps.empty()) {
        bool field = parser::is<parser::FieldStep>(columns[i].steps.back());
        throw SqlError(sqlstate::kFeatureNotSupported,
                       field ? "cannot set a subfield to DEFAULT" : "cannot set an array element to DEFAULT")
            .at(position(columns[i].location));
      }
      items.push_back(target_default(target, columns[i].number));
      continue;
    }
    if (c.generated != 0) {
      throw SqlError(sqlstate::kGeneratedAlways,
                     fmt::format("cannot insert a non-DEFAULT value into column \"{}\"", c.name))
          .detail(fmt::format("Column \"{}\" is a generated column.", c.name));
    }
    if (c.identity != 0 && overriding == parser::Overriding::kUserValue) {
      items.push_back(column_default(target.relation, columns[i].number));
      continue;
    }
    if (c.identity == 'a' && overriding == parser::Overriding::kNone) {
      throw SqlError(sqlstate::kGeneratedAlways,
                     fmt::format("cannot insert a non-DEFAULT value into column \"{}\"", c.name))
          .detail(fmt::format("Column \"{}\" is an identity column defined as GENERATED ALWAYS.", c.name))
          .hint("Use OVERRIDING SYSTEM VALUE to override.");
    }
    items.push_back(coerce_for_part(bind_expr(scope, nodes[i]), columns[i].type, columns[i].typmod, c.name,
                                    columns[i].steps, columns[i].location));
  }
  return items;
}

Query* Binder::insert_values(Scope& scope, const ModifyTarget& target, const parser::InsertStmt& insert,
                             std::span<const InsertColumn> columns, std::vector<Expr*>* single_row) {
  Scope inner;
  inner.parent = &scope;
  inner.clause = insert.source->values.size() == 1 ? Clause::kValuesSingle : Clause::kValues;
  bool hidden = scope.hide_items;
  scope.hide_items = true;
  std::vector<ExprList> rows;
  size_t width = insert.source->values[0]->items.size();
  if (insert.source->values.size() == 1 && has_star(*insert.source->values[0])) {
    *single_row = insert_row_variables(inner, target, *insert.source->values[0], columns);
    scope.hide_items = hidden;
    return nullptr;
  }
  for (const parser::ListNode* row : insert.source->values) {
    if (row->items.size() != width) {
      throw SqlError(sqlstate::kSyntaxError, "VALUES lists must all be the same length")
          .at(position(row->items[0]->location));
    }
    rows.push_back(
        list(insert_row(inner, target, columns, row->items, insert.overriding, !insert.columns.empty())));
  }
  scope.hide_items = hidden;
  // Subqueries count the levels to a WITH from the row's own scope.
  bool has_subqueries = std::any_of(rows[0].begin(), rows[0].end(), [](Expr* e) {
    return any_of(e, [](const Expr& x) { return x.kind == ExprKind::kSubquery; });
  });
  if (rows.size() == 1 && !inner.has_set_returning && !has_subqueries) {
    single_row->assign(rows[0].begin(), rows[0].end());
    return nullptr;
  }
  if (rows.size() == 1) {
    // A row that makes several, or is a level of its own: a query without FROM.
    auto* query = arena_.make<Query>();
    std::vector<Target> targets;
    for (size_t i = 0; i < rows[0].size(); ++i) {
      Target t;
      t.expr = rows[0][i];
      t.name = arena_.copy(fmt::format("column{}", i + 1));
      targets.push_back(t);
    }
    finish_query(inner, *query, targets);
    return query;
  }
  auto* query = arena_.make<Query>();
  auto* range = arena_.make<Range>();
  range->kind = RangeKind::kValues;
  range->alias = "*VALUES*";
  std::vector<RangeColumn> range_columns;
  std::vector<Target> targets;
  for (size_t i = 0; i < width; ++i) {
    const catalog::Column& c = target.relation->column(columns[i].number);
    range_columns.push_back(
        {arena_.copy(fmt::format("column{}", i + 1)), columns[i].type, columns[i].typmod, c.collation});
  }
  range->columns = arena_.copy(range_columns);
  range->rows = arena_.copy(rows);
  add_range(inner, range, {}, {});
  auto* item = arena_.make<FromItem>();
  query->from = arena_.copy(std::vector<FromItem*>{item});
  for (size_t i = 0; i < width; ++i) {
    Target t;
    t.expr = make_column(*range, 0, static_cast<int16_t>(i + 1));
    t.name = range_columns[i].name;
    targets.push_back(t);
  }
  finish_query(inner, *query, targets);
  return query;
}

void Binder::check_identity(const ModifyTarget& target, const parser::InsertStmt& insert,
                            std::span<const InsertColumn> columns) {
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].number == 0) target_column(target, target.named->columns[i].name, "insert into", -1);
    const catalog::Column& c = target.relation->column(columns[i].number);
    if (c.generated != 0) {
      throw SqlError(sqlstate::kGeneratedAlways,
                     fmt::format("cannot insert a non-DEFAULT value into column \"{}\"", c.name))
          .detail(fmt::format("Column \"{}\" is a generated column.", c.name));
    }
    if (c.identity == 'a' && insert.overriding == parser::Overriding::kNone) {
      throw SqlError(sqlstate::kGeneratedAlways,
                     fmt::format("cannot insert a non-DEFAULT value into column \"{}\"", c.name))
          .detail(fmt::format("Column \"{}\" is an identity column defined as GENERATED ALWAYS.", c.name))
          .hint("Use OVERRIDING SYSTEM VALUE to override.");
    }
  }
}

// The whole row in column order: what is given, and the defaults of what is not.
std::vector<Target> Binder::insert_targets(Scope& scope, const ModifyTarget& target,
                                           std::span<const InsertColumn> columns,
                                           std::span<Expr* const> values) {
  std::vector<Target> targets;
  for (size_t n = 1; n <= target.relation->columns.size(); ++n) {
    auto number = static_cast<ColumnNumber>(n);
    const catalog::Column& c = target.relation->column(number);
    if (c.dropped) continue;
    Target t;
    for (size_t i = 0; i < values.size(); ++i) {
      if (columns[i].number != number) continue;
      if (columns[i].steps.empty()) {
        t.expr = values[i];
        continue;
      }
      if (t.expr == nullptr) {
        t.expr = make_null(c.type);
        t.expr->typmod = c.typmod;
        t.expr->collation = c.collation;
      }
      t.expr = assign_part(scope, t.expr, c.name, columns[i].steps, values[i], columns[i].location);
    }
    if (t.expr == nullptr) t.expr = target_default(target, number);
    t.name = arena_.copy(c.name);
    t.assigned_column = number;
    targets.push_back(t);
  }
  return targets;
}

Query* Binder::bind_insert(const parser::InsertStmt& insert, Scope* parent) {
  auto* query = arena_.make<Query>();
  query->command = CommandType::kInsert;
  Scope scope;
  scope.parent = parent;
  if (insert.with != nullptr) bind_with(scope, *insert.with);
  with_scope_ = &scope;
  ModifyTarget target = bind_target(scope, *insert.relation, "INSERT");
  const catalog::RelationPtr& relation = target.relation;
  std::vector<InsertColumn> columns = insert_columns(target, insert.columns);

  std::vector<Expr*> values;  // one a supplied column
  if (insert.source != nullptr && is_plain_values(*insert.source)) {
    query->source = insert_values(scope, target, insert, columns, &values);
    columns.resize(
        std::min(columns.size(), values.empty() ? insert.source->values[0]->items.size() : values.size()));
  } else if (insert.source != nullptr) {
    scope.hide_items = true;
    query->source = bind_select(*insert.source, &scope, true);
    scope.hide_items = false;
    size_t width = 0;
    for (const Target& t : query->source->targets) {
      if (t.junk) continue;
      if (++width > columns.size()) {
        throw SqlError(sqlstate::kSyntaxError, "INSERT has more expressions than target columns")
            .at(position(t.expr->location));
      }
    }
    if (width < columns.size() && !insert.columns.empty()) {
      throw SqlError(sqlstate::kSyntaxError, "INSERT has more target columns than expressions")
          .at(position(insert.columns[width]->location));
    }
    columns.resize(width);
    check_identity(target, insert, columns);
    // Literals of the select list become what the column is.
    size_t i = 0;
    for (Target& t : query->source->targets) {
      if (t.junk) continue;
      const InsertColumn& c = columns[i++];
      if (t.expr->type == type_oid::kUnknown) {
        t.expr =
            coerce_for_part(t.expr, c.type, c.typmod, relation->column(c.number).name, c.steps, c.location);
      }
    }
  } else {
    columns.clear();
  }
  if (query->source != nullptr) {
    auto* range = arena_.make<Range>();
    range->kind = RangeKind::kSubquery;
    range->query = query->source;
    range->alias = "*SELECT*";
    range->columns = output_columns(*query->source, {}, {});
    scope.ranges.push_back(range);
    size_t index = scope.ranges.size() - 1;
    std::vector<int32_t> locations;
    for (const Target& t : query->source->targets) {
      if (!t.junk) locations.push_back(t.expr->location);
    }
    const bool rows_are_given = is_plain_values(*insert.source);  // then each has its defaults already
    for (size_t i = 0; i < columns.size(); ++i) {
      if (!rows_are_given && insert.overriding == parser::Overriding::kUserValue &&
          relation->column(columns[i].number).identity != 0) {
        values.push_back(column_default(relation, columns[i].number));
        continue;
      }
      Expr* value = make_column(*range, static_cast<uint32_t>(index), static_cast<int16_t>(i + 1));
      value->location = locations[i];
      values.push_back(coerce_for_part(value, columns[i].type, columns[i].typmod,
                                       relation->column(columns[i].number).name, columns[i].steps,
                                       columns[i].location));
    }
    auto* item = arena_.make<FromItem>();
    item->range = static_cast<uint32_t>(index);
    query->from = arena_.copy(std::vector<FromItem*>{item});
  }
  std::vector<catalog::ColumnNumber> supplied;
  for (const InsertColumn& c : columns) supplied.push_back(c.number);
  query->supplied = arena_.copy(std::span<const catalog::ColumnNumber>(supplied));
  std::vector<Target> targets = insert_targets(scope, target, columns, values);
  add_target_rules(*query, scope, target);
  bind_on_conflict(scope, target, insert, *query);
  bind_returning(scope, insert.returning, *query);
  finish_query(scope, *query, targets);
  secure_target(scope, target, *query);
  set_rights(target, *query);
  return query;
}

void Binder::add_target_rules(Query& query, Scope& scope, const ModifyTarget& target) {
  query.view_checks = arena_.copy(target.checks);
  if (target.instead) return;  // the triggers decide
  add_constraints(query, target.relation);
  add_partition_checks(query, target.relation);
  query.index_expressions = bind_index_expressions(*scope.ranges[0]->relation);
}

void Binder::bind_returning(Scope& scope, parser::List<parser::TargetEntry> returning, Query& query) {
  if (returning.empty()) return;
  query.returning = arena_.copy(bind_targets(scope, returning, Clause::kReturning));
  for (Target& t : query.returning) t.expr = resolve_unknown(t.expr);
}

// ON CONFLICT (columns and expressions) WHERE …: the unique indexes that have just these keys.
std::vector<const catalog::Index*> Binder::infer_arbiters(Scope& scope, const ModifyTarget& target,
                                                          const parser::OnConflictClause& clause) {
  const catalog::RelationPtr& relation = target.relation;
  const catalog::Relation& kept = **scope.ranges[0]->relation;  // lives as long as the plan
  std::vector<ColumnNumber> columns;
  std::vector<Expr*> expressions;
  for (const parser::IndexElem* elem : clause.inference) {
    if (elem->column.empty()) {
      expressions.push_back(bind_clause(scope, elem->expression, Clause::kIndexExpression));
      if (expressions.back()->kind != ExprKind::kColumn) continue;
      columns.push_back(expressions.back()->as<ColumnExpr>().column);
      expressions.pop_back();
      continue;
    }
    ColumnNumber number = target.named->find_column(elem->column);
    if (number == 0) {
      // The error is at the parenthesis.
      size_t open = context_.sql.rfind('(', static_cast<size_t>(elem->location));
      throw SqlError(sqlstate::kUndefinedColumn, fmt::format("column \"{}\" does not exist", elem->column))
          .at(position(open == std::string_view::npos ? elem->location : static_cast<int32_t>(open)));
    }
    if (target.is_view()) number = target_column(target, elem->column, "insert into", elem->location);
    if (std::find(columns.begin(), columns.end(), number) == columns.end()) columns.push_back(number);
  }
  std::vector<Expr*> given;
  auto split = [](auto&& self, Expr* e, std::vector<Expr*>* out) -> void {
    if (e == nullptr) return;
    if (e->kind != ExprKind::kAnd) return out->push_back(e);
    for (Expr* arg : e->as<BoolExpr>().args) self(self, arg, out);
  };
  if (clause.inference_where != nullptr)
    split(split, bind_condition(scope, clause.inference_where, Clause::kIndexPredicate), &given);
  auto contains = [](const std::vector<Expr*>& all, const Expr* e) {
    return std::any_of(all.begin(), all.end(), [&](const Expr* x) { return same_expression(x, e); });
  };
  std::vector<const catalog::Index*> arbiters;
  for (const catalog::Index& index : kept.indexes) {
    if (!index.unique || !index.valid) continue;
    std::vector<ColumnNumber> keys;
    std::vector<Expr*> key_expressions;
    for (const catalog::IndexColumn& key : index.keys) {
      if (key.column != 0)
        keys.push_back(key.column);
      else
        key_expressions.push_back(
            bind_sql_expression(key.expression_sql, &relation, Clause::kIndexExpression));
    }
    bool same =
        std::all_of(
            keys.begin(), keys.end(),
            [&](ColumnNumber k) { return std::find(columns.begin(), columns.end(), k) != columns.end(); }) &&
        std::all_of(columns.begin(), columns.end(),
                    [&](ColumnNumber c) { return std::find(keys.begin(), keys.end(), c) != keys.end(); }) &&
        std::all_of(expressions.begin(), expressions.end(),
                    [&](Expr* e) { return contains(key_expressions, e); }) &&
        std::all_of(key_expressions.begin(), key_expressions.end(),
                    [&](Expr* e) { return contains(expressions, e); });
    if (!same) continue;
    if (!index.predicate_sql.empty()) {
      std::vector<Expr*> needed;
      split(split,
            coerce_to_boolean(bind_sql_expression(index.predicate_sql, &relation, Clause::kIndexPredicate),
                              "WHERE"),
            &needed);
      if (!std::all_of(needed.begin(), needed.end(), [&](Expr* e) { return contains(given, e); })) continue;
    }
    arbiters.push_back(&index);
  }
  if (arbiters.empty()) {
    throw SqlError(sqlstate::kInvalidColumnReference,
                   "there is no unique or exclusion constraint matching the ON CONFLICT specification");
  }
  return arbiters;
}

void Binder::bind_on_conflict(Scope& scope, const ModifyTarget& target, const parser::InsertStmt& insert,
                              Query& query) {
  if (insert.on_conflict == nullptr) return;
  const catalog::RelationPtr& relation = target.relation;
  const parser::OnConflictClause& clause = *insert.on_conflict;
  auto* conflict = arena_.make<OnConflict>();
  conflict->do_nothing = clause.action == parser::OnConflictAction::kNothing;
  std::vector<const catalog::Index*> arbiters;
  const catalog::Relation& kept = **scope.ranges[0]->relation;
  if (!clause.constraint.empty()) {
    for (const catalog::Index& index : kept.indexes) {
      if (index.name == clause.constraint && index.constraint != kInvalidOid) arbiters.push_back(&index);
    }
    if (arbiters.empty()) {
      throw SqlError(
          sqlstate::kUndefinedObject,
          fmt::format("constraint \"{}\" for table \"{}\" does not exist", clause.constraint, kept.name));
    }
  } else if (!clause.inference.empty()) {
    arbiters = infer_arbiters(scope, target, clause);
  }
  for (const catalog::Index* index : arbiters) {
    if (index->immediate) continue;
    throw SqlError(
        sqlstate::kObjectNotInPrerequisiteState,
        "ON CONFLICT does not support deferrable unique constraints/exclusion constraints as arbiters")
        .schema(kept.schema_name)
        .table(kept.name)
        .constraint(index->name);
  }
  conflict->arbiters = arena_.copy(arbiters);
  if (!conflict->do_nothing) {
    if (arbiters.empty()) {
      throw SqlError(sqlstate::kSyntaxError,
                     "ON CONFLICT DO UPDATE requires inference specification or constraint name")
          .hint("For example, ON CONFLICT (column_name).")
          .at(position(clause.location));
    }
    conflict->excluded_range = add_relation(scope, relation, "excluded", {}, txn::LockMode::kNone);
    scope.items.back().columns_visible = false;
    if (target.is_view()) name_view_columns(target, scope.items.back(), conflict->excluded_range);
    std::vector<Target> assignments;
    bind_assignments(scope, target, clause.assignments, &assignments);
    conflict->assignments = arena_.copy(assignments);
    if (clause.where != nullptr) conflict->where = bind_condition(scope, clause.where, Clause::kWhere);
    scope.items.pop_back();
  }
  query.on_conflict = conflict;
}

// --- UPDATE, DELETE

// The value of one item of SET (a, b) = …; the source is bound once for all of them.
Expr* Binder::multi_assign_value(Scope& scope, const parser::MultiAssignRef& ref, MultiAssign* last,
                                 int32_t location, const parser::Node** plain) {
  if (parser::is<parser::RowExpr>(ref.source)) {
    const auto& row = *parser::as<parser::RowExpr>(ref.source);
    bool is_row = row.explicit_row || row.args.size() != 1;
    if (is_row) {
      if (row.args.size() != static_cast<size_t>(ref.columns)) {
        throw SqlError(sqlstate::kSyntaxError, "number of columns does not match number of values")
            .at(position(row.location));
      }
      *plain = row.args[static_cast<size_t>(ref.column - 1)];
      return nullptr;
    }
  }
  bool subquery = parser::is<parser::SubLink>(ref.source) &&
                  parser::as<parser::SubLink>(ref.source)->link == parser::SubLinkKind::kScalar;
  if (!subquery) {
    throw SqlError(sqlstate::kFeatureNotSupported,
                   "source for a multiple-column UPDATE item must be a sub-SELECT or ROW() expression")
        .at(position(ref.source->location >= 0 ? ref.source->location : location));
  }
  if (last->source != ref.source) {
    Clause outer = scope.clause;
    scope.clause = Clause::kUpdateSource;
    last->source = ref.source;
    last->row = row_subquery(scope, *parser::as<parser::SubLink>(ref.source));
    last->fields = row_fields(last->row, &scope);
    scope.clause = outer;
    if (last->fields.size() != static_cast<size_t>(ref.columns)) {
      throw SqlError(sqlstate::kSyntaxError, "number of columns does not match number of values")
          .at(position(ref.source->location));
    }
  }
  auto index = static_cast<uint32_t>(ref.column - 1);
  return make_field(last->row, index, last->fields[index], ref.source->location);
}

void Binder::bind_assignments(Scope& scope, const ModifyTarget& target,
                              parser::List<parser::TargetEntry> entries, std::vector<Target>* targets) {
  const catalog::RelationPtr& relation = target.relation;
  MultiAssign last;
  for (const parser::TargetEntry* entry : entries) {
    ColumnNumber number = target_column(target, entry->name, "update", entry->location);
    const catalog::Column& c = relation->column(number);
    Target* existing = nullptr;
    for (Target& t : *targets) {
      if (t.assigned_column == number) existing = &t;
    }
    if (existing != nullptr && (entry->indirection.empty() || !existing->junk)) {
      throw SqlError(sqlstate::kSyntaxError,
                     fmt::format("multiple assignments to same column \"{}\"", entry->name));
    }
    const parser::Node* value = entry->value;
    Expr* bound = nullptr;
    if (parser::is<parser::MultiAssignRef>(value)) {
      bound = multi_assign_value(scope, *parser::as<parser::MultiAssignRef>(value), &last, entry->location,
                                 &value);
    }
    bool is_default = bound == nullptr && parser::is<parser::DefaultExpr>(value);
    if (c.generated != 0 && !is_default) {
      throw SqlError(sqlstate::kGeneratedAlways,
                     fmt::format("column \"{}\" can only be updated to DEFAULT", c.name))
          .detail(fmt::format("Column \"{}\" is a generated column.", c.name));
    }
    if (c.identity == 'a' && !is_default) {
      throw SqlError(sqlstate::kGeneratedAlways,
                     fmt::format("column \"{}\" can only be updated to DEFAULT", c.name))
          .detail(fmt::format("Column \"{}\" is an identity column defined as GENERATED ALWAYS.", c.name));
    }
    Target t;
    t.assigned_column = number;
    t.name = arena_.copy(c.name);
    if (is_default && !entry->indirection.empty()) {
      bool field = parser::is<parser::FieldStep>(entry->indirection.back());
      throw SqlError(sqlstate::kFeatureNotSupported,
                     field ? "cannot set a subfield to DEFAULT" : "cannot set an array element to DEFAULT")
          .at(position(entry->location));
    }
    if (is_default) {
      if (c.generated != 0) continue;
      t.expr = target_default(target, number);
      targets->push_back(t);
      continue;
    }
    if (bound == nullptr) bound = bind_clause(scope, value, Clause::kUpdateSource);
    auto [type, typmod] = part_type(c, entry->indirection, entry->location);
    Expr* coerced = coerce_for_part(bound, type, typmod, c.name, entry->indirection, entry->location);
    if (entry->indirection.empty()) {
      t.expr = coerced;
      targets->push_back(t);
      continue;
    }
    // Parts of one column add up; `junk` marks them while they are collected.
    Expr* current = existing != nullptr ? existing->expr : make_column(*scope.ranges[0], 0, number);
    Clause outer = scope.clause;
    scope.clause = Clause::kUpdateSource;
    Expr* assigned = assign_part(scope, current, c.name, entry->indirection, coerced, entry->location);
    scope.clause = outer;
    if (existing != nullptr) {
      existing->expr = assigned;
    } else {
      t.expr = assigned;
      t.junk = true;
      targets->push_back(t);
    }
  }
  for (Target& t : *targets) t.junk = false;
}

// WHERE of UPDATE and DELETE, together with what the target's views ask.
Expr* Binder::modify_condition(Scope& scope, const ModifyTarget& target, const parser::Node* where) {
  std::vector<Expr*> conditions(target.quals);
  if (where != nullptr && parser::is<parser::CurrentOfExpr>(where)) {
    if (target.is_view() || target.instead)  // as PostgreSQL
      throw SqlError(sqlstate::kFeatureNotSupported, "WHERE CURRENT OF on a view is not implemented");
    conditions.push_back(current_of(scope, *parser::as<parser::CurrentOfExpr>(where)));
  } else if (where != nullptr) {
    conditions.push_back(bind_condition(scope, where, Clause::kWhere));
  }
  return make_and(conditions);
}

// The row that a cursor stands on, by its ctid, which no two tables share.
Expr* Binder::current_of(Scope& scope, const parser::CurrentOfExpr& where) {
  auto* ctid = make<ColumnExpr>(ExprKind::kColumn, type_oid::kTid, where.location);
  ctid->column = catalog::kCtidColumn;
  Expr* cursor = make_const(type_oid::kText, Value::of_string(where.cursor));
  Variables::Variable variable;
  if (context_.variables != nullptr && context_.variables->find({&where.cursor, 1}, &variable) &&
      variable.type == type_oid::kRefcursor)
    cursor = make_variable(variable, where.location);
  std::vector<Expr*> args{
      cursor, make_const(type_oid::kOid, Value::of_oid((*scope.ranges[0]->relation)->oid.value()))};
  auto* row = make<FunctionExpr>(ExprKind::kFunction, type_oid::kTid, where.location);
  row->function = &cursor_row_function();
  row->args = list(args);
  row->site = make_site(*row->function, args, type_oid::kTid, kInvalidOid);
  return make_operator("=", ctid, row, where.location);
}

Query* Binder::bind_update(const parser::UpdateStmt& update, Scope* parent) {
  auto* query = arena_.make<Query>();
  query->command = CommandType::kUpdate;
  Scope scope;
  scope.parent = parent;
  if (update.with != nullptr) bind_with(scope, *update.with);
  with_scope_ = &scope;
  ModifyTarget target = bind_target(scope, *update.relation, "UPDATE");
  std::vector<FromItem*> from{arena_.make<FromItem>()};
  scope.items[0].is_target = scope.items[0].lateral_only = true;
  scope.items[0].lateral_ok = false;
  bind_from(scope, update.from, &from);
  scope.items[0].lateral_only = false;
  scope.items[0].lateral_ok = true;
  query->from = arena_.copy(from);
  std::vector<Target> targets;
  bind_assignments(scope, target, update.assignments, &targets);
  query->where = modify_condition(scope, target, update.where);
  add_target_rules(*query, scope, target);
  bind_returning(scope, update.returning, *query);
  finish_query(scope, *query, targets);
  secure_target(scope, target, *query);
  set_rights(target, *query);
  return query;
}

Query* Binder::bind_delete(const parser::DeleteStmt& del, Scope* parent) {
  auto* query = arena_.make<Query>();
  query->command = CommandType::kDelete;
  Scope scope;
  scope.parent = parent;
  if (del.with != nullptr) bind_with(scope, *del.with);
  with_scope_ = &scope;
  ModifyTarget target = bind_target(scope, *del.relation, "DELETE");
  std::vector<FromItem*> from{arena_.make<FromItem>()};
  scope.items[0].is_target = scope.items[0].lateral_only = true;
  scope.items[0].lateral_ok = false;
  bind_from(scope, del.using_list, &from);
  scope.items[0].lateral_only = false;
  scope.items[0].lateral_ok = true;
  query->from = arena_.copy(from);
  query->where = modify_condition(scope, target, del.where);
  if (!target.instead) query->index_expressions = bind_index_expressions(*scope.ranges[0]->relation);
  bind_returning(scope, del.returning, *query);
  finish_query(scope, *query, {});
  secure_target(scope, target, *query);
  set_rights(target, *query);
  return query;
}

}  // namespace varve::analyzer
