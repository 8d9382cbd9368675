// Functions that return sets: in FROM and in the select list.
#include "common/sql_error.h"
#include "expression_node.h"
#include "functions/record.h"
#include "functions/type_oids.h"
#include "operator.h"

namespace varve::executor {

using functions::Function;
using types::PhysicalType;
using types::Value;

namespace {

// One running call of a set-returning function.
class SetCall {
 public:
  SetCall(const Function& function, const functions::CallSite* site, analyzer::ExprList args, Oid result,
          ExecutionContext& context, Arena& memory)
      : function_(function), site_(site), args_(compile_all(args, context, memory)), context_(context) {
    if (function.table == nullptr)
      throw_not_supported("set-returning function " + std::string(function.name));
    own_site_.arg_types = function.args;
    own_site_.result_type = function.result;
    if (site_ == nullptr) site_ = &own_site_;
    std::vector<PhysicalType> types;
    for (Oid t : function.table->column_types) types.push_back(functions::physical_type_of(t));
    if (types.empty()) types.push_back(functions::physical_type_of(result));
    chunk_ = Chunk(types, vectors_);
  }

  void open(const Chunk& in, uint32_t row) {
    state_memory_.reset();
    values_.clear();
    ended_ = false;
    at_ = 0;
    chunk_.reset();
    auto one = static_cast<uint16_t>(row);
    for (ExpressionEvaluator& e : args_) {
      Vector* v = nullptr;
      e.evaluate(in, {&one, 1}, v);
      values_.push_back(types::copy_value(v->value(row), state_memory_));
      if (values_.back().null && function_.strict) ended_ = true;
    }
    if (ended_) return;
    functions::EvalContext context = context_.eval_context(state_memory_);
    state_ = function_.table->open(context, *site_, values_, state_memory_);
  }

  // The next row is at() of chunk(); false at the end.
  bool next() {
    if (ended_) return false;
    if (at_ + 1 < chunk_.count()) {
      ++at_;
      return true;
    }
    return next_chunk();
  }
  bool next_chunk() {
    if (ended_) return false;
    result_memory_.reset();
    chunk_.reset();
    functions::EvalContext context = context_.eval_context(result_memory_);
    function_.table->next(context, state_, chunk_);
    at_ = 0;
    ended_ = chunk_.empty();
    return !ended_;
  }
  Chunk& chunk() { return chunk_; }
  uint32_t at() const { return chunk_.selection()[at_]; }
  bool ended() const { return ended_; }

 private:
  const Function& function_;
  const functions::CallSite* site_;
  functions::CallSite own_site_;
  std::vector<ExpressionEvaluator> args_;
  std::vector<Value> values_;
  ExecutionContext& context_;
  Arena vectors_, state_memory_, result_memory_;
  Chunk chunk_;
  void* state_ = nullptr;
  uint32_t at_ = 0;
  bool ended_ = true;
};

class FunctionScanOperator : public Operator {
 public:
  FunctionScanOperator(const planner::FunctionScanPlan& plan, ExecutionContext& context)
      : Operator(plan, context),
        scan_(plan),
        chunk_(static_cast<uint32_t>(plan.output.size()), *context.build_memory),
        ordinality_(PhysicalType::kInt64, *context.build_memory),
        part_(context.build_memory->make_array<uint16_t>(context.chunk_rows())) {
    if (plan.function->table != nullptr) {
      call_ = std::make_unique<SetCall>(*plan.function, plan.site, plan.args, plan.output[0].type, context,
                                        memory_);
    } else {
      scope_ = std::make_unique<ExprScope>(ExprScope{context, memory_});
      args_ = compile_nodes(plan.args, *scope_);
      scalar_ = std::make_unique<FunctionCall>(*plan.function, plan.site, plan.output[0].physical,
                                               plan.args.size(), *scope_);
      value_ = Vector(plan.output[0].physical, *context.build_memory, context.chunk_rows());
    }
  }

  void open() override {
    memory_.reset();
    ordinal_ = 0;
    at_ = count_ = 0;
    done_ = false;
    if (call_ != nullptr) call_->open(no_input_, 0);
  }

 protected:
  bool produce(Chunk*& out) override { return call_ != nullptr ? produce_set(out) : produce_scalar(out); }

 private:
  bool produce_set(Chunk*& out) {
    if (at_ == count_) {
      context_.check_cancel();
      if (!call_->next_chunk()) return false;
      at_ = 0;
      count_ = call_->chunk().count();
      number_rows();
    }
    // The function yields up to kChunkRows rows; operators above want chunk_rows with small row numbers.
    Chunk& from = call_->chunk();
    uint32_t n = std::min(context_.chunk_rows(), count_ - at_);
    if (n == count_) {
      for (uint32_t c = 0; c < from.column_count(); ++c) chunk_.column(c).reference(from.column(c));
      if (scan_.with_ordinality) chunk_.column(from.column_count()).reference(ordinality_);
      chunk_.set_selection(from.selection());
    } else {
      make_slices();
      for (uint32_t i = 0; i < n; ++i) part_[i] = static_cast<uint16_t>(from.selection()[at_ + i]);
      for (uint32_t c = 0; c < chunk_.column_count(); ++c) {
        const Vector& v = c < from.column_count() ? from.column(c) : ordinality_;
        slices_.column(c).reset();
        vector::gather(v, {part_, n}, slices_.column(c), 0);
        chunk_.column(c).reference(slices_.column(c));
      }
      chunk_.set_dense(n);
    }
    at_ += n;
    out = &chunk_;
    return true;
  }

