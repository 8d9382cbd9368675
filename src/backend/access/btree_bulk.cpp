// Building a tree from sorted entries: leaves from left to right, each level above as the one below fills.
#include <fmt/format.h>

#include "btree_impl.h"
#include "segment_format.h"

namespace varve::access {

using buffer::BufferPool;
using buffer::ExclusiveGuard;
using buffer::LogBatch;
using buffer::Page;

namespace {

constexpr uint32_t kFillBytes = kNodeRoom * 9 / 10;

// The entries of the node under construction, with whole keys: what a node takes is known only with its upper
// fence.
struct Pending {
  struct Item {
    uint32_t offset, size;
    uint64_t tid;
    PageId child;
  };
  std::vector<uint8_t> bytes;
  std::vector<Item> items;

  Pair key(size_t i) const { return {bytes.data() + items[i].offset, items[i].size, items[i].tid}; }
  void add(const Pair& p, PageId child) {
    items.push_back({static_cast<uint32_t>(bytes.size()), p.size, p.tid, child});
    bytes.insert(bytes.end(), p.key, p.key + p.size);
  }
  void clear() {
    bytes.clear();
    items.clear();
  }
};

class BulkLoader {
 public:
  BulkLoader(BufferPool& pool, PageId segment, PageId root) : pool_(pool), segment_(segment), root_(root) {}

  Status add(const Pair& pair) { return add(0, pair, kInvalidPageId); }
  Status finish() {
    for (size_t level = 0; level < levels_.size(); ++level) {
      // The last node of a level has no upper fence, so no common prefix.
      while (node_bytes(levels_[level], nullptr, level != 0) > kNodeRoom)
        VARVE_RETURN_IF_ERROR(close_before(level, levels_[level].pending.items.size() / 2));
      if (levels_[level].nodes == 0) return write_root(level);
      VARVE_RETURN_IF_ERROR(close(level, nullptr));
    }
    return {};
  }

 private:
  struct Level {
    Pending pending;
    std::vector<uint8_t> lower;  // fence of the node under construction
    uint64_t lower_tid = 0;
    PageId id;  // its page, known once its left sibling is closed
    uint64_t nodes = 0;
    uint32_t bound_bytes = 0;  // lower fence and pending entries with whole keys

    Pair lower_fence() const { return {lower.data(), static_cast<uint32_t>(lower.size()), lower_tid}; }
  };

  static uint32_t item_bytes(const Pair& p, uint32_t prefix, bool inner) {
    uint32_t suffix = p.size - prefix;
    return static_cast<uint32_t>(sizeof(Slot)) + 8 + (inner && p.tid != 0 ? 8 : 0) +
           (suffix > 4 ? suffix - 4 : 0);
  }

  // What the pending entries take under an upper fence, or without one.
  static uint32_t node_bytes(const Level& l, const Pair* upper, bool inner) {
    uint32_t prefix = upper != nullptr ? common_prefix(l.lower_fence(), *upper) : 0;
    uint32_t total = l.lower_fence().size + (upper != nullptr ? upper->size : 0);
    for (size_t i = 0; i < l.pending.items.size(); ++i) {
      Pair p = l.pending.key(i);
      total += inner && i == 0 ? static_cast<uint32_t>(sizeof(Slot)) + 8 : item_bytes(p, prefix, inner);
    }
    return total;
  }

  // The fence between two neighbours. Inner nodes use the key itself: it is their child's fence already.
  static Pair separator(size_t level, const Pair& a, const Pair& b) {
    if (level != 0) return b;
    uint32_t shared = common_prefix(a, b);
    if (shared == a.size && shared == b.size) return b;
    return {b.key, shared + 1, 0};
  }

  Status add(size_t level, const Pair& pair, PageId child) {
    if (level == levels_.size()) levels_.emplace_back();
    bool inner = level != 0;
    for (;;) {
      Level& l = levels_[level];
      size_t n = l.pending.items.size();
      if (n == 0) break;
      // Without any common prefix, and with the new key as a fence: a bound that is cheap to keep.
      if (l.bound_bytes + item_bytes(pair, 0, inner) + pair.size <= kFillBytes) break;
      Pair fence = separator(level, l.pending.key(n - 1), pair);
      uint32_t bytes = node_bytes(l, &fence, inner);
      if (bytes > kNodeRoom) {
        // The new key has nothing in common with the rest. Up to the entry before, the node was found to fit.
        VARVE_RETURN_IF_ERROR(close_before(level, n - 1));
        continue;
      }
      if (bytes + item_bytes(pair, common_prefix(l.lower_fence(), fence), inner) <= kFillBytes) break;
      VARVE_RETURN_IF_ERROR(close(level, &fence));
      break;
    }
    append(levels_[level], pair, child, inner);
    return {};
  }

