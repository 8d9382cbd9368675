// to_char() of times and its inverse, after the template has been parsed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "date_template.h"
#include "types/datetime.h"
#include "types/interval.h"

namespace varve::functions {

// What a template shows: a moment on some clock, or an interval taken apart.
struct DateFields {
  int64_t hour = 0;
  int32_t minute = 0, second = 0, us = 0;
  int32_t year = 0, month = 0, day = 0;
  int32_t day_of_week = 0, day_of_year = 0;  // Sunday is 0; January 1st is 1
  bool is_interval = false;
  int32_t zone_seconds_east = 0;
  std::string_view zone;
};

DateFields date_fields(types::Timestamp local);
DateFields date_fields(const types::Interval& interval);
// 22007 for fields that an interval has not.
void append_formatted(const DateFields& fields, const DateTemplate& format, std::string& out);

// --- reading
struct ReadDate {
  int32_t year = 0, month = 1, day = 1;
  int32_t hour = 0, minute = 0, second = 0, us = 0;
  bool has_zone = false;
  int32_t zone_seconds_east = 0;
  int fraction_digits = 0;  // of FF1 … FF6; 0: none was named
  // Which kinds of fields the template has; for SQL's datetime().
  bool has_date = false, has_time = false, has_zone_field = false;
};

// Throws 22007 and 22008 as to_timestamp() does. `standard` matches separators exactly.
ReadDate read_date(std::string_view text, const DateTemplate& format, bool standard);
types::Date date_of(const ReadDate& read, std::string_view text);
types::Timestamp timestamp_of(const ReadDate& read);

}  // namespace varve::functions
