// INSERT, UPDATE and DELETE as operators: what the three share.
#pragma once

#include <optional>

#include "row_router.h"
#include "table_writer.h"

namespace varve::executor {

// One table that is written: the statement's own, or a member of those that it stands for. Rows are known to
// the statement as its own table has them; a member may have its columns in another order.
struct WrittenTable {
  WrittenTable(const planner::ModifyPlan& plan, const planner::ModifyPlan::Member* member,
               ExecutionContext& context);

  planner::ModifyPlan own;  // the plan with what is the member's
  TableWriter writer;
  const planner::ModifyPlan::Member* member;  // null: the statement's table
  ModifyHooks* hooks[3] = {};                 // by event: whom to tell of rows, or null
  bool tell_inserted = false;
  // How ON CONFLICT DO UPDATE locks what it finds; none: not known yet.
  std::optional<txn::RowLock> conflict_lock;
  uint64_t asked = UINT64_MAX;  // the run that hooks were asked for

  // It has columns that the statement's table has not.
  bool extends() const { return extends_; }
  bool moves_columns() const { return member != nullptr && !member->ordinals.empty(); }
  // The row as this table has it: `row` itself, or put together in `scratch`.
  RowValues& to_own(RowValues& row, RowValues& scratch) const;
  // And back into a row of the statement's table.
  void to_statement(const RowValues& own_row, RowValues* row) const;
  // `scratch` holds the row as it was; what the statement knows of it is replaced.
  RowValues& change_own(const RowValues& old_own, RowValues& row, RowValues& scratch) const;

 private:
  bool extends_ = false;
};

class ModifyOperator : public Operator {
 public:
  ModifyOperator(const planner::ModifyPlan& plan, ModifyEvent event, ExecutionContext& context);
  void open() override;

 protected:
  bool produce(Chunk*& out) override;

  // Does the row `row` of the child's chunk; calls done() when something was changed.
  virtual void modify(const Chunk& in, uint32_t row) = 0;
  // All rows of the chunk at once. False: one by one.
  virtual bool modify_all(const Chunk&) { return false; }
  // First column of the child's output that is only there for RETURNING.
  virtual uint32_t first_extra() const = 0;

  const catalog::Relation& relation() const { return **modify_.relation; }
  // Of the statement's table.
  std::span<const catalog::ColumnNumber> columns() const { return live_; }
  size_t ordinal(catalog::ColumnNumber column) const;

  bool has_members() const {
    return !modify_.members.empty() || modify_.routes.size() != 0 || modify_.table_column >= 0;
  }
  // The statement's own table; a member by its number, by its oid; the one that takes a new row.
  WrittenTable& plain();
  WrittenTable& member(size_t number);
  WrittenTable& member_of(Oid table);
  WrittenTable& taker(const RowValues& row);
  bool routes() const { return router_.routes(); }
  // Generated columns, constraints; that the row belongs to the table, when a trigger may have changed it or
  // nobody has looked yet. `row`: as the table has it.
  void complete(WrittenTable& table, RowValues& row, RowCheck kind);

  // A changed row: counts, hooks, RETURNING. Rows as the table has them.
  void done(WrittenTable& table, ModifyEvent event, Tid tid, RowValues& returned, RowValues* old_row,
            RowValues* new_row, const Chunk& in, uint32_t row);
  // A row that is counted and goes to RETURNING; `table` is where it lies.
  void count_and_collect(Oid table, const RowValues& returned, const Chunk& in, uint32_t row);
  // The hooks alone. `moved`: of a row that goes to another partition.
  void tell(WrittenTable& table, ModifyEvent event, Tid tid, RowValues* old_row, RowValues* new_row,
            bool moved = false);
  // Of such a row, as the statement's table has it.
  void tell_moved(Tid tid, RowValues& old_row, RowValues& new_row);
  bool before_row(WrittenTable& table, ModifyEvent event, Tid tid, RowValues* old_row, RowValues* new_row);

  // One row as a chunk: leading columns, then those of `rows` one after the other.
  struct RowChunk {
    Chunk chunk;
    void init(std::span<const types::PhysicalType> types, ExecutionContext& context);
    void load(uint32_t at, std::span<const types::Value> values);
  };

  // Nobody wants to know of the row that is about to be inserted, or have it back.
  bool is_unwatched(const WrittenTable& table) const {
    return table.hooks[static_cast<size_t>(ModifyEvent::kInsert)] == nullptr && !table.tell_inserted &&
           returning_.empty();
  }
  // Rows need not be looked at one by one: they all go to this table, nobody watches each of them, and none
  // is given back. Null: they must.
  WrittenTable* plain_taker();

  const planner::ModifyPlan& modify_;
  ModifyEvent event_;
  Arena row_memory_;  // of the row in work
  Arena returned_memory_;
  bool check_twice_ = false;  // the child may bring a row more than once
  std::unordered_set<uint64_t> touched_;
  bool locked_before_ = false;  // the row in work was there, and ON CONFLICT locked it to change it

 private:
  types::Value system_value(catalog::ColumnNumber column, Oid table, Tid tid) const;
  void collect(Oid table, Tid tid, const RowValues& returned, const Chunk& in, uint32_t row);
  void begin_hooks();
  void finish_writing();
  // Whoever reads after this sees what the rows so far have written.
  void flush_moves();
  void end_hooks();
  void ask_hooks(WrittenTable& table);
  // Whether the statement, by what it says, may do this to rows; the columns that its updates assign.
  bool does(ModifyEvent event) const;
  std::vector<catalog::ColumnNumber> assigned() const;
  bool updates_conflicts() const {
    return event_ == ModifyEvent::kInsert && modify_.on_conflict && !modify_.do_nothing;
  }

  static constexpr ModifyEvent kEvents[] = {ModifyEvent::kInsert, ModifyEvent::kUpdate, ModifyEvent::kDelete};
  std::vector<catalog::ColumnNumber> live_;
  RowRouter router_;
  std::unique_ptr<WrittenTable> plain_;
  std::vector<std::unique_ptr<WrittenTable>> members_;
  std::unordered_map<Oid, size_t> member_numbers_;
  RowValues statement_row_;

  std::vector<ExpressionEvaluator> returning_;
  Chunk returned_, result_;
  uint32_t returned_count_ = 0;
  Chunk* in_ = nullptr;
  uint32_t at_ = 0;
  bool opened_ = false, ended_ = false;
};

// The target is a view, and its INSTEAD OF triggers get the rows.
inline bool is_instead_of(const planner::ModifyPlan& plan) {
  return (*plan.relation)->kind == catalog::RelationKind::kView;
}
OperatorPtr make_instead(const planner::ModifyPlan& plan, ModifyEvent event, ExecutionContext& context);

}  // namespace varve::executor
