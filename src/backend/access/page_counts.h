// How many rows of a heap page everybody sees, remembered by the page's LSN: count(*) then does not look at
// rows of pages that have not changed. In memory only; thread-safe; a page not remembered is counted again.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "common/strong_id.h"

namespace varve::access {

class PageCounts {
 public:
  PageCounts() = default;
  ~PageCounts();
  PageCounts(const PageCounts&) = delete;
  PageCounts& operator=(const PageCounts&) = delete;

  // `ordinal`: the page's place among the heap's pages. False: not known for this state of the page.
  bool find(uint64_t ordinal, Lsn lsn, uint32_t* count) const;
  void note(uint64_t ordinal, Lsn lsn, uint32_t count);

 private:
  // Words are allocated in blocks when first needed; pages behind the last block (64 GiB) are not remembered.
  static constexpr size_t kBlockWords = 8192;
  static constexpr size_t kBlocks = 1024;

  // word = lsn << 16 | count + 1; 0: nothing known
  std::array<std::atomic<std::atomic<uint64_t>*>, kBlocks> blocks_{};
};

}  // namespace varve::access
