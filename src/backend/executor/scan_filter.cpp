#include "scan_filter.h"

#include <algorithm>

#include "functions/type_oids.h"

namespace varve::executor {

FirstOfGroup::FirstOfGroup(ExecutionContext& context, std::span<const SortColumn> keys, uint32_t group_keys)
    : context_(context),
      keys_(keys.begin(), keys.end()),
      group_keys_(group_keys),
      found_(context.chunk_rows()),
      prefixes_(context.chunk_rows()) {
  for (const SortColumn& key : keys_) columns_.push_back(key.column);
  clear();
}

void FirstOfGroup::clear() {
  std::vector<KeyType> types;
  for (uint32_t k = 0; k < group_keys_; ++k)
    types.push_back(make_key_type(keys_[k].key.type, nullptr, KeyUse::kHash));
  groups_ = std::make_unique<GroupTable>(context_, std::move(types), sizeof(uint64_t));
  tested_ = passed_ = 0;
  given_up_ = false;
}

// Where groups are small, the table costs more than the rows that it saves sorting.
bool FirstOfGroup::pays() const {
  constexpr uint64_t kTrial = 50'000;
  if (tested_ > kTrial && passed_ * 2 > tested_) return false;
  return groups_->memory_bytes() <= context_.hash_memory_bytes() / 2;
}

uint32_t FirstOfGroup::select(const Chunk& rows, const Selection& selection, uint16_t* out) {
  const uint32_t count = selection.count;
  const bool tell_apart = !given_up_ && pays();
  if (!tell_apart) {
    if (!given_up_) groups_->clear();
    given_up_ = true;
    for (uint32_t i = 0; i < count; ++i) out[i] = static_cast<uint16_t>(selection[i]);
    return count;
  }
  vectors_.clear();
  for (uint32_t k = 0; k < group_keys_; ++k) vectors_.push_back(&rows.column(keys_[k].column));
  groups_->find(vectors_, selection, found_.data(), true);
  const uint32_t state = groups_->state_offset();
  for (uint8_t* group : groups_->fresh()) store_raw(group + state, ~uint64_t{0});
  const bool ordered = keys_.size() > group_keys_;
  if (ordered) {
    const SortColumn& next = keys_[group_keys_];
    sort_prefixes(next, rows.column(next.column), selection, prefixes_.data());
    for (uint32_t i = 0; i < count; ++i) {
      uint8_t* least = found_[i] + state;
      store_raw(least, std::min(load_raw<uint64_t>(least), prefixes_[i]));
    }
  }
  uint32_t n = 0;
  for (uint32_t i = 0; i < count; ++i) {
    uint8_t* least = found_[i] + state;
    // Equal prefixes may be of different keys. Without an order the first row will do.
    const bool wanted = ordered ? prefixes_[i] == load_raw<uint64_t>(least) : load_raw<uint64_t>(least) != 0;
    if (!ordered) store_raw(least, uint64_t{0});
    if (wanted) out[n++] = static_cast<uint16_t>(selection[i]);
  }
  tested_ += count;
  passed_ += n;
  return n;
}

FirstOfAll::FirstOfAll(ExecutionContext& context, const Sorter& sorter, std::span<const SortColumn> keys,
                       size_t bounded)
    : sorter_(sorter), keys_(keys.begin(), keys.end()), bounded_(bounded), prefixes_(context.chunk_rows()) {}

uint32_t FirstOfAll::select(const Chunk& rows, const Selection& selection, uint16_t* out) {
  uint64_t threshold = sorter_.threshold();
  sort_prefixes(keys_[0], rows.column(keys_[0].column), selection, prefixes_.data());
  // More rows than are wanted in all: of these, too, only the first count.
  const uint64_t limit = sorter_.limit();
  if (threshold == UINT64_MAX && limit > 0 && limit * 4 <= selection.count) {
    least_.assign(prefixes_.begin(), prefixes_.begin() + selection.count);
    auto last = least_.begin() + static_cast<ptrdiff_t>(limit - 1);
    std::nth_element(least_.begin(), last, least_.end());
    threshold = *last;
  }
  uint32_t n = 0;
  for (uint32_t i = 0; i < selection.count; ++i) {
    out[n] = static_cast<uint16_t>(selection[i]);
    n += static_cast<uint32_t>(prefixes_[i] <= threshold);
  }
  return n;
}

std::optional<ScanFilter::Bound> FirstOfAll::bound_of(size_t key) const {
  if (key >= bounded_) return std::nullopt;
  const types::Value last = sorter_.last_key(key);
  if (last.null) return std::nullopt;
  return Bound{
      keys_[key].column,
      keys_[key].descending ? access::ColumnComparison::kGreaterEqual : access::ColumnComparison::kLessEqual,
      last};
}

std::optional<ScanFilter::Bound> FirstOfAll::bound(std::optional<Bound>* among_equals) {
  *among_equals = bound_of(1);
  return bound_of(0);
}

std::vector<access::ZoneOrder> FirstOfAll::order() const {
  std::vector<access::ZoneOrder> order;
  for (size_t k = 0; k < bounded_; ++k) order.push_back({keys_[k].column, keys_[k].descending});
  return order;
}

}  // namespace varve::executor
