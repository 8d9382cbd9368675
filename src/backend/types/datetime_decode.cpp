// Gives the fields of a date/time text their meaning.
#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "common/sql_error.h"
#include "datetime_scan.h"
#include "text_scan.h"
#include "types/time_zone.h"

namespace varve::types {

namespace {

#define VARVE_TRY_DATE(expression)                                               \
  do {                                                                           \
    if (DateError error = (expression); error != DateError::kNone) return error; \
  } while (0)

const TimeZone& session_zone(const FormatSettings& settings) {
  return settings.time_zone != nullptr ? *settings.time_zone : TimeZone::utc();
}

class Decoder {
 public:
  Decoder(std::vector<DateField>& fields, const FormatSettings& settings, bool time_only, DecodedTime& out)
      : fields_(fields), settings_(settings), time_only_(time_only), t_(out) {}

  DateError run() {
    for (index_ = 0; index_ < fields_.size(); ++index_) {
      got_ = 0;
      ignore_ = false;
      VARVE_TRY_DATE(decode_field(fields_[index_]));
      if (ignore_) continue;
      if ((have_ & got_) != 0) return DateError::kFormat;
      have_ |= got_;
    }
    VARVE_TRY_DATE(validate_date());
    if (meridiem_ >= 0) {
      if (t_.hour > 12) return DateError::kFieldOverflow;
      if (meridiem_ == 0 && t_.hour == 12) t_.hour = 0;
      if (meridiem_ == 1 && t_.hour != 12) t_.hour += 12;
    }
    return time_only_ ? finish_time() : finish_datetime();
  }

 private:
  DateError decode_field(DateField& field) {
    switch (field.kind) {
      case FieldKind::kDate:
        return time_only_ ? decode_date_in_time(field) : decode_date_field(field);
      case FieldKind::kTime:
        return decode_time_field(field);
      case FieldKind::kZone:
        got_ = bit(Token::kZone);
        return decode_offset(field.text);
      case FieldKind::kNumber:
        return labelled_ != Token::kReserved ? decode_labelled(field) : decode_number_field(field);
      default:
        return decode_word(field);
    }
  }

  DateError decode_date_field(DateField& field) {
    std::string& s = field.text;
    if (labelled_ == Token::kJulian) {  // whole Julian day with a zone: "J2451545-08"
      std::string_view rest;
      int day;
      if (!read_int(s, &day, &rest) || day < 0) return DateError::kFieldOverflow;
      civil_from_julian(day, &t_.year, &t_.month, &t_.day);
      julian_ = true;
      VARVE_TRY_DATE(decode_offset(rest));
      got_ = kDateBits | kTimeBits | bit(Token::kZone);
      labelled_ = Token::kReserved;
      return DateError::kNone;
    }
    constexpr uint32_t kMonthDay = bit(Token::kMonth) | bit(Token::kDay);
    if (labelled_ == Token::kReserved && (have_ & kMonthDay) != kMonthDay) return decode_date(s);
    // There is a date already: a zone's name, or a time run together with its zone, hhmmss-zz.
    if (!is_digit(s[0]) && labelled_ == Token::kReserved) return decode_zone_name(s);
    if (labelled_ != Token::kReserved && labelled_ != Token::kIsoTime) return DateError::kFormat;
    labelled_ = Token::kReserved;
    return decode_time_with_offset(s, have_);
  }

  DateError decode_date_in_time(DateField& field) {
    bool may_be_date = index_ == 0 && fields_.size() >= 2 &&
                       (fields_.back().kind == FieldKind::kDate || fields_[1].kind == FieldKind::kTime);
    if (may_be_date) return decode_date(field.text);
    if (!is_digit(field.text[0])) return decode_zone_name(field.text);
    return decode_time_with_offset(field.text, have_ | kDateBits);
  }

  DateError decode_time_with_offset(std::string& s, uint32_t have) {
    if ((have_ & kTimeBits) == kTimeBits) return DateError::kFormat;
    size_t dash = s.find('-');
    if (dash == std::string::npos) return DateError::kFormat;
    VARVE_TRY_DATE(decode_offset(std::string_view(s).substr(dash)));
    VARVE_TRY_DATE(decode_run_together(s.substr(0, dash), have));
    got_ |= bit(Token::kZone);
    return DateError::kNone;
  }

