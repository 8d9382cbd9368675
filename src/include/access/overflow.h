// Long values: compressed, or cut into chunks that lie out of line.
//
// Chunks are rows of a heap of their own, the overflow segment that the table's segment names. So they are
// logged, undone, purged and vacuumed as rows are; nobody scans them, and visibility is that of the row which
// refers to them: a version that a snapshot sees keeps its chunks, because whoever replaced or deleted it
// deleted them in the same transaction.
//
//   OverflowPointer, what the row has in the place of the value:
//   0           4              8       16      24       28      29           30
//   +-----------+--------------+-------+-------+--------+-------+------------+
//   | raw bytes | stored bytes | tid   | xid   | number | level | compressed |
//   +-----------+--------------+-------+-------+--------+-------+------------+
//   Chunk row:  | xid u64 | number u32 | index u32 | level 0: up to kChunkBytes of the value, in order;
//   above: up to kChunkTids packed Tids of the chunks one level below |
// `tid` is the only chunk of level `level`. xid and number tell one value from every other that was ever
// stored; index is (level << 28 | place in its level). Compressed: the bytes put together are an LZ4 block.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "access/heap.h"
#include "access/row_layout.h"

namespace varve::access {

struct OverflowPointer {
  uint32_t raw_bytes;
  uint32_t stored_bytes;
  uint64_t tid;
  uint64_t xid;
  uint32_t number;
  uint8_t level;
  uint8_t compressed;

  bool operator==(const OverflowPointer& o) const { return xid == o.xid && number == o.number; }
} __attribute__((packed));
static_assert(sizeof(OverflowPointer) == 30);

struct ChunkHeader {
  uint64_t xid;
  uint32_t number;
  uint32_t index;

  bool operator==(const ChunkHeader&) const = default;
} __attribute__((packed));
inline constexpr size_t kChunkBytes = kMaxRowBytes - sizeof(ChunkHeader);
inline constexpr size_t kChunkTids = kChunkBytes / sizeof(uint64_t);

// Makes rows of one heap out of values and looks after the values that end up out of line. One statement's,
// not thread-safe. For each row:
//   insert:  encode(), Heap::insert()
//   update:  load_old(), encode(), Heap::update(), then replaced() or not_written()
//   delete:  load_old(), Heap::remove(), then replaced()
// An error on the way must end in a rollback (of the transaction or to a savepoint), which takes back what
// encode() has stored. Storage failures are thrown as SqlError.
class RowEncoder final : private LargeValueWriter {
 public:
  RowEncoder(Heap& heap, const RowLayout& layout) : heap_(heap), layout_(layout) {}

  // The version about to be replaced: the one `snapshot` sees or, when the row is locked already, the newest.
  // False: nothing to look after, encode() and the rest need not know of it.
  bool load_old(const txn::Snapshot& snapshot, Tid tid, bool locked);
  // `old_values` (after load_old(): what the old row was decoded to; else empty): a long value that is the
  // same bytes in memory as in the old row stays where it is.
  void encode(txn::Transaction& txn, std::span<const types::Value> values,
              std::span<const types::Value> old_values = {});
  // Valid until the next encode().
  wal::Bytes bytes() const { return {reinterpret_cast<const uint8_t*>(row_.data()), row_.size()}; }
  uint16_t flags() const { return flags_; }

  // The row has been changed or deleted: what the old version alone had out of line goes.
  void replaced(txn::Transaction& txn);
  // It has not: what encode() stored goes.
  void not_written(txn::Transaction& txn);

 private:
  StoredForm shrink(StoredForm now, StoredForm pressure, wal::Bytes* bytes) override;
  StoredForm compress(wal::Bytes* bytes);
  StoredForm put_out_of_line(StoredForm now, wal::Bytes* bytes);

  Heap& heap_;
  const RowLayout& layout_;
  txn::Transaction* txn_ = nullptr;
  std::string row_;
  uint16_t flags_ = 0;
  RowBuffer old_buffer_;
  RowVersion old_;
  bool has_old_ = false;
  std::vector<StoredValue> kept_;
  std::vector<OverflowPointer> written_, unneeded_;
  std::deque<std::vector<uint8_t>> memory_;  // of what encode() put in the place of values
};

}  // namespace varve::access
