// Calls of built-in functions by the names of their arguments: make_interval(days => 3).
#include <algorithm>

#include "binder.h"
#include "functions/argument_names.h"
#include "parser/parser.h"
#include "routine_call.h"

namespace varve::analyzer {

using functions::CastContext;
using functions::Function;

namespace {

std::vector<std::string_view> split(std::string_view list) {
  std::vector<std::string_view> parts;
  while (!list.empty()) {
    size_t comma = list.find(',');
    parts.push_back(list.substr(0, comma));
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  }
  return parts;
}

}  // namespace

// Puts the defaults where arguments are null or missing at the end. False if there are none for them.
bool Binder::add_default_arguments(const Function& f, std::vector<Expr*>& args) {
  args.resize(f.args.size());
  if (std::find(args.begin(), args.end(), nullptr) == args.end()) return true;
  const functions::ArgumentNames* known = functions::argument_names(f.oid);
  if (known == nullptr || known->defaults.empty()) return false;
  std::string_view sql = arena_.copy("SELECT " + std::string(known->defaults));
  parser::ParsedScript script = parser::parse(sql, arena_);
  const auto& values = parser::as<parser::SelectStmt>(script.statements[0].statement)->targets;
  size_t first = args.size() - values.size();
  Scope scope;
  for (size_t i = 0; i < args.size(); ++i) {
    if (args[i] != nullptr) continue;
    if (i < first) return false;
    args[i] = bind_expr(scope, values[i - first]->value);
  }
  return true;
}

// The arguments in the function's own order, defaults where the call says nothing; empty if they do not fit.
std::vector<Expr*> Binder::named_arguments(const Function& f, const CallArguments& call) {
  const functions::ArgumentNames* known = functions::argument_names(f.oid);
  if (known == nullptr || call.args.size() > f.args.size()) return {};
  std::vector<std::string_view> names = split(known->names);
  std::vector<Expr*> args(f.args.size());
  for (size_t i = 0; i < call.args.size(); ++i) {
    size_t at = i;
    if (i < call.names.size() && !call.names[i].empty()) {
      at = static_cast<size_t>(std::find(names.begin(), names.end(), call.names[i]) - names.begin());
    }
    if (at >= args.size() || args[at] != nullptr) return {};
    args[at] = call.args[i];
  }
  if (!add_default_arguments(f, args)) return {};
  for (size_t i = 0; i < args.size(); ++i) {
    if (!can_coerce(args[i]->type, f.args[i], CastContext::kImplicit)) return {};
  }
  return args;
}

Expr* Binder::call_builtin_by_name(const CallArguments& call) {
  for (const Function* f : functions::functions_named(call.name)) {
    std::vector<Expr*> args = named_arguments(*f, call);
    if (args.empty()) continue;
    Oid result = coerce_arguments(*f, args);
    Expr* made = make_function(*f, args, call.location);
    made->type = result;
    return made;
  }
  return nullptr;
}

}  // namespace varve::analyzer
