// OPEN, FETCH, MOVE, CLOSE, and FOR over a cursor. Cursors are the session's: SQL's FETCH sees them too.
#include <fmt/format.h>

#include "functions/type_oids.h"
#include "interpreter.h"
#include "parser/ast.h"
#include "parser/parser.h"
#include "planner/plan.h"
#include "sync/cancel_token.h"

namespace varve::pl {

using types::Value;

std::string Interpreter::cursor_name(uint32_t variable) {
  const Value& v = a_.value(variable);
  if (v.null) {
    throw SqlError(sqlstate::kNullValueNotAllowed,
                   fmt::format("cursor variable \"{}\" is null", f_.datums[variable].name));
  }
  return std::string(v.view());
}

namespace {

std::string choose_name(Host& host, const Value& wanted) {
  if (!wanted.null) return std::string(wanted.view());
  for (int n = 1;; ++n) {
    std::string name = fmt::format("<unnamed portal {}>", n);
    if (!host.cursor_exists(name)) return name;
  }
}

}  // namespace

void Interpreter::bind_cursor_args(const Datum& d, Expression* args) {
  if (args == nullptr) return;
  Target target;
  target.variables = d.cursor_row;
  run_planned(*args, a_.prepare(*args), a_.values(), true, false, target, false);
}

void Interpreter::open_bound(uint32_t cursor, Expression* args, uint16_t options) {
  Datum d = f_.datums[cursor];
  std::string name = choose_name(a_.host(), a_.value(cursor));
  if (a_.host().cursor_exists(name)) {
    throw SqlError(sqlstate::kDuplicateCursor, fmt::format("cursor \"{}\" already in use", name));
  }
  bind_cursor_args(d, args);
  Expression& query = *d.cursor_query;
  a_.prepare(query);
  require_cursor_query(*query.statement);
  if (!f_.read_only) a_.session().pin_active();
  try {
    a_.host().open_cursor(name, query.statement, a_.values(), options,
                          f_.read_only ? a_.session().active_snapshot : nullptr);
  } catch (SqlError& error) {
    a_.rethrow_in(query, error);
  }
  if (!a_.value(cursor).null) return;
  check_assignable(cursor);
  a_.store_text(cursor, name);
}

void Interpreter::open(const Open& s) {
  Datum d = f_.datums[s.cursor];
  if (d.is_cursor_bound) return open_bound(s.cursor, s.args, s.options);
  std::string name = choose_name(a_.host(), a_.value(s.cursor));
  if (a_.host().cursor_exists(name)) {
    throw SqlError(sqlstate::kDuplicateCursor, fmt::format("cursor \"{}\" already in use", name));
  }
  const txn::Snapshot* active = f_.read_only ? a_.session().active_snapshot : nullptr;
  if (!f_.read_only) a_.session().pin_active();
  if (s.dynamic != nullptr) {
    DynamicStatement dynamic(a_, query_text(*s.dynamic), s.params, DynamicStatement::Run::kFetched);
    require_cursor_query(*dynamic.statement);
    a_.host().open_cursor(name, dynamic.statement, dynamic.values, s.options, active);
    dynamic.statement->variables = nullptr;
  } else {
    a_.prepare(*s.query);
    require_cursor_query(*s.query->statement);
    try {
      a_.host().open_cursor(name, s.query->statement, a_.values(), s.options, active);
    } catch (SqlError& error) {
      a_.rethrow_in(*s.query, error);
    }
  }
  if (!a_.value(s.cursor).null) return;
  check_assignable(s.cursor);
  a_.assign(s.cursor, Value::of_string(std::string_view(name)), type_oid::kRefcursor, -1, nullptr);
}

void Interpreter::fetch(const Fetch& s) {
  std::string name = cursor_name(s.cursor);
  if (!a_.host().cursor_exists(name)) {
    throw SqlError(sqlstate::kUndefinedCursor, fmt::format("cursor \"{}\" does not exist", name));
  }
  FetchRequest request;
  request.direction = static_cast<FetchRequest::Direction>(s.direction);
  request.count = s.count;
  request.move = s.is_move;
  if (s.count_expression != nullptr) {
    Value v = a_.evaluate(*s.count_expression);
    if (v.null)
      throw SqlError(sqlstate::kNullValueNotAllowed, "relative or absolute cursor position is null");
    request.count = v.int64;
  }
  std::vector<std::span<const Value>> rows;
  int64_t n = a_.host().fetch_cursor(name, request, &rows);
  if (!s.is_move) {
    std::vector<std::unique_ptr<ValueCast>> casts;
    std::span<const planner::OutputColumn> columns = a_.host().cursor_columns(name);
    if (rows.empty()) {
      store_null(s.target, columns);
    } else {
      store_values(s.target, columns, rows[0], casts);
    }
  }
  row_count_ = static_cast<uint64_t>(n);
  set_found(n > 0);
}

void Interpreter::close(const Close& s) {
  std::string name = cursor_name(s.cursor);
  if (!a_.host().cursor_exists(name)) {
    throw SqlError(sqlstate::kUndefinedCursor, fmt::format("cursor \"{}\" does not exist", name));
  }
  a_.host().close_cursor(name);
}

Outcome Interpreter::for_cursor(const ForRows& s) {
  bool was_null = a_.value(s.cursor).null;
  open_bound(s.cursor, s.cursor_args, f_.datums[s.cursor].cursor_options);
  std::string name = cursor_name(s.cursor);
  bool found = false;
  Outcome outcome = Outcome::kNext;
  std::vector<std::unique_ptr<ValueCast>> casts;
  std::vector<planner::OutputColumn> columns;
  RowStore rest;
  RowLoop loop(a_.session());
  loop.keep = [&] {
    FetchRequest all;
    all.direction = FetchRequest::Direction::kForward;
    all.count = FetchRequest::kAll;
    std::vector<std::span<const Value>> rows;
    a_.host().fetch_cursor(name, all, &rows);
    for (planner::OutputColumn c : a_.host().cursor_columns(name)) {
      c.name = rest.memory.copy(c.name);
      columns.push_back(c);
    }
    for (std::span<const Value> row : rows) {
      for (const Value& v : row) rest.values.push_back(types::copy_value(v, rest.memory));
      ++rest.count;
    }
  };
  bool go_on = true;
  while (go_on && !loop.kept) {
    if (sync::CancelToken* cancel = a_.host().cancel_token()) cancel->throw_if_pending();
    std::vector<std::span<const Value>> rows;
    a_.host().fetch_cursor(name, {}, &rows);
    if (rows.empty()) break;
    store_values(s.target, a_.host().cursor_columns(name), rows[0], casts);
    found = true;
    go_on = goes_on(s, execute(s.body), &outcome);
  }
  for (uint64_t row = 0; row < rest.count && go_on; ++row) {
    if (sync::CancelToken* cancel = a_.host().cancel_token()) cancel->throw_if_pending();
    size_t width = columns.size();
    store_values(s.target, columns, std::span(rest.values).subspan(row * width, width), casts);
    go_on = goes_on(s, execute(s.body), &outcome);
  }
  if (a_.host().cursor_exists(name)) a_.host().close_cursor(name);
  if (was_null) a_.store(s.cursor, null_of(type_oid::kRefcursor));
  set_found(found);
  return outcome;
}

}  // namespace varve::pl
