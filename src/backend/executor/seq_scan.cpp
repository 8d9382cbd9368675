// Sequential scan. Filter columns are decoded first; the others only where rows are left.
#include <algorithm>

#include "catalog/table_activity.h"
#include "common/hash.h"
#include "common/sql_error.h"
#include "member_selection.h"
#include "operator.h"
#include "plan_walk.h"
#include "runtime_filter.h"
#include "shared_state.h"
#include "table_reader.h"

namespace varve::executor {

using access::RowVersion;
using catalog::ColumnNumber;

namespace {

constexpr size_t kPagesAtOnce = 24;

class SeqScanOperator : public Operator {
 public:
  SeqScanOperator(const planner::ScanPlan& plan, ExecutionContext& context)
      : Operator(plan, context),
        scan_(plan),
        relation_(plan.relation->get()),
        reader_(*relation_, plan.columns),
        members_(plan, context),
        selected_(context.build_memory->make_array<uint16_t>(context.chunk_rows())),
        hashes_(context.chunk_rows()) {
    std::vector<types::PhysicalType> types;
    for (ColumnNumber c : plan.columns) types.push_back(column_physical_type(*relation_, c));
    chunk_ = make_chunk(types, context);
    filter_column_.assign(plan.columns.size(), false);
    if (plan.filter != nullptr) {
      filter_.emplace_back(*plan.filter, context, memory_);
      walk_expressions(plan, [&](const analyzer::Expr& e) {
        if (e.kind == analyzer::ExprKind::kInput) filter_column_[e.as<analyzer::InputExpr>().index] = true;
      });
    }
    narrow_ = make_chunk(types, context);
    decoded_.resize(plan.columns.size());
    if (plan.sample_percent != nullptr) percent_.emplace_back(*plan.sample_percent, context, memory_);
    if (plan.sample_seed != nullptr) seed_.emplace_back(*plan.sample_seed, context, memory_);
    batches_.resize(kPagesAtOnce);
    needs_tids_ = plan.sample_percent != nullptr || std::any_of(plan.columns.begin(), plan.columns.end(),
                                                                [](ColumnNumber c) { return c <= 0; });
    counts_only_ = plan.columns.empty() && plan.filter == nullptr && plan.sample_percent == nullptr;
  }

  void open() override {
    if (scan_.sample_percent != nullptr) read_sample_parameters();
    at_ = 0;
    rows_.clear();
    pending_ = 0;
    open_filters();
    queue_ = nullptr;
    if (scan_.members.empty()) return open_table(0);
    members_.open(context_.filters == nullptr ? nullptr : context_.filters->of_scan(plan_.id));
    next_member();
  }

  bool prepare_parallel(SharedState& shared) override {
    shared.split(plan_.id);
    return true;
  }

  void close() override {
    for (auto& b : batches_) b = {};
    memory_.reset();
  }

 protected:
  bool produce(Chunk*& out) override {
    if (counts_only_ && key_filters_.empty()) return produce_count(out);
    for (;;) {
      if (at_ == rows_.size() && !load_rows()) return false;
      uint32_t n = static_cast<uint32_t>(std::min<size_t>(context_.chunk_rows(), rows_.size() - at_));
      if (any_large_) n = reader_.rows_at_once(std::span(rows_).subspan(at_, n));
      std::span rows = std::span(rows_).subspan(at_, n);
      std::span<const Tid> tids =
          needs_tids_ ? std::span<const Tid>(tids_).subspan(at_, n) : std::span<const Tid>();
      at_ += n;
      memory_.reset();
      if (fill_chunk(rows, tids, out)) return true;
    }
  }

 private:
  void open_table(size_t number) {
    auto fill = [&](MorselQueue& queue) {
      auto runs = relation_->heap->runs();
      check_ok(runs.status());
      queue.init(std::move(*runs));
    };
    if (context_.shared != nullptr && context_.shared->splits(plan_.id)) {
      queue_ = &context_.shared->queue(number, fill);
    } else {
      fill(own_queue_);
      queue_ = &own_queue_;
    }
    if (activity_ == nullptr) activity_ = &catalog::table_activity(context_.database, relation_->oid);
    if (!context_.is_worker) activity_->add(catalog::Activity::kSeqScans, 1);
    page_ = page_end_ = 0;
    run_hint_ = 0;
  }

  // Of several tables that are read as one.
  bool next_member() {
    size_t number = 0;
    if (scan_.members.empty() || !members_.next(&number)) {
      queue_ = nullptr;
      return false;
    }
    const planner::ScanMember& member = scan_.members[number];
    relation_ = member.relation->get();
    reader_ = TableReader(*relation_, member.columns);
    activity_ = nullptr;
    open_table(number);
    return true;
  }

