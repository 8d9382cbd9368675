// Comparing rows of vectors where they lie, and remembering one across chunks.
#pragma once

#include <span>
#include <vector>

#include "key_ops.h"

namespace varve::executor {

// NULL equals NULL, as grouping has it.
inline bool vector_rows_equal(const KeyType& key, const Vector& a, uint32_t row_a, const Vector& b,
                              uint32_t row_b) {
  bool x = a.is_null(row_a), y = b.is_null(row_b);
  if (x || y) return x && y;
  size_t width = types::physical_width(key.physical);
  return equal_values(key, a.raw() + width * a.index(row_a), b.raw() + width * b.index(row_b));
}

class RememberedRow {
 public:
  void init(std::span<const KeyType> keys) { keys_.assign(keys.begin(), keys.end()); }
  void clear() { has_row_ = false; }
  bool has_row() const { return has_row_; }
  void remember(std::span<const Vector* const> vectors, uint32_t row) {
    memory_.reset();
    values_.clear();
    for (const Vector* v : vectors) values_.push_back(types::copy_value(v->value(row), memory_));
    has_row_ = true;
  }
  bool equals(std::span<const Vector* const> vectors, uint32_t row) const {
    for (size_t i = 0; i < vectors.size(); ++i) {
      bool null = vectors[i]->is_null(row);
      if (null != values_[i].null) return false;
      if (null) continue;
      size_t width = types::physical_width(keys_[i].physical);
      if (!equal_values(keys_[i], vectors[i]->raw() + width * vectors[i]->index(row), values_[i].bytes()))
        return false;
    }
    return true;
  }

 private:
  std::vector<KeyType> keys_;
  std::vector<types::Value> values_;
  Arena memory_;
  bool has_row_ = false;
};

}  // namespace varve::executor
