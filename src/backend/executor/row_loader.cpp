#include "executor/row_loader.h"

#include <deque>
#include <fmt/format.h>
#include <optional>

#include "common/sql_error.h"
#include "modify.h"
#include "operator.h"
#include "row_router.h"

namespace varve::executor {

using analyzer::Expr;
using analyzer::ExprKind;
using planner::PlanKind;

namespace {

// The number of the parameter that an expression passes on, perhaps through a coercion to the column's
// length; -1: it is something else, the column's default.
int supplied_by(const Expr& e) {
  switch (e.kind) {
    case ExprKind::kParam:
      return static_cast<int>(e.as<analyzer::ParamExpr>().index);
    case ExprKind::kFunction: {
      const auto& f = e.as<analyzer::FunctionExpr>();
      return f.args.empty() ? -1 : supplied_by(*f.args[0]);
    }
    case ExprKind::kRelabel:
    case ExprKind::kCoerceViaIo:
    case ExprKind::kArrayCoerce:
      return supplied_by(*e.as<analyzer::CastExpr>().arg);
    default:
      return -1;
  }
}

analyzer::ExprList row_expressions(const planner::Plan& plan) {
  if (plan.kind == PlanKind::kProject) return plan.as<planner::ProjectPlan>().exprs;
  if (plan.kind == PlanKind::kResult && plan.children.empty()) return plan.as<planner::ResultPlan>().exprs;
  throw SqlError(sqlstate::kInternalError, "unexpected plan below the insertion of a row");
}

}  // namespace

struct RowLoader::State {
  struct Source {
    int input = -1;
    std::optional<ExpressionEvaluator> value;
  };

  Arena build_memory;
  Arena memory;  // of one batch
  ExecutionContext context;
  std::vector<Source> sources;  // one a column of the table
  std::optional<ExpressionEvaluator> filter;
  const planner::ModifyPlan& plan;
  // The table itself, or those of its partitions that rows have gone to.
  struct Target {
    std::unique_ptr<WrittenTable> table;
    std::vector<uint16_t> rows;  // of the batch in work
  };
  std::vector<Target> targets;
  std::optional<RowRouter> router;
  Chunk moved;       // a batch in the order of a partition's columns
  Chunk row_source;  // no columns: what defaults are computed over
  Chunk rows;
  uint16_t selected[vector::kChunkRows];
  uint64_t inserted = 0;
  uint64_t given = 0;  // rows of insert() before this one
  uint32_t failed_row = 0;

  State(const planner::PlannedStatement& statement, const ExecutionSettings& settings, const Expr* condition)
      : plan(statement.root->as<planner::ModifyPlan>()) {
    context.settings = settings;
    context.settings.chunk_rows = vector::kChunkRows;  // that is what comes, whatever queries work with
    context.statement = &statement;
    context.build_memory = &build_memory;
    context.exec_params.resize(statement.exec_param_count);
    analyzer::ExprList exprs = row_expressions(*plan.children[0]);
    sources.resize(exprs.size());
    for (size_t i = 0; i < exprs.size(); ++i) {
      sources[i].input = supplied_by(*exprs[i]);
      if (sources[i].input < 0) sources[i].value.emplace(*exprs[i], context, memory);
    }
    if (condition != nullptr) filter.emplace(*condition, context, memory);
    std::vector<types::PhysicalType> types;
    for (catalog::ColumnNumber c : live_columns(**plan.relation))
      types.push_back(column_physical_type(**plan.relation, c));
    router.emplace(plan, types, context);
    targets.resize(router->routes() ? plan.members.size() : 1);
    row_source = Chunk(0, build_memory);
    rows = Chunk(static_cast<uint32_t>(exprs.size()), build_memory);
  }

  const catalog::Relation& relation() const { return **plan.relation; }
  TableWriter& writer(size_t number) {
    Target& t = targets[number];
    if (t.table == nullptr) {
      t.table =
          std::make_unique<WrittenTable>(plan, router->routes() ? &plan.members[number] : nullptr, context);
    }
    return t.table->writer;
  }

