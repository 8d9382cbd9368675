// Conversions, arithmetic, construction and zones of dates and times.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

#include "common/sql_error.h"
#include "datetime_internal.h"
#include "types/datetime.h"
#include "types/time_zone.h"

namespace varve::types {

void throw_timestamp_out_of_range() {
  throw SqlError(sqlstate::kDatetimeValueOutOfRange, "timestamp out of range");
}

namespace {

[[noreturn]] void throw_date_out_of_range() {
  throw SqlError(sqlstate::kDatetimeValueOutOfRange, "date out of range");
}

int64_t floor_days(Timestamp t) { return t / kUsPerDay - (t % kUsPerDay < 0 ? 1 : 0); }
int64_t floor_mod_day(int64_t us) {
  us %= kUsPerDay;
  return us < 0 ? us + kUsPerDay : us;
}

Timestamp checked(bool overflow, Timestamp t) {
  if (overflow || !in_timestamp_range(t)) throw_timestamp_out_of_range();
  return t;
}
Timestamp shifted(Timestamp t, int64_t us) {
  Timestamp r;
  bool overflow = __builtin_add_overflow(t, us, &r);
  return checked(overflow, r);
}

// Months, keeping the day within the month; then days. On the wall clock.
Timestamp add_months_and_days(Timestamp t, const Interval& v) {
  if (v.months != 0) {
    CivilTime c = civil_from_timestamp(t);
    int64_t month = int64_t{c.year} * 12 + c.month - 1 + v.months;
    int64_t year = month / 12 - (month % 12 < 0 ? 1 : 0);
    c.year = static_cast<int32_t>(year);
    c.month = static_cast<int32_t>(month - year * 12 + 1);
    c.day = std::min(c.day, days_in_month(c.year, c.month));
    if (!timestamp_from_civil(c, 0, &t)) throw_timestamp_out_of_range();
  }
  if (v.days != 0) {
    int64_t us;
    bool overflow = __builtin_mul_overflow(int64_t{v.days}, kUsPerDay, &us);
    overflow |= __builtin_add_overflow(t, us, &t);
    checked(overflow, t);
  }
  return t;
}

Interval negated(const Interval& v) {
  // Not neg(): the most negative parts are left to the range check of the result.
  return {static_cast<int64_t>(-static_cast<uint64_t>(v.us)),
          static_cast<int32_t>(-static_cast<uint32_t>(v.days)),
          static_cast<int32_t>(-static_cast<uint32_t>(v.months))};
}

}  // namespace

// --- conversions

Timestamp date_to_timestamp(Date d) {
  if (!is_finite_date(d)) return d == kDateInfinity ? kTimestampInfinity : kTimestampMinusInfinity;
  if (d >= kEndTimestamp / kUsPerDay) {
    throw SqlError(sqlstate::kDatetimeValueOutOfRange, "date out of range for timestamp");
  }
  return d * kUsPerDay;
}

TimestampTz date_to_timestamptz(Date d, const TimeZone& zone) {
  Timestamp t = date_to_timestamp(d);
  if (!is_finite_timestamp(t)) return t;
  t -= int64_t{zone.at_local(t).seconds_east} * kUsPerSecond;
  if (!in_timestamp_range(t))
    throw SqlError(sqlstate::kDatetimeValueOutOfRange, "date out of range for timestamp");
  return t;
}

Date timestamp_to_date(Timestamp t) {
  if (!is_finite_timestamp(t)) return t == kTimestampInfinity ? kDateInfinity : kDateMinusInfinity;
  return static_cast<Date>(floor_days(t));
}
Date timestamptz_to_date(TimestampTz t, const TimeZone& zone) {
  return timestamp_to_date(timestamptz_to_timestamp(t, zone));
}

TimestampTz timestamp_to_timestamptz(Timestamp t, const TimeZone& zone) {
  if (!is_finite_timestamp(t)) return t;
  return shifted(t, -int64_t{zone.at_local(t).seconds_east} * kUsPerSecond);
}
Timestamp timestamptz_to_timestamp(TimestampTz t, const TimeZone& zone) {
  if (!is_finite_timestamp(t)) return t;
  return shifted(t, int64_t{zone.at_utc(t).seconds_east} * kUsPerSecond);
}

Time timestamp_to_time(Timestamp t) { return floor_mod_day(t); }
Time timestamptz_to_time(TimestampTz t, const TimeZone& zone) {
  return floor_mod_day(timestamptz_to_timestamp(t, zone));
}
TimeTz timestamptz_to_timetz(TimestampTz t, const TimeZone& zone) {
  return {timestamptz_to_time(t, zone), -zone.at_utc(t).seconds_east};
}
TimeTz time_to_timetz(Time t, const FormatSettings& settings) {
  const TimeZone& zone = settings.time_zone != nullptr ? *settings.time_zone : TimeZone::utc();
  Timestamp today = floor_days(timestamptz_to_timestamp(settings.now_us, zone)) * kUsPerDay;
  return {t, -zone.at_local(today + t).seconds_east};
}
Interval time_to_interval(Time t) { return {t, 0, 0}; }
Time interval_to_time(const Interval& v) { return floor_mod_day(v.us); }

TimestampTz date_time_to_timestamptz(Date d, const TimeTz& t) {
  Timestamp start = date_to_timestamp(d);
  return is_finite_timestamp(start) ? shifted(start, t.us + t.zone_seconds_west * kUsPerSecond) : start;
}
Timestamp date_time_to_timestamp(Date d, Time t) {
  Timestamp start = date_to_timestamp(d);
  return is_finite_timestamp(start) ? shifted(start, t) : start;
}

namespace {

int order(int64_t a, int64_t b) { return a < b ? -1 : a > b ? 1 : 0; }
// Dates beyond the last timestamp are later than all of them.
bool beyond_timestamps(Date d) { return is_finite_date(d) && d >= kEndTimestamp / kUsPerDay; }

}  // namespace

int compare_date_timestamp(Date d, Timestamp t) {
  if (beyond_timestamps(d)) return t == kTimestampInfinity ? -1 : 1;
  return order(date_to_timestamp(d), t);
}
int compare_timestamp_timestamptz(Timestamp a, TimestampTz b, const TimeZone& zone) {
  // Widened, since the shift may leave the range.
  if (!is_finite_timestamp(a) || !is_finite_timestamp(b)) return order(a, b);
  return order(a - int64_t{zone.at_local(a).seconds_east} * kUsPerSecond, b);
}
int compare_date_timestamptz(Date a, TimestampTz b, const TimeZone& zone) {
  if (beyond_timestamps(a)) return b == kTimestampInfinity ? -1 : 1;
  return compare_timestamp_timestamptz(date_to_timestamp(a), b, zone);
}

// --- arithmetic

Date date_add_days(Date d, int32_t days) {
  if (!is_finite_date(d)) return d;
  int64_t r = int64_t{d} + days;
  if (!in_date_range(r)) throw_date_out_of_range();
  return static_cast<Date>(r);
}

int32_t date_difference(Date a, Date b) {
  if (!is_finite_date(a) || !is_finite_date(b)) {
    throw SqlError(sqlstate::kDatetimeValueOutOfRange, "cannot subtract infinite dates");
  }
  return static_cast<int32_t>(static_cast<uint32_t>(a) - static_cast<uint32_t>(b));
}

Timestamp timestamp_add(Timestamp t, const Interval& v) {
  if (!is_finite_timestamp(t)) return t;
  return shifted(add_months_and_days(t, v), v.us);
}

TimestampTz timestamptz_add(TimestampTz t, const Interval& v, const TimeZone& zone) {
  if (!is_finite_timestamp(t)) return t;
  // Months and days are steps of the wall clock, each resolved by itself.
  for (Interval step : {Interval{0, 0, v.months}, Interval{0, v.days, 0}}) {
    if (step.months == 0 && step.days == 0) continue;
    t = timestamp_to_timestamptz(add_months_and_days(timestamptz_to_timestamp(t, zone), step), zone);
  }
  return shifted(t, v.us);
}

Timestamp timestamp_subtract(Timestamp t, const Interval& v) { return timestamp_add(t, negated(v)); }
TimestampTz timestamptz_subtract(TimestampTz t, const Interval& v, const TimeZone& zone) {
  return timestamptz_add(t, negated(v), zone);
}

Interval timestamp_difference(Timestamp a, Timestamp b) {
  if (!is_finite_timestamp(a) || !is_finite_timestamp(b)) {
    throw SqlError(sqlstate::kDatetimeValueOutOfRange, "cannot subtract infinite timestamps");
  }
  int64_t us;
  if (__builtin_sub_overflow(a, b, &us)) throw_interval_out_of_range();
  return justify_hours({us, 0, 0});
}

Time time_add(Time t, const Interval& v) { return floor_mod_day(t + v.us % kUsPerDay); }
Time time_subtract(Time t, const Interval& v) { return floor_mod_day(t - v.us % kUsPerDay); }
TimeTz timetz_add(const TimeTz& t, const Interval& v) { return {time_add(t.us, v), t.zone_seconds_west}; }
TimeTz timetz_subtract(const TimeTz& t, const Interval& v) {
  return {time_subtract(t.us, v), t.zone_seconds_west};
}

namespace {

// Difference of two wall clocks in calendar units; `negative` says which moment is the earlier.
Interval calendar_difference(Timestamp a, Timestamp b, bool negative) {
  CivilTime x = civil_from_timestamp(a), y = civil_from_timestamp(b);
  int sign = negative ? -1 : 1;
  int us = sign * (x.us - y.us), second = sign * (x.second - y.second), minute = sign * (x.minute - y.minute);
  int hour = sign * (x.hour - y.hour), day = sign * (x.day - y.day), month = sign * (x.month - y.month);
  int year = sign * (x.year - y.year);
  auto borrow = [](int& low, int& high, int unit) {
    while (low < 0) {
      low += unit;
      --high;
    }
  };
  borrow(us, second, 1'000'000);
  borrow(second, minute, 60);
  borrow(minute, hour, 60);
  borrow(hour, day, 24);
  const CivilTime& earlier = negative ? x : y;
  borrow(day, month, days_in_month(earlier.year, earlier.month));
  borrow(month, year, 12);
  Interval r{hour * kUsPerHour + minute * kUsPerMinute + second * kUsPerSecond + us, day, year * 12 + month};
  return negative ? negated(r) : r;
}

}  // namespace

Interval age(Timestamp a, Timestamp b) {
  if (!is_finite_timestamp(a) || !is_finite_timestamp(b)) throw_timestamp_out_of_range();
  return calendar_difference(a, b, a < b);
}

Interval age_tz(TimestampTz a, TimestampTz b, const TimeZone& zone) {
  if (!is_finite_timestamp(a) || !is_finite_timestamp(b)) throw_timestamp_out_of_range();
  return calendar_difference(timestamptz_to_timestamp(a, zone), timestamptz_to_timestamp(b, zone), a < b);
}

bool overlaps(int64_t a1, int64_t a2, int64_t b1, int64_t b2) {
  if (a1 > a2) std::swap(a1, a2);
  if (b1 > b2) std::swap(b1, b2);
  // Half-open, but a period of no length still contains its moment.
  if (a1 > b1) return a1 < b2;
  if (a1 < b1) return b1 < a2;
  return true;
}

// --- AT TIME ZONE

namespace {

struct NamedZone {
  const TimeZone* zone = nullptr;  // null: a fixed offset
  int32_t seconds_east = 0;
  std::string dynamic_word;  // an abbreviation whose meaning in `zone` depends on the time
};

NamedZone named_zone(std::string_view name) {
  std::string word(name);
  for (char& c : word) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  NamedZone r;
  if (const ZoneAbbreviation* known = find_zone_abbreviation(word)) {
    if (known->zone.empty()) {
      r.seconds_east = known->seconds_east;
      return r;
    }
    for (char& c : word) {
      if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
    }
    r.dynamic_word = word;
    name = known->zone;
  }
  r.zone = &zone_for_name(name);
  return r;
}

int32_t east_at(const NamedZone& z, int64_t us, bool local) {
  if (z.zone == nullptr) return z.seconds_east;
  ZoneOffset plain = local ? z.zone->at_local(us) : z.zone->at_utc(us);
  if (z.dynamic_word.empty()) return plain.seconds_east;
  ZoneOffset found;
  Timestamp utc = local ? us - int64_t{plain.seconds_east} * kUsPerSecond : us;
  return z.zone->find_abbreviation(z.dynamic_word, utc, &found) ? found.seconds_east : plain.seconds_east;
}

int32_t east_of(const Interval& zone) {
  if (zone.months != 0 || zone.days != 0) {
    std::string text;
    append_interval(text, zone, IntervalStyle::kPostgres);
    throw SqlError(sqlstate::kInvalidParameterValue,
                   "interval time zone \"" + text + "\" must not include months or days");
  }
  return static_cast<int32_t>(zone.us / kUsPerSecond);
}

TimeTz moved(const TimeTz& t, int32_t west) {
  return {floor_mod_day(t.us + (int64_t{t.zone_seconds_west} - west) * kUsPerSecond), west};
}

}  // namespace

const TimeZone& zone_for_name(std::string_view name) {
  const TimeZone* zone = TimeZone::find(name);
  if (zone == nullptr) {
    throw SqlError(sqlstate::kInvalidParameterValue,
                   "time zone \"" + std::string(name) + "\" not recognized");
  }
  return *zone;
}

TimestampTz timestamp_at_zone(Timestamp t, std::string_view zone) {
  if (!is_finite_timestamp(t)) return t;
  return shifted(t, -int64_t{east_at(named_zone(zone), t, true)} * kUsPerSecond);
}
Timestamp timestamptz_at_zone(TimestampTz t, std::string_view zone) {
  if (!is_finite_timestamp(t)) return t;
  return shifted(t, int64_t{east_at(named_zone(zone), t, false)} * kUsPerSecond);
}
TimeTz timetz_at_zone(const TimeTz& t, std::string_view zone, const FormatSettings& settings) {
  return moved(t, -east_at(named_zone(zone), settings.now_us, false));
}
TimestampTz timestamp_at_zone(Timestamp t, const Interval& zone) {
  return is_finite_timestamp(t) ? shifted(t, -int64_t{east_of(zone)} * kUsPerSecond) : t;
}
Timestamp timestamptz_at_zone(TimestampTz t, const Interval& zone) {
  return is_finite_timestamp(t) ? shifted(t, int64_t{east_of(zone)} * kUsPerSecond) : t;
}
TimeTz timetz_at_zone(const TimeTz& t, const Interval& zone) { return moved(t, -east_of(zone)); }

Timestamp date_bin(const Interval& stride, Timestamp v, Timestamp origin) {
  if (!is_finite_timestamp(v)) return v;
  if (!is_finite_timestamp(origin)) throw SqlError(sqlstate::kDatetimeValueOutOfRange, "origin out of range");
  if (stride.months != 0) {
    throw SqlError(sqlstate::kFeatureNotSupported,
                   "timestamps cannot be binned into intervals containing months or years");
  }
  int64_t width, difference;
  if (__builtin_mul_overflow(int64_t{stride.days}, kUsPerDay, &width) ||
      __builtin_add_overflow(width, stride.us, &width)) {
    throw_interval_out_of_range();
  }
  if (width <= 0) throw SqlError(sqlstate::kDatetimeValueOutOfRange, "stride must be greater than zero");
  if (__builtin_sub_overflow(v, origin, &difference)) throw_interval_out_of_range();
  int64_t rest = difference % width;
  Timestamp r = origin + (difference - rest);
  return rest < 0 ? shifted(r, -width) : checked(false, r);
}

// --- construction

namespace {

std::string format_date_args(const char* what, int year, int month, int day) {
  char text[96];
  std::snprintf(text, sizeof text, "%s: %d-%02d-%02d", what, year, month, day);
  return text;
}

// `shown_year` is what a message calls the year: make_date's have the internal one.
CivilTime civil_of_args(int32_t year, int32_t month, int32_t day, int32_t shown_year) {
  int32_t y = year < 0 ? year + 1 : year;  // -1 is 1 BC, which is year 0
  if (year == 0 || month < 1 || month > 12 || day < 1 || day > days_in_month(y, month)) {
    throw SqlError(sqlstate::kDatetimeFieldOverflow,
                   format_date_args("date field value out of range", shown_year, month, day));
  }
  if (!valid_julian(y, month)) {
    throw SqlError(sqlstate::kDatetimeValueOutOfRange,
                   format_date_args("date out of range", year, month, day));
  }
  return {y, month, day, 0, 0, 0, 0};
}

}  // namespace

Date make_date(int32_t year, int32_t month, int32_t day) {
  CivilTime c = civil_of_args(year, month, day, year < 0 ? year + 1 : year);
  int64_t d = int64_t{julian_day(c.year, c.month, c.day)} - kEpochJulianDay;
  if (!in_date_range(d)) {
    throw SqlError(sqlstate::kDatetimeValueOutOfRange,
                   format_date_args("date out of range", year, month, day));
  }
  return static_cast<Date>(d);
}

Time make_time(int32_t hour, int32_t minute, double second) {
  bool fits = hour >= 0 && hour <= 24 && minute >= 0 && minute < 60 && second >= 0 && second <= 60;
  Time t =
      fits ? hour * kUsPerHour + minute * kUsPerMinute + static_cast<int64_t>(std::rint(second * 1e6)) : 0;
  if (!fits || t > kUsPerDay) {
    char text[96];
    std::snprintf(text, sizeof text, "time field value out of range: %d:%02d:%02g", hour, minute, second);
    throw SqlError(sqlstate::kDatetimeFieldOverflow, text);
  }
  return t;
}

Timestamp make_timestamp(int32_t year, int32_t month, int32_t day, int32_t hour, int32_t minute,
                         double second) {
  CivilTime c = civil_of_args(year, month, day, year);
  int64_t days = int64_t{julian_day(c.year, c.month, c.day)} - kEpochJulianDay;
  Time time = make_time(hour, minute, second);
  Timestamp r;
  if (__builtin_mul_overflow(days, kUsPerDay, &r) || __builtin_add_overflow(r, time, &r) ||
      !in_timestamp_range(r)) {
    char text[128];
    std::snprintf(text, sizeof text, "timestamp out of range: %d-%02d-%02d %d:%02d:%02g", year, month, day,
                  hour, minute, second);
    throw SqlError(sqlstate::kDatetimeValueOutOfRange, text);
  }
  return r;
}

TimestampTz make_timestamptz(int32_t year, int32_t month, int32_t day, int32_t hour, int32_t minute,
                             double second, const TimeZone& zone) {
  return timestamp_to_timestamptz(make_timestamp(year, month, day, hour, minute, second), zone);
}

TimestampTz make_timestamptz(int32_t year, int32_t month, int32_t day, int32_t hour, int32_t minute,
                             double second, std::string_view zone) {
  Timestamp t = make_timestamp(year, month, day, hour, minute, second);
  // An offset is read as in ISO 8601 here, not as POSIX does.
  if (!zone.empty() && (zone[0] == '+' || zone[0] == '-')) {
    FormatSettings utc;
    TimeTz offset = parse_timetz("00:00" + std::string(zone), -1, utc);
    return shifted(t, offset.zone_seconds_west * kUsPerSecond);
  }
  return timestamp_at_zone(t, zone);
}

TimestampTz to_timestamp(double unix_seconds) {
  if (std::isnan(unix_seconds)) throw SqlError(sqlstate::kDatetimeValueOutOfRange, "timestamp cannot be NaN");
  if (std::isinf(unix_seconds)) return unix_seconds > 0 ? kTimestampInfinity : kTimestampMinusInfinity;
  double seconds = unix_seconds - kEpochUnixDays * 86400.0;
  double us = std::rint(seconds * 1e6);
  if (us < static_cast<double>(kMinTimestamp) || us >= static_cast<double>(kEndTimestamp)) {
    char text[64];
    std::snprintf(text, sizeof text, "timestamp out of range: \"%g\"", unix_seconds);
    throw SqlError(sqlstate::kDatetimeValueOutOfRange, text);
  }
  return static_cast<TimestampTz>(us);
}

}  // namespace varve::types
