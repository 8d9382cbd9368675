// What sessions do in a database while the server runs: what pg_stat_database shows. Kept in memory only.
//
// Each session counts for itself, without a locked instruction; who asks adds up the sessions there are and
// what those left that have ended.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "common/strong_id.h"

namespace varve::catalog {

enum class Work : uint8_t {
  kCommits,
  kRollbacks,
  kBlocksRead,
  kBlocksHit,
  kTempFiles,
  kTempBytes,
  kDeadlocks,
  kActiveUs,
  kIdleInTransactionUs,
  kSessionUs,  // of those that have ended
  kSessions,
  kAbandoned,
  kFatal,
  kKilled
};
inline constexpr size_t kWorks = 14;
using WorkTotals = std::array<uint64_t, kWorks>;

// Written by the one thread that runs the session at a time, read by all.
class SessionActivity {
 public:
  explicit SessionActivity(int64_t begin_us) : begin_us_(begin_us) {}
  void add(Work what, uint64_t n) noexcept {
    auto& counter = counters_[static_cast<size_t>(what)];
    counter.store(counter.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  uint64_t total(Work what) const noexcept {
    return counters_[static_cast<size_t>(what)].load(std::memory_order_relaxed);
  }
  int64_t begin_us() const noexcept { return begin_us_; }

 private:
  std::array<std::atomic<uint64_t>, kWorks> counters_{};
  const int64_t begin_us_;  // monotonic
};

// Thread-safe. Counts until it is destroyed, and from then on as one of those that have ended.
std::shared_ptr<SessionActivity> begin_session_activity(Oid database, int64_t now_us);
void end_session_activity(Oid database, const std::shared_ptr<SessionActivity>& session, int64_t now_us);

// Since the server started or the last reset.
WorkTotals database_activity(Oid database, int64_t now_us);
void reset_database_activity(Oid database, int64_t now_us, int64_t wall_us);
// Microseconds since 2000-01-01 UTC of the last reset, 0: never.
int64_t database_reset_us(Oid database);

// A clock for adding up times: cheap, in steps of some milliseconds, whose errors even out.
int64_t coarse_monotonic_us() noexcept;

}  // namespace varve::catalog
