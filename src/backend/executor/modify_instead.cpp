// INSERT, UPDATE and DELETE of a view whose INSTEAD OF triggers do the work: each row goes to them, and
// nothing is written here.
#include <fmt/format.h>

#include "common/sql_error.h"
#include "executor/row_disclosure.h"
#include "modify.h"

namespace varve::executor {

namespace {

class InsteadOperator : public ModifyOperator {
 public:
  InsteadOperator(const planner::ModifyPlan& plan, ModifyEvent event, ExecutionContext& context)
      : ModifyOperator(plan, event, context), checks_(compile_all(plan.view_checks, context, row_memory_)) {
    for (catalog::ColumnNumber c : plan.assigned) targets_.push_back(ordinal(c));
    if (checks_.empty()) return;
    std::vector<types::PhysicalType> types;
    for (catalog::ColumnNumber c : columns()) types.push_back(column_physical_type(relation(), c));
    row_.init(types, context);
  }

 protected:
  uint32_t first_old() const { return event_ == ModifyEvent::kInsert ? 0 : 1; }  // after the ctid
  uint32_t first_extra() const override {
    return static_cast<uint32_t>(first_old() + columns().size() + targets_.size());
  }

  void modify(const Chunk& in, uint32_t row) override {
    if (context_.hooks == nullptr) throw_not_supported("INSTEAD OF triggers outside of a session");
    auto width = static_cast<uint32_t>(columns().size());
    old_.clear();
    for (uint32_t c = 0; c < width; ++c) old_.push_back(in.column(first_old() + c).value(row));
    RowChange change{event_, relation(), {}, {}, {}, row_memory_};
    if (event_ != ModifyEvent::kDelete) {
      new_ = old_;
      for (uint32_t i = 0; i < targets_.size(); ++i)
        new_[targets_[i]] = in.column(first_old() + width + i).value(row);
      change.new_row = new_;
    }
    if (event_ != ModifyEvent::kInsert) change.old_row = old_;
    if (!context_.hooks->before_row(context_, change)) return;
    if (event_ != ModifyEvent::kDelete) check_views();
    count_and_collect(relation().oid, event_ == ModifyEvent::kDelete ? old_ : new_, in, row);
  }

 private:
  // WITH CHECK OPTION of views over this one; its own conditions are the triggers' affair.
  void check_views() {
    if (checks_.empty()) return;
    row_.load(0, new_);
    for (size_t i = 0; i < checks_.size(); ++i) {
      Vector* v = nullptr;
      checks_[i].evaluate(row_.chunk, {nullptr, 1}, v);
      if (!v->is_null(0) && v->at<uint8_t>(0) != 0) continue;
      Arena memory;
      functions::EvalContext context = context_.eval_context(memory);
      throw SqlError(
          sqlstate::kWithCheckOptionViolation,
          fmt::format("new row violates check option for view \"{}\"", modify_.view_check_rules[i].view))
          .detail(failing_row_detail(relation(), new_, modify_.provided, context));
    }
  }

  std::vector<ExpressionEvaluator> checks_;
  RowChunk row_;
  std::vector<size_t> targets_;
  RowValues old_, new_;
};

}  // namespace

OperatorPtr make_instead(const planner::ModifyPlan& p, ModifyEvent event, ExecutionContext& c) {
  return std::make_unique<InsteadOperator>(p, event, c);
}

}  // namespace varve::executor
