// One stratum as it lies in the heap of strata: opening its columns, row form of its rows, writing a new one.
#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "access/row_layout.h"
#include "chunk_cache.h"
#include "stratum_format.h"

namespace varve::columnar_table {

columnar::ValueType value_type_of(types::PhysicalType type);

// A handle. Immutable but for what it has read so far; thread-safe. Readers hold a snapshot that sees the
// stratum's row (or a lock on a row in it), which keeps the values out of line.
class Stratum {
 public:
  Stratum(access::Heap& heap, Tid tid, const StratumRow& row);

  Tid tid() const { return tid_; }
  uint64_t id() const { return id_; }  // of this handle, never used again
  uint32_t rows() const { return row_.rows; }
  uint32_t vectors() const { return (row_.rows + access::kVectorRows - 1) / access::kVectorRows; }
  uint32_t vector_rows(uint32_t vector) const;
  uint16_t columns() const { return row_.columns; }
  uint64_t bytes() const { return row_.bytes; }
  bool is_row(const access::RowVersion& version) const;

  // Null (not there any more) or what is written where this stratum's row is.
  Result<bool> newest(Xid* writer, bool* deleted) const;
  Result<bool> visible(const txn::Snapshot& snapshot, Xid* writer = nullptr) const;

  Result<ChunkPtr> column(uint32_t column);
  // The bounds of all values of a column, without reading it; as long as the stratum lives. Null: the rows
  // settled before the table had it.
  Result<const columnar::ZoneMap*> zone(uint32_t column);
  // Rows in the form of a heap's rows, over columns() attributes.
  Result<const access::RowLayout*> layout();
  // Deletes the row and everything it refers to.
  Status remove(txn::Transaction& txn);

 private:
  struct Directory {
    std::unique_ptr<columnar::Segment> segment;
    std::vector<DirectoryEntry> entries;
    std::unique_ptr<access::RowLayout> layout;
  };
  Result<const Directory*> directory();

  access::Heap& heap_;
  const Tid tid_;
  const StratumRow row_;
  const uint64_t id_;
  std::mutex mutex_;
  std::unique_ptr<Directory> directory_;  // guarded by the mutex until it is in the pointer
  std::atomic<const Directory*> open_directory_{nullptr};
};
using StratumPtr = std::shared_ptr<Stratum>;

// Stores a segment's parts and its row. `physical`: one a column.
Result<Tid> write_stratum(txn::Transaction& txn, access::Heap& heap, columnar::ByteSpan segment,
                          std::span<const types::PhysicalType> physical, StratumRow* row);

// Rows of one vector in row form. Values that are too long for a row stay where they are and are referred to.
class VectorRows {
 public:
  // Appends the selected rows' bytes to `bytes`; `ends` gets where each ends, `flags` its row flags.
  Status append(Stratum& stratum, uint32_t vector, std::span<const uint16_t> rows, std::string* bytes,
                std::vector<size_t>* ends, std::vector<uint16_t>* flags);

 private:
  columnar::VectorReader reader_;
};

// What a settled row's long value is given back from: `pointer.tid` and `number` say which.
Result<types::Value> read_value(Stratum& stratum, uint32_t vector, uint16_t row, uint32_t column,
                                Arena& arena);

}  // namespace varve::columnar_table
