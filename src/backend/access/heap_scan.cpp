// Reading whole pages: sequential scans and counting.
#include <algorithm>

#include "common/check.h"
#include "heap_impl.h"

namespace varve::access {

using buffer::Page;
using buffer::SharedGuard;

PageCounts::~PageCounts() {
  for (auto& block : blocks_) delete[] block.load(std::memory_order_relaxed);
}

bool PageCounts::find(uint64_t ordinal, Lsn lsn, uint32_t* count) const {
  if (ordinal / kBlockWords >= kBlocks) return false;
  const std::atomic<uint64_t>* block = blocks_[ordinal / kBlockWords].load(std::memory_order_acquire);
  if (block == nullptr) return false;
  uint64_t word = block[ordinal % kBlockWords].load(std::memory_order_relaxed);
  if ((word & 0xFFFF) == 0 || word >> 16 != lsn.value()) return false;
  *count = static_cast<uint32_t>(word & 0xFFFF) - 1;
  return true;
}

void PageCounts::note(uint64_t ordinal, Lsn lsn, uint32_t count) {
  if (ordinal / kBlockWords >= kBlocks || lsn.value() >> 48 != 0 || count >= 0xFFFF) return;
  auto& place = blocks_[ordinal / kBlockWords];
  std::atomic<uint64_t>* block = place.load(std::memory_order_acquire);
  if (block == nullptr) {
    auto* fresh = new std::atomic<uint64_t>[kBlockWords]();
    if (place.compare_exchange_strong(block, fresh, std::memory_order_acq_rel))
      block = fresh;
    else
      delete[] fresh;
  }
  block[ordinal % kBlockWords].store(lsn.value() << 16 | (count + 1), std::memory_order_relaxed);
}

namespace {

constexpr uint16_t kNotPlain = kRowDeleted | kRowForwarded | kRowMoved;

// The slot's row if it is a place with a row in it.
inline const uint8_t* row_at(const Page& page, uint16_t number, HeapSlot* slot) {
  *slot = heap_slot(page, number);
  bool there = slot->offset >= kHeapDataStart && slot->length >= sizeof(RowHeader) &&
               slot->offset + std::max<size_t>(slot->length, kMinRowCapacity) <= buffer::kPageBytes;
  return there ? page.bytes() + slot->offset : nullptr;
}

}  // namespace

Status HeapImpl::read_page(const txn::Snapshot& snapshot, PageId id, PageBatch* out) {
  out->tids.clear();
  out->rows.clear();
  return append_page(snapshot, id, out->memory, &out->tids, &out->rows);
}

Result<bool> HeapImpl::may_have_changed(PageId id, Xid since) {
  VARVE_ASSIGN_OR_RETURN(SharedGuard guard, pool_.fix_shared(id));
  if (!usable(guard.page())) return false;
  if (Xid{heap_header(guard.page()).newest_xid} >= since) return true;
  // Where a row has moved to is another page's news.
  for (uint16_t number = 0; number < heap_header(guard.page()).slot_count; ++number) {
    HeapSlot slot;
    const uint8_t* at = row_at(guard.page(), number, &slot);
    if (at != nullptr && (load_raw<RowHeader>(at).flags & kRowForwarded) != 0) return true;
  }
  return false;
}

// The page is copied as a whole and the latch dropped; visibility is decided on the copy. The registered
// snapshot keeps the undo that the copy refers to.
Status HeapImpl::append_page(const txn::Snapshot& snapshot, PageId id, RowBuffer& buffer,
                             std::vector<Tid>* tids, std::vector<RowVersion>* rows) {
  if (notes_reads(snapshot)) VARVE_RETURN_IF_ERROR(snapshot.serializable->read_relation(tracked_));
  // Page is aligned to its size in memory; the batch's memory is not.
  constexpr size_t kCopyBytes = buffer::kPageBytes + alignof(Page);
  uint8_t* memory = buffer.reserve(kCopyBytes);
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
  const uint16_t count = std::min(heap_header(*copy).slot_count, kMaxHeapSlots);
  const bool settled = Xid{heap_header(*copy).newest_xid} < txns_.horizon();
  // The caller may keep the two lists apart: each grows from where it is.
  const size_t first = rows->size(), first_tid = tids == nullptr ? 0 : tids->size();
  rows->resize(first + count);
  if (tids != nullptr) tids->resize(first_tid + count);
  size_t n = first;
  auto add = [&](uint16_t slot, const uint8_t* bytes, size_t length, const RowHeader& header, Xid writer) {
    (*rows)[n] = {bytes,  static_cast<uint32_t>(length), header.attributes, header.flags,
                  writer, reader_for(header.flags)};
    if (tids != nullptr) (*tids)[first_tid + (n - first)] = Tid{id, slot};
    ++n;
  };
  // Versions that had to be rebuilt, to be put behind the page at the end: the row's number, the place among
  // `older`.
  std::vector<uint8_t> older;
  std::vector<std::pair<size_t, size_t>> rebuilt;
  RowBuffer scratch;
  Xid seen;  // the last writer found visible; many rows in a row have the same
  for (uint16_t number = 0; number < count; ++number) {
    HeapSlot slot;
    const uint8_t* at = row_at(*copy, number, &slot);
    if (at == nullptr) continue;
    const auto header = load_raw<RowHeader>(at);
    if ((header.flags & kRowMoved) != 0) continue;
    if ((header.flags & kRowForwarded) == 0) {
      bool visible = settled || (Xid{header.xid} == seen && seen != snapshot.own_xid) ||
                     txns_.visible(snapshot, Xid{header.xid}, txn::UndoPtr{header.undo});
      if (visible) {
        seen = Xid{header.xid};
        if ((header.flags & kRowDeleted) == 0)
          add(number, at + sizeof(RowHeader), slot.length - sizeof(RowHeader), header, Xid{header.xid});
        continue;
      }
    }
    Copied version;
    if ((header.flags & kRowForwarded) != 0) {
      VARVE_ASSIGN_OR_RETURN(bool found, copy_newest(Tid{id, number}, scratch, &version));
      if (!found) continue;
    } else {
      std::memcpy(scratch.reserve(slot.length), at, slot.length);
      version.header = header;
      version.offset = sizeof(RowHeader);
      version.length = slot.length - version.offset;
    }
    Xid writer;
    Status failure;
    if (!rebuild(snapshot, scratch, &version, &writer, &failure)) {
      VARVE_RETURN_IF_ERROR(failure);
      continue;
    }
    const uint8_t* from = scratch.reserve(0) + version.offset;
    rebuilt.emplace_back(n, older.size());
    older.insert(older.end(), from, from + version.length);
    add(number, nullptr, version.length, version.header, writer);
  }
  rows->resize(n);
  if (tids != nullptr) tids->resize(first_tid + (n - first));
  if (!older.empty()) {
    uint8_t* base = buffer.reserve(kCopyBytes + older.size());  // may have moved, with the copy of the page
    std::memcpy(base + kCopyBytes, older.data(), older.size());
    for (size_t i = first; i < n; ++i) {
      RowVersion& row = (*rows)[i];
      if (row.bytes != nullptr) row.bytes = base + (row.bytes - memory);  // null: rebuilt, below
    }
    for (auto [row, offset] : rebuilt) (*rows)[row].bytes = base + kCopyBytes + offset;
  }
  return {};
}

Result<uint32_t> HeapImpl::count_page(const txn::Snapshot& snapshot, PageId id, uint64_t ordinal) {
  if (notes_reads(snapshot)) VARVE_RETURN_IF_ERROR(snapshot.serializable->read_relation(tracked_));
  {
    VARVE_ASSIGN_OR_RETURN(SharedGuard guard, pool_.fix_shared(id));
    const Page& page = guard.page();
    if (!usable(page)) return uint32_t{0};
    if (Xid{heap_header(page).newest_xid} < txns_.horizon()) {
      uint32_t rows = 0;
      if (counts_.find(ordinal, page.lsn(), &rows)) return rows;
      bool stubs = false;
      const uint16_t count = std::min(heap_header(page).slot_count, kMaxHeapSlots);
      for (uint16_t number = 0; number < count; ++number) {
        HeapSlot slot;
        const uint8_t* at = row_at(page, number, &slot);
        if (at == nullptr) continue;
        uint16_t flags = load_raw<RowHeader>(at).flags;
        rows += static_cast<uint32_t>((flags & kNotPlain) == 0);
        stubs = stubs || (flags & kRowForwarded) != 0;
      }
      if (!stubs) {
        counts_.note(ordinal, page.lsn(), rows);
        return rows;
      }
    }
  }
  RowBuffer memory;
  std::vector<RowVersion> rows;
  VARVE_RETURN_IF_ERROR(append_page(snapshot, id, memory, nullptr, &rows));
  return static_cast<uint32_t>(rows.size());
}

}  // namespace varve::access
