// The 8 KiB page and the header that every kind of page shares.
//
//   0        4      5       6          8        16         24                                   8192
//   +--------+------+-------+----------+--------+----------+------------------------------------+
//   | crc32c | type | flags | reserved | lsn    | segment  | body, as the page's type defines it |
//   +--------+------+-------+----------+--------+----------+------------------------------------+
//
// crc32c covers bytes 4..8191 and is seeded with the page id, so a page written to the wrong place is found.
// It is computed when a page is written out and checked when it is read in. A page of zeros is valid and
// means "never written". `segment` is the segment header page that owns the page (0: none).
#pragma once

#include <cstddef>
#include <cstdint>

#include "common/strong_id.h"

namespace varve::buffer {

inline constexpr size_t kPageBytes = 8192;

enum class PageType : uint8_t {
  kFree = 0,
  kSpaceHeader = 1,
  kSpaceMap = 2,
  kSegmentHeader = 3,
  kSegmentMap = 4,
  kHeap = 5,
  kBtree = 6,
  kSequence = 7,
  kOverflow = 8,
};

struct PageHeader {
  uint32_t crc32c;
  PageType type;
  uint8_t flags;  // the page type's own
  uint16_t reserved;
  uint64_t lsn;      // end of the last record applied to this page
  uint64_t segment;  // page id of the owning segment's header
};
static_assert(sizeof(PageHeader) == 24);

// A page in memory. In the pool it lies at a multiple of its size; copies elsewhere need only this alignment.
struct alignas(8) Page {
  PageHeader header;
  uint8_t body[kPageBytes - sizeof(PageHeader)];

  uint8_t* bytes() { return reinterpret_cast<uint8_t*>(this); }
  const uint8_t* bytes() const { return reinterpret_cast<const uint8_t*>(this); }
  Lsn lsn() const { return Lsn{header.lsn}; }
};
static_assert(sizeof(Page) == kPageBytes);

uint32_t page_checksum(PageId id, const Page& page);
bool page_is_zero(const Page& page);

}  // namespace varve::buffer
