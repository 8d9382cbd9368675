// What a session is doing, for others to read: pg_stat_activity. Written by the session's own thread, once at
// the beginning of a query and once at its end; read by any.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <string>
#include <string_view>

#include "sync/spin_lock.h"

namespace varve::net {

class ActivityReport {
 public:
  // Of a query's text as much is kept as PostgreSQL keeps with its default of track_activity_query_size.
  static constexpr size_t kQueryBytes = 1023;

  // Microseconds since 2000, UTC; 0: not yet.
  struct Times {
    int64_t session_start_us = 0;
    int64_t transaction_start_us = 0;  // of the last one; whether it still runs, the session's status says
    int64_t query_start_us = 0;        // of the last one
    int64_t state_change_us = 0;
  };
  // A command that others may watch: pg_stat_progress_…. Numbers are those that PostgreSQL's views have in
  // param1 …; what is not counted is not there.
  struct Progress {
    std::string_view command;  // a literal, "COPY", "CREATE INDEX" …; empty: none
    uint32_t relation = 0;
    struct Number {
      uint8_t param = 0;  // 0: none
      int64_t value = 0;
    };
    std::array<Number, 2> numbers{};
  };
  struct Picture : Times {
    Progress progress;
    bool active = false;            // a query runs
    char transaction_status = 'I';  // as SessionHandler's, after the last query
    std::string query;              // the one that runs, or the last one; whole characters of UTF-8
    std::string application_name;
  };

  void begin_session(int64_t now_us) {
    std::lock_guard guard(lock_);
    times_.session_start_us = times_.state_change_us = now_us;
  }
  void begin_query(std::string_view text, int64_t transaction_start_us, int64_t now_us) {
    size_t length = std::min(text.size(), kQueryBytes);
    while (length < text.size() && length > 0 && (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80)
      --length;
    std::lock_guard guard(lock_);
    times_.transaction_start_us = transaction_start_us;
    times_.query_start_us = times_.state_change_us = now_us;
    active_ = true;
    query_bytes_ = length;
    std::memcpy(query_.data(), text.data(), length);
  }
  void end_query(char transaction_status, int64_t now_us) {
    std::lock_guard guard(lock_);
    times_.state_change_us = now_us;
    active_ = false;
    progress_ = {};
    transaction_status_ = transaction_status;
  }
  // Until the query's end, or the next one of its commands.
  void set_progress(const Progress& progress) {
    std::lock_guard guard(lock_);
    progress_ = progress;
  }
  // It has failed as a whole, though its block is still open.
  void end_transaction() {
    std::lock_guard guard(lock_);
    times_.transaction_start_us = 0;
  }
  void set_application_name(std::string_view name) {
    std::string copy(name);
    std::lock_guard guard(lock_);
    application_name_.swap(copy);
  }

  Picture read() const {
    std::array<char, kQueryBytes> query;
    Picture picture;
    size_t length;
    picture.application_name.reserve(64);
    {
      std::lock_guard guard(lock_);
      static_cast<Times&>(picture) = times_;
      picture.active = active_;
      picture.progress = progress_;
      picture.transaction_status = transaction_status_;
      length = query_bytes_;
      std::memcpy(query.data(), query_.data(), length);
      picture.application_name = application_name_;
    }
    picture.query.assign(query.data(), length);
    return picture;
  }

 private:
  mutable sync::SpinLock lock_;
  Times times_;
  Progress progress_;
  bool active_ = false;
  char transaction_status_ = 'I';
  size_t query_bytes_ = 0;
  std::array<char, kQueryBytes> query_;
  std::string application_name_;
};

}  // namespace varve::net
