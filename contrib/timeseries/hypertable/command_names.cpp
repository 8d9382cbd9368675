#include "command_names.h"

#include <algorithm>
#include <fmt/format.h>

#include "common/sql_error.h"
#include "parser/parser.h"

namespace varve::hypertable {

using commands::CommandContext;

std::string literal(std::string_view text) {
  std::string out = "'";
  for (char c : text) {
    if (c == '\'') out += '\'';
    out += c;
  }
  return out + "'";
}

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
  if (option.value == nullptr) return "true";
  if (parser::is<parser::ConstExpr>(option.value)) {
    const auto& c = *parser::as<parser::ConstExpr>(option.value);
    if (c.type == parser::ConstKind::kInteger) return std::to_string(c.integer);
    if (c.type == parser::ConstKind::kBoolean) return c.boolean ? "true" : "false";
    return std::string(c.text);
  }
  if (parser::is<parser::TypeName>(option.value))
    return std::string(parser::as<parser::TypeName>(option.value)->names.back());
  throw SqlError(sqlstate::kInvalidParameterValue,
                 fmt::format("invalid value for parameter \"{}.{}\"", option.name_space, option.name));
}

bool boolean_of(const parser::Option& option) {
  std::string text = text_of(option);
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  if (text == "true" || text == "on" || text == "yes" || text == "1") return true;
  if (text == "false" || text == "off" || text == "no" || text == "0") return false;
  throw SqlError(sqlstate::kInvalidParameterValue,
                 fmt::format("invalid value for {}.{} '{}'", option.name_space, option.name, text))
      .hint(fmt::format("{}.{} must be a valid bool", option.name_space, option.name));
}

}  // namespace varve::hypertable
