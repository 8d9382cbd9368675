// Types that CREATE TYPE made. The engine must know of such a type what it knows of a built-in one; the
// catalog makes it known when it first meets the type (catalog/user_type.h). Oids are never used again, so
// what was made known stays.
#pragma once

#include "functions/registry.h"

namespace varve::functions {

// type_by_oid() finds it from now on, under these names. Thread-safe. Pointers to an earlier picture stay
// good.
void make_type_known(const TypeInfo& type);

inline bool is_enum(Oid type) {
  const TypeInfo* info = type_by_oid(type);
  return info != nullptr && info->kind == 'e';
}

}  // namespace varve::functions
