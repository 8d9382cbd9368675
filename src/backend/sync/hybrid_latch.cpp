#include "sync/hybrid_latch.h"

#include <climits>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sync/spin_lock.h"

namespace varve::sync {
namespace {

constexpr int kSpins = 128;

// The half of the word that holds count, exclusive and waiters (little-endian machines).
uint32_t* low_half(std::atomic<uint64_t>* word) { return reinterpret_cast<uint32_t*>(word); }

}  // namespace

void HybridLatch::park(uint64_t word) {
  uint64_t wanted = word | kWaiters;
  if (word != wanted &&
      !word_.compare_exchange_strong(word, wanted, std::memory_order_relaxed, std::memory_order_relaxed))
    return;
  // The kernel compares under its own lock: if an unlock has cleared `waiters` meanwhile, it returns at once.
  syscall(SYS_futex, low_half(&word_), FUTEX_WAIT_PRIVATE, static_cast<uint32_t>(wanted), nullptr, nullptr,
          0);
}

void HybridLatch::wake() {
  // Cleared first: who parks after this sets the bit again and is woken by the next unlock, or finds the
  // latch free.
  word_.fetch_and(~kWaiters, std::memory_order_relaxed);
  syscall(SYS_futex, low_half(&word_), FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
}

void HybridLatch::lock_shared_slow() {
  for (;;) {
    for (int i = 0; i < kSpins; ++i) {
      if (try_lock_shared()) return;
      cpu_pause();
    }
    uint64_t word = word_.load(std::memory_order_relaxed);
    if ((word & kExclusive) != 0) {
      park(word);
    } else if ((word & kWaiters) != 0) {
      // A writer waits for the readers inside. Stand back for it; but with no holder left there is nobody to
      // clear the bit (it was set as the last holder went), so go in past it.
      if ((word & kSharedMask) != 0) {
        park(word);
      } else if (word_.compare_exchange_weak(word, word + 1, std::memory_order_acquire,
                                             std::memory_order_relaxed)) {
        return;
      }
    }
  }
}

void HybridLatch::lock_exclusive_slow() {
  for (;;) {
    for (int i = 0; i < kSpins; ++i) {
      if (try_lock_exclusive()) return;
      cpu_pause();
    }
    uint64_t word = word_.load(std::memory_order_relaxed);
    if ((word & (kExclusive | kSharedMask)) != 0) park(word);
  }
}

}  // namespace varve::sync
