// Rows of a statement that inserts many, into a table that keeps them in columns: they go into segments, and
// their index entries follow in the order of their keys when a segment is there.
#include <algorithm>
#include <cstring>
#include <numeric>

#include "common/bytes.h"
#include "common/check.h"
#include "common/sql_error.h"
#include "executor/execution.h"
#include "executor/settle_order.h"
#include "table_writer.h"

namespace varve::executor {

namespace {

class SchedulerRunner final : public access::TaskRunner {
 public:
  explicit SchedulerRunner(TaskScheduler& scheduler) : scheduler_(scheduler) {}
  void run(uint32_t n, void (*task)(void*, uint32_t), void* user) override { scheduler_.run(n, task, user); }

 private:
  TaskScheduler& scheduler_;
};

// The keys of one index for rows that have no Tid yet.
struct WaitingKeys {
  struct Key {
    const char* bytes;  // null: the index leaves the row out
    uint32_t size;
    bool exempt;  // has a NULL: equal keys are no conflict

    int compare(const Key& other) const {
      const int c = std::memcmp(bytes, other.bytes, std::min(size, other.size));
      return c != 0 ? c : size < other.size ? -1 : static_cast<int>(size > other.size);
    }
  };
  std::vector<Key> keys;  // one a row
  Arena memory;

  // Rows with a key, in its order; of equal ones the first that came first.
  std::vector<uint32_t> in_order() const {
    std::vector<uint32_t> order;
    bool sorted = true;
    for (uint32_t i = 0; i < keys.size(); ++i) {
      if (keys[i].bytes == nullptr) continue;
      sorted = sorted && (order.empty() || keys[order.back()].compare(keys[i]) <= 0);
      order.push_back(i);
    }
    if (sorted) return order;
    // Most comparisons end in the first sixteen bytes that differ between the keys at all.
    size_t shared = keys[order[0]].size;
    for (uint32_t i : order) {
      const size_t n = std::min<size_t>(shared, keys[i].size);
      shared = 0;
      while (shared < n && keys[i].bytes[shared] == keys[order[0]].bytes[shared]) ++shared;
    }
    struct Item {
      uint64_t first, second;
      uint32_t row;
    };
    std::vector<Item> items;
    items.reserve(order.size());
    for (uint32_t i : order) {
      uint8_t head[16] = {};
      std::memcpy(head, keys[i].bytes + shared, std::min<size_t>(sizeof(head), keys[i].size - shared));
      items.push_back({load_be<uint64_t>(head), load_be<uint64_t>(head + 8), i});
    }
    std::sort(items.begin(), items.end(), [&](const Item& a, const Item& b) {
      if (a.first != b.first) return a.first < b.first;
      if (a.second != b.second) return a.second < b.second;
      const int c = keys[a.row].compare(keys[b.row]);
      return c != 0 ? c < 0 : a.row < b.row;
    });
    for (size_t i = 0; i < items.size(); ++i) order[i] = items[i].row;
    return order;
  }
  void clear() {
    keys.clear();
    memory.reset();
  }
};

}  // namespace

class TableWriter::Bulk final : public access::AppendedRowSink {
 public:
  explicit Bulk(TableWriter& writer)
      : writer_(writer), context_(writer.context_), waiting_(writer.indexes_.size()) {
    context_.transaction->assign_xid();
    check_ok(writer.heap_.begin_write(*context_.transaction));
    if (context_.scheduler != nullptr && context_.settings.parallel_workers > 1)
      runner_.emplace(*context_.scheduler);
    tells_hooks_ = context_.hooks != nullptr && context_.hooks->wants_inserted(writer.relation_);
    appender_ = writer.heap_.columns()->append(
        *context_.transaction, *writer.relation_.layout, settle_order(writer.relation_),
        waiting_.empty() && !tells_hooks_ ? nullptr : this, runner_ ? &*runner_ : nullptr);
    for (uint32_t c = 0; c < writer.live_.size(); ++c) {
      bool read = false;
      for (const IndexWriter& index : writer.indexes_) read = read || index.keys.reads(c);
      if (read) key_columns_.push_back(c);
    }
    row_.resize(writer.live_.size());
    for (uint32_t c = 0; c < row_.size(); ++c)
      row_[c] = types::Value::null_of(column_physical_type(writer.relation_, writer.live_[c]));
  }

