#include <algorithm>

#include "common/check.h"
#include "heap_impl.h"

namespace varve::access {

using buffer::OptimisticGuard;
using buffer::Page;
using buffer::SharedGuard;

namespace {

// Where the header cannot be read, whoever reads the heap will say so.
uint64_t stamp_of(buffer::BufferPool& pool, PageId segment) {
  Result<uint64_t> stamp = segment_stamp(pool, segment);
  return stamp.ok() ? *stamp : 0;
}

}  // namespace

HeapImpl::HeapImpl(txn::TxnManager& txns, PageId segment, uint32_t database)
    : txns_(txns),
      pool_(txns.pool()),
      segment_(segment),
      stamp_(stamp_of(txns.pool(), segment)),
      database_(database),
      free_space_(free_space_of(txns.pool(), segment)) {}

namespace {

enum class Copy : uint8_t { kNone, kRow, kForwarded, kRetry };

// Copies a row out of a page that may be changing under our eyes; the caller validates.
// `stub`: the Tid whose moved row must be here; invalid: any row but a moved one.
Copy copy_row(const Page& page, uint16_t slot, Tid stub, RowBuffer& buffer, uint32_t* length, Tid* forward) {
  RowPlace row = find_row(page, slot);
  if (!row) return stub.valid() ? Copy::kRetry : Copy::kNone;
  if (stub.valid() ? !row.moved() || row.other() != stub : row.moved()) {
    return stub.valid() ? Copy::kRetry : Copy::kNone;
  }
  if (row.stub()) {
    *forward = row.other();
    return Copy::kForwarded;
  }
  uint8_t* to = buffer.reserve(row.length);
  std::memcpy(to, row.at, row.length);
  *length = row.length;
  return Copy::kRow;
}

}  // namespace

Result<bool> HeapImpl::copy_newest(Tid tid, RowBuffer& buffer, Copied* out) {
  Tid at = tid;
  Tid stub;  // invalid while we are at the row's own Tid
  uint32_t optimistic_tries = 3;
  for (;;) {
    uint32_t length = 0;
    Tid forward;
    Copy copied = Copy::kRetry;
    bool valid = false;
    if (optimistic_tries > 0) {
      --optimistic_tries;
      VARVE_ASSIGN_OR_RETURN(OptimisticGuard guard, pool_.fix_optimistic(at.page, heap_slot_offset(at.slot)));
      if (guard) {
        copied = copy_row(guard.page(), at.slot, stub, buffer, &length, &forward);
        valid = guard.validate();
      }
    } else {
      VARVE_ASSIGN_OR_RETURN(SharedGuard guard, pool_.fix_shared(at.page));
      copied = copy_row(guard.page(), at.slot, stub, buffer, &length, &forward);
      valid = true;
    }
    if (!valid) continue;
    if (copied == Copy::kNone) return false;
    if (copied == Copy::kForwarded) {
      stub = tid;
      at = forward;
      optimistic_tries = 3;
      continue;
    }
    if (copied == Copy::kRetry) {  // the row has left the place the stub named: read the stub again
      stub = Tid{};
      at = tid;
      optimistic_tries = 3;
      continue;
    }
    const uint8_t* bytes = buffer.reserve(length);
    out->header = load_raw<RowHeader>(bytes);
    out->offset = sizeof(RowHeader) + ((out->header.flags & kRowMoved) != 0 ? kBackPointerBytes : 0);
    out->length = length - out->offset;
    return true;
  }
}

bool HeapImpl::rebuild(const txn::Snapshot& snapshot, RowBuffer& buffer, Copied* version, Xid* writer,
                       Status* failure) const {
  Xid xid{version->header.xid};
  txn::UndoPtr undo{version->header.undo};
  // Index entries for the newest keys lead to older versions too, so the re-check hint is the newest's.
  const uint16_t sticky = version->header.flags & kRowKeysChanged;
  while (!txns_.visible(snapshot, xid, undo)) {
    if (notes_reads(snapshot) && xid != snapshot.own_xid) {
      *failure = snapshot.serializable->passed_over(xid);
      if (!failure->ok()) return false;
    }
    if (undo == txn::kNoUndo) return false;
    txn::UndoView view = txns_.undo(undo);
    const uint8_t* payload = view.payload().data();
    switch (view.header().kind) {
      case txn::UndoKind::kHeapUpdate: {
        auto diff = load_raw<HeapUndoUpdate>(payload);
        uint32_t longest = std::max<uint32_t>(version->length, diff.length);
        uint8_t* row = buffer.reserve(version->offset + longest) + version->offset;
        splice(row, version->length, diff.length, diff.prefix, diff.suffix, payload + sizeof(diff));
        version->length = diff.length;
        version->header.flags = diff.flags;
        version->header.attributes = diff.attributes;
        break;
      }
      case txn::UndoKind::kHeapDelete: {
        auto old = load_raw<HeapUndoDelete>(payload);
        version->header.flags = old.flags;
        version->header.attributes = old.attributes;
        break;
      }
      default:
        return false;  // kHeapInsert: there was no row before
    }
    xid = view.previous_xid;
    undo = view.previous_undo;
  }
  version->header.flags |= sticky;
  *writer = xid;
  return (version->header.flags & kRowDeleted) == 0;
}

// The mark comes before the look: who writes later meets it, and who wrote before is met in the row.
Result<bool> HeapImpl::fetch(const txn::Snapshot& snapshot, Tid tid, RowBuffer& buffer, RowVersion* out) {
  if (!notes_reads(snapshot)) return fetch_version(snapshot, tid, buffer, out);
  bool fresh = false;
  VARVE_RETURN_IF_ERROR(snapshot.serializable->read_row(tracked_, tid, &fresh));
  VARVE_ASSIGN_OR_RETURN(bool found, fetch_version(snapshot, tid, buffer, out));
  // Nobody need mind that we have seen nothing there, or what we have written ourselves.
  if (fresh && (!found || out->xid == snapshot.own_xid)) snapshot.serializable->unread_row(tracked_, tid);
  return found;
}

Result<bool> HeapImpl::fetch_version(const txn::Snapshot& snapshot, Tid tid, RowBuffer& buffer,
                                     RowVersion* out) {
  Copied version;
  VARVE_ASSIGN_OR_RETURN(bool found, copy_newest(tid, buffer, &version));
  Xid writer;
  Status failure;
  if (!found || !rebuild(snapshot, buffer, &version, &writer, &failure)) {
    if (!failure.ok()) return failure;
    return false;
  }
  out->bytes = buffer.reserve(0) + version.offset;
  out->length = version.length;
  out->attributes = version.header.attributes;
  out->flags = version.header.flags;
  out->xid = writer;
  out->large = reader_for(out->flags);
  return true;
}

Result<bool> HeapImpl::fetch_newest_state(Tid tid, RowBuffer& buffer, Xid* writer, bool* deleted) {
  Copied version;
  VARVE_ASSIGN_OR_RETURN(bool found, copy_newest(tid, buffer, &version));
  if (!found) return false;
  *writer = Xid{version.header.xid};
  *deleted = (version.header.flags & kRowDeleted) != 0;
  return true;
}

Result<bool> HeapImpl::fetch_newest(Tid tid, RowBuffer& buffer, RowVersion* out) {
  Copied version;
  VARVE_ASSIGN_OR_RETURN(bool found, copy_newest(tid, buffer, &version));
  if (!found) return false;
  out->bytes = buffer.reserve(0) + version.offset;
  out->length = version.length;
  out->attributes = version.header.attributes;
  out->flags = version.header.flags;
  out->xid = Xid{version.header.xid};
  out->large = reader_for(out->flags);
  return true;
}

void HeapImpl::copy_out(const RowPlace& row, RowBuffer& buffer, RowVersion* out) {
  if (out == nullptr) return;
  RowHeader header = row.header();
  wal::Bytes bytes = row.row();
  uint8_t* to = buffer.reserve(bytes.size());
  std::memcpy(to, bytes.data(), bytes.size());
  *out = RowVersion{to,
                    static_cast<uint32_t>(bytes.size()),
                    header.attributes,
                    header.flags,
                    Xid{header.xid},
                    reader_for(header.flags)};
}

}  // namespace varve::access
