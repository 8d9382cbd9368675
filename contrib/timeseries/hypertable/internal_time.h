// Between the types of time columns and internal time (hypertable/hypertable.h). Private to the module.
#pragma once

#include <cstdint>

#include "common/strong_id.h"

namespace varve::hypertable {

inline constexpr int64_t kEpochShiftUs = 946684800000000;  // from 1970 to 2000
inline constexpr int64_t kDayUs = 86400000000;

int64_t internal_from_timestamp(int64_t us);
int64_t internal_from_date(int32_t days);
// What lies before all timestamps is -infinity.
int64_t timestamp_from_internal(int64_t t);
int32_t date_from_internal(int64_t t);
// As the column stores it; kNoStart and kNoEnd stay.
int64_t stored_from_internal(int64_t t, Oid type);

}  // namespace varve::hypertable
