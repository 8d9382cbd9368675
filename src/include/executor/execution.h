// An instantiated plan: operators, their vectors and memory. Built once, run many times (prepared
// statements), read a chunk at a time (portals may stop between any two calls of next()).
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "executor/execution_context.h"
#include "vector/chunk.h"

namespace varve::planner {
struct PlannedStatement;
}

namespace varve::executor {

class Operator;
class ModifyHooks;
class TaskScheduler;

// What differs from one run to the next. Everything referred to must outlive the run.
struct RunParameters {
  txn::TxnManager* manager = nullptr;
  txn::Transaction* transaction = nullptr;
  txn::Snapshot snapshot;
  const txn::Snapshot* write_snapshot = nullptr;  // null: `snapshot`
  std::span<const types::Value> params;
  const types::FormatSettings* format = nullptr;
  functions::SessionServices* session = nullptr;
  sync::CancelToken* cancel = nullptr;
  ModifyHooks* hooks = nullptr;
  uint32_t database = 0;
  uint64_t lock_timeout_us = 0;  // 0: none
};

// Not thread-safe. The statement must outlive it (keep a shared_ptr beside it).
class Execution {
 public:
  Execution(const planner::PlannedStatement& statement, const ExecutionSettings& settings,
            TaskScheduler* scheduler = nullptr);
  ~Execution();
  Execution(const Execution&) = delete;
  Execution& operator=(const Execution&) = delete;

  void start(const RunParameters& parameters);
  // The next rows of the root, or false at the end. A chunk is valid until the next call.
  bool next(vector::Chunk*& out);
  // Rows inserted, updated or deleted by the statement proper (not by its data-modifying CTEs).
  uint64_t affected_rows() const;
  // Ends a run, early or not: releases files and memory of the run, keeps what makes the next start() quick.
  void finish();

  ExecutionContext& context();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Helper threads for parallel pipelines, shared by all sessions of the process.
class TaskScheduler {
 public:
  explicit TaskScheduler(uint32_t threads);
  ~TaskScheduler();
  TaskScheduler(const TaskScheduler&) = delete;
  TaskScheduler& operator=(const TaskScheduler&) = delete;

  // Runs task(user, 0 … n - 1): 0 on the calling thread, the others on helpers when one is free, else on the
  // caller too. Returns when all are done; rethrows the first exception.
  void run(uint32_t n, void (*task)(void* user, uint32_t index), void* user);
  uint32_t thread_count() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace varve::executor
