// A row that goes into a hypertable: its chunk must be there.
#include <fmt/format.h>

#include "bindings.h"
#include "common/sql_error.h"
#include "executor/execution_context.h"
#include "executor/modify_hooks.h"
#include "executor/row_guard.h"
#include "invalidation.h"
#include "known_chunks.h"
#include "partition_place.h"

namespace varve::hypertable {

using types::Value;

namespace {

class ChunkGuard final : public executor::RowGuard {
 public:
  ChunkGuard(const catalog::Relation& table, const Mark& mark, executor::ExecutionContext& context)
      : context_(context),
        id_(mark.id),
        relation_(table.oid),
        interval_(mark.interval),
        continuous_(mark.continuous) {
    uint32_t place = 0;
    std::vector<uint32_t> places(table.columns.size());
    for (size_t i = 0; i < table.columns.size(); ++i) places[i] = table.columns[i].dropped ? 0 : place++;
    for (size_t i = 0; i < mark.columns.size(); ++i) {
      const std::string& name = mark.columns[i];
      catalog::ColumnNumber number = table.find_column(name);
      if (number <= 0) {
        throw SqlError(sqlstate::kInternalError,
                       fmt::format("hypertable \"{}\" has no column \"{}\"", table.name, name));
      }
      const Oid type = table.column(number).type;
      columns_.push_back({places[static_cast<size_t>(number - 1)], type, name});
      if (i > 0) dimensions_.emplace_back(mark.kinds[i], type, mark.id, i);
    }
    places_.resize(columns_.size() - 1);
  }

  void check(std::span<const Value> row) override {
    begin();
    const int64_t time = time_of(row[columns_[0].place]);
    if (touched_ != nullptr) touched_->add(time);
    for (size_t i = 1; i < columns_.size(); ++i) places_[i - 1] = place_of(i, row[columns_[i].place]);
    require(time);
  }

  void check_rows(const vector::Chunk& rows) override {
    begin();
    for (uint32_t at = 0; at < rows.count(); ++at) {
      const uint32_t row = rows.selection()[at];
      const int64_t time = time_of(rows.column(columns_[0].place).value(row));
      if (touched_ != nullptr) touched_->add(time);
      for (size_t i = 1; i < columns_.size(); ++i)
        places_[i - 1] = place_of(i, rows.column(columns_[i].place).value(row));
      require(time);
    }
  }

  void removed(std::span<const Value> row) override {
    if (!continuous_) return;
    begin();
    if (touched_ != nullptr) touched_->add(time_of(row[columns_[0].place]));
  }

 private:
  struct DimensionColumn {
    uint32_t place;  // among the columns that are not dropped
    Oid type;
    std::string name;
  };

  void begin() {
    if (run_ == context_.run && finder_.has_value()) return;
    run_ = context_.run;
    finder_.emplace(id_, *context_.session);
    finder_->renew();
    last_ = nullptr;
    touched_ = continuous_ && context_.hooks != nullptr
                   ? touched_times(context_.hooks->commit_actions(), relation_, interval_)
                   : nullptr;
  }

  int64_t time_of(const Value& value) {
    if (value.null) {
      throw SqlError(
          sqlstate::kNotNullViolation,
          fmt::format("NULL value in column \"{}\" violates not-null constraint", columns_[0].name))
          .hint("Columns used for time partitioning cannot be NULL.");
    }
    return to_internal_time(value, columns_[0].type);
  }

  int64_t place_of(size_t i, const Value& value) {
    functions::EvalContext eval = context_.eval_context(memory_);
    const int64_t place = dimensions_[i - 1].of(value, eval);
    memory_.reset();
    return place;
  }

  void require(int64_t time) {
    if (last_ != nullptr && last_->contains(time, places_)) return;
    last_ = &finder_->require(time, places_);
  }

  executor::ExecutionContext& context_;
  const int32_t id_;
  const Oid relation_;
  const int64_t interval_;
  const bool continuous_;
  TouchedTimes* touched_ = nullptr;  // of the transaction; null: nobody needs it
  std::vector<DimensionColumn> columns_;
  std::vector<PartitionPlace> dimensions_;  // behind the first
  std::vector<int64_t> places_;             // in each of them
  std::optional<ChunkFinder> finder_;
  uint64_t run_ = 0;
  const Chunk* last_ = nullptr;
  Arena memory_;
};

}  // namespace

std::unique_ptr<executor::RowGuard> make_chunk_guard(const catalog::Relation& table,
                                                     executor::ExecutionContext& context) {
  std::optional<Mark> mark = find_mark(table);
  if (!mark.has_value()) return nullptr;
  return std::make_unique<ChunkGuard>(table, *mark, context);
}

}  // namespace varve::hypertable
