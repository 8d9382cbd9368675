// Undo records in memory: 1 MiB chunks, found by number through a directory of atomic pointers.
//
// A chunk belongs to one pooled transaction at a time, which appends without synchronisation; readers find
// records through row headers (published by page latches) or other undo records. A record in a chunk:
//
//   0               8              16                     24          32       36        40
//   +---------------+--------------+----------------------+-----------+--------+---------+-------------------
//   | previous_undo | previous_xid | transaction_previous | undo_next | length | padding | bytes, padded to 8
//   +---------------+--------------+----------------------+-----------+--------+---------+-------------------
//
// undo_next: start of the log record to undo after this one (the transaction's last record when this was
// added).
//
// Over the memory limit, cold chunks are written to a temporary file, which then is mapped in their place:
// same address, same bytes, so readers need not know. From there the kernel keeps in memory what is used.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "txn/undo.h"

namespace varve::txn {

inline constexpr uint32_t kUndoChunkShift = 20;
inline constexpr uint32_t kUndoChunkBytes = 1u << kUndoChunkShift;

struct UndoRecord {
  uint64_t previous_undo;
  uint64_t previous_xid;
  uint64_t transaction_previous;
  uint64_t undo_next;
  uint32_t length;
  uint32_t padding;
  const uint8_t* bytes() const { return reinterpret_cast<const uint8_t*>(this + 1); }
};
static_assert(sizeof(UndoRecord) == 40);

struct UndoChunk {
  uint8_t* memory = nullptr;
  uint64_t number = 0;
  uint32_t used = 0;        // the owner's
  uint64_t newest_csn = 0;  // the newest finished writer's log position; the owner's until retired
  bool closed = false;      // nobody writes to it any more; counts against the memory limit
  int64_t spill_slot = -1;  // place in the spill file; -1: in memory
};

class UndoLog {
 public:
  UndoLog(uint64_t memory_limit, std::string spill_directory, uint64_t spill_limit);
  ~UndoLog();

  // A fresh chunk, or null when the limit is reached. Open chunks do not count (a pooled transaction keeps
  // one, and only the pages it has touched are memory).
  UndoChunk* allocate();
  // No one writes to it any more. Freed by reclaim(); until then it may be spilled.
  void retire(UndoChunk* chunk);
  // A full chunk of a running transaction: nobody writes to it, so it may be spilled.
  void offer_for_spill(UndoChunk* chunk);
  // Frees retired chunks whose writers are all at or before `csn`.
  void reclaim(uint64_t csn);

  const UndoRecord* record(UndoPtr at) const {
    const UndoChunk* chunk =
        directory_[(at.value() >> kUndoChunkShift) & kDirectoryMask].load(std::memory_order_acquire);
    return reinterpret_cast<const UndoRecord*>(chunk->memory + (at.value() & (kUndoChunkBytes - 1)));
  }

  uint64_t chunks_in_use() const { return in_use_.load(std::memory_order_relaxed); }
  uint64_t chunks_spilled() const { return spilled_.load(std::memory_order_relaxed); }

 private:
  static constexpr uint64_t kDirectoryEntries = 1u << 20;  // 1 TiB of undo at a time
  static constexpr uint64_t kDirectoryMask = kDirectoryEntries - 1;
  static constexpr size_t kSpareChunks = 64;

  uint8_t* map_memory();
  bool spill_one();
  bool write_out(UndoChunk* chunk);
  bool open_spill_file();
  void close(UndoChunk* chunk);
  void free_chunk(UndoChunk* chunk);

  const uint64_t memory_limit_chunks_;
  const uint64_t spill_limit_chunks_;
  const std::string spill_directory_;
  std::atomic<UndoChunk*>* directory_;

  mutable std::mutex mutex_;       // guards what follows
  std::vector<UndoChunk*> spare_;  // with memory, number to be given
  std::vector<UndoChunk*> retired_;
  std::deque<UndoChunk*> cold_;  // candidates for spilling, oldest first; in memory
  std::vector<int64_t> free_spill_slots_;
  int64_t next_spill_slot_ = 0;
  int spill_fd_ = -1;
  uint64_t next_number_ = 1;
  std::atomic<uint64_t> in_use_{0};  // closed and not spilled
  std::atomic<uint64_t> spilled_{0};
};

}  // namespace varve::txn
