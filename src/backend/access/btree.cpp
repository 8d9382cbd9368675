// Transactions' changes to a tree, how they are undone, and what purge removes.
#include "access/btree.h"

#include <array>
#include <atomic>
#include <fmt/format.h>
#include <mutex>
#include <unordered_map>

#include "access/column_store.h"
#include "btree_cursor.h"
#include "btree_impl.h"
#include "common/bytes.h"
#include "common/hash.h"

namespace varve::access {

using buffer::BufferPool;
using buffer::ExclusiveGuard;
using txn::UndoHeader;
using txn::UndoKind;

namespace {

std::atomic<RowProbe> registered_probe{nullptr};
std::atomic<RowProbe> registered_settled_probe{nullptr};

// UndoHeader::flags of kIndexInsert: the entry was there with a mark, which the insertion took off.
constexpr uint8_t kWasMarked = 1;

// How many marks that are not purged or undone yet have been set on an entry since the process started. Purge
// of the only one may remove the entry even if the row has been changed again meanwhile: nobody can see the
// row with this key, since whoever gave it the key again would have taken the mark off. Without this, an
// entry whose row is changed all the time would never go. Entries that collide count as one: then purge is
// only more careful.
class OutstandingMarks {
 public:
  void add(const BufferPool& pool, PageId segment, const Pair& pair) {
    uint64_t hash = hash_of(pool, segment, pair);
    Stripe& stripe = stripes_[hash % kStripes];
    std::lock_guard lock(stripe.mutex);
    ++stripe.counts[hash];
  }
  // True: there was one, and it was the last.
  bool remove(const BufferPool& pool, PageId segment, const Pair& pair) {
    uint64_t hash = hash_of(pool, segment, pair);
    Stripe& stripe = stripes_[hash % kStripes];
    std::lock_guard lock(stripe.mutex);
    auto it = stripe.counts.find(hash);
    if (it == stripe.counts.end()) return false;
    if (--it->second != 0) return false;
    stripe.counts.erase(it);
    return true;
  }

 private:
  static constexpr size_t kStripes = 64;
  struct Stripe {
    std::mutex mutex;
    std::unordered_map<uint64_t, uint32_t> counts;
  };
  static uint64_t hash_of(const BufferPool& pool, PageId segment, const Pair& pair) {
    uint64_t place = hash_combine(hash_int(reinterpret_cast<uintptr_t>(&pool)), hash_int(segment.value()));
    return hash_bytes(pair.key, pair.size, hash_combine(place, hash_int(pair.tid)));
  }
  std::array<Stripe, kStripes> stripes_;
};
OutstandingMarks outstanding_marks;

class UndoBytes {
 public:
  UndoBytes(UndoKind kind, uint8_t flags, PageId segment, wal::Bytes key, Tid tid)
      : size_(sizeof(UndoHeader) + key.size()) {
    UndoHeader h{kind, flags, 0, segment.value(), tid.packed()};
    std::memcpy(bytes_, &h, sizeof(h));
    if (!key.empty()) std::memcpy(bytes_ + sizeof(h), key.data(), key.size());
  }
  wal::Bytes get() const { return {bytes_, size_}; }

 private:
  size_t size_;
  uint8_t bytes_[sizeof(UndoHeader) + kMaxKeyBytes];
};

Status check_size(wal::Bytes key) {
  if (key.size() <= kMaxKeyBytes) return {};
  return Status::invalid(fmt::format("index row size {} exceeds maximum {}", key.size(), kMaxKeyBytes));
}

Status remember(txn::Transaction& txn, wal::Bytes undo) {
  if (txn.add_undo(undo, kInvalidXid, txn::kNoUndo) != txn::kNoUndo) return {};
  return Status(StatusCode::kOutOfMemory, "the transaction's undo log is full");
}

// With the leaf latched: the undo record first, since afterwards nothing may fail.
Result<LogTerms> terms_of(txn::Transaction& txn, wal::Bytes undo) {
  LogTerms terms{};
  terms.xid = txn.assign_xid();
  terms.prev_lsn = txn.last_lsn();
  terms.undo = undo;
  terms.txn = &txn;
  VARVE_RETURN_IF_ERROR(remember(txn, undo));
  return terms;
}

// Leaves latched from left to right while equal keys are checked: the first one keeps other inserters of the
// key out.
class LeafChain {
 public:
  void add(ExclusiveGuard guard) {
    if (count_ < kFew) {
      few_[count_] = std::move(guard);
    } else {
      more_.push_back(std::move(guard));
    }
    ++count_;
  }
  ExclusiveGuard& at(size_t i) { return i < kFew ? few_[i] : more_[i - kFew]; }
  ExclusiveGuard& last() { return at(count_ - 1); }
  size_t size() const { return count_; }

