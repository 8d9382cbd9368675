// One client connection: socket, buffers, protocol machine, and what other threads may ask of it.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "net/durability_gate.h"
#include "protocol_machine.h"
#include "sync/wait_event.h"
#include "transport.h"

namespace varve::net {

class Connection;
class WorkerGroup;

// A connection's place in the epoll sets. Slots are reused but never freed, so a late event cannot point at
// freed memory: its generation no longer fits.
struct ConnectionSlot {
  // Requests of the owner, in the low half of `word`; the high half is the generation.
  static constexpr uint64_t kOwned = 1;     // some worker, the ready queue or the commit queue has it
  static constexpr uint64_t kReadable = 2;  // the socket had an event
  static constexpr uint64_t kHangup = 4;    // … that may be the end of the stream
  static constexpr uint64_t kPosted = 8;    // another thread left a request
  static constexpr uint64_t kRequests = kReadable | kHangup | kPosted;

  std::atomic<uint64_t> word{0};
  Connection* connection = nullptr;  // the owner's
  ConnectionSlot* next = nullptr;    // ready queue or free list
  uint32_t index = 0;

  uint32_t generation() const { return static_cast<uint32_t>(word.load(std::memory_order_acquire) >> 32); }
};

// What a connection needs of the server.
class ConnectionHost {
 public:
  virtual SSL_CTX* ssl_context() = 0;
  virtual void admit(Connection& connection) = 0;
  virtual std::unique_ptr<Authenticator> make_authenticator(Connection& connection) = 0;
  // After authentication, once the role is known: the reserved connections.
  virtual std::unique_ptr<SessionHandler> make_handler(Connection& connection) = 0;
  virtual void cancel_request(int32_t pid, uint32_t secret) = 0;
  // A deadline earlier than the next look at deadlines may have been set.
  virtual void deadline_set(int64_t steady_us) = 0;

 protected:
  ~ConnectionHost() = default;
};

// Buffers that a worker lends to the connection it runs and takes back when the connection falls idle.
class BufferCache {
 public:
  BufferCache() = default;
  ~BufferCache();
  BufferCache(const BufferCache&) = delete;
  BufferCache& operator=(const BufferCache&) = delete;

  char* get();  // kBytes, or null
  void put(char* buffer, size_t capacity);
  static constexpr size_t kBytes = 8 << 10;

 private:
  static constexpr int kMax = 32;
  char* buffers_[kMax];
  int count_ = 0;
};

int64_t steady_now_us();

class Connection final : public Client, private Output::Drain, private MachineHost {
 public:
  // Unsent output above which a session waits for its client.
  static constexpr size_t kOutputBoundBytes = 256 << 10;

  enum class Next {
    kIdle,    // waits for events
    kAgain,   // more input may be there
    kParked,  // waits for the log up to output().gate_lsn()
    kClosed,
  };

  Connection(ConnectionHost& host, DurabilityGate* gate, int fd, int32_t pid, uint32_t secret);
  ~Connection();

  // --- The owner's
  Next step(uint64_t requests, BufferCache& buffers);
  // The log is durable far enough (or, if not ok, never will be).
  Next released(const Status& status, BufferCache& buffers);
  void close();
  int fd() const { return transport_.fd(); }
  Transport& transport() { return transport_; }
  StartupInfo& mutable_startup() { return startup_; }
  void set_epoll(int epoll_fd, uint64_t event_data);

  // --- Any thread's, under the server's registry mutex
  uint32_t secret() const { return secret_; }
  void post_notification(int32_t sender, std::string_view channel, std::string_view payload, Lsn lsn);
  int64_t deadline_us() const { return deadline_us_.load(std::memory_order_relaxed); }
  void set_deadline(int64_t us) { deadline_us_.store(us, std::memory_order_relaxed); }
  // Requests the statement timeout if it is due; returns the deadline still ahead, or 0.
  int64_t check_statement_deadline(int64_t now_us);
  char published_status() const { return published_status_.load(std::memory_order_relaxed); }
  bool authenticated() const { return authenticated_.load(std::memory_order_acquire); }

  // --- Client
  int32_t backend_pid() const override { return pid_; }
  const StartupInfo& startup() const override { return startup_; }
  Output& output() override { return output_; }
  sync::CancelToken& cancel_token() override { return token_; }
  const sync::WaitReport& wait_report() const override { return wait_report_; }
  sync::WaitReport* mutable_wait_report() { return &wait_report_; }
  CopySource& copy_in(Format overall, std::span<const Format> columns) override {
    return machine_.copy_in(overall, columns);
  }
  void set_statement_deadline(int64_t steady_us) override;
  void set_idle_timeouts(int64_t session_ms, int64_t in_transaction_ms) override {
    idle_session_us_ = session_ms * 1000;
    idle_in_transaction_us_ = in_transaction_ms * 1000;
  }

  WorkerGroup* group = nullptr;    // set once
  ConnectionSlot* slot = nullptr;  // set once
  size_t registry_index = 0;       // the registry's

 private:
  struct Notification {
    int32_t sender;
    std::string channel, payload;
    Lsn lsn;
  };
  // Wakes a thread that waits for this connection's socket.
  class SocketWaker final : public sync::Waker {
   public:
    ~SocketWaker();
    void wake() override;
    int fd();  // created at first use
    void clear();

   private:
    int fd_ = -1;
  };

  Next run(BufferCache& buffers);
  Next finish_step(Next next, BufferCache& buffers);
  bool advance_handshake();
  void answer_posted();
  bool read_some(size_t wanted);
  bool send_output();
  void watch_writes(bool on);
  void wait_socket(const sync::WaitEvent& event, short events);
  void borrow(BufferCache& buffers);
  void give_back(BufferCache& buffers);
  void arm_idle_deadline();

  // Output::Drain
  void drain(Output& out) override;

  // MachineHost
  bool tls_available() const override { return host_.ssl_context() != nullptr; }
  StartupInfo& startup_info() override { return startup_; }
  void admit() override { host_.admit(*this); }
  std::unique_ptr<Authenticator> make_authenticator() override { return host_.make_authenticator(*this); }
  std::unique_ptr<SessionHandler> make_handler() override;
  void write_backend_key(Output& out) override { out.backend_key_data(pid_, secret_); }
  void cancel_request(int32_t pid, uint32_t secret) override { host_.cancel_request(pid, secret); }
  sync::CancelToken& token() override { return token_; }
  void deliver_notifications(Output& out) override;
  bool fill(Input& input, size_t wanted) override;

  ConnectionHost& host_;
  DurabilityGate* gate_;
  Transport transport_;
  Input input_;
  Output output_;
  ProtocolMachine machine_;
  StartupInfo startup_;
  sync::CancelToken token_;
  sync::WaitReport wait_report_{nullptr};
  SocketWaker waker_;
  const int32_t pid_;
  const uint32_t secret_;

  int epoll_fd_ = -1;
  uint64_t event_data_ = 0;
  bool watching_writes_ = false;
  bool handshaking_ = false;
  bool drained_ = false;  // nothing is left in the socket until the next event
  bool hangup_ = false;   // read to the end of the stream
  bool closing_ = false;  // only output is left
  int64_t idle_session_us_ = 0;
  int64_t idle_in_transaction_us_ = 0;

  std::atomic<int64_t> deadline_us_{0};  // authentication or idle; 0 = none
  std::atomic<int64_t> statement_deadline_us_{0};
  std::atomic<char> published_status_{'I'};
  std::atomic<bool> authenticated_{false};

  std::atomic<bool> has_mail_{false};
  std::mutex mail_mutex_;
  std::vector<Notification> mail_;
};

}  // namespace varve::net
