#include "expression_array.h"

#include <array>
#include <utility>

#include "common/sql_error.h"
#include "functions/array.h"
#include "functions/record.h"
#include "functions/registry.h"

namespace varve::executor {

using analyzer::ExprKind;
using types::PhysicalType;
using types::Value;

namespace {

class ArrayNode : public ExprNode {
 public:
  ArrayNode(const analyzer::ListExpr& e, ExprScope& scope)
      : ExprNode(PhysicalType::kString, scope),
        element_(functions::element_type_of(e.type)),
        items_(compile_nodes(e.args, scope)),
        nested_(!e.args.empty() && e.args[0]->type == e.type) {}

  Vector* evaluate(const Chunk& in, const Selection& rows) override {
    Vector& out = result();
    out.reset();
    std::vector<Vector*> items;
    for (const ExprNodePtr& item : items_) items.push_back(item->evaluate(in, rows));
    values_.resize(items.size());
    for_each_row(rows, [&](uint32_t row) {
      for (size_t i = 0; i < items.size(); ++i) values_[i] = items[i]->value(row);
      out.data<types::StringRef>()[row] =
          nested_ ? functions::make_array_of_arrays(element_, values_, scope_.memory)
                  : functions::make_array(element_, values_, scope_.memory);
    });
    return &out;
  }

 private:
  Oid element_;
  std::vector<ExprNodePtr> items_;
  std::vector<Value> values_;
  bool nested_;
};

// ROW(a, b, …)
class RowNode : public ExprNode {
 public:
  RowNode(const analyzer::ListExpr& e, ExprScope& scope)
      : ExprNode(PhysicalType::kString, scope),
        type_(e.type),
        shape_(e.names.empty() ? 0 : functions::record_shape(e.names)),
        items_(compile_nodes(e.args, scope)) {
    for (const analyzer::Expr* item : e.args) types_.push_back(item->type);
  }

  Vector* evaluate(const Chunk& in, const Selection& rows) override {
    Vector& out = result();
    out.reset();
    std::vector<Vector*> items;
    for (const ExprNodePtr& item : items_) items.push_back(item->evaluate(in, rows));
    values_.resize(items.size());
    for_each_row(rows, [&](uint32_t row) {
      for (size_t i = 0; i < items.size(); ++i) values_[i] = items[i]->value(row);
      out.data<types::StringRef>()[row] =
          functions::make_record(type_, shape_, types_, values_, scope_.memory);
    });
    return &out;
  }

 private:
  Oid type_;
  uint32_t shape_;
  std::vector<Oid> types_;
  std::vector<ExprNodePtr> items_;
  std::vector<Value> values_;
};

// arg op ANY (array): true when true for some element; ALL: false when false for some. NULL elements make the
// answer unknown where nothing decides it.
class ArrayOpNode : public ExprNode {
 public:
  ArrayOpNode(const analyzer::ArrayOpExpr& e, ExprScope& scope)
      : ExprNode(PhysicalType::kBool, scope),
        arg_(compile_node(*e.arg, scope)),
        array_(compile_node(*e.array, scope)),
        array_type_(e.array->type),
        call_(*e.function, e.site, PhysicalType::kBool, 2, scope),
        answers_(PhysicalType::kBool, *scope.context.build_memory, scope.context.chunk_rows()),
        all_(e.all) {}

  Vector* evaluate(const Chunk& in, const Selection& rows) override {
    Vector* arg = arg_->evaluate(in, rows);
    Vector* array = array_->evaluate(in, rows);
    Vector& out = result();
    out.reset();
    if (array->is_constant()) {
      run_rows(*arg, array->value(0), rows, out);
    } else {
      for_each_row(rows, [&](uint32_t row) {
        uint16_t one = static_cast<uint16_t>(row);
        run_rows(*arg, array->value(row), {&one, 1}, out);
      });
    }
    return &out;
  }

 private:
  void run_rows(const Vector& arg, const Value& array, const Selection& rows, Vector& out) {
    uint8_t decided = all_ ? 0 : 1;
    uint8_t* data = out.data<uint8_t>();
    if (array.null) {
      for_each_row(rows, [&](uint32_t row) { out.set_null(row); });
      return;
    }
    elements_.clear();
    array_elements(array_type_, array, &elements_, scope_.context, scope_.memory);
    for_each_row(rows, [&](uint32_t row) { data[row] = static_cast<uint8_t>(1 - decided); });
    if (elements_.empty()) return;
    if (element_ == nullptr) {
      element_ = std::make_unique<Vector>(elements_[0].type, *scope_.context.build_memory, 1);
    }
    Selection open = rows;
    uint16_t* rest = scratch();
    for (const Value& v : elements_) {
      element_->fill_constant(v);
      call_.set_arg(0, &arg);
      call_.set_arg(1, element_.get());
      call_.run(open, answers_);
      uint32_t left = 0;
      for_each_row(open, [&](uint32_t row) {
        if (answers_.is_null(row)) {
          out.set_null(row);
        } else if (answers_.at<uint8_t>(row) == decided) {
          out.set_valid(row);
          data[row] = decided;
          return;
        }
        rest[left++] = static_cast<uint16_t>(row);
      });
      open = {rest, left};
      if (left == 0) break;
    }
  }

