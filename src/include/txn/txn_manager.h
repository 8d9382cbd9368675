// Transactions: numbers, states, snapshots, commit and rollback.
//
// State of a writer is one atomic word in an array indexed by xid: running, committing, aborted, or its Csn.
// Commit: store `committing`; append the commit record (its Lsn is the Csn); store the Csn. A reader that
// meets `committing` spins until the Csn is there: a snapshot taken after the record got its place must see
// the commit, one taken before must not. So taking a snapshot is one load of the log's reserved position,
// whatever the number of sessions.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/status.h"
#include "txn/snapshot.h"
#include "txn/undo.h"

namespace varve::sync {
class CancelToken;
}

namespace varve::txn {

class LockManager;
class SerializableManager;
class SerializableTxn;
class TxnManager;

enum class Isolation : uint8_t { kReadCommitted, kRepeatableRead, kSerializable };

enum class XidState : uint8_t { kRunning, kCommitted, kAborted };
struct XidStatus {
  XidState state;
  Csn csn;  // of a committed one; Csn{0} when older than every snapshot
};

// One running transaction of one session. Used by one thread at a time.
class Transaction {
 public:
  virtual ~Transaction() = default;

  // Set by the session after begin(). Process id in deadlock reports and pg_locks; sessions with the same
  // nonzero `session_owner` never conflict with their own session-level advisory locks. lock_timeout of
  // update() and remove(); 0: none.
  uint32_t owner_pid = 0;
  uint64_t session_owner = 0;
  uint64_t lock_timeout_us = 0;
  uint64_t deadlock_timeout_us = 0;  // 0: the lock manager's
  // Declared READ ONLY before the first snapshot: SERIALIZABLE spares such a transaction what it can.
  // DEFERRABLE, too: the first snapshot waits until it is one under which nothing needs to be noted (or a
  // cancel request is there, which is for the caller to find).
  bool read_only = false, deferrable = false;
  // SERIALIZABLE, from the first snapshot to the end: what it has read and written. Else null.
  SerializableTxn* serializable = nullptr;
  // Counted up by commit once the changes are visible and before the locks go: whoever gets such a lock sees
  // that what it knew of the catalog is old. Null: nobody wants to know.
  std::atomic<uint64_t>* epoch_to_advance = nullptr;

  // 0 until the first write; assign_xid() gives it one and locks it.
  virtual Xid xid() const = 0;
  virtual Xid assign_xid() = 0;
  virtual Isolation isolation() const = 0;

  // READ COMMITTED: a new snapshot; REPEATABLE READ: the first one, with own_limit moved on. The snapshot
  // stays registered (holds back purge) until release_snapshot() or the end of the transaction.
  virtual Snapshot statement_snapshot() = 0;
  virtual void release_snapshot() = 0;
  // Whether a snapshot has been taken since it began.
  virtual bool has_had_snapshot() const { return false; }
  // Registers a snapshot if none is: for reads (of the catalog) that use a newer one than the statement's.
  virtual void ensure_snapshot() = 0;
  // A second registration for a cursor or portal that outlives its statement.
  virtual uint64_t pin_snapshot(const Snapshot& snapshot) = 0;
  virtual void unpin_snapshot(uint64_t pin) = 0;

  // Start of this transaction's last log record: prev_lsn of the next one. Set it (from LogBatch::commit's
  // `start`) before the page latches go.
  virtual Lsn last_lsn() const = 0;
  virtual void set_last_lsn(Lsn lsn) = 0;

  // Copies the undo bytes into this transaction's undo log; the row header takes the returned pointer. Call
  // it with the pages latched, as the last step that can fail before the log record is appended: last_lsn()
  // is taken as the record to undo after this one. kNoUndo when the undo limit is reached (the caller returns
  // kOutOfMemory and changes nothing).
  virtual UndoPtr add_undo(wal::Bytes bytes, Xid previous_xid, UndoPtr previous_undo) = 0;
  virtual UndoPtr undo_position() const = 0;

