#include "memory/memory_budget.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <fmt/format.h>
#include <utility>

#include "common/sql_error.h"

namespace varve::memory_budget {
namespace {

std::atomic<uint64_t> g_limit{0};
std::atomic<int64_t> g_used{0};

// What the thread has counted and not yet added.
struct Uncounted {
  int64_t bytes = 0;
  ~Uncounted() { g_used.fetch_add(bytes, std::memory_order_relaxed); }
  void add(int64_t more) {
    bytes += more;
    if (std::abs(bytes) < static_cast<int64_t>(kBatchBytes)) return;
    g_used.fetch_add(std::exchange(bytes, 0), std::memory_order_relaxed);
  }
};
thread_local Uncounted t_uncounted;
thread_local bool t_enforced = false;

constexpr uint64_t megabytes(uint64_t bytes) { return (bytes + (1 << 20) - 1) >> 20; }

}  // namespace

void set_limit(uint64_t bytes) { g_limit.store(bytes, std::memory_order_relaxed); }
uint64_t limit_bytes() { return g_limit.load(std::memory_order_relaxed); }
uint64_t used_bytes() {
  return static_cast<uint64_t>(std::max<int64_t>(g_used.load(std::memory_order_relaxed), 0));
}

size_t share_of(size_t wanted, size_t least) {
  const uint64_t limit = limit_bytes();
  if (limit == 0) return wanted;
  // Whole up to a quarter of the limit, then less and less, none at five eighths: what spills needs some more
  // to end.
  const uint64_t used = used_bytes(), full = limit / 4, none = limit / 8 * 5;
  if (used <= full) return wanted;
  if (used >= none) return least;
  const double left = static_cast<double>(none - used) / static_cast<double>(none - full);
  return std::max(static_cast<size_t>(static_cast<double>(wanted) * left), least);
}

void take(size_t bytes) {
  const uint64_t limit = limit_bytes();
  if (limit != 0 && bytes >= kLargeBytes && t_enforced) {
    if (const uint64_t used = used_bytes(); used + bytes > limit) {
      throw SqlError(sqlstate::kOutOfMemory, "out of memory")
          .detail(fmt::format("Failed on a request of {} kB: queries hold {} MB of the {} MB that "
                              "max_process_memory leaves them.",
                              bytes >> 10, megabytes(used), megabytes(limit)))
          .hint("Run fewer queries at a time, lower work_mem, or raise max_process_memory.");
    }
  }
  count(bytes);
}

void count(size_t bytes) noexcept { t_uncounted.add(static_cast<int64_t>(bytes)); }
void give_back(size_t bytes) noexcept { t_uncounted.add(-static_cast<int64_t>(bytes)); }

Enforced::Enforced() : before_(std::exchange(t_enforced, true)) {}
Enforced::~Enforced() { t_enforced = before_; }

}  // namespace varve::memory_budget
