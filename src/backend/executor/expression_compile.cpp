#include <numeric>

#include "common/check.h"
#include "common/sql_error.h"
#include "expression_node.h"
#include "functions/registry.h"
#include "operator.h"

namespace varve::executor {

using analyzer::Expr;
using analyzer::ExprKind;
using types::PhysicalType;

namespace {

class ConstNode : public ExprNode {
 public:
  ConstNode(const analyzer::ConstExpr& e, ExprScope& scope)
      : ExprNode(e.value.null ? functions::physical_type_of(e.type) : e.value.type, scope) {
    vector_ = Vector(type(), *scope.context.build_memory, 1);
    vector_.fill_constant(e.value);
    value_ = vector_.value(0);
  }
  Vector* evaluate(const Chunk&, const Selection&) override { return &vector_; }
  bool is_constant() const override { return true; }
  const types::Value& scalar() override { return value_; }

 private:
  Vector vector_;
};

class InputNode : public ExprNode {
 public:
  InputNode(const analyzer::InputExpr& e, ExprScope& scope)
      : ExprNode(functions::physical_type_of(e.type), scope), index_(e.index) {}
  // The caller may read it only: vectors of inputs are not changed by evaluation.
  Vector* evaluate(const Chunk& in, const Selection&) override {
    return const_cast<Vector*>(&in.column(index_));
  }

 private:
  uint32_t index_;
};

class ParamNode : public ExprNode {
 public:
  ParamNode(const analyzer::ParamExpr& e, ExprScope& scope)
      : ExprNode(functions::physical_type_of(e.type), scope), index_(e.index) {
    vector_ = Vector(type(), *scope.context.build_memory, 1);
  }
  Vector* evaluate(const Chunk&, const Selection&) override {
    VARVE_CHECK(index_ < scope_.context.params.size());
    vector_.fill_constant(scope_.context.params[index_]);
    return &vector_;
  }
  const types::Value& scalar() override {
    VARVE_CHECK(index_ < scope_.context.params.size());
    return scope_.context.params[index_];
  }

 private:
  uint32_t index_;
  Vector vector_;
};

class ExecParamNode : public ExprNode {
 public:
  ExecParamNode(const analyzer::ExecParamExpr& e, ExprScope& scope)
      : ExprNode(functions::physical_type_of(e.type), scope), index_(e.index) {
    vector_ = Vector(type(), *scope.context.build_memory, 1);
  }
  Vector* evaluate(const Chunk&, const Selection&) override {
    vector_.fill_constant(scope_.context.exec_params[index_]);
    return &vector_;
  }
  const types::Value& scalar() override { return scope_.context.exec_params[index_]; }

