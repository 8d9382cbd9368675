// When x IN (set) is neither true nor false.
#include "hash_join.h"

namespace varve::executor {

// A probe row without a match: is the comparison with some build row unknown?
bool HashJoinOperator::is_unknown(uint32_t position) {
  if (build_empty_) return false;
  uint32_t row = in_->selection()[position];
  bool null = probe_keys_.has_null(row);
  if (simple_nulls()) return null || has_null_key_;
  // A row with NULLs may be equal to any build row, one without only to those that have NULLs themselves.
  std::span<uint8_t* const> rows = null ? table_->rows() : std::span<uint8_t* const>(null_rows_);
  uint32_t n = 0;
  auto flush = [&] {
    if (n == 0) return false;
    std::vector<uint16_t> keep(selected_.begin(), selected_.end());  // the caller is filling selected_
    make_pair_chunk(n);
    uint32_t passed = condition_.empty() ? n : filter_pairs(n);
    std::copy(keep.begin(), keep.end(), selected_.begin());
    n = 0;
    return passed > 0;
  };
  for (uint8_t* build : rows) {
    if (!pair_may_be_equal(position, build)) continue;
    if (condition_.empty()) return true;
    pair_left_[n] = static_cast<uint16_t>(position);
    pair_right_[n++] = build;
    if (n == context_.chunk_rows() && flush()) return true;
  }
  return flush();
}

// No key is certainly different, and some key is NULL.
bool HashJoinOperator::pair_may_be_equal(uint32_t position, const uint8_t* build) const {
  uint32_t row = in_->selection()[position];
  bool unknown = false;
  std::span<const std::pair<uint32_t, KeyType>> keys = table_->keys();
  for (size_t k = 0; k < keys.size(); ++k) {
    const Vector& v = *probe_keys_.vectors()[k];
    if (v.is_null(row) || table_->format().is_null(build, keys[k].first)) {
      unknown = true;
      continue;
    }
    size_t width = types::physical_width(keys[k].second.physical);
    alignas(16) uint8_t stored[16];
    std::memcpy(stored, table_->format().value(build, keys[k].first), width);
    if (!equal_values(keys[k].second, stored, v.raw() + width * v.index(row))) return false;
  }
  return unknown;
}

}  // namespace varve::executor
