// The heap: slotted pages of rows with stable Tids, updated in place; older versions are reached through
// undo.
//
// A row is opaque bytes here (its columns: access/row_layout.h) behind a header that the heap owns:
//
//   0        8        16      18           20
//   +--------+--------+-------+------------+---------------------
//   | xid    | undo   | flags | attributes | row bytes …
//   +--------+--------+-------+------------+---------------------
// xid: last writer. undo: how to get the version before. attributes: number of columns stored (rows written
// before ALTER TABLE ADD COLUMN have fewer).
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "access/segment.h"
#include "txn/lock_manager.h"
#include "txn/serializable.h"
#include "txn/txn_manager.h"

namespace varve::access {

struct RowHeader {
  uint64_t xid;
  uint64_t undo;
  uint16_t flags;
  uint16_t attributes;
} __attribute__((packed));
static_assert(sizeof(RowHeader) == 20);

inline constexpr uint16_t kRowDeleted = 1;    // the newest version is a deletion
inline constexpr uint16_t kRowForwarded = 2;  // stub: the row's bytes are the Tid where it lives now
inline constexpr uint16_t kRowMoved = 4;      // target of a stub: scans skip it, only the stub leads here
inline constexpr uint16_t kRowHasLocks = 8;   // hint: look into the lock manager before writing
inline constexpr uint16_t kRowKeysChanged =
    16;  // an indexed column changed in place: index scans re-check keys

inline constexpr uint16_t kRowKeyWriter =
    32;  // the last writer, while it runs, holds FOR UPDATE strength; else NO KEY UPDATE

inline constexpr uint16_t kRowHasLarge = 64;  // some value is not stored in plain form (access/row_layout.h)

inline constexpr size_t kMaxRowBytes =
    8000;  // row bytes without the header; larger values go out of line (access/overflow.h)

class LargeValueReader;
class ColumnStore;
struct OverflowPointer;

// A version of a row, copied out of its page (or rebuilt from undo).
struct RowVersion {
  const uint8_t* bytes =
      nullptr;  // row bytes without header; owned by the RowBuffer or page batch it came from
  uint32_t length = 0;
  uint16_t attributes = 0;
  uint16_t flags = 0;
  Xid xid;
  LargeValueReader* large =
      nullptr;  // with kRowHasLarge: brings back the values that are not here; the heap's
};

// Reusable memory for one fetched row.
class RowBuffer {
 public:
  // What a kind of heap keeps here from one row to the next, so that it need not be made for each.
  class Tools {
   public:
    virtual ~Tools() = default;
  };
  template <class T>
  T& tools() {
    auto* known = dynamic_cast<T*>(tools_.get());
    if (known != nullptr) return *known;
    auto made = std::make_unique<T>();
    T& t = *made;
    tools_ = std::move(made);
    return t;
  }
  uint8_t* reserve(size_t bytes) {
    if (bytes > storage_.size()) storage_.resize(bytes);
    return storage_.data();
  }

 private:
  std::vector<uint8_t> storage_;
  std::unique_ptr<Tools> tools_;
};

enum class LockOutcome : uint8_t {
  kLocked,         // the version the snapshot sees is the newest: go ahead
  kLockedUpdated,  // locked, but a newer committed version exists; it is in `newest`: re-check the quals
                   // (READ COMMITTED)
  kDeleted,        // gone meanwhile
  kSkipped,        // WaitPolicy::kSkip and it would wait
  kSelfModified,   // the same command has written this row already; nothing was changed
};

// Where a row was when it was written, and where it is now. Rows of an ordinary heap stay where they are.
struct RowMove {
  Tid from, to;
};

class Heap {
 public:
  virtual ~Heap() = default;

  // Visible version of the row, or false. Follows forwarding; copies into `buffer`.
  virtual Result<bool> fetch(const txn::Snapshot& snapshot, Tid tid, RowBuffer& buffer, RowVersion* out) = 0;
  // The newest version whoever wrote it: for unique checks. `out->xid` may be running.
  virtual Result<bool> fetch_newest(Tid tid, RowBuffer& buffer, RowVersion* out) = 0;

  // `row_flags`: 0 or kRowHasLarge.
  virtual Result<Tid> insert(txn::Transaction& txn, wal::Bytes row, uint16_t attributes,
                             uint16_t row_flags = 0) = 0;
  // Bulk: fills pages, one log record a page. Returns one Tid a row. For rows without large values.
  virtual Status insert_many(txn::Transaction& txn, std::span<const wal::Bytes> rows, uint16_t attributes,
                             std::vector<Tid>* tids) = 0;

  // Locks the row for writing or for a locking clause, waiting for other writers by `policy`. Under
  // REPEATABLE READ a newer committed version is kWriteConflict. `database` goes into the lock tag.
  virtual Result<LockOutcome> lock(txn::Transaction& txn, const txn::Snapshot& snapshot, Tid tid,
                                   txn::RowLock strength, txn::WaitPolicy policy, uint64_t timeout_us,
                                   RowBuffer& buffer, RowVersion* newest) = 0;

  // Replaces / deletes the newest version. Combines the lock and the change under one latch when nothing has
  // changed since the snapshot; any other outcome than kLocked means that nothing was changed (after
  // kLockedUpdated the row is locked and a second call with `locked_already` does it).
  // `keys_changed`: an indexed column differs. `weak`: none of a unique index that others may refer to, so
  // that the strength of NO KEY UPDATE is enough.
  virtual Result<LockOutcome> update(txn::Transaction& txn, const txn::Snapshot& snapshot, Tid tid,
                                     wal::Bytes row, uint16_t attributes, bool keys_changed,
                                     bool locked_already, RowBuffer& buffer, RowVersion* newest,
                                     uint16_t row_flags = 0, bool weak = false, RowMove* move = nullptr) = 0;
  virtual Result<LockOutcome> remove(txn::Transaction& txn, const txn::Snapshot& snapshot, Tid tid,
                                     bool locked_already, RowBuffer& buffer, RowVersion* newest,
                                     RowMove* move = nullptr) = 0;

