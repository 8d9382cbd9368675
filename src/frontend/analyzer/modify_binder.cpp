// INSERT, UPDATE and DELETE.
#include <algorithm>

#include "analyzer/expression_walk.h"
#include "binder.h"
#include "parser/parser.h"

namespace varve::analyzer {

using catalog::ColumnNumber;
using catalog::RelationKind;
using types::Value;

catalog::RelationPtr Binder::target_relation(const parser::RangeVar& name, std::string_view verb) {
  catalog::RelationPtr relation = lookup_relation(context_, name.schema, name.name, txn::LockMode::kRowExclusive, false,
                                                  position(name.location));
  if (relation->kind == RelationKind::kView) {
    throw_not_supported(fmt::format("{} through the view \"{}\"", verb, relation->name), position(name.location));
  }
  if (relation->kind == RelationKind::kMaterializedView) {
    throw SqlError(sqlstate::kWrongObjectType, fmt::format("cannot change materialized view \"{}\"", relation->name));
  }
  if (relation->kind != RelationKind::kTable) {
    throw SqlError(sqlstate::kWrongObjectType, fmt::format("cannot open relation \"{}\"", relation->name))
        .at(position(name.location));
  }
  if (relation->is_system) {
    throw SqlError(sqlstate::kInsufficientPrivilege, fmt::format("permission denied: \"{}\" is a system catalog", relation->name));
  }
  return relation;
}

Expr* Binder::bind_sql_expression(std::string_view sql, const catalog::RelationPtr* relation, Clause clause) {
  std::string_view text = arena_.copy(sql);
  AnalyzerContext inner{context_.catalog, arena_, context_.relations, context_.eval, text, context_.search_path};
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
  return coerce_for_assignment(bind_sql_expression(c.default_sql, nullptr, Clause::kDefault), c.type, c.typmod, c.name);
}

void Binder::add_constraints(Query& query, const catalog::RelationPtr& relation) {
  std::vector<Expr*> checks;
  std::vector<std::string_view> names;
  add_domain_checks(relation, &checks, &names);
  for (const catalog::CheckConstraint& check : relation->checks) {
    checks.push_back(coerce_to_boolean(bind_sql_expression(check.expression_sql, &relation, Clause::kCheck), "CHECK"));
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
    exprs.push_back(coerce_for_assignment(bind_sql_expression(c.default_sql, &relation, Clause::kGenerated), c.type, c.typmod, c.name));
  }
  query.generated = arena_.copy(columns);
  query.generated_exprs = list(exprs);
}

void Binder::add_index_expressions(Query& query, const catalog::RelationPtr& relation) {
  std::vector<IndexExpressions> bound;
  for (const catalog::Index& index : relation->indexes) {
    bool plain = index.predicate_sql.empty() && std::all_of(index.keys.begin(), index.keys.end(), [](const catalog::IndexColumn& k) {
      return k.column != 0;
    });
    if (plain) continue;
    IndexExpressions e;
    e.index = &index;
    std::vector<Expr*> keys;
    for (const catalog::IndexColumn& key : index.keys) {
      keys.push_back(key.column != 0 ? nullptr : bind_sql_expression(key.expression_sql, &relation, Clause::kIndexExpression));
    }
    e.keys = list(keys);
    if (!index.predicate_sql.empty()) {
      e.predicate = coerce_to_boolean(bind_sql_expression(index.predicate_sql, &relation, Clause::kIndexPredicate), "WHERE");
    }
    bound.push_back(e);
  }
  query.index_expressions = arena_.copy(bound);
}

// --- INSERT

std::vector<ColumnNumber> Binder::insert_columns(const catalog::Relation& relation, const parser::InsertStmt& insert) {
  std::vector<ColumnNumber> columns;
  for (const parser::TargetEntry* entry : insert.columns) {
    if (!entry->indirection.empty()) throw_not_supported("assignment to part of a column", position(entry->location));
    ColumnNumber number = relation.find_column(entry->name);
    if (number == 0) {
      throw SqlError(sqlstate::kUndefinedColumn,
                     fmt::format("column \"{}\" of relation \"{}\" does not exist", entry->name, relation.name))
          .at(position(entry->location));
    }
    if (std::find(columns.begin(), columns.end(), number) != columns.end()) {
      throw SqlError(sqlstate::kDuplicateColumn, fmt::format("column \"{}\" specified more than once", entry->name))
          .at(position(entry->location));
    }
    columns.push_back(number);
  }
  if (insert.columns.empty()) {
    for (size_t i = 0; i < relation.columns.size(); ++i) {
      if (!relation.columns[i].dropped) columns.push_back(static_cast<ColumnNumber>(i + 1));
    }
  }
  return columns;
}

namespace {

bool is_plain_values(const parser::SelectStmt& s) {
  return !s.values.empty() && s.order_by.empty() && s.limit_count == nullptr && s.limit_offset == nullptr &&
         s.with == nullptr && s.set_operation == parser::SetOperation::kNone;
}

}  // namespace

// VALUES: every item is coerced to its column by itself; DEFAULT may stand for one.
namespace {

bool has_star(const parser::ListNode& row) {
  return std::any_of(row.items.begin(), row.items.end(), [](const parser::Node* n) { return is_star(n); });
}

}  // namespace

// VALUES (r.*): a record variable's fields stand for as many columns.
void Binder::insert_row_variables(Scope& scope, const catalog::RelationPtr& relation, const parser::ListNode& row,
                                  std::span<const ColumnNumber> columns, std::vector<Expr*>* out) {
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
    const catalog::Column& c = relation->column(columns[i]);
    out->push_back(coerce_for_assignment(values[i], c.type, c.typmod, c.name));
  }
}

