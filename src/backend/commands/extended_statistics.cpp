#include "extended_statistics.h"

#include <algorithm>
#include <fmt/format.h>

#include "analyzer/expression_walk.h"
#include "common/sql_error.h"
#include "drop.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "parser/parser.h"
#include "privileges.h"
#include "table_expression.h"

namespace varve::commands {

using catalog::ExtendedStatistics;
using catalog::RelationKind;

namespace {

constexpr std::string_view kClause = "statistics expressions";

// What an object is to be.
struct StatisticsDefinition {
  std::string name;
  Oid schema;
  std::vector<ColumnNumber> columns;
  std::vector<analyzer::Expr*> expressions;
  std::string kinds;
};

bool has_order(Oid type) {
  return functions::compare_function(type) != nullptr && functions::less_operator(type) != nullptr;
}

Oid find_in_schema(CommandContext& context, Oid schema, std::string_view name) {
  Oid found;
  const KeyMatch match[] = {{"stxname", Value::of_string(name)},
                            {"stxnamespace", Value::of_oid(schema.value())}};
  context.catalog.for_each(system_table("pg_statistic_ext"), match,
                           [&](const Row& row) { found = row.oid("oid"); });
  return found;
}

// 0: there is none of this name.
Oid find_statistics(CommandContext& context, parser::NameList names) {
  if (names.size() > 1)
    return find_in_schema(context, require_schema(context, names[names.size() - 2]), names.back());
  for (Oid schema : context.search_path) {
    if (schema == context.catalog.temporary_schema()) continue;  // only by its schema's name
    if (Oid found = find_in_schema(context, schema, names.back()); found != kInvalidOid) return found;
  }
  return kInvalidOid;
}

Oid require_statistics(CommandContext& context, parser::NameList names) {
  if (Oid found = find_statistics(context, names); found != kInvalidOid) return found;
  throw SqlError(sqlstate::kUndefinedObject,
                 fmt::format("statistics object \"{}\" does not exist", dotted(names)));
}

template <class F>
void with_statistics(CommandContext& context, Oid oid, F&& f) {
  const KeyMatch match[] = {{"oid", Value::of_oid(oid.value())}};
  context.catalog.for_each(system_table("pg_statistic_ext"), match, [&](const Row& row) { f(row); });
}

void require_statistics_owner(CommandContext& context, Oid oid, std::string_view name) {
  with_statistics(context, oid, [&](const Row& row) {
    require_owner_of(context, row.oid("stxowner"), "statistics object", name);
  });
}

void refuse_system_column() {
  throw SqlError(sqlstate::kFeatureNotSupported, "statistics creation on system columns is not supported");
}

void add_column(const Relation& table, ColumnNumber number, StatisticsDefinition* definition) {
  const catalog::Column& column = table.column(number);
  if (!has_order(column.type)) {
    const Oid type = column.domain != kInvalidOid ? column.domain : column.type;
    throw SqlError(
        sqlstate::kFeatureNotSupported,
        fmt::format("column \"{}\" cannot be used in statistics because its type {} has no default "
                    "btree operator class",
                    column.name, functions::format_type(type, -1)));
  }
  definition->columns.push_back(number);
}

void add_named_column(const Relation& table, std::string_view name, StatisticsDefinition* definition) {
  constexpr std::string_view kSystemColumns[] = {"tableoid", "cmax", "xmax", "cmin", "xmin", "ctid"};
  ColumnNumber number = table.find_column(name);
  if (number == 0) {
    if (std::find(std::begin(kSystemColumns), std::end(kSystemColumns), name) != std::end(kSystemColumns))
      refuse_system_column();
    throw SqlError(sqlstate::kUndefinedColumn, fmt::format("column \"{}\" does not exist", name));
  }
  add_column(table, number, definition);
}

void add_expression(const Relation& table, analyzer::Expr* e, bool alone, StatisticsDefinition* definition) {
  if (e->kind == analyzer::ExprKind::kColumn) {
    const ColumnNumber number = e->as<analyzer::ColumnExpr>().column;
    if (number <= 0) refuse_system_column();
    return add_column(table, number, definition);
  }
  for (ColumnNumber number : columns_of(e)) {
    if (number <= 0) refuse_system_column();
  }
  // Alone it is analyzed as a column would be, for which any type will do.
  if (!alone && !has_order(e->type)) {
    throw SqlError(
        sqlstate::kFeatureNotSupported,
        fmt::format("expression cannot be used in multivariate statistics because its type {} has no "
                    "default btree operator class",
                    functions::format_type(e->type, -1)));
  }
  definition->expressions.push_back(e);
}

// The letters of stxkind that the names ask for.
std::string kind_letters(parser::NameList kinds, size_t elements) {
  bool ndistinct = false, dependencies = false, common = false;
  for (std::string_view kind : kinds) {
    if (kind == "ndistinct")
      ndistinct = true;
    else if (kind == "dependencies")
      dependencies = true;
    else if (kind == "mcv")
      common = true;
    else
      throw SqlError(sqlstate::kSyntaxError, fmt::format("unrecognized statistics kind \"{}\"", kind));
  }
  if (kinds.empty() && elements >= 2) ndistinct = dependencies = common = true;
  std::string letters;
  if (ndistinct) letters += ExtendedStatistics::kNdistinct;
  if (dependencies) letters += ExtendedStatistics::kDependencies;
  if (common) letters += ExtendedStatistics::kCommon;
  return letters;
}

void refuse_duplicates(StatisticsDefinition* definition) {
  std::vector<ColumnNumber>& columns = definition->columns;
  std::sort(columns.begin(), columns.end());
  if (std::adjacent_find(columns.begin(), columns.end()) != columns.end())
    throw SqlError(sqlstate::kDuplicateColumn, "duplicate column name in statistics definition");
  const std::vector<analyzer::Expr*>& expressions = definition->expressions;
  for (size_t i = 0; i < expressions.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (analyzer::same_expression(expressions[i], expressions[j]))
        throw SqlError(sqlstate::kDuplicateColumn, "duplicate expression in statistics definition");
    }
  }
}

std::string chars_text(std::string_view letters) {
  std::string text;
  for (char c : letters) text += fmt::format("{}{}", text.empty() ? "" : ",", c);
  return "{" + text + "}";
}

Oid insert_statistics(CommandContext& context, const Relation& table,
                      const StatisticsDefinition& definition) {
  const Oid oid = catalog::Database::new_oid();
  const ObjectAddress self{kStatisticsClass, oid};
  RowDraft row(system_table("pg_statistic_ext"));
  row.oid("oid", oid).oid("stxrelid", table.oid).text("stxname", definition.name);
  row.oid("stxnamespace", definition.schema).oid("stxowner", context.role).int4("stxstattarget", -1);
  row.text("stxkeys", vector_text(definition.columns)).text("stxkind", chars_text(definition.kinds));
  std::string lines;
  for (const analyzer::Expr* e : definition.expressions) {
    lines += (lines.empty() ? "" : "\n") + analyzer::deparse_expression(*e, &table, context.eval);
  }
  if (!lines.empty()) row.text("stxexprs", lines);
  context.catalog.insert(row);
  for (ColumnNumber column : definition.columns)
    add_dependency(context, self, column_address(table.oid, column), 'a');
  if (definition.columns.empty()) add_dependency(context, self, relation_address(table.oid), 'a');
  for (const analyzer::Expr* e : definition.expressions) {
    for (ColumnNumber column : columns_of(e))
      add_dependency(context, self, column_address(table.oid, column), 'a');
    depend_on_named_objects(context, self, *e);
  }
  add_dependency(context, self, {kNamespaceClass, definition.schema}, 'n');
  return oid;
}

std::string_view plural(RelationKind kind) {
  switch (kind) {
    case RelationKind::kIndex:
      return "indexes";
    case RelationKind::kPartitionedIndex:
      return "partitioned indexes";
    case RelationKind::kSequence:
      return "sequences";
    case RelationKind::kView:
      return "views";
    default:
      return "composite types";
  }
}

void require_table(CommandContext& context, const Relation& table) {
  if (!table.is_table() && table.kind != RelationKind::kMaterializedView) {
    throw SqlError(sqlstate::kWrongObjectType,
                   fmt::format("cannot define statistics for relation \"{}\"", table.name))
        .detail(fmt::format("This operation is not supported for {}.", plural(table.kind)));
  }
  require_owner_of(context, table.owner, kind_word(table.kind), table.name);
  if (table.is_system) {
    throw SqlError(sqlstate::kInsufficientPrivilege,
                   fmt::format("permission denied: \"{}\" is a system catalog", table.name));
  }
}

const parser::RangeVar& only_relation(const parser::CreateStatisticsStmt& stmt) {
  if (!parser::is<parser::RangeVar>(stmt.relations[0])) {
    throw SqlError(sqlstate::kFeatureNotSupported,
                   "CREATE STATISTICS only supports relation names in the FROM clause");
  }
  return *parser::as<parser::RangeVar>(stmt.relations[0]);
}

std::vector<analyzer::Expr*> bind_expressions(CommandContext& context, const RelationPtr& table,
                                              const parser::CreateStatisticsStmt& stmt) {
  std::vector<analyzer::Expr*> bound;  // null: a column by its name
  for (const parser::StatisticsElem* element : stmt.expressions) {
    if (element->expression == nullptr) {
      bound.push_back(nullptr);
      continue;
    }
    analyzer::AnalyzerContext inner = context.analyzer_context();
    bound.push_back(analyzer::analyze_table_expression(inner, element->expression, &table, kClause));
    analyzer::any_of(bound.back(), [&](const analyzer::Expr& e) {
      if (e.kind != analyzer::ExprKind::kSubquery) return false;
      throw SqlError(sqlstate::kFeatureNotSupported, "cannot use subquery in statistics expression")
          .at(position(context, e.location));
    });
  }
  return bound;
}

// False: there is one already, which is all right.
bool refuse_existing(CommandContext& context, const StatisticsDefinition& definition, bool if_not_exists) {
  if (find_in_schema(context, definition.schema, definition.name) == kInvalidOid) return true;
  const std::string message = fmt::format("statistics object \"{}\" already exists", definition.name);
  if (!if_not_exists) throw SqlError(sqlstate::kDuplicateObject, message);
  context.services.notice("NOTICE", sqlstate::kDuplicateObject, message + ", skipping");
  return false;
}

void define_elements(const Relation& table, const parser::CreateStatisticsStmt& stmt,
                     const std::vector<analyzer::Expr*>& bound, StatisticsDefinition* definition) {
  if (bound.size() > ExtendedStatistics::kMaxDimensions) {
    throw SqlError(sqlstate::kTooManyColumns, fmt::format("cannot have more than {} columns in statistics",
                                                          ExtendedStatistics::kMaxDimensions));
  }
  for (size_t i = 0; i < bound.size(); ++i) {
    if (bound[i] == nullptr)
      add_named_column(table, stmt.expressions[i]->column, definition);
    else
      add_expression(table, bound[i], bound.size() == 1, definition);
  }
  const bool one_expression = bound.size() == 1 && definition->expressions.size() == 1;
  if (one_expression && !stmt.kinds.empty()) {
    throw SqlError(sqlstate::kFeatureNotSupported,
                   "when building statistics on a single expression, statistics kinds may not be specified");
  }
  definition->kinds = kind_letters(stmt.kinds, bound.size());
  if (!definition->expressions.empty()) definition->kinds += ExtendedStatistics::kExpressions;
  if (bound.size() < 2 && !one_expression)
    throw SqlError(sqlstate::kInvalidObjectDefinition, "extended statistics require at least 2 columns");
  refuse_duplicates(definition);
}

}  // namespace

