// Rows of the delta into a stratum, and strata into a better one. docs/decisions/columnar-tables.md,
// "Settling".
#include <algorithm>
#include <cstring>
#include <map>
#include <numeric>

#include "access/key_codec.h"
#include "columnar_heap.h"
#include "common/sql_error.h"
#include "memory/arena.h"
#include "settle_group.h"
#include "wal/log_manager.h"

namespace varve::columnar_table {

using access::RowBuffer;
using access::RowVersion;
using columnar::kMaxSegmentRows;
using columnar::kVectorRows;

namespace {

// Long values are read into memory for as long as their segment is being built.
constexpr size_t kMaxBatchBytes = size_t{128} << 20;

// Sees what is committed, and all that its own transaction has written.
txn::Snapshot newest_snapshot(txn::Transaction& txn) {
  txn.ensure_snapshot();
  return {Csn{txn.manager().pool().log().reserved_lsn().value()}, txn.xid(), txn::UndoPtr{UINT64_MAX},
          nullptr};
}

}  // namespace

// Rows on their way, as copies.
class ColumnarHeap::Batch {
 public:
  std::vector<Tid> from;
  std::vector<RowVersion> rows;
  std::vector<Xid> writers;
  size_t bytes = 0;

  bool full() const { return from.size() >= kMaxSegmentRows || bytes >= kMaxBatchBytes; }
  bool empty() const { return from.empty(); }
  void add(Tid tid, const RowVersion& row, size_t long_bytes) {
    RowVersion copy = row;
    auto* to = static_cast<uint8_t*>(memory_.allocate(row.length, 1));
    std::memcpy(to, row.bytes, row.length);
    copy.bytes = to;
    from.push_back(tid);
    rows.push_back(copy);
    writers.push_back(row.xid);
    bytes += row.length + long_bytes;
  }
  void keep(const std::vector<bool>& kept) {
    size_t n = 0;
    for (size_t i = 0; i < from.size(); ++i) {
      if (!kept[i]) continue;
      from[n] = from[i];
      rows[n] = rows[i];
      writers[n++] = writers[i];
    }
    from.resize(n);
    rows.resize(n);
    writers.resize(n);
  }
  // Brings the rows into the order of their keys, equal ones as they came.
  void sort(const access::RowLayout& layout, std::span<const access::SettleOrder> order) {
    if (order.empty()) return;
    std::vector<std::string> keys(rows.size());
    Arena arena;
    for (size_t i = 0; i < rows.size(); ++i) {
      for (const access::SettleOrder& o : order) {
        access::KeyColumn column;
        types::Value value = layout.get(rows[i], o.column, arena);
        if (o.width != 0) value = types::Value::of_int64(settle_group(o, value));
        column.type = o.width != 0 ? types::PhysicalType::kInt64 : layout.column(o.column).type;
        column.descending = o.descending;
        access::append_key_column(keys[i], column, value);
      }
      arena.reset();
    }
    std::vector<uint32_t> places(rows.size());
    std::iota(places.begin(), places.end(), 0U);
    std::stable_sort(places.begin(), places.end(), [&](uint32_t a, uint32_t b) { return keys[a] < keys[b]; });
    auto apply = [&](auto& v) {
      auto sorted = v;
      for (size_t i = 0; i < places.size(); ++i) sorted[i] = v[places[i]];
      v = std::move(sorted);
    };
    apply(from);
    apply(rows);
    apply(writers);
  }

