#include "common/log.h"

#include <atomic>
#include <chrono>
#include <fmt/chrono.h>
#include <unistd.h>

namespace varve {
namespace {

std::atomic<LogLevel> g_level{LogLevel::kInfo};
std::atomic<int> g_fd{2};

std::string_view level_name(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "DEBUG";
    case LogLevel::kInfo:
      return "INFO";
    case LogLevel::kNotice:
      return "NOTICE";
    case LogLevel::kWarning:
      return "WARNING";
    case LogLevel::kError:
      return "ERROR";
    case LogLevel::kLog:
      return "LOG";
    case LogLevel::kFatal:
      return "FATAL";
    case LogLevel::kPanic:
      return "PANIC";
  }
  return "?";
}

}  // namespace

void set_log_level(LogLevel level) { g_level.store(level, std::memory_order_relaxed); }
bool log_enabled(LogLevel level) { return level >= g_level.load(std::memory_order_relaxed); }
void set_log_fd(int fd) { g_fd.store(fd, std::memory_order_relaxed); }

void log_line(LogLevel level, std::string_view text) {
  auto now = std::chrono::system_clock::now();
  auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  std::string line = fmt::format("{:%Y-%m-%d %H:%M:%S}.{:03} UTC [{}] {}:  {}\n",
                                 fmt::gmtime(std::chrono::system_clock::to_time_t(now)), ms, getpid(),
                                 level_name(level), text);
  // A log that cannot be written has nowhere to say so.
  [[maybe_unused]] ssize_t written = write(g_fd.load(std::memory_order_relaxed), line.data(), line.size());
}

}  // namespace varve
