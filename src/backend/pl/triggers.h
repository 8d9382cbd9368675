// Firing triggers around changes of rows. Private to the module.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "activation.h"
#include "executor/modify_hooks.h"
#include "pl/runtime.h"

namespace varve::pl {

// One row change that waits for its AFTER triggers.
struct QueuedRow {
  std::span<const types::Value> old_row, new_row;
  uint64_t sequence = 0;  // in the order of all changes of the session
};

// What a trigger function is told of its call.
struct TriggerCall {
  const catalog::Trigger& trigger;
  const catalog::Relation& relation;
  std::string_view when, level, op;
  const std::span<const types::Value>* old_row = nullptr;
  const std::span<const types::Value>* new_row = nullptr;
  const std::vector<QueuedRow>* rows = nullptr;  // of the statement, for transition tables
};

class Triggers final : public executor::ModifyHooks {
 public:
  Triggers(Session& session, Runtime::State& runtime);
  ~Triggers() override;

  bool wants_rows(const catalog::Relation& relation, executor::ModifyEvent event) override;
  bool wants_inserted(const catalog::Relation& relation) override;
  void after_insert(executor::ExecutionContext& context, const catalog::Relation& relation,
                    std::span<const Tid> rows) override;
  void unique_pending(executor::ExecutionContext& context, const catalog::Relation& relation,
                      const catalog::Index& index, Tid tid) override;
  void assigns(const catalog::Relation& relation, std::span<const catalog::ColumnNumber> columns) override;
  void before_statement(executor::ExecutionContext& context, const catalog::Relation& relation,
                        executor::ModifyEvent event) override;
  bool before_row(executor::ExecutionContext& context, executor::RowChange& change) override;
  void after_row(executor::ExecutionContext& context, const executor::RowChange& change) override;
  void after_statement(executor::ExecutionContext& context, const catalog::Relation& relation,
                       std::span<const executor::ModifyEvent> events) override;
  executor::CommitActions* commit_actions() override;

  void truncate(const catalog::RelationPtr& relation, bool before);
  // --- deferred constraint triggers
  void run_deferred();
  size_t deferred_count() const { return deferred_.size(); }
  void forget_deferred(size_t from);
  void set_constraints(std::span<const Oid> constraints, bool deferred);
  // The rows that a transition table of the trigger in progress holds.
  std::span<const types::Value> transition_rows(std::string_view name, Arena& memory);
  void reset();
  void measure(std::vector<TriggerTime>* into) { times_ = into; }
  int32_t depth() const { return depth_; }

 private:
  struct StatementState;
  struct Deferred;
  struct Condition;

  StatementState* state_of(const executor::ExecutionContext& context, const catalog::Relation& relation,
                           executor::ModifyEvent event);
  StatementState* member_state(const executor::ExecutionContext& context, const catalog::Relation& relation,
                               executor::ModifyEvent event);
  // session_replication_role = replica: triggers and foreign keys of the origin are off.
  bool is_replica();
  bool is_part_of(const catalog::Relation& relation, Oid table);
  void show_to_whole(const executor::ExecutionContext& context, const executor::RowChange& change);
  bool applies(const catalog::Trigger& t, int16_t event, std::span<const catalog::ColumnNumber> assigned);
  bool condition_holds(const catalog::Trigger& t, const catalog::Relation& relation,
                       std::span<const types::Value> old_row, std::span<const types::Value> new_row);
  bool is_deferred(const catalog::Trigger& t) const;
  // The triggers after statements on one table, or on those that it stands for.
  void fire_after(std::span<const std::unique_ptr<StatementState>> states);
  void fire_after_row(StatementState& state, const QueuedRow& row);
  void fire_after_statement(StatementState& state);
  // The row that a row trigger returned, in `memory`; false: NULL.
  bool fire(const TriggerCall& call, std::vector<types::Value>* returned, Arena* memory);
  bool run(const TriggerCall& call, std::vector<types::Value>* returned, Arena* memory);

  Session& session_;
  Runtime::State& runtime_;
  std::vector<std::unique_ptr<StatementState>> states_;
  std::vector<catalog::ColumnNumber> assigned_;
  Oid assigned_relation_;
  std::vector<std::unique_ptr<Deferred>> deferred_;
  std::unordered_map<Oid, bool> modes_;  // SET CONSTRAINTS of this transaction, by constraint
  int all_mode_ = -1;                    // SET CONSTRAINTS ALL: 0 immediate, 1 deferred
  std::unordered_map<Oid, std::unique_ptr<Condition>> conditions_;
  const TriggerCall* current_ = nullptr;
  int32_t depth_ = 0;
  std::vector<TriggerTime>* times_ = nullptr;  // null: nobody wants to know
  uint64_t last_sequence_ = 0;
  uint64_t replica_generation_ = 0;  // of the settings that is_replica_ was read from
  bool is_replica_ = false;
  // While a foreign key acts: where the statements that it runs leave what fires after them. Or null.
  std::vector<std::unique_ptr<StatementState>>* waiting_ = nullptr;
};

}  // namespace varve::pl
