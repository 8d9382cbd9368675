#include "net/server.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/rand.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>
#include <unordered_map>

#include "auth.h"
#include "common/bytes.h"
#include "common/log.h"
#include "hba.h"
#include "unix_socket.h"
#include "worker_group.h"

namespace varve::net {
namespace {

constexpr int64_t kScanUs = 100'000;
constexpr int64_t kBusyScanUs = 5'000;
constexpr uint64_t kWakeEvent = ~uint64_t{0};

Status listen_on(int fd, const sockaddr* address, socklen_t length, std::string_view name) {
  if (bind(fd, address, length) != 0) {
    return Status::from_errno(errno, fmt::format("could not bind to \"{}\"", name));
  }
  if (listen(fd, 1024) != 0)
    return Status::from_errno(errno, fmt::format("could not listen on \"{}\"", name));
  return {};
}

uint16_t port_of(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
  if (address.ss_family == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
  return 0;
}

// "" for a Unix-domain socket.
std::string address_text(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET) {
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, text, sizeof(text));
  } else if (address.ss_family == AF_INET6) {
    inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, text, sizeof(text));
  }
  return text;
}

}  // namespace

// The front door: one thread that accepts, recognises cancel requests (so that they get through however busy
// the workers are), watches the deadlines, and flushes commits that wait behind long queries.
class Server::Impl final : public ConnectionHost, public WorkerGroup::Reaper {
 public:
  Impl(ServerOptions options, const port::Topology& topology, HandlerFactory& factory,
       CredentialStore& credentials, DurabilityGate* gate)
      : options_(std::move(options)),
        topology_(topology),
        factory_(factory),
        credentials_(credentials),
        gate_(gate) {}
  ~Impl() { stop(StopMode::kImmediate); }

  Status start();
  void stop(StopMode mode);
  void set_admission(Admission a) { admission_.store(a); }
  uint16_t port() const { return port_; }
  Status reload_hba(std::string_view text);
  bool cancel_backend(int32_t pid);
  bool terminate_backend(int32_t pid);
  bool post_notification(int32_t pid, int32_t sender, std::string_view channel, std::string_view payload,
                         Lsn lsn);
  std::vector<ConnectionStatus> connections();
  int connection_count();

 private:
  // An accepted socket whose first bytes have not come.
  struct Newcomer {
    int64_t deadline_us;
    sockaddr_storage address;
  };

  Status listen_tcp(const std::string& address);
  Status listen_unix(const std::string& directory);
  bool is_listener(int fd) const;
  Status watch(int fd, uint32_t events);
  void front_door();
  void accept_all(int fd);
  void greet(int fd, const sockaddr_storage& address, bool first_look);
  bool answer_cancel(int fd);
  void admit_socket(int fd, const sockaddr_storage& address);
  ConnectionSlot* take_slot_locked();
  int64_t scan(int64_t now_us, BufferCache& buffers);
  void wake_front_door();
  void post_locked(Connection* c);
  template <class F>
  bool with_backend(int32_t pid, F&& action);

  // ConnectionHost
  SSL_CTX* ssl_context() override { return ssl_.get(); }
  void admit(Connection& connection) override;
  std::unique_ptr<Authenticator> make_authenticator(Connection& connection) override;
  std::unique_ptr<SessionHandler> make_handler(Connection& connection) override;
  void cancel_request(int32_t pid, uint32_t secret) override;
  void deadline_set(int64_t steady_us) override;
  // Reaper
  void connection_closed(Connection* connection) override;

  ServerOptions options_;
  const port::Topology& topology_;
  HandlerFactory& factory_;
  CredentialStore& credentials_;
  DurabilityGate* gate_;
  SslContext ssl_;
  std::atomic<Admission> admission_{Admission::kOpen};
  std::vector<std::unique_ptr<WorkerGroup>> groups_;
  std::vector<int> tcp_listeners_;
  std::vector<UnixSocket> unix_listeners_;
  uint16_t port_ = 0;
  int epoll_fd_ = -1;
  int wake_fd_ = -1;
  std::thread front_door_;
  std::atomic<bool> stopping_{false};
  std::atomic<int64_t> next_scan_us_{0};
  std::unordered_map<int, Newcomer> newcomers_;  // the front door's own

  std::mutex hba_mutex_;
  std::shared_ptr<const HbaRules> hba_;

  std::mutex registry_mutex_;  // guards what follows
  std::condition_variable registry_empty_;
  std::vector<Connection*> registry_;
  std::unordered_map<int32_t, Connection*> by_pid_;
  std::vector<std::unique_ptr<ConnectionSlot>> slots_;
  ConnectionSlot* free_slots_ = nullptr;
  int32_t last_pid_ = 0;
  int sessions_ = 0;  // registered connections that passed admit()
};

