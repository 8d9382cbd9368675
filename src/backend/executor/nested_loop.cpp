// Nested loop: for every left row the right side, re-run with the row's exec params or read again from
// memory.
#include "common/sql_error.h"
#include "executor/chunk_collection.h"
#include "operator.h"

namespace varve::executor {

using planner::JoinType;
using types::PhysicalType;
using types::Value;

namespace {

class NestedLoopOperator : public Operator {
 public:
  NestedLoopOperator(const planner::JoinPlan& plan, ExecutionContext& context)
      : Operator(plan, context),
        join_(plan),
        left_memory_(),
        params_(compile_all(plan.param_values, context, left_memory_)),
        left_types_(physical_types(plan.children[0]->output)),
        right_types_(physical_types(plan.children[1]->output)),
        rows_(context.build_memory->make_array<uint16_t>(context.chunk_rows())),
        matched_(context.chunk_rows()),
        unknown_(context.chunk_rows()) {
    if (!plan.left_keys.empty()) throw SqlError(sqlstate::kInternalError, "nested loop with join keys");
    for (const planner::Plan* c : plan.children) children_.push_back(build_operator(*c, context));
    if (plan.condition != nullptr) condition_.emplace_back(*plan.condition, context, memory_);
    uint32_t columns = static_cast<uint32_t>(left_types_.size() + right_types_.size());
    pairs_ = Chunk(columns, *context.build_memory);
    for (PhysicalType t : left_types_) left_row_.emplace_back(t, *context.build_memory, 1);
    for (PhysicalType t : right_types_) right_nulls_.emplace_back(t, *context.build_memory, 1);
    // A side that is kept whole is read once for all left rows; only outer rows beyond this join can change
    // it.
    dependent_ = !plan.param_slots.empty() || (!keeps_right() && depends_on_exec_params(*plan.children[1]));
    if (plan.join == JoinType::kRight || plan.join == JoinType::kFull) {
      if (!plan.param_slots.empty())
        throw SqlError(sqlstate::kInternalError, "this join cannot have a dependent side");
    }
    kept_ = std::make_unique<ChunkCollection>(context.settings, right_types_, context.sort_memory_bytes());
    reader_ = std::make_unique<ChunkCollection::Reader>(*kept_);
    if (plan.join == JoinType::kMark) {
      mark_ = Chunk(static_cast<uint32_t>(left_types_.size() + 1), *context.build_memory);
      mark_vector_ = Vector(PhysicalType::kBool, *context.build_memory, context.chunk_rows());
    }
  }

  void expect_rows(uint64_t rows) override { child(0).expect_rows(rows); }
  void open() override {
    left_ = nullptr;
    phase_ = Phase::kNextLeft;
    right_loaded_ = false;
    child(0).open();
  }
  void close() override {
    kept_->clear();
    right_loaded_ = false;
    Operator::close();
  }

 protected:
  bool produce(Chunk*& out) override {
    for (;;) {
      switch (phase_) {
        case Phase::kNextLeft:
          if (!child(0).next(left_)) {
            phase_ = keeps_right() ? Phase::kUnmatchedRight : Phase::kDone;
            right_chunk_ = 0;
            if (keeps_right() && !right_loaded_) load_right();
            break;
          }
          context_.check_cancel();
          at_ = 0;
          std::fill_n(matched_.begin(), left_->count(), 0);
          std::fill_n(unknown_.begin(), left_->count(), 0);
          phase_ = Phase::kOpenRight;
          break;
        case Phase::kOpenRight:
          if (at_ == left_->count()) {
            phase_ = Phase::kNextLeft;
            if (finish_left_chunk(out)) return true;
            break;
          }
          begin_row();
          phase_ = Phase::kRight;
          break;
        case Phase::kRight:
          if (next_right()) {
            if (join_pairs(out)) return true;
          } else {
            ++at_;
            phase_ = Phase::kOpenRight;
          }
          break;
        case Phase::kUnmatchedRight:
          if (unmatched_right(out)) return true;
          phase_ = Phase::kDone;
          break;
        case Phase::kDone:
          return false;
      }
    }
  }

