// Locking, updating and deleting rows wherever they are. A settled row is never changed: a mark says that it
// is gone, and its new version is a row of the delta.
//
// Whoever writes or locks a settled row holds two locks to the end of the transaction: one of all that have
// to do with rows of this stratum (against its being written anew), and the row's own, as if it were a
// heap's. So marks need no waiting: with the row's lock in hand, its mark is committed, one's own or not
// there.
//
// But for KEY SHARE beside an update that leaves the key alone. Who comes second there sees to it that the
// key is locked at the new place, too: the locker locks it; the update leaves a note for whoever wants the
// row for himself to wait for the locker at the old place. Both take their locks before they look.
#include "columnar_heap.h"
#include "common/bytes.h"

namespace varve::columnar_table {

using access::is_settled;
using access::LockOutcome;
using access::RowBuffer;
using access::RowMove;
using access::RowVersion;
using txn::RowLock;
using txn::WaitPolicy;

namespace {

Status conflict(bool deleted) {
  return {StatusCode::kWriteConflict, deleted ? "could not serialize access due to concurrent delete"
                                              : "could not serialize access due to concurrent update"};
}

}  // namespace

Result<Tid> ColumnarHeap::insert(txn::Transaction& txn, wal::Bytes row, uint16_t attributes,
                                 uint16_t row_flags) {
  txn.assign_xid();
  VARVE_RETURN_IF_ERROR(begin_write(txn));
  return delta_->insert(txn, row, attributes, row_flags);
}

Status ColumnarHeap::insert_many(txn::Transaction& txn, std::span<const wal::Bytes> rows, uint16_t attributes,
                                 std::vector<Tid>* tids) {
  txn.assign_xid();
  VARVE_RETURN_IF_ERROR(begin_write(txn));
  return delta_->insert_many(txn, rows, attributes, tids);
}

Result<bool> ColumnarHeap::moved(Xid self, Tid tid, Tid* next) {
  return state().moves.find(txns_, self, tid, next);
}

Result<ColumnarHeap::Claim> ColumnarHeap::claim(const Request& request, Tid tid) {
  TableState& s = state();
  txn::LockManager& locks = txns_.locks();
  const Tid stratum_tid = stratum_of(tid.page);
  Claim result;
  result.kind = Claim::Kind::kOutcome;
  for (auto [what, strength] :
       {std::pair(lock_of(stratum_tid), RowLock::kKeyShare), {tid, request.strength}}) {
    Status status =
        locks.acquire_row(request.txn, database_, what, strength, request.policy, request.timeout_us);
    if (status.code() == StatusCode::kBusy && request.policy == WaitPolicy::kSkip) {
      result.outcome = LockOutcome::kSkipped;
      return result;
    }
    VARVE_RETURN_IF_ERROR(status);
  }
  const Xid self = request.txn.xid();
  VARVE_ASSIGN_OR_RETURN(StratumPtr stratum, stratum_of_row(tid));
  Xid writer;
  bool gone = true;
  if (stratum != nullptr) {
    VARVE_ASSIGN_OR_RETURN(bool there, stratum->newest(&writer, &gone));
    gone = gone || !there;
  }
  if (gone) {
    VARVE_ASSIGN_OR_RETURN(bool found, moved(self, tid, &result.next));
    if (found) result.kind = Claim::Kind::kElsewhere;
    return result;
  }
  for (;;) {
    Marks::Mark mark;
    VARVE_ASSIGN_OR_RETURN(bool marked, s.marks.newest(s.marks_heap(), tid, &mark));
    if (!marked) {
      result.kind = Claim::Kind::kHere;
      return result;
    }
    VARVE_ASSIGN_OR_RETURN(bool seen, s.marks.is_deleted(s.marks_heap(), request.snapshot, tid));
    if (mark.writer == self && self != kInvalidXid) {
      if (request.locked_already && mark.moved_to.valid()) {
        result.kind = Claim::Kind::kElsewhere;
        result.next = mark.moved_to;
      } else {
        result.outcome = seen ? LockOutcome::kDeleted : LockOutcome::kSelfModified;
      }
      return result;
    }
    if (seen) return result;  // the asker should not have found the row
    const bool read_committed = request.txn.isolation() == txn::Isolation::kReadCommitted;
    const bool running =
        mark.writer >= txns_.horizon() && txns_.xid_status(mark.writer).state != txn::XidState::kCommitted;
    // A snapshot that is kept goes on seeing the row here, as long as nobody has changed its key.
    if (request.strength == RowLock::kKeyShare && mark.key_kept && (running || !read_committed)) {
      VARVE_ASSIGN_OR_RETURN(LockOutcome key, delta_->lock_key(request.txn, request.snapshot, mark.moved_to,
                                                               request.policy, request.timeout_us));
      if (key == LockOutcome::kLocked) result.kind = Claim::Kind::kHere;
      if (key == LockOutcome::kSkipped) result.outcome = key;
      if (key == LockOutcome::kLocked || key == LockOutcome::kSkipped) return result;
      if (running) continue;  // it has ended by now, one way or the other
    }
    if (!request.locked_already && !read_committed) return conflict(!mark.moved_to.valid());
    if (!mark.moved_to.valid()) return result;
    result.kind = Claim::Kind::kElsewhere;
    result.next = mark.moved_to;
    result.newer = true;
    return result;
  }
}

Result<bool> ColumnarHeap::lock_old_place(const Request& request, Tid tid) {
  HeldKeys& held = state().held_keys;
  for (Tid before; held.find(tid, &before);) {
    Status status = txns_.locks().acquire_row(request.txn, database_, before, request.strength,
                                              request.policy, request.timeout_us);
    if (status.code() == StatusCode::kBusy && request.policy == WaitPolicy::kSkip) return false;
    VARVE_RETURN_IF_ERROR(status);
    held.forget(tid);
  }
  return true;
}

template <class Delta, class Settled>
Result<LockOutcome> ColumnarHeap::follow(const Request& request, Tid tid, Delta&& on_delta,
                                         Settled&& on_settled) {
  bool newer = false, followed = false;
  for (Tid at = tid;;) {
    if (!is_settled(at)) {
      if (request.strength == RowLock::kUpdate) {
        VARVE_ASSIGN_OR_RETURN(bool locked, lock_old_place(request, at));
        if (!locked) return LockOutcome::kSkipped;
      }
      Result<LockOutcome> outcome = on_delta(at);
      const bool gone = outcome.ok() ? *outcome == LockOutcome::kDeleted
                                     : outcome.status().code() == StatusCode::kWriteConflict;
      Tid next;
      if (!gone) return outcome;
      VARVE_ASSIGN_OR_RETURN(bool found, moved(request.txn.xid(), at, &next));
      if (!found) return outcome;
      at = next;
      followed = true;
      continue;
    }
    VARVE_ASSIGN_OR_RETURN(Claim claimed, claim(request, at));
    if (claimed.kind == Claim::Kind::kOutcome) return claimed.outcome;
    if (claimed.kind == Claim::Kind::kHere) {
      // Every snapshot of READ COMMITTED is newer than what has been waited for or found moved.
      if (followed && request.txn.isolation() != txn::Isolation::kReadCommitted)
        state().moves.note_follower(request.txn.assign_xid());
      return on_settled(at, newer);
    }
    at = claimed.next;
    followed = true;
    newer = newer || claimed.newer;
  }
}

Result<LockOutcome> ColumnarHeap::lock(txn::Transaction& txn, const txn::Snapshot& snapshot, Tid tid,
                                       RowLock strength, WaitPolicy policy, uint64_t timeout_us,
                                       RowBuffer& buffer, RowVersion* newest) {
  const Request request{txn, snapshot, strength, policy, timeout_us, false};
  return follow(
      request, tid,
      [&](Tid at) { return delta_->lock(txn, snapshot, at, strength, policy, timeout_us, buffer, newest); },
      [&](Tid at, bool newer) -> Result<LockOutcome> {
        if (newest != nullptr) VARVE_RETURN_IF_ERROR(fetch_newest(at, buffer, newest).status());
        return newer ? LockOutcome::kLockedUpdated : LockOutcome::kLocked;
      });
}

Status ColumnarHeap::mark(txn::Transaction& txn, Tid row, Tid moved_to, bool key_kept) {
  VARVE_ASSIGN_OR_RETURN(access::Heap * heap, state().make_marks());
  const MarkRow mark{row.packed(),
                     (moved_to.valid() ? moved_to.packed() : 0) | (key_kept ? kKeyKept : uint64_t{0})};
  VARVE_ASSIGN_OR_RETURN(Tid at,
                         heap->insert(txn, {reinterpret_cast<const uint8_t*>(&mark), sizeof(mark)}, 1, 0));
  state().marks.note(row, at);
  return {};
}

Result<LockOutcome> ColumnarHeap::update(txn::Transaction& txn, const txn::Snapshot& snapshot, Tid tid,
                                         wal::Bytes row, uint16_t attributes, bool keys_changed,
                                         bool locked_already, RowBuffer& buffer, RowVersion* newest,
                                         uint16_t row_flags, bool weak, RowMove* move) {
  txn.assign_xid();
  VARVE_RETURN_IF_ERROR(begin_write(txn));
  const bool key_kept = weak || !keys_changed;
  const Request request{txn,
                        snapshot,
                        key_kept ? RowLock::kNoKeyUpdate : RowLock::kUpdate,
                        WaitPolicy::kWait,
                        txn.lock_timeout_us,
                        locked_already};
  return follow(
      request, tid,
      [&](Tid at) {
        if (move != nullptr) *move = {at, at};
        return delta_->update(txn, snapshot, at, row, attributes, keys_changed, locked_already, buffer,
                              newest, row_flags, weak, nullptr);
      },
      [&](Tid at, bool newer) -> Result<LockOutcome> {
        if (newer && !locked_already) {
          VARVE_RETURN_IF_ERROR(fetch_newest(at, buffer, newest).status());
          return LockOutcome::kLockedUpdated;
        }
        VARVE_ASSIGN_OR_RETURN(Tid to, delta_->insert(txn, row, attributes, row_flags));
        VARVE_RETURN_IF_ERROR(mark(txn, at, to, key_kept));
        if (key_kept && txns_.locks().row_key_shared_by_other(txn, database_, at))
          state().held_keys.add(to, at);
        if (move != nullptr) *move = {at, to};
        return LockOutcome::kLocked;
      });
}

Result<LockOutcome> ColumnarHeap::remove(txn::Transaction& txn, const txn::Snapshot& snapshot, Tid tid,
                                         bool locked_already, RowBuffer& buffer, RowVersion* newest,
                                         RowMove* move) {
  txn.assign_xid();
  VARVE_RETURN_IF_ERROR(begin_write(txn));
  const Request request{txn,           snapshot, RowLock::kUpdate, WaitPolicy::kWait, txn.lock_timeout_us,
                        locked_already};
  return follow(
      request, tid,
      [&](Tid at) {
        if (move != nullptr) *move = {at, at};
        return delta_->remove(txn, snapshot, at, locked_already, buffer, newest, nullptr);
      },
      [&](Tid at, bool newer) -> Result<LockOutcome> {
        if (newer && !locked_already) {
          VARVE_RETURN_IF_ERROR(fetch_newest(at, buffer, newest).status());
          return LockOutcome::kLockedUpdated;
        }
        VARVE_RETURN_IF_ERROR(mark(txn, at, Tid{}, false));
        if (move != nullptr) *move = {at, at};
        return LockOutcome::kLocked;
      });
}

// Every step is final: whoever locked the row waited for the one that moved it.
Result<Tid> ColumnarHeap::newest_place(Tid tid) {
  TableState& s = state();
  RowBuffer buffer;
  for (Tid at = tid;;) {
    Xid writer;
    bool deleted = false;
    VARVE_ASSIGN_OR_RETURN(bool found, fetch_newest_state(at, buffer, &writer, &deleted));
    if (found && !deleted) return at;
    Marks::Mark mark;
    if (is_settled(at)) {
      VARVE_ASSIGN_OR_RETURN(bool marked, s.marks.newest(s.marks_heap(), at, &mark));
      if (marked && mark.moved_to.valid()) {
        at = mark.moved_to;
        continue;
      }
      if (marked) return at;
    }
    Tid next;
    VARVE_ASSIGN_OR_RETURN(bool moved_on, moved(kInvalidXid, at, &next));
    if (!moved_on) return at;
    at = next;
  }
}

}  // namespace varve::columnar_table
