// SET, SHOW, PREPARE, EXECUTE.
#include <algorithm>
#include <fmt/format.h>

#include "analyzer/analyzer.h"
#include "analyzer/expression_walk.h"
#include "common/sql_error.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "inner_statement.h"
#include "parser/ast.h"
#include "parser/parser.h"
#include "parser/scan.h"
#include "planner/planner.h"
#include "session.h"
#include "setting_text.h"

namespace varve::session {

using types::Value;

// --- SET and SHOW

std::string setting_argument(const parser::Node* node) {
  if (parser::is<parser::TypeCast>(node)) return setting_argument(parser::as<parser::TypeCast>(node)->arg);
  const auto& c = *parser::as<parser::ConstExpr>(node);
  switch (c.type) {
    case parser::ConstKind::kInteger:
      return std::to_string(c.integer);
    case parser::ConstKind::kBoolean:
      return c.boolean ? "on" : "off";
    default:
      return std::string(c.text);
  }
}

std::string setting_text(const parser::VariableSetStmt& stmt) {
  std::string value;
  for (const parser::Node* arg : stmt.args) {
    std::string item = setting_argument(arg);
    if (stmt.name == "search_path") item = parser::quote_identifier(item);
    value += (value.empty() ? "" : ", ") + item;
  }
  return value;
}

void Session::run_set(const parser::VariableSetStmt& stmt) {
  using parser::VariableSetKind;
  if (stmt.is_local && block_ != Block::kExplicit && !nested_) {
    notice("WARNING", sqlstate::kNoActiveSqlTransaction, "SET LOCAL can only be used in transaction blocks",
           {}, {});
  }
  switch (stmt.action) {
    case VariableSetKind::kSetMulti: {
      std::vector<parser::Node*> options(stmt.args.begin(), stmt.args.end());
      if (stmt.name == "TRANSACTION") {
        if (block_ != Block::kExplicit && !nested_) {
          notice("WARNING", sqlstate::kNoActiveSqlTransaction,
                 "SET TRANSACTION can only be used in transaction blocks", {}, {});
        }
        set_transaction_options(options);
        return;
      }
      if (stmt.name == "SESSION CHARACTERISTICS") {
        for (const parser::Node* node : options) {
          const auto& option = *parser::as<parser::Option>(node);
          std::string name = "default_" + std::string(option.name);
          settings_.set(name,
                        option.name == "transaction_isolation"  ? setting_argument(option.value)
                        : setting_argument(option.value) == "0" ? "off"
                                                                : "on",
                        false, is_superuser_);
        }
        return;
      }
      throw_not_supported("SET TRANSACTION SNAPSHOT");
    }
    case VariableSetKind::kResetAll:
      settings_.reset_all();
      return;
    case VariableSetKind::kReset:
    case VariableSetKind::kSetDefault:
      if (stmt.name == "session_authorization") return set_session_authorization(login_user_, stmt.is_local);
      if (stmt.name == "role") return set_role("none", stmt.is_local);
      if (is_transaction_setting(stmt.name)) return set_transaction_setting(stmt.name, std::nullopt);
      settings_.reset(stmt.name, is_superuser_);
      return;
    case VariableSetKind::kSetCurrent:
      return;
    case VariableSetKind::kSetValue:
      break;
  }
  std::string value = setting_text(stmt);
  if (stmt.name == "role") return set_role(value, stmt.is_local);
  if (stmt.name == "session_authorization") return set_session_authorization(value, stmt.is_local);
  if (is_transaction_setting(stmt.name)) return set_transaction_setting(stmt.name, value);
  settings_.set(stmt.name, value, stmt.is_local, is_superuser_);
  if (stmt.name == "lock_timeout" || stmt.name == "deadlock_timeout") take_lock_timeouts();
}

void Session::run_show(const parser::VariableShowStmt& stmt, net::Output& out) {
  if (stmt.name != "all" && !settings_.has(stmt.name)) {
    throw SqlError(sqlstate::kUndefinedObject,
                   fmt::format("unrecognized configuration parameter \"{}\"", stmt.name));
  }
  begin_rows(show_columns(stmt.name), out);
  if (stmt.name != "all") {
    out.begin_data_row(1);
    out.column(setting(stmt.name));
    out.end_data_row();
    return;
  }
  for (const SettingInfo& info : all_settings()) {
    out.begin_data_row(3);
    out.column(info.name);
    out.column(setting(info.name));
    out.column(info.description);
    out.end_data_row();
  }
}

pl::SqlStatementPtr Session::show(const pl::SqlStatement& statement) {
  std::string_view name = parser::as<parser::VariableShowStmt>(statement.node)->name;
  if (name == "all")
    return make_statement(
        "SELECT name, setting, short_desc AS description FROM pg_catalog.pg_show_all_settings()");
  return make_statement(fmt::format("SELECT pg_catalog.current_setting({}) AS {}", quote_literal(name),
                                    parser::quote_identifier(show_columns(name)[0].name)));
}

// --- PREPARE and EXECUTE

void Session::run_prepare(const parser::PrepareStmt& stmt, const Statement& outer) {
  std::string name(stmt.name);
  if (statements_.count(name) != 0) {
    throw SqlError(sqlstate::kDuplicatePstatement,
                   fmt::format("prepared statement \"{}\" already exists", name));
  }
  ensure_transaction();
  StatementPtr statement = inner_statement(outer, stmt);
  if (statement->node == nullptr || !is_planned(statement->node))
    throw_not_supported("PREPARE of this statement");
  statement->from_sql = true;
  statement->has_parameters = statement->fixed_result = true;
  Arena arena;
  std::deque<catalog::RelationPtr> relations;
  functions::EvalContext eval = eval_context(arena);
  std::vector<Oid> path = search_path_oids();
  analyzer::AnalyzerContext context{catalog(), arena, relations, eval, outer.sql, path};
  for (const parser::TypeName* type : stmt.arg_types) {
    Oid named = analyzer::resolve_type_name(context, *type).type;
    statement->param_types.push_back(catalog::base_type(catalog(), named, -1).type);
    statement->declared_types.push_back(named);
  }
  make_plan(*statement, true);
  statements_[name] = std::move(statement);
}

std::vector<Value> Session::execute_params(const parser::ExecuteStmt& stmt, const Statement& prepared,
                                           std::string_view sql, Arena& arena) {
  if (stmt.params.size() != prepared.param_types.size()) {
    throw SqlError(sqlstate::kSyntaxError,
                   fmt::format("wrong number of parameters for prepared statement \"{}\"", stmt.name))
        .detail(fmt::format("Expected {} parameters but got {}.", prepared.param_types.size(),
                            stmt.params.size()));
  }
  std::vector<Value> values;
  std::deque<catalog::RelationPtr> relations;
  functions::EvalContext eval = eval_context(arena);
  std::vector<Oid> path = search_path_oids();
  analyzer::AnalyzerContext context{catalog(), arena, relations, eval, sql, path};
  std::vector<analyzer::Expr*> exprs;
  for (size_t i = 0; i < stmt.params.size(); ++i) {
    analyzer::Expr* e =
        analyzer::analyze_table_expression(context, stmt.params[i], nullptr, "EXECUTE parameters");
    Oid type = i < prepared.declared_types.size() ? prepared.declared_types[i] : prepared.param_types[i];
    exprs.push_back(analyzer::coerce_for_assignment(context, e, type, -1, fmt::format("${}", i + 1)));
  }
  if (std::all_of(exprs.begin(), exprs.end(),
                  [](const analyzer::Expr* e) { return e->kind == analyzer::ExprKind::kConst; })) {
    for (const analyzer::Expr* e : exprs)
      values.push_back(types::copy_value(e->as<analyzer::ConstExpr>().value, arena));
    return values;
  }
  // The arguments are the one row of a query without FROM.
  planner::PlannedStatement plan;
  auto* query = arena.make<analyzer::Query>();
  std::vector<analyzer::Target> targets;
  for (analyzer::Expr* e : exprs) {
    analyzer::Target t;
    t.expr = e;
    targets.push_back(t);
  }
  query->targets = arena.copy(targets);
  planner::plan_query(plan, *query, planner_settings(), instance_.engine().txns(), eval);
  executor::Execution execution(plan, execution_settings(), &instance_.scheduler());
  start_execution(execution, {});
  vector::Chunk* chunk = nullptr;
  if (execution.next(chunk)) {
    uint32_t row = chunk->selection()[0];
    for (size_t i = 0; i < exprs.size(); ++i) {
      values.push_back(types::copy_value(chunk->column(static_cast<uint32_t>(i)).value(row), arena));
    }
  }
  execution.finish();
  return values;
}

void Session::run_execute(const parser::ExecuteStmt& stmt, const Statement& outer, net::Output& out) {
  auto it = statements_.find(std::string(stmt.name));
  if (it == statements_.end()) {
    throw SqlError(sqlstate::kInvalidSqlStatementName,
                   fmt::format("prepared statement \"{}\" does not exist", stmt.name));
  }
  StatementPtr prepared = it->second;
  ensure_transaction();
  Arena arena;
  std::vector<Value> params;
  if (!stmt.params.empty() || !prepared->param_types.empty())
    params = execute_params(stmt, *prepared, outer.sql, arena);
  if (is_planned(prepared->node)) {
    run_planned(prepared, params, out);
  } else {
    std::string tag = run_utility(prepared, params, out);
    if (!tag.empty()) out.command_complete(tag);
  }
}

namespace {

// What was prepared, by PREPARE or by a client's Parse.
std::string_view query_text(const Statement& prepared, Arena& arena) {
  for (const parser::RawStatement& raw : parser::parse(prepared.sql, arena).statements) {
    if (!parser::is<parser::PrepareStmt>(raw.statement)) {
      if (!prepared.from_sql) return raw.text(prepared.sql);
      continue;
    }
    if (parser::as<parser::PrepareStmt>(raw.statement)->query->location != prepared.node->location) continue;
    std::string_view text = raw.text(prepared.sql);
    parser::ScanError failed;
    int depth = 0;
    for (const parser::ScanToken& token : parser::scan(text, arena, &failed)) {
      if (token.kind == parser::ScanKind::kSymbol)
        depth += token.text == "(" ? 1 : token.text == ")" ? -1 : 0;
      if (depth == 0 && token.kind == parser::ScanKind::kWord && token.text == "as")
        return text.substr(static_cast<size_t>(token.end));
    }
  }
  throw_not_supported("CREATE TABLE AS EXECUTE of this statement");
}

}  // namespace

// CREATE TABLE … AS EXECUTE: as if the prepared query stood there, its parameters as constants.
std::string Session::run_create_as_execute(const parser::CreateTableAsStmt& stmt, const Statement& outer) {
  const auto& execute = *parser::as<parser::ExecuteStmt>(stmt.query);
  auto it = statements_.find(std::string(execute.name));
  if (it == statements_.end()) {
    throw SqlError(sqlstate::kInvalidSqlStatementName,
                   fmt::format("prepared statement \"{}\" does not exist", execute.name));
  }
  StatementPtr prepared = it->second;
  if (!parser::is<parser::SelectStmt>(prepared->node))
    throw SqlError(sqlstate::kWrongObjectType, "prepared statement is not a SELECT");
  ensure_transaction();
  Arena arena;
  std::vector<Value> params = execute_params(execute, *prepared, outer.sql, arena);
  functions::EvalContext eval = eval_context(arena);
  std::string_view text = query_text(*prepared, arena);
  std::string sql;
  size_t done = 0;
  parser::ScanError failed;
  for (const parser::ScanToken& token : parser::scan(text, arena, &failed)) {
    if (token.kind != parser::ScanKind::kParam) continue;
    sql += text.substr(done, static_cast<size_t>(token.location) - done);
    done = static_cast<size_t>(token.end);
    const auto number = static_cast<size_t>(token.integer - 1);
    const Value& value = params[number];
    std::string constant = "NULL";
    if (!value.null) {
      std::string shown;
      functions::append_value(prepared->param_types[number], value, shown, eval);
      constant = quote_literal(shown);
    }
    sql += fmt::format("({}::{})", constant, functions::format_type(prepared->param_types[number], -1));
  }
  sql += text.substr(done);
  parser::ParsedScript script = parser::parse(arena.copy(sql), arena);
  auto* create = arena.make<parser::CreateTableAsStmt>(stmt);
  create->query = script.statements[0].statement;
  return run_command(create, sql);
}

}  // namespace varve::session
