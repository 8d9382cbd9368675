#include "executor/row_loader.h"

#include <deque>
#include <optional>

#include "common/sql_error.h"
#include "operator.h"
#include "table_writer.h"

namespace varve::executor {

using analyzer::Expr;
using analyzer::ExprKind;
using planner::PlanKind;

namespace {

// The number of the parameter that an expression passes on, perhaps through a coercion to the column's length;
// -1: it is something else, the column's default.
int supplied_by(const Expr& e) {
  switch (e.kind) {
    case ExprKind::kParam: return static_cast<int>(e.as<analyzer::ParamExpr>().index);
    case ExprKind::kFunction: {
      const auto& f = e.as<analyzer::FunctionExpr>();
      return f.args.empty() ? -1 : supplied_by(*f.args[0]);
    }
    case ExprKind::kRelabel:
    case ExprKind::kCoerceViaIo: return supplied_by(*e.as<analyzer::CastExpr>().arg);
    default: return -1;
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
  std::optional<TableWriter> writer;
  Chunk row_source;  // no columns: what defaults are computed over
  Chunk rows;
  uint16_t selected[vector::kChunkRows];
  uint64_t inserted = 0;
  uint32_t failed_row = 0;

  State(const planner::PlannedStatement& statement, const ExecutionSettings& settings, const Expr* condition) {
    context.settings = settings;
    context.statement = &statement;
    context.build_memory = &build_memory;
    context.exec_params.resize(statement.exec_param_count);
    const auto& plan = statement.root->as<planner::ModifyPlan>();
    analyzer::ExprList exprs = row_expressions(*plan.children[0]);
    sources.resize(exprs.size());
    for (size_t i = 0; i < exprs.size(); ++i) {
      sources[i].input = supplied_by(*exprs[i]);
      if (sources[i].input < 0) sources[i].value.emplace(*exprs[i], context, memory);
    }
    if (condition != nullptr) filter.emplace(*condition, context, memory);
    writer.emplace(plan, context);
    row_source = Chunk(0, build_memory);
    rows = Chunk(static_cast<uint32_t>(exprs.size()), build_memory);
  }
};

RowLoader::RowLoader(const planner::PlannedStatement& insert, const ExecutionSettings& settings, const Expr* filter)
    : state_(std::make_unique<State>(insert, settings, filter)) {}

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
  state_->inserted = 0;
  if (c.hooks != nullptr) c.hooks->before_statement(c, state_->writer->relation(), ModifyEvent::kInsert);
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
  s.inserted += s.writer->insert_batch(s.rows, s.memory, &s.failed_row);
}

void RowLoader::finish() {
  ExecutionContext& c = state_->context;
  if (c.hooks != nullptr) c.hooks->after_statement(c, state_->writer->relation(), ModifyEvent::kInsert);
}

uint64_t RowLoader::rows_inserted() const { return state_->inserted; }
uint32_t RowLoader::failed_row() const { return state_->failed_row; }

}  // namespace varve::executor