  // Each row goes to its partition; those of one partition together.
  void insert_routed() {
    std::vector<types::Value> row(rows.column_count());
    std::vector<size_t> used;
    const vector::Selection selection = rows.selection();
    for (uint32_t i = 0; i < selection.count; ++i) {
      failed_row = selection[i];
      for (uint32_t c = 0; c < row.size(); ++c) row[c] = rows.column(c).value(failed_row);
      size_t number = router->find(row);
      if (targets[number].rows.empty()) used.push_back(number);
      targets[number].rows.push_back(static_cast<uint16_t>(failed_row));
    }
    for (size_t number : used) {
      TableWriter& to = writer(number);
      to.set_next_row(given);
      std::vector<uint16_t>& of_table = targets[number].rows;
      const planner::ModifyPlan::Member& member = plan.members[number];
      vector::Selection part{of_table.data(), static_cast<uint32_t>(of_table.size())};
      if (member.ordinals.empty()) {
        rows.set_selection(part);
        inserted += to.insert_batch(rows, memory, &failed_row);
      } else {
        moved = Chunk(static_cast<uint32_t>(member.ordinals.size()), memory);
        for (uint32_t c = 0; c < member.ordinals.size(); ++c) {
          moved.column(c).reference(rows.column(static_cast<uint32_t>(member.ordinals[c])));
        }
        moved.set_selection(part);
        inserted += to.insert_batch(moved, memory, &failed_row);
      }
      of_table.clear();
    }
  }

  // A partition that is named takes only its own rows.
  void refuse_foreign() {
    if (plan.partition_checks.empty()) return;
    std::vector<types::Value> row(rows.column_count());
    const vector::Selection selection = rows.selection();
    for (uint32_t i = 0; i < selection.count; ++i) {
      for (uint32_t c = 0; c < row.size(); ++c) row[c] = rows.column(c).value(selection[i]);
      if (!router->is_foreign(row)) continue;
      failed_row = selection[i];
      if (router->routes()) {
        throw SqlError(
            sqlstate::kCheckViolation,
            fmt::format("new row for relation \"{}\" violates partition constraint", relation().name));
      }
      writer(0).throw_foreign(row);
    }
  }
};

RowLoader::RowLoader(const planner::PlannedStatement& insert, const ExecutionSettings& settings,
                     const Expr* filter, TaskScheduler* scheduler)
    : state_(std::make_unique<State>(insert, settings, filter)) {
  state_->context.scheduler = scheduler;
}

RowLoader::~RowLoader() = default;

void RowLoader::start(const RunParameters& p) {
  ExecutionContext& c = state_->context;
  c.manager = p.manager;
  c.transaction = p.transaction;
  c.snapshot = p.snapshot;
  c.params = p.params;
  c.format = p.format;
  c.session = p.session;
  c.cancel = p.cancel;
  c.hooks = p.hooks;
  c.database = p.database;
  c.lock_timeout_us = p.lock_timeout_us;
  ++c.run;
  state_->inserted = state_->given = 0;
  if (c.hooks != nullptr) c.hooks->before_statement(c, state_->relation(), ModifyEvent::kInsert);
}

void RowLoader::insert(const vector::Chunk& input) {
  State& s = *state_;
  s.context.check_cancel();
  s.memory.reset();
  s.failed_row = 0;
  s.row_source.set_dense(input.count());
  for (uint32_t i = 0; i < s.sources.size(); ++i) {
    State::Source& source = s.sources[i];
    if (source.input >= 0) {
      s.rows.column(i).reference(input.column(static_cast<uint32_t>(source.input)));
    } else {
      Vector* v = nullptr;
      source.value->evaluate(s.row_source, input.selection(), v);
      s.rows.column(i).reference(*v);
    }
  }
  s.rows.set_selection(input.selection());
  if (s.filter) {
    uint32_t count = s.filter->select(s.rows, input.selection(), s.selected);
    s.rows.set_selection({s.selected, count});
  }
  s.refuse_foreign();
  if (s.router->routes()) {
    s.insert_routed();
  } else {
    s.writer(0).set_next_row(s.given);
    s.inserted += s.writer(0).insert_batch(s.rows, s.memory, &s.failed_row);
  }
  s.given += input.count();
}

void RowLoader::flush() {
  for (State::Target& target : state_->targets) {
    if (target.table != nullptr) target.table->writer.flush();
  }
}

std::optional<uint64_t> RowLoader::failed_earlier() const {
  for (const State::Target& target : state_->targets) {
    if (target.table != nullptr && target.table->writer.failed_row())
      return target.table->writer.failed_row();
  }
  return std::nullopt;
}

void RowLoader::finish() {
  for (State::Target& target : state_->targets) {
    if (target.table != nullptr) target.table->writer.finish();
  }
}

void RowLoader::end_statement() {
  ExecutionContext& c = state_->context;
  constexpr ModifyEvent kEvents[] = {ModifyEvent::kInsert};
  if (c.hooks != nullptr) c.hooks->after_statement(c, state_->relation(), kEvents);
}

uint64_t RowLoader::rows_inserted() const { return state_->inserted; }
uint32_t RowLoader::failed_row() const { return state_->failed_row; }

}  // namespace varve::executor
