#include "index_build.h"

#include <algorithm>
#include <atomic>
#include <fmt/format.h>
#include <map>

#include "access/btree.h"
#include "access/unique_check.h"
#include "analyzer/expression_walk.h"
#include "common/sql_error.h"
#include "executor/execution.h"
#include "executor/index_sort.h"
#include "executor/row_disclosure.h"
#include "functions/registry.h"
#include "index.h"
#include "sync/blocking_scope.h"
#include "sync/parking_spot.h"

namespace varve::commands {

void require_immutable(const analyzer::Expr* expr, std::string_view message) {
  if (!analyzer::is_immutable(expr)) throw SqlError(sqlstate::kInvalidObjectDefinition, std::string(message));
}

Oid index_table(CommandContext& context, Oid index) {
  Oid table;
  const KeyMatch match[] = {{"indexrelid", Value::of_oid(index.value())}};
  context.catalog.for_each(system_table("pg_index"), match,
                           [&](const Row& row) { table = row.oid("indrelid"); });
  return table;
}

IndexKeys::IndexKeys(CommandContext& context, const RelationPtr& table, const catalog::Index& index)
    : evaluation_(context) {
  bool plain = index.predicate_sql.empty();
  std::vector<analyzer::Expr*> keys;
  for (const catalog::IndexColumn& key : index.keys) {
    plain &= key.column != 0;
    keys.push_back(key.column != 0 ? nullptr
                                   : bind_stored(context, key.expression_sql, table, "index expressions"));
    if (key.column != 0) columns_.push_back(key.column);
  }
  if (!plain) {
    columns_.clear();
    bound_.index = &index;
    bound_.keys = context.arena.copy(keys);
    if (!index.predicate_sql.empty()) {
      bound_.predicate = bind_stored(context, index.predicate_sql, table, "index predicates");
    }
  }
  builder_ = std::make_unique<executor::IndexKeyBuilder>(*table, index, plain ? nullptr : &bound_,
                                                         evaluation_.execution());
}

namespace {

constexpr sync::WaitEvent kWritersEnd{sync::WaitClass::kLock, "IndexBuildWriters"};

}  // namespace

void lock_out_writers(CommandContext& context, Oid table) {
  constexpr int64_t kPollUs = 5'000;
  constexpr int kPolls = 1000;
  sync::ParkingSpot spot;
  for (int i = 0; i < kPolls; ++i) {
    if (context.services.try_lock_relation(table, txn::LockMode::kShare)) return;
    sync::CancelToken* cancel = context.txn.cancel_token();
    (void)spot.wait(kWritersEnd, cancel, kPollUs).ok();
    if (cancel != nullptr) cancel->throw_if_pending();
  }
  context.services.lock_relation(table, txn::LockMode::kShare);
}

namespace {

// Hands the tree what the sorters have; stops at the first of a unique index's equal keys.
class BuildSource final : public access::Btree::BulkSource {
 public:
  BuildSource(std::vector<executor::IndexSorter*> sorters, bool unique)
      : merge_(std::move(sorters)), unique_(unique) {}
  bool next(access::Entry* entry) override {
    executor::IndexSortEntry e;
    if (duplicate_ != Tid{} || !merge_.next(&e)) return false;
    if (unique_ && !first_ && !e.exempt && e.key == previous_) {
      duplicate_ = e.tid;
      return false;
    }
    first_ = false;
    if (unique_) previous_ = e.key;
    *entry = {access::key_bytes(e.key), e.tid, false};
    return true;
  }
  Tid duplicate() const { return duplicate_; }

 private:
  executor::IndexMerge merge_;
  std::string previous_;
  bool unique_, first_ = true;
  Tid duplicate_;
};

// The values of a key cannot be read back from it: the row is fetched again.
[[noreturn]] void report_duplicate(CommandContext& context, const RelationPtr& table,
                                   const catalog::Index& index, Tid tid) {
  SqlError error(sqlstate::kUniqueViolation, fmt::format("could not create unique index \"{}\"", index.name));
  error.schema(table->schema_name).table(table->name).constraint(index.name);
  access::RowBuffer buffer;
  access::RowVersion version;
  auto found = table->heap->fetch(latest_snapshot(context.txn), tid, buffer, &version);
  check_ok(found.status());
  if (*found) {
    Arena memory;
    std::vector<Value> row;
    for (ColumnNumber c : live_columns(*table)) {
      row.push_back(table->layout->get(version, static_cast<size_t>(c - 1), memory));
    }
    IndexKeys keys(context, table, index);
    keys.builder().build(row);
    std::string key = executor::describe_index_key(*table, index, keys.builder().values(), context.eval);
    error.detail(key.empty() ? "Duplicate keys exist." : fmt::format("Key {} is duplicated.", key));
  }
  throw error;
}

// Threads take morsels of pages until none is left; each sorts what it has read.
class ParallelBuild {
 public:
  static constexpr uint64_t kMorselPages = 64;
  // Fewer pages than this are not worth a thread.
  static constexpr uint64_t kPagesForThread = 4 * kMorselPages;

