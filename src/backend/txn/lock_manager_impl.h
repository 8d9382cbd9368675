// The lock manager's own structure. See txn/lock_manager.h.
#pragma once

#include <array>
#include <atomic>
#include <string>
#include <unordered_map>
#include <vector>

#include "lock_table.h"

namespace varve::txn {

class TxnManagerImpl;

class LockManagerImpl final : public LockManager {
 public:
  LockManagerImpl(TxnManagerImpl& manager, uint64_t max_locks);

  Status acquire(Transaction& txn, const LockTag& tag, LockMode mode, WaitPolicy policy,
                 uint64_t timeout_us) override;
  Status acquire_row(Transaction& txn, uint32_t database, Tid tid, RowLock strength, WaitPolicy policy,
                     uint64_t timeout_us) override;
  bool row_locked_by_other(Transaction& txn, uint32_t database, Tid tid, RowLock strength) override;
  bool row_key_shared_by_other(Transaction& txn, uint32_t database, Tid tid) override;
  bool row_has_locks(uint32_t database, Tid tid) override;
  Status acquire_session(uint64_t owner, Transaction& txn, const LockTag& tag, LockMode mode,
                         WaitPolicy policy, uint64_t timeout_us) override;
  bool release_session(uint64_t owner, const LockTag& tag, LockMode mode) override;
  void release_all_session(uint64_t owner) override;
  void set_deadlock_timeout_us(uint64_t us) override {
    deadlock_timeout_us_.store(us, std::memory_order_relaxed);
  }
  std::vector<LockRow> snapshot() const override;
  std::vector<uint32_t> blockers(uint32_t pid) const override;

  // Savepoints: releases what was acquired after the first `count` locks.
  void release_to(TransactionImpl& txn, size_t count);
  void release_all(TransactionImpl& txn) { release_to(txn, 0); }

  Status wait_for_transaction(TransactionImpl& txn, uint64_t xid, uint64_t timeout_us);
  // After the final state of `xid` is stored.
  void transaction_finished(uint64_t xid);

 private:
  static constexpr size_t kPartitions =
      32;  // the deadlock check holds them all; ThreadSanitizer follows 64 mutexes at most
  static constexpr size_t kStrongCounters = 1024;
  static constexpr size_t kTransactionCounters = 256;

  Partition& partition(uint64_t hash) const { return partitions_[hash % kPartitions]; }
  std::atomic<uint32_t>& strong_counter(const LockTag& tag) {
    return strong_[hash_int(tag.a + (static_cast<uint64_t>(tag.database) << 32)) % kStrongCounters];
  }

  bool acquire_fast(TransactionImpl& txn, const LockTag& tag, LockMode mode);
  bool release_fast(TransactionImpl& txn, const LockTag& tag, LockMode mode);
  void release_moved(TransactionImpl& txn, const LockTag& tag, LockMode mode);
  Status move_fast_locks(const LockTag& tag);
  Status acquire_slow(Requester requester, const LockTag& tag, LockMode mode, WaitPolicy policy,
                      uint64_t timeout_us);
  Status grant(Partition& part, Lock* lock, Requester requester, LockMode mode);
  bool conflicts(const Lock* lock, Requester requester, LockMode mode) const;
  // The waiter before which the request must queue; sets `*at_once` when it may be granted there.
  Waiter* queue_position(const Lock* lock, Requester requester, LockMode mode, bool* at_once) const;
  // Grants whoever at the front of the queue may run now.
  void wake_waiters(Partition& part, Lock* lock);
  void release_mode(Partition& part, Holder* holder, LockMode mode);
  // Waits in the queue until granted. `lock` is held on entry and not on return.
  Status wait_in_queue(std::unique_lock<std::mutex>& lock, Partition& part, Waiter& waiter,
                       uint64_t timeout_us);
  void leave_queue(Partition& part, Waiter& waiter);

  // --- deadlock.cpp ---
  struct Edge {
    Waiter* waiter;
    uint32_t blocker_pid;
    Waiter* queued_behind;  // null: the blocker holds the lock
  };
  // kDeadlock: the waiter is the victim and has left its queue, before anybody else looks at the graph:
  // whoever finds the same cycle at the same time would be a second one.
  Status check_deadlock(Waiter& waiter);
  bool find_cycle(Waiter& from, Waiter& start, std::vector<Edge>* path, uint64_t mark) const;
  bool follow(TransactionImpl* blocker, uint32_t pid, Waiter& waiter, Waiter* behind, Waiter& start,
              std::vector<Edge>* path, uint64_t mark) const;
  bool resolve_by_reordering(Waiter& start, const std::vector<Edge>& cycle);
  static std::string describe(const std::vector<Edge>& cycle);

  TxnManagerImpl& manager_;
  const size_t max_holders_per_partition_;
  std::atomic<uint64_t> deadlock_timeout_us_{1'000'000};
  mutable std::array<Partition, kPartitions> partitions_;
  std::array<std::atomic<uint32_t>, kStrongCounters> strong_{};
  // How many wait for a transaction whose xid has this hash: a finishing writer looks here first.
  std::array<std::atomic<uint32_t>, kTransactionCounters> transaction_waiters_{};
  uint64_t next_mark_ = 0;  // guarded by all partition mutexes together

  std::mutex sessions_mutex_;
  std::unordered_map<uint64_t, std::vector<LockTag>> sessions_;  // tags a session may hold
};

LockMode row_lock_mode(RowLock strength);
const char* lock_mode_name(LockMode mode);
std::string describe_tag(const LockTag& tag);

}  // namespace varve::txn
