// What the transaction manager and the tests know of it all. See README.md.
#pragma once

#include <atomic>
#include <memory>

#include "conflict_graph.h"
#include "read_marks.h"
#include "txn/serializable.h"

namespace varve::buffer {
class BufferPool;
}

namespace varve::txn {

class SerializableManagerImpl final : public SerializableManager {
 public:
  SerializableManagerImpl(const CommitNumbers& numbers, const buffer::BufferPool& pool);
  ~SerializableManagerImpl() override;

  // Begins to note what a transaction does, from its snapshot on. Null: there is no need to.
  Sxact* begin(uint32_t pid, bool read_only, SnapshotTaker& taker);
  void assign_xid(Sxact& txn, uint64_t xid) { graph_.assign_xid(txn, xid); }
  Status prepare(Sxact& txn) { return graph_.prepare(txn); }
  // Two steps, as the first is to be short: what is returned is for release(), and `txn` is gone then.
  std::vector<ConflictGraph::Release> finish(Sxact& txn, bool commit, uint64_t position);
  void release(const std::vector<ConflictGraph::Release>& done);
  Status wait_until_decided(Sxact& reader, sync::CancelToken* cancel, bool* safe) {
    return graph_.wait_until_decided(reader, cancel, safe);
  }

  ConflictGraph& graph() { return graph_; }
  ReadMarks& marks() { return marks_; }
  // Tests: 0 to know all committed ones in summary only.
  void set_kept_committed(size_t n) { kept_committed_.store(n, std::memory_order_relaxed); }

  void set_limits(const SerializableLimits& limits) override;
  void page_split(PageId segment, PageId from, PageId to) override;
  void page_moved(PageId segment, PageId from, PageId to) override;
  void storage_dropped(PageId segment) override { marks_.storage_dropped(segment); }
  std::vector<LockRow> snapshot() const override { return marks_.snapshot(); }
  Counts counts() const override;

 private:
  ConflictGraph graph_;
  ReadMarks marks_;
  std::atomic<size_t> kept_committed_{1000};
};

}  // namespace varve::txn
