// Sets of rows against std::set: what AND and OR make of them, asked in any rhythm.
#include "tid_stream.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <random>
#include <set>

namespace varve::executor {
namespace {

using Set = std::set<uint64_t>;

std::unique_ptr<TidStream> stream_of(const Set& set) {
  std::vector<Tid> tids;
  for (uint64_t n : set) tids.push_back(Tid::unpack(n));
  return listed_tids(std::move(tids));
}

struct Both {
  std::unique_ptr<TidStream> stream;  // null: all
  Set set;
};

constexpr uint64_t kRows = 300;

Both random_tree(std::mt19937_64& random, int depth) {
  if (depth == 0 || random() % 3 == 0) {
    Both leaf;
    const uint64_t density = random() % 5;
    for (uint64_t n = 0; n < kRows; ++n) {
      if (density == 4 || random() % 8 < density * density) leaf.set.insert(n);
    }
    if (density != 4) leaf.stream = stream_of(leaf.set);
    return leaf;
  }
  const bool common = random() % 2 == 0;
  std::vector<std::unique_ptr<TidStream>> parts;
  Set set;
  const uint64_t count = 1 + random() % 4;
  for (uint64_t i = 0; i < count; ++i) {
    Both part = random_tree(random, depth - 1);
    if (i == 0) {
      set = part.set;
    } else if (common) {
      std::erase_if(set, [&](uint64_t n) { return !part.set.contains(n); });
    } else {
      set.insert(part.set.begin(), part.set.end());
    }
    parts.push_back(std::move(part.stream));
  }
  return {common ? common_tids(std::move(parts)) : united_tids(std::move(parts)), std::move(set)};
}

TEST(TidStreamTest, AgreesWithSets) {
  std::mt19937_64 random(3);
  int skipped = 0;
  for (int round = 0; round < 3000; ++round) {
    Both both = random_tree(random, 3);
    if (both.stream == nullptr) {
      ASSERT_EQ(both.set.size(), kRows);
      continue;
    }
    for (uint64_t at = random() % 20;;) {
      Tid tid;
      const auto expected = both.set.lower_bound(at);
      const bool found = both.stream->seek(Tid::unpack(at), &tid);
      ASSERT_EQ(found, expected != both.set.end());
      if (!found) break;
      ASSERT_EQ(tid.packed(), *expected);
      const uint64_t step = random() % 4 == 0 ? random() % 40 : 1;
      skipped += step > 1 ? 1 : 0;
      at = tid.packed() + step;  // 0: the same again
    }
  }
  EXPECT_GT(skipped, 1000);
}

TEST(TidStreamTest, NothingIsCommonWithNothingAndAllIsAll) {
  Tid tid;
  std::vector<std::unique_ptr<TidStream>> parts;
  parts.push_back(nullptr);
  parts.push_back(stream_of({}));
  EXPECT_FALSE(common_tids(std::move(parts))->seek(Tid::unpack(0), &tid));
  parts.clear();
  parts.push_back(nullptr);
  parts.push_back(stream_of({1}));
  EXPECT_EQ(united_tids(std::move(parts)), nullptr);
  parts.clear();
  EXPECT_EQ(common_tids(std::move(parts)), nullptr);
  parts.clear();
  EXPECT_FALSE(united_tids(std::move(parts))->seek(Tid::unpack(0), &tid));
}

}  // namespace
}  // namespace varve::executor
