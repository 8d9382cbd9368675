// The full fence of the publish-then-look protocols, and numbers that spread threads.
#pragma once

#include <atomic>
#include <cstdint>

namespace varve::txn {

// Store before, load after: neither may pass the other. ThreadSanitizer does not know fences, but it does
// know read-modify-writes of one variable, which order the same.
inline void full_fence() {
#ifdef VARVE_TSAN
  static std::atomic<uint32_t> meeting_point{0};
  meeting_point.fetch_add(1, std::memory_order_seq_cst);
#else
  std::atomic_thread_fence(std::memory_order_seq_cst);
#endif
}

// Small number of the calling thread, to spread threads over stripes. A hint about the thread, not session
// state.
uint32_t thread_stripe();

}  // namespace varve::txn
