// A non-blocking socket, plain or under TLS.
#pragma once

#include <memory>
#include <openssl/types.h>
#include <string>
#include <sys/types.h>

#include "common/status.h"
#include "net/server.h"

namespace varve::net {

struct SslContextDeleter {
  void operator()(SSL_CTX* context) const;
};
using SslContext = std::unique_ptr<SSL_CTX, SslContextDeleter>;

Result<SslContext> make_ssl_context(const ServerOptions& options);

// Owned by a connection; one thread at a time.
class Transport {
 public:
  // Negative results.
  static constexpr ssize_t kWouldBlock = -1;  // see wanted_events()
  static constexpr ssize_t kClosed = -2;      // end of stream or error: the client is gone

  explicit Transport(int fd) : fd_(fd) {}
  ~Transport();
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  int fd() const { return fd_; }
  ssize_t receive(char* to, size_t size);
  ssize_t send(const char* from, size_t size);

  // poll() events for which the last kWouldBlock waits.
  short wanted_events() const { return wanted_events_; }

  Status begin_tls(SSL_CTX* context);
  // 0 when established, else kWouldBlock or kClosed.
  ssize_t handshake();
  bool tls() const { return ssl_ != nullptr; }
  void describe_tls(StartupInfo* info) const;
  // tls-server-end-point channel binding data: hash of the server's certificate (RFC 5929); empty without
  // TLS.
  std::string server_end_point() const;
  // The client's certificate, verified against our CA: its common name; empty without one.
  std::string client_common_name() const;
  // Orderly end.
  void shutdown();

 private:
  ssize_t tls_result(int result, short default_events);

  int fd_;
  SSL* ssl_ = nullptr;
  short wanted_events_ = 0;
};

}  // namespace varve::net
