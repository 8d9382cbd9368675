// A spin lock for sections of a few instructions.
#pragma once

#include <atomic>
#include <cstdint>
#include <sched.h>

namespace varve::sync {

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

}  // namespace varve::sync
