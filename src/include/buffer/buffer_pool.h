// The buffer pool: pages in memory, reached only through guards.
//
// A page id indexes an array of 64-bit words (version | state | frame); there is no hash table. Frames lie in
// per-NUMA-node arrays. A guard keeps its page fixed and latched; it is the only way to touch a page.
// Latch order: parent before child, left before right, index before heap, heap before segment header before
// space map. Guards are movable, not copyable, and belong to one thread.
//
//   auto page = pool.fix_exclusive(id);            // Result<ExclusiveGuard>
//   LogBatch batch(pool, txn);                     // buffer/log_batch.h: the only way to change bytes
//   batch.change(*page, op, payload);
//   batch.commit();
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "buffer/frame.h"
#include "buffer/page.h"
#include "common/status.h"
#include "common/strong_id.h"

namespace varve::port {
class Vfs;
class Topology;
}  // namespace varve::port
namespace varve::wal {
class LogManager;
}

namespace varve::buffer {

class BufferPool;

// Shared latch held: the page can be read, not changed.
class SharedGuard {
 public:
  SharedGuard() = default;
  SharedGuard(SharedGuard&& o) noexcept : frame_(std::exchange(o.frame_, nullptr)) {}
  SharedGuard& operator=(SharedGuard&& o) noexcept {
    if (this != &o) {
      release();
      frame_ = std::exchange(o.frame_, nullptr);
    }
    return *this;
  }
  ~SharedGuard() { release(); }

  explicit operator bool() const { return frame_ != nullptr; }
  PageId id() const { return frame_->id(); }
  const Page& page() const { return *frame_->page; }
  void release() {
    if (frame_ != nullptr) std::exchange(frame_, nullptr)->latch.unlock_shared();
  }

 private:
  friend class BufferPool;
  explicit SharedGuard(Frame* frame) : frame_(frame) {}
  Frame* frame_ = nullptr;
};

// Exclusive latch held. Bytes are changed by LogBatch (or, for unlogged hints only, mutable_page()).
class ExclusiveGuard {
 public:
  ExclusiveGuard() = default;
  ExclusiveGuard(ExclusiveGuard&& o) noexcept : frame_(std::exchange(o.frame_, nullptr)) {}
  ExclusiveGuard& operator=(ExclusiveGuard&& o) noexcept {
    if (this != &o) {
      release();
      frame_ = std::exchange(o.frame_, nullptr);
    }
    return *this;
  }
  ~ExclusiveGuard() { release(); }

  explicit operator bool() const { return frame_ != nullptr; }
  PageId id() const { return frame_->id(); }
  const Page& page() const { return *frame_->page; }
  // For LogBatch and recovery. A direct write here that is not logged must be a hint that may be lost.
  Page& mutable_page() { return *frame_->page; }
  // The page now differs from disk; `lsn` is the end of the record that changed it.
  void mark_dirty(Lsn lsn) { frame_->mark_dirty(lsn); }
  void release() {
    if (frame_ != nullptr) std::exchange(frame_, nullptr)->latch.unlock_exclusive();
  }

 private:
  friend class BufferPool;
  explicit ExclusiveGuard(Frame* frame) : frame_(frame) {}
  Frame* frame_ = nullptr;
};

// Version read, no latch: every byte read through it is hostile until validate() says true. Bounds-check
// every offset. Under TSan this is a shared latch and validate() is always true.
class OptimisticGuard {
 public:
  OptimisticGuard() = default;
  OptimisticGuard(OptimisticGuard&& o) noexcept
      : frame_(std::exchange(o.frame_, nullptr)), version_(o.version_), id_(o.id_) {}
  OptimisticGuard& operator=(OptimisticGuard&& o) noexcept {
    if (this != &o) {
      release();
      frame_ = std::exchange(o.frame_, nullptr);
      version_ = o.version_;
      id_ = o.id_;
    }
    return *this;
  }
  ~OptimisticGuard() { release(); }

