// One client's session: its transaction, prepared statements, portals and settings. Private to the module.
//
// Used by one thread at a time (whichever worker runs the connection). The files of this folder each hold one
// part: session.cpp (statements and transactions), extended.cpp (Parse/Bind/Execute), result.cpp (rows to the
// wire), session_commands.cpp (SET, BEGIN, PREPARE, cursors …), services.cpp (system functions), explain.cpp,
// copy.cpp.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "catalog/catalog.h"
#include "catalog/user_type.h"
#include "column_text.h"
#include "commands/command_context.h"
#include "executor/constraint_triggers.h"
#include "executor/execution.h"
#include "functions/eval_context.h"
#include "known_objects.h"
#include "net/session_handler.h"
#include "parser/parser.h"
#include "pl/host.h"
#include "pl/runtime.h"
#include "plan_cache.h"
#include "plan_inputs.h"
#include "planner/plan.h"
#include "random_state.h"
#include "session/instance.h"
#include "session/settings.h"
#include "statement.h"
#include "statement_kinds.h"
#include "transaction_modes.h"
#include "work_account.h"

namespace varve::session {

class Session final : public net::SessionHandler,
                      public functions::SessionServices,
                      public commands::CommandServices,
                      public pl::Host {
 public:
  Session(Instance& instance, net::Client& client);
  ~Session() override;

  // --- net::SessionHandler
  void simple_query(std::string_view sql, net::Output& out) override;
  void parse(std::string_view name, std::string_view sql, std::span<const Oid> parameter_types) override;
  void bind(const net::BindMessage& bind) override;
  void describe_statement(std::string_view name, net::Output& out) override;
  void describe_portal(std::string_view name, net::Output& out) override;
  void execute(std::string_view portal, int32_t max_rows, net::Output& out) override;
  void close_statement(std::string_view name) override;
  void close_portal(std::string_view name) override;
  void sync(net::Output& out) override;
  void on_error() noexcept override;
  char transaction_status() const override;
  void note_end(net::SessionEnd end) noexcept override;
  void terminate() noexcept override;

  recovery::StorageEngine& engine() { return instance_.engine(); }
  int64_t server_start_us() const { return instance_.start_time_us(); }

  // A query or a change of rows, as opposed to a utility statement.
  static bool is_planned(const parser::Node* node);

  // --- functions::SessionServices
  std::string_view current_user_name() override { return role_name_; }
  std::string_view session_user_name() override { return session_user_; }
  std::string_view current_database() override { return database_name_; }
  uint32_t backend_pid() override;
  int64_t clock_us() override { return current_time_us(); }
  int64_t statement_start_us() override { return statement_start_us_; }
  types::Value call(std::string_view function, std::span<const types::Value> args, Arena& arena) override;
  void rows(std::string_view function, std::span<const types::Value> args, Arena& arena,
            std::vector<types::Value>& out) override;
  types::Value call_routine(const functions::CallSite& site, std::span<const types::Value> args,
                            Arena& memory) override;
  std::span<const types::Value> routine_rows(const functions::CallSite& site,
                                             std::span<const types::Value> args, Arena& memory) override;
  uint32_t parse_reg(Oid type, std::string_view text) override;
  void append_reg(Oid type, uint32_t oid, std::string& out) override;

  // --- commands::CommandServices
  void report(std::string_view severity, const ErrorFields& fields) override;
  void lock_relation(Oid relation, txn::LockMode mode) override;
  bool try_lock_relation(Oid relation, txn::LockMode mode) override;
  uint64_t run_sql(std::string_view sql) override, fill_view(std::string_view sql) override;
  uint64_t run_unwatched(std::string_view sql);  // one statement, of which no trigger and no key hears
  bool query_row(std::string_view sql, Arena& memory, std::vector<types::Value>* row) override;
  bool has_pending_events(Oid relation) override { return constraints_.has_events(relation); }
  std::string make_secret(std::string_view password, std::string_view user) override;
  executor::ExecutionSettings maintenance_settings() override;
  executor::TaskScheduler* scheduler() override;
  void validate_routine(Oid routine) override;
  void truncate_triggers(const catalog::RelationPtr& relation, bool before) override;
  std::string setting(std::string_view name) override;
  void check_setting(std::string_view name, std::string_view value) override;
  void report_progress(std::string_view command, Oid relation,
                       std::initializer_list<std::pair<uint8_t, int64_t>> numbers) override;
  uint64_t run_parsed(std::string_view sql, parser::Node* statement) override;
  uint32_t reserve_database(Oid database, bool terminate) override;
  Oid temporary_schema(bool make) override;
  void at_commit(Oid relation, OnCommit action) override;
  void run_after_commit(std::string_view command, std::string sql) override;
  void run_after_commit(std::string_view command, std::unique_ptr<commands::CommandStep> step) override;

  // --- pl::Host (pl_host.cpp)
  txn::Transaction& transaction() override;
  std::vector<Oid> search_path() override { return search_path_oids(); }
  uint64_t settings_generation() override { return settings_.generation(); }
  sync::CancelToken* cancel_token() override { return &client_.cancel_token(); }
  void check_stack() override;
  pl::SqlStatementPtr make_statement(std::string_view sql) override,
      make_assignment(std::string_view text) override;
  bool is_planned(const pl::SqlStatement& statement) override;
  void ensure_plan(pl::SqlStatement& statement) override { ensure_plan(static_cast<Statement&>(statement)); }
  void describe_plan(pl::SqlStatement& statement) override;
  bool plan_is_current(const pl::SqlStatement& statement) override {
    return plan_is_valid(static_cast<const Statement&>(statement));
  }
  uint64_t plan_stamp() const override;
  std::unique_ptr<executor::Execution> make_execution(pl::SqlStatement& statement) override;
  executor::RunParameters run_parameters(std::span<const types::Value> params,
                                         const txn::Snapshot* active) override;
  std::string run_utility(const pl::SqlStatementPtr& statement,
                          std::span<const types::Value> params) override;
  pl::SqlStatementPtr explain(const pl::SqlStatementPtr& statement,
                              std::span<const types::Value> params) override;
  pl::SqlStatementPtr show(const pl::SqlStatement& statement) override;
  void check_read_only(const pl::SqlStatement& statement) override {
    check_read_only(static_cast<const Statement&>(statement));
  }
  size_t begin_constraints() override { return constraints_.begin_statement(); }
  void end_constraints(size_t mark) override { constraints_.end_statement(mark); }
  executor::ModifyHooks& constraint_hooks() override { return constraints_; }
  executor::CommitActions& commit_actions() override { return commit_actions_; }
  Mark begin_subtransaction() override;
  void rollback_subtransaction(const Mark& mark) override;
  void commit_transaction(bool chain) override, rollback_transaction(bool chain) override;
  void message(std::string_view severity, const ErrorFields& fields) override;
  bool cursor_exists(std::string_view name) override;
  void open_cursor(std::string_view name, const pl::SqlStatementPtr& statement,
                   std::span<const types::Value> params, uint16_t options,
                   const txn::Snapshot* active) override;
  int64_t fetch_cursor(std::string_view name, const pl::FetchRequest& request,
                       std::vector<std::span<const types::Value>>* rows) override;
  std::span<const planner::OutputColumn> cursor_columns(std::string_view name) override;
  void close_cursor(std::string_view name) override;
  Oid current_role() override { return role_; }
  void set_role(Oid role) override;
  size_t settings_mark() override { return settings_.mark(); }
  void set_local(std::string_view name, std::string_view value) override;
  void restore_settings(size_t mark) override { settings_.rollback_to(mark); }
  bool can_execute(const catalog::Routine& routine) override;

 private:
  friend class SessionConstraintHost;
  friend class TypeFunctions;
  friend class EnvironmentFunctions;
  friend class InformationFunctions;
  friend class TransactionFunctions;
  friend class ActivityFunctions;
  friend class StatisticsFunctions;
  friend std::string user_type_name(Session& session, Oid type);
  friend std::optional<uint32_t> parse_object_name(Session& session, Oid type,
                                                   const std::vector<std::string>& parts,
                                                   std::string_view text);
  friend class SystemFunctions;
  friend class CatalogFunctions;
  friend class DefinitionFunctions;
  friend class RowFunctions;
  friend class CopyCommand;
  friend class Cursors;
  friend class ExplainCommand;
  friend class StatementReader;

  // --- transactions (transactions.cpp)
  enum class Block : uint8_t { kNone, kImplicit, kExplicit, kFailed };
  TransactionModes default_modes() const, modes() const;
  void ensure_transaction(), take_lock_timeouts();
  void begin_transaction(const TransactionModes&modes), restart(const TransactionModes&modes);
  void set_read_only(bool read_only), set_deferrable(bool deferrable);
  // transaction_isolation and its like are the transaction's, whatever SET, RESET or set_config() says.
  void set_transaction_setting(std::string_view name, std::optional<std::string_view> text);  // none: RESET
  // 25001 where SET may not give it this value now: most can be said only before the first query.
  void check_transaction_setting(std::string_view name, std::string_view value);
  void assign_transaction_setting(std::string_view name, std::string_view value);
  void set_modes(const TransactionModes& modes);
  void commit_transaction(net::Output* out);
  void rollback_transaction(), forget_catalog_changes();
  // The implicit transaction of a simple query or of an extended one up to Sync.
  void finish_implicit(net::Output& out);
  void require_block(std::string_view command), forbid_block(std::string_view command);
  void run_steps(const commands::CommandSteps& steps);
  void run_transaction_command(const parser::TransactionStmt& stmt, net::Output& out);
  void set_transaction_options(std::span<parser::Node* const> options);
  void fail_if_aborted(const parser::Node* statement);
  catalog::Catalog& catalog() override;
  functions::EvalContext eval_context(Arena& arena) override { return {&arena, &settings_.format(), this}; }

  // --- statements (session.cpp)
  // Runs the statement with a plan shared by all that differ in constants only (literal_query.cpp); false:
  // not one of those, nothing has happened.
  bool run_normalized(std::string_view sql, net::Output& out);
  PlanCache::Entry* find_normalized(std::string_view sql);
  void run_statement(const StatementPtr& statement, net::Output& out);
  void run_planned(const StatementPtr& statement, std::span<const types::Value> params, net::Output& out);
  void ensure_plan(Statement&statement), make_plan(Statement&statement, bool describes = false);
  void check_routines(const Statement&statement), check_read_only(const Statement&statement);
  // A later snapshot than this is what statements will read under: for REPEATABLE READ the transaction's own.
  Csn snapshot_limit() const;
  bool plan_is_valid(const Statement&statement) const, take_locks(const Statement&statement);
  // Runs utility statements; returns the tag, or "" when it has answered by itself.
  std::string run_utility(const StatementPtr& statement, std::span<const types::Value> params,
                          net::Output& out);
  std::string run_command(const parser::Node* node, std::string_view sql);
  StatementPtr make_statement(std::string_view sql, parser::Node* node);
  std::vector<Oid> search_path_oids(bool* temporary_first = nullptr);  // plan_inputs.h
  uint64_t run_internal(const StatementPtr& statement);

  // --- the database and its temporary schema (temporary.cpp)
  void enter_database(), release_databases();
  // 42501 unless the session may interrupt one of that role (signals.cpp).
  void require_may_signal(Oid role, bool terminate);
  bool signal_backend(int32_t pid, bool terminate);
  void run_at_commit(), discard_temporary(), drop_temporary_of_earlier_process();
  void end_temporary() noexcept;
  const planner::PlannerSettings& planner_settings();
  executor::ExecutionSettings execution_settings() override;
  std::unique_ptr<executor::Execution> take_execution(Statement& statement);
  executor::RunParameters run_parameters_at(const txn::Snapshot& snapshot,
                                            std::span<const types::Value> params);
  // --- enums (services_types.cpp)
  catalog::UserTypePtr enum_type(Oid type);
  std::string name_of_user_type(Oid type);
  void run_set_constraints(const parser::ConstraintsSetStmt& stmt);
  void start_execution(executor::Execution& execution, std::span<const types::Value> params);
  void note_catalog_writes(const Statement& statement);
  static std::string planned_tag(const Statement& statement, uint64_t rows, uint64_t affected);
  void begin_query(std::string_view text), end_query(), begin_statement(), arm_timeout();

  // --- results (result.cpp)
  void describe_rows(std::span<const planner::OutputColumn> columns, std::span<const net::Format> formats,
                     net::Output& out);
  void send_rows(std::span<const planner::OutputColumn> columns, std::span<const net::Format> formats,
                 const vector::Chunk& chunk, uint32_t first, uint32_t count, net::Output& out);
  // For the rows of a statement as it runs: described, unless the client has asked by Describe.
  Portal& portal_after_utility(std::string_view name, const StatementPtr& statement);
  void send_utility_rows(Portal& portal, int32_t max_rows, net::Output& out);
  void begin_rows(std::span<const planner::OutputColumn> columns, net::Output& out);
  std::span<const net::Format> formats() const {
    return asked_formats_.has_value() ? std::span<const net::Format>(*asked_formats_)
                                      : std::span<const net::Format>();
  }

  // --- session commands (session_commands.cpp)
  void run_set(const parser::VariableSetStmt& stmt);
  void run_show(const parser::VariableShowStmt& stmt, net::Output& out);
  std::string run_alter_system(const parser::AlterSystemStmt& stmt);

  // --- who the session acts as, and what is kept for him (session_roles.cpp)
  void set_role(std::string_view name, bool is_local);
  void set_session_authorization(std::string_view name, bool is_local);
  void follow_role_settings();
  std::string run_alter_role_set(const parser::AlterRoleSetStmt& stmt);
  std::string run_alter_database_set(const parser::AlterDatabaseSetStmt& stmt);
  void keep_setting(Oid database, Oid role, const parser::VariableSetStmt& stmt);
  void apply_kept_settings(catalog::Catalog& catalog);
  void run_prepare(const parser::PrepareStmt& stmt, const Statement& outer);
  void run_execute(const parser::ExecuteStmt& stmt, const Statement& outer, net::Output& out);
  std::string run_create_as_execute(const parser::CreateTableAsStmt& stmt, const Statement& outer);
  std::vector<types::Value> execute_params(const parser::ExecuteStmt& stmt, const Statement& prepared,
                                           std::string_view sql, Arena& arena);
  Oid find_routine(Oid type, std::string_view text);
  types::Value describe_object(std::span<const types::Value> args, Arena& arena);
  void run_do(const parser::DoStmt& stmt, const Statement& statement);
  void run_call(const parser::CallStmt& stmt, const Statement& statement,
                std::span<const types::Value> params, net::Output& out);
  void infer_parameters(Statement& outer, parser::Node* query);
  void infer_call_parameters(const parser::CallStmt& stmt, Statement& statement);
  void run_explain(const parser::ExplainStmt& stmt, const Statement& outer,
                   std::span<const types::Value> params, net::Output& out);
  std::string run_copy(const parser::CopyStmt& stmt, const Statement& outer, net::Output& out);
  std::vector<planner::OutputColumn> utility_columns(Statement& statement);
  static std::vector<planner::OutputColumn> show_columns(std::string_view setting);
  std::vector<planner::OutputColumn> call_columns(const parser::CallStmt& stmt, Statement& statement);
  enum class PortalsEnd : uint8_t { kAll, kCommit, kAbort };  // what is held survives the latter two
  void drop_portals(PortalsEnd why), drop_portals_since(uint64_t serial);
  template <class F>
  void drop_portals_if(F&& goes);
  void start(Portal&portal), close(Portal&portal);
  void send_reports(), deliver_notifications(), check_deferred_now();

  Instance& instance_;
  net::Client& client_;
  std::shared_ptr<catalog::Database> database_;
  std::unique_ptr<Residents::Stay> stay_;
  std::vector<Oid> reserved_databases_;  // until the transaction ends
  uint32_t temporary_number_ = 0;        // N of pg_temp_N; 0: none
  Oid temporary_schema_;
  PlanInputs plan_inputs_;
  std::vector<std::pair<Oid, OnCommit>> at_commit_;
  executor::CommitActions commit_actions_;
  commands::CommandSteps steps_;  // what run_after_commit() has asked for
  Settings settings_;
  std::string database_name_, session_user_, role_name_;
  Oid session_role_, role_, login_role_;
  uint64_t seen_settings_ = 0;  // generation of the server's values
  std::string login_user_;      // who authenticated
  bool login_is_superuser_ = false, is_superuser_ = false;
  std::unordered_map<std::string, KnownRole> known_roles_;  // that this session has been
  uint64_t roles_generation_ = 0;                           // of the settings that were followed

  Block block_ = Block::kNone;
  std::unique_ptr<txn::Transaction> txn_;
  txn::Isolation isolation_ = txn::Isolation::kReadCommitted;  // of the block, also when it has failed
  TransactionModes started_as_;                                // before BEGIN's own words and SET TRANSACTION
  std::optional<catalog::Catalog> catalog_;
  std::vector<NamedSavepoint> savepoints_;
  std::unique_ptr<executor::ConstraintHost> constraint_host_;
  executor::ConstraintTriggers constraints_;
  bool last_of_query_ = false;  // the statement that runs is the last of a simple query: it commits
  bool read_only_ = false, deferrable_ = false, read_uncommitted_ = false;
  uint64_t catalog_changes_ = 0;  // advances when this transaction changes the catalog
  std::vector<std::pair<std::string, std::string>> pending_notifications_;
  std::vector<std::pair<bool, std::string>> pending_listens_;  // true: listen
  int64_t statement_start_us_ = 0;
  std::shared_ptr<catalog::SessionActivity> activity_;
  int64_t idle_since_us_ = 0;  // idle in a transaction; 0: not
  Lsn gate_;                   // what must be durable before the client hears more (sequence values)

  std::unordered_map<std::string, StatementPtr> statements_;
  std::unordered_map<std::string, std::unique_ptr<Portal>> portals_;
  StatementPtr unnamed_statement_;
  PlanCache plan_cache_;
  Arena literal_arena_;  // the constants of the statement run_normalized runs
  std::vector<parser::Literal> literals_;
  std::vector<types::Value> literal_params_;
  std::unique_ptr<Portal> unnamed_portal_;
  std::optional<std::vector<net::Format>> asked_formats_;  // while Execute runs a utility statement
  RowText row_text_;                                       // of the rows being sent
  pl::Runtime pl_{*this};
  const char* stack_base_ = nullptr;  // of the message in progress
  bool several_statements_ = false;   // in one simple query: they share a transaction
  std::string_view client_query_;     // the text that the message in progress runs
  std::string_view current_sql_;      // of the command in progress
  std::string_view validated_body_;   // of the function that is being made; positions in it are moved
  int32_t key_depth_ = 0;             // foreign keys' actions that run, one within the other
  bool nested_ = false;               // a function is running: what is run now is not the client's
  uint64_t next_portal_ = 0;
  std::unordered_map<Oid, int64_t> sequence_values_;  // currval
  std::optional<Oid> last_sequence_;
  RandomState random_;
  std::unordered_map<Oid, KnownEnum> enums_;
};

}  // namespace varve::session
