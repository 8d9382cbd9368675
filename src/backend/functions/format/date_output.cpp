#include <fmt/format.h>

#include "common/append_format.h"
#include "common/ascii.h"
#include "common/sql_error.h"
#include "date_format.h"

namespace varve::functions {

namespace {

constexpr std::string_view kMonths[] = {"January",   "February", "March",    "April",
                                        "May",       "June",     "July",     "August",
                                        "September", "October",  "November", "December"};
constexpr std::string_view kDays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                      "Thursday", "Friday", "Saturday"};
constexpr std::string_view kRomans[] = {"I",   "II",   "III", "IV", "V",  "VI",
                                        "VII", "VIII", "IX",  "X",  "XI", "XII"};

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }
// Monday of the week that holds January 4th.
int32_t iso_year_start(int32_t year) {
  int32_t fourth = types::julian_day(year, 1, 4);
  return fourth - ((fourth % 7) + 7) % 7;
}

struct IsoDate {
  int32_t year, week, day_of_year;
};
IsoDate iso_date(const DateFields& f) {
  int32_t julian = types::julian_day(f.year, f.month, f.day);
  int32_t year = f.year + 1;
  while (julian < iso_year_start(year)) --year;
  int32_t day = julian - iso_year_start(year) + 1;
  return {year, (day - 1) / 7 + 1, day};
}

class Writer {
 public:
  Writer(const DateFields& f, std::string& out) : f_(f), out_(out) {}

  void write(const DateNode& node) {
    if (node.kind != DateNode::Kind::kField) {
      out_ += node.character();
      return;
    }
    node_ = &node;
    size_t start = out_.size();
    bool takes_ordinal = field(node.word->key);
    if (takes_ordinal && node.ordinal != DateNode::Ordinal::kNone) ordinal(start);
  }

 private:
  // The year as people count: there is no year zero, but an interval may have none.
  int32_t shown_year(int32_t year) const { return f_.is_interval || year > 0 ? year : 1 - year; }

  void not_for_interval() const {
    if (!f_.is_interval) return;
    throw SqlError(sqlstate::kInvalidDatetimeFormat, "invalid format specification for an interval value")
        .hint("Intervals are not tied to specific calendar dates.");
  }
  // Zero-padded to `width`, the sign of a negative number not counted.
  void number(int64_t v, int width) {
    append_format(out_, "{:0{}}", v, node_->fill_mode ? 0 : v >= 0 ? width : width + 1);
  }
  void text(std::string_view s, size_t width) {
    size_t n = s.size();
    for (char c : s) {
      switch (node_->word->letters) {
        case LetterCase::kUpper:
          out_ += upper(c);
          break;
        case LetterCase::kLower:
          out_ += ascii_lower(c);
          break;
        case LetterCase::kTitle:
          out_ += c;
          break;
      }
    }
    if (!node_->fill_mode && !node_->localized && n < width) out_.append(width - n, ' ');
  }

  bool field(DateKey key) {
    switch (key) {
      case DateKey::kMeridianDots:
        text(after_noon() ? "P.M." : "A.M.", 0);
        return false;
      case DateKey::kMeridian:
        text(after_noon() ? "PM" : "AM", 0);
        return false;
      case DateKey::kHour12:
        number(f_.hour % 12 == 0 ? 12 : f_.hour % 12, f_.hour >= 0 || f_.hour % 12 != 0 ? 2 : 3);
        return true;
      case DateKey::kHour24:
        number(f_.hour, 2);
        return true;
      case DateKey::kMinute:
        number(f_.minute, 2);
        return true;
      case DateKey::kSecond:
        number(f_.second, 2);
        return true;
      case DateKey::kFraction: {
        int v = f_.us;
        for (int i = node_->word->digits; i < 6; ++i) v /= 10;
        append_format(out_, "{:0{}}", v, node_->word->digits);
        return true;
      }
      case DateKey::kMs:
        append_format(out_, "{:03}", f_.us / 1000);
        return true;
      case DateKey::kUs:
        append_format(out_, "{:06}", f_.us);
        return true;
      case DateKey::kSecondOfDay:
        append_format(out_, "{}", f_.hour * 3600 + f_.minute * 60 + f_.second);
        return true;
      case DateKey::kZone:
      case DateKey::kZoneHour:
      case DateKey::kZoneMinute:
      case DateKey::kOffset:
        not_for_interval();
        zone(key);
        return false;
      default:
        return date_field(key);
    }
  }
  bool after_noon() const { return f_.hour % 24 >= 12; }

