// The workers of one NUMA node and the connections they serve.
//
//   idle thread --epoll_wait--> events --> ready queue --> run a session step --> parked commits --> flush
//   --> idle
//
// Threads are running (they hold a run slot), polling (in epoll_wait; the kernel wakes the one that polled
// last), blocked (BlockingScope, slot given back) or spare (asleep until a slot is free and nobody polls). As
// many threads poll as slots are free. While none is, those that run look for events between two steps; if
// their steps take long, guard() lets one thread poll without a slot, and long queries share theirs with it.
// So neither a blocked nor a long-running session keeps others from being served.
//
// Commits: a step whose output is gated parks its connection. The worker goes on with other ready
// connections; when there are none it flushes the log for all parked ones and sends their output. While it
// does, others park more.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "connection.h"
#include "port/topology.h"
#include "sync/run_slots.h"

namespace varve::net {

struct WorkerGroupOptions {
  int node = 0;
  int run_slots = 1;
  int max_threads = 64;
  int spare_retire_ms = 10'000;
  bool pin = false;
};

class WorkerGroup final : private sync::RunSlots::Overseer {
 public:
  // Called by the owner when a connection has ended; deletes it.
  class Reaper {
   public:
    virtual void connection_closed(Connection* connection) = 0;

   protected:
    ~Reaper() = default;
  };

  WorkerGroup(WorkerGroupOptions options, const port::Topology& topology, DurabilityGate* gate,
              Reaper& reaper);
  ~WorkerGroup();  // after stop()

  Status start();
  void stop();  // all connections must be gone

  // From now on the slot's connection is served here. Thread-safe, like everything below.
  Status add(ConnectionSlot* slot);
  // Leaves requests (ConnectionSlot::kPosted …) for a connection; ignored if its generation has gone.
  void post(ConnectionSlot* slot, uint32_t generation, uint64_t requests);
  // Flushes parked commits that no worker has found the time for.
  void rescue_parked(int64_t now_us, BufferCache& buffers);

  // To be called every few milliseconds while it answers true (all slots are held).
  bool guard();

  int connection_count() const { return connections_.load(std::memory_order_relaxed); }
  bool has_parked() const { return parked_count_.load(std::memory_order_relaxed) > 0; }
  int thread_count();

 private:
  static constexpr int kBatch = 32;
  static constexpr int kSharedBatch = 4;  // while others sleep who could take some of it
  static constexpr int kMaxPollRoundsBeforeFlush = 2;

  void worker_main();
  bool idle();  // false: the thread shall end; holds a slot otherwise
  void work(BufferCache& buffers);
  void poll(int max_events, int timeout_ms, bool* any);
  bool activate(uint64_t event_data, uint64_t requests, ConnectionSlot** slot);
  void run(ConnectionSlot* slot, BufferCache& buffers);
  void after_step(ConnectionSlot* slot, Connection::Next next, BufferCache& buffers);
  void park(ConnectionSlot* slot);
  bool flush_due(bool* must);
  void flush_parked(BufferCache& buffers);
  void push_ready(ConnectionSlot* slot);
  void push_ready_locked(ConnectionSlot* slot);
  ConnectionSlot* pop_ready();
  void wake_someone_locked();
  bool spawn_locked();
  void slot_given_up() override;
  void backlog_waits() override;
  void kick();

  const WorkerGroupOptions options_;
  const port::Topology& topology_;
  DurabilityGate* gate_;
  Reaper& reaper_;
  sync::RunSlots slots_;
  int epoll_fd_ = -1;
  int kick_fd_ = -1;
  std::atomic<int> connections_{0};
  std::atomic<bool> stopping_{false};

  std::mutex mutex_;  // guards what follows
  ConnectionSlot* ready_first_ = nullptr;
  ConnectionSlot* ready_last_ = nullptr;
  std::atomic<int> pollers_{0};  // written under the mutex
  int spares_ = 0;
  int wakes_ = 0;  // spares that shall get up
  int threads_ = 0;
  bool guard_ = false;
  bool queued_ = false;  // a thread waits for a slot on the guard's word
  uint64_t guarded_round_ = 0;
  std::condition_variable spare_condition_;
  std::condition_variable ended_condition_;
  std::atomic<int> ready_count_{0};
  std::atomic<uint64_t> rounds_{0};  // steps begun

  std::mutex commit_mutex_;  // guards what follows
  std::vector<ConnectionSlot*> parked_;
  std::vector<ConnectionSlot*> releasing_;  // the flusher's own
  Lsn parked_lsn_;
  int64_t parked_since_us_ = 0;
  bool flushing_ = false;
  int poll_rounds_ = 0;
  std::atomic<int> parked_count_{0};
};

}  // namespace varve::net
