// a[i], a[i][j]: a function that only subscripts call, so it has no name in SQL and no row in pg_proc.
#include "functions/array.h"

#include "array_subscript.h"
#include "functions/type_oids.h"

namespace varve::analyzer {
namespace {

void subscript_kernel(functions::KernelCall& call) {
  size_t dimensions = call.args.size() - 1;
  std::vector<int32_t> subscripts(dimensions);
  vector::for_each_row(call.rows, [&](uint32_t row) {
    for (size_t i = 0; i < dimensions; ++i) subscripts[i] = call.args[i + 1]->at<int32_t>(row);
    call.result.set_value(row, functions::array_element(call.args[0]->at<types::StringRef>(row).view(), subscripts, *call.context.memory));
  });
}

constexpr Oid kArguments[] = {type_oid::kAnyarray, type_oid::kInt4, type_oid::kInt4, type_oid::kInt4,
                              type_oid::kInt4,     type_oid::kInt4, type_oid::kInt4};

}  // namespace

const functions::Function& array_subscript_function(size_t dimensions) {
  static const std::vector<functions::Function> functions = [] {
    std::vector<functions::Function> all;
    for (size_t n = 1; n <= kMaxArrayDimensions; ++n) {
      functions::Function f{};
      f.name = "array_subscript";
      f.result = type_oid::kAnyelement;
      f.args = std::span<const Oid>(kArguments, n + 1);
      f.kernel = subscript_kernel;
      all.push_back(f);
    }
    return all;
  }();
  return functions[dimensions - 1];
}

}  // namespace varve::analyzer
