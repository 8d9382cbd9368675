#include "time_bucket.h"

#include <limits>

#include "bindings.h"
#include "common/sql_error.h"
#include "functions/kernel.h"
#include "functions/rounding.h"
#include "types/time_zone.h"
#include "types/uuid_time.h"

namespace varve::hyperfunctions {

using functions::Binding;
using functions::Env;
using functions::fn;
using functions::KernelCall;
using types::Date;
using types::Interval;
using types::Timestamp;

namespace {

[[noreturn]] void throw_period() {
  throw SqlError(sqlstate::kInvalidParameterValue, "period must be greater than 0");
}
[[noreturn]] void throw_range() {
  throw SqlError(sqlstate::kDatetimeFieldOverflow, "timestamp out of range");
}

int64_t floor_to(int64_t value, int64_t width) {
  int64_t rest = value % width;
  return value - rest - (rest < 0 ? width : 0);
}

void check_months(const Interval& width) {
  if (width.days != 0 || width.us != 0) {
    throw SqlError(sqlstate::kFeatureNotSupported, "month intervals cannot have day or time component");
  }
}

int64_t month_number(Date d) {
  int year, month, day;
  types::civil_from_julian(d + types::kEpochJulianDay, &year, &month, &day);
  return int64_t{year} * 12 + month - 1;
}

Date bucket_months(int32_t months, Date value, Date origin) {
  int64_t bucket = bucket_integer<int32_t>(months, static_cast<int32_t>(month_number(value)),
                                           static_cast<int32_t>(month_number(origin)));
  int64_t year = floor_to(bucket, 12) / 12;
  return types::julian_day(static_cast<int>(year), static_cast<int>(bucket - year * 12) + 1, 1) -
         types::kEpochJulianDay;
}

void check_origin(bool finite, bool positive) {
  if (finite) return;
  throw SqlError(sqlstate::kInvalidParameterValue,
                 std::string("invalid origin value: ") + (positive ? "infinity" : "-infinity"));
}

// The bucket's start as a distance from `shift`, which is less than one width.
int64_t bucket_us(int64_t width, int64_t value, int64_t shift) {
  if (shift > 0 ? value < std::numeric_limits<int64_t>::min() + shift
                : value > std::numeric_limits<int64_t>::max() + shift) {
    throw_range();
  }
  return floor_to(value - shift, width) + shift;
}

}  // namespace

template <class T>
T bucket_integer(T width, T value, T offset) {
  constexpr int64_t kMin = std::numeric_limits<T>::min(), kMax = std::numeric_limits<T>::max();
  if (width <= 0) throw_period();
  int64_t shift = int64_t{offset} % int64_t{width}, v = value;
  if ((shift > 0 && v < kMin + shift) || (shift < 0 && v > kMax + shift)) throw_range();
  v -= shift;
  int64_t bucket = v / width * width;
  if (v < 0 && v % width != 0) {
    if (bucket < kMin + width) throw_range();
    bucket -= width;
  }
  return static_cast<T>(bucket + shift);
}
template int16_t bucket_integer(int16_t, int16_t, int16_t);
template int32_t bucket_integer(int32_t, int32_t, int32_t);
template int64_t bucket_integer(int64_t, int64_t, int64_t);

int64_t width_in_us(const Interval& width) {
  if (width.months != 0) {
    throw SqlError(sqlstate::kFeatureNotSupported,
                   "interval defined in terms of month, year, century etc. not supported");
  }
  int64_t us;
  if (__builtin_mul_overflow(int64_t{width.days}, types::kUsPerDay, &us) ||
      __builtin_add_overflow(us, width.us, &us)) {
    throw SqlError(sqlstate::kDatetimeFieldOverflow, "interval out of range");
  }
  if (us <= 0) throw_period();
  return us;
}

Timestamp bucket_timestamp(const Interval& width, Timestamp value, std::optional<Timestamp> origin) {
  if (!types::is_finite_timestamp(value)) return value;
  if (origin.has_value()) check_origin(types::is_finite_timestamp(*origin), *origin > 0);
  if (width.months != 0) {
    check_months(width);
    Date from = origin.has_value() ? types::timestamp_to_date(*origin) : 0;
    return types::date_to_timestamp(bucket_months(width.months, types::timestamp_to_date(value), from));
  }
  int64_t us = width_in_us(width);
  return bucket_us(us, value, origin.value_or(kDefaultOrigin) % us);
}

Date bucket_date(const Interval& width, Date value, std::optional<Date> origin) {
  if (!types::is_finite_date(value)) return value;
  if (origin.has_value()) check_origin(types::is_finite_date(*origin), *origin > 0);
  if (width.months != 0) {
    check_months(width);
    return bucket_months(width.months, value, origin.value_or(0));
  }
  int64_t us = width_in_us(width);
  if (us % types::kUsPerDay != 0) {
    throw SqlError(sqlstate::kInvalidParameterValue, "interval must not have sub-day precision");
  }
  Timestamp from = origin.has_value() ? types::date_to_timestamp(*origin) : kDefaultOrigin;
  return types::timestamp_to_date(bucket_us(us, types::date_to_timestamp(value), from % us));
}

types::TimestampTz bucket_in_zone(const Interval& width, types::TimestampTz value, std::string_view zone_name,
                                  std::optional<types::TimestampTz> origin) {
  const types::TimeZone& zone = types::zone_for_name(zone_name);
  if (!types::is_finite_timestamp(value)) return value;
  Timestamp local = types::timestamptz_to_timestamp(value, zone);
  std::optional<Timestamp> from;
  if (origin.has_value()) from = types::timestamptz_to_timestamp(*origin, zone);
  Timestamp bucket = bucket_timestamp(width, local, from);
  // Where clocks are put back a local time comes twice: the bucket starts on the value's side.
  types::TimestampTz same_side = value - (local - bucket);
  if (types::timestamptz_to_timestamp(same_side, zone) == bucket) return same_side;
  return types::timestamp_to_timestamptz(bucket, zone);
}

namespace {

// --- time_bucket(interval, timestamp[tz]): the one that scans of whole tables call.
void bucket_column(KernelCall& call) {
  const vector::Vector& widths = *call.args[0];
  const auto* values = call.args[1]->data<int64_t>();
  auto* out = call.result.data<int64_t>();
  bool plain = widths.is_constant() && !call.args[1]->is_constant() && call.rows.count > 0 &&
               widths.at<Interval>(0).months == 0;
  if (!plain) {
    vector::for_each_row(call.rows, [&](uint32_t row) {
      out[row] = bucket_timestamp(widths.at<Interval>(row), call.args[1]->at<int64_t>(row));
    });
    return;
  }
  int64_t width = width_in_us(widths.at<Interval>(0)), shift = kDefaultOrigin % width;
  // Neighbours mostly share a bucket, so the division is saved for those that leave it.
  int64_t start = 0, end = 0;
  vector::for_each_row(call.rows, [&](uint32_t row) {
    int64_t v = values[row];
    if (v < start || v >= end) {
      if (!types::is_finite_timestamp(v)) {
        out[row] = v;
        return;
      }
      start = bucket_us(width, v, shift);
      if (__builtin_add_overflow(start, width, &end)) end = std::numeric_limits<int64_t>::max();
    }
    out[row] = start;
  });
}

const types::TimeZone& session_zone(const Env& env) {
  const types::TimeZone* zone = env.format().time_zone;
  return zone == nullptr ? types::TimeZone::utc() : *zone;
}

Timestamp bucket_tz_offset(const Interval& width, Timestamp value, const Interval& offset, const Env& env) {
  const types::TimeZone& zone = session_zone(env);
  Timestamp bucket = bucket_timestamp(width, types::timestamptz_subtract(value, offset, zone));
  return types::timestamptz_add(bucket, offset, zone);
}

// --- UUIDs of version 7
constexpr int64_t kUnixShiftUs = int64_t{types::kEpochUnixDays} * types::kUsPerDay;

Timestamp uuid_time(const types::Uuid& u, bool micros = false) {
  if (!types::is_uuid_v7(u)) {
    std::string text;
    types::append_uuid(text, u);
    throw SqlError(sqlstate::kInvalidParameterValue, "not a version 7 UUID: " + text);
  }
  return (micros ? types::uuid_unix_us(u) : types::uuid_unix_ms(u) * 1000) - kUnixShiftUs;
}

types::Uuid uuid_boundary(Timestamp t) {
  int64_t unix_us = t + kUnixShiftUs;
  if (!types::is_finite_timestamp(t) || unix_us < 0 || unix_us / 1000 >= int64_t{1} << 48) throw_range();
  return types::uuid_from(unix_us);
}

using Zone = std::string_view;
using types::Uuid;

template <class T>
using Maybe = std::optional<T>;

Maybe<Timestamp> bucket_zone(Maybe<Interval> width, Maybe<Timestamp> value, Maybe<Zone> zone,
                             Maybe<Timestamp> origin, Maybe<Interval> offset, const Env& env) {
  if (!width || !value || !zone) return std::nullopt;
  if (!offset) return bucket_in_zone(*width, *value, *zone, origin);
  // The offset is taken off and put back in the session's time, not the zone's.
  const types::TimeZone& session = session_zone(env);
  Timestamp shifted = types::timestamptz_subtract(*value, *offset, session);
  return types::timestamptz_add(bucket_in_zone(*width, shifted, *zone, origin), *offset, session);
}

const Binding kBindings[] = {
    {"ts_timestamp_bucket(interval,timestamp):timestamp", bucket_column},
    {"ts_timestamp_bucket(interval,timestamp,timestamp):timestamp",
     fn([](const Interval& w, Timestamp v, Timestamp origin) -> Timestamp {
       return bucket_timestamp(w, v, origin);
     })},
    {"ts_timestamp_offset_bucket(interval,timestamp,interval):timestamp",
     fn([](const Interval& w, Timestamp v, const Interval& offset) -> Timestamp {
       return types::timestamp_add(bucket_timestamp(w, types::timestamp_subtract(v, offset)), offset);
     })},
    {"ts_timestamptz_bucket(interval,timestamptz):timestamptz", bucket_column},
    {"ts_timestamptz_bucket(interval,timestamptz,timestamptz):timestamptz",
     fn([](const Interval& w, Timestamp v, Timestamp origin) -> Timestamp {
       return bucket_timestamp(w, v, origin);
     })},
    {"ts_timestamptz_offset_bucket(interval,timestamptz,interval):timestamptz",
     fn([](const Interval& w, Timestamp v, const Interval& offset, Env& env) -> Timestamp {
       return bucket_tz_offset(w, v, offset, env);
     })},
    {"ts_timestamptz_timezone_bucket(interval,timestamptz,text,timestamptz,interval):timestamptz",
     fn([](Maybe<Interval> w, Maybe<Timestamp> v, Maybe<Zone> zone, Maybe<Timestamp> origin,
           Maybe<Interval> offset,
           Env& env) -> Maybe<Timestamp> { return bucket_zone(w, v, zone, origin, offset, env); })},
    {"ts_date_bucket(interval,date):date",
     fn([](const Interval& w, Date v) -> Date { return bucket_date(w, v); })},
    {"ts_date_bucket(interval,date,date):date",
     fn([](const Interval& w, Date v, Date origin) -> Date { return bucket_date(w, v, origin); })},
    {"ts_date_offset_bucket(interval,date,interval):date",
     fn([](const Interval& w, Date v, const Interval& offset) -> Date {
       Timestamp t = types::timestamp_subtract(types::date_to_timestamp(v), offset);
       return types::timestamp_to_date(types::timestamp_add(bucket_timestamp(w, t), offset));
     })},
    {"ts_int16_bucket(int2,int2):int2",
     fn([](int16_t w, int16_t v) -> int16_t { return bucket_integer<int16_t>(w, v); })},
    {"ts_int32_bucket(int4,int4):int4",
     fn([](int32_t w, int32_t v) -> int32_t { return bucket_integer<int32_t>(w, v); })},
    {"ts_int64_bucket(int8,int8):int8",
     fn([](int64_t w, int64_t v) -> int64_t { return bucket_integer<int64_t>(w, v); })},
    {"ts_int16_bucket(int2,int2,int2):int2",
     fn([](int16_t w, int16_t v, int16_t o) -> int16_t { return bucket_integer<int16_t>(w, v, o); })},
    {"ts_int32_bucket(int4,int4,int4):int4",
     fn([](int32_t w, int32_t v, int32_t o) -> int32_t { return bucket_integer<int32_t>(w, v, o); })},
    {"ts_int64_bucket(int8,int8,int8):int8",
     fn([](int64_t w, int64_t v, int64_t o) -> int64_t { return bucket_integer<int64_t>(w, v, o); })},
    {"ts_uuid_bucket(interval,uuid):timestamptz", fn([](const Interval& w, const Uuid& u, Env&) -> Timestamp {
       return bucket_timestamp(w, uuid_time(u));
     })},
    {"ts_uuid_bucket(interval,uuid,timestamptz):timestamptz",
     fn([](const Interval& w, const Uuid& u, Timestamp origin) -> Timestamp {
       return bucket_timestamp(w, uuid_time(u), origin);
     })},
    {"ts_uuid_offset_bucket(interval,uuid,interval):timestamptz",
     fn([](const Interval& w, const Uuid& u, const Interval& offset, Env& env) -> Timestamp {
       return bucket_tz_offset(w, uuid_time(u), offset, env);
     })},
    {"ts_uuid_timezone_bucket(interval,uuid,text,timestamptz,interval):timestamptz",
     fn([](Maybe<Interval> w, Maybe<Uuid> u, Maybe<Zone> zone, Maybe<Timestamp> origin,
           Maybe<Interval> offset, Env& env) -> Maybe<Timestamp> {
       return bucket_zone(w, u ? Maybe<Timestamp>(uuid_time(*u)) : std::nullopt, zone, origin, offset, env);
     })},
    {"ts_uuid_boundary(timestamptz):uuid", fn([](Timestamp t) -> Uuid { return uuid_boundary(t); })},
    {"ts_uuid_timestamp(uuid):timestamptz", fn([](const Uuid& u) -> Timestamp { return uuid_time(u); })},
    {"ts_uuid_timestamp_micros(uuid):timestamptz",
     fn([](const Uuid& u) -> Timestamp { return uuid_time(u, true); })},
    {"ts_uuid_version(uuid):int4", fn([](const Uuid& u) -> int32_t { return u.bytes[6] >> 4; })},
};

// --- what conditions on buckets say of times (functions/rounding.h)

using functions::RoundingReach;
using functions::RoundingRule;
using types::FormatSettings;
using types::Value;

bool width_reach(const Value& width, int64_t unit, RoundingReach* reach) {
  int64_t us = 0;
  if (width.null || !functions::longest_us(width.interval, &us) || us <= 0) return false;
  reach->below = us / unit;
  return true;
}

// Local time shifts arguments and results against each other; months are not taken back as they were added.
bool shift_reach(const Value& offset, const types::TimeZone* zone, RoundingReach* reach) {
  if (!offset.null && offset.interval.months != 0) return false;
  const int64_t off = functions::clock_changes_us(zone);
  return !__builtin_add_overflow(reach->below, off, &reach->below) &&
         !__builtin_add_overflow(reach->above, off, &reach->above);
}

constexpr RoundingRule kTimes{1, 1,
                              [](std::span<const Value> args, const FormatSettings&, RoundingReach* reach) {
                                return width_reach(args[0], 1, reach);
                              }};
constexpr RoundingRule kTimesOffset{
    1, 1, [](std::span<const Value> args, const FormatSettings& format, RoundingReach* reach) {
      return width_reach(args[0], 1, reach) && !args[2].null && shift_reach(args[2], format.time_zone, reach);
    }};
constexpr RoundingRule kTimesZoned{
    1, 1, [](std::span<const Value> args, const FormatSettings& format, RoundingReach* reach) {
      if (args[2].null || !width_reach(args[0], 1, reach) ||
          !shift_reach(args[4], &types::zone_for_name(args[2].view()), reach))
        return false;
      return args[4].null || shift_reach(args[4], format.time_zone, reach);
    }};
constexpr RoundingRule kDates{1, 1,
                              [](std::span<const Value> args, const FormatSettings&, RoundingReach* reach) {
                                return width_reach(args[0], types::kUsPerDay, reach);
                              }};
constexpr RoundingRule kIntegers{
    1, 1, [](std::span<const Value> args, const FormatSettings&, RoundingReach* reach) {
      if (args[0].null) return false;
      const Value& w = args[0];
      reach->below = w.type == types::PhysicalType::kInt16   ? w.int16
                     : w.type == types::PhysicalType::kInt32 ? w.int32
                                                             : w.int64;
      return reach->below > 0;
    }};

struct NamedRule {
  std::string_view signature;  // how it begins
  const RoundingRule& rule;
};
constexpr NamedRule kRules[] = {{"ts_timestamp_bucket(", kTimes},
                                {"ts_timestamptz_bucket(", kTimes},
                                {"ts_timestamp_offset_bucket(", kTimesOffset},
                                {"ts_timestamptz_offset_bucket(", kTimesOffset},
                                {"ts_timestamptz_timezone_bucket(", kTimesZoned},
                                {"ts_date_bucket(", kDates},
                                {"ts_int16_bucket(", kIntegers},
                                {"ts_int32_bucket(", kIntegers},
                                {"ts_int64_bucket(", kIntegers}};

}  // namespace

std::span<const Binding> time_bucket_bindings() { return kBindings; }

void register_time_bucket_rounding() {
  for (const Binding& b : kBindings) {
    for (const NamedRule& named : kRules) {
      if (b.signature.starts_with(named.signature)) functions::register_rounding(b.kernel, named.rule);
    }
  }
}

}  // namespace varve::hyperfunctions
