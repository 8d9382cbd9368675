// A snapshot is one number; visibility is one comparison.
#pragma once

#include <atomic>
#include <cstdint>

#include "common/strong_id.h"

namespace varve::txn {

class SerializableTxn;

// Address of an undo record: chunk number << 20 | offset in the 1 MiB chunk. 0: none. Grows monotonically
// within one transaction, so "written before this point of my own transaction" is a comparison too.
using UndoPtr = StrongId<struct UndoPtrTag, uint64_t>;
inline constexpr UndoPtr kNoUndo{0};

// Sees every transaction whose commit number is <= csn, and its own transaction's writes made before
// `own_limit` (the transaction's undo position when the command began: a command never sees its own writes).
struct Snapshot {
  Csn csn;
  Xid own_xid;  // 0 while the transaction has written nothing
  UndoPtr own_limit;
  // Where visible() notes the newest commit this transaction has seen that may not be durable yet; null:
  // nobody wants to know. Several threads may read under one snapshot.
  std::atomic<uint64_t>* newest_seen = nullptr;
  // Of a SERIALIZABLE transaction: is told what is read under this snapshot (txn/serializable.h). Null:
  // nobody wants to know.
  SerializableTxn* serializable = nullptr;
};

}  // namespace varve::txn
