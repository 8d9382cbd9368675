// Text input of intervals.
#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <iterator>

#include "common/sql_error.h"
#include "datetime_internal.h"
#include "datetime_scan.h"
#include "text_scan.h"
#include "types/text_codec.h"

namespace varve::types {

namespace {

// Sums up the parts of an interval; every function is false on overflow.
struct IntervalSum {
  int64_t us = 0;
  int32_t days = 0, months = 0, years = 0;

  bool add_fraction(double fraction, int64_t unit_us) {
    fraction *= static_cast<double>(unit_us);
    auto whole = static_cast<int64_t>(fraction);
    fraction -= static_cast<double>(whole);
    if (fraction > 0.5)
      ++whole;
    else if (fraction < -0.5)
      --whole;
    return !__builtin_add_overflow(us, whole, &us);
  }
  bool add_time(int64_t value, double fraction, int64_t unit_us) {
    int64_t product;
    return !__builtin_mul_overflow(value, unit_us, &product) && !__builtin_add_overflow(us, product, &us) &&
           add_fraction(fraction, unit_us);
  }
  static bool add_scaled(int32_t* sum, int64_t value, int32_t factor) {
    int32_t product;
    if (value < INT32_MIN || value > INT32_MAX) return false;
    return !__builtin_mul_overflow(static_cast<int32_t>(value), factor, &product) &&
           !__builtin_add_overflow(*sum, product, sum);
  }
  bool add_days(int64_t value, int32_t factor = 1) { return add_scaled(&days, value, factor); }
  bool add_months(int64_t value) { return add_scaled(&months, value, 1); }
  bool add_years(int64_t value, int32_t factor = 1) { return add_scaled(&years, value, factor); }
  bool add_fraction_days(double fraction, int32_t days_per_unit) {
    if (fraction == 0) return true;
    fraction *= days_per_unit;
    auto whole = static_cast<int32_t>(fraction);
    if (__builtin_add_overflow(days, whole, &days)) return false;
    return add_fraction(fraction - whole, kUsPerDay);
  }
  bool add_fraction_years(double fraction, int32_t factor = 1) {
    auto whole = static_cast<int32_t>(std::rint(fraction * factor * 12));
    return !__builtin_add_overflow(months, whole, &months);
  }
  bool add_unit(Token unit, int64_t value, double fraction) {
    switch (unit) {
      case Token::kMicrosecond:
        return add_time(value, fraction, 1);
      case Token::kMillisecond:
        return add_time(value, fraction, 1000);
      case Token::kSecond:
        return add_time(value, fraction, kUsPerSecond);
      case Token::kMinute:
        return add_time(value, fraction, kUsPerMinute);
      case Token::kHour:
        return add_time(value, fraction, kUsPerHour);
      case Token::kDay:
        return add_days(value) && add_fraction(fraction, kUsPerDay);
      case Token::kWeek:
        return add_days(value, 7) && add_fraction_days(fraction, 7);
      case Token::kMonth:
        return add_months(value) && add_fraction_days(fraction, 30);
      case Token::kYear:
        return add_years(value) && add_fraction_years(fraction);
      case Token::kDecade:
        return add_years(value, 10) && add_fraction_years(fraction, 10);
      case Token::kCentury:
        return add_years(value, 100) && add_fraction_years(fraction, 100);
      default:
        return add_years(value, 1000) && add_fraction_years(fraction, 1000);
    }
  }
  bool negate() {
    if (us == INT64_MIN || days == INT32_MIN || months == INT32_MIN || years == INT32_MIN) return false;
    us = -us;
    days = -days;
    months = -months;
    years = -years;
    return true;
  }
};

struct UnitName {
  std::string_view name;
  Token unit;
};
// Sorted; ten characters count.
constexpr UnitName kUnits[] = {
    {"ago", Token::kAgo},
    {"c", Token::kCentury},
    {"cent", Token::kCentury},
    {"centuries", Token::kCentury},
    {"century", Token::kCentury},
    {"d", Token::kDay},
    {"day", Token::kDay},
    {"days", Token::kDay},
    {"dec", Token::kDecade},
    {"decade", Token::kDecade},
    {"decades", Token::kDecade},
    {"decs", Token::kDecade},
    {"h", Token::kHour},
    {"hour", Token::kHour},
    {"hours", Token::kHour},
    {"hr", Token::kHour},
    {"hrs", Token::kHour},
    {"m", Token::kMinute},
    {"microsecon", Token::kMicrosecond},
    {"mil", Token::kMillennium},
    {"millennia", Token::kMillennium},
    {"millennium", Token::kMillennium},
    {"millisecon", Token::kMillisecond},
    {"mils", Token::kMillennium},
    {"min", Token::kMinute},
    {"mins", Token::kMinute},
    {"minute", Token::kMinute},
    {"minutes", Token::kMinute},
    {"mon", Token::kMonth},
    {"mons", Token::kMonth},
    {"month", Token::kMonth},
    {"months", Token::kMonth},
    {"ms", Token::kMillisecond},
    {"msec", Token::kMillisecond},
    {"mseconds", Token::kMillisecond},
    {"msecs", Token::kMillisecond},
    {"s", Token::kSecond},
    {"sec", Token::kSecond},
    {"second", Token::kSecond},
    {"seconds", Token::kSecond},
    {"secs", Token::kSecond},
    {"us", Token::kMicrosecond},
    {"usec", Token::kMicrosecond},
    {"useconds", Token::kMicrosecond},
    {"usecs", Token::kMicrosecond},
    {"w", Token::kWeek},
    {"week", Token::kWeek},
    {"weeks", Token::kWeek},
    {"y", Token::kYear},
    {"year", Token::kYear},
    {"years", Token::kYear},
    {"yr", Token::kYear},
    {"yrs", Token::kYear},
};

Token unit_of(std::string_view word) {
  word = word.substr(0, 10);
  const auto* it = std::lower_bound(std::begin(kUnits), std::end(kUnits), word,
                                    [](const UnitName& a, std::string_view name) { return a.name < name; });
  return it != std::end(kUnits) && it->name == word ? it->unit : Token::kUnknown;
}

// The unit of a last number that has none, from the declared fields.
Token rightmost_unit(int range) {
  if (range == kIntervalYear) return Token::kYear;
  if (range == kIntervalMonth || range == (kIntervalYear | kIntervalMonth)) return Token::kMonth;
  if (range == kIntervalDay) return Token::kDay;
  if (range == kIntervalHour || range == (kIntervalDay | kIntervalHour)) return Token::kHour;
  if (range == kIntervalMinute || range == (kIntervalHour | kIntervalMinute) ||
      range == (kIntervalDay | kIntervalHour | kIntervalMinute)) {
    return Token::kMinute;
  }
  return Token::kSecond;
}

class IntervalDecoder {
 public:
  IntervalDecoder(std::vector<DateField>& fields, int range, IntervalStyle style, IntervalSum& sum)
      : fields_(fields), range_(range), sum_(sum) {
    // The SQL standard's single sign is for all fields, if no other field has one.
    if (style == IntervalStyle::kSqlStandard && !fields.empty() && fields[0].text[0] == '-') {
      all_negative_ = std::none_of(fields.begin() + 1, fields.end(),
                                   [](const DateField& f) { return f.text[0] == '-' || f.text[0] == '+'; });
    }
  }

