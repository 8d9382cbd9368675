// UPDATE and DELETE. Under READ COMMITTED a row that has changed since the snapshot is tested again as it is
// now.
#include "common/sql_error.h"
#include "modify.h"

namespace varve::executor {

using access::LockOutcome;
using access::RowVersion;

namespace {

// The child's first columns are ctid and the old row.
class ChangeOperator : public ModifyOperator {
 public:
  ChangeOperator(const planner::ModifyPlan& plan, ModifyEvent event, ExecutionContext& context)
      : ModifyOperator(plan, event, context), recompute_(compile_all(plan.recompute, context, row_memory_)) {
    if (plan.recheck != nullptr) recheck_.emplace_back(*plan.recheck, context, row_memory_);
    current_.init(physical_types(plan.children[0]->output), context);
  }

 protected:
  Tid load_old(const Chunk& in, uint32_t row) {
    auto width = static_cast<uint32_t>(columns().size());
    old_.clear();
    for (uint32_t c = 0; c < width; ++c) old_.push_back(in.column(c + 1).value(row));
    return Tid::unpack(static_cast<uint64_t>(in.column(0).at<int64_t>(row)));
  }

  WrittenTable& table_of(const Chunk& in, uint32_t row) {
    if (modify_.table_column < 0) return plain();
    return member_of(Oid{in.column(static_cast<uint32_t>(modify_.table_column)).value(row).oid()});
  }

  // The old row as its table has it, with the columns that the statement does not know.
  RowValues& load_own(WrittenTable& table, Tid tid) {
    if (!table.moves_columns()) return old_;
    if (!table.extends()) return table.to_own(old_, own_old_);
    table.writer.fetch_seen(tid, &own_old_, row_memory_);
    return own_old_;
  }

  // The row as it is now becomes the old row, beside what the child brought of other tables; false if the
  // statement does not want it any more.
  bool take_newest(WrittenTable& table, Tid tid, const RowVersion& newest, const Chunk& in, uint32_t row) {
    table.writer.decode(newest, &own_old_, row_memory_);
    table.to_statement(own_old_, &old_);
    types::Value ctid = types::Value::of_int64(static_cast<int64_t>(tid.packed()));
    current_.load(0, {&ctid, 1});
    current_.load(1, old_);
    for (auto c = static_cast<uint32_t>(1 + old_.size()); c < in.column_count(); ++c) {
      types::Value v = in.column(c).value(row);
      if (static_cast<int32_t>(c) == modify_.xmin_column)
        v = types::Value::of_int32(static_cast<int32_t>(newest.xid.value()));
      current_.load(c, {&v, 1});
    }
    uint16_t selected = 0;
    return recheck_.empty() || recheck_[0].select(current_.chunk, {nullptr, 1}, &selected) != 0;
  }

  RowValues old_, own_old_;
  std::vector<ExpressionEvaluator> recheck_, recompute_;
  RowChunk current_;
};

class UpdateOperator : public ChangeOperator {
 public:
  UpdateOperator(const planner::ModifyPlan& plan, ExecutionContext& context)
      : ChangeOperator(plan, ModifyEvent::kUpdate, context) {
    for (catalog::ColumnNumber c : plan.assigned) targets_.push_back(ordinal(c));
  }

 protected:
  uint32_t first_extra() const override {
    return static_cast<uint32_t>(1 + columns().size() + modify_.assigned.size());
  }

