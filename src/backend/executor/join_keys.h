// Evaluating the keys of one side of a join, with widening where the sides' integers differ.
#pragma once

#include <vector>

#include "executor/expression_program.h"
#include "key_ops.h"

namespace varve::executor {

class JoinKeys {
 public:
  // `other`: the keys of the other side, one for one.
  JoinKeys(analyzer::ExprList exprs, analyzer::ExprList other, std::span<bool> null_safe,
           ExecutionContext& context, Arena& memory);

  void evaluate(const Chunk& in, const Selection& rows);
  std::span<const Vector* const> vectors() const { return vectors_; }
  void hash(const Selection& rows, uint64_t* hashes) const;
  // A NULL in a key that does not match NULLs.
  bool has_null(uint32_t row) const {
    for (size_t k = 0; k < vectors_.size(); ++k) {
      if (vectors_[k]->is_null(row) && !null_safe_[k]) return true;
    }
    return false;
  }
  bool may_have_nulls() const {
    for (const Vector* v : vectors_) {
      if (v->has_nulls()) return true;
    }
    return false;
  }
  std::span<const KeyType> types() const { return types_; }

 private:
  const Vector* widen(size_t k, const Vector& v, const Selection& rows);

  std::vector<ExpressionEvaluator> exprs_;
  std::vector<KeyType> types_;
  std::vector<bool> null_safe_;
  std::vector<Vector> widened_;
  std::vector<const Vector*> vectors_;
};

}  // namespace varve::executor
