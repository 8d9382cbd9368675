// Expressions of a function: planned when first met, instantiated once an activation, evaluated in place when
// they are simple (a row of expressions without a table).
#include <algorithm>
#include <fmt/format.h>

#include "activation.h"
#include "analyzer/expression_walk.h"
#include "common/sql_error.h"
#include "functions/array.h"
#include "functions/type_oids.h"
#include "parser/ast.h"
#include "parser/parser.h"
#include "planner/plan.h"
#include "planner/planner.h"

namespace varve::pl {

using analyzer::ExprKind;
using planner::PlanKind;
using types::Value;

ExpressionState& Activation::make_state(Expression& e) {
  if (states_.size() <= e.slot) {
    states_.resize(f_.expressions.size());
    state_stamps_.resize(f_.expressions.size());
  }
  states_[e.slot] = std::make_unique<ExpressionState>();
  return *states_[e.slot];
}

bool Activation::is_current(const Expression& e) {
  if (e.statement == nullptr || e.statement->plan == nullptr || !host().plan_is_current(*e.statement))
    return false;
  for (const Expression::Dependency& d : e.shapes) {
    const Record* r = records_[d.record].get();
    const Shape* shape = r == nullptr ? nullptr : r->shape;
    if (shape == nullptr) shape = record_shape(d.record);
    if (shape == nullptr) assigned_record(d.record);  // throws
    if (shape != d.shape) return false;
  }
  return true;
}

void Activation::rethrow_in(Expression& e, SqlError& error) {
  ErrorFields& fields = error.fields();
  if (fields.position > 0 && fields.internal_query.empty()) {
    int prefix = e.needs_select() ? 7 : 0;
    std::string_view head = std::string_view(e.display).substr(0, static_cast<size_t>(e.shift));
    fields.internal_position = fields.position - prefix + parser::character_position(head, e.shift) - 1;
    if (fields.internal_position < 1) fields.internal_position = 1;
    fields.internal_query = e.display;
    fields.position = 0;
  } else {
    std::string_view what = e.mode == ExpressionMode::kStatement ? "SQL statement"
                            : e.is_assignment()                  ? "PL/pgSQL assignment"
                                                                 : "SQL expression";
    add_context(error, fmt::format("{} \"{}\"", what, e.display));
  }
  throw error;
}

void Activation::plan(Expression& e, bool describes) {
  e.variables->activation = this;
  try {
    if (e.statement == nullptr) {
      if (e.mode == ExpressionMode::kPartAssignment)
        e.statement = host().make_assignment(e.text);
      else
        e.statement = host().make_statement(e.needs_select() ? "SELECT " + e.text : e.text);
      e.statement->variables = e.variables.get();
      e.statement->local_tables = f_.local_tables.get();
    }
    if (!host().is_planned(*e.statement)) return;
    bool current = is_current(e);
    if (!current) {
      e.statement->plan = nullptr;
      e.shapes.clear();
      e.params.clear();
      e.rows.clear();
    }
    if (describes)
      host().describe_plan(*e.statement);
    else
      host().ensure_plan(*e.statement);
    if (!current) {
      std::sort(e.params.begin(), e.params.end());
      e.params.erase(std::unique(e.params.begin(), e.params.end()), e.params.end());
    }
  } catch (SqlError& error) {
    rethrow_in(e, error);
  }
}

namespace {

// One row of one expression, from nothing.
const planner::ResultPlan* simple_row(const planner::PlannedStatement& plan) {
  if (plan.root->kind != PlanKind::kResult || !plan.root->children.empty() || !plan.subplans.empty() ||
      !plan.ctes.empty()) {
    return nullptr;
  }
  const auto& result = plan.root->as<planner::ResultPlan>();
  return result.condition == nullptr && result.exprs.size() == 1 ? &result : nullptr;
}

}  // namespace

void Activation::find_append(const analyzer::Expr& expr, ExpressionState& s) {
  s.appends_to = -1;
  s.element.reset();
  if (expr.kind != ExprKind::kFunction || s.fresh_snapshot) return;
  const auto& call = expr.as<analyzer::FunctionExpr>();
  if (call.function->routine != nullptr || call.function->name != "array_append" ||
      call.args[0]->kind != ExprKind::kParam) {
    return;
  }
  s.appends_to = call.args[0]->as<analyzer::ParamExpr>().index;
  s.element = std::make_unique<executor::ExpressionEvaluator>(*call.args[1], *s.context, memory_);
}

bool Activation::append_in_place(uint32_t datum, Expression& e) {
  if (state_of(e).appends_to != datum || f_.datums[datum].domain != kInvalidOid) return false;
  ExpressionState& s = ready(e);
  if (!s.simple || s.appends_to != datum || !storage_[datum].owns(values_[datum])) return false;
  Value& slot = values_[datum];
  if (!functions::array_can_grow(slot.view())) return false;
  const Value& element = s.element->scalar();
  if (!element.null) {
    storage_[datum].append_element(slot, element);
    return true;
  }
  const int32_t behind[] = {functions::next_array_subscript(slot.view())};
  Oid type = functions::ArrayView(slot.view()).element_type();
  store(datum, Value::of_string(functions::array_with_element(type, slot.view(), behind, element, memory_)));
  return true;
}

bool Activation::set_element(uint32_t datum, int32_t subscript, const Value& value) {
  Value& slot = values_[datum];
  const Datum& d = f_.datums[datum];
  const functions::TypeInfo* info = functions::type_by_oid(d.type);
  bool plain_type = d.kind == DatumKind::kScalar && d.typmod < 0 && d.domain == kInvalidOid &&
                    info != nullptr && info->kind == 'b';
  if (!plain_type || value.null || !storage_[datum].owns(slot)) return false;
  if (functions::set_array_element(storage_[datum].bytes.get(), subscript, value)) return true;
  if (!functions::array_can_grow(slot.view()) || functions::next_array_subscript(slot.view()) != subscript) {
    return false;
  }
  storage_[datum].append_element(slot, value);
  return true;
}

void Activation::build(Expression& e, ExpressionState& s) {
  s.evaluator.reset();
  s.context.reset();
  s.execution.reset();
  s.plan = e.statement->plan;
  if (!s.plan->root->output.empty()) {
    s.type = s.plan->root->output[0].type;
    s.typmod = s.plan->root->output[0].typmod;
  }
  const planner::ResultPlan* row = simple_row(*s.plan);
  s.simple = row != nullptr && (e.mode != ExpressionMode::kStatement || e.allow_simple);
  if (!s.simple) return;
  s.build_memory = std::make_unique<Arena>();
  analyzer::Expr* expr = row->exprs[0];
  s.literal = expr->kind == ExprKind::kConst &&
              (e.target == kInvalidOid || functions::type_by_oid(e.target) != nullptr);
  if (e.target != kInvalidOid &&
      (expr->type != e.target || (e.target_typmod >= 0 && expr->typmod != e.target_typmod))) {
    std::deque<catalog::RelationPtr> relations;
    functions::EvalContext eval = host().eval_context(*s.build_memory);
    analyzer::AnalyzerContext context{host().catalog(), *s.build_memory, relations, eval, {}, {}};
    expr = analyzer::coerce_plpgsql(context, expr, e.target, e.target_typmod);
    try {
      expr = planner::fold_constants(expr, *s.build_memory, eval);
    } catch (const SqlError&) {  // an assignment fails when it is made
    }
    s.type = e.target;
    s.typmod = e.target_typmod;
  }
  s.fresh_snapshot = analyzer::calls_routine(expr);
  s.is_query = !analyzer::is_immutable(expr);
  s.context = std::make_unique<executor::ExecutionContext>();
  s.context->settings.chunk_rows = 1;
  s.context->build_memory = s.build_memory.get();
  s.context->statement = s.plan.get();
  s.context->exec_params.resize(s.plan->exec_param_count);
  s.evaluator = std::make_unique<executor::ExpressionEvaluator>(*expr, *s.context, memory_);
  find_append(*expr, s);
  state_stamps_[e.slot] = 0;
}

ExpressionState& Activation::prepare(Expression& e) {
  ExpressionState& s = state_of(e);
  plan(e);
  if (e.statement->plan != nullptr && s.plan != e.statement->plan) build(e, s);
  load_rows(e);
  return s;
}

void Activation::refresh(ExpressionState& s) {
  if (run_stamp_ != stamp_) {
    run_.manager = &host().transaction().manager();
    run_.transaction = &host().transaction();
    functions::EvalContext eval = host().eval_context(memory_);
    run_.format = eval.format;
    run_.session = eval.session;
    run_.cancel = host().cancel_token();
    run_.database = host().catalog().database().oid().value();
    run_stamp_ = stamp_;
  }
  executor::ExecutionContext& c = *s.context;
  c.manager = run_.manager;
  c.transaction = run_.transaction;
  c.format = run_.format;
  c.session = run_.session;
  c.cancel = run_.cancel;
  c.database = run_.database;
  ++c.run;
}

// The state of an expression that is about to be evaluated.
ExpressionState& Activation::ready(Expression& e) {
  ExpressionState& s = state_of(e);
  const uint64_t plan_stamp = host().plan_stamp();
  const bool unchanged = s.simple && s.plan_stamp == plan_stamp && state_stamps_[e.slot] == stamp_ &&
                         s.plan == e.statement->plan && e.shapes.empty() && e.rows.empty();
  if (!unchanged) {
    // What needs no table takes no locks: a look at the plan is enough.
    if (s.plan == nullptr || !s.simple || s.plan != e.statement->plan || !is_current(e))
      prepare(e);
    else if (!e.rows.empty())
      load_rows(e);
    if (!s.simple) return s;
    if (state_stamps_[e.slot] != stamp_) {
      refresh(s);
      if (s.is_query) host().transaction().ensure_snapshot();
      state_stamps_[e.slot] = stamp_;
    }
    s.plan_stamp = plan_stamp;
  }
  s.context->params = values_;
  memory_.reset();
  return s;
}

const Value& Activation::evaluate(Expression& e, Oid* type, int32_t* typmod) {
  ExpressionState& s = ready(e);
  const Value* result = &query_value_;
  if (s.simple) {
    try {
      if (s.fresh_snapshot && !f_.read_only) {
        executor::RunParameters run = run_parameters({});
        s.context->snapshot = run.snapshot;
        ActiveSnapshot active(session_, &s.context->snapshot);
        result = &s.evaluator->scalar();
      } else {
        result = &s.evaluator->scalar();
      }
    } catch (SqlError& error) {
      // PostgreSQL computes what is constant while it plans, and says so.
      if (s.literal && e.mode == ExpressionMode::kAssignment) {
        error.fields().internal_query = e.display;
        error.fields().internal_position = parser::character_position(e.display, e.shift);
        throw;
      }
      // A domain's conditions are tested when the expression runs.
      bool of_domain = e.target != kInvalidOid && functions::type_by_oid(e.target) == nullptr;
      if (e.params.empty() && !s.fresh_snapshot && !s.literal && !of_domain) rethrow_in(e, error);
      throw;
    }
  } else {
    query_value_ = evaluate_query(e, s);
  }
  if (type != nullptr) *type = s.simple || e.target == kInvalidOid ? s.type : e.target;
  if (typmod != nullptr) *typmod = s.simple || e.target == kInvalidOid ? s.typmod : e.target_typmod;
  return *result;
}

executor::RunParameters Activation::run_parameters(std::span<const Value> params) {
  if (!f_.read_only) session_.pin_active();
  executor::RunParameters run =
      host().run_parameters(params, f_.read_only ? session_.active_snapshot : nullptr);
  run.hooks = &session_.runtime.hooks();
  return run;
}

std::unique_ptr<executor::Execution> Activation::take_execution(Expression& e, ExpressionState& s) {
  if (s.execution != nullptr) return std::move(s.execution);
  return host().make_execution(*e.statement);
}

Value Activation::evaluate_query(Expression& e, ExpressionState& s) {
  Value result;
  bool found = false;
  memory_.reset();
  uint64_t rows = 0;
  auto query_line = [&](SqlError error) { throw error.context(fmt::format("query: {}", e.display)); };
  if (!host().is_planned(*e.statement)) {
    query_line({sqlstate::kSyntaxError, fmt::format("query \"{}\" did not return data", e.text)});
  }
  if (size_t columns = s.plan->root->output.size(); columns != 1 && !e.is_assignment()) {
    query_line({sqlstate::kSyntaxError,
                fmt::format("query returned {} column{}", columns, columns == 1 ? "" : "s")});
  }
  try {
    if (size_t columns = s.plan->root->output.size(); columns != 1) {
      throw SqlError(sqlstate::kSyntaxError,
                     fmt::format("assignment source returned {} column{}", columns, columns == 1 ? "" : "s"));
    }
    std::unique_ptr<executor::Execution> execution = take_execution(e, s);
    executor::RunParameters run = run_parameters(values_);
    ActiveSnapshot active(session_, &run.snapshot);
    execution->start(run);
    vector::Chunk* chunk = nullptr;
    while (rows < 2 && execution->next(chunk)) {
      if (chunk->empty()) continue;
      if (!found) result = types::copy_value(chunk->column(0).value(chunk->selection()[0]), memory_);
      found = true;
      rows += chunk->count();
    }
    execution->finish();
    s.execution = std::move(execution);
  } catch (SqlError& error) {
    rethrow_in(e, error);
  }
  if (rows > 1) query_line({sqlstate::kCardinalityViolation, "query returned more than one row"});
  if (!found) result = null_of(s.type);
  if (e.target == kInvalidOid || e.target == s.type) return result;
  if (s.casts.empty()) s.casts.resize(1);
  if (result.null && functions::type_by_oid(e.target) != nullptr) return null_of(e.target);
  return cast(s.casts[0], s.type, s.typmod, e.target, e.target_typmod).apply(host(), result, memory_);
}

std::vector<Value> Activation::copy_params(const Expression& e, Arena& memory) {
  std::vector<Value> params(values_.size());
  for (uint32_t n : e.params) params[n] = types::copy_value(values_[n], memory);
  return params;
}

}  // namespace varve::pl
