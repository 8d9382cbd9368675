// Blocks one thread until another one signals it, with timeout and cancellation. Waits inside a
// BlockingScope.
//
//   ParkingSpot spot;                 // usually on the waiter's stack, its address in some queue
//   Status s = spot.wait(kMyEvent, token, timeout_us);
//   ... another thread:  spot.signal();
//
// The signal is remembered: signal() before wait() makes wait() return at once. Whoever signals must be sure
// that the spot still lives: remove it from the queue, under the queue's lock, first (WaitQueue does).
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>

#include "common/status.h"
#include "sync/blocking_scope.h"

namespace varve::sync {

inline constexpr int64_t kNoTimeout = -1;

class ParkingSpot final : public Waker {
 public:
  // OK when signalled; kCancelled (or kTimeout with the token's own message) when the token asks to stop;
  // kTimeout after `timeout_us` microseconds. A signal that came first wins.
  Status wait(const WaitEvent& event, CancelToken* token = nullptr, int64_t timeout_us = kNoTimeout);
  void signal();
  // For the next use; no one may be waiting.
  void reset();
  bool signalled();
  void wake() override;  // Waker: a request was made to the token

 private:
  Status block(CancelToken* token, int64_t timeout_us);

  std::mutex mutex_;
  std::condition_variable condition_;
  bool signalled_ = false;
  bool woken_ = false;
};

// First-in-first-out queue of waiting threads, guarded by the owner's own mutex.
//
// wait() is called with `lock` held, drops it while waiting and returns without it re-acquired:
//
//   std::unique_lock lock(mutex_);
//   while (!condition) { VARVE_RETURN_IF_ERROR(queue_.wait(lock, event, token)); lock.lock(); }
class WaitQueue {
 public:
  Status wait(std::unique_lock<std::mutex>& lock, const WaitEvent& event, CancelToken* token = nullptr,
              int64_t timeout_us = kNoTimeout);
  // Call with the owner's mutex held. Return how many threads were woken.
  int wake_one();
  int wake_all();
  bool empty() const { return first_ == nullptr; }

 private:
  struct Node {
    ParkingSpot spot;
    Node* next = nullptr;
    bool queued = true;
  };
  void remove(Node* node);

  Node* first_ = nullptr;
  Node* last_ = nullptr;
};

}  // namespace varve::sync
