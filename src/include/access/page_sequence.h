// Runs of pages one behind the other, counted from 0: immutable, so that many readers can share them.
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "access/segment.h"

namespace varve::access {

class PageSequence {
 public:
  // The first `ordered` runs come in an order that somebody has asked for.
  explicit PageSequence(std::vector<PageRun> runs, size_t ordered = 0) : runs_(std::move(runs)) {
    starts_.reserve(runs_.size());
    for (size_t i = 0; i < runs_.size(); ++i) {
      starts_.push_back(size_);
      size_ += runs_[i].count;
      if (i < ordered) ordered_ = size_;
    }
  }
  uint64_t size() const { return size_; }
  uint64_t ordered() const { return ordered_; }
  const std::vector<PageRun>& runs() const { return runs_; }
  // The run that a page lies in. `near`: that of a page close by, or any other number.
  size_t run_of(uint64_t page, size_t near) const {
    for (size_t run = near; run < runs_.size() && run - near < 2 && starts_[run] <= page; ++run) {
      if (page < end_of(run)) return run;
    }
    return static_cast<size_t>(std::upper_bound(starts_.begin(), starts_.end(), page) - starts_.begin()) - 1;
  }
  // The number of the first page behind the run.
  uint64_t end_of(size_t run) const { return starts_[run] + runs_[run].count; }
  PageId page(uint64_t number, size_t run) const {
    return PageId{runs_[run].first.value() + (number - starts_[run])};
  }

 private:
  std::vector<PageRun> runs_;
  std::vector<uint64_t> starts_;
  uint64_t size_ = 0, ordered_ = 0;
};
using PageSequencePtr = std::shared_ptr<const PageSequence>;

}  // namespace varve::access
