// Building nodes in memory, and their log payloads.
#pragma once

#include "btree_format.h"

namespace varve::access {

// Builds a node from left to right in a page outside the pool; fences must be known beforehand.
class NodeBuilder {
 public:
  // `page` is overwritten from the header on. `upper` is ignored when `right` is 0. Fences must not point
  // into `page`.
  NodeBuilder(buffer::Page* page, uint8_t level, PageId right, const Pair& lower, const Pair& upper);

  // The key with its tid, and the child for an inner node. False: no room. For entry 0 of an inner node the
  // key does not matter.
  bool append(const Pair& key, PageId child, bool marked);
  // Entries [first, last) of another node of the level.
  bool append_from(const NodeView& node, uint32_t first, uint32_t last);

  const buffer::Page& page() const { return *page_; }
  NodeView view() const { return NodeView(*page_); }

 private:
  NodeHeader& header() { return *reinterpret_cast<NodeHeader*>(page_->body); }
  buffer::Page* page_;
};

// The kOpNodeImage payload of a node.
class NodeImage {
 public:
  NodeImage(const buffer::Page& node, PageId segment);
  wal::Bytes payload() const { return {bytes_, size_}; }

 private:
  size_t size_;
  uint8_t bytes_[sizeof(NodeImagePayload) + buffer::kPageBytes];
};

// The kOpNodeInsert payload for a key that goes to `position` of `node`.
class InsertImage {
 public:
  void make(const NodeView& node, uint32_t position, const Pair& key, uint64_t value);
  wal::Bytes payload() const { return {bytes_, size_}; }

 private:
  size_t size_ = 0;
  uint8_t bytes_[kMaxInsertPayload];
};

// Entries on their way into one leaf: the kOpNodeInsertMany payload and its undo bytes.
class InsertManyImage {
 public:
  void begin(const NodeView& leaf);
  // A key that the leaf covers, behind those added before, and where it goes among the leaf's entries. False:
  // the leaf has no room for it.
  bool add(uint32_t position, const Pair& pair);
  uint32_t count() const { return count_; }
  wal::Bytes payload() const { return {payload_, payload_size_}; }
  // `keys`: those that were added.
  void make_undo(PageId segment, std::span<const Btree::NewEntry> keys, std::vector<uint8_t>* undo) const;

 private:
  uint32_t count_ = 0, prefix_ = 0, room_ = 0;
  size_t payload_size_ = 0;
  uint8_t payload_[sizeof(uint16_t) + kMaxSlots * sizeof(InsertPayload) + buffer::kPageBytes];
};

}  // namespace varve::access