 private:
  Arena memory_;
};

// Goes on where the last settling stopped, once around.
Status ColumnarHeap::collect(txn::Transaction& txn, const txn::Snapshot& snapshot,
                             const access::RowLayout& layout, Batch* batch) {
  // A row's older index entries must be gone: purge could not tell whose they are once the row has been
  // deleted here and its place is used again.
  const Xid bound = txns_.purged_bound();
  VARVE_ASSIGN_OR_RETURN(std::vector<access::PageRun> runs, delta_->runs());
  std::vector<PageId> pages;
  for (const access::PageRun& run : runs) {
    for (uint32_t i = 0; i < run.count; ++i) pages.push_back(PageId{run.first.value() + i});
  }
  TableState& s = state();
  const uint64_t start = s.settle_from.load();
  RowBuffer memory;
  std::vector<Tid> tids;
  std::vector<RowVersion> rows;
  for (uint64_t i = 0; i < pages.size() && !batch->full(); ++i) {
    const uint64_t at = (start + i) % pages.size();
    s.settle_from.store(at);
    tids.clear();
    rows.clear();
    VARVE_RETURN_IF_ERROR(delta_->append_page(snapshot, pages[at], memory, &tids, &rows));
    for (size_t r = 0; r < rows.size() && !batch->full(); ++r) {
      if (rows[r].xid >= bound || rows[r].xid == txn.xid()) continue;
      // What a restart has forgotten to purge is not told from what is done.
      if ((rows[r].flags & access::kRowKeysChanged) != 0 && rows[r].xid < txns_.start_xid()) continue;
      size_t long_bytes = 0;
      for (size_t c = 0; (rows[r].flags & access::kRowHasLarge) != 0 && c < layout.column_count(); ++c)
        long_bytes += layout.large_bytes(rows[r], c);
      batch->add(tids[r], rows[r], long_bytes);
    }
  }
  return {};
}

Result<uint64_t> ColumnarHeap::settle(txn::Transaction& txn, const access::RowLayout& layout,
                                      std::span<const access::SettleOrder> order,
                                      const std::vector<bool>& dropped, uint64_t at_least,
                                      access::SettledRowSink& sink) {
  if (layout.column_count() == 0) return uint64_t{0};  // rows of nothing are small as they are
  TableState& s = state();
  const txn::Snapshot snapshot = newest_snapshot(txn);
  if (at_least > 1) {
    VARVE_ASSIGN_OR_RETURN(std::vector<access::PageRun> runs, delta_->runs());
    uint64_t rows = 0, ordinal = 0;
    for (const access::PageRun& run : runs) {
      for (uint32_t i = 0; i < run.count && rows < at_least; ++i) {
        VARVE_ASSIGN_OR_RETURN(uint32_t n,
                               delta_->count_page(snapshot, PageId{run.first.value() + i}, ordinal++));
        rows += n;
      }
    }
    if (rows < at_least) return uint64_t{0};
  }
  std::lock_guard one_at_a_time(s.settling);
  s.moves.forget_followers(txns_.horizon());
  Batch batch;
  VARVE_RETURN_IF_ERROR(collect(txn, snapshot, layout, &batch));
  if (batch.from.size() < std::max<uint64_t>(at_least, 1) && !batch.full()) return uint64_t{0};
  leave_held_keys(&batch);
  std::vector<bool> taken;
  VARVE_RETURN_IF_ERROR(delta_->remove_idle(txn, batch.from, batch.writers, &taken));
  batch.keep(taken);
  if (batch.empty()) return uint64_t{0};
  batch.sort(layout, order);
  VARVE_ASSIGN_OR_RETURN(uint64_t moved, write(txn, layout, order, dropped, batch, sink));
  // What the rows had out of line has been read.
  for (const RowVersion& row : batch.rows) {
    Status status;
    layout.for_each_large(row, [&](size_t, const access::StoredValue& v) {
      if (v.form != access::StoredForm::kOverflow || !status.ok()) return;
      access::OverflowPointer pointer;
      std::memcpy(&pointer, v.bytes.data(), sizeof(pointer));
      status = delta_->remove_large(txn, pointer);
    });
    VARVE_RETURN_IF_ERROR(status);
  }
  return moved;
}

// The next place would know nothing of the locks at the one before this.
void ColumnarHeap::leave_held_keys(Batch* batch) {
  HeldKeys& held = state().held_keys;
  std::vector<bool> idle(batch->from.size(), true);
  for (size_t i = 0; i < batch->from.size(); ++i) {
    Tid before;
    if (!held.find(batch->from[i], &before)) continue;
    idle[i] = !txns_.locks().row_has_locks(database_, before);
    if (idle[i]) held.forget(batch->from[i]);
  }
  batch->keep(idle);
}

Result<StratumPtr> ColumnarHeap::store(txn::Transaction& txn, columnar::ByteSpan segment,
                                       std::span<const types::PhysicalType> physical) {
  TableState& s = state();
  VARVE_ASSIGN_OR_RETURN(access::Heap * heap, s.make_strata());
  StratumRow row;
  VARVE_ASSIGN_OR_RETURN(Tid tid, write_stratum(txn, *heap, segment, physical, &row));
  auto stratum = std::make_shared<Stratum>(*heap, tid, row);
  s.add(stratum);
  return stratum;
}

// The batch as new strata, with its rows' moves and index entries.
Result<uint64_t> ColumnarHeap::write(txn::Transaction& txn, const access::RowLayout& layout,
                                     std::span<const access::SettleOrder> order,
                                     const std::vector<bool>& dropped, Batch& batch,
                                     access::SettledRowSink& sink) {
  const access::SettleOrder* grouping = find_grouping(order);
  Arena arena;
  auto group_of = [&](size_t i) {
    arena.reset();
    return settle_group(*grouping, layout.get(batch.rows[i], grouping->column, arena));
  };
  std::vector<Tid> to;
  for (size_t begin = 0; begin < batch.rows.size();) {
    size_t end = batch.rows.size();
    if (grouping != nullptr) {
      const int64_t group = group_of(begin);
      for (end = begin + 1; end < batch.rows.size() && group_of(end) == group;) ++end;
    }
    VARVE_RETURN_IF_ERROR(write_stratum_of(txn, layout, dropped,
                                           std::span(batch.rows).subspan(begin, end - begin),
                                           std::span(batch.from).subspan(begin, end - begin), &to));
    begin = end;
  }
  VARVE_RETURN_IF_ERROR(sink.rows_settled(txn, batch.from, batch.rows, to));
  return uint64_t{batch.rows.size()};
}

Status ColumnarHeap::write_stratum_of(txn::Transaction& txn, const access::RowLayout& layout,
                                      const std::vector<bool>& dropped, std::span<const RowVersion> rows,
                                      std::span<const Tid> from, std::vector<Tid>* to) {
  const size_t columns = layout.column_count();
  std::vector<columnar::ColumnSpec> specs;
  std::vector<types::PhysicalType> physical;
  for (uint32_t c = 0; c < columns; ++c) {
    physical.push_back(layout.column(c).type);
    specs.push_back({value_type_of(physical.back()), c + 1});
  }
  columnar::SegmentBuilder builder(specs);
  std::vector<std::vector<uint8_t>> values(columns);
  std::vector<std::array<uint64_t, kVectorRows / 64>> valid(columns);
  std::vector<columnar::ColumnValues> arrays(columns);
  for (size_t c = 0; c < columns; ++c) values[c].resize(types::physical_width(physical[c]) * kVectorRows);
  Arena arena;
  for (size_t at = 0; at < rows.size(); at += kVectorRows) {
    const auto part = rows.subspan(at, std::min<size_t>(kVectorRows, rows.size() - at));
    arena.reset();
    for (size_t c = 0; c < columns; ++c) {
      if (dropped[c]) {
        valid[c].fill(0);
        std::fill(values[c].begin(), values[c].end(), uint8_t{0});
      } else {
        layout.decode_column(part, c, values[c].data(), valid[c].data(), arena);
      }
      arrays[c] = {values[c].data(), valid[c].data()};
    }
    VARVE_RETURN_IF_ERROR(builder.add(arrays, static_cast<uint32_t>(part.size())));
  }
  VARVE_ASSIGN_OR_RETURN(columnar::SegmentBytes bytes, builder.finish());
  VARVE_ASSIGN_OR_RETURN(StratumPtr stratum, store(txn, bytes.span(), physical));
  const Tid tid = stratum->tid();
  std::vector<Moves::Entry> moves;
  for (size_t i = 0; i < rows.size(); ++i) {
    to->push_back(access::ColumnScan::tid(settled_page(tid, static_cast<uint32_t>(i / kVectorRows)),
                                          static_cast<uint16_t>(i % kVectorRows)));
    moves.push_back({from[i].packed(), to->back().packed()});
  }
  state().moves.add(txn.xid(), std::move(moves));
  return {};
}

// --- strata that are worth writing anew

namespace {

// A quarter of the rows gone, or so few that scans and zone maps gain nothing.
constexpr uint32_t kSmallRows = kMaxSegmentRows / 8;
constexpr uint32_t kSmallStrata = 8;  // as many of those are put together

}  // namespace

Result<bool> ColumnarHeap::count_deleted(Stratum& stratum, uint64_t* deleted) {
  const Xid horizon = txns_.horizon();
  *deleted = 0;
  access::Heap* marks = state().marks_heap();
  for (uint32_t v = 0; marks != nullptr && v < stratum.vectors(); ++v) {
    VARVE_ASSIGN_OR_RETURN(auto found, state().marks.of_vector(*marks, settled_page(stratum.tid(), v)));
    for (const Marks::Mark& mark : found) {
      if (mark.writer >= horizon) return false;
    }
    *deleted += found.size();
  }
  return true;
}

// Only strata and marks that every snapshot sees: nobody has to be led from a row's place before the stratum,
// or past a mark, to where the row is after this. One that somebody has locked a row of stays as it is.
Result<std::vector<StratumPtr>> ColumnarHeap::claim_for_rewriting(
    txn::Transaction& txn, std::span<const access::SettleOrder> order) {
  const Xid horizon = txns_.horizon();
  const access::SettleOrder* grouping = find_grouping(order);
  std::vector<StratumPtr> worn, chosen;
  std::map<int64_t, std::vector<StratumPtr>> small;  // by what they may be put together with
  VARVE_ASSIGN_OR_RETURN(StrataListPtr known, state().list());
  for (const StratumPtr& stratum : known->strata()) {
    Xid writer;
    bool gone = false;
    uint64_t deleted = 0;
    VARVE_ASSIGN_OR_RETURN(bool there, stratum->newest(&writer, &gone));
    if (!there || gone || writer >= horizon) continue;
    VARVE_ASSIGN_OR_RETURN(bool agreed, count_deleted(*stratum, &deleted));
    if (!agreed) continue;
    if (deleted * 4 >= stratum->rows())
      worn.push_back(stratum);
    else if (stratum->rows() <= kSmallRows) {
      int64_t group = 0;
      if (grouping != nullptr) {
        VARVE_ASSIGN_OR_RETURN(const columnar::ZoneMap* zone, stratum->zone(grouping->column));
        if (zone != nullptr && zone->has_bounds()) group = settle_group(*grouping, zone->min());
      }
      small[group].push_back(stratum);
    }
  }
  for (auto& [group, strata] : small) {
    if (strata.size() < kSmallStrata) continue;
    worn.insert(worn.end(), strata.begin(), strata.end());
    break;
  }
  uint64_t rows = 0;
  for (const StratumPtr& stratum : worn) {
    if (!chosen.empty() && rows + stratum->rows() > kMaxSegmentRows) continue;
    Status status = txns_.locks().acquire_row(txn, database_, lock_of(stratum->tid()), txn::RowLock::kUpdate,
                                              txn::WaitPolicy::kNoWait, 0);
    if (status.code() == StatusCode::kBusy) continue;
    VARVE_RETURN_IF_ERROR(status);
    // From here on nobody marks a row of it; who did before we had the lock has.
    uint64_t deleted = 0;
    VARVE_ASSIGN_OR_RETURN(bool agreed, count_deleted(*stratum, &deleted));
    if (!agreed) continue;
    chosen.push_back(stratum);
    rows += stratum->rows();
  }
  return chosen;
}

Result<uint64_t> ColumnarHeap::rewrite(txn::Transaction& txn, const access::RowLayout& layout,
                                       std::span<const access::SettleOrder> order,
                                       const std::vector<bool>& dropped, access::SettledRowSink& sink) {
  TableState& s = state();
  if (s.strata() == nullptr) return uint64_t{0};
  std::lock_guard one_at_a_time(s.settling);
  txn.assign_xid();
  VARVE_ASSIGN_OR_RETURN(std::vector<StratumPtr> chosen, claim_for_rewriting(txn, order));
  if (chosen.empty()) return uint64_t{0};
  const txn::Snapshot snapshot = newest_snapshot(txn);
  Batch batch;
  RowBuffer memory;
  std::vector<Tid> tids;
  std::vector<RowVersion> rows;
  for (const StratumPtr& stratum : chosen) {
    for (uint32_t v = 0; v < stratum->vectors(); ++v) {
      tids.clear();
      rows.clear();
      VARVE_RETURN_IF_ERROR(append_page(snapshot, settled_page(stratum->tid(), v), memory, &tids, &rows));
      for (size_t i = 0; i < rows.size(); ++i) batch.add(tids[i], rows[i], 0);
    }
  }
  uint64_t moved = 0;
  if (!batch.empty()) {
    batch.sort(layout, order);
    VARVE_ASSIGN_OR_RETURN(moved, write(txn, layout, order, dropped, batch, sink));
  }
  for (const StratumPtr& stratum : chosen) {
    VARVE_RETURN_IF_ERROR(forget_deleted(txn, *stratum, sink));
    VARVE_RETURN_IF_ERROR(s.remove(txn, *stratum));
    uint64_t marked = 0;
    VARVE_RETURN_IF_ERROR(remove_marks(txn, *stratum, &marked));
  }
  return std::max<uint64_t>(moved, 1);
}

// Whoever deleted the rows noted their index entries for purge; but a restart has forgotten that, and the
// rows' names are about to become free.
Status ColumnarHeap::forget_deleted(txn::Transaction& txn, Stratum& stratum, access::SettledRowSink& sink) {
  access::Heap* marks = state().marks_heap();
  RowBuffer memory;
  for (uint32_t v = 0; marks != nullptr && v < stratum.vectors(); ++v) {
    const PageId page = settled_page(stratum.tid(), v);
    uint64_t deleted[kVectorRows / 64] = {};
    VARVE_RETURN_IF_ERROR(state().marks.deleted(marks, txns_, newest_snapshot(txn), page, deleted));
    std::vector<uint16_t> places;
    for (uint32_t i = 0; i < stratum.vector_rows(v); ++i) {
      if ((deleted[i / 64] >> i % 64 & 1) != 0) places.push_back(static_cast<uint16_t>(i));
    }
    if (places.empty()) continue;
    std::vector<Tid> tids;
    std::vector<RowVersion> rows;
    VARVE_RETURN_IF_ERROR(append_rows(stratum, page, places, kInvalidXid, memory, &tids, &rows));
    VARVE_RETURN_IF_ERROR(sink.rows_gone(txn, tids, rows));
  }
  return {};
}

Result<uint64_t> ColumnarHeap::remove_range(txn::Transaction& txn, uint32_t column, int64_t low, int64_t high,
                                            access::SettledRowSink* sink) {
  TableState& s = state();
  if (s.strata() == nullptr) return uint64_t{0};
  txn.assign_xid();
  VARVE_RETURN_IF_ERROR(begin_write(txn));
  std::lock_guard one_at_a_time(s.settling);
  const txn::Snapshot snapshot = newest_snapshot(txn);
  uint64_t removed = 0;
  RowBuffer memory;
  VARVE_ASSIGN_OR_RETURN(StrataListPtr strata, s.list());
  for (const StratumPtr& stratum : strata->strata()) {
    VARVE_ASSIGN_OR_RETURN(bool visible, stratum->visible(snapshot));
    if (!visible) continue;
    VARVE_ASSIGN_OR_RETURN(const columnar::ZoneMap* zone, stratum->zone(column));
    if (zone == nullptr || !zone->has_bounds() || zone->nulls != 0) continue;
    if (access::axis_value(zone->min()) < low || access::axis_value(zone->max()) >= high) continue;
    VARVE_RETURN_IF_ERROR(txns_.locks().acquire_row(txn, database_, lock_of(stratum->tid()),
                                                    txn::RowLock::kUpdate, txn::WaitPolicy::kWait, 0));
    removed += stratum->rows();
    for (uint32_t v = 0; sink != nullptr && v < stratum->vectors(); ++v) {
      std::vector<Tid> tids;
      std::vector<RowVersion> rows;
      VARVE_RETURN_IF_ERROR(append_page(snapshot, settled_page(stratum->tid(), v), memory, &tids, &rows));
      VARVE_RETURN_IF_ERROR(sink->rows_gone(txn, tids, rows));
    }
    if (sink != nullptr) VARVE_RETURN_IF_ERROR(forget_deleted(txn, *stratum, *sink));
    VARVE_RETURN_IF_ERROR(remove_marks(txn, *stratum, &removed));
    VARVE_RETURN_IF_ERROR(s.remove(txn, *stratum));
  }
  return removed;
}

// Of a stratum that goes: nobody will ask for them. `rows` loses those that were deleted already.
Status ColumnarHeap::remove_marks(txn::Transaction& txn, Stratum& stratum, uint64_t* rows) {
  access::Heap* marks = state().marks_heap();
  const txn::Snapshot snapshot = newest_snapshot(txn);
  RowBuffer memory;
  for (uint32_t v = 0; marks != nullptr && v < stratum.vectors(); ++v) {
    VARVE_ASSIGN_OR_RETURN(auto found, state().marks.of_vector(*marks, settled_page(stratum.tid(), v)));
    for (const Marks::Mark& mark : found)
      VARVE_RETURN_IF_ERROR(marks->remove(txn, snapshot, mark.at, false, memory, nullptr).status());
    *rows -= std::min<uint64_t>(*rows, found.size());
  }
  return {};
}

Result<std::vector<access::SegmentSize>> ColumnarHeap::segment_sizes(const txn::Snapshot& snapshot,
                                                                     uint32_t column) {
  std::vector<access::SegmentSize> sizes;
  VARVE_ASSIGN_OR_RETURN(StrataListPtr strata, state().list());
  for (const StratumPtr& stratum : strata->strata()) {
    VARVE_ASSIGN_OR_RETURN(bool visible, stratum->visible(snapshot));
    if (!visible) continue;
    VARVE_ASSIGN_OR_RETURN(const columnar::ZoneMap* zone, stratum->zone(column));
    if (zone == nullptr || !zone->has_bounds()) continue;
    const uint64_t deleted = state().marks.count(stratum->tid(), stratum->vectors());
    const uint64_t rows = stratum->rows();
    sizes.push_back({access::axis_value(zone->min()), access::axis_value(zone->max()),
                     rows - std::min(rows, deleted), stratum->bytes() + sizeof(StratumRow)});
  }
  return sizes;
}

// Until the indexes had been swept, the rows' names had to mean what they meant.
Status ColumnarHeap::vacuum_segments() {
  class NoEntries final : public DeadRowSink {
   public:
    Status remove_index_entries(std::span<const Tid>, std::span<const RowVersion>) override { return {}; }
  };
  access::Heap* heap = state().strata();
  if (heap == nullptr) return {};
  NoEntries none;
  return heap->vacuum(none).status();
}

}  // namespace varve::columnar_table
