#include "transaction.h"

#include <algorithm>
#include <cstring>

#include "common/check.h"
#include "common/log.h"
#include "txn_manager_impl.h"
#include "wal/log_manager.h"

namespace varve::txn {

TransactionImpl::TransactionImpl(TxnManagerImpl& manager, uint32_t registry_index)
    : index(registry_index), manager_(manager) {
  waiter.txn = this;
}

TransactionImpl::~TransactionImpl() {
  if (chunk_ != nullptr) manager_.undo_log().retire(chunk_);
}

void TransactionImpl::operator delete(TransactionImpl* txn, std::destroying_delete_t) {
  if (txn->active_) txn->manager_.rollback(*txn);
  txn->recycle();
}

void TransactionImpl::recycle() { manager_.give_back(this); }

void TransactionImpl::start(Isolation isolation, sync::CancelToken* cancel) {
  owner_pid = 0;
  session_owner = 0;
  lock_timeout_us = deadlock_timeout_us = 0;
  epoch_to_advance = nullptr;
  read_only = deferrable = false;
  VARVE_CHECK(serializable == nullptr);
  isolation_ = isolation;
  cancel_ = cancel;
  active_ = true;
  has_snapshot_ = keep_snapshot_ = had_snapshot_ = had_savepoint_ = needs_purge_ = dropped_segments_ = false;
  last_undo_ = 0;
  first_lsn_.store(0, std::memory_order_relaxed);
  last_lsn_.store(0, std::memory_order_relaxed);
  newest_seen_.store(0, std::memory_order_relaxed);
}

TxnManager& TransactionImpl::manager() const { return manager_; }

Xid TransactionImpl::assign_xid() {
  if (Xid current = xid(); current != kInvalidXid) return current;
  VARVE_CHECK(active_);
  if (isolation_ == Isolation::kSerializable && !keep_snapshot_) statement_snapshot();
  // The reserved position is the boundary at which the next record starts: no record of ours lies before it.
  // Published before xid_, so that a checkpoint that sees the xid sees the position, and before the first
  // append (a read-modify-write of the log's position): a checkpoint that does not see the xid has taken its
  // redo point before our first record.
  first_lsn_.store(manager_.wal_log().reserved_lsn().value(), std::memory_order_relaxed);
  uint64_t assigned = manager_.states().allocate_xid();
  xid_.store(assigned, std::memory_order_seq_cst);
  // Before any row has it: whoever finds it there must find us.
  if (serializable != nullptr) manager_.serializable_impl().assign_xid(*sxact(), assigned);
  return Xid{assigned};
}

// Registration and horizon, without a common lock. Reader: store a position read earlier into registered_csn;
// full fence; read the position again: that is the snapshot. Horizon: read the position L; full fence; look
// at every registered_csn. Either the horizon sees the registration, and it is not above the snapshot; or the
// reader's second read comes after the horizon's, so that the snapshot is not below L, and L is the most that
// the horizon relies on.
void TransactionImpl::take_snapshot() {
  uint64_t position = manager_.wal_log().reserved_lsn().value();
  if (registered_csn.load(std::memory_order_relaxed) != kNotRegistered) {
    // Something older is registered already, so the move forward needs no fence; pins stay covered.
    snapshot_csn_ = position;
    if (pins_.empty()) registered_csn.store(position, std::memory_order_release);
  } else {
    registered_csn.store(position, std::memory_order_relaxed);
    full_fence();
    snapshot_csn_ = manager_.wal_log().reserved_lsn().value();
  }
  has_snapshot_ = had_snapshot_ = true;
}

Snapshot TransactionImpl::statement_snapshot() {
  VARVE_CHECK(active_);
  if (!keep_snapshot_) {
    if (isolation_ == Isolation::kSerializable)
      begin_serializable();
    else
      take_snapshot();
    keep_snapshot_ = isolation_ != Isolation::kReadCommitted;
  }
  return Snapshot{Csn{snapshot_csn_}, xid(), undo_position(), &newest_seen_, serializable};
}

void TransactionImpl::begin_serializable() {
  class Taker final : public SnapshotTaker {
   public:
    explicit Taker(TransactionImpl& txn) : txn_(txn) {}
    uint64_t take() override {
      txn_.take_snapshot();
      return txn_.snapshot_csn_;
    }

   private:
    TransactionImpl& txn_;
  } taker(*this);
  do {
    serializable = manager_.serializable_impl().begin(owner_pid, read_only, taker);
  } while (serializable != nullptr && read_only && deferrable && found_unsafe());
  if (serializable == nullptr) return;
  if (had_savepoint_) sxact()->keeps_marks = true;
  if (xid() != kInvalidXid) manager_.serializable_impl().assign_xid(*sxact(), xid().value());
}

// Waits until the snapshot of a deferrable transaction is known to be safe or not. True: not, take another.
bool TransactionImpl::found_unsafe() {
  SerializableManagerImpl& serializables = manager_.serializable_impl();
  bool safe = false;
  if (!serializables.wait_until_decided(*sxact(), cancel_, &safe).ok()) return false;
  Sxact* waited = sxact();
  serializable = nullptr;
  serializables.release(serializables.finish(*waited, false, manager_.wal_log().reserved_lsn().value()));
  return !safe;
}

void TransactionImpl::release_snapshot() {
  if (keep_snapshot_ || !has_snapshot_) return;
  has_snapshot_ = false;
  uint64_t csn = kNotRegistered;
  for (const Pin& pin : pins_) csn = std::min(csn, pin.csn);
  registered_csn.store(csn, std::memory_order_release);
}

uint64_t TransactionImpl::pin_snapshot(const Snapshot& snapshot) {
  // The snapshot is in use, so registered_csn is not above it already.
  VARVE_CHECK(registered_csn.load(std::memory_order_relaxed) <= snapshot.csn.value());
  pins_.push_back({next_pin_, snapshot.csn.value()});
  return next_pin_++;
}

void TransactionImpl::unpin_snapshot(uint64_t pin) {
  auto it = std::find_if(pins_.begin(), pins_.end(), [pin](const Pin& p) { return p.id == pin; });
  if (it == pins_.end()) return;
  *it = pins_.back();
  pins_.pop_back();
  uint64_t csn = has_snapshot_ ? snapshot_csn_ : kNotRegistered;
  for (const Pin& p : pins_) csn = std::min(csn, p.csn);
  registered_csn.store(csn, std::memory_order_release);
}

void TransactionImpl::drop_registrations() {
  has_snapshot_ = keep_snapshot_ = false;
  pins_.clear();
  registered_csn.store(kNotRegistered, std::memory_order_release);
}

UndoPtr TransactionImpl::undo_position() const {
  return chunk_ == nullptr ? kNoUndo : UndoPtr{(chunk_->number << kUndoChunkShift) + chunk_->used};
}

bool TransactionImpl::open_chunk(size_t needed) {
  VARVE_CHECK(needed <= kUndoChunkBytes);
  UndoChunk* fresh = manager_.undo_log().allocate();
  if (fresh == nullptr) {
    // Perhaps something can be freed right now.
    manager_.recompute_horizon(true);
    fresh = manager_.undo_log().allocate();
    if (fresh == nullptr) return false;
  }
  if (chunk_ != nullptr) {
    full_chunks_.push_back(chunk_);
    manager_.undo_log().offer_for_spill(chunk_);
  }
  chunk_ = fresh;
  return true;
}

UndoPtr TransactionImpl::add_undo(wal::Bytes bytes, Xid previous_xid, UndoPtr previous_undo) {
  size_t needed = sizeof(UndoRecord) + ((bytes.size() + 7) & ~size_t{7});
  if (chunk_ == nullptr || chunk_->used + needed > kUndoChunkBytes) {
    if (!open_chunk(needed)) return kNoUndo;
  }
  uint64_t at = (chunk_->number << kUndoChunkShift) + chunk_->used;
  auto* record = reinterpret_cast<UndoRecord*>(chunk_->memory + chunk_->used);
  record->previous_undo = previous_undo.value();
  record->previous_xid = previous_xid.value();
  record->transaction_previous = last_undo_;
  record->undo_next = last_lsn().value();
  record->length = static_cast<uint32_t>(bytes.size());
  std::memcpy(record + 1, bytes.data(), bytes.size());
  chunk_->used += static_cast<uint32_t>(needed);
  last_undo_ = at;

  auto kind = static_cast<UndoKind>(bytes[0]);
  if (purge_function(kind) != nullptr) needs_purge_ = true;
  if (kind == UndoKind::kSegmentDrop) dropped_segments_ = true;
  return UndoPtr{at};
}

Transaction::Savepoint TransactionImpl::savepoint() const {
  had_savepoint_ = true;  // perhaps before the first snapshot
  if (serializable != nullptr) sxact()->keeps_marks = true;
  return Savepoint{undo_position(), last_lsn(), held.size()};
}

Status TransactionImpl::rollback_to(const Savepoint& savepoint) {
  VARVE_CHECK(active_);
  VARVE_RETURN_IF_ERROR(undo_down_to(savepoint.undo.value()));
  manager_.lock_table().release_to(*this, savepoint.lock_count);
  // Who waits for us may have waited for what is taken back now: let them look again.
  if (xid() != kInvalidXid) manager_.lock_table().transaction_finished(xid().value());
  return {};
}

Status TransactionImpl::undo_down_to(uint64_t limit) {
  while (last_undo_ != 0 && last_undo_ >= limit) {
    const UndoRecord* record = manager_.undo_log().record(UndoPtr{last_undo_});
    UndoView view{Xid{record->previous_xid}, UndoPtr{record->previous_undo},
                  UndoPtr{record->transaction_previous}, wal::Bytes(record->bytes(), record->length)};
    UndoKind kind = view.header().kind;
    if (UndoFunction function = undo_function(kind)) {
      UndoContext context{manager_.pool(), xid(), Lsn{record->undo_next}, last_lsn()};
      VARVE_RETURN_IF_ERROR(function(context, view));
      set_last_lsn(context.last_lsn);
    } else {
      // Only these mean nothing when taken back.
      VARVE_CHECK(kind == UndoKind::kIndexGone || kind == UndoKind::kSegmentDrop);
    }
    // Only now: whoever is asked about this transaction finds the record until its change is taken back.
    last_undo_ = view.transaction_previous.value();
  }
  return {};
}

void TransactionImpl::collect_dropped_segments(std::vector<uint64_t>* segments,
                                               std::vector<PendingDrop>* drops) const {
  for (uint64_t at = last_undo_; at != 0;) {
    const UndoRecord* record = manager_.undo_log().record(UndoPtr{at});
    const auto* header = reinterpret_cast<const UndoHeader*>(record->bytes());
    if (header->kind == UndoKind::kSegmentDrop) {
      segments->push_back(header->object);
      drops->push_back({xid(), {record->bytes(), record->bytes() + record->length}});
    }
    at = record->transaction_previous;
  }
}

void TransactionImpl::hand_over_undo(uint64_t position) {
  for (UndoChunk* chunk : full_chunks_) {
    chunk->newest_csn = std::max(chunk->newest_csn, position);
    manager_.undo_log().retire(chunk);
  }
  full_chunks_.clear();
  if (chunk_ != nullptr) chunk_->newest_csn = std::max(chunk_->newest_csn, position);
}

}  // namespace varve::txn
