// Where triggers and foreign keys plug into INSERT, UPDATE and DELETE without the operators knowing of them.
#pragma once

#include <cstdint>
#include <span>

#include "catalog/relation.h"
#include "common/strong_id.h"
#include "types/value.h"

namespace varve::executor {

class CommitActions;
class ExecutionContext;

enum class ModifyEvent : uint8_t { kInsert, kUpdate, kDelete };

// One row that is about to be, or has been, changed. `old_row` / `new_row`: one value for each column that is
// not dropped, in order; empty where there is none (INSERT has no old row, DELETE no new one). Values are
// valid only during the call.
struct RowChange {
  ModifyEvent event;
  const catalog::Relation& relation;
  Tid tid;  // after events: where the row lies
  std::span<const types::Value> old_row;
  std::span<types::Value> new_row;  // a before-row hook may change it; long values into `memory`
  Arena& memory;
  // A row that an UPDATE of this partitioned table has moved from one partition to another: a DELETE, an
  // INSERT, and for those who refer to the table, as it is named here, an UPDATE.
  const catalog::Relation* moved_within = nullptr;
};

// One implementation a statement, called on the session's thread. Throws SqlError to refuse.
class ModifyHooks {
 public:
  virtual ~ModifyHooks() = default;

  // Asked once a run: false spares the node the row calls (and, for a plain INSERT, allows bulk loading).
  virtual bool wants_rows(const catalog::Relation& relation, ModifyEvent event) = 0;

  // Where wants_rows() said no to INSERT: true if after_insert() is to be told which rows went in.
  virtual bool wants_inserted(const catalog::Relation&) { return false; }
  virtual void after_insert(ExecutionContext&, const catalog::Relation&, std::span<const Tid>) {}
  // The row went into a unique index that is checked later, beside another row that has or may get the same
  // key.
  virtual void unique_pending(ExecutionContext&, const catalog::Relation&, const catalog::Index&, Tid) {}

  // Before before_statement() of an UPDATE (or of ON CONFLICT DO UPDATE): the columns it assigns.
  virtual void assigns(const catalog::Relation&, std::span<const catalog::ColumnNumber>) {}
  virtual void before_statement(ExecutionContext&, const catalog::Relation&, ModifyEvent) {}
  // False: leave this row as it is, silently.
  virtual bool before_row(ExecutionContext&, RowChange&) { return true; }
  virtual void after_row(ExecutionContext&, const RowChange&) {}
  // Once for all that the statement may have done to the table, in the order of its statement triggers.
  virtual void after_statement(ExecutionContext&, const catalog::Relation&, std::span<const ModifyEvent>) {}
  // Of the transaction that the statement belongs to; null: nobody will run them.
  virtual CommitActions* commit_actions() { return nullptr; }
};

}  // namespace varve::executor
