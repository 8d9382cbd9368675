// Into which bucket a time falls: TimescaleDB's arithmetic. Shared by time_bucket and gap filling.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "types/datetime.h"

namespace varve::hyperfunctions {

// Buckets of less than a month are counted from Monday 2000-01-03, months from 2000-01-01.
inline constexpr types::Timestamp kDefaultOrigin = 2 * types::kUsPerDay;

// `value` rounded down to a multiple of `width` from `offset`. 22023 period must be greater than 0, 22008
// where the bucket would start before the type's range.
template <class T>
T bucket_integer(T width, T value, T offset = 0);

// Of a width without months. 22023, 22008.
int64_t width_in_us(const types::Interval& width);
// Infinite times are their own buckets. Right for timestamp, and for timestamptz in UTC.
types::Timestamp bucket_timestamp(const types::Interval& width, types::Timestamp value,
                                  std::optional<types::Timestamp> origin = std::nullopt);
types::Date bucket_date(const types::Interval& width, types::Date value,
                        std::optional<types::Date> origin = std::nullopt);
// In the local time of a zone.
types::TimestampTz bucket_in_zone(const types::Interval& width, types::TimestampTz value,
                                  std::string_view zone,
                                  std::optional<types::TimestampTz> origin = std::nullopt);

}  // namespace varve::hyperfunctions
