// SQL statements inside a function: planned, dynamic, utility; CALL; the end of transactions.
#include <fmt/format.h>

#include "analyzer/expression_walk.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "interpreter.h"
#include "parser/ast.h"
#include "parser/parser.h"
#include "planner/plan.h"
#include "sync/cancel_token.h"

namespace varve::pl {

using parser::NodeKind;
using types::Value;

namespace {

// Names the SQL statement in progress for messages from below.
class SqlInProgress {
 public:
  SqlInProgress(CallFrame& frame, const std::string& sql) : frame_(frame) { frame.sql = &sql; }
  ~SqlInProgress() { frame_.sql = nullptr; }
  SqlInProgress(const SqlInProgress&) = delete;
  SqlInProgress& operator=(const SqlInProgress&) = delete;

 private:
  CallFrame& frame_;
};

bool is_select(const SqlStatement& s) { return s.node != nullptr && s.node->kind == NodeKind::kSelectStmt; }

}  // namespace

// --- rows into targets

// No row: a record has the query's columns all the same, all NULL. It is a row then, not NULL itself.
void Interpreter::store_null(const Target& target, std::span<const planner::OutputColumn> columns) {
  if (target.record >= 0) {
    auto record = static_cast<uint32_t>(target.record);
    if (f_.datums[record].type == type_oid::kRecord) {
      std::vector<Value> nulls;
      for (const planner::OutputColumn& c : columns) nulls.push_back(null_of(c.type));
      std::vector<std::unique_ptr<ValueCast>> unused;
      store_values(target, columns, nulls, unused);
    } else {
      a_.set_record_null(record);
      a_.record(record).null = false;
    }
    return;
  }
  for (uint32_t n : target.variables) {
    const Datum& d = f_.datums[n];
    if (d.kind == DatumKind::kField)
      a_.assign(n, Value::null_of(types::PhysicalType::kString), type_oid::kUnknown, -1, nullptr);
    else
      a_.assign(n, null_of(d.type), d.type, d.typmod, nullptr);
  }
}

void Interpreter::require_cursor_query(const SqlStatement& statement) {
  if (statement.node != nullptr && a_.host().is_planned(statement) && statement.plan->returns_rows) return;
  std::string_view verb = "";
  if (statement.node != nullptr) {
    switch (statement.node->kind) {
      case NodeKind::kInsertStmt:
        verb = "INSERT ";
        break;
      case NodeKind::kUpdateStmt:
        verb = "UPDATE ";
        break;
      case NodeKind::kDeleteStmt:
        verb = "DELETE ";
        break;
      default:
        break;
    }
  }
  throw SqlError(sqlstate::kInvalidCursorDefinition, fmt::format("cannot open {}query as cursor", verb));
}

// plpgsql.extra_… strict_multi_assignment: the row has as many columns as there are targets.
void Interpreter::check_multi_assignment(const Target& target, size_t values) {
  if (target.record < 0 && target.variables.size() == values) return;
  size_t wanted = target.variables.size();
  if (target.record >= 0) {
    auto record = static_cast<uint32_t>(target.record);
    if (f_.datums[record].type == type_oid::kRecord) return;
    const Shape* shape = a_.record_shape(record);
    if (shape == nullptr) return;
    wanted = shape->types.size();
  }
  CheckLevel level = wanted == values ? CheckLevel::kNone
                                      : a_.session().extra_checks.level(ExtraCheck::kStrictMultiAssignment);
  if (level == CheckLevel::kNone) return;
  SqlError error(sqlstate::kDatatypeMismatch,
                 "number of source and target fields in assignment does not match");
  error.detail(fmt::format("strict_multi_assignment check of {} is active.",
                           level == CheckLevel::kError ? "extra_errors" : "extra_warnings"));
  error.hint("Make sure the query returns the exact list of columns.");
  if (level == CheckLevel::kError) throw error;
  // One for each target that gets nothing, one for all columns that go nowhere.
  for (size_t n = wanted > values ? wanted - values : 1; n > 0; --n) warn(error);
}

void Interpreter::warn(const SqlError& warning) {
  ErrorFields fields = warning.fields();
  fields.context = call_lines();
  a_.host().message("WARNING", fields);
}

void Interpreter::store_values(const Target& target, std::span<const planner::OutputColumn> columns,
                               std::span<const Value> values,
                               std::vector<std::unique_ptr<ValueCast>>& casts) {
  check_multi_assignment(target, values.size());
  move_values(target, columns, values, casts);
}

void Interpreter::move_values(const Target& target, std::span<const planner::OutputColumn> columns,
                              std::span<const Value> values, std::vector<std::unique_ptr<ValueCast>>& casts) {
  if (target.record >= 0) {
    if (a_.replace_values(static_cast<uint32_t>(target.record), columns, values)) return;
    a_.set_record(static_cast<uint32_t>(target.record), shape_of(columns), values);
    return;
  }
  if (casts.size() < target.variables.size()) casts.resize(target.variables.size());
  for (size_t i = 0; i < target.variables.size(); ++i) {
    uint32_t n = target.variables[i];
    if (i < values.size())
      a_.assign(n, values[i], columns[i].type, columns[i].typmod, &casts[i]);
    else
      a_.assign(n, Value::null_of(types::PhysicalType::kString), type_oid::kUnknown, -1, nullptr);
  }
}

void Interpreter::store_row(const Target& target, std::span<const planner::OutputColumn> columns,
                            const vector::Chunk& chunk, uint32_t row,
                            std::vector<std::unique_ptr<ValueCast>>& casts) {
  Value few[8];
  std::vector<Value> many;
  std::span<Value> values(few, columns.size());
  if (columns.size() > 8) {
    many.resize(columns.size());
    values = many;
  }
  for (uint32_t i = 0; i < columns.size(); ++i) values[i] = chunk.column(i).value(row);
  move_values(target, columns, values, casts);
}

// --- static and dynamic statements share this

void Interpreter::run_planned(Expression& e, ExpressionState& state, std::span<const Value> params, bool into,
                              bool strict, const Target& target, bool) {
  bool select = is_select(*e.statement);
  if (into && !state.plan->returns_rows) {
    throw SqlError(sqlstate::kSyntaxError, "INTO used with a command that cannot return data");
  }
  if (!into && state.plan->returns_rows) {
    SqlError error(sqlstate::kSyntaxError, "query has no destination for result data");
    if (select) error.hint("If you want to discard the results of a SELECT, use PERFORM instead.");
    throw error;
  }
  bool too_many = false, found = false;
  uint64_t rows = 0, affected = 0;
  CheckLevel many = !into || strict || !select ? CheckLevel::kNone
                                               : a_.session().extra_checks.level(ExtraCheck::kTooManyRows);
  try {
    a_.host().check_read_only(*e.statement);
    if (f_.read_only && !state.plan->read_only) {
      std::string_view verb = e.statement->node->kind == NodeKind::kInsertStmt   ? "INSERT"
                              : e.statement->node->kind == NodeKind::kUpdateStmt ? "UPDATE"
                              : e.statement->node->kind == NodeKind::kDeleteStmt ? "DELETE"
                                                                                 : "SELECT FOR UPDATE";
      throw SqlError(sqlstate::kFeatureNotSupported,
                     fmt::format("{} is not allowed in a non-volatile function", verb));
    }
    std::unique_ptr<executor::Execution> execution = a_.take_execution(e, state);
    executor::RunParameters run = a_.run_parameters(params);
    ActiveSnapshot active(a_.session(), &run.snapshot);
    SqlInProgress in_progress(frame_, e.display);
    ConstraintChecks constraints(a_.host(), !state.plan->read_only);
    execution->start(run);
    // A SELECT need not go on once it is clear what comes out; a change must run to its end.
    uint64_t enough = !select ? UINT64_MAX : strict || many != CheckLevel::kNone ? 2 : 1;
    vector::Chunk* chunk = nullptr;
    while (rows < enough && execution->next(chunk)) {
      if (!state.plan->returns_rows || chunk->empty()) continue;
      if (!found) {
        store_row(target, state.plan->root->output, *chunk, chunk->selection()[0], state.casts);
        found = true;
      }
      rows += chunk->count();
    }
    affected = execution->affected_rows();
    execution->finish();
    constraints.finish();
    state.execution = std::move(execution);
    too_many = rows > 1 && (strict || !select || many != CheckLevel::kNone);
  } catch (SqlError& error) {
    a_.rethrow_in(e, error);
  }
  row_count_ = select ? std::min<uint64_t>(rows, into && !strict ? 1 : rows) : affected;
  set_found(select ? found : affected > 0);
  if (!into) return;
  if (found) check_multi_assignment(target, state.plan->root->output.size());
  if (!found) {
    if (strict)
      throw SqlError(sqlstate::kNoDataFound, "query returned no rows").detail(strict_params(e, params));
    store_null(target, state.plan->root->output);
  } else if (too_many) {
    SqlError error(sqlstate::kTooManyRows, "query returned more than one row");
    error.detail(strict_params(e, params)).hint("Make sure the query returns a single row, or use LIMIT 1.");
    if (many != CheckLevel::kWarning) throw error;
    warn(error);
  }
}

namespace {

void add_param(std::string& out, std::string_view name, const Value& value, const std::string& text) {
  out += out.empty() ? "parameters: " : ", ";
  out += name;
  out += " = ";
  if (value.null) {
    out += "NULL";
    return;
  }
  out += '\'';
  for (char c : text) out += c == '\'' ? "''" : std::string(1, c);
  out += '\'';
}

}  // namespace

// #print_strict_params: what an INTO STRICT that failed was given; else nothing.
std::string Interpreter::strict_params(const Expression& e, std::span<const Value> params) {
  std::string out;
  if (!f_.print_strict_params) return out;
  for (uint32_t n : e.params) {
    const Datum& d = f_.datums[n];
    if (d.kind != DatumKind::kScalar) continue;
    add_param(out, d.name, params[n], params[n].null ? std::string() : a_.text_of(params[n], d.type));
  }
  return out;
}

std::string Interpreter::strict_params(const DynamicStatement& d) {
  std::string out;
  if (!f_.print_strict_params) return out;
  for (size_t i = 0; i < d.values.size(); ++i) {
    const Value& v = d.values[i];
    add_param(out, fmt::format("${}", i + 1), v, v.null ? std::string() : a_.text_of(v, d.type_of(i)));
  }
  return out;
}

void Interpreter::sql(const Sql& s) {
  Expression& e = *s.query;
  ExpressionState& state = a_.prepare(e);
  if (e.statement->node == nullptr) return;
  if (a_.host().is_planned(*e.statement))
    return run_planned(e, state, a_.values(), s.into, s.strict, s.target, false);
  if (s.into) throw SqlError(sqlstate::kSyntaxError, "INTO used with a command that cannot return data");
  switch (e.statement->node->kind) {
    case NodeKind::kTransactionStmt: {
      using parser::TransactionKind;
      auto action = parser::as<parser::TransactionStmt>(e.statement->node)->action;
      if (action == TransactionKind::kBegin || action == TransactionKind::kStart ||
          action == TransactionKind::kSavepoint || action == TransactionKind::kRelease ||
          action == TransactionKind::kRollbackTo) {
        throw SqlError(sqlstate::kFeatureNotSupported, "unsupported transaction command in PL/pgSQL");
      }
      throw SqlError(sqlstate::kInvalidTransactionTermination, "invalid transaction termination");
    }
    case NodeKind::kCopyStmt:
      throw SqlError(sqlstate::kFeatureNotSupported, "cannot COPY to/from client in PL/pgSQL");
    default:
      break;
  }
  if (f_.read_only) {
    throw SqlError(sqlstate::kFeatureNotSupported, "this command is not allowed in a non-volatile function");
  }
  a_.session().pin_active();  // the command reads with a newer one
  try {
    SqlInProgress in_progress(frame_, e.display);
    a_.host().run_utility(e.statement, {});
  } catch (SqlError& error) {
    a_.rethrow_in(e, error);
  }
  row_count_ = 0;
}

void Interpreter::perform(const Perform& s) {
  Expression& e = *s.query;
  ExpressionState& state = a_.prepare(e);
  uint64_t rows = 0;
  try {
    std::unique_ptr<executor::Execution> execution = a_.take_execution(e, state);
    executor::RunParameters run = a_.run_parameters(a_.values());
    ActiveSnapshot active(a_.session(), &run.snapshot);
    SqlInProgress in_progress(frame_, e.display);
    ConstraintChecks constraints(a_.host(), !state.plan->read_only);
    execution->start(run);
    vector::Chunk* chunk = nullptr;
    while (execution->next(chunk)) rows += chunk->count();
    execution->finish();
    constraints.finish();
    state.execution = std::move(execution);
  } catch (SqlError& error) {
    a_.rethrow_in(e, error);
  }
  row_count_ = rows;
  set_found(rows > 0);
}

// --- EXECUTE

DynamicStatement::DynamicStatement(Activation& a, const std::string& sql,
                                   const std::vector<Expression*>& params, Run run)
    : sql_(sql) {
  for (Expression* e : params) {
    Oid type;
    Value v = a.evaluate(*e, &type);
    values.push_back(types::copy_value(v, memory_));
    params_.types.push_back(type);
  }
  try {
    statement = a.host().make_statement(sql_);
    statement->variables = &params_;
    statement->local_tables = a.function().local_tables.get();
  } catch (SqlError& error) {
    rethrow(error);
  }
  if (statement->node != nullptr && statement->node->kind == NodeKind::kExplainStmt) {
    a.session().pin_active();
    try {
      statement = a.host().explain(statement, values);
    } catch (SqlError& error) {
      if (run == Run::kWhole || error.fields().position > 0) rethrow(error);
      throw;
    }
  }
  try {
    if (statement->node != nullptr && statement->node->kind == NodeKind::kVariableShowStmt)
      statement = a.host().show(*statement);
    if (statement->node != nullptr && a.host().is_planned(*statement)) a.host().ensure_plan(*statement);
  } catch (SqlError& error) {
    rethrow(error);
  }
}

void DynamicStatement::rethrow(SqlError& error) const {
  ErrorFields& fields = error.fields();
  if (fields.position > 0 && fields.internal_query.empty()) {
    fields.internal_position = fields.position;
    fields.internal_query = sql_;
    fields.position = 0;
  } else {
    add_context(error, fmt::format("SQL statement \"{}\"", sql_));
  }
  throw error;
}

std::string Interpreter::query_text(Expression& e) {
  Oid type;
  Value v = a_.evaluate(e, &type);
  if (v.null) throw SqlError(sqlstate::kNullValueNotAllowed, "query string argument of EXECUTE is null");
  return a_.text_of(v, type);
}

void Interpreter::execute_dynamic(const Execute& s) {
  std::string text = query_text(*s.query);
  DynamicStatement d(a_, text, s.params, DynamicStatement::Run::kWhole);
  if (d.statement->node == nullptr) {
    row_count_ = 0;
    return;
  }
  if (!a_.host().is_planned(*d.statement)) {
    NodeKind kind = d.statement->node->kind;
    if (kind == NodeKind::kTransactionStmt) {
      throw SqlError(sqlstate::kFeatureNotSupported, "EXECUTE of transaction commands is not implemented");
    }
    if (kind == NodeKind::kCopyStmt)
      throw SqlError(sqlstate::kFeatureNotSupported, "cannot COPY to/from client in PL/pgSQL");
    if (kind == NodeKind::kSelectStmt) {
      throw SqlError(sqlstate::kFeatureNotSupported, "EXECUTE of SELECT ... INTO is not implemented")
          .hint("You might want to use EXECUTE ... INTO or EXECUTE CREATE TABLE ... AS instead.");
    }
    if (kind == NodeKind::kCallStmt) return execute_call(s, d, text);
    a_.session().pin_active();
    try {
      SqlInProgress in_progress(frame_, text);
      a_.host().run_utility(d.statement, {});
    } catch (SqlError& error) {
      d.rethrow(error);
    }
    row_count_ = 0;
    if (s.into) store_null(s.target, {});
    return;
  }
  bool too_many = false, found = false, select = is_select(*d.statement);
  uint64_t rows = 0, affected = 0;
  try {
    a_.host().check_read_only(*d.statement);
    if (s.into && !d.statement->plan->returns_rows) {
      throw SqlError(sqlstate::kSyntaxError, "INTO used with a command that cannot return data");
    }
    std::unique_ptr<executor::Execution> execution = a_.host().make_execution(*d.statement);
    executor::RunParameters run = a_.run_parameters(d.values);
    ActiveSnapshot active(a_.session(), &run.snapshot);
    SqlInProgress in_progress(frame_, text);
    ConstraintChecks constraints(a_.host(), !d.statement->plan->read_only);
    execution->start(run);
    std::vector<std::unique_ptr<ValueCast>> casts;
    vector::Chunk* chunk = nullptr;
    while (execution->next(chunk)) {
      if (!d.statement->plan->returns_rows || chunk->empty()) continue;
      if (!found && s.into)
        store_row(s.target, d.statement->plan->root->output, *chunk, chunk->selection()[0], casts);
      found = true;
      rows += chunk->count();
    }
    affected = execution->affected_rows();
    execution->finish();
    constraints.finish();
    too_many = rows > 1 && s.strict;
  } catch (SqlError& error) {
    d.rethrow(error);
  }
  row_count_ = select ? rows : affected;
  if (!s.into) return;
  if (found) check_multi_assignment(s.target, d.statement->plan->root->output.size());
  if (!found) {
    if (s.strict) throw SqlError(sqlstate::kNoDataFound, "query returned no rows").detail(strict_params(d));
    store_null(s.target, d.statement->plan->root->output);
  } else if (too_many) {
    throw SqlError(sqlstate::kTooManyRows, "query returned more than one row").detail(strict_params(d));
  }
}

// --- FOR over rows

Outcome Interpreter::for_query(const ForRows& s) {
  std::unique_ptr<DynamicStatement> dynamic;
  std::string text;
  SqlStatementPtr statement;
  Arena memory;
  std::vector<Value> params;
  ExpressionState* state = nullptr;
  std::unique_ptr<executor::Execution> execution;
  if (s.kind == StatementKind::kForDynamic) {
    text = query_text(*s.query);
    dynamic = std::make_unique<DynamicStatement>(a_, text, s.params, DynamicStatement::Run::kFetched);
    statement = dynamic->statement;
    params = std::move(dynamic->values);
  } else {
    state = &a_.prepare(*s.query);
    statement = s.query->statement;
    params = a_.copy_params(*s.query, memory);
    text = s.query->display;
  }
  auto failed = [&](SqlError& error) {
    if (dynamic != nullptr) dynamic->rethrow(error);
    a_.rethrow_in(*s.query, error);
  };
  require_cursor_query(*statement);
  std::shared_ptr<planner::PlannedStatement> plan = statement->plan;
  std::vector<std::unique_ptr<ValueCast>> casts;
  executor::RunParameters run;
  RowLoop loop(a_.session());
  uint64_t pin = 0, pin_transaction = a_.session().transaction;
  bool pinned = false;
  auto unpin = [&] {
    if (pinned && pin_transaction == a_.session().transaction) a_.host().transaction().unpin_snapshot(pin);
    pinned = false;
  };
  bool found = false;
  Outcome outcome = Outcome::kNext;
  try {
    try {
      a_.host().check_read_only(*statement);
      execution =
          state != nullptr ? a_.take_execution(*s.query, *state) : a_.host().make_execution(*statement);
      run = a_.run_parameters(params);
      pin = a_.host().transaction().pin_snapshot(run.snapshot);
      pinned = true;
      ActiveSnapshot active(a_.session(), &run.snapshot);
      execution->start(run);
    } catch (SqlError& error) {
      failed(error);
    }
    vector::Chunk* chunk = nullptr;
    bool go_on = true;
    uint32_t at = 0;  // of the chunk, the next row
    // Before the body's COMMIT or ROLLBACK the rest of the rows is read, as PostgreSQL holds the cursor.
    size_t width = plan->root->output.size();
    RowStore rest;
    loop.keep = [&] {
      if (!plan->read_only && !is_select(*statement)) {
        throw SqlError(sqlstate::kObjectNotInPrerequisiteState,
                       "cannot perform transaction commands inside a cursor loop that is not read-only");
      }
      try {
        ActiveSnapshot active(a_.session(), &run.snapshot);
        do {
          for (; at < chunk->count(); ++at) {
            for (uint32_t c = 0; c < width; ++c)
              rest.values.push_back(
                  types::copy_value(chunk->column(c).value(chunk->selection()[at]), rest.memory));
            ++rest.count;
          }
          at = 0;
        } while (execution->next(chunk));
        execution->finish();
      } catch (SqlError& error) {
        failed(error);
      }
      execution.reset();
      unpin();
    };
    while (go_on && execution != nullptr) {
      try {
        ActiveSnapshot active(a_.session(), &run.snapshot);
        SqlInProgress in_progress(frame_, text);
        if (!execution->next(chunk)) break;
      } catch (SqlError& error) {
        failed(error);
      }
      // The body may run statements that change what the rows point to: none does, chunks belong to the
      // operators.
      for (at = 0; execution != nullptr && at < chunk->count() && go_on;) {
        if (sync::CancelToken* cancel = a_.host().cancel_token()) cancel->throw_if_pending();
        check_multi_assignment(s.target, plan->root->output.size());
        store_row(s.target, plan->root->output, *chunk, chunk->selection()[at++], casts);
        found = true;
        go_on = goes_on(s, execute(s.body), &outcome);
      }
    }
    for (uint64_t row = 0; row < rest.count && go_on; ++row) {
      if (sync::CancelToken* cancel = a_.host().cancel_token()) cancel->throw_if_pending();
      store_values(s.target, plan->root->output, std::span(rest.values).subspan(row * width, width), casts);
      found = true;
      go_on = goes_on(s, execute(s.body), &outcome);
    }
    if (execution != nullptr) {
      execution->finish();
      if (state != nullptr) state->execution = std::move(execution);
    }
    unpin();
  } catch (...) {
    unpin();
    throw;
  }
  if (!found) store_null(s.target, plan->root->output);
  set_found(found);
  return outcome;
}

// --- RETURN QUERY

void Interpreter::return_query(const ReturnQuery& s) {
  std::unique_ptr<DynamicStatement> dynamic;
  ExpressionState* state = nullptr;
  SqlStatementPtr statement;
  std::string text;
  if (s.dynamic != nullptr) {
    text = query_text(*s.dynamic);
    dynamic = std::make_unique<DynamicStatement>(a_, text, s.params, DynamicStatement::Run::kWhole);
    statement = dynamic->statement;
  } else {
    state = &a_.prepare(*s.query);
    statement = s.query->statement;
    text = s.query->display;
  }
  require_cursor_query(*statement);
  std::shared_ptr<planner::PlannedStatement> plan = statement->plan;
  Shape scalar;
  scalar.add("column", f_.result, -1, f_.result_domain);
  const Shape& want = f_.output_shape.types.empty() ? scalar : f_.output_shape;
  const std::string mismatch = difference(a_.host().catalog(), shape_of(plan->root->output), want);
  uint64_t before = row_store->count;
  try {
    if (!mismatch.empty()) {
      throw SqlError(sqlstate::kDatatypeMismatch, "structure of query does not match function result type")
          .detail(mismatch);
    }
    a_.host().check_read_only(*statement);
    std::unique_ptr<executor::Execution> execution =
        state != nullptr ? a_.take_execution(*s.query, *state) : a_.host().make_execution(*statement);
    executor::RunParameters run =
        a_.run_parameters(dynamic != nullptr ? std::span<const Value>(dynamic->values) : a_.values());
    ActiveSnapshot active(a_.session(), &run.snapshot);
    SqlInProgress in_progress(frame_, text);
    ConstraintChecks constraints(a_.host(), !plan->read_only);
    execution->start(run);
    vector::Chunk* chunk = nullptr;
    while (execution->next(chunk)) {
      for (uint32_t i = 0; i < chunk->count(); ++i) {
        for (uint32_t c = 0; c < chunk->column_count(); ++c) {
          const Value v = chunk->column(c).value(chunk->selection()[i]);
          row_store->values.push_back(types::copy_value(v, row_store->memory));
        }
        ++row_store->count;
      }
    }
    execution->finish();
    constraints.finish();
    if (state != nullptr) state->execution = std::move(execution);
  } catch (SqlError& error) {
    if (dynamic != nullptr) dynamic->rethrow(error);
    a_.rethrow_in(*s.query, error);
  }
  row_count_ = row_store->count - before;
  set_found(row_count_ > 0);
}

// --- CALL, COMMIT, ROLLBACK

void Interpreter::end_transaction(const EndTransaction& s) {
  for (const CallFrame* f = &frame_; f != nullptr; f = f->outer) {
    if (f->in_subtransaction && !f->atomic) {
      throw SqlError(sqlstate::kInvalidTransactionTermination,
                     s.kind == StatementKind::kCommit ? "cannot commit while a subtransaction is active"
                                                      : "cannot roll back while a subtransaction is active");
    }
    if (f->atomic)
      throw SqlError(sqlstate::kInvalidTransactionTermination, "invalid transaction termination");
  }
  for (RowLoop* loop : a_.session().row_loops) loop->keep_once();
  if (s.kind == StatementKind::kCommit)
    a_.host().commit_transaction(s.chain);
  else
    a_.host().rollback_transaction(s.chain);
  ++a_.session().transaction;
  a_.session().active_snapshot = nullptr;
  a_.transaction_changed();
}

catalog::RoutinePtr Interpreter::called_procedure(const analyzer::BoundCall& bound) {
  catalog::RoutinePtr routine = a_.host().catalog().routine(bound.function->oid);
  if (!a_.host().can_execute(*routine)) {
    throw SqlError(sqlstate::kInsufficientPrivilege,
                   fmt::format("permission denied for procedure {}", routine->name));
  }
  return routine;
}

// Each input is a query of its own text; OUT parameters are variables and are not evaluated.
std::vector<Value> Interpreter::call_arguments(const analyzer::BoundCall& bound,
                                               const catalog::Routine& routine, std::span<const Value> params,
                                               const functions::EvalContext& eval) {
  Arena& memory = *eval.memory;
  executor::ExecutionContext context;
  context.settings.chunk_rows = 1;
  context.build_memory = &memory;
  context.params = params;
  context.format = eval.format;
  context.session = eval.session;
  std::vector<Value> args;
  for (size_t i = 0; i < bound.args.size(); ++i) {
    if (routine.mode(i) == 'o') {
      args.push_back(null_of(bound.function->args[i]));
      continue;
    }
    if (analyzer::any_of(bound.args[i],
                         [](const analyzer::Expr& x) { return x.kind == analyzer::ExprKind::kSubquery; })) {
      throw_not_supported("a subquery as the argument of CALL");
    }
    executor::ExpressionEvaluator evaluator(*bound.args[i], context, memory);
    args.push_back(types::copy_value(evaluator.scalar(), memory));
  }
  return args;
}

// EXECUTE 'CALL …': it may not end the transaction (unless the function says so, which PostgreSQL's cannot),
// and its outputs are a row for INTO.
void Interpreter::execute_call(const Execute& s, DynamicStatement& d, const std::string& text) {
  Arena memory;
  std::deque<catalog::RelationPtr> relations;
  std::vector<Oid> path = a_.host().search_path();
  functions::EvalContext eval = a_.host().eval_context(memory);
  std::vector<Value> outputs;
  std::vector<planner::OutputColumn> columns;
  try {
    analyzer::AnalyzerContext context{a_.host().catalog(), memory, relations, eval, d.statement->sql, path};
    context.variables = d.statement->variables;
    analyzer::BoundCall bound =
        analyzer::analyze_call(context, *parser::as<parser::CallStmt>(d.statement->node)->call);
    catalog::RoutinePtr routine = called_procedure(bound);
    std::vector<Value> args = call_arguments(bound, *routine, d.values, eval);
    const bool atomic = frame_.atomic || !f_.dynamic_commit;
    if (atomic) a_.session().pin_active();
    {
      SqlInProgress in_progress(frame_, text);
      outputs = a_.session().runtime.call_procedure(*bound.site, args, atomic, memory);
    }
    if (!atomic) a_.transaction_changed();
    for (size_t i = 0; i < routine->parameter_count(); ++i) {
      if (!routine->is_output(i)) continue;
      planner::OutputColumn column{};
      column.name = memory.copy(routine->parameter_name(i));
      column.type = bound.output_types[columns.size()];
      column.physical = functions::physical_type_of(column.type);
      columns.push_back(column);
    }
  } catch (SqlError& error) {
    d.rethrow(error);
  }
  row_count_ = 0;
  if (!s.into) return;
  std::vector<std::unique_ptr<ValueCast>> casts;
  if (outputs.empty())
    store_null(s.target, {});
  else
    store_values(s.target, columns, outputs, casts);
}

void Interpreter::call(const Call& s) {
  Expression& e = *s.call;
  if (s.is_do) {
    ExpressionState& unused = a_.prepare(e);
    static_cast<void>(unused);
    try {
      SqlInProgress in_progress(frame_, e.display);
      a_.host().run_utility(e.statement, {});
    } catch (SqlError& error) {
      a_.rethrow_in(e, error);
    }
    a_.transaction_changed();
    return;
  }
  Arena memory;
  std::vector<Value> outputs;
  analyzer::BoundCall bound;
  std::deque<catalog::RelationPtr> relations;
  std::vector<Oid> path = a_.host().search_path();
  functions::EvalContext eval = a_.host().eval_context(memory);
  catalog::RoutinePtr routine;
  try {
    if (e.statement == nullptr) e.statement = a_.host().make_statement(e.text);
    e.variables->activation = &a_;
    analyzer::AnalyzerContext context{a_.host().catalog(), memory, relations, eval, e.statement->sql, path};
    context.variables = e.variables.get();
    bound = analyzer::analyze_call(context, *parser::as<parser::CallStmt>(e.statement->node)->call);
  } catch (SqlError& error) {
    a_.rethrow_in(e, error);
  }
  routine = called_procedure(bound);
  std::vector<uint32_t> targets = call_targets(e, bound, *routine);
  try {
    std::vector<Value> args = call_arguments(bound, *routine, a_.values(), eval);
    SqlInProgress in_progress(frame_, e.display);
    outputs = a_.session().runtime.call_procedure(*bound.site, args, frame_.atomic, memory);
  } catch (SqlError& error) {
    a_.rethrow_in(e, error);
  }
  a_.transaction_changed();
  for (size_t i = 0; i < targets.size(); ++i)
    a_.assign(targets[i], outputs.at(i), bound.output_types[i], -1, nullptr);
}

// The variables that a CALL's output arguments are.
std::vector<uint32_t> Interpreter::call_targets(const Expression& e, const analyzer::BoundCall& bound,
                                                const catalog::Routine& routine) {
  std::vector<uint32_t> targets;
  for (size_t i = 0; i < bound.args.size(); ++i) {
    if (!routine.is_output(i)) continue;
    const parser::Node* node = bound.written[i];
    const auto* ref = parser::is<parser::ColumnRef>(node) ? parser::as<parser::ColumnRef>(node) : nullptr;
    Found found = ref == nullptr ? Found{} : lookup(e.scope, ref->names);
    if (found.name == nullptr) {
      throw SqlError(
          sqlstate::kSyntaxError,
          fmt::format("procedure parameter {} is an output parameter but corresponding "
                      "argument is not writable",
                      routine.parameter_name(i).empty() ? std::to_string(i + 1)
                                                        : fmt::format("\"{}\"", routine.parameter_name(i))));
    }
    uint32_t target = found.name->datum;
    if (found.used < ref->names.size()) target = f_.field_of(target, ref->names.back());
    check_assignable(target);
    targets.push_back(target);
  }
  a_.grow();
  return targets;
}

void Interpreter::check_assignable(uint32_t variable) {
  const Datum& d = f_.datums[variable];
  const Datum& owner = d.kind == DatumKind::kField ? f_.datums[d.record] : d;
  if (owner.constant) {
    throw SqlError(sqlstate::kErrorInAssignment,
                   fmt::format("variable \"{}\" is declared CONSTANT", owner.name));
  }
}

}  // namespace varve::pl
