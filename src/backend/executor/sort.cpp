// Sort, top-n and incremental sort.
#include <algorithm>
#include <atomic>

#include "common/sql_error.h"
#include "functions/type_oids.h"
#include "operator.h"
#include "parallel.h"
#include "row_compare.h"
#include "scan_filter.h"
#include "sort_operator.h"
#include "sorter.h"

namespace varve::executor {

using analyzer::ExprKind;

namespace {

class SortBase : public Operator {
 public:
  SortBase(const planner::SortPlan& plan, ExecutionContext& context)
      : Operator(plan, context), chunk_(make_chunk(physical_types(plan.output), context)) {
    children_.push_back(build_operator(*plan.children[0], context));
    std::vector<types::PhysicalType> types = physical_types(plan.output);
    auto columns = static_cast<uint32_t>(types.size());
    for (const analyzer::SortKey& k : plan.keys) {
      SortColumn key{0, make_key_type(k.expr->type, k.collation, KeyUse::kSort), k.descending, k.nulls_first};
      if (k.expr->kind == ExprKind::kInput) {
        key.column = k.expr->as<analyzer::InputExpr>().index;
      } else {
        key.column = static_cast<uint32_t>(types.size());
        types.push_back(key.key.physical);
        extra_.emplace_back(*k.expr, context, memory_);
      }
      keys_.push_back(key);
    }
    sorter_ = std::make_unique<Sorter>(context, types, columns, keys_, context.sort_memory_bytes());
    inputs_.resize(types.size());
    if (plan.limit != nullptr) limit_.emplace_back(*plan.limit, context, memory_);
  }

  void close() override {
    sorter_->clear();
    Operator::close();
  }

 protected:
  void load_inputs(const Chunk& in) {
    memory_.reset();
    for (uint32_t c = 0; c < in.column_count(); ++c) inputs_[c] = &in.column(c);
    for (size_t i = 0; i < extra_.size(); ++i) {
      Vector* v = nullptr;
      extra_[i].evaluate(in, in.selection(), v);
      inputs_[in.column_count() + i] = v;
    }
  }

  void apply_limit() {
    uint64_t limit = UINT64_MAX;
    if (!limit_.empty()) {
      types::Value v = limit_[0].scalar();
      if (!v.null && v.int64 >= 0) limit = static_cast<uint64_t>(v.int64);
    }
    sorter_->set_limit(limit);
  }

  bool yield(Chunk*& out) {
    chunk_.reset();
    uint32_t n = sorter_->next(chunk_, context_.chunk_rows());
    chunk_.set_dense(n);
    out = &chunk_;
    return n > 0;
  }

  void note_memory() {
    if (counters() == nullptr) return;
    counters()->memory_bytes = std::max<uint64_t>(counters()->memory_bytes, sorter_->memory_bytes());
    counters()->spilled_bytes = std::max<uint64_t>(counters()->spilled_bytes, sorter_->spilled_bytes());
  }

  std::vector<SortColumn> keys_;
  std::vector<ExpressionEvaluator> extra_, limit_;
  std::unique_ptr<Sorter> sorter_;
  std::vector<const Vector*> inputs_;
  Chunk chunk_;
};

class SortOperator final : public SortBase, public FirstRowsSource {
 public:
  using SortBase::SortBase;
  ~SortOperator() override { drop_filter(); }

  void open() override {
    drop_filter();
    sorter_->clear();
    apply_limit();
    sorted_ = false;
  }
  void close() override {
    drop_filter();
    SortBase::close();
  }

  bool keep_first_of(std::span<const uint32_t> columns) override {
    if (plan_.as<planner::SortPlan>().limit != nullptr || !extra_.empty() || columns.empty()) return false;
    // The columns are those of the first keys, in whatever order.
    for (size_t k = 0; k < columns.size(); ++k) {
      if (k >= keys_.size() || std::find(columns.begin(), columns.end(), keys_[k].column) == columns.end())
        return false;
    }
    first_columns_ = columns;
    return true;
  }

 protected:
  bool produce(Chunk*& out) override {
    if (!sorted_) {
      sorted_ = true;
      if (!sort_parallel()) {
        consume_child(nullptr);
        note_memory();
        sorter_->finish();
      }
    }
    return yield(out);
  }

