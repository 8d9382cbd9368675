// Which times of a hypertable a transaction has written, for the continuous aggregates made of it. Private to
// the module.
//
// A refresh makes buckets anew up to its hypertable's *threshold*; what lies above, no aggregate has. So a
// transaction notes, before it commits, the times below the threshold that it has touched, and nothing if
// there are none: rows that come in order cost two comparisons each.
//
// Nobody may commit by an old threshold what a refresh does not see: deciding and committing happen under a
// lock (weak), and raising the threshold takes the lock that conflicts with it, before the refresh's
// snapshot.
#pragma once

#include <vector>

#include "executor/commit_action.h"
#include "functions/eval_context.h"
#include "hypertable/hypertable.h"
#include "txn/lock_manager.h"

namespace varve::hypertable {

// Some ranges that cover every time added, both ends included. Never many: near ones grow into one.
class TouchedTimes {
 public:
  // `reach`: a time so close to a range extends it.
  explicit TouchedTimes(int64_t reach) : reach_(reach) {}
  void add(int64_t t) {
    if (t < low_ || t > high_) extend(t);
  }
  struct Range {
    int64_t low, high;
  };
  std::span<const Range> ranges() const { return ranges_; }

 private:
  static constexpr size_t kMaxRanges = 16;
  void extend(int64_t t);

  const int64_t reach_;
  int64_t low_ = kNoEnd, high_ = kNoStart;  // of the range that grew last
  std::vector<Range> ranges_;
};

// Of the transaction. Null: nobody wants to know (`actions` null).
TouchedTimes* touched_times(executor::CommitActions* actions, Oid hypertable, int64_t reach);

// To the end of the transaction: kRowExclusive for who decides and commits, kExclusive for who raises it.
void lock_invalidations(functions::SessionServices& session, Oid hypertable, txn::LockMode mode,
                        Arena& arena);
// The process's copy of the threshold; it may be higher than what the catalog says, never lower.
void raise_threshold(uint32_t database, Oid hypertable, int64_t threshold);

}  // namespace varve::hypertable
