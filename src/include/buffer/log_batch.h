// One atomic, logged change to one or more pages: the only way page bytes change.
//
// The caller holds the exclusive guards. commit() writes one log record with a block per page (a full image
// instead of the payload for a page not yet imaged since the last checkpoint), applies every operation with
// its redo function and stamps the pages with the record's Lsn.
//
// From commit() to its destruction the batch holds the log's append window, which a beginning checkpoint
// waits for: keep the object until the transaction has noted `start` as its last record (set_last_lsn), so
// that the checkpoint's list of running writers is complete, and do not wait for locks meanwhile. The guards
// stay the caller's.
#pragma once

#include <array>

#include "buffer/buffer_pool.h"
#include "wal/log_manager.h"
#include "wal/redo.h"

namespace varve::buffer {

class LogBatch {
 public:
  static constexpr size_t kMaxBlocks = 8;

  // xid and prev_lsn: zero for changes that are not undone with a transaction.
  LogBatch(BufferPool& pool, Xid xid, Lsn prev_lsn) : pool_(pool), xid_(xid), prev_lsn_(prev_lsn) {}
  LogBatch(const LogBatch&) = delete;
  LogBatch& operator=(const LogBatch&) = delete;

  // Adds an operation. Payload bytes must live until commit(). A page may occur once per batch.
  // kBlockInitialises: the page is zeroed before the operation.
  void change(ExclusiveGuard& guard, wal::RedoOp op, wal::Bytes payload, uint8_t block_flags = 0);
  // What undoes the change; interpreted by txn's undo functions.
  void set_undo(wal::Bytes undo) { undo_ = undo; }
  // A compensation record: prev_lsn is the next record to undo.
  void set_compensation() { flags_ = wal::kFlagCompensation; }

  // Once. Never fails (see LogManager::append). `start` receives the record's start (for the transaction's
  // prev_lsn chain).
  Lsn commit(Lsn* start = nullptr);

 private:
  BufferPool& pool_;
  Xid xid_;
  Lsn prev_lsn_;
  uint8_t flags_ = 0;
  size_t count_ = 0;
  wal::Bytes undo_;
  wal::AppendGate::Window window_;
  std::array<ExclusiveGuard*, kMaxBlocks> guards_{};
  std::array<wal::BlockPart, kMaxBlocks> blocks_{};
};

}  // namespace varve::buffer
