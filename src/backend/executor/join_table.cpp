#include "join_table.h"

#include <bit>

namespace varve::executor {

JoinTable::JoinTable(ExecutionContext&, std::span<const types::PhysicalType> columns,
                     std::vector<std::pair<uint32_t, KeyType>> keys)
    : keys_(std::move(keys)), format_(columns, kHeaderBytes), directory_(1) {}

void JoinTable::clear() {
  memory_.reset();
  heap_.reset();
  adopted_.clear();
  adopted_bytes_ = 0;
  rows_.clear();
  directory_.assign(1, 0);
  mask_ = 0;
}

void JoinTable::append(std::span<const Vector* const> columns, const Selection& rows, const uint64_t* hashes,
                       const bool* linked) {
  if (rows.count == 0) return;
  auto* memory = static_cast<uint8_t*>(memory_.allocate(size_t{format_.width()} * rows.count, 16));
  size_t first = rows_.size();
  for (uint32_t i = 0; i < rows.count; ++i) {
    uint8_t* row = memory + size_t{format_.width()} * i;
    store_raw(row, hashes[i]);
    store_raw(row + 8, linked == nullptr || linked[i] ? uint64_t{0} : kUnlinked);
    format_.clear_nulls(row);
    rows_.push_back(row);
  }
  for (uint32_t c = 0; c < columns.size(); ++c)
    format_.scatter(c, *columns[c], rows, rows_.data() + first, heap_);
}

void JoinTable::adopt(JoinTable& other) {
  rows_.insert(rows_.end(), other.rows_.begin(), other.rows_.end());
  adopted_bytes_ += other.memory_.held_bytes() + other.heap_.held_bytes();
  adopted_.push_back(std::move(other.memory_));
  adopted_.push_back(std::move(other.heap_));
  other.memory_ = Arena();
  other.heap_ = Arena();
  other.rows_.clear();
}

void JoinTable::prepare_build() {
  size_t size = std::bit_ceil(std::max<size_t>(rows_.size() * 2, 64));
  directory_.assign(size, 0);
  mask_ = size - 1;
}

void JoinTable::build() {
  prepare_build();
  for (uint8_t* row : rows_) {
    if ((load_raw<uint64_t>(row + 8) & kUnlinked) != 0) {
      store_raw(row + 8, uint64_t{0});
      continue;
    }
    uint64_t hash = hash_of(row);
    uint64_t& entry = directory_[hash & mask_];
    store_raw(row + 8, entry & kPointerMask);
    entry = (entry & ~kPointerMask) | tag(hash) | reinterpret_cast<uint64_t>(row);
  }
}

void JoinTable::link(size_t from, size_t to) {
  for (size_t i = from; i < to; ++i) {
    uint8_t* row = rows_[i];
    if ((load_raw<uint64_t>(row + 8) & kUnlinked) != 0) {
      store_raw(row + 8, uint64_t{0});
      continue;
    }
    uint64_t hash = hash_of(row);
    std::atomic_ref<uint64_t> entry(directory_[hash & mask_]);
    uint64_t old = entry.load(std::memory_order_relaxed), now = 0;
    do {
      store_raw(row + 8, old & kPointerMask);
      now = (old & ~kPointerMask) | tag(hash) | reinterpret_cast<uint64_t>(row);
    } while (!entry.compare_exchange_weak(old, now, std::memory_order_release, std::memory_order_relaxed));
  }
}

void JoinTable::heads(const uint64_t* hashes, uint32_t count, uint8_t** heads) const {
  const uint64_t* directory = directory_.data();
  constexpr size_t kLarge = 16'384;  // entries that no longer lie in a core's fastest memory
  if (directory_.size() >= kLarge) {
    for (uint32_t i = 0; i < count; ++i) __builtin_prefetch(&directory[hashes[i] & mask_]);
  }
  for (uint32_t i = 0; i < count; ++i) {
    uint64_t entry = directory[hashes[i] & mask_];
    heads[i] = (entry & tag(hashes[i])) != 0 ? reinterpret_cast<uint8_t*>(entry & kPointerMask) : nullptr;
    __builtin_prefetch(heads[i]);  // of null: nothing
  }
}

uint32_t JoinTable::match(std::span<const Vector* const> keys, const Selection& rows,
                          const uint8_t* const* at, uint16_t* positions, uint32_t count) const {
  for (size_t k = 0; k < keys_.size() && count > 0; ++k) {
    count = format_.match(keys_[k].first, keys_[k].second, *keys[k], rows, at, positions, count, nullptr,
                          nullptr);
  }
  return count;
}

}  // namespace varve::executor
