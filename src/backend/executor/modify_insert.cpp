// INSERT, with ON CONFLICT.
#include "common/sql_error.h"
#include "modify.h"

namespace varve::executor {

using access::LockOutcome;

namespace {

class InsertOperator : public ModifyOperator {
 public:
  InsertOperator(const planner::ModifyPlan& plan, ExecutionContext& context)
      : ModifyOperator(plan, ModifyEvent::kInsert, context),
        values_(compile_all(plan.conflict_values, context, row_memory_)) {
    if (plan.conflict_where != nullptr) where_.emplace_back(*plan.conflict_where, context, row_memory_);
    if (plan.on_conflict && !plan.do_nothing) {
      std::vector<types::PhysicalType> types;
      for (int side = 0; side < 2; ++side) {
        for (catalog::ColumnNumber c : columns()) types.push_back(column_physical_type(relation(), c));
      }
      pair_.init(types, context);
    }
  }

 protected:
  uint32_t first_extra() const override { return static_cast<uint32_t>(columns().size()); }

  bool modify_all(const Chunk& in) override {
    constexpr uint32_t kManyRows = 16;
    if (in.count() < kManyRows || modify_.on_conflict) return false;
    WrittenTable* table = plain_taker();
    if (table == nullptr) return false;
    row_memory_.reset();
    uint32_t at = 0;
    const uint64_t inserted = table->writer.insert_batch(in, row_memory_, &at);
    if (modify_.can_set_tag) context_.affected_rows += inserted;
    return true;
  }

  void modify(const Chunk& in, uint32_t row) override {
    row_.clear();
    for (uint32_t c = 0; c < first_extra(); ++c) row_.push_back(in.column(c).value(row));
    WrittenTable& table = taker(row_);
    RowValues& own = table.to_own(row_, own_row_);
    if (!before_row(table, ModifyEvent::kInsert, {}, nullptr, &own)) return;
    try {
      complete(table, own, RowCheck::kInsert);
    } catch (SqlError&) {
      table.writer.flush();  // earlier rows may be at fault themselves
      throw;
    }
    Tid tid;
    if (!modify_.on_conflict && is_unwatched(table) && table.writer.append(own)) {
      if (modify_.can_set_tag) ++context_.affected_rows;
      return;
    }
    if (!modify_.on_conflict) {
      tid = table.writer.insert(own);
    } else {
      Tid conflict;
      while (!table.writer.insert_unless_conflict(own, table.own.arbiters, &tid, &conflict)) {
        if (modify_.do_nothing) return require_visible(table, conflict);
        if (update_existing(table, conflict, own, in, row)) return;
      }
      if (check_twice_) touched_.insert(tid.packed());
    }
    done(table, ModifyEvent::kInsert, tid, own, nullptr, &own, in, row);
  }

 private:
  // REPEATABLE READ: a row that this transaction must not know of cannot be the reason for doing nothing.
  void require_visible(WrittenTable& table, Tid conflict) {
    if (context_.transaction->isolation() == txn::Isolation::kReadCommitted ||
        table.writer.is_visible(conflict))
      return;
    throw SqlError(sqlstate::kTRSerializationFailure, "could not serialize access due to concurrent update");
  }
  [[noreturn]] static void refuse_second_change() {
    throw SqlError(sqlstate::kCardinalityViolation,
                   "ON CONFLICT DO UPDATE command cannot affect row a second time")
        .hint(
            "Ensure that no rows proposed for insertion within the same command have duplicate constrained "
            "values.");
  }
  txn::RowLock conflict_lock(WrittenTable& table) {
    if (table.conflict_lock) return *table.conflict_lock;
    std::vector<size_t> assigned;
    for (const catalog::ColumnNumber column : modify_.conflict_assigned) {
      const size_t place = ordinal(column);
      if (!table.moves_columns()) {
        assigned.push_back(place);
        continue;
      }
      for (size_t own = 0; own < table.member->ordinals.size(); ++own) {
        if (table.member->ordinals[own] == static_cast<int32_t>(place)) assigned.push_back(own);
      }
    }
    table.conflict_lock = table.writer.update_lock(assigned);
    return *table.conflict_lock;
  }
  // False: the row went away meanwhile, or has another key now: try to insert again.
  bool update_existing(WrittenTable& table, Tid tid, const RowValues& excluded, const Chunk& in,
                       uint32_t row) {
    if (touched_.contains(tid.packed())) refuse_second_change();
    access::RowVersion newest;
    const txn::Transaction::Savepoint before = context_.transaction->savepoint();
    LockOutcome locked = table.writer.lock(tid, conflict_lock(table), &newest);
    if (locked == LockOutcome::kSelfModified) refuse_second_change();
    if (locked == LockOutcome::kDeleted || locked == LockOutcome::kSkipped) return false;
    table.writer.decode(newest, &own_old_, row_memory_);
    if (locked == LockOutcome::kLockedUpdated &&
        !table.writer.have_equal_keys(own_old_, excluded, table.own.arbiters)) {
      check_ok(context_.transaction->rollback_to(before));  // it is none of ours
      return false;
    }
    // Whether it is changed may hang on what it holds: that is to read it.
    if (context_.snapshot.serializable != nullptr) (void)table.writer.is_visible(tid);
    table.to_statement(own_old_, &old_);
    table.to_statement(excluded, &row_);
    pair_.load(0, old_);
    pair_.load(static_cast<uint32_t>(old_.size()), row_);
    uint16_t selected = 0;
    if (!where_.empty() && where_[0].select(pair_.chunk, {nullptr, 1}, &selected) == 0) return true;
    table.writer.check_row(own_old_, RowCheck::kConflict);
    new_ = old_;
    for (size_t i = 0; i < values_.size(); ++i) {
      Vector* v = nullptr;
      values_[i].evaluate(pair_.chunk, {nullptr, 1}, v);
      new_[ordinal(modify_.conflict_assigned[i])] = v->value(0);
    }
    RowValues& own = table.to_own(new_, own_new_);
    if (!before_row(table, ModifyEvent::kUpdate, tid, &own_old_, &own)) return true;
    if (routes()) {
      table.to_statement(own, &moved_);
      if (&taker(moved_) != &table) {
        throw SqlError(sqlstate::kIntegrityConstraintViolation, "invalid ON UPDATE specification")
            .detail("The result tuple would appear in a different partition than the original tuple.");
      }
    }
    complete(table, own, RowCheck::kUpdate);
    Tid now = tid;
    LockOutcome changed = table.writer.update(&now, own_old_, own, true, &newest);
    // What the new values are made of has changed the row already: that change stays.
    if (changed == LockOutcome::kSelfModified) return true;
    if (changed != LockOutcome::kLocked) return false;
    touched_.insert(tid.packed());
    touched_.insert(now.packed());
    locked_before_ = true;
    done(table, ModifyEvent::kUpdate, now, own, &own_old_, &own, in, row);
    locked_before_ = false;
    return true;
  }

  RowValues row_, old_, new_, own_row_, own_old_, own_new_, moved_;
  std::vector<ExpressionEvaluator> values_, where_;
  RowChunk pair_;
};

}  // namespace

OperatorPtr make_insert(const planner::ModifyPlan& p, ExecutionContext& c) {
  return std::make_unique<InsertOperator>(p, c);
}

}  // namespace varve::executor
