#include <algorithm>
#include <fmt/format.h>

#include "common/check.h"
#include "heap_impl.h"

namespace varve::access {

using buffer::ExclusiveGuard;
using buffer::LogBatch;
using buffer::SharedGuard;
using txn::RowLock;
using txn::WaitPolicy;

// --- latching ---

Status WriteLatches::take(buffer::BufferPool& pool, std::span<const PageId> pages) {
  VARVE_CHECK(pages.size() <= kMax);
  std::array<PageId, kMax> order;
  std::copy(pages.begin(), pages.end(), order.begin());
  std::sort(order.begin(), order.begin() + pages.size());
  auto end = std::unique(order.begin(), order.begin() + pages.size());
  for (auto it = order.begin(); it != end; ++it) {
    VARVE_ASSIGN_OR_RETURN(guards[count], pool.fix_exclusive(*it));
    ++count;
  }
  return {};
}

ExclusiveGuard* WriteLatches::find(PageId page) {
  for (size_t i = 0; i < count; ++i) {
    if (guards[i].id() == page) return &guards[i];
  }
  return nullptr;
}

void WriteLatches::release() {
  while (count > 0) guards[--count].release();
}

Result<LatchedRow> latch_row(buffer::BufferPool& pool, Tid tid) {
  for (;;) {
    LatchedRow found;
    VARVE_ASSIGN_OR_RETURN(found.guard, pool.fix_exclusive(tid.page));
    found.at = tid;
    found.row = find_row(found.guard.page(), tid.slot);
    if (!found.row || found.row.moved()) return LatchedRow{};
    if (!found.row.stub()) return found;
    // The stub's latch goes first: pages are latched together in page order only.
    found.at = found.row.other();
    found.guard.release();
    VARVE_ASSIGN_OR_RETURN(found.guard, pool.fix_exclusive(found.at.page));
    found.row = find_row(found.guard.page(), found.at.slot);
    if (found.row && found.row.moved() && found.row.other() == tid) return found;
  }
}

// --- may it be written? ---

namespace {

Status row_busy() { return {StatusCode::kBusy, "could not obtain lock on row"}; }

// Did any version newer than the snapshot's change a key or delete the row?
bool keys_changed_since(const txn::TxnManager& txns, const txn::Snapshot& snapshot, const RowHeader& newest) {
  Xid xid{newest.xid};
  txn::UndoPtr undo{newest.undo};
  uint16_t flags = newest.flags;
  while (!txns.visible(snapshot, xid, undo)) {
    if ((flags & (kRowKeyWriter | kRowDeleted)) != 0 || undo == txn::kNoUndo) return true;
    txn::UndoView view = txns.undo(undo);
    if (view.header().kind != txn::UndoKind::kHeapUpdate) return true;
    flags = load_raw<HeapUndoUpdate>(view.payload().data()).flags;
    xid = view.previous_xid;
    undo = view.previous_undo;
  }
  return false;
}

void note_seen(const txn::Snapshot& snapshot, Csn csn) {
  if (snapshot.newest_seen == nullptr) return;
  uint64_t seen = snapshot.newest_seen->load(std::memory_order_relaxed);
  while (seen < csn.value() && !snapshot.newest_seen->compare_exchange_weak(seen, csn.value())) {
  }
}

}  // namespace

HeapImpl::Judgement HeapImpl::judge(const Request& request, const RowHeader& header) {
  Judgement j;
  const Xid writer{header.xid};
  const bool deleted = (header.flags & kRowDeleted) != 0;
  const bool key_share = request.strength == RowLock::kKeyShare;
  bool newer = false;
  if (writer != kInvalidXid && writer == request.txn.xid()) {
    j.own = true;
    // Written since the command began? (Without an xid at that time: everything of ours was.)
    if (request.snapshot.own_xid != writer || txn::UndoPtr{header.undo} >= request.snapshot.own_limit) {
      j.verdict = Verdict::kSelfModified;
      return j;
    }
  } else if (writer >= txns_.horizon()) {
    txn::XidStatus status = txns_.xid_status(writer);
    if (status.state == txn::XidState::kCommitted) {
      newer = status.csn > request.snapshot.csn;
      note_seen(request.snapshot, status.csn);
    } else if (!key_share || (header.flags & (kRowKeyWriter | kRowDeleted)) != 0) {
      j.verdict = Verdict::kWaitWriter;
      j.wait_for = writer;
      return j;
    } else {
      // KEY SHARE beside a running NO KEY UPDATE: what counts is the version below it.
      newer = keys_changed_since(txns_, request.snapshot, header);
    }
  }
  if (newer && key_share && !deleted) newer = keys_changed_since(txns_, request.snapshot, header);
  if (newer && !request.locked_already) {
    if (request.txn.isolation() != txn::Isolation::kReadCommitted) {
      j.verdict = Verdict::kConflict;
      j.deleted = deleted;
      return j;
    }
    j.verdict = Verdict::kNewer;
  }
  if (deleted) {
    j.verdict = Verdict::kDeleted;
    return j;
  }
  if ((header.flags & kRowHasLocks) == 0) return j;

  // Our own running change excludes others as its strength says; those who queue for it hold the row's lock
  // entry as their place in the queue, and must not keep us out.
  if (j.own && ((header.flags & kRowKeyWriter) != 0 || request.strength != RowLock::kUpdate)) return j;
  bool locked =
      j.own ? txns_.locks().row_key_shared_by_other(request.txn, database_, request.tid)
            : txns_.locks().row_locked_by_other(request.txn, database_, request.tid, request.strength);
  if (locked)
    j.verdict = Verdict::kWaitLock;
  else if (!txns_.locks().row_has_locks(database_, request.tid))
    j.drop_lock_hint = true;
  return j;
}

// Logged, though it may be lost in a crash: the page must not lose it by being evicted clean, and must have
// its image in the log before it is written.
void HeapImpl::set_lock_hint(LatchedRow& row) {
  RowHeader header = row.row.header();
  if ((header.flags & kRowHasLocks) != 0) return;
  header.flags |= kRowHasLocks;
  std::array<uint8_t, sizeof(uint16_t) + sizeof(RowHeader)> payload;
  store_raw(payload.data(), row.at.slot);
  store_raw(payload.data() + sizeof(uint16_t), header);
  LogBatch batch(pool_, kInvalidXid, kInvalidLsn);
  batch.change(row.guard, kHeapSetHeader, payload);
  batch.commit();
}

Status HeapImpl::lock_latched(const Request& request, LatchedRow& row) {
  VARVE_RETURN_IF_ERROR(txns_.locks().acquire_row(request.txn, database_, request.tid, request.strength,
                                                  WaitPolicy::kNoWait, 0));
  set_lock_hint(row);
  return {};
}

Status HeapImpl::wait(const Request& request, const Judgement& judgement, LatchedRow& row,
                      uint64_t timeout_us) {
  // The row's lock entry is the queue: first in line waits for the writer, the others for the first. Marked
  // in the row, so that a newcomer does not overtake them between the writer's end and their waking.
  set_lock_hint(row);
  row.guard.release();
  VARVE_RETURN_IF_ERROR(txns_.locks().acquire_row(request.txn, database_, request.tid, request.strength,
                                                  WaitPolicy::kWait, timeout_us));
  if (judgement.verdict != Verdict::kWaitWriter) return {};
  uint64_t own_timeout = std::exchange(request.txn.lock_timeout_us, timeout_us);
  Status s = txns_.wait_for(request.txn, judgement.wait_for);
  request.txn.lock_timeout_us = own_timeout;
  return s;
}

Result<LockOutcome> HeapImpl::lock(txn::Transaction& txn, const txn::Snapshot& snapshot, Tid tid,
                                   RowLock strength, WaitPolicy policy, uint64_t timeout_us,
                                   RowBuffer& buffer, RowVersion* newest) {
  const Request request{txn, snapshot, tid, strength, false};
  for (;;) {
    VARVE_ASSIGN_OR_RETURN(LatchedRow row, latch_row(pool_, tid));
    if (!row) return LockOutcome::kDeleted;
    const RowHeader header = row.row.header();
    Judgement j = judge(request, header);
    switch (j.verdict) {
      case Verdict::kDeleted:
        return LockOutcome::kDeleted;
      case Verdict::kSelfModified:
        return LockOutcome::kSelfModified;
      case Verdict::kConflict:
        return write_conflict(j);
      case Verdict::kProceed:
      case Verdict::kNewer: {
        const bool covered = j.own && (strength != RowLock::kUpdate || (header.flags & kRowKeyWriter) != 0);
        Status s = covered ? Status() : lock_latched(request, row);
        if (s.ok()) {
          copy_out(row.row, buffer, newest);
          if (strength == RowLock::kKeyShare && j.verdict == Verdict::kProceed && !j.own &&
              Xid{header.xid} >= txns_.horizon()) {
            // KEY SHARE beside a newer version without key changes: hand out the version the snapshot sees.
            row.guard.release();
            VARVE_RETURN_IF_ERROR(fetch(snapshot, tid, buffer, newest).status());
          }
          return j.verdict == Verdict::kNewer ? LockOutcome::kLockedUpdated : LockOutcome::kLocked;
        }
        if (s.code() != StatusCode::kBusy) return s;
        break;
      }
      default:
        break;
    }
    if (policy == WaitPolicy::kNoWait) return row_busy();
    if (policy == WaitPolicy::kSkip) return LockOutcome::kSkipped;
    VARVE_RETURN_IF_ERROR(wait(request, j, row, timeout_us));
  }
}

Result<LockOutcome> HeapImpl::lock_key(txn::Transaction& txn, const txn::Snapshot& snapshot, Tid tid,
                                       WaitPolicy policy, uint64_t timeout_us) {
  const Request request{txn, snapshot, tid, RowLock::kKeyShare, true};
  for (;;) {
    VARVE_ASSIGN_OR_RETURN(LatchedRow row, latch_row(pool_, tid));
    if (!row) return LockOutcome::kDeleted;
    const RowHeader header = row.row.header();
    const Judgement j = judge(request, header);
    if (j.verdict == Verdict::kDeleted) return LockOutcome::kDeleted;
    if (j.verdict == Verdict::kProceed) {
      // While its writer runs, the flag may be of an index that nobody refers to; the writer is not waited
      // for then.
      const bool finished = Xid{header.xid} < txns_.horizon() ||
                            txns_.xid_status(Xid{header.xid}).state == txn::XidState::kCommitted;
      if (finished && (header.flags & kRowKeysChanged) != 0) return LockOutcome::kLockedUpdated;
      Status s = lock_latched(request, row);
      if (s.ok()) return LockOutcome::kLocked;
      if (s.code() != StatusCode::kBusy) return s;
    }
    if (policy == WaitPolicy::kNoWait) return row_busy();
    if (policy == WaitPolicy::kSkip) return LockOutcome::kSkipped;
    VARVE_RETURN_IF_ERROR(wait(request, j, row, timeout_us));
  }
}

// --- update and remove ---

Status HeapImpl::write_conflict(const Judgement& j) {
  return {StatusCode::kWriteConflict, j.deleted ? "could not serialize access due to concurrent delete"
                                                : "could not serialize access due to concurrent update"};
}

template <class Change>
Result<LockOutcome> HeapImpl::write(const Request& request, RowBuffer& buffer, RowVersion* newest,
                                    Change&& change) {
  for (;;) {
    VARVE_ASSIGN_OR_RETURN(LatchedRow row, latch_row(pool_, request.tid));
    if (!row) return LockOutcome::kDeleted;
    Judgement j = judge(request, row.row.header());
    switch (j.verdict) {
      case Verdict::kDeleted:
        return LockOutcome::kDeleted;
      case Verdict::kSelfModified:
        return LockOutcome::kSelfModified;
      case Verdict::kConflict:
        return write_conflict(j);
      case Verdict::kProceed: {
        VARVE_ASSIGN_OR_RETURN(bool done, change(j, row));
        if (done) return LockOutcome::kLocked;
        continue;
      }
      case Verdict::kNewer: {
        Status s = lock_latched(request, row);
        if (s.ok()) {
          copy_out(row.row, buffer, newest);
          return LockOutcome::kLockedUpdated;
        }
        if (s.code() != StatusCode::kBusy) return s;
        break;
      }
      default:
        break;
    }
    VARVE_RETURN_IF_ERROR(wait(request, j, row, request.txn.lock_timeout_us));
  }
}

Result<LockOutcome> HeapImpl::update(txn::Transaction& txn, const txn::Snapshot& snapshot, Tid tid,
                                     wal::Bytes row, uint16_t attributes, bool keys_changed,
                                     bool locked_already, RowBuffer& buffer, RowVersion* newest,
                                     uint16_t row_flags, bool weak, RowMove* move) {
  if (move != nullptr) *move = {tid, tid};
  if (row.size() > kMaxRowBytes) {
    return Status::invalid(fmt::format("row is too big: size {}, maximum size {}", row.size(), kMaxRowBytes));
  }
  txn.assign_xid();
  const bool strong = keys_changed && !weak;
  const Request request{txn, snapshot, tid, strong ? RowLock::kUpdate : RowLock::kNoKeyUpdate,
                        locked_already};
  const NewVersion version{row, attributes, row_flags, keys_changed, strong};
  return write(request, buffer, newest, [&](const Judgement& j, LatchedRow& latched) -> Result<bool> {
    VARVE_ASSIGN_OR_RETURN(bool done, update_in_place(request, j, latched, version));
    if (done) return true;
    latched.guard.release();
    return update_by_moving(request, version);
  });
}

Result<LockOutcome> HeapImpl::remove(txn::Transaction& txn, const txn::Snapshot& snapshot, Tid tid,
                                     bool locked_already, RowBuffer& buffer, RowVersion* newest,
                                     RowMove* move) {
  if (move != nullptr) *move = {tid, tid};
  txn.assign_xid();
  const Request request{txn, snapshot, tid, RowLock::kUpdate, locked_already};
  return write(request, buffer, newest, [&](const Judgement& j, LatchedRow& latched) -> Result<bool> {
    VARVE_RETURN_IF_ERROR(delete_in_place(request, j, latched));
    return true;
  });
}

Status HeapImpl::remove_idle(txn::Transaction& txn, std::span<const Tid> tids, std::span<const Xid> writers,
                             std::vector<bool>* done) {
  txn.assign_xid();
  done->assign(tids.size(), false);
  const txn::Snapshot none{};
  for (size_t i = 0; i < tids.size(); ++i) {
    VARVE_ASSIGN_OR_RETURN(LatchedRow row, latch_row(pool_, tids[i]));
    if (!row) continue;
    const RowHeader header = row.row.header();
    if (Xid{header.xid} != writers[i] || (header.flags & kRowDeleted) != 0) continue;
    Judgement judgement;
    if ((header.flags & kRowHasLocks) != 0) {
      if (txns_.locks().row_has_locks(database_, tids[i])) continue;
      judgement.drop_lock_hint = true;
    }
    VARVE_RETURN_IF_ERROR(
        delete_in_place(Request{txn, none, tids[i], RowLock::kUpdate, false}, judgement, row));
    (*done)[i] = true;
  }
  return {};
}

namespace {

// Header of the new version of an updated row, apart from xid and undo.
uint16_t updated_flags(uint16_t before, uint16_t row_flags, bool own, bool drop_lock_hint, bool keys_changed,
                       bool strong) {
  uint16_t flags = (before & (kRowPlaceFlags | kRowKeysChanged)) | row_flags;
  if (drop_lock_hint) flags &= static_cast<uint16_t>(~kRowHasLocks);
  if (keys_changed) flags |= kRowKeysChanged;
  if (strong) flags |= kRowKeyWriter;
  if (own) flags |= before & kRowKeyWriter;
  return flags;
}

// The undo bytes of an update, on the stack.
class UpdateUndo {
 public:
  UpdateUndo(PageId segment, Tid tid, const RowHeader& before, wal::Bytes old, CommonParts common) {
    size_t middle = old.size() - common.prefix - common.suffix;
    store_raw(bytes_.data(),
              txn::UndoHeader{txn::UndoKind::kHeapUpdate, 0, 0, segment.value(), tid.packed()});
    store_raw(bytes_.data() + sizeof(txn::UndoHeader),
              HeapUndoUpdate{before.flags, before.attributes, static_cast<uint16_t>(old.size()),
                             common.prefix, common.suffix});
    std::memcpy(bytes_.data() + kHead, old.data() + common.prefix, middle);
    size_ = kHead + middle;
  }
  wal::Bytes bytes() const { return {bytes_.data(), size_}; }

