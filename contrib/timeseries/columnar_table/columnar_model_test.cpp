// Several threads write, one settles and rewrites, one purges, others read: no row may be lost, doubled or
// seen half, in any snapshot.
#include <atomic>
#include <random>
#include <thread>

#include "test_table.h"

namespace varve::columnar_table {
namespace {

using access::LockOutcome;
using txn::Isolation;

constexpr int64_t kAccounts = 300;
constexpr double kEach = 100;

// Moves money between accounts, re-reading rows that others have changed as READ COMMITTED does. False:
// rolled back.
bool transfer(TestTable& table, std::mt19937_64& random, Isolation isolation) {
  auto txn = table.begin(isolation);
  int64_t keys[2] = {static_cast<int64_t>(random() % kAccounts), static_cast<int64_t>(random() % kAccounts)};
  if (keys[0] == keys[1]) keys[1] = (keys[1] + 1) % kAccounts;
  if (keys[0] > keys[1]) std::swap(keys[0], keys[1]);  // in one order: no deadlocks
  const double amounts[2] = {1, -1};
  for (int i = 0; i < 2; ++i) {
    txn::Snapshot snapshot = txn->statement_snapshot();
    auto found = table.find(snapshot, keys[i]);
    EXPECT_EQ(found.size(), 1U) << "account " << keys[i];
    if (found.size() != 1) break;
    auto [tid, row] = found[0];
    for (bool locked = false;; locked = true) {
      row.number += amounts[i];
      row.text = fmt::format("change {}", random() % 1000);
      TestRow newest;
      auto outcome = table.update(*txn, snapshot, tid, row, locked, &newest);
      if (!outcome.ok()) {
        EXPECT_EQ(outcome.status().code(), StatusCode::kWriteConflict) << outcome.status().to_string();
        table.rollback(txn);
        return false;
      }
      if (*outcome == LockOutcome::kLocked) break;
      EXPECT_EQ(*outcome, LockOutcome::kLockedUpdated) << "account " << keys[i];
      if (*outcome != LockOutcome::kLockedUpdated) {
        table.rollback(txn);
        return false;
      }
      row = newest;
    }
  }
  if (random() % 10 == 0) {
    table.rollback(txn);
    return false;
  }
  table.commit(txn);
  return true;
}

void check_sum(TestTable& table, const txn::Snapshot& snapshot) {
  for (const TestRows& rows : {table.scan(snapshot), table.scan_columns(snapshot)}) {
    double sum = 0;
    int64_t accounts = 0;
    for (const auto& [key, row] : rows) {
      if (key >= kAccounts) continue;
      ++accounts;
      sum += row.number;
    }
    EXPECT_EQ(accounts, kAccounts);
    EXPECT_EQ(sum, kEach * kAccounts);
  }
}

// Rows that belong to one thread: inserted, changed, deleted, as its map says.
class Owner {
 public:
  Owner(TestTable& table, int64_t base, uint64_t seed) : table_(table), base_(base), random_(seed) {}

  void step() {
    auto txn = table_.begin();
    TestRows changed = rows_;
    for (uint64_t n = 1 + random_() % 20; n > 0; --n) {
      const int64_t key = base_ + static_cast<int64_t>(random_() % 200);
      txn::Snapshot snapshot = txn->statement_snapshot();
      auto found = table_.find(snapshot, key);
      auto model = changed.find(key);
      ASSERT_EQ(found.size(), model == changed.end() ? 0U : 1U) << key;
      TestRow row{key, random_text(), static_cast<double>(random_() % 1000)};
      if (model == changed.end()) {
        table_.insert(*txn, row);
        changed[key] = row;
        continue;
      }
      ASSERT_EQ(found[0].second, model->second);
      if (random_() % 3 == 0) {
        ASSERT_EQ(table_.remove(*txn, snapshot, found[0].first, key).value(), LockOutcome::kLocked);
        changed.erase(key);
      } else {
        ASSERT_EQ(table_.update(*txn, snapshot, found[0].first, row).value(), LockOutcome::kLocked);
        changed[key] = row;
      }
    }
    if (random_() % 4 == 0) {
      table_.rollback(txn);
    } else {
      table_.commit(txn);
      rows_ = std::move(changed);
    }
  }
  const TestRows& rows() const { return rows_; }

 private:
  std::optional<std::string> random_text() {
    switch (random_() % 5) {
      case 0:
        return std::nullopt;
      case 1:
        return std::string(random_() % 6000, static_cast<char>('a' + random_() % 26));
      default:
        return fmt::format("value {}", random_() % 50);
    }
  }
  TestTable& table_;
  const int64_t base_;
  std::mt19937_64 random_;
  TestRows rows_;
};

TEST(ColumnarModel, ConcurrentWritersAgainstSettling) {
  TestTable table;
  {
    auto txn = table.begin();
    for (int64_t k = 0; k < kAccounts; ++k) table.insert(*txn, {k, "new", kEach});
    table.commit(txn);
  }
  constexpr int kSteps = 600;
  std::atomic<int> working{4};
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  std::vector<Owner> owners;
  for (int i = 0; i < 2; ++i) owners.emplace_back(table, 100000 * (i + 1), 10 + i);
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&, i] {
      std::mt19937_64 random(static_cast<uint64_t>(i));
      for (int n = 0; n < kSteps * 3; ++n)
        transfer(table, random, i == 0 ? Isolation::kReadCommitted : Isolation::kRepeatableRead);
      --working;
    });
    threads.emplace_back([&, i] {
      for (int n = 0; n < kSteps && !testing::Test::HasFatalFailure(); ++n)
        owners[static_cast<size_t>(i)].step();
      --working;
    });
  }
  threads.emplace_back([&] {
    while (!stop) {
      auto txn = table.begin(Isolation::kRepeatableRead);
      check_sum(table, txn->statement_snapshot());
      std::this_thread::yield();
      check_sum(table, txn->statement_snapshot());
      table.commit(txn);
    }
  });
  threads.emplace_back([&] {
    std::mt19937_64 random(99);
    while (!stop) {
      ASSERT_TRUE(table.txns().purge_once().ok());
      auto txn = table.begin();
      auto settled = random() % 3 == 0 ? table.rewrite_in(*txn) : table.settle_in(*txn);
      ASSERT_TRUE(settled.ok()) << settled.status().to_string();
      if (random() % 8 == 0)
        table.rollback(txn);
      else
        table.commit(txn);
    }
  });
  while (working > 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  stop = true;
  for (std::thread& t : threads) t.join();

  auto check = [&] {
    auto txn = table.begin();
    txn::Snapshot snapshot = txn->statement_snapshot();
    check_sum(table, snapshot);
    TestRows expected = owners[0].rows();
    expected.insert(owners[1].rows().begin(), owners[1].rows().end());
    TestRows rows = table.scan(snapshot);
    table.check_index(snapshot, rows);
    std::erase_if(rows, [](const auto& e) { return e.first < kAccounts; });
    EXPECT_TRUE(same_rows(rows, expected));
    table.commit(txn);
  };
  check();
  table.settle();
  check();
  table.reattach();
  check();
  table.reopen();
  check();
  table.vacuum();
  while (table.rewrite() != 0) {
  }
  check();
}

}  // namespace
}  // namespace varve::columnar_table
