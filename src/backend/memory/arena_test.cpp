#include "memory/arena.h"

#include <gtest/gtest.h>

namespace varve {
namespace {

TEST(Arena, AlignsGrowsAndResets) {
  Arena arena;
  for (size_t i = 1; i < 3000; ++i) {
    auto* p = static_cast<char*>(arena.allocate(i, 16));
    ASSERT_EQ(reinterpret_cast<uintptr_t>(p) % 16, 0U);
    std::memset(p, static_cast<int>(i), i);
  }
  EXPECT_GT(arena.held_bytes(), 3000U * 3000 / 2);
  arena.reset();
  EXPECT_LE(arena.held_bytes(), Arena::kFirstBlockBytes + 64);
  EXPECT_EQ(arena.copy("hello"), "hello");
}

TEST(Arena, ServesRequestsLargerThanABlock) {
  Arena arena;
  auto* p = static_cast<char*>(arena.allocate(5 << 20));
  std::memset(p, 1, 5 << 20);
  Arena moved = std::move(arena);
  EXPECT_EQ(p[(5 << 20) - 1], 1);
}

}  // namespace
}  // namespace varve
