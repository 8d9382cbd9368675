#include "modify.h"

#include <algorithm>

#include "common/sql_error.h"
#include "executor/row_disclosure.h"

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
    case PlanKind::kAppend:
      return true;
    default:
      break;
  }
  for (const Plan* c : plan.children) {
    if (may_repeat_rows(*c)) return true;
  }
  return false;
}

std::vector<types::PhysicalType> row_types(const catalog::Relation& relation) {
  std::vector<types::PhysicalType> types;
  for (catalog::ColumnNumber c : live_columns(relation)) types.push_back(column_physical_type(relation, c));
  return types;
}

planner::ModifyPlan plan_of_member(const planner::ModifyPlan& plan,
                                   const planner::ModifyPlan::Member* member) {
  planner::ModifyPlan own = plan;
  if (member == nullptr) return own;
  own.relation = member->relation;
  own.checks = member->checks;
  own.check_names = member->check_names;
  own.bound_indexes = member->bound_indexes;
  own.generated = member->generated;
  own.generated_exprs = member->generated_exprs;
  own.view_checks = member->view_checks;
  own.arbiters = member->arbiters;
  return own;
}

}  // namespace

WrittenTable::WrittenTable(const planner::ModifyPlan& plan, const planner::ModifyPlan::Member* m,
                           ExecutionContext& context)
    : own(plan_of_member(plan, m)), writer(own, context), member(m) {
  if (member == nullptr) return;
  writer.show_rows_as(**plan.relation, member->ordinals);
  extends_ = std::any_of(member->ordinals.begin(), member->ordinals.end(), [](int32_t n) { return n < 0; });
}

RowValues& WrittenTable::change_own(const RowValues& old_own, RowValues& row, RowValues& scratch) const {
  if (!moves_columns()) return row;
  scratch = old_own;
  for (size_t i = 0; i < scratch.size(); ++i) {
    if (member->ordinals[i] >= 0) scratch[i] = row[static_cast<size_t>(member->ordinals[i])];
  }
  return scratch;
}

RowValues& WrittenTable::to_own(RowValues& row, RowValues& scratch) const {
  if (!moves_columns()) return row;
  const catalog::Relation& r = writer.relation();
  scratch.resize(member->ordinals.size());
  for (size_t i = 0; i < scratch.size(); ++i) {
    int32_t from = member->ordinals[i];
    scratch[i] = from >= 0 ? row[static_cast<size_t>(from)]
                           : types::Value::null_of(column_physical_type(r, writer.columns()[i]));
  }
  return scratch;
}

void WrittenTable::to_statement(const RowValues& own_row, RowValues* row) const {
  if (!moves_columns()) {
    if (row != &own_row) *row = own_row;
    return;
  }
  size_t width = 0;
  for (int32_t n : member->ordinals) width = std::max(width, static_cast<size_t>(n + 1));
  row->resize(width);
  for (size_t i = 0; i < own_row.size(); ++i) {
    if (member->ordinals[i] >= 0) (*row)[static_cast<size_t>(member->ordinals[i])] = own_row[i];
  }
}

ModifyOperator::ModifyOperator(const planner::ModifyPlan& plan, ModifyEvent event, ExecutionContext& context)
    : Operator(plan, context),
      modify_(plan),
      event_(event),
      live_(live_columns(**plan.relation)),
      router_(plan, row_types(**plan.relation), context),
      members_(plan.members.size()),
      returning_(compile_all(plan.returning, context, memory_)) {
  children_.push_back(build_operator(*plan.children[0], context));
  check_twice_ = event == ModifyEvent::kInsert ? plan.on_conflict && !plan.do_nothing
                                               : may_repeat_rows(*plan.children[0]);
  for (size_t i = 0; i < plan.members.size(); ++i) member_numbers_[(*plan.members[i].relation)->oid] = i;
}

size_t ModifyOperator::ordinal(catalog::ColumnNumber column) const {
  for (size_t i = 0; i < live_.size(); ++i) {
    if (live_[i] == column) return i;
  }
  throw SqlError(sqlstate::kInternalError, "assignment to a column that is not there");
}

WrittenTable& ModifyOperator::plain() {
  if (plain_ == nullptr) plain_ = std::make_unique<WrittenTable>(modify_, nullptr, context_);
  if (plain_->asked != context_.run) ask_hooks(*plain_);
  return *plain_;
}

WrittenTable* ModifyOperator::plain_taker() {
  if (has_members() || !modify_.partition_checks.empty() || !returning_.empty()) return nullptr;
  WrittenTable& table = plain();
  return table.hooks[static_cast<size_t>(ModifyEvent::kInsert)] == nullptr ? &table : nullptr;
}

WrittenTable& ModifyOperator::member(size_t number) {
  std::unique_ptr<WrittenTable>& table = members_[number];
  if (table == nullptr) table = std::make_unique<WrittenTable>(modify_, &modify_.members[number], context_);
  if (table->asked != context_.run) ask_hooks(*table);
  return *table;
}

