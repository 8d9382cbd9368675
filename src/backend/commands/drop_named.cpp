// DROP of kinds that nothing can be created of: an object of the server's own cannot be dropped, and any
// other does not exist.
#include <fmt/format.h>

#include "catalog/catalog.h"
#include "common/sql_error.h"
#include "drop.h"
#include "names.h"

namespace varve::commands {

using parser::ObjectType;

namespace {

struct NamedKind {
  ObjectType type;
  std::string_view word, table, name_column, schema_column;  // no schema column: names are the database's
  std::string_view tag;
};
constexpr NamedKind kNamedKinds[] = {
    {ObjectType::kAccessMethod, "access method", "pg_am", "amname", "", "DROP ACCESS METHOD"},
    {ObjectType::kCollation, "collation", "pg_collation", "collname", "collnamespace", "DROP COLLATION"},
    {ObjectType::kConversion, "conversion", "pg_conversion", "conname", "connamespace", "DROP CONVERSION"},
    {ObjectType::kEventTrigger, "event trigger", "pg_event_trigger", "evtname", "", "DROP EVENT TRIGGER"},
    {ObjectType::kForeignDataWrapper, "foreign-data wrapper", "pg_foreign_data_wrapper", "fdwname", "",
     "DROP FOREIGN DATA WRAPPER"},
    {ObjectType::kForeignServer, "server", "pg_foreign_server", "srvname", "", "DROP SERVER"},
    {ObjectType::kLanguage, "language", "pg_language", "lanname", "", "DROP LANGUAGE"},
    {ObjectType::kPublication, "publication", "pg_publication", "pubname", "", "DROP PUBLICATION"},
    {ObjectType::kTsConfiguration, "text search configuration", "pg_ts_config", "cfgname", "cfgnamespace",
     "DROP TEXT SEARCH CONFIGURATION"},
    {ObjectType::kTsDictionary, "text search dictionary", "pg_ts_dict", "dictname", "dictnamespace",
     "DROP TEXT SEARCH DICTIONARY"},
    {ObjectType::kTsParser, "text search parser", "pg_ts_parser", "prsname", "prsnamespace",
     "DROP TEXT SEARCH PARSER"},
    {ObjectType::kTsTemplate, "text search template", "pg_ts_template", "tmplname", "tmplnamespace",
     "DROP TEXT SEARCH TEMPLATE"},
};

void say_missing(CommandContext& context, bool missing_ok, SqlState state, const std::string& message) {
  if (!missing_ok) throw SqlError(state, message);
  context.services.notice(message + ", skipping");
}

bool exists(CommandContext& context, const NamedKind& kind, std::string_view name, Oid schema) {
  bool found = false;
  const KeyMatch match[] = {{kind.name_column, Value::of_string(name)}};
  context.catalog.for_each(system_table(kind.table), match, [&](const Row& row) {
    found =
        found || kind.schema_column.empty() || schema == kInvalidOid || row.oid(kind.schema_column) == schema;
  });
  return found;
}

// False: its schema does not exist, which has been said.
bool find_schema_of(CommandContext& context, const parser::NameList& names, bool missing_ok, Oid* schema) {
  if (names.size() < 2) return true;
  const std::string_view name = names[names.size() - 2];
  *schema = context.catalog.find_schema(name);
  if (*schema != kInvalidOid) return true;
  say_missing(context, missing_ok, sqlstate::kInvalidSchemaName,
              fmt::format("schema \"{}\" does not exist", name));
  return false;
}

void drop_operator_group(CommandContext& context, const parser::DropStmt& stmt, std::string_view word,
                         const NamedKind& kind) {
  const auto& pair = *parser::as<parser::ListNode>(stmt.objects[0]);
  const std::string_view method = parser::as<parser::QualifiedName>(pair.items[0])->names.back();
  const parser::NameList& names = parser::as<parser::QualifiedName>(pair.items[1])->names;
  if (!exists(context, kNamedKinds[0], method, kInvalidOid)) {
    throw SqlError(sqlstate::kUndefinedObject, fmt::format("access method \"{}\" does not exist", method));
  }
  Oid schema;
  if (!find_schema_of(context, names, stmt.missing_ok, &schema)) return;
  if (exists(context, kind, names.back(), schema)) throw_not_supported(fmt::format("dropping an {}", word));
  say_missing(context, stmt.missing_ok, sqlstate::kUndefinedObject,
              fmt::format("{} \"{}\" does not exist for access method \"{}\"", word, dotted(names), method));
}

void drop_rule(CommandContext& context, const parser::DropStmt& stmt) {
  const auto& pair = *parser::as<parser::ListNode>(stmt.objects[0]);
  const parser::NameList& table = parser::as<parser::QualifiedName>(pair.items[0])->names;
  const std::string_view rule = parser::as<parser::QualifiedName>(pair.items[1])->names.back();
  Oid schema;
  if (!find_schema_of(context, table, stmt.missing_ok, &schema)) return;
  parser::RangeVar name;
  name.name = table.back();
  if (table.size() > 1) name.schema = table[table.size() - 2];
  RelationPtr relation = find_relation(context, name, txn::LockMode::kAccessShare, true);
  if (relation == nullptr) {
    return say_missing(context, stmt.missing_ok, sqlstate::kUndefinedTable,
                       fmt::format("relation \"{}\" does not exist", dotted(table)));
  }
  bool found = false;
  const KeyMatch match[] = {{"ev_class", Value::of_oid(relation->oid.value())}};
  context.catalog.for_each(system_table("pg_rewrite"), match,
                           [&](const Row& row) { found = found || row.text("rulename") == rule; });
  if (found) {
    throw SqlError(sqlstate::kDependentObjectsStillExist,
                   fmt::format("cannot drop rule {} on view {} because view {} requires it", rule,
                               relation->name, relation->name))
        .hint(fmt::format("You can drop view {} instead.", relation->name));
  }
  say_missing(context, stmt.missing_ok, sqlstate::kUndefinedObject,
              fmt::format("rule \"{}\" for relation \"{}\" does not exist", rule, relation->name));
}

void drop_foreign_tables(CommandContext& context, const parser::DropStmt& stmt) {
  for (const parser::Node* node : stmt.objects) {
    const auto& name = *parser::as<parser::RangeVar>(node);
    if (!name.schema.empty() && context.catalog.find_schema(name.schema) == kInvalidOid) {
      say_missing(context, stmt.missing_ok, sqlstate::kInvalidSchemaName,
                  fmt::format("schema \"{}\" does not exist", name.schema));
      continue;
    }
    RelationPtr relation = find_relation(context, name, txn::LockMode::kAccessShare, true);
    if (relation != nullptr) {
      std::string kind(kind_word(relation->kind));
      std::string command;
      for (char c : kind) command += static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
      throw SqlError(sqlstate::kWrongObjectType, fmt::format("\"{}\" is not a foreign table", relation->name))
          .hint(fmt::format("Use DROP {} to remove {} {}.", command, kind == "index" ? "an" : "a", kind));
    }
    say_missing(context, stmt.missing_ok, sqlstate::kUndefinedObject,
                fmt::format("foreign table \"{}\" does not exist", name.name));
  }
}

}  // namespace

std::string drop_named(CommandContext& context, const parser::DropStmt& stmt) {
  switch (stmt.object_type) {
    case ObjectType::kForeignTable:
      drop_foreign_tables(context, stmt);
      return "DROP FOREIGN TABLE";
    case ObjectType::kRule:
      drop_rule(context, stmt);
      return "DROP RULE";
    case ObjectType::kOpClass:
      drop_operator_group(context, stmt, "operator class",
                          {stmt.object_type, "", "pg_opclass", "opcname", "opcnamespace", ""});
      return "DROP OPERATOR CLASS";
    case ObjectType::kOpFamily:
      drop_operator_group(context, stmt, "operator family",
                          {stmt.object_type, "", "pg_opfamily", "opfname", "opfnamespace", ""});
      return "DROP OPERATOR FAMILY";
    default:
      break;
  }
  for (const NamedKind& kind : kNamedKinds) {
    if (kind.type != stmt.object_type) continue;
    for (const parser::Node* node : stmt.objects) {
      const parser::NameList& names = parser::as<parser::QualifiedName>(node)->names;
      Oid schema;
      if (!kind.schema_column.empty() && !find_schema_of(context, names, stmt.missing_ok, &schema)) continue;
      if (exists(context, kind, names.back(), schema))
        throw_not_supported(fmt::format("dropping a {}", kind.word));
      const bool by_encoding = kind.type == ObjectType::kCollation && !stmt.missing_ok;
      say_missing(context, stmt.missing_ok, sqlstate::kUndefinedObject,
                  fmt::format("{} \"{}\"{} does not exist", kind.word, dotted(names),
                              by_encoding ? " for encoding \"UTF8\"" : ""));
    }
    return std::string(kind.tag);
  }
  throw_not_supported("dropping objects of this kind");
}

}  // namespace varve::commands
