// System functions that print functions and triggers: pg_get_functiondef, pg_get_triggerdef and their like.
#include <algorithm>
#include <fmt/format.h>
#include <unordered_map>

#include "catalog/operators.h"
#include "catalog_functions.h"
#include "common/sql_error.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "parser/parser.h"
#include "session.h"
#include "setting_text.h"

namespace varve::session {

using catalog::Routine;
using catalog::RoutinePtr;
using catalog::Trigger;
using types::Value;

namespace {

std::string type_text(Session& s, Oid type) {
  if (functions::type_by_oid(type) != nullptr) return functions::format_type(type, -1);
  std::string out;
  s.append_reg(type_oid::kRegtype, type.value(), out);
  return out;
}

// Expressions separated by commas outside of parentheses and quotes.
std::vector<std::string> split_defaults(std::string_view text) {
  std::vector<std::string> out(1);
  int depth = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '\'') quoted = !quoted;
    if (!quoted && (c == '(' || c == '[')) ++depth;
    if (!quoted && (c == ')' || c == ']')) --depth;
    if (!quoted && depth == 0 && c == ',') {
      out.emplace_back();
      while (i + 1 < text.size() && text[i + 1] == ' ') ++i;
    } else {
      out.back() += c;
    }
  }
  return out;
}

enum class Arguments : uint8_t { kInputs, kIdentity, kTable };

std::string print_arguments(Session& s, const Routine& r, Arguments what) {
  std::vector<std::string> defaults =
      r.defaults.empty() ? std::vector<std::string>() : split_defaults(r.defaults);
  std::string out;
  size_t input = 0;
  size_t ordered_from = SIZE_MAX;  // of an ordered-set aggregate: the first argument behind ORDER BY
  if (r.kind == 'a') {
    catalog::AggregateDefinition aggregate =
        catalog::aggregate_definition(static_cast<pl::Host&>(s).catalog(), r.oid);
    if (aggregate.kind != 'n') ordered_from = aggregate.direct_args;
  }
  for (size_t i = 0; i < r.parameter_count(); ++i) {
    char mode = r.mode(i);
    bool is_input = r.is_input(i);
    if (is_input) ++input;
    if ((mode == 't') != (what == Arguments::kTable)) continue;
    if (i == ordered_from) out += out.empty() ? "ORDER BY " : " ORDER BY ";
    if (!out.empty() && i != ordered_from) out += ", ";
    if (mode == 'i' && r.kind == 'p') out += "IN ";
    if (mode == 'o') out += "OUT ";
    if (mode == 'b') out += "INOUT ";
    if (mode == 'v') out += "VARIADIC ";
    if (!r.parameter_name(i).empty()) out += parser::quote_identifier(r.parameter_name(i)) + " ";
    out += type_text(s, r.parameter_type(i));
    if (what == Arguments::kInputs && is_input && input + defaults.size() > r.args.size()) {
      out += " DEFAULT " + defaults[input + defaults.size() - r.args.size() - 1];
    }
  }
  return out;
}

std::string print_result(Session& s, const Routine& r) {
  bool table = std::find(r.modes.begin(), r.modes.end(), 't') != r.modes.end();
  if (table) return "TABLE(" + print_arguments(s, r, Arguments::kTable) + ")";
  return (r.returns_set ? "SETOF " : "") + type_text(s, r.result);
}

}  // namespace

std::string quote_literal(std::string_view text) {
  std::string out = text.find('\\') != std::string_view::npos ? "E'" : "'";
  for (char c : text) {
    if (c == '\'' || c == '\\') out += c;
    out += c;
  }
  return out + "'";
}

