#include "command_names.h"

#include <fmt/format.h>

#include "commands/options.h"
#include "common/sql_error.h"
#include "parser/parser.h"

namespace varve::hypertable {

using commands::CommandContext;

std::string regclass(Oid oid) { return fmt::format("{}::pg_catalog.oid::pg_catalog.regclass", oid.value()); }

bool is_installed(CommandContext& context) {
  Oid schema = context.catalog.find_schema("_timescaledb_catalog");
  return schema != kInvalidOid && context.catalog.find_relation_oid(schema, "chunk") != kInvalidOid;
}

void call(CommandContext& context, const std::string& function_and_arguments) {
  context.services.run_sql("SELECT _timescaledb_functions." + function_and_arguments);
}

RelationPtr find(CommandContext& context, const parser::RangeVar* name) {
  if (name == nullptr) return nullptr;
  catalog::Catalog& catalog = context.catalog;
  const Oid temporary = catalog.temporary_schema();
  if (!name->schema.empty()) {
    const Oid schema = name->schema == "pg_temp" ? temporary : catalog.find_schema(name->schema);
    return schema == kInvalidOid ? nullptr : catalog.find_relation(schema, name->name);
  }
  if (temporary != kInvalidOid) {
    if (RelationPtr found = catalog.find_relation(temporary, name->name)) return found;
  }
  for (Oid schema : context.search_path) {
    if (RelationPtr found = catalog.find_relation(schema, name->name)) return found;
  }
  return nullptr;
}

bool is_ours(const parser::Option& option) {
  return option.name_space == "timescaledb" || option.name_space == "tsdb";
}

std::string text_of(const parser::Option& option) {
  if (auto text = commands::find_option_text(option)) return *text;
  throw SqlError(sqlstate::kInvalidParameterValue,
                 fmt::format("invalid value for parameter \"{}.{}\"", option.name_space, option.name));
}

bool boolean_of(const parser::Option& option) {
  const std::string text = text_of(option);
  if (auto on = commands::parse_switch(text)) return *on;
  throw SqlError(sqlstate::kInvalidParameterValue,
                 fmt::format("invalid value for {}.{} '{}'", option.name_space, option.name, text))
      .hint(fmt::format("{}.{} must be a valid bool", option.name_space, option.name));
}

}  // namespace varve::hypertable
