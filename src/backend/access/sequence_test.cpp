#include "access/sequence.h"

#include <gtest/gtest.h>
#include <set>
#include <thread>

#include "test_heap.h"

namespace varve::access {
namespace {

class SequenceTest : public ::testing::Test {
 protected:
  PageId create(int64_t start) {
    auto txn = env_.begin();
    auto segment = create_sequence(env_.pool(), *txn, start);
    VARVE_CHECK(segment.ok());
    env_.commit(txn);
    return *segment;
  }
  int64_t next(PageId segment, const SequenceOptions& options = {}, Lsn* durable = nullptr) {
    auto range = sequence_next(env_.pool(), segment, options, durable);
    VARVE_CHECK(range.ok());
    return range->first;
  }
  SequenceState read(PageId segment) { return *sequence_read(env_.pool(), segment); }

  HeapEnvironment env_;
};

// last_value, is_called and log_cnt as PostgreSQL 15 shows them after the same calls.
TEST_F(SequenceTest, CountsAndLogsAhead) {
  PageId s = create(1);
  EXPECT_EQ(read(s).last_value, 1);
  EXPECT_FALSE(read(s).is_called);
  EXPECT_EQ(read(s).log_cnt, 0);
  Lsn durable;
  EXPECT_EQ(next(s, {}, &durable), 1);
  EXPECT_NE(durable, Lsn{});
  EXPECT_EQ(read(s).log_cnt, 32);
  for (int i = 2; i <= 33; ++i) {
    EXPECT_EQ(next(s, {}, &durable), i);
    EXPECT_EQ(durable, Lsn{});
    EXPECT_EQ(read(s).log_cnt, 33 - i);
  }
  EXPECT_EQ(next(s, {}, &durable), 34);
  EXPECT_NE(durable, Lsn{});
  EXPECT_EQ(read(s).log_cnt, 32);
}

TEST_F(SequenceTest, SetvalAndBounds) {
  PageId s = create(1);
  ASSERT_TRUE(sequence_set(env_.pool(), s, 41, true).ok());
  EXPECT_EQ(next(s), 42);
  ASSERT_TRUE(sequence_set(env_.pool(), s, 10, false).ok());
  EXPECT_EQ(next(s), 10);
  SequenceOptions small{1, 1, 3, false, 1};
  ASSERT_TRUE(sequence_set(env_.pool(), s, 2, true).ok());
  EXPECT_EQ(next(s, small), 3);
  auto end = sequence_next(env_.pool(), s, small);
  EXPECT_EQ(end.status().code(), StatusCode::kNotFound);
  EXPECT_EQ(end.status().message(), "reached maximum value of sequence (3)");
  small.cycle = true;
  EXPECT_EQ(next(s, small), 1);
  SequenceOptions down{-2, -5, -1, false, 1};
  ASSERT_TRUE(sequence_set(env_.pool(), s, -1, true).ok());
  EXPECT_EQ(next(s, down), -3);
  EXPECT_EQ(next(s, down), -5);
  EXPECT_EQ(sequence_next(env_.pool(), s, down).status().message(), "reached minimum value of sequence (-5)");
  SequenceOptions edge{1, 1, INT64_MAX, false, 1};
  ASSERT_TRUE(sequence_set(env_.pool(), s, INT64_MAX - 1, true).ok());
  EXPECT_EQ(next(s, edge), INT64_MAX);
  EXPECT_EQ(sequence_next(env_.pool(), s, edge).status().code(), StatusCode::kNotFound);
}

TEST_F(SequenceTest, CacheHandsOutARange) {
  PageId s = create(1);
  SequenceOptions options{3, 1, 20, false, 5};
  auto range = sequence_next(env_.pool(), s, options);
  ASSERT_TRUE(range.ok());
  EXPECT_EQ(range->first, 1);
  EXPECT_EQ(range->last, 13);
  range = sequence_next(env_.pool(), s, options);
  ASSERT_TRUE(range.ok());
  EXPECT_EQ(range->first, 16);
  EXPECT_EQ(range->last, 19);  // shorter at the bound
}

TEST_F(SequenceTest, ThreadsNeverDrawTheSameValue) {
  PageId s = create(1);
  std::vector<std::vector<int64_t>> drawn(4);
  std::vector<std::thread> threads;
  for (auto& mine : drawn) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) mine.push_back(next(s));
    });
  }
  for (auto& t : threads) t.join();
  std::set<int64_t> all;
  for (auto& mine : drawn) all.insert(mine.begin(), mine.end());
  EXPECT_EQ(all.size(), 2000u);
  EXPECT_EQ(*all.rbegin(), 2000);
}

}  // namespace
}  // namespace varve::access
