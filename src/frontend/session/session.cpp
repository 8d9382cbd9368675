// Statements: from text to plan to rows, and the dispatch of everything that is not a query.
#include "session.h"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>

#include "analyzer/analyzer.h"
#include "analyzer/inline_functions.h"
#include "commands/acl.h"
#include "commands/command_context.h"
#include "common/sql_error.h"
#include "constraint_host.h"
#include "cursor.h"
#include "net/password.h"
#include "net/server.h"
#include "parser/ast.h"
#include "parser/command_name.h"
#include "planner/planner.h"
#include "privilege_check.h"
#include "row_security.h"
#include "statement_reader.h"

namespace varve::session {

Session::Session(Instance& instance, net::Client& client)
    : instance_(instance),
      client_(client),
      settings_(instance.settings()),
      constraint_host_(std::make_unique<SessionConstraintHost>(*this)),
      constraints_(*constraint_host_) {
  const net::StartupInfo& startup = client.startup();
  database_name_ = startup.database;
  session_user_ = startup.user;
  enter_database();
  {
    auto txn = instance.engine().txns().begin(txn::Isolation::kReadCommitted, nullptr);
    catalog::Catalog catalog(*database_, *txn);
    catalog::make_types_known(catalog);
    auto role = catalog.find_role(startup.user);
    auto info = catalog.database_info(database_->oid());
    if (role) {
      session_role_ = role->oid;
      apply_kept_settings(catalog);
    }
    instance.engine().txns().commit(*txn);
    if (!role) {
      throw net::FatalError(sqlstate::kInvalidAuthorizationSpecification,
                            fmt::format("role \"{}\" does not exist", startup.user));
    }
    if (info && !info->allow_connections) {
      throw net::FatalError(
          sqlstate::kObjectNotInPrerequisiteState,
          fmt::format("database \"{}\" is not currently accepting connections", startup.database));
    }
    session_role_ = role_ = login_role_ = role->oid;
    stay_->set_role(role->oid);
    role_name_ = login_user_ = role->name;
    is_superuser_ = login_is_superuser_ = role->superuser;
    known_roles_[role->name] = {role->oid, role->superuser};
  }
  for (const auto& [name, value] : startup.options) {
    if (name != "options") settings_.set_session_default(name, value);
  }
  client.activity().begin_session(current_time_us());
  client.activity().set_application_name(startup.application_name);
  if (!startup.application_name.empty())
    settings_.set_session_default("application_name", startup.application_name);
  (void)settings_.take_reports();
  for (const SettingInfo& info : all_settings()) {
    if (!info.report) continue;
    std::string value = settings_.get(info.name);
    if (info.name == "is_superuser") value = is_superuser_ ? "on" : "off";
    if (info.name == "session_authorization") value = session_user_;
    client.output().parameter_status(info.name, value);
  }
  activity_ = catalog::begin_session_activity(database_->oid(), catalog::coarse_monotonic_us());
}

void Session::note_end(net::SessionEnd end) noexcept {
  if (activity_ == nullptr || end == net::SessionEnd::kNormal) return;
  activity_->add(end == net::SessionEnd::kAbandoned ? catalog::Work::kAbandoned
                 : end == net::SessionEnd::kFatal   ? catalog::Work::kFatal
                                                    : catalog::Work::kKilled,
                 1);
}

Session::~Session() {
  if (activity_ != nullptr)
    catalog::end_session_activity(database_->oid(), activity_, catalog::coarse_monotonic_us());
}

uint32_t Session::backend_pid() { return static_cast<uint32_t>(client_.backend_pid()); }

void Session::begin_statement() {
  stack_base_ = static_cast<const char*>(__builtin_frame_address(0));
  nested_ = several_statements_ = false;
  pl_.begin_statement();
  if (uint64_t now = instance_.settings_generation(); now != seen_settings_ && txn_ == nullptr) {
    if (seen_settings_ != 0) settings_.refresh(instance_.settings());
    seen_settings_ = now;
  }
  statement_start_us_ = current_time_us();
  if (txn_ == nullptr) settings_.mutable_format().now_us = statement_start_us_;
  arm_timeout();
}

void Session::arm_timeout() {
  int64_t timeout_ms = settings_.frequent().statement_timeout_ms;
  if (timeout_ms <= 0) return;
  auto now = std::chrono::duration_cast<std::chrono::microseconds>(
                 std::chrono::steady_clock::now().time_since_epoch())
                 .count();
  client_.set_statement_deadline(now + timeout_ms * 1000);
}

void Session::begin_query(std::string_view text) {
  client_query_ = text;
  // The time that now() gives is when the transaction began.
  client_.activity().begin_query(text, settings_.format().now_us, statement_start_us_);
}

void Session::send_reports() {
  for (const auto& [name, value] : settings_.take_reports()) {
    if (name == "application_name") client_.activity().set_application_name(value);
    client_.output().parameter_status(name, value);
  }
}

// --- simple protocol

void Session::simple_query(std::string_view sql, net::Output& out) {
  WorkAccount account(*activity_, idle_since_us_, *this);
  begin_statement();
  begin_query(sql);
  unnamed_statement_.reset();
  unnamed_portal_.reset();
  last_of_query_ = true;
  const bool is_done = run_normalized(sql, out);
  last_of_query_ = false;
  if (is_done) {
    client_.cancel_token().clear_statement();
    finish_implicit(out);
    end_query();
    return;
  }
  Arena text;
  parser::ParsedScript script = parser::parse(sql, text);
  if (script.statements.empty()) {
    out.empty_query_response();
    return;
  }
  several_statements_ = script.statements.size() > 1;
  for (const parser::RawStatement& raw : script.statements) {
    fail_if_aborted(raw.statement);
    StatementPtr statement = make_statement(sql, raw.statement);
    last_of_query_ = &raw == &script.statements.back();
    run_statement(statement, out);
    last_of_query_ = false;
    client_.cancel_token().clear_statement();
    // A lone statement commits here; of several the last one does, unless a block is open.
    if (&raw == &script.statements.back()) finish_implicit(out);
  }
  end_query();
}

void Session::end_query() {
  if (settings_.frequent().statement_timeout_ms > 0) client_.set_statement_deadline(0);
  client_.activity().end_query(transaction_status(), current_time_us());
}

StatementPtr Session::make_statement(std::string_view sql, parser::Node* node) {
  auto statement = std::make_shared<Statement>();
  statement->sql = sql;
  statement->node = node;
  statement->prepared_us = statement_start_us_;
  return statement;
}

namespace {

// SELECT … INTO: of the first SELECT of a UNION.
parser::IntoClause* into_of(const parser::SelectStmt& select) {
  return select.left != nullptr ? into_of(*select.left) : select.into;
}

// The same query without its INTO.
parser::SelectStmt* without_into(const parser::SelectStmt& select, Arena& arena) {
  auto* copy = arena.make<parser::SelectStmt>(select);
  if (copy->left != nullptr) copy->left = without_into(*copy->left, arena);
  copy->into = nullptr;
  return copy;
}

}  // namespace

bool Session::is_planned(const parser::Node* node) {
  switch (node->kind) {
    case parser::NodeKind::kSelectStmt:
      return into_of(*parser::as<parser::SelectStmt>(node)) == nullptr;
    case parser::NodeKind::kInsertStmt:
    case parser::NodeKind::kUpdateStmt:
    case parser::NodeKind::kDeleteStmt:
    case parser::NodeKind::kMergeStmt:
      return true;
    default:
      return false;
  }
}

void Session::run_statement(const StatementPtr& statement, net::Output& out) {
  if (is_planned(statement->node)) {
    run_planned(statement, {}, out);
    return;
  }
  std::string tag = run_utility(statement, {}, out);
  check_deferred_now();
  if (!tag.empty()) out.command_complete(tag);
}

// A statement that commits by itself is not done before what it deferred has been found good.
void Session::check_deferred_now() {
  if (!last_of_query_ || block_ != Block::kImplicit) return;
  pl_.run_deferred();
  constraints_.before_commit();
}

// --- planning

namespace {

// Takes the locks while names are looked up, and remembers them for the next run of the plan.
class PlanLocker final : public analyzer::AnalyzerContext::LockRelation {
 public:
  PlanLocker(Session& session, Statement& statement) : session_(session), locks_(statement.locks) {}
  void lock(Oid relation, txn::LockMode mode) override {
    session_.lock_relation(relation, mode);
    locks_.emplace_back(relation, mode);
  }

