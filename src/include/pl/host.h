// What a function that is running asks of the session around it. Implemented by module session; used on the
// session's thread only. Everything throws SqlError.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/analyzer.h"
#include "catalog/catalog.h"
#include "common/sql_error.h"
#include "executor/commit_action.h"
#include "executor/constraint_triggers.h"
#include "executor/execution.h"
#include "memory/arena.h"

namespace varve::parser {
struct Node;
}
namespace varve::planner {
struct OutputColumn;
struct PlannedStatement;
}  // namespace varve::planner

namespace varve::pl {

// One SQL statement of a function, kept with its plan between runs. The host adds what it needs to know
// whether the plan is still good.
struct SqlStatement {
  virtual ~SqlStatement() = default;

  std::string sql;
  Arena parse_arena;
  parser::Node* node = nullptr;              // null: empty
  analyzer::Variables* variables = nullptr;  // parameters by name
  analyzer::AnalyzerContext::LocalTables* local_tables = nullptr;
  std::shared_ptr<planner::PlannedStatement> plan;  // good after Host::ensure_plan()
};
using SqlStatementPtr = std::shared_ptr<SqlStatement>;

struct FetchRequest {
  enum class Direction : uint8_t { kForward, kBackward, kAbsolute, kRelative };
  static constexpr int64_t kAll = INT64_MAX;
  Direction direction = Direction::kForward;
  int64_t count = 1;
  bool move = false;
};

class Host {
 public:
  virtual ~Host() = default;

  virtual catalog::Catalog& catalog() = 0;
  virtual txn::Transaction& transaction() = 0;
  virtual functions::EvalContext eval_context(Arena& arena) = 0;
  virtual std::vector<Oid> search_path() = 0;
  virtual std::string setting(std::string_view name) = 0;
  virtual uint64_t settings_generation() = 0;
  virtual sync::CancelToken* cancel_token() = 0;
  // Bytes of stack that may still be used; a call that finds too few is refused (54001).
  virtual void check_stack() = 0;

  // --- statements
  virtual SqlStatementPtr make_statement(std::string_view sql) = 0;  // parses
  // `a[1].f := value`: a query of one row, the variable's new value.
  virtual SqlStatementPtr make_assignment(std::string_view text) = 0;
  // The statement runs through a plan: SELECT, INSERT, UPDATE, DELETE.
  virtual bool is_planned(const SqlStatement& statement) = 0;
  // Plans it if it must be; takes its locks; checks the right to run it.
  virtual void ensure_plan(SqlStatement& statement) = 0;
  // A plan that tells the statement's columns and is not run: who validates a function may not be who may run
  // it, and what fails only when it runs does not fail.
  virtual void describe_plan(SqlStatement& statement) = 0;
  virtual bool plan_is_current(const SqlStatement& statement) = 0;
  // While it stays the same, plans of one transaction and role that were current still are.
  virtual uint64_t plan_stamp() const = 0;
  virtual std::unique_ptr<executor::Execution> make_execution(SqlStatement& statement) = 0;
  virtual executor::ExecutionSettings execution_settings() = 0;
  // With a new snapshot, or the one of `active`.
  virtual executor::RunParameters run_parameters(std::span<const types::Value> params,
                                                 const txn::Snapshot* active) = 0;
  // Anything that is not planned, inside the transaction; returns its tag.
  virtual std::string run_utility(const SqlStatementPtr& statement, std::span<const types::Value> params) = 0;
  // Runs EXPLAIN; a query that returns what it says. The same for SHOW.
  virtual SqlStatementPtr explain(const SqlStatementPtr& statement, std::span<const types::Value> params) = 0;
  virtual SqlStatementPtr show(const SqlStatement& statement) = 0;
  virtual void check_read_only(const SqlStatement& statement) = 0;

  // Around a statement that changes rows: what its constraints noted is checked at its end.
  virtual size_t begin_constraints() = 0;
  virtual void end_constraints(size_t mark) = 0;
  // Told of every change beside the triggers.
  virtual executor::ModifyHooks& constraint_hooks() = 0;
  virtual executor::CommitActions& commit_actions() = 0;

  // --- transactions
  struct Mark {
    txn::Transaction::Savepoint position;
    executor::ConstraintTriggers::Mark constraints;
    size_t settings = 0;
    size_t deferred = 0;
    uint64_t portals = 0;
  };
  virtual Mark begin_subtransaction() = 0;
  virtual void rollback_subtransaction(const Mark& mark) = 0;
  virtual void commit_transaction(bool chain) = 0;
  virtual void rollback_transaction(bool chain) = 0;

  // --- messages. `severity`: "DEBUG", "LOG", "INFO", "NOTICE", "WARNING".
  virtual void message(std::string_view severity, const ErrorFields& fields) = 0;

  // --- cursors, shared with SQL's own
  virtual bool cursor_exists(std::string_view name) = 0;
  // `params` are copied. Options are parser::CursorOption bits.
  virtual void open_cursor(std::string_view name, const SqlStatementPtr& statement,
                           std::span<const types::Value> params, uint16_t options,
                           const txn::Snapshot* active) = 0;
  // The rows met, in order; each call's rows live until the cursor is closed. Returns how many were met.
  virtual int64_t fetch_cursor(std::string_view name, const FetchRequest& request,
                               std::vector<std::span<const types::Value>>* rows) = 0;
  virtual std::span<const planner::OutputColumn> cursor_columns(std::string_view name) = 0;
  virtual void close_cursor(std::string_view name) = 0;

  // --- SECURITY DEFINER and SET clauses
  virtual Oid current_role() = 0;
  virtual void set_role(Oid role) = 0;
  virtual size_t settings_mark() = 0;
  virtual void set_local(std::string_view name, std::string_view value) = 0;
  virtual void restore_settings(size_t mark) = 0;
  virtual bool can_execute(const catalog::Routine& routine) = 0;
};

}  // namespace varve::pl
