// The running server as sessions see it: storage, databases, defaults of settings, the other sessions.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "catalog/catalog.h"
#include "executor/execution.h"
#include "recovery/engine.h"
#include "session/residents.h"

namespace varve::net {
class Client;
class Server;
class SessionHandler;
}  // namespace varve::net

namespace varve::session {

// Channels and who listens on them; thread-safe.
class NotificationHub {
 public:
  void listen(int32_t pid, std::string_view channel);
  void unlisten(int32_t pid, std::string_view channel);  // empty: all
  std::vector<int32_t> listeners(std::string_view channel) const;
  std::vector<std::string> channels(int32_t pid) const;

 private:
  mutable std::mutex mutex_;
  std::multimap<std::string, int32_t, std::less<>> listeners_;
};

class Instance {
 public:
  Instance(recovery::StorageEngine& engine, std::string directory,
           std::map<std::string, std::string> settings);
  ~Instance();

  recovery::StorageEngine& engine() { return engine_; }
  const std::string& directory() const { return directory_; }
  // Server-wide values of settings; sessions start from them.
  std::map<std::string, std::string> settings() const;
  void change_setting(const std::string& name, const std::string& value);
  // Advances with every change of a server-wide value.
  uint64_t settings_generation() const { return settings_generation_.load(std::memory_order_acquire); }
  executor::TaskScheduler& scheduler() { return *scheduler_; }
  NotificationHub& notifications() { return notifications_; }
  Residents& residents() { return residents_; }
  int64_t start_time_us() const { return start_time_us_; }

  // Opened on first use and kept. 3D000 if there is none.
  std::shared_ptr<catalog::Database> database(std::string_view name);
  std::shared_ptr<catalog::Database> database(Oid oid);
  // Any database: for shared catalogs.
  catalog::Database& shared_catalogs();
  void forget_database(Oid oid);
  // Whether pg_database has it, as far as is committed.
  bool has_database(Oid oid);
  // Those somebody has used since the server started.
  std::vector<std::shared_ptr<catalog::Database>> open_databases() const;

  net::Server* server = nullptr;  // set once it exists
  // ALTER SYSTEM: keeps a setting for the next start or reload; an empty value forgets it, an empty name all
  // of them. Null: the server has no configuration file.
  Status (*keep_setting)(const std::string& directory, const std::string& name,
                         const std::string& value) = nullptr;

 private:
  recovery::StorageEngine& engine_;
  std::string directory_;
  mutable std::mutex mutex_;
  std::map<std::string, std::string> settings_;
  std::atomic<uint64_t> settings_generation_{1};
  std::unordered_map<Oid, std::shared_ptr<catalog::Database>> databases_;
  std::unique_ptr<executor::TaskScheduler> scheduler_;
  NotificationHub notifications_;
  Residents residents_;
  int64_t start_time_us_;
};

// The handler of one connection. Throws 3D000 database does not exist, 28000 role …
std::unique_ptr<net::SessionHandler> make_session(Instance& instance, net::Client& client);

// Microseconds since 2000-01-01 UTC.
int64_t current_time_us();

}  // namespace varve::session
