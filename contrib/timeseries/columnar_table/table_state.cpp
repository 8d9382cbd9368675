#include "table_state.h"

#include <algorithm>

#include "access/heap_format.h"
#include "common/bytes.h"

namespace varve::columnar_table {

using access::RowBuffer;
using access::RowVersion;

namespace {

struct Key {
  const buffer::BufferPool* pool;
  uint64_t segment;
  bool operator<(const Key& o) const { return std::tie(pool, segment) < std::tie(o.pool, o.segment); }
};

// Tables that are open, by the delta's segment and by that of the strata.
struct Registry {
  std::mutex mutex;
  std::map<Key, std::weak_ptr<TableState>> by_delta, by_strata;
};

Registry& registry() {
  static Registry tables;
  return tables;
}

// Calls f(tid, newest version) for everything in the heap, whoever wrote it.
template <class F>
Status for_each_row(access::Heap& heap, F&& f) {
  VARVE_ASSIGN_OR_RETURN(std::vector<access::PageRun> runs, heap.runs());
  RowBuffer buffer;
  access::Heap::PageBatch batch;
  for (const access::PageRun& run : runs) {
    for (uint32_t i = 0; i < run.count; ++i) {
      const PageId page{run.first.value() + i};
      for (uint16_t slot = 0; slot < access::kMaxHeapSlots; ++slot) {
        RowVersion row;
        VARVE_ASSIGN_OR_RETURN(bool found, heap.fetch_newest(Tid{page, slot}, buffer, &row));
        if (found) f(Tid{page, slot}, row);
      }
    }
  }
  return {};
}

bool is_mark_of(const RowVersion& version, Tid row) {
  return version.length >= sizeof(MarkRow) && load_raw<MarkRow>(version.bytes).row == row.packed();
}

Marks::Mark read_mark(Tid at, const RowVersion& version) {
  const uint64_t moved_to = load_raw<MarkRow>(version.bytes).moved_to;
  // It is deleted only with its stratum, and not before every snapshot sees it.
  const Xid writer = (version.flags & access::kRowDeleted) != 0 ? kInvalidXid : version.xid;
  return {at, writer, moved_to == 0 ? Tid{} : Tid::unpack(moved_to & ~kKeyKept), (moved_to & kKeyKept) != 0};
}

}  // namespace

// --- moves

void Moves::add(Xid by, std::vector<Entry> entries) {
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.from < b.from; });
  std::unique_lock guard(mutex_);
  batches_.push_back({by, std::move(entries)});
}

bool Moves::find(const txn::TxnManager& txns, Xid self, Tid from, Tid* to) {
  const Xid horizon = txns.horizon();
  bool old = false;
  {
    std::shared_lock guard(mutex_);
    for (auto batch = batches_.rbegin(); batch != batches_.rend(); ++batch) {
      // Nobody can have seen the row at its old place, which may be another's by now.
      if (batch->by < horizon) {
        old = true;
        continue;
      }
      auto it = std::lower_bound(batch->entries.begin(), batch->entries.end(), from.packed(),
                                 [](const Entry& e, uint64_t key) { return e.from < key; });
      if (it == batch->entries.end() || it->from != from.packed()) continue;
      if (batch->by != self && txns.xid_status(batch->by).state != txn::XidState::kCommitted) continue;
      *to = Tid::unpack(it->to);
      return true;
    }
  }
  if (old) {
    std::unique_lock guard(mutex_);
    std::erase_if(batches_, [&](const Batch& b) { return b.by < horizon; });
  }
  return false;
}

void Moves::note_follower(Xid writer) {
  std::unique_lock guard(mutex_);
  followers_.insert(writer.value());
  follower_count_.store(followers_.size());
}

bool Moves::has_followed(Xid writer) const {
  if (writer == kInvalidXid || follower_count_.load() == 0) return false;
  std::shared_lock guard(mutex_);
  return followers_.contains(writer.value());
}

void Moves::forget_followers(Xid horizon) {
  if (follower_count_.load() == 0) return;
  std::unique_lock guard(mutex_);
  followers_.erase(followers_.begin(), followers_.lower_bound(horizon.value()));
  follower_count_.store(followers_.size());
}

// --- marks