// --- Start and stop
// ---------------------------------------------------------------------------------------------

Status Server::Impl::start() {
  signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
  VARVE_RETURN_IF_ERROR(reload_hba(options_.hba_text));
  if (options_.tls) {
    VARVE_ASSIGN_OR_RETURN(ssl_, make_ssl_context(options_));
  }
  epoll_fd_ = epoll_create1(EPOLL_CLOEXEC);
  wake_fd_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (epoll_fd_ < 0 || wake_fd_ < 0) return Status::from_errno(errno, "could not create epoll set");
  VARVE_RETURN_IF_ERROR(watch(wake_fd_, EPOLLIN));
  port_ = options_.port;
  for (const std::string& address : options_.listen_addresses) VARVE_RETURN_IF_ERROR(listen_tcp(address));
  for (const std::string& directory : options_.unix_socket_directories) {
    if (Status s = listen_unix(directory); !s.ok())
      log(LogLevel::kWarning, "could not create Unix-domain socket in directory \"{}\": {}", directory,
          s.message());
  }
  if (tcp_listeners_.empty() && unix_listeners_.empty())
    return Status::invalid(options_.unix_socket_directories.empty()
                               ? "no address to listen on"
                               : "could not create any Unix-domain sockets");
  for (int node = 0; node < topology_.node_count(); ++node) {
    WorkerGroupOptions g;
    g.node = node;
    g.run_slots = options_.run_slots_per_group > 0 ? options_.run_slots_per_group
                                                   : static_cast<int>(topology_.cpus(node).size());
    g.max_threads = std::max(options_.max_threads_per_group, g.run_slots);
    g.spare_retire_ms = options_.spare_retire_ms;
    g.pin = options_.pin_workers && topology_.node_count() > 1;
    groups_.push_back(std::make_unique<WorkerGroup>(g, topology_, gate_, *this));
    VARVE_RETURN_IF_ERROR(groups_.back()->start());
  }
  front_door_ = std::thread([this] { front_door(); });
  return {};
}

Status Server::Impl::watch(int fd, uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = fd == wake_fd_ ? kWakeEvent : static_cast<uint64_t>(fd);
  return epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event) == 0 ? Status()
                                                              : Status::from_errno(errno, "epoll_ctl");
}

Status Server::Impl::listen_tcp(const std::string& address) {
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  std::string service = std::to_string(port_);
  int error = getaddrinfo(address == "*" ? nullptr : address.c_str(), service.c_str(), &hints, &found);
  if (error != 0) {
    return Status::invalid(
        fmt::format("could not translate host name \"{}\": {}", address, gai_strerror(error)));
  }
  std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> list(found, &freeaddrinfo);
  Status last = Status::invalid("no usable address");
  bool any = false;
  for (const addrinfo* a = found; a != nullptr; a = a->ai_next) {
    int fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) continue;
    int one = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (a->ai_family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
    sockaddr_storage bound{};
    std::memcpy(&bound, a->ai_addr, a->ai_addrlen);
    // Port 0: the first listener chooses, the others take the same.
    if (a->ai_family == AF_INET) reinterpret_cast<sockaddr_in&>(bound).sin_port = htons(port_);
    if (a->ai_family == AF_INET6) reinterpret_cast<sockaddr_in6&>(bound).sin6_port = htons(port_);
    last = listen_on(fd, reinterpret_cast<sockaddr*>(&bound), a->ai_addrlen, address);
    if (last.ok()) last = watch(fd, EPOLLIN);
    if (!last.ok()) {
      ::close(fd);
      continue;
    }
    socklen_t length = sizeof(bound);
    getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &length);
    port_ = port_of(bound);
    tcp_listeners_.push_back(fd);
    any = true;
  }
  return any ? Status() : last;  // one family of the host's may be missing
}

Status Server::Impl::listen_unix(const std::string& directory) {
  VARVE_ASSIGN_OR_RETURN(UnixSocket socket, UnixSocket::listen(directory, port_));
  VARVE_RETURN_IF_ERROR(watch(socket.fd(), EPOLLIN));
  log(LogLevel::kLog, "listening on Unix socket \"{}\"", socket.path());
  unix_listeners_.push_back(std::move(socket));
  return {};
}

bool Server::Impl::is_listener(int fd) const {
  return std::find(tcp_listeners_.begin(), tcp_listeners_.end(), fd) != tcp_listeners_.end() ||
         std::any_of(unix_listeners_.begin(), unix_listeners_.end(),
                     [fd](const UnixSocket& s) { return s.fd() == fd; });
}

