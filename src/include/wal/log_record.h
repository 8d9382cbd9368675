// The format of a log record, and the one way to make one.
//
//   0        4        8      16         24      25      26            28              32
//   +--------+--------+------+----------+-------+-------+-------------+---------------+
//   | length | crc32c | xid  | prev_lsn | kind  | flags | block_count | undo_length   |  32-byte header
//   +--------+--------+------+----------+-------+-------+-------------+---------------+
//   block_count times:
//   +----------+---------+-------------+----------------+---------------+
//   | page u64 | op  u8  | flags   u8  | length     u16 | payload bytes |
//   +----------+---------+-------------+----------------+---------------+
//   then undo_length bytes of undo, then body bytes (kinds without blocks: commit, checkpoint …), padding
//   to 8.
//
// A record is redone page by page: block i needs only page i and its payload, so recovery spreads pages over
// threads. A record is atomic: recovery sees it whole or not at all. `prev_lsn` chains the records of one
// transaction backwards; rollback at recovery walks it. In a compensation record (kFlagCompensation) prev_lsn
// names the record to undo next instead, so work already undone is not undone twice.
// crc32c covers the record from byte 8 on, seeded with its start LSN and the system's id (folded to 32 bits
// by hash_combine; the low bits alone would repeat every 4 GiB, a multiple of the segment size), so that
// leftovers in a recycled segment never look valid.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "common/strong_id.h"

namespace varve::wal {

enum class RecordKind : uint8_t {
  kPages = 1,       // changes to pages, with optional undo
  kCommit = 2,      // body: see txn
  kAbort = 3,       // the transaction's rollback is complete
  kCheckpoint = 4,  // body: see recovery
  kNoop = 5,        // padding, log switch
};

inline constexpr uint8_t kFlagCompensation = 1;

inline constexpr uint8_t kBlockFullImage =
    1;  // payload is the whole page after the change (LZ4 if kBlockLz4)
inline constexpr uint8_t kBlockLz4 = 2;
inline constexpr uint8_t kBlockInitialises =
    4;  // the op rebuilds the page from nothing: no read, no full image

struct RecordHeader {
  uint32_t length;  // of the whole record with header and padding
  uint32_t crc32c;
  uint64_t xid;  // 0: not part of a transaction (page splits, space allocation)
  uint64_t prev_lsn;
  RecordKind kind;
  uint8_t flags;
  uint16_t block_count;
  uint32_t undo_length;
};
static_assert(sizeof(RecordHeader) == 32);

struct BlockHeader {
  uint64_t page;
  uint8_t op;
  uint8_t flags;
  uint16_t length;
} __attribute__((packed));
static_assert(sizeof(BlockHeader) == 12);

// No record is longer than this; a reader treats a larger length as the end of the log.
inline constexpr uint32_t kMaxRecordBytes = 1 << 20;

// What a redo function gets: op-specific payload. Every op has exactly one function, used both when the
// change is first made and at recovery, so the two cannot differ.
using Bytes = std::span<const uint8_t>;

}  // namespace varve::wal
