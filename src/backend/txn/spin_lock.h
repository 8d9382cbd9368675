// A spin lock for sections of a few instructions, and the full fence of the publish-then-look protocols.
#pragma once

#include <atomic>
#include <cstdint>
#include <sched.h>

namespace varve::txn {

inline void cpu_pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("isb" ::: "memory");
#endif
}

class SpinLock {
 public:
  void lock() {
    for (uint32_t spins = 0; flag_.exchange(1, std::memory_order_acquire) != 0;) {
      while (flag_.load(std::memory_order_relaxed) != 0) {
        if (++spins % 256 == 0)
          sched_yield();  // the holder may be off the processor
        else
          cpu_pause();
      }
    }
  }
  void unlock() { flag_.store(0, std::memory_order_release); }

 private:
  std::atomic<uint32_t> flag_{0};
};

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