void Server::Impl::stop(StopMode mode) {
  admission_.store(Admission::kShuttingDown);
  if (front_door_.joinable()) {
    std::unique_lock lock(registry_mutex_);
    if (mode != StopMode::kSmart) {
      for (Connection* c : registry_) {
        c->cancel_token().request(mode == StopMode::kFast ? sync::CancelReason::kTerminate
                                                          : sync::CancelReason::kConnectionLost);
        post_locked(c);
      }
    }
    registry_empty_.wait(lock, [this] { return registry_.empty(); });
    lock.unlock();
    stopping_.store(true);
    wake_front_door();
    front_door_.join();
    // The front door may have let one in while it was told to stop.
    lock.lock();
    for (Connection* c : registry_) {
      c->cancel_token().request(sync::CancelReason::kConnectionLost);
      post_locked(c);
    }
    registry_empty_.wait(lock, [this] { return registry_.empty(); });
  }
  for (auto& group : groups_) group->stop();
  groups_.clear();
  for (int fd : tcp_listeners_) ::close(fd);
  tcp_listeners_.clear();
  unix_listeners_.clear();
  for (int* fd : {&epoll_fd_, &wake_fd_}) {
    if (*fd >= 0) ::close(*fd);
    *fd = -1;
  }
}

Status Server::Impl::reload_hba(std::string_view text) {
  VARVE_ASSIGN_OR_RETURN(HbaRules rules, HbaRules::parse(text, options_.hba_file_name));
  auto shared = std::make_shared<const HbaRules>(std::move(rules));
  std::lock_guard lock(hba_mutex_);
  hba_ = std::move(shared);
  return {};
}

// --- The front door
// ---------------------------------------------------------------------------------------------

void Server::Impl::wake_front_door() {
  uint64_t one = 1;
  [[maybe_unused]] ssize_t n = ::write(wake_fd_, &one, sizeof(one));
}

void Server::Impl::front_door() {
  BufferCache buffers;
  while (!stopping_.load()) {
    int64_t now = steady_now_us();
    int64_t next = scan(now, buffers);
    std::array<epoll_event, 64> events;
    int timeout_ms = static_cast<int>(std::max<int64_t>(0, (next - now + 999) / 1000));
    int n = epoll_wait(epoll_fd_, events.data(), static_cast<int>(events.size()), timeout_ms);
    for (int i = 0; i < n; ++i) {
      uint64_t data = events[static_cast<size_t>(i)].data.u64;
      int fd = static_cast<int>(data);
      if (data == kWakeEvent) {
        uint64_t count = 0;
        [[maybe_unused]] ssize_t r = ::read(wake_fd_, &count, sizeof(count));
      } else if (is_listener(fd)) {
        accept_all(fd);
      } else if (auto it = newcomers_.find(fd); it != newcomers_.end()) {
        sockaddr_storage address = it->second.address;
        newcomers_.erase(it);
        epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, fd, nullptr);
        greet(fd, address, false);
      }
    }
  }
  for (auto& [fd, newcomer] : newcomers_) ::close(fd);
  newcomers_.clear();
}

void Server::Impl::accept_all(int listener) {
  for (int i = 0; i < 64; ++i) {
    sockaddr_storage address{};
    socklen_t length = sizeof(address);
    int fd = accept4(listener, reinterpret_cast<sockaddr*>(&address), &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        log(LogLevel::kLog, "could not accept new connection: {}",
            Status::from_errno(errno, "accept").message());
        usleep(10'000);  // the listener stays readable: do not spin
      }
      return;
    }
    int one = 1;
    if (address.ss_family != AF_UNIX) {
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
      setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
    }
    greet(fd, address, true);
  }
}

// Looks at the first bytes without taking them. Everything but a cancel request is a worker's business.
void Server::Impl::greet(int fd, const sockaddr_storage& address, bool first_look) {
  char head[16];
  ssize_t n = recv(fd, head, sizeof(head), MSG_PEEK | MSG_DONTWAIT);
  if (n < 0 && first_look && (errno == EAGAIN || errno == EWOULDBLOCK)) {
    newcomers_[fd] = {steady_now_us() + int64_t{options_.authentication_timeout_ms} * 1000, address};
    if (watch(fd, EPOLLIN | EPOLLRDHUP).ok()) return;
    newcomers_.erase(fd);
  }
  if (n <= 0) {
    ::close(fd);
  } else if (n == 16 && load_be<uint32_t>(head) == 16 && load_be<uint32_t>(head + 4) == kCancelRequestCode) {
    cancel_request(load_be<int32_t>(head + 8), load_be<uint32_t>(head + 12));
    ::close(fd);
  } else {
    admit_socket(fd, address);
  }
}