 private:
  Session& session_;
  std::vector<std::pair<Oid, txn::LockMode>>& locks_;
};

// The tables that a partition is a part of, from the top.
std::vector<Oid> tables_above(catalog::Catalog& catalog, Oid relation) {
  std::vector<Oid> above;
  for (catalog::RelationPtr r = catalog.relation(relation);
       r != nullptr && r->is_partition && !r->parents.empty();) {
    above.push_back(r->parents[0]);
    r = catalog.relation(above.back());
  }
  std::reverse(above.begin(), above.end());
  return above;
}

}  // namespace

void Session::lock_relation(Oid relation, txn::LockMode mode) {
  ensure_transaction();
  // Who reads and writes a partitioned table holds a lock on it alone, which covers its partitions: what must
  // keep them out of a partition takes its lock on the tables above it too, from the top.
  auto lock = [&](Oid oid) {
    txn::LockTag tag{txn::LockTagKind::kRelation, database_->oid().value(), oid.value(), 0};
    check_ok(
        txn_->manager().locks().acquire(*txn_, tag, mode, txn::WaitPolicy::kWait, txn_->lock_timeout_us));
  };
  if (mode >= txn::LockMode::kShare) {
    for (Oid above : tables_above(catalog(), relation)) lock(above);
  }
  lock(relation);
}

bool Session::try_lock_relation(Oid relation, txn::LockMode mode) {
  ensure_transaction();
  const txn::Transaction::Savepoint before = txn_->savepoint();
  std::vector<Oid> all =
      mode >= txn::LockMode::kShare ? tables_above(catalog(), relation) : std::vector<Oid>();
  all.push_back(relation);
  for (Oid oid : all) {
    txn::LockTag tag{txn::LockTagKind::kRelation, database_->oid().value(), oid.value(), 0};
    Status status = txn_->manager().locks().acquire(*txn_, tag, mode, txn::WaitPolicy::kNoWait, 0);
    if (status.code() != StatusCode::kBusy) {
      check_ok(status);
      continue;
    }
    if (oid != all.front()) check_ok(txn_->rollback_to(before));  // those above again
    return false;
  }
  return true;
}

executor::TaskScheduler* Session::scheduler() { return &instance_.scheduler(); }

Csn Session::snapshot_limit() const {
  if (txn_ == nullptr || txn_->isolation() == txn::Isolation::kReadCommitted) return kLastCsn;
  return txn_->statement_snapshot().csn;
}

bool Session::plan_is_valid(const Statement& s) const {
  if (s.plan != nullptr && s.plan->newest_index > snapshot_limit()) return false;
  if (s.plan == nullptr || s.only_described || s.settings_generation != settings_.generation() ||
      s.planned_role != role_)
    return false;
  if (catalog_ && catalog_->changed()) return s.private_changes == catalog_changes_ && s.private_changes != 0;
  return s.private_changes == 0 && s.plan->catalog_epoch == database_->epoch();
}

// Each of them only grows.
uint64_t Session::plan_stamp() const {
  return settings_.generation() + catalog_changes_ + database_->epoch();
}

bool Session::take_locks(const Statement& statement) {
  for (const auto& [relation, mode] : statement.locks) lock_relation(relation, mode);
  // While we waited somebody may have changed what the plan was made from.
  return plan_is_valid(statement);
}

void Session::ensure_plan(Statement& statement) {
  ensure_transaction();
  if (plan_is_valid(statement) && take_locks(statement)) return;
  make_plan(statement);
}

void Session::check_routines(const Statement& statement) {
  for (Oid oid : statement.routines) {
    catalog::RoutinePtr routine = catalog().routine(oid);
    if (routine != nullptr && !can_execute(*routine)) {
      throw SqlError(sqlstate::kInsufficientPrivilege,
                     fmt::format("permission denied for {} {}",
                                 routine->kind == 'a' ? "aggregate" : "function", routine->name));
    }
  }
}

namespace {

bool same_columns(const planner::PlannedStatement& a, const planner::PlannedStatement& b) {
  return std::equal(a.root->output.begin(), a.root->output.end(), b.root->output.begin(),
                    b.root->output.end(), [](const planner::OutputColumn& x, const planner::OutputColumn& y) {
                      return x.name == y.name && x.type == y.type && x.typmod == y.typmod;
                    });
}

}  // namespace

// `describes`: what will be run later, by whoever may then; no more than its names and types is looked at.
void Session::make_plan(Statement& statement, bool describes) {
  statement.idle_execution.reset();
  statement.locks.clear();
  std::vector<Oid> path = search_path_oids();
  for (int attempt = 0;; ++attempt) {
    auto plan = std::make_shared<planner::PlannedStatement>();
    PlanLocker locker(*this, statement);
    functions::EvalContext eval = eval_context(plan->arena);
    uint64_t epoch = database_->epoch();
    analyzer::AnalyzerContext context{catalog(), plan->arena, plan->relations, eval, statement.sql, path};
    std::vector<Oid> params = statement.param_types;
    std::vector<Oid> routines;
    context.params = &params;
    context.infer_params = statement.has_parameters;
    context.locker = &locker;
    bool checks = !is_superuser_ && !statement.is_internal;
    context.checks_schemas = checks;
    context.variables = statement.variables;
    context.local_tables = statement.local_tables;
    context.routines = &routines;
    context.fills_materialized_views = statement.fills_view;
    context.snapshot = snapshot_limit();
    SessionRowSecurity security(catalog(), statement.reader != kInvalidOid ? statement.reader : role_,
                                settings_.boolean("row_security"));
    if (!statement.is_internal || statement.reader != kInvalidOid) context.security = &security;
    analyzer::Query* query = analyzer::analyze(context, statement.node);
    if (!routines.empty()) analyzer::inline_functions(context, *query);
    statement.routines = std::move(routines);
    if (checks && !describes) {
      check_routines(statement);
      check_query_privileges(catalog(), role_, *query);
    }
    if (statement.is_cursor) plan->row_id_tables = analyzer::add_row_ids(context, *query);
    planner::PlannerSettings settings = planner_settings();
    std::vector<Oid> leakproof;
    for (Oid oid : statement.routines) {
      if (catalog::RoutinePtr routine = security.used ? catalog().routine(oid) : nullptr;
          routine != nullptr && routine->leakproof)
        leakproof.push_back(oid);
    }
    settings.has_row_security = security.used;
    if (describes) settings.enable_constant_folding = false;  // errors of constants are those of running it
    settings.leakproof_routines = leakproof;
    StatementReader reader(*this);
    // Inside a function the snapshot is the calling query's.
    if (!describes && !nested_ && !statement.is_internal && settings_.boolean("varve.enable_plan_time_reads"))
      settings.reader = &reader;
    planner::plan_query(*plan, *query, settings, instance_.engine().txns(), eval);
    plan->catalog_epoch = epoch;
    plan->param_types = params;
    for (const catalog::RelationPtr& relation : plan->relations) {
      for (const catalog::Index& index : relation->indexes)
        if (index.serves_reads()) plan->newest_index = std::max(plan->newest_index, index.made);
    }
    if (database_->epoch() != epoch && !catalog_->changed() && attempt < 10) continue;
    if (statement.fixed_result && statement.plan != nullptr && !same_columns(*statement.plan, *plan)) {
      throw SqlError(sqlstate::kFeatureNotSupported, "cached plan must not change result type");
    }
    statement.planned_role = role_;
    statement.param_types = std::move(params);
    statement.plan = std::move(plan);
    statement.only_described = describes;
    statement.settings_generation = settings_.generation();
    statement.private_changes = catalog_->changed() ? catalog_changes_ : 0;
    return;
  }
}

void Session::check_read_only(const Statement& statement) {
  if (!read_only_ || statement.plan->read_only) return;
  const bool only_temporary =
      std::all_of(statement.locks.begin(), statement.locks.end(), [&](const auto& lock) {
        if (lock.second < txn::LockMode::kRowExclusive) return true;
        catalog::RelationPtr relation = catalog().relation(lock.first);
        return relation != nullptr && relation->persistence == 't';
      });
  if (only_temporary && statement.node->kind != parser::NodeKind::kSelectStmt) return;
  std::string_view verb = statement.node->kind == parser::NodeKind::kInsertStmt   ? "INSERT"
                          : statement.node->kind == parser::NodeKind::kUpdateStmt ? "UPDATE"
                          : statement.node->kind == parser::NodeKind::kDeleteStmt ? "DELETE"
                          : statement.node->kind == parser::NodeKind::kMergeStmt  ? "MERGE"
                          : parser::is<parser::SelectStmt>(statement.node) &&
                                  parser::as<parser::SelectStmt>(statement.node)->locking.empty()
                              ? "SELECT"
                              : "SELECT FOR UPDATE";
  throw SqlError(sqlstate::kReadOnlySqlTransaction,
                 fmt::format("cannot execute {} in a read-only transaction", verb));
}

// System catalogs changed by INSERT, UPDATE and the like: the catalog's cache has not seen it.
void Session::note_catalog_writes(const Statement& statement) {
  if (statement.plan->read_only) return;
  const bool writes = std::any_of(statement.locks.begin(), statement.locks.end(), [](const auto& lock) {
    return lock.second >= txn::LockMode::kRowExclusive && lock.first.value() < catalog::kFirstNormalOid;
  });
  if (!writes) return;
  catalog().note_change();
  ++catalog_changes_;
}

std::unique_ptr<executor::Execution> Session::take_execution(Statement& statement) {
  if (statement.idle_execution != nullptr) return std::move(statement.idle_execution);
  return std::make_unique<executor::Execution>(*statement.plan, execution_settings(), &instance_.scheduler());
}

executor::RunParameters Session::run_parameters(std::span<const types::Value> params,
                                                const txn::Snapshot* active) {
  return run_parameters_at(active != nullptr ? *active : txn_->statement_snapshot(), params);
}

executor::RunParameters Session::run_parameters_at(const txn::Snapshot& snapshot,
                                                   std::span<const types::Value> params) {
  executor::RunParameters run;
  run.manager = &instance_.engine().txns();
  run.transaction = txn_.get();
  run.snapshot = snapshot;
  run.hooks = &pl_.hooks();
  run.params = params;
  run.format = &settings_.format();
  run.session = this;
  run.cancel = &client_.cancel_token();
  run.database = database_->oid().value();
  run.lock_timeout_us = txn_->lock_timeout_us;
  return run;
}

void Session::start_execution(executor::Execution& execution, std::span<const types::Value> params) {
  executor::RunParameters run = run_parameters(params, nullptr);
  pl_.set_active_snapshot(&execution.context().snapshot);
  execution.start(run);
}

std::string Session::planned_tag(const Statement& statement, uint64_t rows, uint64_t affected) {
  auto tag = [](std::string_view words, uint64_t count) {
    std::string text(words);
    text += fmt::format_int(count).c_str();
    return text;
  };
  switch (statement.node->kind) {
    case parser::NodeKind::kInsertStmt:
      return tag("INSERT 0 ", affected);
    case parser::NodeKind::kUpdateStmt:
      return tag("UPDATE ", affected);
    case parser::NodeKind::kDeleteStmt:
      return tag("DELETE ", affected);
    case parser::NodeKind::kMergeStmt:
      return tag("MERGE ", affected);
    default:
      return tag("SELECT ", rows);
  }
}

void Session::run_planned(const StatementPtr& statement, std::span<const types::Value> params,
                          net::Output& out) {
  ensure_plan(*statement);
  check_read_only(*statement);
  note_catalog_writes(*statement);
  auto plan = statement->plan;
  std::unique_ptr<executor::Execution> execution = take_execution(*statement);
  if (plan->returns_rows) begin_rows(plan->root->output, out);
  size_t mark = constraints_.begin_statement();
  start_execution(*execution, params);
  uint64_t rows = 0;
  vector::Chunk* chunk = nullptr;
  while (execution->next(chunk)) {
    if (!plan->returns_rows) continue;
    send_rows(plan->root->output, formats(), *chunk, 0, chunk->count(), out);
    rows += chunk->count();
  }
  uint64_t affected = execution->affected_rows();
  execution->finish();
  constraints_.end_statement(mark);
  txn_->release_snapshot();
  note_catalog_writes(*statement);  // what was read of the catalog meanwhile is out of date
  if (statement->plan == plan) statement->idle_execution = std::move(execution);
  check_deferred_now();
  out.command_complete(planned_tag(*statement, rows, affected));
}

uint64_t Session::fill_view(std::string_view sql) {
  Arena arena;
  StatementPtr statement = make_statement(sql, parser::parse(sql, arena).statements[0].statement);
  statement->fills_view = true;
  statement->is_internal = true;
  // The rows that its owner may see.
  ensure_transaction();
  if (parser::is<parser::InsertStmt>(statement->node)) {
    const parser::RangeVar& view = *parser::as<parser::InsertStmt>(statement->node)->relation;
    Oid oid = catalog().find_relation_oid(catalog().find_schema(view.schema), view.name);
    if (catalog::RelationPtr relation = catalog().relation(oid)) statement->reader = relation->owner;
  }
  ensure_plan(*statement);
  std::unique_ptr<executor::Execution> execution = take_execution(*statement);
  start_execution(*execution, {});
  vector::Chunk* chunk = nullptr;
  while (execution->next(chunk)) {
  }
  uint64_t affected = execution->affected_rows();
  execution->finish();
  return affected;
}

namespace {

// Afterwards the statement around this one is the active one again.
struct RestoreSnapshot {
  pl::Runtime& runtime;
  const txn::Snapshot* snapshot;
  ~RestoreSnapshot() { runtime.set_active_snapshot(snapshot); }
};

}  // namespace

uint64_t Session::run_sql(std::string_view sql) {
  RestoreSnapshot restore{pl_, pl_.active_snapshot()};
  Arena arena;
  parser::ParsedScript script = parser::parse(sql, arena);
  uint64_t affected = 0;
  for (const parser::RawStatement& raw : script.statements)
    affected += run_internal(make_statement(sql, raw.statement));
  return affected;
}

uint64_t Session::run_parsed(std::string_view sql, parser::Node* statement) {
  RestoreSnapshot restore{pl_, pl_.active_snapshot()};
  return run_internal(make_statement(sql, statement));
}

uint64_t Session::run_internal(const StatementPtr& statement) {
  ensure_plan(*statement);
  std::unique_ptr<executor::Execution> execution = take_execution(*statement);
  size_t mark = constraints_.begin_statement();
  start_execution(*execution, {});
  vector::Chunk* chunk = nullptr;
  while (execution->next(chunk)) {
  }
  uint64_t affected = execution->affected_rows();
  execution->finish();
  constraints_.end_statement(mark);
  return affected;
}

uint64_t Session::run_unwatched(std::string_view sql) {
  RestoreSnapshot restore{pl_, pl_.active_snapshot()};
  Arena arena;
  StatementPtr statement = make_statement(sql, parser::parse(sql, arena).statements[0].statement);
  ensure_plan(*statement);
  std::unique_ptr<executor::Execution> execution = take_execution(*statement);
  executor::RunParameters run = run_parameters({}, nullptr);
  run.hooks = nullptr;
  pl_.set_active_snapshot(&execution->context().snapshot);
  execution->start(run);
  vector::Chunk* chunk = nullptr;
  while (execution->next(chunk)) {
  }
  uint64_t affected = execution->affected_rows();
  execution->finish();
  return affected;
}

bool Session::query_row(std::string_view sql, Arena& memory, std::vector<types::Value>* row) {
  Arena arena;
  parser::ParsedScript script = parser::parse(sql, arena);
  StatementPtr statement = make_statement(sql, script.statements[0].statement);
  statement->is_internal = true;
  ensure_plan(*statement);
  std::unique_ptr<executor::Execution> execution = take_execution(*statement);
  txn::Snapshot snapshot = txn_->statement_snapshot();
  snapshot.csn = Csn{txn_->manager().pool().log().reserved_lsn().value()};
  execution->start(run_parameters_at(snapshot, {}));
  vector::Chunk* chunk = nullptr;
  bool found = execution->next(chunk) && chunk->count() > 0;
  if (found) {
    row->clear();
    for (uint32_t c = 0; c < chunk->column_count(); ++c) {
      row->push_back(types::copy_value(chunk->column(c).value(chunk->selection()[0]), memory));
    }
  }
  execution->finish();
  return found;
}

// --- everything that is not a query

std::string Session::run_utility(const StatementPtr& statement, std::span<const types::Value> params,
                                 net::Output& out) {
  using parser::NodeKind;
  parser::Node* node = statement->node;
  switch (node->kind) {
    case NodeKind::kTransactionStmt: {
      const auto& stmt = *parser::as<parser::TransactionStmt>(node);
      bool was_failed = block_ == Block::kFailed;
      run_transaction_command(stmt, out);
      using parser::TransactionKind;
      switch (stmt.action) {
        case TransactionKind::kBegin:
          return "BEGIN";
        case TransactionKind::kStart:
          return "START TRANSACTION";
        case TransactionKind::kCommit:
          return was_failed ? "ROLLBACK" : "COMMIT";
        case TransactionKind::kSavepoint:
          return "SAVEPOINT";
        case TransactionKind::kRelease:
          return "RELEASE";
        default:
          return "ROLLBACK";
      }
    }
    case NodeKind::kVariableSetStmt: {
      ensure_transaction();
      const auto& stmt = *parser::as<parser::VariableSetStmt>(node);
      run_set(stmt);
      return stmt.action == parser::VariableSetKind::kReset ||
                     stmt.action == parser::VariableSetKind::kResetAll
                 ? "RESET"
                 : "SET";
    }
    case NodeKind::kVariableShowStmt:
      run_show(*parser::as<parser::VariableShowStmt>(node), out);
      return "SHOW";
    case NodeKind::kPrepareStmt:
      run_prepare(*parser::as<parser::PrepareStmt>(node), *statement);
      return "PREPARE";
    case NodeKind::kExecuteStmt:
      run_execute(*parser::as<parser::ExecuteStmt>(node), *statement, out);
      return "";
    case NodeKind::kDeallocateStmt: {
      std::string_view name = parser::as<parser::DeallocateStmt>(node)->name;
      if (name.empty()) {
        statements_.clear();
        return "DEALLOCATE ALL";
      }
      if (statements_.erase(std::string(name)) == 0) {
        throw SqlError(sqlstate::kInvalidSqlStatementName,
                       fmt::format("prepared statement \"{}\" does not exist", name));
      }
      return "DEALLOCATE";
    }
    case NodeKind::kDeclareCursorStmt:
      Cursors(*this).declare(*parser::as<parser::DeclareCursorStmt>(node), *statement, params);
      return "DECLARE CURSOR";
    case NodeKind::kFetchStmt:
      return Cursors(*this).fetch(*parser::as<parser::FetchStmt>(node), out);
    case NodeKind::kClosePortalStmt: {
      std::string_view name = parser::as<parser::ClosePortalStmt>(node)->portal;
      if (name.empty()) {
        drop_portals(PortalsEnd::kAll);
        return "CLOSE CURSOR ALL";
      }
      auto it = portals_.find(std::string(name));
      if (it == portals_.end())
        throw SqlError(sqlstate::kInvalidCursorName, fmt::format("cursor \"{}\" does not exist", name));
      close(*it->second);
      portals_.erase(it);
      return "CLOSE CURSOR";
    }
    case NodeKind::kExplainStmt:
      run_explain(*parser::as<parser::ExplainStmt>(node), *statement, params, out);
      return "EXPLAIN";
    case NodeKind::kCopyStmt:
      return run_copy(*parser::as<parser::CopyStmt>(node), *statement, out);
    case NodeKind::kListenStmt:
      ensure_transaction();
      pending_listens_.emplace_back(true, std::string(parser::as<parser::ListenStmt>(node)->channel));
      return "LISTEN";
    case NodeKind::kUnlistenStmt:
      ensure_transaction();
      pending_listens_.emplace_back(false, std::string(parser::as<parser::UnlistenStmt>(node)->channel));
      return "UNLISTEN";
    case NodeKind::kNotifyStmt: {
      ensure_transaction();
      const auto& stmt = *parser::as<parser::NotifyStmt>(node);
      std::pair<std::string, std::string> message(stmt.channel, stmt.payload);
      if (std::find(pending_notifications_.begin(), pending_notifications_.end(), message) ==
          pending_notifications_.end()) {
        pending_notifications_.push_back(std::move(message));
      }
      return "NOTIFY";
    }
    case NodeKind::kDiscardStmt: {
      auto target = parser::as<parser::DiscardStmt>(node)->target;
      if (target == parser::DiscardTarget::kAll) {
        forbid_block("DISCARD ALL");
        drop_portals(PortalsEnd::kAll);
        statements_.clear();
        plan_cache_.clear();
        settings_.reset_all();
        instance_.notifications().unlisten(client_.backend_pid(), "");
        instance_.engine().txns().locks().release_all_session(static_cast<uint64_t>(client_.backend_pid()));
        sequence_values_.clear();
        discard_temporary();
        return "DISCARD ALL";
      }
      if (target == parser::DiscardTarget::kSequences) {
        sequence_values_.clear();
        return "DISCARD SEQUENCES";
      }
      plan_cache_.clear();
      if (target == parser::DiscardTarget::kPlans) return "DISCARD PLANS";
      discard_temporary();
      return "DISCARD TEMP";
    }
    case NodeKind::kSelectStmt: {  // INTO: CREATE TABLE AS by another name
      const auto& select = *parser::as<parser::SelectStmt>(node);
      Arena arena;
      auto* create = arena.make<parser::CreateTableAsStmt>();
      create->location = select.location;
      create->into = into_of(select);
      create->query = without_into(select, arena);
      return run_command(create, statement->sql);
    }
    case NodeKind::kCreateTableAsStmt:
      if (parser::is<parser::ExecuteStmt>(parser::as<parser::CreateTableAsStmt>(node)->query))
        return run_create_as_execute(*parser::as<parser::CreateTableAsStmt>(node), *statement);
      return run_command(node, statement->sql);
    case NodeKind::kCheckpointStmt:
      if (!is_superuser_) {
        throw SqlError(sqlstate::kInsufficientPrivilege,
                       "must be superuser or have privileges of pg_checkpoint to do CHECKPOINT");
      }
      check_ok(instance_.engine().checkpoint());
      return "CHECKPOINT";
    case NodeKind::kAlterRoleSetStmt:
      return run_alter_role_set(*parser::as<parser::AlterRoleSetStmt>(node));
    case NodeKind::kAlterDatabaseSetStmt:
      return run_alter_database_set(*parser::as<parser::AlterDatabaseSetStmt>(node));
    case NodeKind::kAlterSystemStmt:
      return run_alter_system(*parser::as<parser::AlterSystemStmt>(node));
    case NodeKind::kConstraintsSetStmt:
      run_set_constraints(*parser::as<parser::ConstraintsSetStmt>(node));
      return "SET CONSTRAINTS";
    case NodeKind::kDoStmt:
      run_do(*parser::as<parser::DoStmt>(node), *statement);
      return "DO";
    case NodeKind::kCallStmt:
      run_call(*parser::as<parser::CallStmt>(node), *statement, params, out);
      return "CALL";
    default:
      return run_command(node, statement->sql);
  }
}

std::string Session::run_command(const parser::Node* node, std::string_view sql) {
  if (!commands::can_run(node)) throw_not_supported(parser::command_name(node));
  if (parser::is<parser::LockStmt>(node) && !nested_) require_block("LOCK TABLE");
  if (std::string_view name = commands::must_run_alone(node); !name.empty()) forbid_block(name);
  ensure_transaction();
  // What these write shows in no row.
  const bool reads = parser::is<parser::LockStmt>(node) || parser::is<parser::VacuumStmt>(node) ||
                     parser::is<parser::ReindexStmt>(node);
  if (read_only_ && !reads) {
    throw SqlError(sqlstate::kReadOnlySqlTransaction,
                   fmt::format("cannot execute {} in a read-only transaction", parser::command_name(node)));
  }
  Arena arena;
  std::deque<catalog::RelationPtr> relations;
  bool temporary_first = false;
  std::vector<Oid> path = search_path_oids(&temporary_first);
  functions::EvalContext eval = eval_context(arena);
  commands::CommandContext context{catalog(),     *txn_, eval,      *this,          sql, path, role_,
                                   is_superuser_, arena, relations, temporary_first};
  // The text is the caller's: nobody may look at it when the command is over.
  struct CurrentSql {
    CurrentSql(std::string_view& place, std::string_view text) : place_(place), outer_(place) {
      place = text;
    }
    ~CurrentSql() { place_ = outer_; }
    std::string_view &place_, outer_;
  } current(current_sql_, sql);
  txn_->statement_snapshot();
  // Commands run within commands, by what these call.
  commands::CommandSteps outer = std::exchange(steps_, {});
  std::string tag = commands::run(context, node);
  if (catalog_->changed()) ++catalog_changes_;
  run_steps(std::exchange(steps_, std::move(outer)));
  return tag;
}

void Session::run_steps(const commands::CommandSteps& steps) {
  for (const auto& step : steps) {
    commit_transaction(false);
    Arena arena;
    std::deque<catalog::RelationPtr> relations;
    bool temporary_first = false;
    std::vector<Oid> path = search_path_oids(&temporary_first);
    functions::EvalContext eval = eval_context(arena);
    commands::CommandContext context{catalog(),     *txn_, eval,      *this,          {}, path, role_,
                                     is_superuser_, arena, relations, temporary_first};
    step->run(context);
    if (catalog_->changed()) ++catalog_changes_;
  }
}

void Session::run_after_commit(std::string_view command, std::unique_ptr<commands::CommandStep> step) {
  if (block_ == Block::kExplicit || several_statements_) {
    throw SqlError(sqlstate::kActiveSqlTransaction,
                   fmt::format("{} cannot run inside a transaction block", command));
  }
  if (nested_) {
    throw SqlError(sqlstate::kActiveSqlTransaction,
                   fmt::format("{} cannot be executed from a function", command));
  }
  steps_.push_back(std::move(step));
}

void Session::run_after_commit(std::string_view command, std::string sql) {
  class StatementStep final : public commands::CommandStep {
   public:
    StatementStep(Session& session, std::string sql) : session_(session), sql_(std::move(sql)) {}
    void run(commands::CommandContext& context) override {
      parser::Node* node = parser::parse(sql_, context.arena).statements[0].statement;
      session_.run_utility(session_.make_statement(sql_, node), {}, session_.client_.output());
    }

   private:
    Session& session_;
    const std::string sql_;
  };
  run_after_commit(command, std::make_unique<StatementStep>(*this, std::move(sql)));
}

void Session::report(std::string_view severity, const ErrorFields& fields) {
  static constexpr std::pair<std::string_view, net::Severity> kSeverities[] = {
      {"NOTICE", net::Severity::kNotice},
      {"WARNING", net::Severity::kWarning},
      {"INFO", net::Severity::kInfo}};
  net::Severity level = net::Severity::kNotice;
  for (const auto& [name, value] : kSeverities) {
    if (name == severity) level = value;
  }
  const std::string& least = settings_.get("client_min_messages");
  bool hidden = (least == "error") || (least == "warning" && level != net::Severity::kWarning);
  if (hidden && level != net::Severity::kInfo) return;
  client_.output().notice(level, fields);
}

std::string Session::make_secret(std::string_view password, std::string_view user) {
  // What already is a secret comes from a dump and is kept.
  if (net::is_md5_secret(password) || net::ScramSecret::parse(password).has_value())
    return std::string(password);
  if (settings_.get("password_encryption") == "md5") return net::make_md5_secret(password, user);
  return net::make_scram_secret(password);
}

std::string Session::setting(std::string_view name) {
  if (is_transaction_setting(name)) {
    const TransactionModes now = txn_ == nullptr ? default_modes() : modes();
    if (name == "transaction_isolation") return std::string(isolation_name(now));
    return (name == "transaction_read_only" ? now.read_only : now.deferrable) ? "on" : "off";
  }
  if (name == "is_superuser") return is_superuser_ ? "on" : "off";
  if (name == "session_authorization") return session_user_;
  const SettingInfo* info = find_setting(name);
  return info == nullptr ? settings_.get(name) : display_setting(*info, settings_.get(name));
}

std::unique_ptr<net::SessionHandler> make_session(Instance& instance, net::Client& client) {
  return std::make_unique<Session>(instance, client);
}

}  // namespace varve::session
