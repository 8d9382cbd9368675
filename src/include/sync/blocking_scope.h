// The only way to wait.
//
//   {
//     BlockingScope scope(kWaitWalSync);
//     ... fsync, condition wait, poll ...
//   }
//
// A worker thread owns a run slot of its group while it executes. BlockingScope gives the slot back, so that
// another worker may run, names the wait for monitoring, tells the test hook, and takes a slot again at its
// end. A thread that is no worker passes freely. Scopes nest; only the outermost one acts. Must not be
// entered with a latch held that a runnable worker could need to make progress.
#pragma once

#include <cstdint>

#include "sync/cancel_token.h"
#include "sync/wait_event.h"

namespace varve::sync {

class RunSlots;

// Called between two batches of long work, with no latch held: when another thread waits for a run slot and
// this one has had its share (kRunSliceUs since it first found somebody waiting), hands the slot over and
// queues up for the next. So a report that runs for minutes holds up nobody's point query for longer than a
// slice. Requests that came together with the long one are handed to a sleeping worker. Costs three loads
// when nobody waits.
void share_run_slot();
inline constexpr int64_t kRunSliceUs = 1000;

// Deterministic tests install one to see, and to order, the waits of the process. Called without any lock
// held, on the waiting thread: `entering` before it gives up its slot, `leaving` after the wait and before it
// takes one.
class WaitHook {
 public:
  virtual ~WaitHook() = default;
  virtual void entering(const WaitEvent& event) = 0;
  virtual void leaving(const WaitEvent& event) = 0;
};

class BlockingScope {
 public:
  // `event` must have static storage. With a token the wait is a cancellation point: look at cancelled()
  // before blocking, and let the wait itself register a Waker.
  explicit BlockingScope(const WaitEvent& event, CancelToken* token = nullptr);
  ~BlockingScope();
  BlockingScope(const BlockingScope&) = delete;
  BlockingScope& operator=(const BlockingScope&) = delete;

  bool cancelled() const { return token_ != nullptr && token_->pending(); }
  CancelToken* token() const { return token_; }

  // Installs (or with null removes) the process-wide hook; returns the previous one. Tests only, while no
  // thread is inside a scope.
  static WaitHook* set_hook(WaitHook* hook);

 private:
  const WaitEvent& event_;
  CancelToken* token_;
  const WaitEvent* outer_;  // the wait of the enclosing scope
};

// State of the calling thread, not of a session: to which slots it belongs and where its waits are reported.
// A worker sets both; other threads need neither.
class ThreadRole {
 public:
  // The slots of which the calling thread now holds one; null: not a worker.
  static void set_run_slots(RunSlots* slots);
  static RunSlots* run_slots();
  // A new request begins: its time slice has not been touched.
  static void begin_slice();
  // Where BlockingScope reports for whom this thread works at the moment; may be null.
  static void set_wait_report(WaitReport* report);
};

}  // namespace varve::sync
