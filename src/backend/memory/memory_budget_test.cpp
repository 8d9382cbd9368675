#include "memory/memory_budget.h"

#include <gtest/gtest.h>
#include <thread>
#include <vector>

#include "common/sql_error.h"
#include "memory/arena.h"

namespace varve::memory_budget {
namespace {

constexpr size_t kMb = 1 << 20;

class MemoryBudget : public ::testing::Test {
 protected:
  void SetUp() override { set_limit(used_bytes() + 64 * kMb); }
  void TearDown() override { set_limit(0); }
};

TEST_F(MemoryBudget, ArenasAndVectorsAreCountedAndGivenBack) {
  const uint64_t before = used_bytes();
  {
    Arena arena;
    for (int i = 0; i < 8; ++i) arena.allocate(kMb);
    std::vector<uint64_t, Allocator<uint64_t>> numbers(kMb);
    EXPECT_GE(used_bytes() + kBatchBytes, before + 16 * kMb);
    EXPECT_LE(used_bytes(), before + 17 * kMb);
    Arena moved(std::move(arena));
    moved.reset();
    EXPECT_LE(used_bytes(), before + 9 * kMb + kBatchBytes) << "all but the first block";
  }
  EXPECT_LE(used_bytes(), before + kBatchBytes);
}

TEST_F(MemoryBudget, WhatAnotherThreadCountsIsThereWhenItHasEnded) {
  const uint64_t before = used_bytes();
  std::thread([] { count(1000); }).join();
  EXPECT_EQ(used_bytes(), before + 1000);
  std::thread([] { give_back(1000); }).join();
  EXPECT_EQ(used_bytes(), before);
}

TEST_F(MemoryBudget, OnlyQueriesAreRefusedAndOnlyLargeBlocks) {
  Arena arena;
  for (int i = 0; i < 80; ++i) arena.allocate(kMb);  // nobody says that this is a query
  Enforced query;
  std::vector<uint8_t, Allocator<uint8_t>> small(kLargeBytes - 1);
  const uint64_t before = used_bytes();
  const size_t held = arena.held_bytes();
  try {
    arena.allocate(2 * kMb);
    FAIL() << "given beyond the limit";
  } catch (const SqlError& error) {
    EXPECT_EQ(error.fields().state, sqlstate::kOutOfMemory);
  }
  EXPECT_THROW((std::vector<uint64_t, Allocator<uint64_t>>(kMb)), SqlError);
  EXPECT_EQ(used_bytes(), before);
  EXPECT_EQ(arena.held_bytes(), held);
  set_limit(0);
  arena.allocate(2 * kMb);
}

TEST_F(MemoryBudget, OperatorsGetLessTheMoreIsHeld) {
  EXPECT_EQ(share_of(10 * kMb, 1), 10 * kMb);
  Arena arena;
  size_t last = 10 * kMb;
  while (used_bytes() < limit_bytes() / 8 * 5) {
    arena.allocate(kMb);
    const size_t share = share_of(10 * kMb, 1000);
    EXPECT_LE(share, last);
    last = share;
  }
  EXPECT_EQ(last, 1000U);
  set_limit(0);
  EXPECT_EQ(share_of(10 * kMb, 1), 10 * kMb);
}

}  // namespace
}  // namespace varve::memory_budget
