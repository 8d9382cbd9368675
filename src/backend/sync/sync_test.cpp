#include <functional>
#include <gtest/gtest.h>
#include <thread>
#include <vector>

#include "common/sql_error.h"
#include "sync/blocking_scope.h"
#include "sync/parking_spot.h"
#include "sync/run_slots.h"

namespace varve::sync {
namespace {

constexpr WaitEvent kTestWait{WaitClass::kIpc, "Test"};
constexpr WaitEvent kInnerWait{WaitClass::kIo, "Inner"};

// Lets a test act at the moment a thread begins to wait.
class AtEntry : public WaitHook {
 public:
  explicit AtEntry(std::function<void()> action)
      : action_(std::move(action)), previous_(BlockingScope::set_hook(this)) {}
  ~AtEntry() override { BlockingScope::set_hook(previous_); }
  void entering(const WaitEvent&) override { action_(); }
  void leaving(const WaitEvent&) override { ++left_; }
  int left_ = 0;

 private:
  std::function<void()> action_;
  WaitHook* previous_;
};

TEST(ParkingSpot, RemembersASignalThatCameFirst) {
  ParkingSpot spot;
  spot.signal();
  CancelToken token;
  token.request(CancelReason::kUser);
  EXPECT_TRUE(spot.wait(kTestWait, &token).ok());
}

TEST(ParkingSpot, TimesOut) {
  ParkingSpot spot;
  EXPECT_EQ(spot.wait(kTestWait, nullptr, 100).code(), StatusCode::kTimeout);
}

TEST(ParkingSpot, SignalFromAnotherThreadWakes) {
  ParkingSpot spot;
  std::thread other;
  AtEntry hook([&] { other = std::thread([&] { spot.signal(); }); });
  EXPECT_TRUE(spot.wait(kTestWait).ok());
  other.join();
  EXPECT_EQ(hook.left_, 1);
}

TEST(ParkingSpot, CancelWhileWaitingWakes) {
  ParkingSpot spot;
  CancelToken token;
  std::thread other;
  AtEntry hook([&] { other = std::thread([&] { token.request(CancelReason::kUser); }); });
  Status status = spot.wait(kTestWait, &token);
  other.join();
  EXPECT_EQ(status.code(), StatusCode::kCancelled);
  EXPECT_EQ(status.message(), "canceling statement due to user request");
}

TEST(CancelToken, GravestReasonWinsAndTerminationStays) {
  CancelToken token;
  token.request(CancelReason::kUser);
  token.request(CancelReason::kTerminate);
  EXPECT_EQ(token.reason(), CancelReason::kTerminate);
  try {
    token.throw_if_pending();
    FAIL();
  } catch (const SqlError& e) {
    EXPECT_EQ(e.state(), sqlstate::kAdminShutdown);
  }
  token.clear_statement();
  EXPECT_TRUE(token.pending(CancelReason::kTerminate));
  EXPECT_FALSE(token.pending(CancelReason::kUser));
}

TEST(BlockingScope, ReportsTheWaitAndRestoresTheOuterOne) {
  WaitReport report{nullptr};
  ThreadRole::set_wait_report(&report);
  {
    BlockingScope outer(kTestWait);
    EXPECT_EQ(report.load(), &kTestWait);
    {
      BlockingScope inner(kInnerWait);
      EXPECT_EQ(report.load(), &kInnerWait);
    }
    EXPECT_EQ(report.load(), &kTestWait);
  }
  EXPECT_EQ(report.load(), nullptr);
  ThreadRole::set_wait_report(nullptr);
}

struct CountingOverseer final : RunSlots::Overseer {
  void slot_given_up() override { ++count; }
  void backlog_waits() override { ++backlogs; }
  int count = 0;
  int backlogs = 0;
};

TEST(BlockingScope, GivesTheSlotBackOnceAndTakesOneAgain) {
  CountingOverseer overseer;
  RunSlots slots(1, &overseer);
  slots.acquire();
  ThreadRole::set_run_slots(&slots);
  {
    BlockingScope outer(kTestWait);
    BlockingScope inner(kTestWait);
    EXPECT_EQ(overseer.count, 1);
    EXPECT_EQ(slots.free_slots(), 1);
  }
  EXPECT_EQ(slots.free_slots(), 0);
  ThreadRole::set_run_slots(nullptr);
  slots.release();
}

TEST(BlockingScope, LongWorkReportsABacklogOnce) {
  CountingOverseer overseer;
  RunSlots slots(1, &overseer);
  slots.acquire();
  ThreadRole::set_run_slots(&slots);
  share_run_slot();
  EXPECT_EQ(overseer.backlogs, 0);
  slots.set_backlog(true);
  share_run_slot();
  share_run_slot();
  EXPECT_EQ(overseer.backlogs, 1);
  EXPECT_EQ(slots.free_slots(), 0);
  ThreadRole::set_run_slots(nullptr);
  slots.release();
}

TEST(RunSlots, NeverMoreHoldersThanSlots) {
  RunSlots slots(2);
  std::atomic<int> inside{0};
  std::atomic<int> worst{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 2000; ++i) {
        slots.acquire();
        int now = ++inside;
        int seen = worst.load();
        while (now > seen && !worst.compare_exchange_weak(seen, now)) {
        }
        --inside;
        slots.release();
      }
    });
  }
  for (auto& t : threads) t.join();
  EXPECT_LE(worst.load(), 2);
  EXPECT_EQ(slots.free_slots(), 2);
}

TEST(WaitQueue, WakesInOrderOfArrivalAndForgetsTheCancelled) {
  std::mutex mutex;
  WaitQueue queue;
  CancelToken token;
  token.request(CancelReason::kUser);
  std::unique_lock lock(mutex);
  EXPECT_EQ(queue.wait(lock, kTestWait, &token).code(), StatusCode::kCancelled);
  EXPECT_TRUE(queue.empty());

  std::vector<int> order;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    std::atomic<bool> queued{false};
    threads.emplace_back([&, i] {
      std::unique_lock held(mutex);
      queued = true;
      EXPECT_TRUE(queue.wait(held, kTestWait).ok());
      std::lock_guard again(mutex);
      order.push_back(i);
    });
    // The thread drops the mutex only once it is in the queue.
    while (!queued) std::this_thread::yield();
    std::lock_guard barrier(mutex);
  }
  for (size_t woken = 1; woken <= 3; ++woken) {
    std::unique_lock held(mutex);
    EXPECT_EQ(queue.wake_one(), 1);
    while (order.size() < woken) {
      held.unlock();
      std::this_thread::yield();
      held.lock();
    }
  }
  for (auto& t : threads) t.join();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2}));
}

}  // namespace
}  // namespace varve::sync
