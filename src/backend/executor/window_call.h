// Computes one window call over a sealed partition.
#pragma once

#include "functions/sql_aggregate.h"
#include "window_partition.h"

namespace varve::executor {

class WindowCall {
 public:
  WindowCall(const planner::WindowCallPlan& plan, size_t number, ExecutionContext& context);

  // Results of all rows into `out`; long values in the partition's memory.
  void compute(WindowPartition& partition, LongColumn& out);
  types::PhysicalType result_type() const { return result_; }

 private:
  void compute_function(WindowPartition& p, LongColumn& out);
  types::Value shifted(WindowPartition& p, uint64_t row, bool back);
  types::Value framed(WindowPartition& p, uint64_t row);
  void compute_ntile(WindowPartition& p, LongColumn& out);
  void compute_aggregate(WindowPartition& p, LongColumn& out);
  void compute_moving(WindowPartition& p, const functions::SqlAggregate& aggregate, LongColumn& out);
  bool counts(WindowPartition& p, uint64_t row, uint64_t at);
  void accumulate(WindowPartition& p, uint64_t row, FrameBounds rows, void* state);
  void add_all(functions::AggregateCall& call, uint32_t first, uint32_t count, void* state, Arena& memory);
  void add_counting(functions::AggregateCall& call, WindowPartition& p, uint64_t row, FrameBounds rows,
                    void* state);

  const planner::WindowCallPlan& plan_;
  size_t number_;
  ExecutionContext& context_;
  functions::CallSite own_site_;
  const functions::CallSite* site_;
  types::PhysicalType result_;
  std::vector<uint16_t> rows_;
  std::vector<const Vector*> args_;  // in the block in work
  std::vector<Vector> views_;        // of parts of it
};

}  // namespace varve::executor
