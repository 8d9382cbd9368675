#include "common/sql_error.h"

#include <fmt/format.h>

#include "common/status.h"

namespace varve {

SqlError::SqlError(SqlState state, std::string message) : fields_(std::make_shared<ErrorFields>()) {
  fields_->state = state;
  fields_->message = std::move(message);
}

void throw_not_supported(std::string_view what, int position) {
  std::string message(what);
  if (message.find(" not supported") == std::string::npos) message += " is not supported";
  throw SqlError(sqlstate::kFeatureNotSupported, std::move(message)).at(position);
}

void throw_status(const Status& status) {
  SqlState state = sqlstate::kInternalError;
  switch (status.code()) {
    case StatusCode::kIoError:
      state = sqlstate::kIoError;
      break;
    case StatusCode::kNoSpace:
      state = sqlstate::kDiskFull;
      break;
    case StatusCode::kCorruption:
      state = sqlstate::kDataCorrupted;
      break;
    case StatusCode::kOutOfMemory:
      state = sqlstate::kOutOfMemory;
      break;
    case StatusCode::kCancelled:
      throw SqlError(sqlstate::kQueryCanceled, "canceling statement due to user request");
    case StatusCode::kTimeout:
      throw SqlError(sqlstate::kLockNotAvailable, "canceling statement due to lock timeout");
    case StatusCode::kDeadlock:
      throw SqlError(sqlstate::kTRDeadlockDetected, "deadlock detected")
          .detail(std::string(status.message()));
    case StatusCode::kBusy:
      state = sqlstate::kLockNotAvailable;
      break;
    case StatusCode::kWriteConflict:
      throw SqlError(sqlstate::kTRSerializationFailure,
                     "could not serialize access due to concurrent update");
    case StatusCode::kSerialization:
      throw SqlError(sqlstate::kTRSerializationFailure,
                     "could not serialize access due to read/write dependencies among transactions")
          .detail(std::string(status.message()))
          .hint("The transaction might succeed if retried.");
    default:
      break;
  }
  throw SqlError(state, std::string(status.message()));
}

void check_ok(const Status& status) {
  if (!status.ok()) throw_status(status);
}

}  // namespace varve