WrittenTable& ModifyOperator::taker(const RowValues& row) {
  if (!router_.routes()) return plain();
  if (!modify_.partition_checks.empty() && router_.is_foreign(row)) {
    // Of the table that the statement names, before any of its partitions is looked for.
    Arena memory;
    functions::EvalContext context = context_.eval_context(memory);
    throw SqlError(sqlstate::kCheckViolation,
                   "new row for relation \"" + relation().name + "\" violates partition constraint")
        .detail(failing_row_detail(relation(), row, modify_.provided, context))
        .schema(relation().schema_name)
        .table(relation().name);
  }
  return member(router_.find(row));
}

WrittenTable& ModifyOperator::member_of(Oid table) { return member(member_numbers_.at(table)); }

void ModifyOperator::ask_hooks(WrittenTable& table) {
  table.asked = context_.run;
  bool moves = does(ModifyEvent::kUpdate) && routes();  // a row may leave one table and come to another
  for (ModifyEvent event : kEvents)
    table.hooks[static_cast<size_t>(event)] = moves || does(event) ? table.writer.row_hooks(event) : nullptr;
  // Triggers and the checks of foreign keys may look for any row, MERGE for one that it has changed.
  const bool nobody_looks = table.hooks[static_cast<size_t>(ModifyEvent::kUpdate)] == nullptr && !moves;
  table.writer.collect_moves(event_ == ModifyEvent::kUpdate && modify_.merge_actions.empty() && nobody_looks);
  table.tell_inserted = (does(ModifyEvent::kInsert) || moves) && table.hooks[0] == nullptr &&
                        context_.hooks != nullptr && context_.hooks->wants_inserted(table.writer.relation());
}

void ModifyOperator::complete(WrittenTable& table, RowValues& row, RowCheck kind) {
  table.writer.complete(row, row_memory_, kind);
  if (table.member == nullptr) {
    if (router_.is_foreign(row)) table.writer.throw_foreign(row);
    return;
  }
  if (!routes()) return;
  bool triggers = table.hooks[static_cast<size_t>(ModifyEvent::kInsert)] != nullptr ||
                  table.hooks[static_cast<size_t>(ModifyEvent::kUpdate)] != nullptr;
  if (!triggers && modify_.partition_checks.empty()) return;
  table.to_statement(row, &statement_row_);
  if (&member(router_.find(statement_row_)) != &table || router_.is_foreign(statement_row_))
    table.writer.throw_foreign(row);
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
      std::vector<types::PhysicalType> types = row_types(relation());
      for (catalog::ColumnNumber c : modify_.returned_system) {
        types.push_back(c == catalog::kCtidColumn ? types::PhysicalType::kInt64
                                                  : types::PhysicalType::kInt32);
      }
      std::span<const planner::OutputColumn> in = modify_.children[0]->output;
      for (size_t i = first_extra(); i < in.size(); ++i) types.push_back(in[i].physical);
      returned_ = make_chunk(types, context_);
      result_ = Chunk(static_cast<uint32_t>(returning_.size()), *context_.build_memory);
    }
    begin_hooks();
    child().open();
  }
  returned_count_ = 0;
  returned_memory_.reset();
  if (!returning_.empty()) returned_.reset();
  while (returned_count_ < context_.chunk_rows()) {
    if (in_ == nullptr || at_ == in_->count()) {
      flush_moves();
      context_.check_cancel();
      at_ = 0;
      if (!child().next(in_)) {
        ended_ = true;
        finish_writing();
        end_hooks();
        break;
      }
      if (modify_all(*in_)) {
        in_ = nullptr;
        continue;
      }
    }
    row_memory_.reset();
    modify(*in_, in_->selection()[at_++]);
  }
  if (returned_count_ == 0) return false;
  flush_moves();
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

// ON CONFLICT DO UPDATE is an INSERT and an UPDATE, MERGE is what its actions are, whether or not rows come
// to that.
bool ModifyOperator::does(ModifyEvent event) const {
  if (modify_.merge_actions.empty())
    return event == event_ || (event == ModifyEvent::kUpdate && updates_conflicts());
  PlanKind kind = event == ModifyEvent::kInsert   ? PlanKind::kInsert
                  : event == ModifyEvent::kUpdate ? PlanKind::kUpdate
                                                  : PlanKind::kDelete;
  return std::any_of(modify_.merge_actions.begin(), modify_.merge_actions.end(),
                     [&](const planner::ModifyPlan::MergeAction& a) { return a.action == kind; });
}

std::vector<catalog::ColumnNumber> ModifyOperator::assigned() const {
  std::vector<catalog::ColumnNumber> columns;
  auto add = [&](const auto& more) { columns.insert(columns.end(), more.begin(), more.end()); };
  add(updates_conflicts() ? modify_.conflict_assigned : modify_.assigned);
  for (const planner::ModifyPlan::MergeAction& a : modify_.merge_actions) {
    if (a.action == PlanKind::kUpdate) add(a.columns);
  }
  return columns;
}

