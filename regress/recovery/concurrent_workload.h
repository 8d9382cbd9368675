// Writers in threads of their own, beside the engine's background threads, until the disk stops: what the
// table may look like after recovery.
#pragma once

#include <atomic>
#include <mutex>
#include <vector>

#include "crash_store.h"
#include "port/sim_vfs.h"

namespace varve::regress {

class ConcurrentWorkload {
 public:
  static constexpr size_t kThreads = 4;

  ConcurrentWorkload(CrashStore& store, uint64_t seed) : store_(store), seed_(seed) {}

  // All writers, for so many steps each or until the disk stops. `rows`: the table at the beginning. An error
  // while the disk works is the result.
  Status run(int steps, const Table& rows, port::SimVfs& vfs);
  // What commits are in the log is a prefix of them in the log's order, with all that was acknowledged: the
  // table is what such a prefix leaves, or kCorruption.
  Status check(const Table& table) const;
  size_t commits() const { return commits_.size(); }

 private:
  struct Commit {
    Lsn lsn;
    size_t who;
    Table rows;  // the writer's keys after it
  };
  Status write(size_t who, int steps, const Table& rows, port::SimVfs& vfs);

  CrashStore& store_;
  uint64_t seed_;
  std::mutex mutex_;  // guards what follows
  std::vector<Commit> commits_;
  Lsn acknowledged_{};
};

}  // namespace varve::regress
