// A place for a page in memory. Here so that guards inline; used by nobody but the guards and the pool.
//
// There is no pin count: whoever holds the latch keeps the page, because eviction needs the exclusive latch.
// A frame found through the translation array may have been given to another page meanwhile: latch first,
// then compare `page_id`, which changes only under the exclusive latch.
#pragma once

#include <atomic>
#include <cstdint>

#include "buffer/page.h"
#include "common/io_counters.h"
#include "common/strong_id.h"
#include "sync/hybrid_latch.h"

namespace varve::buffer {

struct alignas(64) Frame {
  static constexpr uint64_t kNoPage = ~0ULL;

  sync::HybridLatch latch;
  std::atomic<uint64_t> page_id{kNoPage};
  Page* page = nullptr;
  // Lsn of the first change since the page was last written out (or began to be); 0: none.
  std::atomic<uint64_t> dirty_lsn{0};
  // While `writing`: the dirty_lsn of the copy that is on its way to disk.
  std::atomic<uint64_t> writing_lsn{0};
  std::atomic<uint8_t> writing{0};
  std::atomic<uint8_t> referenced{0};  // clock bit
  std::atomic<uint64_t>* dirty_count = nullptr;

  PageId id() const { return PageId{page_id.load(std::memory_order_relaxed)}; }

  void mark_dirty(Lsn lsn) {
    if (dirty_lsn.load(std::memory_order_relaxed) != 0) return;
    uint64_t none = 0;
    uint64_t value = lsn.value() == 0 ? 1 : lsn.value();
    // A write that failed may be putting the older Lsn back at this moment; that one is to stay.
    if (dirty_lsn.compare_exchange_strong(none, value, std::memory_order_release,
                                          std::memory_order_relaxed)) {
      dirty_count->fetch_add(1, std::memory_order_relaxed);
      ++t_io_counters.dirtied;
    }
  }
};

}  // namespace varve::buffer
