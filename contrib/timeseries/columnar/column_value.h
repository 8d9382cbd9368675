// Values of a column's memory form as the integers and bounds that the format knows.
#pragma once

#include <cstdint>

#include "columnar/format.h"
#include "common/bytes.h"
#include "types/value.h"

namespace varve::columnar {

// Row `i` is not NULL; no bitmap: none is.
inline bool is_valid(const uint64_t* validity, uint32_t i) {
  return validity == nullptr || (validity[i / 64] >> (i % 64) & 1) != 0;
}

constexpr bool is_integer(ValueType type) { return type <= ValueType::kUint32; }

// Row `i` of an array of an integer type.
inline int64_t load_int(ValueType type, const uint8_t* values, size_t i) {
  switch (type) {
    case ValueType::kBool:
      return values[i];
    case ValueType::kInt8:
      return load_raw<int8_t>(values + i);
    case ValueType::kInt16:
      return load_raw<int16_t>(values + 2 * i);
    case ValueType::kInt32:
      return load_raw<int32_t>(values + 4 * i);
    case ValueType::kUint32:
      return load_raw<uint32_t>(values + 4 * i);
    default:
      return load_raw<int64_t>(values + 8 * i);
  }
}

// Of any integer type. Against an oid column, 32 bits are unsigned.
inline int64_t constant_as_int(ValueType type, const types::Value& constant) {
  switch (constant.type) {
    case types::PhysicalType::kBool:
      return constant.boolean;
    case types::PhysicalType::kInt16:
      return constant.int16;
    case types::PhysicalType::kInt32:
      return type == ValueType::kUint32 ? static_cast<int64_t>(constant.oid()) : constant.int32;
    default:
      return constant.int64;
  }
}

// The bounds of the rows whose bit in `validity` (null: all) is set; none for kFixed16 or when no row has a
// value.
DiskBounds bounds_of(ValueType type, const uint8_t* values, uint32_t count, const uint64_t* validity);
// The bounds of two sets of rows together. `exact_min`/`exact_max` of truncated strings are not known any
// more: the result is as tight as prefixes allow.
DiskBounds merge_bounds(ValueType type, const DiskBounds& a, const DiskBounds& b);

}  // namespace varve::columnar
