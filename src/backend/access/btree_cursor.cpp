#include "btree_cursor.h"

namespace varve::access {

using buffer::SharedGuard;

namespace {

// The least string above all that begin with `prefix`; false if there is none.
bool prefix_end(wal::Bytes prefix, std::vector<uint8_t>* out) {
  out->assign(prefix.begin(), prefix.end());
  while (!out->empty() && out->back() == 0xFF) out->pop_back();
  if (out->empty()) return false;
  ++out->back();
  return true;
}

// Above every key that can be stored.
constexpr size_t kTopBytes = kMaxKeyBytes;

}  // namespace

KeyRange make_range(wal::Bytes lower, Btree::Bound lower_bound, wal::Bytes upper, Btree::Bound upper_bound) {
  KeyRange r;
  if (lower_bound == Btree::Bound::kInclusive) r.lower.assign(lower.begin(), lower.end());
  if (lower_bound == Btree::Bound::kExclusive && !prefix_end(lower, &r.lower)) r.empty = true;
  if (upper_bound == Btree::Bound::kExclusive) {
    r.upper.assign(upper.begin(), upper.end());
    r.bounded_above = true;
  } else if (upper_bound == Btree::Bound::kInclusive) {
    r.bounded_above = prefix_end(upper, &r.upper);
  }
  if (r.bounded_above && compare(Pair(r.lower, 0), Pair(r.upper, 0)) >= 0) r.empty = true;
  return r;
}

BtreeCursor::BtreeCursor(const BtreeCore& core, const KeyRange& range, bool backward,
                         const txn::TrackedRelation& index, txn::SerializableTxn* reader)
    : core_(core), index_(index), reader_(index ? reader : nullptr), backward_(backward), done_(range.empty) {
  if (!backward) {
    position_ = range.lower;
    limit_ = range.upper;
    limited_ = range.bounded_above;
  } else {
    limit_ = range.lower;
    limited_ = !limit_.empty();
    position_ = range.upper;
    from_end_ = !range.bounded_above;
    if (from_end_) {
      position_.assign(kTopBytes, 0xFF);
      position_tid_ = ~uint64_t{0};
    }
  }
}

void BtreeCursor::take(const NodeView& leaf, uint32_t i, std::vector<Entry>* out) {
  Slot s = leaf.slot(i);
  uint32_t size = leaf.prefix_length() + s.length();
  size_t at = keys_.size();
  keys_.resize(at + size);
  if (leaf.prefix_length() != 0) std::memcpy(keys_.data() + at, leaf.prefix(), leaf.prefix_length());
  leaf.copy_suffix(s, keys_.data() + at + leaf.prefix_length());
  // The key's place is known once all keys are copied; until then only its length.
  out->push_back({wal::Bytes(static_cast<const uint8_t*>(nullptr), size_t{0}), Tid::unpack(leaf.value(s)),
                  NodeView::marked(s)});
  sizes_.push_back(size);
}

void BtreeCursor::move_to(const Pair& p) {
  position_.assign(p.key, p.key + p.size);
  position_tid_ = p.tid;
}

void BtreeCursor::forward_leaf(const NodeView& leaf, std::vector<Entry>* out, size_t max) {
  uint32_t end = leaf.count();
  bool last = leaf.rightmost();
  if (limited_) {
    Pair limit(limit_, 0);
    if (leaf.rightmost() || compare(limit, leaf.upper()) <= 0) {
      last = true;
      // The limit may lie before the node when the position does not: then nothing is left.
      end = compare(limit, leaf.lower()) <= 0 ? 0 : leaf.lower_bound(limit, 0);
    }
  }
  uint32_t i = leaf.lower_bound(position(), 0);
  for (; i < end && out->size() < max; ++i) take(leaf, i, out);
  if (i < end) {
    uint8_t key[kMaxKeyBytes];
    move_to(leaf.full_key(i, key));
  } else if (last) {
    done_ = true;
  } else {
    move_to(leaf.upper());
    hint_ = leaf.right();
  }
}

void BtreeCursor::backward_leaf(const NodeView& leaf, std::vector<Entry>* out, size_t max) {
  uint32_t begin = 0;
  bool last = leaf.lower().is_lowest();
  if (limited_) {
    Pair limit(limit_, 0);
    if (compare(leaf.lower(), limit) <= 0) {
      last = true;
      begin =
          !leaf.rightmost() && compare(leaf.upper(), limit) <= 0 ? leaf.count() : leaf.lower_bound(limit, 0);
    }
  }
  bool above_all = from_end_ || (!leaf.rightmost() && compare(leaf.upper(), position()) <= 0);
  uint32_t i = above_all ? leaf.count() : leaf.lower_bound(position(), 0);
  for (; i > begin && out->size() < max; --i) take(leaf, i - 1, out);
  from_end_ = false;
  if (i > begin) {
    uint8_t key[kMaxKeyBytes];
    // The next one lies before the entry taken last, which is entry i.
    move_to(leaf.full_key(i, key));
  } else if (last) {
    done_ = true;
  } else {
    move_to(leaf.lower());
    hint_ = kInvalidPageId;
  }
}

Status BtreeCursor::next(std::vector<Entry>* out, size_t max) {
  out->clear();
  keys_.clear();
  sizes_.clear();
  while (!done_ && out->size() < max) {
    Pair at = position();
    VARVE_ASSIGN_OR_RETURN(SharedGuard guard, core_.read_leaf(at, backward_, &hint_));
    if (reader_ != nullptr) VARVE_RETURN_IF_ERROR(reader_->read_page(index_, guard.id()));
    NodeView leaf(guard.page());
    backward_ ? backward_leaf(leaf, out, max) : forward_leaf(leaf, out, max);
  }
  size_t offset = 0;
  for (size_t i = 0; i < out->size(); ++i) {
    (*out)[i].key = {keys_.data() + offset, sizes_[i]};
    offset += sizes_[i];
  }
  return {};
}

}  // namespace varve::access
