#include "composite_type.h"

#include <fmt/format.h>

#include "alter_inherited.h"
#include "common/sql_error.h"
#include "create_table.h"
#include "drop.h"
#include "functions/registry.h"
#include "privileges.h"
#include "type.h"
#include "typed_table.h"

namespace varve::commands {

using catalog::RelationKind;
using parser::AlterTableAction;

namespace {

bool type_exists(CommandContext& context, Oid schema, std::string_view name) {
  bool found = false;
  const KeyMatch match[] = {{"typname", Value::of_string(name)},
                            {"typnamespace", Value::of_oid(schema.value())}};
  context.catalog.for_each(system_table("pg_type"), match, [&](const Row&) { found = true; });
  return found;
}

// The first column of a table that has the type or an array of it, as "t.c"; empty: none.
std::string column_of_type(CommandContext& context, const Relation& type) {
  const functions::TypeInfo* info = functions::type_by_oid(type.row_type);
  Oid array = info == nullptr ? kInvalidOid : info->array_type;
  std::string plain, in_array;
  context.catalog.for_each(system_table("pg_attribute"), {}, [&](const Row& row) {
    Oid t = row.oid("atttypid");
    if (row.boolean("attisdropped") || (t != type.row_type && (array == kInvalidOid || t != array))) return;
    RelationPtr relation = context.catalog.relation(row.oid("attrelid"));
    if (relation == nullptr || relation->kind == RelationKind::kIndex ||
        relation->kind == RelationKind::kPartitionedIndex) {
      return;
    }
    std::string& found = t == array ? in_array : plain;
    if (!found.empty()) return;
    if (relation->kind == RelationKind::kComposite)
      found = column_of_type(context, *relation);
    else
      found = fmt::format("{}.{}", relation->name, row.text("attname"));
  });
  return in_array.empty() ? plain : in_array;
}

void run_attribute_command(CommandContext& context, const RelationPtr& type,
                           const parser::AlterTableCmd& cmd) {
  context.catalog.load_type(type->row_type);
  auto require_unused = [&] {
    std::string column = column_of_type(context, *type);
    if (column.empty()) return;
    throw SqlError(sqlstate::kFeatureNotSupported,
                   fmt::format("cannot alter type \"{}\" because column \"{}\" uses it", type->name, column));
  };
  switch (cmd.action) {
    case AlterTableAction::kAddColumn: {
      const auto& source = *parser::as<parser::ColumnDef>(cmd.definition);
      if (type->find_column(source.name) != 0) {
        throw SqlError(
            sqlstate::kDuplicateColumn,
            fmt::format("column \"{}\" of relation \"{}\" already exists", source.name, type->name));
      }
      std::vector<ColumnConstraint> constraints;
      ColumnDefinition column = read_column(context, type->name, source, &constraints);
      require_type_usage(context, column.attribute.type);
      auto number = static_cast<ColumnNumber>(type->columns.size() + 1);
      insert_attribute_row(context, type->oid, number, column.attribute);
      depend_on_type(context, column_address(type->oid, number), column.attribute.type);
      change_class_row(context, type->oid, [&](RowDraft& draft) { draft.int2("relnatts", number); });
      return;
    }
    case AlterTableAction::kDropColumn: {
      ColumnNumber number = type->find_column(cmd.name);
      if (number == 0) {
        std::string message =
            fmt::format("column \"{}\" of relation \"{}\" does not exist", cmd.name, type->name);
        if (!cmd.missing_ok) throw SqlError(sqlstate::kUndefinedColumn, message);
        context.services.notice(message + ", skipping");
        return;
      }
      // Values that are stored name their fields by place.
      require_unused();
      drop_objects(context, {column_address(type->oid, number)}, cmd.behavior);
      return;
    }
    case AlterTableAction::kAlterColumnType: {
      ColumnNumber number = require_column(context, *type, cmd.name);
      require_unused();
      const auto& definition = *parser::as<parser::ColumnDef>(cmd.definition);
      analyzer::AnalyzerContext inner = context.analyzer_context();
      analyzer::TypeReference to = analyzer::resolve_type_name(inner, *definition.type);
      require_type_usage(context, to.type);
      const functions::TypeInfo* info = functions::type_by_oid(to.type);
      change_attribute_row(context, type->oid, number, [&](RowDraft& draft) {
        draft.oid("atttypid", to.type).int4("atttypmod", to.typmod);
        draft.oid("attcollation",
                  info != nullptr && info->collatable ? catalog::kDefaultCollation : kInvalidOid);
        if (info != nullptr) draft.int2("attlen", info->length).boolean("attbyval", info->by_value);
      });
      return;
    }
    default:
      throw_not_supported("this form of ALTER TYPE");
  }
}

}  // namespace

std::string create_composite_type(CommandContext& context, const parser::CreateCompositeTypeStmt& stmt) {
  NewTable table;
  table.kind = 'c';
  table.name = stmt.type->name;
  table.schema = creation_schema(context, stmt.type->schema, stmt.type->location);
  RelationPtr same = context.catalog.find_relation(table.schema, table.name);
  if (same == nullptr || same->kind == RelationKind::kComposite) {
    if (type_exists(context, table.schema, table.name)) {
      throw SqlError(sqlstate::kDuplicateObject, fmt::format("type \"{}\" already exists", table.name));
    }
  }
  name_is_free(context, table.schema, table.name, false);
  std::vector<ColumnConstraint> constraints;
  for (const parser::ColumnDef* column : stmt.columns) {
    try {
      table.columns.push_back(read_column(context, table.name, *column, &constraints));
    } catch (SqlError& error) {
      throw error.at(0);
    }
  }
  check_columns(context, table);
  Oid oid = create_table_relation(context, table);
  context.catalog.load_type(context.catalog.relation(oid)->row_type);
  return "CREATE TYPE";
}

RelationPtr find_composite_type(CommandContext& context, parser::NameList names) {
  auto in_schema = [&](Oid schema) -> RelationPtr {
    if (schema == kInvalidOid) return nullptr;
    RelationPtr relation = context.catalog.find_relation(schema, names.back());
    return relation != nullptr && relation->kind == RelationKind::kComposite ? relation : nullptr;
  };
  if (names.size() > 1) return in_schema(context.catalog.find_schema(names[names.size() - 2]));
  for (Oid schema : context.search_path) {
    if (RelationPtr found = in_schema(schema)) return found;
  }
  return nullptr;
}

RelationPtr require_composite_type(CommandContext& context, const parser::RangeVar& name) {
  std::string_view both[] = {name.schema, name.name};
  parser::NameList names(both);
  RelationPtr type = find_composite_type(context, name.schema.empty() ? names.subspan(1) : names);
  if (type == nullptr)
    throw SqlError(sqlstate::kUndefinedTable, fmt::format("relation \"{}\" does not exist", name.name));
  return type;
}

std::string alter_composite_type(CommandContext& context, const parser::AlterTableStmt& stmt) {
  RelationPtr type = require_composite_type(context, *stmt.relation);
  context.services.lock_relation(type->oid, txn::LockMode::kAccessExclusive);
  require_owner(context, *type);
  for (const parser::AlterTableCmd* cmd : stmt.commands) {
    std::vector<Oid> tables = tables_to_alter(context, *type, cmd->behavior);
    run_attribute_command(context, context.catalog.relation(type->oid), *cmd);
    for (Oid table : tables) alter_with_children(context, table, *cmd, true);
  }
  context.catalog.relation(type->oid);  // the new picture
  return "ALTER TYPE";
}

std::vector<Oid> tables_with_columns_of(CommandContext& context, const Relation& type) {
  const functions::TypeInfo* info = functions::type_by_oid(type.row_type);
  Oid array = info == nullptr ? kInvalidOid : info->array_type;
  std::vector<Oid> tables;
  context.catalog.for_each(system_table("pg_attribute"), {}, [&](const Row& row) {
    Oid t = row.oid("atttypid");
    if (row.boolean("attisdropped") || (t != type.row_type && (array == kInvalidOid || t != array))) return;
    tables.push_back(row.oid("attrelid"));
  });
  return tables;
}

std::vector<const parser::Node*> drop_composite_types(CommandContext& context, const parser::DropStmt& stmt) {
  std::vector<const parser::Node*> rest;
  std::vector<ObjectAddress> objects;
  for (const parser::Node* node : stmt.objects) {
    RelationPtr type;
    if (parser::is<parser::TypeName>(node))
      type = find_composite_type(context, parser::as<parser::TypeName>(node)->names);
    if (parser::is<parser::QualifiedName>(node))
      type = find_composite_type(context, parser::as<parser::QualifiedName>(node)->names);
    if (type == nullptr) {
      rest.push_back(node);
      continue;
    }
    require_owner(context, *type);
    objects.push_back(relation_address(type->oid));
  }
  if (!objects.empty()) drop_objects(context, objects, stmt.behavior);
  return rest;
}

}  // namespace varve::commands
