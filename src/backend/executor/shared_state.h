// What the instances of one parallel fragment share: the pages a scan has not yet given out, and the hash
// tables that were built before they started.
#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "access/column_store.h"
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
  // What reading costs: a page of rows is the unit.
  static constexpr uint64_t kVectorCost = 8;
  // From now on one thread asks alone, and gets whole runs as far as that is possible. When it has got pages
  // that cost so much, without what it has given back, it is told that there are none.
  void begin_alone(uint64_t cost) {
    alone_ = true;
    budget_ = static_cast<int64_t>(cost);
  }
  void end_alone() { alone_ = false; }
  // Of what took next to no work.
  void give_back(uint64_t cost) {
    if (alone_) budget_ += static_cast<int64_t>(cost);
  }
  bool exhausted() const { return next_.load(std::memory_order_relaxed) >= total_; }

  // The next range of page ordinals, or false.
  bool take(uint64_t* from, uint64_t* to) {
    if (alone_) return take_alone(from, to);
    uint64_t at = next_.fetch_add(kMorselPages, std::memory_order_relaxed);
    if (at >= total_) return false;
    *from = at;
    *to = std::min(at + kMorselPages, total_);
    return true;
  }
  // `hint`: the run of a page before it, or 0.
  PageId page(uint64_t ordinal, size_t* hint) const {
    size_t run = *hint;
    if (run + 2 < starts_.size() && starts_[run + 2] <= ordinal) {
      auto behind = std::upper_bound(starts_.begin(), starts_.end(), ordinal);
      run = static_cast<size_t>(behind - starts_.begin()) - 1;
    }
    while (run + 1 < starts_.size() && starts_[run + 1] <= ordinal) ++run;
    *hint = run;
    return PageId{runs_[run].first.value() + (ordinal - starts_[run])};
  }

 private:
  bool take_alone(uint64_t* from, uint64_t* to) {
    constexpr uint64_t kMostPages = 128;  // as many vectors as a segment has
    const uint64_t at = next_.load(std::memory_order_relaxed);
    if (at >= total_ || budget_ <= 0) return false;
    auto run = std::upper_bound(starts_.begin(), starts_.end(), at);
    const uint64_t end = run == starts_.end() ? total_ : *run;
    *from = at;
    *to = std::min(at + kMostPages, end);
    next_.store(*to, std::memory_order_relaxed);
    const PageId first = runs_[static_cast<size_t>(run - starts_.begin()) - 1].first;
    budget_ -= static_cast<int64_t>((*to - at) * (access::is_settled(first) ? kVectorCost : 1));
    return true;
  }

  std::vector<access::PageRun> runs_;
  std::vector<uint64_t> starts_;
  uint64_t total_ = 0;
  std::atomic<uint64_t> next_{0};
  bool alone_ = false;
  int64_t budget_ = 0;  // less than nothing: the last pages cost more, if nothing comes back
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
      if (alone_cost_ != 0) queues_[number]->begin_alone(alone_cost_);
    }
    return *queues_[number];
  }

  // One thread begins, and gets to read so much of the table: see MorselQueue.
  void begin_alone(uint64_t cost) { alone_cost_ = cost; }
  // Whether nothing is left of the one table that there is.
  bool end_alone() {
    alone_cost_ = 0;
    for (auto& q : queues_) {
      if (q != nullptr) q->end_alone();
    }
    return queues_.size() == 1 && queues_[0]->exhausted();
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
  uint64_t alone_cost_ = 0;
  std::vector<std::unique_ptr<MorselQueue>> queues_;
  std::unordered_map<uint32_t, HashJoinOperator*> joins_;
};

}  // namespace varve::executor
