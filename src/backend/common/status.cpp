#include "common/status.h"

#include <cerrno>
#include <cstring>
#include <fmt/format.h>

namespace varve {

std::string_view status_code_name(StatusCode code) {
  switch (code) {
    case StatusCode::kOk:
      return "ok";
    case StatusCode::kIoError:
      return "I/O error";
    case StatusCode::kNoSpace:
      return "no space left";
    case StatusCode::kCorruption:
      return "corruption";
    case StatusCode::kNotFound:
      return "not found";
    case StatusCode::kExists:
      return "exists";
    case StatusCode::kInvalid:
      return "invalid";
    case StatusCode::kOutOfMemory:
      return "out of memory";
    case StatusCode::kCancelled:
      return "cancelled";
    case StatusCode::kTimeout:
      return "timeout";
    case StatusCode::kDeadlock:
      return "deadlock";
    case StatusCode::kBusy:
      return "busy";
    case StatusCode::kWriteConflict:
      return "write conflict";
    case StatusCode::kSerialization:
      return "serialization failure";
  }
  return "unknown";
}

Status::Status(StatusCode code, std::string message)
    : rep_(std::make_shared<const Rep>(Rep{code, std::move(message)})) {}

Status Status::from_errno(int error_number, std::string_view what) {
  StatusCode code = StatusCode::kIoError;
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
      code = StatusCode::kNoSpace;
      break;
    case ENOENT:
      code = StatusCode::kNotFound;
      break;
    case EEXIST:
      code = StatusCode::kExists;
      break;
    case EINVAL:
      code = StatusCode::kInvalid;
      break;
    case ENOMEM:
      code = StatusCode::kOutOfMemory;
      break;
    default:
      break;
  }
  char buffer[128];
  return {code, fmt::format("{}: {}", what, strerror_r(error_number, buffer, sizeof(buffer)))};
}

std::string Status::to_string() const {
  if (ok()) return "ok";
  return fmt::format("{}: {}", status_code_name(code()), message());
}

}  // namespace varve