  DateError decode_time_field(DateField& field) {
    if (labelled_ != Token::kReserved && !time_only_) {
      if (labelled_ != Token::kIsoTime) return DateError::kFormat;
      labelled_ = Token::kReserved;
    }
    got_ = kTimeBits;
    int64_t hour;
    VARVE_TRY_DATE(decode_clock(field.text, kIntervalFullRange, &hour, &t_.minute, &t_.second, &t_.us));
    if (hour > INT32_MAX) return DateError::kFieldOverflow;
    t_.hour = static_cast<int>(hour);
    if (!time_only_ && !time_in_range(t_.hour, t_.minute, t_.second, t_.us)) return DateError::kFieldOverflow;
    return DateError::kNone;
  }

  // +hh, +hhmm, +hh:mm, +hh:mm:ss
  DateError decode_offset(std::string_view s) {
    if (s.empty() || (s[0] != '+' && s[0] != '-')) return DateError::kFormat;
    int hours, minutes = 0, seconds = 0;
    std::string_view rest;
    if (!read_int(s.substr(1), &hours, &rest)) return DateError::kZoneOverflow;
    if (!rest.empty() && rest[0] == ':') {
      if (!read_int(rest.substr(1), &minutes, &rest)) return DateError::kZoneOverflow;
      if (!rest.empty() && rest[0] == ':' && !read_int(rest.substr(1), &seconds, &rest))
        return DateError::kZoneOverflow;
    } else if (rest.empty() && s.size() > 3) {
      minutes = hours % 100;
      hours /= 100;
    }
    if (hours < 0 || hours > 15 || minutes < 0 || minutes > 59 || seconds < 0 || seconds > 59)
      return DateError::kZoneOverflow;
    int east = (hours * 60 + minutes) * 60 + seconds;
    t_.zone_seconds_west = s[0] == '-' ? east : -east;
    return rest.empty() ? DateError::kNone : DateError::kFormat;
  }

  DateError decode_zone_name(const std::string& s) {
    zone_ = TimeZone::find(s);
    if (zone_ == nullptr) {
      throw SqlError(sqlstate::kInvalidParameterValue, "time zone \"" + s + "\" not recognized");
    }
    got_ = bit(Token::kZone);
    return DateError::kNone;
  }

  // A number after a word that says what it is.
  DateError decode_labelled(DateField& field) {
    std::string_view rest;
    int value;
    if (!read_int(field.text, &value, &rest)) return DateError::kFieldOverflow;
    if (!rest.empty() && rest[0] != '.') return DateError::kFormat;
    if (labelled_ == Token::kJulian) {
      if (value < 0) return DateError::kFieldOverflow;
      got_ = kDateBits;
      civil_from_julian(value, &t_.year, &t_.month, &t_.day);
      julian_ = true;
      if (!rest.empty()) {
        double fraction;
        if (!read_fraction(rest, &fraction) || rest.size() == 1) return DateError::kFormat;
        auto us = static_cast<int64_t>(fraction * static_cast<double>(kUsPerDay));
        t_.hour = static_cast<int>(us / kUsPerHour);
        t_.minute = static_cast<int>(us / kUsPerMinute % 60);
        t_.second = static_cast<int>(us / kUsPerSecond % 60);
        t_.us = static_cast<int>(us % kUsPerSecond);
        got_ |= kTimeBits;
      }
    } else if (labelled_ == Token::kIsoTime) {
      VARVE_TRY_DATE(decode_run_together(field.text, have_ | kDateBits));
      if (got_ != kTimeBits) return DateError::kFormat;
    } else {
      return DateError::kFormat;
    }
    labelled_ = Token::kReserved;
    return DateError::kNone;
  }

