// How a table's columns lie in the bytes of a heap row.
//
//   +-------------+---------------------------+--------------------------+----------------------+
//   | null bitmap | fixed-width columns       | u16 ends of the variable | bytes of the         |
//   | 1 = NULL    | in order, unaligned       | columns, flags on top    | variable columns     |
//   +-------------+---------------------------+--------------------------+----------------------+
// Everything but the last part has a place that depends only on the column list and on how many columns the
// row has
// (`attributes` in the row header), so every column is found in O(1). A NULL fixed column still takes its
// bytes (zeros); a NULL variable column is empty. An end is an offset from the start of the variable bytes in
// its low 14 bits; the high two say how the value is stored (StoredForm). Numerics are variable
// (types/numeric.h, append_numeric_row). A row with fewer attributes than the table has was written before
// ADD COLUMN: the rest read as ColumnSpec::missing.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "access/heap.h"
#include "types/value.h"

namespace varve {
class Arena;
}
namespace varve::vector {
class Vector;
struct Selection;
}  // namespace varve::vector

namespace varve::access {

struct ColumnSpec {
  types::PhysicalType type;
  types::Value missing;  // what rows without this column read; NULL unless ADD COLUMN had a constant default
};

enum class StoredForm : uint8_t {
  kPlain = 0,
  kCompressed = 1,  // u32 raw length, LZ4 block
  kOverflow = 2,    // OverflowPointer, see access/overflow.h
};

// A row longer than the first is to have its long values compressed; one longer than the second, put out of
// line, so that a page holds at least two rows. See docs/decisions/long-values.md.
inline constexpr size_t kCompressRowsOver = 2000;
inline constexpr size_t kShortenRowsOver = 4000;
// A value in a row, of any form; PostgreSQL's limit. Longer ones are SQLSTATE XX000 there and here.
inline constexpr size_t kMaxValueBytes = 0x3FFFFFFF;

// A value as a row holds it.
struct StoredValue {
  StoredForm form = StoredForm::kPlain;
  wal::Bytes bytes;
};

// Brings back values that a row does not hold in plain form. Thread-safe.
class LargeValueReader {
 public:
  virtual ~LargeValueReader() = default;
  // The value's raw bytes, allocated in `arena`. Throws SqlError (XX001) when they are not to be had.
  virtual types::StringRef read(StoredForm form, wal::Bytes stored, Arena& arena) = 0;
};

// Turns the biggest variable values of a row that is too big into something shorter (access/overflow.h).
class LargeValueWriter {
 public:
  virtual ~LargeValueWriter() = default;
  // A value of form `now` that the row has no place for. `pressure`: kPlain: try to compress; kCompressed:
  // put it out of line. Returns the form it has after; may replace `*bytes` by bytes that live until the row
  // is encoded.
  virtual StoredForm shrink(StoredForm now, StoredForm pressure, wal::Bytes* bytes) = 0;
};

// Immutable and thread-safe once made.
class RowLayout {
 public:
  explicit RowLayout(std::span<const ColumnSpec> columns);

  size_t column_count() const { return columns_.size(); }
  const ColumnSpec& column(size_t i) const { return columns_[i]; }

  // Replaces `out` by the row. Throws 54000 "row is too big: size %zu, maximum size %zu" beyond kMaxRowBytes
  // when `large` is null or cannot help. values.size() == column_count(). `kept`: empty, or one a column;
  // what is not kPlain there goes into the row as it is, in place of the value. Returns the row's flags:
  // kRowHasLarge or 0.
  uint16_t encode(std::span<const types::Value> values, std::string* out, LargeValueWriter* large = nullptr,
                  std::span<const StoredValue> kept = {}) const;

  // The rows of these columns, appended to `out`; their bytes live in `memory`. False, and nothing is done:
  // one of them is so long that its values must be looked at (encode()). columns.size() == column_count().
  bool encode_rows(std::span<const vector::Vector* const> columns, const vector::Selection& rows,
                   Arena& memory, std::vector<wal::Bytes>* out) const;

  // One column of one row. Strings point into the row (or the arena). Values that are not in the row come
  // through `row.large`.
  types::Value get(const RowVersion& row, size_t column, Arena& arena) const;

  // One column of many rows into an array of its C++ type; `validity` gets ceil(rows/64) words, 1 = not NULL
  // (unused bits are 0). The element of a NULL is all zero bits. Strings point into the rows: zero copy.
  // True if there is a NULL among them.
  bool decode_column(std::span<const RowVersion> rows, size_t column, void* out, uint64_t* validity,
                     Arena& arena) const;

  // Calls f(column, StoredValue) for every value of the row that is not kPlain.
  template <class F>
  void for_each_large(const RowVersion& row, F&& f) const;
  // Bytes that decoding the column will take in the arena, beyond the row's own.
  size_t large_bytes(const RowVersion& row, size_t column) const;

 private:
  struct Place {
    types::PhysicalType type;
    bool variable;
    uint8_t width;          // fixed: bytes
    uint16_t fixed_before;  // bytes of fixed columns before this one
    uint16_t variable_before;
  };
  static size_t bitmap_bytes(size_t attributes) { return (attributes + 7) / 8; }
  // Of a row with that many attributes:
  size_t ends_offset(size_t attributes) const {
    return bitmap_bytes(attributes) + places_[attributes].fixed_before;
  }
  size_t variable_offset(size_t attributes) const {
    return ends_offset(attributes) + size_t{2} * places_[attributes].variable_before;
  }
  uint16_t encode_oversized(std::span<const types::Value> values, std::string* out, LargeValueWriter* large,
                            std::span<const StoredValue> kept) const;
  StoredValue stored_value(wal::Bytes row, size_t attributes, size_t column) const;
  types::Value decode_stored(types::PhysicalType type, const StoredValue& stored, const RowVersion& row,
                             Arena& arena) const;
  template <class T>
  bool decode_fixed(std::span<const RowVersion> rows, size_t column, T* out, uint64_t* validity) const;
  bool decode_strings(std::span<const RowVersion> rows, size_t column, types::StringRef* out,
                      uint64_t* validity, Arena& arena) const;
  bool decode_numerics(std::span<const RowVersion> rows, size_t column, types::Numeric* out,
                       uint64_t* validity, Arena& arena) const;

  std::vector<ColumnSpec> columns_;
  std::vector<Place> places_;  // one more than columns: the last has the totals
};

template <class F>
void RowLayout::for_each_large(const RowVersion& row, F&& f) const {
  if ((row.flags & kRowHasLarge) == 0) return;
  for (size_t i = 0; i < row.attributes; ++i) {
    if (!places_[i].variable) continue;
    StoredValue s = stored_value({row.bytes, row.length}, row.attributes, i);
    if (s.form != StoredForm::kPlain) f(i, s);
  }
}

}  // namespace varve::access
