// The buffer pool's inside: translation, replacement (buffer_pool.cpp) and write-back (write_back.cpp).
//
// Translation word of a page:   63           33  32         31        0
//                              +----------------+----------+-----------+
//                              | version        | resident | frame     |
//                              +----------------+----------+-----------+
// The version advances with every eviction, so a compare-exchange never mistakes a second stay in the same
// frame for the first.
//
// A page that is not resident is read by whoever installs a frame for it first, holding the frame's exclusive
// latch; others find the frame in the translation word and wait at the latch. If the read fails, the
// installer takes the frame out again and the others, finding another page id in it, start over.
//
// Eviction never waits for a latch (the evicting thread may hold any): it tries, and goes on to the next
// frame.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "buffer/buffer_pool.h"
#include "data_files.h"
#include "wal/log_manager.h"

namespace varve::buffer {

// Memory straight from the system, never moved; `huge` asks for huge pages.
class Mapping {
 public:
  Mapping(size_t bytes, bool reserve_only, bool huge);
  ~Mapping();
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  void* data() const { return data_; }

 private:
  void* data_;
  size_t bytes_;
};

// The frames of one NUMA node.
struct Partition {
  uint32_t first = 0;
  uint32_t count = 0;
  std::atomic<uint64_t> hand{0};
  std::atomic<uint64_t> write_hand{0};
  std::mutex mutex;  // the free list
  std::vector<uint32_t> free;
  std::atomic<uint32_t> free_count{0};
};

class BufferPoolImpl final : public BufferPool {
 public:
  BufferPoolImpl(port::Vfs& vfs, std::string_view directory, wal::LogManager& log,
                 const port::Topology* topology, const PoolOptions& options);
  ~BufferPoolImpl() override;

  Result<SharedGuard> fix_shared(PageId id) override;
  Result<ExclusiveGuard> fix_exclusive(PageId id) override;
  Result<ExclusiveGuard> fix_new(PageId id) override;
  Result<OptimisticGuard> fix_optimistic(PageId id, size_t soon) override;
  void prefetch(PageId first, uint32_t count) override;
  Status write_dirty(uint64_t target_us) override;
  Lsn oldest_dirty_lsn() const override;
  Status sync() override { return files_.sync(); }
  void discard(PageId first, uint32_t count) override;
  void start_writers() override;
  void stop_writers() override;
  wal::LogManager& log() override { return log_; }
  PoolStatistics statistics() const override;

 private:
  static constexpr uint64_t kResident = 1ULL << 32;
  static constexpr uint64_t kVersionOne = 1ULL << 33;
  static constexpr uint64_t kVersionMask = ~(kVersionOne - 1);
  static constexpr size_t kWriteBatch = 64;

  std::atomic<uint64_t>& word(PageId id) const { return words_[id.value()]; }
  // The frame a translation word names, or null.
  Frame* resident(uint64_t w) const {
    return (w & kResident) != 0 ? &frames_[static_cast<uint32_t>(w)] : nullptr;
  }
  static void touch(Frame& frame) {
    if (frame.referenced.load(std::memory_order_relaxed) == 0)
      frame.referenced.store(1, std::memory_order_relaxed);
  }
  Status check_range(PageId id) const;
  Result<Frame*> fix_exclusive_frame(PageId id, bool read);
  // Makes the page resident. The frame comes back exclusively latched; null: somebody else was faster.
  Result<Frame*> load(PageId id, bool read);
  Status read_page(PageId id, Page* page);

  // An empty frame, exclusively latched and in no list.
  Result<Frame*> take_frame();
  Frame* pop_free(Partition& partition);
  // Takes one clean page out of memory; its frame comes back latched and empty. `looked_at` limits the
  // search.
  // Frames that could not be taken now, and why.
  struct Obstacles {
    uint32_t dirty = 0, being_written = 0;
  };
  Frame* evict(Partition& partition, uint32_t looked_at, Obstacles* seen);
  void remove_page(Frame& frame);  // latched; the page leaves the translation
  void give_back(Frame* frame);    // latched and empty: unlatch and put on the free list
  Partition& home_partition() const;

  // --- write_back.cpp
  struct WriteBatch;
  bool begin_write(Frame& frame, bool wait, WriteBatch& batch);
  Status finish_writes(WriteBatch& batch);
  // Writes those of the frames that are dirty and, unless `wait`, not latched or being written.
  Status write_frames(std::vector<Frame*>& frames, bool wait, size_t* written);
  // Writes up to `limit` dirty frames from the partition's write hand on.
  Status write_some(Partition& partition, size_t limit, size_t* written);
  void writer_loop(Partition& partition);
  void refill_free(Partition& partition);

  const PoolOptions options_;
  const port::Topology* topology_;  // null: one node
  wal::LogManager& log_;
  DataFiles files_;
  uint32_t frame_count_;
  Mapping words_memory_;
  Mapping pages_memory_;
  Mapping frames_memory_;
  std::atomic<uint64_t>* words_;
  Frame* frames_;  // in frames_memory_
  std::vector<std::unique_ptr<Partition>> partitions_;

  std::atomic<uint64_t> dirty_count_{0};
  std::atomic<uint64_t> reads_{0};
  std::atomic<uint64_t> writes_{0};
  std::atomic<uint64_t> evictions_{0}, allocations_{0}, background_writes_{0};
  // Hits are counted by whoever happens to run on the shard, without atomic addition: a few get lost.
  struct alignas(64) HitShard {
    std::atomic<uint64_t> count{0};
  };
  static constexpr size_t kHitShards = 64;
  std::unique_ptr<HitShard[]> hits_;
  void count_hit();

  std::mutex writers_mutex_;
  std::condition_variable writers_wake_;
  bool writers_stop_ = false;
  std::vector<std::thread> writers_;
};

}  // namespace varve::buffer
