#include "catalog/catalog.h"

#include <algorithm>
#include <fmt/format.h>

#include "access/btree.h"
#include "access/heap.h"
#include "access/key_codec.h"
#include "access/overflow.h"
#include "access/table_method.h"
#include "access/unique_check.h"
#include "common/check.h"
#include "common/sql_error.h"
#include "database_cache.h"
#include "segment_map.h"
#include "txn/txn_manager.h"
#include "wal/log_manager.h"

namespace varve::catalog {
namespace {

std::atomic<uint32_t> g_next_oid{kFirstNormalOid};

std::string index_key(const SystemIndex& index, std::span<const types::Value> row) {
  std::string key;
  for (size_t i = 0; i < index.columns.size(); ++i) {
    access::append_key_column(key, index.keys[i], row[index.columns[i]]);
  }
  return key;
}

}  // namespace

Oid Database::new_oid() { return Oid{g_next_oid.fetch_add(1, std::memory_order_relaxed)}; }
void Database::start_oids_at(uint32_t first) {
  uint32_t now = g_next_oid.load();
  while (now < first && !g_next_oid.compare_exchange_weak(now, first)) {
  }
}

Database::Database(txn::TxnManager& txns, Oid oid, txn::Transaction* creator)
    : txns_(txns), oid_(oid), cache_(std::make_unique<Cache>()) {
  cache_->system_segments = read_segment_map(txns, oid, creator);
}
Database::~Database() = default;

PageId Database::system_segment(Oid relation) const {
  auto it = cache_->system_segments.find(relation);
  return it == cache_->system_segments.end() ? kInvalidPageId : it->second;
}

std::shared_ptr<access::Heap> Database::heap(PageId segment, Oid method) {
  std::unique_lock lock(cache_->mutex);
  std::weak_ptr<access::Heap>& slot = cache_->heaps[segment.value()];
  std::shared_ptr<access::Heap> heap = slot.lock();
  if (heap == nullptr) {
    heap = access::open_table(method, txns_, segment, oid_.value());
    if (heap == nullptr) {
      throw SqlError(sqlstate::kUndefinedObject,
                     fmt::format("access method with OID {} is not part of this program", method.value()));
    }
    slot = heap;
    if (heap->moves_rows()) cache_->kept_heaps[segment.value()] = heap;
  }
  return heap;
}

std::shared_ptr<access::Btree> Database::btree(PageId segment) {
  std::unique_lock lock(cache_->mutex);
  std::weak_ptr<access::Btree>& slot = cache_->btrees[segment.value()];
  std::shared_ptr<access::Btree> tree = slot.lock();
  if (tree == nullptr) {
    tree = access::open_btree(txns_, segment);
    slot = tree;
  }
  return tree;
}

Result<PageId> Database::create_heap(txn::Transaction& txn) {
  Result<PageId> segment = access::create_heap(txns_, txn);
  if (segment.ok()) {
    std::shared_ptr<access::Heap> gone;
    std::unique_lock lock(cache_->mutex);
    cache_->heaps.erase(segment->value());
    if (auto kept = cache_->kept_heaps.extract(segment->value())) gone = std::move(kept.mapped());
    lock.unlock();
  }
  return segment;
}

Result<PageId> Database::create_btree(txn::Transaction& txn) {
  Result<PageId> segment = access::create_btree(txns_, txn);
  if (segment.ok()) {
    std::unique_lock lock(cache_->mutex);
    cache_->btrees.erase(segment->value());
  }
  return segment;
}

txn::Snapshot Catalog::snapshot() {
  // What is registered is older than the snapshot made here, so what this one needs stays.
  txn_.ensure_snapshot();
  Csn now{txn_.manager().pool().log().reserved_lsn().value()};
  return {now, txn_.xid(), txn::UndoPtr{UINT64_MAX}};
}

// --- scanning

struct Catalog::Scan::State {
  State(Catalog& c, const SystemTable& t) : catalog(c), table(t) {}

  Catalog& catalog;
  const SystemTable& table;
  std::vector<std::pair<uint16_t, types::Value>> match;
  txn::Snapshot snapshot;
  std::shared_ptr<access::Heap> heap;
  std::shared_ptr<access::Btree> tree;

  // Index scan.
  std::vector<Tid> tids;
  size_t next_tid = 0;
  access::RowBuffer buffer;
  // Heap scan.
  std::vector<access::PageRun> runs;
  size_t run = 0;
  uint32_t page = 0;
  access::Heap::PageBatch batch;
  size_t next_row = 0;

  Arena arena;
  std::vector<types::Value> values;
  Row row;

