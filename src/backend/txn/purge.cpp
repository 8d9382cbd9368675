// What happens behind the horizon: moving it, freeing undo and states, purging what committed deletes left.
#include <algorithm>
#include <chrono>

#include "common/log.h"
#include "txn_manager_impl.h"
#include "wal/log_manager.h"

namespace varve::txn {

uint64_t TxnManagerImpl::oldest_snapshot(uint64_t position) const {
  uint64_t oldest = position;
  for_each_transaction([&](const TransactionImpl& txn) {
    oldest = std::min(oldest, txn.registered_csn.load(std::memory_order_acquire));
  });
  return oldest;
}

void TxnManagerImpl::recompute_horizon(bool wait) {
  std::unique_lock guard(horizon_mutex_, std::defer_lock);
  if (wait) guard.lock();
  else if (!guard.try_lock()) return;

  uint64_t position = log_.reserved_lsn().value();
  full_fence();  // pairs with TransactionImpl::statement_snapshot()
  uint64_t oldest = oldest_snapshot(position);
  uint64_t durable = log_.durable_lsn().value();

  uint64_t horizon = horizon_.load(std::memory_order_relaxed);
  const uint64_t start = horizon;
  for (uint64_t next = states_.next_xid(); horizon < next; ++horizon) {
    uint64_t word = states_.load(horizon);
    // A commit must be durable, so that what is below the horizon never needs to be waited for. A rollback
    // need not be: after a crash it is done again.
    if (!word_is_finished(word) || word_position(word) > oldest) break;
    if (word_is_committed(word) && word > durable) break;
  }
  if (horizon != start) {
    horizon_.store(horizon, std::memory_order_release);
    states_.release_below(horizon);
  }

  // Undo goes when no snapshot can ask for it and the purge has passed it. Items are queued before their chunks
  // are retired, and both happen under this mutex or before it, so none is overlooked.
  std::lock_guard purge_guard(purge_mutex_);
  uint64_t undo_bound = oldest;
  for (const PurgeItem& item : purge_queue_) undo_bound = std::min(undo_bound, item.csn - 1);
  undo_log_.reclaim(undo_bound);
}

Status TxnManagerImpl::purge_once() {
  std::lock_guard run(purge_run_mutex_);
  recompute_horizon(true);
  const Xid limit = horizon();
  std::vector<PurgeItem> ready;
  {
    std::lock_guard guard(purge_mutex_);
    for (const PurgeItem& item : purge_queue_) {
      if (item.xid < limit.value()) ready.push_back(item);
    }
  }
  if (ready.empty()) return {};
  std::sort(ready.begin(), ready.end(), [](const PurgeItem& a, const PurgeItem& b) { return a.csn < b.csn; });
  Status result;
  size_t done = 0;
  for (; done < ready.size(); ++done) {
    result = purge_item(ready[done], limit);
    if (!result.ok()) break;  // stays queued, with all behind it: a slot must not go before its index entries
  }
  {
    std::lock_guard guard(purge_mutex_);
    uint64_t through = done == 0 ? 0 : ready[done - 1].csn;
    std::erase_if(purge_queue_, [&](const PurgeItem& item) {
      return item.csn <= through && item.xid < limit.value();
    });
  }
  recompute_horizon(true);
  return result;
}

Status TxnManagerImpl::purge_item(const PurgeItem& item, Xid horizon) {
  // First what points at rows, then the rows.
  VARVE_RETURN_IF_ERROR(purge_records(item, horizon, true));
  return purge_records(item, horizon, false);
}

Status TxnManagerImpl::purge_records(const PurgeItem& item, Xid horizon, bool indexes) {
  for (UndoPtr at{item.last_undo}; at != kNoUndo;) {
    UndoView view = undo(at);
    at = view.transaction_previous;
    UndoKind kind = view.header().kind;
    bool is_index = kind == UndoKind::kIndexMark || kind == UndoKind::kIndexGone;
    if (is_index != indexes) continue;
    if (PurgeFunction function = purge_function(kind)) VARVE_RETURN_IF_ERROR(function(pool_, view, horizon));
  }
  return {};
}

void TxnManagerImpl::start_purge() {
  std::lock_guard guard(thread_mutex_);
  if (thread_.joinable()) return;
  stopping_ = false;
  thread_ = std::thread([this] { purge_loop(); });
}

void TxnManagerImpl::stop_purge() {
  std::thread thread;
  {
    std::lock_guard guard(thread_mutex_);
    stopping_ = true;
    thread.swap(thread_);
  }
  thread_wake_.notify_all();
  if (thread.joinable()) thread.join();
}

void TxnManagerImpl::purge_loop() {
  uint64_t pause_us = options_.purge_interval_us;
  std::unique_lock guard(thread_mutex_);
  while (!stopping_) {
    guard.unlock();
    uint64_t before = horizon().value();
    Status s = purge_once();
    if (!s.ok()) log(LogLevel::kWarning, "purge: {}", s.to_string());
    // Idle: pause longer and longer, up to a tenth of a second. Failing: the same.
    bool progress = s.ok() && horizon().value() != before;
    pause_us = progress ? options_.purge_interval_us
                        : std::min<uint64_t>(pause_us * 2, std::max<uint64_t>(100'000, options_.purge_interval_us));
    guard.lock();
    thread_wake_.wait_for(guard, std::chrono::microseconds(pause_us), [this] { return stopping_; });
  }
}

}  // namespace varve::txn