 private:
  enum class Phase : uint8_t { kNextLeft, kOpenRight, kRight, kUnmatchedRight, kDone };
  bool keeps_right() const { return join_.join == JoinType::kRight || join_.join == JoinType::kFull; }
  bool keeps_left() const {
    return join_.join == JoinType::kLeft || join_.join == JoinType::kFull || join_.join == JoinType::kSingle;
  }
  bool left_only() const {
    return join_.join == JoinType::kSemi || join_.join == JoinType::kAnti ||
           join_.join == JoinType::kNullAnti || join_.join == JoinType::kMark;
  }

  void begin_row() {
    uint32_t row = left_->selection()[at_];
    for (uint32_t c = 0; c < left_row_.size(); ++c) left_row_[c].fill_constant(left_->column(c).value(row));
    if (dependent_) {
      left_memory_.reset();
      uint16_t one = static_cast<uint16_t>(row);
      for (size_t i = 0; i < params_.size(); ++i) {
        Vector* v = nullptr;
        params_[i].evaluate(*left_, {&one, 1}, v);
        context_.exec_params[join_.param_slots[i]] = types::copy_value(v->value(row), left_memory_);
      }
      child(1).open();
      return;
    }
    if (!right_loaded_) load_right();
    right_chunk_ = 0;
  }

  void load_right() {
    kept_->clear();
    child(1).open();
    Chunk* chunk = nullptr;
    while (child(1).next(chunk)) kept_->append(*chunk);
    child(1).close();
    right_loaded_ = true;
    right_matched_.assign(kept_->chunk_count(), {});
  }

  bool next_right() {
    bool settled = left_only() && matched_[at_] != 0;  // one match is enough
    if (settled) return false;
    if (dependent_) return child(1).next(right_);
    if (right_chunk_ == kept_->chunk_count()) return false;
    right_ = reader_->read(right_chunk_++);
    return true;
  }

  bool join_pairs(Chunk*& out) {
    memory_.reset();
    auto left_columns = static_cast<uint32_t>(left_types_.size());
    for (uint32_t c = 0; c < left_columns; ++c) pairs_.column(c).reference(left_row_[c]);
    for (uint32_t c = 0; c < right_types_.size(); ++c)
      pairs_.column(left_columns + c).reference(right_->column(c));
    Selection rows = right_->selection();
    if (!condition_.empty()) {
      bool three_valued = join_.join == JoinType::kNullAnti || join_.join == JoinType::kMark;
      rows = three_valued ? select_noting_unknown(rows)
                          : Selection{rows_, condition_[0].select(pairs_, rows, rows_)};
    }
    if (rows.count == 0) return false;
    if (join_.join == JoinType::kSingle && matched_[at_] + rows.count > 1) {
      throw SqlError(sqlstate::kCardinalityViolation,
                     "more than one row returned by a subquery used as an expression");
    }
    matched_[at_] = 1;
    if (keeps_right()) {
      auto& bits = right_matched_[right_chunk_ - 1];
      bits.resize(vector::kChunkRows);
      for_each_row(rows, [&](uint32_t row) { bits[row] = true; });
    }
    if (left_only()) return false;
    pairs_.set_selection(rows);
    out = &pairs_;
    return true;
  }

  Selection select_noting_unknown(const Selection& rows) {
    Vector* v = nullptr;
    condition_[0].evaluate(pairs_, rows, v);
    uint32_t n = 0;
    for_each_row(rows, [&](uint32_t row) {
      if (v->is_null(row))
        unknown_[at_] = 1;
      else if (v->at<uint8_t>(row) != 0)
        rows_[n++] = static_cast<uint16_t>(row);
    });
    return {rows_, n};
  }

