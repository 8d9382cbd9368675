#include "data_files.h"

#include <algorithm>
#include <cstring>

#include "common/check.h"

namespace varve::buffer {

DataFiles::DataFiles(port::Vfs& vfs, std::string_view directory, uint64_t max_pages)
    : vfs_(vfs), directory_(directory), files_((max_pages + kPagesPerFile - 1) / kPagesPerFile) {}

DataFiles::~DataFiles() {
  for (auto& f : files_) delete f.load();
}

Result<DataFiles::OpenFile*> DataFiles::file(uint64_t number, bool create) {
  VARVE_CHECK(number < files_.size());
  if (OpenFile* open = files_[number].load(std::memory_order_acquire)) return open;
  std::lock_guard lock(mutex_);
  if (OpenFile* open = files_[number].load(std::memory_order_acquire)) return open;
  std::string path = directory_ + "/" + std::to_string(number);
  auto opened = vfs_.open(path, port::OpenMode::kExisting);
  if (!opened.ok() && opened.status().code() == StatusCode::kNotFound) {
    if (!create) return static_cast<OpenFile*>(nullptr);
    VARVE_RETURN_IF_ERROR(vfs_.make_directory(directory_));
    opened = vfs_.open(path, port::OpenMode::kCreate);
  }
  if (!opened.ok()) return opened.status();
  // A file that was there may have been created just before a crash: its name counts as new as well.
  names_changed_ = true;
  auto* open = new OpenFile{std::move(opened).value()};
  files_[number].store(open, std::memory_order_release);
  return open;
}

Status DataFiles::read(PageId first, uint32_t count, uint8_t* to) {
  VARVE_ASSIGN_OR_RETURN(OpenFile * open, file(first.value() / kPagesPerFile, false));
  size_t size = count * kPageBytes;
  size_t got = 0;
  if (open != nullptr) {
    VARVE_ASSIGN_OR_RETURN(got, open->file->pread(to, size, first.value() % kPagesPerFile * kPageBytes));
  }
  std::memset(to + got, 0, size - got);
  return {};
}

Status DataFiles::write(PageId first, uint32_t count, const uint8_t* from) {
  uint64_t at = first.value();
  while (count > 0) {
    auto piece = static_cast<uint32_t>(std::min<uint64_t>(count, kPagesPerFile - at % kPagesPerFile));
    VARVE_ASSIGN_OR_RETURN(OpenFile * open, file(at / kPagesPerFile, true));
    // Also after a failure something may have been written.
    open->dirty.store(true, std::memory_order_seq_cst);
    Status status = open->file->pwrite(from, piece * kPageBytes, at % kPagesPerFile * kPageBytes);
    open->dirty.store(true, std::memory_order_seq_cst);
    VARVE_RETURN_IF_ERROR(status);
    at += piece;
    from += piece * kPageBytes;
    count -= piece;
  }
  return {};
}

Status DataFiles::sync() {
  std::lock_guard sync_lock(sync_mutex_);
  for (auto& slot : files_) {
    OpenFile* open = slot.load(std::memory_order_acquire);
    if (open == nullptr || !open->dirty.exchange(false, std::memory_order_seq_cst)) continue;
    if (Status status = open->file->sync(); !status.ok()) {
      open->dirty.store(true, std::memory_order_seq_cst);
      return status;
    }
  }
  std::lock_guard lock(mutex_);
  if (names_changed_) {
    VARVE_RETURN_IF_ERROR(vfs_.sync_directory(directory_));
    VARVE_RETURN_IF_ERROR(vfs_.sync_directory(port::parent_directory(directory_)));
    names_changed_ = false;
  }
  return {};
}

}  // namespace varve::buffer
