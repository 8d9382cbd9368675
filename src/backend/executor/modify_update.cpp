// UPDATE and DELETE. Under READ COMMITTED a row that has changed since the snapshot is tested again as it is now.
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
    auto columns = static_cast<uint32_t>(writer_.columns().size());
    old_.clear();
    for (uint32_t c = 0; c < columns; ++c) old_.push_back(in.column(c + 1).value(row));
    return Tid::unpack(static_cast<uint64_t>(in.column(0).at<int64_t>(row)));
  }

  // The row as it is now becomes the old row, beside what the child brought of other tables; false if the statement
  // does not want it any more.
  bool take_newest(Tid tid, const RowVersion& newest, const Chunk& in, uint32_t row) {
    writer_.decode(newest, &old_, row_memory_);
    types::Value ctid = types::Value::of_int64(static_cast<int64_t>(tid.packed()));
    current_.load(0, {&ctid, 1});
    current_.load(1, old_);
    for (auto c = static_cast<uint32_t>(1 + old_.size()); c < in.column_count(); ++c) {
      types::Value v = in.column(c).value(row);
      current_.load(c, {&v, 1});
    }
    uint16_t selected = 0;
    return recheck_.empty() || recheck_[0].select(current_.chunk, {nullptr, 1}, &selected) != 0;
  }

  RowValues old_;
  std::vector<ExpressionEvaluator> recheck_, recompute_;
  RowChunk current_;
};

class UpdateOperator : public ChangeOperator {
 public:
  UpdateOperator(const planner::ModifyPlan& plan, ExecutionContext& context)
      : ChangeOperator(plan, ModifyEvent::kUpdate, context) {
    for (catalog::ColumnNumber c : plan.assigned) targets_.push_back(writer_.ordinal(c));
  }

 protected:
  uint32_t first_extra() const override {
    return static_cast<uint32_t>(1 + writer_.columns().size() + modify_.assigned.size());
  }

  void modify(const Chunk& in, uint32_t row) override {
    Tid tid = load_old(in, row);
    if (check_twice_ && touched_.contains(tid.packed())) return;
    new_ = old_;
    auto first_value = static_cast<uint32_t>(1 + old_.size());
    for (uint32_t i = 0; i < targets_.size(); ++i) new_[targets_[i]] = in.column(first_value + i).value(row);
    RowVersion newest;
    for (bool locked = false;; locked = true) {
      if (!before_row(ModifyEvent::kUpdate, tid, &old_, &new_)) return;
      writer_.complete(new_, row_memory_);
      LockOutcome outcome = writer_.update(tid, old_, new_, locked, &newest);
      if (outcome == LockOutcome::kLocked) break;
      if (outcome != LockOutcome::kLockedUpdated) return;
      if (!take_newest(tid, newest, in, row)) return;
      if (recompute_.size() != targets_.size())
        throw SqlError(sqlstate::kInternalError, "an update's new values cannot be computed again");
      new_ = old_;
      for (size_t i = 0; i < targets_.size(); ++i) {
        Vector* v = nullptr;
        recompute_[i].evaluate(current_.chunk, {nullptr, 1}, v);
        new_[targets_[i]] = v->value(0);
      }
    }
    if (check_twice_) touched_.insert(tid.packed());
    done(ModifyEvent::kUpdate, tid, new_, &old_, &new_, in, row);
  }

 private:
  std::vector<size_t> targets_;
  RowValues new_;
};

class DeleteOperator : public ChangeOperator {
 public:
  DeleteOperator(const planner::ModifyPlan& plan, ExecutionContext& context)
      : ChangeOperator(plan, ModifyEvent::kDelete, context) {}

 protected:
  uint32_t first_extra() const override { return static_cast<uint32_t>(1 + writer_.columns().size()); }

  void modify(const Chunk& in, uint32_t row) override {
    Tid tid = load_old(in, row);
    if (check_twice_ && touched_.contains(tid.packed())) return;
    RowVersion newest;
    for (bool locked = false;; locked = true) {
      if (!before_row(ModifyEvent::kDelete, tid, &old_, nullptr)) return;
      LockOutcome outcome = writer_.remove(tid, old_, locked, &newest);
      if (outcome == LockOutcome::kLocked) break;
      if (outcome != LockOutcome::kLockedUpdated || !take_newest(tid, newest, in, row)) return;
    }
    if (check_twice_) touched_.insert(tid.packed());
    done(ModifyEvent::kDelete, tid, old_, &old_, nullptr, in, row);
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
