#include "executor/index_sort.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <random>

#include "port/sim_vfs.h"

namespace varve::executor {
namespace {

struct Expected {
  std::string key;
  uint64_t tid;
  bool exempt;
  bool operator==(const Expected&) const = default;
  bool operator<(const Expected& o) const { return key != o.key ? key < o.key : tid < o.tid; }
};

std::string random_key(std::mt19937_64& random) {
  // Many equal ones, many that share eight bytes, zero bytes, empty and long ones.
  std::string key = random() % 3 == 0 ? std::string("shared prefix") : std::string();
  size_t length = random() % 50 == 0 ? random() % 2000 : random() % 6;
  for (size_t i = 0; i < length; ++i) key.push_back(static_cast<char>(random() % 3 * 127));
  return key;
}

// As many sorters as threads would have; the memory of each.
class IndexSortTest : public testing::TestWithParam<std::pair<size_t, size_t>> {};

TEST_P(IndexSortTest, MergesToOneOrder) {
  auto [sorters, memory] = GetParam();
  port::SimVfs vfs{1};
  ExecutionSettings settings;
  settings.vfs = &vfs;
  ASSERT_TRUE(vfs.make_directory(settings.temp_directory).ok());
  std::mt19937_64 random(42);
  std::vector<std::unique_ptr<IndexSorter>> all;
  std::vector<IndexSorter*> pointers;
  for (size_t i = 0; i < sorters; ++i) {
    all.push_back(std::make_unique<IndexSorter>(settings, memory));
    pointers.push_back(all.back().get());
  }
  std::vector<Expected> expected;
  for (uint64_t i = 0; i < 20'000; ++i) {
    Expected e{random_key(random), Tid{PageId{i / 100 + 1}, static_cast<uint16_t>(i % 100)}.packed(),
               i % 7 == 0};
    pointers[random() % sorters]->add(e.key, Tid::unpack(e.tid), e.exempt);
    expected.push_back(std::move(e));
  }
  uint64_t spilled = 0;
  for (IndexSorter* s : pointers) {
    s->finish();
    spilled += s->spilled_bytes();
  }
  EXPECT_EQ(spilled > 0, memory < (1 << 20));
  std::sort(expected.begin(), expected.end());
  IndexMerge merge(pointers);
  IndexSortEntry entry;
  std::vector<Expected> got;
  while (merge.next(&entry)) got.push_back({std::string(entry.key), entry.tid.packed(), entry.exempt});
  EXPECT_TRUE(got == expected);
  EXPECT_FALSE(merge.next(&entry));
}

INSTANTIATE_TEST_SUITE_P(All, IndexSortTest,
                         testing::Values(std::pair{size_t{1}, size_t{64} << 20},
                                         std::pair{size_t{3}, size_t{64} << 20},
                                         std::pair{size_t{1}, size_t{100} << 10},
                                         std::pair{size_t{3}, size_t{40} << 10},
                                         std::pair{size_t{2}, size_t{1}}));

TEST(IndexSort, NothingIsNothing) {
  ExecutionSettings settings;
  IndexSorter sorter(settings, 1000);
  sorter.finish();
  IndexMerge merge({&sorter});
  IndexSortEntry entry;
  EXPECT_FALSE(merge.next(&entry));
}

}  // namespace
}  // namespace varve::executor