std::string create_statistics(CommandContext& context, const parser::CreateStatisticsStmt& stmt) {
  const parser::RangeVar& named = only_relation(stmt);
  if (!named.schema.empty()) require_schema(context, named.schema);
  RelationPtr table = find_relation(context, named, txn::LockMode::kShareUpdateExclusive);
  std::vector<analyzer::Expr*> bound = bind_expressions(context, table, stmt);
  if (stmt.relations.size() != 1) {
    throw SqlError(sqlstate::kFeatureNotSupported, "only a single relation is allowed in CREATE STATISTICS");
  }
  require_table(context, *table);
  StatisticsDefinition definition;
  definition.name = stmt.names.back();
  definition.schema = creation_schema(
      context, stmt.names.size() > 1 ? stmt.names[stmt.names.size() - 2] : std::string_view());
  if (!refuse_existing(context, definition, stmt.if_not_exists)) return "CREATE STATISTICS";
  define_elements(*table, stmt, bound, &definition);
  insert_statistics(context, *table, definition);
  return "CREATE STATISTICS";
}

std::string alter_statistics(CommandContext& context, const parser::AlterStatisticsStmt& stmt) {
  constexpr int32_t kHighest = 10000;
  if (stmt.target < -1) {
    throw SqlError(sqlstate::kInvalidParameterValue,
                   fmt::format("statistics target {} is too low", stmt.target));
  }
  if (stmt.target > kHighest) {
    context.services.notice("WARNING", sqlstate::kInvalidParameterValue,
                            fmt::format("lowering statistics target to {}", kHighest));
  }
  Oid oid;
  const bool no_schema = stmt.missing_ok && stmt.names.size() > 1 &&
                         context.catalog.find_schema(stmt.names[stmt.names.size() - 2]) == kInvalidOid;
  if (!no_schema) oid = find_statistics(context, stmt.names);
  if (oid == kInvalidOid) {
    if (!stmt.missing_ok) require_statistics(context, stmt.names);
    context.services.notice(
        "NOTICE", sqlstate::kSuccessfulCompletion,
        fmt::format("statistics object \"{}\" does not exist, skipping", dotted(stmt.names)));
    return "ALTER STATISTICS";
  }
  require_statistics_owner(context, oid, dotted(stmt.names));
  change_row(context, "pg_statistic_ext", oid,
             [&](RowDraft& draft) { draft.int4("stxstattarget", std::min(stmt.target, kHighest)); });
  return "ALTER STATISTICS";
}

