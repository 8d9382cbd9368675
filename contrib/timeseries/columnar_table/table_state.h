// What the process knows of one columnar table: its strata, the marks of deleted rows, and where rows have
// moved to lately. Shared by all heap objects of the table; read from the companion heaps when it is made.
//
// What is durable is the rows of those heaps; this only finds them. So an entry here proves nothing: whether
// a stratum or a mark is there for a snapshot, its row says.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <unordered_map>
#include <vector>

#include "stratum.h"

namespace varve::columnar_table {

// Where settled rows are now that were elsewhere: kept until no snapshot can have seen them there.
class Moves {
 public:
  struct Entry {
    uint64_t from, to;  // Tid::packed()
  };
  void add(Xid by, std::vector<Entry> entries);
  // `self`: the asking transaction, whose own moves count; others' count when they have committed.
  bool find(const txn::TxnManager& txns, Xid self, Tid from, Tid* to);

  // A transaction whose snapshot is older than a move has written the row at its new place: it must not see
  // it at the old one any more.
  void note_follower(Xid writer);
  bool has_followed(Xid writer) const;
  // Those that have ended are forgotten.
  void forget_followers(Xid horizon);

 private:
  struct Batch {
    Xid by;
    std::vector<Entry> entries;  // ordered by from
  };
  mutable std::shared_mutex mutex_;
  std::vector<Batch> batches_;  // the oldest first
  std::set<uint64_t> followers_;
  std::atomic<size_t> follower_count_{0};
};

// Deleted settled rows. Ranges of rows are deleted as often as single ones: what is done for a row must not
// look at the other marks of its vector.
class Marks {
 public:
  struct Mark {
    Tid at;        // of the mark's row
    Xid writer;    // kInvalidXid: one that every snapshot sees
    Tid moved_to;  // invalid: deleted
    bool key_kept = false;
  };

  void note(Tid row, Tid at);
  // The mark of the row, if it has one that has not been rolled back.
  Result<bool> newest(access::Heap* heap, Tid row, Mark* mark);
  // Sets the bits of the vector's rows whose marks the snapshot sees.
  Status deleted(access::Heap* heap, const txn::TxnManager& txns, const txn::Snapshot& snapshot,
                 PageId vector, uint64_t* bitmap);
  Result<bool> is_deleted(access::Heap* heap, const txn::Snapshot& snapshot, Tid row);
  // Marks noted for a stratum's vectors, an upper bound of those that count.
  uint64_t count(Tid stratum, uint32_t vectors);
  // All of a vector's marks that have not been rolled back.
  Result<std::vector<Mark>> of_vector(access::Heap& heap, PageId vector);
  void forget(Tid stratum, uint32_t vectors);

 private:
  static constexpr size_t kWords = access::kVectorRows / 64;
  struct Entry {
    uint16_t row;
    Tid at;
    uint64_t number;  // of the note: a place in the heap may be another mark's, or the same one's again
    bool precedes(uint16_t r, uint64_t n) const { return row != r ? row < r : number < n; }
  };
  struct OfVector {
    std::vector<Entry> entries;   // by row and number
    uint64_t final[kWords] = {};  // rows that every snapshot sees to be deleted
    size_t open = 0;              // entries of other rows
    std::vector<Entry>::iterator find(uint16_t row, uint64_t number);
    bool is_final(uint16_t row) const { return (final[row / 64] >> row % 64 & 1) != 0; }
  };
  // The row's first note with this number or a later one; false: there is none.
  bool next_entry(Tid row, uint64_t from, Entry* entry, bool* final);
  void make_final(PageId vector, std::span<const Entry> seen);
  void prune(PageId vector, const Entry& rolled_back);

  std::shared_mutex mutex_;
  std::unordered_map<PageId, OfVector> vectors_;
  std::atomic<bool> any_{false};  // there has ever been one
  uint64_t next_number_ = 0;
};

// Rows that an update has moved, leaving their keys alone, while others had those keys locked: whoever wants
// such a row for himself has to wait for who holds its old place.
class HeldKeys {
 public:
  void add(Tid now, Tid before);
  bool find(Tid now, Tid* before) const;
  void forget(Tid now);

