// Merge join: both sides sorted by the keys, ascending, NULLs last. Right rows with equal keys are kept
// together and paired with every left row of those keys.
#include "common/sql_error.h"
#include "executor/chunk_collection.h"
#include "join_keys.h"
#include "operator.h"
#include "row_compare.h"

namespace varve::executor {

using planner::JoinType;
using types::PhysicalType;
using types::Value;

namespace {

// One side, a row at a time.
struct Side {
  Operator* source = nullptr;
  std::unique_ptr<JoinKeys> keys;
  Arena memory;
  Chunk* chunk = nullptr;
  uint32_t at = 0;

  void open() {
    source->open();
    chunk = nullptr;
    advance();
  }
  // False at the end.
  bool advance() {
    if (chunk != nullptr && ++at < chunk->count()) return true;
    if (!source->next(chunk)) {
      chunk = nullptr;
      return false;
    }
    at = 0;
    memory.reset();
    keys->evaluate(*chunk, chunk->selection());
    return true;
  }
  bool ended() const { return chunk == nullptr; }
  uint32_t row() const { return chunk->selection()[at]; }
};

class MergeJoinOperator : public Operator {
 public:
  MergeJoinOperator(const planner::JoinPlan& plan, ExecutionContext& context)
      : Operator(plan, context),
        join_(plan),
        left_types_(physical_types(plan.children[0]->output)),
        right_types_(physical_types(plan.children[1]->output)),
        group_(context.settings, right_types_, context.sort_memory_bytes()),
        group_reader_(group_),
        rows_(context.build_memory->make_array<uint16_t>(context.chunk_rows())) {
    if (plan.join == JoinType::kNullAnti || plan.join == JoinType::kMark || plan.join == JoinType::kSingle)
      throw SqlError(sqlstate::kInternalError, "this join cannot be a merge join");
    for (const planner::Plan* c : plan.children) children_.push_back(build_operator(*c, context));
    left_.source = children_[0].get();
    right_.source = children_[1].get();
    left_.keys =
        std::make_unique<JoinKeys>(plan.left_keys, plan.right_keys, plan.null_safe, context, left_.memory);
    right_.keys =
        std::make_unique<JoinKeys>(plan.right_keys, plan.left_keys, plan.null_safe, context, right_.memory);
    for (const KeyType& k : left_.keys->types())
      sort_keys_.push_back(make_key_type(k.type, nullptr, KeyUse::kSort));
    if (plan.condition != nullptr) condition_.emplace_back(*plan.condition, context, memory_);
    pairs_ = Chunk(static_cast<uint32_t>(left_types_.size() + right_types_.size()), *context.build_memory);
    for (PhysicalType t : left_types_) left_row_.emplace_back(t, *context.build_memory, 1);
    for (PhysicalType t : right_types_) right_row_.emplace_back(t, *context.build_memory, 1);
    left_out_ = Chunk(static_cast<uint32_t>(left_types_.size()), *context.build_memory);
    right_view_ = Chunk(static_cast<uint32_t>(right_types_.size()), *context.build_memory);
  }

  void open() override {
    left_.open();
    right_.open();
    phase_ = Phase::kAlign;
    group_.clear();
  }
  void close() override {
    group_.clear();
    Operator::close();
  }

 protected:
  bool produce(Chunk*& out) override {
    for (;;) {
      switch (phase_) {
        case Phase::kAlign:
          if (align(out)) return true;
          break;
        case Phase::kPairs:
          if (pair_row(out)) return true;
          break;
        case Phase::kGroupRest:
          if (group_rest(out)) return true;
          break;
        case Phase::kDone:
          return false;
      }
    }
  }

 private:
  enum class Phase : uint8_t { kAlign, kPairs, kGroupRest, kDone };
  bool keep_left() const {
    return join_.join == JoinType::kLeft || join_.join == JoinType::kFull || join_.join == JoinType::kAnti;
  }
  bool keep_right() const { return join_.join == JoinType::kRight || join_.join == JoinType::kFull; }
  bool left_only() const { return join_.join == JoinType::kSemi || join_.join == JoinType::kAnti; }

