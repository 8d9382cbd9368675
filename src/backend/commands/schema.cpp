#include "schema.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/sql_error.h"

namespace varve::commands {

using parser::ObjectType;

std::string create_schema(CommandContext& context, const parser::CreateSchemaStmt& stmt) {
  Oid owner = stmt.owner == nullptr ? context.role : require_role(context, *stmt.owner);
  std::string name = stmt.name.empty() ? role_name(context, owner) : std::string(stmt.name);
  if (!context.is_superuser) {
    auto database = context.catalog.database_info(context.catalog.database().oid());
    if (!database.has_value() || !has_privileges_of(context, database->owner)) {
      throw SqlError(sqlstate::kInsufficientPrivilege,
                     fmt::format("permission denied for database {}", database.has_value() ? database->name : ""));
    }
  }
  if (name.starts_with("pg_")) {
    throw SqlError(sqlstate::kReservedName, fmt::format("unacceptable schema name \"{}\"", name))
        .detail("The prefix \"pg_\" is reserved for system schemas.");
  }
  if (context.catalog.find_schema(name) != kInvalidOid) {
    std::string message = fmt::format("schema \"{}\" already exists", name);
    if (!stmt.if_not_exists) throw SqlError(sqlstate::kDuplicateSchema, message);
    context.services.notice("NOTICE", sqlstate::kDuplicateSchema, message + ", skipping");
    return "CREATE SCHEMA";
  }
  Oid oid = catalog::Database::new_oid();
  RowDraft row(system_table("pg_namespace"));
  row.oid("oid", oid).text("nspname", name).oid("nspowner", owner);
  context.catalog.insert(row);
  // What stands inside the statement is made in the new schema.
  std::vector<Oid> path{oid};
  path.insert(path.end(), context.search_path.begin(), context.search_path.end());
  CommandContext inner{context.catalog, context.txn, context.eval, context.services, context.sql, path, context.role,
                       context.is_superuser, context.arena, context.relations};
  for (const parser::Node* element : stmt.elements) run(inner, element);
  return "CREATE SCHEMA";
}

namespace {

void write_comment(CommandContext& context, const ObjectAddress& object, const parser::CommentStmt& stmt, bool shared) {
  std::string_view name = shared ? "pg_shdescription" : "pg_description";
  std::vector<KeyMatch> match{{"objoid", Value::of_oid(object.object.value())},
                              {"classoid", Value::of_oid(object.class_oid.value())}};
  if (!shared) match.push_back({"objsubid", Value::of_int32(object.sub)});
  context.catalog.remove_where(system_table(name), match);
  if (stmt.is_null || stmt.comment.empty()) return;
  RowDraft row(system_table(name));
  row.oid("objoid", object.object).oid("classoid", object.class_oid).text("description", stmt.comment);
  if (!shared) row.int4("objsubid", object.sub);
  context.catalog.insert(row);
}

// The relation and the last part of "[schema.]table.column", or of "constraint ON table".
RelationPtr relation_of(CommandContext& context, parser::NameList names) {
  parser::RangeVar name;
  name.name = names.back();
  if (names.size() > 1) name.schema = names[names.size() - 2];
  RelationPtr relation = find_relation(context, name, txn::LockMode::kShareUpdateExclusive);
  require_owner(context, *relation);
  return relation;
}

parser::NameList names_of(const parser::Node* node) {
  if (parser::is<parser::QualifiedName>(node)) return parser::as<parser::QualifiedName>(node)->names;
  throw_not_supported("COMMENT ON this kind of object");
}

}  // namespace

std::string comment(CommandContext& context, const parser::CommentStmt& stmt) {
  switch (stmt.object_type) {
    case ObjectType::kTable:
    case ObjectType::kIndex:
    case ObjectType::kSequence:
    case ObjectType::kView:
    case ObjectType::kMaterializedView: {
      RelationPtr relation;
      if (parser::is<parser::RangeVar>(stmt.object)) {
        relation = find_relation(context, *parser::as<parser::RangeVar>(stmt.object), txn::LockMode::kShareUpdateExclusive);
        require_owner(context, *relation);
      } else {
        relation = relation_of(context, names_of(stmt.object));
      }
      write_comment(context, relation_address(relation->oid), stmt, false);
      return "COMMENT";
    }
    case ObjectType::kColumn: {
      parser::NameList names = names_of(stmt.object);
      if (names.size() < 2) {
        throw SqlError(sqlstate::kSyntaxError, "column name must be qualified");
      }
      RelationPtr relation = relation_of(context, names.first(names.size() - 1));
      ColumnNumber number = require_column(context, *relation, names.back());
      write_comment(context, column_address(relation->oid, number), stmt, false);
      return "COMMENT";
    }
    case ObjectType::kTableConstraint: {
      parser::NameList names = names_of(stmt.object);
      RelationPtr relation = relation_of(context, names.first(names.size() - 1));
      Oid oid;
      const KeyMatch match[] = {{"conrelid", Value::of_oid(relation->oid.value())}, {"conname", Value::of_string(names.back())}};
      context.catalog.for_each(system_table("pg_constraint"), match, [&](const Row& row) { oid = row.oid("oid"); });
      if (oid == kInvalidOid) {
        throw SqlError(sqlstate::kUndefinedObject,
                       fmt::format("constraint \"{}\" for table \"{}\" does not exist", names.back(), relation->name));
      }
      write_comment(context, {kConstraintClass, oid}, stmt, false);
      return "COMMENT";
    }
    case ObjectType::kSchema: {
      Oid schema = require_schema(context, names_of(stmt.object).back());
      write_comment(context, {kNamespaceClass, schema}, stmt, false);
      return "COMMENT";
    }
    case ObjectType::kDatabase: {
      auto database = context.catalog.find_database(names_of(stmt.object).back());
      if (!database.has_value()) {
        throw SqlError(sqlstate::kInvalidCatalogName,
                       fmt::format("database \"{}\" does not exist", names_of(stmt.object).back()));
      }
      write_comment(context, {kDatabaseClass, database->oid}, stmt, true);
      return "COMMENT";
    }
    case ObjectType::kRole: {
      parser::RoleSpec spec;
      spec.name = names_of(stmt.object).back();
      write_comment(context, {kRoleClass, require_role(context, spec)}, stmt, true);
      return "COMMENT";
    }
    default: throw_not_supported("COMMENT ON this kind of object");
  }
}

}  // namespace varve::commands
