#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <gtest/gtest.h>
#include <map>
#include <random>
#include <stdlib.h>
#include <thread>

#include "common/bytes.h"
#include "log_format.h"
#include "port/sim_vfs.h"
#include "wal/log_manager.h"

namespace varve::wal {
namespace {

void ignore_failure(const Status&) {}

LogOptions small_log() {
  LogOptions options;
  options.directory = "wal";
  options.segment_bytes = 16 << 10;
  options.ring_bytes = 8 << 10;
  options.background = false;
  options.on_failure = ignore_failure;
  options.system_id = 77;
  return options;
}

std::vector<uint8_t> body_of(uint64_t number, size_t size) {
  std::vector<uint8_t> body(size);
  std::mt19937_64 random(number);
  for (auto& b : body) b = static_cast<uint8_t>(random());
  if (size >= 8) store_raw(body.data(), number);
  return body;
}

// A noop record that carries `number`; `size` is a multiple of 8.
Lsn append_number(LogManager& log, uint64_t number, size_t size, Lsn* start = nullptr) {
  auto body = body_of(number, size);
  RecordParts parts;
  parts.kind = RecordKind::kNoop;
  parts.xid = Xid{number};
  parts.body = body;
  return log.append(parts, start);
}

// The numbers of all records from `from`, each checked against what was appended.
std::vector<uint64_t> numbers(port::Vfs& vfs, const LogOptions& options, Lsn from) {
  std::vector<uint64_t> result;
  auto reader = make_log_reader(vfs, options, from);
  for (;;) {
    auto record = reader->next();
    if (!record.ok()) {
      EXPECT_EQ(record.status().code(), StatusCode::kNotFound);
      return result;
    }
    uint64_t number = record->header.xid;
    auto body = body_of(number, record->body().size());
    EXPECT_TRUE(std::equal(body.begin(), body.end(), record->body().begin()));
    result.push_back(number);
  }
}

TEST(Log, RecordsComeBackWhole) {
  port::SimVfs vfs(1);
  LogOptions options = small_log();
  auto opened = std::move(open_log(vfs, options, Lsn{})).value();
  EXPECT_EQ(opened.end, Lsn{64});
  uint8_t payload1[3] = {1, 2, 3};
  uint8_t payload2[1] = {4};
  uint8_t undo[5] = {5, 6, 7, 8, 9};
  BlockPart blocks[2] = {{PageId{10}, 0x11, kBlockInitialises, payload1}, {PageId{20}, 0x12, 0, payload2}};
  RecordParts parts;
  parts.flags = kFlagCompensation;
  parts.xid = Xid{9};
  parts.prev_lsn = Lsn{8};
  parts.blocks = blocks;
  parts.undo = undo;
  Lsn start;
  Lsn end = opened.log->append(parts, &start);
  EXPECT_EQ(start, Lsn{64});
  EXPECT_EQ(opened.log->reserved_lsn(), end);
  EXPECT_EQ(opened.log->durable_lsn(), Lsn{64});
  ASSERT_TRUE(opened.log->flush(end).ok());
  EXPECT_EQ(opened.log->durable_lsn(), end);

  auto reader = make_log_reader(vfs, options, start);
  auto record = reader->next();
  ASSERT_TRUE(record.ok());
  EXPECT_EQ(record->start, start);
  EXPECT_EQ(record->end, end);
  EXPECT_EQ(record->header.flags, kFlagCompensation);
  EXPECT_EQ(record->header.prev_lsn, 8u);
  EXPECT_EQ(std::vector<uint8_t>(record->undo().begin(), record->undo().end()),
            std::vector<uint8_t>({5, 6, 7, 8, 9}));
  std::vector<uint64_t> seen;
  record->for_each_block([&](const BlockHeader& block, Bytes bytes) {
    seen.insert(seen.end(), {block.page, block.op, block.flags, bytes.size(), bytes[0]});
  });
  EXPECT_EQ(seen, (std::vector<uint64_t>{10, 0x11, kBlockInitialises, 3, 1, 20, 0x12, 0, 1, 4}));
  EXPECT_EQ(reader->next().status().code(), StatusCode::kNotFound);
  // A live reader sees what comes later.
  append_number(*opened.log, 1, 104);
  ASSERT_TRUE(opened.log->flush(opened.log->reserved_lsn()).ok());
  EXPECT_TRUE(reader->next().ok());
  reader->seek(start);
  EXPECT_EQ(reader->next()->start, start);
}

TEST(Log, ContinuesWhereItEndedAcrossSegmentsAndTheRingSeam) {
  port::SimVfs vfs(1);
  LogOptions options = small_log();
  std::vector<uint64_t> expected;
  std::mt19937_64 random(5);
  for (int round = 0; round < 10; ++round) {
    auto opened = std::move(open_log(vfs, options, Lsn{64})).value();
    for (int i = 0; i < 40; ++i) {
      expected.push_back(expected.size() + 1);
      append_number(*opened.log, expected.back(), random() % 125 * 8);
      if (random() % 8 == 0) {
        ASSERT_TRUE(opened.log->flush(opened.log->reserved_lsn()).ok());
      }
    }
    ASSERT_TRUE(opened.log->flush(opened.log->reserved_lsn()).ok());
  }
  EXPECT_EQ(numbers(vfs, options, Lsn{64}), expected);
  // Another system's log is not this one's.
  options.system_id = 78;
  EXPECT_TRUE(numbers(vfs, options, Lsn{64}).empty());
}

TEST(Log, SegmentsAreRecycledAndLeftoversAreNotRead) {
  port::SimVfs vfs(1);
  LogOptions options = small_log();
  auto opened = std::move(open_log(vfs, options, Lsn{})).value();
  Lsn from{64};
  for (uint64_t i = 1; i <= 2000; ++i) {
    Lsn start;
    append_number(*opened.log, i, 200, &start);
    if (i % 200 == 0) {
      ASSERT_TRUE(opened.log->flush(opened.log->reserved_lsn()).ok());
      from = start;
      ASSERT_TRUE(opened.log->release_before(from).ok());
      auto names = vfs.list("wal").value();
      EXPECT_LE(names.size(), 8u);
      std::vector<uint64_t> tail = numbers(vfs, options, from);
      EXPECT_EQ(tail, std::vector<uint64_t>{i});
    }
  }
}

TEST(Log, ManyWritersOneOrder) {
  port::SimVfs vfs(1);
  LogOptions options = small_log();
  options.background = true;
  auto opened = std::move(open_log(vfs, options, Lsn{})).value();
  constexpr int kThreads = 4;
#ifdef VARVE_TSAN
  constexpr uint64_t kRecords = 500;
#else
  constexpr uint64_t kRecords = 5000;
#endif
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937_64 random(t);
      for (uint64_t i = 0; i < kRecords; ++i) {
        Lsn end = append_number(*opened.log, t << 32 | (i + 1), random() % 75 * 8);
        if (random() % 16 == 0) {
          ASSERT_TRUE(opened.log->flush(end).ok());
          ASSERT_GE(opened.log->durable_lsn(), end);
        }
      }
    });
  }
  for (auto& t : threads) t.join();
  ASSERT_TRUE(opened.log->flush(opened.log->reserved_lsn()).ok());
  std::map<uint64_t, uint64_t> last;
  uint64_t count = 0;
  for (uint64_t number : numbers(vfs, options, Lsn{64})) {
    EXPECT_EQ(number & 0xFFFFFFFF, last[number >> 32] + 1);
    last[number >> 32] = number & 0xFFFFFFFF;
    ++count;
  }
  EXPECT_EQ(count, kThreads * kRecords);
}

