// Error values of the storage layers. SQL layers throw SqlError (common/sql_error.h) instead.
//
// A Status must be looked at ([[nodiscard]]); VARVE_RETURN_IF_ERROR and VARVE_ASSIGN_OR_RETURN pass it on.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace varve {

enum class StatusCode : uint8_t {
  kOk,
  kIoError,     // the operating system refused: EIO and the like
  kNoSpace,     // ENOSPC, EDQUOT
  kCorruption,  // checksum or structure wrong
  kNotFound,
  kExists,
  kInvalid,      // the caller's argument or the file's format is not ours
  kOutOfMemory,  // a configured limit is reached (no free frame, too many locks)
  kCancelled,    // cancellation or shutdown asked for while waiting
  kTimeout,
  kDeadlock,
  kBusy,           // would have to wait, and the caller said not to
  kWriteConflict,  // REPEATABLE READ: the row was changed after the snapshot
  kSerialization,  // SERIALIZABLE: might complete a cycle of dependencies; the message says which way
};

std::string_view status_code_name(StatusCode code);

// One word when OK. Copyable; thread-compatible.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(StatusCode code, std::string message);

  static Status ok_status() { return {}; }
  static Status io_error(std::string m) { return {StatusCode::kIoError, std::move(m)}; }
  static Status corruption(std::string m) { return {StatusCode::kCorruption, std::move(m)}; }
  static Status not_found(std::string m) { return {StatusCode::kNotFound, std::move(m)}; }
  static Status invalid(std::string m) { return {StatusCode::kInvalid, std::move(m)}; }
  // Maps errno (ENOSPC -> kNoSpace, ENOENT -> kNotFound, …); the message becomes "<what>: <strerror>".
  static Status from_errno(int error_number, std::string_view what);

  bool ok() const { return rep_ == nullptr; }
  StatusCode code() const { return rep_ ? rep_->code : StatusCode::kOk; }
  std::string_view message() const { return rep_ ? std::string_view(rep_->message) : std::string_view(); }
  std::string to_string() const;

 private:
  struct Rep {
    StatusCode code;
    std::string message;
  };
  std::shared_ptr<const Rep> rep_;
};

// A value or the Status that says why there is none.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}          // NOLINT(google-explicit-constructor)
  Result(Status status) : status_(std::move(status)) {}  // NOLINT(google-explicit-constructor)

  bool ok() const { return value_.has_value(); }
  Status status() const { return status_; }

  T& value() & { return value_.value(); }
  const T& value() const& { return value_.value(); }
  T&& value() && { return std::move(value_).value(); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  // Not a variant: that takes the compiler several times as long.
  std::optional<T> value_;
  Status status_;
};

}  // namespace varve

#define VARVE_RETURN_IF_ERROR(expr)                       \
  do {                                                    \
    if (::varve::Status s_ = (expr); !s_.ok()) return s_; \
  } while (0)

#define VARVE_CONCAT_INNER(a, b) a##b
#define VARVE_CONCAT(a, b) VARVE_CONCAT_INNER(a, b)

// VARVE_ASSIGN_OR_RETURN(auto page, pool.fix(id)): declares or assigns on success, returns the Status else.
#define VARVE_ASSIGN_OR_RETURN(lhs, expr)                                                     \
  auto VARVE_CONCAT(result_, __LINE__) = (expr);                                              \
  if (!VARVE_CONCAT(result_, __LINE__).ok()) return VARVE_CONCAT(result_, __LINE__).status(); \
  lhs = std::move(VARVE_CONCAT(result_, __LINE__)).value()
