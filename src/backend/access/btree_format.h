// The B-tree node and the payloads of its log operations.
//
//   0        24           64                                            heap_begin                      8192
//   +--------+------------+--------+--------+--- - ---+-----~~~---------+---------+-------+-------+-------+
//   | page   | NodeHeader | slot 0 | slot 1 |         | free            | entries | upper fence   | lower
//   fence |
//   +--------+------------+--------+--------+--- - ---+-----~~~---------+---------+-------+-------+-------+
//
// A node covers the pairs (key, tid) with lower <= pair < upper; without a right sibling there is no upper
// fence. All keys in it begin with the common prefix of its two fences, which entries leave out: the rest is
// the suffix. A slot holds the first four bytes of its suffix (big-endian, zero-padded), so that a search
// seldom leaves the slot array.
//   leaf entry:  | tid u64   | suffix from byte 4 on |
//   inner entry: | child u64 | tid u64, if kWithTid | suffix from byte 4 on |
// An inner entry's key is its child's lower fence; that of entry 0 is the node's own and is not stored. A
// separator between leaves is the shortest that parts them: mostly a piece of a key and no tid (which counts
// as 0).
//
// The root is the page behind the segment header for ever: when it splits, its content moves into two new
// pages.
#pragma once

#include <cstdint>
#include <cstring>

#include "access/btree.h"
#include "buffer/page.h"
#include "common/bytes.h"
#include "common/check.h"

namespace varve::access {

struct NodeHeader {
  uint64_t right;  // page of the right sibling; 0: none
  uint8_t level;   // 0: leaf
  uint8_t
      ascending;  // how many insertions in a row came just behind the one before (saturates): steers splits
  uint16_t count;
  uint16_t heap_begin;
  uint16_t garbage;  // bytes of removed entries above heap_begin
  uint16_t lower_length, upper_length, prefix_length;
  uint16_t last_insert;
  uint64_t lower_tid, upper_tid;
};
static_assert(sizeof(NodeHeader) == 40);

struct Slot {
  uint32_t head;
  uint16_t offset;
  uint16_t word;  // low 12 bits: length of the suffix; then flags

  uint32_t length() const { return word & 0xFFF; }
};
static_assert(sizeof(Slot) == 8);

inline constexpr uint16_t kMarked = 1 << 12;
inline constexpr uint16_t kWithTid = 1 << 13;
static_assert(kMaxKeyBytes < 1 << 12);

inline constexpr uint32_t kSlotsAt = sizeof(buffer::PageHeader) + sizeof(NodeHeader);
static_assert(kSlotsAt == 64);
inline constexpr uint32_t kMaxSlots = (buffer::kPageBytes - kSlotsAt) / (sizeof(Slot) + 8);
// The slot array seen in blocks of 512 bytes of the page: for the first step of a search.
inline constexpr uint32_t kBlockSlots = 512 / sizeof(Slot);
inline constexpr uint32_t kFirstBlockSlots = (512 - kSlotsAt) / sizeof(Slot);
// Slots, fences and entries share these.
inline constexpr uint32_t kNodeRoom = buffer::kPageBytes - kSlotsAt;

// A position in the order of a tree.
struct Pair {
  const uint8_t* key = nullptr;
  uint32_t size = 0;
  uint64_t tid = 0;

