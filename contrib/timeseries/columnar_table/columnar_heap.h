// A table whose old rows lie in segments of columns, as a heap: docs/decisions/columnar-tables.md.
// Reading: columnar_heap.cpp; locks, updates, deletes: columnar_write.cpp; settling: columnar_settle.cpp;
// scans of columns: columnar_scan.cpp.
#pragma once

#include "access/btree.h"
#include "access/column_store.h"
#include "table_state.h"

namespace varve::columnar_table {

class ColumnarHeap final : public access::Heap, public access::ColumnStore, private access::LargeValueReader {
 public:
  ColumnarHeap(txn::TxnManager& txns, PageId segment, uint32_t database);

  // --- Heap
  Result<bool> fetch(const txn::Snapshot& snapshot, Tid tid, access::RowBuffer& buffer,
                     access::RowVersion* out) override;
  Result<bool> fetch_newest(Tid tid, access::RowBuffer& buffer, access::RowVersion* out) override;
  Result<bool> fetch_newest_state(Tid tid, access::RowBuffer& buffer, Xid* writer, bool* deleted) override;
  Result<Tid> insert(txn::Transaction& txn, wal::Bytes row, uint16_t attributes, uint16_t row_flags) override;
  Status insert_many(txn::Transaction& txn, std::span<const wal::Bytes> rows, uint16_t attributes,
                     std::vector<Tid>* tids) override;
  Result<access::LockOutcome> lock(txn::Transaction& txn, const txn::Snapshot& snapshot, Tid tid,
                                   txn::RowLock strength, txn::WaitPolicy policy, uint64_t timeout_us,
                                   access::RowBuffer& buffer, access::RowVersion* newest) override;
  Result<access::LockOutcome> update(txn::Transaction& txn, const txn::Snapshot& snapshot, Tid tid,
                                     wal::Bytes row, uint16_t attributes, bool keys_changed,
                                     bool locked_already, access::RowBuffer& buffer,
                                     access::RowVersion* newest, uint16_t row_flags, bool weak,
                                     access::RowMove* move) override;
  Result<access::LockOutcome> remove(txn::Transaction& txn, const txn::Snapshot& snapshot, Tid tid,
                                     bool locked_already, access::RowBuffer& buffer,
                                     access::RowVersion* newest, access::RowMove* move) override;
  bool moves_rows() const override { return true; }
  Result<Tid> newest_place(Tid tid) override;
  access::ColumnStore* columns() override { return this; }
  Status read_page(const txn::Snapshot& snapshot, PageId page, PageBatch* out) override;
  Status append_page(const txn::Snapshot& snapshot, PageId page, access::RowBuffer& memory,
                     std::vector<Tid>* tids, std::vector<access::RowVersion>* rows) override;
  Result<uint32_t> count_page(const txn::Snapshot& snapshot, PageId page, uint64_t ordinal) override;
  Result<std::vector<access::PageRun>> runs() override;
  Result<VacuumResult> vacuum(DeadRowSink& sink) override;
  Result<access::OverflowPointer> store_large(txn::Transaction& txn, wal::Bytes bytes) override;
  Status remove_large(txn::Transaction& txn, const access::OverflowPointer& pointer) override;
  Status read_large(const access::OverflowPointer& pointer, uint8_t* out) override;
  Result<bool> has_large() override;
  PageId segment() const override { return delta_->segment(); }

  // --- ColumnStore
  std::unique_ptr<access::ColumnScan> scan(const txn::Snapshot& snapshot, const access::RowLayout& layout,
                                           std::span<const access::ColumnCondition> conditions) override;
  std::unique_ptr<access::ColumnAppender> append(txn::Transaction& txn, const access::RowLayout& layout,
                                                 std::vector<access::SettleOrder> order,
                                                 access::AppendedRowSink* sink,
                                                 access::TaskRunner* runner) override;
  bool can_test(types::PhysicalType column, const types::Value& constant) const override;
  Result<std::vector<access::PageRun>> row_runs() override { return delta_->runs(); }
  Result<access::PageSequencePtr> segment_runs(const access::SegmentOrder& order) override;
  Result<uint64_t> settle(txn::Transaction& txn, const access::RowLayout& layout,
                          std::span<const access::SettleOrder> order, const std::vector<bool>& dropped,
                          uint64_t at_least, access::SettledRowSink& sink) override;
  Result<uint64_t> rewrite(txn::Transaction& txn, const access::RowLayout& layout,
                           std::span<const access::SettleOrder> order, const std::vector<bool>& dropped,
                           access::SettledRowSink& sink) override;
  Result<uint64_t> remove_range(txn::Transaction& txn, uint32_t column, int64_t low, int64_t high,
                                access::SettledRowSink* sink) override;
  Result<std::vector<access::SegmentSize>> segment_sizes(const txn::Snapshot& snapshot,
                                                         uint32_t column) override;
  Status vacuum_segments() override;

