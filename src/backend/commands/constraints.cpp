#include "constraints.h"

#include <algorithm>
#include <fmt/format.h>

#include "analyzer/expression_walk.h"
#include "common/sql_error.h"
#include "drop.h"
#include "index.h"
#include "inheritance.h"
#include "parser/parser.h"
#include "partition.h"
#include "table_expression.h"

namespace varve::commands {
namespace {

void refuse_duplicate(CommandContext& context, const Relation& table, std::string_view name) {
  if (!constraint_name_exists(context, table.oid, name)) return;
  throw SqlError(sqlstate::kDuplicateObject,
                 fmt::format("constraint \"{}\" for relation \"{}\" already exists", name, table.name));
}

// Every row must make the condition true or NULL.
void check_rows(CommandContext& context, const RelationPtr& table, analyzer::Expr* condition,
                std::string_view name) {
  if (table->heap == nullptr) return;
  RowExpressions expressions(context, *table, {over_live_columns(context, condition, *table)});
  scan_table(context, *table, {}, [&](Tid, std::span<const Value> row) {
    expressions.load(row);
    Value result = expressions.value(0);
    if (result.null || result.boolean != 0) return;
    throw SqlError(
        sqlstate::kCheckViolation,
        fmt::format("check constraint \"{}\" of relation \"{}\" is violated by some row", name, table->name))
        .schema(table->schema_name)
        .table(table->name)
        .constraint(name);
  });
}

void insert_check(CommandContext& context, const Relation& table, std::string name, std::string sql,
                  std::vector<ColumnNumber> columns, bool no_inherit, bool validated,
                  InheritedState state = {}) {
  ConstraintRow row;
  row.local = state.local;
  row.inherited = state.count;
  row.oid = catalog::Database::new_oid();
  row.name = std::move(name);
  row.schema = table.schema;
  row.kind = 'c';
  row.relation = table.oid;
  row.columns = columns;
  row.expression = std::move(sql);
  row.no_inherit = no_inherit;
  row.validated = validated;
  insert_constraint_row(context, row);
  for (ColumnNumber c : columns) {
    add_dependency(context, {kConstraintClass, row.oid}, column_address(table.oid, c), 'a');
  }
  if (columns.empty()) add_dependency(context, {kConstraintClass, row.oid}, relation_address(table.oid), 'a');
  RelationPtr now = context.catalog.relation(table.oid);
  context.relations.push_back(now);
  analyzer::AnalyzerContext inner = context.analyzer_context();
  inner.sql = context.arena.copy(row.expression);
  depend_on_named_objects(
      context, {kConstraintClass, row.oid},
      *analyzer::analyze_table_expression(inner, parser::parse_expression(inner.sql, context.arena), &now,
                                          "check constraints"));
  auto checks = static_cast<int16_t>(table.checks.size() + 1);
  change_class_row(context, table.oid, [&](RowDraft& draft) { draft.int2("relchecks", checks); });
}

}  // namespace

static bool merges_with_inherited(CommandContext& context, const Relation& table, std::string_view name,
                                  const std::string& sql, bool no_inherit);

void add_check_constraint(CommandContext& context, Oid table_oid, const parser::Constraint& constraint,
                          std::string_view) {
  RelationPtr table = context.catalog.relation(table_oid);
  std::string sql;
  analyzer::Expr* condition =
      bind_condition(context, constraint.expression, table, "check constraints", &sql);
  std::vector<ColumnNumber> columns = columns_of(condition);
  std::string name(constraint.name);
  if (name.empty()) {
    std::string_view middle;
    if (columns.size() == 1) middle = table->column(columns[0]).name;
    name = choose_constraint_name(context, table->name, middle, "check", table->schema, {});
  } else if (merges_with_inherited(context, *table, name, sql, constraint.no_inherit)) {
    return;
  } else {
    refuse_duplicate(context, *table, name);
  }
  if (constraint.no_inherit && table->is_partitioned()) {
    throw SqlError(sqlstate::kInvalidTableDefinition,
                   fmt::format("cannot add NO INHERIT constraint to partitioned table \"{}\"", table->name));
  }
  if (!constraint.not_valid) check_rows(context, table, condition, name);
  insert_check(context, *table, std::move(name), std::move(sql), std::move(columns), constraint.no_inherit,
               !constraint.not_valid);
}

void add_check_text(CommandContext& context, Oid table_oid, std::string_view name, std::string_view sql,
                    bool no_inherit) {
  RelationPtr table = context.catalog.relation(table_oid);
  std::string_view text = context.arena.copy(sql);
  std::string canonical;
  CommandContext inner{
      context.catalog,     context.txn,  context.eval,         context.services, text,
      context.search_path, context.role, context.is_superuser, context.arena,    context.relations};
  analyzer::Expr* condition = bind_condition(inner, parser::parse_expression(text, context.arena), table,
                                             "check constraints", &canonical);
  if (merges_with_inherited(context, *table, name, canonical, no_inherit)) return;
  refuse_duplicate(context, *table, name);
  if (no_inherit && table->is_partitioned()) {
    throw SqlError(sqlstate::kInvalidTableDefinition,
                   fmt::format("cannot add NO INHERIT constraint to partitioned table \"{}\"", table->name));
  }
  insert_check(context, *table, std::string(name), canonical, columns_of(condition), no_inherit, true);
}

void add_inherited_check(CommandContext& context, Oid table_oid, std::string_view name, std::string_view sql,
                         int32_t count, bool validate, bool validated) {
  RelationPtr table = context.catalog.relation(table_oid);
  std::string_view text = context.arena.copy(sql);
  std::string canonical;
  CommandContext inner{
      context.catalog,     context.txn,  context.eval,         context.services, text,
      context.search_path, context.role, context.is_superuser, context.arena,    context.relations};
  analyzer::Expr* condition = bind_condition(inner, parser::parse_expression(text, context.arena), table,
                                             "check constraints", &canonical);
  if (validate) check_rows(context, table, condition, name);
  insert_check(context, *table, std::string(name), canonical, columns_of(condition), false, validated,
               {count, false});
}

// A constraint that is written as it is inherited is one, not two. False: there is none of this name.
static bool merges_with_inherited(CommandContext& context, const Relation& table, std::string_view name,
                                  const std::string& sql, bool no_inherit) {
  for (const catalog::CheckConstraint& check : table.checks) {
    if (check.name != name) continue;
    InheritedState state = constraint_state(context, check.oid);
    if (state.local || state.count == 0 || check.expression_sql != sql) return false;
    if (no_inherit) {
      throw SqlError(sqlstate::kInvalidObjectDefinition,
                     fmt::format("constraint \"{}\" conflicts with inherited constraint on relation \"{}\"",
                                 name, table.name));
    }
    context.services.notice(fmt::format("merging constraint \"{}\" with inherited definition", name));
    state.local = !table.is_partition;
    set_constraint_state(context, check.oid, state);
    return true;
  }
  return false;
}

void set_not_null(CommandContext& context, Oid table_oid, std::span<const ColumnNumber> columns) {
  RelationPtr table = context.catalog.relation(table_oid);
  std::vector<ColumnNumber> fresh;
  for (ColumnNumber c : columns) {
    if (!table->column(c).not_null) fresh.push_back(c);
  }
  if (fresh.empty()) return;
  std::vector<ColumnNumber> live = live_columns(*table);
  if (table->heap != nullptr) {
    scan_table(context, *table, fresh, [&](Tid, std::span<const Value> row) {
      for (size_t i = 0; i < live.size(); ++i) {
        if (!row[i].null || std::find(fresh.begin(), fresh.end(), live[i]) == fresh.end()) continue;
        const std::string& name = table->column(live[i]).name;
        throw SqlError(
            sqlstate::kNotNullViolation,
            fmt::format("column \"{}\" of relation \"{}\" contains null values", name, table->name))
            .schema(table->schema_name)
            .table(table->name)
            .column(name);
      }
    });
  }
  for (ColumnNumber c : fresh) {
    change_attribute_row(context, table_oid, c, [](RowDraft& draft) { draft.boolean("attnotnull", true); });
  }
}

namespace {

// PRIMARY KEY and UNIQUE … USING INDEX take an index that is there.
void adopt_index(CommandContext& context, const RelationPtr& table, const parser::Constraint& constraint) {
  bool primary = constraint.type == parser::ConstraintKind::kPrimaryKey;
  const catalog::Index* index = nullptr;
  for (const catalog::Index& i : table->indexes) {
    if (i.name == constraint.index_name) index = &i;
  }
  if (index == nullptr) {
    throw SqlError(sqlstate::kUndefinedObject,
                   fmt::format("index \"{}\" does not exist", constraint.index_name));
  }
  if (index->constraint != kInvalidOid) {
    throw SqlError(sqlstate::kObjectNotInPrerequisiteState,
                   fmt::format("index \"{}\" is already associated with a constraint", index->name));
  }
  if (!index->unique) {
    throw SqlError(sqlstate::kWrongObjectType, fmt::format("\"{}\" is not a unique index", index->name))
        .detail("Cannot create a primary key or unique constraint using such an index.");
  }
  std::vector<ColumnNumber> columns;
  for (const catalog::IndexColumn& key : index->keys) {
    if (key.column == 0) {
      throw SqlError(sqlstate::kWrongObjectType,
                     fmt::format("index \"{}\" contains expressions", index->name))
          .detail("Cannot create a primary key or unique constraint using such an index.");
    }
    columns.push_back(key.column);
  }
  if (!index->predicate_sql.empty()) {
    throw SqlError(sqlstate::kWrongObjectType, fmt::format("\"{}\" is a partial index", index->name))
        .detail("Cannot create a primary key or unique constraint using such an index.");
  }
  if (primary) set_not_null(context, table->oid, columns);
  std::string name(constraint.name.empty() ? std::string_view(index->name) : constraint.name);
  Oid index_oid = index->oid;
  if (name != index->name) {
    context.services.notice(
        "NOTICE", sqlstate::kSuccessfulCompletion,
        fmt::format("ALTER TABLE / ADD CONSTRAINT USING INDEX will rename index \"{}\" to \"{}\"",
                    index->name, name));
    change_class_row(context, index_oid, [&](RowDraft& draft) { draft.text("relname", name); });
  }
  remove_dependencies_of(context, relation_address(index_oid));
  ConstraintRow row;
  row.oid = catalog::Database::new_oid();
  row.name = name;
  row.schema = table->schema;
  row.kind = primary ? 'p' : 'u';
  row.relation = table->oid;
  row.index = index_oid;
  row.columns = columns;
  row.deferrable = constraint.deferrable;
  row.deferred = constraint.initially_deferred;
  insert_constraint_row(context, row);
  if (primary || row.deferrable) {
    const KeyMatch match[] = {{"indexrelid", Value::of_oid(index_oid.value())}};
    context.catalog.for_each(system_table("pg_index"), match, [&](const Row& old) {
      RowDraft draft(system_table("pg_index"), old);
      draft.boolean("indisprimary", primary).boolean("indimmediate", !row.deferrable);
      context.catalog.update(old, draft);
      return false;
    });
  }
  for (ColumnNumber c : columns)
    add_dependency(context, {kConstraintClass, row.oid}, column_address(table->oid, c), 'a');
  for (ColumnNumber c : index->included)
    add_dependency(context, {kConstraintClass, row.oid}, column_address(table->oid, c), 'a');
  add_dependency(context, relation_address(index_oid), {kConstraintClass, row.oid}, 'i');
}

}  // namespace

void add_index_constraint(CommandContext& context, Oid table_oid, const parser::Constraint& constraint,
                          std::string_view column) {
  RelationPtr table = context.catalog.relation(table_oid);
  bool primary = constraint.type == parser::ConstraintKind::kPrimaryKey;
  if (primary && table->primary_key() != nullptr) {
    throw SqlError(sqlstate::kInvalidTableDefinition,
                   fmt::format("multiple primary keys for table \"{}\" are not allowed", table->name))
        .at(position(context, constraint.location));
  }
  if (!constraint.index_name.empty()) {
    if (table->is_partitioned()) {
      throw SqlError(sqlstate::kFeatureNotSupported,
                     "ALTER TABLE / ADD CONSTRAINT USING INDEX is not supported on partitioned tables");
    }
    return adopt_index(context, table, constraint);
  }
  IndexSpec spec;
  spec.unique = true;
  spec.primary = primary;
  spec.is_constraint = true;
  spec.immediate = !constraint.deferrable;
  spec.nulls_not_distinct = constraint.nulls_not_distinct;
  spec.options = storage_options(constraint.options, true);
  std::vector<std::string> names;
  auto add_key = [&](std::string_view name) {
    ColumnNumber number = table->find_column(name);
    if (number == 0) {
      throw SqlError(sqlstate::kUndefinedColumn,
                     fmt::format("column \"{}\" named in key does not exist", name))
          .at(position(context, constraint.location));
    }
    for (const IndexKeySpec& key : spec.keys) {
      if (key.column != number) continue;
      throw SqlError(sqlstate::kDuplicateColumn, fmt::format("column \"{}\" appears twice in {} constraint",
                                                             name, primary ? "primary key" : "unique"))
          .at(position(context, constraint.location));
    }
    spec.keys.push_back(plain_key(context, *table, number));
    names.emplace_back(name);
  };
  if (!column.empty()) add_key(column);
  for (std::string_view name : constraint.columns) add_key(name);
  for (std::string_view name : constraint.including) {
    spec.included.push_back(require_column(context, *table, name, constraint.location));
    names.emplace_back(name);
  }
  spec.name = constraint.name;
  if (spec.name.empty()) {
    spec.name =
        primary ? choose_relation_name(context, table->name, "", "pkey", table->schema, true)
                : choose_relation_name(context, table->name, join_names(names), "key", table->schema, true);
  } else {
    refuse_duplicate(context, *table, spec.name);
  }
  std::vector<ColumnNumber> columns;
  for (const IndexKeySpec& key : spec.keys) columns.push_back(key.column);
  require_partition_key(*table, columns, primary ? "PRIMARY KEY" : "UNIQUE");
  spec.initially_deferred = constraint.initially_deferred;
  make_index(context, table_oid, spec);
}

void drop_constraint(CommandContext& context, Oid table_oid, std::string_view name,
                     parser::DropBehavior behavior, bool missing_ok) {
  RelationPtr table = context.catalog.relation(table_oid);
  Oid oid;
  const KeyMatch match[] = {{"conrelid", Value::of_oid(table_oid.value())},
                            {"contypid", Value::of_oid(0)},
                            {"conname", Value::of_string(name)}};
  context.catalog.for_each(system_table("pg_constraint"), match,
                           [&](const Row& row) { oid = row.oid("oid"); });
  if (oid == kInvalidOid) {
    std::string message =
        fmt::format("constraint \"{}\" of relation \"{}\" does not exist", name, table->name);
    if (!missing_ok) throw SqlError(sqlstate::kUndefinedObject, message);
    context.services.notice(message + ", skipping");
    return;
  }
  drop_objects(context, {{kConstraintClass, oid}}, behavior);
}

}  // namespace varve::commands
