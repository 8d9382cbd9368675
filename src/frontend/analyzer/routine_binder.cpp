// Calls of functions and procedures that SQL made: named and VARIADIC arguments, defaults, search path.
#include <algorithm>
#include <tuple>

#include "analyzer/expression_walk.h"
#include "binder.h"
#include "catalog/operators.h"
#include "catalog/user_type.h"
#include "domain_binder.h"
#include "functions/extension.h"
#include "functions/range.h"
#include "functions/sql_aggregate.h"
#include "parser/parser.h"
#include "polymorphic.h"
#include "routine_call.h"

namespace varve::analyzer {

using catalog::Routine;
using catalog::RoutinePtr;
using functions::Function;
using functions::FunctionKind;

namespace {

functions::Volatility volatility_of(const Routine& r) {
  if (r.volatility == 'i') return functions::Volatility::kImmutable;
  return r.volatility == 's' ? functions::Volatility::kStable : functions::Volatility::kVolatile;
}

}  // namespace

catalog::RelationPtr relation_of_row_type(catalog::Catalog& catalog, Oid type) {
  if (type.value() < catalog::kFirstNormalOid) return nullptr;
  Oid relation;
  const catalog::KeyMatch match[] = {{"oid", types::Value::of_oid(type.value())}};
  catalog.for_each(catalog::system_table("pg_type"), match,
                   [&](const catalog::Row& row) { relation = row.oid("typrelid"); });
  return relation == kInvalidOid ? nullptr : catalog.relation(relation);
}

ResultShape result_shape(catalog::Catalog& catalog, const Routine& routine) {
  ResultShape shape;
  for (size_t i = 0; i < routine.parameter_count(); ++i) {
    if (!routine.is_output(i)) continue;
    std::string name = routine.parameter_name(i);
    if (name.empty()) name = fmt::format("column{}", shape.types.size() + 1);
    shape.names.push_back(std::move(name));
    const Oid declared = routine.parameter_type(i);
    shape.types.push_back(catalog::base_type(catalog, declared, -1).type);
    shape.typmods.push_back(-1);
    shape.domains.push_back(declared == shape.types.back() ? kInvalidOid : declared);
  }
  if (!shape.types.empty()) {
    shape.composite = routine.result == type_oid::kRecord || shape.types.size() > 1;
    return shape;
  }
  if (catalog::RelationPtr relation =
          relation_of_row_type(catalog, catalog::base_type(catalog, routine.result, -1).type)) {
    shape.composite = true;
    for (const catalog::Column& c : relation->columns) {
      if (c.dropped) continue;
      shape.names.push_back(c.name);
      shape.types.push_back(c.type);
      shape.typmods.push_back(c.typmod);
      shape.domains.push_back(c.domain);
    }
  }
  return shape;
}

std::vector<Oid> call_parameters(const Routine& routine, std::vector<std::string>* names) {
  std::vector<Oid> types;
  for (size_t i = 0; i < routine.parameter_count(); ++i) {
    if (routine.mode(i) == 't' || (routine.kind != 'p' && !routine.is_input(i))) continue;
    types.push_back(routine.parameter_type(i));
    if (names != nullptr) names->push_back(routine.parameter_name(i));
  }
  return types;
}

const Function* Binder::routine_function(const Routine& r, bool visible) {
  auto* f = arena_.make<Function>();
  auto* info = arena_.make<functions::RoutineInfo>();
  std::vector<std::string> names;
  std::vector<Oid> types = call_parameters(r, &names);
  std::vector<std::string_view> kept;
  for (const std::string& n : names) kept.push_back(arena_.copy(n));
  info->schema = arena_.copy(r.schema_name);
  info->visible = visible;
  info->is_procedure = r.kind == 'p';
  info->arg_names = arena_.copy(kept);
  ResultShape shape = result_shape(context_.catalog, r);
  std::vector<std::string_view> column_names;
  for (const std::string& n : shape.names) column_names.push_back(arena_.copy(n));
  info->column_types = arena_.copy(shape.types);
  info->column_names = arena_.copy(column_names);
  f->oid = r.oid;
  f->name = arena_.copy(r.name);
  f->result = r.result;
  f->args = arena_.copy(types);
  f->kind = r.returns_set ? FunctionKind::kSetReturning : FunctionKind::kScalar;
  f->volatility = volatility_of(r);
  f->strict = r.strict;
  f->routine = info;
  f->kernel = functions::call_routine_kernel;
  if (r.language == catalog::kInternalLanguage && r.kind == 'f') {
    f->kernel = functions::range_constructor(r.source);
    info->is_native = true;
    return f;
  }
  if (r.language == catalog::kCLanguage || r.kind == 'a') {
    bind_native(r, f, info);
    return f;
  }
  if (r.returns_set) f->table = routine_table(shape.composite || !column_names.empty() ? info : nullptr);
  return f;
}

// What an extension registered; of an aggregate, for its state function.
void Binder::bind_native(const Routine& r, Function* f, functions::RoutineInfo* info) {
  RoutinePtr state = r.kind == 'a' ? context_.catalog.routine(r.transition) : nullptr;
  const Routine& named = state != nullptr ? *state : r;
  const functions::Binding* native =
      functions::find_native(named.library, named.source, named.args, named.result);
  if (r.kind == 'a' && (state == nullptr || native == nullptr || native->aggregate == nullptr)) {
    f->kind = FunctionKind::kAggregate;
    f->aggregate = arena_.make<functions::SqlAggregate>();  // made whole when the arguments are known
    f->kernel = nullptr;
    f->strict = false;
    return;
  }
  if (native == nullptr) {
    throw SqlError(sqlstate::kUndefinedFunction,
                   fmt::format("could not find function \"{}\" in file \"{}\"", named.source, named.library));
  }
  info->is_native = true;
  if (r.kind == 'a') {
    f->kind = FunctionKind::kAggregate;
    f->aggregate = native->aggregate;
    f->kernel = nullptr;
    f->strict = false;
    return;
  }
  f->kernel = native->kernel == nullptr ? functions::aggregate_only_kernel : native->kernel;
  if (!r.returns_set) return;
  auto* table = arena_.make<functions::TableFunctionImpl>(*native->table);
  table->column_types = info->column_types;
  table->column_names = info->column_names;
  f->table = table;
}

const Function* Binder::function_by_oid(Oid oid) {
  if (const Function* built_in = functions::function_by_oid(oid)) return built_in;
  RoutinePtr r = context_.catalog.routine(oid);
  if (r == nullptr)
    throw SqlError(sqlstate::kUndefinedFunction,
                   fmt::format("function with OID {} does not exist", oid.value()));
  if (context_.routines != nullptr) context_.routines->push_back(oid);
  return routine_function(*r, true);
}

namespace {

// What a polymorphic type stands for in a call with these arguments.
Oid actual_type(Oid declared, std::span<const Oid> parameters, std::span<Expr* const> args) {
  std::vector<Oid> types;
  for (const Expr* arg : args) types.push_back(arg->type);
  Oid actual = polymorphic_types(parameters, types).actual(declared);
  return actual == kInvalidOid ? declared : actual;
}

}  // namespace

namespace {

// The functions that keep one kind of an aggregate's state, bound for the types of this call; the type of
// what they end with.
Oid bind_transition(Binder& b, const catalog::AggregateDefinition::Support& support, const Function& f,
                    std::span<Expr* const> args, size_t direct, functions::SqlTransition* made) {
  auto site = [&](const Function& function, std::span<Expr* const> of, Oid type) {
    auto* s = b.arena().make<functions::CallSite>(*b.make_site(function, of, type, b.common_collation(args)));
    if (function.routine != nullptr) s->routine = &function;
    return s;
  };
  made->state_type = actual_type(support.state_type, f.args, args);
  auto* state = b.make<Expr>(ExprKind::kInput, made->state_type);
  std::vector<Expr*> stepped{state}, ended{state};
  stepped.insert(stepped.end(), args.begin() + static_cast<ptrdiff_t>(direct), args.end());
  ended.insert(ended.end(), args.begin(), args.end());
  made->transition = b.function_by_oid(support.transition);
  made->transition_site = site(*made->transition, stepped, made->state_type);
  if (support.inverse != kInvalidOid) {
    made->inverse = b.function_by_oid(support.inverse);
    made->inverse_site = site(*made->inverse, stepped, made->state_type);
  }
  Oid result = made->state_type;
  if (support.final_function != kInvalidOid) {
    made->final_function = b.function_by_oid(support.final_function);
    std::span<Expr* const> of(ended);
    if (!support.final_extra) of = of.first(1 + direct);
    result = actual_type(made->final_function->result, made->final_function->args, of);
    made->final_site = site(*made->final_function, of, result);
  }
  made->initial = types::Value::null_of(functions::physical_type_of(made->state_type));
  if (support.initial.has_value()) {
    made->initial = types::copy_value(
        functions::parse_value(made->state_type, -1, *support.initial, b.context().eval), b.arena());
  }
  return result;
}

}  // namespace

// The aggregate with its support functions bound for the types of this call; `*result` becomes the call's
// type. Null: it is none of those that SQL defines.
const Function* Binder::sql_aggregate(const Routine& r, const Function& f, std::span<Expr* const> args,
                                      Oid* result) {
  if (r.kind != 'a' || f.routine == nullptr || f.routine->is_native) return nullptr;
  catalog::AggregateDefinition definition = catalog::aggregate_definition(context_.catalog, r.oid);
  auto* made = arena_.make<functions::SqlAggregate>();
  made->ordered_set = definition.kind != 'n';
  made->direct_args = definition.direct_args;
  *result = bind_transition(*this, definition.plain, f, args, definition.direct_args, &made->plain);
  if (definition.moving.transition != kInvalidOid)
    bind_transition(*this, definition.moving, f, args, definition.direct_args, &made->moving);
  std::vector<types::Value> constants;
  for (size_t i = 0; i < definition.direct_args; ++i) {
    constants.push_back(args[i]->kind == ExprKind::kConst
                            ? args[i]->as<ConstExpr>().value
                            : types::Value::null_of(functions::physical_type_of(args[i]->type)));
  }
  made->direct_constants = arena_.copy(constants);
  auto* copy = arena_.make<Function>(f);
  copy->aggregate = made;
  return copy;
}

const functions::TableFunctionImpl* Binder::routine_table(const functions::RoutineInfo* columns) {
  auto* table = arena_.make<functions::TableFunctionImpl>();
  table->open = functions::open_routine;
  table->next = functions::next_routine_rows;
  if (columns != nullptr) {
    table->column_types = columns->column_types;
    table->column_names = columns->column_names;
  }
  return table;
}

const Function* Binder::as_table_function(const Function& f) {
  auto* copy = arena_.make<Function>(f);
  copy->kind = FunctionKind::kSetReturning;
  if (copy->table == nullptr) copy->table = routine_table(f.routine);
  return copy;
}

namespace {

// Where a schema stands in the search path; -1: not in it. pg_catalog is searched first unless it is listed,
// and no function is found in the temporary schema without naming it.
int path_rank(const AnalyzerContext& context, Oid schema) {
  if (schema == context.catalog.temporary_schema()) return -1;
  auto it = std::find(context.search_path.begin(), context.search_path.end(), schema);
  if (it == context.search_path.end()) return schema == catalog::kPgCatalogSchema ? 0 : -1;
  return static_cast<int>(it - context.search_path.begin()) + 1;
}

// Which parameter each argument of the call is for; false if they cannot be matched.
bool match_arguments(const RoutineSignature& s, const CallArguments& call, std::vector<int>* order) {
  size_t n = call.args.size();
  if (n > s.types.size()) return false;
  std::vector<bool> taken(s.types.size());
  for (size_t i = 0; i < n; ++i) {
    std::string_view name = i < call.names.size() ? call.names[i] : std::string_view();
    size_t at = i;
    if (!name.empty()) {
      auto it = std::find(s.names.begin(), s.names.end(), name);
      if (it == s.names.end()) return false;
      at = static_cast<size_t>(it - s.names.begin());
    }
    if (taken[at]) return false;
    taken[at] = true;
    order->push_back(static_cast<int>(at));
  }
  for (size_t i = 0; i < taken.size(); ++i) {
    if (!taken[i] && i + s.defaults < taken.size()) return false;
  }
  return true;
}

}  // namespace

void Binder::add_routines(const CallArguments& call, std::vector<RoutineCandidate>* out) {
  for (const RoutinePtr& r : context_.catalog.routines_named(call.name)) {
    int rank = path_rank(context_, r->schema);
    if (call.schema.empty() ? rank < 0 : r->schema != context_.catalog.find_schema(call.schema)) continue;
    RoutineSignature s;
    s.types = call_parameters(*r, &s.names);
    s.defaults = r->default_count;
    size_t n = call.args.size();
    bool variadic = r->variadic != kInvalidOid;
    auto add = [&](RoutineCandidate c) {
      c.routine = r;
      c.rank = rank;
      c.visible = rank >= 0;
      for (size_t i = 0; i < n; ++i)
        c.declared.push_back(c.variadic && c.order[i] + 1 >= static_cast<int>(s.types.size())
                                 ? r->variadic
                                 : s.types[static_cast<size_t>(c.order[i])]);
      // Of two with the same arguments: the one earlier in the path, then the one that needs less.
      for (RoutineCandidate& o : *out) {
        if (o.declared != c.declared) continue;
        auto order = [](const RoutineCandidate& x) { return std::tuple(x.rank, x.variadic, x.defaults); };
        if (order(c) < order(o))
          o = std::move(c);
        else if (order(c) == order(o))
          o.ambiguous = true;
        return;
      }
      out->push_back(std::move(c));
    };
    RoutineCandidate fixed;
    if ((!call.variadic || variadic) && match_arguments(s, call, &fixed.order)) {
      fixed.defaults = s.types.size() - n;
      add(std::move(fixed));
    }
    bool named =
        std::any_of(call.names.begin(), call.names.end(), [](std::string_view x) { return !x.empty(); });
    if (variadic && !call.variadic && !named && n >= s.types.size()) {
      RoutineCandidate spread;
      spread.variadic = true;
      for (size_t i = 0; i < n; ++i) spread.order.push_back(static_cast<int>(i));
      add(std::move(spread));
    }
  }
}

// The written arguments in the places of the parameters, defaults in what is left; VARIADIC ones as one
// array.
std::vector<Expr*> Binder::arrange_arguments(const RoutineCandidate& chosen, const CallArguments& call) {
  const Routine& r = *chosen.routine;
  std::vector<Oid> types = call_parameters(r, nullptr);
  std::vector<Expr*> args(types.size());
  if (chosen.variadic) {
    std::vector<Expr*> rest;
    for (size_t i = 0; i < call.args.size(); ++i) {
      if (i + 1 < types.size())
        args[i] = call.args[i];
      else
        rest.push_back(call.args[i]);
    }
    Oid element = r.variadic;
    if (is_polymorphic_type(element) || element == type_oid::kAny)
      element = select_common_type(rest, "ARRAY");
    for (Expr*& e : rest) e = coerce_to_common(e, element, "VARIADIC");
    const functions::TypeInfo* info = functions::type_by_oid(element);
    auto* array = make<ListExpr>(ExprKind::kArray, info == nullptr ? kInvalidOid : info->array_type,
                                 rest.empty() ? -1 : rest[0]->location);
    array->args = list(rest);
    args.back() = array;
    return args;
  }
  for (size_t i = 0; i < call.args.size(); ++i) args[static_cast<size_t>(chosen.order[i])] = call.args[i];
  if (std::find(args.begin(), args.end(), nullptr) == args.end()) return args;
  // Defaults are the last inputs'; of a procedure, OUT parameters have none.
  std::vector<Expr*> defaults = routine_defaults(r);
  size_t inputs = r.args.size(), input = 0, place = 0;
  for (size_t i = 0; i < r.parameter_count(); ++i) {
    if (r.mode(i) == 't' || (r.kind != 'p' && !r.is_input(i))) continue;
    if (r.is_input(i)) {
      if (args[place] == nullptr) args[place] = defaults[input - (inputs - defaults.size())];
      ++input;
    } else if (args[place] == nullptr) {
      args[place] = make_null(r.parameter_type(i));
    }
    ++place;
  }
  return args;
}

std::vector<Expr*> Binder::routine_defaults(const Routine& r) {
  std::string_view sql = arena_.copy("SELECT " + r.defaults);
  parser::ParsedScript script = parser::parse(sql, arena_);
  AnalyzerContext inner{context_.catalog, arena_, context_.relations,
                        context_.eval,    sql,    context_.search_path};
  inner.routines = context_.routines;
  Binder binder(inner);
  Scope scope;
  std::vector<Expr*> out;
  for (const parser::TargetEntry* t :
       parser::as<parser::SelectStmt>(script.statements[0].statement)->targets) {
    out.push_back(binder.bind_expr(scope, t->value));
  }
  return out;
}

Expr* Binder::make_routine_call(const RoutineCandidate& chosen, const CallArguments& call) {
  const Routine& r = *chosen.routine;
  const Function* function = routine_function(r, chosen.visible);
  std::vector<Expr*> args = arrange_arguments(chosen, call);
  Oid result = coerce_arguments(*function, args);
  Oid declared = result;
  result = base_of(result);
  if (function->routine != nullptr && !function->routine->column_types.empty()) {
    function = with_actual_columns(*function, args, result);
  }
  if (const Function* aggregate = sql_aggregate(r, *function, args, &result)) function = aggregate;
  Expr* made = make_function(*function, args, call.location);
  made->type = result;
  auto& expr = made->as<FunctionExpr>();
  auto* site = arena_.make<functions::CallSite>(*expr.site);
  site->routine = function;
  site->result_type = result;
  expr.site = site;
  if (declared != result) made->domain = declared;
  const functions::TypeInfo* info = functions::type_by_oid(result);
  if (info != nullptr && info->collatable && made->collation == kInvalidOid)
    made->collation = catalog::kDefaultCollation;
  if (context_.routines != nullptr) context_.routines->push_back(r.oid);
  return made;
}

// Polymorphic OUT parameters have the types of this call.
const Function* Binder::with_actual_columns(const Function& f, std::span<Expr* const> args, Oid) {
  bool any = std::any_of(f.routine->column_types.begin(), f.routine->column_types.end(), is_polymorphic_type);
  if (!any) return &f;
  std::vector<Oid> types(f.routine->column_types.begin(), f.routine->column_types.end());
  for (Oid& t : types) t = actual_type(t, f.args, args);
  auto* copy = arena_.make<Function>(f);
  auto* routine = arena_.make<functions::RoutineInfo>(*f.routine);
  routine->column_types = arena_.copy(types);
  copy->routine = routine;
  if (copy->table != nullptr) {
    auto* table = arena_.make<functions::TableFunctionImpl>(*f.table);
    if (!f.table->column_types.empty()) table->column_types = routine->column_types;
    copy->table = table;
  }
  return copy;
}

// --- CALL

BoundCall analyze_call(AnalyzerContext& context, const parser::FuncCall& call) {
  Binder binder(context);
  Scope scope;
  Expr* bound = binder.bind_procedure_call(scope, call);
  const auto& f = bound->as<FunctionExpr>();
  BoundCall result;
  result.function = f.function;
  result.site = f.site;
  result.args = f.args;
  std::vector<const parser::Node*> written(f.args.size());
  for (size_t i = 0; i < call.args.size(); ++i) {
    const parser::Node* node = call.args[i];
    size_t at = i;
    if (parser::is<parser::NamedArg>(node)) {
      const auto& named = *parser::as<parser::NamedArg>(node);
      auto it =
          std::find(f.function->routine->arg_names.begin(), f.function->routine->arg_names.end(), named.name);
      at = static_cast<size_t>(it - f.function->routine->arg_names.begin());
      node = named.arg;
    }
    if (at < written.size()) written[at] = node;
  }
  result.written = context.arena.copy(written);
  catalog::RoutinePtr routine = context.catalog.routine(f.function->oid);
  std::vector<Oid> outputs;
  for (size_t i = 0; i < f.args.size() && i < routine->parameter_count(); ++i) {
    if (!routine->is_output(i)) continue;
    Oid declared = routine->parameter_type(i);
    outputs.push_back(is_polymorphic_type(declared) ? f.args[i]->type : declared);
  }
  result.output_types = context.arena.copy(outputs);
  return result;
}

Expr* coerce_plpgsql(AnalyzerContext& context, Expr* expr, Oid type, int32_t typmod) {
  Binder binder(context);
  if (Expr* e = binder.try_coerce(expr, type, typmod, functions::CastContext::kAssignment)) return e;
  Oid base = binder.base_of(type);
  auto* cast = binder.make<CastExpr>(ExprKind::kCoerceViaIo, base, expr->location);
  cast->arg = expr;
  cast->typmod = typmod;
  if (base == type) return DomainBinder(binder).with_tested_fields(cast);
  return DomainBinder(binder).coerce(cast, type, functions::CastContext::kAssignment, expr->location);
}

}  // namespace varve::analyzer
