// Aggregates whose state function is native: the implementation that an extension registered for it does all
// the work, the other support functions give only types.
#include "aggregate.h"

#include <algorithm>
#include <fmt/format.h>

#include "common/sql_error.h"
#include "functions/extension.h"
#include "functions/type_oids.h"
#include "names.h"
#include "parser/parser.h"
#include "routine.h"

namespace varve::commands {

using catalog::Routine;
using catalog::RoutinePtr;

namespace {

struct AggregateDefinition {
  parser::NameList state_function, final_function, combine_function;
  Oid state_type;
  bool final_extra = false;
  char parallel = 'u';
};

parser::NameList function_name(const parser::Option& option) {
  if (parser::is<parser::TypeName>(option.value)) return parser::as<parser::TypeName>(option.value)->names;
  if (parser::is<parser::QualifiedName>(option.value))
    return parser::as<parser::QualifiedName>(option.value)->names;
  throw SqlError(sqlstate::kSyntaxError, fmt::format("{} requires a parameter", option.name));
}

AggregateDefinition read_definition(CommandContext& context, const parser::DefineStmt& stmt) {
  AggregateDefinition out;
  for (const parser::Option* o : stmt.definition) {
    if (o->name == "sfunc") {
      out.state_function = function_name(*o);
    } else if (o->name == "stype") {
      out.state_type = find_type(context, *parser::as<parser::TypeName>(o->value));
    } else if (o->name == "finalfunc") {
      out.final_function = function_name(*o);
    } else if (o->name == "combinefunc") {
      out.combine_function = function_name(*o);
    } else if (o->name == "finalfunc_extra") {
      out.final_extra = o->value == nullptr || option_boolean(*o);
    } else if (o->name == "parallel") {
      out.parallel = option_text(*o)[0];
    } else {
      throw_not_supported(fmt::format("aggregate attribute \"{}\"", o->name));
    }
  }
  auto invalid = [](std::string_view what) {
    return SqlError(sqlstate::kInvalidFunctionDefinition, std::string(what));
  };
  if (out.state_type == kInvalidOid) throw invalid("aggregate stype must be specified");
  if (out.state_function.empty()) throw invalid("aggregate sfunc must be specified");
  return out;
}

// The function of this name and these arguments.
RoutinePtr support_function(CommandContext& context, parser::NameList names, const std::vector<Oid>& args) {
  Oid schema = names.size() > 1 ? context.catalog.find_schema(names[names.size() - 2]) : kInvalidOid;
  for (const RoutinePtr& r : context.catalog.routines_named(names.back())) {
    bool in_path = schema != kInvalidOid ? r->schema == schema
                                         : std::find(context.search_path.begin(), context.search_path.end(),
                                                     r->schema) != context.search_path.end();
    if (in_path && r->args == args) return r;
  }
  std::string types;
  for (Oid type : args) types += (types.empty() ? "" : ", ") + functions::format_type(type, -1);
  if (!functions::functions_named(names.back()).empty() && schema == kInvalidOid)
    throw_not_supported(
        fmt::format("CREATE AGGREGATE with the built-in function {}({})", names.back(), types));
  throw SqlError(sqlstate::kUndefinedFunction,
                 fmt::format("function {}({}) does not exist", names.back(), types));
}

std::string create_aggregate(CommandContext& context, const parser::DefineStmt& stmt) {
  if (stmt.old_style) throw_not_supported("CREATE AGGREGATE without a list of arguments");
  std::string_view schema_name =
      stmt.names.size() > 1 ? stmt.names[stmt.names.size() - 2] : std::string_view();
  std::string name(stmt.names.back());
  Oid schema = creation_schema(context, schema_name);
  std::vector<Oid> args;
  std::vector<std::string> names;
  for (const parser::FunctionParameter* p : stmt.signature->parameters) {
    args.push_back(find_type(context, *p->type));
    names.emplace_back(p->name);
  }
  AggregateDefinition definition = read_definition(context, stmt);
  std::vector<Oid> state_args = args;
  state_args.insert(state_args.begin(), definition.state_type);
  RoutinePtr state = support_function(context, definition.state_function, state_args);
  const functions::Binding* native =
      functions::find_native(state->library, state->source, state->args, state->result);
  if (native == nullptr || native->aggregate == nullptr)
    throw_not_supported("CREATE AGGREGATE whose state function is not an extension's");
  RoutinePtr final_function, combine;
  Oid result = definition.state_type;
  if (!definition.final_function.empty()) {
    final_function =
        support_function(context, definition.final_function,
                         definition.final_extra ? state_args : std::vector<Oid>{definition.state_type});
    result = final_function->result;
  }
  if (!definition.combine_function.empty()) {
    combine = support_function(context, definition.combine_function,
                               {definition.state_type, definition.state_type});
  }
  for (const RoutinePtr& r : context.catalog.routines_named(name)) {
    if (r->schema == schema && r->args == args) {
      throw SqlError(sqlstate::kDuplicateFunction,
                     fmt::format("function \"{}\" already exists with same argument types", name));
    }
  }
  Oid oid = catalog::Database::new_oid();
  RowDraft row(system_table("pg_proc"));
  row.oid("oid", oid).text("proname", name).oid("pronamespace", schema).oid("proowner", context.role);
  row.oid("prolang", catalog::kInternalLanguage).float4("procost", 1).text("prokind", "a");
  row.text("provolatile", "i").text("proparallel", std::string(1, definition.parallel));
  row.int2("pronargs", static_cast<int16_t>(args.size())).oid("prorettype", result);
  std::string types;
  for (Oid type : args) types += fmt::format("{}{}", types.empty() ? "" : " ", type.value());
  row.text("proargtypes", types).text("prosrc", "aggregate_dummy");
  bool named = std::any_of(names.begin(), names.end(), [](const std::string& n) { return !n.empty(); });
  if (named) row.text("proargnames", text_array(names));
  context.catalog.insert(row);

  RowDraft aggregate(system_table("pg_aggregate"));
  aggregate.oid("aggfnoid", oid).text("aggkind", "n").oid("aggtransfn", state->oid);
  if (final_function != nullptr) aggregate.oid("aggfinalfn", final_function->oid);
  if (combine != nullptr) aggregate.oid("aggcombinefn", combine->oid);
  aggregate.boolean("aggfinalextra", definition.final_extra).oid("aggtranstype", definition.state_type);
  aggregate.text("aggfinalmodify", "r").text("aggmfinalmodify", "r");
  context.catalog.insert(aggregate);

  ObjectAddress self{kProcClass, oid};
  add_dependency(context, self, {kNamespaceClass, schema}, 'n');
  add_dependency(context, self, {kProcClass, state->oid}, 'n');
  if (final_function != nullptr) add_dependency(context, self, {kProcClass, final_function->oid}, 'n');
  if (combine != nullptr) add_dependency(context, self, {kProcClass, combine->oid}, 'n');
  return "CREATE AGGREGATE";
}

}  // namespace

std::string define_object(CommandContext& context, const parser::DefineStmt& stmt) {
  if (stmt.object_type == parser::ObjectType::kAggregate) return create_aggregate(context, stmt);
  throw_not_supported("Define");
}

}  // namespace varve::commands