std::vector<Marks::Entry>::iterator Marks::OfVector::find(uint16_t row, uint64_t number) {
  // Ranges are marked from their first row to their last.
  if (entries.empty() || entries.back().precedes(row, number)) return entries.end();
  return std::partition_point(entries.begin(), entries.end(),
                              [&](const Entry& e) { return e.precedes(row, number); });
}

void Marks::note(Tid row, Tid at) {
  std::unique_lock guard(mutex_);
  any_.store(true, std::memory_order_release);
  OfVector& v = vectors_[row.page];
  const auto place = static_cast<uint16_t>(row.slot - 1);
  const bool final = v.is_final(place);
  auto end = v.find(place, UINT64_MAX);
  for (auto it = v.find(place, 0); it != end; ++it) {
    if (it->at != at) continue;
    if (!final) --v.open;
    v.entries.erase(it);
    end = v.find(place, UINT64_MAX);
    break;
  }
  v.entries.insert(end, {place, at, next_number_++});
  if (!final) ++v.open;
}

bool Marks::next_entry(Tid row, uint64_t from, Entry* entry, bool* final) {
  if (!any_.load(std::memory_order_acquire)) return false;
  std::shared_lock guard(mutex_);
  auto it = vectors_.find(row.page);
  if (it == vectors_.end()) return false;
  const auto place = static_cast<uint16_t>(row.slot - 1);
  auto found = it->second.find(place, from);
  if (found == it->second.entries.end() || found->row != place) return false;
  *entry = *found;
  *final = it->second.is_final(place);
  return true;
}

void Marks::prune(PageId vector, const Entry& rolled_back) {
  std::unique_lock guard(mutex_);
  auto it = vectors_.find(vector);
  if (it == vectors_.end()) return;
  auto found = it->second.find(rolled_back.row, rolled_back.number);
  if (found == it->second.entries.end() || found->number != rolled_back.number) return;
  if (!it->second.is_final(rolled_back.row)) --it->second.open;
  it->second.entries.erase(found);
}

void Marks::make_final(PageId vector, std::span<const Entry> seen) {
  std::unique_lock guard(mutex_);
  auto it = vectors_.find(vector);
  if (it == vectors_.end()) return;
  OfVector& v = it->second;
  for (const Entry& s : seen) {
    auto found = v.find(s.row, s.number);
    if (found == v.entries.end() || found->number != s.number || v.is_final(s.row)) continue;
    v.open -= static_cast<size_t>(v.find(s.row, UINT64_MAX) - v.find(s.row, 0));
    v.final[s.row / 64] |= uint64_t{1} << s.row % 64;
  }
}

Result<bool> Marks::newest(access::Heap* heap, Tid row, Mark* mark) {
  if (heap == nullptr) return false;
  RowBuffer buffer;
  bool final = false;
  for (Entry e{}; next_entry(row, e.number, &e, &final); ++e.number) {
    RowVersion version;
    VARVE_ASSIGN_OR_RETURN(bool found, heap->fetch_newest(e.at, buffer, &version));
    if (!found || !is_mark_of(version, row)) {
      prune(row.page, e);  // rolled back
      continue;
    }
    *mark = read_mark(e.at, version);
    return true;
  }
  return false;
}

Status Marks::deleted(access::Heap* heap, const txn::TxnManager& txns, const txn::Snapshot& snapshot,
                      PageId vector, uint64_t* bitmap) {
  if (!any_.load(std::memory_order_acquire)) return {};
  std::vector<Entry> open;
  {
    std::shared_lock guard(mutex_);
    auto it = vectors_.find(vector);
    if (it == vectors_.end()) return {};
    const OfVector& v = it->second;
    for (size_t w = 0; w < kWords; ++w) bitmap[w] |= v.final[w];
    if (v.open == 0) return {};
    open.reserve(v.open);
    for (const Entry& e : v.entries) {
      if (!v.is_final(e.row)) open.push_back(e);
    }
  }
  const Xid horizon = txns.horizon();
  std::vector<Entry> final;
  RowBuffer buffer;
  for (const Entry& e : open) {
    RowVersion version;
    VARVE_ASSIGN_OR_RETURN(bool seen, heap->fetch(snapshot, e.at, buffer, &version));
    if (!seen || !is_mark_of(version, {vector, static_cast<uint16_t>(e.row + 1)})) continue;
    if (version.xid < horizon) final.push_back(e);
    bitmap[e.row / 64] |= uint64_t{1} << e.row % 64;
  }
  if (!final.empty()) make_final(vector, final);
  return {};
}

