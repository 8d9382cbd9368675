#include <algorithm>
#include <fmt/format.h>

#include "common/check.h"
#include "heap_impl.h"

namespace varve::access {

using buffer::ExclusiveGuard;
using buffer::LogBatch;
using buffer::SharedGuard;

namespace {

// By the session, not by the thread: what one client inserts lies in the order in which it came, whichever
// workers served it. Which sessions share a page is a matter of luck.
uint32_t stripe_of(const txn::Transaction& txn) { return static_cast<uint32_t>(txn.session_owner); }

Status check_row_size(size_t bytes) {
  if (bytes <= kMaxRowBytes) return {};
  return Status::invalid(fmt::format("row is too big: size {}, maximum size {}", bytes, kMaxRowBytes));
}

constexpr size_t kUndoInsertBytes = sizeof(txn::UndoHeader) + sizeof(uint16_t);

std::array<uint8_t, kUndoInsertBytes> insert_undo(PageId segment, Tid first, uint16_t count) {
  std::array<uint8_t, kUndoInsertBytes> undo;
  store_raw(undo.data(), txn::UndoHeader{txn::UndoKind::kHeapInsert, 0, 0, segment.value(), first.packed()});
  store_raw(undo.data() + sizeof(txn::UndoHeader), count);
  return undo;
}

}  // namespace

// --- finding a page ---

Result<ExclusiveGuard> HeapImpl::new_page(PageId near) {
  VARVE_ASSIGN_OR_RETURN(PageId id, allocate_page(pool_, segment_, near));
  VARVE_ASSIGN_OR_RETURN(ExclusiveGuard guard, pool_.fix_new(id));
  uint64_t owner = segment_.value();
  LogBatch batch(pool_, kInvalidXid, kInvalidLsn);
  batch.change(guard, kHeapInit, wal::Bytes(reinterpret_cast<const uint8_t*>(&owner), sizeof(owner)),
               wal::kBlockInitialises);
  batch.commit();
  return guard;
}

// After a restart nothing is known of the pages that are there: look at the last ones and at some between.
Status HeapImpl::sample_pages() {
  VARVE_ASSIGN_OR_RETURN(std::vector<PageRun> all, runs());
  constexpr uint64_t kSamples = 128;
  constexpr uint64_t kLast = 8;
  uint64_t total = 0;
  for (const PageRun& run : all) total += run.count;
  const uint64_t step = std::max<uint64_t>(total / kSamples, 1);
  uint64_t index = 0;
  for (const PageRun& run : all) {
    for (uint32_t i = 0; i < run.count; ++i, ++index) {
      if (index % step != 0 && index + kLast < total) continue;
      PageId id{run.first.value() + i};
      VARVE_ASSIGN_OR_RETURN(SharedGuard guard, pool_.fix_shared(id));
      if (usable(guard.page())) free_space_->note(id, total_free(guard.page()));
    }
  }
  return {};
}

bool HeapImpl::make_room(ExclusiveGuard& guard, size_t needed) {
  const buffer::Page& page = guard.page();
  if (contiguous_free(page) >= needed) return true;
  // Reserved bytes of rows whose writer has finished may go: nobody will roll back into them.
  std::vector<uint16_t> trims;
  size_t reserve = 0;
  const Xid horizon = txns_.horizon();
  for (uint16_t i = 0; i < heap_header(page).slot_count; ++i) {
    RowPlace row = find_row(page, i);
    if (!row || row.capacity <= std::max<size_t>(row.length, kMinRowCapacity)) continue;
    Xid writer{row.header().xid};
    if (writer >= horizon && txns_.xid_status(writer).state == txn::XidState::kRunning) continue;
    trims.push_back(i);
    reserve += row.capacity - std::max<size_t>(row.length, kMinRowCapacity);
  }
  if (total_free(page) + reserve < needed) return false;
  LogBatch batch(pool_, kInvalidXid, kInvalidLsn);
  batch.change(guard, kHeapCompact,
               wal::Bytes(reinterpret_cast<const uint8_t*>(trims.data()), trims.size() * sizeof(uint16_t)));
  batch.commit();
  return true;
}

Result<ExclusiveGuard> HeapImpl::page_for_insert(const txn::Transaction& txn, size_t total, PageId not_this,
                                                 PageId nor_this) {
  auto& current = free_space_->current(stripe_of(txn));
  PageId candidate{current.load(std::memory_order_relaxed)};
  PageId near = candidate;
  const size_t needed = std::max(total, kMinRowCapacity) + sizeof(HeapSlot);
  for (;;) {
    if (candidate != kInvalidPageId && candidate != not_this && candidate != nor_this) {
      VARVE_ASSIGN_OR_RETURN(ExclusiveGuard guard, pool_.fix_exclusive(candidate));
      if (usable(guard.page())) {
        if (fits_new(guard.page(), total) || make_room(guard, needed)) {
          current.store(candidate.value(), std::memory_order_relaxed);
          return guard;
        }
        // Still good for smaller rows, unless it is nearly full.
        size_t left = total_free(guard.page());
        if (left > buffer::kPageBytes / 8) free_space_->note(candidate, std::min(left, needed - 1));
      }
    }
    candidate = free_space_->take(needed);
    if (candidate == kInvalidPageId && free_space_->claim_sampling()) {
      VARVE_RETURN_IF_ERROR(sample_pages());
      candidate = free_space_->take(needed);
    }
    if (candidate == kInvalidPageId) break;
  }
  VARVE_ASSIGN_OR_RETURN(ExclusiveGuard fresh, new_page(near));
  current.store(fresh.id().value(), std::memory_order_relaxed);
  return fresh;
}

// --- inserting ---

Result<txn::UndoPtr> HeapImpl::log_undo(txn::Transaction& txn, wal::Bytes undo, const RowHeader& before) {
  txn::UndoPtr at = txn.add_undo(undo, Xid{before.xid}, txn::UndoPtr{before.undo});
  if (at == txn::kNoUndo) return Status(StatusCode::kOutOfMemory, "undo space is exhausted");
  return at;
}

Result<Tid> HeapImpl::insert(txn::Transaction& txn, wal::Bytes row, uint16_t attributes, uint16_t row_flags) {
  VARVE_RETURN_IF_ERROR(check_row_size(row.size()));
  Xid xid = txn.assign_xid();
  VARVE_ASSIGN_OR_RETURN(ExclusiveGuard guard, page_for_insert(txn, sizeof(RowHeader) + row.size()));
  VARVE_RETURN_IF_ERROR(note_insert(txn));
  Tid tid{guard.id(), next_free_slot(guard.page())};
  auto undo = insert_undo(segment_, tid, 1);
  VARVE_ASSIGN_OR_RETURN(txn::UndoPtr at, log_undo(txn, undo, RowHeader{}));

  std::array<uint8_t, sizeof(uint16_t) + sizeof(RowHeader) + kMaxRowBytes> payload;
  store_raw(payload.data(), tid.slot);
  store_raw(payload.data() + sizeof(uint16_t), RowHeader{xid.value(), at.value(), row_flags, attributes});
  std::memcpy(payload.data() + sizeof(uint16_t) + sizeof(RowHeader), row.data(), row.size());

  LogBatch batch(pool_, xid, txn.last_lsn());
  batch.change(guard, kHeapInsert, {payload.data(), sizeof(uint16_t) + sizeof(RowHeader) + row.size()});
  batch.set_undo(undo);
  Lsn start;
  batch.commit(&start);
  txn.set_last_lsn(start);
  return tid;
}

Status HeapImpl::insert_many(txn::Transaction& txn, std::span<const wal::Bytes> rows, uint16_t attributes,
                             std::vector<Tid>* tids) {
  for (const wal::Bytes& row : rows) VARVE_RETURN_IF_ERROR(check_row_size(row.size()));
  if (rows.empty()) return {};
  Xid xid = txn.assign_xid();
  std::vector<uint8_t> payload;
  payload.reserve(buffer::kPageBytes);
  for (size_t next = 0; next < rows.size();) {
    VARVE_ASSIGN_OR_RETURN(ExclusiveGuard guard, page_for_insert(txn, sizeof(RowHeader) + rows[next].size()));
    const buffer::Page& page = guard.page();
    // Consecutive new slots at the end of the directory, as many rows as fit.
    const uint16_t first = heap_header(page).slot_count;
    size_t room = contiguous_free(page);
    size_t end = next;
    for (; end < rows.size() && end - next < 0x7FFF; ++end) {
      size_t needed = std::max(sizeof(RowHeader) + rows[end].size(), kMinRowCapacity) + sizeof(HeapSlot);
      if (needed > room) break;
      room -= needed;
    }
    if (end == next) {
      // Room only because an unused slot is reused: one row in the ordinary way.
      guard.release();
      VARVE_ASSIGN_OR_RETURN(Tid tid, insert(txn, rows[next], attributes, 0));
      tids->push_back(tid);
      ++next;
      continue;
    }
    VARVE_RETURN_IF_ERROR(note_insert(txn));
    const auto count = static_cast<uint16_t>(end - next);
    auto undo = insert_undo(segment_, Tid{guard.id(), first}, count);
    VARVE_ASSIGN_OR_RETURN(txn::UndoPtr at, log_undo(txn, undo, RowHeader{}));
    payload.resize(2 * sizeof(uint16_t) + sizeof(RowHeader));
    store_raw(payload.data(), first);
    store_raw(payload.data() + 2, count);
    store_raw(payload.data() + 4, RowHeader{xid.value(), at.value(), 0, attributes});
    for (size_t i = next; i < end; ++i) {
      auto length = static_cast<uint16_t>(rows[i].size());
      payload.insert(payload.end(), reinterpret_cast<uint8_t*>(&length),
                     reinterpret_cast<uint8_t*>(&length + 1));
      payload.insert(payload.end(), rows[i].begin(), rows[i].end());
      tids->push_back(Tid{guard.id(), static_cast<uint16_t>(first + (i - next))});
    }
    LogBatch batch(pool_, xid, txn.last_lsn());
    batch.change(guard, kHeapInsertMany, payload);
    batch.set_undo(undo);
    Lsn start;
    batch.commit(&start);
    txn.set_last_lsn(start);
    next = end;
  }
  return {};
}

}  // namespace varve::access
