// Many threads in one tree: nobody may lose an entry, see one twice, or leave the structure broken.
#include <algorithm>
#include <atomic>
#include <functional>
#include <gtest/gtest.h>
#include <random>
#include <thread>

#include "btree_impl.h"
#include "test_storage.h"

namespace varve::access {
namespace {

using Bound = Btree::Bound;

Result<RowState> all_dead(buffer::BufferPool&, Tid, Xid) { return RowState::kDead; }

#ifdef VARVE_TSAN
constexpr uint64_t kPerThread = 1500;
#else
constexpr uint64_t kPerThread = 15000;
#endif
constexpr int kThreads = 4;

// Number i as a key; `long_tail` makes nodes small, so that there are many splits on several levels.
std::string key(uint64_t i, bool long_tail) {
  std::string k(8, '\0');
  store_be<uint64_t>(k.data(), i * 0x9E3779B97F4A7C15ULL);
  if (long_tail) k += std::string(300 + i % 200, static_cast<char>(i));
  return k;
}
wal::Bytes bytes(const std::string& k) { return {reinterpret_cast<const uint8_t*>(k.data()), k.size()}; }
Tid tid(uint64_t i) { return Tid{PageId{1 + i / 1000}, static_cast<uint16_t>(i % 1000)}; }

class BtreeConcurrentTest : public ::testing::TestWithParam<bool> {
 protected:
  BtreeConcurrentTest() : storage_(30000), creator_(storage_.pool()) {
    register_row_probe(all_dead);
    auto segment = create_segment(storage_.pool(), creator_, SegmentKind::kBtree);
    VARVE_CHECK(segment.ok() && BtreeCore(storage_.pool(), *segment).create_root().ok());
    tree_ = std::make_unique<BtreeImpl>(storage_.pool(), *segment);
  }

  void run(const std::function<void(int)>& work) {
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) threads.emplace_back(work, t);
    for (auto& t : threads) t.join();
  }
  size_t count() {
    size_t n = 0;
    auto cursor = tree_->scan({}, Bound::kUnbounded, {}, Bound::kUnbounded, false);
    std::vector<Entry> out;
    do {
      EXPECT_TRUE(cursor->next(&out, 500).ok());
      n += out.size();
    } while (!out.empty());
    return n;
  }
  void verify() {
    Status s = tree_->verify();
    ASSERT_TRUE(s.ok()) << s.to_string();
  }