  ExprNodePtr arg_, array_;
  Oid array_type_;
  FunctionCall call_;
  Vector answers_;
  std::unique_ptr<Vector> element_;
  std::vector<Value> elements_;
  bool all_;
};

// Elements go through the element's expression a chunk at a time, whatever rows they are of.
class ArrayCoerceNode : public ExprNode {
 public:
  ArrayCoerceNode(const analyzer::ArrayCoerceExpr& e, ExprScope& scope)
      : ExprNode(PhysicalType::kString, scope),
        element_type_(functions::element_type_of(e.type)),
        arg_(compile_node(*e.arg, scope)),
        element_(compile_node(*e.element, scope)),
        input_(functions::physical_type_of(functions::element_type_of(e.arg->type)),
               *scope.context.build_memory, scope.context.chunk_rows()) {}

  Vector* evaluate(const Chunk& in, const Selection& rows) override {
    Vector* arrays = arg_->evaluate(in, rows);
    Vector& out = result();
    out.reset();
    for_each_row(rows, [&](uint32_t row) {
      if (arrays->is_null(row)) {
        out.set_null(row);
      } else {
        out.data<types::StringRef>()[row] = coerce(in, arrays->value(row));
      }
    });
    return &out;
  }

 private:
  types::StringRef coerce(const Chunk& in, const Value& array) {
    const functions::ArrayView view(array.view());
    coerced_.clear();
    for (uint32_t begin = 0; begin < view.count();) {
      uint32_t n = std::min(view.count() - begin, scope_.context.chunk_rows());
      input_.reset();
      for (uint32_t i = 0; i < n; ++i) {
        if (view.is_null(begin + i))
          input_.set_null(i);
        else
          input_.set_value(i, view.at(begin + i, scope_.memory));
      }
      Vector* outer_input = std::exchange(scope_.case_input, &input_);
      Vector* values = element_->evaluate(in, {nullptr, n});
      scope_.case_input = outer_input;
      for (uint32_t i = 0; i < n; ++i)
        coerced_.push_back(values->is_null(i) ? Value::null_of(values->type())
                                              : types::copy_value(values->value(i), scope_.memory));
      begin += n;
    }
    std::array<functions::ArrayDimension, functions::kMaxArrayDimensions> dims;
    for (int i = 0; i < view.dimensions(); ++i) dims[static_cast<size_t>(i)] = view.dimension(i);
    return functions::make_array(element_type_, coerced_, scope_.memory,
                                 {dims.data(), static_cast<size_t>(view.dimensions())});
  }

  Oid element_type_;
  ExprNodePtr arg_, element_;
  Vector input_;
  std::vector<Value> coerced_;
};

}  // namespace

Value make_array_value(Oid array_type, std::span<const Value> elements, ExecutionContext&, Arena& memory) {
  return Value::of_string(functions::make_array(functions::element_type_of(array_type), elements, memory));
}

void array_elements(Oid, const Value& array, std::vector<Value>* out, ExecutionContext&, Arena& memory) {
  std::string_view bytes(array.string.data(), array.string.size());
  if (array.string.is_inline()) bytes = memory.copy(bytes);  // elements point into the bytes
  functions::ArrayView view(bytes);
  for (uint32_t i = 0; i < view.count(); ++i) {
    out->push_back(view.is_null(i) ? Value::null_of(view.physical()) : view.at(i, memory));
  }
}

ExprNodePtr compile_array(const analyzer::Expr& e, ExprScope& scope) {
  switch (e.kind) {
    case ExprKind::kArray:
      return std::make_unique<ArrayNode>(e.as<analyzer::ListExpr>(), scope);
    case ExprKind::kArrayOp:
      return std::make_unique<ArrayOpNode>(e.as<analyzer::ArrayOpExpr>(), scope);
    case ExprKind::kArrayCoerce:
      return std::make_unique<ArrayCoerceNode>(e.as<analyzer::ArrayCoerceExpr>(), scope);
    case ExprKind::kRow:
      return std::make_unique<RowNode>(e.as<analyzer::ListExpr>(), scope);
    default:
      throw SqlError(sqlstate::kInternalError, "not an expression over arrays");
  }
}

}  // namespace varve::executor
