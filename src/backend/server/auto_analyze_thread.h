// A thread that keeps statistics fresh (commands/auto_analyze.h), one database after the other.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

#include "commands/auto_analyze.h"
#include "sync/cancel_token.h"

namespace varve::catalog {
class Database;
}
namespace varve::session {
class Instance;
}

namespace varve::server {

class AutoAnalyzeThread {
 public:
  AutoAnalyzeThread(session::Instance& instance, commands::AutoAnalyzeLimits limits, int64_t nap_seconds);
  ~AutoAnalyzeThread();  // interrupts the table in work
  AutoAnalyzeThread(const AutoAnalyzeThread&) = delete;
  AutoAnalyzeThread& operator=(const AutoAnalyzeThread&) = delete;

 private:
  void run();
  void look_at_all();
  void look_at(catalog::Database& database);

  session::Instance& instance_;
  const commands::AutoAnalyzeLimits limits_;
  const int64_t nap_seconds_;
  sync::CancelToken cancel_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;  // under mutex_
  std::thread thread_;
};

}  // namespace varve::server
