#include "maintenance_thread.h"

#include <chrono>
#include <vector>

#include "catalog/catalog.h"
#include "common/log.h"
#include "common/sql_error.h"
#include "session/instance.h"

namespace varve::server {

MaintenanceThread::MaintenanceThread(session::Instance& instance, std::string_view name,
                                     std::chrono::milliseconds nap, Job job)
    : instance_(instance), name_(name), nap_(nap), job_(std::move(job)), thread_([this] { run(); }) {}

MaintenanceThread::~MaintenanceThread() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  cancel_.request(sync::CancelReason::kTerminate);
  wake_.notify_one();
  thread_.join();
}

void MaintenanceThread::run() {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, nap_, [this] { return stopping_; })) {
    lock.unlock();
    look_at_all();
    lock.lock();
  }
}

// Only databases that somebody has used since the server started: nothing has changed in the others.
void MaintenanceThread::look_at_all() {
  for (const std::shared_ptr<catalog::Database>& database : instance_.open_databases()) {
    if (cancel_.pending(sync::CancelReason::kTerminate)) return;
    try {
      look_at(*database);
    } catch (const SqlError& error) {
      // A table that was locked or dropped meanwhile, or the database is wanted: the next round sees.
      log(LogLevel::kDebug, "{}: {}", name_, error.what());
    }
    cancel_.clear(sync::CancelReason::kUser);
  }
}

void MaintenanceThread::look_at(catalog::Database& database) {
  auto stay = instance_.residents().try_enter(database.oid(), &cancel_);
  if (stay == nullptr || !instance_.has_database(database.oid())) return;
  int done = job_(database, &cancel_);
  if (done > 0) log(LogLevel::kDebug, "{}: {} tables", name_, done);
}

}  // namespace varve::server