  // Everything after this point can be taken back: ROLLBACK TO SAVEPOINT.
  struct Savepoint {
    UndoPtr undo;
    Lsn lsn;
    uint64_t lock_count;
  };
  virtual Savepoint savepoint() const = 0;
  virtual Status rollback_to(const Savepoint& savepoint) = 0;

  virtual sync::CancelToken* cancel_token() const = 0;
  virtual TxnManager& manager() const = 0;
};

class TxnManager {
 public:
  virtual ~TxnManager() = default;

  virtual std::unique_ptr<Transaction> begin(Isolation isolation, sync::CancelToken* cancel) = 0;

  // SERIALIZABLE: the last moment to fail, kSerialization; then roll back. From here to commit() nothing may
  // be read or written. Others need not call it.
  virtual Status prepare_commit(Transaction& txn) = 0;
  // Makes it visible, releases its locks. Returns the Lsn that must be durable before the client is told (0
  // when it wrote nothing, or the newest commit it has seen when that is not yet durable).
  virtual Lsn commit(Transaction& txn) = 0;
  // Restores every old version, then releases the locks. Cannot fail short of PANIC.
  virtual void rollback(Transaction& txn) = 0;

  virtual XidStatus xid_status(Xid xid) const = 0;
  // How it ended, for whoever asks long after: known of those since the start of the server, but for the
  // oldest where very many have rolled back.
  virtual std::optional<XidState> outcome(Xid xid) const = 0;
  // Every xid below is finished, durable, and visible to every snapshot in use (rolled back ones left no
  // trace). The first test of visibility.
  virtual Xid horizon() const = 0;
  // Every xid below is below the horizon, and nothing of what it has left waits to be purged.
  virtual Xid purged_bound() const { return horizon(); }
  // Visible to `snapshot`? `undo` is the version's undo pointer (own writes after own_limit are not).
  virtual bool visible(const Snapshot& snapshot, Xid writer, UndoPtr undo) const = 0;

  // Reads an undo record. Valid while the caller's snapshot is registered.
  virtual UndoView undo(UndoPtr at) const = 0;

  // Waits until `xid` is finished or has rolled back to a savepoint: look again afterwards, and wait again if
  // need be (BlockingScope, deadlock check). kDeadlock, kCancelled, kTimeout.
  virtual Status wait_for(Transaction& waiter, Xid xid) = 0;

  virtual LockManager& locks() = 0;
  virtual SerializableManager& serializable() = 0;
  virtual buffer::BufferPool& pool() = 0;

  // Recomputes the horizon, purges what lies behind it, frees undo chunks. Called by a background thread
  // (start_purge) and by tests.
  virtual Status purge_once() = 0;
  virtual void start_purge() = 0;
  virtual void stop_purge() = 0;

  // Xids below were finished before this process began: what they left to purge is found by vacuum only.
  virtual Xid start_xid() const { return Xid{0}; }

  // For the checkpoint: running writers, and the next xid. Call it after begin_checkpoint(). `first_lsn` is a
  // record boundary at or before the writer's first record. `last_lsn` may lag one record behind: analysis
  // that starts at the smallest first_lsn (or the redo point, if smaller) finds every record of every loser.
  struct ActiveWriter {
    Xid xid;
    Lsn first_lsn, last_lsn;
  };
  virtual std::vector<ActiveWriter> active_writers() const = 0;
  virtual Xid next_xid() const = 0;
};

struct TxnOptions {
  uint64_t undo_memory_bytes = 1ULL << 30;  // beyond it chunks go to the spill file, or the writer gets 53200
  std::string spill_directory;              // a directory of the operating system; empty: do not spill
  uint64_t spill_bytes = 64ULL << 30;       // limit of the spill file
  uint64_t max_locks = 16ULL << 20;         // lock table entries of all transactions together
  uint64_t purge_interval_us = 10'000;      // pause of the purge thread when there is little to do
};

// `next_xid`: every smaller xid is finished, as recovery guarantees.
std::unique_ptr<TxnManager> make_txn_manager(buffer::BufferPool& pool, Xid next_xid,
                                             const TxnOptions& options = {});

}  // namespace varve::txn
