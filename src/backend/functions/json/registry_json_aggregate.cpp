// json[b]_agg and json[b]_object_agg. The order of the input shows in the result: no combining.
#include <string>
#include <vector>

#include "aggregate.h"
#include "json_text.h"
#include "json_value.h"

namespace varve::functions {

namespace {

// Text as it grows, or values of jsonb one behind the other with their ends.
struct State {
  std::string bytes;
  std::string keys;
  std::vector<size_t> ends, key_ends;
  bool any = false;
};

using Step = void (*)(AggregateCall&, State&, std::span<const Vector* const> args, uint32_t row);
using Finish = void (*)(const State&, std::string& out);

template <Step kStep, Finish kFinish>
struct Collector {
  static void init(void* state) { new (state) State(); }
  static void update(AggregateCall& call, std::span<const Vector* const> args, const Selection& rows,
                     void* const* states, Arena&) {
    for_each_row(rows, [&](uint32_t row) {
      auto& s = *static_cast<State*>(states[row]);
      kStep(call, s, args, row);
      s.any = true;
    });
  }
  static void update_one(AggregateCall& call, std::span<const Vector* const> args, const Selection& rows,
                         void* state, Arena&) {
    auto& s = *static_cast<State*>(state);
    for_each_row(rows, [&](uint32_t row) {
      kStep(call, s, args, row);
      s.any = true;
    });
  }
  static void finalize(AggregateCall& call, const void* state, Vector& result, uint32_t row) {
    const auto& s = *static_cast<const State*>(state);
    Result out{call, result, row};
    if (!s.any) return out.null();
    std::string built;
    kFinish(s, built);
    std::string_view view = built;
    out.set(StringRef(view.size() <= StringRef::kInlineBytes ? view : out.arena().copy(view)));
  }
  static void destroy(void* state) { static_cast<State*>(state)->~State(); }
};
template <Step kStep, Finish kFinish>
constexpr AggregateImpl kCollector{sizeof(State),
                                   alignof(State),
                                   Collector<kStep, kFinish>::init,
                                   Collector<kStep, kFinish>::update,
                                   Collector<kStep, kFinish>::update_one,
                                   nullptr,
                                   Collector<kStep, kFinish>::finalize,
                                   Collector<kStep, kFinish>::destroy,
                                   false};

[[noreturn]] void refuse_null_key() {
  throw SqlError(sqlstate::kInvalidParameterValue, "field name must not be null");
}

// --- json
void json_item(AggregateCall& call, State& s, std::span<const Vector* const> args, uint32_t row) {
  s.bytes += s.any ? ", " : "[";
  if (args[0]->is_null(row)) {
    s.bytes += "null";
    return;
  }
  Oid type = call.site.arg_types[0];
  JsonCategory category = json_category(type);
  // Structures stand on lines of their own.
  if (s.any && (category == JsonCategory::kArray || category == JsonCategory::kComposite)) s.bytes += "\n ";
  append_value_as_json(type, args[0]->value(row), s.bytes, call.context);
}
void json_array(const State& s, std::string& out) {
  out = s.bytes;
  out += ']';
}
void json_field(AggregateCall& call, State& s, std::span<const Vector* const> args, uint32_t row) {
  s.bytes += s.any ? ", " : "{ ";
  if (args[0]->is_null(row)) refuse_null_key();
  s.keys.clear();
  append_value_as_key(call.site.arg_types[0], args[0]->value(row), s.keys, call.context);
  append_json_string(s.bytes, s.keys);
  s.bytes += " : ";
  if (args[1]->is_null(row))
    s.bytes += "null";
  else
    append_value_as_json(call.site.arg_types[1], args[1]->value(row), s.bytes, call.context);
}
void json_object(const State& s, std::string& out) {
  out = s.bytes;
  out += " }";
}

// --- jsonb
void jsonb_value(AggregateCall& call, State& s, std::span<const Vector* const> args, uint32_t row,
                 size_t arg) {
  if (args[arg]->is_null(row))
    append_jsonb_null(s.bytes);
  else
    append_value_as_jsonb(call.site.arg_types[arg], args[arg]->value(row), s.bytes, call.context);
  s.ends.push_back(s.bytes.size());
}
void jsonb_item(AggregateCall& call, State& s, std::span<const Vector* const> args, uint32_t row) {
  jsonb_value(call, s, args, row, 0);
}
std::string_view part(const std::string& bytes, const std::vector<size_t>& ends, size_t i) {
  size_t begin = i == 0 ? 0 : ends[i - 1];
  return std::string_view(bytes).substr(begin, ends[i] - begin);
}
void jsonb_array(const State& s, std::string& out) {
  std::vector<std::string_view> items;
  for (size_t i = 0; i < s.ends.size(); ++i) items.push_back(part(s.bytes, s.ends, i));
  append_jsonb_array(out, items);
}
void jsonb_field(AggregateCall& call, State& s, std::span<const Vector* const> args, uint32_t row) {
  if (args[0]->is_null(row)) refuse_null_key();
  append_value_as_key(call.site.arg_types[0], args[0]->value(row), s.keys, call.context);
  s.key_ends.push_back(s.keys.size());
  jsonb_value(call, s, args, row, 1);
}
void jsonb_object(const State& s, std::string& out) {
  std::vector<JsonPair> pairs;
  for (size_t i = 0; i < s.ends.size(); ++i) {
    pairs.emplace_back(part(s.keys, s.key_ends, i), part(s.bytes, s.ends, i));
  }
  append_jsonb_object(out, pairs);
}

const Binding kBindings[] = {
    {"json_agg(anyelement)", &kCollector<json_item, json_array>},
    {"json_object_agg(any,any)", &kCollector<json_field, json_object>},
    {"jsonb_agg(anyelement)", &kCollector<jsonb_item, jsonb_array>},
    {"jsonb_object_agg(any,any)", &kCollector<jsonb_field, jsonb_object>},
};

}  // namespace

Bindings json_aggregate_bindings() { return kBindings; }

}  // namespace varve::functions
