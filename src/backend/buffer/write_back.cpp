// Writing dirty pages out: copies first, then the log, then the copies.
//
// A page is copied under its shared latch and marked clean at once; a change made while the copy is on its
// way marks it dirty again. `writing` keeps a second write of the same page, and its eviction, away until
// then. If the write fails the page is dirty again as it was.
#include <algorithm>
#include <chrono>
#include <cstring>

#include "common/log.h"
#include "pool_impl.h"

namespace varve::buffer {

namespace {

// In the order of the file. A frame may get another page meanwhile, so each is asked once: std::sort runs out
// of bounds when an answer changes under it.
void sort_by_page(std::vector<Frame*>& frames) {
  std::vector<std::pair<PageId, Frame*>> keyed;
  keyed.reserve(frames.size());
  for (Frame* frame : frames) keyed.emplace_back(frame->id(), frame);
  std::sort(keyed.begin(), keyed.end());
  for (size_t i = 0; i < frames.size(); ++i) frames[i] = keyed[i].second;
}

constexpr auto kRoundTime = std::chrono::milliseconds(20);
constexpr uint64_t kRoundsPerSweep = 250;  // every dirty page is written about once in five seconds
constexpr size_t kMinPagesPerRound = 8;
}  // namespace

struct BufferPoolImpl::WriteBatch {
  struct Item {
    Frame* frame;
    PageId id;
  };
  std::vector<Item> items;
  std::unique_ptr<Page[]> copies = std::make_unique_for_overwrite<Page[]>(kWriteBatch);
  uint64_t max_lsn = 0;
};

bool BufferPoolImpl::begin_write(Frame& frame, bool wait, WriteBatch& batch) {
  // The latch first: whoever has it exclusively may wait for `writing` to clear (discard), which therefore
  // must not depend on the latch.
  if (wait)
    frame.latch.lock_shared();
  else if (!frame.latch.try_lock_shared())
    return false;
  while (frame.writing.exchange(1, std::memory_order_acquire) != 0) {
    if (!wait) {
      frame.latch.unlock_shared();
      return false;
    }
    std::this_thread::sleep_for(std::chrono::microseconds(20));
  }
  uint64_t dirty = frame.dirty_lsn.load(std::memory_order_acquire);
  if (dirty == 0 || frame.id().value() == Frame::kNoPage) {
    frame.writing.store(0, std::memory_order_release);
    frame.latch.unlock_shared();
    return false;
  }
  Page& copy = batch.copies[batch.items.size()];
  std::memcpy(copy.bytes(), frame.page->bytes(), kPageBytes);
  batch.items.push_back({&frame, frame.id()});
  batch.max_lsn = std::max(batch.max_lsn, copy.header.lsn);
  frame.writing_lsn.store(dirty, std::memory_order_seq_cst);
  frame.dirty_lsn.store(0, std::memory_order_seq_cst);
  dirty_count_.fetch_sub(1, std::memory_order_relaxed);
  frame.latch.unlock_shared();
  return true;
}

Status BufferPoolImpl::finish_writes(WriteBatch& batch) {
  auto& items = batch.items;
  for (size_t i = 0; i < items.size(); ++i)
    batch.copies[i].header.crc32c = page_checksum(items[i].id, batch.copies[i]);
  Status status = log_.flush(Lsn{batch.max_lsn});
  for (size_t i = 0; i < items.size();) {
    size_t run = 1;
    while (i + run < items.size() && items[i + run].id.value() == items[i].id.value() + run) ++run;
    if (status.ok()) status = files_.write(items[i].id, static_cast<uint32_t>(run), batch.copies[i].bytes());
    if (status.ok()) {
      writes_.fetch_add(run, std::memory_order_relaxed);
      t_io_counters.written += run;
    }
    for (size_t k = i; k < i + run; ++k) {
      Frame& frame = *items[k].frame;
      if (!status.ok() && frame.dirty_lsn.exchange(frame.writing_lsn.load(std::memory_order_relaxed),
                                                   std::memory_order_seq_cst) == 0)
        dirty_count_.fetch_add(1, std::memory_order_relaxed);
      frame.writing_lsn.store(0, std::memory_order_seq_cst);
      frame.writing.store(0, std::memory_order_release);
    }
    i += run;
  }
  items.clear();
  batch.max_lsn = 0;
  return status;
}

Status BufferPoolImpl::write_frames(std::vector<Frame*>& frames, bool wait, size_t* written) {
  // In page order, so that neighbours go out in one write. A frame may change its page meanwhile; then the
  // order is not perfect, nothing worse.
  sort_by_page(frames);
  WriteBatch batch;
  auto finish = [&]() -> Status {
    size_t count = batch.items.size();
    if (count == 0) return {};
    VARVE_RETURN_IF_ERROR(finish_writes(batch));
    *written += count;
    return {};
  };
  for (Frame* frame : frames) {
    if (batch.items.size() == kWriteBatch) VARVE_RETURN_IF_ERROR(finish());
    if (begin_write(*frame, false, batch) || !wait) continue;
    if (frame->dirty_lsn.load(std::memory_order_seq_cst) == 0 &&
        frame->writing.load(std::memory_order_seq_cst) == 0)
      continue;
    // Nothing may be half-way while this waits: others may be waiting for what the batch holds.
    VARVE_RETURN_IF_ERROR(finish());
    begin_write(*frame, true, batch);
  }
  return finish();
}

Status BufferPoolImpl::write_some(Partition& partition, size_t limit, size_t* written) {
  std::vector<Frame*> frames;
  for (uint32_t i = 0; i < partition.count && frames.size() < limit; ++i) {
    uint64_t hand = partition.write_hand.fetch_add(1, std::memory_order_relaxed);
    Frame& frame = frames_[partition.first + hand % partition.count];
    if (frame.dirty_lsn.load(std::memory_order_relaxed) != 0) frames.push_back(&frame);
  }
  return write_frames(frames, false, written);
}

Status BufferPoolImpl::write_dirty(uint64_t target_us) {
  std::vector<Frame*> frames;
  for (uint32_t i = 0; i < frame_count_; ++i) {
    Frame& frame = frames_[i];
    // A copy on its way counts as well: it has to be there, or the page be dirty again, when this returns.
    if (frame.dirty_lsn.load(std::memory_order_seq_cst) != 0 ||
        frame.writing.load(std::memory_order_seq_cst) != 0)
      frames.push_back(&frame);
  }
  sort_by_page(frames);
  auto start = std::chrono::steady_clock::now();
  for (size_t at = 0; at < frames.size(); at += kWriteBatch) {
    size_t count = std::min(kWriteBatch, frames.size() - at);
    auto begin = frames.begin() + static_cast<ptrdiff_t>(at);
    std::vector<Frame*> piece(begin, begin + static_cast<ptrdiff_t>(count));
    size_t written = 0;
    VARVE_RETURN_IF_ERROR(write_frames(piece, true, &written));
    if (target_us > 0) {
      auto due = start + std::chrono::microseconds(target_us * (at + count) / frames.size());
      std::this_thread::sleep_until(due);
    }
  }
  return {};
}

Lsn BufferPoolImpl::oldest_dirty_lsn() const {
  uint64_t oldest = log_.reserved_lsn().value();
  auto take = [&](const std::atomic<uint64_t>& lsn) {
    uint64_t v = lsn.load(std::memory_order_seq_cst);
    if (v != 0) oldest = std::min(oldest, v);
  };
  for (uint32_t i = 0; i < frame_count_; ++i) {
    // The Lsn moves from dirty to writing, and after a failure back: this order misses it in neither case.
    take(frames_[i].dirty_lsn);
    take(frames_[i].writing_lsn);
    take(frames_[i].dirty_lsn);
  }
  return Lsn{oldest};
}

void BufferPoolImpl::refill_free(Partition& partition) {
  uint32_t wanted = std::min(1024U, partition.count / 64);
  while (partition.free_count.load(std::memory_order_relaxed) < wanted) {
    Obstacles seen;
    Frame* frame = evict(partition, partition.count / 4 + 1, &seen);
    if (frame == nullptr) return;
    give_back(frame);
  }
}

void BufferPoolImpl::writer_loop(Partition& partition) {
  auto last_complaint = std::chrono::steady_clock::time_point();
  std::unique_lock lock(writers_mutex_);
  while (!writers_stop_) {
    writers_wake_.wait_for(lock, kRoundTime);
    if (writers_stop_) break;
    lock.unlock();
    uint64_t dirty = dirty_count_.load(std::memory_order_relaxed) / partitions_.size();
    Status status;
    if (dirty > 0) {
      // Steady when there is little, faster the fuller of dirty pages the pool is.
      size_t pages = std::max<uint64_t>(kMinPagesPerRound, dirty / kRoundsPerSweep);
      if (dirty * 2 > partition.count) pages = std::max<uint64_t>(pages, dirty / 16);
      size_t written = 0;
      status = write_some(partition, pages, &written);
      background_writes_.fetch_add(written, std::memory_order_relaxed);
    }
    refill_free(partition);
    auto now = std::chrono::steady_clock::now();
    if (!status.ok() && now - last_complaint > std::chrono::seconds(10)) {
      varve::log(LogLevel::kWarning, "background writer could not write a page: {}", status.message());
      last_complaint = now;
    }
    lock.lock();
  }
}

void BufferPoolImpl::start_writers() {
  std::lock_guard lock(writers_mutex_);
  if (!writers_.empty()) return;
  writers_stop_ = false;
  for (auto& partition : partitions_) {
    writers_.emplace_back([this, p = partition.get()] { writer_loop(*p); });
  }
}

void BufferPoolImpl::stop_writers() {
  std::vector<std::thread> threads;
  {
    std::lock_guard lock(writers_mutex_);
    writers_stop_ = true;
    threads.swap(writers_);
  }
  writers_wake_.notify_all();
  for (auto& thread : threads) thread.join();
}

}  // namespace varve::buffer
