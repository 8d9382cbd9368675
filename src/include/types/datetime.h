// Dates, times and timestamps: plain integers, with PostgreSQL's meaning.
//
//   Date         i32 days since 2000-01-01; INT32_MIN / INT32_MAX are -infinity / infinity
//   Time         i64 microseconds since midnight, 0 … 24:00:00
//   TimeTz       a Time and its zone, in seconds WEST of Greenwich (PostgreSQL's sign)
//   Timestamp    i64 microseconds since 2000-01-01 00:00, of no zone; INT64_MIN / INT64_MAX are infinite
//   TimestampTz  the same, UTC
//
// Range: 4713-11-24 BC … 5874897-12-31 (Date), … 294276-12-31 (timestamps); years are Gregorian throughout.
// Functions that need a zone take it explicitly or from FormatSettings; nothing reads a clock. Errors:
// SqlError 22007 (syntax), 22008 (out of range), 22009 (zone displacement), 22023 (unknown zone), with
// PostgreSQL's texts. Precision arguments are the declared p of type(p), -1 for none.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "types/format_settings.h"
#include "types/interval.h"
#include "types/numeric.h"

namespace varve::types {

class TimeZone;

using Date = int32_t;
using Time = int64_t;
using Timestamp = int64_t;
using TimestampTz = int64_t;

struct TimeTz {
  int64_t us;
  int32_t zone_seconds_west;
  int32_t zero = 0;  // padding, always zero
};
static_assert(sizeof(TimeTz) == 16);

inline constexpr int64_t kUsPerSecond = 1'000'000;
inline constexpr int64_t kUsPerMinute = 60 * kUsPerSecond;
inline constexpr int64_t kUsPerHour = 60 * kUsPerMinute;
inline constexpr int64_t kUsPerDay = 24 * kUsPerHour;
// 2000-01-01 counted from 1970-01-01, and as a Julian day.
inline constexpr int32_t kEpochUnixDays = 10957;
inline constexpr int32_t kEpochJulianDay = 2451545;

inline constexpr Date kDateMinusInfinity = std::numeric_limits<Date>::min();
inline constexpr Date kDateInfinity = std::numeric_limits<Date>::max();
inline constexpr Date kMinDate = -kEpochJulianDay;
inline constexpr Date kEndDate = 2147483494 - kEpochJulianDay;  // first day that is too late
inline constexpr Timestamp kTimestampMinusInfinity = std::numeric_limits<Timestamp>::min();
inline constexpr Timestamp kTimestampInfinity = std::numeric_limits<Timestamp>::max();
inline constexpr Timestamp kMinTimestamp = -211'813'488'000'000'000;
inline constexpr Timestamp kEndTimestamp = 9'223'371'331'200'000'000;  // first moment that is too late

constexpr bool is_finite_date(Date d) { return d != kDateInfinity && d != kDateMinusInfinity; }
constexpr bool is_finite_timestamp(Timestamp t) {
  return t != kTimestampInfinity && t != kTimestampMinusInfinity;
}
constexpr bool in_timestamp_range(Timestamp t) { return t >= kMinTimestamp && t < kEndTimestamp; }
constexpr bool in_date_range(int64_t d) { return d >= kMinDate && d < kEndDate; }

// --- calendar. Years count … -1 = 2 BC, 0 = 1 BC, 1 = AD 1 ….
struct CivilTime {
  int32_t year, month, day;  // 1-based month and day
  int32_t hour, minute, second, us;
};
int32_t julian_day(int year, int month, int day);
void civil_from_julian(int32_t julian_day, int* year, int* month, int* day);
int days_in_month(int year, int month);
CivilTime civil_from_timestamp(Timestamp t);

// --- text input
Date parse_date(std::string_view text, const FormatSettings& settings);
Time parse_time(std::string_view text, int precision, const FormatSettings& settings);
TimeTz parse_timetz(std::string_view text, int precision, const FormatSettings& settings);
Timestamp parse_timestamp(std::string_view text, int precision, const FormatSettings& settings);
TimestampTz parse_timestamptz(std::string_view text, int precision, const FormatSettings& settings);

// --- text output
void append_date(std::string& out, Date v, const FormatSettings& settings);
void append_time(std::string& out, Time v);
void append_timetz(std::string& out, const TimeTz& v);
void append_timestamp(std::string& out, Timestamp v, const FormatSettings& settings);
void append_timestamptz(std::string& out, TimestampTz v, const FormatSettings& settings);

// --- wire format
Date receive_date(std::string_view bytes);
Time receive_time(std::string_view bytes, int precision);
TimeTz receive_timetz(std::string_view bytes, int precision);
Timestamp receive_timestamp(std::string_view bytes, int precision);
TimestampTz receive_timestamptz(std::string_view bytes, int precision);
void send_date(std::string& out, Date v);
void send_time(std::string& out, Time v);
void send_timetz(std::string& out, const TimeTz& v);
void send_timestamp(std::string& out, Timestamp v);

// --- rounding to a declared precision
Time round_time(Time v, int precision);
Timestamp round_timestamp(Timestamp v, int precision);

// --- order of TimeTz: by the moment, then by zone
int compare(const TimeTz& a, const TimeTz& b);
uint64_t hash(const TimeTz& v);

// --- conversions
Timestamp date_to_timestamp(Date d);
TimestampTz date_to_timestamptz(Date d, const TimeZone& zone);
Date timestamp_to_date(Timestamp t);
Date timestamptz_to_date(TimestampTz t, const TimeZone& zone);
TimestampTz timestamp_to_timestamptz(Timestamp t, const TimeZone& zone);
Timestamp timestamptz_to_timestamp(TimestampTz t, const TimeZone& zone);
Time timestamp_to_time(Timestamp t);  // infinite: SQL NULL, the caller checks
Time timestamptz_to_time(TimestampTz t, const TimeZone& zone);
TimeTz timestamptz_to_timetz(TimestampTz t, const TimeZone& zone);
TimeTz time_to_timetz(Time t, const FormatSettings& settings);  // today's offset of the session's zone
Interval time_to_interval(Time t);
Time interval_to_time(const Interval& v);
TimestampTz date_time_to_timestamptz(Date d, const TimeTz& t);  // date + timetz
Timestamp date_time_to_timestamp(Date d, Time t);               // date + time
int compare_date_timestamp(Date d, Timestamp t);
int compare_timestamp_timestamptz(Timestamp a, TimestampTz b, const TimeZone& zone);
int compare_date_timestamptz(Date a, TimestampTz b, const TimeZone& zone);

// --- arithmetic
Date date_add_days(Date d, int32_t days);
int32_t date_difference(Date a, Date b);
Timestamp timestamp_add(Timestamp t, const Interval& v);
TimestampTz timestamptz_add(TimestampTz t, const Interval& v, const TimeZone& zone);
Timestamp timestamp_subtract(Timestamp t, const Interval& v);
TimestampTz timestamptz_subtract(TimestampTz t, const Interval& v, const TimeZone& zone);
Interval timestamp_difference(Timestamp a, Timestamp b);  // days and time
Time time_add(Time t, const Interval& v);                 // wraps at midnight
Time time_subtract(Time t, const Interval& v);
TimeTz timetz_add(const TimeTz& t, const Interval& v);
TimeTz timetz_subtract(const TimeTz& t, const Interval& v);
Interval age(Timestamp a, Timestamp b);  // years, months, days and time
Interval age_tz(TimestampTz a, TimestampTz b, const TimeZone& zone);
// (a1, a2) OVERLAPS (b1, b2) of finite values of one kind, whichever end comes first.
bool overlaps(int64_t a1, int64_t a2, int64_t b1, int64_t b2);

// --- AT TIME ZONE
const TimeZone& zone_for_name(std::string_view name);  // 22023 `time zone "x" not recognized`
TimestampTz timestamp_at_zone(Timestamp t, std::string_view zone);
Timestamp timestamptz_at_zone(TimestampTz t, std::string_view zone);
TimeTz timetz_at_zone(const TimeTz& t, std::string_view zone, const FormatSettings& settings);
TimestampTz timestamp_at_zone(Timestamp t, const Interval& zone);
Timestamp timestamptz_at_zone(TimestampTz t, const Interval& zone);
TimeTz timetz_at_zone(const TimeTz& t, const Interval& zone);

// --- fields. `field` as the user wrote it ("hour", "DOY", …). `*is_null` is set where SQL's answer is NULL.
Numeric extract_date(std::string_view field, Date v, Arena& arena, bool* is_null);
Numeric extract_time(std::string_view field, Time v, Arena& arena);
Numeric extract_timetz(std::string_view field, const TimeTz& v, Arena& arena);
Numeric extract_timestamp(std::string_view field, Timestamp v, Arena& arena, bool* is_null);
Numeric extract_timestamptz(std::string_view field, TimestampTz v, const TimeZone& zone, Arena& arena,
                            bool* is_null);
// date_part(): the same as float8. (date_part of a date goes through its timestamp.)
double date_part_time(std::string_view field, Time v);
double date_part_timetz(std::string_view field, const TimeTz& v);
double date_part_timestamp(std::string_view field, Timestamp v, bool* is_null);
double date_part_timestamptz(std::string_view field, TimestampTz v, const TimeZone& zone, bool* is_null);

Timestamp date_trunc(std::string_view field, Timestamp v);
TimestampTz date_trunc_tz(std::string_view field, TimestampTz v, const TimeZone& zone);
// Also right for timestamptz.
Timestamp date_bin(const Interval& stride, Timestamp v, Timestamp origin);

// --- construction
Date make_date(int32_t year, int32_t month, int32_t day);
Time make_time(int32_t hour, int32_t minute, double second);
Timestamp make_timestamp(int32_t year, int32_t month, int32_t day, int32_t hour, int32_t minute,
                         double second);
TimestampTz make_timestamptz(int32_t year, int32_t month, int32_t day, int32_t hour, int32_t minute,
                             double second, const TimeZone& zone);
// `zone` as in make_timestamptz's last argument: a name, an abbreviation or "+01:30".
TimestampTz make_timestamptz(int32_t year, int32_t month, int32_t day, int32_t hour, int32_t minute,
                             double second, std::string_view zone);
TimestampTz to_timestamp(double unix_seconds);

}  // namespace varve::types
