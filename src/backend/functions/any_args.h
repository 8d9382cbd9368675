// Arguments of a row for functions over VARIADIC "any". A call with VARIADIC array has anyarray for the type
// of its last argument: its elements count as arguments.
#pragma once

#include <optional>
#include <string>

#include "functions/array.h"
#include "functions/type_oids.h"
#include "kernel.h"

namespace varve::functions {

class AnyArgs {
 public:
  AnyArgs(KernelCall& call, uint32_t row) : call_(call), row_(row), fixed_(call.args.size()) {
    if (fixed_ == 0 || call.site.arg_types[fixed_ - 1] != type_oid::kAnyarray) return;
    --fixed_;
    null_array_ = call.args[fixed_]->is_null(row);
    if (!null_array_) array_.emplace(call.args[fixed_]->at<StringRef>(row).view());
  }

  // VARIADIC NULL: most functions answer NULL.
  bool null_array() const { return null_array_; }
  size_t count() const { return fixed_ + (array_ ? array_->count() : 0); }
  bool null(size_t i) const {
    return i < fixed_ ? call_.args[i]->is_null(row_) : array_->is_null(static_cast<uint32_t>(i - fixed_));
  }
  Oid type(size_t i) const { return i < fixed_ ? call_.site.arg_types[i] : array_->element_type(); }
  Value value(size_t i) const {
    return i < fixed_ ? call_.args[i]->value(row_)
                      : array_->at(static_cast<uint32_t>(i - fixed_), *call_.context.memory);
  }
  void append(size_t i, std::string& out) const { append_value(type(i), value(i), out, call_.context); }
  EvalContext& context() const { return call_.context; }

 private:
  KernelCall& call_;
  uint32_t row_;
  size_t fixed_;
  bool null_array_ = false;
  std::optional<ArrayView> array_;
};

}  // namespace varve::functions
