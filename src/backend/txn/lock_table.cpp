#include "lock_table.h"

#include "common/check.h"
#include "transaction.h"

namespace varve::txn {
namespace {

constexpr ModeMask bits(std::initializer_list<LockMode> modes) {
  ModeMask mask = 0;
  for (LockMode mode : modes) mask = static_cast<ModeMask>(mask | mode_bit(mode));
  return mask;
}

using enum LockMode;
// PostgreSQL's documentation, table 13.2.
constexpr std::array<ModeMask, 9> kConflicts = {
    0,
    bits({kAccessExclusive}),
    bits({kExclusive, kAccessExclusive}),
    bits({kShare, kShareRowExclusive, kExclusive, kAccessExclusive}),
    bits({kShareUpdateExclusive, kShare, kShareRowExclusive, kExclusive, kAccessExclusive}),
    bits({kRowExclusive, kShareUpdateExclusive, kShareRowExclusive, kExclusive, kAccessExclusive}),
    bits({kRowExclusive, kShareUpdateExclusive, kShare, kShareRowExclusive, kExclusive, kAccessExclusive}),
    bits({kRowShare, kRowExclusive, kShareUpdateExclusive, kShare, kShareRowExclusive, kExclusive,
          kAccessExclusive}),
    bits({kAccessShare, kRowShare, kRowExclusive, kShareUpdateExclusive, kShare, kShareRowExclusive,
          kExclusive, kAccessExclusive}),
};

}  // namespace

ModeMask conflicting_modes(LockMode mode) { return kConflicts[static_cast<size_t>(mode)]; }

bool lock_modes_conflict(LockMode a, LockMode b) { return (conflicting_modes(a) & mode_bit(b)) != 0; }

bool is_own(const TransactionImpl& txn, uint64_t session, const Holder& holder) {
  if (holder.txn != nullptr) return holder.txn == &txn;
  uint64_t mine = session != 0 ? session : txn.session_owner;
  return mine != 0 && holder.session == mine;
}

Partition::Partition() : buckets(64, nullptr) {}

Partition::~Partition() {
  for (Lock* lock : buckets) {
    while (lock != nullptr) {
      while (lock->holders != nullptr) {
        Holder* holder = lock->holders;
        lock->holders = holder->next;
        delete holder;
      }
      Lock* next = lock->hash_next;
      delete lock;
      lock = next;
    }
  }
  while (spare_locks != nullptr) {
    Lock* next = spare_locks->hash_next;
    delete spare_locks;
    spare_locks = next;
  }
  while (spare_holders != nullptr) {
    Holder* next = spare_holders->next;
    delete spare_holders;
    spare_holders = next;
  }
}

Lock* Partition::find(const LockTag& tag, uint64_t hash) const {
  for (Lock* lock = buckets[(hash >> 8) & (buckets.size() - 1)]; lock != nullptr; lock = lock->hash_next) {
    if (lock->tag == tag) return lock;
  }
  return nullptr;
}

Lock* Partition::find_or_create(const LockTag& tag, uint64_t hash) {
  if (Lock* lock = find(tag, hash)) return lock;
  if (locks >= buckets.size()) grow();
  Lock* lock = spare_locks;
  if (lock != nullptr) {
    spare_locks = lock->hash_next;
    *lock = Lock{};
  } else {
    lock = new Lock;
  }
  lock->tag = tag;
  Lock*& bucket = buckets[(hash >> 8) & (buckets.size() - 1)];
  lock->hash_next = bucket;
  bucket = lock;
  ++locks;
  return lock;
}

void Partition::grow() {
  std::vector<Lock*> larger(buckets.size() * 4, nullptr);
  for (Lock* lock : buckets) {
    while (lock != nullptr) {
      Lock* next = lock->hash_next;
      Lock*& bucket = larger[(hash_tag(lock->tag) >> 8) & (larger.size() - 1)];
      lock->hash_next = bucket;
      bucket = lock;
      lock = next;
    }
  }
  buckets.swap(larger);
}

void Partition::drop_if_unused(Lock* lock) {
  if (lock->holders != nullptr || lock->first_waiter != nullptr) return;
  Lock** at = &buckets[(hash_tag(lock->tag) >> 8) & (buckets.size() - 1)];
  while (*at != lock) at = &(*at)->hash_next;
  *at = lock->hash_next;
  lock->hash_next = spare_locks;
  spare_locks = lock;
  --locks;
}

Holder* Partition::new_holder(Lock* lock) {
  Holder* holder = spare_holders;
  if (holder != nullptr) {
    spare_holders = holder->next;
    *holder = Holder{};
  } else {
    holder = new Holder;
  }
  holder->lock = lock;
  holder->next = lock->holders;
  lock->holders = holder;
  ++holders;
  return holder;
}

void Partition::remove_holder(Holder* holder) {
  Lock* lock = holder->lock;
  Holder** at = &lock->holders;
  while (*at != holder) at = &(*at)->next;
  *at = holder->next;
  holder->next = spare_holders;
  spare_holders = holder;
  --holders;
  recompute_granted(lock);
}

void Partition::recompute_granted(Lock* lock) {
  ModeMask mask = 0;
  for (Holder* h = lock->holders; h != nullptr; h = h->next) mask = static_cast<ModeMask>(mask | h->modes);
  lock->granted = mask;
}

void enqueue(Lock* lock, Waiter* waiter, Waiter* before) {
  waiter->lock = lock;
  waiter->next = before;
  waiter->previous = before != nullptr ? before->previous : lock->last_waiter;
  (waiter->previous != nullptr ? waiter->previous->next : lock->first_waiter) = waiter;
  (before != nullptr ? before->previous : lock->last_waiter) = waiter;
  lock->wanted = static_cast<ModeMask>(lock->wanted | mode_bit(waiter->mode));
}

void dequeue(Waiter* waiter) {
  Lock* lock = waiter->lock;
  (waiter->previous != nullptr ? waiter->previous->next : lock->first_waiter) = waiter->next;
  (waiter->next != nullptr ? waiter->next->previous : lock->last_waiter) = waiter->previous;
  waiter->previous = waiter->next = nullptr;
  waiter->lock = nullptr;
  ModeMask mask = 0;
  for (Waiter* w = lock->first_waiter; w != nullptr; w = w->next)
    mask = static_cast<ModeMask>(mask | mode_bit(w->mode));
  lock->wanted = mask;
}

}  // namespace varve::txn
