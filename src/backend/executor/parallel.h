// Pipelines that several threads run at once: each has its own operators over a shared queue of pages; hash
// tables on the way are built before and only probed.
#pragma once

#include <memory>
#include <vector>

#include "operator.h"
#include "shared_state.h"

namespace varve::executor {

// From the scan at the bottom up to this node, can instances of the pipeline run side by side? Big enough,
// and nothing in it that needs the session.
bool can_split(const planner::Plan& plan, const ExecutionContext& context);

// Before threads start: one of them alone reads the first pages of a scan that the operator above consumes
// directly, and as much more as takes next to no work. True: that was all; false: what is left (it may be
// everything) is for all of them, and `consume` will be called again.
bool run_alone(Operator& scan, SharedState& shared, void (*consume)(void*), void* user);
template <class F>
bool run_alone(Operator& scan, SharedState& shared, F&& consume) {
  return run_alone(
      scan, shared, [](void* user) { (*static_cast<std::remove_reference_t<F>*>(user))(); }, &consume);
}

// Is it worth trying here: more than one thread allowed, and not inside a parallel fragment already.
bool may_run_parallel(const ExecutionContext& context);
// The node's own expressions may be evaluated by any thread: they ask nothing of the session.
bool has_safe_expressions(const planner::Plan& plan, const ExecutionContext& context);

// A thread's own context and memory.
struct ParallelWorker {
  ExecutionContext context;
  Arena build_memory;
  ParallelWorker(const ExecutionContext& from, SharedState& shared);
  // EXPLAIN ANALYZE: what this thread counted.
  void add_counters(ExecutionContext& to) const;
};

void run_tasks(const ExecutionContext& context, uint32_t count, void (*task)(void*, uint32_t), void* user);

// Runs f(i) for every worker, on helper threads where there are some. Rethrows the first exception.
template <class F>
void run_workers(const ExecutionContext& context, uint32_t count, F&& f) {
  run_tasks(
      context, count, [](void* user, uint32_t i) { (*static_cast<std::remove_reference_t<F>*>(user))(i); },
      &f);
}

}  // namespace varve::executor
