#include "sequence_row.h"

#include <algorithm>
#include <vector>

#include "functions/eval_context.h"
#include "functions/type_oids.h"

namespace varve::analyzer {
namespace {

using types::Value;
using vector::Chunk;

constexpr std::string_view kNames[] = {"last_value", "log_cnt", "is_called"};
constexpr Oid kTypes[] = {type_oid::kInt8, type_oid::kInt8, type_oid::kBool};
constexpr Oid kArguments[] = {type_oid::kOid};
constexpr Oid kNameArguments[] = {type_oid::kName, type_oid::kInt4};

struct State {
  std::span<const Value> row;
  bool done = false;
};

void* open(functions::EvalContext& context, const functions::CallSite&, std::span<const Value> args,
           Arena& memory) {
  auto* state = memory.make<State>();
  std::vector<Value> values;
  context.session->rows("pg_sequence_state", args, memory, values);
  Value* kept = memory.make_array<Value>(values.size());
  std::copy(values.begin(), values.end(), kept);
  state->row = {kept, values.size()};
  return state;
}

void next(functions::EvalContext&, void* opaque, Chunk& out) {
  auto& state = *static_cast<State*>(opaque);
  if (state.done) return out.set_dense(0);
  state.done = true;
  for (uint32_t c = 0; c < out.column_count(); ++c) out.column(c).set_value(0, state.row[c]);
  out.set_dense(1);
}

constexpr functions::TableFunctionImpl kTable{open, next, kTypes, kNames};

// name[i]: the i-th character, counted from 0.
void name_element_kernel(functions::KernelCall& call) {
  vector::for_each_row(call.rows, [&](uint32_t row) {
    std::string_view name = call.args[0]->at<types::StringRef>(row).view();
    int32_t at = call.args[1]->at<int32_t>(row);
    if (at < 0 || at >= 64) return call.result.set_null(row);
    std::string_view one =
        static_cast<size_t>(at) < name.size() ? name.substr(static_cast<size_t>(at), 1) : std::string_view();
    call.result.set_value(row, Value::of_string(call.context.memory->copy(one)));
  });
}

}  // namespace

const functions::Function& sequence_row_function() {
  static const functions::Function function = [] {
    functions::Function f{};
    f.name = "sequence";
    f.result = type_oid::kRecord;
    f.args = kArguments;
    f.kind = functions::FunctionKind::kSetReturning;
    f.volatility = functions::Volatility::kVolatile;
    f.table = &kTable;
    return f;
  }();
  return function;
}

const functions::Function& name_element_function() {
  static const functions::Function function = [] {
    functions::Function f{};
    f.name = "array_subscript";
    f.result = type_oid::kQuotedChar;
    f.args = kNameArguments;
    f.strict = true;
    f.kernel = name_element_kernel;
    return f;
  }();
  return function;
}

}  // namespace varve::analyzer