void drop_statistics(CommandContext& context, const parser::DropStmt& stmt) {
  std::vector<ObjectAddress> objects;
  for (const parser::Node* node : stmt.objects) {
    parser::NameList names = parser::as<parser::QualifiedName>(node)->names;
    auto skip = [&](const std::string& what) { context.services.notice(what + " does not exist, skipping"); };
    if (stmt.missing_ok && names.size() > 1) {
      std::string_view schema = names[names.size() - 2];
      if (context.catalog.find_schema(schema) == kInvalidOid) {
        skip(fmt::format("schema \"{}\"", schema));
        continue;
      }
    }
    const Oid oid = stmt.missing_ok ? find_statistics(context, names) : require_statistics(context, names);
    if (oid == kInvalidOid) {
      skip(fmt::format("statistics object \"{}\"", dotted(names)));
      continue;
    }
    require_statistics_owner(context, oid, dotted(names));
    objects.push_back({kStatisticsClass, oid});
  }
  if (!objects.empty()) drop_objects(context, objects, stmt.behavior);
}

ObjectAddress owned_statistics(CommandContext& context, parser::NameList names) {
  const Oid oid = require_statistics(context, names);
  require_statistics_owner(context, oid, dotted(names));
  return {kStatisticsClass, oid};
}

namespace {

void refuse_conflict(CommandContext& context, Oid schema, std::string_view name) {
  if (find_in_schema(context, schema, name) == kInvalidOid) return;
  throw SqlError(sqlstate::kDuplicateObject,
                 fmt::format("statistics object \"{}\" already exists in schema \"{}\"", name,
                             context.catalog.schema_name(schema)));
}

// The row of the object that a statement names, which must be the role's own.
struct NamedStatistics {
  Oid oid;
  std::string name;
  Oid schema;
};
NamedStatistics named_statistics(CommandContext& context, const parser::Node* object) {
  NamedStatistics named;
  named.oid = require_statistics(context, parser::as<parser::QualifiedName>(object)->names);
  with_statistics(context, named.oid, [&](const Row& row) {
    named.name = row.text("stxname");
    named.schema = row.oid("stxnamespace");
  });
  require_statistics_owner(context, named.oid, named.name);
  return named;
}

}  // namespace

