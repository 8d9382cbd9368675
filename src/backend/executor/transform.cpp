// The step that an extension puts behind grouping (planner/row_transform.h).
#include "operator.h"
#include "planner/row_transform.h"

namespace varve::executor {

namespace {

class TransformOperator : public Operator, private planner::TransformSource {
 public:
  TransformOperator(const planner::TransformPlan& plan, ExecutionContext& context)
      : Operator(plan, context),
        once_(compile_all(plan.once, context, once_memory_)),
        lazy_(compile_all(plan.lazy, context, memory_)),
        out_(make_chunk(physical_types(plan.output), context)) {
    children_.push_back(build_operator(*plan.children[0], context));
  }

  void open() override {
    child().open();
    once_memory_.reset();
    values_.clear();
    for (ExpressionEvaluator& e : once_) values_.push_back(types::copy_value(e.scalar(), once_memory_));
    run_ = plan_.as<planner::TransformPlan>().transform->start(context_.eval_context(once_memory_), values_);
    ended_ = false;
  }
  void close() override {
    run_.reset();
    Operator::close();
  }

 protected:
  bool produce(Chunk*& out) override {
    context_.check_cancel();
    out_.reset();
    uint32_t rows = run_->next(*this, out_, context_.chunk_rows());
    if (rows == 0) return false;
    out_.set_dense(rows);
    out = &out_;
    return true;
  }

 private:
  const Chunk* next() override {
    if (ended_) return nullptr;
    in_ = nullptr;
    if (!child().next(in_)) {
      in_ = nullptr;
      ended_ = true;
    }
    return in_;
  }
  types::Value evaluate(size_t i, uint32_t row, Arena& memory) override {
    auto at = static_cast<uint16_t>(row);
    memory_.reset();
    Vector* v = nullptr;
    lazy_[i].evaluate(*in_, {&at, 1}, v);
    return types::copy_value(v->value(row), memory);
  }

  Arena once_memory_;
  std::vector<ExpressionEvaluator> once_, lazy_;
  std::vector<types::Value> values_;
  std::unique_ptr<planner::TransformRun> run_;
  Chunk out_;
  Chunk* in_ = nullptr;
  bool ended_ = false;
};

}  // namespace

OperatorPtr make_transform(const planner::TransformPlan& p, ExecutionContext& c) {
  return std::make_unique<TransformOperator>(p, c);
}

}  // namespace varve::executor
