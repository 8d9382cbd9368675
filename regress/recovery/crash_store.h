// One table with one index in a storage engine over a simulated disk, and the check that it is whole.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>

#include "access/btree.h"
#include "access/heap.h"
#include "access/overflow.h"
#include "port/vfs.h"
#include "recovery/engine.h"

namespace varve::regress {

// A row is the key and the value, which may lie out of line. Index key: crash_key(key).
using Table = std::map<uint64_t, std::string>;

const access::RowLayout& crash_layout();
std::array<types::Value, 2> row_values(uint64_t key, std::string_view value);
uint64_t key_of(const access::RowVersion& row);

// Long, so that a few hundred entries split pages.
std::string crash_key(uint64_t key);
inline wal::Bytes bytes_of(const std::string& s) {
  return {reinterpret_cast<const uint8_t*>(s.data()), s.size()};
}

class CrashStore {
 public:
  // `background`: with the engine's threads; else checkpoints and purge come only when they are called.
  // `columnar`: the table's rows can settle.
  CrashStore(port::Vfs& vfs, uint64_t frames, unsigned recovery_threads, bool background = false,
             bool columnar = false);

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
  bool columnar() const { return columnar_; }
  // A transaction that settles what can, or writes segments anew.
  Status settle(bool rewrite);
  // After vacuum(), while nobody writes: the chunks of values out of line are exactly those that rows refer
  // to.
  Status verify_chunks();

  std::unique_ptr<recovery::StorageEngine> engine;
  std::unique_ptr<access::Heap> heap;
  std::unique_ptr<access::Btree> index;

 private:
  void attach();
  Result<std::map<Tid, std::pair<uint64_t, std::string>>> rows(const txn::Snapshot& snapshot);

  port::Vfs& vfs_;
  const bool columnar_;
  recovery::EngineOptions options_;
  PageId heap_segment_, index_segment_;
};

}  // namespace varve::regress
