// Column chunks in memory, as they are encoded, so that a scan need not put them together from the pages of
// the heap again. One for the process, bounded: what was used longest ago goes first. Whoever uses a chunk
// holds it by its pointer, evicted or not.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "columnar/segment_builder.h"
#include "columnar/segment_reader.h"

namespace varve::columnar_table {

// A column of one stratum: its bytes and the reader over them.
struct OpenChunk {
  explicit OpenChunk(columnar::SegmentBytes b) : bytes(std::move(b)) {}
  columnar::SegmentBytes bytes;
  std::unique_ptr<const columnar::ColumnReader> reader;
};
using ChunkPtr = std::shared_ptr<const OpenChunk>;

class ChunkCache {
 public:
  static constexpr size_t kDefaultBytes = size_t{512} << 20;

  static ChunkCache& instance();

  ChunkPtr find(uint64_t stratum, uint32_t column);
  void add(uint64_t stratum, uint32_t column, ChunkPtr chunk);
  void set_limit(size_t bytes);

 private:
  struct Key {
    uint64_t stratum;
    uint32_t column;
    bool operator==(const Key&) const = default;
  };
  struct Hash {
    size_t operator()(const Key& k) const { return (k.stratum * 0x9E3779B97F4A7C15ULL) ^ k.column; }
  };
  struct Entry {
    Key key;
    ChunkPtr chunk;
  };
  void evict();

  std::mutex mutex_;
  std::list<Entry> entries_;  // the last used first
  std::unordered_map<Key, std::list<Entry>::iterator, Hash> places_;
  size_t bytes_ = 0, limit_ = kDefaultBytes;
};

}  // namespace varve::columnar_table