  // From right to left, since the unit stands after its number.
  DateError run() {
    for (size_t i = fields_.size(); i-- > 0;) {
      got_ = 0;
      if (DateError error = decode_field(fields_[i]); error != DateError::kNone) return error;
      if ((have_ & got_) != 0) return DateError::kFormat;
      have_ |= got_;
    }
    if (have_ == 0) return DateError::kFormat;
    return !ago_ || sum_.negate() ? DateError::kNone : DateError::kFieldOverflow;
  }

 private:
  DateError decode_field(const DateField& field) {
    std::string_view s = field.text;
    switch (field.kind) {
      case FieldKind::kTime:
        return decode_time(s, false);
      case FieldKind::kZone:
        if (s.find(':') != std::string_view::npos &&
            decode_time(s.substr(1), s[0] == '-') == DateError::kNone) {
          return DateError::kNone;
        }
        return decode_number(s);
      case FieldKind::kDate:
      case FieldKind::kNumber:
        return decode_number(s);
      default: {
        Token unit = unit_of(s);
        if (unit == Token::kUnknown) return DateError::kFormat;
        if (unit == Token::kAgo) {
          ago_ = true;
        }
        unit_ = unit;
        return DateError::kNone;
      }
    }
  }

  DateError decode_time(std::string_view s, bool negative) {
    int64_t hour;
    int minute, second, us;
    if (DateError error = decode_clock(s, range_, &hour, &minute, &second, &us); error != DateError::kNone)
      return error;
    int64_t sum = us + minute * kUsPerMinute + second * kUsPerSecond, hours;
    if (__builtin_mul_overflow(hour, kUsPerHour, &hours) || __builtin_add_overflow(sum, hours, &sum)) {
      return DateError::kFieldOverflow;
    }
    if (negative) sum = -sum;
    if (all_negative_ && sum > 0) sum = -sum;
    sum_.us = sum;
    got_ = kTimeBits;
    unit_ = Token::kDay;  // what a number before it means: '1 02:03'
    return DateError::kNone;
  }

