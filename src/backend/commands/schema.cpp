#include "schema.h"

#include <algorithm>
#include <fmt/format.h>

#include "common/sql_error.h"
#include "extended_statistics.h"
#include "functions/registry.h"
#include "grant.h"
#include "operator.h"
#include "policy.h"
#include "routine.h"
#include "type.h"

namespace varve::commands {

using parser::ObjectType;

std::string create_schema(CommandContext& context, const parser::CreateSchemaStmt& stmt) {
  Oid owner = stmt.owner == nullptr ? context.role : require_role(context, *stmt.owner);
  std::string name = stmt.name.empty() ? role_name(context, owner) : std::string(stmt.name);
  if (!context.is_superuser) {
    auto database = context.catalog.database_info(context.catalog.database().oid());
    if (!database.has_value() || !has_privileges_of(context, database->owner)) {
      throw SqlError(
          sqlstate::kInsufficientPrivilege,
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
  std::string acl = default_acl_text(context, 'n', owner, kInvalidOid);
  if (!acl.empty()) row.text("nspacl", acl);
  context.catalog.insert(row);
  add_to_extension(context, {kNamespaceClass, oid});
  // What stands inside the statement is made in the new schema.
  std::vector<Oid> path(context.search_path.begin(), context.search_path.end());
  path.insert(path.begin() + (context.temporary_first ? 1 : 0), oid);
  CommandContext inner{context.catalog,
                       context.txn,
                       context.eval,
                       context.services,
                       context.sql,
                       path,
                       context.role,
                       context.is_superuser,
                       context.arena,
                       context.relations,
                       context.temporary_first,
                       context.extension};
  for (const parser::Node* element : stmt.elements) run(inner, element);
  return "CREATE SCHEMA";
}

namespace {

void write_comment(CommandContext& context, const ObjectAddress& object, const parser::CommentStmt& stmt,
                   bool shared) {
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

parser::NameList names_of(CommandContext& context, const parser::Node* node) {
  if (parser::is<parser::QualifiedName>(node)) return parser::as<parser::QualifiedName>(node)->names;
  // "x ON table": the table's names and x behind them.
  if (parser::is<parser::ListNode>(node)) {
    std::vector<std::string_view> all;
    for (const parser::Node* item : parser::as<parser::ListNode>(node)->items) {
      for (std::string_view name : names_of(context, item)) all.push_back(name);
    }
    return context.arena.copy(all);
  }
  throw_not_supported("COMMENT ON this kind of object");
}

void require_kind(const Relation& relation, ObjectType wanted) {
  using catalog::RelationKind;
  auto refuse = [&](std::string_view what) {
    throw SqlError(sqlstate::kWrongObjectType, fmt::format("\"{}\" is not {}", relation.name, what));
  };
  bool table = relation.kind == RelationKind::kTable || relation.kind == RelationKind::kPartitioned;
  if (wanted == ObjectType::kTable && !table) refuse("a table");
  if (wanted == ObjectType::kView && relation.kind != RelationKind::kView) refuse("a view");
  if (wanted == ObjectType::kIndex && relation.kind != RelationKind::kIndex &&
      relation.kind != RelationKind::kPartitionedIndex) {
    refuse("an index");
  }
  if (wanted == ObjectType::kSequence && relation.kind != RelationKind::kSequence) refuse("a sequence");
  if (wanted == ObjectType::kMaterializedView && relation.kind != RelationKind::kMaterializedView)
    refuse("a materialized view");
}

void require_row_owner(CommandContext& context, std::string_view table, std::string_view owner_column,
                       Oid oid, std::string_view what, std::string_view name) {
  Oid owner;
  const KeyMatch match[] = {{"oid", Value::of_oid(oid.value())}};
  context.catalog.for_each(system_table(table), match,
                           [&](const Row& row) { owner = row.oid(owner_column); });
  require_owner_of(context, owner, what, name);
}

// Objects of one table whose columns are called <prefix>name and <prefix>owner.
std::string comment_on_named(CommandContext& context, const parser::CommentStmt& stmt, std::string_view table,
                             std::string_view prefix, Oid class_oid, std::string_view what, bool shared) {
  std::string_view name = names_of(context, stmt.object).back();
  Oid oid;
  std::string column = fmt::format("{}name", prefix), owner = fmt::format("{}owner", prefix);
  context.catalog.for_each(system_table(table), {}, [&](const Row& row) {
    if (row.text(column) == name) oid = row.oid("oid");
  });
  if (oid == kInvalidOid) {
    std::string encoding = what == "collation" ? " for encoding \"UTF8\"" : "";
    throw SqlError(sqlstate::kUndefinedObject,
                   fmt::format("{} \"{}\"{} does not exist", what, name, encoding));
  }
  if (system_table(table).find_column(owner) >= 0)
    require_row_owner(context, table, owner, oid, what, name);
  else if (!context.is_superuser)
    throw SqlError(sqlstate::kInsufficientPrivilege, "must be superuser");
  write_comment(context, {class_oid, oid}, stmt, shared);
  return "COMMENT";
}

// x USING method: of a class or a family of operators.
std::string comment_on_operators(CommandContext& context, const parser::CommentStmt& stmt,
                                 std::string_view table, std::string_view prefix, Oid class_oid,
                                 std::string_view what) {
  const auto& pair = *parser::as<parser::ListNode>(stmt.object);
  std::string_view method = names_of(context, pair.items[0]).back();
  parser::NameList names = names_of(context, pair.items[1]);
  Oid method_oid, schema, found;
  const KeyMatch by_name[] = {{"amname", Value::of_string(method)}};
  context.catalog.for_each(system_table("pg_am"), by_name,
                           [&](const Row& row) { method_oid = row.oid("oid"); });
  if (method_oid == kInvalidOid) {
    throw SqlError(sqlstate::kUndefinedObject, fmt::format("access method \"{}\" does not exist", method));
  }
  if (names.size() > 1) schema = require_schema(context, names[names.size() - 2]);
  std::string of_method = fmt::format("{}method", prefix), of_name = fmt::format("{}name", prefix),
              of_schema = fmt::format("{}namespace", prefix), of_owner = fmt::format("{}owner", prefix);
  const KeyMatch match[] = {{of_method, Value::of_oid(method_oid.value())},
                            {of_name, Value::of_string(names.back())}};
  context.catalog.for_each(system_table(table), match, [&](const Row& row) {
    if (schema == kInvalidOid || row.oid(of_schema) == schema) found = row.oid("oid");
  });
  if (found == kInvalidOid) {
    throw SqlError(
        sqlstate::kUndefinedObject,
        fmt::format("{} \"{}\" does not exist for access method \"{}\"", what, names.back(), method));
  }
  require_row_owner(context, table, of_owner, found, what, fmt::format("{}.{}", method, names.back()));
  write_comment(context, {class_oid, found}, stmt, false);
  return "COMMENT";
}

std::string comment_on_rule(CommandContext& context, const parser::CommentStmt& stmt) {
  parser::NameList names = names_of(context, stmt.object);
  parser::RangeVar name;
  name.name = names[names.size() - 2];
  if (names.size() > 2) name.schema = names[names.size() - 3];
  RelationPtr relation = find_relation(context, name, txn::LockMode::kShareUpdateExclusive);
  require_owner_of(context, relation->owner, "relation", relation->name);
  Oid found;
  const KeyMatch match[] = {{"ev_class", Value::of_oid(relation->oid.value())},
                            {"rulename", Value::of_string(names.back())}};
  context.catalog.for_each(system_table("pg_rewrite"), match,
                           [&](const Row& row) { found = row.oid("oid"); });
  if (found == kInvalidOid) {
    throw SqlError(sqlstate::kUndefinedObject, fmt::format("rule \"{}\" for relation \"{}\" does not exist",
                                                           names.back(), relation->name));
  }
  write_comment(context, {kRewriteClass, found}, stmt, false);
  return "COMMENT";
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
        relation = find_relation(context, *parser::as<parser::RangeVar>(stmt.object),
                                 txn::LockMode::kShareUpdateExclusive);
        require_owner(context, *relation);
      } else {
        relation = relation_of(context, names_of(context, stmt.object));
      }
      require_kind(*relation, stmt.object_type);
      write_comment(context, relation_address(relation->oid), stmt, false);
      return "COMMENT";
    }
    case ObjectType::kColumn: {
      parser::NameList names = names_of(context, stmt.object);
      if (names.size() < 2) {
        throw SqlError(sqlstate::kSyntaxError, "column name must be qualified");
      }
      RelationPtr relation = relation_of(context, names.first(names.size() - 1));
      ColumnNumber number = relation->find_column(names.back());
      if (number == 0) {
        std::string dotted;
        for (std::string_view n : names.first(names.size() - 1))
          dotted += (dotted.empty() ? "" : ".") + std::string(n);
        throw SqlError(sqlstate::kUndefinedColumn,
                       fmt::format("column \"{}\" of relation \"{}\" does not exist", names.back(), dotted));
      }
      write_comment(context, column_address(relation->oid, number), stmt, false);
      return "COMMENT";
    }
    case ObjectType::kTableConstraint: {
      parser::NameList names = names_of(context, stmt.object);
      RelationPtr relation = relation_of(context, names.first(names.size() - 1));
      Oid oid;
      const KeyMatch match[] = {{"conrelid", Value::of_oid(relation->oid.value())},
                                {"conname", Value::of_string(names.back())}};
      context.catalog.for_each(system_table("pg_constraint"), match,
                               [&](const Row& row) { oid = row.oid("oid"); });
      if (oid == kInvalidOid) {
        throw SqlError(
            sqlstate::kUndefinedObject,
            fmt::format("constraint \"{}\" for table \"{}\" does not exist", names.back(), relation->name));
      }
      write_comment(context, {kConstraintClass, oid}, stmt, false);
      return "COMMENT";
    }
    case ObjectType::kFunction:
    case ObjectType::kProcedure:
    case ObjectType::kRoutine: {
      catalog::RoutinePtr routine =
          find_routine(context, *parser::as<parser::RoutineRef>(stmt.object), stmt.object_type);
      require_owner_of(context, routine->owner, "function", routine->name);
      write_comment(context, {kProcClass, routine->oid}, stmt, false);
      return "COMMENT";
    }
    case ObjectType::kTrigger: {
      parser::NameList names = names_of(context, stmt.object);
      RelationPtr relation = relation_of(context, names.first(names.size() - 1));
      auto trigger = std::find_if(relation->triggers.begin(), relation->triggers.end(),
                                  [&](const catalog::Trigger& t) { return t.name == names.back(); });
      if (trigger == relation->triggers.end()) {
        throw SqlError(
            sqlstate::kUndefinedObject,
            fmt::format("trigger \"{}\" for table \"{}\" does not exist", names.back(), relation->name));
      }
      write_comment(context, {kTriggerClass, trigger->oid}, stmt, false);
      return "COMMENT";
    }
    case ObjectType::kPolicy: {
      parser::NameList names = names_of(context, stmt.object);
      RelationPtr relation = relation_of(context, names.first(names.size() - 1));
      write_comment(context, {kPolicyClass, require_policy(*relation, names.back()).oid}, stmt, false);
      return "COMMENT";
    }
    case ObjectType::kStatistics:
      write_comment(context, owned_statistics(context, names_of(context, stmt.object)), stmt, false);
      return "COMMENT";
    case ObjectType::kSchema: {
      Oid schema = require_schema(context, names_of(context, stmt.object).back());
      write_comment(context, {kNamespaceClass, schema}, stmt, false);
      return "COMMENT";
    }
    case ObjectType::kDatabase: {
      auto database = context.catalog.find_database(names_of(context, stmt.object).back());
      if (!database.has_value()) {  // a dump may name the database that it came from
        context.services.notice(
            "WARNING", sqlstate::kInvalidCatalogName,
            fmt::format("database \"{}\" does not exist", names_of(context, stmt.object).back()));
        return "COMMENT";
      }
      write_comment(context, {kDatabaseClass, database->oid}, stmt, true);
      return "COMMENT";
    }
    case ObjectType::kRole: {
      parser::RoleSpec spec;
      spec.name = names_of(context, stmt.object).back();
      write_comment(context, {kRoleClass, require_role(context, spec)}, stmt, true);
      return "COMMENT";
    }
    case ObjectType::kType:
    case ObjectType::kDomain: {
      analyzer::AnalyzerContext inner = context.analyzer_context();
      Oid type = analyzer::resolve_type_name(inner, *parser::as<parser::TypeName>(stmt.object)).type;
      require_row_owner(context, "pg_type", "typowner", type, "type", functions::format_type(type, -1));
      write_comment(context, {kTypeClass, type}, stmt, false);
      return "COMMENT";
    }
    case ObjectType::kCollation:
      return comment_on_named(context, stmt, "pg_collation", "coll", Oid{3456}, "collation", false);
    case ObjectType::kAggregate: {
      catalog::RoutinePtr routine =
          find_routine(context, *parser::as<parser::RoutineRef>(stmt.object), stmt.object_type);
      require_owner_of(context, routine->owner, "aggregate", routine->name);
      write_comment(context, {kProcClass, routine->oid}, stmt, false);
      return "COMMENT";
    }
    case ObjectType::kOperator: {
      ObjectAddress found = find_operator(context, *parser::as<parser::RoutineRef>(stmt.object));
      require_row_owner(context, "pg_operator", "oprowner", found.object, "operator",
                        parser::as<parser::RoutineRef>(stmt.object)->names.back());
      write_comment(context, found, stmt, false);
      return "COMMENT";
    }
    case ObjectType::kDomainConstraint: {
      parser::NameList names = names_of(context, stmt.object);
      catalog::UserTypePtr type = find_type(context, names.first(names.size() - 1));
      require_owner_of(context, type->owner, "type", type->name);
      auto check = std::find_if(type->checks.begin(), type->checks.end(),
                                [&](const catalog::DomainCheck& c) { return c.name == names.back(); });
      if (check == type->checks.end()) {
        throw SqlError(
            sqlstate::kUndefinedObject,
            fmt::format("constraint \"{}\" for domain {} does not exist", names.back(), type->name));
      }
      write_comment(context, {kConstraintClass, check->oid}, stmt, false);
      return "COMMENT";
    }
    case ObjectType::kTsConfiguration:
      return comment_on_named(context, stmt, "pg_ts_config", "cfg", Oid{3602}, "text search configuration",
                              false);
    case ObjectType::kTsDictionary:
      return comment_on_named(context, stmt, "pg_ts_dict", "dict", Oid{3600}, "text search dictionary",
                              false);
    case ObjectType::kTsParser:
      return comment_on_named(context, stmt, "pg_ts_parser", "prs", Oid{3601}, "text search parser", false);
    case ObjectType::kTsTemplate:
      return comment_on_named(context, stmt, "pg_ts_template", "tmpl", Oid{3764}, "text search template",
                              false);
    case ObjectType::kConversion:
      return comment_on_named(context, stmt, "pg_conversion", "con", Oid{2607}, "conversion", false);
    case ObjectType::kOpClass:
      return comment_on_operators(context, stmt, "pg_opclass", "opc", Oid{2616}, "operator class");
    case ObjectType::kOpFamily:
      return comment_on_operators(context, stmt, "pg_opfamily", "opf", Oid{2753}, "operator family");
    case ObjectType::kRule:
      return comment_on_rule(context, stmt);
    case ObjectType::kCast:
      write_comment(context, find_cast(context, *parser::as<parser::ListNode>(stmt.object)), stmt, false);
      return "COMMENT";
    case ObjectType::kExtension:
      return comment_on_named(context, stmt, "pg_extension", "ext", kExtensionClass, "extension", false);
    case ObjectType::kLanguage:
      return comment_on_named(context, stmt, "pg_language", "lan", Oid{2612}, "language", false);
    case ObjectType::kAccessMethod:
      return comment_on_named(context, stmt, "pg_am", "am", Oid{2601}, "access method", false);
    case ObjectType::kTablespace:
      return comment_on_named(context, stmt, "pg_tablespace", "spc", Oid{1213}, "tablespace", true);
    default:
      throw_not_supported("COMMENT ON this kind of object");
  }
}

}  // namespace varve::commands