  bool matches() const {
    for (const auto& [column, value] : match) {
      if (!types::values_identical(values[column], value)) return false;
    }
    return true;
  }
  void decode(const access::RowVersion& version) {
    arena.reset();
    for (size_t i = 0; i < values.size(); ++i) values[i] = table.layout->get(version, i, arena);
  }
  bool next_version(access::RowVersion* version, Tid* tid);
};

namespace {

// The index with the most leading columns among the matched ones.
const SystemIndex* choose_index(const SystemTable& table, std::span<const KeyMatch> match, size_t* prefix) {
  const SystemIndex* best = nullptr;
  *prefix = 0;
  for (const SystemIndex& index : table.indexes) {
    size_t n = 0;
    while (n < index.columns.size() && std::any_of(match.begin(), match.end(), [&](const KeyMatch& m) {
             return m.column == table.columns[index.columns[n]].name;
           })) {
      ++n;
    }
    if (n > *prefix) {
      best = &index;
      *prefix = n;
    }
  }
  return best;
}

}  // namespace

Catalog::Scan::Scan(Catalog& catalog, const SystemTable& table, std::span<const KeyMatch> match)
    : state_(new State{catalog, table}) {
  State& s = *state_;
  s.snapshot = catalog.snapshot();
  s.values.resize(table.columns.size());
  for (const KeyMatch& m : match) s.match.emplace_back(table.column(m.column), m.value);
  PageId segment = catalog.database_.system_segment(table.oid);
  if (segment == kInvalidPageId) return;  // never had a row
  s.heap = catalog.database_.heap(segment);

  size_t prefix = 0;
  if (const SystemIndex* index = choose_index(table, match, &prefix)) {
    s.tree = catalog.database_.btree(catalog.database_.system_segment(index->oid));
    std::string key;
    for (size_t i = 0; i < prefix; ++i) {
      for (const auto& [column, value] : s.match) {
        if (column == index->columns[i]) {
          access::append_key_column(key, index->keys[i], value);
          break;
        }
      }
    }
    check_ok(s.tree->lookup(access::key_bytes(key), &s.tids));
    // An update that changed a key leaves two entries for one row.
    std::sort(s.tids.begin(), s.tids.end());
    s.tids.erase(std::unique(s.tids.begin(), s.tids.end()), s.tids.end());
  } else {
    auto runs = s.heap->runs();
    check_ok(runs.status());
    s.runs = std::move(*runs);
  }
}

Catalog::Scan::~Scan() = default;

bool Catalog::Scan::State::next_version(access::RowVersion* version, Tid* tid) {
  if (tree != nullptr) {
    while (next_tid < tids.size()) {
      *tid = tids[next_tid++];
      Result<bool> found = heap->fetch(snapshot, *tid, buffer, version);
      check_ok(found.status());
      if (*found) return true;
    }
    return false;
  }
  while (next_row >= batch.rows.size()) {
    if (run >= runs.size()) return false;
    check_ok(heap->read_page(snapshot, PageId{runs[run].first.value() + page}, &batch));
    next_row = 0;
    if (++page >= runs[run].count) {
      page = 0;
      ++run;
    }
  }
  *tid = batch.tids[next_row];
  *version = batch.rows[next_row++];
  return true;
}

const Row* Catalog::Scan::next() {
  State& s = *state_;
  if (s.heap == nullptr) return nullptr;
  access::RowVersion version;
  Tid tid;
  while (s.next_version(&version, &tid)) {
    s.decode(version);
    if (!s.matches()) continue;
    s.row = Row(s.table, s.values, tid, version.xid);
    return &s.row;
  }
  return nullptr;
}

// --- writing

namespace {

void insert_index_entries(Database& database, txn::Transaction& txn, const SystemTable& table,
                          std::span<const types::Value> values, access::Heap& heap, Tid tid,
                          std::span<const types::Value> old_values) {
  for (const SystemIndex& index : table.indexes) {
    std::string key = index_key(index, values);
    auto tree = database.btree(database.system_segment(index.oid));
    if (!old_values.empty()) {
      std::string old_key = index_key(index, old_values);
      if (old_key == key) continue;
      check_ok(tree->mark(txn, access::key_bytes(old_key), tid));
    }
    for (;;) {
      access::HeapUniqueChecker checker(heap, txn, tid);
      auto outcome = tree->insert(txn, access::key_bytes(key), tid, index.unique ? &checker : nullptr);
      check_ok(outcome.status());
      check_ok(checker.status());
      if (outcome->kind == access::InsertOutcome::Kind::kInserted) break;
      if (outcome->kind == access::InsertOutcome::Kind::kConflict) {
        throw SqlError(sqlstate::kUniqueViolation,
                       fmt::format("duplicate key value violates unique constraint \"{}\"", index.name))
            .constraint(index.name);
      }
      check_ok(txn.manager().wait_for(txn, outcome->wait_for));
    }
  }
}

void require_locked(const Result<access::LockOutcome>& outcome) {
  check_ok(outcome.status());
  if (*outcome != access::LockOutcome::kLocked)
    throw SqlError(sqlstate::kInternalError, "tuple concurrently updated");
}

}  // namespace

void Catalog::insert(const RowDraft& draft) {
  note_change();
  const SystemTable& table = draft.table();
  txn_.assign_xid();
  auto heap = database_.heap(database_.system_segment(table.oid));
  access::RowEncoder row(*heap, *table.layout);
  row.encode(txn_, draft.values());
  auto tid = heap->insert(txn_, row.bytes(), static_cast<uint16_t>(table.columns.size()), row.flags());
  check_ok(tid.status());
  insert_index_entries(database_, txn_, table, draft.values(), *heap, *tid, {});
}

void Catalog::update(const Row& old, const RowDraft& draft) {
  note_change();
  const SystemTable& table = draft.table();
  txn_.assign_xid();
  auto heap = database_.heap(database_.system_segment(table.oid));
  access::RowEncoder row(*heap, *table.layout);
  const bool old_is_long = row.load_old(snapshot(), old.tid(), false);
  row.encode(txn_, draft.values(), old_is_long ? std::span(old.values()) : std::span<const types::Value>());
  bool keys_changed = std::any_of(table.indexes.begin(), table.indexes.end(), [&](const SystemIndex& index) {
    return index_key(index, old.values()) != index_key(index, draft.values());
  });
  access::RowBuffer buffer;
  access::RowVersion newest;
  require_locked(heap->update(txn_, snapshot(), old.tid(), row.bytes(),
                              static_cast<uint16_t>(table.columns.size()), keys_changed, false, buffer,
                              &newest, row.flags()));
  row.replaced(txn_);
  if (keys_changed) {
    insert_index_entries(database_, txn_, table, draft.values(), *heap, old.tid(), old.values());
  }
}

void Catalog::remove(const SystemTable& table, const Row& row) {
  note_change();
  txn_.assign_xid();
  auto heap = database_.heap(database_.system_segment(table.oid));
  access::RowBuffer buffer;
  access::RowVersion newest;
  access::RowEncoder old(*heap, *table.layout);
  old.load_old(snapshot(), row.tid(), false);
  require_locked(heap->remove(txn_, snapshot(), row.tid(), false, buffer, &newest));
  old.replaced(txn_);
  for (const SystemIndex& index : table.indexes) {
    std::string key = index_key(index, row.values());
    check_ok(database_.btree(database_.system_segment(index.oid))
                 ->note_gone(txn_, access::key_bytes(key), row.tid()));
  }
}

uint64_t Catalog::remove_where(const SystemTable& table, std::span<const KeyMatch> match) {
  uint64_t n = 0;
  for_each(table, match, [&](const Row& row) {
    remove(table, row);
    ++n;
  });
  return n;
}

// The transaction's own cache, while it has changed the catalog.
struct Catalog::Own {
  std::unordered_map<Oid, RelationPtr> relations;
};

Catalog::Catalog(Database& database, txn::Transaction& txn) : database_(database), txn_(txn) {}
Catalog::~Catalog() = default;

void Catalog::note_change() {
  changed_ = true;
  txn_.epoch_to_advance = &database_.epoch_;
  own_ = std::make_unique<Own>();
}

void Catalog::committed() {
  if (changed_) database_.advance_epoch();
  changed_ = false;
  own_.reset();
}

// --- relations through the cache

RelationPtr Catalog::relation(Oid oid) {
  if (changed_) {
    auto it = own_->relations.find(oid);
    if (it != own_->relations.end()) return it->second;
    RelationPtr loaded = load(oid);
    own_->relations[oid] = loaded;
    return loaded;
  }
  uint64_t epoch = database_.epoch();
  {
    std::shared_lock lock(database_.cache_->mutex);
    auto it = database_.cache_->by_oid.find(oid);
    if (it != database_.cache_->by_oid.end() && it->second.epoch == epoch) return it->second.relation;
  }
  // Loaded with a snapshot taken after `epoch` was read: a change that commits meanwhile advances the epoch
  // afterwards, so the entry can only be newer than its label.
  RelationPtr loaded = load(oid);
  std::unique_lock lock(database_.cache_->mutex);
  database_.cache_->by_oid[oid] = {epoch, loaded};
  return loaded;
}

Oid Catalog::find_relation_oid(Oid schema, std::string_view name) {
  std::string key = fmt::format("{}.{}", schema.value(), name);
  uint64_t epoch = database_.epoch();
  if (!changed_) {
    std::shared_lock lock(database_.cache_->mutex);
    auto it = database_.cache_->by_name.find(key);
    if (it != database_.cache_->by_name.end() && it->second.first == epoch) return it->second.second;
  }
  Oid found;
  const KeyMatch match[] = {{"relname", types::Value::of_string(name)},
                            {"relnamespace", types::Value::of_oid(schema.value())}};
  for_each(system_table("pg_class"), match, [&](const Row& row) { found = row.oid("oid"); });
  if (!changed_) {
    std::unique_lock lock(database_.cache_->mutex);
    database_.cache_->by_name[key] = {epoch, found};
  }
  return found;
}

RelationPtr Catalog::find_relation(Oid schema, std::string_view name) {
  Oid oid = find_relation_oid(schema, name);
  return oid == kInvalidOid ? nullptr : relation(oid);
}

}  // namespace varve::catalog
