// Makes one segment (columnar/format.h) of rows that come in column arrays. The codec of every vector is
// chosen by what it would cost in size and in decoding time.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "columnar/format.h"
#include "common/status.h"

namespace varve::columnar {

struct ColumnSpec {
  ValueType type;
  uint32_t id;  // the caller's, kept in the segment: an attribute number
};

// Values of some rows as they lie in memory, and which of them are not NULL: bit i of validity[i / 64]; null
// = all.
struct ColumnValues {
  const void* values;
  const uint64_t* validity = nullptr;
};

// The bytes of a segment, at an address divisible by 64.
class SegmentBytes {
 public:
  explicit SegmentBytes(size_t size);

  uint8_t* data() { return bytes_.get(); }
  ByteSpan span() const { return {bytes_.get(), size_}; }
  size_t size() const { return size_; }

 private:
  struct Free {
    void operator()(uint8_t* p) const;
  };
  std::unique_ptr<uint8_t[], Free> bytes_;
  size_t size_;
};

// One segment, then used up. Holds the rows of one vector uncoded, and all strings of the segment. Not
// thread-safe.
class SegmentBuilder {
 public:
  // 1 … kMaxColumns columns.
  explicit SegmentBuilder(std::span<const ColumnSpec> columns);
  ~SegmentBuilder();

  // Appends rows, as many as there are, one array for each column in order. Everything is copied. kInvalid:
  // the segment would have more than kMaxSegmentRows rows (nothing is appended), or a vector's strings exceed
  // kMaxVectorBytes (the builder is useless then).
  Status add(std::span<const ColumnValues> columns, uint32_t rows);
  uint32_t rows() const { return rows_; }

  // Instead of add(): all rows of one column at once, in the order of `places` (empty: as they lie). Different
  // columns may be filled by different threads. Every column gets as many rows, then finish().
  Status fill_column(size_t column, const ColumnValues& values, uint32_t rows,
                     std::span<const uint32_t> places);

  // kInvalid without rows, or as add().
  Result<SegmentBytes> finish();

 private:
  class Column;

  Status flush_vector();

  std::vector<std::unique_ptr<Column>> columns_;
  uint32_t rows_ = 0;
};

}  // namespace varve::columnar
