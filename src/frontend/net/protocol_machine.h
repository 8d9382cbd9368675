// The server's side of the protocol as a state machine over buffers; it knows no sockets.
//
//   startup --(SSLRequest)--> TLS handshake --> startup --> authenticating --> ready --> closed
//
// run() handles every complete message of the input. Errors become ErrorResponses; in the extended protocol
// the messages up to the next Sync are skipped. Whatever bytes come, the outcome is an answer or a closed
// connection.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "authenticator.h"
#include "input.h"
#include "net/session_handler.h"

namespace varve::net {

// What the machine needs of the connection around it.
class MachineHost {
 public:
  virtual bool tls_available() const = 0;
  virtual StartupInfo& startup_info() = 0;
  // Throws SqlError if no connection is taken at the moment (57P03, 53300).
  virtual void admit() = 0;
  virtual std::unique_ptr<Authenticator> make_authenticator() = 0;
  // After authentication: the handler, which writes its ParameterStatus messages.
  virtual std::unique_ptr<SessionHandler> make_handler() = 0;
  virtual void write_backend_key(Output& out) = 0;
  virtual void cancel_request(int32_t pid, uint32_t secret) = 0;
  virtual sync::CancelToken& token() = 0;
  // Writes the notifications that have come in; called when no transaction is open.
  virtual void deliver_notifications(Output& out) = 0;
  // Reads at least one byte more into `input`, waiting for it. False if the client closed. COPY only.
  virtual bool fill(Input& input, size_t wanted) = 0;

 protected:
  ~MachineHost() = default;
};

class ProtocolMachine final : private CopySource {
 public:
  enum class Want {
    kInput,    // nothing complete is buffered
    kTls,      // 'S' is in the output: send it, then do the handshake and call tls_established()
    kRelease,  // Flush came while output is gated: release it, then run again
    kClose,    // send the output, then close
  };

  ProtocolMachine(MachineHost& host, Output& out) : host_(host), out_(out) {}
  ~ProtocolMachine() override;

  Want run(Input& input);
  // How many bytes the message at the front of the input will have, as far as known.
  size_t wanted() const { return wanted_; }

  void tls_established();
  CopySource& copy_in(Format overall, std::span<const Format> columns);

  // The connection ends (or is lost): tells the handler, once.
  void terminate();
  // Ends the session with a FATAL error.
  void fail(const SqlError& error);
  // Between commands, the session has a handler, and no message is half received: the time to notify or end
  // it.
  bool idle() const { return phase_ == Phase::kReady && between_commands_; }
  bool ready() const { return phase_ == Phase::kReady; }
  char transaction_status() const { return handler_ != nullptr ? handler_->transaction_status() : 'I'; }

 private:
  enum class Phase { kStartup, kTlsHandshake, kAuthenticating, kReady, kClosed };
  struct Rule;
  static const Rule kRules[];
  static const Rule* find_rule(char type);

  bool startup_message(Input& input);
  void start_session(std::string_view body, uint32_t version);
  void parse_startup_options(std::string_view body, uint32_t version);
  void continue_authentication(Authenticator::Step step);
  bool ready_message(Input& input);
  void dispatch(const Rule& rule, std::string_view body);
  template <class F>
  void guarded(F&& action);
  void report(Severity severity, const SqlError& error);
  void finish_command();
  void end_if_asked();

  void on_query(std::string_view body);
  void on_parse(std::string_view body);
  void on_bind(std::string_view body);
  void on_describe(std::string_view body);
  void on_execute(std::string_view body);
  void on_close(std::string_view body);
  void on_flush(std::string_view body);
  void on_sync(std::string_view body);
  void on_function_call(std::string_view body);
  void on_copy_leftover(std::string_view body);
  void on_terminate(std::string_view body);

  bool next(std::string_view* data) override;
  void end_copy();

  MachineHost& host_;
  Output& out_;
  std::unique_ptr<Authenticator> authenticator_;
  std::unique_ptr<SessionHandler> handler_;
  Phase phase_ = Phase::kStartup;
  SessionEnd end_ = SessionEnd::kAbandoned;  // unless something says otherwise
  bool tls_asked_ = false;
  bool gss_asked_ = false;
  bool tls_requested_now_ = false;
  bool skip_to_sync_ = false;
  bool extended_ = false;          // the current message belongs to the extended protocol
  bool between_commands_ = false;  // ReadyForQuery was the last thing said
  bool release_wanted_ = false;
  size_t wanted_ = 0;

  // Scratch of Bind and Parse, kept for the next message.
  std::vector<Format> parameter_formats_;
  std::vector<Format> result_formats_;
  std::vector<ParameterValue> values_;
  std::vector<Oid> types_;

  // COPY from the client. The statement's text lies in the main buffer, which therefore must not move:
  // further bytes go into one of their own.
  Input* input_ = nullptr;  // the main buffer while a message of it is handled
  std::unique_ptr<Input> copy_input_;
  size_t copy_consumed_ = 0;  // size of the message handed out last
  bool copying_ = false;
  size_t message_bytes_ = 0;  // of the message being handled, at the front of the main buffer
};

}  // namespace varve::net
