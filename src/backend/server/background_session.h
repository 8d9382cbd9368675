// A session without a client: SQL that the server runs by itself. Private to the module.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/session_handler.h"

namespace varve::session {
class Instance;
}

namespace varve::server {

// One thread at a time; the token may be asked from any. Throws SqlError.
class BackgroundSession final : private net::Client, private net::Output::Drain {
 public:
  BackgroundSession(session::Instance& instance, std::string_view database, std::string_view user,
                    std::string_view application_name, sync::CancelToken& cancel);
  ~BackgroundSession();
  BackgroundSession(const BackgroundSession&) = delete;
  BackgroundSession& operator=(const BackgroundSession&) = delete;

  // Runs it, makes it durable, and returns the rows in text form (NULL: empty).
  std::vector<std::vector<std::string>> run(std::string_view sql);

 private:
  int32_t backend_pid() const override { return pid_; }
  const net::StartupInfo& startup() const override { return startup_; }
  net::Output& output() override { return output_; }
  sync::CancelToken& cancel_token() override { return cancel_; }
  const sync::WaitReport& wait_report() const override { return wait_; }
  net::CopySource& copy_in(net::Format overall, std::span<const net::Format> columns) override;
  void set_statement_deadline(int64_t) override {}
  void set_idle_timeouts(int64_t, int64_t) override {}
  void drain(net::Output& out) override;

  session::Instance& instance_;
  sync::CancelToken& cancel_;
  int32_t pid_;
  net::StartupInfo startup_;
  sync::WaitReport wait_{nullptr};
  net::Output output_;
  std::vector<std::vector<std::string>> rows_;
  std::unique_ptr<net::SessionHandler> handler_;
};

}  // namespace varve::server
