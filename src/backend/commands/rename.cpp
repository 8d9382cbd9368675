// RENAME, OWNER TO, SET SCHEMA.
#include <algorithm>
#include <fmt/format.h>

#include "alter_inherited.h"
#include "alter_table.h"
#include "analyzer/expression_walk.h"
#include "common/sql_error.h"
#include "composite_type.h"
#include "constraints.h"
#include "create_table.h"
#include "drop.h"
#include "extended_statistics.h"
#include "extension.h"
#include "foreign_key.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "index.h"
#include "operator.h"
#include "ownership.h"
#include "parser/parser.h"
#include "partition.h"
#include "policy.h"
#include "rewrite_table.h"
#include "routine.h"
#include "sequence.h"
#include "table_expression.h"
#include "trigger.h"
#include "type.h"
#include "typed_table.h"
#include "view.h"
#include "view_text.h"

namespace varve::commands {

using catalog::RelationKind;
using parser::AlterTableAction;
using parser::AlterTableCmd;
using parser::ObjectType;

namespace {

void rename_row(CommandContext& context, std::string_view table, Oid oid, std::string_view column,
                std::string_view name) {
  const KeyMatch match[] = {{"oid", Value::of_oid(oid.value())}};
  context.catalog.for_each(system_table(table), match, [&](const Row& row) {
    RowDraft draft(system_table(table), row);
    draft.text(column, name);
    context.catalog.update(row, draft);
    return false;
  });
}

// Defaults that draw from a sequence name it: they follow when it gets another name.
void renew_sequence_defaults(CommandContext& context, Oid sequence, const std::string& old_name,
                             const std::string& new_name) {
  auto quoted = [](const std::string& name) {
    std::string out = "'";
    for (char c : name) {
      if (c == '\'') out += '\'';
      out += c;
    }
    return out + "'";
  };
  std::string old_text = fmt::format("nextval({}::regclass)", quoted(old_name));
  std::string new_text = fmt::format("nextval({}::regclass)", quoted(new_name));
  (void)sequence;
  context.catalog.for_each(system_table("pg_attrdef"), {}, [&](const Row& row) {
    std::string text(row.text("adbin"));
    size_t at = text.find(old_text);
    if (at == std::string::npos) return;
    text.replace(at, old_text.size(), new_text);
    RowDraft draft(system_table("pg_attrdef"), row);
    draft.text("adbin", text);
    context.catalog.update(row, draft);
  });
}

void rename_relation(CommandContext& context, const RelationPtr& relation, std::string_view new_name) {
  if (context.catalog.find_relation_oid(relation->schema, new_name) != kInvalidOid) {
    throw SqlError(sqlstate::kDuplicateTable, fmt::format("relation \"{}\" already exists", new_name));
  }
  rename_row(context, "pg_class", relation->oid, "relname", new_name);
  if (relation->row_type != kInvalidOid)
    rename_row(context, "pg_type", relation->row_type, "typname", new_name);
  if (relation->kind == RelationKind::kSequence) {
    renew_sequence_defaults(context, relation->oid, qualified_name(context, relation->schema, relation->name),
                            qualified_name(context, relation->schema, new_name));
  }
  if (relation->kind == RelationKind::kIndex || relation->kind == RelationKind::kPartitionedIndex) {
    // The index of a constraint and the constraint have one name.
    const KeyMatch match[] = {{"classid", Value::of_oid(kClassClass.value())},
                              {"objid", Value::of_oid(relation->oid.value())}};
    context.catalog.for_each(system_table("pg_depend"), match, [&](const Row& row) {
      if (row.oid("refclassid") == kConstraintClass && row.letter("deptype") == 'i') {
        rename_row(context, "pg_constraint", row.oid("refobjid"), "conname", new_name);
      }
    });
  }
}

// Stored expressions are text that names columns: bound under the old name, printed under the new one.
class ExpressionRenewal {
 public:
  ExpressionRenewal(CommandContext& context, const RelationPtr& before)
      : context_(context), before_(before) {}

