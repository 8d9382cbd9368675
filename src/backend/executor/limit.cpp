// LIMIT, OFFSET, WITH TIES; and adjacent duplicates (Unique).
#include "common/sql_error.h"
#include "key_ops.h"
#include "operator.h"
#include "row_compare.h"
#include "sort_operator.h"

namespace varve::executor {

namespace {

class LimitOperator : public Operator {
 public:
  LimitOperator(const planner::LimitPlan& plan, ExecutionContext& context)
      : Operator(plan, context), rows_(context.build_memory->make_array<uint16_t>(context.chunk_rows())) {
    children_.push_back(build_operator(*plan.children[0], context));
    if (plan.count != nullptr) count_.emplace_back(*plan.count, context, memory_);
    if (plan.offset != nullptr) offset_.emplace_back(*plan.offset, context, memory_);
    if (plan.with_ties) {
      std::vector<Oid> types;
      for (const analyzer::SortKey& k : plan.ties) {
        tie_exprs_.emplace_back(*k.expr, context, memory_);
        tie_keys_.push_back(make_key_type(k.expr->type, k.collation, KeyUse::kSort));
      }
      ties_.init(tie_keys_);
    }
  }

  void open() override {
    memory_.reset();
    left_ = bound(count_, "LIMIT", sqlstate::kInvalidRowCountInLimitClause, UINT64_MAX);
    skip_ = bound(offset_, "OFFSET", sqlstate::kInvalidRowCountInResultOffsetClause, 0);
    done_ = left_ == 0;
    in_ties_ = false;
    ties_.clear();
    child().expect_rows(left_ > UINT64_MAX - skip_ ? UINT64_MAX : left_ + skip_);
    child().open();
  }

 protected:
  bool produce(Chunk*& out) override {
    if (done_) return false;
    while (child().next(out)) {
      uint32_t n = out->count();
      if (in_ties_) {
        uint32_t tied = count_ties(*out);
        if (tied < n) done_ = true;
        if (tied == 0) return false;
        truncate(out, 0, tied);
        return true;
      }
      uint32_t from = 0;
      if (skip_ > 0) {
        from = static_cast<uint32_t>(std::min<uint64_t>(skip_, n));
        skip_ -= from;
        if (from == n) continue;
      }
      uint32_t take = static_cast<uint32_t>(std::min<uint64_t>(left_, n - from));
      left_ -= take;
      uint32_t end = from + take;
      if (left_ == 0) {
        if (tie_keys_.empty())
          done_ = true;
        else
          end += begin_ties(*out, end);
      }
      truncate(out, from, end);
      return true;
    }
    done_ = true;
    return false;
  }

 private:
  uint64_t bound(std::vector<ExpressionEvaluator>& expr, const char* what, SqlState state,
                 uint64_t otherwise) {
    if (expr.empty()) return otherwise;
    types::Value v = expr[0].scalar();
    if (v.null) return otherwise;
    if (v.int64 < 0) throw SqlError(state, std::string(what) + " must not be negative");
    return static_cast<uint64_t>(v.int64);
  }

  void truncate(Chunk* chunk, uint32_t from, uint32_t end) {
    const Selection& s = chunk->selection();
    if (from == 0 && end == s.count) return;
    if (from == 0) {
      chunk->set_selection({s.rows, end});
      return;
    }
    for (uint32_t i = from; i < end; ++i) rows_[i - from] = static_cast<uint16_t>(s[i]);
    chunk->set_selection({rows_, end - from});
  }

  // Remembers the last row's keys; returns how many of the rows from `end` on equal it.
  uint32_t begin_ties(const Chunk& chunk, uint32_t end) {
    in_ties_ = true;
    evaluate_ties(chunk);
    ties_.remember(tie_vectors_, chunk.selection()[end - 1]);
    return run_of_ties(chunk, end);
  }
  uint32_t count_ties(const Chunk& chunk) {
    evaluate_ties(chunk);
    return run_of_ties(chunk, 0);
  }
  uint32_t run_of_ties(const Chunk& chunk, uint32_t from) {
    uint32_t at = from;
    while (at < chunk.count() && ties_.equals(tie_vectors_, chunk.selection()[at])) ++at;
    if (at < chunk.count()) done_ = true;
    return at - from;
  }
  void evaluate_ties(const Chunk& chunk) {
    memory_.reset();
    tie_vectors_.clear();
    for (ExpressionEvaluator& e : tie_exprs_) {
      Vector* v = nullptr;
      e.evaluate(chunk, chunk.selection(), v);
      tie_vectors_.push_back(v);
    }
  }

  std::vector<ExpressionEvaluator> count_, offset_, tie_exprs_;
  std::vector<KeyType> tie_keys_;
  std::vector<const Vector*> tie_vectors_;
  RememberedRow ties_;
  uint64_t left_ = 0, skip_ = 0;
  bool done_ = true, in_ties_ = false;
  uint16_t* rows_;
};

class UniqueOperator : public Operator {
 public:
  UniqueOperator(const planner::UniquePlan& plan, ExecutionContext& context)
      : Operator(plan, context),
        columns_(plan.columns),
        rows_(context.build_memory->make_array<uint16_t>(context.chunk_rows())) {
    children_.push_back(build_operator(*plan.children[0], context));
    if (auto* sort = dynamic_cast<FirstRowsSource*>(children_[0].get())) sort->keep_first_of(columns_);
    const planner::Plan& in = *plan.children[0];
    for (uint32_t c : columns_) keys_.push_back(make_key_type(in.output[c].type, nullptr, KeyUse::kHash));
    last_.init(keys_);
    vectors_.resize(columns_.size());
  }
  void expect_rows(uint64_t rows) override { child().expect_rows(rows); }
  void open() override {
    last_.clear();
    child().open();
  }

 protected:
  bool produce(Chunk*& out) override {
    while (child().next(out)) {
      for (size_t i = 0; i < columns_.size(); ++i) vectors_[i] = &out->column(columns_[i]);
      const Selection s = out->selection();
      uint32_t n = 0, previous = 0;
      for (uint32_t i = 0; i < s.count; ++i) {
        bool same = i == 0 ? last_.has_row() && last_.equals(vectors_, s[0]) : rows_equal(previous, s[i]);
        previous = s[i];
        if (!same) rows_[n++] = static_cast<uint16_t>(s[i]);
      }
      last_.remember(vectors_, previous);
      if (n == 0) continue;
      out->set_selection({rows_, n});
      return true;
    }
    return false;
  }

 private:
  bool rows_equal(uint32_t a, uint32_t b) const {
    for (size_t i = 0; i < vectors_.size(); ++i) {
      if (!vector_rows_equal(keys_[i], *vectors_[i], a, *vectors_[i], b)) return false;
    }
    return true;
  }

  std::span<uint32_t> columns_;
  std::vector<KeyType> keys_;
  std::vector<const Vector*> vectors_;
  RememberedRow last_;
  uint16_t* rows_;
};

}  // namespace

OperatorPtr make_limit(const planner::LimitPlan& p, ExecutionContext& c) {
  return std::make_unique<LimitOperator>(p, c);
}
OperatorPtr make_unique(const planner::UniquePlan& p, ExecutionContext& c) {
  return std::make_unique<UniqueOperator>(p, c);
}

}  // namespace varve::executor
