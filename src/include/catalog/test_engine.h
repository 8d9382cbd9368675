// For tests of the SQL layers: a storage engine on simulated files with the system tables in it.
#pragma once

#include <memory>

#include "access/btree.h"
#include "access/heap.h"
#include "access/segment.h"
#include "access/sequence.h"
#include "catalog/catalog.h"
#include "common/check.h"
#include "port/sim_vfs.h"
#include "recovery/engine.h"

namespace varve::catalog {

class TestEngine {
 public:
  TestEngine() : vfs_(1) {
    access::register_segment_operations();
    access::register_heap_operations();
    access::register_btree_operations();
    access::register_sequence_operations();
    options_.directory = "pg";
    options_.background = false;
    options_.log.segment_bytes = 16 << 20;
    options_.log.ring_bytes = 4 << 20;
    options_.pool.frame_bytes = 64 << 20;
    options_.pool.max_pages = 1 << 20;
    options_.pool.huge_pages = false;
    Status created = recovery::StorageEngine::create_new(vfs_, options_);
    VARVE_CHECK(created.ok());
    open();
    Status bootstrapped = bootstrap_data_directory(engine_->txns(), "postgres");
    if (!bootstrapped.ok()) std::fprintf(stderr, "%s\n", bootstrapped.to_string().c_str());
    VARVE_CHECK(bootstrapped.ok());
    database_ = std::make_unique<Database>(engine_->txns(), kPostgresDatabase);
  }

  // As after a clean shutdown and a new start.
  void reopen() {
    database_.reset();
    VARVE_CHECK(engine_->close().ok());
    engine_.reset();
    open();
    database_ = std::make_unique<Database>(engine_->txns(), kPostgresDatabase);
  }

  txn::TxnManager& txns() { return engine_->txns(); }
  Database& database() { return *database_; }
  std::unique_ptr<txn::Transaction> begin() { return txns().begin(txn::Isolation::kReadCommitted, nullptr); }

 private:
  void open() {
    auto opened = recovery::StorageEngine::open(vfs_, options_);
    VARVE_CHECK(opened.ok());
    engine_ = std::move(*opened);
  }

  port::SimVfs vfs_;
  recovery::EngineOptions options_;
  std::unique_ptr<recovery::StorageEngine> engine_;
  std::unique_ptr<Database> database_;
};

}  // namespace varve::catalog
