// The state of every writer that is not below the horizon: one atomic word an xid, in pages of 8192 words.
//
// Pages are type-stable: a page behind the horizon is used again for later xids but never given back to the
// system. So a reader may load a word without any protection; it then looks at the horizon once more, and if
// the xid is below it by now, the word may have been somebody else's and the answer is "visible to all".
// Order for that: the horizon is stored (release) before a page is reset with release stores; the reader's
// acquire load of a recycled word therefore sees the new horizon.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

#include "common/strong_id.h"

namespace varve::txn {

// Meaning of a state word.
inline constexpr uint64_t kWordRunning = 0;
inline constexpr uint64_t kWordCommitting = 1;
// Rolled back; the low bits are the log position when it was complete. The horizon must not pass an aborted
// xid before every snapshot taken earlier is gone: such a reader may still hold a copy of a row it wrote.
inline constexpr uint64_t kWordAborted = 1ULL << 63;

inline constexpr bool word_is_finished(uint64_t word) { return word > kWordCommitting; }
inline constexpr bool word_is_committed(uint64_t word) {
  return word > kWordCommitting && word < kWordAborted;
}
inline constexpr uint64_t word_position(uint64_t word) { return word & ~kWordAborted; }

class StateTable {
 public:
  explicit StateTable(uint64_t first_xid);
  ~StateTable();

  uint64_t allocate_xid();
  uint64_t next_xid() const { return next_xid_.load(std::memory_order_acquire); }

  // kWordRunning also for a page not there (recycled just now): look at the horizon afterwards.
  uint64_t load(uint64_t xid) const {
    const Page* page = directory_[(xid >> kPageShift) & kDirectoryMask].load(std::memory_order_acquire);
    return page == nullptr ? kWordRunning : page->words[xid & kWordMask].load(std::memory_order_acquire);
  }
  // seq_cst: the wake-up protocol of transaction waits stores here and then looks for waiters.
  void store(uint64_t xid, uint64_t word) {
    Page* page = directory_[(xid >> kPageShift) & kDirectoryMask].load(std::memory_order_acquire);
    page->words[xid & kWordMask].store(word, std::memory_order_seq_cst);
  }

  // Recycles the pages wholly below `horizon`, which is published already. One thread at a time.
  void release_below(uint64_t horizon);

 private:
  static constexpr uint32_t kPageShift = 13;
  static constexpr uint64_t kWordMask = (1u << kPageShift) - 1;
  static constexpr uint64_t kDirectoryEntries = 1u << 20;  // 8.6 billion xids between horizon and next
  static constexpr uint64_t kDirectoryMask = kDirectoryEntries - 1;

  struct Page {
    std::atomic<uint64_t> words[1u << kPageShift];
  };
  void ensure_page(uint64_t xid);

  alignas(64) std::atomic<uint64_t> next_xid_;
  alignas(64) std::atomic<Page*>* directory_;
  std::mutex mutex_;  // guards what follows
  std::vector<Page*> spare_;
  uint64_t released_page_;  // pages below are recycled
};

}  // namespace varve::txn
