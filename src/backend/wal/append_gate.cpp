#include "wal/append_gate.h"

#include <chrono>
#include <thread>

namespace varve::wal {
namespace {

// Spreads threads over the counters; which one a thread gets does not matter.
size_t thread_shard() {
  static std::atomic<size_t> next{0};
  static thread_local const size_t mine = next.fetch_add(1, std::memory_order_relaxed);
  return mine;
}

}  // namespace

AppendGate::Window AppendGate::enter() {
  Shard& shard = shards_[thread_shard() % kShards];
  Window window;
  for (;;) {
    uint64_t epoch = epoch_.load(std::memory_order_seq_cst);
    std::atomic<uint64_t>& inside = shard.inside[epoch & 1];
    inside.fetch_add(1, std::memory_order_seq_cst);
    if (epoch_.load(std::memory_order_seq_cst) == epoch) {
      window.inside_ = &inside;
      break;
    }
    inside.fetch_sub(1, std::memory_order_release);
  }
  window.force_ = force_.load(std::memory_order_seq_cst);
  window.horizon_ = Lsn{horizon_.load(std::memory_order_seq_cst)};
  return window;
}

void AppendGate::drain() {
  uint64_t old = epoch_.fetch_add(1, std::memory_order_seq_cst) & 1;
  for (Shard& shard : shards_) {
    for (int spins = 0; shard.inside[old].load(std::memory_order_seq_cst) != 0; ++spins) {
      if (spins < 100)
        std::this_thread::yield();
      else
        std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
  }
}

}  // namespace varve::wal
