#include "pl/runtime.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "catalog/user_type.h"
#include "compiler.h"
#include "functions/record.h"
#include "functions/type_oids.h"
#include "parser/ast.h"
#include "parser/parser.h"
#include "runtime_state.h"

namespace varve::pl {

using catalog::Routine;
using catalog::RoutinePtr;
using types::Value;

// --- guards

Lease::Lease(Session& session, Function& f) : f_(f) {
  if (f.idle.empty()) {
    activation_ = std::make_unique<Activation>(session, f);
  } else {
    activation_ = std::move(f.idle.back());
    f.idle.pop_back();
  }
  activation_->begin();
}

Lease::~Lease() { f_.idle.push_back(std::move(activation_)); }

Environment::Environment(Host& host, const Routine* routine) : host_(host) {
  if (routine == nullptr) return;
  if (!routine->config.empty()) {
    mark_ = host.settings_mark();
    settings_changed_ = true;
    for (const std::string& entry : routine->config) {
      size_t at = entry.find('=');
      host.set_local(entry.substr(0, at), entry.substr(at + 1));
    }
  }
  if (routine->security_definer) {
    role_ = host.current_role();
    host.set_role(routine->owner);
    role_changed_ = true;
  }
}

Environment::~Environment() {
  if (role_changed_) host_.set_role(role_);
  if (settings_changed_) host_.restore_settings(mark_);
}

// --- the compiled functions

namespace {

bool is_polymorphic(Oid type) {
  static constexpr Oid kTypes[] = {type_oid::kAnyelement,
                                   type_oid::kAnyarray,
                                   type_oid::kAnynonarray,
                                   type_oid::kAnyenum,
                                   type_oid::kAnycompatible,
                                   type_oid::kAnycompatiblearray,
                                   type_oid::kAnycompatiblenonarray,
                                   type_oid::kAnyrange,
                                   type_oid::kAnymultirange,
                                   type_oid::kAnycompatiblerange,
                                   type_oid::kAnycompatiblemultirange,
                                   type_oid::kAny};
  return std::find(std::begin(kTypes), std::end(kTypes), type) != std::end(kTypes);
}

bool same_definition(const Routine& a, const Routine& b) {
  return a.name == b.name && a.source == b.source && a.sql_body == b.sql_body && a.language == b.language &&
         a.args == b.args && a.all_args == b.all_args && a.modes == b.modes && a.names == b.names &&
         a.result == b.result && a.returns_set == b.returns_set && a.volatility == b.volatility &&
         a.kind == b.kind && a.schema == b.schema && a.config == b.config &&
         a.security_definer == b.security_definer && a.owner == b.owner;
}

// A trigger's transition tables, known to its function's statements as set-returning functions.
class TransitionTables final : public analyzer::AnalyzerContext::LocalTables {
 public:
  TransitionTables(const catalog::Trigger& trigger, const catalog::Relation& relation) {
    for (const std::string& name : {trigger.old_table, trigger.new_table}) {
      if (!name.empty()) tables_.push_back(make(name, relation));
    }
  }
  const functions::Function* find(std::string_view name) override {
    for (const functions::Function* f : tables_) {
      if (f->name == name) return f;
    }
    return nullptr;
  }

 private:
  const functions::Function* make(const std::string& name, const catalog::Relation& relation) {
    std::vector<Oid> types;
    std::vector<std::string_view> names;
    for (const catalog::Column& c : relation.columns) {
      if (c.dropped) continue;
      types.push_back(c.type);
      names.push_back(arena_.copy(c.name));
    }
    auto* info = arena_.make<functions::RoutineInfo>();
    info->column_types = arena_.copy(types);
    info->column_names = arena_.copy(names);
    auto* table = arena_.make<functions::TableFunctionImpl>();
    table->open = functions::open_routine;
    table->next = functions::next_routine_rows;
    table->column_types = info->column_types;
    table->column_names = info->column_names;
    auto* f = arena_.make<functions::Function>();
    f->name = arena_.copy(name);
    f->result = type_oid::kRecord;
    f->kind = functions::FunctionKind::kSetReturning;
    f->volatility = functions::Volatility::kVolatile;
    f->strict = false;
    f->table = table;
    f->routine = info;
    return f;
  }