ConnectionSlot* Server::Impl::take_slot_locked() {
  if (free_slots_ != nullptr) {
    ConnectionSlot* slot = free_slots_;
    free_slots_ = slot->next;
    return slot;
  }
  slots_.push_back(std::make_unique<ConnectionSlot>());
  slots_.back()->index = static_cast<uint32_t>(slots_.size() - 1);
  return slots_.back().get();
}

void Server::Impl::admit_socket(int fd, const sockaddr_storage& address) {
  uint32_t secret = 0;
  if (RAND_bytes(reinterpret_cast<unsigned char*>(&secret), sizeof(secret)) != 1) {
    ::close(fd);
    return;
  }
  WorkerGroup* group = groups_[0].get();
  for (auto& g : groups_) {
    if (g->connection_count() < group->connection_count()) group = g.get();
  }
  Connection* c = nullptr;
  {
    std::lock_guard lock(registry_mutex_);
    do {
      last_pid_ = last_pid_ == INT32_MAX ? 1 : last_pid_ + 1;
    } while (by_pid_.count(last_pid_) != 0);
    c = new Connection(*this, gate_, fd, last_pid_, secret);
    c->slot = take_slot_locked();
    c->slot->connection = c;
    c->group = group;
    c->registry_index = registry_.size();
    registry_.push_back(c);
    by_pid_.emplace(last_pid_, c);
  }
  StartupInfo& info = c->mutable_startup();
  info.client_address = address_text(address);
  info.client_port = address.ss_family == AF_UNIX ? -1 : port_of(address);
  sockaddr_storage own{};
  socklen_t length = sizeof(own);
  if (address.ss_family != AF_UNIX && getsockname(fd, reinterpret_cast<sockaddr*>(&own), &length) == 0) {
    info.server_address = address_text(own);
    info.server_port = port_of(own);
  }
  c->set_deadline(steady_now_us() + int64_t{options_.authentication_timeout_ms} * 1000);
  if (!group->add(c->slot).ok()) connection_closed(c);
}

void Server::Impl::connection_closed(Connection* c) {
  std::lock_guard lock(registry_mutex_);
  ConnectionSlot* slot = c->slot;
  registry_[c->registry_index] = registry_.back();
  registry_[c->registry_index]->registry_index = c->registry_index;
  registry_.pop_back();
  by_pid_.erase(c->backend_pid());
  // The next generation: late events and posts for this one are ignored.
  uint64_t generation = uint64_t{slot->generation()} + 1;
  delete c;
  slot->connection = nullptr;
  slot->word.store(generation << 32, std::memory_order_release);
  slot->next = free_slots_;
  free_slots_ = slot;
  if (registry_.empty()) registry_empty_.notify_all();
}

// Looks at all deadlines; returns when to look again.
int64_t Server::Impl::scan(int64_t now, BufferCache& buffers) {
  bool busy = false;
  for (auto& group : groups_) {
    group->rescue_parked(now, buffers);
    busy |= group->guard() || group->has_parked();
  }
  int64_t next = now + (busy ? kBusyScanUs : kScanUs);
  for (auto it = newcomers_.begin(); it != newcomers_.end();) {
    if (it->second.deadline_us <= now) {
      ::close(it->first);
      it = newcomers_.erase(it);
    } else {
      ++it;
    }
  }
  std::lock_guard lock(registry_mutex_);
  // Published before the deadlines are read: one set after being passed over wakes this thread.
  next_scan_us_.store(next, std::memory_order_seq_cst);
  for (Connection* c : registry_) {
    if (int64_t d = c->deadline_us(); d != 0) {
      if (d <= now) {
        post_locked(c);
      } else {
        next = std::min(next, d);
      }
    }
    if (int64_t d = c->check_statement_deadline(now); d != 0) next = std::min(next, d);
  }
  next_scan_us_.store(next, std::memory_order_seq_cst);
  return next;
}

void Server::Impl::deadline_set(int64_t steady_us) {
  if (steady_us < next_scan_us_.load(std::memory_order_seq_cst)) wake_front_door();
}

// --- Registry
// ---------------------------------------------------------------------------------------------------

void Server::Impl::post_locked(Connection* c) {
  c->group->post(c->slot, c->slot->generation(), ConnectionSlot::kPosted);
}

template <class F>
bool Server::Impl::with_backend(int32_t pid, F&& action) {
  std::lock_guard lock(registry_mutex_);
  auto it = by_pid_.find(pid);
  if (it == by_pid_.end()) return false;
  action(it->second);
  return true;
}

