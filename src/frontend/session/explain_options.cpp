// EXPLAIN's options, and the column that it returns.
#include <fmt/format.h>

#include "commands/options.h"
#include "common/ascii.h"
#include "common/sql_error.h"
#include "explain.h"
#include "functions/type_oids.h"
#include "parser/ast.h"
#include "parser/parser.h"

namespace varve::session {
namespace {

std::string option_text(const parser::Option& o) { return commands::find_option_text(o).value_or(""); }

bool option_boolean(const parser::Option& o) {
  if (o.value == nullptr) return true;
  std::string text = ascii_lower(option_text(o));
  if (text == "true" || text == "on" || text == "1") return true;
  if (text == "false" || text == "off" || text == "0") return false;
  throw SqlError(sqlstate::kSyntaxError, fmt::format("{} requires a Boolean value", o.name));
}

ExplainFormat option_format(const parser::Option& o, std::string_view sql) {
  if (o.value == nullptr)
    throw SqlError(sqlstate::kSyntaxError, fmt::format("{} requires a parameter", o.name));
  std::string text = option_text(o);
  if (text == "text") return ExplainFormat::kText;
  if (text == "json") return ExplainFormat::kJson;
  if (text == "yaml") return ExplainFormat::kYaml;
  if (text == "xml") return ExplainFormat::kXml;
  throw SqlError(sqlstate::kInvalidParameterValue,
                 fmt::format("unrecognized value for EXPLAIN option \"{}\": \"{}\"", o.name, text))
      .at(parser::character_position(sql, o.location));
}

}  // namespace

ExplainOptions read_explain_options(const parser::ExplainStmt& stmt, std::string_view sql) {
  ExplainOptions options;
  bool timing_given = false, summary_given = false;
  for (const parser::Option* o : stmt.options) {
    if (o->name == "analyze")
      options.analyze = option_boolean(*o);
    else if (o->name == "verbose")
      options.verbose = option_boolean(*o);
    else if (o->name == "costs")
      options.costs = option_boolean(*o);
    else if (o->name == "buffers")
      options.buffers = option_boolean(*o);
    else if (o->name == "wal")
      options.wal = option_boolean(*o);
    else if (o->name == "settings")
      options.settings = option_boolean(*o);
    else if (o->name == "timing")
      timing_given = true, options.timing = option_boolean(*o);
    else if (o->name == "summary")
      summary_given = true, options.summary = option_boolean(*o);
    else if (o->name == "format")
      options.format = option_format(*o, sql);
    else {
      throw SqlError(sqlstate::kSyntaxError, fmt::format("unrecognized EXPLAIN option \"{}\"", o->name))
          .at(parser::character_position(sql, o->location));
    }
  }
  if (options.wal && !options.analyze)
    throw SqlError(sqlstate::kInvalidParameterValue, "EXPLAIN option WAL requires ANALYZE");
  if (timing_given && options.timing && !options.analyze) {
    throw SqlError(sqlstate::kInvalidParameterValue, "EXPLAIN option TIMING requires ANALYZE");
  }
  if (!summary_given) options.summary = options.analyze;
  if (!options.analyze) options.timing = false;
  return options;
}

planner::OutputColumn explain_column(ExplainFormat format) {
  planner::OutputColumn column{};
  column.name = "QUERY PLAN";
  column.type = format == ExplainFormat::kJson  ? type_oid::kJson
                : format == ExplainFormat::kXml ? type_oid::kXml
                                                : type_oid::kText;
  column.physical = types::PhysicalType::kString;
  return column;
}

}  // namespace varve::session
