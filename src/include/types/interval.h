// interval: months, days and microseconds kept apart, since months and days have no fixed length.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "types/format_settings.h"
#include "types/numeric.h"

namespace varve::types {

struct Interval {
  int64_t us = 0;
  int32_t days = 0;
  int32_t months = 0;
};
static_assert(sizeof(Interval) == 16);

// --- typmod, in PostgreSQL's encoding: (range mask << 16) | precision; precision 0xFFFF and range 0x7FFF
// mean all.
inline constexpr int kIntervalFullRange = 0x7FFF;
inline constexpr int kIntervalFullPrecision = 0xFFFF;
enum IntervalField : int {  // bits of the range mask
  kIntervalMonth = 1 << 1,
  kIntervalYear = 1 << 2,
  kIntervalDay = 1 << 3,
  kIntervalHour = 1 << 10,
  kIntervalMinute = 1 << 11,
  kIntervalSecond = 1 << 12,
};
constexpr int32_t make_interval_typmod(int range, int precision) { return range << 16 | precision; }

// --- text and wire format. Errors: 22007 `invalid input syntax for type interval: "x"`, 22015
// `interval field value out of range: "x"`.
Interval parse_interval(std::string_view text, int32_t typmod, const FormatSettings& settings);
void append_interval(std::string& out, const Interval& v, IntervalStyle style);
Interval receive_interval(std::string_view bytes, int32_t typmod);
void send_interval(std::string& out, const Interval& v);
Interval apply_interval_typmod(const Interval& v, int32_t typmod);

// --- order: by length, with months of 30 days and days of 24 hours; so '1 day' equals '24 hours'.
// The length in microseconds.
inline int128 interval_span(const Interval& v) {
  return static_cast<int128>(static_cast<int64_t>(v.months) * 30 + v.days) * 86'400'000'000 + v.us;
}
inline int compare(const Interval& a, const Interval& b) {
  int128 x = interval_span(a), y = interval_span(b);
  return x < y ? -1 : x > y ? 1 : 0;
}
inline bool operator==(const Interval& a, const Interval& b) { return compare(a, b) == 0; }
inline std::weak_ordering operator<=>(const Interval& a, const Interval& b) { return compare(a, b) <=> 0; }
uint64_t hash(const Interval& v);

// --- arithmetic. 22008 `interval out of range`.
Interval add(const Interval& a, const Interval& b);
Interval sub(const Interval& a, const Interval& b);
Interval neg(const Interval& v);
Interval mul(const Interval& v, double factor);
Interval div(const Interval& v, double divisor);  // 22012 division by zero
Interval justify_hours(const Interval& v);
Interval justify_days(const Interval& v);
Interval justify_interval(const Interval& v);
Interval make_interval(int32_t years, int32_t months, int32_t weeks, int32_t days, int32_t hours,
                       int32_t minutes, double seconds);

// --- fields
Numeric extract_interval(std::string_view field, const Interval& v, Arena& arena);
double date_part_interval(std::string_view field, const Interval& v);
Interval date_trunc(std::string_view field, const Interval& v);

}  // namespace varve::types