  DateError decode_number(std::string_view s) {
    if (unit_ == Token::kIgnore) unit_ = rightmost_unit(range_);
    int64_t value;
    double fraction = 0;
    std::string_view rest;
    if (!read_int64(s, &value, &rest)) return DateError::kFieldOverflow;
    if (rest.size() == s.size() && (rest[0] == '-' || rest[0] == '+')) rest.remove_prefix(1);  // "-.5"
    if (!rest.empty() && rest[0] == '-') {                                                     // years-months
      int months;
      std::string_view after;
      if (!read_int(rest.substr(1), &months, &after) || months < 0 || months >= 12)
        return DateError::kFieldOverflow;
      if (!after.empty()) return DateError::kFormat;
      unit_ = Token::kMonth;
      if (s[0] == '-') months = -months;
      if (__builtin_mul_overflow(value, 12, &value) || __builtin_add_overflow(value, months, &value)) {
        return DateError::kFieldOverflow;
      }
    } else if (!rest.empty()) {
      if (rest[0] != '.' || !read_fraction(rest, &fraction)) return DateError::kFormat;
      if (s[0] == '-') fraction = -fraction;
    }
    if (all_negative_) {
      if (value > 0) value = -value;
      if (fraction > 0) fraction = -fraction;
    }
    if (unit_ == Token::kAgo) return DateError::kFormat;
    if (!sum_.add_unit(unit_, value, fraction)) return DateError::kFieldOverflow;
    got_ = unit_ == Token::kSecond && fraction != 0 ? kSecondBits : bit(unit_);
    if (unit_ == Token::kHour) unit_ = Token::kDay;
    return DateError::kNone;
  }

  std::vector<DateField>& fields_;
  const int range_;
  IntervalSum& sum_;
  bool all_negative_ = false, ago_ = false;
  Token unit_ = Token::kIgnore;  // of the number to the left; kIgnore: not said yet
  uint32_t have_ = 0, got_ = 0;
};

// "P1Y2M3DT4H5M6S", and the alternative formats "P0001-02-03T04:05:06", "P00010203T040506".
class Iso8601Decoder {
 public:
  Iso8601Decoder(std::string_view text, IntervalSum& sum) : text_(text), p_(text_.c_str()), sum_(sum) {}

  DateError run() {
    if (text_.size() < 2 || *p_ != 'P') return DateError::kFormat;
    ++p_;
    while (*p_ != '\0' && !done_) {
      if (*p_ == 'T') {
        start_time();
        ++p_;
        continue;
      }
      const char* start = p_;
      if (DateError error = number(); error != DateError::kNone) return error;
      has_field_before_ = has_field_;
      has_field_ = true;
      DateError error = in_time_ ? time_part(start) : date_part(start);
      if (error != DateError::kNone) return error;
    }
    return DateError::kNone;
  }

 private:
  void start_time() {
    in_time_ = true;
    has_field_ = false;
  }

  DateError number() {
    if (!is_digit(*p_) && *p_ != '-' && *p_ != '.') return DateError::kFormat;
    char* end;
    errno = 0;
    double v = std::strtod(p_, &end);
    if (end == p_ || errno != 0) return DateError::kFormat;
    p_ = end;
    if (std::isnan(v) || v < -9223372036854775808.0 || v > 9223372036854775807.0)
      return DateError::kFieldOverflow;
    double whole = std::trunc(v);
    value_ = static_cast<int64_t>(whole);
    fraction_ = v - whole;
    return DateError::kNone;
  }

  static int digits_at(const char* p) {
    if (*p == '-') ++p;
    int n = 0;
    while (is_digit(p[n])) ++n;
    return n;
  }

  static DateError check(bool fits) { return fits ? DateError::kNone : DateError::kFieldOverflow; }

  // After a part of an alternative date: its end, the time's start, or `separator`.
  bool at_end_of_date() {
    if (*p_ == '\0') {
      done_ = true;
      return true;
    }
    if (*p_ != 'T') return false;
    start_time();
    ++p_;
    return true;
  }

