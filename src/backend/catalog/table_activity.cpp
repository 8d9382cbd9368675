#include "catalog/table_activity.h"

#include <memory>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>

namespace varve::catalog {
namespace {

// A property of the thread, not of a session: which shard it counts in.
size_t own_shard(size_t shards) {
  static std::atomic<size_t> next{0};
  thread_local const size_t number = next.fetch_add(1, std::memory_order_relaxed);
  return number % shards;
}

struct TableRegistry {
  std::shared_mutex mutex;
  std::unordered_map<uint64_t, std::unique_ptr<TableActivity>> activities;
};

TableRegistry& table_registry() {
  static TableRegistry instance;
  return instance;
}

uint64_t registry_key(uint32_t database, Oid relation) { return uint64_t{database} << 32 | relation.value(); }

}  // namespace

void TableActivity::add(Activity what, uint64_t n) noexcept {
  shards_[own_shard(kShards)].counters[static_cast<size_t>(what)].fetch_add(n, std::memory_order_relaxed);
}

uint64_t TableActivity::total(Activity what) const noexcept {
  uint64_t sum = 0;
  for (const Shard& shard : shards_)
    sum += shard.counters[static_cast<size_t>(what)].load(std::memory_order_relaxed);
  return sum;
}

uint64_t TableActivity::all_changes() const noexcept {
  return total(Activity::kInserted) + total(Activity::kUpdated) + total(Activity::kDeleted);
}

uint64_t TableActivity::changes() const noexcept {
  // Counting goes on meanwhile: the sum may be behind what analyzed() saw.
  uint64_t all = all_changes(), seen = analyzed_changes_.load(std::memory_order_relaxed);
  return all > seen ? all - seen : 0;
}

void TableActivity::analyzed(int64_t now_us, bool automatic) noexcept {
  analyzed_changes_.store(all_changes(), std::memory_order_relaxed);
  (automatic ? last_automatic_ : last_manual_).store(now_us, std::memory_order_relaxed);
  (automatic ? automatic_count_ : manual_count_).fetch_add(1, std::memory_order_relaxed);
}

void for_each_activity(uint32_t database, const std::function<void(Oid, TableActivity&)>& f) {
  TableRegistry& r = table_registry();
  std::shared_lock lock(r.mutex);
  for (auto& [key, activity] : r.activities) {
    if (key >> 32 == database) f(Oid{static_cast<uint32_t>(key)}, *activity);
  }
}

void TableActivity::reset() noexcept {
  for (Shard& shard : shards_) {
    for (auto& counter : shard.counters) counter.store(0, std::memory_order_relaxed);
  }
  analyzed_changes_.store(0, std::memory_order_relaxed);
  last_manual_.store(0, std::memory_order_relaxed);
  last_automatic_.store(0, std::memory_order_relaxed);
  manual_count_.store(0, std::memory_order_relaxed);
  automatic_count_.store(0, std::memory_order_relaxed);
}

const TableActivity* find_table_activity(uint32_t database, Oid relation) {
  TableRegistry& r = table_registry();
  std::shared_lock lock(r.mutex);
  auto it = r.activities.find(registry_key(database, relation));
  return it == r.activities.end() ? nullptr : it->second.get();
}

TableActivity& table_activity(uint32_t database, Oid relation) {
  TableRegistry& r = table_registry();
  {
    std::shared_lock lock(r.mutex);
    auto it = r.activities.find(registry_key(database, relation));
    if (it != r.activities.end()) return *it->second;
  }
  std::unique_lock lock(r.mutex);
  std::unique_ptr<TableActivity>& made = r.activities[registry_key(database, relation)];
  if (made == nullptr) made = std::make_unique<TableActivity>();
  return *made;
}

}  // namespace varve::catalog
