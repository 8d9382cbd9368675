#include "crash_store.h"

#include <cstring>
#include <fmt/format.h>

#include "access/segment.h"
#include "common/bytes.h"
#include "common/log.h"

namespace varve::regress {

namespace {
// Crash tests kill the log on purpose; the workload notices by flush() failing.
void ignore_failure(const Status&) {}
}  // namespace

std::string crash_key(uint64_t key) {
  std::string bytes(160, 'k');
  store_be(bytes.data(), key);
  return bytes;
}

CrashStore::CrashStore(port::Vfs& vfs, uint64_t frames, unsigned recovery_threads) : vfs_(vfs) {
  static const bool registered = [] {
    set_log_level(LogLevel::kFatal);
    access::register_segment_operations();
    access::register_btree_operations();
    access::register_heap_operations();
    return true;
  }();
  (void)registered;
  options_.log.segment_bytes = 128 << 10;
  options_.log.ring_bytes = 512 << 10;
  options_.log.on_failure = ignore_failure;
  options_.pool.frame_bytes = frames * buffer::kPageBytes;
  options_.pool.max_pages = 1 << 20;
  options_.pool.huge_pages = false;
  options_.recovery.threads = recovery_threads;
  options_.background = false;
}

void CrashStore::attach() {
  heap = access::open_heap(engine->txns(), heap_segment_, 1);
  index = access::open_btree(engine->txns(), index_segment_);
}

Status CrashStore::create() {
  VARVE_RETURN_IF_ERROR(recovery::StorageEngine::create_new(vfs_, options_));
  VARVE_ASSIGN_OR_RETURN(engine, recovery::StorageEngine::open(vfs_, options_));
  auto txn = begin();
  VARVE_ASSIGN_OR_RETURN(heap_segment_, access::create_heap(engine->txns(), *txn));
  VARVE_ASSIGN_OR_RETURN(index_segment_, access::create_btree(engine->txns(), *txn));
  VARVE_RETURN_IF_ERROR(engine->log().flush(engine->txns().commit(*txn)));
  attach();
  return {};
}

Status CrashStore::open() {
  abandon();
  VARVE_ASSIGN_OR_RETURN(engine, recovery::StorageEngine::open(vfs_, options_));
  attach();
  return {};
}

void CrashStore::abandon() {
  heap.reset();
  index.reset();
  engine.reset();
}

std::unique_ptr<txn::Transaction> CrashStore::begin() {
  return engine->txns().begin(txn::Isolation::kReadCommitted, nullptr);
}

Result<std::map<Tid, std::pair<uint64_t, std::string>>> CrashStore::rows(const txn::Snapshot& snapshot) {
  std::map<Tid, std::pair<uint64_t, std::string>> result;
  VARVE_ASSIGN_OR_RETURN(auto runs, heap->runs());
  access::Heap::PageBatch batch;
  for (const auto& run : runs) {
    for (uint32_t i = 0; i < run.count; ++i) {
      batch.tids.clear();
      batch.rows.clear();
      VARVE_RETURN_IF_ERROR(heap->read_page(snapshot, PageId{run.first.value() + i}, &batch));
      for (size_t k = 0; k < batch.rows.size(); ++k) {
        const auto& row = batch.rows[k];
        if (row.length < 8) return Status::corruption("a row is too short");
        std::string value(reinterpret_cast<const char*>(row.bytes) + 8, row.length - 8);
        if (!result.emplace(batch.tids[k], std::pair(load_raw<uint64_t>(row.bytes), std::move(value))).second)
          return Status::corruption("a row was returned twice");
      }
    }
  }
  return result;
}

Result<Table> CrashStore::read_and_verify() {
  VARVE_RETURN_IF_ERROR(index->verify());
  auto txn = begin();
  txn::Snapshot snapshot = txn->statement_snapshot();
  VARVE_ASSIGN_OR_RETURN(auto found, rows(snapshot));
  Table table;
  access::RowBuffer buffer;
  for (const auto& [tid, row] : found) {
    if (!table.emplace(row.first, row.second).second)
      return Status::corruption(fmt::format("key {} is in two rows", row.first));
    access::RowVersion version;
    VARVE_ASSIGN_OR_RETURN(bool visible, heap->fetch(snapshot, tid, buffer, &version));
    if (!visible || version.length != row.second.size() + 8 ||
        std::memcmp(version.bytes + 8, row.second.data(), row.second.size()) != 0)
      return Status::corruption(fmt::format("scan and fetch of key {} differ", row.first));
  }
  // The index: each row has exactly one unmarked entry, with its key; no unmarked entry has a living row's
  // Tid with another key unless the row says that its key changed.
  std::map<Tid, int> entries;
  auto cursor =
      index->scan({}, access::Btree::Bound::kUnbounded, {}, access::Btree::Bound::kUnbounded, false);
  std::vector<access::Entry> some;
  for (;;) {
    VARVE_RETURN_IF_ERROR(cursor->next(&some, 64));
    if (some.empty()) break;
    for (const auto& entry : some) {
      auto it = found.find(entry.tid);
      if (it == found.end() || entry.marked) continue;
      uint64_t key = load_be<uint64_t>(entry.key.data());
      if (key == it->second.first)
        ++entries[entry.tid];
      else
        return Status::corruption(fmt::format("entry {} leads to the row of key {}", key, it->second.first));
    }
  }
  for (const auto& [tid, row] : found) {
    if (entries[tid] != 1)
      return Status::corruption(
          fmt::format("the row of key {} has {} index entries", row.first, entries[tid]));
    std::vector<Tid> tids;
    std::string key = crash_key(row.first);
    VARVE_RETURN_IF_ERROR(index->lookup(bytes_of(key), &tids));
    if (std::find(tids.begin(), tids.end(), tid) == tids.end())
      return Status::corruption(fmt::format("lookup does not find key {}", row.first));
  }
  txn->release_snapshot();
  (void)engine->txns().commit(*txn);
  return table;
}

Status CrashStore::vacuum() {
  struct Sink final : access::Heap::DeadRowSink {
    explicit Sink(access::Btree& i) : index(i) {}
    Status remove_index_entries(std::span<const Tid> tids,
                                std::span<const access::RowVersion> dead) override {
      for (size_t i = 0; i < tids.size(); ++i) {
        std::string key = crash_key(load_raw<uint64_t>(dead[i].bytes));
        VARVE_RETURN_IF_ERROR(index.remove_dead(bytes_of(key), tids[i]));
      }
      return {};
    }
    access::Btree& index;
  };
  VARVE_RETURN_IF_ERROR(index->sweep(engine->txns().horizon()).status());
  Sink sink(*index);
  return heap->vacuum(sink).status();
}

}  // namespace varve::regress
