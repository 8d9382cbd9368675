#include <algorithm>
#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "port/vfs.h"

namespace varve::port {
namespace {

class PosixFile final : public File {
 public:
  PosixFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  ~PosixFile() override { ::close(fd_); }
  PosixFile(const PosixFile&) = delete;
  PosixFile& operator=(const PosixFile&) = delete;

  Result<size_t> pread(void* data, size_t size, uint64_t offset) override {
    size_t done = 0;
    while (done < size) {
      ssize_t n =
          ::pread(fd_, static_cast<char*>(data) + done, size - done, static_cast<off_t>(offset + done));
      if (n == 0) break;
      if (n < 0) {
        if (errno == EINTR) continue;
        return Status::from_errno(errno, "could not read file \"" + path_ + "\"");
      }
      done += static_cast<size_t>(n);
    }
    return done;
  }

  Status pwrite(const void* data, size_t size, uint64_t offset) override {
    size_t done = 0;
    while (done < size) {
      ssize_t n = ::pwrite(fd_, static_cast<const char*>(data) + done, size - done,
                           static_cast<off_t>(offset + done));
      if (n < 0) {
        if (errno == EINTR) continue;
        return Status::from_errno(errno, "could not write file \"" + path_ + "\"");
      }
      done += static_cast<size_t>(n);
    }
    return {};
  }

  Status sync() override {
    if (::fdatasync(fd_) != 0) return Status::from_errno(errno, "could not fsync file \"" + path_ + "\"");
    return {};
  }

  Status truncate(uint64_t size) override {
    if (::ftruncate(fd_, static_cast<off_t>(size)) != 0)
      return Status::from_errno(errno, "could not truncate file \"" + path_ + "\"");
    return {};
  }

  Status allocate(uint64_t offset, uint64_t size) override {
    // posix_fallocate falls back to writing where the file system has no fallocate.
    int error = ::posix_fallocate(fd_, static_cast<off_t>(offset), static_cast<off_t>(size));
    if (error != 0) return Status::from_errno(error, "could not extend file \"" + path_ + "\"");
    return {};
  }

  Result<uint64_t> size() override {
    struct stat st;
    if (::fstat(fd_, &st) != 0) return Status::from_errno(errno, "could not stat file \"" + path_ + "\"");
    return static_cast<uint64_t>(st.st_size);
  }

 private:
  int fd_;
  std::string path_;
};

class PosixLock final : public FileLock {
 public:
  explicit PosixLock(int fd) : fd_(fd) {}
  ~PosixLock() override { ::close(fd_); }
  PosixLock(const PosixLock&) = delete;
  PosixLock& operator=(const PosixLock&) = delete;

 private:
  int fd_;
};

class PosixVfs final : public Vfs {
 public:
  explicit PosixVfs(std::string_view root) : root_(root) {
    if (!root_.empty() && root_.back() != '/') root_ += '/';
  }

  Result<std::unique_ptr<File>> open(std::string_view path, OpenMode mode) override {
    std::string full = full_path(path);
    int flags = O_RDWR | O_CLOEXEC;
    if (mode == OpenMode::kTemporary) return open_temporary(std::move(full));
    if (mode != OpenMode::kExisting) flags |= O_CREAT;
    if (mode == OpenMode::kCreateNew) flags |= O_EXCL;
    int fd = ::open(full.c_str(), flags, 0600);
    if (fd < 0) return Status::from_errno(errno, "could not open file \"" + full + "\"");
    return std::unique_ptr<File>(std::make_unique<PosixFile>(fd, std::move(full)));
  }

  Status rename(std::string_view from, std::string_view to) override {
    std::string a = full_path(from);
    std::string b = full_path(to);
    if (::rename(a.c_str(), b.c_str()) != 0)
      return Status::from_errno(errno, "could not rename file \"" + a + "\" to \"" + b + "\"");
    return {};
  }

