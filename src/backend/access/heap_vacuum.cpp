#include <algorithm>

#include "free_space.h"
#include "heap_impl.h"

namespace varve::access {

using buffer::SharedGuard;

namespace {

class NoEntries final : public Heap::DeadRowSink {
 public:
  Status remove_index_entries(std::span<const Tid>, std::span<const RowVersion>) override { return {}; }
};

}  // namespace

Result<Heap::VacuumResult> HeapImpl::vacuum(DeadRowSink& sink) {
  VacuumResult result;
  // What this process deleted is in its own queue; what is older nobody remembers.
  VARVE_RETURN_IF_ERROR(txns_.purge_once());
  const Xid limit = std::min(txns_.start_xid(), txns_.horizon());
  VARVE_ASSIGN_OR_RETURN(std::vector<PageRun> all, runs());
  RowBuffer scratch;
  std::vector<uint8_t> bytes;
  std::vector<Tid> tids;
  std::vector<RowVersion> rows;
  std::vector<Tid> candidates;
  for (const PageRun& run : all) {
    for (uint32_t i = 0; i < run.count; ++i) {
      const PageId id{run.first.value() + i};
      candidates.clear();
      {
        VARVE_ASSIGN_OR_RETURN(SharedGuard guard, pool_.fix_shared(id));
        if (!usable(guard.page())) continue;
        ++result.pages;
        for (uint16_t slot = 0; slot < heap_header(guard.page()).slot_count; ++slot) {
          RowPlace row = find_row(guard.page(), slot);
          if (!row || row.moved()) continue;
          if (row.stub() || (row.header().flags & kRowDeleted) != 0)
            candidates.push_back(Tid{id, slot});
          else
            ++result.live_rows;
        }
        free_space_->note(id, total_free(guard.page()));
      }
      tids.clear();
      rows.clear();
      bytes.clear();
      for (Tid tid : candidates) {
        Copied copied;
        VARVE_ASSIGN_OR_RETURN(bool found, copy_newest(tid, scratch, &copied));
        if (!found) continue;
        if ((copied.header.flags & kRowDeleted) == 0) {
          ++result.live_rows;
        } else if (Xid{copied.header.xid} >= limit) {
          ++result.dead_rows_kept;
        } else {
          const uint8_t* from = scratch.reserve(0) + copied.offset;
          tids.push_back(tid);
          rows.push_back({reinterpret_cast<const uint8_t*>(bytes.size()), copied.length,
                          copied.header.attributes, copied.header.flags, Xid{copied.header.xid},
                          reader_for(copied.header.flags)});
          bytes.insert(bytes.end(), from, from + copied.length);
        }
      }
      if (tids.empty()) continue;
      for (RowVersion& row : rows) row.bytes = bytes.data() + reinterpret_cast<uintptr_t>(row.bytes);
      VARVE_RETURN_IF_ERROR(sink.remove_index_entries(tids, rows));
      for (Tid tid : tids) {
        VARVE_ASSIGN_OR_RETURN(bool freed, free_dead_row(pool_, segment_, tid, limit));
        if (freed) ++result.dead_rows_removed;
      }
    }
  }
  // The values last: finding a dead row's index entries may have needed one.
  VARVE_ASSIGN_OR_RETURN(HeapImpl * chunks, overflow());
  if (chunks != nullptr) {
    NoEntries none;
    VARVE_RETURN_IF_ERROR(chunks->vacuum(none).status());
  }
  return result;
}

Result<bool> Heap::fetch_newest_state(Tid tid, RowBuffer& buffer, Xid* writer, bool* deleted) {
  RowVersion row;
  VARVE_ASSIGN_OR_RETURN(bool found, fetch_newest(tid, buffer, &row));
  if (!found) return false;
  *writer = row.xid;
  *deleted = (row.flags & kRowDeleted) != 0;
  return true;
}

Result<LockOutcome> Heap::lock_key(txn::Transaction&, const txn::Snapshot&, Tid, txn::WaitPolicy, uint64_t) {
  return Status::invalid("a row of this table may be anywhere");
}

Status Heap::remove_idle(txn::Transaction&, std::span<const Tid>, std::span<const Xid>, std::vector<bool>*) {
  return Status::invalid("rows of this table are not moved");
}

std::unique_ptr<Heap> open_heap(txn::TxnManager& txns, PageId segment, uint32_t database) {
  return std::make_unique<HeapImpl>(txns, segment, database);
}

Result<PageId> create_heap(txn::TxnManager& txns, txn::Transaction& txn) {
  VARVE_ASSIGN_OR_RETURN(PageId segment, create_segment(txns.pool(), txn, SegmentKind::kHeap));
  forget_free_space(txns.pool(), segment);
  return segment;
}

void register_heap_operations() {
  register_heap_redo();
  register_heap_undo();
}

}  // namespace varve::access
