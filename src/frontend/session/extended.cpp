// The extended protocol: prepared statements and portals.
#include <fmt/format.h>

#include "catalog/information_schema.h"
#include "common/append_format.h"
#include "common/sql_error.h"
#include "cursor.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "parser/ast.h"
#include "session.h"

namespace varve::session {

namespace {

// An unnamed statement's place in the plan cache; no normalised text begins so.
std::string parse_key(std::string_view sql, std::span<const Oid> parameter_types) {
  std::string key = "\1";
  for (Oid type : parameter_types) append_format(key, "{},", type.value());
  key += '\1';
  key += sql;
  return key;
}

}  // namespace

namespace {

// The query of EXPLAIN or DECLARE CURSOR; null: of neither.
parser::Node* inner_query(const parser::Node* node) {
  if (parser::is<parser::ExplainStmt>(node)) return parser::as<parser::ExplainStmt>(node)->query;
  if (parser::is<parser::DeclareCursorStmt>(node)) return parser::as<parser::DeclareCursorStmt>(node)->query;
  return nullptr;
}

}  // namespace

// The parameters of a statement are those of the query in it.
void Session::infer_parameters(Statement& outer, parser::Node* query) {
  ensure_transaction();
  StatementPtr inner = make_statement(outer.sql, query);
  inner->has_parameters = true;
  inner->param_types = outer.param_types;
  make_plan(*inner);
  outer.param_types = inner->param_types;
}

void Session::parse(std::string_view name, std::string_view sql, std::span<const Oid> parameter_types) {
  WorkAccount account(*activity_, idle_since_us_, *this);
  begin_statement();
  client_query_ = sql;
  if (!name.empty() && statements_.count(std::string(name)) != 0) {
    throw SqlError(sqlstate::kDuplicatePstatement,
                   fmt::format("prepared statement \"{}\" already exists", name));
  }
  std::string key;
  if (name.empty() && sql.size() <= PlanCache::kMaxTextBytes) {
    key = parse_key(sql, parameter_types);
    if (PlanCache::Entry* entry = plan_cache_.find(key)) {
      fail_if_aborted(entry->statement->node);
      unnamed_statement_ = entry->statement;
      // The client asks anew: what it was told of the columns before does not bind.
      if (!plan_is_valid(*unnamed_statement_)) unnamed_statement_->plan = nullptr;
      return;
    }
  }
  auto statement = std::make_shared<Statement>();
  statement->sql = sql;
  statement->prepared_us = statement_start_us_;
  statement->has_parameters = statement->fixed_result = true;
  statement->param_types.assign(parameter_types.begin(), parameter_types.end());
  for (Oid& type : statement->param_types) {
    if (catalog::may_be_user_type(type)) type = catalog::base_type(catalog(), type, -1).type;
  }
  parser::ParsedScript script = parser::parse(statement->sql, statement->parse_arena);
  if (script.statements.size() > 1) {
    throw SqlError(sqlstate::kSyntaxError, "cannot insert multiple commands into a prepared statement");
  }
  if (!script.statements.empty()) {
    statement->node = script.statements[0].statement;
    fail_if_aborted(statement->node);
    if (is_planned(statement->node)) {
      ensure_transaction();
      make_plan(*statement);
      if (!key.empty() && plan_cache_.seen_before(key)) plan_cache_.add(key, statement);
    } else if (parser::Node* query = inner_query(statement->node); query != nullptr && is_planned(query)) {
      infer_parameters(*statement, query);
    } else if (parser::is<parser::CallStmt>(statement->node)) {
      infer_call_parameters(*parser::as<parser::CallStmt>(statement->node), *statement);
    }
  }
  if (name.empty())
    unnamed_statement_ = std::move(statement);
  else
    statements_[std::string(name)] = std::move(statement);
}

namespace {

StatementPtr find_statement(const std::unordered_map<std::string, StatementPtr>& all,
                            const StatementPtr& unnamed, std::string_view name) {
  if (name.empty()) {
    if (unnamed == nullptr)
      throw SqlError(sqlstate::kInvalidSqlStatementName, "unnamed prepared statement does not exist");
    return unnamed;
  }
  auto it = all.find(std::string(name));
  if (it == all.end()) {
    throw SqlError(sqlstate::kInvalidSqlStatementName,
                   fmt::format("prepared statement \"{}\" does not exist", name));
  }
  return it->second;
}

}  // namespace

void Session::bind(const net::BindMessage& bind) {
  WorkAccount account(*activity_, idle_since_us_, *this);
  begin_statement();
  StatementPtr statement = find_statement(statements_, unnamed_statement_, bind.statement);
  if (statement->node != nullptr) fail_if_aborted(statement->node);
  client_query_ = statement->sql;
  if (!bind.portal.empty() && portals_.count(std::string(bind.portal)) != 0) {
    throw SqlError(sqlstate::kDuplicateCursor, fmt::format("cursor \"{}\" already exists", bind.portal));
  }
  if (statement->node != nullptr && is_planned(statement->node)) ensure_plan(*statement);
  if (bind.values.size() != statement->param_types.size()) {
    throw SqlError(
        sqlstate::kProtocolViolation,
        fmt::format("bind message supplies {} parameters, but prepared statement \"{}\" requires {}",
                    bind.values.size(), bind.statement, statement->param_types.size()));
  }
  std::unique_ptr<Portal> portal;
  if (bind.portal.empty() && unnamed_portal_ != nullptr) {
    close(*unnamed_portal_);
    portal = std::move(unnamed_portal_);
    portal->arena.reset();
    portal->params.clear();
    portal->formats.clear();
    portal->started = portal->done = false;
    portal->chunk = nullptr;
    portal->rows_sent = 0;
    portal->utility_rows.reset();
  } else {
    portal = std::make_unique<Portal>();
  }
  portal->name = bind.portal;
  portal->serial = next_portal_++;
  portal->statement = statement;
  portal->plan = statement->plan;
  functions::EvalContext context = eval_context(portal->arena);
  for (size_t i = 0; i < bind.values.size(); ++i) {
    Oid type = statement->param_types[i];
    if (bind.values[i].is_null()) {
      portal->params.push_back(types::Value::null_of(functions::physical_type_of(type)));
    } else if (bind.parameter_formats.at(i) == net::Format::kText) {
      std::string_view text = portal->arena.copy(bind.values[i].text());
      portal->params.push_back(functions::parse_value(type, -1, text, context));
    } else {
      std::string_view bytes = portal->arena.copy(bind.values[i].text());
      portal->params.push_back(functions::receive_value(type, -1, bytes, context));
    }
  }
  auto codes = bind.result_formats.codes();
  if (portal->plan != nullptr && codes.size() > 1 && codes.size() != portal->plan->root->output.size()) {
    throw SqlError(sqlstate::kProtocolViolation,
                   fmt::format("bind message has {} result formats but query has {} columns", codes.size(),
                               portal->plan->root->output.size()));
  }
  portal->formats.assign(codes.begin(), codes.end());
  if (bind.portal.empty())
    unnamed_portal_ = std::move(portal);
  else
    portals_[std::string(bind.portal)] = std::move(portal);
}

void Session::describe_statement(std::string_view name, net::Output& out) {
  StatementPtr statement = find_statement(statements_, unnamed_statement_, name);
  if (block_ == Block::kFailed && statement->node != nullptr) fail_if_aborted(statement->node);
  if (statement->node != nullptr && is_planned(statement->node)) ensure_plan(*statement);
  out.parameter_description(statement->param_types);
  if (statement->plan != nullptr && statement->plan->returns_rows)
    return describe_rows(statement->plan->root->output, {}, out);
  std::vector<planner::OutputColumn> columns = utility_columns(*statement);
  if (columns.empty()) return out.no_data();
  describe_rows(columns, {}, out);
}

namespace {

// Until the end of the scope, rows of a utility statement go out in these formats.
class AskedFormats {
 public:
  AskedFormats(std::optional<std::vector<net::Format>>& place, std::vector<net::Format> formats)
      : place_(place) {
    place_ = std::move(formats);
  }
  ~AskedFormats() { place_.reset(); }
  AskedFormats(const AskedFormats&) = delete;
  AskedFormats& operator=(const AskedFormats&) = delete;

