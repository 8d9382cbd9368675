// For this module's tests: a log and a pool in memory, no pages used.
#pragma once

#include <gtest/gtest.h>
#include <memory>
#include <thread>

#include "buffer/buffer_pool.h"
#include "common/check.h"
#include "port/sim_vfs.h"
#include "txn/lock_manager.h"
#include "txn/txn_manager.h"
#include "wal/log_manager.h"

namespace varve::txn {

class TxnEnvironment {
 public:
  explicit TxnEnvironment(const TxnOptions& options = {}) : vfs_(1) {
    wal::LogOptions log_options;
    log_options.directory = "wal";
    log_options.segment_bytes = 4 << 20;
    log_options.ring_bytes = 1 << 20;
    log_options.background = false;
    auto opened = wal::open_log(vfs_, log_options, Lsn{});
    VARVE_CHECK(opened.ok());
    log_ = std::move(opened.value().log);
    buffer::PoolOptions pool_options;
    pool_options.frame_bytes = 64 * buffer::kPageBytes;
    pool_options.max_pages = 1 << 20;
    pool_options.huge_pages = false;
    pool_ = buffer::make_buffer_pool(vfs_, "data", *log_, pool_options);
    txns_ = make_txn_manager(*pool_, Xid{100}, options);
  }

  TxnManager& txns() { return *txns_; }
  LockManager& locks() { return txns_->locks(); }
  wal::LogManager& log() { return *log_; }
  std::unique_ptr<Transaction> begin(uint32_t pid = 0, Isolation isolation = Isolation::kReadCommitted) {
    auto txn = txns_->begin(isolation, nullptr);
    txn->owner_pid = pid;
    return txn;
  }
  Lsn commit(std::unique_ptr<Transaction>& txn) {
    Lsn lsn = txns_->commit(*txn);
    txn.reset();
    return lsn;
  }
  // Something to commit: an undo record of a kind that needs no function to be taken back.
  UndoPtr write(Transaction& txn, uint64_t object = 1, size_t payload = 0) {
    txn.assign_xid();
    std::vector<uint8_t> bytes(sizeof(UndoHeader) + payload);
    auto* header = reinterpret_cast<UndoHeader*>(bytes.data());
    header->kind = UndoKind::kIndexGone;
    header->object = object;
    return txn.add_undo(bytes, Xid{}, kNoUndo);
  }
  void wait_for_waiters(size_t count) {
    for (;;) {
      size_t waiting = 0;
      for (auto& row : locks().snapshot()) waiting += row.granted ? 0 : 1;
      if (waiting >= count) return;
      std::this_thread::yield();
    }
  }

 private:
  port::SimVfs vfs_;
  std::unique_ptr<wal::LogManager> log_;
  std::unique_ptr<buffer::BufferPool> pool_;
  std::unique_ptr<TxnManager> txns_;
};

}  // namespace varve::txn
