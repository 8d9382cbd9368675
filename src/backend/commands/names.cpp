#include "names.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include "analyzer/own_database.h"
#include "catalog/user_type.h"
#include "commands/options.h"
#include "common/ascii.h"
#include "common/sql_error.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "parser/parser.h"
#include "privileges.h"

namespace varve::commands {

using catalog::RelationKind;

int position(const CommandContext& context, int32_t location) {
  return parser::character_position(context.sql, location);
}

Oid require_schema(CommandContext& context, std::string_view name, int32_t location) {
  Oid schema = context.catalog.find_schema(name);
  if (schema == kInvalidOid) {
    throw SqlError(sqlstate::kInvalidSchemaName, fmt::format("schema \"{}\" does not exist", name))
        .at(position(context, location));
  }
  return schema;
}

namespace {

// The command that makes it looks for other names there, too: a table may refer to itself.
Oid make_temporary_schema(CommandContext& context) {
  const Oid schema = context.services.temporary_schema(true);
  std::vector<Oid> path{schema};
  path.insert(path.end(), context.search_path.begin(), context.search_path.end());
  context.search_path = context.arena.copy(path);
  context.temporary_first = true;
  return schema;
}

// The schema of temporary objects, which is made when it is first needed.
Oid temporary_creation_schema(CommandContext& context) {
  const bool allowed = context.is_superuser || RoleRights(context.catalog, context.role).database_allows('T');
  if (context.catalog.temporary_schema() == kInvalidOid) {
    if (allowed) return make_temporary_schema(context);
    const auto database = context.catalog.database_info(context.catalog.database().oid());
    throw SqlError(
        sqlstate::kInsufficientPrivilege,
        fmt::format("permission denied to create temporary tables in database \"{}\"", database->name));
  }
  require_schema_create(context, context.catalog.temporary_schema());
  return context.catalog.temporary_schema();
}

}  // namespace

Oid creation_schema(CommandContext& context, std::string_view name, int32_t location) {
  Oid schema;
  if (name == "pg_temp") return temporary_creation_schema(context);
  if (!name.empty()) {
    schema = require_schema(context, name, location);
  } else {
    // What is not said to be temporary is made behind the temporary schema.
    std::span<const Oid> path = context.search_path;
    if (context.temporary_first && !path.empty()) path = path.subspan(1);
    if (path.empty()) {
      throw SqlError(sqlstate::kInvalidSchemaName, "no schema has been selected to create in")
          .at(position(context, location));
    }
    schema = path.front();
  }
  try {
    require_schema_create(context, schema);
  } catch (SqlError& e) {
    if (location >= 0) e.at(position(context, location));
    throw;
  }
  return schema;
}

Oid creation_schema(CommandContext& context, const parser::RangeVar& relation) {
  const bool temporary = relation.persistence == parser::Persistence::kTemporary;
  analyzer::require_own_database(context.analyzer_context(), relation, 0);
  if (relation.schema == "pg_temp") return temporary_creation_schema(context);
  if (!relation.schema.empty() && relation.schema.starts_with("pg_temp_")) {
    Oid schema = require_schema(context, relation.schema, relation.location);
    if (schema != context.catalog.temporary_schema()) {
      throw SqlError(sqlstate::kInvalidTableDefinition,
                     "cannot create relations in temporary schemas of other sessions")
          .at(position(context, relation.location));
    }
    return schema;
  }
  if (temporary && !relation.schema.empty()) {
    throw SqlError(sqlstate::kInvalidTableDefinition,
                   "cannot create temporary relation in non-temporary schema")
        .at(position(context, relation.location));
  }
  if (temporary) return temporary_creation_schema(context);
  return creation_schema(context, relation.schema, relation.location);
}

std::string qualified_name(CommandContext& context, Oid schema, std::string_view name) {
  return fmt::format("{}.{}", parser::quote_identifier(context.catalog.schema_name(schema)),
                     parser::quote_identifier(name));
}

namespace {

// Cuts to at most `bytes`, not through a character.
std::string_view clip(std::string_view name, size_t bytes) {
  if (name.size() <= bytes) return name;
  while (bytes > 0 && (static_cast<unsigned char>(name[bytes]) & 0xC0) == 0x80) --bytes;
  return name.substr(0, bytes);
}

}  // namespace

std::string make_object_name(std::string_view name1, std::string_view name2, std::string_view label) {
  size_t overhead = (name2.empty() ? 0 : 1) + (label.empty() ? 0 : label.size() + 1);
  size_t room = kMaxNameBytes - overhead;
  size_t n1 = name1.size(), n2 = name2.size();
  while (n1 + n2 > room) {
    if (n1 > n2)
      --n1;
    else
      --n2;
  }
  std::string out(clip(name1, n1));
  if (!name2.empty()) out += fmt::format("_{}", clip(name2, n2));
  if (!label.empty()) out += fmt::format("_{}", label);
  return out;
}

namespace {

bool constraint_in_schema(CommandContext& context, Oid schema, std::string_view name) {
  bool found = false;
  const KeyMatch match[] = {{"conname", Value::of_string(name)},
                            {"connamespace", Value::of_oid(schema.value())}};
  context.catalog.for_each(system_table("pg_constraint"), match, [&](const Row&) { found = true; });
  return found;
}

}  // namespace

std::string choose_relation_name(CommandContext& context, std::string_view name1, std::string_view name2,
                                 std::string_view label, Oid schema, bool constraint) {
  std::string suffix(label);
  for (int pass = 1;; ++pass) {
    std::string name = make_object_name(name1, name2, suffix);
    if (context.catalog.find_relation_oid(schema, name) == kInvalidOid &&
        (!constraint || !constraint_in_schema(context, schema, name))) {
      return name;
    }
    suffix = fmt::format("{}{}", label, pass);
  }
}

std::string choose_constraint_name(CommandContext& context, std::string_view name1, std::string_view name2,
                                   std::string_view label, Oid schema, std::span<const std::string> taken) {
  std::string suffix(label);
  for (int pass = 1;; ++pass) {
    std::string name = make_object_name(name1, name2, suffix);
    if (std::find(taken.begin(), taken.end(), name) == taken.end() &&
        !constraint_in_schema(context, schema, name)) {
      return name;
    }
    suffix = fmt::format("{}{}", label, pass);
  }
}

bool constraint_name_exists(CommandContext& context, Oid relation, std::string_view name) {
  bool found = false;
  const KeyMatch match[] = {{"conrelid", Value::of_oid(relation.value())},
                            {"contypid", Value::of_oid(0)},
                            {"conname", Value::of_string(name)}};
  context.catalog.for_each(system_table("pg_constraint"), match, [&](const Row&) { found = true; });
  return found;
}

std::string join_names(std::span<const std::string> names) {
  std::string out;
  for (const std::string& name : names) {
    if (!out.empty()) out += '_';
    out += name;
    if (out.size() > kMaxNameBytes) break;
  }
  return out;
}

RelationPtr find_relation(CommandContext& context, const parser::RangeVar& name, txn::LockMode lock,
                          bool missing_ok) {
  analyzer::AnalyzerContext inner = context.analyzer_context();
  RelationPtr relation = analyzer::find_relation(inner, name, lock, missing_ok);
  // Only a lock makes the name's meaning last; look again until it held still.
  while (relation != nullptr && lock != txn::LockMode::kNone) {
    context.services.lock_relation(relation->oid, lock);
    RelationPtr again = analyzer::find_relation(inner, name, lock, missing_ok);
    if (again == nullptr || again->oid == relation->oid) return again;
    relation = again;
  }
  return relation;
}

RelationPtr find_table(CommandContext& context, const parser::RangeVar& name, txn::LockMode lock,
                       bool missing_ok) {
  RelationPtr relation = find_relation(context, name, lock, missing_ok);
  if (relation != nullptr && !relation->is_table()) {
    throw SqlError(sqlstate::kWrongObjectType, fmt::format("\"{}\" is not a table", relation->name));
  }
  return relation;
}

bool has_privileges_of(CommandContext& context, Oid role) {
  return context.is_superuser || role == context.role ||
         RoleRights(context.catalog, context.role).has_rights_of(role);
}

std::string_view kind_word(RelationKind kind) {
  switch (kind) {
    case RelationKind::kIndex:
    case RelationKind::kPartitionedIndex:
      return "index";
    case RelationKind::kSequence:
      return "sequence";
    case RelationKind::kView:
      return "view";
    case RelationKind::kMaterializedView:
      return "materialized view";
    case RelationKind::kComposite:
      return "type";
    case RelationKind::kForeign:
      return "foreign table";
    default:
      return "table";
  }
}

std::string dotted(parser::NameList names) {
  std::string text;
  for (std::string_view name : names) text += (text.empty() ? "" : ".") + std::string(name);
  return text;
}

void require_owner_of(CommandContext& context, Oid owner, std::string_view what, std::string_view name) {
  if (has_privileges_of(context, owner)) return;
  throw SqlError(sqlstate::kInsufficientPrivilege, fmt::format("must be owner of {} {}", what, name));
}

void refuse_pending_events(CommandContext& context, std::string_view command, const Relation& relation) {
  if (!context.services.has_pending_events(relation.oid)) return;
  throw SqlError(sqlstate::kObjectInUse, fmt::format("cannot {} \"{}\" because it has pending trigger events",
                                                     command, relation.name));
}

void require_owner(CommandContext& context, const Relation& relation) {
  if (relation.is_system || relation.schema == catalog::kPgCatalogSchema) {
    throw SqlError(sqlstate::kInsufficientPrivilege,
                   fmt::format("permission denied: \"{}\" is a system catalog", relation.name));
  }
  require_owner_of(context, relation.owner, kind_word(relation.kind), relation.name);
}

ColumnNumber require_column(CommandContext& context, const Relation& relation, std::string_view name,
                            int32_t location) {
  ColumnNumber number = relation.find_column(name);
  if (number == 0) {
    throw SqlError(sqlstate::kUndefinedColumn,
                   fmt::format("column \"{}\" of relation \"{}\" does not exist", name, relation.name))
        .at(position(context, location));
  }
  return number;
}

Oid require_role(CommandContext& context, const parser::RoleSpec& spec) {
  switch (spec.role) {
    case parser::RoleSpecKind::kCurrentRole:
    case parser::RoleSpecKind::kCurrentUser:
      return context.role;
    case parser::RoleSpecKind::kSessionUser:
      if (context.eval.session != nullptr) {
        auto role = context.catalog.find_role(context.eval.session->session_user_name());
        if (role.has_value()) return role->oid;
      }
      return context.role;
    case parser::RoleSpecKind::kPublic:
      throw SqlError(sqlstate::kUndefinedObject, "role \"public\" does not exist")
          .at(position(context, spec.location));
    case parser::RoleSpecKind::kName:
      break;
  }
  auto role = context.catalog.find_role(spec.name);
  if (!role.has_value()) {
    throw SqlError(sqlstate::kUndefinedObject, fmt::format("role \"{}\" does not exist", spec.name));
  }
  return role->oid;
}

std::string role_name(CommandContext& context, Oid oid) {
  auto role = context.catalog.role(oid);
  return role.has_value() ? role->name : std::to_string(oid.value());
}

std::optional<std::string> find_option_text(const parser::Option& option) {
  if (option.value == nullptr) return "true";
  if (parser::is<parser::ConstExpr>(option.value)) {
    const auto& c = *parser::as<parser::ConstExpr>(option.value);
    switch (c.type) {
      case parser::ConstKind::kInteger:
        return std::to_string(c.integer);
      case parser::ConstKind::kBoolean:
        return c.boolean ? "true" : "false";
      case parser::ConstKind::kNull:
        return "";
      default:
        return std::string(c.text);
    }
  }
  if (parser::is<parser::QualifiedName>(option.value))
    return std::string(parser::as<parser::QualifiedName>(option.value)->names.back());
  if (parser::is<parser::TypeName>(option.value))
    return std::string(parser::as<parser::TypeName>(option.value)->names.back());
  return std::nullopt;
}

std::optional<bool> parse_switch(std::string_view text) {
  const std::string lower = ascii_lower(text);
  if (lower == "true" || lower == "on" || lower == "1" || lower == "yes") return true;
  if (lower == "false" || lower == "off" || lower == "0" || lower == "no") return false;
  return std::nullopt;
}

std::string option_text(const parser::Option& option) {
  if (auto text = find_option_text(option)) return *text;
  throw SqlError(sqlstate::kSyntaxError, fmt::format("{} requires a parameter", option.name));
}

bool option_boolean(const parser::Option& option) {
  if (auto on = parse_switch(option_text(option))) return *on;
  throw SqlError(sqlstate::kSyntaxError, fmt::format("{} requires a Boolean value", option.name));
}

int64_t option_integer(const parser::Option& option) {
  std::string text = option_text(option);
  int64_t n = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw SqlError(sqlstate::kSyntaxError, fmt::format("{} requires an integer value", option.name));
  }
  return n;
}

