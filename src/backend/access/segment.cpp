// Segments: creation, handing out and taking back pages, growth, run lists. Formats: segment_format.h.
#include "access/segment.h"

#include <algorithm>
#include <fmt/format.h>

#include "free_space.h"
#include "segment_format.h"
#include "space.h"
#include "txn/serializable_pages.h"
#include "wal/append_gate.h"

namespace varve::access {

using buffer::BufferPool;
using buffer::ExclusiveGuard;
using buffer::LogBatch;
using buffer::PageType;
using buffer::SharedGuard;

namespace {

Status check_header(const buffer::Page& page, PageId segment) {
  if (page.header.type == PageType::kSegmentHeader && page.header.segment == segment.value()) return {};
  return Status::corruption(fmt::format("page {} is not a segment header", segment.value()));
}

Result<ExclusiveGuard> latch_header(BufferPool& pool, PageId segment) {
  VARVE_ASSIGN_OR_RETURN(ExclusiveGuard guard, pool.fix_exclusive(segment));
  VARVE_RETURN_IF_ERROR(check_header(guard.page(), segment));
  return guard;
}

// How many extents the segment asks for next: as many as it has, up to the limit.
uint32_t next_extents(const SegmentHeader& h) {
  uint64_t have = (h.earlier_pages + h.last_count) / kExtentPages;
  uint32_t want = 1;
  while (want < kMaxRunExtents && uint64_t{want} * 2 <= have) want *= 2;
  return want;
}

// Adds a run to a segment whose last run is used up: one record over space map, header and, when the header's
// list is full, the segment map pages.
Status extend(BufferPool& pool, ExclusiveGuard& header) {
  const auto& h = body_of<SegmentHeader>(header.page());
  VARVE_ASSIGN_OR_RETURN(ExtentClaim claim,
                         claim_extents(pool, next_extents(h), PageId{h.last_first + h.last_count}));
  LogBatch batch(pool, kInvalidXid, kInvalidLsn);
  claim.add_to(batch);

  const StoredRun last{h.last_first, h.last_count};
  ExtendPayload extend_payload{ExtendKind::kPushHere, claim.first_page().value(), claim.page_count()};
  MapInitPayload init{header.id().value(), h.map_tail, last};
  uint64_t new_map = extend_payload.first;
  ExclusiveGuard tail, fresh;
  if (claim.first_page().value() == h.last_first + h.last_count) {
    extend_payload.kind = ExtendKind::kAdjoining;
  } else if (h.map_tail != 0 || h.run_count == kHeaderRuns) {
    if (h.map_tail != 0) {
      VARVE_ASSIGN_OR_RETURN(tail, pool.fix_exclusive(PageId{h.map_tail}));
    }
    if (tail && body_of<SegmentMap>(tail.page()).run_count < kMapRuns) {
      extend_payload.kind = ExtendKind::kPushToMap;
      batch.change(tail, kOpSegmentMapAppend, payload_of(last));
    } else {
      extend_payload.kind = ExtendKind::kNewMap;
      VARVE_ASSIGN_OR_RETURN(fresh, pool.fix_new(claim.first_page()));
      batch.change(fresh, kOpSegmentMapInit, payload_of(init), wal::kBlockInitialises);
      if (tail) batch.change(tail, kOpSegmentMapLink, payload_of(new_map));
    }
  }
  batch.change(header, kOpSegmentExtend, payload_of(extend_payload));
  batch.commit();
  return {};
}

Result<PageId> take_listed(BufferPool& pool, ExclusiveGuard& header) {
  PageId id{body_of<SegmentHeader>(header.page()).free_head};
  VARVE_ASSIGN_OR_RETURN(ExclusiveGuard page, pool.fix_exclusive(id));
  if (page.page().header.type != PageType::kFree || (page.page().header.flags & kListed) == 0)
    return Status::corruption(fmt::format("page {} is on the free list of segment {} but not free",
                                          id.value(), header.id().value()));
  FreeHeadPayload head{body_of<FreePage>(page.page()).next, -1};
  LogBatch batch(pool, kInvalidXid, kInvalidLsn);
  batch.change(header, kOpSegmentFreeHead, payload_of(head));
  batch.change(page, kOpPageTaken, {});
  batch.commit();
  return id;
}

// Undo bytes of creation and drop: the header and the segment's stamp.
struct SegmentUndo {
  txn::UndoHeader header;
  uint64_t stamp;
} __attribute__((packed));

SegmentUndo make_undo(txn::UndoKind kind, PageId segment, uint64_t stamp) {
  return {{kind, 0, 0, segment.value(), 0}, stamp};
}

Status remember(txn::Transaction& txn, const SegmentUndo& undo) {
  if (txn.add_undo(payload_of(undo), kInvalidXid, txn::kNoUndo) != txn::kNoUndo) return {};
  return Status(StatusCode::kOutOfMemory, "the transaction's undo log is full");
}

// The run before the last one, taken off the list in the same batch that frees the last.
struct RunBefore {
  ShrinkPayload shrink{};
  ExclusiveGuard map;  // the map page to pop it from, if one keeps others
};

Result<RunBefore> run_before_last(BufferPool& pool, const SegmentHeader& h) {
  RunBefore r;
  r.shrink.map_tail = h.map_tail;
  if (h.map_tail == 0) {
    r.shrink.last = h.runs[h.run_count - 1];
    r.shrink.pop_here = 1;
    return r;
  }
  VARVE_ASSIGN_OR_RETURN(ExclusiveGuard map, pool.fix_exclusive(PageId{h.map_tail}));
  const auto& m = body_of<SegmentMap>(map.page());
  if (map.page().header.type != PageType::kSegmentMap || m.run_count == 0 || m.run_count > kMapRuns)
    return Status::corruption(fmt::format("page {} is not a segment map", h.map_tail));
  r.shrink.last = m.runs[m.run_count - 1];
  if (m.run_count == 1) {
    r.shrink.map_tail = m.previous;  // the map page lies in the run that is being freed
  } else {
    r.map = std::move(map);
  }
  return r;
}

// Frees the last run. Its cached pages are forgotten first: once the extents are free they may be another's.
Status free_last_run(BufferPool& pool, ExclusiveGuard& header, const txn::UndoContext* compensate,
                     bool* done) {
  const auto& h = body_of<SegmentHeader>(header.page());
  const StoredRun last{h.last_first, h.last_count};
  *done = last.first == header.id().value();
  RunBefore before;
  if (!*done) {
    VARVE_ASSIGN_OR_RETURN(before, run_before_last(pool, h));
    pool.discard(PageId{last.first}, last.count);
  } else if (last.count > 1) {
    pool.discard(PageId{last.first + 1}, last.count - 1);
  }
  VARVE_ASSIGN_OR_RETURN(ExtentClaim claim, release_extents(pool, PageId{last.first}, last.count));
  bool compensation = *done && compensate != nullptr;
  LogBatch batch(pool, compensation ? compensate->xid : kInvalidXid,
                 compensation ? compensate->undo_next : kInvalidLsn);
  if (compensation) batch.set_compensation();
  claim.add_to(batch);
  if (*done) {
    batch.change(header, kOpPageCleared, {}, wal::kBlockInitialises);
  } else {
    batch.change(header, kOpSegmentShrink, payload_of(before.shrink));
    if (before.map) batch.change(before.map, kOpSegmentMapPop, {});
  }
  batch.commit();
  return {};
}

Status free_segment(BufferPool& pool, PageId segment, uint64_t stamp, const txn::UndoContext* compensate) {
  VARVE_ASSIGN_OR_RETURN(ExclusiveGuard header, pool.fix_exclusive(segment));
  if (header.page().header.type != PageType::kSegmentHeader ||
      body_of<SegmentHeader>(header.page()).stamp != stamp)
    return {};  // done before, and the space may be another's by now
  for (const CompanionLink& c : body_of<SegmentHeader>(header.page()).companions) {
    if (c.segment != 0) VARVE_RETURN_IF_ERROR(free_segment(pool, PageId{c.segment}, c.stamp, nullptr));
  }
  bool done = false;
  while (!done) VARVE_RETURN_IF_ERROR(free_last_run(pool, header, compensate, &done));
  return {};
}

uint64_t stamp_of(const txn::UndoView& record) {
  VARVE_CHECK(record.payload().size() >= sizeof(uint64_t));
  return load_raw<uint64_t>(record.payload().data());
}

Status undo_create(txn::UndoContext& context, const txn::UndoView& record) {
  return free_segment(context.pool, PageId{record.header().object}, stamp_of(record), &context);
}
Status undo_drop(txn::UndoContext&, const txn::UndoView&) { return {}; }
Status purge_drop(txn::PurgeContext& context, const txn::UndoView& record) {
  return free_segment(context.pool, PageId{record.header().object}, stamp_of(record), nullptr);
}

}  // namespace

Status PageRelease::prepare(BufferPool& pool, PageId segment) {
  VARVE_ASSIGN_OR_RETURN(header_, latch_header(pool, segment));
  return {};
}

void PageRelease::add_to(LogBatch& batch, ExclusiveGuard& page) {
  listed_ = {body_of<SegmentHeader>(header_.page()).free_head, header_.id().value()};
  head_ = {page.id().value(), 1};
  batch.change(page, kOpPageListed, payload_of(listed_), wal::kBlockInitialises);
  batch.change(header_, kOpSegmentFreeHead, payload_of(head_));
}

Result<PageId> create_segment(BufferPool& pool, txn::Transaction& txn, SegmentKind kind) {
  VARVE_ASSIGN_OR_RETURN(ExtentClaim claim, claim_extents(pool, 1, kInvalidPageId));
  PageId id = claim.first_page();
  VARVE_ASSIGN_OR_RETURN(ExclusiveGuard header, pool.fix_new(id));
  // Unique among segments of this header page: between two of them the log has grown.
  uint64_t stamp = pool.log().reserved_lsn().value();
  SegmentInitPayload init{kind, claim.page_count(), stamp};
  SegmentUndo undo = make_undo(txn::UndoKind::kSegmentCreate, id, stamp);

  Xid xid = txn.assign_xid();
  VARVE_RETURN_IF_ERROR(remember(txn, undo));
  LogBatch batch(pool, xid, txn.last_lsn());
  claim.add_to(batch);
  batch.change(header, kOpSegmentInit, payload_of(init), wal::kBlockInitialises);
  batch.set_undo(payload_of(undo));
  Lsn start;
  batch.commit(&start);
  txn.set_last_lsn(start);
  return id;
}

Result<PageId> companion_segment(BufferPool& pool, PageId segment, Companion which) {
  VARVE_ASSIGN_OR_RETURN(SharedGuard header, pool.fix_shared(segment));
  VARVE_RETURN_IF_ERROR(check_header(header.page(), segment));
  return PageId{body_of<SegmentHeader>(header.page()).companions[static_cast<size_t>(which)].segment};
}

Result<uint64_t> segment_stamp(BufferPool& pool, PageId segment) {
  VARVE_ASSIGN_OR_RETURN(SharedGuard header, pool.fix_shared(segment));
  VARVE_RETURN_IF_ERROR(check_header(header.page(), segment));
  return body_of<SegmentHeader>(header.page()).stamp + 0;
}

Result<PageId> ensure_companion_segment(BufferPool& pool, PageId segment, Companion which, bool* created) {
  *created = false;
  VARVE_ASSIGN_OR_RETURN(ExclusiveGuard owner, latch_header(pool, segment));
  const CompanionLink& there = body_of<SegmentHeader>(owner.page()).companions[static_cast<size_t>(which)];
  if (there.segment != 0) return PageId{there.segment};
  VARVE_ASSIGN_OR_RETURN(ExtentClaim claim, claim_extents(pool, 1, kInvalidPageId));
  VARVE_ASSIGN_OR_RETURN(ExclusiveGuard header, pool.fix_new(claim.first_page()));
  const SegmentKind kind = which == Companion::kOverflow ? SegmentKind::kOverflow : SegmentKind::kHeap;
  SegmentInitPayload init{kind, claim.page_count(), pool.log().reserved_lsn().value()};
  CompanionPayload link{{claim.first_page().value(), init.stamp}, which};
  LogBatch batch(pool, kInvalidXid, kInvalidLsn);
  claim.add_to(batch);
  batch.change(header, kOpSegmentInit, payload_of(init), wal::kBlockInitialises);
  batch.change(owner, kOpSegmentCompanion, payload_of(link));
  batch.commit();
  *created = true;
  forget_free_space(pool, claim.first_page());
  return claim.first_page();
}

Status drop_segment(BufferPool& pool, txn::Transaction& txn, PageId segment) {
  uint64_t stamp = 0;
  {
    VARVE_ASSIGN_OR_RETURN(SharedGuard header, pool.fix_shared(segment));
    VARVE_RETURN_IF_ERROR(check_header(header.page(), segment));
    stamp = body_of<SegmentHeader>(header.page()).stamp;
  }
  txn::note_storage_dropped(pool, segment);
  SegmentUndo undo = make_undo(txn::UndoKind::kSegmentDrop, segment, stamp);
  wal::RecordParts parts;
  parts.xid = txn.assign_xid();
  parts.prev_lsn = txn.last_lsn();
  parts.undo = payload_of(undo);
  VARVE_RETURN_IF_ERROR(remember(txn, undo));
  Lsn start;
  wal::AppendGate::Window window = pool.log().gate().enter();
  pool.log().append(parts, &start);
  txn.set_last_lsn(start);
  return {};
}

Status free_segment_if_owned(BufferPool& pool, PageId segment, uint64_t stamp) {
  return free_segment(pool, segment, stamp, nullptr);
}

Result<PageId> allocate_page(BufferPool& pool, PageId segment, PageId /*near*/) {
  VARVE_ASSIGN_OR_RETURN(ExclusiveGuard header, latch_header(pool, segment));
  const auto& h = body_of<SegmentHeader>(header.page());
  if (h.free_head != 0) return take_listed(pool, header);
  if (h.last_used == h.last_count) VARVE_RETURN_IF_ERROR(extend(pool, header));
  PageId id{h.last_first + h.last_used};
  LogBatch batch(pool, kInvalidXid, kInvalidLsn);
  batch.change(header, kOpSegmentHandOut, {});
  batch.commit();
  return id;
}

Status free_page(BufferPool& pool, PageId segment, PageId page) {
  VARVE_ASSIGN_OR_RETURN(ExclusiveGuard guard, pool.fix_exclusive(page));
  PageRelease release;
  VARVE_RETURN_IF_ERROR(release.prepare(pool, segment));
  LogBatch batch(pool, kInvalidXid, kInvalidLsn);
  release.add_to(batch, guard);
  batch.commit();
  return {};
}

Result<std::vector<PageRun>> segment_runs(BufferPool& pool, PageId segment) {
  std::vector<PageRun> runs;
  auto add = [&](uint64_t first, uint32_t count) {
    if (first == segment.value()) ++first, --count;  // the header page itself
    if (count > 0) runs.push_back({PageId{first}, count});
  };
  VARVE_ASSIGN_OR_RETURN(SharedGuard header, pool.fix_shared(segment));
  VARVE_RETURN_IF_ERROR(check_header(header.page(), segment));
  const auto& h = body_of<SegmentHeader>(header.page());
  runs.reserve(h.run_count + 1);
  for (uint32_t i = 0; i < h.run_count; ++i) add(h.runs[i].first, h.runs[i].count);
  // The header's latch is kept: it orders the walk against extensions, which need it exclusively.
  for (uint64_t at = h.map_head; at != 0;) {
    VARVE_ASSIGN_OR_RETURN(SharedGuard map, pool.fix_shared(PageId{at}));
    const auto& m = body_of<SegmentMap>(map.page());
    if (map.page().header.type != PageType::kSegmentMap || m.run_count > kMapRuns)
      return Status::corruption(fmt::format("page {} is not a segment map", at));
    for (uint32_t i = 0; i < m.run_count; ++i) add(m.runs[i].first, m.runs[i].count);
    at = m.next;
  }
  if (h.last_used > 0) add(h.last_first, h.last_used);
  return runs;
}

Result<uint64_t> segment_page_count(BufferPool& pool, PageId segment) {
  VARVE_ASSIGN_OR_RETURN(SharedGuard header, pool.fix_shared(segment));
  VARVE_RETURN_IF_ERROR(check_header(header.page(), segment));
  const auto& h = body_of<SegmentHeader>(header.page());
  return h.earlier_pages + h.last_used;
}

Result<uint64_t> reclaim_lost_pages(BufferPool& pool, PageId segment) {
  VARVE_ASSIGN_OR_RETURN(std::vector<PageRun> runs, segment_runs(pool, segment));
  VARVE_ASSIGN_OR_RETURN(const uint64_t stamp, segment_stamp(pool, segment));
  uint64_t reclaimed = 0;
  for (const PageRun& run : runs) {
    for (uint32_t i = 0; i < run.count; ++i) {
      PageId id{run.first.value() + i};
      {
        VARVE_ASSIGN_OR_RETURN(SharedGuard guard, pool.fix_shared(id));
        const auto& header = guard.page().header;
        // Older than the segment: what is in it is an earlier one's.
        const bool is_initialised = header.type != PageType::kFree || (header.flags & kListed) != 0;
        if (is_initialised && header.lsn > stamp) continue;
      }
      VARVE_RETURN_IF_ERROR(free_page(pool, segment, id));
      ++reclaimed;
    }
  }
  return reclaimed;
}

void register_segment_operations() {
  register_segment_redo();
  txn::register_undo(txn::UndoKind::kSegmentCreate, undo_create);
  txn::register_undo(txn::UndoKind::kSegmentDrop, undo_drop);
  txn::register_purge(txn::UndoKind::kSegmentDrop, purge_drop);
}

}  // namespace varve::access
