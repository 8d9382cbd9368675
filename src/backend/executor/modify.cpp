#include "modify.h"

#include "common/sql_error.h"

namespace varve::executor {

using planner::Plan;
using planner::PlanKind;

namespace {

bool may_repeat_rows(const Plan& plan) {
  switch (plan.kind) {
    case PlanKind::kHashJoin:
    case PlanKind::kMergeJoin:
    case PlanKind::kNestedLoop:
    case PlanKind::kIndexJoin:
    case PlanKind::kAppend: return true;
    default: break;
  }
  for (const Plan* c : plan.children) {
    if (may_repeat_rows(*c)) return true;
  }
  return false;
}

}  // namespace

ModifyOperator::ModifyOperator(const planner::ModifyPlan& plan, ModifyEvent event, ExecutionContext& context)
    : Operator(plan, context), modify_(plan), writer_(plan, context), event_(event),
      returning_(compile_all(plan.returning, context, memory_)) {
  children_.push_back(build_operator(*plan.children[0], context));
  check_twice_ = event == ModifyEvent::kInsert ? plan.on_conflict && !plan.do_nothing
                                               : may_repeat_rows(*plan.children[0]);
}

void ModifyOperator::open() {
  opened_ = ended_ = false;
  in_ = nullptr;
  at_ = 0;
  touched_.clear();
}

bool ModifyOperator::produce(Chunk*& out) {
  if (ended_) return false;
  if (!opened_) {
    opened_ = true;
    if (!returning_.empty() && returned_.column_count() == 0) {
      std::vector<types::PhysicalType> types;
      for (catalog::ColumnNumber c : writer_.columns()) types.push_back(column_physical_type(writer_.relation(), c));
      std::span<const planner::OutputColumn> in = modify_.children[0]->output;
      for (size_t i = first_extra(); i < in.size(); ++i) types.push_back(in[i].physical);
      returned_ = make_chunk(types, context_);
      result_ = Chunk(static_cast<uint32_t>(returning_.size()), *context_.build_memory);
    }
    for (ModifyEvent event : {ModifyEvent::kInsert, ModifyEvent::kUpdate, ModifyEvent::kDelete}) {
      bool possible = event == event_ || (event_ == ModifyEvent::kInsert && event == ModifyEvent::kUpdate && modify_.on_conflict);
      hooks_[static_cast<size_t>(event)] = possible ? writer_.row_hooks(event) : nullptr;
    }
    tell_inserted_ = event_ == ModifyEvent::kInsert && row_hooks(event_) == nullptr && context_.hooks != nullptr &&
                     context_.hooks->wants_inserted(writer_.relation());
    begin_hooks();
    child().open();
  }
  returned_count_ = 0;
  returned_memory_.reset();
  if (!returning_.empty()) returned_.reset();
  while (returned_count_ < context_.chunk_rows()) {
    if (in_ == nullptr || at_ == in_->count()) {
      context_.check_cancel();
      at_ = 0;
      if (!child().next(in_)) {
        ended_ = true;
        end_hooks();
        break;
      }
    }
    row_memory_.reset();
    modify(*in_, in_->selection()[at_++]);
  }
  if (returned_count_ == 0) return false;
  memory_.reset();
  returned_.set_dense(returned_count_);
  for (uint32_t i = 0; i < returning_.size(); ++i) {
    Vector* v = nullptr;
    returning_[i].evaluate(returned_, {nullptr, returned_count_}, v);
    result_.column(i).reference(*v);
  }
  result_.set_dense(returned_count_);
  out = &result_;
  return true;
}

// ON CONFLICT DO UPDATE is an INSERT and an UPDATE, whether or not there are conflicts.
void ModifyOperator::begin_hooks() {
  if (context_.hooks == nullptr) return;
  const catalog::Relation& relation = writer_.relation();
  if (event_ == ModifyEvent::kUpdate) context_.hooks->assigns(relation, modify_.assigned);
  context_.hooks->before_statement(context_, relation, event_);
  if (!updates_conflicts()) return;
  context_.hooks->assigns(relation, modify_.conflict_assigned);
  context_.hooks->before_statement(context_, relation, ModifyEvent::kUpdate);
}

void ModifyOperator::end_hooks() {
  if (context_.hooks == nullptr) return;
  if (updates_conflicts()) context_.hooks->after_statement(context_, writer_.relation(), ModifyEvent::kUpdate);
  context_.hooks->after_statement(context_, writer_.relation(), event_);
}

bool ModifyOperator::before_row(ModifyEvent event, Tid tid, const RowValues* old_row, RowValues* new_row) {
  ModifyHooks* hooks = row_hooks(event);
  if (hooks == nullptr) return true;
  RowChange change{event, writer_.relation(), tid, {}, {}, row_memory_};
  if (old_row != nullptr) change.old_row = *old_row;
  if (new_row != nullptr) change.new_row = *new_row;
  return hooks->before_row(context_, change);
}

void ModifyOperator::done(ModifyEvent event, Tid tid, const RowValues& returned, const RowValues* old_row,
                          RowValues* new_row, const Chunk& in, uint32_t row) {
  if (modify_.can_set_tag) ++context_.affected_rows;
  if (tell_inserted_ && event == ModifyEvent::kInsert) {
    context_.hooks->after_insert(context_, writer_.relation(), {&tid, 1});
  } else if (ModifyHooks* hooks = row_hooks(event)) {
    RowChange change{event, writer_.relation(), tid, {}, {}, row_memory_};
    if (old_row != nullptr) change.old_row = *old_row;
    if (new_row != nullptr) change.new_row = *new_row;
    hooks->after_row(context_, change);
  }
  if (!returning_.empty()) collect(returned, in, row);
}

void ModifyOperator::collect(const RowValues& returned, const Chunk& in, uint32_t row) {
  uint32_t c = 0;
  for (const types::Value& v : returned)
    returned_.column(c++).set_value(returned_count_, types::copy_value(v, returned_memory_));
  for (uint32_t extra = first_extra(); extra < in.column_count(); ++extra) {
    returned_.column(c++).set_value(returned_count_, types::copy_value(in.column(extra).value(row), returned_memory_));
  }
  ++returned_count_;
}

void ModifyOperator::RowChunk::init(std::span<const types::PhysicalType> types, ExecutionContext& context) {
  chunk = Chunk(static_cast<uint32_t>(types.size()), *context.build_memory);
  for (uint32_t i = 0; i < types.size(); ++i) chunk.column(i) = Vector(types[i], *context.build_memory, 1);
  chunk.set_dense(1);
}

void ModifyOperator::RowChunk::load(uint32_t at, std::span<const types::Value> values) {
  for (const types::Value& v : values) {
    Vector& column = chunk.column(at++);
    column.reset();
    column.set_value(0, v);
  }
}

}  // namespace varve::executor
