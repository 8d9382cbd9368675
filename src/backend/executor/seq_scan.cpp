// Sequential scan. Filter columns are decoded first; the others only where rows are left.
#include <algorithm>

#include "common/hash.h"
#include "operator.h"
#include "plan_walk.h"
#include "shared_state.h"
#include "table_reader.h"

namespace varve::executor {

using access::RowVersion;
using catalog::ColumnNumber;

namespace {

constexpr size_t kPagesAtOnce = 8;

class SeqScanOperator : public Operator {
 public:
  SeqScanOperator(const planner::ScanPlan& plan, ExecutionContext& context)
      : Operator(plan, context), scan_(plan), relation_(**plan.relation), reader_(relation_, plan.columns),
        selected_(context.build_memory->make_array<uint16_t>(context.chunk_rows())) {
    std::vector<types::PhysicalType> types;
    for (ColumnNumber c : plan.columns) types.push_back(column_physical_type(relation_, c));
    chunk_ = make_chunk(types, context);
    filter_column_.assign(plan.columns.size(), false);
    if (plan.filter != nullptr) {
      filter_.emplace_back(*plan.filter, context, memory_);
      walk_expressions(plan, [&](const analyzer::Expr& e) {
        if (e.kind == analyzer::ExprKind::kInput) filter_column_[e.as<analyzer::InputExpr>().index] = true;
      });
      narrow_ = make_chunk(types, context);
    }
    batches_.resize(kPagesAtOnce);
  }

  void open() override {
    auto fill = [&](MorselQueue& queue) {
      auto runs = relation_.heap->runs();
      check_ok(runs.status());
      queue.init(std::move(*runs));
    };
    if (context_.shared != nullptr) {
      queue_ = &context_.shared->queue(plan_.id, fill);
    } else {
      fill(own_queue_);
      queue_ = &own_queue_;
    }
    page_ = page_end_ = 0;
    run_hint_ = 0;
    rows_.clear();
    at_ = 0;
  }

  void close() override {
    for (auto& b : batches_) b = {};
    memory_.reset();
  }

 protected:
  bool produce(Chunk*& out) override {
    for (;;) {
      if (at_ == rows_.size() && !load_rows()) return false;
      uint32_t n = static_cast<uint32_t>(std::min<size_t>(context_.chunk_rows(), rows_.size() - at_));
      if (any_large_) n = reader_.rows_at_once(std::span(rows_).subspan(at_, n));
      std::span rows = std::span(rows_).subspan(at_, n);
      std::span tids = std::span(tids_).subspan(at_, n);
      at_ += n;
      memory_.reset();
      if (fill_chunk(rows, tids, out)) return true;
    }
  }

 private:
  // Visible rows of the next few pages.
  bool load_rows() {
    rows_.clear();
    tids_.clear();
    at_ = 0;
    context_.check_cancel();
    size_t used = 0;
    while (used < kPagesAtOnce && rows_.size() < context_.chunk_rows()) {
      if (page_ == page_end_ && !queue_->take(&page_, &page_end_)) break;
      auto& batch = batches_[used];
      batch.rows.clear();
      batch.tids.clear();
      check_ok(relation_.heap->read_page(context_.snapshot, queue_->page(page_++, &run_hint_), &batch));
      if (batch.rows.empty()) {
        if (page_ == page_end_) context_.check_cancel();
        continue;
      }
      rows_.insert(rows_.end(), batch.rows.begin(), batch.rows.end());
      tids_.insert(tids_.end(), batch.tids.begin(), batch.tids.end());
      ++used;
    }
    if (scan_.sample_percent >= 0) sample();
    any_large_ = std::any_of(rows_.begin(), rows_.end(),
                             [](const RowVersion& row) { return (row.flags & access::kRowHasLarge) != 0; });
    return !rows_.empty() || (used == kPagesAtOnce && load_rows());
  }

  void sample() {
    size_t kept = 0;
    auto limit = static_cast<uint64_t>(scan_.sample_percent / 100.0 * 4294967296.0);
    for (size_t i = 0; i < rows_.size(); ++i) {
      uint64_t h = hash_combine(tids_[i].packed(), context_.run * 0x9E3779B97F4A7C15ULL + context_.snapshot.csn.value());
      if ((h >> 32) >= limit) continue;
      rows_[kept] = rows_[i];
      tids_[kept++] = tids_[i];
    }
    rows_.resize(kept);
    tids_.resize(kept);
  }

  bool fill_chunk(std::span<const RowVersion> rows, std::span<const Tid> tids, Chunk*& out) {
    auto n = static_cast<uint32_t>(rows.size());
    if (filter_.empty()) {
      decode(chunk_, rows, tids, [](size_t) { return true; });
      chunk_.set_dense(n);
      out = &chunk_;
      return true;
    }
    decode(chunk_, rows, tids, [&](size_t c) { return filter_column_[c]; });
    uint32_t passed = filter_[0].select(chunk_, {nullptr, n}, selected_);
    if (counters() != nullptr) counters()->rows_removed += n - passed;
    if (passed == 0) return false;
    if (passed * 2 > n) {
      decode(chunk_, rows, tids, [&](size_t c) { return !filter_column_[c]; });
      if (passed == n) chunk_.set_dense(n);
      else chunk_.set_selection({selected_, passed});
      out = &chunk_;
      return true;
    }
    few_rows_.clear();
    few_tids_.clear();
    for (uint32_t i = 0; i < passed; ++i) {
      few_rows_.push_back(rows[selected_[i]]);
      few_tids_.push_back(tids[selected_[i]]);
    }
    narrow_.reset();
    decode(narrow_, few_rows_, few_tids_, [&](size_t c) { return !filter_column_[c]; });
    for (uint32_t c = 0; c < narrow_.column_count(); ++c) {
      if (filter_column_[c]) vector::gather(chunk_.column(c), {selected_, passed}, narrow_.column(c), 0);
    }
    narrow_.set_dense(passed);
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
  const catalog::Relation& relation_;
  TableReader reader_;
  std::vector<ExpressionEvaluator> filter_;
  std::vector<bool> filter_column_;
  Chunk chunk_, narrow_;
  uint16_t* selected_;

  MorselQueue own_queue_;
  MorselQueue* queue_ = nullptr;
  uint64_t page_ = 0, page_end_ = 0;
  size_t run_hint_ = 0;
  std::vector<access::Heap::PageBatch> batches_;
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
