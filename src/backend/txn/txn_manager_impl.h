// The transaction manager's own structure. See txn/txn_manager.h for what it does.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "aborted_xids.h"
#include "fence.h"
#include "lock_manager_impl.h"
#include "serializable/serializable_manager.h"
#include "state_table.h"
#include "sync/spin_lock.h"
#include "transaction.h"
#include "txn/pending_drops.h"
#include "txn/txn_manager.h"
#include "undo_log.h"

namespace varve::txn {

class TxnManagerImpl final : public TxnManager, private CommitNumbers {
 public:
  TxnManagerImpl(buffer::BufferPool& pool, Xid next_xid, const TxnOptions& options);
  ~TxnManagerImpl() override;

  std::unique_ptr<Transaction> begin(Isolation isolation, sync::CancelToken* cancel) override;
  Status prepare_commit(Transaction& txn) override;
  Lsn commit(Transaction& txn) override;
  void rollback(Transaction& txn) override;
  XidStatus xid_status(Xid xid) const override;
  std::optional<XidState> outcome(Xid xid) const override;
  Xid horizon() const override { return Xid{horizon_.load(std::memory_order_acquire)}; }
  Xid purged_bound() const override;
  bool visible(const Snapshot& snapshot, Xid writer, UndoPtr undo) const override;
  UndoView undo(UndoPtr at) const override;
  Status wait_for(Transaction& waiter, Xid xid) override;
  LockManager& locks() override { return locks_; }
  SerializableManager& serializable() override { return serializable_; }
  buffer::BufferPool& pool() override { return pool_; }
  Status purge_once() override;
  void start_purge() override;
  void stop_purge() override;
  Xid start_xid() const override { return start_xid_; }
  std::vector<ActiveWriter> active_writers() const override;
  Xid next_xid() const override { return Xid{states_.next_xid()}; }

  wal::LogManager& wal_log() { return log_; }
  StateTable& states() { return states_; }
  UndoLog& undo_log() { return undo_log_; }
  LockManagerImpl& lock_table() { return locks_; }
  SerializableManagerImpl& serializable_impl() { return serializable_; }

  void give_back(TransactionImpl* txn);
  std::vector<PendingDrop> pending_drops() const {
    std::lock_guard guard(purge_mutex_);
    return pending_drops_;
  }
  // The state word once it is not `committing` any more; finished and below the horizon: kWordAborted never,
  // kBelowHorizon always.
  static constexpr uint64_t kBelowHorizon = 2;
  uint64_t settled_word(Xid xid) const;
  // Moves the horizon as far as snapshots, running writers and durability allow; frees states and undo behind
  // it. With `wait` false it gives up when another thread is at it.
  void recompute_horizon(bool wait);

  template <class F>
  void for_each_transaction(F&& f) const {
    uint32_t count = registry_count_.load(std::memory_order_acquire);
    for (uint32_t i = 0; i < count; ++i) {
      const RegistryBlock* block = registry_[i / kBlock].load(std::memory_order_acquire);
      f(*(*block)[i % kBlock]);
    }
  }

 private:
  static constexpr uint32_t kStripes = 16;
  static constexpr uint32_t kBlock = 64;
  using RegistryBlock = std::array<TransactionImpl*, kBlock>;
  struct alignas(64) FreeList {
    sync::SpinLock spin;
    std::vector<TransactionImpl*> idle;
  };
  // What a committed transaction left to do once it is below the horizon.
  struct PurgeItem {
    uint64_t xid;
    uint64_t csn;
    uint64_t last_undo;
    bool operator>(const PurgeItem& other) const { return csn > other.csn; }
  };

  TransactionImpl* take();
  TransactionImpl* create();
  void finish(TransactionImpl& txn, uint64_t position);
  using Releases = std::vector<ConflictGraph::Release>;
  // `position`: where in the log it has ended. What is not needed any more goes with release().
  Releases finish_serializable(TransactionImpl& txn, bool commit, uint64_t position);
  uint64_t commit_number(uint64_t xid) const override;
  void queue_purge(const PurgeItem& item);
  bool next_purge(Xid limit, PurgeItem* item);
  Status purge_item(const PurgeItem& item, Xid horizon);
  Status purge_records(const PurgeItem& item, Xid horizon, bool indexes);
  uint64_t oldest_snapshot(uint64_t position) const;
  void purge_loop();

  buffer::BufferPool& pool_;
  wal::LogManager& log_;
  const TxnOptions options_;
  const Xid start_xid_;
  alignas(64) std::atomic<uint64_t> horizon_;
  StateTable states_;
  AbortedXids aborted_;
  UndoLog undo_log_;
  LockManagerImpl locks_;
  SerializableManagerImpl serializable_;

  std::array<FreeList, kStripes> free_;
  mutable std::mutex registry_mutex_;  // guards creation
  std::array<std::atomic<RegistryBlock*>, 4096> registry_{};
  std::atomic<uint32_t> registry_count_{0};
  std::deque<TransactionImpl> all_;

  std::mutex horizon_mutex_;  // one computation at a time

  mutable std::mutex purge_mutex_;      // guards purge_queue_ and, with it, which undo chunks may go
  std::vector<PurgeItem> purge_queue_;  // a heap, smallest csn first
  uint64_t purging_csn_ = ~0ULL;        // of the item taken out and not yet done
  uint64_t purging_xid_ = ~0ULL;
  std::vector<PendingDrop> pending_drops_;  // guarded by purge_mutex_
  std::mutex purge_run_mutex_;              // one purge at a time

  std::mutex thread_mutex_;
  std::condition_variable thread_wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace varve::txn
