// Constraints that look at other rows: foreign keys, and unique keys that are checked later. INSERT, UPDATE
// and DELETE only note what they changed; at the end of the statement, or of the transaction for deferred
// constraints, each note is looked at again as the row is then.
//
// One a session, used by its thread. Order of what happens and all messages as PostgreSQL's RI triggers have
// them.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/catalog.h"
#include "executor/modify_hooks.h"
#include "functions/eval_context.h"
#include "txn/lock_manager.h"
#include "txn/txn_manager.h"

namespace varve::executor {

// What the triggers ask of the session.
class ConstraintHost {
 public:
  virtual ~ConstraintHost() = default;
  virtual catalog::Catalog& catalog() = 0;
  virtual txn::Transaction& transaction() = 0;
  virtual functions::EvalContext eval(Arena& memory) = 0;
  virtual uint32_t database() = 0;
  virtual void lock_table(Oid relation, txn::LockMode mode) = 0;
  // Runs one statement with the rights of everybody and returns how many rows it returned or changed. Planned
  // once and kept by its text. Sees what `snapshot` sees; see ExecutionContext::write_snapshot.
  virtual uint64_t run(const std::string& sql, std::span<const Oid> param_types,
                       std::span<const types::Value> params, const txn::Snapshot& snapshot,
                       const txn::Snapshot* write_snapshot) = 0;
};

// What one constraint's triggers on one table have cost, for EXPLAIN ANALYZE.
struct ConstraintTime {
  Oid constraint;
  std::string name, relation;
  uint64_t calls = 0;
  double ms = 0;
};

class ConstraintTriggers final : public ModifyHooks {
 public:
  explicit ConstraintTriggers(ConstraintHost& host);
  ~ConstraintTriggers() override;

  // --- ModifyHooks
  bool wants_rows(const catalog::Relation& relation, ModifyEvent event) override;
  bool wants_inserted(const catalog::Relation& relation) override;
  void after_row(ExecutionContext& context, const RowChange& change) override;
  void after_insert(ExecutionContext& context, const catalog::Relation& relation,
                    std::span<const Tid> rows) override;
  void unique_pending(ExecutionContext& context, const catalog::Relation& relation,
                      const catalog::Index& index, Tid tid) override;

  // --- statements: what was noted since begin_statement() is dealt with by end_statement(). They nest.
  size_t begin_statement();
  void end_statement(size_t mark);

  // --- the transaction. before_commit() does what was deferred; any of them may throw.
  void before_commit();
  void end_transaction() noexcept;
  bool has_events(Oid relation) const;
  struct Mark {
    size_t noted, deferred, constraints;
    uint32_t cycle;
  };
  Mark mark() const;
  void rollback_to(const Mark& mark);

  // Adds up what is checked and done from here on; null: no longer.
  void measure(std::vector<ConstraintTime>* into);

  // --- SET CONSTRAINTS. Those that become immediate are checked at once.
  void set_all(bool deferred);
  void set(std::span<const Oid> constraints, bool deferred);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace varve::executor
