// Space: the page space is cut into extents; a segment (one heap, index or sequence) owns extents.
//
// A segment is named by its header page, which never moves: "object" in undo records, relfilenode in
// pg_class. All changes are logged; allocation is not undone with the transaction that asked for it (an
// unused page is found again), creation and drop are (UndoKind::kSegmentCreate / kSegmentDrop).
#pragma once

#include <cstdint>
#include <vector>

#include "buffer/buffer_pool.h"
#include "common/status.h"
#include "txn/txn_manager.h"

namespace varve::access {

inline constexpr uint32_t kExtentPages = 8;  // 64 KiB

enum class SegmentKind : uint8_t { kHeap = 1, kBtree = 2, kSequence = 3, kOverflow = 4 };

// Formats an empty page space (page 0 and the first space map). Once, by `varve init`.
Status create_space(buffer::BufferPool& pool);

// Creates an empty segment of at least one extent; its header page is the id. Undone by rollback.
Result<PageId> create_segment(buffer::BufferPool& pool, txn::Transaction& txn, SegmentKind kind);
// Frees all extents once the transaction has committed and nobody can need them.
Status drop_segment(buffer::BufferPool& pool, txn::Transaction& txn, PageId segment);

// Further segments of a heap, made when they are first needed and freed with the heap's own.
enum class Companion : uint8_t {
  kOverflow = 0,  // values out of line (access/overflow.h)
  kStrata = 1,    // of a columnar table: its segments of columns
  kMarks = 2,     // of a columnar table: which rows of those are deleted
};
inline constexpr size_t kCompanions = 3;
// kInvalidPageId: there is none. The second makes it if needed, for good: no transaction takes it back.
Result<PageId> companion_segment(buffer::BufferPool& pool, PageId segment, Companion which);
Result<PageId> ensure_companion_segment(buffer::BufferPool& pool, PageId segment, Companion which,
                                        bool* created);
// Tells this segment from every other that had or will have its number: the log's position when it was made.
// Its pages' last changes are later, what earlier segments have left in pages is not.
Result<uint64_t> segment_stamp(buffer::BufferPool& pool, PageId segment);

// A free page of the segment, formatted by nobody yet: the caller initialises it in the batch that uses it.
// `near` is a hint for locality. Runs grow with the segment (1, 2, 4 … 128 extents).
Result<PageId> allocate_page(buffer::BufferPool& pool, PageId segment, PageId near = kInvalidPageId);
// Frees what kSegmentDrop (or an undone kSegmentCreate) names, when `stamp` from the record's payload still
// is the segment's: so it may be repeated at will. Recovery calls purge_function(kSegmentDrop) for the drops
// of committed transactions.
Status free_segment_if_owned(buffer::BufferPool& pool, PageId segment, uint64_t stamp);

// Gives an empty page back to its segment.
Status free_page(buffer::BufferPool& pool, PageId segment, PageId page);

// A run of pages of the segment, in allocation order. For scans and sizes.
struct PageRun {
  PageId first;
  uint32_t count;
};
// Runs in order, without the header page. Pages of other types (segment maps, free or never initialised ones)
// occur: look at header.type. Pages never handed out by allocate_page() at the end of the last run are left
// out.
Result<std::vector<PageRun>> segment_runs(buffer::BufferPool& pool, PageId segment);
// Pages handed out, with header, segment maps and free ones.
Result<uint64_t> segment_page_count(buffer::BufferPool& pool, PageId segment);
// Puts pages that were handed out but never initialised (a crash came between) on the free list; returns how
// many. Nobody may allocate pages of this segment meanwhile.
Result<uint64_t> reclaim_lost_pages(buffer::BufferPool& pool, PageId segment);

// Redo, undo and purge functions of this file, registered once at start-up.
void register_segment_operations();

}  // namespace varve::access
