// Redo, spread over threads by page: the records of one page stay in order, those of different pages need
// none.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "buffer/buffer_pool.h"
#include "wal/log_manager.h"

namespace varve::recovery {

class RedoPass {
 public:
  // With one thread everything happens in the caller's.
  RedoPass(buffer::BufferPool& pool, unsigned threads);
  ~RedoPass();

  // Redoes the record's blocks, now or soon. Fails when an earlier one has failed.
  Status redo(const wal::LogReader::Record& record);
  // Waits for everything handed over.
  Status finish();
  uint64_t redone() const { return redone_.load(); }

 private:
  // Blocks copied out of the reader's buffer: per block the record's end, the block's header, its payload.
  struct Worker {
    std::vector<uint8_t> filling;  // the dispatcher's
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<std::vector<uint8_t>> queue;
    bool closed = false;
    std::thread thread;
  };
  Status apply(Lsn end, const wal::BlockHeader& block, wal::Bytes payload);
  void hand_over(Worker& worker);
  void work(Worker& worker);
  void fail(const Status& status);

  buffer::BufferPool& pool_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::atomic<uint64_t> redone_{0};
  std::atomic<bool> failed_{false};
  std::mutex status_mutex_;
  Status status_;
};

}  // namespace varve::recovery