 private:
  uint32_t index_;
  Vector vector_;
};

class CaseInputNode : public ExprNode {
 public:
  using ExprNode::ExprNode;
  Vector* evaluate(const Chunk&, const Selection&) override { return scope_.case_input; }
};

class DomainValueNode : public ExprNode {
 public:
  using ExprNode::ExprNode;
  Vector* evaluate(const Chunk&, const Selection&) override { return scope_.domain_value; }
};

}  // namespace

void ExprNode::make_result() {
  result_ = Vector(type_, *scope_.context.build_memory, scope_.context.chunk_rows());
  made_ = true;
}

uint16_t* ExprNode::scratch() {
  if (scratch_ == nullptr)
    scratch_ = scope_.context.build_memory->make_array<uint16_t>(scope_.context.chunk_rows());
  return scratch_;
}

const types::Value& ExprNode::scalar() {
  static const Chunk kNoColumns;
  value_ = evaluate(kNoColumns, {nullptr, 1})->value(0);
  return value_;
}

uint32_t ExprNode::select(const Chunk& in, const Selection& rows, uint16_t* out) {
  return filter_true(*evaluate(in, rows), rows, out);
}

uint32_t filter_true(const Vector& v, const Selection& rows, uint16_t* out) {
  const uint8_t* data = v.data<uint8_t>();
  uint32_t n = 0;
  if (v.is_constant()) {
    if (rows.count == 0 || v.is_null(0) || data[0] == 0) return 0;
    for_each_row(rows, [&](uint32_t row) { out[n++] = static_cast<uint16_t>(row); });
    return n;
  }
  if (!v.has_nulls()) {
    for_each_row(rows, [&](uint32_t row) {
      out[n] = static_cast<uint16_t>(row);
      n += data[row];
    });
    return n;
  }
  const uint64_t* valid = v.validity();
  for_each_row(rows, [&](uint32_t row) {
    out[n] = static_cast<uint16_t>(row);
    n += static_cast<uint32_t>(data[row] & (valid[row >> 6] >> (row & 63) & 1));
  });
  return n;
}

namespace {

struct Wide {
  uint64_t words[2];
};

template <class T>
void copy_values(const Vector& from, const Selection& rows, Vector& to) {
  const T* source = from.data<T>();
  T* target = to.data<T>();
  if (from.is_constant()) {
    for_each_row(rows, [&](uint32_t row) { target[row] = source[0]; });
  } else {
    for_each_row(rows, [&](uint32_t row) { target[row] = source[row]; });
  }
}

}  // namespace

void copy_rows(const Vector& from, const Selection& rows, Vector& to) {
  switch (types::physical_width(to.type())) {
    case 1:
      copy_values<uint8_t>(from, rows, to);
      break;
    case 2:
      copy_values<uint16_t>(from, rows, to);
      break;
    case 4:
      copy_values<uint32_t>(from, rows, to);
      break;
    case 8:
      copy_values<uint64_t>(from, rows, to);
      break;
    default:
      copy_values<Wide>(from, rows, to);
      break;
  }
  if (!from.has_nulls() && !to.has_nulls()) return;
  for_each_row(rows, [&](uint32_t row) {
    if (from.is_null(row))
      to.set_null(row);
    else
      to.set_valid(row);
  });
}

ExprNodePtr compile_node(const Expr& expr, ExprScope& scope) {
  switch (expr.kind) {
    case ExprKind::kConst:
      return std::make_unique<ConstNode>(expr.as<analyzer::ConstExpr>(), scope);
    case ExprKind::kInput:
      return std::make_unique<InputNode>(expr.as<analyzer::InputExpr>(), scope);
    case ExprKind::kParam:
      return std::make_unique<ParamNode>(expr.as<analyzer::ParamExpr>(), scope);
    case ExprKind::kExecParam:
      return std::make_unique<ExecParamNode>(expr.as<analyzer::ExecParamExpr>(), scope);
    case ExprKind::kCaseInput:
      return std::make_unique<CaseInputNode>(functions::physical_type_of(expr.type), scope);
    case ExprKind::kDomainValue:
      return std::make_unique<DomainValueNode>(functions::physical_type_of(expr.type), scope);
    case ExprKind::kRelabel:
      return compile_node(*expr.as<analyzer::CastExpr>().arg, scope);
    case ExprKind::kFunction:
      return compile_function(expr.as<analyzer::FunctionExpr>(), scope);
    case ExprKind::kAnd:
    case ExprKind::kOr:
    case ExprKind::kNot:
    case ExprKind::kNullTest:
    case ExprKind::kBooleanTest:
    case ExprKind::kDistinct:
    case ExprKind::kNullIf:
      return compile_logic(expr, scope);
    case ExprKind::kCase:
    case ExprKind::kCoalesce:
    case ExprKind::kMinMax:
      return compile_conditional(expr, scope);
    case ExprKind::kInList:
    case ExprKind::kArrayOp:
    case ExprKind::kRow:
    case ExprKind::kArray:
    case ExprKind::kArrayCoerce:
      return compile_list(expr, scope);
    case ExprKind::kCoerceViaIo:
      return compile_via_io(expr.as<analyzer::CastExpr>(), scope);
    case ExprKind::kSubplan:
      return compile_subplan(expr.as<analyzer::SubplanExpr>(), scope);
    default:
      break;
  }
  throw SqlError(sqlstate::kInternalError, "expression is not executable");
}

std::vector<ExprNodePtr> compile_nodes(analyzer::ExprList exprs, ExprScope& scope) {
  std::vector<ExprNodePtr> nodes;
  nodes.reserve(exprs.size());
  for (Expr* e : exprs) nodes.push_back(compile_node(*e, scope));
  return nodes;
}

// The scope must stay where it is while nodes refer to it.
class RootNode : public ExprNode {
 public:
  RootNode(const Expr& expr, ExecutionContext& context, Arena& memory)
      : ExprNode(functions::physical_type_of(expr.type), own_),
        own_{context, memory},
        child_(compile_node(expr, own_)) {}
  Vector* evaluate(const Chunk& in, const Selection& rows) override { return child_->evaluate(in, rows); }
  uint32_t select(const Chunk& in, const Selection& rows, uint16_t* out) override {
    return child_->select(in, rows, out);
  }
  bool is_constant() const override { return child_->is_constant(); }
  const types::Value& scalar() override { return child_->scalar(); }

 private:
  ExprScope own_;
  ExprNodePtr child_;
};

ExpressionEvaluator::ExpressionEvaluator(const Expr& expr, ExecutionContext& context, Arena& memory)
    : root_(std::make_unique<RootNode>(expr, context, memory)) {}
ExpressionEvaluator::~ExpressionEvaluator() = default;
ExpressionEvaluator::ExpressionEvaluator(ExpressionEvaluator&&) noexcept = default;
ExpressionEvaluator& ExpressionEvaluator::operator=(ExpressionEvaluator&&) noexcept = default;

void ExpressionEvaluator::evaluate(const Chunk& input, const Selection& rows, Vector*& result) {
  result = root_->evaluate(input, rows);
}
uint32_t ExpressionEvaluator::select(const Chunk& input, const Selection& rows, uint16_t* out) {
  return root_->select(input, rows, out);
}
const types::Value& ExpressionEvaluator::scalar() { return root_->scalar(); }
bool ExpressionEvaluator::is_constant() const { return root_->is_constant(); }

std::vector<ExpressionEvaluator> compile_all(analyzer::ExprList exprs, ExecutionContext& context,
                                             Arena& memory) {
  std::vector<ExpressionEvaluator> out;
  out.reserve(exprs.size());
  for (Expr* e : exprs) out.emplace_back(*e, context, memory);
  return out;
}

}  // namespace varve::executor
