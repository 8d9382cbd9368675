#include "redo_pass.h"

#include <cstring>
#include <fmt/format.h>

#include "buffer/page_image.h"
#include "common/bytes.h"
#include "common/hash.h"
#include "wal/redo.h"

namespace varve::recovery {

namespace {
constexpr size_t kBatchBytes = 128 << 10;
constexpr size_t kMaxQueued = 16;  // batches a thread may be behind
}  // namespace

RedoPass::RedoPass(buffer::BufferPool& pool, unsigned threads) : pool_(pool) {
  for (unsigned i = 0; threads > 1 && i < threads; ++i) {
    auto worker = std::make_unique<Worker>();
    worker->thread = std::thread([this, w = worker.get()] { work(*w); });
    workers_.push_back(std::move(worker));
  }
}

RedoPass::~RedoPass() { (void)finish().ok(); }

Status RedoPass::redo(const wal::LogReader::Record& record) {
  Status status;
  record.for_each_block([&](const wal::BlockHeader& block, wal::Bytes payload) {
    if (!status.ok()) return;
    if (workers_.empty()) {
      status = apply(record.end, block, payload);
      return;
    }
    Worker& worker = *workers_[hash_int(block.page) % workers_.size()];
    auto& bytes = worker.filling;
    size_t at = bytes.size();
    bytes.resize(at + sizeof(uint64_t) + sizeof(block) + payload.size());
    store_raw(bytes.data() + at, record.end.value());
    store_raw(bytes.data() + at + sizeof(uint64_t), block);
    std::memcpy(bytes.data() + at + sizeof(uint64_t) + sizeof(block), payload.data(), payload.size());
    if (bytes.size() >= kBatchBytes) hand_over(worker);
  });
  if (status.ok() && failed_.load(std::memory_order_acquire)) {
    std::lock_guard lock(status_mutex_);
    return status_;
  }
  return status;
}

Status RedoPass::finish() {
  for (auto& worker : workers_) {
    if (!worker->filling.empty()) hand_over(*worker);
    {
      std::lock_guard lock(worker->mutex);
      worker->closed = true;
    }
    worker->changed.notify_all();
    worker->thread.join();
  }
  workers_.clear();
  std::lock_guard lock(status_mutex_);
  return status_;
}

void RedoPass::hand_over(Worker& worker) {
  std::unique_lock lock(worker.mutex);
  worker.changed.wait(lock, [&] { return worker.queue.size() < kMaxQueued; });
  worker.queue.push_back(std::move(worker.filling));
  worker.filling.clear();
  worker.changed.notify_all();
}

void RedoPass::work(Worker& worker) {
  for (;;) {
    std::vector<uint8_t> bytes;
    {
      std::unique_lock lock(worker.mutex);
      worker.changed.wait(lock, [&] { return !worker.queue.empty() || worker.closed; });
      if (worker.queue.empty()) return;
      bytes = std::move(worker.queue.front());
      worker.queue.pop_front();
    }
    worker.changed.notify_all();
    for (size_t at = 0; at < bytes.size() && !failed_.load(std::memory_order_relaxed);) {
      auto end = load_raw<uint64_t>(bytes.data() + at);
      auto block = load_raw<wal::BlockHeader>(bytes.data() + at + sizeof(uint64_t));
      at += sizeof(uint64_t) + sizeof(block);
      Status status = apply(Lsn{end}, block, wal::Bytes(bytes.data() + at, block.length));
      if (!status.ok()) fail(status);
      at += block.length;
    }
  }
}

void RedoPass::fail(const Status& status) {
  std::lock_guard lock(status_mutex_);
  if (status_.ok()) status_ = status;
  failed_.store(true, std::memory_order_release);
}

Status RedoPass::apply(Lsn end, const wal::BlockHeader& block, wal::Bytes payload) {
  PageId id{block.page};
  bool image = (block.flags & wal::kBlockFullImage) != 0;
  bool initialises = (block.flags & wal::kBlockInitialises) != 0;
  // Either needs nothing of what is on disk, which may be torn.
  auto fixed = image || initialises ? pool_.fix_new(id) : pool_.fix_exclusive(id);
  if (!fixed.ok()) return fixed.status();
  buffer::ExclusiveGuard guard = std::move(fixed).value();
  buffer::Page& page = guard.mutable_page();
  if (image) {
    if (!buffer::restore_page_image(block.flags, payload, &page))
      return Status::corruption(fmt::format("invalid image of page {} in the log", id.value()));
  } else {
    wal::RedoFunction function = wal::redo_function(block.op);
    if (function == nullptr)
      return Status::corruption(fmt::format("unknown operation {} in the log", block.op));
    if (initialises)
      std::memset(page.bytes(), 0, buffer::kPageBytes);
    else if (page.lsn() >= end)
      return {};
    function(id, page, payload);
  }
  page.header.lsn = end.value();
  guard.mark_dirty(end);
  redone_.fetch_add(1, std::memory_order_relaxed);
  return {};
}

}  // namespace varve::recovery
