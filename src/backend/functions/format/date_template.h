// Templates of to_char(), to_date() and to_timestamp(): "YYYY-MM-DD HH24:MI" as a list of fields and
// characters.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace varve::functions {

enum class DateKey : uint8_t {
  kMeridianDots,  // A.M. P.M. in either case
  kMeridian,
  kEraDots,
  kEra,
  kCentury,
  kDayName,
  kDayShort,
  kDayOfYear,
  kDay,
  kDayOfWeek,
  kFraction,  // FF1 … FF6, the digit is in DateWord::digits
  kExact,     // FX
  kHour24,
  kHour12,
  kIsoDayOfYear,
  kIsoDayOfWeek,
  kIsoWeek,
  kIsoYear4,
  kIsoYear3,
  kIsoYear2,
  kIsoYear1,
  kJulian,
  kMinute,
  kMonth,
  kMonthName,
  kMonthShort,
  kMs,
  kOffset,
  kQuarter,
  kRoman,
  kSecondOfDay,
  kSecond,
  kZoneHour,
  kZoneMinute,
  kZone,
  kUs,
  kWeekOfYear,
  kWeekOfMonth,
  kYearComma,
  kYear4,
  kYear3,
  kYear2,
  kYear1,
};

// How a word is written, which decides how its text is.
enum class LetterCase : uint8_t { kUpper, kLower, kTitle };
// Fields of the Gregorian calendar and of ISO weeks do not mix in one template.
enum class DateConvention : uint8_t { kNone, kGregorian, kIsoWeek };

struct DateWord {
  std::string_view text;
  DateKey key;
  LetterCase letters;
  bool is_number;  // reads digits: what stands before it must know its own width
  DateConvention convention;
  uint8_t digits = 0;
};

struct DateNode {
  enum class Kind : uint8_t { kField, kCharacter, kSeparator, kSpace } kind;
  bool fill_mode = false;                                                           // FM
  bool localized = false;                                                           // TM
  enum class Ordinal : uint8_t { kNone, kUpper, kLower } ordinal = Ordinal::kNone;  // TH, th
  uint8_t size = 0;
  char bytes[4] = {};  // of a character
  const DateWord* word = nullptr;

  std::string_view character() const { return {bytes, size}; }
};

struct DateTemplate {
  std::vector<DateNode> nodes;
};

// `standard`: the stricter templates of SQL's datetime() method; 22007 for separators it does not know.
void parse_date_template(std::string_view text, bool standard, DateTemplate& out);
bool is_template_separator(char c);
inline bool is_template_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

}  // namespace varve::functions
