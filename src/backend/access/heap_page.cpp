#include "heap_page.h"

#include <algorithm>
#include <array>

#include "common/check.h"

namespace varve::access {

using buffer::kPageBytes;
using buffer::Page;

namespace {

HeapSlot* slot_at(Page& page, uint16_t slot) {
  return reinterpret_cast<HeapSlot*>(page.bytes() + kPageBytes - sizeof(HeapSlot) * (slot + 1u));
}

size_t directory_start(const Page& page) {
  return kPageBytes - sizeof(HeapSlot) * heap_header(page).slot_count;
}

size_t capacity_for(size_t total) { return std::max(total, kMinRowCapacity); }

void note_writer(Page& page, uint64_t xid) {
  auto& h = heap_header(page);
  h.newest_xid = std::max(h.newest_xid, xid);
}

// Gives the bytes [offset, offset + size) back.
void release_bytes(Page& page, size_t offset, size_t size) {
  auto& h = heap_header(page);
  if (offset + size == h.data_end)
    h.data_end = static_cast<uint16_t>(offset);
  else
    h.garbage = static_cast<uint16_t>(h.garbage + size);
}

uint8_t* claim_bytes(Page& page, HeapSlot* slot, size_t total) {
  auto& h = heap_header(page);
  VARVE_CHECK(h.data_end + capacity_for(total) <= directory_start(page));
  slot->offset = h.data_end;
  slot->capacity = static_cast<uint16_t>(capacity_for(total));
  slot->length = static_cast<uint16_t>(total);
  h.data_end = static_cast<uint16_t>(h.data_end + slot->capacity);
  return page.bytes() + slot->offset;
}

// Makes `slot` (unused, or the next one) the place of a row of `total` bytes.
uint8_t* claim_slot(Page& page, uint16_t slot, size_t total) {
  auto& h = heap_header(page);
  if (slot == h.slot_count) {
    ++h.slot_count;
    slot_at(page, slot)->offset = 0;
  } else {
    VARVE_CHECK(slot < h.slot_count && slot_at(page, slot)->offset == 0);
    --h.unused_slots;
  }
  return claim_bytes(page, slot_at(page, slot), total);
}

void free_slot(Page& page, uint16_t number) {
  auto& h = heap_header(page);
  VARVE_CHECK(number < h.slot_count);
  HeapSlot* slot = slot_at(page, number);
  if (slot->offset == 0) return;
  release_bytes(page, slot->offset, slot->capacity);
  *slot = HeapSlot{};
  ++h.unused_slots;
}

void drop_trailing_slots(Page& page) {
  auto& h = heap_header(page);
  while (h.slot_count > 0 && slot_at(page, static_cast<uint16_t>(h.slot_count - 1))->offset == 0) {
    --h.slot_count;
    --h.unused_slots;
  }
  if (h.slot_count == 0) {
    h.data_end = kHeapDataStart;
    h.garbage = 0;
  }
}

// --- the operations ---

void redo_init(PageId, Page& page, wal::Bytes payload) {
  std::memset(page.body, 0, sizeof(page.body));
  page.header.type = buffer::PageType::kHeap;
  page.header.flags = 0;
  page.header.reserved = 0;
  page.header.segment = load_raw<uint64_t>(payload.data());
  heap_header(page).data_end = kHeapDataStart;
}

void redo_heap_insert(PageId, Page& page, wal::Bytes payload) {
  uint16_t slot = load_raw<uint16_t>(payload.data());
  wal::Bytes row = payload.subspan(sizeof(uint16_t));
  std::memcpy(claim_slot(page, slot, row.size()), row.data(), row.size());
  note_writer(page, load_raw<RowHeader>(row.data()).xid);
}

void redo_heap_insert_many(PageId, Page& page, wal::Bytes payload) {
  ByteReader in(payload.data(), payload.size());
  auto slot = in.raw<uint16_t>();
  auto count = in.raw<uint16_t>();
  auto header = in.raw<RowHeader>();
  for (uint16_t i = 0; i < count; ++i) {
    auto length = in.raw<uint16_t>();
    std::string_view row = in.bytes(length);
    VARVE_CHECK(in.ok());
    uint8_t* at = claim_slot(page, static_cast<uint16_t>(slot + i), sizeof(header) + length);
    store_raw(at, header);
    std::memcpy(at + sizeof(header), row.data(), length);
  }
  note_writer(page, header.xid);
}

void redo_update(PageId, Page& page, wal::Bytes payload) {
  auto update = load_raw<HeapUpdatePayload>(payload.data());
  HeapSlot* slot = slot_at(page, update.slot);
  RowPlace old = find_row(page, update.slot);
  VARVE_CHECK(bool{old});
  const size_t overhead = old.overhead();
  const size_t total = overhead + update.length;
  const size_t old_length = old.row().size();
  uint8_t* at = page.bytes() + slot->offset;
  if (total > slot->capacity) {
    auto& h = heap_header(page);
    if (slot->offset + slot->capacity == h.data_end) {  // the last one grows where it is
      VARVE_CHECK(slot->offset + total <= directory_start(page));
      slot->capacity = static_cast<uint16_t>(total);
      h.data_end = static_cast<uint16_t>(slot->offset + total);
    } else {
      HeapSlot before = *slot;
      uint8_t* fresh = claim_bytes(page, slot, total);
      std::memcpy(fresh, at, before.length);
      release_bytes(page, before.offset, before.capacity);
      at = fresh;
    }
  }
  slot->length = static_cast<uint16_t>(total);
  store_raw(at, update.header);
  splice(at + overhead, old_length, update.length, update.prefix, update.suffix,
         payload.data() + sizeof(update));
  note_writer(page, update.header.xid);
}

void redo_set_header(PageId, Page& page, wal::Bytes payload) {
  uint16_t number = load_raw<uint16_t>(payload.data());
  auto header = load_raw<RowHeader>(payload.data() + sizeof(number));
  RowPlace row = find_row(page, number);
  VARVE_CHECK(bool{row});
  store_raw(page.bytes() + slot_at(page, number)->offset, header);
  note_writer(page, header.xid);
}

void redo_forward(PageId, Page& page, wal::Bytes payload) {
  uint16_t number = load_raw<uint16_t>(payload.data());
  VARVE_CHECK(bool{find_row(page, number)});
  HeapSlot* slot = slot_at(page, number);
  RowHeader header{0, 0, kRowForwarded, 0};
  uint8_t* at = page.bytes() + slot->offset;
  store_raw(at, header);
  std::memcpy(at + sizeof(header), payload.data() + sizeof(number), kBackPointerBytes);
  size_t spare = slot->capacity - kMinRowCapacity;
  slot->capacity = slot->length = kMinRowCapacity;
  if (spare > 0) release_bytes(page, slot->offset + kMinRowCapacity, spare);
}

void redo_free(PageId, Page& page, wal::Bytes payload) {
  for (size_t i = 0; i + 2 <= payload.size(); i += 2) free_slot(page, load_raw<uint16_t>(payload.data() + i));
  drop_trailing_slots(page);
}

void redo_compact(PageId, Page& page, wal::Bytes payload) {
  auto& h = heap_header(page);
  for (size_t i = 0; i + 2 <= payload.size(); i += 2) {
    HeapSlot* slot = slot_at(page, load_raw<uint16_t>(payload.data() + i));
    slot->capacity = static_cast<uint16_t>(capacity_for(slot->length));
  }
  std::array<uint16_t, kMaxHeapSlots> order;
  size_t count = 0;
  for (uint16_t i = 0; i < h.slot_count; ++i) {
    if (slot_at(page, i)->offset != 0) order[count++] = i;
  }
  std::sort(order.begin(), order.begin() + count,
            [&](uint16_t a, uint16_t b) { return slot_at(page, a)->offset < slot_at(page, b)->offset; });
  size_t end = kHeapDataStart;
  for (size_t i = 0; i < count; ++i) {
    HeapSlot* slot = slot_at(page, order[i]);
    std::memmove(page.bytes() + end, page.bytes() + slot->offset, slot->length);
    slot->offset = static_cast<uint16_t>(end);
    end += slot->capacity;
  }
  h.data_end = static_cast<uint16_t>(end);
  h.garbage = 0;
}

}  // namespace

RowPlace find_row(const Page& page, uint16_t number) {
  if (!is_heap_page(page)) return {};
  uint16_t count = heap_header(page).slot_count;
  if (number >= count || count > kMaxHeapSlots) return {};
  HeapSlot slot = heap_slot(page, number);
  // Every row has room for a back pointer, so what follows may look at one whatever the flags say by then.
  if (slot.offset < kHeapDataStart || slot.length < sizeof(RowHeader) ||
      slot.offset + std::max<size_t>(slot.length, kMinRowCapacity) > kPageBytes) {
    return {};
  }
  RowPlace place{page.bytes() + slot.offset, slot.length, slot.capacity};
  if ((place.header().flags & (kRowForwarded | kRowMoved)) != 0 && slot.length < kMinRowCapacity) return {};
  return place;
}

size_t contiguous_free(const Page& page) { return directory_start(page) - heap_header(page).data_end; }
size_t total_free(const Page& page) { return contiguous_free(page) + heap_header(page).garbage; }

uint16_t next_free_slot(const Page& page) {
  const auto& h = heap_header(page);
  if (h.unused_slots > 0) {
    for (uint16_t i = 0; i < h.slot_count; ++i) {
      if (heap_slot(page, i).offset == 0) return i;
    }
  }
  return h.slot_count;
}

namespace {
size_t new_row_need(const Page& page, size_t total) {
  return capacity_for(total) + (heap_header(page).unused_slots > 0 ? 0 : sizeof(HeapSlot));
}
}  // namespace

bool fits_new(const Page& page, size_t total) { return contiguous_free(page) >= new_row_need(page, total); }
bool fits_new_compacted(const Page& page, size_t total) {
  return total_free(page) >= new_row_need(page, total);
}

bool fits_update(const Page& page, uint16_t number, size_t total) {
  HeapSlot slot = heap_slot(page, number);
  if (total <= slot.capacity) return true;
  if (slot.offset + slot.capacity == heap_header(page).data_end) {
    return total - slot.capacity <= contiguous_free(page);
  }
  return capacity_for(total) <= contiguous_free(page);
}

CommonParts common_parts(wal::Bytes a, wal::Bytes b) {
  size_t limit = std::min(a.size(), b.size());
  size_t prefix = 0;
  while (prefix + 8 <= limit &&
         load_raw<uint64_t>(a.data() + prefix) == load_raw<uint64_t>(b.data() + prefix)) {
    prefix += 8;
  }
  while (prefix < limit && a[prefix] == b[prefix]) ++prefix;
  size_t suffix = 0;
  limit -= prefix;
  const uint8_t* ea = a.data() + a.size();
  const uint8_t* eb = b.data() + b.size();
  while (suffix + 8 <= limit && load_raw<uint64_t>(ea - suffix - 8) == load_raw<uint64_t>(eb - suffix - 8)) {
    suffix += 8;
  }
  while (suffix < limit && *(ea - suffix - 1) == *(eb - suffix - 1)) ++suffix;
  return {static_cast<uint16_t>(prefix), static_cast<uint16_t>(suffix)};
}

void splice(uint8_t* row, size_t length, size_t new_length, size_t prefix, size_t suffix,
            const uint8_t* middle) {
  VARVE_CHECK(prefix + suffix <= length && prefix + suffix <= new_length);
  std::memmove(row + new_length - suffix, row + length - suffix, suffix);
  std::memcpy(row + prefix, middle, new_length - suffix - prefix);
}

void register_heap_redo() {
  wal::register_redo(kHeapInit, redo_init);
  wal::register_redo(kHeapInsert, redo_heap_insert);
  wal::register_redo(kHeapInsertMany, redo_heap_insert_many);
  wal::register_redo(kHeapUpdate, redo_update);
  wal::register_redo(kHeapSetHeader, redo_set_header);
  wal::register_redo(kHeapForward, redo_forward);
  wal::register_redo(kHeapFree, redo_free);
  wal::register_redo(kHeapCompact, redo_compact);
}

}  // namespace varve::access