 private:
  mutable std::mutex mutex_;
  std::unordered_map<uint64_t, Tid> before_;
  std::atomic<size_t> count_{0};
};

// The strata of one moment: the same object for all who ask until strata come or go, so that a scan costs
// nothing for those that it does not look at.
class StrataList {
 public:
  // By their Tids.
  explicit StrataList(std::vector<StratumPtr> strata);

  const std::vector<StratumPtr>& strata() const { return strata_; }
  // Null: it is not among them.
  Stratum* find(Tid tid) const;
  // Their vectors, in that order; made when somebody first asks for it.
  Result<access::PageSequencePtr> runs(const access::SegmentOrder& order) const;
  // Looks at those that are not certain yet; `gone` gets those that nobody can see any more.
  Status check(Xid horizon, std::vector<StratumPtr>* gone) const;

 private:
  Result<access::PageSequencePtr> order_by(const access::SegmentOrder& order) const;

  const std::vector<StratumPtr> strata_;
  struct Place {
    uint64_t tid = 0;
    Stratum* stratum = nullptr;
  };
  std::vector<Place> places_;  // a hash table
  // Horizon of the last check(); UINT64_MAX: there is none left to look at.
  mutable std::atomic<uint64_t> checked_{0};
  mutable std::mutex mutex_;  // of what follows
  mutable std::vector<StratumPtr> uncertain_;
  mutable std::vector<std::pair<access::SegmentOrder, access::PageSequencePtr>> orders_;
};
using StrataListPtr = std::shared_ptr<const StrataList>;

class TableState {
 public:
  // The state of the table whose delta this is, read if nobody has it open.
  static Result<std::shared_ptr<TableState>> open(txn::TxnManager& txns, PageId delta, uint32_t database);
  // By the segment of the strata. Null: nobody has the table open.
  static std::shared_ptr<TableState> find(buffer::BufferPool& pool, PageId strata);
  ~TableState();

  // Null: there is none yet.
  access::Heap* strata() const { return strata_open_.load(std::memory_order_acquire); }
  access::Heap* marks_heap() const { return marks_open_.load(std::memory_order_acquire); }
  Result<access::Heap*> make_strata() { return make(access::Companion::kStrata); }
  Result<access::Heap*> make_marks() { return make(access::Companion::kMarks); }

  // Those that somebody may see, and perhaps some more.
  Result<StrataListPtr> list();
  StratumPtr stratum(Tid tid);
  void add(StratumPtr stratum);
  Status remove(txn::Transaction& txn, Stratum& stratum);

  Marks marks;
  Moves moves;
  HeldKeys held_keys;
  std::mutex settling;                   // one at a time
  std::atomic<uint64_t> settle_from{0};  // where the last settling stopped: place among the delta's pages

 private:
  TableState(txn::TxnManager& txns, PageId delta, uint32_t database, uint64_t stamp)
      : txns_(txns), delta_(delta), database_(database), stamp_(stamp) {}
  Status load();
  Status open_companion(access::Companion which, PageId segment);
  Result<access::Heap*> make(access::Companion which);
  void forget(std::span<const StratumPtr> gone);

  txn::TxnManager& txns_;
  const PageId delta_;
  const uint32_t database_;
  const uint64_t stamp_;
  std::mutex making_;
  std::unique_ptr<access::Heap> strata_heap_, marks_;  // guarded by making_ until they are in the pointers
  std::atomic<access::Heap*> strata_open_{nullptr}, marks_open_{nullptr};
  std::shared_mutex mutex_;
  std::unordered_map<uint64_t, StratumPtr> strata_;  // by Tid::packed()
  StrataListPtr list_;                               // null: strata have come or gone since the last
};

}  // namespace varve::columnar_table
