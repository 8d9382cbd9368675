#include "types/quick_text.h"

#include <cmath>

#include "types/datetime.h"
#include "types/text_codec.h"
#include "types/time_zone.h"

namespace varve::types {

namespace {

struct DigitPairs {
  char text[200];
  constexpr DigitPairs() : text() {
    for (int i = 0; i < 100; ++i) {
      text[2 * i] = static_cast<char>('0' + i / 10);
      text[2 * i + 1] = static_cast<char>('0' + i % 10);
    }
  }
};
constexpr DigitPairs kDigitPairs;

char* put_pair(char* to, uint32_t number) {
  std::memcpy(to, kDigitPairs.text + size_t{2} * number, 2);
  return to + 2;
}

char* put_unsigned(char* to, uint64_t v) {
  if (v >= 100) return write_uint8(to, v);
  if (v >= 10) return put_pair(to, static_cast<uint32_t>(v));
  *to = static_cast<char>('0' + v);
  return to + 1;
}

// The text of 0.00 to 99.99, ready to be copied: what sensors measure and shops ask for has two decimals.
class SmallDecimals {
 public:
  static constexpr uint32_t kCount = 10'000;
  SmallDecimals() {
    for (uint32_t i = 0; i < kCount; ++i) {
      char text[8] = {};
      char* end = put_unsigned(text, i / 100);
      if (const uint32_t rest = i % 100; rest != 0) {
        *end++ = '.';
        end = put_pair(end, rest) - (rest % 10 == 0);
      }
      text[7] = static_cast<char>(end - text);
      std::memcpy(&texts_[i], text, sizeof text);
    }
  }
  // Writes eight bytes, of which the text is the first.
  char* write(char* to, uint32_t hundredths) const {
    const char* text = texts_[hundredths];
    std::memcpy(to, text, 8);
    return to + text[7];
  }

