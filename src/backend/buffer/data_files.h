// The files of the page space: page p is at (p mod 131072) * 8 KiB of file p / 131072.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "buffer/page.h"
#include "common/status.h"
#include "port/vfs.h"

namespace varve::buffer {

class DataFiles {
 public:
  static constexpr uint64_t kPagesPerFile = (1ULL << 30) / kPageBytes;

  DataFiles(port::Vfs& vfs, std::string_view directory, uint64_t max_pages);
  ~DataFiles();

  // Bytes of `count` pages; what lies behind the end of the file reads as zeros. All in one file's range.
  Status read(PageId first, uint32_t count, uint8_t* to);
  // A run of pages, which may cross files.
  Status write(PageId first, uint32_t count, const uint8_t* from);
  // Makes everything written before the call durable.
  Status sync();

 private:
  struct OpenFile {
    std::unique_ptr<port::File> file;
    std::atomic<bool> dirty{false};
  };
  // Null when the file does not exist and `create` is false.
  Result<OpenFile*> file(uint64_t number, bool create);

  port::Vfs& vfs_;
  std::string directory_;
  std::vector<std::atomic<OpenFile*>> files_;
  std::mutex mutex_;       // opening and creating
  std::mutex sync_mutex_;  // one sync at a time: a second must not return before the first is through
  bool names_changed_ = false;
};

}  // namespace varve::buffer
