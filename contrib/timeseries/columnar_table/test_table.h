// For this module's tests: a columnar table (key int8, text, float8) with an index on the key, in a storage
// engine over simulated files, and what statements do to such a table.
#pragma once

#include <fmt/format.h>
#include <string>

#include "access/overflow.h"
#include "access/segment.h"
#include "access/table_method.h"
#include "columnar_table/columnar_table.h"
#include "common/check.h"
#include "port/sim_vfs.h"
#include "recovery/engine.h"
#include "test_rows.h"
#include "vector/vector.h"

namespace varve::columnar_table {

class TestTable {
 public:
  explicit TestTable(Oid method = access::kColumnarMethod, bool background = false)
      : vfs_(1), method_(method) {
    access::register_segment_operations();
    access::register_heap_operations();
    access::register_btree_operations();
    register_columnar_tables();
    options_.directory = "pg";
    options_.background = background;
    options_.log.segment_bytes = 16 << 20;
    options_.log.ring_bytes = 4 << 20;
    options_.pool.frame_bytes = 64 << 20;
    options_.pool.max_pages = 1 << 20;
    options_.pool.huge_pages = false;
    VARVE_CHECK(recovery::StorageEngine::create_new(vfs_, options_).ok());
    open_engine();
    auto txn = begin();
    heap_segment_ = access::create_heap(engine_->txns(), *txn).value();
    index_segment_ = access::create_btree(engine_->txns(), *txn).value();
    engine_->txns().commit(*txn);
    attach();
  }
  ~TestTable() { close(); }

  void reopen() {
    close();
    open_engine();
    attach();
  }
  // The same, without what is in memory: the next handle reads everything again.
  void reattach() {
    heap_.reset();
    attach();
  }

  txn::TxnManager& txns() { return engine_->txns(); }
  access::Heap& heap() { return *heap_; }
  access::ColumnStore& store() { return *heap_->columns(); }
  std::unique_ptr<txn::Transaction> begin(txn::Isolation isolation = txn::Isolation::kReadCommitted) {
    return engine_->txns().begin(isolation, nullptr);
  }
  void commit(std::unique_ptr<txn::Transaction>& txn) {
    // What is not durable does not settle.
    Lsn lsn = engine_->txns().commit(*txn);
    VARVE_CHECK(engine_->log().flush(lsn).ok());
    txn.reset();
  }
  void rollback(std::unique_ptr<txn::Transaction>& txn) {
    engine_->txns().rollback(*txn);
    txn.reset();
  }

  // --- statements. The snapshot is the statement's.
  Tid insert(txn::Transaction& txn, const TestRow& row) {
    access::RowEncoder encoder(*heap_, test_layout());
    encoder.encode(txn, values(row));
    Tid tid = heap_->insert(txn, encoder.bytes(), 3, encoder.flags()).value();
    VARVE_CHECK(index_->insert(txn, access::key_bytes(test_key(row.key)), tid, nullptr).ok());
    return tid;
  }
  // Rows of the key that the snapshot sees, through the index.
  std::vector<std::pair<Tid, TestRow>> find(const txn::Snapshot& snapshot, int64_t key) {
    std::vector<Tid> tids;
    VARVE_CHECK(index_->lookup(access::key_bytes(test_key(key)), &tids).ok());
    std::vector<std::pair<Tid, TestRow>> found;
    access::RowBuffer buffer;
    for (Tid tid : tids) {
      access::RowVersion row;
      auto there = heap_->fetch(snapshot, tid, buffer, &row);
      VARVE_CHECK(there.ok());
      if (*there) found.emplace_back(tid, decode_row(row));
    }
    return found;
  }
  // As TableWriter does it; the key stays. kLockedUpdated: `*newest` is what it is now.
  Result<access::LockOutcome> update(txn::Transaction& txn, const txn::Snapshot& snapshot, Tid tid,
                                     const TestRow& row, bool locked = false, TestRow* newest = nullptr) {
    if (locked) tid = heap_->newest_place(tid).value();
    access::RowEncoder encoder(*heap_, test_layout());
    encoder.load_old(snapshot, tid, locked);
    encoder.encode(txn, values(row));
    access::RowBuffer buffer;
    access::RowVersion version;
    access::RowMove move;
    VARVE_ASSIGN_OR_RETURN(auto outcome, heap_->update(txn, snapshot, tid, encoder.bytes(), 3, false, locked,
                                                       buffer, &version, encoder.flags(), true, &move));
    if (outcome == access::LockOutcome::kLockedUpdated && newest != nullptr) *newest = decode_row(version);
    if (outcome != access::LockOutcome::kLocked) {
      encoder.not_written(txn);
      return outcome;
    }
    if (move.from == tid) encoder.replaced(txn);
    if (move.to != move.from) {
      const std::string key = test_key(row.key);
      VARVE_RETURN_IF_ERROR(index_->note_gone(txn, access::key_bytes(key), move.from));
      VARVE_RETURN_IF_ERROR(index_->insert(txn, access::key_bytes(key), move.to, nullptr).status());
    }
    return outcome;
  }
  Result<access::LockOutcome> remove(txn::Transaction& txn, const txn::Snapshot& snapshot, Tid tid,
                                     int64_t key, bool locked = false, TestRow* newest = nullptr) {
    if (locked) tid = heap_->newest_place(tid).value();
    access::RowEncoder encoder(*heap_, test_layout());
    encoder.load_old(snapshot, tid, locked);
    access::RowBuffer buffer;
    access::RowVersion version;
    access::RowMove move;
    VARVE_ASSIGN_OR_RETURN(auto outcome, heap_->remove(txn, snapshot, tid, locked, buffer, &version, &move));
    if (outcome == access::LockOutcome::kLockedUpdated && newest != nullptr) *newest = decode_row(version);
    if (outcome != access::LockOutcome::kLocked) return outcome;
    if (move.from == tid) encoder.replaced(txn);
    VARVE_RETURN_IF_ERROR(index_->note_gone(txn, access::key_bytes(test_key(key)), move.from));
    return outcome;
  }
  Result<access::LockOutcome> lock(txn::Transaction& txn, const txn::Snapshot& snapshot, Tid tid,
                                   txn::RowLock strength, txn::WaitPolicy policy = txn::WaitPolicy::kWait) {
    access::RowBuffer buffer;
    access::RowVersion newest;
    return heap_->lock(txn, snapshot, tid, strength, policy, 0, buffer, &newest);
  }

