// Date/time input in two steps, shared by all types: text is cut into fields, and a decoder gives the fields
// meaning.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "types/datetime.h"

namespace varve::types {

enum class FieldKind : uint8_t { kNumber, kDate, kTime, kZone, kString, kSpecial };
struct DateField {
  FieldKind kind;
  std::string text;  // in lower case
};
// False if the text has a shape no date/time has.
bool scan_date_fields(std::string_view text, std::vector<DateField>& fields);

// What can go wrong; the type's name and the text are known only outside.
enum class DateError : uint8_t {
  kNone,
  kFormat,
  kFieldOverflow,
  kMonthDayOverflow,
  kIntervalOverflow,
  kZoneOverflow
};
[[noreturn]] void throw_date_error(DateError error, std::string_view text, const char* type);

// Meaning of a word; the values double as bits of "what have we got already".
enum class Token : uint8_t {
  kReserved,
  kMonth,
  kYear,
  kDay,
  kJulian,
  kZone,
  kSummerZone,
  kDynamicZone,
  kIgnore,
  kAmPm,
  kHour,
  kMinute,
  kSecond,
  kMillisecond,
  kMicrosecond,
  kDayOfYear,
  kWeekday,
  kUnit,
  kEra,
  kAgo,
  kIsoTime,
  kWeek,
  kDecade,
  kCentury,
  kMillennium,
  kSummerModifier,
  kUnknown
};
constexpr uint32_t bit(Token t) { return 1U << static_cast<int>(t); }
inline constexpr uint32_t kDateBits = bit(Token::kYear) | bit(Token::kMonth) | bit(Token::kDay);
inline constexpr uint32_t kSecondBits =
    bit(Token::kSecond) | bit(Token::kMillisecond) | bit(Token::kMicrosecond);
inline constexpr uint32_t kTimeBits = bit(Token::kHour) | bit(Token::kMinute) | kSecondBits;

enum class Special : uint8_t {
  kNow,
  kYesterday,
  kToday,
  kTomorrow,
  kAllBalls,
  kEpoch,
  kInfinity,
  kMinusInfinity
};
struct Word {
  Token token = Token::kUnknown;
  int value = 0;  // month, weekday, Special, unit (a Token), …
};
// A word of dates. Only the first ten characters count.
Word date_word(std::string_view word);

struct DecodedTime {
  enum class Kind : uint8_t { kDate, kTimeOnly, kEpoch, kInfinity, kMinusInfinity } kind = Kind::kDate;
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, us = 0;
  int zone_seconds_west = 0;
};
DateError decode_datetime(std::vector<DateField>& fields, const FormatSettings& settings,
                          DecodedTime* result);
DateError decode_time_only(std::vector<DateField>& fields, const FormatSettings& settings,
                           DecodedTime* result);

// A number at the front of `text`; *rest is what follows. False if it overflows.
bool read_int64(std::string_view text, int64_t* value, std::string_view* rest);
bool read_int(std::string_view text, int* value, std::string_view* rest);
// ".25" with nothing after it.
bool read_fraction(std::string_view text, double* fraction);
bool time_in_range(int hour, int minute, int second, int us);
// "hh:mm", "hh:mm:ss.fff"; interval ranges may read two fields as minutes and seconds.
DateError decode_clock(std::string_view text, int range, int64_t* hour, int* minute, int* second, int* us);

}  // namespace varve::types
