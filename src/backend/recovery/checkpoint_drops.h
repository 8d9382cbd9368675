// The part of a checkpoint record behind its writers: drops not yet carried out (txn/pending_drops.h).
//   | count u64 | count times: xid u64, length u16, undo bytes |
// A record that ends before it has none.
#pragma once

#include <vector>

#include "common/status.h"
#include "txn/pending_drops.h"
#include "wal/log_record.h"

namespace varve::recovery {

void append_drops(const std::vector<txn::PendingDrop>& drops, std::vector<uint8_t>* body);
// `body` is the whole record's.
Result<std::vector<txn::PendingDrop>> decode_drops(wal::Bytes body);

}  // namespace varve::recovery