  int compare_sides() {
    for (size_t k = 0; k < sort_keys_.size(); ++k) {
      const Vector& a = *left_.keys->vectors()[k];
      const Vector& b = *right_.keys->vectors()[k];
      bool x = a.is_null(left_.row()), y = b.is_null(right_.row());
      if (x || y) {
        if (x && y) continue;
        return x ? 1 : -1;
      }
      size_t width = types::physical_width(a.type());
      int c = sort_keys_[k].compare(a.raw() + width * a.index(left_.row()),
                                    b.raw() + width * b.index(right_.row()), sort_keys_[k].collation);
      if (c != 0) return c;
    }
    return 0;
  }

  // Moves on to the next pair of equal keys; rows passed over go out if the join keeps them.
  bool align(Chunk*& out) {
    for (;;) {
      context_.check_cancel();
      if (left_.ended() && right_.ended()) {
        phase_ = Phase::kDone;
        return false;
      }
      bool left_first = right_.ended() || (!left_.ended() && left_.keys->has_null(left_.row()));
      bool right_first = !left_first && (left_.ended() || right_.keys->has_null(right_.row()));
      if (!left_first && !right_first) {
        int c = compare_sides();
        left_first = c < 0;
        right_first = c > 0;
      }
      if (left_first) {
        bool emit = keep_left();
        if (emit) emit_left(out);
        if (!emit)
          left_.advance();
        else
          pending_left_ = true;
        if (emit) return finish_advance();
        continue;
      }
      if (right_first) {
        if (keep_right()) {
          emit_right(*right_.chunk, right_.row(), out);
          pending_right_ = true;
          return finish_advance();
        }
        right_.advance();
        continue;
      }
      load_group();
      return false;
    }
  }

  // Values were copied out: the side may move on.
  bool finish_advance() {
    if (pending_left_) left_.advance();
    if (pending_right_) right_.advance();
    pending_left_ = pending_right_ = false;
    return true;
  }

  void copy_left() {
    row_memory_.reset();
    for (uint32_t c = 0; c < left_row_.size(); ++c) {
      left_row_[c].fill_constant(types::copy_value(left_.chunk->column(c).value(left_.row()), row_memory_));
      pairs_.column(c).reference(left_row_[c]);
    }
  }
  void emit_left(Chunk*& out) {
    copy_left();
    auto columns = static_cast<uint32_t>(left_types_.size());
    for (uint32_t c = 0; c < right_row_.size() && !left_only(); ++c) {
      right_row_[c].fill_constant(Value::null_of(right_types_[c]));
      pairs_.column(columns + c).reference(right_row_[c]);
    }
    if (left_only()) {
      for (uint32_t c = 0; c < columns; ++c) left_out_.column(c).reference(left_row_[c]);
      left_out_.set_dense(1);
      out = &left_out_;
      return;
    }
    pairs_.set_dense(1);
    out = &pairs_;
  }
  void emit_right(const Chunk& chunk, uint32_t row, Chunk*& out) {
    row_memory_.reset();
    auto columns = static_cast<uint32_t>(left_types_.size());
    for (uint32_t c = 0; c < left_row_.size(); ++c) {
      left_row_[c].fill_constant(Value::null_of(left_types_[c]));
      pairs_.column(c).reference(left_row_[c]);
    }
    for (uint32_t c = 0; c < right_row_.size(); ++c) {
      right_row_[c].fill_constant(types::copy_value(chunk.column(c).value(row), row_memory_));
      pairs_.column(columns + c).reference(right_row_[c]);
    }
    pairs_.set_dense(1);
    out = &pairs_;
  }

