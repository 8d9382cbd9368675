// Many threads on few rows, judged by what they reported afterwards.
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include "access/unique_check.h"
#include "test_heap.h"

namespace varve::access {
namespace {

using txn::Isolation;
using txn::RowLock;
using txn::WaitPolicy;

constexpr int kThreads = 4;

// A row: the number of the version that wrote it (unique), and padding that makes rows grow, shrink and move.
std::string make_row(uint64_t version, std::mt19937_64& random) {
  std::string row(8, '\0');
  std::memcpy(row.data(), &version, 8);
  size_t padding = random() % 10 == 0 ? random() % 3000 : random() % 100;
  row.append(padding, static_cast<char>('a' + version % 26));
  return row;
}
uint64_t version_of(const std::string& row) {
  uint64_t v;
  std::memcpy(&v, row.data(), 8);
  for (size_t i = 8; i < row.size(); ++i) VARVE_CHECK(row[i] == static_cast<char>('a' + v % 26));
  return v;
}

struct Event {
  bool write;
  size_t row;
  uint64_t version;  // read, or overwritten
  uint64_t written;  // by a write
};
struct History {
  uint64_t snapshot;
  uint64_t csn;  // 0: wrote nothing; ~0: rolled back
  std::vector<Event> events;
};

// Snapshot isolation, decided afterwards: with the commit numbers known, every read must have returned the
// newest version committed at or before its snapshot (or the transaction's own), and every write must have
// replaced that.
TEST(HeapConcurrency, RandomRepeatableReadTransactionsFollowTheModel) {
  HeapEnvironment env;
  constexpr size_t kRows = 24;
  constexpr int kTransactions = 400;
  std::mt19937_64 setup(1);
  std::vector<Tid> tids;
  auto t = env.begin();
  for (size_t i = 0; i < kRows; ++i) tids.push_back(env.insert(*t, make_row(i + 1, setup)));
  const uint64_t first_csn = env.commit(t).value();
  env.txns().start_purge();

  std::atomic<uint64_t> next_version{kRows + 1};
  std::vector<std::vector<History>> histories(kThreads);
  std::atomic<int> conflicts{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      std::mt19937_64 random(static_cast<uint64_t>(thread) + 100);
      for (int n = 0; n < kTransactions; ++n) {
        auto txn = env.begin(Isolation::kRepeatableRead);
        History history{txn->statement_snapshot().csn.value(), 0, {}};
        bool failed = false;
        auto savepoint = txn->savepoint();
        size_t events_at_savepoint = 0;
        for (uint64_t ops = random() % 8 + 1; ops > 0 && !failed; --ops) {
          size_t i = random() % kRows;
          uint64_t seen = version_of(env.read(*txn, tids[i]));
          if (random() % 5 == 0) {
            if (random() % 2 == 0) {
              savepoint = txn->savepoint();
              events_at_savepoint = history.events.size();
            } else {
              VARVE_CHECK(txn->rollback_to(savepoint).ok());
              history.events.resize(events_at_savepoint);
            }
            continue;
          }
          if (random() % 2 == 0) {
            history.events.push_back({false, i, seen, 0});
            continue;
          }
          uint64_t version = next_version.fetch_add(1);
          auto outcome = env.update(*txn, tids[i], make_row(version, random));
          if (!outcome.ok()) {
            VARVE_CHECK(outcome.status().code() == StatusCode::kWriteConflict ||
                        outcome.status().code() == StatusCode::kDeadlock);
            failed = true;
          } else {
            VARVE_CHECK(*outcome == LockOutcome::kLocked);
            history.events.push_back({true, i, seen, version});
          }
        }
        if (failed) conflicts.fetch_add(1);
        if (failed || random() % 6 == 0) {
          history.csn = ~0ULL;
          env.rollback(txn);
        } else {
          bool wrote =
              std::any_of(history.events.begin(), history.events.end(), [](auto& e) { return e.write; });
          Lsn lsn = env.commit(txn);
          history.csn = wrote ? lsn.value() : 0;
        }
        histories[static_cast<size_t>(thread)].push_back(std::move(history));
      }
    });
  }
  env.txns().locks().set_deadlock_timeout_us(20'000);
  for (auto& thread : threads) thread.join();
  env.txns().stop_purge();

  // Per row: csn -> version.
  std::vector<std::map<uint64_t, uint64_t>> committed(kRows);
  for (size_t i = 0; i < kRows; ++i) committed[i][first_csn] = i + 1;
  for (auto& list : histories) {
    for (History& h : list) {
      if (h.csn == ~0ULL) continue;
      for (Event& e : h.events) {
        if (e.write) committed[e.row][h.csn] = e.written;
      }
    }
  }
  for (auto& list : histories) {
    for (History& h : list) {
      std::map<size_t, uint64_t> own;
      for (Event& e : h.events) {
        uint64_t expected =
            own.contains(e.row) ? own[e.row] : std::prev(committed[e.row].upper_bound(h.snapshot))->second;
        EXPECT_EQ(e.version, expected);
        if (e.write) own[e.row] = e.written;
      }
      if (h.csn == 0 || h.csn == ~0ULL) continue;
      // No lost update: between snapshot and commit nobody else committed to a row it wrote.
      for (auto& [row, version] : own) {
        auto it = committed[row].upper_bound(h.snapshot);
        ASSERT_NE(it, committed[row].end());
        EXPECT_EQ(it->first, h.csn);
      }
    }
  }
  auto check = env.begin();
  for (size_t i = 0; i < kRows; ++i) {
    EXPECT_EQ(version_of(env.read(*check, tids[i])), committed[i].rbegin()->second);
  }
  EXPECT_EQ(env.scan(check->statement_snapshot()).size(), kRows);
  env.commit(check);
}

// READ COMMITTED with re-check, deletes and inserts: money moves, the sum stays, and every scan sees it.
TEST(HeapConcurrency, TransfersKeepTheSumInEverySnapshot) {
  HeapEnvironment env;
  constexpr size_t kAccounts = 16;
  constexpr int64_t kStart = 1000;
  auto amount_of = [](const std::string& row) { return std::stoll(row); };
  std::vector<Tid> tids;
  auto t = env.begin();
  for (size_t i = 0; i < kAccounts; ++i) tids.push_back(env.insert(*t, std::to_string(kStart)));
  env.commit(t);
  env.txns().locks().set_deadlock_timeout_us(10'000);
  env.txns().start_purge();
  std::atomic<bool> stop{false};
  std::atomic<int> deadlocks{0};

  auto add = [&](txn::Transaction& txn, Tid tid, int64_t change, std::mt19937_64& random) -> Status {
    txn::Snapshot snapshot = txn.statement_snapshot();
    int64_t amount = amount_of(env.read(snapshot, tid)) + change;
    auto row = [&] {
      return std::to_string(amount) + " " +
             std::string(random() % 20 == 0 ? random() % 2000 : random() % 20, '.');
    };
    RowBuffer buffer;
    RowVersion newest;
    std::string next = row();
    auto r = env.heap().update(txn, snapshot, tid, bytes_of(next), 1, false, false, buffer, &newest);
    if (!r.ok()) return r.status();
    if (*r == LockOutcome::kLockedUpdated) {
      amount = amount_of(text_of(newest)) + change;
      next = row();
      r = env.heap().update(txn, snapshot, tid, bytes_of(next), 1, false, true, buffer, &newest);
      if (!r.ok()) return r.status();
    }
    VARVE_CHECK(*r == LockOutcome::kLocked);
    return {};
  };

  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      std::mt19937_64 random(static_cast<uint64_t>(thread));
      for (int n = 0; n < 400; ++n) {
        auto txn = env.begin();
        Tid from = tids[random() % kAccounts];
        Tid to = tids[random() % kAccounts];
        auto amount = static_cast<int64_t>(random() % 50);
        Status s = add(*txn, from, -amount, random);
        if (s.ok()) s = add(*txn, to, amount, random);
        // A row that comes and goes: slots, purge and scans at the same time.
        if (s.ok() && random() % 4 == 0) {
          Tid extra = env.insert(*txn, "0 passing");
          if (random() % 2 == 0)
            VARVE_CHECK(env.remove(*txn, extra).ok());
          else
            s = Status(StatusCode::kBusy, "changed its mind");
        }
        if (!s.ok()) {
          VARVE_CHECK(s.code() == StatusCode::kDeadlock || s.code() == StatusCode::kBusy);
          if (s.code() == StatusCode::kDeadlock) deadlocks.fetch_add(1);
          env.rollback(txn);
        } else {
          env.commit(txn);
        }
      }
    });
  }
  std::thread reader([&] {
    while (!stop.load()) {
      auto txn = env.begin();
      int64_t sum = 0;
      size_t accounts = 0;
      for (auto& [tid, row] : env.scan(txn->statement_snapshot())) {
        sum += amount_of(row);
        ++accounts;
      }
      EXPECT_EQ(sum, kStart * static_cast<int64_t>(kAccounts));
      EXPECT_EQ(accounts, kAccounts);
      env.commit(txn);
    }
  });
  for (auto& thread : threads) thread.join();
  stop.store(true);
  reader.join();
  env.txns().stop_purge();
  auto check = env.begin();
  int64_t sum = 0;
  for (Tid tid : tids) sum += amount_of(env.read(*check, tid));
  EXPECT_EQ(sum, kStart * static_cast<int64_t>(kAccounts));
  env.commit(check);
}

