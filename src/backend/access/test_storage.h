// For this module's tests: a page space in memory with its log, and a transaction that only keeps what it was
// told.
#pragma once

#include <memory>
#include <vector>

#include "access/btree.h"
#include "access/segment.h"
#include "common/check.h"
#include "port/sim_vfs.h"
#include "wal/log_manager.h"

namespace varve::access {

class TestStorage {
 public:
  explicit TestStorage(uint64_t frames = 4096) : vfs_(1) {
    register_segment_operations();
    register_btree_operations();
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
    options.max_pages = 1 << 24;
    options.huge_pages = frames > 16384;
    pool_ = buffer::make_buffer_pool(vfs_, "data", *log_, options);
    VARVE_CHECK(create_space(*pool_).ok());
  }

  buffer::BufferPool& pool() { return *pool_; }

 private:
  port::SimVfs vfs_;
  std::unique_ptr<wal::LogManager> log_;
  std::unique_ptr<buffer::BufferPool> pool_;
};

// Keeps undo records so that roll_back() can carry them out.
class TestTransaction : public txn::Transaction {
 public:
  explicit TestTransaction(buffer::BufferPool& pool, uint64_t xid = 7) : pool_(pool), xid_(xid) {}

  Xid xid() const override { return xid_; }
  Xid assign_xid() override { return xid_; }
  txn::Isolation isolation() const override { return txn::Isolation::kReadCommitted; }
  txn::Snapshot statement_snapshot() override { return {}; }
  void ensure_snapshot() override {}
  void release_snapshot() override {}
  uint64_t pin_snapshot(const txn::Snapshot&) override { return 0; }
  void unpin_snapshot(uint64_t) override {}
  Lsn last_lsn() const override { return last_lsn_; }
  void set_last_lsn(Lsn lsn) override { last_lsn_ = lsn; }
  txn::UndoPtr add_undo(wal::Bytes bytes, Xid, txn::UndoPtr) override {
    undo_.emplace_back(bytes.begin(), bytes.end());
    return txn::UndoPtr{undo_.size()};
  }
  txn::UndoPtr undo_position() const override { return txn::UndoPtr{undo_.size()}; }
  Savepoint savepoint() const override { return {}; }
  Status rollback_to(const Savepoint&) override { return {}; }
  sync::CancelToken* cancel_token() const override { return nullptr; }
  txn::TxnManager& manager() const override { std::abort(); }

  const std::vector<std::vector<uint8_t>>& undo() const { return undo_; }
  void forget_undo() { undo_.clear(); }
  Status roll_back() {
    for (; !undo_.empty(); undo_.pop_back()) {
      txn::UndoView view{{}, {}, {}, undo_.back()};
      txn::UndoContext context{pool_, xid_, {}, last_lsn_};
      VARVE_RETURN_IF_ERROR(txn::undo_function(view.header().kind)(context, view));
      last_lsn_ = context.last_lsn;
    }
    return {};
  }
  // As purge does once the transaction is older than every snapshot.
  Status purge() {
    txn::PurgeContext context{pool_, Xid{~0ULL}};
    for (const auto& bytes : undo_) {
      txn::UndoView view{{}, {}, {}, bytes};
      if (auto* f = txn::purge_function(view.header().kind)) VARVE_RETURN_IF_ERROR(f(context, view));
    }
    undo_.clear();
    return {};
  }

 private:
  buffer::BufferPool& pool_;
  Xid xid_;
  Lsn last_lsn_;
  std::vector<std::vector<uint8_t>> undo_;
};

}  // namespace varve::access