std::string rename_statistics(CommandContext& context, const parser::RenameStmt& stmt) {
  const NamedStatistics named = named_statistics(context, stmt.object);
  require_schema_create(context, named.schema);
  refuse_conflict(context, named.schema, stmt.new_name);
  change_row(context, "pg_statistic_ext", named.oid,
             [&](RowDraft& draft) { draft.text("stxname", stmt.new_name); });
  return "ALTER STATISTICS";
}

std::string set_statistics_owner(CommandContext& context, const parser::AlterOwnerStmt& stmt, Oid owner) {
  const NamedStatistics named = named_statistics(context, stmt.object);
  if (!context.is_superuser && !RoleRights(context.catalog, owner).schema_allows(named.schema, 'C')) {
    throw SqlError(sqlstate::kInsufficientPrivilege,
                   fmt::format("permission denied for schema {}", context.catalog.schema_name(named.schema)));
  }
  change_row(context, "pg_statistic_ext", named.oid, [&](RowDraft& draft) { draft.oid("stxowner", owner); });
  return "ALTER STATISTICS";
}

std::string set_statistics_schema(CommandContext& context, const parser::AlterObjectSchemaStmt& stmt) {
  require_statistics(context, parser::as<parser::QualifiedName>(stmt.object)->names);
  const Oid schema = require_schema(context, stmt.new_schema);
  require_schema_create(context, schema);
  const NamedStatistics named = named_statistics(context, stmt.object);
  if (schema == named.schema) return "ALTER STATISTICS";
  for (Oid either : {schema, named.schema}) {
    if (context.catalog.schema_name(either).starts_with("pg_temp_"))
      throw SqlError(sqlstate::kFeatureNotSupported, "cannot move objects into or out of temporary schemas");
  }
  refuse_conflict(context, schema, named.name);
  change_row(context, "pg_statistic_ext", named.oid,
             [&](RowDraft& draft) { draft.oid("stxnamespace", schema); });
  const KeyMatch depend[] = {{"classid", Value::of_oid(kStatisticsClass.value())},
                             {"objid", Value::of_oid(named.oid.value())},
                             {"refclassid", Value::of_oid(kNamespaceClass.value())}};
  context.catalog.remove_where(system_table("pg_depend"), depend);
  add_dependency(context, {kStatisticsClass, named.oid}, {kNamespaceClass, schema}, 'n');
  return "ALTER STATISTICS";
}