TEST(HeapConcurrency, InsertingThreadsUseDifferentPagesAndLoseNothing) {
  HeapEnvironment env;
  std::vector<std::vector<Tid>> tids(kThreads);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int n = 0; n < 500; ++n) {
        auto txn = env.begin();
        tids[static_cast<size_t>(thread)].push_back(env.insert(*txn, fmt::format("{} {}", thread, n)));
        env.commit(txn);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  auto check = env.begin();
  std::set<Tid> distinct;
  for (int thread = 0; thread < kThreads; ++thread) {
    for (int n = 0; n < 500; ++n) {
      Tid tid = tids[static_cast<size_t>(thread)][static_cast<size_t>(n)];
      EXPECT_EQ(env.read(*check, tid), fmt::format("{} {}", thread, n));
      distinct.insert(tid);
    }
  }
  EXPECT_EQ(distinct.size(), 500u * kThreads);
  EXPECT_EQ(env.scan(check->statement_snapshot()).size(), distinct.size());
  env.commit(check);
}

// --- scripted interleavings: one thread that is known to wait, another that lets it go ---

// True once someone waits for a lock.
void wait_for_waiter(HeapEnvironment& env) {
  for (;;) {
    for (auto& row : env.txns().locks().snapshot()) {
      if (!row.granted) return;
    }
    std::this_thread::yield();
  }
}