  // Visible rows of the next few pages.
  bool load_rows() {
    for (;;) {
      if (queue_ == nullptr) return false;
      if (load_table_rows()) return true;
      if (!next_member()) return false;
    }
  }

  bool load_table_rows() {
    rows_.clear();
    tids_.clear();
    at_ = 0;
    context_.check_cancel();
    size_t used = 0, of_page = 0;
    // Whole pages, as many as fill a chunk without beginning the next.
    while (used < kPagesAtOnce && (rows_.empty() || rows_.size() + of_page <= context_.chunk_rows())) {
      if (page_ == page_end_ && !queue_->take(&page_, &page_end_)) break;
      size_t before = rows_.size();
      PageId page = queue_->page(page_++, &run_hint_);
      of_page = 0;
      if (scan_.sample_by_page && scan_.sample_percent != nullptr && !in_sample(page.value())) continue;
      check_ok(relation_->heap->append_page(context_.snapshot, page, batches_[used],
                                            needs_tids_ ? &tids_ : nullptr, &rows_));
      of_page = rows_.size() - before;
      if (of_page != 0)
        ++used;
      else if (page_ == page_end_)
        context_.check_cancel();
    }
    activity_->add(catalog::Activity::kSeqRows, rows_.size());
    if (scan_.sample_percent != nullptr && !scan_.sample_by_page) sample();
    any_large_ = std::any_of(rows_.begin(), rows_.end(),
                             [](const RowVersion& row) { return (row.flags & access::kRowHasLarge) != 0; });
    return !rows_.empty() || (used == kPagesAtOnce && load_table_rows());
  }

  // Nothing of the rows is read: only how many there are.
  bool produce_count(Chunk*& out) {
    while (pending_ < context_.chunk_rows()) {
      if (page_ == page_end_) {
        context_.check_cancel();
        if (queue_ == nullptr) break;
        if (!queue_->take(&page_, &page_end_)) {
          if (!next_member()) break;
          continue;
        }
      }
      uint64_t ordinal = page_++;
      auto rows = relation_->heap->count_page(context_.snapshot, queue_->page(ordinal, &run_hint_), ordinal);
      check_ok(rows.status());
      pending_ += *rows;
    }
    if (pending_ == 0) return false;
    auto n = static_cast<uint32_t>(std::min<uint64_t>(pending_, context_.chunk_rows()));
    pending_ -= n;
    chunk_.set_dense(n);
    out = &chunk_;
    return true;
  }

  void read_sample_parameters() {
    types::Value percent = percent_[0].scalar();
    if (percent.null)
      throw SqlError(sqlstate::kInvalidTablesampleArgument, "TABLESAMPLE parameter cannot be null");
    if (!(percent.float64 >= 0 && percent.float64 <= 100)) {
      throw SqlError(sqlstate::kInvalidTablesampleArgument, "sample percentage must be between 0 and 100");
    }
    sample_limit_ = static_cast<uint64_t>(percent.float64 / 100.0 * 4294967296.0);
    sample_seed_ = context_.run * 0x9E3779B97F4A7C15ULL + context_.snapshot.csn.value();
    if (seed_.empty()) return;
    types::Value seed = seed_[0].scalar();
    if (seed.null) {
      throw SqlError(sqlstate::kInvalidTablesampleRepeat, "TABLESAMPLE REPEATABLE parameter cannot be null");
    }
    sample_seed_ = hash_int(seed.words[0]);
  }

  bool in_sample(uint64_t what) const {
    return (hash_combine(hash_int(what), sample_seed_) >> 32) < sample_limit_;
  }

  void sample() {
    size_t kept = 0;
    for (size_t i = 0; i < rows_.size(); ++i) {
      if (!in_sample(tids_[i].packed())) continue;
      rows_[kept] = rows_[i];
      tids_[kept++] = tids_[i];
    }
    rows_.resize(kept);
    tids_.resize(kept);
  }

  // What the joins above know of their keys.
  void open_filters() {
    const auto* entries = context_.filters == nullptr ? nullptr : context_.filters->of_scan(plan_.id);
    key_filters_.clear();
    if (entries == nullptr) return;
    for (const RuntimeFilters::Entry& e : *entries) key_filters_.push_back({e.column, e.filter});
  }

  struct ActiveFilter {
    uint32_t column;
    std::shared_ptr<const KeyFilter> filter;
    uint64_t tested = 0, passed = 0;
  };

