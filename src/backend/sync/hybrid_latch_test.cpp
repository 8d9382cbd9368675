#include "sync/hybrid_latch.h"

#include <gtest/gtest.h>
#include <random>
#include <thread>
#include <vector>

namespace varve::sync {
namespace {

#ifdef VARVE_TSAN
constexpr int kRounds = 5000;
#else
constexpr int kRounds = 100000;
#endif

TEST(HybridLatch, ModesExcludeEachOther) {
  HybridLatch latch;
  ASSERT_TRUE(latch.try_lock_shared());
  ASSERT_TRUE(latch.try_lock_shared());
  EXPECT_FALSE(latch.try_lock_exclusive());
  latch.unlock_shared();
  latch.unlock_shared();
  ASSERT_TRUE(latch.try_lock_exclusive());
  EXPECT_FALSE(latch.try_lock_exclusive());
  EXPECT_FALSE(latch.try_lock_shared());
  uint64_t version = 0;
  EXPECT_FALSE(latch.try_optimistic(&version));
  latch.downgrade();
  EXPECT_TRUE(latch.try_lock_shared());
  EXPECT_FALSE(latch.try_lock_exclusive());
  latch.unlock_shared();
  latch.unlock_shared();
  EXPECT_TRUE(latch.try_lock_exclusive());
  latch.unlock_exclusive();
}

#ifndef VARVE_TSAN
TEST(HybridLatch, VersionNoticesWritersOnly) {
  HybridLatch latch;
  uint64_t version = 0;
  ASSERT_TRUE(latch.try_optimistic(&version));
  latch.lock_shared();
  EXPECT_TRUE(latch.validate(version));
  latch.unlock_shared();
  EXPECT_TRUE(latch.validate(version));
  latch.lock_exclusive();
  EXPECT_FALSE(latch.validate(version));
  latch.unlock_exclusive();
  EXPECT_FALSE(latch.validate(version));
  ASSERT_TRUE(latch.try_optimistic(&version));
  latch.lock_exclusive();
  latch.downgrade();
  EXPECT_FALSE(latch.validate(version));
  latch.unlock_shared();
}
#endif

// Writers keep `a` and `b` equal; everybody checks. The final count shows that no exclusive section was lost.
TEST(HybridLatch, Torture) {
  HybridLatch latch;
  // Atomic so that optimistic reads are no data race in this test; relaxed, so they order nothing.
  std::atomic<uint64_t> a{0}, b{0};
  std::atomic<uint64_t> optimistic_hits{0};
  auto work = [&](int seed) {
    std::mt19937_64 random(static_cast<uint64_t>(seed));
    uint64_t hits = 0;
    for (int i = 0; i < kRounds; ++i) {
      switch (random() % 4) {
        case 0:
          latch.lock_exclusive();
          a.store(a.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
          if (random() % 64 == 0) std::this_thread::yield();
          b.store(b.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
          if (random() % 2 == 0) {
            latch.unlock_exclusive();
          } else {
            latch.downgrade();
            ASSERT_EQ(a.load(std::memory_order_relaxed), b.load(std::memory_order_relaxed));
            latch.unlock_shared();
          }
          break;
        case 1:
          latch.lock_shared();
          ASSERT_EQ(a.load(std::memory_order_relaxed), b.load(std::memory_order_relaxed));
          if (random() % 64 == 0) std::this_thread::yield();
          latch.unlock_shared();
          break;
        default: {
          uint64_t version = 0;
          if (!latch.try_optimistic(&version)) break;
          uint64_t x = a.load(std::memory_order_relaxed);
          uint64_t y = b.load(std::memory_order_relaxed);
          if (latch.validate(version)) {
            ASSERT_EQ(x, y);
            ++hits;
          }
          latch.end_optimistic();
        }
      }
    }
    optimistic_hits += hits;
  };
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) threads.emplace_back(work, t);
  for (auto& t : threads) t.join();
  EXPECT_EQ(a.load(), b.load());
  EXPECT_GT(optimistic_hits.load(), 0u);
  EXPECT_TRUE(latch.try_lock_exclusive());
}

// Every thread has to sleep: the holder keeps the latch far longer than anybody spins.
TEST(HybridLatch, SleepersAreWoken) {
  HybridLatch latch;
  std::atomic<int> inside{0};
  uint64_t count = 0;
  auto work = [&](bool exclusive) {
    for (int i = 0; i < 200; ++i) {
      if (exclusive) {
        latch.lock_exclusive();
        ASSERT_EQ(inside.fetch_add(1), 0);
        for (int k = 0; k < 20; ++k) std::this_thread::yield();
        ++count;
        inside.fetch_sub(1);
        latch.unlock_exclusive();
      } else {
        latch.lock_shared();
        for (int k = 0; k < 20; ++k) std::this_thread::yield();
        ASSERT_EQ(inside.load(), 0);
        latch.unlock_shared();
      }
    }
  };
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t) threads.emplace_back(work, t % 2 == 0);
  for (auto& t : threads) t.join();
  EXPECT_EQ(count, 600u);
}

}  // namespace
}  // namespace varve::sync
