// A transaction object, pooled: begin() takes one, destruction puts it back with its memory, its undo chunk
// and its place in the registry. The registry is what the horizon computation and the deadlock detector walk.
#pragma once

#include <atomic>
#include <cstdint>
#include <new>
#include <vector>

#include "lock_table.h"
#include "serializable/sxact.h"
#include "txn/pending_drops.h"
#include "txn/txn_manager.h"
#include "undo_log.h"

namespace varve::txn {

class TxnManagerImpl;

// Value of registered_csn while no snapshot is in use.
inline constexpr uint64_t kNotRegistered = ~0ULL;

class TransactionImpl final : public Transaction {
 public:
  TransactionImpl(TxnManagerImpl& manager, uint32_t registry_index);
  ~TransactionImpl() override;
  TransactionImpl(const TransactionImpl&) = delete;
  TransactionImpl& operator=(const TransactionImpl&) = delete;

  // Runs in place of the destructor when a caller's unique_ptr dies: back into the pool.
  static void operator delete(TransactionImpl* txn, std::destroying_delete_t);

  void start(Isolation isolation, sync::CancelToken* cancel);
  void recycle();

  Xid xid() const override { return Xid{xid_.load(std::memory_order_relaxed)}; }
  Xid assign_xid() override;
  Isolation isolation() const override { return isolation_; }
  Snapshot statement_snapshot() override;
  bool has_had_snapshot() const override { return had_snapshot_; }
  void release_snapshot() override;
  void ensure_snapshot() override {
    if (!has_snapshot_ && pins_.empty()) statement_snapshot();
  }
  uint64_t pin_snapshot(const Snapshot& snapshot) override;
  void unpin_snapshot(uint64_t pin) override;
  Lsn last_lsn() const override { return Lsn{last_lsn_.load(std::memory_order_relaxed)}; }
  void set_last_lsn(Lsn lsn) override { last_lsn_.store(lsn.value(), std::memory_order_release); }
  UndoPtr add_undo(wal::Bytes bytes, Xid previous_xid, UndoPtr previous_undo) override;
  UndoPtr undo_position() const override;
  Savepoint savepoint() const override;
  Status rollback_to(const Savepoint& savepoint) override;
  sync::CancelToken* cancel_token() const override { return cancel_; }
  TxnManager& manager() const override;

  // Takes back every undo record at or after `limit`, newest first.
  Status undo_down_to(uint64_t limit);
  void drop_registrations();
  // Gives full chunks to the undo log; the open one stays for the next transaction. `position`: the log
  // position behind which nobody needs what was written.
  void hand_over_undo(uint64_t position);
  void collect_dropped_segments(std::vector<uint64_t>* segments, std::vector<PendingDrop>* drops) const;

  bool active() const { return active_; }
  bool wrote() const { return last_undo_ != 0 || last_lsn() != kInvalidLsn; }
  uint64_t last_undo() const { return last_undo_; }
  bool needs_purge() const { return needs_purge_; }
  bool dropped_segments() const { return dropped_segments_; }

  // --- read by other threads ---
  // A csn not above that of any snapshot in use, or kNotRegistered. See statement_snapshot() for the order.
  alignas(64) std::atomic<uint64_t> registered_csn{kNotRegistered};
  std::atomic<uint64_t> xid_{0};
  std::atomic<uint64_t> first_lsn_{0};
  std::atomic<uint64_t> last_lsn_{0};
  std::atomic<uint64_t> newest_seen_{0};

  alignas(64) FastLocks fast;
  Waiter waiter;               // guarded by the mutex of the partition it waits in
  uint64_t deadlock_mark = 0;  // guarded by all partition mutexes together
  std::vector<HeldLock> held;  // the owner's
  uint32_t commits = 0;        // to recompute the horizon now and then
  const uint32_t index;        // in the registry

 private:
  friend class TxnManagerImpl;
  struct Pin {
    uint64_t id;
    uint64_t csn;
  };
  bool open_chunk(size_t needed);
  void take_snapshot();
  void begin_serializable();
  bool found_unsafe();
  Sxact* sxact() const { return static_cast<Sxact*>(serializable); }
  void register_at_least(uint64_t csn);

  TxnManagerImpl& manager_;
  sync::CancelToken* cancel_ = nullptr;
  Isolation isolation_ = Isolation::kReadCommitted;
  bool active_ = false;
  bool has_snapshot_ = false;   // registered for the current statement (or, REPEATABLE READ, transaction)
  bool keep_snapshot_ = false;  // REPEATABLE READ: taken, for the rest of the transaction
  bool had_snapshot_ = false;   // since start()
  mutable bool had_savepoint_ = false;
  bool needs_purge_ = false;
  bool dropped_segments_ = false;
  uint64_t snapshot_csn_ = 0;
  uint64_t next_pin_ = 1;
  std::vector<Pin> pins_;

  uint64_t last_undo_ = 0;               // newest record not taken back
  UndoChunk* chunk_ = nullptr;           // open; kept from one transaction to the next
  std::vector<UndoChunk*> full_chunks_;  // of this transaction
};

}  // namespace varve::txn
