#include "unix_socket.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

namespace varve::net {

namespace {

constexpr int kBacklog = 1024;

// 0: no readable number is there.
pid_t owner_of(const std::string& lock_path) {
  std::ifstream file(lock_path);
  pid_t pid = 0;
  file >> pid;
  return pid < 0 ? -pid : pid;  // PostgreSQL's single-user mode negates it
}

bool is_running(pid_t pid) {
  return pid != 0 && pid != getpid() && pid != getppid() && (kill(pid, 0) == 0 || errno == EPERM);
}

}  // namespace

Result<UnixSocket> UnixSocket::listen(const std::string& directory, uint16_t port) {
  UnixSocket s(fmt::format("{}/.s.PGSQL.{}", directory, port));
  if (s.path_.size() >= sizeof(sockaddr_un::sun_path))
    return Status::invalid(fmt::format("Unix-domain socket path \"{}\" is too long (maximum {} bytes)",
                                       s.path_, sizeof(sockaddr_un::sun_path) - 1));
  VARVE_RETURN_IF_ERROR(s.lock());
  VARVE_RETURN_IF_ERROR(s.bind());
  return Result<UnixSocket>(std::move(s));
}

UnixSocket::UnixSocket(UnixSocket&& other) noexcept
    : path_(std::move(other.path_)),
      locked_(std::exchange(other.locked_, false)),
      fd_(std::exchange(other.fd_, -1)) {}

UnixSocket::~UnixSocket() {
  if (fd_ >= 0) {
    unlink(path_.c_str());
    close(fd_);
  }
  if (locked_) unlink(lock_path().c_str());
}

Status UnixSocket::lock() {
  const std::string path = lock_path();
  // Somebody else may remove a stale lock, or make a new one, between two of our steps.
  for (int tries = 0; tries < 10; ++tries) {
    int fd = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0) {
      locked_ = true;
      const std::string text = fmt::format("{}\n", getpid());
      const bool written = write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
      const int error = errno;
      close(fd);
      return written ? Status()
                     : Status::from_errno(error, fmt::format("could not write lock file \"{}\"", path));
    }
    if (errno != EEXIST)
      return Status::from_errno(errno, fmt::format("could not create lock file \"{}\"", path));
    if (const pid_t owner = owner_of(path); is_running(owner))
      return Status(
          StatusCode::kBusy,
          fmt::format("lock file \"{}\" already exists: another server (PID {}) is using socket file \"{}\"",
                      path, owner, path_));
    if (unlink(path.c_str()) != 0 && errno != ENOENT)
      return Status::from_errno(errno, fmt::format("could not remove old lock file \"{}\"", path));
  }
  return Status(StatusCode::kBusy, fmt::format("lock file \"{}\" keeps coming back", path));
}

Status UnixSocket::bind() {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path_.c_str(), path_.size() + 1);
  unlink(path_.c_str());  // ours: the lock says so
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return Status::from_errno(errno, "could not create Unix-domain socket");
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    const int error = errno;
    close(fd);
    return Status::from_errno(error, fmt::format("could not bind to \"{}\"", path_));
  }
  fd_ = fd;
  if (chmod(path_.c_str(), 0777) != 0)
    return Status::from_errno(errno, fmt::format("could not set permissions of file \"{}\"", path_));
  if (::listen(fd, kBacklog) != 0)
    return Status::from_errno(errno, fmt::format("could not listen on \"{}\"", path_));
  return {};
}

}  // namespace varve::net