  ParallelBuild(CommandContext& context, const RelationPtr& table, const catalog::Index& index,
                const txn::Snapshot& snapshot)
      : context_(context),
        table_(*table),
        keys_(context, table, index),
        index_(index),
        settings_(context.services.maintenance_settings()),
        snapshot_(snapshot) {
    auto runs = table->heap->runs();
    check_ok(runs.status());
    runs_ = std::move(*runs);
    for (const access::PageRun& run : runs_) pages_ += run.count;
    uint32_t threads = 1;
    // Expressions may call functions that belong to the session's thread.
    executor::TaskScheduler* scheduler = context.services.scheduler();
    if (scheduler != nullptr && !keys_.columns().empty()) {
      uint64_t worth = std::max<uint64_t>(1, pages_ / kPagesForThread);
      threads = static_cast<uint32_t>(
          std::min<uint64_t>({settings_.parallel_workers, scheduler->thread_count() + 1, worth}));
    }
    for (uint32_t i = 0; i < threads; ++i)
      sorters_.push_back(
          std::make_unique<executor::IndexSorter>(settings_, settings_.work_mem_bytes / threads));
  }

  void read() {
    if (sorters_.size() == 1) return read_morsels(*sorters_[0], keys_.builder());
    context_.services.scheduler()->run(
        static_cast<uint32_t>(sorters_.size()),
        [](void* self, uint32_t thread) { static_cast<ParallelBuild*>(self)->read_on_thread(thread); }, this);
  }

  std::vector<executor::IndexSorter*> sorters() const {
    std::vector<executor::IndexSorter*> all;
    for (const auto& s : sorters_) all.push_back(s.get());
    return all;
  }
  bool any() const {
    return std::any_of(sorters_.begin(), sorters_.end(), [](const auto& s) { return s->count() > 0; });
  }

 private:
  void read_on_thread(uint32_t thread) {
    executor::ExecutionContext unused;  // plain columns need nothing of it
    executor::IndexKeyBuilder builder(table_, index_, nullptr, unused);
    read_morsels(*sorters_[thread], builder);
  }

  void read_morsels(executor::IndexSorter& sorter, executor::IndexKeyBuilder& builder) {
    PageRows rows(table_, keys_.columns());
    for (uint64_t begin; (begin = next_page_.fetch_add(kMorselPages, std::memory_order_relaxed)) < pages_;) {
      if (sync::CancelToken* cancel = context_.txn.cancel_token()) cancel->throw_if_pending();
      sync::share_run_slot();
      for (uint64_t page = begin; page < std::min(begin + kMorselPages, pages_); ++page) {
        rows.read(snapshot_, page_at(page), [&](Tid tid, std::span<const Value> row) {
          for (const std::string& key : builder.build(row))
            sorter.add(key, tid, builder.exempt_from_unique());
        });
      }
    }
    sorter.finish();
  }

  PageId page_at(uint64_t ordinal) const {
    for (const access::PageRun& run : runs_) {
      if (ordinal < run.count) return PageId{run.first.value() + ordinal};
      ordinal -= run.count;
    }
    return kInvalidPageId;
  }

  CommandContext& context_;
  const Relation& table_;
  IndexKeys keys_;
  const catalog::Index& index_;
  const executor::ExecutionSettings settings_;
  const txn::Snapshot snapshot_;
  std::vector<access::PageRun> runs_;
  uint64_t pages_ = 0;
  std::atomic<uint64_t> next_page_{0};
  std::vector<std::unique_ptr<executor::IndexSorter>> sorters_;
};

// Builds an index beside writers. They do not know it yet: it gets the rows of a snapshot, and then, with
// writers kept out, what has changed since.
class ConcurrentBuild {
 public:
  ConcurrentBuild(CommandContext& context, const RelationPtr& table, const catalog::Index& index)
      : context_(context), table_(table), index_(index) {
    // Before the snapshot: whoever is below has ended, and the snapshot sees it.
    since_ = context.txn.manager().horizon();
    snapshot_ = context.txn.statement_snapshot();
    snapshot_.serializable = nullptr;
    pin_ = context.txn.pin_snapshot(snapshot_);
  }
  ~ConcurrentBuild() { context_.txn.unpin_snapshot(pin_); }
  ConcurrentBuild(const ConcurrentBuild&) = delete;
  ConcurrentBuild& operator=(const ConcurrentBuild&) = delete;

