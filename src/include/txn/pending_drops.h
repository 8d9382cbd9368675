// Segments that committed transactions have dropped and purge has not freed yet. A checkpoint takes them
// along: the records that dropped them may lie before its redo point, where recovery does not look.
#pragma once

#include <cstdint>
#include <vector>

#include "common/strong_id.h"

namespace varve::txn {

class TxnManager;

struct PendingDrop {
  Xid xid;
  std::vector<uint8_t> undo;  // the drop's undo bytes, for purge_function(UndoKind::kSegmentDrop)
};
// Call it after begin_checkpoint() and active_writers(). A drop appears here before its commit record has its
// place in the log: recovery leaves out those of writers that it finds not to have committed.
std::vector<PendingDrop> pending_drops(const TxnManager& txns);

}  // namespace varve::txn
