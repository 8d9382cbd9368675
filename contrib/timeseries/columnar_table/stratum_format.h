// What the heaps beside a columnar table's delta hold, and how settled rows are named.
//
// A stratum is one segment of columns (columnar/format.h) of the table. Its row in the heap of strata:
//
//   StratumRow (64 bytes, so that a page has at most 128 of them)
//   directory, a value out of line:  u32 head bytes | head of the segment | DirectoryEntry × columns
//   each column's chunk is a value out of line of its own, so that one can be read without the others
//
// Column i of a stratum is column i of the table's row layout, as many as the table had when the rows
// settled.
//
// Mark, a row in the heap of marks: this settled row is deleted; by an update if `moved_to` is not 0. The new
// place is one of the delta's, so the highest bit is free: the update has left the keys alone that others may
// refer to.
//
//   Page number of a settled row's Tid:
//   47         46              14    13          7   6            0
//   +----------+-----------------+-----------------+--------------+      slot: row in the vector + 1
//   | 1        | page of the stratum's row | its slot | vector    |
//   +----------+-----------------+-----------------+--------------+
#pragma once

#include <cstdint>

#include "access/column_store.h"
#include "access/overflow.h"

namespace varve::columnar_table {

inline constexpr uint16_t kStratumVersion = 1;

struct StratumRow {
  uint16_t version;
  uint16_t columns;
  uint32_t rows;
  uint64_t bytes;  // of the segment
  access::OverflowPointer directory;
  uint8_t zero[18];
} __attribute__((packed));
static_assert(sizeof(StratumRow) == 64);

struct DirectoryEntry {
  uint8_t physical;  // types::PhysicalType
  uint8_t zero;
  access::OverflowPointer chunk;
} __attribute__((packed));
static_assert(sizeof(DirectoryEntry) == 32);

struct MarkRow {
  uint64_t row;       // Tid::packed() of the settled row
  uint64_t moved_to;  // of its new place, or 0; kKeyKept
} __attribute__((packed));
inline constexpr uint64_t kKeyKept = uint64_t{1} << 63;

inline constexpr uint32_t kVectorBits = 7, kStratumSlotBits = 7;
inline constexpr uint32_t kMaxVectors = 1U << kVectorBits;
inline constexpr uint64_t kMaxStratumPage = (uint64_t{1} << (47 - kVectorBits - kStratumSlotBits)) - 1;

// Whether a stratum with its row there can be named.
constexpr bool can_name(Tid stratum) {
  return stratum.page.value() <= kMaxStratumPage && stratum.slot < (1U << kStratumSlotBits);
}
constexpr PageId settled_page(Tid stratum, uint32_t vector) {
  return PageId{access::kSettledBit | stratum.page.value() << (kVectorBits + kStratumSlotBits) |
                uint64_t{stratum.slot} << kVectorBits | vector};
}
constexpr Tid stratum_of(PageId settled) {
  const uint64_t number = settled.value() & ~access::kSettledBit;
  return {PageId{number >> (kVectorBits + kStratumSlotBits)},
          static_cast<uint16_t>(number >> kVectorBits & ((1U << kStratumSlotBits) - 1))};
}
constexpr uint32_t vector_of(PageId settled) {
  return static_cast<uint32_t>(settled.value() & (kMaxVectors - 1));
}
// No row's: what is locked to keep the whole stratum where it is.
constexpr Tid lock_of(Tid stratum) { return {settled_page(stratum, 0), 0}; }

}  // namespace varve::columnar_table
