#include "value_rows.h"

#include <algorithm>

namespace varve::functions {

void* RowBuilder::finish() const { return finish(values_, memory_); }

void* RowBuilder::finish(std::span<const types::Value> values, Arena& memory) {
  types::Value* kept = memory.make_array<types::Value>(values.size());
  std::copy(values.begin(), values.end(), kept);
  auto* state = memory.make<ValueRows>();
  state->values = {kept, values.size()};
  return state;
}

void next_value_rows(EvalContext&, void* opaque, Chunk& out) {
  auto& state = *static_cast<ValueRows*>(opaque);
  uint32_t columns = out.column_count(), n = 0;
  for (; n < vector::kChunkRows && state.at < state.values.size(); ++n) {
    for (uint32_t c = 0; c < columns; ++c, ++state.at) {
      const types::Value& v = state.values[state.at];
      if (v.null)
        out.column(c).set_null(n);
      else
        out.column(c).set_value(n, v);
    }
  }
  out.set_dense(n);
}

}  // namespace varve::functions
