#include "buffer/buffer_pool.h"

#include <algorithm>
#include <fmt/format.h>
#include <memory>
#include <new>
#include <sys/mman.h>
#include <type_traits>

#include "common/check.h"
#include "common/log.h"
#include "pool_impl.h"
#include "port/topology.h"

namespace varve::buffer {
namespace {

constexpr size_t kHugePageBytes = 2 << 20;
constexpr uint32_t kMinFrames = 16;
constexpr int kOptimisticAttempts = 2;
// Looks for a frame to take: soon after one another, then every 100 µs, and every millisecond while somebody
// writes pages, however slow the disk is. Only when all frames are pinned, which is never for long, it is
// given up earlier.
constexpr int kQuickRounds = 8, kNearRounds = 200;
constexpr int kRoundsWhenPinned = 1200, kRoundsWhenWritten = 10000;

size_t thread_number() {
  static std::atomic<size_t> next{0};
  static thread_local const size_t mine = next.fetch_add(1, std::memory_order_relaxed);
  return mine;
}

}  // namespace

Mapping::Mapping(size_t bytes, bool reserve_only, bool huge) : bytes_(bytes) {
  int flags = MAP_PRIVATE | MAP_ANONYMOUS | (reserve_only ? MAP_NORESERVE : 0);
  data_ = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, flags, -1, 0);
  if (data_ == MAP_FAILED) throw std::bad_alloc();
  // Refusal costs speed only.
  if (huge && bytes_ >= kHugePageBytes) (void)madvise(data_, bytes_, MADV_HUGEPAGE);
}

Mapping::~Mapping() { munmap(data_, bytes_); }

BufferPoolImpl::BufferPoolImpl(port::Vfs& vfs, std::string_view directory, wal::LogManager& log,
                               const port::Topology* topology, const PoolOptions& options)
    : options_(options),
      topology_(topology),
      log_(log),
      files_(vfs, directory, options.max_pages),
      frame_count_(static_cast<uint32_t>(std::max<uint64_t>(options.frame_bytes / kPageBytes, kMinFrames))),
      words_memory_(options.max_pages * sizeof(uint64_t), true, false),
      pages_memory_(frame_count_ * kPageBytes, false, options.huge_pages),
      frames_memory_(frame_count_ * sizeof(Frame), false, options.huge_pages),
      words_(static_cast<std::atomic<uint64_t>*>(words_memory_.data())),
      frames_(static_cast<Frame*>(frames_memory_.data())),
      hits_(std::make_unique<HitShard[]>(kHitShards)) {
  static_assert(std::is_trivially_destructible_v<Frame>);
  std::uninitialized_default_construct_n(frames_, frame_count_);
  auto* pages = static_cast<Page*>(pages_memory_.data());
  for (uint32_t i = 0; i < frame_count_; ++i) {
    frames_[i].page = pages + i;
    frames_[i].dirty_count = &dirty_count_;
  }
  uint32_t nodes = topology == nullptr ? 1 : static_cast<uint32_t>(topology->node_count());
  nodes = std::max(1U, std::min(nodes, frame_count_ / kMinFrames));
  for (uint32_t node = 0; node < nodes; ++node) {
    auto partition = std::make_unique<Partition>();
    partition->first = static_cast<uint32_t>(uint64_t{frame_count_} * node / nodes);
    partition->count = static_cast<uint32_t>(uint64_t{frame_count_} * (node + 1) / nodes) - partition->first;
    for (uint32_t i = partition->count; i > 0; --i) partition->free.push_back(partition->first + i - 1);
    partition->free_count = partition->count;
    if (topology_ != nullptr) {
      // Advice; a machine that cannot place memory runs all the same.
      Status status = topology_->bind_memory(pages + partition->first, partition->count * kPageBytes,
                                             static_cast<int>(node));
      if (!status.ok()) varve::log(LogLevel::kDebug, "could not place buffers: {}", status.message());
    }
    partitions_.push_back(std::move(partition));
  }
}

