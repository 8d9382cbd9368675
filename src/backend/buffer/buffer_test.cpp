#include <cerrno>
#include <cstring>
#include <gtest/gtest.h>
#include <mutex>
#include <random>
#include <thread>

#include "buffer/buffer_pool.h"
#include "buffer/log_batch.h"
#include "buffer/page_image.h"
#include "common/bytes.h"
#include "port/sim_vfs.h"

namespace varve::buffer {
namespace {

constexpr wal::RedoOp kSetWord = 0xF0;  // payload: u16 offset, u64 value

void set_word(PageId, Page& page, wal::Bytes payload) {
  store_raw(page.body + load_raw<uint16_t>(payload.data()), load_raw<uint64_t>(payload.data() + 2));
}

uint64_t word_of(const Page& page, uint16_t at) { return load_raw<uint64_t>(page.body + at); }

Status last_failure;
void remember_failure(const Status& status) { last_failure = status; }

class BufferTest : public ::testing::Test {
 protected:
  void SetUp() override { wal::register_redo(kSetWord, set_word); }

  void open(uint64_t frames) {
    pool_.reset();
    log_.reset();
    wal::LogOptions log_options;
    log_options.directory = "wal";
    log_options.segment_bytes = 1 << 20;
    log_options.ring_bytes = 1 << 20;
    log_options.background = false;
    log_options.on_failure = remember_failure;
    auto opened = wal::open_log(vfs_, log_options, Lsn{});
    ASSERT_TRUE(opened.ok()) << opened.status().to_string();
    log_ = std::move(opened.value().log);
    PoolOptions options;
    options.frame_bytes = frames * kPageBytes;
    options.max_pages = 1 << 20;
    pool_ = make_buffer_pool(vfs_, "data", *log_, options);
  }

  void write(uint64_t page, uint16_t at, uint64_t value) {
    auto guard = pool_->fix_exclusive(PageId{page});
    ASSERT_TRUE(guard.ok()) << guard.status().to_string();
    change(*guard, at, value);
  }
  void change(ExclusiveGuard& guard, uint16_t at, uint64_t value) {
    uint8_t payload[10];
    store_raw(payload, at);
    store_raw(payload + 2, value);
    LogBatch batch(*pool_, Xid{}, Lsn{});
    batch.change(guard, kSetWord, payload);
    batch.commit();
  }
  uint64_t read(uint64_t page, uint16_t at) {
    auto guard = pool_->fix_shared(PageId{page});
    EXPECT_TRUE(guard.ok()) << guard.status().to_string();
    return guard.ok() ? word_of(guard->page(), at) : ~0ULL;
  }

