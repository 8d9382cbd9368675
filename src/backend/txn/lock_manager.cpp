#include <algorithm>
#include <chrono>

#include "common/check.h"
#include "common/io_counters.h"
#include "lock_manager_impl.h"
#include "txn_manager_impl.h"

namespace varve::txn {
namespace {

constexpr sync::WaitEvent kWaitRelation{sync::WaitClass::kLock, "relation"};
constexpr sync::WaitEvent kWaitRow{sync::WaitClass::kLock, "tuple"};
constexpr sync::WaitEvent kWaitTransaction{sync::WaitClass::kLock, "transactionid"};
constexpr sync::WaitEvent kWaitAdvisory{sync::WaitClass::kLock, "advisory"};
constexpr sync::WaitEvent kWaitObject{sync::WaitClass::kLock, "object"};

const sync::WaitEvent& wait_event(LockTagKind kind) {
  switch (kind) {
    case LockTagKind::kRelation:
      return kWaitRelation;
    case LockTagKind::kRow:
      return kWaitRow;
    case LockTagKind::kTransaction:
      return kWaitTransaction;
    case LockTagKind::kAdvisory:
      return kWaitAdvisory;
    default:
      return kWaitObject;
  }
}

bool is_weak(LockMode mode) { return mode <= LockMode::kRowExclusive; }
bool is_strong(LockMode mode) { return mode > LockMode::kShareUpdateExclusive; }

uint64_t now_us() {
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(
                                   std::chrono::steady_clock::now().time_since_epoch())
                                   .count());
}

Status too_many_locks() { return {StatusCode::kOutOfMemory, "out of shared memory"}; }

Holder* own_holder(const Lock* lock, Requester requester) {
  for (Holder* h = lock->holders; h != nullptr; h = h->next) {
    if (requester.session != 0 ? h->session == requester.session : h->txn == requester.txn) return h;
  }
  return nullptr;
}

ModeMask own_modes(const Lock* lock, Requester requester) {
  ModeMask mask = 0;
  for (Holder* h = lock->holders; h != nullptr; h = h->next) {
    if (is_own(*requester.txn, requester.session, *h)) mask = static_cast<ModeMask>(mask | h->modes);
  }
  return mask;
}

}  // namespace

LockMode row_lock_mode(RowLock strength) {
  switch (strength) {
    case RowLock::kKeyShare:
      return LockMode::kAccessShare;
    case RowLock::kShare:
      return LockMode::kRowShare;
    case RowLock::kNoKeyUpdate:
      return LockMode::kExclusive;
    case RowLock::kUpdate:
      break;
  }
  return LockMode::kAccessExclusive;
}

LockManagerImpl::LockManagerImpl(TxnManagerImpl& manager, uint64_t max_locks)
    : manager_(manager), max_holders_per_partition_(std::max<uint64_t>(max_locks / kPartitions, 16)) {}

Status LockManagerImpl::acquire(Transaction& base, const LockTag& tag, LockMode mode, WaitPolicy policy,
                                uint64_t timeout_us) {
  auto& txn = static_cast<TransactionImpl&>(base);
  if (tag.kind == LockTagKind::kRelation) {
    if (is_weak(mode)) {
      if (acquire_fast(txn, tag, mode)) return {};
      VARVE_RETURN_IF_ERROR(acquire_slow({&txn, 0}, tag, mode, policy, timeout_us));
      // Taken a second time, on the fast path, it would be one lock when somebody moves it here, and be
      // released twice.
      std::lock_guard guard(txn.fast.spin);
      txn.fast.moved = true;
      return {};
    } else if (is_strong(mode)) {
      // Announced for as long as the lock is wanted or held; release_mode() takes it back.
      strong_counter(tag).fetch_add(1, std::memory_order_seq_cst);
      Status s = move_fast_locks(tag);
      size_t before = txn.held.size();
      if (s.ok()) s = acquire_slow({&txn, 0}, tag, mode, policy, timeout_us);
      // Not acquired, or held already and counted then.
      if (!s.ok() || txn.held.size() == before) strong_counter(tag).fetch_sub(1, std::memory_order_release);
      return s;
    }
  }
  return acquire_slow({&txn, 0}, tag, mode, policy, timeout_us);
}

Status LockManagerImpl::acquire_row(Transaction& txn, uint32_t database, Tid tid, RowLock strength,
                                    WaitPolicy policy, uint64_t timeout_us) {
  return acquire_slow({static_cast<TransactionImpl*>(&txn), 0},
                      {LockTagKind::kRow, database, tid.packed(), 0}, row_lock_mode(strength), policy,
                      timeout_us);
}

