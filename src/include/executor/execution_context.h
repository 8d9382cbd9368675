// What one run of a statement knows: transaction, parameters, settings, counters. Filled by whoever starts an
// Execution, read by every operator. One thread; helper threads of a parallel run get their own copy.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "common/io_counters.h"
#include "functions/eval_context.h"
#include "memory/arena.h"
#include "memory/memory_budget.h"
#include "sync/blocking_scope.h"
#include "sync/cancel_token.h"
#include "txn/txn_manager.h"
#include "types/value.h"
#include "vector/vector.h"

namespace varve::planner {
struct PlannedStatement;
}
namespace varve::port {
class Vfs;
}

namespace varve::executor {

class ModifyHooks;
class SharedState;
class TaskScheduler;

struct ExecutionSettings {
  size_t work_mem_bytes = size_t{4} << 20;  // of each blocking operator
  double hash_mem_multiplier = 2.0;         // times work_mem for hash tables
  uint32_t chunk_rows =
      vector::kChunkRows;              // rows an operator yields at once; fixed when an Execution is built
  uint32_t parallel_workers = 2;       // threads a pipeline may use, the session's own among them; 1: serial
  double parallel_rows = 20000;        // below so many rows, starting threads costs more than it gains
  bool enable_memoize = true;          // results of correlated subqueries are kept by their arguments
  bool enable_runtime_filters = true;  // a hash join tells the scan below its probe side which keys it has
  port::Vfs* vfs = nullptr;            // has the directory of what does not fit work_mem
  std::string temp_directory = "tmp";
  bool instrument = false;  // EXPLAIN ANALYZE: count rows and time by node
};

// EXPLAIN ANALYZE's numbers of one plan node.
struct NodeCounters {
  uint64_t loops = 0;
  uint64_t rows = 0;
  uint64_t rows_removed = 0;                    // by its filter
  uint64_t index_rows = 0, rechecked_away = 0;  // inverted scans: found by the index, and not so after all
  uint64_t time_ns = 0;                         // in this node and below
  uint64_t startup_ns = 0;                      // to the first row
  uint64_t memory_bytes = 0;                    // peak
  uint64_t spilled_bytes = 0;
  uint64_t hash_buckets = 0;  // hash joins: of the biggest table
  uint64_t batches = 0;       // hash joins and aggregates: tables filled one after the other
  IoCounters io;              // in this node and below
};

class CteStates;
class RuntimeFilters;

class ExecutionContext {
 public:
  // --- set for every run (Execution::start)
  txn::TxnManager* manager = nullptr;
  txn::Transaction* transaction = nullptr;
  txn::Snapshot snapshot;
  // What the statement writes must not be newer than this one sees (REPEATABLE READ, in a statement that
  // reads what is newest); null: `snapshot`.
  const txn::Snapshot* write_snapshot = nullptr;
  std::span<const types::Value> params;
  const types::FormatSettings* format = nullptr;
  functions::SessionServices* session = nullptr;
  sync::CancelToken* cancel = nullptr;
  ModifyHooks* hooks = nullptr;
  uint32_t database = 0;
  uint64_t lock_timeout_us = 0;

  // --- kept by the Execution
  ExecutionSettings settings;
  const planner::PlannedStatement* statement = nullptr;
  Arena* build_memory = nullptr;  // lives as long as the operators: vectors, compiled expressions
  std::vector<types::Value> exec_params;
  uint64_t run = 0;  // advances with every start(): what is remembered from before is stale
  uint64_t affected_rows = 0;
  std::vector<NodeCounters> counters;  // by Plan::id; empty unless settings.instrument
  CteStates* ctes = nullptr;
  SharedState* shared = nullptr;      // of a parallel fragment; null when serial
  RuntimeFilters* filters = nullptr;  // of the run; shared by the threads of a parallel fragment
  TaskScheduler* scheduler = nullptr;
  bool is_worker = false;

  uint32_t chunk_rows() const { return settings.chunk_rows; }
  // Below this, spilling costs more memory in files than it saves; PostgreSQL's smallest work_mem.
  static constexpr size_t kMinWorkMemBytes = 64 << 10;
  // What a blocking operator may use just now: less when queries hold much of what they may hold together.
  size_t sort_memory_bytes() const {
    return memory_budget::share_of(std::max(settings.work_mem_bytes, kMinWorkMemBytes), kMinWorkMemBytes);
  }
  size_t hash_memory_bytes() const {
    return static_cast<size_t>(static_cast<double>(sort_memory_bytes()) * settings.hash_mem_multiplier);
  }
  // Between two chunks: the place to be interrupted, and to let others run.
  void check_cancel() const {
    sync::share_run_slot();
    if (cancel != nullptr) cancel->throw_if_pending();
  }
  functions::EvalContext eval_context(Arena& memory) const { return {&memory, format, session}; }
};

}  // namespace varve::executor
