// Window functions: a partition at a time. Its rows may go to a file; arguments and results stay in memory.
#include "executor/chunk_collection.h"
#include "row_compare.h"
#include "window_call.h"

namespace varve::executor {

namespace {

class WindowOperator : public Operator {
 public:
  WindowOperator(const planner::WindowPlan& plan, ExecutionContext& context)
      : Operator(plan, context),
        partition_(plan, context),
        rows_(context.settings, physical_types(plan.children[0]->output), context.sort_memory_bytes()),
        reader_(rows_),
        chunk_(make_chunk(physical_types(plan.output), context)),
        part_(context.build_memory->make_array<uint16_t>(context.chunk_rows())) {
    children_.push_back(build_operator(*plan.children[0], context));
    for (size_t i = 0; i < plan.calls.size(); ++i) {
      calls_.push_back(std::make_unique<WindowCall>(plan.calls[i], i, context));
      results_.push_back(std::make_unique<LongColumn>(calls_.back()->result_type()));
    }
    for (const analyzer::SortKey& k : plan.partition) {
      key_exprs_.emplace_back(*k.expr, context, memory_);
      keys_.push_back(make_key_type(k.expr->type, k.collation, KeyUse::kSort));
    }
    current_.init(keys_);
    key_values_.resize(keys_.size());
    view_ = Chunk(static_cast<uint32_t>(plan.children[0]->output.size()), *context.build_memory);
  }

  void open() override {
    in_ = nullptr;
    at_ = 0;
    ended_ = emitting_ = false;
    current_.clear();
    rows_.clear();
    partition_.clear();
    child().open();
  }
  void close() override {
    rows_.clear();
    partition_.clear();
    Operator::close();
  }

 protected:
  bool produce(Chunk*& out) override {
    for (;;) {
      if (emitting_ && emit(out)) return true;
      emitting_ = false;
      if (ended_ || !collect()) return false;
      partition_.seal();
      for (size_t i = 0; i < calls_.size(); ++i) calls_[i]->compute(partition_, *results_[i]);
      emitting_ = true;
      next_chunk_ = 0;
      next_row_ = 0;
    }
  }

 private:
  // Reads one partition; false when there is none left.
  bool collect() {
    rows_.clear();
    partition_.clear();
    current_.clear();
    for (;;) {
      if (in_ == nullptr) {
        context_.check_cancel();
        if (!child().next(in_)) {
          in_ = nullptr;
          ended_ = true;
          return partition_.size() > 0;
        }
        at_ = 0;
        memory_.reset();
        for (size_t k = 0; k < key_exprs_.size(); ++k) {
          Vector* v = nullptr;
          key_exprs_[k].evaluate(*in_, in_->selection(), v);
          key_values_[k] = v;
        }
      }
      const Selection& s = in_->selection();
      uint32_t n = 0;
      for (; at_ < s.count; ++at_) {
        if (current_.has_row() && !current_.equals(key_values_, s[at_])) break;
        if (!current_.has_row()) current_.remember(key_values_, s[at_]);
        part_[n++] = static_cast<uint16_t>(s[at_]);
      }
      if (n > 0) {
        for (uint32_t c = 0; c < view_.column_count(); ++c) view_.column(c).reference(in_->column(c));
        view_.set_selection({part_, n});
        rows_.append(view_);
        partition_.append(*in_, {part_, n});
      }
      if (at_ < s.count) return true;
      in_ = nullptr;
    }
  }

  bool emit(Chunk*& out) {
    if (next_chunk_ == rows_.chunk_count()) return false;
    Chunk* rows = reader_.read(next_chunk_++);
    auto columns = rows->column_count();
    for (uint32_t c = 0; c < columns; ++c) chunk_.column(c).reference(rows->column(c));
    for (uint32_t i = 0; i < results_.size(); ++i) {
      Vector& v = chunk_.column(columns + i);
      v.reset();
      for (uint32_t row = 0; row < rows->count(); ++row)
        v.set_value(row, results_[i]->value(next_row_ + row));
    }
    next_row_ += rows->count();
    chunk_.set_dense(rows->count());
    out = &chunk_;
    return true;
  }

  WindowPartition partition_;
  std::vector<std::unique_ptr<WindowCall>> calls_;
  std::vector<std::unique_ptr<LongColumn>> results_;
  std::vector<ExpressionEvaluator> key_exprs_;
  std::vector<KeyType> keys_;
  std::vector<const Vector*> key_values_;
  RememberedRow current_;
  ChunkCollection rows_;
  ChunkCollection::Reader reader_;
  Chunk view_, chunk_;
  uint16_t* part_;
  Chunk* in_ = nullptr;
  uint32_t at_ = 0;
  size_t next_chunk_ = 0;
  uint64_t next_row_ = 0;
  bool ended_ = true, emitting_ = false;
};

}  // namespace

OperatorPtr make_window(const planner::WindowPlan& p, ExecutionContext& c) {
  return std::make_unique<WindowOperator>(p, c);
}

}  // namespace varve::executor
