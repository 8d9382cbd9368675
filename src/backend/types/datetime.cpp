// Calendar, text input and output, wire format of dates and times.
#include "types/datetime.h"

#include <algorithm>
#include <cstring>

#include "common/bytes.h"
#include "common/hash.h"
#include "common/sql_error.h"
#include "datetime_internal.h"
#include "datetime_scan.h"
#include "text_scan.h"
#include "types/text_codec.h"
#include "types/time_zone.h"

namespace varve::types {

// --- calendar: counted in 400-year eras from March 1st, so that the leap day is a year's last day.

int32_t julian_day(int year, int month, int day) {
  int64_t y = int64_t{year} - (month <= 2 ? 1 : 0);
  int64_t era = (y >= 0 ? y : y - 399) / 400;
  int64_t year_of_era = y - era * 400;
  int64_t day_of_year = (153 * (int64_t{month} + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return static_cast<int32_t>(era * 146'097 + day_of_era + 1'721'120);
}

void civil_from_julian(int32_t julian_day, int* year, int* month, int* day) {
  int64_t z = int64_t{julian_day} - 1'721'120;
  int64_t era = (z >= 0 ? z : z - 146'096) / 146'097;
  auto day_of_era = static_cast<uint32_t>(z - era * 146'097);
  uint32_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  uint32_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  uint32_t m = (5 * day_of_year + 2) / 153;
  *day = static_cast<int>(day_of_year - (153 * m + 2) / 5 + 1);
  *month = static_cast<int>(m < 10 ? m + 3 : m - 9);
  *year = static_cast<int>(year_of_era + era * 400 + (*month <= 2 ? 1 : 0));
}

int days_in_month(int year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return kDays[month - 1] + (month == 2 && leap ? 1 : 0);
}

CivilTime civil_from_timestamp(Timestamp t) {
  int64_t days = t / kUsPerDay, us = t % kUsPerDay;
  if (us < 0) {
    us += kUsPerDay;
    --days;
  }
  CivilTime c;
  civil_from_julian(static_cast<int32_t>(days) + kEpochJulianDay, &c.year, &c.month, &c.day);
  auto seconds = static_cast<int32_t>(us / kUsPerSecond);
  c.us = static_cast<int32_t>(us % kUsPerSecond);
  c.hour = seconds / 3600;
  c.minute = seconds / 60 % 60;
  c.second = seconds % 60;
  return c;
}

bool valid_julian(int year, int month) {
  return (year > -4713 || (year == -4713 && month >= 11)) &&
         (year < 5'874'898 || (year == 5'874'898 && month < 6));
}

bool timestamp_from_civil(const CivilTime& c, int32_t zone_west, Timestamp* result) {
  if (!valid_julian(c.year, c.month)) return false;
  int64_t days = int64_t{julian_day(c.year, c.month, c.day)} - kEpochJulianDay;
  int64_t time = c.hour * kUsPerHour + c.minute * kUsPerMinute + c.second * kUsPerSecond + c.us;
  if (__builtin_mul_overflow(days, kUsPerDay, result) || __builtin_add_overflow(*result, time, result))
    return false;
  if (__builtin_add_overflow(*result, zone_west * kUsPerSecond, result)) return false;
  return in_timestamp_range(*result);
}

// --- input

namespace {

CivilTime civil_of(const DecodedTime& t) {
  return {t.year, t.month, t.day, t.hour, t.minute, t.second, t.us};
}

SqlError out_of_range(const char* type, std::string_view text) {
  return SqlError(sqlstate::kDatetimeValueOutOfRange,
                  std::string(type) + " out of range: \"" + std::string(text) + '"');
}

DecodedTime decode(std::string_view text, const FormatSettings& settings, bool time_only, const char* type) {
  std::vector<DateField> fields;
  DecodedTime t;
  DateError error = DateError::kFormat;
  if (scan_date_fields(text, fields)) {
    error = time_only ? decode_time_only(fields, settings, &t) : decode_datetime(fields, settings, &t);
  }
  if (error != DateError::kNone) throw_date_error(error, text, type);
  return t;
}

// The form that is printed, "yyyy-mm-dd hh:mm:ss[.f]" with nothing around it, without the general machinery.
bool parse_plain(std::string_view s, CivilTime* c) {
  auto number = [&s](size_t at, size_t n, int32_t* v) {
    *v = 0;
    for (size_t i = at; i < at + n; ++i) {
      if (!is_digit(s[i])) return false;
      *v = *v * 10 + (s[i] - '0');
    }
    return true;
  };
  if (s.size() != 10 && (s.size() < 19 || s.size() > 26 || s.size() == 20)) return false;
  if (!number(0, 4, &c->year) || s[4] != '-' || !number(5, 2, &c->month) || s[7] != '-' ||
      !number(8, 2, &c->day))
    return false;
  c->hour = c->minute = c->second = c->us = 0;
  if (s.size() > 10) {
    if ((s[10] != ' ' && s[10] != 'T') || !number(11, 2, &c->hour) || s[13] != ':' ||
        !number(14, 2, &c->minute) || s[16] != ':' || !number(17, 2, &c->second)) {
      return false;
    }
    if (s.size() > 19) {
      if (s[19] != '.' || !number(20, s.size() - 20, &c->us)) return false;
      for (size_t i = s.size(); i < 26; ++i) c->us *= 10;
    }
  }
  // Anything unusual, such as an error or a leap second, is the general parser's.
  return c->year > 0 && c->month >= 1 && c->month <= 12 && c->day >= 1 &&
         c->day <= days_in_month(c->year, c->month) && c->hour < 24 && c->minute < 60 && c->second < 60;
}

Timestamp parse_any_timestamp(std::string_view text, int precision, const FormatSettings& settings,
                              bool with_zone) {
  const char* type = with_zone ? "timestamp with time zone" : "timestamp";
  CivilTime plain;
  Timestamp result;
  if (parse_plain(text, &plain) && timestamp_from_civil(plain, 0, &result)) {
    if (with_zone && settings.time_zone != nullptr) {
      result -= int64_t{settings.time_zone->at_local(result).seconds_east} * kUsPerSecond;
    }
    return round_timestamp(result, precision);
  }
  DecodedTime t = decode(text, settings, false, type);
  switch (t.kind) {
    case DecodedTime::Kind::kInfinity:
      return kTimestampInfinity;
    case DecodedTime::Kind::kMinusInfinity:
      return kTimestampMinusInfinity;
    case DecodedTime::Kind::kEpoch:
      result = -int64_t{kEpochUnixDays} * kUsPerDay;
      break;
    default:
      if (!timestamp_from_civil(civil_of(t), with_zone ? t.zone_seconds_west : 0, &result)) {
        throw out_of_range("timestamp", text);
      }
  }
  return round_timestamp(result, precision);
}

Time time_of(const DecodedTime& t) {
  return t.hour * kUsPerHour + t.minute * kUsPerMinute + t.second * kUsPerSecond + t.us;
}

}  // namespace

Date parse_date(std::string_view text, const FormatSettings& settings) {
  CivilTime plain;
  if (text.size() == 10 && parse_plain(text, &plain)) {
    return julian_day(plain.year, plain.month, plain.day) - kEpochJulianDay;
  }
  DecodedTime t = decode(text, settings, false, "date");
  switch (t.kind) {
    case DecodedTime::Kind::kInfinity:
      return kDateInfinity;
    case DecodedTime::Kind::kMinusInfinity:
      return kDateMinusInfinity;
    case DecodedTime::Kind::kEpoch:
      return -kEpochUnixDays;
    default:
      break;
  }
  if (!valid_julian(t.year, t.month)) throw out_of_range("date", text);
  int64_t days = int64_t{julian_day(t.year, t.month, t.day)} - kEpochJulianDay;
  if (!in_date_range(days)) throw out_of_range("date", text);
  return static_cast<Date>(days);
}

Time parse_time(std::string_view text, int precision, const FormatSettings& settings) {
  return round_time(time_of(decode(text, settings, true, "time")), precision);
}

TimeTz parse_timetz(std::string_view text, int precision, const FormatSettings& settings) {
  DecodedTime t = decode(text, settings, true, "time with time zone");
  return {round_time(time_of(t), precision), t.zone_seconds_west};
}

Timestamp parse_timestamp(std::string_view text, int precision, const FormatSettings& settings) {
  return parse_any_timestamp(text, precision, settings, false);
}
TimestampTz parse_timestamptz(std::string_view text, int precision, const FormatSettings& settings) {
  return parse_any_timestamp(text, precision, settings, true);
}

Time round_time(Time v, int precision) {
  if (precision < 0 || precision >= 6) return v;
  constexpr int64_t kUnits[] = {1'000'000, 100'000, 10'000, 1000, 100, 10};
  int64_t unit = kUnits[precision];
  return v >= 0 ? (v + unit / 2) / unit * unit : -((-v + unit / 2) / unit * unit);
}

Timestamp round_timestamp(Timestamp v, int precision) {
  return is_finite_timestamp(v) ? round_time(v, precision) : v;
}

// --- output

namespace {

constexpr char kMonthNames[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
constexpr char kDayNames[] = "SunMonTueWedThuFriSat";

char* put2(char* p, int v) {
  p[0] = static_cast<char>('0' + v / 10);
  p[1] = static_cast<char>('0' + v % 10);
  return p + 2;
}

// Four digits at least; 1 BC is printed as 1.
char* put_year(char* p, int year) {
  if (year <= 0) year = 1 - year;
  if (year < 10'000) return put2(put2(p, year / 100), year % 100);
  return write_uint8(p, static_cast<uint64_t>(year));
}

char* put_clock(char* p, int hour, int minute, int second, int us) {
  p = put2(p, hour);
  *p++ = ':';
  p = put2(p, minute);
  *p++ = ':';
  p = put2(p, second);
  if (us == 0) return p;
  *p++ = '.';
  for (int unit = 100'000; us != 0; unit /= 10) {
    *p++ = static_cast<char>('0' + us / unit);
    us %= unit;
  }
  return p;
}

char* put_offset(char* p, int seconds_east) {
  *p++ = seconds_east < 0 ? '-' : '+';
  int s = seconds_east < 0 ? -seconds_east : seconds_east;
  p = put2(p, s / 3600);
  if (s % 3600 != 0) {
    *p++ = ':';
    p = put2(p, s / 60 % 60);
    if (s % 60 != 0) {
      *p++ = ':';
      p = put2(p, s % 60);
    }
  }
  return p;
}

char* put_text(char* p, std::string_view s) {
  std::memcpy(p, s.data(), s.size());
  return p + s.size();
}

// Day and month in the order of the date style, with this delimiter after each.
char* put_day_month(char* p, const CivilTime& c, bool day_first, char delimiter) {
  p = put2(p, day_first ? c.day : c.month);
  *p++ = delimiter;
  p = put2(p, day_first ? c.month : c.day);
  *p++ = delimiter;
  return p;
}

char* put_iso_date(char* p, const CivilTime& c) {
  p = put_year(p, c.year);
  *p++ = '-';
  p = put2(p, c.month);
  *p++ = '-';
  return put2(p, c.day);
}

void append_civil(std::string& out, const CivilTime& c, int64_t days, const ZoneOffset* zone,
                  const FormatSettings& settings) {
  char text[128];
  char* p = text;
  bool day_first = settings.date_order == DateOrder::kDmy;
  switch (settings.date_style) {
    case DateStyle::kIso:
      p = put_iso_date(p, c);
      break;
    case DateStyle::kSql:
      p = put_year(put_day_month(p, c, day_first, '/'), c.year);
      break;
    case DateStyle::kGerman:
      p = put_year(put_day_month(p, c, true, '.'), c.year);
      break;
    case DateStyle::kPostgres: {
      auto weekday = static_cast<size_t>(((days + 6) % 7 + 7) % 7);  // 2000-01-01 was a Saturday
      p = put_text(p, {kDayNames + 3 * weekday, 3});
      *p++ = ' ';
      std::string_view month(kMonthNames + 3 * (c.month - 1), 3);
      if (day_first) {
        p = put2(p, c.day);
        *p++ = ' ';
        p = put_text(p, month);
      } else {
        p = put_text(p, month);
        *p++ = ' ';
        p = put2(p, c.day);
      }
      break;
    }
  }
  *p++ = ' ';
  p = put_clock(p, c.hour, c.minute, c.second, c.us);
  if (settings.date_style == DateStyle::kPostgres) {
    *p++ = ' ';
    p = put_year(p, c.year);
  }
  if (zone != nullptr) {
    if (settings.date_style == DateStyle::kIso) {
      p = put_offset(p, zone->seconds_east);
    } else {
      *p++ = ' ';
      p = put_text(p, zone->abbreviation.substr(0, 10));
    }
  }
  if (c.year <= 0) p = put_text(p, " BC");
  out.append(text, static_cast<size_t>(p - text));
}

int64_t day_of(Timestamp t) { return t / kUsPerDay - (t % kUsPerDay < 0 ? 1 : 0); }

}  // namespace

void append_date(std::string& out, Date v, const FormatSettings& settings) {
  if (!is_finite_date(v)) {
    out += v == kDateInfinity ? "infinity" : "-infinity";
    return;
  }
  CivilTime c{};
  civil_from_julian(v + kEpochJulianDay, &c.year, &c.month, &c.day);
  char text[32];
  char* p = text;
  bool day_first = settings.date_order == DateOrder::kDmy;
  switch (settings.date_style) {
    case DateStyle::kIso:
      p = put_iso_date(p, c);
      break;
    case DateStyle::kSql:
      p = put_year(put_day_month(p, c, day_first, '/'), c.year);
      break;
    case DateStyle::kGerman:
      p = put_year(put_day_month(p, c, true, '.'), c.year);
      break;
    case DateStyle::kPostgres:
      p = put_year(put_day_month(p, c, day_first, '-'), c.year);
      break;
  }
  if (c.year <= 0) p = put_text(p, " BC");
  out.append(text, static_cast<size_t>(p - text));
}

namespace {

char* put_time(char* p, Time v) {
  auto seconds = static_cast<int>(v / kUsPerSecond);
  return put_clock(p, seconds / 3600, seconds / 60 % 60, seconds % 60, static_cast<int>(v % kUsPerSecond));
}

}  // namespace

void append_time(std::string& out, Time v) {
  char text[32];
  out.append(text, static_cast<size_t>(put_time(text, v) - text));
}

void append_timetz(std::string& out, const TimeTz& v) {
  char text[48];
  out.append(text, static_cast<size_t>(put_offset(put_time(text, v.us), -v.zone_seconds_west) - text));
}

void append_timestamp(std::string& out, Timestamp v, const FormatSettings& settings) {
  if (!is_finite_timestamp(v)) {
    out += v == kTimestampInfinity ? "infinity" : "-infinity";
    return;
  }
  append_civil(out, civil_from_timestamp(v), day_of(v), nullptr, settings);
}

void append_timestamptz(std::string& out, TimestampTz v, const FormatSettings& settings) {
  if (!is_finite_timestamp(v)) {
    out += v == kTimestampInfinity ? "infinity" : "-infinity";
    return;
  }
  ZoneOffset zone = (settings.time_zone != nullptr ? *settings.time_zone : TimeZone::utc()).at_utc(v);
  Timestamp local = v + int64_t{zone.seconds_east} * kUsPerSecond;
  append_civil(out, civil_from_timestamp(local), day_of(local), &zone, settings);
}

// --- wire format

namespace {

SqlError binary_out_of_range(const char* type) {
  return SqlError(sqlstate::kDatetimeValueOutOfRange, std::string(type) + " out of range");
}

}  // namespace

Date receive_date(std::string_view bytes) {
  Date v = receive_int4(bytes);
  if (is_finite_date(v) && !in_date_range(v)) throw binary_out_of_range("date");
  return v;
}
Time receive_time(std::string_view bytes, int precision) {
  Time v = receive_int8(bytes);
  if (v < 0 || v > kUsPerDay) throw binary_out_of_range("time");
  return round_time(v, precision);
}
TimeTz receive_timetz(std::string_view bytes, int precision) {
  check_binary_size(bytes, 12);
  TimeTz v{receive_time(bytes.substr(0, 8), precision), receive_int4(bytes.substr(8))};
  if (v.zone_seconds_west <= -16 * 3600 || v.zone_seconds_west >= 16 * 3600) {
    throw SqlError(sqlstate::kInvalidTimeZoneDisplacementValue, "time zone displacement out of range");
  }
  return v;
}
Timestamp receive_timestamp(std::string_view bytes, int precision) {
  Timestamp v = receive_int8(bytes);
  if (is_finite_timestamp(v) && !in_timestamp_range(v)) throw binary_out_of_range("timestamp");
  return round_timestamp(v, precision);
}
TimestampTz receive_timestamptz(std::string_view bytes, int precision) {
  return receive_timestamp(bytes, precision);
}
void send_date(std::string& out, Date v) { send_int4(out, v); }
void send_time(std::string& out, Time v) { send_int8(out, v); }
void send_timetz(std::string& out, const TimeTz& v) {
  send_int8(out, v.us);
  send_int4(out, v.zone_seconds_west);
}
void send_timestamp(std::string& out, Timestamp v) { send_int8(out, v); }

int compare(const TimeTz& a, const TimeTz& b) {
  int64_t x = a.us + a.zone_seconds_west * kUsPerSecond, y = b.us + b.zone_seconds_west * kUsPerSecond;
  if (x != y) return x < y ? -1 : 1;
  return a.zone_seconds_west < b.zone_seconds_west ? -1 : a.zone_seconds_west > b.zone_seconds_west ? 1 : 0;
}
uint64_t hash(const TimeTz& v) {
  return hash_combine(static_cast<uint64_t>(v.us), static_cast<uint64_t>(v.zone_seconds_west));
}

}  // namespace varve::types
