// Heavyweight locks: relations, rows, transactions, advisory keys. PostgreSQL's eight modes and conflicts.
//
// Partitioned hash table; a waiter blocks in a BlockingScope, FIFO per lock; after deadlock_timeout it looks
// for a cycle (lock waits and xid waits together) and the waiter that finds one gets kDeadlock, whose message
// is the detail text in PostgreSQL's words. Locks are held to the end of the transaction (advisory session
// locks excepted).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/status.h"
#include "common/strong_id.h"

namespace varve::txn {

class Transaction;

enum class LockMode : uint8_t {
  kNone = 0,
  kAccessShare = 1,
  kRowShare = 2,
  kRowExclusive = 3,
  kShareUpdateExclusive = 4,
  kShare = 5,
  kShareRowExclusive = 6,
  kExclusive = 7,
  kAccessExclusive = 8,
};
bool lock_modes_conflict(LockMode a, LockMode b);

// Row lock strengths map to these modes on a row tag.
enum class RowLock : uint8_t { kKeyShare, kShare, kNoKeyUpdate, kUpdate };

enum class LockTagKind : uint8_t { kRelation, kRow, kTransaction, kAdvisory, kObject, kDatabase };
struct LockTag {
  LockTagKind kind;
  uint32_t database;  // 0: shared object
  uint64_t a, b;      // relation: oid; row: Tid::packed(); transaction: xid; advisory: key and class

  bool operator==(const LockTag&) const = default;
};

enum class WaitPolicy : uint8_t { kWait, kNoWait, kSkip };

class LockManager {
 public:
  virtual ~LockManager() = default;

  // kBusy when WaitPolicy is not kWait and it would wait. Re-entrant. timeout_us 0: no limit (lock_timeout).
  virtual Status acquire(Transaction& txn, const LockTag& tag, LockMode mode, WaitPolicy policy,
                         uint64_t timeout_us) = 0;
  // Row locks conflict as PostgreSQL's table says (KEY SHARE only with UPDATE, …).
  virtual Status acquire_row(Transaction& txn, uint32_t database, Tid tid, RowLock strength,
                             WaitPolicy policy, uint64_t timeout_us) = 0;
  // Somebody else holds a row lock conflicting with `strength`.
  virtual bool row_locked_by_other(Transaction& txn, uint32_t database, Tid tid, RowLock strength) = 0;
  // Somebody else holds KEY SHARE.
  virtual bool row_key_shared_by_other(Transaction& txn, uint32_t database, Tid tid) = 0;
  // Anybody holds or waits for a row lock here: while false, the row's kRowHasLocks hint may be cleared.
  virtual bool row_has_locks(uint32_t database, Tid tid) = 0;
  // Session-level advisory locks: `owner` identifies the session.
  virtual Status acquire_session(uint64_t owner, Transaction& txn, const LockTag& tag, LockMode mode,
                                 WaitPolicy policy, uint64_t timeout_us) = 0;
  virtual bool release_session(uint64_t owner, const LockTag& tag, LockMode mode) = 0;
  virtual void release_all_session(uint64_t owner) = 0;

  virtual void set_deadlock_timeout_us(uint64_t us) = 0;

  struct LockRow {  // one line of pg_locks
    LockTag tag;
    Xid xid;
    uint64_t owner;
    std::string mode;
    bool granted;
    uint32_t pid = 0;
  };
  virtual std::vector<LockRow> snapshot() const = 0;
  // The sessions (Transaction::owner_pid) that hold what this one waits for, or wait for it ahead of it in a
  // mode that conflicts.
  virtual std::vector<uint32_t> blockers(uint32_t pid) const = 0;
};

}  // namespace varve::txn
