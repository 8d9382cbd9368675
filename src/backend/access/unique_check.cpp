#include "access/unique_check.h"

namespace varve::access {

UniqueChecker::Verdict HeapUniqueChecker::check(Tid tid, bool marked, Xid* wait_for) {
  *wait_for = kInvalidXid;
  if (tid == own_row_) return Verdict::kDead;
  Xid writer;
  bool deleted = false;
  Result<bool> found = newest_of_finished(
      txn_, [&] { return heap_.fetch_newest_state(tid, buffer_, &writer, &deleted); }, &writer, wait_for);
  if (!found.ok()) {
    status_ = found.status();
    return Verdict::kDead;
  }
  if (!*found) return Verdict::kDead;
  if (*wait_for != kInvalidXid) return Verdict::kWait;
  // The newest version decides: without the row, or (marked) with another key, the entry is history.
  return deleted || marked ? Verdict::kDead : Verdict::kConflict;
}

}  // namespace varve::access
