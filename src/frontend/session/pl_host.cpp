// What running functions ask of the session (pl/host.h), and the statements that run them: DO and CALL.
#include <fmt/format.h>

#include "analyzer/analyzer.h"
#include "commands/acl.h"
#include "common/sql_error.h"
#include "cursor.h"
#include "executor/expression_program.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "net/server.h"
#include "parser/ast.h"
#include "parser/command_name.h"
#include "planner/planner.h"
#include "session.h"

namespace varve::session {

using types::Value;

namespace {

// The position of an error in a function's body becomes one in the statement that holds the body.
void transpose(ErrorFields& fields, std::string_view sql, std::string_view body) {
  if (fields.position <= 0) return;
  size_t at = sql.find(body);
  if (at == std::string_view::npos) {
    fields.internal_query = body;
    fields.internal_position = fields.position;
    fields.position = 0;
    return;
  }
  fields.position += parser::character_position(sql, static_cast<int32_t>(at)) - 1;
}

class Nested {
 public:
  explicit Nested(bool& flag) : flag_(flag), outer_(flag) { flag = true; }
  ~Nested() { flag_ = outer_; }
  Nested(const Nested&) = delete;
  Nested& operator=(const Nested&) = delete;

 private:
  bool& flag_;
  bool outer_;
};

}  // namespace

// --- functions::SessionServices

Value Session::call_routine(const functions::CallSite& site, std::span<const Value> args, Arena& memory) {
  Nested nested(nested_);
  return pl_.call(site, args, memory);
}

std::span<const Value> Session::routine_rows(const functions::CallSite& site, std::span<const Value> args,
                                             Arena& memory) {
  Nested nested(nested_);
  return pl_.rows(site, args, memory);
}

// --- commands::CommandServices

void Session::validate_routine(Oid oid) {
  if (!settings_.boolean("check_function_bodies")) return;
  catalog::RoutinePtr routine = catalog().routine(oid);
  std::string_view sql = current_sql_, body = routine->sql_body.empty() ? routine->source : routine->sql_body;
  validated_body_ = body;
  try {
    Nested nested(nested_);
    pl_.validate(oid);
  } catch (SqlError& error) {
    validated_body_ = {};
    transpose(error.fields(), sql, body);
    throw;
  }
  validated_body_ = {};
}

void Session::truncate_triggers(const catalog::RelationPtr& relation, bool before) {
  if (relation->triggers.empty()) return;
  Nested nested(nested_);
  pl_.truncate_triggers(relation, before);
}

// --- pl::Host

txn::Transaction& Session::transaction() {
  ensure_transaction();
  return *txn_;
}

void Session::check_stack() {
  const char* here = static_cast<const char*>(__builtin_frame_address(0));
  int64_t used = stack_base_ == nullptr ? 0 : stack_base_ - here;
  if (used < 0) used = -used;
  constexpr int64_t kLeastLimitBytes = 100 * 1024;  // the setting cannot be less
  if (used <= kLeastLimitBytes) return;
  int64_t limit_kb = settings_.integer("max_stack_depth");
  if (used <= limit_kb * 1024) return;
  throw SqlError(sqlstate::kStatementTooComplex, "stack depth limit exceeded")
      .hint(fmt::format(
          "Increase the configuration parameter \"max_stack_depth\" (currently {}kB), after ensuring the "
          "platform's stack depth limit is adequate.",
          limit_kb));
}

pl::SqlStatementPtr Session::make_statement(std::string_view sql) {
  auto statement = std::make_shared<Statement>();
  statement->sql = sql;
  statement->prepared_us = statement_start_us_;
  parser::ParsedScript script = parser::parse(statement->sql, statement->parse_arena);
  if (script.statements.size() > 1) throw_not_supported("several statements in one string");
  if (!script.statements.empty()) statement->node = script.statements[0].statement;
  return statement;
}

pl::SqlStatementPtr Session::make_assignment(std::string_view text) {
  auto statement = std::make_shared<Statement>();
  statement->sql = text;
  statement->prepared_us = statement_start_us_;
  statement->node = parser::parse_assignment(statement->sql, statement->parse_arena);
  return statement;
}

void Session::describe_plan(pl::SqlStatement& statement) {
  ensure_transaction();
  make_plan(static_cast<Statement&>(statement), true);
}

bool Session::is_planned(const pl::SqlStatement& statement) {
  return statement.node != nullptr && is_planned(statement.node);
}

std::unique_ptr<executor::Execution> Session::make_execution(pl::SqlStatement& statement) {
  return std::make_unique<executor::Execution>(*statement.plan, execution_settings(), &instance_.scheduler());
}

std::string Session::run_utility(const pl::SqlStatementPtr& statement, std::span<const types::Value> params) {
  using parser::NodeKind;
  switch (statement->node->kind) {
    case NodeKind::kExplainStmt:
    case NodeKind::kVariableShowStmt:
    case NodeKind::kFetchStmt:
    case NodeKind::kExecuteStmt:
    case NodeKind::kDiscardStmt:
      throw_not_supported(fmt::format("{} in a function", parser::command_name(statement->node)));
    default:
      break;
  }
  if (std::string_view name = commands::must_run_alone(statement->node); !name.empty()) {
    throw SqlError(sqlstate::kActiveSqlTransaction,
                   fmt::format("{} cannot be executed from a function", name));
  }
  Nested nested(nested_);
  return run_utility(std::static_pointer_cast<Statement>(statement), params, client_.output());
}

pl::Host::Mark Session::begin_subtransaction() {
  ensure_transaction();
  txn_->assign_xid();
  return {txn_->savepoint(), constraints_.mark(), settings_.mark(), pl_.deferred_count(), next_portal_};
}

void Session::rollback_subtransaction(const Mark& mark) {
  // Cursors opened since then are gone.
  drop_portals_since(mark.portals);
  constraints_.rollback_to(mark.constraints);
  check_ok(txn_->rollback_to(mark.position));
  forget_catalog_changes();
  settings_.rollback_to(mark.settings);
  pl_.forget_deferred(mark.deferred);
}

void Session::commit_transaction(bool chain) {
  const TransactionModes same = modes();
  commit_transaction(&client_.output());
  if (!chain) return ensure_transaction();
  begin_transaction(same);
  settings_.begin_transaction();
  block_ = Block::kImplicit;
}

void Session::rollback_transaction(bool chain) {
  const TransactionModes same = modes();
  rollback_transaction();
  if (!chain) return ensure_transaction();
  begin_transaction(same);
  settings_.begin_transaction();
  block_ = Block::kImplicit;
}

void Session::message(std::string_view severity, const ErrorFields& fields) {
  struct Level {
    std::string_view name, setting;
    net::Severity severity;
    int rank;
  };
  static constexpr Level kLevels[] = {{"DEBUG", "debug1", net::Severity::kDebug, 4},
                                      {"LOG", "log", net::Severity::kLog, 5},
                                      {"INFO", "", net::Severity::kInfo, 9},
                                      {"NOTICE", "notice", net::Severity::kNotice, 6},
                                      {"WARNING", "warning", net::Severity::kWarning, 7}};
  static constexpr std::string_view kOrder[] = {"debug5", "debug4", "debug3",  "debug2", "debug1",
                                                "log",    "notice", "warning", "error"};
  const std::string& least = settings_.get("client_min_messages");
  int wanted = static_cast<int>(std::find(std::begin(kOrder), std::end(kOrder), least) - std::begin(kOrder));
  for (const Level& level : kLevels) {
    if (level.name != severity) continue;
    if (level.rank < wanted) return;
    if (fields.position == 0 || validated_body_.empty())
      return client_.output().notice(level.severity, fields);
    ErrorFields placed = fields;
    transpose(placed, current_sql_, validated_body_);
    client_.output().notice(level.severity, placed);
    return;
  }
}

// --- cursors

bool Session::cursor_exists(std::string_view name) { return portals_.count(std::string(name)) != 0; }

void Session::open_cursor(std::string_view name, const pl::SqlStatementPtr& statement,
                          std::span<const Value> params, uint16_t options, const txn::Snapshot* active) {
  if (!is_planned(*statement) || !statement->plan->returns_rows) {
    throw SqlError(sqlstate::kInvalidCursorDefinition, "cannot open query as cursor");
  }
  auto portal = std::make_unique<Portal>();
  portal->name = name;
  portal->statement = std::static_pointer_cast<Statement>(statement);
  if (!portal->statement->is_cursor) {  // WHERE CURRENT OF wants to know where its rows lie
    portal->statement->is_cursor = true;
    statement->plan = nullptr;
    ensure_plan(*portal->statement);
  }
  portal->plan = statement->plan;
  for (const Value& v : params) portal->params.push_back(types::copy_value(v, portal->arena));
  portal->execution = make_execution(*statement);
  executor::RunParameters run = run_parameters(portal->params, active);
  const txn::Snapshot* outer = pl_.active_snapshot();
  pl_.set_active_snapshot(&portal->execution->context().snapshot);
  portal->execution->start(run);
  pl_.set_active_snapshot(outer);
  portal->started = true;
  Cursors(*this).keep_rows(*portal, options);
  portals_[portal->name] = std::move(portal);
}

int64_t Session::fetch_cursor(std::string_view name, const pl::FetchRequest& request,
                              std::vector<std::span<const Value>>* rows) {
  auto it = portals_.find(std::string(name));
  if (it == portals_.end() || !it->second->is_cursor) {
    throw SqlError(sqlstate::kUndefinedCursor, fmt::format("cursor \"{}\" does not exist", name));
  }
  Portal& cursor = *it->second;
  const CursorHits hits = Cursors(*this).move(cursor, request);
  cursor.fetched.clear();
  cursor.fetched_memory.reset();
  for (int64_t i = 0; i < hits.count && !request.move; ++i) {
    uint32_t at = 0;
    const vector::Chunk& chunk = cursor.rows->chunk_of(hits.first + i * hits.step, &at);
    std::vector<Value>& row = cursor.fetched.emplace_back();
    for (uint32_t c = 0; c < cursor.columns().size(); ++c)
      row.push_back(types::copy_value(chunk.column(c).value(at), cursor.fetched_memory));
  }
  rows->assign(cursor.fetched.begin(), cursor.fetched.end());
  return hits.count;
}

std::span<const planner::OutputColumn> Session::cursor_columns(std::string_view name) {
  return portals_.at(std::string(name))->columns();
}

void Session::close_cursor(std::string_view name) {
  auto it = portals_.find(std::string(name));
  if (it == portals_.end()) return;
  close(*it->second);
  portals_.erase(it);
}

// --- roles and settings

void Session::set_role(Oid oid) {
  auto role = catalog().role(oid);
  if (!role) return;
  role_ = role->oid;
  role_name_ = role->name;
  is_superuser_ = role->superuser;
}

void Session::set_local(std::string_view name, std::string_view value) {
  settings_.set(name, value, true, is_superuser_);
}

bool Session::can_execute(const catalog::Routine& routine) {
  if (is_superuser_) return true;
  std::vector<Oid> roles = catalog().roles_of(role_);
  if (std::find(roles.begin(), roles.end(), routine.owner) != roles.end()) return true;
  auto owner = catalog().role(routine.owner);
  auto items = routine.acl.empty() ? commands::default_acl('f', owner ? owner->name : "")
                                   : commands::parse_acl(routine.acl);
  for (const commands::AclItem& item : items) {
    if (item.privileges.find('X') == std::string::npos) continue;
    if (item.grantee.empty()) return true;
    for (Oid role : roles) {
      auto info = catalog().role(role);
      if (info && info->name == item.grantee) return true;
    }
  }
  return false;
}

// --- DO and CALL

void Session::run_do(const parser::DoStmt& stmt, const Statement& statement) {
  std::string_view language = "plpgsql", body;
  bool has_body = false;
  for (const parser::Option* option : stmt.options) {
    std::string_view text = parser::as<parser::ConstExpr>(option->value)->text;
    if (option->name == "language") {
      language = text;
    } else {
      body = text;
      has_body = true;
    }
  }
  if (!has_body) throw SqlError(sqlstate::kSyntaxError, "no inline code specified");
  ensure_transaction();
  Oid known;
  const catalog::KeyMatch match[] = {{"lanname", Value::of_string(language)}};
  catalog().for_each(catalog::system_table("pg_language"), match,
                     [&](const catalog::Row& row) { known = row.oid("oid"); });
  if (known == kInvalidOid)
    throw SqlError(sqlstate::kUndefinedObject, fmt::format("language \"{}\" does not exist", language));
  if (!commands::RoleRights(catalog(), role_).language_allows(known, 'U')) {
    throw SqlError(sqlstate::kInsufficientPrivilege,
                   fmt::format("permission denied for language {}", language));
  }
  if (language != "plpgsql") {
    throw SqlError(sqlstate::kFeatureNotSupported,
                   fmt::format("language \"{}\" does not support inline code execution", language));
  }
  bool atomic = nested_ || block_ == Block::kExplicit || several_statements_;
  try {
    Nested nested(nested_);
    pl_.do_block(language, body, atomic);
  } catch (SqlError& error) {
    if (error.fields().internal_query.empty()) transpose(error.fields(), statement.sql, body);
    throw;
  }
}

namespace {

// A call with its names resolved, and what that leans on.
struct ResolvedCall {
  Arena arena;
  std::vector<Oid> parameter_types;
  std::vector<Oid> path;
  std::deque<catalog::RelationPtr> relations;
  analyzer::BoundCall bound;
  catalog::RoutinePtr routine;
};

void resolve_call(catalog::Catalog& catalog, functions::EvalContext& eval, const parser::CallStmt& stmt,
                  const Statement& statement, ResolvedCall* call) {
  call->parameter_types = statement.param_types;
  analyzer::AnalyzerContext context{catalog, call->arena, call->relations, eval, statement.sql, call->path};
  context.params = &call->parameter_types;
  context.infer_params = statement.has_parameters;
  context.variables = statement.variables;
  call->bound = analyzer::analyze_call(context, *stmt.call);
  call->routine = catalog.routine(call->bound.function->oid);
}

// The OUT and INOUT parameters.
std::vector<planner::OutputColumn> output_parameters(const catalog::Routine& routine,
                                                     std::span<const Oid> types, Arena& names) {
  std::vector<planner::OutputColumn> columns;
  for (size_t i = 0; i < routine.parameter_count(); ++i) {
    if (!routine.is_output(i)) continue;
    planner::OutputColumn c{};
    c.name = routine.parameter_name(i).empty() ? names.copy(fmt::format("column{}", columns.size() + 1))
                                               : names.copy(routine.parameter_name(i));
    c.type = types[columns.size()];
    c.physical = functions::physical_type_of(c.type);
    columns.push_back(c);
  }
  return columns;
}

}  // namespace

std::vector<planner::OutputColumn> Session::call_columns(const parser::CallStmt& stmt, Statement& statement) {
  ensure_transaction();
  ResolvedCall call;
  functions::EvalContext eval = eval_context(call.arena);
  call.path = search_path_oids();
  resolve_call(catalog(), eval, stmt, statement, &call);
  return output_parameters(*call.routine, call.bound.output_types, statement.parse_arena);
}

void Session::infer_call_parameters(const parser::CallStmt& stmt, Statement& statement) {
  ensure_transaction();
  ResolvedCall call;
  functions::EvalContext eval = eval_context(call.arena);
  call.path = search_path_oids();
  resolve_call(catalog(), eval, stmt, statement, &call);
  statement.param_types = call.parameter_types;
}

void Session::run_call(const parser::CallStmt& stmt, const Statement& statement,
                       std::span<const Value> params, net::Output& out) {
  ensure_transaction();
  ResolvedCall call;
  Arena& arena = call.arena;
  functions::EvalContext eval = eval_context(arena);
  call.path = search_path_oids();
  resolve_call(catalog(), eval, stmt, statement, &call);
  const analyzer::BoundCall& bound = call.bound;
  const catalog::RoutinePtr& routine = call.routine;
  if (params.size() < call.parameter_types.size()) throw_not_supported("EXECUTE … USING with CALL");
  if (!can_execute(*routine)) {
    throw SqlError(sqlstate::kInsufficientPrivilege,
                   fmt::format("permission denied for procedure {}", routine->name));
  }
  // The arguments are the one row of a query without FROM; OUT parameters are not evaluated.
  std::vector<Value> args;
  {
    planner::PlannedStatement plan;
    auto* query = arena.make<analyzer::Query>();
    std::vector<analyzer::Target> targets;
    for (size_t i = 0; i < bound.args.size(); ++i) {
      analyzer::Target t;
      t.expr = bound.args[i];
      if (routine->mode(i) != 'o') targets.push_back(t);
    }
    query->targets = arena.copy(targets);
    planner::plan_query(plan, *query, planner_settings(), instance_.engine().txns(), eval);
    executor::Execution execution(plan, execution_settings(), &instance_.scheduler());
    start_execution(execution, params);
    vector::Chunk* chunk = nullptr;
    uint32_t column = 0;
    bool found = execution.next(chunk);
    for (size_t i = 0; i < bound.args.size(); ++i) {
      if (routine->mode(i) == 'o' || !found) {
        args.push_back(Value::null_of(functions::physical_type_of(bound.function->args[i])));
      } else {
        args.push_back(types::copy_value(chunk->column(column++).value(chunk->selection()[0]), arena));
      }
    }
    execution.finish();
    pl_.set_active_snapshot(nullptr);
    txn_->release_snapshot();
  }
  bool atomic = nested_ || block_ == Block::kExplicit || several_statements_;
  std::vector<Value> results;
  {
    Nested nested(nested_);
    results = pl_.call_procedure(*bound.site, args, atomic, arena);
  }
  if (results.empty() || nested_) return;
  std::vector<planner::OutputColumn> columns = output_parameters(*routine, bound.output_types, arena);
  vector::Chunk chunk(executor::physical_types(columns), arena);
  for (uint32_t i = 0; i < results.size(); ++i) chunk.column(i).set_value(0, results[i]);
  chunk.set_dense(1);
  begin_rows(columns, out);
  send_rows(columns, formats(), chunk, 0, 1, out);
}

}  // namespace varve::session
