// What the B-tree's log operations do to a page, and the building of whole nodes.
#include "btree_node.h"

#include <algorithm>
#include <array>

#include "segment_format.h"
#include "txn/undo.h"
#include "wal/redo.h"

namespace varve::access {

using buffer::kPageBytes;
using buffer::Page;
using buffer::PageType;

namespace {

NodeHeader& header_of(Page& page) { return *reinterpret_cast<NodeHeader*>(page.body); }
Slot* slots_of(Page& page) { return reinterpret_cast<Slot*>(page.bytes() + kSlotsAt); }

uint32_t fences_begin(const NodeHeader& h) {
  return static_cast<uint32_t>(kPageBytes) - h.lower_length - h.upper_length;
}

// Moves the entries together, so that all free bytes lie between slots and entries.
void compact(Page& page) {
  NodeHeader& h = header_of(page);
  uint8_t old[kPageBytes];
  std::memcpy(old + h.heap_begin, page.bytes() + h.heap_begin, kPageBytes - h.heap_begin);
  uint32_t at = fences_begin(h);
  Slot* slots = slots_of(page);
  for (uint32_t i = 0; i < h.count; ++i) {
    uint32_t n = NodeView::entry_bytes(slots[i]);
    at -= n;
    std::memcpy(page.bytes() + at, old + slots[i].offset, n);
    slots[i].offset = static_cast<uint16_t>(at);
  }
  h.heap_begin = static_cast<uint16_t>(at);
  h.garbage = 0;
}

// Puts an entry into the node. `suffix` has the length that `word` says.
void insert_entry(Page& page, uint32_t position, uint16_t word, uint64_t value, uint64_t tid,
                  const uint8_t* suffix) {
  NodeHeader& h = header_of(page);
  Slot slot{0, 0, word};
  slot.head = suffix_head(suffix, slot.length());
  uint32_t n = NodeView::entry_bytes(slot);
  VARVE_CHECK(position <= h.count);
  if (h.heap_begin < kSlotsAt + (h.count + 1U) * 8 + n) compact(page);
  VARVE_CHECK(h.heap_begin >= kSlotsAt + (h.count + 1U) * 8 + n);
  h.heap_begin = static_cast<uint16_t>(h.heap_begin - n);
  slot.offset = h.heap_begin;
  uint8_t* to = page.bytes() + h.heap_begin;
  store_raw(to, value);
  if ((word & kWithTid) != 0) store_raw(to + 8, tid);
  if (slot.length() > 4) std::memcpy(to + n - (slot.length() - 4), suffix + 4, slot.length() - 4);
  Slot* slots = slots_of(page);
  std::memmove(slots + position + 1, slots + position, (h.count - position) * sizeof(Slot));
  slots[position] = slot;
  ++h.count;
}

void redo_image(PageId, Page& page, wal::Bytes payload) {
  auto p = payload_as<NodeImagePayload>(payload);
  wal::Bytes rest = payload.subspan(sizeof(p));
  VARVE_CHECK(p.low_bytes <= rest.size() && rest.size() <= sizeof(page.body));
  page.header.type = PageType::kBtree;
  page.header.flags = 0;
  page.header.reserved = 0;
  page.header.segment = p.segment;
  size_t high = rest.size() - p.low_bytes;
  std::memcpy(page.body, rest.data(), p.low_bytes);
  std::memset(page.body + p.low_bytes, 0, sizeof(page.body) - rest.size());
  std::memcpy(page.bytes() + kPageBytes - high, rest.data() + p.low_bytes, high);
}

void redo_insert(PageId, Page& page, wal::Bytes payload) {
  auto p = payload_as<InsertPayload>(payload);
  const uint8_t* rest = payload.data() + sizeof(p);
  uint64_t tid = 0;
  if ((p.word & kWithTid) != 0) {
    tid = load_raw<uint64_t>(rest);
    rest += 8;
  }
  NodeHeader& h = header_of(page);
  h.ascending = p.position == h.last_insert + 1 ? static_cast<uint8_t>(std::min(h.ascending + 1, 255)) : 0;
  h.last_insert = p.position;
  insert_entry(page, p.position, p.word, p.value, tid, rest);
}

// As if one after the other, but every slot moves once.
void redo_insert_many(PageId, Page& page, wal::Bytes payload) {
  struct New {
    uint32_t position;
    Slot slot;
  };
  std::array<New, kMaxSlots> fresh;
  NodeHeader& h = header_of(page);
  const uint32_t count = payload_as<uint16_t>(payload);
  VARVE_CHECK(count != 0 && h.count + count <= kMaxSlots);
  const uint8_t* at = payload.data() + sizeof(uint16_t);
  const uint8_t* const end = payload.data() + payload.size();
  uint32_t bytes = 0;
  for (uint32_t i = 0; i < count; ++i) {
    VARVE_CHECK(static_cast<size_t>(end - at) >= sizeof(InsertPayload));
    const auto p = load_raw<InsertPayload>(at);
    fresh[i] = {p.position, Slot{0, 0, p.word}};
    const uint32_t length = fresh[i].slot.length();
    VARVE_CHECK(p.position <= h.count && (i == 0 || fresh[i - 1].position <= p.position));
    VARVE_CHECK(static_cast<size_t>(end - at) >= sizeof(InsertPayload) + length);
    bytes += NodeView::entry_bytes(fresh[i].slot);
    at += sizeof(InsertPayload) + length;
  }
  if (h.heap_begin < kSlotsAt + (h.count + count) * 8 + bytes) compact(page);
  VARVE_CHECK(h.heap_begin >= kSlotsAt + (h.count + count) * 8 + bytes);
  at = payload.data() + sizeof(uint16_t);
  for (uint32_t i = 0; i < count; ++i) {
    const auto p = load_raw<InsertPayload>(at);
    const uint8_t* const suffix = at + sizeof(InsertPayload);
    Slot& slot = fresh[i].slot;
    const uint32_t length = slot.length(), n = NodeView::entry_bytes(slot);
    slot.head = suffix_head(suffix, length);
    h.heap_begin = static_cast<uint16_t>(h.heap_begin - n);
    slot.offset = h.heap_begin;
    store_raw(page.bytes() + h.heap_begin, p.value);
    if (length > 4) std::memcpy(page.bytes() + h.heap_begin + n - (length - 4), suffix + 4, length - 4);
    const uint32_t position = fresh[i].position + i;
    h.ascending = position == h.last_insert + 1U ? static_cast<uint8_t>(std::min(h.ascending + 1, 255)) : 0;
    h.last_insert = static_cast<uint16_t>(position);
    at = suffix + length;
  }
  Slot* slots = slots_of(page);
  uint32_t behind = h.count;  // old entries from here on are in their places
  for (uint32_t i = count; i-- > 0;) {
    const uint32_t position = fresh[i].position;
    std::memmove(slots + position + i + 1, slots + position, (behind - position) * sizeof(Slot));
    slots[position + i] = fresh[i].slot;
    behind = position;
  }
  h.count = static_cast<uint16_t>(h.count + count);
}

void redo_remove(PageId, Page& page, wal::Bytes payload) {
  auto position = payload_as<uint16_t>(payload);
  NodeHeader& h = header_of(page);
  VARVE_CHECK(position < h.count);
  Slot* slots = slots_of(page);
  h.garbage = static_cast<uint16_t>(h.garbage + NodeView::entry_bytes(slots[position]));
  std::memmove(slots + position, slots + position + 1, (h.count - position - 1U) * sizeof(Slot));
  if (--h.count == 0) {
    h.heap_begin = static_cast<uint16_t>(fences_begin(h));
    h.garbage = 0;
  }
}

void redo_mark(PageId, Page& page, wal::Bytes payload) {
  auto p = payload_as<MarkPayload>(payload);
  VARVE_CHECK(p.position < header_of(page).count);
  uint16_t& word = slots_of(page)[p.position].word;
  word = static_cast<uint16_t>(p.marked != 0 ? word | kMarked : word & ~kMarked);
}

void redo_trim(PageId, Page& page, wal::Bytes payload) {
  auto p = payload_as<TrimPayload>(payload);
  wal::Bytes fence = payload.subspan(sizeof(p));
  Page old;
  std::memcpy(old.bytes(), page.bytes(), kPageBytes);
  NodeView view(old);
  NodeBuilder builder(&page, view.header().level, PageId{p.right}, view.lower(), Pair(fence, p.upper_tid));
  VARVE_CHECK(p.keep <= view.count() && builder.append_from(view, 0, p.keep));
  header_of(page).ascending = view.header().ascending;
  header_of(page).last_insert = view.header().last_insert;
}

}  // namespace

NodeBuilder::NodeBuilder(Page* page, uint8_t level, PageId right, const Pair& lower, const Pair& upper)
    : page_(page) {
  std::memset(page->body, 0, sizeof(page->body));
  NodeHeader& h = header();
  h.level = level;
  h.right = right.value();
  h.lower_length = static_cast<uint16_t>(lower.size);
  h.lower_tid = lower.tid;
  if (lower.size != 0) std::memcpy(page->bytes() + kPageBytes - lower.size, lower.key, lower.size);
  if (h.right != 0) {
    h.upper_length = static_cast<uint16_t>(upper.size);
    h.upper_tid = upper.tid;
    if (upper.size != 0) std::memcpy(page->bytes() + fences_begin(h), upper.key, upper.size);
    h.prefix_length = static_cast<uint16_t>(common_prefix(lower, upper));
  }
  h.heap_begin = static_cast<uint16_t>(fences_begin(h));
}

bool NodeBuilder::append(const Pair& key, PageId child, bool marked) {
  NodeHeader& h = header();
  bool inner = h.level != 0;
  bool first_child = inner && h.count == 0;
  uint32_t skip = first_child ? key.size : h.prefix_length;
  bool with_tid = inner && !first_child && key.tid != 0;
  Slot probe{0, 0, static_cast<uint16_t>(key.size - skip)};
  if (with_tid) probe.word |= kWithTid;
  if (marked) probe.word |= kMarked;
  if (kSlotsAt + (h.count + 1U) * 8 + NodeView::entry_bytes(probe) > h.heap_begin) return false;
  insert_entry(*page_, h.count, probe.word, inner ? child.value() : key.tid, key.tid, key.key + skip);
  return true;
}

bool NodeBuilder::append_from(const NodeView& node, uint32_t first, uint32_t last) {
  uint8_t buffer[kMaxKeyBytes];
  for (uint32_t i = first; i < last; ++i) {
    Slot s = node.slot(i);
    if (!append(node.full_key(i, buffer), PageId{node.value(s)}, NodeView::marked(s))) return false;
  }
  return true;
}

NodeImage::NodeImage(const Page& node, PageId segment) {
  const NodeHeader& h = NodeView(node).header();
  NodeImagePayload p{segment.value(),
                     static_cast<uint16_t>(sizeof(NodeHeader) + size_t{h.count} * sizeof(Slot))};
  size_t high = kPageBytes - h.heap_begin;
  std::memcpy(bytes_, &p, sizeof(p));
  std::memcpy(bytes_ + sizeof(p), node.body, p.low_bytes);
  std::memcpy(bytes_ + sizeof(p) + p.low_bytes, node.bytes() + h.heap_begin, high);
  size_ = sizeof(p) + p.low_bytes + high;
}

void InsertImage::make(const NodeView& node, uint32_t position, const Pair& key, uint64_t value) {
  uint32_t skip = node.prefix_length();
  bool with_tid = !node.is_leaf() && key.tid != 0;
  InsertPayload p{static_cast<uint16_t>(position),
                  static_cast<uint16_t>((key.size - skip) | (with_tid ? kWithTid : 0U)), value};
  std::memcpy(bytes_, &p, sizeof(p));
  size_ = sizeof(p);
  if (with_tid) {
    store_raw(bytes_ + size_, key.tid);
    size_ += 8;
  }
  if (key.size > skip) std::memcpy(bytes_ + size_, key.key + skip, key.size - skip);
  size_ += key.size - skip;
}

void InsertManyImage::begin(const NodeView& leaf) {
  count_ = 0;
  prefix_ = leaf.prefix_length();
  room_ = leaf.free_bytes();
  payload_size_ = sizeof(uint16_t);
}

bool InsertManyImage::add(uint32_t position, const Pair& pair) {
  const uint32_t suffix = pair.size - prefix_;
  const auto bytes = static_cast<uint32_t>(sizeof(Slot)) + 8 + (suffix > 4 ? suffix - 4 : 0);
  if (bytes > room_) return false;
  room_ -= bytes;
  store_raw(payload_ + payload_size_,
            InsertPayload{static_cast<uint16_t>(position), static_cast<uint16_t>(suffix), pair.tid});
  payload_size_ += sizeof(InsertPayload);
  if (suffix != 0) std::memcpy(payload_ + payload_size_, pair.key + prefix_, suffix);
  payload_size_ += suffix;
  store_raw(payload_, static_cast<uint16_t>(++count_));
  return true;
}

void InsertManyImage::make_undo(PageId segment, std::span<const Btree::NewEntry> keys,
                                std::vector<uint8_t>* undo) const {
  // In order, so what the first and the last share all do.
  const uint32_t shared = common_prefix(Pair(keys.front().key, 0), Pair(keys.back().key, 0));
  auto append = [undo](const void* bytes, size_t n) {
    const auto* from = static_cast<const uint8_t*>(bytes);
    undo->insert(undo->end(), from, from + n);
  };
  const txn::UndoHeader header{txn::UndoKind::kIndexInsertMany, 0, 0, segment.value(),
                               keys.front().tid.packed()};
  const uint16_t counts[] = {static_cast<uint16_t>(keys.size()), static_cast<uint16_t>(shared)};
  undo->clear();
  append(&header, sizeof(header));
  append(counts, sizeof(counts));
  append(keys.front().key.data(), shared);
  for (const Btree::NewEntry& entry : keys) {
    const uint64_t tid = entry.tid.packed();
    const auto rest = static_cast<uint16_t>(entry.key.size() - shared);
    append(&tid, sizeof(tid));
    append(&rest, sizeof(rest));
    append(entry.key.data() + shared, rest);
  }
}

void register_btree_redo() {
  wal::register_redo(kOpNodeImage, redo_image);
  wal::register_redo(kOpNodeInsert, redo_insert);
  wal::register_redo(kOpNodeRemove, redo_remove);
  wal::register_redo(kOpNodeMark, redo_mark);
  wal::register_redo(kOpNodeTrim, redo_trim);
  wal::register_redo(kOpNodeInsertMany, redo_insert_many);
}

}  // namespace varve::access
