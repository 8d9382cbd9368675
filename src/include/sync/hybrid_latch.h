// A latch with three ways in: optimistic (no store at all), shared, exclusive. One 64-bit word:
//
//   63                      18   17       16          15                0
//   +-------------------------+---------+-----------+------------------+
//   | version                 | waiters | exclusive | shared holders   |
//   +-------------------------+---------+-----------+------------------+
//
// The version advances with every exclusive unlock. A waiting thread spins shortly, then sets `waiters` and
// sleeps on the word's low half (futex); the unlock that leaves the latch free clears `waiters` and wakes
// all. While `waiters` is set, new shared lockers queue up behind instead of overtaking, so writers do not
// starve.
//
// Why it is right on weakly ordered machines (Boehm, "Can seqlocks get along with programming language memory
// models?", 2012). Let W be a writer: acquire-CAS (sets exclusive), release fence, data stores, release add
// (advances the version, clears exclusive). Let R be an optimistic reader: acquire load v0, data loads,
// acquire fence, relaxed load v1; valid iff v0 was not exclusive and version and exclusive bit are the same
// in v1.
//  1. If a data load of R sees a store of W, then W's release fence, before that store, synchronizes with R's
//  acquire
//     fence, after that load; so W's CAS happens before R's load of v1, which sees the exclusive bit or a
//     later version: not equal to v0 unless v0 was loaded after W's unlock - in that case nothing was wrong.
//  2. If v0 is W's unlock or later, the release add synchronizes with R's acquire load: R sees all of W's
//  stores.
// So a valid read saw exactly the state at v0. The data loads race formally with W's stores; they are of
// bytes that nobody trusts before validation. Under TSan, which cannot know that, optimistic locks are shared
// locks.
//
// Not recursive. Waiting for a latch is not a cancellation point: holders never wait for anything but I/O.
#pragma once

#include <atomic>
#include <cstdint>

namespace varve::sync {

class HybridLatch {
 public:
  HybridLatch() = default;
  HybridLatch(const HybridLatch&) = delete;
  HybridLatch& operator=(const HybridLatch&) = delete;

  // Optimistic. False: a writer is inside.
  bool try_optimistic(uint64_t* version) {
#ifdef VARVE_TSAN
    *version = 0;
    return try_lock_shared();
#else
    uint64_t word = word_.load(std::memory_order_acquire);
    *version = word & kVersionAndExclusive;
    return (word & kExclusive) == 0;
#endif
  }
  [[nodiscard]] bool validate(uint64_t version) const {
#ifdef VARVE_TSAN
    return version == 0;
#else
    std::atomic_thread_fence(std::memory_order_acquire);
    return (word_.load(std::memory_order_relaxed) & kVersionAndExclusive) == version;
#endif
  }
  // Pairs with every successful try_optimistic().
  void end_optimistic() {
#ifdef VARVE_TSAN
    unlock_shared();
#endif
  }

  bool try_lock_shared() {
    uint64_t word = word_.load(std::memory_order_relaxed);
    while ((word & (kExclusive | kWaiters)) == 0) {
      if (word_.compare_exchange_weak(word, word + 1, std::memory_order_acquire, std::memory_order_relaxed))
        return true;
    }
    return false;
  }
  void lock_shared() {
    if (!try_lock_shared()) lock_shared_slow();
  }
  void unlock_shared() {
    uint64_t before = word_.fetch_sub(1, std::memory_order_release);
    if ((before & kSharedMask) == 1 && (before & kWaiters) != 0) wake();
  }

  bool try_lock_exclusive() {
    uint64_t word = word_.load(std::memory_order_relaxed);
    if ((word & (kExclusive | kSharedMask)) != 0) return false;
    if (!word_.compare_exchange_strong(word, word | kExclusive, std::memory_order_acquire,
                                       std::memory_order_relaxed))
      return false;
#ifndef VARVE_TSAN  // no optimistic readers to order against
    std::atomic_thread_fence(std::memory_order_release);
#endif
    return true;
  }
  void lock_exclusive() {
    if (!try_lock_exclusive()) lock_exclusive_slow();
  }
  void unlock_exclusive() {
    uint64_t before = word_.fetch_add(kVersionOne - kExclusive, std::memory_order_release);
    if ((before & kWaiters) != 0) wake();
  }
  // Exclusive to shared without a gap; advances the version.
  void downgrade() {
    uint64_t before = word_.fetch_add(kVersionOne - kExclusive + 1, std::memory_order_release);
    if ((before & kWaiters) != 0) wake();
  }

  bool is_exclusive() const { return (word_.load(std::memory_order_relaxed) & kExclusive) != 0; }

 private:
  static constexpr uint64_t kSharedMask = 0xFFFF;
  static constexpr uint64_t kExclusive = 1ULL << 16;
  static constexpr uint64_t kWaiters = 1ULL << 17;
  static constexpr uint64_t kVersionOne = 1ULL << 18;
  static constexpr uint64_t kVersionAndExclusive = ~(kSharedMask | kWaiters);

  void lock_shared_slow();
  void lock_exclusive_slow();
  void wake();
  // Sleeps if the word is still held and `waiters` could be set.
  void park(uint64_t word);

  std::atomic<uint64_t> word_{0};
};
static_assert(sizeof(HybridLatch) == 8);

}  // namespace varve::sync
