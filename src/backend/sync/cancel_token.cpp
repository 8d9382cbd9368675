#include "sync/cancel_token.h"

#include "common/sql_error.h"

namespace varve::sync {

void CancelToken::request(CancelReason reason) {
  flags_.fetch_or(static_cast<uint32_t>(reason), std::memory_order_release);
  std::lock_guard lock(mutex_);
  if (waker_ != nullptr) waker_->wake();
}

void CancelToken::set_waker(Waker* waker) {
  std::lock_guard lock(mutex_);
  waker_ = waker;
  if (waker != nullptr && flags_.load(std::memory_order_acquire) != 0) waker->wake();
}

CancelReason CancelToken::reason() const {
  uint32_t flags = flags_.load(std::memory_order_acquire);
  for (CancelReason r : {CancelReason::kConnectionLost, CancelReason::kTerminate, CancelReason::kIdleTimeout,
                         CancelReason::kLockTimeout, CancelReason::kStatementTimeout, CancelReason::kUser}) {
    if ((flags & static_cast<uint32_t>(r)) != 0) return r;
  }
  return CancelReason::kNone;
}

Status CancelToken::status() const {
  switch (reason()) {
    case CancelReason::kNone:
      return {};
    case CancelReason::kUser:
      return {StatusCode::kCancelled, "canceling statement due to user request"};
    case CancelReason::kStatementTimeout:
      return {StatusCode::kCancelled, "canceling statement due to statement timeout"};
    case CancelReason::kLockTimeout:
      return {StatusCode::kTimeout, "canceling statement due to lock timeout"};
    case CancelReason::kTerminate:
      return {StatusCode::kCancelled, "terminating connection due to administrator command"};
    case CancelReason::kIdleTimeout:
      return {StatusCode::kCancelled, "terminating connection due to idle-session timeout"};
    case CancelReason::kConnectionLost:
      return {StatusCode::kCancelled, "connection to client lost"};
  }
  return {};
}

void CancelToken::throw_pending() {
  CancelReason why = reason();
  Status status = this->status();
  SqlState state = sqlstate::kQueryCanceled;
  switch (why) {
    case CancelReason::kNone:
      return;
    case CancelReason::kLockTimeout:
      state = sqlstate::kLockNotAvailable;
      break;
    case CancelReason::kTerminate:
      state = sqlstate::kAdminShutdown;
      break;
    case CancelReason::kIdleTimeout:
      state = sqlstate::kIdleSessionTimeout;
      break;
    case CancelReason::kConnectionLost:
      state = sqlstate::kConnectionFailure;
      break;
    case CancelReason::kUser:
    case CancelReason::kStatementTimeout:
      break;
  }
  clear_statement();
  throw SqlError(state, std::string(status.message()));
}

}  // namespace varve::sync