 private:
  static constexpr size_t kFew = 4;
  std::array<ExclusiveGuard, kFew> few_;
  std::vector<ExclusiveGuard> more_;
  size_t count_ = 0;
};

// Asks about every entry of that key, following it over as many leaves as it spans. kInserted: no objection.
Result<InsertOutcome> check_unique(BtreeCore& core, LeafChain& chain, wal::Bytes key, Tid own,
                                   UniqueChecker& unique) {
  for (;;) {
    NodeView leaf(chain.last().page());
    uint32_t i = chain.size() == 1 ? leaf.lower_bound(Pair(key, 0), 0) : 0;
    for (; i < leaf.count(); ++i) {
      Slot s = leaf.slot(i);
      bool same = leaf.prefix_length() + s.length() == key.size() && leaf.entry_begins_with(s, key);
      if (!same) return InsertOutcome{};
      Tid other = Tid::unpack(leaf.value(s));
      if (other == own) continue;
      Xid wait_for;
      switch (unique.check(other, NodeView::marked(s), &wait_for)) {
        case UniqueChecker::Verdict::kDead:
          break;
        case UniqueChecker::Verdict::kConflict:
          return InsertOutcome{InsertOutcome::Kind::kConflict, other, kInvalidXid};
        case UniqueChecker::Verdict::kWait:
          return InsertOutcome{InsertOutcome::Kind::kMustWait, other, wait_for};
      }
    }
    if (leaf.rightmost() || compare(leaf.upper(), Pair(key, ~uint64_t{0})) > 0) return InsertOutcome{};
    VARVE_ASSIGN_OR_RETURN(ExclusiveGuard right, core.pool().fix_exclusive(leaf.right()));
    chain.add(std::move(right));
  }
}

ExclusiveGuard& covering(LeafChain& chain, const Pair& pair) {
  for (size_t i = 0; i + 1 < chain.size(); ++i) {
    if (NodeView(chain.at(i).page()).covers(pair)) return chain.at(i);
  }
  return chain.last();
}

Status insert_at(BtreeCore& core, txn::Transaction& txn, ExclusiveGuard& leaf, wal::Bytes key, Tid tid) {
  UndoBytes undo(UndoKind::kIndexInsert, 0, core.segment(), key, tid);
  VARVE_ASSIGN_OR_RETURN(LogTerms terms, terms_of(txn, undo.get()));
  core.log_insert(leaf, Pair(key, tid.packed()), terms);
  return {};
}

Status revive_at(BtreeCore& core, txn::Transaction& txn, ExclusiveGuard& leaf, uint32_t position,
                 wal::Bytes key, Tid tid) {
  UndoBytes undo(UndoKind::kIndexInsert, kWasMarked, core.segment(), key, tid);
  VARVE_ASSIGN_OR_RETURN(LogTerms terms, terms_of(txn, undo.get()));
  core.log_mark(leaf, position, false, terms);
  return {};
}

Status remove_and_merge(BtreeCore& core, ExclusiveGuard leaf, uint32_t position, const Pair& pair) {
  LogTerms terms{};
  core.log_remove(leaf, position, terms);
  bool merge = BtreeCore::worth_merging(NodeView(leaf.page()));
  leaf.release();
  return merge ? core.try_merge(0, pair) : Status();
}

// --- undo and purge: the entry is found again by its key.

Status undo_index(txn::UndoContext& context, const txn::UndoView& record) {
  const UndoHeader& h = record.header();
  BtreeCore core(context.pool, PageId{h.object});
  Pair pair(record.payload(), h.tid);
  VARVE_ASSIGN_OR_RETURN(ExclusiveGuard leaf, core.latch_node(0, pair));
  uint32_t position = BtreeCore::find(NodeView(leaf.page()), pair);
  if (position == BtreeCore::kAbsent) return {};
  LogTerms terms{context.xid, context.undo_next, {}, nullptr, true, {}, false};
  if (h.kind == UndoKind::kIndexMark) {
    outstanding_marks.remove(context.pool, PageId{h.object}, pair);
    core.log_mark(leaf, position, false, terms);
  } else if ((h.flags & kWasMarked) != 0) {
    core.log_mark(leaf, position, true, terms);
  } else {
    core.log_remove(leaf, position, terms);
  }
  context.last_lsn = terms.start;
  return {};
}

// The entries may lie in several leaves by now. Only the last removal says in the log that the record is
// undone: after a crash before it all is done again, and what is gone already is not found. The rows' places
// are free for others only when their insertion is undone, too, which comes later.
Status undo_index_many(txn::UndoContext& context, const txn::UndoView& record) {
  const PageId segment{record.header().object};
  BtreeCore core(context.pool, segment);
  wal::Bytes payload = record.payload();
  ByteReader in(payload.data(), payload.size());
  const auto count = in.raw<uint16_t>();
  const auto shared = in.raw<uint16_t>();
  std::array<uint8_t, kMaxKeyBytes> key{};
  auto read_key = [&](size_t at, size_t n) {
    const std::string_view bytes = in.bytes(n);
    if (!in.ok() || at + n > key.size()) return false;
    if (n != 0) std::memcpy(key.data() + at, bytes.data(), n);
    return true;
  };
  const Status damaged = Status::corruption("the undo record of index entries is damaged");
  if (!in.ok() || !read_key(0, shared)) return damaged;
  for (uint32_t i = 0; i < count; ++i) {
    const auto tid = in.raw<uint64_t>();
    const auto rest = in.raw<uint16_t>();
    if (!in.ok() || !read_key(shared, rest)) return damaged;
    const Pair pair(key.data(), shared + uint32_t{rest}, tid);
    VARVE_ASSIGN_OR_RETURN(ExclusiveGuard leaf, core.latch_node(0, pair));
    const uint32_t position = BtreeCore::find(NodeView(leaf.page()), pair);
    if (position == BtreeCore::kAbsent) continue;
    LogTerms terms{};
    if (i + 1 == count) terms = {context.xid, context.undo_next, {}, nullptr, true, {}, false};
    core.log_remove(leaf, position, terms);
    if (i + 1 == count) context.last_lsn = terms.start;
  }
  return {};
}

Status undo_nothing(txn::UndoContext&, const txn::UndoView&) { return {}; }

Status purge_mark(txn::PurgeContext& context, const txn::UndoView& record) {
  const UndoHeader& h = record.header();
  const PageId segment{h.object};
  BtreeCore core(context.pool, segment);
  const Pair pair(record.payload(), h.tid);
  Result<ExclusiveGuard> latched = core.latch_leaf(pair, &context.last_leaf);
  // Under the leaf's latch, as they are set: a mark that comes in between would not be counted.
  const bool only_mark = outstanding_marks.remove(context.pool, segment, pair);
  if (latched.status().code() == StatusCode::kNotFound) return {};  // the index has been dropped
  VARVE_ASSIGN_OR_RETURN(ExclusiveGuard leaf, std::move(latched));
  const NodeView node(leaf.page());
  const uint32_t position = BtreeCore::find(node, pair);
  if (position == BtreeCore::kAbsent || !NodeView::marked(node.slot(position))) return {};
  VARVE_ASSIGN_OR_RETURN(RowState state, probe_any_row(context.pool, Tid::unpack(h.tid), context.horizon));
  if (state == RowState::kDead || state == RowState::kLive || only_mark)
    return remove_and_merge(core, std::move(leaf), position, pair);
  return {};
}

Status purge_gone(txn::PurgeContext& context, const txn::UndoView& record) {
  const UndoHeader& h = record.header();
  const Tid tid = Tid::unpack(h.tid);
  BtreeCore core(context.pool, PageId{h.object});
  const Pair pair(record.payload(), h.tid);
  Result<ExclusiveGuard> latched = core.latch_leaf(pair, &context.last_leaf);
  if (latched.status().code() == StatusCode::kNotFound) return {};  // the index has been dropped
  VARVE_ASSIGN_OR_RETURN(ExclusiveGuard leaf, std::move(latched));
  const NodeView node(leaf.page());
  const uint32_t position = BtreeCore::find(node, pair);
  if (position == BtreeCore::kAbsent) return {};
  // A settled row whose deletion has committed does not come back, and no other takes its place before this.
  RowState state = RowState::kDead;
  if (!is_settled(tid)) {
    VARVE_ASSIGN_OR_RETURN(state, probe_any_row(context.pool, tid, context.horizon));
  }
  const bool marked = NodeView::marked(node.slot(position));
  if (state == RowState::kDead || (marked && state == RowState::kLive))
    return remove_and_merge(core, std::move(leaf), position, pair);
  return {};
}

}  // namespace

Result<RowState> probe_any_row(BufferPool& pool, Tid tid, Xid horizon) {
  RowProbe probe = is_settled(tid) ? registered_settled_probe.load(std::memory_order_acquire)
                                   : registered_probe.load(std::memory_order_acquire);
  VARVE_CHECK(probe != nullptr);
  return probe(pool, tid, horizon);
}
void register_row_probe(RowProbe probe) { registered_probe.store(probe, std::memory_order_release); }
void register_settled_row_probe(RowProbe probe) {
  registered_settled_probe.store(probe, std::memory_order_release);
}

Result<InsertOutcome> BtreeImpl::insert(txn::Transaction& txn, wal::Bytes key, Tid tid,
                                        UniqueChecker* unique) {
  VARVE_RETURN_IF_ERROR(check_size(key));
  const Pair pair(key, tid.packed());
  for (;;) {
    {
      LeafChain chain;
      VARVE_ASSIGN_OR_RETURN(ExclusiveGuard first,
                             core_.latch_node(0, unique != nullptr ? Pair(key, 0) : pair));
      chain.add(std::move(first));
      if (unique != nullptr) {
        VARVE_ASSIGN_OR_RETURN(InsertOutcome outcome, check_unique(core_, chain, key, tid, *unique));
        // Whoever has seen that the key was not there, and is told now that it is, fails for that reason
        // rather than the other.
        if (outcome.kind == InsertOutcome::Kind::kConflict)
          VARVE_RETURN_IF_ERROR(note_insert(txn, chain.at(0).id()));
        if (outcome.kind != InsertOutcome::Kind::kInserted) return outcome;
      }
      ExclusiveGuard& leaf = covering(chain, pair);
      VARVE_RETURN_IF_ERROR(note_insert(txn, leaf.id()));
      NodeView node(leaf.page());
      uint32_t position = BtreeCore::find(node, pair);
      if (position != BtreeCore::kAbsent) {
        // The row had this key before, and the old entry still waits for purge.
        if (NodeView::marked(node.slot(position)))
          VARVE_RETURN_IF_ERROR(revive_at(core_, txn, leaf, position, key, tid));
        return InsertOutcome{};
      }
      if (node.free_bytes() >= node.bytes_for(pair.size, false)) {
        VARVE_RETURN_IF_ERROR(insert_at(core_, txn, leaf, key, tid));
        return InsertOutcome{};
      }
    }
    VARVE_RETURN_IF_ERROR(core_.make_room(0, pair));
  }
}

namespace {

// Of the entries that are next, those that go into this leaf and have no equals there.
void take_run(const NodeView& leaf, std::span<const Btree::NewEntry> entries, bool check_unique,
              InsertManyImage* image) {
  image->begin(leaf);
  uint32_t at = 0;
  for (size_t i = 0; i < entries.size(); ++i) {
    const Btree::NewEntry& entry = entries[i];
    const bool unique = check_unique && entry.unique;
    const Pair pair(entry.key, entry.tid.packed());
    if (pair.size > kMaxKeyBytes || !(i == 0 ? leaf.covers(pair) : leaf.ends_behind(pair))) return;
    if (i > 0) {
      const Pair before(entries[i - 1].key, entries[i - 1].tid.packed());
      const int order = compare_bytes(before.key, before.size, pair.key, pair.size);
      if (order > 0 || (order == 0 && (unique || before.tid >= pair.tid))) return;
    }
    // Equal keys may be in the next leaf.
    if (unique && !leaf.ends_behind(Pair(entry.key, ~uint64_t{0}))) return;
    const Pair probe(entry.key, unique ? 0 : pair.tid);
    if (at < leaf.count() && leaf.compare_entry(leaf.slot(at), probe) < 0) at = leaf.lower_bound(probe, 0);
    if (at < leaf.count()) {
      const Slot s = leaf.slot(at);
      if (unique ? leaf.prefix_length() + s.length() == pair.size && leaf.entry_begins_with(s, entry.key)
                 : leaf.compare_entry(s, pair) == 0)
        return;
    }
    if (!image->add(at, pair)) return;
  }
}

}  // namespace

Result<InsertOutcome> BtreeImpl::insert_sorted(txn::Transaction& txn, std::span<const NewEntry> entries,
                                               size_t* next, UniqueChecker* unique) {
  std::unique_ptr<InsertManyImage> image;  // made when there is a run to try
  std::vector<uint8_t> undo;
  while (*next < entries.size()) {
    const NewEntry& first = entries[*next];
    const bool ask = unique != nullptr && first.unique;
    VARVE_RETURN_IF_ERROR(check_size(first.key));
    if (*next + 1 < entries.size()) {
      if (image == nullptr) image = std::make_unique_for_overwrite<InsertManyImage>();
      VARVE_ASSIGN_OR_RETURN(ExclusiveGuard leaf,
                             core_.latch_node(0, Pair(first.key, ask ? 0 : first.tid.packed())));
      take_run(NodeView(leaf.page()), entries.subspan(*next), unique != nullptr, image.get());
      if (image->count() > 1) {
        VARVE_RETURN_IF_ERROR(note_insert(txn, leaf.id()));
        image->make_undo(core_.segment(), entries.subspan(*next, image->count()), &undo);
        VARVE_ASSIGN_OR_RETURN(LogTerms terms, terms_of(txn, undo));
        core_.log_insert_many(leaf, *image, terms);
        *next += image->count();
        continue;
      }
    }
    VARVE_ASSIGN_OR_RETURN(InsertOutcome outcome, insert(txn, first.key, first.tid, ask ? unique : nullptr));
    if (outcome.kind != InsertOutcome::Kind::kInserted) return outcome;
    ++*next;
  }
  return InsertOutcome{};
}

Result<InsertOutcome> BtreeImpl::find_conflict(wal::Bytes key, UniqueChecker& unique) {
  LeafChain chain;
  VARVE_ASSIGN_OR_RETURN(ExclusiveGuard first, core_.latch_node(0, Pair(key, 0)));
  chain.add(std::move(first));
  return check_unique(core_, chain, key, Tid{}, unique);
}

Status BtreeImpl::mark(txn::Transaction& txn, wal::Bytes key, Tid tid) {
  VARVE_RETURN_IF_ERROR(check_size(key));
  const Pair pair(key, tid.packed());
  VARVE_ASSIGN_OR_RETURN(ExclusiveGuard leaf, core_.latch_node(0, pair));
  NodeView node(leaf.page());
  uint32_t position = BtreeCore::find(node, pair);
  if (position == BtreeCore::kAbsent)
    return Status::corruption(fmt::format("index of segment {} has no entry for row ({},{})",
                                          core_.segment().value(), tid.page.value(), tid.slot));
  if (NodeView::marked(node.slot(position))) return {};
  UndoBytes undo(UndoKind::kIndexMark, 0, core_.segment(), key, tid);
  VARVE_ASSIGN_OR_RETURN(LogTerms terms, terms_of(txn, undo.get()));
  outstanding_marks.add(core_.pool(), core_.segment(), pair);
  core_.log_mark(leaf, position, true, terms);
  return {};
}

// Nothing to log: after a crash there is no purge queue, and to undo there is nothing either.
Status BtreeImpl::note_gone(txn::Transaction& txn, wal::Bytes key, Tid tid) {
  VARVE_RETURN_IF_ERROR(check_size(key));
  UndoBytes undo(UndoKind::kIndexGone, 0, core_.segment(), key, tid);
  return remember(txn, undo.get());
}

std::unique_ptr<Btree::Cursor> BtreeImpl::scan(wal::Bytes lower, Bound lower_bound, wal::Bytes upper,
                                               Bound upper_bound, bool backward,
                                               txn::SerializableTxn* reader) {
  return std::make_unique<BtreeCursor>(core_, make_range(lower, lower_bound, upper, upper_bound), backward,
                                       tracked_, reader);
}

Status BtreeImpl::remove_dead(wal::Bytes key, Tid tid) {
  const Pair pair(key, tid.packed());
  VARVE_ASSIGN_OR_RETURN(ExclusiveGuard leaf, core_.latch_node(0, pair));
  uint32_t position = BtreeCore::find(NodeView(leaf.page()), pair);
  if (position == BtreeCore::kAbsent) return {};
  return remove_and_merge(core_, std::move(leaf), position, pair);
}

std::unique_ptr<Btree> open_btree(txn::TxnManager& txns, PageId segment) {
  return std::make_unique<BtreeImpl>(txns.pool(), segment);
}

Result<PageId> create_btree(txn::TxnManager& txns, txn::Transaction& txn) {
  VARVE_ASSIGN_OR_RETURN(PageId segment, create_segment(txns.pool(), txn, SegmentKind::kBtree));
  BtreeCore core(txns.pool(), segment);
  VARVE_RETURN_IF_ERROR(core.create_root());
  return segment;
}

void register_btree_operations() {
  register_btree_redo();
  txn::register_undo(UndoKind::kIndexInsert, undo_index);
  txn::register_undo(UndoKind::kIndexInsertMany, undo_index_many);
  txn::register_undo(UndoKind::kIndexMark, undo_index);
  txn::register_undo(UndoKind::kIndexGone, undo_nothing);
  txn::register_purge(UndoKind::kIndexMark, purge_mark);
  txn::register_purge(UndoKind::kIndexGone, purge_gone);
}

}  // namespace varve::access