namespace {

bool in_path(Session& s, Oid schema) {
  std::vector<Oid> path = s.search_path();
  return std::find(path.begin(), path.end(), schema) != path.end();
}

std::string language_name(Session& s, Oid oid) {
  std::string name;
  const catalog::KeyMatch match[] = {{"oid", Value::of_oid(oid.value())}};
  static_cast<pl::Host&>(s).catalog().for_each(catalog::system_table("pg_language"), match,
                                               [&](const catalog::Row& row) { name = row.text("lanname"); });
  return name;
}

std::string print_setting(const std::string& entry) {
  size_t at = entry.find('=');
  std::string name = entry.substr(0, at), value = entry.substr(at + 1);
  std::string out = fmt::format(" SET {} TO ", parser::quote_identifier(name));
  if (name != "search_path") return out + quote_literal(value) + "\n";
  // A list: each name is a literal of its own.
  std::string item, list;
  auto flush = [&] {
    while (!item.empty() && item.front() == ' ') item.erase(0, 1);
    if (item.size() >= 2 && item.front() == '"') item = item.substr(1, item.size() - 2);
    list += (list.empty() ? "" : ", ") + quote_literal(item);
    item.clear();
  };
  for (char c : value) {
    if (c == ',')
      flush();
    else
      item += c;
  }
  flush();
  return out + list + "\n";
}

std::string print_definition(Session& s, const Routine& r) {
  bool procedure = r.kind == 'p';
  std::string out = fmt::format("CREATE OR REPLACE {} {}.{}({})\n", procedure ? "PROCEDURE" : "FUNCTION",
                                parser::quote_identifier(r.schema_name), parser::quote_identifier(r.name),
                                print_arguments(s, r, Arguments::kInputs));
  if (!procedure) out += fmt::format(" RETURNS {}\n", print_result(s, r));
  out += fmt::format(" LANGUAGE {}\n", parser::quote_identifier(language_name(s, r.language)));
  std::string options;
  if (r.volatility == 'i') options += " IMMUTABLE";
  if (r.volatility == 's') options += " STABLE";
  if (r.parallel == 's') options += " PARALLEL SAFE";
  if (r.parallel == 'r') options += " PARALLEL RESTRICTED";
  if (r.strict) options += " STRICT";
  if (r.security_definer) options += " SECURITY DEFINER";
  if (r.leakproof) options += " LEAKPROOF";
  if (r.cost != 100) options += fmt::format(" COST {:g}", r.cost);
  if (r.rows != 0 && r.rows != 1000) options += fmt::format(" ROWS {:g}", r.rows);
  if (!options.empty()) out += options + "\n";
  for (const std::string& entry : r.config) out += print_setting(entry);
  if (!r.sql_body.empty()) return out + r.sql_body + "\n";
  std::string tag = procedure ? "$procedure" : "$function";
  while (r.source.find(tag) != std::string::npos) tag += 'x';
  return out + fmt::format("AS {}${}{}$\n", tag, r.source, tag);
}

std::string print_trigger(Session& s, const catalog::Relation& relation, const Trigger& t, bool pretty) {
  std::string out = fmt::format("CREATE {}TRIGGER {} ", t.constraint != kInvalidOid ? "CONSTRAINT " : "",
                                parser::quote_identifier(t.name));
  out += t.is_before() ? "BEFORE" : t.is_instead() ? "INSTEAD OF" : "AFTER";
  std::string events;
  auto add = [&](std::string_view event) { events += (events.empty() ? " " : " OR ") + std::string(event); };
  if ((t.type & Trigger::kInsert) != 0) add("INSERT");
  if ((t.type & Trigger::kDelete) != 0) add("DELETE");
  if ((t.type & Trigger::kUpdate) != 0) {
    std::string columns;
    for (catalog::ColumnNumber c : t.columns) {
      columns += (columns.empty() ? " OF " : ", ") + parser::quote_identifier(relation.column(c).name);
    }
    add("UPDATE" + columns);
  }
  if ((t.type & Trigger::kTruncate) != 0) add("TRUNCATE");
  bool bare = pretty && in_path(s, relation.schema);
  out += events + " ON " + (bare ? "" : parser::quote_identifier(relation.schema_name) + ".") +
         parser::quote_identifier(relation.name) + " ";
  catalog::Catalog& catalog = static_cast<pl::Host&>(s).catalog();
  if (t.constraint != kInvalidOid) {
    if (catalog::RelationPtr from = catalog.relation(t.constraint_relation)) {
      out += fmt::format("FROM {}{} ",
                         in_path(s, from->schema) ? "" : parser::quote_identifier(from->schema_name) + ".",
                         parser::quote_identifier(from->name));
    }
    if (!t.deferrable) out += "NOT ";
    out += t.initially_deferred ? "DEFERRABLE INITIALLY DEFERRED " : "DEFERRABLE INITIALLY IMMEDIATE ";
  }
  if (!t.old_table.empty() || !t.new_table.empty()) {
    out += "REFERENCING ";
    if (!t.old_table.empty()) out += fmt::format("OLD TABLE AS {} ", parser::quote_identifier(t.old_table));
    if (!t.new_table.empty()) out += fmt::format("NEW TABLE AS {} ", parser::quote_identifier(t.new_table));
  }
  out += t.is_row() ? "FOR EACH ROW " : "FOR EACH STATEMENT ";
  if (!t.when_sql.empty()) {
    std::string_view when = t.when_sql;
    if (pretty && when.size() > 2 && when.front() == '(' && when.back() == ')')
      when = when.substr(1, when.size() - 2);
    out += fmt::format("WHEN ({}) ", when);
  }
  RoutinePtr function = catalog.routine(t.function);
  if (function != nullptr) {
    out +=
        fmt::format("EXECUTE FUNCTION {}{}(",
                    in_path(s, function->schema) ? "" : parser::quote_identifier(function->schema_name) + ".",
                    parser::quote_identifier(function->name));
  }
  for (size_t i = 0; i < t.args.size(); ++i) out += (i == 0 ? "" : ", ") + quote_literal(t.args[i]);
  return out + ")";
}

RoutinePtr routine_of(Session& s, const Value& oid) {
  if (oid.null) return nullptr;
  return static_cast<pl::Host&>(s).catalog().routine(Oid{oid.oid()});
}

}  // namespace

