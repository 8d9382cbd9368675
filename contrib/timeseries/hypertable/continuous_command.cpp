#include "continuous_command.h"

#include <algorithm>
#include <fmt/format.h>

#include "command_names.h"
#include "common/sql_error.h"
#include "continuous_query.h"
#include "functions/quoting.h"
#include "parser/parser.h"

namespace varve::hypertable {

using catalog::Relation;
using catalog::RelationKind;
using commands::CommandContext;
using commands::NextCommand;
using functions::quoted_literal;
using parser::AlterTableAction;
using parser::ObjectType;

namespace {

// 0: the relation is no continuous aggregate.
int32_t number_of(CommandContext& context, const Relation* relation) {
  if (relation == nullptr || relation->kind != RelationKind::kView || !is_installed(context)) return 0;
  Arena arena;
  std::vector<types::Value> row;
  const bool found = context.services.query_row(
      fmt::format("SELECT mat_hypertable_id FROM _timescaledb_catalog.continuous_agg WHERE user_view = {}",
                  regclass(relation->oid)),
      arena, &row);
  return found ? row[0].int32 : 0;
}

std::string number_text(CommandContext& context, std::string_view query) {
  Arena arena;
  std::vector<types::Value> row;
  context.services.query_row(query, arena, &row);
  return std::to_string(row.at(0).int64);
}

std::string text_or_null(const std::string& text) { return text.empty() ? "NULL" : quoted_literal(text); }

std::string array(std::span<const std::string> items) {
  std::string out = "ARRAY[";
  for (size_t i = 0; i < items.size(); ++i) out += (i == 0 ? "" : ", ") + quoted_literal(items[i]);
  return out + "]::pg_catalog.text[]";
}

struct Options {
  bool materialized_only = true, group_indexes = true;
  std::string chunk_interval = "NULL";
  std::string columnstore;  // names and values in turn
};

void take_option(const parser::Option& o, Options* options) {
  if (o.name == "continuous" || o.name == "finalized") {
    if (!boolean_of(o)) throw_not_supported(fmt::format("timescaledb.{} = false", o.name));
  } else if (o.name == "materialized_only") {
    options->materialized_only = boolean_of(o);
  } else if (o.name == "create_group_indexes") {
    options->group_indexes = boolean_of(o);
  } else if (o.name == "chunk_interval") {
    options->chunk_interval = quoted_literal(text_of(o));
  } else if (o.name == "columnstore" || o.name == "enable_columnstore" || o.name == "compress" ||
             o.name == "orderby" || o.name == "segmentby" || o.name == "compress_orderby" ||
             o.name == "compress_segmentby") {
    options->columnstore += fmt::format("{}{}, {}", options->columnstore.empty() ? "" : ", ",
                                        quoted_literal(o.name), quoted_literal(text_of(o)));
  } else {
    throw SqlError(sqlstate::kInvalidParameterValue,
                   fmt::format("unrecognized parameter \"{}.{}\"", o.name_space, o.name));
  }
}

Options options_of(std::span<parser::Option* const> given) {
  Options options;
  for (const parser::Option* o : given) {
    if (!is_ours(*o)) throw_not_supported(fmt::format("option \"{}\" of a continuous aggregate", o->name));
    take_option(*o, &options);
  }
  return options;
}

}  // namespace

bool is_continuous(const parser::CreateTableAsStmt& stmt) {
  return stmt.materialized_view && stmt.into != nullptr &&
         std::any_of(stmt.into->options.begin(), stmt.into->options.end(), [](const parser::Option* o) {
           return is_ours(*o) && o->name == "continuous" && boolean_of(*o);
         });
}

std::string create_continuous(CommandContext& context, const parser::CreateTableAsStmt& stmt) {
  constexpr std::string_view kTag = "CREATE MATERIALIZED VIEW";
  const parser::IntoClause& into = *stmt.into;
  if (!is_installed(context)) throw_not_supported("continuous aggregates without the extension timescaledb");
  const Options options = options_of(into.options);
  if (RelationPtr there = find(context, into.relation)) {
    const std::string message = fmt::format("relation \"{}\" already exists", there->name);
    if (!stmt.if_not_exists) throw SqlError(sqlstate::kDuplicateTable, message);
    context.services.notice("NOTICE", sqlstate::kDuplicateTable, message + ", skipping");
    return std::string(kTag);
  }
  if (stmt.query->kind != parser::NodeKind::kSelectStmt)
    throw_not_supported("a continuous aggregate of EXECUTE");
  if (into.relation->schema.empty() && context.search_path.empty())
    throw SqlError(sqlstate::kInvalidSchemaName, "no schema has been selected to create in");
  const std::string schema(into.relation->schema.empty()
                               ? context.catalog.schema_name(context.search_path.front())
                               : std::string(into.relation->schema));
  const std::string name =
      parser::quote_identifier(schema) + "." + parser::quote_identifier(into.relation->name);
  if (!into.skip_data) {
    context.services.run_after_commit(
        "CREATE MATERIALIZED VIEW ... WITH DATA",
        fmt::format("CALL _timescaledb_functions.refresh_new_cagg({})", quoted_literal(name)));
  }
  ContinuousQuery query(context, *parser::as<parser::SelectStmt>(stmt.query), into.columns);
  const std::string number = number_text(context, "SELECT _timescaledb_functions.next_hypertable_number()");
  call(context,
       fmt::format("cagg_create({}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {})",
                   number, quoted_literal(schema), quoted_literal(into.relation->name),
                   regclass(query.source), query.parent, quoted_literal(query.bucket_column),
                   query.bucket_is_hidden, quoted_literal(query.bucket_call), text_or_null(query.width),
                   text_or_null(query.origin), text_or_null(query.offset), text_or_null(query.zone),
                   array(query.groups), quoted_literal(query.direct()), quoted_literal(query.partial()),
                   quoted_literal(query.rest(std::stoi(number))), options.materialized_only,
                   options.group_indexes, options.chunk_interval));
  if (!options.columnstore.empty())
    call(context, fmt::format("cagg_columnstore({}, ARRAY[{}])", number, options.columnstore));
  return std::string(kTag);
}

bool alter_continuous(CommandContext& context, const parser::AlterTableStmt& stmt, const Relation& relation,
                      NextCommand& next, std::string* tag) {
  const int32_t number = number_of(context, &relation);
  if (number == 0) return false;
  *tag = stmt.object_type == ObjectType::kMaterializedView ? "ALTER MATERIALIZED VIEW" : "ALTER TABLE";
  for (const parser::AlterTableCmd* cmd : stmt.commands) {
    if (cmd->action == AlterTableAction::kChangeOwner) {
      auto* of_view = context.arena.make<parser::AlterTableStmt>(stmt);
      of_view->object_type = ObjectType::kView;
      parser::AlterTableCmd* only[] = {const_cast<parser::AlterTableCmd*>(cmd)};
      of_view->commands = context.arena.copy(std::span<parser::AlterTableCmd* const>(only));
      next.run(context, of_view);
      call(context, fmt::format("cagg_follow_owner({})", number));
      continue;
    }
    const bool sets = cmd->action == AlterTableAction::kSetRelOptions &&
                      std::all_of(cmd->options.begin(), cmd->options.end(),
                                  [](const parser::Option* o) { return is_ours(*o); });
    if (!sets) throw_not_supported("this change of a continuous aggregate");
    std::string columnstore;
    for (const parser::Option* o : cmd->options) {
      if (o->name == "materialized_only") {
        call(context, fmt::format("cagg_set_materialized_only({}, {})", number, boolean_of(*o)));
        continue;
      }
      Options options;
      if (o->name == "continuous" || o->name == "create_group_indexes" || o->name == "finalized")
        throw_not_supported(fmt::format("changing timescaledb.{}", o->name));
      take_option(*o, &options);
      if (options.chunk_interval != "NULL")
        call(context, fmt::format("cagg_set_chunk_interval({}, {})", number, options.chunk_interval));
      if (!options.columnstore.empty())
        columnstore += (columnstore.empty() ? "" : ", ") + options.columnstore;
    }
    if (!columnstore.empty())
      call(context, fmt::format("cagg_columnstore({}, ARRAY[{}])", number, columnstore));
  }
  return true;
}

const parser::RenameStmt* rename_continuous(CommandContext& context, const parser::RenameStmt& stmt) {
  const ObjectType of = stmt.object_type == ObjectType::kColumn ? stmt.relation_type : stmt.object_type;
  if (of != ObjectType::kMaterializedView && of != ObjectType::kView && of != ObjectType::kTable)
    return nullptr;
  const int32_t number = number_of(context, find(context, stmt.relation).get());
  if (number == 0) return nullptr;
  auto* of_view = context.arena.make<parser::RenameStmt>(stmt);
  if (stmt.object_type == ObjectType::kColumn) {
    of_view->relation_type = ObjectType::kView;
    call(context, fmt::format("cagg_rename_column({}, {}, {})", number, quoted_literal(stmt.name),
                              quoted_literal(stmt.new_name)));
  } else {
    of_view->object_type = ObjectType::kView;
  }
  return of_view;
}

const parser::AlterObjectSchemaStmt* move_continuous(CommandContext& context,
                                                     const parser::AlterObjectSchemaStmt& stmt) {
  if (stmt.object_type != ObjectType::kMaterializedView && stmt.object_type != ObjectType::kView)
    return nullptr;
  if (number_of(context, find(context, stmt.relation).get()) == 0) return nullptr;
  auto* of_view = context.arena.make<parser::AlterObjectSchemaStmt>(stmt);
  of_view->object_type = ObjectType::kView;
  return of_view;
}

bool drop_continuous(CommandContext& context, const parser::DropStmt& stmt, parser::RangeVar& name,
                     NextCommand& next) {
  if (stmt.object_type != ObjectType::kMaterializedView && stmt.object_type != ObjectType::kView)
    return false;
  const int32_t number = number_of(context, find(context, &name).get());
  if (number == 0 || context.services.setting("varve.keep_chunks") == "on") return false;
  if (stmt.object_type == ObjectType::kView) {
    throw SqlError(sqlstate::kWrongObjectType, "cannot drop continuous aggregate using DROP VIEW")
        .hint("Use DROP MATERIALIZED VIEW to drop a continuous aggregate.");
  }
  if (stmt.behavior == parser::DropBehavior::kCascade)
    call(context, fmt::format("drop_caggs_of({})", number));
  auto* of_view = context.arena.make<parser::DropStmt>(stmt);
  of_view->object_type = ObjectType::kView;
  const std::vector<parser::Node*> only{&name};
  of_view->objects = context.arena.copy(only);
  next.run(context, of_view);
  call(context, fmt::format("cagg_drop({})", number));
  return true;
}

std::span<parser::RangeVar*> tables_of_continuous(CommandContext& context,
                                                  std::span<parser::RangeVar* const> names) {
  std::vector<parser::RangeVar*> tables(names.begin(), names.end());
  for (parser::RangeVar*& name : tables) {
    const int32_t number = number_of(context, find(context, name).get());
    if (number == 0) continue;
    auto* table = context.arena.make<parser::RangeVar>(*name);
    table->schema = "_timescaledb_internal";
    table->name = context.arena.copy(fmt::format("_materialized_hypertable_{}", number));
    name = table;
  }
  return context.arena.copy(tables);
}

}  // namespace varve::hypertable
