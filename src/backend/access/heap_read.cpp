#include <algorithm>

#include "common/check.h"
#include "heap_impl.h"

namespace varve::access {

using buffer::OptimisticGuard;
using buffer::Page;
using buffer::SharedGuard;

HeapImpl::HeapImpl(txn::TxnManager& txns, PageId segment, uint32_t database)
    : txns_(txns),
      pool_(txns.pool()),
      segment_(segment),
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
      VARVE_ASSIGN_OR_RETURN(OptimisticGuard guard, pool_.fix_optimistic(at.page));
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

bool HeapImpl::rebuild(const txn::Snapshot& snapshot, RowBuffer& buffer, Copied* version, Xid* writer) const {
  Xid xid{version->header.xid};
  txn::UndoPtr undo{version->header.undo};
  // Index entries for the newest keys lead to older versions too, so the re-check hint is the newest's.
  const uint16_t sticky = version->header.flags & kRowKeysChanged;
  while (!txns_.visible(snapshot, xid, undo)) {
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

Result<bool> HeapImpl::fetch(const txn::Snapshot& snapshot, Tid tid, RowBuffer& buffer, RowVersion* out) {
  Copied version;
  VARVE_ASSIGN_OR_RETURN(bool found, copy_newest(tid, buffer, &version));
  Xid writer;
  if (!found || !rebuild(snapshot, buffer, &version, &writer)) return false;
  out->bytes = buffer.reserve(0) + version.offset;
  out->length = version.length;
  out->attributes = version.header.attributes;
  out->flags = version.header.flags;
  out->xid = writer;
  out->large = reader_for(out->flags);
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

// The page is copied as a whole and the latch dropped; visibility is decided on the copy. The registered
// snapshot keeps the undo that the copy refers to.
Status HeapImpl::read_page(const txn::Snapshot& snapshot, PageId id, PageBatch* out) {
  out->tids.clear();
  out->rows.clear();
  // Page is aligned to its size in memory; the batch's memory is not.
  constexpr size_t kCopyBytes = buffer::kPageBytes + alignof(Page);
  uint8_t* memory = out->memory.reserve(kCopyBytes);
  const size_t shift = -reinterpret_cast<uintptr_t>(memory) & (alignof(Page) - 1);
  auto* copy = reinterpret_cast<Page*>(memory + shift);
  {
    VARVE_ASSIGN_OR_RETURN(SharedGuard guard, pool_.fix_shared(id));
    if (!usable(guard.page())) return {};
    const auto& h = heap_header(guard.page());
    size_t directory = buffer::kPageBytes - sizeof(HeapSlot) * h.slot_count;
    std::memcpy(copy->bytes(), guard.page().bytes(), h.data_end);
    std::memcpy(copy->bytes() + directory, guard.page().bytes() + directory, buffer::kPageBytes - directory);
  }
  const uint16_t count = heap_header(*copy).slot_count;
  const bool settled = Xid{heap_header(*copy).newest_xid} < txns_.horizon();
  out->tids.reserve(count);
  out->rows.reserve(count);
  // Rows are noted by their offset in `memory`, which moves when older versions are put behind the page at
  // the end.
  std::vector<uint8_t> older;
  auto add = [out, this](Tid tid, size_t offset, size_t length, const RowHeader& header, Xid writer) {
    out->tids.push_back(tid);
    out->rows.push_back({reinterpret_cast<const uint8_t*>(offset), static_cast<uint32_t>(length),
                         header.attributes, header.flags, writer, reader_for(header.flags)});
  };
  RowBuffer scratch;
  for (uint16_t slot = 0; slot < count; ++slot) {
    RowPlace row = find_row(*copy, slot);
    if (!row) continue;
    const RowHeader header = row.header();
    if ((header.flags & kRowMoved) != 0) continue;
    const Tid tid{id, slot};
    if ((header.flags & kRowForwarded) == 0) {
      if (settled || txns_.visible(snapshot, Xid{header.xid}, txn::UndoPtr{header.undo})) {
        if ((header.flags & kRowDeleted) != 0) continue;
        add(tid, static_cast<size_t>(row.row().data() - memory), row.row().size(), header, Xid{header.xid});
        continue;
      }
    }
    Copied version;
    if ((header.flags & kRowForwarded) != 0) {
      VARVE_ASSIGN_OR_RETURN(bool found, copy_newest(tid, scratch, &version));
      if (!found) continue;
    } else {
      std::memcpy(scratch.reserve(row.length), row.at, row.length);
      version.header = header;
      version.offset = sizeof(RowHeader);
      version.length = row.length - version.offset;
    }
    Xid writer;
    if (!rebuild(snapshot, scratch, &version, &writer)) continue;
    const uint8_t* from = scratch.reserve(0) + version.offset;
    add(tid, kCopyBytes + older.size(), version.length, version.header, writer);
    older.insert(older.end(), from, from + version.length);
  }
  if (!older.empty()) {
    std::memcpy(out->memory.reserve(kCopyBytes + older.size()) + kCopyBytes, older.data(), older.size());
  }
  const uint8_t* base = out->memory.reserve(0);
  for (RowVersion& row : out->rows) row.bytes = base + reinterpret_cast<uintptr_t>(row.bytes);
  return {};
}

}  // namespace varve::access
