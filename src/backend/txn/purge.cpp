// What happens behind the horizon: moving it, freeing undo and states, purging what committed deletes left.
#include <algorithm>
#include <chrono>
#include <functional>

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
  if (wait)
    guard.lock();
  else if (!guard.try_lock())
    return;

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

  // Undo goes when no snapshot can ask for it and the purge has passed it. Items are queued before their
  // chunks are retired, and both happen under this mutex or before it, so none is overlooked.
  std::lock_guard purge_guard(purge_mutex_);
  uint64_t undo_bound = std::min(oldest, purging_csn_ - 1);
  if (!purge_queue_.empty()) undo_bound = std::min(undo_bound, purge_queue_.front().csn - 1);
  undo_log_.reclaim(undo_bound);
}

void TxnManagerImpl::queue_purge(const PurgeItem& item) {
  std::lock_guard guard(purge_mutex_);
  purge_queue_.push_back(item);
  std::push_heap(purge_queue_.begin(), purge_queue_.end(), std::greater<>{});
}

bool TxnManagerImpl::next_purge(Xid limit, PurgeItem* item) {
  std::lock_guard guard(purge_mutex_);
  purging_csn_ = purging_xid_ = ~0ULL;
  // In commit order, strictly: a slot is used again only after those who deleted its earlier rows are done
  // with.
  if (purge_queue_.empty() || purge_queue_.front().xid >= limit.value()) return false;
  std::pop_heap(purge_queue_.begin(), purge_queue_.end(), std::greater<>{});
  *item = purge_queue_.back();
  purge_queue_.pop_back();
  purging_csn_ = item->csn;
  purging_xid_ = item->xid;
  return true;
}

Xid TxnManagerImpl::purged_bound() const {
  const Xid behind = horizon();
  // What is finished was queued before it was.
  std::lock_guard guard(purge_mutex_);
  uint64_t bound = std::min(behind.value(), purging_xid_);
  for (const PurgeItem& item : purge_queue_) bound = std::min(bound, item.xid);
  return Xid{bound};
}

Status TxnManagerImpl::purge_once() {
  std::lock_guard run(purge_run_mutex_);
  recompute_horizon(true);
  const Xid limit = horizon();
  PurgeItem item;
  bool any = false;
  while (next_purge(limit, &item)) {
    any = true;
    Status s = purge_item(item, limit);
    if (!s.ok()) {
      // Stays queued, with all behind it: a row must not go before its index entries.
      queue_purge(item);
      std::lock_guard guard(purge_mutex_);
      purging_csn_ = purging_xid_ = ~0ULL;
      return s;
    }
    std::lock_guard guard(purge_mutex_);
    std::erase_if(pending_drops_, [&](const PendingDrop& drop) { return drop.xid.value() == item.xid; });
  }
  if (any) recompute_horizon(true);
  return {};
}

Status TxnManagerImpl::purge_item(const PurgeItem& item, Xid horizon) {
  // First what points at rows, then the rows.
  VARVE_RETURN_IF_ERROR(purge_records(item, horizon, true));
  return purge_records(item, horizon, false);
}

Status TxnManagerImpl::purge_records(const PurgeItem& item, Xid horizon, bool indexes) {
  PurgeContext context{pool_, horizon};
  for (UndoPtr at{item.last_undo}; at != kNoUndo;) {
    UndoView view = undo(at);
    at = view.transaction_previous;
    UndoKind kind = view.header().kind;
    bool is_index = kind == UndoKind::kIndexMark || kind == UndoKind::kIndexGone;
    if (is_index != indexes) continue;
    if (PurgeFunction function = purge_function(kind)) VARVE_RETURN_IF_ERROR(function(context, view));
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
    pause_us =
        progress ? options_.purge_interval_us
                 : std::min<uint64_t>(pause_us * 2, std::max<uint64_t>(100'000, options_.purge_interval_us));
    guard.lock();
    thread_wake_.wait_for(guard, std::chrono::microseconds(pause_us), [this] { return stopping_; });
  }
}

}  // namespace varve::txn