  Pair() = default;
  Pair(const uint8_t* k, uint32_t n, uint64_t t) : key(k), size(n), tid(t) {}
  Pair(wal::Bytes k, uint64_t t) : key(k.data()), size(static_cast<uint32_t>(k.size())), tid(t) {}
  wal::Bytes bytes() const { return {key, size}; }
  bool is_lowest() const { return size == 0 && tid == 0; }
};

inline int compare_bytes(const uint8_t* a, uint32_t na, const uint8_t* b, uint32_t nb) {
  uint32_t n = na < nb ? na : nb;
  int c = n == 0 ? 0 : std::memcmp(a, b, n);
  return c != 0 ? c : na < nb ? -1 : na > nb ? 1 : 0;
}
inline int compare(const Pair& a, const Pair& b) {
  int c = compare_bytes(a.key, a.size, b.key, b.size);
  return c != 0 ? c : a.tid < b.tid ? -1 : a.tid > b.tid ? 1 : 0;
}
inline uint32_t common_prefix(const Pair& a, const Pair& b) {
  uint32_t n = a.size < b.size ? a.size : b.size, i = 0;
  while (i < n && a.key[i] == b.key[i]) ++i;
  return i;
}
inline bool begins_with(wal::Bytes key, wal::Bytes prefix) {
  return key.size() >= prefix.size() &&
         (prefix.empty() || std::memcmp(key.data(), prefix.data(), prefix.size()) == 0);
}

inline uint32_t suffix_head(const uint8_t* suffix, uint32_t n) {
  if (n >= 4) return load_be<uint32_t>(suffix);
  uint32_t head = 0;
  for (uint32_t i = 0; i < n; ++i) head |= uint32_t{suffix[i]} << (24 - 8 * i);
  return head;
}

// Reads a node. Also of a page that changes meanwhile (optimistic reads): every offset is checked against the
// page, so garbage yields a wrong answer, which validate() then throws away, and never a wild access.
class NodeView {
 public:
  explicit NodeView(const buffer::Page& page) : p_(page.bytes()) {}

  const NodeHeader& header() const {
    return *reinterpret_cast<const NodeHeader*>(p_ + sizeof(buffer::PageHeader));
  }
  const buffer::PageHeader& page_header() const { return *reinterpret_cast<const buffer::PageHeader*>(p_); }
  bool is_node_of(PageId segment) const {
    return page_header().type == buffer::PageType::kBtree && page_header().segment == segment.value();
  }
  // Asks for what a search reads first.
  static void prefetch(const buffer::Page& page) {
    for (uint32_t at = 0; at < buffer::kPageBytes / 2; at += 512) __builtin_prefetch(page.bytes() + at);
  }
  bool is_leaf() const { return header().level == 0; }
  uint32_t count() const {
    uint32_t n = header().count;
    return n <= kMaxSlots ? n : kMaxSlots;
  }
  bool rightmost() const { return header().right == 0; }
  PageId right() const { return PageId{header().right}; }

  // Fences and prefix: only under a latch.
  Pair lower() const {
    const auto& h = header();
    return {p_ + buffer::kPageBytes - h.lower_length, h.lower_length, h.lower_tid};
  }
  Pair upper() const {
    const auto& h = header();
    return {p_ + buffer::kPageBytes - h.lower_length - h.upper_length, h.upper_length, h.upper_tid};
  }
  bool covers(const Pair& pair) const {
    return compare(lower(), pair) <= 0 && (rightmost() || compare(pair, upper()) < 0);
  }
  // Of a pair that is not before the node: is it in it?
  bool ends_behind(const Pair& pair) const { return rightmost() || compare(pair, upper()) < 0; }
  // For a search that comes from above and wants what is just below `pair`.
  bool covers_below(const Pair& pair) const {
    return compare(lower(), pair) < 0 && (rightmost() || compare(pair, upper()) <= 0);
  }
  uint32_t prefix_length() const { return header().prefix_length; }
  const uint8_t* prefix() const { return p_ + buffer::kPageBytes - header().lower_length; }

  Slot slot(uint32_t i) const { return slots()[i]; }
  const Slot* slots() const { return reinterpret_cast<const Slot*>(p_ + kSlotsAt); }
  // The tid of a leaf entry, the child of an inner one.
  uint64_t value(const Slot& s) const {
    return s.offset <= buffer::kPageBytes - 8 ? load_raw<uint64_t>(p_ + s.offset) : 0;
  }
  Tid tid(uint32_t i) const { return Tid::unpack(value(slot(i))); }
  PageId child(uint32_t i) const { return PageId{value(slot(i))}; }
  static bool marked(const Slot& s) { return (s.word & kMarked) != 0; }

  static uint32_t rest_length(const Slot& s) { return s.length() > 4 ? s.length() - 4 : 0; }
  static uint32_t entry_bytes(const Slot& s) {
    return 8 + ((s.word & kWithTid) != 0 ? 8 : 0) + rest_length(s);
  }
  // nullptr if out of the page.
  const uint8_t* rest(const Slot& s) const {
    if (s.offset + entry_bytes(s) > buffer::kPageBytes) return nullptr;
    return p_ + s.offset + entry_bytes(s) - rest_length(s);
  }

