// The heap's own structure. Reads: heap_read.cpp; inserts: heap_insert.cpp; locks, updates, deletes:
// heap_write.cpp; rollback, purge, vacuum: heap_undo.cpp, heap_vacuum.cpp.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <mutex>

#include "access/heap.h"
#include "access/heap_format.h"
#include "access/overflow.h"
#include "buffer/log_batch.h"
#include "free_space.h"
#include "heap_page.h"
#include "page_counts.h"

namespace varve::access {

// Exclusive latches on the pages that a change of one row needs, taken in page order.
struct WriteLatches {
  static constexpr size_t kMax = 3;
  std::array<buffer::ExclusiveGuard, kMax> guards;
  size_t count = 0;

  // Latches `pages` (duplicates allowed).
  Status take(buffer::BufferPool& pool, std::span<const PageId> pages);
  buffer::ExclusiveGuard* find(PageId page);
  void release();
};

// A row found and latched for writing: where its bytes are.
struct LatchedRow {
  buffer::ExclusiveGuard guard;
  Tid at;  // the row's own Tid, or the place it moved to
  RowPlace row;
  explicit operator bool() const { return bool{row}; }
};
// Follows a stub. Empty when there is no such row.
Result<LatchedRow> latch_row(buffer::BufferPool& pool, Tid tid);

class HeapImpl final : public Heap, private LargeValueReader {
 public:
  HeapImpl(txn::TxnManager& txns, PageId segment, uint32_t database);

  Result<bool> fetch(const txn::Snapshot& snapshot, Tid tid, RowBuffer& buffer, RowVersion* out) override;
  Result<bool> fetch_newest(Tid tid, RowBuffer& buffer, RowVersion* out) override;
  Result<Tid> insert(txn::Transaction& txn, wal::Bytes row, uint16_t attributes, uint16_t row_flags) override;
  Status insert_many(txn::Transaction& txn, std::span<const wal::Bytes> rows, uint16_t attributes,
                     std::vector<Tid>* tids) override;
  Result<LockOutcome> lock(txn::Transaction& txn, const txn::Snapshot& snapshot, Tid tid,
                           txn::RowLock strength, txn::WaitPolicy policy, uint64_t timeout_us,
                           RowBuffer& buffer, RowVersion* newest) override;
  Result<LockOutcome> update(txn::Transaction& txn, const txn::Snapshot& snapshot, Tid tid, wal::Bytes row,
                             uint16_t attributes, bool keys_changed, bool locked_already, RowBuffer& buffer,
                             RowVersion* newest, uint16_t row_flags, bool weak, RowMove* move) override;
  Result<LockOutcome> remove(txn::Transaction& txn, const txn::Snapshot& snapshot, Tid tid,
                             bool locked_already, RowBuffer& buffer, RowVersion* newest,
                             RowMove* move) override;
  Result<LockOutcome> lock_key(txn::Transaction& txn, const txn::Snapshot& snapshot, Tid tid,
                               txn::WaitPolicy policy, uint64_t timeout_us) override;
  Result<bool> fetch_newest_state(Tid tid, RowBuffer& buffer, Xid* writer, bool* deleted) override;
  Status remove_idle(txn::Transaction& txn, std::span<const Tid> tids, std::span<const Xid> writers,
                     std::vector<bool>* done) override;
  Status read_page(const txn::Snapshot& snapshot, PageId page, PageBatch* out) override;
  Status append_page(const txn::Snapshot& snapshot, PageId page, RowBuffer& memory, std::vector<Tid>* tids,
                     std::vector<RowVersion>* rows) override;
  Result<uint32_t> count_page(const txn::Snapshot& snapshot, PageId page, uint64_t ordinal) override;
  Result<bool> may_have_changed(PageId page, Xid since) override;
  Result<std::vector<PageRun>> runs() override { return segment_runs(pool_, segment_); }
  Result<VacuumResult> vacuum(DeadRowSink& sink) override;
  PageId segment() const override { return segment_; }
  Result<OverflowPointer> store_large(txn::Transaction& txn, wal::Bytes bytes) override;
  Status remove_large(txn::Transaction& txn, const OverflowPointer& pointer) override;
  Status read_large(const OverflowPointer& pointer, uint8_t* out) override;
  Result<bool> has_large() override;

 private:
  // --- reading ---
  // The newest version's bytes are in the buffer, its header here.
  struct Copied {
    RowHeader header;
    uint32_t length = 0;  // of the row's bytes
    uint32_t offset = 0;  // of the row's bytes in the buffer
  };
  Result<bool> copy_newest(Tid tid, RowBuffer& buffer, Copied* out);
  Result<bool> fetch_version(const txn::Snapshot& snapshot, Tid tid, RowBuffer& buffer, RowVersion* out);
  // Goes back from the copied version to the one `snapshot` sees. False: it sees none, or the transaction
  // must not go on (`failure`).
  bool rebuild(const txn::Snapshot& snapshot, RowBuffer& buffer, Copied* version, Xid* writer,
               Status* failure) const;
  // A SERIALIZABLE transaction reads or writes a table where that is noted.
  bool notes_reads(const txn::Snapshot& snapshot) const {
    return snapshot.serializable != nullptr && tracked_;
  }
  Status note_insert(txn::Transaction& txn) const {
    if (txn.serializable == nullptr || !tracked_) return {};
    return txn.serializable->write_relation(tracked_);
  }
  // The row is latched, and will be until it is written.
  Status note_write(txn::Transaction& txn, Tid tid) const {
    if (txn.serializable == nullptr || !tracked_) return {};
    return txn.serializable->write_row(tracked_, tid);
  }