  void zone(DateKey key) {
    int32_t offset = f_.zone_seconds_east;
    char sign = offset >= 0 ? '+' : '-';
    if (offset < 0) offset = -offset;
    switch (key) {
      case DateKey::kZone:
        if (node_->word->letters == LetterCase::kLower)
          text(f_.zone, 0);
        else
          out_ += f_.zone;
        break;
      case DateKey::kZoneHour:
        append_format(out_, "{}{:02}", sign, offset / 3600);
        break;
      case DateKey::kZoneMinute:
        append_format(out_, "{:02}", offset % 3600 / 60);
        break;
      default:
        append_format(out_, "{}{:0{}}", sign, offset / 3600, node_->fill_mode ? 0 : 2);
        if (offset % 3600 != 0) append_format(out_, ":{:02}", offset % 3600 / 60);
        break;
    }
  }

  bool date_field(DateKey key) {
    switch (key) {
      case DateKey::kEraDots:
        not_for_interval();
        text(f_.year <= 0 ? "B.C." : "A.D.", 0);
        return false;
      case DateKey::kEra:
        not_for_interval();
        text(f_.year <= 0 ? "BC" : "AD", 0);
        return false;
      case DateKey::kMonthName:
        not_for_interval();
        text(kMonths[f_.month - 1], 9);
        return false;
      case DateKey::kMonthShort:
        not_for_interval();
        text(kMonths[f_.month - 1].substr(0, 3), 0);
        return false;
      case DateKey::kDayName:
        not_for_interval();
        text(kDays[f_.day_of_week], 9);
        return false;
      case DateKey::kDayShort:
        not_for_interval();
        text(kDays[f_.day_of_week].substr(0, 3), 0);
        return false;
      case DateKey::kRoman:
        roman_month();
        return false;
      case DateKey::kMonth:
        number(f_.month, 2);
        return true;
      case DateKey::kDay:
        plain_padded(f_.day, 2);
        return true;
      case DateKey::kDayOfWeek:
        not_for_interval();
        plain_padded(f_.day_of_week + 1, 0);
        return true;
      case DateKey::kIsoDayOfWeek:
        not_for_interval();
        plain_padded(f_.day_of_week == 0 ? 7 : f_.day_of_week, 0);
        return true;
      case DateKey::kDayOfYear:
        plain_padded(f_.day_of_year, 3);
        return true;
      case DateKey::kIsoDayOfYear:
        plain_padded(iso_date(f_).day_of_year, 3);
        return true;
      case DateKey::kWeekOfYear:
        plain_padded((f_.day_of_year - 1) / 7 + 1, 2);
        return true;
      case DateKey::kIsoWeek:
        plain_padded(iso_date(f_).week, 2);
        return true;
      case DateKey::kWeekOfMonth:
        plain_padded((f_.day - 1) / 7 + 1, 0);
        return true;
      case DateKey::kQuarter:
        if (f_.month != 0) plain_padded((f_.month - 1) / 3 + 1, 0);
        return f_.month != 0;
      case DateKey::kJulian:
        plain_padded(types::julian_day(f_.year, f_.month, f_.day), 0);
        return true;
      default:
        return year_field(key);
    }
  }
  // As number(), but a sign takes up one of the digits.
  void plain_padded(int32_t v, int width) { append_format(out_, "{:0{}}", v, node_->fill_mode ? 0 : width); }

