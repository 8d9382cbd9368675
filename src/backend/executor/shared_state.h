// What the instances of one parallel fragment share: the pages a scan has not yet given out, and the hash
// tables that were built before they started.
#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "access/page_sequence.h"
#include "common/sql_error.h"

namespace varve::executor {

class HashJoinOperator;

// Pages of one table, handed out in morsels to whoever asks: those of rows, then those of segments.
class MorselQueue {
 public:
  static constexpr uint64_t kMorselPages = 32;
  void init(std::vector<access::PageRun> rows, access::PageSequencePtr segments = nullptr) {
    rows_.emplace(std::move(rows));
    segments_ = std::move(segments);
    total_ = rows_->size() + (segments_ == nullptr ? 0 : segments_->size());
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
  // Of pages that come in an order nobody needs another one. Returns where the other pages begin.
  uint64_t drop_ordered() {
    const uint64_t end = rows_->size() + (segments_ == nullptr ? 0 : segments_->ordered());
    uint64_t at = next_.load(std::memory_order_relaxed);
    while (at < end && !next_.compare_exchange_weak(at, end, std::memory_order_relaxed)) {
    }
    return end;
  }
  // `hint`: the run of a page before it, or 0.
  PageId page(uint64_t ordinal, size_t* hint) const {
    const access::PageSequence& pages = part_of(&ordinal);
    *hint = pages.run_of(ordinal, *hint);
    return pages.page(ordinal, *hint);
  }

 private:
  const access::PageSequence& part_of(uint64_t* ordinal) const {
    if (*ordinal < rows_->size()) return *rows_;
    *ordinal -= rows_->size();
    return *segments_;
  }

  bool take_alone(uint64_t* from, uint64_t* to) {
    constexpr uint64_t kMostPages = 128;  // as many vectors as a segment has
    const uint64_t at = next_.load(std::memory_order_relaxed);
    if (at >= total_ || budget_ <= 0) return false;
    uint64_t within = at;
    const access::PageSequence& pages = part_of(&within);
    alone_run_ = pages.run_of(within, alone_run_);
    const uint64_t count = std::min(kMostPages, pages.end_of(alone_run_) - within);
    *from = at;
    *to = at + count;
    next_.store(*to, std::memory_order_relaxed);
    budget_ -= static_cast<int64_t>(count * (&pages == segments_.get() ? kVectorCost : 1));
    return true;
  }

  std::optional<access::PageSequence> rows_;
  access::PageSequencePtr segments_;
  uint64_t total_ = 0;
  std::atomic<uint64_t> next_{0};
  bool alone_ = false;
  size_t alone_run_ = 0;
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
