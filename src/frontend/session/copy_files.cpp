#include "copy_files.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/sql_error.h"
#include "sync/blocking_scope.h"

namespace varve::session {
namespace {

constexpr sync::WaitEvent kWaitCopyFile{sync::WaitClass::kIo, "CopyFile"};

[[noreturn]] void throw_file_error(int error, const std::string& message) {
  SqlState state = error == ENOENT                                       ? sqlstate::kUndefinedFile
                   : error == EACCES || error == EPERM || error == EROFS ? sqlstate::kInsufficientPrivilege
                   : error == ENOSPC                                     ? sqlstate::kDiskFull
                   : error == EISDIR || error == ENOTDIR                 ? sqlstate::kWrongObjectType
                                                                         : sqlstate::kIoError;
  throw SqlError(state, fmt::format("{}: {}", message, std::strerror(error)));
}

}  // namespace

bool ClientBytes::next(std::string_view* piece) {
  do {
    if (!source_.next(piece)) return false;
  } while (piece->empty());
  return true;
}

bool FileBytes::next(std::string_view* piece) {
  size_t n = file_.read(buffer_.data(), buffer_.size());
  *piece = {buffer_.data(), n};
  return n > 0;
}

ServerFile::ServerFile(std::string_view name, bool program, bool reading) : name_(name), program_(program) {
  sync::BlockingScope scope(kWaitCopyFile);
  if (program) {
    file_ = ::popen(name_.c_str(), reading ? "r" : "w");
    if (file_ == nullptr) throw_file_error(errno, fmt::format("could not execute command \"{}\"", name_));
    return;
  }
  // What a client makes the server write is for the server's owner alone.
  int fd = reading ? ::open(name_.c_str(), O_RDONLY | O_CLOEXEC)
                   : ::open(name_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) {
    int error = errno;
    try {
      throw_file_error(
          error, fmt::format("could not open file \"{}\" for {}", name_, reading ? "reading" : "writing"));
    } catch (SqlError& e) {
      if (error == ENOENT || error == EACCES) {
        e.hint(fmt::format(
            "COPY {} instructs the PostgreSQL server process to {} a file. You may want a client-side "
            "facility such as psql's \\copy.",
            reading ? "FROM" : "TO", reading ? "read" : "write"));
      }
      throw;
    }
  }
  struct stat info;
  if (::fstat(fd, &info) == 0 && S_ISDIR(info.st_mode)) {
    ::close(fd);
    throw SqlError(sqlstate::kWrongObjectType, fmt::format("\"{}\" is a directory", name_));
  }
  file_ = ::fdopen(fd, reading ? "r" : "w");
  if (file_ == nullptr) ::close(fd);
}

ServerFile::~ServerFile() {
  if (file_ == nullptr) return;
  sync::BlockingScope scope(kWaitCopyFile);
  if (program_)
    ::pclose(file_);
  else
    std::fclose(file_);
}

size_t ServerFile::read(char* to, size_t n) {
  sync::BlockingScope scope(kWaitCopyFile);
  size_t done = std::fread(to, 1, n, file_);
  if (done == 0 && std::ferror(file_) != 0) throw_file_error(errno, "could not read from COPY file");
  return done;
}

void ServerFile::write(std::string_view bytes) {
  sync::BlockingScope scope(kWaitCopyFile);
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_) == bytes.size()) return;
  if (program_ && errno == EPIPE) {
    close();  // the program's own failure says more
    throw_file_error(EPIPE, "could not write to COPY program");
  }
  throw_file_error(errno, program_ ? "could not write to COPY program" : "could not write to COPY file");
}

void ServerFile::close() {
  if (file_ == nullptr) return;
  sync::BlockingScope scope(kWaitCopyFile);
  std::FILE* file = std::exchange(file_, nullptr);
  if (!program_) {
    if (std::fclose(file) != 0) throw_file_error(errno, fmt::format("could not close file \"{}\"", name_));
    return;
  }
  int status = ::pclose(file);
  if (status == -1) throw_file_error(errno, "could not close pipe to external command");
  if (status == 0) return;
  std::string detail = WIFEXITED(status)
                           ? fmt::format("child process exited with exit code {}", WEXITSTATUS(status))
                           : fmt::format("child process was terminated by signal {}: {}", WTERMSIG(status),
                                         strsignal(WTERMSIG(status)));
  if (WIFEXITED(status) && WEXITSTATUS(status) == 126) detail = "command not executable";
  if (WIFEXITED(status) && WEXITSTATUS(status) == 127) detail = "command not found";
  throw SqlError(sqlstate::kExternalRoutineException, fmt::format("program \"{}\" failed", name_))
      .detail(detail);
}

}  // namespace varve::session
