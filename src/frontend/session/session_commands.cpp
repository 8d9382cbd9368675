// SET, SHOW, PREPARE, EXECUTE, cursors.
#include <algorithm>
#include <fmt/format.h>

#include "analyzer/analyzer.h"
#include "analyzer/expression_walk.h"
#include "common/sql_error.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "parser/ast.h"
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
  if (stmt.is_local && block_ != Block::kExplicit) {
    notice("WARNING", sqlstate::kNoActiveSqlTransaction, "SET LOCAL can only be used in transaction blocks",
           {}, {});
  }
  switch (stmt.action) {
    case VariableSetKind::kSetMulti: {
      std::vector<parser::Node*> options(stmt.args.begin(), stmt.args.end());
      if (stmt.name == "TRANSACTION") {
        if (block_ != Block::kExplicit) {
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
  if (stmt.name == "transaction_isolation" || stmt.name == "transaction_read_only" ||
      stmt.name == "transaction_deferrable") {
    throw_not_supported(fmt::format("SET {}; use SET TRANSACTION. That is", stmt.name));
  }
  settings_.set(stmt.name, value, stmt.is_local, is_superuser_);
  if (stmt.name == "lock_timeout" || stmt.name == "deadlock_timeout") take_lock_timeouts();
}

void Session::run_show(const parser::VariableShowStmt& stmt, net::Output& out) {
  if (stmt.name == "all") {
    std::vector<std::vector<std::string>> rows;
    for (const SettingInfo& info : all_settings()) {
      rows.push_back({std::string(info.name), setting(info.name), std::string(info.description)});
    }
    send_text_rows("", rows, {"name", "setting", "description"}, out);
    return;
  }
  if (!settings_.has(stmt.name)) {
    throw SqlError(sqlstate::kUndefinedObject,
                   fmt::format("unrecognized configuration parameter \"{}\"", stmt.name));
  }
  const SettingInfo* info = find_setting(stmt.name);
  std::string name(info == nullptr ? stmt.name : info->name);
  send_text_rows("", {{setting(name)}}, {name}, out);
}

// --- PREPARE and EXECUTE

namespace {

// The query inside PREPARE … AS query or DECLARE … FOR query, with a parse tree of its own; places in it are
// places in the outer text.
template <class Outer>
StatementPtr inner_statement(const Statement& outer, const Outer& stmt) {
  auto statement = std::make_shared<Statement>();
  statement->sql = outer.sql;
  statement->prepared_us = outer.prepared_us;
  for (const parser::RawStatement& raw : parser::parse(statement->sql, statement->parse_arena).statements) {
    if (!parser::is<Outer>(raw.statement)) continue;
    const auto& found = *parser::as<Outer>(raw.statement);
    if (found.name != stmt.name || found.query->location != stmt.query->location) continue;
    statement->node = found.query;
    break;
  }
  return statement;
}

}  // namespace

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
  make_plan(*statement);
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
  // The arguments are the one row of a query without FROM.
  planner::PlannedStatement plan;
  std::vector<analyzer::Expr*> exprs;
  for (size_t i = 0; i < stmt.params.size(); ++i) {
    analyzer::Expr* e =
        analyzer::analyze_table_expression(context, stmt.params[i], nullptr, "EXECUTE parameters");
    Oid type = i < prepared.declared_types.size() ? prepared.declared_types[i] : prepared.param_types[i];
    exprs.push_back(analyzer::coerce_for_assignment(context, e, type, -1, fmt::format("${}", i + 1)));
  }
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

// --- cursors: rows are kept as they are fetched, so that a cursor may move both ways

void Session::run_declare(const parser::DeclareCursorStmt& stmt, const Statement& outer) {
  bool hold = (stmt.options & parser::kCursorHold) != 0;
  if (!hold) require_block("DECLARE CURSOR");
  std::string name(stmt.name);
  if (portals_.count(name) != 0) {
    throw SqlError(sqlstate::kDuplicateCursor, fmt::format("cursor \"{}\" already exists", name));
  }
  auto portal = std::make_unique<Portal>();
  portal->name = name;
  portal->serial = next_portal_++;
  portal->statement = inner_statement(outer, stmt);
  portal->is_cursor = true;
  portal->cursor_options = stmt.options;
  portal->statement->is_cursor = true;
  ensure_plan(*portal->statement);
  portal->plan = portal->statement->plan;
  portal->execution = take_execution(*portal->statement);
  start_execution(*portal->execution, {});
  portal->snapshot_pin = txn_->pin_snapshot(portal->execution->context().snapshot);
  portal->pinned = true;
  portal->started = true;
  if (hold) {
    // It outlives its transaction: fetch everything now.
    while (!portal->complete) fetch_cursor_row(*portal);
  }
  portals_[name] = std::move(portal);
}

// One more row into kept_rows, or complete.
void Session::fetch_cursor_row(Portal& cursor) {
  // Functions that the query calls read by its snapshot.
  const txn::Snapshot* outer = pl_.active_snapshot();
  if (cursor.execution != nullptr) pl_.set_active_snapshot(&cursor.execution->context().snapshot);
  struct Restore {
    pl::Runtime& runtime;
    const txn::Snapshot* snapshot;
    ~Restore() { runtime.set_active_snapshot(snapshot); }
  } restore{pl_, outer};
  while (cursor.chunk == nullptr || cursor.chunk_position >= cursor.chunk->count()) {
    if (cursor.execution == nullptr || !cursor.execution->next(cursor.chunk)) {
      cursor.complete = true;
      close(cursor);
      return;
    }
    cursor.chunk_position = 0;
  }
  uint32_t row = cursor.chunk->selection()[cursor.chunk_position++];
  std::vector<Value> values;
  for (uint32_t i = 0; i < cursor.chunk->column_count(); ++i) {
    values.push_back(types::copy_value(cursor.chunk->column(i).value(row), cursor.arena));
  }
  cursor.kept_rows.push_back(std::move(values));
}

std::string Session::run_fetch(const parser::FetchStmt& stmt, net::Output& out,
                               std::span<const net::Format> formats) {
  auto it = portals_.find(std::string(stmt.portal));
  if (it == portals_.end())
    throw SqlError(sqlstate::kInvalidCursorName, fmt::format("cursor \"{}\" does not exist", stmt.portal));
  Portal& cursor = *it->second;
  if (!cursor.is_cursor)
    throw SqlError(sqlstate::kInvalidCursorName, fmt::format("portal \"{}\" is not a cursor", stmt.portal));
  pl::FetchRequest request;
  request.direction = static_cast<pl::FetchRequest::Direction>(stmt.direction);
  request.count = stmt.count;
  std::vector<int64_t> hits = cursor_hits(cursor, request);
  if (stmt.is_move) return fmt::format("MOVE {}", hits.size());
  auto columns = cursor.columns();
  describe_rows(columns, formats, out);
  Arena arena;
  std::vector<types::PhysicalType> types;
  for (const planner::OutputColumn& c : columns) types.push_back(c.physical);
  vector::Chunk chunk(types, arena);
  for (int64_t hit : hits) {
    const std::vector<Value>& row = cursor.kept_rows[static_cast<size_t>(hit - 1)];
    chunk.reset();
    for (uint32_t i = 0; i < columns.size(); ++i) chunk.column(i).set_value(0, row[i]);
    chunk.set_dense(1);
    send_rows(columns, formats, chunk, 0, 1, out);
  }
  return fmt::format("FETCH {}", hits.size());
}

std::vector<int64_t> Session::cursor_hits(Portal& cursor, const pl::FetchRequest& stmt) {
  using FetchDirection = pl::FetchRequest::Direction;
  bool backward = (stmt.direction == FetchDirection::kBackward && stmt.count > 0) ||
                  (stmt.direction == FetchDirection::kForward && stmt.count < 0) ||
                  (stmt.direction == FetchDirection::kRelative && stmt.count < 0) ||
                  (stmt.direction == FetchDirection::kAbsolute && stmt.count < cursor.position);
  if (backward && (cursor.cursor_options & parser::kCursorNoScroll) != 0) {
    throw SqlError(sqlstate::kObjectNotInPrerequisiteState, "cursor can only scan forward")
        .hint("Declare it with SCROLL option to enable backward scan.");
  }
  auto size = [&] { return static_cast<int64_t>(cursor.kept_rows.size()); };
  // Position n stands on row n (1-based); 0 before the first, size + 1 behind the last.
  auto move_to = [&](int64_t target) {
    while (!cursor.complete && size() < target) fetch_cursor_row(cursor);
    cursor.position = std::clamp<int64_t>(target, 0, size() + 1);
    return cursor.position >= 1 && cursor.position <= size();
  };
  std::vector<int64_t> hits;
  int64_t count = stmt.count;
  switch (stmt.direction) {
    case FetchDirection::kAbsolute: {
      if (count < 0) {
        while (!cursor.complete) fetch_cursor_row(cursor);
        count = size() + 1 + count;
      }
      if (move_to(count)) hits.push_back(cursor.position);
      break;
    }
    case FetchDirection::kRelative:
      if (move_to(cursor.position + count)) hits.push_back(cursor.position);
      break;
    default: {
      int64_t step = backward ? -1 : 1;
      uint64_t n = count == parser::kFetchAll || count == -parser::kFetchAll
                       ? UINT64_MAX
                       : static_cast<uint64_t>(std::abs(count));
      if (count == 0) {
        if (move_to(cursor.position)) hits.push_back(cursor.position);
        break;
      }
      for (uint64_t i = 0; i < n && move_to(cursor.position + step); ++i) hits.push_back(cursor.position);
    }
  }
  return hits;
}

// WHERE CURRENT OF: the ctid of the table's row that the cursor stands on.
types::Value Session::cursor_row(std::string_view name, Oid table) {
  auto it = portals_.find(std::string(name));
  if (it == portals_.end())
    throw SqlError(sqlstate::kInvalidCursorName, fmt::format("cursor \"{}\" does not exist", name));
  const Portal& cursor = *it->second;
  auto refuse = [&](std::string text) { return SqlError(sqlstate::kInvalidCursorState, std::move(text)); };
  const catalog::RelationPtr written = catalog().relation(table);
  std::string relation = written->name;
  const std::vector<Oid>& tables = cursor.plan->row_id_tables;
  // The cursor may read a table that this one is a part of.
  for (catalog::RelationPtr r = catalog().relation(table);
       r != nullptr && !r->parents.empty() &&
       std::find(tables.begin(), tables.end(), table) == tables.end();) {
    auto above = std::find_if(r->parents.begin(), r->parents.end(), [&](Oid parent) {
      return std::find(tables.begin(), tables.end(), parent) != tables.end();
    });
    table = above != r->parents.end() ? *above : r->parents[0];
    r = catalog().relation(table);
  }
  auto uses = static_cast<size_t>(std::count(tables.begin(), tables.end(), table));
  if (uses == 0 || !cursor.is_cursor) {
    throw refuse(fmt::format("cursor \"{}\" is not a simply updatable scan of table \"{}\"", name, relation));
  }
  if (uses > 1)
    throw refuse(fmt::format("cursor \"{}\" has multiple FOR UPDATE/SHARE references to table \"{}\"", name,
                             relation));
  if ((cursor.cursor_options & parser::kCursorHold) != 0 && cursor.held) {
    throw refuse(fmt::format("cursor \"{}\" is held from a previous transaction", name));
  }
  if (cursor.position < 1 || cursor.position > static_cast<int64_t>(cursor.kept_rows.size())) {
    throw refuse(fmt::format("cursor \"{}\" is not positioned on a row", name));
  }
  const std::vector<types::Value>& row = cursor.kept_rows[static_cast<size_t>(cursor.position - 1)];
  size_t at = row.size() - tables.size() +
              static_cast<size_t>(std::find(tables.begin(), tables.end(), table) - tables.begin());
  return present_place(*written, row[at]);
}

// A row of a columnar table may have settled since the cursor came by: where the statement in progress sees
// it.
types::Value Session::present_place(const catalog::Relation& table, const types::Value& ctid) {
  const txn::Snapshot* snapshot = pl_.active_snapshot();
  if (ctid.null || snapshot == nullptr || table.heap == nullptr || !table.heap->moves_rows()) return ctid;
  const Tid tid = Tid::unpack(static_cast<uint64_t>(ctid.int64));
  access::RowBuffer buffer;
  access::RowVersion row;
  auto seen = table.heap->fetch(*snapshot, tid, buffer, &row);
  check_ok(seen.status());
  if (*seen) return ctid;
  auto now = table.heap->newest_place(tid);
  check_ok(now.status());
  return types::Value::of_int64(static_cast<int64_t>(now->packed()));
}

}  // namespace varve::session
