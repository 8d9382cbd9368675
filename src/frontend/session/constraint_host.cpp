#include "constraint_host.h"

#include <fmt/format.h>

#include "common/sql_error.h"
#include "parser/parser.h"

namespace varve::session {

uint64_t SessionConstraintHost::run(const std::string& sql, std::span<const Oid> param_types,
                                    std::span<const types::Value> params, const txn::Snapshot& snapshot,
                                    const txn::Snapshot* write_snapshot) {
  struct Depth {
    int32_t& depth;
    explicit Depth(int32_t& d) : depth(d) { ++depth; }
    ~Depth() { --depth; }
  } deeper(session_.key_depth_);
  StatementPtr statement;
  if (auto it = statements_.find(sql); it != statements_.end()) statement = it->second;
  if (statement == nullptr) {
    if (statements_.size() >= kMaxStatements) statements_.clear();
    statement = std::make_shared<Statement>();
    statement->sql = sql;
    statement->has_parameters = statement->is_internal = true;
    parser::ParsedScript script = parser::parse(statement->sql, statement->parse_arena);
    statement->node = script.statements[0].statement;
    statements_.emplace(sql, statement);
  }
  // Planning may have given parameters other types than were asked for.
  statement->param_types.assign(param_types.begin(), param_types.end());
  try {
    session_.ensure_plan(*statement);
    const auto plan = statement->plan;  // the same statement, further down, may be planned anew
    std::unique_ptr<executor::Execution> execution = session_.take_execution(*statement);
    executor::RunParameters run = session_.run_parameters_at(snapshot, params);
    run.write_snapshot = write_snapshot;
    execution->start(run);
    uint64_t rows = 0;
    vector::Chunk* chunk = nullptr;
    while (execution->next(chunk)) rows += chunk->count();
    if (!plan->returns_rows) rows = execution->affected_rows();
    execution->finish();
    if (statement->plan == plan) statement->idle_execution = std::move(execution);
    return rows;
  } catch (SqlError& error) {
    std::string& context = error.fields().context;
    context += fmt::format("{}SQL statement \"{}\"", context.empty() ? "" : "\n", sql);
    throw;
  }
}

}  // namespace varve::session