 private:
  static constexpr size_t kHead = sizeof(txn::UndoHeader) + sizeof(HeapUndoUpdate);
  std::array<uint8_t, kHead + buffer::kPageBytes> bytes_;
  size_t size_;
};

}  // namespace

Result<bool> HeapImpl::update_in_place(const Request& request, const Judgement& judgement, LatchedRow& row,
                                       const NewVersion& version) {
  const size_t total = row.row.overhead() + version.row.size();
  if (!fits_update(row.guard.page(), row.at.slot, total)) {
    if (!make_room(row.guard, std::max(total, kMinRowCapacity))) return false;
    row.row = find_row(row.guard.page(), row.at.slot);
  }
  VARVE_RETURN_IF_ERROR(note_write(request.txn, request.tid));
  const RowHeader before = row.row.header();
  const wal::Bytes old = row.row.row();
  const CommonParts common = common_parts(old, version.row);
  const UpdateUndo undo(segment_, request.tid, before, old, common);
  VARVE_ASSIGN_OR_RETURN(txn::UndoPtr at, log_undo(request.txn, undo.bytes(), before));

  HeapUpdatePayload head{};
  head.slot = row.at.slot;
  head.header = {request.txn.xid().value(), at.value(),
                 updated_flags(before.flags, version.flags, judgement.own, judgement.drop_lock_hint,
                               version.keys_changed, version.strong),
                 version.attributes};
  head.length = static_cast<uint16_t>(version.row.size());
  head.prefix = common.prefix;
  head.suffix = common.suffix;
  std::array<uint8_t, sizeof(head) + kMaxRowBytes> payload;
  const size_t middle = version.row.size() - common.prefix - common.suffix;
  store_raw(payload.data(), head);
  std::memcpy(payload.data() + sizeof(head), version.row.data() + common.prefix, middle);

  LogBatch batch(pool_, request.txn.xid(), request.txn.last_lsn());
  batch.change(row.guard, kHeapUpdate, {payload.data(), sizeof(head) + middle});
  batch.set_undo(undo.bytes());
  Lsn start;
  batch.commit(&start);
  request.txn.set_last_lsn(start);
  return true;
}

Status HeapImpl::delete_in_place(const Request& request, const Judgement& judgement, LatchedRow& row) {
  VARVE_RETURN_IF_ERROR(note_write(request.txn, request.tid));
  const RowHeader before = row.row.header();
  std::array<uint8_t, sizeof(txn::UndoHeader) + sizeof(HeapUndoDelete)> undo;
  store_raw(undo.data(),
            txn::UndoHeader{txn::UndoKind::kHeapDelete, 0, 0, segment_.value(), request.tid.packed()});
  store_raw(undo.data() + sizeof(txn::UndoHeader), HeapUndoDelete{before.flags, before.attributes});
  VARVE_ASSIGN_OR_RETURN(txn::UndoPtr at, log_undo(request.txn, undo, before));

  uint16_t flags = before.flags | kRowDeleted | kRowKeyWriter;
  if (judgement.drop_lock_hint) flags &= static_cast<uint16_t>(~kRowHasLocks);
  std::array<uint8_t, sizeof(uint16_t) + sizeof(RowHeader)> payload;
  store_raw(payload.data(), row.at.slot);
  store_raw(payload.data() + sizeof(uint16_t),
            RowHeader{request.txn.xid().value(), at.value(), flags, before.attributes});
  LogBatch batch(pool_, request.txn.xid(), request.txn.last_lsn());
  batch.change(row.guard, kHeapSetHeader, payload);
  batch.set_undo(undo);
  Lsn start;
  batch.commit(&start);
  request.txn.set_last_lsn(start);
  return {};
}

// --- a row that outgrows its page ---

Result<bool> HeapImpl::update_by_moving(const Request& request, const NewVersion& version) {
  const Tid home = request.tid;
  Tid at = home;
  {
    VARVE_ASSIGN_OR_RETURN(SharedGuard guard, pool_.fix_shared(home.page));
    RowPlace row = find_row(guard.page(), home.slot);
    if (!row) return false;
    if (row.stub()) at = row.other();
  }
  const size_t total = sizeof(RowHeader) + kBackPointerBytes + version.row.size();
  PageId target;
  {
    VARVE_ASSIGN_OR_RETURN(ExclusiveGuard guard, page_for_insert(request.txn, total, home.page, at.page));
    target = guard.id();
  }
  // Chosen and found without holding the row: take all pages in order and look again.
  WriteLatches latches;
  VARVE_RETURN_IF_ERROR(latches.take(pool_, std::array<PageId, 3>{home.page, at.page, target}));
  RowPlace stub = find_row(latches.find(home.page)->page(), home.slot);
  if (!stub || (at == home ? stub.stub() : !stub.stub() || stub.other() != at)) return false;
  RowPlace row = find_row(latches.find(at.page)->page(), at.slot);
  if (!row || (at != home && (!row.moved() || row.other() != home))) return false;
  Judgement j = judge(request, row.header());
  if (j.verdict != Verdict::kProceed) return false;
  const buffer::Page& target_page = latches.find(target)->page();
  if (!usable(target_page) || !fits_new(target_page, total)) return false;
  VARVE_RETURN_IF_ERROR(note_write(request.txn, request.tid));
  VARVE_RETURN_IF_ERROR(move_row(request, j, latches, at, target, version));
  return true;
}

Status HeapImpl::move_row(const Request& request, const Judgement& judgement, WriteLatches& latches, Tid at,
                          PageId target, const NewVersion& version) {
  const Tid home = request.tid;
  ExclusiveGuard& home_guard = *latches.find(home.page);
  ExclusiveGuard& old_guard = *latches.find(at.page);
  ExclusiveGuard& new_guard = *latches.find(target);
  const RowPlace row = find_row(old_guard.page(), at.slot);
  const RowHeader before = row.header();
  const CommonParts common = common_parts(row.row(), version.row);
  const UpdateUndo undo(segment_, home, before, row.row(), common);
  VARVE_ASSIGN_OR_RETURN(txn::UndoPtr undo_at, log_undo(request.txn, undo.bytes(), before));

  const Tid to{target, next_free_slot(new_guard.page())};
  uint16_t flags = updated_flags(before.flags, version.flags, judgement.own, judgement.drop_lock_hint,
                                 version.keys_changed, version.strong);
  std::array<uint8_t, sizeof(uint16_t) + sizeof(RowHeader) + kBackPointerBytes + kMaxRowBytes> insert;
  uint8_t* p = insert.data();
  store_raw(p, to.slot);
  store_raw(p + 2, RowHeader{request.txn.xid().value(), undo_at.value(),
                             static_cast<uint16_t>(flags | kRowMoved), version.attributes});
  store_raw(p + 2 + sizeof(RowHeader), home.packed());
  p += 2 + sizeof(RowHeader) + kBackPointerBytes;
  std::memcpy(p, version.row.data(), version.row.size());
  p += version.row.size();

  std::array<uint8_t, sizeof(uint16_t) + sizeof(uint64_t)> forward;
  store_raw(forward.data(), home.slot);
  store_raw(forward.data() + sizeof(uint16_t), to.packed());

  LogBatch batch(pool_, request.txn.xid(), request.txn.last_lsn());
  batch.change(home_guard, kHeapForward, forward);
  if (at != home) {
    batch.change(old_guard, kHeapFree, {reinterpret_cast<const uint8_t*>(&at.slot), sizeof(at.slot)});
  }
  batch.change(new_guard, kHeapInsert, {insert.data(), static_cast<size_t>(p - insert.data())});
  batch.set_undo(undo.bytes());
  Lsn start;
  batch.commit(&start);
  request.txn.set_last_lsn(start);
  return {};
}

}  // namespace varve::access
