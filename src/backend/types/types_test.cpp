// What the recorded answers do not cover: representation, order, codecs, text, collations, the clock's words.
#include <bit>
#include <charconv>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <random>

#include "common/sql_error.h"
#include "types/collation.h"
#include "types/datetime.h"
#include "types/numeric.h"
#include "types/physical_type.h"
#include "types/quick_text.h"
#include "types/string_ref.h"
#include "types/text_codec.h"
#include "types/time_zone.h"
#include "types/utf8.h"

namespace varve::types {
namespace {

template <class F>
std::string error_of(F f) {
  try {
    f();
  } catch (const SqlError& e) {
    return std::string(e.state().text()) + ' ' + e.fields().message;
  }
  return "no error";
}

TEST(StringRef, ComparesLikeBytes) {
  std::mt19937 random(1);
  std::vector<std::string> strings = {
      "", "a", "ab", "abcd", "abcde", std::string("ab\0", 3), std::string("ab\0c", 4), "\xFF", "\xFF\xFE"};
  for (int i = 0; i < 200; ++i) {
    std::string s(random() % 30, 'a');
    for (char& c : s) c = static_cast<char>('a' + random() % 2);
    strings.push_back(s);
  }
  for (const std::string& a : strings) {
    StringRef x(a);
    EXPECT_EQ(x.view(), a);
    EXPECT_EQ(x.is_inline(), a.size() <= 12);
    for (const std::string& b : strings) {
      StringRef y(b);
      int expected = a.compare(b), got = x.compare(y);
      EXPECT_EQ(expected < 0, got < 0);
      EXPECT_EQ(expected == 0, got == 0);
      EXPECT_EQ(x == y, a == b);
      if (a == b) {
        EXPECT_EQ(x.hash(), y.hash());
      }
    }
  }
}

std::string text_of(const Numeric& v) {
  std::string s;
  append_numeric(s, v);
  return s;
}

TEST(Numeric, StaysInlineWhenItFits) {
  Arena arena;
  Numeric limit(Numeric::kInlineLimit - 1, 0);
  EXPECT_EQ(text_of(limit), "2596148429267413814265248164610047");
  Numeric above = add(limit, Numeric(1), arena);
  EXPECT_EQ(above.kind(), Numeric::Kind::kBig);
  EXPECT_EQ(text_of(above), "2596148429267413814265248164610048");
  Numeric back = sub(above, Numeric(1), arena);
  EXPECT_TRUE(back.is_inline());
  EXPECT_EQ(compare(back, limit), 0);
  EXPECT_EQ(text_of(neg(above, arena)), "-2596148429267413814265248164610048");
  EXPECT_EQ(Numeric(-1).significand(), -1);
  EXPECT_EQ(Numeric(-kEndTimestamp).significand(), -kEndTimestamp);
}

TEST(Numeric, KeysSortLikeValues) {
  Arena arena;
  std::vector<Numeric> values;
  for (const char* s :
       {"-Infinity", "-1e400", "-1e33",  "-100",   "-99.5",   "-99",      "-10.01", "-10",   "-1",
        "-0.5",      "-0.05",  "-1e-32", "-1e-33", "-1e-100", "0",        "1e-100", "1e-33", "1e-32",
        "0.05",      "0.5",    "1",      "1.01",   "9.99",    "10",       "10.01",  "99",    "99.5",
        "100",       "1e31",   "1e32",   "1e33",   "1e400",   "Infinity", "NaN"}) {
    values.push_back(parse_numeric(s, arena));
  }
  for (size_t i = 0; i < values.size(); ++i) {
    for (size_t j = 0; j < values.size(); ++j) {
      std::string a, b;
      append_numeric_key(a, values[i]);
      append_numeric_key(b, values[j]);
      EXPECT_EQ(a < b, i < j) << text_of(values[i]) << ' ' << text_of(values[j]);
      EXPECT_EQ(compare(values[i], values[j]) < 0, i < j);
    }
  }
  std::string broken;
  append_numeric_key(broken, values[5]);
  for (size_t n = 0; n < broken.size(); ++n) {
    std::string_view cut(broken.data(), n);
    Numeric v;
    EXPECT_FALSE(read_numeric_key(cut, &v, arena));
  }
}

TEST(Numeric, EqualValuesHashAlike) {
  Arena arena;
  for (const char* s :
       {"0", "1", "-1.5", "1200", "123456789012345678901234567890", "7e60", "-25e-40", "1e131071"}) {
    Numeric a = parse_numeric(s, arena);
    for (int extra : {1, 5, 30, 200}) {
      Numeric b = round(a, std::max(scale(a), 0) + extra, arena);
      EXPECT_EQ(compare(a, b), 0);
      EXPECT_EQ(hash(a), hash(b)) << s << ' ' << extra;
    }
  }
}

TEST(NumericSum, IsExactAndReversible) {
  Arena arena;
  std::mt19937_64 random(7);
  NumericSum sum, left, right;
  Numeric expected;
  std::vector<Numeric> values;
  for (int i = 0; i < 70'000; ++i) {
    Numeric v(static_cast<int64_t>(random()) >> (random() % 60));
    v = Numeric(v.significand(), static_cast<int>(random() % 7));
    if (i % 1000 == 0)
      v = parse_numeric("-98765432109876543210987654321098765432109.123456789012345678901234567890", arena);
    values.push_back(v);
    expected = add(expected, v, arena);
    sum.add(v);
    (i % 2 == 0 ? left : right).add(v);
  }
  EXPECT_EQ(text_of(sum.sum(arena)), text_of(expected));
  left.merge(right);
  EXPECT_EQ(text_of(left.sum(arena)), text_of(expected));
  EXPECT_EQ(left.count(), 70'000);
  for (const Numeric& v : values) sum.subtract(v);
  EXPECT_EQ(sign_of(sum.sum(arena)), 0);
  EXPECT_EQ(sum.count(), 0);
  sum.reset();
  sum.add(Numeric::infinity());
  EXPECT_EQ(text_of(sum.sum(arena)), "Infinity");
  sum.add(Numeric::negative_infinity());
  EXPECT_EQ(text_of(sum.sum(arena)), "NaN");
  sum.subtract(Numeric::infinity());
  EXPECT_EQ(text_of(sum.sum(arena)), "-Infinity");
}

TEST(NumericSum, SumsOfManyAndOfPartsAreTheSame) {
  Arena arena;
  std::mt19937_64 random(11);
  NumericSum total;
  Numeric expected;
  int64_t count = 0;
  for (int part = 0; part < 3000; ++part) {
    // One scale mostly, now and then another; small sums and such as outgrow what is kept at hand.
    const int scale = part % 13 == 0 ? static_cast<int>(random() % 9) : 2;
    const auto rows = static_cast<int64_t>(random() % 1025);
    int128 sum = 0;
    for (int64_t i = 0; i < rows; ++i) sum += static_cast<int64_t>(random()) >> (random() % 60);
    if (part % 17 == 0) sum *= Numeric::kInlineLimit >> 80;
    NumericSum some;
    some.add_many(sum, rows, scale);
    if (part % 5 == 0) {
      some.add(Numeric(int128{part}, 1));
      expected = add(expected, Numeric(int128{part}, 1), arena);
      ++count;
    }
    if (rows > 0) expected = add(expected, numeric_from_int128(sum, scale, arena), arena);
    count += rows;
    total.merge(some);
  }
  EXPECT_EQ(text_of(total.sum(arena)), text_of(expected));
  EXPECT_EQ(total.count(), count);

  NumericSum empty, none;
  empty.merge(none);
  EXPECT_EQ(text_of(empty.sum(arena)), "0");
  empty.add(Numeric(int128{5}, 3));
  none.merge(empty);
  EXPECT_EQ(text_of(none.sum(arena)), "0.005");
  none.add(Numeric::nan());
  empty.merge(none);
  EXPECT_EQ(text_of(empty.sum(arena)), "NaN");
  empty.subtract(Numeric::nan());
  EXPECT_EQ(text_of(empty.sum(arena)), "0.010");
  // As many merges as would overflow, if nobody counted.
  NumericSum large, many;
  for (int i = 0; i < 20'000; ++i) large.add(Numeric(Numeric::kInlineLimit - 1, 0));
  for (int i = 0; i < 10; ++i) many.merge(large);
  EXPECT_EQ(text_of(many.sum(arena)),
            text_of(mul(Numeric(Numeric::kInlineLimit - 1, 0), Numeric(200'000), arena)));
}

TEST(NumericSum, SurvivesTheLargestInlineValues) {
  Arena arena;
  NumericSum sum;
  Numeric v(Numeric::kInlineLimit - 1, 0);
  for (int i = 0; i < 100'000; ++i) sum.add(v);
  EXPECT_EQ(text_of(sum.sum(arena)), text_of(mul(v, Numeric(100'000), arena)));
  EXPECT_EQ(text_of(sum.average(arena)), text_of(v));
}

TEST(Numeric, RejectsBrokenWireValues) {
  Arena arena;
  EXPECT_EQ(error_of([&] { receive_numeric(std::string("\0\1\0\0\0\0\0", 7), arena); }),
            "08P01 insufficient data left in message");
  EXPECT_EQ(error_of([&] { receive_numeric(std::string("\0\1\0\0\0\0\0\0\x27\x10", 10), arena); }),
            "22P03 invalid digit in external \"numeric\" value");
  EXPECT_EQ(error_of([&] { receive_numeric(std::string("\0\0\0\0\x12\0\0\0", 8), arena); }),
            "22P03 invalid sign in external \"numeric\" value");
}

TEST(Binary, RoundTripsAndChecksSizes) {
  std::string s;
  send_int4(s, -2);
  EXPECT_EQ(s, "\xFF\xFF\xFF\xFE");
  EXPECT_EQ(receive_int4(s), -2);
  EXPECT_EQ(error_of([&] { receive_int8(s); }), "08P01 insufficient data left in message");
  EXPECT_EQ(error_of([&] { receive_int2(s); }), "22P03 incorrect binary data format");
  s.clear();
  send_float8(s, -0.0);
  EXPECT_TRUE(std::signbit(receive_float8(s)));
  s.clear();
  send_interval(s, {-5, 6, -7});
  Interval v = receive_interval(s, -1);
  EXPECT_EQ(v.us, -5);
  EXPECT_EQ(v.days, 6);
  EXPECT_EQ(v.months, -7);
  s.clear();
  send_int8(s, kEndTimestamp);
  EXPECT_EQ(error_of([&] { receive_timestamp(s, -1); }), "22008 timestamp out of range");
}

TEST(Strings, LengthRules) {
  EXPECT_EQ(apply_varchar_length("abc  ", 3, false), "abc");
  EXPECT_EQ(apply_varchar_length("äöüx", 3, true), "äöü");
  EXPECT_EQ(error_of([] { apply_varchar_length("abcd", 3, false); }),
            "22001 value too long for type character varying(3)");
  std::string s;
  append_bpchar(s, "äb", 4, false);
  EXPECT_EQ(s, "äb  ");
  EXPECT_EQ(trim_bpchar(s), "äb");
  EXPECT_EQ(error_of([&] { append_bpchar(s, "abcd", 3, false); }),
            "22001 value too long for type character(3)");
  EXPECT_EQ(truncate_name(std::string(62, 'x') + "ä"), std::string(62, 'x'));
  s.clear();
  append_char(s, parse_char("\\377"));
  EXPECT_EQ(s, "\\377");
}

TEST(Utf8, ValidatesAndCounts) {
  EXPECT_EQ(utf8_invalid_at("plain ascii text äöü € 😀"), std::string("plain ascii text äöü € 😀").size());
  for (std::string bad :
       {"\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\x80", "\xE2\x82", "\xF8\x88\x80\x80\x80"}) {
    EXPECT_EQ(utf8_invalid_at("12345678" + bad), 8U);
  }
  EXPECT_EQ(error_of([] { utf8_verify("ab\xE2\x28\xA1"); }),
            "22021 invalid byte sequence for encoding \"UTF8\": 0xe2 0x28 0xa1");
  EXPECT_EQ(error_of([] { utf8_verify(std::string("a\0b", 3)); }),
            "22021 invalid byte sequence for encoding \"UTF8\": 0x00");
  EXPECT_EQ(utf8_length("aä€😀"), 4U);
  EXPECT_EQ(utf8_substring("aä€😀", 2, 2), "ä€");
  EXPECT_EQ(utf8_substring("aä€😀", -1, 3), "a");
  EXPECT_EQ(utf8_substring("aä€😀", 3, -1), "€😀");
  std::string s;
  append_upper(s, "straße ä", "de");
  EXPECT_EQ(s, "STRASSE Ä");
  s.clear();
  append_upper(s, "aä", "");
  EXPECT_EQ(s, "Aä");
  s.clear();
  append_initcap(s, "hELLO élan x2y", "und");
  EXPECT_EQ(s, "Hello Élan X2y");
}

TEST(Collation, OrdersAndKeysAgree) {
  const Collation& c = Collation::c();
  const Collation& de = Collation::icu("de");
  EXPECT_EQ(&de, &Collation::icu("de"));
  EXPECT_GT(c.compare("a", "B"), 0);
  EXPECT_LT(de.compare("a", "B"), 0);
  EXPECT_FALSE(de.version().empty());
  std::vector<std::string> words = {"",      "a",     "A",  "ä",   "b",    "Bär", "bar",
                                    "Äpfel", "apfel", "ab", "a b", "cote", "côte"};
  for (const auto& x : words) {
    for (const auto& y : words) {
      std::string kx, ky;
      de.append_sort_key(kx, x);
      de.append_sort_key(ky, y);
      EXPECT_EQ(de.compare(x, y) < 0, kx < ky) << x << ' ' << y;
      EXPECT_EQ(de.compare(x, y) == 0, x == y);
    }
  }
  const Collation& ci = Collation::icu("und-u-ks-level2", false);
  EXPECT_EQ(ci.compare("Hello", "hELLO"), 0);
  EXPECT_EQ(ci.hash("Hello"), ci.hash("hELLO"));
}

TEST(TimeZone, FindsNamesAndSpecs) {
  EXPECT_EQ(TimeZone::find("no/such"), nullptr);
  EXPECT_EQ(TimeZone::find("europe/berlin")->name(), "Europe/Berlin");
  EXPECT_EQ(TimeZone::find("../zoneinfo/UTC"), nullptr);
  EXPECT_EQ(TimeZone::fixed(19800).name(), "<+05:30>-05:30");
  EXPECT_EQ(TimeZone::find_setting("-7")->at_utc(0).seconds_east, -7 * 3600);
  EXPECT_EQ(TimeZone::find("<+03>-3")->at_utc(0).abbreviation, "+03");
  // Far beyond the file's last change the POSIX rule goes on.
  FormatSettings settings;
  settings.time_zone = TimeZone::find("America/New_York");
  std::string s;
  append_timestamptz(s, parse_timestamptz("3021-07-01 12:00", -1, settings), settings);
  EXPECT_EQ(s, "3021-07-01 12:00:00-04");
  EXPECT_GT(TimeZone::names().size(), 300U);
}

TEST(DateTime, WordsOfTheClock) {
  FormatSettings settings;
  settings.time_zone = TimeZone::find("Asia/Tokyo");
  settings.now_us = parse_timestamptz("2024-02-28 18:30:15.5+00", -1, FormatSettings());
  auto date = [&](const char* word) {
    std::string s;
    append_date(s, parse_date(word, settings), settings);
    return s;
  };
  EXPECT_EQ(date("today"), "2024-02-29");
  EXPECT_EQ(date("tomorrow"), "2024-03-01");
  EXPECT_EQ(date("yesterday"), "2024-02-28");
  std::string s;
  append_timestamptz(s, parse_timestamptz("now", -1, settings), settings);
  EXPECT_EQ(s, "2024-02-29 03:30:15.5+09");
  s.clear();
  append_timestamp(s, parse_timestamp("today 04:05", -1, settings), settings);
  EXPECT_EQ(s, "2024-02-29 04:05:00");
  s.clear();
  append_timetz(s, time_to_timetz(3600 * kUsPerSecond, settings));
  EXPECT_EQ(s, "01:00:00+09");
}

TEST(DateTime, PrecisionAndOverlaps) {
  FormatSettings settings;
  std::string s;
  append_timestamp(s, parse_timestamp("1999-12-31 23:59:59.9996", 3, settings), settings);
  append_time(s, parse_time("10:00:00.125", 2, settings));
  EXPECT_EQ(s, "2000-01-01 00:00:0010:00:00.13");
  EXPECT_TRUE(overlaps(1, 5, 4, 8));
  EXPECT_FALSE(overlaps(1, 5, 5, 8));
  EXPECT_TRUE(overlaps(8, 4, 5, 1));
  EXPECT_TRUE(overlaps(3, 3, 3, 3));
  EXPECT_EQ(compare(Interval{0, 1, 0}, Interval{kUsPerDay, 0, 0}), 0);
  EXPECT_EQ(hash(Interval{0, 1, 0}), hash(Interval{kUsPerDay, 0, 0}));
}

TEST(DateTime, CalendarIsConsistent) {
  for (int julian = 0; julian < 5'000'000; julian += 61) {
    int y, m, d;
    civil_from_julian(julian, &y, &m, &d);
    ASSERT_EQ(julian_day(y, m, d), julian);
    ASSERT_TRUE(m >= 1 && m <= 12 && d >= 1 && d <= days_in_month(y, m));
  }
}

TEST(QuickText, WritesFloatsAsShortestDigits) {
  std::mt19937_64 random(7);
  int quick = 0;
  auto check = [&](double value) {
    char text[kQuickTextBytes], shortest[400];
    const char* end = quick_write_float8(text, value);
    if (end == nullptr) return;
    ++quick;
    const char* wanted =
        std::to_chars(shortest, shortest + sizeof(shortest), value, std::chars_format::fixed).ptr;
    ASSERT_EQ(std::string_view(text, static_cast<size_t>(end - text)),
              std::string_view(shortest, static_cast<size_t>(wanted - shortest)));
  };
  for (int i = 0; i < 200'000; ++i) {
    const auto digits = static_cast<int64_t>(random() >> (random() % 50 + 13));
    const double powers[] = {1, 10, 100, 1000, 10'000, 100'000};
    const double value = static_cast<double>(digits) / powers[random() % 6];
    check(value);
    check(-value);
    check(std::nextafter(value, 0.0));
    check(std::bit_cast<double>(random()));
  }
  for (double value : {0.0, 0.1, 0.5, 1.0, 9.99, 10.0, 99.5, 100.0, 100.0001, 1e11, 99'999'999'999.9999})
    check(value);
  for (int hundredths = 0; hundredths <= 10'100; ++hundredths) {
    const double value = hundredths / 100.0;
    char text[kQuickTextBytes];
    ASSERT_NE(quick_write_float8(text, value), nullptr) << value;
    check(value);
    check(std::nextafter(value, 1e9));
    check(std::nextafter(value, -1e9));
  }
  EXPECT_GT(quick, 100'000);
  char text[kQuickTextBytes];
  for (double value : {-0.0, 1e15, -1e15, 1e300, 0.00001, std::numeric_limits<double>::infinity(),
                       std::numeric_limits<double>::quiet_NaN()})
    EXPECT_EQ(quick_write_float8(text, value), nullptr) << value;
}

TEST(QuickText, WritesNumericsAsTheirOutputFunctionDoes) {
  std::mt19937_64 random(8);
  int quick = 0;
  for (int i = 0; i < 200'000; ++i) {
    int128 digits = static_cast<int64_t>(random()) >> (random() % 64);
    if (i % 16 == 0) digits *= static_cast<int64_t>(random() % 1'000'000);
    if (!Numeric::fits_inline(digits)) continue;
    const Numeric value(digits, static_cast<int>(random() % 14));
    char text[kQuickTextBytes];
    const char* end = quick_write_numeric(text, value);
    if (end == nullptr) continue;
    ++quick;
    std::string wanted;
    append_numeric(wanted, value);
    ASSERT_EQ(std::string_view(text, static_cast<size_t>(end - text)), wanted);
  }
  EXPECT_GT(quick, 100'000);
  char text[kQuickTextBytes];
  EXPECT_EQ(quick_write_numeric(text, Numeric::nan()), nullptr);
}

TEST(QuickText, WritesTimesAsTheirOutputFunctionsDo) {
  std::mt19937_64 random(9);
  for (const char* name : {"UTC", "Europe/Berlin", "Asia/Kolkata", "America/St_Johns", "Pacific/Apia"}) {
    FormatSettings settings;
    settings.time_zone = TimeZone::find(name);
    ASSERT_NE(settings.time_zone, nullptr);
    TimestampWriter writer;
    int quick = 0;
    for (int i = 0; i < 50'000; ++i) {
      Timestamp t = static_cast<Timestamp>(random()) >> (random() % 20);
      if (i % 2 == 0) t -= t % kUsPerSecond;
      if (i % 3 == 0) t = t % (400 * 365 * kUsPerDay);
      if (!in_timestamp_range(t) || !in_timestamp_range(t + kUsPerDay) || !in_timestamp_range(t - kUsPerDay))
        continue;
      char text[kQuickTextBytes];
      auto check = [&](const char* end, auto&& append) {
        if (end == nullptr) return;
        ++quick;
        std::string wanted;
        append(wanted);
        ASSERT_EQ(std::string_view(text, static_cast<size_t>(end - text)), wanted);
      };
      check(writer.write(text, t), [&](std::string& out) { append_timestamp(out, t, settings); });
      check(writer.write_zoned(text, t, *settings.time_zone),
            [&](std::string& out) { append_timestamptz(out, t, settings); });
      const Date d = timestamp_to_date(t);
      check(writer.write_date(text, d), [&](std::string& out) { append_date(out, d, settings); });
    }
    EXPECT_GT(quick, 50'000) << name;
    char text[kQuickTextBytes];
    EXPECT_EQ(writer.write(text, kTimestampInfinity), nullptr);
    EXPECT_EQ(writer.write_zoned(text, kTimestampInfinity, *settings.time_zone), nullptr);
    EXPECT_EQ(writer.write_date(text, kDateInfinity), nullptr);
  }
}

TEST(PhysicalType, WidthsMatchTheTypes) {
  EXPECT_EQ(physical_width(PhysicalType::kNumeric), sizeof(Numeric));
  EXPECT_EQ(physical_width(PhysicalType::kInterval), sizeof(Interval));
  EXPECT_EQ(physical_width(PhysicalType::kUuid), sizeof(Uuid));
  EXPECT_EQ(physical_width(PhysicalType::kString), sizeof(StringRef));
  EXPECT_EQ(physical_name(PhysicalType::kInt64), "int64");
}

}  // namespace
}  // namespace varve::types