  // Nothing is to be computed or refused of these rows.
  void append(const Chunk& rows) {
    const Selection& selection = rows.selection();
    columns_.assign(writer_.relation_.columns.size(), nullptr);
    for (uint32_t c = 0; c < writer_.live_.size(); ++c)
      columns_[static_cast<size_t>(writer_.live_[c] - 1)] = &rows.column(c);
    // The store may first take what came before, so the keys of these come after.
    check_ok(appender_->append(columns_, selection));
    if (waiting_.empty()) return;
    for (uint32_t i = 0; i < selection.count; ++i) {
      const uint32_t row = selection[i];
      for (uint32_t c : key_columns_) row_[c] = rows.column(c).value(row);
      add_keys(row_, writer_.next_row_ + row);
    }
  }
  void append(const RowValues& row, uint64_t number) {
    writer_.spread(row, writer_.stored_);
    check_ok(appender_->append(writer_.stored_));
    if (!waiting_.empty()) add_keys(row, number);
  }
  void finish() { check_ok(appender_->finish()); }

  Status rows_appended(std::span<const Tid> tids) override {
    for (size_t i = 0; i < waiting_.size(); ++i) insert_entries(i, tids);
    if (conflict_) report_conflict(tids);
    for (WaitingKeys& w : waiting_) w.clear();
    numbers_.clear();
    if (tells_hooks_) context_.hooks->after_insert(context_, writer_.relation_, tids);
    return {};
  }

 private:
  struct Conflict {
    uint32_t row;
    size_t index;
  };

  void add_keys(const RowValues& row, uint64_t number) {
    for (size_t i = 0; i < waiting_.size(); ++i) {
      IndexKeyBuilder& builder = writer_.indexes_[i].keys;
      WaitingKeys::Key key{nullptr, 0, false};
      if (builder.build(row, &writer_.key_)) {
        key = {waiting_[i].memory.copy(writer_.key_).data(), static_cast<uint32_t>(writer_.key_.size()),
               builder.exempt_from_unique()};
      }
      waiting_[i].keys.push_back(key);
    }
    numbers_.push_back(number);
  }

  void insert_entries(size_t number, std::span<const Tid> tids) {
    WaitingKeys& waiting = waiting_[number];
    VARVE_CHECK(waiting.keys.size() == tids.size());
    uint32_t done = 0;
    for (uint32_t row : waiting.in_order()) {
      if (++done % 4096 == 0) context_.check_cancel();
      insert_entry(number, row, waiting.keys[row], tids[row]);
    }
  }

  // A conflict ends the statement, but it is the first row in conflict that is reported: so the rest is
  // tried, too.
  void insert_entry(size_t number, uint32_t row, const WaitingKeys::Key& key, Tid tid) {
    IndexWriter& index = writer_.indexes_[number];
    const catalog::Index& definition = index.keys.index();
    const wal::Bytes bytes = access::key_bytes({key.bytes, key.size});
    const bool unique = definition.unique && !key.exempt;
    access::HeapUniqueChecker checker(writer_.heap_, *context_.transaction, tid);
    const bool later = unique && !definition.immediate && context_.hooks != nullptr;
    for (;;) {
      LaterChecker later_checker(checker);
      access::UniqueChecker* check = !unique ? nullptr
                                     : later ? &later_checker
                                             : static_cast<access::UniqueChecker*>(&checker);
      auto r = index.tree.insert(*context_.transaction, bytes, tid, check);
      if (!r.ok() && r.status().code() == StatusCode::kWriteConflict)
        throw SqlError(sqlstate::kTRSerializationFailure, std::string(r.status().message()));
      check_ok(r.status());
      check_ok(checker.status());
      if (later && later_checker.found())
        context_.hooks->unique_pending(context_, writer_.relation_, definition, tid);
      if (r->kind == access::InsertOutcome::Kind::kInserted) return;
      if (r->kind == access::InsertOutcome::Kind::kMustWait) {
        if (conflict_) return;
        check_ok(context_.manager->wait_for(*context_.transaction, r->wait_for));
        continue;
      }
      if (!conflict_ || row < conflict_->row) conflict_ = Conflict{row, number};
      return;
    }
  }