Result<bool> Marks::is_deleted(access::Heap* heap, const txn::Snapshot& snapshot, Tid row) {
  if (heap == nullptr) return false;
  RowBuffer buffer;
  bool final = false;
  for (Entry e{}; next_entry(row, e.number, &e, &final); ++e.number) {
    if (final) return true;
    RowVersion version;
    VARVE_ASSIGN_OR_RETURN(bool found, heap->fetch(snapshot, e.at, buffer, &version));
    if (found && is_mark_of(version, row)) return true;
  }
  return false;
}

uint64_t Marks::count(Tid stratum, uint32_t vectors) {
  if (!any_.load(std::memory_order_acquire)) return 0;
  std::shared_lock guard(mutex_);
  uint64_t n = 0;
  for (uint32_t v = 0; v < vectors; ++v) {
    auto it = vectors_.find(settled_page(stratum, v));
    if (it != vectors_.end()) n += it->second.entries.size();
  }
  return n;
}

Result<std::vector<Marks::Mark>> Marks::of_vector(access::Heap& heap, PageId vector) {
  std::vector<Entry> all;
  {
    std::shared_lock guard(mutex_);
    auto it = vectors_.find(vector);
    if (it != vectors_.end()) all = it->second.entries;
  }
  std::vector<Mark> found;
  RowBuffer buffer;
  for (const Entry& e : all) {
    RowVersion version;
    VARVE_ASSIGN_OR_RETURN(bool there, heap.fetch_newest(e.at, buffer, &version));
    if (!there || !is_mark_of(version, {vector, static_cast<uint16_t>(e.row + 1)})) continue;
    found.push_back(read_mark(e.at, version));
  }
  return found;
}

void Marks::forget(Tid stratum, uint32_t vectors) {
  std::unique_lock guard(mutex_);
  for (uint32_t v = 0; v < vectors; ++v) vectors_.erase(settled_page(stratum, v));
}

// --- keys that are locked where the row was

void HeldKeys::add(Tid now, Tid before) {
  std::lock_guard guard(mutex_);
  before_[now.packed()] = before;
  count_.store(before_.size());
}

bool HeldKeys::find(Tid now, Tid* before) const {
  if (count_.load() == 0) return false;
  std::lock_guard guard(mutex_);
  auto it = before_.find(now.packed());
  if (it == before_.end()) return false;
  *before = it->second;
  return true;
}

void HeldKeys::forget(Tid now) {
  std::lock_guard guard(mutex_);
  before_.erase(now.packed());
  count_.store(before_.size());
}

// --- the table

Result<std::shared_ptr<TableState>> TableState::open(txn::TxnManager& txns, PageId delta, uint32_t database) {
  VARVE_ASSIGN_OR_RETURN(uint64_t stamp, access::segment_stamp(txns.pool(), delta));
  std::shared_ptr<TableState> known, state;  // let go after the mutex, which their end takes
  std::lock_guard guard(registry().mutex);
  const Key key{&txns.pool(), delta.value()};
  known = registry().by_delta[key].lock();
  if (known != nullptr && known->stamp_ == stamp) return known;
  state.reset(new TableState(txns, delta, database, stamp));
  for (access::Companion which : {access::Companion::kStrata, access::Companion::kMarks}) {
    VARVE_ASSIGN_OR_RETURN(PageId segment, access::companion_segment(txns.pool(), delta, which));
    if (segment == kInvalidPageId) continue;
    VARVE_RETURN_IF_ERROR(state->open_companion(which, segment));
    if (which == access::Companion::kStrata) registry().by_strata[Key{&txns.pool(), segment.value()}] = state;
  }
  VARVE_RETURN_IF_ERROR(state->load());
  registry().by_delta[key] = state;
  return state;
}

std::shared_ptr<TableState> TableState::find(buffer::BufferPool& pool, PageId strata) {
  std::lock_guard guard(registry().mutex);
  auto it = registry().by_strata.find(Key{&pool, strata.value()});
  return it == registry().by_strata.end() ? nullptr : it->second.lock();
}

