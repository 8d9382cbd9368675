// Rows on their way between operators: some vectors and the rows of them that count.
#pragma once

#include <span>

#include "vector/vector.h"

namespace varve::vector {

class Chunk {
 public:
  Chunk() = default;
  Chunk(std::span<const PhysicalType> types, Arena& arena);
  // Columns to be pointed elsewhere later: no memory of their own.
  Chunk(uint32_t columns, Arena& arena);

  uint32_t column_count() const { return static_cast<uint32_t>(columns_.size()); }
  Vector& column(uint32_t i) { return columns_[i]; }
  const Vector& column(uint32_t i) const { return columns_[i]; }
  std::span<Vector> columns() { return columns_; }
  std::span<const Vector> columns() const { return columns_; }

  const Selection& selection() const { return selection_; }
  uint32_t count() const { return selection_.count; }
  bool empty() const { return selection_.count == 0; }
  void set_dense(uint32_t count) { selection_ = {nullptr, count}; }
  void set_selection(const Selection& selection) { selection_ = selection; }

  // Flat, no NULLs, no rows.
  void reset() {
    for (Vector& v : columns_) v.reset();
    selection_ = {};
  }

 private:
  std::span<Vector> columns_;
  Selection selection_;
};

}  // namespace varve::vector
