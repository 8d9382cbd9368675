#include "recovery/engine.h"

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <fmt/format.h>
#include <mutex>
#include <random>
#include <thread>

#include "access/segment.h"
#include "common/io_counters.h"
#include "common/log.h"
#include "port/topology.h"
#include "port/vfs.h"

namespace varve::recovery {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kCheckInterval = std::chrono::milliseconds(200);

std::string join(std::string_view directory, std::string_view name) {
  return directory.empty() ? std::string(name) : fmt::format("{}/{}", directory, name);
}

std::unique_ptr<buffer::BufferPool> make_pool(port::Vfs& vfs, const EngineOptions& options,
                                              wal::LogManager& log) {
  std::string directory = join(options.directory, "data");
  if (options.topology != nullptr)
    return buffer::make_buffer_pool(vfs, directory, log, *options.topology, options.pool);
  return buffer::make_buffer_pool(vfs, directory, log, options.pool);
}

// Files that an interrupted create_new() left; without a control file nothing in them counts.
Status remove_leftovers(port::Vfs& vfs, std::string_view directory) {
  VARVE_RETURN_IF_ERROR(vfs.make_directory(directory));
  VARVE_ASSIGN_OR_RETURN(auto names, vfs.list(directory));
  for (const auto& name : names) VARVE_RETURN_IF_ERROR(vfs.remove(join(directory, name)));
  return vfs.sync_directory(directory);
}

class StorageEngineImpl final : public StorageEngine {
 public:
  StorageEngineImpl(port::Vfs& vfs, const EngineOptions& options)
      : vfs_(vfs), options_(options), control_file_(vfs, join(options.directory, "control")) {
    options_.log.directory = join(options.directory, "wal");
    options_.log.background = options.background && options.log.background;
  }
  ~StorageEngineImpl() override { stop_threads(); }

  Status create();
  Status start();

  port::Vfs& vfs() override { return vfs_; }
  wal::LogManager& log() override { return *log_; }
  buffer::BufferPool& pool() override { return *pool_; }
  txn::TxnManager& txns() override { return *txns_; }
  uint64_t system_id() const override { return control_.system_id; }
  const RecoveryResult& recovery() const override { return recovery_; }
  Lsn last_redo_lsn() const override { return Lsn{redo_lsn_.load(std::memory_order_relaxed)}; }
  CheckpointStatistics checkpoint_statistics() const override {
    auto count = [](const std::atomic<uint64_t>& c) { return c.load(std::memory_order_relaxed); };
    return {count(timed_), count(requested_), count(checkpoint_buffers_), count(write_us_), count(sync_us_)};
  }
  Status checkpoint() override {
    requested_.fetch_add(1, std::memory_order_relaxed);
    return checkpoint_now({});
  }
  Status close() override;

 private:
  Status take_lock();
  Status checkpoint_now(const CheckpointOptions& how);
  void checkpointer_loop();
  void stop_threads();

  port::Vfs& vfs_;
  EngineOptions options_;
  ControlFile control_file_;
  std::unique_ptr<port::FileLock> lock_;
  ControlData control_;
  RecoveryResult recovery_;
  // In this order: each uses those before it.
  std::unique_ptr<wal::LogManager> log_;
  std::unique_ptr<buffer::BufferPool> pool_;
  std::unique_ptr<txn::TxnManager> txns_;

  std::mutex checkpoint_mutex_;  // one checkpoint at a time; guards control_
  std::atomic<uint64_t> redo_lsn_{0};
  std::atomic<uint64_t> checkpoint_end_{0};  // log position behind the last checkpoint's record

  std::atomic<uint64_t> timed_{0}, requested_{0}, checkpoint_buffers_{0}, write_us_{0}, sync_us_{0};

