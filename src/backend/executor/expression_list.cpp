// IN lists.
#include <bit>

#include "common/sql_error.h"
#include "expression_array.h"
#include "expression_node.h"
#include "key_ops.h"

namespace varve::executor {

using analyzer::ExprKind;
using types::PhysicalType;

namespace {

// The constant items of an IN list: open addressing, at most half full.
class ConstantSet {
 public:
  ConstantSet(const KeyType& key, const analyzer::ExprList& items) : key_(key) {
    size_t slots = std::bit_ceil(items.size() * 2 + 2);
    slots_.assign(slots, -1);
    for (const analyzer::Expr* item : items) {
      const types::Value& v = item->as<analyzer::ConstExpr>().value;
      if (v.null) {
        has_null_ = true;
        continue;
      }
      if (contains(v.bytes())) continue;
      values_.push_back(v);
      size_t at = hash_value(key_, values_.back().bytes()) & (slots - 1);
      while (slots_[at] >= 0) at = (at + 1) & (slots - 1);
      slots_[at] = static_cast<int32_t>(values_.size() - 1);
    }
  }
  bool has_null() const { return has_null_; }
  bool contains(const void* value) const {
    size_t mask = slots_.size() - 1;
    for (size_t at = hash_value(key_, value) & mask; slots_[at] >= 0; at = (at + 1) & mask) {
      if (equal_values(key_, values_[static_cast<size_t>(slots_[at])].bytes(), value)) return true;
    }
    return false;
  }

 private:
  KeyType key_;
  std::vector<types::Value> values_;
  std::vector<int32_t> slots_;
  bool has_null_ = false;
};

class InConstantsNode : public ExprNode {
 public:
  InConstantsNode(const analyzer::InListExpr& e, const KeyType& key, ExprScope& scope)
      : ExprNode(PhysicalType::kBool, scope),
        arg_(compile_node(*e.arg, scope)),
        set_(key, e.items),
        negated_(e.negated) {}

  Vector* evaluate(const Chunk& in, const Selection& rows) override {
    Vector* v = arg_->evaluate(in, rows);
    Vector& out = result();
    out.reset();
    size_t width = types::physical_width(v->type());
    Selection run = v->is_constant() ? Selection{nullptr, 1} : rows;
    for_each_row(run, [&](uint32_t row) {
      if (v->is_null(row)) {
        out.set_null(row);
        return;
      }
      bool found = set_.contains(v->raw() + width * v->index(row));
      if (!found && set_.has_null())
        out.set_null(row);
      else
        out.data<uint8_t>()[row] = static_cast<uint8_t>(found != negated_);
    });
    out.set_constant(v->is_constant());
    return &out;
  }

 private:
  ExprNodePtr arg_;
  ConstantSet set_;
  bool negated_;
};

// Any items: compares one after the other for the rows not yet found.
class InItemsNode : public ExprNode {
 public:
  InItemsNode(const analyzer::InListExpr& e, ExprScope& scope)
      : ExprNode(PhysicalType::kBool, scope),
        arg_(compile_node(*e.arg, scope)),
        items_(compile_nodes(e.items, scope)),
        equal_(*e.equal, e.site, PhysicalType::kBool, 2, scope),
        equals_(PhysicalType::kBool, *scope.context.build_memory, scope.context.chunk_rows()),
        negated_(e.negated) {}

  Vector* evaluate(const Chunk& in, const Selection& rows) override {
    Vector* v = arg_->evaluate(in, rows);
    Vector& out = result();
    out.reset();
    uint8_t* data = out.data<uint8_t>();
    for_each_row(rows, [&](uint32_t row) { data[row] = static_cast<uint8_t>(negated_); });
    Selection open = rows;
    uint16_t* rest = scratch();
    for (const ExprNodePtr& item : items_) {
      if (open.count == 0) break;
      equal_.set_arg(0, v);
      equal_.set_arg(1, item->evaluate(in, open));
      equal_.run(open, equals_);
      uint32_t left = 0;
      for_each_row(open, [&](uint32_t row) {
        if (equals_.is_null(row)) {
          out.set_null(row);
        } else if (equals_.at<uint8_t>(row) != 0) {
          out.set_valid(row);
          data[row] = static_cast<uint8_t>(!negated_);
          return;
        }
        rest[left++] = static_cast<uint16_t>(row);
      });
      open = {rest, left};
    }
    return &out;
  }

 private:
  ExprNodePtr arg_;
  std::vector<ExprNodePtr> items_;
  FunctionCall equal_;
  Vector equals_;
  bool negated_;
};

ExprNodePtr compile_in_list(const analyzer::InListExpr& e, ExprScope& scope) {
  bool constants = e.items.size() > 1;
  for (const analyzer::Expr* item : e.items) constants &= item->kind == ExprKind::kConst;
  const types::Collation* collation = e.site != nullptr ? e.site->collation : nullptr;
  Oid type = e.arg->type;
  bool hashable = functions::hash_function(type) != nullptr && functions::compare_function(type) != nullptr;
  if (constants && hashable) {
    return std::make_unique<InConstantsNode>(e, make_key_type(type, collation, KeyUse::kHash), scope);
  }
  return std::make_unique<InItemsNode>(e, scope);
}

}  // namespace

ExprNodePtr compile_list(const analyzer::Expr& e, ExprScope& scope) {
  if (e.kind == ExprKind::kInList) return compile_in_list(e.as<analyzer::InListExpr>(), scope);
  return compile_array(e, scope);
}

}  // namespace varve::executor
