// Writing rows of one table: encoding, constraints, index entries, hooks. What INSERT, UPDATE and DELETE
// share.
#pragma once

#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "access/btree.h"
#include "access/column_store.h"
#include "access/overflow.h"
#include "access/unique_check.h"
#include "catalog/table_activity.h"
#include "executor/index_keys.h"
#include "executor/modify_hooks.h"
#include "executor/row_guard.h"
#include "operator.h"
#include "table_reader.h"
#include "waiting_keys.h"

namespace varve::executor {

using analyzer::RowCheck;

// A row here is one value for each column that is not dropped, in order.
using RowValues = std::vector<types::Value>;

// Of a constraint that is checked later: lets every key in, but tells whether there is one like it.
class LaterChecker final : public access::UniqueChecker {
 public:
  explicit LaterChecker(access::UniqueChecker& inner) : inner_(inner) {}
  Verdict check(Tid tid, bool marked, Xid* wait_for) override {
    found_ |= inner_.check(tid, marked, wait_for) != Verdict::kDead;
    return Verdict::kDead;
  }
  bool found() const { return found_; }

 private:
  access::UniqueChecker& inner_;
  bool found_ = false;
};

class TableWriter {
 public:
  TableWriter(const planner::ModifyPlan& plan, ExecutionContext& context);

  const catalog::Relation& relation() const { return relation_; }
  std::span<const catalog::ColumnNumber> columns() const { return live_; }
  // Place of a column among those not dropped.
  size_t ordinal(catalog::ColumnNumber column) const;

  // Computes generated columns, then tests the policies for such rows, NOT NULL and CHECK, and the conditions
  // of views. `kind`: kInsert or kUpdate. Throws 42501, 23502, 23514, 44000.
  void complete(RowValues& row, Arena& memory, RowCheck kind);
  // The conditions of one kind alone.
  void check_row(const RowValues& row, RowCheck kind);
  // 23514: the row belongs to another partition.
  [[noreturn]] void throw_foreign(const RowValues& row);
  // Inserts the row and its index entries. Throws 23505.
  Tid insert(const RowValues& row);
  // Completes and inserts the selected rows of a chunk (one column for each column that is not dropped) with
  // their index entries: pages are filled in one go, unless hooks want to see each row. Returns how many went
  // in; `*at` follows the row in work, for messages. `memory` is not reset.
  uint64_t insert_batch(const Chunk& rows, Arena& memory, uint32_t* at);
  // Of a statement that has inserted many rows, into a table that keeps them in columns: the row goes there
  // without a Tid, and is in the table after finish(). False: it has to be insert()ed. Not for rows that
  // anybody asks back.
  bool append(const RowValues& row);
  // The statement has inserted its last row.
  void finish();
  // What append() and insert_batch() have kept back goes in, so that its errors come before later ones.
  void flush();
  // Of the rows to come, the first is that of the statement: rows that are kept back are remembered by their
  // numbers. After finish(), flush() or an insertion has thrown: the number of the row at fault, if it was
  // one of those.
  void set_next_row(uint64_t number) { next_row_ = number; }
  std::optional<uint64_t> failed_row() const { return failed_row_; }
  // As insert(), but an arbiter's conflict takes everything back and returns the other row.
  bool insert_unless_conflict(const RowValues& row, std::span<const catalog::Index* const> arbiters, Tid* tid,
                              Tid* conflict);
  // Row in conflict with one of the arbiters (all unique indexes when empty); waits for running writers.
  bool find_conflict(const RowValues& row, std::span<const catalog::Index* const> arbiters, Tid* conflict);

  // In one of the arbiters.
  bool have_equal_keys(const RowValues& a, const RowValues& b,
                       std::span<const catalog::Index* const> arbiters);

  // Outcome kLocked: done, and `*tid` is where the row is now. kLockedUpdated: the row is locked and `newest`
  // is what it looks like now.
  access::LockOutcome update(Tid* tid, const RowValues& old_row, const RowValues& new_row, bool locked,
                             access::RowVersion* newest);
  // The index entries of rows that updates move without changing a key may go in together, by flush_moves():
  // until then no index leads to those rows. Only for a caller in whose statement nobody looks meanwhile;
  // ends what an earlier run has left.
  void collect_moves(bool collect);
  void flush_moves();
  access::LockOutcome remove(Tid tid, const RowValues& old_row, bool locked, access::RowVersion* newest);
  access::LockOutcome lock(Tid tid, txn::RowLock strength, access::RowVersion* newest);
  // Of an update that assigns these columns, by their places among those not dropped: only a key that a
  // foreign key may refer to has to be locked, too.
  txn::RowLock update_lock(std::span<const size_t> assigned) const;

  // Strings are copied to `memory`.
  void decode(const access::RowVersion& row, RowValues* out, Arena& memory) const;
  bool fetch_newest(Tid tid, RowValues* out, Arena& memory);
  // As the statement's snapshot sees it.
  void fetch_seen(Tid tid, RowValues* out, Arena& memory);
  // Messages show rows as `relation` has them, which is written as several tables: by live column of this
  // table, its place there or -1.
  void show_rows_as(const catalog::Relation& relation, std::span<const int32_t> ordinals) {
    shown_ = &relation;
    shown_ordinals_ = ordinals;
  }
  // To the statement's snapshot, or written by this transaction.
  bool is_visible(Tid tid);

