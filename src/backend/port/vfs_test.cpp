#include "port/vfs.h"

#include <cerrno>
#include <cstring>
#include <gtest/gtest.h>
#include <stdlib.h>

#include "port/sim_vfs.h"

namespace varve::port {
namespace {

std::string text(File& file) {
  std::string s(file.size().value(), '\0');
  EXPECT_EQ(file.pread(s.data(), s.size(), 0).value(), s.size());
  return s;
}

// What both implementations must do alike.
void common_behaviour(Vfs& vfs) {
  EXPECT_EQ(vfs.open("nothing", OpenMode::kExisting).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(vfs.open("no/where", OpenMode::kCreate).status().code(), StatusCode::kNotFound);
  ASSERT_TRUE(vfs.make_directory("d").ok());
  ASSERT_TRUE(vfs.make_directory("d").ok());
  auto file = std::move(vfs.open("d/a", OpenMode::kCreateNew)).value();
  EXPECT_EQ(vfs.open("d/a", OpenMode::kCreateNew).status().code(), StatusCode::kExists);
  ASSERT_TRUE(file->pwrite("hello", 5, 3).ok());
  EXPECT_EQ(text(*file), std::string("\0\0\0hello", 8));
  char buffer[4];
  EXPECT_EQ(file->pread(buffer, 4, 6).value(), 2u);
  EXPECT_EQ(file->pread(buffer, 4, 100).value(), 0u);
  ASSERT_TRUE(file->allocate(0, 20).ok());
  EXPECT_EQ(file->size().value(), 20u);
  ASSERT_TRUE(file->truncate(4).ok());
  EXPECT_EQ(text(*file), std::string("\0\0\0h", 4));
  ASSERT_TRUE(file->sync().ok());
  ASSERT_TRUE(vfs.rename("d/a", "d/b").ok());
  EXPECT_FALSE(vfs.exists("d/a").value());
  EXPECT_TRUE(vfs.exists("d/b").value());
  ASSERT_TRUE(replace_file(vfs, "d/c", "one").ok());
  ASSERT_TRUE(replace_file(vfs, "d/c", "second").ok());
  EXPECT_EQ(read_whole_file(vfs, "d/c").value(), "second");
  EXPECT_EQ(vfs.list("d").value(), (std::vector<std::string>{"b", "c"}));
  EXPECT_EQ(vfs.list("e").status().code(), StatusCode::kNotFound);
  ASSERT_TRUE(vfs.remove("d/b").ok());
  EXPECT_EQ(vfs.remove("d/b").code(), StatusCode::kNotFound);
  ASSERT_TRUE(vfs.sync_directory("d").ok());
  auto temporary = std::move(vfs.open("d", OpenMode::kTemporary)).value();
  auto another = std::move(vfs.open("d", OpenMode::kTemporary)).value();
  ASSERT_TRUE(temporary->pwrite("mine", 4, 0).ok());
  EXPECT_EQ(text(*temporary), "mine");
  EXPECT_EQ(text(*another), "");
  EXPECT_EQ(vfs.list("d").value(), std::vector<std::string>{"c"});
  EXPECT_EQ(vfs.open("e", OpenMode::kTemporary).status().code(), StatusCode::kNotFound);
  auto lock = std::move(vfs.lock("lock")).value();
  EXPECT_EQ(vfs.lock("lock").status().code(), StatusCode::kBusy);
  lock.reset();
  EXPECT_TRUE(vfs.lock("lock").ok());
}

TEST(Vfs, PosixBehaviour) {
  char directory[] = "/tmp/varve-vfs-XXXXXX";
  ASSERT_NE(mkdtemp(directory), nullptr);
  auto vfs = make_posix_vfs(directory);
  common_behaviour(*vfs);
  for (const char* left : {"d/c", "lock", "d"}) EXPECT_TRUE(vfs->remove(left).ok());
  EXPECT_TRUE(make_posix_vfs("/")->remove(directory).ok());
}

TEST(Vfs, SimulatedBehaviour) {
  SimVfs vfs(1);
  common_behaviour(vfs);
}

TEST(SimVfs, SyncedBytesAndNamesSurviveTheRestMayNot) {
  int name_lost = 0, name_kept = 0, torn = 0, whole = 0, none = 0;
  for (uint64_t seed = 0; seed < 400; ++seed) {
    SimVfs vfs(seed);
    auto file = std::move(vfs.open("f", OpenMode::kCreate)).value();
    std::string before(2048, 'a');
    std::string after(2048, 'b');
    ASSERT_TRUE(file->pwrite(before.data(), before.size(), 0).ok());
    ASSERT_TRUE(file->sync().ok());
    ASSERT_TRUE(vfs.sync_directory("").ok());
    ASSERT_TRUE(file->pwrite(after.data(), after.size(), 0).ok());
    ASSERT_TRUE(vfs.open("g", OpenMode::kCreate).ok());
    vfs.crash();
    EXPECT_FALSE(vfs.exists("f").ok());
    vfs.restart();
    EXPECT_FALSE(file->size().ok());
    std::string now = read_whole_file(vfs, "f").value();
    ASSERT_EQ(now.size(), 2048u);
    for (size_t at = 0; at < now.size(); ++at) ASSERT_EQ(now[at], now[at / 512 * 512]);
    (now == before ? none : now == after ? whole : torn)++;
    (vfs.exists("g").value() ? name_kept : name_lost)++;
  }
  for (int count : {name_lost, name_kept, torn, whole, none}) EXPECT_GT(count, 20);
}

TEST(SimVfs, IsDeterministic) {
  auto run = [](uint64_t seed) {
    SimVfs vfs(seed);
    auto file = std::move(vfs.open("f", OpenMode::kCreate)).value();
    EXPECT_TRUE(vfs.sync_directory("").ok());
    for (int i = 0; i < 50; ++i) {
      std::string bytes(700, static_cast<char>('a' + i % 26));
      EXPECT_TRUE(file->pwrite(bytes.data(), bytes.size(), static_cast<uint64_t>(i) * 300).ok());
    }
    vfs.crash();
    vfs.restart();
    return read_whole_file(vfs, "f").value();
  };
  EXPECT_EQ(run(7), run(7));
  EXPECT_NE(run(7), run(8));
}

TEST(SimVfs, RenameIsAtomicAcrossACrash) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    SimVfs vfs(seed);
    ASSERT_TRUE(replace_file(vfs, "control", "old").ok());
    uint64_t start = vfs.writes();
    for (uint64_t n = 1; n <= 6; ++n) {
      vfs.crash_at_write(vfs.writes() + n);
      Status status = replace_file(vfs, "control", "new");
      vfs.crash();
      vfs.restart();
      std::string now = read_whole_file(vfs, "control").value();
      EXPECT_TRUE(now == "old" || now == "new");
      if (status.ok()) {
        EXPECT_EQ(now, "new");
      }
      ASSERT_TRUE(replace_file(vfs, "control", "old").ok());
    }
    EXPECT_GT(vfs.writes(), start);
  }
}

TEST(SimVfs, InjectedFaultsAndCrashPoints) {
  SimVfs vfs(3);
  auto file = std::move(vfs.open("f", OpenMode::kCreate)).value();
  vfs.fail_at_operation(vfs.operations() + 2, ENOSPC);
  EXPECT_TRUE(file->pwrite("a", 1, 0).ok());
  EXPECT_EQ(file->pwrite("b", 1, 0).code(), StatusCode::kNoSpace);
  EXPECT_TRUE(file->pwrite("c", 1, 0).ok());
  EXPECT_EQ(text(*file), "c");
  vfs.fail_at_operation(vfs.operations() + 1, EIO);
  EXPECT_EQ(file->sync().code(), StatusCode::kIoError);
  vfs.crash_at_write(vfs.writes() + 2);
  EXPECT_TRUE(file->pwrite("d", 1, 0).ok());
  EXPECT_FALSE(file->pwrite("e", 1, 0).ok());
  EXPECT_TRUE(vfs.crashed());
  EXPECT_FALSE(vfs.exists("f").ok());
}

}  // namespace
}  // namespace varve::port
