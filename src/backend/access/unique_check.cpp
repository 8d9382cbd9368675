#include "access/unique_check.h"

namespace varve::access {

UniqueChecker::Verdict HeapUniqueChecker::check(Tid tid, bool marked, Xid* wait_for) {
  if (tid == own_row_) return Verdict::kDead;
  RowVersion newest;
  Result<bool> found = heap_.fetch_newest(tid, buffer_, &newest);
  if (!found.ok()) {
    status_ = found.status();
    return Verdict::kDead;
  }
  if (!*found) return Verdict::kDead;
  // The newest version decides: without the row, or (marked) with another key, the entry is history.
  Verdict if_final = (newest.flags & kRowDeleted) != 0 || marked ? Verdict::kDead : Verdict::kConflict;
  if (newest.xid == txn_.xid()) return if_final;
  if (txn_.manager().xid_status(newest.xid).state == txn::XidState::kRunning) {
    *wait_for = newest.xid;
    return Verdict::kWait;
  }
  return if_final;
}

}  // namespace varve::access
