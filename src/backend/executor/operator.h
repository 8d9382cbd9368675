// What every operator is: opened, pulled a chunk at a time, closed; opened again for a re-scan or the next
// run.
#pragma once

#include <memory>
#include <vector>

#include "executor/chunk_collection.h"
#include "executor/execution_context.h"
#include "executor/expression_program.h"
#include "planner/plan.h"

namespace varve::executor {

class Operator {
 public:
  Operator(const planner::Plan& plan, ExecutionContext& context);
  virtual ~Operator();
  Operator(const Operator&) = delete;
  Operator& operator=(const Operator&) = delete;

  // From the start, with the exec params as they are now. What does not depend on them may be kept while
  // context.run stays the same. Children are opened by their parent when it first needs them.
  virtual void open() = 0;
  // Of every open() from now on: whoever is above most likely wants no more than so many rows. A scan gets no
  // more from the store at first, and then more and more. Default: nobody below need know.
  virtual void expect_rows(uint64_t) {}
  // At least one row, or false at the end (then do not call again before open()). The chunk belongs to this
  // operator and its children; it is valid until the next call of next(), open() or close() on it.
  bool next(Chunk*& out) {
    if (counters_ == nullptr) [[likely]]
      return produce(out);
    return counted_next(out);
  }
  // Gives back files and big memory. A closed operator can be opened again.
  virtual void close();

  const planner::Plan& plan() const { return plan_; }

  // Before instances of this pipeline run in several threads: names the scan to be split and builds the hash
  // tables that they share. False: it cannot be done, run serially. Default: what the first child says.
  virtual bool prepare_parallel(SharedState& shared);
  // Joins of the pipeline that return build rows when everything has been probed, from the bottom up.
  virtual void joins_with_unmatched(std::vector<uint32_t>* plan_ids) const;

 protected:
  virtual bool produce(Chunk*& out) = 0;
  Operator& child(size_t i = 0) { return *children_[i]; }
  NodeCounters* counters() { return counters_; }

  const planner::Plan& plan_;
  ExecutionContext& context_;
  std::vector<std::unique_ptr<Operator>> children_;
  Arena memory_;  // results of this node's expressions for the current chunk

 private:
  bool counted_next(Chunk*& out);
  NodeCounters* counters_ = nullptr;
};

using OperatorPtr = std::unique_ptr<Operator>;

// Instantiates a plan with everything below it.
OperatorPtr build_operator(const planner::Plan& plan, ExecutionContext& context);

// One factory an operator family; build_operator() dispatches to them.
OperatorPtr make_result(const planner::ResultPlan&, ExecutionContext&);
OperatorPtr make_values(const planner::ValuesPlan&, ExecutionContext&);
OperatorPtr make_seq_scan(const planner::ScanPlan&, ExecutionContext&);
OperatorPtr make_index_scan(const planner::IndexScanPlan&, ExecutionContext&);
OperatorPtr make_inverted_scan(const planner::InvertedScanPlan&, ExecutionContext&);
OperatorPtr make_function_scan(const planner::FunctionScanPlan&, ExecutionContext&);
OperatorPtr make_cte_scan(const planner::CteScanPlan&, ExecutionContext&);
OperatorPtr make_work_table_scan(const planner::CteScanPlan&, ExecutionContext&);
OperatorPtr make_filter(const planner::FilterPlan&, ExecutionContext&);
OperatorPtr make_project(const planner::ProjectPlan&, ExecutionContext&);
OperatorPtr make_project_set(const planner::ProjectPlan&, ExecutionContext&);
OperatorPtr make_limit(const planner::LimitPlan&, ExecutionContext&);
OperatorPtr make_sort(const planner::SortPlan&, ExecutionContext&);
OperatorPtr make_incremental_sort(const planner::SortPlan&, ExecutionContext&);
OperatorPtr make_unique(const planner::UniquePlan&, ExecutionContext&);
OperatorPtr make_aggregate(const planner::AggregatePlan&, ExecutionContext&);
OperatorPtr make_window(const planner::WindowPlan&, ExecutionContext&);
OperatorPtr make_hash_join(const planner::JoinPlan&, ExecutionContext&);
OperatorPtr make_merge_join(const planner::JoinPlan&, ExecutionContext&);
OperatorPtr make_nested_loop(const planner::JoinPlan&, ExecutionContext&);
OperatorPtr make_index_join(const planner::IndexJoinPlan&, ExecutionContext&);
OperatorPtr make_append(const planner::Plan&, ExecutionContext&);
OperatorPtr make_set_operation(const planner::SetOperationPlan&, ExecutionContext&);
OperatorPtr make_recursive_union(const planner::RecursiveUnionPlan&, ExecutionContext&);
OperatorPtr make_materialize(const planner::Plan&, ExecutionContext&);
OperatorPtr make_transform(const planner::TransformPlan&, ExecutionContext&);
OperatorPtr make_lock_rows(const planner::LockRowsPlan&, ExecutionContext&);
OperatorPtr make_insert(const planner::ModifyPlan&, ExecutionContext&);
OperatorPtr make_update(const planner::ModifyPlan&, ExecutionContext&);
OperatorPtr make_delete(const planner::ModifyPlan&, ExecutionContext&);
OperatorPtr make_merge(const planner::ModifyPlan&, ExecutionContext&);

// The plan (or an expression in it) reads exec params that its own nodes do not set.
bool depends_on_exec_params(const planner::Plan& plan);
// Contains INSERT, UPDATE or DELETE.
bool modifies_data(const planner::Plan& plan);

// How many rows a scan gets at a time when it expects to be asked for few.
class GrowingBatch {
 public:
  explicit GrowingBatch(uint32_t most) : most_(most), size_(most) {}
  void expect(uint64_t rows) { first_ = std::max<uint64_t>(rows, 1); }
  void restart() { size_ = static_cast<uint32_t>(std::min<uint64_t>(first_, most_)); }
  void grow() { size_ = static_cast<uint32_t>(std::min<uint64_t>(uint64_t{size_} * 4, most_)); }
  uint32_t size() const { return size_; }

 private:
  uint64_t first_ = UINT64_MAX;
  uint32_t most_, size_;
};

// A chunk of the plan's output columns with memory for chunk_rows rows each.
Chunk make_chunk(std::span<const types::PhysicalType> types, ExecutionContext& context);

// Evaluators for a list of expressions.
std::vector<ExpressionEvaluator> compile_all(analyzer::ExprList exprs, ExecutionContext& context,
                                             Arena& memory);

}  // namespace varve::executor
