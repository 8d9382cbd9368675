#include "group_table.h"

#include <numeric>

namespace varve::executor {

namespace {
constexpr size_t kFirstSlots = 256;
constexpr size_t kLarge = 16'384;  // slots that no longer lie in a core's fastest memory

std::vector<types::PhysicalType> physicals(std::span<const KeyType> keys) {
  std::vector<types::PhysicalType> out;
  for (const KeyType& k : keys) out.push_back(k.physical);
  return out;
}
}  // namespace

GroupTable::GroupTable(ExecutionContext& context, std::vector<KeyType> keys, uint32_t state_bytes)
    : keys_(std::move(keys)),
      format_(physicals(keys_), sizeof(uint64_t), state_bytes),
      hashes_(context.chunk_rows()),
      at_(context.chunk_rows()),
      open_(context.chunk_rows()),
      candidates_(context.chunk_rows()),
      rejected_(context.chunk_rows()),
      fresh_rows_(context.chunk_rows()) {
  slots_.resize(kFirstSlots);
}

void GroupTable::clear() {
  memory_.reset();
  heap_.reset();
  rows_.clear();
  ended_ = 0;
  fresh_.clear();
  free_rows_ = 0;
  slots_.assign(kFirstSlots, 0);
  slots_.shrink_to_fit();
}

uint8_t* GroupTable::new_row(uint64_t hash) {
  if (free_rows_ == 0) {
    free_rows_ = rows_.size() < 64 ? 8 : 256;
    free_ = static_cast<uint8_t*>(memory_.allocate(free_rows_ * format_.width(), 16));
  }
  uint8_t* row = free_;
  free_ += format_.width();
  --free_rows_;
  store_raw(row, hash);
  format_.clear_nulls(row);
  rows_.push_back(row);
  return row;
}

// To at most half full with `more` rows: a probe must always meet an empty slot.
void GroupTable::grow(size_t more) {
  size_t size = slots_.size();
  while ((rows_.size() + more) * 2 > size) size *= 4;
  Slots slots(size);
  size_t mask = slots.size() - 1;
  for (uint8_t* row : rows_) {
    uint64_t hash = hash_of(row);
    size_t at = hash & mask;
    while (slots[at] != 0) at = (at + 1) & mask;
    slots[at] = (hash & ~kPointerMask) | reinterpret_cast<uint64_t>(row);
  }
  slots_ = std::move(slots);
}

void GroupTable::reserve(size_t groups) {
  if (groups > rows_.size() && groups * 2 > slots_.size()) grow(groups - rows_.size());
}

void GroupTable::adopt(std::span<uint8_t* const> groups, uint8_t** same) {
  constexpr size_t kAhead = 16;
  if ((rows_.size() + groups.size()) * 2 > slots_.size()) grow(groups.size());
  const size_t mask = slots_.size() - 1;
  for (size_t i = 0; i < std::min(kAhead, groups.size()); ++i)
    __builtin_prefetch(&slots_[hash_of(groups[i]) & mask], 1);
  for (size_t i = 0; i < groups.size(); ++i) {
    if (i + kAhead < groups.size()) __builtin_prefetch(&slots_[hash_of(groups[i + kAhead]) & mask], 1);
    uint8_t* group = groups[i];
    const uint64_t hash = hash_of(group);
    same[i] = nullptr;
    size_t at = hash & mask;
    for (; slots_[at] != 0; at = (at + 1) & mask) {
      if ((slots_[at] ^ hash) > kPointerMask) continue;
      auto* known = reinterpret_cast<uint8_t*>(slots_[at] & kPointerMask);
      if (hash_of(known) != hash) continue;
      bool equal = true;
      for (uint32_t k = 0; k < keys_.size() && equal; ++k) equal = format_.same(k, keys_[k], known, group);
      if (!equal) continue;
      same[i] = known;
      break;
    }
    if (same[i] != nullptr) continue;
    slots_[at] = (hash & ~kPointerMask) | reinterpret_cast<uint64_t>(group);
    rows_.push_back(group);
  }
}

void GroupTable::find(std::span<const Vector* const> keys, const Selection& rows, uint8_t** groups,
                      bool add) {
  fresh_.clear();
  uint32_t n = rows.count;
  if (add && (rows_.size() + n) * 2 > slots_.size()) grow(n);
  if (keys.empty()) std::fill_n(hashes_.begin(), n, 0);
  for (size_t k = 0; k < keys.size(); ++k) hash_vector(keys_[k], *keys[k], rows, hashes_.data(), k > 0);
  const size_t mask = slots_.size() - 1;
  for (uint32_t i = 0; i < n; ++i) {
    at_[i] = hashes_[i] & mask;
    open_[i] = static_cast<uint16_t>(i);
  }
  const bool large = slots_.size() >= kLarge;
  if (large) {
    for (uint32_t i = 0; i < n; ++i) __builtin_prefetch(&slots_[at_[i]]);
  }
  uint32_t open = n;
  while (open > 0) {
    uint32_t candidates = 0, rejected = 0;
    size_t first_fresh = fresh_.size();
    for (uint32_t o = 0; o < open; ++o) {
      uint16_t i = open_[o];
      uint64_t hash = hashes_[i];
      size_t at = at_[i];
      uint64_t slot = slots_[at];
      while (slot != 0 && (slot ^ hash) > kPointerMask) {
        at = (at + 1) & mask;
        slot = slots_[at];
      }
      at_[i] = at;
      if (slot != 0) {
        groups[i] = reinterpret_cast<uint8_t*>(slot & kPointerMask);
        if (large) __builtin_prefetch(groups[i], 1);
        candidates_[candidates++] = i;
      } else if (add) {
        uint8_t* row = new_row(hash);
        slots_[at] = (hash & ~kPointerMask) | reinterpret_cast<uint64_t>(row);
        groups[i] = row;
        fresh_rows_[fresh_.size()] = static_cast<uint16_t>(rows[i]);
        fresh_.push_back(row);
      } else {
        groups[i] = nullptr;
      }
    }
    if (size_t added = fresh_.size() - first_fresh; added > 0) {
      Selection s{fresh_rows_.data() + first_fresh, static_cast<uint32_t>(added)};
      for (uint32_t k = 0; k < keys.size(); ++k)
        format_.scatter(k, *keys[k], s, fresh_.data() + first_fresh, heap_);
    }
    for (uint32_t k = 0; k < keys.size() && candidates > 0; ++k) {
      candidates = format_.match(k, keys_[k], *keys[k], rows, groups, candidates_.data(), candidates,
                                 rejected_.data(), &rejected);
    }
    for (uint32_t r = 0; r < rejected; ++r) at_[rejected_[r]] = (at_[rejected_[r]] + 1) & mask;
    std::swap(open_, rejected_);
    open = rejected;
  }
}

}  // namespace varve::executor