void ModifyOperator::begin_hooks() {
  if (context_.hooks == nullptr) return;
  for (ModifyEvent event : kEvents) {
    if (!does(event)) continue;
    if (event == ModifyEvent::kUpdate) context_.hooks->assigns(relation(), assigned());
    context_.hooks->before_statement(context_, relation(), event);
  }
}

void ModifyOperator::flush_moves() {
  if (plain_ != nullptr) plain_->writer.flush_moves();
  for (auto& member : members_) {
    if (member != nullptr) member->writer.flush_moves();
  }
}

void ModifyOperator::finish_writing() {
  if (plain_ != nullptr) plain_->writer.finish();
  for (auto& member : members_) {
    if (member != nullptr) member->writer.finish();
  }
}

void ModifyOperator::end_hooks() {
  if (context_.hooks == nullptr) return;
  std::vector<ModifyEvent> events;
  for (size_t i = std::size(kEvents); i-- > 0;) {
    if (does(kEvents[i])) events.push_back(kEvents[i]);
  }
  context_.hooks->after_statement(context_, relation(), events);
}

bool ModifyOperator::before_row(WrittenTable& table, ModifyEvent event, Tid tid, RowValues* old_row,
                                RowValues* new_row) {
  ModifyHooks* hooks = table.hooks[static_cast<size_t>(event)];
  if (hooks == nullptr) return true;
  RowChange change{event, table.writer.relation(), tid, {}, {}, row_memory_};
  if (old_row != nullptr) change.old_row = *old_row;
  if (new_row != nullptr) change.new_row = *new_row;
  return hooks->before_row(context_, change);
}

void ModifyOperator::tell_moved(Tid tid, RowValues& old_row, RowValues& new_row) {
  if (context_.hooks == nullptr || (relation().referenced_by.empty() && relation().triggers.empty())) return;
  RowChange change{ModifyEvent::kUpdate, relation(), tid, old_row, new_row, row_memory_, &relation()};
  context_.hooks->after_row(context_, change);
}

void ModifyOperator::tell(WrittenTable& table, ModifyEvent event, Tid tid, RowValues* old_row,
                          RowValues* new_row, bool moved) {
  if (table.tell_inserted && event == ModifyEvent::kInsert) {
    context_.hooks->after_insert(context_, table.writer.relation(), {&tid, 1});
  } else if (ModifyHooks* hooks = table.hooks[static_cast<size_t>(event)]) {
    RowChange change{event, table.writer.relation(), tid, {}, {}, row_memory_};
    if (old_row != nullptr) change.old_row = *old_row;
    if (new_row != nullptr) change.new_row = *new_row;
    if (moved) change.moved_within = &relation();
    hooks->after_row(context_, change);
  }
}

void ModifyOperator::done(WrittenTable& table, ModifyEvent event, Tid tid, RowValues& returned,
                          RowValues* old_row, RowValues* new_row, const Chunk& in, uint32_t row) {
  if (modify_.can_set_tag) ++context_.affected_rows;
  tell(table, event, tid, old_row, new_row);
  if (returning_.empty()) return;
  Oid oid = table.writer.relation().oid;
  if (!table.moves_columns()) return collect(oid, tid, returned, in, row);
  table.to_statement(returned, &statement_row_);
  collect(oid, tid, statement_row_, in, row);
}

void ModifyOperator::count_and_collect(Oid table, const RowValues& returned, const Chunk& in, uint32_t row) {
  if (modify_.can_set_tag) ++context_.affected_rows;
  if (!returning_.empty()) collect(table, {}, returned, in, row);
}

types::Value ModifyOperator::system_value(catalog::ColumnNumber column, Oid table, Tid tid) const {
  switch (column) {
    // The transaction that locks the row (as ON CONFLICT DO UPDATE does before) or deletes it.
    case catalog::kXmaxColumn:
      if (!locked_before_ && event_ != ModifyEvent::kDelete) return types::Value::of_int32(0);
      [[fallthrough]];
    case catalog::kXminColumn:
      return types::Value::of_int32(static_cast<int32_t>(context_.transaction->xid().value()));
    case catalog::kTableOidColumn:
      return types::Value::of_oid(table.value());
    case catalog::kCtidColumn:
      return types::Value::of_int64(static_cast<int64_t>(tid.packed()));
    default:
      throw_not_supported("this system column");
  }
}

void ModifyOperator::collect(Oid table, Tid tid, const RowValues& returned, const Chunk& in, uint32_t row) {
  uint32_t c = 0;
  for (const types::Value& v : returned)
    returned_.column(c++).set_value(returned_count_, types::copy_value(v, returned_memory_));
  for (catalog::ColumnNumber system : modify_.returned_system)
    returned_.column(c++).set_value(returned_count_, system_value(system, table, tid));
  for (uint32_t extra = first_extra(); extra < in.column_count(); ++extra) {
    returned_.column(c++).set_value(returned_count_,
                                    types::copy_value(in.column(extra).value(row), returned_memory_));
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
