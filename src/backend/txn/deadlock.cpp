// Deadlock detection over lock waits and transaction waits together, and the picture of all locks.
//
// Only waiting transactions have outgoing edges, and a waiting transaction's place is guarded by the mutex of
// the partition it waits in; so with all partition mutexes held the graph stands still.
#include <fmt/format.h>

#include "lock_manager_impl.h"
#include "txn_manager_impl.h"

namespace varve::txn {

const char* lock_mode_name(LockMode mode) {
  static constexpr const char* kNames[] = {
      "INVALID",   "AccessShareLock",       "RowShareLock",  "RowExclusiveLock",   "ShareUpdateExclusiveLock",
      "ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock"};
  return kNames[static_cast<size_t>(mode)];
}

std::string describe_tag(const LockTag& tag) {
  switch (tag.kind) {
    case LockTagKind::kRelation:
      return fmt::format("relation {} of database {}", tag.a, tag.database);
    case LockTagKind::kRow: {
      Tid tid = Tid::unpack(tag.a);
      return fmt::format("tuple ({},{}) of database {}", tid.page.value(), tid.slot, tag.database);
    }
    case LockTagKind::kTransaction:
      return fmt::format("transaction {}", tag.a);
    case LockTagKind::kAdvisory:
      return fmt::format("advisory lock [{},{},{},{}]", tag.database, static_cast<uint32_t>(tag.a >> 32),
                         static_cast<uint32_t>(tag.a), tag.b);
    case LockTagKind::kObject:
      return fmt::format("object {} of class {} of database {}", tag.a, tag.b, tag.database);
    case LockTagKind::kDatabase:
      break;
  }
  return fmt::format("database {}", tag.a);
}

Status LockManagerImpl::check_deadlock(Waiter& waiter) {
  for (Partition& part : partitions_) part.mutex.lock();
  Status result;
  if (!waiter.granted && waiter.lock != nullptr) {
    std::vector<Edge> cycle;
    if (find_cycle(waiter, waiter, &cycle, ++next_mark_) && !resolve_by_reordering(waiter, cycle)) {
      result = Status(StatusCode::kDeadlock, describe(cycle));
      leave_queue(partition(hash_tag(waiter.lock->tag)), waiter);
    }
  }
  for (auto it = partitions_.rbegin(); it != partitions_.rend(); ++it) it->mutex.unlock();
  return result;
}

bool LockManagerImpl::follow(TransactionImpl* blocker, uint32_t pid, Waiter& waiter, Waiter* behind,
                             Waiter& start, std::vector<Edge>* path, uint64_t mark) const {
  if (blocker == nullptr || blocker == waiter.txn) return false;
  path->push_back({&waiter, pid, behind});
  if (blocker == start.txn) return true;
  if (blocker->waiter.lock != nullptr && blocker->deadlock_mark != mark) {
    blocker->deadlock_mark = mark;
    if (find_cycle(blocker->waiter, start, path, mark)) return true;
  }
  path->pop_back();
  return false;
}

bool LockManagerImpl::find_cycle(Waiter& from, Waiter& start, std::vector<Edge>* path, uint64_t mark) const {
  const Lock* lock = from.lock;
  if (lock->tag.kind == LockTagKind::kTransaction) {
    TransactionImpl* owner = nullptr;
    manager_.for_each_transaction([&](TransactionImpl& txn) {
      if (txn.xid_.load(std::memory_order_acquire) == lock->tag.a && txn.waiter.lock != nullptr) owner = &txn;
    });
    return follow(owner, owner == nullptr ? 0 : owner->owner_pid, from, nullptr, start, path, mark);
  }
  ModeMask conflicting = conflicting_modes(from.mode);
  for (const Holder* h = lock->holders; h != nullptr; h = h->next) {
    if ((h->modes & conflicting) == 0 || is_own(*from.txn, from.session, *h)) continue;
    TransactionImpl* owner = h->txn;
    if (owner == nullptr) {  // a session: what does its transaction wait for?
      manager_.for_each_transaction([&](TransactionImpl& txn) {
        if (txn.waiter.lock != nullptr && txn.session_owner == h->session) owner = &txn;
      });
    }
    if (follow(owner, h->pid, from, nullptr, start, path, mark)) return true;
  }
  for (Waiter* w = from.previous; w != nullptr; w = w->previous) {
    if ((mode_bit(w->mode) & conflicting) == 0) continue;
    if (follow(w->txn, w->txn->owner_pid, from, w, start, path, mark)) return true;
  }
  return false;
}

// A cycle that exists only because somebody queues behind somebody else: let him go first, if that helps.
bool LockManagerImpl::resolve_by_reordering(Waiter& start, const std::vector<Edge>& cycle) {
  for (const Edge& edge : cycle) {
    if (edge.queued_behind == nullptr) continue;
    Waiter* waiter = edge.waiter;
    Lock* lock = waiter->lock;
    Waiter* old_next = waiter->next;
    dequeue(waiter);
    enqueue(lock, waiter, edge.queued_behind);
    std::vector<Edge> remaining;
    if (!find_cycle(start, start, &remaining, ++next_mark_)) {
      wake_waiters(partition(hash_tag(lock->tag)), lock);
      return true;
    }
    dequeue(waiter);
    enqueue(lock, waiter, old_next);
  }
  return false;
}

std::string LockManagerImpl::describe(const std::vector<Edge>& cycle) {
  std::string text;
  for (const Edge& edge : cycle) {
    if (!text.empty()) text += '\n';
    text += fmt::format("Process {} waits for {} on {}; blocked by process {}.", edge.waiter->txn->owner_pid,
                        lock_mode_name(edge.waiter->mode), describe_tag(edge.waiter->lock->tag),
                        edge.blocker_pid);
  }
  return text;
}

std::vector<uint32_t> LockManagerImpl::blockers(uint32_t pid) const {
  std::vector<uint32_t> pids;
  auto add = [&](const Waiter& waiter) {
    const ModeMask conflicting = conflicting_modes(waiter.mode);
    for (const Holder* h = waiter.lock->holders; h != nullptr; h = h->next) {
      if ((h->modes & conflicting) != 0 && !is_own(*waiter.txn, waiter.session, *h)) pids.push_back(h->pid);
    }
    for (const Waiter* w = waiter.previous; w != nullptr; w = w->previous) {
      if ((mode_bit(w->mode) & conflicting) != 0) pids.push_back(w->txn->owner_pid);
    }
  };
  uint64_t awaited_xid = 0;
  for (Partition& part : partitions_) {
    std::lock_guard guard(part.mutex);
    for (const Lock* bucket : part.buckets) {
      for (const Lock* lock = bucket; lock != nullptr; lock = lock->hash_next) {
        for (const Waiter* w = lock->first_waiter; w != nullptr; w = w->next) {
          if (w->txn->owner_pid != pid || w->granted) continue;
          if (lock->tag.kind == LockTagKind::kTransaction)
            awaited_xid = lock->tag.a;
          else
            add(*w);
        }
      }
    }
  }
  if (awaited_xid != 0) {
    manager_.for_each_transaction([&](const TransactionImpl& txn) {
      if (txn.xid_.load(std::memory_order_acquire) == awaited_xid) pids.push_back(txn.owner_pid);
    });
  }
  return pids;
}

std::vector<LockManager::LockRow> LockManagerImpl::snapshot() const {
  std::vector<LockRow> rows;
  auto add_modes = [&rows](const LockTag& tag, uint64_t xid, uint64_t owner, uint32_t pid, ModeMask modes) {
    for (unsigned m = 1; m <= 8; ++m) {
      if ((modes & (1u << m)) == 0) continue;
      rows.push_back({tag, Xid{xid}, owner, lock_mode_name(static_cast<LockMode>(m)), true, pid});
    }
  };
  for (Partition& part : partitions_) {
    std::lock_guard guard(part.mutex);
    for (const Lock* bucket : part.buckets) {
      for (const Lock* lock = bucket; lock != nullptr; lock = lock->hash_next) {
        for (const Holder* h = lock->holders; h != nullptr; h = h->next) {
          add_modes(lock->tag, h->xid_for_display, h->session != 0 ? h->session : h->owner_for_display,
                    h->pid, h->modes);
        }
        for (const Waiter* w = lock->first_waiter; w != nullptr; w = w->next) {
          rows.push_back({lock->tag, w->txn->xid(), w->txn->session_owner, lock_mode_name(w->mode), false,
                          w->txn->owner_pid});
        }
      }
    }
  }
  manager_.for_each_transaction([&](TransactionImpl& txn) {
    std::lock_guard guard(txn.fast.spin);
    uint64_t xid = txn.xid_.load(std::memory_order_acquire);
    for (uint32_t i = 0; i < txn.fast.used; ++i) {
      add_modes({LockTagKind::kRelation, txn.fast.database[i], txn.fast.relation[i], 0}, xid, txn.fast.owner,
                txn.fast.pid, txn.fast.modes[i]);
    }
  });
  for (const TxnManager::ActiveWriter& writer : manager_.active_writers()) {
    rows.push_back(
        {{LockTagKind::kTransaction, 0, writer.xid.value(), 0}, writer.xid, 0, "ExclusiveLock", true, 0});
  }
  return rows;
}

}  // namespace varve::txn