  ModifyHooks* row_hooks(ModifyEvent event);

 private:
  struct IndexWriter {
    IndexKeyBuilder keys;
    access::Btree& tree;
  };
  const txn::Snapshot& write_snapshot() const {
    return context_.write_snapshot != nullptr ? *context_.write_snapshot : context_.snapshot;
  }
  // All entries of a row that an update has moved.
  void move_entries(const access::RowMove& move, const RowValues& old_row, const RowValues& new_row);
  void encode(const RowValues& row, const RowValues* old_row = nullptr);
  void spread(const RowValues& row, std::vector<types::Value>& stored) const;
  class Bulk;
  bool loads_in_bulk(uint64_t rows);
  void append_batch(const Chunk& rows, Arena& memory, uint32_t* at);
  void load_key_columns(const Chunk& rows);
  bool encode_batch(const Chunk& rows, Arena& memory);
  uint64_t finish_batch(const Chunk& rows, uint32_t* at);
  void write_batch();
  uint64_t insert_with_hooks(const Chunk& rows, Arena& memory, ModifyHooks& hooks, uint32_t* at);
  void collect_move(const access::RowMove& move, const RowValues& row);
  // False: conflict with `*conflict` and `throw_conflict` was false. `known_unique`: nobody needs to be
  // asked.
  bool insert_entry(IndexWriter& index, std::string_view key, Tid tid, bool throw_conflict, Tid* conflict,
                    bool known_unique = false);
  template <class Key>
  void insert_keys(IndexWriter& index, std::span<const Key> keys, Tid tid);
  // Nobody is asked about the keys of new_entries_, which ascend.
  void insert_new_entries(IndexWriter& index);
  // The row's entries may go once nobody can see it there.
  void note_gone(IndexWriter& index, std::span<const std::string> keys, Tid tid);
  void change_entries(IndexWriter& index, Tid tid, const RowValues& old_row, const RowValues& new_row);
  bool insert_entries(const RowValues& row, Tid tid, std::span<const catalog::Index* const> arbiters,
                      bool tolerate, Tid* conflict);
  // The entries of one index for many rows, in the order of their keys. A conflict is noted if no earlier row
  // is.
  void enter_keys(size_t number, const WaitingKeys& waiting, std::span<const Tid> tids,
                  std::optional<FirstConflict>* conflict);
  void enter_later_checked_keys(IndexWriter& index, const WaitingKeys& waiting, std::span<const Tid> tids);
  void enter_batch(const Chunk& rows, uint32_t* at);
  void add_key(size_t number, const RowValues& row, WaitingKeys* to);
  void check_not_null(const RowValues& row);
  void check_constraints(const RowValues& row);
  // "Failing row contains ….", as far as the role may be told.
  std::string failing_row(const RowValues& row);
  [[noreturn]] void throw_unchecked(const RowValues& row, const analyzer::ViewCheck& rule);
  [[noreturn]] void throw_duplicate(const IndexWriter& index);
  void load(const RowValues& row);
  bool is_arbiter(const catalog::Index& index, std::span<const catalog::Index* const> arbiters) const;

  std::unique_ptr<RowGuard> guard_;  // null: nobody looks at rows of this table
  const catalog::Relation* shown_ = nullptr;
  std::span<const int32_t> shown_ordinals_;
  void count_rows(catalog::Activity what, uint64_t rows);

  const planner::ModifyPlan& plan_;
  ExecutionContext& context_;
  catalog::TableActivity* activity_ = nullptr;
  const catalog::Relation& relation_;
  access::Heap& heap_;
  std::vector<catalog::ColumnNumber> live_;
  std::vector<IndexWriter> indexes_;
  std::vector<ExpressionEvaluator> checks_, generated_, view_checks_;
  Arena expression_memory_;
  Chunk row_chunk_;
  access::RowEncoder encoder_;
  std::vector<std::string> old_keys_;
  std::vector<std::string_view> changed_keys_;
  std::vector<access::Btree::NewEntry> new_entries_;
  std::vector<types::Value> stored_, old_stored_;  // one a column, dropped ones too
  access::RowBuffer buffer_;
  // Of a batch in work.
  std::vector<RowValues> batch_;
  std::vector<wal::Bytes> batch_bytes_;
  std::vector<Tid> batch_tids_;
  std::vector<WaitingKeys> batch_keys_;  // one an index
  // Of rows that collect_moves() lets wait, with batch_keys_.
  bool collects_moves_ = false;
  std::vector<Tid> moved_to_;
  // Of a statement that loads in bulk.
  struct BulkDeleter {
    void operator()(Bulk* bulk) const;
  };
  std::unique_ptr<Bulk, BulkDeleter> bulk_;
  uint64_t bulk_run_ = UINT64_MAX, bulk_rows_ = 0;  // run of the plan, rows it has inserted
  bool may_load_in_bulk_ = false;
  uint64_t next_row_ = 0;
  std::optional<uint64_t> failed_row_;
};

}  // namespace varve::executor
