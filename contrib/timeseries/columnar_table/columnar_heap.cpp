// Reading settled rows as rows.
#include "columnar_heap.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "access/btree.h"
#include "access/heap_format.h"
#include "access/table_method.h"
#include "columnar_table/columnar_table.h"
#include "common/bytes.h"
#include "common/check.h"
#include "common/sql_error.h"
#include "memory/arena.h"

namespace varve::columnar_table {

using access::is_settled;
using access::OverflowPointer;
using access::RowBuffer;
using access::RowVersion;

ColumnarHeap::ColumnarHeap(txn::TxnManager& txns, PageId segment, uint32_t database)
    : txns_(txns), database_(database), delta_(access::open_heap(txns, segment, database)) {
  counts_as_whole_ = true;
}

TableState& ColumnarHeap::state() {
  if (TableState* open = state_.load(std::memory_order_acquire)) return *open;
  std::lock_guard guard(opening_);
  if (state_owner_ == nullptr) {
    auto opened = TableState::open(txns_, delta_->segment(), database_);
    check_ok(opened.status());
    state_owner_ = std::move(*opened);
    state_.store(state_owner_.get(), std::memory_order_release);
  }
  return *state_owner_;
}

// --- one row

Result<StratumPtr> ColumnarHeap::stratum_of_row(Tid tid) {
  StratumPtr stratum = state().stratum(stratum_of(tid.page));
  if (stratum != nullptr && !stratum->is_certain() && !stratum->is_being_removed())
    VARVE_RETURN_IF_ERROR(stratum->look_for_certainty(txns_.horizon()).status());
  return stratum;
}

Result<bool> ColumnarHeap::fetch(const txn::Snapshot& snapshot, Tid tid, RowBuffer& buffer, RowVersion* out) {
  VARVE_RETURN_IF_ERROR(begin_scan(snapshot));
  TableState& s = state();
  if (s.moves.has_followed(snapshot.own_xid)) {
    VARVE_ASSIGN_OR_RETURN(bool elsewhere, written_elsewhere(snapshot, tid));
    if (elsewhere) return false;
  }
  if (!is_settled(tid)) return delta_->fetch(snapshot, tid, buffer, out);
  VARVE_ASSIGN_OR_RETURN(StratumPtr stratum, stratum_of_row(tid));
  Xid writer;
  if (stratum == nullptr) return false;
  VARVE_ASSIGN_OR_RETURN(bool visible, stratum->visible(snapshot, &writer));
  if (!visible) return false;
  VARVE_ASSIGN_OR_RETURN(bool deleted, s.marks.is_deleted(s.marks_heap(), snapshot, tid));
  if (deleted) return false;
  return row_form(*stratum, tid, writer, buffer, out);
}

Result<bool> ColumnarHeap::fetch_newest_state(Tid tid, RowBuffer& buffer, Xid* writer, bool* deleted) {
  if (!is_settled(tid)) return delta_->fetch_newest_state(tid, buffer, writer, deleted);
  TableState& s = state();
  StratumPtr stratum = s.stratum(stratum_of(tid.page));
  if (stratum == nullptr || tid.slot == 0 || tid.slot > stratum->vector_rows(vector_of(tid.page)))
    return false;
  VARVE_ASSIGN_OR_RETURN(bool found, stratum->newest(writer, deleted));
  if (!found || *deleted) return found;
  Marks::Mark mark;
  VARVE_ASSIGN_OR_RETURN(bool marked, s.marks.newest(s.marks_heap(), tid, &mark));
  if (marked) {
    *writer = mark.writer;
    *deleted = true;
  }
  return true;
}

Result<bool> ColumnarHeap::fetch_newest(Tid tid, RowBuffer& buffer, RowVersion* out) {
  if (!is_settled(tid)) return delta_->fetch_newest(tid, buffer, out);
  Xid writer;
  bool deleted = false;
  VARVE_ASSIGN_OR_RETURN(bool found, fetch_newest_state(tid, buffer, &writer, &deleted));
  if (!found) return false;
  StratumPtr stratum = state().stratum(stratum_of(tid.page));
  if (stratum == nullptr) return false;
  VARVE_ASSIGN_OR_RETURN(found, row_form(*stratum, tid, writer, buffer, out));
  if (deleted) out->flags |= access::kRowDeleted;
  return found;
}

Result<bool> ColumnarHeap::row_form(Stratum& stratum, Tid tid, Xid writer, RowBuffer& buffer,
                                    RowVersion* out) {
  const uint32_t vector = vector_of(tid.page);
  if (tid.slot == 0 || tid.slot > stratum.vector_rows(vector)) return false;
  const auto place = static_cast<uint16_t>(tid.slot - 1);
  auto& reader = buffer.tools<VectorRows>();
  VARVE_RETURN_IF_ERROR(reader.read(stratum, vector, {&place, 1}));
  const uint16_t flags = reader.flags()[0];
  *out = {reinterpret_cast<const uint8_t*>(reader.bytes().data()),
          static_cast<uint32_t>(reader.bytes().size()),
          stratum.columns(),
          flags,
          writer,
          (flags & access::kRowHasLarge) != 0 ? this : nullptr};
  return true;
}

// --- pages

Result<bool> ColumnarHeap::visible_rows(const txn::Snapshot& snapshot, PageId page,
                                        std::vector<uint16_t>* rows, StratumPtr* stratum, Xid* writer) {
  TableState& s = state();
  rows->clear();
  *stratum = s.stratum(stratum_of(page));
  if (*stratum == nullptr) return false;
  VARVE_ASSIGN_OR_RETURN(bool visible, (*stratum)->visible(snapshot, writer));
  if (!visible) return false;
  uint64_t deleted[access::kVectorRows / 64] = {};
  if (access::Heap* heap = s.marks_heap())
    VARVE_RETURN_IF_ERROR(s.marks.deleted(heap, txns_, snapshot, page, deleted));
  const uint32_t count = (*stratum)->vector_rows(vector_of(page));
  const bool followed = s.moves.has_followed(snapshot.own_xid);
  for (uint32_t i = 0; i < count; ++i) {
    if ((deleted[i / 64] >> i % 64 & 1) != 0) continue;
    if (followed) {
      VARVE_ASSIGN_OR_RETURN(
          bool elsewhere,
          written_elsewhere(snapshot, access::ColumnScan::tid(page, static_cast<uint16_t>(i))));
      if (elsewhere) continue;
    }
    rows->push_back(static_cast<uint16_t>(i));
  }
  return !rows->empty();
}

Status ColumnarHeap::append_rows(Stratum& stratum, PageId page, std::span<const uint16_t> places, Xid writer,
                                 RowBuffer& memory, std::vector<Tid>* tids, std::vector<RowVersion>* rows) {
  auto& reader = memory.tools<VectorRows>();
  VARVE_RETURN_IF_ERROR(reader.read(stratum, vector_of(page), places));
  const std::string& bytes = reader.bytes();
  uint8_t* to = memory.reserve(bytes.size() + 1);
  std::memcpy(to, bytes.data(), bytes.size());
  size_t begin = 0;
  for (size_t i = 0; i < places.size(); ++i) {
    const uint16_t flags = reader.flags()[i];
    const bool large = (flags & access::kRowHasLarge) != 0;
    rows->push_back({to + begin, static_cast<uint32_t>(reader.ends()[i] - begin), stratum.columns(), flags,
                     writer, large ? this : nullptr});
    if (tids != nullptr) tids->push_back(access::ColumnScan::tid(page, places[i]));
    begin = reader.ends()[i];
  }
  return {};
}

Status ColumnarHeap::read_page(const txn::Snapshot& snapshot, PageId page, PageBatch* out) {
  out->tids.clear();
  out->rows.clear();
  return append_page(snapshot, page, out->memory, &out->tids, &out->rows);
}

Result<bool> ColumnarHeap::written_elsewhere(const txn::Snapshot& snapshot, Tid tid) {
  TableState& s = state();
  for (Tid at = tid, next; s.moves.find(txns_, snapshot.own_xid, at, &next); at = next) {
    VARVE_ASSIGN_OR_RETURN(bool deleted, s.marks.is_deleted(s.marks_heap(), snapshot, next));
    if (deleted) return true;
  }
  return false;
}

Status ColumnarHeap::append_page(const txn::Snapshot& snapshot, PageId page, RowBuffer& memory,
                                 std::vector<Tid>* tids, std::vector<RowVersion>* rows) {
  VARVE_RETURN_IF_ERROR(begin_scan(snapshot));
  if (!is_settled(page)) {
    if (!state().moves.has_followed(snapshot.own_xid))
      return delta_->append_page(snapshot, page, memory, tids, rows);
    std::vector<Tid> found;
    const size_t first = rows->size();
    VARVE_RETURN_IF_ERROR(delta_->append_page(snapshot, page, memory, &found, rows));
    size_t kept = first;
    for (size_t i = 0; i < found.size(); ++i) {
      VARVE_ASSIGN_OR_RETURN(bool elsewhere, written_elsewhere(snapshot, found[i]));
      if (elsewhere) continue;
      (*rows)[kept++] = (*rows)[first + i];
      if (tids != nullptr) tids->push_back(found[i]);
    }
    rows->resize(kept);
    return {};
  }
  std::vector<uint16_t> places;
  StratumPtr stratum;
  Xid writer;
  VARVE_ASSIGN_OR_RETURN(bool any, visible_rows(snapshot, page, &places, &stratum, &writer));
  return any ? append_rows(*stratum, page, places, writer, memory, tids, rows) : Status();
}

// The delta's pages come first, so that their places among all pages are their places in the delta.
Result<uint32_t> ColumnarHeap::count_page(const txn::Snapshot& snapshot, PageId page, uint64_t ordinal) {
  VARVE_RETURN_IF_ERROR(begin_scan(snapshot));
  if (!is_settled(page)) {
    if (!state().moves.has_followed(snapshot.own_xid)) return delta_->count_page(snapshot, page, ordinal);
    RowBuffer memory;
    std::vector<RowVersion> rows;
    VARVE_RETURN_IF_ERROR(append_page(snapshot, page, memory, nullptr, &rows));
    return static_cast<uint32_t>(rows.size());
  }
  StratumPtr stratum;
  Xid writer;
  if (state().moves.has_followed(snapshot.own_xid)) {
    std::vector<uint16_t> places;
    VARVE_RETURN_IF_ERROR(visible_rows(snapshot, page, &places, &stratum, &writer).status());
    return static_cast<uint32_t>(places.size());
  }
  stratum = state().stratum(stratum_of(page));
  if (stratum == nullptr) return uint32_t{0};
  VARVE_ASSIGN_OR_RETURN(bool visible, stratum->visible(snapshot, &writer));
  if (!visible) return uint32_t{0};
  uint32_t rows = stratum->vector_rows(vector_of(page));
  if (access::Heap* heap = state().marks_heap()) {
    uint64_t deleted[access::kVectorRows / 64] = {};
    VARVE_RETURN_IF_ERROR(state().marks.deleted(heap, txns_, snapshot, page, deleted));
    for (uint64_t word : deleted) rows -= static_cast<uint32_t>(std::popcount(word));
  }
  return rows;
}

// A stratum is listed before its rows leave the delta's snapshot-visible pages: settling adds it to the state
// before it commits. One that nobody can see any more is taken off.
Result<std::vector<access::PageRun>> ColumnarHeap::runs() {
  VARVE_ASSIGN_OR_RETURN(std::vector<access::PageRun> all, delta_->runs());
  VARVE_ASSIGN_OR_RETURN(access::PageSequencePtr segments, segment_runs({}));
  all.insert(all.end(), segments->runs().begin(), segments->runs().end());
  return all;
}

Result<access::PageSequencePtr> ColumnarHeap::segment_runs(const access::SegmentOrder& order) {
  VARVE_ASSIGN_OR_RETURN(StrataListPtr strata, state().list());
  return strata->runs(order);
}

Result<access::Heap::VacuumResult> ColumnarHeap::vacuum(DeadRowSink& sink) {
  class NoEntries final : public DeadRowSink {
   public:
    Status remove_index_entries(std::span<const Tid>, std::span<const RowVersion>) override { return {}; }
  };
  TableState& s = state();
  VARVE_ASSIGN_OR_RETURN(VacuumResult result, delta_->vacuum(sink));
  if (access::Heap* marks = s.marks_heap()) {
    NoEntries none;
    VARVE_RETURN_IF_ERROR(marks->vacuum(none).status());
  }
  VARVE_ASSIGN_OR_RETURN(StrataListPtr strata, s.list());
  for (const StratumPtr& stratum : strata->strata())
    result.live_rows +=
        stratum->rows() -
        std::min<uint64_t>(stratum->rows(), s.marks.count(stratum->tid(), stratum->vectors()));
  return result;
}

// --- long values

Result<OverflowPointer> ColumnarHeap::store_large(txn::Transaction& txn, wal::Bytes bytes) {
  return delta_->store_large(txn, bytes);
}

Status ColumnarHeap::remove_large(txn::Transaction& txn, const OverflowPointer& pointer) {
  if (is_settled(Tid::unpack(pointer.tid))) return {};  // it goes with its stratum
  return delta_->remove_large(txn, pointer);
}

Status ColumnarHeap::read_large(const OverflowPointer& pointer, uint8_t* out) {
  if (!is_settled(Tid::unpack(pointer.tid))) return delta_->read_large(pointer, out);
  Arena arena;
  wal::Bytes stored{reinterpret_cast<const uint8_t*>(&pointer), sizeof(pointer)};
  types::StringRef bytes = read(access::StoredForm::kOverflow, stored, arena);
  std::memcpy(out, bytes.data(), bytes.size());
  return {};
}

Result<bool> ColumnarHeap::has_large() {
  // What settled rows refer to goes with their stratum: nobody need look after it.
  return delta_->has_large();
}

// A settled row's value; rows of the delta bring the delta's reader along.
types::StringRef ColumnarHeap::read(access::StoredForm form, wal::Bytes stored, Arena& arena) {
  if (form != access::StoredForm::kOverflow || stored.size() != sizeof(OverflowPointer))
    throw SqlError(sqlstate::kDataCorrupted, "a stored value has no form that is known");
  const auto pointer = load_raw<OverflowPointer>(stored.data());
  const Tid tid = Tid::unpack(pointer.tid);
  StratumPtr stratum = is_settled(tid) && tid.slot > 0 ? state().stratum(stratum_of(tid.page)) : nullptr;
  if (stratum == nullptr) throw SqlError(sqlstate::kDataCorrupted, "a settled value is not there any more");
  auto value =
      read_value(*stratum, vector_of(tid.page), static_cast<uint16_t>(tid.slot - 1), pointer.number, arena);
  check_ok(value.status());
  if (value->type == types::PhysicalType::kString) {
    std::string_view copied = arena.copy(value->view());
    return {copied.data(), copied.size()};
  }
  std::string row;
  types::append_numeric_row(row, value->numeric);
  std::string_view copied = arena.copy(row);
  return {copied.data(), copied.size()};
}

// --- registration

// As for rows of a heap, what counts is the last change: the mark, if there is one.
Result<access::RowState> probe_settled_row(buffer::BufferPool& pool, Tid tid, Xid horizon) {
  const Tid at = stratum_of(tid.page);
  PageId strata;
  {
    VARVE_ASSIGN_OR_RETURN(buffer::SharedGuard guard, pool.fix_shared(at.page));
    if (guard.page().header.type != buffer::PageType::kHeap) return access::RowState::kDead;
    strata = PageId{guard.page().header.segment};
  }
  std::shared_ptr<TableState> state = TableState::find(pool, strata);
  if (state == nullptr) return access::RowState::kChanging;  // VACUUM will have it open
  StratumPtr stratum = state->stratum(at);
  if (stratum == nullptr) return access::RowState::kDead;
  Xid writer;
  bool deleted = false;
  VARVE_ASSIGN_OR_RETURN(bool there, stratum->newest(&writer, &deleted));
  if (!there) return access::RowState::kDead;
  Marks::Mark mark;
  VARVE_ASSIGN_OR_RETURN(bool marked, state->marks.newest(state->marks_heap(), tid, &mark));
  if (marked) return mark.writer < horizon ? access::RowState::kDead : access::RowState::kChanging;
  if (writer >= horizon) return access::RowState::kChanging;
  return deleted ? access::RowState::kDead : access::RowState::kLive;
}

void register_columnar_tables() {
  access::register_settled_row_probe(probe_settled_row);
  access::register_table_method(
      access::kColumnarMethod, [](txn::TxnManager& txns, PageId segment, uint32_t database) {
        return std::unique_ptr<access::Heap>(std::make_unique<ColumnarHeap>(txns, segment, database));
      });
}

}  // namespace varve::columnar_table
