#include <vector>

#include "common/bytes.h"
#include "log_format.h"
#include "port/vfs.h"
#include "wal/log_manager.h"

namespace varve::wal {
namespace {

class LogReaderImpl final : public LogReader {
 public:
  LogReaderImpl(port::Vfs& vfs, const LogOptions& options, Lsn from)
      : vfs_(vfs), options_(options), at_(from.value()) {}

  Result<Record> next() override {
    VARVE_ASSIGN_OR_RETURN(Bytes bytes, record_at(at_));
    if (bytes.empty() && cached_size_ > 0) {
      // The writer may have gone on since this piece was read.
      cached_size_ = 0;
      VARVE_ASSIGN_OR_RETURN(bytes, record_at(at_));
    }
    if (bytes.empty()) return Status::not_found("end of the log");
    Record record{Lsn{at_}, Lsn{at_ + bytes.size()}, load_raw<RecordHeader>(bytes.data()), bytes};
    at_ += bytes.size();
    return record;
  }

  void seek(Lsn start) override { at_ = start.value(); }

 private:
  static constexpr size_t kReadBytes = 256 << 10;

  // Empty: no valid record begins there.
  Result<Bytes> record_at(uint64_t at) {
    VARVE_ASSIGN_OR_RETURN(const uint8_t* head, bytes_at(at, sizeof(RecordHeader)));
    if (head == nullptr) return Bytes();
    uint32_t length = load_raw<uint32_t>(head);
    if (!length_plausible(length)) return Bytes();
    VARVE_ASSIGN_OR_RETURN(const uint8_t* whole, bytes_at(at, length));
    if (whole == nullptr) return Bytes();
    Bytes bytes(whole, length);
    return record_valid(bytes, Lsn{at}, options_.system_id) ? bytes : Bytes();
  }

  // Null: the files end before that.
  Result<const uint8_t*> bytes_at(uint64_t at, size_t size) {
    if (at < cached_at_ || at + size > cached_at_ + cached_size_) {
      if (cache_.size() < std::max(size, kReadBytes)) cache_.resize(std::max(size, kReadBytes));
      cached_at_ = at;
      VARVE_ASSIGN_OR_RETURN(cached_size_, read(at, cache_.data(), cache_.size()));
      if (cached_size_ < size) return static_cast<const uint8_t*>(nullptr);
    }
    return const_cast<const uint8_t*>(cache_.data() + (at - cached_at_));
  }

  Result<size_t> read(uint64_t at, uint8_t* to, size_t size) {
    size_t done = 0;
    while (done < size) {
      uint64_t number = at / options_.segment_bytes;
      uint64_t offset = at % options_.segment_bytes;
      if (!file_ || number != file_number_) {
        file_.reset();
        auto file = vfs_.open(segment_path(options_.directory, number), port::OpenMode::kExisting);
        if (!file.ok()) {
          if (file.status().code() == StatusCode::kNotFound) break;
          return file.status();
        }
        file_ = std::move(file).value();
        file_number_ = number;
      }
      size_t piece = std::min<uint64_t>(size - done, options_.segment_bytes - offset);
      VARVE_ASSIGN_OR_RETURN(size_t got, file_->pread(to + done, piece, offset));
      done += got;
      at += got;
      if (got < piece) break;
    }
    return done;
  }

  port::Vfs& vfs_;
  const LogOptions options_;
  uint64_t at_;
  std::unique_ptr<port::File> file_;
  uint64_t file_number_ = 0;
  std::vector<uint8_t> cache_;
  uint64_t cached_at_ = 0;
  size_t cached_size_ = 0;
};

}  // namespace

std::unique_ptr<LogReader> make_log_reader(port::Vfs& vfs, const LogOptions& options, Lsn from) {
  return std::make_unique<LogReaderImpl>(vfs, options, from);
}

}  // namespace varve::wal
