// Three-valued logic and the tests that look at NULL.
#include "common/sql_error.h"
#include "expression_node.h"

namespace varve::executor {

using analyzer::BooleanTest;
using analyzer::ExprKind;
using types::PhysicalType;

namespace {

// A set of rows of one chunk.
struct RowMarks {
  uint64_t words[vector::kValidityWords] = {};
  void set(uint32_t row) { words[row >> 6] |= 1ULL << (row & 63); }
  bool has(uint32_t row) const { return (words[row >> 6] >> (row & 63) & 1) != 0; }
};

class JunctionNode : public ExprNode {
 public:
  JunctionNode(const analyzer::BoolExpr& e, bool conjunction, ExprScope& scope)
      : ExprNode(PhysicalType::kBool, scope),
        args_(compile_nodes(e.args, scope)),
        conjunction_(conjunction) {}

  // An argument is evaluated for the rows that those before it have not decided.
  Vector* evaluate(const Chunk& in, const Selection& rows) override {
    Vector& out = result();
    out.reset();
    uint8_t deciding = conjunction_ ? 0 : 1;
    uint8_t* data = out.data<uint8_t>();
    for_each_row(rows, [&](uint32_t row) { data[row] = static_cast<uint8_t>(1 - deciding); });
    Selection open = rows;
    for (const ExprNodePtr& arg : args_) {
      Vector* v = arg->evaluate(in, open);
      uint16_t* still = scratch();
      uint32_t n = 0;
      for_each_row(open, [&](uint32_t row) {
        if (v->is_null(row)) {
          out.set_null(row);
        } else if (v->at<uint8_t>(row) == deciding) {
          data[row] = deciding;
          out.set_valid(row);
          return;
        }
        still[n++] = static_cast<uint16_t>(row);
      });
      open = {still, n};
      if (n == 0) break;
    }
    return &out;
  }

  uint32_t select(const Chunk& in, const Selection& rows, uint16_t* out) override {
    return conjunction_ ? select_and(in, rows, out) : select_or(in, rows, out);
  }

  const types::Value& scalar() override {
    bool null = false, decided = false;
    for (size_t i = 0; i < args_.size() && !decided; ++i) {
      const types::Value& v = args_[i]->scalar();
      null |= v.null;
      decided = !v.null && (v.boolean != 0) != conjunction_;
    }
    value_.null = null && !decided;
    value_.words[0] = conjunction_ != decided;
    return value_;
  }

 private:
  uint32_t select_and(const Chunk& in, const Selection& rows, uint16_t* out) {
    Selection open = rows;
    for (const ExprNodePtr& arg : args_) {
      uint32_t n = arg->select(in, open, out);
      open = {out, n};
      if (n == 0) break;
    }
    return open.count;
  }

  uint32_t select_or(const Chunk& in, const Selection& rows, uint16_t* out) {
    if (chosen_ == nullptr)
      chosen_ = scope_.context.build_memory->make_array<uint16_t>(scope_.context.chunk_rows());
    RowMarks marks;
    uint16_t* rest = scratch();
    Selection open = rows;
    for (const ExprNodePtr& arg : args_) {
      uint32_t n = arg->select(in, open, chosen_);
      for (uint32_t i = 0; i < n; ++i) marks.set(chosen_[i]);
      uint32_t left = 0;
      for_each_row(open, [&](uint32_t row) {
        if (!marks.has(row)) rest[left++] = static_cast<uint16_t>(row);
      });
      open = {rest, left};
      if (left == 0) break;
    }
    uint32_t n = 0;
    for_each_row(rows, [&](uint32_t row) {
      if (marks.has(row)) out[n++] = static_cast<uint16_t>(row);
    });
    return n;
  }

  std::vector<ExprNodePtr> args_;
  bool conjunction_;
  uint16_t* chosen_ = nullptr;
};

// One boolean a row, computed from one argument; constant when the argument is.
template <class F>
class UnaryNode : public ExprNode {
 public:
  UnaryNode(const analyzer::Expr& arg, F f, ExprScope& scope)
      : ExprNode(PhysicalType::kBool, scope), arg_(compile_node(arg, scope)), f_(f) {}
  Vector* evaluate(const Chunk& in, const Selection& rows) override {
    Vector* v = arg_->evaluate(in, rows);
    Vector& out = result();
    out.reset();
    Selection run = v->is_constant() ? Selection{nullptr, 1} : rows;
    for_each_row(run, [&](uint32_t row) { f_(*v, row, out); });
    out.set_constant(v->is_constant());
    return &out;
  }
  const types::Value& scalar() override {
    if (!made_) one_ = Vector(arg_->type(), *scope_.context.build_memory, 1);
    made_ = true;
    one_.fill_constant(arg_->scalar());
    Vector& out = result();
    out.reset();
    f_(one_, 0, out);
    value_ = out.value(0);
    return value_;
  }

