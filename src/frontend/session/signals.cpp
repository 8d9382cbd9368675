// Interrupting other sessions: pg_cancel_backend(), pg_terminate_backend(), DROP DATABASE … WITH (FORCE).
#include <chrono>
#include <fmt/format.h>

#include "commands/acl.h"
#include "common/sql_error.h"
#include "net/server.h"
#include "session.h"
#include "sync/parking_spot.h"
#include "txn/lock_manager.h"

namespace varve::session {
namespace {

constexpr sync::WaitEvent kDatabaseUsers{sync::WaitClass::kTimeout, "DatabaseUsers"};
constexpr int64_t kPollUs = 10'000;
constexpr Oid kSignalBackend{4200};  // the role pg_signal_backend

}  // namespace

void Session::require_may_signal(Oid role, bool terminate) {
  if (is_superuser_ || role == kInvalidOid) return;
  if (commands::RoleRights(catalog(), role).is_superuser()) {
    throw SqlError(sqlstate::kInsufficientPrivilege,
                   terminate ? "must be a superuser to terminate superuser process"
                             : "must be a superuser to cancel superuser query");
  }
  commands::RoleRights own(catalog(), role_);
  if (own.has_rights_of(role) || own.has_rights_of(kSignalBackend)) return;
  throw SqlError(
      sqlstate::kInsufficientPrivilege,
      terminate
          ? "must be a member of the role whose process is being terminated or member of pg_signal_backend"
          : "must be a member of the role whose query is being canceled or member of pg_signal_backend");
}

bool Session::signal_backend(int32_t pid, bool terminate) {
  std::optional<Resident> target = instance_.residents().session(pid);
  if (!target.has_value() || instance_.server == nullptr) {
    notice("WARNING", sqlstate::kWarning, fmt::format("PID {} is not a PostgreSQL backend process", pid), {},
           {});
    return false;
  }
  require_may_signal(target->role, terminate);
  return terminate ? instance_.server->terminate_backend(pid) : instance_.server->cancel_backend(pid);
}

uint32_t Session::reserve_database(Oid database, bool terminate) {
  // Whoever drops or copies a database is alone in that.
  txn::LockTag tag{txn::LockTagKind::kDatabase, 0, database.value(), 0};
  check_ok(txn_->manager().locks().acquire(*txn_, tag, txn::LockMode::kAccessExclusive,
                                           txn::WaitPolicy::kWait, txn_->lock_timeout_us));
  Residents& residents = instance_.residents();
  residents.reserve(database);
  reserved_databases_.push_back(database);
  if (terminate) {
    const std::vector<Resident> others = residents.others(database, client_.backend_pid());
    for (const Resident& other : others) require_may_signal(other.role, true);
    for (const Resident& other : others) {
      if (other.cancel == nullptr) instance_.server->terminate_backend(other.pid);
    }
  }
  // Who has just closed the connection may not be gone yet; work in the background has been told to end.
  constexpr int64_t kPatienceUs = 5'000'000;
  sync::ParkingSpot spot;
  const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(kPatienceUs);
  for (;;) {
    auto others = static_cast<uint32_t>(residents.others(database, client_.backend_pid()).size());
    if (others == 0 || std::chrono::steady_clock::now() >= until) return others;
    Status status = spot.wait(kDatabaseUsers, &client_.cancel_token(), kPollUs);
    if (status.code() == StatusCode::kCancelled) client_.cancel_token().throw_if_pending();
  }
}

}  // namespace varve::session
