#include "sync/blocking_scope.h"

#include <chrono>

#include "sync/run_slots.h"

namespace varve::sync {
namespace {

std::atomic<WaitHook*> g_hook{nullptr};

// What the thread is, not whose session it runs.
thread_local RunSlots* t_slots = nullptr;
thread_local WaitReport* t_report = nullptr;
thread_local const WaitEvent* t_waiting = nullptr;
thread_local int64_t t_slice_end_us = 0;  // 0: nobody was seen waiting yet

int64_t steady_now_us() {
  auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

// The clock is read only once somebody waits.
void share_contended_slot() {
  int64_t now = steady_now_us();
  if (t_slice_end_us == 0) {
    t_slice_end_us = now + kRunSliceUs;
    return;
  }
  if (now < t_slice_end_us) return;
  t_slots->release();
  t_slots->acquire();
  t_slice_end_us = 0;
}

}  // namespace

void ThreadRole::set_run_slots(RunSlots* slots) { t_slots = slots; }
RunSlots* ThreadRole::run_slots() { return t_slots; }
void ThreadRole::begin_slice() { t_slice_end_us = 0; }
void ThreadRole::set_wait_report(WaitReport* report) { t_report = report; }

void share_run_slot() {
  if (t_slots == nullptr || t_waiting != nullptr) return;
  if (__builtin_expect(t_slots->has_backlog(), 0)) t_slots->report_backlog();
  if (__builtin_expect(t_slots->contended(), 0)) share_contended_slot();
}

WaitHook* BlockingScope::set_hook(WaitHook* hook) { return g_hook.exchange(hook); }

BlockingScope::BlockingScope(const WaitEvent& event, CancelToken* token)
    : event_(event), token_(token), outer_(t_waiting) {
  t_waiting = &event;
  if (t_report != nullptr) t_report->store(&event, std::memory_order_relaxed);
  if (outer_ != nullptr) return;
  if (WaitHook* hook = g_hook.load(std::memory_order_acquire)) hook->entering(event);
  if (t_slots != nullptr) t_slots->give_up();
}

BlockingScope::~BlockingScope() {
  t_waiting = outer_;
  if (outer_ == nullptr) {
    if (WaitHook* hook = g_hook.load(std::memory_order_acquire)) hook->leaving(event_);
    if (t_slots != nullptr) t_slots->acquire();
  }
  if (t_report != nullptr) t_report->store(outer_, std::memory_order_relaxed);
}

}  // namespace varve::sync
