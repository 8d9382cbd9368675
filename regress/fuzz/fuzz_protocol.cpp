// Feeds the protocol machine arbitrary bytes in arbitrary portions. The first byte chooses where to begin: at
// the startup packet, in a SCRAM exchange, or in a running session. Whatever comes, the machine must answer
// with well formed messages or close, and must not hold more memory than the bytes it was given explain.
#include <cstdlib>
#include <optional>

#include "common/bytes.h"
#include "common/check.h"
#include "net/password.h"
#include "protocol_machine.h"
#include "scram.h"
#include "toy_handler.h"

namespace varve::net {
namespace {

class ScramOnly final : public Authenticator {
 public:
  Step begin(Output& out) override {
    out.authentication(10, std::string_view("SCRAM-SHA-256\0\0", 15));
    return Step::kNeedReply;
  }
  Step reply(std::string_view message, Output& out) override {
    if (!exchange_) {
      exchange_.emplace(mock_scram_secret("u"), true, "", false);
      out.authentication(11, exchange_->server_first(message));
      return Step::kNeedReply;
    }
    std::string last;
    if (!exchange_->server_final(message, &last)) throw SqlError(sqlstate::kInvalidPassword, "no");
    return Step::kDone;
  }

 private:
  std::optional<ScramExchange> exchange_;
};

class NoAuth final : public Authenticator {
 public:
  Step begin(Output&) override { return Step::kDone; }
  Step reply(std::string_view, Output&) override { return Step::kDone; }
};

class Harness final : public MachineHost, public Client, public Output::Drain {
 public:
  Harness(std::string_view bytes, bool scram)
      : bytes_(bytes), scram_(scram), out_(this), machine_(*this, out_) {}

  void run() {
    for (;;) {
      switch (machine_.run(input_)) {
        case ProtocolMachine::Want::kClose:
          check_output();
          return;
        case ProtocolMachine::Want::kTls:
          out_.consume(out_.size());
          machine_.tls_established();
          break;
        case ProtocolMachine::Want::kRelease:
          out_.open_gate();
          break;
        case ProtocolMachine::Want::kInput:
          check_output();
          VARVE_CHECK(input_.held_bytes() <= Input::kFirstBytes + 4 * total_);
          if (!fill(input_, machine_.wanted())) return machine_.terminate();
          break;
      }
    }
  }

  // MachineHost
  bool tls_available() const override { return true; }
  StartupInfo& startup_info() override { return info_; }
  void admit() override {}
  std::unique_ptr<Authenticator> make_authenticator() override {
    if (scram_) return std::make_unique<ScramOnly>();
    return std::make_unique<NoAuth>();
  }
  std::unique_ptr<SessionHandler> make_handler() override { return std::make_unique<ToyHandler>(*this); }
  void write_backend_key(Output& out) override { out.backend_key_data(1, 2); }
  void cancel_request(int32_t, uint32_t) override {}
  sync::CancelToken& token() override { return token_; }
  void deliver_notifications(Output&) override {}
  bool fill(Input& input, size_t wanted) override {
    if (bytes_.empty()) return false;
    size_t available = 0;
    char* to = input.space(wanted, &available);
    size_t n = std::min({available, bytes_.size(), size_t{1} + static_cast<unsigned char>(bytes_[0]) % 37});
    std::memcpy(to, bytes_.data(), n);
    input.added(n);
    bytes_.remove_prefix(n);
    return true;
  }

  // Client
  int32_t backend_pid() const override { return 1; }
  const StartupInfo& startup() const override { return info_; }
  Output& output() override { return out_; }
  sync::CancelToken& cancel_token() override { return token_; }
  const sync::WaitReport& wait_report() const override { return report_; }
  CopySource& copy_in(Format overall, std::span<const Format> columns) override {
    return machine_.copy_in(overall, columns);
  }
  void set_statement_deadline(int64_t) override {}
  void set_idle_timeouts(int64_t, int64_t) override {}

  // Output::Drain
  void drain(Output& out) override {
    out.open_gate();
    // A statement with endless rows must not make the fuzzer endless.
    if ((drained_ += out.size()) > 1 << 20) token_.request(sync::CancelReason::kTerminate);
    out.consume(out.size());
    token_.throw_if_pending();
  }

 private:
  // Every message's length leads to the next; the answers to SSLRequest and GSSENCRequest have none.
  void check_output() {
    std::string_view s = out_.buffered();
    while (!machine_.ready() && !s.empty() && (s[0] == 'N' || s[0] == 'S') && (s.size() < 5 || s[1] != 0)) {
      s.remove_prefix(1);
    }
    while (!s.empty()) {
      VARVE_CHECK(s.size() >= 5);
      size_t length = load_be<uint32_t>(s.data() + 1) + size_t{1};
      VARVE_CHECK(length >= 5 && length <= s.size());
      s.remove_prefix(length);
    }
    out_.open_gate();
    out_.consume(out_.size());
  }

  std::string_view bytes_;
  const size_t total_ = bytes_.size();
  bool scram_;
  StartupInfo info_;
  sync::CancelToken token_;
  sync::WaitReport report_{nullptr};
  Input input_;
  size_t drained_ = 0;
  Output out_;
  ProtocolMachine machine_;
};

}  // namespace
}  // namespace varve::net

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace varve::net;
  if (size == 0) return 0;
  std::string login = std::string("\0\0\0\x10\0\3\0\0user\0u\0\0", 16);
  std::string bytes;
  if (data[0] % 3 != 0) bytes = login;
  bytes.append(reinterpret_cast<const char*>(data) + 1, size - 1);
  // Nothing would ever wake a toy that waits.
  for (size_t at; (at = bytes.find("wait")) != std::string::npos;) bytes[at] = 'W';
  Harness(bytes, data[0] % 3 == 1).run();
  return 0;
}
