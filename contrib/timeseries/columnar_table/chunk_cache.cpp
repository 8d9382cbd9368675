#include "chunk_cache.h"

#include <algorithm>

#include "stratum.h"

namespace varve::columnar_table {

ChunkCache& ChunkCache::instance() {
  static ChunkCache cache;
  return cache;
}

void ChunkCache::add(std::weak_ptr<Stratum> stratum, uint32_t column, size_t bytes) {
  std::lock_guard guard(mutex_);
  bytes_.fetch_add(bytes, std::memory_order_relaxed);
  memory_budget::count(bytes);
  entries_.push_back({std::move(stratum), column});
  if (entries_.size() >= prune_at_) {
    std::erase_if(entries_, [](const Entry& e) { return e.stratum.expired(); });
    prune_at_ = entries_.size() * 2 + kPruneAt;
  }
  evict();
}

void ChunkCache::set_limit(size_t bytes) {
  std::lock_guard guard(mutex_);
  limit_ = bytes;
  evict();
}

// No more than a quarter of what queries may hold.
size_t ChunkCache::limit() const {
  const uint64_t budget = memory_budget::limit_bytes();
  return budget == 0 ? limit_ : std::min<size_t>(limit_, budget / 4);
}

// Twice around is enough, unless others use everything again meanwhile.
void ChunkCache::evict() {
  for (size_t looks = 2 * entries_.size(); looks > 0 && bytes() > limit() && !entries_.empty(); --looks) {
    Entry entry = std::move(entries_.front());
    entries_.pop_front();
    const std::shared_ptr<Stratum> stratum = entry.stratum.lock();
    if (stratum == nullptr) continue;
    if (const size_t given = stratum->give_up(entry.column); given != 0)
      forget(given);
    else
      entries_.push_back(std::move(entry));
  }
}

}  // namespace varve::columnar_table
