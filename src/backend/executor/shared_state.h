// What the instances of one parallel fragment share: the pages a scan has not yet given out, and the hash
// tables that were built before they started.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "access/segment.h"
#include "common/sql_error.h"

namespace varve::executor {

class HashJoinOperator;

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

// Filled before the threads start, except for the queue's contents.
class SharedState {
 public:
  // The scan whose pages the instances share; every other scan reads its whole table (subqueries in
  // expressions).
  void split(uint32_t scan_plan_id) { scan_ = scan_plan_id; }
  bool splits(uint32_t scan_plan_id) const { return scan_ == scan_plan_id; }
  // The first who asks fills it.
  // `number`: of the table, where the scan reads several as one.
  template <class F>
  MorselQueue& queue(size_t number, F&& fill) {
    std::lock_guard lock(mutex_);
    if (queues_.size() <= number) queues_.resize(number + 1);
    if (queues_[number] == nullptr) {
      queues_[number] = std::make_unique<MorselQueue>();
      fill(*queues_[number]);
    }
    return *queues_[number];
  }

  // Hash joins on the way from the scan upwards: their tables are built, instances only probe.
  void add_join(uint32_t plan_id, HashJoinOperator* built) { joins_[plan_id] = built; }
  HashJoinOperator* join(uint32_t plan_id) const {
    auto it = joins_.find(plan_id);
    return it == joins_.end() ? nullptr : it->second;
  }
  // The join whose build rows are being returned, after everything below it has been probed; UINT32_MAX:
  // probing.
  uint32_t unmatched_pass = UINT32_MAX;

 private:
  std::mutex mutex_;
  uint32_t scan_ = UINT32_MAX;
  std::vector<std::unique_ptr<MorselQueue>> queues_;
  std::unordered_map<uint32_t, HashJoinOperator*> joins_;
};

}  // namespace varve::executor
