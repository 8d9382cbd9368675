#include "datetime_scan.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <iterator>

#include "common/sql_error.h"
#include "text_scan.h"

namespace varve::types {

namespace {

bool is_alnum(char c) { return is_digit(c) || is_alpha(c); }
bool is_punctuation(char c) { return c > ' ' && c < 0x7F && !is_alnum(c); }

struct NamedWord {
  std::string_view name;
  Word word;
};
constexpr Word unit(Token t) { return {Token::kUnit, static_cast<int>(t)}; }
constexpr Word special(Special s) { return {Token::kReserved, static_cast<int>(s)}; }
constexpr Word month(int m) { return {Token::kMonth, m}; }
constexpr Word weekday(int d) { return {Token::kWeekday, d}; }

// Sorted.
constexpr NamedWord kWords[] = {
    {"-infinity", special(Special::kMinusInfinity)},
    {"ad", {Token::kEra, 0}},
    {"allballs", special(Special::kAllBalls)},
    {"am", {Token::kAmPm, 0}},
    {"apr", month(4)},
    {"april", month(4)},
    {"at", {Token::kIgnore, 0}},
    {"aug", month(8)},
    {"august", month(8)},
    {"bc", {Token::kEra, 1}},
    {"d", unit(Token::kDay)},
    {"dec", month(12)},
    {"december", month(12)},
    {"dow", unit(Token::kWeekday)},
    {"doy", unit(Token::kDayOfYear)},
    {"dst", {Token::kSummerModifier, 3600}},
    {"epoch", special(Special::kEpoch)},
    {"feb", month(2)},
    {"february", month(2)},
    {"fri", weekday(5)},
    {"friday", weekday(5)},
    {"h", unit(Token::kHour)},
    {"infinity", special(Special::kInfinity)},
    {"isodow", unit(Token::kWeekday)},
    {"isoyear", unit(Token::kWeek)},
    {"j", unit(Token::kJulian)},
    {"jan", month(1)},
    {"january", month(1)},
    {"jd", unit(Token::kJulian)},
    {"jul", month(7)},
    {"julian", unit(Token::kJulian)},
    {"july", month(7)},
    {"jun", month(6)},
    {"june", month(6)},
    {"m", unit(Token::kMonth)},
    {"mar", month(3)},
    {"march", month(3)},
    {"may", month(5)},
    {"mm", unit(Token::kMinute)},
    {"mon", weekday(1)},
    {"monday", weekday(1)},
    {"nov", month(11)},
    {"november", month(11)},
    {"now", special(Special::kNow)},
    {"oct", month(10)},
    {"october", month(10)},
    {"on", {Token::kIgnore, 0}},
    {"pm", {Token::kAmPm, 1}},
    {"s", unit(Token::kSecond)},
    {"sat", weekday(6)},
    {"saturday", weekday(6)},
    {"sep", month(9)},
    {"sept", month(9)},
    {"september", month(9)},
    {"sun", weekday(0)},
    {"sunday", weekday(0)},
    {"t", {Token::kIsoTime, static_cast<int>(Token::kIsoTime)}},
    {"thu", weekday(4)},
    {"thur", weekday(4)},
    {"thurs", weekday(4)},
    {"thursday", weekday(4)},
    {"today", special(Special::kToday)},
    {"tomorrow", special(Special::kTomorrow)},
    {"tue", weekday(2)},
    {"tues", weekday(2)},
    {"tuesday", weekday(2)},
    {"wed", weekday(3)},
    {"wednesday", weekday(3)},
    {"weds", weekday(3)},
    {"y", unit(Token::kYear)},
    {"yesterday", special(Special::kYesterday)},
};

// Appends to one field the run of characters that satisfy a condition.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}
  bool done() const { return at_ == text_.size(); }
  char peek() const { return done() ? '\0' : text_[at_]; }
  void skip() { ++at_; }
  void skip_blanks() {
    while (is_blank(peek())) ++at_;
  }
  template <class Condition>
  void take_while(std::string& field, Condition condition) {
    while (!done() && condition(peek())) take(field);
  }
  void take(std::string& field) { field.push_back(lower(text_[at_++])); }

