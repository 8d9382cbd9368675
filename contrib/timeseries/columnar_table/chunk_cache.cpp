#include "chunk_cache.h"

namespace varve::columnar_table {

ChunkCache& ChunkCache::instance() {
  static ChunkCache cache;
  return cache;
}

ChunkPtr ChunkCache::find(uint64_t stratum, uint32_t column) {
  std::lock_guard guard(mutex_);
  auto it = places_.find(Key{stratum, column});
  if (it == places_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, it->second);
  return it->second->chunk;
}

void ChunkCache::add(uint64_t stratum, uint32_t column, ChunkPtr chunk) {
  std::lock_guard guard(mutex_);
  const Key key{stratum, column};
  if (places_.contains(key)) return;
  bytes_ += chunk->bytes.size();
  entries_.push_front({key, std::move(chunk)});
  places_[key] = entries_.begin();
  evict();
}

void ChunkCache::set_limit(size_t bytes) {
  std::lock_guard guard(mutex_);
  limit_ = bytes;
  evict();
}

void ChunkCache::evict() {
  while (bytes_ > limit_ && !entries_.empty()) {
    bytes_ -= entries_.back().chunk->bytes.size();
    places_.erase(entries_.back().key);
    entries_.pop_back();
  }
}

}  // namespace varve::columnar_table