bool LockManagerImpl::row_locked_by_other(Transaction& base, uint32_t database, Tid tid, RowLock strength) {
  auto& txn = static_cast<TransactionImpl&>(base);
  LockTag tag{LockTagKind::kRow, database, tid.packed(), 0};
  uint64_t hash = hash_tag(tag);
  Partition& part = partition(hash);
  std::lock_guard guard(part.mutex);
  const Lock* lock = part.find(tag, hash);
  return lock != nullptr && conflicts(lock, {&txn, 0}, row_lock_mode(strength));
}

bool LockManagerImpl::row_key_shared_by_other(Transaction& base, uint32_t database, Tid tid) {
  auto& txn = static_cast<TransactionImpl&>(base);
  LockTag tag{LockTagKind::kRow, database, tid.packed(), 0};
  uint64_t hash = hash_tag(tag);
  Partition& part = partition(hash);
  std::lock_guard guard(part.mutex);
  const Lock* lock = part.find(tag, hash);
  if (lock == nullptr) return false;
  for (const Holder* h = lock->holders; h != nullptr; h = h->next) {
    if (h->txn != &txn && (h->modes & mode_bit(row_lock_mode(RowLock::kKeyShare))) != 0) return true;
  }
  return false;
}

bool LockManagerImpl::row_has_locks(uint32_t database, Tid tid) {
  LockTag tag{LockTagKind::kRow, database, tid.packed(), 0};
  uint64_t hash = hash_tag(tag);
  Partition& part = partition(hash);
  std::lock_guard guard(part.mutex);
  return part.find(tag, hash) != nullptr;
}

// --- fast path ---

bool LockManagerImpl::acquire_fast(TransactionImpl& txn, const LockTag& tag, LockMode mode) {
  FastLocks& fast = txn.fast;
  std::lock_guard guard(fast.spin);
  uint32_t free_slot = fast.used;
  for (uint32_t i = 0; i < fast.used; ++i) {
    if (fast.modes[i] == 0) {
      free_slot = i;
    } else if (fast.relation[i] == tag.a && fast.database[i] == tag.database) {
      if ((fast.modes[i] & mode_bit(mode)) != 0) return true;
      free_slot = i;
      break;
    }
  }
  if (free_slot == FastLocks::kSlots || fast.moved) return false;
  // A strong request announced itself before it walks the slots; it has not walked ours (we hold the spin
  // lock) or we see its announcement.
  if (strong_counter(tag).load(std::memory_order_seq_cst) != 0) return false;
  if (free_slot == fast.used) {
    ++fast.used;
    fast.modes[free_slot] = 0;
    fast.pid = txn.owner_pid;
    fast.owner = txn.session_owner;
  }
  fast.relation[free_slot] = tag.a;
  fast.database[free_slot] = tag.database;
  fast.modes[free_slot] = static_cast<ModeMask>(fast.modes[free_slot] | mode_bit(mode));
  txn.held.push_back({tag, nullptr, mode});
  return true;
}

bool LockManagerImpl::release_fast(TransactionImpl& txn, const LockTag& tag, LockMode mode) {
  FastLocks& fast = txn.fast;
  std::lock_guard guard(fast.spin);
  for (uint32_t i = 0; i < fast.used; ++i) {
    if (fast.relation[i] == tag.a && fast.database[i] == tag.database &&
        (fast.modes[i] & mode_bit(mode)) != 0) {
      fast.modes[i] = static_cast<ModeMask>(fast.modes[i] & ~mode_bit(mode));
      while (fast.used > 0 && fast.modes[fast.used - 1] == 0) --fast.used;
      return true;
    }
  }
  return false;
}

// Moves everybody's slots for this relation into the table. Called with the strong counter raised.
Status LockManagerImpl::move_fast_locks(const LockTag& tag) {
  uint64_t hash = hash_tag(tag);
  Partition& part = partition(hash);
  Status result;
  manager_.for_each_transaction([&](TransactionImpl& txn) {
    FastLocks& fast = txn.fast;
    std::lock_guard spin(fast.spin);
    for (uint32_t i = 0; i < fast.used; ++i) {
      if (fast.modes[i] == 0 || fast.relation[i] != tag.a || fast.database[i] != tag.database) continue;
      std::lock_guard guard(part.mutex);
      if (part.holders >= max_holders_per_partition_) {
        result = too_many_locks();
        return;
      }
      Lock* lock = part.find_or_create(tag, hash);
      Holder* holder = own_holder(lock, {&txn, 0});
      if (holder == nullptr) {
        holder = part.new_holder(lock);
        holder->txn = &txn;
        holder->pid = fast.pid;
        holder->owner_for_display = fast.owner;
      }
      holder->modes = static_cast<ModeMask>(holder->modes | fast.modes[i]);
      lock->granted = static_cast<ModeMask>(lock->granted | fast.modes[i]);
      fast.modes[i] = 0;
      fast.moved = true;
    }
  });
  return result;
}