  void bind_all() {
    for (size_t i = 0; i < before_->columns.size(); ++i) {
      const catalog::Column& c = before_->columns[i];
      if (!c.dropped && c.generated != 0)
        add("pg_attrdef", static_cast<ColumnNumber>(i + 1), kInvalidOid, c.default_sql);
    }
    for (const catalog::CheckConstraint& c : before_->checks)
      add("pg_constraint", 0, c.oid, c.expression_sql);
    for (const catalog::Index& index : before_->indexes) {
      for (const catalog::IndexColumn& key : index.keys) {
        if (key.column == 0) add("indexprs", 0, index.oid, key.expression_sql);
      }
      if (!index.predicate_sql.empty()) add("indpred", 0, index.oid, index.predicate_sql);
    }
    for (const auto& statistics : before_->extended_statistics) {
      for (const std::string& sql : statistics->expressions_sql) add("stxexprs", 0, statistics->oid, sql);
    }
    if (before_->partitioning == nullptr) return;
    for (const catalog::PartitionKeyColumn& key : before_->partitioning->keys) {
      if (key.column != 0) continue;
      add("partexprs", 0, before_->oid, key.expression_sql);
      items_.back().type = key.type;
    }
  }
  void print_all() {
    RelationPtr after = context_.catalog.relation(before_->oid);
    std::string keys;
    for (size_t i = 0; i < items_.size(); ++i) {
      const Item& item = items_[i];
      std::string text = analyzer::deparse_expression(*item.expr, after.get(), context_.eval);
      if (item.where == "pg_attrdef") {
        const KeyMatch match[] = {{"adrelid", Value::of_oid(before_->oid.value())},
                                  {"adnum", Value::of_int16(item.column)}};
        change("pg_attrdef", match, "adbin", text);
      } else if (item.where == "pg_constraint") {
        const KeyMatch match[] = {{"oid", Value::of_oid(item.oid.value())}};
        change("pg_constraint", match, "conbin", text);
      } else {
        // All expressions of one index or statistics object, or of one partition key behind their types,
        // stand in one row.
        if (item.type != kInvalidOid) text = fmt::format("{} {}", item.type.value(), text);
        keys += (keys.empty() ? "" : "\n") + text;
        bool more =
            i + 1 < items_.size() && items_[i + 1].oid == item.oid && items_[i + 1].where == item.where;
        if (more) continue;
        const bool of_key = item.where == "partexprs", of_statistics = item.where == "stxexprs";
        const KeyMatch match[] = {{of_key          ? "partrelid"
                                   : of_statistics ? "oid"
                                                   : "indexrelid",
                                   Value::of_oid(item.oid.value())}};
        change(of_key          ? "pg_partitioned_table"
               : of_statistics ? "pg_statistic_ext"
                               : "pg_index",
               match, item.where, keys);
        keys.clear();
      }
    }
  }

 private:
  struct Item {
    std::string_view where;
    ColumnNumber column;
    Oid oid;
    analyzer::Expr* expr;
    Oid type = {};  // of a partition key
  };
  void add(std::string_view where, ColumnNumber column, Oid oid, const std::string& sql) {
    std::string_view text = context_.arena.copy(sql);
    analyzer::AnalyzerContext inner = context_.analyzer_context();
    inner.sql = text;
    std::string_view clause = where == "pg_attrdef"      ? "column generation expressions"
                              : where == "pg_constraint" ? "check constraints"
                              : where == "indpred"       ? "index predicates"
                              : where == "stxexprs"      ? "statistics expressions"
                                                         : "index expressions";
    items_.push_back({where, column, oid,
                      analyzer::analyze_table_expression(
                          inner, parser::parse_expression(text, context_.arena), &before_, clause)});
  }
  void change(std::string_view table, std::span<const KeyMatch> match, std::string_view column,
              std::string_view text) {
    context_.catalog.for_each(system_table(table), match, [&](const Row& row) {
      RowDraft draft(system_table(table), row);
      draft.text(column, text);
      context_.catalog.update(row, draft);
      return false;
    });
  }

