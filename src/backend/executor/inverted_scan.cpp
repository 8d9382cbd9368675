// Scan of an inverted index: the sets of rows that its condition names are met and united as streams, the
// rows fetched in the order of their places and tested.
#include <array>

#include "catalog/partition.h"
#include "catalog/table_activity.h"
#include "common/sql_error.h"
#include "index_lookup.h"
#include "member_selection.h"
#include "operator.h"
#include "tid_stream.h"

namespace varve::executor {

using planner::InvertedCondition;
using types::Value;

namespace {

// Where rows may be: what the index says, or all of a table when it says nothing.
class TidCursor {
 public:
  void open(const ExecutionContext& context, const catalog::Relation& relation,
            std::unique_ptr<TidStream> stream) {
    relation_ = &relation;
    stream_ = std::move(stream);
    next_ = Tid::unpack(0);
    tids_.clear();
    tid_ = run_ = page_ = 0;
    runs_.clear();
    if (stream_ != nullptr) return;
    check_ok(relation.heap->begin_scan(context.snapshot));
    auto runs = relation.heap->runs();
    check_ok(runs.status());
    runs_ = std::move(*runs);
  }
  void close() {
    stream_.reset();
    batch_ = {};
  }

  bool next(const ExecutionContext& context, Tid* tid) {
    if (stream_ == nullptr) return next_of_table(context, tid);
    if (!stream_->seek(next_, tid)) return false;
    next_ = Tid::unpack(tid->packed() + 1);
    return true;
  }

 private:
  bool next_of_table(const ExecutionContext& context, Tid* tid) {
    while (tid_ == tids_.size()) {
      while (run_ < runs_.size() && page_ == runs_[run_].count) {
        ++run_;
        page_ = 0;
      }
      if (run_ == runs_.size()) return false;
      const PageId page{runs_[run_].first.value() + page_++};
      check_ok(relation_->heap->read_page(context.snapshot, page, &batch_));
      tids_.assign(batch_.tids.begin(), batch_.tids.end());
      tid_ = 0;
    }
    *tid = tids_[tid_++];
    return true;
  }

  const catalog::Relation* relation_ = nullptr;
  std::unique_ptr<TidStream> stream_;
  Tid next_;
  std::vector<access::PageRun> runs_;
  size_t run_ = 0, page_ = 0;
  access::Heap::PageBatch batch_;
  std::vector<Tid> tids_;
  size_t tid_ = 0;
};

class InvertedScanOperator : public Operator {
 public:
  InvertedScanOperator(const planner::InvertedScanPlan& plan, ExecutionContext& context)
      : Operator(plan, context), scan_(plan), members_(plan, context) {
    for (uint16_t*& s : selected_) s = context.build_memory->make_array<uint16_t>(context.chunk_rows());
    compile(plan.condition);
    for (const analyzer::Expr* e : {plan.recheck, plan.filter}) {
      conditions_.emplace_back();
      if (e != nullptr) conditions_.back().emplace_back(*e, context, memory_);
    }
    std::vector<types::PhysicalType> types;
    for (catalog::ColumnNumber c : plan.columns) types.push_back(column_physical_type(**plan.relation, c));
    chunk_ = make_chunk(types, context);
  }

  void open() override {
    keys_memory_.reset();
    values_memory_.reset();
    values_.clear();
    for (ExpressionEvaluator& e : evaluators_)
      values_.push_back(types::copy_value(e.scalar(), values_memory_));
    fetcher_ = nullptr;
    if (scan_.members.empty()) return open_table(0, **scan_.relation, *scan_.index, scan_.columns);
    members_.open(nullptr);
    next_member();
  }

  void close() override {
    cursor_.close();
    memory_.reset();
  }

 protected:
  bool produce(Chunk*& out) override {
    for (;;) {
      context_.check_cancel();
      memory_.reset();
      chunk_.reset();
      const uint32_t n = fetcher_ == nullptr ? 0 : fetch_rows();
      if (n == 0) {
        if (next_member()) continue;
        return false;
      }
      chunk_.set_dense(n);
      activity_->add(catalog::Activity::kIndexRows, n);
      if (!passes(0) || !passes(1)) continue;
      out = &chunk_;
      return true;
    }
  }

