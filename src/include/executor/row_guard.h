// How an extension looks at every row before it goes into a table of its own kind: to refuse it, or to see to
// it that what the row belongs to exists (the chunk of a hypertable). Generated columns and BEFORE triggers
// have had their turn; constraints have not. It is told of rows that go, too.
//
// Makers are registered before the server serves and called by many threads at once; a guard belongs to one
// writer of one statement, and serves all runs of its plan.
#pragma once

#include <memory>
#include <span>

#include "catalog/relation.h"
#include "vector/chunk.h"

namespace varve::executor {

class ExecutionContext;

class RowGuard {
 public:
  virtual ~RowGuard() = default;
  // One value for each column that is not dropped, in order. Throws SqlError to refuse the row.
  virtual void check(std::span<const types::Value> row) = 0;
  // The selected rows of a chunk, one column for each column that is not dropped.
  virtual void check_rows(const vector::Chunk& rows) = 0;
  // The row has been deleted, or is what an updated row was before.
  virtual void removed(std::span<const types::Value>) {}
};

// Null: the table is not the extension's.
using RowGuardMaker = std::unique_ptr<RowGuard> (*)(const catalog::Relation& table,
                                                    ExecutionContext& context);
void register_row_guard(RowGuardMaker maker);
std::unique_ptr<RowGuard> make_row_guard(const catalog::Relation& table, ExecutionContext& context);

}  // namespace varve::executor
