// What rows are sorted by, and how the values of a key become numbers that order like them.
#pragma once

#include "key_ops.h"

namespace varve::executor {

struct SortColumn {
  uint32_t column;  // of the rows given
  KeyType key;
  bool descending = false;
  bool nulls_first = false;
};

// What stands behind the order of a type; its width is the physical type's.
enum class KeyOrder : uint8_t {
  kByFunction,  // known to its comparison function only
  kUnsigned,
  kSigned,
  kFloat,    // NaN is the greatest; the zeros are equal
  kNumeric,  // the scale does not matter
  kText,     // bytes, none of them zero
  kBytes,    // any bytes
  kPadded,   // text whose blanks at the end do not matter
};
KeyOrder order_of(const KeyType& key);

// Bits of a double that order as unsigned numbers, equal for what sorts as equal.
uint64_t ordered_bits(double value);
// The greatest whole number not above the value, kept within 62 bits: equal values have the same whatever
// their scale.
int64_t whole_part(const types::Numeric& value);

// First eight bytes of a sort key as a number that orders like it: NULL bit, then 63 bits. True if equal
// prefixes mean equal keys.
bool sort_prefixes(const SortColumn& key, const Vector& v, const Selection& rows, uint64_t* out);

}  // namespace varve::executor
