#include "access/btree.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <random>
#include <set>

#include "btree_impl.h"
#include "test_storage.h"

namespace varve::access {
namespace {

using Key = std::string;
using Bound = Btree::Bound;

wal::Bytes bytes(const Key& k) { return {reinterpret_cast<const uint8_t*>(k.data()), k.size()}; }
Key key_of(const Entry& e) { return Key(reinterpret_cast<const char*>(e.key.data()), e.key.size()); }
Key int_key(uint32_t i) {
  Key k(4, '\0');
  store_be<uint32_t>(k.data(), i);
  return k;
}
Tid tid(uint64_t n) { return Tid::unpack(n + (uint64_t{1} << 16)); }

// What the heap would say: rows listed here are dead, the others live.
std::set<uint64_t> dead_rows, changing_rows;
Result<RowState> probe(buffer::BufferPool&, Tid row, Xid) {
  if (changing_rows.count(row.packed()) != 0) return RowState::kChanging;
  return dead_rows.count(row.packed()) != 0 ? RowState::kDead : RowState::kLive;
}

class BtreeTest : public ::testing::Test {
 protected:
  BtreeTest() : txn_(storage_.pool()) {
    dead_rows.clear();
    changing_rows.clear();
    register_row_probe(probe);
    make_tree();
  }

  void make_tree() {
    auto segment = create_segment(storage_.pool(), txn_, SegmentKind::kBtree);
    ASSERT_TRUE(segment.ok());
    segment_ = *segment;
    ASSERT_TRUE(BtreeCore(storage_.pool(), segment_).create_root().ok());
    txn_.forget_undo();
    tree_ = std::make_unique<BtreeImpl>(storage_.pool(), segment_);
  }

  void insert(const Key& k, Tid t) {
    auto r = tree_->insert(txn_, bytes(k), t, nullptr);
    ASSERT_TRUE(r.ok()) << r.status().to_string();
    ASSERT_EQ(r->kind, InsertOutcome::Kind::kInserted);
  }
  void verify() {
    Status s = tree_->verify();
    ASSERT_TRUE(s.ok()) << s.to_string();
  }
  std::vector<std::pair<Key, Tid>> all(bool backward = false, size_t batch = 100, const Key& lower = "",
                                       Bound lb = Bound::kUnbounded, const Key& upper = "",
                                       Bound ub = Bound::kUnbounded) {
    std::vector<std::pair<Key, Tid>> found;
    auto cursor = tree_->scan(bytes(lower), lb, bytes(upper), ub, backward);
    std::vector<Entry> entries;
    do {
      Status s = cursor->next(&entries, batch);
      EXPECT_TRUE(s.ok()) << s.to_string();
      EXPECT_LE(entries.size(), batch);
      for (const Entry& e : entries) found.emplace_back(key_of(e), e.tid);
    } while (!entries.empty());
    return found;
  }

