// CASE, COALESCE, GREATEST and LEAST. A branch is evaluated only for the rows that take it: errors of the
// others must not happen.
#include "expression_node.h"
#include "key_ops.h"

namespace varve::executor {

using analyzer::ExprKind;

namespace {

class CaseNode : public ExprNode {
 public:
  CaseNode(const analyzer::CaseExpr& e, ExprScope& scope)
      : ExprNode(functions::physical_type_of(e.type), scope) {
    if (e.arg != nullptr) arg_ = compile_node(*e.arg, scope);
    conditions_ = compile_nodes(e.conditions, scope);
    results_ = compile_nodes(e.results, scope);
    otherwise_ = compile_node(*e.otherwise, scope);
    chosen_ = scope.context.build_memory->make_array<uint16_t>(scope.context.chunk_rows());
  }

  Vector* evaluate(const Chunk& in, const Selection& rows) override {
    Vector* outer_input = scope_.case_input;
    Vector* arg = arg_ != nullptr ? arg_->evaluate(in, rows) : nullptr;
    Vector& out = result();
    out.reset();
    uint16_t* rest = scratch();
    Selection open = rows;
    for (size_t i = 0; i < conditions_.size() && open.count > 0; ++i) {
      if (arg != nullptr) scope_.case_input = arg;
      uint32_t n = conditions_[i]->select(in, open, chosen_);
      scope_.case_input = outer_input;
      if (n == 0) continue;
      copy_rows(*results_[i]->evaluate(in, {chosen_, n}), {chosen_, n}, out);
      uint32_t left = 0, at = 0;
      for_each_row(open, [&](uint32_t row) {
        if (at < n && chosen_[at] == row)
          ++at;
        else
          rest[left++] = static_cast<uint16_t>(row);
      });
      open = {rest, left};
    }
    if (open.count > 0) copy_rows(*otherwise_->evaluate(in, open), open, out);
    return &out;
  }

  const types::Value& scalar() override {
    if (arg_ != nullptr) return ExprNode::scalar();
    for (size_t i = 0; i < conditions_.size(); ++i) {
      const types::Value& holds = conditions_[i]->scalar();
      if (!holds.null && holds.boolean != 0) return results_[i]->scalar();
    }
    return otherwise_->scalar();
  }

 private:
  ExprNodePtr arg_, otherwise_;
  std::vector<ExprNodePtr> conditions_, results_;
  uint16_t* chosen_;
};

class CoalesceNode : public ExprNode {
 public:
  CoalesceNode(const analyzer::CoalesceExpr& e, ExprScope& scope)
      : ExprNode(functions::physical_type_of(e.type), scope), args_(compile_nodes(e.args, scope)) {}

  Vector* evaluate(const Chunk& in, const Selection& rows) override {
    Vector* first = args_[0]->evaluate(in, rows);
    if (!first->has_nulls()) return first;
    Vector& out = result();
    out.reset();
    copy_rows(*first, rows, out);
    uint16_t* rest = scratch();
    Selection open = rows;
    for (size_t i = 0;; ++i) {
      uint32_t left = 0;
      for_each_row(open, [&](uint32_t row) {
        if (out.is_null(row)) rest[left++] = static_cast<uint16_t>(row);
      });
      open = {rest, left};
      if (left == 0 || i + 1 == args_.size()) break;
      copy_rows(*args_[i + 1]->evaluate(in, open), open, out);
    }
    return &out;
  }

  const types::Value& scalar() override {
    for (const ExprNodePtr& arg : args_) {
      const types::Value& v = arg->scalar();
      if (!v.null) return v;
    }
    return value_;  // NULL
  }

 private:
  std::vector<ExprNodePtr> args_;
};

class MinMaxNode : public ExprNode {
 public:
  MinMaxNode(const analyzer::MinMaxExpr& e, const types::Collation* collation, ExprScope& scope)
      : ExprNode(functions::physical_type_of(e.type), scope),
        args_(compile_nodes(e.args, scope)),
        key_(make_key_type(e.type, collation, KeyUse::kSort)),
        greatest_(e.greatest) {}

  Vector* evaluate(const Chunk& in, const Selection& rows) override {
    Vector& out = result();
    out.reset();
    copy_rows(*args_[0]->evaluate(in, rows), rows, out);
    size_t width = types::physical_width(type());
    for (size_t i = 1; i < args_.size(); ++i) {
      Vector* v = args_[i]->evaluate(in, rows);
      for_each_row(rows, [&](uint32_t row) {
        if (v->is_null(row)) return;
        const uint8_t* candidate = v->raw() + width * v->index(row);
        uint8_t* best = out.raw() + width * row;
        if (!out.is_null(row)) {
          int c = key_.compare(candidate, best, key_.collation);
          if (greatest_ ? c <= 0 : c >= 0) return;
        }
        std::memcpy(best, candidate, width);
        out.set_valid(row);
      });
    }
    return &out;
  }

 private:
  std::vector<ExprNodePtr> args_;
  KeyType key_;
  bool greatest_;
};

}  // namespace

ExprNodePtr compile_conditional(const analyzer::Expr& e, ExprScope& scope) {
  switch (e.kind) {
    case ExprKind::kCase:
      return std::make_unique<CaseNode>(e.as<analyzer::CaseExpr>(), scope);
    case ExprKind::kCoalesce:
      return std::make_unique<CoalesceNode>(e.as<analyzer::CoalesceExpr>(), scope);
    default:
      return std::make_unique<MinMaxNode>(e.as<analyzer::MinMaxExpr>(), nullptr, scope);
  }
}

}  // namespace varve::executor