  // --- settling
  Result<uint64_t> settle_in(txn::Transaction& txn, uint64_t at_least = 1) {
    TestEntries sink(*index_);
    return store().settle(txn, test_layout(), order, std::vector<bool>(3), at_least, sink);
  }
  Result<uint64_t> rewrite_in(txn::Transaction& txn) {
    TestEntries sink(*index_);
    return store().rewrite(txn, test_layout(), order, std::vector<bool>(3), sink);
  }
  Result<uint64_t> remove_range_in(txn::Transaction& txn, int64_t low, int64_t high) {
    TestEntries sink(*index_);
    txn.assign_xid();
    return store().remove_range(txn, 0, low, high, &sink);
  }
  // All that can, each segment in a transaction of its own.
  uint64_t settle(uint64_t at_least = 1) {
    uint64_t rows = 0;
    for (;;) {
      VARVE_CHECK(txns().purge_once().ok());
      auto txn = begin();
      auto n = settle_in(*txn, at_least);
      EXPECT_TRUE(n.ok()) << n.status().to_string();
      commit(txn);
      if (!n.ok() || *n == 0) return rows;
      rows += *n;
    }
  }
  uint64_t rewrite() {
    VARVE_CHECK(txns().purge_once().ok());
    auto txn = begin();
    auto n = rewrite_in(*txn);
    EXPECT_TRUE(n.ok()) << n.status().to_string();
    commit(txn);
    return n.ok() ? *n : 0;
  }
  void vacuum() {
    TestEntries sink(*index_);
    VARVE_CHECK(heap_->vacuum(sink).ok());
    VARVE_CHECK(index_->sweep(txns().horizon()).ok());
    VARVE_CHECK(store().vacuum_segments().ok());
  }

