// Reading and changing the bytes of one heap page. Format: access/heap_format.h.
//
// The readers check every offset, so they may be used on bytes read optimistically. The operations are the
// redo functions of the heap: called through LogBatch and by recovery only.
#pragma once

#include <vector>

#include "access/heap_format.h"

namespace varve::access {

inline const HeapPageHeader& heap_header(const buffer::Page& page) {
  return *reinterpret_cast<const HeapPageHeader*>(page.body);
}
inline HeapPageHeader& heap_header(buffer::Page& page) {
  return *reinterpret_cast<HeapPageHeader*>(page.body);
}

inline size_t heap_slot_offset(uint16_t slot) { return buffer::kPageBytes - sizeof(HeapSlot) * (slot + 1u); }
inline HeapSlot heap_slot(const buffer::Page& page, uint16_t slot) {
  return load_raw<HeapSlot>(page.bytes() + heap_slot_offset(slot));
}

// One row as it lies in its page.
struct RowPlace {
  const uint8_t* at = nullptr;  // RowHeader; null: no row there
  uint16_t length = 0;          // from RowHeader on
  uint16_t capacity = 0;

  explicit operator bool() const { return at != nullptr; }
  RowHeader header() const { return load_raw<RowHeader>(at); }
  bool stub() const { return (header().flags & kRowForwarded) != 0; }
  bool moved() const { return (header().flags & kRowMoved) != 0; }
  // Of a stub: where the row lives. Of a moved row: its stub.
  Tid other() const { return Tid::unpack(load_raw<uint64_t>(at + sizeof(RowHeader))); }
  size_t overhead() const { return sizeof(RowHeader) + (moved() ? kBackPointerBytes : 0); }
  wal::Bytes row() const { return {at + overhead(), length - overhead()}; }
};

inline bool is_heap_page(const buffer::Page& page) { return page.header.type == buffer::PageType::kHeap; }
// An empty place when the slot is unused, out of range or (read optimistically) nonsense.
RowPlace find_row(const buffer::Page& page, uint16_t slot);

// Free bytes between the rows and the slots; free bytes altogether.
size_t contiguous_free(const buffer::Page& page);
size_t total_free(const buffer::Page& page);
// The slot a new row would get.
uint16_t next_free_slot(const buffer::Page& page);
// A row of `total` bytes (with headers) in a new slot: fits without, or after, compaction.
bool fits_new(const buffer::Page& page, size_t total);
bool fits_new_compacted(const buffer::Page& page, size_t total);
// The row in `slot` with `total` bytes: fits where it is, or elsewhere in the page.
bool fits_update(const buffer::Page& page, uint16_t slot, size_t total);

// Length of the common prefix and suffix of two rows; they do not overlap.
struct CommonParts {
  uint16_t prefix;
  uint16_t suffix;
};
CommonParts common_parts(wal::Bytes a, wal::Bytes b);
// Turns `*length` bytes at `row` into the version that shares prefix and suffix with it. `row` has room for
// `new_length`.
void splice(uint8_t* row, size_t length, size_t new_length, size_t prefix, size_t suffix,
            const uint8_t* middle);

void register_heap_redo();

}  // namespace varve::access
