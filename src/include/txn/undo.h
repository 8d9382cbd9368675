// Undo: how to take back a change, and where older versions of a row are.
//
// Undo records live in memory only (1 MiB chunks, spilled to a temporary file under pressure); the same bytes
// stand in the log record of the change, so after a crash losers are rolled back from the log, and no page on
// disk ever refers to an undo record that must survive: after a restart every row's writer is either rolled
// back or visible to everybody (its xid lies below the horizon), so its undo pointer is never followed.
// A chunk is dropped when no snapshot can need its versions and no running transaction wrote to it.
#pragma once

#include <cstdint>

#include "buffer/buffer_pool.h"
#include "common/status.h"
#include "txn/snapshot.h"
#include "wal/log_record.h"

namespace varve::txn {

class Transaction;

// What the undo bytes of a log record (and of an undo record) begin with.
//
//   0      1       2          4               12         20
//   +------+-------+----------+---------------+----------+---------------------
//   | kind | flags | reserved | object        | tid      | kind's own payload
//   +------+-------+----------+---------------+----------+---------------------
// `object`: page id of the heap's or index's segment header. Kinds are part of the log format.
enum class UndoKind : uint8_t {
  kHeapInsert = 1,        // payload: u16 count of rows in consecutive slots (tid.slot …)
  kHeapUpdate = 2,        // payload: the diff back to the old row, see access/heap_format.h
  kHeapDelete = 3,        // payload: old header fields
  kIndexInsert = 4,       // payload: key bytes. Undo: remove the entry
  kIndexMark = 5,         // payload: key bytes. Undo: clear the delete mark; purge: remove the entry
  kIndexGone = 6,         // payload: key bytes of a deleted row. Undo: nothing; purge: remove the entry
  kSegmentCreate = 7,     // Undo: free the segment
  kSegmentDrop = 8,       // Undo: nothing; after commit: free the segment
  kForward = 9,           // row moved off its page, see access/heap_format.h
  kIndexInsertMany = 10,  // payload: see access/btree_format.h. Undo: remove the entries
};

struct UndoHeader {
  UndoKind kind;
  uint8_t flags;
  uint16_t reserved;
  uint64_t object;
  uint64_t tid;  // Tid::packed()
} __attribute__((packed));
static_assert(sizeof(UndoHeader) == 20);

// An undo record as found in memory. `previous_*` lead to the row's version before this change.
struct UndoView {
  Xid previous_xid;              // writer of the older version
  UndoPtr previous_undo;         // its undo record
  UndoPtr transaction_previous;  // the same transaction's record before this one
  wal::Bytes bytes;              // UndoHeader + payload
  const UndoHeader& header() const { return *reinterpret_cast<const UndoHeader*>(bytes.data()); }
  wal::Bytes payload() const { return bytes.subspan(sizeof(UndoHeader)); }
};

// Carries out the undo of one record: changes pages through LogBatch with set_compensation(). `undo_next`
// is the record to undo after this one (goes into the compensation record's prev_lsn). Works the same when a
// transaction rolls back and at recovery (where previous_xid / previous_undo are zero: "visible to all").
struct UndoContext {
  buffer::BufferPool& pool;
  Xid xid;
  Lsn undo_next;
  Lsn last_lsn;  // in/out: start of the transaction's last record
};
using UndoFunction = Status (*)(UndoContext& context, const UndoView& record);
// Like register_redo: once per kind at start-up.
void register_undo(UndoKind kind, UndoFunction function);
UndoFunction undo_function(UndoKind kind);

// Carries out what may happen once a committed record is older than every snapshot: that of a transaction
// below the horizon, in the order of commits.
struct PurgeContext {
  buffer::BufferPool& pool;
  Xid horizon;
  PageId last_leaf = kInvalidPageId;  // of an index: where the entry before was, a hint
};
using PurgeFunction = Status (*)(PurgeContext& context, const UndoView& record);
void register_purge(UndoKind kind, PurgeFunction function);
PurgeFunction purge_function(UndoKind kind);

}  // namespace varve::txn
