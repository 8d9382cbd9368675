// Index keys: column values as bytes whose memcmp order is the index's order.
//
// A key is its columns one after the other, each
//   [null marker u8, only if nullable] [body, every bit inverted when descending]
//   null marker: NULL sorts by nulls_first: 0x00 (first) or 0x02 (last); a value has 0x01. NULL has no body.
//   bool u8 | int16/32/64: big-endian, sign bit flipped (kUnsigned: not flipped) | float32/64: big-endian,
//   all bits flipped when negative, else the sign bit; -0 becomes 0, every NaN the one above infinity
//   numeric: types/numeric.h | uuid: 16 bytes | interval: its length in us + 2^79, ten bytes big-endian
//   kTimeTz: the moment, then the zone | string: bytes with 0x00 written 0x00 0xFF, then 0x00 0x00; under a
//   collation other than "C" the sort key (with tie-break) in the place of the bytes
// Each column's encoding is self-delimiting and none is a prefix of another, so the encoding of the first k
// columns is a prefix of exactly the keys with those k values: btree scans and lookups take such prefixes as
// bounds. Equal values (numerics of any scale, '1 day' and '24 hours') give equal keys, so keys cannot be
// decoded in general.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "types/value.h"
#include "wal/log_record.h"

namespace varve::types {
class Collation;
}

namespace varve::access {

// Orders that the physical type does not tell.
enum class KeyOrder : uint8_t {
  kNatural,
  kUnsigned,  // kInt16/32/64 whose bits are unsigned: oid, xid
  kTimeTz,    // kInterval that holds a TimeTz
  kBpchar,    // kString, trailing blanks do not count
};

struct KeyColumn {
  types::PhysicalType type = types::PhysicalType::kInt32;
  KeyOrder order = KeyOrder::kNatural;
  bool descending = false;
  bool nulls_first = false;
  bool nullable = true;                         // false: no marker byte, and NULL must never come
  const types::Collation* collation = nullptr;  // kString only; nullptr means "C"
};

// Appends one column / the first values.size() columns of a key. Throws SqlError only for lack of memory.
void append_key_column(std::string& out, const KeyColumn& column, const types::Value& value);
void append_key(std::string& out, std::span<const KeyColumn> columns, std::span<const types::Value> values);

inline wal::Bytes key_bytes(std::string_view key) {
  return {reinterpret_cast<const uint8_t*>(key.data()), key.size()};
}

}  // namespace varve::access
