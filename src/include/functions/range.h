// Which types are ranges, and of what; a range's bounds. Ranges and multiranges are kString values; their
// layout is in functions/range/range_value.h.
#pragma once

#include <string_view>

#include "common/strong_id.h"
#include "functions/registry.h"
#include "types/value.h"

namespace varve::functions {

// kInvalidOid where the type is of another kind.
Oid range_subtype(Oid range);             // int4range -> int4
Oid multirange_of_range(Oid range);       // int4range -> int4multirange
Oid range_of_multirange(Oid multirange);  // int4multirange -> int4range
inline bool is_range_type(Oid type) { return range_subtype(type) != kInvalidOid; }
inline bool is_multirange_type(Oid type) { return range_of_multirange(type) != kInvalidOid; }

struct RangeBound {
  types::Value value;
  bool infinite = false;
  bool inclusive = false;
  bool lower = false;
};
struct RangeValue {
  Oid type = kInvalidOid;
  bool empty = false;
  RangeBound lower, upper;
};
RangeValue read_range(std::string_view bytes, Arena& arena);

// Beside define_type(), of a range type that CREATE TYPE made. `subtype`: under a domain. Thread-safe.
void define_range(Oid range, Oid subtype, Oid multirange);

// What pg_proc calls range_constructor2, multirange_constructor1 …: it makes a value of the call's result
// type. Null: there is none of that name.
Kernel range_constructor(std::string_view source);

}  // namespace varve::functions
