// The server's log: one line an event, written with one write(2) to stderr or the log file.
#pragma once

#include <fmt/format.h>
#include <string_view>

namespace varve {

enum class LogLevel : uint8_t { kDebug, kInfo, kNotice, kWarning, kError, kLog, kFatal, kPanic };

// Lines below `level` are dropped. Thread-safe; default kLog and above, to stderr.
void set_log_level(LogLevel level);
bool log_enabled(LogLevel level);
// Lines go to this descriptor from now on; the caller keeps it open. Default 2.
void set_log_fd(int fd);
void log_line(LogLevel level, std::string_view text);

template <class... Args>
void log(LogLevel level, fmt::format_string<Args...> format, Args&&... args) {
  if (log_enabled(level)) log_line(level, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace varve