void Server::Impl::cancel_request(int32_t pid, uint32_t secret) {
  with_backend(pid, [secret](Connection* c) {
    if (c->secret() == secret) c->cancel_token().request(sync::CancelReason::kUser);
  });
}

bool Server::Impl::cancel_backend(int32_t pid) {
  return with_backend(pid, [](Connection* c) { c->cancel_token().request(sync::CancelReason::kUser); });
}

bool Server::Impl::terminate_backend(int32_t pid) {
  return with_backend(pid, [this](Connection* c) {
    c->cancel_token().request(sync::CancelReason::kTerminate);
    post_locked(c);
  });
}

bool Server::Impl::post_notification(int32_t pid, int32_t sender, std::string_view channel,
                                     std::string_view payload, Lsn lsn) {
  return with_backend(pid, [&](Connection* c) {
    c->post_notification(sender, channel, payload, lsn);
    post_locked(c);
  });
}

std::vector<ConnectionStatus> Server::Impl::connections() {
  std::vector<ConnectionStatus> result;
  std::lock_guard lock(registry_mutex_);
  for (Connection* c : registry_) {
    if (!c->authenticated()) continue;
    bool active = (c->slot->word.load(std::memory_order_relaxed) & ConnectionSlot::kOwned) != 0;
    result.push_back({c->backend_pid(), c->startup(), c->published_status(), active,
                      active ? c->wait_report().load(std::memory_order_relaxed) : &sync::kWaitClientRead,
                      c->activity().read()});
  }
  return result;
}

int Server::Impl::connection_count() {
  std::lock_guard lock(registry_mutex_);
  return static_cast<int>(registry_.size());
}

// --- Admission and authentication
// -------------------------------------------------------------------------------

void Server::Impl::admit(Connection&) {
  auto refuse = [](const char* why) { throw FatalError(sqlstate::kCannotConnectNow, why); };
  switch (admission_.load()) {
    case Admission::kOpen:
      break;
    case Admission::kStarting:
      refuse("the database system is starting up");
      break;
    case Admission::kShuttingDown:
      refuse("the database system is shutting down");
      break;
    case Admission::kRecovering:
      refuse("the database system is in recovery mode");
      break;
  }
  std::lock_guard lock(registry_mutex_);
  if (static_cast<int>(registry_.size()) > options_.max_connections) {
    throw FatalError(sqlstate::kTooManyConnections, "sorry, too many clients already");
  }
}

std::unique_ptr<Authenticator> Server::Impl::make_authenticator(Connection& connection) {
  std::shared_ptr<const HbaRules> rules;
  {
    std::lock_guard lock(hba_mutex_);
    rules = hba_;
  }
  return net::make_authenticator(*rules, credentials_, connection.mutable_startup(), connection.transport());
}

std::unique_ptr<SessionHandler> Server::Impl::make_handler(Connection& connection) {
  check_role(credentials_, connection.startup().user);
  int used = 0;
  {
    std::lock_guard lock(registry_mutex_);
    used = static_cast<int>(registry_.size());
  }
  if (used > options_.max_connections - options_.superuser_reserved_connections) {
    auto credential = credentials_.find(connection.startup().user);
    if (!credential || !credential->superuser) {
      throw FatalError(sqlstate::kTooManyConnections,
                       "remaining connection slots are reserved for non-replication superuser connections");
    }
  }
  return factory_.create(connection);
}

// --- Server
// -----------------------------------------------------------------------------------------------------

Server::Server(ServerOptions options, const port::Topology& topology, HandlerFactory& factory,
               CredentialStore& credentials, DurabilityGate* gate)
    : impl_(std::make_unique<Impl>(std::move(options), topology, factory, credentials, gate)) {}
Server::~Server() = default;
Status Server::start() { return impl_->start(); }
void Server::stop(StopMode mode) { impl_->stop(mode); }
void Server::set_admission(Admission admission) { impl_->set_admission(admission); }
uint16_t Server::port() const { return impl_->port(); }
Status Server::reload_hba(std::string_view text) { return impl_->reload_hba(text); }
bool Server::cancel_backend(int32_t pid) { return impl_->cancel_backend(pid); }
bool Server::terminate_backend(int32_t pid) { return impl_->terminate_backend(pid); }
bool Server::post_notification(int32_t pid, int32_t sender_pid, std::string_view channel,
                               std::string_view payload, Lsn lsn) {
  return impl_->post_notification(pid, sender_pid, channel, payload, lsn);
}
std::vector<ConnectionStatus> Server::connections() { return impl_->connections(); }
int Server::connection_count() const { return impl_->connection_count(); }

}  // namespace varve::net