  bool finish_left_chunk(Chunk*& out) {
    const Selection s = left_->selection();
    if (join_.join == JoinType::kMark) return emit_marks(out);
    if (!left_only() && !keeps_left()) return false;
    bool want = join_.join == JoinType::kSemi;
    uint32_t n = 0;
    for (uint32_t i = 0; i < s.count; ++i) {
      if ((matched_[i] != 0) != want) continue;
      if (join_.join == JoinType::kNullAnti && unknown_[i] != 0) continue;
      rows_[n++] = static_cast<uint16_t>(s[i]);
    }
    if (n == 0) return false;
    if (left_only()) {
      left_->set_selection({rows_, n});
      out = left_;
      return true;
    }
    auto left_columns = static_cast<uint32_t>(left_types_.size());
    for (uint32_t c = 0; c < left_columns; ++c) pairs_.column(c).reference(left_->column(c));
    for (uint32_t c = 0; c < right_types_.size(); ++c) {
      right_nulls_[c].fill_constant(Value::null_of(right_types_[c]));
      pairs_.column(left_columns + c).reference(right_nulls_[c]);
    }
    pairs_.set_selection({rows_, n});
    out = &pairs_;
    return true;
  }

  bool emit_marks(Chunk*& out) {
    const Selection& s = left_->selection();
    mark_vector_.reset();
    for (uint32_t i = 0; i < s.count; ++i) {
      mark_vector_.data<uint8_t>()[s[i]] = matched_[i];
      if (matched_[i] == 0 && unknown_[i] != 0) mark_vector_.set_null(s[i]);
    }
    auto columns = static_cast<uint32_t>(left_types_.size());
    for (uint32_t c = 0; c < columns; ++c) mark_.column(c).reference(left_->column(c));
    mark_.column(columns).reference(mark_vector_);
    mark_.set_selection(s);
    out = &mark_;
    return true;
  }

  bool unmatched_right(Chunk*& out) {
    auto left_columns = static_cast<uint32_t>(left_types_.size());
    while (right_chunk_ < kept_->chunk_count()) {
      Chunk* chunk = reader_->read(right_chunk_);
      const std::vector<bool>& bits = right_matched_[right_chunk_++];
      uint32_t n = 0;
      for_each_row(chunk->selection(), [&](uint32_t row) {
        if (bits.empty() || !bits[row]) rows_[n++] = static_cast<uint16_t>(row);
      });
      if (n == 0) continue;
      for (uint32_t c = 0; c < left_columns; ++c) {
        left_row_[c].fill_constant(Value::null_of(left_types_[c]));
        pairs_.column(c).reference(left_row_[c]);
      }
      for (uint32_t c = 0; c < right_types_.size(); ++c)
        pairs_.column(left_columns + c).reference(chunk->column(c));
      pairs_.set_selection({rows_, n});
      out = &pairs_;
      return true;
    }
    return false;
  }

  const planner::JoinPlan& join_;
  Arena left_memory_;
  std::vector<ExpressionEvaluator> params_, condition_;
  std::vector<PhysicalType> left_types_, right_types_;
  uint16_t* rows_;
  std::vector<uint8_t> matched_, unknown_;  // by position in the left chunk
  Chunk pairs_, mark_;
  Vector mark_vector_;
  std::vector<Vector> left_row_, right_nulls_;
  bool dependent_ = false, right_loaded_ = false;
  std::unique_ptr<ChunkCollection> kept_;
  std::unique_ptr<ChunkCollection::Reader> reader_;
  std::vector<std::vector<bool>> right_matched_;
  Phase phase_ = Phase::kDone;
  Chunk* left_ = nullptr;
  Chunk* right_ = nullptr;
  uint32_t at_ = 0;
  size_t right_chunk_ = 0;
};

}  // namespace

OperatorPtr make_nested_loop(const planner::JoinPlan& p, ExecutionContext& c) {
  return std::make_unique<NestedLoopOperator>(p, c);
}

}  // namespace varve::executor
