#include <atomic>
#include <barrier>
#include <random>

#include "sync/cancel_token.h"
#include "test_txn.h"

namespace varve::txn {
namespace {

LockTag relation(uint64_t oid) { return {LockTagKind::kRelation, 1, oid, 0}; }
LockTag advisory(uint64_t key) { return {LockTagKind::kAdvisory, 1, key, 1}; }

constexpr LockMode kAll[] = {LockMode::kAccessShare,  LockMode::kRowShare,
                             LockMode::kRowExclusive, LockMode::kShareUpdateExclusive,
                             LockMode::kShare,        LockMode::kShareRowExclusive,
                             LockMode::kExclusive,    LockMode::kAccessExclusive};

TEST(Locks, EveryPairOfModesConflictsAsTheTableSays) {
  TxnEnvironment env;
  for (LockMode held : kAll) {
    for (LockMode wanted : kAll) {
      auto a = env.begin();
      auto b = env.begin();
      ASSERT_TRUE(env.locks().acquire(*a, relation(7), held, WaitPolicy::kNoWait, 0).ok());
      Status s = env.locks().acquire(*b, relation(7), wanted, WaitPolicy::kNoWait, 0);
      EXPECT_EQ(!s.ok(), lock_modes_conflict(held, wanted));
      EXPECT_EQ(lock_modes_conflict(held, wanted), lock_modes_conflict(wanted, held));
      // A transaction never conflicts with itself.
      EXPECT_TRUE(env.locks().acquire(*a, relation(7), held, WaitPolicy::kNoWait, 0).ok());
      env.commit(a);
      EXPECT_TRUE(env.locks().acquire(*b, relation(7), wanted, WaitPolicy::kNoWait, 0).ok());
      env.commit(b);
    }
  }
  EXPECT_TRUE(env.locks().snapshot().empty());
}

TEST(Locks, MoreRelationsThanFastSlotsAndAStrongLockerThatFindsThem) {
  TxnEnvironment env;
  auto a = env.begin();
  for (uint64_t r = 1; r <= 40; ++r) {
    ASSERT_TRUE(env.locks().acquire(*a, relation(r), LockMode::kAccessShare, WaitPolicy::kNoWait, 0).ok());
    ASSERT_TRUE(env.locks().acquire(*a, relation(r), LockMode::kRowExclusive, WaitPolicy::kNoWait, 0).ok());
  }
  EXPECT_EQ(env.locks().snapshot().size(), 80u);
  auto b = env.begin();
  for (uint64_t r = 1; r <= 40; ++r) {
    EXPECT_FALSE(env.locks().acquire(*b, relation(r), LockMode::kShare, WaitPolicy::kNoWait, 0).ok());
    EXPECT_TRUE(env.locks().acquire(*a, relation(r), LockMode::kAccessShare, WaitPolicy::kNoWait, 0).ok());
  }
  EXPECT_EQ(env.locks().snapshot().size(), 80u);
  env.commit(a);
  for (uint64_t r = 1; r <= 40; ++r) {
    EXPECT_TRUE(
        env.locks().acquire(*b, relation(r), LockMode::kAccessExclusive, WaitPolicy::kNoWait, 0).ok());
  }
  env.commit(b);
  EXPECT_TRUE(env.locks().snapshot().empty());
}

// A weak lock that had to go into the table because somebody held a strong one must not be taken once more on
// the fast path when he has gone: the next strong locker would make one lock of the two.
TEST(Locks, ALockInTheTableIsNotTakenAgainOnTheFastPath) {
  TxnEnvironment env;
  auto strong = env.begin();
  ASSERT_TRUE(env.locks().acquire(*strong, relation(1), LockMode::kShare, WaitPolicy::kNoWait, 0).ok());
  auto a = env.begin();
  ASSERT_TRUE(env.locks().acquire(*a, relation(1), LockMode::kAccessShare, WaitPolicy::kNoWait, 0).ok());
  env.commit(strong);
  ASSERT_TRUE(env.locks().acquire(*a, relation(1), LockMode::kAccessShare, WaitPolicy::kNoWait, 0).ok());
  auto b = env.begin();
  ASSERT_TRUE(env.locks().acquire(*b, relation(1), LockMode::kShare, WaitPolicy::kNoWait, 0).ok());
  EXPECT_EQ(env.locks().snapshot().size(), 2u);
  env.commit(a);
  env.commit(b);
  EXPECT_TRUE(env.locks().snapshot().empty());
}

TEST(Locks, SavepointReleasesWhatItAcquired) {
  TxnEnvironment env;
  auto a = env.begin();
  ASSERT_TRUE(env.locks().acquire(*a, relation(1), LockMode::kAccessShare, WaitPolicy::kWait, 0).ok());
  auto savepoint = a->savepoint();
  ASSERT_TRUE(env.locks().acquire(*a, relation(1), LockMode::kAccessExclusive, WaitPolicy::kWait, 0).ok());
  ASSERT_TRUE(env.locks().acquire(*a, relation(2), LockMode::kRowExclusive, WaitPolicy::kWait, 0).ok());
  ASSERT_TRUE(env.locks().acquire_row(*a, 1, Tid{PageId{3}, 4}, RowLock::kUpdate, WaitPolicy::kWait, 0).ok());
  ASSERT_TRUE(a->rollback_to(savepoint).ok());
  auto rows = env.locks().snapshot();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].mode, "AccessShareLock");
  auto b = env.begin();
  EXPECT_TRUE(env.locks().acquire(*b, relation(1), LockMode::kExclusive, WaitPolicy::kNoWait, 0).ok());
}