 private:
  char texts_[kCount][8];  // the last byte is the length
};
const SmallDecimals kSmallDecimals;

}  // namespace

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

// No other decimal of fifteen digits means the same float, so these, without zeros at the end, are the
// shortest.
char* quick_write_float8(char* to, double value) {
  if (const double hundredths = value * 100 + 0.5; hundredths >= 1 && hundredths < SmallDecimals::kCount) {
    const auto whole = static_cast<int32_t>(hundredths);
    if (whole / 100.0 == value) return kSmallDecimals.write(to, static_cast<uint32_t>(whole));
  }
  constexpr double kParts = 1e4, kLimit = 1e15;
  const double scaled = value * kParts;
  if (!(std::fabs(scaled) < kLimit - 1)) return nullptr;
  const auto parts = static_cast<int64_t>(scaled + std::copysign(0.5, scaled));
  if (static_cast<double>(parts) / kParts != value) return nullptr;
  if (parts == 0 && std::signbit(value)) return nullptr;
  *to = '-';
  to += parts < 0;
  const auto magnitude = static_cast<uint64_t>(parts < 0 ? -parts : parts);
  const auto rest = static_cast<uint32_t>(magnitude % 10'000);
  to = put_unsigned(to, magnitude / 10'000);
  if (rest == 0) return to;
  *to++ = '.';
  put_pair(put_pair(to, rest / 100), rest % 100);
  if (rest % 100 == 0) return to + (rest % 1000 == 0 ? 1 : 2);
  return to + (rest % 10 == 0 ? 3 : 4);
}

char* quick_write_numeric(char* to, const Numeric& value) {
  if (!value.is_inline()) return nullptr;
  const int128 significand = value.significand();
  const auto narrow = static_cast<int64_t>(significand);
  const auto scale = static_cast<uint32_t>(value.inline_scale());
  constexpr uint64_t kPowers[] = {1,         10,         100,         1'000,         10'000,        100'000,
                                  1'000'000, 10'000'000, 100'000'000, 1'000'000'000, 10'000'000'000};
  if (significand != narrow || narrow == INT64_MIN || scale >= std::size(kPowers)) return nullptr;
  *to = '-';
  to += narrow < 0;
  const auto magnitude = static_cast<uint64_t>(narrow < 0 ? -narrow : narrow);
  if (scale == 0) return put_unsigned(to, magnitude);
  const uint64_t whole = magnitude / kPowers[scale];
  uint64_t rest = magnitude - whole * kPowers[scale];
  to = put_unsigned(to, whole);
  *to++ = '.';
  char* const end = to + scale;
  char* p = end;
  for (; p - to >= 2; rest /= 100) put_pair(p -= 2, static_cast<uint32_t>(rest % 100));
  if (p != to) *to = static_cast<char>('0' + rest);
  return end;
}

bool TimestampWriter::set_date(int64_t days) {
  if (days == days_) return true;
  constexpr int64_t kFirst = -730'119, kLast = 2'921'939;  // 0001-01-01, 9999-12-31
  if (days < kFirst || days > kLast) return false;
  int year, month, day;
  civil_from_julian(static_cast<int32_t>(days) + kEpochJulianDay, &year, &month, &day);
  char* p = put_pair(put_pair(date_, static_cast<uint32_t>(year / 100)), static_cast<uint32_t>(year % 100));
  *p++ = '-';
  p = put_pair(p, static_cast<uint32_t>(month));
  *p++ = '-';
  put_pair(p, static_cast<uint32_t>(day));
  days_ = days;
  return true;
}

char* TimestampWriter::write_date(char* to, int32_t days) {
  if (!set_date(days)) return nullptr;
  std::memcpy(to, date_, sizeof(date_));
  return to + sizeof(date_);
}

char* TimestampWriter::write(char* to, int64_t us) {
  int64_t days = us / kUsPerDay;
  int64_t clock = us - days * kUsPerDay;
  if (clock < 0) {
    clock += kUsPerDay;
    --days;
  }
  if (!set_date(days)) return nullptr;
  std::memcpy(to, date_, sizeof(date_));
  to += sizeof(date_);
  const auto seconds = static_cast<uint32_t>(clock / kUsPerSecond);
  auto fraction = static_cast<uint32_t>(clock - int64_t{seconds} * kUsPerSecond);
  *to++ = ' ';
  to = put_pair(to, seconds / 3600);
  *to++ = ':';
  to = put_pair(to, seconds / 60 % 60);
  *to++ = ':';
  to = put_pair(to, seconds % 60);
  if (fraction == 0) return to;
  *to++ = '.';
  put_pair(put_pair(put_pair(to, fraction / 10'000), fraction / 100 % 100), fraction % 100);
  char* end = to + 6;
  while (end[-1] == '0') --end;
  return end;
}

void TimestampWriter::set_offset(int32_t seconds_east) {
  seconds_east_ = seconds_east;
  const auto s = static_cast<uint32_t>(seconds_east < 0 ? -seconds_east : seconds_east);
  char* p = zone_;
  *p++ = seconds_east < 0 ? '-' : '+';
  p = put_pair(p, s / 3600 % 100);
  if (s % 3600 != 0) {
    *p++ = ':';
    p = put_pair(p, s / 60 % 60);
  }
  if (s % 60 != 0) {
    *p++ = ':';
    p = put_pair(p, s % 60);
  }
  zone_bytes_ = static_cast<uint8_t>(p - zone_);
}

char* TimestampWriter::write_zoned(char* to, int64_t utc_us, const TimeZone& zone) {
  if (!is_finite_timestamp(utc_us)) return nullptr;
  const int32_t seconds_east = zone.at_utc(utc_us).seconds_east;
  to = write(to, utc_us + int64_t{seconds_east} * kUsPerSecond);
  if (to == nullptr) return nullptr;
  if (seconds_east != seconds_east_) set_offset(seconds_east);
  std::memcpy(to, zone_, sizeof(zone_));
  return to + zone_bytes_;
}

}  // namespace varve::types
