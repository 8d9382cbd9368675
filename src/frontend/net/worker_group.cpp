#include "worker_group.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>

#include "common/check.h"
#include "sync/blocking_scope.h"

namespace varve::net {
namespace {

constexpr uint64_t kKickEvent = ~uint64_t{0};
constexpr int64_t kRescueAfterUs = 5000;

// Event data: slot address would dangle; slots have stable addresses but need their generation checked, so
// both are packed: 48 bits of address, 16 bits of generation.
uint64_t pack(ConnectionSlot* slot, uint32_t generation) {
  return reinterpret_cast<uint64_t>(slot) | uint64_t{generation & 0xFFFF} << 48;
}

}  // namespace

WorkerGroup::WorkerGroup(WorkerGroupOptions options, const port::Topology& topology, DurabilityGate* gate,
                         Reaper& reaper)
    : options_(options), topology_(topology), gate_(gate), reaper_(reaper), slots_(options.run_slots, this) {}

WorkerGroup::~WorkerGroup() {
  if (epoll_fd_ >= 0) ::close(epoll_fd_);
  if (kick_fd_ >= 0) ::close(kick_fd_);
}

Status WorkerGroup::start() {
  epoll_fd_ = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_fd_ < 0) return Status::from_errno(errno, "epoll_create1");
  kick_fd_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (kick_fd_ < 0) return Status::from_errno(errno, "eventfd");
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  event.data.u64 = kKickEvent;
  if (epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, kick_fd_, &event) != 0)
    return Status::from_errno(errno, "epoll_ctl");
  std::lock_guard lock(mutex_);
  for (int i = 0; i < options_.run_slots; ++i) {
    if (!spawn_locked()) return Status(StatusCode::kOutOfMemory, "could not start worker threads");
  }
  return {};
}

void WorkerGroup::stop() {
  stopping_.store(true);
  std::unique_lock lock(mutex_);
  spare_condition_.notify_all();
  kick();
  ended_condition_.wait(lock, [this] { return threads_ == 0; });
}

int WorkerGroup::thread_count() {
  std::lock_guard lock(mutex_);
  return threads_;
}

void WorkerGroup::kick() {
  uint64_t one = 1;
  [[maybe_unused]] ssize_t n = ::write(kick_fd_, &one, sizeof(one));
}

bool WorkerGroup::spawn_locked() {
  if (threads_ >= options_.max_threads || stopping_.load()) return false;
  try {
    ++threads_;
    std::thread([this] { worker_main(); }).detach();
    return true;
  } catch (const std::system_error&) {
    --threads_;  // no more threads to be had: those that exist go on
    return false;
  }
}

Status WorkerGroup::add(ConnectionSlot* slot) {
  uint64_t data = pack(slot, slot->generation());
  slot->connection->set_epoll(epoll_fd_, data);
  connections_.fetch_add(1, std::memory_order_relaxed);
  epoll_event event{};
  event.events = EPOLLIN | EPOLLRDHUP | EPOLLET;
  event.data.u64 = data;
  if (epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, slot->connection->fd(), &event) == 0) return {};
  connections_.fetch_sub(1, std::memory_order_relaxed);
  return Status::from_errno(errno, "epoll_ctl");
}

// --- Threads
// ----------------------------------------------------------------------------------------------------

void WorkerGroup::worker_main() {
  // A thread that cannot be pinned serves as well, only slower.
  if (options_.pin) (void)topology_.pin_thread(options_.node).ok();
  sync::ThreadRole::set_run_slots(&slots_);
  BufferCache buffers;
  while (idle()) {
    work(buffers);
    slots_.release();
  }
  std::lock_guard lock(mutex_);
  if (--threads_ == 0) ended_condition_.notify_all();
}

// With a slot, until there is nothing to do or somebody else's turn.
void WorkerGroup::work(BufferCache& buffers) {
  for (bool first = true;; first = false) {
    // A thread back from a wait has a request half done: it goes before new ones. But whoever gets the slot
    // takes one step with it, or those who queue up for it would pass it round for ever.
    bool yields = !first && slots_.contended();
    if (ConnectionSlot* slot = yields ? nullptr : pop_ready()) {
      run(slot, buffers);
      continue;
    }
    bool must = false;
    if (flush_due(&must)) {
      bool any = false;
      if (!must) poll(kBatch, 0, &any);
      if (!any) flush_parked(buffers);
      continue;
    }
    if (yields || pollers_.load(std::memory_order_relaxed) > 0) return;
    // Nobody is woken for events while all run: look for them before going to sleep.
    bool any = false;
    poll(kBatch, 0, &any);
    if (!any) return;
  }
}