  // Keeps the rows whose key may be among the join's. One that lets most rows pass is dropped.
  uint32_t apply(ActiveFilter& f, Selection rows) {
    const Vector& keys = chunk_.column(f.column);
    hash_vector(f.filter->type(), keys, rows, hashes_.data(), false);
    uint32_t n = 0;
    for (uint32_t i = 0; i < rows.count; ++i) {
      uint16_t row = static_cast<uint16_t>(rows[i]);
      selected_[n] = row;
      n += static_cast<uint32_t>(f.filter->may_contain(hashes_[i]));
    }
    f.tested += rows.count;
    f.passed += n;
    return n;
  }

  bool fill_chunk(std::span<const RowVersion> rows, std::span<const Tid> tids, Chunk*& out) {
    auto n = static_cast<uint32_t>(rows.size());
    if (filter_.empty() && key_filters_.empty()) {
      decode(chunk_, rows, tids, [](size_t) { return true; });
      chunk_.set_dense(n);
      out = &chunk_;
      return true;
    }
    decoded_ = filter_column_;
    Selection passed{nullptr, n};
    if (!filter_.empty()) {
      decode(chunk_, rows, tids, [&](size_t c) { return filter_column_[c]; });
      passed = {selected_, filter_[0].select(chunk_, passed, selected_)};
      if (counters() != nullptr) counters()->rows_removed += n - passed.count;
    }
    for (ActiveFilter& f : key_filters_) {
      if (passed.count == 0) break;
      if (!decoded_[f.column]) {
        reader_.decode(f.column, rows, tids, chunk_.column(f.column), memory_);
        decoded_[f.column] = true;
      }
      passed = {selected_, apply(f, passed)};
    }
    std::erase_if(key_filters_,
                  [](const ActiveFilter& f) { return f.tested > 20000 && f.passed * 4 > f.tested * 3; });
    if (passed.count == 0) return false;
    if (passed.count * 2 > n) {
      decode(chunk_, rows, tids, [&](size_t c) { return !decoded_[c]; });
      if (passed.count == n)
        chunk_.set_dense(n);
      else
        chunk_.set_selection(passed);
      out = &chunk_;
      return true;
    }
    few_rows_.clear();
    few_tids_.clear();
    for (uint32_t i = 0; i < passed.count; ++i) few_rows_.push_back(rows[selected_[i]]);
    for (uint32_t i = 0; i < passed.count && needs_tids_; ++i) few_tids_.push_back(tids[selected_[i]]);
    narrow_.reset();
    decode(narrow_, few_rows_, few_tids_, [&](size_t c) { return !decoded_[c]; });
    for (uint32_t c = 0; c < narrow_.column_count(); ++c) {
      if (decoded_[c]) vector::gather(chunk_.column(c), passed, narrow_.column(c), 0);
    }
    narrow_.set_dense(passed.count);
    out = &narrow_;
    return true;
  }

  template <class F>
  void decode(Chunk& to, std::span<const RowVersion> rows, std::span<const Tid> tids, F&& wanted) {
    for (uint32_t c = 0; c < to.column_count(); ++c) {
      if (wanted(c)) reader_.decode(c, rows, tids, to.column(c), memory_);
    }
  }

  const planner::ScanPlan& scan_;
  const catalog::Relation* relation_;
  catalog::TableActivity* activity_ = nullptr;
  TableReader reader_;
  MemberSelection members_;
  std::vector<ExpressionEvaluator> filter_, percent_, seed_;
  uint64_t sample_limit_ = 0, sample_seed_ = 0;
  std::vector<bool> filter_column_, decoded_;
  Chunk chunk_, narrow_;
  uint16_t* selected_;
  std::vector<uint64_t> hashes_;
  std::vector<ActiveFilter> key_filters_;

  MorselQueue own_queue_;
  MorselQueue* queue_ = nullptr;
  uint64_t page_ = 0, page_end_ = 0;
  size_t run_hint_ = 0;
  std::vector<access::RowBuffer> batches_;
  bool needs_tids_ = false, counts_only_ = false;
  uint64_t pending_ = 0;  // rows counted and not yet passed on
  std::vector<RowVersion> rows_, few_rows_;
  std::vector<Tid> tids_, few_tids_;
  size_t at_ = 0;
  bool any_large_ = false;
};

}  // namespace

OperatorPtr make_seq_scan(const planner::ScanPlan& p, ExecutionContext& c) {
  return std::make_unique<SeqScanOperator>(p, c);
}

}  // namespace varve::executor
