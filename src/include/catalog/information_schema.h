// What every database has of information_schema: five domains, and views over pg_catalog.
#pragma once

#include <string_view>

#include "catalog/catalog.h"

namespace varve::catalog {

// Its domains are the only types in the catalog below kFirstNormalOid: each takes two oids, its own and its
// array type's.
inline constexpr uint32_t kFirstInformationType = 13900, kLastInformationType = 13909;

inline bool may_be_user_type(Oid type) {
  return type.value() >= kFirstNormalOid ||
         (type.value() >= kFirstInformationType && type.value() <= kLastInformationType);
}

// Definitions of the views; commands::create_system_views() makes their rows.
std::string_view information_schema_sql();

}  // namespace varve::catalog
