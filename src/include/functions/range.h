// Which types are ranges, and of what. Ranges and multiranges are kString values; their layout is in
// functions/range/range_value.h.
#pragma once

#include "common/strong_id.h"

namespace varve::functions {

// kInvalidOid where the type is of another kind.
Oid range_subtype(Oid range);             // int4range -> int4
Oid multirange_of_range(Oid range);       // int4range -> int4multirange
Oid range_of_multirange(Oid multirange);  // int4multirange -> int4range
inline bool is_range_type(Oid type) { return range_subtype(type) != kInvalidOid; }
inline bool is_multirange_type(Oid type) { return range_of_multirange(type) != kInvalidOid; }

}  // namespace varve::functions
