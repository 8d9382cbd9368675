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
        for (catalog::ColumnNumber c : writer_.columns()) types.push_back(column_physical_type(writer_.relation(), c));
      }
      pair_.init(types, context);
    }
  }

 protected:
  uint32_t first_extra() const override { return static_cast<uint32_t>(writer_.columns().size()); }

  void modify(const Chunk& in, uint32_t row) override {
    row_.clear();
    for (uint32_t c = 0; c < first_extra(); ++c) row_.push_back(in.column(c).value(row));
    if (!before_row(ModifyEvent::kInsert, {}, nullptr, &row_)) return;
    writer_.complete(row_, row_memory_);
    Tid tid;
    if (!modify_.on_conflict) {
      tid = writer_.insert(row_);
    } else {
      Tid conflict;
      while (!writer_.insert_unless_conflict(row_, modify_.arbiters, &tid, &conflict)) {
        if (modify_.do_nothing) return require_visible(conflict);
        if (update_existing(conflict, in, row)) return;
      }
      if (check_twice_) touched_.insert(tid.packed());
    }
    done(ModifyEvent::kInsert, tid, row_, nullptr, &row_, in, row);
  }

 private:
  // REPEATABLE READ: a row that this transaction must not know of cannot be the reason for doing nothing.
  void require_visible(Tid conflict) {
    if (context_.transaction->isolation() == txn::Isolation::kReadCommitted || writer_.is_visible(conflict)) return;
    throw SqlError(sqlstate::kTRSerializationFailure, "could not serialize access due to concurrent update");
  }
  // False: the row went away meanwhile, try to insert again.
  bool update_existing(Tid tid, const Chunk& in, uint32_t row) {
    if (touched_.contains(tid.packed())) {
      throw SqlError(sqlstate::kCardinalityViolation,
                     "ON CONFLICT DO UPDATE command cannot affect row a second time")
          .hint("Ensure that no rows proposed for insertion within the same command have duplicate constrained "
                "values.");
    }
    access::RowVersion newest;
    LockOutcome locked = writer_.lock(tid, &newest);
    if (locked == LockOutcome::kDeleted || locked == LockOutcome::kSkipped) return false;
    if (!writer_.fetch_newest(tid, &old_, row_memory_)) return false;
    pair_.load(0, old_);
    pair_.load(static_cast<uint32_t>(old_.size()), row_);
    uint16_t selected = 0;
    if (!where_.empty() && where_[0].select(pair_.chunk, {nullptr, 1}, &selected) == 0) return true;
    new_ = old_;
    for (size_t i = 0; i < values_.size(); ++i) {
      Vector* v = nullptr;
      values_[i].evaluate(pair_.chunk, {nullptr, 1}, v);
      new_[writer_.ordinal(modify_.conflict_assigned[i])] = v->value(0);
    }
    if (!before_row(ModifyEvent::kUpdate, tid, &old_, &new_)) return true;
    writer_.complete(new_, row_memory_);
    if (writer_.update(tid, old_, new_, true, &newest) != LockOutcome::kLocked) return false;
    touched_.insert(tid.packed());
    done(ModifyEvent::kUpdate, tid, new_, &old_, &new_, in, row);
    return true;
  }

  RowValues row_, old_, new_;
  std::vector<ExpressionEvaluator> values_, where_;
  RowChunk pair_;
};

}  // namespace

OperatorPtr make_insert(const planner::ModifyPlan& p, ExecutionContext& c) {
  return std::make_unique<InsertOperator>(p, c);
}

}  // namespace varve::executor
