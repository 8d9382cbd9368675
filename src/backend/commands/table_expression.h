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

// The rows of a table, page by page, as values of the live columns. With `wanted`, only those are decoded,
// the others are NULL. One thread.
class PageRows {
 public:
  PageRows(const Relation& table, std::span<const ColumnNumber> wanted)
      : table_(table), live_(live_columns(table)) {
    for (ColumnNumber& column : live_) {
      const auto place = static_cast<size_t>(column - 1);
      values_.push_back(Value::null_of(table.layout->column(place).type));
      if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), column) == wanted.end()) column = 0;
    }
  }

  // Calls f(tid, values) for each row of the page that the snapshot sees.
  template <class F>
  void read(const txn::Snapshot& snapshot, PageId page, F&& f) {
    check_ok(table_.heap->read_page(snapshot, page, &batch_));
    for (size_t r = 0; r < batch_.rows.size(); ++r) {
      memory_.reset();
      for (size_t i = 0; i < live_.size(); ++i) {
        if (live_[i] != 0)
          values_[i] = table_.layout->get(batch_.rows[r], static_cast<size_t>(live_[i] - 1), memory_);
      }
      f(batch_.tids[r], std::span<const Value>(values_));
    }
  }

 private:
  const Relation& table_;
  std::vector<ColumnNumber> live_;  // 0: not wanted
  std::vector<Value> values_;
  access::Heap::PageBatch batch_;
  Arena memory_;
};

// Calls f(tid, values of the live columns) for every row of the table as `latest_snapshot` shows it. With
// `wanted`, only those columns are decoded, the others are NULL. A partitioned table has no rows of its own.
template <class F>
void scan_table(CommandContext& context, const Relation& table, std::span<const ColumnNumber> wanted, F&& f) {
  if (table.heap == nullptr) return;
  txn::Snapshot snapshot = latest_snapshot(context.txn);
  auto runs = table.heap->runs();
  check_ok(runs.status());
  PageRows rows(table, wanted);
  for (const access::PageRun& run : *runs) {
    for (uint32_t page = 0; page < run.count; ++page) {
      if (sync::CancelToken* cancel = context.txn.cancel_token()) cancel->throw_if_pending();
      rows.read(snapshot, PageId{run.first.value() + page}, f);
    }
  }
}

}  // namespace varve::commands
