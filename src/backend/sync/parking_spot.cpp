#include "sync/parking_spot.h"

#include <chrono>

namespace varve::sync {

void ParkingSpot::signal() {
  // Notified under the lock: the waiter may destroy the spot as soon as it can take the mutex.
  std::lock_guard lock(mutex_);
  signalled_ = true;
  condition_.notify_one();
}

void ParkingSpot::wake() {
  std::lock_guard lock(mutex_);
  woken_ = true;
  condition_.notify_one();
}

void ParkingSpot::reset() {
  std::lock_guard lock(mutex_);
  signalled_ = woken_ = false;
}

bool ParkingSpot::signalled() {
  std::lock_guard lock(mutex_);
  return signalled_;
}

Status ParkingSpot::wait(const WaitEvent& event, CancelToken* token, int64_t timeout_us) {
  if (signalled()) return {};
  BlockingScope scope(event, token);
  if (token != nullptr) token->set_waker(this);
  Status status = block(token, timeout_us);
  if (token != nullptr) token->set_waker(nullptr);
  return status;
}

Status ParkingSpot::block(CancelToken* token, int64_t timeout_us) {
  auto deadline = std::chrono::steady_clock::now() + std::chrono::microseconds(timeout_us);
  std::unique_lock lock(mutex_);
  for (;;) {
    if (signalled_) return {};
    // A wake-up without a pending request was consumed elsewhere: wait on.
    if (token != nullptr && token->pending()) return token->status();
    woken_ = false;
    auto ready = [this] { return signalled_ || woken_; };
    if (timeout_us < 0) {
      condition_.wait(lock, ready);
    } else if (!condition_.wait_until(lock, deadline, ready)) {
      return {StatusCode::kTimeout, "timed out"};
    }
  }
}

Status WaitQueue::wait(std::unique_lock<std::mutex>& lock, const WaitEvent& event, CancelToken* token,
                       int64_t timeout_us) {
  Node node;
  if (last_ != nullptr) {
    last_->next = &node;
  } else {
    first_ = &node;
  }
  last_ = &node;
  std::mutex* mutex = lock.mutex();
  lock.unlock();
  Status status = node.spot.wait(event, token, timeout_us);
  std::lock_guard relock(*mutex);
  if (node.queued) {
    remove(&node);
  } else if (!status.ok()) {
    status = {};  // signalled meanwhile: the wake-up must not be lost
  }
  return status;
}

void WaitQueue::remove(Node* node) {
  Node* previous = nullptr;
  for (Node* n = first_; n != node; n = n->next) previous = n;
  (previous != nullptr ? previous->next : first_) = node->next;
  if (last_ == node) last_ = previous;
  node->queued = false;
}

int WaitQueue::wake_one() {
  if (first_ == nullptr) return 0;
  Node* node = first_;
  remove(node);
  node->spot.signal();
  return 1;
}

int WaitQueue::wake_all() {
  int woken = 0;
  while (wake_one() > 0) ++woken;
  return woken;
}

}  // namespace varve::sync
