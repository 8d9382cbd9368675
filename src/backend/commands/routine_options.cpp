#include "routine_options.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include "common/sql_error.h"
#include "names.h"
#include "parser/parser.h"

namespace varve::commands {

namespace {

float number_option(const parser::Option& option) {
  std::string text = option_text(option);
  float value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw SqlError(sqlstate::kSyntaxError, fmt::format("{} requires a numeric value", option.name));
  }
  return value;
}

std::string set_value(const parser::VariableSetStmt& set) {
  std::string out;
  for (const parser::Node* node : set.args) {
    if (!out.empty()) out += ", ";
    while (parser::is<parser::TypeCast>(node)) node = parser::as<parser::TypeCast>(node)->arg;
    const auto& c = *parser::as<parser::ConstExpr>(node);
    if (c.type == parser::ConstKind::kInteger)
      out += std::to_string(c.integer);
    else if (c.type == parser::ConstKind::kBoolean)
      out += c.boolean ? "on" : "off";
    else if (set.args.size() > 1 || set.name == "search_path")
      out += parser::quote_identifier(c.text);
    else
      out += c.text;
  }
  return out;
}

}  // namespace

RoutineOptions read_routine_options(CommandContext& context, parser::List<parser::Option> options,
                                    bool is_procedure, bool create) {
  RoutineOptions out;
  auto once = [&](const parser::Option& o, bool given) {
    if (given) {
      throw SqlError(sqlstate::kSyntaxError, "conflicting or redundant options")
          .at(position(context, o.location));
    }
  };
  auto function_only = [&](const parser::Option& o) {
    if (!is_procedure) return;
    throw SqlError(sqlstate::kInvalidFunctionDefinition, create ? "invalid attribute in procedure definition"
                                                                : "invalid attribute in procedure definition")
        .at(position(context, o.location));
  };
  for (const parser::Option* o : options) {
    if (o->name == "as") {
      once(*o, !out.body.empty());
      for (const parser::Node* item : parser::as<parser::ListNode>(o->value)->items) {
        out.body.emplace_back(parser::as<parser::ConstExpr>(item)->text);
      }
    } else if (o->name == "language") {
      once(*o, !out.language.empty());
      out.language = option_text(*o);
    } else if (o->name == "volatility") {
      function_only(*o);
      once(*o, out.volatility.has_value());
      out.volatility = option_text(*o)[0];
    } else if (o->name == "strict") {
      function_only(*o);
      once(*o, out.strict.has_value());
      out.strict = option_boolean(*o);
    } else if (o->name == "security") {
      once(*o, out.security_definer.has_value());
      out.security_definer = option_boolean(*o);
    } else if (o->name == "leakproof") {
      function_only(*o);
      once(*o, out.leakproof.has_value());
      out.leakproof = option_boolean(*o);
      if (*out.leakproof && !context.is_superuser) {
        throw SqlError(sqlstate::kInsufficientPrivilege, "only superuser can define a leakproof function");
      }
    } else if (o->name == "cost") {
      function_only(*o);
      once(*o, out.cost.has_value());
      out.cost = number_option(*o);
      if (*out.cost <= 0) throw SqlError(sqlstate::kInvalidParameterValue, "COST must be positive");
    } else if (o->name == "rows") {
      function_only(*o);
      once(*o, out.rows.has_value());
      out.rows = number_option(*o);
      if (*out.rows <= 0) throw SqlError(sqlstate::kInvalidParameterValue, "ROWS must be positive");
    } else if (o->name == "parallel") {
      function_only(*o);
      once(*o, out.parallel.has_value());
      std::string word = option_text(*o);
      if (word != "safe" && word != "restricted" && word != "unsafe") {
        throw SqlError(sqlstate::kSyntaxError, "parameter \"parallel\" must be SAFE, RESTRICTED, or UNSAFE");
      }
      out.parallel = word[0];
    } else if (o->name == "set") {
      out.settings.push_back(parser::as<parser::VariableSetStmt>(o->value));
    } else {
      throw_not_supported(fmt::format("function option \"{}\"", o->name), position(context, o->location));
    }
  }
  return out;
}

void RoutineOptions::apply(CommandContext& context, catalog::Routine& r) const {
  if (volatility) r.volatility = *volatility;
  if (strict) r.strict = *strict;
  if (security_definer) r.security_definer = *security_definer;
  if (leakproof) r.leakproof = *leakproof;
  if (parallel) r.parallel = *parallel;
  if (cost) r.cost = *cost;
  for (const parser::VariableSetStmt* set : settings) {
    using parser::VariableSetKind;
    if (set->action == VariableSetKind::kResetAll) {
      r.config.clear();
      continue;
    }
    std::erase_if(r.config,
                  [&](const std::string& entry) { return entry.substr(0, entry.find('=')) == set->name; });
    if (set->action == VariableSetKind::kReset || set->action == VariableSetKind::kSetDefault) continue;
    std::string value =
        set->action == VariableSetKind::kSetCurrent ? context.services.setting(set->name) : set_value(*set);
    context.services.check_setting(set->name, value);
    r.config.push_back(fmt::format("{}={}", set->name, value));
  }
}

std::string body_text(std::string_view sql, int32_t location) {
  std::string_view text = sql.substr(static_cast<size_t>(location));
  Arena arena;
  // The body is the shortest prefix that parses as one: it ends at the statement's end.
  for (size_t end = 0;;) {
    end = text.find(';', end);
    std::string_view part = end == std::string_view::npos ? text : text.substr(0, end);
    std::string probe = fmt::format("CREATE FUNCTION f() {}", part);
    try {
      parser::parse(probe, arena);
      size_t last = part.find_last_not_of(" \t\r\n");
      return std::string(part.substr(0, last + 1));
    } catch (const SqlError&) {
      if (end == std::string_view::npos) throw;
      ++end;
    }
  }
}

}  // namespace varve::commands