  DateError decode_number_field(DateField& field) {
    const std::string& s = field.text;
    size_t point = s.find('.');
    bool has_point = point != std::string::npos;
    if (time_only_) {
      if (has_point) {
        if (index_ == 0 && fields_.size() >= 2 && fields_.back().kind == FieldKind::kDate)
          return decode_date(s);
        return point > 2 ? decode_run_together(s, have_ | kDateBits) : DateError::kFormat;
      }
      if (s.size() > 4) return decode_run_together(s, have_ | kDateBits);
      return decode_number(s, have_ | kDateBits, false);
    }
    if (has_point && (have_ & kDateBits) == 0) return decode_date(s);
    if (has_point && point > 2) return decode_run_together(s, have_);
    // Six digits or more are a date or time run together, unless both are there already.
    if (s.size() >= 6 && ((have_ & kDateBits) == 0 || (have_ & kTimeBits) == 0))
      return decode_run_together(s, have_);
    return decode_number(s, have_, text_month_);
  }

  // yyyymmdd, yymmdd, hhmmss, hhmm
  DateError decode_run_together(std::string s, uint32_t have) {
    size_t point = s.find('.');
    if (point != std::string::npos) {
      double fraction;
      if (!read_fraction(std::string_view(s).substr(point), &fraction)) return DateError::kFormat;
      t_.us = static_cast<int>(std::rint(fraction * 1e6));
      s.resize(point);
    } else if ((have & kDateBits) != kDateBits && s.size() >= 6) {
      got_ = kDateBits;
      size_t n = s.size();
      t_.day = std::atoi(s.substr(n - 2).c_str());
      t_.month = std::atoi(s.substr(n - 4, 2).c_str());
      t_.year = std::atoi(s.substr(0, n - 4).c_str());
      if (n == 6) two_digits_ = true;
      return DateError::kNone;
    }
    if ((have & kTimeBits) != kTimeBits && (s.size() == 6 || s.size() == 4)) {
      got_ = kTimeBits;
      t_.hour = std::atoi(s.substr(0, 2).c_str());
      t_.minute = std::atoi(s.substr(2, 2).c_str());
      t_.second = s.size() == 6 ? std::atoi(s.substr(4).c_str()) : 0;
      return DateError::kNone;
    }
    return DateError::kFormat;
  }

  // A single number: which part of the date it is follows from what is there and from the date order.
  DateError decode_number(const std::string& s, uint32_t have, bool text_month) {
    std::string_view rest;
    int value;
    if (!read_int(s, &value, &rest)) return DateError::kFieldOverflow;
    if (rest.size() == s.size()) return DateError::kFormat;
    if (!rest.empty()) {
      if (rest[0] != '.') return DateError::kFormat;
      if (s.size() - rest.size() > 2) return decode_run_together(s, have | kDateBits);
      double fraction;
      if (!read_fraction(rest, &fraction)) return DateError::kFormat;
      t_.us = static_cast<int>(std::rint(fraction * 1e6));
    }
    constexpr uint32_t kY = bit(Token::kYear), kM = bit(Token::kMonth), kD = bit(Token::kDay);
    if (s.size() == 3 && (have & kDateBits) == kY && value >= 1 && value <= 366) {
      got_ = bit(Token::kDayOfYear) | kM | kD;
      day_of_year_ = value;
      return DateError::kNone;
    }
    bool year_first = s.size() >= 3 || settings_.date_order == DateOrder::kYmd;
    switch (have & kDateBits) {
      case 0:
        got_ = year_first ? kY : settings_.date_order == DateOrder::kDmy ? kD : kM;
        break;
      case kY:
        got_ = kM;
        break;
      case kM:
        got_ = text_month && year_first ? kY : kD;
        break;
      case kY | kM:
        got_ = kD;
        if (text_month && s.size() >= 3 && two_digits_) {  // the first number was the day after all
          t_.day = t_.year;
          t_.year = value;
          two_digits_ = false;
          return DateError::kNone;
        }
        break;
      case kD:
        got_ = kM;
        break;
      case kM | kD:
        got_ = kY;
        break;
      case kDateBits:
        return decode_run_together(s, have);
      default:
        return DateError::kFormat;
    }
    if (got_ == kY) {
      t_.year = value;
      two_digits_ = s.size() <= 2;
    } else {
      (got_ == kM ? t_.month : t_.day) = value;
    }
    return DateError::kNone;
  }