 private:
  std::optional<std::vector<net::Format>>& place_;
};

Portal& find_portal(std::unordered_map<std::string, std::unique_ptr<Portal>>& all,
                    std::unique_ptr<Portal>& unnamed, std::string_view name) {
  if (name.empty()) {
    if (unnamed == nullptr) throw SqlError(sqlstate::kInvalidCursorName, "portal \"\" does not exist");
    return *unnamed;
  }
  auto it = all.find(std::string(name));
  if (it == all.end())
    throw SqlError(sqlstate::kInvalidCursorName, fmt::format("portal \"{}\" does not exist", name));
  return *it->second;
}

}  // namespace

void Session::describe_portal(std::string_view name, net::Output& out) {
  Portal& portal = find_portal(portals_, unnamed_portal_, name);
  if (portal.plan != nullptr && portal.plan->returns_rows)
    return describe_rows(portal.plan->root->output, portal.formats, out);
  std::vector<planner::OutputColumn> columns;
  if (portal.plan == nullptr) columns = utility_columns(*portal.statement);
  if (columns.empty()) return out.no_data();
  describe_rows(columns, portal.formats, out);
}

namespace {

// Utility statements whose rows a row limit may hold back.
bool gives_rows(const parser::Node* node) {
  switch (node->kind) {
    case parser::NodeKind::kVariableShowStmt:
    case parser::NodeKind::kExplainStmt:
    case parser::NodeKind::kCallStmt:
    case parser::NodeKind::kExecuteStmt:
    case parser::NodeKind::kFetchStmt:
      return true;
    default:
      return false;
  }
}

}  // namespace

void Session::start(Portal& portal) {
  if (portal.started) return;
  Statement& statement = *portal.statement;
  ensure_transaction();
  if (statement.plan != portal.plan) {
    portal.plan = statement.plan;  // planned again since Bind
  }
  check_read_only(statement);
  note_catalog_writes(statement);
  portal.execution = take_execution(statement);
  portal.constraint_mark = constraints_.begin_statement();
  start_execution(*portal.execution, portal.params);
  portal.started = true;
}

void Session::execute(std::string_view name, int32_t max_rows, net::Output& out) {
  WorkAccount account(*activity_, idle_since_us_, *this);
  Portal& portal = find_portal(portals_, unnamed_portal_, name);
  Statement& statement = *portal.statement;
  if (statement.node == nullptr) {
    out.empty_query_response();
    return;
  }
  fail_if_aborted(statement.node);
  begin_query(statement.sql);
  if (portal.utility_rows != nullptr) return send_utility_rows(portal, max_rows, out);
  if (portal.plan == nullptr) {
    if (portal.done)
      throw SqlError(sqlstate::kObjectNotInPrerequisiteState,
                     fmt::format("portal \"{}\" cannot be run", name));
    portal.done = true;
    // A procedure may end the transaction, and with it the portal.
    StatementPtr kept = portal.statement;
    std::vector<types::Value> params = std::move(portal.params);
    Arena memory = std::move(portal.arena);
    AskedFormats asked(asked_formats_, std::move(portal.formats));
    stack_base_ = static_cast<const char*>(__builtin_frame_address(0));
    if (max_rows == 0 || !gives_rows(kept->node)) {
      std::string tag = run_utility(kept, params, out);
      if (!tag.empty()) out.command_complete(tag);
      return;
    }
    auto rows = std::make_unique<Portal::UtilityRows>();
    net::Output kept_back(nullptr);
    rows->tag = run_utility(kept, params, kept_back);
    rows->messages = kept_back.buffered();
    if (kept_back.gated()) out.require_durable(kept_back.gate_lsn());
    Portal& still = portal_after_utility(name, kept);
    still.utility_rows = std::move(rows);
    return send_utility_rows(still, max_rows, out);
  }
  stack_base_ = static_cast<const char*>(__builtin_frame_address(0));
  several_statements_ = false;
  if (portal.is_cursor) return Cursors(*this).execute(portal, max_rows, out);
  start(portal);
  if (portal.execution != nullptr) pl_.set_active_snapshot(&portal.execution->context().snapshot);
  uint64_t sent = 0;
  auto limit = static_cast<uint64_t>(max_rows);
  bool suspended = false;
  while (!portal.done) {
    if (portal.chunk == nullptr || portal.chunk_position >= portal.chunk->count()) {
      if (!portal.execution->next(portal.chunk)) {
        portal.done = true;
        portal.chunk = nullptr;
        break;
      }
      portal.chunk_position = 0;
      if (!portal.plan->returns_rows) {
        portal.chunk_position = portal.chunk->count();
        continue;
      }
    }
    uint32_t available = portal.chunk->count() - portal.chunk_position;
    uint32_t n = limit == 0 ? available : static_cast<uint32_t>(std::min<uint64_t>(available, limit - sent));
    send_rows(portal.plan->root->output, portal.formats, *portal.chunk, portal.chunk_position, n, out);
    portal.chunk_position += n;
    sent += n;
    if (limit != 0 && sent >= limit) {
      suspended = true;
      break;
    }
  }
  portal.rows_sent += sent;
  if (suspended) {
    if (!portal.pinned) {
      portal.snapshot_pin = txn_->pin_snapshot(portal.execution->context().snapshot);
      portal.pinned = true;
    }
    out.portal_suspended();
    return;
  }
  uint64_t affected = portal.execution == nullptr ? 0 : portal.execution->affected_rows();
  close(portal);
  constraints_.end_statement(portal.constraint_mark);
  if (txn_ != nullptr) txn_->release_snapshot();
  out.command_complete(planned_tag(statement, sent, affected));
}

// A CALL that ended its transaction took its portal along: it gets another of the name.
Portal& Session::portal_after_utility(std::string_view name, const StatementPtr& statement) {
  std::unique_ptr<Portal>& place = name.empty() ? unnamed_portal_ : portals_[std::string(name)];
  if (place == nullptr) {
    place = std::make_unique<Portal>();
    place->name = name;
    place->serial = next_portal_++;
    place->statement = statement;
    place->done = true;
  }
  return *place;
}

namespace {

// "SELECT 10" of a statement whose last rows are these few.
std::string tag_of_rest(std::string tag, uint64_t rows) {
  size_t number = tag.find_last_not_of("0123456789") + 1;
  if (number == tag.size() || number == 0 || tag[number - 1] != ' ') return tag;
  return tag.substr(0, number) + std::to_string(rows);
}

}  // namespace

void Session::send_utility_rows(Portal& portal, int32_t max_rows, net::Output& out) {
  Portal::UtilityRows& rows = *portal.utility_rows;
  auto limit = static_cast<uint64_t>(max_rows);
  uint64_t sent = 0;
  while (rows.at < rows.messages.size() && (limit == 0 || sent < limit)) {
    const char* message = rows.messages.data() + rows.at;
    auto length = static_cast<size_t>(load_be<int32_t>(message + 1));
    out.begin_message(message[0]);
    out.put_bytes({message + 5, length - 4});
    out.end_message();
    rows.at += length + 1;
    if (message[0] == 'D') ++sent;
  }
  if (limit != 0 && sent >= limit) return out.portal_suspended();
  std::string tag = tag_of_rest(std::move(rows.tag), sent);
  portal.utility_rows.reset();
  if (!tag.empty()) out.command_complete(tag);
}

// Ends a portal's run; the instantiated plan goes back to its statement for the next time.
void Session::close(Portal& portal) {
  if (portal.pinned && txn_ != nullptr) txn_->unpin_snapshot(portal.snapshot_pin);
  portal.pinned = false;
  portal.chunk = nullptr;
  if (portal.execution == nullptr) return;
  portal.execution->finish();
  if (portal.statement->plan == portal.plan && portal.statement->idle_execution == nullptr) {
    portal.statement->idle_execution = std::move(portal.execution);
  }
  portal.execution.reset();
}

void Session::close_statement(std::string_view name) {
  if (name.empty())
    unnamed_statement_.reset();
  else
    statements_.erase(std::string(name));
}

void Session::close_portal(std::string_view name) {
  if (name.empty()) {
    if (unnamed_portal_ != nullptr) close(*unnamed_portal_);
    unnamed_portal_.reset();
    return;
  }
  auto it = portals_.find(std::string(name));
  if (it == portals_.end()) return;
  close(*it->second);
  portals_.erase(it);
}

void Session::drop_portals(PortalsEnd why) {
  drop_portals_if([why](const Portal& p) {
    const bool holds =
        p.held || (why == PortalsEnd::kCommit && p.complete && (p.cursor_options & parser::kCursorHold) != 0);
    return why == PortalsEnd::kAll || !holds;
  });
}

// Those that were made since a savepoint.
void Session::drop_portals_since(uint64_t serial) {
  drop_portals_if([serial](const Portal& p) { return p.serial >= serial; });
}

template <class F>
void Session::drop_portals_if(F&& goes) {
  if (unnamed_portal_ != nullptr) close(*unnamed_portal_);
  for (auto it = portals_.begin(); it != portals_.end();) {
    if (!goes(*it->second)) {
      ++it;
      continue;
    }
    close(*it->second);
    it = portals_.erase(it);
  }
}

void Session::sync(net::Output& out) {
  if (block_ == Block::kImplicit) commit_transaction(&out);
  send_reports();
  client_.cancel_token().clear_statement();
  end_query();
}

}  // namespace varve::session
