// What the calling thread has asked of pages, temporary files and the log since it started. Whoever wants to
// know what a piece of work did reads them before and after; nothing is ever reset. They count events, they
// are no session's state: a piece of work stays on its thread between two waits, and what helper threads did
// for it is added to the thread that started them.
#pragma once

#include <cstdint>

namespace varve {

struct IoCounters {
  uint64_t hits = 0;          // pages found in the buffer pool
  uint64_t reads = 0;         // pages read from the data files
  uint64_t dirtied = 0;       // clean pages changed
  uint64_t written = 0;       // pages written by this thread itself, to make room
  uint64_t temp_read = 0;     // bytes of temporary files
  uint64_t temp_written = 0;  // the same
  uint64_t temp_files = 0;    // made
  uint64_t log_records = 0;
  uint64_t log_images = 0;  // full pages in them
  uint64_t log_bytes = 0;
  uint64_t deadlocks = 0;  // that this thread's wait was the end of

  IoCounters& operator+=(const IoCounters& o) {
    hits += o.hits, reads += o.reads, dirtied += o.dirtied, written += o.written;
    temp_read += o.temp_read, temp_written += o.temp_written, temp_files += o.temp_files;
    log_records += o.log_records, log_images += o.log_images, log_bytes += o.log_bytes;
    deadlocks += o.deadlocks;
    return *this;
  }
  IoCounters operator-(const IoCounters& o) const {
    return {hits - o.hits,
            reads - o.reads,
            dirtied - o.dirtied,
            written - o.written,
            temp_read - o.temp_read,
            temp_written - o.temp_written,
            temp_files - o.temp_files,
            log_records - o.log_records,
            log_images - o.log_images,
            log_bytes - o.log_bytes,
            deadlocks - o.deadlocks};
  }
};

inline thread_local constinit IoCounters t_io_counters{};

}  // namespace varve
