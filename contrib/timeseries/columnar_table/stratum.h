// One stratum as it lies in the heap of strata: opening its columns, row form of its rows, writing a new one.
#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "access/row_layout.h"
#include "chunk_cache.h"
#include "memory/arena.h"
#include "stratum_format.h"

namespace varve::columnar_table {

columnar::ValueType value_type_of(types::PhysicalType type);

// A handle. Immutable but for what it has read so far; thread-safe. Readers hold a snapshot that sees the
// stratum's row (or a lock on a row in it), which keeps the values out of line.
class Stratum : public std::enable_shared_from_this<Stratum> {
 public:
  Stratum(access::Heap& heap, Tid tid, const StratumRow& row) : heap_(heap), tid_(tid), row_(row) {}
  ~Stratum();

  Tid tid() const { return tid_; }
  uint32_t rows() const { return row_.rows; }
  uint32_t vectors() const { return (row_.rows + access::kVectorRows - 1) / access::kVectorRows; }
  uint32_t vector_rows(uint32_t vector) const;
  uint16_t columns() const { return row_.columns; }
  uint64_t bytes() const { return row_.bytes; }
  bool is_row(const access::RowVersion& version) const;

  // Null (not there any more) or what is written where this stratum's row is.
  Result<bool> newest(Xid* writer, bool* deleted) const;
  Result<bool> visible(const txn::Snapshot& snapshot, Xid* writer = nullptr) const;
  // Every snapshot sees it: nobody need look at its row until somebody begins to remove it. What a snapshot
  // sees of a removal was begun before the snapshot was taken.
  bool is_certain() const {
    return certain_.load(std::memory_order_acquire) && !removing_.load(std::memory_order_seq_cst);
  }
  // Whether that is so by now; `horizon`: what every snapshot sees has been written below it. False: the row
  // has gone.
  Result<bool> look_for_certainty(Xid horizon);
  bool is_being_removed() const { return removing_.load(std::memory_order_relaxed); }
  void begin_removal() { removing_.store(true, std::memory_order_seq_cst); }

  Result<ChunkPtr> column(uint32_t column);
  // For the cache's clock: drops the column's chunk unless it has been used since it was last asked to.
  // Returns the bytes, or 0.
  size_t give_up(uint32_t column);
  // The bounds of all values of a column, without reading it; as long as the stratum lives. Null: the rows
  // settled before the table had it.
  Result<const columnar::ZoneMap*> zone(uint32_t column);
  // Rows in the form of a heap's rows, over columns() attributes.
  Result<const access::RowLayout*> layout();
  // Deletes the row and everything it refers to, after begin_removal().
  Status remove(txn::Transaction& txn);

 private:
  struct Directory {
    std::unique_ptr<columnar::Segment> segment;
    std::vector<DirectoryEntry> entries;
    std::unique_ptr<access::RowLayout> layout;
  };
  struct CachedColumn {
    ChunkPtr chunk;
    bool used = false;
  };
  Result<const Directory*> directory();

  access::Heap& heap_;
  const Tid tid_;
  const StratumRow row_;
  std::atomic<bool> certain_{false}, removing_{false};
  Xid writer_;  // set before certain_ is
  std::mutex mutex_;
  std::vector<CachedColumn> cached_;      // guarded by the mutex; empty: none yet
  std::unique_ptr<Directory> directory_;  // guarded by the mutex until it is in the pointer
  std::atomic<const Directory*> open_directory_{nullptr};
};
using StratumPtr = std::shared_ptr<Stratum>;

// Stores a segment's parts and its row. `physical`: one a column.
Result<Tid> write_stratum(txn::Transaction& txn, access::Heap& heap, columnar::ByteSpan segment,
                          std::span<const types::PhysicalType> physical, StratumRow* row);

// Rows of one vector in row form. Values that are too long for a row stay where they are and are referred to.
class VectorRows final : public access::RowBuffer::Tools {
 public:
  // The selected rows' bytes behind one another, where each ends, and its row flags; until the next call.
  Status read(Stratum& stratum, uint32_t vector, std::span<const uint16_t> rows);
  const std::string& bytes() const { return bytes_; }
  std::span<const size_t> ends() const { return ends_; }
  std::span<const uint16_t> flags() const { return flags_; }

 private:
  columnar::VectorReader reader_;
  Arena arena_;
  std::vector<ChunkPtr> pins_;
  std::vector<types::Value> values_;  // row by row
  std::string encoded_, bytes_;
  std::vector<size_t> ends_;
  std::vector<uint16_t> flags_;
};

// What a settled row's long value is given back from: `pointer.tid` and `number` say which.
Result<types::Value> read_value(Stratum& stratum, uint32_t vector, uint16_t row, uint32_t column,
                                Arena& arena);

}  // namespace varve::columnar_table
