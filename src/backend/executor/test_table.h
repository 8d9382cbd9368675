// For tests with real storage: one table t(a int4 primary key, b int4, c text) in simulated files.
#pragma once

#include <memory>

#include "access/btree.h"
#include "access/heap.h"
#include "access/row_layout.h"
#include "access/segment.h"
#include "catalog/relation.h"
#include "port/sim_vfs.h"
#include "test_plans.h"
#include "txn/txn_manager.h"
#include "wal/log_manager.h"

namespace varve::executor::test {

class TestTable {
 public:
  explicit TestTable(uint64_t frames = 4096) : vfs_(1) {
    access::register_segment_operations();
    access::register_btree_operations();
    access::register_heap_operations();
    wal::LogOptions log_options;
    log_options.directory = "wal";
    log_options.segment_bytes = 4 << 20;
    log_options.ring_bytes = 1 << 20;
    log_options.background = false;
    auto opened = wal::open_log(vfs_, log_options, Lsn{});
    VARVE_CHECK(opened.ok());
    log_ = std::move(opened.value().log);
    buffer::PoolOptions options;
    options.frame_bytes = frames * buffer::kPageBytes;
    options.max_pages = 1 << 20;
    options.huge_pages = false;
    pool_ = buffer::make_buffer_pool(vfs_, "data", *log_, options);
    VARVE_CHECK(access::create_space(*pool_).ok());
    txns_ = txn::make_txn_manager(*pool_, Xid{1});
    make_relation();
  }

  std::unique_ptr<txn::Transaction> begin(txn::Isolation isolation = txn::Isolation::kReadCommitted) {
    return txns_->begin(isolation, nullptr);
  }
  void commit(std::unique_ptr<txn::Transaction>& txn) {
    Lsn lsn = txns_->commit(*txn);
    VARVE_CHECK(log_->flush(lsn).ok());
    txn.reset();
  }
  txn::TxnManager& txns() { return *txns_; }
  const catalog::RelationPtr& relation() { return relation_; }
  access::Btree& tree() { return *relation_->indexes[0].tree; }

  RunParameters parameters(txn::Transaction& txn) {
    RunParameters p;
    p.manager = txns_.get();
    p.transaction = &txn;
    p.snapshot = txn.statement_snapshot();
    p.format = &format_;
    p.database = 5;
    return p;
  }

  // Runs a statement in a transaction of its own.
  std::vector<std::string> run(Plans& plans, Plan* root, uint32_t chunk_rows = 64,
                               uint64_t* affected = nullptr) {
    auto txn = begin();
    auto rows = run_in(*txn, plans, root, chunk_rows, affected);
    commit(txn);
    return rows;
  }
  std::vector<std::string> run_in(txn::Transaction& txn, Plans& plans, Plan* root, uint32_t chunk_rows = 64,
                                  uint64_t* affected = nullptr) {
    plans.statement->root = root;
    ExecutionSettings settings = test_settings();
    settings.chunk_rows = chunk_rows;
    Execution execution(*plans.statement, settings);
    execution.start(parameters(txn));
    auto rows = drain(execution);
    if (affected != nullptr) *affected = execution.affected_rows();
    execution.finish();
    return rows;
  }

  // --- plans over the table
  planner::ModifyPlan* insert(Plans& plans, Plan* source) {
    auto* p = plans.plan<planner::ModifyPlan>(PlanKind::kInsert, {source}, {});
    p->relation = &relation_;
    return p;
  }
  planner::ScanPlan* scan(Plans& plans, bool with_ctid = false) {
    std::vector<Oid> types = kRowTypes;
    if (with_ctid) types.insert(types.begin(), type_oid::kInt8);
    auto* p = plans.plan<planner::ScanPlan>(PlanKind::kSeqScan, {}, plans.columns(types));
    p->relation = &relation_;
    p->columns = columns(plans, with_ctid);
    return p;
  }
  planner::IndexScanPlan* index_scan(Plans& plans, bool with_ctid = false) {
    std::vector<Oid> types = kRowTypes;
    if (with_ctid) types.insert(types.begin(), type_oid::kInt8);
    auto* p = plans.plan<planner::IndexScanPlan>(PlanKind::kIndexScan, {}, plans.columns(types));
    p->relation = &relation_;
    p->index = &relation_->indexes[0];
    p->columns = columns(plans, with_ctid);
    return p;
  }

 private:
  static std::span<catalog::ColumnNumber> columns(Plans& plans, bool with_ctid) {
    std::vector<catalog::ColumnNumber> numbers{1, 2, 3};
    if (with_ctid) numbers.insert(numbers.begin(), catalog::kCtidColumn);
    return plans.copy(numbers);
  }

  void make_relation() {
    auto txn = begin();
    auto heap = access::create_heap(*txns_, *txn);
    auto tree = access::create_btree(*txns_, *txn);
    VARVE_CHECK(heap.ok() && tree.ok());
    commit(txn);
    auto r = std::make_shared<catalog::Relation>();
    r->oid = Oid{16384};
    r->name = "t";
    r->schema_name = "public";
    const char* names[] = {"a", "b", "c"};
    std::vector<access::ColumnSpec> specs;
    for (int i = 0; i < 3; ++i) {
      catalog::Column c;
      c.name = names[i];
      c.type = kRowTypes[static_cast<size_t>(i)];
      c.not_null = i == 0;
      r->columns.push_back(c);
      specs.push_back({i < 2 ? types::PhysicalType::kInt32 : types::PhysicalType::kString, {}});
    }
    r->segment = *heap;
    r->heap = access::open_heap(*txns_, *heap, 5);
    r->layout = std::make_shared<access::RowLayout>(specs);
    catalog::Index index;
    index.oid = Oid{16385};
    index.name = "t_pkey";
    index.unique = index.primary = true;
    index.segment = *tree;
    index.tree = access::open_btree(*txns_, *tree);
    catalog::IndexColumn key;
    key.column = 1;
    key.type = type_oid::kInt4;
    index.keys.push_back(key);
    r->indexes.push_back(std::move(index));
    relation_ = r;
  }

  port::SimVfs vfs_;
  std::unique_ptr<wal::LogManager> log_;
  std::unique_ptr<buffer::BufferPool> pool_;
  std::unique_ptr<txn::TxnManager> txns_;
  catalog::RelationPtr relation_;
  types::FormatSettings format_;
};

}  // namespace varve::executor::test