 private:
  void compile(const InvertedCondition& c) {
    if (c.kind == InvertedCondition::Kind::kOperator)
      evaluators_.emplace_back(*c.value, context_, keys_memory_);
    for (const InvertedCondition& part : c.parts) compile(part);
  }

  // The recheck is the first, the filter the second of the conditions.
  bool passes(size_t condition) {
    if (conditions_[condition].empty()) return true;
    const uint32_t before = chunk_.count();
    uint16_t* selected = selected_[condition];
    const uint32_t passed = conditions_[condition][0].select(chunk_, chunk_.selection(), selected);
    if (NodeCounters* c = counters())
      (condition == 0 ? c->rechecked_away : c->rows_removed) += before - passed;
    if (passed == 0) return false;
    if (passed < before) chunk_.set_selection({selected, passed});
    return true;
  }

  void open_table(size_t number, const catalog::Relation& relation, const catalog::Index& index,
                  std::span<const catalog::ColumnNumber> columns) {
    if (fetchers_.size() <= number) fetchers_.resize(number + 1);
    if (fetchers_[number] == nullptr)
      fetchers_[number] = std::make_unique<RowFetcher>(relation, columns, context_);
    fetcher_ = fetchers_[number].get();
    const TidSource source{*index.tree, context_.snapshot.serializable, context_.settings.work_mem_bytes};
    size_t value = 0;
    cursor_.open(context_, relation, tids_of(source, index, scan_.condition, &value));
    activity_ = &catalog::table_activity(context_.database, index.oid);
    activity_->add(catalog::Activity::kIndexScans, 1);
  }

  bool next_member() {
    size_t number = 0;
    if (scan_.members.empty() || !members_.next(&number)) return false;
    const planner::ScanMember& member = scan_.members[number];
    open_table(number, **member.relation, *member.index, member.columns);
    return true;
  }

  // `value`: number of the next operator's value.
  std::unique_ptr<TidStream> tids_of(const TidSource& source, const catalog::Index& index,
                                     const InvertedCondition& c, size_t* value) {
    if (c.kind == InvertedCondition::Kind::kOperator) {
      const Value& argument = values_[(*value)++];
      return open_tids(source, c.key,
                       functions::inverted_query(index.keys[c.key].inverted, c.op, argument,
                                                 catalog::append_inverted_element));
    }
    std::vector<std::unique_ptr<TidStream>> parts;
    for (const InvertedCondition& part : c.parts) parts.push_back(tids_of(source, index, part, value));
    return c.kind == InvertedCondition::Kind::kAnd ? common_tids(std::move(parts))
                                                   : united_tids(std::move(parts));
  }

  uint32_t fetch_rows() {
    uint32_t n = 0, found = 0;
    access::RowVersion row;
    for (Tid tid; n < context_.chunk_rows() && (n == 0 || memory_.held_bytes() <= kChunkLargeBytes);) {
      if (!cursor_.next(context_, &tid)) break;
      if (++found % 1024 == 0) context_.check_cancel();
      if (!fetcher_->find(tid, &row)) continue;
      fetcher_->put(row, tid, chunk_, n++, memory_);
    }
    if (NodeCounters* c = counters()) c->index_rows += found;
    return n;
  }

  const planner::InvertedScanPlan& scan_;
  catalog::TableActivity* activity_ = nullptr;
  Arena keys_memory_, values_memory_;
  MemberSelection members_;
  std::vector<ExpressionEvaluator> evaluators_;
  std::vector<Value> values_;  // of the operators, in the order in which the condition names them
  std::vector<std::vector<ExpressionEvaluator>> conditions_;
  std::vector<std::unique_ptr<RowFetcher>> fetchers_;  // by member
  RowFetcher* fetcher_ = nullptr;
  TidCursor cursor_;
  Chunk chunk_;
  std::array<uint16_t*, 2> selected_{};  // by condition
};

}  // namespace

OperatorPtr make_inverted_scan(const planner::InvertedScanPlan& p, ExecutionContext& c) {
  return std::make_unique<InvertedScanOperator>(p, c);
}

}  // namespace varve::executor
