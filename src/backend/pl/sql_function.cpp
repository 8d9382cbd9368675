// Functions in SQL: a list of statements, the last one's rows are the result.
#include <fmt/format.h>

#include "functions/record.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "parser/ast.h"
#include "parser/parser.h"
#include "planner/plan.h"
#include "runtime_state.h"

namespace varve::pl {

using parser::NodeKind;
using types::Value;

namespace {

// A query that is one expression and nothing else.
bool is_bare_expression(const parser::Node* node) {
  if (!parser::is<parser::SelectStmt>(node)) return false;
  const auto& s = *parser::as<parser::SelectStmt>(node);
  return s.targets.size() == 1 && s.from.empty() && s.where == nullptr && s.group_by.empty() &&
         s.having == nullptr && s.values.empty() && s.order_by.empty() && s.limit_count == nullptr &&
         s.limit_offset == nullptr && s.with == nullptr && s.into == nullptr && s.left == nullptr;
}

Expression* add_statement(Function& f, std::string text, const Name* scope) {
  auto e = std::make_unique<Expression>();
  e->mode = ExpressionMode::kStatement;
  e->text = e->display = std::move(text);
  e->scope = scope;
  e->slot = static_cast<uint32_t>(f.expressions.size());
  e->variables = std::make_unique<ExpressionVariables>(f, *e);
  f.expressions.push_back(std::move(e));
  return f.expressions.back().get();
}

const Name* add_name(Function& f, const Name* outer, std::string text, uint32_t datum, Name::Kind kind) {
  f.names.push_back({outer, kind, std::move(text), datum, false});
  return &f.names.back();
}

const Name* declare_arguments(Function& f, Host& host) {
  const catalog::Routine& r = *f.routine;
  const Name* scope = add_name(f, nullptr, r.name, 0, Name::Kind::kLabel);
  size_t input = 0;
  for (size_t i = 0; i < r.parameter_count(); ++i) {
    if (!r.is_input(i)) continue;
    Datum d;
    d.name = r.parameter_name(i);
    d.type = f.arg_types.at(input);
    if (d.type == type_oid::kRecord || analyzer::relation_of_row_type(host.catalog(), d.type) != nullptr)
      d.kind = DatumKind::kRecord;
    auto number = static_cast<uint32_t>(f.datums.size());
    f.args.push_back(number);
    ++input;
    scope = add_name(f, scope, fmt::format("${}", input), number, Name::Kind::kVariable);
    if (!d.name.empty()) scope = add_name(f, scope, d.name, number, Name::Kind::kVariable);
    f.datums.push_back(std::move(d));
  }
  // The slot that PL/pgSQL's FOUND has.
  Datum found;
  found.type = type_oid::kBool;
  f.found = static_cast<uint32_t>(f.datums.size());
  f.datums.push_back(std::move(found));
  return scope;
}

std::string trimmed(std::string_view text) {
  size_t first = text.find_first_not_of(" \t\r\n"), last = text.find_last_not_of(" \t\r\n");
  return first == std::string_view::npos ? std::string() : std::string(text.substr(first, last - first + 1));
}

// The statements of a standard body.
std::string body_statements(const std::string& body) {
  auto word = [&](std::string_view w) {
    for (size_t i = 0; i < w.size(); ++i) {
      char c = i < body.size() ? body[i] : '\0';
      if ((c >= 'A' && c <= 'Z' ? c + 32 : c) != w[i]) return false;
    }
    return true;
  };
  if (word("return")) return "SELECT" + body.substr(6);
  size_t atomic = 5;
  while (atomic < body.size() && !((body[atomic] | 0x20) == 'a')) ++atomic;
  std::string inner = body.substr(atomic + 6);
  size_t end = inner.find_last_not_of(" \t\r\n;");
  return inner.substr(0, end - 2);
}

SqlError mismatch(Oid result, std::string detail) {
  SqlError e(sqlstate::kInvalidFunctionDefinition,
             fmt::format("return type mismatch in function declared to return {}",
                         functions::format_type(result, -1)));
  if (!detail.empty()) e.detail(std::move(detail));
  return e;
}

bool assignable(Oid from, Oid to) {
  if (from == to || from == type_oid::kUnknown) return true;
  const functions::Cast* cast = functions::find_cast(from, to);
  return cast != nullptr && cast->context <= functions::CastContext::kAssignment;
}

}  // namespace

void Runtime::State::compile_sql(Function& f, bool validating) {
  f.conflict = analyzer::Variables::Conflict::kTables;
  const Name* scope = declare_arguments(f, host);
  std::string source = f.routine->sql_body.empty() ? f.source : body_statements(f.routine->sql_body);
  try {
    Arena arena;
    parser::ParsedScript script = parser::parse(source, arena);
    for (const parser::RawStatement& raw : script.statements) {
      Expression* e = add_statement(f, trimmed(raw.text(source)), scope);
      e->location = raw.location;
      f.statements.push_back(e);
      if (script.statements.size() == 1 && is_bare_expression(raw.statement) && !f.composite &&
          !f.returns_set) {
        e->allow_simple = true;
        f.inlined = !f.routine->security_definer && f.routine->config.empty() && !f.routine->strict;
        if (f.result != type_oid::kVoid) e->target = f.result_target();
      }
    }
    if (!validating || host.setting("check_function_bodies") == "off") return;
    Lease a(session, f);
    CallFrame frame(session, f);
    for (Expression* e : f.statements) {
      try {
        a->plan(*e, true);
      } catch (SqlError& error) {
        // A place in one statement becomes a place in the body.
        ErrorFields& fields = error.fields();
        if (fields.internal_position > 0 && fields.internal_query == e->display) {
          size_t leading = source.find(e->text);
          fields.position = fields.internal_position +
                            parser::character_position(source, static_cast<int32_t>(leading)) - 1;
          fields.internal_position = 0;
          fields.internal_query.clear();
        } else {
          fields.context = fmt::format("SQL function \"{}\"", f.routine->name);
        }
        throw;
      }
    }
    Expression* last = f.statements.empty() ? nullptr : f.statements.back();
    try {
      if (last != nullptr)
        check_sql_result(f, *last);
      else if (f.result != type_oid::kVoid) {
        throw mismatch(f.result,
                       "Function's final statement must be SELECT or INSERT/UPDATE/DELETE RETURNING.");
      }
    } catch (SqlError& error) {
      error.context(fmt::format("SQL function \"{}\"", f.routine->name));
      throw;
    }
  } catch (SqlError& error) {
    if (!validating && error.fields().position > 0) {
      error.fields().internal_query = source;
      error.fields().internal_position = error.fields().position;
      error.at(0);
    }
    throw;
  }
}

namespace {

// One column that is the row, or ROW(…) which can become it.
bool returns_whole_row(const Function& f, std::span<const planner::OutputColumn> columns) {
  if (!f.composite || columns.size() != 1 || f.result == type_oid::kRecord) return false;
  if (columns[0].type != f.result && columns[0].type != type_oid::kRecord) return false;
  return f.output_shape.types.size() != 1 || f.output_shape.types[0] != columns[0].type;
}

// The fields of such a row, as many as the function's result has.
void add_row(Host& host, const Value& row, Oid type, const Shape& want, RowStore& rows) {
  if (row.null) {
    for (Oid field : want.types) rows.values.push_back(null_of(field));
    rows.null = true;
    return;
  }
  functions::RecordView view(row.view());
  const bool convert = type == type_oid::kRecord;
  if (convert && view.count() != want.types.size()) {
    throw SqlError(sqlstate::kDatatypeMismatch,
                   "function return row and query-specified return row do not match")
        .detail(fmt::format("Returned row contains {} attributes, but query expects {}.", view.count(),
                            want.types.size()));
  }
  for (uint32_t i = 0; i < want.types.size(); ++i) {
    const bool null = i >= view.count() || view.is_null(i);
    Value value = null ? null_of(want.types[i]) : view.at(i, rows.memory);
    if (convert && view.field_type(i) != want.declared(i)) {
      if (null) value = null_of(view.field_type(i));
      value = ValueCast(host, view.field_type(i), -1, want.declared(i), want.typmods[i])
                  .apply(host, value, rows.memory);
    }
    rows.values.push_back(types::copy_value(value, rows.memory));
  }
}

}  // namespace

// The last statement's columns must be what the function says it returns.
void Runtime::State::check_sql_result(Function& f, Expression& last) {
  if (f.result == type_oid::kVoid) return;
  if (f.is_procedure && f.output_shape.types.empty()) return;
  if (!host.is_planned(*last.statement) || !last.statement->plan->returns_rows) {
    throw mismatch(f.result, "Function's final statement must be SELECT or INSERT/UPDATE/DELETE RETURNING.");
  }
  std::span<const planner::OutputColumn> columns = last.statement->plan->root->output;
  if (!f.composite) {
    if (columns.size() != 1) throw mismatch(f.result, "Final statement must return exactly one column.");
    if (!assignable(columns[0].type, f.result)) {
      throw mismatch(f.result,
                     fmt::format("Actual return type is {}.", functions::format_type(columns[0].type, -1)));
    }
    return;
  }
  if (f.output_shape.types.empty()) return;  // any record
  if (returns_whole_row(f, columns)) return;
  const Shape& want = f.output_shape;
  for (size_t i = 0; i < want.types.size(); ++i) {
    if (i >= columns.size()) throw mismatch(f.result, "Final statement returns too few columns.");
    if (!assignable(columns[i].type, want.types[i])) {
      throw mismatch(f.result, fmt::format("Final statement returns {} instead of {} at column {}.",
                                           functions::format_type(columns[i].type, -1),
                                           type_text(host.catalog(), want, i), i + 1));
    }
  }
  if (columns.size() > want.types.size())
    throw mismatch(f.result, "Final statement returns too many columns.");
}

namespace {

// Runs one statement; its rows, converted, go to `rows` (null: nobody wants them).
void run_statement(Function& f, Activation& a, CallFrame& frame, Expression& e, RowStore* rows,
                   bool first_only) {
  ExpressionState& state = a.prepare(e);
  if (!a.host().is_planned(*e.statement)) {
    if (e.statement->node->kind == NodeKind::kTransactionStmt) {
      throw SqlError(sqlstate::kFeatureNotSupported,
                     fmt::format("{} is not allowed in an SQL function", "COMMIT"));
    }
    if (f.read_only)
      throw SqlError(sqlstate::kFeatureNotSupported,
                     "this command is not allowed in a non-volatile function");
    a.session().pin_active();
    a.host().run_utility(e.statement, a.values());
    return;
  }
  a.host().check_read_only(*e.statement);
  if (f.read_only && !state.plan->read_only) {
    std::string_view verb = e.statement->node->kind == NodeKind::kInsertStmt   ? "INSERT"
                            : e.statement->node->kind == NodeKind::kUpdateStmt ? "UPDATE"
                            : e.statement->node->kind == NodeKind::kDeleteStmt ? "DELETE"
                                                                               : "SELECT FOR UPDATE";
    frame.sql_number = 0;  // PostgreSQL finds out before it starts
    throw SqlError(sqlstate::kFeatureNotSupported,
                   fmt::format("{} is not allowed in a non-volatile function", verb));
  }
  std::unique_ptr<executor::Execution> execution = a.take_execution(e, state);
  executor::RunParameters run = a.run_parameters(a.values());
  ActiveSnapshot active(a.session(), &run.snapshot);
  ConstraintChecks constraints(a.host(), !state.plan->read_only);
  execution->start(run);
  std::span<const planner::OutputColumn> columns = state.plan->root->output;
  if (rows != nullptr && f.composite && f.output_shape.types.empty()) f.output_shape = shape_of(columns);
  std::vector<Oid> want;
  for (size_t i = 0; i < f.output_shape.types.size(); ++i) want.push_back(f.output_shape.declared(i));
  if (!f.composite) want = {f.result_target()};
  bool whole = rows != nullptr && returns_whole_row(f, columns);
  if (rows != nullptr && !whole && columns.size() < want.size()) {
    throw SqlError(sqlstate::kDatatypeMismatch,
                   "function return row and query-specified return row do not match")
        .detail(fmt::format("Returned row contains {} attribute{}, but query expects {}.", columns.size(),
                            columns.size() == 1 ? "" : "s", want.size()));
  }
  state.casts.resize(std::max(state.casts.size(), want.size()));
  bool select = e.statement->node->kind == NodeKind::kSelectStmt;
  vector::Chunk* chunk = nullptr;
  while ((rows == nullptr || !first_only || !select || rows->count == 0) && execution->next(chunk)) {
    if (rows == nullptr || !state.plan->returns_rows) continue;
    for (uint32_t i = 0; i < chunk->count() && (!first_only || rows->count == 0); ++i) {
      if (whole)
        add_row(a.host(), chunk->column(0).value(chunk->selection()[i]), columns[0].type, f.output_shape,
                *rows);
      for (uint32_t c = 0; c < want.size() && !whole; ++c) {
        Value v = chunk->column(c).value(chunk->selection()[i]);
        if (v.null && functions::type_by_oid(want[c]) != nullptr)
          rows->values.push_back(null_of(want[c]));
        else if (columns[c].type == want[c] || columns[c].domain == want[c])
          rows->values.push_back(types::copy_value(v, rows->memory));
        else
          rows->values.push_back(a.cast(state.casts[c], columns[c].type, columns[c].typmod, want[c], -1)
                                     .apply(a.host(), v, rows->memory));
      }
      ++rows->count;
    }
  }
  execution->finish();
  constraints.finish();
  state.execution = std::move(execution);
}

}  // namespace

Value Runtime::State::run_sql_scalar(Function& f, Activation& a, CallFrame& frame, Arena& memory) {
  if (f.statements.size() == 1 && f.statements[0]->allow_simple) {
    frame.sql_number = 1;
    Value v;
    try {
      v = a.evaluate(*f.statements[0]);
    } catch (SqlError& error) {
      // The statement's own line is not PostgreSQL's way here: it names the function only.
      std::string& context = error.fields().context;
      std::string own = fmt::format("SQL statement \"{}\"", f.statements[0]->display);
      if (context.starts_with(own)) {
        context.erase(0, own.size() + (context.size() > own.size() ? 1 : 0));
        if (f.inlined)
          add_context(error, fmt::format("SQL function \"{}\" during inlining", f.routine->name));
      }
      throw;
    }
    if (f.result == type_oid::kVoid) return null_of(f.result);
    return types::copy_value(v, memory);
  }
  RowStore rows;
  for (size_t i = 0; i < f.statements.size(); ++i) {
    frame.sql_number = static_cast<int>(i + 1);
    bool last = i + 1 == f.statements.size() && f.result != type_oid::kVoid;
    run_statement(f, a, frame, *f.statements[i], last ? &rows : nullptr, true);
  }
  if (f.result == type_oid::kVoid) return null_of(f.result);
  return rows.values.empty() ? null_of(f.result) : types::copy_value(rows.values[0], memory);
}

void Runtime::State::run_sql_rows(Function& f, Activation& a, CallFrame& frame, RowStore& rows) {
  for (size_t i = 0; i < f.statements.size(); ++i) {
    frame.sql_number = static_cast<int>(i + 1);
    bool last = i + 1 == f.statements.size() && f.result != type_oid::kVoid;
    run_statement(f, a, frame, *f.statements[i], last ? &rows : nullptr, !f.returns_set);
  }
  rows.null = rows.count == 0;
  if (!f.returns_set && rows.count == 0 && f.result != type_oid::kVoid) {
    std::vector<Oid> want = f.output_shape.types;
    if (!f.composite) want = {f.result};
    for (Oid type : want) rows.values.push_back(null_of(type));
    rows.count = 1;
  }
}

}  // namespace varve::pl