Query* Binder::insert_values(Scope& scope, const catalog::RelationPtr& relation, const parser::InsertStmt& insert,
                             std::span<const ColumnNumber> columns, std::vector<Expr*>* single_row) {
  Scope inner;
  inner.parent = &scope;
  inner.clause = Clause::kValues;
  bool hidden = scope.hide_items;
  scope.hide_items = true;
  std::vector<ExprList> rows;
  size_t width = insert.source->values[0]->items.size();
  if (insert.source->values.size() == 1 && has_star(*insert.source->values[0])) {
    insert_row_variables(inner, relation, *insert.source->values[0], columns, single_row);
    scope.hide_items = hidden;
    return nullptr;
  }
  for (const parser::ListNode* row : insert.source->values) {
    if (row->items.size() != width) {
      throw SqlError(sqlstate::kSyntaxError, "VALUES lists must all be the same length").at(position(row->location));
    }
    if (width > columns.size()) {
      throw SqlError(sqlstate::kSyntaxError, "INSERT has more expressions than target columns")
          .at(position(row->items[columns.size()]->location));
    }
    if (width < columns.size() && !insert.columns.empty()) {
      throw SqlError(sqlstate::kSyntaxError, "INSERT has more target columns than expressions")
          .at(position(insert.columns[width]->location));
    }
    std::vector<Expr*> items;
    for (size_t i = 0; i < width; ++i) {
      const catalog::Column& c = relation->column(columns[i]);
      if (parser::is<parser::DefaultExpr>(row->items[i])) {
        items.push_back(column_default(relation, columns[i]));
        continue;
      }
      if (c.generated != 0) {
        throw SqlError(sqlstate::kGeneratedAlways, fmt::format("cannot insert a non-DEFAULT value into column \"{}\"", c.name))
            .detail(fmt::format("Column \"{}\" is a generated column.", c.name));
      }
      if (c.identity == 'a' && insert.overriding != parser::Overriding::kSystemValue) {
        if (insert.overriding == parser::Overriding::kUserValue) {
          items.push_back(column_default(relation, columns[i]));
          continue;
        }
        throw SqlError(sqlstate::kGeneratedAlways, fmt::format("cannot insert a non-DEFAULT value into column \"{}\"", c.name))
            .detail(fmt::format("Column \"{}\" is an identity column defined as GENERATED ALWAYS.", c.name))
            .hint("Use OVERRIDING SYSTEM VALUE to override.");
      }
      items.push_back(coerce_for_assignment(bind_expr(inner, row->items[i]), c.type, c.typmod, c.name));
    }
    rows.push_back(list(items));
  }
  scope.hide_items = hidden;
  if (rows.size() == 1 && !inner.has_set_returning) {
    single_row->assign(rows[0].begin(), rows[0].end());
    return nullptr;
  }
  auto* query = arena_.make<Query>();
  auto* range = arena_.make<Range>();
  range->kind = RangeKind::kValues;
  range->alias = "*VALUES*";
  std::vector<RangeColumn> range_columns;
  std::vector<Target> targets;
  for (size_t i = 0; i < width; ++i) {
    const catalog::Column& c = relation->column(columns[i]);
    range_columns.push_back({arena_.copy(fmt::format("column{}", i + 1)), c.type, c.typmod, c.collation});
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

void Binder::check_identity(const catalog::Relation& relation, const parser::InsertStmt& insert,
                            std::span<const ColumnNumber> columns) {
  for (ColumnNumber number : columns) {
    const catalog::Column& c = relation.column(number);
    if (c.generated != 0) {
      throw SqlError(sqlstate::kGeneratedAlways, fmt::format("cannot insert a non-DEFAULT value into column \"{}\"", c.name))
          .detail(fmt::format("Column \"{}\" is a generated column.", c.name));
    }
    if (c.identity == 'a' && insert.overriding == parser::Overriding::kNone) {
      throw SqlError(sqlstate::kGeneratedAlways, fmt::format("cannot insert a non-DEFAULT value into column \"{}\"", c.name))
          .detail(fmt::format("Column \"{}\" is an identity column defined as GENERATED ALWAYS.", c.name))
          .hint("Use OVERRIDING SYSTEM VALUE to override.");
    }
  }
}

Query* Binder::bind_insert(const parser::InsertStmt& insert, Scope* parent) {
  auto* query = arena_.make<Query>();
  query->command = CommandType::kInsert;
  Scope scope;
  scope.parent = parent;
  if (insert.with != nullptr) bind_with(scope, *insert.with);
  catalog::RelationPtr relation = target_relation(*insert.relation, "INSERT");
  std::string_view alias = insert.relation->alias == nullptr ? std::string_view() : insert.relation->alias->name;
  add_relation(scope, relation, alias, {}, txn::LockMode::kRowExclusive);
  std::vector<ColumnNumber> columns = insert_columns(*relation, insert);

  std::vector<Expr*> values;  // one a supplied column
  if (insert.source != nullptr && is_plain_values(*insert.source)) {
    query->source = insert_values(scope, relation, insert, columns, &values);
    columns.resize(std::min(columns.size(), values.empty() ? insert.source->values[0]->items.size() : values.size()));
  } else if (insert.source != nullptr) {
    scope.hide_items = true;
    query->source = bind_select(*insert.source, &scope, true);
    scope.hide_items = false;
    size_t width = 0;
    for (const Target& t : query->source->targets) width += !t.junk;
    if (width > columns.size()) {
      throw SqlError(sqlstate::kSyntaxError, "INSERT has more expressions than target columns");
    }
    if (width < columns.size() && !insert.columns.empty()) {
      throw SqlError(sqlstate::kSyntaxError, "INSERT has more target columns than expressions")
          .at(position(insert.columns[width]->location));
    }
    columns.resize(width);
    check_identity(*relation, insert, columns);
    // Literals of the select list become what the column is.
    size_t i = 0;
    for (Target& t : query->source->targets) {
      if (t.junk) continue;
      const catalog::Column& c = relation->column(columns[i++]);
      if (t.expr->type == type_oid::kUnknown) t.expr = coerce_for_assignment(t.expr, c.type, c.typmod, c.name);
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
    for (size_t i = 0; i < columns.size(); ++i) {
      const catalog::Column& c = relation->column(columns[i]);
      values.push_back(coerce_for_assignment(make_column(*range, static_cast<uint32_t>(index), static_cast<int16_t>(i + 1)), c.type, c.typmod, c.name));
    }
    auto* item = arena_.make<FromItem>();
    item->range = static_cast<uint32_t>(index);
    query->from = arena_.copy(std::vector<FromItem*>{item});
  }
  // The whole row in column order; what is not supplied takes its default.
  std::vector<Target> targets;
  for (size_t n = 1; n <= relation->columns.size(); ++n) {
    auto number = static_cast<ColumnNumber>(n);
    const catalog::Column& c = relation->column(number);
    if (c.dropped) continue;
    auto it = std::find(columns.begin(), columns.end(), number);
    Target t;
    t.expr = it == columns.end() ? column_default(relation, number) : values[static_cast<size_t>(it - columns.begin())];
    t.name = arena_.copy(c.name);
    t.assigned_column = number;
    targets.push_back(t);
  }
  add_constraints(*query, relation);
  add_index_expressions(*query, *scope.ranges[0]->relation);
  bind_on_conflict(scope, relation, insert, *query);
  if (!insert.returning.empty()) query->returning = arena_.copy(bind_targets(scope, insert.returning, Clause::kReturning));
  for (Target& t : query->returning) t.expr = resolve_unknown(t.expr);
  finish_query(scope, *query, targets);
  return query;
}

namespace {

bool covers(const catalog::Index& index, std::span<const ColumnNumber> columns) {
  if (!index.unique || !index.predicate_sql.empty() || index.keys.size() != columns.size()) return false;
  return std::all_of(index.keys.begin(), index.keys.end(), [&](const catalog::IndexColumn& k) {
    return std::find(columns.begin(), columns.end(), k.column) != columns.end();
  });
}

}  // namespace

void Binder::bind_on_conflict(Scope& scope, const catalog::RelationPtr& relation, const parser::InsertStmt& insert,
                              Query& query) {
  if (insert.on_conflict == nullptr) return;
  const parser::OnConflictClause& clause = *insert.on_conflict;
  auto* conflict = arena_.make<OnConflict>();
  conflict->do_nothing = clause.action == parser::OnConflictAction::kNothing;
  std::vector<const catalog::Index*> arbiters;
  const catalog::Relation& kept = **scope.ranges[0]->relation;  // lives as long as the plan
  if (!clause.constraint.empty()) {
    for (const catalog::Index& index : kept.indexes) {
      if (index.name == clause.constraint && index.constraint != kInvalidOid) arbiters.push_back(&index);
    }
    if (arbiters.empty()) {
      throw SqlError(sqlstate::kUndefinedObject, fmt::format("constraint \"{}\" for table \"{}\" does not exist", clause.constraint, kept.name));
    }
  } else if (!clause.inference.empty()) {
    std::vector<ColumnNumber> columns;
    for (const parser::IndexElem* elem : clause.inference) {
      if (elem->column.empty()) throw_not_supported("ON CONFLICT on an expression", position(elem->location));
      ColumnNumber number = kept.find_column(elem->column);
      if (number == 0) {
        throw SqlError(sqlstate::kUndefinedColumn, fmt::format("column \"{}\" does not exist", elem->column)).at(position(elem->location));
      }
      if (std::find(columns.begin(), columns.end(), number) == columns.end()) columns.push_back(number);
    }
    for (const catalog::Index& index : kept.indexes) {
      if (covers(index, columns)) arbiters.push_back(&index);
    }
    if (arbiters.empty()) {
      throw SqlError(sqlstate::kInvalidColumnReference, "there is no unique or exclusion constraint matching the ON CONFLICT specification");
    }
  }
  for (const catalog::Index* index : arbiters) {
    if (index->immediate) continue;
    throw SqlError(sqlstate::kObjectNotInPrerequisiteState,
                   "ON CONFLICT does not support deferrable unique constraints/exclusion constraints as arbiters")
        .schema(kept.schema_name)
        .table(kept.name)
        .constraint(index->name);
  }
  conflict->arbiters = arena_.copy(arbiters);
  if (!conflict->do_nothing) {
    if (arbiters.empty()) {
      throw SqlError(sqlstate::kSyntaxError, "ON CONFLICT DO UPDATE requires inference specification or constraint name")
          .hint("For example, ON CONFLICT (column_name).")
          .at(position(clause.location));
    }
    conflict->excluded_range = add_relation(scope, relation, "excluded", {}, txn::LockMode::kNone);
    scope.items.back().columns_visible = false;
    std::vector<Target> assignments;
    bind_assignments(scope, relation, clause.assignments, &assignments);
    conflict->assignments = arena_.copy(assignments);
    if (clause.where != nullptr) conflict->where = bind_condition(scope, clause.where, Clause::kWhere);
    scope.items.pop_back();
  }
  query.on_conflict = conflict;
}

// --- UPDATE, DELETE

void Binder::bind_assignments(Scope& scope, const catalog::RelationPtr& relation,
                              parser::List<parser::TargetEntry> entries, std::vector<Target>* targets) {
  for (const parser::TargetEntry* entry : entries) {
    if (!entry->indirection.empty()) throw_not_supported("assignment to part of a column", position(entry->location));
    ColumnNumber number = relation->find_column(entry->name);
    if (number == 0) {
      throw SqlError(sqlstate::kUndefinedColumn,
                     fmt::format("column \"{}\" of relation \"{}\" does not exist", entry->name, relation->name))
          .at(position(entry->location));
    }
    const catalog::Column& c = relation->column(number);
    for (const Target& t : *targets) {
      if (t.assigned_column == number) {
        throw SqlError(sqlstate::kSyntaxError, fmt::format("multiple assignments to same column \"{}\"", c.name))
            .at(position(entry->location));
      }
    }
    Target t;
    t.assigned_column = number;
    t.name = arena_.copy(c.name);
    const parser::Node* value = entry->value;
    if (parser::is<parser::MultiAssignRef>(value)) {
      const auto& ref = *parser::as<parser::MultiAssignRef>(value);
      if (!parser::is<parser::RowExpr>(ref.source)) {
        throw_not_supported("multiple-column assignment from a subquery", position(entry->location));
      }
      const auto& row = *parser::as<parser::RowExpr>(ref.source);
      if (row.args.size() != static_cast<size_t>(ref.columns)) {
        throw SqlError(sqlstate::kSyntaxError, "number of columns does not match number of values").at(position(entry->location));
      }
      value = row.args[static_cast<size_t>(ref.column - 1)];
    }
    bool is_default = parser::is<parser::DefaultExpr>(value);
    if (c.generated != 0 && !is_default) {
      throw SqlError(sqlstate::kGeneratedAlways, fmt::format("column \"{}\" can only be updated to DEFAULT", c.name))
          .detail(fmt::format("Column \"{}\" is a generated column.", c.name));
    }
    if (c.identity == 'a' && !is_default) {
      throw SqlError(sqlstate::kGeneratedAlways, fmt::format("column \"{}\" can only be updated to DEFAULT", c.name))
          .detail(fmt::format("Column \"{}\" is an identity column defined as GENERATED ALWAYS.", c.name));
    }
    t.expr = is_default ? column_default(relation, number)
                        : coerce_for_assignment(bind_clause(scope, value, Clause::kUpdateSource), c.type, c.typmod, c.name);
    if (!(is_default && c.generated != 0)) targets->push_back(t);
  }
}

Query* Binder::bind_update(const parser::UpdateStmt& update, Scope* parent) {
  auto* query = arena_.make<Query>();
  query->command = CommandType::kUpdate;
  Scope scope;
  scope.parent = parent;
  if (update.with != nullptr) bind_with(scope, *update.with);
  catalog::RelationPtr relation = target_relation(*update.relation, "UPDATE");
  std::string_view alias = update.relation->alias == nullptr ? std::string_view() : update.relation->alias->name;
  add_relation(scope, relation, alias, {}, txn::LockMode::kRowExclusive);
  std::vector<FromItem*> from{arena_.make<FromItem>()};
  bind_from(scope, update.from, &from);
  query->from = arena_.copy(from);
  std::vector<Target> targets;
  bind_assignments(scope, relation, update.assignments, &targets);
  if (parser::is<parser::CurrentOfExpr>(update.where)) throw_not_supported("WHERE CURRENT OF", position(update.where->location));
  if (update.where != nullptr) query->where = bind_condition(scope, update.where, Clause::kWhere);
  add_constraints(*query, relation);
  add_index_expressions(*query, *scope.ranges[0]->relation);
  if (!update.returning.empty()) query->returning = arena_.copy(bind_targets(scope, update.returning, Clause::kReturning));
  for (Target& t : query->returning) t.expr = resolve_unknown(t.expr);
  finish_query(scope, *query, targets);
  return query;
}

Query* Binder::bind_delete(const parser::DeleteStmt& del, Scope* parent) {
  auto* query = arena_.make<Query>();
  query->command = CommandType::kDelete;
  Scope scope;
  scope.parent = parent;
  if (del.with != nullptr) bind_with(scope, *del.with);
  catalog::RelationPtr relation = target_relation(*del.relation, "DELETE");
  std::string_view alias = del.relation->alias == nullptr ? std::string_view() : del.relation->alias->name;
  add_relation(scope, relation, alias, {}, txn::LockMode::kRowExclusive);
  std::vector<FromItem*> from{arena_.make<FromItem>()};
  bind_from(scope, del.using_list, &from);
  query->from = arena_.copy(from);
  if (parser::is<parser::CurrentOfExpr>(del.where)) throw_not_supported("WHERE CURRENT OF", position(del.where->location));
  if (del.where != nullptr) query->where = bind_condition(scope, del.where, Clause::kWhere);
  add_index_expressions(*query, *scope.ranges[0]->relation);
  if (!del.returning.empty()) query->returning = arena_.copy(bind_targets(scope, del.returning, Clause::kReturning));
  for (Target& t : query->returning) t.expr = resolve_unknown(t.expr);
  finish_query(scope, *query, {});
  return query;
}

}  // namespace varve::analyzer
