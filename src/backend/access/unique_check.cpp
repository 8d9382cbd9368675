#include "access/unique_check.h"

namespace varve::access {

UniqueChecker::Verdict HeapUniqueChecker::check(Tid tid, bool marked, Xid* wait_for) {
  if (tid == own_row_) return Verdict::kDead;
  Xid writer;
  bool deleted = false;
  Result<bool> found = heap_.fetch_newest_state(tid, buffer_, &writer, &deleted);
  if (!found.ok()) {
    status_ = found.status();
    return Verdict::kDead;
  }
  if (!*found) return Verdict::kDead;
  // The newest version decides: without the row, or (marked) with another key, the entry is history.
  Verdict if_final = deleted || marked ? Verdict::kDead : Verdict::kConflict;
  if (writer == txn_.xid()) return if_final;
  if (txn_.manager().xid_status(writer).state == txn::XidState::kRunning) {
    *wait_for = writer;
    return Verdict::kWait;
  }
  return if_final;
}

}  // namespace varve::access
