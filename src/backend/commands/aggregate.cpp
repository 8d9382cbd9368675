// CREATE AGGREGATE. Where the state function is an extension's, the implementation registered for it does all
// the work and the other support functions give only types; else functions/sql_aggregate.h calls them.
#include "aggregate.h"

#include <algorithm>
#include <fmt/format.h>
#include <optional>

#include "catalog/operators.h"
#include "common/sql_error.h"
#include "functions/extension.h"
#include "functions/type_oids.h"
#include "names.h"
#include "operator.h"
#include "ownership.h"
#include "parser/command_name.h"
#include "parser/parser.h"
#include "privileges.h"
#include "routine.h"
#include "support_function.h"

namespace varve::commands {

using catalog::Routine;
using catalog::RoutinePtr;

namespace {

SqlError invalid_aggregate(std::string what) {
  return SqlError(sqlstate::kInvalidFunctionDefinition, std::move(what));
}

std::string type_text(Oid type) { return functions::format_type(type, -1); }

// One of the two ways an aggregate works: over all rows of a group, or over a frame that moves.
struct Implementation {
  bool moving = false;
  parser::NameList state_name, inverse_name, final_name;
  Oid state_type;
  bool final_extra = false;
  char final_modify = 0;
  int32_t state_space = 0;
  std::optional<std::string> initial;

  std::optional<SupportFunction> state, inverse, final_function;
  Oid result;
};

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

bool is_native(const SupportFunction& state) {
  if (state.routine == nullptr) return false;
  const Routine& r = *state.routine;
  const functions::Binding* native = functions::find_native(r.library, r.source, r.args, r.result);
  return native != nullptr && native->aggregate != nullptr;
}

bool same_representation(Oid from, Oid to) {
  const functions::Cast* cast = functions::find_cast(from, to);
  return from == to || is_polymorphic_type(to) || (cast != nullptr && cast->function == kInvalidOid);
}

class AggregateBuilder {
 public:
  AggregateBuilder(CommandContext& context, const parser::DefineStmt& stmt)
      : context_(context), stmt_(stmt) {}
  std::string run();

 private:
  void read_options();
  Oid option_type(const parser::Option& option);
  bool read_support_option(const parser::Option& option, Implementation& of, std::string_view name);
  void check_options();
  void read_arguments();
  void check_state_type(const Implementation& of);
  void resolve(Implementation& of);
  void resolve_final(Implementation& of);
  void resolve_merging();
  void resolve_sort_operator();
  std::vector<Oid> behind(Oid state_type, size_t first, size_t count) const;
  RoutinePtr existing();
  void check_replacement(const Routine& old);
  void write(const Routine* old);
  void fill_aggregate(RowDraft& row);
  void dependencies();