  // A date with delimiters.
  DateError decode_date(std::string_view s) {
    std::vector<std::string> parts;
    while (!s.empty() && parts.size() < 25) {
      while (!s.empty() && !is_digit(s[0]) && !is_alpha(s[0])) s.remove_prefix(1);
      if (s.empty()) return DateError::kFormat;
      size_t n = 0;
      bool digits = is_digit(s[0]);
      while (n < s.size() && (digits ? is_digit(s[n]) : is_alpha(s[n]))) ++n;
      parts.emplace_back(s.substr(0, n));
      s.remove_prefix(std::min(n + 1, s.size()));
    }
    uint32_t have = have_, got = 0;
    bool text_month = false;
    for (std::string& part : parts) {  // a month's name leaves less to guess
      if (!is_alpha(part[0])) continue;
      Word word = date_word(part);
      if (word.token == Token::kIgnore) continue;
      if (word.token != Token::kMonth || (have & bit(Token::kMonth)) != 0) return DateError::kFormat;
      t_.month = word.value;
      text_month = true;
      have |= bit(Token::kMonth);
      got |= bit(Token::kMonth);
      part.clear();
    }
    for (const std::string& part : parts) {
      if (part.empty()) continue;
      VARVE_TRY_DATE(decode_number(part, have, text_month));
      if ((have & got_) != 0) return DateError::kFormat;
      have |= got_;
      got |= got_;
    }
    got_ = got;
    if ((have & ~(bit(Token::kDayOfYear) | bit(Token::kZone))) != kDateBits) return DateError::kFormat;
    return DateError::kNone;
  }

  DateError decode_word(DateField& field) {
    if (const ZoneAbbreviation* zone = find_zone_abbreviation(field.text)) {
      got_ = bit(Token::kZone);
      if (!zone->zone.empty()) {
        got_ |= bit(Token::kDynamicZone);
        dynamic_zone_ = TimeZone::find(zone->zone);
        dynamic_word_ = field.text;
        for (char& c : dynamic_word_) c = static_cast<char>(is_alpha(c) ? c - 32 : c);
        return dynamic_zone_ != nullptr ? DateError::kNone : DateError::kFormat;
      }
      if (zone->is_dst) got_ |= bit(Token::kSummerZone);
      t_.zone_seconds_west = -zone->seconds_east;
      return DateError::kNone;
    }
    Word word = date_word(field.text);
    got_ = bit(word.token);
    switch (word.token) {
      case Token::kIgnore:
        ignore_ = true;
        return DateError::kNone;
      case Token::kReserved:
        return decode_special(static_cast<Special>(word.value));
      case Token::kMonth:
        if (time_only_) return DateError::kFormat;
        // A number taken for the month was the day.
        if ((have_ & bit(Token::kMonth)) != 0 && !text_month_ && (have_ & bit(Token::kDay)) == 0 &&
            t_.month >= 1 && t_.month <= 31) {
          t_.day = t_.month;
          got_ = bit(Token::kDay);
        }
        text_month_ = true;
        t_.month = word.value;
        return DateError::kNone;
      case Token::kSummerModifier:
        got_ |= bit(Token::kSummerZone);
        t_.zone_seconds_west -= word.value;
        return DateError::kNone;
      case Token::kAmPm:
        meridiem_ = word.value;
        return DateError::kNone;
      case Token::kEra:
        bc_ = word.value == 1;
        return DateError::kNone;
      case Token::kWeekday:
        return time_only_ ? DateError::kFormat : DateError::kNone;
      case Token::kUnit:
        got_ = 0;
        labelled_ = static_cast<Token>(word.value);
        return DateError::kNone;
      case Token::kIsoTime: {
        got_ = 0;
        if (!time_only_ && (have_ & kDateBits) != kDateBits) return DateError::kFormat;
        if (index_ + 1 >= fields_.size()) return DateError::kFormat;
        FieldKind next = fields_[index_ + 1].kind;
        if (next != FieldKind::kNumber && next != FieldKind::kTime && next != FieldKind::kDate)
          return DateError::kFormat;
        labelled_ = Token::kIsoTime;
        return DateError::kNone;
      }
      default:
        zone_ = TimeZone::find(field.text);
        got_ = bit(Token::kZone);
        return zone_ != nullptr ? DateError::kNone : DateError::kFormat;
    }
  }

