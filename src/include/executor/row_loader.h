// Rows from outside into a table (COPY FROM): what INSERT does with them, a batch at a time and without an
// operator tree. Defaults, generated columns, constraints, indexes and hooks are those of the INSERT
// statement it is made from.
//
// Not thread-safe. The statement must outlive it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "executor/execution.h"
#include "vector/chunk.h"

namespace varve::analyzer {
struct Expr;
}

namespace varve::executor {

class RowLoader {
 public:
  // `insert`: INSERT INTO t (…) VALUES ($1, $2, …), one parameter a column that is supplied, without ON
  // CONFLICT and RETURNING. `filter` (may be null): over the table's not dropped columns as kInput; rows for
  // which it is not true are left out.
  // `scheduler` (may be null): threads that help with rows that go into columns.
  RowLoader(const planner::PlannedStatement& insert, const ExecutionSettings& settings,
            const analyzer::Expr* filter, TaskScheduler* scheduler = nullptr);
  ~RowLoader();
  RowLoader(const RowLoader&) = delete;
  RowLoader& operator=(const RowLoader&) = delete;

  void start(const RunParameters& parameters);
  // Column i of `input` holds the values of $(i + 1), already of the target column's type and length.
  void insert(const vector::Chunk& input);
  // After the last row; then what fires after the statement, whose errors are of no row.
  void finish();
  void end_statement();
  // Rows may be kept back to go in together: now they do. Before an error is reported, so that theirs come
  // first.
  void flush();

  uint64_t rows_inserted() const;
  // After insert() has thrown: the row of its input that was at fault.
  uint32_t failed_row() const;
  // After any of these has thrown: the row at fault if it came before, by its number among all that were given
  // to insert().
  std::optional<uint64_t> failed_earlier() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace varve::executor
