// extract, date_part and date_trunc.
#include <algorithm>
#include <cmath>
#include <iterator>

#include "common/sql_error.h"
#include "datetime_internal.h"
#include "types/datetime.h"
#include "types/time_zone.h"

namespace varve::types {

namespace {

enum class Field : uint8_t {
  kMicroseconds,
  kMilliseconds,
  kSecond,
  kMinute,
  kHour,
  kDay,
  kWeek,
  kMonth,
  kQuarter,
  kYear,
  kDecade,
  kCentury,
  kMillennium,
  kZone,
  kZoneHour,
  kZoneMinute,
  kWeekday,
  kIsoWeekday,
  kDayOfYear,
  kIsoYear,
  kJulian,
  kEpoch,
  kOther
};

struct FieldName {
  std::string_view name;
  Field field;
};
// Sorted; ten characters count. kOther: a word of dates that is no field.
constexpr FieldName kFields[] = {
    {"c", Field::kCentury},
    {"cent", Field::kCentury},
    {"centuries", Field::kCentury},
    {"century", Field::kCentury},
    {"d", Field::kDay},
    {"day", Field::kDay},
    {"days", Field::kDay},
    {"dec", Field::kDecade},
    {"decade", Field::kDecade},
    {"decades", Field::kDecade},
    {"decs", Field::kDecade},
    {"dow", Field::kWeekday},
    {"doy", Field::kDayOfYear},
    {"epoch", Field::kEpoch},
    {"h", Field::kHour},
    {"hour", Field::kHour},
    {"hours", Field::kHour},
    {"hr", Field::kHour},
    {"hrs", Field::kHour},
    {"isodow", Field::kIsoWeekday},
    {"isoyear", Field::kIsoYear},
    {"j", Field::kJulian},
    {"jd", Field::kJulian},
    {"julian", Field::kJulian},
    {"m", Field::kMinute},
    {"microsecon", Field::kMicroseconds},
    {"mil", Field::kMillennium},
    {"millennia", Field::kMillennium},
    {"millennium", Field::kMillennium},
    {"millisecon", Field::kMilliseconds},
    {"mils", Field::kMillennium},
    {"min", Field::kMinute},
    {"mins", Field::kMinute},
    {"minute", Field::kMinute},
    {"minutes", Field::kMinute},
    {"mm", Field::kMinute},
    {"mon", Field::kMonth},
    {"mons", Field::kMonth},
    {"month", Field::kMonth},
    {"months", Field::kMonth},
    {"ms", Field::kMilliseconds},
    {"msec", Field::kMilliseconds},
    {"mseconds", Field::kMilliseconds},
    {"msecs", Field::kMilliseconds},
    {"now", Field::kOther},
    {"qtr", Field::kQuarter},
    {"quarter", Field::kQuarter},
    {"s", Field::kSecond},
    {"sec", Field::kSecond},
    {"second", Field::kSecond},
    {"seconds", Field::kSecond},
    {"secs", Field::kSecond},
    {"timezone", Field::kZone},
    {"timezone_h", Field::kZoneHour},
    {"timezone_m", Field::kZoneMinute},
    {"today", Field::kOther},
    {"tomorrow", Field::kOther},
    {"us", Field::kMicroseconds},
    {"usec", Field::kMicroseconds},
    {"useconds", Field::kMicroseconds},
    {"usecs", Field::kMicroseconds},
    {"w", Field::kWeek},
    {"week", Field::kWeek},
    {"weeks", Field::kWeek},
    {"y", Field::kYear},
    {"year", Field::kYear},
    {"years", Field::kYear},
    {"yesterday", Field::kOther},
    {"yr", Field::kYear},
    {"yrs", Field::kYear},
};

std::string lower_case(std::string_view s) {
  std::string r(s);
  for (char& c : r) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return r;
}

[[noreturn]] void throw_unsupported(std::string_view field, const char* type) {
  throw SqlError(sqlstate::kFeatureNotSupported,
                 "unit \"" + lower_case(field) + "\" not supported for type " + type);
}

[[noreturn]] void throw_unrecognized(std::string_view field, const char* type) {
  throw SqlError(sqlstate::kInvalidParameterValue,
                 "unit \"" + lower_case(field) + "\" not recognized for type " + type);
}

Field field_of(std::string_view text, const char* type) {
  std::string word = lower_case(text);
  std::string_view key = std::string_view(word).substr(0, 10);
  const auto* it = std::lower_bound(std::begin(kFields), std::end(kFields), key,
                                    [](const FieldName& a, std::string_view name) { return a.name < name; });
  if (it != std::end(kFields) && it->name == key) return it->field;
  throw_unrecognized(text, type);
}

// For the functions to which 'today' and its like are unknown words rather than fields they do not have; to
// date_trunc the fields that are no units are unknown as well.
Field plain_field_of(std::string_view text, const char* type, bool units_only) {
  Field f = field_of(text, type);
  bool known = f != Field::kOther;
  if (units_only) known = f < Field::kWeekday;
  if (!known) throw_unrecognized(text, type);
  return f;
}

constexpr char kTimestampName[] = "timestamp without time zone",
               kTimestampTzName[] = "timestamp with time zone";

int weekday_of(int julian) { return (julian + 1) % 7; }  // 0 = Sunday
int monday_of(int julian) { return julian - (weekday_of(julian) + 6) % 7; }

// The ISO year has the Thursday of the week.
int iso_year_of(int julian) {
  int year, month, day;
  civil_from_julian(monday_of(julian) + 3, &year, &month, &day);
  return year;
}
int iso_week_of(int julian) {
  int first = monday_of(julian_day(iso_year_of(julian), 1, 4));
  return (monday_of(julian) - first) / 7 + 1;
}

int64_t decade_of(int y) { return y >= 0 ? y / 10 : -((8 - (y - 1)) / 10); }
int64_t century_of(int y) { return y > 0 ? (y + 99) / 100 : -((99 - (y - 1)) / 100); }
int64_t millennium_of(int y) { return y > 0 ? (y + 999) / 1000 : -((999 - (y - 1)) / 1000); }
int64_t year_shown(int64_t y) { return y > 0 ? y : y - 1; }  // there is no year 0

// Fields of a date; false if `f` is not one.
bool date_field(Field f, const CivilTime& c, int64_t* v) {
  int julian = julian_day(c.year, c.month, c.day);
  switch (f) {
    case Field::kDay:
      *v = c.day;
      return true;
    case Field::kWeek:
      *v = iso_week_of(julian);
      return true;
    case Field::kMonth:
      *v = c.month;
      return true;
    case Field::kQuarter:
      *v = (c.month - 1) / 3 + 1;
      return true;
    case Field::kYear:
      *v = year_shown(c.year);
      return true;
    case Field::kDecade:
      *v = decade_of(c.year);
      return true;
    case Field::kCentury:
      *v = century_of(c.year);
      return true;
    case Field::kMillennium:
      *v = millennium_of(c.year);
      return true;
    case Field::kWeekday:
      *v = weekday_of(julian);
      return true;
    case Field::kIsoWeekday:
      *v = (weekday_of(julian) + 6) % 7 + 1;
      return true;
    case Field::kDayOfYear:
      *v = julian - julian_day(c.year, 1, 1) + 1;
      return true;
    case Field::kIsoYear:
      *v = year_shown(iso_year_of(julian));
      return true;
    default:
      return false;
  }
}

// Fields of a time of day, seconds with their digits; false if `f` is not one.
bool time_field(Field f, int64_t hour, int minute, int second, int us, Numeric* v) {
  int64_t seconds_us = second * kUsPerSecond + us;
  switch (f) {
    case Field::kMicroseconds:
      *v = Numeric(seconds_us);
      return true;
    case Field::kMilliseconds:
      *v = Numeric(int128{seconds_us}, 3);
      return true;
    case Field::kSecond:
      *v = Numeric(int128{seconds_us}, 6);
      return true;
    case Field::kMinute:
      *v = Numeric(int64_t{minute});
      return true;
    case Field::kHour:
      *v = Numeric(hour);
      return true;
    default:
      return false;
  }
}

bool zone_field(Field f, int32_t east, Numeric* v) {
  switch (f) {
    case Field::kZone:
      *v = Numeric(int64_t{east});
      return true;
    case Field::kZoneHour:
      *v = Numeric(int64_t{east / 3600});
      return true;
    case Field::kZoneMinute:
      *v = Numeric(int64_t{east / 60 % 60});
      return true;
    default:
      return false;
  }
}

// An infinite moment's fields: those that grow with time are infinite, those that come again are NULL.
Numeric infinite_field(std::string_view text, Field f, bool positive, bool has_time, const char* type,
                       bool* is_null) {
  switch (f) {
    case Field::kYear:
    case Field::kDecade:
    case Field::kCentury:
    case Field::kMillennium:
    case Field::kJulian:
    case Field::kIsoYear:
    case Field::kEpoch:
      return positive ? Numeric::infinity() : Numeric::negative_infinity();
    case Field::kOther:
      throw_unsupported(text, type);
    case Field::kMicroseconds:
    case Field::kMilliseconds:
    case Field::kSecond:
    case Field::kMinute:
    case Field::kHour:
    case Field::kZone:
    case Field::kZoneHour:
    case Field::kZoneMinute:
      if (!has_time) throw_unsupported(text, type);
      break;
    default:
      break;
  }
  *is_null = true;
  return Numeric();
}

// `local` is the wall clock; `utc` the moment; `east` its offset, null without a zone.
Numeric extract_moment(std::string_view text, Timestamp local, Timestamp utc, const int32_t* east,
                       const char* type, Arena& arena) {
  Field f = field_of(text, type);
  CivilTime c = civil_from_timestamp(local);
  Numeric v;
  int64_t whole;
  if (time_field(f, c.hour, c.minute, c.second, c.us, &v)) return v;
  if (date_field(f, c, &whole)) return Numeric(whole);
  if (east != nullptr && zone_field(f, *east, &v)) return v;
  if (f == Field::kEpoch) return Numeric(int128{utc} + int128{kEpochUnixDays} * kUsPerDay, 6);
  if (f == Field::kJulian) {
    int64_t us = c.hour * kUsPerHour + c.minute * kUsPerMinute + c.second * kUsPerSecond + c.us;
    return add(Numeric(int64_t{julian_day(c.year, c.month, c.day)}),
               div(Numeric(us), Numeric(kUsPerDay), arena), arena);
  }
  throw_unsupported(text, type);
}

}  // namespace

Numeric extract_date(std::string_view field, Date v, Arena&, bool* is_null) {
  *is_null = false;
  Field f = field_of(field, "date");
  if (!is_finite_date(v)) return infinite_field(field, f, v > 0, false, "date", is_null);
  CivilTime c{};
  civil_from_julian(v + kEpochJulianDay, &c.year, &c.month, &c.day);
  int64_t whole;
  if (date_field(f, c, &whole)) return Numeric(whole);
  if (f == Field::kJulian) return Numeric(int64_t{v} + kEpochJulianDay);
  if (f == Field::kEpoch) return Numeric((int64_t{v} + kEpochUnixDays) * 86'400);
  throw_unsupported(field, "date");
}

Numeric extract_time(std::string_view field, Time t, Arena&) {
  constexpr char kName[] = "time without time zone";
  Field f = plain_field_of(field, kName, false);
  auto seconds = static_cast<int>(t / kUsPerSecond);
  Numeric v;
  if (time_field(f, seconds / 3600, seconds / 60 % 60, seconds % 60, static_cast<int>(t % kUsPerSecond), &v))
    return v;
  if (f == Field::kEpoch) return Numeric(int128{t}, 6);
  throw_unsupported(field, kName);
}

Numeric extract_timetz(std::string_view field, const TimeTz& t, Arena&) {
  constexpr char kName[] = "time with time zone";
  Field f = plain_field_of(field, kName, false);
  auto seconds = static_cast<int>(t.us / kUsPerSecond);
  Numeric v;
  if (time_field(f, seconds / 3600, seconds / 60 % 60, seconds % 60, static_cast<int>(t.us % kUsPerSecond),
                 &v))
    return v;
  if (zone_field(f, -t.zone_seconds_west, &v)) return v;
  if (f == Field::kEpoch) return Numeric(int128{t.us} + t.zone_seconds_west * kUsPerSecond, 6);
  throw_unsupported(field, kName);
}

Numeric extract_timestamp(std::string_view field, Timestamp v, Arena& arena, bool* is_null) {
  *is_null = false;
  if (!is_finite_timestamp(v)) {
    return infinite_field(field, field_of(field, kTimestampName), v > 0, true, kTimestampName, is_null);
  }
  return extract_moment(field, v, v, nullptr, kTimestampName, arena);
}

Numeric extract_timestamptz(std::string_view field, TimestampTz v, const TimeZone& zone, Arena& arena,
                            bool* is_null) {
  *is_null = false;
  if (!is_finite_timestamp(v)) {
    return infinite_field(field, field_of(field, kTimestampTzName), v > 0, true, kTimestampTzName, is_null);
  }
  int32_t east = zone.at_utc(v).seconds_east;
  return extract_moment(field, v + east * kUsPerSecond, v, &east, kTimestampTzName, arena);
}

Numeric extract_interval(std::string_view field, const Interval& v, Arena&) {
  Field f = plain_field_of(field, "interval", false);
  int years = v.months / 12, months = v.months % 12;
  Numeric r;
  if (time_field(f, v.us / kUsPerHour, static_cast<int>(v.us / kUsPerMinute % 60),
                 static_cast<int>(v.us / kUsPerSecond % 60), static_cast<int>(v.us % kUsPerSecond), &r)) {
    return r;
  }
  switch (f) {
    case Field::kDay:
      return Numeric(int64_t{v.days});
    case Field::kMonth:
      return Numeric(int64_t{months});
    case Field::kQuarter:
      return Numeric(int64_t{months / 3 + 1});
    case Field::kYear:
      return Numeric(int64_t{years});
    case Field::kDecade:
      return Numeric(int64_t{years / 10});
    case Field::kCentury:
      return Numeric(int64_t{years / 100});
    case Field::kMillennium:
      return Numeric(int64_t{years / 1000});
    case Field::kEpoch: {
      // A year is 365.25 days, a month 30; counted in quarters of a day to stay whole.
      int128 quarters = int128{years} * 1461 + int128{months} * 120 + int128{v.days} * 4;
      return Numeric(quarters * (kUsPerDay / 4) + v.us, 6);
    }
    default:
      throw_unsupported(field, "interval");
  }
}

double date_part_time(std::string_view field, Time v) {
  Arena arena;
  return to_float8(extract_time(field, v, arena));
}
double date_part_timetz(std::string_view field, const TimeTz& v) {
  Arena arena;
  return to_float8(extract_timetz(field, v, arena));
}
double date_part_timestamp(std::string_view field, Timestamp v, bool* is_null) {
  Arena arena;
  return to_float8(extract_timestamp(field, v, arena, is_null));
}
double date_part_timestamptz(std::string_view field, TimestampTz v, const TimeZone& zone, bool* is_null) {
  Arena arena;
  return to_float8(extract_timestamptz(field, v, zone, arena, is_null));
}
double date_part_interval(std::string_view field, const Interval& v) {
  Arena arena;
  return to_float8(extract_interval(field, v, arena));
}

namespace {

// Cuts a wall clock; `*whole_days` tells whether the result is a midnight.
Timestamp truncate(std::string_view text, Timestamp t, const char* type, bool* whole_days) {
  Field f = plain_field_of(text, type, true);
  auto cut = [t](int64_t unit) {
    int64_t rest = t % unit;
    return t - (rest < 0 ? rest + unit : rest);
  };
  *whole_days = false;
  switch (f) {
    case Field::kMicroseconds:
      return t;
    case Field::kMilliseconds:
      return cut(1000);
    case Field::kSecond:
      return cut(kUsPerSecond);
    case Field::kMinute:
      return cut(kUsPerMinute);
    case Field::kHour:
      return cut(kUsPerHour);
    default:
      break;
  }
  *whole_days = true;
  CivilTime c = civil_from_timestamp(t);
  c.hour = c.minute = c.second = c.us = 0;
  int y = c.year;
  switch (f) {
    case Field::kDay:
      return cut(kUsPerDay);
    case Field::kWeek:
      civil_from_julian(monday_of(julian_day(c.year, c.month, c.day)), &c.year, &c.month, &c.day);
      break;
    case Field::kMonth:
      c.day = 1;
      break;
    case Field::kQuarter:
      c.month = (c.month - 1) / 3 * 3 + 1;
      c.day = 1;
      break;
    case Field::kMillennium:
      y = y > 0 ? (y + 999) / 1000 * 1000 - 999 : -((999 - (y - 1)) / 1000) * 1000 + 1;
      break;
    case Field::kCentury:
      y = y > 0 ? (y + 99) / 100 * 100 - 99 : -((99 - (y - 1)) / 100) * 100 + 1;
      break;
    case Field::kDecade:
      y = y > 0 ? y / 10 * 10 : -((8 - (y - 1)) / 10) * 10;
      break;
    case Field::kYear:
      break;
    default:
      throw_unsupported(text, type);
  }
  if (f == Field::kMillennium || f == Field::kCentury || f == Field::kDecade || f == Field::kYear) {
    c.year = y;
    c.month = c.day = 1;
  }
  Timestamp r;
  if (!timestamp_from_civil(c, 0, &r)) throw_timestamp_out_of_range();
  return r;
}

}  // namespace

Timestamp date_trunc(std::string_view field, Timestamp v) {
  bool whole_days;
  return is_finite_timestamp(v) ? truncate(field, v, kTimestampName, &whole_days) : v;
}

TimestampTz date_trunc_tz(std::string_view field, TimestampTz v, const TimeZone& zone) {
  if (!is_finite_timestamp(v)) return v;
  int64_t east = zone.at_utc(v).seconds_east * kUsPerSecond;
  bool whole_days;
  Timestamp local = truncate(field, v + east, kTimestampTzName, &whole_days);
  return whole_days ? timestamp_to_timestamptz(local, zone) : local - east;
}

Interval date_trunc(std::string_view field, const Interval& v) {
  Field f = plain_field_of(field, "interval", true);
  Interval r = v;
  auto cut_time = [&](int64_t unit) { r.us = r.us / unit * unit; };
  auto cut_months = [&](int unit) {
    r.us = 0;
    r.days = 0;
    r.months = r.months / unit * unit;
  };
  switch (f) {
    case Field::kMicroseconds:
      break;
    case Field::kMilliseconds:
      cut_time(1000);
      break;
    case Field::kSecond:
      cut_time(kUsPerSecond);
      break;
    case Field::kMinute:
      cut_time(kUsPerMinute);
      break;
    case Field::kHour:
      cut_time(kUsPerHour);
      break;
    case Field::kDay:
      r.us = 0;
      break;
    case Field::kMonth:
      cut_months(1);
      break;
    case Field::kQuarter:
      cut_months(3);
      break;
    case Field::kYear:
      cut_months(12);
      break;
    case Field::kDecade:
      cut_months(120);
      break;
    case Field::kCentury:
      cut_months(1200);
      break;
    case Field::kMillennium:
      cut_months(12'000);
      break;
    case Field::kWeek:
      throw SqlError(sqlstate::kFeatureNotSupported,
                     "unit \"" + lower_case(field) + "\" not supported for type interval")
          .detail("Months usually have fractional weeks.");
    default:
      throw_unsupported(field, "interval");
  }
  return r;
}

}  // namespace varve::types
