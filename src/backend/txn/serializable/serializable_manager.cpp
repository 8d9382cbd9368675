#include "serializable_manager.h"

namespace varve::txn {

Sxact* SerializableManagerImpl::begin(uint32_t pid, bool read_only, SnapshotTaker& taker) {
  auto fresh = std::make_unique<Sxact>(*this);
  fresh->pid = pid;
  return graph_.begin(*fresh, read_only, taker) ? fresh.release() : nullptr;
}

std::vector<ConflictGraph::Release> SerializableManagerImpl::finish(Sxact& txn, bool commit,
                                                                    uint64_t position) {
  std::vector<ConflictGraph::Release> done;
  graph_.finish(txn, commit, position, kept_committed_.load(std::memory_order_relaxed), &done);
  return done;
}

void SerializableManagerImpl::release(const std::vector<ConflictGraph::Release>& done) {
  if (done.empty()) return;
  for (const ConflictGraph::Release& r : done) {
    // Those who only read may still pass over what it has written.
    marks_.remove_all(*r.txn, r.summarize, !r.whole);
    graph_.released(r);
  }
  marks_.forget_summaries(graph_.oldest_snapshot());
}

void SerializableManagerImpl::set_limits(const SerializableLimits& limits) {
  marks_.set_limits(limits);
  kept_committed_.store(static_cast<size_t>(limits.connections) * 10, std::memory_order_relaxed);
}

namespace {

ReadTarget index_page(PageId segment, PageId page) {
  return {ReadTarget::kIndexBit | segment.value(), page.value(), 0};
}

}  // namespace

void SerializableManagerImpl::page_split(PageId segment, PageId from, PageId to) {
  marks_.page_split(index_page(segment, from), index_page(segment, to));
}

void SerializableManagerImpl::page_moved(PageId segment, PageId from, PageId to) {
  marks_.page_moved(index_page(segment, from), index_page(segment, to));
}

SerializableManager::Counts SerializableManagerImpl::counts() const {
  Counts c{};
  graph_.counts(&c.transactions, &c.committed, &c.summarized);
  c.locks = marks_.count();
  return c;
}

}  // namespace varve::txn