void LockManagerImpl::release_moved(TransactionImpl& txn, const LockTag& tag, LockMode mode) {
  uint64_t hash = hash_tag(tag);
  Partition& part = partition(hash);
  std::lock_guard guard(part.mutex);
  Lock* lock = part.find(tag, hash);
  VARVE_CHECK(lock != nullptr);
  Holder* holder = own_holder(lock, {&txn, 0});
  VARVE_CHECK(holder != nullptr);
  release_mode(part, holder, mode);
}

// --- the table ---

bool LockManagerImpl::conflicts(const Lock* lock, Requester requester, LockMode mode) const {
  ModeMask conflicting = conflicting_modes(mode);
  if ((lock->granted & conflicting) == 0) return false;
  for (const Holder* h = lock->holders; h != nullptr; h = h->next) {
    if ((h->modes & conflicting) != 0 && !is_own(*requester.txn, requester.session, *h)) return true;
  }
  return false;
}

Status LockManagerImpl::grant(Partition& part, Lock* lock, Requester requester, LockMode mode) {
  Holder* holder = own_holder(lock, requester);
  if (holder == nullptr) {
    holder = part.new_holder(lock);
    holder->txn = requester.session != 0 ? nullptr : requester.txn;
    holder->session = requester.session;
    holder->pid = requester.txn->owner_pid;
    holder->owner_for_display = requester.txn->session_owner;
    holder->xid_for_display = requester.txn->xid().value();
  }
  holder->modes = static_cast<ModeMask>(holder->modes | mode_bit(mode));
  lock->granted = static_cast<ModeMask>(lock->granted | mode_bit(mode));
  ++holder->counts[static_cast<size_t>(mode)];
  return {};
}

Waiter* LockManagerImpl::queue_position(const Lock* lock, Requester requester, LockMode mode,
                                        bool* at_once) const {
  // PostgreSQL's rule: who holds something here that a waiter is waiting for goes before that waiter, as it
  // would deadlock behind it; and if nobody before that place wants what conflicts, it may have the lock at
  // once.
  *at_once = false;
  ModeMask mine = own_modes(lock, requester);
  if (mine == 0) return nullptr;
  ModeMask ahead = 0;
  for (Waiter* w = lock->first_waiter; w != nullptr; w = w->next) {
    if ((conflicting_modes(w->mode) & mine) != 0) {
      *at_once = (conflicting_modes(mode) & ahead) == 0 && !conflicts(lock, requester, mode);
      return w;
    }
    ahead = static_cast<ModeMask>(ahead | mode_bit(w->mode));
  }
  return nullptr;
}

Status LockManagerImpl::acquire_slow(Requester requester, const LockTag& tag, LockMode mode,
                                     WaitPolicy policy, uint64_t timeout_us) {
  TransactionImpl& txn = *requester.txn;
  uint64_t hash = hash_tag(tag);
  Partition& part = partition(hash);
  std::unique_lock guard(part.mutex);
  if (part.holders >= max_holders_per_partition_) return too_many_locks();
  Lock* lock = part.find_or_create(tag, hash);
  Holder* holder = own_holder(lock, requester);
  if (holder != nullptr && (holder->modes & mode_bit(mode)) != 0) {
    if (requester.session != 0) ++holder->counts[static_cast<size_t>(mode)];
    return {};
  }

  bool must_wait = (conflicting_modes(mode) & lock->wanted) != 0 || conflicts(lock, requester, mode);
  Waiter* before = nullptr;
  if (must_wait) {
    bool at_once = false;
    before = queue_position(lock, requester, mode, &at_once);
    if (at_once) must_wait = false;
  }
  if (must_wait) {
    if (policy != WaitPolicy::kWait) {
      part.drop_if_unused(lock);
      return {StatusCode::kBusy, "lock not available"};
    }
    Waiter& waiter = txn.waiter;
    waiter.mode = mode;
    waiter.session = requester.session;
    waiter.granted = false;
    waiter.spot.reset();
    enqueue(lock, &waiter, before);
    VARVE_RETURN_IF_ERROR(wait_in_queue(guard, part, waiter, timeout_us));
    guard.lock();
    // The lock cannot have gone: wake_waiters() made us a holder.
    lock = part.find(tag, hash);
  } else {
    VARVE_RETURN_IF_ERROR(grant(part, lock, requester, mode));
  }
  if (requester.session == 0) txn.held.push_back({tag, own_holder(lock, requester), mode});
  return {};
}

