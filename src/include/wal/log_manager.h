// The write-ahead log: one stream of records, many writers, one file sequence.
//
// append() reserves space with one fetch_add, copies the record into a ring in parallel with other writers,
// and returns the Lsn behind it. Nothing is durable before flush(). Group commit: the first thread that calls
// flush() and finds none under way writes and syncs for everybody who is waiting; the others wait and are
// woken. Thread-safe throughout.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "common/status.h"
#include "common/strong_id.h"
#include "wal/append_gate.h"
#include "wal/log_record.h"

namespace varve::port {
class Vfs;
}

namespace varve::wal {

struct LogOptions {
  std::string directory;                 // inside the Vfs, e.g. "wal"
  uint64_t segment_bytes = 64ULL << 20;  // preallocated and recycled
  uint64_t ring_bytes = 32ULL << 20;     // power of two
  bool sync = true;                      // false only for throw-away tests (fsync = off)
  uint64_t system_id = 0;                // seeds the records' checksums: another system's log is not ours
  bool background = true;                // a thread prepares the next segment; false: deterministic I/O order
  // What happens when the log cannot be written. Null: the process says so and aborts. A handler that returns
  // (crash tests) leaves a dead log: append() goes nowhere and flush() returns the error for ever.
  void (*on_failure)(const Status&) = nullptr;
};

// The parts of a record, gathered by the caller; append() copies them. All spans live until it returns.
struct BlockPart {
  PageId page;
  uint8_t op = 0;
  uint8_t flags = 0;
  Bytes payload;
};
struct RecordParts {
  RecordKind kind = RecordKind::kPages;
  uint8_t flags = 0;
  Xid xid;
  Lsn prev_lsn;
  std::span<const BlockPart> blocks;
  Bytes undo;
  Bytes body;
};

// Since the log was opened.
struct LogStatistics {
  uint64_t records;  // written out
  uint64_t images;   // full pages in them
  uint64_t bytes;
  uint64_t full;  // times that a writer had to write the ring out to find room
  uint64_t writes, syncs;
};

class LogManager {
 public:
  virtual ~LogManager() = default;

  // Never fails once the log is open: a log that cannot be written stops the process (PANIC), as the
  // alternative is to forget acknowledged work. May wait for ring space.
  // `start` (optional) receives the record's first byte position.
  virtual Lsn append(const RecordParts& parts, Lsn* start = nullptr) = 0;

  // End of the last reserved record: the current snapshot position. One atomic load.
  virtual Lsn reserved_lsn() const = 0;
  // Everything up to here is on disk. One atomic load.
  virtual Lsn durable_lsn() const = 0;
  // Returns when durable_lsn() >= lsn. kCancelled when the log is closing.
  virtual Status flush(Lsn lsn) = 0;

  // Pages whose lsn is <= this get a full image with their next change (see recovery/checkpoint.h).
  virtual Lsn full_image_horizon() const = 0;
  // Begin a checkpoint: returns a redo point R such that every page's first record after R has a full image.
  virtual Lsn begin_checkpoint() = 0;
  // Segments wholly before `lsn` may be recycled.
  virtual Status release_before(Lsn lsn) = 0;
  // What begin_checkpoint() waits for. Whoever logs a change to pages holds a window (LogBatch does).
  virtual AppendGate& gate() = 0;
  // A full page goes into the next record.
  virtual void count_image() = 0;
  virtual LogStatistics statistics() const = 0;
};

struct OpenLog {
  std::unique_ptr<LogManager> log;
  Lsn end;  // where the valid log ended; appending continues here
};

// Opens the log for appending at its valid end (creating it when there is none, starting at
// `scan_from`, or at 64 if that is 0). Reads forward from `scan_from` (a known record boundary) to find the
// end.
Result<OpenLog> open_log(port::Vfs& vfs, const LogOptions& options, Lsn scan_from);

// Reads records in order, from a boundary. For recovery, rollback by prev_lsn, replication.
class LogReader {
 public:
  virtual ~LogReader() = default;

  struct Record {
    Lsn start;
    Lsn end;
    RecordHeader header;
    Bytes bytes;  // the whole record; valid until the next call

    Bytes undo() const;
    Bytes body() const;  // up to 7 bytes longer than what was appended: zeros that round the record up to 8
    // Calls f(const BlockHeader&, Bytes payload) for every block.
    template <class F>
    void for_each_block(F&& f) const;
  };
  // kNotFound at the valid end of the log.
  virtual Result<Record> next() = 0;
  // The record that ends at `end` is not findable backwards, so positions name starts: seeks to `start`.
  virtual void seek(Lsn start) = 0;
};
std::unique_ptr<LogReader> make_log_reader(port::Vfs& vfs, const LogOptions& options, Lsn from);

template <class F>
void LogReader::Record::for_each_block(F&& f) const {
  const uint8_t* p = bytes.data() + sizeof(RecordHeader);
  for (uint16_t i = 0; i < header.block_count; ++i) {
    BlockHeader block;
    __builtin_memcpy(&block, p, sizeof(block));
    p += sizeof(block);
    f(block, Bytes(p, block.length));
    p += block.length;
  }
}

}  // namespace varve::wal
