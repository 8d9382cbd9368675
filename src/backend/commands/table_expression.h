// Expressions that live in the catalog (defaults, checks, index expressions): checked when they are made, run
// when a command has to look at the rows that are there already.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "access/heap.h"
#include "access/row_layout.h"
#include "analyzer/expression.h"
#include "catalog_rows.h"
#include "common/sql_error.h"
#include "executor/execution_context.h"
#include "executor/expression_program.h"
#include "names.h"
#include "sync/cancel_token.h"

namespace varve::commands {

// Bound and coerced; `sql` gets its canonical text.
analyzer::Expr* bind_default(CommandContext& context, const parser::Node* expression, Oid type,
                             int32_t typmod, std::string_view column, const RelationPtr* table,
                             std::string_view clause, std::string* sql);
// A CHECK or index predicate over the table's columns. 42804 when it is not boolean.
analyzer::Expr* bind_condition(CommandContext& context, const parser::Node* expression,
                               const RelationPtr& table, std::string_view clause, std::string* sql);
// From the catalog's text. Columns of the table become inputs: its live columns in order.
analyzer::Expr* bind_stored(CommandContext& context, std::string_view sql, const RelationPtr& table,
                            std::string_view clause);
// Columns of range 0 become inputs: the table's live columns in order.
analyzer::Expr* over_live_columns(CommandContext& context, analyzer::Expr* expr, const Relation& table);
// Columns an expression reads, ascending, each once.
std::vector<ColumnNumber> columns_of(const analyzer::Expr* expr);

// `object` depends on the relations that the expression names, nextval('s'::regclass), and on the functions
// that SQL made.
void depend_on_named_objects(CommandContext& context, const ObjectAddress& object,
                             const analyzer::Expr& expr);

std::vector<ColumnNumber> live_columns(const Relation& relation);
// Sees everything committed and all of this transaction's changes.
txn::Snapshot latest_snapshot(txn::Transaction& txn);

// An ExecutionContext for evaluating expressions outside of a statement.
class RowEvaluation {
 public:
  explicit RowEvaluation(CommandContext& context);
  executor::ExecutionContext& execution() { return execution_; }

 private:
  Arena memory_;
  executor::ExecutionContext execution_;
};

// Evaluates expressions over one row after the other.
class RowExpressions {
 public:
  RowExpressions(CommandContext& context, const Relation& table, std::vector<analyzer::Expr*> exprs);
  // `row`: one value a live column. Results live until the next load.
  void load(std::span<const Value> row);
  Value value(size_t expression);

 private:
  RowEvaluation evaluation_;
  Arena vectors_, memory_;
  vector::Chunk chunk_;
  std::vector<executor::ExpressionEvaluator> evaluators_;
};

// Calls f(tid, values of the live columns) for every row of the table as `latest_snapshot` shows it. With
// `wanted`, only those columns are decoded, the others are NULL. A partitioned table has no rows of its own.
template <class F>
void scan_table(CommandContext& context, const Relation& table, std::span<const ColumnNumber> wanted, F&& f) {
  if (table.heap == nullptr) return;
  txn::Snapshot snapshot = latest_snapshot(context.txn);
  auto runs = table.heap->runs();
  check_ok(runs.status());
  std::vector<ColumnNumber> live = live_columns(table);
  std::vector<Value> values(live.size());
  for (size_t i = 0; i < live.size(); ++i) {
    values[i] = Value::null_of(table.layout->column(static_cast<size_t>(live[i] - 1)).type);
  }
  access::Heap::PageBatch batch;
  Arena memory;
  for (const access::PageRun& run : *runs) {
    for (uint32_t page = 0; page < run.count; ++page) {
      check_ok(table.heap->read_page(snapshot, PageId{run.first.value() + page}, &batch));
      if (sync::CancelToken* cancel = context.txn.cancel_token()) cancel->throw_if_pending();
      for (size_t r = 0; r < batch.rows.size(); ++r) {
        memory.reset();
        for (size_t i = 0; i < live.size(); ++i) {
          if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), live[i]) == wanted.end()) continue;
          values[i] = table.layout->get(batch.rows[r], static_cast<size_t>(live[i] - 1), memory);
        }
        f(batch.tids[r], std::span<const Value>(values));
      }
    }
  }
}

}  // namespace varve::commands
