// Values out of line: chunks in the heap of the overflow segment. Format: access/overflow.h.
#include <algorithm>
#include <fmt/format.h>
#include <lz4.h>

#include "common/sql_error.h"
#include "heap_impl.h"
#include "memory/arena.h"

namespace varve::access {
namespace {

constexpr uint32_t kLevelShift = 28;

// Tells apart the values that one transaction stores.
uint32_t next_number() {
  static std::atomic<uint32_t> next{0};
  return next.fetch_add(1, std::memory_order_relaxed);
}

Status missing_chunk(const OverflowPointer& pointer, uint32_t index) {
  return Status::corruption(fmt::format("missing chunk number {} for value {}/{} out of line", index,
                                        pointer.xid + 0, pointer.number + 0));
}

size_t chunks_for(size_t bytes) { return std::max<size_t>((bytes + kChunkBytes - 1) / kChunkBytes, 1); }

// Chunks of each level, from the bottom.
std::vector<size_t> chunks_by_level(const OverflowPointer& pointer) {
  std::vector<size_t> counts{chunks_for(pointer.stored_bytes)};
  while (counts.back() > 1) counts.push_back((counts.back() + kChunkTids - 1) / kChunkTids);
  return counts;
}

types::StringRef decompress(wal::Bytes block, size_t raw_bytes, Arena& arena) {
  char* to = static_cast<char*>(arena.allocate(raw_bytes, 1));
  int n = LZ4_decompress_safe(reinterpret_cast<const char*>(block.data()), to, static_cast<int>(block.size()),
                              static_cast<int>(raw_bytes));
  if (n < 0 || static_cast<size_t>(n) != raw_bytes)
    throw SqlError(sqlstate::kDataCorrupted, "compressed data is corrupted");
  return {to, raw_bytes};
}

}  // namespace

// --- the heap of the chunks

// Shared by all heap objects of the segment. What is not known yet is looked up under the mutex of whoever
// makes the segment, so that nobody misses it or opens it before it is ready.
Result<uint64_t> HeapImpl::overflow_id() {
  uint64_t id = free_space_->overflow.load(std::memory_order_acquire);
  if (id != FreeSpace::kUnknown) return id;
  std::lock_guard guard(free_space_->making_overflow);
  id = free_space_->overflow.load(std::memory_order_relaxed);
  if (id != FreeSpace::kUnknown) return id;
  VARVE_ASSIGN_OR_RETURN(PageId found, companion_segment(pool_, segment_, Companion::kOverflow));
  free_space_->overflow.store(found.value(), std::memory_order_release);
  return found.value();
}

HeapImpl& HeapImpl::open_overflow(PageId segment) {
  if (HeapImpl* open = overflow_.load(std::memory_order_acquire)) return *open;
  std::lock_guard guard(overflow_mutex_);
  if (overflow_heap_ == nullptr) {
    overflow_heap_ = std::make_unique<HeapImpl>(txns_, segment, database_);
    overflow_.store(overflow_heap_.get(), std::memory_order_release);
  }
  return *overflow_heap_;
}

Result<HeapImpl*> HeapImpl::overflow() {
  if (HeapImpl* open = overflow_.load(std::memory_order_acquire)) return open;
  VARVE_ASSIGN_OR_RETURN(uint64_t id, overflow_id());
  return id == 0 ? nullptr : &open_overflow(PageId{id});
}

Result<HeapImpl*> HeapImpl::make_overflow() {
  VARVE_ASSIGN_OR_RETURN(HeapImpl * there, overflow());
  if (there != nullptr) return there;
  std::lock_guard guard(free_space_->making_overflow);
  bool created = false;
  VARVE_ASSIGN_OR_RETURN(PageId segment,
                         ensure_companion_segment(pool_, segment_, Companion::kOverflow, &created));
  free_space_->overflow.store(segment.value(), std::memory_order_release);
  return &open_overflow(segment);
}

Result<bool> HeapImpl::has_large() {
  VARVE_ASSIGN_OR_RETURN(uint64_t id, overflow_id());
  return id != 0;
}

// --- chunks

Result<Tid> HeapImpl::insert_chunk(txn::Transaction& txn, const OverflowPointer& pointer, uint32_t index,
                                   wal::Bytes bytes) {
  std::array<uint8_t, kMaxRowBytes> row;
  store_raw(row.data(), ChunkHeader{pointer.xid, pointer.number, index});
  std::memcpy(row.data() + sizeof(ChunkHeader), bytes.data(), bytes.size());
  return insert(txn, {row.data(), sizeof(ChunkHeader) + bytes.size()}, 1, 0);
}

Result<wal::Bytes> HeapImpl::read_chunk(const OverflowPointer& pointer, uint32_t index, Tid tid,
                                        RowBuffer& buffer) {
  RowVersion row;
  VARVE_ASSIGN_OR_RETURN(bool found, fetch_newest(tid, buffer, &row));
  if (!found || row.length < sizeof(ChunkHeader) ||
      load_raw<ChunkHeader>(row.bytes) != ChunkHeader{pointer.xid, pointer.number, index})
    return missing_chunk(pointer, index);
  return wal::Bytes{row.bytes + sizeof(ChunkHeader), row.length - sizeof(ChunkHeader)};
}

// The chunk is changed by whoever may change the row that refers to it, so nothing can stand against it.
Status HeapImpl::remove_chunk(txn::Transaction& txn, const OverflowPointer& pointer, uint32_t index,
                              Tid tid) {
  VARVE_ASSIGN_OR_RETURN(LatchedRow row, latch_row(pool_, tid));
  if (!row || (row.row.header().flags & kRowDeleted) != 0 || row.row.row().size() < sizeof(ChunkHeader) ||
      load_raw<ChunkHeader>(row.row.row().data()) != ChunkHeader{pointer.xid, pointer.number, index})
    return missing_chunk(pointer, index);
  const txn::Snapshot none{};
  return delete_in_place(Request{txn, none, tid, txn::RowLock::kUpdate, true}, Judgement{}, row);
}

// --- values

Result<OverflowPointer> HeapImpl::store_large(txn::Transaction& txn, wal::Bytes bytes) {
  VARVE_ASSIGN_OR_RETURN(HeapImpl * heap, make_overflow());
  OverflowPointer pointer{};
  pointer.stored_bytes = static_cast<uint32_t>(bytes.size());
  pointer.xid = txn.assign_xid().value();
  pointer.number = next_number();
  std::vector<uint64_t> tids;
  for (size_t at = 0, i = 0; i == 0 || at < bytes.size(); at += kChunkBytes, ++i) {
    wal::Bytes part = bytes.subspan(at, std::min(kChunkBytes, bytes.size() - at));
    VARVE_ASSIGN_OR_RETURN(Tid tid, heap->insert_chunk(txn, pointer, static_cast<uint32_t>(i), part));
    tids.push_back(tid.packed());
  }
  while (tids.size() > 1) {
    ++pointer.level;
    std::vector<uint64_t> above;
    for (size_t at = 0; at < tids.size(); at += kChunkTids) {
      auto part = std::span(tids).subspan(at, std::min(kChunkTids, tids.size() - at));
      auto index = static_cast<uint32_t>(pointer.level << kLevelShift | above.size());
      VARVE_ASSIGN_OR_RETURN(
          Tid tid, heap->insert_chunk(txn, pointer, index,
                                      {reinterpret_cast<const uint8_t*>(part.data()), part.size_bytes()}));
      above.push_back(tid.packed());
    }
    tids = std::move(above);
  }
  pointer.tid = tids[0];
  return pointer;
}

template <class F>
Status HeapImpl::for_each_chunk(const OverflowPointer& pointer, F&& f) {
  const std::vector<size_t> counts = chunks_by_level(pointer);
  if (counts.size() != pointer.level + size_t{1}) return missing_chunk(pointer, 0);
  std::vector<uint64_t> tids{pointer.tid};
  RowBuffer buffer;
  for (uint32_t level = pointer.level;; --level) {
    std::vector<uint64_t> below;
    if (level > 0) below.reserve(counts[level - 1]);
    for (uint32_t i = 0; i < tids.size(); ++i) {
      const Tid tid = Tid::unpack(tids[i]);
      const uint32_t index = level << kLevelShift | i;
      if (level > 0) {
        VARVE_ASSIGN_OR_RETURN(wal::Bytes list, read_chunk(pointer, index, tid, buffer));
        for (size_t at = 0; at + sizeof(uint64_t) <= list.size(); at += sizeof(uint64_t))
          below.push_back(load_raw<uint64_t>(list.data() + at));
      }
      VARVE_RETURN_IF_ERROR(f(level, index, tid));
    }
    if (level == 0) return {};
    if (below.size() != counts[level - 1]) return missing_chunk(pointer, level << kLevelShift);
    tids = std::move(below);
  }
}

Status HeapImpl::remove_large(txn::Transaction& txn, const OverflowPointer& pointer) {
  VARVE_ASSIGN_OR_RETURN(HeapImpl * heap, overflow());
  if (heap == nullptr) return missing_chunk(pointer, 0);
  return heap->for_each_chunk(pointer, [&](uint32_t, uint32_t index, Tid tid) {
    return heap->remove_chunk(txn, pointer, index, tid);
  });
}

Status HeapImpl::read_large(const OverflowPointer& pointer, uint8_t* out) {
  VARVE_ASSIGN_OR_RETURN(HeapImpl * heap, overflow());
  if (heap == nullptr) return missing_chunk(pointer, 0);
  uint8_t* const end = out + pointer.stored_bytes;
  RowBuffer buffer;
  VARVE_RETURN_IF_ERROR(heap->for_each_chunk(pointer, [&](uint32_t level, uint32_t index, Tid tid) -> Status {
    if (level > 0) return {};
    VARVE_ASSIGN_OR_RETURN(wal::Bytes bytes, heap->read_chunk(pointer, index, tid, buffer));
    if (bytes.size() > static_cast<size_t>(end - out)) return missing_chunk(pointer, index);
    std::memcpy(out, bytes.data(), bytes.size());
    out += bytes.size();
    return {};
  }));
  return out == end ? Status() : missing_chunk(pointer, 0);
}

types::StringRef HeapImpl::read(StoredForm form, wal::Bytes stored, Arena& arena) {
  if (form == StoredForm::kCompressed && stored.size() > sizeof(uint32_t))
    return decompress(stored.subspan(sizeof(uint32_t)), load_raw<uint32_t>(stored.data()), arena);
  if (form != StoredForm::kOverflow || stored.size() != sizeof(OverflowPointer))
    throw SqlError(sqlstate::kDataCorrupted, "a stored value has no form that is known");
  const auto pointer = load_raw<OverflowPointer>(stored.data());
  if (pointer.compressed == 0) {
    auto* to = static_cast<uint8_t*>(arena.allocate(pointer.stored_bytes, 1));
    check_ok(read_large(pointer, to));
    return {reinterpret_cast<const char*>(to), pointer.stored_bytes};
  }
  std::vector<uint8_t> block(pointer.stored_bytes);
  check_ok(read_large(pointer, block.data()));
  return decompress(block, pointer.raw_bytes, arena);
}

}  // namespace varve::access