 private:
  // The rows of a vector that the snapshot sees: places and who wrote them. False: none of them.
  Result<bool> visible_rows(const txn::Snapshot& snapshot, PageId page, std::vector<uint16_t>* rows,
                            StratumPtr* stratum, Xid* writer);
  // Null: it has gone. For single rows, of which more are to come.
  Result<StratumPtr> stratum_of_row(Tid tid);
  // Settled rows as rows of a heap; bytes go to `memory`.
  Status append_rows(Stratum& stratum, PageId page, std::span<const uint16_t> places, Xid writer,
                     access::RowBuffer& memory, std::vector<Tid>* tids,
                     std::vector<access::RowVersion>* rows);
  Result<bool> row_form(Stratum& stratum, Tid tid, Xid writer, access::RowBuffer& buffer,
                        access::RowVersion* out);

  // --- writing
  struct Request {
    txn::Transaction& txn;
    const txn::Snapshot& snapshot;
    txn::RowLock strength;
    txn::WaitPolicy policy;
    uint64_t timeout_us;
    bool locked_already;
  };
  struct Claim {
    enum class Kind : uint8_t { kHere, kElsewhere, kOutcome } kind = Kind::kHere;
    Tid next;  // kElsewhere
    bool newer = false;
    access::LockOutcome outcome = access::LockOutcome::kDeleted;
  };
  // Locks a settled row and says whether it is still the one that the snapshot sees.
  Result<Claim> claim(const Request& request, Tid tid);
  // Where the row has settled that a delta says is deleted. False: it is.
  Result<bool> moved(const Xid self, Tid tid, Tid* next);
  // The row was written by the snapshot's own transaction, at a place that it has moved to behind the
  // snapshot.
  Result<bool> written_elsewhere(const txn::Snapshot& snapshot, Tid tid);
  // Calls on_delta(tid) and on_settled(tid, stratum) until one gives a final outcome.
  template <class Delta, class Settled>
  Result<access::LockOutcome> follow(const Request& request, Tid tid, Delta&& on_delta, Settled&& on_settled);
  Status mark(txn::Transaction& txn, Tid row, Tid moved_to, bool key_kept);
  // Waits for those who have the row's key locked where it was before (HeldKeys). False: skipped.
  Result<bool> lock_old_place(const Request& request, Tid tid);

  // --- settling (columnar_settle.cpp)
  class Batch;
  // Takes rows out of the batch whose keys are locked where they were before.
  void leave_held_keys(Batch* batch);
  // A segment's bytes as a stratum of the table, known to all that look.
  Result<StratumPtr> store(txn::Transaction& txn, columnar::ByteSpan segment,
                           std::span<const types::PhysicalType> physical);
  Status collect(txn::Transaction& txn, const txn::Snapshot& snapshot, const access::RowLayout& layout,
                 Batch* batch);
  // The batch as new strata, one a group of rows that may share one.
  Result<uint64_t> write(txn::Transaction& txn, const access::RowLayout& layout,
                         std::span<const access::SettleOrder> order, const std::vector<bool>& dropped,
                         Batch& batch, access::SettledRowSink& sink);
  Status write_stratum_of(txn::Transaction& txn, const access::RowLayout& layout,
                          const std::vector<bool>& dropped, std::span<const access::RowVersion> rows,
                          std::span<const Tid> from, std::vector<Tid>* to);
  // Strata that are worth writing anew, locked.
  Result<std::vector<StratumPtr>> claim_for_rewriting(txn::Transaction& txn,
                                                      std::span<const access::SettleOrder> order);
  Status forget_deleted(txn::Transaction& txn, Stratum& stratum, access::SettledRowSink& sink);
  Status remove_marks(txn::Transaction& txn, Stratum& stratum, uint64_t* rows);
  // How many rows of the stratum are deleted; false: not all snapshots agree on that.
  Result<bool> count_deleted(Stratum& stratum, uint64_t* deleted);

  types::StringRef read(access::StoredForm form, wal::Bytes stored, Arena& arena) override;
  // Throws SqlError when the table cannot be read.
  TableState& state();

  txn::TxnManager& txns_;
  const uint32_t database_;
  std::unique_ptr<access::Heap> delta_;
  std::mutex opening_;
  std::shared_ptr<TableState> state_owner_;  // guarded by the mutex until it is in the pointer
  std::atomic<TableState*> state_{nullptr};

  friend class ColumnarScan;
  friend class ColumnarAppender;
};

// For the purge of index entries.
Result<access::RowState> probe_settled_row(buffer::BufferPool& pool, Tid tid, Xid horizon);

}  // namespace varve::columnar_table
