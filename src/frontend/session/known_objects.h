// What a session remembers of catalog objects. Private to the module.
#pragma once

#include <cstdint>

#include "catalog/user_type.h"

namespace varve::session {

struct KnownRole {
  Oid oid;
  bool superuser;
};

struct KnownEnum {
  uint64_t epoch = 0, changes = 0;  // as of which state of the catalog
  catalog::UserTypePtr type;
};

}  // namespace varve::session
