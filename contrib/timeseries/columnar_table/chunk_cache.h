// Column chunks in memory, as they are encoded, so that a scan need not put them together from the pages of
// the heap again. Each lies with its stratum, where whoever reads finds it without another table; here is
// what bounds them all: one for the process, a clock, which takes away what has not been used since it last
// came by. Whoever uses a chunk holds it by its pointer, taken away or not.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>

#include "columnar/segment_builder.h"
#include "columnar/segment_reader.h"
#include "memory/memory_budget.h"

namespace varve::columnar_table {

class Stratum;

// A column of one stratum: its bytes and the reader over them.
struct OpenChunk {
  OpenChunk(columnar::SegmentBytes b, columnar::ColumnReader r) : bytes(std::move(b)), reader(std::move(r)) {}
  const columnar::SegmentBytes bytes;
  const columnar::ColumnReader reader;
};
using ChunkPtr = std::shared_ptr<const OpenChunk>;

class ChunkCache {
 public:
  static constexpr size_t kDefaultBytes = size_t{512} << 20;

  static ChunkCache& instance();

  // The stratum has the chunk now.
  void add(std::weak_ptr<Stratum> stratum, uint32_t column, size_t bytes);
  // A stratum goes with its chunks.
  void forget(size_t bytes) {
    bytes_.fetch_sub(bytes, std::memory_order_relaxed);
    memory_budget::give_back(bytes);
  }
  void set_limit(size_t bytes);
  size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

 private:
  struct Entry {
    std::weak_ptr<Stratum> stratum;
    uint32_t column;
  };
  size_t limit() const;
  void evict();

  static constexpr size_t kPruneAt = 1024;

  std::mutex mutex_;
  std::deque<Entry> entries_;   // in the order in which the clock comes by
  size_t prune_at_ = kPruneAt;  // so many entries: those of strata that have gone are to be removed
  size_t limit_ = kDefaultBytes;
  std::atomic<size_t> bytes_{0};
};

}  // namespace varve::columnar_table
