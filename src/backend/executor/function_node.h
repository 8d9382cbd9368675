// Calls of scalar functions. Private to the module's expressions.
#pragma once

#include <array>
#include <memory>

#include "expression_node.h"
#include "functions/registry.h"
#include "functions/scalar_function.h"
#include "machine_operators.h"

namespace varve::executor {

class FunctionNode : public ExprNode {
 public:
  FunctionNode(const analyzer::FunctionExpr& e, ExprScope& scope)
      : ExprNode(functions::physical_type_of(e.type), scope),
        args_(compile_nodes(e.args, scope)),
        call_(*e.function, e.site, type(), e.args.size(), scope),
        one_(functions::scalar_function(*e.function)),
        operator_(one_ != nullptr && e.args.size() == 2 ? find_scalar_operator(*e.function) : nullptr),
        strict_(e.function->strict) {}

  Vector* evaluate(const Chunk& in, const Selection& rows) override {
    for (size_t i = 0; i < args_.size(); ++i) call_.set_arg(i, args_[i]->evaluate(in, rows));
    call_.run(rows, result());
    return &result();
  }

  const types::Value& scalar() override {
    std::array<const types::Value*, kMaxScalarArgs> args;
    if (operator_ != nullptr) {
      args[0] = &args_[0]->scalar();
      args[1] = &args_[1]->scalar();
      value_.null = args[0]->null || args[1]->null;
      if (value_.null || operator_(*args[0], *args[1], value_)) return value_;
      return call_one(args);
    }
    if (one_ == nullptr || args_.size() > kMaxScalarArgs) return ExprNode::scalar();
    for (size_t i = 0; i < args_.size(); ++i) {
      args[i] = &args_[i]->scalar();
      if (strict_ && args[i]->null) {
        value_.null = true;
        return value_;
      }
    }
    if (value_.null) value_.null = false;
    return call_one(args);
  }

 protected:
  std::vector<ExprNodePtr> args_;
  FunctionCall call_;

 private:
  static constexpr size_t kMaxScalarArgs = 4;

  const types::Value& call_one(std::span<const types::Value* const> args) {
    functions::EvalContext context = scope_.context.eval_context(scope_.memory);
    functions::ScalarCall call{args.data(), value_, context, call_.site()};
    one_(call);
    return value_;
  }

  functions::ScalarFunction one_;
  ScalarOperator operator_;  // null: none of machine numbers
  bool strict_;
};

}  // namespace varve::executor
