// What the instances of one parallel fragment share: the pages a scan has not yet given out.
#pragma once

#include <atomic>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "access/segment.h"
#include "common/sql_error.h"

namespace varve::executor {

// Pages of one table, handed out in morsels to whoever asks.
class MorselQueue {
 public:
  static constexpr uint64_t kMorselPages = 32;
  void init(std::vector<access::PageRun> runs) {
    runs_ = std::move(runs);
    starts_.clear();
    uint64_t total = 0;
    for (const access::PageRun& r : runs_) {
      starts_.push_back(total);
      total += r.count;
    }
    total_ = total;
    next_.store(0, std::memory_order_relaxed);
  }
  // The next range of page ordinals, or false.
  bool take(uint64_t* from, uint64_t* to) {
    uint64_t at = next_.fetch_add(kMorselPages, std::memory_order_relaxed);
    if (at >= total_) return false;
    *from = at;
    *to = std::min(at + kMorselPages, total_);
    return true;
  }
  PageId page(uint64_t ordinal, size_t* hint) const {
    size_t run = *hint;
    while (run + 1 < starts_.size() && starts_[run + 1] <= ordinal) ++run;
    *hint = run;
    return PageId{runs_[run].first.value() + (ordinal - starts_[run])};
  }

 private:
  std::vector<access::PageRun> runs_;
  std::vector<uint64_t> starts_;
  uint64_t total_ = 0;
  std::atomic<uint64_t> next_{0};
};

class SharedState {
 public:
  // The scan's queue; the first who asks fills it.
  template <class F>
  MorselQueue& queue(uint32_t plan_id, F&& fill) {
    std::lock_guard lock(mutex_);
    auto [it, fresh] = queues_.try_emplace(plan_id);
    if (fresh) fill(it->second);
    return it->second;
  }

 private:
  std::mutex mutex_;
  std::unordered_map<uint32_t, MorselQueue> queues_;
};

}  // namespace varve::executor
