// How many workers of a group may run at once: a counting semaphore whose holders give their slot back while
// they wait (BlockingScope).
//
// A thread that returns from a wait goes before new work: release() hands the slot to it directly.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>

namespace varve::sync {

class RunSlots {
 public:
  // Told that a holder gave its slot up in order to wait, so that a spare worker can be set to work. Called
  // on the thread that is about to wait; must not block.
  class Overseer {
   public:
    virtual void slot_given_up() = 0;
    // A holder that works for long found set_backlog(true): somebody else should see to what waits.
    virtual void backlog_waits() = 0;

   protected:
    ~Overseer() = default;
  };

  explicit RunSlots(int slots, Overseer* overseer = nullptr) : free_(slots), overseer_(overseer) {}

  bool try_acquire();
  void acquire();  // waits, in order of arrival
  void release();

  // release() by a thread that is going to wait: the overseer hears of it.
  void give_up();

  // Someone waits for a slot: a worker between two requests should release and acquire again.
  bool contended() const { return waiters_.load(std::memory_order_relaxed) > 0; }
  int free_slots() const { return free_.load(std::memory_order_relaxed); }

  // Work that a holder took in has not been begun yet, while others sleep who could do it.
  void set_backlog(bool waits) {
    if (backlog_.load(std::memory_order_relaxed) != waits) backlog_.store(waits, std::memory_order_relaxed);
  }
  bool has_backlog() const { return backlog_.load(std::memory_order_relaxed); }
  // By a holder whose work turned out to be long: the overseer hears of a backlog, once.
  void report_backlog();

 private:
  struct Waiter {
    std::condition_variable condition;
    Waiter* next = nullptr;
    bool granted = false;
  };
  bool hand_over();

  std::atomic<int> free_;
  std::atomic<int> waiters_{0};
  std::atomic<bool> backlog_{false};
  std::mutex mutex_;
  Waiter* first_ = nullptr;
  Waiter* last_ = nullptr;
  Overseer* overseer_;
};

}  // namespace varve::sync
