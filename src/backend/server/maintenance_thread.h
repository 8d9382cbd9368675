// A thread that looks at every open database now and then and does what is due there: fresh statistics
// (commands/auto_analyze.h), settling (commands/settle.h).
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string_view>
#include <thread>

#include "sync/cancel_token.h"

namespace varve::catalog {
class Database;
}
namespace varve::session {
class Instance;
}

namespace varve::server {

class MaintenanceThread {
 public:
  // Returns how many tables it did something to.
  using Job = std::function<int(catalog::Database& database, sync::CancelToken* cancel)>;

  MaintenanceThread(session::Instance& instance, std::string_view name, std::chrono::milliseconds nap,
                    Job job);
  ~MaintenanceThread();  // interrupts the table in work
  MaintenanceThread(const MaintenanceThread&) = delete;
  MaintenanceThread& operator=(const MaintenanceThread&) = delete;

 private:
  void run();
  void look_at_all();
  void look_at(catalog::Database& database);

  session::Instance& instance_;
  const std::string_view name_;
  const std::chrono::milliseconds nap_;
  const Job job_;
  sync::CancelToken cancel_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;  // under mutex_
  std::thread thread_;
};

}  // namespace varve::server
