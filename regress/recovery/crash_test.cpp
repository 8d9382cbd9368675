// Runs a workload once to count its writes, then again and again with the power failing at each of them,
// recovers (with the power failing during recovery, too), and compares with what was committed.
//
//   recovery_crash_test [--seed FIRST] [--seconds N] [--crash WRITE]
//   recovery_crash_test --threads [--seed FIRST] [--seconds N]
//   recovery_crash_test --columnar …     either of them, with rows that settle into segments meanwhile
//
// A failure prints the seed and the write; --seed and --crash repeat it. With --threads the writers and the
// engine's own threads run at the same time, and the power fails at a write that the seed chooses: what a
// seed does then depends on the machine, too.
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#include <optional>

#include "common/hash.h"
#include "concurrent_workload.h"
#include "crash_workload.h"

namespace varve::regress {
namespace {

constexpr int kSteps = 300;
}  // namespace
bool columnar = false;  // said on the command line
namespace {

struct Counters {
  uint64_t crashes = 0, recoveries = 0, losers = 0, undone = 0, redone = 0;
};

void count(const recovery::RecoveryResult& r, Counters* counters) {
  ++counters->recoveries;
  counters->losers += r.losers;
  counters->undone += r.undone;
  counters->redone += r.redone;
}

Status check(CrashStore& store, CrashWorkload& workload, const char* when) {
  VARVE_ASSIGN_OR_RETURN(Table table, store.read_and_verify());
  size_t state = workload.find(table);
  if (state == SIZE_MAX)
    return Status::corruption(fmt::format("{}: {} rows are no committed state", when, table.size()));
  workload.continue_from(state);
  return {};
}

// One life with a crash at `crash_at` (0: none; then `*writes` receives the number of writes), and recovery.
Status one_crash(uint64_t seed, uint64_t crash_at, uint64_t* writes, Counters* counters) {
  bool evicting = seed % 2 == 1;
  port::SimVfs vfs(seed << 24 | crash_at);
  CrashStore store(vfs, evicting ? 24 : 1024, seed % 3 == 0 ? 3 : 1, false, columnar);
  VARVE_RETURN_IF_ERROR(store.create());
  CrashWorkload workload(store, seed, !evicting);
  VARVE_RETURN_IF_ERROR(workload.run(kSteps, vfs));
  uint64_t before = vfs.writes();
  if (crash_at != 0) vfs.crash_at_write(before + crash_at);
  VARVE_RETURN_IF_ERROR(workload.run(kSteps, vfs));
  if (writes != nullptr) *writes = vfs.writes() - before;
  vfs.crash();
  workload.abandon();
  store.abandon();
  ++counters->crashes;

  for (uint64_t again = 0; again < 2; ++again) {
    vfs.restart();
    vfs.crash_at_write(vfs.writes() + 1 + (crash_at * 7 + again * 13) % 60);
    if (store.open().ok()) count(store.engine->recovery(), counters);
    vfs.crash();
    store.abandon();
  }
  vfs.restart();
  VARVE_RETURN_IF_ERROR(store.open());
  count(store.engine->recovery(), counters);
  VARVE_RETURN_IF_ERROR(check(store, workload, "after recovery"));

  // It works on, through vacuum and a clean restart.
  VARVE_RETURN_IF_ERROR(workload.run(60, vfs));
  workload.abandon();
  store.abandon();
  vfs.crash();
  vfs.restart();
  VARVE_RETURN_IF_ERROR(store.open());
  VARVE_RETURN_IF_ERROR(check(store, workload, "after the second crash"));
  VARVE_RETURN_IF_ERROR(store.vacuum());
  VARVE_RETURN_IF_ERROR(check(store, workload, "after vacuum"));
  VARVE_RETURN_IF_ERROR(store.verify_chunks());
  VARVE_RETURN_IF_ERROR(store.engine->close());
  VARVE_RETURN_IF_ERROR(store.open());
  if (store.engine->recovery().redone != 0) return Status::corruption("redo after a clean shutdown");
  return check(store, workload, "after a clean restart");
}

// The same with threads: no write can be named beforehand, so one anywhere in the run.
Status one_concurrent_crash(uint64_t seed, Counters* counters, uint64_t* commits) {
  constexpr int kStepsOfEach = 400;
  port::SimVfs vfs(seed);
  CrashStore store(vfs, seed % 2 == 1 ? 64 : 1024, seed % 3 == 0 ? 3 : 1, true, columnar);
  VARVE_RETURN_IF_ERROR(store.create());
  Table table;
  for (uint64_t life = 0; life < 3; ++life) {
    ConcurrentWorkload workload(store, seed * 16 + life);
    vfs.crash_at_write(vfs.writes() + 1 + hash_int(seed * 16 + life) % 1500);
    VARVE_RETURN_IF_ERROR(workload.run(kStepsOfEach, table, vfs));
    vfs.crash();
    store.abandon();
    *commits += workload.commits();
    ++counters->crashes;
    vfs.restart();
    VARVE_RETURN_IF_ERROR(store.open());
    count(store.engine->recovery(), counters);
    VARVE_ASSIGN_OR_RETURN(table, store.read_and_verify());
    VARVE_RETURN_IF_ERROR(workload.check(table));
  }
  return {};
}

bool report(uint64_t seed, uint64_t crash_at, const Status& status) {
  if (status.ok()) return true;
  fmt::print(stderr, "FAILED --seed {} --crash {}: {}\n", seed, crash_at, status.to_string());
  return false;
}

int run(uint64_t seed, uint64_t seconds, std::optional<uint64_t> only) {
  auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  Counters counters;
  if (only) return report(seed, *only, one_crash(seed, *only, nullptr, &counters)) ? 0 : 1;
  const uint64_t first = seed;
  for (bool time_left = true; time_left; ++seed) {
    uint64_t writes = 0;
    if (!report(seed, 0, one_crash(seed, 0, &writes, &counters))) return 1;
    for (uint64_t crash_at = 1; crash_at <= writes; ++crash_at) {
      if (!report(seed, crash_at, one_crash(seed, crash_at, nullptr, &counters))) return 1;
      time_left = std::chrono::steady_clock::now() < end;
      if (!time_left) break;
    }
  }
  fmt::print(
      "seeds {} to {}: {} crashes, {} recoveries, {} transactions rolled back, {} changes undone, {} "
      "redone\n",
      first, seed - 1, counters.crashes, counters.recoveries, counters.losers, counters.undone,
      counters.redone);
  // A test that never found anything to recover would prove nothing.
  return counters.losers > 0 && counters.undone > 0 && counters.redone > 0 ? 0 : 1;
}

int run_concurrent(uint64_t seed, uint64_t seconds) {
  auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  Counters counters;
  const uint64_t first = seed;
  uint64_t commits = 0;
  do {
    if (Status status = one_concurrent_crash(seed, &counters, &commits); !status.ok()) {
      fmt::print(stderr, "FAILED --threads --seed {}: {}\n", seed, status.to_string());
      return 1;
    }
    ++seed;
  } while (std::chrono::steady_clock::now() < end);
  fmt::print(
      "seeds {} to {}, {} threads: {} crashes after {} commits, {} transactions rolled back, {} redone\n",
      first, seed - 1, ConcurrentWorkload::kThreads, counters.crashes, commits, counters.losers,
      counters.redone);
  return counters.losers > 0 && counters.redone > 0 ? 0 : 1;
}

}  // namespace
}  // namespace varve::regress

int main(int argc, char** argv) {
  uint64_t seed = 1;
  uint64_t seconds = 40;
  std::optional<uint64_t> crash;
  int at = 1;
  auto flag = [&](const char* name) {
    const bool given = at < argc && std::strcmp(argv[at], name) == 0;
    at += given ? 1 : 0;
    return given;
  };
  varve::regress::columnar = flag("--columnar");
  const bool threads = flag("--threads");
  for (int i = at; i + 1 < argc; i += 2) {
    uint64_t value = std::strtoull(argv[i + 1], nullptr, 10);
    if (std::strcmp(argv[i], "--seed") == 0)
      seed = value;
    else if (std::strcmp(argv[i], "--seconds") == 0)
      seconds = value;
    else if (std::strcmp(argv[i], "--crash") == 0)
      crash = value;
    else
      return 2;
  }
  if (threads) return varve::regress::run_concurrent(seed, seconds);
  return varve::regress::run(seed, seconds, crash);
}