TableState::~TableState() {
  std::lock_guard guard(registry().mutex);
  std::erase_if(registry().by_delta, [](const auto& e) { return e.second.expired(); });
  std::erase_if(registry().by_strata, [](const auto& e) { return e.second.expired(); });
}

Status TableState::open_companion(access::Companion which, PageId segment) {
  const bool strata = which == access::Companion::kStrata;
  auto& heap = strata ? strata_heap_ : marks_;
  heap = access::open_heap(txns_, segment, database_);
  (strata ? strata_open_ : marks_open_).store(heap.get(), std::memory_order_release);
  return {};
}

Result<access::Heap*> TableState::make(access::Companion which) {
  auto& open = which == access::Companion::kStrata ? strata_open_ : marks_open_;
  if (access::Heap* heap = open.load(std::memory_order_acquire)) return heap;
  std::shared_ptr<TableState> self;
  {
    std::lock_guard guard(registry().mutex);
    self = registry().by_delta[Key{&txns_.pool(), delta_.value()}].lock();
  }
  std::lock_guard guard(making_);
  if (access::Heap* heap = open.load(std::memory_order_acquire)) return heap;
  bool created = false;
  VARVE_ASSIGN_OR_RETURN(PageId segment,
                         access::ensure_companion_segment(txns_.pool(), delta_, which, &created));
  if (which == access::Companion::kStrata && self.get() == this) {
    std::lock_guard inner(registry().mutex);
    registry().by_strata[Key{&txns_.pool(), segment.value()}] = self;
  }
  VARVE_RETURN_IF_ERROR(open_companion(which, segment));
  return open.load(std::memory_order_acquire);
}

Status TableState::load() {
  if (access::Heap* heap = strata()) {
    VARVE_RETURN_IF_ERROR(for_each_row(*heap, [&](Tid tid, const RowVersion& row) {
      if (row.length < sizeof(StratumRow)) return;
      const auto stored = load_raw<StratumRow>(row.bytes);
      if (stored.version == kStratumVersion)
        strata_[tid.packed()] = std::make_shared<Stratum>(*heap, tid, stored);
    }));
  }
  if (access::Heap* heap = marks_heap()) {
    VARVE_RETURN_IF_ERROR(for_each_row(*heap, [&](Tid tid, const RowVersion& row) {
      if (row.length >= sizeof(MarkRow)) marks.note(Tid::unpack(load_raw<MarkRow>(row.bytes).row), tid);
    }));
  }
  return {};
}

Result<StrataListPtr> TableState::list() {
  for (;;) {
    StrataListPtr list;
    {
      std::shared_lock guard(mutex_);
      list = list_;
    }
    if (list == nullptr) {
      std::unique_lock guard(mutex_);
      if (list_ == nullptr) {
        std::vector<StratumPtr> found;
        found.reserve(strata_.size());
        for (const auto& [tid, stratum] : strata_) found.push_back(stratum);
        list_ = std::make_shared<const StrataList>(std::move(found));
      }
      list = list_;
    }
    std::vector<StratumPtr> gone;
    VARVE_RETURN_IF_ERROR(list->check(txns_.horizon(), &gone));
    if (gone.empty()) return list;
    forget(gone);
  }
}

StratumPtr TableState::stratum(Tid tid) {
  std::shared_lock guard(mutex_);
  auto it = strata_.find(tid.packed());
  return it == strata_.end() ? nullptr : it->second;
}

void TableState::add(StratumPtr stratum) {
  marks.forget(stratum->tid(), kMaxVectors);  // of an earlier stratum of that name
  std::unique_lock guard(mutex_);
  strata_[stratum->tid().packed()] = std::move(stratum);
  list_ = nullptr;
}

Status TableState::remove(txn::Transaction& txn, Stratum& stratum) {
  stratum.begin_removal();
  {
    std::unique_lock guard(mutex_);
    list_ = nullptr;  // the next one looks for when the row has gone
  }
  return stratum.remove(txn);
}

void TableState::forget(std::span<const StratumPtr> gone) {
  std::unique_lock guard(mutex_);
  for (const StratumPtr& stratum : gone) {
    auto it = strata_.find(stratum->tid().packed());
    if (it != strata_.end() && it->second == stratum) strata_.erase(it);
  }
  list_ = nullptr;
}

}  // namespace varve::columnar_table
