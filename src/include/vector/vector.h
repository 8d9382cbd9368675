// A column of up to kChunkRows values: the unit in which everything is computed.
//
// data: contiguous values of the physical type. validity: one bit a row, set = not NULL; looked at only when
// has_nulls. A constant vector holds one value (row 0) that stands for every row. Values of rows that were
// not selected, and of NULL rows, are unspecified but initialised memory. Strings and big numerics point into
// memory owned by someone who outlives the vector's use: a page batch, or the Arena of the EvalContext that
// produced them.
//
// Whoever fills a vector may leave word of what its values have in common, for those who can use it: one
// scale of all numerics, or codes of values that occur often. reset() forgets it.
#pragma once

#include <cstdint>
#include <cstring>

#include "memory/arena.h"
#include "types/physical_type.h"
#include "types/value.h"

namespace varve::vector {

using types::PhysicalType;
using types::Value;

inline constexpr uint32_t kChunkRows = 1024;
inline constexpr uint32_t kValidityWords = kChunkRows / 64;

class Vector {
 public:
  Vector() = default;
  // Own memory for kChunkRows values (or `capacity` of them) from the arena.
  Vector(PhysicalType type, Arena& arena, uint32_t capacity = kChunkRows);

  PhysicalType type() const { return type_; }
  bool is_constant() const { return constant_; }
  bool has_nulls() const { return has_nulls_; }

  template <class T>
  const T* data() const {
    return reinterpret_cast<const T*>(data_);
  }
  template <class T>
  T* data() {
    return reinterpret_cast<T*>(data_);
  }
  const uint8_t* raw() const { return data_; }
  uint8_t* raw() { return data_; }
  const uint64_t* validity() const { return validity_; }
  uint64_t* validity() { return validity_; }

  // Where row i's value lies.
  uint32_t index(uint32_t row) const { return constant_ ? 0 : row; }
  template <class T>
  const T& at(uint32_t row) const {
    return data<T>()[index(row)];
  }
  bool is_null(uint32_t row) const {
    if (!has_nulls_) return false;
    uint32_t i = index(row);
    return (validity_[i >> 6] >> (i & 63) & 1) == 0;
  }

  // Before filling: flat, no NULLs.
  void reset() {
    constant_ = false;
    has_nulls_ = false;
    forget_common();
  }
  void set_constant(bool constant) { constant_ = constant; }
  // First NULL initialises the bitmap.
  void set_null(uint32_t row) {
    if (!has_nulls_) init_validity();
    validity_[row >> 6] &= ~(1ULL << (row & 63));
  }
  void set_valid(uint32_t row) {
    if (has_nulls_) validity_[row >> 6] |= 1ULL << (row & 63);
  }
  void init_validity() {
    std::memset(validity_, 0xFF, kValidityWords * sizeof(uint64_t));
    has_nulls_ = true;
  }

  // Numerics: all values that are not NULL are inline with so many digits after the point, and their
  // significands fit 64 bits. kNoScale: not known.
  static constexpr uint8_t kNoScale = 255;
  uint8_t common_scale() const { return common_scale_; }
  void set_common_scale(uint8_t scale) { common_scale_ = scale; }
  // By row, below code_count(): rows with the same code have the same bits. Of NULLs nothing is said. Null:
  // there are none. They live as long as strings do.
  const uint16_t* codes() const { return codes_; }
  uint32_t code_count() const { return code_count_; }
  void set_codes(const uint16_t* codes, uint32_t count) {
    codes_ = codes;
    code_count_ = static_cast<uint16_t>(count);
  }

  Value value(uint32_t row) const;
  void set_value(uint32_t row, const Value& v);  // shallow: strings keep pointing where they did
  void fill_constant(const Value& v);

  // Makes this a view of another vector's memory (cheap; the other must outlive it).
  void reference(const Vector& other) { *this = other; }
  // Points at foreign flat memory. `validity` may be null: no NULLs.
  void point_at(PhysicalType type, void* data, uint64_t* validity);

 private:
  void forget_common() {
    common_scale_ = kNoScale;
    codes_ = nullptr;
  }

  PhysicalType type_ = PhysicalType::kInt32;
  bool constant_ = false;
  bool has_nulls_ = false;
  uint8_t common_scale_ = kNoScale;
  uint16_t code_count_ = 0;
  uint8_t* data_ = nullptr;
  uint64_t* validity_ = nullptr;
  const uint16_t* codes_ = nullptr;
};

// Which rows of a chunk: rows[0..count) in ascending order, or 0..count-1 when rows is null.
struct Selection {
  const uint16_t* rows = nullptr;
  uint32_t count = 0;

  uint32_t operator[](uint32_t i) const { return rows == nullptr ? i : rows[i]; }
  bool is_dense() const { return rows == nullptr; }
};

// Calls f(row) for each selected row; the dense loop is kept apart so that it vectorises.
template <class F>
inline void for_each_row(const Selection& selection, F&& f) {
  if (selection.rows == nullptr) {
    for (uint32_t i = 0; i < selection.count; ++i) f(i);
  } else {
    for (uint32_t i = 0; i < selection.count; ++i) f(static_cast<uint32_t>(selection.rows[i]));
  }
}

// Copies the selected rows of `from` to `to` starting at row `at` (shallow for strings).
void gather(const Vector& from, const Selection& selection, Vector& to, uint32_t at);
// Deep-copies strings and big numerics of the rows into the arena, in place.
void own_strings(Vector& v, const Selection& selection, Arena& arena);

}  // namespace varve::vector