  // Collects the right rows that equal the left row's keys.
  void load_group() {
    group_.clear();
    RememberedRow key;
    key.init(right_.keys->types());
    key.remember(right_.keys->vectors(), right_.row());
    do {
      for (uint32_t c = 0; c < right_view_.column_count(); ++c)
        right_view_.column(c).reference(right_.chunk->column(c));
      uint32_t n = 0;
      const Selection s = right_.chunk->selection();
      while (right_.at < s.count && key.equals(right_.keys->vectors(), s[right_.at])) {
        rows_[n++] = static_cast<uint16_t>(s[right_.at++]);
      }
      right_view_.set_selection({rows_, n});
      group_.append(right_view_);
      if (right_.at < s.count) break;
      --right_.at;  // advance() steps over it
      if (!right_.advance()) break;
    } while (key.equals(right_.keys->vectors(), right_.row()));
    group_key_ = std::move(key);
    matched_.assign(keep_right() ? group_.chunk_count() : 0, std::vector<bool>(vector::kChunkRows));
    chunk_number_ = 0;
    row_matched_ = false;
    phase_ = Phase::kPairs;
  }

  // The current left row with the group's chunks, then the next left row of the same keys.
  bool pair_row(Chunk*& out) {
    bool settled = left_only() && row_matched_;
    if (chunk_number_ < group_.chunk_count() && !settled) {
      Chunk* right = group_reader_.read(chunk_number_++);
      memory_.reset();
      auto columns = static_cast<uint32_t>(left_types_.size());
      copy_left();
      for (uint32_t c = 0; c < right_types_.size(); ++c)
        pairs_.column(columns + c).reference(right->column(c));
      Selection rows = right->selection();
      if (!condition_.empty()) rows = {rows_, condition_[0].select(pairs_, rows, rows_)};
      if (rows.count == 0) return false;
      row_matched_ = true;
      if (keep_right()) {
        for_each_row(rows, [&](uint32_t row) { matched_[chunk_number_ - 1][row] = true; });
      }
      if (left_only()) return false;
      pairs_.set_selection(rows);
      out = &pairs_;
      return true;
    }
    bool emit = join_.join == JoinType::kSemi ? row_matched_ : keep_left() && !row_matched_;
    if (emit) emit_left(out);
    row_matched_ = false;
    chunk_number_ = 0;
    if (!left_.advance() || !group_key_.equals(left_.keys->vectors(), left_.row())) {
      phase_ = keep_right() ? Phase::kGroupRest : Phase::kAlign;
      rest_row_ = 0;
    }
    return emit;
  }

  bool group_rest(Chunk*& out) {
    for (; chunk_number_ < group_.chunk_count(); ++chunk_number_, rest_row_ = 0) {
      Chunk* right = group_reader_.read(chunk_number_);
      for (; rest_row_ < right->count(); ++rest_row_) {
        if (matched_[chunk_number_][rest_row_]) continue;
        emit_right(*right, rest_row_++, out);
        return true;
      }
    }
    phase_ = Phase::kAlign;
    return false;
  }

  const planner::JoinPlan& join_;
  std::vector<PhysicalType> left_types_, right_types_;
  Side left_, right_;
  std::vector<KeyType> sort_keys_;
  std::vector<ExpressionEvaluator> condition_;
  ChunkCollection group_;
  ChunkCollection::Reader group_reader_;
  RememberedRow group_key_;
  uint16_t* rows_;
  Chunk pairs_, right_view_, left_out_;
  std::vector<Vector> left_row_, right_row_;
  Arena row_memory_;
  std::vector<std::vector<bool>> matched_;
  size_t chunk_number_ = 0;
  uint32_t rest_row_ = 0;
  bool row_matched_ = false, pending_left_ = false, pending_right_ = false;
  Phase phase_ = Phase::kDone;
};

}  // namespace

OperatorPtr make_merge_join(const planner::JoinPlan& p, ExecutionContext& c) {
  return std::make_unique<MergeJoinOperator>(p, c);
}

}  // namespace varve::executor