  Status remove(std::string_view path) override {
    std::string full = full_path(path);
    if (::unlink(full.c_str()) != 0 && (errno != EISDIR || ::rmdir(full.c_str()) != 0))
      return Status::from_errno(errno, "could not remove file \"" + full + "\"");
    return {};
  }

  Result<bool> exists(std::string_view path) override {
    std::string full = full_path(path);
    struct stat st;
    if (::stat(full.c_str(), &st) == 0) return true;
    if (errno == ENOENT) return false;
    return Status::from_errno(errno, "could not stat file \"" + full + "\"");
  }

  Result<std::vector<std::string>> list(std::string_view directory) override {
    std::string full = directory_path(directory);
    DIR* dir = ::opendir(full.c_str());
    if (dir == nullptr) return Status::from_errno(errno, "could not open directory \"" + full + "\"");
    std::vector<std::string> names;
    errno = 0;
    while (dirent* entry = ::readdir(dir)) {
      std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
    }
    int error = errno;
    ::closedir(dir);
    if (error != 0) return Status::from_errno(error, "could not read directory \"" + full + "\"");
    std::sort(names.begin(), names.end());
    return names;
  }

  Status make_directory(std::string_view path) override {
    std::string full = full_path(path);
    if (::mkdir(full.c_str(), 0700) != 0 && errno != EEXIST)
      return Status::from_errno(errno, "could not create directory \"" + full + "\"");
    return {};
  }

  Status sync_directory(std::string_view path) override {
    std::string full = directory_path(path);
    int fd = ::open(full.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return Status::from_errno(errno, "could not open directory \"" + full + "\"");
    int error = ::fsync(fd) == 0 ? 0 : errno;
    ::close(fd);
    // Some file systems refuse to sync a directory with EINVAL; they have nothing to sync then.
    if (error != 0 && error != EINVAL)
      return Status::from_errno(error, "could not fsync directory \"" + full + "\"");
    return {};
  }

  Result<std::unique_ptr<FileLock>> lock(std::string_view path) override {
    std::string full = full_path(path);
    int fd = ::open(full.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return Status::from_errno(errno, "could not open lock file \"" + full + "\"");
    // flock belongs to the open file, so a second lock in this process is refused too; the kernel drops it
    // with the process, however that ends.
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
      int error = errno;
      ::close(fd);
      if (error == EWOULDBLOCK) return Status(StatusCode::kBusy, "lock file \"" + full + "\" is held");
      return Status::from_errno(error, "could not lock file \"" + full + "\"");
    }
    std::string pid = std::to_string(::getpid()) + "\n";
    // The number is for the reader's eye only; the lock is what counts.
    if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, pid.data(), pid.size(), 0) < 0) {
      int error = errno;
      ::close(fd);
      return Status::from_errno(error, "could not write lock file \"" + full + "\"");
    }
    return std::unique_ptr<FileLock>(std::make_unique<PosixLock>(fd));
  }

 private:
  std::string full_path(std::string_view path) const {
    if (!path.empty() && path.front() == '/') return std::string(path);
    return root_ + std::string(path);
  }
  // Without a name from the start where the file system can do it, else for the moment between two calls.
  static Result<std::unique_ptr<File>> open_temporary(std::string directory) {
    int fd = ::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) {
      std::string name = directory + "/temporary-XXXXXX";
      fd = ::mkostemp(name.data(), O_CLOEXEC);
      if (fd >= 0) ::unlink(name.c_str());
    }
    if (fd < 0) return Status::from_errno(errno, "could not create temporary file in \"" + directory + "\"");
    return std::unique_ptr<File>(std::make_unique<PosixFile>(fd, std::move(directory)));
  }
  std::string directory_path(std::string_view path) const {
    std::string full = full_path(path);
    return full.empty() ? "." : full;
  }

  std::string root_;
};

}  // namespace

std::unique_ptr<Vfs> make_posix_vfs(std::string_view root) { return std::make_unique<PosixVfs>(root); }

}  // namespace varve::port
