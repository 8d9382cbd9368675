// What a session prepares and runs: statements and portals. Private to the module; used by the session's
// thread alone.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "executor/execution.h"
#include "net/session_handler.h"
#include "pl/host.h"
#include "planner/plan.h"
#include "txn/lock_manager.h"

namespace varve::session {

// A statement that was parsed once and may run many times: its text, tree and plan are SqlStatement's.
struct Statement : pl::SqlStatement {
  int32_t offset = 0;  // of the statement in `sql`
  std::vector<Oid> param_types;
  std::vector<Oid> declared_types;  // PREPARE's, where a domain is not the type under it
  bool from_sql = false;            // PREPARE, not Parse
  bool has_parameters = false;      // may say $1: Parse and PREPARE, not a plain query
  bool fixed_result = false;        // its client knows its columns: Parse and PREPARE
  bool is_internal = false;         // a constraint's own: nobody's rights count
  Oid reader;                       // of such: whose policies hold all the same
  int64_t prepared_us = 0;

  // What was planned, good for one epoch of the catalog, one generation of settings and one role.
  std::vector<std::pair<Oid, txn::LockMode>> locks;
  std::vector<Oid> routines;  // functions made by CREATE FUNCTION that it calls
  Oid planned_role;
  bool only_described = false;  // the plan tells the columns; to be run it is made anew
  bool fills_view = false;
  int32_t text_begin = 0, text_end = 0;  // of the statement within `sql`; 0: to its end
  bool is_cursor = false;                // the plan yields ctids for WHERE CURRENT OF
  uint64_t settings_generation = 0;
  uint64_t private_changes = 0;  // 0, or the transaction-private catalog state it was made under
  // The instantiated plan, kept for the next run; taken by a portal while it runs.
  std::unique_ptr<executor::Execution> idle_execution;
};
using StatementPtr = std::shared_ptr<Statement>;

// A statement with its parameters, ready to run or running.
class CursorRows;

struct Portal {
  Portal();
  ~Portal();

  std::string name;
  uint64_t serial = 0;  // in the order they were made
  StatementPtr statement;
  std::shared_ptr<planner::PlannedStatement> plan;
  Arena arena;
  std::vector<types::Value> params;
  std::vector<net::Format> formats;
  std::unique_ptr<executor::Execution> execution;
  bool started = false;
  bool done = false;
  size_t constraint_mark = 0;  // where what its run changes begins
  uint64_t snapshot_pin = 0;
  bool pinned = false;
  uint64_t rows_sent = 0;
  vector::Chunk* chunk = nullptr;  // rows left over from the last fetch
  uint32_t chunk_position = 0;
  // Of SHOW, EXPLAIN, CALL, EXECUTE, FETCH run with a row limit: the messages yet to be sent, and the tag.
  struct UtilityRows {
    std::string messages, tag;
    size_t at = 0;
  };
  std::unique_ptr<UtilityRows> utility_rows;
  // Cursors (cursor.h).
  bool is_cursor = false;
  uint16_t cursor_options = 0;
  std::unique_ptr<CursorRows> rows;
  int64_t position = 0;                            // 0: before the first row
  bool complete = false;                           // `rows` holds everything
  std::vector<std::vector<types::Value>> fetched;  // by PL/pgSQL, until its next fetch
  Arena fetched_memory;
  bool failed = false;  // an error came while it ran: nothing more comes of it
  bool held = false;    // WITH HOLD, and its transaction is over
  // Without the ctids that only WHERE CURRENT OF looks at.
  std::span<planner::OutputColumn> columns() const {
    return plan->root->output.first(plan->root->output.size() - plan->row_id_tables.size());
  }
};

// What happens to the rows of a statement.
class RowSink {
 public:
  virtual ~RowSink() = default;
  virtual void rows(const vector::Chunk& chunk, uint32_t first, uint32_t count) = 0;
};

}  // namespace varve::session