  const txn::Snapshot& snapshot() const { return snapshot_; }

  void catch_up() {
    lock_out_writers(context_, table_->oid);
    txn::Snapshot now = latest_snapshot(context_.txn);
    IndexKeys keys(context_, table_, index_);
    PageRows rows(*table_, keys.columns());
    auto runs = table_->heap->runs();
    check_ok(runs.status());
    for (const access::PageRun& run : *runs) {
      for (uint32_t i = 0; i < run.count; ++i) {
        PageId page{run.first.value() + i};
        auto changed = table_->heap->may_have_changed(page, since_);
        check_ok(changed.status());
        if (!*changed) continue;
        if (sync::CancelToken* cancel = context_.txn.cancel_token()) cancel->throw_if_pending();
        catch_up(keys_of(rows, keys, page, snapshot_), keys_of(rows, keys, page, now));
      }
    }
  }

 private:
  struct RowKeys {
    std::vector<std::string> keys;
    bool exempt;
  };
  using PageKeys = std::map<Tid, RowKeys>;

  static PageKeys keys_of(PageRows& rows, IndexKeys& keys, PageId page, const txn::Snapshot& snapshot) {
    PageKeys found;
    rows.read(snapshot, page, [&](Tid tid, std::span<const Value> row) {
      const std::span<const std::string> of_row = keys.builder().build(row);
      if (!of_row.empty()) found[tid] = {{of_row.begin(), of_row.end()}, keys.builder().exempt_from_unique()};
    });
    return found;
  }

  void catch_up(const PageKeys& then, const PageKeys& now) {
    static const RowKeys kNothing{};
    auto keys_at = [](const PageKeys& page, Tid tid) -> const RowKeys& {
      auto it = page.find(tid);
      return it == page.end() ? kNothing : it->second;
    };
    std::vector<std::string_view> changed;
    for (const auto& [tid, row] : then) {
      executor::keys_without(row.keys, keys_at(now, tid).keys, &changed);
      for (std::string_view key : changed) check_ok(index_.tree->remove_dead(access::key_bytes(key), tid));
    }
    for (const auto& [tid, row] : now) {
      executor::keys_without(row.keys, keys_at(then, tid).keys, &changed);
      for (std::string_view key : changed) insert(key, tid, row.exempt);
    }
  }

  void insert(std::string_view key, Tid tid, bool exempt) {
    access::HeapUniqueChecker checker(*table_->heap, context_.txn, tid);
    auto outcome = index_.tree->insert(context_.txn, access::key_bytes(key), tid,
                                       index_.unique && !exempt ? &checker : nullptr);
    check_ok(outcome.status());
    check_ok(checker.status());
    if (outcome->kind != access::InsertOutcome::Kind::kInserted)
      report_duplicate(context_, table_, index_, tid);
  }

  CommandContext& context_;
  const RelationPtr& table_;
  const catalog::Index& index_;
  Xid since_;
  txn::Snapshot snapshot_;
  uint64_t pin_ = 0;
};

void bulk_load(CommandContext& context, const RelationPtr& table, const catalog::Index& index,
               const txn::Snapshot& snapshot) {
  ParallelBuild build(context, table, index, snapshot);
  build.read();
  if (!build.any()) return;
  BuildSource source(build.sorters(), index.unique);
  check_ok(index.tree->bulk_load(context.txn, source));
  if (source.duplicate() != Tid{}) report_duplicate(context, table, index, source.duplicate());
}

}  // namespace

void build_index(CommandContext& context, const RelationPtr& table, const catalog::Index& index,
                 bool concurrently) {
  if (table->heap == nullptr) return;
  if (!concurrently) return bulk_load(context, table, index, latest_snapshot(context.txn));
  ConcurrentBuild build(context, table, index);
  bulk_load(context, table, index, build.snapshot());
  build.catch_up();
}

}  // namespace varve::commands
