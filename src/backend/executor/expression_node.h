// The nodes of a compiled expression.
#pragma once

#include <memory>
#include <vector>

#include "analyzer/expression.h"
#include "executor/execution_context.h"
#include "executor/expression_program.h"

namespace varve::executor {

// What compilation and evaluation of one expression share.
struct ExprScope {
  ExecutionContext& context;
  Arena& memory;                   // results' long values
  Vector* case_input = nullptr;    // what kCaseInput stands for, while conditions are evaluated
  Vector* domain_value = nullptr;  // what kDomainValue stands for, likewise
};

class ExprNode {
 public:
  ExprNode(types::PhysicalType type, ExprScope& scope)
      : scope_(scope), value_(types::Value::null_of(type)), type_(type) {}
  virtual ~ExprNode() = default;

  // As ExpressionEvaluator::evaluate. Rows outside `rows` hold nothing meaningful.
  virtual Vector* evaluate(const Chunk& in, const Selection& rows) = 0;
  // As ExpressionEvaluator::select. The default filters the value.
  virtual uint32_t select(const Chunk& in, const Selection& rows, uint16_t* out);
  virtual bool is_constant() const { return false; }
  // The value of an expression without input columns, as ExpressionEvaluator::scalar; it is the node's own or
  // a param, so that no 24 bytes are copied that were written a moment ago in pieces, which stalls. The
  // default makes vectors of one row; nodes of which statements in a loop are made do without.
  virtual const types::Value& scalar();

  types::PhysicalType type() const { return type_; }

 protected:
  // The node's own vector, made at first use (select() alone needs none).
  Vector& result() {
    if (!made_) make_result();
    return result_;
  }
  uint16_t* scratch();  // room for kChunkRows row numbers

  ExprScope& scope_;
  types::Value value_;  // the node's own, for scalar()

 private:
  void make_result();
  types::PhysicalType type_;
  bool made_ = false;
  Vector result_;
  uint16_t* scratch_ = nullptr;
};

using ExprNodePtr = std::unique_ptr<ExprNode>;

ExprNodePtr compile_node(const analyzer::Expr& expr, ExprScope& scope);
std::vector<ExprNodePtr> compile_nodes(analyzer::ExprList exprs, ExprScope& scope);

// Rows of `rows` whose value in the boolean vector is true.
uint32_t filter_true(const Vector& v, const Selection& rows, uint16_t* out);
// to[row] = from[row] for the rows.
void copy_rows(const Vector& from, const Selection& rows, Vector& to);

// Factories by family.
ExprNodePtr compile_function(const analyzer::FunctionExpr&, ExprScope&);
ExprNodePtr compile_logic(const analyzer::Expr&, ExprScope&);        // AND OR NOT, tests, DISTINCT, NULLIF
ExprNodePtr compile_conditional(const analyzer::Expr&, ExprScope&);  // CASE, COALESCE, GREATEST/LEAST
ExprNodePtr compile_list(const analyzer::Expr&, ExprScope&);  // IN lists, op ANY/ALL (array), ARRAY[], ROW()
ExprNodePtr compile_via_io(const analyzer::CastExpr&, ExprScope&);
ExprNodePtr compile_subplan(const analyzer::SubplanExpr&, ExprScope&);

// A call of a binary (or any) scalar function on vectors at hand, with strictness taken care of.
class FunctionCall {
 public:
  FunctionCall(const functions::Function& function, const functions::CallSite* site,
               types::PhysicalType result, size_t arg_count, ExprScope& scope);
  void set_arg(size_t i, const Vector* v) { args_[i] = v; }
  const functions::CallSite& site() const { return *site_; }
  // Into `result` (flat, or constant when all arguments are and the function is not volatile).
  void run(const Selection& rows, Vector& result);

 private:
  const functions::Function& function_;
  const functions::CallSite* site_;
  functions::CallSite own_site_;
  std::vector<const Vector*> args_;
  ExprScope& scope_;
  uint16_t* not_null_ = nullptr;
};

}  // namespace varve::executor
