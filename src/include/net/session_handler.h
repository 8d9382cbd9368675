// The seam between the wire and SQL: net calls a SessionHandler, one per connection, for what the client
// asks; the handler answers into Output and reaches net's side of the connection through Client.
//
// All calls of one handler are made by one thread at a time, though not always the same one. Handlers throw
// SqlError for what fails; net turns it into ErrorResponse and, in the extended protocol, skips to the next
// Sync. A handler must let ConnectionLost pass. ParseComplete, BindComplete, CloseComplete, ReadyForQuery are
// written by net.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/sql_error.h"
#include "common/strong_id.h"
#include "net/activity_report.h"
#include "net/output.h"
#include "net/protocol.h"
#include "sync/cancel_token.h"
#include "sync/wait_event.h"

namespace varve::net {

// An SqlError after which the connection ends (severity FATAL).
class FatalError : public SqlError {
 public:
  using SqlError::SqlError;
  explicit FatalError(const SqlError& e) : SqlError(e) {}
};

// Data of COPY FROM STDIN, pulled by the handler. Waits for the client in a BlockingScope.
class CopySource {
 public:
  virtual ~CopySource() = default;
  // The next CopyData's content, valid until the next call; false at CopyDone. The pieces need not be lines.
  // Throws 57014 "COPY from stdin failed: …" for CopyFail, 08P01 for a message that does not belong here.
  virtual bool next(std::string_view* data) = 0;
};

// Who connected and how. Filled before HandlerFactory::create().
struct StartupInfo {
  std::string user;
  std::string database;  // defaults to the user name
  std::string application_name;
  std::vector<std::pair<std::string, std::string>> options;  // other startup parameters, names as sent
  std::string client_address;                                // "" for a Unix socket
  int client_port = -1;                                      // -1 for a Unix socket
  std::string server_address;                                // our end of it, as the client's
  int server_port = -1;
  bool tls = false;
  std::string tls_version, tls_cipher, tls_client_dn;
  std::string auth_method;
  bool replication = false;
};

// net's side of a session. Lives longer than the handler.
class Client {
 public:
  virtual int32_t backend_pid() const = 0;  // unique among the live connections
  virtual const StartupInfo& startup() const = 0;
  virtual Output& output() = 0;
  virtual sync::CancelToken& cancel_token() = 0;
  ActivityReport& activity() { return activity_; }
  const ActivityReport& activity() const { return activity_; }
  // Where this session's current wait can be read by others.
  virtual const sync::WaitReport& wait_report() const = 0;

  // Sends CopyInResponse and returns the source; valid until the current handler call ends. What is left of
  // the stream when the handler stops early is skipped by net.
  virtual CopySource& copy_in(Format overall, std::span<const Format> columns) = 0;

  // After this time (steady clock, µs) the token gets `kStatementTimeout`; 0 disarms. Cheap.
  virtual void set_statement_deadline(int64_t steady_us) = 0;
  // The session's settings of idle_session_timeout and idle_in_transaction_session_timeout, ms; 0 = off.
  virtual void set_idle_timeouts(int64_t session_ms, int64_t in_transaction_ms) = 0;

 protected:
  ~Client() = default;

 private:
  ActivityReport activity_;
};

enum class SessionEnd : uint8_t {
  kNormal,     // the client said so
  kAbandoned,  // the client is gone
  kFatal,      // an error that ends the session
  kKilled      // by command
};

class SessionHandler {
 public:
  virtual ~SessionHandler() = default;

  // Simple protocol: all statements of `sql`, each answered up to its CommandComplete (or
  // EmptyQueryResponse).
  virtual void simple_query(std::string_view sql, Output& out) = 0;

  // Extended protocol. The empty name is the unnamed statement or portal.
  virtual void parse(std::string_view name, std::string_view sql, std::span<const Oid> parameter_types) = 0;
  virtual void bind(const BindMessage& bind) = 0;
  // ParameterDescription, then RowDescription or NoData.
  virtual void describe_statement(std::string_view name, Output& out) = 0;
  // RowDescription or NoData.
  virtual void describe_portal(std::string_view name, Output& out) = 0;
  // DataRows, then CommandComplete, EmptyQueryResponse or, when max_rows (> 0) were sent and there may be
  // more, PortalSuspended.
  virtual void execute(std::string_view portal, int32_t max_rows, Output& out) = 0;
  // Closing what does not exist is no error.
  virtual void close_statement(std::string_view name) = 0;
  virtual void close_portal(std::string_view name) = 0;
  // End of an extended query: commits what is not in an explicit transaction block.
  virtual void sync(Output& out) = 0;

  // A call above threw, or the message was bad: the transaction has failed. Called after ErrorResponse is
  // written and before anything else. Must not throw.
  virtual void on_error() noexcept = 0;

  // 'I' idle, 'T' in a transaction block, 'E' in a failed one.
  virtual char transaction_status() const = 0;

  // Why it ends; called before terminate().
  virtual void note_end(SessionEnd) noexcept {}
  // The connection ends, for whatever reason: roll back. The handler is destroyed next.
  virtual void terminate() noexcept = 0;
};

// Makes the handlers. Thread-safe.
class HandlerFactory {
 public:
  virtual ~HandlerFactory() = default;
  // After authentication. Throws SqlError (3D000, 28000, 57P03, …) to refuse. Writes its ParameterStatus
  // messages into client.output().
  virtual std::unique_ptr<SessionHandler> create(Client& client) = 0;
};

}  // namespace varve::net
