// Where COPY reads from and writes to besides the client: files and programs of the server. Private to the
// module.
#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "copy.h"
#include "net/session_handler.h"

namespace varve::session {

class ClientBytes final : public CopyBytes {
 public:
  explicit ClientBytes(net::CopySource& source) : source_(source) {}
  bool next(std::string_view* piece) override;

 private:
  net::CopySource& source_;
};

// A file, or the output or input of a shell command. Every call may block and says so (BlockingScope).
class ServerFile {
 public:
  ServerFile(std::string_view name, bool program, bool reading);
  ~ServerFile();
  ServerFile(const ServerFile&) = delete;
  ServerFile& operator=(const ServerFile&) = delete;

  size_t read(char* to, size_t n);
  void write(std::string_view bytes);
  // Throws when the program failed or not all could be written.
  void close();

 private:
  std::string name_;
  bool program_;
  std::FILE* file_ = nullptr;
};

class FileBytes final : public CopyBytes {
 public:
  explicit FileBytes(ServerFile& file) : file_(file), buffer_(kBufferBytes, '\0') {}
  bool next(std::string_view* piece) override;
  bool marker_ends_all() const override { return false; }

 private:
  static constexpr size_t kBufferBytes = 64 << 10;
  ServerFile& file_;
  std::string buffer_;
};

}  // namespace varve::session
