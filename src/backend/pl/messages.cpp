// RAISE, ASSERT and GET DIAGNOSTICS.
#include <fmt/format.h>

#include "conditions.h"
#include "functions/type_oids.h"
#include "interpreter.h"

namespace varve::pl {

using types::Value;

void Interpreter::raise(const Raise& s) {
  if (s.rethrow) {
    if (current_error_ != nullptr) {
      frame_.rethrown = true;
      throw *current_error_;
    }
    throw SqlError(sqlstate::kStackedDiagnosticsAccessedWithoutActiveHandler,
                   "RAISE without parameters cannot be used outside an exception handler");
  }
  auto text = [&](Expression& e) -> std::string {
    if (e.record >= 0) return a_.record_text(static_cast<uint32_t>(e.record));
    Oid type;
    Value v = a_.evaluate(e, &type);
    return v.null ? "<NULL>" : a_.text_of(v, type);
  };
  std::string message, condition = s.condition;
  bool has_message = s.has_format;
  size_t next = 0;
  for (size_t i = 0; i < s.format.size(); ++i) {
    if (s.format[i] != '%') {
      message += s.format[i];
    } else if (i + 1 < s.format.size() && s.format[i + 1] == '%') {
      message += '%';
      ++i;
    } else {
      message += text(*s.params[next++]);
    }
  }
  SqlState state = sqlstate::kRaiseException;
  bool has_state = false;
  auto set_condition = [&](const std::string& name) {
    has_state = true;
    SqlState parsed;
    if (parse_sqlstate(name, &parsed)) {
      state = parsed;
      return;
    }
    std::vector<SqlState> states = states_of_condition(name);
    if (states.empty()) {
      throw SqlError(sqlstate::kUndefinedObject,
                     fmt::format("unrecognized exception condition \"{}\"", name));
    }
    state = states[0];
  };
  if (!condition.empty()) set_condition(condition);
  ErrorFields fields;
  for (const auto& [option, expression] : s.options) {
    Oid type;
    Value v = a_.evaluate(*expression, &type);
    if (v.null) throw SqlError(sqlstate::kNullValueNotAllowed, "RAISE statement option cannot be null");
    std::string value = a_.text_of(v, type);
    auto once = [](bool given, std::string_view name) {
      if (given)
        throw SqlError(sqlstate::kSyntaxError, fmt::format("RAISE option already specified: {}", name));
    };
    switch (option) {
      case RaiseOption::kErrcode:
        once(has_state, "ERRCODE");
        set_condition(value);
        condition = value;
        break;
      case RaiseOption::kMessage:
        once(has_message, "MESSAGE");
        message = value;
        has_message = true;
        break;
      case RaiseOption::kDetail:
        once(!fields.detail.empty(), "DETAIL");
        fields.detail = value;
        break;
      case RaiseOption::kHint:
        once(!fields.hint.empty(), "HINT");
        fields.hint = value;
        break;
      case RaiseOption::kColumn:
        once(!fields.column.empty(), "COLUMN");
        fields.column = value;
        break;
      case RaiseOption::kConstraint:
        once(!fields.constraint.empty(), "CONSTRAINT");
        fields.constraint = value;
        break;
      case RaiseOption::kDatatype:
        once(!fields.datatype.empty(), "DATATYPE");
        fields.datatype = value;
        break;
      case RaiseOption::kTable:
        once(!fields.table.empty(), "TABLE");
        fields.table = value;
        break;
      case RaiseOption::kSchema:
        once(!fields.schema.empty(), "SCHEMA");
        fields.schema = value;
        break;
    }
  }
  bool is_error = s.level == "EXCEPTION";
  if (!has_state && !is_error)
    state = s.level == "WARNING" ? sqlstate::kWarning : sqlstate::kSuccessfulCompletion;
  if (!has_message) message = !condition.empty() ? condition : std::string(state.text());
  fields.state = state;
  fields.message = message;
  if (is_error) {
    SqlError error(state, message);
    error.fields() = fields;
    throw error;
  }
  fields.context = call_lines();
  a_.host().message(s.level, fields);
}

std::string Interpreter::call_lines() const {
  std::string lines;
  for (const CallFrame* f = a_.session().top; f != nullptr; f = f->outer) {
    if (!lines.empty()) lines += '\n';
    lines += f->context_line();
    if (f->outer != nullptr && f->outer->sql != nullptr)
      lines += fmt::format("\nSQL statement \"{}\"", *f->outer->sql);
  }
  return lines;
}

void Interpreter::assert_statement(const Assert& s) {
  if (a_.host().setting("plpgsql.check_asserts") == "off") return;
  if (a_.is_true(*s.condition)) return;
  std::string message = "assertion failed";
  if (s.message != nullptr) {
    Oid type;
    Value v = a_.evaluate(*s.message, &type);
    if (!v.null) message = a_.text_of(v, type);
  }
  throw SqlError(sqlstate::kAssertFailure, message);
}

void Interpreter::diagnostics(const Diagnostics& s) {
  if (s.stacked && current_error_ == nullptr) {
    throw SqlError(sqlstate::kStackedDiagnosticsAccessedWithoutActiveHandler,
                   "GET STACKED DIAGNOSTICS cannot be used outside an exception handler");
  }
  for (const auto& [item, variable] : s.items) {
    auto text = [&](const std::string& value) {
      a_.assign(variable, Value::of_string(std::string_view(value)), type_oid::kText, -1, nullptr);
    };
    static const ErrorFields kNone;
    const ErrorFields& error = current_error_ == nullptr ? kNone : current_error_->fields();
    switch (item) {
      case DiagnosticsItem::kRowCount:
        a_.assign(variable, Value::of_int64(static_cast<int64_t>(row_count_)), type_oid::kInt8, -1, nullptr);
        break;
      case DiagnosticsItem::kContext:
        text(call_lines());
        break;
      case DiagnosticsItem::kReturnedSqlstate:
        text(std::string(error.state.text()));
        break;
      case DiagnosticsItem::kMessageText:
        text(error.message);
        break;
      case DiagnosticsItem::kDetail:
        text(error.detail);
        break;
      case DiagnosticsItem::kHint:
        text(error.hint);
        break;
      case DiagnosticsItem::kErrorContext:
        text(error.context);
        break;
      case DiagnosticsItem::kColumnName:
        text(error.column);
        break;
      case DiagnosticsItem::kConstraintName:
        text(error.constraint);
        break;
      case DiagnosticsItem::kDatatypeName:
        text(error.datatype);
        break;
      case DiagnosticsItem::kTableName:
        text(error.table);
        break;
      case DiagnosticsItem::kSchemaName:
        text(error.schema);
        break;
      case DiagnosticsItem::kRoutineOid:
        break;
    }
  }
}

}  // namespace varve::pl
