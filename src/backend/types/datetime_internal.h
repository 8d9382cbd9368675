// Shared by the date/time sources.
#pragma once

#include "types/datetime.h"

namespace varve::types {

// Whether Julian day arithmetic holds for this month.
bool valid_julian(int year, int month);
// False if out of range.
bool timestamp_from_civil(const CivilTime& c, int32_t zone_west, Timestamp* result);
[[noreturn]] void throw_timestamp_out_of_range();
[[noreturn]] void throw_interval_out_of_range();

}  // namespace varve::types