  Arena arena_;
  std::vector<const functions::Function*> tables_;
};

}  // namespace

std::string column_text(const catalog::Relation& relation) {
  std::string text;
  for (const catalog::Column& c : relation.columns) {
    if (!c.dropped) text += fmt::format("{}:{},", c.name, c.type.value());
  }
  return text;
}

FunctionPtr Runtime::State::compile(const RoutinePtr& routine, std::span<const Oid> arg_types, Oid result,
                                    const functions::RoutineInfo* columns, const catalog::Trigger* trigger,
                                    const catalog::Relation* relation, bool validating) {
  auto f = std::make_shared<Function>();
  f->routine = routine;
  f->name = catalog::procedure_text(host.catalog(), *routine, host.search_path());
  f->source = routine->source;
  f->language = routine->language;
  f->result = catalog::base_type(host.catalog(), result, -1).type;
  Oid declared = routine->result;
  if (catalog::base_type(host.catalog(), declared, -1).type != declared) f->result_domain = declared;
  f->returns_set = routine->returns_set;
  f->is_procedure = routine->kind == 'p';
  f->is_trigger = routine->result == type_oid::kTrigger;
  f->read_only = routine->volatility != 'v';
  for (Oid type : arg_types) f->arg_types.push_back(catalog::base_type(host.catalog(), type, -1).type);
  analyzer::ResultShape shape = analyzer::result_shape(host.catalog(), *routine);
  if (columns != nullptr && !columns->column_types.empty()) {
    const analyzer::ResultShape declared_shape = std::exchange(shape, {});
    shape.composite = declared_shape.composite;
    shape.types.assign(columns->column_types.begin(), columns->column_types.end());
    shape.names.assign(columns->column_names.begin(), columns->column_names.end());
    shape.typmods.assign(shape.types.size(), -1);
    shape.domains.assign(shape.types.size(), kInvalidOid);
    // A column whose type the call has not decided is as it was declared.
    for (size_t i = 0; i < std::min(shape.types.size(), declared_shape.types.size()); ++i) {
      if (shape.types[i] != declared_shape.types[i]) continue;
      shape.typmods[i] = declared_shape.typmods[i];
      shape.domains[i] = declared_shape.domains[i];
    }
    if (result == type_oid::kRecord) shape.composite = true;
  }
  if (f->is_procedure && arg_types.size() == routine->parameter_count()) {
    for (size_t i = 0, n = 0; i < arg_types.size() && n < shape.types.size(); ++i) {
      if (routine->is_output(i)) shape.types[n++] = arg_types[i];
    }
  }
  f->output_shape = shape_of(shape);
  f->composite = shape.composite || (result == type_oid::kRecord && !f->is_procedure);
  if (trigger != nullptr && (!trigger->old_table.empty() || !trigger->new_table.empty())) {
    f->local_tables = std::make_unique<TransitionTables>(*trigger, *relation);
    f->transition_columns = column_text(*relation);
  }
  if (f->language == catalog::kSqlLanguage)
    compile_sql(*f, validating);
  else
    compile_plpgsql(*f, validating);
  f->checked_epoch = host.catalog().changed() ? 0 : host.catalog().database().epoch();
  return f;
}

void Runtime::State::compile_plpgsql(Function& f, bool validating) {
  Compiler compiler(host, f);
  if (validating && f.routine != nullptr)
    compiler.shadowing = session.extra_checks.level(ExtraCheck::kShadowedVariables);
  try {
    compiler.compile();
  } catch (SqlError& error) {
    ErrorFields& fields = error.fields();
    if (fields.position > 0) {
      if (!validating) {
        fields.internal_query = f.source;
        fields.internal_position = fields.position;
        fields.position = 0;
        add_context(error,
                    fmt::format("compilation of PL/pgSQL function \"{}\" near line {}",
                                f.routine == nullptr ? f.name : f.routine->name, compiler.current_line()));
      }
    } else {
      add_context(error,
                  fmt::format("compilation of PL/pgSQL function \"{}\" near line {}",
                              f.routine == nullptr ? f.name : f.routine->name, compiler.current_line()));
    }
    throw;
  }
}

FunctionPtr Runtime::State::function(const RoutinePtr& routine, std::span<const Oid> arg_types, Oid result,
                                     const functions::RoutineInfo* columns, const catalog::Trigger* trigger,
                                     const catalog::Relation* relation) {
  std::string key = fmt::format("{}", routine->oid.value());
  bool variable = is_polymorphic(routine->result);
  for (Oid t : routine->args) variable = variable || is_polymorphic(t);
  if (variable) {
    for (Oid t : arg_types) key += fmt::format(",{}", t.value());
  }
  if (routine->result == type_oid::kRecord && columns != nullptr) {
    for (Oid t : columns->column_types) key += fmt::format(":{}", t.value());
  }
  if (trigger != nullptr) key += fmt::format("t{}", trigger->oid.value());
  auto it = functions.find(key);
  bool stale = it != functions.end() && it->second->local_tables != nullptr &&
               it->second->transition_columns != column_text(*relation);
  if (it != functions.end() && !stale) {
    if (it->second->routine == routine) return it->second;
    if (same_definition(*it->second->routine, *routine)) {
      it->second->routine = routine;
      return it->second;
    }
  }
  FunctionPtr made = compile(routine, arg_types, result, columns, trigger, relation, false);
  functions[key] = made;
  return made;
}

FunctionPtr Runtime::State::function_of_call(const functions::CallSite& site) {
  Oid oid = site.routine->oid;
  uint64_t epoch = host.catalog().changed() ? 0 : host.catalog().database().epoch();
  auto it = plain.find(oid.value());
  if (it != plain.end() && epoch != 0 && it->second->checked_epoch == epoch) return it->second;
  RoutinePtr routine = host.catalog().routine(oid);
  if (routine == nullptr) {
    throw SqlError(sqlstate::kUndefinedFunction,
                   fmt::format("function with OID {} does not exist", oid.value()));
  }
  if (routine->result == type_oid::kTrigger) {
    throw SqlError(sqlstate::kFeatureNotSupported, "trigger functions can only be called as triggers")
        .context(fmt::format("compilation of PL/pgSQL function \"{}\" near line 1", routine->name));
  }
  std::vector<Oid> arg_types(site.arg_types.begin(), site.arg_types.end());
  FunctionPtr f = function(routine, arg_types, site.result_type, site.routine->routine, nullptr, nullptr);
  bool fixed = !is_polymorphic(routine->result) && routine->result != type_oid::kRecord &&
               std::none_of(routine->args.begin(), routine->args.end(), is_polymorphic);
  f->checked_epoch = epoch;
  if (fixed) plain[oid.value()] = f;
  return f;
}

// --- calls

namespace {

void set_args(Activation& a, std::span<const Value> args) {
  const Function& f = a.function();
  for (size_t i = 0; i < f.args.size() && i < args.size(); ++i) {
    uint32_t n = f.args[i];
    if (f.datums[n].kind == DatumKind::kRecord) {
      a.set_record_value(n, args[i]);
    } else {
      a.values()[n] = args[i];  // the caller's bytes outlive the call
    }
  }
  if (f.datums[f.found].type == type_oid::kBool) a.store(f.found, Value::of_bool(false));
}

[[noreturn]] void fail_in(const CallFrame& frame, SqlError& error) {
  if (!frame.function.inlined && !frame.rethrown) add_context(error, frame.context_line());
  throw error;
}

}  // namespace

Value Runtime::State::call_scalar(Function& f, std::span<const Value> args, Arena& memory) {
  Environment environment(host, f.routine.get());
  Lease a(session, f);
  CallFrame frame(session, f);
  try {
    set_args(*a, args);
    if (f.composite && f.result != type_oid::kVoid) return call_row(f, *a, frame, memory);
    if (f.language == catalog::kSqlLanguage) return run_sql_scalar(f, *a, frame, memory);
    Interpreter run(*a, frame);
    run.run();
    if (f.result == type_oid::kVoid) return Value::of_string(std::string_view());
    if (!f.outputs.empty()) return types::copy_value(a->value(f.outputs[0]), memory);
    bool tested = f.result_domain != kInvalidOid;
    if (run.result.null && !tested) return null_of(f.result);
    if (run.result_type == f.result && !tested) return types::copy_value(run.result, memory);
    frame.statement = nullptr;
    frame.phase = "while casting return value to function's return type";
    return a->cast(f.result_cast, run.result_type, run.result_typmod, f.result_target(), -1)
        .apply(host, run.result, memory);
  } catch (SqlError& error) {
    fail_in(frame, error);
  }
}

// The one value that a function returning a row has in an expression.
Value Runtime::State::call_row(Function& f, Activation& a, CallFrame& frame, Arena& memory) {
  RowStore rows;
  Shape declared = f.output_shape;
  if (f.language == catalog::kSqlLanguage)
    run_sql_rows(f, a, frame, rows);
  else
    run_plpgsql_rows(f, a, frame, rows);
  Shape shape = std::move(f.output_shape);
  f.output_shape = std::move(declared);
  if (rows.null || rows.count == 0) return Value::null_of(types::PhysicalType::kString);
  std::vector<std::string_view> names(shape.names.begin(), shape.names.end());
  uint32_t number = f.result == type_oid::kRecord ? functions::record_shape(names) : 0;
  return Value::of_string(functions::make_record(f.result, number, shape.types,
                                                 {rows.values.data(), shape.types.size()}, memory));
}

void Runtime::State::run_plpgsql_rows(Function& f, Activation& a, CallFrame& frame, RowStore& rows) {
  Interpreter run(a, frame);
  if (f.returns_set) {
    run.row_store = &rows;
    run.run();
    return;
  }
  // One row of several columns.
  run.run();
  if (f.output_shape.types.empty()) {
    // A record: its columns are what came out.
    if (run.returned_row)
      f.output_shape = run.result_shape;
    else if (run.result_record >= 0)
      f.output_shape = *a.assigned_record(static_cast<uint32_t>(run.result_record)).shape;
  }
  rows.null = f.outputs.empty() && !run.returned_row &&
              (run.result_record < 0 || a.record(static_cast<uint32_t>(run.result_record)).null);
  std::span<const Value> values;
  std::vector<Value> collected;
  Shape own;
  const Shape* shape = &f.output_shape;
  if (!f.outputs.empty()) {
    for (uint32_t n : f.outputs) collected.push_back(a.value(n));
    values = collected;
  } else if (run.result_record >= 0) {
    Record& r = a.assigned_record(static_cast<uint32_t>(run.result_record));
    shape = r.shape;
    values = r.values;
  } else if (run.returned_row) {
    shape = &run.result_shape;
    values = run.result_row;
  } else {
    for (Oid type : f.output_shape.types) collected.push_back(null_of(type));
    values = collected;
  }
  if (f.outputs.empty()) {
    frame.statement = nullptr;
    frame.phase = "while casting return value to function's return type";
  }
  if (std::string why = difference(host.catalog(), *shape, f.output_shape); !why.empty()) {
    throw SqlError(sqlstate::kDatatypeMismatch, "returned record type does not match expected record type")
        .detail(why);
  }
  for (size_t i = 0; i < values.size(); ++i) {
    rows.values.push_back(values[i].null ? null_of(f.output_shape.types[i])
                                         : types::copy_value(values[i], rows.memory));
  }
  rows.count = 1;
  if (f.result_domain == kInvalidOid || !f.outputs.empty()) return;
  Value row = null_of(f.result);
  if (!rows.null) {
    row = Value::of_string(functions::make_record(f.result, 0, f.output_shape.types,
                                                  {rows.values.data(), rows.values.size()}, rows.memory));
  }
  Arena scratch;
  a.cast(f.result_cast, f.result, -1, f.result_domain, -1).apply(host, row, scratch);
}

// --- Runtime

Runtime::Runtime(Host& host) : state_(std::make_unique<State>(host, *this)) {}
Runtime::~Runtime() = default;

Value Runtime::call(const functions::CallSite& site, std::span<const Value> args, Arena& memory) {
  State& s = *state_;
  s.host.check_stack();
  FunctionPtr f = s.function_of_call(site);
  return s.call_scalar(*f, args, memory);
}

std::span<const Value> Runtime::rows(const functions::CallSite& site, std::span<const Value> args,
                                     Arena& memory) {
  State& s = *state_;
  if (site.routine->oid == kInvalidOid) return s.triggers.transition_rows(site.routine->name, memory);
  s.host.check_stack();
  FunctionPtr f = s.function_of_call(site);
  RowStore rows;
  Environment environment(s.host, f->routine.get());
  Lease a(s.session, *f);
  CallFrame frame(s.session, *f);
  try {
    set_args(*a, args);
    if (!f->returns_set && f->output_shape.types.empty()) throw_not_supported("this function in FROM");
    if (f->language == catalog::kSqlLanguage)
      s.run_sql_rows(*f, *a, frame, rows);
    else
      s.run_plpgsql_rows(*f, *a, frame, rows);
  } catch (SqlError& error) {
    fail_in(frame, error);
  }
  Value* kept = memory.make_array<Value>(rows.values.size());
  for (size_t i = 0; i < rows.values.size(); ++i) kept[i] = types::copy_value(rows.values[i], memory);
  return {kept, rows.values.size()};
}

void Runtime::do_block(std::string_view language, std::string_view source, bool atomic) {
  State& s = *state_;
  static_cast<void>(language);
  Function f;
  f.name = "inline_code_block";
  f.source = source;
  f.language = catalog::kPlpgsqlLanguage;
  f.result = type_oid::kVoid;
  s.compile_plpgsql(f, true);
  Lease a(s.session, f);
  CallFrame frame(s.session, f);
  frame.atomic = atomic;
  try {
    set_args(*a, {});
    Interpreter(*a, frame).run();
  } catch (SqlError& error) {
    if (!frame.rethrown) add_context(error, frame.context_line());
    throw;
  }
}

std::vector<Value> Runtime::call_procedure(const functions::CallSite& site, std::span<const Value> args,
                                           bool atomic, Arena& memory) {
  State& s = *state_;
  s.host.check_stack();
  FunctionPtr f = s.function_of_call(site);
  Environment environment(s.host, f->routine.get());
  Lease a(s.session, *f);
  CallFrame frame(s.session, *f);
  // A procedure with SET or SECURITY DEFINER keeps its transaction.
  frame.atomic = atomic || f->routine->security_definer || !f->routine->config.empty();
  std::vector<Value> inputs, outputs;
  for (size_t i = 0; i < f->routine->parameter_count(); ++i) {
    if (f->routine->is_input(i)) inputs.push_back(args[i]);
  }
  try {
    set_args(*a, inputs);
    if (f->language == catalog::kSqlLanguage) {
      RowStore rows;
      s.run_sql_rows(*f, *a, frame, rows);
      for (const Value& v : rows.values) outputs.push_back(types::copy_value(v, memory));
      return outputs;
    }
    Interpreter(*a, frame).run();
  } catch (SqlError& error) {
    fail_in(frame, error);
  }
  for (uint32_t n : f->outputs) outputs.push_back(types::copy_value(a->value(n), memory));
  return outputs;
}

namespace {

// A type that the polymorphic one may stand for; others stand for themselves.
Oid example_of(Oid type) {
  if (!is_polymorphic(type)) return type;
  if (type == type_oid::kAnyarray || type == type_oid::kAnycompatiblearray) return type_oid::kInt4Array;
  if (type == type_oid::kAnyrange || type == type_oid::kAnycompatiblerange) return type_oid::kInt4range;
  if (type == type_oid::kAnymultirange || type == type_oid::kAnycompatiblemultirange)
    return type_oid::kInt4multirange;
  return type_oid::kInt4;
}

}  // namespace

void Runtime::validate(Oid oid) {
  State& s = *state_;
  RoutinePtr routine = s.host.catalog().routine(oid);
  // What a polymorphic type stands for is known in calls only.
  bool variable = is_polymorphic(routine->result);
  for (Oid t : routine->args) variable = variable || is_polymorphic(t);
  if (variable) {
    std::vector<Oid> args;
    for (Oid t : routine->args) args.push_back(example_of(t));
    if (routine->language == catalog::kPlpgsqlLanguage)
      s.compile(routine, args, example_of(routine->result), nullptr, nullptr, nullptr, true);
    return;
  }
  s.compile(routine, routine->args, routine->result, nullptr, nullptr, nullptr, true);
}

executor::ModifyHooks& Runtime::hooks() { return state_->triggers; }
void Runtime::truncate_triggers(const catalog::RelationPtr& relation, bool before) {
  state_->triggers.truncate(relation, before);
}
void Runtime::run_deferred() { state_->triggers.run_deferred(); }
size_t Runtime::deferred_count() const { return state_->triggers.deferred_count(); }
int32_t Runtime::trigger_depth() const { return state_->triggers.depth(); }
void Runtime::forget_deferred(size_t from) { state_->triggers.forget_deferred(from); }
void Runtime::set_constraints(std::span<const Oid> constraints, bool deferred) {
  state_->triggers.set_constraints(constraints, deferred);
}
void Runtime::set_active_snapshot(const txn::Snapshot* snapshot) {
  state_->session.active_snapshot = snapshot;
}
void Runtime::begin_statement() {
  state_->session.active_snapshot = nullptr;
  state_->session.release_all();
}
void Runtime::transaction_ended() {
  state_->session.active_snapshot = nullptr;
  state_->session.pins.clear();
}
void Runtime::hold_active_snapshot() { state_->session.pin_active(); }
void Runtime::measure_triggers(std::vector<TriggerTime>* into) { state_->triggers.measure(into); }

const txn::Snapshot* Runtime::active_snapshot() const { return state_->session.active_snapshot; }
void Runtime::reset() {
  state_->functions.clear();
  state_->plain.clear();
}

}  // namespace varve::pl
