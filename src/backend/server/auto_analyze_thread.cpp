#include "auto_analyze_thread.h"

#include <chrono>
#include <vector>

#include "catalog/catalog.h"
#include "common/log.h"
#include "common/sql_error.h"
#include "session/instance.h"

namespace varve::server {

AutoAnalyzeThread::AutoAnalyzeThread(session::Instance& instance, commands::AutoAnalyzeLimits limits,
                                     int64_t nap_seconds)
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
    look_at_all();
    lock.lock();
  }
}

// Only databases that somebody has used since the server started: nothing has changed in the others.
void AutoAnalyzeThread::look_at_all() {
  for (const std::shared_ptr<catalog::Database>& database : instance_.open_databases()) {
    if (cancel_.pending(sync::CancelReason::kTerminate)) return;
    try {
      look_at(*database);
    } catch (const SqlError& error) {
      // A table that was locked or dropped meanwhile, or the database is wanted: the next round sees.
      log(LogLevel::kDebug, "automatic analyze: {}", error.what());
    }
    cancel_.clear(sync::CancelReason::kUser);
  }
}

void AutoAnalyzeThread::look_at(catalog::Database& database) {
  auto stay = instance_.residents().try_enter(database.oid(), &cancel_);
  if (stay == nullptr || !instance_.has_database(database.oid())) return;
  int done = commands::auto_analyze(database, instance_.engine().txns(), limits_, &cancel_,
                                    session::current_time_us());
  if (done > 0) log(LogLevel::kDebug, "automatic analyze of {} tables", done);
}

}  // namespace varve::server
