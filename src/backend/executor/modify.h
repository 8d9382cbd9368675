// INSERT, UPDATE and DELETE as operators: what the three share.
#pragma once

#include <optional>

#include "table_writer.h"

namespace varve::executor {

class ModifyOperator : public Operator {
 public:
  ModifyOperator(const planner::ModifyPlan& plan, ModifyEvent event, ExecutionContext& context);
  void open() override;

 protected:
  bool produce(Chunk*& out) override;

  // Does the row `row` of the child's chunk; calls done() when something was changed.
  virtual void modify(const Chunk& in, uint32_t row) = 0;
  // First column of the child's output that is only there for RETURNING.
  virtual uint32_t first_extra() const = 0;

  // A changed row: counts, hooks, RETURNING.
  void done(ModifyEvent event, Tid tid, const RowValues& returned, const RowValues* old_row, RowValues* new_row,
            const Chunk& in, uint32_t row);
  bool before_row(ModifyEvent event, Tid tid, const RowValues* old_row, RowValues* new_row);

  // One row as a chunk: leading columns, then those of `rows` one after the other.
  struct RowChunk {
    Chunk chunk;
    void init(std::span<const types::PhysicalType> types, ExecutionContext& context);
    void load(uint32_t at, std::span<const types::Value> values);
  };

  const planner::ModifyPlan& modify_;
  TableWriter writer_;
  ModifyEvent event_;
  Arena row_memory_;     // of the row in work
  Arena returned_memory_;
  bool check_twice_ = false;  // the child may bring a row more than once
  std::unordered_set<uint64_t> touched_;

 private:
  void collect(const RowValues& returned, const Chunk& in, uint32_t row);
  void begin_hooks();
  void end_hooks();
  bool updates_conflicts() const {
    return event_ == ModifyEvent::kInsert && modify_.on_conflict && !modify_.do_nothing;
  }
  ModifyHooks* row_hooks(ModifyEvent event) { return hooks_[static_cast<size_t>(event)]; }

  ModifyHooks* hooks_[3] = {};  // by event: whom to tell of rows, or null
  bool tell_inserted_ = false;

  std::vector<ExpressionEvaluator> returning_;
  Chunk returned_, result_;
  uint32_t returned_count_ = 0;
  Chunk* in_ = nullptr;
  uint32_t at_ = 0;
  bool opened_ = false, ended_ = false;
};

}  // namespace varve::executor