  DateError decode_special(Special which) {
    Timestamp now = settings_.now_us +
                    int64_t{session_zone(settings_).at_utc(settings_.now_us).seconds_east} * kUsPerSecond;
    CivilTime civil = civil_from_timestamp(now);
    int shift = 0;
    switch (which) {
      case Special::kNow:
        got_ = kDateBits | kTimeBits | bit(Token::kZone);
        set_date(civil);
        t_.hour = civil.hour;
        t_.minute = civil.minute;
        t_.second = civil.second;
        t_.us = civil.us;
        t_.zone_seconds_west = -session_zone(settings_).at_utc(settings_.now_us).seconds_east;
        return DateError::kNone;
      case Special::kAllBalls:
        got_ = kTimeBits | bit(Token::kZone);
        t_.hour = t_.minute = t_.second = 0;
        t_.zone_seconds_west = 0;
        return DateError::kNone;
      case Special::kYesterday:
        shift = -1;
        break;
      case Special::kToday:
        break;
      case Special::kTomorrow:
        shift = 1;
        break;
      default:
        if (time_only_) return DateError::kFormat;
        got_ = kDateBits | kTimeBits | bit(Token::kZone);
        t_.kind = which == Special::kEpoch      ? DecodedTime::Kind::kEpoch
                  : which == Special::kInfinity ? DecodedTime::Kind::kInfinity
                                                : DecodedTime::Kind::kMinusInfinity;
        return DateError::kNone;
    }
    if (time_only_) return DateError::kFormat;
    got_ = kDateBits;
    int day = julian_day(civil.year, civil.month, civil.day) + shift;
    civil_from_julian(day, &t_.year, &t_.month, &t_.day);
    return DateError::kNone;
  }

  void set_date(const CivilTime& civil) {
    t_.year = civil.year;
    t_.month = civil.month;
    t_.day = civil.day;
    julian_ = true;  // the year is final, also before AD 1
  }

  DateError validate_date() {
    if (t_.kind != DecodedTime::Kind::kDate) return DateError::kNone;
    if ((have_ & bit(Token::kYear)) != 0 && !julian_) {
      if (bc_) {
        if (t_.year <= 0) return DateError::kFieldOverflow;
        t_.year = -(t_.year - 1);
      } else if (two_digits_) {
        if (t_.year < 0) return DateError::kFieldOverflow;
        if (t_.year < 70)
          t_.year += 2000;
        else if (t_.year < 100)
          t_.year += 1900;
      } else if (t_.year <= 0) {
        return DateError::kFieldOverflow;
      }
    }
    if ((have_ & bit(Token::kDayOfYear)) != 0) {
      civil_from_julian(julian_day(t_.year, 1, 1) + day_of_year_ - 1, &t_.year, &t_.month, &t_.day);
    }
    if ((have_ & bit(Token::kMonth)) != 0 && (t_.month < 1 || t_.month > 12))
      return DateError::kMonthDayOverflow;
    if ((have_ & bit(Token::kDay)) != 0 && (t_.day < 1 || t_.day > 31)) return DateError::kMonthDayOverflow;
    if ((have_ & kDateBits) == kDateBits && t_.day > days_in_month(t_.year, t_.month))
      return DateError::kFieldOverflow;
    return DateError::kNone;
  }

  bool has_modifier() const { return (have_ & bit(Token::kSummerModifier)) != 0; }

  // Local time of the fields on this date.
  Timestamp local_time(int year, int month, int day) const {
    int64_t days = int64_t{julian_day(year, month, day)} - kEpochJulianDay;
    int64_t us = t_.hour * kUsPerHour + t_.minute * kUsPerMinute + t_.second * kUsPerSecond;
    // Zone rules do not change beyond this range, which keeps the product in 64 bits.
    return std::clamp<int64_t>(days, -2'500'000, 106'000'000) * kUsPerDay + us;
  }

