// For every left row the rows of an index with its key: inner, left, semi and anti joins.
// Where the same keys come again and again, the rows that a key has are kept.
#include <array>
#include <unordered_map>

#include "access/btree.h"
#include "common/sql_error.h"
#include "index_lookup.h"
#include "operator.h"
#include "plan_walk.h"
#include "row_format.h"

namespace varve::executor {

using planner::JoinType;
using types::PhysicalType;

namespace {

// The inner rows of keys that have been looked up, as far as they pass the filter.
class RowsByKey {
 public:
  struct Rows {
    size_t first = 0;
    uint32_t count = 0;
  };
  explicit RowsByKey(std::span<const PhysicalType> types) : format_(types, 0) {}

  void clear() {
    known_.clear();
    rows_.clear();
    memory_.reset();
    heap_.reset();
  }
  size_t memory_bytes() const {
    constexpr size_t kEntryBytes = 96;
    return memory_.held_bytes() + heap_.held_bytes() + known_.size() * kEntryBytes + rows_.capacity() * 8;
  }
  const Rows* find(const std::string& key) const {
    auto it = known_.find(key);
    return it == known_.end() ? nullptr : &it->second;
  }
  Rows begin() const { return {rows_.size(), 0}; }
  void append(const Chunk& chunk, const Selection& selection, Rows* to) {
    if (selection.count == 0) return;
    for (uint32_t i = 0; i < selection.count; ++i) {
      auto* row = static_cast<uint8_t*>(memory_.allocate(std::max<size_t>(format_.width(), 8), 8));
      format_.clear_nulls(row);
      rows_.push_back(row);
    }
    uint8_t* const* added = rows_.data() + to->first + to->count;
    for (uint32_t c = 0; c < format_.column_count(); ++c)
      format_.scatter(c, chunk.column(c), selection, added, heap_);
    to->count += selection.count;
  }
  void end(const std::string& key, const Rows& rows) { known_.emplace(key, rows); }
  const uint8_t* row(const Rows& rows, uint32_t i) const { return rows_[rows.first + i]; }
  const RowFormat& format() const { return format_; }

 private:
  RowFormat format_;
  Arena memory_, heap_;
  std::vector<uint8_t*> rows_;
  std::unordered_map<std::string, Rows> known_;
};

// Do the same keys come again? Looks at a window of them at a time.
class Repetition {
 public:
  void reset() { *this = Repetition(); }
  void note(const std::string& key) {
    uint64_t hash = std::hash<std::string_view>()(key);
    uint64_t& seen = seen_[hash % kWindow];
    repeated_ += static_cast<uint32_t>(seen == hash);
    seen = hash;
    if (++noted_ < kWindow) return;
    often_ = repeated_ * 2 > noted_;
    noted_ = repeated_ = 0;
  }
  bool often() const { return often_; }

