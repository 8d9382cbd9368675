// The page formats of the page space and of segments, and the payloads of their log operations.
//
// Page 0, space header:      | page header 24 | format version u32 | page bytes u32 | map count u64 |
// The space is cut into stretches of kStretchPages. The first extent of each is reserved: its page 1 is the
// stretch's space map (stretch 0: page 1, next to the space header). Space map:                 | page header
// 24 | free extents u32 | reserved u32 | bit per extent, 1 = taken | Segment header, first page of the
// segment's first run:
//                            | page header 24 | SegmentHeader | runs[run_count] |
// The header itself names the *last* run, of which `last_used` pages have been handed out; all earlier runs
// are fully handed out and stand in runs[], and when that is full in a chain of segment map pages: Segment
// map:               | page header 24 | SegmentMap | runs[run_count] | which is the first page of the run
// that came when the list overflowed. An extension that adjoins the last run makes it longer instead of
// adding one. Free page of a segment:    | page header 24, type kFree, flags kListed | next free page u64 |
// kListed is cleared when the page is handed out again. So a page below the high-water mark of type kFree
// without kListed is on its way to its user, or was when the machine stopped: a crash between handing out and
// first use costs that page until reclaim_lost_pages(), which VACUUM calls, puts it back on the list.
#pragma once

#include <cstdint>

#include "access/segment.h"
#include "buffer/log_batch.h"
#include "common/bytes.h"
#include "common/check.h"

namespace varve::access {

inline constexpr uint32_t kSpaceFormatVersion = 1;
inline constexpr uint32_t kMapBytes = 8128;
inline constexpr uint32_t kMapExtents = kMapBytes * 8;
inline constexpr uint64_t kStretchPages = uint64_t{kMapExtents} * kExtentPages;
inline constexpr uint32_t kMaxRunExtents = 128;
inline constexpr uint8_t kListed = 1;  // PageHeader::flags of a kFree page

struct SpaceHeader {
  uint32_t version;
  uint32_t page_bytes;
  uint64_t map_count;
};

struct SpaceMap {
  uint32_t free_extents;
  uint32_t reserved;
  uint8_t bits[kMapBytes];
};
static_assert(sizeof(buffer::PageHeader) + sizeof(SpaceMap) <= buffer::kPageBytes);

struct StoredRun {
  uint64_t first;
  uint32_t count;
} __attribute__((packed));

struct CompanionLink {
  uint64_t segment, stamp;
};

inline constexpr uint32_t kHeaderRuns = 670;
struct SegmentHeader {
  SegmentKind kind;
  uint8_t reserved[3];
  uint32_t run_count;
  uint64_t stamp;          // tells this segment from an earlier one with the same header page
  uint64_t earlier_pages;  // of all runs but the last
  uint64_t last_first;
  uint32_t last_count;
  uint32_t last_used;
  uint64_t free_head;
  uint64_t free_count;
  uint64_t map_head, map_tail;
  StoredRun runs[kHeaderRuns];
  CompanionLink companions[kCompanions];  // by Companion; segment 0: none. They go with this one
};
static_assert(sizeof(buffer::PageHeader) + sizeof(SegmentHeader) <= buffer::kPageBytes);

inline constexpr uint32_t kMapRuns = 678;
struct SegmentMap {
  uint64_t next, previous;
  uint32_t run_count;
  uint32_t reserved;
  StoredRun runs[kMapRuns];
};
static_assert(sizeof(buffer::PageHeader) + sizeof(SegmentMap) <= buffer::kPageBytes);

struct FreePage {
  uint64_t next;
};

template <class T>
const T& body_of(const buffer::Page& page) {
  return *reinterpret_cast<const T*>(page.body);
}
template <class T>
T& body_of(buffer::Page& page) {
  return *reinterpret_cast<T*>(page.body);
}

// --- log operations and their payloads
enum SegmentOp : uint8_t {
  kOpSpaceHeader = 0x01,       // SpaceHeader; initialises
  kOpSpaceMapInit = 0x02,      // empty; initialises
  kOpSpaceMapSet = 0x03,       // MapSetPayload
  kOpSegmentInit = 0x04,       // SegmentInitPayload; initialises
  kOpSegmentExtend = 0x05,     // ExtendPayload
  kOpSegmentHandOut = 0x06,    // empty: the next page of the last run
  kOpSegmentFreeHead = 0x07,   // FreeHeadPayload
  kOpPageListed = 0x08,        // ListedPayload, on the page that becomes free
  kOpPageTaken = 0x09,         // empty, on the free page that is handed out
  kOpSegmentMapInit = 0x0A,    // MapInitPayload; initialises
  kOpSegmentMapAppend = 0x0B,  // StoredRun
  kOpSegmentMapLink = 0x0C,    // u64: next
  kOpSegmentMapPop = 0x0D,     // empty
  kOpSegmentShrink = 0x0E,     // ShrinkPayload
  kOpPageCleared = 0x0F,       // empty: the page belongs to nobody; initialises
  kOpSegmentCompanion = 0x1F,  // CompanionPayload
};

struct MapSetPayload {
  uint32_t first, count;
  uint8_t taken;
} __attribute__((packed));

struct SegmentInitPayload {
  SegmentKind kind;
  uint32_t pages;
  uint64_t stamp;
} __attribute__((packed));

enum class ExtendKind : uint8_t { kAdjoining, kPushHere, kPushToMap, kNewMap };
struct ExtendPayload {
  ExtendKind kind;
  uint64_t first;
  uint32_t count;
} __attribute__((packed));

struct FreeHeadPayload {
  uint64_t head;
  int8_t count_change;
} __attribute__((packed));

struct ListedPayload {
  uint64_t next;
  uint64_t segment;
} __attribute__((packed));

struct MapInitPayload {
  uint64_t segment;
  uint64_t previous;
  StoredRun run;
} __attribute__((packed));

struct ShrinkPayload {
  StoredRun last;  // becomes the last run, fully handed out
  uint64_t map_tail;
  uint8_t pop_here;  // it came from runs[] of the header
} __attribute__((packed));

struct CompanionPayload {
  CompanionLink link;
  Companion which;
} __attribute__((packed));

template <class T>
wal::Bytes payload_of(const T& t) {
  return {reinterpret_cast<const uint8_t*>(&t), sizeof(T)};
}
template <class T>
T payload_as(wal::Bytes bytes) {
  VARVE_CHECK(bytes.size() >= sizeof(T));
  return load_raw<T>(bytes.data());
}

// --- for other parts of this module

void register_segment_redo();

// Gives a page back inside the caller's batch: two blocks, the page and the segment header. The page's guard
// comes first (latch order), then prepare(), then add_to().
class PageRelease {
 public:
  Status prepare(buffer::BufferPool& pool, PageId segment);
  void add_to(buffer::LogBatch& batch, buffer::ExclusiveGuard& page);

 private:
  buffer::ExclusiveGuard header_;
  ListedPayload listed_{};
  FreeHeadPayload head_{};
};

}  // namespace varve::access
