#include "crash_store.h"

#include <cstring>
#include <fmt/format.h>

#include "access/column_store.h"
#include "access/segment.h"
#include "access/table_method.h"
#include "columnar_table/columnar_table.h"
#include "common/bytes.h"
#include "common/log.h"
#include "common/sql_error.h"
#include "memory/arena.h"

namespace varve::regress {

namespace {
// Crash tests kill the log on purpose; the workload notices by flush() failing.
void ignore_failure(const Status&) {}
}  // namespace

const access::RowLayout& crash_layout() {
  static const access::ColumnSpec specs[] = {
      {types::PhysicalType::kInt64, types::Value::null_of(types::PhysicalType::kInt64)},
      {types::PhysicalType::kString, types::Value::null_of(types::PhysicalType::kString)}};
  static const access::RowLayout layout(specs);
  return layout;
}

std::array<types::Value, 2> row_values(uint64_t key, std::string_view value) {
  return {types::Value::of_int64(static_cast<int64_t>(key)),
          types::Value::of_string(types::StringRef(value))};
}

uint64_t key_of(const access::RowVersion& row) {
  Arena arena;
  return static_cast<uint64_t>(crash_layout().get(row, 0, arena).int64);
}

std::string crash_key(uint64_t key) {
  std::string bytes(160, 'k');
  store_be(bytes.data(), key);
  return bytes;
}

CrashStore::CrashStore(port::Vfs& vfs, uint64_t frames, unsigned recovery_threads, bool background,
                       bool columnar)
    : vfs_(vfs), columnar_(columnar) {
  static const bool registered = [] {
    set_log_level(LogLevel::kFatal);
    access::register_segment_operations();
    access::register_btree_operations();
    access::register_heap_operations();
    columnar_table::register_columnar_tables();
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
  options_.background = background;
}

void CrashStore::attach() {
  heap = access::open_table(columnar_ ? access::kColumnarMethod : access::kHeapMethod, engine->txns(),
                            heap_segment_, 1);
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
        Arena arena;
        types::Value text;
        try {
          text = crash_layout().get(row, 1, arena);
        } catch (const SqlError& e) {
          return Status::corruption(fmt::format("the value of key {}: {}", key_of(row), e.what()));
        }
        std::string value(text.string.view());
        if (!result.emplace(batch.tids[k], std::pair(key_of(row), std::move(value))).second)
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
    Arena arena;
    if (!visible || key_of(version) != row.first ||
        crash_layout().get(version, 1, arena).string != types::StringRef(row.second))
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
        std::string key = crash_key(key_of(dead[i]));
        VARVE_RETURN_IF_ERROR(index.remove_dead(bytes_of(key), tids[i]));
      }
      return {};
    }
    access::Btree& index;
  };
  VARVE_RETURN_IF_ERROR(index->sweep(engine->txns().horizon()).status());
  Sink sink(*index);
  VARVE_RETURN_IF_ERROR(heap->vacuum(sink).status());
  return columnar_ ? heap->columns()->vacuum_segments() : Status();
}

Status CrashStore::settle(bool rewrite) {
  struct Sink final : access::SettledRowSink {
    explicit Sink(access::Btree& i) : index(i) {}
    Status rows_settled(txn::Transaction& txn, std::span<const Tid> from,
                        std::span<const access::RowVersion> rows, std::span<const Tid> to) override {
      for (size_t i = 0; i < rows.size(); ++i) {
        std::string key = crash_key(key_of(rows[i]));
        VARVE_RETURN_IF_ERROR(index.note_gone(txn, bytes_of(key), from[i]));
        VARVE_RETURN_IF_ERROR(index.insert(txn, bytes_of(key), to[i], nullptr).status());
      }
      return {};
    }
    Status rows_gone(txn::Transaction& txn, std::span<const Tid> tids,
                     std::span<const access::RowVersion> rows) override {
      for (size_t i = 0; i < rows.size(); ++i) {
        std::string key = crash_key(key_of(rows[i]));
        VARVE_RETURN_IF_ERROR(index.note_gone(txn, bytes_of(key), tids[i]));
      }
      return {};
    }
    access::Btree& index;
  };
  // Only what is durable settles.
  VARVE_RETURN_IF_ERROR(engine->log().flush(engine->log().reserved_lsn()));
  VARVE_RETURN_IF_ERROR(engine->txns().purge_once());
  Sink sink(*index);
  auto txn = begin();
  const std::vector<bool> dropped(2);
  // When the disk has stopped, nothing is rolled back here: recovery does that.
  try {
    Result<uint64_t> done = rewrite ? heap->columns()->rewrite(*txn, crash_layout(), {}, dropped, sink)
                                    : heap->columns()->settle(*txn, crash_layout(), {}, dropped, 1, sink);
    if (!done.ok()) {
      (void)txn.release();
      return done.status();
    }
  } catch (const SqlError&) {  // the encoder's
    (void)txn.release();
    throw;
  }
  (void)engine->txns().commit(*txn);
  return {};
}

Status CrashStore::verify_chunks() {
  VARVE_ASSIGN_OR_RETURN(
      PageId segment, access::companion_segment(engine->pool(), heap_segment_, access::Companion::kOverflow));
  uint64_t expected = 0, found = 0;
  auto txn = begin();
  txn::Snapshot snapshot = txn->statement_snapshot();
  access::Heap::PageBatch batch;
  auto for_each = [&](access::Heap& rows_of, auto&& f) -> Status {
    VARVE_ASSIGN_OR_RETURN(auto runs, rows_of.runs());
    for (const auto& run : runs) {
      for (uint32_t i = 0; i < run.count; ++i) {
        VARVE_RETURN_IF_ERROR(rows_of.read_page(snapshot, PageId{run.first.value() + i}, &batch));
        for (const auto& row : batch.rows) f(row);
      }
    }
    return {};
  };
  VARVE_RETURN_IF_ERROR(for_each(*heap, [&](const access::RowVersion& row) {
    crash_layout().for_each_large(row, [&](size_t, const access::StoredValue& v) {
      if (v.form != access::StoredForm::kOverflow) return;
      auto pointer = load_raw<access::OverflowPointer>(v.bytes.data());
      if (access::is_settled(Tid::unpack(pointer.tid))) return;
      for (size_t n = (pointer.stored_bytes + access::kChunkBytes - 1) / access::kChunkBytes;;
           n = (n + access::kChunkTids - 1) / access::kChunkTids) {
        expected += n;
        if (n <= 1) break;
      }
    });
  }));
  if (segment != kInvalidPageId) {
    auto chunks = access::open_heap(engine->txns(), segment, 1);
    VARVE_RETURN_IF_ERROR(for_each(*chunks, [&](const access::RowVersion&) { ++found; }));
    struct Nothing final : access::Heap::DeadRowSink {
      Status remove_index_entries(std::span<const Tid>, std::span<const access::RowVersion>) override {
        return {};
      }
    } nothing;
    VARVE_ASSIGN_OR_RETURN(auto left, chunks->vacuum(nothing));
    if (left.dead_rows_kept != 0 || left.dead_rows_removed != 0)
      return Status::corruption("vacuum has left deleted chunks");
  }
  txn->release_snapshot();
  (void)engine->txns().commit(*txn);
  if (expected == found) return {};
  return Status::corruption(fmt::format("rows refer to {} chunks and there are {}", expected, found));
}

}  // namespace varve::regress
