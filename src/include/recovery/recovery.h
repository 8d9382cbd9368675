// Checkpoints, and what happens at the start after a crash.
//
// Body of a checkpoint record:
//   +---------+----------+-------+----------------------------------------+
//   | redo R  | next xid | count | count times: xid, first lsn, last lsn  |   all u64
//   +---------+----------+-------+----------------------------------------+
// A checkpoint is fuzzy: work goes on. It fixes R (LogManager::begin_checkpoint), notes the running writers,
// writes out and syncs every page dirtied before, appends its record and names it in the control file.
// Segments of the log before R and before the first record of every writer noted may then be recycled.
//
// Recovery reads the log once from the last checkpoint's R. Every block goes to one of several threads, by
// its page; a page's records are redone in order, a full image or an initialising block without looking at
// what is on disk (so torn pages do not matter: the first block after R is one of the two), any other only if
// the page is older. On the way it learns which writers did not finish. Those are then rolled back, newest
// change first over all of them, each change with a compensation record, so that a crash during recovery
// undoes nothing twice. Last, the segments that committed transactions dropped are freed (again), and a
// checkpoint ends it.
#pragma once

#include <cstdint>
#include <vector>

#include "buffer/buffer_pool.h"
#include "common/status.h"
#include "common/strong_id.h"
#include "recovery/control_file.h"
#include "txn/txn_manager.h"
#include "wal/log_manager.h"

namespace varve::recovery {

struct CheckpointRecord {
  Lsn redo;
  Xid next_xid;
  std::vector<txn::TxnManager::ActiveWriter> writers;
};
std::vector<uint8_t> encode_checkpoint(const CheckpointRecord& checkpoint);
Result<CheckpointRecord> decode_checkpoint(wal::Bytes body);

struct CheckpointOptions {
  uint64_t spread_us = 0;  // pace of writing pages
  ControlState state = ControlState::kInUse;
};
struct CheckpointTimes {
  uint64_t write_us = 0, sync_us = 0;
};
// One at a time. `txns` may be null (nobody writes transactions); then `next_xid` is noted. `data` is the
// current content of the control file and is brought up to date. `sync_failed` is set when the data files
// could not be synced: what was written before is then unknown, and the process must stop.
Status checkpoint(wal::LogManager& log, buffer::BufferPool& pool, txn::TxnManager* txns, Xid next_xid,
                  ControlFile& control, ControlData* data, const CheckpointOptions& options,
                  bool* sync_failed, CheckpointTimes* times = nullptr);

struct RecoveryOptions {
  unsigned threads = 0;  // for redo; 0: by the machine. 1: everything in the calling thread
};
struct RecoveryResult {
  Xid next_xid;
  uint64_t records = 0;  // read
  uint64_t redone = 0;   // blocks applied
  uint64_t losers = 0;   // transactions rolled back
  uint64_t undone = 0;   // records taken back
  uint64_t segments_freed = 0;
};
// `log` is open at its valid end; every redo and undo function is registered. Does not take the closing
// checkpoint.
Result<RecoveryResult> recover(port::Vfs& vfs, const wal::LogOptions& log_options, wal::LogManager& log,
                               buffer::BufferPool& pool, const ControlData& control,
                               const RecoveryOptions& options);

}  // namespace varve::recovery
