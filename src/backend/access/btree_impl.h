#pragma once

#include "access/btree.h"
#include "btree_core.h"

namespace varve::access {

class BtreeImpl : public Btree {
 public:
  BtreeImpl(buffer::BufferPool& pool, PageId segment) : core_(pool, segment) {}

  Result<InsertOutcome> insert(txn::Transaction& txn, wal::Bytes key, Tid tid,
                               UniqueChecker* unique) override;
  Result<InsertOutcome> insert_sorted(txn::Transaction& txn, std::span<const NewEntry> entries, size_t* next,
                                      UniqueChecker* unique) override;
  Result<InsertOutcome> find_conflict(wal::Bytes key, UniqueChecker& unique) override;
  Status bulk_load(txn::Transaction& txn, BulkSource& source) override;
  Status mark(txn::Transaction& txn, wal::Bytes key, Tid tid) override;
  Status note_gone(txn::Transaction& txn, wal::Bytes key, Tid tid) override;
  std::unique_ptr<Cursor> scan(wal::Bytes lower, Bound lower_bound, wal::Bytes upper, Bound upper_bound,
                               bool backward, txn::SerializableTxn* reader = nullptr) override;
  Status lookup(wal::Bytes key, std::vector<Tid>* tids, bool* any_marked = nullptr,
                txn::SerializableTxn* reader = nullptr) override {
    if (reader != nullptr && tracked_) return core_.lookup_noted(key, tids, any_marked, {tracked_, *reader});
    return core_.lookup(key, tids, any_marked);
  }
  Status postings(wal::Bytes key, Tid at_least, std::vector<Tid>* tids, PageId* hint,
                  txn::SerializableTxn* reader = nullptr) override;
  Status remove_dead(wal::Bytes key, Tid tid) override;
  Result<uint64_t> sweep(Xid horizon) override;
  Result<Statistics> statistics() override;
  Status verify() override;
  PageId segment() const override { return core_.segment(); }

 private:
  // Before an entry comes to the leaf, which is latched.
  Status note_insert(txn::Transaction& txn, PageId leaf) const {
    if (txn.serializable == nullptr || !tracked_) return {};
    return txn.serializable->write_page(tracked_, leaf);
  }

  BtreeCore core_;
};

// Asks whoever has rows of that kind.
Result<RowState> probe_any_row(buffer::BufferPool& pool, Tid tid, Xid horizon);

}  // namespace varve::access