  explicit operator bool() const { return frame_ != nullptr; }
  PageId id() const { return id_; }
  const Page& page() const { return *frame_->page; }
  // False: something changed since the guard was made; forget what was read and start again.
  [[nodiscard]] bool validate() const { return frame_->latch.validate(version_); }
  void release() {
    if (frame_ != nullptr) std::exchange(frame_, nullptr)->latch.end_optimistic();
  }

 private:
  friend class BufferPool;
  OptimisticGuard(Frame* frame, uint64_t version, PageId id) : frame_(frame), version_(version), id_(id) {}
  Frame* frame_ = nullptr;
  uint64_t version_ = 0;
  PageId id_;
};

struct PoolOptions {
  uint64_t frame_bytes = 128ULL << 20;  // shared_buffers, all nodes together
  uint64_t max_pages = 1ULL << 32;      // address space of the translation array; memory is taken as used
  bool huge_pages = true;               // try; fall back
};

struct PoolStatistics {
  uint64_t hits, reads, writes, evictions, dirty_frames, frames;
  uint64_t allocations;        // frames that were given a page
  uint64_t background_writes;  // of the writes: those of the writer threads
};

class BufferPool {
 public:
  virtual ~BufferPool() = default;

  // Reads the page in if needed (one I/O for many waiters). kCorruption when the checksum is wrong, kIoError,
  // kOutOfMemory when every frame is fixed. A page beyond the end of the file reads as zeros.
  virtual Result<SharedGuard> fix_shared(PageId id) = 0;
  virtual Result<ExclusiveGuard> fix_exclusive(PageId id) = 0;
  // As fix_exclusive but does not read: the caller is about to initialise the page. Its bytes are zeros or,
  // if the page was resident, as they were.
  virtual Result<ExclusiveGuard> fix_new(PageId id) = 0;
  // An empty guard when the page is being written exclusively or is not resident after the read attempt was
  // restarted; callers retry a bounded number of times and then use fix_shared. `soon` is the offset of bytes
  // that the caller will want: they come into the cache together with the frame and the page's header.
  virtual Result<OptimisticGuard> fix_optimistic(PageId id, size_t soon = 0) = 0;
  // Hint: these pages will be wanted soon.
  virtual void prefetch(PageId first, uint32_t count) = 0;

  // Writes out every page that was dirty before this call began (checkpoint), WAL first. Paced over
  // `target_us` when nonzero.
  virtual Status write_dirty(uint64_t target_us) = 0;
  // Every change that is not on disk yet was made by a record that ends at or behind this; the log's reserved
  // position if none.
  virtual Lsn oldest_dirty_lsn() const = 0;
  // fsync of the data files (after write_dirty, before the checkpoint record counts).
  virtual Status sync() = 0;
  // Forgets cached pages of a dropped extent without writing them.
  virtual void discard(PageId first, uint32_t count) = 0;
  // Starts / stops the background page writer threads.
  virtual void start_writers() = 0;
  virtual void stop_writers() = 0;

  virtual wal::LogManager& log() = 0;
  virtual PoolStatistics statistics() const = 0;

 protected:
  static SharedGuard make_shared_guard(Frame* f) { return SharedGuard(f); }
  static ExclusiveGuard make_exclusive_guard(Frame* f) { return ExclusiveGuard(f); }
  static OptimisticGuard make_optimistic_guard(Frame* f, uint64_t v, PageId id) { return {f, v, id}; }
};

// Data files are "<directory>/<n>" of 1 GiB each; the directory is made if needed. All frames on one node:
std::unique_ptr<BufferPool> make_buffer_pool(port::Vfs& vfs, std::string_view directory, wal::LogManager& log,
                                             const PoolOptions& options);
// Spread over the machine's nodes; `topology` outlives the pool.
std::unique_ptr<BufferPool> make_buffer_pool(port::Vfs& vfs, std::string_view directory, wal::LogManager& log,
                                             const port::Topology& topology, const PoolOptions& options);

}  // namespace varve::buffer
