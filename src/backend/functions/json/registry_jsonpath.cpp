// jsonb_path_*(), @? and @@.
#include "functions/type_oids.h"
#include "jsonpath_exec.h"
#include "kernel.h"

namespace varve::functions {

namespace {

using Text = std::string_view;
using vector::kChunkRows;

// The path is nearly always the same in every row.
class Paths {
 public:
  const JsonPath& get(Text text) {
    if (!parsed_ || text != text_) {
      parsed_ = false;
      text_ = text;
      path_.parse(text_);
      parsed_ = true;
    }
    return path_;
  }

 private:
  std::string text_;
  JsonPath path_;
  bool parsed_ = false;
};

constexpr Text kNoVariables("\6\0\0\0\0", 5);  // {}

enum class Form : uint8_t { kExists, kMatch, kArray, kFirst };

// (target, path [, vars [, silent]]); kOperator: silent, every variable null.
template <Form kForm, bool kZone, bool kOperator>
void path_kernel(KernelCall& call) {
  Env env(call);
  Paths paths;
  for_each_row(call.rows, [&](uint32_t row) {
    Text json = load_cell<Text>(*call.args[0], row);
    const JsonPath& path = paths.get(load_cell<Text>(*call.args[1], row));
    PathOptions options;
    options.use_zone = kZone;
    options.silent = kOperator || (call.args.size() > 3 && load_cell<bool>(*call.args[3], row));
    if (!kOperator) options.vars = call.args.size() > 2 ? load_cell<Text>(*call.args[2], row) : kNoVariables;
    if constexpr (kForm == Form::kExists) {
      PathResult r = json_path_finds(path, json, options, call.context);
      if (r == PathResult::kError) return call.result.set_null(row);
      return store_cell<bool>(call.result, row, r == PathResult::kFound);
    } else {
      std::vector<Text> found;
      PathResult r = run_json_path(path, json, options, call.context, found);
      if constexpr (kForm == Form::kMatch) {
        if (r != PathResult::kError && found.size() == 1) {
          JsonbView v(found[0]);
          if (v.is_bool()) return store_cell<bool>(call.result, row, v.type() == JsonType::kTrue);
          if (v.is_null()) return call.result.set_null(row);
        }
        if (!options.silent) {
          throw SqlError(sqlstate::kSingletonSqlJsonItemRequired, "single boolean result is expected");
        }
        return call.result.set_null(row);
      } else if constexpr (kForm == Form::kFirst) {
        if (found.empty()) return call.result.set_null(row);
        return store_cell<StringRef>(call.result, row, env.keep(found[0]));
      } else {
        append_jsonb_array(env.buffer, found);
        return store_cell<StringRef>(call.result, row, env.keep());
      }
    }
  });
}

struct State {
  std::span<Text> items;
  size_t at = 0;
};
template <bool kZone>
void* open_query(EvalContext& context, const CallSite&, std::span<const Value> args, Arena& memory) {
  auto* state = memory.make<State>();
  for (const Value& v : args) {
    if (v.null) return state;
  }
  JsonPath path;
  path.parse(args[1].view());
  PathOptions options;
  options.use_zone = kZone;
  options.vars = args.size() > 2 ? args[2].view() : kNoVariables;
  options.silent = args.size() > 3 && args[3].boolean != 0;
  EvalContext kept = context;
  kept.memory = &memory;
  std::vector<Text> found;
  run_json_path(path, memory.copy(args[0].view()), options, kept, found);
  for (Text& item : found) item = memory.copy(item);
  state->items = memory.copy(found);
  return state;
}
void next_query(EvalContext&, void* opaque, Chunk& out) {
  auto& s = *static_cast<State*>(opaque);
  uint32_t n = 0;
  for (; n < kChunkRows && s.at < s.items.size(); ++n)
    out.column(0).set_value(n, Value::of_string(s.items[s.at++]));
  out.set_dense(n);
}
template <bool kZone>
constexpr TableFunctionImpl kQuery{open_query<kZone>, next_query};

const Binding kBindings[] = {
    {"jsonb_path_exists(jsonb,jsonpath,jsonb,bool)", path_kernel<Form::kExists, false, false>},
    {"jsonb_path_exists_tz(jsonb,jsonpath,jsonb,bool)", path_kernel<Form::kExists, true, false>},
    {"jsonb_path_exists_opr(jsonb,jsonpath)", path_kernel<Form::kExists, false, true>},
    {"jsonb_path_match(jsonb,jsonpath,jsonb,bool)", path_kernel<Form::kMatch, false, false>},
    {"jsonb_path_match_tz(jsonb,jsonpath,jsonb,bool)", path_kernel<Form::kMatch, true, false>},
    {"jsonb_path_match_opr(jsonb,jsonpath)", path_kernel<Form::kMatch, false, true>},
    {"jsonb_path_query_array(jsonb,jsonpath,jsonb,bool)", path_kernel<Form::kArray, false, false>},
    {"jsonb_path_query_array_tz(jsonb,jsonpath,jsonb,bool)", path_kernel<Form::kArray, true, false>},
    {"jsonb_path_query_first(jsonb,jsonpath,jsonb,bool)", path_kernel<Form::kFirst, false, false>},
    {"jsonb_path_query_first_tz(jsonb,jsonpath,jsonb,bool)", path_kernel<Form::kFirst, true, false>},
    {"jsonb_path_query(jsonb,jsonpath,jsonb,bool)", &kQuery<false>},
    {"jsonb_path_query_tz(jsonb,jsonpath,jsonb,bool)", &kQuery<true>},
};

}  // namespace

Bindings jsonpath_bindings() { return kBindings; }

}  // namespace varve::functions
