#include <algorithm>

#include "common/check.h"
#include "common/log.h"
#include "txn_manager_impl.h"
#include "wal/log_manager.h"

namespace varve::txn {

TxnManagerImpl::TxnManagerImpl(buffer::BufferPool& pool, Xid next_xid, const TxnOptions& options)
    : pool_(pool),
      log_(pool.log()),
      options_(options),
      start_xid_(std::max(next_xid, Xid{1})),
      horizon_(start_xid_.value()),
      states_(start_xid_.value()),
      aborted_(start_xid_.value()),
      undo_log_(options.undo_memory_bytes, options.spill_directory, options.spill_bytes),
      locks_(*this, options.max_locks),
      serializable_(*this, pool) {}

TxnManagerImpl::~TxnManagerImpl() {
  stop_purge();
  for (auto& block : registry_) delete block.load(std::memory_order_relaxed);
}

// --- the pool of transaction objects ---

TransactionImpl* TxnManagerImpl::take() {
  FreeList& list = free_[thread_stripe() % kStripes];
  {
    std::lock_guard guard(list.spin);
    if (!list.idle.empty()) {
      TransactionImpl* txn = list.idle.back();
      list.idle.pop_back();
      return txn;
    }
  }
  return create();
}

TransactionImpl* TxnManagerImpl::create() {
  std::lock_guard guard(registry_mutex_);
  uint32_t index = registry_count_.load(std::memory_order_relaxed);
  // Threads that only end transactions fill their stripes and never empty them: look there before growing.
  if (index >= kStripes * kBlock) {
    for (FreeList& list : free_) {
      std::lock_guard stripe(list.spin);
      if (list.idle.empty()) continue;
      TransactionImpl* txn = list.idle.back();
      list.idle.pop_back();
      return txn;
    }
  }
  VARVE_CHECK(index < registry_.size() * kBlock);
  auto& entry = registry_[index / kBlock];
  RegistryBlock* block = entry.load(std::memory_order_relaxed);
  if (block == nullptr) {
    block = new RegistryBlock{};
    entry.store(block, std::memory_order_release);
  }
  TransactionImpl* txn = &all_.emplace_back(*this, index);
  (*block)[index % kBlock] = txn;
  registry_count_.store(index + 1, std::memory_order_release);
  return txn;
}

void TxnManagerImpl::give_back(TransactionImpl* txn) {
  FreeList& list = free_[thread_stripe() % kStripes];
  std::lock_guard guard(list.spin);
  list.idle.push_back(txn);
}

std::unique_ptr<Transaction> TxnManagerImpl::begin(Isolation isolation, sync::CancelToken* cancel) {
  TransactionImpl* txn = take();
  txn->start(isolation, cancel);
  return std::unique_ptr<Transaction>(txn);
}

// --- the end of a transaction ---

Status TxnManagerImpl::prepare_commit(Transaction& base) {
  auto& txn = static_cast<TransactionImpl&>(base);
  VARVE_CHECK(txn.active_);
  return txn.serializable == nullptr ? Status() : serializable_.prepare(*txn.sxact());
}

// From here on those whose snapshot lies behind the position do not overlap with it.
TxnManagerImpl::Releases TxnManagerImpl::finish_serializable(TransactionImpl& txn, bool commit,
                                                             uint64_t position) {
  if (txn.serializable == nullptr) return {};
  Sxact* sxact = txn.sxact();
  txn.serializable = nullptr;
  return serializable_.finish(*sxact, commit, position);
}

// Asked under the conflict graph's mutex, so it must not wait for one that is committing.
uint64_t TxnManagerImpl::commit_number(uint64_t xid) const {
  const uint64_t word = states_.load(xid);
  if (xid < horizon_.load(std::memory_order_acquire) || !word_is_committed(word)) return 0;
  return word;
}

Lsn TxnManagerImpl::commit(Transaction& base) {
  auto& txn = static_cast<TransactionImpl&>(base);
  VARVE_CHECK(txn.active_);
  uint64_t xid = txn.xid().value();
  Lsn wait_for;
  uint64_t position = 0;
  if (xid == 0 || !txn.wrote()) {
    // Nothing of its own to make durable; but it must not report what a crash could take back.
    uint64_t seen = txn.newest_seen_.load(std::memory_order_relaxed);
    if (seen > log_.durable_lsn().value()) wait_for = Lsn{seen};
    serializable_.release(finish_serializable(txn, true, log_.reserved_lsn().value()));
    if (xid != 0) {
      position = std::max<uint64_t>(log_.durable_lsn().value(), kWordCommitting + 1);
      states_.store(xid, position);
    }
  } else {
    std::vector<uint64_t> dropped;
    if (txn.dropped_segments_) {
      std::vector<PendingDrop> drops;
      txn.collect_dropped_segments(&dropped, &drops);
      // Before the commit record: a checkpoint that begins behind that must know of them.
      std::lock_guard guard(purge_mutex_);
      pending_drops_.insert(pending_drops_.end(), drops.begin(), drops.end());
    }
    wal::RecordParts parts;
    parts.kind = wal::RecordKind::kCommit;
    parts.xid = Xid{xid};
    parts.prev_lsn = txn.last_lsn();
    parts.body =
        wal::Bytes(reinterpret_cast<const uint8_t*>(dropped.data()), dropped.size() * sizeof(uint64_t));
    // The order that snapshots rely on: whoever reads a log position behind our record has synchronised with
    // append()'s read-modify-write, and so sees at least `committing` here, and spins until the csn is there.
    states_.store(xid, kWordCommitting);
    wait_for = log_.append(parts);
    position = wait_for.value();
    if (txn.needs_purge_) {
      // While still `committing`: the horizon cannot pass an item that is not queued yet.
      queue_purge({xid, position, txn.last_undo_});
    }
    // Before it is visible: until then whoever meets its rows spins, so what takes time comes after.
    Releases releases = finish_serializable(txn, true, position);
    states_.store(xid, position);
    serializable_.release(releases);
    if (txn.epoch_to_advance != nullptr) txn.epoch_to_advance->fetch_add(1, std::memory_order_acq_rel);
  }
  finish(txn, position);
  return wait_for;
}

std::vector<PendingDrop> pending_drops(const TxnManager& txns) {
  return static_cast<const TxnManagerImpl&>(txns).pending_drops();
}

void TxnManagerImpl::rollback(Transaction& base) {
  auto& txn = static_cast<TransactionImpl&>(base);
  VARVE_CHECK(txn.active_);
  uint64_t xid = txn.xid().value();
  uint64_t position = 0;
  if (txn.serializable != nullptr) txn.sxact()->doomed = true;  // nobody need mind it while it rolls back
  if (xid != 0) {
    if (txn.wrote()) {
      Status s = txn.undo_down_to(0);
      if (!s.ok()) {
        // Half a transaction in place and no way on: stop, and let recovery roll it back from the log.
        log(LogLevel::kPanic, "could not roll back transaction {}: {}", xid, s.to_string());
        VARVE_CHECK(!"rollback failed");
      }
      wal::RecordParts parts;
      parts.kind = wal::RecordKind::kAbort;
      parts.xid = Xid{xid};
      parts.prev_lsn = txn.last_lsn();
      position = log_.append(parts).value();
    }
    aborted_.note(xid);
    states_.store(xid, kWordAborted | position);
  }
  serializable_.release(finish_serializable(txn, false, log_.reserved_lsn().value()));
  finish(txn, position);
}

void TxnManagerImpl::finish(TransactionImpl& txn, uint64_t position) {
  uint64_t xid = txn.xid().value();
  if (xid != 0) {
    txn.hand_over_undo(position);
    // A later owner of the chunk must not take over our records as its own.
    txn.last_undo_ = 0;
    locks_.transaction_finished(xid);
  }
  if (!txn.held.empty()) locks_.release_all(txn);
  txn.drop_registrations();
  if (xid != 0) txn.xid_.store(0, std::memory_order_release);
  txn.active_ = false;
  if (xid != 0 && ++txn.commits % 64 == 0) recompute_horizon(false);
}

// --- states and visibility ---

uint64_t TxnManagerImpl::settled_word(Xid xid) const {
  for (uint32_t spins = 0;; ++spins) {
    uint64_t word = states_.load(xid.value());
    // After the word: see state_table.h for why this order makes a recycled word harmless.
    if (xid.value() < horizon_.load(std::memory_order_acquire)) return kBelowHorizon;
    if (word != kWordCommitting) return word;
    // Between `committing` and the csn lie the writer's append and a store.
    if (spins > 200)
      sched_yield();
    else
      sync::cpu_pause();
  }
}

XidStatus TxnManagerImpl::xid_status(Xid xid) const {
  uint64_t word = settled_word(xid);
  if (word == kBelowHorizon) return {XidState::kCommitted, Csn{0}};
  if (word == kWordRunning) return {XidState::kRunning, Csn{0}};
  if (!word_is_committed(word)) return {XidState::kAborted, Csn{0}};
  return {XidState::kCommitted, Csn{word}};
}

std::optional<XidState> TxnManagerImpl::outcome(Xid xid) const {
  const uint64_t word = settled_word(xid);
  if (word == kWordRunning) return XidState::kRunning;
  if (!aborted_.knows(xid.value())) return std::nullopt;
  return aborted_.contains(xid.value()) ? XidState::kAborted : XidState::kCommitted;
}

bool TxnManagerImpl::visible(const Snapshot& snapshot, Xid writer, UndoPtr undo) const {
  if (writer.value() < horizon_.load(std::memory_order_acquire)) return true;
  if (writer == snapshot.own_xid) return undo < snapshot.own_limit;
  uint64_t word = settled_word(writer);
  if (word == kBelowHorizon) return true;
  if (!word_is_committed(word) || word > snapshot.csn.value()) return false;
  if (snapshot.newest_seen != nullptr) {
    uint64_t seen = snapshot.newest_seen->load(std::memory_order_relaxed);
    while (seen < word &&
           !snapshot.newest_seen->compare_exchange_weak(seen, word, std::memory_order_relaxed)) {
    }
  }
  return true;
}

UndoView TxnManagerImpl::undo(UndoPtr at) const {
  const UndoRecord* record = undo_log_.record(at);
  return UndoView{Xid{record->previous_xid}, UndoPtr{record->previous_undo},
                  UndoPtr{record->transaction_previous}, wal::Bytes(record->bytes(), record->length)};
}

Status TxnManagerImpl::wait_for(Transaction& waiter, Xid xid) {
  if (settled_word(xid) != kWordRunning) return {};
  return locks_.wait_for_transaction(static_cast<TransactionImpl&>(waiter), xid.value(),
                                     waiter.lock_timeout_us);
}

std::vector<TxnManager::ActiveWriter> TxnManagerImpl::active_writers() const {
  std::vector<ActiveWriter> writers;
  full_fence();  // after the caller's redo point; see assign_xid()
  for_each_transaction([&](const TransactionImpl& txn) {
    uint64_t xid = txn.xid_.load(std::memory_order_acquire);
    if (xid == 0) return;
    ActiveWriter writer{Xid{xid}, Lsn{txn.first_lsn_.load(std::memory_order_relaxed)},
                        Lsn{txn.last_lsn_.load(std::memory_order_acquire)}};
    // A finished one whose object is not yet cleared is not active: its commit record may lie before the redo
    // point, and recovery must not take it for a loser. One that finishes from here on does so after it.
    if (settled_word(Xid{xid}) != kWordRunning) return;
    if (txn.xid_.load(std::memory_order_acquire) == xid) writers.push_back(writer);
  });
  return writers;
}

std::unique_ptr<TxnManager> make_txn_manager(buffer::BufferPool& pool, Xid next_xid,
                                             const TxnOptions& options) {
  return std::make_unique<TxnManagerImpl>(pool, next_xid, options);
}

}  // namespace varve::txn
