// Bound expressions made ready to run: a tree of nodes, each with its kernel and its own result vector.
#pragma once

#include <cstdint>
#include <memory>

#include "analyzer/expression.h"
#include "executor/execution_context.h"
#include "vector/chunk.h"

namespace varve::executor {

using vector::Chunk;
using vector::Selection;
using vector::Vector;

class ExprNode;

// Evaluates one expression over chunks. `memory` takes results that outgrow their vector (long strings); its
// owner resets it when the results are no longer looked at. The context and the memory must outlive the
// evaluator. Throws what the kernels throw.
class ExpressionEvaluator {
 public:
  ExpressionEvaluator(const analyzer::Expr& expr, ExecutionContext& context, Arena& memory);
  ~ExpressionEvaluator();
  ExpressionEvaluator(ExpressionEvaluator&&) noexcept;
  ExpressionEvaluator& operator=(ExpressionEvaluator&&) noexcept;

  // The expression's value for the selected rows. `result` is the evaluator's own vector, a column of the
  // input, or a constant vector; valid until the next call, the input's next change, or the reset of
  // `memory`.
  void evaluate(const Chunk& input, const Selection& rows, Vector*& result);

  // The rows for which the (boolean) expression is true, in order, into `out` (room for kChunkRows; may be
  // the array that `rows` refers to). Conjunctions shrink the selection as they go.
  uint32_t select(const Chunk& input, const Selection& rows, uint16_t* out);

  // Value of an expression without input columns, valid until the next call. Long values live in `memory`,
  // params' where they lie.
  const types::Value& scalar();

  bool is_constant() const;  // a kConst: the value never changes

 private:
  std::unique_ptr<ExprNode> root_;
};

}  // namespace varve::executor
