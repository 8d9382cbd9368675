#include "connection.h"

#include <chrono>
#include <cstdlib>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "sync/blocking_scope.h"

namespace varve::net {

int64_t steady_now_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// --- BufferCache
// ----------------------------------------------------------------------------------------------

BufferCache::~BufferCache() {
  while (count_ > 0) std::free(buffers_[--count_]);
}

char* BufferCache::get() { return count_ > 0 ? buffers_[--count_] : static_cast<char*>(std::malloc(kBytes)); }

void BufferCache::put(char* buffer, size_t capacity) {
  if (buffer != nullptr && capacity == kBytes && count_ < kMax) {
    buffers_[count_++] = buffer;
  } else {
    std::free(buffer);
  }
}

// --- SocketWaker
// ----------------------------------------------------------------------------------------------

Connection::SocketWaker::~SocketWaker() {
  if (fd_ >= 0) ::close(fd_);
}

int Connection::SocketWaker::fd() {
  if (fd_ < 0) fd_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  return fd_;
}

void Connection::SocketWaker::wake() {
  uint64_t one = 1;
  [[maybe_unused]] ssize_t n = ::write(fd_, &one, sizeof(one));
}

void Connection::SocketWaker::clear() {
  uint64_t count = 0;
  [[maybe_unused]] ssize_t n = ::read(fd_, &count, sizeof(count));
}

// --- Connection
// -----------------------------------------------------------------------------------------------

Connection::Connection(ConnectionHost& host, DurabilityGate* gate, int fd, int32_t pid, uint32_t secret)
    : host_(host),
      gate_(gate),
      transport_(fd),
      output_(this),
      machine_(*this, output_),
      pid_(pid),
      secret_(secret) {}

Connection::~Connection() = default;

void Connection::set_epoll(int epoll_fd, uint64_t event_data) {
  epoll_fd_ = epoll_fd;
  event_data_ = event_data;
}

void Connection::borrow(BufferCache& buffers) {
  if (input_.held_bytes() == 0) {
    if (char* b = buffers.get()) input_.lend_buffer(b, BufferCache::kBytes);
  }
  if (output_.held_bytes() == 0) {
    if (char* b = buffers.get()) output_.lend_buffer(b, BufferCache::kBytes);
  }
}

void Connection::give_back(BufferCache& buffers) {
  size_t capacity = 0;
  if (input_.empty() && input_.held_bytes() > 0) {
    char* b = input_.take_buffer(&capacity);
    buffers.put(b, capacity);
  }
  if (output_.empty() && output_.held_bytes() > 0) {
    char* b = output_.take_buffer(&capacity);
    buffers.put(b, capacity);
  }
}

Connection::Next Connection::step(uint64_t requests, BufferCache& buffers) {
  if ((requests & ConnectionSlot::kHangup) != 0) hangup_ = true;
  if ((requests & (ConnectionSlot::kReadable | ConnectionSlot::kHangup)) != 0) drained_ = false;
  if (token_.pending(sync::CancelReason::kConnectionLost)) return Next::kClosed;
  borrow(buffers);
  // Unsent output of the last step goes first; until it is gone nothing more is executed.
  if (!output_.empty()) {
    if (!send_output()) return Next::kClosed;
    if (!output_.empty()) return Next::kIdle;
    if (closing_) return Next::kClosed;
  }
  if ((requests & ConnectionSlot::kPosted) != 0) answer_posted();
  return run(buffers);
}

Connection::Next Connection::run(BufferCache& buffers) {
  set_deadline(authenticated() ? 0 : deadline_us());
  for (;;) {
    if (handshaking_ && !advance_handshake()) return closing_ ? Next::kClosed : Next::kIdle;
    switch (machine_.run(input_)) {
      case ProtocolMachine::Want::kClose:
        closing_ = true;
        return finish_step(Next::kClosed, buffers);
      case ProtocolMachine::Want::kRelease:
        return finish_step(Next::kAgain, buffers);
      case ProtocolMachine::Want::kTls:
        if (!send_output() || !output_.empty() || !transport_.begin_tls(host_.ssl_context()).ok()) {
          return Next::kClosed;
        }
        handshaking_ = true;
        continue;
      case ProtocolMachine::Want::kInput:
        break;
    }
    if (drained_) return finish_step(Next::kIdle, buffers);
    // What was asked so far is answered before more is read: a client that pipelines without reading stops
    // here.
    if (!output_.empty()) return finish_step(Next::kAgain, buffers);
    if (!read_some(machine_.wanted())) return Next::kClosed;
  }
}

// True when the handshake is complete.
bool Connection::advance_handshake() {
  ssize_t result = transport_.handshake();
  if (result == Transport::kWouldBlock) {
    watch_writes(transport_.wanted_events() == POLLOUT);
    return false;
  }
  if (result < 0) {
    closing_ = true;
    return false;
  }
  watch_writes(false);
  handshaking_ = false;
  drained_ = false;
  transport_.describe_tls(&startup_);
  machine_.tls_established();
  return true;
}

// False: the client is gone. Sets drained_ when the socket has no more.
bool Connection::read_some(size_t wanted) {
  size_t available = 0;
  char* to = input_.space(wanted, &available);
  ssize_t n = transport_.receive(to, available);
  if (n == Transport::kWouldBlock) {
    drained_ = true;
    return true;
  }
  if (n < 0) return false;
  input_.added(static_cast<size_t>(n));
  // A short read from a stream socket means it is empty; whatever comes later is a new event. TLS buffers
  // records, and the end of the stream must be read to be seen.
  drained_ = static_cast<size_t>(n) < available && !transport_.tls() && !hangup_;
  return true;
}

// Sends as much as the socket takes. False: the client is gone.
bool Connection::send_output() {
  size_t limit = output_.gated() ? output_.gate_offset() : output_.size();
  size_t sent = 0;
  while (sent < limit) {
    ssize_t n = transport_.send(output_.buffered().data() + sent, limit - sent);
    if (n == Transport::kWouldBlock) break;
    if (n < 0) return false;
    sent += static_cast<size_t>(n);
  }
  output_.consume(sent);
  watch_writes(sent < limit);
  return true;
}

void Connection::watch_writes(bool on) {
  if (on == watching_writes_) return;
  watching_writes_ = on;
  epoll_event event{};
  event.events = EPOLLIN | EPOLLRDHUP | EPOLLET | (on ? EPOLLOUT : 0U);
  event.data.u64 = event_data_;
  epoll_ctl(epoll_fd_, EPOLL_CTL_MOD, fd(), &event);
}

Connection::Next Connection::finish_step(Next next, BufferCache& buffers) {
  published_status_.store(machine_.transaction_status(), std::memory_order_relaxed);
  if (output_.gated()) {
    if (gate_ != nullptr && gate_->durable_lsn() < output_.gate_lsn()) return Next::kParked;
    output_.open_gate();
  }
  if (!send_output()) return Next::kClosed;
  if (!output_.empty()) return Next::kIdle;  // EPOLLOUT brings it back; closing_ is remembered
  if (next == Next::kIdle) {
    arm_idle_deadline();
    give_back(buffers);
  }
  return next;
}

Connection::Next Connection::released(const Status& status, BufferCache& buffers) {
  if (!status.ok()) return Next::kClosed;  // not durable: the client must not hear that it is
  output_.open_gate();
  return finish_step(closing_                     ? Next::kClosed
                     : drained_ && input_.empty() ? Next::kIdle
                                                  : Next::kAgain,
                     buffers);
}

void Connection::close() {
  machine_.terminate();
  transport_.shutdown();
}

// --- What other threads ask for
// ---------------------------------------------------------------------------------

void Connection::answer_posted() {
  if (!machine_.ready()) {
    if (deadline_us() != 0 && steady_now_us() >= deadline_us()) {
      machine_.fail(SqlError(sqlstate::kQueryCanceled, "canceling authentication due to timeout"));
    } else if (token_.pending(sync::CancelReason::kTerminate)) {
      machine_.fail(
          SqlError(sqlstate::kAdminShutdown, "terminating connection due to administrator command"));
    }
    return;
  }
  if (token_.pending(sync::CancelReason::kTerminate)) {
    machine_.fail(SqlError(sqlstate::kAdminShutdown, "terminating connection due to administrator command"));
    return;
  }
  if (!machine_.idle() || !input_.empty()) return;
  int64_t deadline = deadline_us();
  if (deadline != 0 && steady_now_us() >= deadline) {
    machine_.fail(
        machine_.transaction_status() == 'I'
            ? SqlError(sqlstate::kIdleSessionTimeout, "terminating connection due to idle-session timeout")
            : SqlError(sqlstate::kIdleInTransactionSessionTimeout,
                       "terminating connection due to idle-in-transaction timeout"));
    return;
  }
  if (machine_.transaction_status() == 'I') deliver_notifications(output_);
}

void Connection::arm_idle_deadline() {
  if (!machine_.idle()) return;
  int64_t timeout = machine_.transaction_status() == 'I' ? idle_session_us_ : idle_in_transaction_us_;
  if (timeout <= 0) return;
  int64_t deadline = steady_now_us() + timeout;
  set_deadline(deadline);
  host_.deadline_set(deadline);
}

void Connection::set_statement_deadline(int64_t steady_us) {
  statement_deadline_us_.store(steady_us, std::memory_order_relaxed);
  if (steady_us != 0) host_.deadline_set(steady_us);
}

int64_t Connection::check_statement_deadline(int64_t now_us) {
  int64_t deadline = statement_deadline_us_.load(std::memory_order_relaxed);
  if (deadline == 0 || deadline > now_us) return deadline;
  // Only if it has not been disarmed or renewed meanwhile.
  if (statement_deadline_us_.compare_exchange_strong(deadline, 0)) {
    token_.request(sync::CancelReason::kStatementTimeout);
  }
  return 0;
}

void Connection::post_notification(int32_t sender, std::string_view channel, std::string_view payload,
                                   Lsn lsn) {
  std::lock_guard lock(mail_mutex_);
  mail_.push_back({sender, std::string(channel), std::string(payload), lsn});
  has_mail_.store(true, std::memory_order_release);
}

void Connection::deliver_notifications(Output& out) {
  if (!has_mail_.load(std::memory_order_acquire)) return;
  std::vector<Notification> mail;
  {
    std::lock_guard lock(mail_mutex_);
    mail.swap(mail_);
    has_mail_.store(false, std::memory_order_relaxed);
  }
  for (const Notification& n : mail) {
    if (n.lsn != kInvalidLsn) out.require_durable(n.lsn);
    out.notification(n.sender, n.channel, n.payload);
  }
}

std::unique_ptr<SessionHandler> Connection::make_handler() {
  auto handler = host_.make_handler(*this);
  set_deadline(0);
  authenticated_.store(true, std::memory_order_release);
  return handler;
}

// --- Waiting for the client
// -------------------------------------------------------------------------------------

void Connection::wait_socket(const sync::WaitEvent& event, short events) {
  pollfd fds[2] = {{fd(), events, 0}, {waker_.fd(), POLLIN, 0}};
  {
    sync::BlockingScope scope(event, &token_);
    token_.set_waker(&waker_);
    if (!token_.pending()) poll(fds, 2, -1);
    token_.set_waker(nullptr);
  }
  waker_.clear();
  if (token_.pending(sync::CancelReason::kConnectionLost)) throw ConnectionLost();
  token_.throw_if_pending();
}

bool Connection::fill(Input& input, size_t wanted) {
  for (;;) {
    size_t available = 0;
    char* to = input.space(wanted, &available);
    ssize_t n = transport_.receive(to, available);
    if (n > 0) {
      input.added(static_cast<size_t>(n));
      drained_ = false;
      return true;
    }
    if (n == Transport::kClosed) return false;
    wait_socket(sync::kWaitClientRead, transport_.wanted_events());
  }
}

void Connection::drain(Output& out) {
  if (out.gated() && (out.size() - out.gate_offset() > kOutputBoundBytes || gate_ == nullptr)) {
    if (gate_ != nullptr) {
      sync::BlockingScope scope(sync::kWaitWalSync, &token_);
      check_ok(gate_->flush(out.gate_lsn()));
    }
    out.open_gate();
  }
  if (!send_output()) throw ConnectionLost();
  auto sendable = [&out] { return out.gated() ? out.gate_offset() : out.size(); };
  while (sendable() > kOutputBoundBytes) {
    wait_socket(sync::kWaitClientWrite, transport_.wanted_events());
    if (!send_output()) throw ConnectionLost();
  }
}

}  // namespace varve::net
