#pragma once

#include "kernel.h"
#include "types/time_zone.h"

namespace varve::functions {

inline const types::TimeZone& session_zone(const Env& env) {
  const types::TimeZone* zone = env.format().time_zone;
  return zone == nullptr ? types::TimeZone::utc() : *zone;
}

}  // namespace varve::functions