  TestStorage storage_;
  TestTransaction txn_;
  PageId segment_;
  std::unique_ptr<BtreeImpl> tree_;
};

TEST_F(BtreeTest, AscendingInsertsFillPages) {
  constexpr uint32_t kCount = 100000;
  for (uint32_t i = 0; i < kCount; ++i) insert(int_key(i), tid(i));
  verify();
  auto stats = tree_->statistics();
  ASSERT_TRUE(stats.ok());
  EXPECT_EQ(stats->height, 2U);
  // 16 bytes an entry: 500 a page when full.
  EXPECT_LT(stats->pages, kCount / 500 * 11 / 10 + 10);
  std::vector<Tid> found;
  for (uint32_t i = 0; i < kCount; i += 7) {
    found.clear();
    ASSERT_TRUE(tree_->lookup(bytes(int_key(i)), &found).ok());
    ASSERT_EQ(found, std::vector<Tid>{tid(i)}) << i;
  }
  found.clear();
  ASSERT_TRUE(tree_->lookup(bytes(int_key(kCount)), &found).ok());
  EXPECT_TRUE(found.empty());
  auto entries = all();
  ASSERT_EQ(entries.size(), kCount);
  for (uint32_t i = 0; i < kCount; ++i) ASSERT_EQ(entries[i].first, int_key(i));
  auto reverse = all(true);
  std::reverse(reverse.begin(), reverse.end());
  EXPECT_EQ(entries, reverse);
}

TEST_F(BtreeTest, SeveralAscendingSequencesFillPagesToo) {
  constexpr uint32_t kPer = 20000;
  for (uint32_t i = 0; i < kPer; ++i) {
    for (uint32_t d = 0; d < 10; ++d) insert(int_key(d) + int_key(i), tid(uint64_t{d} * kPer + i));
  }
  verify();
  auto stats = tree_->statistics();
  EXPECT_LT(stats->pages, 10 * kPer / 500 * 2);
}

// Keys of all shapes: short, long, sharing prefixes, with zero bytes, one the prefix of another.
Key random_key(std::mt19937& random, size_t max_length) {
  Key k;
  size_t length = random() % 8 == 0 ? random() % (max_length + 1) : random() % 12;
  static constexpr char kAlphabet[] = {'\0', 'a', 'b', '\xff'};
  bool repeat = random() % 2 == 0;
  for (size_t i = 0; i < length; ++i)
    k.push_back(repeat && i + 3 < length ? kAlphabet[length % 4] : kAlphabet[random() % 4]);
  return k;
}

class BtreeModelTest : public BtreeTest, public ::testing::WithParamInterface<std::pair<int, size_t>> {};

// Against std::map: the pair decides the order; value: the mark.
TEST_P(BtreeModelTest, RandomWorkAgainstAModel) {
  auto [seed, max_length] = GetParam();
  std::mt19937 random(static_cast<uint32_t>(seed));
  std::map<std::pair<Key, uint64_t>, bool> model;
  auto random_entry = [&] {
    auto it = model.lower_bound({random_key(random, max_length), 0});
    return it == model.end() ? model.begin() : it;
  };
  for (int step = 0; step < 12000; ++step) {
    int choice = static_cast<int>(random() % 20);
    bool shrinking = step / 3000 % 2 == 1;
    if (choice < (shrinking ? 4 : 11) || model.empty()) {
      Key k = random_key(random, max_length);
      Tid t = tid(random() % 50);
      insert(k, t);
      model[{k, t.packed()}] = false;
    } else if (choice < 12) {
      auto it = random_entry();
      ASSERT_TRUE(tree_->mark(txn_, bytes(it->first.first), Tid::unpack(it->first.second)).ok());
      it->second = true;
    } else if (choice < 15) {
      // A row dies and is purged: every entry that leads to it.
      auto it = random_entry();
      dead_rows.insert(it->first.second);
      TestTransaction gone(storage_.pool());
      ASSERT_TRUE(tree_->note_gone(gone, bytes(it->first.first), Tid::unpack(it->first.second)).ok());
      ASSERT_TRUE(gone.purge().ok());
      dead_rows.clear();
      model.erase(it);
    } else if (choice < 18) {
      auto it = random_entry();
      ASSERT_TRUE(tree_->remove_dead(bytes(it->first.first), Tid::unpack(it->first.second)).ok());
      model.erase(it);
    } else if (choice == 18) {
      Key k = random_key(random, max_length);
      std::vector<Tid> found, expected;
      ASSERT_TRUE(tree_->lookup(bytes(k), &found).ok());
      for (auto it = model.lower_bound({k, 0}); it != model.end() && it->first.first.starts_with(k); ++it)
        expected.push_back(Tid::unpack(it->first.second));
      ASSERT_EQ(found, expected);
    } else if (random() % 4 == 0) {
      Key a = random_key(random, max_length), b = random_key(random, max_length);
      Bound la = static_cast<Bound>(random() % 3), ub = static_cast<Bound>(random() % 3);
      bool backward = random() % 2 == 0;
      std::vector<std::pair<Key, Tid>> expected;
      for (const auto& [entry, marked] : model) {
        const Key& k = entry.first;
        if (la != Bound::kUnbounded && k < a) continue;
        if (la == Bound::kExclusive && k.starts_with(a)) continue;
        if (ub == Bound::kExclusive && k >= b) continue;
        if (ub == Bound::kInclusive && k > b && !k.starts_with(b)) continue;
        expected.emplace_back(k, Tid::unpack(entry.second));
      }
      if (backward) std::reverse(expected.begin(), expected.end());
      ASSERT_EQ(all(backward, 1 + random() % 40, a, la, b, ub), expected);
    }
    if (step % 500 == 0) verify();
  }
  verify();
  auto cursor = tree_->scan({}, Bound::kUnbounded, {}, Bound::kUnbounded, false);
  std::vector<Entry> entries;
  ASSERT_TRUE(cursor->next(&entries, 1000000).ok());
  ASSERT_EQ(entries.size(), model.size());
  auto it = model.begin();
  for (const Entry& e : entries) {
    ASSERT_EQ(key_of(e), it->first.first);
    ASSERT_EQ(e.marked, it->second);
    ++it;
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, BtreeModelTest,
                         ::testing::Values(std::pair{1, size_t{30}}, std::pair{2, size_t{300}},
                                           std::pair{3, size_t{2600}}, std::pair{4, size_t{2600}},
                                           std::pair{5, size_t{900}}));

TEST_F(BtreeTest, RollbackTakesEverythingBack) {
  std::mt19937 random(9);
  std::set<std::pair<Key, Tid>> before;
  for (int i = 0; i < 3000; ++i) before.emplace(random_key(random, 60), tid(random() % 1000));
  for (const auto& [k, t] : before) insert(k, t);
  txn_.forget_undo();
  auto entries = all();
  TestTransaction loser(storage_.pool(), 8);
  for (const auto& [k, t] : before) {
    if (random() % 3 != 0) continue;
    ASSERT_TRUE(tree_->mark(loser, bytes(k), t).ok());
    // And the row gets its old key back.
    if (random() % 3 == 0) {
      ASSERT_TRUE(tree_->insert(loser, bytes(k), t, nullptr).ok());
    }
  }
  for (int i = 0; i < 5000; ++i)
    ASSERT_TRUE(tree_->insert(loser, bytes(random_key(random, 60)), tid(2000 + i), nullptr).ok());
  EXPECT_NE(all(), entries);
  ASSERT_TRUE(loser.roll_back().ok());
  verify();
  EXPECT_EQ(all(), entries);
  auto cursor = tree_->scan({}, Bound::kUnbounded, {}, Bound::kUnbounded, false);
  std::vector<Entry> out;
  ASSERT_TRUE(cursor->next(&out, 1000000).ok());
  for (const Entry& e : out) ASSERT_FALSE(e.marked);
}

TEST_F(BtreeTest, EmptiedTreeGivesItsPagesBackAndBecomesLow) {
  constexpr uint32_t kCount = 200000;
  for (uint32_t i = 0; i < kCount; ++i) insert(int_key(i), tid(i));
  uint64_t pages = *segment_page_count(storage_.pool(), segment_);
  for (uint32_t i = 0; i < kCount; ++i) ASSERT_TRUE(tree_->remove_dead(bytes(int_key(i)), tid(i)).ok());
  verify();
  EXPECT_EQ(tree_->statistics()->height, 1U);
  // A queue that moves on for ever needs no more pages.
  for (uint32_t i = kCount; i < 3 * kCount; ++i) {
    insert(int_key(i), tid(i));
    if (i >= kCount + 1000) {
      ASSERT_TRUE(tree_->remove_dead(bytes(int_key(i - 1000)), tid(i - 1000)).ok());
    }
  }
  verify();
  EXPECT_EQ(*segment_page_count(storage_.pool(), segment_), pages);
}

TEST_F(BtreeTest, PurgeOfMarksAndSweep) {
  for (uint32_t i = 0; i < 1000; ++i) insert(int_key(i), tid(i));
  TestTransaction marker(storage_.pool());
  for (uint32_t i = 0; i < 1000; i += 2) ASSERT_TRUE(tree_->mark(marker, bytes(int_key(i)), tid(i)).ok());
  ASSERT_TRUE(marker.purge().ok());
  EXPECT_EQ(all().size(), 500U);
  for (uint32_t i = 1; i < 1000; i += 4) dead_rows.insert(tid(i).packed());
  auto removed = tree_->sweep(Xid{100});
  ASSERT_TRUE(removed.ok());
  EXPECT_EQ(*removed, 250U);
  EXPECT_EQ(all().size(), 250U);
  verify();
}

// The row is written again and again, so it never is stable when an old entry's time has come.
TEST_F(BtreeTest, MarkedEntriesOfChangingRowsGo) {
  const Key first = int_key(1), second = int_key(2);
  changing_rows.insert(tid(5).packed());
  insert(first, tid(5));
  {
    TestTransaction marker(storage_.pool());
    ASSERT_TRUE(tree_->mark(marker, bytes(first), tid(5)).ok());
    insert(second, tid(5));
    ASSERT_TRUE(marker.purge().ok());
    EXPECT_EQ(all(), (std::vector<std::pair<Key, Tid>>{{second, tid(5)}}));
  }
  // Back to an earlier key and away from it again: the entry is there for whoever sees the row in between.
  TestTransaction away(storage_.pool()), back(storage_.pool()), away_again(storage_.pool());
  ASSERT_TRUE(tree_->mark(away, bytes(second), tid(5)).ok());
  ASSERT_EQ(tree_->insert(back, bytes(second), tid(5), nullptr)->kind, InsertOutcome::Kind::kInserted);
  ASSERT_TRUE(tree_->mark(away_again, bytes(second), tid(5)).ok());
  ASSERT_TRUE(away.purge().ok());
  EXPECT_EQ(all().size(), 1U);
  bool marked = false;
  std::vector<Tid> found;
  ASSERT_TRUE(tree_->lookup(bytes(second), &found, &marked).ok());
  EXPECT_TRUE(marked);
  ASSERT_TRUE(away_again.purge().ok());
  EXPECT_TRUE(all().empty());
  verify();
}

class CountingChecker : public UniqueChecker {
 public:
  Verdict check(Tid t, bool, Xid* wait_for) override {
    ++asked;
    if (t == conflicting) return Verdict::kConflict;
    if (t == running) {
      *wait_for = Xid{77};
      return Verdict::kWait;
    }
    return Verdict::kDead;
  }
  Tid conflicting, running;
  int asked = 0;
};

TEST_F(BtreeTest, UniqueCheckSeesEqualKeysOverManyPages) {
  constexpr uint64_t kEqual = 3000;
  Key k = "the same key";
  for (uint64_t i = 0; i < kEqual; ++i) insert(k, tid(i * 2 + 1));
  insert(k + "\x01", tid(1));
  insert("the same ke", tid(1));
  CountingChecker dead;
  auto r = tree_->insert(txn_, bytes(k), tid(2001 * 2), &dead);
  ASSERT_TRUE(r.ok());
  EXPECT_EQ(r->kind, InsertOutcome::Kind::kInserted);
  EXPECT_GE(dead.asked, static_cast<int>(kEqual));
  verify();
  CountingChecker last;
  last.conflicting = tid((kEqual - 1) * 2 + 1);
  r = tree_->insert(txn_, bytes(k), tid(0), &last);
  ASSERT_TRUE(r.ok());
  EXPECT_EQ(r->kind, InsertOutcome::Kind::kConflict);
  EXPECT_EQ(r->conflict, last.conflicting);
  CountingChecker waits;
  waits.running = tid(5);
  r = tree_->insert(txn_, bytes(k), tid(0), &waits);
  EXPECT_EQ(r->kind, InsertOutcome::Kind::kMustWait);
  EXPECT_EQ(r->wait_for, Xid{77});
  CountingChecker own;
  own.conflicting = tid(5);
  ASSERT_TRUE(tree_->mark(txn_, bytes(k), tid(5)).ok());
  r = tree_->insert(txn_, bytes(k), tid(5), &own);  // its own old entry does not stand in the way
  EXPECT_EQ(r->kind, InsertOutcome::Kind::kInserted);
  std::vector<Tid> found;
  ASSERT_TRUE(tree_->lookup(bytes(k), &found).ok());
  EXPECT_EQ(found.size(), kEqual + 2);  // the prefix finds k + "\x01" too
}

// In runs of a leaf or one by one: the same tree as far as anybody can see.
// Keys of one, of many and of no rows, and one that begins with another: every Tid from any place on, in
// order, however the entries are spread over leaves.
TEST_F(BtreeTest, PostingsAreTheRowsOfOneKeyFromAnyTidOn) {
  std::mt19937_64 random(7);
  std::map<Key, std::set<uint64_t>> model;
  const Key keys[] = {"a", "ab", "b", std::string(1, '\0'), std::string("a\0", 2), std::string(300, 'k'),
                      "zz"};
  for (int i = 0; i < 6000; ++i) {
    const Key& k = keys[std::min<uint64_t>(random() % 9, 5)];
    const Tid t = tid(random() % 4000);
    if (!model[k].insert(t.packed()).second) continue;
    insert(k, t);
    if (random() % 4 == 0) {
      ASSERT_TRUE(tree_->mark(txn_, bytes(k), t).ok());
    }
  }
  insert("zz", tid(5));
  model["zz"].insert(tid(5).packed());
  for (const Key& k : {Key("a"), Key("ab"), Key("b"), Key(1, '\0'), Key("a\0", 2), Key(300, 'k'), Key("zz"),
                       Key("none"), Key()}) {
    PageId hint;
    std::vector<Tid> some;
    for (int from = 0; from < 40; ++from) {
      Tid at = from == 0 ? Tid::unpack(0) : tid(random() % 4200);
      std::vector<uint64_t> found, expected(model[k].lower_bound(at.packed()), model[k].end());
      for (;;) {
        ASSERT_TRUE(tree_->postings(bytes(k), at, &some, &hint).ok());
        if (some.empty()) break;
        for (Tid t : some) found.push_back(t.packed());
        at = Tid::unpack(some.back().packed() + 1);
      }
      ASSERT_EQ(found, expected);
    }
  }
}

TEST_F(BtreeTest, SortedInsertsAreInserts) {
  std::mt19937 random(21);
  std::set<std::pair<Key, Tid>> expected;
  for (int round = 0; round < 40; ++round) {
    std::set<std::pair<Key, Tid>> fresh;
    const size_t longest = round % 5 == 4 ? 2600 : 40;
    const int count = longest > 1000 ? 20 : static_cast<int>(random() % 3000);
    for (int i = 0; i < count; ++i) {
      std::pair<Key, Tid> entry(random_key(random, longest), tid(random() % 100000));
      if (round % 3 == 0)
        entry.first = "prefix/" + int_key(static_cast<uint32_t>(random() % 50000)) + "/rest";
      if (!expected.contains(entry)) fresh.insert(entry);
    }
    std::vector<Btree::NewEntry> entries;
    for (const auto& [k, t] : fresh) entries.push_back({bytes(k), t, false});
    // Out of order it only takes longer; and equal keys need not come in the order of their rows.
    if (round % 7 == 6) std::shuffle(entries.begin(), entries.end(), random);
    if (round % 7 == 5)
      std::stable_sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
        const int c = compare_bytes(a.key.data(), static_cast<uint32_t>(a.key.size()), b.key.data(),
                                    static_cast<uint32_t>(b.key.size()));
        return c != 0 ? c < 0 : b.tid.packed() < a.tid.packed();
      });
    size_t next = 0;
    auto r = tree_->insert_sorted(txn_, entries, &next, nullptr);
    ASSERT_TRUE(r.ok()) << r.status().to_string();
    ASSERT_EQ(next, entries.size());
    expected.merge(fresh);
    verify();
  }
  const auto found = all();
  ASSERT_EQ(found.size(), expected.size());
  ASSERT_TRUE(std::equal(found.begin(), found.end(), expected.begin()));
}

TEST_F(BtreeTest, SortedRunsFillPages) {
  constexpr uint32_t kCount = 200000;
  std::vector<Key> keys;
  for (uint32_t i = 0; i < kCount; ++i) keys.push_back(int_key(i));
  std::vector<Btree::NewEntry> entries;
  for (uint32_t i = 0; i < kCount; ++i) entries.push_back({bytes(keys[i]), tid(i), true});
  CountingChecker dead;
  size_t next = 0;
  ASSERT_TRUE(tree_->insert_sorted(txn_, entries, &next, &dead).ok());
  EXPECT_EQ(next, entries.size());
  EXPECT_EQ(dead.asked, 0);
  verify();
  EXPECT_LT(tree_->statistics()->pages, kCount / 500 * 11 / 10 + 10);
  EXPECT_LT(txn_.undo().size(), 2000U);  // one record a leaf, not one an entry
}

TEST_F(BtreeTest, SortedInsertsMeetTheirEquals) {
  for (uint32_t i = 0; i < 5000; ++i) insert(int_key(i * 2), tid(i));
  std::vector<Key> keys;
  for (uint32_t i = 0; i < 2000; ++i) keys.push_back(int_key(i));
  keys.insert(keys.begin() + 100, keys[99]);  // equal to the one before
  std::vector<Btree::NewEntry> entries;
  for (size_t i = 0; i < keys.size(); ++i) entries.push_back({bytes(keys[i]), tid(50000 + i), i != 300});
  CountingChecker checker;
  checker.conflicting = tid(400);
  checker.running = tid(500);
  size_t next = 0;
  auto r = tree_->insert_sorted(txn_, entries, &next, &checker);
  ASSERT_TRUE(r.ok());
  EXPECT_EQ(r->kind, InsertOutcome::Kind::kConflict);
  EXPECT_EQ(next, 801U);  // of int_key(800), behind the one that is there twice
  ++next;
  r = tree_->insert_sorted(txn_, entries, &next, &checker);
  EXPECT_EQ(r->kind, InsertOutcome::Kind::kMustWait);
  EXPECT_EQ(r->wait_for, Xid{77});
  EXPECT_EQ(next, 1001U);
  checker.running = Tid{};
  r = tree_->insert_sorted(txn_, entries, &next, &checker);
  EXPECT_EQ(r->kind, InsertOutcome::Kind::kInserted);
  EXPECT_EQ(next, entries.size());
  // Every even one, the twin, and again the one that had to wait; once more where a leaf was split meanwhile.
  EXPECT_GE(checker.asked, 1000 + 1 + 1);
  EXPECT_LE(checker.asked, 1000 + 1 + 1 + 20);
  verify();
  EXPECT_EQ(all().size(), 5000 + keys.size() - 1);
}

TEST_F(BtreeTest, SortedInsertsAreTakenBack) {
  std::mt19937 random(4);
  std::set<std::pair<Key, Tid>> before, fresh;
  for (int i = 0; i < 3000; ++i) before.emplace(random_key(random, 60), tid(random() % 1000));
  for (const auto& [k, t] : before) insert(k, t);
  txn_.forget_undo();
  const auto entries_before = all();
  TestTransaction loser(storage_.pool(), 8);
  for (int i = 0; i < 8000; ++i) fresh.emplace(random_key(random, 60), tid(2000 + i));
  std::vector<Btree::NewEntry> entries;
  for (const auto& [k, t] : fresh) entries.push_back({bytes(k), t, false});
  size_t next = 0;
  ASSERT_TRUE(tree_->insert_sorted(loser, entries, &next, nullptr).ok());
  // Others split the leaves meanwhile, so that entries of one record lie in several.
  for (int i = 0; i < 5000; ++i) before.emplace(random_key(random, 60), tid(20000 + i));
  for (const auto& [k, t] : before) insert(k, t);
  EXPECT_EQ(all().size(), before.size() + fresh.size());
  // The first records twice, as after a crash in the middle of one.
  const auto record = loser.undo().back();
  txn::UndoView view{{}, {}, {}, record};
  for (int i = 0; i < 2; ++i) {
    txn::UndoContext context{storage_.pool(), loser.xid(), {}, loser.last_lsn()};
    ASSERT_TRUE(txn::undo_function(view.header().kind)(context, view).ok());
  }
  ASSERT_TRUE(loser.roll_back().ok());
  verify();
  const auto found = all();
  ASSERT_EQ(found.size(), before.size());
  ASSERT_TRUE(std::equal(found.begin(), found.end(), before.begin()));
}

class VectorSource : public Btree::BulkSource {
 public:
  explicit VectorSource(const std::vector<std::pair<Key, Tid>>& entries) : entries_(entries) {}
  bool next(Entry* e) override {
    if (at_ == entries_.size()) return false;
    *e = {bytes(entries_[at_].first), entries_[at_].second, false};
    ++at_;
    return true;
  }