 private:
  ExprNodePtr arg_;
  Vector one_;  // the only value, for scalar()
  bool made_ = false;
  F f_;
};

template <class F>
ExprNodePtr make_unary(const analyzer::Expr& arg, F f, ExprScope& scope) {
  return std::make_unique<UnaryNode<F>>(arg, f, scope);
}

ExprNodePtr make_not(const analyzer::BoolExpr& e, ExprScope& scope) {
  return make_unary(
      *e.args[0],
      [](const Vector& v, uint32_t row, Vector& out) {
        if (v.is_null(row))
          out.set_null(row);
        else
          out.data<uint8_t>()[row] = static_cast<uint8_t>(v.at<uint8_t>(row) == 0);
      },
      scope);
}

// Of a composite value (ROW(...)): IS NULL when all fields are, IS NOT NULL when none is.
class RowNullTestNode : public ExprNode {
 public:
  RowNullTestNode(const analyzer::ListExpr& row, bool is_not_null, ExprScope& scope)
      : ExprNode(PhysicalType::kBool, scope),
        fields_(compile_nodes(row.args, scope)),
        is_not_null_(is_not_null) {}
  Vector* evaluate(const Chunk& in, const Selection& rows) override {
    Vector& out = result();
    out.reset();
    for_each_row(rows, [&](uint32_t row) { out.data<uint8_t>()[row] = 1; });
    for (const ExprNodePtr& field : fields_) {
      Vector* v = field->evaluate(in, rows);
      for_each_row(rows, [&](uint32_t row) {
        if (v->is_null(row) == is_not_null_) out.data<uint8_t>()[row] = 0;
      });
    }
    return &out;
  }

 private:
  std::vector<ExprNodePtr> fields_;
  bool is_not_null_;
};

ExprNodePtr make_null_test(const analyzer::NullTestExpr& e, ExprScope& scope) {
  if (e.arg->kind == ExprKind::kRow)
    return std::make_unique<RowNullTestNode>(e.arg->as<analyzer::ListExpr>(), e.is_not_null, scope);
  bool is_not_null = e.is_not_null;
  return make_unary(
      *e.arg,
      [is_not_null](const Vector& v, uint32_t row, Vector& out) {
        out.data<uint8_t>()[row] = static_cast<uint8_t>(v.is_null(row) != is_not_null);
      },
      scope);
}

ExprNodePtr make_boolean_test(const analyzer::BooleanTestExpr& e, ExprScope& scope) {
  BooleanTest test = e.test;
  return make_unary(
      *e.arg,
      [test](const Vector& v, uint32_t row, Vector& out) {
        bool null = v.is_null(row);
        bool value = !null && v.at<uint8_t>(row) != 0;
        bool answer = false;
        switch (test) {
          case BooleanTest::kTrue:
            answer = value;
            break;
          case BooleanTest::kNotTrue:
            answer = !value;
            break;
          case BooleanTest::kFalse:
            answer = !null && !value;
            break;
          case BooleanTest::kNotFalse:
            answer = null || value;
            break;
          case BooleanTest::kUnknown:
            answer = null;
            break;
          case BooleanTest::kNotUnknown:
            answer = !null;
            break;
        }
        out.data<uint8_t>()[row] = static_cast<uint8_t>(answer);
      },
      scope);
}

// left IS [NOT] DISTINCT FROM right, and NULLIF(left, right).
class EqualityNode : public ExprNode {
 public:
  EqualityNode(const analyzer::EqualityExpr& e, ExprScope& scope)
      : ExprNode(e.kind == ExprKind::kDistinct ? PhysicalType::kBool : functions::physical_type_of(e.type),
                 scope),
        left_(compile_node(*e.left, scope)),
        right_(compile_node(*e.right, scope)),
        equal_(*e.equal, e.site, PhysicalType::kBool, 2, scope),
        equals_(PhysicalType::kBool, *scope.context.build_memory, scope.context.chunk_rows()),
        null_if_(e.kind == ExprKind::kNullIf),
        negated_(e.negated) {}

  Vector* evaluate(const Chunk& in, const Selection& rows) override {
    Vector* left = left_->evaluate(in, rows);
    Vector* right = right_->evaluate(in, rows);
    equal_.set_arg(0, left);
    equal_.set_arg(1, right);
    equal_.run(rows, equals_);
    Vector& out = result();
    out.reset();
    if (null_if_) {
      copy_rows(*left, rows, out);
      for_each_row(rows, [&](uint32_t row) {
        if (!equals_.is_null(row) && equals_.at<uint8_t>(row) != 0) out.set_null(row);
      });
      return &out;
    }
    for_each_row(rows, [&](uint32_t row) {
      bool a = left->is_null(row), b = right->is_null(row);
      bool distinct = a || b ? a != b : equals_.at<uint8_t>(row) == 0;
      out.data<uint8_t>()[row] = static_cast<uint8_t>(distinct != negated_);
    });
    return &out;
  }

 private:
  ExprNodePtr left_, right_;
  FunctionCall equal_;
  Vector equals_;
  bool null_if_, negated_;
};

}  // namespace

ExprNodePtr compile_logic(const analyzer::Expr& e, ExprScope& scope) {
  switch (e.kind) {
    case ExprKind::kAnd:
    case ExprKind::kOr:
      return std::make_unique<JunctionNode>(e.as<analyzer::BoolExpr>(), e.kind == ExprKind::kAnd, scope);
    case ExprKind::kNot:
      return make_not(e.as<analyzer::BoolExpr>(), scope);
    case ExprKind::kNullTest:
      return make_null_test(e.as<analyzer::NullTestExpr>(), scope);
    case ExprKind::kBooleanTest:
      return make_boolean_test(e.as<analyzer::BooleanTestExpr>(), scope);
    default:
      return std::make_unique<EqualityNode>(e.as<analyzer::EqualityExpr>(), scope);
  }
}

}  // namespace varve::executor
