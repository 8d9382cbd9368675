// Files, as the storage layers see them. Two implementations: the operating system's (make_posix_vfs) and one
// in memory that loses, tears and reorders what was not synced (port/sim_vfs.h). All paths are relative to
// the Vfs's root and use '/'. Everything is thread-safe; a File may be read and written by many threads at
// once.
//
// Durability is POSIX's, read strictly: written bytes and sizes are durable after File::sync(); a name
// (created, renamed, removed) only after sync_directory() of the directory that holds it.
//
// What does not go through here: undo beyond its memory limit (txn), which is memory mapped to a file, so as
// to be read without asking anybody; and the files that COPY names, which are the user's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/status.h"

namespace varve::port {

class File {
 public:
  virtual ~File() = default;  // closes

  // Reads up to `size` bytes; fewer only at the end of the file.
  virtual Result<size_t> pread(void* data, size_t size, uint64_t offset) = 0;
  // Writes all of it, extending the file if needed.
  virtual Status pwrite(const void* data, size_t size, uint64_t offset) = 0;
  // fdatasync: the bytes and what is needed to read them again. After a failure nothing is known about any
  // write since the last success; trying again proves nothing.
  virtual Status sync() = 0;
  virtual Status truncate(uint64_t size) = 0;
  // Reserves space; the range reads as zeros where nothing was written, and the file is at least that long.
  virtual Status allocate(uint64_t offset, uint64_t size) = 0;
  virtual Result<uint64_t> size() = 0;
};

// Holds an advisory lock until destroyed.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

enum class OpenMode : uint8_t {
  kExisting,   // kNotFound when there is none
  kCreate,     // opens it or makes an empty one, mode 0600
  kCreateNew,  // kExists when there is one
  kTemporary,  // `path` is a directory: an empty file in it that has no name and is gone when closed
};

class Vfs {
 public:
  virtual ~Vfs() = default;

  virtual Result<std::unique_ptr<File>> open(std::string_view path, OpenMode mode) = 0;
  // Replaces `to` if it exists, atomically.
  virtual Status rename(std::string_view from, std::string_view to) = 0;
  virtual Status remove(std::string_view path) = 0;
  virtual Result<bool> exists(std::string_view path) = 0;
  // Names (without the directory) of files and directories inside, sorted.
  virtual Result<std::vector<std::string>> list(std::string_view directory) = 0;
  // Mode 0700; the parent must exist. OK when the directory is there already.
  virtual Status make_directory(std::string_view path) = 0;
  virtual Status sync_directory(std::string_view path) = 0;
  // Takes the lock file (creating it) or fails with kBusy when another process, or this one, holds it.
  virtual Result<std::unique_ptr<FileLock>> lock(std::string_view path) = 0;
};

// The operating system's files below `root` (an existing directory; empty: the working directory).
std::unique_ptr<Vfs> make_posix_vfs(std::string_view root);

// Whole small files: reads everything; writes a temporary file, syncs it, renames it and syncs the directory.
Result<std::string> read_whole_file(Vfs& vfs, std::string_view path);
Status replace_file(Vfs& vfs, std::string_view path, std::string_view content);
// "a/b/c" -> "a/b"; "c" -> "".
std::string_view parent_directory(std::string_view path);

}  // namespace varve::port