  int offset_west(const TimeZone& zone, Timestamp local) const { return -zone.at_local(local).seconds_east; }

  int abbreviation_west(Timestamp local) const {
    ZoneOffset plain = dynamic_zone_->at_local(local), found;
    Timestamp utc = local - int64_t{plain.seconds_east} * kUsPerSecond;
    return dynamic_zone_->find_abbreviation(dynamic_word_, utc, &found) ? -found.seconds_east
                                                                        : -plain.seconds_east;
  }

  DateError finish_datetime() {
    if (t_.kind != DecodedTime::Kind::kDate) return DateError::kNone;
    if ((have_ & kDateBits) != kDateBits) return DateError::kFormat;
    if (has_modifier() &&
        (zone_ != nullptr || dynamic_zone_ != nullptr || (have_ & bit(Token::kZone)) == 0)) {
      return DateError::kFormat;
    }
    if ((have_ & bit(Token::kZone)) != 0 && zone_ == nullptr && dynamic_zone_ == nullptr)
      return DateError::kNone;
    Timestamp local = local_time(t_.year, t_.month, t_.day);
    if (dynamic_zone_ != nullptr)
      t_.zone_seconds_west = abbreviation_west(local);
    else
      t_.zone_seconds_west = offset_west(zone_ != nullptr ? *zone_ : session_zone(settings_), local);
    return DateError::kNone;
  }

  DateError finish_time() {
    if (!time_in_range(t_.hour, t_.minute, t_.second, t_.us)) return DateError::kFieldOverflow;
    if ((have_ & kTimeBits) != kTimeBits) return DateError::kFormat;
    bool named = zone_ != nullptr || dynamic_zone_ != nullptr, stated = (have_ & bit(Token::kZone)) != 0;
    if (has_modifier() && (named || !stated)) return DateError::kFormat;
    if (stated && !named) return DateError::kNone;
    if (zone_ != nullptr && zone_->is_fixed()) {
      t_.zone_seconds_west = offset_west(*zone_, 0);
      return DateError::kNone;
    }
    // The offset depends on the date: the one given, else today; a named zone insists on a date.
    if ((have_ & kDateBits) != kDateBits && ((have_ & kDateBits) != 0 || zone_ != nullptr))
      return DateError::kFormat;
    int year = t_.year, month = t_.month, day = t_.day;
    if ((have_ & kDateBits) == 0) {
      CivilTime today = civil_from_timestamp(
          settings_.now_us +
          int64_t{session_zone(settings_).at_utc(settings_.now_us).seconds_east} * kUsPerSecond);
      year = today.year;
      month = today.month;
      day = today.day;
    }
    Timestamp local = local_time(year, month, day);
    if (dynamic_zone_ != nullptr)
      t_.zone_seconds_west = abbreviation_west(local);
    else
      t_.zone_seconds_west = offset_west(zone_ != nullptr ? *zone_ : session_zone(settings_), local);
    return DateError::kNone;
  }

  std::vector<DateField>& fields_;
  const FormatSettings& settings_;
  const bool time_only_;
  DecodedTime& t_;
  size_t index_ = 0;
  uint32_t have_ = 0;  // Token bits of all fields so far
  uint32_t got_ = 0;   // Token bits of this field
  bool ignore_ = false;
  Token labelled_ = Token::kReserved;  // what the previous word says of the next number; kReserved: nothing
  bool text_month_ = false, two_digits_ = false, bc_ = false, julian_ = false;
  int meridiem_ = -1;  // 0 AM, 1 PM
  int day_of_year_ = 0;
  const TimeZone* zone_ = nullptr;
  const TimeZone* dynamic_zone_ = nullptr;
  std::string dynamic_word_;
};

}  // namespace

DateError decode_datetime(std::vector<DateField>& fields, const FormatSettings& settings,
                          DecodedTime* result) {
  *result = DecodedTime();
  return Decoder(fields, settings, false, *result).run();
}

DateError decode_time_only(std::vector<DateField>& fields, const FormatSettings& settings,
                           DecodedTime* result) {
  *result = DecodedTime();
  return Decoder(fields, settings, true, *result).run();
}

}  // namespace varve::types