 private:
  // What of its input is of no use is known better the more of it has been seen: the scan below is told, or
  // else it is left out here.
  void make_filter() {
    drop_filter();
    const bool of_all = sorter_->limit() <= kMostFirstRows && extra_.empty() && !keys_.empty();
    if (first_columns_.empty() && !of_all) return;
    std::vector<SortColumn> keys = keys_;
    if (FilterableScan* scan = find_scan(&keys)) {
      filter_ = make_filter_of(keys);
      if (scan->push_filter(filter_.get())) {
        pushed_to_ = scan;
        return;
      }
      filter_.reset();
    }
    if (first_columns_.empty()) return;  // the sorter does as much
    filter_ = make_filter_of(keys_);
    if (kept_rows_.empty()) kept_rows_.resize(context_.chunk_rows());
  }
  std::unique_ptr<ScanFilter> make_filter_of(std::span<const SortColumn> keys) const {
    if (first_columns_.empty())
      return std::make_unique<FirstOfAll>(context_, *sorter_, keys, bounded_keys(keys));
    return std::make_unique<FirstOfGroup>(context_, keys, static_cast<uint32_t>(first_columns_.size()));
  }
  // The scan that the rows come from; the keys become columns of it.
  FilterableScan* find_scan(std::vector<SortColumn>* keys) {
    auto* projection = dynamic_cast<ScanProjection*>(children_[0].get());
    if (projection == nullptr || projection->scan() == nullptr)
      return dynamic_cast<FilterableScan*>(children_[0].get());
    std::vector<SortColumn> below = *keys;
    for (SortColumn& key : below) {
      const std::optional<uint32_t> column = projection->column_of_scan(key.column);
      if (!column) return nullptr;
      key.column = *column;
    }
    *keys = std::move(below);
    return projection->scan();
  }
  const planner::Plan& input_plan() const {
    const planner::Plan& input = *plan_.children[0];
    return input.kind == planner::PlanKind::kProject ? *input.children[0] : input;
  }
  void drop_filter() {
    if (pushed_to_ != nullptr) pushed_to_->push_filter(nullptr);
    pushed_to_ = nullptr;
    filter_.reset();
  }
  // Stores compare values of the type as sorting does.
  static bool is_plain_order(Oid type) {
    for (Oid known : {type_oid::kInt2, type_oid::kInt4, type_oid::kInt8, type_oid::kFloat4, type_oid::kFloat8,
                      type_oid::kDate, type_oid::kTime, type_oid::kTimestamp, type_oid::kTimestamptz}) {
      if (type == known) return true;
    }
    return false;
  }
  static bool is_byte_order(const KeyType& key) {
    return (key.type == type_oid::kText || key.type == type_oid::kVarchar) && key.collation->is_c();
  }
  bool nulls_come_last(const SortColumn& key) const {
    if (!key.nulls_first) return true;
    const planner::Plan& input = input_plan();
    if (input.kind != planner::PlanKind::kSeqScan) return false;
    const auto& scan = input.as<planner::ScanPlan>();
    const catalog::ColumnNumber column = scan.columns[key.column];
    return column > 0 && scan.members.empty() && (*scan.relation)->column(column).not_null;
  }
  // Of how many keys a store can tell which rows may be among the first.
  size_t bounded_keys(std::span<const SortColumn> keys) const {
    if (!is_plain_order(keys[0].key.type) || !nulls_come_last(keys[0])) return 0;
    if (keys.size() == 1) return 1;
    const SortColumn& next = keys[1];
    const bool comparable = is_plain_order(next.key.type) || is_byte_order(next.key);
    return comparable && keys_[1].column < plan_.output.size() && nulls_come_last(next) ? 2 : 1;
  }

  // Until the child ends. `full`: set, and the rest left, when the rows outgrow their memory.
  void consume_child(std::atomic<bool>* full) {
    make_filter();
    child().open();
    Chunk* in = nullptr;
    while (child().next(in)) {
      context_.check_cancel();
      load_inputs(*in);
      Selection rows = in->selection();
      if (filter_ != nullptr && pushed_to_ == nullptr)
        rows = {kept_rows_.data(), filter_->select(*in, rows, kept_rows_.data())};
      sorter_->add(inputs_, rows);
      if (full == nullptr) continue;
      if (sorter_->spilled_bytes() > 0) full->store(true, std::memory_order_relaxed);
      if (full->load(std::memory_order_relaxed)) break;
    }
    child().close();
    drop_filter();
  }