  // A heap whose rows may get other Tids (access/column_store.h): a row is found where it was by whoever saw
  // it there, and update() and remove() follow it. `move` above says whose Tid the index entries have (from)
  // and which one they are to have after an update (to); when the two differ, all of them are to be written.
  virtual bool moves_rows() const { return false; }
  // KEY SHARE on the newest version, whoever has written it and whether or not the snapshot sees it.
  // kLockedUpdated: some key has changed since the row was inserted, and nothing is locked.
  virtual Result<LockOutcome> lock_key(txn::Transaction& txn, const txn::Snapshot& snapshot, Tid tid,
                                       txn::WaitPolicy policy, uint64_t timeout_us);
  // Where the row is now that was locked at `tid`.
  virtual Result<Tid> newest_place(Tid tid) { return tid; }
  // As fetch_newest(), without the row's bytes: who wrote the newest version, and whether that is a deletion.
  virtual Result<bool> fetch_newest_state(Tid tid, RowBuffer& buffer, Xid* writer, bool* deleted);
  // Deletes the rows that are still as `writers` (all below horizon()) left them, and that nobody locks;
  // waits for nobody. `done` gets which.
  virtual Status remove_idle(txn::Transaction& txn, std::span<const Tid> tids, std::span<const Xid> writers,
                             std::vector<bool>* done);
  // Null: rows are all there is.
  virtual ColumnStore* columns() { return nullptr; }

  // Visible rows of one page, replacing what is in `out` (bytes point into its `memory`, valid until the next
  // call with it). The page is latched only while its bytes are copied.
  struct PageBatch {
    std::vector<Tid> tids;
    std::vector<RowVersion> rows;
    RowBuffer memory;
  };
  virtual Status read_page(const txn::Snapshot& snapshot, PageId page, PageBatch* out) = 0;
  // The same for scans that gather several pages: appends to `rows` (and to `tids` unless null); the bytes
  // lie in `memory`.
  virtual Status append_page(const txn::Snapshot& snapshot, PageId page, RowBuffer& memory,
                             std::vector<Tid>* tids, std::vector<RowVersion>* rows) = 0;
  // How many rows of the page are visible. `ordinal`: its place among the pages of runs(). A page that nobody
  // has changed since it was last counted costs no look at its rows.
  virtual Result<uint32_t> count_page(const txn::Snapshot& snapshot, PageId page, uint64_t ordinal) = 0;
  // False: no row of the page, nor one that has moved from it, was written by this xid or a later one.
  virtual Result<bool> may_have_changed(PageId page, Xid since) {
    (void)page, (void)since;
    return true;
  }
  // All pages of the heap as runs; morsels are cut from these.
  virtual Result<std::vector<PageRun>> runs() = 0;

  // Finds deleted rows that no purge queue knows (their xid is below start_xid()) and frees their slots after
  // `sink` has removed the index entries. One page at a time, latched only while it is copied.
  class DeadRowSink {
   public:
    virtual ~DeadRowSink() = default;
    virtual Status remove_index_entries(std::span<const Tid> tids, std::span<const RowVersion> rows) = 0;
  };
  struct VacuumResult {
    uint64_t pages = 0, live_rows = 0, dead_rows_removed = 0, dead_rows_kept = 0;
  };
  virtual Result<VacuumResult> vacuum(DeadRowSink& sink) = 0;

  // Values out of line (access/overflow.h): stored for `txn` (a rollback takes them back), given up by `txn`
  // (gone when no snapshot needs them), read. Whoever reads holds a snapshot that sees, or a lock on, a row
  // that refers to the value.
  virtual Result<OverflowPointer> store_large(txn::Transaction& txn, wal::Bytes bytes) = 0;
  virtual Status remove_large(txn::Transaction& txn, const OverflowPointer& pointer) = 0;
  virtual Status read_large(const OverflowPointer& pointer, uint8_t* out) = 0;
  // False: no row refers to a value out of line.
  virtual Result<bool> has_large() = 0;

  virtual PageId segment() const = 0;

  // The table that SERIALIZABLE transactions' reads and writes are noted for: set by whoever opens it, before
  // anybody else has it. Not set (catalogs, temporary tables): nothing is noted.
  void track(const txn::TrackedRelation& table) { tracked_ = table; }
  const txn::TrackedRelation& tracked() const { return tracked_; }
  // To be called before runs() by whoever reads the table page by page: rows that come later count as read.
  Status begin_scan(const txn::Snapshot& snapshot) const {
    if (snapshot.serializable == nullptr || !tracked_) return {};
    return counts_as_whole_ ? snapshot.serializable->read_whole(tracked_)
                            : snapshot.serializable->read_relation(tracked_);
  }
  // The same before anything is written; a heap sees to that itself.
  Status begin_write(txn::Transaction& txn) const {
    if (txn.serializable == nullptr || !tracked_ || !counts_as_whole_) return {};
    return txn.serializable->write_whole(tracked_);
  }

 protected:
  txn::TrackedRelation tracked_;
  bool counts_as_whole_ = false;  // its versions do not tell who wrote them
};

// Cheap object over a segment; holds insertion hints, so keep one per relation and process. Thread-safe.
std::unique_ptr<Heap> open_heap(txn::TxnManager& txns, PageId segment, uint32_t database);
Result<PageId> create_heap(txn::TxnManager& txns, txn::Transaction& txn);

void register_heap_operations();

}  // namespace varve::access