TEST(Locks, QueueIsFirstInFirstOut) {
  TxnEnvironment env;
  auto holder = env.begin();
  ASSERT_TRUE(env.locks().acquire(*holder, relation(1), LockMode::kAccessShare, WaitPolicy::kWait, 0).ok());
  std::vector<int> order;
  std::mutex mutex;
  auto waiter = [&](int number, LockMode mode) {
    auto txn = env.begin();
    ASSERT_TRUE(env.locks().acquire(*txn, relation(1), mode, WaitPolicy::kWait, 0).ok());
    {
      std::lock_guard guard(mutex);
      order.push_back(number);
    }
    env.commit(txn);
  };
  std::thread first(waiter, 1, LockMode::kAccessExclusive);
  env.wait_for_waiters(1);
  // Does not conflict with the holder, but with who waits before it.
  std::thread second(waiter, 2, LockMode::kAccessShare);
  env.wait_for_waiters(2);
  auto late = env.begin();
  EXPECT_FALSE(env.locks().acquire(*late, relation(1), LockMode::kAccessShare, WaitPolicy::kNoWait, 0).ok());
  // The holder itself goes before those who wait for it.
  EXPECT_TRUE(env.locks().acquire(*holder, relation(1), LockMode::kRowShare, WaitPolicy::kNoWait, 0).ok());
  env.commit(holder);
  first.join();
  second.join();
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST(Locks, TimeoutAndCancelEndAWait) {
  TxnEnvironment env;
  auto a = env.begin();
  ASSERT_TRUE(env.locks().acquire(*a, relation(1), LockMode::kExclusive, WaitPolicy::kWait, 0).ok());
  auto b = env.begin();
  Status s = env.locks().acquire(*b, relation(1), LockMode::kExclusive, WaitPolicy::kWait, 2'000);
  EXPECT_EQ(s.code(), StatusCode::kTimeout);
  EXPECT_EQ(s.message(), "canceling statement due to lock timeout");
  sync::CancelToken token;
  auto c = env.txns().begin(Isolation::kReadCommitted, &token);
  std::thread waiting([&] {
    EXPECT_EQ(env.locks().acquire(*c, relation(1), LockMode::kExclusive, WaitPolicy::kWait, 0).code(),
              StatusCode::kCancelled);
  });
  env.wait_for_waiters(1);
  token.request(sync::CancelReason::kUser);
  waiting.join();
  env.commit(a);
  EXPECT_TRUE(env.locks().acquire(*b, relation(1), LockMode::kExclusive, WaitPolicy::kNoWait, 0).ok());
}

TEST(Locks, DeadlockNamesTheProcesses) {
  TxnEnvironment env;
  env.locks().set_deadlock_timeout_us(1'000);
  auto a = env.begin(11);
  auto b = env.begin(22);
  ASSERT_TRUE(env.locks().acquire(*a, relation(1), LockMode::kExclusive, WaitPolicy::kWait, 0).ok());
  ASSERT_TRUE(env.locks().acquire(*b, relation(2), LockMode::kExclusive, WaitPolicy::kWait, 0).ok());
  Status sa, sb;
  std::thread other([&] {
    sa = env.locks().acquire(*a, relation(2), LockMode::kShare, WaitPolicy::kWait, 0);
    if (!sa.ok()) env.txns().rollback(*a);
  });
  env.wait_for_waiters(1);
  sb = env.locks().acquire(*b, relation(1), LockMode::kExclusive, WaitPolicy::kWait, 0);
  if (!sb.ok()) env.txns().rollback(*b);
  other.join();
  ASSERT_NE(sa.ok(), sb.ok());
  const std::string a_line =
      "Process 11 waits for ShareLock on relation 2 of database 1; blocked by process 22.";
  const std::string b_line =
      "Process 22 waits for ExclusiveLock on relation 1 of database 1; blocked by process 11.";
  const Status& victim = sa.ok() ? sb : sa;
  EXPECT_EQ(victim.code(), StatusCode::kDeadlock);
  EXPECT_EQ(victim.message(), sa.ok() ? b_line + "\n" + a_line : a_line + "\n" + b_line);
}

TEST(Locks, DeadlockThroughTransactionsRowsAndSessions) {
  TxnEnvironment env;
  env.locks().set_deadlock_timeout_us(1'000);
  auto a = env.begin(1);
  auto b = env.begin(2);
  auto c = env.begin(3);
  a->assign_xid();
  Xid xa = a->xid();
  Tid row{PageId{9}, 1};
  ASSERT_TRUE(env.locks().acquire_row(*b, 1, row, RowLock::kUpdate, WaitPolicy::kWait, 0).ok());
  ASSERT_TRUE(
      env.locks().acquire_session(33, *c, advisory(5), LockMode::kExclusive, WaitPolicy::kWait, 0).ok());
  std::atomic<int> deadlocks{0};
  auto run = [&](std::unique_ptr<Transaction>& txn, Status s) {
    if (!s.ok()) {
      EXPECT_EQ(s.code(), StatusCode::kDeadlock);
      deadlocks.fetch_add(1);
      // A session keeps its advisory locks when its transaction ends.
      if (&txn == &c) env.locks().release_all_session(33);
    }
    env.txns().rollback(*txn);
    if (&txn == &c) env.locks().release_all_session(33);
  };
  std::thread ta(
      [&] { run(a, env.locks().acquire(*a, advisory(5), LockMode::kExclusive, WaitPolicy::kWait, 0)); });
  env.wait_for_waiters(1);
  std::thread tb([&] { run(b, env.txns().wait_for(*b, xa)); });
  env.wait_for_waiters(2);
  run(c, env.locks().acquire_row(*c, 1, row, RowLock::kKeyShare, WaitPolicy::kWait, 0));
  ta.join();
  tb.join();
  EXPECT_EQ(deadlocks.load(), 1);
}

// All of a circle look for it at the same time; the first that finds it goes, and then there is none.
TEST(Locks, ACircleHasOneVictim) {
  constexpr int kProcesses = 6;
  TxnEnvironment env;
  env.locks().set_deadlock_timeout_us(500);
  for (int round = 0; round < 100; ++round) {
    std::barrier all_hold(kProcesses);
    std::atomic<int> victims{0};
    std::vector<std::thread> processes;
    for (uint64_t i = 0; i < kProcesses; ++i) {
      processes.emplace_back([&, i] {
        auto txn = env.begin(static_cast<uint32_t>(i + 1));
        auto lock = [&](uint64_t key) {
          return env.locks().acquire(*txn, advisory(key), LockMode::kExclusive, WaitPolicy::kWait, 0);
        };
        EXPECT_TRUE(lock(i).ok());
        all_hold.arrive_and_wait();
        Status s = lock((i + 1) % kProcesses);
        if (!s.ok()) {
          EXPECT_EQ(s.code(), StatusCode::kDeadlock);
          victims.fetch_add(1);
        }
        env.txns().rollback(*txn);
      });
    }
    for (std::thread& process : processes) process.join();
    ASSERT_EQ(victims.load(), 1) << "round " << round;
  }
}

// A shares, B queues for exclusive behind it, C queues for share behind B while A waits for C: only C's place
// in the queue closes the circle, so C goes first and nobody dies.
TEST(Locks, ACircleThroughAQueueIsResolvedByReordering) {
  TxnEnvironment env;
  auto a = env.begin(1);
  auto b = env.begin(2);
  auto c = env.begin(3);
  ASSERT_TRUE(env.locks().acquire(*a, advisory(1), LockMode::kShare, WaitPolicy::kWait, 0).ok());
  ASSERT_TRUE(env.locks().acquire(*c, advisory(2), LockMode::kExclusive, WaitPolicy::kWait, 0).ok());
  std::thread tb([&] {
    EXPECT_TRUE(env.locks().acquire(*b, advisory(1), LockMode::kExclusive, WaitPolicy::kWait, 0).ok());
    env.commit(b);
  });
  env.wait_for_waiters(1);
  std::thread tc([&] {
    EXPECT_TRUE(env.locks().acquire(*c, advisory(1), LockMode::kShare, WaitPolicy::kWait, 0).ok());
    env.commit(c);
  });
  env.wait_for_waiters(2);
  env.locks().set_deadlock_timeout_us(1'000);
  EXPECT_TRUE(env.locks().acquire(*a, advisory(2), LockMode::kExclusive, WaitPolicy::kWait, 0).ok());
  env.commit(a);
  tc.join();
  tb.join();
}

TEST(Locks, SessionLocksCountAndDoNotConflictWithTheirOwnTransactions) {
  TxnEnvironment env;
  auto a = env.begin();
  auto& locks = env.locks();
  ASSERT_TRUE(locks.acquire_session(1, *a, advisory(5), LockMode::kExclusive, WaitPolicy::kNoWait, 0).ok());
  ASSERT_TRUE(locks.acquire_session(1, *a, advisory(5), LockMode::kExclusive, WaitPolicy::kNoWait, 0).ok());
  ASSERT_TRUE(locks.acquire(*a, advisory(5), LockMode::kExclusive, WaitPolicy::kNoWait, 0).ok());
  env.commit(a);
  auto b = env.begin();
  EXPECT_FALSE(locks.acquire_session(2, *b, advisory(5), LockMode::kShare, WaitPolicy::kNoWait, 0).ok());
  EXPECT_TRUE(locks.release_session(1, advisory(5), LockMode::kExclusive));
  EXPECT_FALSE(locks.acquire_session(2, *b, advisory(5), LockMode::kShare, WaitPolicy::kNoWait, 0).ok());
  EXPECT_TRUE(locks.release_session(1, advisory(5), LockMode::kExclusive));
  EXPECT_FALSE(locks.release_session(1, advisory(5), LockMode::kExclusive));
  EXPECT_TRUE(locks.acquire_session(2, *b, advisory(5), LockMode::kShare, WaitPolicy::kNoWait, 0).ok());
  env.commit(b);
  EXPECT_EQ(locks.snapshot().size(), 1u);
  locks.release_all_session(2);
  EXPECT_TRUE(locks.snapshot().empty());
}

TEST(Locks, TheLimitIsARefusalNotACrash) {
  TxnOptions options;
  options.max_locks = 64 * 16;
  TxnEnvironment env(options);
  auto a = env.begin();
  Status s;
  for (uint64_t i = 0; i < 100'000 && s.ok(); ++i) {
    s = env.locks().acquire_row(*a, 1, Tid{PageId{i + 1}, 0}, RowLock::kUpdate, WaitPolicy::kWait, 0);
  }
  EXPECT_EQ(s.code(), StatusCode::kOutOfMemory);
  env.commit(a);
  EXPECT_TRUE(env.locks().snapshot().empty());
}

// Random weak and strong locks from many threads: a strong holder is alone.
TEST(Locks, StrongLocksExcludeUnderThreads) {
  TxnEnvironment env;
  env.locks().set_deadlock_timeout_us(2'000);
  constexpr uint64_t kRelations = 3;
  std::atomic<int> weak[kRelations] = {};
  std::atomic<int> strong[kRelations] = {};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937 random(static_cast<uint32_t>(t));
      for (int n = 0; n < 2000; ++n) {
        auto txn = env.begin(static_cast<uint32_t>(t + 1));
        uint64_t r = random() % kRelations;
        bool is_strong = random() % 8 == 0;
        Status s = env.locks().acquire(*txn, relation(r),
                                       is_strong ? LockMode::kAccessExclusive : LockMode::kRowExclusive,
                                       WaitPolicy::kWait, 0);
        ASSERT_TRUE(s.ok()) << s.to_string();
        auto& mine = is_strong ? strong[r] : weak[r];
        mine.fetch_add(1);
        if (is_strong) {
          EXPECT_EQ(strong[r].load(), 1);
          EXPECT_EQ(weak[r].load(), 0);
        } else {
          EXPECT_EQ(strong[r].load(), 0);
        }
        mine.fetch_sub(1);
        env.commit(txn);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_TRUE(env.locks().snapshot().empty());
}

}  // namespace
}  // namespace varve::txn
