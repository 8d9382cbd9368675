// Scans. A cursor keeps a position (a pair), never a latch: between two calls the tree may change at will.
#pragma once

#include "btree_core.h"

namespace varve::access {

// Strings s with lower <= s < upper. A prefix bound becomes one of these.
struct KeyRange {
  std::vector<uint8_t> lower, upper;
  bool bounded_above = false;
  bool empty = false;
};
KeyRange make_range(wal::Bytes lower, Btree::Bound lower_bound, wal::Bytes upper, Btree::Bound upper_bound);

class BtreeCursor : public Btree::Cursor {
 public:
  // `reader`: null, or outlives the cursor, as `index` does.
  BtreeCursor(const BtreeCore& core, const KeyRange& range, bool backward, const txn::TrackedRelation& index,
              txn::SerializableTxn* reader);
  Status next(std::vector<Entry>* out, size_t max) override;

 private:
  void forward_leaf(const NodeView& leaf, std::vector<Entry>* out, size_t max);
  void backward_leaf(const NodeView& leaf, std::vector<Entry>* out, size_t max);
  void take(const NodeView& leaf, uint32_t i, std::vector<Entry>* out);
  void move_to(const Pair& position);
  Pair position() const { return {position_.data(), static_cast<uint32_t>(position_.size()), position_tid_}; }

  BtreeCore core_;
  const txn::TrackedRelation& index_;
  txn::SerializableTxn* reader_;
  bool backward_;
  bool done_;
  // Forward: the next entry is at or behind the position. Backward: before it, or anywhere when `from_end_`.
  std::vector<uint8_t> position_;
  uint64_t position_tid_ = 0;
  bool from_end_ = false;
  std::vector<uint8_t> limit_;  // forward: keys from here on are out; backward: keys before it are out
  bool limited_ = false;
  PageId hint_;
  std::vector<uint8_t> keys_;  // of the batch, one behind the other
  std::vector<uint32_t> sizes_;
};

}  // namespace varve::access
