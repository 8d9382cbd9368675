// What the lock manager and the pooled transactions share: locks, holders, waiters, fast-path slots.
//
// A Lock, its holders and its queue are guarded by the mutex of the tag's partition.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

#include "common/hash.h"
#include "sync/parking_spot.h"
#include "sync/spin_lock.h"
#include "txn/lock_manager.h"

namespace varve::txn {

class TransactionImpl;
struct Lock;

using ModeMask = uint16_t;
constexpr ModeMask mode_bit(LockMode mode) {
  return static_cast<ModeMask>(1u << static_cast<unsigned>(mode));
}
// Modes that conflict with `mode`.
ModeMask conflicting_modes(LockMode mode);

constexpr uint64_t hash_tag(const LockTag& tag) {
  uint64_t h =
      hash_int(tag.a ^ (static_cast<uint64_t>(tag.kind) << 56) ^ (static_cast<uint64_t>(tag.database) << 24));
  return tag.b == 0 ? h : hash_combine(h, tag.b);
}

// Who asks: a transaction for itself, or for its session (then `session` is nonzero).
struct Requester {
  TransactionImpl* txn;
  uint64_t session;
};

struct Holder {
  Lock* lock = nullptr;
  TransactionImpl* txn = nullptr;  // null: held by a session
  uint64_t session = 0;
  uint64_t owner_for_display = 0;
  uint64_t xid_for_display = 0;
  uint32_t pid = 0;
  ModeMask modes = 0;
  Holder* next = nullptr;
  std::array<uint32_t, 9> counts{};  // of a session's holds; a transaction holds a mode once
};

// A transaction's place in a queue. It waits for one thing at a time.
struct Waiter {
  TransactionImpl* txn = nullptr;
  Lock* lock = nullptr;  // null: in no queue
  LockMode mode = LockMode::kNone;
  uint64_t session = 0;
  bool granted = false;
  Waiter* previous = nullptr;
  Waiter* next = nullptr;
  sync::ParkingSpot spot;
};

struct Lock {
  LockTag tag{};
  Lock* hash_next = nullptr;
  Holder* holders = nullptr;
  Waiter* first_waiter = nullptr;
  Waiter* last_waiter = nullptr;
  ModeMask granted = 0;  // union over holders
  ModeMask wanted = 0;   // union over waiters
};

// Weak relation locks (ACCESS SHARE, ROW SHARE, ROW EXCLUSIVE) do not conflict with each other, so they are
// noted here, in the transaction's own memory. A stronger request first announces itself in a counter that is
// read before a slot is filled, then moves matching slots of everybody into the lock table. The spin lock
// orders the two: a filler that comes after the mover sees the counter.
struct FastLocks {
  static constexpr uint32_t kSlots = 16;
  sync::SpinLock spin;
  uint32_t used = 0;   // slots 0..used-1; one whose modes are 0 is free
  bool moved = false;  // some lock of ours is in the table instead: look there first
  uint32_t pid = 0;
  uint64_t owner = 0;
  std::array<uint64_t, kSlots> relation{};
  std::array<uint32_t, kSlots> database{};
  std::array<ModeMask, kSlots> modes{};
};

// In order of acquisition, so that a savepoint is a position in this list.
struct HeldLock {
  LockTag tag;
  Holder* holder;  // null: acquired on the fast path (and perhaps moved since)
  LockMode mode;
};

struct Partition {
  alignas(64) std::mutex mutex;
  std::vector<Lock*> buckets;
  size_t locks = 0;
  size_t holders = 0;
  Lock* spare_locks = nullptr;
  Holder* spare_holders = nullptr;

  Partition();
  ~Partition();
  Lock* find(const LockTag& tag, uint64_t hash) const;
  Lock* find_or_create(const LockTag& tag, uint64_t hash);
  // Frees the lock if nobody holds or wants it.
  void drop_if_unused(Lock* lock);
  Holder* new_holder(Lock* lock);
  void remove_holder(Holder* holder);
  static void recompute_granted(Lock* lock);

 private:
  void grow();
};

void enqueue(Lock* lock, Waiter* waiter, Waiter* before);  // before == null: at the end
void dequeue(Waiter* waiter);

bool is_own(const TransactionImpl& txn, uint64_t session, const Holder& holder);

}  // namespace varve::txn
