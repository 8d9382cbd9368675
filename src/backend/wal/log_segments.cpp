#include "log_segments.h"

#include <algorithm>
#include <vector>

#include "common/log.h"
#include "log_format.h"

namespace varve::wal {
namespace {

constexpr size_t kFillBytes = 1 << 20;
constexpr uint64_t kSpareSegments = 3;  // recycled ahead of the current one; more are removed

bool all_zero(const std::vector<uint8_t>& bytes, size_t size) {
  return std::all_of(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(size),
                     [](uint8_t b) { return b == 0; });
}

}  // namespace

LogSegments::~LogSegments() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (preallocator_.joinable()) preallocator_.join();
}

Status LogSegments::open_at(Lsn end) {
  VARVE_RETURN_IF_ERROR(vfs_.make_directory(options_.directory));
  uint64_t number = end.value() / options_.segment_bytes;
  VARVE_ASSIGN_OR_RETURN(auto names, vfs_.list(options_.directory));
  first_ = number;
  next_ = number + 1;
  bool found = false;
  for (const auto& name : names) {
    uint64_t n = 0;
    if (!parse_segment_name(name, &n)) continue;
    std::string path = segment_path(options_.directory, n);
    if (n > number) {
      VARVE_RETURN_IF_ERROR(vfs_.remove(path));
      continue;
    }
    // The end of the valid log may have survived in the page cache of a process that died. Recovery acts on
    // it, so it has to be durable first.
    VARVE_ASSIGN_OR_RETURN(auto file, vfs_.open(path, port::OpenMode::kExisting));
    VARVE_RETURN_IF_ERROR(file->sync());
    first_ = std::min(first_, n);
    found |= n == number;
  }
  VARVE_RETURN_IF_ERROR(vfs_.sync_directory(options_.directory));
  if (!found) {
    next_ = number;
    VARVE_RETURN_IF_ERROR(ensure(number));
  }
  VARVE_RETURN_IF_ERROR(vfs_.sync_directory(port::parent_directory(options_.directory)));
  VARVE_RETURN_IF_ERROR(clear_after(end));
  if (options_.background) preallocator_ = std::thread([this] { preallocate_loop(); });
  return make_current(number);
}

Status LogSegments::clear_after(Lsn end) {
  uint64_t number = end.value() / options_.segment_bytes;
  VARVE_ASSIGN_OR_RETURN(auto file,
                         vfs_.open(segment_path(options_.directory, number), port::OpenMode::kExisting));
  std::vector<uint8_t> bytes(kFillBytes);
  for (uint64_t at = end.value() % options_.segment_bytes; at < options_.segment_bytes;) {
    size_t size = std::min<uint64_t>(kFillBytes, options_.segment_bytes - at);
    VARVE_ASSIGN_OR_RETURN(size_t got, file->pread(bytes.data(), size, at));
    if (got < size || !all_zero(bytes, size)) {
      std::fill(bytes.begin(), bytes.end(), 0);
      VARVE_RETURN_IF_ERROR(file->pwrite(bytes.data(), size, at));
    }
    at += size;
  }
  return file->sync();
}

Status LogSegments::ensure(uint64_t number) {
  {
    std::lock_guard lock(mutex_);
    if (number < next_) return {};
  }
  std::string temporary = options_.directory + "/new";
  VARVE_ASSIGN_OR_RETURN(auto file, vfs_.open(temporary, port::OpenMode::kCreate));
  VARVE_RETURN_IF_ERROR(file->allocate(0, options_.segment_bytes));
  std::vector<uint8_t> zeros(std::min<uint64_t>(kFillBytes, options_.segment_bytes), 0);
  for (uint64_t at = 0; at < options_.segment_bytes; at += zeros.size()) {
    size_t size = std::min<uint64_t>(zeros.size(), options_.segment_bytes - at);
    VARVE_RETURN_IF_ERROR(file->pwrite(zeros.data(), size, at));
  }
  VARVE_RETURN_IF_ERROR(file->sync());
  std::lock_guard lock(mutex_);
  if (number < next_) return {};  // recycling was faster
  VARVE_RETURN_IF_ERROR(vfs_.rename(temporary, segment_path(options_.directory, next_)));
  VARVE_RETURN_IF_ERROR(vfs_.sync_directory(options_.directory));
  ++next_;
  return {};
}

Status LogSegments::make_current(uint64_t number) {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      if (number < next_) break;
      if (preallocator_.joinable() && !stopping_ && wanted_ >= number) {
        wake_.notify_all();
        wake_.wait(lock, [&] { return number < next_ || wanted_ < number || stopping_; });
        continue;
      }
    }
    VARVE_RETURN_IF_ERROR(ensure(number));
  }
  VARVE_ASSIGN_OR_RETURN(current_,
                         vfs_.open(segment_path(options_.directory, number), port::OpenMode::kExisting));
  current_number_ = number;
  if (preallocator_.joinable()) {
    std::lock_guard lock(mutex_);
    wanted_ = number + 1;
    wake_.notify_all();
  }
  return {};
}

void LogSegments::preallocate_loop() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (wanted_ < next_) {
      wake_.wait(lock);
      continue;
    }
    uint64_t number = wanted_;
    lock.unlock();
    Status status = ensure(number);
    lock.lock();
    if (!status.ok()) {
      log(LogLevel::kWarning, "could not prepare write-ahead log segment: {}", status.message());
      wanted_ = 0;  // the writer tries itself when it gets there, and its failure counts
    }
    wake_.notify_all();
  }
}

Status LogSegments::write(Lsn at, const uint8_t* bytes, size_t size) {
  while (size > 0) {
    uint64_t number = at.value() / options_.segment_bytes;
    uint64_t offset = at.value() % options_.segment_bytes;
    if (number != current_number_ || !current_) {
      if (current_ && dirty_) VARVE_RETURN_IF_ERROR(sync());
      VARVE_RETURN_IF_ERROR(make_current(number));
    }
    size_t piece = std::min<uint64_t>(size, options_.segment_bytes - offset);
    VARVE_RETURN_IF_ERROR(current_->pwrite(bytes, piece, offset));
    dirty_ = true;
    bytes += piece;
    size -= piece;
    at = Lsn{at.value() + piece};
  }
  return {};
}

Status LogSegments::sync() {
  if (!dirty_) return {};
  if (options_.sync) VARVE_RETURN_IF_ERROR(current_->sync());
  dirty_ = false;
  return {};
}

Status LogSegments::release_before(Lsn lsn) {
  uint64_t keep = lsn.value() / options_.segment_bytes;
  std::lock_guard lock(mutex_);
  bool changed = false;
  for (; first_ < keep && first_ + 1 < next_; ++first_) {
    std::string path = segment_path(options_.directory, first_);
    if (next_ <= keep + kSpareSegments) {
      VARVE_RETURN_IF_ERROR(vfs_.rename(path, segment_path(options_.directory, next_)));
      ++next_;
      wake_.notify_all();  // a writer may be waiting for just this one
    } else {
      VARVE_RETURN_IF_ERROR(vfs_.remove(path));
    }
    changed = true;
  }
  return changed ? vfs_.sync_directory(options_.directory) : Status();
}

}  // namespace varve::wal
