// What happens to tables and indexes while the server runs: what pg_stat_user_tables shows, and what tells
// when a table's statistics have grown stale. Kept in memory only. Thread-safe.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>

#include "common/strong_id.h"

namespace varve::catalog {

enum class Activity : uint8_t { kInserted, kUpdated, kDeleted, kSeqScans, kSeqRows, kIndexScans, kIndexRows };
inline constexpr size_t kActivities = 7;

// Counters of one table or index. Each thread counts in a shard of its own cache line, so that a busy table
// costs no traffic between cores.
class TableActivity {
 public:
  void add(Activity what, uint64_t n) noexcept;
  uint64_t total(Activity what) const noexcept;
  // Rows inserted, updated or deleted since the last analyzed(). Rolled-back work counts too.
  uint64_t changes() const noexcept;
  void analyzed(int64_t now_us, bool automatic) noexcept;
  // Microseconds since 2000-01-01 UTC, 0: never since the server started.
  int64_t last_analyze_us(bool automatic) const noexcept {
    return (automatic ? last_automatic_ : last_manual_).load(std::memory_order_relaxed);
  }
  // Everything is zero and never again. What is counted meanwhile may or may not be.
  void reset() noexcept;
  uint64_t analyze_count(bool automatic) const noexcept {
    return (automatic ? automatic_count_ : manual_count_).load(std::memory_order_relaxed);
  }

 private:
  static constexpr size_t kShards = 8;
  struct alignas(64) Shard {
    std::array<std::atomic<uint64_t>, kActivities> counters{};
  };
  uint64_t all_changes() const noexcept;

  std::array<Shard, kShards> shards_;
  std::atomic<uint64_t> analyzed_changes_{0};
  std::atomic<int64_t> last_manual_{0}, last_automatic_{0};
  std::atomic<uint64_t> manual_count_{0}, automatic_count_{0};
};

// The counters of a relation of a database; made at the first call. The reference stays good as long as the
// process lives; counters of dropped relations are small change.
TableActivity& table_activity(uint32_t database, Oid relation);
// Null if nothing has happened to the relation yet.
const TableActivity* find_table_activity(uint32_t database, Oid relation);

// All relations of the database that something has happened to; 0: the shared ones' number.
void for_each_activity(uint32_t database, const std::function<void(Oid, TableActivity&)>& f);

}  // namespace varve::catalog