  static void append(Level& l, const Pair& pair, PageId child, bool inner) {
    if (l.pending.items.empty()) l.bound_bytes = l.lower_fence().size;
    l.bound_bytes += item_bytes(pair, 0, inner);
    l.pending.add(pair, child);
  }

  // Closes the node before its entry i; the entries from there on begin the next one.
  Status close_before(size_t level, size_t i) {
    Pending carried;
    {
      Pending& p = levels_[level].pending;
      for (size_t k = i; k < p.items.size(); ++k) carried.add(p.key(k), p.items[k].child);
      p.items.resize(i);
    }
    std::vector<uint8_t> last(levels_[level].pending.key(i - 1).size);
    Pair before = levels_[level].pending.key(i - 1);
    std::memcpy(last.data(), before.key, before.size);
    Pair fence = separator(level, Pair(last, before.tid), carried.key(0));
    VARVE_RETURN_IF_ERROR(close(level, &fence));
    for (size_t k = 0; k < carried.items.size(); ++k)
      append(levels_[level], carried.key(k), carried.items[k].child, level != 0);
    return {};
  }

  // Writes the node and enters it in the level above. Null: the last of its level.
  Status close(size_t level, const Pair* upper) {
    PageId id = levels_[level].id, next;
    if (id == kInvalidPageId) {
      VARVE_ASSIGN_OR_RETURN(id, allocate_page(pool_, segment_));
    }
    if (upper != nullptr) {
      VARVE_ASSIGN_OR_RETURN(next, allocate_page(pool_, segment_));
    }
    Level& l = levels_[level];
    VARVE_RETURN_IF_ERROR(write(l, level, id, next, upper != nullptr ? *upper : Pair()));
    ++l.nodes;
    std::vector<uint8_t> fence = std::move(l.lower);
    uint64_t fence_tid = l.lower_tid;
    if (upper != nullptr) {
      l.lower.assign(upper->key, upper->key + upper->size);
      l.lower_tid = upper->tid;
    }
    l.pending.clear();
    l.id = next;
    l.bound_bytes = 0;
    // May move levels_: `l` is not used after this.
    return add(level + 1, Pair(fence, fence_tid), id);
  }

  Status write(const Level& l, size_t level, PageId id, PageId right, const Pair& upper) {
    Page page;
    NodeBuilder builder(&page, static_cast<uint8_t>(level), right, l.lower_fence(), upper);
    for (size_t i = 0; i < l.pending.items.size(); ++i) {
      if (!builder.append(l.pending.key(i), l.pending.items[i].child, false))
        return Status::corruption("bulk load: a node does not hold what was counted");
    }
    NodeImage image(page, segment_);
    VARVE_ASSIGN_OR_RETURN(ExclusiveGuard guard, id == root_ ? pool_.fix_exclusive(id) : pool_.fix_new(id));
    LogBatch batch(pool_, kInvalidXid, kInvalidLsn);
    batch.change(guard, kOpNodeImage, image.payload(), wal::kBlockInitialises);
    batch.commit();
    return {};
  }

  Status write_root(size_t level) { return write(levels_[level], level, root_, kInvalidPageId, {}); }

  BufferPool& pool_;
  PageId segment_, root_;
  std::vector<Level> levels_;
};

}  // namespace

Status BtreeImpl::bulk_load(txn::Transaction&, BulkSource& source) {
  {
    VARVE_ASSIGN_OR_RETURN(buffer::SharedGuard guard, core_.pool().fix_shared(core_.root()));
    NodeView node(guard.page());
    if (!node.is_node_of(core_.segment()) || !node.is_leaf() || node.count() != 0)
      return Status::invalid("bulk load needs an empty B-tree");
  }
  BulkLoader loader(core_.pool(), core_.segment(), core_.root());
  Entry entry;
  std::vector<uint8_t> last;
  uint64_t last_tid = 0;
  bool first = true;
  while (source.next(&entry)) {
    if (entry.key.size() > kMaxKeyBytes)
      return Status::invalid(
          fmt::format("index row size {} exceeds maximum {}", entry.key.size(), kMaxKeyBytes));
    Pair pair(entry.key, entry.tid.packed());
    if (!first && compare(Pair(last, last_tid), pair) >= 0)
      return Status::invalid("bulk load: entries are not in ascending order");
    first = false;
    last.assign(entry.key.begin(), entry.key.end());
    last_tid = pair.tid;
    VARVE_RETURN_IF_ERROR(loader.add(pair));
  }
  return loader.finish();
}

}  // namespace varve::access
