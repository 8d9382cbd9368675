// What utility commands mean for hypertables and their chunks: CREATE TABLE … WITH (tsdb.…), ALTER TABLE …
// SET (timescaledb.…), and commands that the catalog of hypertables has to follow.
#include <algorithm>
#include <fmt/format.h>

#include "bindings.h"
#include "command_names.h"
#include "common/sql_error.h"
#include "continuous_command.h"
#include "functions/quoting.h"
#include "hypertable/hypertable.h"
#include "parser/parser.h"

namespace varve::hypertable {

using catalog::RelationKind;
using commands::CommandContext;
using commands::NextCommand;
using functions::quoted_literal;
using parser::AlterTableAction;
using parser::ObjectType;

namespace {

std::optional<Mark> find_hypertable(CommandContext& context, const parser::RangeVar* name,
                                    RelationPtr* relation) {
  *relation = find(context, name);
  return *relation == nullptr ? std::nullopt : find_mark(**relation);
}

// 0: the relation is no chunk.
int32_t chunk_number(CommandContext& context, const catalog::Relation& relation) {
  if (relation.kind != RelationKind::kView || !relation.name.ends_with("_chunk")) return 0;
  if (context.services.setting("varve.keep_chunks") == "on") return 0;
  Arena arena;
  std::vector<types::Value> row;
  bool found = context.services.query_row(
      fmt::format("SELECT id FROM _timescaledb_catalog.chunk WHERE schema_name = {} AND table_name = {}",
                  quoted_literal(relation.schema_name), quoted_literal(relation.name)),
      arena, &row);
  return found ? row[0].int32 : 0;
}

// The statement without the options that are ours.
template <class Stmt>
Stmt* without_options(CommandContext& context, const Stmt& stmt) {
  Stmt* copy = context.arena.make<Stmt>(stmt);
  std::vector<parser::Option*> rest;
  for (parser::Option* o : stmt.options) {
    if (!is_ours(*o)) rest.push_back(o);
  }
  copy->options = context.arena.copy(rest);
  return copy;
}

// --- CREATE TABLE

std::string create_table(CommandContext& context, const parser::CreateTableStmt& stmt, NextCommand& next) {
  for (const parser::RangeVar* parent : stmt.inherits) {
    RelationPtr relation;
    if (!stmt.is_partition && find_hypertable(context, parent, &relation).has_value())
      throw SqlError(sqlstate::kFeatureNotSupported, "hypertables do not support inheritance");
  }
  const bool any = std::any_of(stmt.options.begin(), stmt.options.end(),
                               [](const parser::Option* o) { return is_ours(*o); });
  if (!any) return next.run(context, &stmt);
  bool hypertable = false, indexes = true, columnstore = true;
  std::string column = "NULL", interval = "NULL", schema = "NULL", prefix = "NULL";
  std::string settings;  // of the columnstore
  for (const parser::Option* o : stmt.options) {
    if (!is_ours(*o)) continue;
    if (o->name == "hypertable") {
      hypertable = boolean_of(*o);
    } else if (o->name == "columnstore" || o->name == "enable_columnstore" || o->name == "compress") {
      columnstore = boolean_of(*o);
    } else if (o->name == "partition_column") {
      column = quoted_literal(text_of(*o));
    } else if (o->name == "chunk_interval") {
      interval = quoted_literal(text_of(*o));
    } else if (o->name == "create_default_indexes") {
      indexes = boolean_of(*o);
    } else if (o->name == "associated_schema") {
      schema = quoted_literal(text_of(*o));
    } else if (o->name == "associated_table_prefix") {
      prefix = quoted_literal(text_of(*o));
    } else if (o->name == "orderby" || o->name == "segmentby" || o->name == "compress_orderby" ||
               o->name == "compress_segmentby") {
      settings += fmt::format(", {}, {}", quoted_literal(o->name), quoted_literal(text_of(*o)));
    } else {
      throw SqlError(sqlstate::kInvalidParameterValue,
                     fmt::format("unrecognized parameter \"{}.{}\"", o->name_space, o->name))
          .hint(
              "Valid timescaledb parameters are: hypertable, columnstore, partition_column, chunk_interval, "
              "create_default_indexes, associated_schema, associated_table_prefix, orderby, segmentby, "
              "compress_index");
    }
  }
  if (!hypertable) {
    throw SqlError(sqlstate::kInvalidParameterValue, "timescaledb options requires hypertable option")
        .hint("Use \"timescaledb.hypertable\" to enable creating a hypertable.");
  }
  const bool was_there = stmt.if_not_exists && find(context, stmt.relation) != nullptr;
  auto* plain = without_options(context, stmt);
  if (plain->access_method.empty()) plain->access_method = "columnar";
  std::string tag = next.run(context, plain);
  if (was_there) return tag;
  RelationPtr table = find(context, stmt.relation);
  call(context, fmt::format("create_table_with({}, {}, {}, {}, {}, {})", regclass(table->oid), column,
                            interval, indexes, schema, prefix));
  if (columnstore) {
    call(context, fmt::format("alter_columnstore({}, ARRAY['columnstore', 'true'{}])", regclass(table->oid),
                              settings));
  }
  return tag;
}

// --- ALTER TABLE

void check_unique(CommandContext& context, const Mark& mark, auto&& has_column) {
  const std::string lifted = context.services.setting("varve.unique_without_partitioning");
  if (lifted == "on" || lifted == "true") return;
  for (const std::string& column : mark.columns) {
    if (has_column(column)) continue;
    throw SqlError(
        SqlState{"TS103"},
        fmt::format("cannot create a unique index without the column \"{}\" (used in partitioning)", column))
        .hint(
            "If you're creating a hypertable on a table with a primary key, ensure the partitioning column "
            "is "
            "part of the primary or composite key.");
  }
}

void check_constraint(CommandContext& context, const Mark& mark, const parser::Constraint& constraint) {
  using parser::ConstraintKind;
  const bool unique =
      (constraint.type == ConstraintKind::kPrimaryKey || constraint.type == ConstraintKind::kUnique) &&
      constraint.index_name.empty();
  if (!unique) return;
  check_unique(context, mark, [&](const std::string& column) {
    return std::find(constraint.columns.begin(), constraint.columns.end(), column) !=
           constraint.columns.end();
  });
}

void check_alter(CommandContext& context, const RelationPtr& table, const Mark& mark,
                 const parser::AlterTableCmd& cmd) {
  auto is_dimension = [&](std::string_view name) {
    return std::find(mark.columns.begin(), mark.columns.end(), name) != mark.columns.end();
  };
  switch (cmd.action) {
    case AlterTableAction::kDropColumn:
      if (is_dimension(cmd.name)) {
        throw SqlError(sqlstate::kInvalidTableDefinition, "cannot drop column named in partition key")
            .detail("Cannot drop column that is a hypertable partitioning (space or time) dimension.");
      }
      return call(context,
                  fmt::format("check_drop_column({}, {})", regclass(table->oid), quoted_literal(cmd.name)));
    case AlterTableAction::kDropNotNull:
      if (cmd.name != mark.columns[0]) return;
      throw SqlError(sqlstate::kFeatureNotSupported,
                     "cannot drop not-null constraint from a time-partitioned column");
    case AlterTableAction::kAddConstraint:
      return check_constraint(context, mark, *parser::as<parser::Constraint>(cmd.definition));
    case AlterTableAction::kAlterColumnType:
      if (is_dimension(cmd.name)) throw_not_supported("changing the type of a hypertable's dimension");
      return;
    case AlterTableAction::kAddInherit:
    case AlterTableAction::kDropInherit:
      throw SqlError(sqlstate::kFeatureNotSupported, "hypertables do not support inheritance");
    case AlterTableAction::kSetAccessMethod:
      throw_not_supported("another access method for a hypertable");
    case AlterTableAction::kSetLogged:
    case AlterTableAction::kSetUnlogged:
      throw SqlError(sqlstate::kFeatureNotSupported, "operation not supported on hypertables");
    default:
      return;
  }
}

bool changes_columns(const parser::AlterTableStmt& stmt) {
  return std::any_of(stmt.commands.begin(), stmt.commands.end(), [](const parser::AlterTableCmd* cmd) {
    return cmd->action == AlterTableAction::kAddColumn || cmd->action == AlterTableAction::kDropColumn ||
           cmd->action == AlterTableAction::kAlterColumnType || cmd->action == AlterTableAction::kChangeOwner;
  });
}

// SET (timescaledb.…): "ARRAY[name, value, …]", empty if there is none.
std::string columnstore_settings(const parser::AlterTableStmt& stmt) {
  std::string items;
  for (const parser::AlterTableCmd* cmd : stmt.commands) {
    if (cmd->action != AlterTableAction::kSetRelOptions) continue;
    for (const parser::Option* o : cmd->options) {
      if (is_ours(*o))
        items += fmt::format("{}{}, {}", items.empty() ? "" : ", ", quoted_literal(o->name),
                             quoted_literal(text_of(*o)));
    }
  }
  return items;
}

std::string alter_table(CommandContext& context, const parser::AlterTableStmt& stmt, NextCommand& next) {
  RelationPtr table;
  std::optional<Mark> mark = find_hypertable(context, stmt.relation, &table);
  std::string tag_of_view;
  if (table != nullptr && alter_continuous(context, stmt, *table, next, &tag_of_view)) return tag_of_view;
  std::string settings = columnstore_settings(stmt);
  if (!settings.empty() && !mark.has_value() && table != nullptr) {
    if (table->kind == RelationKind::kView || table->kind == RelationKind::kMaterializedView)
      return next.run(context, &stmt);
    throw SqlError(sqlstate::kInvalidParameterValue,
                   "timescaledb table options can only be specified for hypertables")
        .detail(fmt::format("{} is not a hypertable", table->name));
  }
  if (!mark.has_value()) {
    for (const parser::AlterTableCmd* cmd : stmt.commands) {
      RelationPtr parent;
      if (cmd->action == AlterTableAction::kAddInherit &&
          find_hypertable(context, parser::as<parser::RangeVar>(cmd->definition), &parent).has_value())
        throw SqlError(sqlstate::kFeatureNotSupported, "hypertables do not support inheritance");
    }
    return next.run(context, &stmt);
  }
  for (const parser::AlterTableCmd* cmd : stmt.commands) check_alter(context, table, *mark, *cmd);
  auto* rest = context.arena.make<parser::AlterTableStmt>(stmt);
  if (!settings.empty()) {
    std::vector<parser::AlterTableCmd*> commands;
    for (parser::AlterTableCmd* cmd : stmt.commands) {
      if (cmd->action == AlterTableAction::kSetRelOptions) {
        cmd = without_options(context, *cmd);
        if (cmd->options.empty()) continue;
      }
      commands.push_back(cmd);
    }
    rest->commands = context.arena.copy(commands);
  }
  // The chunks' relations show the columns that the table had when they were made.
  const bool anew = changes_columns(stmt);
  if (anew) call(context, fmt::format("drop_chunk_relations({})", mark->id));
  std::string tag = rest->commands.empty() ? "ALTER TABLE" : next.run(context, rest);
  if (anew) call(context, fmt::format("create_chunk_relations({})", mark->id));
  if (!settings.empty())
    call(context, fmt::format("alter_columnstore({}, ARRAY[{}])", regclass(table->oid), settings));
  return tag;
}

// --- DROP, TRUNCATE, RENAME

std::string drop(CommandContext& context, const parser::DropStmt& stmt, NextCommand& next) {
  if (stmt.object_type == ObjectType::kExtension) {
    for (const parser::Node* node : stmt.objects) {
      if (parser::as<parser::QualifiedName>(node)->names.back() == "timescaledb" && is_installed(context) &&
          stmt.behavior == parser::DropBehavior::kCascade)
        call(context, "forget_all()");
    }
    return next.run(context, &stmt);
  }
  const bool cascade = stmt.behavior == parser::DropBehavior::kCascade;
  if (stmt.object_type == ObjectType::kSchema) {
    for (const parser::Node* node : stmt.objects) {
      const std::string_view schema = parser::as<parser::QualifiedName>(node)->names.back();
      if (cascade) call(context, fmt::format("drop_caggs_in({})", quoted_literal(schema)));
    }
    return next.run(context, &stmt);
  }
  std::vector<parser::Node*> rest;
  std::vector<int32_t> hypertables;
  bool chunks = false;
  for (parser::Node* node : stmt.objects) {
    if (drop_continuous(context, stmt, *parser::as<parser::RangeVar>(node), next)) {
      chunks = true;
      continue;
    }
    RelationPtr relation;
    std::optional<Mark> mark = find_hypertable(context, parser::as<parser::RangeVar>(node), &relation);
    if (mark.has_value() && stmt.object_type == ObjectType::kTable) {
      if (mark->continuous && cascade) call(context, fmt::format("drop_caggs_of({})", mark->id));
      call(context, fmt::format("drop_chunk_relations({})", mark->id));
      hypertables.push_back(mark->id);
    } else if (int32_t chunk = relation == nullptr ? 0 : chunk_number(context, *relation)) {
      call(context, fmt::format("drop_chunk({})", chunk));
      chunks = true;
      continue;
    }
    rest.push_back(node);
  }
  if (hypertables.empty() && !chunks) return next.run(context, &stmt);
  std::string tag =
      stmt.object_type == ObjectType::kMaterializedView ? "DROP MATERIALIZED VIEW" : "DROP TABLE";
  if (!rest.empty()) {
    auto* copy = context.arena.make<parser::DropStmt>(stmt);
    copy->objects = context.arena.copy(rest);
    tag = next.run(context, copy);
  }
  for (int32_t id : hypertables) call(context, fmt::format("forget_hypertable({})", id));
  return tag;
}

std::string truncate(CommandContext& context, const parser::TruncateStmt& stmt, NextCommand& next) {
  std::vector<int32_t> hypertables;
  auto* copy = context.arena.make<parser::TruncateStmt>(stmt);
  copy->relations = tables_of_continuous(context, stmt.relations);
  for (const parser::RangeVar* name : copy->relations) {
    RelationPtr relation;
    if (std::optional<Mark> mark = find_hypertable(context, name, &relation)) hypertables.push_back(mark->id);
  }
  std::string tag = next.run(context, copy);
  for (int32_t id : hypertables) call(context, fmt::format("forget_chunks({})", id));
  return tag;
}

std::string rename(CommandContext& context, const parser::RenameStmt& stmt, NextCommand& next) {
  RelationPtr relation;
  if (const parser::RenameStmt* of_view = rename_continuous(context, stmt)) {
    std::string tag = next.run(context, of_view);
    call(context, "note_cagg_names()");
    return tag;
  }
  const bool of_table = stmt.object_type == ObjectType::kTable;
  const bool of_column = stmt.object_type == ObjectType::kColumn;
  std::optional<Mark> mark;
  if (of_table || of_column) mark = find_hypertable(context, stmt.relation, &relation);
  if (!mark.has_value()) {
    std::string tag = next.run(context, &stmt);
    if (stmt.object_type == ObjectType::kSchema && is_installed(context))
      call(context, "note_names(id) FROM _timescaledb_catalog.hypertable");
    return tag;
  }
  if (of_column) call(context, fmt::format("drop_chunk_relations({})", mark->id));
  std::string tag = next.run(context, &stmt);
  if (of_table) {
    call(context, fmt::format("note_names({})", mark->id));
  } else {
    call(context, fmt::format("rename_column({}, {}, {})", mark->id, quoted_literal(stmt.name),
                              quoted_literal(stmt.new_name)));
    call(context, fmt::format("create_chunk_relations({})", mark->id));
  }
  return tag;
}

std::string set_schema(CommandContext& context, const parser::AlterObjectSchemaStmt& stmt,
                       NextCommand& next) {
  RelationPtr relation;
  std::optional<Mark> mark;
  if (const parser::AlterObjectSchemaStmt* of_view = move_continuous(context, stmt)) {
    std::string tag = next.run(context, of_view);
    call(context, "note_cagg_names()");
    return tag;
  }
  if (stmt.object_type == ObjectType::kTable) mark = find_hypertable(context, stmt.relation, &relation);
  std::string tag = next.run(context, &stmt);
  if (mark.has_value()) call(context, fmt::format("note_names({})", mark->id));
  return tag;
}

// Whether it is to be built without keeping writers out: TimescaleDB's way of asking for it.
bool asks_for_quiet_build(CommandContext& context, const parser::CreateIndexStmt& stmt) {
  bool quiet = false;
  for (const parser::Option* o : stmt.options) {
    if (!is_ours(*o)) continue;
    if (o->name != "transaction_per_chunk") {
      throw SqlError(sqlstate::kInvalidParameterValue,
                     fmt::format("unrecognized parameter \"{}.{}\"", o->name_space, o->name));
    }
    quiet = boolean_of(*o);
  }
  if (quiet) {
    call(context, "prevent_transaction_block('CREATE INDEX ... WITH (timescaledb.transaction_per_chunk)')");
  }
  return quiet;
}

std::string create_index(CommandContext& context, const parser::CreateIndexStmt& written, NextCommand& next) {
  const bool any = std::any_of(written.options.begin(), written.options.end(),
                               [](const parser::Option* o) { return is_ours(*o); });
  auto& stmt = *context.arena.make<parser::CreateIndexStmt>(written);
  parser::RangeVar* name[] = {stmt.relation};
  stmt.relation = tables_of_continuous(context, name)[0];
  RelationPtr relation;
  std::optional<Mark> mark;
  if (stmt.unique || any) mark = find_hypertable(context, stmt.relation, &relation);
  if (mark.has_value() && any) {
    if (asks_for_quiet_build(context, stmt)) stmt.concurrently = true;
    stmt.options = without_options(context, stmt)->options;
  }
  if (mark.has_value() && stmt.unique) {
    check_unique(context, *mark, [&](const std::string& column) {
      return std::any_of(stmt.columns.begin(), stmt.columns.end(),
                         [&](const parser::IndexElem* e) { return e->column == column; });
    });
  }
  return next.run(context, &stmt);
}

}  // namespace

std::string run_command(CommandContext& context, const parser::Node* statement, NextCommand& next) {
  using parser::NodeKind;
  if (context.extension != kInvalidOid) return next.run(context, statement);
  switch (statement->kind) {
    case NodeKind::kCreateTableAsStmt: {
      const auto& stmt = *parser::as<parser::CreateTableAsStmt>(statement);
      return is_continuous(stmt) ? create_continuous(context, stmt) : next.run(context, statement);
    }
    case NodeKind::kCreateTableStmt:
      return create_table(context, *parser::as<parser::CreateTableStmt>(statement), next);
    case NodeKind::kAlterTableStmt:
      return alter_table(context, *parser::as<parser::AlterTableStmt>(statement), next);
    case NodeKind::kDropStmt: {
      const auto& stmt = *parser::as<parser::DropStmt>(statement);
      const bool relations =
          stmt.object_type == ObjectType::kTable || stmt.object_type == ObjectType::kView ||
          stmt.object_type == ObjectType::kMaterializedView || stmt.object_type == ObjectType::kSchema ||
          stmt.object_type == ObjectType::kExtension;
      return relations && is_installed(context) ? drop(context, stmt, next) : next.run(context, statement);
    }
    case NodeKind::kTruncateStmt:
      return truncate(context, *parser::as<parser::TruncateStmt>(statement), next);
    case NodeKind::kRenameStmt:
      return rename(context, *parser::as<parser::RenameStmt>(statement), next);
    case NodeKind::kAlterObjectSchemaStmt:
      return set_schema(context, *parser::as<parser::AlterObjectSchemaStmt>(statement), next);
    case NodeKind::kCreateIndexStmt:
      return create_index(context, *parser::as<parser::CreateIndexStmt>(statement), next);
    case NodeKind::kCreateRuleStmt: {
      RelationPtr relation;
      if (find_hypertable(context, parser::as<parser::CreateRuleStmt>(statement)->relation, &relation)
              .has_value())
        throw SqlError(sqlstate::kFeatureNotSupported, "hypertables do not support rules");
      return next.run(context, statement);
    }
    default:
      return next.run(context, statement);
  }
}

}  // namespace varve::hypertable
