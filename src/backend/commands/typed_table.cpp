#include "typed_table.h"

#include <algorithm>
#include <fmt/format.h>

#include "catalog/user_type.h"
#include "common/sql_error.h"
#include "composite_type.h"
#include "routine.h"

namespace varve::commands {

using catalog::RelationKind;
using parser::AlterTableAction;

namespace {

SqlError wrong_type(std::string what) { return SqlError(sqlstate::kWrongObjectType, std::move(what)); }
SqlError mismatch(std::string what) { return SqlError(sqlstate::kDatatypeMismatch, std::move(what)); }

ColumnDefinition plain_column(const catalog::Column& like) {
  ColumnDefinition column;
  const bool of_domain = like.domain != kInvalidOid;
  column.attribute.name = like.name;
  column.attribute.type = of_domain ? like.domain : like.type;
  column.attribute.typmod = of_domain ? -1 : like.typmod;
  column.attribute.collation = like.collation;
  return column;
}

std::vector<const catalog::Column*> live_columns(const Relation& relation) {
  std::vector<const catalog::Column*> columns;
  for (const catalog::Column& c : relation.columns) {
    if (!c.dropped) columns.push_back(&c);
  }
  return columns;
}

// Unlike with inheritance the order counts too.
void require_same_columns(const Relation& table, const Relation& type) {
  std::vector<const catalog::Column*> have = live_columns(table), want = live_columns(type);
  for (size_t i = 0; i < want.size(); ++i) {
    if (i >= have.size()) throw mismatch(fmt::format("table is missing column \"{}\"", want[i]->name));
    if (have[i]->name != want[i]->name) {
      throw mismatch(
          fmt::format("table has column \"{}\" where type requires \"{}\"", have[i]->name, want[i]->name));
    }
    bool same = have[i]->type == want[i]->type && have[i]->domain == want[i]->domain &&
                have[i]->typmod == want[i]->typmod && have[i]->collation == want[i]->collation;
    if (!same) {
      throw mismatch(
          fmt::format("table \"{}\" has different type for column \"{}\"", table.name, want[i]->name));
    }
  }
  if (have.size() > want.size())
    throw mismatch(fmt::format("table has extra column \"{}\"", have[want.size()]->name));
}

}  // namespace

RelationPtr require_table_type(CommandContext& context, const parser::TypeName& name) {
  RelationPtr type = find_composite_type(context, name.names);
  if (type != nullptr) return type;
  Oid other = find_type(context, name);
  throw wrong_type(
      fmt::format("type {} is not a composite type", catalog::type_text(context.catalog, other)));
}

std::vector<ColumnDefinition> typed_columns(CommandContext& context, const Relation& type,
                                            const parser::CreateTableStmt& stmt,
                                            std::vector<ColumnConstraint>* constraints) {
  std::vector<const parser::ColumnDef*> options(type.columns.size());
  for (const parser::Node* element : stmt.elements) {
    if (!parser::is<parser::ColumnDef>(element)) continue;
    const auto* option = parser::as<parser::ColumnDef>(element);
    ColumnNumber number = type.find_column(option->name);
    if (number == 0) {
      throw SqlError(sqlstate::kUndefinedColumn, fmt::format("column \"{}\" does not exist", option->name));
    }
    const parser::ColumnDef*& place = options[static_cast<size_t>(number - 1)];
    if (place != nullptr) {
      throw SqlError(sqlstate::kDuplicateColumn,
                     fmt::format("column \"{}\" specified more than once", option->name));
    }
    place = option;
  }
  std::vector<ColumnDefinition> columns;
  for (size_t i = 0; i < type.columns.size(); ++i) {
    const catalog::Column& like = type.columns[i];
    if (like.dropped) continue;
    columns.push_back(options[i] == nullptr
                          ? plain_column(like)
                          : read_column(context, stmt.relation->name, *options[i], constraints, &like));
    for (bool identity : {true, false}) {
      const AttributeRow& attribute = columns.back().attribute;
      if ((identity ? attribute.identity : attribute.generated) == 0) continue;
      throw SqlError(
          sqlstate::kFeatureNotSupported,
          fmt::format("{} columns are not supported on typed tables", identity ? "identity" : "generated"));
    }
  }
  return columns;
}

void set_table_type(CommandContext& context, const Relation& table, Oid type) {
  const KeyMatch depend[] = {{"classid", Value::of_oid(kClassClass.value())},
                             {"objid", Value::of_oid(table.oid.value())},
                             {"objsubid", Value::of_int32(0)},
                             {"refclassid", Value::of_oid(kTypeClass.value())},
                             {"refobjid", Value::of_oid(table.of_type.value())}};
  if (table.of_type != kInvalidOid) context.catalog.remove_where(system_table("pg_depend"), depend);
  if (type != kInvalidOid) add_dependency(context, relation_address(table.oid), {kTypeClass, type}, 'n');
  change_class_row(context, table.oid, [&](RowDraft& draft) { draft.oid("reloftype", type); });
}

void alter_table_type(CommandContext& context, const Relation& table, const parser::AlterTableCmd& cmd) {
  if (cmd.action == AlterTableAction::kDropOf) {
    if (table.of_type == kInvalidOid)
      throw wrong_type(fmt::format("\"{}\" is not a typed table", table.name));
    return set_table_type(context, table, kInvalidOid);
  }
  RelationPtr type = require_table_type(context, *parser::as<parser::TypeName>(cmd.definition));
  if (!table.parents.empty()) throw wrong_type("typed tables cannot inherit");
  require_same_columns(table, *type);
  set_table_type(context, table, type->row_type);
}

void refuse_typed(const Relation& table, const parser::AlterTableCmd& cmd) {
  if (table.of_type == kInvalidOid) return;
  switch (cmd.action) {
    case AlterTableAction::kAddColumn:
      throw wrong_type("cannot add column to typed table");
    case AlterTableAction::kDropColumn:
      throw wrong_type("cannot drop column from typed table");
    case AlterTableAction::kAlterColumnType:
      throw wrong_type("cannot alter column type of typed table");
    case AlterTableAction::kAddInherit:
      throw wrong_type("cannot change inheritance of typed table");
    default:
      return;
  }
}

std::vector<Oid> tables_to_alter(CommandContext& context, const Relation& type,
                                 parser::DropBehavior behavior) {
  std::vector<Oid> tables;
  context.catalog.for_each(system_table("pg_class"), {}, [&](const Row& row) {
    if (row.oid("reloftype") == type.row_type) tables.push_back(row.oid("oid"));
  });
  if (!tables.empty() && behavior != parser::DropBehavior::kCascade) {
    throw SqlError(sqlstate::kDependentObjectsStillExist,
                   fmt::format("cannot alter type \"{}\" because it is the type of a typed table", type.name))
        .hint("Use ALTER ... CASCADE to alter the typed tables too.");
  }
  for (Oid table : tables) context.services.lock_relation(table, txn::LockMode::kAccessExclusive);
  return tables;
}

}  // namespace varve::commands