// A crash at every write of a small workload, then work on, crash again: what was acknowledged is there, in
// order, without gaps, and nothing from a lost future ever comes back.
TEST(Log, EveryAcknowledgedFlushSurvivesACrashAnywhere) {
  LogOptions options = small_log();
  for (uint64_t seed = 0; seed < 6; ++seed) {
    for (uint64_t crash_at = 1;; ++crash_at) {
      port::SimVfs vfs(seed * 1000 + crash_at);
      vfs.crash_at_write(crash_at);
      std::vector<uint64_t> appended, acknowledged;
      uint64_t next = 1;
      bool crashed_first = false;
      for (int life = 0; life < 3 && (life == 0 || crashed_first); ++life) {
        auto opened = open_log(vfs, options, Lsn{64});
        if (opened.ok()) {
          auto found = numbers(vfs, options, Lsn{64});
          ASSERT_GE(found.size(), acknowledged.size());
          ASSERT_LE(found.size(), appended.size());
          appended.resize(found.size());
          ASSERT_EQ(found, appended) << "seed " << seed << " crash " << crash_at << " life " << life;
          std::mt19937_64 random(seed + static_cast<uint64_t>(life));
          // After a crash only a little: then a lost future, whose records have the same sizes, lies behind
          // the new end where it would fit exactly.
          const int count = life == 0 ? 60 : 1 + static_cast<int>(random() % 4);
          for (int i = 0; i < count; ++i) {
            appended.push_back(next++);
            Lsn end = append_number(*opened->log, appended.back(), random() % 8 == 0 ? 424 : 168);
            if ((life == 0 ? random() % 6 == 0 : i + 1 == count) && opened->log->flush(end).ok())
              acknowledged = appended;
          }
        }
        if (life == 0) crashed_first = vfs.crashed();
        vfs.crash();
        vfs.restart();
        if (crashed_first && life == 0) vfs.crash_at_write(vfs.writes() + 1 + crash_at % 17);
      }
      auto opened = open_log(vfs, options, Lsn{64});
      ASSERT_TRUE(opened.ok());
      auto found = numbers(vfs, options, Lsn{64});
      ASSERT_GE(found.size(), acknowledged.size());
      appended.resize(found.size());
      ASSERT_EQ(found, appended) << "seed " << seed << " crash " << crash_at;
      if (!crashed_first) {
        EXPECT_GT(crash_at, 20u);
        break;
      }
    }
  }
}

