// The parts of an index's making that read the table.
#pragma once

#include <deque>

#include "analyzer/expression.h"
#include "executor/index_keys.h"
#include "names.h"
#include "planner/plan.h"
#include "table_expression.h"

namespace varve::commands {

// 42P17 with this message when the expression calls anything that is not immutable.
void require_immutable(const analyzer::Expr* expr, std::string_view message);
// pg_index.indrelid
Oid index_table(CommandContext& context, Oid index);

// An index's keys of rows, with its expressions bound.
class IndexKeys {
 public:
  IndexKeys(CommandContext& context, const RelationPtr& table, const catalog::Index& index);
  executor::IndexKeyBuilder& builder() { return *builder_; }
  // Columns of the table that the keys need; empty: all.
  std::span<const ColumnNumber> columns() const { return columns_; }

 private:
  RowEvaluation evaluation_;
  planner::BoundIndex bound_;
  std::vector<ColumnNumber> columns_;
  std::unique_ptr<executor::IndexKeyBuilder> builder_;
};

// Keeps writers out to the end of the transaction. For some seconds without standing in the queue, where all
// who come later would wait behind us for whoever writes now.
void lock_out_writers(CommandContext& context, Oid table);

}  // namespace varve::commands
