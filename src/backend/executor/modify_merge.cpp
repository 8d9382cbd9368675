// MERGE: for each row of the join the first WHEN that applies.
#include "common/sql_error.h"
#include "modify.h"

namespace varve::executor {

using access::LockOutcome;
using access::RowVersion;
using planner::PlanKind;

namespace {

class MergeOperator : public ModifyOperator {
 public:
  MergeOperator(const planner::ModifyPlan& plan, ExecutionContext& context)
      : ModifyOperator(plan, ModifyEvent::kUpdate, context) {
    for (const planner::ModifyPlan::MergeAction& a : plan.merge_actions) {
      Action action{&a, {}, compile_all(a.values, context, row_memory_), {}};
      if (a.condition != nullptr) action.condition.emplace_back(*a.condition, context, row_memory_);
      for (catalog::ColumnNumber c : a.columns) action.targets.push_back(ordinal(c));
      actions_.push_back(std::move(action));
    }
    if (plan.recheck != nullptr) recheck_.emplace_back(*plan.recheck, context, row_memory_);
    std::vector<types::PhysicalType> types;
    for (const planner::OutputColumn& c : plan.children[0]->output) types.push_back(c.physical);
    current_.init(types, context);
  }

 protected:
  uint32_t first_extra() const override { return static_cast<uint32_t>(1 + columns().size()); }

  void modify(const Chunk& in, uint32_t row) override {
    // The row by itself, so that the target's columns can be replaced by newer ones.
    pair_.clear();
    for (uint32_t c = 0; c < in.column_count(); ++c) pair_.push_back(in.column(c).value(row));
    bool matched = !pair_[0].null;
    if (matched && touched_.contains(static_cast<uint64_t>(pair_[0].int64))) {
      // Only an action that would change it again is an error.
      repeated_ = true;
    }
    while (!try_actions(matched)) {
      size_t width = columns().size();
      if (gone_) {
        pair_[0].null = true;
        for (size_t c = 0; c < width; ++c) pair_[c + 1].null = true;
        matched = false;
        continue;
      }
      table_->writer.decode(newest_, &own_old_, row_memory_);
      table_->to_statement(own_old_, &old_);
      std::copy(old_.begin(), old_.end(), pair_.begin() + 1);
      current_.load(0, pair_);
      uint16_t selected = 0;
      matched = recheck_.empty() || recheck_[0].select(current_.chunk, {nullptr, 1}, &selected) != 0;
    }
    repeated_ = false;
  }

 private:
  struct Action {
    const planner::ModifyPlan::MergeAction* plan;
    std::vector<ExpressionEvaluator> condition;
    std::vector<ExpressionEvaluator> values;
    std::vector<size_t> targets;
  };

  types::Value value_of(ExpressionEvaluator& e) {
    Vector* v = nullptr;
    e.evaluate(current_.chunk, {nullptr, 1}, v);
    return v->value(0);
  }

  // False: the row has changed or gone (newest_, gone_) and is to be looked at again.
  bool try_actions(bool matched) {
    current_.load(0, pair_);
    gone_ = false;
    for (Action& action : actions_) {
      if (action.plan->matched != matched) continue;
      uint16_t selected = 0;
      if (!action.condition.empty() &&
          action.condition[0].select(current_.chunk, {nullptr, 1}, &selected) == 0)
        continue;
      if (action.plan->action == PlanKind::kResult) return true;
      if (action.plan->action == PlanKind::kInsert) {
        insert(action);
        return true;
      }
      return change(action);
    }
    return true;
  }

  void insert(Action& action) {
    new_.clear();
    for (ExpressionEvaluator& e : action.values) new_.push_back(types::copy_value(value_of(e), row_memory_));
    WrittenTable& table = taker(new_);
    RowValues& own = table.to_own(new_, own_new_);
    if (!before_row(table, ModifyEvent::kInsert, {}, nullptr, &own)) return;
    complete(table, own, RowCheck::kInsert);
    Tid tid = table.writer.insert(own);
    touched_.insert(tid.packed());
    done(table, ModifyEvent::kInsert, tid, own, nullptr, &own, current_.chunk, 0);
  }

