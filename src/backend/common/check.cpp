#include "common/check.h"

#include <cstdlib>

#include "common/log.h"

namespace varve {

void check_failed(const char* file, int line, const char* expression) {
  log_line(LogLevel::kPanic, fmt::format("assertion failed at {}:{}: {}", file, line, expression));
  std::abort();
}

}  // namespace varve
