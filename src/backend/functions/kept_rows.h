// A function in FROM that makes all its rows at once: they wait here, value by value. Private to the module.
#pragma once

#include <span>

#include "types/value.h"
#include "vector/chunk.h"

namespace varve::functions {

struct KeptRows {
  std::span<types::Value> values;  // row by row
  size_t at = 0;

  // As many rows as a chunk holds; an empty one at the end.
  void next(vector::Chunk& out) {
    uint32_t n = 0;
    for (; n < vector::kChunkRows && at < values.size(); ++n) {
      for (uint32_t c = 0; c < out.column_count(); ++c, ++at) {
        if (values[at].null)
          out.column(c).set_null(n);
        else
          out.column(c).set_value(n, values[at]);
      }
    }
    out.set_dense(n);
  }
};

}  // namespace varve::functions
