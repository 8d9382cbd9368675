// Files in memory with a disk's bad manners, for tests: what was not synced when crash() comes is lost, torn
// at 512-byte sectors or written in another order, as the seed decides; so are unsynced creations, renames
// and removals (a prefix of them survives, as a journalling file system would have it).
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <random>
#include <set>

#include "port/vfs.h"

namespace varve::port {

class SimVfs final : public Vfs {
 public:
  static constexpr size_t kSectorBytes = 512;
  static constexpr uint64_t kNever = ~0ULL;

  explicit SimVfs(uint64_t seed);
  ~SimVfs() override;

  Result<std::unique_ptr<File>> open(std::string_view path, OpenMode mode) override;
  Status rename(std::string_view from, std::string_view to) override;
  Status remove(std::string_view path) override;
  Result<bool> exists(std::string_view path) override;
  Result<std::vector<std::string>> list(std::string_view directory) override;
  Status make_directory(std::string_view path) override;
  Status sync_directory(std::string_view path) override;
  Result<std::unique_ptr<FileLock>> lock(std::string_view path) override;

  // Operations that change something (writes, syncs, creations …), counted from 1.
  uint64_t writes() const;
  // All operations, reads included.
  uint64_t operations() const;
  // The n-th change from the beginning does not return: the disk stops in the middle of it. kNever: off.
  void crash_at_write(uint64_t n);
  // The n-th operation fails with this errno and does nothing; `count` consecutive ones from there. kNever:
  // off.
  void fail_at_operation(uint64_t n, int error_number, uint64_t count = 1);

  // Power failure now. Every operation fails until restart(); files opened before stay dead for ever.
  void crash();
  bool crashed() const;
  void restart();

  // Damages one durable byte, for checksum tests: XORs it with 0xFF.
  void corrupt(std::string_view path, uint64_t offset);

 private:
  friend class SimFile;
  friend class SimLock;
  struct Inode;
  struct Change;      // of a file's bytes, not yet synced
  struct NameChange;  // of a directory, not yet synced

  // Both with mutex_ held. Says whether the operation may go on; `changes` counts as a write.
  Status enter(bool changes);
  void crash_locked();
  void apply(std::vector<uint8_t>& bytes, const Change& change, bool torn);
  Status parent_exists(const std::string& path) const;
  void name(const std::string& path, std::shared_ptr<Inode> inode);

  mutable std::mutex mutex_;
  std::mt19937_64 random_;
  uint64_t generation_ = 0;
  bool crashed_ = false;
  uint64_t writes_ = 0;
  uint64_t operations_ = 0;
  uint64_t crash_at_ = kNever;
  uint64_t fail_at_ = kNever;
  uint64_t fail_count_ = 0;
  int fail_errno_ = 0;
  std::map<std::string, std::shared_ptr<Inode>> names_;    // as processes see them
  std::map<std::string, std::shared_ptr<Inode>> durable_;  // as the disk has them
  std::vector<NameChange> journal_;                        // from durable_ to names_
  std::set<std::string> locks_;
};

}  // namespace varve::port