  [[noreturn]] void report_conflict(std::span<const Tid> tids) {
    writer_.failed_row_ = numbers_[conflict_->row];
    IndexWriter& index = writer_.indexes_[conflict_->index];
    Arena memory;
    RowValues row;
    if (writer_.fetch_newest(tids[conflict_->row], &row, memory)) index.keys.build(row, &writer_.key_);
    writer_.throw_duplicate(index);
  }

  TableWriter& writer_;
  ExecutionContext& context_;
  std::optional<SchedulerRunner> runner_;
  bool tells_hooks_ = false;
  std::vector<const Vector*> columns_;
  std::vector<uint32_t> key_columns_;  // places among the columns not dropped that some index reads
  RowValues row_;
  std::vector<WaitingKeys> waiting_;
  std::vector<uint64_t> numbers_;  // of the rows that wait
  std::optional<Conflict> conflict_;
  std::unique_ptr<access::ColumnAppender> appender_;
};

void TableWriter::BulkDeleter::operator()(Bulk* bulk) const { delete bulk; }

// A small statement's rows stay in the delta, where they can be changed in place.
bool TableWriter::loads_in_bulk(uint64_t rows) {
  constexpr uint64_t kRowsBefore = 32 << 10;
  if (bulk_run_ != context_.run) {
    bulk_run_ = context_.run;
    bulk_rows_ = 0;
    bulk_.reset();  // of a run that has failed
    failed_row_.reset();
    may_load_in_bulk_ = heap_.columns() != nullptr && !live_.empty();
  }
  if (!may_load_in_bulk_) return false;
  bulk_rows_ += rows;
  if (bulk_rows_ <= kRowsBefore) return false;
  if (bulk_ == nullptr) bulk_.reset(new Bulk(*this));
  return true;
}

void TableWriter::append_batch(const Chunk& rows, Arena& memory, uint32_t* at) {
  bool plain = generated_.empty() && checks_.empty() && view_checks_.empty();
  for (uint32_t c = 0; c < live_.size() && plain; ++c)
    plain = !rows.column(c).has_nulls() || !relation_.column(live_[c]).not_null;
  if (plain) {
    if (guard_ != nullptr) guard_->check_rows(rows);
    return bulk_->append(rows);
  }
  RowValues row(live_.size());
  for (uint32_t i = 0; i < rows.count(); ++i) {
    *at = rows.selection()[i];
    for (uint32_t c = 0; c < live_.size(); ++c) row[c] = rows.column(c).value(*at);
    try {
      complete(row, memory, RowCheck::kInsert);
    } catch (SqlError&) {
      flush();
      throw;
    }
    bulk_->append(row, next_row_ + *at);
  }
}

bool TableWriter::append(const RowValues& row) {
  if (!loads_in_bulk(1)) return false;
  bulk_->append(row, next_row_++);
  count_rows(catalog::Activity::kInserted, 1);
  return true;
}

void TableWriter::flush() {
  if (bulk_ != nullptr && bulk_run_ == context_.run) bulk_->finish();
}

void TableWriter::finish() {
  flush();
  if (bulk_run_ == context_.run) bulk_.reset();
}

}  // namespace varve::executor