 private:
  std::string_view text_;
  size_t at_ = 0;
};

// A field that starts with a digit: number, date or time.
FieldKind scan_digits(Scanner& in, std::string& field) {
  in.take_while(field, is_digit);
  char delimiter = in.peek();
  if (delimiter == ':') {
    in.take_while(field, [](char c) { return is_digit(c) || c == ':' || c == '.'; });
    return FieldKind::kTime;
  }
  if (delimiter != '-' && delimiter != '/' && delimiter != '.') return FieldKind::kNumber;
  in.take(field);
  if (!is_digit(in.peek())) {
    in.take_while(field, [delimiter](char c) { return is_alnum(c) || c == delimiter; });
    return FieldKind::kDate;
  }
  FieldKind kind = delimiter == '.' ? FieldKind::kNumber : FieldKind::kDate;
  in.take_while(field, is_digit);
  if (in.peek() == delimiter) {  // three parts with the same delimiter: a date
    kind = FieldKind::kDate;
    in.take_while(field, [delimiter](char c) { return is_digit(c) || c == delimiter; });
  }
  return kind;
}

// A field that starts with a letter: a word, a date ("jan-5-2000") or a zone name ("america/new_york").
FieldKind scan_letters(Scanner& in, std::string& field) {
  in.take_while(field, is_alpha);
  char next = in.peek();
  bool is_date = next == '-' || next == '/' || next == '.';
  if (!is_date && (next == '+' || is_digit(next))) is_date = date_word(field).token == Token::kUnknown;
  if (!is_date) return FieldKind::kString;
  do {
    in.take(field);
    next = in.peek();
  } while (next == '+' || next == '-' || next == '/' || next == '_' || next == '.' || next == ':' ||
           is_alnum(next));
  return FieldKind::kDate;
}

}  // namespace

bool scan_date_fields(std::string_view text, std::vector<DateField>& fields) {
  constexpr size_t kMaxFields = 25, kMaxBytes = 128;
  fields.clear();
  size_t bytes = 0;
  Scanner in(text);
  while (!in.done()) {
    char c = in.peek();
    if (is_blank(c)) {
      in.skip();
      continue;
    }
    DateField field;
    if (is_digit(c)) {
      field.kind = scan_digits(in, field.text);
    } else if (c == '.') {
      in.take(field.text);
      in.take_while(field.text, is_digit);
      field.kind = FieldKind::kNumber;
    } else if (is_alpha(c)) {
      field.kind = scan_letters(in, field.text);
    } else if (c == '+' || c == '-') {
      in.take(field.text);
      in.skip_blanks();
      if (is_digit(in.peek())) {
        field.kind = FieldKind::kZone;
        in.take_while(field.text, [](char d) { return is_digit(d) || d == ':' || d == '.' || d == '-'; });
      } else if (is_alpha(in.peek())) {
        field.kind = FieldKind::kSpecial;
        in.take_while(field.text, is_alpha);
      } else {
        return false;
      }
    } else if (is_punctuation(c)) {
      in.skip();
      continue;
    } else {
      return false;
    }
    bytes += field.text.size() + 1;
    if (fields.size() == kMaxFields || bytes > kMaxBytes + kMaxFields) return false;
    fields.push_back(std::move(field));
  }
  return true;
}

Word date_word(std::string_view word) {
  constexpr size_t kSignificant = 10;
  word = word.substr(0, kSignificant);
  const auto* it = std::lower_bound(std::begin(kWords), std::end(kWords), word,
                                    [](const NamedWord& a, std::string_view name) { return a.name < name; });
  return it != std::end(kWords) && it->name == word ? it->word : Word{};
}

