// Views, and tables made from queries.
#include "view.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/sql_error.h"
#include "create_table.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "index.h"
#include "parser/parser.h"
#include "query_text.h"

namespace varve::commands {
namespace {

// One column a result column of the query. `names` rename the first ones.
std::vector<ColumnDefinition> result_columns(const analyzer::Query& query, parser::NameList names,
                                             std::string_view too_many) {
  std::vector<ColumnDefinition> columns;
  for (const analyzer::Target& target : query.targets) {
    if (target.junk) continue;
    ColumnDefinition column;
    column.attribute.name = columns.size() < names.size() ? names[columns.size()] : target.name;
    column.attribute.type = target.expr->type == type_oid::kUnknown ? type_oid::kText : target.expr->type;
    column.attribute.typmod = target.expr->typmod;
    const functions::TypeInfo* info = functions::type_by_oid(column.attribute.type);
    if (info != nullptr && info->kind == 'p') {
      throw SqlError(sqlstate::kInvalidTableDefinition,
                     fmt::format("column \"{}\" has pseudo-type {}", column.attribute.name, info->sql_name));
    }
    if (info != nullptr && info->collatable) {
      column.attribute.collation = target.expr->collation != kInvalidOid ? target.expr->collation : catalog::kDefaultCollation;
    }
    columns.push_back(std::move(column));
  }
  if (names.size() > columns.size()) throw SqlError(sqlstate::kSyntaxError, std::string(too_many));
  return columns;
}

// What the view reads may not go without it. Every column counts: the text may name any of them.
void depend_on_sources(CommandContext& context, Oid view, Oid rule, std::span<const Oid> sources) {
  for (Oid oid : sources) {
    RelationPtr source = context.catalog.relation(oid);
    if (source == nullptr || source->is_system || oid == view) continue;
    add_dependency(context, {kRewriteClass, rule}, relation_address(oid), 'n');
    for (size_t i = 0; i < source->columns.size(); ++i) {
      if (source->columns[i].dropped) continue;
      add_dependency(context, {kRewriteClass, rule}, column_address(oid, static_cast<ColumnNumber>(i + 1)), 'n');
    }
  }
}

Oid insert_rule(CommandContext& context, Oid view, std::string_view sql) {
  Oid rule = catalog::Database::new_oid();
  RowDraft row(system_table("pg_rewrite"));
  row.oid("oid", rule).text("rulename", "_RETURN").oid("ev_class", view).text("ev_type", "1").text("ev_enabled", "O");
  row.boolean("is_instead", true).text("ev_qual", "<>").text("ev_action", sql);
  context.catalog.insert(row);
  add_dependency(context, {kRewriteClass, rule}, relation_address(view), 'i');
  return rule;
}

// CREATE OR REPLACE VIEW: the old columns stay as they are, new ones come behind them.
void check_replacement(const Relation& old, const NewTable& table) {
  if (table.columns.size() < old.columns.size()) {
    throw SqlError(sqlstate::kInvalidTableDefinition, "cannot drop columns from view");
  }
  for (size_t i = 0; i < old.columns.size(); ++i) {
    const AttributeRow& fresh = table.columns[i].attribute;
    if (fresh.name != old.columns[i].name) {
      throw SqlError(sqlstate::kInvalidTableDefinition,
                     fmt::format("cannot change name of view column \"{}\" to \"{}\"", old.columns[i].name, fresh.name))
          .hint("Use ALTER VIEW ... RENAME COLUMN ... to change name of view column instead.");
    }
    if (fresh.type != old.columns[i].type || fresh.typmod != old.columns[i].typmod) {
      throw SqlError(sqlstate::kInvalidTableDefinition,
                     fmt::format("cannot change data type of view column \"{}\" from {} to {}", fresh.name,
                                 functions::format_type(old.columns[i].type, old.columns[i].typmod),
                                 functions::format_type(fresh.type, fresh.typmod)));
    }
  }
}

// A view over something temporary is temporary itself.
Oid view_schema(CommandContext& context, const parser::RangeVar& name, std::span<const Oid> sources) {
  const bool over_temporary = std::any_of(sources.begin(), sources.end(), [&](Oid source) {
    RelationPtr relation = context.catalog.relation(source);
    return relation != nullptr && relation->persistence == 't';
  });
  if (!over_temporary || name.persistence == parser::Persistence::kTemporary) return creation_schema(context, name);
  parser::RangeVar temporary = name;
  temporary.persistence = parser::Persistence::kTemporary;
  Oid schema = creation_schema(context, temporary);
  context.services.notice("NOTICE", sqlstate::kSuccessfulCompletion,
                          fmt::format("view \"{}\" will be a temporary view", name.name));
  return schema;
}

}  // namespace

std::string create_view(CommandContext& context, const parser::CreateViewStmt& stmt) {
  if (stmt.recursive) throw_not_supported("CREATE RECURSIVE VIEW");
  if (stmt.check_option != parser::CheckOption::kNone || !stmt.options.empty()) throw_not_supported("view options");
  if (stmt.query->into != nullptr) throw SqlError(sqlstate::kFeatureNotSupported, "views must not contain SELECT INTO");
  NewTable table;
  table.kind = 'v';
  table.name = stmt.view->name;
  analyzer::AnalyzerContext inner = context.analyzer_context();
  size_t known = context.relations.size();
  const analyzer::Query* query = analyzer::analyze(inner, stmt.query);
  std::vector<Oid> sources;
  for (size_t i = known; i < context.relations.size(); ++i) {
    Oid oid = context.relations[i]->oid;
    if (std::find(sources.begin(), sources.end(), oid) == sources.end()) sources.push_back(oid);
  }
  table.schema = view_schema(context, *stmt.view, sources);
  table.columns = result_columns(*query, stmt.columns, "CREATE VIEW specifies more column names than columns");
  std::string sql = with_qualified_tables(context, *stmt.query, text_after_as(context.sql, stmt.view->location));
  Oid existing = context.catalog.find_relation_oid(table.schema, table.name);
  Oid oid;
  if (existing != kInvalidOid && stmt.replace) {
    context.services.lock_relation(existing, txn::LockMode::kAccessExclusive);
    RelationPtr old = context.catalog.relation(existing);
    if (old->kind != catalog::RelationKind::kView) {
      throw SqlError(sqlstate::kWrongObjectType, fmt::format("\"{}\" is not a view", table.name));
    }
    require_owner(context, *old);
    check_columns(context, table);
    check_replacement(*old, table);
    for (size_t i = old->columns.size(); i < table.columns.size(); ++i) {
      insert_attribute_row(context, existing, static_cast<ColumnNumber>(i + 1), table.columns[i].attribute);
    }
    change_class_row(context, existing, [&](RowDraft& draft) {
      draft.int2("relnatts", static_cast<int16_t>(table.columns.size()));
    });
    const KeyMatch match[] = {{"ev_class", Value::of_oid(existing.value())}};
    context.catalog.for_each(system_table("pg_rewrite"), match, [&](const Row& row) {
      remove_dependencies_of(context, {kRewriteClass, row.oid("oid")});
      context.catalog.remove(system_table("pg_rewrite"), row);
    });
    oid = existing;
  } else {
    name_is_free(context, table.schema, table.name, false);
    oid = create_table_relation(context, table);
  }
  depend_on_sources(context, oid, insert_rule(context, oid, sql), sources);
  return "CREATE VIEW";
}

std::string create_table_as(CommandContext& context, const parser::CreateTableAsStmt& stmt) {
  const parser::IntoClause& into = *stmt.into;
  if (stmt.materialized_view) throw_not_supported("CREATE MATERIALIZED VIEW");
  if (!parser::is<parser::SelectStmt>(stmt.query)) throw_not_supported("CREATE TABLE AS EXECUTE");
  NewTable table;
  table.name = into.relation->name;
  table.schema = creation_schema(context, *into.relation);
  require_temporary_for_on_commit(context, table.schema, into.on_commit);
  if (!name_is_free(context, table.schema, table.name, stmt.if_not_exists)) return "CREATE TABLE AS";
  if (into.relation->persistence == parser::Persistence::kUnlogged) table.persistence = 'u';
  table.options = storage_options(into.options, false);
  analyzer::AnalyzerContext inner = context.analyzer_context();
  const analyzer::Query* query = analyzer::analyze(inner, stmt.query);
  table.columns = result_columns(*query, into.columns, "too many column names were specified");
  note_on_commit(context, create_table_relation(context, table), into.on_commit);
  if (into.skip_data) return "CREATE TABLE AS";
  std::string schema = context.catalog.schema_name(table.schema);
  parser::RangeVar target;
  target.schema = schema;
  target.name = table.name;
  parser::InsertStmt insert;
  insert.relation = &target;
  insert.source = parser::as<parser::SelectStmt>(stmt.query);
  uint64_t rows = context.services.run_parsed(&insert);
  return fmt::format("SELECT {}", rows);
}

}  // namespace varve::commands
