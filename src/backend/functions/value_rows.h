// Table functions whose rows are all made at once: open() fills a RowBuilder, next() hands the rows out.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "functions/registry.h"

namespace varve::functions {

// Rows of one call, value after value and row after row; lies in the call's memory.
struct ValueRows {
  std::span<const types::Value> values;
  size_t at = 0;
};

class RowBuilder {
 public:
  explicit RowBuilder(Arena& memory) : memory_(memory) {}
  RowBuilder& add(const types::Value& v) {
    values_.push_back(v);
    return *this;
  }
  RowBuilder& text(std::string_view v) { return add(types::Value::of_string(memory_.copy(v))); }
  RowBuilder& boolean(bool v) { return add(types::Value::of_bool(v)); }
  RowBuilder& int4(int32_t v) { return add(types::Value::of_int32(v)); }
  RowBuilder& int8(int64_t v) { return add(types::Value::of_int64(v)); }
  RowBuilder& null() { return add(types::Value()); }
  // What open() returns.
  void* finish() const;
  static void* finish(std::span<const types::Value> values, Arena& memory);

 private:
  Arena& memory_;
  std::vector<types::Value> values_;
};

void next_value_rows(EvalContext&, void* state, Chunk& out);

}  // namespace varve::functions
