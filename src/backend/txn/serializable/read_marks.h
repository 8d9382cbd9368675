// The marks that reads leave (SIREAD locks): a hash table of targets in partitions, each under its own mutex.
//
// A mark stands in the table and in its transaction's `held`; both change under the partition's mutex. Many
// marks on parts of one page or relation become one on the whole of it, which is set before the others go:
// whoever looks from the fine to the coarse misses none.
#pragma once

#include <array>
#include <atomic>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "conflict_graph.h"
#include "sxact.h"

namespace varve::txn {

class ReadMarks {
 public:
  explicit ReadMarks(ConflictGraph& graph) : graph_(graph) {}

  void set_limits(const SerializableLimits& limits);

  // `fresh` (may be null): set to whether the mark is new and still that of this target alone.
  Status add(Sxact& txn, const TrackedRelation& relation, ReadTarget target, bool* fresh);
  void remove(Sxact& txn, const ReadTarget& target);
  // All of a transaction that is of no interest any more, or is known in summary only from now on.
  // `keep_writes`: nobody can write what it has read any more, but readers may still pass over what it wrote.
  void remove_all(Sxact& txn, bool summarize, bool keep_writes);

  // A write to the target: rw-dependencies from those who have marked it.
  Status write(Sxact& txn, const ReadTarget& target);
  // A write to everything in the table.
  Status write_table(Sxact& txn, const TrackedRelation& table);
  // Marks of writers, on whole tables only. read_whole() tells the writers to ask about.
  Status read_whole(Sxact& txn, const TrackedRelation& table, std::vector<uint64_t>* writers);
  Status write_whole(Sxact& txn, const TrackedRelation& table, uint64_t xid);

  void page_split(const ReadTarget& from, const ReadTarget& to);
  void page_moved(const ReadTarget& from, const ReadTarget& to);
  void storage_dropped(PageId segment);
  // Summaries of transactions that ended up to `csn` go. Costs a walk over everything.
  void forget_summaries(uint64_t csn);

  std::vector<SerializableManager::LockRow> snapshot() const;
  uint64_t count() const { return marks_.load(std::memory_order_relaxed); }
  // With the page latched exclusively that is about to change: nobody has marked anything.
  //
  // Relaxed is enough when the reader has marked the page under its shared latch (leaves, pages of a scan):
  // its increment happens before it unlatches, that before we latch, so we read it or what came later. What
  // came later is not zero: each entry's increment precedes its decrement, both are made under its
  // partition's mutex, so that no prefix of their order counts less than what is there.
  //
  // A row, however, is fetched without a latch: the mark is a store, the look at the page's version a load,
  // and here the latch is a store and this a load. Neither pair may be exchanged, on Arm as elsewhere: a full
  // fence stands in each. Whichever fence comes first, either we see the entry, or the reader sees the latch,
  // waits, and meets our change. If anybody's entry is there, the partition's mutex orders the two likewise.
  bool empty() const { return entries_.load(std::memory_order_relaxed) == 0; }

 private:
  struct OldWriter {
    uint64_t xid, csn;
  };
  struct Entry {
    TrackedRelation relation;
    std::vector<Sxact*> readers;
    uint64_t old_csn = 0;  // summary of readers: the newest end among them; 0: none
    Sequence old_seq = 0;
    std::vector<std::pair<Sxact*, uint64_t>> writers;  // with their xids
    std::vector<OldWriter> old_writers;

    bool unused() const { return readers.empty() && old_csn == 0 && writers.empty() && old_writers.empty(); }
  };
  using Entries = std::unordered_map<ReadTarget, Entry, ReadTargetHash>;
  struct alignas(64) Partition {
    mutable std::mutex mutex;
    Entries entries;
  };
  static constexpr size_t kPartitions = 64;

  Partition& partition(const ReadTarget& t) { return partitions_[ReadTargetHash()(t) >> 58]; }
  Entry& entry(Partition& p, const ReadTarget& t, const TrackedRelation& relation);
  void erase_if_unused(Partition& p, Entries::iterator it);
  bool covered(Sxact& txn, const ReadTarget& target, bool* held);
  bool insert(Sxact& txn, const TrackedRelation& relation, const ReadTarget& target, ReadTarget* promote);
  void promote(Sxact& txn, const ReadTarget& to);
  bool erase_reader(Partition& p, Sxact& txn, const ReadTarget& target, bool summarize);
  void erase_writer(Sxact& txn, const ReadTarget& target, bool summarize);
  void carry_over(Entry& from, Partition& to_partition, const ReadTarget& to, bool keep);
  static void note_held(Sxact& txn, const ReadTarget& target);
  static void note_gone(Sxact& txn, const ReadTarget& target);
  int64_t most_in_relation() const;

  ConflictGraph& graph_;
  std::array<Partition, kPartitions> partitions_;
  std::atomic<uint64_t> entries_{0}, marks_{0};
  std::atomic<uint64_t> newest_summary_{0};  // the greatest old_csn and csn of old writers; 0: there are none
  std::atomic<int64_t> per_relation_{31}, per_page_{2}, most_marks_{6400};
};

}  // namespace varve::txn
