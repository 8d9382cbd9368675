// Aggregates made by CREATE AGGREGATE of ordinary functions: built-in ones, or functions in SQL or PL/pgSQL.
// Made by the analyzer for one call, in the arena of its statement; not for several threads, and never merged
// (a combine function is accepted but not used).
#pragma once

#include "functions/registry.h"

namespace varve::functions {

struct SqlAggregate : AggregateImpl {
  SqlAggregate();

  const Function* transition = nullptr;  // (state, arguments…) -> state
  const CallSite* transition_site = nullptr;
  const Function* final_function =
      nullptr;  // (state[, NULLs as the arguments]); null: the state is the result
  const CallSite* final_site = nullptr;
  Oid state_type;
  types::Value initial;  // INITCOND, or NULL
};

}  // namespace varve::functions