  void number_rows() {
    if (!scan_.with_ordinality) return;
    for_each_row(call_->chunk().selection(),
                 [&](uint32_t row) { ordinality_.data<int64_t>()[row] = ++ordinal_; });
  }
  void make_slices() {
    if (slices_.column_count() == 0) slices_ = make_chunk(physical_types(scan_.output), context_);
  }

  bool produce_scalar(Chunk*& out) {
    if (done_) return false;
    done_ = true;
    for (size_t i = 0; i < args_.size(); ++i)
      scalar_->set_arg(i, args_[i]->evaluate(no_input_, {nullptr, 1}));
    scalar_->run({nullptr, 1}, value_);
    chunk_.column(0).reference(value_);
    if (scan_.with_ordinality) {
      ordinality_.data<int64_t>()[0] = 1;
      chunk_.column(1).reference(ordinality_);
    }
    chunk_.set_dense(1);
    out = &chunk_;
    return true;
  }

  const planner::FunctionScanPlan& scan_;
  std::unique_ptr<SetCall> call_;
  std::unique_ptr<ExprScope> scope_;
  std::vector<ExprNodePtr> args_;
  std::unique_ptr<FunctionCall> scalar_;
  Vector value_;
  Chunk no_input_;
  Chunk chunk_, slices_;
  Vector ordinality_;
  uint16_t* part_;
  int64_t ordinal_ = 0;
  uint32_t at_ = 0, count_ = 0;
  bool done_ = true;
};

// Each input row yields as many rows as its longest set; shorter sets are filled up with NULLs.
class ProjectSetOperator : public Operator {
 public:
  ProjectSetOperator(const planner::ProjectPlan& plan, ExecutionContext& context)
      : Operator(plan, context), chunk_(make_chunk(physical_types(plan.output), context)) {
    children_.push_back(build_operator(*plan.children[0], context));
    for (const analyzer::Expr* e : plan.exprs) {
      Item item;
      if (e->kind == analyzer::ExprKind::kSetReturning) {
        const auto& s = e->as<analyzer::SetReturningExpr>();
        item.columns = s.function->table->column_types;
        if (item.columns.size() == 1 && item.columns[0] == e->type) item.columns = {};
        if (!item.columns.empty()) {
          item.row_type = e->type;
          item.shape =
              e->type == type_oid::kRecord ? functions::record_shape(s.function->table->column_names) : 0;
        }
        item.set = std::make_unique<SetCall>(*s.function, s.site, s.args, e->type, context, memory_);
      } else {
        item.scalar = std::make_unique<ExpressionEvaluator>(*e, context, memory_);
      }
      items_.push_back(std::move(item));
    }
  }

  void open() override {
    in_ = nullptr;
    running_ = ended_ = false;
    child().open();
  }

 protected:
  bool produce(Chunk*& out) override {
    chunk_.reset();
    out_memory_.reset();
    uint32_t n = 0;
    while (n < context_.chunk_rows()) {
      if (!running_ && !next_input_row()) break;
      bool any = false;
      for (Item& item : items_) {
        if (item.set != nullptr) any |= item.set->next();
      }
      if (!any) {
        running_ = false;
        continue;
      }
      for (uint32_t c = 0; c < items_.size(); ++c) put(items_[c], chunk_.column(c), n);
      ++n;
    }
    chunk_.set_dense(n);
    out = &chunk_;
    return n > 0;
  }

 private:
  struct Item {
    std::unique_ptr<SetCall> set;
    std::span<const Oid> columns;  // of a set of rows; empty: of values
    Oid row_type;
    uint32_t shape = 0;
    std::unique_ptr<ExpressionEvaluator> scalar;
    Vector* values = nullptr;
  };

  bool next_input_row() {
    if (ended_) return false;
    if (in_ == nullptr || ++at_ == in_->count()) {
      context_.check_cancel();
      if (!child().next(in_)) {
        ended_ = true;
        return false;
      }
      memory_.reset();
      at_ = 0;
      for (Item& item : items_) {
        if (item.scalar != nullptr) item.scalar->evaluate(*in_, in_->selection(), item.values);
      }
    }
    for (Item& item : items_) {
      if (item.set != nullptr) item.set->open(*in_, in_->selection()[at_]);
    }
    running_ = true;
    return true;
  }

  void put(Item& item, Vector& to, uint32_t n) {
    if (item.scalar != nullptr) {
      to.set_value(n, types::copy_value(item.values->value(in_->selection()[at_]), out_memory_));
    } else if (item.set->ended()) {
      to.set_null(n);
    } else if (!item.columns.empty()) {
      fields_.clear();
      Chunk& chunk = item.set->chunk();
      for (uint32_t i = 0; i < item.columns.size(); ++i)
        fields_.push_back(chunk.column(i).value(item.set->at()));
      to.set_value(n, Value::of_string(functions::make_record(item.row_type, item.shape, item.columns,
                                                              fields_, out_memory_)));
    } else {
      to.set_value(n, types::copy_value(item.set->chunk().column(0).value(item.set->at()), out_memory_));
    }
  }

  std::vector<Item> items_;
  std::vector<Value> fields_;
  Chunk chunk_;
  Arena out_memory_;
  Chunk* in_ = nullptr;
  uint32_t at_ = 0;
  bool running_ = false;
  bool ended_ = false;  // the input has no more rows
};

}  // namespace

OperatorPtr make_function_scan(const planner::FunctionScanPlan& p, ExecutionContext& c) {
  return std::make_unique<FunctionScanOperator>(p, c);
}
OperatorPtr make_project_set(const planner::ProjectPlan& p, ExecutionContext& c) {
  return std::make_unique<ProjectSetOperator>(p, c);
}

}  // namespace varve::executor
