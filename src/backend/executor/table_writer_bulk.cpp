// Rows of a statement that inserts many, into a table that keeps them in columns: they go into segments, and
// their index entries follow in the order of their keys when a segment is there.
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
    for (size_t i = 0; i < waiting_.size(); ++i) writer_.enter_keys(i, waiting_[i], tids, &conflict_);
    if (conflict_) report_conflict(tids);
    for (WaitingKeys& w : waiting_) w.clear();
    numbers_.clear();
    if (tells_hooks_) context_.hooks->after_insert(context_, writer_.relation_, tids);
    return {};
  }

 private:
  void add_keys(const RowValues& row, uint64_t number) {
    for (size_t i = 0; i < waiting_.size(); ++i) writer_.add_key(i, row, &waiting_[i]);
    numbers_.push_back(number);
  }

  [[noreturn]] void report_conflict(std::span<const Tid> tids) {
    writer_.failed_row_ = numbers_[conflict_->row];
    IndexWriter& index = writer_.indexes_[conflict_->index];
    Arena memory;
    RowValues row;
    if (writer_.fetch_newest(tids[conflict_->row], &row, memory)) index.keys.build(row);
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
  std::optional<FirstConflict> conflict_;
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
