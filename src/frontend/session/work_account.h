// Adds what the thread does in a scope, around a message of the client, to the counters of the session that
// it does it for.
#pragma once

#include "catalog/database_activity.h"
#include "common/io_counters.h"
#include "net/session_handler.h"

namespace varve::session {

class WorkAccount {
 public:
  // `idle_since_us`: since when the session has been idle in a transaction, 0: it is not. Kept up to date.
  WorkAccount(catalog::SessionActivity& activity, int64_t& idle_since_us, const net::SessionHandler& session)
      : activity_(activity),
        idle_since_us_(idle_since_us),
        session_(session),
        before_(t_io_counters),
        begin_us_(catalog::coarse_monotonic_us()) {
    if (idle_since_us_ != 0 && begin_us_ > idle_since_us_) {
      activity_.add(catalog::Work::kIdleInTransactionUs, static_cast<uint64_t>(begin_us_ - idle_since_us_));
    }
  }
  ~WorkAccount() {
    const IoCounters done = t_io_counters - before_;
    const int64_t now_us = catalog::coarse_monotonic_us();
    activity_.add(catalog::Work::kBlocksHit, done.hits);
    if (done.reads != 0) activity_.add(catalog::Work::kBlocksRead, done.reads);
    if (done.temp_files != 0) activity_.add(catalog::Work::kTempFiles, done.temp_files);
    if (done.temp_written != 0) activity_.add(catalog::Work::kTempBytes, done.temp_written);
    if (done.deadlocks != 0) activity_.add(catalog::Work::kDeadlocks, done.deadlocks);
    activity_.add(catalog::Work::kActiveUs, static_cast<uint64_t>(now_us - begin_us_));
    idle_since_us_ = session_.transaction_status() == 'I' ? 0 : now_us;
  }
  WorkAccount(const WorkAccount&) = delete;
  WorkAccount& operator=(const WorkAccount&) = delete;

 private:
  catalog::SessionActivity& activity_;
  int64_t& idle_since_us_;
  const net::SessionHandler& session_;
  const IoCounters before_;
  const int64_t begin_us_;
};

}  // namespace varve::session
