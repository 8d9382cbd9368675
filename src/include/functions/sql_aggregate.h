// Aggregates made by CREATE AGGREGATE of ordinary functions: built-in ones, or functions in SQL or PL/pgSQL.
// Made by the analyzer for one call, in the arena of its statement; not for several threads, and never merged
// (a combine function is accepted but not used).
#pragma once

#include <memory>

#include "functions/registry.h"

namespace varve::functions {

// The functions that keep one kind of state.
struct SqlTransition {
  const Function* transition = nullptr;  // (state, arguments…) -> state
  const CallSite* transition_site = nullptr;
  const Function* inverse = nullptr;  // takes a row out of the state again; of a frame that moves
  const CallSite* inverse_site = nullptr;
  // (state, direct arguments…[, NULLs as the others]); null: the state is the result
  const Function* final_function = nullptr;
  const CallSite* final_site = nullptr;
  Oid state_type;
  types::Value initial;  // INITCOND, or NULL
};

struct SqlAggregate : AggregateImpl {
  SqlAggregate();

  SqlTransition plain;
  SqlTransition moving;      // without a transition: it has none
  bool ordered_set = false;  // must be called WITHIN GROUP
  // Of an ordered-set aggregate: how many of the arguments go to the final function alone, and their values
  // where they are constants (NULL where not).
  uint32_t direct_args = 0;
  std::span<const types::Value> direct_constants;
};
// Null: it is another kind.
const SqlAggregate* as_sql_aggregate(const AggregateImpl* aggregate);

// The state of a frame that moves.
class MovingState {
 public:
  MovingState(const SqlAggregate& aggregate, EvalContext& context, Arena& memory);
  ~MovingState();
  MovingState(const MovingState&) = delete;
  MovingState& operator=(const MovingState&) = delete;

  void reset();
  void add(std::span<const Vector* const> args, uint32_t row);
  // A row that was added earlier than all others. False: the state must be made anew from what is left.
  [[nodiscard]] bool remove(std::span<const Vector* const> args, uint32_t row);
  types::Value result();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace varve::functions
