// Structure check, size estimates, and the sweep that VACUUM makes over all entries.
#include <fmt/format.h>

#include "btree_impl.h"

namespace varve::access {

using buffer::ExclusiveGuard;
using buffer::SharedGuard;

namespace {

// A pair with bytes of its own.
struct OwnPair {
  std::vector<uint8_t> key;
  uint64_t tid = 0;

  void set(const Pair& p) {
    key.assign(p.key, p.key + p.size);
    tid = p.tid;
  }
  Pair get() const { return {key.data(), static_cast<uint32_t>(key.size()), tid}; }
};

class Checker {
 public:
  Checker(buffer::BufferPool& pool, PageId segment) : pool_(pool), segment_(segment) {}

  // The subtree of `id`; fences as the parent has them. `right`: the page that must be the right sibling.
  Status check(PageId id, int level, const OwnPair& lower, const OwnPair* upper, PageId right) {
    std::vector<PageId> children;
    std::vector<OwnPair> keys;
    PageId last_right;
    {
      VARVE_ASSIGN_OR_RETURN(SharedGuard guard, pool_.fix_shared(id));
      NodeView node(guard.page());
      VARVE_RETURN_IF_ERROR(check_frame(node, id, level, lower, upper, right));
      VARVE_RETURN_IF_ERROR(check_entries(node, id));
      if (node.is_leaf()) return {};
      if (node.count() == 0) return fault(id, "inner node without children");
      uint8_t key[kMaxKeyBytes];
      for (uint32_t i = 0; i < node.count(); ++i) {
        children.push_back(node.child(i));
        keys.emplace_back().set(node.full_key(i, key));
      }
      level = node.header().level;
    }
    if (upper != nullptr) {
      VARVE_ASSIGN_OR_RETURN(SharedGuard guard, pool_.fix_shared(right));
      NodeView sibling(guard.page());
      if (sibling.is_leaf() || sibling.count() == 0)
        return fault(right, "a level mixes leaves and inner nodes");
      last_right = sibling.child(0);
    }
    for (size_t i = 0; i < children.size(); ++i) {
      bool last = i + 1 == children.size();
      VARVE_RETURN_IF_ERROR(check(children[i], level - 1, keys[i], last ? upper : &keys[i + 1],
                                  last ? last_right : children[i + 1]));
    }
    return {};
  }

 private:
  Status fault(PageId id, std::string_view what) const {
    return Status::corruption(
        fmt::format("B-tree of segment {}, page {}: {}", segment_.value(), id.value(), what));
  }

  Status check_frame(const NodeView& node, PageId id, int level, const OwnPair& lower, const OwnPair* upper,
                     PageId right) const {
    const NodeHeader& h = node.header();
    if (!node.is_node_of(segment_)) return fault(id, "not a node of this tree");
    if (level >= 0 && h.level != level) return fault(id, "level differs from what the parent says");
    if (h.count > kMaxSlots) return fault(id, "too many entries");
    if (uint32_t{h.lower_length} + h.upper_length > kNodeRoom) return fault(id, "fences too long");
    if (compare(node.lower(), lower.get()) != 0)
      return fault(id, "lower fence differs from the parent's key");
    if ((upper == nullptr) != node.rightmost())
      return fault(id, "right link and parent disagree about the end");
    if (upper == nullptr) return {};
    if (compare(node.upper(), upper->get()) != 0)
      return fault(id, "upper fence differs from the parent's key");
    if (node.right() != right) return fault(id, "right link leads elsewhere than the parent's next child");
    if (h.prefix_length != common_prefix(node.lower(), node.upper()))
      return fault(id, "prefix length is wrong");
    return {};
  }

  Status check_entries(const NodeView& node, PageId id) const {
    const NodeHeader& h = node.header();
    uint32_t bytes = 0, fences = uint32_t{h.lower_length} + h.upper_length;
    OwnPair before;
    uint8_t buffer[kMaxKeyBytes];
    for (uint32_t i = 0; i < h.count; ++i) {
      Slot s = node.slot(i);
      if (s.offset < h.heap_begin || s.offset + NodeView::entry_bytes(s) > buffer::kPageBytes - fences)
        return fault(id, fmt::format("entry {} lies outside of the entries' part", i));
      if (h.prefix_length + s.length() > kMaxKeyBytes) return fault(id, fmt::format("key {} is too long", i));
      bytes += NodeView::entry_bytes(s);
      Pair key = node.full_key(i, buffer);
      if (i > 0 && compare(before.get(), key) >= 0)
        return fault(id, fmt::format("entry {} is out of order", i));
      if (!node.covers(key)) return fault(id, fmt::format("entry {} lies outside of the fences", i));
      before.set(key);
    }
    if (h.heap_begin < kSlotsAt + uint32_t{h.count} * 8) return fault(id, "slots and entries overlap");
    if (bytes + h.garbage != buffer::kPageBytes - fences - h.heap_begin)
      return fault(id, "free space is miscounted");
    return {};
  }

  buffer::BufferPool& pool_;
  PageId segment_;
};

}  // namespace

Status BtreeImpl::verify() {
  Checker checker(core_.pool(), core_.segment());
  return checker.check(core_.root(), -1, {}, nullptr, kInvalidPageId);
}

Result<Btree::Statistics> BtreeImpl::statistics() {
  Statistics s{};
  VARVE_ASSIGN_OR_RETURN(s.pages, segment_page_count(core_.pool(), core_.segment()));
  // One path down, by a different child on each level: entries ~ product of the counts.
  PageId at = core_.root();
  double product = 1;
  for (;;) {
    VARVE_ASSIGN_OR_RETURN(SharedGuard guard, core_.pool().fix_shared(at));
    NodeView node(guard.page());
    if (!node.is_node_of(core_.segment())) break;  // merged away meanwhile
    if (s.height == 0) s.height = node.header().level + 1U;
    product *= node.count();
    if (node.is_leaf() || node.count() == 0) break;
    at = node.child(node.count() / 2);
  }
  s.entries_estimate = static_cast<uint64_t>(product);
  return s;
}

Result<uint64_t> BtreeImpl::sweep(Xid horizon) {
  uint64_t removed = 0;
  OwnPair position;
  for (;;) {
    Pair here = position.get();
    VARVE_ASSIGN_OR_RETURN(ExclusiveGuard leaf, core_.latch_node(0, here));
    NodeView node(leaf.page());
    for (uint32_t i = 0; i < node.count();) {
      bool marked = NodeView::marked(node.slot(i));
      VARVE_ASSIGN_OR_RETURN(RowState state, probe_any_row(core_.pool(), node.tid(i), horizon));
      if (state != RowState::kDead && !(marked && state == RowState::kLive)) {
        ++i;
        continue;
      }
      LogTerms terms{};
      core_.log_remove(leaf, i, terms);
      ++removed;
    }
    bool merge = BtreeCore::worth_merging(node), last = node.rightmost();
    OwnPair next;
    if (!last) next.set(node.upper());
    leaf.release();
    if (merge) VARVE_RETURN_IF_ERROR(core_.try_merge(0, here));
    if (last) return removed;
    position = std::move(next);
  }
}

}  // namespace varve::access
