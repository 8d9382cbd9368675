// The requests that others make to a running session: stop this statement, end the session, time is up.
//
// A token belongs to one session and outlives its waits. Any thread may call request(); the session's thread
// looks at pending() at its cancellation points and consumes what it acts upon with clear(). A thread that
// blocks registers a Waker for the length of the wait (BlockingScope users: ParkingSpot and socket waits do),
// and a request wakes it.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

#include "common/status.h"

namespace varve::sync {

enum class CancelReason : uint32_t {
  kNone = 0,
  kUser = 1,              // pg_cancel_backend, CancelRequest: 57014
  kStatementTimeout = 2,  // 57014 "canceling statement due to statement timeout"
  kLockTimeout = 4,       // 55P03
  kTerminate = 8,         // pg_terminate_backend, shutdown: 57P01; sticky
  kIdleTimeout = 16,      // idle_session_timeout 57P05, idle_in_transaction_session_timeout 25P03; sticky
  kConnectionLost = 32,   // the client is gone; sticky
};

// Something a blocked thread waits on. wake() may be called from any thread, any number of times, and must
// not block.
class Waker {
 public:
  virtual void wake() = 0;

 protected:
  ~Waker() = default;
};

class CancelToken {
 public:
  CancelToken() = default;
  CancelToken(const CancelToken&) = delete;
  CancelToken& operator=(const CancelToken&) = delete;

  // Thread-safe.
  void request(CancelReason reason);

  // One relaxed load: cheap enough for every chunk of rows.
  bool pending() const { return flags_.load(std::memory_order_relaxed) != 0; }
  bool pending(CancelReason reason) const {
    return (flags_.load(std::memory_order_relaxed) & static_cast<uint32_t>(reason)) != 0;
  }
  // The most serious pending request.
  CancelReason reason() const;

  // Forgets one request. The session's own thread only.
  void clear(CancelReason reason) {
    flags_.fetch_and(~static_cast<uint32_t>(reason), std::memory_order_relaxed);
  }
  // Forgets what concerns one statement (user cancel, statement and lock timeout), at the end of it.
  void clear_statement() {
    if (pending()) flags_.fetch_and(~kStatementReasons, std::memory_order_relaxed);
  }

  // kCancelled or, for the timeouts, kTimeout, with PostgreSQL's message; OK if nothing is pending.
  Status status() const;
  // Throws the SqlError PostgreSQL would raise (57014, 57P01, 55P03, 25P03, 57P05); consumes statement
  // requests.
  void throw_if_pending() {
    if (__builtin_expect(pending(), 0)) throw_pending();
  }

  // Registers the waker of the one thread that waits on behalf of this session, null to remove it. If a
  // request is pending already the waker is woken at once.
  void set_waker(Waker* waker);

 private:
  static constexpr uint32_t kStatementReasons = 1 | 2 | 4;
  void throw_pending();

  std::atomic<uint32_t> flags_{0};
  std::mutex mutex_;  // guards waker_
  Waker* waker_ = nullptr;
};

}  // namespace varve::sync