  // --- what there is: by rows, and by columns where rows have settled. Each row once.
  TestRows scan(const txn::Snapshot& snapshot) {
    TestRows rows;
    access::Heap::PageBatch batch;
    for_each_page([&](PageId page) {
      VARVE_CHECK(heap_->read_page(snapshot, page, &batch).ok());
      for (const access::RowVersion& row : batch.rows) add(&rows, decode_row(row));
    });
    return rows;
  }
  TestRows scan_columns(const txn::Snapshot& snapshot,
                        std::span<const access::ColumnCondition> conditions = {},
                        uint64_t* removed = nullptr);
  TestRows scan_now() {
    auto txn = begin();
    TestRows rows = scan(txn->statement_snapshot());
    EXPECT_TRUE(same_rows(scan_columns(txn->statement_snapshot()), rows));
    commit(txn);
    return rows;
  }
  uint64_t count(const txn::Snapshot& snapshot) {
    uint64_t rows = 0, ordinal = 0;
    for_each_page([&](PageId page) { rows += heap_->count_page(snapshot, page, ordinal++).value(); });
    return rows;
  }
  // Every row is found through the index exactly once, and nothing else is.
  void check_index(const txn::Snapshot& snapshot, const TestRows& rows) {
    size_t found = 0;
    auto cursor =
        index_->scan({}, access::Btree::Bound::kUnbounded, {}, access::Btree::Bound::kUnbounded, false);
    std::vector<access::Entry> some;
    access::RowBuffer buffer;
    for (;;) {
      ASSERT_TRUE(cursor->next(&some, 64).ok());
      if (some.empty()) break;
      for (const access::Entry& e : some) {
        access::RowVersion row;
        if (!heap_->fetch(snapshot, e.tid, buffer, &row).value()) continue;
        TestRow decoded = decode_row(row);
        auto it = rows.find(decoded.key);
        ASSERT_TRUE(it != rows.end() && it->second == decoded) << decoded.key;
        ++found;
      }
    }
    EXPECT_EQ(found, rows.size());
  }
  template <class F>
  void for_each_page(F&& f) {
    auto runs = heap_->runs();
    VARVE_CHECK(runs.ok());
    for (const access::PageRun& run : *runs) {
      for (uint32_t i = 0; i < run.count; ++i) f(PageId{run.first.value() + i});
    }
  }
  // Vectors of settled rows.
  size_t vectors() {
    size_t n = 0;
    for_each_page([&](PageId page) { n += access::is_settled(page) ? 1 : 0; });
    return n;
  }

  std::vector<access::SettleOrder> order;

 private:
  static void add(TestRows* rows, TestRow row) {
    const int64_t key = row.key;
    EXPECT_TRUE(rows->emplace(key, std::move(row)).second) << "row " << key << " twice";
  }
  static std::array<types::Value, 3> values(const TestRow& row) {
    return {
        types::Value::of_int64(row.key),
        row.text ? types::Value::of_string(*row.text) : types::Value::null_of(types::PhysicalType::kString),
        types::Value::of_float64(row.number)};
  }
  void open_engine() {
    auto opened = recovery::StorageEngine::open(vfs_, options_);
    VARVE_CHECK(opened.ok());
    engine_ = std::move(*opened);
  }
  void attach() {
    heap_ = access::open_table(method_, engine_->txns(), heap_segment_, 5);
    index_ = access::open_btree(engine_->txns(), index_segment_);
  }
  void close() {
    heap_.reset();
    index_.reset();
    VARVE_CHECK(engine_->close().ok());
    engine_.reset();
  }

  port::SimVfs vfs_;
  const Oid method_;
  recovery::EngineOptions options_;
  std::unique_ptr<recovery::StorageEngine> engine_;
  std::unique_ptr<access::Heap> heap_;
  std::unique_ptr<access::Btree> index_;
  PageId heap_segment_, index_segment_;
};

inline TestRows TestTable::scan_columns(const txn::Snapshot& snapshot,
                                        std::span<const access::ColumnCondition> conditions,
                                        uint64_t* removed) {
  TestRows rows;
  auto scan = store().scan(snapshot, test_layout(), conditions);
  access::Heap::PageBatch batch;
  Arena arena, memory;
  std::vector<vector::Vector> columns;
  for (size_t c = 0; c < 3; ++c) columns.emplace_back(test_layout().column(c).type, arena);
  for_each_page([&](PageId page) {
    if (!access::is_settled(page)) {
      VARVE_CHECK(heap_->read_page(snapshot, page, &batch).ok());
      if (conditions.empty())
        for (const access::RowVersion& row : batch.rows) add(&rows, decode_row(row));
      return;
    }
    std::array<uint16_t, access::kVectorRows> places;
    const uint32_t n = scan->open(page, places.data()).value();
    if (removed != nullptr) *removed += scan->removed();
    memory.reset();
    for (uint32_t c = 0; n > 0 && c < 3; ++c)
      VARVE_CHECK(scan->decode(c, std::span(places).first(n), columns[c], memory).ok());
    for (uint32_t i = 0; i < n; ++i) {
      TestRow row;
      row.key = columns[0].value(i).int64;
      types::Value text = columns[1].value(i);
      if (!text.null) row.text = std::string(text.view());
      row.number = columns[2].value(i).float64;
      add(&rows, std::move(row));
    }
  });
  return rows;
}

}  // namespace varve::columnar_table
