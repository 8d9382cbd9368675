#include "wal/log_manager.h"

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>
#include <sys/mman.h>
#include <thread>

#include "common/bytes.h"
#include "common/check.h"
#include "common/crc32c.h"
#include "common/io_counters.h"
#include "common/log.h"
#include "log_format.h"
#include "log_segments.h"
#include "log_wait.h"

namespace varve::wal {
namespace {

// The log's tail in memory. Position p lives at p mod size.
//
// Everything outside [recycled, reserved) is zero. A writer copies its record and publishes the length word
// last (release); whoever writes out walks from record to record while length words are there (acquire),
// writes the bytes to the file, zeroes them and then moves `recycled` (release), which lets writers in again
// (acquire).
class Ring {
 public:
  explicit Ring(uint64_t size) : size_(size) {
    VARVE_CHECK((size & (size - 1)) == 0 && size >= 2 * uint64_t{sizeof(RecordHeader)});
    void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    bytes_ = static_cast<uint8_t*>(memory);
  }
  ~Ring() { munmap(bytes_, size_); }
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  uint64_t size() const { return size_; }
  uint8_t* at(uint64_t position) { return bytes_ + (position & (size_ - 1)); }
  // Bytes from `position` to the ring's seam.
  uint64_t contiguous(uint64_t position) const { return size_ - (position & (size_ - 1)); }

  void copy_in(uint64_t position, const void* data, size_t size) {
    size_t first = std::min<uint64_t>(size, contiguous(position));
    std::memcpy(at(position), data, first);
    if (first < size) std::memcpy(bytes_, static_cast<const uint8_t*>(data) + first, size - first);
  }
  // Records are 8-aligned, so the length word never straddles the seam.
  std::atomic_ref<uint32_t> length_word(uint64_t position) {
    return std::atomic_ref<uint32_t>(*reinterpret_cast<uint32_t*>(at(position)));
  }

 private:
  uint8_t* bytes_;
  uint64_t size_;
};

size_t unpadded_length(const RecordParts& parts) {
  size_t length = sizeof(RecordHeader) + parts.undo.size() + parts.body.size();
  for (const auto& block : parts.blocks) length += sizeof(BlockHeader) + block.payload.size();
  return length;
}

// Calls f(data, size) for the record's bytes from 8 on, in order.
template <class F>
void for_each_piece(const RecordParts& parts, const RecordHeader& header, size_t padding, F&& f) {
  static constexpr uint8_t kZeros[8] = {};
  f(reinterpret_cast<const uint8_t*>(&header) + 8, sizeof(header) - 8);
  for (const auto& block : parts.blocks) {
    BlockHeader h{block.page.value(), block.op, block.flags, static_cast<uint16_t>(block.payload.size())};
    f(&h, sizeof(h));
    f(block.payload.data(), block.payload.size());
  }
  f(parts.undo.data(), parts.undo.size());
  f(parts.body.data(), parts.body.size());
  f(kZeros, padding);
}

class LogManagerImpl final : public LogManager {
 public:
  LogManagerImpl(port::Vfs& vfs, const LogOptions& options, Lsn end)
      : options_(options),
        ring_(options.ring_bytes),
        segments_(vfs, options),
        reserved_(end.value()),
        recycled_(end.value()),
        durable_(end.value()),
        opened_at_(end.value()),
        written_(end.value()) {
    gate_.set_horizon(end);
  }

  Status open(Lsn end) { return segments_.open_at(end); }

  Lsn append(const RecordParts& parts, Lsn* start) override {
    size_t unpadded = unpadded_length(parts);
    size_t length = (unpadded + 7) & ~size_t{7};
    VARVE_CHECK(length <= kMaxRecordBytes && length <= ring_.size() / 2);
    uint64_t at = reserved_.fetch_add(length, std::memory_order_acq_rel);
    uint64_t end = at + length;
    ++t_io_counters.log_records;
    t_io_counters.log_bytes += length;
    if (start != nullptr) *start = Lsn{at};
    if (end > recycled_.load(std::memory_order_acquire) + ring_.size() && !make_room(end)) return Lsn{end};

    RecordHeader header{static_cast<uint32_t>(length),
                        0,
                        parts.xid.value(),
                        parts.prev_lsn.value(),
                        parts.kind,
                        parts.flags,
                        static_cast<uint16_t>(parts.blocks.size()),
                        static_cast<uint32_t>(parts.undo.size())};
    uint32_t crc = record_seed(Lsn{at}, options_.system_id);
    uint64_t to = at + 8;
    for_each_piece(parts, header, length - unpadded, [&](const void* data, size_t size) {
      if (size == 0) return;
      crc = crc32c(crc, data, size);
      ring_.copy_in(to, data, size);
      to += size;
    });
    ring_.copy_in(at + 4, &crc, sizeof(crc));
    ring_.length_word(at).store(static_cast<uint32_t>(length), std::memory_order_release);
    return Lsn{end};
  }

  Lsn reserved_lsn() const override { return Lsn{reserved_.load(std::memory_order_acquire)}; }
  Lsn durable_lsn() const override { return Lsn{durable_.load(std::memory_order_acquire)}; }

  Status flush(Lsn lsn) override {
    VARVE_DCHECK(lsn.value() <= reserved_.load());
    while (durable_.load(std::memory_order_acquire) < lsn.value()) {
      std::unique_lock lock(mutex_);
      if (durable_.load(std::memory_order_acquire) >= lsn.value()) break;
      if (!failure_.ok()) return failure_;
      if (leading_) {
        // Whoever leads may have begun before this record was complete: then the next round takes it.
        wait_.wait(lock, [&] {
          return !leading_ || !failure_.ok() || durable_.load(std::memory_order_acquire) >= lsn.value();
        });
        continue;
      }
      lead(lock, lsn.value(), true);
    }
    return {};
  }

