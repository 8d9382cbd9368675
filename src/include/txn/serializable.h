// SERIALIZABLE: serializable snapshot isolation. Reads leave marks (SIREAD locks, which nobody waits for) on
// rows, pages and relations; a write that meets another's mark, and a read that passes over another's newer
// version, note a rw-dependency between the two; where two such dependencies in a row might be part of a
// cycle, somebody fails with kSerialization.
//
// Cahill, Röhm, Fekete: Serializable Isolation for Snapshot Databases (SIGMOD 2008); Ports, Grittner:
// Serializable Snapshot Isolation in PostgreSQL (VLDB 2012). What the parts do: txn/serializable/README.md.
//
// Only transactions of that level are noted, and what others do counts for nothing. Marks outlive their
// transaction until no other one overlaps with it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "common/status.h"
#include "common/strong_id.h"

namespace varve::txn {

// A table or an index whose reads are noted. False: they are not.
struct TrackedRelation {
  uint32_t database = 0;
  Oid oid;
  Oid table;       // that an index belongs to; a table: itself
  PageId segment;  // where it is stored

  bool is_index() const { return oid != table; }
  explicit operator bool() const { return oid != kInvalidOid; }
};

// One transaction's reads and writes. All threads that read for the transaction may call the read functions
// at once; one of them writes. Every function may return kSerialization: the transaction must roll back then.
class SerializableTxn {
 public:
  virtual ~SerializableTxn() = default;

  // Before the first page is read.
  virtual Status read_relation(const TrackedRelation& relation) = 0;
  // A leaf of an index, while it is latched.
  virtual Status read_page(const TrackedRelation& index, PageId page) = 0;
  // Before the row's newest version is looked at. `fresh`: the mark was not there before, and unread_row()
  // may take it back if nothing is seen there.
  virtual Status read_row(const TrackedRelation& table, Tid tid, bool* fresh) = 0;
  virtual void unread_row(const TrackedRelation& table, Tid tid) = 0;
  // A version was passed over because `writer` is too new, or running.
  virtual Status passed_over(Xid writer) = 0;

  // With the page latched that takes the row or entry, before it is there.
  virtual Status write_relation(const TrackedRelation& table) = 0;
  virtual Status write_page(const TrackedRelation& index, PageId page) = 0;
  // With the row latched, before it is changed or deleted.
  virtual Status write_row(const TrackedRelation& table, Tid tid) = 0;
  // All rows go at once, or the table does.
  virtual Status write_table(const TrackedRelation& table) = 0;

  // A table whose old versions are not looked at one by one: it counts as a whole, and writers leave a mark,
  // too. Before anything is read or written.
  virtual Status read_whole(const TrackedRelation& table) = 0;
  virtual Status write_whole(const TrackedRelation& table) = 0;
};

// How much may be kept; PostgreSQL's settings of the same names.
struct SerializableLimits {
  int64_t locks_per_transaction = 64;  // max_pred_locks_per_transaction, times connections: marks in all
  int64_t connections = 100;
  int64_t locks_per_relation = -2;  // max_pred_locks_per_relation; negative: a share of the above
  int64_t locks_per_page = 2;       // max_pred_locks_per_page

  bool operator==(const SerializableLimits&) const = default;
};

class SerializableManager {
 public:
  virtual ~SerializableManager() = default;

  virtual void set_limits(const SerializableLimits& limits) = 0;

  // What lies on a leaf lies on two, or on another one, from now on. Both are latched exclusively.
  virtual void page_split(PageId segment, PageId from, PageId to) = 0;
  virtual void page_moved(PageId segment, PageId from, PageId to) = 0;
  // Rows or entries lose their places (the table is written anew, an index goes): marks on them become marks
  // on the table. Called under a lock that keeps readers out.
  virtual void storage_dropped(PageId segment) = 0;

  struct LockRow {  // one line of pg_locks
    TrackedRelation relation;
    PageId page;    // invalid: the whole relation
    uint16_t slot;  // 0: the whole page
    uint32_t pid;   // 0: the transaction has ended
  };
  virtual std::vector<LockRow> snapshot() const = 0;

  struct Counts {
    uint64_t transactions, committed, locks, summarized;
  };
  virtual Counts counts() const = 0;
};

}  // namespace varve::txn