Oid require_collation(CommandContext& context, parser::NameList names, int32_t location) {
  Oid found;
  const KeyMatch match[] = {{"collname", Value::of_string(names.back())}};
  context.catalog.for_each(system_table("pg_collation"), match,
                           [&](const Row& row) { found = row.oid("oid"); });
  if (found == kInvalidOid) {
    throw SqlError(sqlstate::kUndefinedObject,
                   fmt::format("collation \"{}\" for encoding \"UTF8\" does not exist", names.back()))
        .at(position(context, location));
  }
  return found;
}

Oid column_collation(CommandContext& context, Oid type, const parser::CollateExpr* clause) {
  Oid base = catalog::base_type(context.catalog, type, -1).type;
  const functions::TypeInfo* info = functions::type_by_oid(base);
  const bool collatable = info != nullptr && info->collatable;
  if (clause != nullptr) {
    if (!collatable) {
      throw SqlError(sqlstate::kDatatypeMismatch, fmt::format("collations are not supported by type {}",
                                                              catalog::type_text(context.catalog, type)))
          .at(position(context, clause->location));
    }
    return require_collation(context, clause->collation, clause->location);
  }
  if (!collatable) return kInvalidOid;
  if (base != type) {
    if (catalog::UserTypePtr domain = catalog::user_type(context.catalog, type)) return domain->collation;
  }
  return base == type_oid::kName ? catalog::kCCollation : catalog::kDefaultCollation;
}

}  // namespace varve::commands
