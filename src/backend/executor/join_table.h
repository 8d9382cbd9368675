// The build side of a hash join: rows in chains under a directory of tagged pointers.
//
// A directory entry: 48 bits of pointer to the chain's first row, 16 bits of filter, one set for each hash in
// the chain (Leis et al., "Morsel-Driven Parallelism", 2014): most misses never leave the directory. Row
// header: u64 hash | u64 next row, top bit: has been matched.
#pragma once

#include <atomic>
#include <vector>

#include "executor/execution_context.h"
#include "row_format.h"

namespace varve::executor {

class JoinTable {
 public:
  static constexpr uint32_t kHeaderBytes = 16;

  // Rows have `columns` columns of which `keys[k].first` is key k.
  JoinTable(ExecutionContext& context, std::span<const types::PhysicalType> columns,
            std::vector<std::pair<uint32_t, KeyType>> keys);

  void clear();
  // linked[i] false: the row is kept (to be returned unmatched) but never found.
  void append(std::span<const Vector* const> columns, const Selection& rows, const uint64_t* hashes,
              const bool* linked);
  void build();
  // Takes over all rows of a table of the same format (filled by another thread).
  void adopt(JoinTable& other);
  // build() in parts that threads may do at once: first prepare, then the ranges.
  void prepare_build();
  void link(size_t from, size_t to);

  // heads[i]: first row of the chain that may hold hashes[i], or null.
  void heads(const uint64_t* hashes, uint32_t count, uint8_t** heads) const;
  // Keeps the positions whose row equals the keys.
  uint32_t match(std::span<const Vector* const> keys, const Selection& rows, const uint8_t* const* at,
                 uint16_t* positions, uint32_t count) const;

  static uint64_t hash_of(const uint8_t* row) { return load_raw<uint64_t>(row); }
  static uint8_t* next(const uint8_t* row) {
    return reinterpret_cast<uint8_t*>(load_raw<uint64_t>(row + 8) & ~kMatched);
  }
  static bool matched(const uint8_t* row) { return (load_raw<uint64_t>(row + 8) & kMatched) != 0; }
  // By several threads at once.
  static void set_matched(uint8_t* row) {
    auto& word = *reinterpret_cast<uint64_t*>(row + 8);
    std::atomic_ref<uint64_t> atomic(word);
    if ((atomic.load(std::memory_order_relaxed) & kMatched) == 0)
      atomic.fetch_or(kMatched, std::memory_order_relaxed);
  }

  const RowFormat& format() const { return format_; }
  std::span<uint8_t* const> rows() const { return rows_; }
  std::span<const std::pair<uint32_t, KeyType>> keys() const { return keys_; }
  size_t buckets() const { return directory_.size(); }
  size_t memory_bytes() const {
    return adopted_bytes_ + memory_.held_bytes() + heap_.held_bytes() +
           (rows_.capacity() + rows_.size() * 2) * 8;
  }

 private:
  static constexpr uint64_t kMatched = 1ULL << 63;
  static constexpr uint64_t kUnlinked = 1ULL << 62;
  static constexpr uint64_t kPointerMask = (1ULL << 48) - 1;
  static uint64_t tag(uint64_t hash) { return 1ULL << (48 + (hash >> 60)); }

  std::vector<std::pair<uint32_t, KeyType>> keys_;
  RowFormat format_;
  Arena memory_, heap_;
  std::vector<Arena> adopted_;
  size_t adopted_bytes_ = 0;
  std::vector<uint8_t*, memory_budget::Allocator<uint8_t*>> rows_;
  std::vector<uint64_t, memory_budget::Allocator<uint64_t>> directory_;
  size_t mask_ = 0;
};

}  // namespace varve::executor
