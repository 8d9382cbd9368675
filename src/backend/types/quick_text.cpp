#include "types/quick_text.h"

namespace varve::types {

bool quick_date(std::string_view text, int32_t* out) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  unsigned century = two_digits(text.data()), years = two_digits(text.data() + 2);
  unsigned month = two_digits(text.data() + 5), day = two_digits(text.data() + 8);
  if (century > 99 || years > 99 || month < 1 || month > 12 || day < 1) return false;
  int64_t year = century * 100 + years;
  constexpr uint8_t kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  if (year == 0 || day > kDays[month - 1] + static_cast<unsigned>(leap && month == 2)) return false;
  // Days since 0000-03-01, years beginning in March.
  int64_t y = month <= 2 ? year - 1 : year;
  int64_t m = month <= 2 ? month + 9 : month - 3;
  int64_t days = y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1;
  constexpr int64_t kDaysTo2000 = 730425;  // from 0000-03-01
  *out = static_cast<int32_t>(days - kDaysTo2000);
  return true;
}

bool TimestampReader::date(const char* text, int32_t* days) {
  const auto first = load_raw<uint64_t>(text);
  const auto rest = load_raw<uint16_t>(text + 8);
  if (first != first_ || rest != rest_) {
    if (!quick_date({text, 10}, &days_)) {
      first_ = 0;
      return false;
    }
    first_ = first;
    rest_ = rest;
  }
  *days = days_;
  return true;
}

bool TimestampReader::read(std::string_view text, int64_t* out) {
  if (text.size() < 19 || text.size() > 26 || (text[10] != ' ' && text[10] != 'T') || text[13] != ':' ||
      text[16] != ':')
    return false;
  int32_t days;
  if (!date(text.data(), &days)) return false;
  unsigned hour = two_digits(text.data() + 11), minute = two_digits(text.data() + 14),
           second = two_digits(text.data() + 17);
  if (hour > 23 || minute > 59 || second > 59) return false;
  int64_t micros = 0;
  if (text.size() > 19) {
    if (text[19] != '.' || text.size() == 20) return false;
    int64_t unit = 100000;
    for (char c : text.substr(20)) {
      auto digit = static_cast<uint8_t>(c - '0');
      if (digit > 9) return false;
      micros += digit * unit;
      unit /= 10;
    }
  }
  *out = days * int64_t{86400000000} + (hour * 3600LL + minute * 60LL + second) * 1000000 + micros;
  return true;
}

bool TimestampReader::read_zoned(std::string_view text, int64_t* out) {
  if (text.size() < 20) return false;
  if (text.back() == 'Z') return read(text.substr(0, text.size() - 1), out);
  if (text.size() < 22) return false;
  if (text.substr(text.size() - 3) == ":00" && text.size() >= 25) {
    const char sign = text[text.size() - 6];
    if (sign != '+' && sign != '-') return false;
    text.remove_suffix(3);
  }
  const std::string_view zone = text.substr(text.size() - 3);
  const unsigned hours = two_digits(zone.data() + 1);
  if ((zone[0] != '+' && zone[0] != '-') || hours > 14) return false;
  if (!read(text.substr(0, text.size() - 3), out)) return false;
  const int64_t offset = hours * int64_t{3600000000};
  *out += zone[0] == '+' ? -offset : offset;
  return true;
}

}  // namespace varve::types
