// Output and arithmetic of intervals.
#include "types/interval.h"

#include <cmath>
#include <cstdlib>

#include "common/bytes.h"
#include "common/hash.h"
#include "common/sql_error.h"
#include "datetime_internal.h"
#include "decimal.h"
#include "text_scan.h"
#include "types/text_codec.h"

namespace varve::types {

void throw_interval_out_of_range() {
  throw SqlError(sqlstate::kDatetimeValueOutOfRange, "interval out of range");
}

namespace {

// All parts of the time have the sign of the whole.
struct Parts {
  int years, months, days;
  int64_t hours;
  int minutes, seconds, us;
  explicit Parts(const Interval& v)
      : years(v.months / 12),
        months(v.months % 12),
        days(v.days),
        hours(v.us / kUsPerHour),
        minutes(static_cast<int>(v.us / kUsPerMinute % 60)),
        seconds(static_cast<int>(v.us / kUsPerSecond % 60)),
        us(static_cast<int>(v.us % kUsPerSecond)) {}
  bool time_negative() const { return hours < 0 || minutes < 0 || seconds < 0 || us < 0; }
  bool has_time() const { return hours != 0 || minutes != 0 || seconds != 0 || us != 0; }
};

uint64_t magnitude64(int64_t v) { return v < 0 ? -static_cast<uint64_t>(v) : static_cast<uint64_t>(v); }

void append_padded(std::string& out, int64_t v) {
  uint64_t m = magnitude64(v);
  if (m < 10) out.push_back('0');
  char text[20];
  out.append(text, static_cast<size_t>(write_uint8(text, m) - text));
}
void append_magnitude(std::string& out, int64_t v) {
  char text[20];
  out.append(text, static_cast<size_t>(write_uint8(text, magnitude64(v)) - text));
}

void append_seconds(std::string& out, int seconds, int us, bool pad) {
  if (pad)
    append_padded(out, seconds);
  else
    append_magnitude(out, seconds);
  us = std::abs(us);
  if (us == 0) return;
  out.push_back('.');
  for (int unit = 100'000; us != 0; unit /= 10) {
    out.push_back(static_cast<char>('0' + us / unit));
    us %= unit;
  }
}

void append_clock(std::string& out, const Parts& p, bool pad_hours) {
  if (pad_hours)
    append_padded(out, p.hours);
  else
    append_magnitude(out, p.hours);
  out.push_back(':');
  append_padded(out, p.minutes);
  out.push_back(':');
  append_seconds(out, p.seconds, p.us, true);
}

// 1 year 2 mons -3 days +04:05:06
void append_postgres(std::string& out, const Parts& p) {
  bool first = true, negative_before = false;
  auto part = [&](int value, const char* unit) {
    if (value == 0) return;
    if (!first) out.push_back(' ');
    if (negative_before && value > 0) out.push_back('+');
    append_int8(out, value);
    out.push_back(' ');
    out += unit;
    if (value != 1) out.push_back('s');
    negative_before = value < 0;
    first = false;
  };
  part(p.years, "year");
  part(p.months, "mon");
  part(p.days, "day");
  if (!first && !p.has_time()) return;
  if (!first) out.push_back(' ');
  if (p.time_negative())
    out.push_back('-');
  else if (negative_before)
    out.push_back('+');
  append_clock(out, p, true);
}

// @ 1 year 2 mons -3 days 4 hours 5 mins 6 secs; "ago" when the first part is negative
void append_verbose(std::string& out, const Parts& p) {
  bool first = true, ago = false;
  out.push_back('@');
  auto part = [&](int64_t value, const char* unit) {
    if (value == 0) return;
    if (first) {
      ago = value < 0;
      value = static_cast<int64_t>(magnitude64(value));
    } else if (ago) {
      value = -value;
    }
    out.push_back(' ');
    append_int8(out, value);
    out.push_back(' ');
    out += unit;
    if (value != 1) out.push_back('s');
    first = false;
  };
  part(p.years, "year");
  part(p.months, "mon");
  part(p.days, "day");
  part(p.hours, "hour");
  part(p.minutes, "min");
  if (p.seconds != 0 || p.us != 0) {
    out.push_back(' ');
    if (p.seconds < 0 || p.us < 0) {
      if (first)
        ago = true;
      else if (!ago)
        out.push_back('-');
    } else if (ago) {
      out.push_back('-');
    }
    append_seconds(out, p.seconds, p.us, false);
    out += std::abs(p.seconds) != 1 || p.us != 0 ? " secs" : " sec";
    first = false;
  }
  if (first) out += " 0";
  if (ago) out += " ago";
}

void append_sql(std::string& out, const Parts& p) {
  bool year_month = p.years != 0 || p.months != 0, day_time = p.days != 0 || p.has_time();
  bool negative = p.years < 0 || p.months < 0 || p.days < 0 || p.time_negative();
  bool positive = p.years > 0 || p.months > 0 || p.days > 0 || (p.has_time() && !p.time_negative());
  if (!negative && !positive) {
    out.push_back('0');
    return;
  }
  auto append_year_month = [&] {
    append_magnitude(out, p.years);
    out.push_back('-');
    append_magnitude(out, p.months);
  };
  if ((negative && positive) ||
      (year_month && day_time)) {  // the standard has no such interval: sign every part
    out.push_back(p.years < 0 || p.months < 0 ? '-' : '+');
    append_year_month();
    out += p.days < 0 ? " -" : " +";
    append_magnitude(out, p.days);
    out += p.time_negative() ? " -" : " +";
    append_clock(out, p, false);
    return;
  }
  if (negative) out.push_back('-');
  if (year_month) return append_year_month();
  if (p.days != 0) {
    append_magnitude(out, p.days);
    out.push_back(' ');
  }
  append_clock(out, p, false);
}

void append_iso(std::string& out, const Parts& p) {
  size_t start = out.size();
  auto part = [&](int64_t value, char unit) {
    if (value == 0) return;
    append_int8(out, value);
    out.push_back(unit);
  };
  out.push_back('P');
  part(p.years, 'Y');
  part(p.months, 'M');
  part(p.days, 'D');
  if (p.has_time()) out.push_back('T');
  part(p.hours, 'H');
  part(p.minutes, 'M');
  if (p.seconds != 0 || p.us != 0) {
    if (p.seconds < 0 || p.us < 0) out.push_back('-');
    append_seconds(out, p.seconds, p.us, false);
    out.push_back('S');
  }
  if (out.size() == start + 1) out += "T0S";
}

}  // namespace

void append_interval(std::string& out, const Interval& v, IntervalStyle style) {
  Parts parts(v);
  switch (style) {
    case IntervalStyle::kPostgres:
      return append_postgres(out, parts);
    case IntervalStyle::kPostgresVerbose:
      return append_verbose(out, parts);
    case IntervalStyle::kSqlStandard:
      return append_sql(out, parts);
    case IntervalStyle::kIso8601:
      return append_iso(out, parts);
  }
}

Interval receive_interval(std::string_view bytes, int32_t typmod) {
  check_binary_size(bytes, 16);
  Interval v{load_be<int64_t>(bytes.data()), load_be<int32_t>(bytes.data() + 8),
             load_be<int32_t>(bytes.data() + 12)};
  return apply_interval_typmod(v, typmod);
}

void send_interval(std::string& out, const Interval& v) {
  send_int8(out, v.us);
  send_int4(out, v.days);
  send_int4(out, v.months);
}

Interval apply_interval_typmod(const Interval& v, int32_t typmod) {
  if (typmod < 0) return v;
  int range = typmod >> 16 & kIntervalFullRange, precision = typmod & kIntervalFullPrecision;
  Interval r = v;
  if (range != kIntervalFullRange) {
    constexpr int kMonths = kIntervalYear | kIntervalMonth;
    if ((range & ~kMonths) == 0) {
      if (range == kIntervalYear) r.months = r.months / 12 * 12;
      r.days = 0;
      r.us = 0;
    } else if (range == kIntervalDay) {
      r.us = 0;
    } else if ((range & kIntervalSecond) == 0) {
      int64_t unit = (range & kIntervalMinute) != 0 ? kUsPerMinute : kUsPerHour;
      r.us = r.us / unit * unit;
    }
  }
  if (precision != kIntervalFullPrecision) r.us = round_time(r.us, precision);
  return r;
}

uint64_t hash(const Interval& v) {
  int128 span = interval_span(v);
  return hash_combine(static_cast<uint64_t>(span), static_cast<uint64_t>(span >> 64));
}

Interval add(const Interval& a, const Interval& b) {
  Interval r;
  if (__builtin_add_overflow(a.months, b.months, &r.months) ||
      __builtin_add_overflow(a.days, b.days, &r.days) || __builtin_add_overflow(a.us, b.us, &r.us)) {
    throw_interval_out_of_range();
  }
  return r;
}

Interval sub(const Interval& a, const Interval& b) {
  Interval r;
  if (__builtin_sub_overflow(a.months, b.months, &r.months) ||
      __builtin_sub_overflow(a.days, b.days, &r.days) || __builtin_sub_overflow(a.us, b.us, &r.us)) {
    throw_interval_out_of_range();
  }
  return r;
}

Interval neg(const Interval& v) { return sub(Interval{}, v); }

namespace {

double round_us(double seconds) { return std::rint(seconds * 1e6) / 1e6; }

// Scales an interval by a function of a double; what months and days leave over goes down to days and time.
template <class Scale>
Interval scaled(const Interval& v, Scale scale) {
  constexpr double kDaySeconds = 86400;
  auto to_int = [](double d) {
    if (std::isnan(d) || d > INT32_MAX || d < INT32_MIN) throw_interval_out_of_range();
    return static_cast<int32_t>(d);
  };
  Interval r;
  r.months = to_int(scale(v.months));
  r.days = to_int(scale(v.days));
  double rest_days = round_us((scale(v.months) - r.months) * 30);
  double rest_seconds =
      round_us((scale(v.days) - r.days + rest_days - static_cast<int>(rest_days)) * kDaySeconds);
  if (std::fabs(rest_seconds) >= kDaySeconds) {
    int days = static_cast<int>(rest_seconds / kDaySeconds);
    if (__builtin_add_overflow(r.days, days, &r.days)) throw_interval_out_of_range();
    rest_seconds -= days * kDaySeconds;
  }
  if (__builtin_add_overflow(r.days, static_cast<int32_t>(rest_days), &r.days)) throw_interval_out_of_range();
  double us = std::rint(scale(static_cast<double>(v.us)) + rest_seconds * 1e6);
  if (!(us >= -9223372036854775808.0 && us < 9223372036854775808.0)) throw_interval_out_of_range();
  r.us = static_cast<int64_t>(us);
  return r;
}

}  // namespace

Interval mul(const Interval& v, double factor) {
  return scaled(v, [factor](double x) { return x * factor; });
}

Interval div(const Interval& v, double divisor) {
  if (divisor == 0) throw_division_by_zero();
  return scaled(v, [divisor](double x) { return x / divisor; });
}

namespace {

void carry(int64_t amount, int32_t* into) {
  if (amount != static_cast<int32_t>(amount) ||
      __builtin_add_overflow(*into, static_cast<int32_t>(amount), into)) {
    throw_interval_out_of_range();
  }
}
void carry_hours(Interval& v) {
  carry(v.us / kUsPerDay, &v.days);
  v.us %= kUsPerDay;
}
void carry_days(Interval& v) {
  int32_t months = v.days / 30;
  v.days %= 30;
  carry(months, &v.months);
}
void match_hours(Interval& v) {
  if (v.days > 0 && v.us < 0) {
    v.us += kUsPerDay;
    --v.days;
  } else if (v.days < 0 && v.us > 0) {
    v.us -= kUsPerDay;
    ++v.days;
  }
}

}  // namespace

Interval justify_hours(const Interval& v) {
  Interval r = v;
  carry_hours(r);
  match_hours(r);
  return r;
}

Interval justify_days(const Interval& v) {
  Interval r = v;
  carry_days(r);
  if (r.months > 0 && r.days < 0) {
    r.days += 30;
    --r.months;
  } else if (r.months < 0 && r.days > 0) {
    r.days -= 30;
    ++r.months;
  }
  return r;
}

Interval justify_interval(const Interval& v) {
  Interval r = v;
  if ((r.days > 0 && r.us > 0) || (r.days < 0 && r.us < 0)) carry_days(r);  // makes room for the hours
  carry_hours(r);
  carry_days(r);
  if (r.months > 0 && (r.days < 0 || (r.days == 0 && r.us < 0))) {
    r.days += 30;
    --r.months;
  } else if (r.months < 0 && (r.days > 0 || (r.days == 0 && r.us > 0))) {
    r.days -= 30;
    ++r.months;
  }
  match_hours(r);
  return r;
}

Interval make_interval(int32_t years, int32_t months, int32_t weeks, int32_t days, int32_t hours,
                       int32_t minutes, double seconds) {
  if (!std::isfinite(seconds)) throw_interval_out_of_range();
  int64_t m = int64_t{years} * 12 + months, d = int64_t{weeks} * 7 + days;
  double us = std::rint(seconds * 1e6);
  if (m != static_cast<int32_t>(m) || d != static_cast<int32_t>(d) || std::fabs(us) >= 9.2e18)
    throw_interval_out_of_range();
  Interval r{hours * kUsPerHour + minutes * kUsPerMinute, static_cast<int32_t>(d), static_cast<int32_t>(m)};
  if (__builtin_add_overflow(r.us, static_cast<int64_t>(us), &r.us)) throw_interval_out_of_range();
  return r;
}

}  // namespace varve::types
