// The log's files: preallocated, synced once when made, recycled under new numbers.
//
// Segment n holds positions [n * segment_bytes, (n + 1) * segment_bytes). Overwriting a file whose blocks
// exist costs half of appending, so a new segment is filled with zeros before its first use.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>

#include "common/status.h"
#include "common/strong_id.h"
#include "port/vfs.h"
#include "wal/log_manager.h"

namespace varve::wal {

class LogSegments {
 public:
  LogSegments(port::Vfs& vfs, const LogOptions& options) : vfs_(vfs), options_(options) {}
  ~LogSegments();

  // Makes the segment of `end` current and removes what a crash may have left behind `end`: records that were
  // written but not reached by the valid log must never be taken for the continuation of a new one.
  Status open_at(Lsn end);
  // Writes bytes that may cross segments. One caller at a time.
  Status write(Lsn at, const uint8_t* bytes, size_t size);
  // Syncs every segment written since the last sync. One caller at a time, the same as write()'s.
  Status sync();
  Status release_before(Lsn lsn);

 private:
  Status make_current(uint64_t number);
  Status ensure(uint64_t number);  // creates it, filled and synced
  Status clear_after(Lsn end);
  void preallocate_loop();

  port::Vfs& vfs_;
  const LogOptions options_;
  std::unique_ptr<port::File> current_;
  uint64_t current_number_ = 0;
  bool dirty_ = false;

  std::mutex mutex_;  // guards the set of files: [first_, next_) exist
  uint64_t first_ = 0;
  uint64_t next_ = 0;
  std::condition_variable wake_;
  bool stopping_ = false;
  uint64_t wanted_ = 0;  // the background thread makes segments up to here
  std::thread preallocator_;
};

}  // namespace varve::wal
