// Dates, times, timestamps and intervals: arithmetic, fields, truncation, construction, zones.
#include "functions/type_oids.h"
#include "kernel.h"
#include "ordering.h"
#include "types/datetime.h"
#include "types/interval.h"
#include "zone.h"

namespace varve::functions {

namespace {

using Text = std::string_view;
using Date = int32_t;
using Time = int64_t;
using Stamp = int64_t;
namespace t = varve::types;

Stamp start_of_today(const Env& env) {
  Date today = t::timestamptz_to_date(env.format().now_us, session_zone(env));
  return t::date_to_timestamp(today);
}

// time + date, where the date may be infinite.
Stamp date_plus_time(Date d, Time time) { return t::date_time_to_timestamp(d, time); }
Stamp date_plus_time_tz(Date d, Time time, Env& env) {
  if (!t::is_finite_date(d)) return t::date_to_timestamptz(d, session_zone(env));
  return t::timestamp_to_timestamptz(date_plus_time(d, time), session_zone(env));
}

const Binding kArithmetic[] = {
    {"date_pli(date,int4)", fn([](Date d, int32_t n, Env&) -> Date { return t::date_add_days(d, n); })},
    {"integer_pl_date(int4,date)",
     fn([](int32_t n, Date d, Env&) -> Date { return t::date_add_days(d, n); })},
    {"date_mii(date,int4)", fn([](Date d, int32_t n, Env&) -> Date {
       if (t::is_finite_date(d) && !t::in_date_range(int64_t{d} - n)) {
         throw SqlError(sqlstate::kDatetimeValueOutOfRange, "date out of range");
       }
       return t::is_finite_date(d) ? d - n : d;
     })},
    {"date_mi(date,date)", fn([](Date a, Date b, Env&) -> int32_t { return t::date_difference(a, b); })},
    {"date_pl_interval(date,interval)",
     fn([](Date d, const Interval& v) -> Stamp { return t::timestamp_add(t::date_to_timestamp(d), v); })},
    {"interval_pl_date(interval,date)",
     fn([](const Interval& v, Date d) -> Stamp { return t::timestamp_add(t::date_to_timestamp(d), v); })},
    {"date_mi_interval(date,interval)", fn([](Date d, const Interval& v) -> Stamp {
       return t::timestamp_subtract(t::date_to_timestamp(d), v);
     })},
    {"datetime_pl(date,time)", fn([](Date d, Time v, Env&) -> Stamp { return date_plus_time(d, v); })},
    {"timedate_pl(time,date)", fn([](Time v, Date d, Env&) -> Stamp { return date_plus_time(d, v); })},
    {"timestamp(date,time)", fn([](Date d, Time v, Env&) -> Stamp { return date_plus_time(d, v); })},
    {"datetimetz_pl(date,timetz)",
     fn([](Date d, const TimeTz& v) -> Stamp { return t::date_time_to_timestamptz(d, v); })},
    {"timetzdate_pl(timetz,date)",
     fn([](const TimeTz& v, Date d) -> Stamp { return t::date_time_to_timestamptz(d, v); })},
    {"timestamptz(date,timetz)",
     fn([](Date d, const TimeTz& v) -> Stamp { return t::date_time_to_timestamptz(d, v); })},
    {"timestamptz(date,time)",
     fn([](Date d, Time v, Env& env) -> Stamp { return date_plus_time_tz(d, v, env); })},
    {"timestamp_pl_interval(timestamp,interval)",
     fn([](Stamp s, const Interval& v) -> Stamp { return t::timestamp_add(s, v); })},
    {"interval_pl_timestamp(interval,timestamp)",
     fn([](const Interval& v, Stamp s) -> Stamp { return t::timestamp_add(s, v); })},
    {"timestamp_mi_interval(timestamp,interval)",
     fn([](Stamp s, const Interval& v) -> Stamp { return t::timestamp_subtract(s, v); })},
    {"timestamptz_pl_interval(timestamptz,interval)", fn([](Stamp s, const Interval& v, Env& env) -> Stamp {
       return t::timestamptz_add(s, v, session_zone(env));
     })},
    {"interval_pl_timestamptz(interval,timestamptz)", fn([](const Interval& v, Stamp s, Env& env) -> Stamp {
       return t::timestamptz_add(s, v, session_zone(env));
     })},
    {"timestamptz_mi_interval(timestamptz,interval)", fn([](Stamp s, const Interval& v, Env& env) -> Stamp {
       return t::timestamptz_subtract(s, v, session_zone(env));
     })},
    {"timestamp_mi(timestamp,timestamp)",
     fn([](Stamp a, Stamp b) -> Interval { return t::timestamp_difference(a, b); })},
    {"timestamptz_mi(timestamptz,timestamptz)",
     fn([](Stamp a, Stamp b) -> Interval { return t::timestamp_difference(a, b); })},
    {"time_pl_interval(time,interval)",
     fn([](Time a, const Interval& v) -> Time { return t::time_add(a, v); })},
    {"interval_pl_time(interval,time)",
     fn([](const Interval& v, Time a) -> Time { return t::time_add(a, v); })},
    {"time_mi_interval(time,interval)",
     fn([](Time a, const Interval& v) -> Time { return t::time_subtract(a, v); })},
    {"time_mi_time(time,time)", fn([](Time a, Time b) -> Interval { return t::time_to_interval(a - b); })},
    {"timetz_pl_interval(timetz,interval)",
     fn([](const TimeTz& a, const Interval& v) -> TimeTz { return t::timetz_add(a, v); })},
    {"interval_pl_timetz(interval,timetz)",
     fn([](const Interval& v, const TimeTz& a) -> TimeTz { return t::timetz_add(a, v); })},
    {"timetz_mi_interval(timetz,interval)",
     fn([](const TimeTz& a, const Interval& v) -> TimeTz { return t::timetz_subtract(a, v); })},
    {"interval_pl(interval,interval)",
     fn([](const Interval& a, const Interval& b) -> Interval { return t::add(a, b); })},
    {"interval_mi(interval,interval)",
     fn([](const Interval& a, const Interval& b) -> Interval { return t::sub(a, b); })},
    {"interval_um(interval)", fn([](const Interval& a) -> Interval { return t::neg(a); })},
    {"interval_mul(interval,float8)",
     fn([](const Interval& a, double f) -> Interval { return t::mul(a, f); })},
    {"mul_d_interval(float8,interval)",
     fn([](double f, const Interval& a) -> Interval { return t::mul(a, f); })},
    {"interval_div(interval,float8)",
     fn([](const Interval& a, double f) -> Interval { return t::div(a, f); })},
    {"justify_days(interval)", fn([](const Interval& a) -> Interval { return t::justify_days(a); })},
    {"justify_hours(interval)", fn([](const Interval& a) -> Interval { return t::justify_hours(a); })},
    {"justify_interval(interval)", fn([](const Interval& a) -> Interval { return t::justify_interval(a); })},
    {"age(timestamp,timestamp)", fn([](Stamp a, Stamp b) -> Interval { return t::age(a, b); })},
    {"age(timestamptz,timestamptz)",
     fn([](Stamp a, Stamp b, Env& env) -> Interval { return t::age_tz(a, b, session_zone(env)); })},
    {"age(timestamp)", fn([](Stamp a, Env& env) -> Interval { return t::age(start_of_today(env), a); })},
    {"age(timestamptz)", fn([](Stamp a, Env& env) -> Interval {
       return t::age_tz(t::timestamp_to_timestamptz(start_of_today(env), session_zone(env)), a,
                        session_zone(env));
     })},
    {"isfinite(date)", fn([](Date d) { return t::is_finite_date(d); })},
    {"isfinite(timestamp)", fn([](Stamp s) { return t::is_finite_timestamp(s); })},
    {"isfinite(timestamptz)", fn([](Stamp s) { return t::is_finite_timestamp(s); })},
    {"isfinite(interval)", fn([](const Interval&) { return true; })},
};

std::optional<Numeric> numeric_or_null(const Numeric& v, bool is_null) {
  if (is_null) return std::nullopt;
  return v;
}
std::optional<double> double_or_null(double v, bool is_null) {
  if (is_null) return std::nullopt;
  return v;
}

std::optional<Numeric> extract_stamp(Text field, Stamp s, Env& env) {
  bool is_null = false;
  Numeric v = t::extract_timestamp(field, s, env.arena, &is_null);
  return numeric_or_null(v, is_null);
}
std::optional<double> part_stamp(Text field, Stamp s) {
  bool is_null = false;
  double v = t::date_part_timestamp(field, s, &is_null);
  return double_or_null(v, is_null);
}

Stamp trunc_in_zone(Text field, Stamp s, Text zone) {
  return t::date_trunc_tz(field, s, t::zone_for_name(zone));
}

const Binding kFields[] = {
    {"extract(text,date)", fn([](Text field, Date d, Env& env) -> std::optional<Numeric> {
       bool is_null = false;
       Numeric v = t::extract_date(field, d, env.arena, &is_null);
       return numeric_or_null(v, is_null);
     })},
    {"extract(text,time)",
     fn([](Text field, Time v, Env& env) -> Numeric { return t::extract_time(field, v, env.arena); })},
    {"extract(text,timetz)", fn([](Text field, const TimeTz& v, Env& env) -> Numeric {
       return t::extract_timetz(field, v, env.arena);
     })},
    {"extract(text,interval)", fn([](Text field, const Interval& v, Env& env) -> Numeric {
       return t::extract_interval(field, v, env.arena);
     })},
    {"extract(text,timestamp)",
     fn([](Text field, Stamp s, Env& env) { return extract_stamp(field, s, env); })},
    {"extract(text,timestamptz)", fn([](Text field, Stamp s, Env& env) -> std::optional<Numeric> {
       bool is_null = false;
       Numeric v = t::extract_timestamptz(field, s, session_zone(env), env.arena, &is_null);
       return numeric_or_null(v, is_null);
     })},
    {"date_part(text,date)",
     fn([](Text field, Date d) { return part_stamp(field, t::date_to_timestamp(d)); })},
    {"date_part(text,time)", fn([](Text field, Time v) -> double { return t::date_part_time(field, v); })},
    {"date_part(text,timetz)",
     fn([](Text field, const TimeTz& v) -> double { return t::date_part_timetz(field, v); })},
    {"date_part(text,interval)",
     fn([](Text field, const Interval& v) -> double { return t::date_part_interval(field, v); })},
    {"date_part(text,timestamp)", fn([](Text field, Stamp s) { return part_stamp(field, s); })},
    {"date_part(text,timestamptz)", fn([](Text field, Stamp s, Env& env) -> std::optional<double> {
       bool is_null = false;
       double v = t::date_part_timestamptz(field, s, session_zone(env), &is_null);
       return double_or_null(v, is_null);
     })},
    {"date_trunc(text,timestamp)", fn([](Text field, Stamp s) -> Stamp { return t::date_trunc(field, s); })},
    {"date_trunc(text,timestamptz)", fn([](Text field, Stamp s, Env& env) -> Stamp {
       return t::date_trunc_tz(field, s, session_zone(env));
     })},
    {"date_trunc(text,timestamptz,text)",
     fn([](Text field, Stamp s, Text zone) -> Stamp { return trunc_in_zone(field, s, zone); })},
    {"date_trunc(text,interval)",
     fn([](Text field, const Interval& v) -> Interval { return t::date_trunc(field, v); })},
    {"date_bin(interval,timestamp,timestamp)", fn([](const Interval& stride, Stamp s, Stamp origin) -> Stamp {
       return t::date_bin(stride, s, origin);
     })},
    {"date_bin(interval,timestamptz,timestamptz)",
     fn([](const Interval& stride, Stamp s, Stamp origin) -> Stamp {
       return t::date_bin(stride, s, origin);
     })},
    {"make_date(int4,int4,int4)",
     fn([](int32_t y, int32_t m, int32_t d) -> Date { return t::make_date(y, m, d); })},
    {"make_time(int4,int4,float8)",
     fn([](int32_t h, int32_t m, double s) -> Time { return t::make_time(h, m, s); })},
    {"make_timestamp(int4,int4,int4,int4,int4,float8)",
     fn([](int32_t y, int32_t mo, int32_t d, int32_t h, int32_t m, double s) -> Stamp {
       return t::make_timestamp(y, mo, d, h, m, s);
     })},
    {"make_timestamptz(int4,int4,int4,int4,int4,float8)",
     fn([](int32_t y, int32_t mo, int32_t d, int32_t h, int32_t m, double s, Env& env) -> Stamp {
       return t::make_timestamptz(y, mo, d, h, m, s, session_zone(env));
     })},
    {"make_timestamptz(int4,int4,int4,int4,int4,float8,text)",
     fn([](int32_t y, int32_t mo, int32_t d, int32_t h, int32_t m, double s, Text zone) -> Stamp {
       return t::make_timestamptz(y, mo, d, h, m, s, zone);
     })},
    {"make_interval(int4,int4,int4,int4,int4,int4,float8)",
     fn([](int32_t y, int32_t mo, int32_t w, int32_t d, int32_t h, int32_t m, double s) -> Interval {
       return t::make_interval(y, mo, w, d, h, m, s);
     })},
    {"to_timestamp(float8)", fn([](double s, Env&) -> Stamp { return t::to_timestamp(s); })},
    {"timezone(text,timestamp)",
     fn([](Text zone, Stamp s) -> Stamp { return t::timestamp_at_zone(s, zone); })},
    {"timezone(text,timestamptz)",
     fn([](Text zone, Stamp s) -> Stamp { return t::timestamptz_at_zone(s, zone); })},
    {"timezone(text,timetz)", fn([](Text zone, const TimeTz& v, Env& env) -> TimeTz {
       return t::timetz_at_zone(v, zone, env.format());
     })},
    {"timezone(interval,timestamp)",
     fn([](const Interval& zone, Stamp s) -> Stamp { return t::timestamp_at_zone(s, zone); })},
    {"timezone(interval,timestamptz)",
     fn([](const Interval& zone, Stamp s) -> Stamp { return t::timestamptz_at_zone(s, zone); })},
    {"timezone(interval,timetz)",
     fn([](const Interval& zone, const TimeTz& v) -> TimeTz { return t::timetz_at_zone(v, zone); })},
};

// (s1, e1) OVERLAPS (s2, e2) with SQL's NULL rules: a NULL end makes the period its other end; the answer is
// NULL unless what is known decides it.
template <class T, class Less>
std::optional<bool> overlap(std::optional<T> s1, std::optional<T> e1, std::optional<T> s2,
                            std::optional<T> e2, Less less) {
  auto order = [&](std::optional<T>& s, std::optional<T>& e) {
    if (!s)
      std::swap(s, e);
    else if (e && less(*e, *s))
      std::swap(s, e);
    return s.has_value();
  };
  if (!order(s1, e1) || !order(s2, e2)) return std::nullopt;
  if (less(*s2, *s1)) {
    std::swap(s1, s2);
    std::swap(e1, e2);
  }
  if (less(*s1, *s2)) {
    if (!e1) return std::nullopt;
    if (less(*s2, *e1)) return true;
    if (!e2) return std::nullopt;
    return false;
  }
  // Same start: they share it.
  if (!e1 || !e2) return std::nullopt;
  return true;
}
constexpr auto kPlainLess = [](int64_t a, int64_t b) { return a < b; };

using OptStamp = std::optional<int64_t>;
using OptInterval = std::optional<Interval>;

OptStamp end_of(OptStamp s, const OptInterval& v) {
  if (!s || !v) return std::nullopt;
  return t::timestamp_add(*s, *v);
}
OptStamp end_of_tz(OptStamp s, const OptInterval& v, Env& env) {
  if (!s || !v) return std::nullopt;
  return t::timestamptz_add(*s, *v, session_zone(env));
}
OptStamp end_of_time(OptStamp s, const OptInterval& v) {
  if (!s || !v) return std::nullopt;
  return t::time_add(*s, *v);
}

#define VARVE_OVERLAPS(t1, END)                                                                           \
  {"overlaps(" t1 "," t1 "," t1 "," t1 ")", fn([](OptStamp a, OptStamp b, OptStamp c, OptStamp d, Env&) { \
     return overlap(a, b, c, d, kPlainLess);                                                              \
   })},                                                                                                   \
      {"overlaps(" t1 ",interval," t1 ",interval)",                                                       \
       fn([](OptStamp a, OptInterval b, OptStamp c, OptInterval d, [[maybe_unused]] Env& env) {           \
         return overlap(a, END(a, b), c, END(c, d), kPlainLess);                                          \
       })},                                                                                               \
      {"overlaps(" t1 ",interval," t1 "," t1 ")",                                                         \
       fn([](OptStamp a, OptInterval b, OptStamp c, OptStamp d, [[maybe_unused]] Env& env) {              \
         return overlap(a, END(a, b), c, d, kPlainLess);                                                  \
       })},                                                                                               \
  {                                                                                                       \
    "overlaps(" t1 "," t1 "," t1 ",interval)",                                                            \
        fn([](OptStamp a, OptStamp b, OptStamp c, OptInterval d, [[maybe_unused]] Env& env) {             \
          return overlap(a, b, c, END(c, d), kPlainLess);                                                 \
        })                                                                                                \
  }
#define VARVE_END_TZ(s, v) end_of_tz(s, v, env)

const Binding kOverlaps[] = {
    VARVE_OVERLAPS("timestamp", end_of),
    VARVE_OVERLAPS("timestamptz", VARVE_END_TZ),
    VARVE_OVERLAPS("time", end_of_time),
    {"overlaps(timetz,timetz,timetz,timetz)", fn([](std::optional<TimeTz> a, std::optional<TimeTz> b,
                                                    std::optional<TimeTz> c, std::optional<TimeTz> d) {
       return overlap(a, b, c, d, [](const TimeTz& x, const TimeTz& y) { return t::compare(x, y) < 0; });
     })},
};

}  // namespace

Bindings datetime_bindings() { return kArithmetic; }
Bindings datetime_field_bindings() { return kFields; }
Bindings overlaps_bindings() { return kOverlaps; }

}  // namespace varve::functions
