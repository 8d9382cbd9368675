// The question a unique index asks of an entry, answered from the heap.
#pragma once

#include "access/btree.h"
#include "access/heap.h"

namespace varve::access {

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