// Waits until there may be work and takes a slot for it; false when the thread is to end. Whoever makes a
// connection ready looks for a free slot afterwards, and whoever frees a slot looks at the ready queue
// afterwards: so nothing stays there while a slot is free. While none is, the holders take from the queue
// when they are through; on the guard's word, that they take too long, one of us queues up for a slot
// instead.
bool WorkerGroup::idle() {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (stopping_.load()) {
      kick();
      return false;
    }
    if (ready_first_ != nullptr) {
      if (slots_.try_acquire()) {
        if (pollers_.load(std::memory_order_relaxed) == 0) wake_someone_locked();
        return true;
      }
      if (guard_ && !queued_) {
        queued_ = true;
        if (pollers_.load(std::memory_order_relaxed) == 0) wake_someone_locked();
        lock.unlock();
        slots_.acquire();
        lock.lock();
        queued_ = false;
        return true;
      }
    }
    int pollers = pollers_.load(std::memory_order_relaxed);
    if (pollers < std::max(slots_.free_slots(), guard_ ? 1 : 0)) {
      // With others polling, a few events each: the kernel wakes the next thread for the next ones, and a
      // thread whose step takes long calls another for the rest (backlog_waits).
      int max_events = pollers > 0 ? kSharedBatch : kBatch;
      pollers_.store(pollers + 1, std::memory_order_relaxed);
      lock.unlock();
      bool any = false;
      poll(max_events, -1, &any);
      bool holds = any && slots_.try_acquire();
      lock.lock();
      pollers_.fetch_sub(1, std::memory_order_relaxed);
      if (!holds) continue;
      if (pollers_.load(std::memory_order_relaxed) == 0) wake_someone_locked();
      return true;
    }
    ++spares_;
    bool awake = spare_condition_.wait_for(lock, std::chrono::milliseconds(options_.spare_retire_ms),
                                           [this] { return wakes_ > 0 || stopping_.load(); });
    --spares_;
    if (!awake) return false;
    if (wakes_ > 0) --wakes_;
  }
}

// Sees to it that somebody looks at the ready queue and polls. Threads that hold slots do so when they are
// through.
void WorkerGroup::wake_someone_locked() {
  if (slots_.free_slots() <= 0 && !guard_) return;
  if (pollers_.load(std::memory_order_relaxed) > 0) {
    if (ready_first_ != nullptr) kick();
  } else if (spares_ > wakes_) {
    ++wakes_;
    spare_condition_.notify_one();
  } else if (spares_ == 0) {
    spawn_locked();
  }
}

void WorkerGroup::slot_given_up() {
  std::lock_guard lock(mutex_);
  if (ready_first_ != nullptr || pollers_.load(std::memory_order_relaxed) == 0) wake_someone_locked();
}

void WorkerGroup::backlog_waits() {
  std::lock_guard lock(mutex_);
  if (ready_first_ != nullptr) wake_someone_locked();
}

// If all slots were held since the last look and no holder came by to poll, long work has them: from now on a
// thread without a slot polls, and makes the holders share (share_run_slot).
bool WorkerGroup::guard() {
  std::lock_guard lock(mutex_);
  uint64_t rounds = rounds_.load(std::memory_order_relaxed);
  bool busy = slots_.free_slots() <= 0;
  guard_ = busy && rounds == guarded_round_;
  if (!busy && rounds == guarded_round_ && ready_first_ != nullptr) wake_someone_locked();
  guarded_round_ = rounds;
  if (guard_ && pollers_.load(std::memory_order_relaxed) == 0) wake_someone_locked();
  return busy;
}

// --- Events
// -----------------------------------------------------------------------------------------------------

