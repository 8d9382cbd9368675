// Taking back what a transaction did to a heap, and freeing what committed deletes left.
#include <algorithm>

#include "access/btree.h"
#include "common/check.h"
#include "heap_impl.h"

namespace varve::access {

using buffer::ExclusiveGuard;
using buffer::LogBatch;
using buffer::SharedGuard;

namespace {

void note_free(buffer::BufferPool& pool, PageId segment, const ExclusiveGuard& guard) {
  if (auto map = find_free_space(pool, segment)) map->note(guard.id(), total_free(guard.page()));
}

void compensate(txn::UndoContext& context, ExclusiveGuard& guard, wal::RedoOp op, wal::Bytes payload) {
  LogBatch batch(context.pool, context.xid, context.undo_next);
  batch.set_compensation();
  batch.change(guard, op, payload);
  batch.commit(&context.last_lsn);
}

// The flags of the version restored: its own, but for those that belong to the place. That keys have changed
// stays said: a scan that has read an entry of the version taken back may not have looked at the row yet.
uint16_t restored_flags(uint16_t old_flags, uint16_t current) {
  constexpr uint16_t kKept = kRowPlaceFlags | kRowKeysChanged;
  return static_cast<uint16_t>((old_flags & ~kKept) | ((old_flags | current) & kRowKeysChanged) |
                               (current & kRowPlaceFlags));
}

// Frees the place a row moved to. Not part of the transaction: what the stub leads to is checked by
// everybody, so this may be done again.
Status free_moved(buffer::BufferPool& pool, Tid home, Tid at) {
  VARVE_ASSIGN_OR_RETURN(ExclusiveGuard guard, pool.fix_exclusive(at.page));
  RowPlace row = find_row(guard.page(), at.slot);
  if (!row || !row.moved() || row.other() != home) return {};
  LogBatch batch(pool, kInvalidXid, kInvalidLsn);
  batch.change(guard, kHeapFree, {reinterpret_cast<const uint8_t*>(&at.slot), sizeof(at.slot)});
  batch.commit();
  return {};
}

Status undo_insert(txn::UndoContext& context, const txn::UndoView& record) {
  const Tid first = Tid::unpack(record.header().tid);
  const auto count = load_raw<uint16_t>(record.payload().data());
  std::vector<std::pair<Tid, Tid>> moved;
  {
    VARVE_ASSIGN_OR_RETURN(SharedGuard guard, context.pool.fix_shared(first.page));
    for (uint16_t i = 0; i < count; ++i) {
      Tid tid{first.page, static_cast<uint16_t>(first.slot + i)};
      RowPlace row = find_row(guard.page(), tid.slot);
      if (row && row.stub()) moved.emplace_back(tid, row.other());
    }
  }
  for (auto& [home, at] : moved) VARVE_RETURN_IF_ERROR(free_moved(context.pool, home, at));

  VARVE_ASSIGN_OR_RETURN(ExclusiveGuard guard, context.pool.fix_exclusive(first.page));
  std::vector<uint16_t> slots;
  for (uint16_t i = 0; i < count; ++i) slots.push_back(static_cast<uint16_t>(first.slot + i));
  compensate(context, guard, kHeapFree, {reinterpret_cast<const uint8_t*>(slots.data()), slots.size() * 2});
  note_free(context.pool, PageId{record.header().object}, guard);
  return {};
}

Status undo_update(txn::UndoContext& context, const txn::UndoView& record) {
  VARVE_ASSIGN_OR_RETURN(LatchedRow row, latch_row(context.pool, Tid::unpack(record.header().tid)));
  if (!row) return Status::corruption("undo of an update finds no row");
  const auto old = load_raw<HeapUndoUpdate>(record.payload().data());
  wal::Bytes middle = record.payload().subspan(sizeof(old));
  HeapUpdatePayload head{};
  head.slot = row.at.slot;
  head.header = {record.previous_xid.value(), record.previous_undo.value(),
                 restored_flags(old.flags, row.row.header().flags), old.attributes};
  head.length = old.length;
  head.prefix = old.prefix;
  head.suffix = old.suffix;
  std::vector<uint8_t> payload(sizeof(head) + middle.size());
  store_raw(payload.data(), head);
  std::memcpy(payload.data() + sizeof(head), middle.data(), middle.size());
  compensate(context, row.guard, kHeapUpdate, payload);
  return {};
}

Status undo_delete(txn::UndoContext& context, const txn::UndoView& record) {
  VARVE_ASSIGN_OR_RETURN(LatchedRow row, latch_row(context.pool, Tid::unpack(record.header().tid)));
  if (!row) return Status::corruption("undo of a delete finds no row");
  const auto old = load_raw<HeapUndoDelete>(record.payload().data());
  std::array<uint8_t, sizeof(uint16_t) + sizeof(RowHeader)> payload;
  store_raw(payload.data(), row.at.slot);
  store_raw(payload.data() + sizeof(uint16_t),
            RowHeader{record.previous_xid.value(), record.previous_undo.value(),
                      restored_flags(old.flags, row.row.header().flags), old.attributes});
  compensate(context, row.guard, kHeapSetHeader, payload);
  return {};
}

Status purge_delete(txn::PurgeContext& context, const txn::UndoView& record) {
  const txn::UndoHeader& h = record.header();
  return free_dead_row(context.pool, PageId{h.object}, Tid::unpack(h.tid), context.horizon).status();
}

bool is_dead(const RowPlace& row, Xid horizon) {
  RowHeader header = row.header();
  return (header.flags & kRowDeleted) != 0 && Xid{header.xid} < horizon;
}

Result<RowState> probe_row(buffer::BufferPool& pool, Tid tid, Xid horizon) {
  for (;;) {
    Tid at;
    {
      VARVE_ASSIGN_OR_RETURN(SharedGuard guard, pool.fix_shared(tid.page));
      RowPlace row = find_row(guard.page(), tid.slot);
      if (!row || row.moved()) return RowState::kDead;
      if (!row.stub()) {
        if (Xid{row.header().xid} >= horizon) return RowState::kChanging;
        return is_dead(row, horizon) ? RowState::kDead : RowState::kLive;
      }
      at = row.other();
    }
    VARVE_ASSIGN_OR_RETURN(SharedGuard guard, pool.fix_shared(at.page));
    RowPlace row = find_row(guard.page(), at.slot);
    if (!row || !row.moved() || row.other() != tid) continue;
    if (Xid{row.header().xid} >= horizon) return RowState::kChanging;
    return is_dead(row, horizon) ? RowState::kDead : RowState::kLive;
  }
}

}  // namespace

Result<bool> free_dead_row(buffer::BufferPool& pool, PageId segment, Tid tid, Xid horizon) {
  for (;;) {
    Tid at = tid;
    {
      VARVE_ASSIGN_OR_RETURN(ExclusiveGuard guard, pool.fix_exclusive(tid.page));
      RowPlace row = find_row(guard.page(), tid.slot);
      // The segment may have been dropped and its pages be somebody else's by now.
      if (!row || row.moved() || guard.page().header.segment != segment.value()) return false;
      if (!row.stub()) {
        if (!is_dead(row, horizon)) return false;
        LogBatch batch(pool, kInvalidXid, kInvalidLsn);
        batch.change(guard, kHeapFree, {reinterpret_cast<const uint8_t*>(&tid.slot), sizeof(tid.slot)});
        batch.commit();
        note_free(pool, segment, guard);
        return true;
      }
      at = row.other();
    }
    WriteLatches latches;
    VARVE_RETURN_IF_ERROR(latches.take(pool, std::array<PageId, 2>{tid.page, at.page}));
    RowPlace stub = find_row(latches.find(tid.page)->page(), tid.slot);
    RowPlace row = find_row(latches.find(at.page)->page(), at.slot);
    if (!stub || !stub.stub() || stub.other() != at || !row || !row.moved() || row.other() != tid) continue;
    if (!is_dead(row, horizon)) return false;
    LogBatch batch(pool, kInvalidXid, kInvalidLsn);
    batch.change(*latches.find(tid.page), kHeapFree,
                 {reinterpret_cast<const uint8_t*>(&tid.slot), sizeof(tid.slot)});
    batch.change(*latches.find(at.page), kHeapFree,
                 {reinterpret_cast<const uint8_t*>(&at.slot), sizeof(at.slot)});
    batch.commit();
    note_free(pool, segment, *latches.find(tid.page));
    note_free(pool, segment, *latches.find(at.page));
    return true;
  }
}

void register_heap_undo() {
  using txn::UndoKind;
  txn::register_undo(UndoKind::kHeapInsert, undo_insert);
  txn::register_undo(UndoKind::kHeapUpdate, undo_update);
  txn::register_undo(UndoKind::kHeapDelete, undo_delete);
  txn::register_purge(UndoKind::kHeapDelete, purge_delete);
  register_row_probe(probe_row);
}

}  // namespace varve::access
