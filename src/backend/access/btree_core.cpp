// Descent, lookup and the changes of one entry.
#include "btree_core.h"

#include <fmt/format.h>

namespace varve::access {

using buffer::BufferPool;
using buffer::ExclusiveGuard;
using buffer::LogBatch;
using buffer::OptimisticGuard;
using buffer::SharedGuard;

namespace {

constexpr int kOptimisticAttempts = 8;
// A latched node that does not cover what was looked for means that a split or merge came between. So many in
// a row do not happen: the tree is broken.
constexpr int kMaxDescents = 10000;

uint32_t child_index(const NodeView& node, const Pair& pair, bool below) {
  return below ? node.child_below(pair) : node.child_for(pair);
}

}  // namespace

Status BtreeCore::no_such_node(const char* what) const {
  return Status::corruption(fmt::format("B-tree of segment {}: {}", segment_.value(), what));
}

Result<uint8_t> BtreeCore::root_level() {
  VARVE_ASSIGN_OR_RETURN(SharedGuard guard, pool_.fix_shared(root()));
  NodeView node(guard.page());
  if (!node.is_node_of(segment_)) return Status::not_found("no B-tree here");
  return node.header().level;
}

// Each step down is valid when the parent has not changed until the child's version was taken.
Status BtreeCore::try_locate(uint8_t level, const Pair& pair, bool below, PageId* out, bool* done) {
  *done = false;
  VARVE_ASSIGN_OR_RETURN(OptimisticGuard guard, pool_.fix_optimistic(root()));
  PageId at = root();
  while (guard) {
    NodeView node(guard.page());
    uint8_t here = node.header().level;
    if (here == level) {
      if (!node.is_node_of(segment_) || !guard.validate()) return {};
      *out = at;
      *done = true;
      return {};
    }
    PageId child = node.child(child_index(node, pair, below));
    if (!guard.validate() || here < level) return {};
    if (here == level + 1) {
      *out = child;  // the caller latches it and checks its fences
      *done = true;
      return {};
    }
    VARVE_ASSIGN_OR_RETURN(OptimisticGuard next, pool_.fix_optimistic(child));
    if (!next) return {};
    NodeView::prefetch(next.page());
    if (!guard.validate()) return {};
    guard = std::move(next);
    at = child;
  }
  return {};
}

Result<PageId> BtreeCore::locate_latched(uint8_t level, const Pair& pair, bool below) {
  VARVE_ASSIGN_OR_RETURN(SharedGuard guard, pool_.fix_shared(root()));
  for (;;) {
    NodeView node(guard.page());
    if (!node.is_node_of(segment_)) return Status::not_found("no B-tree here");
    uint8_t here = node.header().level;
    if (here == level) return guard.id();
    if (here < level) {
      if (guard.id() == root()) return Status(StatusCode::kBusy, "the tree has become lower");
      return no_such_node("a node lies higher than its parent");
    }
    PageId child = node.child(child_index(node, pair, below));
    if (here == level + 1) return child;
    VARVE_ASSIGN_OR_RETURN(SharedGuard next, pool_.fix_shared(child));
    guard = std::move(next);
  }
}

Result<PageId> BtreeCore::locate(uint8_t level, const Pair& pair, bool below) {
  PageId found;
  for (int i = 0; i < kOptimisticAttempts; ++i) {
    bool done = false;
    VARVE_RETURN_IF_ERROR(try_locate(level, pair, below, &found, &done));
    if (done) return found;
  }
  return locate_latched(level, pair, below);
}

Result<ExclusiveGuard> BtreeCore::latch_node(uint8_t level, const Pair& pair) {
  for (int i = 0; i < kMaxDescents; ++i) {
    VARVE_ASSIGN_OR_RETURN(PageId id, locate(level, pair, false));
    VARVE_ASSIGN_OR_RETURN(ExclusiveGuard guard, pool_.fix_exclusive(id));
    NodeView node(guard.page());
    if (node.is_node_of(segment_) && node.header().level == level && node.covers(pair)) return guard;
  }
  return no_such_node("no node covers a key");
}

Result<ExclusiveGuard> BtreeCore::latch_leaf(const Pair& pair, PageId* hint) {
  if (*hint != kInvalidPageId) {
    VARVE_ASSIGN_OR_RETURN(ExclusiveGuard guard, pool_.fix_exclusive(*hint));
    NodeView node(guard.page());
    if (node.is_node_of(segment_) && node.is_leaf() && node.covers(pair)) return guard;
  }
  VARVE_ASSIGN_OR_RETURN(ExclusiveGuard guard, latch_node(0, pair));
  *hint = guard.id();
  return guard;
}

Result<SharedGuard> BtreeCore::read_leaf(const Pair& pair, bool below, PageId* hint) {
  for (int i = 0; i < kMaxDescents; ++i) {
    if (*hint == kInvalidPageId) {
      VARVE_ASSIGN_OR_RETURN(*hint, locate(0, pair, below));
    }
    VARVE_ASSIGN_OR_RETURN(SharedGuard guard, pool_.fix_shared(*hint));
    NodeView node(guard.page());
    if (node.is_node_of(segment_) && node.is_leaf() && (below ? node.covers_below(pair) : node.covers(pair)))
      return guard;
    *hint = kInvalidPageId;
  }
  return no_such_node("no leaf covers a key");
}

Status BtreeCore::try_lookup(wal::Bytes key, std::vector<Tid>* tids, bool* any_marked, bool* done) {
  *done = false;
  const Pair pair(key, 0);
  VARVE_ASSIGN_OR_RETURN(OptimisticGuard guard, pool_.fix_optimistic(root()));
  if (!guard) return {};
  for (;;) {
    NodeView node(guard.page());
    if (node.is_leaf()) break;
    PageId child = node.child(node.child_for(pair));
    if (!guard.validate()) return {};
    VARVE_ASSIGN_OR_RETURN(OptimisticGuard next, pool_.fix_optimistic(child));
    if (!next) return {};
    NodeView::prefetch(next.page());
    if (!guard.validate()) return {};
    guard = std::move(next);
  }
  NodeView leaf(guard.page());
  std::array<Tid, 16> found;
  size_t n = 0;
  bool marked = false;
  uint32_t count = leaf.count();
  uint32_t i = leaf.lower_bound(pair, 0);
  for (; i < count && n < found.size(); ++i) {
    Slot s = leaf.slot(i);
    if (!leaf.entry_begins_with(s, key)) break;
    found[n++] = Tid::unpack(leaf.value(s));
    marked |= NodeView::marked(s);
  }
  bool more = n == found.size();
  if (i == count && !leaf.rightmost()) {
    // Unless the fence says that the key ends here, the right sibling must be asked.
    const NodeHeader& h = leaf.header();
    uint32_t fences = uint32_t{h.lower_length} + h.upper_length;
    more = more || fences > kNodeRoom || begins_with(leaf.upper().bytes(), key);
  }
  if (!leaf.is_node_of(segment_) || !guard.validate() || more) return {};
  tids->insert(tids->end(), found.begin(), found.begin() + static_cast<ptrdiff_t>(n));
  *any_marked |= marked;
  *done = true;
  return {};
}

Status BtreeCore::lookup_latched(wal::Bytes key, std::vector<Tid>* tids, bool* any_marked,
                                 const LeafReader* reader) {
  uint8_t fence[kMaxKeyBytes];
  Pair position(key, 0);
  PageId hint;
  for (;;) {
    VARVE_ASSIGN_OR_RETURN(SharedGuard guard, read_leaf(position, false, &hint));
    if (reader != nullptr) VARVE_RETURN_IF_ERROR(reader->note(guard.id()));
    NodeView leaf(guard.page());
    uint32_t i = leaf.lower_bound(position, 0);
    for (; i < leaf.count() && leaf.entry_begins_with(leaf.slot(i), key); ++i) {
      tids->push_back(leaf.tid(i));
      *any_marked |= NodeView::marked(leaf.slot(i));
    }
    if (i < leaf.count() || leaf.rightmost() || !begins_with(leaf.upper().bytes(), key)) return {};
    Pair upper = leaf.upper();
    std::memcpy(fence, upper.key, upper.size);
    position = Pair(fence, upper.size, upper.tid);
    hint = leaf.right();
  }
}

Status BtreeCore::lookup(wal::Bytes key, std::vector<Tid>* tids, bool* any_marked) {
  bool ignored = false;
  if (any_marked == nullptr) any_marked = &ignored;
  for (int i = 0; i < kOptimisticAttempts; ++i) {
    bool done = false;
    VARVE_RETURN_IF_ERROR(try_lookup(key, tids, any_marked, &done));
    if (done) return {};
  }
  return lookup_latched(key, tids, any_marked, nullptr);
}

Status BtreeCore::lookup_noted(wal::Bytes key, std::vector<Tid>* tids, bool* any_marked,
                               const LeafReader& reader) {
  bool ignored = false;
  return lookup_latched(key, tids, any_marked == nullptr ? &ignored : any_marked, &reader);
}

uint32_t BtreeCore::find(const NodeView& leaf, const Pair& pair) {
  uint32_t i = leaf.lower_bound(pair, 0);
  return i < leaf.count() && leaf.compare_entry(leaf.slot(i), pair) == 0 ? i : kAbsent;
}

void BtreeCore::commit(LogBatch& batch, LogTerms& terms) {
  if (!terms.undo.empty()) batch.set_undo(terms.undo);
  if (terms.compensation) batch.set_compensation();
  batch.commit(&terms.start);
  terms.written = true;
  if (terms.txn != nullptr) terms.txn->set_last_lsn(terms.start);
}

void BtreeCore::log_insert(ExclusiveGuard& leaf, const Pair& pair, LogTerms& terms) {
  NodeView node(leaf.page());
  InsertImage image;
  image.make(node, node.lower_bound(pair, 0), pair, pair.tid);
  LogBatch batch(pool_, terms.xid, terms.prev_lsn);
  batch.change(leaf, kOpNodeInsert, image.payload());
  commit(batch, terms);
}

void BtreeCore::log_insert_many(ExclusiveGuard& leaf, const InsertManyImage& image, LogTerms& terms) {
  LogBatch batch(pool_, terms.xid, terms.prev_lsn);
  batch.change(leaf, kOpNodeInsertMany, image.payload());
  commit(batch, terms);
}

void BtreeCore::log_mark(ExclusiveGuard& leaf, uint32_t position, bool marked, LogTerms& terms) {
  MarkPayload payload{static_cast<uint16_t>(position), static_cast<uint8_t>(marked)};
  LogBatch batch(pool_, terms.xid, terms.prev_lsn);
  batch.change(leaf, kOpNodeMark, {reinterpret_cast<const uint8_t*>(&payload), sizeof(payload)});
  commit(batch, terms);
}

void BtreeCore::log_remove(ExclusiveGuard& leaf, uint32_t position, LogTerms& terms) {
  auto payload = static_cast<uint16_t>(position);
  LogBatch batch(pool_, terms.xid, terms.prev_lsn);
  batch.change(leaf, kOpNodeRemove, {reinterpret_cast<const uint8_t*>(&payload), sizeof(payload)});
  commit(batch, terms);
}

}  // namespace varve::access