  // The whole key of an entry, put together in `buffer` (kMaxKeyBytes long). Under a latch. For entry 0 of an
  // inner node: the lower fence.
  Pair full_key(uint32_t i, uint8_t* buffer) const {
    if (!is_leaf() && i == 0) return lower();
    Slot s = slot(i);
    uint32_t prefix = prefix_length();
    if (prefix != 0) std::memcpy(buffer, this->prefix(), prefix);
    copy_suffix(s, buffer + prefix);
    return {buffer, prefix + s.length(), entry_tid(s)};
  }
  void copy_suffix(const Slot& s, uint8_t* to) const {
    if (s.length() == 0) return;  // `to` may be null then
    uint8_t head[4];
    store_be<uint32_t>(head, s.head);
    std::memcpy(to, head, s.length() < 4 ? s.length() : 4);
    if (s.length() > 4) std::memcpy(to + 4, rest(s), s.length() - 4);
  }
  uint64_t entry_tid(const Slot& s) const {
    if (is_leaf()) return value(s);
    return (s.word & kWithTid) != 0 && s.offset <= buffer::kPageBytes - 16
               ? load_raw<uint64_t>(p_ + s.offset + 8)
               : 0;
  }

  // First entry at or behind `pair`, which the node covers, within [from, count).
  uint32_t lower_bound(const Pair& pair, uint32_t from) const {
    uint32_t skip = prefix_length();
    if (skip > pair.size) return from;  // garbage, or a pair before the node's range
    const uint8_t* suffix = pair.key + skip;
    uint32_t size = pair.size - skip;
    uint32_t head = suffix_head(suffix, size);
    const Slot* s = slots();
    uint32_t n = count();
    if (from >= n) return n;
    // By heads alone, without branches to mispredict: first over the slots at the beginnings of 512-byte
    // blocks, which prefetch() has asked for together with the header, then within a block, whose lines are
    // asked for at once. A cold node so costs three waits for memory (with the entry's) and not one for every
    // step.
    uint32_t base = from, end = kFirstBlockSlots;
    for (uint32_t at = kFirstBlockSlots; at < kMaxSlots; at += kBlockSlots) {
      bool before = at < n && s[at].head < head;
      base = before ? at : base;
      end = before ? at + kBlockSlots : end;
    }
    end = end < n ? end : n;
    if (base >= end) return end;
    for (uint32_t i = base; i < end; i += 8) __builtin_prefetch(s + i);
    const Slot* at = s + base;
    for (uint32_t length = end - base; length > 1;) {
      uint32_t half = length / 2;
      at += at[half - 1].head < head ? half : 0;
      length -= half;
    }
    auto lo = static_cast<uint32_t>(at - s) + (at->head < head ? 1 : 0);
    if (lo == n || s[lo].head != head) return lo;
    return bound_among_equal_heads(lo, n, head, suffix, size, pair.tid);
  }

  // The entry of an inner node whose child covers `pair`.
  uint32_t child_for(const Pair& pair) const {
    uint32_t i = lower_bound(pair, 1);
    if (i < count() && compare_entry(slot(i), pair) == 0) return i;
    return i == 0 ? 0 : i - 1;
  }
  // The entry whose child covers what is just below `pair`.
  uint32_t child_below(const Pair& pair) const {
    uint32_t i = lower_bound(pair, 1);
    return i == 0 ? 0 : i - 1;
  }

  // < 0: the entry lies before the pair.
  int compare_entry(const Slot& s, const Pair& pair) const {
    uint32_t skip = prefix_length();
    if (skip > pair.size) return 1;
    uint32_t head = suffix_head(pair.key + skip, pair.size - skip);
    if (s.head != head) return s.head < head ? -1 : 1;
    return compare_rest(s, pair.key + skip, pair.size - skip, pair.tid);
  }
  // The entry's key begins with `key`, which begins with the node's prefix.
  bool entry_begins_with(const Slot& s, wal::Bytes key) const {
    uint32_t skip = prefix_length();
    if (skip >= key.size()) return true;
    auto n = static_cast<uint32_t>(key.size()) - skip;
    if (s.length() < n) return false;
    const uint8_t* suffix = key.data() + skip;
    if (n >= 4) {
      if (s.head != load_be<uint32_t>(suffix)) return false;
      const uint8_t* r = rest(s);
      return r != nullptr && (n == 4 || std::memcmp(r, suffix + 4, n - 4) == 0);
    }
    return n == 0 || (s.head ^ suffix_head(suffix, n)) >> (32 - 8 * n) == 0;
  }