  void modify(const Chunk& in, uint32_t row) override {
    Tid tid = load_old(in, row);
    if (check_twice_ && touched_.contains(tid.packed())) return;
    new_ = old_;
    auto first_value = static_cast<uint32_t>(1 + old_.size());
    for (uint32_t i = 0; i < targets_.size(); ++i) new_[targets_[i]] = in.column(first_value + i).value(row);
    WrittenTable& table = table_of(in, row);
    RowVersion newest;
    RowValues& before = load_own(table, tid);
    Tid now;
    for (bool locked = false;; locked = true) {
      RowValues& after = table.change_own(before, new_, own_new_);
      if (!before_row(table, ModifyEvent::kUpdate, tid, &before, &after)) return;
      LockOutcome outcome;
      WrittenTable* to = &table;
      if (routes()) {
        table.to_statement(after, &new_);
        to = &taker(new_);
      }
      if (to != &table) {
        if (!before_row(table, ModifyEvent::kDelete, tid, &before, nullptr)) return;
        outcome = table.writer.remove(tid, before, locked, &newest);
      } else {
        complete(table, after, RowCheck::kUpdate);
        now = tid;
        outcome = table.writer.update(&now, before, after, locked, &newest);
      }
      if (outcome == LockOutcome::kLocked) {
        if (check_twice_) touched_.insert(tid.packed());
        if (to != &table) return move(table, *to, tid, before, in, row);
        return done(table, ModifyEvent::kUpdate, now, after, &before, &after, in, row);
      }
      if (outcome != LockOutcome::kLockedUpdated) return;
      if (!take_newest(table, tid, newest, in, row)) return;
      if (recompute_.size() != targets_.size())
        throw SqlError(sqlstate::kInternalError, "an update's new values cannot be computed again");
      new_ = old_;
      for (size_t i = 0; i < targets_.size(); ++i) {
        Vector* v = nullptr;
        recompute_[i].evaluate(current_.chunk, {nullptr, 1}, v);
        new_[targets_[i]] = v->value(0);
      }
    }
  }

 private:
  // The new row in another partition than the old one, which has gone.
  void move(WrittenTable& from, WrittenTable& to, Tid tid, RowValues& before, const Chunk& in, uint32_t row) {
    RowValues& after = to.to_own(new_, own_new_);
    if (!before_row(to, ModifyEvent::kInsert, {}, nullptr, &after)) {
      return tell(from, ModifyEvent::kDelete, tid, &before, nullptr);
    }
    complete(to, after, RowCheck::kUpdate);
    Tid at = to.writer.insert(after);
    if (check_twice_) touched_.insert(at.packed());
    tell(from, ModifyEvent::kDelete, tid, &before, nullptr, true);
    done(to, ModifyEvent::kInsert, at, after, nullptr, &after, in, row);
    to.to_statement(after, &new_);
    tell_moved(at, old_, new_);
  }

  std::vector<size_t> targets_;
  RowValues new_, own_new_;
};

class DeleteOperator : public ChangeOperator {
 public:
  DeleteOperator(const planner::ModifyPlan& plan, ExecutionContext& context)
      : ChangeOperator(plan, ModifyEvent::kDelete, context) {}

 protected:
  uint32_t first_extra() const override { return static_cast<uint32_t>(1 + columns().size()); }

  void modify(const Chunk& in, uint32_t row) override {
    Tid tid = load_old(in, row);
    if (check_twice_ && touched_.contains(tid.packed())) return;
    WrittenTable& table = table_of(in, row);
    RowVersion newest;
    RowValues& before = load_own(table, tid);
    for (bool locked = false;; locked = true) {
      if (!before_row(table, ModifyEvent::kDelete, tid, &before, nullptr)) return;
      LockOutcome outcome = table.writer.remove(tid, before, locked, &newest);
      if (outcome == LockOutcome::kLocked) {
        if (check_twice_) touched_.insert(tid.packed());
        return done(table, ModifyEvent::kDelete, tid, before, &before, nullptr, in, row);
      }
      if (outcome != LockOutcome::kLockedUpdated || !take_newest(table, tid, newest, in, row)) return;
    }
  }
};

}  // namespace

OperatorPtr make_update(const planner::ModifyPlan& p, ExecutionContext& c) {
  return std::make_unique<UpdateOperator>(p, c);
}
OperatorPtr make_delete(const planner::ModifyPlan& p, ExecutionContext& c) {
  return std::make_unique<DeleteOperator>(p, c);
}

}  // namespace varve::executor