  // The matched row as its table has it.
  RowValues& load_own(Tid tid) {
    if (!table_->moves_columns()) return old_;
    if (!table_->extends()) return table_->to_own(old_, own_old_);
    if (locked_ != tid.packed()) table_->writer.fetch_seen(tid, &own_old_, row_memory_);
    return own_old_;
  }

  bool change(Action& action) {
    if (repeated_) {
      throw SqlError(sqlstate::kCardinalityViolation, "MERGE command cannot affect row a second time")
          .hint("Ensure that not more than one source row matches any one target row.");
    }
    Tid tid = Tid::unpack(static_cast<uint64_t>(pair_[0].int64));
    size_t width = columns().size();
    old_.assign(pair_.begin() + 1, pair_.begin() + 1 + static_cast<ptrdiff_t>(width));
    table_ = modify_.table_column < 0
                 ? &plain()
                 : &member_of(Oid{pair_[static_cast<size_t>(modify_.table_column)].oid()});
    RowValues& before = load_own(tid);
    bool update = action.plan->action == PlanKind::kUpdate;
    table_->writer.check_row(before, update ? RowCheck::kMergeUpdate : RowCheck::kMergeDelete);
    RowValues* after = nullptr;
    WrittenTable* to = table_;
    if (update) {
      new_ = old_;
      for (size_t i = 0; i < action.targets.size(); ++i) {
        new_[action.targets[i]] = types::copy_value(value_of(action.values[i]), row_memory_);
      }
      after = &table_->change_own(before, new_, own_new_);
      if (!before_row(*table_, ModifyEvent::kUpdate, tid, &before, after)) return true;
      if (routes()) {
        table_->to_statement(*after, &new_);
        to = &taker(new_);
      }
      if (to == table_) complete(*table_, *after, RowCheck::kUpdate);
    }
    const bool stays = update && to == table_;
    if (!stays && !before_row(*table_, ModifyEvent::kDelete, tid, &before, nullptr)) return true;
    bool locked = locked_ == tid.packed();
    Tid now = tid;
    LockOutcome outcome = stays ? table_->writer.update(&now, before, *after, locked, &newest_)
                                : table_->writer.remove(tid, before, locked, &newest_);
    if (outcome != LockOutcome::kLocked) {
      gone_ = outcome != LockOutcome::kLockedUpdated;
      locked_ = gone_ ? UINT64_MAX : tid.packed();
      return false;
    }
    locked_ = UINT64_MAX;
    touched_.insert(tid.packed());
    if (stays)
      done(*table_, ModifyEvent::kUpdate, now, *after, &before, after, current_.chunk, 0);
    else if (update)
      move(*to, tid, before);
    else
      done(*table_, ModifyEvent::kDelete, now, before, &before, nullptr, current_.chunk, 0);
    return true;
  }

  // The new row in another partition than the old one, which has gone.
  void move(WrittenTable& to, Tid tid, RowValues& before) {
    RowValues& after = to.to_own(new_, own_new_);
    if (!before_row(to, ModifyEvent::kInsert, {}, nullptr, &after))
      return tell(*table_, ModifyEvent::kDelete, tid, &before, nullptr);
    complete(to, after, RowCheck::kUpdate);
    Tid at = to.writer.insert(after);
    touched_.insert(at.packed());
    tell(*table_, ModifyEvent::kDelete, tid, &before, nullptr, true);
    done(to, ModifyEvent::kInsert, at, after, nullptr, &after, current_.chunk, 0);
    to.to_statement(after, &new_);
    tell_moved(at, old_, new_);
  }

  std::vector<Action> actions_;
  std::vector<ExpressionEvaluator> recheck_;
  RowChunk current_;
  RowValues pair_, old_, new_, own_old_, own_new_;
  WrittenTable* table_ = nullptr;  // of the matched row
  RowVersion newest_;
  uint64_t locked_ = UINT64_MAX;
  bool gone_ = false, repeated_ = false;
};

}  // namespace

OperatorPtr make_merge(const planner::ModifyPlan& p, ExecutionContext& c) {
  return std::make_unique<MergeOperator>(p, c);
}

}  // namespace varve::executor
