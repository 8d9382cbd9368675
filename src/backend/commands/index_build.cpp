#include "index_build.h"

#include <algorithm>
#include <atomic>
#include <fmt/format.h>

#include "access/btree.h"
#include "analyzer/expression_walk.h"
#include "common/sql_error.h"
#include "executor/execution.h"
#include "executor/index_sort.h"
#include "functions/registry.h"
#include "index.h"
#include "sync/blocking_scope.h"

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

std::string key_text(CommandContext& context, const Relation& table, const catalog::Index& index,
                     std::span<const Value> values) {
  std::string columns, texts;
  for (size_t i = 0; i < values.size(); ++i) {
    const catalog::IndexColumn& key = index.keys[i];
    if (i != 0) {
      columns += ", ";
      texts += ", ";
    }
    columns += key.column != 0 ? table.column(key.column).name : key.expression_sql;
    if (values[i].null)
      texts += "null";
    else
      functions::append_value(key.type, values[i], texts, context.eval);
  }
  return fmt::format("({})=({})", columns, texts);
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
    std::string key;
    keys.builder().build(row, &key);
    error.detail(
        fmt::format("Key {} is duplicated.", key_text(context, *table, index, keys.builder().values())));
  }
  throw error;
}

// Threads take morsels of pages until none is left; each sorts what it has read.
class ParallelBuild {
 public:
  static constexpr uint64_t kMorselPages = 64;
  // Fewer pages than this are not worth a thread.
  static constexpr uint64_t kPagesForThread = 4 * kMorselPages;

  ParallelBuild(CommandContext& context, const RelationPtr& table, const catalog::Index& index)
      : context_(context),
        table_(*table),
        keys_(context, table, index),
        index_(index),
        settings_(context.services.maintenance_settings()),
        snapshot_(latest_snapshot(context.txn)) {
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
    std::vector<ColumnNumber> live = live_columns(table_);
    std::vector<Value> values(live.size());
    for (size_t i = 0; i < live.size(); ++i) {
      values[i] = Value::null_of(table_.layout->column(static_cast<size_t>(live[i] - 1)).type);
      bool wanted = keys_.columns().empty() || std::find(keys_.columns().begin(), keys_.columns().end(),
                                                         live[i]) != keys_.columns().end();
      if (!wanted) live[i] = 0;
    }
    access::Heap::PageBatch batch;
    Arena memory;
    std::string key;
    for (uint64_t begin; (begin = next_page_.fetch_add(kMorselPages, std::memory_order_relaxed)) < pages_;) {
      if (sync::CancelToken* cancel = context_.txn.cancel_token()) cancel->throw_if_pending();
      sync::share_run_slot();
      for (uint64_t page = begin; page < std::min(begin + kMorselPages, pages_); ++page) {
        check_ok(table_.heap->read_page(snapshot_, page_at(page), &batch));
        for (size_t r = 0; r < batch.rows.size(); ++r) {
          memory.reset();
          for (size_t i = 0; i < live.size(); ++i) {
            if (live[i] != 0)
              values[i] = table_.layout->get(batch.rows[r], static_cast<size_t>(live[i] - 1), memory);
          }
          if (builder.build(values, &key)) sorter.add(key, batch.tids[r], builder.exempt_from_unique());
        }
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

}  // namespace

void build_index(CommandContext& context, const RelationPtr& table, const catalog::Index& index) {
  if (table->heap == nullptr) return;
  ParallelBuild build(context, table, index);
  build.read();
  if (!build.any()) return;
  BuildSource source(build.sorters(), index.unique);
  check_ok(index.tree->bulk_load(context.txn, source));
  if (source.duplicate() != Tid{}) report_duplicate(context, table, index, source.duplicate());
}

}  // namespace varve::commands
