// A Unix-domain socket that listens, with PostgreSQL's names and locking, so that neither server takes the
// other's: ".s.PGSQL.<port>" in a directory, and beside it ".s.PGSQL.<port>.lock" with the owner's process
// id in its first line. A lock whose process is gone is taken over. Private to the module.
#pragma once

#include <cstdint>
#include <string>

#include "common/status.h"

namespace varve::net {

class UnixSocket {
 public:
  // kBusy: a running process owns the path. Everybody on the machine may connect; who is let in, the rules
  // for "local" say.
  static Result<UnixSocket> listen(const std::string& directory, uint16_t port);
  // Closes the socket and removes both files.
  ~UnixSocket();
  UnixSocket(UnixSocket&& other) noexcept;
  UnixSocket& operator=(UnixSocket&&) = delete;

  int fd() const { return fd_; }
  const std::string& path() const { return path_; }

 private:
  explicit UnixSocket(std::string path) : path_(std::move(path)) {}
  Status lock();
  Status bind();
  std::string lock_path() const { return path_ + ".lock"; }

  std::string path_;
  bool locked_ = false;
  int fd_ = -1;
};

}  // namespace varve::net
