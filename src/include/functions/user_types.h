// Enums among the types that the catalog made known (define_type()).
#pragma once

#include "functions/registry.h"

namespace varve::functions {

inline bool is_enum(Oid type) {
  const TypeInfo* info = type_by_oid(type);
  return info != nullptr && info->kind == 'e';
}

}  // namespace varve::functions
