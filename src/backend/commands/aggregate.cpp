// CREATE AGGREGATE. Where the state function is an extension's, the implementation registered for it does all
// the work and the other support functions give only types; else functions/sql_aggregate.h calls them.
#include "aggregate.h"

#include <algorithm>
#include <fmt/format.h>
#include <optional>

#include "common/sql_error.h"
#include "functions/extension.h"
#include "functions/type_oids.h"
#include "names.h"
#include "operator.h"
#include "parser/parser.h"
#include "routine.h"
#include "support_function.h"

namespace varve::commands {

using catalog::Routine;
using catalog::RoutinePtr;

namespace {

struct AggregateDefinition {
  parser::NameList state_function, final_function, combine_function;
  Oid state_type;
  bool final_extra = false;
  int32_t state_space = 0;
  std::optional<std::string> initial;
  char parallel = 'u';
  char final_modify = 'r';
};

SqlError invalid(std::string what) { return SqlError(sqlstate::kInvalidFunctionDefinition, std::move(what)); }

char parallel_letter(const parser::Option& option) {
  std::string word = option_text(option);
  if (word == "safe" || word == "restricted" || word == "unsafe") return word[0];
  throw SqlError(sqlstate::kSyntaxError, "parameter \"parallel\" must be SAFE, RESTRICTED, or UNSAFE");
}

char modify_letter(const parser::Option& option) {
  std::string word = option_text(option);
  if (word == "read_only") return 'r';
  if (word == "shareable") return 's';
  if (word == "read_write") return 'w';
  throw SqlError(sqlstate::kSyntaxError,
                 fmt::format("parameter \"{}\" must be READ_ONLY, SHAREABLE, or READ_WRITE", option.name));
}

AggregateDefinition read_definition(CommandContext& context, const parser::DefineStmt& stmt) {
  AggregateDefinition out;
  for (const parser::Option* o : stmt.definition) {
    if (o->name == "sfunc" || o->name == "sfunc1") {
      out.state_function = function_name(*o);
    } else if (o->name == "stype" || o->name == "stype1") {
      out.state_type = find_type(context, *parser::as<parser::TypeName>(o->value));
    } else if (o->name == "finalfunc") {
      out.final_function = function_name(*o);
    } else if (o->name == "combinefunc") {
      out.combine_function = function_name(*o);
    } else if (o->name == "finalfunc_extra") {
      out.final_extra = o->value == nullptr || option_boolean(*o);
    } else if (o->name == "finalfunc_modify") {
      out.final_modify = modify_letter(*o);
    } else if (o->name == "initcond" || o->name == "initcond1") {
      out.initial = option_text(*o);
    } else if (o->name == "sspace") {
      out.state_space = static_cast<int32_t>(option_integer(*o));
    } else if (o->name == "parallel") {
      out.parallel = parallel_letter(*o);
    } else if (o->name == "hypothetical" || o->name == "sortop" || o->name == "basetype" ||
               o->name == "serialfunc" || o->name == "deserialfunc" || o->name.starts_with("ms") ||
               o->name.starts_with("mf") || o->name.starts_with("mi")) {
      throw_not_supported(fmt::format("aggregate attribute \"{}\"", o->name));
    } else {
      context.services.notice("WARNING", sqlstate::kSyntaxError,
                              fmt::format("aggregate attribute \"{}\" not recognized", o->name));
    }
  }
  if (out.state_type == kInvalidOid) throw invalid("aggregate stype must be specified");
  if (out.state_function.empty()) throw invalid("aggregate sfunc must be specified");
  return out;
}

bool is_native(const SupportFunction& state) {
  if (state.routine == nullptr) return false;
  const Routine& r = *state.routine;
  const functions::Binding* native = functions::find_native(r.library, r.source, r.args, r.result);
  return native != nullptr && native->aggregate != nullptr;
}

void check_state(const AggregateDefinition& definition, const SupportFunction& state,
                 const std::vector<Oid>& args, parser::NameList name) {
  if (state.result != definition.state_type) {
    throw SqlError(sqlstate::kDatatypeMismatch,
                   fmt::format("return type of transition function {} is not {}", name.back(),
                               functions::format_type(definition.state_type, -1)));
  }
  if (!state.strict || definition.initial.has_value()) return;
  const functions::Cast* cast = args.empty() ? nullptr : functions::find_cast(args[0], definition.state_type);
  bool same = !args.empty() &&
              (args[0] == definition.state_type || (cast != nullptr && cast->function == kInvalidOid));
  if (same) return;
  throw invalid(
      "must not omit initial value when transition function is strict and transition type is not compatible "
      "with input type");
}

void check_initial(CommandContext& context, const AggregateDefinition& definition) {
  if (!definition.initial.has_value() || is_polymorphic_type(definition.state_type)) return;
  functions::parse_value(definition.state_type, -1, *definition.initial, context.eval);
}

std::string create_aggregate(CommandContext& context, const parser::DefineStmt& stmt) {
  if (stmt.old_style) throw_not_supported("CREATE AGGREGATE without a list of arguments");
  std::string_view schema_name =
      stmt.names.size() > 1 ? stmt.names[stmt.names.size() - 2] : std::string_view();
  std::string name(stmt.names.back());
  Oid schema = creation_schema(context, schema_name);
  std::vector<Oid> args;
  std::vector<std::string> names;
  if (stmt.signature->arg_types.size() != stmt.signature->parameters.size())
    throw_not_supported("CREATE AGGREGATE of ordered sets");
  for (const parser::FunctionParameter* p : stmt.signature->parameters) {
    if (p->mode == parser::ParameterMode::kVariadic) throw_not_supported("VARIADIC aggregates");
    args.push_back(find_type(context, *p->type));
    names.emplace_back(p->name);
  }
  AggregateDefinition definition = read_definition(context, stmt);
  const functions::TypeInfo* state_info = functions::type_by_oid(definition.state_type);
  std::vector<Oid> state_args = args;
  state_args.insert(state_args.begin(), definition.state_type);
  bool generic = std::any_of(args.begin(), args.end(), is_polymorphic_type);
  if (is_polymorphic_type(definition.state_type) && !generic) {
    throw invalid("cannot determine transition data type")
        .detail(fmt::format("A result of type {} requires at least one input of type anyelement, anyarray, "
                            "anynonarray, anyenum, anyrange, or anymultirange.",
                            functions::format_type(definition.state_type, -1)));
  }
  SupportFunction state = support_function(context, definition.state_function, state_args);
  bool native = is_native(state);
  if (!native) {
    if (state_info != nullptr && state_info->kind == 'p' && !is_polymorphic_type(definition.state_type)) {
      throw invalid(fmt::format("aggregate transition data type cannot be {}",
                                functions::format_type(definition.state_type, -1)));
    }
    check_state(definition, state, args, definition.state_function);
    check_initial(context, definition);
  }
  std::optional<SupportFunction> final_function, combine;
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
    if (combine->result != definition.state_type) {
      throw SqlError(
          sqlstate::kDatatypeMismatch,
          fmt::format("return type of combine function {} is not {}", definition.combine_function.back(),
                      functions::format_type(definition.state_type, -1)));
    }
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
  aggregate.oid("aggfnoid", oid).text("aggkind", "n").oid("aggtransfn", state.oid);
  if (final_function) aggregate.oid("aggfinalfn", final_function->oid);
  if (combine) aggregate.oid("aggcombinefn", combine->oid);
  aggregate.boolean("aggfinalextra", definition.final_extra).oid("aggtranstype", definition.state_type);
  aggregate.int4("aggtransspace", definition.state_space);
  aggregate.text("aggfinalmodify", std::string(1, definition.final_modify)).text("aggmfinalmodify", "r");
  if (definition.initial) aggregate.text("agginitval", *definition.initial);
  context.catalog.insert(aggregate);

  ObjectAddress self{kProcClass, oid};
  add_dependency(context, self, {kNamespaceClass, schema}, 'n');
  add_dependency(context, self, {kProcClass, state.oid}, 'n');
  if (final_function) add_dependency(context, self, {kProcClass, final_function->oid}, 'n');
  if (combine) add_dependency(context, self, {kProcClass, combine->oid}, 'n');
  for (Oid type : state_args) add_dependency(context, self, {kTypeClass, type}, 'n');
  return "CREATE AGGREGATE";
}

}  // namespace

std::string define_object(CommandContext& context, const parser::DefineStmt& stmt) {
  if (stmt.object_type == parser::ObjectType::kAggregate) return create_aggregate(context, stmt);
  if (stmt.object_type == parser::ObjectType::kOperator) return create_operator(context, stmt);
  throw_not_supported("Define");
}

}  // namespace varve::commands
