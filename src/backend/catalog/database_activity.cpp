#include "catalog/database_activity.h"

#include <algorithm>
#include <ctime>
#include <map>
#include <mutex>
#include <vector>

namespace varve::catalog {
namespace {

struct OneDatabase {
  std::vector<std::shared_ptr<SessionActivity>> sessions;
  WorkTotals ended{};
  WorkTotals forgotten{};  // what the last reset took away
  int64_t reset_us = 0;
};

struct Registry {
  std::mutex mutex;
  std::map<Oid, OneDatabase> databases;
};

Registry& registry() {
  static Registry instance;
  return instance;
}

void add_session(WorkTotals& totals, const SessionActivity& session, int64_t now_us) {
  for (size_t i = 0; i < kWorks; ++i) totals[i] += session.total(static_cast<Work>(i));
  totals[static_cast<size_t>(Work::kSessionUs)] +=
      static_cast<uint64_t>(std::max<int64_t>(now_us - session.begin_us(), 0));
}

WorkTotals all_of(const OneDatabase& database, int64_t now_us) {
  WorkTotals totals = database.ended;
  for (const auto& session : database.sessions) add_session(totals, *session, now_us);
  return totals;
}

}  // namespace

std::shared_ptr<SessionActivity> begin_session_activity(Oid database, int64_t now_us) {
  auto session = std::make_shared<SessionActivity>(now_us);
  session->add(Work::kSessions, 1);
  std::lock_guard lock(registry().mutex);
  registry().databases[database].sessions.push_back(session);
  return session;
}

void end_session_activity(Oid database, const std::shared_ptr<SessionActivity>& session, int64_t now_us) {
  std::lock_guard lock(registry().mutex);
  OneDatabase& of = registry().databases[database];
  add_session(of.ended, *session, now_us);
  std::erase(of.sessions, session);
}

WorkTotals database_activity(Oid database, int64_t now_us) {
  std::lock_guard lock(registry().mutex);
  auto it = registry().databases.find(database);
  if (it == registry().databases.end()) return {};
  WorkTotals totals = all_of(it->second, now_us);
  for (size_t i = 0; i < kWorks; ++i) totals[i] -= std::min(totals[i], it->second.forgotten[i]);
  return totals;
}

void reset_database_activity(Oid database, int64_t now_us, int64_t wall_us) {
  std::lock_guard lock(registry().mutex);
  OneDatabase& of = registry().databases[database];
  of.forgotten = all_of(of, now_us);
  of.reset_us = wall_us;
}

int64_t database_reset_us(Oid database) {
  std::lock_guard lock(registry().mutex);
  auto it = registry().databases.find(database);
  return it == registry().databases.end() ? 0 : it->second.reset_us;
}

int64_t coarse_monotonic_us() noexcept {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
}

}  // namespace varve::catalog
