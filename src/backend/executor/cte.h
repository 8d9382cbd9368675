// Rows that several nodes read: materialised CTEs and the work tables of recursive unions.
#pragma once

#include <memory>
#include <unordered_map>
#include <unordered_set>

#include "executor/chunk_collection.h"
#include "operator.h"

namespace varve::executor {

// One CTE of the statement: runs as far as its readers ask.
class CteState {
 public:
  CteState(const planner::Plan& plan, ExecutionContext& context);

  // Starts afresh if the run is a new one.
  void prepare();
  // There is a chunk of that number; pulls it if need be.
  bool has(size_t number);
  void run_to_end();
  void release();
  ChunkCollection& rows() { return rows_; }

 private:
  bool is_current() const;

  ExecutionContext& context_;
  OperatorPtr plan_;
  ChunkCollection rows_;
  std::vector<uint32_t> outer_slots_;
  std::vector<types::Value> outer_values_;
  Arena outer_memory_;
  uint64_t run_ = 0;
  bool ended_ = false;
};

class CteStates {
 public:
  explicit CteStates(size_t count) : states_(count) {}
  CteState& state(uint32_t cte, ExecutionContext& context);
  void finish_modifying(ExecutionContext& context);
  void release();

  // The rows that the recursive term reads now.
  std::unordered_map<uint32_t, ChunkCollection*> work_tables;

 private:
  std::vector<std::unique_ptr<CteState>> states_;
};

}  // namespace varve::executor
