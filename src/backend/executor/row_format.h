// Rows of fixed width in memory: what sorts, hash tables and groups keep. Long strings and big numerics of a
// row lie in an arena beside it.
//
//   +-----------------+-------------------+------------------------+
//   | header (user's) | null bits, 1=NULL | values, packed         |
//   +-----------------+-------------------+------------------------+
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "key_ops.h"
#include "memory/arena.h"
#include "vector/chunk.h"

namespace varve::executor {

class RowFormat {
 public:
  RowFormat() = default;
  // `trailer_bytes` after the values begin at trailer_offset(), 16-byte aligned when not zero.
  RowFormat(std::span<const types::PhysicalType> types, uint32_t header_bytes, uint32_t trailer_bytes = 0);

  uint32_t width() const { return width_; }
  uint32_t trailer_offset() const { return trailer_offset_; }
  uint32_t offset(uint32_t column) const { return offsets_[column]; }
  uint32_t column_count() const { return static_cast<uint32_t>(types_.size()); }
  types::PhysicalType type(uint32_t column) const { return types_[column]; }
  std::span<const types::PhysicalType> types() const { return types_; }

  bool is_null(const uint8_t* row, uint32_t column) const {
    return (row[header_ + (column >> 3)] >> (column & 7) & 1) != 0;
  }
  const uint8_t* value(const uint8_t* row, uint32_t column) const { return row + offsets_[column]; }

  void clear_nulls(uint8_t* row) const { std::memset(row + header_, 0, (types_.size() + 7) / 8); }
  // rows[i] takes row selection[i] of `v`. Null bits must be clear before.
  void scatter(uint32_t column, const Vector& v, const Selection& selection, uint8_t* const* rows,
               Arena& heap) const;
  // out[at + i] = column of rows[i]; shallow. A null row pointer gives NULL.
  void gather(uint32_t column, const uint8_t* const* rows, uint32_t count, Vector& out, uint32_t at) const;
  // The same from row 0 on, where all rows are there and the column is NULL in none; `out` has no NULLs
  // either.
  void gather_present(uint32_t column, const uint8_t* const* rows, uint32_t count, Vector& out) const;
  // Keeps the i of `candidates` (positions) whose row equals: rows[i].column = v[selection[i]]. NULL equals
  // NULL. Returns how many are kept; the others are appended to `rejected` when not null.
  uint32_t match(uint32_t column, const KeyType& key, const Vector& v, const Selection& selection,
                 const uint8_t* const* rows, uint16_t* candidates, uint32_t count, uint16_t* rejected,
                 uint32_t* rejected_count) const;
  // The column's values of two rows are equal; NULL equals NULL.
  bool same(uint32_t column, const KeyType& key, const uint8_t* a, const uint8_t* b) const;
  // Deep copy of a row into other memory.
  uint8_t* copy(const uint8_t* row, Arena& rows, Arena& heap) const;

 private:
  std::vector<types::PhysicalType> types_;
  std::vector<uint32_t> offsets_;
  uint32_t header_ = 0;
  uint32_t trailer_offset_ = 0;
  uint32_t width_ = 0;
  bool has_references_ = false;
};

}  // namespace varve::executor
