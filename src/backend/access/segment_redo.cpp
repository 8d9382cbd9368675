// What the log operations of space and segments do to a page.
#include <cstring>

#include "segment_format.h"
#include "wal/redo.h"

namespace varve::access {
namespace {

using buffer::Page;
using buffer::PageType;

void start_page(Page& page, PageType type, uint64_t segment) {
  page.header.type = type;
  page.header.flags = 0;
  page.header.reserved = 0;
  page.header.segment = segment;
  std::memset(page.body, 0, sizeof(page.body));
}

void redo_space_header(PageId, Page& page, wal::Bytes payload) {
  if (page.header.type != PageType::kSpaceHeader) start_page(page, PageType::kSpaceHeader, 0);
  body_of<SpaceHeader>(page) = payload_as<SpaceHeader>(payload);
}

void redo_space_map_init(PageId, Page& page, wal::Bytes) {
  start_page(page, PageType::kSpaceMap, 0);
  auto& map = body_of<SpaceMap>(page);
  map.bits[0] = 1;  // the extent that holds the map itself
  map.free_extents = kMapExtents - 1;
}

void redo_space_map_set(PageId, Page& page, wal::Bytes payload) {
  auto p = payload_as<MapSetPayload>(payload);
  auto& map = body_of<SpaceMap>(page);
  for (uint32_t i = p.first; i < p.first + p.count; ++i) {
    if (p.taken != 0) {
      map.bits[i / 8] |= static_cast<uint8_t>(1U << i % 8);
    } else {
      map.bits[i / 8] &= static_cast<uint8_t>(~(1U << i % 8));
    }
  }
  map.free_extents += p.taken != 0 ? -p.count : p.count;
}

void redo_segment_init(PageId id, Page& page, wal::Bytes payload) {
  auto p = payload_as<SegmentInitPayload>(payload);
  start_page(page, PageType::kSegmentHeader, id.value());
  auto& h = body_of<SegmentHeader>(page);
  h.kind = p.kind;
  h.stamp = p.stamp;
  h.last_first = id.value();
  h.last_count = p.pages;
  h.last_used = 1;  // this page
}

void redo_segment_extend(PageId, Page& page, wal::Bytes payload) {
  auto p = payload_as<ExtendPayload>(payload);
  auto& h = body_of<SegmentHeader>(page);
  if (p.kind == ExtendKind::kAdjoining) {
    h.last_count += p.count;
    return;
  }
  if (p.kind == ExtendKind::kPushHere) h.runs[h.run_count++] = {h.last_first, h.last_count};
  h.earlier_pages += h.last_count;
  h.last_first = p.first;
  h.last_count = p.count;
  h.last_used = 0;
  if (p.kind == ExtendKind::kNewMap) {
    h.last_used = 1;  // the map page
    if (h.map_head == 0) h.map_head = p.first;
    h.map_tail = p.first;
  }
}

void redo_segment_hand_out(PageId, Page& page, wal::Bytes) { ++body_of<SegmentHeader>(page).last_used; }

void redo_segment_free_head(PageId, Page& page, wal::Bytes payload) {
  auto p = payload_as<FreeHeadPayload>(payload);
  auto& h = body_of<SegmentHeader>(page);
  h.free_head = p.head;
  h.free_count += static_cast<uint64_t>(static_cast<int64_t>(p.count_change));
}

void redo_page_listed(PageId, Page& page, wal::Bytes payload) {
  auto p = payload_as<ListedPayload>(payload);
  start_page(page, PageType::kFree, p.segment);
  page.header.flags = kListed;
  body_of<FreePage>(page).next = p.next;
}

void redo_page_taken(PageId, Page& page, wal::Bytes) { page.header.flags = 0; }

void redo_segment_map_init(PageId, Page& page, wal::Bytes payload) {
  auto p = payload_as<MapInitPayload>(payload);
  start_page(page, PageType::kSegmentMap, p.segment);
  auto& map = body_of<SegmentMap>(page);
  map.previous = p.previous;
  map.run_count = 1;
  map.runs[0] = p.run;
}

void redo_segment_map_append(PageId, Page& page, wal::Bytes payload) {
  auto& map = body_of<SegmentMap>(page);
  map.runs[map.run_count++] = payload_as<StoredRun>(payload);
}

void redo_segment_map_link(PageId, Page& page, wal::Bytes payload) {
  body_of<SegmentMap>(page).next = payload_as<uint64_t>(payload);
}

void redo_segment_map_pop(PageId, Page& page, wal::Bytes) { --body_of<SegmentMap>(page).run_count; }

void redo_segment_shrink(PageId, Page& page, wal::Bytes payload) {
  auto p = payload_as<ShrinkPayload>(payload);
  auto& h = body_of<SegmentHeader>(page);
  h.last_first = p.last.first;
  h.last_count = p.last.count;
  h.last_used = p.last.count;
  h.earlier_pages -= p.last.count;
  h.map_tail = p.map_tail;
  if (p.map_tail == 0) h.map_head = 0;
  if (p.pop_here != 0) --h.run_count;
  h.free_head = 0;  // a segment shrinks only on its way out
  h.free_count = 0;
}

void redo_segment_companion(PageId, Page& page, wal::Bytes payload) {
  auto p = payload_as<CompanionPayload>(payload);
  VARVE_CHECK(static_cast<size_t>(p.which) < kCompanions);
  body_of<SegmentHeader>(page).companions[static_cast<size_t>(p.which)] = p.link;
}

void redo_page_cleared(PageId, Page& page, wal::Bytes) { start_page(page, PageType::kFree, 0); }

}  // namespace

void register_segment_redo() {
  wal::register_redo(kOpSpaceHeader, redo_space_header);
  wal::register_redo(kOpSpaceMapInit, redo_space_map_init);
  wal::register_redo(kOpSpaceMapSet, redo_space_map_set);
  wal::register_redo(kOpSegmentInit, redo_segment_init);
  wal::register_redo(kOpSegmentExtend, redo_segment_extend);
  wal::register_redo(kOpSegmentHandOut, redo_segment_hand_out);
  wal::register_redo(kOpSegmentFreeHead, redo_segment_free_head);
  wal::register_redo(kOpPageListed, redo_page_listed);
  wal::register_redo(kOpPageTaken, redo_page_taken);
  wal::register_redo(kOpSegmentMapInit, redo_segment_map_init);
  wal::register_redo(kOpSegmentMapAppend, redo_segment_map_append);
  wal::register_redo(kOpSegmentMapLink, redo_segment_map_link);
  wal::register_redo(kOpSegmentMapPop, redo_segment_map_pop);
  wal::register_redo(kOpSegmentShrink, redo_segment_shrink);
  wal::register_redo(kOpPageCleared, redo_page_cleared);
  wal::register_redo(kOpSegmentCompanion, redo_segment_companion);
}

}  // namespace varve::access
