// Which of the transactions since the start have rolled back: all others that have ended have committed.
// Bounded: of the oldest ones nothing is known any more. Thread-safe. Private to the module.
#pragma once

#include <cstdint>
#include <mutex>
#include <set>

namespace varve::txn {

class AbortedXids {
 public:
  static constexpr size_t kKept = 64 << 10;

  explicit AbortedXids(uint64_t first_xid) : floor_(first_xid) {}

  void note(uint64_t xid) {
    std::lock_guard guard(mutex_);
    xids_.insert(xid);
    if (xids_.size() <= kKept) return;
    floor_ = *xids_.begin() + 1;
    xids_.erase(xids_.begin());
  }
  bool knows(uint64_t xid) const {
    std::lock_guard guard(mutex_);
    return xid >= floor_;
  }
  bool contains(uint64_t xid) const {
    std::lock_guard guard(mutex_);
    return xids_.contains(xid);
  }

 private:
  mutable std::mutex mutex_;
  uint64_t floor_;  // nothing is known of those below
  std::set<uint64_t> xids_;
};

}  // namespace varve::txn