  CommandContext& context_;
  const parser::DefineStmt& stmt_;
  std::string name_;
  Oid schema_, oid_, variadic_, sort_operator_;
  std::vector<Oid> args_;
  std::vector<std::string> names_;
  std::vector<char> modes_;
  char kind_ = 'n', parallel_ = 'u';
  size_t direct_ = 0;  // arguments in front of ORDER BY
  bool native_ = false, hypothetical_ = false;
  Implementation plain_, moving_;
  parser::NameList combine_name_, serialize_name_, deserialize_name_, sort_operator_name_;
  const parser::Option* base_type_ = nullptr;
  std::optional<SupportFunction> combine_;
};

// A type as a type or as a string.
Oid AggregateBuilder::option_type(const parser::Option& o) {
  if (parser::is<parser::TypeName>(o.value))
    return find_type(context_, *parser::as<parser::TypeName>(o.value));
  if (o.value == nullptr)
    throw SqlError(sqlstate::kSyntaxError, fmt::format("{} requires a parameter", o.name));
  return find_type(context_, *parser::parse_type_name(option_text(o), context_.arena));
}

// `name` without the m of the moving ones; false: it is none of these.
bool AggregateBuilder::read_support_option(const parser::Option& o, Implementation& of,
                                           std::string_view name) {
  if (name == "sfunc" || (name == "sfunc1" && !of.moving)) {
    of.state_name = function_name(o);
  } else if (name == "stype" || (name == "stype1" && !of.moving)) {
    of.state_type = option_type(o);
  } else if (name == "finalfunc") {
    of.final_name = function_name(o);
  } else if (name == "finalfunc_extra") {
    of.final_extra = o.value == nullptr || option_boolean(o);
  } else if (name == "finalfunc_modify") {
    of.final_modify = modify_letter(o);
  } else if (name == "initcond" || (name == "initcond1" && !of.moving)) {
    of.initial = option_text(o);
  } else if (name == "sspace") {
    of.state_space = static_cast<int32_t>(option_integer(o));
  } else if (name == "invfunc" && of.moving) {
    of.inverse_name = function_name(o);
  } else {
    return false;
  }
  return true;
}

void AggregateBuilder::read_options() {
  moving_.moving = true;
  for (const parser::Option* o : stmt_.definition) {
    if (read_support_option(*o, plain_, o->name)) continue;
    if (o->name.starts_with("m") && read_support_option(*o, moving_, o->name.substr(1))) continue;
    if (o->name == "combinefunc") {
      combine_name_ = function_name(*o);
    } else if (o->name == "serialfunc") {
      serialize_name_ = function_name(*o);
    } else if (o->name == "deserialfunc") {
      deserialize_name_ = function_name(*o);
    } else if (o->name == "sortop") {
      sort_operator_name_ = function_name(*o);
    } else if (o->name == "basetype") {
      base_type_ = o;
    } else if (o->name == "hypothetical") {
      hypothetical_ = o->value == nullptr || option_boolean(*o);
    } else if (o->name == "parallel") {
      parallel_ = parallel_letter(*o);
    } else {
      context_.services.notice("WARNING", sqlstate::kSyntaxError,
                               fmt::format("aggregate attribute \"{}\" not recognized", o->name));
    }
  }
}

void AggregateBuilder::check_options() {
  if (hypothetical_) {
    if (stmt_.direct_args < 0) throw invalid_aggregate("only ordered-set aggregates can be hypothetical");
    kind_ = 'h';
  }
  if (plain_.state_type == kInvalidOid) throw invalid_aggregate("aggregate stype must be specified");
  if (plain_.state_name.empty()) throw invalid_aggregate("aggregate sfunc must be specified");
  if (moving_.state_type != kInvalidOid) {
    if (moving_.state_name.empty())
      throw invalid_aggregate("aggregate msfunc must be specified when mstype is specified");
    if (moving_.inverse_name.empty())
      throw invalid_aggregate("aggregate minvfunc must be specified when mstype is specified");
  } else {
    std::string_view alone = !moving_.state_name.empty()     ? "msfunc"
                             : !moving_.inverse_name.empty() ? "minvfunc"
                             : !moving_.final_name.empty()   ? "mfinalfunc"
                             : moving_.state_space != 0      ? "msspace"
                             : moving_.initial.has_value()   ? "minitcond"
                                                             : "";
    if (!alone.empty())
      throw invalid_aggregate(fmt::format("aggregate {} must not be specified without mstype", alone));
  }
  const char usual = kind_ == 'n' ? 'r' : 'w';
  if (plain_.final_modify == 0) plain_.final_modify = usual;
  if (moving_.final_modify == 0) moving_.final_modify = usual;
}

void AggregateBuilder::read_arguments() {
  if (stmt_.old_style) {
    if (base_type_ == nullptr) throw invalid_aggregate("aggregate input type must be specified");
    std::string any = option_text(*base_type_);
    std::transform(any.begin(), any.end(), any.begin(), [](char c) { return static_cast<char>(c | 32); });
    if (any != "any") args_.push_back(option_type(*base_type_));
    names_.resize(args_.size());
    modes_.assign(args_.size(), 'i');
    return;
  }
  if (base_type_ != nullptr)
    throw invalid_aggregate("basetype is redundant with aggregate input type specification");
  for (const parser::FunctionParameter* p : stmt_.signature->parameters) {
    Oid type = find_type(context_, *p->type);
    const bool variadic = p->mode == parser::ParameterMode::kVariadic;
    if (variadic) {
      const functions::TypeInfo* info = functions::type_by_oid(type);
      if (type == type_oid::kAny) throw_not_supported("VARIADIC \"any\" of CREATE AGGREGATE");
      variadic_ = type == type_oid::kAnyarray             ? type_oid::kAnyelement
                  : type == type_oid::kAnycompatiblearray ? type_oid::kAnycompatible
                  : info == nullptr                       ? kInvalidOid
                                                          : info->element_type;
      if (variadic_ == kInvalidOid) throw invalid_aggregate("VARIADIC parameter must be an array");
    }
    args_.push_back(type);
    names_.emplace_back(p->name);
    modes_.push_back(variadic ? 'v' : 'i');
  }
  if (stmt_.direct_args < 0) return;
  if (kind_ == 'n') kind_ = 'o';
  direct_ = static_cast<size_t>(stmt_.direct_args);
  if (variadic_ != kInvalidOid) throw_not_supported("a VARIADIC argument of an ordered-set aggregate");
}

// A state type and some of the arguments, as a support function takes them.
std::vector<Oid> AggregateBuilder::behind(Oid state_type, size_t first, size_t count) const {
  std::vector<Oid> types{state_type};
  for (size_t i = first; i < first + count; ++i) types.push_back(args_[i]);
  return types;
}

void AggregateBuilder::check_state_type(const Implementation& of) {
  const functions::TypeInfo* info = functions::type_by_oid(of.state_type);
  if (!native_ && info != nullptr && info->kind == 'p' && !is_polymorphic_type(of.state_type))
    throw invalid_aggregate(
        fmt::format("aggregate transition data type cannot be {}", type_text(of.state_type)));
  if (native_ || !of.initial.has_value() || is_polymorphic_type(of.state_type)) return;
  functions::parse_value(of.state_type, -1, *of.initial, context_.eval);
}

void AggregateBuilder::resolve(Implementation& of) {
  if (std::string why = undetermined_type(of.state_type, args_); !why.empty())
    throw invalid_aggregate("cannot determine transition data type").detail(why);
  std::vector<Oid> taken = behind(of.state_type, direct_, args_.size() - direct_);
  of.state = aggregate_support_function(context_, of.state_name, taken);
  if (!of.moving) native_ = is_native(*of.state);
  check_state_type(of);
  if (native_) return;
  if (of.state->result != of.state_type) {
    throw SqlError(sqlstate::kDatatypeMismatch, fmt::format("return type of transition function {} is not {}",
                                                            of.state_name.back(), type_text(of.state_type)));
  }
  bool first_value = taken.size() > 1 && same_representation(taken[1], of.state_type);
  if (of.state->strict && !of.initial.has_value() && !first_value) {
    throw invalid_aggregate(
        "must not omit initial value when transition function is strict and transition type is not "
        "compatible with input type");
  }
  if (!of.moving) return;
  of.inverse = aggregate_support_function(context_, of.inverse_name, taken);
  if (of.inverse->result != of.state_type) {
    throw SqlError(sqlstate::kDatatypeMismatch,
                   fmt::format("return type of inverse transition function {} is not {}",
                               of.inverse_name.back(), type_text(of.state_type)));
  }
  if (of.inverse->strict != of.state->strict)
    throw invalid_aggregate("strictness of aggregate's forward and inverse transition functions must match");
}

void AggregateBuilder::resolve_final(Implementation& of) {
  of.result = of.state_type;
  if (of.final_name.empty()) return;
  size_t count = of.final_extra ? args_.size() : direct_;
  of.final_function = aggregate_support_function(context_, of.final_name, behind(of.state_type, 0, count));
  if (of.final_extra && of.final_function->strict && !native_)
    throw invalid_aggregate("final function with extra arguments must not be declared STRICT");
  of.result = of.final_function->result;
  if (std::string why = undetermined_type(of.result, args_); !why.empty())
    throw invalid_aggregate("cannot determine result data type").detail(why);
}

// What several workers' states are put together with: known to the catalog, not used here.
void AggregateBuilder::resolve_merging() {
  if (!combine_name_.empty()) {
    combine_ = aggregate_support_function(context_, combine_name_, {plain_.state_type, plain_.state_type});
    if (combine_->result != plain_.state_type) {
      throw SqlError(sqlstate::kDatatypeMismatch,
                     fmt::format("return type of combine function {} is not {}", combine_name_.back(),
                                 type_text(plain_.state_type)));
    }
  }
  if (serialize_name_.empty() && deserialize_name_.empty()) return;
  if (plain_.state_type != type_oid::kInternal) {
    throw invalid_aggregate(
        "serialization functions may be specified only when the aggregate transition data type is internal");
  }
  if (serialize_name_.empty() || deserialize_name_.empty())
    throw invalid_aggregate("must specify both or neither of serialization and deserialization functions");
  throw_not_supported("aggregate attribute \"serialfunc\"");
}

void AggregateBuilder::resolve_sort_operator() {
  if (sort_operator_name_.empty()) return;
  if (args_.size() != 1)
    throw invalid_aggregate("sort operator can only be specified for single-argument aggregates");
  sort_operator_ = find_operator(context_, sort_operator_name_, args_[0], args_[0]).object;
}

RoutinePtr AggregateBuilder::existing() {
  for (const RoutinePtr& r : context_.catalog.routines_named(name_)) {
    if (r->schema == schema_ && r->args == args_) return r;
  }
  return nullptr;
}

void AggregateBuilder::check_replacement(const Routine& old) {
  if (!stmt_.replace) {
    throw SqlError(sqlstate::kDuplicateFunction,
                   fmt::format("function \"{}\" already exists with same argument types", name_));
  }
  require_owner_of(context_, old.owner, old.kind == 'a' ? "aggregate" : "function", name_);
  auto other_kind = [&](std::string_view what) {
    throw SqlError(sqlstate::kWrongObjectType, "cannot change routine kind")
        .detail(fmt::format("\"{}\" is {}.", name_, what));
  };
  if (old.kind != 'a') other_kind(old.kind == 'p' ? "a procedure" : "a function");
  std::string drop = fmt::format("Use DROP AGGREGATE {} first.", routine_description(context_, old.oid));
  if (old.result != plain_.result)
    throw invalid_aggregate("cannot change return type of existing function").hint(drop);
  catalog::AggregateDefinition before = catalog::aggregate_definition(context_.catalog, old.oid);
  if (before.kind != kind_) {
    other_kind(before.kind == 'n'   ? "an ordinary aggregate function"
               : before.kind == 'o' ? "an ordered-set aggregate"
                                    : "a hypothetical-set aggregate");
  }
  if (before.direct_args != direct_)
    throw invalid_aggregate("cannot change number of direct arguments of an aggregate function");
}

void AggregateBuilder::fill_aggregate(RowDraft& row) {
  auto oid_of = [](const std::optional<SupportFunction>& f) { return f ? f->oid : kInvalidOid; };
  row.oid("aggfnoid", oid_).text("aggkind", std::string(1, kind_));
  row.int2("aggnumdirectargs", static_cast<int16_t>(direct_));
  row.oid("aggtransfn", plain_.state->oid).oid("aggfinalfn", oid_of(plain_.final_function));
  row.oid("aggcombinefn", oid_of(combine_)).oid("aggsortop", sort_operator_);
  row.oid("aggmtransfn", oid_of(moving_.state)).oid("aggminvtransfn", oid_of(moving_.inverse));
  row.oid("aggmfinalfn", oid_of(moving_.final_function));
  row.boolean("aggfinalextra", plain_.final_extra).boolean("aggmfinalextra", moving_.final_extra);
  row.text("aggfinalmodify", std::string(1, plain_.final_modify));
  row.text("aggmfinalmodify", std::string(1, moving_.final_modify));
  row.oid("aggtranstype", plain_.state_type).int4("aggtransspace", plain_.state_space);
  row.oid("aggmtranstype", moving_.state_type).int4("aggmtransspace", moving_.state_space);
  if (plain_.initial)
    row.text("agginitval", *plain_.initial);
  else
    row.null("agginitval");
  if (moving_.initial)
    row.text("aggminitval", *moving_.initial);
  else
    row.null("aggminitval");
}

void AggregateBuilder::write(const Routine* old) {
  if (old != nullptr) {
    oid_ = old->oid;
    change_row(context_, "pg_proc", oid_,
               [&](RowDraft& row) { row.text("proparallel", std::string(1, parallel_)); });
    change_row_by(context_, "pg_aggregate", "aggfnoid", oid_, [&](RowDraft& row) { fill_aggregate(row); });
    return;
  }
  oid_ = catalog::Database::new_oid();
  RowDraft row(system_table("pg_proc"));
  row.oid("oid", oid_).text("proname", name_).oid("pronamespace", schema_).oid("proowner", context_.role);
  row.oid("prolang", catalog::kInternalLanguage).float4("procost", 1).text("prokind", "a");
  row.text("provolatile", "i").text("proparallel", std::string(1, parallel_)).oid("provariadic", variadic_);
  row.int2("pronargs", static_cast<int16_t>(args_.size())).oid("prorettype", plain_.result);
  std::string types, modes;
  for (Oid type : args_) types += fmt::format("{}{}", types.empty() ? "" : " ", type.value());
  for (char mode : modes_) modes += (modes.empty() ? "" : ",") + std::string(1, mode);
  row.text("proargtypes", types).text("prosrc", "aggregate_dummy");
  if (variadic_ != kInvalidOid) {
    std::replace(types.begin(), types.end(), ' ', ',');
    row.text("proallargtypes", "{" + types + "}").text("proargmodes", "{" + modes + "}");
  }
  bool named = std::any_of(names_.begin(), names_.end(), [](const std::string& n) { return !n.empty(); });
  if (named) row.text("proargnames", text_array(names_));
  context_.catalog.insert(row);
  RowDraft aggregate(system_table("pg_aggregate"));
  fill_aggregate(aggregate);
  context_.catalog.insert(aggregate);
}

void AggregateBuilder::dependencies() {
  ObjectAddress self{kProcClass, oid_};
  remove_dependencies_of(context_, self);
  add_dependency(context_, self, {kNamespaceClass, schema_}, 'n');
  for (const Implementation* of : {&plain_, &moving_}) {
    for (const std::optional<SupportFunction>* f : {&of->state, &of->inverse, &of->final_function})
      if (f->has_value()) add_dependency(context_, self, {kProcClass, (*f)->oid}, 'n');
    if (of->state_type != kInvalidOid) add_dependency(context_, self, {kTypeClass, of->state_type}, 'n');
  }
  if (combine_) add_dependency(context_, self, {kProcClass, combine_->oid}, 'n');
  if (sort_operator_ != kInvalidOid) add_dependency(context_, self, {kOperatorClass, sort_operator_}, 'n');
  for (Oid type : args_) add_dependency(context_, self, {kTypeClass, type}, 'n');
}

std::string AggregateBuilder::run() {
  std::string_view schema_name =
      stmt_.names.size() > 1 ? stmt_.names[stmt_.names.size() - 2] : std::string_view();
  name_ = stmt_.names.back();
  schema_ = creation_schema(context_, schema_name);
  read_options();
  read_arguments();
  check_options();
  if (!serialize_name_.empty() || !deserialize_name_.empty()) resolve_merging();
  resolve(plain_);
  if (moving_.state_type != kInvalidOid) resolve(moving_);
  resolve_final(plain_);
  resolve_merging();
  if (moving_.state_type != kInvalidOid) {
    resolve_final(moving_);
    if (moving_.result != plain_.result) {
      throw invalid_aggregate(
          fmt::format("moving-aggregate implementation returns type {}, but plain implementation "
                      "returns type {}",
                      type_text(moving_.result), type_text(plain_.result)));
    }
  }
  resolve_sort_operator();
  for (Oid type : args_) require_type_usage(context_, type);
  for (Oid type : {plain_.state_type, moving_.state_type, plain_.result}) require_type_usage(context_, type);
  RoutinePtr old = existing();
  if (old != nullptr) check_replacement(*old);
  write(old.get());
  dependencies();
  return "CREATE AGGREGATE";
}

}  // namespace

std::string define_object(CommandContext& context, const parser::DefineStmt& stmt) {
  if (stmt.object_type == parser::ObjectType::kAggregate) return AggregateBuilder(context, stmt).run();
  if (stmt.object_type == parser::ObjectType::kOperator) return create_operator(context, stmt);
  throw_not_supported(parser::command_name(&stmt));
}

}  // namespace varve::commands