std::string describe_statistics(CommandContext& context, Oid oid) {
  std::string text;
  with_statistics(context, oid, [&](const Row& row) {
    const Oid schema = row.oid("stxnamespace");
    const std::string name(row.text("stxname"));
    std::string_view alone[] = {name};
    text = "statistics object " + (find_statistics(context, alone) == oid
                                       ? parser::quote_identifier(name)
                                       : qualified_name(context, schema, name));
  });
  return text;
}

std::vector<Oid> copy_statistics(CommandContext& context, const RelationPtr& source, Oid table) {
  std::vector<Oid> copies;
  for (const auto& statistics : source->extended_statistics) {
    RelationPtr target = context.catalog.relation(table);
    StatisticsDefinition definition;
    definition.schema = target->schema;
    definition.kinds = statistics->kinds;
    std::vector<std::string> names;
    for (ColumnNumber column : statistics->columns) {
      names.push_back(source->column(column).name);
      definition.columns.push_back(target->find_column(names.back()));
    }
    for (const std::string& sql : statistics->expressions_sql) {
      names.emplace_back("expr");
      analyzer::AnalyzerContext inner = context.analyzer_context();
      inner.sql = context.arena.copy(sql);
      definition.expressions.push_back(analyzer::analyze_table_expression(
          inner, parser::parse_expression(inner.sql, context.arena), &target, kClause));
    }
    std::sort(definition.columns.begin(), definition.columns.end());
    const std::string joined = join_names(names);
    std::string label = "stat";
    for (int pass = 1;; ++pass) {
      definition.name = make_object_name(target->name, joined, label);
      if (find_in_schema(context, definition.schema, definition.name) == kInvalidOid) break;
      label = fmt::format("stat{}", pass);
    }
    copies.push_back(insert_statistics(context, *target, definition));
  }
  return copies;
}

void forget_found_statistics(CommandContext& context, Oid table, ColumnNumber column) {
  RelationPtr relation = context.catalog.relation(table);
  for (const auto& statistics : relation->extended_statistics) {
    std::vector<ColumnNumber> read = statistics->columns;
    std::string lines;
    for (const std::string& sql : statistics->expressions_sql) {
      analyzer::AnalyzerContext inner = context.analyzer_context();
      inner.sql = context.arena.copy(sql);
      const analyzer::Expr* e = analyzer::analyze_table_expression(
          inner, parser::parse_expression(inner.sql, context.arena), &relation, kClause);
      for (ColumnNumber c : columns_of(e)) read.push_back(c);
      lines += (lines.empty() ? "" : "\n") + analyzer::deparse_expression(*e, relation.get(), context.eval);
    }
    if (std::find(read.begin(), read.end(), column) == read.end()) continue;
    const KeyMatch match[] = {{"stxoid", Value::of_oid(statistics->oid.value())}};
    context.catalog.remove_where(system_table("pg_statistic_ext_data"), match);
    if (lines.empty()) continue;
    change_row(context, "pg_statistic_ext", statistics->oid,
               [&](RowDraft& draft) { draft.text("stxexprs", lines); });
  }
}

}  // namespace varve::commands
