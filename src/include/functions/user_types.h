// Types beside the built-in ones: enums among those that the catalog made known (define_type()), and arrays
// of arrays.
#pragma once

#include "functions/registry.h"

namespace varve::functions {

inline bool is_enum(Oid type) {
  const TypeInfo* info = type_by_oid(type);
  return info != nullptr && info->kind == 'e';
}

// The type of arrays whose elements are arrays: what lies under an array of a domain over an array type. It
// has no name in SQL and no row in pg_type.
Oid array_of_arrays(Oid element_array);

}  // namespace varve::functions
