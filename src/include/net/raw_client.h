// A blocking client that sends and receives messages of the wire protocol as they are: for tests and
// benchmarks, of this module and of those above it.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "common/bytes.h"

namespace varve::net {

class RawClient {
 public:
  explicit RawClient(uint16_t port, int receive_buffer = 0) {
    fd_ = socket(AF_INET, SOCK_STREAM, 0);
    if (receive_buffer > 0) setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  }
  // By a Unix-domain socket.
  explicit RawClient(const std::string& path) : fd_(socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    connected_ = connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  }
  ~RawClient() { close(fd_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool connected() const { return connected_; }
  int fd() const { return fd_; }

  static std::string be32(uint32_t v) {
    std::string s(4, '\0');
    store_be<uint32_t>(s.data(), v);
    return s;
  }
  static std::string be16(uint16_t v) {
    std::string s(2, '\0');
    store_be<uint16_t>(s.data(), v);
    return s;
  }
  static std::string message(char type, const std::string& body) {
    return std::string(1, type) + be32(static_cast<uint32_t>(body.size() + 4)) + body;
  }
  static std::string z(std::string s) { return s + '\0'; }
  static std::string query(const std::string& sql) { return message('Q', z(sql)); }
  static std::string parse(const std::string& name, const std::string& sql) {
    return message('P', z(name) + z(sql) + be16(0));
  }
  static std::string bind(const std::string& portal, const std::string& statement) {
    return message('B', z(portal) + z(statement) + be16(0) + be16(0) + be16(0));
  }
  static std::string execute(const std::string& portal, uint32_t rows = 0) {
    return message('E', z(portal) + be32(rows));
  }
  static std::string sync() { return message('S', ""); }
  static std::string startup(const std::string& user, const std::string& database,
                             uint32_t version = 3 << 16) {
    std::string body = be32(version) + z("user") + z(user) + z("database") + z(database) + '\0';
    return be32(static_cast<uint32_t>(body.size() + 4)) + body;
  }

  void send_all(const std::string& bytes) {
    size_t done = 0;
    while (done < bytes.size()) {
      ssize_t n = ::send(fd_, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
      if (n <= 0) return;
      done += static_cast<size_t>(n);
    }
  }

  // Type and body; type 0 at the end of the stream.
  std::pair<char, std::string> receive() {
    std::string head = read_exactly(5);
    if (head.size() < 5) return {0, ""};
    return {head[0], read_exactly(load_be<uint32_t>(head.data() + 1) - 4)};
  }
  // Types of the messages up to and with `last` (or the end, marked '$').
  std::string types_until(char last) {
    std::string types;
    for (;;) {
      auto [type, body] = receive();
      types += type == 0 ? '$' : type;
      if (type == 'E') error = field(body, 'C') + ": " + field(body, 'M');
      if (type == 'E') severity = field(body, 'S');
      if (type == 'K') key = body;
      if (type == 'C') tag = body.substr(0, body.size() - 1);
      if (type == 'A') notification = body;
      if (type == 'Z') status = body;
      if (type == last || type == 0) return types;
    }
  }
  std::string answers(int n) {
    std::string types;
    while (n-- > 0) types += types_until('Z');
    return types;
  }
  std::string ask(const std::string& sql) {
    send_all(query(sql));
    return types_until('Z');
  }
  bool log_in(const std::string& user = "ann", const std::string& database = "db") {
    send_all(startup(user, database));
    return types_until('Z').starts_with("R");
  }
  bool has_data(int timeout_ms) {
    pollfd p{fd_, POLLIN, 0};
    return poll(&p, 1, timeout_ms) > 0;
  }
  static std::string field(const std::string& body, char code) {
    for (size_t i = 0; i < body.size() && body[i] != '\0';) {
      std::string text = body.c_str() + i + 1;
      if (body[i] == code) return text;
      i += text.size() + 2;
    }
    return "";
  }
  std::string read_exactly(size_t n) {
    std::string s(n, '\0');
    size_t done = 0;
    while (done < n) {
      ssize_t r = recv(fd_, s.data() + done, n - done, 0);
      if (r <= 0) break;
      done += static_cast<size_t>(r);
    }
    s.resize(done);
    return s;
  }

  std::string error, severity, key, tag, notification, status;

 private:
  int fd_;
  bool connected_ = false;
};

}  // namespace varve::net
