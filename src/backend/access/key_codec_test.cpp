#include "access/key_codec.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <random>

#include "memory/arena.h"
#include "types/collation.h"

namespace varve::access {
namespace {

using types::Collation;
using types::Interval;
using types::PhysicalType;
using types::StringRef;
using types::TimeTz;
using types::Value;

std::string encode(const KeyColumn& c, const Value& v) {
  std::string out;
  append_key_column(out, c, v);
  return out;
}
int sign(int c) { return c < 0 ? -1 : c > 0 ? 1 : 0; }
// As the index compares: bytes.
int order(const std::string& a, const std::string& b) {
  int c = std::memcmp(a.data(), b.data(), std::min(a.size(), b.size()));
  return c != 0 ? sign(c) : a.size() < b.size() ? -1 : a.size() > b.size() ? 1 : 0;
}

// `values` ascending, each group of equal ones together; groups[i] says which group.
void expect_order(KeyColumn column, const std::vector<Value>& values, const std::vector<int>& groups) {
  for (bool descending : {false, true}) {
    column.descending = descending;
    for (size_t i = 0; i < values.size(); ++i) {
      for (size_t j = 0; j < values.size(); ++j) {
        int expected = sign(groups[i] - groups[j]) * (descending ? -1 : 1);
        std::string a = encode(column, values[i]), b = encode(column, values[j]);
        EXPECT_EQ(order(a, b), expected) << i << " " << j << " descending " << descending;
        if (expected != 0) {
          // No encoding is the beginning of another's.
          EXPECT_FALSE(a.starts_with(b));
        }
      }
    }
  }
}
void expect_ascending(const KeyColumn& column, const std::vector<Value>& values) {
  std::vector<int> groups;
  for (size_t i = 0; i < values.size(); ++i) groups.push_back(static_cast<int>(i));
  expect_order(column, values, groups);
}

KeyColumn column(PhysicalType type, KeyOrder order_kind = KeyOrder::kNatural) {
  KeyColumn c;
  c.type = type;
  c.order = order_kind;
  return c;
}

TEST(KeyCodec, Integers) {
  expect_ascending(column(PhysicalType::kBool), {Value::of_bool(false), Value::of_bool(true)});
  expect_ascending(column(PhysicalType::kInt16),
                   {Value::of_int16(-32768), Value::of_int16(-1), Value::of_int16(0), Value::of_int16(255),
                    Value::of_int16(32767)});
  expect_ascending(column(PhysicalType::kInt32),
                   {Value::of_int32(INT32_MIN), Value::of_int32(-1), Value::of_int32(0), Value::of_int32(256),
                    Value::of_int32(INT32_MAX)});
  expect_ascending(column(PhysicalType::kInt64),
                   {Value::of_int64(INT64_MIN), Value::of_int64(-1), Value::of_int64(0),
                    Value::of_int64(1LL << 40), Value::of_int64(INT64_MAX)});
  expect_ascending(
      column(PhysicalType::kInt32, KeyOrder::kUnsigned),
      {Value::of_int32(0), Value::of_int32(INT32_MAX), Value::of_int32(INT32_MIN), Value::of_int32(-1)});
}

TEST(KeyCodec, FloatsInTheOrderOfSql) {
  double inf = std::numeric_limits<double>::infinity(), nan = std::nan("");
  std::vector<Value> values;
  std::vector<int> groups;
  int g = 0;
  for (double d : {-inf, -1e300, -1.0, -1e-310})
    values.push_back(Value::of_float64(d)), groups.push_back(g++);
  values.push_back(Value::of_float64(-0.0)), groups.push_back(g);
  values.push_back(Value::of_float64(0.0)), groups.push_back(g++);
  for (double d : {1e-310, 1.0, 1e300, inf}) values.push_back(Value::of_float64(d)), groups.push_back(g++);
  values.push_back(Value::of_float64(nan)), groups.push_back(g);
  values.push_back(Value::of_float64(-nan)), groups.push_back(g);
  expect_order(column(PhysicalType::kFloat64), values, groups);
  float finf = std::numeric_limits<float>::infinity();
  auto f = [](float v) { return Value::of_float32(v); };
  expect_order(column(PhysicalType::kFloat32),
               {f(-finf), f(-1e30F), f(-1), f(-0.0F), f(0), f(1e-40F), f(1), f(finf), f(std::nanf("")),
                f(-std::nanf(""))},
               {0, 1, 2, 3, 3, 4, 5, 6, 7, 7});
}

TEST(KeyCodec, NumericsOfAnyScale) {
  Arena arena;
  std::vector<Value> values;
  std::vector<int> groups;
  const std::vector<std::vector<const char*>> texts = {
      {"-Infinity"},
      {"-1e500"},
      {"-123456789012345678901234567890123456789012345678901234567890"},
      {"-10"},
      {"-1.5", "-1.50"},
      {"-0.001"},
      {"0", "0.000", "-0.0"},
      {"1e-300"},
      {"0.01", "0.0100"},
      {"1", "1.0", "1.000000"},
      {"1.0000001"},
      {"9.99"},
      {"10", "10.0"},
      {"1e400"},
      {"Infinity"},
      {"NaN"}};
  for (size_t g = 0; g < texts.size(); ++g) {
    for (const char* t : texts[g]) {
      values.push_back(Value::of_numeric(types::parse_numeric(t, arena)));
      groups.push_back(static_cast<int>(g));
    }
  }
  expect_order(column(PhysicalType::kNumeric), values, groups);
}

TEST(KeyCodec, IntervalsByLengthAndTimesWithZoneByMoment) {
  auto i = [](int32_t months, int32_t days, int64_t us) {
    Interval v;
    v.months = months, v.days = days, v.us = us;
    return Value::of_interval(v);
  };
  int64_t day = 86'400'000'000;
  expect_order(column(PhysicalType::kInterval),
               {i(INT32_MIN, INT32_MIN, INT64_MIN), i(0, -1, 0), i(0, 0, 0), i(0, 1, 0), i(0, 0, day),
                i(1, 0, 0), i(0, 30, 0), i(0, 30, 1), i(INT32_MAX, INT32_MAX, INT64_MAX)},
               {0, 1, 2, 3, 3, 4, 4, 5, 6});
  auto t = [](int64_t us, int32_t zone) { return Value::of_timetz(TimeTz{us, zone}); };
  // 12:00+01 (zone -3600) is the moment 11:00 UTC and sorts by zone among its equals.
  std::vector<Value> times = {t(0, 0), t(12 * 3'600'000'000LL, -3600), t(11 * 3'600'000'000LL, 0),
                              t(10 * 3'600'000'000LL, 3600), t(day, 0)};
  expect_ascending(column(PhysicalType::kInterval, KeyOrder::kTimeTz), times);
}

TEST(KeyCodec, StringsUuidsAndBlanks) {
  auto s = [](std::string_view text) { return Value::of_string(StringRef(text.data(), text.size())); };
  using namespace std::string_view_literals;
  expect_ascending(column(PhysicalType::kString),
                   {s(""), s("\0"sv), s("\0\0"sv), s("\0\1"sv), s("\0\xff"sv), s("\1"), s("a"), s("a\0"sv),
                    s("a\0b"sv), s("aa"), s("b"), s("\xff")});
  expect_order(column(PhysicalType::kString, KeyOrder::kBpchar),
               {s("a"), s("a  "), s("a b"), s("b"), s("b ")}, {0, 0, 1, 2, 2});
  types::Uuid low{}, high{};
  high.bytes[0] = 0x80;
  low.bytes[15] = 0xFF;
  expect_ascending(column(PhysicalType::kUuid), {Value::of_uuid(low), Value::of_uuid(high)});
}

TEST(KeyCodec, CollationDecidesAndBreaksTies) {
  KeyColumn c = column(PhysicalType::kString);
  c.collation = &Collation::icu("en-US");
  std::vector<std::string> words = {"",  "a",   "A",   "ab",   "Ab",          "\xc3\xa4", "b",
                                    "B", "a b", "a-b", "cote", "cot\xc3\xa9", "z"};
  for (const auto& a : words) {
    for (const auto& b : words) {
      EXPECT_EQ(order(encode(c, Value::of_string(StringRef(a))), encode(c, Value::of_string(StringRef(b)))),
                sign(c.collation->compare(a, b)))
          << a << " " << b;
    }
  }
}

TEST(KeyCodec, NullsGoWhereTheyBelongWhateverTheDirection) {
  for (bool first : {false, true}) {
    for (bool descending : {false, true}) {
      KeyColumn c = column(PhysicalType::kInt32);
      c.nulls_first = first;
      c.descending = descending;
      std::string null = encode(c, Value::null_of(PhysicalType::kInt32));
      for (int32_t v : {INT32_MIN, 0, INT32_MAX})
        EXPECT_EQ(order(null, encode(c, Value::of_int32(v))), first ? -1 : 1);
    }
  }
}

TEST(KeyCodec, FirstColumnsAreAPrefixAndOrderIsByColumns) {
  std::vector<KeyColumn> columns = {column(PhysicalType::kString), column(PhysicalType::kInt32)};
  columns[1].descending = true;
  auto key = [&](std::string_view a, int32_t b) {
    std::string out;
    append_key(out, columns, std::vector<Value>{Value::of_string(StringRef(a)), Value::of_int32(b)});
    return out;
  };
  std::string prefix;
  append_key(prefix, columns, std::vector<Value>{Value::of_string(StringRef(std::string_view("ab")))});
  EXPECT_TRUE(key("ab", 5).starts_with(prefix));
  EXPECT_FALSE(key("abc", 5).starts_with(prefix));
  EXPECT_FALSE(key("a", 5).starts_with(prefix));
  EXPECT_LT(order(key("ab", 6), key("ab", 5)), 0);
  EXPECT_LT(order(key("ab", 5), key("abc", 6)), 0);
}

}  // namespace
}  // namespace varve::access
