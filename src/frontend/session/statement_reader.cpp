#include "statement_reader.h"

#include "common/sql_error.h"
#include "executor/execution.h"
#include "session.h"

namespace varve::session {
namespace {

bool take_rows(executor::Execution& execution, size_t most_rows, Arena& arena,
               std::vector<types::Value>* values) {
  size_t rows = 0;
  vector::Chunk* chunk = nullptr;
  while (execution.next(chunk)) {
    rows += chunk->count();
    if (rows > most_rows) return false;
    for (uint32_t i = 0; i < chunk->count(); ++i) {
      uint32_t row = chunk->selection()[i];
      for (uint32_t c = 0; c < chunk->column_count(); ++c)
        values->push_back(types::copy_value(chunk->column(c).value(row), arena));
    }
  }
  return true;
}

}  // namespace

bool StatementReader::read(const planner::PlannedStatement& statement, size_t most_rows, Arena& arena,
                           std::vector<types::Value>* values) {
  executor::ExecutionSettings settings = session_.execution_settings();
  settings.parallel_workers = 1;
  bool complete = false;
  try {
    executor::Execution execution(statement, settings);
    // How the statement reads hangs on what is seen here, and not what it answers: nobody need be kept from
    // it.
    txn::Snapshot snapshot = session_.txn_->statement_snapshot();
    snapshot.serializable = nullptr;
    session_.pl_.set_active_snapshot(&execution.context().snapshot);
    execution.start(session_.run_parameters_at(snapshot, {}));
    complete = take_rows(execution, most_rows, arena, values);
    execution.finish();
  } catch (const SqlError& error) {
    // Errors of values are the statement's own, if it ever comes to them.
    if (error.state().error_class() != "22") throw;
  }
  session_.pl_.set_active_snapshot(nullptr);
  session_.txn_->release_snapshot();
  return complete;
}

}  // namespace varve::session
