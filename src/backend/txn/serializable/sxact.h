// One transaction's part in serializable snapshot isolation, shared by the graph and the marks.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "common/hash.h"
#include "txn/serializable.h"

namespace varve::txn {

class SerializableManagerImpl;

// What a mark lies on. A table is known by its oid, so that marks on the whole of it survive its being
// written anew; an index by its segment, which is all that a split of its pages knows. Pages are numbered
// through the whole page space; `slot` is the row's, plus one: 0 is the whole page, as page 0 is the whole
// relation.
struct ReadTarget {
  uint64_t relation = 0;
  uint64_t page = 0;
  uint16_t slot = 0;

  static constexpr uint64_t kIndexBit = uint64_t{1} << 63;
  static uint64_t relation_key(const TrackedRelation& r) {
    return r.is_index() ? kIndexBit | r.segment.value() : uint64_t{r.database} << 32 | r.oid.value();
  }
  static uint64_t table_key(const TrackedRelation& r) { return uint64_t{r.database} << 32 | r.table.value(); }

  bool is_row() const { return slot != 0; }
  bool is_relation() const { return page == 0; }
  ReadTarget whole_page() const { return {relation, page, 0}; }
  ReadTarget whole_relation() const { return {relation, 0, 0}; }
  bool covers(const ReadTarget& other) const {
    return relation == other.relation &&
           (page == 0 || (page == other.page && (slot == 0 || slot == other.slot)));
  }
  bool operator==(const ReadTarget&) const = default;
};

struct ReadTargetHash {
  size_t operator()(const ReadTarget& t) const {
    return hash_combine(hash_int(t.relation), hash_int(t.page << 16 | t.slot));
  }
};

using Sequence = uint64_t;  // order of prepared and committed serializable transactions
inline constexpr Sequence kNoSequence = ~uint64_t{0};

struct Sxact final : SerializableTxn {
  explicit Sxact(SerializableManagerImpl& m) : manager(m) {}

  Status read_relation(const TrackedRelation& relation) override;
  Status read_page(const TrackedRelation& index, PageId page) override;
  Status read_row(const TrackedRelation& table, Tid tid, bool* fresh) override;
  void unread_row(const TrackedRelation& table, Tid tid) override;
  Status passed_over(Xid writer) override;
  Status write_relation(const TrackedRelation& table) override;
  Status write_page(const TrackedRelation& index, PageId page) override;
  Status write_row(const TrackedRelation& table, Tid tid) override;
  Status write_table(const TrackedRelation& table) override;
  Status read_whole(const TrackedRelation& table) override;
  Status write_whole(const TrackedRelation& table) override;

  SerializableManagerImpl& manager;

  // Set under the graph's mutex, read by the transaction's own threads without it.
  std::atomic<bool> doomed{false};       // rolls back, or must
  std::atomic<bool> ro_safe{false};      // nothing of it needs to be noted any more
  std::atomic<uint64_t> last_passed{0};  // the writer that passed_over() dealt with last
  // A savepoint was set: a mark on a row that is written then must stay, as the write may be taken back.
  std::atomic<bool> keeps_marks{false};

  // --- guarded by the graph's mutex
  uint64_t xid = 0;
  uint64_t snapshot_csn = 0;
  uint64_t finish_csn = 0;            // position in the log when it had ended
  Sequence last_before_snapshot = 0;  // the last number given out when the snapshot was taken
  Sequence prepare_seq = kNoSequence;
  Sequence commit_seq = kNoSequence;
  Sequence earliest_out =
      kNoSequence;  // with has_out: prepare_seq of the first committed it has a conflict out to
  uint32_t pid = 0;
  bool declared_read_only = false;
  bool read_only = false;  // declared, or committed without a write
  bool wrote = false;
  bool prepared = false, committed = false;
  bool has_out = false;      // committed, and something it had a conflict out to had committed before
  bool summary_in = false;   // a reader that is only known in summary precedes it
  bool summary_out = false;  // it precedes a writer that is only known in summary
  bool ro_unsafe = false;
  bool waiting = false;         // for a safe snapshot
  bool released = false;        // edges are gone, marks are going
  bool summarized = false;      // the same, but the marks stay as those of somebody who ended at finish_csn
  bool releasing = false;       // a thread takes its marks away
  std::vector<Sxact*> out, in;  // rw-dependencies: this one has read what `out` wrote later; `in` the reverse
  // Declared read only: the writers whose end decides whether the snapshot is safe. Writer: those who wait.
  std::vector<Sxact*> possible_unsafe;
  size_t active_place = 0;

  // --- its marks. Order of locks: page latches, a partition of the table of marks, this.
  std::mutex held_mutex;
  std::unordered_set<ReadTarget, ReadTargetHash> held;
  std::unordered_map<ReadTarget, uint32_t, ReadTargetHash>
      below;                                                   // by page or relation: marks on parts of it
  std::unordered_set<ReadTarget, ReadTargetHash> write_marks;  // of write_whole()
};

}  // namespace varve::txn
