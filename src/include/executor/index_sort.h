// Sorting the entries of an index that is being built, within a memory limit: what does not fit goes to a
// temporary file in sorted runs, which are merged as they are read. One sorter a thread; a merge reads
// several as one.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "common/strong_id.h"
#include "executor/execution_context.h"
#include "memory/arena.h"

namespace varve::executor {

class TempFile;

struct IndexSortEntry {
  std::string_view key;  // bytes in memcmp order
  Tid tid;
  bool exempt = false;  // has a NULL: an equal key is no conflict
};

// Not thread-safe. Throws 53100 and 58030 where the temporary file does.
class IndexSorter {
 public:
  IndexSorter(const ExecutionSettings& settings, size_t memory_limit_bytes);
  ~IndexSorter();
  IndexSorter(const IndexSorter&) = delete;
  IndexSorter& operator=(const IndexSorter&) = delete;

  void add(std::string_view key, Tid tid, bool exempt);
  // No more will be added: an IndexMerge may read.
  void finish();
  uint64_t count() const { return count_; }
  uint64_t spilled_bytes() const;

 private:
  friend class IndexMerge;
  struct Item {
    uint64_t prefix;  // the key's first eight bytes, big-endian, filled up with zeros
    const char* key;
    uint32_t length;
    bool exempt;
    uint64_t tid;
    std::string_view view() const { return {key, length}; }
    bool operator<(const Item& other) const;
  };
  struct StoredRun {
    uint64_t offset, items;
  };
  void write_run();

  const ExecutionSettings& settings_;
  size_t memory_limit_bytes_;
  uint64_t count_ = 0;
  Arena keys_;
  size_t key_bytes_ = 0;
  std::vector<Item> items_;
  std::unique_ptr<TempFile> file_;
  std::vector<StoredRun> stored_;
};

// All entries of the sorters in order of key, then Tid. The sorters must outlive it.
class IndexMerge {
 public:
  explicit IndexMerge(std::vector<IndexSorter*> sorters);
  ~IndexMerge();
  // The key's bytes are valid until the next call. False: the end.
  bool next(IndexSortEntry* entry);

 private:
  struct Run;
  std::vector<std::unique_ptr<Run>> runs_;
  std::vector<Run*> heap_;
  Run* current_ = nullptr;  // that the last entry came from
};

}  // namespace varve::executor
