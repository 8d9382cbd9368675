// Calls of scalar functions, and the comparisons that filters run without making a boolean vector.
#include "common/check.h"
#include "common/sql_error.h"
#include "function_node.h"
#include "functions/registry.h"
#include "functions/scalar_function.h"

namespace varve::executor {

using types::PhysicalType;
using types::StringRef;

FunctionCall::FunctionCall(const functions::Function& function, const functions::CallSite* site,
                           PhysicalType result, size_t arg_count, ExprScope& scope)
    : function_(function), site_(site), args_(arg_count), scope_(scope) {
  static_cast<void>(result);
  if (function.kernel == nullptr) throw_not_supported("function " + std::string(function.name));
  own_site_.arg_types = function.args;
  own_site_.result_type = function.result;
  if (site_ == nullptr) site_ = &own_site_;
  if (function.strict && arg_count > 0) {
    not_null_ = scope.context.build_memory->make_array<uint16_t>(scope.context.chunk_rows());
  }
}

void FunctionCall::run(const Selection& rows, Vector& result) {
  result.reset();
  bool all_constant = function_.volatility != functions::Volatility::kVolatile;
  bool nulls = false;
  for (const Vector* v : args_) {
    all_constant &= v->is_constant();
    nulls |= v->has_nulls();
  }
  Selection run = all_constant ? Selection{nullptr, 1} : rows;
  if (function_.strict && nulls) {
    uint32_t n = 0;
    for_each_row(run, [&](uint32_t row) {
      bool null = false;
      for (const Vector* v : args_) null |= v->is_null(row);
      if (null) {
        result.set_null(row);
      } else {
        not_null_[n++] = static_cast<uint16_t>(row);
      }
    });
    if (n < run.count) run = {not_null_, n};
  }
  if (run.count > 0) {
    functions::EvalContext context = scope_.context.eval_context(scope_.memory);
    functions::KernelCall call{args_, run, result, context, *site_};
    function_.kernel(call);
  }
  if (all_constant) result.set_constant(true);
}

namespace {

// A cast to a domain of what may not be evaluated twice.
class DomainCheckNode : public FunctionNode {
 public:
  using FunctionNode::FunctionNode;

  Vector* evaluate(const Chunk& in, const Selection& rows) override {
    Vector* value = args_[0]->evaluate(in, rows);
    call_.set_arg(0, value);
    Vector* outer = std::exchange(scope_.domain_value, value);
    for (size_t i = 1; i < args_.size(); ++i) call_.set_arg(i, args_[i]->evaluate(in, rows));
    scope_.domain_value = outer;
    call_.run(rows, result());
    return &result();
  }
};

// Null: not one of those, or texts that are equal in more ways than one.
const Comparison* comparison_of(const analyzer::FunctionExpr& e) {
  const Comparison* c = e.args.size() == 2 ? find_comparison(*e.function) : nullptr;
  if (c == nullptr || c->left != Domain::kText) return c;
  bool deterministic =
      e.site == nullptr || e.site->collation == nullptr || e.site->collation->deterministic();
  return deterministic ? c : nullptr;
}

template <Op op, class L, class R>
uint32_t select_compare(const Vector& left, const Vector& right, const Selection& rows, uint16_t* out) {
  uint32_t n = 0;
  const L* a = left.data<L>();
  const R* b = right.data<R>();
  if ((left.is_constant() && left.is_null(0)) || (right.is_constant() && right.is_null(0))) return 0;
  auto loop = [&](auto&& test) {
    if (!left.has_nulls() && !right.has_nulls()) {
      for_each_row(rows, [&](uint32_t row) {
        out[n] = static_cast<uint16_t>(row);
        n += static_cast<uint32_t>(test(row));
      });
    } else {
      for_each_row(rows, [&](uint32_t row) {
        bool valid = !left.is_null(row) && !right.is_null(row);
        out[n] = static_cast<uint16_t>(row);
        n += static_cast<uint32_t>(valid && test(row));
      });
    }
  };
  if (right.is_constant() && left.is_constant()) {
    loop([&](uint32_t) { return holds<op>(a[0], b[0]); });
  } else if (right.is_constant()) {
    const R constant = b[0];
    loop([&](uint32_t row) { return holds<op>(a[row], constant); });
  } else if (left.is_constant()) {
    const L constant = a[0];
    loop([&](uint32_t row) { return holds<op>(constant, b[row]); });
  } else {
    loop([&](uint32_t row) { return holds<op>(a[row], b[row]); });
  }
  return n;
}

using SelectFunction = uint32_t (*)(const Vector&, const Vector&, const Selection&, uint16_t*);

SelectFunction select_function(const Comparison& comparison) {
  return instance_for(comparison,
                      []<Op op, class L, class R>() -> SelectFunction { return select_compare<op, L, R>; });
}

// As values through its kernel; as a filter through one loop.
class CompareNode : public FunctionNode {
 public:
  CompareNode(const analyzer::FunctionExpr& e, const Comparison& c, ExprScope& scope)
      : FunctionNode(e, scope), select_(select_function(c)) {}
  uint32_t select(const Chunk& in, const Selection& rows, uint16_t* out) override {
    Vector* left = args_[0]->evaluate(in, rows);
    Vector* right = args_[1]->evaluate(in, rows);
    return select_(*left, *right, rows, out);
  }

 private:
  SelectFunction select_;
};

// The text form of one type read as another.
class ViaIoNode : public ExprNode {
 public:
  ViaIoNode(const analyzer::CastExpr& e, ExprScope& scope)
      : ExprNode(functions::physical_type_of(e.type), scope), cast_(e), arg_(compile_node(*e.arg, scope)) {}

  Vector* evaluate(const Chunk& in, const Selection& rows) override {
    Vector* arg = arg_->evaluate(in, rows);
    Vector& out = result();
    out.reset();
    functions::EvalContext context = scope_.context.eval_context(scope_.memory);
    Selection run = arg->is_constant() ? Selection{nullptr, 1} : rows;
    for_each_row(run, [&](uint32_t row) {
      if (arg->is_null(row)) {
        out.set_null(row);
        return;
      }
      text_.clear();
      functions::append_text(cast_.arg->type, *arg, row, text_, context);
      std::string_view text = scope_.memory.copy(text_);
      out.set_value(row, functions::parse_value(cast_.type, cast_.typmod, text, context));
    });
    out.set_constant(arg->is_constant());
    return &out;
  }

 private:
  const analyzer::CastExpr& cast_;
  ExprNodePtr arg_;
  std::string text_;
};

}  // namespace

ExprNodePtr compile_function(const analyzer::FunctionExpr& e, ExprScope& scope) {
  if (const Comparison* c = comparison_of(e)) return std::make_unique<CompareNode>(e, *c, scope);
  if (e.form == 'd') return std::make_unique<DomainCheckNode>(e, scope);
  return std::make_unique<FunctionNode>(e, scope);
}

ExprNodePtr compile_via_io(const analyzer::CastExpr& e, ExprScope& scope) {
  return std::make_unique<ViaIoNode>(e, scope);
}

}  // namespace varve::executor
