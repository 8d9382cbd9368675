// Splits and merges. A split is one record over the node, its new right sibling and the parent; a parent
// without room is split before, by a record of its own. So the tree is whole after every record and nobody
// has to finish another's work.
#include <algorithm>

#include "btree_core.h"
#include "segment_format.h"
#include "txn/serializable_pages.h"

namespace varve::access {

using buffer::ExclusiveGuard;
using buffer::LogBatch;
using buffer::Page;
using buffer::SharedGuard;

// `keep` entries stay on the left. The separator's bytes are in `key`.
struct BtreeCore::SplitPlan {
  uint32_t keep = 0;
  uint32_t size = 0;
  uint64_t tid = 0;
  uint8_t key[kMaxKeyBytes];

  Pair separator() const { return {key, size, tid}; }
  void set(const Pair& p) {
    std::memcpy(key, p.key, p.size);
    size = p.size;
    tid = p.tid;
  }
};

namespace {

// The entries of a leaf with the new one among them.
class WithNewEntry {
 public:
  WithNewEntry(const NodeView& node, const Pair& fresh)
      : node_(node), fresh_(fresh), position_(node.lower_bound(fresh, 0)) {}

  uint32_t count() const { return node_.count() + 1; }
  uint32_t position() const { return position_; }
  uint32_t bytes(uint32_t i) const {
    if (i == position_) return node_.bytes_for(fresh_.size, false);
    return static_cast<uint32_t>(sizeof(Slot)) + NodeView::entry_bytes(node_.slot(old_index(i)));
  }
  Pair key(uint32_t i, uint8_t* buffer) const {
    return i == position_ ? fresh_ : node_.full_key(old_index(i), buffer);
  }
  // How many old entries lie before i.
  uint32_t old_index(uint32_t i) const { return i > position_ ? i - 1 : i; }

