#include "executor/execution.h"

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>

#include "cte.h"
#include "operator.h"
#include "runtime_filter.h"

namespace varve::executor {

struct Execution::State {
  const planner::PlannedStatement& statement;
  Arena memory;  // vectors of the operators
  ExecutionContext context;
  CteStates ctes;
  RuntimeFilters filters;
  OperatorPtr root;
  bool ended = true;

  State(const planner::PlannedStatement& s, const ExecutionSettings& settings, TaskScheduler* scheduler)
      : statement(s), ctes(s.ctes.size()) {
    context.settings = settings;
    if (s.is_point_statement) context.settings.chunk_rows = std::min<uint32_t>(settings.chunk_rows, 8);
    context.statement = &s;
    context.build_memory = &memory;
    context.exec_params.resize(s.exec_param_count);
    context.scheduler = scheduler;
    context.ctes = &ctes;
    context.filters = &filters;
    if (settings.instrument) context.counters.resize(s.node_count);
    root = build_operator(*s.root, context);
  }
};

Execution::Execution(const planner::PlannedStatement& statement, const ExecutionSettings& settings,
                     TaskScheduler* scheduler)
    : state_(std::make_unique<State>(statement, settings, scheduler)) {}

Execution::~Execution() = default;

void Execution::start(const RunParameters& p) {
  ExecutionContext& c = state_->context;
  c.manager = p.manager;
  c.transaction = p.transaction;
  c.snapshot = p.snapshot;
  c.write_snapshot = p.write_snapshot;
  c.params = p.params;
  c.format = p.format;
  c.session = p.session;
  c.cancel = p.cancel;
  c.hooks = p.hooks;
  c.database = p.database;
  c.lock_timeout_us = p.lock_timeout_us;
  c.affected_rows = 0;
  ++c.run;
  for (NodeCounters& n : c.counters) n = {};
  state_->ended = false;
  memory_budget::Enforced enforced;
  state_->root->open();
}

bool Execution::next(vector::Chunk*& out) {
  if (state_->ended) return false;
  memory_budget::Enforced enforced;
  if (state_->root->next(out)) return true;
  state_->ended = true;
  // Data-modifying CTEs run to their end whether or not anybody read them.
  if (!state_->statement.ctes.empty()) state_->ctes.finish_modifying(state_->context);
  return false;
}

uint64_t Execution::affected_rows() const { return state_->context.affected_rows; }

void Execution::finish() {
  state_->ended = true;
  state_->root->close();
  state_->ctes.release();
}

ExecutionContext& Execution::context() { return state_->context; }

struct TaskScheduler::Impl {
  struct Job {
    void (*task)(void*, uint32_t);
    void* user;
    uint32_t count;
    uint32_t next = 0, running = 0;
    std::exception_ptr error;
    IoCounters io;  // of the helpers
    std::condition_variable done;
  };
  std::mutex mutex;
  std::condition_variable work;
  std::deque<Job*> jobs;
  std::vector<std::thread> threads;
  bool stopping = false;

  // With the lock held: runs the job's next task, if there is one left.
  bool step(Job& job, std::unique_lock<std::mutex>& lock) {
    if (job.next == job.count) return false;
    uint32_t index = job.next++;
    ++job.running;
    run_task(job, index, lock);
    finish_task(job);
    return true;
  }

  void run_task(Job& job, uint32_t index, std::unique_lock<std::mutex>& lock) {
    lock.unlock();
    std::exception_ptr error;
    try {
      memory_budget::Enforced enforced;
      job.task(job.user, index);
    } catch (...) {
      error = std::current_exception();
    }
    lock.lock();
    if (error != nullptr && job.error == nullptr) job.error = error;
  }

  void finish_task(Job& job) {
    if (--job.running == 0 && job.next == job.count) job.done.notify_all();
  }

  void help_with(Job& job, std::unique_lock<std::mutex>& lock) {
    if (job.next == job.count) return;
    uint32_t index = job.next++;
    ++job.running;
    IoCounters before = t_io_counters;
    run_task(job, index, lock);
    job.io += t_io_counters - before;
    finish_task(job);
  }

  void help() {
    std::unique_lock lock(mutex);
    for (;;) {
      work.wait(lock, [&] { return stopping || !jobs.empty(); });
      if (stopping) return;
      Job* job = jobs.front();
      if (job->next + 1 >= job->count) jobs.pop_front();
      help_with(*job, lock);
    }
  }
};

TaskScheduler::TaskScheduler(uint32_t threads) : impl_(std::make_unique<Impl>()) {
  for (uint32_t i = 0; i < threads; ++i) impl_->threads.emplace_back([this] { impl_->help(); });
}

TaskScheduler::~TaskScheduler() {
  {
    std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
  }
  impl_->work.notify_all();
  for (std::thread& t : impl_->threads) t.join();
}

uint32_t TaskScheduler::thread_count() const { return static_cast<uint32_t>(impl_->threads.size()); }

void TaskScheduler::run(uint32_t n, void (*task)(void* user, uint32_t index), void* user) {
  Impl::Job job{task, user, n};
  std::unique_lock lock(impl_->mutex);
  if (n > 1) {
    impl_->jobs.push_back(&job);
    impl_->work.notify_all();
  }
  while (impl_->step(job, lock)) {
  }
  std::erase(impl_->jobs, &job);
  job.done.wait(lock, [&] { return job.running == 0; });
  t_io_counters += job.io;
  if (job.error != nullptr) std::rethrow_exception(job.error);
}

}  // namespace varve::executor
