#include "time_bucket.h"

#include <gtest/gtest.h>
#include <limits>
#include <random>

#include "common/sql_error.h"
#include "moments.h"

namespace varve::hyperfunctions {

using types::Interval;

namespace {

TEST(TimeBucket, IntegersAreRoundedDownFromTheOffset) {
  for (int32_t width = 1; width <= 7; ++width) {
    for (int32_t offset = -15; offset <= 15; ++offset) {
      for (int32_t value = -30; value <= 30; ++value) {
        int32_t bucket = bucket_integer<int32_t>(width, value, offset);
        EXPECT_LE(bucket, value);
        EXPECT_GT(bucket + width, value);
        EXPECT_EQ((bucket - offset) % width, 0) << width << ' ' << offset << ' ' << value;
      }
    }
  }
}

TEST(TimeBucket, RangeEndsAreRefusedRatherThanWrapped) {
  constexpr int16_t kMin = std::numeric_limits<int16_t>::min(), kMax = std::numeric_limits<int16_t>::max();
  EXPECT_THROW((void)bucket_integer<int16_t>(7, kMin, 1), SqlError);
  EXPECT_THROW((void)bucket_integer<int16_t>(7, kMax, -1), SqlError);
  EXPECT_EQ(bucket_integer<int16_t>(2, kMin), kMin);
  EXPECT_EQ(bucket_integer<int16_t>(10, kMax), 32760);
  EXPECT_THROW((void)bucket_integer<int64_t>(10, std::numeric_limits<int64_t>::min()), SqlError);
  EXPECT_THROW((void)bucket_integer<int32_t>(0, 5), SqlError);
}

TEST(TimeBucket, TimesFallIntoTheBucketThatHoldsThem) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 20000; ++i) {
    int64_t width_us = static_cast<int64_t>(random() % (40ULL * 86'400'000'000)) + 1;
    Interval width{width_us, 0, 0};
    auto value = static_cast<int64_t>(random() % (1ULL << 60)) - (int64_t{1} << 57);
    auto origin = static_cast<int64_t>(random() % (1ULL << 58)) - (int64_t{1} << 57);
    int64_t bucket = bucket_timestamp(width, value, origin);
    ASSERT_LE(bucket, value);
    ASSERT_GT(bucket + width_us, value);
    ASSERT_EQ((bucket - origin) % width_us, 0);
    ASSERT_EQ(bucket_timestamp(width, bucket, origin), bucket);
  }
}

TEST(TimeBucket, MonthsBeginOnTheFirst) {
  Interval quarter{0, 0, 3};
  for (types::Date day = -40000; day < 40000; day += 13) {
    types::Date bucket = bucket_date(quarter, day);
    types::CivilTime civil = types::civil_from_timestamp(types::date_to_timestamp(bucket));
    ASSERT_EQ(civil.day, 1);
    ASSERT_EQ(civil.month % 3, 1);
    ASSERT_LE(bucket, day);
    ASSERT_LT(day - bucket, 93);
    ASSERT_EQ(bucket_date(quarter, bucket), bucket);
  }
  EXPECT_THROW((void)bucket_date(Interval{0, 1, 1}, 0), SqlError);
}

// Local days have 23, 24 or 25 hours; every moment lies in exactly one bucket, whichever side of a change.
TEST(TimeBucket, ZonesCutLocalTime) {
  Interval day{0, 1, 0}, hour{types::kUsPerHour, 0, 0};
  int64_t start = int64_t{8700} * types::kUsPerDay;  // October 2023
  int64_t last = std::numeric_limits<int64_t>::min();
  for (int64_t t = start; t < start + 400 * types::kUsPerDay; t += types::kUsPerHour / 2) {
    int64_t bucket = bucket_in_zone(day, t, "America/New_York");
    ASSERT_LE(bucket, t);
    ASSERT_LT(t - bucket, 25 * types::kUsPerHour);
    ASSERT_GE(bucket, last);
    last = bucket;
    int64_t in_hour = bucket_in_zone(hour, t, "America/New_York");
    ASSERT_EQ(in_hour, bucket_timestamp(hour, t));
  }
}

TEST(Moments, MergingIsAddingAll) {
  std::mt19937_64 random(3);
  std::normal_distribution<double> normal(1000, 3);
  Moments all, left, right;
  CoMoments pairs, first, second;
  for (int i = 0; i < 1000; ++i) {
    double x = normal(random), y = 2 * x + normal(random);
    all.add(x);
    (i % 3 == 0 ? left : right).add(x);
    pairs.add(x, y);
    (i < 400 ? first : second).add(x, y);
  }
  left.merge(right);
  EXPECT_EQ(left.n, all.n);
  EXPECT_NEAR(left.sum / all.sum, 1, 1e-12);
  EXPECT_NEAR(left.m2 / all.m2, 1, 1e-9);
  EXPECT_NEAR(left.m4 / all.m4, 1, 1e-9);
  first.merge(second);
  EXPECT_NEAR(*first.slope(), *pairs.slope(), 1e-9);
  EXPECT_NEAR(*first.corr(), *pairs.corr(), 1e-9);
}

}  // namespace

}  // namespace varve::hyperfunctions
