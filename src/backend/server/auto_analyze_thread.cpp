#include "auto_analyze_thread.h"

#include <chrono>
#include <vector>

#include "catalog/catalog.h"
#include "common/log.h"
#include "common/sql_error.h"
#include "session/instance.h"

namespace varve::server {

AutoAnalyzeThread::AutoAnalyzeThread(session::Instance& instance, commands::AutoAnalyzeLimits limits, int64_t nap_seconds)
    : instance_(instance), limits_(limits), nap_seconds_(nap_seconds), thread_([this] { run(); }) {}

AutoAnalyzeThread::~AutoAnalyzeThread() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  cancel_.request(sync::CancelReason::kTerminate);
  wake_.notify_one();
  thread_.join();
}

void AutoAnalyzeThread::run() {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, std::chrono::seconds(nap_seconds_), [this] { return stopping_; })) {
    lock.unlock();
    try {
      look_at_all();
    } catch (const SqlError& error) {
      // A table that was locked or dropped meanwhile: the next round sees.
      if (!cancel_.pending()) log(LogLevel::kDebug, "automatic analyze: {}", error.what());
    }
    lock.lock();
  }
}

// Only databases that somebody has used since the server started: nothing has changed in the others.
void AutoAnalyzeThread::look_at_all() {
  for (const std::shared_ptr<catalog::Database>& database : instance_.open_databases()) {
    int done = commands::auto_analyze(*database, instance_.engine().txns(), limits_, &cancel_, session::current_time_us());
    if (done > 0) log(LogLevel::kDebug, "automatic analyze of {} tables", done);
  }
}

}  // namespace varve::server
