// Serializable transactions, the rw-dependencies between them, and who must fail for the sake of the others.
//
// A cycle of dependencies contains T0 -rw-> T1 -rw-> T2 where T2 is the first of the cycle to commit. So T1,
// the pivot, fails (or T0, when it is too late for T1) as soon as both edges are there and T2 has prepared.
// One mutex guards it all; it is held for short walks only, under latches and under a partition of the marks.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <unordered_map>
#include <vector>

#include "sxact.h"
#include "sync/parking_spot.h"

namespace varve::sync {
class CancelToken;
}

namespace varve::txn {

// Takes the transaction's snapshot; called under the graph's mutex.
class SnapshotTaker {
 public:
  virtual ~SnapshotTaker() = default;
  virtual uint64_t take() = 0;
};

// Commit number of a writer, for those who are known to nobody any more; 0: not committed, or long ago.
class CommitNumbers {
 public:
  virtual ~CommitNumbers() = default;
  virtual uint64_t commit_number(uint64_t xid) const = 0;
};

class ConflictGraph {
 public:
  explicit ConflictGraph(const CommitNumbers& numbers) : numbers_(numbers) {}
  ~ConflictGraph();

  // Enters `fresh` with the snapshot it gets. False: it need not be noted; the snapshot is taken all the
  // same.
  bool begin(Sxact& fresh, bool read_only, SnapshotTaker& taker);
  // Of a read-only transaction: until its snapshot is known to be safe (*safe) or not.
  Status wait_until_decided(Sxact& reader, sync::CancelToken* cancel, bool* safe);
  void assign_xid(Sxact& txn, uint64_t xid);

  Status passed_over(Sxact& reader, uint64_t writer);
  // Others' marks have been met by a write. `old_csn`, `old_seq`: of marks known in summary, 0: none.
  Status write_met(Sxact& writer, std::span<Sxact* const> readers, uint64_t old_csn, Sequence old_seq);
  Status prepare(Sxact& txn);

  // What finish() found to be of no interest any more. Their marks are to be taken away without the mutex.
  struct Release {
    Sxact* txn;
    bool whole;      // the object, too
    bool summarize;  // marks go over to the summary
  };
  // `position`: of the log, not before the commit record. The transaction's thread calls it.
  void finish(Sxact& txn, bool commit, uint64_t position, size_t keep_committed,
              std::vector<Release>* release);
  void released(const Release& r);
  // No snapshot in use is older. ~0: none is in use.
  uint64_t oldest_snapshot() const;
  // Committed transactions up to this number cannot be in a writer's way any more.
  Sequence cleared_through() const;
  void counts(uint64_t* active, uint64_t* finished, uint64_t* summarized) const;

 private:
  struct Summary {
    Sequence earliest_out;  // kNoSequence: it had none
    uint64_t csn;
  };
  static constexpr size_t kMaxSummaries = 1 << 20;

  Status flag(Sxact& reader, Sxact& writer, Sxact& me);
  Status check(const Sxact& reader, Sxact& writer, Sxact& me);
  bool makes_writer_pivot(const Sxact& reader, const Sxact& writer) const;
  bool makes_reader_pivot(const Sxact& reader, const Sxact& writer) const;
  Status passed_over_summary(Sxact& reader, uint64_t writer);
  const Summary* find_summary(uint64_t writer, Summary* space) const;
  void add_summary(const Sxact& txn);
  void end_writer(Sxact& txn);
  void settle_outs(Sxact& txn);
  void detach(Sxact& txn, bool summarize);
  void leave_active(Sxact& txn);
  void decide(Sxact& reader, bool safe);
  void collect(size_t keep_committed, std::vector<Release>* release);

  const CommitNumbers& numbers_;
  mutable std::mutex mutex_;
  sync::WaitQueue deciding_;
  Sequence last_sequence_ = 0;
  Sequence can_clear_through_ = 0, have_cleared_through_ = 0;
  uint64_t writable_ = 0;  // not finished and not declared read only
  std::vector<Sxact*> active_;
  std::multiset<uint64_t> snapshots_;  // of those
  std::unordered_map<uint64_t, Sxact*> by_xid_;
  std::deque<Sxact*> finished_;  // in order of commit
  std::unordered_map<uint64_t, Summary> summaries_;
  std::deque<std::pair<uint64_t, uint64_t>> summary_order_;  // csn, xid
  // Summaries beyond the limit are one: of all writers up to this commit number.
  Summary forgotten_{kNoSequence, 0};
};

}  // namespace varve::txn