 private:
  const std::vector<std::pair<Key, Tid>>& entries_;
  size_t at_ = 0;
};

class BtreeBulkTest : public BtreeTest, public ::testing::WithParamInterface<std::pair<int, size_t>> {};

TEST_P(BtreeBulkTest, LoadsSortedEntriesAndGoesOnFromThere) {
  auto [count, max_length] = GetParam();
  std::mt19937 random(3);
  std::set<std::pair<Key, uint64_t>> sorted;
  for (int i = 0; i < count; ++i)
    sorted.emplace(random_key(random, max_length), tid(random() % 100000).packed());
  std::vector<std::pair<Key, Tid>> entries;
  for (const auto& [k, t] : sorted) entries.emplace_back(k, Tid::unpack(t));
  VectorSource source(entries);
  Status s = tree_->bulk_load(txn_, source);
  ASSERT_TRUE(s.ok()) << s.to_string();
  verify();
  EXPECT_EQ(all(), entries);
  for (int i = 0; i < 2000; ++i) {
    Key k = random_key(random, max_length);
    Tid t = tid(200000 + static_cast<uint64_t>(i));
    insert(k, t);
    sorted.emplace(k, t.packed());
  }
  verify();
  EXPECT_EQ(all().size(), sorted.size());
}
INSTANTIATE_TEST_SUITE_P(Sizes, BtreeBulkTest,
                         ::testing::Values(std::pair{0, size_t{10}}, std::pair{1, size_t{10}},
                                           std::pair{5, size_t{2600}}, std::pair{400, size_t{2600}},
                                           std::pair{5000, size_t{2600}}, std::pair{30000, size_t{200}},
                                           std::pair{100000, size_t{20}}));

TEST_F(BtreeTest, BulkLoadPacksPagesAndRefusesDisorder) {
  std::vector<std::pair<Key, Tid>> entries;
  for (uint32_t i = 0; i < 200000; ++i) entries.emplace_back(int_key(i * 3), tid(i));
  {
    VectorSource source(entries);
    ASSERT_TRUE(tree_->bulk_load(txn_, source).ok());
  }
  verify();
  EXPECT_LT(tree_->statistics()->pages, 200000 / 450 * 11 / 10);
  VectorSource again(entries);
  EXPECT_EQ(tree_->bulk_load(txn_, again).code(), StatusCode::kInvalid);
  make_tree();
  std::swap(entries[10], entries[11]);
  VectorSource disordered(entries);
  EXPECT_EQ(tree_->bulk_load(txn_, disordered).code(), StatusCode::kInvalid);
}

TEST_F(BtreeTest, TooLongKeyIsRefusedAndDroppedIndexIsNoTree) {
  Key k(kMaxKeyBytes + 1, 'x');
  EXPECT_EQ(tree_->insert(txn_, bytes(k), tid(1), nullptr).status().code(), StatusCode::kInvalid);
  k.pop_back();
  insert(k, tid(1));
  TestTransaction marker(storage_.pool());
  ASSERT_TRUE(tree_->mark(marker, bytes(k), tid(1)).ok());
  TestTransaction dropper(storage_.pool());
  ASSERT_TRUE(drop_segment(storage_.pool(), dropper, segment_).ok());
  ASSERT_TRUE(dropper.purge().ok());
  EXPECT_TRUE(marker.purge().ok());
}

}  // namespace
}  // namespace varve::access
