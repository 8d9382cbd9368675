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
constexpr Oid kSequence[] = {type_oid::kOid};

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

}  // namespace

const functions::Function& sequence_row_function() {
  static const functions::Function function = [] {
    functions::Function f{};
    f.name = "sequence";
    f.result = type_oid::kRecord;
    f.args = kSequence;
    f.kind = functions::FunctionKind::kSetReturning;
    f.volatility = functions::Volatility::kVolatile;
    f.table = &kTable;
    return f;
  }();
  return function;
}

}  // namespace varve::analyzer
