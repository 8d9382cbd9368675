// B-tree over memcmp-comparable keys (access/key_codec.h). Entries are (key, Tid), unique by the pair.
//
// Optimistic descent with right links and fence keys (Lehman & Yao 1981; Graefe's survey, 2011, for fences,
// prefix truncation and ghost records). Splits are one log record; they are not undone with a transaction.
// Entries carry a delete mark; whether a row is visible is the heap's business.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "access/segment.h"
#include "txn/serializable.h"

namespace varve::access {

inline constexpr size_t kMaxKeyBytes = 2600;  // three entries fit a page; longer keys are SQLSTATE 54000

// Asks the heap about an entry that has the key a unique index is about to insert.
class UniqueChecker {
 public:
  enum class Verdict : uint8_t {
    kConflict,  // a live committed row, or this transaction's own
    kDead,      // does not count
    kWait,      // depends on `*wait_for`, still running
  };
  virtual ~UniqueChecker() = default;
  // Called with the leaf latched: must not wait, must not touch the index. `marked`: the entry's delete mark.
  virtual Verdict check(Tid tid, bool marked, Xid* wait_for) = 0;
};

struct InsertOutcome {
  enum class Kind : uint8_t { kInserted, kConflict, kMustWait } kind = Kind::kInserted;
  Tid conflict;  // kConflict: the other row
  Xid wait_for;  // kMustWait: nothing was inserted; wait for this writer and try again
};

struct Entry {
  wal::Bytes key;
  Tid tid;
  bool marked;
};

// What purge must know of the row that an entry leads to.
enum class RowState : uint8_t {
  kChanging,  // its last writer is not below the horizon (or running): leave the entry to that writer's own
              // record
  kLive,      // stable, not deleted
  kDead,      // stable and deleted, or the slot is free
};
// Set once at start-up by the heap's register function. Called with the leaf latched exclusively, so it may
// latch heap pages (latch order: index before heap) but must not touch an index.
using RowProbe = Result<RowState> (*)(buffer::BufferPool& pool, Tid tid, Xid horizon);
void register_row_probe(RowProbe probe);
// The same for settled rows (access/column_store.h), by the table method that has them.
void register_settled_row_probe(RowProbe probe);

class Btree {
 public:
  virtual ~Btree() = default;

  // `unique` may be null. Writes log and undo (kIndexInsert).
  virtual Result<InsertOutcome> insert(txn::Transaction& txn, wal::Bytes key, Tid tid,
                                       UniqueChecker* unique) = 0;
  // Many at once, best in ascending order of (key, Tid): what insert() does with each, but one descent and
  // one log record for all in a row that go into one leaf. `*next`: the entry to begin with; afterwards the
  // one that met the outcome, or entries.size() when all are in. Undo: kIndexInsertMany.
  struct NewEntry {
    wal::Bytes key;
    Tid tid;
    bool unique;  // ask `unique` about equal keys
  };
  virtual Result<InsertOutcome> insert_sorted(txn::Transaction& txn, std::span<const NewEntry> entries,
                                              size_t* next, UniqueChecker* unique) = 0;
  // Asks `unique` about the entries of that key, as insert() would. kInserted: no objection.
  virtual Result<InsertOutcome> find_conflict(wal::Bytes key, UniqueChecker& unique) = 0;
  // A new index's entries in key order, packed pages, logged page-wise; the tree must be empty.
  class BulkSource {
   public:
    virtual ~BulkSource() = default;
    virtual bool next(Entry* entry) = 0;
  };
  virtual Status bulk_load(txn::Transaction& txn, BulkSource& source) = 0;

  // The row's key changed in place: sets the old entry's delete mark (undo: kIndexMark).
  virtual Status mark(txn::Transaction& txn, wal::Bytes key, Tid tid) = 0;
  // The row was deleted: only notes for purge that this entry may go (undo: kIndexGone).
  virtual Status note_gone(txn::Transaction& txn, wal::Bytes key, Tid tid) = 0;

  // Range scan. A bound is a prefix: inclusive bounds take in every key that begins with it, exclusive bounds
  // leave all of those out. Empty `lower` / `upper` span with kUnbounded means open. Bytes of an entry are
  // valid until the next call. Survives concurrent splits; never returns an entry twice.
  enum class Bound : uint8_t { kUnbounded, kInclusive, kExclusive };
  class Cursor {
   public:
    virtual ~Cursor() = default;
    // Up to `max` entries into `out` (replacing what is there); none: the range is done.
    virtual Status next(std::vector<Entry>* out, size_t max) = 0;
  };
  // `reader`: notes the leaves read, so that entries that come later are found to be in its way; may be null.
  virtual std::unique_ptr<Cursor> scan(wal::Bytes lower, Bound lower_bound, wal::Bytes upper,
                                       Bound upper_bound, bool backward,
                                       txn::SerializableTxn* reader = nullptr) = 0;
  // Point lookup without a cursor object: appends the Tids of all unmarked-or-marked entries with exactly
  // this key prefix (for a full key: this key). The caller re-checks the rows' keys where their flags say so
  // (kRowKeysChanged), and all of them when `*any_marked` becomes true: a marked entry may have outlived its
  // row, and lead to another in the same place; with a prefix a row may then come twice. The hot path of a
  // point query.
  virtual Status lookup(wal::Bytes key, std::vector<Tid>* tids, bool* any_marked = nullptr,
                        txn::SerializableTxn* reader = nullptr) = 0;

  // The rows that have entries of exactly this key, marked or not, in the order of their Tids: some of those
  // from `at_least` on, replacing what is in `tids`; none: there are no more. `hint`: where to look first,
  // updated; kInvalidPageId: unknown.
  virtual Status postings(wal::Bytes key, Tid at_least, std::vector<Tid>* tids, PageId* hint,
                          txn::SerializableTxn* reader = nullptr) = 0;

  struct Statistics {
    uint64_t pages, entries_estimate;
    uint32_t height;
  };
  virtual Result<Statistics> statistics() = 0;
  // VACUUM. remove_dead(): the row has been found deleted and stable (Heap::DeadRowSink); takes its entry
  // out, if it is there. sweep(): removes all entries that are marked or whose row is dead, as far as their
  // rows are not changing.
  virtual Status remove_dead(wal::Bytes key, Tid tid) = 0;
  virtual Result<uint64_t> sweep(Xid horizon) = 0;

  // Structure check: order, fences, links, levels. Describes the first fault as kCorruption.
  virtual Status verify() = 0;

  virtual PageId segment() const = 0;

  // As Heap::track().
  void track(const txn::TrackedRelation& index) { tracked_ = index; }
  const txn::TrackedRelation& tracked() const { return tracked_; }

 protected:
  txn::TrackedRelation tracked_;
};

std::unique_ptr<Btree> open_btree(txn::TxnManager& txns, PageId segment);
Result<PageId> create_btree(txn::TxnManager& txns, txn::Transaction& txn);

void register_btree_operations();

}  // namespace varve::access
