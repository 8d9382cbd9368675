// The heap page, the payloads of its operations and of its undo records.
//
//   0        24                 40                data_end                                    8192
//   +--------+------------------+------------------+ - - - - - - - - - +----------------------+
//   | common | HeapPageHeader   | rows, any order  | free              | slots, last one first |
//   +--------+------------------+------------------+ - - - - - - - - - +----------------------+
//
// A slot (6 bytes; slot i ends at 8192 - 6 * i) is in one of these states:
//   unused   offset 0: may be given to a new row
//   row      RowHeader and the row's bytes
//   dead     row with kRowDeleted: keeps its bytes until purge has removed the index entries
//   stub     kRowForwarded: RowHeader (xid and undo 0) and the u64 Tid (packed) where the row lives now
//   moved    row with kRowMoved: RowHeader, the u64 Tid of the stub, the row's bytes. Only the stub leads
//   here.
// The row's own header always lies with its bytes; a stub has no version of its own. A row that moves again
// gets a new place and the stub the new Tid, so there is never more than one hop.
//
// Space for rolling back in place: `capacity` does not shrink while the row's writer runs, so the version
// before a running writer always fits where the row is. kHeapCompact trims slots whose writer has finished
// (the log keeps the order: a commit that is lost takes the trimming with it).
#pragma once

#include <cstdint>
#include <cstring>

#include "access/heap.h"
#include "buffer/page.h"
#include "common/bytes.h"
#include "wal/redo.h"

namespace varve::access {

struct HeapPageHeader {
  uint16_t slot_count;
  uint16_t data_end;  // page offset behind the last row
  uint16_t garbage;   // bytes before data_end that belong to no slot
  uint16_t unused_slots;
  uint64_t newest_xid;  // no row here has a later writer; below the horizon: everything is visible to all
};
static_assert(sizeof(HeapPageHeader) == 16);

struct HeapSlot {
  uint16_t offset;    // page offset; 0: unused
  uint16_t capacity;  // bytes set aside
  uint16_t length;    // bytes used, with RowHeader and, for moved rows, the back pointer
};
static_assert(sizeof(HeapSlot) == 6);

inline constexpr size_t kHeapDataStart = sizeof(buffer::PageHeader) + sizeof(HeapPageHeader);
inline constexpr size_t kBackPointerBytes = 8;
// Every row can become a stub where it lies.
inline constexpr size_t kMinRowCapacity = sizeof(RowHeader) + kBackPointerBytes;
inline constexpr uint16_t kMaxHeapSlots = (buffer::kPageBytes - kHeapDataStart) / sizeof(HeapSlot);
static_assert(kHeapDataStart + kMinRowCapacity + kMaxRowBytes + sizeof(HeapSlot) <= buffer::kPageBytes);

// Page operations. `RowHeader` in a payload is the header as it will stand in the page.
inline constexpr wal::RedoOp kHeapInit = 0x10;    // u64 segment. Initialises the page
inline constexpr wal::RedoOp kHeapInsert = 0x11;  // u16 slot, RowHeader, back pointer if moved, row
inline constexpr wal::RedoOp kHeapInsertMany =
    0x12;  // u16 first slot, u16 count, RowHeader, count x (u16, row)
inline constexpr wal::RedoOp kHeapUpdate =
    0x13;  // HeapUpdatePayload, then the bytes between prefix and suffix
inline constexpr wal::RedoOp kHeapSetHeader = 0x14;  // u16 slot, RowHeader: delete, and its undo
inline constexpr wal::RedoOp kHeapForward =
    0x15;  // u16 slot, u64 Tid: the slot becomes a stub, or a stub gets a new target
inline constexpr wal::RedoOp kHeapFree = 0x16;  // u16 slot each: purge, undo of insert, the place moved from
inline constexpr wal::RedoOp kHeapCompact =
    0x17;  // u16 slot each: capacity := length; then all rows move together

// Lengths are of the row's bytes, without headers.
struct HeapUpdatePayload {
  uint16_t slot;
  RowHeader header;
  uint16_t length;  // of the new row
  uint16_t prefix;  // bytes it shares with the old one at the front
  uint16_t suffix;  // and at the end
} __attribute__((packed));
static_assert(sizeof(HeapUpdatePayload) == 28);

// Undo payloads (behind UndoHeader, whose tid is the row's own, never that of the place moved to):
//   kHeapInsert  u16 count of rows in consecutive slots
//   kHeapUpdate  HeapUndoUpdate, then the old row's bytes between prefix and suffix
//   kHeapDelete  HeapUndoDelete
// A move is undone as an update: the old row fits where the longer one is, and the stub stays.
// UndoKind::kForward is therefore not written.
struct HeapUndoUpdate {
  uint16_t flags;
  uint16_t attributes;
  uint16_t length;  // of the old row
  uint16_t prefix;
  uint16_t suffix;
} __attribute__((packed));
struct HeapUndoDelete {
  uint16_t flags;
  uint16_t attributes;
} __attribute__((packed));

// Flags that belong to the row's place or to all its versions, not to one version: rolling back keeps them.
inline constexpr uint16_t kRowPlaceFlags = kRowMoved | kRowHasLocks;

}  // namespace varve::access
