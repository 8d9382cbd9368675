// CREATE FUNCTION and CREATE PROCEDURE.
#include "routine.h"

#include <algorithm>
#include <fmt/format.h>
#include <optional>

#include "common/sql_error.h"
#include "functions/extension.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "names.h"
#include "parser/parser.h"
#include "privileges.h"
#include "routine_options.h"
#include "support_function.h"
#include "table_expression.h"

namespace varve::commands {

using catalog::Routine;
using catalog::RoutinePtr;
using parser::ParameterMode;

namespace {

SqlError invalid_routine(std::string message) {
  return SqlError(sqlstate::kInvalidFunctionDefinition, std::move(message));
}

// A routine in the making.
class RoutineBuilder {
 public:
  RoutineBuilder(CommandContext& context, const parser::CreateFunctionStmt& stmt)
      : context_(context), stmt_(stmt) {}

  std::string run();

 private:
  void parameters();
  void parameter(const parser::FunctionParameter& p);
  bool is_name_taken(std::string_view name, char mode) const;
  Oid parameter_type(const parser::TypeName& name);
  void add_default(const parser::FunctionParameter& p, Oid type);
  void result();
  void check_polymorphic();
  void language(const RoutineOptions& options);
  void body(const RoutineOptions& options);
  void native_body(const RoutineOptions& options);
  RoutinePtr existing();
  void check_replacement(const Routine& old);
  void write(const Routine* old);
  void fill(RowDraft& row);
  void dependencies();