  bool year_field(DateKey key) {
    int32_t year = shown_year(f_.year);
    switch (key) {
      case DateKey::kCentury: {
        int32_t v = f_.is_interval ? f_.year / 100
                    : f_.year > 0  ? (f_.year - 1) / 100 + 1
                                   : f_.year / 100 - 1;
        if (v >= -99 && v <= 99)
          number(v, 2);
        else
          plain_padded(v, 0);
        return true;
      }
      case DateKey::kYearComma: {
        int32_t thousands = year / 1000;
        append_format(out_, "{},{:03}", thousands, year - thousands * 1000);
        return true;
      }
      case DateKey::kIsoYear4:
      case DateKey::kIsoYear3:
      case DateKey::kIsoYear2:
      case DateKey::kIsoYear1:
        year = shown_year(iso_date(f_).year);
        break;
      default:
        break;
    }
    switch (key) {
      case DateKey::kYear4:
      case DateKey::kIsoYear4:
        padded_year(year, 4);
        return true;
      case DateKey::kYear3:
      case DateKey::kIsoYear3:
        padded_year(year % 1000, 3);
        return true;
      case DateKey::kYear2:
      case DateKey::kIsoYear2:
        padded_year(year % 100, 2);
        return true;
      case DateKey::kYear1:
      case DateKey::kIsoYear1:
        padded_year(year % 10, 1);
        return true;
      default:
        return false;  // FX
    }
  }
  // The calendar's year decides whether a sign is expected, even where the ISO year is shown.
  void padded_year(int32_t shown, int width) {
    bool sign = shown_year(f_.year) < 0;
    append_format(out_, "{:0{}}", shown, node_->fill_mode ? 0 : sign ? width + 1 : width);
  }

  // Of an interval, whole years are month XII, and negative months count from the end.
  void roman_month() {
    if (f_.month == 0 && f_.year == 0) return;
    int month = f_.month > 0 ? f_.month : f_.month < 0 ? 13 + f_.month : f_.year >= 0 ? 12 : 1;
    std::string_view numeral = kRomans[month - 1];
    text(numeral, 0);
    if (!node_->fill_mode && numeral.size() < 4) out_.append(4 - numeral.size(), ' ');
  }

  void ordinal(size_t start) {
    std::string_view digits(out_.data() + start, out_.size() - start);
    if (digits.empty()) return;
    bool teen = digits.size() > 1 && digits[digits.size() - 2] == '1';
    char last = teen ? '0' : digits.back();
    std::string_view ending = last == '1' ? "st" : last == '2' ? "nd" : last == '3' ? "rd" : "th";
    for (char c : ending) out_ += node_->ordinal == DateNode::Ordinal::kUpper ? upper(c) : c;
  }

  const DateFields& f_;
  std::string& out_;
  const DateNode* node_ = nullptr;
};

}  // namespace

DateFields date_fields(types::Timestamp local) {
  types::CivilTime c = types::civil_from_timestamp(local);
  DateFields f;
  f.hour = c.hour;
  f.minute = c.minute;
  f.second = c.second;
  f.us = c.us;
  f.year = c.year;
  f.month = c.month;
  f.day = c.day;
  int32_t julian = types::julian_day(c.year, c.month, c.day);
  f.day_of_week = (julian + 1) % 7;
  f.day_of_year = julian - types::julian_day(c.year, 1, 1) + 1;
  return f;
}

DateFields date_fields(const types::Interval& v) {
  DateFields f;
  f.is_interval = true;
  f.year = v.months / 12;
  f.month = v.months % 12;
  f.day = v.days;
  f.hour = v.us / types::kUsPerHour;
  f.minute = static_cast<int32_t>(v.us % types::kUsPerHour / types::kUsPerMinute);
  f.second = static_cast<int32_t>(v.us % types::kUsPerMinute / types::kUsPerSecond);
  f.us = static_cast<int32_t>(v.us % types::kUsPerSecond);
  f.day_of_year = static_cast<int32_t>((uint32_t(f.year) * 12 + uint32_t(f.month)) * 30 + uint32_t(f.day));
  return f;
}

void append_formatted(const DateFields& fields, const DateTemplate& format, std::string& out) {
  Writer writer(fields, out);
  for (const DateNode& node : format.nodes) writer.write(node);
}

}  // namespace varve::functions
