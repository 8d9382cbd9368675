// One partition of a window: its argument values, peers and frames.
#pragma once

#include <memory>
#include <vector>

#include "expression_node.h"
#include "key_ops.h"
#include "operator.h"

namespace varve::executor {

// A column of any length, in vectors of kChunkRows rows that are used again for the next partition.
class LongColumn {
 public:
  explicit LongColumn(types::PhysicalType type) : type_(type) {}
  void clear() { size_ = 0; }
  void append(const Vector& v, const Selection& rows, Arena& strings);
  void resize(uint64_t n);
  uint64_t size() const { return size_; }
  Vector& block(uint64_t i) { return blocks_[i]; }
  bool is_null(uint64_t row) const {
    return blocks_[row / vector::kChunkRows].is_null(row % vector::kChunkRows);
  }
  types::Value value(uint64_t row) const {
    return blocks_[row / vector::kChunkRows].value(row % vector::kChunkRows);
  }
  const void* data(uint64_t row) const {
    return blocks_[row / vector::kChunkRows].raw() +
           types::physical_width(type_) * (row % vector::kChunkRows);
  }
  void set(uint64_t row, const types::Value& v) {
    blocks_[row / vector::kChunkRows].set_value(row % vector::kChunkRows, v);
  }
  types::PhysicalType type() const { return type_; }

 private:
  types::PhysicalType type_;
  Arena memory_;
  std::vector<Vector> blocks_;
  uint64_t size_ = 0;
};

struct FrameBounds {
  uint64_t start, end;  // rows [start, end)
};

class WindowPartition {
 public:
  WindowPartition(const planner::WindowPlan& plan, ExecutionContext& context);

  void clear();
  // Adds rows that belong to it. `group_starts[i]`: row i is no peer of the row before it.
  void append(const Chunk& in, const Selection& rows);
  uint64_t size() const { return rows_; }
  Arena& memory() { return memory_; }

  // After the last append: peers and offsets.
  void seal();
  uint64_t peer_start(uint64_t row) const { return group_start_[group_of_[row]]; }
  uint64_t peer_end(uint64_t row) const { return group_start_[group_of_[row] + 1]; }
  uint64_t group(uint64_t row) const { return group_of_[row]; }
  FrameBounds frame(uint64_t row);
  // EXCLUDE leaves this row of the frame of `row` out.
  bool excluded(uint64_t row, uint64_t other) const;
  // Whether both rows exclude the same rows from their frames.
  bool same_exclusion(uint64_t row, uint64_t other) const {
    return !has_exclusion() ||
           (plan_.frame.exclusion == planner::FrameExclusion::kGroup && group_of_[row] == group_of_[other]);
  }
  bool starts_unbounded() const { return plan_.frame.start == planner::FrameBoundKind::kUnboundedPreceding; }
  bool has_exclusion() const { return plan_.frame.exclusion != planner::FrameExclusion::kNone; }

  LongColumn& arg(size_t call, size_t i) { return *args_[call][i]; }
  LongColumn* filter(size_t call) { return filters_[call].get(); }

 private:
  uint64_t offset_value(std::vector<ExpressionEvaluator>& offset, const char* what);
  uint64_t range_bound(uint64_t row, bool start);
  uint64_t bound(uint64_t row, bool start);

  const planner::WindowPlan& plan_;
  ExecutionContext& context_;
  Arena memory_, scratch_;
  std::vector<std::vector<ExpressionEvaluator>> arg_exprs_, filter_exprs_;
  std::vector<std::vector<std::unique_ptr<LongColumn>>> args_;
  std::vector<std::unique_ptr<LongColumn>> filters_;
  std::vector<ExpressionEvaluator> order_exprs_, start_offset_, end_offset_;
  std::vector<std::unique_ptr<LongColumn>> order_;
  std::vector<KeyType> order_keys_;
  uint64_t rows_ = 0;
  std::vector<uint64_t> group_of_, group_start_;
  uint64_t start_rows_ = 0, end_rows_ = 0;  // offsets of ROWS and GROUPS
  types::Value start_value_, end_value_;    // of RANGE
  ExprScope scope_;
  std::unique_ptr<FunctionCall> range_call_[2];  // add, subtract
  Vector range_key_, range_offset_, range_result_;
};

}  // namespace varve::executor
