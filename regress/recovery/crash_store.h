// One table with one index in a storage engine over a simulated disk, and the check that it is whole.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "access/btree.h"
#include "access/heap.h"
#include "port/vfs.h"
#include "recovery/engine.h"

namespace varve::regress {

// Row bytes: key (8), then the value. Index key: crash_key(key).
using Table = std::map<uint64_t, std::string>;

// Long, so that a few hundred entries split pages.
std::string crash_key(uint64_t key);
inline wal::Bytes bytes_of(const std::string& s) {
  return {reinterpret_cast<const uint8_t*>(s.data()), s.size()};
}

class CrashStore {
 public:
  CrashStore(port::Vfs& vfs, uint64_t frames, unsigned recovery_threads);

  // A new database with the empty table, durable.
  Status create();
  Status open();
  // As after kill -9: nothing is written any more.
  void abandon();

  std::unique_ptr<txn::Transaction> begin();
  // Every row once, each found through the index; no index entry that leads to a living row by a wrong key;
  // the tree's structure. kCorruption says what is wrong.
  Result<Table> read_and_verify();
  Status vacuum();

  std::unique_ptr<recovery::StorageEngine> engine;
  std::unique_ptr<access::Heap> heap;
  std::unique_ptr<access::Btree> index;

 private:
  void attach();
  Result<std::map<Tid, std::pair<uint64_t, std::string>>> rows(const txn::Snapshot& snapshot);

  port::Vfs& vfs_;
  recovery::EngineOptions options_;
  PageId heap_segment_, index_segment_;
};

}  // namespace varve::regress
