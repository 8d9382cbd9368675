// Index keys of types whose order is not that of their bytes in memory.
#pragma once

#include <string>
#include <string_view>

#include "common/strong_id.h"

namespace varve::functions {

// Appends bytes whose memcmp order is the order of the type's default B-tree class; equal values give equal
// bytes.
using SortKeyFunction = void (*)(std::string& out, std::string_view value);
// Of kString types: arrays, bit strings, jsonb, ranges, multiranges, inet. Null: the bytes themselves (or a
// collation's sort key) are in order.
SortKeyFunction sort_key_function(Oid type);

}  // namespace varve::functions
