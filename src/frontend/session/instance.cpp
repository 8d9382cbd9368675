#include "session/instance.h"

#include <chrono>
#include <fmt/format.h>
#include <thread>

#include "common/sql_error.h"

namespace varve::session {

int64_t current_time_us() {
  // 946684800 s lie between 1970 and 2000.
  auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(since_1970).count() - 946'684'800'000'000;
}

void NotificationHub::listen(int32_t pid, std::string_view channel) {
  std::lock_guard lock(mutex_);
  auto [first, last] = listeners_.equal_range(channel);
  for (auto it = first; it != last; ++it) {
    if (it->second == pid) return;
  }
  listeners_.emplace(channel, pid);
}

void NotificationHub::unlisten(int32_t pid, std::string_view channel) {
  std::lock_guard lock(mutex_);
  for (auto it = listeners_.begin(); it != listeners_.end();) {
    bool gone = it->second == pid && (channel.empty() || it->first == channel);
    it = gone ? listeners_.erase(it) : std::next(it);
  }
}

std::vector<int32_t> NotificationHub::listeners(std::string_view channel) const {
  std::lock_guard lock(mutex_);
  std::vector<int32_t> pids;
  auto [first, last] = listeners_.equal_range(channel);
  for (auto it = first; it != last; ++it) pids.push_back(it->second);
  return pids;
}

std::vector<std::string> NotificationHub::channels(int32_t pid) const {
  std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [channel, listener] : listeners_) {
    if (listener == pid) names.push_back(channel);
  }
  return names;
}

Instance::Instance(recovery::StorageEngine& engine, std::string directory,
                   std::map<std::string, std::string> settings)
    : engine_(engine),
      directory_(std::move(directory)),
      settings_(std::move(settings)),
      scheduler_(
          std::make_unique<executor::TaskScheduler>(std::max(1U, std::thread::hardware_concurrency()))),
      start_time_us_(current_time_us()) {}

Instance::~Instance() = default;

std::map<std::string, std::string> Instance::settings() const {
  std::lock_guard lock(mutex_);
  return settings_;
}

void Instance::change_setting(const std::string& name, const std::string& value) {
  std::lock_guard lock(mutex_);
  settings_[name] = value;
  settings_generation_.fetch_add(1, std::memory_order_acq_rel);
}

std::shared_ptr<catalog::Database> Instance::database(Oid oid) {
  std::lock_guard lock(mutex_);
  std::shared_ptr<catalog::Database>& slot = databases_[oid];
  if (slot == nullptr) slot = std::make_shared<catalog::Database>(engine_.txns(), oid);
  return slot;
}

catalog::Database& Instance::shared_catalogs() { return *database(catalog::kTemplate1); }

std::shared_ptr<catalog::Database> Instance::database(std::string_view name) {
  auto txn = engine_.txns().begin(txn::Isolation::kReadCommitted, nullptr);
  catalog::Catalog catalog(shared_catalogs(), *txn);
  std::optional<catalog::DatabaseInfo> info = catalog.find_database(name);
  engine_.txns().commit(*txn);
  if (!info)
    throw SqlError(sqlstate::kInvalidCatalogName, fmt::format("database \"{}\" does not exist", name));
  return database(info->oid);
}

std::vector<std::shared_ptr<catalog::Database>> Instance::open_databases() const {
  std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<catalog::Database>> all;
  for (const auto& [oid, database] : databases_) {
    if (database != nullptr) all.push_back(database);
  }
  return all;
}

bool Instance::has_database(Oid oid) {
  auto txn = engine_.txns().begin(txn::Isolation::kReadCommitted, nullptr);
  catalog::Catalog catalog(shared_catalogs(), *txn);
  const bool found = catalog.database_info(oid).has_value();
  engine_.txns().commit(*txn);
  return found;
}

void Instance::forget_database(Oid oid) {
  std::lock_guard lock(mutex_);
  databases_.erase(oid);
}

}  // namespace varve::session