  CommandContext& context_;
  const parser::CreateFunctionStmt& stmt_;
  Routine r_;
  std::vector<Oid> outputs_;
  bool variadic_seen_ = false;
  std::vector<std::string> defaults_;
  std::vector<const analyzer::Expr*> default_exprs_;
};

// A missing type of a parameter is named without quotes.
Oid RoutineBuilder::parameter_type(const parser::TypeName& name) {
  try {
    return find_type(context_, name);
  } catch (SqlError& error) {
    std::string& message = error.fields().message;
    if (error.state() == sqlstate::kUndefinedObject) std::erase(message, '"');
    throw;
  }
}

// An input and an output may share a name, except where both are variables of PL/pgSQL.
bool RoutineBuilder::is_name_taken(std::string_view name, char mode) const {
  auto is_in = [](char m) { return m != 'o' && m != 't'; };
  auto is_out = [](char m) { return m == 'o' || m == 't' || m == 'b'; };
  for (size_t i = 0; i < r_.names.size(); ++i) {
    char other = r_.modes[i];
    bool clash = r_.language == catalog::kPlpgsqlLanguage || (is_in(mode) && is_in(other)) ||
                 (is_out(mode) && is_out(other));
    if (clash && r_.names[i] == name) return true;
  }
  return false;
}

void RoutineBuilder::parameter(const parser::FunctionParameter& p) {
  bool set_of = p.type->set_of;
  Oid type = parameter_type(*p.type);
  require_type_usage(context_, type);
  if (set_of) {
    throw invalid_routine(stmt_.is_procedure ? "procedures cannot accept set arguments"
                                             : "functions cannot accept set arguments");
  }
  char mode = p.mode == ParameterMode::kOut        ? 'o'
              : p.mode == ParameterMode::kInOut    ? 'b'
              : p.mode == ParameterMode::kVariadic ? 'v'
              : p.mode == ParameterMode::kTable    ? 't'
                                                   : 'i';
  bool input = mode != 'o' && mode != 't';
  if (r_.language == catalog::kCLanguage) {
    // A native function takes what its signature says.
  } else if (type == type_oid::kVoid || type == type_oid::kTrigger || type == type_oid::kUnknown ||
             type == type_oid::kCstring) {
    if (type == type_oid::kCstring || type == type_oid::kUnknown) {
      throw invalid_routine(
          fmt::format("SQL functions cannot have arguments of type {}", functions::format_type(type, -1)));
    }
    throw invalid_routine(fmt::format("{} functions cannot accept type {}",
                                      r_.language == catalog::kSqlLanguage ? "SQL" : "PL/pgSQL",
                                      functions::format_type(type, -1)));
  }
  if (input) {
    if (variadic_seen_) throw invalid_routine("VARIADIC parameter must be the last input parameter");
    r_.args.push_back(type);
  }
  if (mode == 'v') {
    variadic_seen_ = true;
    const functions::TypeInfo* info = functions::type_by_oid(type);
    if (type == type_oid::kAny)
      r_.variadic = type_oid::kAny;
    else if (type == type_oid::kAnyarray)
      r_.variadic = type_oid::kAnyelement;
    else if (type == type_oid::kAnycompatiblearray)
      r_.variadic = type_oid::kAnycompatible;
    else if (info != nullptr && info->element_type != kInvalidOid)
      r_.variadic = info->element_type;
    else
      throw invalid_routine("VARIADIC parameter must be an array");
  }
  if (!input || mode == 'b') outputs_.push_back(type);
  r_.all_args.push_back(type);
  r_.modes.push_back(mode);
  if (!p.name.empty() && is_name_taken(p.name, mode)) {
    throw invalid_routine(fmt::format("parameter name \"{}\" used more than once", p.name));
  }
  r_.names.emplace_back(p.name);
  if (p.default_value != nullptr) {
    if (!input) throw invalid_routine("only input parameters can have default values");
    add_default(p, type);
  } else if (input && !defaults_.empty() && mode != 'v') {
    throw invalid_routine("input parameters after one with a default value must also have defaults");
  }
}

void RoutineBuilder::add_default(const parser::FunctionParameter& p, Oid type) {
  analyzer::AnalyzerContext inner = context_.analyzer_context();
  analyzer::Expr* e =
      analyzer::analyze_table_expression(inner, p.default_value, nullptr, "DEFAULT expressions");
  if (!is_polymorphic_type(type)) e = analyzer::coerce_for_assignment(inner, e, type, -1, p.name);
  defaults_.push_back(analyzer::deparse_expression(*e, nullptr, context_.eval));
  default_exprs_.push_back(e);
}

void RoutineBuilder::parameters() {
  for (const parser::FunctionParameter* p : stmt_.parameters) parameter(*p);
  bool all_in = std::all_of(r_.modes.begin(), r_.modes.end(), [](char m) { return m == 'i'; });
  if (all_in) {
    r_.all_args.clear();
    r_.modes.clear();
  }
  bool named = std::any_of(r_.names.begin(), r_.names.end(), [](const std::string& n) { return !n.empty(); });
  if (!named) r_.names.clear();
  r_.default_count = static_cast<uint16_t>(defaults_.size());
  for (const std::string& d : defaults_) r_.defaults += (r_.defaults.empty() ? "" : ", ") + d;
}

void RoutineBuilder::result() {
  bool table = std::any_of(r_.modes.begin(), r_.modes.end(), [](char m) { return m == 't'; });
  Oid implied = outputs_.empty()                              ? kInvalidOid
                : outputs_.size() == 1 && !stmt_.is_procedure ? outputs_[0]
                                                              : type_oid::kRecord;
  if (stmt_.is_procedure) {
    r_.result = outputs_.empty() ? type_oid::kVoid : type_oid::kRecord;
    return;
  }
  if (stmt_.return_type != nullptr) {
    r_.result = find_type(context_, *stmt_.return_type);
    require_type_usage(context_, r_.result);
    r_.returns_set = stmt_.return_type->set_of;
    if (implied != kInvalidOid && implied != r_.result) {
      throw invalid_routine(fmt::format("function result type must be {} because of OUT parameters",
                                        functions::format_type(implied, -1)));
    }
  } else if (implied != kInvalidOid) {
    r_.result = implied;
    r_.returns_set = table;
  } else {
    throw invalid_routine("function result type must be specified");
  }
  static constexpr Oid kImpossible[] = {type_oid::kCstring, type_oid::kInternal, type_oid::kAny,
                                        type_oid::kUnknown};
  bool native = r_.language == catalog::kCLanguage;
  if (r_.language == catalog::kSqlLanguage && r_.result == type_oid::kTrigger)
    throw invalid_routine("SQL functions cannot return type trigger");
  if (!native &&
      std::find(std::begin(kImpossible), std::end(kImpossible), r_.result) != std::end(kImpossible)) {
    throw invalid_routine(fmt::format("{} functions cannot return type {}",
                                      r_.language == catalog::kSqlLanguage ? "SQL" : "PL/pgSQL",
                                      functions::format_type(r_.result, -1)));
  }
}

void RoutineBuilder::check_polymorphic() {
  auto check = [&](Oid type) {
    if (std::string why = undetermined_type(type, r_.args); !why.empty())
      throw invalid_routine("cannot determine result data type").detail(why);
  };
  check(r_.result);
  for (Oid type : outputs_) check(type);
}

void RoutineBuilder::language(const RoutineOptions& options) {
  std::string name = options.language;
  if (name.empty()) {
    if (stmt_.sql_body == nullptr) throw invalid_routine("no language specified");
    name = "sql";
  }
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  const KeyMatch match[] = {{"lanname", Value::of_string(std::string_view(name))}};
  context_.catalog.for_each(system_table("pg_language"), match,
                            [&](const Row& row) { r_.language = row.oid("oid"); });
  if (r_.language == kInvalidOid) {
    throw SqlError(sqlstate::kUndefinedObject, fmt::format("language \"{}\" does not exist", name));
  }
  const bool trusted = r_.language == catalog::kSqlLanguage || r_.language == catalog::kPlpgsqlLanguage;
  const bool allowed = trusted ? RoleRights(context_.catalog, context_.role).language_allows(r_.language, 'U')
                               : context_.is_superuser;
  if (!allowed) {
    throw SqlError(sqlstate::kInsufficientPrivilege, fmt::format("permission denied for language {}", name));
  }
  if (!trusted && r_.language != catalog::kCLanguage) {
    throw_not_supported(fmt::format("CREATE FUNCTION in language \"{}\"", name));
  }
}

void RoutineBuilder::body(const RoutineOptions& options) {
  if (stmt_.sql_body != nullptr) {
    if (!options.body.empty()) throw invalid_routine("duplicate function body specified");
    if (r_.language != catalog::kSqlLanguage)
      throw invalid_routine("inline SQL function body only valid for language SQL");
    if (std::any_of(r_.args.begin(), r_.args.end(), is_polymorphic_type))
      throw invalid_routine("SQL function with unquoted function body cannot have polymorphic arguments");
    r_.sql_body = body_text(context_.sql, stmt_.sql_body->location);
    return;
  }
  if (options.body.empty()) throw invalid_routine("no function body specified");
  if (r_.language == catalog::kCLanguage) return native_body(options);
  if (options.body.size() > 1) {
    throw invalid_routine(fmt::format("only one AS item needed for language \"{}\"", options.language));
  }
  r_.source = options.body[0];
}

// AS 'library', 'symbol'; the symbol is the function's name if none is given.
void RoutineBuilder::native_body(const RoutineOptions& options) {
  r_.library = options.body[0];
  r_.source = options.body.size() > 1 ? options.body[1] : r_.name;
  if (!functions::has_library(r_.library)) {
    throw SqlError(sqlstate::kUndefinedFile,
                   fmt::format("could not access file \"{}\": No such file or directory", r_.library));
  }
  if (!functions::has_native(r_.library, r_.source)) {
    throw SqlError(sqlstate::kUndefinedFunction,
                   fmt::format("could not find function \"{}\" in file \"{}\"", r_.source, r_.library));
  }
  const functions::Binding* native = functions::find_native(r_.library, r_.source, r_.args, r_.result);
  if (native == nullptr || r_.returns_set != (native->table != nullptr)) {
    throw invalid_routine(fmt::format("function \"{}\" in file \"{}\" has another signature than {}",
                                      r_.source, r_.library, routine_signature(context_, r_)));
  }
}

RoutinePtr RoutineBuilder::existing() {
  for (const RoutinePtr& r : context_.catalog.routines_named(r_.name)) {
    if (r->schema == r_.schema && r->args == r_.args) return r;
  }
  return nullptr;
}

void RoutineBuilder::check_replacement(const Routine& old) {
  std::string signature = routine_signature(context_, old);
  if (!stmt_.replace) {
    throw SqlError(sqlstate::kDuplicateFunction,
                   fmt::format("function \"{}\" already exists with same argument types", r_.name));
  }
  require_owner_of(context_, old.owner, old.kind == 'p' ? "procedure" : "function", r_.name);
  if (old.kind != r_.kind) {
    throw SqlError(sqlstate::kWrongObjectType, "cannot change routine kind")
        .detail(fmt::format("\"{}\" is a {}.", r_.name, old.kind == 'p' ? "procedure" : "function"));
  }
  std::string_view verb = old.kind == 'p' ? "PROCEDURE" : "FUNCTION";
  std::string drop = fmt::format("Use DROP {} {} first.", verb, routine_description(context_, old.oid));
  if (old.result != r_.result || old.returns_set != r_.returns_set) {
    throw invalid_routine(old.kind == 'p' ? "cannot change whether a procedure has output parameters"
                                          : "cannot change return type of existing function")
        .hint(drop);
  }
  auto outputs = [](const Routine& r) {
    std::vector<std::pair<std::string, Oid>> out;
    for (size_t i = 0; i < r.parameter_count(); ++i) {
      if (r.is_output(i)) out.emplace_back(r.parameter_name(i), r.parameter_type(i));
    }
    return out;
  };
  if (r_.result == type_oid::kRecord && outputs(old) != outputs(r_)) {
    throw invalid_routine("cannot change return type of existing function")
        .detail("Row type defined by OUT parameters is different.")
        .hint(drop);
  }
  if (!old.names.empty()) {
    auto inputs = [](const Routine& r) {
      std::vector<std::string> out;
      for (size_t i = 0; i < r.parameter_count(); ++i) {
        if (r.is_input(i)) out.push_back(r.parameter_name(i));
      }
      return out;
    };
    std::vector<std::string> before = inputs(old), after = inputs(r_);
    for (size_t i = 0; i < before.size(); ++i) {
      if (!before[i].empty() && (i >= after.size() || before[i] != after[i])) {
        throw invalid_routine(fmt::format("cannot change name of input parameter \"{}\"", before[i]))
            .hint(drop);
      }
    }
  }
  if (r_.default_count < old.default_count) {
    throw invalid_routine("cannot remove parameter defaults from existing function").hint(drop);
  }
}

std::string oid_list(std::span<const Oid> oids, char separator) {
  std::string text;
  for (Oid oid : oids) {
    if (!text.empty()) text += separator;
    text += std::to_string(oid.value());
  }
  return text;
}

void RoutineBuilder::fill(RowDraft& row) {
  row.oid("prolang", r_.language)
      .float4("procost", r_.cost)
      .float4("prorows", r_.rows)
      .oid("provariadic", r_.variadic);
  row.text("prokind", std::string(1, r_.kind)).boolean("prosecdef", r_.security_definer);
  row.boolean("proleakproof", r_.leakproof)
      .boolean("proisstrict", r_.strict)
      .boolean("proretset", r_.returns_set);
  row.text("provolatile", std::string(1, r_.volatility)).text("proparallel", std::string(1, r_.parallel));
  row.int2("pronargs", static_cast<int16_t>(r_.args.size()))
      .int2("pronargdefaults", static_cast<int16_t>(r_.default_count));
  row.oid("prorettype", r_.result).text("proargtypes", oid_list(r_.args, ' ')).text("prosrc", r_.source);
  if (r_.library.empty())
    row.null("probin");
  else
    row.text("probin", r_.library);
  if (r_.all_args.empty()) {
    row.null("proallargtypes").null("proargmodes");
  } else {
    std::string modes;
    for (char m : r_.modes) modes += (modes.empty() ? "" : ",") + std::string(1, m);
    row.text("proallargtypes", "{" + oid_list(r_.all_args, ',') + "}").text("proargmodes", "{" + modes + "}");
  }
  if (r_.names.empty())
    row.null("proargnames");
  else
    row.text("proargnames", text_array(r_.names));
  if (r_.defaults.empty())
    row.null("proargdefaults");
  else
    row.text("proargdefaults", r_.defaults);
  if (r_.sql_body.empty())
    row.null("prosqlbody");
  else
    row.text("prosqlbody", r_.sql_body);
  if (r_.config.empty())
    row.null("proconfig");
  else
    row.text("proconfig", text_array(r_.config));
}

void RoutineBuilder::dependencies() {
  ObjectAddress self{kProcClass, r_.oid};
  remove_dependencies_of(context_, self);
  add_dependency(context_, self, {kNamespaceClass, r_.schema}, 'n');
  std::vector<Oid> types = r_.all_args.empty() ? r_.args : r_.all_args;
  types.push_back(r_.result);
  std::sort(types.begin(), types.end());
  types.erase(std::unique(types.begin(), types.end()), types.end());
  for (Oid type : types) {
    if (type.value() >= catalog::kFirstNormalOid) add_dependency(context_, self, {kTypeClass, type}, 'n');
  }
  for (const analyzer::Expr* e : default_exprs_) depend_on_named_objects(context_, self, *e);
}

void RoutineBuilder::write(const Routine* old) {
  const catalog::SystemTable& pg_proc = system_table("pg_proc");
  if (old == nullptr) {
    r_.oid = catalog::Database::new_oid();
    RowDraft row(pg_proc);
    row.oid("oid", r_.oid)
        .text("proname", r_.name)
        .oid("pronamespace", r_.schema)
        .oid("proowner", context_.role);
    row.null("proacl");
    fill(row);
    context_.catalog.insert(row);
  } else {
    r_.oid = old->oid;
    const KeyMatch match[] = {{"oid", Value::of_oid(r_.oid.value())}};
    context_.catalog.for_each(pg_proc, match, [&](const Row& row) {
      RowDraft draft(pg_proc, row);
      fill(draft);
      context_.catalog.update(row, draft);
      return false;
    });
  }
  dependencies();
}

std::string RoutineBuilder::run() {
  std::string_view schema = stmt_.names.size() > 1 ? stmt_.names[stmt_.names.size() - 2] : std::string_view();
  r_.name = stmt_.names.back();
  r_.schema = creation_schema(context_, schema);
  r_.kind = stmt_.is_procedure ? 'p' : 'f';
  RoutineOptions options = read_routine_options(context_, stmt_.options, stmt_.is_procedure, true);
  language(options);
  parameters();
  result();
  check_polymorphic();
  body(options);
  options.apply(context_, r_);
  r_.rows = r_.returns_set ? options.rows.value_or(1000) : 0;
  if (options.rows.has_value() && !r_.returns_set) {
    throw SqlError(sqlstate::kInvalidParameterValue,
                   "ROWS is not applicable when function does not return a set");
  }
  RoutinePtr old = existing();
  if (old != nullptr) check_replacement(*old);
  write(old.get());
  if (r_.language != catalog::kCLanguage) context_.services.validate_routine(r_.oid);
  if (stmt_.sql_body != nullptr) depend_on_body(context_, r_, stmt_.sql_body);
  return stmt_.is_procedure ? "CREATE PROCEDURE" : "CREATE FUNCTION";
}

}  // namespace

void CommandServices::validate_routine(Oid) {}
void CommandServices::truncate_triggers(const catalog::RelationPtr&, bool) {}

Oid find_type(CommandContext& context, const parser::TypeName& name, int32_t* typmod) {
  analyzer::AnalyzerContext inner = context.analyzer_context();
  try {
    analyzer::TypeReference found = analyzer::resolve_type_name(inner, name);
    if (typmod != nullptr) *typmod = found.typmod;
    return found.type;
  } catch (SqlError& error) {
    if (error.state() != sqlstate::kUndefinedObject) throw;
    parser::RangeVar relation;
    relation.name = name.names.back();
    if (name.names.size() > 1) relation.schema = name.names[name.names.size() - 2];
    RelationPtr found = analyzer::find_relation(inner, relation, txn::LockMode::kNone, true);
    if (found != nullptr && found->row_type != kInvalidOid && name.array_bounds.empty()) {
      if (typmod != nullptr) *typmod = -1;
      return found->row_type;
    }
    throw SqlError(sqlstate::kUndefinedObject, error.fields().message);
  }
}

std::string create_routine(CommandContext& context, const parser::CreateFunctionStmt& stmt) {
  return RoutineBuilder(context, stmt).run();
}

}  // namespace varve::commands
