// Control structures: blocks, branches, loops, RETURN.
#include "interpreter.h"

#include <array>
#include <fmt/format.h>
#include <optional>

#include "conditions.h"
#include "functions/array.h"
#include "functions/fixed_array.h"
#include "functions/record.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "parser/ast.h"
#include "parser/parser.h"
#include "planner/plan.h"
#include "sync/cancel_token.h"

namespace varve::pl {

using types::Value;

void Interpreter::run() {
  const Statement* body = f_.body.get();
  frame_.statement = body;
  Outcome outcome = block(*f_.body);
  bool needs_value =
      !f_.returns_set && f_.outputs.empty() && f_.result != type_oid::kVoid && !f_.is_procedure;
  if (outcome != Outcome::kReturn && needs_value) {
    frame_.statement = nullptr;
    throw SqlError(sqlstate::kSREFunctionExecutedNoReturnStatement,
                   f_.is_trigger ? "control reached end of trigger procedure without RETURN"
                                 : "control reached end of function without RETURN");
  }
}

Outcome Interpreter::execute(const StatementList& list) {
  const Statement* outer = frame_.statement;
  for (const StatementPtr& s : list) {
    frame_.statement = s.get();
    Outcome outcome = execute(*s);
    if (outcome != Outcome::kNext) {
      frame_.statement = outer;
      return outcome;
    }
  }
  frame_.statement = outer;
  return Outcome::kNext;
}

Outcome Interpreter::execute(const Statement& s) {
  switch (s.kind) {
    case StatementKind::kBlock:
      return block(static_cast<const Block&>(s));
    case StatementKind::kAssign:
      assign(static_cast<const Assign&>(s));
      break;
    case StatementKind::kIf:
      return if_statement(static_cast<const If&>(s));
    case StatementKind::kCase:
      return case_statement(static_cast<const Case&>(s));
    case StatementKind::kLoop:
    case StatementKind::kWhile:
      return loop(static_cast<const Loop&>(s));
    case StatementKind::kForInteger:
      return for_integer(static_cast<const ForInteger&>(s));
    case StatementKind::kForQuery:
    case StatementKind::kForDynamic:
      return for_query(static_cast<const ForRows&>(s));
    case StatementKind::kForCursor:
      return for_cursor(static_cast<const ForRows&>(s));
    case StatementKind::kForeach:
      return foreach (static_cast<const Foreach&>(s));
    case StatementKind::kExit: {
      const auto& e = static_cast<const Exit&>(s);
      if (e.condition != nullptr && !a_.is_true(*e.condition)) return Outcome::kNext;
      exit_label_ = e.label;
      return e.is_exit ? Outcome::kExit : Outcome::kContinue;
    }
    case StatementKind::kReturn:
      return return_statement(static_cast<const Return&>(s));
    case StatementKind::kReturnNext:
      return_next(static_cast<const Return&>(s));
      break;
    case StatementKind::kReturnQuery:
      return_query(static_cast<const ReturnQuery&>(s));
      break;
    case StatementKind::kRaise:
      raise(static_cast<const Raise&>(s));
      break;
    case StatementKind::kAssert:
      assert_statement(static_cast<const Assert&>(s));
      break;
    case StatementKind::kSql:
      sql(static_cast<const Sql&>(s));
      break;
    case StatementKind::kExecute:
      execute_dynamic(static_cast<const Execute&>(s));
      break;
    case StatementKind::kDiagnostics:
      diagnostics(static_cast<const Diagnostics&>(s));
      break;
    case StatementKind::kOpen:
      open(static_cast<const Open&>(s));
      break;
    case StatementKind::kFetch:
      fetch(static_cast<const Fetch&>(s));
      break;
    case StatementKind::kClose:
      close(static_cast<const Close&>(s));
      break;
    case StatementKind::kPerform:
      perform(static_cast<const Perform&>(s));
      break;
    case StatementKind::kCall:
      call(static_cast<const Call&>(s));
      break;
    case StatementKind::kCommit:
    case StatementKind::kRollback:
      end_transaction(static_cast<const EndTransaction&>(s));
      break;
    case StatementKind::kNull:
      break;
  }
  return Outcome::kNext;
}

// --- blocks

void Interpreter::initialise(const Block& b) {
  if (b.variables.empty()) return;
  frame_.phase = "during statement block local variable initialization";
  for (uint32_t n : b.variables) {
    Datum& d = f_.datums[n];
    frame_.declared = d.line;
    if (d.is_cursor_bound) {
      a_.store_text(n, d.name);
    } else if (d.initial == nullptr) {
      if (d.kind == DatumKind::kRecord) {
        a_.record(n).shape = nullptr;
        a_.set_record_null(n);
      } else if (d.domain != kInvalidOid) {
        a_.assign_null(n);  // if the domain takes it
      } else {
        a_.store(n, null_of(d.type));
      }
    } else if (d.kind == DatumKind::kRecord) {
      assign_record(n, *d.initial);
    } else {
      Oid type;
      int32_t typmod = -1;
      Value v = a_.evaluate(*d.initial, &type, &typmod);
      a_.assign(n, v, type, typmod, nullptr);
    }
  }
  frame_.phase = nullptr;
  frame_.declared = 0;
}

Outcome Interpreter::block(const Block& b) {
  initialise(b);
  Outcome outcome = b.handlers.empty() ? execute(b.body) : block_with_handlers(b);
  // EXIT with this block's label ends it, and no more.
  if (outcome == Outcome::kExit && !exit_label_.empty() && exit_label_ == b.label) {
    exit_label_.clear();
    return Outcome::kNext;
  }
  return outcome;
}

Outcome Interpreter::block_with_handlers(const Block& b) {
  const Statement* statement = frame_.statement;
  CallFrame* top = a_.session().top;
  const txn::Snapshot* active = a_.session().active_snapshot;
  Host::Mark mark = a_.host().begin_subtransaction();
  bool was_inside = frame_.in_subtransaction;
  frame_.in_subtransaction = true;
  try {
    Outcome outcome = execute(b.body);
    frame_.in_subtransaction = was_inside;
    return outcome;
  } catch (SqlError& error) {
    frame_.in_subtransaction = was_inside;
    a_.session().top = top;
    a_.session().active_snapshot = active;
    std::string line = frame_.rethrown ? std::string() : frame_.context_line();
    frame_.phase = nullptr;
    frame_.declared = 0;
    bool handled = false;
    // Not for cancellation and failed assertions, unless they are named.
    bool others = error.state() != sqlstate::kQueryCanceled && error.state() != sqlstate::kAssertFailure;
    for (const Handler& h : b.handlers) {
      bool match = h.others && others;
      for (SqlState c : h.conditions) match = match || matches_condition(error.state(), c);
      handled = handled || match;
    }
    if (!handled) throw;
    a_.host().rollback_subtransaction(mark);
    a_.transaction_changed();
    if (!frame_.rethrown) add_context(error, line);
    frame_.rethrown = false;
    frame_.statement = statement;
    bool unused = false;
    return handle(b, error, &unused);
  }
}

Outcome Interpreter::handle(const Block& b, SqlError& error, bool*) {
  bool others = error.state() != sqlstate::kQueryCanceled && error.state() != sqlstate::kAssertFailure;
  for (const Handler& h : b.handlers) {
    bool match = h.others && others;
    for (SqlState c : h.conditions) match = match || matches_condition(error.state(), c);
    if (!match) continue;
    a_.store_text(b.sqlstate_variable, error.state().text());
    a_.store_text(b.sqlerrm_variable, error.fields().message);
    SqlError kept = error;
    SqlError* outer = current_error_;
    current_error_ = &kept;
    try {
      Outcome outcome = execute(h.body);
      current_error_ = outer;
      return outcome;
    } catch (...) {
      current_error_ = outer;
      throw;
    }
  }
  return Outcome::kNext;
}

// --- assignment

namespace {

bool is_row_type(Oid type) {
  if (type == type_oid::kRecord) return true;
  const functions::TypeInfo* info = functions::type_by_oid(type);
  return info != nullptr && info->kind == 'c';
}

// A column of a query that is a string or NULL as it stands. (Columns behind t.* have other numbers.)
bool is_literal(const SqlStatement& statement, size_t column, size_t columns) {
  if (!parser::is<parser::SelectStmt>(statement.node)) return false;
  const auto& select = *parser::as<parser::SelectStmt>(statement.node);
  if (select.targets.size() != columns) return false;
  const parser::Node* value = select.targets[column]->value;
  if (!parser::is<parser::ConstExpr>(value)) return false;
  const parser::ConstKind kind = parser::as<parser::ConstExpr>(value)->type;
  return kind == parser::ConstKind::kString || kind == parser::ConstKind::kNull;
}

}  // namespace

// (a, b) or ROW(a, b) as the whole expression: its parts become the row's columns.
bool Interpreter::row_constructor(Expression& e, Shape* shape, std::vector<Value>* values, Arena& memory,
                                  Literals literals) {
  std::string_view text = e.text;
  bool row = text.size() > 3 && (text[0] == 'r' || text[0] == 'R') && (text[1] == 'o' || text[1] == 'O') &&
             (text[2] == 'w' || text[2] == 'W');
  if (!row && (text.empty() || text[0] != '(')) return false;
  std::string_view inner = row ? text.substr(3) : text;
  size_t open = inner.find_first_not_of(" \t\r\n");
  if (open == std::string_view::npos || inner[open] != '(' || inner.back() != ')') return false;
  if (e.mode == ExpressionMode::kStatement) return false;
  // Its own expression, made once: a query of the parts.
  inner = inner.substr(open + 1, inner.size() - open - 2);
  if (!row && inner.find(',') == std::string_view::npos) return false;
  std::string sql = fmt::format("SELECT {}", inner);
  Expression* parts = nullptr;
  for (const auto& known : f_.expressions) {
    if (known->scope == e.scope && known->text == sql && known->mode == ExpressionMode::kStatement)
      parts = known.get();
  }
  if (parts == nullptr) {
    Arena scratch;
    try {
      parser::parse(sql, scratch);
    } catch (const SqlError&) {
      return false;  // (a) + (b)
    }
    auto made = std::make_unique<Expression>();
    made->mode = ExpressionMode::kStatement;
    made->text = made->display = sql;
    made->scope = e.scope;
    made->slot = static_cast<uint32_t>(f_.expressions.size());
    made->variables = std::make_unique<ExpressionVariables>(f_, *made);
    parts = made.get();
    f_.expressions.push_back(std::move(made));
  }
  ExpressionState& state = a_.prepare(*parts);
  auto execution = a_.take_execution(*parts, state);
  executor::RunParameters run = a_.run_parameters(a_.values());
  ActiveSnapshot active(a_.session(), &run.snapshot);
  execution->start(run);
  vector::Chunk* chunk = nullptr;
  while (execution->next(chunk) && values->empty()) {
    for (uint32_t i = 0; i < chunk->column_count() && chunk->count() > 0; ++i) {
      values->push_back(types::copy_value(chunk->column(i).value(chunk->selection()[0]), memory));
    }
  }
  std::span<const planner::OutputColumn> columns = state.plan->root->output;
  for (size_t i = 0; i < columns.size(); ++i) {
    const bool unknown = literals == Literals::kUnknown && is_literal(*parts->statement, i, columns.size());
    shape->add(fmt::format("f{}", i + 1), unknown ? type_oid::kUnknown : columns[i].type, columns[i].typmod,
               columns[i].domain);
  }
  execution->finish();
  state.execution = std::move(execution);
  return true;
}

void Interpreter::assign_record(uint32_t target, Expression& e) {
  move_record(target, e);
  check_not_null(target);
}

// Of a record variable.
void Interpreter::check_not_null(uint32_t record) {
  const Datum& d = f_.datums[record];
  if (!d.not_null || (a_.record(record).shape != nullptr && !a_.record(record).null)) return;
  throw SqlError(sqlstate::kNullValueNotAllowed,
                 fmt::format("null value cannot be assigned to variable \"{}\" declared NOT NULL", d.name));
}

void Interpreter::move_record(uint32_t target, Expression& e) {
  if (e.record >= 0) {
    auto from = static_cast<uint32_t>(e.record);
    a_.copy_record(target, from);
    return;
  }
  Shape shape;
  std::vector<Value> values;
  Arena memory;
  if (row_constructor(e, &shape, &values, memory)) {
    a_.set_record(target, shape, values);
    return;
  }
  Oid type;
  Value v = a_.evaluate(e, &type);
  if (v.null || is_row_type(type)) {
    Value kept = types::copy_value(v, memory);
    return a_.set_record_value(target, kept);
  }
  throw SqlError(sqlstate::kDatatypeMismatch, "cannot assign non-composite value to a record variable");
}

void Interpreter::assign(const Assign& s) {
  if (!s.subscripts.empty()) return assign_element(s);
  const Datum& d = f_.datums[s.target];
  if (s.value->mode == ExpressionMode::kPartAssignment) {
    Oid type;
    int32_t typmod = -1;
    Value whole = a_.evaluate(*s.value, &type, &typmod);
    if (d.kind == DatumKind::kRecord) return a_.set_record_value(s.target, whole);
    return a_.assign(s.target, whole, type, typmod, nullptr);
  }
  if (d.kind == DatumKind::kRecord) return assign_record(s.target, *s.value);
  if (s.value->record >= 0) {
    throw SqlError(sqlstate::kDatatypeMismatch, "cannot assign composite value to a scalar variable");
  }
  if (d.kind == DatumKind::kScalar && !d.not_null && s.value->target != kInvalidOid) {
    const bool is_long = a_.value(s.target).type == types::PhysicalType::kString;
    if (!is_long || !a_.append_in_place(s.target, *s.value)) a_.store(s.target, a_.evaluate(*s.value));
    return;
  }
  Oid type;
  int32_t typmod = -1;
  try {
    Value v = a_.evaluate(*s.value, &type, &typmod);
    a_.assign(s.target, v, type, typmod, nullptr);
  } catch (SqlError& error) {
    bool record_error = error.state() == sqlstate::kObjectNotInPrerequisiteState ||
                        error.state() == sqlstate::kUndefinedColumn;
    if (record_error && d.kind == DatumKind::kField && error.fields().context.empty() &&
        error.fields().internal_query.empty()) {
      a_.rethrow_in(*s.value, error);
    }
    throw;
  }
}

// Of a point, a name …: a value that is NULL stays so, and NULL changes nothing.
void Interpreter::assign_fixed_element(const Assign& s, Oid type, Oid element_type) {
  if (s.subscripts.size() != 1)
    throw SqlError(sqlstate::kArraySubscriptError, "wrong number of array subscripts");
  const Value place = a_.evaluate(*s.subscripts[0]);
  if (place.null)
    throw SqlError(sqlstate::kNullValueNotAllowed, "array subscript in assignment must not be null");
  Oid from;
  int32_t typmod = -1;
  Value v = a_.evaluate(*s.value, &from, &typmod);
  const Value& old = a_.value(s.target);
  if (v.null || old.null) return;
  Arena memory;
  if (from != element_type) {
    ValueCast conversion(a_.host(), from, typmod, element_type, -1);
    v = conversion.apply(a_.host(), v, memory);
  }
  std::string made = functions::with_fixed_element(type, old.view(), place.int32, v);
  a_.assign(s.target, Value::of_string(std::string_view(made)), type, -1, nullptr);
}

void Interpreter::assign_element(const Assign& s) {
  Oid array_type = f_.datums[s.target].type;
  const functions::TypeInfo* info = functions::type_by_oid(array_type);
  if (functions::is_fixed_array(array_type)) return assign_fixed_element(s, array_type, info->element_type);
  std::array<int32_t, functions::kMaxArrayDimensions> places{};
  if (s.subscripts.size() > places.size()) {
    throw SqlError(sqlstate::kProgramLimitExceeded,
                   fmt::format("number of array dimensions ({}) exceeds the maximum allowed ({})",
                               s.subscripts.size(), places.size()));
  }
  for (size_t i = 0; i < s.subscripts.size(); ++i) {
    const Value& place = a_.evaluate(*s.subscripts[i]);
    if (place.null)
      throw SqlError(sqlstate::kNullValueNotAllowed, "array subscript in assignment must not be null");
    places[i] = place.int32;
  }
  const std::span<const int32_t> subscripts(places.data(), s.subscripts.size());
  Oid type;
  int32_t typmod = -1;
  const Value& assigned = a_.evaluate(*s.value, &type, &typmod);
  Oid wanted = info->element_type;
  if (subscripts.size() == 1 && type == wanted && a_.set_element(s.target, subscripts[0], assigned)) return;
  Arena memory;
  Value v = assigned;
  if (type != wanted && !v.null) {
    ValueCast conversion(a_.host(), type, typmod, wanted, -1);
    v = conversion.apply(a_.host(), v, memory);
  } else {
    v = types::copy_value(v, memory);
  }
  if (v.null) v = null_of(wanted);
  const Value& old = a_.value(s.target);
  std::string empty;
  if (old.null) functions::append_array_bytes(empty, wanted, {});
  std::string_view bytes = old.null ? std::string_view(empty) : old.view();
  a_.assign(s.target, Value::of_string(functions::array_with_element(wanted, bytes, subscripts, v, memory)),
            array_type, -1, nullptr);
}

// --- branches

Outcome Interpreter::if_statement(const If& s) {
  for (const If::Branch& branch : s.branches) {
    if (a_.is_true(*branch.condition)) return execute(branch.body);
  }
  return execute(s.otherwise);
}

Outcome Interpreter::case_statement(const Case& s) {
  if (s.test != nullptr) {
    Oid type;
    int32_t typmod = -1;
    Value v = a_.evaluate(*s.test, &type, &typmod);
    Datum& d = f_.datums[s.test_variable];
    if (d.type != type) {
      d.type = type;
      d.typmod = typmod;
      for (const If::Branch& b : s.branches) {
        if (b.condition->statement != nullptr) b.condition->statement->plan = nullptr;
      }
    }
    a_.store(s.test_variable, v);
  }
  for (const If::Branch& branch : s.branches) {
    if (!a_.is_true(*branch.condition)) continue;
    if (s.test != nullptr) a_.store(s.test_variable, null_of(f_.datums[s.test_variable].type));
    return execute(branch.body);
  }
  if (!s.has_else) {
    throw SqlError(sqlstate::kCaseNotFound, "case not found").hint("CASE statement is missing ELSE part.");
  }
  return execute(s.otherwise);
}

// --- loops

bool Interpreter::goes_on(const Loop& s, Outcome body, Outcome* outcome) {
  *outcome = Outcome::kNext;
  switch (body) {
    case Outcome::kNext:
      return true;
    case Outcome::kReturn:
      *outcome = body;
      return false;
    case Outcome::kExit:
      if (exit_label_.empty()) return false;
      if (exit_label_ == s.label) {
        exit_label_.clear();
        return false;
      }
      *outcome = body;
      return false;
    case Outcome::kContinue:
      if (exit_label_.empty()) return true;
      if (exit_label_ == s.label) {
        exit_label_.clear();
        return true;
      }
      *outcome = body;
      return false;
  }
  return false;
}

Outcome Interpreter::loop(const Loop& s) {
  Outcome outcome = Outcome::kNext;
  do {
    if (sync::CancelToken* cancel = a_.host().cancel_token()) cancel->throw_if_pending();
    if (s.condition != nullptr && !a_.is_true(*s.condition)) return Outcome::kNext;
  } while (goes_on(s, execute(s.body), &outcome));
  return outcome;
}

Outcome Interpreter::for_integer(const ForInteger& s) {
  auto bound = [&](Expression& e, std::string_view what) {
    Value v = a_.evaluate(e);
    if (v.null)
      throw SqlError(sqlstate::kNullValueNotAllowed, fmt::format("{} of FOR loop cannot be null", what));
    return v.int32;
  };
  int32_t from = bound(*s.lower, "lower bound");
  int32_t to = bound(*s.upper, "upper bound");
  int32_t step = s.step == nullptr ? 1 : bound(*s.step, "BY value");
  if (step <= 0)
    throw SqlError(sqlstate::kInvalidParameterValue, "BY value of FOR loop must be greater than zero");
  bool found = false;
  Outcome outcome = Outcome::kNext;
  sync::CancelToken* cancel = a_.host().cancel_token();
  for (int64_t i = from; s.reverse ? i >= to : i <= to; i += s.reverse ? -step : step) {
    if (i < INT32_MIN || i > INT32_MAX) break;
    found = true;
    if (cancel != nullptr) cancel->throw_if_pending();
    a_.store(s.variable, Value::of_int32(static_cast<int32_t>(i)));
    if (!goes_on(s, execute(s.body), &outcome)) break;
  }
  set_found(found);
  return outcome;
}

// An element of the array that FOREACH goes through: fields of a row go to a record or to several variables.
void Interpreter::assign_element(const Target& target, const Value& element, Oid type, Arena& memory) {
  if (target.record >= 0) return a_.set_record_value(static_cast<uint32_t>(target.record), element);
  if (target.variables.size() == 1) return a_.assign(target.variables[0], element, type, -1, nullptr);
  std::optional<functions::RecordView> row;
  if (!element.null) row.emplace(element.view());
  for (uint32_t i = 0; i < target.variables.size(); ++i) {
    bool there = row && i < row->count() && !row->is_null(i);
    a_.assign(target.variables[i], there ? row->at(i, memory) : Value::null_of(types::PhysicalType::kString),
              there ? row->field_type(i) : type_oid::kUnknown, -1, nullptr);
  }
}

Outcome Interpreter::foreach (const Foreach& s) {
  Oid type;
  Value v = a_.evaluate(*s.array, &type);
  if (v.null) throw SqlError(sqlstate::kNullValueNotAllowed, "FOREACH expression must not be null");
  const functions::TypeInfo* info = functions::type_by_oid(type);
  if (info == nullptr || info->element_type == kInvalidOid) {
    throw SqlError(
        sqlstate::kDatatypeMismatch,
        fmt::format("FOREACH expression must yield an array, not type {}", functions::format_type(type, -1)));
  }
  std::string bytes(v.view());  // the body may change what it came from
  functions::ArrayView array(bytes);
  if (s.slice < 0 || s.slice > array.dimensions()) {
    throw SqlError(
        sqlstate::kArraySubscriptError,
        fmt::format("slice dimension ({}) is out of the valid range 0..{}", s.slice, array.dimensions()));
  }
  uint32_t step = 1;
  std::vector<functions::ArrayDimension> dims;
  for (int i = array.dimensions() - s.slice; i < array.dimensions(); ++i) {
    step *= static_cast<uint32_t>(array.dimension(i).length);
    dims.push_back(array.dimension(i));
  }
  bool target_is_array = !s.target.variables.empty() && [&] {
    const functions::TypeInfo* t = functions::type_by_oid(f_.datums[s.target.variables[0]].type);
    return t != nullptr && t->element_type != kInvalidOid && t->category == 'A';
  }();
  if (s.slice > 0 && !target_is_array) {
    throw SqlError(sqlstate::kDatatypeMismatch, "FOREACH ... SLICE loop variable must be of an array type");
  }
  if (s.slice == 0 && target_is_array) {
    throw SqlError(sqlstate::kDatatypeMismatch, "FOREACH loop variable must not be of an array type");
  }
  bool found = false;
  Outcome outcome = Outcome::kNext;
  Arena memory;
  for (uint32_t i = 0; i + step <= array.count() && step > 0; i += step) {
    found = true;
    memory.reset();
    if (sync::CancelToken* cancel = a_.host().cancel_token()) cancel->throw_if_pending();
    if (s.slice == 0) {
      assign_element(s.target, array.at(i, memory), info->element_type, memory);
    } else {
      std::vector<Value> items;
      for (uint32_t k = 0; k < step; ++k) items.push_back(array.at(i + k, memory));
      a_.assign(s.target.variables[0],
                Value::of_string(functions::make_array(info->element_type, items, memory, dims)), type, -1,
                nullptr);
    }
    if (!goes_on(s, execute(s.body), &outcome)) break;
  }
  set_found(found);
  return outcome;
}

// --- RETURN

Outcome Interpreter::return_statement(const Return& s) {
  returned = true;
  if (s.value == nullptr) return Outcome::kReturn;
  if (s.variable >= 0) {
    auto variable = static_cast<uint32_t>(s.variable);
    if (!f_.composite && !f_.is_trigger && f_.result != type_oid::kRecord) {
      throw SqlError(sqlstate::kDatatypeMismatch,
                     "cannot return composite value from a function that returns a scalar");
    }
    if (a_.record_shape(variable) != nullptr || !f_.is_trigger) a_.assigned_record(variable);
    result_record = s.variable;
    return Outcome::kReturn;
  }
  if ((f_.composite || f_.is_trigger || f_.result == type_oid::kRecord) &&
      row_constructor(*s.value, &result_shape, &result_row, result_memory, Literals::kUnknown)) {
    returned_row = true;
    return Outcome::kReturn;
  }
  Oid type;
  int32_t typmod = -1;
  Value v = a_.evaluate(*s.value, &type, &typmod);
  if ((f_.is_trigger || f_.composite) && !v.null && is_row_type(type)) {
    take_row(v, type, &result_shape, &result_row, result_memory);
    returned_row = true;
    return Outcome::kReturn;
  }
  if (f_.is_trigger || f_.composite) {
    if (v.null) {
      result = Value::null_of(types::PhysicalType::kString);
      return Outcome::kReturn;
    }
    throw SqlError(sqlstate::kDatatypeMismatch,
                   f_.is_trigger
                       ? "cannot return non-composite value from function returning composite type"
                       : "cannot return non-composite value from function returning composite type");
  }
  result = types::copy_value(v, result_memory);
  result_type = type;
  result_typmod = typmod;
  return Outcome::kReturn;
}

void Interpreter::take_row(const Value& row, Oid type, Shape* shape, std::vector<Value>* values,
                           Arena& memory) {
  Value kept = types::copy_value(row, memory);
  functions::RecordView view(kept.view());
  const functions::TypeInfo* info = functions::type_by_oid(type);
  *shape = info != nullptr && info->fields.size() == view.count() ? shape_of(*info) : shape_of(view);
  for (uint32_t i = 0; i < view.count(); ++i)
    values->push_back(view.is_null(i) ? null_of(view.field_type(i)) : view.at(i, memory));
}

void Interpreter::add_row(const Shape& shape, std::span<const Value> values, std::string_view mismatch) {
  const Shape& want = f_.output_shape;
  if (std::string why = difference(a_.host().catalog(), shape, want); !why.empty())
    throw SqlError(sqlstate::kDatatypeMismatch, std::string(mismatch)).detail(why);
  for (size_t i = 0; i < values.size(); ++i) {
    row_store->values.push_back(values[i].null ? null_of(want.types[i])
                                               : types::copy_value(values[i], row_store->memory));
  }
  ++row_store->count;
}

void Interpreter::add_outputs() {
  for (uint32_t n : f_.outputs)
    row_store->values.push_back(types::copy_value(a_.value(n), row_store->memory));
  ++row_store->count;
}

void Interpreter::return_next(const Return& s) {
  if (s.value == nullptr) return add_outputs();
  if (s.variable >= 0) {
    Record& r = a_.assigned_record(static_cast<uint32_t>(s.variable));
    return add_row(*r.shape, r.values, "wrong record type supplied in RETURN NEXT");
  }
  Arena memory;
  Shape shape;
  std::vector<Value> values;
  constexpr std::string_view kMismatch = "returned record type does not match expected record type";
  if (f_.composite && row_constructor(*s.value, &shape, &values, memory, Literals::kUnknown))
    return add_row(shape, values, kMismatch);
  Oid type;
  Value v = a_.evaluate(*s.value, &type);
  if (f_.composite && (v.null || is_row_type(type))) {
    if (v.null) {
      for (Oid field : f_.output_shape.types) row_store->values.push_back(null_of(field));
      ++row_store->count;
      return;
    }
    take_row(v, type, &shape, &values, memory);
    return add_row(shape, values, kMismatch);
  }
  if (f_.composite)
    throw SqlError(sqlstate::kDatatypeMismatch,
                   "cannot return non-composite value from function returning composite type");
  row_store->values.push_back(v.null ? null_of(f_.result) : types::copy_value(v, row_store->memory));
  ++row_store->count;
}

}  // namespace varve::pl