TEST(HeapInterleaving, WriterWaitsAndRechecksAfterCommit) {
  HeapEnvironment env;
  auto t = env.begin();
  Tid tid = env.insert(*t, "1");
  env.commit(t);
  auto a = env.begin();
  EXPECT_OUTCOME(env.update(*a, tid, "2"), LockOutcome::kLocked);
  auto b = env.begin();
  std::string newest_text;
  std::thread waiting([&] {
    RowBuffer buffer;
    RowVersion newest;
    std::string mine = "3";
    auto r =
        env.heap().update(*b, b->statement_snapshot(), tid, bytes_of(mine), 1, false, false, buffer, &newest);
    EXPECT_OUTCOME(r, LockOutcome::kLockedUpdated);
    newest_text = text_of(newest);
  });
  wait_for_waiter(env);
  env.commit(a);
  waiting.join();
  EXPECT_EQ(newest_text, "2");
  env.rollback(b);
}

TEST(HeapInterleaving, WriterGoesOnAfterRollback) {
  HeapEnvironment env;
  auto t = env.begin();
  Tid tid = env.insert(*t, "1");
  env.commit(t);
  auto a = env.begin();
  EXPECT_OUTCOME(env.remove(*a, tid), LockOutcome::kLocked);
  auto b = env.begin(Isolation::kRepeatableRead);
  std::thread waiting([&] { EXPECT_OUTCOME(env.update(*b, tid, "3"), LockOutcome::kLocked); });
  wait_for_waiter(env);
  env.rollback(a);
  waiting.join();
  env.commit(b);
  EXPECT_EQ(env.read_committed(tid), "3");
}