 private:
  static constexpr uint32_t kWindow = 2048;
  std::array<uint64_t, kWindow> seen_{};
  uint32_t noted_ = 0, repeated_ = 0;
  bool often_ = false;
};

class IndexJoinOperator : public Operator {
 public:
  IndexJoinOperator(const planner::IndexJoinPlan& plan, ExecutionContext& context)
      : Operator(plan, context),
        join_(plan),
        inner_(*plan.inner),
        relation_(**plan.inner->relation),
        fetcher_(relation_, *plan.inner->index, plan.inner->bound, plan.inner->columns, context),
        keys_(compile_all(plan.keys, context, left_memory_)),
        key_values_(plan.keys.size()),
        rows_(context.build_memory->make_array<uint16_t>(context.chunk_rows())),
        left_rows_(context.build_memory->make_array<uint16_t>(context.chunk_rows())),
        positions_(context.build_memory->make_array<uint16_t>(context.chunk_rows())),
        matched_(context.chunk_rows()),
        is_outer_(plan.join == JoinType::kLeft || plan.join == JoinType::kSingle) {
    if (is_outer_) {
      fetched_ = context.build_memory->make_array<uint16_t>(context.chunk_rows());
      merged_ = context.build_memory->make_array<uint16_t>(context.chunk_rows());
    }
    switch (plan.join) {
      case JoinType::kInner:
      case JoinType::kLeft:
      case JoinType::kSemi:
      case JoinType::kAnti:
      case JoinType::kSingle:
        break;
      default:
        throw SqlError(sqlstate::kInternalError, "this join cannot use an index lookup");
    }
    children_.push_back(build_operator(*plan.children[0], context));
    left_types_ = physical_types(plan.children[0]->output);
    std::vector<PhysicalType> inner_types, all = left_types_;
    for (catalog::ColumnNumber c : inner_.columns) inner_types.push_back(column_physical_type(relation_, c));
    all.insert(all.end(), inner_types.begin(), inner_types.end());
    pairs_ = make_chunk(all, context);
    right_ = Chunk(static_cast<uint32_t>(inner_types.size()), *context.build_memory);
    for (uint32_t c = 0; c < inner_types.size(); ++c)
      right_.column(c).reference(pairs_.column(static_cast<uint32_t>(left_types_.size()) + c));
    if (context.settings.enable_memoize && calls_nothing_volatile(inner_)) {
      kept_ = std::make_unique<RowsByKey>(inner_types);
      repetition_ = std::make_unique<Repetition>();
      fetch_ = make_chunk(inner_types, context);
      fetch_rows_ = context.build_memory->make_array<uint16_t>(context.chunk_rows());
      kept_rows_.resize(context.chunk_rows());
    }
    if (inner_.filter != nullptr) filter_.emplace_back(*inner_.filter, context, memory_);
    if (plan.condition != nullptr) condition_.emplace_back(*plan.condition, context, memory_);
  }

  void expect_rows(uint64_t rows) override { child().expect_rows(rows); }
  void open() override {
    left_ = nullptr;
    if (kept_ != nullptr) {
      kept_->clear();
      repetition_->reset();
    }
    keeps_ = false;
    child().open();
  }

 protected:
  bool produce(Chunk*& out) override {
    for (;;) {
      if (left_ == nullptr) {
        if (!child().next(left_)) return false;
        context_.check_cancel();
        left_memory_.reset();
        at_ = 0;
        tids_.clear();
        tid_ = 0;
        std::fill_n(matched_.begin(), left_->count(), 0);
        for (size_t k = 0; k < keys_.size(); ++k)
          keys_[k].evaluate(*left_, left_->selection(), key_values_[k]);
        looked_up_ = false;
        choose_way();
      }
      while (at_ < left_->count()) {
        if ((keeps_ ? fill_from_kept() : fill_pairs()) && yield_pairs(out)) return true;
      }
      Chunk* left = left_;
      left_ = nullptr;
      if (yield_left(left, out)) return true;
    }
  }

 private:
  bool left_only() const { return join_.join == JoinType::kSemi || join_.join == JoinType::kAnti; }

  static bool calls_nothing_volatile(const planner::Plan& plan) {
    bool plain = true;
    walk_expressions(plan, [&](const analyzer::Expr& e) {
      plain = plain && e.kind != analyzer::ExprKind::kSubplan;
      if (e.kind != analyzer::ExprKind::kFunction) return;
      const functions::Function* f = e.as<analyzer::FunctionExpr>().function;
      plain = plain && (f == nullptr || f->volatility != functions::Volatility::kVolatile);
    });
    return plain;
  }

  // Between two chunks of left rows.
  void choose_way() {
    if (kept_ == nullptr) return;
    bool keep = repetition_->often();
    if (keeps_ && !keep) kept_->clear();
    keeps_ = keep;
  }

  // The index's entries for the row's key.
  void look_up(uint32_t row) {
    looked_up_ = true;
    if (!make_key(row)) return;
    if (repetition_ != nullptr) repetition_->note(key_);
    fetcher_.look_up(*inner_.index->tree, access::key_bytes(key_), &tids_);
  }

  // False: a part of it is NULL, which nothing equals.
  bool make_key(uint32_t row) {
    key_.clear();
    tids_.clear();
    tid_ = 0;
    for (size_t k = 0; k < keys_.size(); ++k) {
      if (key_values_[k]->is_null(row)) return false;
      append_index_column(key_, inner_.index->keys[k].type, fetcher_.keys().columns()[k],
                          key_values_[k]->value(row));
    }
    return true;
  }

