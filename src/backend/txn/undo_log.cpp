#include "undo_log.h"

#include <algorithm>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/check.h"

namespace varve::txn {

UndoLog::UndoLog(uint64_t memory_limit, std::string spill_directory, uint64_t spill_limit)
    : memory_limit_chunks_(std::max<uint64_t>(memory_limit / kUndoChunkBytes, 1)),
      spill_limit_chunks_(spill_limit / kUndoChunkBytes),
      spill_directory_(std::move(spill_directory)) {
  void* memory = mmap(nullptr, kDirectoryEntries * sizeof(directory_[0]), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  VARVE_CHECK(memory != MAP_FAILED);
  directory_ = static_cast<std::atomic<UndoChunk*>*>(memory);
}

UndoLog::~UndoLog() {
  // Transactions retire their chunks before the log goes; whatever is left is in the directory or spare.
  for (uint64_t number = next_number_ > kDirectoryEntries ? next_number_ - kDirectoryEntries : 1;
       number < next_number_; ++number) {
    UndoChunk* chunk = directory_[number & kDirectoryMask].load(std::memory_order_relaxed);
    if (chunk == nullptr) continue;
    munmap(chunk->memory, kUndoChunkBytes);
    delete chunk;
  }
  for (UndoChunk* chunk : spare_) {
    munmap(chunk->memory, kUndoChunkBytes);
    delete chunk;
  }
  if (spill_fd_ >= 0) ::close(spill_fd_);
  munmap(directory_, kDirectoryEntries * sizeof(directory_[0]));
}

uint8_t* UndoLog::map_memory() {
  void* memory = mmap(nullptr, kUndoChunkBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? nullptr : static_cast<uint8_t*>(memory);
}

UndoChunk* UndoLog::allocate() {
  std::lock_guard lock(mutex_);
  while (in_use_.load(std::memory_order_relaxed) >= memory_limit_chunks_) {
    if (!spill_one()) return nullptr;
  }
  auto& entry = directory_[next_number_ & kDirectoryMask];
  if (entry.load(std::memory_order_relaxed) != nullptr)
    return nullptr;  // 1 TiB of undo: the directory is full

  UndoChunk* chunk;
  if (!spare_.empty()) {
    chunk = spare_.back();
    spare_.pop_back();
  } else {
    uint8_t* memory = map_memory();
    if (memory == nullptr) return nullptr;
    chunk = new UndoChunk;
    chunk->memory = memory;
  }
  chunk->number = next_number_++;
  chunk->used = 0;
  chunk->newest_csn = 0;
  chunk->closed = false;
  entry.store(chunk, std::memory_order_release);
  return chunk;
}

void UndoLog::close(UndoChunk* chunk) {
  if (chunk->closed) return;
  chunk->closed = true;
  in_use_.fetch_add(1, std::memory_order_relaxed);
  cold_.push_back(chunk);
}

void UndoLog::retire(UndoChunk* chunk) {
  std::lock_guard lock(mutex_);
  close(chunk);
  retired_.push_back(chunk);
}

void UndoLog::offer_for_spill(UndoChunk* chunk) {
  std::lock_guard lock(mutex_);
  close(chunk);
}

void UndoLog::reclaim(uint64_t csn) {
  std::lock_guard lock(mutex_);
  for (size_t i = 0; i < retired_.size();) {
    if (retired_[i]->newest_csn > csn) {
      ++i;
      continue;
    }
    free_chunk(retired_[i]);
    retired_[i] = retired_.back();
    retired_.pop_back();
  }
}

void UndoLog::free_chunk(UndoChunk* chunk) {
  directory_[chunk->number & kDirectoryMask].store(nullptr, std::memory_order_release);
  bool was_spilled = chunk->spill_slot >= 0;
  if (was_spilled) {
    free_spill_slots_.push_back(chunk->spill_slot);
    chunk->spill_slot = -1;
    spilled_.fetch_sub(1, std::memory_order_relaxed);
  } else {
    in_use_.fetch_sub(1, std::memory_order_relaxed);
    if (auto it = std::find(cold_.begin(), cold_.end(), chunk); it != cold_.end()) cold_.erase(it);
  }
  if (!was_spilled && spare_.size() < kSpareChunks) {
    spare_.push_back(chunk);
  } else {
    munmap(chunk->memory, kUndoChunkBytes);
    delete chunk;
  }
}

bool UndoLog::open_spill_file() {
  if (spill_fd_ >= 0) return true;
  if (spill_directory_.empty()) return false;
  std::string path = spill_directory_ + "/undo-spill-XXXXXX";
  spill_fd_ = mkostemp(path.data(), O_CLOEXEC);
  if (spill_fd_ < 0) return false;
  unlink(path.c_str());  // the space is free again whenever the process ends, however it ends
  return true;
}

bool UndoLog::spill_one() {
  if (cold_.empty() || !open_spill_file()) return false;
  UndoChunk* chunk = cold_.front();
  if (!write_out(chunk)) return false;
  cold_.pop_front();
  in_use_.fetch_sub(1, std::memory_order_relaxed);
  spilled_.fetch_add(1, std::memory_order_relaxed);
  return true;
}

bool UndoLog::write_out(UndoChunk* chunk) {
  int64_t slot;
  if (!free_spill_slots_.empty()) {
    slot = free_spill_slots_.back();
    free_spill_slots_.pop_back();
  } else if (static_cast<uint64_t>(next_spill_slot_) < spill_limit_chunks_) {
    slot = next_spill_slot_++;
  } else {
    return false;
  }
  // Written, not only mapped: the blocks exist afterwards, so touching the mapping cannot run out of space.
  size_t done = 0;
  while (done < kUndoChunkBytes) {
    ssize_t n = pwrite(spill_fd_, chunk->memory + done, kUndoChunkBytes - done,
                       static_cast<off_t>(slot) * kUndoChunkBytes + static_cast<off_t>(done));
    if (n <= 0) break;
    done += static_cast<size_t>(n);
  }
  if (done == kUndoChunkBytes &&
      mmap(chunk->memory, kUndoChunkBytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, spill_fd_,
           static_cast<off_t>(slot) * kUndoChunkBytes) != MAP_FAILED) {
    chunk->spill_slot = slot;
    return true;
  }
  free_spill_slots_.push_back(slot);
  return false;
}

}  // namespace varve::txn
