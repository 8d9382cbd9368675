// Lets a checkpoint find a redo point although nobody stops appending.
//
// A change to pages runs inside a Window: from before it decides whether a page needs its full image until
// after the page is marked dirty and the transaction has noted its last record. begin_checkpoint():
//
//   force := true                   every later window images every page it changes
//   drain                           windows that may not have seen `force` are over
//   R := reserved; horizon := R     pages with lsn <= R need an image
//   force := false
//   drain                           windows whose records lie before R are over: their pages are marked dirty
//
// So a page's first record after R has its image: a window that saw `force` makes one anyway, and one that
// did not either ended before R or saw the new horizon. And whoever looks for dirty pages or running writers
// after begin_checkpoint() finds everything that records before R did.
//
// drain() is bounded although windows open all the time: they are counted by the parity of an epoch, and
// drain() advances the epoch and waits for the old one only. Entering: count yourself in, then read the epoch
// again; if it moved, count yourself out and start over. All of it is sequentially consistent, so either
// drain() sees the count or the second look sees the new epoch.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "common/strong_id.h"

namespace varve::wal {

class AppendGate {
 public:
  class Window {
   public:
    Window() = default;
    Window(Window&& o) noexcept : inside_(o.inside_), force_(o.force_), horizon_(o.horizon_) {
      o.inside_ = nullptr;
    }
    Window& operator=(Window&& o) noexcept {
      if (this != &o) {
        leave();
        inside_ = o.inside_;
        force_ = o.force_;
        horizon_ = o.horizon_;
        o.inside_ = nullptr;
      }
      return *this;
    }
    ~Window() { leave(); }
    void leave() {
      if (inside_ != nullptr) inside_->fetch_sub(1, std::memory_order_release);
      inside_ = nullptr;
    }
    bool needs_image(Lsn page_lsn) const { return force_ || page_lsn <= horizon_; }

   private:
    friend class AppendGate;
    std::atomic<uint64_t>* inside_ = nullptr;
    bool force_ = false;
    Lsn horizon_;
  };

  // Never waits. A thread may hold several.
  Window enter();

  Lsn horizon() const { return Lsn{horizon_.load(std::memory_order_seq_cst)}; }
  void set_horizon(Lsn lsn) { horizon_.store(lsn.value(), std::memory_order_seq_cst); }
  void set_force(bool on) { force_.store(on, std::memory_order_seq_cst); }
  // Waits until every window entered before the call is left. One caller at a time.
  void drain();

 private:
  static constexpr size_t kShards = 32;
  struct alignas(64) Shard {
    std::atomic<uint64_t> inside[2] = {};
  };
  std::atomic<uint64_t> epoch_{0};
  std::atomic<bool> force_{false};
  std::atomic<uint64_t> horizon_{0};
  std::array<Shard, kShards> shards_;
};

}  // namespace varve::wal