 private:
  const NodeView& node_;
  const Pair& fresh_;
  uint32_t position_;
};

// Where the right node begins, among old entries and the new one: 1 … count - 1.
uint32_t preferred_split(const NodeView& node, const WithNewEntry& all) {
  uint32_t n = node.count(), position = all.position();
  const NodeHeader& h = node.header();
  bool in_order = h.ascending >= 8 && position == h.last_insert + 1U;
  if (position == n && (node.rightmost() || in_order)) {
    // Keys arrive in ascending order: leave the left node full. Some room stays where several writers
    // overtake each other.
    return std::max(1U, h.ascending >= 32 ? n : n - n / 16);
  }
  if (in_order && position >= n / 2) return position;
  uint32_t total = 0, sum = 0;
  for (uint32_t i = 0; i < all.count(); ++i) total += all.bytes(i);
  for (uint32_t i = 0; i + 1 < all.count(); ++i) {
    sum += all.bytes(i);
    if (sum >= total / 2) return std::max(1U, 2 * sum - total > all.bytes(i) ? i : i + 1);
  }
  return n;
}

// The shortest pair p with a < p <= b.
Pair shortest_separator(const Pair& a, const Pair& b) {
  uint32_t shared = common_prefix(a, b);
  if (shared == a.size && shared == b.size) return b;
  return {b.key, shared + 1, 0};
}

// Both halves hold what they get. Prefixes only grow by a split, so today's sizes are upper bounds.
bool halves_fit(const NodeView& node, uint32_t keep, uint32_t separator_size) {
  uint32_t left = 0, right = 0;
  for (uint32_t i = 0; i < node.count(); ++i) {
    (i < keep ? left : right) += static_cast<uint32_t>(sizeof(Slot)) + NodeView::entry_bytes(node.slot(i));
  }
  const NodeHeader& h = node.header();
  return left + h.lower_length + separator_size <= kNodeRoom &&
         right + separator_size + h.upper_length <= kNodeRoom;
}

}  // namespace

void BtreeCore::plan_leaf_split(const NodeView& node, const Pair& pair, SplitPlan* plan) {
  WithNewEntry all(node, pair);
  uint32_t wish = preferred_split(node, all);
  uint8_t a[kMaxKeyBytes], b[kMaxKeyBytes];
  for (uint32_t distance = 0;; ++distance) {
    for (uint32_t j : {wish - distance, wish + distance}) {
      if (j < 1 || j >= all.count()) continue;  // also when wish - distance wrapped
      Pair separator = shortest_separator(all.key(j - 1, a), all.key(j, b));
      uint32_t keep = all.old_index(j);
      if (all.position() >= j) keep = j;
      if (!halves_fit(node, keep, separator.size)) continue;
      plan->keep = keep;
      plan->set(separator);
      return;
    }
    // Between two old neighbours a split always fits: what a half gains by the separator it loses by entries.
    VARVE_CHECK(distance <= all.count());
  }
}

void BtreeCore::plan_inner_split(const NodeView& node, const Pair& pair, SplitPlan* plan) {
  uint32_t n = node.count();
  VARVE_CHECK(n >= 2);  // one separator always has room
  bool at_end = node.rightmost() && node.child_for(pair) == n - 1;
  plan->keep = at_end ? n - 1 : n / 2;
  uint8_t buffer[kMaxKeyBytes];
  plan->set(node.full_key(plan->keep, buffer));
}

bool BtreeCore::has_room(const NodeView& node, const Pair& pair) {
  return node.free_bytes() >= node.bytes_for(pair.size, !node.is_leaf() && pair.tid != 0);
}

Status BtreeCore::split_child(ExclusiveGuard& parent, ExclusiveGuard& child, const SplitPlan& plan) {
  NodeView node(child.page()), above(parent.page());
  VARVE_ASSIGN_OR_RETURN(PageId right_id, allocate_page(pool_, segment_, child.id()));
  VARVE_ASSIGN_OR_RETURN(ExclusiveGuard right, pool_.fix_new(right_id));
  Page page;
  NodeBuilder builder(&page, node.header().level, node.right(), plan.separator(), node.upper());
  VARVE_CHECK(builder.append_from(node, plan.keep, node.count()));
  NodeImage image(page, segment_);

  uint8_t trim[sizeof(TrimPayload) + kMaxKeyBytes];
  TrimPayload payload{static_cast<uint16_t>(plan.keep), right_id.value(), plan.tid};
  std::memcpy(trim, &payload, sizeof(payload));
  std::memcpy(trim + sizeof(payload), plan.key, plan.size);

  InsertImage link;
  link.make(above, above.lower_bound(plan.separator(), 1), plan.separator(), right_id.value());

  LogBatch batch(pool_, kInvalidXid, kInvalidLsn);
  batch.change(child, kOpNodeTrim, {trim, sizeof(payload) + plan.size});
  batch.change(right, kOpNodeImage, image.payload(), wal::kBlockInitialises);
  batch.change(parent, kOpNodeInsert, link.payload());
  batch.commit();
  if (node.is_leaf()) txn::note_page_split(pool_, segment_, child.id(), right_id);
  return {};
}

// The root keeps its page: both halves go to new ones.
Status BtreeCore::split_root(ExclusiveGuard& root, const Pair& pair) {
  NodeView node(root.page());
  uint8_t level = node.header().level;
  SplitPlan plan;
  level == 0 ? plan_leaf_split(node, pair, &plan) : plan_inner_split(node, pair, &plan);
  VARVE_ASSIGN_OR_RETURN(PageId left_id, allocate_page(pool_, segment_));
  VARVE_ASSIGN_OR_RETURN(PageId right_id, allocate_page(pool_, segment_));
  VARVE_ASSIGN_OR_RETURN(ExclusiveGuard left, pool_.fix_new(left_id));
  VARVE_ASSIGN_OR_RETURN(ExclusiveGuard right, pool_.fix_new(right_id));

  Page pages[3];
  NodeBuilder left_builder(&pages[0], level, right_id, node.lower(), plan.separator());
  NodeBuilder right_builder(&pages[1], level, kInvalidPageId, plan.separator(), {});
  NodeBuilder root_builder(&pages[2], static_cast<uint8_t>(level + 1), kInvalidPageId, node.lower(), {});
  VARVE_CHECK(left_builder.append_from(node, 0, plan.keep) &&
              right_builder.append_from(node, plan.keep, node.count()) &&
              root_builder.append(node.lower(), left_id, false) &&
              root_builder.append(plan.separator(), right_id, false));
  NodeImage left_image(pages[0], segment_), right_image(pages[1], segment_), root_image(pages[2], segment_);

  LogBatch batch(pool_, kInvalidXid, kInvalidLsn);
  batch.change(root, kOpNodeImage, root_image.payload(), wal::kBlockInitialises);
  batch.change(left, kOpNodeImage, left_image.payload(), wal::kBlockInitialises);
  batch.change(right, kOpNodeImage, right_image.payload(), wal::kBlockInitialises);
  batch.commit();
  if (level == 0) {
    txn::note_page_split(pool_, segment_, root.id(), right_id);
    txn::note_page_moved(pool_, segment_, root.id(), left_id);
  }
  return {};
}

Status BtreeCore::make_room(uint8_t level, const Pair& pair) {
  for (;;) {
    VARVE_ASSIGN_OR_RETURN(uint8_t top, root_level());
    if (top == level) {
      VARVE_ASSIGN_OR_RETURN(ExclusiveGuard guard, pool_.fix_exclusive(root()));
      NodeView node(guard.page());
      if (!node.is_node_of(segment_)) return Status::not_found("no B-tree here");
      if (node.header().level != level) continue;  // it has grown meanwhile
      if (has_room(node, pair)) return {};
      return split_root(guard, pair);
    }
    SplitPlan plan;
    {
      Result<ExclusiveGuard> latched = latch_node(static_cast<uint8_t>(level + 1), pair);
      if (latched.status().code() == StatusCode::kBusy) continue;  // the root has taken its last child in
      VARVE_ASSIGN_OR_RETURN(ExclusiveGuard parent, std::move(latched));
      NodeView above(parent.page());
      VARVE_ASSIGN_OR_RETURN(ExclusiveGuard child, pool_.fix_exclusive(above.child(above.child_for(pair))));
      NodeView node(child.page());
      if (!node.is_node_of(segment_) || node.header().level != level || !node.covers(pair))
        return no_such_node("a child does not cover what its parent says");
      if (has_room(node, pair)) return {};
      level == 0 ? plan_leaf_split(node, pair, &plan) : plan_inner_split(node, pair, &plan);
      if (has_room(above, plan.separator())) return split_child(parent, child, plan);
    }
    VARVE_RETURN_IF_ERROR(make_room(static_cast<uint8_t>(level + 1), plan.separator()));
  }
}

bool BtreeCore::worth_merging(const NodeView& node) {
  uint32_t count = node.count();
  if (count == 0) return true;
  // Not at every removal: the neighbours may be too full, and asking costs two latches.
  return node.used_bytes() < kNodeRoom / 6 && count % 16 == 0;
}

Status BtreeCore::try_merge(uint8_t level, const Pair& pair) {
  VARVE_ASSIGN_OR_RETURN(uint8_t top, root_level());
  if (top <= level) return {};
  bool parent_is_small = false;
  {
    Result<ExclusiveGuard> latched = latch_node(static_cast<uint8_t>(level + 1), pair);
    if (latched.status().code() == StatusCode::kBusy) return {};
    VARVE_ASSIGN_OR_RETURN(ExclusiveGuard parent, std::move(latched));
    NodeView above(parent.page());
    if (above.count() < 2) return {};
    uint32_t right_index = std::max(1U, above.child_for(pair));
    VARVE_ASSIGN_OR_RETURN(ExclusiveGuard left, pool_.fix_exclusive(above.child(right_index - 1)));
    VARVE_ASSIGN_OR_RETURN(ExclusiveGuard right, pool_.fix_exclusive(above.child(right_index)));
    NodeView l(left.page()), r(right.page());
    // Somebody may have filled them meanwhile; and a merge that leaves no room is soon undone by a split.
    bool one_is_empty = l.count() == 0 || r.count() == 0;
    if (!one_is_empty && l.used_bytes() + r.used_bytes() > kNodeRoom * 2 / 3) return {};
    Page page;
    NodeBuilder builder(&page, level, r.right(), l.lower(), r.upper());
    if (!builder.append_from(l, 0, l.count()) || !builder.append_from(r, 0, r.count())) return {};
    NodeImage image(page, segment_);
    auto position = static_cast<uint16_t>(right_index);
    PageRelease release;
    VARVE_RETURN_IF_ERROR(release.prepare(pool_, segment_));
    LogBatch batch(pool_, kInvalidXid, kInvalidLsn);
    batch.change(parent, kOpNodeRemove, payload_of(position));
    batch.change(left, kOpNodeImage, image.payload(), wal::kBlockInitialises);
    release.add_to(batch, right);
    // While the page is nobody else's yet.
    if (level == 0) txn::note_page_moved(pool_, segment_, right.id(), left.id());
    batch.commit();
    parent_is_small = above.count() == 1 || worth_merging(above);
  }
  if (!parent_is_small) return {};
  if (level + 1 == top) return collapse_root();
  return try_merge(static_cast<uint8_t>(level + 1), pair);
}

// A root with one child takes in that child's content.
Status BtreeCore::collapse_root() {
  VARVE_ASSIGN_OR_RETURN(ExclusiveGuard guard, pool_.fix_exclusive(root()));
  NodeView node(guard.page());
  if (!node.is_node_of(segment_) || node.is_leaf() || node.count() != 1) return {};
  VARVE_ASSIGN_OR_RETURN(ExclusiveGuard child, pool_.fix_exclusive(node.child(0)));
  NodeImage image(child.page(), segment_);
  PageRelease release;
  VARVE_RETURN_IF_ERROR(release.prepare(pool_, segment_));
  LogBatch batch(pool_, kInvalidXid, kInvalidLsn);
  batch.change(guard, kOpNodeImage, image.payload(), wal::kBlockInitialises);
  release.add_to(batch, child);
  if (NodeView(child.page()).is_leaf()) txn::note_page_moved(pool_, segment_, child.id(), guard.id());
  batch.commit();
  return {};
}

Status BtreeCore::create_root() {
  VARVE_ASSIGN_OR_RETURN(PageId id, allocate_page(pool_, segment_));
  if (id != root()) return no_such_node("the root is not the first page");
  VARVE_ASSIGN_OR_RETURN(ExclusiveGuard guard, pool_.fix_new(id));
  Page page;
  NodeBuilder builder(&page, 0, kInvalidPageId, {}, {});
  NodeImage image(page, segment_);
  LogBatch batch(pool_, kInvalidXid, kInvalidLsn);
  batch.change(guard, kOpNodeImage, image.payload(), wal::kBlockInitialises);
  batch.commit();
  return {};
}

}  // namespace varve::access