  // Every thread sorts what it reads; the sorted parts are merged. False: it has to be done serially.
  bool sort_parallel() {
    const planner::Plan& input = *plan_.children[0];
    if (!may_run_parallel(context_) || !can_split(input, context_) || !has_safe_expressions(plan_, context_))
      return false;
    // A sort that will not fit is not begun twice.
    double bytes = input.rows * (static_cast<double>(plan_.output.size()) * 16 + 32);
    if (limit_.empty() && first_columns_.empty() && bytes > static_cast<double>(context_.sort_memory_bytes()))
      return false;
    SharedState shared;
    if (!child().prepare_parallel(shared)) return false;
    struct Part {
      ParallelWorker worker;
      std::unique_ptr<SortOperator> sort;
      Part(const ExecutionContext& context, SharedState& state) : worker(context, state) {}
    };
    std::vector<std::unique_ptr<Part>> parts;
    auto add_part = [&] {
      parts.push_back(std::make_unique<Part>(context_, shared));
      parts.back()->sort =
          std::make_unique<SortOperator>(plan_.as<planner::SortPlan>(), parts.back()->worker.context);
      parts.back()->sort->first_columns_ = first_columns_;
    };
    std::atomic<bool> full{false};
    add_part();
    parts[0]->sort->open();
    // The others are made when there is something left for them.
    const bool done = run_alone(child(), shared, [&] { parts[0]->sort->consume_child(&full); });
    if (!done && !full.load()) {
      while (parts.size() < context_.settings.parallel_workers) add_part();
      run_workers(context_, static_cast<uint32_t>(parts.size()), [&](uint32_t i) {
        if (i != 0) parts[i]->sort->open();
        parts[i]->sort->consume_child(&full);
      });
    }
    std::vector<uint32_t> unmatched;
    child().joins_with_unmatched(&unmatched);
    for (uint32_t id : unmatched) {
      if (full.load()) break;
      shared.unmatched_pass = id;
      parts[0]->sort->consume_child(&full);
    }
    if (full.load()) return false;
    const auto part_count = static_cast<uint32_t>(parts.size());
    std::vector<std::optional<KeyPacking>> seen(parts.size());
    run_workers(context_, part_count, [&](uint32_t i) { seen[i] = parts[i]->sort->sorter_->measure(); });
    KeyPacking& packing = *seen[0];
    for (uint32_t i = 1; i < part_count; ++i) packing.combine(*seen[i]);
    packing.fix();
    run_workers(context_, part_count, [&](uint32_t i) { parts[i]->sort->sorter_->finish(packing); });
    sorter_->finish();
    for (auto& part : parts) {
      sorter_->merge(*part->sort->sorter_);
      part->worker.add_counters(context_);
    }
    child().close();
    note_memory();
    return true;
  }

  static constexpr uint64_t kMostFirstRows = 10'000;

  bool sorted_ = false;
  std::span<const uint32_t> first_columns_;  // of rows equal in these only the first is wanted
  std::unique_ptr<ScanFilter> filter_;
  FilterableScan* pushed_to_ = nullptr;
  std::vector<uint16_t> kept_rows_;
};

// The input is sorted by the first keys: sorts one group of equal first keys after the other.
class IncrementalSortOperator : public SortBase {
 public:
  IncrementalSortOperator(const planner::SortPlan& plan, ExecutionContext& context)
      : SortBase(plan, context) {
    for (uint32_t k = 0; k < plan.presorted; ++k) group_keys_.push_back(keys_[k].key);
    group_.init(group_keys_);
    group_vectors_.resize(group_keys_.size());
    part_ = context.build_memory->make_array<uint16_t>(context.chunk_rows());
  }
  void open() override {
    sorter_->clear();
    apply_limit();
    group_.clear();
    in_ = nullptr;
    at_ = 0;
    emitting_ = ended_ = false;
    child().open();
  }

 protected:
  bool produce(Chunk*& out) override {
    for (;;) {
      if (emitting_) {
        if (yield(out)) return true;
        sorter_->clear();
        emitting_ = false;
      }
      if (ended_) return false;
      collect_group();
    }
  }

 private:
  void collect_group() {
    for (;;) {
      if (in_ == nullptr) {
        if (!child().next(in_)) {
          ended_ = emitting_ = true;
          break;
        }
        load_inputs(*in_);
        at_ = 0;
        for (size_t k = 0; k < group_keys_.size(); ++k) group_vectors_[k] = inputs_[keys_[k].column];
      }
      const Selection& rows = in_->selection();
      uint32_t n = 0;
      for (; at_ < rows.count; ++at_) {
        if (group_.has_row() && !group_.equals(group_vectors_, rows[at_])) break;
        if (!group_.has_row()) group_.remember(group_vectors_, rows[at_]);
        part_[n++] = static_cast<uint16_t>(rows[at_]);
      }
      sorter_->add(inputs_, {part_, n});
      if (at_ < rows.count) {
        group_.clear();
        emitting_ = true;
        break;
      }
      in_ = nullptr;
    }
    note_memory();
    sorter_->finish();
  }

  std::vector<KeyType> group_keys_;
  std::vector<const Vector*> group_vectors_;
  RememberedRow group_;
  uint16_t* part_;
  Chunk* in_ = nullptr;
  uint32_t at_ = 0;
  bool emitting_ = false, ended_ = false;
};

}  // namespace

OperatorPtr make_sort(const planner::SortPlan& p, ExecutionContext& c) {
  return std::make_unique<SortOperator>(p, c);
}
OperatorPtr make_incremental_sort(const planner::SortPlan& p, ExecutionContext& c) {
  return std::make_unique<IncrementalSortOperator>(p, c);
}

}  // namespace varve::executor