  CommandContext& context_;
  RelationPtr before_;
  std::vector<Item> items_;
};

void rename_column(CommandContext& context, const RelationPtr& relation, std::string_view name,
                   std::string_view new_name) {
  ColumnNumber number = relation->find_column(name);
  if (number == 0)
    throw SqlError(sqlstate::kUndefinedColumn, fmt::format("column \"{}\" does not exist", name));
  NewTable shape;
  shape.columns.emplace_back();
  shape.columns[0].attribute.name = new_name;
  check_columns(context, shape);
  if (relation->find_column(new_name) != 0) {
    throw SqlError(sqlstate::kDuplicateColumn,
                   fmt::format("column \"{}\" of relation \"{}\" already exists", new_name, relation->name));
  }
  ExpressionRenewal renewal(context, relation);
  renewal.bind_all();
  change_attribute_row(context, relation->oid, number,
                       [&](RowDraft& draft) { draft.text("attname", new_name); });
  renewal.print_all();
  for (const catalog::Index& index : relation->indexes) {
    for (size_t i = 0; i < index.keys.size(); ++i) {
      if (index.keys[i].column != number) continue;
      change_attribute_row(context, index.oid, static_cast<ColumnNumber>(i + 1),
                           [&](RowDraft& draft) { draft.text("attname", new_name); });
    }
  }
}

// ALTER TYPE … RENAME ATTRIBUTE, in the type and the tables that are made of it.
void rename_attribute(CommandContext& context, const parser::RenameStmt& stmt) {
  RelationPtr type = require_composite_type(context, *stmt.relation);
  require_owner(context, *type);
  std::vector<Oid> tables = tables_to_alter(context, *type, stmt.behavior);
  ViewRenewal views(context);
  for (Oid table : tables) views.bind_readers_of(*context.catalog.relation(table));
  for (Oid table : tables_with_columns_of(context, *type)) {
    if (RelationPtr reader = context.catalog.relation(table)) views.bind_readers_of(*reader);
  }
  rename_column(context, type, stmt.name, stmt.new_name);
  for (Oid table : tables) {
    for (Oid child : children_to_rename(context, *context.catalog.relation(table), stmt.name, true))
      rename_column(context, context.catalog.relation(child), stmt.name, stmt.new_name);
    rename_column(context, context.catalog.relation(table), stmt.name, stmt.new_name);
  }
  context.catalog.relation(type->oid);  // the new picture
  views.print_all();
}

void rename_constraint(CommandContext& context, const RelationPtr& relation, const parser::RenameStmt& stmt) {
  Oid oid, index;
  const KeyMatch match[] = {{"conrelid", Value::of_oid(relation->oid.value())},
                            {"contypid", Value::of_oid(0)},
                            {"conname", Value::of_string(stmt.name)}};
  context.catalog.for_each(system_table("pg_constraint"), match, [&](const Row& row) {
    oid = row.oid("oid");
    if (row.letter("contype") != 'f') index = row.oid("conindid");
  });
  if (oid == kInvalidOid) {
    throw SqlError(
        sqlstate::kUndefinedObject,
        fmt::format("constraint \"{}\" for table \"{}\" does not exist", stmt.name, relation->name));
  }
  if (constraint_name_exists(context, relation->oid, stmt.new_name)) {
    throw SqlError(
        sqlstate::kDuplicateObject,
        fmt::format("constraint \"{}\" for relation \"{}\" already exists", stmt.new_name, relation->name));
  }
  if (index != kInvalidOid) return rename_relation(context, context.catalog.relation(index), stmt.new_name);
  rename_row(context, "pg_constraint", oid, "conname", stmt.new_name);
}

void rename_schema(CommandContext& context, const parser::RenameStmt& statement) {
  parser::RenameStmt stmt = statement;
  if (stmt.name.empty() && stmt.object != nullptr)
    stmt.name = parser::as<parser::QualifiedName>(stmt.object)->names.back();
  Oid schema = require_schema(context, stmt.name);
  if (context.catalog.find_schema(stmt.new_name) != kInvalidOid) {
    throw SqlError(sqlstate::kDuplicateSchema, fmt::format("schema \"{}\" already exists", stmt.new_name));
  }
  if (stmt.new_name.starts_with("pg_")) {
    throw SqlError(sqlstate::kReservedName, fmt::format("unacceptable schema name \"{}\"", stmt.new_name))
        .detail("The prefix \"pg_\" is reserved for system schemas.");
  }
  const KeyMatch match[] = {{"oid", Value::of_oid(schema.value())}};
  context.catalog.for_each(system_table("pg_namespace"), match, [&](const Row& row) {
    require_owner_of(context, row.oid("nspowner"), "schema", stmt.name);
  });
  ViewRenewal views(context);
  std::vector<RelationPtr> sequences;
  std::vector<Oid> members;
  context.catalog.for_each(system_table("pg_class"), {}, [&](const Row& row) {
    if (row.oid("relnamespace") == schema) members.push_back(row.oid("oid"));
  });
  for (Oid oid : members) {
    RelationPtr relation = context.catalog.relation(oid);
    if (relation->kind == RelationKind::kSequence) sequences.push_back(relation);
    views.bind_readers_of(*relation);
  }
  std::vector<std::string> old_names;
  for (const RelationPtr& s : sequences) old_names.push_back(qualified_name(context, schema, s->name));
  rename_row(context, "pg_namespace", schema, "nspname", stmt.new_name);
  for (size_t i = 0; i < sequences.size(); ++i) {
    renew_sequence_defaults(context, sequences[i]->oid, old_names[i],
                            qualified_name(context, schema, sequences[i]->name));
  }
  views.print_all();
}

void rename_database(CommandContext& context, const parser::RenameStmt& stmt) {
  auto database = context.catalog.find_database(stmt.name);
  if (!database.has_value()) {
    throw SqlError(sqlstate::kInvalidCatalogName, fmt::format("database \"{}\" does not exist", stmt.name));
  }
  require_owner_of(context, database->owner, "database", stmt.name);
  if (context.catalog.find_database(stmt.new_name).has_value()) {
    throw SqlError(sqlstate::kDuplicateDatabase,
                   fmt::format("database \"{}\" already exists", stmt.new_name));
  }
  if (database->oid == context.catalog.database().oid()) {
    throw SqlError(sqlstate::kFeatureNotSupported, "current database cannot be renamed");
  }
  rename_row(context, "pg_database", database->oid, "datname", stmt.new_name);
}

}  // namespace

std::string rename_object(CommandContext& context, const parser::RenameStmt& stmt) {
  switch (stmt.object_type) {
    case ObjectType::kTable:
    case ObjectType::kIndex:
    case ObjectType::kSequence:
    case ObjectType::kView:
    case ObjectType::kMaterializedView: {
      RelationPtr relation = altered_relation(context, *stmt.relation, stmt.object_type, stmt.missing_ok);
      if (relation != nullptr) {
        ViewRenewal views(context);
        views.bind_readers_of(*relation);
        rename_relation(context, relation, stmt.new_name);
        views.print_all();
      }
      return fmt::format("ALTER {}", object_tag(stmt.object_type));
    }
    case ObjectType::kColumn: {
      RelationPtr relation = altered_relation(context, *stmt.relation, stmt.relation_type, stmt.missing_ok);
      if (relation != nullptr && relation->of_type != kInvalidOid)
        throw SqlError(sqlstate::kWrongObjectType, "cannot rename column of typed table");
      if (relation != nullptr) {
        ViewRenewal views(context);
        std::vector<Oid> children = children_to_rename(context, *relation, stmt.name, stmt.relation->inherit);
        views.bind_readers_of(*relation);
        rename_column(context, relation, stmt.name, stmt.new_name);
        for (Oid child : children) {
          views.bind_readers_of(*context.catalog.relation(child));
          rename_column(context, context.catalog.relation(child), stmt.name, stmt.new_name);
        }
        views.print_all();
      }
      return fmt::format("ALTER {}", object_tag(stmt.relation_type));
    }
    case ObjectType::kAttribute:
      rename_attribute(context, stmt);
      return "ALTER TYPE";
    case ObjectType::kTableConstraint: {
      RelationPtr relation = altered_relation(context, *stmt.relation, ObjectType::kTable, stmt.missing_ok);
      if (relation == nullptr) return "ALTER TABLE";
      for (Oid child : children_to_rename_constraint(context, *relation, stmt.name, stmt.relation->inherit)) {
        rename_constraint(context, context.catalog.relation(child), stmt);
      }
      rename_constraint(context, relation, stmt);
      return "ALTER TABLE";
    }
    case ObjectType::kDomain:
    case ObjectType::kType:
      rename_type(context, *find_type(context, parser::as<parser::QualifiedName>(stmt.object)->names),
                  stmt.new_name);
      return stmt.object_type == ObjectType::kDomain ? "ALTER DOMAIN" : "ALTER TYPE";
    case ObjectType::kDomainConstraint:
      rename_domain_constraint(context, stmt);
      return "ALTER DOMAIN";
    case ObjectType::kSchema:
      rename_schema(context, stmt);
      return "ALTER SCHEMA";
    case ObjectType::kDatabase:
      rename_database(context, stmt);
      return "ALTER DATABASE";
    case ObjectType::kRole:
      rename_role(context, stmt);
      return "ALTER ROLE";
    case ObjectType::kFunction:
      rename_routine(context, stmt);
      return "ALTER FUNCTION";
    case ObjectType::kAggregate:
      rename_routine(context, stmt);
      return "ALTER AGGREGATE";
    case ObjectType::kProcedure:
      rename_routine(context, stmt);
      return "ALTER PROCEDURE";
    case ObjectType::kRoutine:
      rename_routine(context, stmt);
      return "ALTER ROUTINE";
    case ObjectType::kTrigger:
      rename_trigger(context, stmt);
      return "ALTER TRIGGER";
    case ObjectType::kPolicy:
      rename_policy(context, stmt);
      return "ALTER POLICY";
    case ObjectType::kStatistics:
      return rename_statistics(context, stmt);
    default:
      throw_not_supported("renaming objects of this kind");
  }
}

std::string alter_owner(CommandContext& context, const parser::AlterOwnerStmt& stmt) {
  Oid owner = require_role(context, *stmt.new_owner);
  if (!context.is_superuser) {
    std::vector<Oid> roles = context.catalog.roles_of(context.role);
    if (std::find(roles.begin(), roles.end(), owner) == roles.end()) {
      throw SqlError(sqlstate::kInsufficientPrivilege,
                     fmt::format("must be member of role \"{}\"", role_name(context, owner)));
    }
  }
  auto name_of = [&] { return std::string(parser::as<parser::QualifiedName>(stmt.object)->names.back()); };
  if (stmt.object_type == ObjectType::kSchema) {
    std::string name = name_of();
    Oid schema = require_schema(context, name);
    const KeyMatch match[] = {{"oid", Value::of_oid(schema.value())}};
    context.catalog.for_each(system_table("pg_namespace"), match, [&](const Row& row) {
      require_owner_of(context, row.oid("nspowner"), "schema", name);
    });
    change_owner(context, "pg_namespace", schema, owner);
    return "ALTER SCHEMA";
  }
  if (stmt.object_type == ObjectType::kDatabase) {
    std::string name = name_of();
    auto database = context.catalog.find_database(name);
    if (!database.has_value()) {
      throw SqlError(sqlstate::kInvalidCatalogName, fmt::format("database \"{}\" does not exist", name));
    }
    require_owner_of(context, database->owner, "database", name);
    change_owner(context, "pg_database", database->oid, owner);
    return "ALTER DATABASE";
  }
  if (stmt.object_type == ObjectType::kType || stmt.object_type == ObjectType::kDomain) {
    change_type_owner(context, *find_type(context, parser::as<parser::QualifiedName>(stmt.object)->names),
                      owner);
    return stmt.object_type == ObjectType::kDomain ? "ALTER DOMAIN" : "ALTER TYPE";
  }
  if (stmt.object_type == ObjectType::kOperator) return set_operator_owner(context, stmt, owner);
  if (stmt.object_type == ObjectType::kStatistics) return set_statistics_owner(context, stmt, owner);
  if (parser::is<parser::RoutineRef>(stmt.object)) {
    set_routine_owner(context, stmt, owner);
    return fmt::format("ALTER {}", object_tag(stmt.object_type));
  }
  throw_not_supported("ALTER … OWNER TO for objects of this kind");
}

std::string alter_object_schema(CommandContext& context, const parser::AlterObjectSchemaStmt& stmt) {
  if (stmt.object_type == ObjectType::kType || stmt.object_type == ObjectType::kDomain) {
    Oid target = require_schema(context, stmt.new_schema);
    move_type(context, *find_type(context, parser::as<parser::QualifiedName>(stmt.object)->names), target);
    return stmt.object_type == ObjectType::kDomain ? "ALTER DOMAIN" : "ALTER TYPE";
  }
  if (stmt.object_type == ObjectType::kOperator) return set_operator_schema(context, stmt);
  if (stmt.object_type == ObjectType::kStatistics) return set_statistics_schema(context, stmt);
  if (stmt.relation == nullptr && parser::is<parser::RoutineRef>(stmt.object)) {
    set_routine_schema(context, stmt);
    return fmt::format("ALTER {}", object_tag(stmt.object_type));
  }
  if (stmt.object_type == ObjectType::kExtension) return set_extension_schema(context, stmt);
  if (stmt.relation == nullptr) throw_not_supported("ALTER … SET SCHEMA for objects of this kind");
  std::string tag = fmt::format("ALTER {}", object_tag(stmt.object_type));
  RelationPtr relation = altered_relation(context, *stmt.relation, stmt.object_type, stmt.missing_ok);
  if (relation == nullptr) return tag;
  ViewRenewal views(context);
  views.bind_readers_of(*relation);
  Oid schema = require_schema(context, stmt.new_schema);
  if (schema == relation->schema) return tag;
  if (relation->persistence == 't' || context.catalog.schema_name(schema).starts_with("pg_temp_")) {
    throw SqlError(sqlstate::kFeatureNotSupported, "cannot move objects into or out of temporary schemas");
  }
  Oid old_schema = relation->schema;
  auto move = [&](const Relation& r) {
    if (context.catalog.find_relation_oid(schema, r.name) != kInvalidOid) {
      throw SqlError(sqlstate::kDuplicateTable,
                     fmt::format("relation \"{}\" already exists in schema \"{}\"", r.name, stmt.new_schema));
    }
    std::string old_name = qualified_name(context, old_schema, r.name);
    change_class_row(context, r.oid, [&](RowDraft& draft) { draft.oid("relnamespace", schema); });
    const KeyMatch depend[] = {{"classid", Value::of_oid(kClassClass.value())},
                               {"objid", Value::of_oid(r.oid.value())},
                               {"refclassid", Value::of_oid(kNamespaceClass.value())}};
    if (context.catalog.remove_where(system_table("pg_depend"), depend) != 0) {
      add_dependency(context, relation_address(r.oid), {kNamespaceClass, schema}, 'n');
    }
    if (r.kind == RelationKind::kSequence) {
      renew_sequence_defaults(context, r.oid, old_name, qualified_name(context, schema, r.name));
    }
    if (r.row_type == kInvalidOid) return;
    const KeyMatch type[] = {{"oid", Value::of_oid(r.row_type.value())}};
    context.catalog.for_each(system_table("pg_type"), type, [&](const Row& row) {
      RowDraft draft(system_table("pg_type"), row);
      draft.oid("typnamespace", schema);
      context.catalog.update(row, draft);
      return false;
    });
  };
  move(*relation);
  for (const catalog::Index& index : relation->indexes) move(*context.catalog.relation(index.oid));
  if (relation->is_table()) {
    for (Oid sequence : owned_sequences(context, relation->oid, 0, "ai"))
      move(*context.catalog.relation(sequence));
  }
  const KeyMatch constraints[] = {{"conrelid", Value::of_oid(relation->oid.value())}};
  context.catalog.for_each(system_table("pg_constraint"), constraints, [&](const Row& row) {
    RowDraft draft(system_table("pg_constraint"), row);
    draft.oid("connamespace", schema);
    context.catalog.update(row, draft);
  });
  views.print_all();
  return tag;
}

}  // namespace varve::commands
