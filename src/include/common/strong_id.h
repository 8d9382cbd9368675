// Integers with a meaning: an Lsn is not an Oid, and the compiler knows it.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace varve {

template <class Tag, class Rep>
class StrongId {
 public:
  using rep = Rep;

  constexpr StrongId() = default;
  explicit constexpr StrongId(Rep value) : value_(value) {}

  constexpr Rep value() const { return value_; }
  constexpr auto operator<=>(const StrongId&) const = default;

 private:
  Rep value_ = 0;
};

// Page number in the one global page space of a data directory; 8 KiB each. Page 0 is the space header.
using PageId = StrongId<struct PageIdTag, uint64_t>;
// Byte position in the log: a record's Lsn is the position just behind it. Never restarts; 0 means "none".
using Lsn = StrongId<struct LsnTag, uint64_t>;
// Writer transaction number; 64 bits, never wraps. 0 means "none".
using Xid = StrongId<struct XidTag, uint64_t>;
// Commit number = LSN of the commit record. A snapshot is one Csn: it sees every commit with csn <= snapshot.
using Csn = StrongId<struct CsnTag, uint64_t>;
// PostgreSQL object id. 0 means "invalid".
using Oid = StrongId<struct OidTag, uint32_t>;

inline constexpr PageId kInvalidPageId{0};
inline constexpr Lsn kInvalidLsn{0};
inline constexpr Csn kLastCsn{UINT64_MAX};
inline constexpr Xid kInvalidXid{0};
inline constexpr Oid kInvalidOid{0};

// Where a row lives: stable for the row's whole life, whatever updates happen to it.
struct Tid {
  PageId page;
  uint16_t slot = 0;

  constexpr auto operator<=>(const Tid&) const = default;
  constexpr bool valid() const { return page != kInvalidPageId; }
  // 48-bit page number in the high bits, slot in the low 16: orders like (page, slot).
  constexpr uint64_t packed() const { return page.value() << 16 | slot; }
  static constexpr Tid unpack(uint64_t packed) {
    return Tid{PageId{packed >> 16}, static_cast<uint16_t>(packed & 0xFFFF)};
  }
};

}  // namespace varve

template <class Tag, class Rep>
struct std::hash<varve::StrongId<Tag, Rep>> {
  size_t operator()(varve::StrongId<Tag, Rep> id) const noexcept { return std::hash<Rep>{}(id.value()); }
};
