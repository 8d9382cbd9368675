// Functions, procedures and triggers in SQL and PL/pgSQL, run for one session.
//
// A Runtime keeps what it compiled: a function's tree and its statements' plans, checked against the
// catalog's epoch before each call. A call in progress keeps its own copy alive, so a function may replace
// itself. Not thread-safe: one session, one thread at a time. Errors: SqlError, with PostgreSQL's CONTEXT
// lines.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/routine.h"
#include "executor/modify_hooks.h"
#include "functions/registry.h"
#include "txn/snapshot.h"
#include "types/value.h"

namespace varve::pl {

class Host;

// What one trigger has cost, for EXPLAIN ANALYZE.
struct TriggerTime {
  Oid trigger;
  std::string name, constraint, relation;  // `constraint` empty: it has none
  bool is_member = false;                  // of a partition or child
  uint64_t calls = 0;
  double ms = 0;
};

class Runtime {
 public:
  explicit Runtime(Host& host);
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  // --- calls from expressions (functions::SessionServices)
  types::Value call(const functions::CallSite& site, std::span<const types::Value> args, Arena& memory);
  std::span<const types::Value> rows(const functions::CallSite& site, std::span<const types::Value> args,
                                     Arena& memory);

  // DO. `atomic`: inside a transaction block, where COMMIT is refused.
  void do_block(std::string_view language, std::string_view source, bool atomic);
  // CALL: arguments of all parameters (those of OUT ones are not looked at). The values of OUT and INOUT
  // parameters, in `memory`; none: empty.
  std::vector<types::Value> call_procedure(const functions::CallSite& site,
                                           std::span<const types::Value> args, bool atomic, Arena& memory);
  // What CREATE FUNCTION checks. Positions are in the function's source.
  void validate(Oid routine);

  // --- triggers. One object serves every statement of the session.
  executor::ModifyHooks& hooks();
  void truncate_triggers(const catalog::RelationPtr& relation, bool before);
  // Deferred constraint triggers: run before a commit; forgotten by a rollback (to the mark that
  // deferred_count() gave).
  void run_deferred();
  size_t deferred_count() const;
  int32_t trigger_depth() const;  // of triggers whose functions are running, one within the other
  void forget_deferred(size_t from);
  // SET CONSTRAINTS; `constraints` empty: all.
  void set_constraints(std::span<const Oid> constraints, bool deferred);

  // Adds up the triggers that the client's statement fires; null: no longer.
  void measure_triggers(std::vector<TriggerTime>* into);

  // The snapshot that the statement in progress reads by: functions that are not VOLATILE read by it too.
  void set_active_snapshot(const txn::Snapshot* snapshot);
  const txn::Snapshot* active_snapshot() const;
  // Before a statement that runs inside that one: what it reads is kept until it ends.
  void hold_active_snapshot();
  // Between statements of the client: what earlier ones held is let go. After the end of a transaction
  // nothing is held.
  void begin_statement();
  void transaction_ended();
  // Everything compiled is forgotten (DISCARD).
  void reset();

 private:
  friend class Triggers;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace varve::pl
