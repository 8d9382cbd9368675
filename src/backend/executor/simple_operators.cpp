// Result, Values, Filter, Project, Append: no state beyond the current chunk.
#include "group_filter.h"
#include "operator.h"
#include "scan_filter.h"

namespace varve::executor {

using planner::Plan;

namespace {

class ResultOperator : public Operator {
 public:
  ResultOperator(const planner::ResultPlan& plan, ExecutionContext& context)
      : Operator(plan, context),
        exprs_(compile_all(plan.exprs, context, memory_)),
        chunk_(static_cast<uint32_t>(plan.output.size()), *context.build_memory) {
    if (plan.condition != nullptr) condition_.emplace_back(*plan.condition, context, memory_);
    if (!plan.children.empty()) children_.push_back(build_operator(*plan.children[0], context));
  }

  void expect_rows(uint64_t rows) override {
    if (!children_.empty()) child().expect_rows(rows);
  }
  void open() override {
    done_ = false;
    opened_ = false;
  }

 protected:
  bool produce(Chunk*& out) override {
    if (done_) return false;
    if (!opened_) {
      opened_ = true;
      memory_.reset();
      uint16_t row = 0;
      if (!condition_.empty() && condition_[0].select(input_, {nullptr, 1}, &row) == 0) {
        done_ = true;
        return false;
      }
      if (!children_.empty()) child().open();
    }
    if (!children_.empty()) return child().next(out);
    done_ = true;
    for (uint32_t i = 0; i < exprs_.size(); ++i) {
      Vector* v = nullptr;
      exprs_[i].evaluate(input_, {nullptr, 1}, v);
      chunk_.column(i).reference(*v);
    }
    chunk_.set_dense(1);
    out = &chunk_;
    return true;
  }

 private:
  std::vector<ExpressionEvaluator> exprs_, condition_;
  Chunk chunk_;
  Chunk input_;
  bool done_ = true, opened_ = false;
};

class ValuesOperator : public Operator {
 public:
  ValuesOperator(const planner::ValuesPlan& plan, ExecutionContext& context)
      : Operator(plan, context), chunk_(make_chunk(physical_types(plan.output), context)) {
    for (const planner::ExprList& row : plan.rows_exprs) rows_.push_back(compile_all(row, context, memory_));
  }

  void open() override { at_ = 0; }

 protected:
  bool produce(Chunk*& out) override {
    if (at_ == rows_.size()) return false;
    memory_.reset();
    chunk_.reset();
    uint32_t n = 0;
    for (; n < context_.chunk_rows() && at_ < rows_.size(); ++n, ++at_) {
      for (uint32_t c = 0; c < rows_[at_].size(); ++c) chunk_.column(c).set_value(n, rows_[at_][c].scalar());
    }
    chunk_.set_dense(n);
    out = &chunk_;
    return true;
  }

 private:
  std::vector<std::vector<ExpressionEvaluator>> rows_;
  Chunk chunk_;
  size_t at_ = 0;
};

class FilterOperator : public Operator {
 public:
  FilterOperator(const planner::FilterPlan& plan, ExecutionContext& context)
      : Operator(plan, context),
        condition_(*plan.condition, context, memory_),
        rows_(context.build_memory->make_array<uint16_t>(context.chunk_rows())) {
    children_.push_back(build_operator(*plan.children[0], context));
    groups_ = dynamic_cast<FilterableGroups*>(children_[0].get());
    if (groups_ != nullptr) groups_->keep_groups(plan);
  }
  void expect_rows(uint64_t rows) override { child().expect_rows(rows); }
  void open() override { child().open(); }

 protected:
  bool produce(Chunk*& out) override {
    while (child().next(out)) {
      memory_.reset();
      context_.check_cancel();
      uint32_t n = condition_.select(*out, out->selection(), rows_);
      if (counters() != nullptr) counters()->rows_removed += out->count() - n;
      if (n == 0) continue;
      if (n < out->count()) out->set_selection({rows_, n});
      return true;
    }
    if (groups_ != nullptr && counters() != nullptr) counters()->rows_removed += groups_->take_dropped();
    return false;
  }

 private:
  ExpressionEvaluator condition_;
  FilterableGroups* groups_ = nullptr;  // the child, if it is an aggregate
  uint16_t* rows_;
};

class ProjectOperator : public Operator, public ScanProjection {
 public:
  ProjectOperator(const planner::ProjectPlan& plan, ExecutionContext& context)
      : Operator(plan, context),
        project_(plan),
        exprs_(compile_all(plan.exprs, context, memory_)),
        chunk_(static_cast<uint32_t>(plan.output.size()), *context.build_memory) {
    children_.push_back(build_operator(*plan.children[0], context));
  }
  void expect_rows(uint64_t rows) override { child().expect_rows(rows); }
  void open() override { child().open(); }

  FilterableScan* scan() override { return dynamic_cast<FilterableScan*>(children_[0].get()); }
  std::optional<uint32_t> column_of_scan(uint32_t column) const override {
    if (column >= project_.exprs.size()) return std::nullopt;
    const analyzer::Expr& e = *project_.exprs[column];
    if (e.kind != analyzer::ExprKind::kInput) return std::nullopt;
    return e.as<analyzer::InputExpr>().index;
  }

 protected:
  bool produce(Chunk*& out) override {
    Chunk* in = nullptr;
    if (!child().next(in)) return false;
    memory_.reset();
    for (uint32_t i = 0; i < exprs_.size(); ++i) {
      Vector* v = nullptr;
      exprs_[i].evaluate(*in, in->selection(), v);
      chunk_.column(i).reference(*v);
    }
    chunk_.set_selection(in->selection());
    out = &chunk_;
    return true;
  }

 private:
  const planner::ProjectPlan& project_;
  std::vector<ExpressionEvaluator> exprs_;
  Chunk chunk_;
};

class AppendOperator : public Operator {
 public:
  AppendOperator(const Plan& plan, ExecutionContext& context) : Operator(plan, context) {
    for (const Plan* c : plan.children) children_.push_back(build_operator(*c, context));
  }
  void expect_rows(uint64_t rows) override {
    for (auto& c : children_) c->expect_rows(rows);
  }
  void open() override {
    at_ = 0;
    opened_ = false;
  }

 protected:
  bool produce(Chunk*& out) override {
    for (; at_ < children_.size(); ++at_, opened_ = false) {
      if (!opened_) child(at_).open();
      opened_ = true;
      if (child(at_).next(out)) return true;
      child(at_).close();
    }
    return false;
  }

 private:
  size_t at_ = 0;
  bool opened_ = false;
};

}  // namespace

OperatorPtr make_result(const planner::ResultPlan& p, ExecutionContext& c) {
  return std::make_unique<ResultOperator>(p, c);
}
OperatorPtr make_values(const planner::ValuesPlan& p, ExecutionContext& c) {
  return std::make_unique<ValuesOperator>(p, c);
}
OperatorPtr make_filter(const planner::FilterPlan& p, ExecutionContext& c) {
  return std::make_unique<FilterOperator>(p, c);
}
OperatorPtr make_project(const planner::ProjectPlan& p, ExecutionContext& c) {
  return std::make_unique<ProjectOperator>(p, c);
}
OperatorPtr make_append(const Plan& p, ExecutionContext& c) { return std::make_unique<AppendOperator>(p, c); }

}  // namespace varve::executor
