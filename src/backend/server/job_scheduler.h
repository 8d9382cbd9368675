// Runs the jobs of extensions (functions/extension.h) when they are due, each in a thread and a session of
// its own. Private to the module.
#pragma once

#include <condition_variable>
#include <list>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "common/strong_id.h"
#include "functions/extension.h"
#include "sync/cancel_token.h"

namespace varve::session {
class Instance;
}

namespace varve::server {

class JobScheduler {
 public:
  explicit JobScheduler(session::Instance& instance);
  ~JobScheduler();  // interrupts what runs
  JobScheduler(const JobScheduler&) = delete;
  JobScheduler& operator=(const JobScheduler&) = delete;

  static constexpr size_t kMaxRunning = 8;

 private:
  struct Job {
    std::string database, superuser;
    const functions::ExtensionJobs* kind;
    std::string id, owner, max_runtime_ms, command;
    sync::CancelToken cancel;
    std::thread thread;
    bool ended = false;  // under mutex_
  };
  void run();
  void look_at_all();
  void look_at(Oid database, const std::string& name, const std::string& superuser);
  bool has_extension(Oid database, std::string_view extension);
  void start(const std::string& database, const std::string& superuser, const functions::ExtensionJobs& kind,
             std::vector<std::string> row);
  void run_job(Job& job);
  void collect_ended();
  size_t running();

  session::Instance& instance_;
  sync::CancelToken cancel_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;                        // under mutex_
  std::list<Job> jobs_;                          // of the scheduler's thread; `ended` under mutex_
  std::set<std::pair<Oid, std::string>> known_;  // databases and extensions looked at since the start
  std::thread thread_;
};

}  // namespace varve::server
