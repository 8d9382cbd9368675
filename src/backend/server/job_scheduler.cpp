#include "job_scheduler.h"

#include <chrono>
#include <fmt/format.h>

#include "background_session.h"
#include "catalog/catalog.h"
#include "common/log.h"
#include "common/sql_error.h"
#include "functions/quoting.h"
#include "session/instance.h"

namespace varve::server {

namespace {

constexpr std::chrono::seconds kNap{1};

std::string filled(std::string_view sql, std::string_view name, std::string_view value) {
  std::string out(sql);
  for (size_t at = 0; (at = out.find(name, at)) != std::string::npos; at += value.size())
    out.replace(at, name.size(), value);
  return out;
}

bool any_jobs() {
  for (const functions::Extension* e : functions::all_extensions()) {
    if (e->jobs != nullptr) return true;
  }
  return false;
}

}  // namespace

JobScheduler::JobScheduler(session::Instance& instance) : instance_(instance) {
  if (any_jobs()) thread_ = std::thread([this] { run(); });
}

JobScheduler::~JobScheduler() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  cancel_.request(sync::CancelReason::kTerminate);
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
  for (Job& job : jobs_) job.cancel.request(sync::CancelReason::kTerminate);
  for (Job& job : jobs_) job.thread.join();
}

void JobScheduler::run() {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, kNap, [this] { return stopping_; })) {
    lock.unlock();
    collect_ended();
    look_at_all();
    lock.lock();
  }
}

void JobScheduler::collect_ended() {
  for (auto job = jobs_.begin(); job != jobs_.end();) {
    bool ended;
    {
      std::lock_guard lock(mutex_);
      ended = job->ended;
    }
    if (!ended) {
      ++job;
      continue;
    }
    job->thread.join();
    job = jobs_.erase(job);
  }
}

size_t JobScheduler::running() { return jobs_.size(); }

void JobScheduler::look_at_all() {
  struct Found {
    Oid oid;
    std::string name;
  };
  std::vector<Found> databases;
  std::string superuser;
  try {
    auto txn = instance_.engine().txns().begin(txn::Isolation::kReadCommitted, nullptr);
    catalog::Catalog catalog(instance_.shared_catalogs(), *txn);
    catalog.for_each(catalog::system_table("pg_database"), {}, [&](const catalog::Row& row) {
      if (row.boolean("datallowconn"))
        databases.push_back({row.oid("oid"), std::string(row.text("datname"))});
    });
    const catalog::KeyMatch match[] = {{"oid", types::Value::of_oid(catalog::kBootstrapSuperuser.value())}};
    catalog.for_each(catalog::system_table("pg_authid"), match,
                     [&](const catalog::Row& row) { superuser = row.text("rolname"); });
    instance_.engine().txns().commit(*txn);
  } catch (const SqlError& error) {
    log(LogLevel::kDebug, "jobs: {}", error.what());
    return;
  }
  for (const Found& database : databases) {
    if (cancel_.pending(sync::CancelReason::kTerminate)) return;
    try {
      look_at(database.oid, database.name, superuser);
    } catch (const SqlError& error) {
      // Dropped meanwhile, wanted by somebody, or locked: the next round sees.
      log(LogLevel::kDebug, "jobs in \"{}\": {}", database.name, error.what());
    }
    cancel_.clear(sync::CancelReason::kUser);
  }
}

bool JobScheduler::has_extension(Oid oid, std::string_view extension) {
  auto stay = instance_.residents().try_enter(oid, &cancel_);
  if (stay == nullptr || !instance_.has_database(oid)) return false;
  std::shared_ptr<catalog::Database> database = instance_.database(oid);
  auto txn = instance_.engine().txns().begin(txn::Isolation::kReadCommitted, nullptr);
  catalog::Catalog catalog(*database, *txn);
  bool found = false;
  const catalog::KeyMatch match[] = {{"extname", types::Value::of_string(extension)}};
  catalog.for_each(catalog::system_table("pg_extension"), match, [&](const catalog::Row&) { found = true; });
  instance_.engine().txns().commit(*txn);
  return found;
}

void JobScheduler::look_at(Oid oid, const std::string& name, const std::string& superuser) {
  for (const functions::Extension* extension : functions::all_extensions()) {
    if (extension->jobs == nullptr || running() >= kMaxRunning || !has_extension(oid, extension->name))
      continue;
    bool first = known_.insert({oid, std::string(extension->name)}).second;
    std::vector<std::vector<std::string>> due;
    {
      BackgroundSession session(instance_, name, superuser, "background job scheduler", cancel_);
      due = session.run(filled(extension->jobs->due, "$first", first ? "true" : "false"));
    }
    for (std::vector<std::string>& row : due) start(name, superuser, *extension->jobs, std::move(row));
  }
}

void JobScheduler::start(const std::string& database, const std::string& superuser,
                         const functions::ExtensionJobs& kind, std::vector<std::string> row) {
  if (row.size() < 4) return;
  Job& job = jobs_.emplace_back();
  job.database = database;
  job.superuser = superuser;
  job.kind = &kind;
  job.id = row[0];
  job.owner = row[1];
  job.max_runtime_ms = row[2];
  job.command = row[3];
  job.thread = std::thread([this, &job] { run_job(job); });
}

void JobScheduler::run_job(Job& job) {
  std::string state = "00000", message;
  bool succeeded = true;
  try {
    BackgroundSession session(instance_, job.database, job.owner, fmt::format("job {}", job.id), job.cancel);
    if (job.max_runtime_ms != "0") session.run(fmt::format("SET statement_timeout = {}", job.max_runtime_ms));
    session.run(job.command);
  } catch (const SqlError& error) {
    succeeded = false;
    state = std::string(error.state().text());
    message = error.fields().message;
    log(LogLevel::kLog, "job {} in \"{}\" failed: {}", job.id, job.database, message);
  }
  job.cancel.clear(sync::CancelReason::kUser);
  try {
    BackgroundSession session(instance_, job.database, job.superuser, "background job scheduler", job.cancel);
    std::string sql = filled(job.kind->finished, "$job", functions::quoted_literal(job.id));
    sql = filled(sql, "$succeeded", succeeded ? "true" : "false");
    sql = filled(sql, "$sqlstate", functions::quoted_literal(state));
    session.run(filled(sql, "$message", functions::quoted_literal(message)));
  } catch (const SqlError& error) {
    log(LogLevel::kLog, "the end of job {} in \"{}\" could not be noted: {}", job.id, job.database,
        error.what());
  }
  std::lock_guard lock(mutex_);
  job.ended = true;
}

}  // namespace varve::server
