// Reading text by a template: to_timestamp(), to_date() and jsonpath's datetime().
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#include <span>

#include "common/ascii.h"
#include "common/sql_error.h"
#include "date_format.h"
#include "types/utf8.h"

namespace varve::functions {

namespace {

constexpr std::string_view kMonths[] = {"january",   "february", "march",    "april",
                                        "may",       "june",     "july",     "august",
                                        "september", "october",  "november", "december"};
constexpr std::string_view kMonthsShort[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                             "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::string_view kDays[] = {"sunday",   "monday", "tuesday", "wednesday",
                                      "thursday", "friday", "saturday"};
constexpr std::string_view kDaysShort[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
// From the end, so that a longer numeral is found before what it begins with.
constexpr std::string_view kRomans[] = {"xii", "xi", "x",  "ix",  "viii", "vii",
                                        "vi",  "v",  "iv", "iii", "ii",   "i"};
constexpr std::string_view kMeridian[] = {"am", "pm"};
constexpr std::string_view kMeridianDots[] = {"a.m.", "p.m."};
constexpr std::string_view kEra[] = {"ad", "bc"};
constexpr std::string_view kEraDots[] = {"a.d.", "b.c."};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

SqlError format_error(std::string message) {
  return SqlError(sqlstate::kInvalidDatetimeFormat, std::move(message));
}

[[noreturn]] void throw_field_overflow(std::string_view text) {
  throw SqlError(sqlstate::kDatetimeFieldOverflow,
                 fmt::format("date/time field value out of range: \"{}\"", text));
}

// The fields as they were read; 0 means not seen, as for PostgreSQL.
struct Fields {
  DateConvention convention = DateConvention::kNone;
  int hour = 0, pm = 0, minute = 0, second = 0, second_of_day = 0, day_of_week = 0, day = 0, day_of_year = 0;
  int month = 0, ms = 0, year = 0, bc = 0, week = 0, week_of_month = 0, century = 0, julian = 0, us = 0;
  int year_digits = 0, fraction_digits = 0;
  bool twelve_hours = false;
  int zone_sign = 0, zone_hour = 0, zone_minute = 0;
};

// A year of fewer than four digits, put next to 2020.
int full_year(int year) {
  if (year < 70) return year + 2000;
  if (year < 100) return year + 1900;
  if (year < 520) return year + 2000;
  if (year < 1000) return year + 1000;
  return year;
}

class Reader {
 public:
  Reader(std::string_view text, const DateTemplate& format, bool standard, Fields& out)
      : text_(text), format_(format), standard_(standard), exact_(standard), f_(out) {}

  void run() {
    const auto& nodes = format_.nodes;
    for (at_node_ = 0; at_node_ < nodes.size() && at_ < text_.size(); ++at_node_) {
      const DateNode& node = nodes[at_node_];
      bool is_field = node.kind == DateNode::Kind::kField;
      if (!exact_ && !(is_field && node.word->key == DateKey::kExact) && (is_field || at_node_ == 0))
        skip_spaces();
      if (node.kind == DateNode::Kind::kSpace || node.kind == DateNode::Kind::kSeparator) {
        separator(node);
      } else if (!is_field) {
        character(node);
      } else {
        set_convention(node.word->convention);
        field(node);
        if (!exact_) {
          extra_ = 0;
          skip_spaces();
        }
      }
    }
    if (standard_) check_all_matched();
  }

 private:
  bool at_end() const { return at_ >= text_.size(); }
  char peek() const { return at_end() ? '\0' : text_[at_]; }
  void skip_character() {
    if (!at_end()) at_ = std::min(text_.size(), at_ + types::utf8_char_bytes(text_[at_]));
  }
  void skip_spaces() {
    while (!at_end() && is_template_space(peek())) ++at_, ++extra_;
  }

  void separator(const DateNode& node) {
    if (standard_) {
      if (peek() != node.bytes[0]) {
        throw format_error(fmt::format("unmatched format separator \"{}\"", node.bytes[0]));
      }
      ++at_;
    } else if (!exact_) {
      // It matches one separator or space of the text, or nothing.
      --extra_;
      if (is_template_space(peek()) || is_template_separator(peek())) ++at_, ++extra_;
    } else {
      skip_character();
    }
  }
  void character(const DateNode& node) {
    if (!exact_) {
      // Spaces skipped before may have been what this character stands for.
      if (extra_ > 0)
        --extra_;
      else
        skip_character();
      return;
    }
    if (standard_ && text_.substr(at_, node.size) != node.character()) {
      throw format_error(fmt::format("unmatched format character \"{}\"", node.character()));
    }
    skip_character();
  }
  void check_all_matched() {
    if (at_node_ < format_.nodes.size()) throw format_error("input string is too short for datetime format");
    while (!at_end() && is_template_space(peek())) ++at_;
    if (!at_end()) throw format_error("trailing characters remain in input string after datetime format");
  }

  void set_convention(DateConvention convention) {
    if (convention == DateConvention::kNone) return;
    if (f_.convention == DateConvention::kNone) {
      f_.convention = convention;
    } else if (f_.convention != convention) {
      throw format_error("invalid combination of date conventions")
          .hint("Do not mix Gregorian and ISO week date conventions in a formatting template.");
    }
  }

  void set(int& to, int value, const DateNode& node) {
    if (to != 0 && to != value) {
      throw format_error(
          fmt::format("conflicting values for \"{}\" field in formatting string", node.word->text))
          .detail("This value contradicts a previous setting for the same field type.");
    }
    to = value;
  }

  // Whether the width of a number must be taken from its end in the text, since no digit follows in the
  // template.
  bool is_next_separator(const DateNode& node) const {
    if (node.ordinal != DateNode::Ordinal::kNone) return true;
    if (at_node_ + 1 >= format_.nodes.size()) return true;
    const DateNode& next = format_.nodes[at_node_ + 1];
    if (next.kind == DateNode::Kind::kField) return !next.word->is_number;
    return !(next.size == 1 && is_digit(next.bytes[0]));
  }

  // A number of `length` digits; returns how many characters were taken.
  int number(int* to, const DateNode& node, int length) {
    size_t start = at_;
    while (!at_end() && is_template_space(peek())) ++at_;
    std::string copy(text_.substr(at_, static_cast<size_t>(length)));
    long value;
    errno = 0;
    if (node.fill_mode || is_next_separator(node)) {
      std::string all(text_.substr(start));
      char* end;
      value = std::strtol(all.c_str(), &end, 10);
      at_ = start + static_cast<size_t>(end - all.c_str());
    } else {
      value = fixed_number(node, length, copy);
    }
    if (at_ == start) {
      throw format_error(fmt::format("invalid value \"{}\" for \"{}\"", copy, node.word->text))
          .detail("Value must be an integer.");
    }
    if (errno == ERANGE || value < INT_MIN || value > INT_MAX) {
      throw SqlError(sqlstate::kDatetimeFieldOverflow,
                     fmt::format("value for \"{}\" in source string is out of range", node.word->text))
          .detail(fmt::format("Value must be in the range {} to {}.", INT_MIN, INT_MAX));
    }
    if (to != nullptr) set(*to, static_cast<int>(value), node);
    return static_cast<int>(at_ - start);
  }
  long fixed_number(const DateNode& node, int length, const std::string& copy) {
    constexpr const char* kHint = "If your source string is not fixed-width, try using the \"FM\" modifier.";
    size_t left = text_.size() - at_, wanted = static_cast<size_t>(length);
    if (left < wanted) {
      throw format_error(fmt::format("source string too short for \"{}\" formatting field", node.word->text))
          .detail(fmt::format("Field requires {} characters, but only {} remain.", length, left))
          .hint(kHint);
    }
    char* end;
    long value = std::strtol(copy.c_str(), &end, 10);
    auto used = static_cast<size_t>(end - copy.c_str());
    if (used > 0 && used < wanted) {
      throw format_error(fmt::format("invalid value \"{}\" for \"{}\"", copy, node.word->text))
          .detail(fmt::format("Field requires {} characters, but only {} could be parsed.", length, used))
          .hint(kHint);
    }
    at_ += used;
    return value;
  }
  void plain(int* to, const DateNode& node) { sized(to, node, static_cast<int>(node.word->text.size())); }
  int sized(int* to, const DateNode& node, int length) {
    int taken = number(to, node, length);
    if (node.ordinal != DateNode::Ordinal::kNone) {
      skip_character();
      skip_character();
    }
    return taken;
  }

  int name(std::span<const std::string_view> names, const DateNode& node) {
    std::string_view rest = text_.substr(at_);
    for (size_t i = 0; i < names.size(); ++i) {
      size_t n = 0;
      while (n < names[i].size() && n < rest.size() && ascii_lower(rest[n]) == names[i][n]) ++n;
      if (n < names[i].size()) continue;
      at_ += n;
      return static_cast<int>(i);
    }
    size_t end = 0;
    while (end < rest.size() && !is_template_space(rest[end])) ++end;
    throw format_error(fmt::format("invalid value \"{}\" for \"{}\"", rest.substr(0, end), node.word->text))
        .detail("The given value did not match any of the allowed values for this field.");
  }

  void field(const DateNode& node) {
    switch (node.word->key) {
      case DateKey::kExact:
        exact_ = true;
        break;
      case DateKey::kMeridianDots:
        set(f_.pm, name(kMeridianDots, node), node);
        f_.twelve_hours = true;
        break;
      case DateKey::kMeridian:
        set(f_.pm, name(kMeridian, node), node);
        f_.twelve_hours = true;
        break;
      case DateKey::kHour12:
        sized(&f_.hour, node, 2);
        f_.twelve_hours = true;
        break;
      case DateKey::kHour24:
        sized(&f_.hour, node, 2);
        break;
      case DateKey::kMinute:
        plain(&f_.minute, node);
        break;
      case DateKey::kSecond:
        plain(&f_.second, node);
        break;
      case DateKey::kMs: {  // 25 is .25, as 250 is; 025 is not
        int taken = sized(&f_.ms, node, 3);
        f_.ms *= taken == 1 ? 100 : taken == 2 ? 10 : 1;
        break;
      }
      case DateKey::kFraction:
        f_.fraction_digits = node.word->digits;
        [[fallthrough]];
      case DateKey::kUs: {
        int digits = node.word->key == DateKey::kUs ? 6 : node.word->digits;
        int taken = sized(&f_.us, node, digits);
        for (int i = taken; i >= 1 && i < 6; ++i) f_.us *= 10;
        break;
      }
      case DateKey::kSecondOfDay:
        plain(&f_.second_of_day, node);
        break;
      case DateKey::kZone:
      case DateKey::kOffset:
        throw SqlError(sqlstate::kFeatureNotSupported,
                       fmt::format("formatting field \"{}\" is only supported in to_char", node.word->text));
      case DateKey::kZoneHour:
        zone_hour(node);
        break;
      case DateKey::kZoneMinute:
        if (f_.zone_sign == 0) f_.zone_sign = 1;
        number(&f_.zone_minute, node, 2);
        break;
      default:
        date_field(node);
        break;
    }
  }
  // A minus may have been taken for a separator before.
  void zone_hour(const DateNode& node) {
    char c = peek();
    if (c == '+' || c == '-' || c == ' ') {
      f_.zone_sign = c == '-' ? -1 : 1;
      ++at_;
    } else {
      f_.zone_sign = extra_ > 0 && at_ > 0 && text_[at_ - 1] == '-' ? -1 : 1;
    }
    number(&f_.zone_hour, node, 2);
  }

  void date_field(const DateNode& node) {
    switch (node.word->key) {
      case DateKey::kEraDots:
        set(f_.bc, name(kEraDots, node), node);
        break;
      case DateKey::kEra:
        set(f_.bc, name(kEra, node), node);
        break;
      case DateKey::kMonthName:
        set(f_.month, name(kMonths, node) + 1, node);
        break;
      case DateKey::kMonthShort:
        set(f_.month, name(kMonthsShort, node) + 1, node);
        break;
      case DateKey::kMonth:
        plain(&f_.month, node);
        break;
      case DateKey::kDayName:
        set(f_.day_of_week, name(kDays, node), node);
        ++f_.day_of_week;
        break;
      case DateKey::kDayShort:
        set(f_.day_of_week, name(kDaysShort, node), node);
        ++f_.day_of_week;
        break;
      case DateKey::kDayOfYear:
        plain(&f_.day_of_year, node);
        break;
      case DateKey::kIsoDayOfYear:
        sized(&f_.day_of_year, node, 3);
        break;
      case DateKey::kDay:
        plain(&f_.day, node);
        break;
      case DateKey::kDayOfWeek:
        plain(&f_.day_of_week, node);
        break;
      case DateKey::kIsoDayOfWeek:  // Sunday becomes the first day
        sized(&f_.day_of_week, node, 1);
        if (++f_.day_of_week > 7) f_.day_of_week = 1;
        break;
      case DateKey::kWeekOfYear:
      case DateKey::kIsoWeek:
        plain(&f_.week, node);
        break;
      case DateKey::kQuarter:  // read and forgotten: it says no day
        plain(nullptr, node);
        break;
      case DateKey::kCentury:
        plain(&f_.century, node);
        break;
      case DateKey::kRoman:
        set(f_.month, 12 - name(kRomans, node), node);
        break;
      case DateKey::kWeekOfMonth:
        plain(&f_.week_of_month, node);
        break;
      case DateKey::kJulian:
        plain(&f_.julian, node);
        break;
      case DateKey::kYearComma:
        comma_year(node);
        break;
      default:
        year_field(node);
        break;
    }
  }
  void comma_year(const DateNode& node) {
    std::string rest(text_.substr(at_));
    int thousands, years, taken;
    if (std::sscanf(rest.c_str(), "%d,%03d%n", &thousands, &years, &taken) < 2) {
      throw format_error("invalid input string for \"Y,YYY\"");
    }
    set(f_.year, static_cast<int>(static_cast<uint32_t>(years) + static_cast<uint32_t>(thousands) * 1000u),
        node);
    f_.year_digits = 4;
    at_ += static_cast<size_t>(taken);
    if (node.ordinal != DateNode::Ordinal::kNone) {
      skip_character();
      skip_character();
    }
  }
  void year_field(const DateNode& node) {
    int digits = 4;
    switch (node.word->key) {
      case DateKey::kYear3:
      case DateKey::kIsoYear3:
        digits = 3;
        break;
      case DateKey::kYear2:
      case DateKey::kIsoYear2:
        digits = 2;
        break;
      case DateKey::kYear1:
      case DateKey::kIsoYear1:
        digits = 1;
        break;
      default:
        break;
    }
    int taken = number(&f_.year, node, digits);
    if (digits < 4 && taken < 4) f_.year = full_year(f_.year);
    f_.year_digits = digits;
    if (node.ordinal != DateNode::Ordinal::kNone) {
      skip_character();
      skip_character();
    }
  }

  std::string_view text_;
  const DateTemplate& format_;
  bool standard_, exact_;
  Fields& f_;
  size_t at_ = 0, at_node_ = 0;
  int extra_ = 0;  // characters skipped beyond those the template names
};

// --- from what was read to a day and a time
int32_t iso_week_start(int32_t year, int32_t week) {
  int32_t fourth = types::julian_day(year, 1, 4);
  return (week - 1) * 7 + (fourth - ((fourth % 7) + 7) % 7);
}
bool is_leap(int32_t y) { return y % 4 == 0 && (y % 100 != 0 || y % 400 == 0); }

class Resolver {
 public:
  Resolver(Fields& f, ReadDate& out, std::string_view text) : f_(f), out_(out), text_(text) {}

  void run() {
    time();
    year();
    date();
    day_of_year();
    out_.us = f_.ms * 1000 + f_.us;
    out_.fraction_digits = f_.fraction_digits;
    validate();
    zone();
  }

 private:
  void time() {
    if (f_.second_of_day != 0) {
      int x = f_.second_of_day;
      out_.hour = x / 3600;
      out_.minute = x % 3600 / 60;
      out_.second = x % 60;
    }
    if (f_.second != 0) out_.second = f_.second;
    if (f_.minute != 0) out_.minute = f_.minute;
    if (f_.hour != 0) out_.hour = f_.hour;
    if (!f_.twelve_hours) return;
    if (out_.hour < 1 || out_.hour > 12) {
      throw format_error(fmt::format("hour \"{}\" is invalid for the 12-hour clock", out_.hour))
          .hint("Use the 24-hour clock, or give an hour between 1 and 12.");
    }
    if (f_.pm != 0 && out_.hour < 12)
      out_.hour += 12;
    else if (f_.pm == 0 && out_.hour == 12)
      out_.hour = 0;
  }

  // The 21st century is 2001 to 2100; the 6th before Christ 600 to 501.
  void year() {
    if (f_.year != 0) {
      if (f_.century != 0 && f_.year_digits <= 2) {
        if (f_.bc != 0) f_.century = -f_.century;
        out_.year = f_.year % 100;
        if (out_.year != 0) {
          out_.year =
              f_.century >= 0 ? out_.year + (f_.century - 1) * 100 : (f_.century + 1) * 100 - out_.year + 1;
        } else {
          out_.year = f_.century * 100 + (f_.century >= 0 ? 0 : 1);
        }
      } else {
        out_.year = f_.bc != 0 ? -f_.year : f_.year;
        if (out_.year < 0) ++out_.year;
      }
      has_year_ = true;
    } else if (f_.century != 0) {
      if (f_.bc != 0) f_.century = -f_.century;
      out_.year = f_.century >= 0 ? (f_.century - 1) * 100 + 1 : f_.century * 100 + 1;
      has_year_ = true;
    }
  }
  void set_julian(int32_t julian) {
    int y, m, d;
    types::civil_from_julian(julian, &y, &m, &d);
    out_.year = y;
    out_.month = m;
    out_.day = d;
    has_year_ = has_month_ = has_day_ = true;
  }
  void date() {
    if (f_.julian != 0) set_julian(f_.julian);
    if (f_.week != 0) {
      if (f_.convention == DateConvention::kIsoWeek) {
        int32_t start = iso_week_start(out_.year, f_.week);
        set_julian(f_.day_of_week == 0 ? start : f_.day_of_week > 1 ? start + f_.day_of_week - 2 : start + 6);
      } else {
        f_.day_of_year = (f_.week - 1) * 7 + 1;
      }
    }
    if (f_.week_of_month != 0) f_.day = (f_.week_of_month - 1) * 7 + 1;
    if (f_.day != 0) {
      out_.day = f_.day;
      has_day_ = true;
    }
    if (f_.month != 0) {
      out_.month = f_.month;
      has_month_ = true;
    }
  }
  void day_of_year() {
    if (f_.day_of_year == 0 || (out_.month > 1 && out_.day > 1)) return;
    if (out_.year == 0 && f_.bc == 0) {
      throw format_error("cannot calculate day of year without year information");
    }
    if (f_.convention == DateConvention::kIsoWeek) {
      set_julian(iso_week_start(out_.year, 1) - 1 + f_.day_of_year);
      return;
    }
    constexpr int kBefore[2][13] = {{0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365},
                                    {0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335, 366}};
    const int* before = kBefore[is_leap(out_.year) ? 1 : 0];
    int month = 1;
    while (month <= 12 && f_.day_of_year > before[month]) ++month;
    if (out_.month <= 1) out_.month = month;
    if (out_.day <= 1) out_.day = f_.day_of_year - before[month - 1];
    has_month_ = has_day_ = true;
  }
  void validate() {
    if (has_month_ && (out_.month < 1 || out_.month > 12)) throw_field_overflow(text_);
    if (has_day_ && (out_.day < 1 || out_.day > 31)) throw_field_overflow(text_);
    if (has_year_ && has_month_ && has_day_ && out_.day > types::days_in_month(out_.year, out_.month)) {
      throw_field_overflow(text_);
    }
    if (out_.hour < 0 || out_.hour >= 24 || out_.minute < 0 || out_.minute >= 60 || out_.second < 0 ||
        out_.second >= 60 || out_.us < 0 || out_.us >= 1'000'000) {
      throw_field_overflow(text_);
    }
  }
  void zone() {
    if (f_.zone_sign == 0) return;
    if (f_.zone_hour < 0 || f_.zone_hour > 15 || f_.zone_minute < 0 || f_.zone_minute >= 60) {
      throw SqlError(sqlstate::kInvalidTimeZoneDisplacementValue,
                     fmt::format("time zone displacement out of range: \"{}\"", text_));
    }
    out_.has_zone = true;
    out_.zone_seconds_east = f_.zone_sign * (f_.zone_hour * 3600 + f_.zone_minute * 60);
  }

  Fields& f_;
  ReadDate& out_;
  std::string_view text_;
  bool has_year_ = false, has_month_ = false, has_day_ = false;
};

void note_kinds(const DateTemplate& format, ReadDate& out) {
  for (const DateNode& node : format.nodes) {
    if (node.kind != DateNode::Kind::kField) continue;
    switch (node.word->key) {
      case DateKey::kExact:
        break;
      case DateKey::kMeridianDots:
      case DateKey::kMeridian:
      case DateKey::kHour24:
      case DateKey::kHour12:
      case DateKey::kMinute:
      case DateKey::kSecond:
      case DateKey::kSecondOfDay:
      case DateKey::kMs:
      case DateKey::kUs:
      case DateKey::kFraction:
        out.has_time = true;
        break;
      case DateKey::kZoneHour:
      case DateKey::kZoneMinute:
      case DateKey::kZone:
      case DateKey::kOffset:
        out.has_zone_field = true;
        break;
      default:
        out.has_date = true;
        break;
    }
  }
}

}  // namespace

ReadDate read_date(std::string_view text, const DateTemplate& format, bool standard) {
  Fields fields;
  Reader(text, format, standard, fields).run();
  ReadDate out;
  Resolver(fields, out, text).run();
  note_kinds(format, out);
  return out;
}

types::Date date_of(const ReadDate& r, std::string_view text) {
  auto overflow = [&] {
    throw SqlError(sqlstate::kDatetimeValueOutOfRange, fmt::format("date out of range: \"{}\"", text));
  };
  if (r.year < -4713 || r.year > 5874898) overflow();
  int64_t day = int64_t{types::julian_day(r.year, r.month, r.day)} - types::kEpochJulianDay;
  if (!types::in_date_range(day)) overflow();
  return static_cast<types::Date>(day);
}

types::Timestamp timestamp_of(const ReadDate& r) {
  auto overflow = [] { throw SqlError(sqlstate::kDatetimeValueOutOfRange, "timestamp out of range"); };
  if (r.year < -4713 || r.year > 5874898) overflow();
  int64_t day = int64_t{types::julian_day(r.year, r.month, r.day)} - types::kEpochJulianDay;
  int64_t time = ((int64_t{r.hour} * 60 + r.minute) * 60 + r.second) * types::kUsPerSecond + r.us;
  int64_t result;
  if (__builtin_mul_overflow(day, types::kUsPerDay, &result) ||
      __builtin_add_overflow(result, time, &result)) {
    overflow();
  }
  return result;
}

}  // namespace varve::functions
