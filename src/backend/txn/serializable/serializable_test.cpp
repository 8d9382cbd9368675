#include <atomic>
#include <random>
#include <thread>

#include "history.h"
#include "txn_manager_impl.h"

namespace varve::txn {
namespace {

using Client = Store::Client;
constexpr auto kSerializable = Isolation::kSerializable;

SerializableManagerImpl& manager(TxnEnvironment& env) {
  return static_cast<TxnManagerImpl&>(env.txns()).serializable_impl();
}

TEST(Serializable, WriteSkewFailsWhoeverIsSecond) {
  TxnEnvironment env;
  Store store(env, 2);
  Client a(store, 1, kSerializable), b(store, 2, kSerializable);
  ASSERT_TRUE(a.read(0) && a.read(1) && b.read(0) && b.read(1));
  ASSERT_TRUE(a.write(0) && b.write(1));
  EXPECT_TRUE(a.commit(nullptr));
  EXPECT_FALSE(b.commit(nullptr));
  EXPECT_EQ(b.failure().code(), StatusCode::kSerialization);
  EXPECT_EQ(b.failure().message(),
            "Reason code: Canceled on identification as a pivot, during commit attempt.");
}

TEST(Serializable, TheSameAtRepeatableReadGoesThrough) {
  TxnEnvironment env;
  Store store(env, 2);
  History history;
  Client a(store, 1, Isolation::kRepeatableRead), b(store, 2, Isolation::kRepeatableRead);
  ASSERT_TRUE(a.read(0) && a.read(1) && b.read(0) && b.read(1) && a.write(0) && b.write(1));
  EXPECT_TRUE(a.commit(&history) && b.commit(&history));
  EXPECT_FALSE(history.serializable());
}

TEST(Serializable, AWriteThatCompletesThePivotFailsAtOnce) {
  TxnEnvironment env;
  Store store(env, 2);
  Client a(store, 1, kSerializable), b(store, 2, kSerializable);
  ASSERT_TRUE(a.read(0) && b.read(1) && a.write(1) && a.commit(nullptr));
  EXPECT_FALSE(b.write(0));
  EXPECT_EQ(b.failure().message(), "Reason code: Canceled on identification as a pivot, during write.");
}

TEST(Serializable, OneDependencyHarmsNobody) {
  TxnEnvironment env;
  Store store(env, 2);
  Client a(store, 1, kSerializable), b(store, 2, kSerializable);
  ASSERT_TRUE(a.read(0) && b.write(0) && b.commit(nullptr) && a.write(1));
  EXPECT_TRUE(a.commit(nullptr));
}

// Fekete, O'Neil, O'Neil 2004: the reader makes an anomaly of two that were fine without it.
TEST(Serializable, AReaderMayMakeTheAnomaly) {
  TxnEnvironment env;
  Store store(env, 2);
  Client pivot(store, 1, kSerializable), first(store, 2, kSerializable);
  ASSERT_TRUE(pivot.read(0) && pivot.read(1) && first.write(1) && first.commit(nullptr));
  Client reader(store, 3, kSerializable);
  ASSERT_TRUE(reader.read(0) && reader.read(1));
  EXPECT_TRUE(reader.commit(nullptr));
  EXPECT_FALSE(pivot.write(0));
}

TEST(Serializable, ADeclaredReaderThatBeganBeforeIsNoDanger) {
  TxnEnvironment env;
  Store store(env, 2);
  Client pivot(store, 1, kSerializable), first(store, 2, kSerializable);
  ASSERT_TRUE(pivot.read(0) && pivot.read(1));
  Client reader(store, 3, kSerializable, true);
  ASSERT_TRUE(reader.read(0) && reader.read(1));
  ASSERT_TRUE(first.write(1) && first.commit(nullptr));
  EXPECT_TRUE(pivot.write(0));
  EXPECT_TRUE(pivot.commit(nullptr));
  EXPECT_TRUE(reader.commit(nullptr));
}

TEST(Serializable, AReaderAloneIsNotNoted) {
  TxnEnvironment env;
  Store store(env, 2);
  Client reader(store, 1, kSerializable, true);
  ASSERT_TRUE(reader.read(0));
  EXPECT_EQ(reader.txn().serializable, nullptr);
  Client writer(store, 2, kSerializable);
  ASSERT_TRUE(writer.read(0));
  EXPECT_NE(writer.txn().serializable, nullptr);
  Client second(store, 3, kSerializable, true);
  ASSERT_TRUE(second.read(0));
  EXPECT_NE(second.txn().serializable, nullptr);
  ASSERT_TRUE(writer.commit(nullptr));
  // Its snapshot has turned out to be safe: marks are left no more.
  const uint64_t marks = manager(env).counts().locks;
  ASSERT_TRUE(second.read(1));
  EXPECT_EQ(manager(env).counts().locks, marks);
}

TEST(Serializable, ADeferrableReaderWaitsForASafeSnapshot) {
  TxnEnvironment env;
  Store store(env, 2);
  Client pivot(store, 1, kSerializable), first(store, 2, kSerializable);
  ASSERT_TRUE(pivot.read(0) && pivot.read(1) && first.write(1) && first.commit(nullptr));
  std::atomic<bool> done{false};
  std::thread thread([&] {
    Client reader(store, 3, kSerializable, true, true);
    EXPECT_TRUE(reader.read(0) && reader.read(1));
    EXPECT_EQ(reader.txn().serializable, nullptr);
    done = true;
    EXPECT_TRUE(reader.commit(nullptr));
  });
  while (manager(env).counts().transactions < 2) std::this_thread::yield();
  EXPECT_FALSE(done);
  EXPECT_TRUE(pivot.write(0));
  EXPECT_TRUE(pivot.commit(nullptr));
  thread.join();
}

// When only READ ONLY transactions are left, what a committed one has read is forgotten, and not what it has
// written where versions do not tell who wrote them.
TEST(Serializable, WhatWasWrittenInColumnsIsRememberedForReaders) {
  TxnEnvironment env;
  Store store(env, 3, 2);
  Client pivot(store, 1, kSerializable), first(store, 2, kSerializable);
  ASSERT_TRUE(pivot.read(0) && first.write(0) && first.commit(nullptr));
  Client reader(store, 3, kSerializable, true);
  ASSERT_TRUE(reader.read(0));  // what `first` wrote
  ASSERT_TRUE(pivot.write(2) && pivot.commit(nullptr));
  EXPECT_FALSE(reader.read(2));  // it is to come before the pivot, which comes before `first`
  EXPECT_EQ(reader.failure().code(), StatusCode::kSerialization);
}

// The same where the first one's record may be in the log, and so be seen, and finish() is yet to come.
TEST(Serializable, AReaderMaySeeOneThatIsStillCommitting) {
  TxnEnvironment env;
  Store store(env, 2);
  Client pivot(store, 1, kSerializable), first(store, 2, kSerializable);
  ASSERT_TRUE(pivot.read(0) && first.write(0));
  ASSERT_TRUE(env.txns().prepare_commit(first.txn()).ok());
  Client reader(store, 3, kSerializable, true);
  ASSERT_TRUE(reader.read(0));
  ASSERT_TRUE(pivot.write(1) && pivot.commit(nullptr));
  env.txns().commit(first.txn());
  EXPECT_FALSE(reader.read(1));
  EXPECT_EQ(reader.failure().code(), StatusCode::kSerialization);
}

TEST(Serializable, NothingIsLeftWhenAllHaveEnded) {
  TxnEnvironment env;
  Store store(env, 40);
  {
    Client a(store, 1, kSerializable), b(store, 2, kSerializable), c(store, 3, kSerializable);
    for (uint32_t row = 0; row < 40; ++row) ASSERT_TRUE(a.read(row) && b.read(row));
    ASSERT_TRUE(a.write(1) && a.commit(nullptr));
    EXPECT_EQ(manager(env).counts().committed, 1U);
    (void)b.commit(nullptr);
    c.roll_back();
  }
  auto counts = manager(env).counts();
  EXPECT_EQ(counts.transactions + counts.committed + counts.locks + counts.summarized, 0U);
  EXPECT_TRUE(manager(env).snapshot().empty());
}

TEST(Serializable, ManyMarksBecomeOne) {
  TxnEnvironment env;
  Store store(env, 400);
  Client other(store, 9, kSerializable);
  ASSERT_TRUE(other.read(399));
  Client a(store, 1, kSerializable);
  ASSERT_TRUE(a.read(0) && a.read(1));
  EXPECT_EQ(manager(env).counts().locks, 3U);
  ASSERT_TRUE(a.read(2));  // more than two on the page
  EXPECT_EQ(manager(env).counts().locks, 2U);
  for (uint32_t row = 4; row < 380; row += 4) ASSERT_TRUE(a.read(row));
  auto rows = manager(env).snapshot();
  ASSERT_EQ(rows.size(), 2U);
  const auto& mark = rows[0].pid == 1 ? rows[0] : rows[1];
  EXPECT_FALSE(mark.page != kInvalidPageId);
  // A row that was not read is in the way, too, now.
  ASSERT_TRUE(other.write(395));
  ASSERT_TRUE(a.write(399));
  EXPECT_TRUE(other.commit(nullptr));
  EXPECT_FALSE(a.commit(nullptr));
}

TEST(Serializable, WhatIsWrittenNeedNotBeMarked) {
  TxnEnvironment env;
  Store store(env, 2);
  Client a(store, 1, kSerializable);
  ASSERT_TRUE(a.read(0) && a.write(0));
  EXPECT_EQ(manager(env).counts().locks, 0U);
  // But for a write that may be taken back.
  (void)a.txn().savepoint();
  ASSERT_TRUE(a.read(1) && a.write(1));
  EXPECT_EQ(manager(env).counts().locks, 1U);
}

TEST(Serializable, ASavepointBeforeTheSnapshotKeepsMarksToo) {
  TxnEnvironment env;
  Store store(env, 2);
  Client a(store, 1, kSerializable);
  (void)a.txn().savepoint();
  ASSERT_TRUE(a.read(0) && a.write(0));
  EXPECT_EQ(manager(env).counts().locks, 1U);
}

TEST(Serializable, PagesThatSplitAndMergeKeepTheirMarks) {
  TxnEnvironment env;
  const TrackedRelation index{1, Oid{20001}, Oid{20000}, PageId{50}};
  auto begin = [&] {
    auto txn = env.begin(1, kSerializable);
    txn->statement_snapshot();
    txn->assign_xid();
    return txn;
  };
  auto reader = begin();
  ASSERT_TRUE(reader->serializable->read_page(index, PageId{51}).ok());
  manager(env).page_split(PageId{50}, PageId{51}, PageId{52});
  manager(env).page_moved(PageId{50}, PageId{51}, PageId{53});
  auto pages = [&] {
    std::set<uint64_t> out;
    for (auto& row : manager(env).snapshot()) out.insert(row.page.value());
    return out;
  };
  EXPECT_EQ(pages(), (std::set<uint64_t>{52, 53}));
  auto writer = begin();
  ASSERT_TRUE(writer->serializable->read_page(index, PageId{90}).ok());
  ASSERT_TRUE(writer->serializable->write_page(index, PageId{52}).ok());
  ASSERT_TRUE(reader->serializable->write_page(index, PageId{90}).ok());
  env.write(*reader);
  EXPECT_TRUE(env.txns().prepare_commit(*reader).ok());
  env.commit(reader);
  EXPECT_FALSE(env.txns().prepare_commit(*writer).ok());
  // The index goes: what was read of it counts as the table.
  manager(env).storage_dropped(PageId{50});
  EXPECT_EQ(pages(), (std::set<uint64_t>{0}));
  env.txns().rollback(*writer);
  writer.reset();
  EXPECT_TRUE(pages().empty());
}

TEST(Serializable, ATableAsAWholeKnowsItsWriters) {
  TxnEnvironment env;
  auto begin = [&](uint32_t pid) {
    auto txn = env.begin(pid, kSerializable);
    txn->statement_snapshot();
    txn->assign_xid();
    return txn;
  };
  const TrackedRelation one = Store::table(), two{1, Oid{20005}, Oid{20005}, PageId{70}};
  auto a = begin(1), b = begin(2);
  ASSERT_TRUE(a->serializable->write_whole(one).ok());
  ASSERT_TRUE(b->serializable->write_whole(two).ok());
  ASSERT_TRUE(b->serializable->read_whole(one).ok());
  env.write(*a);
  ASSERT_TRUE(env.txns().prepare_commit(*a).ok());
  env.commit(a);
  auto c = begin(3);
  // Both are over by now, or not yet: what c sees of `one` it sees.
  ASSERT_TRUE(c->serializable->read_whole(one).ok());
  EXPECT_FALSE(c->serializable->read_whole(two).ok() && c->serializable->write_whole(one).ok() &&
               env.txns().prepare_commit(*c).ok() && env.txns().prepare_commit(*b).ok());
  env.txns().rollback(*c);
  env.txns().rollback(*b);
}

// --- a model of random programs

struct Step {
  enum Kind { kRead, kWrite, kCommit } kind;
  uint32_t row;
};
using Program = std::vector<Step>;

Program random_program(std::mt19937_64& random, uint32_t rows, uint32_t steps, bool reads_only) {
  Program p;
  for (uint32_t i = 0; i < steps; ++i) {
    const bool write = !reads_only && random() % 5 < 2;
    p.push_back({write ? Step::kWrite : Step::kRead, static_cast<uint32_t>(random() % rows)});
  }
  p.push_back({Step::kCommit, 0});
  return p;
}

struct Outcome {
  bool serializable;
  uint32_t committed;
};

// One client a program; `order` names whose step is next.
Outcome interleave(TxnEnvironment& env, const std::vector<Program>& programs,
                   const std::vector<uint32_t>& order, uint32_t rows, uint32_t whole_from,
                   Isolation isolation) {
  Store store(env, rows, whole_from);
  History history;
  std::vector<std::unique_ptr<Client>> clients;
  for (size_t i = 0; i < programs.size(); ++i) {
    const bool reads = std::none_of(programs[i].begin(), programs[i].end(),
                                    [](const Step& s) { return s.kind == Step::kWrite; });
    clients.push_back(std::make_unique<Client>(store, i + 1, isolation, reads && i % 2 == 0));
  }
  std::vector<size_t> next(programs.size());
  for (uint32_t who : order) {
    Client& c = *clients[who];
    const Step step = programs[who][next[who]++];
    if (!c.alive()) continue;
    if (step.kind == Step::kRead) (void)c.read(step.row);
    if (step.kind == Step::kWrite) (void)c.write(step.row);
    if (step.kind == Step::kCommit) (void)c.commit(&history);
  }
  clients.clear();
  auto counts = manager(env).counts();
  EXPECT_EQ(counts.transactions + counts.committed + counts.locks + counts.summarized, 0U);
  return {history.serializable(), static_cast<uint32_t>(history.size())};
}

void try_programs(bool summaries) {
  TxnEnvironment env;
  if (summaries) manager(env).set_kept_committed(0);
  std::mt19937_64 random(summaries ? 5 : 7);
  uint64_t anomalies = 0, committed = 0;
  constexpr int kRounds = 1500;
  for (int round = 0; round < kRounds; ++round) {
    const uint32_t rows = 2 + static_cast<uint32_t>(random() % 3);
    std::vector<Program> programs;
    std::vector<uint32_t> order;
    for (uint32_t i = 0; i < 3 + random() % 3; ++i) {
      programs.push_back(
          random_program(random, rows, 2 + static_cast<uint32_t>(random() % 3), random() % 3 == 0));
      order.insert(order.end(), programs.back().size(), i);
    }
    std::shuffle(order.begin(), order.end(), random);
    const uint32_t whole_from = random() % 2 == 0 ? rows : static_cast<uint32_t>(random() % rows);
    Outcome plain = interleave(env, programs, order, rows, whole_from, Isolation::kRepeatableRead);
    Outcome safe = interleave(env, programs, order, rows, whole_from, kSerializable);
    ASSERT_TRUE(safe.serializable) << "round " << round;
    // Somebody always gets somewhere.
    ASSERT_GT(safe.committed, 0U) << "round " << round;
    anomalies += static_cast<uint64_t>(!plain.serializable);
    committed += safe.committed;
  }
  // The programs are such that the check has something to find.
  EXPECT_GT(anomalies, kRounds / 50);
  EXPECT_GT(committed, kRounds);
}

TEST(SerializableModel, RandomInterleavingsAreSerializable) { try_programs(false); }
TEST(SerializableModel, AlsoWhenTheCommittedAreKnownInSummaryOnly) { try_programs(true); }

void run_threads(bool summaries) {
  TxnEnvironment env;
  constexpr uint32_t kRows = 8;
  constexpr int kThreads = 4, kEach = 400;
  Store store(env, kRows, kRows - 2);
  if (summaries) manager(env).set_kept_committed(1);
  History history;
  std::atomic<uint64_t> number{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937_64 random(static_cast<uint64_t>(t) + 100);
      for (int i = 0; i < kEach; ++i) {
        const bool reads = random() % 4 == 0;
        Client c(store, ++number, kSerializable, reads && random() % 2 == 0);
        for (const Step& step :
             random_program(random, kRows, 2 + static_cast<uint32_t>(random() % 4), reads)) {
          if (!c.alive()) break;
          if (step.kind == Step::kRead) (void)c.read(step.row);
          if (step.kind == Step::kWrite) (void)c.write(step.row);
          if (step.kind == Step::kCommit) (void)c.commit(&history);
          if (random() % 4 == 0) std::this_thread::yield();
        }
      }
    });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_TRUE(history.serializable());
  EXPECT_GT(history.size(), static_cast<size_t>(kThreads));
  auto counts = manager(env).counts();
  EXPECT_EQ(counts.transactions + counts.committed + counts.locks + counts.summarized, 0U);
}

TEST(SerializableModel, ThreadsAtOnceAreSerializable) { run_threads(false); }
TEST(SerializableModel, ThreadsAtOnceWithSummaries) { run_threads(true); }

}  // namespace
}  // namespace varve::txn