  uint32_t free_bytes() const {
    const auto& h = header();
    return h.heap_begin - (kSlotsAt + uint32_t{h.count} * 8) + h.garbage;
  }
  uint32_t used_bytes() const { return kNodeRoom - free_bytes(); }
  // What one more entry with this whole key takes.
  uint32_t bytes_for(uint32_t key_size, bool with_tid) const {
    uint32_t suffix = key_size - prefix_length();
    return static_cast<uint32_t>(sizeof(Slot)) + 8 + (with_tid ? 8 : 0) + (suffix > 4 ? suffix - 4 : 0);
  }

 private:
  // Heads being equal: the rest, then the length, then the tid.
  int compare_rest(const Slot& s, const uint8_t* suffix, uint32_t size, uint64_t tid) const {
    uint32_t mine = rest_length(s), theirs = size > 4 ? size - 4 : 0;
    uint32_t n = mine < theirs ? mine : theirs;
    if (n != 0) {
      const uint8_t* r = rest(s);
      if (r == nullptr) return 1;
      int c = std::memcmp(r, suffix + 4, n);
      if (c != 0) return c;
    }
    if (s.length() != size) return s.length() < size ? -1 : 1;
    uint64_t t = entry_tid(s);
    return t < tid ? -1 : t > tid ? 1 : 0;
  }
  uint32_t bound_among_equal_heads(uint32_t lo, uint32_t hi, uint32_t head, const uint8_t* suffix,
                                   uint32_t size, uint64_t tid) const {
    while (lo < hi) {
      uint32_t middle = (lo + hi) / 2;
      Slot s = slot(middle);
      if (s.head < head || (s.head == head && compare_rest(s, suffix, size, tid) < 0)) {
        lo = middle + 1;
      } else {
        hi = middle;
      }
    }
    return lo;
  }

  const uint8_t* p_;
};

// --- log operations and their payloads
enum BtreeOp : uint8_t {
  kOpNodeImage = 0x40,   // NodeImagePayload, low part, high part; initialises
  kOpNodeInsert = 0x41,  // InsertPayload, tid u64 if kWithTid, suffix
  kOpNodeRemove = 0x42,  // u16 position
  kOpNodeMark = 0x43,    // MarkPayload
  kOpNodeTrim =
      0x44,  // TrimPayload, upper fence: keeps the first entries, the rest has gone to a new right sibling
  kOpNodeInsertMany = 0x45,  // u16 count, then for each InsertPayload and suffix; into a leaf
};

// A page without the hole in its middle.
struct NodeImagePayload {
  uint64_t segment;
  uint16_t low_bytes;  // from byte 24 on; what follows in the payload is the page's end
} __attribute__((packed));

struct InsertPayload {
  uint16_t position;  // kOpNodeInsertMany: among the entries before all of them, in ascending order
  uint16_t word;   // as in Slot
  uint64_t value;  // tid or child
} __attribute__((packed));

struct MarkPayload {
  uint16_t position;
  uint8_t marked;
} __attribute__((packed));

struct TrimPayload {
  uint16_t keep;
  uint64_t right;
  uint64_t upper_tid;
} __attribute__((packed));

// Undo of kOpNodeInsertMany, behind the UndoHeader (whose tid is the first's):
//   | count u16 | shared u16 | first `shared` bytes of every key | count times: tid u64, length u16, rest of the key
inline constexpr size_t kUndoManyEntryBytes = sizeof(uint64_t) + sizeof(uint16_t);

inline constexpr size_t kMaxInsertPayload = sizeof(InsertPayload) + 8 + kMaxKeyBytes;

void register_btree_redo();

}  // namespace varve::access
