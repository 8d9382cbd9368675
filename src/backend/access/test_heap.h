// For the heap's tests: a storage with the real transaction manager, and rows that are strings.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <string>

#include "access/heap.h"
#include "access/sequence.h"
#include "test_storage.h"
#include "txn/lock_manager.h"

namespace varve::access {

inline wal::Bytes bytes_of(const std::string& s) {
  return {reinterpret_cast<const uint8_t*>(s.data()), s.size()};
}
inline std::string text_of(const RowVersion& row) {
  return {reinterpret_cast<const char*>(row.bytes), row.length};
}

class HeapEnvironment {
 public:
  explicit HeapEnvironment(const txn::TxnOptions& options = {}) : storage_(8192) {
    register_heap_operations();
    register_sequence_operations();
    txns_ = txn::make_txn_manager(storage_.pool(), Xid{1}, options);
    auto txn = begin();
    auto segment = create_heap(*txns_, *txn);
    VARVE_CHECK(segment.ok());
    VARVE_CHECK(storage_.pool().log().flush(txns_->commit(*txn)).ok());
    heap_ = open_heap(*txns_, *segment, 5);
  }
  ~HeapEnvironment() {
    heap_.reset();
    txns_.reset();
  }

  txn::TxnManager& txns() { return *txns_; }
  buffer::BufferPool& pool() { return storage_.pool(); }
  Heap& heap() { return *heap_; }

  std::unique_ptr<txn::Transaction> begin(txn::Isolation isolation = txn::Isolation::kReadCommitted) {
    return txns_->begin(isolation, nullptr);
  }
  Lsn commit(std::unique_ptr<txn::Transaction>& txn) {
    Lsn lsn = txns_->commit(*txn);
    txn.reset();
    return lsn;
  }
  void rollback(std::unique_ptr<txn::Transaction>& txn) {
    txns_->rollback(*txn);
    txn.reset();
  }
  void flush() { VARVE_CHECK(pool().log().flush(pool().log().reserved_lsn()).ok()); }

  Tid insert(txn::Transaction& txn, const std::string& row) {
    auto tid = heap_->insert(txn, bytes_of(row), 1);
    VARVE_CHECK(tid.ok());
    return *tid;
  }
  // The row a new statement of `txn` sees; "-" for none.
  std::string read(txn::Transaction& txn, Tid tid) { return read(txn.statement_snapshot(), tid); }
  std::string read(const txn::Snapshot& snapshot, Tid tid) {
    RowBuffer buffer;
    RowVersion row;
    auto found = heap_->fetch(snapshot, tid, buffer, &row);
    VARVE_CHECK(found.ok());
    return *found ? text_of(row) : "-";
  }
  std::string read_committed(Tid tid) {
    auto txn = begin();
    std::string row = read(*txn, tid);
    commit(txn);
    return row;
  }
  Result<LockOutcome> update(txn::Transaction& txn, Tid tid, const std::string& row, bool keys = false) {
    RowBuffer buffer;
    RowVersion newest;
    return heap_->update(txn, txn.statement_snapshot(), tid, bytes_of(row), 1, keys, false, buffer, &newest);
  }
  Result<LockOutcome> remove(txn::Transaction& txn, Tid tid) {
    RowBuffer buffer;
    RowVersion newest;
    return heap_->remove(txn, txn.statement_snapshot(), tid, false, buffer, &newest);
  }
  Result<LockOutcome> lock(txn::Transaction& txn, Tid tid, txn::RowLock strength,
                           txn::WaitPolicy policy = txn::WaitPolicy::kWait,
                           std::string* newest_text = nullptr) {
    RowBuffer buffer;
    RowVersion newest;
    auto r = heap_->lock(txn, txn.statement_snapshot(), tid, strength, policy, 0, buffer, &newest);
    if (newest_text != nullptr && r.ok() && newest.bytes != nullptr) *newest_text = text_of(newest);
    return r;
  }
  // All rows the snapshot sees, by scanning every page.
  std::vector<std::pair<Tid, std::string>> scan(const txn::Snapshot& snapshot) {
    std::vector<std::pair<Tid, std::string>> rows;
    auto runs = heap_->runs();
    VARVE_CHECK(runs.ok());
    Heap::PageBatch batch;
    for (const PageRun& run : *runs) {
      for (uint32_t i = 0; i < run.count; ++i) {
        VARVE_CHECK(heap_->read_page(snapshot, PageId{run.first.value() + i}, &batch).ok());
        for (size_t r = 0; r < batch.rows.size(); ++r)
          rows.emplace_back(batch.tids[r], text_of(batch.rows[r]));
      }
    }
    return rows;
  }
  // A new manager over the same pages, as after a clean restart.
  void restart() {
    PageId segment = heap_->segment();
    Xid next = txns_->next_xid();
    heap_.reset();
    txns_.reset();
    txns_ = txn::make_txn_manager(pool(), next);
    heap_ = open_heap(*txns_, segment, 5);
  }

 private:
  TestStorage storage_;
  std::unique_ptr<txn::TxnManager> txns_;
  std::unique_ptr<Heap> heap_;
};

#define EXPECT_OUTCOME(expression, expected)                            \
  do {                                                                  \
    auto outcome_ = (expression);                                       \
    ASSERT_TRUE(outcome_.ok()) << outcome_.status().to_string();        \
    EXPECT_EQ(static_cast<int>(*outcome_), static_cast<int>(expected)); \
  } while (0)

}  // namespace varve::access
