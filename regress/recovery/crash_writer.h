// One session of a crash workload: inserts, updates, re-keys and deletes rows of its own keys, and knows what
// its transaction and its commits have made of them.
#pragma once

#include <random>

#include "crash_store.h"

namespace varve::regress {

// Not thread-safe; several writers on one store may run in threads of their own.
class CrashWriter {
 public:
  // Session `who` of `sessions` has the keys with key mod sessions == who. `rows`: its keys as committed.
  CrashWriter(CrashStore& store, std::mt19937_64& random, size_t who, size_t sessions, const Table& rows);

  bool is_open() const { return txn_ != nullptr; }
  void begin() {
    txn_ = store_.begin();
    // A settling that the crash has stopped never lets go of its rows.
    if (store_.columnar()) txn_->lock_timeout_us = 5'000'000;
  }
  Status change();
  void save();
  Status back_to_savepoint();  // nothing happens without one
  void roll_back();
  // The commit's place in the log; invalid when nothing was written. committed() is the new state then.
  Lsn commit();
  // What is open is left to recovery: giving the object back would roll it back.
  void abandon() { (void)txn_.release(); }

  const Table& committed() const { return committed_; }

 private:
  Status insert(uint64_t key);
  Status insert_many(uint64_t key);
  Result<Tid> insert_row(uint64_t key, const std::string& value);
  Status replace(uint64_t key, uint64_t new_key);
  Status remove(uint64_t key);
  Result<Tid> find_tid(uint64_t key);
  std::string make_value();
  uint64_t random_key();

  CrashStore& store_;
  std::mt19937_64& random_;
  size_t who_, sessions_;
  std::unique_ptr<txn::Transaction> txn_;
  Table committed_, rows_;  // rows_: as the transaction sees them
  bool saved_ = false;
  txn::Transaction::Savepoint savepoint_;
  Table rows_at_savepoint_;
};

}  // namespace varve::regress
