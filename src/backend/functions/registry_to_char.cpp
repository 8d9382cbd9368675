// to_char() of timestamps.
#include <array>
#include <fmt/format.h>

#include "kernel.h"
#include "types/datetime.h"
#include "zone.h"

namespace varve::functions {

namespace {

using Text = std::string_view;

enum class Key : uint8_t {
  kHour12,
  kHour24,
  kMinute,
  kMs,
  kUs,
  kFraction,
  kSecond,
  kSecondOfDay,
  kMeridian,
  kMeridianDots,
  kYearComma,
  kYear4,
  kYear3,
  kYear2,
  kYear1,
  kIso4,
  kIso3,
  kIso2,
  kIso1,
  kEra,
  kEraDots,
  kMonthName,
  kMonthShort,
  kMonth,
  kDayName,
  kDayShort,
  kDayOfYear,
  kDay,
  kDayOfWeek,
  kIsoDayOfYear,
  kIsoDayOfWeek,
  kWeekOfMonth,
  kWeekOfYear,
  kIsoWeek,
  kCentury,
  kJulian,
  kQuarter,
  kRoman,
  kZone,
  kZoneHour,
  kZoneMinute,
  kOffset
};
// How a word is written, which decides how its text is.
enum class Case : uint8_t { kUpper, kLower, kTitle };

struct Word {
  Text text;
  Key key;
  Case letters = Case::kUpper;
};
// Longer words before their beginnings. Words without letters of their own are found in lower case, too.
constexpr Word kWords[] = {
    {"A.M.", Key::kMeridianDots},
    {"P.M.", Key::kMeridianDots},
    {"a.m.", Key::kMeridianDots, Case::kLower},
    {"p.m.", Key::kMeridianDots, Case::kLower},
    {"A.D.", Key::kEraDots},
    {"B.C.", Key::kEraDots},
    {"a.d.", Key::kEraDots, Case::kLower},
    {"b.c.", Key::kEraDots, Case::kLower},
    {"AM", Key::kMeridian},
    {"PM", Key::kMeridian},
    {"am", Key::kMeridian, Case::kLower},
    {"pm", Key::kMeridian, Case::kLower},
    {"AD", Key::kEra},
    {"BC", Key::kEra},
    {"ad", Key::kEra, Case::kLower},
    {"bc", Key::kEra, Case::kLower},
    {"MONTH", Key::kMonthName},
    {"Month", Key::kMonthName, Case::kTitle},
    {"month", Key::kMonthName, Case::kLower},
    {"MON", Key::kMonthShort},
    {"Mon", Key::kMonthShort, Case::kTitle},
    {"mon", Key::kMonthShort, Case::kLower},
    {"DAY", Key::kDayName},
    {"Day", Key::kDayName, Case::kTitle},
    {"day", Key::kDayName, Case::kLower},
    {"DY", Key::kDayShort},
    {"Dy", Key::kDayShort, Case::kTitle},
    {"dy", Key::kDayShort, Case::kLower},
    {"RM", Key::kRoman},
    {"rm", Key::kRoman, Case::kLower},
    {"TZH", Key::kZoneHour},
    {"TZM", Key::kZoneMinute},
    {"TZ", Key::kZone},
    {"tzh", Key::kZoneHour},
    {"tzm", Key::kZoneMinute},
    {"tz", Key::kZone, Case::kLower},
    {"OF", Key::kOffset},
    {"of", Key::kOffset},
};
constexpr Word kNumbers[] = {
    {"HH24", Key::kHour24},
    {"HH12", Key::kHour12},
    {"HH", Key::kHour12},
    {"MI", Key::kMinute},
    {"MS", Key::kMs},
    {"MM", Key::kMonth},
    {"SSSSS", Key::kSecondOfDay},
    {"SSSS", Key::kSecondOfDay},
    {"SS", Key::kSecond},
    {"US", Key::kUs},
    {"Y,YYY", Key::kYearComma},
    {"YYYY", Key::kYear4},
    {"YYY", Key::kYear3},
    {"YY", Key::kYear2},
    {"Y", Key::kYear1},
    {"IYYY", Key::kIso4},
    {"IYY", Key::kIso3},
    {"IY", Key::kIso2},
    {"IDDD", Key::kIsoDayOfYear},
    {"ID", Key::kIsoDayOfWeek},
    {"IW", Key::kIsoWeek},
    {"I", Key::kIso1},
    {"DDD", Key::kDayOfYear},
    {"DD", Key::kDay},
    {"D", Key::kDayOfWeek},
    {"WW", Key::kWeekOfYear},
    {"W", Key::kWeekOfMonth},
    {"CC", Key::kCentury},
    {"J", Key::kJulian},
    {"Q", Key::kQuarter},
};
constexpr Text kMonths[] = {"January", "February", "March",     "April",   "May",      "June",
                            "July",    "August",   "September", "October", "November", "December"};
constexpr Text kDays[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
constexpr Text kRomans[] = {"I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"};

struct Moment {
  types::CivilTime civil;
  int32_t day_of_year, day_of_week, julian;
  int32_t iso_year, iso_week, iso_day_of_year;
  int32_t offset_seconds = 0;
  Text zone;

  explicit Moment(int64_t local_us) : civil(types::civil_from_timestamp(local_us)) {
    julian = types::julian_day(civil.year, civil.month, civil.day);
    day_of_year = julian - types::julian_day(civil.year, 1, 1) + 1;
    day_of_week = (julian + 1) % 7;
    iso_year = civil.year + 1;
    while (julian < iso_start(iso_year)) --iso_year;
    iso_day_of_year = julian - iso_start(iso_year) + 1;
    iso_week = (iso_day_of_year - 1) / 7 + 1;
  }
  // Monday of the week that holds January 4th.
  static int32_t iso_start(int32_t year) {
    int32_t fourth = types::julian_day(year, 1, 4);
    return fourth - fourth % 7;
  }
};

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

class Writer {
 public:
  Writer(const Moment& m, Text format, std::string& out) : m_(m), format_(format), out_(out) {}

  void run() {
    while (at_ < format_.size()) {
      char c = format_[at_];
      if (c == '"') {
        quoted();
        continue;
      }
      if (c == '\\' && at_ + 1 < format_.size() && format_[at_ + 1] == '"') {
        out_.push_back('"');
        at_ += 2;
        continue;
      }
      size_t start = at_;
      fill_ = false;
      while (prefix()) {
      }
      if (field()) continue;
      at_ = start;
      out_.push_back(format_[at_++]);
    }
  }

 private:
  void quoted() {
    ++at_;
    while (at_ < format_.size() && format_[at_] != '"') {
      if (format_[at_] == '\\' && at_ + 1 < format_.size()) ++at_;
      out_.push_back(format_[at_++]);
    }
    if (at_ < format_.size()) ++at_;
  }
  bool prefix() {
    Text two = format_.substr(at_, 2);
    if (two != "FM" && two != "fm" && two != "TM" && two != "tm") return false;
    fill_ = true;
    at_ += 2;
    return true;
  }

  bool field() {
    Text rest = format_.substr(at_);
    for (const Word& w : kWords) {
      // A day's name must not hide "DDD", nor "DY" a year.
      if (!rest.starts_with(w.text)) continue;
      at_ += w.text.size();
      name(w);
      suffix(SIZE_MAX);
      return true;
    }
    if ((rest.starts_with("FF") || rest.starts_with("ff")) && rest.size() > 2 && rest[2] >= '1' &&
        rest[2] <= '6') {
      int digits = rest[2] - '0', v = m_.civil.us;
      for (int i = digits; i < 6; ++i) v /= 10;
      number(v, digits, 3, true);
      return true;
    }
    for (const Word& w : kNumbers) {
      if (!same_word(rest, w.text)) continue;
      numeric(w);
      return true;
    }
    return false;
  }
  static bool same_word(Text s, Text word) {
    if (s.size() < word.size()) return false;
    bool all_upper = s.starts_with(word), all_lower = true;
    for (size_t i = 0; i < word.size(); ++i) all_lower &= s[i] == lower(word[i]);
    return all_upper || all_lower;
  }

  void put(Text s, Case letters, size_t width) {
    size_t n = 0;
    for (char c : s) {
      out_.push_back(letters == Case::kUpper ? upper(c) : letters == Case::kLower ? lower(c) : c);
      ++n;
    }
    while (!fill_ && n++ < width) out_.push_back(' ');
  }

  void name(const Word& w) {
    bool dots = w.key == Key::kMeridianDots || w.key == Key::kEraDots;
    switch (w.key) {
      case Key::kMeridian:
      case Key::kMeridianDots:
        put(m_.civil.hour >= 12 ? (dots ? "P.M." : "PM") : (dots ? "A.M." : "AM"), w.letters, 0);
        break;
      case Key::kEra:
      case Key::kEraDots:
        put(m_.civil.year <= 0 ? (dots ? "B.C." : "BC") : (dots ? "A.D." : "AD"), w.letters, 0);
        break;
      case Key::kMonthName:
        put(kMonths[m_.civil.month - 1], w.letters, 9);
        break;
      case Key::kMonthShort:
        put(kMonths[m_.civil.month - 1].substr(0, 3), w.letters, 0);
        break;
      case Key::kDayName:
        put(kDays[m_.day_of_week], w.letters, 9);
        break;
      case Key::kDayShort:
        put(kDays[m_.day_of_week].substr(0, 3), w.letters, 0);
        break;
      case Key::kRoman:
        put(kRomans[m_.civil.month - 1], w.letters, 4);
        break;
      case Key::kZone:
        if (w.letters == Case::kLower)
          put(m_.zone, Case::kLower, 0);
        else
          out_ += m_.zone;
        break;
      case Key::kZoneHour:
        fmt::format_to(std::back_inserter(out_), "{}{:02}", m_.offset_seconds < 0 ? '-' : '+',
                       offset() / 3600);
        break;
      case Key::kZoneMinute:
        fmt::format_to(std::back_inserter(out_), "{:02}", offset() % 3600 / 60);
        break;
      case Key::kOffset:
        fmt::format_to(std::back_inserter(out_), "{}{:0{}}", m_.offset_seconds < 0 ? '-' : '+',
                       offset() / 3600, fill_ ? 0 : 2);
        if (offset() % 3600 != 0) fmt::format_to(std::back_inserter(out_), ":{:02}", offset() % 3600 / 60);
        break;
      default:
        break;
    }
  }
  int32_t offset() const { return m_.offset_seconds < 0 ? -m_.offset_seconds : m_.offset_seconds; }

  static int32_t shown_year(int32_t y) { return y <= 0 ? 1 - y : y; }

  void numeric(const Word& w) {
    const types::CivilTime& c = m_.civil;
    size_t n = w.text.size();
    int32_t year = shown_year(c.year), iso = shown_year(m_.iso_year);
    switch (w.key) {
      case Key::kHour12:
        number(c.hour % 12 == 0 ? 12 : c.hour % 12, 2, n);
        break;
      case Key::kHour24:
        number(c.hour, 2, n);
        break;
      case Key::kMinute:
        number(c.minute, 2, n);
        break;
      case Key::kSecond:
        number(c.second, 2, n);
        break;
      case Key::kMs:
        number(c.us / 1000, 3, n, true);
        break;
      case Key::kUs:
        number(c.us, 6, n, true);
        break;
      case Key::kSecondOfDay:
        number(c.hour * 3600 + c.minute * 60 + c.second, 0, n);
        break;
      case Key::kYearComma: {
        size_t start = out_.size();
        fmt::format_to(std::back_inserter(out_), "{},{:03}", year / 1000, year % 1000);
        at_ += n;
        suffix(start);
        break;
      }
      case Key::kYear4:
        number(year, 4, n);
        break;
      case Key::kYear3:
        number(year % 1000, 3, n);
        break;
      case Key::kYear2:
        number(year % 100, 2, n);
        break;
      case Key::kYear1:
        number(year % 10, 1, n);
        break;
      case Key::kIso4:
        number(iso, 4, n);
        break;
      case Key::kIso3:
        number(iso % 1000, 3, n);
        break;
      case Key::kIso2:
        number(iso % 100, 2, n);
        break;
      case Key::kIso1:
        number(iso % 10, 1, n);
        break;
      case Key::kMonth:
        number(c.month, 2, n);
        break;
      case Key::kDayOfYear:
        number(m_.day_of_year, 3, n);
        break;
      case Key::kDay:
        number(c.day, 2, n);
        break;
      case Key::kDayOfWeek:
        number(m_.day_of_week + 1, 0, n);
        break;
      case Key::kIsoDayOfYear:
        number(m_.iso_day_of_year, 3, n);
        break;
      case Key::kIsoDayOfWeek:
        number(m_.day_of_week == 0 ? 7 : m_.day_of_week, 0, n);
        break;
      case Key::kWeekOfMonth:
        number((c.day - 1) / 7 + 1, 0, n);
        break;
      case Key::kWeekOfYear:
        number((m_.day_of_year - 1) / 7 + 1, 2, n);
        break;
      case Key::kIsoWeek:
        number(m_.iso_week, 2, n);
        break;
      case Key::kCentury: {
        int32_t v = c.year > 0 ? (c.year - 1) / 100 + 1 : c.year / 100 - 1;
        number(v, v < 0 ? 3 : 2, n);
        break;
      }
      case Key::kJulian:
        number(m_.julian, 0, n);
        break;
      case Key::kQuarter:
        number((c.month - 1) / 3 + 1, 0, n);
        break;
      default:
        break;
    }
  }
  void number(int32_t v, int width, size_t taken, bool always_padded = false) {
    size_t start = out_.size();
    fmt::format_to(std::back_inserter(out_), "{:0{}}", v, fill_ && !always_padded ? 0 : width);
    at_ += taken;
    suffix(start);
  }
  // "TH" or "th" behind a number: its ordinal ending.
  void suffix(size_t number_start) {
    Text two = format_.substr(at_, 2);
    if (number_start == SIZE_MAX || (two != "TH" && two != "th")) return;
    at_ += 2;
    Text digits(out_.data() + number_start, out_.size() - number_start);
    char last = digits.back(), before = digits.size() > 1 ? digits[digits.size() - 2] : '0';
    Text ending = before == '1' ? "th" : last == '1' ? "st" : last == '2' ? "nd" : last == '3' ? "rd" : "th";
    for (char c : ending) out_.push_back(two == "TH" ? upper(c) : c);
  }

  const Moment& m_;
  Text format_;
  std::string& out_;
  size_t at_ = 0;
  bool fill_ = false;
};

const Binding kBindings[] = {
    {"to_char(timestamp,text)", fn([](int64_t t, Text format, Env& env) -> std::optional<StringRef> {
       if (format.empty() || !types::is_finite_timestamp(t)) return std::nullopt;
       Moment m(t);
       Writer(m, format, env.buffer).run();
       return env.keep();
     })},
    {"to_char(timestamptz,text)", fn([](int64_t t, Text format, Env& env) -> std::optional<StringRef> {
       if (format.empty() || !types::is_finite_timestamp(t)) return std::nullopt;
       types::ZoneOffset zone = session_zone(env).at_utc(t);
       Moment m(t + int64_t{zone.seconds_east} * types::kUsPerSecond);
       m.offset_seconds = zone.seconds_east;
       m.zone = zone.abbreviation;
       Writer(m, format, env.buffer).run();
       return env.keep();
     })},
};

}  // namespace

Bindings to_char_bindings() { return kBindings; }

}  // namespace varve::functions