  port::SimVfs vfs_{1};
  std::unique_ptr<wal::LogManager> log_;
  std::unique_ptr<BufferPool> pool_;
};

TEST_F(BufferTest, NeverWrittenPagesAreZeroAndChangesComeBack) {
  open(16);
  EXPECT_EQ(read(5, 0), 0u);
  for (uint64_t p = 0; p < 200; ++p) write(p, 16, p * 7 + 1);
  for (uint64_t p = 0; p < 200; ++p) EXPECT_EQ(read(p, 16), p * 7 + 1);
  EXPECT_GT(pool_->statistics().evictions, 150u);
  ASSERT_TRUE(pool_->write_dirty(0).ok());
  ASSERT_TRUE(pool_->sync().ok());
  EXPECT_EQ(pool_->statistics().dirty_frames, 0u);
  EXPECT_EQ(pool_->oldest_dirty_lsn(), log_->reserved_lsn());
  open(16);
  for (uint64_t p = 0; p < 200; ++p) EXPECT_EQ(read(p, 16), p * 7 + 1);
}

TEST_F(BufferTest, LogIsFlushedBeforeAPage) {
  open(16);
  write(1, 0, 1);
  EXPECT_LT(log_->durable_lsn(), log_->reserved_lsn());
  EXPECT_LE(pool_->oldest_dirty_lsn(), log_->reserved_lsn());
  ASSERT_TRUE(pool_->write_dirty(0).ok());
  EXPECT_EQ(log_->durable_lsn(), log_->reserved_lsn());
}

TEST_F(BufferTest, DamageIsFoundAndReportedToEveryReader) {
  open(16);
  write(3, 0, 42);
  write(4, 0, 43);
  ASSERT_TRUE(pool_->write_dirty(0).ok());
  ASSERT_TRUE(pool_->sync().ok());
  open(16);
  vfs_.corrupt("data/0", 3 * kPageBytes + 4000);
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(pool_->fix_shared(PageId{3}).status().code(), StatusCode::kCorruption);
  EXPECT_EQ(pool_->fix_optimistic(PageId{3}).status().code(), StatusCode::kCorruption);
  EXPECT_EQ(read(4, 0), 43u);
  // Whoever is about to rebuild the page does not care.
  EXPECT_TRUE(pool_->fix_new(PageId{3}).ok());
  EXPECT_EQ(pool_->fix_shared(PageId{1ULL << 40}).status().code(), StatusCode::kInvalid);
}

TEST_F(BufferTest, PageInTheWrongPlaceIsFound) {
  open(16);
  write(3, 0, 42);
  ASSERT_TRUE(pool_->write_dirty(0).ok());
  auto file = std::move(vfs_.open("data/0", port::OpenMode::kExisting)).value();
  std::vector<uint8_t> bytes(kPageBytes);
  ASSERT_TRUE(file->pread(bytes.data(), kPageBytes, 3 * kPageBytes).ok());
  ASSERT_TRUE(file->pwrite(bytes.data(), kPageBytes, 9 * kPageBytes).ok());
  EXPECT_EQ(pool_->fix_shared(PageId{9}).status().code(), StatusCode::kCorruption);
}

TEST_F(BufferTest, FailedWritesLeaveThePageDirty) {
  open(16);
  write(1, 0, 77);
  ASSERT_TRUE(log_->flush(log_->reserved_lsn()).ok());
  vfs_.fail_at_operation(vfs_.operations() + 1, ENOSPC, 100);
  EXPECT_EQ(pool_->write_dirty(0).code(), StatusCode::kNoSpace);
  EXPECT_EQ(pool_->statistics().dirty_frames, 1u);
  vfs_.fail_at_operation(port::SimVfs::kNever, 0);
  ASSERT_TRUE(pool_->write_dirty(0).ok());
  EXPECT_EQ(pool_->statistics().dirty_frames, 0u);
  vfs_.fail_at_operation(vfs_.operations() + 1, EIO, 100);
  EXPECT_FALSE(pool_->sync().ok());
  // A read that fails leaves nothing behind.
  EXPECT_FALSE(pool_->fix_shared(PageId{500}).ok());
  vfs_.fail_at_operation(port::SimVfs::kNever, 0);
  EXPECT_EQ(read(500, 0), 0u);
  EXPECT_EQ(read(1, 0), 77u);
}

TEST_F(BufferTest, EveryFrameFixedIsAnErrorNotADeadlock) {
  open(16);
  std::vector<SharedGuard> guards;
  for (uint64_t p = 0; p < 16; ++p) guards.push_back(std::move(pool_->fix_shared(PageId{p})).value());
  EXPECT_EQ(pool_->fix_shared(PageId{99}).status().code(), StatusCode::kOutOfMemory);
  guards.pop_back();
  EXPECT_TRUE(pool_->fix_shared(PageId{99}).ok());
}

TEST_F(BufferTest, OptimisticGuardNoticesWritersAndEviction) {
  open(16);
  write(1, 0, 5);
  {
    auto guard = std::move(pool_->fix_optimistic(PageId{1})).value();
    ASSERT_TRUE(static_cast<bool>(guard));
    EXPECT_EQ(word_of(guard.page(), 0), 5u);
    EXPECT_TRUE(guard.validate());
#ifndef VARVE_TSAN
    write(1, 0, 6);
    EXPECT_FALSE(guard.validate());
#endif
  }
#ifndef VARVE_TSAN
  auto guard = std::move(pool_->fix_optimistic(PageId{1})).value();
  ASSERT_TRUE(guard.validate());
  for (uint64_t p = 100; p < 200; ++p) write(p, 0, p);
  EXPECT_FALSE(guard.validate());
  auto writer = std::move(pool_->fix_exclusive(PageId{1})).value();
  EXPECT_FALSE(static_cast<bool>(std::move(pool_->fix_optimistic(PageId{1})).value()));
#endif
}

TEST_F(BufferTest, DiscardForgets) {
  open(16);
  write(1, 0, 5);
  ASSERT_TRUE(pool_->write_dirty(0).ok());
  write(1, 0, 6);
  pool_->discard(PageId{0}, 8);
  EXPECT_EQ(pool_->statistics().dirty_frames, 0u);
  EXPECT_EQ(read(1, 0), 5u);
}

TEST_F(BufferTest, ImagesFollowACheckpointAndRestoreThePage) {
  open(16);
  write(1, 0, 1);  // image: never seen since the beginning
  write(1, 8, 2);
  Lsn redo = log_->begin_checkpoint();
  EXPECT_EQ(log_->full_image_horizon(), redo);
  write(1, 16, 3);  // image
  write(1, 24, 4);
  ASSERT_TRUE(log_->flush(log_->reserved_lsn()).ok());
  wal::LogOptions options;
  options.directory = "wal";
  options.segment_bytes = 1 << 20;
  auto reader = wal::make_log_reader(vfs_, options, Lsn{64});
  std::vector<bool> images;
  Page page{};
  for (;;) {
    auto record = reader->next();
    if (!record.ok()) break;
    record->for_each_block([&](const wal::BlockHeader& block, wal::Bytes payload) {
      EXPECT_EQ(block.page, 1u);
      bool image = (block.flags & wal::kBlockFullImage) != 0;
      images.push_back(image);
      if (image) {
        EXPECT_LT(payload.size(), 500u);
        EXPECT_TRUE(restore_page_image(block.flags, payload, &page));
      }
    });
  }
  EXPECT_EQ(images, (std::vector<bool>{true, false, true, false}));
  EXPECT_EQ(word_of(page, 8), 2u);
  EXPECT_EQ(word_of(page, 16), 3u);
  EXPECT_EQ(word_of(page, 24), 0u);
}

TEST(PageImage, IncompressiblePagesAreKeptWhole) {
  std::mt19937_64 random(3);
  Page page{};
  for (auto& b : page.body) b = static_cast<uint8_t>(random());
  std::vector<uint8_t> out(kPageBytes);
  uint8_t flags = 0;
  wal::Bytes image = make_page_image(page, out.data(), &flags);
  EXPECT_EQ(flags, wal::kBlockFullImage);
  Page back{};
  ASSERT_TRUE(restore_page_image(flags, image, &back));
  EXPECT_EQ(std::memcmp(&page, &back, kPageBytes), 0);
  EXPECT_FALSE(restore_page_image(wal::kBlockFullImage | wal::kBlockLz4, image.first(100), &back));
  EXPECT_FALSE(restore_page_image(wal::kBlockFullImage, image.first(100), &back));
}

// Ten times more data than frames, many threads, background writers and checkpoints; every page counts in two
// words that must always agree, and in the end the counts must be what was added.
TEST_F(BufferTest, ManyThreadsOverASmallPoolLoseNothing) {
  open(64);
  pool_->start_writers();
  constexpr uint64_t kPages = 640;
#ifdef VARVE_TSAN
  constexpr int kRounds = 1500;
#else
  constexpr int kRounds = 8000;
#endif
  constexpr int kThreads = 4;
  std::vector<std::atomic<uint64_t>> model(kPages);
  std::atomic<bool> done{false};
  auto work = [&](int seed) {
    std::mt19937_64 random(static_cast<uint64_t>(seed));
    for (int i = 0; i < kRounds; ++i) {
      uint64_t p = random() % kPages;
      switch (random() % 3) {
        case 0: {
          auto guard = std::move(pool_->fix_exclusive(PageId{p})).value();
          uint64_t v = word_of(guard.page(), 0);
          ASSERT_EQ(v, word_of(guard.page(), 8000));
          change(guard, 0, v + 1);
          change(guard, 8000, v + 1);
          model[p].fetch_add(1);
          break;
        }
        case 1: {
          auto guard = std::move(pool_->fix_shared(PageId{p})).value();
          ASSERT_EQ(word_of(guard.page(), 0), word_of(guard.page(), 8000));
          break;
        }
        default: {
          auto guard = std::move(pool_->fix_optimistic(PageId{p})).value();
          if (!guard) break;
          uint64_t a = word_of(guard.page(), 0);
          uint64_t b = word_of(guard.page(), 8000);
          if (guard.validate()) {
            ASSERT_EQ(a, b);
          }
        }
      }
    }
  };
  std::thread checkpointer([&] {
    while (!done) {
      Lsn redo = log_->begin_checkpoint();
      ASSERT_TRUE(pool_->write_dirty(0).ok());
      ASSERT_TRUE(pool_->sync().ok());
      ASSERT_TRUE(log_->release_before(redo).ok());
    }
  });
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) threads.emplace_back(work, t);
  for (auto& t : threads) t.join();
  done = true;
  checkpointer.join();
  pool_->stop_writers();
  for (uint64_t p = 0; p < kPages; ++p) EXPECT_EQ(read(p, 0), model[p].load());
}

}  // namespace
}  // namespace varve::buffer
