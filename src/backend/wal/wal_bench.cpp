// Appending to the log on the real file system, without sync (the ring, the copy, the CRC, the write) and
// with (group commit).
#include <benchmark/benchmark.h>
#include <filesystem>
#include <mutex>
#include <stdlib.h>

#include "common/check.h"
#include "port/vfs.h"
#include "wal/log_manager.h"

namespace varve::wal {
namespace {

class Log {
 public:
  Log() {
    VARVE_CHECK(mkdtemp(directory_) != nullptr);
    vfs_ = port::make_posix_vfs(directory_);
    LogOptions options;
    options.directory = "wal";
    auto opened = open_log(*vfs_, options, Lsn{});
    VARVE_CHECK(opened.ok());
    log = std::move(opened.value().log);
  }
  ~Log() {
    log.reset();
    std::filesystem::remove_all(directory_);
  }
  std::unique_ptr<LogManager> log;

 private:
  char directory_[32] = "/var/tmp/varve-wal-XXXXXX";
  std::unique_ptr<port::Vfs> vfs_;
};

LogManager& the_log() {
  static Log log;
  return *log.log;
}

RecordParts record(Bytes payload, BlockPart* block) {
  *block = {PageId{1}, 1, 0, payload};
  RecordParts parts;
  parts.xid = Xid{1};
  parts.blocks = {block, 1};
  return parts;
}

void append(benchmark::State& state) {
  LogManager& log = the_log();
  uint8_t payload[4096] = {};
  BlockPart block;
  RecordParts parts = record({payload, static_cast<size_t>(state.range(0))}, &block);
  uint64_t bytes = 0;
  for (auto _ : state) {
    Lsn end = log.append(parts);
    bytes += 44 + static_cast<uint64_t>(state.range(0));
    if (bytes > (48U << 20)) {
      bytes = 0;
      VARVE_CHECK(log.release_before(Lsn{end.value() - (64U << 20)}).ok());
    }
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * (44 + state.range(0)));
}
BENCHMARK(append)->Arg(64)->Arg(512)->Arg(4096)->ThreadRange(1, 2)->UseRealTime();

void commit(benchmark::State& state) {
  LogManager& log = the_log();
  uint8_t payload[256] = {};
  BlockPart block;
  RecordParts parts = record({payload, sizeof(payload)}, &block);
  for (auto _ : state) VARVE_CHECK(log.flush(log.append(parts)).ok());
}
BENCHMARK(commit)->Threads(1)->Threads(8)->Threads(32)->UseRealTime();

}  // namespace
}  // namespace varve::wal
