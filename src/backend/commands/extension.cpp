#include "extension.h"

#include <algorithm>
#include <fmt/format.h>
#include <optional>

#include "catalog_rows.h"
#include "commands/extension_table.h"
#include "common/sql_error.h"
#include "drop.h"
#include "functions/array.h"
#include "functions/extension.h"
#include "names.h"
#include "parser/parser.h"
#include "routine.h"

namespace varve::commands {

using functions::Extension;
using parser::DropBehavior;

namespace {

struct Installed {
  Oid oid, owner, schema;
  std::string name, version;
  bool relocatable = false;
};

std::optional<Installed> find_installed(CommandContext& context, std::string_view name) {
  std::optional<Installed> found;
  const KeyMatch match[] = {{"extname", Value::of_string(name)}};
  context.catalog.for_each(system_table("pg_extension"), match, [&](const Row& row) {
    found = {row.oid("oid"),
             row.oid("extowner"),
             row.oid("extnamespace"),
             std::string(row.text("extname")),
             std::string(row.text("extversion")),
             row.boolean("extrelocatable")};
  });
  return found;
}

Installed require_installed(CommandContext& context, std::string_view name) {
  std::optional<Installed> found = find_installed(context, name);
  if (!found.has_value()) {
    throw SqlError(sqlstate::kUndefinedObject, fmt::format("extension \"{}\" does not exist", name));
  }
  return *found;
}

const Extension& require_available(std::string_view name) {
  const Extension* extension = functions::find_extension(name);
  if (extension == nullptr) {
    throw SqlError(sqlstate::kFeatureNotSupported, fmt::format("extension \"{}\" is not available", name))
        .detail("The server has been built without it.")
        .hint("The extension must first be installed on the system where PostgreSQL is running.");
  }
  return *extension;
}

bool may_create_in_database(CommandContext& context) {
  auto database = context.catalog.database_info(context.catalog.database().oid());
  return database.has_value() && has_privileges_of(context, database->owner);
}

void require_right_to_create(CommandContext& context, const Extension& extension, std::string_view verb) {
  if (context.is_superuser || !extension.superuser) return;
  if (extension.trusted && may_create_in_database(context)) return;
  throw SqlError(sqlstate::kInsufficientPrivilege,
                 fmt::format("permission denied to {} extension \"{}\"", verb, extension.name))
      .hint(extension.trusted
                ? fmt::format("Must have CREATE privilege on current database to {} this extension.", verb)
                : fmt::format("Must be superuser to {} this extension.", verb));
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
    text.replace(at, what.size(), with);
  return text;
}

// Runs the script with the extension's schema first in the path; what it makes becomes a member.
void run_script(CommandContext& context, const Extension& extension, Oid oid, Oid schema,
                std::string_view script) {
  std::string schema_name = parser::quote_identifier(context.catalog.schema_name(schema));
  std::string text = replaced(std::string(script), "@extschema@", schema_name);
  text = replaced(std::move(text), "MODULE_PATHNAME", extension.library);
  std::vector<Oid> path{schema};
  CommandContext inner{context.catalog, context.txn, context.eval,  context.services,  text,  path,
                       context.role,    true,        context.arena, context.relations, false, oid};
  Arena arena;
  parser::ParsedScript parsed = parser::parse(text, arena);
  for (size_t i = 0; i < parsed.statements.size(); ++i) {
    const parser::Node* statement = parsed.statements[i].statement;
    if (!can_run(statement)) {
      size_t start = static_cast<size_t>(parsed.statements[i].location);
      size_t length = static_cast<size_t>(parsed.statements[i].length);
      context.services.run_sql(length == 0 ? std::string_view(text).substr(start)
                                           : std::string_view(text).substr(start, length));
      continue;
    }
    try {
      run(inner, statement);
    } catch (SqlError& error) {
      error.fields().position = 0;  // it counts in the script, which the client has not sent
      throw;
    }
  }
}

struct CreateOptions {
  std::string schema, version;
  bool cascade = false;
};

CreateOptions read_options(CommandContext& context, const parser::CreateExtensionStmt& stmt) {
  CreateOptions out;
  for (const parser::Option* o : stmt.options) {
    bool given = o->name == "schema"        ? !out.schema.empty()
                 : o->name == "new_version" ? !out.version.empty()
                                            : out.cascade;
    if (given) {
      throw SqlError(sqlstate::kSyntaxError, "conflicting or redundant options")
          .at(position(context, o->location));
    }
    if (o->name == "schema")
      out.schema = option_text(*o);
    else if (o->name == "new_version")
      out.version = option_text(*o);
    else
      out.cascade = option_boolean(*o);
  }
  return out;
}

Oid schema_for(CommandContext& context, const Extension& extension, const CreateOptions& options) {
  if (!extension.schema.empty()) {
    if (!options.schema.empty() && options.schema != extension.schema) {
      throw SqlError(sqlstate::kFeatureNotSupported,
                     fmt::format("extension \"{}\" must be installed in schema \"{}\"", extension.name,
                                 extension.schema));
    }
    Oid schema = context.catalog.find_schema(extension.schema);
    if (schema != kInvalidOid) return schema;
    schema = catalog::Database::new_oid();
    RowDraft row(system_table("pg_namespace"));
    row.oid("oid", schema).text("nspname", extension.schema).oid("nspowner", context.role);
    context.catalog.insert(row);
    return schema;
  }
  if (!options.schema.empty()) return require_schema(context, options.schema);
  if (context.search_path.empty())
    throw SqlError(sqlstate::kInvalidSchemaName, "no schema has been selected to create in");
  return creation_schema(context, std::string_view());
}

std::vector<Oid> create_required(CommandContext& context, const Extension& extension,
                                 const CreateOptions& options, std::vector<std::string_view>& under_way);

Oid create(CommandContext& context, const Extension& extension, const CreateOptions& options,
           std::vector<std::string_view>& under_way) {
  require_right_to_create(context, extension, "create");
  std::string version = options.version.empty() ? std::string(extension.default_version) : options.version;
  if (version != extension.default_version) {
    throw SqlError(
        sqlstate::kInvalidParameterValue,
        fmt::format("extension \"{}\" has no installation script nor update path for version \"{}\"",
                    extension.name, version));
  }
  Oid schema = schema_for(context, extension, options);
  under_way.push_back(extension.name);
  std::vector<Oid> required = create_required(context, extension, options, under_way);
  under_way.pop_back();

  Oid oid = catalog::Database::new_oid();
  RowDraft row(system_table("pg_extension"));
  row.oid("oid", oid).text("extname", extension.name).oid("extowner", context.role);
  row.oid("extnamespace", schema)
      .boolean("extrelocatable", extension.relocatable)
      .text("extversion", version);
  row.null("extconfig").null("extcondition");
  context.catalog.insert(row);
  ObjectAddress self{kExtensionClass, oid};
  add_dependency(context, self, {kNamespaceClass, schema}, 'n');
  for (Oid other : required) add_dependency(context, self, {kExtensionClass, other}, 'n');
  if (!extension.comment.empty()) {
    RowDraft comment(system_table("pg_description"));
    comment.oid("objoid", oid).oid("classoid", kExtensionClass).int4("objsubid", 0);
    comment.text("description", extension.comment);
    context.catalog.insert(comment);
  }
  run_script(context, extension, oid, schema, extension.script);
  return oid;
}

std::vector<Oid> create_required(CommandContext& context, const Extension& extension,
                                 const CreateOptions& options, std::vector<std::string_view>& under_way) {
  std::vector<Oid> out;
  for (std::string_view name : extension.required) {
    if (std::find(under_way.begin(), under_way.end(), name) != under_way.end()) {
      throw SqlError(sqlstate::kInvalidRecursion,
                     fmt::format("cyclic dependency detected between extensions \"{}\" and \"{}\"", name,
                                 extension.name));
    }
    if (auto there = find_installed(context, name)) {
      out.push_back(there->oid);
      continue;
    }
    if (!options.cascade) {
      throw SqlError(sqlstate::kUndefinedObject,
                     fmt::format("required extension \"{}\" is not installed", name))
          .hint("Use CREATE EXTENSION ... CASCADE to install required extensions too.");
    }
    context.services.notice(fmt::format("installing required extension \"{}\"", name));
    CreateOptions inner;
    inner.cascade = true;
    const Extension& other = require_available(name);
    // PostgreSQL passes SCHEMA on to those that may lie anywhere.
    if (other.schema.empty()) inner.schema = options.schema;
    out.push_back(create(context, other, inner, under_way));
  }
  return out;
}

}  // namespace

std::string create_extension(CommandContext& context, const parser::CreateExtensionStmt& stmt) {
  if (find_installed(context, stmt.name).has_value()) {
    std::string message = fmt::format("extension \"{}\" already exists", stmt.name);
    if (!stmt.if_not_exists) throw SqlError(sqlstate::kDuplicateObject, message);
    context.services.notice("NOTICE", sqlstate::kDuplicateObject, message + ", skipping");
    return "CREATE EXTENSION";
  }
  if (context.extension != kInvalidOid) {
    throw SqlError(sqlstate::kFeatureNotSupported, "nested CREATE EXTENSION is not supported");
  }
  std::vector<std::string_view> under_way;
  CreateOptions options = read_options(context, stmt);
  create(context, require_available(stmt.name), options, under_way);
  return "CREATE EXTENSION";
}

std::string update_extension(CommandContext& context, const parser::AlterExtensionStmt& stmt) {
  Installed installed = require_installed(context, stmt.name);
  require_owner_of(context, installed.owner, "extension", stmt.name);
  const Extension& extension = require_available(stmt.name);
  require_right_to_create(context, extension, "update");
  std::string target(extension.default_version);
  for (const parser::Option* o : stmt.options) target = option_text(*o);
  if (installed.version == target) {
    context.services.notice(
        "NOTICE", sqlstate::kSuccessfulCompletion,
        fmt::format("version \"{}\" of extension \"{}\" is already installed", target, stmt.name));
    return "ALTER EXTENSION";
  }
  std::string version = installed.version;
  for (bool moved = true; moved && version != target;) {
    moved = false;
    for (const functions::ExtensionUpdate& step : extension.updates) {
      if (step.from != version) continue;
      run_script(context, extension, installed.oid, installed.schema, step.script);
      version = step.to;
      moved = true;
      break;
    }
  }
  if (version != target) {
    throw SqlError(sqlstate::kInvalidParameterValue,
                   fmt::format("extension \"{}\" has no update path from version \"{}\" to version \"{}\"",
                               stmt.name, installed.version, target));
  }
  change_row(context, "pg_extension", installed.oid, [&](RowDraft& row) { row.text("extversion", target); });
  return "ALTER EXTENSION";
}

void add_extension_table(CommandContext& context, Oid table, std::string_view condition) {
  Oid extension;
  const KeyMatch match[] = {{"classid", Value::of_oid(kClassClass.value())},
                            {"objid", Value::of_oid(table.value())}};
  context.catalog.for_each(system_table("pg_depend"), match, [&](const Row& row) {
    if (row.letter("deptype") == 'e') extension = row.oid("refobjid");
  });
  if (extension == kInvalidOid) {
    throw SqlError(
        sqlstate::kFeatureNotSupported,
        "pg_extension_config_dump() can only be called from an SQL script executed by CREATE EXTENSION");
  }
  const KeyMatch self[] = {{"oid", Value::of_oid(extension.value())}};
  std::vector<std::string> tables, conditions;
  context.catalog.for_each(system_table("pg_extension"), self, [&](const Row& row) {
    for (int64_t oid : row.numbers("extconfig")) tables.push_back(std::to_string(oid));
    if (row.is_null("extcondition")) return;
    Arena arena;
    functions::ArrayView texts(row.text("extcondition"));
    for (uint32_t i = 0; i < texts.count(); ++i) {
      const Value item = texts.at(i, arena);
      conditions.emplace_back(item.view());
    }
  });
  const std::string self_text = std::to_string(table.value());
  size_t at = static_cast<size_t>(std::find(tables.begin(), tables.end(), self_text) - tables.begin());
  if (at == tables.size()) {
    tables.push_back(self_text);
    conditions.emplace_back();
  }
  conditions[at] = condition;
  change_row(context, "pg_extension", extension, [&](RowDraft& row) {
    row.text("extconfig", text_array(tables)).text("extcondition", text_array(conditions));
  });
}

std::string change_extension_contents(CommandContext& context,
                                      const parser::AlterExtensionContentsStmt& stmt) {
  require_installed(context, stmt.name);
  throw_not_supported(stmt.add ? "ALTER EXTENSION … ADD" : "ALTER EXTENSION … DROP");
}

namespace {

struct Place {
  std::string_view table, schema_column;
};

Place place_of(Oid class_oid) {
  if (class_oid == kProcClass) return {"pg_proc", "pronamespace"};
  if (class_oid == kClassClass) return {"pg_class", "relnamespace"};
  if (class_oid == kTypeClass) return {"pg_type", "typnamespace"};
  throw_not_supported("moving a member of this kind to another schema");
}

void move_object(CommandContext& context, const ObjectAddress& object, Oid schema) {
  Place place = place_of(object.class_oid);
  const KeyMatch match[] = {{"oid", Value::of_oid(object.object.value())}};
  context.catalog.for_each(system_table(place.table), match, [&](const Row& row) {
    RowDraft draft(system_table(place.table), row);
    draft.oid(place.schema_column, schema);
    context.catalog.update(row, draft);
  });
}

// Changes what pg_depend says of the schema that the object lies in.
void move_dependency(CommandContext& context, const ObjectAddress& object, Oid schema) {
  const KeyMatch match[] = {{"classid", Value::of_oid(object.class_oid.value())},
                            {"objid", Value::of_oid(object.object.value())}};
  bool found = false;
  context.catalog.for_each(system_table("pg_depend"), match, [&](const Row& row) {
    if (row.oid("refclassid") != kNamespaceClass) return;
    found = true;
    RowDraft draft(system_table("pg_depend"), row);
    draft.oid("refobjid", schema);
    context.catalog.update(row, draft);
  });
  if (!found) add_dependency(context, object, {kNamespaceClass, schema}, 'n');
}

}  // namespace

std::string set_extension_schema(CommandContext& context, const parser::AlterObjectSchemaStmt& stmt) {
  std::string_view name = parser::as<parser::QualifiedName>(stmt.object)->names.back();
  Installed installed = require_installed(context, name);
  Oid schema = require_schema(context, stmt.new_schema);
  require_owner_of(context, installed.owner, "extension", name);
  if (!installed.relocatable) {
    throw SqlError(sqlstate::kFeatureNotSupported,
                   fmt::format("extension \"{}\" does not support SET SCHEMA", name));
  }
  if (schema == installed.schema) return "ALTER EXTENSION";
  std::vector<ObjectAddress> members;
  const KeyMatch match[] = {{"refclassid", Value::of_oid(kExtensionClass.value())},
                            {"refobjid", Value::of_oid(installed.oid.value())}};
  context.catalog.for_each(system_table("pg_depend"), match, [&](const Row& row) {
    if (row.letter("deptype") == 'e') members.push_back({row.oid("classid"), row.oid("objid")});
  });
  for (const ObjectAddress& member : members) {
    move_object(context, member, schema);
    move_dependency(context, member, schema);
  }
  move_dependency(context, {kExtensionClass, installed.oid}, schema);
  change_row(context, "pg_extension", installed.oid, [&](RowDraft& row) { row.oid("extnamespace", schema); });
  return "ALTER EXTENSION";
}

void drop_extensions(CommandContext& context, const parser::DropStmt& stmt) {
  std::vector<ObjectAddress> objects;
  for (const parser::Node* node : stmt.objects) {
    std::string_view name = parser::as<parser::QualifiedName>(node)->names.back();
    std::optional<Installed> installed = find_installed(context, name);
    if (!installed.has_value()) {
      std::string message = fmt::format("extension \"{}\" does not exist", name);
      if (!stmt.missing_ok) throw SqlError(sqlstate::kUndefinedObject, message);
      context.services.notice(message + ", skipping");
      continue;
    }
    require_owner_of(context, installed->owner, "extension", name);
    if (installed->oid.value() < catalog::kFirstNormalOid)
      throw_not_supported(fmt::format("DROP EXTENSION {}", name));
    objects.push_back({kExtensionClass, installed->oid});
  }
  if (!objects.empty()) drop_objects(context, objects, stmt.behavior);
}

}  // namespace varve::commands