BufferPoolImpl::~BufferPoolImpl() { stop_writers(); }

Status BufferPoolImpl::check_range(PageId id) const {
  if (id.value() < options_.max_pages) return {};
  return Status::invalid(fmt::format("page {} lies beyond the page space", id.value()));
}

void BufferPoolImpl::count_hit() {
  ++t_io_counters.hits;
  auto& count = hits_[thread_number() % kHitShards].count;
  count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

Result<SharedGuard> BufferPoolImpl::fix_shared(PageId id) {
  VARVE_RETURN_IF_ERROR(check_range(id));
  for (;;) {
    if (Frame* frame = resident(word(id).load(std::memory_order_acquire))) {
      frame->latch.lock_shared();
      if (frame->id() == id) {
        touch(*frame);
        count_hit();
        return make_shared_guard(frame);
      }
      frame->latch.unlock_shared();
      continue;
    }
    VARVE_ASSIGN_OR_RETURN(Frame * loaded, load(id, true));
    if (loaded != nullptr) {
      loaded->latch.downgrade();
      return make_shared_guard(loaded);
    }
  }
}

Result<Frame*> BufferPoolImpl::fix_exclusive_frame(PageId id, bool read) {
  VARVE_RETURN_IF_ERROR(check_range(id));
  for (;;) {
    if (Frame* frame = resident(word(id).load(std::memory_order_acquire))) {
      frame->latch.lock_exclusive();
      if (frame->id() == id) {
        touch(*frame);
        count_hit();
        return frame;
      }
      frame->latch.unlock_exclusive();
      continue;
    }
    VARVE_ASSIGN_OR_RETURN(Frame * loaded, load(id, read));
    if (loaded != nullptr) return loaded;
  }
}

Result<ExclusiveGuard> BufferPoolImpl::fix_exclusive(PageId id) {
  VARVE_ASSIGN_OR_RETURN(Frame * frame, fix_exclusive_frame(id, true));
  return make_exclusive_guard(frame);
}

Result<ExclusiveGuard> BufferPoolImpl::fix_new(PageId id) {
  VARVE_ASSIGN_OR_RETURN(Frame * frame, fix_exclusive_frame(id, false));
  return make_exclusive_guard(frame);
}

Result<OptimisticGuard> BufferPoolImpl::fix_optimistic(PageId id, size_t soon) {
  VARVE_RETURN_IF_ERROR(check_range(id));
  for (int attempt = 0; attempt < kOptimisticAttempts; ++attempt) {
    if (Frame* frame = resident(word(id).load(std::memory_order_acquire))) {
      // The page's place follows from the frame's: three cache misses at once instead of one after the other.
      const auto* page = static_cast<const Page*>(pages_memory_.data()) + (frame - frames_);
      __builtin_prefetch(page);
      __builtin_prefetch(page->bytes() + soon);
      uint64_t version = 0;
      if (!frame->latch.try_optimistic(&version)) return OptimisticGuard();
      // Read after the version: validate() covers it like any byte of the page.
      if (frame->id() == id) {
        touch(*frame);
        count_hit();
        return make_optimistic_guard(frame, version, id);
      }
      frame->latch.end_optimistic();
      continue;
    }
    VARVE_ASSIGN_OR_RETURN(Frame * loaded, load(id, true));
    if (loaded != nullptr) loaded->latch.unlock_exclusive();
  }
  return OptimisticGuard();
}

void BufferPoolImpl::prefetch(PageId first, uint32_t count) {
  for (uint64_t at = first.value(); at < first.value() + count && at < options_.max_pages; ++at) {
    PageId id{at};
    if (resident(word(id).load(std::memory_order_relaxed)) != nullptr) continue;
    auto loaded = load(id, true);
    if (!loaded.ok()) return;  // whoever wants the page will be told
    if (*loaded != nullptr) (*loaded)->latch.unlock_exclusive();
  }
}

Result<Frame*> BufferPoolImpl::load(PageId id, bool read) {
  VARVE_ASSIGN_OR_RETURN(Frame * frame, take_frame());
  allocations_.fetch_add(1, std::memory_order_relaxed);
  std::atomic<uint64_t>& slot = word(id);
  uint64_t before = slot.load(std::memory_order_acquire);
  frame->page_id.store(id.value(), std::memory_order_relaxed);
  uint64_t installed = (before & kVersionMask) | kResident | static_cast<uint64_t>(frame - frames_);
  if ((before & kResident) != 0 || !slot.compare_exchange_strong(before, installed, std::memory_order_acq_rel,
                                                                 std::memory_order_relaxed)) {
    frame->page_id.store(Frame::kNoPage, std::memory_order_relaxed);
    give_back(frame);
    return static_cast<Frame*>(nullptr);
  }
  Status status;
  if (read)
    status = read_page(id, frame->page);
  else
    std::fill_n(frame->page->bytes(), kPageBytes, uint8_t{0});
  if (!status.ok()) {
    remove_page(*frame);
    give_back(frame);
    return status;
  }
  frame->referenced.store(1, std::memory_order_relaxed);
  return frame;
}

Status BufferPoolImpl::read_page(PageId id, Page* page) {
  reads_.fetch_add(1, std::memory_order_relaxed);
  ++t_io_counters.reads;
  VARVE_RETURN_IF_ERROR(files_.read(id, 1, page->bytes()));
  if (page->header.crc32c == page_checksum(id, *page) || page_is_zero(*page)) return {};
  return Status::corruption(fmt::format("invalid checksum of page {}", id.value()));
}

Partition& BufferPoolImpl::home_partition() const {
  if (partitions_.size() == 1) return *partitions_[0];
  return *partitions_[static_cast<size_t>(topology_->current_node()) % partitions_.size()];
}

Frame* BufferPoolImpl::pop_free(Partition& partition) {
  if (partition.free_count.load(std::memory_order_relaxed) == 0) return nullptr;
  Frame* frame = nullptr;
  {
    std::lock_guard lock(partition.mutex);
    if (partition.free.empty()) return nullptr;
    frame = &frames_[partition.free.back()];
    partition.free.pop_back();
    partition.free_count.store(static_cast<uint32_t>(partition.free.size()), std::memory_order_relaxed);
  }
  // Only somebody with an outdated translation word can be in it, and leaves at once.
  frame->latch.lock_exclusive();
  return frame;
}

void BufferPoolImpl::give_back(Frame* frame) {
  auto index = static_cast<uint32_t>(frame - frames_);
  frame->latch.unlock_exclusive();
  for (auto& p : partitions_) {
    if (index < p->first || index >= p->first + p->count) continue;
    std::lock_guard lock(p->mutex);
    p->free.push_back(index);
    p->free_count.store(static_cast<uint32_t>(p->free.size()), std::memory_order_relaxed);
  }
}

void BufferPoolImpl::remove_page(Frame& frame) {
  std::atomic<uint64_t>& slot = word(frame.id());
  uint64_t now = slot.load(std::memory_order_relaxed);
  slot.store((now & kVersionMask) + kVersionOne, std::memory_order_release);
  frame.page_id.store(Frame::kNoPage, std::memory_order_relaxed);
}

Frame* BufferPoolImpl::evict(Partition& partition, uint32_t looked_at, Obstacles* seen) {
  for (uint32_t i = 0; i < looked_at; ++i) {
    uint64_t hand = partition.hand.fetch_add(1, std::memory_order_relaxed);
    Frame& frame = frames_[partition.first + hand % partition.count];
    if (frame.id().value() == Frame::kNoPage) continue;
    if (frame.referenced.load(std::memory_order_relaxed) != 0) {
      frame.referenced.store(0, std::memory_order_relaxed);
      continue;
    }
    if (frame.dirty_lsn.load(std::memory_order_relaxed) != 0) {
      ++seen->dirty;
      continue;
    }
    if (!frame.latch.try_lock_exclusive()) continue;
    // `writing` first: a write that fails puts dirty_lsn back before it clears `writing`.
    if (frame.id().value() != Frame::kNoPage && frame.writing.load(std::memory_order_acquire) == 0 &&
        frame.dirty_lsn.load(std::memory_order_acquire) == 0) {
      remove_page(frame);
      evictions_.fetch_add(1, std::memory_order_relaxed);
      return &frame;
    }
    if (frame.writing.load(std::memory_order_relaxed) != 0) ++seen->being_written;
    frame.latch.unlock_exclusive();
  }
  return nullptr;
}

Result<Frame*> BufferPoolImpl::take_frame() {
  Partition& home = home_partition();
  bool written = false;  // somebody has been writing pages: they will be free
  for (int round = 0; round < (written ? kRoundsWhenWritten : kRoundsWhenPinned); ++round) {
    if (Frame* frame = pop_free(home)) return frame;
    Obstacles seen;
    // Twice around clears every reference bit on the way.
    if (Frame* frame = evict(home, 2 * home.count, &seen)) return frame;
    for (auto& other : partitions_) {
      if (Frame* frame = pop_free(*other)) return frame;
    }
    written = written || seen.dirty > 0 || seen.being_written > 0;
    if (seen.dirty > 0) {
      size_t now = 0;
      VARVE_RETURN_IF_ERROR(write_some(home, kWriteBatch / 2, &now));
      if (now > 0) continue;
    }
    if (round > kQuickRounds)
      std::this_thread::sleep_for(std::chrono::microseconds(round < kNearRounds ? 100 : 1000));
    if (round > 2 * kQuickRounds) {
      for (auto& other : partitions_) {
        if (Frame* frame = evict(*other, 2 * other->count, &seen)) return frame;
      }
    }
  }
  return Status(StatusCode::kOutOfMemory, "no unpinned buffers available");
}

void BufferPoolImpl::discard(PageId first, uint32_t count) {
  for (uint64_t at = first.value(); at < first.value() + count && at < options_.max_pages; ++at) {
    Frame* frame = resident(word(PageId{at}).load(std::memory_order_acquire));
    if (frame == nullptr) continue;
    frame->latch.lock_exclusive();
    // A copy may be on its way to disk; the frame is not to be reused before it is through.
    while (frame->id() == PageId{at} && frame->writing.load(std::memory_order_acquire) != 0)
      std::this_thread::yield();
    if (frame->id() != PageId{at}) {
      frame->latch.unlock_exclusive();
      continue;
    }
    if (frame->dirty_lsn.exchange(0, std::memory_order_acq_rel) != 0)
      dirty_count_.fetch_sub(1, std::memory_order_relaxed);
    remove_page(*frame);
    give_back(frame);
  }
}

PoolStatistics BufferPoolImpl::statistics() const {
  PoolStatistics s{};
  for (size_t i = 0; i < kHitShards; ++i) s.hits += hits_[i].count.load(std::memory_order_relaxed);
  s.reads = reads_.load(std::memory_order_relaxed);
  s.writes = writes_.load(std::memory_order_relaxed);
  s.evictions = evictions_.load(std::memory_order_relaxed);
  s.dirty_frames = dirty_count_.load(std::memory_order_relaxed);
  s.frames = frame_count_;
  s.allocations = allocations_.load(std::memory_order_relaxed);
  s.background_writes = background_writes_.load(std::memory_order_relaxed);
  return s;
}

std::unique_ptr<BufferPool> make_buffer_pool(port::Vfs& vfs, std::string_view directory, wal::LogManager& log,
                                             const PoolOptions& options) {
  return std::make_unique<BufferPoolImpl>(vfs, directory, log, nullptr, options);
}

std::unique_ptr<BufferPool> make_buffer_pool(port::Vfs& vfs, std::string_view directory, wal::LogManager& log,
                                             const port::Topology& topology, const PoolOptions& options) {
  return std::make_unique<BufferPoolImpl>(vfs, directory, log, &topology, options);
}

}  // namespace varve::buffer
