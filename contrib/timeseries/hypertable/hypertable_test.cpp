#include <algorithm>
#include <gtest/gtest.h>

#include "access/table_method.h"
#include "common/sql_error.h"
#include "functions/type_oids.h"
#include "internal_time.h"
#include "invalidation.h"
#include "known_chunks.h"
#include "partition_hash.h"

namespace varve::hypertable {
namespace {

using types::Value;

catalog::Relation columnar(std::string options) {
  catalog::Relation relation;
  relation.access_method = access::kColumnarMethod;
  relation.options = std::move(options);
  return relation;
}

TEST(Mark, SaysWhichHypertableAndWhichColumns) {
  auto mark =
      find_mark(columnar("orderby=host, time\nhypertable=7:86400000000,time,\"Odd, \"\"name\"\"\"\n"));
  ASSERT_TRUE(mark.has_value());
  EXPECT_EQ(mark->id, 7);
  EXPECT_EQ(mark->interval, kDayUs);
  EXPECT_EQ(mark->columns, (std::vector<std::string>{"time", "Odd, \"name\""}));
  EXPECT_EQ(mark->kinds, (std::vector<DimensionKind>{DimensionKind::kRange, DimensionKind::kHash}));
}

TEST(Mark, SaysWhetherThereAreContinuousAggregates) {
  EXPECT_FALSE(find_mark(columnar("hypertable=7:86400000000,c"))->continuous);
  auto mark = find_mark(columnar("hypertable=7:86400000000:c,time"));
  ASSERT_TRUE(mark.has_value());
  EXPECT_TRUE(mark->continuous);
  EXPECT_EQ(mark->interval, kDayUs);
  EXPECT_EQ(mark->columns, std::vector<std::string>{"time"});
}

TEST(TouchedTimes, CoverEveryTimeWithFewRanges) {
  auto covered = [](const TouchedTimes& times, int64_t t) {
    return std::any_of(times.ranges().begin(), times.ranges().end(),
                       [t](const TouchedTimes::Range& r) { return r.low <= t && t <= r.high; });
  };
  TouchedTimes near(10);
  for (int64_t t : {100, 105, 95, 111, 100}) near.add(t);
  ASSERT_EQ(near.ranges().size(), 1U);
  EXPECT_EQ(near.ranges()[0].low, 95);
  EXPECT_EQ(near.ranges()[0].high, 111);
  near.add(500);
  ASSERT_EQ(near.ranges().size(), 2U);
  EXPECT_FALSE(covered(near, 300));

  TouchedTimes far(10);
  std::vector<int64_t> all{kNoEnd, kNoStart + 1, 0, -1};
  for (int64_t i = 0; i < 1000; ++i) all.push_back(i * 7919 % 1009 * 1000 - 400000);
  for (int64_t t : all) far.add(t);
  for (int64_t t : all) EXPECT_TRUE(covered(far, t)) << t;
  EXPECT_LE(far.ranges().size(), 16U);
}

TEST(Mark, OtherRelationsHaveNone) {
  EXPECT_FALSE(find_mark(columnar("orderby=time\n")).has_value());
  EXPECT_FALSE(find_mark(columnar("hypertable=x,time\n")).has_value());
  EXPECT_FALSE(find_mark(columnar("hypertable=7\n")).has_value());
  EXPECT_FALSE(find_mark(columnar("hypertable=7:0,time\n")).has_value());
  catalog::Relation heap = columnar("hypertable=7:1,time\n");
  heap.access_method = access::kHeapMethod;
  EXPECT_FALSE(find_mark(heap).has_value());
}

TEST(InternalTime, CountsFrom1970) {
  EXPECT_EQ(internal_from_timestamp(-kEpochShiftUs), 0);
  EXPECT_EQ(internal_from_date(-10957), 0);
  EXPECT_EQ(to_internal_time(Value::of_int16(-5), type_oid::kInt2), -5);
  EXPECT_EQ(to_internal_time(Value::of_int64(0), type_oid::kTimestamptz), kEpochShiftUs);
  for (int64_t t : {int64_t{0}, int64_t{-1}, kDayUs, -kDayUs, kEpochShiftUs, int64_t{1714521600000000}}) {
    EXPECT_EQ(internal_from_timestamp(timestamp_from_internal(t)), t);
  }
  for (int32_t day : {0, 1, -1, 20000, -20000, -10957}) {
    EXPECT_EQ(date_from_internal(internal_from_date(day)), day);
    EXPECT_EQ(date_from_internal(internal_from_date(day) + kDayUs - 1), day);
  }
}

TEST(InternalTime, HasAnEndAndNoBeginning) {
  constexpr int64_t kInfinity = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(internal_from_timestamp(kInfinity), kNoEnd);
  EXPECT_EQ(timestamp_from_internal(kNoEnd), kInfinity);
  EXPECT_EQ(internal_from_date(std::numeric_limits<int32_t>::max()), kNoEnd);
  EXPECT_THROW(internal_from_timestamp(std::numeric_limits<int64_t>::min()), SqlError);
  EXPECT_THROW(internal_from_timestamp(kInfinity - 1), SqlError);
  EXPECT_THROW(internal_from_date(std::numeric_limits<int32_t>::min()), SqlError);
  EXPECT_THROW(internal_from_date(std::numeric_limits<int32_t>::max() - 1), SqlError);
}

TEST(TimeRange, TakesItsStartAndNotItsEnd) {
  const TimeRange day{0, 10};
  EXPECT_TRUE(day.contains(0));
  EXPECT_TRUE(day.contains(9));
  EXPECT_FALSE(day.contains(10));
  EXPECT_FALSE(day.contains(-1));
  const TimeRange last{10, kNoEnd}, first{kNoStart, 0};
  EXPECT_TRUE(last.contains(kNoEnd));
  EXPECT_TRUE(first.contains(kNoStart));
  EXPECT_FALSE(first.contains(0));
}

TEST(KnownChunks, FindsAChunkByTimeAndSlice) {
  KnownChunks known;
  EXPECT_EQ(known.find(5, {}), nullptr);
  known.add({Oid{1}, {0, 10}, {}});
  known.add({Oid{2}, {20, 30}, {}});
  known.add({Oid{3}, {kNoStart, -100}, {}});
  EXPECT_EQ(known.find(9, {})->relation, Oid{1});
  EXPECT_EQ(known.find(10, {}), nullptr);
  EXPECT_EQ(known.find(20, {})->relation, Oid{2});
  EXPECT_EQ(known.find(-100, {}), nullptr);
  EXPECT_EQ(known.find(-101, {})->relation, Oid{3});
  const TimeRange low{kNoStart, 1000}, high{1000, kNoEnd};
  known.add({Oid{4}, {40, 50}, {low}});
  known.add({Oid{5}, {40, 50}, {high}});
  const int64_t small[] = {999}, great[] = {1000};
  EXPECT_EQ(known.find(45, small)->relation, Oid{4});
  EXPECT_EQ(known.find(45, great)->relation, Oid{5});
}

// Ranges on disk were cut by these numbers.
TEST(PartitionHash, NeverChanges) {
  functions::EvalContext context{};
  EXPECT_EQ(partition_hash(Value::of_int32(1), type_oid::kInt4, context),
            partition_hash(Value::of_int64(1), type_oid::kInt8, context));
  EXPECT_EQ(partition_hash(Value::of_int16(-1), type_oid::kInt2, context),
            partition_hash(Value::of_int64(-1), type_oid::kInt8, context));
  EXPECT_EQ(partition_hash(Value::of_int32(1), type_oid::kInt4, context), 885181228);
  EXPECT_EQ(partition_hash(Value::of_string("host_1"), type_oid::kText, context), 966851240);
  EXPECT_EQ(partition_hash(Value::of_string(""), type_oid::kText, context), 983116070);
  for (int32_t i = 0; i < 1000; ++i)
    EXPECT_GE(partition_hash(Value::of_int32(i), type_oid::kInt4, context), 0);
}

}  // namespace
}  // namespace varve::hypertable