  std::mutex wake_mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  bool closed_ = false;
  std::thread checkpointer_;
};

Status StorageEngineImpl::take_lock() {
  VARVE_ASSIGN_OR_RETURN(lock_, vfs_.lock(join(options_.directory, "lock")));
  return {};
}

Status StorageEngineImpl::create() {
  if (!options_.directory.empty()) VARVE_RETURN_IF_ERROR(vfs_.make_directory(options_.directory));
  VARVE_RETURN_IF_ERROR(take_lock());
  VARVE_ASSIGN_OR_RETURN(bool exists, vfs_.exists(join(options_.directory, "control")));
  if (exists) return {StatusCode::kExists, "there is a database already"};
  VARVE_RETURN_IF_ERROR(remove_leftovers(vfs_, options_.log.directory));
  VARVE_RETURN_IF_ERROR(remove_leftovers(vfs_, join(options_.directory, "data")));

  if (options_.log.system_id == 0) {
    std::random_device random;
    options_.log.system_id = uint64_t{random()} << 32 | random();
  }
  VARVE_ASSIGN_OR_RETURN(wal::OpenLog opened, wal::open_log(vfs_, options_.log, Lsn{}));
  log_ = std::move(opened.log);
  pool_ = make_pool(vfs_, options_, *log_);
  VARVE_RETURN_IF_ERROR(access::create_space(*pool_));
  VARVE_RETURN_IF_ERROR(pool_->write_dirty(0));
  VARVE_RETURN_IF_ERROR(pool_->sync());
  // Its own small log: from here recovery could start. The pages above are durable already.
  CheckpointRecord record{log_->begin_checkpoint(), Xid{1}, {}};
  std::vector<uint8_t> body = encode_checkpoint(record);
  wal::RecordParts parts;
  parts.kind = wal::RecordKind::kCheckpoint;
  parts.body = body;
  Lsn start;
  VARVE_RETURN_IF_ERROR(log_->flush(log_->append(parts, &start)));
  // The names of wal/ and data/ first: the control file promises that they are there.
  VARVE_RETURN_IF_ERROR(vfs_.sync_directory(options_.directory));
  if (!options_.directory.empty())
    VARVE_RETURN_IF_ERROR(vfs_.sync_directory(port::parent_directory(options_.directory)));
  control_.system_id = options_.log.system_id;
  control_.state = ControlState::kClean;
  control_.redo = record.redo;
  control_.checkpoint = start;
  control_.next_xid = record.next_xid;
  control_.segment_bytes = options_.log.segment_bytes;
  return control_file_.create(control_);
}

Status StorageEngineImpl::start() {
  VARVE_RETURN_IF_ERROR(take_lock());
  VARVE_ASSIGN_OR_RETURN(control_, control_file_.read());
  options_.log.system_id = control_.system_id;
  options_.log.segment_bytes = control_.segment_bytes;
  auto started = Clock::now();
  VARVE_ASSIGN_OR_RETURN(wal::OpenLog opened, wal::open_log(vfs_, options_.log, control_.checkpoint));
  log_ = std::move(opened.log);
  pool_ = make_pool(vfs_, options_, *log_);
  bool was_clean = control_.state == ControlState::kClean;
  VARVE_ASSIGN_OR_RETURN(recovery_, recover(vfs_, options_.log, *log_, *pool_, control_, options_.recovery));
  if (!was_clean) {
    varve::log(LogLevel::kLog,
               "recovered {} log records ({} page changes redone, {} transactions rolled back) in {} ms",
               recovery_.records, recovery_.redone, recovery_.losers,
               std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - started).count());
  }
  // Marks the database as in use, too.
  bool sync_failed = false;
  VARVE_RETURN_IF_ERROR(recovery::checkpoint(*log_, *pool_, nullptr, recovery_.next_xid, control_file_,
                                             &control_, {}, &sync_failed));
  redo_lsn_ = control_.redo.value();
  checkpoint_end_ = log_->reserved_lsn().value();
  txns_ = txn::make_txn_manager(*pool_, recovery_.next_xid, options_.txn);
  if (options_.background) {
    pool_->start_writers();
    txns_->start_purge();
    checkpointer_ = std::thread([this] { checkpointer_loop(); });
  }
  return {};
}

Status StorageEngineImpl::checkpoint_now(const CheckpointOptions& how) {
  std::lock_guard lock(checkpoint_mutex_);
  bool sync_failed = false;
  CheckpointTimes times;
  const uint64_t written = t_io_counters.written;
  Status status = recovery::checkpoint(*log_, *pool_, txns_.get(), recovery_.next_xid, control_file_,
                                       &control_, how, &sync_failed, &times);
  checkpoint_buffers_.fetch_add(t_io_counters.written - written, std::memory_order_relaxed);
  write_us_.fetch_add(times.write_us, std::memory_order_relaxed);
  sync_us_.fetch_add(times.sync_us, std::memory_order_relaxed);
  if (sync_failed) {
    // The kernel may have thrown away what it could not write and call the next fsync a success.
    if (options_.log.on_failure == nullptr) {
      varve::log(LogLevel::kPanic, "could not sync the data files: {}", status.to_string());
      std::abort();
    }
    options_.log.on_failure(status);
  }
  if (status.ok()) {
    redo_lsn_ = control_.redo.value();
    checkpoint_end_ = log_->reserved_lsn().value();
  }
  return status;
}

void StorageEngineImpl::checkpointer_loop() {
  auto last = Clock::now();
  const auto timeout = std::chrono::microseconds(options_.checkpoint_timeout_us);
  std::unique_lock lock(wake_mutex_);
  while (!stopping_) {
    wake_.wait_for(lock, kCheckInterval);
    if (stopping_) return;
    uint64_t reserved = log_->reserved_lsn().value();
    auto elapsed = Clock::now() - last;
    bool by_volume = reserved - redo_lsn_.load() >= options_.max_wal_bytes / 2;
    bool by_time = elapsed >= timeout && reserved != checkpoint_end_.load();
    if (!by_volume && !by_time) continue;
    (by_time ? timed_ : requested_).fetch_add(1, std::memory_order_relaxed);
    lock.unlock();
    // Spread over half the time that the next one is expected to be away.
    auto spread = std::min<Clock::duration>(timeout, elapsed) / 2;
    auto begun = Clock::now();
    CheckpointOptions how;
    how.spread_us =
        static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(spread).count());
    Status status = checkpoint_now(how);
    last = begun;
    if (!status.ok()) {
      varve::log(LogLevel::kError, "checkpoint failed: {}", status.to_string());
      last = Clock::now() - timeout + std::min<Clock::duration>(timeout, std::chrono::seconds(5));
    }
    lock.lock();
  }
}

void StorageEngineImpl::stop_threads() {
  {
    std::lock_guard lock(wake_mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (checkpointer_.joinable()) checkpointer_.join();
  if (txns_ && options_.background) txns_->stop_purge();
  if (pool_) pool_->stop_writers();
}

Status StorageEngineImpl::close() {
  if (closed_) return {};
  stop_threads();
  CheckpointOptions how;
  how.state = ControlState::kClean;
  VARVE_RETURN_IF_ERROR(checkpoint_now(how));
  closed_ = true;
  return {};
}

}  // namespace

Status StorageEngine::create_new(port::Vfs& vfs, const EngineOptions& options) {
  return StorageEngineImpl(vfs, options).create();
}

Result<std::unique_ptr<StorageEngine>> StorageEngine::open(port::Vfs& vfs, const EngineOptions& options) {
  auto engine = std::make_unique<StorageEngineImpl>(vfs, options);
  VARVE_RETURN_IF_ERROR(engine->start());
  return std::unique_ptr<StorageEngine>(std::move(engine));
}

}  // namespace varve::recovery