TEST(HeapInterleaving, RollbackToASavepointLetsWaitersLookAgain) {
  HeapEnvironment env;
  auto t = env.begin();
  Tid tid = env.insert(*t, "1");
  env.commit(t);
  auto a = env.begin();
  auto savepoint = a->savepoint();
  EXPECT_OUTCOME(env.update(*a, tid, "2"), LockOutcome::kLocked);
  auto b = env.begin();
  std::thread waiting([&] { EXPECT_OUTCOME(env.update(*b, tid, "3"), LockOutcome::kLocked); });
  wait_for_waiter(env);
  ASSERT_TRUE(a->rollback_to(savepoint).ok());
  waiting.join();
  env.commit(b);
  env.commit(a);
  EXPECT_EQ(env.read_committed(tid), "3");
}

TEST(HeapInterleaving, DeadlockOverTwoRowsIsFoundAndTold) {
  HeapEnvironment env;
  env.txns().locks().set_deadlock_timeout_us(1'000);
  auto t = env.begin();
  Tid x = env.insert(*t, "x");
  Tid y = env.insert(*t, "y");
  env.commit(t);
  auto a = env.begin();
  auto b = env.begin();
  a->owner_pid = 11;
  b->owner_pid = 22;
  EXPECT_OUTCOME(env.update(*a, x, "a"), LockOutcome::kLocked);
  EXPECT_OUTCOME(env.update(*b, y, "b"), LockOutcome::kLocked);
  Status first;
  std::thread waiting([&] {
    auto r = env.update(*a, y, "a");
    if (!r.ok()) {
      first = r.status();
      env.rollback(a);
    }
  });
  wait_for_waiter(env);
  Status second;
  auto r = env.update(*b, x, "b");
  if (!r.ok()) {
    second = r.status();
    env.rollback(b);
  }
  waiting.join();
  EXPECT_NE(first.ok(), second.ok());  // one of them, not both
  std::string text(first.ok() ? second.message() : first.message());
  EXPECT_NE(text.find("Process 11 waits for ShareLock on transaction"), std::string::npos) << text;
  EXPECT_NE(text.find("blocked by process 11."), std::string::npos) << text;
  EXPECT_NE(text.find("Process 22 waits for ShareLock on transaction"), std::string::npos) << text;
}

// A deletion that is taken back, by its transaction or by a savepoint of one that commits: whoever is asked
// whether the row's key is free copies the row first and asks about the writer then.
TEST(HeapConcurrency, ARowWhoseDeletionIsTakenBackNeverLooksDead) {
  HeapEnvironment env;
  auto setup = env.begin();
  const Tid tid = env.insert(*setup, "row");
  env.commit(setup);
  env.txns().start_purge();
  std::atomic<bool> done{false};
  std::thread deleter([&] {
    for (uint64_t n = 0; !done.load(); ++n) {
      auto txn = env.begin();
      (void)txn->assign_xid();
      const auto before = txn->savepoint();
      VARVE_CHECK(*env.remove(*txn, tid) == LockOutcome::kLocked);
      if (n % 2 == 0) {
        env.rollback(txn);
      } else {
        VARVE_CHECK(txn->rollback_to(before).ok());
        env.commit(txn);
      }
    }
  });
#ifdef VARVE_TSAN
  constexpr int kQuestions = 20'000;
#else
  constexpr int kQuestions = 1'000'000;
#endif
  int dead = 0, live = 0;
  for (int i = 0; i < kQuestions; ++i) {
    auto txn = env.begin();
    HeapUniqueChecker checker(env.heap(), *txn);
    Xid wait_for;
    const auto verdict = checker.check(tid, false, &wait_for);
    ASSERT_TRUE(checker.status().ok());
    dead += verdict == UniqueChecker::Verdict::kDead ? 1 : 0;
    live += verdict == UniqueChecker::Verdict::kConflict ? 1 : 0;
    env.commit(txn);
  }
  done.store(true);
  deleter.join();
  EXPECT_EQ(dead, 0);
  EXPECT_GT(live, 0);
}

}  // namespace
}  // namespace varve::access
