// The tree itself: descent, changes to nodes, splits and merges. Knows the pool and the segment only, so that
// undo and recovery use it without a transaction.
#pragma once

#include <array>

#include "btree_format.h"
#include "btree_node.h"
#include "buffer/log_batch.h"
#include "txn/serializable.h"

namespace varve::access {

// How a change is logged: as a transaction's, as a compensation, or as nobody's.
struct LogTerms {
  Xid xid;
  Lsn prev_lsn;
  wal::Bytes undo;
  txn::Transaction* txn = nullptr;  // told its last record while the log's gate is still held
  bool compensation = false;
  Lsn start;  // out: of the record, if one was written
  bool written = false;
};

// A SERIALIZABLE transaction that leaves its mark on every leaf it reads, under the leaf's latch.
struct LeafReader {
  const txn::TrackedRelation& index;
  txn::SerializableTxn& txn;
  Status note(PageId leaf) const { return txn.read_page(index, leaf); }
};

class BtreeCore {
 public:
  BtreeCore(buffer::BufferPool& pool, PageId segment) : pool_(pool), segment_(segment) {}

  buffer::BufferPool& pool() const { return pool_; }
  PageId segment() const { return segment_; }
  PageId root() const { return PageId{segment_.value() + 1}; }

  // Formats the root of a new segment.
  Status create_root();

  // The node of that level that covers `pair`. kNotFound: there is no tree here (any more). kBusy: the tree
  // is not that high (any more).
  Result<buffer::ExclusiveGuard> latch_node(uint8_t level, const Pair& pair);
  // The leaf that covers `pair`. `hint`, if valid, is tried first; returns the page in it.
  Result<buffer::ExclusiveGuard> latch_leaf(const Pair& pair, PageId* hint);
  // The leaf that covers `pair`, or with `below` what is just below it. `hint`, if valid, is tried first;
  // returns the page in it.
  Result<buffer::SharedGuard> read_leaf(const Pair& pair, bool below, PageId* hint);
  Status lookup(wal::Bytes key, std::vector<Tid>* tids, bool* any_marked);
  Status lookup_noted(wal::Bytes key, std::vector<Tid>* tids, bool* any_marked, const LeafReader& reader);

  // With the leaf latched exclusively: where the pair is, or kAbsent.
  static constexpr uint32_t kAbsent = ~0U;
  static uint32_t find(const NodeView& leaf, const Pair& pair);
  void log_insert(buffer::ExclusiveGuard& leaf, const Pair& pair, LogTerms& terms);
  void log_insert_many(buffer::ExclusiveGuard& leaf, const InsertManyImage& image, LogTerms& terms);
  void log_mark(buffer::ExclusiveGuard& leaf, uint32_t position, bool marked, LogTerms& terms);
  void log_remove(buffer::ExclusiveGuard& leaf, uint32_t position, LogTerms& terms);

  // Splits the node of that level that covers `pair` unless it has room for one more entry of that key. One
  // split a call: the caller tries again.
  Status make_room(uint8_t level, const Pair& pair);
  // Joins the node that covers `pair` with a neighbour under the same parent, if both together are small.
  Status try_merge(uint8_t level, const Pair& pair);
  static bool worth_merging(const NodeView& node);

  Result<uint8_t> root_level();

 private:
  Result<PageId> locate(uint8_t level, const Pair& pair, bool below);
  Status try_locate(uint8_t level, const Pair& pair, bool below, PageId* out, bool* done);
  Result<PageId> locate_latched(uint8_t level, const Pair& pair, bool below);
  Status try_lookup(wal::Bytes key, std::vector<Tid>* tids, bool* any_marked, bool* done);
  Status lookup_latched(wal::Bytes key, std::vector<Tid>* tids, bool* any_marked, const LeafReader* reader);
  Status no_such_node(const char* what) const;

  struct SplitPlan;
  static void plan_leaf_split(const NodeView& node, const Pair& pair, SplitPlan* plan);
  static void plan_inner_split(const NodeView& node, const Pair& pair, SplitPlan* plan);
  static bool has_room(const NodeView& node, const Pair& pair);
  Status split_root(buffer::ExclusiveGuard& root, const Pair& pair);
  Status split_child(buffer::ExclusiveGuard& parent, buffer::ExclusiveGuard& child, const SplitPlan& plan);
  Status collapse_root();
  void commit(buffer::LogBatch& batch, LogTerms& terms);

  buffer::BufferPool& pool_;
  PageId segment_;
};

}  // namespace varve::access
