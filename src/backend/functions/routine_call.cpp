// Functions made by CREATE FUNCTION, as the executor sees them: a kernel and a table function that hand their
// arguments to the session.
#include "common/sql_error.h"
#include "functions/registry.h"

namespace varve::functions {

using types::Value;

Value SessionServices::call_routine(const CallSite& site, std::span<const Value>, Arena&) {
  throw_not_supported("function " + std::string(site.routine->name) + " without a session");
}

std::span<const Value> SessionServices::routine_rows(const CallSite& site, std::span<const Value>, Arena&) {
  throw_not_supported("function " + std::string(site.routine->name) + " without a session");
}

namespace {

SessionServices& session_of(EvalContext& context, const CallSite& site) {
  if (context.session == nullptr) {
    throw_not_supported("function " + std::string(site.routine->name) + " without a session");
  }
  return *context.session;
}

struct RowsState {
  std::span<const Value> values;
  size_t at = 0;
};

}  // namespace

void call_routine_kernel(KernelCall& call) {
  constexpr size_t kInlineArgs = 8;
  SessionServices& session = session_of(call.context, call.site);
  Value few[kInlineArgs];
  std::vector<Value> many;
  std::span<Value> args(few, call.args.size());
  if (call.args.size() > kInlineArgs) {
    many.resize(call.args.size());
    args = many;
  }
  vector::for_each_row(call.rows, [&](uint32_t row) {
    for (size_t i = 0; i < call.args.size(); ++i) args[i] = call.args[i]->value(row);
    Value result = session.call_routine(call.site, args, *call.context.memory);
    if (result.null)
      call.result.set_null(row);
    else
      call.result.set_value(row, result);
  });
}

void* open_routine(EvalContext& context, const CallSite& site, std::span<const Value> args, Arena& memory) {
  auto* state = memory.make<RowsState>();
  state->values = session_of(context, site).routine_rows(site, args, memory);
  return state;
}

void next_routine_rows(EvalContext&, void* opaque, Chunk& out) {
  auto& state = *static_cast<RowsState*>(opaque);
  uint32_t columns = out.column_count(), n = 0;
  for (; n < vector::kChunkRows && state.at < state.values.size(); ++n) {
    for (uint32_t c = 0; c < columns; ++c, ++state.at) {
      const Value& v = state.values[state.at];
      if (v.null)
        out.column(c).set_null(n);
      else
        out.column(c).set_value(n, v);
    }
  }
  out.set_dense(n);
}

}  // namespace varve::functions