  // --- inserting ---
  // A latched page with room for a row of `total` bytes (with headers), made current for this session.
  Result<buffer::ExclusiveGuard> page_for_insert(const txn::Transaction& txn, size_t total,
                                                 PageId not_this = kInvalidPageId,
                                                 PageId nor_this = kInvalidPageId);
  Result<buffer::ExclusiveGuard> new_page(PageId near);
  Status sample_pages();
  // A page that has been handed out and not yet formatted has what an earlier segment of this number left in
  // it, rows included: no change of it is as young as this segment.
  bool usable(const buffer::Page& page) const {
    return is_heap_page(page) && page.header.segment == segment_.value() && page.header.lsn > stamp_;
  }
  // Moves the rows of a latched page together, trimming where writers have finished, if that makes room.
  bool make_room(buffer::ExclusiveGuard& guard, size_t needed);

  // --- writing ---
  enum class Verdict : uint8_t {
    kProceed,  // nothing stands against it
    kNewer,    // a newer committed version: lock it, let the caller look at it
    kDeleted,
    kSelfModified,
    kConflict,    // REPEATABLE READ
    kWaitWriter,  // for `wait_for`
    kWaitLock,    // for explicit row locks
  };
  struct Request {
    txn::Transaction& txn;
    const txn::Snapshot& snapshot;
    Tid tid;
    txn::RowLock strength;
    bool locked_already;
  };
  struct Judgement {
    Verdict verdict = Verdict::kProceed;
    Xid wait_for;
    bool own = false;  // the last writer is the asking transaction
    bool drop_lock_hint = false;
    bool deleted = false;  // kConflict: by a deletion
  };
  Judgement judge(const Request& request, const RowHeader& header);
  // Waits for what the judgement names, without latches. The row is latched on entry.
  Status wait(const Request& request, const Judgement& judgement, LatchedRow& row, uint64_t timeout_us);
  // Takes the row lock while the row is latched and leaves the hint. kBusy: somebody else has it.
  Status lock_latched(const Request& request, LatchedRow& row);
  void set_lock_hint(LatchedRow& row);
  static Status write_conflict(const Judgement& j);
  // The common part of update and remove; `change` is called with the row latched when it may go ahead.
  template <class Change>
  Result<LockOutcome> write(const Request& request, RowBuffer& buffer, RowVersion* newest, Change&& change);

  struct NewVersion {
    wal::Bytes row;
    uint16_t attributes;
    uint16_t flags;
    bool keys_changed;
    bool strong;  // among them a key that others may refer to
  };
  // False: the row does not fit its page and has to move first find a page.
  Result<bool> update_in_place(const Request& request, const Judgement& judgement, LatchedRow& row,
                               const NewVersion& version);
  // True: done. False: something changed meanwhile, start over.
  Result<bool> update_by_moving(const Request& request, const NewVersion& version);
  Status move_row(const Request& request, const Judgement& judgement, WriteLatches& latches, Tid at,
                  PageId target, const NewVersion& version);
  Status delete_in_place(const Request& request, const Judgement& judgement, LatchedRow& row);
  // Adds the undo record; kOutOfMemory at the limit.
  Result<txn::UndoPtr> log_undo(txn::Transaction& txn, wal::Bytes undo, const RowHeader& before);

  void copy_out(const RowPlace& row, RowBuffer& buffer, RowVersion* out);
  LargeValueReader* reader_for(uint16_t flags) { return (flags & kRowHasLarge) != 0 ? this : nullptr; }

  // --- values out of line (heap_overflow.cpp) ---
  types::StringRef read(StoredForm form, wal::Bytes stored, Arena& arena) override;
  Result<uint64_t> overflow_id();
  // The heap of the chunks; null: there is none.
  Result<HeapImpl*> overflow();
  Result<HeapImpl*> make_overflow();
  HeapImpl& open_overflow(PageId segment);
  // These three are called on the heap of the chunks.
  Result<Tid> insert_chunk(txn::Transaction& txn, const OverflowPointer& pointer, uint32_t index,
                           wal::Bytes bytes);
  Result<wal::Bytes> read_chunk(const OverflowPointer& pointer, uint32_t index, Tid tid, RowBuffer& buffer);
  Status remove_chunk(txn::Transaction& txn, const OverflowPointer& pointer, uint32_t index, Tid tid);
  // Calls f(level, index, tid) for every chunk of the value, those that list others before the others.
  template <class F>
  Status for_each_chunk(const OverflowPointer& pointer, F&& f);

  txn::TxnManager& txns_;
  buffer::BufferPool& pool_;
  const PageId segment_;
  const uint64_t stamp_;  // segment_stamp()
  const uint32_t database_;
  std::shared_ptr<FreeSpace> free_space_;
  PageCounts counts_;
  std::mutex overflow_mutex_;
  std::unique_ptr<HeapImpl> overflow_heap_;  // guarded by the mutex until it is in the pointer
  std::atomic<HeapImpl*> overflow_{nullptr};
};

// Frees the slots of a deleted row (and of the place it moved to) if its deletion is older than `horizon`.
// False: nothing to free.
Result<bool> free_dead_row(buffer::BufferPool& pool, PageId segment, Tid tid, Xid horizon);

void register_heap_undo();

}  // namespace varve::access