TEST(Log, AFailedWriteIsNeverAcknowledged) {
  for (int error : {EIO, ENOSPC}) {
    for (uint64_t at = 1; at < 40; ++at) {
      port::SimVfs vfs(at);
      LogOptions options = small_log();
      auto opened = std::move(open_log(vfs, options, Lsn{})).value();
      vfs.fail_at_operation(vfs.operations() + at, error);
      uint64_t acknowledged = 0;
      bool failed = false;
      for (uint64_t i = 1; i <= 200; ++i) {
        Lsn end = append_number(*opened.log, i, 152);
        if (i % 10 != 0) continue;
        Status status = opened.log->flush(end);
        // Once failed, for ever: a later success would be a lie about the bytes in between.
        ASSERT_FALSE(failed && status.ok());
        failed |= !status.ok();
        if (status.ok()) acknowledged = i;
      }
      EXPECT_TRUE(failed);
      opened.log.reset();
      vfs.crash();
      vfs.restart();
      EXPECT_GE(numbers(vfs, options, Lsn{64}).size(), acknowledged);
    }
  }
}

TEST(LogFormat, LeftoversFourGibibytesApartAreToldApart) {
  Lsn a{64};
  for (uint64_t i = 1; i < 100; ++i) EXPECT_NE(record_seed(a, 1), record_seed(Lsn{a.value() + (i << 32)}, 1));
}

TEST(LogFormat, NonsenseIsNoRecord) {
  port::SimVfs vfs(1);
  LogOptions options = small_log();
  auto opened = std::move(open_log(vfs, options, Lsn{})).value();
  append_number(*opened.log, 1, 104);
  ASSERT_TRUE(opened.log->flush(opened.log->reserved_lsn()).ok());
  for (uint64_t at = 64; at < opened.log->reserved_lsn().value(); ++at) {
    vfs.corrupt(segment_path("wal", 0), at);
    EXPECT_TRUE(numbers(vfs, options, Lsn{64}).empty()) << at;
    vfs.corrupt(segment_path("wal", 0), at);
  }
  EXPECT_EQ(numbers(vfs, options, Lsn{64}).size(), 1u);
}

// The promise of begin_checkpoint(), with a pretended page per thread.
TEST(AppendGate, FirstRecordAfterTheRedoPointHasAnImage) {
  port::SimVfs vfs(1);
  LogOptions options = small_log();
  auto opened = std::move(open_log(vfs, options, Lsn{})).value();
  struct Append {
    Lsn start;
    bool image;
  };
  constexpr int kThreads = 3;
  std::vector<std::vector<Append>> done(kThreads);
  std::array<std::atomic<uint64_t>, kThreads> applied{};  // page lsn, published inside the window
  std::atomic<bool> stop{false};
  std::atomic<size_t> appended{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      Lsn page_lsn;
      while (!stop) {
        auto window = opened.log->gate().enter();
        bool image = window.needs_image(page_lsn);
        Lsn start;
        page_lsn = append_number(*opened.log, 1, 8, &start);
        applied[static_cast<size_t>(t)].store(page_lsn.value());
        done[static_cast<size_t>(t)].push_back({start, image});
        ++appended;
      }
    });
  }
  // Somebody has written twice before the first checkpoint, so not every record needs an image.
  while (appended < 2 * kThreads) std::this_thread::yield();
  struct Checkpoint {
    Lsn redo;
    std::array<uint64_t, kThreads> applied;
  };
  std::vector<Checkpoint> checkpoints;
  for (int i = 0; i < 200; ++i) {
    Checkpoint c{opened.log->begin_checkpoint(), {}};
    for (size_t t = 0; t < kThreads; ++t) c.applied[t] = applied[t].load();
    checkpoints.push_back(c);
    std::this_thread::yield();
  }
  stop = true;
  for (auto& t : threads) t.join();
  size_t without_image = 0;
  for (size_t t = 0; t < kThreads; ++t) {
    for (const auto& a : done[t]) without_image += a.image ? 0 : 1;
    for (const auto& c : checkpoints) {
      uint64_t before = 0;
      for (const auto& a : done[t]) {
        if (a.start >= c.redo) {
          EXPECT_TRUE(a.image);
          break;
        }
        before = a.start.value();
      }
      // Everything before R was applied when begin_checkpoint() returned.
      EXPECT_GT(c.applied[t] + 1, before);
    }
  }
  EXPECT_GT(without_image, 0u);
}

}  // namespace
}  // namespace varve::wal
