#include "referenced_key.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

#include "functions/registry.h"
#include "functions/type_oids.h"
#include "types/format_settings.h"

namespace varve::executor {
namespace {

using types::Value;

class KeyConversionTest : public testing::Test {
 protected:
  bool convert(Oid from, Oid to, const Value& value) {
    return KeyConversion(from, to).apply(value, &out_, context_);
  }

  Arena memory_;
  types::FormatSettings settings_;
  functions::EvalContext context_{&memory_, &settings_, nullptr};
  Value out_;
};

TEST_F(KeyConversionTest, IntegersKeepTheirValueOrHaveNoEqual) {
  ASSERT_TRUE(convert(type_oid::kInt4, type_oid::kInt8, Value::of_int32(-5)));
  EXPECT_EQ(out_.int64, -5);
  ASSERT_TRUE(
      convert(type_oid::kInt8, type_oid::kInt4, Value::of_int64(std::numeric_limits<int32_t>::min())));
  EXPECT_EQ(out_.int32, std::numeric_limits<int32_t>::min());
  EXPECT_FALSE(convert(type_oid::kInt8, type_oid::kInt4, Value::of_int64(int64_t{1} << 31)));
  ASSERT_TRUE(convert(type_oid::kInt8, type_oid::kInt2, Value::of_int64(32767)));
  EXPECT_EQ(out_.int16, 32767);
  EXPECT_FALSE(convert(type_oid::kInt4, type_oid::kInt2, Value::of_int32(-32769)));
}

TEST_F(KeyConversionTest, FloatsAreEqualOnlyWhenTheNarrowOneIsExact) {
  ASSERT_TRUE(convert(type_oid::kFloat8, type_oid::kFloat4, Value::of_float64(0.5)));
  EXPECT_EQ(out_.float32, 0.5F);
  EXPECT_FALSE(convert(type_oid::kFloat8, type_oid::kFloat4, Value::of_float64(0.1)));
  EXPECT_TRUE(convert(type_oid::kFloat8, type_oid::kFloat4, Value::of_float64(std::nan(""))));
  ASSERT_TRUE(convert(type_oid::kFloat4, type_oid::kFloat8, Value::of_float32(0.1F)));
  EXPECT_EQ(out_.float64, static_cast<double>(0.1F));
}

TEST_F(KeyConversionTest, PaddedTextLosesItsBlanks) {
  ASSERT_TRUE(convert(type_oid::kBpchar, type_oid::kText, Value::of_string(std::string_view("ab   "))));
  EXPECT_EQ(out_.view(), "ab");
  ASSERT_TRUE(convert(type_oid::kVarchar, type_oid::kText, Value::of_string(std::string_view("ab  "))));
  EXPECT_EQ(out_.view(), "ab  ");
}

TEST_F(KeyConversionTest, OnlyTheFirstMomentOfADayIsADate) {
  constexpr int64_t kDayUs = 86'400'000'000;
  ASSERT_TRUE(convert(type_oid::kTimestamp, type_oid::kDate, Value::of_int64(31 * kDayUs)));
  EXPECT_EQ(out_.int32, 31);
  EXPECT_FALSE(convert(type_oid::kTimestamp, type_oid::kDate, Value::of_int64(31 * kDayUs + 1)));
  ASSERT_TRUE(convert(type_oid::kDate, type_oid::kTimestamp, Value::of_int32(31)));
  EXPECT_EQ(out_.int64, 31 * kDayUs);
}

TEST_F(KeyConversionTest, OtherTypesGoThroughTheirText) {
  ASSERT_TRUE(convert(type_oid::kInt4, type_oid::kNumeric, Value::of_int32(42)));
  EXPECT_EQ(out_.type, types::PhysicalType::kNumeric);
  std::string text;
  functions::append_value(type_oid::kNumeric, out_, text, context_);
  EXPECT_EQ(text, "42");
}

}  // namespace
}  // namespace varve::executor
