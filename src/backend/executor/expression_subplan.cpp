// Subqueries inside expressions: EXISTS, scalar, ANY, ALL and ARRAY. The plan runs once for each distinct set
// of arguments in a row; without arguments once a run.
#include <cstring>
#include <string>
#include <unordered_map>

#include "common/sql_error.h"
#include "executor/chunk_collection.h"
#include "expression_array.h"
#include "expression_node.h"
#include "operator.h"
#include "plan_walk.h"

namespace varve::executor {

using analyzer::SubqueryKind;
using types::PhysicalType;
using types::Value;

namespace {

// Calls nothing volatile and changes nothing.
bool is_repeatable(const planner::Plan& plan) {
  if (plan.kind == planner::PlanKind::kLockRows || plan.kind == planner::PlanKind::kWorkTableScan)
    return false;
  bool repeatable = true;
  walk_expressions(plan, [&](const analyzer::Expr& e) {
    const functions::Function* f = nullptr;
    if (e.kind == analyzer::ExprKind::kFunction) f = e.as<analyzer::FunctionExpr>().function;
    if (f != nullptr && f->volatility == functions::Volatility::kVolatile) repeatable = false;
  });
  for (const planner::Plan* c : plan.children) repeatable = repeatable && is_repeatable(*c);
  return repeatable;
}

class SubplanNode : public ExprNode {
 public:
  SubplanNode(const analyzer::SubplanExpr& e, ExprScope& scope)
      : ExprNode(functions::physical_type_of(e.type), scope),
        expr_(e),
        args_(compile_nodes(e.args, scope)),
        left_(compile_nodes(e.left, scope)),
        plan_(build_operator(*scope.context.statement->subplans[e.subplan], scope.context)),
        inner_scope_{scope.context, inner_memory_, nullptr},
        comparisons_(compile_nodes(e.comparisons, inner_scope_)) {
    repeatable_ = is_repeatable(*scope.context.statement->subplans[e.subplan]);
    values_.resize(args_.size());
    last_args_.resize(args_.size());
    if (!comparisons_.empty()) {
      pair_ = Chunk(static_cast<uint32_t>(left_.size() + plan_->plan().output.size()),
                    *scope.context.build_memory);
      for (size_t i = 0; i < left_.size(); ++i)
        left_values_.emplace_back(left_[i]->type(), *scope.context.build_memory, 1);
    }
  }

  Vector* evaluate(const Chunk& in, const Selection& rows) override {
    std::vector<Vector*> args, left;
    for (const ExprNodePtr& a : args_) args.push_back(a->evaluate(in, rows));
    for (const ExprNodePtr& l : left_) left.push_back(l->evaluate(in, rows));
    Vector& out = result();
    out.reset();
    if (args_.empty() && left_.empty()) {  // the same for every row
      run_if_needed();
      out.fill_constant(remembered_);
      return &out;
    }
    for_each_row(rows, [&](uint32_t row) {
      bool changed = load_args(args, row);
      if (left_.empty()) {
        if (changed || run_ != scope_.context.run) run_or_recall();
        out.set_value(row, types::copy_value(remembered_, scope_.memory));
      } else {
        if (changed || run_ != scope_.context.run) collect();
        out.set_value(row, compare_all(left, row));
      }
    });
    return &out;
  }

 private:
  // Puts the row's arguments into the exec params; false if they are those of the last time.
  bool load_args(const std::vector<Vector*>& args, uint32_t row) {
    bool changed = run_ != scope_.context.run || !has_last_ || !repeatable_;
    for (size_t i = 0; i < args.size(); ++i) {
      values_[i] = args[i]->value(row);
      changed = changed || !types::values_identical(values_[i], last_args_[i]);
    }
    if (changed) {
      args_memory_.reset();
      for (size_t i = 0; i < args.size(); ++i) last_args_[i] = types::copy_value(values_[i], args_memory_);
      has_last_ = true;
    }
    for (size_t i = 0; i < args.size(); ++i) scope_.context.exec_params[expr_.param_slots[i]] = last_args_[i];
    return changed;
  }

  void run_if_needed(bool again = false) {
    if (!again && run_ == scope_.context.run) return;
    remembered_ = run_plan();
    run_ = scope_.context.run;
  }

  // Results by arguments, as long as they come again often enough and fit.
  void run_or_recall() {
    if (memo_run_ != scope_.context.run) {
      memo_.clear();
      memo_memory_.reset();
      memo_run_ = scope_.context.run;
      lookups_ = hits_ = 0;
      memo_on_ = repeatable_ && scope_.context.settings.enable_memoize;
    }
    if (!memo_on_) {
      run_if_needed(true);
      return;
    }
    memo_key_.clear();
    for (const Value& v : last_args_) append_key(v);
    auto it = memo_.find(memo_key_);
    ++lookups_;
    if (it != memo_.end()) {
      ++hits_;
      remembered_ = it->second;
      run_ = scope_.context.run;
      return;
    }
    run_if_needed(true);
    bool idle = lookups_ > 2000 && hits_ * 20 < lookups_;
    if (idle || memo_memory_.held_bytes() + memo_.size() * 128 > scope_.context.hash_memory_bytes()) {
      memo_on_ = !idle;
      memo_.clear();
      memo_memory_.reset();
      return;
    }
    Value kept = types::copy_value(remembered_, memo_memory_);
    memo_.emplace(memo_key_, kept);
  }