bool routine_text(Session& s, std::string_view function, std::span<const Value> args, Arena& arena,
                  Value* out) {
  if (function == "pg_get_triggerdef") {
    *out = null_text();
    Oid oid{args[0].oid()}, table;
    catalog::Catalog& catalog = static_cast<pl::Host&>(s).catalog();
    const catalog::KeyMatch match[] = {{"oid", Value::of_oid(oid.value())}};
    catalog.for_each(catalog::system_table("pg_trigger"), match,
                     [&](const catalog::Row& row) { table = row.oid("tgrelid"); });
    catalog::RelationPtr relation = table == kInvalidOid ? nullptr : catalog.relation(table);
    if (relation == nullptr) return true;
    bool pretty = args.size() > 1 && args[1].boolean != 0;
    for (const Trigger& t : relation->triggers) {
      if (t.oid == oid) *out = text_value(print_trigger(s, *relation, t, pretty), arena);
    }
    return true;
  }
  if (args.empty() || args[0].null) return false;
  RoutinePtr r = routine_of(s, args[0]);
  if (r == nullptr) return false;
  if (function == "pg_get_functiondef")
    *out = text_value(print_definition(s, *r), arena);
  else if (function == "pg_get_function_arguments")
    *out = text_value(print_arguments(s, *r, Arguments::kInputs), arena);
  else if (function == "pg_get_function_identity_arguments")
    *out = text_value(print_arguments(s, *r, Arguments::kIdentity), arena);
  else if (function == "pg_get_function_result")
    *out = r->kind == 'p' ? null_text() : text_value(print_result(s, *r), arena);
  else if (function == "pg_get_function_sqlbody")
    *out = r->sql_body.empty() ? null_text() : text_value(r->sql_body, arena);
  else if (function == "pg_function_is_visible")
    *out = Value::of_bool(in_path(s, r->schema));
  else if (function == "pg_get_function_arg_default") {
    std::vector<std::string> defaults =
        r->defaults.empty() ? std::vector<std::string>() : split_defaults(r->defaults);
    auto n = static_cast<size_t>(args[1].int32);
    size_t first = r->args.size() - defaults.size();
    *out =
        n == 0 || n <= first || n > r->args.size() ? null_text() : text_value(defaults[n - first - 1], arena);
  } else if (function == "has_function_privilege") {
    return false;
  } else {
    return false;
  }
  return true;
}

}  // namespace varve::session
