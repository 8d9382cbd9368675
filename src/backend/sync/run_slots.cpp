#include "sync/run_slots.h"

namespace varve::sync {

bool RunSlots::try_acquire() {
  int free = free_.load(std::memory_order_seq_cst);  // after acquire()'s waiters_
  while (free > 0) {
    if (free_.compare_exchange_weak(free, free - 1, std::memory_order_seq_cst)) return true;
  }
  return false;
}

// Waiter and releaser each write their own counter before reading the other's (both sequentially consistent),
// so that a slot freed while someone queues up is seen by one of the two.
void RunSlots::acquire() {
  if (!contended() && try_acquire()) return;
  Waiter self;
  std::unique_lock lock(mutex_);
  (last_ != nullptr ? last_->next : first_) = &self;
  last_ = &self;
  waiters_.fetch_add(1, std::memory_order_seq_cst);
  if (try_acquire()) {  // freed in between; it goes to the one in front
    Waiter* front = first_;
    first_ = front->next;
    if (first_ == nullptr) last_ = nullptr;
    waiters_.fetch_sub(1, std::memory_order_relaxed);
    front->granted = true;
    if (front == &self) return;
    front->condition.notify_one();
  }
  self.condition.wait(lock, [&] { return self.granted; });
}

// Gives the caller's slot to the first waiter. False if there is none.
bool RunSlots::hand_over() {
  std::lock_guard lock(mutex_);
  Waiter* front = first_;
  if (front == nullptr) return false;
  first_ = front->next;
  if (first_ == nullptr) last_ = nullptr;
  waiters_.fetch_sub(1, std::memory_order_relaxed);
  front->granted = true;
  front->condition.notify_one();
  return true;
}

void RunSlots::release() {
  for (;;) {
    if (contended() && hand_over()) return;
    free_.fetch_add(1, std::memory_order_seq_cst);
    // A waiter may have queued up between the two looks; then take the slot back and look again. If another
    // thread was quicker, it will see the waiter when it releases.
    if (waiters_.load(std::memory_order_seq_cst) == 0 || !try_acquire()) return;
  }
}

void RunSlots::give_up() {
  release();
  if (overseer_ != nullptr) overseer_->slot_given_up();
}

void RunSlots::report_backlog() {
  if (backlog_.exchange(false, std::memory_order_relaxed) && overseer_ != nullptr) overseer_->backlog_waits();
}

}  // namespace varve::sync