void WorkerGroup::poll(int max_events, int timeout_ms, bool* any) {
  std::array<epoll_event, kBatch> events;
  int n = epoll_wait(epoll_fd_, events.data(), max_events, timeout_ms);
  if (n <= 0) return;
  std::lock_guard lock(mutex_);
  for (int i = 0; i < n; ++i) {
    const epoll_event& event = events[static_cast<size_t>(i)];
    if (event.data.u64 == kKickEvent) continue;
    uint64_t requests = ConnectionSlot::kReadable;
    if ((event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) requests |= ConnectionSlot::kHangup;
    ConnectionSlot* slot = nullptr;
    if (activate(event.data.u64, requests, &slot)) {
      push_ready_locked(slot);
      *any = true;
    }
  }
  slots_.set_backlog(n > 1 && ready_first_ != ready_last_);
}

// Leaves requests with a connection. True if the caller became its owner.
bool WorkerGroup::activate(uint64_t event_data, uint64_t requests, ConnectionSlot** slot) {
  auto* s = reinterpret_cast<ConnectionSlot*>(event_data & 0xFFFFFFFFFFFFULL);
  *slot = s;
  uint64_t word = s->word.load(std::memory_order_relaxed);
  do {
    if ((word >> 32 & 0xFFFF) != event_data >> 48) return false;
  } while (!s->word.compare_exchange_weak(word, word | requests | ConnectionSlot::kOwned,
                                          std::memory_order_acq_rel));
  return (word & ConnectionSlot::kOwned) == 0;
}

void WorkerGroup::post(ConnectionSlot* slot, uint32_t generation, uint64_t requests) {
  if (!activate(pack(slot, generation), requests, &slot)) return;
  push_ready(slot);
  std::lock_guard lock(mutex_);
  wake_someone_locked();
}

void WorkerGroup::push_ready(ConnectionSlot* slot) {
  std::lock_guard lock(mutex_);
  push_ready_locked(slot);
}

void WorkerGroup::push_ready_locked(ConnectionSlot* slot) {
  slot->next = nullptr;
  (ready_first_ != nullptr ? ready_last_->next : ready_first_) = slot;
  ready_last_ = slot;
  ready_count_.fetch_add(1, std::memory_order_relaxed);
}

ConnectionSlot* WorkerGroup::pop_ready() {
  if (ready_count_.load(std::memory_order_relaxed) == 0) return nullptr;
  std::lock_guard lock(mutex_);
  ConnectionSlot* slot = ready_first_;
  if (slot == nullptr) return nullptr;
  ready_first_ = slot->next;
  if (ready_first_ == nullptr) slots_.set_backlog(false);
  ready_count_.fetch_sub(1, std::memory_order_relaxed);
  return slot;
}

void WorkerGroup::run(ConnectionSlot* slot, BufferCache& buffers) {
  uint64_t word = slot->word.fetch_and(~ConnectionSlot::kRequests, std::memory_order_acq_rel);
  sync::ThreadRole::set_wait_report(slot->connection->mutable_wait_report());
  sync::ThreadRole::begin_slice();
  rounds_.fetch_add(1, std::memory_order_relaxed);
  Connection::Next next = slot->connection->step(word & ConnectionSlot::kRequests, buffers);
  sync::ThreadRole::set_wait_report(nullptr);
  after_step(slot, next, buffers);
}

void WorkerGroup::after_step(ConnectionSlot* slot, Connection::Next next, BufferCache&) {
  switch (next) {
    case Connection::Next::kIdle: {
      uint64_t word = slot->word.load(std::memory_order_relaxed);
      do {
        if ((word & ConnectionSlot::kRequests) != 0) {  // something came meanwhile
          push_ready(slot);
          return;
        }
      } while (
          !slot->word.compare_exchange_weak(word, word & ~ConnectionSlot::kOwned, std::memory_order_acq_rel));
      return;
    }
    case Connection::Next::kAgain:
      push_ready(slot);
      return;  // behind the others
    case Connection::Next::kParked:
      park(slot);
      return;
    case Connection::Next::kClosed:
      connections_.fetch_sub(1, std::memory_order_relaxed);
      slot->connection->close();
      reaper_.connection_closed(slot->connection);
      return;
  }
}

// --- Parked commits
// ---------------------------------------------------------------------------------------------

void WorkerGroup::park(ConnectionSlot* slot) {
  Lsn lsn = slot->connection->output().gate_lsn();
  std::lock_guard lock(commit_mutex_);
  if (parked_.empty()) {
    parked_since_us_ = steady_now_us();
    poll_rounds_ = 0;
    parked_lsn_ = lsn;
  }
  parked_.push_back(slot);
  parked_lsn_ = std::max(parked_lsn_, lsn);
  parked_count_.store(static_cast<int>(parked_.size()), std::memory_order_relaxed);
}

// Whether this worker should look after the parked commits; `must`: without polling for more work first,
// which others have done often enough.
bool WorkerGroup::flush_due(bool* must) {
  if (parked_count_.load(std::memory_order_relaxed) == 0) return false;
  std::lock_guard lock(commit_mutex_);
  if (flushing_ || parked_.empty()) return false;
  *must = ++poll_rounds_ > kMaxPollRoundsBeforeFlush;
  return true;
}

// The flusher holds no slot, not even while it sends: a long query that has taken its slot must not keep it
// from acknowledging. It goes on until nothing is parked.
void WorkerGroup::flush_parked(BufferCache& buffers) {
  {
    std::lock_guard lock(commit_mutex_);
    if (flushing_ || parked_.empty()) return;
    flushing_ = true;
  }
  sync::BlockingScope scope(sync::kWaitWalSync);
  for (;;) {
    Lsn lsn;
    {
      std::lock_guard lock(commit_mutex_);
      releasing_.clear();
      if (parked_.empty()) {
        flushing_ = false;
        return;
      }
      releasing_.swap(parked_);
      lsn = parked_lsn_;
      parked_count_.store(0, std::memory_order_relaxed);
    }
    Status status;
    if (gate_->durable_lsn() < lsn) status = gate_->flush(lsn);
    VARVE_DCHECK(!status.ok() || gate_->durable_lsn() >= lsn);
    for (ConnectionSlot* slot : releasing_)
      after_step(slot, slot->connection->released(status, buffers), buffers);
    // Some may have more input, and this thread goes on flushing.
    if (ready_count_.load(std::memory_order_relaxed) > 0) {
      std::lock_guard lock(mutex_);
      wake_someone_locked();
    }
  }
}

void WorkerGroup::rescue_parked(int64_t now_us, BufferCache& buffers) {
  {
    std::lock_guard lock(commit_mutex_);
    if (flushing_ || parked_.empty() || now_us - parked_since_us_ < kRescueAfterUs) return;
  }
  flush_parked(buffers);
  std::lock_guard lock(mutex_);
  if (ready_first_ != nullptr) wake_someone_locked();
}

}  // namespace varve::net
