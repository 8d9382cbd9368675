// What the process knows of a heap. Where it has room: in memory, a hint, lost at a restart and found again
// by sampling.
//
// Inserting sessions work on different pages (one current page a stripe). Pages that get room back (rollback,
// purge, vacuum, a change of page) are noted in classes of 256 bytes.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "buffer/buffer_pool.h"

namespace varve::access {

class FreeSpace {
 public:
  static constexpr uint32_t kStripes = 16;

  // The page that a stripe of sessions inserts into.
  std::atomic<uint64_t>& current(uint32_t stripe) { return current_[stripe % kStripes].page; }

  // `free_bytes` are free in `page` (approximately).
  void note(PageId page, size_t free_bytes);
  // A page with room for `bytes`, removed from the notes: the caller makes it current or notes it again.
  PageId take(size_t bytes);

  // The segment of the heap's values out of line: kUnknown, 0 (none) or its number. Not a hint: see
  // HeapImpl::overflow_id().
  static constexpr uint64_t kUnknown = ~0ULL;
  std::atomic<uint64_t> overflow{kUnknown};
  std::mutex making_overflow;  // so that nobody opens the new segment's map before the old one is forgotten

  // True once, for the thread that is to sample the pages that were there before this process.
  bool claim_sampling() { return !sampled_.exchange(true, std::memory_order_acq_rel); }

 private:
  static constexpr size_t kClassBytes = 256;
  static constexpr size_t kClasses = 32;
  struct alignas(64) Stripe {
    std::atomic<uint64_t> page{0};
  };
  std::array<Stripe, kStripes> current_;
  std::atomic<bool> sampled_{false};
  std::mutex mutex_;  // guards what follows
  std::array<std::vector<PageId>, kClasses> classes_;
  std::unordered_map<PageId, size_t> known_;  // page -> class; a page in a class but not here is stale
};

// The map of a segment: the heap object and the purge functions, which know only pool and segment, share it.
std::shared_ptr<FreeSpace> free_space_of(buffer::BufferPool& pool, PageId segment);
// A segment of this number begins its life: what a heap object of an earlier one with the same number knows
// (stale plans may keep it open) is not to be found any more.
void forget_free_space(buffer::BufferPool& pool, PageId segment);
// Null when no heap object is open.
std::shared_ptr<FreeSpace> find_free_space(buffer::BufferPool& pool, PageId segment);

}  // namespace varve::access
