// A mixed workload, fully determined by its seed: several transactions at a time insert, update, re-key and
// delete rows, go back to savepoints, commit or roll back, while checkpoints and purge run in between.
#pragma once

#include <array>
#include <random>
#include <vector>

#include "crash_store.h"
#include "crash_writer.h"
#include "port/sim_vfs.h"

namespace varve::regress {

class CrashWorkload {
 public:
  static constexpr size_t kSessions = 3;

  // `rollbacks`: whole transactions are rolled back, too. A rollback that meets a dead disk stops the
  // process, so only where the pool holds everything.
  CrashWorkload(CrashStore& store, uint64_t seed, bool rollbacks)
      : store_(store), random_(seed), rollbacks_(rollbacks) {}

  // Until the disk stops. An error before that is the result.
  Status run(int steps, port::SimVfs& vfs);
  // What is open is left to recovery: giving the objects back would roll them back.
  void abandon();

  // Index in states() of a state equal to `table` that may be the one after a crash, or SIZE_MAX.
  size_t find(const Table& table) const;
  // After recovery: goes on from that state.
  void continue_from(size_t state);
  const std::vector<Table>& states() const { return states_; }

 private:
  Status step();
  Status commit(CrashWriter& writer, size_t who);

  CrashStore& store_;
  std::mt19937_64 random_;
  bool rollbacks_;
  std::array<std::unique_ptr<CrashWriter>, kSessions> writers_;  // null between transactions
  std::vector<Table> states_{Table{}};
  size_t acknowledged_ = 0;
};

}  // namespace varve::regress