  Lsn full_image_horizon() const override { return gate_.horizon(); }

  Lsn begin_checkpoint() override {
    std::lock_guard lock(checkpoint_mutex_);
    gate_.set_force(true);
    gate_.drain();
    Lsn redo = reserved_lsn();
    gate_.set_horizon(redo);
    gate_.set_force(false);
    gate_.drain();
    return redo;
  }

  Status release_before(Lsn lsn) override { return segments_.release_before(lsn); }
  AppendGate& gate() override { return gate_; }
  void count_image() override { images_.fetch_add(1, std::memory_order_relaxed); }
  LogStatistics statistics() const override {
    auto count = [](const std::atomic<uint64_t>& c) { return c.load(std::memory_order_relaxed); };
    return {count(records_), count(images_), reserved_lsn().value() - opened_at_,
            count(full_),    count(writes_), count(syncs_)};
  }

 private:
  // Of counters that the leader alone changes.
  static void advance(std::atomic<uint64_t>& counter, uint64_t by = 1) {
    counter.store(counter.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }

  // Writes out for everybody until `target` is there. `lock` is held before and after, not meanwhile.
  void lead(std::unique_lock<std::mutex>& lock, uint64_t target, bool sync) {
    leading_ = true;
    lock.unlock();
    Status status = write_out(target);
    if (status.ok() && sync) {
      uint64_t written = written_;
      status = segments_.sync();
      advance(syncs_);
      if (status.ok()) durable_.store(written, std::memory_order_release);
    }
    lock.lock();
    leading_ = false;
    if (!status.ok() && failure_.ok()) fail(status);
    wait_.wake_all();
  }

  // The leader only. Writes what is complete, at least up to `target`, and gives the ring space back.
  Status write_out(uint64_t target) {
    uint64_t complete = written_;
    for (int spins = 0;;) {
      complete = walk(complete);
      if (complete >= target) break;
      // A record before the target is still being copied (or its writer waits for the room made below).
      if (complete > written_) VARVE_RETURN_IF_ERROR(write_piece(complete));
      if (++spins > 64) std::this_thread::yield();
    }
    return write_piece(complete);
  }

  uint64_t walk(uint64_t from) {
    uint64_t limit = recycled_.load(std::memory_order_relaxed) + ring_.size(), records = 0;
    while (from < limit) {
      uint32_t length = ring_.length_word(from).load(std::memory_order_acquire);
      if (length == 0) break;
      from += length;
      ++records;
    }
    advance(records_, records);
    return from;
  }

  Status write_piece(uint64_t end) {
    while (written_ < end) {
      uint64_t size = std::min(end - written_, ring_.contiguous(written_));
      uint8_t* bytes = ring_.at(written_);
      VARVE_RETURN_IF_ERROR(segments_.write(Lsn{written_}, bytes, size));
      advance(writes_);
      std::memset(bytes, 0, size);
      written_ += size;
      recycled_.store(written_, std::memory_order_release);
    }
    return {};
  }

  // Waits until the ring has room up to `end`. False when the log is dead.
  bool make_room(uint64_t end) {
    for (;;) {
      std::unique_lock lock(mutex_);
      uint64_t recycled = recycled_.load(std::memory_order_acquire);
      if (end <= recycled + ring_.size()) return true;
      if (!failure_.ok()) return false;
      if (leading_) {
        // The leader may be syncing, after it made room: look again soon rather than wait for its end.
        lock.unlock();
        std::this_thread::yield();
        continue;
      }
      advance(full_);
      // Never beyond this writer's own record, which is not copied yet.
      lead(lock, end - ring_.size(), false);
    }
  }

  // With mutex_ held.
  void fail(const Status& status) {
    if (options_.on_failure == nullptr) {
      log(LogLevel::kPanic, "could not write the write-ahead log: {}", status.to_string());
      std::abort();
    }
    failure_ = status;
    options_.on_failure(status);
  }

  const LogOptions options_;
  Ring ring_;
  LogSegments segments_;
  AppendGate gate_;
  alignas(64) std::atomic<uint64_t> reserved_;
  alignas(64) std::atomic<uint64_t> recycled_;
  std::atomic<uint64_t> durable_;

  std::mutex checkpoint_mutex_;
  alignas(64) std::mutex mutex_;  // leadership
  FlushWait wait_;
  bool leading_ = false;
  Status failure_;
  const uint64_t opened_at_;
  uint64_t written_;  // the leader's
  std::atomic<uint64_t> records_{0}, writes_{0}, syncs_{0}, full_{0}, images_{0};
};

}  // namespace

Result<OpenLog> open_log(port::Vfs& vfs, const LogOptions& options, Lsn scan_from) {
  Lsn end = scan_from.value() == 0 ? Lsn{64} : scan_from;
  VARVE_CHECK(end.value() % 8 == 0 && options.segment_bytes % 8 == 0);
  auto reader = make_log_reader(vfs, options, end);
  for (;;) {
    auto record = reader->next();
    if (record.ok()) {
      end = record->end;
      continue;
    }
    if (record.status().code() != StatusCode::kNotFound) return record.status();
    break;
  }
  auto log = std::make_unique<LogManagerImpl>(vfs, options, end);
  VARVE_RETURN_IF_ERROR(log->open(end));
  return OpenLog{std::move(log), end};
}

}  // namespace varve::wal
