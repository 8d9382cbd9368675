// What is known of many values without reading them: how many are NULL, and between which bounds the others
// lie. And the comparisons that zone maps and encoded vectors answer.
#pragma once

#include <cstdint>
#include <string_view>

#include "columnar/format.h"
#include "types/value.h"

namespace varve::columnar {

enum class Comparison : uint8_t { kEqual, kNotEqual, kLess, kLessEqual, kGreater, kGreaterEqual };

// `order` is -1, 0 or 1: of the value against the constant.
constexpr bool passes(Comparison op, int order) {
  switch (op) {
    case Comparison::kEqual:
      return order == 0;
    case Comparison::kNotEqual:
      return order != 0;
    case Comparison::kLess:
      return order < 0;
    case Comparison::kLessEqual:
      return order <= 0;
    case Comparison::kGreater:
      return order > 0;
    default:
      return order >= 0;
  }
}

enum class ZoneVerdict : uint8_t {
  kNone,  // no row passes
  kSome,  // some may: look
  kAll,   // every row passes
};

struct ZoneMap {
  ValueType type = ValueType::kInt64;
  uint32_t rows = 0;
  uint32_t nulls = 0;
  DiskBounds bounds{};

  bool has_bounds() const { return (bounds.flags & DiskBounds::kPresent) != 0; }

  // The least and the greatest value themselves, of integer, float and uuid types that have bounds; the
  // value's physical type is the column's (kInt8: kInt16). Of zeros, 0 may stand for -0; NaN is a float's
  // greatest value.
  types::Value min() const;
  types::Value max() const;

  // Which rows pass `value OP constant`. A NULL passes nothing. `constant` is not NULL and of a type that
  // is_comparable() takes.
  ZoneVerdict check(Comparison op, const types::Value& constant) const;
};

// Whether values of this column type can be compared with a constant of that physical type: integers with
// integers of any width (an oid column takes a kInt32's bits as unsigned), and else with their own physical
// type.
bool is_comparable(ValueType type, const types::Value& constant);

}  // namespace varve::columnar
