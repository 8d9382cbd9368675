// Views, and tables made from queries.
#include "view.h"

#include <fmt/format.h>

#include "common/sql_error.h"
#include "create_table.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "index.h"
#include "materialized_view.h"
#include "operator.h"
#include "parser/parser.h"
#include "query_text.h"
#include "view_text.h"

namespace varve::commands {
namespace {

// One column a result column of the query. `names` rename the first ones.
std::vector<ColumnDefinition> result_columns(const analyzer::Query& query, parser::NameList names,
                                             std::string_view too_many) {
  const bool of_view = too_many.starts_with("CREATE VIEW");
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
    if (target.expr->domain != kInvalidOid) {
      column.attribute.type = target.expr->domain;
      column.attribute.typmod = -1;
    }
    if (target.expr->collation == analyzer::kNoCollation) {
      throw SqlError(
          sqlstate::kIndeterminateCollation,
          of_view ? fmt::format("could not determine which collation to use for view column \"{}\"",
                                column.attribute.name)
                  : fmt::format("no collation was derived for column \"{}\" with collatable type {}",
                                column.attribute.name, functions::format_type(column.attribute.type, -1)))
          .hint("Use the COLLATE clause to set the collation explicitly.");
    }
    if (info != nullptr && info->collatable) {
      column.attribute.collation =
          target.expr->collation != kInvalidOid ? target.expr->collation : catalog::kDefaultCollation;
    }
    columns.push_back(std::move(column));
  }
  if (names.size() > columns.size()) throw SqlError(sqlstate::kSyntaxError, std::string(too_many));
  return columns;
}

// What the view reads may not go without it.
void depend_on_sources(CommandContext& context, Oid view, Oid rule, const analyzer::Query& query) {
  for (Oid routine : routines_of(query))
    add_dependency(context, {kRewriteClass, rule}, {kProcClass, routine}, 'n');
  for (Oid op : operators_of(query))
    add_dependency(context, {kRewriteClass, rule}, {kOperatorClass, op}, 'n');
  for (Oid constraint : constraints_of(query))
    add_dependency(context, {kRewriteClass, rule}, {kConstraintClass, constraint}, 'n');
  std::vector<QuerySource> sources = sources_of(query);
  for (const QuerySource& source : sources) {
    if (source.relation.value() < catalog::kFirstNormalOid || source.relation == view) continue;
    ObjectAddress address = source.column == 0 ? relation_address(source.relation)
                                               : column_address(source.relation, source.column);
    add_dependency(context, {kRewriteClass, rule}, address, 'n');
  }
}

// `rule`: of the view that is replaced, whose rule stays the same object; else it is new.
Oid insert_rule(CommandContext& context, Oid view, std::string_view sql, Oid rule = kInvalidOid) {
  if (rule == kInvalidOid) rule = catalog::Database::new_oid();
  RowDraft row(system_table("pg_rewrite"));
  row.oid("oid", rule)
      .text("rulename", "_RETURN")
      .oid("ev_class", view)
      .text("ev_type", "1")
      .text("ev_enabled", "O");
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
      throw SqlError(
          sqlstate::kInvalidTableDefinition,
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

bool uses_temporary(CommandContext& context, std::span<const Oid> sources) {
  return std::any_of(sources.begin(), sources.end(), [&](Oid source) {
    RelationPtr relation = context.catalog.relation(source);
    return relation != nullptr && relation->persistence == 't';
  });
}

// A view over something temporary is temporary itself.
Oid view_schema(CommandContext& context, const parser::RangeVar& name, std::span<const Oid> sources) {
  if (!uses_temporary(context, sources) || name.persistence == parser::Persistence::kTemporary)
    return creation_schema(context, name);
  parser::RangeVar temporary = name;
  temporary.persistence = parser::Persistence::kTemporary;
  Oid schema = creation_schema(context, temporary);
  context.services.notice(fmt::format("view \"{}\" will be a temporary view", name.name));
  return schema;
}

std::string view_options(const parser::CreateViewStmt& stmt, bool* checked) {
  std::vector<std::string> items;
  for (const parser::Option* option : stmt.options) items.push_back(view_option(*option));
  if (stmt.check_option != parser::CheckOption::kNone) {
    bool local = stmt.check_option == parser::CheckOption::kLocal;
    items.push_back(local ? "check_option=local" : "check_option=cascaded");
  }
  *checked = std::any_of(items.begin(), items.end(),
                         [](const std::string& item) { return item.starts_with("check_option="); });
  return items.empty() ? std::string() : text_array(items);
}

void require_no_writes(const analyzer::Query& query) {
  for (const analyzer::Cte* cte : query.ctes) {
    if (cte->query != nullptr && cte->query->command != analyzer::CommandType::kSelect) {
      throw SqlError(sqlstate::kFeatureNotSupported,
                     "views must not contain data-modifying statements in WITH");
    }
  }
}

}  // namespace

std::string view_option(const parser::Option& option) {
  if (option.name == "check_option") {
    std::string check = option_text(option);
    if (check != "local" && check != "cascaded") {
      throw SqlError(sqlstate::kInvalidParameterValue,
                     fmt::format("invalid value for enum option \"check_option\": {}", check))
          .detail("Valid values are \"local\" and \"cascaded\".");
    }
    return "check_option=" + check;
  }
  if (option.name == "security_invoker" || option.name == "security_barrier") {
    option_boolean(option);
    return fmt::format("{}={}", option.name, option.value == nullptr ? "true" : option_text(option));
  }
  throw SqlError(sqlstate::kInvalidParameterValue, fmt::format("unrecognized parameter \"{}\"", option.name));
}

std::string create_view(CommandContext& context, const parser::CreateViewStmt& stmt) {
  if (stmt.query->into != nullptr)
    throw SqlError(sqlstate::kFeatureNotSupported, "views must not contain SELECT INTO");
  NewTable table;
  table.kind = 'v';
  table.name = stmt.view->name;
  analyzer::AnalyzerContext inner = context.analyzer_context();
  std::vector<Oid> sources;
  inner.sources = &sources;
  const analyzer::Query* query = analyzer::analyze(inner, stmt.query);
  require_no_writes(*query);
  table.schema = view_schema(context, *stmt.view, sources);
  bool checked = false;
  table.options = view_options(stmt, &checked);
  table.columns =
      result_columns(*query, stmt.columns, "CREATE VIEW specifies more column names than columns");
  std::vector<std::string> names;
  for (const ColumnDefinition& column : table.columns) names.push_back(column.attribute.name);
  std::string sql = view_text(context, *query, *stmt.query, stmt.view->location, names);
  Oid existing = context.catalog.find_relation_oid(table.schema, table.name);
  Oid oid, rule;
  if (existing != kInvalidOid && stmt.replace) {
    context.services.lock_relation(existing, txn::LockMode::kAccessExclusive);
    RelationPtr old = context.catalog.relation(existing);
    if (old->kind != catalog::RelationKind::kView) {
      throw SqlError(sqlstate::kWrongObjectType, fmt::format("\"{}\" is not a view", table.name));
    }
    require_owner(context, *old);
    check_columns(context, table);
    require_column_types(context, table);
    check_replacement(*old, table);
    for (size_t i = old->columns.size(); i < table.columns.size(); ++i) {
      insert_attribute_row(context, existing, static_cast<ColumnNumber>(i + 1), table.columns[i].attribute);
    }
    change_class_row(context, existing, [&](RowDraft& draft) {
      draft.int2("relnatts", static_cast<int16_t>(table.columns.size()));
      if (table.options.empty())
        draft.null("reloptions");
      else
        draft.text("reloptions", table.options);
    });
    const KeyMatch match[] = {{"ev_class", Value::of_oid(existing.value())}};
    context.catalog.for_each(system_table("pg_rewrite"), match, [&](const Row& row) {
      rule = row.oid("oid");
      remove_dependencies_of(context, {kRewriteClass, rule});
      context.catalog.remove(system_table("pg_rewrite"), row);
    });
    oid = existing;
  } else {
    name_is_free(context, table.schema, table.name, false);
    oid = create_table_relation(context, table);
  }
  depend_on_sources(context, oid, insert_rule(context, oid, sql, rule), *query);
  if (checked) {
    try {
      analyzer::AnalyzerContext check = context.analyzer_context();
      analyzer::require_updatable_view(check, context.catalog.relation(oid));
    } catch (const SqlError& error) {
      if (error.state() != sqlstate::kObjectNotInPrerequisiteState) throw;
      throw SqlError(sqlstate::kFeatureNotSupported,
                     "WITH CHECK OPTION is supported only on automatically updatable views")
          .hint(error.fields().detail);
    }
  }
  return "CREATE VIEW";
}

std::string create_materialized_view(CommandContext& context, const parser::CreateTableAsStmt& stmt) {
  const parser::IntoClause& into = *stmt.into;
  NewTable table;
  table.kind = 'm';
  table.name = into.relation->name;
  table.schema = creation_schema(context, into.relation->schema, into.relation->location);
  if (table.schema == context.catalog.temporary_schema()) {
    throw SqlError(sqlstate::kInsufficientPrivilege,
                   "cannot create temporary table within security-restricted operation");
  }
  if (!name_is_free(context, table.schema, table.name, stmt.if_not_exists)) return "CREATE MATERIALIZED VIEW";
  table.access_method = table_access_method(context, into.access_method);
  table.options = storage_options(into.options, false, table.access_method);
  analyzer::AnalyzerContext inner = context.analyzer_context();
  std::vector<Oid> sources;
  inner.sources = &sources;
  const analyzer::Query* query = analyzer::analyze(inner, stmt.query);
  require_no_writes(*query);
  if (uses_temporary(context, sources)) {
    throw SqlError(sqlstate::kFeatureNotSupported,
                   "materialized views must not use temporary tables or views");
  }
  table.columns = result_columns(*query, into.columns, "too many column names were specified");
  std::vector<std::string> names;
  for (const ColumnDefinition& column : table.columns) names.push_back(column.attribute.name);
  std::string sql =
      view_text(context, *query, *parser::as<parser::SelectStmt>(stmt.query), into.relation->location, names);
  Oid oid = create_table_relation(context, table);
  depend_on_sources(context, oid, insert_rule(context, oid, sql), *query);
  if (into.skip_data) {
    set_unpopulated(context, oid);
    return "CREATE MATERIALIZED VIEW";
  }
  return fmt::format("SELECT {}", fill_materialized_view(context, oid));
}

std::string create_table_as(CommandContext& context, const parser::CreateTableAsStmt& stmt) {
  const parser::IntoClause& into = *stmt.into;
  if (stmt.materialized_view) return create_materialized_view(context, stmt);
  if (!parser::is<parser::SelectStmt>(stmt.query)) throw_not_supported("CREATE TABLE AS EXECUTE");
  NewTable table;
  table.name = into.relation->name;
  table.schema = creation_schema(context, *into.relation);
  require_temporary_for_on_commit(context, table.schema, into.on_commit);
  if (!name_is_free(context, table.schema, table.name, stmt.if_not_exists)) return "CREATE TABLE AS";
  if (into.relation->persistence == parser::Persistence::kUnlogged) table.persistence = 'u';
  table.access_method = table_access_method(context, into.access_method);
  table.options = storage_options(into.options, false, table.access_method);
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
  uint64_t rows = context.services.run_parsed(context.sql, &insert);
  return fmt::format("SELECT {}", rows);
}

}  // namespace varve::commands