  // The same with rows that are kept: they have passed the filter.
  bool fill_from_kept() {
    memory_.reset();
    pairs_.reset();
    right_.reset();
    count_ = fetched_count_ = 0;
    while (count_ < context_.chunk_rows() && at_ < left_->count()) {
      uint32_t row = left_->selection()[at_];
      if (!looked_up_) {
        if (kept_->memory_bytes() > context_.hash_memory_bytes()) {
          if (count_ > 0) break;  // what has been found is still needed
          kept_->clear();
        }
        if (!rows_of(row, &current_)) {
          if (count_ > 0) break;
          keeps_ = false;
          looked_up_ = true;
          return fill_pairs();
        }
        next_ = 0;
        looked_up_ = true;
      }
      bool partner = next_ < current_.count;
      if (partner || (is_outer_ && matched_[at_] == 0)) {
        if (partner && is_outer_) fetched_[fetched_count_++] = static_cast<uint16_t>(count_);
        kept_rows_[count_] = partner ? kept_->row(current_, next_++) : nullptr;
        left_rows_[count_] = static_cast<uint16_t>(row);
        positions_[count_++] = static_cast<uint16_t>(at_);
        if (partner && left_only() && condition_.empty()) next_ = current_.count;
      }
      if (partner) continue;
      ++at_;
      looked_up_ = false;
    }
    for (uint32_t c = 0; c < right_.column_count(); ++c)
      kept_->format().gather(c, kept_rows_.data(), count_, right_.column(c), 0);
    return count_ > 0;
  }

  // False: there may be more than can be kept; `tids_` has them.
  bool rows_of(uint32_t row, RowsByKey::Rows* out) {
    *out = {};
    if (!make_key(row)) return true;
    repetition_->note(key_);
    if (const RowsByKey::Rows* known = kept_->find(key_)) {
      *out = *known;
      return true;
    }
    fetcher_.look_up(*inner_.index->tree, access::key_bytes(key_), &tids_);
    if (tids_.size() * kept_->format().width() > context_.hash_memory_bytes() / 4) return false;
    RowsByKey::Rows found = kept_->begin();
    uint32_t n = 0;
    auto keep = [&] {
      Selection rows{nullptr, n};
      if (!filter_.empty()) rows = {fetch_rows_, filter_[0].select(fetch_, rows, fetch_rows_)};
      kept_->append(fetch_, rows, &found);
      fetch_.reset();
      fetch_memory_.reset();
      n = 0;
    };
    fetch_.reset();
    fetch_memory_.reset();
    for (Tid tid : tids_) {
      if (!fetcher_.fetch(tid, access::key_bytes(key_), fetch_, n, fetch_memory_)) continue;
      if (++n == context_.chunk_rows() || fetch_memory_.held_bytes() > kChunkLargeBytes) keep();
    }
    keep();
    kept_->end(key_, found);
    *out = found;
    return true;
  }

  // Pairs of left rows and fetched rows until the chunk is full or the left rows are used up.
  bool fill_pairs() {
    memory_.reset();
    pairs_.reset();
    right_.reset();
    count_ = fetched_count_ = 0;
    while (count_ < context_.chunk_rows() && at_ < left_->count()) {
      if (count_ > 0 && memory_.held_bytes() > kChunkLargeBytes) break;
      uint32_t row = left_->selection()[at_];
      if (!looked_up_) look_up(row);
      if (tid_ == tids_.size()) {
        // Behind the pairs of an outer row stands the row without a partner, so that the outer order is kept.
        if (is_outer_ && matched_[at_] == 0) {
          for (uint32_t c = 0; c < right_.column_count(); ++c) right_.column(c).set_null(count_);
          left_rows_[count_] = static_cast<uint16_t>(row);
          positions_[count_++] = static_cast<uint16_t>(at_);
        }
        ++at_;
        looked_up_ = false;
        continue;
      }
      if (!fetcher_.fetch(tids_[tid_++], access::key_bytes(key_), right_, count_, memory_)) continue;
      if (is_outer_) fetched_[fetched_count_++] = static_cast<uint16_t>(count_);
      left_rows_[count_] = static_cast<uint16_t>(row);
      positions_[count_++] = static_cast<uint16_t>(at_);
      // Whether there is one is all that is asked.
      if (left_only() && filter_.empty() && condition_.empty()) tid_ = tids_.size();
    }
    return count_ > 0;
  }