void LockManagerImpl::wake_waiters(Partition& part, Lock* lock) {
  ModeMask ahead = 0;
  for (Waiter* w = lock->first_waiter; w != nullptr;) {
    Waiter* next = w->next;
    Requester requester{w->txn, w->session};
    if ((conflicting_modes(w->mode) & ahead) == 0 && !conflicts(lock, requester, w->mode)) {
      dequeue(w);
      (void)grant(part, lock, requester, w->mode).ok();
      w->granted = true;
      w->spot.signal();
    } else {
      ahead = static_cast<ModeMask>(ahead | mode_bit(w->mode));
    }
    w = next;
  }
}

void LockManagerImpl::release_mode(Partition& part, Holder* holder, LockMode mode) {
  Lock* lock = holder->lock;
  holder->counts[static_cast<size_t>(mode)] = 0;
  holder->modes = static_cast<ModeMask>(holder->modes & ~mode_bit(mode));
  if (lock->tag.kind == LockTagKind::kRelation && is_strong(mode)) {
    strong_counter(lock->tag).fetch_sub(1, std::memory_order_release);
  }
  if (holder->modes == 0)
    part.remove_holder(holder);
  else
    Partition::recompute_granted(lock);
  if (lock->first_waiter != nullptr) wake_waiters(part, lock);
  part.drop_if_unused(lock);
}

void LockManagerImpl::release_to(TransactionImpl& txn, size_t count) {
  while (txn.held.size() > count) {
    HeldLock held = txn.held.back();
    txn.held.pop_back();
    if (held.holder == nullptr) {
      if (!release_fast(txn, held.tag, held.mode)) release_moved(txn, held.tag, held.mode);
      continue;
    }
    Partition& part = partition(hash_tag(held.tag));
    std::lock_guard guard(part.mutex);
    release_mode(part, held.holder, held.mode);
  }
  if (count == 0 && txn.fast.moved) {  // only ever set for one who holds something: nobody races with this
    std::lock_guard guard(txn.fast.spin);
    txn.fast.moved = false;
  }
}

// --- waiting ---

void LockManagerImpl::leave_queue(Partition& part, Waiter& waiter) {
  Lock* lock = waiter.lock;
  dequeue(&waiter);
  if (lock->tag.kind == LockTagKind::kTransaction) {
    transaction_waiters_[hash_int(lock->tag.a) % kTransactionCounters].fetch_sub(1,
                                                                                 std::memory_order_relaxed);
  } else if (lock->first_waiter != nullptr) {
    wake_waiters(part, lock);  // someone may have waited behind us only
  }
  part.drop_if_unused(lock);
}

Status LockManagerImpl::wait_in_queue(std::unique_lock<std::mutex>& guard, Partition& part, Waiter& waiter,
                                      uint64_t timeout_us) {
  TransactionImpl& txn = *waiter.txn;
  sync::CancelToken* token = txn.cancel_token();
  const sync::WaitEvent& event = wait_event(waiter.lock->tag.kind);
  const uint64_t start = now_us();
  const uint64_t deadlock_at =
      start + (txn.deadlock_timeout_us != 0 ? txn.deadlock_timeout_us
                                            : deadlock_timeout_us_.load(std::memory_order_relaxed));
  const uint64_t give_up_at = timeout_us == 0 ? ~0ULL : start + timeout_us;
  bool checked = false;
  guard.unlock();
  for (;;) {
    uint64_t until = checked ? give_up_at : std::min(deadlock_at, give_up_at);
    uint64_t now = now_us();
    int64_t pause = until == ~0ULL ? sync::kNoTimeout : static_cast<int64_t>(until > now ? until - now : 0);
    Status s = waiter.spot.wait(event, token, pause);

    bool token_spoke = s.code() == StatusCode::kCancelled || (token != nullptr && token->pending());
    if (!s.ok() && !token_spoke && !checked && now_us() >= deadlock_at && now_us() < give_up_at) {
      checked = true;
      s = check_deadlock(waiter);
      if (s.code() == StatusCode::kDeadlock) {
        ++t_io_counters.deadlocks;
        return s;
      }
      if (s.ok()) continue;  // also when the check let us through: the signal is remembered
    } else if (!s.ok() && !token_spoke && now_us() < give_up_at) {
      continue;
    }
    guard.lock();
    if (waiter.granted) {
      guard.unlock();
      return {};
    }
    if (s.ok()) {  // a signal that does not belong to a grant
      waiter.spot.reset();
      guard.unlock();
      continue;
    }
    leave_queue(part, waiter);
    guard.unlock();
    if (s.code() == StatusCode::kTimeout && !token_spoke) {
      return {StatusCode::kTimeout, "canceling statement due to lock timeout"};
    }
    return s;
  }
}