void throw_date_error(DateError error, std::string_view text, const char* type) {
  std::string quoted = '"' + std::string(text) + '"';
  switch (error) {
    case DateError::kFieldOverflow:
      throw SqlError(sqlstate::kDatetimeFieldOverflow, "date/time field value out of range: " + quoted);
    case DateError::kMonthDayOverflow:
      throw SqlError(sqlstate::kDatetimeFieldOverflow, "date/time field value out of range: " + quoted)
          .hint("Perhaps you need a different \"datestyle\" setting.");
    case DateError::kIntervalOverflow:
      throw SqlError(sqlstate::kIntervalFieldOverflow, "interval field value out of range: " + quoted);
    case DateError::kZoneOverflow:
      throw SqlError(sqlstate::kInvalidTimeZoneDisplacementValue,
                     "time zone displacement out of range: " + quoted);
    default:
      throw SqlError(sqlstate::kInvalidDatetimeFormat,
                     "invalid input syntax for type " + std::string(type) + ": " + quoted);
  }
}

namespace {

template <class T>
bool read_number(std::string_view text, T* value, std::string_view* rest) {
  const char *p = text.data(), *end = p + text.size();
  *value = 0;
  if (end - p > 1 && *p == '+' && is_digit(p[1])) ++p;
  auto [stop, error] = std::from_chars(p, end, *value);
  if (error == std::errc::invalid_argument) stop = text.data();
  *rest = {stop, static_cast<size_t>(end - stop)};
  return error != std::errc::result_out_of_range;
}

}  // namespace

bool read_int(std::string_view text, int* value, std::string_view* rest) {
  return read_number(text, value, rest);
}
bool read_int64(std::string_view text, int64_t* value, std::string_view* rest) {
  return read_number(text, value, rest);
}

bool read_fraction(std::string_view text, double* fraction) {
  *fraction = 0;
  if (text.size() == 1) return true;
  std::string copy(text);
  char* stop;
  *fraction = std::strtod(copy.c_str(), &stop);
  return *stop == '\0' && stop != copy.c_str();
}

bool time_in_range(int hour, int minute, int second, int us) {
  if (hour < 0 || hour > 24 || minute < 0 || minute > 59 || second < 0 || second > 60 || us < 0 ||
      us > kUsPerSecond) {
    return false;
  }
  return hour * kUsPerHour + minute * kUsPerMinute + second * kUsPerSecond + us <= kUsPerDay;
}

DateError decode_clock(std::string_view text, int range, int64_t* hour, int* minute, int* second, int* us) {
  std::string_view rest;
  *second = *us = 0;
  if (!read_int64(text, hour, &rest)) return DateError::kFieldOverflow;
  if (rest.empty() || rest[0] != ':') return DateError::kFormat;
  if (!read_int(rest.substr(1), minute, &rest)) return DateError::kFieldOverflow;
  double fraction = 0;
  bool minutes_first = false;
  if (rest.empty()) {
    minutes_first = range == (kIntervalMinute | kIntervalSecond);
  } else if (rest[0] == '.') {  // mm:ss.fff
    if (!read_fraction(rest, &fraction)) return DateError::kFormat;
    minutes_first = true;
  } else if (rest[0] == ':') {
    if (!read_int(rest.substr(1), second, &rest)) return DateError::kFieldOverflow;
    if (!rest.empty() && (rest[0] != '.' || !read_fraction(rest, &fraction))) return DateError::kFormat;
  } else {
    return DateError::kFormat;
  }
  if (minutes_first) {
    *second = *minute;
    if (*hour > INT32_MAX) return DateError::kFieldOverflow;
    *minute = static_cast<int>(*hour);
    *hour = 0;
  }
  *us = static_cast<int>(std::rint(fraction * 1e6));
  if (*hour < 0 || *minute < 0 || *minute > 59 || *second < 0 || *second > 60 || *us < 0 ||
      *us > kUsPerSecond) {
    return DateError::kFieldOverflow;
  }
  return DateError::kNone;
}

}  // namespace varve::types