  bool yield_pairs(Chunk*& out) {
    Selection rows{nullptr, count_};
    if (is_outer_) rows = {fetched_, fetched_count_};
    if (!filter_.empty() && !keeps_) rows = {rows_, filter_[0].select(right_, rows, rows_)};
    auto left_columns = static_cast<uint32_t>(left_types_.size());
    for (uint32_t c = 0; c < right_.column_count(); ++c)
      pairs_.column(left_columns + c).reference(right_.column(c));
    if (!condition_.empty() || !left_only()) {
      for (uint32_t c = 0; c < left_columns; ++c)
        vector::gather(left_->column(c), {left_rows_, count_}, pairs_.column(c), 0);
    }
    if (!condition_.empty()) rows = {rows_, condition_[0].select(pairs_, rows, rows_)};
    for_each_row(rows, [&](uint32_t i) {
      uint8_t& matched = matched_[positions_[i]];
      if (join_.join == JoinType::kSingle && matched != 0) {
        throw SqlError(sqlstate::kCardinalityViolation,
                       "more than one row returned by a subquery used as an expression");
      }
      matched = 1;
    });
    if (is_outer_) rows = with_lonely_rows(rows);
    if (left_only() || rows.count == 0) return false;
    pairs_.set_selection(rows);
    out = &pairs_;
    return true;
  }

  // The pairs that are left, and between them the outer rows that have none.
  Selection with_lonely_rows(Selection pairs) {
    uint32_t n = 0, next_pair = 0, next_fetched = 0;
    for (uint32_t i = 0; i < count_; ++i) {
      bool fetched = next_fetched < fetched_count_ && fetched_[next_fetched] == i;
      next_fetched += fetched ? 1 : 0;
      bool wanted = fetched ? next_pair < pairs.count && pairs[next_pair] == i : matched_[positions_[i]] == 0;
      next_pair += fetched && wanted ? 1 : 0;
      if (wanted) merged_[n++] = static_cast<uint16_t>(i);
    }
    return {merged_, n};
  }

  // What semi and anti joins keep.
  bool yield_left(Chunk* left, Chunk*& out) {
    if (!left_only()) return false;
    bool want = join_.join == JoinType::kSemi;
    uint32_t n = 0;
    for (uint32_t i = 0; i < left->count(); ++i) {
      if ((matched_[i] != 0) == want) rows_[n++] = static_cast<uint16_t>(left->selection()[i]);
    }
    if (n == 0) return false;
    left->set_selection({rows_, n});
    out = left;
    return true;
  }

  const planner::IndexJoinPlan& join_;
  const planner::IndexScanPlan& inner_;
  const catalog::Relation& relation_;
  Arena left_memory_;
  IndexRowFetcher fetcher_;
  std::vector<ExpressionEvaluator> keys_, filter_, condition_;
  std::vector<Vector*> key_values_;
  uint16_t *rows_, *left_rows_, *positions_;
  std::vector<uint8_t> matched_;
  bool is_outer_;
  uint16_t *fetched_ = nullptr, *merged_ = nullptr;  // of outer joins: the pairs, the rows that go out
  uint32_t fetched_count_ = 0;
  std::vector<PhysicalType> left_types_;
  Chunk pairs_, right_;
  Chunk* left_ = nullptr;
  uint32_t at_ = 0, count_ = 0;
  bool looked_up_ = false;
  std::string key_;
  std::vector<Tid> tids_;
  size_t tid_ = 0;

  bool keeps_ = false;  // in this chunk of left rows
  std::unique_ptr<RowsByKey> kept_;
  std::unique_ptr<Repetition> repetition_;
  Chunk fetch_;
  Arena fetch_memory_;
  uint16_t* fetch_rows_ = nullptr;
  std::vector<const uint8_t*> kept_rows_;
  RowsByKey::Rows current_;
  uint32_t next_ = 0;
};

}  // namespace

OperatorPtr make_index_join(const planner::IndexJoinPlan& p, ExecutionContext& c) {
  return std::make_unique<IndexJoinOperator>(p, c);
}

}  // namespace varve::executor
