// Values as they nearly always come, in COPY and as parameters: read, and written, in a fraction of the time
// that the types' own input and output functions need. Those get whatever these leave, with the same result.
#pragma once

#include <charconv>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "common/bytes.h"
#include "types/numeric.h"

namespace varve::types {

class TimeZone;

// Plain decimal digits.
template <class T>
bool quick_integer(std::string_view text, T* out) {
  constexpr size_t kSafeDigits = sizeof(T) == 8 ? 18 : sizeof(T) == 4 ? 9 : 4;
  size_t i = 0;
  bool negative = !text.empty() && text[0] == '-';
  i += negative;
  if (i == text.size() || text.size() - i > kSafeDigits) return false;
  int64_t v = 0;
  for (; i < text.size(); ++i) {
    auto digit = static_cast<uint8_t>(text[i] - '0');
    if (digit > 9) return false;
    v = v * 10 + digit;
  }
  *out = static_cast<T>(negative ? -v : v);
  return true;
}

// Plain decimals. With up to 15 digits both the digits as an integer and the power of ten are exact in a
// double, so their quotient is the nearest double to the decimal (Clinger 1990).
inline bool quick_float(std::string_view text, double* out) {
  constexpr double kPowers[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  constexpr size_t kExactDigits = 15;
  const char* p = text.data();
  const char* const end = p + text.size();
  const bool negative = p != end && *p == '-';
  p += negative;
  const auto length = static_cast<size_t>(end - p);
  if (length == 0 || length > 24) return false;
  if (length <= kExactDigits + 1) {
    uint64_t digits = 0;
    size_t fraction = 0, count = 0;
    const char* point = nullptr;
    for (; p != end; ++p) {
      const auto digit = static_cast<uint8_t>(*p - '0');
      if (digit <= 9) {
        digits = digits * 10 + digit;
        ++count;
      } else if (*p == '.' && point == nullptr) {
        point = p;
      } else {
        return false;
      }
    }
    if (point != nullptr) fraction = static_cast<size_t>(end - point) - 1;
    if (count == 0) return false;
    if (count <= kExactDigits) {
      const double value = static_cast<double>(digits) / kPowers[fraction];
      *out = negative ? -value : value;
      return true;
    }
  }
  for (char c : text) {
    if ((c < '0' || c > '9') && c != '.' && c != '-') return false;
  }
  const auto [stopped, error] = std::from_chars(text.data(), end, *out);
  return error == std::errc() && stopped == end;
}

// Two digits at p, or a number above 99.
inline unsigned two_digits(const char* p) {
  auto a = static_cast<uint8_t>(p[0] - '0'), b = static_cast<uint8_t>(p[1] - '0');
  return a > 9 || b > 9 ? 1000U : a * 10U + b;
}

// "YYYY-MM-DD" to days since 2000-01-01; only what every date style reads alike.
bool quick_date(std::string_view text, int32_t* out);

// Reads timestamps; remembers the last date, which most often is that of the next, too.
class TimestampReader {
 public:
  // "YYYY-MM-DD HH:MM:SS[.ffffff]", perhaps with a T between, to microseconds since 2000-01-01.
  bool read(std::string_view text, int64_t* out);
  // The same with a zone behind it: Z, ±HH or ±HH:00.
  bool read_zoned(std::string_view text, int64_t* out);

 private:
  bool date(const char* text, int32_t* days);

  uint64_t first_ = 0;  // bytes of the last date
  uint16_t rest_ = 0;
  int32_t days_ = 0;
};

// --- writing. Each writes at most kQuickTextBytes at `to`, of which only those before the end that it
// returns count. Null: the value is not of the kind, and the type's own output function is to be asked.

inline constexpr size_t kQuickTextBytes = 48;

// Decimals of up to four digits after the point and fifteen in all, the shortest that read back to the value.
char* quick_write_float8(char* to, double value);
// Inline ones whose digits fit 64 bits.
char* quick_write_numeric(char* to, const Numeric& value);

// Dates and times of the years 1 to 9999 in the style ISO; remembers the last date and the last offset, which
// most often are those of the next, too.
class TimestampWriter {
 public:
  char* write_date(char* to, int32_t days);
  char* write(char* to, int64_t us);  // of a day and clock that are written as they are
  char* write_zoned(char* to, int64_t utc_us, const TimeZone& zone);

 private:
  bool set_date(int64_t days);
  void set_offset(int32_t seconds_east);

  int64_t days_ = INT64_MIN;
  int32_t seconds_east_ = INT32_MIN;
  uint8_t zone_bytes_ = 0;
  char date_[10];
  char zone_[10];
};

}  // namespace varve::types
