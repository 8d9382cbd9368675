// The question a unique index asks of an entry, answered from the heap.
#pragma once

#include "access/btree.h"
#include "access/heap.h"

namespace varve::access {

// Looks at a row's newest version (`look` copies it and says who wrote it) until that is final: written by
// `txn` itself, or by a transaction known to have finished before the copy was made. One that ends between
// the copy and the question how it ended may have taken back what was copied. `*wait_for`: the writer, if it
// still runs; else kInvalidXid.
template <class Look>
Result<bool> newest_of_finished(const txn::Transaction& txn, Look&& look, const Xid* writer, Xid* wait_for) {
  const txn::TxnManager& manager = txn.manager();
  const Xid horizon = manager.horizon();
  *wait_for = kInvalidXid;
  for (Xid finished = kInvalidXid;; finished = *writer) {
    Result<bool> found = look();
    if (!found.ok() || !*found || *writer == txn.xid() || *writer < horizon || *writer == finished)
      return found;
    if (manager.xid_status(*writer).state == txn::XidState::kRunning) {
      *wait_for = *writer;
      return found;
    }
  }
}

// A row counts when it is live, or may become so again: then the outcome of its running writer decides.
class HeapUniqueChecker final : public UniqueChecker {
 public:
  // `own_row`: the row being updated; it does not conflict with itself.
  HeapUniqueChecker(Heap& heap, const txn::Transaction& txn, Tid own_row = {})
      : heap_(heap), txn_(txn), own_row_(own_row) {}

  Verdict check(Tid tid, bool marked, Xid* wait_for) override;
  // An error met while looking; check() then answered kDead. Test after the insertion.
  const Status& status() const { return status_; }

 private:
  Heap& heap_;
  const txn::Transaction& txn_;
  Tid own_row_;
  RowBuffer buffer_;
  Status status_;
};

}  // namespace varve::access
