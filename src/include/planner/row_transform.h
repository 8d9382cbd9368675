// How an extension puts a step of its own behind GROUP BY: rows in order come in, rows go out (gap filling).
//
// A hook looks at a grouped query when it is planned. What it wants is a GroupStep; the planner sorts,
// computes the step's inputs, and makes everything above (window functions, select list, ORDER BY) read what
// the step puts out: an expression of the query that the step has taken over counts as one of its columns.
//
// Hooks are registered before the server serves. They and the transforms are called by many threads at once.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "analyzer/query.h"
#include "functions/eval_context.h"
#include "memory/arena.h"
#include "vector/chunk.h"

namespace varve::planner {

// What a run of the step reads from.
class TransformSource {
 public:
  virtual ~TransformSource() = default;
  // The next chunk of input, valid until the next call; null at the end.
  virtual const vector::Chunk* next() = 0;
  // GroupStep::lazy[i] over row `row` of that chunk. Long values live in `memory`.
  virtual types::Value evaluate(size_t i, uint32_t row, Arena& memory) = 0;
};

// One run. Fills `out` (flat columns of GroupStep's output, reset) with up to `limit` rows; 0 rows: the end.
class TransformRun {
 public:
  virtual ~TransformRun() = default;
  virtual uint32_t next(TransformSource& source, vector::Chunk& out, uint32_t limit) = 0;
};

// Lies in the statement's arena, which runs no destructors; constant.
class RowTransform {
 public:
  // `once`: values of GroupStep::once. What they point to lives as long as the run.
  virtual std::unique_ptr<TransformRun> start(const functions::EvalContext& eval,
                                              std::span<const types::Value> once) const = 0;
  virtual std::string_view name() const = 0;  // for EXPLAIN

 protected:
  ~RowTransform() = default;
};

struct GroupedQuery {
  const analyzer::Query& query;
  std::span<analyzer::Expr* const> columns;  // of the grouped rows: group expressions, then aggregates
  size_t group_count;
  std::span<analyzer::Expr* const> conditions;  // of WHERE, joined by AND
  Arena& arena;                                 // the statement's
};

struct GroupStep {
  std::span<const uint32_t> order;          // columns to sort the input by
  std::span<analyzer::Expr* const> inputs;  // computed for each grouped row, behind its columns
  std::span<analyzer::Expr* const> lazy;    // computed when the step asks for them; over the grouped row
  std::span<analyzer::Expr* const> once;    // without columns: computed when a run starts
  // Expressions of the query that the step's output carries, behind the columns of the grouped rows.
  std::span<analyzer::Expr* const> outputs;
  const RowTransform* transform = nullptr;
};

// False: the query does not want this step.
using GroupingHook = bool (*)(const GroupedQuery& grouped, GroupStep* step);
void register_grouping_hook(GroupingHook hook);
std::span<const GroupingHook> grouping_hooks();

}  // namespace varve::planner
