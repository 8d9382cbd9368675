// Everything below SQL, put together in the right order: files, log, buffer pool, recovery, transactions, and
// the background threads that checkpoint, write pages and purge.
//
//   <directory>/control   where recovery begins        <directory>/wal/    log segments
//   <directory>/lock      held while open              <directory>/data/   pages
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "buffer/buffer_pool.h"
#include "common/status.h"
#include "recovery/recovery.h"
#include "txn/txn_manager.h"
#include "wal/log_manager.h"

namespace varve::port {
class Topology;
class Vfs;
}  // namespace varve::port

namespace varve::recovery {

struct EngineOptions {
  std::string directory;  // inside the Vfs; empty: its root
  wal::LogOptions
      log;  // `directory` and `system_id` are set by the engine; segment_bytes counts at creation only
  buffer::PoolOptions pool;
  txn::TxnOptions txn;
  RecoveryOptions recovery;
  const port::Topology* topology = nullptr;      // null: all frames on one node
  uint64_t checkpoint_timeout_us = 300'000'000;  // a checkpoint at least this often, if anything was written
  uint64_t max_wal_bytes = 1ULL << 30;           // and before the log since the last one gets this long
  bool background = true;  // false: no threads; the caller checkpoints and purges (deterministic tests)
};

// Since the engine was opened.
struct CheckpointStatistics {
  uint64_t timed, requested;  // requested: asked for, or because the log grew
  uint64_t buffers;           // pages written
  uint64_t write_us, sync_us;
};

// Before open(): every redo, undo and purge function registered (register_segment_operations() and so on).
class StorageEngine {
 public:
  // Makes a new database (kExists if there is one) and closes it again.
  static Status create_new(port::Vfs& vfs, const EngineOptions& options);
  // Takes the lock (kBusy: somebody else has it), recovers if needed, starts the background threads.
  static Result<std::unique_ptr<StorageEngine>> open(port::Vfs& vfs, const EngineOptions& options);
  // Without close() it is as if the process had been killed: the next open() recovers.
  virtual ~StorageEngine() = default;

  virtual port::Vfs& vfs() = 0;
  virtual wal::LogManager& log() = 0;
  virtual buffer::BufferPool& pool() = 0;
  virtual txn::TxnManager& txns() = 0;
  virtual uint64_t system_id() const = 0;
  virtual const RecoveryResult& recovery() const = 0;

  // Now, as fast as it can (CHECKPOINT). Thread-safe; waits for one that is under way and then does its own.
  virtual Status checkpoint() = 0;
  virtual Lsn last_redo_lsn() const = 0;
  virtual CheckpointStatistics checkpoint_statistics() const = 0;
  // No transaction may be running. Stops the threads, takes a last checkpoint, marks the database clean.
  virtual Status close() = 0;
};

}  // namespace varve::recovery