  TestStorage storage_;
  TestTransaction creator_;
  std::unique_ptr<BtreeImpl> tree_;
};

TEST_P(BtreeConcurrentTest, InsertersAndReaders) {
  std::atomic<int> inserting{kThreads - 1};
  run([&](int t) {
    if (t == 0) {
      // A reader: entries once seen stay, in both directions, in order and without repetition.
      std::vector<Entry> out;
      size_t seen_before = 0;
      while (inserting.load() > 0) {
        for (bool backward : {false, true}) {
          auto cursor = tree_->scan({}, Bound::kUnbounded, {}, Bound::kUnbounded, backward);
          std::string last;
          size_t n = 0;
          do {
            ASSERT_TRUE(cursor->next(&out, 97).ok());
            for (const Entry& e : out) {
              std::string k(e.key.begin(), e.key.end());
              if (n > 0) {
                ASSERT_TRUE(backward ? k < last : last < k);
              }
              last = std::move(k);
              ++n;
            }
          } while (!out.empty());
          ASSERT_GE(n, seen_before);
          seen_before = n;
        }
      }
      return;
    }
    TestTransaction txn(storage_.pool(), 10 + static_cast<uint64_t>(t));
    std::vector<Tid> found;
    for (uint64_t i = 0; i < kPerThread; ++i) {
      uint64_t n = i * kThreads + static_cast<uint64_t>(t);
      std::string k = key(n, GetParam());
      auto r = tree_->insert(txn, bytes(k), tid(n), nullptr);
      ASSERT_TRUE(r.ok()) << r.status().to_string();
      txn.forget_undo();
      found.clear();
      uint64_t old = (i * 7919 % (i + 1)) * kThreads + static_cast<uint64_t>(t);
      std::string old_key = key(old, GetParam());
      ASSERT_TRUE(tree_->lookup(bytes(old_key), &found).ok());
      ASSERT_EQ(found, std::vector<Tid>{tid(old)});
    }
    --inserting;
  });
  verify();
  EXPECT_EQ(count(), (kThreads - 1) * kPerThread);
}

// Each thread fills and empties its own keys, which lie among those of the others; splits and merges
// everywhere.
TEST_P(BtreeConcurrentTest, GrowingAndShrinkingAtOnce) {
  run([&](int t) {
    TestTransaction txn(storage_.pool(), 10 + static_cast<uint64_t>(t));
    std::mt19937 random(static_cast<uint32_t>(t));
    std::vector<uint64_t> mine;
    std::vector<Tid> found;
    for (uint64_t i = 0; i < kPerThread * 3; ++i) {
      bool growing = i / (kPerThread / 2) % 2 == 0;
      if (mine.empty() || random() % 10 < (growing ? 9U : 1U)) {
        uint64_t n = i * kThreads + static_cast<uint64_t>(t);
        std::string k = key(n, GetParam());
        ASSERT_TRUE(tree_->insert(txn, bytes(k), tid(n), nullptr).ok());
        txn.forget_undo();
        mine.push_back(n);
      } else {
        std::swap(mine[random() % mine.size()], mine.back());
        uint64_t n = mine.back();
        mine.pop_back();
        std::string k = key(n, GetParam());
        ASSERT_TRUE(tree_->note_gone(txn, bytes(k), tid(n)).ok());
        ASSERT_TRUE(txn.purge().ok());
        found.clear();
        ASSERT_TRUE(tree_->lookup(bytes(k), &found).ok());
        ASSERT_TRUE(found.empty());
      }
      if (!mine.empty()) {
        uint64_t n = mine[random() % mine.size()];
        std::string k = key(n, GetParam());
        found.clear();
        ASSERT_TRUE(tree_->lookup(bytes(k), &found).ok());
        ASSERT_EQ(found, std::vector<Tid>{tid(n)});
      }
    }
    for (uint64_t n : mine) {
      std::string k = key(n, GetParam());
      ASSERT_TRUE(tree_->remove_dead(bytes(k), tid(n)).ok());
    }
  });
  verify();
  EXPECT_EQ(count(), 0U);
}

// The other thread's row counts as live as soon as its entry is there.
class FirstWins : public UniqueChecker {
 public:
  Verdict check(Tid, bool, Xid*) override { return Verdict::kConflict; }
};

TEST_P(BtreeConcurrentTest, OnlyOneInserterOfAUniqueKeyWins) {
  std::atomic<uint64_t> won{0};
  run([&](int t) {
    TestTransaction txn(storage_.pool(), 10 + static_cast<uint64_t>(t));
    FirstWins checker;
    for (uint64_t i = 0; i < kPerThread; ++i) {
      std::string k = key(i, GetParam());
      auto r = tree_->insert(txn, bytes(k), tid(i * kThreads + static_cast<uint64_t>(t)), &checker);
      ASSERT_TRUE(r.ok()) << r.status().to_string();
      if (r->kind == InsertOutcome::Kind::kInserted) ++won;
      txn.forget_undo();
    }
  });
  EXPECT_EQ(won.load(), kPerThread);
  verify();
  EXPECT_EQ(count(), kPerThread);
}

Result<RowState> all_changing(buffer::BufferPool&, Tid, Xid) { return RowState::kChanging; }

// A row gets its key back and loses it again while purge looks at the first loss; the second one is taken
// back.
TEST_P(BtreeConcurrentTest, PurgeLeavesAnEntryThatHasBeenMarkedOnceMore) {
  register_row_probe(all_changing);
  const std::string k = key(1, GetParam());
  TestTransaction inserter(storage_.pool(), 10);
  ASSERT_TRUE(tree_->insert(inserter, bytes(k), tid(1), nullptr).ok());
  std::atomic<TestTransaction*> to_purge{nullptr};
  std::atomic<bool> done{false};
  std::thread purge([&] {
    while (!done.load()) {
      if (to_purge.load() == nullptr) {
        std::this_thread::yield();
        continue;
      }
      VARVE_CHECK(to_purge.load()->purge().ok());
      to_purge.store(nullptr);
    }
  });
  std::vector<Tid> found;
  for (uint64_t i = 0; i < kPerThread / 2; ++i) {
    TestTransaction first(storage_.pool(), 11), back(storage_.pool(), 12), second(storage_.pool(), 13);
    ASSERT_TRUE(tree_->mark(first, bytes(k), tid(1)).ok());
    to_purge.store(&first);
    ASSERT_TRUE(tree_->insert(back, bytes(k), tid(1), nullptr).ok());
    ASSERT_TRUE(tree_->mark(second, bytes(k), tid(1)).ok());
    ASSERT_TRUE(second.roll_back().ok());
    while (to_purge.load() != nullptr) std::this_thread::yield();
    found.clear();
    bool marked = false;
    ASSERT_TRUE(tree_->lookup(bytes(k), &found, &marked).ok());
    EXPECT_EQ(found, std::vector<Tid>{tid(1)}) << "in round " << i;
    EXPECT_FALSE(marked);
    if (HasFailure()) break;
  }
  done.store(true);
  purge.join();
}

INSTANTIATE_TEST_SUITE_P(ShortAndLongKeys, BtreeConcurrentTest, ::testing::Values(false, true));

}  // namespace
}  // namespace varve::access
