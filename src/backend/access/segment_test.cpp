#include <algorithm>
#include <gtest/gtest.h>
#include <random>
#include <set>
#include <thread>

#include "buffer/log_batch.h"
#include "segment_format.h"
#include "test_storage.h"

namespace varve::access {
namespace {

PageId create(TestStorage& storage, TestTransaction& txn) {
  auto id = create_segment(storage.pool(), txn, SegmentKind::kHeap);
  EXPECT_TRUE(id.ok()) << id.status().to_string();
  return *id;
}

PageId allocate(TestStorage& storage, PageId segment) {
  auto id = allocate_page(storage.pool(), segment);
  EXPECT_TRUE(id.ok()) << id.status().to_string();
  return *id;
}

std::set<uint64_t> pages_of(TestStorage& storage, PageId segment) {
  std::set<uint64_t> pages;
  auto runs = segment_runs(storage.pool(), segment);
  EXPECT_TRUE(runs.ok());
  for (const PageRun& r : *runs) {
    for (uint32_t i = 0; i < r.count; ++i) EXPECT_TRUE(pages.insert(r.first.value() + i).second);
  }
  return pages;
}

uint32_t free_extents(TestStorage& storage) {
  auto map = storage.pool().fix_shared(PageId{1});
  return body_of<SpaceMap>(map->page()).free_extents;
}

TEST(Segment, HandsOutEveryPageOnceAndListsThem) {
  TestStorage storage;
  TestTransaction txn(storage.pool());
  PageId a = create(storage, txn), b = create(storage, txn);
  std::set<uint64_t> of_a, of_b;
  for (int i = 0; i < 3000; ++i) {
    EXPECT_TRUE(of_a.insert(allocate(storage, a).value()).second);
    EXPECT_TRUE(of_b.insert(allocate(storage, b).value()).second);
  }
  for (uint64_t p : of_a) EXPECT_EQ(of_b.count(p), 0U);
  EXPECT_EQ(of_a.count(a.value()), 0U);
  EXPECT_EQ(pages_of(storage, a), of_a);
  EXPECT_EQ(pages_of(storage, b), of_b);
  EXPECT_EQ(*segment_page_count(storage.pool(), a), of_a.size() + 1);
}

TEST(Segment, ReusesFreedPages) {
  TestStorage storage;
  TestTransaction txn(storage.pool());
  PageId a = create(storage, txn);
  std::set<uint64_t> all;
  for (int i = 0; i < 20; ++i) all.insert(allocate(storage, a).value());
  std::set<uint64_t> freed;
  for (uint64_t p : all) {
    if (p % 3 == 0) {
      ASSERT_TRUE(free_page(storage.pool(), a, PageId{p}).ok());
      freed.insert(p);
    }
  }
  std::set<uint64_t> again;
  for (size_t i = 0; i < freed.size(); ++i) again.insert(allocate(storage, a).value());
  EXPECT_EQ(again, freed);
  EXPECT_EQ(all.count(allocate(storage, a).value()), 0U);
}

TEST(Segment, FindsPagesThatNobodyInitialised) {
  TestStorage storage;
  TestTransaction txn(storage.pool());
  PageId a = create(storage, txn);
  std::set<uint64_t> lost;
  for (int i = 0; i < 20; ++i) lost.insert(allocate(storage, a).value());
  EXPECT_EQ(*reclaim_lost_pages(storage.pool(), a), lost.size());
  EXPECT_EQ(*reclaim_lost_pages(storage.pool(), a), 0U);
  for (size_t i = 0; i < 20; ++i) EXPECT_EQ(lost.count(allocate(storage, a).value()), 1U);
}

void set_extents(TestStorage& storage, uint32_t first, uint32_t count, bool taken) {
  auto map = storage.pool().fix_exclusive(PageId{1});
  MapSetPayload payload{first, count, taken};
  buffer::LogBatch batch(storage.pool(), kInvalidXid, kInvalidLsn);
  batch.change(*map, kOpSpaceMapSet, payload_of(payload));
  batch.commit();
}

void free_now(TestStorage& storage, PageId segment) {
  uint64_t stamp = 0;
  {
    auto header = storage.pool().fix_shared(segment);
    stamp = body_of<SegmentHeader>(header->page()).stamp;
  }
  ASSERT_TRUE(free_segment_if_owned(storage.pool(), segment, stamp).ok());
  ASSERT_TRUE(free_segment_if_owned(storage.pool(), segment, stamp).ok());  // again: nothing
}

// In a space where only single extents are free the list of runs outgrows the header.
TEST(Segment, ListOfRunsOverflowsIntoMapPagesAndComesBackWhenFreed) {
  TestStorage storage;
  uint32_t free_before = free_extents(storage);
  TestTransaction txn(storage.pool());
  constexpr uint32_t kSmall = 4000;
  std::vector<PageId> small;
  for (uint32_t i = 0; i < kSmall; ++i) small.push_back(create(storage, txn));
  for (size_t i = 0; i < small.size(); i += 2) free_now(storage, small[i]);
  set_extents(storage, kSmall + 1, kMapExtents - kSmall - 1, true);

  TestTransaction other(storage.pool());
  PageId big = create(storage, other);
  std::set<uint64_t> pages;
  // Beyond the single extents: into the next stretch.
  for (uint32_t i = 0; i < 8 * (kSmall / 2) + 3000; ++i)
    ASSERT_TRUE(pages.insert(allocate(storage, big).value()).second);
  auto runs = segment_runs(storage.pool(), big);
  ASSERT_TRUE(runs.ok());
  EXPECT_GT(runs->size(), kHeaderRuns + kMapRuns + 10);
  EXPECT_GT(*pages.rbegin(), kStretchPages);
  std::set<uint64_t> listed = pages_of(storage, big);
  // Besides the pages handed out only the map pages are listed.
  EXPECT_TRUE(std::includes(listed.begin(), listed.end(), pages.begin(), pages.end()));
  EXPECT_LE(listed.size() - pages.size(), 5U);

  ASSERT_TRUE(other.roll_back().ok());
  set_extents(storage, kSmall + 1, kMapExtents - kSmall - 1, false);
  for (size_t i = 1; i < small.size(); i += 2) free_now(storage, small[i]);
  EXPECT_EQ(free_extents(storage), free_before);
}

TEST(Segment, DropFreesAtPurgeAndOnlyTheSegmentThatWasMeant) {
  TestStorage storage;
  TestTransaction creator(storage.pool()), dropper(storage.pool());
  uint32_t free_before = free_extents(storage);
  PageId a = create(storage, creator);
  for (int i = 0; i < 500; ++i) allocate(storage, a);
  ASSERT_TRUE(drop_segment(storage.pool(), dropper, a).ok());
  EXPECT_LT(free_extents(storage), free_before);
  std::vector<uint8_t> record = dropper.undo().back();
  ASSERT_TRUE(dropper.purge().ok());
  EXPECT_EQ(free_extents(storage), free_before);
  // The same header page now names another segment: the old record must not touch it.
  PageId again = create(storage, creator);
  ASSERT_EQ(again, a);
  txn::UndoView view{{}, {}, {}, record};
  txn::PurgeContext context{storage.pool(), Xid{100}};
  ASSERT_TRUE(txn::purge_function(txn::UndoKind::kSegmentDrop)(context, view).ok());
  EXPECT_EQ(*segment_page_count(storage.pool(), again), 1U);
  allocate(storage, again);
}

TEST(Segment, ManyThreadsNeverGetTheSamePage) {
  TestStorage storage;
  TestTransaction txn(storage.pool());
  PageId a = create(storage, txn), b = create(storage, txn);
  std::vector<std::vector<uint64_t>> got(4);
  std::vector<std::thread> threads;
  for (size_t t = 0; t < got.size(); ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 400; ++i) got[t].push_back(allocate(storage, t % 2 == 0 ? a : b).value());
    });
  }
  for (auto& t : threads) t.join();
  std::set<uint64_t> all;
  for (auto& g : got) {
    for (uint64_t p : g) EXPECT_TRUE(all.insert(p).second);
  }
}

}  // namespace
}  // namespace varve::access
