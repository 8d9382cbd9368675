// The aggregate calls of one node: arguments, filters, DISTINCT and ORDER BY, states.
#pragma once

#include <memory>
#include <vector>

#include "group_table.h"
#include "operator.h"
#include "sorter.h"

namespace varve::executor {

class AggregateCalls {
 public:
  AggregateCalls(std::span<const planner::AggregateCallPlan> plans, ExecutionContext& context, Arena& memory);
  ~AggregateCalls();

  size_t count() const { return calls_.size(); }
  uint32_t state_bytes() const { return state_bytes_; }
  // Partial states can be merged: no DISTINCT, no ORDER BY, every aggregate has combine.
  bool combinable() const;

  void init(uint8_t* states);
  void destroy(uint8_t* states);
  // Evaluates arguments and filters for a chunk; then update() as often as there are grouping sets.
  void prepare(const Chunk& in, const Selection& rows);
  // states[i] belongs to row rows[i] of prepare(); null: skip the row.
  void update(uint8_t* const* groups, uint32_t state_offset);
  void update_one(uint8_t* states);
  // update_run(): positions [from, to) of prepare()'s rows belong to one group. Only if has_runs().
  bool has_runs() const;
  void update_run(uint8_t* states, uint32_t from, uint32_t to);
  // Some of prepare()'s rows, which belong to one group. Only if has_runs() and all_rows().
  void update_rows(uint8_t* states, const Selection& rows);
  // No call leaves out rows of prepare()'s, because of a FILTER or of NULLs.
  bool all_rows() const;
  // Hands the rows kept back for DISTINCT and ORDER BY to their states. Once, after the last update.
  void finish_deferred();
  void combine(uint8_t* into, const uint8_t* from);
  // Result of call `i` of these states into rows 0… of `out`.
  void finalize(size_t i, uint8_t* const* groups, uint32_t count, uint32_t state_offset, Vector& out);

  // Results of finalize() need none of what destroy() frees.
  bool results_stand_alone() const;

  size_t memory_bytes() const { return state_memory_.held_bytes(); }
  void clear();

 private:
  struct Call;
  void run(Call& call, std::span<const Vector* const> args, const Selection& rows, void* const* states);
  void run_one(Call& call, std::span<const Vector* const> args, const Selection& rows, uint8_t* states);
  void find_families();
  // Rows of prepare()'s into one group's states, for those calls of families that leave out none; they are
  // marked as updated. The rows' values lie `offset` behind the places that the selection names.
  void run_families(uint8_t* states, const Selection& rows, uint32_t offset);
  Selection part_of(const Call& call, uint32_t from, uint32_t to) const;
  Selection countable(Call& call, const Selection& rows, std::span<const Vector* const> args);
  void defer(Call& call, uint8_t* const* states);
  void finish_sorted(Call& call);
  void finish_distinct(Call& call);
  void distinct_rows(Call& call, const Chunk& keyed, const Selection& rows, SpillFile* overflow);

  ExecutionContext& context_;
  Arena& memory_;
  Arena state_memory_;
  std::vector<std::unique_ptr<Call>> calls_;
  std::vector<Call*> owners_;  // those with a state of their own
  // Calls of one aggregate that is faster with several columns at once.
  std::vector<std::vector<Call*>> families_;
  uint32_t state_bytes_ = 0;
  Selection rows_;
  std::vector<void*> states_;  // by row
  std::vector<uint16_t> selected_;
  std::vector<uint16_t> places_;  // 0, 1, 2, …
  std::vector<const Vector*> run_args_;
  std::vector<Vector> run_views_;
  std::vector<void*> run_states_;
};

}  // namespace varve::executor