  void append_key(const Value& v) {
    memo_key_.push_back(v.null ? 1 : 0);
    if (v.null) return;
    if (v.type == PhysicalType::kString) {
      std::string_view s = v.view();
      auto size = static_cast<uint32_t>(s.size());
      memo_key_.append(reinterpret_cast<const char*>(&size), sizeof size).append(s);
    } else if (v.type == PhysicalType::kNumeric) {
      size_t at = memo_key_.size();
      memo_key_.append(2, '\0');
      types::append_numeric_row(memo_key_, v.numeric);
      auto size = static_cast<uint16_t>(memo_key_.size() - at - 2);
      std::memcpy(memo_key_.data() + at, &size, sizeof size);
    } else {
      memo_key_.append(reinterpret_cast<const char*>(v.words), types::physical_width(v.type));
    }
  }

  Value run_plan() {
    if (expr_.subquery == SubqueryKind::kExists) plan_->expect_rows(1);
    plan_->open();
    Value v;
    switch (expr_.subquery) {
      case SubqueryKind::kExists: {
        Chunk* chunk = nullptr;
        v = Value::of_bool(plan_->next(chunk));
        break;
      }
      case SubqueryKind::kScalar:
        v = scalar_value();
        break;
      case SubqueryKind::kArray:
        v = array_value();
        break;
      default:
        throw SqlError(sqlstate::kInternalError, "comparison subquery without left side");
    }
    plan_->close();
    return v;
  }

  Value scalar_value() {
    Value v = Value::null_of(type());
    bool found = false;
    Chunk* chunk = nullptr;
    while (plan_->next(chunk)) {
      if (found || chunk->count() > 1) {
        throw SqlError(sqlstate::kCardinalityViolation,
                       "more than one row returned by a subquery used as an expression");
      }
      found = true;
      result_memory_.reset();
      v = types::copy_value(chunk->column(0).value(chunk->selection()[0]), result_memory_);
    }
    return v;
  }

  Value array_value() {
    std::vector<Value> elements;
    Arena collected;
    Chunk* chunk = nullptr;
    while (plan_->next(chunk)) {
      for_each_row(chunk->selection(), [&](uint32_t row) {
        elements.push_back(types::copy_value(chunk->column(0).value(row), collected));
      });
    }
    result_memory_.reset();
    return make_array_value(expr_.type, elements, scope_.context, result_memory_);
  }

  // left op ANY/ALL (rows of the plan), three-valued.
  Value compare_all(const std::vector<Vector*>& left, uint32_t row) {
    for (size_t i = 0; i < left.size(); ++i) {
      left_values_[i].fill_constant(left[i]->value(row));
      pair_.column(static_cast<uint32_t>(i)).reference(left_values_[i]);
    }
    bool any = expr_.subquery == SubqueryKind::kAny;
    bool unknown = false;
    ChunkCollection::Reader reader(*collected_);
    for (size_t n = 0; n < collected_->chunk_count(); ++n) {
      Chunk* chunk = reader.read(n);
      inner_memory_.reset();
      for (uint32_t c = 0; c < chunk->column_count(); ++c)
        pair_.column(static_cast<uint32_t>(left.size()) + c).reference(chunk->column(c));
      if (decided(chunk->selection(), any, &unknown)) return Value::of_bool(any);
    }
    return unknown ? Value::null_of(PhysicalType::kBool) : Value::of_bool(!any);
  }

  // Keeps the plan's rows: every left row is compared with them.
  void collect() {
    if (collected_ == nullptr) {
      collected_ = std::make_unique<ChunkCollection>(
          scope_.context.settings, physical_types(plan_->plan().output), scope_.context.sort_memory_bytes());
    }
    collected_->clear();
    plan_->open();
    Chunk* chunk = nullptr;
    while (plan_->next(chunk)) collected_->append(*chunk);
    plan_->close();
    run_ = scope_.context.run;
  }

  // A row of the chunk settles the answer: true for ANY, false for ALL.
  bool decided(const Selection& rows, bool any, bool* unknown) {
    std::vector<Vector*> parts;
    for (const ExprNodePtr& c : comparisons_) parts.push_back(c->evaluate(pair_, rows));
    for (uint32_t i = 0; i < rows.count; ++i) {
      bool null = false, is_false = false;
      for (Vector* v : parts) {
        if (v->is_null(rows[i]))
          null = true;
        else if (v->at<uint8_t>(rows[i]) == 0)
          is_false = true;
      }
      if (is_false) {
        if (!any) return true;
      } else if (null) {
        *unknown = true;
      } else if (any) {
        return true;
      }
    }
    return false;
  }

  const analyzer::SubplanExpr& expr_;
  std::vector<ExprNodePtr> args_, left_;
  OperatorPtr plan_;
  Arena inner_memory_, args_memory_, result_memory_;
  ExprScope inner_scope_;
  std::vector<ExprNodePtr> comparisons_;
  Chunk pair_;
  std::unique_ptr<ChunkCollection> collected_;
  std::vector<Vector> left_values_;
  std::vector<Value> values_, last_args_;
  bool has_last_ = false;
  bool repeatable_ = true;  // the same arguments give the same result
  std::unordered_map<std::string, Value> memo_;
  std::string memo_key_;
  Arena memo_memory_;
  uint64_t memo_run_ = 0, lookups_ = 0, hits_ = 0;
  bool memo_on_ = false;
  uint64_t run_ = 0;
  Value remembered_;
};

}  // namespace

ExprNodePtr compile_subplan(const analyzer::SubplanExpr& e, ExprScope& scope) {
  return std::make_unique<SubplanNode>(e, scope);
}

}  // namespace varve::executor