  DateError date_part(const char* start) {
    switch (*p_) {
      case 'Y':
        ++p_;
        return check(sum_.add_unit(Token::kYear, value_, fraction_));
      case 'M':
        ++p_;
        return check(sum_.add_unit(Token::kMonth, value_, fraction_));
      case 'W':
        ++p_;
        return check(sum_.add_unit(Token::kWeek, value_, fraction_));
      case 'D':
        ++p_;
        return check(sum_.add_unit(Token::kDay, value_, fraction_));
      case '\0':
      case 'T':
        if (digits_at(start) == 8 && !has_field_before_) {
          if (!sum_.add_years(value_ / 10'000) || !sum_.add_months(value_ / 100 % 100) ||
              !sum_.add_days(value_ % 100) || !sum_.add_fraction(fraction_, kUsPerDay)) {
            return DateError::kFieldOverflow;
          }
          at_end_of_date();
          return DateError::kNone;
        }
        break;
      case '-':
        break;
      default:
        return DateError::kFormat;
    }
    if (has_field_before_) return DateError::kFormat;
    if (!sum_.add_unit(Token::kYear, value_, fraction_)) return DateError::kFieldOverflow;
    if (at_end_of_date()) return DateError::kNone;
    ++p_;  // the dash
    if (DateError error = number(); error != DateError::kNone) return error;
    if (!sum_.add_unit(Token::kMonth, value_, fraction_)) return DateError::kFieldOverflow;
    if (at_end_of_date()) return DateError::kNone;
    if (*p_++ != '-') return DateError::kFormat;
    if (DateError error = number(); error != DateError::kNone) return error;
    if (!sum_.add_unit(Token::kDay, value_, fraction_)) return DateError::kFieldOverflow;
    return at_end_of_date() ? DateError::kNone : DateError::kFormat;
  }

  DateError time_part(const char* start) {
    switch (*p_) {
      case 'H':
        ++p_;
        return check(sum_.add_unit(Token::kHour, value_, fraction_));
      case 'M':
        ++p_;
        return check(sum_.add_unit(Token::kMinute, value_, fraction_));
      case 'S':
        ++p_;
        return check(sum_.add_unit(Token::kSecond, value_, fraction_));
      case '\0':
        if (digits_at(start) == 6 && !has_field_before_) {
          done_ = true;
          return check(sum_.add_unit(Token::kHour, value_ / 10'000, 0) &&
                       sum_.add_unit(Token::kMinute, value_ / 100 % 100, 0) &&
                       sum_.add_unit(Token::kSecond, value_ % 100, 0) && sum_.add_fraction(fraction_, 1));
        }
        break;
      case ':':
        break;
      default:
        return DateError::kFormat;
    }
    if (has_field_before_) return DateError::kFormat;
    constexpr Token kParts[] = {Token::kHour, Token::kMinute, Token::kSecond};
    for (size_t i = 0;; ++i) {
      if (!sum_.add_unit(kParts[i], value_, fraction_)) return DateError::kFieldOverflow;
      if (*p_ == '\0') break;
      if (*p_ != ':' || i == 2) return DateError::kFormat;
      ++p_;
      if (DateError error = number(); error != DateError::kNone) return error;
    }
    done_ = true;
    return DateError::kNone;
  }

  std::string text_;
  const char* p_;
  IntervalSum& sum_;
  bool in_time_ = false, done_ = false;
  bool has_field_ = false, has_field_before_ = false;
  int64_t value_ = 0;
  double fraction_ = 0;
};

}  // namespace

Interval parse_interval(std::string_view text, int32_t typmod, const FormatSettings& settings) {
  int range = typmod >= 0 ? typmod >> 16 & kIntervalFullRange : kIntervalFullRange;
  std::vector<DateField> fields;
  IntervalSum sum;
  DateError error = DateError::kFormat;
  if (scan_date_fields(text, fields))
    error = IntervalDecoder(fields, range, settings.interval_style, sum).run();
  if (error == DateError::kFormat) {
    sum = IntervalSum();
    error = Iso8601Decoder(text, sum).run();
  }
  if (error == DateError::kFieldOverflow) error = DateError::kIntervalOverflow;
  if (error != DateError::kNone) throw_date_error(error, text, "interval");
  int64_t months = int64_t{sum.years} * 12 + sum.months;
  if (months != static_cast<int32_t>(months)) throw_interval_out_of_range();
  return apply_interval_typmod({sum.us, sum.days, static_cast<int32_t>(months)}, typmod);
}

}  // namespace varve::types