// A waiter counts itself, then looks at the state; the finishing writer stores the state, then looks at the
// count (both sequentially consistent): one of them sees the other.
Status LockManagerImpl::wait_for_transaction(TransactionImpl& txn, uint64_t xid, uint64_t timeout_us) {
  LockTag tag{LockTagKind::kTransaction, 0, xid, 0};
  uint64_t hash = hash_tag(tag);
  Partition& part = partition(hash);
  auto& counter = transaction_waiters_[hash_int(xid) % kTransactionCounters];
  std::unique_lock guard(part.mutex);
  counter.fetch_add(1, std::memory_order_seq_cst);
  full_fence();
  if (manager_.settled_word(Xid{xid}) != kWordRunning) {
    counter.fetch_sub(1, std::memory_order_relaxed);
    return {};
  }
  Lock* lock = part.find_or_create(tag, hash);
  Waiter& waiter = txn.waiter;
  waiter.mode = LockMode::kShare;
  waiter.session = 0;
  waiter.granted = false;
  waiter.spot.reset();
  enqueue(lock, &waiter, nullptr);
  return wait_in_queue(guard, part, waiter, timeout_us);
}

void LockManagerImpl::transaction_finished(uint64_t xid) {
  full_fence();
  auto& counter = transaction_waiters_[hash_int(xid) % kTransactionCounters];
  if (counter.load(std::memory_order_seq_cst) == 0) return;
  LockTag tag{LockTagKind::kTransaction, 0, xid, 0};
  uint64_t hash = hash_tag(tag);
  Partition& part = partition(hash);
  std::lock_guard guard(part.mutex);
  Lock* lock = part.find(tag, hash);
  if (lock == nullptr) return;
  while (Waiter* waiter = lock->first_waiter) {
    dequeue(waiter);
    counter.fetch_sub(1, std::memory_order_relaxed);
    waiter->granted = true;
    waiter->spot.signal();
  }
  part.drop_if_unused(lock);
}

// --- advisory locks of sessions ---

Status LockManagerImpl::acquire_session(uint64_t owner, Transaction& base, const LockTag& tag, LockMode mode,
                                        WaitPolicy policy, uint64_t timeout_us) {
  auto& txn = static_cast<TransactionImpl&>(base);
  VARVE_CHECK(owner != 0);
  if (txn.session_owner == 0) txn.session_owner = owner;
  VARVE_RETURN_IF_ERROR(acquire_slow({&txn, owner}, tag, mode, policy, timeout_us));
  std::lock_guard guard(sessions_mutex_);
  auto& tags = sessions_[owner];
  if (std::find(tags.begin(), tags.end(), tag) == tags.end()) tags.push_back(tag);
  return {};
}

bool LockManagerImpl::release_session(uint64_t owner, const LockTag& tag, LockMode mode) {
  uint64_t hash = hash_tag(tag);
  Partition& part = partition(hash);
  std::lock_guard guard(part.mutex);
  Lock* lock = part.find(tag, hash);
  if (lock == nullptr) return false;
  for (Holder* h = lock->holders; h != nullptr; h = h->next) {
    if (h->session != owner || (h->modes & mode_bit(mode)) == 0) continue;
    if (--h->counts[static_cast<size_t>(mode)] == 0) release_mode(part, h, mode);
    return true;
  }
  return false;
}

void LockManagerImpl::release_all_session(uint64_t owner) {
  std::vector<LockTag> tags;
  {
    std::lock_guard guard(sessions_mutex_);
    auto it = sessions_.find(owner);
    if (it == sessions_.end()) return;
    tags = std::move(it->second);
    sessions_.erase(it);
  }
  for (const LockTag& tag : tags) {
    for (unsigned mode = 1; mode <= 8; ++mode) {
      while (release_session(owner, tag, static_cast<LockMode>(mode))) {
      }
    }
  }
}

}  // namespace varve::txn
